"""Points and entrances onto streets: the nearest point *on an edge*, with both legs kept.

A home in the middle of a block starts in the middle of the block; it is never moved to a junction.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.errors import BadGeometry
from geo.network import StreetNetwork
from geo.units import BoolArray, FloatArray, Int32Array, IntArray, quantize_m


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """`P` points tied to a network.

    Parameters
    ----------
    crs
        Metric system of the coordinates, the network's.
    edge
        Shape `(P,)`: edge each point was snapped to, -1 when unconnected.
    offset_m
        Shape `(P,)`: metres along the edge from its first node.
    leg_m
        Shape `(P,)`: straight metres from the point to the edge, `inf` when unconnected.
    snap_xy
        Shape `(P, 2)`: the place on the edge; the point itself when unconnected.
    """

    crs: str
    edge: Int32Array
    offset_m: FloatArray
    leg_m: FloatArray
    snap_xy: FloatArray

    @property
    def connected(self) -> BoolArray:
        """Shape `(P,)`: the point was snapped to an edge."""
        return self.edge >= 0

    def __len__(self) -> int:
        return len(self.edge)

    def take(self, rows: IntArray) -> "Links":
        """Return the links of some points, in the order asked for."""
        return Links(
            self.crs, self.edge[rows], self.offset_m[rows], self.leg_m[rows], self.snap_xy[rows]
        )


def snap_points(
    network: StreetNetwork,
    point_xy: FloatArray,
    *,
    max_leg_m: float = 150.0,
    allowed: BoolArray | None = None,
) -> Links:
    """Snap points to the nearest place on a street of a kept component.

    Of several edges at the same distance (a point nearest to a junction) the one with the lowest id
    is taken; walks from it cost the same, whichever it is.

    Parameters
    ----------
    point_xy
        Shape `(P, 2)`, metres of the network's system.
    max_leg_m
        Points farther than this from every kept street stay unconnected.
    allowed
        Shape `(E,)`: edges that may be snapped to, of the kept ones; all of them when None.

    Raises
    ------
    BadGeometry
        A coordinate is not finite.
    """
    point_xy = np.ascontiguousarray(point_xy, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(point_xy).all():
        bad = int(np.flatnonzero(~np.isfinite(point_xy).all(axis=1))[0])
        raise BadGeometry(f"point {bad} has a coordinate that is not finite")
    n = len(point_xy)
    edge = np.full(n, -1, dtype=np.int32)
    offset = np.zeros(n)
    leg = np.full(n, np.inf)
    snap_xy = point_xy.copy()
    tree, tree_edges = network.kept_tree if allowed is None else network.index_edges(allowed)
    points = np.asarray(shapely.points(point_xy))
    if n and len(tree_edges):
        hit, place = tree.query_nearest(points, max_distance=max_leg_m, all_matches=True)
        order = np.lexsort((tree_edges[place], hit))
        rows, first = np.unique(hit[order], return_index=True)
        edges = tree_edges[place[order][first]]
        lines = network.edge_lines[edges]
        along = shapely.line_locate_point(lines, points[rows])
        drawn = shapely.length(lines)
        scale = np.divide(
            network.edge_length_m[edges], drawn, out=np.zeros_like(drawn), where=drawn > 0
        )
        foot = shapely.line_interpolate_point(lines, along)
        edge[rows] = edges
        offset[rows] = np.minimum(quantize_m(along * scale), network.edge_length_m[edges])
        leg[rows] = quantize_m(shapely.distance(points[rows], foot))
        snap_xy[rows] = shapely.get_coordinates(foot)
    return Links(network.crs, edge, offset, leg, snap_xy)


DETACHED_EXTRA_M = 60.0
"""How much farther a street of the main network may be than a detached piece, and still be taken."""
FORECOURT_M = 30.0
"""How much farther a public street may be than a private drive, and still be an entrance's street."""


def snap_homes(network: StreetNetwork, point_xy: FloatArray, *, max_leg_m: float = 150.0) -> Links:
    """Snap places where walks start.

    The nearest street it is, unless that is a detached piece (see `StreetNetwork.edge_main`) and a
    street of the main network is at most `DETACHED_EXTRA_M` farther: pieces are detached by missing
    data far more often than in the world.
    """
    links = snap_points(network, point_xy, max_leg_m=max_leg_m)
    return _prefer(network, point_xy, links, network.edge_main, max_leg_m, DETACHED_EXTRA_M)


def snap_entrances(
    network: StreetNetwork, point_xy: FloatArray, private: BoolArray, *, max_leg_m: float = 150.0
) -> Links:
    """Snap ways in to where the public comes from.

    As homes, and: an entrance often stands where a private drive begins, nearer to the drive than
    to the street. It opens to the street if that is at most `FORECOURT_M` farther; a place deep
    inside private grounds stays on the private road, and only those who live there reach it.

    Parameters
    ----------
    private
        Shape `(E,)`: edges only residents walk on.
    """
    links = snap_homes(network, point_xy, max_leg_m=max_leg_m)
    inside = links.connected & private[np.maximum(links.edge, 0)]
    public = network.edge_main & ~private
    return _prefer(network, point_xy, links, public, max_leg_m, FORECOURT_M, only=inside)


def _prefer(
    network: StreetNetwork,
    point_xy: FloatArray,
    links: Links,
    preferred: BoolArray,
    max_leg_m: float,
    extra_m: float,
    *,
    only: BoolArray | None = None,
) -> Links:
    """`links`, moved to preferred edges where those are at most `extra_m` farther."""
    elsewhere = links.connected & ~preferred[np.maximum(links.edge, 0)]
    rows = np.flatnonzero(elsewhere if only is None else elsewhere & only)
    if len(rows) == 0 or not preferred.any():
        return links
    other = snap_points(network, point_xy[rows], max_leg_m=max_leg_m, allowed=preferred)
    better = other.leg_m <= links.leg_m[rows] + extra_m
    rows = rows[better]
    edge, offset = links.edge.copy(), links.offset_m.copy()
    leg, snap_xy = links.leg_m.copy(), links.snap_xy.copy()
    edge[rows], offset[rows] = other.edge[better], other.offset_m[better]
    leg[rows], snap_xy[rows] = other.leg_m[better], other.snap_xy[better]
    return Links(links.crs, edge, offset, leg, snap_xy)
