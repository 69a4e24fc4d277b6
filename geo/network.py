"""The walking network: junctions, the street pieces between them, and their shapes.

`build_network` takes polylines over shared nodes (ways, already cut where nobody may pass) and
contracts them to edges that run from junction to junction. A junction is a node where anything but
exactly two pieces of one street meet. Shapes are kept, so any point on an edge stays measurable.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo._chains import join_ends, walk_chains
from geo.errors import BadGeometry, EmptyNetwork
from geo.skeleton import Skeleton, build_skeleton
from geo.units import BoolArray, FloatArray, Int32Array, IntArray, quantize_m

MAIN_SHARE = 0.05
"""Least length of a main component, as a share of the longest one's."""


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Walkable directions around each node, in compressed rows.

    Row `n` is `start[n]:start[n + 1]`: the nodes one edge away, which edge that is, and its length.
    """

    start: IntArray
    node: Int32Array
    edge: Int32Array
    length_m: FloatArray


@dataclass(frozen=True, eq=False)
class StreetNetwork:
    """Streets from junction to junction, as frozen arrays with dense ids.

    `N` nodes, `E` edges, `V` vertices of edge shapes, `C` components.

    Parameters
    ----------
    crs
        Metric coordinate system of all coordinates (PROJ string or `EPSG:…`).
    node_xy
        Shape `(N, 2)`, metres.
    edge_nodes
        Shape `(E, 2)`, first and last node of each edge.
    edge_length_m
        Shape `(E,)`, whole multiples of `geo.units.LENGTH_QUANTUM_M`.
    edge_forward, edge_backward
        Shape `(E,)`: may be walked from first to last node, from last to first.
    edge_way
        Shape `(E,)`: dense id of the street in the caller's table of ways.
    vertex_xy, edge_vertex
        Shapes `(V, 2)` and `(E + 1,)`: edge `e` runs through
        `vertex_xy[edge_vertex[e]:edge_vertex[e + 1]]`.
    node_component
        Shape `(N,)`: weakly connected component of each node.
    component_length_m, component_kept
        Shape `(C,)`: total street length, and whether it is long enough to be walked on.
    """

    crs: str
    node_xy: FloatArray
    edge_nodes: Int32Array
    edge_length_m: FloatArray
    edge_forward: BoolArray
    edge_backward: BoolArray
    edge_way: Int32Array
    vertex_xy: FloatArray
    edge_vertex: IntArray
    node_component: Int32Array
    component_length_m: FloatArray
    component_kept: BoolArray

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_xy)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edge_nodes)

    @cached_property
    def edge_kept(self) -> BoolArray:
        """Shape `(E,)`: the edge belongs to a kept component."""
        return self.component_kept[self.node_component[self.edge_nodes[:, 0]]]

    @cached_property
    def edge_main(self) -> BoolArray:
        """Shape `(E,)`: the edge belongs to a main part of the network, not to a detached piece.

        Main is every component at least `MAIN_SHARE` as long as the longest: both banks of a river
        without a bridge are, a car park nobody joined to its street is not.
        """
        main = self.component_length_m >= MAIN_SHARE * self.component_length_m.max()
        of_edge: BoolArray = main[self.node_component[self.edge_nodes[:, 0]]]
        return of_edge

    @cached_property
    def inward(self) -> Arcs:
        """Row `n`: nodes from which one edge leads to `n` (searches *towards* a place)."""
        return _build_arcs(self, inward=True)

    @cached_property
    def outward(self) -> Arcs:
        """Row `n`: nodes to which one edge leads from `n` (searches *away* from a place)."""
        return _build_arcs(self, inward=False)

    @cached_property
    def skeleton(self) -> Skeleton:
        """Chains between junctions one can walk on through, for counting walks."""
        return build_skeleton(self)

    @cached_property
    def edge_lines(self) -> NDArray[np.object_]:
        """Shape `(E,)`: each edge as a shapely LineString."""
        counts = np.diff(self.edge_vertex)
        owner = np.repeat(np.arange(self.n_edges), counts)
        return np.asarray(shapely.linestrings(self.vertex_xy, indices=owner), dtype=np.object_)

    @cached_property
    def edge_tree(self) -> shapely.STRtree:
        """Index over all edges' shapes, by edge id."""
        return shapely.STRtree(self.edge_lines)

    @cached_property
    def kept_tree(self) -> tuple[shapely.STRtree, IntArray]:
        """Index over the kept edges' shapes (those of some length), and their edge ids."""
        return self.index_edges(np.ones(self.n_edges, dtype=np.bool_))

    def index_edges(self, chosen: BoolArray) -> tuple[shapely.STRtree, IntArray]:
        """Return an index over the shapes of the chosen edges that are kept, and their ids."""
        edges = np.flatnonzero(chosen & self.edge_kept & (self.edge_length_m > 0))
        return shapely.STRtree(self.edge_lines[edges]), edges


