"""School places of Las Palmas: its real schools and streets, with generated places, children and parcels.

Ten years, all four levels: from homes and schools tied to streets to every table (walks within the limit,
allocations, years, shortages, catchments). Then the release test on each of 60 parcels, once the city is
measured, and what each of them does for children, a third of them given to other uses. Asked twice: with every
school's places known, and with a third of them unknown and the schools of no stated level as they are mapped, so
that every year is placed twice. The allocations alone are held against HiGHS and scipy, which solve the same
linear programs. Kernels are compiled beforehand; median of 5.
"""

import statistics
import time
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, identity
from support.record import (
    CATCHMENTS,
    DATA,
    find_osm,
    judge,
    measure_median_s,
    measure_once_s,
    save,
    show,
    silence,
)

from geo.allocate import Allocator
from geo.crs import project, unproject
from geo.reach import ReachPairs
from geo.units import FloatArray
from layers.city import City, build_city
from layers.config import CityConfig, CommunitiesSource
from layers.schooling.load import read_parameters
from layers.schooling.model import LEVELS, SchoolSources
from services.schools.model import SchoolCity, build_school_city
from services.schools.parcels.served import measure_services
from services.schools.placing import build_placers
from services.schools.release import measure_release
from services.schools.years import measure_years
from services.walks import Walks, build_walks

YEARS = np.arange(2026, 2036)
YEARS_TARGET_S, RELEASE_TARGET_S, SERVICES_TARGET_S = 5.0, 1.0, 3.0
PEOPLE = 378_000
N_PARCELS, N_LOST = 60, 19
PER_AGE = 0.0095  # of residents, per year of age


def read_city() -> City:
    """Las Palmas with its school catchments as communities."""
    config = CityConfig(
        name="Las Palmas",
        path=DATA,
        osm=find_osm("Las Palmas"),
        communities=CommunitiesSource(path=DATA / CATCHMENTS),
    )
    return build_city(config, report=lambda *_: None)


def tie(city: City) -> Walks:
    """Homes and facilities on the streets."""
    return build_walks(
        city.streets.network,
        city.demand.points,
        city.facilities,
        city.entrances,
        max_leg_m=city.config.settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )


def make_places(facilities: gpd.GeoDataFrame, unknown: float) -> gpd.GeoDataFrame:
    """Places by rows: 60 to 900 a school; a share of schools has none, and none has another level."""
    random = np.random.default_rng(11)
    schools = facilities["kind"].isin(LEVELS).to_numpy()
    owner = pd.factorize(facilities["facility_id"])[0]
    places = np.round(random.uniform(60, 900, owner.max() + 1))
    places[random.random(len(places)) < unknown] = np.nan
    made = facilities.assign(capacity=np.where(schools, places[owner], facilities["capacity"]))
    return made if unknown else made[made["kind"] != "school_unspecified"]


def make_children(communities: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, SchoolSources]:
    """Residents by area, children by age in 2026 and of those to be born in 2030 and 2035."""
    random = np.random.default_rng(12)
    share = random.uniform(0.5, 1.5, len(communities))
    people = np.round(PEOPLE * share / share.sum())
    rows = [
        (code, "", "", float(age), float(year), round(PER_AGE * number * random.uniform(0.8, 1.2)), np.nan)
        for code, number in zip(communities["community_id"], people, strict=True)
        for age in range(18)
        for year in (2026, 2030, 2035)
    ]  # fmt: skip
    columns = ["community_id", "district", "level", "age", "year", "children", "per_thousand"]
    told = communities.assign(population=people, households=np.round(people / 2.6))
    return told, SchoolSources(children=pd.DataFrame(rows, columns=columns))


