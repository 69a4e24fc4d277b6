"""What the judges of rules ask of a city: who lives where, what lies where, who reaches what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np

from geo.units import BoolArray, FloatArray, IntArray
from layers.attributes import Attribute, read_attributes
from layers.kinds import Kind
from layers.standards.model import Alternative, Basis, Rule, Text, Traveller, Value
from services.barriers import Barriers, build_barriers
from services.candidates import Pool
from services.causes import CausesBook
from services.clusters import find_neighbours
from services.coverage import locate_facilities
from services.grounds import Bound, Ground
from services.home_causes import Targets, build_targets
from services.people import People
from services.rides import Rides
from services.scopes import Scope, build_communities, get_column
from services.sentences.words import Words, build_words
from services.verdicts import build_homes, build_plain_homes
from services.walks import Reach, Walks, Yardsticks, limit_in_metres

_MINUTE_S = 60.0
_CELLS = "cells"


@dataclass(frozen=True, slots=True, eq=False)
class CityFacts:
    """Everything the judges ask of a city of `C` communities; built by `build_facts`.

    What was measured for one rule is kept for the next.
    """

    walks: Walks
    communities: gpd.GeoDataFrame
    names: tuple[str, ...]
    households: FloatArray
    is_cell: BoolArray
    scope: Scope
    pool: Pool
    barriers: Barriers
    kinds: Mapping[str, Kind]
    attributes: Mapping[str, Attribute]
    speeds_m_s: Mapping[str, float]
    severed_detour: float
    adjoin_m: float
    today: date
    rides: Rides | None
    grounds: Mapping[Basis, Ground]
    causes: CausesBook
    targets: dict[bytes, Targets] = field(default_factory=dict)
    pairs: dict[float, IntArray] = field(default_factory=dict)

    @property
    def ground(self) -> Ground:
        """The homes."""
        return self.grounds["households"]

    @property
    def located_households(self) -> FloatArray:
        """Shape `(C,)`: sum over the starting points; the official count where those have none."""
        homes = self.ground.homes
        return np.where(homes.counted & (homes.total > 0), homes.total, self.households)

    def find_neighbours(self) -> IntArray:
        """Pairs of communities that adjoin, shape `(P, 2)`."""
        if self.adjoin_m not in self.pairs:
            self.pairs[self.adjoin_m] = find_neighbours(
                self.communities, self.walks.network.crs, self.adjoin_m
            )
        return self.pairs[self.adjoin_m]

    def get_targets(self, facility_rows: IntArray) -> Targets:
        """Return the ways into some facilities, looked up once."""
        key = facility_rows.tobytes()
        if key not in self.targets:
            self.targets[key] = build_targets(self.walks, facility_rows)
        return self.targets[key]

    def people(self, row: int, basis: Basis = "households") -> People:
        """Return how many live in a community, or what a share of it is taken over."""
        homes = self.grounds[basis].homes
        return People(
            households=float(self.households[row]),
            total=float(homes.total[row]),
            counted=bool(homes.counted[row]),
            cell=bool(self.is_cell[row]),
            listed=bool(homes.listed[row]),
            streets=bool(homes.streets[row]),
            basis=basis,
        )

    def name_community(self, row: int) -> str:
        """What a community is called: by its name, else by its code."""
        return self.names[row] or str(self.scope.names[row])

    def name_kind(self, kind: str) -> Text:
        """What facilities of a kind are called."""
        return Text(self.kinds[kind].name_zh, self.kinds[kind].name_en)

    def bound(self, rule: Rule, limit: Value, kind: str) -> Bound:
        """Return how far a rule lets people go, at the pace of its traveller or its kind's."""
        speed = self.speeds_m_s[self.traveller(rule, kind)]
        return Bound(
            mode=rule.mode,
            walk_m=limit_in_metres(limit.value, limit.unit, speed),
            journey_s=limit.value * _MINUTE_S if limit.unit == "min" else np.inf,
            speed_m_s=speed,
        )

    def traveller(self, rule: Rule, kind: str) -> Traveller:
        """Whose pace a rule is walked at."""
        return rule.traveller or (self.kinds[kind].traveller if kind else "adult")

    def words(
        self, rule: Rule, limit: Value | None = None, other: Alternative | None = None
    ) -> Words:
        """Return what the sentences on a rule, or on another way to meet it, call things."""
        kind = other.kind if other else rule.kind
        name = Text("", "")
        if kind:
            name = rule.noun if rule.noun and not other else self.name_kind(kind)
        bound = None if limit is None else self.bound(rule, limit, kind)
        return build_words(
            rule,
            limit,
            name=name,
            minimum=other.minimum if other else rule.minimum,
            inclusive=rule.inclusive and other is None,
            traveller=self.traveller(rule, kind),
            limit_m=np.nan if bound is None else bound.walk_m,
            on_foot=bound is not None and self.ground.lacks_timetable(bound),
        )


