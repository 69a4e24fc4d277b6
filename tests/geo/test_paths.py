"""The line of a walk is as long as the walk, follows open streets, and ends where it should."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.network import build_network
from geo.paths import trace_walk
from geo.reach import measure_nearest
from geo.snap import Links, snap_points

CRS = "EPSG:32648"


def build(xy, paths, forward=None, backward=None):
    m = len(paths)
    yes = np.ones(m, dtype=bool)
    return build_network(
        crs=CRS,
        node_xy=np.array(xy, dtype=float),
        path_nodes=np.array(paths).ravel(),
        path_offsets=np.arange(0, 2 * m + 1, 2),
        path_way=np.arange(m),
        path_group=np.arange(m),
        path_forward=yes if forward is None else forward,
        path_backward=yes if backward is None else backward,
        min_island_m=0.0,
    )


def lattice(n=5, block_m=100.0, forward=None, backward=None):
    xy = [(x * block_m, y * block_m) for y in range(n) for x in range(n)]
    paths = [(y * n + x, y * n + x + 1) for y in range(n) for x in range(n - 1)]
    paths += [(y * n + x, y * n + x + n) for y in range(n - 1) for x in range(n)]
    return build(xy, paths, forward, backward)


def at(network, *points):
    return snap_points(network, np.array(points, dtype=float))


def test_around_two_corners():
    """From (50, 10) to (200, 160): 10 down, 150 east, 160 north along x = 200, no leg: 320 m."""
    network = lattice()
    path = trace_walk(network, at(network, (50, 10)), at(network, (200, 160)))
    assert path.walk_m == pytest.approx(320)
    assert path.goal == 0
    assert path.xy[[0, -1]].tolist() == [[50, 0], [200, 160]]
    assert shapely.length(shapely.linestrings(path.xy)) == pytest.approx(310)


def test_the_nearer_of_two_goals_is_taken():
    network = lattice()
    goals = at(network, (400, 380), (100, 120))
    path = trace_walk(network, at(network, (50, 0)), goals)
    assert (path.goal, path.walk_m) == (1, pytest.approx(50 + 120))


def test_along_one_street_and_the_same_place():
    network = lattice()
    path = trace_walk(network, at(network, (80, 0)), at(network, (20, 5)))
    assert path.xy.tolist() == [[80, 0], [20, 0]]
    assert path.walk_m == pytest.approx(65)
    same = trace_walk(network, at(network, (30, 4)), at(network, (30, -6)))
    assert same.xy.tolist() == [[30, 0]]
    assert same.walk_m == pytest.approx(10)


def test_one_way_streets_are_gone_around():
    """A block of 100 m whose lower side leads east only: west takes the other three sides."""
    xy = [(0, 0), (100, 0), (100, 100), (0, 100)]
    network = build(
        xy,
        [(0, 1), (1, 2), (2, 3), (3, 0)],
        backward=np.array([False, True, True, True]),
    )
    path = trace_walk(network, at(network, (80, 0)), at(network, (20, 0)))
    assert path.walk_m == pytest.approx(20 + 300 + 20)
    assert path.xy.tolist() == [[80, 0], [100, 0], [100, 100], [0, 100], [0, 0], [20, 0]]


def test_streets_of_no_length_do_not_lead_astray():
    """Stairs drawn as one point: nodes 1, 2 and 4 share a place, 4 is a dead end."""
    xy = [(0, 0), (100, 0), (100, 0), (200, 0), (100, 0)]
    network = build(xy, [(0, 1), (1, 4), (1, 2), (2, 3)])
    path = trace_walk(network, at(network, (10, 0)), at(network, (190, 0)))
    assert path.walk_m == pytest.approx(180)
    assert path.xy[[0, -1]].tolist() == [[10, 0], [190, 0]]


def test_out_of_reach_is_none():
    network = lattice()
    start, goal = at(network, (0, 50)), at(network, (400, 350))
    assert trace_walk(network, start, goal, limit_m=699.0) is None
    assert trace_walk(network, start, goal, limit_m=701.0).walk_m == pytest.approx(700)
    nowhere = Links(
        CRS, np.array([-1], np.int32), np.zeros(1), np.full(1, np.inf), np.zeros((1, 2))
    )
    assert trace_walk(network, start, nowhere) is None


@given(st.integers(0, 10_000))
def test_every_line_is_as_long_as_its_walk(seed):
    rng = np.random.default_rng(seed)
    m = 2 * 4 * 5
    way = rng.integers(0, 6, m)
    network = lattice(5, 100.0, way != 1, way != 2)
    points = rng.uniform(-20, 420, (6, 2))
    start, goals = at(network, points[0]), at(network, *points[1:])
    path = trace_walk(network, start, goals)
    nearest = measure_nearest(network, goals, start)
    if path is None:
        assert nearest.source[0] == -1
        return
    assert path.walk_m == nearest.walk_m[0]
    assert path.goal == nearest.source[0]
    legs = start.leg_m[0] + goals.leg_m[path.goal]
    drawn = np.hypot(*np.diff(path.xy, axis=0).T).sum()
    assert drawn == pytest.approx(path.walk_m - legs, abs=0.01)
    assert path.xy[0] == pytest.approx(start.snap_xy[0], abs=0.01)
    assert path.xy[-1] == pytest.approx(goals.snap_xy[path.goal], abs=0.01)
