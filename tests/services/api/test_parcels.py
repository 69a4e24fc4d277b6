"""Reserved school land over HTTP: parcels, findings, release tests, changes, features."""

import shutil
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient

import services.api.placers
from services.api.app import create_app
from services.api.school_models import (
    AssessmentAnswer,
    ParcelAnswer,
    ParcelChangeAnswer,
    ReleaseAnswer,
)
from services.schools.gather import reopen_school_city
from services.schools.parcels.urgency import STEPS
from services.schools.placing import build_placers
from services.schools.release import measure_release
from services.settings import ServiceSettings

HOSTILE = '<img src=x onerror="alert(1)">/地块 甲/release'


def _ask(client, path, model, **asked):
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    model.model_validate(answer.json())
    return answer.json()


@pytest.fixture(scope="module")
def sample_placers(sample_read):
    """The children of the sample city placed anew, beside the service."""
    city = reopen_school_city(sample_read)
    return city, build_placers(city)


def test_parcels_come_by_urgency(sample_client, sample_run):
    answer = _ask(sample_client, "/v1/parcels", ParcelAnswer)
    table = pd.read_parquet(sample_run / "parcels.parquet").set_index("parcel_id")
    assert answer["matched"] == len(table) == 16
    assert [row["urgency"] for row in answer["parcels"]] == list(range(1, 17))
    order = [step.code for step in STEPS]
    steps = [order.index(row["step"]["code"]) for row in answer["parcels"]]
    assert steps == sorted(steps)
    communities = pd.read_parquet(sample_run / "communities.parquet").set_index("community_id")
    for row in answer["parcels"]:
        stored = table.loc[row["parcel_id"]]
        assert row["step"]["code"] == stored["urgency_step"]
        for name in ("area_m2", "planned_classes", "opening_year", "children_served", "gaps"):
            known = not pd.isna(stored[name])
            assert row[name] == (pytest.approx(stored[name]) if known else None)
        west, south, east, north = row["bounds"]
        assert west < row["lon"] < east
        assert south < row["lat"] < north
        if row["community_id"]:
            assert row["community"] == communities.loc[row["community_id"], "name"]


def test_parcels_by_level_state_and_urgency(sample_client, sample_run):
    table = pd.read_parquet(sample_run / "parcels.parquet")
    primary = _ask(sample_client, "/v1/parcels", ParcelAnswer, level="小学")
    assert {row["level"] for row in primary["parcels"]} == {"primary_school"}
    assert primary["matched"] == (table["level"] == "primary_school").sum()
    lost = _ask(sample_client, "/v1/parcels", ParcelAnswer, status="re-zoned")
    assert lost["matched"] == (table["status"] == "re-zoned").sum()
    urgent, others = (
        _ask(sample_client, "/v1/parcels", ParcelAnswer, urgent=value)["matched"]
        for value in (True, False)
    )
    assert (urgent + others, min(urgent, others) > 0) == (len(table), True)


def test_an_assessment_holds_every_finding(sample_client, sample_run):
    table = gpd.read_parquet(sample_run / "parcel_findings.parquet")
    parcel = table["parcel_id"][table["finding"] == "encroachment"].iloc[0]
    covered = table[(table["finding"] == "encroachment") & (table["status"] == "gap")]
    for code in {parcel, covered["parcel_id"].iloc[0]}:
        answer = _ask(sample_client, f"/v1/parcels/{code}/assessment", AssessmentAnswer)
        stored = table[table["parcel_id"] == code].reset_index(drop=True)
        assert [row["finding"] for row in answer["findings"]] == stored["finding"].tolist()
        assert [row["status"] for row in answer["findings"]] == stored["status"].tolist()
        assert [row["geometry"] is not None for row in answer["findings"]] == (
            ~stored.geometry.isna()
        ).tolist()
        assert [row["found"] is None for row in answer["findings"]] == (
            stored["found"].isna().tolist()
        )
        assert all(row["title_zh"] and row["title_en"] for row in answer["findings"])
        assert answer["geometry"]["type"] in {"Polygon", "MultiPolygon"}


def test_a_release_is_what_the_test_measures(sample_client, sample_placers):
    city, placers = sample_placers
    years = city.years.tolist()
    seen = set()
    for code in ("JY-02", "JY-04", "JY-06", "JY-09", "JY-13"):
        answer = _ask(sample_client, f"/v1/parcels/{code}/release", ReleaseAnswer)
        wanted = measure_release(city, code, placers=placers)
        assert (answer["status"], answer["from_year"]) == (wanted.status, wanted.from_year)
        assert (answer["reason_zh"], answer["reason_en"]) == (wanted.reason.zh, wanted.reason.en)
        assert len(answer["communities"]) == len(wanted.communities)
        assert answer["years"] == years
        if wanted.status == "unknown":
            assert answer["missing"]
            assert {row["lost"] for row in answer["totals"]} == {None}
        elif len(wanted.totals):
            lost = [row["lost"] for row in answer["totals"]]
            assert lost == pytest.approx(wanted.totals["lost"].tolist(), abs=1e-6)
        seen.add(wanted.status)
    assert {"gap", "unknown", "not_applicable"} <= seen


