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


def snap_public(
    network: StreetNetwork,
    point_xy: FloatArray,
    private: BoolArray,
    *,
    max_leg_m: float = 150.0,
    forecourt_m: float = 30.0,
) -> Links:
    """Snap ways in to where the public comes from.

    An entrance often stands where a private drive begins, nearer to the drive than to the street.
    It opens to the street if that is at most `forecourt_m` farther; a place deep inside private
    grounds stays on the private road, and only those who live there reach it.

    Parameters
    ----------
    private
        Shape `(E,)`: edges only residents walk on.
    """
    nearest = snap_points(network, point_xy, max_leg_m=max_leg_m)
    inside = np.flatnonzero(nearest.connected & private[np.maximum(nearest.edge, 0)])
    if len(inside) == 0:
        return nearest
    public = snap_points(network, point_xy[inside], max_leg_m=max_leg_m, allowed=~private)
    better = public.leg_m <= nearest.leg_m[inside] + forecourt_m
    rows = inside[better]
    chosen = Links(
        nearest.crs,
        nearest.edge.copy(),
        nearest.offset_m.copy(),
        nearest.leg_m.copy(),
        nearest.snap_xy.copy(),
    )
    chosen.edge[rows] = public.edge[better]
    chosen.offset_m[rows] = public.offset_m[better]
    chosen.leg_m[rows] = public.leg_m[better]
    chosen.snap_xy[rows] = public.snap_xy[better]
    return chosen
