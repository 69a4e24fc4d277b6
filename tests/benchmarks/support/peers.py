"""Other engines, asked what the benchmarks ask."""

import datetime as dt
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cafein
import geopandas as gpd
import numpy as np

BUDGET_S = 60.0
FIRST_BATCH = 50
LOWER_MEDIAN = 29 / 59 * 100
"""cafein takes the place nearest to `p / 100 × 59` of 60; the median here is number 30."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How many homes a minute sufficed for, and milliseconds per home and kind."""

    same_homes: int
    same_ms: float
    easier_homes: int
    easier_ms: float


def build_cafein(feed: Path, osm: Path, *, speed_m_s: float, change_walk_min: float) -> Any:
    """cafein's network of a feed and an OSM file."""
    return cafein.TransportNetwork.from_gtfs(
        str(feed),
        osm_pbf=str(osm),
        walking_speed_kmph=speed_m_s * 3.6,
        max_walking_time=change_walk_min,
        snap_distance=150.0,
        trip_distances=False,
        street_modes=(),
    )


def measure_cafein(
    engine: Any,
    day: dt.date,
    homes: gpd.GeoSeries,
    kinds: Sequence[gpd.GeoSeries],
    *,
    speed_m_s: float,
    walk_min: float,
    first_s: int,
    count: int,
) -> Asked:
    """Median over the window of the time to the nearest place of each kind, for more and more homes."""
    ends = np.cumsum([len(one) for one in kinds])
    places = _frame([point for one in kinds for point in one])
    limits = {
        "walking_speed_kmph": speed_m_s * 3.6,
        "max_walking_time": walk_min,
        "snap_distance": 150.0,
        "destinations": places,
    }
    begin = dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=first_s)

    def ask_same(some: gpd.GeoDataFrame) -> None:
        found = np.empty((count, len(kinds), len(some)))
        for minute in range(count):
            leave = begin + dt.timedelta(minutes=minute)
            times = engine.travel_time_matrix(some, leave, **limits)
            for at, (one, end) in enumerate(zip(kinds, ends, strict=True)):
                found[minute, at] = times[:, end - len(one) : end].min(axis=1)
        np.partition(found, (count - 1) // 2, axis=0)

    def ask_easier(some: gpd.GeoDataFrame) -> None:
        engine.travel_time_matrix(
            some, begin, departure_time_window=count, percentiles=[LOWER_MEDIAN], **limits
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # homes and places far from its streets
        same_homes, same_ms = _ask_in_batches(ask_same, homes, len(kinds))
        easier_homes, easier_ms = _ask_in_batches(ask_easier, homes, len(kinds))
    return Asked(same_homes, same_ms, easier_homes, easier_ms)


def _ask_in_batches(
    question: Callable[[gpd.GeoDataFrame], None], homes: gpd.GeoSeries, n_kinds: int
) -> tuple[int, float]:
    """Batches, the next twice as large while time is left for it; homes a minute would do, and ms."""
    question(_frame(homes[:FIRST_BATCH]))
    size, done, spent_s = FIRST_BATCH, 0, 0.0
    while done < len(homes):
        some = _frame(homes[done : done + size])
        begin = time.perf_counter()
        question(some)
        took_s = time.perf_counter() - begin
        done, spent_s = done + len(some), spent_s + took_s
        size = max(1, min(2 * size, int((BUDGET_S - spent_s) / took_s * len(some))))
        if spent_s + took_s / len(some) * size > BUDGET_S or spent_s >= 0.95 * BUDGET_S:
            break
    return int(done * BUDGET_S / spent_s), spent_s / done / n_kinds * 1e3


def _frame(points: Any) -> gpd.GeoDataFrame:
    ids = [str(number) for number in range(len(points))]
    return gpd.GeoDataFrame({"id": ids}, geometry=list(points), crs="EPSG:4326")
