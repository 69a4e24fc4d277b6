"""School places of Las Palmas: its real schools and streets, with generated places, children and parcels.

Ten years, all four levels: from homes and schools tied to streets to every table (walks within the limit,
allocations, years, shortages, catchments). Then the release test on each of 60 parcels, once the city is
measured. Asked twice: with every school's places known, and with a third of them unknown and the schools of no
stated level as they are mapped, so that every year is placed twice. Kernels are compiled beforehand; median of 5.
"""

import statistics
import time
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from support.record import CATCHMENTS, DATA, find_osm, judge, measure_median_s, save, show, silence

from geo.crs import project, unproject
from layers.city import City, build_city
from layers.config import CityConfig, CommunitiesSource
from layers.schooling.load import read_parameters
from layers.schooling.model import LEVELS, SchoolSources
from services.schools.model import SchoolCity, build_school_city
from services.schools.placing import build_placers
from services.schools.release import measure_release
from services.schools.years import measure_years
from services.walks import Walks, build_walks

YEARS = np.arange(2026, 2036)
YEARS_TARGET_S, RELEASE_TARGET_S = 5.0, 1.0
PEOPLE = 378_000
N_PARCELS = 60
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

    def build() -> SchoolCity:
        return build_school_city(
            walks,
            communities,
            name="Las Palmas",
            parcels=parcels,
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
        rows += [
            [f"{title}: ten years, processor s", f"{busy_s:.2f}", ""],
            [f"{title}: ten years, s", f"{whole_s:.2f}", judge(whole_s, YEARS_TARGET_S, most=True)],
            [f"{title}: release, median s", f"{middle:.2f}", judge(middle, RELEASE_TARGET_S, most=True)],
            [f"{title}: release, longest s", f"{longest:.2f}", judge(longest, RELEASE_TARGET_S, most=True)],
        ]  # fmt: skip
        figures[title] = {
            "years_s": round(whole_s, 3),
            "years_processor_s": round(busy_s, 3),
            "release_processor_median_s": round(statistics.median(busy), 3),
            "release_processor_longest_s": round(max(busy), 3),
            "release_median_s": round(middle, 3),
            "release_longest_s": round(longest, 3),
            "releases_felt": felt,
            "schools": len(results.schools),
            "rows": len(results.school_years),
            "shortages": len(results.shortages),
        }
    homes, parcels = len(city.demand.points), N_PARCELS
    show(f"School places, Las Palmas: {homes} homes, {parcels} parcels", ["", "s", "target"], rows)
    save("schools", {"homes": homes, "parcels": parcels, **figures})


if __name__ == "__main__":
    main()
