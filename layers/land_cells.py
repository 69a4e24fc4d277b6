"""Residential land cut into cells and by communities: homes where only land use is known."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import project
from geo.units import FloatArray, IntArray

_LEAST_M2 = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class LandPieces:
    """`L` pieces: the residential land of one grid cell in one community.

    Parameters
    ----------
    place
        Shape `(L,)`: position of the community.
    column, row
        Shape `(L,)`: grid position of the cell.
    area_m2
        Shape `(L,)`.
    xy
        Shape `(L, 2)`, metres: a point inside the largest part.
    """

    place: IntArray
    column: IntArray
    row: IntArray
    area_m2: FloatArray
    xy: FloatArray


def build_land_pieces(
    land: NDArray[Any], areas: NDArray[Any], crs: str, cell_m: float
) -> LandPieces:
    """Cut residential land by a grid and by communities; land drawn twice counts once.

    Parameters
    ----------
    land
        Shape `(G,)`: areas in WGS 84 degrees.
    areas
        Shape `(C,)`: communities, metres of `crs`.
    cell_m
        Side of a cell; grid lines stand at whole multiples of it.
    """
    metric = shapely.transform(land, partial(project, crs=crs)) if len(land) else land
    near = np.unique(shapely.STRtree(areas).query(metric, predicate="intersects")[0])
    if not len(near):
        none = np.empty(0, dtype=np.int64)
        return LandPieces(none, none, none, np.empty(0), np.empty((0, 2)))
    whole = shapely.union_all(shapely.make_valid(metric[near]))
    parts = shapely.get_parts(whole)
    parts = parts[np.isin(shapely.get_type_id(parts), (3, 6))]
    shapes, column, row = _cut_by_grid(parts, cell_m)
    shapes, place, source = _cut_by_areas(shapes, areas)
    return _merge(shapes, place, column[source], row[source])


def _cut_by_grid(parts: NDArray[Any], cell_m: float) -> tuple[NDArray[Any], IntArray, IntArray]:
    bounds = shapely.bounds(parts)
    low = np.floor(bounds[:, :2] / cell_m).astype(np.int64)
    high = np.floor(bounds[:, 2:] / cell_m).astype(np.int64)
    wide = high - low + 1
    counts = wide[:, 0] * wide[:, 1]
    part = np.repeat(np.arange(len(parts)), counts)
    number = np.arange(len(part)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[part, 0] + number % wide[part, 0]
    row = low[part, 1] + number // wide[part, 0]
    squares = shapely.box(column * cell_m, row * cell_m, (column + 1) * cell_m, (row + 1) * cell_m)
    shapely.prepare(parts)
    touches = shapely.intersects(parts[part], squares)
    part, squares, column, row = part[touches], squares[touches], column[touches], row[touches]
    inside = shapely.covers(parts[part], squares)
    shapes = squares.copy()
    shapes[~inside] = shapely.intersection(parts[part[~inside]], squares[~inside])
    real = shapely.area(shapes) >= _LEAST_M2
    return shapes[real], column[real], row[real]


def _cut_by_areas(
    shapes: NDArray[Any], areas: NDArray[Any]
) -> tuple[NDArray[Any], IntArray, IntArray]:
    """Cut by communities: the shapes, their community's position, and the shape each came from."""
    tree = shapely.STRtree(shapes)
    place, source = tree.query(areas, predicate="intersects")
    full_place, full_source = tree.query(areas, predicate="covers")
    n = len(shapes)
    inside = np.isin(place * n + source, full_place * n + full_source)
    cut = shapes[source]
    cut[~inside] = shapely.intersection(areas[place[~inside]], cut[~inside])
    real = shapely.area(cut) >= _LEAST_M2
    return cut[real], place[real].astype(np.int64), source[real].astype(np.int64)


def _merge(shapes: NDArray[Any], place: IntArray, column: IntArray, row: IntArray) -> LandPieces:
    """One piece per community and cell, at an inner point of its largest part."""
    area_m2 = shapely.area(shapes)
    order = np.lexsort((-area_m2, column, row, place))
    keys = np.column_stack([place, row, column])[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    starts = np.flatnonzero(first)
    sums = np.add.reduceat(area_m2[order], starts) if len(starts) else np.empty(0)
    leading = order[starts]
    xy = shapely.get_coordinates(shapely.point_on_surface(shapes[leading])).reshape(-1, 2)
    return LandPieces(place[leading], column[leading], row[leading], sums, xy)
