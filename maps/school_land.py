"""Parcels, what was found about them, catchments and clusters, as the map of schools carries them."""

from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.utilities import JsCode

from geo.units import FloatArray
from layers.store import Run
from maps.packing import pack_codes, pack_naturals, pack_optional, pack_shapes, round_degrees
from maps.tables import code_words, find_positions, list_numbers, list_words

PARCEL_STATUSES = ("reserved", "granted", "building", "open", "re-zoned", "occupied", "")
PARCEL_TOLERANCE_M = 0.5
CATCHMENT_TOLERANCE_M = 8.0
"""Catchments are drawn this coarsely; squares of 100 m keep their corners."""
FINDING_TOLERANCE_M = 1.0

_TAKEN = "encroachment"
_SOURCES = ("assigned", "placed")


def draw_parcels(parcels: gpd.GeoDataFrame) -> folium.GeoJson:
    """Layer of parcels; the page styles them by status. Those drawn as a point become circles."""
    shapes = np.asarray(parcels.geometry, dtype=object)
    real = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    drawn = shapely.simplify(shapes[real], PARCEL_TOLERANCE_M / 111_000.0)
    drawn = shapely.transform(drawn, lambda xy: round_degrees(xy) / 1e5)
    features = [
        {"type": "Feature", "properties": {"i": int(row)}, "geometry": shape.__geo_interface__}
        for row, shape in zip(real, drawn, strict=True)
    ]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name="parcels",
        control=False,
        marker=folium.CircleMarker(location=(0.0, 0.0), radius=6),
        on_each_feature=JsCode("LC.bindParcel"),
        style=JsCode("LC.parcelStyle"),
    )


def list_parcels(run: Run) -> dict[str, Any]:
    """What cards and search say about every parcel, as columns."""
    parcels = run.parcels
    shapes = np.asarray(parcels.geometry, dtype=object)
    real = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    points = np.full((len(parcels), 2), np.nan)
    points[real] = shapely.get_coordinates(shapely.point_on_surface(shapes[real]))
    words = ("level", "status", "plan", "plan_date")
    numbers = ("planned_classes", "opening_year", "urgency", "gaps", "unknowns")
    return {
        "id": list_words(parcels["parcel_id"]),
        **{name: list_words(parcels[name]) for name in words},
        **{name: list_numbers(parcels[name]) for name in numbers},
        "area_m2": list_numbers(parcels["area_m2"]),
        "children_served": list_numbers(parcels["children_served"], digits=1),
        "lon": list_numbers(points[:, 0], digits=5),
        "lat": list_numbers(points[:, 1], digits=5),
        "community": _find_communities(run, points),
        "teaches": {
            code: [code] if code in run.parameters.levels else _list_parts(run, code)
            for code in dict.fromkeys(list_words(parcels["level"]))
        },
    }


def _find_communities(run: Run, points: FloatArray) -> list[int]:
    """Row of the community each point lies in, -1 outside all; of several the first."""
    shapes = np.asarray(run.communities.geometry, dtype=object)
    found = np.full(len(points), len(shapes), dtype=np.int64)
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    at, area = shapely.STRtree(shapes).query(shapely.points(points[known]), predicate="intersects")
    np.minimum.at(found, known[at], area)
    return [int(row) if row < len(shapes) else -1 for row in found]


def _list_parts(run: Run, code: str) -> list[str]:
    """Levels a parcel of that level may teach: all where that is not settled."""
    return list(run.parameters.combined.get(code, run.parameters.levels))


