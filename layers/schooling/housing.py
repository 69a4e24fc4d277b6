"""Homes to come: compounds with their households and the year they are handed over."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.units import BoolArray
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.schooling.area_names import build_area_names
from layers.sheets import list_rows

HOUSING_COLUMNS = ("housing_id", "name", "community_id", "households", "year")


def read_housing(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read compounds to come: points, areas, or only the community they belong to.

    Returns
    -------
    table
        `HOUSING_COLUMNS`, `community` (its name as written), `row`, geometry (Point, WGS 84; of areas an
        inner point; None where only the community is known). Unknown households and years are NaN.
    notices
        What was found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="housing",
        aliases=aliases,
        geometry="maybe",
        limits=limits,
    )
    made_up = pd.Series(
        [f"{path.stem}-{row}" for row in frame["row"]], index=frame.index, dtype="str"
    )
    frame["housing_id"] = frame["housing_id"].where(frame["housing_id"] != "", made_up)
    frame["name"] = frame["name"].where(frame["name"] != "", frame["housing_id"])
    if not any(notice.code == "missing_column" for notice in notices):
        for column, word, effect, effect_zh in (
            ("households", "户数", "how many children they bring", "带来多少学生"),
            ("year", "交付年份", "from when on their children need places", "从哪一年起需要学位"),
        ):
            notices += _explain_blank(frame, column, word, effect, effect_zh, path.name)
    frame = frame.drop_duplicates("housing_id")
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    areal = shapely.get_type_id(shapes) > 0
    if areal.any():
        shapes[areal] = shapely.point_on_surface(shapely.make_valid(shapes[areal]))
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    columns = [*HOUSING_COLUMNS, "community", "row", "geometry"]
    return frame[columns].sort_values("housing_id", kind="stable").reset_index(drop=True), notices


def settle_housing(
    table: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, *, layer: str, first_year: int
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Give every compound its community: the one it lies in, else the one it names.

    Parameters
    ----------
    table
        As from `read_housing`.
    communities
        community_id, name, district, geometry (areas, WGS 84).
    first_year
        Compounds handed over before it are taken to be counted already; a notice says which.

    Returns
    -------
    housing
        `HOUSING_COLUMNS` and geometry, sorted by id; `community_id` is "" outside all communities.
        Compounds without a place whose community nobody knows are left out.
    notices
        Unknown communities, places outside all of them, in another one than stated, years gone by.
    """
    names = build_area_names(communities)
    stated = [
        names.find_community(str(code), str(name))
        for code, name in zip(table["community_id"], table["community"], strict=True)
    ]
    said = ((table["community_id"] != "") | (table["community"] != "")).to_numpy()
    shapes = np.asarray(table.geometry.to_numpy(), dtype=object)
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    inside = _find_inside(shapes, placed, communities)
    named = np.array([code != "" for code in stated], dtype=np.bool_)
    lost = ~placed & ~named
    outside = placed & (inside == "")
    elsewhere = placed & named & (inside != "") & (inside != np.array(stated, dtype=object))
    notices = _explain_places(table, lost, said & ~named & placed, outside, elsewhere, layer)
    notices += _explain_delivered(table, first_year, layer)
    settled = table.assign(
        community_id=pd.Series(
            np.where(placed, inside, np.array(stated, dtype=object)), index=table.index, dtype="str"
        )
    )[~lost]
    return settled[[*HOUSING_COLUMNS, "geometry"]].reset_index(drop=True), notices


def _find_inside(
    shapes: np.ndarray, placed: BoolArray, communities: gpd.GeoDataFrame
) -> np.ndarray:
    """Code of the community each point lies in, the first of several; "" for none."""
    codes = np.full(len(shapes), "", dtype=object)
    areas = np.asarray(communities.geometry.to_numpy(), dtype=object)
    rows = np.flatnonzero(placed)
    points, found = shapely.STRtree(areas).query(shapes[rows], predicate="intersects")
    ids = communities["community_id"].to_numpy(dtype=object)
    for at in np.lexsort((-found, points)).tolist():
        codes[rows[points[at]]] = str(ids[found[at]])
    return codes


def _explain_blank(
    frame: gpd.GeoDataFrame, column: str, word: str, effect: str, effect_zh: str, layer: str
) -> list[Notice]:
    blank = frame[column].isna().to_numpy()
    if not blank.any():
        return []
    rows = _list(frame, blank)
    return [
        Notice(
            "warning",
            f"missing_{column}",
            layer,
            f"{int(blank.sum())} compounds to come have no {column} (rows {rows}); {effect} stays unknown, "
            f"fill in {word}",
            f"{int(blank.sum())} 个规划住宅项目没有{word}（第 {rows} 行）；{effect_zh}无法确定，请补填",
            row=rows,
            column=column,
            expected=word,
            count=int(blank.sum()),
        )
    ]


def _explain_places(
    table: gpd.GeoDataFrame,
    lost: BoolArray,
    unknown: BoolArray,
    outside: BoolArray,
    elsewhere: BoolArray,
    layer: str,
) -> list[Notice]:
    cases = (
        (
            lost,
            "error" if lost.all() else "warning",
            "missing_place",
            (
                "have neither a place on the map nor a known community and were left out; add coordinates or "
                "correct community_id (社区编码)"
            ),
            "既没有位置，所属社区也无法识别，未计入；请补充坐标或更正“社区编码”",
        ),
        (
            unknown,
            "warning",
            "unknown_community",
            "name a community the table of communities does not have; the one they lie in was taken",
            "所填社区不在社区表中；已采用其所在位置的社区",
        ),
        (
            outside,
            "warning",
            "housing_outside",
            (
                "lie in no community of the city; their children are not counted, check their coordinates or "
                "the boundaries"
            ),
            "不在任何社区范围内；带来的儿童未计入，请核对坐标或社区边界",
        ),
        (
            elsewhere,
            "warning",
            "housing_elsewhere",
            "lie in another community than stated; the place was followed, correct one of them",
            "所在位置与所填社区不一致；已以位置为准，请更正其一",
        ),
    )
    notices = []
    for rows_of, severity, code, what, what_zh in cases:
        if not rows_of.any():
            continue
        rows = _list(table, rows_of)
        sample = str(table["name"][rows_of].iloc[0])
        notices.append(
            Notice(
                severity,  # type: ignore[arg-type]
                code,
                layer,
                f"{int(rows_of.sum())} compounds to come (rows {rows}), such as {sample}, {what}",
                f"{int(rows_of.sum())} 个规划住宅项目（第 {rows} 行，如“{sample}”）{what_zh}",
                row=rows,
                found=sample,
                count=int(rows_of.sum()),
            )
        )
    return notices


def _explain_delivered(table: gpd.GeoDataFrame, first_year: int, layer: str) -> list[Notice]:
    gone_by = (table["year"] < first_year).to_numpy()
    if not gone_by.any():
        return []
    rows = _list(table, gone_by)
    return [
        Notice(
            "info",
            "housing_delivered",
            layer,
            f"{int(gone_by.sum())} compounds (rows {rows}) are handed over before {first_year}, the first "
            "year looked at; their homes are taken to be among the households of their communities, bring "
            "the households of today",
            f"{int(gone_by.sum())} 个项目（第 {rows} 行）在起始年 {first_year} 年之前已交付；视为已包含在社区现有"
            "户数中，请确认社区户数为最新数据",
            row=rows,
            column="year",
            expected=f">= {first_year}",
            count=int(gone_by.sum()),
        )
    ]


def _list(table: pd.DataFrame, rows: BoolArray) -> str:
    return list_rows([int(row) for row in table["row"][rows]])
