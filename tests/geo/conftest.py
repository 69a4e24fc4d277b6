"""A slow, plain search over events, and small cities for it: written as text, or random.

The search shares nothing with the kernels: no sorted hops, no profiles, no changes in rows. Every
departure of every vehicle from every stop is a node; whoever sits in one then may stay, or get off
and walk to any departure the rules allow. What one home can reach in one minute is found by walking
through all of these nodes.
"""

import math
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from types import SimpleNamespace

import numpy as np
import pytest

from geo.journeys import (
    Access,
    Window,
    build_access,
    explain_journey,
    measure_durations,
    measure_journeys,
)
from geo.profile import scan_departures, scan_forward, scan_profiles
from geo.reach import ReachPairs
from geo.timetable import UNREACHED_MS, build_changes, build_timetable, cut_window

CALL = re.compile(r"(\w+) (\d\d:\d\d(?::\d\d)?)(?:-(\d\d:\d\d(?::\d\d)?))?([+-]?)(?=\s|$)")
WALK = re.compile(r"(\w+)>(\w+) (\d+(?:\.\d+)?)(?=\s|$)")
GIVEN = re.compile(r"(\w+)>(\w+) (\d+|never)(?=\s|$)")


@dataclass(frozen=True)
class Call:
    stop: int
    arrival_s: int
    departure_s: int
    board: bool = True
    alight: bool = True


