"""Catchments (学区) as the education office assigns them to schools."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.units import BoolArray
from layers.areas import repair_areas
from layers.facilities import are_names_alike
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.schooling.load import list_parts, read_parameters
from layers.schooling.model import LEVELS
from layers.sheets import list_rows

CATCHMENT_COLUMNS = ("facility_id", "name", "level")

_MOST_NAMED = 10


def read_catchments(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read catchments.

    Returns
    -------
    table
        `CATCHMENT_COLUMNS` as written, `row`, geometry (areas, WGS 84). `level` may be that of a school
        that teaches several, or "".
    notices
        Repaired shapes, rows that name no school, and what the reader found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="catchments",
        aliases=aliases,
        geometry="polygon",
        limits=limits,
    )
    nameless = ((frame["facility_id"] == "") & (frame["name"] == "")).to_numpy()
    if nameless.any():
        notices.append(_nameless(frame, nameless, path.name))
    frame = frame[~frame.geometry.isna().to_numpy() & ~nameless]
    shapes, repaired = repair_areas(
        np.asarray(frame.geometry.to_numpy(), dtype=object), list(frame["row"]), path.name
    )
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    columns = [*CATCHMENT_COLUMNS, "row", "geometry"]
    return frame[columns].reset_index(drop=True), [*notices, *repaired]


def settle_catchments(
    table: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, *, layer: str
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Find the school of each catchment, by id or name.

    Parameters
    ----------
    table
        As from `read_catchments`.
    facilities
        facility_id, kind, name of all facilities, as a run has them.

    Returns
    -------
    catchments
        `CATCHMENT_COLUMNS` and geometry, one row per school and level it holds for, sorted; several areas
        of one are put together. Those of schools nobody knows are left out.
    notices
        Catchments without a school, and levels a school does not teach.
    """
    schools = facilities[facilities["kind"].isin([*LEVELS, "school_unspecified"])]
    taught = schools.groupby("facility_id")["kind"].agg(set).to_dict()
    names = schools.drop_duplicates("facility_id").set_index("facility_id")["name"].to_dict()
    rows: list[dict[str, object]] = []
    lost = np.zeros(len(table), dtype=np.bool_)
    strange = np.zeros(len(table), dtype=np.bool_)
    for at, one in enumerate(table.itertuples(index=False)):
        levels = _list_levels(str(one.level))
        school = _find_school(str(one.facility_id), str(one.name), levels, names, taught)
        if not school:
            lost[at] = True
            continue
        held = [level for level in LEVELS if level in taught[school]]
        wanted = [level for level in levels or held if level in held or not held]
        strange[at] = not wanted
        rows.extend(
            {"facility_id": school, "name": names[school], "level": level, "shape": one.geometry}
            for level in wanted
        )
    notices = _explain(table, lost, strange, layer)
    frame = pd.DataFrame(rows, columns=[*CATCHMENT_COLUMNS, "shape"])
    joined = gpd.GeoDataFrame(
        frame[list(CATCHMENT_COLUMNS)].astype("str"),
        geometry=gpd.array.from_shapely(frame["shape"].to_numpy(dtype=object)),
        crs="EPSG:4326",
    )
    if len(joined):
        joined = joined.dissolve(["facility_id", "level"], as_index=False, aggfunc="first")
    joined = joined[[*CATCHMENT_COLUMNS, "geometry"]]
    return joined.sort_values(["facility_id", "level"], kind="stable").reset_index(
        drop=True
    ), notices


def _list_levels(level: str) -> list[str]:
    return list(list_parts(level, read_parameters()))


def _find_school(
    code: str,
    name: str,
    levels: Sequence[str],
    names: Mapping[str, str],
    taught: Mapping[str, set[str]],
) -> str:
    """Id of the school a row names: by id (a file's name may stand before it), by name, by a like name."""
    ids = [one for one in names if code and (one == code or one.endswith(f":{code}"))]
    if len(ids) == 1:
        return ids[0]
    fitting = [one for one in names if not levels or taught[one] & set(levels)]
    for same in (
        [one for one in fitting if name and names[one] == name],
        [one for one in fitting if name and are_names_alike(names[one], name)],
        [one for one in names if name and names[one] == name],
    ):
        if len(same) == 1:
            return same[0]
    return ""


def _nameless(frame: gpd.GeoDataFrame, rows_of: BoolArray, layer: str) -> Notice:
    rows = _list(frame, rows_of)
    return Notice(
        "error",
        "missing_school",
        layer,
        f"rows {rows} name no school; fill in 学校编号 or 学校名称",
        f"第 {rows} 行没有学校；请填写“学校编号”或“学校名称”",
        row=rows,
        column="facility_id, name",
        expected="学校编号, 学校名称",
        count=int(rows_of.sum()),
    )


def _explain(
    table: gpd.GeoDataFrame, lost: BoolArray, strange: BoolArray, layer: str
) -> list[Notice]:
    notices = []
    for rows_of, code, what, what_zh in (
        (
            lost,
            "catchment_without_school",
            (
                "belong to schools no table of facilities lists ({sample}); they were left out, correct the "
                "school's id or name, or list the school"
            ),
            "所属学校不在设施表或地图中（{sample}）；未计入，请核对学校编号、名称，或补充该学校",
        ),
        (
            strange,
            "catchment_level",
            "are of a level their school does not teach ({sample}); they were left out, correct 学段",
            "的学段与学校不符（{sample}）；未计入，请更正“学段”",
        ),
    ):
        if not rows_of.any():
            continue
        gone = table[rows_of]
        said = gone["name"].where(gone["name"] != "", gone["facility_id"])
        listed = list(dict.fromkeys(str(text) for text in said))
        sample = "、".join(listed[:_MOST_NAMED]) + ("…" if len(listed) > _MOST_NAMED else "")
        rows = _list(table, rows_of)
        notices.append(
            Notice(
                "warning",
                code,
                layer,
                f"{int(rows_of.sum())} catchments (rows {rows}) {what.format(sample=sample)}",
                f"{int(rows_of.sum())} 个学区（第 {rows} 行）{what_zh.format(sample=sample)}",
                row=rows,
                found=sample,
                count=int(rows_of.sum()),
            )
        )
    return notices


def _list(table: pd.DataFrame, rows: BoolArray) -> str:
    return list_rows([int(row) for row in table["row"][rows]])
