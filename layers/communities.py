"""Communities: areas with a code and residents, from a table, OSM boundaries or analysis cells."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from geo.cells import square_cells
from geo.crs import CHINA_BOUNDS_DEG, metric_crs, project, unproject
from geo.units import BoolArray, FloatArray
from layers.coordinates import describe_bounds
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.sheets import list_rows

COMMUNITY_COLUMNS = (
    "community_id",
    "name",
    "district",
    "subdistrict",
    "households",
    "population",
    "valid_from",
    "source",
)

_SLIVER_M2 = 100.0
_SLIVER_SHARE = 0.001
_DATUM_SHIFT_M = 1500.0
_METRES_PER_DEGREE = 111_320.0


def read_communities(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read the user's communities.

    Parameters
    ----------
    crs, encoding, aliases, limits
        As in `layers.readers.read_table`.

    Returns
    -------
    communities
        `COMMUNITY_COLUMNS` and `geometry`, areas in WGS 84, sorted by `community_id`; rows
        without a usable shape are left out (their notices are errors). Unknown households are NaN.
    notices
        Duplicate codes, negative and missing households, repaired and overlapping shapes, and what
        the reader found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="communities",
        aliases=aliases,
        geometry="polygon",
        limits=limits,
    )
    notices.extend(_name_communities(frame, path.name))
    notices.extend(_explain_missing_households(frame, path.name))
    frame["source"] = pd.Series(["table"] * len(frame), index=frame.index, dtype="str")
    frame = frame[~frame.geometry.isna().to_numpy()]
    shapes, repaired = repair_areas(np.asarray(frame.geometry.to_numpy()), frame["row"], path.name)
    notices.extend(repaired)
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    frame = frame[~shapely.is_empty(shapes)].drop_duplicates("community_id")
    communities = _finish(frame)
    notices.extend(_find_overlaps(communities, path.name, limits))
    return communities, notices


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


def keep_areas(shape: Any) -> Any:
    """Areal part of any shape; an empty polygon if there is none."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shape)
    areal = [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(areal) if areal else shapely.Polygon()


def check_extent(
    communities: gpd.GeoDataFrame,
    bounds: tuple[float, float, float, float],
    limit_m: float,
    *,
    layer: str = "communities",
    limits: Limits = DEFAULT_LIMITS,
) -> list[Notice]:
    """Whether the street extract covers the communities and one limit around them.

    Parameters
    ----------
    communities
        As from `read_communities`.
    bounds
        West, south, east, north of the walkable streets, WGS 84 degrees.
    limit_m
        Longest walk that counts, metres (15 min × 1.2 m/s = 1080 m).

    Returns
    -------
    notices
        `outside_extent`, an error, for communities that do not touch the extract, with the distance
        and what it may come from; `extract_too_small`, a warning, for those it cuts too
        close.
    """
    boxes = shapely.bounds(communities.geometry.to_numpy())
    outside = _find_apart(boxes, bounds)
    codes = communities["community_id"].to_numpy()
    names = communities["name"].to_numpy()
    notices: list[Notice] = []
    if outside.all() and len(outside) > 1:
        notices.append(
            _explain_outside(boxes, bounds, layer, f"all {len(outside)} communities", "", "")
        )
    else:
        notices.extend(
            _explain_outside(
                boxes[[place]],
                bounds,
                layer,
                f"community {codes[place]}",
                codes[place],
                names[place],
            )
            for place in np.flatnonzero(outside)[: limits.max_listed]
        )
    short_m = _measure_shortfall_m(boxes, bounds, limit_m)
    notices.extend(
        Notice(
            "warning",
            "extract_too_small",
            layer,
            f"the streets end {short_m[place]:.0f} m too early for community {codes[place]}: they "
            "should "
            f"reach {limit_m:.0f} m beyond it; its coverage may be too low near the edge, take a "
            "larger "
            "extract",
            f"社区 {codes[place]}（{names[place]}）周边路网缺 {short_m[place]:.0f} 米："
            "路网应超出社区边界 "
            f"{limit_m:.0f} 米；边缘处覆盖率可能偏低，请使用更大的路网范围",
            row=str(codes[place]),
            found=f"{limit_m - short_m[place]:.0f} m",
            expected=f"{limit_m:.0f} m",
        )
        for place in np.flatnonzero((short_m > 1.0) & ~outside)
    )
    return notices


def check_places(
    places: gpd.GeoDataFrame,
    bounds: tuple[float, float, float, float],
    *,
    layer: str,
    id_column: str,
) -> list[Notice]:
    """Whether points of a table lie on the extract: an error when none does, a warning for some."""
    boxes = shapely.bounds(places.geometry.to_numpy())
    outside = _find_apart(boxes, bounds)
    if not outside.any():
        return []
    if outside.all():
        return [_explain_outside(boxes, bounds, layer, f"all {len(outside)} rows", "", "")]
    codes = [str(code) for code in places[id_column].to_numpy()[outside]]
    return [
        Notice(
            "warning",
            "outside_extent",
            layer,
            f"{len(codes)} of {len(places)} rows lie outside the streets of the extract "
            f"({describe_bounds(bounds)}) and cannot be walked to; check their coordinates",
            f"{len(places)} 行中有 {len(codes)} 行位于路网范围（{describe_bounds(bounds)}）之外，"
            "无法步行到达；请核对坐标",
            row=", ".join(codes[:20]) + (", …" if len(codes) > 20 else ""),
            found=f"{len(codes)}",
            expected=describe_bounds(bounds),
            count=len(codes),
        )
    ]


def build_cells(extent: NDArray[Any], size_m: float, crs: str) -> gpd.GeoDataFrame:
    """Analysis cells wherever there is something of `extent`: buildings, residential land, streets.

    Parameters
    ----------
    extent
        Shape `(G,)`: shapes in WGS 84 degrees; cells that touch none of them are left out.
    size_m
        Side of a cell, metres.
    crs
        Metric system the grid stands in.

    Returns
    -------
    cells
        As communities, with ids `c_<column>_<row>` that stay when the extent grows; households
        unknown.
    """
    shapes = np.asarray(extent, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        return _finish(
            _frame_cells(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, object))
        )
    metric = shapely.transform(shapes, partial(project, crs=crs))
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(metric))
    cells = square_cells((west, south, east, north), size_m)
    touched = np.unique(shapely.STRtree(cells.square).query(metric, predicate="intersects")[1])
    squares = shapely.transform(cells.square[touched], partial(unproject, crs=crs))
    return _finish(_frame_cells(cells.column[touched], cells.row[touched], squares))


