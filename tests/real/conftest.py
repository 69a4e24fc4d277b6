"""The real cities, each read and measured once per test session, through the same code as a run.

Las Palmas and Monaco are whole runs, written to disk; their city and tables are caught on the way. The others
stop at the tables. Porto has streets alone: its communities, homes and shops are drawn here, with a seed. Porto Alegre
and São Paulo have streets, timetables and hexagons with residents: these are the homes, and places at some of them.
Las Palmas, Porto Alegre and São Paulo come with their operators' timetables; elsewhere the routes mapped in OSM serve.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace

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
    "helsinki": "helsinki-centre-20190421.osm.pbf",
    "porto-alegre": "porto-alegre-20200812.osm.pbf",
    "sao-paulo": "sao-paulo-centre-20200923.osm.pbf",
}
FEEDS = {  # with a Wednesday all of them run on; of Porto Alegre's buses the feed holds the afternoon
    "las-palmas": (("las-palmas-guaguas-20230222.gtfs.zip",), date(2023, 2, 22)),
    "porto-alegre": (
        ("porto-alegre-eptc-2019.gtfs.zip", "porto-alegre-trensurb-2019.gtfs.zip"),
        date(2019, 5, 15),
    ),
    "sao-paulo": (("sao-paulo-sptrans-frequencies-2019.gtfs.zip",), date(2019, 5, 15)),
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
    config = config_for_osm(
        osm, communities=shared_data / CATCHMENTS if name == "las-palmas" else None
    )
    if name in FEEDS:
        files, day = FEEDS[name]
        config = replace(
            config,
            gtfs=tuple(shared_data / "gtfs" / file for file in files),
            transit=replace(config.transit, day=day),
        )
    if name == "porto-alegre":
        afternoon = replace(config.transit, depart_from="14:00", depart_to="15:00")
        config = replace(config, transit=afternoon)
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


def _load_beside(name: str) -> ModuleType:
    """Module in this folder that is no test; the folder is not on the path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def plain_walks() -> ModuleType:
    """Walks once more, with networkx."""
    return _load_beside("plain_walks")


@pytest.fixture(scope="session")
def plain_transit() -> ModuleType:
    """Journeys once more, trip by trip."""
    return _load_beside("plain_transit")


@pytest.fixture(scope="session")
def cafein_engine() -> ModuleType:
    """Questions to an independent engine."""
    return _load_beside("cafein_engine")


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


@pytest.fixture(scope="session")
def helsinki(shared_data: Path) -> Measured:
    return _measure("helsinki", shared_data)


@pytest.fixture(scope="session")
def porto_alegre(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return _measure_hexagons("porto-alegre", shared_data, tmp_path_factory)


@pytest.fixture(scope="session")
def sao_paulo(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return _measure_hexagons("sao-paulo", shared_data, tmp_path_factory)


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


def _measure_hexagons(
    name: str, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    """Homes are hexagons with residents, places those with schools and health care in the same table."""
    folder = tmp_path_factory.mktemp(name)
    hexagons = pd.read_csv(shared_data / "areas" / f"{name}-hexgrid-population.csv")
    homes = hexagons[hexagons["population"] > 0]
    pd.DataFrame(
        {
            "编号": homes["id"],
            "经度": homes["lon"],
            "纬度": homes["lat"],
            "户数": homes["population"],
        }
    ).to_csv(folder / "homes.csv", index=False)
    places = pd.concat(
        [
            hexagons[hexagons[column] > 0].assign(类别=kind)
            for column, kind in (("schools", "小学"), ("healthcare", "诊所"))
        ]
    )
    pd.DataFrame(
        {
            "设施编号": [f"F{at:04d}" for at in range(len(places))],
            "类别": places["类别"],
            "经度": places["lon"],
            "纬度": places["lat"],
        }
    ).to_csv(folder / "places.csv", index=False)
    config = replace(
        build_config(name, shared_data),
        demand=TableSource(folder / "homes.csv"),
        facilities=(TableSource(folder / "places.csv"),),
    )
    return Measured(name, config.osm, *measure(config))


def _run(name: str, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    config = build_config(name, shared_data)
    out = tmp_path_factory.mktemp("runs") / name
    return Measured(name, config.osm, *run(config, out), out)
