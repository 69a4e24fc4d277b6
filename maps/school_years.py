"""Places against children as the map of schools carries them: columns by level and year, packed.

Every packed block holds one number per year and area (or school), year by year. Children and places
are carried in tenths, walks in whole metres; an empty text stands for a block without any number.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.units import FloatArray, IntArray
from layers.schooling.model import Level
from layers.schooling.stated import find_stated_free
from layers.standards.model import Value
from layers.store import Run
from maps.packing import pack_codes, pack_naturals, pack_optional, pack_points
from maps.tables import find_positions, list_flags, list_numbers, list_words

STATUSES = ("gap", "unknown", "met", "not_applicable")
"""What a letter stands for, by its place in the packing's alphabet; the next one: no row."""

FIRST_LEVEL = "primary_school"
PARCEL = "parcel"
"""Source of schools that are only planned, as in `layers.results.SCHOOLS`."""

_TENTHS = 10.0
_OF_COMMUNITIES = ("children", "places", "out_of_reach", "left", "left_possible")
_OF_SCHOOLS = ("placed", "free", "left", "left_possible")
_WALKS = ("walk_mean_m", "walk_p90_m")
_OF_AREAS = ("children", "places", "placed", "free", "out_of_reach", "left", "left_possible")


def list_years(run: Run) -> list[int]:
    """Years the run was measured for; the year it was judged in where there is none."""
    years = sorted({int(year) for year in run.school_years["year"].unique()})
    if not years:
        years = [int(year) for year in (run.manifest.get("schools") or {}).get("years", ())]
    return years or [int(str(run.manifest.get("judged_on") or run.manifest["created"])[:4])]


def find_first_level(run: Run) -> str:
    """Level the map opens with: primary schools, or the first of which anything is known."""
    rows = run.school_years
    decided = rows[(rows["scope"] == "community") & rows["status"].isin(["met", "gap"])]
    known = set(decided["level"].unique()) or set(run.schools["level"].unique())
    order = [FIRST_LEVEL, *run.parameters.levels]
    return next((code for code in order if code in known), FIRST_LEVEL)


def list_levels(run: Run, keys: pd.Index, years: list[int]) -> list[dict[str, Any]]:
    """Every level with its figures, and what its communities, areas and schools come to.

    Parameters
    ----------
    keys
        The communities' ids, in the order of the page.
    """
    by_level = dict(iter(run.school_years.groupby("level", sort=False)))
    shortages = dict(iter(run.shortages.groupby("level", sort=False)))
    levels = []
    for code, level in run.parameters.levels.items():
        rows = by_level.get(code, run.school_years.iloc[:0])
        schools = run.schools[run.schools["level"] == code]
        scope = dict(iter(rows.groupby("scope", sort=False)))
        none = rows.iloc[:0]
        levels.append(
            {
                "code": code,
                "title": {"zh": level.title.zh, "en": level.title.en},
                "figures": _list_figures(level, schools),
                "communities": _pack_communities(scope.get("community", none), keys, years),
                "areas": _list_areas(scope.get("city", none), scope.get("district", none), years),
                "schools": _pack_schools(
                    schools,
                    find_stated_free(schools, run.facilities),
                    scope.get("school", none),
                    keys,
                    years,
                ),
                "shortages": _list_shortages(shortages.get(code, run.shortages.iloc[:0]), keys),
            }
        )
    return levels


def spread(
    rows: pd.DataFrame, column: str, place: tuple[IntArray, IntArray], shape: tuple[int, int]
) -> FloatArray:
    """One column by year and area, NaN where there is no row; rows of a place below 0 are left out."""
    at, area = place
    found = (at >= 0) & (area >= 0)
    whole = np.full(shape, np.nan)
    whole[at[found], area[found]] = rows[column].to_numpy(dtype=np.float64)[found]
    return whole


def pack_amounts(values: FloatArray, *, scale: float = 1.0) -> str:
    """Amounts as text; empty where none is known."""
    return pack_optional(np.round(values * scale)) if np.isfinite(values).any() else ""


def _find_places(rows: pd.DataFrame, keys: pd.Index, years: list[int]) -> tuple[IntArray, IntArray]:
    at = np.asarray(pd.Index(years).get_indexer(pd.Index(rows["year"])), dtype=np.int64)
    return at, find_positions(rows["area_id"], keys)


def _pack_statuses(
    rows: pd.DataFrame, place: tuple[IntArray, IntArray], shape: tuple[int, int]
) -> str:
    codes = np.full(shape, len(STATUSES), dtype=np.int64)
    found = (place[0] >= 0) & (place[1] >= 0)
    status = pd.Index(STATUSES).get_indexer(pd.Index(rows["status"]))
    status = np.where(status < 0, len(STATUSES), status)
    codes[place[0][found], place[1][found]] = status[found]
    return "" if (codes == len(STATUSES)).all() else pack_codes(codes)


