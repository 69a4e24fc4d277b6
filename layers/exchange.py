"""The walking network handed to, and taken from, networkx and osmnx."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.crs import metric_crs, project
from geo.network import StreetNetwork, build_network
from geo.units import FloatArray
from layers.errors import InvalidLayer
from layers.notices import Notice
from layers.streets import Streets

_WAY_COLUMNS = ("way_id", "name", "name_en", "highway", "private", "homes")


def to_networkx(streets: Streets | StreetNetwork) -> nx.MultiDiGraph:
    """Copy the network into a graph as osmnx shapes them.

    Nodes carry `x`, `y` (metres) and `component`; edges `edge` (dense id), `length` (metres),
    `geometry` (in the direction walked), `osmid`, and of `Streets` also `name`, `highway`, `private`,
    `homes`. A street piece walkable both ways is two edges.

    Examples
    --------
    >>> import numpy as np
    >>> from geo.network import build_network
    >>> one_way = np.array([True])
    >>> network = build_network(
    ...     crs="EPSG:32648", node_xy=np.array([[0.0, 0.0], [30.0, 40.0]]),
    ...     path_nodes=np.array([0, 1]), path_offsets=np.array([0, 2]), path_way=np.array([0]),
    ...     path_group=np.array([0]), path_forward=one_way, path_backward=~one_way)
    >>> list(to_networkx(network).edges(data="length"))
    [(0, 1, 50.0)]
    """
    network = streets.network if isinstance(streets, Streets) else streets
    ways = streets.ways if isinstance(streets, Streets) else None
    graph = nx.MultiDiGraph(crs=network.crs, simplified=True)
    graph.add_nodes_from(
        (node, {"x": x, "y": y, "component": component})
        for node, ((x, y), component) in enumerate(
            zip(network.node_xy.tolist(), network.node_component.tolist(), strict=True)
        )
    )
    columns = [name for name in _WAY_COLUMNS if ways is not None and name in ways.columns]
    table = (
        {}
        if ways is None
        else {name: ways[name].iloc[network.edge_way].tolist() for name in columns}
    )
    lines = network.edge_lines
    back = shapely.reverse(lines)
    for edge, (first, last) in enumerate(network.edge_nodes.tolist()):
        facts = {name: values[edge] for name, values in table.items()}
        facts["osmid"] = facts.pop("way_id", int(network.edge_way[edge]))
        facts |= {"edge": edge, "length": float(network.edge_length_m[edge])}
        if network.edge_forward[edge]:
            graph.add_edge(first, last, geometry=lines[edge], reversed=False, **facts)
        if network.edge_backward[edge]:
            graph.add_edge(last, first, geometry=back[edge], reversed=True, **facts)
    return graph


def from_osmnx(
    graph: nx.MultiDiGraph, *, keep_one_way: bool = False, min_island_m: float = 1000.0
) -> tuple[StreetNetwork, pd.DataFrame]:
    """Build a network from an osmnx graph, projected or not.

    Parameters
    ----------
    graph
        Nodes with `x` and `y`, `graph.graph["crs"]` set, as osmnx makes and loads them.
    keep_one_way
        Walk edges only in their direction. By default every edge is walked both ways: the one-way
        streets of a graph made for cars do not bind walkers.
    min_island_m
        Parts of the network shorter than this in all are set aside.

    Returns
    -------
    network, ways
        `ways` is indexed by `network.edge_way`: way_id (first of the edge's osmids), name, name_en, highway,
        private (always False), homes (False only where the graph says so, as `to_networkx` does).

    Raises
    ------
    InvalidLayer
        The graph has no CRS, a node has no coordinates, or an edge's geometry is no line.
    geo.errors.EmptyNetwork
        The graph has no edge.
    """
    crs = graph.graph.get("crs")
    if crs is None:
        raise _invalid("graph_without_crs", "the graph names no crs; expected graph.graph['crs']")
    names = list(graph.nodes)
    dense = {name: at for at, name in enumerate(names)}
    try:
        node_xy = np.array(
            [(float(data["x"]), float(data["y"])) for _, data in graph.nodes(data=True)],
            dtype=np.float64,
        ).reshape(-1, 2)
    except KeyError as error:
        raise _invalid("node_without_place", f"a node of the graph has no {error}") from error
    pieces = _gather_pieces(graph, dense, keep_one_way=keep_one_way)
    inner = [np.asarray(piece.inner, dtype=np.float64).reshape(-1, 2) for piece in pieces]
    all_xy = np.concatenate([node_xy, *inner]) if inner else node_xy
    target = str(crs)
    if CRS.from_user_input(crs).is_geographic:
        target = metric_crs(*all_xy.min(axis=0), *all_xy.max(axis=0))
        all_xy = project(all_xy, target)
    count = np.array([part.shape[0] for part in inner], dtype=np.int64)
    start = node_xy.shape[0] + np.concatenate([[0], np.cumsum(count)])
    nodes: list[int] = []
    for at, piece in enumerate(pieces):
        nodes += [piece.first, *range(int(start[at]), int(start[at + 1])), piece.last]
    ways = _tabulate_ways([piece.data for piece in pieces])
    group = ways.groupby(["name", "highway", "homes"], sort=True).ngroup().to_numpy(np.int64)
    return (
        build_network(
            crs=target,
            node_xy=all_xy,
            path_nodes=np.array(nodes, dtype=np.int64),
            path_offsets=np.concatenate([[0], np.cumsum(count + 2)]).astype(np.int64),
            path_way=np.arange(len(pieces), dtype=np.int64),
            path_group=np.asarray(group, dtype=np.int64),
            path_forward=np.array([piece.forward for piece in pieces], dtype=np.bool_),
            path_backward=np.array([piece.backward for piece in pieces], dtype=np.bool_),
            min_island_m=min_island_m,
        ),
        ways,
    )


class _Piece:
    """An edge of the graph, or two that are one street walked both ways."""

    def __init__(self, first: int, last: int, inner: FloatArray, data: Mapping[str, Any]) -> None:
        self.first = first
        self.last = last
        self.inner = inner
        self.data = data
        self.forward = True
        self.backward = False


def _gather_pieces(
    graph: nx.MultiDiGraph, dense: Mapping[Any, int], *, keep_one_way: bool
) -> list[_Piece]:
    """Edges, the two directions of one street taken together."""
    pieces: list[_Piece] = []
    waiting: dict[tuple[Any, ...], list[_Piece]] = {}
    for u, v, data in graph.edges(data=True):
        first, last = dense[u], dense[v]
        inner = _inner_vertices(data, graph.nodes[u])
        key = (first, last, _shape_key(inner), _osmids(data))
        turned = (last, first, _shape_key(inner[::-1]), _osmids(data))
        partner = waiting.get(turned)
        if partner:
            partner.pop().backward = True
            continue
        piece = _Piece(first, last, inner, data)
        piece.backward = not keep_one_way
        pieces.append(piece)
        waiting.setdefault(key, []).append(piece)
    return pieces


def _inner_vertices(data: Mapping[str, Any], start: Mapping[str, Any]) -> FloatArray:
    """Vertices between an edge's ends, from its first node on."""
    line = data.get("geometry")
    if line is None:
        return np.empty((0, 2))
    if getattr(line, "geom_type", "") != "LineString":
        raise _invalid("edge_not_a_line", f"an edge's geometry is {line!r:.60}, expected a line")
    xy = shapely.get_coordinates(line)
    here = (float(start["x"]), float(start["y"]))
    if math.dist(xy[0], here) > math.dist(xy[-1], here):
        xy = xy[::-1]
    return xy[1:-1]


def _shape_key(inner: FloatArray) -> bytes:
    return np.round(inner, 7).tobytes()


def _osmids(data: Mapping[str, Any]) -> tuple[int, ...]:
    osmid = data.get("osmid", ())
    listed: Iterable[Any] = osmid if isinstance(osmid, list | tuple | set) else (osmid,)
    return tuple(sorted(int(one) for one in listed if one is not None))


def _text(value: Any) -> str:
    if isinstance(value, list | tuple | set):
        return "; ".join(sorted(str(one) for one in value))
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _tabulate_ways(rows: list[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "way_id": np.array([next(iter(_osmids(row)), 0) for row in rows], dtype=np.int64),
            "name": pd.array([_text(row.get("name")) for row in rows], dtype="str"),
            "name_en": pd.array([_text(row.get("name:en")) for row in rows], dtype="str"),
            "highway": pd.array([_text(row.get("highway")) for row in rows], dtype="str"),
            "private": np.zeros(len(rows), dtype=np.bool_),
            "homes": np.array([bool(row.get("homes", True)) for row in rows], dtype=np.bool_),
        }
    )


def _invalid(code: str, message: str) -> InvalidLayer:
    return InvalidLayer([Notice("error", code, "graph", message)])
