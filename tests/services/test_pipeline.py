"""The batch run: what it writes, what it says of itself, and that it can be repeated."""

import hashlib
import io
import json
from datetime import date
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely
from rich.console import Console

from layers.config import read_config
from layers.errors import InvalidLayer
from layers.results import OPTIONAL, TABLES
from layers.store import read_run
from services.errors import CannotWrite
from services.pipeline import check_city, run_city
from services.progress import show_progress

STAGES = [
    "reading OSM",
    "building streets",
    "reading tables",
    "placing homes",
    "finding entrances",
    "measuring walks",
    "judging rules",
    "writing tables",
    "writing GeoPackage",
    "writing reports",
    "drawing maps",
]


@pytest.fixture(scope="module")
def again(make_city, tmp_path_factory):
    """The small city once more, in this process, with reserved school land: what was reported."""
    folder = tmp_path_factory.mktemp("again")
    city = make_city(folder / "city")
    city.extra_toml = 'parcels = { path = "parcels.geojson", crs = "EPSG:4326" }\n'
    path = city.write()
    gpd.GeoDataFrame(
        {"parcel_id": ["P1"], "level": ["小学"]},
        geometry=[shapely.box(107.151, 34.351, 107.152, 34.352)],
        crs="EPSG:4326",
    ).to_file(path.parent / "parcels.geojson", driver="GeoJSON")
    reports: list[tuple[str, float]] = []
    summary = run_city(
        read_config(path),
        folder / "run",
        progress=lambda stage, part: reports.append((stage, part)),
        today=date(2026, 1, 1),
    )
    return folder / "run", reports, summary


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished)


def test_every_table_has_its_columns(run):
    for name, columns in TABLES.items():
        if name in OPTIONAL:
            continue
        frame = getattr(run, name)
        assert list(frame.columns)[: len(columns)] == list(columns)
        assert {key: str(frame[key].dtype) for key in columns} == {
            key: column.dtype for key, column in columns.items()
        }
        if "geometry" in frame.columns:
            assert frame.crs.to_epsg() == 4326


def test_the_same_inputs_give_the_same_bytes(finished, again):
    """Two runs, in two processes: every table equal, but for the parcels only one of them has."""
    folder, *_ = again
    tables = sorted(path.name for path in finished.iterdir() if path.suffix in (".parquet", ".npz"))
    assert "coverage.parquet" in tables
    for name in tables:
        assert (folder / name).read_bytes() == (finished / name).read_bytes(), name


def test_parcels_are_kept_and_are_a_layer(again):
    folder, *_ = again
    assert gpd.read_parquet(folder / "parcels.parquet")["parcel_id"].tolist() == ["P1"]
    layer = gpd.read_file(folder / "lifecircle.gpkg", layer="parcels")
    assert layer["parcel_id"].tolist() == ["P1"]


