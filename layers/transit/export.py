"""A timetable written as GTFS for other tools; what was built from OSM says so in every file that can."""

import csv
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from geo.units import FloatArray, IntArray
from layers.transit.clock import write_seconds
from layers.transit.model import Transit

_ROUTE_TYPES = {
    "tram": 0,
    "light_rail": 0,
    "subway": 1,
    "train": 2,
    "bus": 3,
    "ferry": 4,
    "other": 7,
    "trolleybus": 11,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OSM_URL = "https://www.openstreetmap.org/copyright"
_OSM_CREDIT = "© OpenStreetMap contributors"
_PUBLISHER = "LifeCircle"
_NO_OPERATOR = "unknown operator"
_SYNTHETIC = (
    "synthetic timetable made from OpenStreetMap routes with assumed headways and speeds; not an "
    "operator's timetable"
)
_STAMP = (1980, 1, 1, 0, 0, 0)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_LONGITUDE_HOUR = 15.0
_CHINA = (73.0, 18.0, 135.0, 54.0)
Cell = str | int
Rows = list[list[Cell]]


@dataclass(frozen=True, slots=True, eq=False)
class _Trips:
    """Calls of every trip, trip by trip in order: `K` calls."""

    trip: IntArray
    stop: IntArray
    sequence: IntArray
    arrival_s: IntArray
    departure_s: IntArray
    board: IntArray
    alight: IntArray


def write_gtfs(
    path: Path, transit: Transit, *, name: str, synthetic: bool, timezone: str = ""
) -> None:
    """Write a timetable as a GTFS zip.

    Equal timetables give equal bytes; a file that is there is replaced when the new one is whole. GTFS
    has no route type for light rail: it is written as tram.

    Parameters
    ----------
    path
        The zip.
    transit
        What is written: the trips of one day.
    name
        City or source, for `feed_info.txt`.
    synthetic
        The timetable was built from route relations: feed, routes and trips are marked, times are
        approximate, and OpenStreetMap is credited.
    timezone
        Of the agencies, such as `Asia/Shanghai`. Where not given, that one within China, elsewhere the
        zone of the stops' longitude: times are clock times on the spot either way.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    lonlat = shapely.get_coordinates(np.asarray(transit.stops.geometry.array))
    zone = timezone or _guess_timezone(lonlat)
    operators = sorted(set(transit.lines["operator"]))
    tables = {
        "agency": _write_agencies(operators, zone),
        "stops": _write_stops(transit, lonlat),
        "routes": _write_routes(transit, operators, synthetic=synthetic),
        "trips": _write_trips(transit, synthetic=synthetic),
        "stop_times": _write_stop_times(transit, synthetic=synthetic),
        "calendar": _write_calendar(transit.day, synthetic=synthetic),
        "feed_info": _write_feed_info(transit.day, name, synthetic=synthetic),
    }
    if len(transit.changes):
        tables["transfers"] = _write_transfers(transit)
    if synthetic:
        tables["attributions"] = [
            ["attribution_id", "organization_name", "is_producer", "attribution_url"],
            ["osm", _OSM_CREDIT, 1, _OSM_URL],
        ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for table, rows in tables.items():
            entry = zipfile.ZipInfo(f"{table}.txt", _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _write_csv(rows))
    _replace(path, packed.getvalue())


def _replace(path: Path, content: bytes) -> None:
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except OSError:
        Path(aside).unlink(missing_ok=True)
        raise


def _write_csv(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(
        [[_clean(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    )
    return text.getvalue().encode("utf-8")


def _clean(text: str) -> str:
    """One line of text without blanks around it: GTFS allows no line breaks in values."""
    return _CONTROL.sub(" ", text).strip()


def _guess_timezone(lonlat: FloatArray) -> str:
    if not len(lonlat):
        return "Etc/UTC"
    lon, lat = np.median(lonlat, axis=0)
    west, south, east, north = _CHINA
    if west <= lon <= east and south <= lat <= north:
        return "Asia/Shanghai"
    hours = round(float(lon) / _LONGITUDE_HOUR)
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"  # the sign of these names is turned round


def _write_agencies(operators: Sequence[str], zone: str) -> Rows:
    rows: Rows = [["agency_id", "agency_name", "agency_url", "agency_timezone"]]
    rows += [
        [str(number), operator or _NO_OPERATOR, _OSM_URL, zone]
        for number, operator in enumerate(operators, start=1)
    ]
    return rows


def _write_routes(transit: Transit, operators: Sequence[str], *, synthetic: bool) -> Rows:
    agency = {operator: str(number) for number, operator in enumerate(operators, start=1)}
    rows: Rows = [
        ["route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type"]
    ]
    lines = transit.lines
    for line_id, operator, ref, name, mode, headway, hours in zip(
        *(
            lines[column]
            for column in (
                "line_id",
                "operator",
                "ref",
                "name",
                "mode",
                "headway_source",
                "hours_source",
            )
        ),
        strict=True,
    ):
        short, long = _clean(ref), _clean(name)
        said = f"{_SYNTHETIC} (headway: {headway}, hours: {hours})" if synthetic else ""
        rows.append(
            [
                line_id,
                agency[operator],
                short or ("" if long else line_id),
                long if long != short else "",
                said,
                _ROUTE_TYPES[mode],
            ]
        )
    return rows


def _write_stops(transit: Transit, lonlat: FloatArray) -> Rows:
    rows: Rows = [
        ["stop_id", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station"]
    ]
    ids, names = list(transit.stops["stop_id"]), list(transit.stops["name"])
    doors = _list_doors(transit, lonlat)
    stations: dict[str, list[int]] = {}
    parents = []
    for row, station_id in enumerate(transit.stops["station_id"]):
        station = station_id or (f"station-{ids[row]}" if row in doors else "")
        station = f"station-{station}" if station in set(ids) else station
        parents.append(station)
        if station:
            stations.setdefault(station, []).append(row)
    for station, members in stations.items():
        label = next((names[row] for row in members if names[row]), station)
        rows.append([station, label, *_write_place(lonlat[members].mean(axis=0)), 1, ""])
    for row, stop_id in enumerate(ids):
        rows.append([stop_id, names[row] or stop_id, *_write_place(lonlat[row]), 0, parents[row]])
    for station, members in stations.items():
        places = sorted({place for row in members for place in doors.get(row, ())})
        label = next((names[row] for row in members if names[row]), station)
        rows += [
            [f"{station}-entrance-{number}", label, *_write_place(np.array(place)), 2, station]
            for number, place in enumerate(places, start=1)
        ]
    return rows


def _list_doors(transit: Transit, lonlat: FloatArray) -> dict[int, list[tuple[float, float]]]:
    """Ways into each stop that are not the stop itself."""
    doors: dict[int, list[tuple[float, float]]] = {}
    places = shapely.get_coordinates(np.asarray(transit.ways_in.geometry.array))
    for row, (lon, lat) in zip(transit.ways_in["stop"].tolist(), places.tolist(), strict=True):
        if (lon, lat) != tuple(lonlat[row].tolist()):
            doors.setdefault(row, []).append((lon, lat))
    return doors


def _write_place(lonlat: FloatArray) -> tuple[str, str]:
    """Latitude and longitude to a centimetre."""
    return f"{lonlat[1]:.7f}", f"{lonlat[0]:.7f}"


def _write_trips(transit: Transit, *, synthetic: bool) -> Rows:
    service = _get_service(transit.day, synthetic=synthetic)
    line_ids = list(transit.lines["line_id"])
    rows: Rows = [["route_id", "service_id", "trip_id", "trip_headsign"]]
    ridden = np.unique(transit.timetable.hop_trip).tolist()
    rows += [
        [
            line_ids[transit.timetable.trip_line[trip]],
            service,
            _name_trip(trip, synthetic=synthetic),
            transit.trip_headsign[trip],
        ]
        for trip in ridden
    ]
    return rows


def _name_trip(trip: int, *, synthetic: bool) -> str:
    return f"synthetic-{trip}" if synthetic else f"trip-{trip}"


def _get_service(day: date, *, synthetic: bool) -> str:
    return f"{'synthetic' if synthetic else 'day'}-{day:%Y%m%d}"


def _list_calls(transit: Transit) -> _Trips:
    """Calls of each trip, from its hops."""
    table = transit.timetable
    back = np.arange(table.n_hops)[::-1]  # hops stand in falling order
    order = back[np.argsort(table.hop_trip[back], kind="stable")]
    trip = table.hop_trip[order].astype(np.int64)
    first = np.ones(trip.size, dtype=np.bool_)
    first[1:] = trip[1:] != trip[:-1]
    hop = np.cumsum(first) - 1 + np.arange(trip.size)  # place of the call each hop starts at
    n_calls = trip.size + int(first.sum())

    def spread(starts: IntArray, ends: IntArray) -> IntArray:
        """Value at each call: of the hop that starts there, and of the last hop of a trip at its end."""
        values = np.zeros(n_calls, dtype=np.int64)
        values[hop + 1] = ends
        values[hop] = starts
        return values

    departure_s = table.hop_departure_s[order].astype(np.int64)
    arrival_s = table.hop_arrival_s[order].astype(np.int64)
    arrivals = np.zeros(n_calls, dtype=np.int64)
    arrivals[hop] = departure_s
    arrivals[hop + 1] = arrival_s
    alight = np.ones(n_calls, dtype=np.int64)
    alight[hop + 1] = table.hop_alight[order]
    starts = hop[first]
    return _Trips(
        trip=spread(trip, trip),
        stop=spread(table.hop_from[order].astype(np.int64), table.hop_to[order].astype(np.int64)),
        sequence=np.arange(n_calls) - np.repeat(starts, np.diff([*starts, n_calls])),
        arrival_s=arrivals,
        departure_s=spread(departure_s, arrival_s),
        board=spread(table.hop_board[order].astype(np.int64), np.ones_like(trip)),
        alight=alight,
    )


def _write_stop_times(transit: Transit, *, synthetic: bool) -> Rows:
    calls = _list_calls(transit)
    ids = list(transit.stops["stop_id"])
    rows: Rows = [
        [
            "trip_id",
            "arrival_time",
            "departure_time",
            "stop_id",
            "stop_sequence",
            "pickup_type",
            "drop_off_type",
            "timepoint",
        ]
    ]
    names = {trip: _name_trip(trip, synthetic=synthetic) for trip in set(calls.trip.tolist())}
    columns = (
        calls.trip,
        calls.arrival_s,
        calls.departure_s,
        calls.stop,
        calls.sequence,
        calls.board,
        calls.alight,
    )
    rows += [
        [
            names[trip],
            write_seconds(arrival_s),
            write_seconds(departure_s),
            ids[stop],
            sequence + 1,
            1 - board,
            1 - alight,
            int(not synthetic),
        ]
        for trip, arrival_s, departure_s, stop, sequence, board, alight in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]
    return rows


def _write_transfers(transit: Transit) -> Rows:
    ids = list(transit.stops["stop_id"])
    rows: Rows = [["from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time"]]
    changes: Iterable[tuple[int, int, float, bool]] = zip(
        transit.changes["from_stop"].tolist(),
        transit.changes["to_stop"].tolist(),
        transit.changes["min_s"].tolist(),
        transit.changes["forbidden"].tolist(),
        strict=True,
    )
    for from_stop, to_stop, min_s, forbidden in changes:
        least: Cell = "" if forbidden or np.isnan(min_s) else round(min_s)
        kind = 3 if forbidden else 0 if least == "" else 2
        rows.append([ids[from_stop], ids[to_stop], kind, least])
    return rows


def _write_calendar(day: date, *, synthetic: bool) -> Rows:
    runs: list[Cell] = [int(day.weekday() == weekday) for weekday in range(len(_DAYS))]
    stamp = f"{day:%Y%m%d}"
    return [
        ["service_id", *_DAYS, "start_date", "end_date"],
        [_get_service(day, synthetic=synthetic), *runs, stamp, stamp],
    ]


def _write_feed_info(day: date, name: str, *, synthetic: bool) -> Rows:
    stamp = f"{day:%Y%m%d}"
    version = f"{name} {day.isoformat()}" + (f": {_SYNTHETIC}" if synthetic else "")
    return [
        [
            "feed_publisher_name",
            "feed_publisher_url",
            "feed_lang",
            "feed_start_date",
            "feed_end_date",
            "feed_version",
        ],
        [_PUBLISHER, _OSM_URL, "mul", stamp, stamp, version],
    ]
