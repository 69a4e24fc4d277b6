"""Journeys on foot and by public transport: who is how soon at which kind of facility.

Stops are tied to the streets like entrances; every walk to a stop, between stops and from a stop is
one along the streets. The searches themselves are those of `geo.profile` and `geo.journeys`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geo.journeys import Access, JourneyTimes, Window, build_access, measure_journeys, walk_ms
from geo.network import StreetNetwork
from geo.profile import scan_profiles
from geo.reach import ReachPairs, measure_nearest, measure_within
from geo.snap import Links, snap_entrances
from geo.timetable import UNREACHED_MS, Changes, Timetable, build_changes, cut_window
from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from layers.kinds import Kind
from layers.transit.model import Transit
from layers.transit.settings import TransitSettings
from services.walks import (
    KindReach,
    Reach,
    Walks,
    Yardsticks,
    join_links,
    limit_in_metres,
    middle_links,
    point_xy,
    tie_points,
)

WALK_TRANSIT = "walk_transit"
STREET_ID = "street_id"
"""Column of the ways in that keeps the street piece each was tied to; -1 when unconnected."""
WORST = 90.0
"""Percentile reported beside the typical journey."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What journeys at one walking speed are searched in: hops of the window, and changes."""

    timetable: Timetable
    changes: Changes


@dataclass(frozen=True, slots=True, eq=False)
class Egress:
    """The walk from each of `S` stops to the nearest of some entrances.

    Parameters
    ----------
    walk_ms
        Shape `(S,)`, `UNREACHED_MS` where none is within the walk allowed.
    source
        Shape `(S,)`: row of the entrance among those asked for, -1 where unreached.
    """

    walk_ms: Int32Array
    source: Int32Array


@dataclass(frozen=True, slots=True, eq=False)
class Rides:
    """The public transport of a city, tied to its walking network: `S` stops, `W` ways in.

    Parameters
    ----------
    stop_links
        The `W` ways in, snapped.
    way_in_stop
        Shape `(W,)`: stop each leads to.
    """

    transit: Transit
    settings: TransitSettings
    network: StreetNetwork
    stop_links: Links
    way_in_stop: IntArray
    _plans: dict[float, Plan] = field(default_factory=dict)
    _access: dict[tuple[int, float], tuple[Links, Access]] = field(default_factory=dict)

    @property
    def n_stops(self) -> int:
        """Number of stops, `S`."""
        return self.transit.timetable.n_stops

    @property
    def window(self) -> Window:
        """The departures that count, one a minute."""
        return Window(self.settings.first_departure_s, self.settings.n_departures)

    @property
    def walk_limit_ms(self) -> int:
        """Longest walk to the first stop and from the last."""
        return int(self.settings.walk_min * 60_000)

    @property
    def slack_ms(self) -> int:
        """How long before a departure one stands at the stop."""
        return int(self.settings.boarding_slack_s * 1000)

    @property
    def longest_ms(self) -> int:
        """Longest journey that counts."""
        return int(self.settings.longest_min * 60_000)

    def prepare(self, speed_m_s: float) -> Plan:
        """Hops within the window and changes at a walking speed; built once per speed."""
        if speed_m_s not in self._plans:
            self._plans[speed_m_s] = self._build_plan(speed_m_s)
        return self._plans[speed_m_s]

    def _build_plan(self, speed_m_s: float) -> Plan:
        settings, given = self.settings, self.transit.changes
        last_s = settings.first_departure_s + 60 * (settings.n_departures - 1)
        return Plan(
            cut_window(
                self.transit.timetable,
                settings.first_departure_s,
                last_s + int(settings.longest_min * 60),
            ),
            build_changes(
                self.n_stops,
                self._measure_changes(speed_m_s),
                speed_m_s=speed_m_s,
                min_change_s=settings.min_change_s,
                slack_s=settings.boarding_slack_s,
                given_from=given["from_stop"].to_numpy(dtype=np.int64),
                given_to=given["to_stop"].to_numpy(dtype=np.int64),
                given_s=given["min_s"].to_numpy(dtype=np.float64),
                given_forbidden=given["forbidden"].to_numpy(dtype=np.bool_),
            ),
        )

    def _measure_changes(self, speed_m_s: float) -> ReachPairs:
        """Walks between stops, the shortest over their ways in: boarded at × got off at."""
        pairs = measure_within(
            self.network,
            self.stop_links,
            self.way_in_stop,
            self.n_stops,
            self.stop_links,
            limit_m=limit_in_metres(self.settings.change_walk_min, "min", speed_m_s),
        )
        boarded = np.repeat(np.arange(self.n_stops), np.diff(pairs.start))
        left = self.way_in_stop[pairs.home]
        order = np.lexsort((pairs.walk_m, left, boarded))
        boarded, left, walk_m = boarded[order], left[order], pairs.walk_m[order]
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = (boarded[1:] != boarded[:-1]) | (left[1:] != left[:-1])
        counts = np.bincount(boarded[first], minlength=self.n_stops)
        return ReachPairs(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            left[first].astype(np.int32),
            walk_m[first],
            self.n_stops,
        )

    def measure_stop_walks(self, homes: Links, speed_m_s: float) -> ReachPairs:
        """Walks from homes to stops, as long as walks to the first stop may be at a speed."""
        return measure_within(
            self.network,
            self.stop_links,
            self.way_in_stop,
            self.n_stops,
            homes,
            limit_m=limit_in_metres(self.settings.walk_min, "min", speed_m_s),
        )

    def measure_access(self, homes: Links, speed_m_s: float) -> Access:
        """Stops every home can walk to, measured once per set of homes and speed."""
        key = (id(homes), speed_m_s)
        if key not in self._access:
            pairs = self.measure_stop_walks(homes, speed_m_s)
            self.keep_access(homes, speed_m_s, self.turn_access(pairs, speed_m_s))
        return self._access[key][1]

    def turn_access(self, pairs: ReachPairs, speed_m_s: float) -> Access:
        """Walks to stops home by home, cut to what may be walked at a speed."""
        return build_access(pairs, speed_m_s=speed_m_s, limit_ms=self.walk_limit_ms)

    def keep_access(self, homes: Links, speed_m_s: float, access: Access) -> None:
        """Remember what `measure_access` would measure for these homes."""
        self._access[id(homes), speed_m_s] = (homes, access)

    def name_streets(self) -> Transit:
        """The transit with the street piece of every way in, so that it can be tied again."""
        streets = self.stop_links.edge.astype(np.int64)
        return replace(self.transit, ways_in=self.transit.ways_in.assign(**{STREET_ID: streets}))


