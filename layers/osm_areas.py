"""Shapes of scanned ways and relations: lines broken where nodes are missing, rings closed to areas."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.units import BoolArray, FloatArray, IntArray
from layers.osm_scan import OsmScan

GeometryArray = NDArray[np.object_]
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""
_OUTER_ROLES = frozenset({"outer", "", "exclave", "outline", "part"})
_INNER_ROLES = frozenset({"inner", "enclave"})
_RING_NODES = 4


@dataclass(frozen=True, slots=True, eq=False)
class WayShapes:
    """Node rows of all scanned ways, side by side.

    Parameters
    ----------
    row_of
        Row of each way id.
    way_id
        Shape `(W,)`.
    offsets
        Shape `(W + 1,)`: way `w` runs through `node[offsets[w]:offsets[w + 1]]`.
    node
        Row in `lonlat`, -1 where the file lacks the node.
    closed
        Shape `(W,)`: ends where it starts and has room for an area.
    n_missing
        Shape `(W,)`: nodes the file lacks.
    lonlat
        Shape `(P, 2)`, degrees.
    """

    row_of: dict[int, int]
    way_id: IntArray
    offsets: IntArray
    node: IntArray
    closed: BoolArray
    n_missing: IntArray
    lonlat: FloatArray

    def rows(self, way_ids: Iterable[int]) -> IntArray:
        """Rows of these ways; those not in the file are skipped."""
        found = [self.row_of[number] for number in way_ids if number in self.row_of]
        return np.array(found, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Ways broken at missing nodes.

    Parameters
    ----------
    node
        Rows in `WayShapes.lonlat`, none missing, no two equal neighbours in a piece.
    offsets
        Shape `(K + 1,)`: at least two nodes per piece.
    way
        Shape `(K,)`: position in the list of rows asked for.
    """

    node: IntArray
    offsets: IntArray
    way: IntArray


