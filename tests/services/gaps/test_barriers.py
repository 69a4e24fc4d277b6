"""Which barrier explains a walk: joined lengths, ways round the end, walls closed around someone."""

import numpy as np
import pytest

from services.barriers import build_barriers, find_obstacles

CRS = "EPSG:32648"
ORIGIN = np.array([700_000.0, 3_800_000.0])


@pytest.fixture
def meet(paper_town):
    """Barrier met between two places and where, a walk of `walk_m` being needed."""

    def find(barriers, start, end, walk_m=5000.0):
        town = paper_town(streets=[[(0, 0), (9, 0)]], homes=[{"at": (0, 0)}], barriers=barriers)
        found, place = find_obstacles(
            np.array([start], dtype=float) + ORIGIN,
            np.array([end], dtype=float) + ORIGIN,
            np.array([walk_m]),
            build_barriers(town.barriers, CRS),
            severed_detour=1.8,
        )
        return int(found[0]), (place[0] - ORIGIN).tolist()

    return find


def wall(*line, kind="wall"):
    return {"kind": kind, "line": line}


def test_the_railway_outweighs_the_wall(meet):
    """From (0, 0) to (0, 100): the railway at y = 50 counts before the wall at y = 30.

    At x = -200 only the wall is met, at x = 900 neither: the middle stands in.
    """
    lines = [
        wall((-100, 50), (500, 50), kind="railway"),
        wall((-400, 30), (400, 30)),
    ]
    assert meet(lines, (0, 0), (0, 100)) == (0, pytest.approx([0, 50], abs=0.01))
    assert meet(lines, (-200, 0), (-200, 100)) == (1, pytest.approx([-200, 30], abs=0.01))
    assert meet(lines, (900, 0), (900, 100)) == (-1, pytest.approx([900, 50], abs=0.01))


@pytest.mark.parametrize("kind", ["wall", "railway", "waterway", "motorway"])
@pytest.mark.parametrize(("half_m", "found"), [(49, -1), (50, 0), (500, 0)])
def test_a_hundred_metres_are_a_barrier(meet, kind, half_m, found):
    """A line of 2 × `half_m`, straight 40 m, walk 5 km. Round the end of 98 m: 2 × √(49² + 20²) =

    106 m ≥ 72; but 98 m is neither 100 m nor the extra walk of 4960 m.
    """
    line = wall((-half_m, 20), (half_m, 20), kind=kind)
    assert meet([line], (0, 0), (0, 40))[0] == found


@pytest.mark.parametrize(("walk_m", "found"), [(90.0, 0), (99.0, 0), (101.0, -1)])
def test_a_short_wall_explains_a_short_way_round(meet, walk_m, found):
    """60 m of wall across 40 m: an extra walk of 59 m is its doing, 61 m is not."""
    assert meet([wall((-30, 20), (30, 20))], (0, 0), (0, 40), walk_m)[0] == found


def test_touching_pieces_are_one_wall(meet):
    """Four pieces of 30 m, end to end or ending in the middle of the next, are 120 m."""
    ends = [wall((x, 20), (x + 30, 20)) for x in (-60, -30, 0, 30)]
    assert meet(ends, (-10, 0), (-10, 40))[0] == 1
    assert meet(ends[:1] + ends[2:], (10, 0), (10, 40))[0] == -1
    tee = [wall((-30, 20), (30, 20)), wall((30, -10), (30, 50)), wall((-30, 0), (-30, 40))]
    assert meet(tee, (0, 0), (0, 40))[0] == 0


def test_another_kind_does_not_lengthen(meet):
    """50 m of wall ending at a railway is 50 m of wall."""
    lines = [wall((-25, 20), (25, 20)), wall((25, 10), (25, 900), kind="railway")]
    assert meet(lines, (0, 0), (0, 40))[0] == -1