def build_rides(
    transit: Transit,
    network: StreetNetwork,
    settings: TransitSettings,
    *,
    max_leg_m: float,
    edge_private: BoolArray | None = None,
) -> Rides:
    """Tie the stops of a city to its walking network.

    Ways in that carry `STREET_ID`, as those of a finished run do, are tied to that piece again;
    others open to the nearest public street, as entrances do.
    """
    ways_in = transit.ways_in
    way_xy = point_xy(ways_in, network.crs)
    if STREET_ID in ways_in.columns:
        links = tie_points(network, way_xy, ways_in[STREET_ID].to_numpy(dtype=np.int32))
    else:
        public = np.zeros(network.n_edges, dtype=np.bool_)
        private = public if edge_private is None else edge_private
        links = snap_entrances(network, way_xy, private, max_leg_m=max_leg_m)
    return Rides(transit, settings, network, links, ways_in["stop"].to_numpy(dtype=np.int64))


def measure_egress(rides: Rides, sources: Links, speed_m_s: float) -> Egress:
    """Walk from each stop to the nearest of some entrances, from whichever way in is nearest."""
    nearest = measure_nearest(
        rides.network,
        sources,
        rides.stop_links,
        limit_m=limit_in_metres(rides.settings.walk_min, "min", speed_m_s),
    )
    rows = np.flatnonzero(nearest.source >= 0)
    stops = rides.way_in_stop[rows]
    order = np.lexsort((nearest.source[rows], nearest.walk_m[rows], stops))
    stop, first = np.unique(stops[order], return_index=True)
    best = rows[order[first]]
    walk = np.full(rides.n_stops, UNREACHED_MS, dtype=np.int32)
    source = np.full(rides.n_stops, -1, dtype=np.int32)
    walk[stop] = walk_ms(nearest.walk_m[best], speed_m_s)
    source[stop] = nearest.source[best]
    return Egress(walk, source)


@dataclass(frozen=True, slots=True, eq=False)
class RideReach:
    """The soonest of some facilities, per demand point, over all departures.

    Parameters
    ----------
    times
        Shape `(H,)` each; `typical_s` is the walk's seconds wherever no journey is faster.
    facility, entrance
        Shape `(H,)`: where the journey leaving at `times.depart_s` ends, else where the walk does;
        rows in the facility and entrance tables, -1 where unreached.
    """

    times: JourneyTimes
    facility: Int32Array
    entrance: Int32Array


