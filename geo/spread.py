"""How far one gets on foot from several places at once, each with its own metres left.

What `geo.isochrone` is for one place: someone who stands at many stops at different times has fewer
metres left at some than at others.
"""

import numpy as np

from geo.isochrone import Pieces
from geo.network import StreetNetwork
from geo.reach import search_nodes
from geo.snap import Links
from geo.units import LENGTH_QUANTUM_M, FloatArray, Int32Array, IntArray

NOTHING_LEFT = float("-inf")
"""Metres left where nobody comes."""


def floor_m(length_m: FloatArray) -> FloatArray:
    """Lengths rounded down to whole `LENGTH_QUANTUM_M`: nobody gets farther than the truth."""
    return np.floor(np.asarray(length_m, dtype=np.float64) / LENGTH_QUANTUM_M) * LENGTH_QUANTUM_M


def measure_left(network: StreetNetwork, sources: Links, left_m: FloatArray) -> FloatArray:
    """Metres left at every node: the best over the sources of theirs less the walk.

    Parameters
    ----------
    sources
        `S` snapped places.
    left_m
        Shape `(S,)`: metres one may still walk from each, its straight leg included; whole
        `LENGTH_QUANTUM_M`. Negative: not from there.

    Returns
    -------
    node_left_m
        Shape `(N,)`, 0 or more, `NOTHING_LEFT` where nobody comes.

    Raises
    ------
    CrsMismatch
        The places were snapped in another coordinate system.
    """
    rows = np.flatnonzero(sources.connected & (left_m >= 0))
    if len(rows) == 0:
        return np.full(network.n_nodes, NOTHING_LEFT)
    most_m = float(left_m[rows].max())
    near = sources.take(rows)
    late = Links(
        near.crs, near.edge, near.offset_m, near.leg_m + most_m - left_m[rows], near.snap_xy
    )
    walk, _ = search_nodes(network, late, limit_m=most_m, outward=True)
    return most_m - walk


def cut_left(
    network: StreetNetwork, sources: Links, left_m: FloatArray, node_left_m: FloatArray
) -> Pieces:
    """Street pieces one reaches with the metres left at nodes and sources.

    Parameters
    ----------
    sources, left_m
        As for `measure_left`.
    node_left_m
        Shape `(N,)`, metres left at each node, negative where nobody comes.
    """
    first, last = network.edge_nodes[:, 0], network.edge_nodes[:, 1]
    length = network.edge_length_m
    head = np.where(network.edge_forward, node_left_m[first], NOTHING_LEFT)
    tail = np.where(network.edge_backward, node_left_m[last], NOTHING_LEFT)
    ahead, behind = np.clip(head, 0.0, length), np.clip(tail, 0.0, length)
    starts = np.flatnonzero(
        sources.connected & (left_m > np.where(sources.connected, sources.leg_m, 0))
    )
    own = np.zeros(network.n_edges, dtype=np.bool_)
    own[sources.edge[starts]] = True
    touched = (head > 0) | (tail > 0)
    whole = touched & ~own & (ahead + behind >= length)
    from_first, from_last = (touched & ~own & ~whole & (part > 0) for part in (ahead, behind))
    edge = [np.flatnonzero(mask) for mask in (whole, from_first, from_last)]
    begin = [np.zeros(len(edge[0])), np.zeros(len(edge[1])), length[edge[2]] - behind[edge[2]]]
    end = [length[edge[0]], ahead[edge[1]], length[edge[2]]]
    merged = _merge_own(network, sources, left_m, starts, ahead, behind)
    return Pieces(
        np.concatenate([*edge, merged.edge]).astype(np.int32),
        np.concatenate([*begin, merged.begin_m]),
        np.concatenate([*end, merged.end_m]),
    )


def _merge_own(
    network: StreetNetwork,
    sources: Links,
    left_m: FloatArray,
    starts: IntArray,
    ahead: FloatArray,
    behind: FloatArray,
) -> Pieces:
    """Reached stretches of the edges walks start on: around the sources and from both ends."""
    edge = sources.edge[starts]
    at, rest = sources.offset_m[starts], left_m[starts] - sources.leg_m[starts]
    length = network.edge_length_m
    low = np.where(network.edge_backward[edge], np.maximum(at - rest, 0.0), at)
    high = np.where(network.edge_forward[edge], np.minimum(at + rest, length[edge]), at)
    own = np.unique(edge)
    all_edge = np.concatenate([edge, own, own])
    begin = np.concatenate([low, np.zeros(len(own)), length[own] - behind[own]])
    end = np.concatenate([high, ahead[own], length[own]])
    real = end > begin
    return _merge(all_edge[real], begin[real], end[real])


def _merge(edge: Int32Array, begin: FloatArray, end: FloatArray) -> Pieces:
    """Overlapping stretches of the same edge as one."""
    order = np.lexsort((begin, edge))
    kept: list[tuple[int, float, float]] = []
    for one, low, high in zip(
        edge[order].tolist(), begin[order].tolist(), end[order].tolist(), strict=True
    ):
        if kept and kept[-1][0] == one and low <= kept[-1][2]:
            kept[-1] = (one, kept[-1][1], max(kept[-1][2], high))
        else:
            kept.append((one, low, high))
    columns = list(zip(*kept, strict=True)) or [(), (), ()]
    return Pieces(
        np.array(columns[0], dtype=np.int32),
        np.array(columns[1], dtype=np.float64),
        np.array(columns[2], dtype=np.float64),
    )
