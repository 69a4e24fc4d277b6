"""Walks from many homes to few facilities, searched from the facilities.

All searches run *towards* the facilities (over each node's incoming arcs), because streets may have a
direction. They start and end in the middle of edges: a facility's entrance seeds both ends of its
edge with the metres to walk from there, a home takes the better of its edge's ends, and where home
and entrance share an edge the stretch between them competes. Both straight legs are part of a walk.

Every length is a whole multiple of `geo.units.LENGTH_QUANTUM_M`, so sums are exact, and ties are
real ties: they go to the source with the lowest row.

Method: Dijkstra's algorithm with a binary heap and lazy deletion, compiled with numba. Distances
and nearest source are settled in lexicographic order, so the result is unique.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geo._search import evaluate_homes, search_nearest, search_within, tally_pairs
from geo.errors import CrsMismatch
from geo.network import StreetNetwork
from geo.snap import Links
from geo.units import UNREACHED, FloatArray, Int32Array, IntArray

__all__ = [
    "Nearest",
    "ReachPairs",
    "count_within",
    "measure_nearest",
    "measure_within",
    "rank_nearest",
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

    Row `t` is `start[t]:start[t + 1]`; homes ascend within a row.

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


@dataclass(frozen=True, slots=True, eq=False)
class _OnEdges:
    """Points in the order of the edge they lie on, in compressed rows per edge."""

    start: IntArray
    point: Int32Array


def _group_by_edge(links: Links, n_edges: int) -> _OnEdges:
    connected = np.flatnonzero(links.edge >= 0)
    order = connected[np.argsort(links.edge[connected], kind="stable")]
    start = np.zeros(n_edges + 1, dtype=np.int64)
    np.cumsum(np.bincount(links.edge[connected], minlength=n_edges), out=start[1:])
    return _OnEdges(start, order.astype(np.int32))


def _group_by_node(network: StreetNetwork, homes: Links) -> tuple[IntArray, Int32Array, FloatArray]:
    """Homes at the nodes their walks may pass first, in compressed rows: start, home, metres."""
    rows = np.flatnonzero(homes.edge >= 0)
    edge, offset = homes.edge[rows], homes.offset_m[rows]
    rest = network.edge_length_m[edge] - offset
    to_first = network.edge_backward[edge] | (offset == 0)
    to_last = network.edge_forward[edge] | (rest == 0)
    node = np.concatenate(
        [network.edge_nodes[edge[to_first], 0], network.edge_nodes[edge[to_last], 1]]
    )
    home = np.concatenate([rows[to_first], rows[to_last]]).astype(np.int32)
    metres = np.concatenate([offset[to_first], rest[to_last]]) + homes.leg_m[home]
    order = np.argsort(node, kind="stable")
    start = np.zeros(network.n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(node, minlength=network.n_nodes), out=start[1:])
    return start, home[order], metres[order]


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
    arcs = network.inward
    node_walk, node_source = search_nearest(
        arcs.start,
        arcs.node,
        arcs.length_m,
        network.edge_nodes,
        network.edge_length_m,
        network.edge_forward,
        network.edge_backward,
        sources.edge,
        sources.offset_m,
        sources.leg_m,
        limit_m,
    )
    on_edges = _group_by_edge(sources, network.n_edges)
    walk, source = evaluate_homes(
        network.edge_nodes,
        network.edge_length_m,
        network.edge_forward,
        network.edge_backward,
        homes.edge,
        homes.offset_m,
        homes.leg_m,
        node_walk,
        node_source,
        on_edges.start,
        on_edges.point,
        sources.offset_m,
        sources.leg_m,
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
    _check_crs(network, sources, homes)
    if not (np.isfinite(limit_m) and limit_m >= 0):
        raise ValueError(f"limit_m is {limit_m}; expected a finite number of metres, 0 or more")
    order = np.argsort(source_target, kind="stable")
    source_start = np.zeros(n_targets + 1, dtype=np.int64)
    np.cumsum(np.bincount(source_target, minlength=n_targets), out=source_start[1:])
    ordered = sources.take(order)
    on_edges = _group_by_edge(homes, network.n_edges)
    at_nodes = _group_by_node(network, homes)
    arcs = network.inward

    def search(span: tuple[int, int]) -> tuple[IntArray, Int32Array, FloatArray]:
        found: tuple[IntArray, Int32Array, FloatArray] = search_within(
            arcs.start,
            arcs.node,
            arcs.length_m,
            network.edge_nodes,
            network.edge_length_m,
            network.edge_forward,
            network.edge_backward,
            ordered.edge,
            ordered.offset_m,
            ordered.leg_m,
            source_start,
            span[0],
            span[1],
            homes.offset_m,
            homes.leg_m,
            on_edges.start,
            on_edges.point,
            *at_nodes,
            limit_m,
        )
        return found

    workers = max(1, threads or os.cpu_count() or 1)
    spans = list(_spans(n_targets, workers))
    if len(spans) == 1:
        parts = [search(spans[0])]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(search, spans))
    counts = np.concatenate([part[0] for part in parts])
    start = np.zeros(n_targets + 1, dtype=np.int64)
    np.cumsum(counts, out=start[1:])
    return ReachPairs(
        start,
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        len(homes),
    )


def _spans(n: int, workers: int) -> Iterator[tuple[int, int]]:
    """Cut `n` targets into pieces, some per worker so that none waits long for another."""
    pieces = 1 if workers == 1 or n < 64 else 4 * workers
    bounds = np.linspace(0, n, pieces + 1).astype(int).tolist()
    yield from pairwise(bounds)


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
    first, second = tally_pairs(pairs.home, pairs.walk_m, pairs.n_homes)
    return first, second