def test_a_release_of_some_years(sample_client):
    path = "/v1/parcels/JY-02/release"
    answer = _ask(sample_client, path, ReleaseAnswer, years=" 2030,2028, 2028")
    assert answer["years"] == [2028, 2030]
    assert {row["year"] for row in answer["totals"]} == {2028, 2030}
    again = sample_client.get(path, params={"years": "2028,2030"})
    assert again.json() == answer  # kept, the seconds it took included
    tag = again.headers["etag"]
    asked = {"If-None-Match": tag}
    assert sample_client.get(path, params={"years": "2028,2030"}, headers=asked).status_code == 304


@pytest.mark.parametrize(
    ("path", "asked", "status", "parameter"),
    [
        ("/v1/parcels/nowhere/assessment", {}, 404, None),
        ("/v1/parcels/nowhere/release", {}, 404, None),
        ("/v1/parcels//release", {}, 404, None),
        ("/v1/parcels/%2e%2e%2f%3Cscript%3E/assessment", {}, 404, None),
        ("/v1/parcels/JY-01/release", {"years": "2030,1999"}, 400, "years"),
        ("/v1/parcels/JY-01/release", {"years": "next"}, 400, "years"),
        ("/v1/parcels/JY-01/release", {"years": ","}, 400, "years"),
        ("/v1/parcels", {"level": "university"}, 400, "level"),
        ("/v1/parcels", {"status": "sold"}, 400, "status"),
        ("/v1/parcels", {"district": "火星区"}, 404, None),
    ],
)
def test_bad_questions_are_told_what_would_be_right(sample_client, path, asked, status, parameter):
    answer = sample_client.get(path, params=asked)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("parameter") == parameter


def test_changes_of_the_citys_own_earlier_layer(sample_client, sample_run):
    answer = _ask(sample_client, "/v1/parcels/compare", ParcelChangeAnswer)
    table = gpd.read_parquet(sample_run / "parcel_changes.parquet")
    assert answer["of"] == "table"
    assert answer["counts"] == table["change"].value_counts().to_dict()
    assert answer["lost_m2"] == pytest.approx(table["lost_m2"].sum(), abs=0.1)
    assert [row["earlier_id"] for row in answer["changes"]] == table["earlier_id"].tolist()
    felt = [row["children_affected"] for row in answer["changes"]]
    assert [one is None for one in felt] == table["children_affected"].isna().tolist()
    assert answer["remark_zh"]
    assert {one["code"] for one in answer["parameters"]} >= {"same_share", "moved_m"}


