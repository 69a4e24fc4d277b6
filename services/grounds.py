"""What a share is a share of: homes, residential buildings or residential land, on the streets."""

from dataclasses import dataclass, field, replace

import numpy as np

from geo.count import count_reached
from geo.reach import measure_nearest
from geo.snap import Links
from geo.units import UNREACHED, BoolArray, FloatArray, IntArray
from layers.standards.model import Basis, Mode
from services.rides import WALK_TRANSIT, RideReach, Rides, measure_ride_reach
from services.verdicts import Homes
from services.walks import Reach, Walks, name_reach


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a rule lets people go.

    Parameters
    ----------
    mode
        `walk` or `walk_transit`.
    walk_m
        The limit in metres of walking.
    journey_s
        The limit in seconds; inf for a limit in metres.
    speed_m_s
        Walking speed.
    """

    mode: Mode
    walk_m: float
    journey_s: float
    speed_m_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Points walks start from, `H` of them: the homes, or what else a share is taken over.

    Parameters
    ----------
    basis
        What they are.
    walks
        The city's facilities and streets.
    homes
        The points by community, with what each counts for.
    links, xy
        Where they stand on the streets, and shape `(H, 2)`, in metres of the network's system:
        of what is no home the place on its street.
    rides
        Public transport on the same network, where there is a timetable.
    """

    basis: Basis
    walks: Walks
    homes: Homes
    links: Links
    xy: FloatArray
    rides: Rides | None = None
    reaches: dict[bytes, Reach] = field(default_factory=dict)
    journeys: dict[tuple[bytes, float], RideReach] = field(default_factory=dict)
    counts: dict[tuple[bytes, float], IntArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.links)

    def reach(self, facility_rows: IntArray) -> Reach:
        """Walk of every point to the nearest of some facilities, measured once."""
        key = facility_rows.tobytes()
        if key not in self.reaches:
            self.reaches[key] = self._measure_reach(facility_rows)
        return self.reaches[key]

    def _measure_reach(self, facility_rows: IntArray) -> Reach:
        if len(facility_rows) == 0:
            none = np.full(len(self), -1, dtype=np.int32)
            return Reach(np.full(len(self), UNREACHED), none, none)
        rows, owner = self.walks.list_entrances(facility_rows)
        sources = self.walks.entrance_links.take(rows)
        nearest = measure_nearest(self.walks.network, sources, self.links)
        return name_reach(nearest.walk_m, nearest.source, rows, owner)

    def journey(self, facility_rows: IntArray, speed_m_s: float) -> RideReach | None:
        """Journey of every point to the facility soonest reached, walking or riding; measured once.

        None without a timetable, and where there is nothing to go to.
        """
        if self.rides is None or len(facility_rows) == 0:
            return None
        key = (facility_rows.tobytes(), speed_m_s)
        if key not in self.journeys:
            starts = replace(self.walks, demand_xy=self.xy, demand_links=self.links)
            walk = self.reach(facility_rows)
            self.journeys[key] = measure_ride_reach(
                self.rides, starts, facility_rows, walk, speed_m_s
            )
        return self.journeys[key]

    def find_stopless(self, speed_m_s: float) -> BoolArray:
        """Shape `(H,)`: no stop one may board at lies within the walk to the first stop."""
        if self.rides is None:
            return np.ones(len(self), dtype=np.bool_)
        timetable = self.rides.prepare(speed_m_s).timetable
        served = np.zeros(self.rides.n_stops, dtype=np.int64)
        served[timetable.hop_from[timetable.hop_board]] = 1
        access = self.rides.measure_access(self.links, speed_m_s)
        running = np.concatenate([[0], np.cumsum(served[access.stop])])
        stopless: BoolArray = running[access.start[1:]] == running[access.start[:-1]]
        return stopless

    def lacks_timetable(self, bound: Bound) -> bool:
        """Whether journeys count and there is nothing to ride by."""
        return bound.mode == WALK_TRANSIT and self.rides is None

    def may_serve(self, facility_rows: IntArray, bound: Bound, count: int) -> BoolArray:
        """As `served`; without a timetable every point that has something to go to."""
        if self.lacks_timetable(bound):
            return np.full(len(self), len(facility_rows) >= count)
        return self.served(facility_rows, bound, count)

    def served(self, facility_rows: IntArray, bound: Bound, count: int) -> BoolArray:
        """Shape `(H,)`: at least `count` of the facilities lie within the bound.

        Where journeys count, `count` is 1; without a timetable only walks are known.
        """
        if bound.mode == WALK_TRANSIT:
            journey = self.journey(facility_rows, bound.speed_m_s)
            if journey is not None:
                on_foot = self.reach(facility_rows).walk_m <= bound.walk_m
                soon: BoolArray = on_foot | (journey.times.typical_s <= bound.journey_s)
                return soon
        if count == 1:
            within: BoolArray = self.reach(facility_rows).walk_m <= bound.walk_m
            return within
        if len(facility_rows) < count:
            return np.zeros(len(self), dtype=np.bool_)
        enough: BoolArray = self._count_within(facility_rows, bound.walk_m) >= count
        return enough

    def _count_within(self, facility_rows: IntArray, limit_m: float) -> IntArray:
        """Shape `(H,)`: facilities within a walk, counted once."""
        key = (facility_rows.tobytes(), limit_m)
        if key not in self.counts:
            rows, owner = self.walks.list_entrances(facility_rows)
            facility, target = np.unique(owner, return_inverse=True)
            self.counts[key] = count_reached(
                self.walks.network,
                self.walks.entrance_links.take(rows),
                target,
                len(facility),
                self.links,
                limit_m=limit_m,
            )
        return self.counts[key]