def build_facts(
    walks: Walks,
    communities: gpd.GeoDataFrame,
    access: Mapping[str, Reach],
    barriers: gpd.GeoDataFrame,
    kinds: Mapping[str, Kind],
    speeds_m_s: Mapping[str, float],
    *,
    severed_detour: float,
    adjoin_m: float,
    today: date,
    rides: Rides | None = None,
    yardsticks: Yardsticks | None = None,
) -> CityFacts:
    """Gather what rules are judged by.

    Parameters
    ----------
    walks
        Homes and facilities on the streets.
    communities
        Columns as `layers.results.COMMUNITIES`, WGS 84, and those of `layers.attributes` that are
        known.
    access
        Walks already measured, by kind: to the nearest of *all* facilities of the kind. Kinds
        not in it are measured when asked for.
    barriers
        Lines nobody crosses away from bridges, WGS 84, columns `kind`, `name` and, where known,
        `type` (what a line really is: `hedge`, `canal`).
    kinds
        Facility kinds by code.
    speeds_m_s
        Walking speed per traveller.
    severed_detour
        Walk over straight line from which on a home counts as cut off.
    adjoin_m
        Communities this near to each other adjoin: small ones are counted together.
    today
        Day the rules are judged on; a rule not in force then is `not_applicable`.
    rides
        Public transport tied to the same network. Without it a rule of mode `walk_transit` is
        `met` where walking alone meets it and else `unknown`.
    yardsticks
        Residential buildings and land. Without them shares of those are `unknown`.
    """
    located = locate_facilities(communities, walks.facilities)
    return CityFacts(
        walks=walks,
        communities=communities,
        names=tuple(communities["name"].astype(str))
        if "name" in communities
        else ("",) * len(communities),
        households=get_column(communities, "households"),
        is_cell=(communities["source"] == _CELLS).to_numpy(dtype=bool),
        scope=build_communities(communities, located),
        pool=Pool(walks),
        barriers=build_barriers(barriers, walks.network.crs),
        kinds=kinds,
        attributes=read_attributes(),
        speeds_m_s=speeds_m_s,
        severed_detour=severed_detour,
        adjoin_m=adjoin_m,
        today=today,
        rides=rides,
        grounds=_build_grounds(walks, communities, access, rides, yardsticks),
        causes=CausesBook(),
    )


def _build_grounds(
    walks: Walks,
    communities: gpd.GeoDataFrame,
    access: Mapping[str, Reach],
    rides: Rides | None,
    yardsticks: Yardsticks | None,
) -> dict[Basis, Ground]:
    size = len(communities)
    none = walks.demand_links.take(np.empty(0, dtype=np.int64))
    nowhere = np.empty(0, dtype=np.int64)
    buildings, building_community = none, nowhere
    land, land_community, land_m2 = none, nowhere, np.empty(0)
    if yardsticks is not None:
        buildings, building_community = yardsticks.building_links, yardsticks.building_community
        land, land_community = yardsticks.land_links, yardsticks.land_community
        land_m2 = yardsticks.land_m2
    return {
        "households": Ground(
            "households",
            walks,
            build_homes(communities, walks.demand),
            walks.demand_links,
            walks.demand_xy,
            rides,
            reaches={walks.list_facilities(kind).tobytes(): one for kind, one in access.items()},
        ),
        "buildings": Ground(
            "buildings",
            walks,
            build_plain_homes(building_community, np.ones(len(buildings)), size),
            buildings,
            buildings.snap_xy,
            rides,
        ),
        "land": Ground(
            "land",
            walks,
            build_plain_homes(land_community, land_m2, size),
            land,
            land.snap_xy,
            rides,
        ),
    }
