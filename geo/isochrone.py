"""Where one can walk from a place within given limits: pieces of streets, exact.

Streets are cut where the limit is used up. `geo.rings` draws polygons of them, which are pictures:
whether a home is covered is decided on pieces and points, never on a polygon.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.network import StreetNetwork
from geo.reach import search_nodes
from geo.snap import Links
from geo.units import FloatArray, Int32Array


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Reached pieces of edges: `edge[i]` from `begin_m[i]` to `end_m[i]` along it."""

    edge: Int32Array
    begin_m: FloatArray
    end_m: FloatArray

    def __len__(self) -> int:
        return len(self.edge)


def measure_outward(network: StreetNetwork, start: Links, limit_m: float) -> FloatArray:
    """Metres from one snapped place to every node, `UNREACHED` beyond `limit_m`; shape `(N,)`.

    Raises
    ------
    CrsMismatch
        The place was snapped in another coordinate system.
    """
    walk, _ = search_nodes(network, start, limit_m=limit_m, outward=True)
    return walk


def cut_reached(
    network: StreetNetwork, start: Links, node_walk_m: FloatArray, limit_m: float
) -> Pieces:
    """Street pieces within `limit_m` of one place (the first of `start`).

    Parameters
    ----------
    node_walk_m
        As `measure_outward` gives it, for this limit or a longer one.
    """
    first, last = network.edge_nodes[:, 0], network.edge_nodes[:, 1]
    length = network.edge_length_m
    head = np.where(network.edge_forward, limit_m - node_walk_m[first], -1.0)
    tail = np.where(network.edge_backward, limit_m - node_walk_m[last], -1.0)
    ahead = np.minimum(np.maximum(head, 0.0), length)
    behind = np.minimum(np.maximum(tail, 0.0), length)
    own = int(start.edge[0])
    touched = (head > 0) | (tail > 0)
    whole = touched & (ahead + behind >= length)
    if own >= 0:
        whole[own] = touched[own] = False
    from_first = touched & ~whole & (ahead > 0)
    from_last = touched & ~whole & (behind > 0)
    edge = [np.flatnonzero(mask) for mask in (whole, from_first, from_last)]
    begin = [np.zeros(len(edge[0])), np.zeros(len(edge[1])), length[edge[2]] - behind[edge[2]]]
    end = [length[edge[0]], ahead[edge[1]], length[edge[2]]]
    for low, high in _own_stretches(network, start, limit_m, float(ahead[own]), float(behind[own])):
        edge.append(np.array([own]))
        begin.append(np.array([low]))
        end.append(np.array([high]))
    return Pieces(np.concatenate(edge).astype(np.int32), np.concatenate(begin), np.concatenate(end))


def _own_stretches(
    network: StreetNetwork, start: Links, limit_m: float, ahead_m: float, behind_m: float
) -> list[tuple[float, float]]:
    """Reached stretches of the edge the walk starts on, merged."""
    own = int(start.edge[0])
    rest = limit_m - float(start.leg_m[0])
    if own < 0 or rest <= 0:
        return []
    length, at = float(network.edge_length_m[own]), float(start.offset_m[0])
    stretches = [
        (max(0.0, at - rest) if network.edge_backward[own] else at, at),
        (at, min(length, at + rest) if network.edge_forward[own] else at),
        (0.0, ahead_m),
        (length - behind_m, length),
    ]
    merged: list[tuple[float, float]] = []
    for low, high in sorted(stretch for stretch in stretches if stretch[1] > stretch[0]):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def list_unreached(network: StreetNetwork, pieces: Pieces) -> Pieces:
    """Return the rest of every edge: what `pieces` leaves out, whole edges included."""
    order = np.lexsort((pieces.begin_m, pieces.edge))
    edge = pieces.edge[order]
    # gaps run from the end of one piece to the begin of the next on the same edge
    all_edges = np.concatenate([np.arange(network.n_edges, dtype=np.int32), edge])
    gap_begin = np.concatenate([np.zeros(network.n_edges), pieces.end_m[order]])
    rank = np.concatenate([np.zeros(network.n_edges), 1 + np.arange(len(edge))])
    sorting = np.lexsort((rank, all_edges))
    all_edges, gap_begin = all_edges[sorting], gap_begin[sorting]
    next_begin = np.concatenate([np.full(network.n_edges, -1.0), pieces.begin_m[order]])[sorting]
    closes = np.roll(all_edges, -1) != all_edges
    closes[-1] = True
    gap_end = np.where(closes, network.edge_length_m[all_edges], np.roll(next_begin, -1))
    real = gap_end > gap_begin
    return Pieces(all_edges[real], gap_begin[real], gap_end[real])


def piece_lines(network: StreetNetwork, pieces: Pieces) -> NDArray[np.object_]:
    """Shape of each piece as a shapely LineString, metres of the network's system."""
    lines = network.edge_lines[pieces.edge].copy()
    length = network.edge_length_m[pieces.edge]
    partial = np.flatnonzero((pieces.begin_m > 0) | (pieces.end_m < length))
    if len(partial):
        lines[partial] = _cut_lines(
            network,
            pieces.edge[partial],
            pieces.begin_m[partial] / length[partial],
            pieces.end_m[partial] / length[partial],
        )
    return lines


def _cut_lines(
    network: StreetNetwork, edge: Int32Array, begin: FloatArray, end: FloatArray
) -> NDArray[np.object_]:
    """Edges' shapes between two shares of their length, in one pass over all vertices."""
    counts = network.edge_vertex[edge + 1] - network.edge_vertex[edge]
    first = np.cumsum(counts) - counts
    owner = np.repeat(np.arange(len(edge)), counts)
    within = np.arange(counts.sum()) - first[owner]
    xy = network.vertex_xy[network.edge_vertex[edge][owner] + within]
    step = np.zeros(len(xy))
    step[1:] = np.hypot(*np.diff(xy, axis=0).T)
    step[first] = 0.0
    run = np.cumsum(step)
    run -= run[first][owner]
    share = run / run[first + counts - 1][owner]
    inner = (share > begin[owner]) & (share < end[owner])
    lines = network.edge_lines[edge]
    heads, tails = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, at, normalized=True))
        for at in (begin, end)
    )
    rows = np.arange(len(edge))
    all_owner = np.concatenate([rows, owner[inner], rows])
    all_share = np.concatenate([begin, share[inner], end])
    order = np.lexsort((all_share, all_owner))
    all_xy = np.concatenate([heads, xy[inner], tails])[order]
    return np.asarray(shapely.linestrings(all_xy, indices=all_owner[order]), dtype=np.object_)
