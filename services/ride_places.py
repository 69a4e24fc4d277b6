"""Questions about one point with the timetable: how soon is what, by which journey.

Answered by the scans the run was measured with, over its own timetable, so that a journey retraces
a figure of its tables to the second. One backwards scan per kind, speed and stretch of the day is
kept; a question then takes the stops near the point and looks them up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from geo.journeys import (
    Access,
    Window,
    explain_journey,
    measure_durations,
    measure_journeys,
    walk_ms,
)
from geo.profile import Profiles, scan_profiles
from geo.reach import measure_within
from geo.timetable import UNREACHED_MS, Changes, Timetable, cut_window
from geo.units import UNREACHED, FloatArray, IntArray
from layers.store import Run
from layers.transit.model import Transit
from layers.transit.settings import TransitSettings
from services.errors import UnknownFacility
from services.itineraries import Itinerary, ItineraryWriter, Route
from services.once import OnceCache
from services.places import Door, FacilityWalk, PlaceFinder, Start
from services.rides import WORST, Egress, Rides, build_rides, measure_egress
from services.walks import limit_in_metres

_SCANS_KEPT = 48
_HOUR_S = 3600


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """Entrances of some facilities of one kind, and where the journeys to them are looked up.

    Parameters
    ----------
    kind
        Code of the facility kind.
    rows
        Rows of the run's entrances, ascending.
    key
        Names the selection among those of the kind.
    """

    kind: str
    rows: IntArray
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What one backwards scan found, with what it was scanned from."""

    timetable: Timetable
    changes: Changes
    egress: Egress
    profiles: Profiles


@dataclass(frozen=True, slots=True)
class Typical:
    """How long it takes over all departures of the run's window, seconds.

    Parameters
    ----------
    typical_s, best_s, worst_s
        The run's percentile, the best departure, and the 90th percentile; `UNREACHED` (inf) where
        too few departures arrive.
    depart_s
        First departure that takes `typical_s`, None where walking all the way is as fast.
    door
        Where that journey, or the walk, ends; None when nothing is reached.
    walk
        Walking all the way.
    """

    typical_s: float
    best_s: float
    worst_s: float
    depart_s: int | None
    door: Door | None
    walk: FacilityWalk | None


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """The journey of one departure, the walk it competes with, and the window around it.

    Parameters
    ----------
    depart_ms, arrival_ms
        Milliseconds after midnight of the service day; `arrival_ms` None when nothing is reached.
    itinerary
        Its parts; None when nothing is reached.
    by_vehicle
        Whether it rides; else walking all the way is as fast, or all there is.
    ridden_ms
        When the soonest ride arrives, faster than walking or not; None without any.
    walk, walk_ms
        Walking all the way; None when no street leads there.
    """

    depart_ms: int
    arrival_ms: int | None
    door: Door | None
    itinerary: Itinerary | None
    by_vehicle: bool
    ridden_ms: int | None
    walk: FacilityWalk | None
    walk_ms: int | None


def read_settings(given: dict[str, Any]) -> TransitSettings:
    """Settings of journeys as a manifest keeps them."""
    day = given.get("day")
    return TransitSettings(**{**given, "day": date.fromisoformat(day) if day else None})