def test_a_railway_does_not_end_in_the_open(meet):
    """The same line as a railway is named wherever it is met: it goes on across a bridge."""
    assert meet([wall((-400, 20), (10, 20), kind="railway")], (0, 0), (0, 40))[0] == 0


@pytest.mark.parametrize(("end_x", "found"), [(10, -1), (28, -1), (31, 0), (150, 0)])
def test_round_the_nearer_end(meet, end_x, found):
    """Straight 40 m; the wall reaches far west, and `end_x` metres east.

    2 × √(x² + 20²) = 1.8 × 40 at x = 29.93: nearer than that one would simply walk round it.
    """
    assert meet([wall((-400, 20), (end_x, 20))], (0, 0), (0, 40))[0] == found


def test_a_long_wall_met_at_its_very_end(meet):
    """Nothing on the other side: the way round is the straight line."""
    assert meet([wall((-400, 20), (0, 20))], (0, 0), (0, 40))[0] == -1


RING = ((0, 0), (60, 0), (60, 60), (0, 60), (0, 0))


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [((50, 30), (300, 30), 0), ((300, 30), (50, 30), 0), ((-100, 50), (300, 50), -1)],
)
def test_closed_in_by_a_wall(meet, start, end, found):
    """A compound 60 m square. Round it is hardly a detour on 250 m, but one of the two is inside."""
    assert meet([wall(*RING)], start, end)[0] == found


def test_closed_by_several_pieces(meet):
    """The same ring in four pieces, one of them running on past the corner."""
    pieces = [wall(RING[i], RING[i + 1]) for i in range(3)] + [wall((0, 60), (0, -40))]
    assert meet(pieces, (50, 30), (300, 30))[0] == 1
    assert meet(pieces[:2] + pieces[3:], (50, 50), (50, 300))[0] == -1


def test_neighbours_in_two_closed_parts(meet):
    """Two compounds share a wall: from one into the other it lies between."""
    shared = [wall(*RING), wall((60, 0), (120, 0), (120, 60), (60, 60))]
    assert meet(shared, (5, 30), (115, 30))[0] == 0


def test_a_garden_hedge_explains_nothing(meet):
    """A ring of 4 × 15 = 60 m around the home: a walk of 5 km has another reason."""
    garden = wall((0, 0), (15, 0), (15, 15), (0, 15), (0, 0))
    assert meet([garden], (7, 7), (200, 7))[0] == -1
    assert meet([garden], (7, 7), (200, 7), 250.0)[0] == 0


def test_many_lines_at_once_are_the_same_as_one_by_one(paper_town, meet):
    """300 random lines and 60 random barriers: no answer depends on the company."""
    rng = np.random.default_rng(5)
    kinds = ["wall", "railway", "waterway", "motorway"]
    shapes = rng.uniform(0, 600, (60, 1, 2)) + rng.uniform(-60, 60, (60, 4, 2))
    lines = [wall(*shape, kind=kinds[i % 4]) for i, shape in enumerate(shapes.tolist())]
    town = paper_town(streets=[[(0, 0), (9, 0)]], homes=[{"at": (0, 0)}], barriers=lines)
    barriers = build_barriers(town.barriers, CRS)
    start, end = rng.uniform(0, 600, (2, 300, 2)) + ORIGIN
    walk_m = np.where(rng.random(300) < 0.1, np.inf, rng.uniform(100, 3000, 300))
    found, place = find_obstacles(start, end, walk_m, barriers, severed_detour=1.8)
    assert (found >= 0).sum() > 50
    assert (found < 0).sum() > 20
    for i in range(300):
        one, at = find_obstacles(
            start[i : i + 1], end[i : i + 1], walk_m[i : i + 1], barriers, severed_detour=1.8
        )
        assert (one[0], at[0].tolist()) == (found[i], pytest.approx(place[i].tolist()))


def test_nothing_mapped(meet):
    assert meet([], (0, 0), (0, 40)) == (-1, pytest.approx([0, 20], abs=0.01))
