"""Journeys leg by leg, so that people can retrace them: walk, wait, ride, change, walk.

Times are whole milliseconds after midnight of the service day; the legs of a journey follow one
another without a gap, so their times add up to the journey's. Walks are drawn along the streets,
rides from stop to stop.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely

from geo.journeys import Ride, walk_ms
from geo.paths import WalkPath, trace_walk
from geo.reach import measure_nearest
from geo.snap import Links
from geo.timetable import Timetable
from geo.units import FloatArray, IntArray
from services.places import Door, PlaceFinder, Start
from services.rides import Rides


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a leg begins or ends; `stop_id` is empty away from stops. WGS 84 degrees."""

    name: str
    lon: float
    lat: float
    stop_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The line a ride is on."""

    line_id: str
    ref: str
    name: str
    mode: str
    operator: str
    headsign: str


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One part of a journey.

    Parameters
    ----------
    kind
        `walk`, `wait` or `ride`.
    begin_ms, end_ms
        Milliseconds after midnight of the service day.
    origin, target
        Where it begins and ends; the same while waiting.
    walk_m
        Metres of a walk; None where the operator gives a time and no street leads there.
    line, n_stops
        Of a ride: its line, and how many stops farther one gets off.
    shape
        WGS 84 LineString; None while waiting.
    """

    kind: str
    begin_ms: int
    end_ms: int
    origin: Spot
    target: Spot
    walk_m: float | None = None
    line: Line | None = None
    n_stops: int | None = None
    shape: shapely.Geometry | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Itinerary:
    """The legs of a journey, in order and without a gap."""

    legs: tuple[Leg, ...]

    @property
    def walk_m(self) -> float:
        """Metres walked."""
        return sum(leg.walk_m or 0.0 for leg in self.legs)

    def sum_ms(self, kind: str) -> int:
        """Milliseconds of all legs of a kind."""
        return sum(leg.end_ms - leg.begin_ms for leg in self.legs if leg.kind == kind)

    @property
    def n_rides(self) -> int:
        """Vehicles boarded."""
        return sum(leg.kind == "ride" for leg in self.legs)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What a scan says of a journey: its rides, and the walks before and after them."""

    timetable: Timetable
    rides: tuple[Ride, ...]
    access_ms: int
    egress_ms: int


@dataclass(slots=True, eq=False)
class _Clock:
    """Legs so far, and the time."""

    now_ms: int
    legs: list[Leg] = field(default_factory=list)

    def wait(self, until_ms: int, spot: Spot) -> None:
        if until_ms > self.now_ms:
            self.legs.append(Leg("wait", self.now_ms, until_ms, spot, spot))
            self.now_ms = until_ms

    def walk(
        self,
        until_ms: int,
        origin: Spot,
        target: Spot,
        walk_m: float | None,
        shape: shapely.Geometry,
    ) -> None:
        if until_ms > self.now_ms or origin != target:
            self.legs.append(
                Leg("walk", self.now_ms, until_ms, origin, target, walk_m=walk_m, shape=shape)
            )
            self.now_ms = until_ms


class ItineraryWriter:
    """Writes journeys of one city out as legs.

    Parameters
    ----------
    rides
        Its public transport, tied to the streets.
    places
        Answers about the same city on foot.
    """

    def __init__(self, rides: Rides, places: PlaceFinder) -> None:
        self._rides = rides
        self._places = places
        self._network = rides.network

    def write(
        self,
        start: Start,
        door: Door,
        route: Route | None,
        depart_ms: int,
        arrival_ms: int,
        speed_m_s: float,
    ) -> Itinerary:
        """Legs from a point to a facility's entrance.

        Parameters
        ----------
        route
            Rides and the walks at both ends; None to walk all the way.
        depart_ms, arrival_ms
            When the first leg begins and the last one ends.
        """
        clock = _Clock(depart_ms)
        home, goal = Spot("", start.lon, start.lat), Spot(door.name, door.lon, door.lat)
        entrance = self._places.entrance_links.take(np.array([door.row]))
        if route is None:
            path = trace_walk(self._network, start.link, entrance)
            clock.walk(arrival_ms, home, goal, *self._draw(path, home, goal))
            return Itinerary(tuple(clock.legs))
        for at, ride in enumerate(route.rides):
            stop = int(route.timetable.hop_from[ride.enter_hop])
            if at == 0:
                path, way_in = self._trace_to_stop(start.link, stop)
                walked = self._draw(path, home, way_in)
                clock.walk(depart_ms + route.access_ms, home, self._spots[stop], *walked)
            else:
                self._change(clock, route, at, speed_m_s)
            clock.wait(
                int(route.timetable.hop_departure_s[ride.enter_hop]) * 1000, self._spots[stop]
            )
            clock.legs.append(self._describe_ride(route.timetable, ride))
            clock.now_ms = clock.legs[-1].end_ms
        last = int(route.timetable.hop_to[route.rides[-1].exit_hop])
        path, way_in = self._trace_from_stop(last, entrance)
        clock.walk(arrival_ms, self._spots[last], goal, *self._draw(path, way_in, goal))
        return Itinerary(tuple(clock.legs))

    def _change(self, clock: _Clock, route: Route, at: int, speed_m_s: float) -> None:
        """Walk between the stops of two rides; the rest of the time is waiting."""
        left = int(route.timetable.hop_to[route.rides[at - 1].exit_hop])
        boarded = int(route.timetable.hop_from[route.rides[at].enter_hop])
        if left == boarded:
            return
        leaves_ms = int(route.timetable.hop_departure_s[route.rides[at].enter_hop]) * 1000
        origin, target = self._spots[left], self._spots[boarded]
        path, _ = self._trace_from_stop(left, self._ways_in(boarded))
        if path is not None:
            until_ms = clock.now_ms + int(walk_ms(np.array([path.walk_m]), speed_m_s)[0])
            if until_ms <= leaves_ms:
                clock.walk(until_ms, origin, target, *self._draw(path, origin, target))
                return
        # the operator's own time for this change stands for a way our streets do not have
        clock.walk(leaves_ms, origin, target, *self._draw(None, origin, target))

    def _describe_ride(self, timetable: Timetable, ride: Ride) -> Leg:
        # hops of a trip fall in departure: the one boarded stands after the one left
        trip = int(timetable.hop_trip[ride.enter_hop])
        span = timetable.hop_trip[ride.exit_hop : ride.enter_hop + 1]
        hops = ride.exit_hop + np.flatnonzero(span == trip)[::-1]
        stops = [int(timetable.hop_from[hops[0]]), *timetable.hop_to[hops].tolist()]
        line = self._rides.transit.lines.iloc[int(timetable.trip_line[trip])]
        return Leg(
            "ride",
            int(timetable.hop_departure_s[ride.enter_hop]) * 1000,
            int(timetable.hop_arrival_s[ride.exit_hop]) * 1000,
            self._spots[stops[0]],
            self._spots[stops[-1]],
            line=Line(
                line_id=str(line["line_id"]),
                ref=str(line["ref"]),
                name=str(line["name"]),
                mode=str(line["mode"]),
                operator=str(line["operator"]),
                headsign=self._rides.transit.trip_headsign[trip],
            ),
            n_stops=len(hops),
            shape=shapely.LineString(
                [(self._spots[one].lon, self._spots[one].lat) for one in stops]
            ),
        )

    def _trace_to_stop(self, start: Links, stop: int) -> tuple[WalkPath | None, Spot]:
        """Walk to a stop, and the way in it ends at."""
        rows = self._rows_of(stop)
        path = trace_walk(self._network, start, self._rides.stop_links.take(rows))
        row = int(rows[path.goal]) if path is not None else int(rows[0])
        return path, self._get_way_in(row, stop)

    def _trace_from_stop(self, stop: int, goals: Links) -> tuple[WalkPath | None, Spot]:
        """Walk from whichever way in of a stop is nearest to the goals, and that way in."""
        rows = self._rows_of(stop)
        links = self._rides.stop_links.take(rows)
        walk_m = measure_nearest(self._network, goals, links).walk_m
        best = int(np.argmin(walk_m))
        path = trace_walk(self._network, links.take(np.array([best])), goals)
        return path, self._get_way_in(int(rows[best]), stop)

    def _ways_in(self, stop: int) -> Links:
        return self._rides.stop_links.take(self._rows_of(stop))

    def _rows_of(self, stop: int) -> IntArray:
        begin, end = np.searchsorted(self._sorted_stops, [stop, stop + 1])
        return self._way_rows[begin:end]

    def _get_way_in(self, row: int, stop: int) -> Spot:
        lon, lat = self._way_in_lonlat[row].tolist()
        return Spot(self._spots[stop].name, lon, lat, self._spots[stop].stop_id)

    def _draw(
        self, path: WalkPath | None, origin: Spot, target: Spot
    ) -> tuple[float | None, shapely.Geometry]:
        """Metres and line of a walk: along the streets, straight where none leads there."""
        ends = [(origin.lon, origin.lat), (target.lon, target.lat)]
        if path is None:
            return None, shapely.LineString(ends)
        points = np.asarray(shapely.points(path.xy), dtype=object)
        middle = shapely.get_coordinates(self._places.to_degrees(points.tolist()))
        return path.walk_m, shapely.LineString([ends[0], *middle.tolist(), ends[1]])

    @cached_property
    def _spots(self) -> list[Spot]:
        stops = self._rides.transit.stops
        return [
            Spot(str(name) or str(stop_id), float(point.x), float(point.y), str(stop_id))
            for stop_id, name, point in zip(
                stops["stop_id"], stops["name"], stops.geometry, strict=True
            )
        ]

    @cached_property
    def _way_rows(self) -> IntArray:
        return np.argsort(self._rides.way_in_stop, kind="stable").astype(np.int64)

    @cached_property
    def _sorted_stops(self) -> IntArray:
        return self._rides.way_in_stop[self._way_rows]

    @cached_property
    def _way_in_lonlat(self) -> FloatArray:
        return shapely.get_coordinates(self._rides.transit.ways_in.geometry.to_numpy())
