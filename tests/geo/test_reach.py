"""Kernels against a plain reference: networkx on a graph with every snapped point as a node."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import reach
from geo.count import count_reached
from geo.errors import CrsMismatch
from geo.network import StreetNetwork, build_network
from geo.reach import count_within, measure_nearest, measure_within, rank_nearest
from geo.snap import Links, snap_points

CRS = "EPSG:32648"


def plain_graph(network: StreetNetwork, sources: Links, homes: Links) -> nx.DiGraph:
    """Edges split at every point; legs are arcs of their own, into sources and out of homes."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(network.n_nodes))

    def arc(one, other, metres):
        if metres < graph.get_edge_data(one, other, {"m": np.inf})["m"]:
            graph.add_edge(one, other, m=metres)

    for edge in range(network.n_edges):
        stops = [(0.0, int(network.edge_nodes[edge, 0]))]
        for word, links in (("s", sources), ("h", homes)):
            stops += [
                (float(links.offset_m[i]), (word, "on", i))
                for i in range(len(links))
                if links.edge[i] == edge
            ]
        stops.sort(key=lambda stop: stop[0])
        stops.append((float(network.edge_length_m[edge]), int(network.edge_nodes[edge, 1])))
        for (here, one), (there, other) in pairwise(stops):
            at_end = there == here and network.edge_length_m[edge] > 0
            if network.edge_forward[edge] or at_end:
                arc(one, other, there - here)
            if network.edge_backward[edge] or at_end:
                arc(other, one, there - here)
    for i in range(len(sources)):
        graph.add_node(("s", i))
        if sources.edge[i] >= 0:
            arc(("s", "on", i), ("s", i), float(sources.leg_m[i]))
    for i in range(len(homes)):
        graph.add_node(("h", i))
        if homes.edge[i] >= 0:
            arc(("h", i), ("h", "on", i), float(homes.leg_m[i]))
    return graph


def plain_walks(network, sources, homes):
    """Shape (S, H): metres from each home to each source, inf where there is no way."""
    graph = plain_graph(network, sources, homes).reverse()
    table = np.full((len(sources), len(homes)), np.inf)
    for i in range(len(sources)):
        found = nx.single_source_dijkstra_path_length(graph, ("s", i), weight="m")
        for j in range(len(homes)):
            table[i, j] = found.get(("h", j), np.inf)
    return table


