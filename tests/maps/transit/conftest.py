"""The invented town with buses: from a feed, and as routes of OSM only."""

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.timetable import build_timetable
from layers.results import shape_table
from layers.store import Run
from layers.transit.model import Transit
from maps.packing import ALPHABET

HOSTILE_STOP = "<img src=x onerror=alert(2)>"
HOSTILE_LINE = "</script><script>alert(3)</script>"
LIMITS = (5.0, 10.0, 15.0)
# ref, name, mode, stops along the town, trips (departures apart), within the window
LINES = (
    ("12", "火车站 — 高新区", "bus", [0, 1, 2, 3, 4, 5, 6], 12, True),
    ("3", HOSTILE_LINE, "bus", [7, 8, 2, 9, 10], 4, True),
    ("M1", "地铁 1 号线", "subway", [0, 3, 6], 20, True),
    ("夜1", "夜班车", "bus", [1, 8, 9], 2, False),
)
PLACES = [(0.05, 0.5), (0.2, 0.52), (0.35, 0.5), (0.5, 0.48), (0.65, 0.5), (0.8, 0.55), (0.95, 0.5),
          (0.3, 0.1), (0.33, 0.3), (0.4, 0.7), (0.38, 0.9), (0.9, 0.9)]  # fmt: skip


@pytest.fixture(scope="session")
def add_transit() -> Callable[..., Run]:
    """`add_transit(run, source)`: the same town, where one may also take a bus."""
    return add_timetable


@pytest.fixture(scope="session")
def ride_run(run: Run) -> Run:
    """The small town with a feed; the last of its stops is served by nobody."""
    return add_timetable(run, "gtfs")


@pytest.fixture(scope="session")
def osm_run(run: Run) -> Run:
    """The small town with routes of OSM."""
    return add_timetable(run, "osm")


@pytest.fixture(scope="session")
def unpack() -> Callable[[str], list[int]]:
    """`unpack(text)`: whole numbers from 0, read slowly by the description of the packing."""

    def unpack(text: str) -> list[int]:
        numbers, value, unit = [], 0, 1
        for letter in text:
            digit = ALPHABET.index(letter)
            value += (digit % 32) * unit
            unit *= 32
            if digit < 32:
                numbers.append(value)
                value, unit = 0, 1
        return numbers

    return unpack


def add_timetable(run: Run, source: str) -> Run:
    """Rides take a third of a walk and four minutes: good for drawing, not for measuring."""
    transit = _build_transit(run, source)
    walks = run.access
    ride_s = np.fmin(walks["nearest_s"], walks["nearest_s"] / 3 + 240)
    on_foot = ~(ride_s < walks["nearest_s"])
    minute = np.arange(len(walks)) % 60
    access = walks.assign(
        mode="walk_transit",
        timetable_source=source,
        nearest_s=ride_s,
        best_s=ride_s * 0.8,
        worst_s=np.fmin(ride_s * 1.4, walks["nearest_s"]),
        depart_s=np.where(on_foot, np.nan, 27000.0 + 60 * minute),
        nearest_m=np.nan,
        second_m=np.nan,
        n_within=np.nan,
        within_limit=ride_s <= 900,
    )
    coverage = run.coverage.assign(mode="walk_transit", timetable_source=source)
    for name in ("share", "building_share", "land_share"):
        coverage[name] = coverage[name] ** 0.5
    coverage["households_covered"] = coverage["households"] * coverage["share"]
    gaps = run.gaps[run.gaps["kind"] == "pharmacy"].assign(
        rule="bj.pharmacy.ride", mode="walk_transit", timetable_source=source,
        status="met", cause="", reason="", reason_en="",
    )  # fmt: skip
    streets = run.streets.copy()
    for column in [name for name in streets.columns if name.startswith("min_")]:
        streets[f"ride_{column}"] = np.fmin(streets[column], streets[column] / 3 + 4)
    return dataclasses.replace(
        run,
        manifest=_extend_manifest(run.manifest, coverage, source),
        streets=streets,
        coverage=shape_table(pd.concat([run.coverage, coverage], ignore_index=True), "coverage"),
        access=shape_table(pd.concat([walks, access], ignore_index=True), "access"),
        gaps=shape_table(pd.concat([run.gaps, gaps], ignore_index=True), "gaps"),
        transit=transit,
    )


