"""Areas as people draw them: self-crossing, overlapping, without ground; repaired and noticed."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import metric_crs, project
from geo.units import FloatArray
from layers.limits import Limits
from layers.notices import Notice
from layers.sheets import list_rows

_SLIVER_M2 = 100.0
_SLIVER_SHARE = 0.001


def repair_areas(
    shapes: NDArray[Any], rows: Sequence[int], layer: str
) -> tuple[NDArray[Any], list[Notice]]:
    """Self-crossing areas made valid, with a warning; shapes without any area come back empty.

    Parameters
    ----------
    shapes
        Shape `(R,)`, areas in degrees.
    rows
        Row numbers as the user sees them.
    """
    notices = []
    numbers = np.asarray(rows, dtype=np.int64)
    invalid = ~shapely.is_valid(shapes)
    repaired = shapes.copy()
    if invalid.any():
        reasons = shapely.is_valid_reason(shapes[invalid])
        repaired[invalid] = [
            keep_areas(shape) for shape in shapely.make_valid(shapes[invalid], method="structure")
        ]
        listed = list_rows([int(row) for row in numbers[invalid]])
        notices.append(
            Notice(
                "warning",
                "shape_repaired",
                layer,
                f"{int(invalid.sum())} areas cross themselves "
                f"({str(reasons[0]).split('[')[0].strip()}) and "
                "were repaired; check rows " + listed,
                f"{int(invalid.sum())} 个面自相交，已自动修复；请核对第 {listed} 行",
                row=listed,
                column="geometry",
                found=str(reasons[0]),
                expected="valid polygon",
                count=int(invalid.sum()),
            )
        )
    flat = ~(shapely.area(repaired) > 0)
    if flat.any():
        listed = list_rows([int(row) for row in numbers[flat]])
        notices.append(
            Notice(
                "error",
                "shape_without_area",
                layer,
                f"{int(flat.sum())} shapes enclose no area; draw or delete rows {listed}",
                f"{int(flat.sum())} 个图形面积为零；请重绘或删除第 {listed} 行",
                row=listed,
                column="geometry",
                expected="polygon",
                count=int(flat.sum()),
            )
        )
        repaired[flat] = shapely.Polygon()
    return repaired, notices


def measure_areas_m2(shapes: NDArray[Any]) -> FloatArray:
    """Ground that areas cover, in a metric system of their extent.

    Parameters
    ----------
    shapes
        Shape `(R,)`: shapes in WGS 84 degrees, None where there is none.

    Returns
    -------
    area_m2
        Shape `(R,)`, m²; NaN for whatever encloses no ground.
    """
    area_m2 = np.full(len(shapes), np.nan)
    areal = shapely.area(shapes) > 0
    if areal.any():
        crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes[areal])))
        area_m2[areal] = shapely.area(shapely.transform(shapes[areal], partial(project, crs=crs)))
    return area_m2


def keep_areas(shape: Any) -> Any:
    """Areal part of any shape; an empty polygon if there is none."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shape)
    areal = [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(areal) if areal else shapely.Polygon()


def find_overlaps(frame: gpd.GeoDataFrame, layer: str, limits: Limits) -> list[Notice]:
    """Pairs of communities that claim the same ground."""
    if len(frame) < 2:
        return []
    shapes = np.asarray(frame.geometry.to_numpy())
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes)))
    metric = shapely.transform(shapes, partial(project, crs=crs))
    one, two = shapely.STRtree(metric).query(metric, predicate="intersects")
    pairs = np.column_stack([one, two])[one < two]
    shared_m2 = shapely.area(shapely.intersection(metric[pairs[:, 0]], metric[pairs[:, 1]]))
    smaller_m2 = np.minimum(shapely.area(metric[pairs[:, 0]]), shapely.area(metric[pairs[:, 1]]))
    real = (shared_m2 > _SLIVER_M2) & (shared_m2 > _SLIVER_SHARE * smaller_m2)
    order = np.argsort(-shared_m2[real], kind="stable")
    codes = frame["community_id"].to_numpy()
    notices = []
    for (left, right), area_m2, share in zip(
        pairs[real][order][: limits.max_listed],
        shared_m2[real][order],
        (shared_m2 / smaller_m2)[real][order],
        strict=False,
    ):
        rows = f"{codes[left]}, {codes[right]}"
        notices.append(
            Notice(
                "warning",
                "communities_overlap",
                layer,
                f"communities {codes[left]} and {codes[right]} overlap by {area_m2:.0f} m² "
                f"({share:.1%} of the smaller); homes there are counted in the first, correct the "
                "boundary",
                f"社区 {codes[left]} 与 {codes[right]} 重叠 {area_m2:.0f} ㎡（占较小者的 "
                f"{share:.1%}）；重叠处的住户计入前者，请更正边界",
                row=rows,
                column="geometry",
                found=f"{area_m2:.0f} m²",
                expected="0 m²",
            )
        )
    slivers = int((shared_m2 > 1.0).sum()) - int(real.sum())
    rest = int(real.sum()) - len(notices)
    if slivers > 0 or rest > 0:
        notices.append(
            Notice(
                "info" if rest <= 0 else "warning",
                "communities_overlap",
                layer,
                f"{slivers} pairs of neighbours overlap by slivers; {max(rest, 0)} more overlap by "
                "more",
                f"{slivers} 对相邻社区有细微重叠；另有 {max(rest, 0)} 对重叠较大",
                column="geometry",
                count=slivers + max(rest, 0),
            )
        )
    return notices