@pytest.fixture(scope="module")
def renamed_client(sample_run, copy_run, tmp_path_factory):
    """The app on the sample city, compared with an earlier run; the city brought no earlier layer.

    JY-02 bears a hostile id in both, JY-03 is for a nine-year school. In the earlier run JY-01 was not
    there, JY-15 had another id, and there was a parcel more, 甲/16.
    """
    folder = tmp_path_factory.mktemp("renamed")
    later = copy_run(sample_run, folder / "later")
    (later / "earlier_parcels.parquet").unlink()
    for name in ("parcels", "parcel_findings", "schools"):
        table = gpd.read_parquet(later / f"{name}.parquet")
        table["parcel_id"] = table["parcel_id"].replace("JY-02", HOSTILE)
        if name == "parcels":
            table.loc[table["parcel_id"] == "JY-03", "level"] = "nine_year_school"
            parcels = table
        table.to_parquet(later / f"{name}.parquet")
    gone = parcels.iloc[[4]].assign(parcel_id="甲/16", status="reserved")
    gone = gone.set_geometry(gone.geometry.translate(0.004, 0.004))
    earlier = parcels[parcels["parcel_id"] != "JY-01"]
    earlier = earlier.assign(parcel_id=earlier["parcel_id"].replace("JY-15", "甲/15"))
    run = folder / "earlier"
    run.mkdir()
    shutil.copy(later / "manifest.json", run)
    pd.concat([earlier, gone], ignore_index=True).to_parquet(run / "parcels.parquet")
    settings = ServiceSettings(run=later, compare_with=run, reload_s=0)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_changes_since_an_earlier_run(renamed_client):
    answer = _ask(renamed_client, "/v1/parcels/compare", ParcelChangeAnswer)
    assert answer["of"] == "run"
    of_id = {row["earlier_id"] or row["parcel_id"]: row for row in answer["changes"]}
    assert of_id["JY-01"]["change"] == "new"
    assert (of_id["甲/15"]["change"], of_id["甲/15"]["parcel_id"]) == ("same", "JY-15")
    assert of_id["甲/16"]["change"] == "gone"
    assert of_id["甲/16"]["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    assert (answer["counts"]["gone"], answer["counts"]["new"]) == (1, 1)


def test_a_parcel_of_any_name_is_found(renamed_client):
    """Ids come from the user's table: slashes, blanks and markup are text."""
    quoted = urllib.parse.quote(HOSTILE, safe="")
    path = f"/v1/parcels/{quoted}"
    found = _ask(renamed_client, f"{path}/assessment", AssessmentAnswer)
    assert found["parcel"]["parcel_id"] == HOSTILE
    assert {row["parcel_id"] for row in found["schools"]} == {HOSTILE}
    lost = _ask(renamed_client, f"{path}/release", ReleaseAnswer, years="2028")
    assert (lost["parcel_id"], lost["status"]) == (HOSTILE, "gap")
    feature = renamed_client.get(f"/collections/parcels/items/{quoted}").json()
    assert feature["id"] == HOSTILE


@pytest.mark.parametrize("level", ["初中", "primary_school", "九年一贯制学校"])
def test_a_nine_year_school_is_of_each_level_it_teaches(renamed_client, level):
    found = _ask(renamed_client, "/v1/parcels", ParcelAnswer, level=level)
    assert "JY-03" in {row["parcel_id"] for row in found["parcels"]}


def test_without_an_earlier_layer_it_says_how_to_bring_one(client):
    answer = client.get("/v1/parcels/compare")
    assert answer.status_code == 404
    assert "earlier_parcels" in answer.json()["detail"]
    assert "--compare-with" in answer.json()["detail"]


def test_a_run_without_parcels_says_what_is_missing(client):
    answer = _ask(client, "/v1/parcels", ParcelAnswer)
    assert (answer["parcels"], answer["matched"]) == ([], 0)
    assert [one["code"] for one in answer["missing"]] == ["parcels"]
    assert client.get("/v1/parcels/p/assessment").status_code == 404
    for name in ("parcels", "parcel_findings", "schools", "catchments", "clusters", "shortages"):
        page = client.get(f"/collections/{name}/items").json()
        assert (page["features"], page["numberMatched"]) == ([], 0)


def test_without_children_a_release_is_unknown(childless_client):
    answer = _ask(childless_client, "/v1/parcels/JY-02/release", ReleaseAnswer)
    assert answer["status"] == "unknown"
    assert "children" in {one["code"] for one in answer["missing"]}
    assert {row["lost"] for row in answer["totals"]} == {None}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("parcels", ("parcel_id",)),
        ("parcel_findings", ("parcel_id", "finding")),
        ("parcel_changes", ("earlier_id", "parcel_id")),
        ("schools", ("school_id", "level")),
        ("catchments", ("school_id", "level", "year", "source")),
        ("shortages", ("community_id", "level")),
        ("clusters", ("cluster_id",)),
    ],
)
def test_tables_are_features(sample_client, sample_run, name, keys):
    table = pd.read_parquet(sample_run / f"{name}.parquet", columns=[*keys])
    page = sample_client.get(f"/collections/{name}/items", params={"limit": 500}).json()
    assert page["numberMatched"] == len(table)
    ids = table.astype(str).agg(":".join, axis=1).tolist()
    assert [feature["id"] for feature in page["features"]] == ids[:500]
    assert len(set(ids)) == len(ids)
    west, south, east, north = sample_client.get(f"/collections/{name}").json()["extent"][
        "spatial"
    ]["bbox"][0]
    half = {"bbox": f"{west},{south},{(west + east) / 2},{north}", "limit": 1}
    matched = sample_client.get(f"/collections/{name}/items", params=half).json()["numberMatched"]
    assert 0 < matched < len(table)


def test_release_tests_wait_in_a_line_of_their_own(renamed_client, monkeypatch):
    """As many at once as journeys; the third waits, and who only looks something up does not."""
    go, entered, most = threading.Event(), threading.Semaphore(0), []
    measure = services.api.placers.measure_release

    def measure_slowly(*asked, **more):
        most.append(len(most) + 1)
        entered.release()
        assert go.wait(60)
        return measure(*asked, **more)

    monkeypatch.setattr(services.api.placers, "measure_release", measure_slowly)
    renamed_client.get("/v1/shortages")  # the city is open
    paths = [f"/v1/parcels/JY-0{number}/release?years=2026" for number in (3, 4, 5)]
    with ThreadPoolExecutor(3) as askers:
        asked = [askers.submit(renamed_client.get, path) for path in paths]
        assert entered.acquire(timeout=60)
        assert entered.acquire(timeout=60)
        light = [
            renamed_client.get(path).status_code
            for path in ("/v1/parcels", "/v1/schools", "/v1/parcels/JY-01/assessment")
        ]
        unknown = renamed_client.get("/v1/parcels/nowhere/release").status_code
        assert len(most) == 2
        go.set()
        answers = [one.result(60).status_code for one in asked]
    assert (light, unknown, answers) == ([200] * 3, 404, [200] * 3)
