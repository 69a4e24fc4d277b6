"""Where one can walk from a place within given limits: street pieces first, polygons after.

The pieces are exact (streets are cut where the limit is used up). The polygons are pictures of
them, drawn so that every reached piece lies inside and every street not reached lies outside;
whether a home is covered is decided on pieces and points, never on a polygon.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from geo._search import search_nearest
from geo.errors import CrsMismatch
from geo.network import StreetNetwork
from geo.snap import Links
from geo.units import FloatArray, Int32Array

REACHED_WIDTH_M = 30.0
"""Half width of the ribbon drawn around reached streets."""
UNREACHED_WIDTH_M = 3.0
"""Half width of the strip cut out along streets not reached."""
SPINE_WIDTH_M = 1.0
"""Half width of what stays inside along a reached street, whatever crosses it."""
FILLED_HOLE_M2 = 10_000.0
"""Holes without a street in them, up to this size, are filled: the inside of a block."""


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
    if start.crs != network.crs:
        raise CrsMismatch(f"the place was snapped in {start.crs}, the network is {network.crs}")
    arcs = network.outward
    # walking away from the place: an edge's far end is reached forward, its near end backward
    walk, _ = search_nearest(
        arcs.start,
        arcs.node,
        arcs.length_m,
        network.edge_nodes,
        network.edge_length_m,
        network.edge_backward,
        network.edge_forward,
        start.edge,
        start.offset_m,
        start.leg_m,
        limit_m,
    )
    out: FloatArray = walk
    return out


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
    for at in np.flatnonzero((pieces.begin_m > 0) | (pieces.end_m < length)):
        share = (pieces.begin_m[at] / length[at], pieces.end_m[at] / length[at])
        lines[at] = substring(lines[at], share[0], share[1], normalized=True)
    return lines


def draw_polygon(
    network: StreetNetwork, pieces: Pieces, *, width_m: float = REACHED_WIDTH_M
) -> shapely.Geometry:
    """Draw a polygon with every piece inside and every other street of the network outside.

    A ribbon around the pieces, less a strip along each street not reached; where such a street
    crosses a reached one (a bridge), the reached one keeps a narrow spine. Empty for no pieces.

    Returns
    -------
    shapely.Geometry
        Polygon or MultiPolygon, metres of the network's system.
    """
    reached = piece_lines(network, pieces)
    if len(reached) == 0:
        return shapely.Polygon()
    ribbon: shapely.Geometry = shapely.union_all(shapely.buffer(reached, width_m, quad_segs=2))
    ribbon = _fill_holes(ribbon)
    rest = _unreached_near(network, pieces, ribbon)
    if len(rest):
        ribbon = shapely.difference(
            ribbon, shapely.union_all(shapely.buffer(rest, UNREACHED_WIDTH_M, quad_segs=1))
        )
        spine = shapely.union_all(shapely.buffer(reached, SPINE_WIDTH_M, quad_segs=1))
        ribbon = shapely.union(ribbon, spine)
    return ribbon


def _unreached_near(
    network: StreetNetwork, pieces: Pieces, area: shapely.Geometry
) -> NDArray[np.object_]:
    rest = list_unreached(network, pieces)
    shapely.prepare(area)
    near = np.flatnonzero(shapely.intersects(area, network.edge_lines[rest.edge]))
    return piece_lines(network, Pieces(rest.edge[near], rest.begin_m[near], rest.end_m[near]))


def _fill_holes(area: shapely.Geometry) -> shapely.Geometry:
    """Without its small holes; streets not reached are cut out of them afterwards."""
    polygons = shapely.get_parts(area)
    counts = shapely.get_num_interior_rings(polygons)
    if not counts.sum():
        return area
    owner = np.repeat(np.arange(len(polygons)), counts)
    number = np.concatenate([np.arange(count) for count in counts])
    holes = np.asarray(shapely.polygons(shapely.get_interior_ring(polygons[owner], number)))
    return shapely.union_all([area, *holes[shapely.area(holes) <= FILLED_HOLE_M2]])