def _build_arcs(network: StreetNetwork, *, inward: bool) -> Arcs:
    first, last = network.edge_nodes[:, 0], network.edge_nodes[:, 1]
    edges = np.arange(network.n_edges, dtype=np.int32)
    to_last = network.edge_forward if inward else network.edge_backward
    to_first = network.edge_backward if inward else network.edge_forward
    own = np.concatenate([last[to_last], first[to_first]])
    other = np.concatenate([first[to_last], last[to_first]])
    edge = np.concatenate([edges[to_last], edges[to_first]])
    order = np.argsort(own, kind="stable")
    start = np.zeros(network.n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(own, minlength=network.n_nodes), out=start[1:])
    return Arcs(
        start=start,
        node=other[order].astype(np.int32),
        edge=edge[order],
        length_m=network.edge_length_m[edge[order]],
    )


def build_network(
    *,
    crs: str,
    node_xy: FloatArray,
    path_nodes: IntArray,
    path_offsets: IntArray,
    path_way: IntArray,
    path_group: IntArray,
    path_forward: BoolArray,
    path_backward: BoolArray,
    min_island_m: float = 1000.0,
) -> StreetNetwork:
    """Contract polylines over shared nodes to a network of junctions.

    Parameters
    ----------
    crs
        Metric system of `node_xy`.
    node_xy
        Shape `(P, 2)`: every node a path may name.
    path_nodes, path_offsets
        Shapes `(R,)` and `(K + 1,)`: path `k` runs through
        `path_nodes[path_offsets[k]:path_offsets[k + 1]]`. Paths of one node are ignored; a
        two-node path between places with equal coordinates is an edge of length 0.
    path_way
        Shape `(K,)`: the street a path belongs to. Where paths merge, the edge keeps the way of
        the longer part.
    path_group
        Shape `(K,)`: paths merge through a plain joint only within one group (same name, class).
    path_forward, path_backward
        Shape `(K,)`: walkable along and against the path. One-way paths do not merge.
    min_island_m
        A component is kept when its streets are at least this long together. The longest
        component is always kept.

    Raises
    ------
    EmptyNetwork
        No path has two nodes.
    BadGeometry
        A coordinate in use is not finite, or a path is walkable in no direction.
    """
    if not np.all(path_forward | path_backward):
        raise BadGeometry("a path that is walkable in no direction must be left out by the caller")
    pieces = _cut_at_shared_nodes(path_nodes, path_offsets)
    if pieces.n == 0:
        raise EmptyNetwork("there is no walkable street: nothing can be measured")
    path = pieces.path
    both = path_forward[path] & path_backward[path]
    chains, flipped, chain_start = _chain_pieces(pieces, path_group[path], both)

    used_xy = node_xy[pieces.nodes]
    if not np.isfinite(used_xy).all():
        raise BadGeometry("a street has a coordinate that is not finite")
    piece_length = _piece_lengths(pieces, used_xy)

    n_edges = len(chain_start) - 1
    edge_of = np.repeat(np.arange(n_edges), np.diff(chain_start))
    length = np.bincount(edge_of, weights=piece_length[chains], minlength=n_edges).astype(
        np.float64
    )
    longest = _longest_member(edge_of, piece_length[chains])
    vertex_node, edge_vertex = _join_vertices(pieces, chains, flipped, chain_start)
    ends = np.column_stack([vertex_node[edge_vertex[:-1]], vertex_node[edge_vertex[1:] - 1]])
    junctions, dense = np.unique(ends, return_inverse=True)
    edge_nodes = dense.reshape(ends.shape).astype(np.int32)
    component, component_length = _components(edge_nodes, length, len(junctions))
    kept = component_length >= min_island_m
    kept[np.argmax(component_length)] = True
    head = path[chains[chain_start[:-1]]]
    return StreetNetwork(
        crs=crs,
        node_xy=np.ascontiguousarray(node_xy[junctions], dtype=np.float64),
        edge_nodes=edge_nodes,
        edge_length_m=length,
        edge_forward=path_forward[head].copy(),
        edge_backward=path_backward[head].copy(),
        edge_way=path_way[path[chains[longest]]].astype(np.int32),
        vertex_xy=np.ascontiguousarray(node_xy[vertex_node], dtype=np.float64),
        edge_vertex=edge_vertex,
        node_component=component,
        component_length_m=component_length,
        component_kept=kept,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Paths cut at every shared node: piece `i` is `nodes[offset[i]:offset[i + 1]]` of `path[i]`."""

    nodes: IntArray
    offset: IntArray
    path: IntArray

    @property
    def n(self) -> int:
        return len(self.path)


def _cut_at_shared_nodes(path_nodes: IntArray, path_offsets: IntArray) -> _Pieces:
    counts = np.diff(path_offsets)
    path_of = np.repeat(np.arange(len(counts)), counts)
    # a node repeated at once adds nothing
    fresh = np.ones(len(path_nodes), dtype=np.bool_)
    fresh[1:] = (path_nodes[1:] != path_nodes[:-1]) | (path_of[1:] != path_of[:-1])
    nodes, path_of = path_nodes[fresh], path_of[fresh]
    counts = np.bincount(path_of, minlength=len(counts))
    lone = counts[path_of] < 2
    nodes, path_of = nodes[~lone], path_of[~lone]
    if len(nodes) == 0:
        empty = np.zeros(0, dtype=np.int64)
        return _Pieces(empty, np.zeros(1, dtype=np.int64), empty)
    is_head = np.ones(len(nodes), dtype=np.bool_)
    is_head[1:] = path_of[1:] != path_of[:-1]
    is_tail = np.roll(is_head, -1)
    uses = np.bincount(nodes, minlength=int(nodes.max()) + 1)
    cut = (uses[nodes] > 1) & ~is_head & ~is_tail
    # a cut vertex stands twice: as the end of one piece and the start of the next
    repeat = np.where(cut, 2, 1)
    spread = np.repeat(np.arange(len(nodes)), repeat)
    starts_here = is_head[spread].copy()
    second = np.zeros(len(spread), dtype=np.bool_)
    second[1:] = spread[1:] == spread[:-1]
    starts_here |= second
    offset = np.append(np.flatnonzero(starts_here), len(spread)).astype(np.int64)
    return _Pieces(
        nodes[spread].astype(np.int64), offset, path_of[spread][offset[:-1]].astype(np.int64)
    )


def _piece_lengths(pieces: _Pieces, used_xy: FloatArray) -> FloatArray:
    step = np.zeros(len(used_xy))
    step[1:] = quantize_m(np.hypot(*np.diff(used_xy, axis=0).T))
    step[pieces.offset[:-1]] = 0.0
    return np.add.reduceat(step, pieces.offset[:-1])


def _chain_pieces(
    pieces: _Pieces, group: IntArray, both: BoolArray
) -> tuple[IntArray, BoolArray, IntArray]:
    """Join pieces through plain joints.

    Returns the pieces of all chains one after the other, whether each is walked against its own
    direction, and where each chain starts (one entry more than chains).
    """
    head = pieces.nodes[pieces.offset[:-1]]
    tail = pieces.nodes[pieces.offset[1:] - 1]
    ends = np.concatenate([head, tail])
    partner = join_ends(ends, np.concatenate([both, both]))
    left = np.arange(pieces.n)
    for side in (partner[: pieces.n], partner[pieces.n :]):
        apart = (side >= 0) & (group[left] != group[side % pieces.n])
        side[apart] = -1
    return walk_chains(partner, pieces.n)


def _longest_member(edge_of: IntArray, length: FloatArray) -> IntArray:
    order = np.lexsort((np.arange(len(edge_of)), -length, edge_of))
    _, first = np.unique(edge_of[order], return_index=True)
    longest: IntArray = order[first]
    return longest


def _join_vertices(
    pieces: _Pieces, chains: IntArray, flipped: BoolArray, chain_start: IntArray
) -> tuple[IntArray, IntArray]:
    """Node ids of every edge's vertices, joints standing once; and where each edge starts."""
    counts = np.diff(pieces.offset)[chains]
    begin = np.concatenate([[0], np.cumsum(counts)])[:-1]
    within = np.arange(counts.sum()) - np.repeat(begin, counts)
    source = np.where(
        np.repeat(flipped, counts),
        np.repeat(pieces.offset[chains + 1] - 1, counts) - within,
        np.repeat(pieces.offset[chains], counts) + within,
    )
    inner = np.ones(len(chains), dtype=np.bool_)
    inner[chain_start[:-1]] = False
    keep = ~((within == 0) & np.repeat(inner, counts))
    edge_of = np.repeat(np.arange(len(chain_start) - 1), np.diff(chain_start))
    per_edge = np.bincount(edge_of, weights=counts - inner).astype(np.int64)
    edge_vertex = np.concatenate([[0], np.cumsum(per_edge)]).astype(np.int64)
    return pieces.nodes[source[keep]], edge_vertex


def _components(
    edge_nodes: Int32Array, length: FloatArray, n_nodes: int
) -> tuple[Int32Array, FloatArray]:
    ones = np.ones(len(edge_nodes), dtype=np.int8)
    graph: Any = coo_array((ones, (edge_nodes[:, 0], edge_nodes[:, 1])), shape=(n_nodes, n_nodes))
    n, component = connected_components(graph.tocsr(), directed=False)
    total = np.bincount(component[edge_nodes[:, 0]], weights=length, minlength=n)
    return component.astype(np.int32), total.astype(np.float64)
