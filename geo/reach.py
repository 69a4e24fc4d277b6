"""Walks from many homes to few facilities, searched from the facilities.

All searches run *towards* the facilities (over each node's incoming arcs), because streets may have a
direction. They start and end in the middle of edges: a facility's entrance seeds both ends of its
edge with the metres to walk from there, a home takes the better of its edge's ends, and where home
and entrance share an edge the stretch between them competes. Both straight legs are part of a walk.

Every length is a whole multiple of `geo.units.LENGTH_QUANTUM_M`, so sums are exact, and ties are
real ties: they go to the source with the lowest row.

Method: label correcting with buckets (Dial's queue, as coarse as Δ-stepping's), compiled with numba.
The smallest pair of distance and source row is unique, so the result does not depend on the order
of the search.
"""

from dataclasses import dataclass

import numpy as np

from geo import _search
from geo._search import Ends, Graph, OnEdges, Points
from geo.errors import CrsMismatch
from geo.network import StreetNetwork
from geo.parallel import run_side_by_side
from geo.snap import Links
from geo.units import UNREACHED, FloatArray, Int32Array, IntArray

_BUCKET_M = 16.0
"""Width of a search's buckets: a fraction of a usual street piece. Only time depends on it."""
_QUEUE_ROOM = 1 << 20
"""Entries a search's queue starts with; it doubles when they do not suffice."""

