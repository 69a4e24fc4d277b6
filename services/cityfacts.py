"""What the judges of rules ask of a city, and what they can settle without measuring a walk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.count import count_reached
from geo.units import UNREACHED, BoolArray, FloatArray, IntArray
from layers.kinds import Kind
from layers.standards.model import Mode, Rule, Text, Value
from services import sentences
from services.barriers import Barriers
from services.people import People
from services.rides import WALK_TRANSIT, RideReach, Rides, measure_ride_reach
from services.verdicts import NOT_APPLICABLE, UNKNOWN, Homes, StatusArray
from services.walks import Reach, Walks, limit_in_metres, measure_reach

_MINUTE_S = 60.0

Say = Callable[[int], Text]
"""The sentence of a community, by its row."""


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
class CityFacts:
    """Everything the judges ask of a city, `C` communities and `H` homes."""

    walks: Walks
    communities: gpd.GeoDataFrame
    homes: Homes
    households: FloatArray
    is_cell: BoolArray
    barriers: Barriers
    located: IntArray
    kinds: Mapping[str, Kind]
    speeds_m_s: Mapping[str, float]
    severed_detour: float
    today: date
    rides: Rides | None = None
    reaches: dict[bytes, Reach] = field(default_factory=dict)
    journeys: dict[tuple[bytes, float], RideReach] = field(default_factory=dict)

    def reach(self, facility_rows: IntArray) -> Reach:
        """Walk of every home to the nearest of some facilities, measured once."""
        key = facility_rows.tobytes()
        if key not in self.reaches:
            if len(facility_rows):
                self.reaches[key] = measure_reach(self.walks, facility_rows)
            else:
                none = np.full(len(self.walks.demand), -1, dtype=np.int32)
                self.reaches[key] = Reach(np.full(len(none), UNREACHED), none, none)
        return self.reaches[key]

    def journey(self, facility_rows: IntArray, speed_m_s: float) -> RideReach | None:
        """Journey of every home to the facility soonest reached, walking or riding; measured once.

        None without a timetable, and where there is nothing to go to.
        """
        if self.rides is None or len(facility_rows) == 0:
            return None
        key = (facility_rows.tobytes(), speed_m_s)
        if key not in self.journeys:
            walk = self.reach(facility_rows)
            self.journeys[key] = measure_ride_reach(
                self.rides, self.walks, facility_rows, walk, speed_m_s
            )
        return self.journeys[key]

    def find_stopless(self, speed_m_s: float) -> BoolArray:
        """Shape `(H,)`: no stop one may board at lies within the walk to the first stop."""
        if self.rides is None:
            return np.ones(len(self.walks.demand), dtype=np.bool_)
        timetable = self.rides.prepare(speed_m_s).timetable
        served = np.zeros(self.rides.n_stops, dtype=np.int64)
        served[timetable.hop_from[timetable.hop_board]] = 1
        access = self.rides.measure_access(self.walks.demand_links, speed_m_s)
        running = np.concatenate([[0], np.cumsum(served[access.stop])])
        stopless: BoolArray = running[access.start[1:]] == running[access.start[:-1]]
        return stopless

    def lacks_timetable(self, bound: Bound) -> bool:
        """Whether journeys count and there is nothing to ride by."""
        return bound.mode == WALK_TRANSIT and self.rides is None

    def may_serve(self, facility_rows: IntArray, bound: Bound, count: int) -> BoolArray:
        """As `served`; without a timetable every home that has something to go to."""
        if self.lacks_timetable(bound):
            return np.full(len(self.walks.demand), len(facility_rows) >= count)
        return self.served(facility_rows, bound, count)

    def served(self, facility_rows: IntArray, bound: Bound, count: int) -> BoolArray:
        """Shape `(H,)`: at least `count` of the facilities lie within the bound.

        Where journeys count, `count` is 1; without a timetable only walks are known.
        """
        limit_m = bound.walk_m
        if bound.mode == WALK_TRANSIT:
            journey = self.journey(facility_rows, bound.speed_m_s)
            if journey is not None:
                on_foot = self.reach(facility_rows).walk_m <= limit_m
                soon: BoolArray = on_foot | (journey.times.typical_s <= bound.journey_s)
                return soon
        if count == 1 or len(facility_rows) < count:
            within: BoolArray = self.reach(facility_rows).walk_m <= limit_m
            return within if count == 1 else np.zeros_like(within)
        rows, owner = self.walks.list_entrances(facility_rows)
        facility, target = np.unique(owner, return_inverse=True)
        counts = count_reached(
            self.walks.network,
            self.walks.entrance_links.take(rows),
            target,
            len(facility),
            self.walks.demand_links,
            limit_m=limit_m,
        )
        enough: BoolArray = counts >= count
        return enough

    @property
    def located_households(self) -> FloatArray:
        """Shape `(C,)`: sum over the starting points; the official count where those have none."""
        homes = self.homes
        return np.where(homes.counted & (homes.total > 0), homes.total, self.households)

    def people(self, row: int) -> People:
        """Return how many live in a community: officially, and at its starting points."""
        return People(
            households=float(self.households[row]),
            total=float(self.homes.total[row]),
            counted=bool(self.homes.counted[row]),
            cell=bool(self.is_cell[row]),
            listed=bool(self.homes.listed[row]),
            streets=bool(self.homes.streets[row]),
        )

    def bound(self, rule: Rule, limit: Value) -> Bound:
        """Return how far a rule lets people go, at the pace of its traveller."""
        speed = self.speeds_m_s[rule.traveller or self.kinds[rule.kind].traveller]
        return Bound(
            mode=rule.mode,
            walk_m=limit_in_metres(limit.value, limit.unit, speed),
            journey_s=limit.value * _MINUTE_S if limit.unit == "min" else np.inf,
            speed_m_s=speed,
        )

    def words(self, rule: Rule, limit: Value) -> sentences.Words:
        """Return what the sentences on a rule call things."""
        kind = self.kinds[rule.kind]
        bound = self.bound(rule, limit)
        return sentences.build_words(
            rule,
            limit,
            name=rule.noun or Text(kind.name_zh, kind.name_en),
            traveller=rule.traveller or kind.traveller,
            limit_m=bound.walk_m,
            on_foot=self.lacks_timetable(bound),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Facility rows of a rule's kind: all, those that may qualify and those that surely do."""

    present: IntArray
    possible: IntArray
    certain: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Communities whose verdict does not depend on any facility.

    `status` is empty where it does; `say` gives the sentence where it does not.
    """

    status: StatusArray
    say: Say


def list_candidates(city: CityFacts, rule: Rule) -> Candidates:
    """Facilities of a rule's kind; only inclusive ones qualify where the rule says so."""
    facilities = city.walks.facilities
    present = city.walks.list_facilities(rule.kind)
    if not rule.inclusive:
        return Candidates(present, present, present)
    inclusive = facilities["inclusive"].astype("boolean")
    no = (~inclusive).fillna(value=False).to_numpy(dtype=bool)[present]
    yes = inclusive.fillna(value=False).to_numpy(dtype=bool)[present]
    return Candidates(present, present[~no], present[yes])


