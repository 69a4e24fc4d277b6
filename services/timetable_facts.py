"""What a run says of its timetable: what it is, whom it passes near, and what was assumed."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np

from geo.reach import measure_nearest
from layers.city import City
from layers.config import CityConfig
from layers.notices import Notice
from layers.transit.assumptions import describe_assumptions
from layers.transit.model import GTFS
from layers.transit.settings import TransitSettings
from services.coverage import measure_coverage
from services.rides import Rides
from services.summary import summarize_limit
from services.travel import Travel
from services.walks import WALK, Walks, Yardsticks

NEAR_MIN = 5.0
"""Walk within which a home counts as near a stop: the transport circle of the programme."""
NO_TIMETABLE = {
    "zh": "没有时刻表：未提供 GTFS，地图数据中也没有可用的公交线路关系；请提供其一。",
    "en": "There is no timetable: no GTFS feed was supplied and the map data hold no usable route "
    "relations. Supply either.",
}
_CODE = "no_timetable"


def describe_no_transit(config: CityConfig, notices: Iterable[Notice]) -> dict[str, Any]:
    """Facts of a run without a timetable: why there is none, as the notices say."""
    said = [notice for notice in notices if notice.code == _CODE]
    reason = {"zh": said[0].message_zh, "en": said[0].message} if said else NO_TIMETABLE
    return {
        "status": "unknown",
        "reason": reason,
        "source": "",
        "feeds": [],
        "settings": _list_settings(config.transit),
        "assumptions": [],
    }


def describe_transit(
    city: City, rides: Rides, walks: Walks, yardsticks: Yardsticks
) -> dict[str, Any]:
    """Facts of a run's timetable.

    `near_share` is the share of homes within `NEAR_MIN` of a stop one may board at within the
    window, at an adult's speed, over the denominator `near_basis` names, as in the city's summary.
    `mean_headway_min` is the mean over the lines that run in the window.
    """
    transit, settings = rides.transit, rides.settings
    stops, lines = transit.stops, transit.lines
    headways = lines["headway_min"].to_numpy(dtype=np.float64)
    running = headways[np.isfinite(headways)]
    near = _measure_near(city, rides, walks, yardsticks)
    return {
        "status": "measured",
        "reason": {"zh": "", "en": ""},
        "source": transit.source,
        "day": transit.day.isoformat(),
        "depart_from": settings.depart_from,
        "depart_to": settings.depart_to,
        "percentile": settings.percentile,
        "feeds": _list_feeds(city.config, transit.source),
        "stops": len(stops),
        "stops_served": int((stops["departures"] > 0).sum()),
        "lines": len(lines),
        "trips": int(lines["trips"].sum()),
        "trips_in_window": int(lines["trips_in_window"].sum()),
        "mean_headway_min": float(running.mean()) if len(running) else None,
        "households_near": near["households_covered"],
        "households": near["households"],
        "near_share": near["share"],
        "near_basis": near["basis"],
        "near_min": NEAR_MIN,
        "stops_connected_share": float(stops["connected"].mean()) if len(stops) else None,
        "settings": _list_settings(settings),
        "assumptions": describe_assumptions(transit.assumptions),
    }


def _list_feeds(config: CityConfig, source: str) -> list[str]:
    return [feed.name for feed in config.gtfs] if source == GTFS else [config.osm.name]


def _list_settings(settings: TransitSettings) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(settings).items()
    }


def _measure_near(city: City, rides: Rides, walks: Walks, yardsticks: Yardsticks) -> dict[str, Any]:
    """Who lives near a stop that is served, as the summary of a kind of facility would say."""
    speed = city.config.settings.speed_m_s("adult")
    served = (rides.transit.stops["departures"] > 0).to_numpy()
    sources = rides.stop_links.take(np.flatnonzero(served[rides.way_in_stop]))
    places = (walks.demand_links, yardsticks.building_links, yardsticks.land_links)
    demand, building, land = (
        measure_nearest(rides.network, sources, links, limit_m=NEAR_MIN * 60.0 * speed).walk_m
        for links in places
    )
    travel = Travel(WALK, demand, building, land, speed)
    kind = next(iter(city.kinds.values()))
    coverage = measure_coverage(
        city.communities,
        walks,
        yardsticks,
        [kind],
        {kind.code: travel},
        {kind.code: [(NEAR_MIN, "min")]},
    )
    return summarize_limit(coverage, yardsticks, travel, NEAR_MIN)
