"""Walks from many homes to few facilities, searched from the facilities.

All searches run *towards* the facilities (over each node's incoming arcs), because streets may have a
direction. They start and end in the middle of edges: a facility's entrance seeds both ends of its
edge with the metres to walk from there, a home takes the better of its edge's ends, and where home
and entrance share an edge the stretch between them competes. Both straight legs are part of a walk.

Every length is a whole multiple of `geo.units.LENGTH_QUANTUM_M`, so sums are exact, and ties are
real ties: they go to the source with the lowest row.

Methods: the nearest sources of all nodes are found by label correcting with buckets (Dial's queue, as
coarse as Δ-stepping's) on the network; the smallest pair of distance and source row is unique, so
the result does not depend on the order of the search. Walks within a limit are searched target by
target on the network's skeleton. All loops are compiled with numba.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from geo import _search
from geo._bounded import Case, Scratch, build_scratch, place_homes
from geo._list import note_homes, write_out
from geo._search import Graph, OnEdges, Points
from geo.errors import CrsMismatch
from geo.network import StreetNetwork
from geo.parallel import run_side_by_side
from geo.skeleton import MOST
from geo.snap import Links
from geo.units import LENGTH_QUANTUM_M, UNREACHED, FloatArray, Int32Array, IntArray

_BUCKET_M = 16.0
"""Width of a search's buckets: a fraction of a usual street piece. Only time depends on it."""
_QUEUE_ROOM = 1 << 20
"""Entries a search's queue starts with; it doubles when they do not suffice."""
_LIST_ROOM = 1 << 18
"""Pairs listed at a time, beside one per home."""

_T = TypeVar("_T")

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

    Row `t` is `start[t]:start[t + 1]`. Each home stands once in it; their order is always the same, but
    means nothing.

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
    """Points as compiled loops take them: of one kind of array, else they are compiled once more."""
    return Points(
        np.require(links.edge, np.int32, ["C", "W"]),
        np.require(links.offset_m, np.float64, ["C", "W"]),
        np.require(links.leg_m, np.float64, ["C", "W"]),
    )


def _group_by_edge(links: Links, n_edges: int) -> OnEdges:
    start, row = _search.group_rows(links.edge, n_edges)
    return OnEdges(start, row, links.offset_m[row], links.leg_m[row])


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
        Longest walk, metres, at most 262 km.
    threads
        Searches run side by side; default: one per processor.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    ValueError
        `limit_m` is not a number from 0 to 262,144.
    """
    case = build_case(network, sources, source_target, n_targets, homes, limit_m)
    counts = np.zeros(n_targets + 1, dtype=np.int64)
    room = _LIST_ROOM + len(case.homes.row)
    idle: list[Scratch] = []
    noted: dict[int, list[Int32Array]] = {}

    def search(begin: int, end: int) -> None:
        scratch = take_idle(idle, lambda: build_scratch(case))
        parts = noted[begin] = []
        while begin < end:
            notes = np.empty((room, 2), dtype=np.int32)
            begin, filled = note_homes(case, begin, end, scratch, counts[1:], notes)
            parts.append(notes[:filled])
        idle.append(scratch)

    run_side_by_side(search, n_targets, threads)
    start = np.cumsum(counts)
    home, walk_m = np.empty(start[-1], dtype=np.int32), np.empty(start[-1])

    def write(begin: int, _: int) -> None:
        at = start[begin]
        for notes in noted[begin]:
            row = slice(at, at + len(notes))
            write_out(notes, case.homes.row, home[row], walk_m[row])
            at = row.stop

    run_side_by_side(write, n_targets, threads)  # cut as before
    return ReachPairs(start, home, walk_m, len(homes))


def take_idle(idle: list[_T], build: Callable[[], _T]) -> _T:
    """What another piece of work has left behind, else something new."""
    try:
        return idle.pop()
    except IndexError:
        return build()


def build_case(
    network: StreetNetwork,
    sources: Links,
    source_target: IntArray,
    n_targets: int,
    homes: Links,
    limit_m: float,
) -> Case:
    """Put a question about walks of bounded length to the network's skeleton.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    ValueError
        `limit_m` is not a number from 0 to 262,144.
    """
    _check_crs(network, sources, homes)
    most_m = MOST * LENGTH_QUANTUM_M
    if not 0 <= limit_m <= most_m:
        raise ValueError(f"limit_m is {limit_m}; expected a number of metres from 0 to {most_m:g}")
    ordered, source_start = _order_sources(sources, source_target, n_targets)
    points = _get_points(homes)
    return Case(
        skeleton=network.skeleton,
        sources=ordered,
        source_start=source_start,
        points=points,
        homes=place_homes(points, network.skeleton),
        limit=int(np.floor(limit_m / LENGTH_QUANTUM_M)),
    )


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
