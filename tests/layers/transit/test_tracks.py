"""Lines put together from ways, and where stops lie along them."""

from itertools import combinations, groupby

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layers.transit.layout import lay_out
from layers.transit.tracks import (
    WayPiece,
    build_track,
    chain_ways,
    find_paths,
    measure_spots,
    place_in_order,
)


def piece(points: list[tuple[float, float]], keys: list[int], oneway: int = 0) -> WayPiece:
    return WayPiece(np.array(points, float), np.array(keys), oneway)


def straight(start: int, end: int, step: int = 100) -> WayPiece:
    """A way along the x axis, a vertex every 100 m, keys by place."""
    xs = list(range(start, end + (step if end > start else -step), step if end > start else -step))
    return piece([(x, 0.0) for x in xs], [x + 1_000_000 for x in xs])


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_ways_are_turned_to_follow_each_other(lengths, turned) -> None:
    """However each way is drawn, the line runs from end to end: as long as all of them, without gaps."""
    ways, x = [], 0
    for length, backwards in zip(lengths, turned, strict=False):
        end = x + 100 * length
        ways.append((straight(end, x) if backwards else straight(x, end),))
        x = end
    track = chain_ways(ways)
    assert track is not None
    assert track.along_m[-1] == pytest.approx(x)
    assert not track.gap.any()
    if len(ways) > 1:
        assert track.xy[0].tolist() == [0.0, 0.0]


def test_a_missing_way_is_a_gap() -> None:
    track = chain_ways([(straight(0, 200),), (), (straight(500, 700),)])
    assert track is not None
    assert track.along_m.tolist() == [0, 100, 200, 500, 600, 700]
    assert track.gap.tolist() == [False, False, True, False, False]
    assert track.list_parts(np.array([0.0, 200.0, 500.0, 700.0])).tolist() == [0, 0, 1, 1]
    assert track.measure_gaps_m(100, 600) == 300
    assert track.turn().gap.tolist() == [False, False, True, False, False]


def test_a_way_driven_in_part_is_cut_where_the_next_begins() -> None:
    """Along x to 300 of 500, then up a side street."""
    side = piece([(300, 0), (300, 100)], [1_000_300, 9])
    track = chain_ways([(straight(0, 500),), (side,)])
    assert track is not None
    assert track.along_m[-1] == 400
    assert not track.gap.any()


def test_out_and_back_on_a_spur() -> None:
    """To 200, up the spur of 100 and back, on to 400: 200 + 100 + 100 + 200."""
    spur = (piece([(200, 0), (200, 100)], [1_000_200, 9]),)
    track = chain_ways([(straight(0, 200),), spur, spur, (straight(200, 400),)])
    assert track is not None
    assert track.along_m[-1] == 600
    along_m = place_in_order(track, np.array([[200.0, 100], [390.0, 5]]), reach_m=50)
    assert along_m.tolist() == [300, 590]


def test_nothing_makes_no_line() -> None:
    assert chain_ways([]) is None
    assert chain_ways([(), ()]) is None
    assert build_track([np.zeros((1, 2))]) is None
    assert find_paths([]) == []


def test_there_and_back_by_different_carriageways() -> None:
    """Between 100 and 300 two one-way streets: y = 0 east, y = 50 west."""
    east = piece([(100, 0), (300, 0)], [1, 3], 1)
    west = piece([(300, 0), (300, 50), (100, 50), (100, 0)], [3, 4, 5, 1], 1)
    ends = [piece([(0, 0), (100, 0)], [0, 1]), piece([(300, 0), (400, 0)], [3, 6])]
    [(there, back)] = find_paths([(one, 0) for one in (ends[0], east, west, ends[1])])
    assert sorted([there.along_m[-1], back.along_m[-1]]) == [400, 500]


def test_sides_of_a_line() -> None:
    """Going east, south is right; going back, left."""
    track = build_track([np.array([[0.0, 0], [100, 0]])])
    assert track is not None
    xy = np.array([[50.0, -10], [50, 10]])
    assert measure_spots(track, xy).offset_m.tolist() == [10, -10]
    assert measure_spots(track.turn(), xy).offset_m.tolist() == [-10, 10]


ZIGZAG = np.array([[0.0, 0], [400, 0], [400, 40], [0, 40], [0, 80], [400, 80]])


def list_passes(track, point, reach_m) -> list[tuple[float, float]]:
    """Plain: each time the line comes near, the nearest place; no more than 25 m farther off than the best."""
    found = []
    for a, b, start_m in zip(track.xy[:-1], track.xy[1:], track.along_m, strict=False):
        share = float(np.clip(np.dot(point - a, b - a) / np.dot(b - a, b - a), 0, 1))
        away_m = float(np.hypot(*(point - a - share * (b - a))))
        found.append((away_m, start_m + share * float(np.hypot(*(b - a)))))
    limit_m = min(reach_m, min(found)[0] + 25.0)
    passes = []
    for near, run in groupby(found, key=lambda one: one[0] <= limit_m):
        if near:
            away_m, at_m = min(run, key=lambda one: one[0])
            passes.append((at_m, away_m))
    return passes


@example([(372, 0), (371, 0)])
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from([0, 3, 40, 44, 77, 80])),
        min_size=1,
        max_size=4,
    )
)
def test_the_best_places_in_order(points) -> None:
    """As near, and as many, as the best of all ways to place them, found by trying all."""
    track = build_track([ZIGZAG])
    assert track is not None
    xy = np.array(points, float)
    placed = place_in_order(track, xy, reach_m=30.0)
    known = placed[~np.isnan(placed)]
    assert (np.diff(known) >= -1e-6).all()

    best = 30.0 * len(points)
    for count in range(1, len(points) + 1):
        for rows in combinations(range(len(points)), count):
            options = [(0.0, -1.0, 0.0)]
            for row in rows:
                options = [
                    (cost + away_m + 1e-3 * (at_m - last_m if last_m >= 0 else 0.0), at_m, 0.0)
                    for cost, last_m, _ in options
                    for at_m, away_m in list_passes(track, xy[row], 30.0)
                    if at_m >= last_m - 1e-6
                ]
            best = min([best, *(cost + 30.0 * (len(points) - count) for cost, _, _ in options)])
    cost = 30.0 * int(np.isnan(placed).sum())
    cost += sum(
        min(away for at_m, away in list_passes(track, point, 30.0) if at_m == pytest.approx(place))
        for point, place in zip(xy, placed, strict=True)
        if not np.isnan(place)
    )
    cost += 1e-3 * float(known[-1] - known[0]) if known.size else 0.0
    assert cost == pytest.approx(best, abs=1e-6)


def test_stops_listed_against_the_ways_follow_the_list() -> None:
    track = build_track([np.array([[0.0, 0], [900, 0]])])
    xy = np.array([[800.0, 0], [500, 0], [100, 0]])
    line, order = lay_out(track, xy, reach_m=50)
    assert order == [0, 1, 2]
    assert [line.measure_m(at) for at in (1, 2)] == [300, 400]


def test_stops_in_disorder_follow_the_ways() -> None:
    """Listed 100, 800, 500, 900: rising on the whole, so 100, 500, 800, 900; one off the line stays behind 800."""
    track = build_track([np.array([[0.0, 0], [900, 0]])])
    xy = np.array([[100.0, 0], [800, 0], [800, 500], [500, 0], [900, 0]])
    line, order = lay_out(track, xy, reach_m=50)
    assert order == [0, 3, 1, 2, 4]
    assert np.isnan(line.along_m[3])
    assert line.measure_m(1) == 400
    assert line.measure_m(3) is None
    assert line.estimate_m(1, 1.4) is None
