"""Rings: reached streets inside, others outside, each ring within the next."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.isochrone import cut_reached, list_unreached, measure_outward, piece_lines
from geo.network import build_network
from geo.rings import FILLED_HOLE_M2, REACHED_WIDTH_M, SPINE_WIDTH_M, UNREACHED_WIDTH_M, draw_rings
from geo.snap import snap_points

LIMITS_M = (90.0, 240.0, 500.0)


def draw_plainly(network, pieces):
    """One limit, step by step: ribbon, less the streets not reached, with the reached ones' spines."""
    reached = piece_lines(network, pieces)
    rest = piece_lines(network, list_unreached(network, pieces))
    ribbon = shapely.union_all(shapely.buffer(reached, REACHED_WIDTH_M, quad_segs=2))
    filled = [shapely.Polygon(part.exterior) for part in shapely.get_parts(ribbon)]
    holes = shapely.get_parts(shapely.difference(shapely.union_all(filled), ribbon))
    small = holes[shapely.area(holes) <= FILLED_HOLE_M2]
    strips = shapely.union_all(shapely.buffer(rest, UNREACHED_WIDTH_M, quad_segs=1))
    spines = shapely.union_all(shapely.buffer(reached, SPINE_WIDTH_M, quad_segs=1))
    return shapely.union_all(
        [shapely.difference(shapely.union_all([ribbon, *small]), strips), spines]
    )


def _build(seed: int, *, one_way: bool = False):
    """A wobbly grid of 7 x 7 junctions about 80 m apart, some streets left out."""
    rng = np.random.default_rng(seed)
    node_xy = np.stack(np.meshgrid(np.arange(7), np.arange(7)), -1).reshape(-1, 2) * 80.0
    node_xy = node_xy + rng.uniform(-25, 25, node_xy.shape)
    steps = [(at, at + 1) for at in range(49) if at % 7 < 6] + [(at, at + 7) for at in range(42)]
    kept = [step for step in steps if rng.random() < 0.85]
    n = len(kept)
    return build_network(
        crs="EPSG:32648",
        node_xy=node_xy,
        path_nodes=np.array(kept, dtype=np.int64).ravel(),
        path_offsets=np.arange(0, 2 * n + 1, 2),
        path_way=np.arange(n),
        path_group=np.zeros(n, dtype=np.int64),
        path_forward=np.ones(n, dtype=bool),
        path_backward=rng.random(n) < (0.6 if one_way else 2.0),
    )


def _nested(network, xy):
    start = snap_points(network, np.array([xy]), max_leg_m=500)
    walk_m = measure_outward(network, start, max(LIMITS_M))
    return [cut_reached(network, start, walk_m, limit) for limit in LIMITS_M]


@given(seed=st.integers(0, 400), x=st.floats(0, 480), y=st.floats(0, 480), one_way=st.booleans())
def test_reached_inside_and_unreached_outside(seed, x, y, one_way):
    network = _build(seed, one_way=one_way)
    nested = _nested(network, (x, y))
    for pieces, ring in zip(nested, draw_rings(network, nested), strict=True):
        assert ring.is_valid
        assert shapely.covers(ring.buffer(1e-6), piece_lines(network, pieces)).all()
        reached = shapely.union_all(shapely.buffer(piece_lines(network, pieces), 8.0))
        rest = piece_lines(network, list_unreached(network, pieces))
        away = shapely.difference(
            rest, reached
        )  # beside a reached street its spine may lie on both
        assert shapely.length(shapely.intersection(ring, away)).sum() == pytest.approx(0, abs=1e-6)


@given(seed=st.integers(0, 400), x=st.floats(0, 480), y=st.floats(0, 480))
def test_as_the_single_polygon_within_a_few_per_cent(seed, x, y):
    network = _build(seed)
    nested = _nested(network, (x, y))
    for pieces, ring in zip(nested, draw_rings(network, nested), strict=True):
        single = draw_plainly(network, pieces)
        assert ring.area == pytest.approx(single.area, rel=0.08, abs=60)


def test_nothing_reached_is_empty():
    network = _build(1)
    start = snap_points(network, np.array([[0.0, -300.0]]), max_leg_m=500)
    walk_m = measure_outward(network, start, 10.0)
    (ring,) = draw_rings(network, [cut_reached(network, start, walk_m, 10.0)])
    assert ring.is_empty


@given(seed=st.integers(0, 2000))
def test_streets_that_cross_without_a_node(seed):
    """Bridges everywhere: blocks between such streets touch or cut themselves, the polygon stays whole."""
    rng = np.random.default_rng(seed)
    node_xy = np.round(rng.uniform(0, 200, (14, 2)) / 10) * 10
    ends = np.array([(a, b) for a in range(14) for b in range(a) if rng.random() < 0.35])
    ends = ends[np.hypot(*(node_xy[ends[:, 0]] - node_xy[ends[:, 1]]).T) > 0]
    n = len(ends)
    network = build_network(
        crs="EPSG:32648",
        node_xy=node_xy,
        path_nodes=ends.ravel(),
        path_offsets=np.arange(0, 2 * n + 1, 2),
        path_way=np.arange(n),
        path_group=np.arange(n),
        path_forward=np.ones(n, dtype=bool),
        path_backward=np.ones(n, dtype=bool),
        min_island_m=0.0,
    )
    nested = _nested(network, (100.0, 100.0))
    for pieces, ring in zip(nested, draw_rings(network, nested), strict=True):
        assert ring.is_valid
        inside = shapely.buffer(ring, 1e-6)
        assert shapely.covers(inside, piece_lines(network, pieces)).all()
