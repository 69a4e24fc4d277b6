"""The batch run: what it writes, what it says of itself, and that it can be repeated."""

import hashlib
import io
import json
from datetime import date
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from rich.console import Console

from layers.config import read_config
from layers.errors import InvalidConfig, InvalidLayer
from layers.results import OPTIONAL, TABLES
from layers.store import read_run
from services.errors import CannotWrite
from services.pipeline import check_city, run_city
from services.progress import show_progress

STAGES = [
    "reading OSM",
    "building streets",
    "reading tables",
    "reading timetables",
    "placing homes",
    "finding entrances",
    "measuring walks",
    "measuring journeys",
    "judging rules",
    "placing children",
    "writing tables",
    "writing GeoPackage",
    "writing reports",
    "drawing maps",
]


@pytest.fixture(scope="module")
def again(make_city, tmp_path_factory):
    """The city with buses once more, in this process, with reserved school land, and what it said."""
    folder = tmp_path_factory.mktemp("again")
    city = make_city(folder / "city")
    city.extra_toml = 'parcels = { path = "parcels.geojson", crs = "EPSG:4326" }\n'
    city.add_buses()
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


def test_the_same_inputs_give_the_same_bytes(ridden, again):
    """Two runs, in two processes: all equal but the parcel one of them has, and what is found of it."""
    folder, *_ = again
    tables = sorted(path.name for path in ridden.iterdir() if path.suffix in (".parquet", ".npz"))
    assert {"coverage.parquet", "stops.parquet", "timetable.npz", "schools.parquet"} <= set(tables)
    told = {f"{name}.parquet" for name in ("parcels", "parcel_findings", "notices")}
    for name in set(tables) - told:
        assert (folder / name).read_bytes() == (ridden / name).read_bytes(), name


def test_a_timetable_changes_nothing_on_foot(finished, ridden):
    """Rows of walking are the same with and without buses, and stand before those of journeys."""
    plain, with_buses = read_run(finished), read_run(ridden)
    for name in ("coverage", "access"):
        wanted, found = getattr(plain, name), getattr(with_buses, name)
        assert found["mode"].tolist()[: len(wanted)] == ["walk"] * len(wanted)
        assert set(found["mode"][len(wanted) :]) == {"walk_transit"}
        pd.testing.assert_frame_equal(found.iloc[: len(wanted)], wanted)
    assert plain.manifest["summary"] == with_buses.manifest["summary"]
    shared = [name for name in with_buses.streets.columns if not name.startswith("ride_min_")]
    pd.testing.assert_frame_equal(
        pd.DataFrame(with_buses.streets[shared]), pd.DataFrame(plain.streets[shared])
    )


def test_journeys_never_take_longer_than_walks(ridden):
    run = read_run(ridden)
    keys = ["demand_id", "kind"]
    rows = {mode: part.set_index(keys) for mode, part in run.access.groupby("mode")}
    walk, ride = rows["walk"], rows["walk_transit"].loc[rows["walk"].index]
    assert (ride["nearest_s"] <= walk["nearest_s"]).all()
    assert (ride["within_limit"] | ~walk["within_limit"]).all()
    ridden_s, on_foot = ride["depart_s"].notna(), ride["depart_s"].isna()
    assert ridden_s.any()
    assert (ride["nearest_s"][ridden_s] < walk["nearest_s"][ridden_s]).all()
    assert (ride["nearest_s"][on_foot] == walk["nearest_s"][on_foot]).all()
    assert (ride["entrance_id"][on_foot] == walk["entrance_id"][on_foot]).all()
    assert set(ride["timetable_source"]) == {"gtfs"}
    keys = ["community_id", "kind", "limit", "limit_unit"]
    rows = {mode: part.set_index(keys) for mode, part in run.coverage.groupby("mode")}
    walk, ride = rows["walk"], rows["walk_transit"]
    assert set(ride.index.get_level_values("limit_unit")) == {"min"}
    walk = walk.loc[ride.index]
    for column in ("share", "building_share", "land_share"):
        assert (ride[column].fillna(0) >= walk[column].fillna(0)).all()
    for column in ("status", "households", "n_demand", "facilities_inside"):
        pd.testing.assert_series_equal(ride[column], walk[column])


