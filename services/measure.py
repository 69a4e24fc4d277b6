"""A city measured and judged: every kind, every rule, as result tables; no file is touched."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.snap import Links, snap_homes
from layers.city import City
from layers.notices import Notice, tabulate_notices
from layers.results import shape_table
from layers.standards.model import TRAVELLERS, StandardPack
from layers.transit.model import Transit
from services.access_table import tabulate_access, tabulate_rides
from services.clock import Clock
from services.cluster_table import build_cluster_table
from services.coverage import measure_coverage
from services.gaps import build_facts, find_area_targets, find_gaps
from services.progress import Report, no_progress
from services.rides import (
    WALK_TRANSIT,
    KindRides,
    Rides,
    build_rides,
    measure_ride_kind,
    measure_starts,
)
from services.rollups import build_rollups
from services.rule_limits import Limits, list_limits
from services.schools.tables import measure_schooling
from services.scorecards import build_scorecards
from services.summary import summarize
from services.tables import (
    describe_base,
    describe_demand,
    describe_entrances,
    describe_facilities,
    describe_streets,
    list_unconnected,
)
from services.targets import build_targets
from services.timetable_facts import describe_no_transit, describe_transit
from services.travel import Travel, describe_rides, describe_walks
from services.walks import (
    WALK,
    KindReach,
    Reach,
    Walks,
    Yardsticks,
    build_walks,
    limit_in_metres,
    measure_kind,
    point_xy,
)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything a run has to say: tables by name (see `layers.results`) and the manifest's facts.

    `modes` are those measured; `summaries` the city's figures of each; `transit` the timetable as
    it is kept, None without one, and `transit_facts` what is said of it.
    """

    tables: dict[str, pd.DataFrame]
    packs: tuple[StandardPack, ...]
    summaries: dict[str, dict[str, Any]]
    kinds: list[dict[str, Any]]
    transit: Transit | None
    transit_facts: dict[str, Any]
    notices: tuple[Notice, ...]

    @property
    def modes(self) -> list[str]:
        """Modes that were measured."""
        return list(self.summaries)

    @property
    def summary(self) -> dict[str, Any]:
        """The city's figures on foot."""
        return self.summaries[WALK]


def measure_city(
    city: City,
    packs: tuple[StandardPack, ...],
    *,
    day: date,
    progress: Report = no_progress,
    clock: Clock | None = None,
) -> Results:
    """Measure every kind by every mode, judge every rule, and shape the result tables.

    Parameters
    ----------
    day
        Day the rules are judged on.
    clock
        Counts the search for journeys and the places of schools as stages of their own, `journeys` and
        `schools`.

    Raises
    ------
    InvalidConfig
        The horizon of the schools lies before their first year, or too far after it.
    """
    clock = clock or Clock()
    settings = city.config.settings
    walks = build_walks(
        city.streets.network,
        city.demand.points,
        city.facilities,
        city.entrances,
        max_leg_m=settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )
    yardsticks = _build_yardsticks(city)
    speeds: dict[str, float] = {who: settings.speed_m_s(who) for who in TRAVELLERS}
    limits = list_limits(city.kinds, settings, packs)
    measured = _measure_kinds(city, walks, yardsticks, limits, progress)
    rides, ridden = None, []
    if city.transit is not None:
        with clock.time("journeys"):
            rides = _tie_stops(city, city.transit)
            ridden = _ride_kinds(rides, walks, yardsticks, measured, speeds, progress)
    reach = {one.kind.code: one.reach for one in measured}
    progress("judging rules", 0.0)
    modes = _tabulate_modes(city, walks, yardsticks, limits, measured, ridden, speeds)
    judged = _judge(city, packs, walks, yardsticks, reach, speeds, day=day, rides=rides)
    with clock.time("schools"):
        schooling = measure_schooling(city, walks, day=day, progress=progress)
    notices = (
        *city.notices,
        *list_unconnected(walks, settings.max_leg_m),
        *schooling.notices,
    )
    plain = {
        "coverage": pd.concat([mode.coverage for mode in modes.values()], ignore_index=True),
        "access": pd.concat([mode.access for mode in modes.values()], ignore_index=True),
        **judged,
        "communities": city.communities,
        "facilities": describe_facilities(walks),
        "entrances": describe_entrances(walks, city.streets),
        "demand": describe_demand(walks, city.streets),
        "streets": describe_streets(city.streets, measured, speeds, ridden),
        "notices": tabulate_notices(notices),
    }
    if rides is not None:
        plain |= {"stops": rides.transit.stops, "lines": rides.transit.lines}
    tables = {name: shape_table(frame, name) for name, frame in plain.items()} | schooling.tables
    tables["base"] = describe_base(city.extract)
    tables["barriers"] = city.extract.barriers
    return Results(
        tables=tables,
        packs=packs,
        summaries={name: mode.summary for name, mode in modes.items()},
        kinds=_describe_kinds(city, walks, reach, speeds),
        transit=None if rides is None else rides.name_streets(),
        transit_facts=describe_no_transit(city.config, city.notices)
        if rides is None
        else describe_transit(city, rides, walks, yardsticks),
        notices=notices,
    )