def make_parcels(walks: Walks) -> gpd.GeoDataFrame:
    """Squares of 80 m beside homes, of every level, opening over the years."""
    random = np.random.default_rng(13)
    at = random.choice(len(walks.demand), N_PARCELS, replace=False)
    x, y = (walks.demand_xy[at] + random.uniform(-80, 80, (N_PARCELS, 2))).T
    crs = walks.network.crs
    boxes = shapely.transform(
        shapely.box(x - 40, y - 40, x + 40, y + 40), lambda xy: unproject(xy, crs)
    )
    levels = np.array([*LEVELS, "nine_year_school", "secondary_school"], dtype=object)
    frame = pd.DataFrame(
        {
            "parcel_id": [f"P{number:02d}" for number in range(N_PARCELS)],
            "level": levels[np.arange(N_PARCELS) % len(levels)],
            "area_m2": 6400.0,
            "planned_classes": random.integers(6, 30, N_PARCELS).astype(float),
            "status": "reserved",
            "opening_year": random.integers(2026, 2036, N_PARCELS).astype(float),
            "plan": "",
            "plan_date": "",
        }
    )
    return gpd.GeoDataFrame(frame, geometry=boxes, crs="EPSG:4326")


def prepare(city: City, unknown: float) -> Any:
    """All that a question needs, as a function that puts it together anew."""
    walks = tie(city)
    made = make_places(walks.facilities, unknown)
    walks = tie(replace(city, facilities=made))
    communities, sources = make_children(city.communities)
    parcels = make_parcels(walks)

    def build(n_lost: int = 0) -> SchoolCity:
        status = np.where(np.arange(N_PARCELS) < n_lost, "re-zoned", "reserved")
        return build_school_city(
            walks,
            communities,
            name="Las Palmas",
            parcels=parcels.assign(status=pd.Series(status, dtype="str")),
            sources=sources,
            parameters=read_parameters(),
            years=YEARS,
            speeds_m_s={"child": 1.0},
            max_leg_m=150.0,
        )

    return build


def time_releases(build: Any) -> tuple[list[float], list[float], int]:
    """Wall and processor seconds of the release test on each parcel, and how many of them cost somebody something."""
    city = build()
    placers = build_placers(city)
    measure_years(city, placers)
    seconds, busy, felt = [], [], 0
    for parcel in city.parcels["parcel_id"]:
        begin, busy_from = time.perf_counter(), time.process_time()
        felt += measure_release(city, parcel, placers=placers).status == "gap"
        seconds.append(time.perf_counter() - begin)
        busy.append(time.process_time() - busy_from)
    return seconds, busy, felt


def time_services(build: Any) -> float:
    """Median seconds of what every parcel does, the first ones given to other uses."""
    city = build(N_LOST)
    return measure_median_s(lambda: measure_services(city))[0]


Problem = tuple[ReachPairs, FloatArray, FloatArray]


def list_problems(placers: Any) -> list[Problem]:
    """Pairs, children and places of every level, year and case."""
    problems = []
    for placer in placers.values():
        n = len(placer.rows)
        start = np.append(0, np.cumsum(np.bincount(placer.target, minlength=n)))
        homes = len(placer.city.homes)
        pairs = ReachPairs(start, placer.home.astype(np.int32), placer.walk_m, homes)
        problems += [
            (pairs, np.nan_to_num(children), placer.count_places(at, case))
            for at, children in enumerate(placer.city.children[placer.level].T)
            for case in placer.list_cases(at)
        ]
    return problems


def solve_by_scipy(
    pairs: ReachPairs, children: FloatArray, places: FloatArray
) -> tuple[float, float]:
    """Children without a place and metres walked, by scipy's own choice of method."""
    n, n_pairs = pairs.n_homes, len(pairs.home)
    target = np.repeat(np.arange(len(places)), np.diff(pairs.start))
    ones, at = np.ones(n_pairs), np.arange(n_pairs)
    to = csr_array((ones, (target, at)), shape=(len(places), n_pairs + n))
    of = hstack([csr_array((ones, (pairs.home, at)), shape=(n, n_pairs)), identity(n)])
    left_out = (len(places) + 1) * (pairs.walk_m.max() + 1.0)
    cost = np.append(pairs.walk_m, np.full(n, left_out))
    found = linprog(cost, to, places, of.tocsr(), children, method="highs")
    return float(found.x[n_pairs:].sum()), float(found.x[:n_pairs] @ pairs.walk_m)


