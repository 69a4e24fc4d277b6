"""Journeys on foot and by bus: Las Palmas, every home × 60 departures × 12 kinds, ours against cafein.

One question: how long to the nearest place of a kind for someone who leaves at 07:30, 07:31 … 08:29 of
Wednesday 2023-02-22, the median of the 60, the best and the 90th percentile. Asked for the demand points of a run, and
for every node OSM has on a street; median of 5; kernels are compiled before.

What is timed is all between the streets and timetable as read and the answer: tying the stops to the streets, walks
from homes to stops and between stops (for the speeds of adults, children and older people), the backwards scan per
kind with the walks to its places, and the order statistics. Walking all the way is `bench_walks.py`; reading the feed
is shown apart.

cafein reads the same feed and the same OSM file and is asked the same question for as many homes as it manages in a
minute: the nearest of the places changes from minute to minute, so each minute is a matrix of its own, with the places
of all 12 kinds in one. Its own percentiles over the window, which are per place and so answer an easier question, are
shown beside it.

Growth: the same with every trip repeated ten times, six seconds apart, and with the homes doubled and doubled.
"""

import datetime as dt
import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
from bench_walks import build_town
from support.peers import build_cafein, measure_cafein
from support.record import (
    CATCHMENTS,
    DATA,
    REPEATS,
    find_feed,
    find_osm,
    judge,
    measure_median_s,
    measure_once_s,
    save,
    show,
)

from geo.crs import unproject
from geo.journeys import Access, Window, measure_journeys
from geo.profile import scan_profiles
from geo.snap import Links
from geo.timetable import Timetable
from geo.units import FloatArray
from layers.city import City, build_city
from layers.config import config_for_osm
from layers.transit.build import build_transit
from services.rides import Rides, build_rides, measure_egress
from services.walks import Walks, build_walks, measure_reach

