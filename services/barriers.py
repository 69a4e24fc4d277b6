"""Lines nobody crosses on foot, and which of them can be why a walk is long.

A line that a straight line happens to meet explains nothing yet: a hedge of 30 m is walked round in
no time. Lines of one kind that touch are joined, and what is joined is named where

- it is long enough: its joined length is at least the extra walk (walk less straight line), or at
  least 100 m, the side of a compound or block, however long the way round; and
- if it is a wall, hedge or fence, its ends lie far enough out: were nothing else in the way, going
  round the nearer end would already be `severed_detour` times the straight line. Railways, waterways
  and motorways end at bridges and tunnels, not in the open, so their length alone decides;

or where it closes one of the two in, as a compound's wall does: home and facility lie in different
parts of the plane as the joined lines divide it, and the outline around either is long enough.
"""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.units import BoolArray, FloatArray, IntArray

_WALL = "wall"
_TOUCH_M = 0.1
_SHORTEST_STRAIGHT_M = 1.0
_LONG_M = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Barriers:
    """Lines nobody crosses on foot away from bridges, in the network's coordinates.

    `B` lines, joined into `J` barriers by touching.

    Parameters
    ----------
    kind, name, type
        Shape `(B,)`: `type` is what the line really is (`hedge`, `canal`), empty where unknown.
    lines, tree
        The lines and an index over them.
    joined
        Shape `(B,)`: which joined barrier a line is part of.
    length_m
        Shape `(J,)`: joined length.
    hull_offsets, hull_xy
        Corners of the hull of joined barrier `j`: `hull_xy[hull_offsets[j]:hull_offsets[j + 1]]`.
    faces
        Areas closed off by a joined barrier, worked out when first asked for.
    """

    kind: tuple[str, ...]
    name: tuple[str, ...]
    type: tuple[str, ...]
    lines: NDArray[np.object_]
    tree: shapely.STRtree
    joined: IntArray
    length_m: FloatArray
    hull_offsets: IntArray
    hull_xy: FloatArray
    faces: dict[int, shapely.STRtree] = field(default_factory=dict)

    @property
    def is_wall(self) -> BoolArray:
        """Shape `(B,)`: walls, hedges and fences, which end in the open."""
        return np.array([kind == _WALL for kind in self.kind], dtype=np.bool_)

    def find_faces(self, joined: int) -> shapely.STRtree:
        """Index over the areas closed off by a joined barrier; empty where it is open."""
        if joined not in self.faces:
            noded = shapely.node(shapely.multilinestrings(self.lines[self.joined == joined]))
            closed = shapely.polygonize(shapely.get_parts(noded))
            self.faces[joined] = shapely.STRtree(shapely.get_parts(closed))
        return self.faces[joined]


def build_barriers(barriers: gpd.GeoDataFrame, crs: str) -> Barriers:
    """Barriers in the metric `crs`, joined where they touch.

    Parameters
    ----------
    barriers
        WGS 84, columns `kind`, `name` and, where known, `type`.
    """
    usable = barriers[~(barriers.geometry.isna() | barriers.geometry.is_empty)]
    usable = usable.explode(ignore_index=True)
    lines = usable.geometry.to_crs(crs).to_numpy() if len(usable) else np.empty(0, dtype=object)
    kind = usable["kind"].astype(str).to_numpy(dtype=object)
    tree = shapely.STRtree(lines)
    joined = _join(lines, tree, kind)
    size = int(joined.max(initial=-1)) + 1
    order = np.argsort(joined, kind="stable")
    wholes = shapely.multilinestrings(lines[order], indices=joined[order])
    hull_xy, owner = shapely.get_coordinates(shapely.convex_hull(wholes), return_index=True)
    return Barriers(
        kind=tuple(kind.tolist()),
        name=tuple(usable["name"].fillna("").astype(str)),
        type=tuple(usable["type"].fillna("").astype(str))
        if "type" in usable
        else ("",) * len(kind),
        lines=lines,
        tree=tree,
        joined=joined,
        length_m=np.asarray(shapely.length(wholes), dtype=np.float64),
        hull_offsets=np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=size))]),
        hull_xy=hull_xy,
    )