def from_boundaries(
    boundaries: gpd.GeoDataFrame, admin_level: int, *, layer: str = "osm"
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Communities from OSM boundaries of one level; households unknown.

    Parameters
    ----------
    boundaries
        `OsmExtract.boundaries`: boundary_id, name, admin_level, ref_code, geometry.
    """
    levels = pd.to_numeric(boundaries["admin_level"], errors="coerce").to_numpy(dtype=np.float64)
    chosen = boundaries[levels == admin_level]
    if not len(chosen):
        known = (
            ", ".join(f"{level:.0f}" for level in np.unique(levels[np.isfinite(levels)])) or "none"
        )
        return _finish(_frame_boundaries(chosen)), [
            Notice(
                "error",
                "no_boundaries",
                layer,
                f"the extract holds no boundary of admin_level {admin_level}; levels found: "
                f"{known}; choose "
                "one of them, bring a table of communities, or use cells_m",
                f"路网文件中没有 admin_level={admin_level} 的边界；现有级别：{known}；请改选、"
                "提供社区表，或使用 cells_m",
                found=known,
                expected=str(admin_level),
            )
        ]
    frame = _frame_boundaries(chosen)
    shapes, notices = repair_areas(
        np.array([keep_areas(shape) for shape in frame.geometry], dtype=object),
        list(range(1, len(frame) + 1)),
        layer,
    )
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    frame = frame[~shapely.is_empty(shapes)].drop_duplicates("community_id")
    communities = _finish(frame)
    return communities, [*notices, *_find_overlaps(communities, layer, DEFAULT_LIMITS)]


def _name_communities(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Give every row a code; say where it came from when the table has none."""
    notices = []
    codes, names = frame["community_id"], frame["name"]
    uncoded = (codes == "").to_numpy()
    if uncoded.all() and len(frame):
        twice = names.duplicated(keep=False) & (names != "")
        if (names == "").all():
            frame["community_id"] = pd.array([f"row_{row}" for row in frame["row"]], dtype="str")
            what, what_zh = "rows were numbered", "已按行号编号"
        elif twice.any() or (names == "").any():
            frame["community_id"] = names
            bad = frame[twice | (names == "")]
            rows = [int(row) for row in bad["row"]]
            return [
                Notice(
                    "error",
                    "missing_code",
                    layer,
                    f"there is no column of codes, and names are missing or stand twice in rows "
                    f"{list_rows(rows)}; add a column community_id (社区编码)",
                    f"没有社区编码列，且第 {list_rows(rows)} 行名称缺失或重复；请补充“社区编码”列",
                    row=list_rows(rows),
                    column="community_id",
                    found=", ".join(dict.fromkeys(str(name) for name in bad["name"])),
                    expected="社区编码",
                    count=len(rows),
                )
            ]
        else:
            frame["community_id"] = names
            what, what_zh = "names were taken as codes", "已用名称代替编码"
        notices.append(
            Notice(
                "warning",
                "codes_made_up",
                layer,
                f"the table has no column of codes (community_id, 社区编码); {what}, results can "
                "only be "
                "joined to other tables by them",
                f"表中没有社区编码列；{what_zh}，结果只能据此与其他表连接",
                column="community_id",
                expected="社区编码",
                count=len(frame),
            )
        )
    elif uncoded.any():
        rows = [int(row) for row in frame["row"][uncoded]]
        notices.append(
            Notice(
                "error",
                "missing_code",
                layer,
                f"{len(rows)} communities have no code; fill in rows {list_rows(rows)}",
                f"{len(rows)} 个社区没有编码；请补全第 {list_rows(rows)} 行",
                row=list_rows(rows),
                column="community_id",
                expected="社区编码",
                count=len(rows),
            )
        )
    repeated = names[names.duplicated(keep=False) & (names != "")]
    if len(repeated) and not uncoded.all():
        sample = "、".join(list(dict.fromkeys(repeated))[:5])
        notices.append(
            Notice(
                "info",
                "names_not_unique",
                layer,
                f"{repeated.nunique()} names stand more than once ({sample}); communities are "
                "told apart by "
                "their codes",
                f"{repeated.nunique()} 个名称重复出现（{sample}）；以编码区分",
                column="name",
                found=sample,
                count=int(repeated.nunique()),
            )
        )
    frame["name"] = names.where(names != "", frame["community_id"])
    return notices


def _explain_missing_households(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    missing = frame["households"].isna().to_numpy()
    if not missing.any():
        return []
    rows = [int(row) for row in frame["row"][missing]]
    every = bool(missing.all())
    where = "no community has" if every else f"{len(rows)} of {len(frame)} communities have no"
    return [
        Notice(
            "warning",
            "missing_households",
            layer,
            f"{where}{' a' if every else ''} number of households; shares are then of homes, not "
            "of "
            f"households, and rules on households stay unknown for rows {list_rows(rows)}",
            f"{'所有' if every else f'{len(frame)} 个社区中有 {len(rows)} 个'}社区没有户数；"
            "其覆盖率按住房而非户数计算，"
            f"与户数有关的规则判为未知（第 {list_rows(rows)} 行）",
            row=list_rows(rows),
            column="households",
            expected="户数",
            count=len(rows),
        )
    ]


def _find_overlaps(frame: gpd.GeoDataFrame, layer: str, limits: Limits) -> list[Notice]:
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
                f"({share:.1%} of the "
                "smaller); homes there are counted in the first, correct the boundary",
                f"社区 {codes[left]} 与 {codes[right]} 重叠 {area_m2:.0f} ㎡（占较小者的 "
                f"{share:.1%}）；"
                "重叠处的住户计入前者，请更正边界",
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
                f"{slivers} pairs of neighbours overlap by slivers; {max(rest, 0)} more overlap "
                "by more",
                f"{slivers} 对相邻社区有细微重叠；另有 {max(rest, 0)} 对重叠较大",
                column="geometry",
                count=slivers + max(rest, 0),
            )
        )
    return notices