__all__ = [
    "Nearest",
    "ReachPairs",
    "count_within",
    "measure_nearest",
    "measure_within",
    "rank_nearest",
    "search_nodes",
]


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest source of each of `H` homes and `N` nodes.

    Parameters
    ----------
    walk_m
        Shape `(H,)`, metres, `UNREACHED` where no source can be walked to.
    source
        Shape `(H,)`: row of the nearest source, -1 where unreached.
    node_walk_m
        Shape `(N,)`: metres from each node to its nearest source, the source's leg included.
    """

    walk_m: FloatArray
    source: Int32Array
    node_walk_m: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ReachPairs:
    """Which of `H` homes each of `T` targets can be walked to from, in compressed rows.

    Row `t` is `start[t]:start[t + 1]`. Homes of one street piece stand together within a row; their
    order is always the same, but means nothing.

    Parameters
    ----------
    start
        Shape `(T + 1,)`.
    home
        Shape `(R,)`: rows of the homes.
    walk_m
        Shape `(R,)`: metres, both legs included, at most the limit.
    n_homes
        Number of homes, `H`.
    """

    start: IntArray
    home: Int32Array
    walk_m: FloatArray
    n_homes: int


def _check_crs(network: StreetNetwork, *links: Links) -> None:
    for one in links:
        if one.crs != network.crs:
            raise CrsMismatch(
                f"points were snapped in {one.crs}, the network stands in {network.crs}: "
                "snap them on this network"
            )


def _get_graph(network: StreetNetwork, *, outward: bool = False) -> Graph:
    """Arcs that lead to each node; with `outward`, away from it, and edges turned accordingly."""
    arcs = network.outward if outward else network.inward
    ahead, back = network.edge_forward, network.edge_backward
    return Graph(
        arcs.start,
        arcs.node,
        arcs.length_m,
        network.edge_nodes,
        network.edge_length_m,
        back if outward else ahead,
        ahead if outward else back,
    )


def _get_points(links: Links) -> Points:
    return Points(links.edge, links.offset_m, links.leg_m)


def _group_by_edge(links: Links, n_edges: int) -> OnEdges:
    start, row = _search.group_rows(links.edge, n_edges)
    return OnEdges(start, row, links.offset_m[row], links.leg_m[row])


def _build_ends(network: StreetNetwork, homes: OnEdges) -> Ends:
    """Edges with homes around each node."""
    edges = np.flatnonzero(np.diff(homes.start)).astype(np.int32)
    first, last = network.edge_nodes[edges, 0], network.edge_nodes[edges, 1]
    two = np.flatnonzero(first != last)
    node = np.concatenate([first, last[two]])
    other = np.concatenate([last, first[two]])
    start, order = _search.group_rows(node, network.n_nodes)
    edge = np.concatenate([edges, edges[two]])[order]
    bits = np.where(order < len(edges), np.uint8(_search.FIRST), np.uint8(0))
    bits |= np.where(network.edge_backward[edge], np.uint8(_search.TO_FIRST), np.uint8(0))
    bits |= np.where(network.edge_forward[edge], np.uint8(_search.TO_LAST), np.uint8(0))
    return Ends(
        start=start,
        other=other[order],
        edge=edge,
        bits=bits,
        length_m=network.edge_length_m[edge],
        begin=homes.start[edge].astype(np.int32),
        stop=homes.start[edge + 1].astype(np.int32),
    )


def search_nodes(
    network: StreetNetwork, sources: Links, *, limit_m: float = UNREACHED, outward: bool = False
) -> tuple[FloatArray, Int32Array]:
    """Walk from each node to its nearest source, or, with `outward`, to each node from it.

    Returns
    -------
    walk_m, source
        Shape `(N,)` each: metres, `UNREACHED` beyond `limit_m`; row of the source, -1 where unreached.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    """
    _check_crs(network, sources)
    dearest_m = np.max(
        network.edge_length_m[sources.edge] + sources.leg_m, where=sources.connected, initial=0.0
    )
    span_m = min(max(float(dearest_m), float(network.edge_length_m.max(initial=0.0))), limit_m)
    graph, points = _get_graph(network, outward=outward), _get_points(sources)
    n_buckets = int(span_m / _BUCKET_M) + 2
    room = _QUEUE_ROOM
    while True:
        walk, source, enough = _search.search_nearest(
            graph, points, limit_m, _BUCKET_M, n_buckets, room
        )
        if enough:
            return walk, source
        room *= 2


def measure_nearest(
    network: StreetNetwork, sources: Links, homes: Links, *, limit_m: float = UNREACHED
) -> Nearest:
    """Walk from each home to its nearest source, in one many-source search.

    Parameters
    ----------
    sources, homes
        Points snapped to `network`; unconnected ones reach nothing and are reached by nobody.
    limit_m
        Longer walks count as unreached.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    """
    _check_crs(network, sources, homes)
    node_walk, node_source = search_nodes(network, sources, limit_m=limit_m)
    walk, source = _search.evaluate_homes(
        _get_graph(network),
        _get_points(homes),
        node_walk,
        node_source,
        _group_by_edge(sources, network.n_edges),
        limit_m,
    )
    return Nearest(walk, source, node_walk)


def measure_within(
    network: StreetNetwork,
    sources: Links,
    source_target: IntArray,
    n_targets: int,
    homes: Links,
    *,
    limit_m: float,
    threads: int | None = None,
) -> ReachPairs:
    """All walks of at most `limit_m` from homes to targets, one bounded search per target.

    Parameters
    ----------
    sources
        `S` ways into the targets (entrances), snapped.
    source_target
        Shape `(S,)`: the target each source leads into; targets without a source reach nobody.
    homes
        `H` homes, snapped.
    limit_m
        Longest walk, metres, finite.
    threads
        Searches run side by side; default: one per processor.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    ValueError
        `limit_m` is not a finite, non-negative number.
    """
    check_bounded(network, sources, homes, limit_m)
    ordered, source_start = _order_sources(sources, source_target, n_targets)
    graph, on_edges = _get_graph(network), _group_by_edge(homes, network.n_edges)
    ends = _build_ends(network, on_edges)

    def search(target_from: int, target_to: int) -> tuple[IntArray, Int32Array, FloatArray]:
        return _search.search_within(
            graph,
            ordered,
            source_start,
            target_from,
            target_to,
            ends,
            on_edges,
            limit_m,
            _BUCKET_M,
            _QUEUE_ROOM,
        )

    parts = run_side_by_side(search, n_targets, threads)
    start = np.zeros(n_targets + 1, dtype=np.int64)
    np.cumsum(np.concatenate([part[0] for part in parts]), out=start[1:])
    return ReachPairs(
        start,
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        len(homes),
    )


def check_bounded(network: StreetNetwork, sources: Links, homes: Links, limit_m: float) -> None:
    _check_crs(network, sources, homes)
    if not (np.isfinite(limit_m) and limit_m >= 0):
        raise ValueError(f"limit_m is {limit_m}; expected a finite number of metres, 0 or more")


def _order_sources(
    sources: Links, source_target: IntArray, n_targets: int
) -> tuple[Points, IntArray]:
    """Sources target by target, and where each target's begin."""
    order = np.argsort(source_target, kind="stable")
    start = np.zeros(n_targets + 1, dtype=np.int64)
    np.cumsum(np.bincount(source_target, minlength=n_targets), out=start[1:])
    return _get_points(sources.take(order)), start


def count_within(pairs: ReachPairs, *, limit_m: float = UNREACHED) -> IntArray:
    """Number of targets each home can walk to within `limit_m`; shape `(H,)`."""
    counted = pairs.home[pairs.walk_m <= limit_m]
    return np.bincount(counted, minlength=pairs.n_homes).astype(np.int64)


def rank_nearest(pairs: ReachPairs) -> tuple[FloatArray, FloatArray]:
    """Walks to the nearest and to the second nearest target of each home.

    Returns
    -------
    first_m, second_m
        Shape `(H,)` each, metres, `UNREACHED` where the pairs hold no such target. Two targets at
        equal distance give equal numbers.
    """
    first, second = _search.tally_pairs(pairs.home, pairs.walk_m, pairs.n_homes)
    return first, second