def test_the_manifest_says_what_the_timetable_is(ridden, finished):
    """Homes 1 and 5 lie 100 m from a stop (5 minutes are 360 m): 600 of 1500 households.

    The pharmacy is next to 一号站, and the 500 households of home 5 next to the other.
    """
    manifest = read_run(ridden).manifest
    transit = manifest["transit"]
    assert manifest["modes"] == ["walk", "walk_transit"]
    assert (transit["status"], transit["source"], transit["day"]) == (
        "measured",
        "gtfs",
        "2025-03-12",
    )
    assert transit["feeds"] == ["bus"]
    assert [transit[key] for key in ("stops", "stops_served", "lines", "trips")] == [2, 2, 1, 26]
    assert transit["trips_in_window"] == 12
    assert transit["mean_headway_min"] == pytest.approx(10.0)
    assert (transit["near_basis"], transit["near_share"]) == ("households", pytest.approx(0.4))
    assert (transit["households_near"], transit["households"]) == (600, 1500)
    assert transit["stops_connected_share"] == 1.0
    assert transit["settings"]["day"] == "2025-03-12"
    inputs = [one["path"] for one in manifest["inputs"] if one["role"] == "gtfs"]
    assert "bus/stop_times.txt" in inputs
    assert manifest["counts"]["stops"] == 2
    assert any(
        "2025-03-12" in line["zh"] and "07:30" in line["zh"] for line in manifest["assumptions"]
    )
    shares = {
        mode: manifest[mode]["pharmacy"]["15"]["share"]
        for mode in ("summary", "summary_walk_transit")
    }
    assert shares == {
        "summary": pytest.approx(700 / 1500),
        "summary_walk_transit": pytest.approx(1200 / 1500),
    }

    manifest = read_run(finished).manifest
    assert manifest["modes"] == ["walk"]
    assert "summary_walk_transit" not in manifest
    assert manifest["transit"]["status"] == "unknown"
    assert manifest["transit"]["reason"]["zh"]
    assert "GTFS" in manifest["transit"]["reason"]["en"]
    assert set(read_run(finished).coverage["mode"]) == {"walk"}


def test_a_timetable_can_be_switched_off(make_city, tmp_path):
    city = make_city(tmp_path / "city")
    city.add_buses()
    city.extra_toml += 'source = "none"\n'
    summary = run_city(read_config(city.write()), tmp_path / "run", today=date(2026, 1, 1))
    assert summary.manifest["modes"] == ["walk"]
    assert "none" in summary.manifest["transit"]["reason"]["en"]
    assert read_run(tmp_path / "run").transit is None


def test_parcels_are_kept_examined_and_are_layers(again):
    """Of the parcel only the level is known: its state is not, nor is any child."""
    folder, _, summary = again
    run = read_run(folder)
    assert run.parcels["parcel_id"].tolist() == ["P1"]
    assert run.parcels["urgency_step"].tolist() == ["covered"]  # a street crosses it
    status = run.parcel_findings.set_index("finding")["status"]
    assert status["status"] == "unknown"
    assert status["outside"] == "met"
    for name, rows in (("parcels", 1), ("parcel_findings", len(run.parcel_findings))):
        layer = gpd.read_file(folder / "lifecircle.gpkg", layer=name)
        assert layer["parcel_id"].tolist() == ["P1"] * rows
    assert summary.as_json()["schools"]["land"]["by_status"] == {"": 1}


def test_children_nobody_counted_are_unknown_and_cost_nothing(run):
    """Every area, school and year has its row; places are told where they are known."""
    told = run.manifest["schools"]
    years = run.school_years
    assert [level["code"] for level in told["levels"]] == list(run.parameters.levels)
    assert told["years"] == sorted(set(years["year"]))
    assert set(years["status"]) == {"unknown"}
    assert (years["settled_by"].str.contains("children")).all()
    assert years[["children", "placed", "left", "free", "walk_mean_m"]].isna().all(axis=None)
    areas = len(run.communities) + 1  # no community names its district
    assert len(years[years["scope"] != "school"]) == len(told["levels"]) * areas * len(
        told["years"]
    )
    assert len(run.shortages) == len(told["levels"]) * len(run.communities)
    assert {one["worst_without_place"] for one in told["summary"]} == {None}
    assert {one["code"] for one in told["absent"]} == {
        "children",
        "housing",
        "catchments",
        "parcels",
    }
    assert told["missing"][0]["code"] == "children"
    assert told["land"] is None


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
        "read", "measure", "schools", "tables", "geopackage", "reports", "maps"
    }  # fmt: skip
    assert all(seconds >= 0 for seconds in manifest["timings_s"].values())
    west, south, east, north = manifest["bounds"]
    assert west < 107.15 + 1e-6 < east
    assert south < 34.35 + 1e-6 < north