@dataclass(frozen=True)
class City:
    """Everything a journey depends on, as plain Python values; walks are metres."""

    n_stops: int
    trips: tuple[tuple[Call, ...], ...]
    access: dict = field(default_factory=dict)  # (home, stop) -> metres
    egress: dict = field(default_factory=dict)  # stop -> metres to the nearest facility
    walk_all: tuple = (math.inf,)  # per home, metres to the nearest facility
    between: dict = field(default_factory=dict)  # (stop off, stop on) -> metres
    given: tuple = ()  # (stop off, stop on, seconds or NaN, forbidden)
    speed: float = 1.0
    min_change_s: float = 60.0
    slack_s: float = 0.0
    walk_limit_s: int = 900
    longest_s: int = 7200
    window: Window = Window(8 * 3600, 1)  # noqa: RUF009 - frozen

    # ---------------------------------------------------------------- the plain search

    def walk_ms(self, metres):
        return math.floor(Fraction(metres) * 1000 / Fraction(str(self.speed)))

    def change_ms(self, off, on):
        """Least time between getting off at one stop and a departure from another; None: never."""
        words = [(seconds, no) for x, u, seconds, no in self.given if (x, u) == (off, on)]
        if any(no for _, no in words):
            return None
        told = [seconds for seconds, _ in words if not math.isnan(seconds)]
        if told:
            return max(1000, int(min(told) * 1000))
        least = max(1000, int(self.min_change_s * 1000))
        if off == on:
            return least
        if (off, on) in self.between:
            walk = self.walk_ms(self.between[off, on])
            return max(least, walk + int(self.slack_s * 1000))
        return None

    @cached_property
    def departures(self):
        """(trip, place in it) of every departure: the nodes."""
        return [
            (trip, place)
            for trip, calls in enumerate(self.trips)
            for place in range(len(calls) - 1)
        ]

    def list_boardings(self, stop, ready_ms):
        """Nodes of one stop that depart then or later."""
        for trip, place in self.departures:
            call = self.trips[trip][place]
            if call.stop == stop and call.board and call.departure_s * 1000 >= ready_ms:
                yield trip, place

    @cached_property
    def after(self):
        """Per node: the nodes it leads to, and where and when one gets off if one may."""
        table = {}
        for trip, place in self.departures:
            then = self.trips[trip][place + 1]
            leads = [(trip, place + 1)] if place + 2 < len(self.trips[trip]) else []
            off = None
            if then.alight:
                off = (then.stop, then.arrival_s * 1000)
                for stop in range(self.n_stops):
                    least = self.change_ms(then.stop, stop)
                    if least is not None:
                        leads += self.list_boardings(stop, off[1] + least)
            table[trip, place] = leads, off
        return table

    def list_arrivals(self, home, depart_ms):
        """(stop, ms) wherever and whenever one can get off, leaving home then."""
        waiting = []
        for stop in range(self.n_stops):
            if (home, stop) in self.access:
                walk = self.walk_ms(self.access[home, stop])
                if walk <= self.walk_limit_s * 1000:
                    ready = depart_ms + walk + int(self.slack_s * 1000)
                    waiting += self.list_boardings(stop, ready)
        seen = set(waiting)
        arrivals = set()
        while waiting:
            leads, off = self.after[waiting.pop()]
            if off:
                arrivals.add(off)
            waiting += [node for node in leads if node not in seen]
            seen.update(leads)
        return arrivals

    def get_duration_ms(self, home, depart_ms):
        """Shortest time of one departure, UNREACHED_MS where there is none."""
        best = UNREACHED_MS
        for stop, here in self.list_arrivals(home, depart_ms):
            if stop in self.egress:
                duration = here + self.walk_ms(self.egress[stop]) - depart_ms
                if duration <= self.longest_s * 1000:
                    best = min(best, duration)
        if math.isfinite(self.walk_all[home]):
            best = min(best, self.walk_ms(self.walk_all[home]))
        return best

    @cached_property
    def plain_ms(self):
        """Shape (H, M)."""
        return np.array(
            [
                [self.get_duration_ms(home, int(at)) for at in self.window.departures_ms]
                for home in range(len(self.walk_all))
            ],
            dtype=np.int64,
        ).reshape(len(self.walk_all), self.window.count)

    def get_plain_rank_ms(self, percent):
        """Shape (H,)."""
        at = math.ceil(Fraction(str(percent)) * self.window.count / 100) - 1
        return np.sort(self.plain_ms, axis=1)[:, at]

    # ---------------------------------------------------------------- the kernels' side

    @cached_property
    def timetable(self):
        calls = [(trip, call) for trip, calls in enumerate(self.trips) for call in calls]
        return build_timetable(
            n_stops=self.n_stops,
            call_trip=np.array([trip for trip, _ in calls], dtype=np.int64),
            call_stop=np.array([call.stop for _, call in calls], dtype=np.int64),
            call_arrival_s=np.array([call.arrival_s for _, call in calls], dtype=np.int64),
            call_departure_s=np.array([call.departure_s for _, call in calls], dtype=np.int64),
            call_board=np.array([call.board for _, call in calls], dtype=bool),
            call_alight=np.array([call.alight for _, call in calls], dtype=bool),
            trip_line=np.arange(len(self.trips)),
        )

    @cached_property
    def cut(self):
        first, last = self.window.departures_ms[[0, -1]] / 1000
        return cut_window(self.timetable, first, last + self.longest_s)

    @cached_property
    def changes(self):
        return build_changes(
            self.n_stops,
            build_pairs(self.between, self.n_stops, self.n_stops, turn=True),
            speed_m_s=self.speed,
            min_change_s=self.min_change_s,
            slack_s=self.slack_s,
            given_from=np.array([one[0] for one in self.given], dtype=np.int64),
            given_to=np.array([one[1] for one in self.given], dtype=np.int64),
            given_s=np.array([one[2] for one in self.given], dtype=np.float64),
            given_forbidden=np.array([one[3] for one in self.given], dtype=bool),
        )

    @cached_property
    def access_rows(self) -> Access:
        pairs = build_pairs(self.access, len(self.walk_all), self.n_stops, turn=True)
        return build_access(pairs, speed_m_s=self.speed, limit_ms=self.walk_limit_s * 1000)

    @cached_property
    def egress_ms(self):
        out = np.full(self.n_stops, UNREACHED_MS, dtype=np.int32)
        for stop, metres in self.egress.items():
            out[stop] = self.walk_ms(metres)
        return out

    @cached_property
    def walk_s(self):
        return np.array(self.walk_all, dtype=np.float64) / self.speed

    @cached_property
    def profiles(self):
        return scan_profiles(self.cut, self.changes, self.egress_ms)

    @property
    def limits(self):
        return {"slack_ms": int(self.slack_s * 1000), "longest_ms": self.longest_s * 1000}

    def measure(self, **options):
        return measure_journeys(
            self.profiles, self.access_rows, self.walk_s, self.window, **self.limits, **options
        )

    @cached_property
    def duration_ms(self):
        return measure_durations(
            self.profiles, self.access_rows, self.walk_s, self.window, **self.limits
        )

    def get_access_of(self, home):
        rows = slice(self.access_rows.start[home], self.access_rows.start[home + 1])
        return self.access_rows.stop[rows], self.access_rows.walk_ms[rows]

    def explain(self, home, depart_ms):
        walked = self.walk_all[home]
        return explain_journey(
            self.profiles,
            self.cut,
            self.changes,
            self.egress_ms,
            *self.get_access_of(home),
            depart_ms=depart_ms,
            walk_all_ms=self.walk_ms(walked) if math.isfinite(walked) else UNREACHED_MS,
            **self.limits,
        )

    def spread(self, home):
        """Arrivals at stops, shape (M, S)."""
        walk_ms = np.full(self.n_stops, UNREACHED_MS, dtype=np.int32)
        stop, walked = self.get_access_of(home)
        walk_ms[stop] = walked
        slack = self.limits["slack_ms"]
        return scan_departures(
            self.timetable, self.changes, walk_ms, self.window.departures_ms, slack
        )

    def spread_once(self, home, depart_ms):
        access_ms = np.full(self.n_stops, UNREACHED_MS, dtype=np.int32)
        stop, walked = self.get_access_of(home)
        access_ms[stop] = walked + depart_ms
        return scan_forward(self.timetable, self.changes, access_ms, self.limits["slack_ms"])

    def with_trips(self, *trips):
        return replace(self, trips=(*self.trips, *trips))