def test_the_manifest_says_what_went_in(finished, run):
    manifest = run.manifest
    assert manifest["version"] == version("lifecircle")
    assert manifest["name"] == "小城"
    assert {one["role"] for one in manifest["inputs"]} == {
        "osm",
        "communities",
        "demand",
        "facilities",
    }
    for one in manifest["inputs"]:
        content = (finished.parent / "city" / one["path"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["bytes"] == len(content)
    assert [pack["code"] for pack in manifest["packs"]] == ["baoji-four-types"]
    assert manifest["settings"]["adult_m_s"] == 1.2
    assert manifest["counts"]["coverage"] == len(run.coverage)
    assert set(manifest["timings_s"]) == {
        "read", "measure", "tables", "geopackage", "reports", "maps"
    }  # fmt: skip
    assert all(seconds >= 0 for seconds in manifest["timings_s"].values())
    west, south, east, north = manifest["bounds"]
    assert west < 107.15 + 1e-6 < east
    assert south < 34.35 + 1e-6 < north


def test_the_manifest_adds_up(run):
    for kind in run.manifest["kinds"]:
        figures = run.manifest["summary"][kind["code"]]["15"]
        rows = run.coverage[
            (run.coverage["kind"] == kind["code"]) & (run.coverage["limit"] == 15.0)
        ]
        rows = rows[rows["limit_unit"] == "min"]
        if kind["status"] == "measured":
            assert figures["households_covered"] == pytest.approx(rows["households_covered"].sum())
            assert figures["share"] == pytest.approx(
                rows["households_covered"].sum() / rows["households"].sum()
            )
        else:
            assert kind["n_facilities"] == 0
            assert figures["share"] is None
            assert figures["reason"]["zh"]


def test_limits_of_rules_are_measured_too(run):
    limits = {
        (row.limit, row.limit_unit)
        for row in run.coverage[["limit", "limit_unit"]].drop_duplicates().itertuples()
    }
    assert {(5.0, "min"), (10.0, "min"), (15.0, "min")} <= limits
    for pack in run.manifest["packs"]:
        for rule in pack["rules"]:
            if rule.get("limit"):
                assert (float(rule["limit"]), rule["limit_unit"]) in limits


def test_files_of_a_run(finished, run):
    maps = {path.stem for path in (finished / "maps").glob("*.html")}
    assert maps == {"index", *(kind["code"] for kind in run.manifest["kinds"])}
    assert openpyxl.load_workbook(finished / "report.xlsx").sheetnames[0] == "概要"
    assert not list(finished.rglob("*.tmp"))
    assert not [path for path in finished.iterdir() if path.name.startswith(".")]


def test_progress_goes_through_every_stage_once_and_forward(again):
    _, reports, _ = again
    assert list(dict.fromkeys(stage for stage, _ in reports)) == STAGES
    for stage in STAGES:
        parts = [part for one, part in reports if one == stage]
        assert parts == sorted(parts)
        assert all(0 <= part <= 1 for part in parts)


def test_the_summary_counts_verdicts(again):
    folder, _, summary = again
    verdicts = read_run(folder).gaps["status"].value_counts()
    assert (summary.gaps, summary.unknown, summary.met) == tuple(
        verdicts.get(status, 0) for status in ("gap", "unknown", "met")
    )
    text = json.dumps(summary.as_json(), allow_nan=False)
    assert json.loads(text)["verdicts"]["gap"] == summary.gaps
    (line,) = [line for line in summary.lines if line.kind == "pharmacy"]
    assert (line.facilities, line.share, line.basis) == (1, "46.7%", "households")
    (line,) = [line for line in summary.lines if line.kind == "toilet"]
    assert (line.facilities, line.share, line.basis) == (0, "unknown", "")


def test_errors_are_all_found_before_anything_is_computed(make_city, tmp_path):
    city = make_city(tmp_path / "city")
    city.communities[0]["households"] = -3
    city.facilities[0]["kind"] = "?"
    config = read_config(city.write())
    with pytest.raises(InvalidLayer) as caught:
        check_city(config)
    assert {one.layer for one in caught.value.notices if one.severity == "error"} == {
        "communities.geojson", "facilities.csv"
    }  # fmt: skip
    with pytest.raises(InvalidLayer):
        run_city(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_places_that_would_end_badly(make_city, tmp_path, monkeypatch):
    config = read_config(make_city(tmp_path / "city").write())
    monkeypatch.chdir(tmp_path)
    for out in (Path(), Path("city") / "..", tmp_path, Path("/")):
        with pytest.raises(CannotWrite, match="you are in"):
            run_city(config, out)
    with pytest.raises(CannotWrite, match="holds the input"):
        run_city(config, tmp_path / "city")


# ---- bars ----------------------------------------------------------------------------------------


def draw(*, terminal: bool, quiet: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    with show_progress(console, quiet=quiet) as report:
        report("reading OSM", 0.0)
        report("reading OSM", 7.0)
        report("measuring walks", -1.0)
        report("measuring walks", 0.5)
    return console.file.getvalue()


def test_bars_are_for_terminals():
    drawn = draw(terminal=True, quiet=False)
    assert "reading OSM" in drawn
    assert "measuring walks" in drawn
    assert draw(terminal=True, quiet=True) == ""
    assert draw(terminal=False, quiet=False) == ""