@dataclass(frozen=True, slots=True, eq=False)
class KindRides:
    """Everything measured for one kind; seconds, `UNREACHED` where there is no way.

    `reach` as `measure_ride_reach`; `building_s`, `land_s` typical times of the yardsticks;
    `street_s` those from the middle of each street piece, shape `(E,)`.
    """

    kind: Kind
    reach: RideReach
    building_s: FloatArray
    land_s: FloatArray
    street_s: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """Where journeys start beside the demand points: buildings, land and streets, as one.

    Parameters
    ----------
    rest
        Buildings, cells of land, and the middle of every street piece, in this order.
    counts
        How many there are of each.
    """

    rest: Links
    counts: tuple[int, int, int]


def measure_starts(
    rides: Rides, walks: Walks, yardsticks: Yardsticks, speeds_m_s: Sequence[float]
) -> Starts:
    """Walks to stops from all homes, in one search for all speeds; `rides` remembers them."""
    middles = middle_links(walks.network)
    rest = join_links([yardsticks.building_links, yardsticks.land_links, middles])
    n_demand = len(walks.demand_links)
    speeds = sorted(set(speeds_m_s))
    pairs = rides.measure_stop_walks(join_links([walks.demand_links, rest]), speeds[-1])
    for speed in speeds:
        access = rides.turn_access(pairs, speed)
        rides.keep_access(walks.demand_links, speed, _cut_homes(access, 0, n_demand))
        rides.keep_access(rest, speed, _cut_homes(access, n_demand, n_demand + len(rest)))
    counts = (len(yardsticks.building_links), len(yardsticks.land_links), len(middles))
    return Starts(rest, counts)


def _cut_homes(access: Access, begin: int, end: int) -> Access:
    start = access.start[begin : end + 1]
    rows = slice(int(start[0]), int(start[-1]))
    return Access(start - start[0], access.stop[rows], access.walk_ms[rows])


def measure_ride_reach(
    rides: Rides, walks: Walks, facility_rows: IntArray, walk: Reach, speed_m_s: float
) -> RideReach:
    """Journey of every demand point to the soonest of the given facilities.

    Parameters
    ----------
    walk
        Walks to the same facilities, as `services.walks.measure_reach`; they compete.
    """
    return _Kind(rides, walks, facility_rows, speed_m_s).measure_reach(walk)


def measure_ride_kind(
    rides: Rides, walks: Walks, starts: Starts, one: KindReach, speed_m_s: float
) -> KindRides:
    """Measure one kind for all homes, buildings, land and streets."""
    found = _Kind(rides, walks, walks.list_facilities(one.kind.code), speed_m_s)
    walk_m = np.concatenate([one.building_m, one.land_m, one.street_m])
    rest_s = found.measure_times(starts.rest, walk_m, with_details=False).typical_s
    building, land, _ = starts.counts
    return KindRides(
        kind=one.kind,
        reach=found.measure_reach(one.reach),
        building_s=rest_s[:building],
        land_s=rest_s[building : building + land],
        street_s=rest_s[building + land :],
    )


class _Kind:
    """One backwards scan from some facilities, and what is asked of it."""

    def __init__(
        self, rides: Rides, walks: Walks, facility_rows: IntArray, speed_m_s: float
    ) -> None:
        self._rides, self._walks, self._speed_m_s = rides, walks, speed_m_s
        rows, owner = walks.list_entrances(facility_rows)
        egress = measure_egress(rides, walks.entrance_links.take(rows), speed_m_s)
        reached = egress.source >= 0
        self._stop_facility = np.full(rides.n_stops, -1, dtype=np.int32)
        self._stop_entrance = np.full(rides.n_stops, -1, dtype=np.int32)
        self._stop_facility[reached] = owner[egress.source[reached]]
        self._stop_entrance[reached] = rows[egress.source[reached]]
        plan = rides.prepare(speed_m_s)
        self._profiles = scan_profiles(plan.timetable, plan.changes, egress.walk_ms)

    def measure_times(
        self, homes: Links, walk_m: FloatArray, *, with_details: bool
    ) -> JourneyTimes:
        return measure_journeys(
            self._profiles,
            self._rides.measure_access(homes, self._speed_m_s),
            walk_m / self._speed_m_s,
            self._rides.window,
            slack_ms=self._rides.slack_ms,
            longest_ms=self._rides.longest_ms,
            percentile=self._rides.settings.percentile,
            worst=WORST,
            with_details=with_details,
        )

    def measure_reach(self, walk: Reach) -> RideReach:
        times = self.measure_times(self._walks.demand_links, walk.walk_m, with_details=True)
        rows = np.flatnonzero(times.last_stop >= 0)
        last = times.last_stop[rows]
        facility, entrance = walk.facility.copy(), walk.entrance.copy()
        facility[rows] = self._stop_facility[last]
        entrance[rows] = self._stop_entrance[last]
        return RideReach(times, facility, entrance)