class RideFinder:
    """Answers about single points of one run that has a timetable.

    Parameters
    ----------
    run
        The opened run.
    transit
        Its public transport.
    places
        Answers about the same run on foot.
    """

    def __init__(self, run: Run, transit: Transit, places: PlaceFinder) -> None:
        self._run = run
        self._places = places
        settings = read_settings(run.manifest.get("transit", {}).get("settings", {}))
        self.rides: Rides = build_rides(transit, run.network, settings, max_leg_m=places.max_leg_m)
        self._writer = ItineraryWriter(self.rides, places)
        self._scans = OnceCache(_SCANS_KEPT)
        self._plans = OnceCache(_SCANS_KEPT)

    @property
    def transit(self) -> Transit:
        """The public transport of the run."""
        return self.rides.transit

    @property
    def window(self) -> Window:
        """Departures the run's typical times are taken over."""
        return self.rides.window

    @property
    def service_s(self) -> tuple[int, int] | None:
        """First and last departure of any vehicle, seconds; None when none runs."""
        departures = self.transit.timetable.hop_departure_s
        return (int(departures.min()), int(departures.max())) if len(departures) else None

    def warm(self) -> None:
        """Load the compiled kernels before the first question."""
        kinds = self._run.facilities["kind"].unique().tolist()
        demand = self._run.demand
        home = demand.geometry[demand["connected"].to_numpy(dtype=bool)].iloc[:1]
        if kinds and len(home):
            start = self._places.snap_place(float(home.iloc[0].x), float(home.iloc[0].y))
            speed_m_s = next(iter(self._places.speeds_m_s.values()))
            self.plan(start, self.get_goals(kinds[0]), self.window.first_s, speed_m_s)

    def get_goals(self, kind: str, *, to: str = "", without: Sequence[str] = ()) -> Goals:
        """Entrances journeys may end at.

        Parameters
        ----------
        kind
            Code of the facility kind.
        to
            Only this facility; all of the kind when empty.
        without
            Facilities left out.

        Raises
        ------
        UnknownFacility
            The run holds no such facility of the kind.
        """
        rows, facility = self._places.list_entrances(kind)
        if to:
            facilities = self._run.facilities
            ids = facilities.loc[facilities["kind"] == kind, "facility_id"]
            if not (ids == to).any():
                raise UnknownFacility(to, kind, ids.tolist())
            return Goals(kind, rows[facility == to], ("to", to))
        left = (
            ~np.isin(facility.astype(str), list(without)) if without else np.ones(len(rows), bool)
        )
        return Goals(kind, rows[left], ("without", *sorted(without)))

    def get_plan(
        self, speed_m_s: float, span_s: tuple[int, int] | None
    ) -> tuple[Timetable, Changes]:
        """Hops and changes at a walking speed: of the run's window, or of another span."""
        plan = self._plans.get(speed_m_s, lambda: self.rides.prepare(speed_m_s))
        if span_s is None:
            return plan.timetable, plan.changes
        return cut_window(self.transit.timetable, *span_s), plan.changes

    def find_span(self, depart_s: int) -> tuple[int, int] | None:
        """Hops a departure may need, seconds; None where those of the run's window do."""
        last_s = self.window.first_s + 60 * (self.window.count - 1)
        if self.window.first_s <= depart_s <= last_s:
            return None
        begin = depart_s // _HOUR_S * _HOUR_S
        return begin, begin + _HOUR_S + self.rides.longest_ms // 1000

    def measure_access(self, start: Start, speed_m_s: float) -> Access:
        """Stops near a point, measured as the run measured those of its homes."""
        rides = self.rides
        limit_m = limit_in_metres(rides.settings.walk_min, "min", speed_m_s)
        away = np.hypot(*(rides.stop_links.snap_xy - start.link.snap_xy[0]).T)
        near = np.flatnonzero(rides.stop_links.connected & (away <= limit_m + 1.0))
        pairs = measure_within(
            rides.network,
            rides.stop_links.take(near),
            rides.way_in_stop[near],
            rides.n_stops,
            start.link,
            limit_m=limit_m,
            threads=1,
        )
        return rides.turn_access(pairs, speed_m_s)

    def plan(self, start: Start, goals: Goals, depart_s: int, speed_m_s: float) -> Journey:
        """Journey of one departure: the one the run's tables count, if it is in their window."""
        scan = self._get_scan(goals, speed_m_s, self.find_span(depart_s))
        access = self.measure_access(start, speed_m_s)
        walk = self._places.find_nearest(start, goals.kind, goals.rows)
        walked_ms = _find_walk_ms(walk, speed_m_s)
        depart_ms = depart_s * 1000
        rides = self.rides

        def explain(walk_all_ms: int) -> tuple[Any, int]:
            return explain_journey(
                scan.profiles,
                scan.timetable,
                scan.changes,
                scan.egress.walk_ms,
                access.stop,
                access.walk_ms,
                depart_ms=depart_ms,
                slack_ms=rides.slack_ms,
                longest_ms=rides.longest_ms,
                walk_all_ms=walk_all_ms,
            )

        ridden, ridden_ms = explain(UNREACHED_MS)
        if ridden is None:
            ridden_ms = UNREACHED_MS
        by_vehicle = ridden_ms < UNREACHED_MS and ridden_ms - depart_ms < walked_ms
        if not by_vehicle and walk is None:
            return Journey(depart_ms, None, None, None, False, None, None, None)
        arrival_ms = ridden_ms if by_vehicle else depart_ms + walked_ms
        if by_vehicle:
            first = int(scan.timetable.hop_from[ridden[0].enter_hop])
            last = int(scan.timetable.hop_to[ridden[-1].exit_hop])
            door = self._places.get_door(int(goals.rows[scan.egress.source[last]]), goals.kind)
            at = int(np.flatnonzero(access.stop == first)[0])
            route = Route(
                scan.timetable, ridden, int(access.walk_ms[at]), int(scan.egress.walk_ms[last])
            )
        elif walk is not None:
            door, route = walk.door, None
        itinerary = self._writer.write(start, door, route, depart_ms, arrival_ms, speed_m_s)
        return Journey(
            depart_ms,
            arrival_ms,
            door,
            itinerary,
            by_vehicle,
            ridden_ms if ridden_ms < UNREACHED_MS else None,
            walk,
            walked_ms if walk is not None else None,
        )

    def measure_typical(self, start: Start, goals: Goals, speed_m_s: float) -> Typical:
        """Times over all departures of the run's window, as its access table has them for homes."""
        scan = self._get_scan(goals, speed_m_s, None)
        walk = self._places.find_nearest(start, goals.kind, goals.rows)
        times = measure_journeys(
            *self._get_choices(scan, start, walk, speed_m_s),
            self.window,
            slack_ms=self.rides.slack_ms,
            longest_ms=self.rides.longest_ms,
            percentile=self.rides.settings.percentile,
            worst=WORST,
            threads=1,
        )
        last = int(times.last_stop[0])
        door = None if walk is None else walk.door
        if last >= 0:
            door = self._places.get_door(int(goals.rows[scan.egress.source[last]]), goals.kind)
        depart_s = float(times.depart_s[0])
        return Typical(
            typical_s=float(times.typical_s[0]),
            best_s=float(times.best_s[0]),
            worst_s=float(times.worst_s[0]),
            depart_s=int(depart_s) if np.isfinite(depart_s) else None,
            door=door if np.isfinite(times.typical_s[0]) else None,
            walk=walk,
        )

    def list_durations(self, start: Start, goals: Goals, speed_m_s: float) -> list[float | None]:
        """Seconds of every departure of the run's window, None where nothing is reached."""
        scan = self._get_scan(goals, speed_m_s, None)
        walk = self._places.find_nearest(start, goals.kind, goals.rows)
        found = measure_durations(
            *self._get_choices(scan, start, walk, speed_m_s),
            self.window,
            slack_ms=self.rides.slack_ms,
            longest_ms=self.rides.longest_ms,
            threads=1,
        )
        return [None if one == UNREACHED_MS else one / 1000.0 for one in found[0].tolist()]

    def _get_choices(
        self, scan: Scan, start: Start, walk: FacilityWalk | None, speed_m_s: float
    ) -> tuple[Profiles, Access, FloatArray]:
        """What one may board, the walks there, and the seconds of walking all the way."""
        profiles, access = _cut_profiles(scan.profiles, self.measure_access(start, speed_m_s))
        walk_s = np.array([UNREACHED if walk is None else walk.walk_m / speed_m_s])
        return profiles, access, walk_s

    def _get_scan(self, goals: Goals, speed_m_s: float, span_s: tuple[int, int] | None) -> Scan:
        key = (goals.kind, goals.key, speed_m_s, span_s)
        scan: Scan = self._scans.get(key, lambda: self._scan(goals, speed_m_s, span_s))
        return scan

    def _scan(self, goals: Goals, speed_m_s: float, span_s: tuple[int, int] | None) -> Scan:
        timetable, changes = self.get_plan(speed_m_s, span_s)
        sources = self._places.entrance_links.take(goals.rows)
        egress = measure_egress(self.rides, sources, speed_m_s)
        return Scan(timetable, changes, egress, scan_profiles(timetable, changes, egress.walk_ms))


def _find_walk_ms(walk: FacilityWalk | None, speed_m_s: float) -> int:
    if walk is None:
        return int(UNREACHED_MS)
    return int(walk_ms(np.array([walk.walk_m / speed_m_s]), 1.0)[0])


def _cut_profiles(profiles: Profiles, access: Access) -> tuple[Profiles, Access]:
    """Boardings at the stops in reach alone: small tables, whatever the size of the city."""
    stops = access.stop.astype(np.int64)
    counts = profiles.start[stops + 1] - profiles.start[stops]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    places = np.repeat(profiles.start[stops] - start[:-1], counts) + np.arange(start[-1])
    return (
        Profiles(
            start,
            profiles.departure_s[places],
            profiles.arrival_ms[places],
            profiles.enter_hop[places],
            profiles.exit_hop[places],
            profiles.last_stop[places],
        ),
        Access(access.start, np.arange(len(stops), dtype=np.int32), access.walk_ms),
    )
