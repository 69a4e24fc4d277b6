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


def snap_points(network: StreetNetwork, point_xy: FloatArray, *, max_leg_m: float = 150.0) -> Links:
    """Snap points to the nearest place on a street of a kept component.

    Of several edges at the same distance (a point nearest to a junction) the one with the lowest id
    is taken; walks from it cost the same, whichever it is.

    Parameters
    ----------
    point_xy
        Shape `(P, 2)`, metres of the network's system.
    max_leg_m
        Points farther than this from every kept street stay unconnected.

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
    tree, tree_edges = network.kept_tree
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
