"""A city's timetable: the source chosen, its stops tied to the streets, its lines tallied and drawn."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import project
from geo.network import StreetNetwork
from geo.snap import snap_points
from geo.timetable import Timetable, build_timetable
from geo.units import BoolArray, FloatArray
from layers.config import CityConfig
from layers.errors import InvalidLayer
from layers.notices import Notice
from layers.osm import OsmExtract
from layers.results import shape_table
from layers.transit.build_notices import (
    Bounds,
    flag_rows,
    is_inside,
    label_lines,
    list_lonlat,
    note_far_stops,
    note_feeds_not_read,
    note_idle_lines,
    note_no_feeds,
    note_no_timetable,
    note_not_asked,
    note_window,
)
from layers.transit.calendars import read_map_day
from layers.transit.gtfs import read_gtfs
from layers.transit.model import Schedule, Transit
from layers.transit.routes import build_osm_schedule
from layers.transit.settings import TransitSettings
from layers.transit.stop_datum import check_stop_datum
from layers.transit.tally import (
    count_trips,
    join_texts,
    list_calling_lines,
    list_directions,
    measure_headways_min,
    select_window,
)

WGS84 = "EPSG:4326"
IDLE_STOP_MARGIN_DEG = 0.1
"""Stops without any trip are kept up to here (about 10 km) beyond the streets."""


def build_transit(
    config: CityConfig, extract: OsmExtract, network: StreetNetwork, *, max_leg_m: float
) -> tuple[Transit | None, list[Notice]]:
    """Read or build the timetable of a city.

    Parameters
    ----------
    config
        Names the feeds and holds the settings of journeys. Source `auto` takes the feeds if there are any,
        else the routes mapped in OSM if these give trips.
    network
        Streets, to say which stops lie near one.
    max_leg_m
        A way in farther than this from any street is not connected.

    Returns
    -------
    transit, notices
        None where there is no timetable; the notices then say why. Errors are among them.
    """
    schedule, notices = _find_schedule(config, extract)
    if schedule is None:
        return None, notices
    transit, more = assemble_transit(
        schedule, config.transit, network, extract.bounds, max_leg_m=max_leg_m
    )
    feeds = [path.name for path in config.gtfs]
    shifted = check_stop_datum(schedule, feeds, network, extract.bounds)
    return transit, [*notices, *shifted, *more]


def assemble_transit(
    schedule: Schedule,
    settings: TransitSettings,
    network: StreetNetwork,
    bounds: Bounds,
    *,
    max_leg_m: float,
) -> tuple[Transit, list[Notice]]:
    """Turn a schedule into what runs measure with.

    Lines without a trip on the day, and stops without one that lie far outside the streets, are left out
    with a notice.

    Parameters
    ----------
    bounds
        West, south, east, north of the streets, WGS 84.
    """
    schedule, notices = _leave_out_idle(schedule, bounds)
    calls = schedule.calls
    timetable = build_timetable(
        n_stops=len(schedule.stops),
        call_trip=calls.trip,
        call_stop=calls.stop,
        call_arrival_s=calls.arrival_s,
        call_departure_s=calls.departure_s,
        call_board=calls.board,
        call_alight=calls.alight,
        trip_line=schedule.trip_line,
    )
    ways_in = _build_ways_in(schedule)
    links = snap_points(
        network,
        project(shapely.get_coordinates(ways_in.geometry.array), network.crs),
        max_leg_m=max_leg_m,
    )
    near = np.zeros(len(schedule.stops), dtype=np.bool_)
    near[ways_in["stop"].to_numpy()[links.connected]] = True
    window = select_window(
        timetable,
        settings.first_departure_s,
        settings.first_departure_s + 60 * settings.n_departures,
    )
    notices += note_far_stops(schedule, near, bounds, max_leg_m)
    lines = _build_lines(schedule, timetable, window, settings)
    notices += note_window(schedule, settings, lines["trips_in_window"].to_numpy(dtype=np.int64))
    row_of = {stop_id: row for row, stop_id in enumerate(schedule.stops["stop_id"])}
    transfers = schedule.transfers
    changes = pd.DataFrame(
        {
            "from_stop": transfers["from_stop"].map(row_of).to_numpy(dtype=np.int64),
            "to_stop": transfers["to_stop"].map(row_of).to_numpy(dtype=np.int64),
            "min_s": transfers["min_s"].to_numpy(dtype=np.float64),
            "forbidden": transfers["forbidden"].to_numpy(dtype=np.bool_),
        }
    )
    return Transit(
        source=schedule.source,
        day=schedule.day,
        stops=_build_stops(schedule, timetable, window, near),
        lines=lines,
        ways_in=ways_in,
        changes=changes,
        trip_headsign=schedule.trip_headsign,
        timetable=timetable,
        assumptions=schedule.assumptions,
    ), notices


def _find_schedule(config: CityConfig, extract: OsmExtract) -> tuple[Schedule | None, list[Notice]]:
    """The schedule of the source the settings ask for."""
    source = config.transit.source
    if source == "none":
        return None, [note_not_asked("the setting source is none", "设置 source 为 none")]
    if source == "gtfs" and not config.gtfs:
        return None, [note_no_feeds(config)]
    if config.gtfs and source != "osm":
        try:
            schedule = read_gtfs(
                config.gtfs,
                config.transit,
                map_day=read_map_day(extract.timestamp),
                limits=config.limits,
            )
        except InvalidLayer as error:
            return None, list(error.notices)
        return schedule, list(schedule.notices)
    if not len(extract.transit_routes):
        return None, [
            *_explain_no_routes(
                config,
                "the OSM file holds no route of public transport",
                "OSM 数据中没有公共交通线路",
            )
        ]
    schedule = build_osm_schedule(extract, config.transit)
    if not len(schedule.calls.trip):
        return None, [
            *schedule.notices,
            *_explain_no_routes(
                config, "no route mapped in OSM gives a trip", "OSM 中绘制的线路无法生成班次"
            ),
        ]
    unread = [note_feeds_not_read(config)] if config.gtfs else []
    return schedule, [*unread, *schedule.notices]


def _explain_no_routes(config: CityConfig, english: str, chinese: str) -> list[Notice]:
    """Why OSM gives no timetable either; feeds that are named were left aside by the setting."""
    if config.gtfs:
        return [note_feeds_not_read(config), note_not_asked(english, chinese)]
    return [
        note_no_timetable(f"no GTFS feed is named and {english}", f"未提供 GTFS 时刻表，{chinese}")
    ]


def _leave_out_idle(schedule: Schedule, bounds: Bounds) -> tuple[Schedule, list[Notice]]:
    """Lines that do not run on the day, and far stops nobody calls at."""
    calls = schedule.calls
    served = flag_rows(calls.stop, len(schedule.stops))
    runs = flag_rows(schedule.trip_line, len(schedule.lines))
    kept = served | is_inside(list_lonlat(schedule.stops), bounds, IDLE_STOP_MARGIN_DEG)
    notices = []
    if not runs.all():
        notices.append(note_idle_lines(schedule, ~runs))
    if not kept.all():
        n_left_out = int((~kept).sum())
        notices.append(
            Notice(
                "info",
                "far_idle_stops",
                schedule.name,
                f"{n_left_out} stops that nothing calls at on {schedule.day.isoformat()} lie far outside the streets "
                "and were left out",
                f"{n_left_out} 个站点在 {schedule.day.isoformat()} 无班次停靠且远在路网之外，未予采用",
                count=n_left_out,
            )
        )
    stop_row, line_row = np.cumsum(kept) - 1, np.cumsum(runs) - 1
    names = set(schedule.stops.loc[kept, "stop_id"])
    transfers, ways_in = schedule.transfers, schedule.ways_in
    said = transfers["from_stop"].isin(names) & transfers["to_stop"].isin(names)
    return Schedule(
        source=schedule.source,
        name=schedule.name,
        day=schedule.day,
        stops=schedule.stops[kept].reset_index(drop=True),
        ways_in=ways_in[ways_in["stop_id"].isin(names)].reset_index(drop=True),
        lines=schedule.lines[runs].reset_index(drop=True),
        transfers=transfers[said].reset_index(drop=True),
        trip_line=line_row[schedule.trip_line].astype(np.int32),
        trip_id=schedule.trip_id,
        trip_headsign=schedule.trip_headsign,
        calls=type(calls)(
            calls.trip,
            stop_row[calls.stop].astype(np.int32),
            calls.arrival_s,
            calls.departure_s,
            calls.board,
            calls.alight,
        ),
        assumptions=schedule.assumptions,
        notices=schedule.notices,
    ), notices


def _build_ways_in(schedule: Schedule) -> gpd.GeoDataFrame:
    """Ways into stops, by stop; a stop without any is its own."""
    row_of = {stop_id: row for row, stop_id in enumerate(schedule.stops["stop_id"])}
    given = schedule.ways_in
    stop = given["stop_id"].map(row_of).to_numpy(dtype=np.int64)
    alone = np.flatnonzero(~flag_rows(stop, len(schedule.stops)))
    stop = np.concatenate([stop, alone])
    lonlat = np.concatenate([list_lonlat(given), list_lonlat(schedule.stops)[alone]])
    order = np.argsort(stop, kind="stable")
    return gpd.GeoDataFrame(
        {"stop": stop[order]}, geometry=shapely.points(lonlat[order]), crs=WGS84
    )


def _build_stops(
    schedule: Schedule, timetable: Timetable, window: BoolArray, near: BoolArray
) -> gpd.GeoDataFrame:
    stops, lines = schedule.stops, schedule.lines
    pairs = list_calling_lines(schedule.calls, schedule.trip_line, len(lines))
    frame = gpd.GeoDataFrame(
        {
            "stop_id": stops["stop_id"],
            "name": stops["name"],
            "station_id": stops["station_id"],
            "modes": pd.array(join_texts(pairs, lines["mode"].tolist(), len(stops)), dtype="str"),
            "lines": pd.array(join_texts(pairs, label_lines(lines), len(stops)), dtype="str"),
            "departures": np.bincount(timetable.hop_from[window], minlength=len(stops)),
            "connected": near,
            "timetable_source": pd.array([schedule.source] * len(stops), dtype="str"),
        },
        geometry=shapely.points(list_lonlat(stops)),
        crs=WGS84,
    )
    shaped: gpd.GeoDataFrame = shape_table(frame, "stops")
    return shaped


def _build_lines(
    schedule: Schedule, timetable: Timetable, window: BoolArray, settings: TransitSettings
) -> gpd.GeoDataFrame:
    lines, trip_line = schedule.lines, schedule.trip_line
    pairs = list_calling_lines(schedule.calls, trip_line, len(lines))
    headway_min = measure_headways_min(
        timetable,
        window,
        list_directions(schedule.calls, trip_line),
        len(lines),
        float(settings.n_departures),
    )
    frame = gpd.GeoDataFrame(
        {
            **{name: lines[name] for name in ("line_id", "ref", "name", "mode", "operator")},
            "stops": np.bincount(pairs["line"].to_numpy(), minlength=len(lines)),
            "trips": count_trips(np.arange(len(trip_line)), trip_line, len(lines)),
            "trips_in_window": count_trips(timetable.hop_trip[window], trip_line, len(lines)),
            "headway_min": headway_min,
            "headway_source": lines["headway_source"],
            "hours_source": lines["hours_source"],
            "timetable_source": pd.array([schedule.source] * len(lines), dtype="str"),
        },
        geometry=draw_lines(timetable, list_lonlat(schedule.stops), len(lines)),
        crs=WGS84,
    )
    shaped: gpd.GeoDataFrame = shape_table(frame, "lines")
    return shaped


def draw_lines(timetable: Timetable, stop_lonlat: FloatArray, n_lines: int) -> NDArray[Any]:
    """Schematic lines: straight from stop to stop, every piece of a line once in either direction.

    Parameters
    ----------
    stop_lonlat
        Shape `(S, 2)`: degrees, WGS 84.

    Returns
    -------
    shapes
        Shape `(L,)`: MultiLineStrings, empty where a line goes nowhere.
    """
    n_stops = max(timetable.n_stops, 1)
    low = np.minimum(timetable.hop_from, timetable.hop_to).astype(np.int64)
    high = np.maximum(timetable.hop_from, timetable.hop_to).astype(np.int64)
    line = timetable.trip_line[timetable.hop_trip].astype(np.int64)
    pieces = np.unique((line * n_stops + low) * n_stops + high)
    line, low, high = pieces // n_stops**2, pieces // n_stops % n_stops, pieces % n_stops
    ends = np.stack([stop_lonlat[low], stop_lonlat[high]], axis=1)
    apart = (ends[:, 0] != ends[:, 1]).any(axis=1)
    shapes: NDArray[Any] = np.full(n_lines, shapely.MultiLineString(), dtype=object)
    if apart.any():
        drawn = np.unique(line[apart])
        shapes[drawn] = shapely.multilinestrings(
            shapely.linestrings(ends[apart]), indices=np.searchsorted(drawn, line[apart])
        )
    return shapes
