"""The network as a graph and back."""

import networkx as nx
import numpy as np
import pytest
import shapely

from geo.network import build_network
from layers.errors import InvalidLayer
from layers.exchange import from_osmnx, to_networkx
from layers.osm import read_osm
from layers.streets import build_streets


def small_network(one_way: bool = False):
    """0 -100 m- 1, and a bent street 1 - (100, 50) - 2 of 50 + 100 m."""
    return build_network(
        crs="EPSG:32648",
        node_xy=np.array([[0.0, 0], [100, 0], [100, 50], [200, 50], [100, -10]]),
        path_nodes=np.array([0, 1, 1, 2, 3, 1, 4]),
        path_offsets=np.array([0, 2, 5, 7]),
        path_way=np.array([0, 1, 2]),
        path_group=np.array([0, 1, 2]),
        path_forward=np.array([True, True, True]),
        path_backward=np.array([not one_way, True, True]),
    )


def test_edges_carry_length_and_shape_in_the_direction_walked() -> None:
    graph = to_networkx(small_network())
    assert graph.graph["crs"] == "EPSG:32648"
    assert graph.number_of_nodes() == 4
    assert graph.number_of_edges() == 6
    for u, v, data in graph.edges(data=True):
        start, end = (np.array([graph.nodes[n]["x"], graph.nodes[n]["y"]]) for n in (u, v))
        xy = shapely.get_coordinates(data["geometry"])
        assert xy[0] == pytest.approx(start)
        assert xy[-1] == pytest.approx(end)
        assert data["geometry"].length == pytest.approx(data["length"], abs=0.01)
    bent = [data for *_, data in graph.edges(data=True) if data["osmid"] == 1]
    assert [data["length"] for data in bent] == pytest.approx([150, 150], abs=0.01)


def test_there_and_back_again() -> None:
    network = small_network(one_way=True)
    again, ways = from_osmnx(to_networkx(network), keep_one_way=True)
    assert sorted(again.edge_length_m) == sorted(network.edge_length_m)
    assert again.edge_backward.sum() == network.edge_backward.sum() == 2
    assert again.edge_forward.all()
    assert len(ways) == 3


def test_walkers_ignore_one_way_by_default() -> None:
    again, _ = from_osmnx(to_networkx(small_network(one_way=True)))
    assert again.edge_forward.all()
    assert again.edge_backward.all()


def test_an_unprojected_osmnx_graph() -> None:
    """As osmnx makes it: degrees, lists of ids and names, no geometry on straight edges."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(11, x=107.1, y=34.3)
    graph.add_node(12, x=107.101, y=34.3)
    graph.add_node(13, x=107.102, y=34.3)
    for u, v in ((11, 12), (12, 11)):
        graph.add_edge(u, v, osmid=[5, 4], name=["b", "a"], highway="footway", length=91.9)
    bent = shapely.LineString([(107.101, 34.3), (107.101, 34.301), (107.102, 34.3)])
    graph.add_edge(12, 13, osmid=7, highway="steps", geometry=bent)
    graph.add_edge(13, 12, osmid=7, highway="steps", geometry=bent.reverse())
    network, ways = from_osmnx(graph)
    assert network.n_edges == 2
    assert "+proj" in network.crs
    lengths = sorted(network.edge_length_m)
    assert lengths == pytest.approx([91.96, 110.9 + 144.1], abs=0.2)
    assert ways["way_id"].tolist() == [4, 7]
    assert ways["name"].tolist() == ["a; b", ""]


def test_a_graph_without_crs_or_places_is_refused() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge(1, 2)
    with pytest.raises(InvalidLayer, match="crs"):
        from_osmnx(graph)
    graph.graph["crs"] = "EPSG:32648"
    with pytest.raises(InvalidLayer, match="no 'x'"):
        from_osmnx(graph)


@pytest.mark.real
def test_monaco_there_and_back(shared_data) -> None:
    streets, _ = build_streets(read_osm(shared_data / "osm" / "monaco-20231226.osm.pbf"))
    network = streets.network
    graph = to_networkx(streets)
    assert {"name", "highway", "private", "osmid", "length", "geometry"} <= set(
        next(iter(graph.edges(data=True)))[2]
    )
    again, _ = from_osmnx(graph, keep_one_way=True)
    assert again.n_edges == network.n_edges
    assert again.edge_length_m.sum() == pytest.approx(network.edge_length_m.sum())
    assert (again.edge_forward & again.edge_backward).sum() == (
        network.edge_forward & network.edge_backward
    ).sum()
