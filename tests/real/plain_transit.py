"""Journeys worked out a second time: the tables of a GTFS zip as they are, and one search per home and minute.

Nothing of the product is used. Someone leaves, walks to stops, and is there `slack_s` before a departure. The search
goes over whole trips, call by call: on board once a call is reached in time, off at every later one; whoever got off
somewhere sooner than known so far may change there and nearby. It repeats until nothing gets better: no order of
connections, no round, no profile to be wrong about. Times are seconds; walks are not rounded.
"""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

NEVER = float("inf")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Call:
    """A vehicle at a stop."""

    stop: str
    arrival_s: int
    departure_s: int
    board: bool
    alight: bool


@dataclass
class Feed:
    """Stops (longitude, latitude) and the trips of one day, each a list of calls."""

    stops: dict[str, tuple[float, float]]
    trips: list[list[Call]]
    route_of: list[str]
    trips_at: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for number, calls in enumerate(self.trips):
            for call in calls:
                self.trips_at[call.stop].add(number)


def read_feed(path: Path, day: date) -> Feed:
    """Read the trips that run on a day, frequencies written out; the feed has a time at every call."""
    with zipfile.ZipFile(path) as archive:

        def rows(name: str) -> list[dict[str, str]]:
            if name not in archive.namelist():
                return []
            text = archive.read(name).decode("utf-8-sig")
            return list(csv.DictReader(io.StringIO(text)))

        stamp = day.strftime("%Y%m%d")
        services = {
            row["service_id"]
            for row in rows("calendar.txt")
            if row["start_date"] <= stamp <= row["end_date"] and row[_DAYS[day.weekday()]] == "1"
        }
        for row in rows("calendar_dates.txt"):
            if row["date"] == stamp:
                change = services.add if row["exception_type"] == "1" else services.discard
                change(row["service_id"])
        repeats: dict[str, list[int]] = {}
        for row in rows("frequencies.txt"):
            begin, end = _read_clock(row["start_time"]), _read_clock(row["end_time"])
            repeats.setdefault(row["trip_id"], []).extend(
                range(begin, end, int(row["headway_secs"]))
            )
        route_of = {
            row["trip_id"]: row["route_id"]
            for row in rows("trips.txt")
            if row["service_id"] in services
        }
        calls: dict[str, list[tuple[int, Call]]] = {trip: [] for trip in route_of}
        for row in rows("stop_times.txt"):
            if row["trip_id"] in calls:
                calls[row["trip_id"]].append((int(row["stop_sequence"]), _read_call(row)))
        trips, routes = [], []
        for trip, numbered in calls.items():
            ordered = [call for _, call in sorted(numbered, key=lambda pair: pair[0])]
            first_s = ordered[0].departure_s
            for start_s in repeats.get(trip, [first_s]):
                trips.append([_shift(call, start_s - first_s) for call in ordered])
                routes.append(route_of[trip])
        stops = {
            row["stop_id"]: (float(row["stop_lon"]), float(row["stop_lat"]))
            for row in rows("stops.txt")
        }
        return Feed(stops, trips, routes)


def _read_clock(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _shift(call: Call, seconds: int) -> Call:
    return replace(call, arrival_s=call.arrival_s + seconds, departure_s=call.departure_s + seconds)


def _read_call(row: Mapping[str, str]) -> Call:
    arrival, departure = (_read_clock(row[name]) for name in ("arrival_time", "departure_time"))
    return Call(
        row["stop_id"],
        arrival,
        departure,
        row.get("pickup_type", "") != "1",
        row.get("drop_off_type", "") != "1",
    )


Walks = dict[str, dict[str, float]]
"""Seconds on foot from a stop to others."""


@dataclass(frozen=True)
class Rules:
    """How journeys are made: seconds, as the settings of a run say them."""

    slack_s: float = 60.0
    min_change_s: float = 60.0
    longest_s: float = 7200.0


class Town:
    """Where one may change, and which trips matter for who leaves when."""

    def __init__(self, feed: Feed, between: Walks, rules: Rules) -> None:
        self.feed, self.rules = feed, rules
        self._running: dict[float, set[int]] = {}
        self.changes: dict[str, list[tuple[str, float]]] = {
            stop: [(stop, rules.min_change_s)]
            + [
                (other, max(rules.min_change_s, walk_s + rules.slack_s))
                for other, walk_s in between.get(stop, {}).items()
                if other != stop
            ]
            for stop in feed.stops
        }

    def find_arrivals(self, leave_s: float, to_stops: Mapping[str, float]) -> dict[str, float]:
        """Earliest arrival by vehicle at every stop for someone who leaves a home then."""
        trips = self._find_running(leave_s)
        ready = {stop: leave_s + walk_s + self.rules.slack_s for stop, walk_s in to_stops.items()}
        arrivals: dict[str, float] = {}
        fresh = set(ready)
        while fresh:
            touched = set().union(*(self.feed.trips_at[stop] for stop in fresh)) & trips
            reached = self._ride(touched, ready, arrivals)
            fresh = set()
            for stop in reached:
                for other, least_s in self.changes[stop]:
                    if arrivals[stop] + least_s < ready.get(other, NEVER):
                        ready[other] = arrivals[stop] + least_s
                        fresh.add(other)
        return arrivals

    def _find_running(self, leave_s: float) -> set[int]:
        """Trips that matter for who leaves then; asked for once per home and moment."""
        if leave_s not in self._running:
            self._running[leave_s] = {
                number
                for number, calls in enumerate(self.feed.trips)
                if calls[-1].arrival_s > leave_s
                and calls[0].departure_s < leave_s + self.rules.longest_s
            }
        return self._running[leave_s]

    def _ride(
        self, trips: Iterable[int], ready: Mapping[str, float], arrivals: dict[str, float]
    ) -> set[str]:
        reached = set()
        for number in trips:
            on_board = False
            for call in self.feed.trips[number]:
                if on_board and call.alight and call.arrival_s < arrivals.get(call.stop, NEVER):
                    arrivals[call.stop] = call.arrival_s
                    reached.add(call.stop)
                if not on_board and call.board:
                    on_board = ready.get(call.stop, NEVER) <= call.departure_s
        return reached

    def measure_durations(
        self,
        leaves_s: Iterable[float],
        to_stops: Mapping[str, float],
        from_stops: Iterable[Mapping[str, float]],
        walks_s: Iterable[float],
    ) -> list[list[float]]:
        """Seconds to the nearest place of each kind for each departure; walking competes.

        `from_stops` and `walks_s` hold one entry per kind: seconds from stops, and from the home.
        """
        kinds = list(zip(from_stops, walks_s, strict=True))
        durations = []
        for leave_s in leaves_s:
            arrivals = self.find_arrivals(leave_s, to_stops)
            row = []
            for last_walks, walk_s in kinds:
                ends = (
                    arrival_s + last_walks[stop] - leave_s
                    for stop, arrival_s in arrivals.items()
                    if stop in last_walks
                )
                soonest = min(ends, default=NEVER)
                row.append(min(walk_s, soonest if soonest <= self.rules.longest_s else NEVER))
            durations.append(row)
        return durations