def find_obstacles(
    start_xy: FloatArray,
    end_xy: FloatArray,
    walk_m: FloatArray,
    barriers: Barriers,
    *,
    severed_detour: float,
) -> tuple[IntArray, FloatArray]:
    """Return which barrier between the ends of straight lines explains the walk, and where.

    What explains it is said at the top of the module. A railway, river or motorway outweighs a
    wall, whichever comes first: a compound's own wall has its gates, and a home's way to the far
    side leads through them to the line that cannot be crossed. Where there is no walk at all a wall
    explains nothing: the streets on the two sides are not joined in the data.

    Parameters
    ----------
    start_xy, end_xy
        Shape `(K, 2)`, metres, in the barriers' coordinates.
    walk_m
        Shape `(K,)`: walk between them, `UNREACHED` without a way.
    severed_detour
        Walk over straight line from which on a home counts as cut off.

    Returns
    -------
    barrier
        Shape `(K,)`: row of the first barrier of the stronger sort met, -1 where none explains it.
    place_xy
        Shape `(K, 2)`: where it is met; the middle of the line where none is.
    """
    barrier = np.full(len(start_xy), -1, dtype=np.int64)
    place_xy = (start_xy + end_xy) / 2.0
    lines = np.asarray(shapely.linestrings(np.stack([start_xy, end_xy], axis=1)), dtype=object)
    line, met = barriers.tree.query(lines, predicate="intersects")
    is_wall = barriers.is_wall
    asked = np.isfinite(walk_m[line]) | ~is_wall[met]
    line, met = line[asked], met[asked]
    pair, pair_of = np.unique(
        np.stack([line, barriers.joined[met]], axis=1), axis=0, return_inverse=True
    )
    explains = _explain(start_xy, end_xy, walk_m, pair, barriers, severed_detour)[pair_of]
    line, met = line[explains], met[explains]
    if len(line) == 0:
        return barrier, place_xy
    crossing = shapely.intersection(lines[line], barriers.lines[met])
    lead = shapely.shortest_line(shapely.points(start_xy[line]), crossing)
    order = np.lexsort((met, shapely.length(lead), is_wall[met], line))
    first = order[np.unique(line[order], return_index=True)[1]]
    barrier[line[first]] = met[first]
    place_xy[line[first]] = shapely.get_coordinates(shapely.get_point(lead[first], -1))
    return barrier, place_xy


def _join(lines: NDArray[np.object_], tree: shapely.STRtree, kind: NDArray[np.object_]) -> IntArray:
    """Shape `(B,)`: number of the joined barrier each line is part of; one kind touching is one."""
    one, other = tree.query(lines, predicate="dwithin", distance=_TOUCH_M)
    same = (one < other) & (kind[one] == kind[other])
    links = coo_array(
        (np.ones(same.sum(), dtype=np.bool_), (one[same], other[same])), shape=(len(lines),) * 2
    )
    if len(lines) == 0:
        return np.empty(0, dtype=np.int64)
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _explain(
    start_xy: FloatArray,
    end_xy: FloatArray,
    walk_m: FloatArray,
    pair: IntArray,
    barriers: Barriers,
    severed_detour: float,
) -> BoolArray:
    """Shape `(Q,)`: the joined barrier `pair[q, 1]` explains the walk of line `pair[q, 0]`."""
    line, joined = pair[:, 0], pair[:, 1]
    walled = np.zeros(len(barriers.length_m), dtype=np.bool_)
    walled[barriers.joined] = barriers.is_wall
    start, end = start_xy[line], end_xy[line]
    straight_m = np.maximum(np.hypot(*(end - start).T), _SHORTEST_STRAIGHT_M)
    needed_m = np.minimum(walk_m[line] - straight_m, _LONG_M)
    long_enough = barriers.length_m[joined] >= needed_m
    round_m = _measure_round(start, end, joined, barriers)
    far_round = ~walled[joined] | (round_m >= severed_detour * straight_m)
    explains: BoolArray = long_enough & far_round
    for index in np.unique(joined[long_enough & ~explains]).tolist():
        faces = barriers.find_faces(index)
        rows = np.flatnonzero(long_enough & ~explains & (joined == index))
        at_start, at_end = _find_face(faces, start[rows]), _find_face(faces, end[rows])
        outline_m = np.append(shapely.length(faces.geometries), 0.0)
        around_m = np.maximum(outline_m[at_start], outline_m[at_end])
        explains[rows] = (at_start != at_end) & (around_m >= needed_m[rows])
    return explains


def _measure_round(
    start: FloatArray, end: FloatArray, joined: IntArray, barriers: Barriers
) -> FloatArray:
    """Shape `(Q,)`: metres round the nearer end of each joined barrier, as the crow flies.

    On either side of the straight line the way leads round the corner of the hull that is farthest
    round; nothing there to go round is the straight line itself.
    """
    first = barriers.hull_offsets[joined]
    count = barriers.hull_offsets[joined + 1] - first
    owner = np.repeat(np.arange(len(joined)), count)
    corner = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + first[owner]
    to_corner = barriers.hull_xy[corner] - start[owner]
    from_corner = end[owner] - barriers.hull_xy[corner]
    along = (end - start)[owner]
    side = along[:, 0] * to_corner[:, 1] - along[:, 1] * to_corner[:, 0]
    way_m = np.hypot(*to_corner.T) + np.hypot(*from_corner.T)
    straight_m = np.hypot(*(end - start).T)
    left_m, right_m = straight_m.copy(), straight_m.copy()
    np.maximum.at(left_m, owner[side > 0], way_m[side > 0])
    np.maximum.at(right_m, owner[side < 0], way_m[side < 0])
    nearer: FloatArray = np.minimum(left_m, right_m)
    return nearer


def _find_face(faces: shapely.STRtree, xy: FloatArray) -> IntArray:
    """Number of the closed-off area each point lies in, -1 outside all and on their edges."""
    face = np.full(len(xy), -1, dtype=np.int64)
    point, area = faces.query(shapely.points(xy), predicate="within")
    face[point] = area
    return face
