"""Whether the stops of GTFS feeds stand in WGS 84, as the format asks: measured against the streets."""

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import shapely

from geo.network import StreetNetwork
from layers.datum import check_datum
from layers.notices import Notice
from layers.transit.build_notices import Bounds, is_inside, list_lonlat
from layers.transit.model import GTFS, Schedule

_REMEDY = (
    "GTFS holds WGS 84: if so, convert stop_lon and stop_lat of stops.txt",
    "GTFS 坐标应为 WGS 84；如确认，请转换 stops.txt 的 stop_lon 与 stop_lat",
)


def check_stop_datum(
    schedule: Schedule, feeds: Sequence[str], network: StreetNetwork, bounds: Bounds
) -> list[Notice]:
    """Warn of feeds whose stops within the streets' bounds fit the streets clearly better in another datum.

    Parameters
    ----------
    feeds
        Names of the feeds in their order; with several of them the ids of the n-th begin with `n:`.
    bounds
        West, south, east, north of the streets, WGS 84.

    Returns
    -------
    notices
        At most one per feed, code `datum_looks_shifted`; none about routes mapped in OSM, which stand on the
        very map they are measured against.
    """
    if schedule.source != GTFS:
        return []
    notices = []
    for number, feed in enumerate(feeds, start=1):
        stops = schedule.stops
        if len(feeds) > 1:
            stops = stops[stops["stop_id"].str.startswith(f"{number}:")]
        found = check_datum(
            _list_places(stops, bounds), network, layer=f"{feed}/stops.txt", remedy=_REMEDY
        )
        notices += [replace(notice, column="stop_lon, stop_lat") for notice in found]
    return notices


def _list_places(stops: pd.DataFrame, bounds: Bounds) -> gpd.GeoDataFrame:
    lonlat = list_lonlat(stops)
    inside = lonlat[is_inside(lonlat, bounds)]
    return gpd.GeoDataFrame(geometry=shapely.points(inside), crs="EPSG:4326")
