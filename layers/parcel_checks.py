"""What is wrong with a table of reserved land, in sentences; and what cannot be meant, made unknown."""

from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs, project
from geo.units import BoolArray
from layers.notices import Notice
from layers.schooling.load import list_parts, read_parameters
from layers.sheets import list_rows

_SLIVER = 0.02
_NAMED = 20
_LOST = ("re-zoned", "occupied")


def clear_zeros(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Make areas and classes of 0 unknown, in place; say where.

    Parameters
    ----------
    frame
        Columns of `layers.parcels.PARCEL_COLUMNS` and `row`.
    """
    notices = []
    for column, what, what_zh in (
        ("area_m2", "an area of 0", "用地面积为 0"),
        ("planned_classes", "0 planned classes", "规划班数为 0"),
    ):
        zero = (frame[column] == 0).to_numpy()
        if zero.any():
            frame.loc[zero, column] = np.nan
            rows = _list(frame, zero)
            notices.append(
                Notice(
                    "warning",
                    "zero_is_unknown",
                    layer,
                    f"{int(zero.sum())} parcels have {what} (rows {rows}); it was taken as unknown, fill in "
                    "the number or leave the cell empty",
                    f"{int(zero.sum())} 个地块{what_zh}（第 {rows} 行）；已按未知处理，请填写数值或留空",
                    row=rows,
                    column=column,
                    found="0",
                    count=int(zero.sum()),
                )
            )
    return notices


def explain_nameless(frame: gpd.GeoDataFrame, stem: str, layer: str) -> list[Notice]:
    """Parcels without an id: what they are called instead.

    Parameters
    ----------
    frame
        parcel_id and `row`.
    """
    nameless = (frame["parcel_id"] == "").to_numpy()
    if not nameless.any():
        return []
    rows, first = _list(frame, nameless), f"{stem}-{int(frame['row'][nameless].iloc[0])}"
    return [
        Notice(
            "warning",
            "parcels_without_id",
            layer,
            f"{int(nameless.sum())} parcels have no id (rows {rows}) and were named after file and row, such "
            f"as {first}; other tables and later plans cannot refer to them, fill in 地块编号",
            f"{int(nameless.sum())} 个地块没有编号（第 {rows} 行），已按文件名和行号命名，如 {first}；"
            "其他表格和后续规划无法与之对应，请补填“地块编号”",
            row=rows,
            column="parcel_id",
            expected="地块编号",
            count=int(nameless.sum()),
        )
    ]


def check_entries(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Classes that do not fit the level, and what is not said.

    Parameters
    ----------
    frame
        Columns of `layers.parcels.PARCEL_COLUMNS`, `row`, geometry (WGS 84).
    """
    return [*_check_classes(frame, layer), *_list_missing(frame, layer)]


def _check_classes(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Planned classes that are not whole, or fewer than there are grades."""
    classes = frame["planned_classes"].to_numpy(dtype=np.float64)
    odd = ~np.isnan(classes) & (classes % 1 != 0)
    grades = np.array([_count_grades(str(level)) for level in frame["level"]], dtype=np.float64)
    few = ~odd & (classes > 0) & (classes < grades)
    notices = []
    for rows_of, code, what, what_zh in (
        (
            odd,
            "classes_not_whole",
            "no whole number of planned classes, such as {found}; correct it",
            "的规划班数不是整数，如 {found}；请更正",
        ),
        (
            few,
            "fewer_classes_than_grades",
            "fewer planned classes than their level has grades, such as {found}; check level and classes",
            "的规划班数少于该学段的年级数，如 {found}；请核对学段和规划班数",
        ),
    ):
        if rows_of.any():
            rows, found = _list(frame, rows_of), f"{classes[rows_of][0]:g}"
            notices.append(
                Notice(
                    "warning",
                    code,
                    layer,
                    f"{int(rows_of.sum())} parcels (rows {rows}) have {what.format(found=found)}",
                    f"{int(rows_of.sum())} 个地块（第 {rows} 行）{what_zh.format(found=found)}",
                    row=rows,
                    column="planned_classes",
                    found=found,
                    count=int(rows_of.sum()),
                )
            )
    return notices


def _count_grades(level: str) -> float:
    parameters = read_parameters()
    return float(sum(parameters.levels[code].years for code in list_parts(level, parameters)))


def _list_missing(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """One line on what parcels do not say, and what stays unknown for want of it."""
    ahead = ~frame["status"].isin(("open", *_LOST)).to_numpy()
    drawn = shapely.area(np.asarray(frame.geometry.to_numpy(), dtype=object)) > 0
    cases = [
        ("status", (frame["status"] == "").to_numpy(), "a status", "状态"),
        ("level", frame["level"].isin(("", "school")).to_numpy(), "a certain level", "明确学段"),
        (
            "planned_classes",
            frame["planned_classes"].isna().to_numpy(),
            "planned classes",
            "规划班数",
        ),
        (
            "opening_year",
            frame["opening_year"].isna().to_numpy() & ahead,
            "a year of opening",
            "开办年份",
        ),
        ("geometry", ~drawn, "a boundary (a point only)", "边界（只有点位）"),
    ]
    missing = [one for one in cases if one[1].any()]
    if not missing:
        return []
    some = np.logical_or.reduce([rows for _, rows, _, _ in missing])
    rows = _list(frame, some)
    told = ", ".join(f"{int(one.sum())} without {what}" for _, one, what, _ in missing)
    told_zh = "、".join(f"{int(one.sum())} 个没有{what}" for _, one, _, what in missing)
    return [
        Notice(
            "info",
            "parcels_incomplete",
            layer,
            f"of {len(frame)} parcels, {told} (rows {rows}); what hangs on that stays unknown",
            f"{len(frame)} 个地块中，{told_zh}（第 {rows} 行）；有关结论按未知处理",
            row=rows,
            column=", ".join(name for name, _, _, _ in missing),
            count=int(some.sum()),
        )
    ]


def find_overlaps(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Parcels that claim the same ground; slivers between neighbours are none."""
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes)))
    metric = shapely.transform(shapes, partial(project, crs=crs))
    one, two = shapely.STRtree(metric).query(metric, predicate="intersects")
    one, two = one[one < two], two[one < two]
    shared_m2 = shapely.area(shapely.intersection(metric[one], metric[two]))
    smaller_m2 = np.minimum(shapely.area(metric[one]), shapely.area(metric[two]))
    real = shared_m2 > _SLIVER * smaller_m2
    if not real.any():
        return []
    numbers = frame["row"].to_numpy()
    rows = sorted({int(row) for row in (*numbers[one[real]], *numbers[two[real]])})
    worst = int(np.argmax(np.where(real, shared_m2, 0.0)))
    ids = frame["parcel_id"].to_numpy(dtype=object)
    pair, size = (str(ids[one[worst]]), str(ids[two[worst]])), f"{shared_m2[worst]:,.0f}"
    return [
        Notice(
            "warning",
            "parcels_overlap",
            layer,
            f"{int(real.sum())} pairs of parcels overlap, most of all {pair[0]} and {pair[1]} by "
            f"{size} m²; one ground cannot count twice, correct the boundaries",
            f"有 {int(real.sum())} 对地块重叠，最多的是 {pair[0]} 与 {pair[1]}，重叠 {size} ㎡；"
            "同一块地不能算两次，请更正边界",
            row=list_rows(rows),
            column="geometry",
            found=f"{size} m²",
            expected="0 m²",
            count=int(real.sum()),
        )
    ]


