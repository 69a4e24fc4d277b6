"""A city measured and judged: every kind, every rule, as result tables; no file is touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.snap import Links, snap_homes
from layers.city import City
from layers.config import RunSettings
from layers.notices import Notice, tabulate_notices
from layers.results import shape_table
from layers.standards.model import StandardPack
from services.coverage import (
    KindReach,
    Walks,
    Yardsticks,
    build_walks,
    limit_in_metres,
    measure_coverage,
    measure_kind,
    point_xy,
    tabulate_access,
)
from services.gaps import find_gaps
from services.progress import Report, no_progress
from services.summary import summarize
from services.tables import (
    describe_demand,
    describe_entrances,
    describe_facilities,
    describe_streets,
    list_unconnected,
)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything a run has to say: tables by name (see `layers.results`) and the manifest's facts."""

    tables: dict[str, pd.DataFrame]
    packs: tuple[StandardPack, ...]
    summary: dict[str, Any]
    kinds: list[dict[str, Any]]
    notices: tuple[Notice, ...]


def measure_city(
    city: City,
    packs: tuple[StandardPack, ...],
    *,
    day: date,
    progress: Report = no_progress,
) -> Results:
    """Measure every kind, judge every rule, and shape the result tables."""
    settings = city.config.settings
    network = city.streets.network
    walks = build_walks(
        network,
        city.demand.points,
        city.facilities,
        city.entrances,
        max_leg_m=settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )
    yardsticks = _build_yardsticks(city)
    speeds = {who: settings.speed_m_s(who) for who in ("adult", "older", "child")}
    limits = {kind: _list_limits(kind, settings, packs) for kind in city.kinds}
    measured = _measure_kinds(city, walks, yardsticks, limits, progress)
    reach = {one.kind.code: one.reach for one in measured}
    progress("judging rules", 0.0)
    coverage = measure_coverage(
        city.communities,
        walks,
        yardsticks,
        city.kinds.values(),
        {one.kind.code: one for one in measured},
        speeds,
        limits,
    )
    gaps = find_gaps(
        packs,
        walks,
        city.communities,
        reach,
        city.extract.barriers,
        city.kinds,
        speeds,
        severed_detour=settings.severed_detour,
        today=day,
    )
    notices = (*city.notices, *list_unconnected(walks, settings.max_leg_m))
    plain = {
        "coverage": coverage,
        "access": tabulate_access(walks, measured, speeds, settings.main_limit_min),
        "gaps": gaps,
        "communities": city.communities,
        "facilities": describe_facilities(walks),
        "entrances": describe_entrances(walks, city.streets),
        "demand": describe_demand(walks, city.streets),
        "streets": describe_streets(city.streets, measured, speeds),
        "notices": tabulate_notices(notices),
    }
    tables = {name: shape_table(frame, name) for name, frame in plain.items()}
    tables["base"] = _build_base(city)
    tables["barriers"] = city.extract.barriers
    return Results(
        tables=tables,
        packs=packs,
        summary=summarize(coverage, yardsticks, measured, speeds, city.kinds.values()),
        kinds=[
            {
                "code": kind.code,
                "name_zh": kind.name_zh,
                "name_en": kind.name_en,
                "group": kind.group,
                "traveller": kind.traveller,
                "speed_m_s": speeds[kind.traveller],
                "n_facilities": len(walks.list_facilities(kind.code)),
                "status": "measured" if kind.code in reach else "unknown",
            }
            for kind in city.kinds.values()
        ],
        notices=notices,
    )


def _list_limits(
    kind: str, settings: RunSettings, packs: tuple[StandardPack, ...]
) -> list[tuple[float, str]]:
    """Limits a kind is measured at: those of the settings, then those of rules about it."""
    limits = [(float(limit), "min") for limit in settings.limits_min]
    if (settings.main_limit_min, "min") not in limits:
        limits.append((float(settings.main_limit_min), "min"))
    for pack in packs:
        for rule in pack.rules:
            limit = dict(rule.list_values()).get("limit")
            if rule.kind == kind and limit and (limit.value, limit.unit) not in limits:
                limits.append((float(limit.value), str(limit.unit)))
    return limits


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


def _build_base(city: City) -> gpd.GeoDataFrame:
    """Water, green and rail: what the base map is drawn from beside the streets."""
    extract = city.extract
    rail = extract.barriers[extract.barriers["kind"] == "railway"].assign(kind="rail")
    parts = [
        extract.water.assign(kind="water")[["kind", "name", "geometry"]],
        extract.green.assign(kind="green")[["kind", "name", "geometry"]],
        rail[["kind", "name", "geometry"]],
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs="EPSG:4326")