def build_way_shapes(scan: OsmScan[Any]) -> WayShapes:
    """Look up the nodes of all scanned ways."""
    flat = array("q")
    counts = array("q")
    ids = array("q")
    for number, way in scan.ways.items():
        ids.append(number)
        counts.append(len(way.refs))
        flat.extend(way.refs)
    for number, refs in scan.member_ways.items():
        ids.append(number)
        counts.append(len(refs))
        flat.extend(refs)
    ref = np.array(flat, dtype=np.int64)
    count = np.array(counts, dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    node = np.full(ref.size, -1, dtype=np.int64)
    if scan.node_id.size:
        at = np.minimum(np.searchsorted(scan.node_id, ref), scan.node_id.size - 1)
        node = np.where(scan.node_id[at] == ref, at, -1)
    closed = count >= _RING_NODES
    if ref.size:
        first, last = np.minimum(offsets[:-1], ref.size - 1), np.maximum(offsets[1:] - 1, 0)
        closed &= ref[first] == ref[last]
    missing_before = np.concatenate([[0], np.cumsum(node < 0)])
    return WayShapes(
        row_of={number: row for row, number in enumerate(ids)},
        way_id=np.array(ids, dtype=np.int64),
        offsets=offsets,
        node=node,
        closed=closed,
        n_missing=missing_before[offsets[1:]] - missing_before[offsets[:-1]],
        lonlat=scan.node_lonlat,
    )


def flatten_rows(offsets: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of the members of some rows of a table kept as offsets.

    Returns
    -------
    position, owner
        Where each member stands, and which entry of `rows` it belongs to.

    Examples
    --------
    >>> flatten_rows(np.array([0, 2, 5]), np.array([1, 0]))
    (array([2, 3, 4, 0, 1]), array([0, 0, 0, 1, 1]))
    """
    count = offsets[rows + 1] - offsets[rows]
    owner = np.repeat(np.arange(rows.size), count)
    start = np.concatenate([[0], np.cumsum(count)])[:-1]
    position = np.arange(owner.size) - start[owner] + offsets[rows][owner]
    return position, owner


def break_at_holes(shapes: WayShapes, rows: IntArray) -> Pieces:
    """Break ways where nodes are missing; leftovers of a single node are dropped."""
    position, owner = flatten_rows(shapes.offsets, rows)
    node = shapes.node[position]
    before = np.concatenate([[-1], node[:-1]])
    same_way = np.concatenate([[False], owner[1:] == owner[:-1]])
    starts = (~same_way | (before < 0)) & (node >= 0)
    kept = (node >= 0) & (starts | (node != before))
    node, owner, starts = node[kept], owner[kept], starts[kept]
    piece = np.cumsum(starts) - 1
    count = np.bincount(piece) if piece.size else np.empty(0, np.int64)
    long_enough = count >= 2
    kept = long_enough[piece] if piece.size else np.empty(0, np.bool_)
    return Pieces(
        node=node[kept],
        offsets=np.concatenate([[0], np.cumsum(count[long_enough])]).astype(np.int64),
        way=owner[starts][long_enough],
    )


def build_lines(shapes: WayShapes, pieces: Pieces) -> GeometryArray:
    """One line per piece, WGS84."""
    owner = np.repeat(np.arange(pieces.way.size), np.diff(pieces.offsets))
    return np.asarray(shapely.linestrings(shapes.lonlat[pieces.node], indices=owner), dtype=object)


def measure_pieces_m(shapes: WayShapes, pieces: Pieces) -> FloatArray:
    """Length of each piece in metres, along great circles (haversine formula)."""
    rad = np.radians(shapes.lonlat[pieces.node])
    lon, lat = rad[:, 0], rad[:, 1]
    half = (
        np.sin(np.diff(lat) / 2) ** 2
        + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    )
    step_m = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    walked = np.concatenate([[0.0], np.cumsum(step_m)])
    length_m: FloatArray = walked[pieces.offsets[1:] - 1] - walked[pieces.offsets[:-1]]
    return length_m


def build_way_areas(shapes: WayShapes, rows: IntArray) -> GeometryArray:
    """Areas of closed ways, WGS84; None for open ones.

    A ring that lacks nodes is closed over the ones that are there, as long as three are left.
    """
    areas: GeometryArray = np.full(rows.size, None, dtype=object)
    closed = np.flatnonzero(shapes.closed[rows])
    position, owner = flatten_rows(shapes.offsets, rows[closed])
    node = shapes.node[position]
    owner, node = owner[node >= 0], node[node >= 0]
    count = np.bincount(owner, minlength=closed.size)
    # A ring whose closing node is missing is closed again by shapely, which asks for three points.
    whole = count >= np.where(shapes.n_missing[rows[closed]] > 0, 3, _RING_NODES)
    kept = whole[owner]
    dense = np.cumsum(whole) - 1
    if kept.any():
        rings = shapely.linearrings(shapes.lonlat[node[kept]], indices=dense[owner[kept]])
        areas[closed[whole]] = mend_areas(np.asarray(shapely.polygons(rings), dtype=object))
    return areas


def mend_areas(areas: GeometryArray) -> GeometryArray:
    """Valid polygons and multipolygons; None for what has no area at all."""
    mended = areas.copy()
    broken = np.flatnonzero(~shapely.is_valid(areas))
    for at in broken:
        mended[at] = _areal_part(shapely.make_valid(areas[at]))
    return mended


def _areal_part(shape: BaseGeometry) -> BaseGeometry | None:
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return None if shape.is_empty else shape
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(shape))
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    if not parts:
        return None
    return shapely.union_all(parts)


def build_relation_area(
    shapes: WayShapes, members: Sequence[tuple[str, int, str]]
) -> tuple[BaseGeometry | None, bool]:
    """Area of a multipolygon or boundary relation.

    Returns
    -------
    area, whole
        The area as far as its rings close, None when none does; and whether all of it was there.
    """
    outer = [ref for kind, ref, role in members if kind == "w" and role in _OUTER_ROLES]
    inner = [ref for kind, ref, role in members if kind == "w" and role in _INNER_ROLES]
    outer_rings, outer_whole = _close_rings(shapes, outer)
    if not outer_rings:
        return None, False
    inner_rings, inner_whole = _close_rings(shapes, inner)
    whole = outer_whole and inner_whole
    if not inner_rings:
        area = outer_rings[0] if len(outer_rings) == 1 else shapely.union_all(outer_rings)
        return _valid(area), whole
    holes = shapely.union_all(inner_rings)
    islands = [ring for ring in outer_rings if shapely.covers(holes, ring)]
    mainland = [ring for ring in outer_rings if not shapely.covers(holes, ring)]
    area = shapely.difference(shapely.union_all(mainland), holes)
    if islands:
        area = shapely.union_all([area, *islands])
    return _valid(area), whole


def _valid(area: BaseGeometry) -> BaseGeometry | None:
    return _areal_part(area if area.is_valid else shapely.make_valid(area))


def _close_rings(shapes: WayShapes, way_ids: Sequence[int]) -> tuple[list[BaseGeometry], bool]:
    """Rings the ways close to, as polygons without holes, and whether nothing was left over."""
    rows = shapes.rows(way_ids)
    whole = rows.size == len(way_ids)
    if not rows.size:
        return [], whole
    if rows.size == 1 and shapes.closed[rows[0]] and not shapes.n_missing[rows[0]]:
        area = build_way_areas(shapes, rows)[0]
        return ([] if area is None else [area]), area is not None
    lines = build_lines(shapes, break_at_holes(shapes, rows))
    faces, cuts, dangles, invalid = shapely.polygonize_full(lines)
    rings = [
        ring
        for face in shapely.get_parts(faces)
        if (ring := _valid(shapely.polygons(shapely.get_exterior_ring(face)))) is not None
    ]
    left_over = not all(shapely.is_empty(rest) for rest in (cuts, dangles, invalid))
    return rings, whole and not left_over