def check_in_city(
    parcels: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    *,
    layer: str,
    first_year: int,
    this_year: int,
) -> list[Notice]:
    """Parcels outside every community, and years of opening that do not fit their status.

    Parameters
    ----------
    parcels
        As `layers.parcels.read_parcels` gives them.
    communities
        Areas, WGS 84.
    first_year
        First year looked at.
    this_year
        Year of the day it is looked at.
    """
    return [
        *_check_outside(parcels, communities, layer),
        *_check_years(parcels, layer, first_year, this_year),
    ]


def _check_outside(
    parcels: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, layer: str
) -> list[Notice]:
    areas = np.asarray(communities.geometry.to_numpy(), dtype=object)
    shapes = np.asarray(parcels.geometry.to_numpy(), dtype=object)
    if not len(areas) or not len(shapes):
        return []
    outside = np.ones(len(shapes), dtype=np.bool_)
    outside[shapely.STRtree(areas).query(shapes, predicate="intersects")[0]] = False
    if not outside.any():
        return []
    names = _name(parcels, outside)
    every = bool(outside.all())
    what = f"all {len(parcels)}" if every else f"{int(outside.sum())} of {len(parcels)}"
    what_zh = f"全部 {len(parcels)}" if every else f"{len(parcels)} 个中有 {int(outside.sum())}"
    return [
        Notice(
            "warning",
            "parcels_outside",
            layer,
            f"{what} parcels lie in no community of the city ({names}); "
            + (
                "is it another city's table, or another coordinate system (declare it with crs)?"
                if every
                else "a school there counts for whoever walks to it, but in no community: check their place"
            ),
            f"{what_zh} 个地块不在任何社区范围内（{names}）；"
            + (
                "是否为其他城市的表，或坐标系不同（请用 crs 声明）？"
                if every
                else "建成后仍供步行可达的儿童就读，但不计入任何社区，请核对位置"
            ),
            row=names,
            column="geometry",
            count=int(outside.sum()),
        )
    ]


