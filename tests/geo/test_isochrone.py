"""Isochrones: pieces cut where the limit is used up, polygons that follow them."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.ops import substring

from geo.isochrone import (
    Pieces,
    cut_reached,
    list_unreached,
    measure_outward,
    piece_lines,
)
from geo.network import build_network
from geo.rings import draw_rings
from geo.snap import Links, snap_points

CRS = "EPSG:32648"


def lattice(n=6, block_m=100.0, forward=None):
    """n × n junctions, `block_m` apart."""
    xy = np.array([(x * block_m, y * block_m) for y in range(n) for x in range(n)])
    paths = [(y * n + x, y * n + x + 1) for y in range(n) for x in range(n - 1)]
    paths += [(y * n + x, y * n + x + n) for y in range(n - 1) for x in range(n)]
    m = len(paths)
    return build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.array(paths).ravel(),
        path_offsets=np.arange(0, 2 * m + 1, 2),
        path_way=np.arange(m),
        path_group=np.arange(m),
        path_forward=np.ones(m, dtype=bool) if forward is None else forward,
        path_backward=np.ones(m, dtype=bool),
    )


def reached(network, point, limit_m):
    start = snap_points(network, np.array([point], dtype=float))
    return cut_reached(network, start, measure_outward(network, start, limit_m), limit_m)


def test_a_single_street_is_cut_at_the_limit_on_both_sides():
    """From 20 m beside metre 250 of a 500 m street, 120 m: leg 20, so 100 m to each side."""
    network = build_network(
        crs=CRS,
        node_xy=np.array([[0.0, 0.0], [500.0, 0.0]]),
        path_nodes=np.array([0, 1]),
        path_offsets=np.array([0, 2]),
        path_way=np.array([0]),
        path_group=np.array([0]),
        path_forward=np.array([True]),
        path_backward=np.array([True]),
    )
    pieces = reached(network, (250, 20), 120.0)
    assert pieces.begin_m.tolist() == [150.0]
    assert pieces.end_m.tolist() == [350.0]
    rest = list_unreached(network, pieces)
    assert sorted(zip(rest.begin_m, rest.end_m, strict=True)) == [(0.0, 150.0), (350.0, 500.0)]


def test_the_same_street_one_way():
    """Only ahead: from metre 250 to metre 350."""
    network = build_network(
        crs=CRS,
        node_xy=np.array([[0.0, 0.0], [500.0, 0.0]]),
        path_nodes=np.array([0, 1]),
        path_offsets=np.array([0, 2]),
        path_way=np.array([0]),
        path_group=np.array([0]),
        path_forward=np.array([True]),
        path_backward=np.array([False]),
    )
    pieces = reached(network, (250, 20), 120.0)
    assert (pieces.begin_m.tolist(), pieces.end_m.tolist()) == ([250.0], [350.0])


def test_lattice_reach_is_a_diamond():
    """From a junction, 150 m: four blocks whole, and half of each of the 12 blocks beyond.

    The four neighbours stand 100 m away and leave 50 m for each of their 3 other blocks.
    """
    network = lattice()
    pieces = reached(network, (200, 200), 150.0)
    assert (pieces.end_m - pieces.begin_m).sum() == 4 * 100 + 4 * 3 * 50
    lines = piece_lines(network, pieces)
    corners = shapely.get_coordinates(lines)
    assert (np.abs(corners - 200).sum(axis=1) <= 150 + 1e-6).all()


def test_unconnected_places_reach_nothing():
    network = lattice()
    start = Links(
        CRS,
        *(np.array([v], dtype=t) for v, t in ((-1, "i4"), (0, "f8"), (np.inf, "f8"))),
        np.zeros((1, 2)),
    )
    pieces = cut_reached(network, start, measure_outward(network, start, 900.0), 900.0)
    assert len(pieces) == 0
    assert draw_rings(network, [pieces])[0].is_empty


@given(
    st.floats(0, 500),
    st.floats(0, 500),
    st.floats(0, 700),
    st.integers(0, 2**32 - 1),
)
def test_reached_pieces_inside_unreached_outside(x, y, limit_m, seed):
    """For any place and limit, with some streets one-way; pieces and the rest make the whole."""
    rng = np.random.default_rng(seed)
    network = lattice(forward=rng.random(60) < 0.8)
    pieces = reached(network, (x, y), limit_m)
    rest = list_unreached(network, pieces)
    whole = (pieces.end_m - pieces.begin_m).sum() + (rest.end_m - rest.begin_m).sum()
    assert whole == pytest.approx(network.edge_length_m.sum())
    (polygon,) = draw_rings(network, [pieces])
    inside = shapely.union_all(piece_lines(network, pieces))
    outside = piece_lines(network, rest)
    assert shapely.length(shapely.difference(inside, polygon)) < 1e-6
    overlap = shapely.length(shapely.intersection(outside, polygon))
    assert (overlap <= 4.0).all()  # only where both meet: the spine's round end, 1 m each


@given(st.floats(0, 500), st.floats(0, 500))
def test_longer_limits_reach_more(x, y):
    network = lattice()
    all_pieces = [reached(network, (x, y), limit) for limit in (100.0, 250.0, 400.0)]
    lengths = [float((pieces.end_m - pieces.begin_m).sum()) for pieces in all_pieces]
    assert lengths == sorted(lengths)


@given(st.integers(0, 2**32 - 1))
def test_cut_lines_are_shapelys_substrings(seed):
    """Against shapely's own substring, piece by piece, on bent streets."""
    rng = np.random.default_rng(seed)
    n = 12
    xy = np.cumsum(rng.normal(0, 30, (3 * n, 2)), axis=0)
    network = build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.arange(3 * n),
        path_offsets=np.arange(0, 3 * n + 1, 3),
        path_way=np.arange(n),
        path_group=np.arange(n),
        path_forward=np.ones(n, dtype=bool),
        path_backward=np.ones(n, dtype=bool),
    )
    edge = rng.integers(0, network.n_edges, 20).astype(np.int32)
    cut = np.sort(rng.random((20, 2)), axis=1)
    length = network.edge_length_m[edge]
    lines = piece_lines(network, Pieces(edge, cut[:, 0] * length, cut[:, 1] * length))
    for line, e, (low, high) in zip(lines, edge, cut, strict=True):
        plain = substring(network.edge_lines[e], low, high, normalized=True)
        assert shapely.hausdorff_distance(line, plain) < 1e-6
