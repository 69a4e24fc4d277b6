"""Extract to network: barriers, private ways, residents' gates, islands. A grid of 100 m streets."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from pyproj import Transformer

from geo.errors import EmptyNetwork
from layers.exchange import to_networkx
from layers.osm import read_osm
from layers.streets import build_streets

LON, LAT = 107.1, 34.3
M_LON, M_LAT = 1 / 91_957.0, 1 / 110_922.0
"""Degrees per metre at 34.3° N on WGS84 (prime vertical and meridian radius of curvature)."""


def place(x_m: float, y_m: float) -> tuple[float, float]:
    return LON + x_m * M_LON, LAT + y_m * M_LAT


def walk_m(streets, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Shortest walk between two junctions, metres; inf when there is none."""
    graph = to_networkx(streets)
    lonlat: dict[tuple[float, ...], list[int]] = {}
    back = Transformer.from_crs(streets.network.crs, "EPSG:4326", always_xy=True)
    for node, (x, y) in enumerate(streets.network.node_xy):
        lonlat.setdefault(tuple(np.round(back.transform(x, y), 6)), []).append(node)
    sources, targets = (lonlat[tuple(np.round(point, 6))] for point in (start, end))
    best = float("inf")
    for one in sources:
        found = nx.single_source_dijkstra_path_length(graph, one, weight="length")
        best = min([best, *(found[other] for other in targets if other in found)])
    return best


A, B, C, D = place(0, 0), place(1000, 0), place(2000, 0), place(1000, 1000)


def build(osm_file, nodes, ways, **options):
    return build_streets(read_osm(osm_file(nodes, ways)), **options)


def test_lengths_and_names(osm_file) -> None:
    streets, notices = build(
        osm_file,
        {1: A, 2: B, 3: C, 4: D},
        {
            10: ([1, 2, 3], {"highway": "primary", "name": "经一路"}),
            11: ([2, 4], {"highway": "path"}),
        },
    )
    network = streets.network
    assert network.n_nodes == 4
    assert network.n_edges == 3
    assert sorted(network.edge_length_m) == pytest.approx([1000, 1000, 1000], abs=2)
    assert sorted(streets.ways["name"].to_numpy()[network.edge_way]) == ["", "经一路", "经一路"]
    assert not streets.edge_private.any()
    assert notices == []
    assert walk_m(streets, A, D) == pytest.approx(2000, abs=3)


def test_a_bridge_is_a_piece_of_its_own_without_homes(osm_file) -> None:
    """One street of 1000 + 1000 m and a bridge of 1000 m between: one name, yet three pieces."""
    street = {"highway": "residential", "name": "长街"}
    streets, _ = build(
        osm_file,
        {1: A, 2: B, 3: C, 4: place(3000, 0)},
        {10: ([1, 2], street), 11: ([2, 3], {**street, "bridge": "yes"}), 12: ([3, 4], street)},
    )
    network = streets.network
    assert sorted(network.edge_length_m[streets.edge_homes]) == pytest.approx([1000, 1000], abs=2)
    assert network.edge_length_m[~streets.edge_homes] == pytest.approx([1000], abs=2)
    assert streets.ways["way_id"].to_numpy()[network.edge_way[~streets.edge_homes]].tolist() == [11]
    assert walk_m(streets, A, place(3000, 0)) == pytest.approx(3000, abs=4)


@pytest.mark.parametrize(
    "tags",
    [
        {"barrier": "gate", "foot": "no"},
        {"barrier": "gate", "locked": "yes"},
        {"barrier": "gate", "access": "no"},
        {"barrier": "wall"},
    ],
)
def test_a_closed_gate_cuts_the_street(osm_file, tags) -> None:
    streets, notices = build(
        osm_file, {1: A, 2: (*B, tags), 3: C}, {10: ([1, 2, 3], {"highway": "service"})}
    )
    assert walk_m(streets, A, C) == float("inf")
    assert walk_m(streets, A, B) == pytest.approx(1000, abs=2)
    assert "blocked_barrier" in {notice.code for notice in notices}


def test_an_open_gate_does_not(osm_file) -> None:
    streets, _ = build(
        osm_file,
        {1: A, 2: (*B, {"barrier": "gate"}), 3: C},
        {10: ([1, 2, 3], {"highway": "service"})},
    )
    assert walk_m(streets, A, C) == pytest.approx(2000, abs=3)


def test_a_private_way_is_left_but_not_entered_or_walked_through(osm_file) -> None:
    """A -public- B -private- C -public- D: from B's side into C nobody, out of C both ways."""
    streets, notices = build(
        osm_file,
        {1: A, 2: B, 3: C, 4: D, 5: place(1500, 0)},
        {
            10: ([1, 2], {"highway": "residential"}),
            11: ([2, 5, 3], {"highway": "service", "access": "private"}),
            12: ([3, 4], {"highway": "residential"}),
        },
    )
    assert walk_m(streets, A, C) == float("inf")
    assert walk_m(streets, A, D) == float("inf")
    assert {notice.code for notice in notices} >= {"residents_only"}