def list_findings(run: Run) -> dict[str, Any]:
    """Findings that are a gap in words, and whatever of any finding can be drawn, by parcel row.

    Returns
    -------
    findings
        `said`: columns; `shapes`: packed lines and areas with parcel, finding and status; `taken`:
        packed areas of parcels on which something else stands.
    """
    keys = pd.Index(run.parcels["parcel_id"], dtype="str")
    place = find_positions(run.parcel_findings["parcel_id"], keys)
    rows, place = run.parcel_findings[place >= 0], place[place >= 0]
    gap = (rows["status"] == "gap").to_numpy(dtype=bool)
    said = rows[gap]
    shapes = np.asarray(rows.geometry, dtype=object)
    real = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    taken = real & gap & (rows["finding"] == _TAKEN).to_numpy(dtype=bool)
    other = real & rows["status"].isin(["gap", "met"]).to_numpy(dtype=bool) & ~taken
    code, names = code_words(rows["finding"][other])
    return {
        "said": {
            "parcel": place[gap].tolist(),
            "finding": list_words(said["finding"]),
            "zh": list_words(said["reason"]),
            "en": list_words(said["reason_en"]),
            "source_status": list_words(said["source_status"]),
        },
        "shapes": {
            **pack_shapes(shapes[other], tolerance_m=FINDING_TOLERANCE_M).as_dict(),
            "parcel": pack_naturals(place[other]),
            "finding": pack_naturals(code),
            "findings": names,
            "gap": pack_codes(gap[other]),
        },
        "taken": {
            **pack_shapes(shapes[taken], tolerance_m=FINDING_TOLERANCE_M).as_dict(),
            "parcel": pack_naturals(place[taken]),
        },
        "documents": _list_documents(rows),
    }


def _list_documents(findings: gpd.GeoDataFrame) -> list[dict[str, str]]:
    """Texts the findings rest on, each once with its status."""
    rows = findings[findings["document"] != ""].drop_duplicates(["document", "source_status"])
    columns = (list_words(rows[name]) for name in ("document", "document_en", "source_status"))
    return [{"zh": zh, "en": en or zh, "status": status} for zh, en, status in zip(*columns)]  # noqa: B905


def pack_catchments(
    catchments: gpd.GeoDataFrame, school_ids: list[str], years: list[int]
) -> dict[str, Any]:
    """Catchments of one level: shapes, each once, and rows that name year, school and shape.

    A row holds from its year on until the next year that has rows.

    Parameters
    ----------
    school_ids
        The level's schools in the order of the page.
    """
    school = find_positions(catchments["school_id"], pd.Index(school_ids, dtype="str"))
    at = pd.Index(years).get_indexer(pd.Index(catchments["year"]))
    source = find_positions(catchments["source"], pd.Index(_SOURCES, dtype="str"))
    found = (school >= 0) & (at >= 0) & (source >= 0)
    shapes = np.asarray(catchments.geometry, dtype=object)[found]
    text = shapely.to_wkb(shapes) if len(shapes) else np.empty(0, dtype=object)
    code, _ = pd.factorize(text)
    first = np.unique(code, return_index=True)[1]
    packed = pack_shapes(shapes[first], tolerance_m=CATCHMENT_TOLERANCE_M)
    children = catchments["children"].to_numpy(dtype=np.float64)[found]
    return {
        **packed.as_dict(),
        "year": pack_naturals(at[found]),
        "school": pack_naturals(school[found]),
        "source": pack_codes(source[found]),
        "shape": pack_naturals(code),
        "children": pack_optional(np.round(children * 10)),
    }


def list_clusters(run: Run, keys: pd.Index) -> dict[str, Any]:
    """Small communities counted together: outline, sum, what the sum is held against, and for which kind."""
    clusters = run.clusters
    kinds = {
        (str(pack.get("code", "")), str(rule.get("rule") or rule.get("code", ""))): str(
            rule.get("kind") or ""
        )
        for pack in run.manifest.get("packs", ())
        for rule in pack.get("rules", ())
    }
    rules = zip(list_words(clusters["pack"]), list_words(clusters["rule"]), strict=True)
    shapes = np.asarray(clusters.geometry, dtype=object)
    points = shapely.point_on_surface(shapes)
    members = clusters["communities"].fillna("").str.split(",")
    return {
        **pack_shapes(shapes, tolerance_m=CATCHMENT_TOLERANCE_M).as_dict(),
        "id": list_words(clusters["cluster_id"]),
        "kind": [kinds.get(rule, "") for rule in rules],
        "status": list_words(clusters["status"]),
        "households": list_numbers(clusters["households"]),
        "threshold": list_numbers(clusters["threshold"]),
        "members": [
            [int(row) for row in keys.get_indexer(pd.Index(one, dtype="str")) if row >= 0]
            for one in members
        ],
        "lon": list_numbers(shapely.get_x(points), digits=5),
        "lat": list_numbers(shapely.get_y(points), digits=5),
    }