def compare_solvers(title: str, placers: Any) -> dict[str, Any]:
    """Median milliseconds of an allocation: ours, HiGHS' simplex method, scipy; and how far they are apart."""
    problems = list_problems(placers)
    allocators = {id(pairs): Allocator(pairs) for pairs, _, _ in problems}
    seconds: dict[str, list[float]] = {"ours": [], "on from another": [], "HiGHS": [], "scipy": []}
    apart_children = apart_m = 0.0
    for at, (pairs, children, places) in enumerate(problems):
        allocator = allocators[id(pairs)]
        ours_s, ours = measure_median_s(
            lambda ask=(allocator, children, places): ask[0].solve(*ask[1:])
        )
        closed = places.copy()
        closed[np.argmax(ours.used)] = 0.0
        seconds["ours"].append(ours_s)
        seconds["on from another"].append(
            measure_median_s(
                lambda ask=(allocator, children, closed), start=ours.start: ask[0].solve(
                    *ask[1:], start=start
                )
            )[0]
        )
        linear_s, linear = measure_once_s(
            lambda ask=(allocator, children, places): ask[0].solve_linear(*ask[1:])
        )
        seconds["HiGHS"].append(linear_s)
        apart_children = max(apart_children, np.abs(ours.flow - linear.flow).max())
        if at % 5 == 0:
            scipy_s, (left, metres) = measure_once_s(
                lambda ask=(pairs, children, places): solve_by_scipy(*ask)
            )
            seconds["scipy"].append(scipy_s)
            ours_m = float(ours.flow @ pairs.walk_m)
            apart_children = max(apart_children, abs(left - ours.left.sum()))
            apart_m = max(apart_m, abs(metres - ours_m) / ours_m)
    middle = {name: statistics.median(one) * 1e3 for name, one in seconds.items()}
    rows = [
        [name, f"{ms:.1f}", f"{max(seconds[name]) * 1e3:.1f}", f"{ms / middle['ours']:.1f}"]
        for name, ms in middle.items()
    ]
    show(
        f"{title}: one of {len(problems)} allocations", ["", "median ms", "longest", "× ours"], rows
    )
    return {
        "median_ms": {name: round(ms, 2) for name, ms in middle.items()},
        "ratio": {name: round(ms / middle["ours"], 1) for name, ms in middle.items()},
        "apart_children": float(apart_children),
        "apart_share_of_metres": float(apart_m),
    }


def main() -> None:
    """Measure, show, and put into the record."""
    with silence():
        city = read_city()
    _ = project(np.zeros((1, 2)), city.streets.network.crs)
    rows, figures = [], {}
    for title, unknown in (("all places known", 0.0), ("a third unknown", 1 / 3)):
        build = prepare(city, unknown)
        measure_years(build())
        whole_s, results = measure_median_s(lambda build=build: measure_years(build()))
        busy_from = time.process_time()
        measure_years(build())
        busy_s = time.process_time() - busy_from
        seconds, busy, felt = time_releases(build)
        middle, longest = statistics.median(seconds), max(seconds)
        services_s = time_services(build)
        rows += [
            [f"{title}: ten years, processor s", f"{busy_s:.2f}", ""],
            [f"{title}: ten years, s", f"{whole_s:.2f}", judge(whole_s, YEARS_TARGET_S, most=True)],
            [f"{title}: release, median s", f"{middle:.2f}", judge(middle, RELEASE_TARGET_S, most=True)],
            [f"{title}: release, longest s", f"{longest:.2f}", judge(longest, RELEASE_TARGET_S, most=True)],
            [f"{title}: what parcels do, s", f"{services_s:.2f}", judge(services_s, SERVICES_TARGET_S, most=True)],
        ]  # fmt: skip
        figures[title] = {
            "years_s": round(whole_s, 3),
            "years_processor_s": round(busy_s, 3),
            "release_processor_median_s": round(statistics.median(busy), 3),
            "release_processor_longest_s": round(max(busy), 3),
            "release_median_s": round(middle, 3),
            "release_longest_s": round(longest, 3),
            "releases_felt": felt,
            "services_s": round(services_s, 3),
            "allocations": compare_solvers(title, build_placers(build())),
            "schools": len(results.schools),
            "rows": len(results.school_years),
            "shortages": len(results.shortages),
        }
    homes, parcels = len(city.demand.points), N_PARCELS
    show(f"School places, Las Palmas: {homes} homes, {parcels} parcels", ["", "s", "target"], rows)
    save("schools", {"homes": homes, "parcels": parcels, **figures})


if __name__ == "__main__":
    main()