@st.composite
def towns(draw):
    """A random multigraph with one-way streets, loops and points anywhere on edges."""
    n = draw(st.integers(2, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    xy = rng.integers(0, 40, (n, 2)).astype(float) * 25
    m = draw(st.integers(1, 14))
    ends = rng.integers(0, n, (m, 2))
    bend = len(xy) + np.arange(m)  # a vertex of its own per street keeps parallel streets apart
    xy = np.vstack([xy, xy[ends].mean(axis=1) + rng.normal(0, 40, (m, 2))])
    paths = [list(path) for path in np.column_stack([ends[:, 0], bend, ends[:, 1]])]
    ways = [(one != 1, one != 2) for one in rng.integers(0, 4, m)]
    for _ in range(draw(st.integers(0, 2))):  # a lane one may leave only, by a step of no length
        place, lane, end = rng.integers(0, n), len(xy), len(xy) + 1
        xy = np.vstack([xy, xy[place], xy[place] + rng.normal(0, 200, 2)])
        paths += [[lane, place], [lane, end]]
        ways += [(True, False), (True, True)]
    network = build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.concatenate(paths),
        path_offsets=np.cumsum([0, *map(len, paths)]),
        path_way=np.arange(len(paths)),
        path_group=rng.integers(0, 2, len(paths)),
        path_forward=np.array([way[0] for way in ways]),
        path_backward=np.array([way[1] for way in ways]),
        min_island_m=0.0,
    )

    def points(count):
        streets = np.append(np.flatnonzero(network.edge_length_m > 0), -1)
        edge = rng.choice(streets, count).astype(np.int32)
        length = np.where(edge >= 0, network.edge_length_m[edge], 0)
        part = rng.choice([0.0, 0.25, 0.5, 1.0, rng.random()], count)
        offset = np.round(length * part * 1024) / 1024
        leg = np.where(edge >= 0, rng.integers(0, 200, count) / 4.0, np.inf)
        return Links(CRS, edge, offset, leg, np.zeros((count, 2)))

    return network, points(draw(st.integers(1, 6))), points(draw(st.integers(1, 8)))


@given(towns(), st.sampled_from([np.inf, 300.0, 900.0]))
def test_nearest_equals_networkx(town, limit_m):
    network, sources, homes = town
    table = plain_walks(network, sources, homes)
    table[table > limit_m] = np.inf
    nearest = measure_nearest(network, sources, homes, limit_m=limit_m)
    assert np.array_equal(nearest.walk_m, table.min(axis=0))
    reached = np.isfinite(nearest.walk_m)
    # ties go to the lowest row: argmin returns the first
    assert np.array_equal(nearest.source[reached], table.argmin(axis=0)[reached])
    assert (nearest.source[~reached] == -1).all()


@given(towns(), st.sampled_from([0.0, 300.0, 900.0]), st.integers(1, 3))
def test_within_equals_networkx(town, limit_m, n_targets):
    network, sources, homes = town
    table = plain_walks(network, sources, homes)
    source_target = np.arange(len(sources)) % n_targets
    pairs = measure_within(network, sources, source_target, n_targets, homes, limit_m=limit_m)
    for target in range(n_targets):
        mine = table[source_target == target]
        walk = mine.min(axis=0) if len(mine) else np.full(len(homes), np.inf)
        expected = np.flatnonzero(walk <= limit_m)
        row = slice(pairs.start[target], pairs.start[target + 1])
        order = np.argsort(pairs.home[row])
        assert np.array_equal(pairs.home[row][order], expected)
        assert np.array_equal(pairs.walk_m[row][order], walk[expected])


@given(towns())
def test_counts_and_ranks_follow_from_the_pairs(town):
    network, sources, homes = town
    table = plain_walks(network, sources, homes)
    targets = np.arange(len(sources))
    pairs = measure_within(network, sources, targets, len(sources), homes, limit_m=900.0)
    table[table > 900.0] = np.inf
    assert np.array_equal(count_within(pairs), np.isfinite(table).sum(axis=0))
    assert np.array_equal(count_within(pairs, limit_m=300.0), (table <= 300.0).sum(axis=0))
    first, second = rank_nearest(pairs)
    ranked = np.sort(np.vstack([table, np.full((2, len(homes)), np.inf)]), axis=0)
    assert np.array_equal(first, ranked[0])
    assert np.array_equal(second, ranked[1])
    nearest = measure_nearest(network, sources, homes, limit_m=900.0)
    assert np.array_equal(first, nearest.walk_m)


@given(towns(), st.sampled_from([0.0, 100.0, 300.0, 900.0]), st.integers(1, 3))
def test_counts_alone_equal_networkx(town, limit_m, n_targets):
    network, sources, homes = town
    table = plain_walks(network, sources, homes)
    source_target = np.arange(len(sources)) % n_targets
    found = [(table[source_target == t] <= limit_m).any(axis=0) for t in range(n_targets)]
    counts = count_reached(network, sources, source_target, n_targets, homes, limit_m=limit_m)
    assert np.array_equal(counts, np.sum(found, axis=0))


def test_homes_on_a_blind_street_are_counted_by_its_own_length():
    """A blind street of 300 m leaves a road of 1000 m in its middle.

        0 ---- 500 ---- 1000     homes 100 and 300 m up the blind street, a shop 250 m up it
                |                and one on the road, 400 m from the blind street's mouth
               300

    Within 160 m: the first shop is 150 and 50 m off, the second 500 and 700 m: one each.
    Within 500 m the second shop reaches the nearer home too: 100 + 400.
    """
    network = build_network(
        crs=CRS,
        node_xy=np.array([[0.0, 0.0], [500.0, 0.0], [1000.0, 0.0], [500.0, -300.0]]),
        path_nodes=np.array([0, 1, 2, 1, 3]),
        path_offsets=np.array([0, 3, 5]),
        path_way=np.array([0, 1]),
        path_group=np.array([0, 0]),
        path_forward=np.array([True, True]),
        path_backward=np.array([True, True]),
    )
    places = snap_points(
        network, np.array([[500.0, -100.0], [500.0, -300.0], [500.0, -250.0], [900.0, 0.0]])
    )
    homes, shops = places.take(np.array([0, 1])), places.take(np.array([2, 3]))
    for limit_m, expected in ((160.0, [1, 1]), (499.0, [1, 1]), (500.0, [2, 1]), (700.0, [2, 2])):
        counts = count_reached(network, shops, np.arange(2), 2, homes, limit_m=limit_m)
        assert counts.tolist() == expected


@pytest.mark.parametrize("measure", [count_reached, measure_within])
def test_walks_of_more_than_262_km_are_refused(measure):
    network = build_network(
        crs=CRS,
        node_xy=np.array([[0.0, 0.0], [100.0, 0.0]]),
        path_nodes=np.array([0, 1]),
        path_offsets=np.array([0, 2]),
        path_way=np.array([0]),
        path_group=np.array([0]),
        path_forward=np.array([True]),
        path_backward=np.array([True]),
    )
    place = snap_points(network, np.array([[50.0, 0.0]]))
    one = np.zeros(1, dtype=np.int64)
    found = measure(network, place, one, 1, place, limit_m=262_144.0)
    counts = found if measure is count_reached else count_within(found)
    assert counts.tolist() == [1]
    for limit_m in (262_145.0, np.inf, -1.0, np.nan):
        with pytest.raises(ValueError, match="limit_m"):
            measure(network, place, one, 1, place, limit_m=limit_m)


@given(towns())
def test_a_longer_limit_never_reaches_fewer(town):
    network, sources, homes = town
    short = measure_nearest(network, sources, homes, limit_m=300.0)
    long = measure_nearest(network, sources, homes, limit_m=900.0)
    assert (np.isfinite(long.walk_m) >= np.isfinite(short.walk_m)).all()
    both = np.isfinite(short.walk_m)
    assert np.array_equal(long.walk_m[both], short.walk_m[both])


@given(towns())
def test_more_sources_never_lengthen_a_walk(town):
    network, sources, homes = town
    fewer = sources.take(np.arange(len(sources) - 1))
    with_all = measure_nearest(network, sources, homes)
    with_fewer = measure_nearest(network, fewer, homes)
    assert (with_all.walk_m <= with_fewer.walk_m).all()


@given(towns())
def test_threads_change_nothing(town):
    network, sources, homes = town
    many = sources.take(np.arange(200) % len(sources))
    targets = np.arange(200)
    one = measure_within(network, many, targets, 200, homes, limit_m=500.0, threads=1)
    two = measure_within(network, many, targets, 200, homes, limit_m=500.0, threads=2)
    assert np.array_equal(one.start, two.start)
    assert np.array_equal(one.home, two.home)
    assert np.array_equal(one.walk_m, two.walk_m)
    counts = [
        count_reached(network, many, targets, 200, homes, limit_m=500.0, threads=threads)
        for threads in (1, 2)
    ]
    assert np.array_equal(*counts)


def test_links_of_another_system_are_refused():
    network = build_network(
        crs=CRS,
        node_xy=np.array([[0.0, 0.0], [100.0, 0.0]]),
        path_nodes=np.array([0, 1]),
        path_offsets=np.array([0, 2]),
        path_way=np.array([0]),
        path_group=np.array([0]),
        path_forward=np.array([True]),
        path_backward=np.array([True]),
    )
    links = Links(
        "EPSG:32649", *(np.zeros(1, dtype=t) for t in ("i4", "f8", "f8")), np.zeros((1, 2))
    )
    with pytest.raises(CrsMismatch, match="EPSG:32649"):
        measure_nearest(network, links, links)


@given(towns())
def test_a_queue_too_small_starts_over(town):
    """With room for two entries at first, it doubles until it suffices."""
    network, sources, homes = town
    plain = measure_nearest(network, sources, homes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "_QUEUE_ROOM", 2)
        small = measure_nearest(network, sources, homes)
    assert np.array_equal(plain.walk_m, small.walk_m)
    assert np.array_equal(plain.source, small.source)


@given(towns())
def test_pairs_are_listed_in_as_many_parts_as_they_need(town):
    """With room for one target at a time, every target is a part of its own."""
    network, sources, homes = town
    targets = np.arange(len(sources))
    plain = measure_within(network, sources, targets, len(sources), homes, limit_m=900.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "_LIST_ROOM", 1)
        parts = measure_within(network, sources, targets, len(sources), homes, limit_m=900.0)
    assert np.array_equal(plain.start, parts.start)
    assert np.array_equal(plain.home, parts.home)
    assert np.array_equal(plain.walk_m, parts.walk_m)
