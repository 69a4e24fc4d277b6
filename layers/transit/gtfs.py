"""GTFS feeds → one `Schedule` of one service day.

What is read stands in `gtfs_tables.yaml`. Times count from midnight of the service day and may pass 24:00; a
trip belongs to the day it starts on, so what runs after midnight is asked for as 24:30, not as 00:30.
Staying seated while a vehicle goes on as another trip (`block_id`) is not followed: such journeys take a change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from geo.units import BoolArray, Int32Array, IntArray
from layers.errors import InvalidLayer
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice, has_errors
from layers.sheets import list_rows
from layers.transit.calendars import FeedDays, build_days, choose_day
from layers.transit.calls import INTERPOLATED, ON_REQUEST, TripCalls, build_calls
from layers.transit.clock import write_seconds
from layers.transit.feeds import open_feed
from layers.transit.frequencies import NOT_EXACT, list_runs, write_runs
from layers.transit.gtfs_notices import (
    note_night_before,
    note_no_feed,
    note_no_trips,
    note_unknown_frequencies,
    note_unknown_routes,
)
from layers.transit.gtfs_stops import (
    ENTRANCES,
    Stops,
    build_stops,
    build_transfers,
    build_ways_in,
)
from layers.transit.model import GTFS, Calls, Schedule
from layers.transit.settings import TransitSettings
from layers.transit.table_spec import read_gtfs_rules
from layers.transit.tables import Table, read_tables

_OTHER = "other"
_TIMETABLE = "timetable"


@dataclass(frozen=True, slots=True, eq=False)
class _Feed:
    """One feed as read: its checked tables and its calendar."""

    name: str
    tables: dict[str, Table]
    days: FeedDays


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """The trips of one feed on the day, before ids are told apart."""

    line: Int32Array
    trip_id: tuple[str, ...]
    headsign: tuple[str, ...]
    calls: TripCalls
    n_not_exact: int


def list_feed_days(
    paths: Sequence[Path], *, limits: Limits = DEFAULT_LIMITS
) -> tuple[list[FeedDays], list[Notice]]:
    """List the service days of feeds, without reading their trips' times any further.

    Raises
    ------
    InvalidLayer
        A feed that cannot be read; all of their errors are listed.
    """
    feeds, notices = _read_feeds(paths, limits)
    return [feed.days for feed in feeds], notices


def read_gtfs(
    paths: Sequence[Path],
    settings: TransitSettings,
    *,
    map_day: date | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Schedule:
    """Read one or several feeds for one common service day.

    Parameters
    ----------
    paths
        Zips or folders. With several of them the ids of the n-th are prefixed with `n:`.
    settings
        `day`, or None: see `layers.transit.calendars.choose_day`.
    map_day
        State of the map, which a chosen day should be near.
    limits
        Of file sizes; `max_rows` does not bound these tables, whose rows are calls.

    Returns
    -------
    schedule
        Its notices hold everything that was wrong, left out or not followed.

    Raises
    ------
    InvalidLayer
        No feed, or one that cannot be read, has no service on the day asked for, or no usable trip; the notices list
        every error of every feed.
    """
    if not paths:
        raise InvalidLayer([note_no_feed()])
    chosen, notices = _drop_repeated(paths)
    feeds, more = _read_feeds(chosen, limits)
    notices += more
    day, more = choose_day([feed.days for feed in feeds], settings.day, map_day=map_day)
    notices += more
    parts = []
    for number, feed in enumerate(feeds, start=1):
        notices += note_night_before(feed.name, feed.tables, feed.days, day, settings)
        parts.append(_build_schedule(feed, day, f"{number}:" if len(feeds) > 1 else ""))
    schedule = _join(parts, day, notices)
    if not schedule.trip_id:
        raise InvalidLayer([*schedule.notices, note_no_trips(schedule.name, day)])
    return schedule


def _read_feeds(paths: Sequence[Path], limits: Limits) -> tuple[list[_Feed], list[Notice]]:
    """Read all feeds before complaining about any."""
    feeds: list[_Feed] = []
    notices: list[Notice] = []
    for path in paths:
        try:
            files = open_feed(path, limits=limits)
        except InvalidLayer as error:
            notices += error.notices
            continue
        tables, found = read_tables(files)
        notices += found
        if has_errors(found):
            continue
        days, more = build_days(
            files.name,
            calendar=tables["calendar"],
            exceptions=tables["calendar_dates"],
            trips=tables["trips"],
        )
        notices += more
        feeds.append(_Feed(files.name, tables, days))
    if has_errors(notices):
        raise InvalidLayer(notices)
    return feeds, notices


def _build_schedule(feed: _Feed, day: date, prefix: str) -> Schedule:
    tables = feed.tables
    stop_times, trips = tables["stop_times"], tables["trips"]
    stops, notices = build_stops(tables["stops"], frozenset(stop_times.ids("stop_id")))
    lines, more = _build_lines(tables["routes"], tables["agency"])
    notices += more
    runs, more = _build_runs(feed, day, stops, lines)
    notices += more
    transfers, more = build_transfers(tables["transfers"], stops)
    notices += more
    notices += note_unknown_frequencies(tables["frequencies"], frozenset(trips.ids("trip_id")))
    on_street = _find_street_stops(runs, lines, len(stops.frame))
    ways_in, n_inside = build_ways_in(stops, on_street)
    frame = stops.frame.assign(stop_id=prefix + stops.frame["stop_id"])
    known = frame["station_id"] != ""
    frame["station_id"] = frame["station_id"].where(~known, prefix + frame["station_id"])
    calls = runs.calls
    return Schedule(
        source=GTFS,
        name=feed.name,
        day=day,
        stops=frame,
        ways_in=ways_in.assign(stop_id=prefix + ways_in["stop_id"]),
        lines=lines.assign(line_id=prefix + lines["line_id"]),
        transfers=transfers.assign(
            from_stop=prefix + transfers["from_stop"], to_stop=prefix + transfers["to_stop"]
        ),
        trip_line=runs.line,
        trip_id=tuple(prefix + name for name in runs.trip_id),
        trip_headsign=runs.headsign,
        calls=Calls(
            calls.trip, calls.stop, calls.arrival_s, calls.departure_s, calls.board, calls.alight
        ),
        assumptions=(
            (INTERPOLATED, int(calls.guessed.sum())),
            (NOT_EXACT, runs.n_not_exact),
            (ON_REQUEST, int(calls.on_request.sum())),
            (ENTRANCES, n_inside),
        ),
        notices=tuple(notices),
    )


def _build_runs(
    feed: _Feed, day: date, stops: Stops, lines: pd.DataFrame
) -> tuple[_Runs, list[Notice]]:
    """Trips of the day with their calls, frequencies written out."""
    trips, stop_times = feed.tables["trips"], feed.tables["stop_times"]
    line_of = {line_id: row for row, line_id in enumerate(lines["line_id"])}
    line = np.array([line_of.get(name, -1) for name in trips.texts("route_id")], dtype=np.int32)
    notices = note_unknown_routes(trips, line < 0)
    running = trips.flags("service_id", feed.days.list_services(day).__contains__) & (line >= 0)
    wanted = np.flatnonzero(running)
    ids = trips.texts("trip_id")
    calls, more = build_calls(
        stop_times,
        trip_of={ids[row]: number for number, row in enumerate(wanted.tolist())},
        known_trips=frozenset(ids),
        stop_of=dict(stops.row_of),
        placeless=stops.placeless,
        stop_lonlat=stops.lonlat,
    )
    notices += more
    names = tuple(ids[wanted[number]] for number in calls.source)
    runs, more = list_runs(feed.tables["frequencies"], calls, names)
    notices += more
    written = write_runs(calls, runs)
    row = wanted[written.source]
    return _Runs(
        line=line[row],
        trip_id=tuple(
            f"{ids[place]}#{write_seconds(int(start_s))}" if from_frequency else ids[place]
            for place, start_s, from_frequency in zip(
                row.tolist(), runs.start_s, runs.written, strict=True
            )
        ),
        headsign=_find_headsigns(trips, row, written, stops),
        calls=written,
        n_not_exact=int((~runs.exact).sum()),
    ), notices


def _find_headsigns(trips: Table, row: IntArray, calls: TripCalls, stops: Stops) -> tuple[str, ...]:
    """What stands on each vehicle, else the name of its last stop."""
    signs = trips.texts("trip_headsign")
    last = np.searchsorted(calls.trip, np.arange(len(row)), side="right") - 1
    names = stops.frame["name"].tolist()
    ends = [names[stop] for stop in calls.stop[last].tolist()]
    return tuple(signs[place] or end for place, end in zip(row.tolist(), ends, strict=True))


def _build_lines(routes: Table, agency: Table) -> tuple[pd.DataFrame, list[Notice]]:
    rules = read_gtfs_rules()
    types = routes.numbers("route_type")
    modes = [rules.find_mode(number) for number in types.tolist()]
    unknown = np.array([mode is None for mode in modes], dtype=np.bool_)
    notices = []
    if unknown.any():
        rows = [int(row) for row in routes.rows[unknown]]
        notices.append(
            Notice(
                "warning",
                "unknown_route_type",
                routes.layer,
                f"{len(rows)} routes have no known route_type, such as row {rows[0]}; they count as mode "
                f"{_OTHER!r}",
                f"{len(rows)} 条线路的 route_type 未知，如第 {rows[0]} 行；交通方式记为“{_OTHER}”",
                row=list_rows(rows),
                column="route_type",
                count=len(rows),
            )
        )
    names = dict(zip(agency.texts("agency_id"), agency.texts("agency_name"), strict=True))
    alone = next(iter(names.values())) if len(set(names.values())) == 1 else ""
    lines = pd.DataFrame(
        {
            "line_id": routes.texts("route_id"),
            "ref": routes.texts("route_short_name"),
            "name": routes.texts("route_long_name"),
            "mode": [mode or _OTHER for mode in modes],
            "operator": [names.get(name, alone) for name in routes.texts("agency_id")],
            "headway_source": _TIMETABLE,
            "hours_source": _TIMETABLE,
        },
        dtype="str",
    )
    return lines, notices


def _find_street_stops(runs: _Runs, lines: pd.DataFrame, n_stops: int) -> BoolArray:
    """Shape `(S,)`: vehicles call here, all of them in the street."""
    street = lines["mode"].isin(read_gtfs_rules().street_modes).to_numpy(dtype=np.bool_)
    of_call = street[runs.line[runs.calls.trip]]
    some = np.zeros(n_stops, dtype=np.bool_)
    some[runs.calls.stop] = True
    some[runs.calls.stop[~of_call]] = False
    return some


def _join(parts: Sequence[Schedule], day: date, notices: Sequence[Notice]) -> Schedule:
    """Put feeds together; rows of later feeds follow those of earlier ones."""
    stop_shift = np.cumsum([0, *(len(part.stops) for part in parts)])
    line_shift = np.cumsum([0, *(len(part.lines) for part in parts)])
    trip_shift = np.cumsum([0, *(len(part.trip_id) for part in parts)])
    codes = [code for code, _ in parts[0].assumptions]
    counts = [dict(part.assumptions) for part in parts]
    calls = [part.calls for part in parts]
    return Schedule(
        source=GTFS,
        name=", ".join(part.name for part in parts),
        day=day,
        stops=pd.concat([part.stops for part in parts], ignore_index=True),
        ways_in=pd.concat([part.ways_in for part in parts], ignore_index=True),
        lines=pd.concat([part.lines for part in parts], ignore_index=True),
        transfers=pd.concat([part.transfers for part in parts], ignore_index=True),
        trip_line=_concat([part.trip_line for part in parts], line_shift),
        trip_id=tuple(name for part in parts for name in part.trip_id),
        trip_headsign=tuple(name for part in parts for name in part.trip_headsign),
        calls=Calls(
            trip=_concat([part.trip for part in calls], trip_shift),
            stop=_concat([part.stop for part in calls], stop_shift),
            arrival_s=np.concatenate([part.arrival_s for part in calls]),
            departure_s=np.concatenate([part.departure_s for part in calls]),
            board=np.concatenate([part.board for part in calls]),
            alight=np.concatenate([part.alight for part in calls]),
        ),
        assumptions=tuple((code, sum(of_part[code] for of_part in counts)) for code in codes),
        notices=(*notices, *(notice for part in parts for notice in part.notices)),
    )


def _concat(parts: Sequence[Int32Array], shift: IntArray) -> Int32Array:
    """Rows of all parts, counted on from part to part."""
    rows = [part + np.int32(more) for part, more in zip(parts, shift, strict=False)]
    joined: Int32Array = np.concatenate(rows).astype(np.int32)
    return joined


def _drop_repeated(paths: Sequence[Path]) -> tuple[list[Path], list[Notice]]:
    """Each feed once, however often it is named."""
    once = {path.resolve(): path for path in reversed(paths)}
    repeated = len(paths) - len(once)
    if not repeated:
        return list(paths), []
    return list(reversed(once.values())), [
        Notice(
            "warning",
            "feed_named_twice",
            ", ".join(path.name for path in paths),
            f"{repeated} feeds are named more than once; each was read once",
            f"{repeated} 个时刻表被重复列出，各只读取一次",
            count=repeated,
        )
    ]