def _pack_communities(rows: pd.DataFrame, keys: pd.Index, years: list[int]) -> dict[str, Any]:
    place, shape = _find_places(rows, keys, years), (len(years), len(keys))
    settled = rows[(rows["settled_by"] != "") & (place[1] >= 0)]
    wants = settled.drop_duplicates(["area_id", "settled_by"])
    listed = wants.groupby("area_id", sort=False)["settled_by"].agg(",".join)
    of_each = listed.reindex(keys).fillna("") if len(listed) else pd.Series("", index=keys)
    code, words = pd.factorize(of_each.to_numpy(dtype=object))
    return {
        "status": _pack_statuses(rows, place, shape),
        **{
            name: pack_amounts(spread(rows, name, place, shape), scale=_TENTHS)
            for name in _OF_COMMUNITIES
        },
        "settled": pack_naturals(code),
        "settled_by": [str(word) for word in words],
    }


def _list_areas(
    city: pd.DataFrame, districts: pd.DataFrame, years: list[int]
) -> list[dict[str, Any]]:
    """The city (without a name) and its districts, each with its figures by year."""
    found = []
    for scope, rows in (("", city), ("district", districts)):
        for area, own in rows.groupby("area_id", sort=True):
            by_year = own.drop_duplicates("year").set_index("year").reindex(years)
            found.append(
                {
                    "district": str(area) if scope else "",
                    "status": [str(status) for status in by_year["status"].fillna("")],
                    "settled_by": [str(table) for table in by_year["settled_by"].fillna("")],
                    **{name: list_numbers(by_year[name], digits=1) for name in _OF_AREAS},
                    **{name: list_numbers(by_year[name]) for name in _WALKS},
                }
            )
    return found


def _pack_schools(
    schools: gpd.GeoDataFrame,
    stated: FloatArray,
    rows: pd.DataFrame,
    keys: pd.Index,
    years: list[int],
) -> dict[str, Any]:
    ids = pd.Index(schools["school_id"], dtype="str")
    place, shape = _find_places(rows, ids, years), (len(years), len(ids))
    points = shapely.get_coordinates(
        shapely.point_on_surface(np.asarray(schools.geometry, dtype=object))
    )
    told = {
        name: pack_amounts(spread(rows, name, place, shape), scale=_TENTHS) for name in _OF_SCHOOLS
    }
    walks = {name: pack_amounts(spread(rows, name, place, shape)) for name in _WALKS}
    return {
        "points": pack_points(points) if len(points) else "",
        "id": list_words(schools["school_id"]),
        "name": list_words(schools["name"]),
        "source": list_words(schools["source"]),
        "parcel": list_words(schools["parcel_id"]),
        "community": (find_positions(schools["community_id"], keys)).tolist(),
        "inclusive": list_flags(schools["inclusive"]),
        "opening_year": list_numbers(schools["opening_year"]),
        "places": list_numbers(schools["places"]),
        "stated_free": list_numbers(stated),
        "places_source": list_words(schools["places_source"]),
        "full_from": list_numbers(schools["full_from"]),
        "open": pack_codes(_find_open(schools, years)) if len(ids) else "",
        "status": _pack_statuses(rows, place, shape),
        **told,
        **walks,
    }


def _find_open(schools: gpd.GeoDataFrame, years: list[int]) -> IntArray:
    """Whether each school takes children in each year, shape `(Y, S)`; 2 where nobody knows."""
    opening = schools["opening_year"].to_numpy(dtype=np.float64)
    planned = (schools["source"] == PARCEL).to_numpy(dtype=bool)
    unknown = np.isnan(opening)
    by_year = np.where(unknown, -np.inf, opening)[None, :] <= np.array(years)[:, None]
    return np.where((unknown & planned)[None, :], 2, by_year).astype(np.int64)


def _list_shortages(rows: pd.DataFrame, keys: pd.Index) -> dict[str, Any]:
    """Shortages with the community's row number `c`."""
    place = find_positions(rows["community_id"], keys)
    own = rows[place >= 0]
    numbers = (
        "begins",
        "ends",
        "peak_year",
        "peak_children",
        "needed_classes",
        "needed_area_m2",
    )
    return {
        "c": place[place >= 0].tolist(),
        "status": list_words(own["status"]),
        "land_missing": list_flags(own["land_missing"]),
        "reserved": list_words(own["reserved_in_reach"]),
        **{name: list_numbers(own[name], digits=1) for name in numbers},
    }


def _list_figures(level: Level, schools: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Figures of a level the map rests on, each with its source and how well it is known."""
    figures = [_describe_figure("limit", level.limit)]
    if schools["places_source"].isin(["classes", "planned"]).any():
        figures.append(_describe_figure("class_size", level.class_size))
    return figures


def _describe_figure(name: str, value: Value) -> dict[str, Any]:
    source = value.source
    return {
        "name": name,
        "value": format(value.value, "g"),
        "unit": str(value.unit),
        "document": {"zh": source.document.title.zh, "en": source.document.title.en},
        "clause": source.clause,
        "note": {"zh": source.note.zh, "en": source.note.en},
        "status": source.status,
    }
