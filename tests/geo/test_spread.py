"""Reach from several places with different metres left: never more, never less than each alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.isochrone import cut_reached, measure_outward
from geo.network import build_network
from geo.snap import Links, snap_points
from geo.spread import NOTHING_LEFT, cut_left, floor_m, measure_left

CRS = "EPSG:32648"


def lattice(n=5, block_m=100.0, forward=None, backward=None):
    xy = np.array([(x * block_m, y * block_m) for y in range(n) for x in range(n)])
    paths = [(y * n + x, y * n + x + 1) for y in range(n) for x in range(n - 1)]
    paths += [(y * n + x, y * n + x + n) for y in range(n - 1) for x in range(n)]
    m = len(paths)
    yes = np.ones(m, dtype=bool)
    return build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.array(paths).ravel(),
        path_offsets=np.arange(0, 2 * m + 1, 2),
        path_way=np.arange(m),
        path_group=np.arange(m),
        path_forward=yes if forward is None else forward,
        path_backward=yes if backward is None else backward,
        min_island_m=0.0,
    )


def street():
    yes = np.array([True])
    return build_network(
        crs=CRS, node_xy=np.array([[0.0, 0.0], [1000.0, 0.0]]), path_nodes=np.array([0, 1]),
        path_offsets=np.array([0, 2]), path_way=np.array([0]), path_group=np.array([0]),
        path_forward=yes, path_backward=yes,
    )  # fmt: skip


def stretches(pieces):
    return sorted(
        zip(pieces.edge.tolist(), pieces.begin_m.tolist(), pieces.end_m.tolist(), strict=True)
    )


def mark(network, pieces, step_m=1.0):
    """Every metre of street: reached or not."""
    n = int(network.edge_length_m.max() / step_m)
    marks = np.zeros((network.n_edges, n), dtype=bool)
    middle = (np.arange(n) + 0.5) * step_m
    for edge, begin, end in stretches(pieces):
        marks[edge] |= (middle > begin) & (middle < end)
    return marks


def test_two_stops_on_one_street():
    """100 m left at 200 (20 m off the street: 80), 30 at 300, -1 at 900: 120..280 and 270..330."""
    network = street()
    stops = snap_points(network, np.array([[200.0, 20.0], [300.0, 0.0], [900.0, 0.0]]))
    left = np.array([100.0, 30.0, -1.0])
    node_left = measure_left(network, stops, left)
    assert node_left.tolist() == [NOTHING_LEFT, NOTHING_LEFT]
    assert stretches(cut_left(network, stops, left, node_left)) == [(0, 120.0, 330.0)]


def test_over_the_end_of_a_street():
    """250 m left at 800 of a 1000 m street: 50 m are left at its end."""
    network = street()
    stops = snap_points(network, np.array([[800.0, 0.0]]))
    node_left = measure_left(network, stops, np.array([250.0]))
    assert node_left.tolist() == [NOTHING_LEFT, 50.0]


def test_nothing_left_anywhere():
    network = street()
    stops = snap_points(network, np.array([[800.0, 0.0], [0.0, 900.0]]))
    left = np.array([-1.0, 50.0])
    node_left = measure_left(network, stops, left)
    assert len(cut_left(network, stops, left, node_left)) == 0


def test_lengths_are_rounded_down():
    assert floor_m(np.array([100.0, 0.1, -0.1])).tolist() == [100.0, 0.099609375, -0.1005859375]


@given(st.integers(0, 10_000))
def test_one_place_is_the_isochrone(seed):
    rng = np.random.default_rng(seed)
    way = rng.integers(0, 6, 40)
    network = lattice(5, 100.0, way != 1, way != 2)
    start = snap_points(network, rng.uniform(-20, 420, (1, 2)))
    limit = float(rng.integers(1, 500))
    expected = cut_reached(network, start, measure_outward(network, start, limit), limit)
    left = np.array([limit])
    found = cut_left(network, start, left, measure_left(network, start, left))
    assert np.array(stretches(found)) == pytest.approx(np.array(stretches(expected)))


@given(st.integers(0, 10_000))
def test_many_places_reach_what_each_reaches(seed):
    rng = np.random.default_rng(seed)
    way = rng.integers(0, 6, 40)
    network = lattice(5, 100.0, way != 1, way != 2)
    stops = snap_points(network, rng.uniform(-20, 420, (4, 2)))
    left = rng.integers(-20, 300, 4).astype(float)
    found = mark(network, cut_left(network, stops, left, measure_left(network, stops, left)))
    expected = np.zeros_like(found)
    for row in range(4):
        if left[row] >= 0:
            one = stops.take(np.array([row]))
            walk = measure_outward(network, one, left[row])
            expected |= mark(network, cut_reached(network, one, walk, left[row]))
    assert (found == expected).all()


def test_unconnected_places_reach_nothing():
    network = street()
    nowhere = Links(
        CRS, np.array([-1], np.int32), np.zeros(1), np.full(1, np.inf), np.zeros((1, 2))
    )
    node_left = measure_left(network, nowhere, np.array([500.0]))
    assert node_left.tolist() == [NOTHING_LEFT] * 2
    assert len(cut_left(network, nowhere, np.array([500.0]), node_left)) == 0