def keep_free(city: CityFacts, candidates: Candidates) -> Candidates:
    """Narrow candidates to those with free places: none surely where nothing is known."""
    facilities = city.walks.facilities
    blank = pd.Series(np.nan, index=facilities.index)
    free = facilities.get("free_places", blank)
    free_places = free.to_numpy(dtype=np.float64, na_value=np.nan)
    capacity = facilities["capacity"].to_numpy(dtype=np.float64, na_value=np.nan)
    full = (free_places <= 0) | (np.isnan(free_places) & (capacity <= 0))
    return Candidates(
        candidates.present,
        candidates.possible[~full[candidates.possible]],
        candidates.certain[free_places[candidates.certain] > 0],
    )


def settle(
    city: CityFacts, rule: Rule, limit: Value, threshold: Value | None, *, travelled: bool
) -> Settled:
    """Decide what needs no facility: not in force, too small, nothing to measure."""
    words = city.words(rule, limit)
    size = len(city.communities)
    status = np.full(size, "", dtype=object)
    why = np.full(size, "", dtype=object)

    def decide(where: BoolArray, verdict: str, reason: str) -> None:
        open_still = where & (status == "")
        status[open_still] = verdict
        why[open_still] = reason

    homes = city.homes
    if not rule.in_force(city.today):
        decide(np.ones(size, dtype=bool), NOT_APPLICABLE, "not_in_force")
    empty = np.isnan(city.households) & homes.counted & (homes.total <= 0)
    decide(empty | (city.households == 0), NOT_APPLICABLE, "nobody")
    if threshold is not None:
        decide(city.households < threshold.value, NOT_APPLICABLE, "below")
        decide(np.isnan(city.households), UNKNOWN, "households")
    if len(city.walks.list_facilities(rule.kind)) == 0:
        decide(np.ones(size, dtype=bool), UNKNOWN, "kind")
    if travelled:
        decide(~(homes.total > 0), UNKNOWN, "homes")

    def say(row: int) -> Text:
        people = city.people(row)
        needed = threshold.value if threshold else 0.0
        match why[row]:
            case "not_in_force":
                return sentences.say_not_in_force(rule, city.today)
            case "nobody":
                return sentences.say_nobody(people)
            case "below":
                return sentences.say_below(people, needed)
            case "households":
                return sentences.say_households_unknown(people, needed)
            case "kind":
                return sentences.say_kind_missing(words)
            case _:
                return sentences.say_no_homes(people)

    return Settled(status, say)
