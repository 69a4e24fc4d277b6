"""What every source of timetables gives: stops, lines, trips of one service day, and their calls.

Ids are texts of the source. Times are whole seconds after midnight of the service day and may pass
24:00. `layers.transit.build` joins schedules and turns them into `geo.timetable.Timetable`.
"""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from geo.timetable import Timetable
from geo.units import BoolArray, Int32Array, IntArray
from layers.notices import Notice
from layers.results import LINES, build_columns

GTFS, OSM = "gtfs", "osm"

SCHEDULE_STOPS = build_columns(
    stop_id=("str", "id in its source; the key"),
    name=("str", "name as published or mapped"),
    station_id=("str", "station or stop area it belongs to; empty when alone"),
    lon=("float64", "degrees, WGS 84"),
    lat=("float64", "degrees, WGS 84"),
)
SCHEDULE_WAYS_IN = build_columns(
    stop_id=("str", "stop it leads to"),
    lon=("float64", "degrees, WGS 84"),
    lat=("float64", "degrees, WGS 84"),
)
SCHEDULE_LINES = MappingProxyType(
    {
        name: LINES[name]
        for name in (
            "line_id",
            "ref",
            "name",
            "mode",
            "operator",
            "headway_source",
            "hours_source",
        )
    }
)
SCHEDULE_TRANSFERS = build_columns(
    from_stop=("str", "stop one gets off at"),
    to_stop=("str", "stop one gets on at; may be the same"),
    min_s=("float64", "least seconds between, empty when only walking decides"),
    forbidden=("bool", "no change is possible between the two"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """Calls of trips at stops, trip by trip in order: `K` calls of `T` trips.

    Parameters
    ----------
    trip, stop
        Shape `(K,)`: rows of the trips (ascending) and of the stops.
    arrival_s, departure_s
        Shape `(K,)`: never falling along a trip.
    board, alight
        Shape `(K,)`: whether passengers may get on, off.
    """

    trip: Int32Array
    stop: Int32Array
    arrival_s: IntArray
    departure_s: IntArray
    board: BoolArray
    alight: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """One source's timetable of one service day.

    Parameters
    ----------
    source
        `gtfs` or `osm`.
    name
        File it comes from.
    day
        Service day.
    stops, ways_in, lines, transfers
        Columns as above, `RangeIndex`. A stop without a way in is reached at its own point.
    trip_line
        Shape `(T,)`: row of the line of each trip.
    trip_id, trip_headsign
        `T` texts each.
    calls
        Calls of the trips that run on `day`, frequencies written out.
    assumptions
        How often something was assumed, by what: `(code, count)`, such as `("headway_default", 12)`.
        The codes are explained in `layers.transit.assumptions`.
    notices
        What was wrong or left out.
    """

    source: str
    name: str
    day: date
    stops: pd.DataFrame
    ways_in: pd.DataFrame
    lines: pd.DataFrame
    transfers: pd.DataFrame
    trip_line: Int32Array
    trip_id: tuple[str, ...]
    trip_headsign: tuple[str, ...]
    calls: Calls
    assumptions: tuple[tuple[str, int], ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Transit:
    """The public transport of a city on one day: what runs measure with and keep.

    `S` stops, `L` lines, `T` trips.

    Parameters
    ----------
    source
        `gtfs` or `osm`: the `timetable_source` of every result.
    day
        Service day.
    stops, lines
        As `layers.results.STOPS` and `LINES`; rows are those of `timetable`.
    ways_in
        `stop` (row of the stop), geometry point WGS 84: where walks to a stop end; at least one
        per stop.
    changes
        `from_stop`, `to_stop` (rows), `min_s`, `forbidden`: changes the operator speaks about.
    trip_headsign
        `T` texts.
    timetable
        Hops from stop to stop, ready to be searched.
    assumptions
        As in `Schedule`, summed.
    """

    source: str
    day: date
    stops: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    ways_in: gpd.GeoDataFrame
    changes: pd.DataFrame
    trip_headsign: tuple[str, ...]
    timetable: Timetable
    assumptions: tuple[tuple[str, int], ...]