def test_journeys_have_a_timing_of_their_own(finished, ridden):
    on_foot, by_bus = (read_run(folder).manifest["timings_s"] for folder in (finished, ridden))
    assert "journeys" not in on_foot
    assert list(by_bus)[:3] == ["read", "measure", "journeys"]
    assert {*by_bus} == {*on_foot, "journeys"}
    assert by_bus["journeys"] > 0


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
    assert maps == {"index", "schools", *(kind["code"] for kind in run.manifest["kinds"])}
    assert openpyxl.load_workbook(finished / "report.xlsx").sheetnames[0] == "概要"
    assert not list(finished.rglob("*.tmp"))
    assert not [path for path in finished.iterdir() if path.name.startswith(".")]


def test_files_of_a_run_with_a_timetable(ridden):
    run = read_run(ridden)
    maps = {path.name for path in (ridden / "maps").glob("*.html")}
    for kind in run.manifest["kinds"]:
        assert {f"{kind['code']}.html", f"{kind['code']}.walk_transit.html"} <= maps
    for name in ("stops", "lines"):
        frame = getattr(run.transit, name)
        assert list(frame.columns)[: len(TABLES[name])] == list(TABLES[name])
        assert frame.crs.to_epsg() == 4326


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


def test_the_summary_lists_every_card_of_the_city(again):
    """As the roll-ups have them; in JSON too, where no share is a null."""
    folder, _, summary = again
    run = read_run(folder)
    rows = run.rollups[(run.rollups["level"] == "city") & (run.rollups["about"] != "rule")]
    rows = rows.set_index("code")
    assert [card.card for card in summary.cards] == [
        card["code"] for pack in run.manifest["packs"] for card in pack["cards"]
    ]
    for card in json.loads(json.dumps(summary.as_json(), allow_nan=False))["scorecards"]:
        for name in ("met", "gap", "unknown", "not_applicable", "basis"):
            assert card[name] == rows.loc[card["card"], name]
        low = rows.loc[card["card"], "share_low"]
        assert card["share_low"] == (None if pd.isna(low) else low)


def test_cards_areas_and_targets_follow_from_the_gaps(run):
    """One row per community and card with the size; per area and card; per target of the city."""
    cards = [card["code"] for pack in run.manifest["packs"] for card in pack["cards"]]
    assert len(run.scorecards) == len(run.communities) * (len(cards) + 1)
    assert set(run.rollups["level"]) == {"city"}
    assert set(run.rollups["code"]) == {*run.gaps["rule"], *cards, "size"}
    assert set(run.targets["level"]) <= {"city", "district"}
    assert run.manifest["counts"]["scorecards"] == len(run.scorecards)


def test_a_citys_own_figures_are_read_with_its_packs(make_city, tmp_path):
    """An overlay beside the city.toml: the figure, its mark, and the file among the inputs."""
    city = make_city(tmp_path / "city")
    (city.folder / "packs").mkdir()
    (city.folder / "packs" / "local.yaml").write_text(
        "overlay: own\ntitle: {zh: 本市取值, en: City values}\nissuer: {zh: 市, en: City}\n"
        "published: 2025-01-01\ndocuments:\n  own: {title: {zh: 规定, en: Rule}}\nrules:\n"
        "  - code: bj.reach.shop\n    limit: {value: 12, unit: min, source: {document: own, status: primary}}\n",
        encoding="utf-8",
    )
    config = read_config(city.write())
    check_city(config)
    run_city(config, tmp_path / "run", today=date(2026, 1, 1))
    run = read_run(tmp_path / "run")
    shop = run.gaps[run.gaps["rule"] == "bj.reach.shop"]
    assert shop["limit"].tolist() == [12.0, 12.0]
    assert shop["overlaid"].all()
    assert "overlay" in {one["role"] for one in run.manifest["inputs"]}
    assert run.scorecards.loc[run.scorecards["card"] == "bj.circle.daily", "overlaid"].any()


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


def test_a_horizon_before_today_is_refused_before_anything_is_read(make_city, tmp_path):
    """Judged on the day of the run, not on the day the file was read."""
    city = make_city(tmp_path / "city")
    city.extra_toml = "[schools]\nhorizon = 2040\n"
    config = read_config(city.write())
    for path in (tmp_path / "city").glob("*.osm*"):
        path.unlink()
    for call in (
        lambda: run_city(config, tmp_path / "run", today=date(2041, 1, 1)),
        lambda: check_city(config, today=date(2041, 1, 1)),
    ):
        with pytest.raises(
            InvalidConfig, match=r"city\.toml \[schools\]: horizon is 2040, before 2041"
        ):
            call()
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