def _judge(
    city: City,
    packs: tuple[StandardPack, ...],
    walks: Walks,
    yardsticks: Yardsticks,
    reach: Mapping[str, Reach],
    speeds: Mapping[str, float],
    *,
    day: date,
    rides: Rides | None,
) -> dict[str, pd.DataFrame]:
    """Judge every rule, and add verdicts up by card, by area and for targets."""
    settings, name = city.config.settings, city.config.name
    facts = build_facts(
        walks,
        city.communities,
        reach,
        city.extract.barriers,
        city.kinds,
        speeds,
        severed_detour=settings.severed_detour,
        adjoin_m=settings.adjoin_m,
        today=day,
        rides=rides,
        yardsticks=yardsticks,
    )
    gaps = find_gaps(packs, facts)
    of_areas = find_area_targets(packs, facts, name=name)
    scorecards = build_scorecards(
        packs, gaps, city.communities, settings, facilities=walks.facilities, kinds=city.kinds
    )
    return {
        "gaps": gaps,
        "clusters": build_cluster_table(packs, facts, gaps),
        "scorecards": scorecards,
        "rollups": build_rollups(packs, gaps, scorecards, city.communities, name),
        "targets": build_targets(
            packs, scorecards, city.communities, of_areas, name, today=day, kinds=city.kinds
        ),
    }


def _describe_kinds(
    city: City, walks: Walks, measured: Container[str], speeds: Mapping[str, float]
) -> list[dict[str, Any]]:
    return [
        {
            "code": kind.code,
            "name_zh": kind.name_zh,
            "name_en": kind.name_en,
            "group": kind.group,
            "traveller": kind.traveller,
            "speed_m_s": speeds[kind.traveller],
            "n_facilities": len(walks.list_facilities(kind.code)),
            "status": "measured" if kind.code in measured else "unknown",
        }
        for kind in city.kinds.values()
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Mode:
    """The tables of one mode, and the city's figures."""

    coverage: pd.DataFrame
    access: pd.DataFrame
    summary: dict[str, Any]


def _tabulate_modes(
    city: City,
    walks: Walks,
    yardsticks: Yardsticks,
    limits: Limits,
    measured: Sequence[KindReach],
    ridden: Sequence[KindRides],
    speeds: Mapping[str, float],
) -> dict[str, _Mode]:
    """Tabulate walking, and, where there is a timetable, walking and riding."""
    main_min = city.config.settings.main_limit_min
    on_foot = {one.kind.code: describe_walks(one, speeds[one.kind.traveller]) for one in measured}
    kinds = list(city.kinds.values())

    def build(
        access: pd.DataFrame, travels: Mapping[str, Travel], limits: Limits, mode: str, source: str
    ) -> _Mode:
        coverage = measure_coverage(
            city.communities,
            walks,
            yardsticks,
            kinds,
            travels,
            limits,
            mode=mode,
            timetable_source=source,
        )
        return _Mode(coverage, access, summarize(coverage, yardsticks, travels, kinds))

    access = tabulate_access(walks, measured, on_foot, speeds, main_min)
    modes = {WALK: build(access, on_foot, limits, WALK, "")}
    if city.transit is not None:
        source = city.transit.source
        riding = {one.kind.code: describe_rides(one, on_foot[one.kind.code]) for one in ridden}
        minutes = {
            kind: [one for one in steps if one[1] == "min"] for kind, steps in limits.items()
        }
        access = tabulate_rides(walks, ridden, riding, main_min, timetable_source=source)
        modes[WALK_TRANSIT] = build(access, riding, minutes, WALK_TRANSIT, source)
    return modes


def _tie_stops(city: City, transit: Transit) -> Rides:
    return build_rides(
        transit,
        city.streets.network,
        city.config.transit,
        max_leg_m=city.config.settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )


def _ride_kinds(
    rides: Rides,
    walks: Walks,
    yardsticks: Yardsticks,
    measured: Sequence[KindReach],
    speeds: Mapping[str, float],
    progress: Report,
) -> list[KindRides]:
    progress("measuring journeys", 0.0)
    wanted = sorted({speeds[one.kind.traveller] for one in measured} or set(speeds.values()))
    starts = measure_starts(rides, walks, yardsticks, wanted)
    ridden = []
    for at, one in enumerate(measured):
        progress("measuring journeys", at / len(measured))
        ridden.append(measure_ride_kind(rides, walks, starts, one, speeds[one.kind.traveller]))
    return ridden


def _measure_kinds(
    city: City,
    walks: Walks,
    yardsticks: Yardsticks,
    limits: Mapping[str, list[tuple[float, str]]],
    progress: Report,
) -> list[KindReach]:
    settings = city.config.settings
    present = set(walks.facilities["kind"])
    measured = []
    for at, kind in enumerate(city.kinds.values()):
        progress("measuring walks", at / len(city.kinds))
        if kind.code in present:
            speed = settings.speed_m_s(kind.traveller)
            measured.append(
                measure_kind(
                    walks,
                    yardsticks,
                    kind,
                    main_limit_m=limit_in_metres(settings.main_limit_min, "min", speed),
                    longest_limit_m=max(
                        limit_in_metres(limit, unit, speed) for limit, unit in limits[kind.code]
                    ),
                )
            )
    return measured


def _build_yardsticks(city: City) -> Yardsticks:
    demand = city.demand
    network = city.streets.network
    rows_of = pd.Series(np.arange(len(city.communities)), index=city.communities["community_id"])

    def tie(frame: gpd.GeoDataFrame) -> tuple[Links, np.ndarray]:
        links = snap_homes(
            network, point_xy(frame, network.crs), max_leg_m=city.config.settings.max_leg_m
        )
        found = rows_of.reindex(frame["community_id"]).fillna(-1)
        return links, found.to_numpy().astype(np.int64)

    building_links, building_community = tie(demand.buildings)
    land_links, land_community = tie(demand.land)
    return Yardsticks(
        building_links,
        building_community,
        land_links,
        land_community,
        demand.land["area_m2"].to_numpy(dtype=np.float64),
    )