def _find_apart(boxes: FloatArray, bounds: tuple[float, float, float, float]) -> BoolArray:
    west, south, east, north = bounds
    apart: BoolArray = (
        (boxes[:, 0] > east) | (boxes[:, 2] < west) | (boxes[:, 1] > north) | (boxes[:, 3] < south)
    )
    return apart


def _measure_apart_m(boxes: FloatArray, bounds: tuple[float, float, float, float]) -> float:
    """Least distance between the boxes' middles and the bounds, metres on the ellipsoid."""
    lon, lat = boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)
    near_lon, near_lat = np.clip(lon, bounds[0], bounds[2]), np.clip(lat, bounds[1], bounds[3])
    _, _, apart_m = Geod(ellps="WGS84").inv(lon, lat, near_lon, near_lat)
    return float(np.min(apart_m))


def _measure_shortfall_m(
    boxes: FloatArray, bounds: tuple[float, float, float, float], limit_m: float
) -> FloatArray:
    """How far the bounds fall short of `limit_m` beyond each box, metres; 0 where they do not."""
    west, south, east, north = bounds
    per_lon = _METRES_PER_DEGREE * np.cos(np.radians((south + north) / 2))
    margins_m = np.column_stack(
        [
            (boxes[:, 0] - west) * per_lon,
            (boxes[:, 1] - south) * _METRES_PER_DEGREE,
            (east - boxes[:, 2]) * per_lon,
            (north - boxes[:, 3]) * _METRES_PER_DEGREE,
        ]
    )
    short: FloatArray = np.maximum(limit_m - margins_m.min(axis=1), 0.0)
    return short


