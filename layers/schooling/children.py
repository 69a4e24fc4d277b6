"""Children of a city, counted or per thousand residents, by area, level or age, and year."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.units import BoolArray
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.schooling.area_names import AreaNames, build_area_names, is_whole
from layers.schooling.children_notices import (
    KEY,
    check_ages,
    check_levels,
    explain_crowds,
    explain_nothing,
    explain_numbers,
    explain_ratios,
    explain_streets,
    explain_twice,
    explain_unknown,
)
from layers.schooling.children_years import explain_undated, explain_years
from layers.schooling.wide import find_wide, read_wide

CHILDREN_COLUMNS = (
    "community_id",
    "district",
    "level",
    "age",
    "year",
    "children",
    "per_thousand",
)

_AREA_COLUMNS = ("community_id", "name", "district", "subdistrict")


def read_children(
    path: Path,
    *,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[pd.DataFrame, list[Notice]]:
    """Read a table of children, long or wide.

    A wide table has a column per age (`3岁`), level (`小学适龄儿童`) or year (`2026年`); it is laid
    out long, so that several rows may have the same number.

    Returns
    -------
    table
        community_id, name, district, subdistrict (as written), level ("" where a row is of an age), age
        (NaN where it is of a level), year (NaN where none is stated), children and per_thousand (one of
        the two), `row` (as the user sees it).
    notices
        Numbers that cannot be, rows without level and age, with two numbers or none, and what the
        reader found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        encoding=encoding,
        layer_name="children",
        aliases=aliases,
        geometry="none",
        wide=find_wide,
        limits=limits,
    )
    wide = {name: found for name in frame.columns if (found := read_wide(str(name))) is not None}
    table = _lay_long(pd.DataFrame(frame), wide) if wide else pd.DataFrame(frame)
    aged = table["age"].notna().to_numpy()
    notices.extend(check_ages(table, aged, path.name))
    notices.extend(check_levels(table, aged, path.name))
    table["level"] = table["level"].where(~aged, "")
    said = aged | (table["level"] != "").to_numpy()
    both = (table["children"].notna() & table["per_thousand"].notna()).to_numpy()
    neither = (table["children"].isna() & table["per_thousand"].isna()).to_numpy()
    notices.extend(explain_numbers(table, both, neither & (not wide), path.name))
    notices.extend(explain_ratios(table, path.name))
    table.loc[both, "per_thousand"] = np.nan
    kept = table[said & ~neither]
    if not len(kept) and not any(notice.severity == "error" for notice in notices):
        notices.append(explain_nothing(path.name))
    columns = [*_AREA_COLUMNS, *CHILDREN_COLUMNS[2:], "row"]
    return kept[columns].reset_index(drop=True), notices


def settle_children(
    table: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    *,
    layer: str,
    years: tuple[int, int] | None = None,
) -> tuple[pd.DataFrame, list[Notice]]:
    """Give every row the community or district it speaks of.

    Parameters
    ----------
    table
        As from `read_children`.
    communities
        community_id, name, district; population and households where they are known.
    years
        First and last year looked at, where they are known.

    Returns
    -------
    children
        `CHILDREN_COLUMNS`, sorted: `community_id` is "" in rows of a district or of the whole city,
        `district` "" in all but those of a district. Rows of areas that are not the city's are left out.
    notices
        Areas nobody knows, rows by 镇街 alone, rows that stand twice (errors), counts without a year, years
        that say nothing about those looked at, and counts above all residents.
    """
    names = build_area_names(communities)
    code, district, unknown = _find_areas(table, names)
    streets = (
        (table["subdistrict"] != "") & (table["community_id"] == "") & (table["name"] == "")
    ).to_numpy()
    notices = explain_streets(table, streets, layer)
    notices += explain_unknown(table, unknown & ~streets, layer)
    children = pd.DataFrame(
        {
            "community_id": pd.Series(code, index=table.index, dtype="str"),
            "district": pd.Series(district, index=table.index, dtype="str"),
            **{name: table[name] for name in (*CHILDREN_COLUMNS[2:], "row")},
        }
    )[~(unknown | streets)]
    children = children.assign(counted=children["children"].notna())
    notices += explain_twice(children, layer)
    notices += explain_undated(children, layer)
    if years is not None:
        notices += explain_years(children, years, layer)
    notices += explain_crowds(children, communities, layer)
    order = ["community_id", "district", "level", "age", "year", "row"]
    sorted_rows = children.sort_values(order, kind="stable", na_position="first")
    settled = sorted_rows.drop_duplicates(KEY)[list(CHILDREN_COLUMNS)]
    return settled.reset_index(drop=True), notices


def _lay_long(frame: pd.DataFrame, wide: Mapping[str, object]) -> pd.DataFrame:
    """One row per number: what a header says comes before what the row says."""
    parts = []
    for order, name in enumerate(wide):
        said = read_wide(name)
        part = frame[[*_AREA_COLUMNS, "level", "age", "year", "row"]].copy()
        measure, other = (
            ("per_thousand", "children")
            if said is not None and said.ratio
            else ("children", "per_thousand")
        )
        part[measure], part[other] = frame[name], np.nan
        if said is not None and said.level:
            part["level"], part["age"] = (
                pd.Series(said.level, index=part.index, dtype="str"),
                np.nan,
            )
        if said is not None and said.age is not None:
            part["level"], part["age"] = (
                pd.Series("", index=part.index, dtype="str"),
                float(said.age),
            )
        if said is not None and said.year is not None:
            part["year"] = float(said.year)
        parts.append(part.assign(order=order))
    long = pd.concat(parts, ignore_index=True).sort_values(["row", "order"], kind="stable")
    return long.drop(columns="order").reset_index(drop=True)


def _find_areas(table: pd.DataFrame, names: AreaNames) -> tuple[list[str], list[str], BoolArray]:
    """Community and district of each row, and the rows whose area nobody knows."""
    codes: list[str] = []
    districts: list[str] = []
    unknown = np.zeros(len(table), dtype=np.bool_)
    found: dict[tuple[str, str, str], tuple[str, str, bool]] = {}
    for at, cells in enumerate(
        zip(table["community_id"], table["name"], table["district"], strict=True)
    ):
        key = (str(cells[0]), str(cells[1]), str(cells[2]))
        if key not in found:
            found[key] = _find_area(*key, names)
        code, district, unknown[at] = found[key]
        codes.append(code)
        districts.append(district)
    return codes, districts, unknown


def _find_area(code: str, name: str, district: str, names: AreaNames) -> tuple[str, str, bool]:
    if is_whole(code) or (not code and is_whole(name)):
        code = name = ""
    if is_whole(district):
        district = ""
    elif not names.find_district(district) and names.find_community("", district):
        code, district = code or district, ""  # one column of areas (地区) may hold communities
    if code or name:
        community = names.find_community(code, name, district)
        if community:
            return community, "", False
        of_district = "" if code and name else names.find_district(code or name)
        return "", of_district, not of_district
    if district:
        of_district = names.find_district(district)
        return "", of_district, not of_district
    return "", "", False