def _extend_manifest(
    manifest: dict[str, Any], coverage: pd.DataFrame, source: str
) -> dict[str, Any]:
    manifest = json.loads(json.dumps(manifest))
    rules = manifest["packs"][0]["rules"]
    ride = {
        "code": "bj.pharmacy.ride",
        "kind": "pharmacy",
        "title_zh": "15 分钟公交可达药店",
        "title_en": "A pharmacy within 15 minutes by transit",
        "mode": "walk_transit",
    }
    rules.append(rules[0] | ride)
    summary = json.loads(json.dumps(manifest["summary"]))
    for kind, limits in summary.items():
        for limit, figures in limits.items():
            rows = coverage[(coverage["kind"] == kind) & (coverage["limit"] == float(limit))]
            if figures["status"] == "measured":
                covered = float(rows["households_covered"].sum())
                figures["households_covered"] = covered
                figures["share"] = covered / figures["households"]
    osm = source == "osm"
    assumptions = [
        {
            "code": "headway_default",
            "count": 7,
            "zh": "7 条线路未标注发车间隔，取该类车辆的默认间隔",
            "en": "7 route relations do not say how often they run",
        },
        {
            "code": "speed_default",
            "count": 9,
            "zh": "9 条单向线路的车速和停站时间取该类车辆的默认值",
            "en": "9 directions of routes run at the speed of their mode",
        },
    ]
    return manifest | {
        "modes": ["walk", "walk_transit"],
        "summary_walk_transit": summary,
        "transit": {
            "status": "measured",
            "reason": {"zh": "", "en": ""},
            "source": source,
            "day": "2023-11-15",
            "depart_from": "07:30",
            "depart_to": "08:30",
            "percentile": 50.0,
            "feeds": [] if osm else ["bus & tram.gtfs.zip"],
            "stops": 12,
            "stops_served": 11,
            "lines": 4,
            "trips": 76,
            "trips_in_window": 72,
            "mean_headway_min": 8.25,
            "near_share": 0.612,
            "near_basis": "households",
            "settings": {},
            "assumptions": assumptions if osm else [],
        },
    }


def _build_transit(run: Run, source: str) -> Transit:
    west, south, east, north = run.communities.total_bounds
    lonlat = [(west + x * (east - west), south + y * (north - south)) for x, y in PLACES]
    calls: dict[str, list[int]] = {"trip": [], "stop": [], "time": []}
    trip_line: list[int] = []
    for line, (_, _, _, along, trips, in_window) in enumerate(LINES):
        for n in range(trips):
            for way in (along, along[::-1]):
                start_s = (27000 if in_window else 82800) + 3600 * n // trips
                calls["trip"] += [len(trip_line)] * len(way)
                calls["stop"] += way
                calls["time"] += [start_s + 120 * at for at in range(len(way))]
                trip_line.append(line)
    time_s = np.array(calls["time"], dtype=np.int64)
    yes = np.ones(len(time_s), dtype=np.bool_)
    timetable = build_timetable(
        n_stops=len(PLACES),
        call_trip=np.array(calls["trip"], dtype=np.int32),
        call_stop=np.array(calls["stop"], dtype=np.int32),
        call_arrival_s=time_s,
        call_departure_s=time_s,
        call_board=yes,
        call_alight=yes,
        trip_line=np.array(trip_line, dtype=np.int32),
    )
    served = {stop for line in LINES for stop in line[3]}
    ids = [f"s{stop}" for stop in range(len(PLACES))]
    points = shapely.points(np.array(lonlat))
    stops = gpd.GeoDataFrame(
        {
            "stop_id": ids,
            "name": [HOSTILE_STOP if stop == 1 else f"第{stop}站" for stop in range(len(PLACES))],
            "station_id": "",
            "modes": ["bus" if stop in served else "" for stop in range(len(PLACES))],
            "lines": ["12" if stop in served else "" for stop in range(len(PLACES))],
            "departures": [6 * stop for stop in range(len(PLACES))],
            "connected": [stop != 10 for stop in range(len(PLACES))],
            "timetable_source": source,
        },
        geometry=points,
        crs="EPSG:4326",
    )
    lines = gpd.GeoDataFrame(
        {
            "line_id": [f"l{line}" for line in range(len(LINES))],
            "ref": [line[0] for line in LINES],
            "name": [line[1] for line in LINES],
            "mode": [line[2] for line in LINES],
            "operator": "",
            "stops": [len(line[3]) for line in LINES],
            "trips": [2 * line[4] for line in LINES],
            "trips_in_window": [2 * line[4] if line[5] else 0 for line in LINES],
            "headway_min": [60 / line[4] if line[5] else np.nan for line in LINES],
            "headway_source": "timetable" if source == "gtfs" else "default",
            "hours_source": "timetable" if source == "gtfs" else "default",
            "timetable_source": source,
        },
        geometry=[shapely.MultiLineString([[lonlat[stop] for stop in line[3]]]) for line in LINES],
        crs="EPSG:4326",
    )
    return Transit(
        source=source,
        day=date(2023, 11, 15),
        stops=shape_table(stops, "stops"),
        lines=shape_table(lines, "lines"),
        ways_in=gpd.GeoDataFrame({"stop": np.arange(len(PLACES))}, geometry=points, crs=4326),
        changes=pd.DataFrame({"from_stop": [], "to_stop": [], "min_s": [], "forbidden": []}),
        trip_headsign=("",) * len(trip_line),
        timetable=timetable,
        assumptions=(),
    )
