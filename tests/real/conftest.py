"""The real cities, each read and measured once per test session, through the same code as a run.

Las Palmas and Monaco are whole runs, written to disk; their city and tables are caught on the way. The others
stop at the tables. Porto has streets alone: its communities, homes and shops are drawn here, with a seed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely

import services.pipeline
from layers.city import City, build_city
from layers.config import CityConfig, CommunitiesSource, TableSource, config_for_osm
from layers.standards.load import read_packs
from services.pipeline import Results, measure_city, run_city

DAY = date(2026, 1, 1)
OSM_FILES = {
    "las-palmas": "las-palmas-20230221.osm.pbf",
    "monaco": "monaco-20231226.osm.pbf",
    "beijing": "beijing-tsinghua-20170624.osm",
    "nanjing": "nanjing-xinjiekou-20210612.osm",
    "guixi": "guixi-county-town-20241118.osm",
    "hsinchu": "hsinchu-nctu-20210328.osm.pbf",
    "porto": "porto-roads-20150606.osm.pbf",
}
CATCHMENTS = "areas/las-palmas-school-catchments-epsg5635.geojson"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A real city with its result tables; `folder` only where a whole run was written."""

    name: str
    osm: Path
    city: City
    results: Results
    folder: Path | None = None

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Result table by name."""
        return self.results.tables[table]


def build_config(name: str, shared_data: Path) -> CityConfig:
    """Configuration of a real city: its OSM file, and where its communities come from."""
    osm = shared_data / "osm" / OSM_FILES[name]
    if name == "las-palmas":
        return config_for_osm(osm, communities=shared_data / CATCHMENTS)
    config = config_for_osm(osm)
    if name == "monaco":  # the whole country: its wards are admin_level 10
        return replace(config, communities=CommunitiesSource(osm_admin_level=10))
    return config


def measure(config: CityConfig) -> tuple[City, Results]:
    """Read and measure, without writing."""
    city = build_city(config, report=lambda *_: None)
    return city, measure_city(city, read_packs(config.packs), day=DAY)


def run(config: CityConfig, out: Path) -> tuple[City, Results]:
    """Do a whole run, and catch the city and the tables it was written from."""
    caught: dict[str, object] = {}

    def catch(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            caught[name] = function(*args, **kwargs)
            return caught[name]

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services.pipeline, "build_city", catch("city", build_city))
        patch.setattr(services.pipeline, "measure_city", catch("results", measure_city))
        run_city(config, out, today=DAY)
    city, results = caught["city"], caught["results"]
    assert isinstance(city, City)
    assert isinstance(results, Results)
    return city, results


@pytest.fixture(scope="session")
def real_tools() -> SimpleNamespace:
    """What a test needs to do a run of its own."""
    return SimpleNamespace(build_config=build_config, measure=measure, run=run)


@pytest.fixture(scope="session")
def las_palmas(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return _run("las-palmas", shared_data, tmp_path_factory)


@pytest.fixture(scope="session")
def monaco(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return _run("monaco", shared_data, tmp_path_factory)


@pytest.fixture(scope="session")
def beijing(shared_data: Path) -> Measured:
    return _measure("beijing", shared_data)


@pytest.fixture(scope="session")
def nanjing(shared_data: Path) -> Measured:
    return _measure("nanjing", shared_data)


@pytest.fixture(scope="session")
def guixi(shared_data: Path) -> Measured:
    return _measure("guixi", shared_data)


@pytest.fixture(scope="session")
def hsinchu(shared_data: Path) -> Measured:
    return _measure("hsinchu", shared_data)


@pytest.fixture(scope="session")
def porto(
    shared_data: Path, drawn_porto: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    folder = tmp_path_factory.mktemp("porto")
    communities = folder / "communities.geojson"
    communities.write_text(json.dumps(drawn_porto.communities), encoding="utf-8")
    drawn_porto.homes.to_csv(folder / "homes.csv", index=False)
    drawn_porto.facilities.to_csv(folder / "places.csv", index=False)
    config = replace(
        build_config("porto", shared_data),
        communities=CommunitiesSource(path=communities),
        demand=TableSource(folder / "homes.csv"),
        facilities=(TableSource(folder / "places.csv"),),
    )
    return Measured("porto", config.osm, *measure(config))


@pytest.fixture(
    scope="session",
    params=["las_palmas", "monaco", "beijing", "nanjing", "guixi", "hsinchu", "porto"],
)
def measured(request: pytest.FixtureRequest) -> Measured:
    """Every real city in turn."""
    city: Measured = request.getfixturevalue(request.param)
    return city


@pytest.fixture(scope="session")
def drawn_porto() -> SimpleNamespace:
    """Communities, homes and places for Porto's streets, drawn with a seed.

    Twelve squares of 0.01° x 0.01° in the city, one square on the ocean five kilometres off the coast (7 homes
    of 10 households, nowhere near a street), and 40 homes outside all squares.
    """
    rng = np.random.default_rng(20150606)
    west, south, side = -8.64, 41.14, 0.01
    corners = [(west + side * i, south + side * k) for k in range(3) for i in range(4)]
    corners.append((-8.77, 41.15))
    features = []
    homes = []
    for at, (lon, lat) in enumerate(corners):
        code, sea = f"P{at:02d}", at == len(corners) - 1
        n = 7 if sea else 150
        households = np.full(n, 10) if sea else rng.integers(1, 60, n)
        spots = np.array([lon, lat]) + rng.uniform(0.0005, side - 0.0005, (n, 2))
        homes += [
            (f"{code}-{k:03d}", x, y, h)
            for k, ((x, y), h) in enumerate(zip(spots, households, strict=True))
        ]
        square = shapely.box(lon, lat, lon + side, lat + side)
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "社区编码": code,
                    "社区名称": f"方格{at}",
                    "户数": int(households.sum()),
                },
                "geometry": shapely.geometry.mapping(square),
            }
        )
    outside = rng.uniform((-8.60, 41.18), (-8.56, 41.20), (40, 2))
    homes += [(f"X-{k:03d}", x, y, 5) for k, (x, y) in enumerate(outside)]
    spots = rng.uniform((west - 0.01, south - 0.01), (-8.59, 41.18), (400, 2))
    kinds = rng.choice(["便利店", "药店", "幼儿园", "诊所"], 400)
    return SimpleNamespace(
        communities={"type": "FeatureCollection", "features": features},
        homes=pd.DataFrame(homes, columns=["编号", "经度", "纬度", "户数"]),
        facilities=pd.DataFrame(
            {
                "设施编号": [f"F{k:03d}" for k in range(400)],
                "类别": kinds,
                "名称": [f"点{k}" for k in range(400)],
                "经度": spots[:, 0],
                "纬度": spots[:, 1],
            }
        ),
        sea="P12",
        sea_households=70.0,
        outside=40,
    )


def _measure(name: str, shared_data: Path) -> Measured:
    config = build_config(name, shared_data)
    return Measured(name, config.osm, *measure(config))


def _run(name: str, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    config = build_config(name, shared_data)
    out = tmp_path_factory.mktemp("runs") / name
    return Measured(name, config.osm, *run(config, out), out)
