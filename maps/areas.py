"""Communities: their outlines as a Folium layer, their coverage as columns."""

from collections.abc import Iterable
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.utilities import JsCode

from maps.errors import UnknownLimit
from maps.packing import round_degrees
from maps.style import UNKNOWN_CLASS, Palette, classify_share
from maps.tables import find_positions, list_numbers, list_words

OUTLINE_TOLERANCE_M = 3.0
"""Community outlines are drawn this coarsely; both sides of a shared edge may part by as much."""


def list_outlines(communities: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """GeoJSON feature of each community, in order, with its row number as only property."""
    shapes = shapely.simplify(
        np.asarray(communities.geometry, dtype=object), OUTLINE_TOLERANCE_M / 111_000.0
    )
    shapes = shapely.transform(shapes, lambda xy: round_degrees(xy) / 1e5)
    return [
        {"type": "Feature", "properties": {"i": row}, "geometry": shape.__geo_interface__}
        for row, shape in enumerate(shapes)
    ]


def list_communities(communities: gpd.GeoDataFrame) -> dict[str, Any]:
    """What the cards and the search say about every community, as columns."""
    points = shapely.point_on_surface(np.asarray(communities.geometry, dtype=object))
    return {
        "id": list_words(communities["community_id"]),
        "name": list_words(communities["name"]),
        "district": list_words(communities["district"]),
        "subdistrict": list_words(communities["subdistrict"]),
        "households": list_numbers(communities["households"]),
        "population": list_numbers(communities["population"]),
        "source": list_words(communities["source"]),
        "lon": list_numbers(shapely.get_x(points), digits=5),
        "lat": list_numbers(shapely.get_y(points), digits=5),
    }


def draw_communities(features: list[dict[str, Any]]) -> folium.GeoJson:
    """Layer of communities; colours come from the page's style table by class code."""
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name="communities",
        control=False,
        smooth_factor=0.5,
        on_each_feature=JsCode("LC.bindCommunity"),
        style=JsCode("LC.communityStyle"),
    )


def list_coverage(
    rows: pd.DataFrame, keys: pd.Index, palette: Palette
) -> dict[str, dict[str, Any]]:
    """Coverage columns per limit in minutes, aligned with the communities.

    Parameters
    ----------
    rows
        Rows of table `coverage` of one kind and mode.
    keys
        The communities' ids.

    Returns
    -------
    by_limit
        Limit, as text, to columns; `cls` holds the colour class, -1 for unknown.
    """
    minutes = rows[rows["limit_unit"] == "min"]
    by_limit = {}
    for limit, part in minutes.groupby("limit", sort=True):
        place = find_positions(part["community_id"], keys)
        part = part[place >= 0].set_index(place[place >= 0]).reindex(range(len(keys)))  # noqa: PLW2901
        measured = (part["status"] == "measured").fillna(False).to_numpy(dtype=bool)
        share = np.where(measured, part["share"].to_numpy(dtype=np.float64), np.nan)
        by_limit[format(float(str(limit)), "g")] = {
            "cls": classify_share(share, palette.coverage).tolist(),
            "share": list_numbers(share, digits=4),
            "covered": list_numbers(part["households_covered"], digits=1),
            "buildings": list_numbers(part["building_share"], digits=4),
            "land": list_numbers(part["land_share"], digits=4),
            "median_s": list_numbers(part["median_s"]),
            "p90_s": list_numbers(part["p90_s"]),
            "inside": list_numbers(part["facilities_inside"]),
            "unconnected": list_numbers(part["unconnected_households"], digits=1),
            "n_demand": list_numbers(part["n_demand"]),
            "demand_source": list_words(part["demand_source"]),
        }
    return by_limit


def list_unknown(limits_min: Iterable[float], n_communities: int) -> dict[str, dict[str, Any]]:
    """Columns like those of `list_coverage` for a kind that was not measured at all."""
    nothing: list[Any] = [None] * n_communities
    names = ("share", "covered", "buildings", "land", "median_s", "p90_s", "inside", "unconnected")
    columns: dict[str, Any] = {**dict.fromkeys(names, nothing), "n_demand": nothing}
    columns["cls"] = [UNKNOWN_CLASS] * n_communities
    columns["demand_source"] = [""] * n_communities
    return {format(float(limit), "g"): columns for limit in sorted(map(float, limits_min))}


def check_limit(by_limit: dict[str, Any], limit_min: float, kind: str, mode: str) -> str:
    """Key of a limit in `by_limit`.

    Raises
    ------
    UnknownLimit
        The run holds no coverage for it.
    """
    key = format(float(limit_min), "g")
    if key not in by_limit:
        known = ", ".join(by_limit) or "none"
        raise UnknownLimit(
            f"the run has no {mode} coverage of {kind} within {key} minutes; measured limits: {known}"
        )
    return key


def list_gaps(rows: pd.DataFrame, keys: pd.Index) -> list[dict[str, Any]]:
    """Verdicts on one kind, with the community's row number `c`; gaps first."""
    rank = rows["status"].map({"gap": 0, "unknown": 1, "met": 2, "not_applicable": 3}).fillna(4)
    ordered = rows.assign(_rank=rank, _c=find_positions(rows["community_id"], keys))
    ordered = ordered[ordered["_c"] >= 0].sort_values(["_c", "_rank"], kind="stable")
    lon = list_numbers(ordered["barrier_lon"], digits=5)
    lat = list_numbers(ordered["barrier_lat"], digits=5)
    affected = list_numbers(ordered["households_affected"])
    words = ["pack", "rule", "status", "cause", "reason", "reason_en", "source_status"]
    texts = {name: list_words(ordered[name]) for name in [*words, "mode", "barrier_name"]}
    return [
        {
            "c": int(community),
            "pack": texts["pack"][i],
            "rule": texts["rule"][i],
            "status": texts["status"][i],
            "mode": texts["mode"][i],
            "cause": texts["cause"][i],
            "zh": texts["reason"][i] or texts["reason_en"][i],
            "en": texts["reason_en"][i] or texts["reason"][i],
            "source": texts["source_status"][i],
            "affected": affected[i],
            "barrier": [lon[i], lat[i], texts["barrier_name"][i]] if lon[i] is not None else None,
        }
        for i, community in enumerate(ordered["_c"])
    ]