def build_pairs(walks, n_from, n_to, *, turn):
    """{(from, to): metres} as walks to targets."""
    rows = sorted((to, one, metres) for (one, to), metres in walks.items())
    start = np.searchsorted([row[0] for row in rows], np.arange(n_to + 1)).astype(np.int64)
    home = np.array([row[1] for row in rows], dtype=np.int32)
    return ReachPairs(start, home, np.array([row[2] for row in rows], dtype=np.float64), n_from)


def read_clock(text):
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)


def read_city(text, **settings):
    """A city from a docstring; one home, one facility.

    Lines of the text that count::

        bus   A 08:00  B 08:05-08:06  C 08:10     a trip: calls, with a stay where two times stand
        walk  home>A 60  C>shop 120  A>D 90       seconds on foot, at 1 m/s
        rule  A>B 30  A>C never                   what the operator says of changes

    `+` after a call: passengers get on only, `-`: off only.
    """
    stops: dict[str, int] = {}
    trips, walks, given = [], {}, []
    for line in (text or "").splitlines():
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        if word == "bus":
            trips.append(
                tuple(
                    Call(
                        stops.setdefault(name, len(stops)),
                        read_clock(arrives),
                        read_clock(departs or arrives),
                        board=only != "-",
                        alight=only != "+",
                    )
                    for name, arrives, departs, only in CALL.findall(line)
                )
            )
        elif word == "walk":
            walks |= {(one, other): float(metres) for one, other, metres in WALK.findall(line)}
        elif word == "rule":
            given += GIVEN.findall(line)
    for pair in walks:
        for name in pair:
            if name not in ("home", "shop"):
                stops.setdefault(name, len(stops))
    inner = {pair: metres for pair, metres in walks.items() if set(pair) <= set(stops)}
    return City(
        n_stops=len(stops),
        trips=tuple(trips),
        access={
            (0, stops[to]): m for (one, to), m in walks.items() if one == "home" and to in stops
        },
        egress={stops[one]: m for (one, to), m in walks.items() if to == "shop" and one in stops},
        walk_all=(walks.get(("home", "shop"), math.inf),),
        between={(stops[one], stops[to]): metres for (one, to), metres in inner.items()},
        given=tuple(
            (stops[one], stops[to], math.nan if said == "never" else float(said), said == "never")
            for one, to, said in given
        ),
        **settings,
    )