def test_residents_walk_out_at_both_ends(osm_file) -> None:
    nodes = {1: A, 2: B, 3: C, 4: D, 5: place(1500, 0), 6: place(1500, 100)}
    ways = {
        10: ([1, 2], {"highway": "residential"}),
        11: ([2, 5, 3], {"highway": "service", "access": "private"}),
        12: ([3, 4], {"highway": "residential"}),
        13: ([5, 6], {"highway": "service", "access": "private", "name": "x"}),
    }
    streets, _ = build(osm_file, nodes, ways)
    home = place(1500, 100)
    assert walk_m(streets, home, A) == pytest.approx(1600, abs=3)
    assert walk_m(streets, home, C) == pytest.approx(600, abs=2)
    assert walk_m(streets, A, home) == float("inf")
    network = streets.network
    links = network.edge_length_m == 0
    assert links.sum() == 2
    assert network.edge_forward[links].all()
    assert not network.edge_backward[links].any()
    assert streets.edge_private[links].all()


COMPOUND_NODES = {
    1: A,
    2: (*B, {"barrier": "gate", "access": "private"}),
    3: C,
    4: place(1000, 300),
    5: place(1200, 300),
}
COMPOUND_WAYS = {
    10: ([1, 2, 3], {"highway": "residential", "name": "大街"}),
    11: ([2, 4, 5], {"highway": "residential", "name": "院内路"}),
}


def test_behind_a_residents_gate_everything_is_private(osm_file) -> None:
    """The gate stands at the compound's own corner, one step off the street."""
    nodes = COMPOUND_NODES | {
        2: B,
        4: (*place(1000, 300), {"barrier": "gate", "access": "private"}),
    }
    streets, notices = build(osm_file, nodes, COMPOUND_WAYS)
    home = place(1200, 300)
    assert walk_m(streets, home, A) == pytest.approx(1500, abs=3)
    assert walk_m(streets, A, home) == float("inf")
    assert walk_m(streets, A, C) == pytest.approx(2000, abs=3)
    behind = streets.ways[streets.ways["private"]]
    assert behind["name"].tolist() == ["院内路"]
    assert "residents_only" in {notice.code for notice in notices}


def test_a_compound_inside_a_compound(osm_file) -> None:
    gate = {"barrier": "gate", "access": "private"}
    nodes = {1: A, 2: (*B, gate), 3: (*place(1500, 0), gate), 4: place(1600, 0)}
    ways = {
        10: ([1, 2], {"highway": "road"}),
        11: ([2, 3], {"highway": "service"}),
        12: ([3, 4], {"highway": "service"}),
    }
    streets, _ = build(osm_file, nodes, ways)
    assert walk_m(streets, place(1600, 0), A) == pytest.approx(1600, abs=3)
    assert walk_m(streets, A, place(1600, 0)) == float("inf")


def test_a_residents_gate_with_a_way_round_is_shut(osm_file) -> None:
    """Both sides are joined by a detour over D: the gate at B opens to neither."""
    gate = {"barrier": "gate", "access": "private"}
    nodes = {1: A, 2: (*B, gate), 3: C, 4: D, 5: place(-100, 0), 6: place(2100, 0)}
    ways = {
        10: ([1, 2, 3], {"highway": "residential"}),
        11: ([1, 4], {"highway": "residential"}),
        12: ([4, 3], {"highway": "residential"}),
        13: ([5, 1], {"highway": "path"}),
        14: ([3, 6], {"highway": "path"}),
    }
    streets, _ = build(osm_file, nodes, ways)
    assert walk_m(streets, A, C) == pytest.approx(2 * 2**0.5 * 1000, abs=5)


def test_islands_are_set_aside_and_named(osm_file) -> None:
    nodes = {1: A, 2: C, 3: place(0, 5000), 4: place(300, 5000)}
    ways = {10: ([1, 2], {"highway": "primary"}), 11: ([3, 4], {"highway": "path", "name": "孤岛"})}
    streets, notices = build(osm_file, nodes, ways)
    [notice] = [notice for notice in notices if notice.code == "islands_set_aside"]
    assert notice.count == 1
    assert "孤岛 300 m" in notice.message
    assert streets.network.edge_kept.sum() == 1
    streets, notices = build(osm_file, nodes, ways, min_island_m=200)
    assert streets.network.edge_kept.all()
    assert notices == []


def test_walkers_one_way(osm_file) -> None:
    streets, _ = build(
        osm_file, {1: A, 2: B}, {10: ([1, 2], {"highway": "steps", "conveying": "forward"})}
    )
    assert walk_m(streets, A, B) == pytest.approx(1000, abs=2)
    assert walk_m(streets, B, A) == float("inf")


def test_no_street_at_all(osm_file) -> None:
    extract = read_osm(osm_file({1: A}, {}))
    with pytest.raises(EmptyNetwork):
        build_streets(extract, crs="EPSG:32648")


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "share", "km"),
    [
        ("las-palmas-20230221.osm.pbf", 0.93, 2000),
        ("monaco-20231226.osm.pbf", 0.95, 120),
        ("guixi-county-town-20241118.osm", 0.98, 110),
        ("hsinchu-nctu-20210328.osm.pbf", 0.97, 115),
        ("nanjing-xinjiekou-20210612.osm", 0.90, 80),
    ],
)
def test_real_networks_hang_together(shared_data, name, share, km) -> None:
    streets, _ = build_streets(read_osm(shared_data / "osm" / name))
    network = streets.network
    total_m = network.component_length_m.sum()
    assert network.component_length_m.max() / total_m >= share
    assert total_m / 1000 >= km
    assert np.isfinite(network.node_xy).all()
    lengths = [
        np.hypot(*np.diff(network.vertex_xy[a:b], axis=0).T).sum()
        for a, b in pairwise(network.edge_vertex[:200])
    ]
    assert network.edge_length_m[: len(lengths)] == pytest.approx(lengths, abs=0.1)