DAY = dt.date(2023, 2, 22)
KINDS = (
    "kindergarten",
    "primary_school",
    "clinic",
    "pharmacy",
    "supermarket",
    "shop",
    "park",
    "bank",
    "library",
    "hospital",
    "post",
    "government",
)
TARGET_S = 4.0
TARGET_RATIO = 1000.0
LINEAR = 1.5
"""How much more than in proportion a tenfold question may cost."""
COPIES, APART_S = 10, 6


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind: ways in to its places, who goes there, and everybody's walk."""

    name: str
    doors: Links
    speed_m_s: float
    walk_s: FloatArray


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by stage."""

    prepare_s: float
    scan_s: float
    homes_s: float

    @property
    def all_s(self) -> float:
        """Seconds of all stages."""
        return self.prepare_s + self.scan_s + self.homes_s


def read_city() -> tuple[City, float]:
    """Las Palmas with its timetable, and the seconds spent on the feed."""
    config = config_for_osm(
        find_osm("Las Palmas"), communities=DATA / CATCHMENTS, gtfs=[find_feed("Las Palmas")]
    )
    config = replace(config, transit=replace(config.transit, day=DAY))
    city = build_city(config, report=lambda *_: None)
    feed_s, _ = measure_median_s(
        lambda: build_transit(
            config, city.extract, city.streets.network, max_leg_m=config.settings.max_leg_m
        ),
        3,
    )
    return city, feed_s


def list_kinds(city: City, walks: Walks, homes: Links) -> list[Kind]:
    """The 12 kinds, with walks from the homes asked about."""
    asked = replace(walks, demand_links=homes)
    kinds = []
    for name in KINDS:
        speed = city.config.settings.speed_m_s(city.kinds[name].traveller)
        facilities = walks.list_facilities(name)
        if not len(facilities):
            sys.exit(f"no {name} in Las Palmas")
        rows, _ = walks.list_entrances(facilities)
        walk_s = measure_reach(asked, facilities).walk_m / speed
        kinds.append(Kind(name, walks.entrance_links.take(rows), speed, walk_s))
    return kinds


def measure_ours(city: City, homes: Links, kinds: list[Kind], timetable: Timetable) -> Spent:
    """Everything from the timetable to the percentiles, once."""
    begin = time.perf_counter()
    rides = _tie(city, timetable)
    speeds = sorted({kind.speed_m_s for kind in kinds})
    for speed in speeds:
        rides.prepare(speed)
    pairs = rides.measure_stop_walks(homes, speeds[-1])
    access = {speed: rides.turn_access(pairs, speed) for speed in speeds}
    prepared = time.perf_counter()
    scan_s = 0.0
    for kind in kinds:
        start = time.perf_counter()
        plan = rides.prepare(kind.speed_m_s)
        egress = measure_egress(rides, kind.doors, kind.speed_m_s)
        profiles = scan_profiles(plan.timetable, plan.changes, egress.walk_ms)
        scan_s += time.perf_counter() - start
        _rank(rides, profiles, access[kind.speed_m_s], kind.walk_s)
    done = time.perf_counter()
    return Spent(prepared - begin, scan_s, done - prepared - scan_s)


def _tie(city: City, timetable: Timetable) -> Rides:
    transit = city.transit
    if transit is None:
        sys.exit("Las Palmas has no timetable")
    return build_rides(
        replace(transit, timetable=timetable),
        city.streets.network,
        city.config.transit,
        max_leg_m=city.config.settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )


def _rank(rides: Rides, profiles: Any, access: Access, walk_s: FloatArray) -> None:
    window: Window = rides.window
    measure_journeys(
        profiles,
        access,
        walk_s,
        window,
        slack_ms=rides.slack_ms,
        longest_ms=rides.longest_ms,
    )


def repeat_median(question: Callable[[], Spent], repeats: int = REPEATS) -> Spent:
    """The middle one of several, by all its seconds; once more before, uncounted."""
    question()
    runs = []
    for _ in range(repeats):
        gc.collect()
        runs.append(question())
    return sorted(runs, key=lambda one: one.all_s)[len(runs) // 2]


def repeat_timetable(timetable: Timetable, copies: int) -> Timetable:
    """Every trip several times, some seconds apart."""
    if copies == 1:
        return timetable
    names = ("from", "to", "board", "alight")
    columns = {f"hop_{name}": np.tile(getattr(timetable, f"hop_{name}"), copies) for name in names}
    late = np.repeat(APART_S * np.arange(copies, dtype=np.int32), timetable.n_hops)
    shift = np.repeat(timetable.n_trips * np.arange(copies, dtype=np.int32), timetable.n_hops)
    columns["hop_departure_s"] = np.tile(timetable.hop_departure_s, copies) + late
    columns["hop_arrival_s"] = np.tile(timetable.hop_arrival_s, copies) + late
    columns["hop_trip"] = np.tile(timetable.hop_trip, copies) + shift
    # stable: hops of one trip keep their order
    order = np.lexsort((-columns["hop_arrival_s"], -columns["hop_departure_s"]))
    return replace(
        timetable,
        trip_line=np.tile(timetable.trip_line, copies),
        **{name: np.ascontiguousarray(column[order]) for name, column in columns.items()},
    )


def take_homes(homes: Links, kinds: list[Kind], rows: np.ndarray) -> tuple[Links, list[Kind]]:
    """Some homes, and the walks from them."""
    return homes.take(rows), [replace(kind, walk_s=kind.walk_s[rows]) for kind in kinds]


def _row(name: str, homes: int, spent: Spent, said: str = "") -> list[object]:
    each = spent.all_s / homes / len(KINDS) * 1e3
    parts = (spent.prepare_s, spent.scan_s, spent.homes_s, spent.all_s)
    return [name, f"{homes:,}", *(f"{part:.3f}" for part in parts), f"{each:.5f}", said]


HEAD = ["asked for", "homes", "prepare s", "scans s", "homes s", "all s", "ms per home, kind", ""]


def measure_grains(
    city: City, walks: Walks, grains: dict[str, Links]
) -> tuple[dict[str, Spent], dict[str, list[Kind]]]:
    """Ours at both grains."""
    spent, kinds = {}, {}
    rows = []
    timetable = _get_timetable(city)
    for name, homes in grains.items():
        kinds[name] = list_kinds(city, walks, homes)
        spent[name] = repeat_median(
            lambda homes=homes, name=name: measure_ours(city, homes, kinds[name], timetable)
        )
        rows.append(
            _row(name, len(homes), spent[name], judge(spent[name].all_s, TARGET_S, most=True))
        )
    show(
        f"ours: {len(KINDS)} kinds × 60 departures, {timetable.n_hops:,} hops of the day, "
        f"median of {REPEATS}",
        HEAD,
        rows,
    )
    return spent, kinds


def _get_timetable(city: City) -> Timetable:
    if city.transit is None:
        sys.exit("Las Palmas has no timetable")
    return city.transit.timetable


def measure_growth(city: City, homes: Links, kinds: list[Kind]) -> dict[str, Any]:
    """A tenfold timetable, and homes doubled and doubled."""
    timetable = _get_timetable(city)
    plan = _tie(city, timetable).prepare(kinds[0].speed_m_s)
    rows, scans, all_s = [], {}, {}
    for copies in (1, 2, 5, COPIES):
        repeated = repeat_timetable(timetable, copies)
        spent = repeat_median(
            lambda repeated=repeated: measure_ours(city, homes, kinds, repeated), 3
        )
        scans[copies], all_s[copies] = spent.scan_s, spent.all_s
        rows.append(_row(f"timetable × {copies}", len(homes), spent))
    hops = plan.timetable.n_hops
    ratio = scans[COPIES] / scans[1]
    rows[-1][-1] = f"scans × {ratio:.1f}: {judge(ratio, COPIES * LINEAR, most=True)}"
    rng = np.random.default_rng(10)
    shuffled = rng.permutation(len(homes))
    sizes = [len(homes) // 8, len(homes) // 4, len(homes) // 2, len(homes)]
    by_home = {}
    for size in sizes:
        some, walked = take_homes(homes, kinds, np.sort(shuffled[:size]))
        spent = repeat_median(
            lambda some=some, walked=walked: measure_ours(city, some, walked, timetable), 3
        )
        by_home[size] = spent.all_s
        rows.append(_row("homes", size, spent))
    growth = by_home[sizes[-1]] / by_home[sizes[0]]
    rows[-1][-1] = f"× {growth:.1f} for × 8: {judge(growth, 8 * LINEAR, most=True)}"
    show(f"growth ({hops:,} hops within the window of one timetable)", HEAD, rows)
    return {
        "hops_in_window": hops,
        "scan_s_by_copies": {str(key): round(value, 4) for key, value in scans.items()},
        "all_s_by_copies": {str(key): round(value, 4) for key, value in all_s.items()},
        "all_s_by_homes": {str(key): round(value, 4) for key, value in by_home.items()},
    }


def measure_memory(city: City, homes: Links, kinds: list[Kind]) -> dict[str, Any]:
    """What the pairs of homes and stops hold, and how far the process grew."""
    rides = _tie(city, _get_timetable(city))
    access = rides.measure_access(homes, kinds[0].speed_m_s)
    held = sum(column.nbytes for column in (access.start, access.stop, access.walk_ms)) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    show(
        "memory",
        ["what", "MiB"],
        [
            [f"{len(access.stop):,} pairs of home and stop", f"{held:.1f}"],
            ["peak of this process, the city's reading included", f"{peak:.0f}"],
        ],
    )
    return {"pairs": len(access.stop), "pairs_mib": round(held, 1), "peak_mib": round(peak)}


def compare_cafein(city: City, walks: Walks, homes: Links, kinds: list[Kind]) -> dict[str, Any]:
    """The same question to cafein, for as many homes as it manages in a minute."""
    adult = city.config.settings.adult_m_s
    build_s, engine = measure_once_s(
        lambda: build_cafein(
            find_feed("Las Palmas"),
            find_osm("Las Palmas"),
            speed_m_s=adult,
            change_walk_min=city.config.transit.change_walk_min,
        )
    )
    doors = [unproject(kind.doors.snap_xy, walks.network.crs) for kind in kinds]
    order = np.random.default_rng(60).permutation(np.flatnonzero(homes.connected))
    places = unproject(homes.snap_xy[order], walks.network.crs)
    asked = measure_cafein(
        engine,
        DAY,
        gpd.GeoSeries.from_xy(*places.T, crs="EPSG:4326"),
        [gpd.GeoSeries.from_xy(*one.T, crs="EPSG:4326") for one in doors],
        speed_m_s=adult,
        walk_min=city.config.transit.walk_min,
        first_s=city.config.transit.first_departure_s,
        count=city.config.transit.n_departures,
    )
    return {
        "build_s": round(build_s, 2),
        "same_question": {"homes": asked.same_homes, "ms": round(asked.same_ms, 4)},
        "percentile_per_place": {"homes": asked.easier_homes, "ms": round(asked.easier_ms, 4)},
        "target": TARGET_RATIO,
    }


def show_ratios(peer: dict[str, Any], each: dict[str, float], ratios: dict[str, float]) -> None:
    """Milliseconds per home and kind, side by side."""
    same, easier = peer["same_question"], peer["percentile_per_place"]
    rows: list[list[object]] = [
        ["cafein: nearest place at every minute", same["homes"], f"{same['ms']:.3f}", "", ""],
        ["cafein: percentile to every place apart", easier["homes"], f"{easier['ms']:.3f}", "", ""],
    ]
    rows += [
        [
            f"ours: nearest place at every minute, {name}",
            "",
            f"{each[name]:.5f}",
            f"{ratio:,.0f}",
            judge(ratio, TARGET_RATIO),
        ]
        for name, ratio in ratios.items()
    ]
    show(
        f"against cafein on the same files (built in {peer['build_s']} s), all {len(KINDS)} kinds in "
        "one question",
        ["question", "homes in a minute", "ms per home, kind", "faster x", "target"],
        rows,
    )


def main() -> None:
    """Ours at two grains, growth, memory, then cafein."""
    city, feed_s = read_city()
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
    grains = {
        "demand points": walks.demand_links,
        "street nodes": build_town(network, junctions_only=False).places,
    }
    spent, kinds = measure_grains(city, walks, grains)
    sys.stdout.write(f"\n  reading and checking the feed: {feed_s:.2f} s\n")
    timetable = _get_timetable(city)
    nodes = grains["street nodes"]
    growth = measure_growth(city, nodes, kinds["street nodes"])
    memory = measure_memory(city, nodes, kinds["street nodes"])
    peer = compare_cafein(city, walks, walks.demand_links, kinds["demand points"])
    # once more, now that the other engine had its turn: what else the machine does only adds
    for name, homes in grains.items():
        again = repeat_median(
            lambda homes=homes, name=name: measure_ours(city, homes, kinds[name], timetable)
        )
        spent[name] = min(spent[name], again, key=lambda one: one.all_s)
    each = {name: one.all_s / len(grains[name]) / len(KINDS) * 1e3 for name, one in spent.items()}
    ratios = {name: peer["same_question"]["ms"] / ms for name, ms in each.items()}
    show_ratios(peer, each, ratios)
    save(
        "transit",
        {
            "kinds": list(KINDS),
            "departures": city.config.transit.n_departures,
            "feed_s": round(feed_s, 3),
            "ours": {
                name: {
                    "homes": len(grains[name]),
                    "prepare_s": round(one.prepare_s, 4),
                    "scans_s": round(one.scan_s, 4),
                    "homes_s": round(one.homes_s, 4),
                    "all_s": round(one.all_s, 4),
                    "ms_per_home_and_kind": round(each[name], 6),
                    "target_s": TARGET_S,
                }
                for name, one in spent.items()
            },
            "growth": growth,
            "memory": memory,
            "cafein": {**peer, "ratio": {name: round(one, 1) for name, one in ratios.items()}},
        },
    )


if __name__ == "__main__":
    main()