def draw_trip(rng, n_stops, first_s):
    """A trip that may stand still, come back to a stop, and skip boarding or alighting."""
    n_calls = int(rng.integers(1, 7))
    at = first_s + int(rng.choice([-120, 0, 60, 90, 300, 301, 600, 1200, 3000]))
    calls = []
    for _ in range(n_calls):
        arrival = at + int(rng.choice([0, 0, 1, 30, 60, 61, 120, 400]))
        at = arrival + int(rng.choice([0, 0, 0, 20, 60]))
        stop = int(rng.integers(n_stops))
        calls.append(Call(stop, arrival, at, bool(rng.random() < 0.85), bool(rng.random() < 0.85)))
    return tuple(calls)


def delay(trip, by_s):
    """The same trip, later."""
    return tuple(
        replace(call, arrival_s=call.arrival_s + by_s, departure_s=call.departure_s + by_s)
        for call in trip
    )


def draw_city(seed):
    """A random city: few stops, many coincidences."""
    rng = np.random.default_rng(seed)
    busy = rng.random() < 0.6  # many trips, few stops near home and shop: changes pay
    n_stops = int(rng.integers(4, 8) if busy else rng.integers(1, 7))
    n_homes = int(rng.integers(1, 5))
    share = 0.25 if busy else 0.5
    first_s = int(rng.choice([600, 8 * 3600, 24 * 3600 - 120, 25 * 3600 + 1]))
    trips = [
        draw_trip(rng, n_stops, first_s)
        for _ in range(int(rng.integers(8, 24) if busy else rng.integers(0, 10)))
    ]
    trips += [delay(trip, 600) for trip in trips if rng.random() < 0.3]  # headways

    def draw_walks(n_from, n_to, share):
        return {
            (one, to): int(rng.integers(0, 2400)) / 4
            for one in range(n_from)
            for to in range(n_to)
            if rng.random() < share
        }

    given = tuple(
        (
            int(rng.integers(n_stops)),
            int(rng.integers(n_stops)),
            float(rng.choice([0, 10, 200, np.nan])),
            bool(rng.random() < 0.25),
        )
        for _ in range(int(rng.integers(0, 10)))
    )
    far = rng.integers(0, 6000, n_homes) / 2
    return City(
        n_stops=n_stops,
        trips=tuple(trips),
        access=draw_walks(n_homes, n_stops, share),
        egress={stop: m for (_, stop), m in draw_walks(1, n_stops, share).items()},
        walk_all=tuple(np.where(rng.random(n_homes) < 0.7, np.inf, far).tolist()),
        between=draw_walks(n_stops, n_stops, 0.4),
        given=given,
        speed=float(rng.choice([0.8, 1.0, 1.2])),
        min_change_s=float(rng.choice([1, 60, 60.5])),
        slack_s=float(rng.choice([0, 12.5, 60])),
        walk_limit_s=int(rng.choice([300, 900])),
        longest_s=int(rng.choice([900, 7200])),
        window=Window(first_s, int(rng.choice([1, 2, 5, 16, 17]))),
    )


@pytest.fixture(scope="session")
def plain():
    """Small cities and the plain search over them: `plain.read_city(text)`, `plain.draw_city(seed)`."""
    return SimpleNamespace(
        City=City, Call=Call, draw_city=draw_city, draw_trip=draw_trip, read_city=read_city
    )