def _explain_outside(
    boxes: FloatArray,
    bounds: tuple[float, float, float, float],
    layer: str,
    what: str,
    code: str,
    name: str,
) -> Notice:
    apart_m = _measure_apart_m(boxes, bounds)
    swapped = not _find_apart(boxes[:, [1, 0, 3, 2]], bounds).all()
    west, south, east, north = CHINA_BOUNDS_DEG
    in_china = west <= bounds[0] <= east and south <= bounds[1] <= north
    if swapped:
        cause = "longitude and latitude look swapped, exchange the two columns"
        cause_zh = "经纬度似乎颠倒，请对调两列"
    elif apart_m < _DATUM_SHIFT_M and in_china:
        cause = "such a distance may come from GCJ-02 or BD-09 coordinates, declare them with crs"
        cause_zh = "该距离可能由 GCJ-02 或 BD-09 坐标造成，请用 crs 声明"
    else:
        cause = "is it another city, or another coordinate system (declare it with crs)?"
        cause_zh = "是否为其他城市，或坐标系不同（请用 crs 声明）？"
    middle = boxes[:, [0, 2]].mean(), boxes[:, [1, 3]].mean()
    return Notice(
        "error",
        "outside_extent",
        layer,
        f"{what} at {middle[0]:.4f}, {middle[1]:.4f} {'lie' if not code else 'lies'} "
        f"{apart_m / 1000:.1f} km "
        f"outside the streets of the extract ({describe_bounds(bounds)}): {cause}",
        f"{f'社区 {code}（{name}）' if code else '全部记录'}位于 {middle[0]:.4f}, {middle[1]:.4f}，"
        f"距路网范围（{describe_bounds(bounds)}）{apart_m / 1000:.1f} 公里：{cause_zh}",
        row=code,
        column="geometry",
        found=f"{middle[0]:.4f}, {middle[1]:.4f}",
        expected=describe_bounds(bounds),
        count=len(boxes),
    )


def _frame_cells(
    column: NDArray[np.int64], row: NDArray[np.int64], squares: NDArray[Any]
) -> gpd.GeoDataFrame:
    names = [f"{x:04d}_{y:04d}" for x, y in zip(column, row, strict=True)]
    return _frame_unknown(
        [f"c_{name}" for name in names],
        [f"网格 {name.replace('_', '-')}" for name in names],
        "cells",
        squares,
    )


def _frame_boundaries(boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    codes = boundaries["ref_code"].where(boundaries["ref_code"] != "", boundaries["boundary_id"])
    codes = codes.where(~codes.duplicated(keep=False), boundaries["boundary_id"])
    names = boundaries["name"].where(boundaries["name"] != "", codes)
    return _frame_unknown(
        [str(code) for code in codes],
        [str(name) for name in names],
        "osm",
        np.asarray(boundaries.geometry.to_numpy()),
    )


def _frame_unknown(
    codes: list[str], names: list[str], source: str, shapes: NDArray[Any]
) -> gpd.GeoDataFrame:
    n = len(codes)
    return gpd.GeoDataFrame(
        {
            "community_id": pd.array(codes, dtype="str"),
            "name": pd.array(names, dtype="str"),
            "district": pd.array([""] * n, dtype="str"),
            "subdistrict": pd.array([""] * n, dtype="str"),
            "households": np.full(n, np.nan),
            "population": np.full(n, np.nan),
            "valid_from": pd.array([""] * n, dtype="str"),
            "source": pd.array([source] * n, dtype="str"),
        },
        geometry=gpd.array.from_shapely(shapes),
        crs="EPSG:4326",
    )


def _finish(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    ordered = frame[[*COMMUNITY_COLUMNS, "geometry"]].sort_values("community_id", kind="stable")
    return ordered.reset_index(drop=True)