def _check_years(
    parcels: gpd.GeoDataFrame, layer: str, first_year: int, this_year: int
) -> list[Notice]:
    year, status = parcels["opening_year"].to_numpy(dtype=np.float64), parcels["status"]
    ahead = ~status.isin(("", "open", *_LOST)).to_numpy()
    latest = max(first_year, this_year)
    notices = []
    for rows_of, code, what, what_zh in (
        (
            ahead & (year >= first_year) & (year < this_year),
            "opening_gone_by",
            (
                f"were to open before {this_year} but are not open ({{names}}); places are counted from that "
                f"year on, since the years looked at begin with {first_year}: correct 计划开办年份 or 状态"
            ),
            (
                f"个地块的开办年份早于今年（{this_year} 年），状态却不是已建成（{{names}}）；因测算自 {first_year} "
                "年起，仍按该年份计入学位，请更正“计划开办年份”或“状态”"
            ),
        ),
        (
            ahead & (year < first_year),
            "opening_gone_by",
            (
                f"were to open before {first_year} but are not open ({{names}}); when they will is taken as "
                "unknown, correct 计划开办年份 or 状态"
            ),
            (
                f"个地块的开办年份早于 {first_year} 年，状态却不是已建成（{{names}}）；开办年份按未知处理，"
                "请更正“计划开办年份”或“状态”"
            ),
        ),
        (
            (status == "open").to_numpy() & (year > latest),
            "opening_still_to_come",
            (
                f"are open but are to open after {latest} ({{names}}); the year was followed, correct one "
                "of them"
            ),
            f"个地块状态为已建成，开办年份却晚于 {latest} 年（{{names}}）；已以年份为准，请更正其一",
        ),
    ):
        if rows_of.any():
            names, count = _name(parcels, rows_of), int(rows_of.sum())
            notices.append(
                Notice(
                    "warning",
                    code,
                    layer,
                    f"{count} parcels {what.format(names=names)}",
                    f"{count} {what_zh.format(names=names)}",
                    row=names,
                    column="opening_year",
                    found=f"{year[rows_of][0]:g}",
                    count=count,
                )
            )
    return notices


def _name(parcels: gpd.GeoDataFrame, rows_of: BoolArray) -> str:
    ids = [str(one) for one in parcels["parcel_id"][rows_of]]
    return ", ".join(ids[:_NAMED]) + (", …" if len(ids) > _NAMED else "")


def _list(frame: pd.DataFrame, rows: BoolArray) -> str:
    return list_rows([int(row) for row in frame["row"][rows]])
