"""Facilities as Folium layers; their ways in and the homes as packed columns."""

from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.utilities import JsCode

from geo.units import FloatArray
from maps.packing import pack_codes, pack_naturals, pack_optional, pack_points, round_degrees
from maps.tables import code_words, find_positions, list_flags, list_numbers, list_words

REACHED_BY = ("point", "entrance", "gate", "street", "ring", "centroid")
DEMAND_SOURCES = ("table", "buildings", "land", "streets")
AREA_TOLERANCE_M = 2.0


def draw_facilities(facilities: gpd.GeoDataFrame, color: str) -> folium.GeoJson:
    """Layer of one kind's facilities: a circle each, and the area where there is one."""
    shapes = np.asarray(facilities.geometry, dtype=object)
    points = shapely.transform(_points_in(shapes), lambda xy: round_degrees(xy) / 1e5)
    areas = shapely.transform(
        shapely.simplify(shapes, AREA_TOLERANCE_M / 111_000.0), lambda xy: round_degrees(xy) / 1e5
    )
    is_area = shapely.get_dimensions(shapes) > 0
    features = [_feature(int(row), areas[row], "area") for row in np.flatnonzero(is_area)]
    features += [_feature(row, point, "point") for row, point in enumerate(points)]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name="facilities",
        control=False,
        marker=folium.CircleMarker(
            location=(0.0, 0.0), radius=5, color="#ffffff", fill_color=color
        ),
        on_each_feature=JsCode("LC.bindFacility"),
        style=JsCode("LC.facilityStyle"),
    )


def list_facilities(facilities: gpd.GeoDataFrame) -> dict[str, Any]:
    """What popups and search say about one kind's facilities, as columns."""
    points = _points_in(np.asarray(facilities.geometry, dtype=object))
    return {
        "id": list_words(facilities["facility_id"]),
        "name": list_words(facilities["name"]),
        "source": list_words(facilities["source"]),
        "inclusive": list_flags(facilities["inclusive"]),
        "capacity": list_numbers(facilities["capacity"]),
        "classes": list_numbers(facilities["classes"]),
        "free": list_numbers(facilities["free_places"]),
        "opened": list_numbers(facilities["opening_year"]),
        "reached_by": list_words(facilities["reached_by"]),
        "entrances": list_numbers(facilities["n_entrances"]),
        "connected": list_flags(facilities["connected"]),
        "lon": list_numbers(shapely.get_x(points), digits=5),
        "lat": list_numbers(shapely.get_y(points), digits=5),
    }


def pack_entrances(entrances: gpd.GeoDataFrame, owner: "np.ndarray[Any, Any]") -> dict[str, Any]:
    """Ways in of one kind's facilities.

    Parameters
    ----------
    owner
        Shape `(len(entrances),)`: row of each one's facility on the page.
    """
    codes = find_positions(entrances["source"], pd.Index(REACHED_BY, dtype="str"))
    return {
        "points": pack_points(shapely.get_coordinates(np.asarray(entrances.geometry))),
        "facility": pack_naturals(owner),
        "by": pack_codes(np.clip(codes, 0, None)),
    }


def pack_homes(demand: gpd.GeoDataFrame, community_keys: pd.Index) -> dict[str, Any]:
    """Starting points of all walks, the same for every kind.

    Households are carried in tenths, the leg to the street in whole metres.
    """
    points = shapely.get_coordinates(np.asarray(demand.geometry, dtype=object))
    snapped = demand[["snap_lon", "snap_lat"]].to_numpy(dtype=np.float64)
    snapped = np.where(np.isfinite(snapped), snapped, points)
    street, streets = code_words(demand["street_name"])
    name, names = code_words(demand["name"])
    source = find_positions(demand["source"], pd.Index(DEMAND_SOURCES, dtype="str"))
    return {
        "points": pack_points(points),
        "snap": pack_points(snapped, origin=points),
        "community": pack_naturals(find_positions(demand["community_id"], community_keys) + 1),
        "households": pack_optional(np.round(demand["households"].to_numpy(dtype=np.float64) * 10)),
        "leg_m": pack_optional(np.round(demand["leg_m"].to_numpy(dtype=np.float64))),
        "connected": pack_codes(demand["connected"].to_numpy(dtype=bool)),
        "source": pack_codes(np.clip(source, 0, None)),
        "street": pack_naturals(street),
        "streets": streets,
        "name": pack_naturals(name),
        "names": names,
    }


def pack_access(
    access: pd.DataFrame, demand_keys: pd.Index, entrance_keys: pd.Index
) -> dict[str, str]:
    """Way of every home to the nearest facility of one kind, in one mode.

    Seconds are rounded up, so that comparing them with a limit in whole seconds decides as the
    run did. A home without a row counts as unreached. Rides carry the best and the worst departure
    too, and the minute after midnight at which one takes as long as `seconds` says.
    """
    place = find_positions(access["demand_id"], demand_keys)
    known = place >= 0

    def spread(values: FloatArray) -> FloatArray:
        whole = np.full(len(demand_keys), np.nan)
        whole[place[known]] = values[known]
        return whole

    used = find_positions(access["entrance_id"].fillna(""), entrance_keys) + 1
    packed = {
        "seconds": pack_optional(spread(_round_up(access["nearest_s"]))),
        "entrance": pack_naturals(np.nan_to_num(spread(used.astype(np.float64)))),
    }
    if "depart_s" in access and access["depart_s"].notna().any():
        packed["best"] = pack_optional(spread(_round_up(access["best_s"])))
        packed["worst"] = pack_optional(spread(_round_up(access["worst_s"])))
        packed["depart"] = pack_optional(spread(np.floor(access["depart_s"].to_numpy() / 60)))
    return packed


def _round_up(seconds: "pd.Series[Any]") -> FloatArray:
    whole: FloatArray = np.ceil(seconds.to_numpy(dtype=np.float64))
    return whole


def _feature(row: int, shape: Any, part: str) -> dict[str, Any]:
    properties = {"i": int(row), "part": part}
    return {"type": "Feature", "properties": properties, "geometry": shape.__geo_interface__}


def _points_in(shapes: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    return np.where(is_point, shapes, shapely.point_on_surface(shapes))
