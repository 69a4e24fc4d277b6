"""A timetable from route relations of OSM, for cities that publish none: synthetic, every assumption counted.

Order of calls and geometry come from the relation (`patterns`), headways and hours from its tags
(`headways`, `hours`), whatever is missing from `modes.yaml`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from layers.notices import Notice
from layers.osm import OsmExtract
from layers.transit import route_notices
from layers.transit.clock import write_clock
from layers.transit.headways import Headways, list_departures_s, read_headways
from layers.transit.hours import parse_hours
from layers.transit.lines import LineGroup, group_routes
from layers.transit.members import Route, list_pairs, read_routes, settle_platforms
from layers.transit.model import OSM, Calls, Schedule
from layers.transit.modes import ModeTable, Span, read_modes
from layers.transit.night import is_night_line
from layers.transit.patterns import Pattern, PatternBuilder, Piece
from layers.transit.places import (
    Places,
    Stations,
    build_places,
    build_stations,
    find_platforms,
    list_unserved,
    name_places,
)
from layers.transit.settings import TransitSettings

_WEDNESDAY = 2
_WITHOUT_TIMESTAMP = date(2024, 1, 3)
_TAGGED, _OF_NIGHT, _OF_MODE = "opening_hours", "night_hours", "hours"


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    """A route with its pieces and its departures of the day."""

    route: Route
    pattern: Pattern
    departures_s: tuple[int, ...]
    headways: Headways
    hours_from: str

    @property
    def hours_tagged(self) -> bool:
        return self.hours_from == _TAGGED


def choose_osm_day(timestamp: str, wanted: date | None) -> date:
    """Service day of routes mapped in OSM.

    Parameters
    ----------
    timestamp
        State of the data, ISO 8601; empty when unknown.
    wanted
        Day the settings ask for.

    Returns
    -------
    day
        The one wanted; else the first Wednesday on or after the data's state; else 2024-01-03.

    Examples
    --------
    >>> choose_osm_day("2021-03-28T23:59:59Z", None)
    datetime.date(2021, 3, 31)
    """
    if wanted is not None:
        return wanted
    state = _read_state(timestamp)
    if state is None:
        return _WITHOUT_TIMESTAMP
    return state + timedelta(days=(_WEDNESDAY - state.weekday()) % 7)


def _read_state(timestamp: str) -> date | None:
    """State of the data; None where the file does not say."""
    try:
        return datetime.fromisoformat(timestamp).date()
    except ValueError:
        return None


def build_osm_schedule(extract: OsmExtract, settings: TransitSettings) -> Schedule:
    """Timetable of one day from the route relations of an extract.

    Parameters
    ----------
    extract
        Its `transit_stops`, `transit_routes` and `transit_ways`.
    settings
        Only its `day` is asked.

    Returns
    -------
    schedule
        Lines that have trips; stops they call at, and further stops nobody calls at. No trip at all is
        no error: a notice says so.
    """
    table = read_modes()
    day = choose_osm_day(extract.timestamp, settings.day)
    places, ways = build_places(extract)
    routes, not_local, other_mode = read_routes(extract, places, table)
    pairs = list_pairs(routes)
    routes = settle_platforms(routes, find_platforms(places, pairs, table))
    places = name_places(places, pairs)
    groups = group_routes(routes, places)
    modes = {route.mode.name: route.mode for route in routes}
    fitting = {name: places.list_fitting(mode) for name, mode in modes.items()}
    builder = PatternBuilder(places, ways, table, fitting)
    running: list[list[_Running]] = []
    notices = route_notices.RouteNotices(extract.path.name)
    notices.left_out(not_local, other_mode)
    assumed: Counter[str] = Counter()
    for group in groups:
        of_group = []
        for route, sibling, variant in zip(
            group.routes, group.siblings, group.variants, strict=True
        ):
            found = _run(route, builder.build(route, has_sibling=sibling), table, day, notices)
            if found is not None:
                of_group.append(found)
                assumed += _count(found, variant=variant)
        running.append(of_group)
    served, rail = _list_served(running)
    stations = build_stations(places, served, rail, table)
    day_unknown = bool(served) and settings.day is None and _read_state(extract.timestamp) is None
    if day_unknown:
        notices.day_unknown(day)
    assumed += Counter(
        entrance_nearest=stations.n_nearest,
        station_at_platform=stations.n_without,
        day_unknown=int(day_unknown),
    )
    return _assemble(
        extract.path.name,
        day,
        places,
        stations,
        [*served, *list_unserved(places, served, table)],
        groups,
        running,
        assumed,
        notices.gather(n_routes=len(routes), places=places),
    )


def _run(
    route: Route,
    pattern: Pattern,
    table: ModeTable,
    day: date,
    notices: "route_notices.RouteNotices",
) -> _Running | None:
    """Departures of a route; None where nothing of it runs, which is noticed."""
    notices.pattern(route, pattern)
    if not pattern.pieces:
        return None
    tags = {**route.master_tags, **route.tags}
    hours, hours_from = _choose_hours(tags, route, table, day, notices)
    headways = read_headways(tags, route.mode.headway_s, table, day)
    notices.unread(route, headways.unread)
    departures_s = list_departures_s(hours, headways)
    if not departures_s:
        notices.not_running.append(route.relation_id)
        return None
    return _Running(route, pattern, tuple(departures_s), headways, hours_from)


def _choose_hours(
    tags: Mapping[str, str],
    route: Route,
    table: ModeTable,
    day: date,
    notices: "route_notices.RouteNotices",
) -> tuple[Sequence[Span], str]:
    text = tags.get("opening_hours", "")
    if text:
        hours = parse_hours(text, day)
        if hours is not None:
            return hours, _TAGGED
        notices.unread(route, [("opening_hours", text)])
    if is_night_line(route.tags, route.master_tags, table):
        return [table.night_hours], _OF_NIGHT
    return [route.mode.hours], _OF_MODE


def _count(found: _Running, *, variant: bool) -> Counter[str]:
    """What was assumed of one route that runs."""
    headways = found.headways
    return found.pattern.assumed + Counter(
        relations_used=1,
        headway_default=int(not headways.tagged),
        headway_default_part=int(headways.tagged and not headways.whole_day),
        headway_of_peak=int(headways.by_words),
        headway_shared=int(variant),
        hours_default=int(found.hours_from == _OF_MODE),
        hours_night=int(found.hours_from == _OF_NIGHT),
        speed_default=len({piece.sense for piece in found.pattern.pieces}),
        first_departure=len(found.pattern.pieces),
    )


def _list_served(running: Iterable[Sequence[_Running]]) -> tuple[list[int], frozenset[int]]:
    """Places called at, ascending, and those of them that trains call at."""
    served: set[int] = set()
    rail: set[int] = set()
    for of_group in running:
        for found in of_group:
            rows = {row for piece in found.pattern.pieces for row in piece.places}
            served |= rows
            rail |= rows if found.route.mode.rail else set()
    return sorted(served), frozenset(rail)


def _assemble(
    name: str,
    day: date,
    places: Places,
    stations: Stations,
    rows: Sequence[int],
    groups: Sequence[LineGroup],
    running: Sequence[Sequence[_Running]],
    assumed: Mapping[str, int],
    notices: Sequence[Notice],
) -> Schedule:
    stop_of = {row: at for at, row in enumerate(rows)}
    lines = [(group, found) for group, found in zip(groups, running, strict=True) if found]
    trips: list[tuple[int, str, str]] = []
    calls: dict[str, list[np.ndarray]] = defaultdict(list)
    for line, (_, of_group) in enumerate(lines):
        for found in of_group:
            for number, piece in enumerate(found.pattern.pieces):
                headsign = _get_headsign(found.route, piece, places)
                arrival_s, departure_s = _list_times_s(piece, found.route.mode.dwell_s)
                n, many = len(piece.places), len(found.departures_s)
                starts_s = np.repeat(found.departures_s, n)
                calls["trip"].append(np.repeat(len(trips) + np.arange(many), n))
                calls["stop"].append(np.tile([stop_of[row] for row in piece.places], many))
                calls["arrival_s"].append(starts_s + np.tile(arrival_s, many))
                calls["departure_s"].append(starts_s + np.tile(departure_s, many))
                calls["board"].append(np.tile(piece.board, many))
                calls["alight"].append(np.tile(piece.alight, many))
                label = f"r{found.route.relation_id}-{number + 1}"
                trips += [
                    (line, f"{label}-{write_clock(start_s).replace(':', '')}", headsign)
                    for start_s in found.departures_s
                ]
    return Schedule(
        source=OSM,
        name=name,
        day=day,
        stops=pd.DataFrame(
            {
                "stop_id": _texts(places.ids[row] for row in rows),
                "name": _texts(places.names[row] for row in rows),
                "station_id": _texts(
                    stations.station_id.get(row, places.area_ids[row]) for row in rows
                ),
                "lon": places.lonlat[rows, 0] if rows else np.empty(0),
                "lat": places.lonlat[rows, 1] if rows else np.empty(0),
            }
        ),
        ways_in=pd.DataFrame(
            {
                "stop_id": _texts(places.ids[row] for row, _ in stations.ways_in),
                "lon": np.array([places.lonlat[door, 0] for _, door in stations.ways_in], float),
                "lat": np.array([places.lonlat[door, 1] for _, door in stations.ways_in], float),
            }
        ),
        lines=_tabulate_lines(lines),
        transfers=pd.DataFrame(
            {
                "from_stop": _texts([]),
                "to_stop": _texts([]),
                "min_s": np.empty(0, np.float64),
                "forbidden": np.empty(0, np.bool_),
            }
        ),
        trip_line=np.array([line for line, _, _ in trips], dtype=np.int32),
        trip_id=tuple(trip_id for _, trip_id, _ in trips),
        trip_headsign=tuple(headsign for _, _, headsign in trips),
        calls=Calls(
            trip=_join(calls["trip"], np.int32),
            stop=_join(calls["stop"], np.int32),
            arrival_s=_join(calls["arrival_s"], np.int64),
            departure_s=_join(calls["departure_s"], np.int64),
            board=_join(calls["board"], np.bool_),
            alight=_join(calls["alight"], np.bool_),
        ),
        assumptions=tuple((code, count) for code, count in sorted(assumed.items()) if count),
        notices=tuple(notices),
    )


def _tabulate_lines(lines: Sequence[tuple[LineGroup, Sequence[_Running]]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "line_id": _texts(group.line_id for group, _ in lines),
            "ref": _texts(group.ref for group, _ in lines),
            "name": _texts(group.name for group, _ in lines),
            "mode": _texts(group.routes[0].mode.name for group, _ in lines),
            "operator": _texts(group.operator for group, _ in lines),
            "headway_source": _texts(
                "interval" if all(one.headways.tagged for one in found) else "default"
                for _, found in lines
            ),
            "hours_source": _texts(
                "opening_hours" if all(one.hours_tagged for one in found) else "default"
                for _, found in lines
            ),
        }
    )


def _texts(values: Iterable[str]) -> pd.api.extensions.ExtensionArray:
    return pd.array(list(values), dtype="str")


def _join(parts: Sequence[np.ndarray], dtype: type[np.generic]) -> np.ndarray:
    return np.concatenate(parts).astype(dtype) if parts else np.empty(0, dtype)


def _list_times_s(piece: Piece, dwell_s: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrivals and departures along a piece, seconds after its first departure."""
    rides = np.array(piece.ride_s, dtype=np.int64)
    arrival_s = np.concatenate([[0], np.cumsum(rides) + dwell_s * np.arange(rides.size)])
    departure_s = arrival_s + dwell_s
    departure_s[[0, -1]] = arrival_s[[0, -1]]
    return arrival_s, departure_s


def _get_headsign(route: Route, piece: Piece, places: Places) -> str:
    end = route.tags.get("to" if piece.sense > 0 else "from", "")
    return end or places.names[piece.places[-1]]
