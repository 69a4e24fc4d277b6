"""Contraction: junctions stay, joints go, lengths and shapes are kept."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadGeometry, EmptyNetwork
from geo.network import build_network

CRS = "EPSG:32648"


def town(xy, paths, *, group=None, forward=None, backward=None, min_island_m=0.0):
    n = len(paths)
    return build_network(
        crs=CRS,
        node_xy=np.array(xy, dtype=float),
        path_nodes=np.concatenate([np.array(path) for path in paths]),
        path_offsets=np.concatenate([[0], np.cumsum([len(path) for path in paths])]),
        path_way=np.arange(n),
        path_group=np.zeros(n, dtype=int) if group is None else np.array(group),
        path_forward=np.ones(n, dtype=bool) if forward is None else np.array(forward),
        path_backward=np.ones(n, dtype=bool) if backward is None else np.array(backward),
        min_island_m=min_island_m,
    )


def test_a_street_of_two_ways_becomes_one_edge():
    """0 -100- 1 -50- 2: two ways of one name meet at a plain joint; the longer one names the edge."""
    network = town([(0, 0), (100, 0), (150, 0)], [[0, 1], [1, 2]])
    assert network.n_nodes == 2
    assert network.edge_length_m.tolist() == [150.0]
    assert network.edge_way.tolist() == [0]
    assert network.edge_lines[0].equals(shapely.LineString([(0, 0), (100, 0), (150, 0)]))


def test_joint_stays_where_the_name_changes():
    network = town([(0, 0), (100, 0), (150, 0)], [[0, 1], [1, 2]], group=[0, 1])
    assert sorted(network.edge_length_m.tolist()) == [50.0, 100.0]


def test_crossing_in_the_middle_of_a_way_cuts_it():
    """A way 0-1-2 crossed at its middle node 1 by 3-1-4: four edges of 100, 100, 70, 70 m."""
    network = town([(0, 0), (100, 0), (200, 0), (100, 70), (100, -70)], [[0, 1, 2], [3, 1, 4]])
    assert sorted(network.edge_length_m.tolist()) == [70.0, 70.0, 100.0, 100.0]
    assert network.n_nodes == 5


def test_crossing_without_a_shared_node_is_a_bridge():
    network = town([(0, 0), (200, 0), (100, 70), (100, -70)], [[0, 1], [2, 3]])
    assert network.n_edges == 2
    assert len(network.component_length_m) == 2


def test_ways_meeting_head_to_head_and_tail_to_tail_are_turned():
    """1→0 and 1→2 (both start at 1), then 3→2: one chain of 10 + 20 + 30 = 60 m."""
    network = town([(0, 0), (10, 0), (30, 0), (60, 0)], [[1, 0], [1, 2], [3, 2]])
    assert network.edge_length_m.tolist() == [60.0]
    assert shapely.length(network.edge_lines[0]) == 60.0


def test_one_way_streets_keep_their_joint_and_direction():
    network = town([(0, 0), (100, 0), (150, 0)], [[0, 1], [1, 2]], backward=[False, True])
    assert network.n_edges == 2
    by_length = dict(zip(network.edge_length_m, network.edge_backward, strict=True))
    assert by_length == {100.0: False, 50.0: True}
    assert network.edge_forward.all()


def test_ring_without_a_junction_keeps_one_node():
    """A closed way: one edge from its first node back to it, 4 × 100 m."""
    network = town([(0, 0), (100, 0), (100, 100), (0, 100)], [[0, 1, 2, 3, 0]])
    assert network.n_nodes == 1
    assert network.edge_length_m.tolist() == [400.0]


def test_ring_of_several_ways_keeps_one_node():
    network = town([(0, 0), (100, 0), (100, 100), (0, 100)], [[0, 1, 2], [2, 3, 0]])
    assert network.edge_length_m.sum() == 400.0
    assert network.n_edges == 1


def test_figure_of_eight_meets_itself():
    """A way through node 1 twice: a loop of 40 m and two tails of 10 m."""
    network = town([(0, 0), (10, 0), (20, 0), (20, 10), (10, 10), (0, 10)], [[0, 1, 2, 3, 4, 1, 5]])
    lengths = sorted(network.edge_length_m.tolist())
    assert lengths[0] == 10.0
    assert lengths[-1] == 40.0
    assert len(lengths) == 3


def test_small_islands_are_set_aside_but_the_longest_stays():
    network = town([(0, 0), (2000, 0), (0, 500), (300, 500)], [[0, 1], [2, 3]], min_island_m=1000.0)
    assert network.component_length_m.tolist() == [2000.0, 300.0]
    assert network.component_kept.tolist() == [True, False]
    assert network.edge_kept.tolist() == [True, False]
    alone = town([(0, 0), (10, 0)], [[0, 1]], min_island_m=1000.0)
    assert alone.component_kept.tolist() == [True]


def test_repeated_nodes_and_lone_nodes_add_nothing():
    network = town([(0, 0), (100, 0)], [[0, 0, 1, 1], [1]])
    assert network.edge_length_m.tolist() == [100.0]


def test_nothing_walkable_is_an_error():
    with pytest.raises(EmptyNetwork, match="no walkable street"):
        town([(0, 0)], [[0]])


def test_bad_coordinates_are_refused():
    with pytest.raises(BadGeometry, match="not finite"):
        town([(0, 0), (np.nan, 0)], [[0, 1]])


def test_arrays_are_frozen():
    network = town([(0, 0), (100, 0)], [[0, 1]])
    with pytest.raises(ValueError, match="read-only"):
        network.edge_length_m[0] = 1.0


@given(st.integers(0, 2**32 - 1))
def test_length_and_degree_survive_contraction(seed):
    """Total length equals the sum over all path steps; no plain joint of two ways is left."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    xy = rng.permutation(400)[:n, None] % np.array([[20, 7]]) * 10.0 + rng.random((n, 2))
    paths = [rng.integers(0, n, rng.integers(2, 6)) for _ in range(rng.integers(1, 8))]
    paths = [path for path in paths if len(np.unique(path)) > 1]
    if not paths:
        return
    network = town(xy, paths)
    steps = np.concatenate([np.hypot(*np.diff(xy[path], axis=0).T) for path in paths])
    assert network.edge_length_m.sum() == pytest.approx(steps.sum(), abs=0.001 * len(steps))
    assert np.allclose(shapely.length(network.edge_lines), network.edge_length_m, atol=0.05)
    ends = network.edge_nodes.ravel()
    loops = network.edge_nodes[:, 0] == network.edge_nodes[:, 1]
    degree = np.bincount(ends, minlength=network.n_nodes)
    on_loop = np.isin(np.arange(network.n_nodes), network.edge_nodes[loops, 0])
    assert not ((degree == 2) & ~on_loop).any()
    first = shapely.get_coordinates(shapely.get_point(network.edge_lines, 0))
    assert np.array_equal(first, network.node_xy[network.edge_nodes[:, 0]])
