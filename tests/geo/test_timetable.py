"""Hops from calls, the part of a day a window needs, changes from walks and the operator's words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadTimetable, GeoError
from geo.reach import ReachPairs
from geo.timetable import LATEST_S, build_changes, build_timetable, cut_window

SEEDS = st.integers(0, 2**32 - 1)
YES = True


def build(calls, *, n_stops=4, n_trips=3):
    """From (trip, stop, arrival, departure) or with (…, board, alight) at the end."""
    rows = [(*call, YES, YES)[:6] if len(call) == 4 else call for call in calls]
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.zeros(0, int)] * 6
    names = ("trip", "stop", "arrival_s", "departure_s", "board", "alight")
    named = {f"call_{name}": column for name, column in zip(names, columns, strict=True)}
    return build_timetable(n_stops=n_stops, trip_line=np.arange(n_trips), **named)


def list_hops(timetable):
    return list(
        zip(
            timetable.hop_trip.tolist(),
            timetable.hop_from.tolist(),
            timetable.hop_to.tolist(),
            timetable.hop_departure_s.tolist(),
            timetable.hop_arrival_s.tolist(),
            strict=True,
        )
    )


def test_hops_in_falling_order():
    """Trip 0 calls at 0, 1, 2; trip 1 has one call alone; trip 2 leaves 1 when trip 0 does.

    Trip 0: 0 (dep 100) -> 1 (arr 160, dep 200) -> 2 (arr 260)
    Trip 2: 1 (dep 200) -> 3 (arr 290)
    """
    timetable = build(
        [
            (0, 0, 90, 100),
            (0, 1, 160, 200),
            (0, 2, 260, 260),
            (1, 3, 50, 50),
            (2, 1, 200, 200),
            (2, 3, 290, 300),
        ]
    )
    assert list_hops(timetable) == [(2, 1, 3, 200, 290), (0, 1, 2, 200, 260), (0, 0, 1, 100, 160)]
    assert (timetable.n_hops, timetable.n_trips, timetable.n_stops) == (3, 3, 4)
    assert timetable.trip_line.tolist() == [0, 1, 2]


def test_standing_still_keeps_the_order_of_a_trip():
    """Four calls in the same second: the last hop of the trip comes first."""
    timetable = build([(0, stop, 60, 60) for stop in (0, 1, 2, 3)])
    assert list_hops(timetable) == [(0, 2, 3, 60, 60), (0, 1, 2, 60, 60), (0, 0, 1, 60, 60)]


def test_boarding_belongs_to_the_first_call_alighting_to_the_second():
    timetable = build(
        [(0, 0, 0, 0, False, True), (0, 1, 9, 9, True, False), (0, 2, 18, 18, True, True)]
    )
    assert timetable.hop_board.tolist() == [True, False]
    assert timetable.hop_alight.tolist() == [True, False]


def test_no_calls():
    assert build([]).n_hops == 0
    assert build([], n_stops=0, n_trips=0).n_stops == 0


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ([(0, 0, 0, 0), (0, 1, 60, 50)], "fall along trip 0 at call 1 .arrives 60 s, departs 50 s"),
        ([(0, 0, 0, 70), (0, 1, 60, 80)], "fall along trip 0 at call 1"),
        ([(0, 0, 0, 0), (0, 4, 60, 60)], "stop 4 at row 1 does not exist; there are 4"),
        ([(0, 0, 0, 0), (0, -1, 60, 60)], "stop -1 at row 1"),
        ([(3, 0, 0, 0), (3, 1, 60, 60)], "trip 3 at row 0 does not exist; there are 3"),
        ([(1, 0, 0, 0), (0, 1, 60, 60)], "call 1 belongs to trip 0 after trip 1"),
        ([(0, 0, -1, 0), (0, 1, 60, 60)], "call 0 arrives at -1 s"),
        ([(0, 0, 0, 0), (0, 1, 60, LATEST_S + 1)], "expected 0 to 604800 s"),
    ],
)
def test_calls_no_vehicle_can_make(calls, message):
    with pytest.raises(BadTimetable, match=message) as raised:
        build(calls)
    assert isinstance(raised.value, GeoError)


def test_columns_of_unequal_length():
    columns = {name: np.zeros(2, int) for name in ("trip", "stop", "arrival_s", "departure_s")}
    with pytest.raises(BadTimetable, match="differ in length; expected 2 each"):
        build_timetable(
            n_stops=1,
            trip_line=np.zeros(1),
            call_board=np.ones(1, bool),
            call_alight=np.ones(2, bool),
            **{f"call_{name}": column for name, column in columns.items()},
        )


def test_cut_keeps_hops_within():
    """Hops at 100–160, 200–260, 200–290; from 150 to 260 only the second is left."""
    timetable = build(
        [(0, 0, 90, 100), (0, 1, 160, 200), (0, 2, 260, 260), (2, 1, 200, 200), (2, 3, 290, 300)]
    )
    cut = cut_window(timetable, 150, 260)
    assert list_hops(cut) == [(0, 1, 2, 200, 260)]
    assert cut.n_trips == 3
    assert list_hops(cut_window(timetable, 100, 290)) == list_hops(timetable)


def walks(rows, n_stops):
    """From (stop boarded at, stop got off at, metres), by the first."""
    board = np.array([row[0] for row in rows])
    start = np.searchsorted(board, np.arange(n_stops + 1))
    off = np.array([row[1] for row in rows], dtype=np.int32)
    return ReachPairs(start, off, np.array([row[2] for row in rows], dtype=float), n_stops)


def change(pairs, given=(), *, n_stops=3, **settings):
    """{(off, on): ms}."""
    settings = {"speed_m_s": 1.2, "min_change_s": 60.0, "slack_s": 30.0} | settings
    columns = list(zip(*given, strict=True)) or [(), (), (), ()]
    changes = build_changes(
        n_stops,
        walks(pairs, n_stops),
        given_from=np.array(columns[0], dtype=int),
        given_to=np.array(columns[1], dtype=int),
        given_s=np.array(columns[2], dtype=float),
        given_forbidden=np.array(columns[3], dtype=bool),
        **settings,
    )
    assert len(changes.start) == n_stops + 1
    on = np.repeat(np.arange(n_stops), np.diff(changes.start))
    pairs = list(zip(changes.stop.tolist(), on.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, changes.least_ms.tolist(), strict=True))


SAME = {(stop, stop): 60_000 for stop in range(3)}


def test_changes_on_foot():
    """120 m at 1.2 m/s and 30 s are 130 s; 12 m and 30 s are 40 s, but a change takes a minute.

    A stop's walk to itself means nothing.
    """
    assert change([]) == SAME
    found = change([(0, 0, 500.0), (0, 1, 120.0), (1, 2, 12.0)])
    assert found == SAME | {(1, 0): 130_000, (2, 1): 60_000}


def test_no_change_takes_less_than_a_second():
    found = change([(0, 1, 0.0)], [(2, 1, 0.0, False)], min_change_s=0.0, slack_s=0.0)
    assert found == dict.fromkeys([(0, 0), (1, 1), (2, 2), (1, 0), (2, 1)], 1000)


def test_given_times_replace_walks_and_the_least_counts():
    nan = float("nan")
    given = [
        (1, 0, 300.0, False),
        (1, 0, 200.0, False),
        (2, 2, 10.0, False),
        (2, 0, nan, False),
        (0, 2, 5.5, False),
    ]
    found = change([(0, 1, 120.0)], given)
    assert found == SAME | {(1, 0): 200_000, (2, 2): 10_000, (0, 2): 5500}


def test_forbidden_changes_are_none_whatever_else_is_said():
    given = [(1, 0, 10.0, False), (1, 0, 99.0, True), (2, 2, float("nan"), True)]
    assert change([(0, 1, 12.0)], given) == {(0, 0): 60_000, (1, 1): 60_000}


def test_changes_without_stops():
    assert change([], n_stops=0) == {}


def test_given_changes_that_cannot_be():
    with pytest.raises(BadTimetable, match="stop 3 at row 0"):
        change([], [(3, 0, 1.0, False)])
    with pytest.raises(BadTimetable, match="stop -1 at row 0"):
        change([], [(0, -1, 1.0, False)])
    with pytest.raises(BadTimetable, match=r"takes -5.0 s"):
        change([], [(0, 1, -5.0, False)])


@given(SEEDS)
def test_changes_follow_the_rules_pair_by_pair(plain, seed):
    city = plain.draw_city(seed)
    changes = city.changes
    found = {}
    for on in range(city.n_stops):
        for row in range(changes.start[on], changes.start[on + 1]):
            found[int(changes.stop[row]), on] = int(changes.least_ms[row])
    stops = range(city.n_stops)
    expected = {(off, on): city.change_ms(off, on) for off in stops for on in stops}
    assert found == {pair: least for pair, least in expected.items() if least is not None}
