"""The real app on the paper town."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from geo.timetable import build_timetable
from layers.results import shape_table
from layers.store import Run, read_run, stage_run, write_manifest, write_run, write_table
from layers.transit.model import Transit
from services.api.app import create_app
from services.schools.gather import reopen_school_city
from services.schools.tables import measure_levels
from services.settings import ServiceSettings


@pytest.fixture(scope="session")
def sample_client(sample_run: Path) -> Iterator[TestClient]:
    """The app on the sample city."""
    app = create_app(ServiceSettings(run=sample_run, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture(scope="session")
def sample_read(sample_run: Path) -> Run:
    """The run of the sample city, read back."""
    return read_run(sample_run)


@pytest.fixture(scope="session")
def copy_run() -> Callable[[Path, Path], Path]:
    """Copies what is read of a run, and returns the copy."""

    def copy(run: Path, folder: Path) -> Path:
        shutil.copytree(run, folder, ignore=shutil.ignore_patterns("maps", "report*", "*.gpkg"))
        return folder

    return copy


@pytest.fixture(scope="session")
def childless_client(
    sample_run: Path,
    sample_read: Run,
    copy_run: Callable[[Path, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TestClient]:
    """The app on the sample city had it brought no children, nor shares of them."""
    folder = copy_run(sample_run, tmp_path_factory.mktemp("childless") / "run")
    (folder / "children.parquet").unlink()
    manifest = deepcopy(sample_read.manifest)
    manifest["schools"] |= {"per_thousand": {}, "persons_per_household": None}
    write_manifest(folder, manifest)
    sources = dataclasses.replace(sample_read.schooling, children=None)
    run = dataclasses.replace(sample_read, manifest=manifest, schooling=sources)
    found = measure_levels(reopen_school_city(run))
    for name in ("school_years", "schools", "shortages", "catchments"):
        write_table(getattr(found, name), folder / f"{name}.parquet")
    app = create_app(ServiceSettings(run=folder, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture(scope="session")
def client(paper_run: Path) -> Iterator[TestClient]:
    """The app, started; the run folder is not watched."""
    app = create_app(ServiceSettings(run=paper_run, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


STOPS = {"A": (806, 600), "B": (806, 200), "C": (300, 194), "C2": (300, 206), "F": (100, -6)}
RIDES = {  # line: its stops, seconds from the first, and the first departure; one every ten minutes
    "L1": (("A", "B", "C"), (0, 60, 180), 7 * 3600 + 35 * 60),
    "L2": (("C2", "F"), (0, 120), 7 * 3600 + 41 * 60),
}
LAST_DEPARTURE_S = 8 * 3600 + 45 * 60


def _build_transit(paper) -> Transit:
    """Two bus lines of the paper town; see `ride_client`."""
    codes = list(STOPS)
    points = [shapely.Point(*paper.lonlat(*xy)) for xy in STOPS.values()]
    lines_of = {code: [line for line in RIDES if code in RIDES[line][0]] for code in codes}
    stops = gpd.GeoDataFrame(
        {
            "stop_id": codes,
            "name": ["东站", "南站", "中站", "中站对面", ""],
            "station_id": "",
            "modes": "bus",
            "lines": [",".join(line[1] for line in lines_of[code]) for code in codes],
            "departures": 6,
            "connected": True,
            "timetable_source": "osm",
        },
        geometry=points,
        crs="EPSG:4326",
    )
    at = dict(zip(codes, points, strict=True))
    lines = gpd.GeoDataFrame(
        {
            "line_id": list(RIDES),
            "ref": ["12", "7"],
            "name": ["<b>环线</b>", "短线"],
            "mode": "bus",
            "operator": "",
            "stops": [3, 2],
            "trips": 8,
            "trips_in_window": 6,
            "headway_min": 10.0,
            "headway_source": "default",
            "hours_source": "default",
            "timetable_source": "osm",
        },
        geometry=[
            shapely.MultiLineString([[at[code] for code in calls]]) for calls, *_ in RIDES.values()
        ],
        crs="EPSG:4326",
    )
    trip, stop, time, trip_line = [], [], [], []
    for line, (calls, offsets, first_s) in enumerate(RIDES.values()):
        for leaves_s in range(first_s, LAST_DEPARTURE_S + 1, 600):
            trip += [len(trip_line)] * len(calls)
            stop += [codes.index(code) for code in calls]
            time += [leaves_s + offset for offset in offsets]
            trip_line.append(line)
    everywhere = np.ones(len(trip), dtype=bool)
    return Transit(
        source="osm",
        day=date(2025, 1, 8),
        stops=shape_table(stops, "stops"),
        lines=shape_table(lines, "lines"),
        ways_in=gpd.GeoDataFrame({"stop": np.arange(len(codes))}, geometry=points, crs="EPSG:4326"),
        changes=pd.DataFrame(
            {
                "from_stop": np.zeros(0, dtype=np.int64),
                "to_stop": np.zeros(0, dtype=np.int64),
                "min_s": np.zeros(0),
                "forbidden": np.zeros(0, dtype=bool),
            }
        ),
        trip_headsign=tuple("开往中站" if line == 0 else "" for line in trip_line),
        timetable=build_timetable(
            n_stops=len(codes),
            call_trip=np.array(trip),
            call_stop=np.array(stop),
            call_arrival_s=np.array(time),
            call_departure_s=np.array(time),
            call_board=everywhere,
            call_alight=everywhere,
            trip_line=np.array(trip_line),
        ),
        assumptions=(("headway_default", 2),),
    )


def _add_rides(table: pd.DataFrame, **changed) -> pd.DataFrame:
    """Rows on foot, and the same for `walk_transit` with other values."""
    ridden = table[table["limit_unit"] == "min"] if "limit_unit" in table else table
    ridden = ridden.assign(mode="walk_transit", timetable_source="osm", **changed)
    return pd.concat([table, ridden], ignore_index=True)


@pytest.fixture(scope="session")
def ride_run(paper_run: Path, paper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The paper town with a timetable, as a run folder."""
    run = read_run(paper_run)
    kindergarten = run.access.assign(
        kind="kindergarten", facility_id="K1", entrance_id="K1/1",
        nearest_m=[425.0, 355.0, 455.0, 1055.0],
    )  # fmt: skip
    kindergarten["nearest_s"] = kindergarten["nearest_m"] / 1.2
    walks = pd.concat([run.access, kindergarten], ignore_index=True)
    rides = walks.assign(mode="walk_transit", timetable_source="osm", nearest_m=np.nan)
    riding = (rides["demand_id"] == "D4") & (rides["kind"] == "kindergarten")
    for column, value in TYPICAL.items():
        rides.loc[riding, column] = value
    tables = {
        **{name: getattr(run, name) for name in TABLE_NAMES},
        "access": pd.concat([walks, rides], ignore_index=True),
        "coverage": _add_rides(run.coverage, share=run.coverage["share"].clip(lower=0.5)),
    }
    transit = _build_transit(paper)
    manifest = {
        **run.manifest,
        "modes": ["walk", "walk_transit"],
        "transit": {
            "status": "measured", "reason": {"zh": "", "en": ""}, "source": "osm",
            "day": "2025-01-08", "depart_from": "07:30", "depart_to": "08:30", "percentile": 50.0,
            "feeds": ["paper.osm.pbf"], "stops": 5, "lines": 2, "settings": {"day": None},
            "assumptions": [{"code": "headway_default", "count": 2, "zh": "假定间隔", "en": "assumed"}],
        },
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("rides") / "run"
    with stage_run(folder) as staging:
        write_run(staging, tables, run.network, transit)
        write_manifest(staging, manifest)
    return folder


TYPICAL = {"nearest_s": 650.833, "best_s": 410.833, "worst_s": 1055 / 1.2, "depart_s": 27_480.0}
TABLE_NAMES = (
    "communities", "facilities", "entrances", "demand", "streets", "base", "barriers", "coverage",
    "access", "gaps", "scorecards", "rollups", "targets", "notices",
)  # fmt: skip


@pytest.fixture(scope="session")
def ride_client(ride_run: Path) -> Iterator[TestClient]:
    """The app on the paper town with two bus lines, mapped in OSM.

    Line 12 leaves A (806, 600) at 07:35 and every ten minutes, calls at B (806, 200) a minute later
    and at C (300, 194) after three. Line 7 leaves C2 (300, 206), across the street from C, at 07:41
    and every ten minutes, and is at F (100, -6) two minutes later. All stops lie 6 m off a street.

    Home D4 (800, 700) walks 1055 m to the kindergarten K1: 1055 / 1.2 = 879.167 s. To A it walks
    106 m, 88.333 s, and must be there 60 s before: it leaves 148.333 s or more before a bus. From C
    to the gate: 6 + 50 + 5 = 61 m, 50.833 s. Who leaves at 07:32 catches the bus of 07:35 and
    arrives at 07:38:50.833, after 410.833 s. A minute earlier takes a minute more; 07:33 and 07:34
    wait so long for the next one that walking is faster. Of ten departures in a row: 410.833,
    470.833, 530.833, 590.833, 650.833, 710.833, 770.833, 830.833 and twice 879.167 s. The median of
    all 60, the 30th, is 650.833 s, first at 07:38; the 54th is the walk.
    """
    app = create_app(ServiceSettings(run=ride_run, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started
