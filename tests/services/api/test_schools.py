"""School places over HTTP: what is sent is what the run's tables hold, and unknown is never 0."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import services.api.placers
from layers.schooling.model import LEVELS
from services.api.opened import OpenRun
from services.api.school_models import SchoolAnswer, SchoolYearAnswer, ShortageAnswer

NUMBERS = ("children", "places", "placed", "out_of_reach", "left", "left_possible", "free")


def _ask(client, path, model, **asked):
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    model.model_validate(answer.json())
    return answer.json()


def _agree(row, wanted, names):
    for name in names:
        if isinstance(wanted[name], str) or not pd.isna(wanted[name]):
            assert row[name] == pytest.approx(wanted[name], abs=1e-6)
        else:
            assert row[name] is None


def test_schools_of_a_year_agree_with_the_tables(sample_client, sample_run):
    answer = _ask(sample_client, "/v1/schools", SchoolAnswer, level="小学", year=2030)
    years = pd.read_parquet(sample_run / "school_years.parquet")
    years = years[(years["level"] == "primary_school") & (years["year"] == 2030)]
    open_then = years[years["scope"] == "school"].set_index("area_id")
    schools = pd.read_parquet(sample_run / "schools.parquet")
    schools = schools[schools["level"] == "primary_school"].set_index("school_id")
    assert {row["school_id"] for row in answer["schools"]} == set(schools.index)
    assert answer["matched"] == answer["returned"] == len(schools)
    for row in answer["schools"]:
        _agree(row, schools.loc[row["school_id"]], ("places", "parcel_id", "demand", "full_from"))
        if row["school_id"] in open_then.index:
            assert row["open"] is True
            wanted = open_then.loc[row["school_id"]]
            _agree(row, wanted, ("children", "placed", "free", "left", "status", "settled_by"))
        else:
            assert row["open"] is not True
            assert row["children"] is None
            assert row["placed"] is None
    assert [row["level"] for row in answer["summary"]] == list(LEVELS)
    city = years[years["scope"] == "city"].iloc[0]
    _agree(answer["summary"][1], city, (*NUMBERS, "status"))


def test_a_district_has_its_own_summary_and_schools(sample_client, sample_run):
    answer = _ask(sample_client, "/v1/schools", SchoolAnswer, district="金禾区", limit=2)
    assert answer["year"] == answer["years"][0]
    assert (answer["returned"], answer["matched"] > 2) == (2, True)
    assert {row["scope"] for row in answer["summary"]} == {"district"}
    communities = pd.read_parquet(sample_run / "communities.parquet").set_index("community_id")
    inside = communities.loc[[row["community_id"] for row in answer["schools"]], "district"]
    assert set(inside) == {"金禾区"}


def test_years_agree_with_the_table(sample_client, sample_run):
    table = pd.read_parquet(sample_run / "school_years.parquet")
    wanted = table[
        (table["level"] == "junior_school")
        & (table["scope"] == "community")
        & (table["status"] == "gap")
    ].reset_index(drop=True)
    asked = {"level": "junior_school", "scope": "community", "status": "gap"}
    answer = _ask(sample_client, "/v1/school-years", SchoolYearAnswer, **asked, limit=50, offset=20)
    assert (answer["matched"], answer["returned"]) == (len(wanted), 50)
    for row, (_, stored) in zip(answer["rows"], wanted.iloc[20:70].iterrows(), strict=True):
        _agree(row, stored, table.columns)


def test_one_area_in_every_year(sample_client):
    found = _ask(
        sample_client, "/v1/school-years", SchoolYearAnswer,
        level="kindergarten", scope="community", area="990100004",
    )  # fmt: skip
    years = _ask(sample_client, "/v1/schools", SchoolAnswer)["years"]
    assert [row["year"] for row in found["rows"]] == years


def test_shortages_come_largest_first_with_their_candidates(sample_client, sample_run):
    answer = _ask(sample_client, "/v1/shortages", ShortageAnswer)
    table = pd.read_parquet(sample_run / "shortages.parquet").set_index(["community_id", "level"])
    assert answer["matched"] == len(table)
    peaks = [row["peak_children"] for row in answer["shortages"]]
    known = [peak for peak in peaks if peak is not None]
    assert known == sorted(known, reverse=True)
    assert all(peak is None for peak in peaks[len(known) :])
    ranked = 0
    for row in answer["shortages"]:
        stored = table.loc[(row["community_id"], row["level"])]
        _agree(row, stored, ("status", "begins", "ends", "peak_children", "needed_area_m2"))
        ids = [one["parcel_id"] for one in row["candidates"]]
        assert ids == [one for one in stored["candidates"].split(",") if one]
        ranked += len(ids)
    assert ranked
    one = next(row for row in answer["shortages"] if row["candidates"])["candidates"][0]
    assert one["why_zh"]
    assert one["enough"] is (one["area_m2"] >= one["needed_area_m2"])


def test_shortages_without_reserved_land_of_one_level(sample_client, sample_run):
    asked = {"level": "senior_school", "land_missing": True, "district": "北塬区"}
    answer = _ask(sample_client, "/v1/shortages", ShortageAnswer, **asked)
    assert answer["matched"]
    assert {row["land_missing"] for row in answer["shortages"]} == {True}
    assert {row["level"] for row in answer["shortages"]} == {"senior_school"}
    assert {row["district"] for row in answer["shortages"]} == {"北塬区"}


def test_a_community_card_tells_its_shortages(sample_client, sample_run):
    table = pd.read_parquet(sample_run / "shortages.parquet")
    code = table["community_id"].iloc[0]
    card = sample_client.get(f"/v1/communities/{code}").json()
    assert {row["level"] for row in card["schools"]} == set(
        table["level"][table["community_id"] == code]
    )
    assert all(row["reason"] and row["reason_en"] for row in card["schools"])


@pytest.mark.parametrize(
    ("path", "asked", "status", "parameter", "allowed"),
    [
        ("/v1/schools", {"level": "<script>"}, 400, "level", "primary_school"),
        ("/v1/schools", {"year": 1999}, 400, "year", "2030"),
        ("/v1/schools", {"year": "soon"}, 400, "year", None),
        ("/v1/schools", {"district": "火星区"}, 404, None, "金禾区"),
        ("/v1/schools", {"limit": 100_000}, 400, "limit", None),
        ("/v1/school-years", {"scope": "street"}, 400, "scope", None),
        ("/v1/school-years", {"scope": "district", "area": "990100004"}, 404, None, "金禾区"),
        ("/v1/school-years", {"area": "'; DROP TABLE"}, 404, None, None),
        ("/v1/shortages", {"status": "met"}, 400, "status", None),
        ("/v1/shortages", {"community": "x"}, 404, None, None),
    ],
)
def test_bad_questions_are_told_what_would_be_right(
    sample_client, path, asked, status, parameter, allowed
):
    answer = sample_client.get(path, params=asked)
    assert answer.status_code == status
    problem = answer.json()
    assert problem.get("parameter") == parameter
    assert allowed is None or allowed in problem["allowed"]


def test_without_children_everything_is_unknown(childless_client):
    answer = _ask(childless_client, "/v1/schools", SchoolAnswer)
    assert "children" not in answer["brought"]
    assert "children" in {one["code"] for one in answer["missing"]}
    for row in [*answer["summary"], *answer["schools"]]:
        assert (row["children"], row["placed"], row["left"]) == (None, None, None)
        assert row["status"] in {"unknown", "not_applicable"}
    found = _ask(childless_client, "/v1/shortages", ShortageAnswer)
    assert {row["status"] for row in found["shortages"]} == {"unknown"}
    assert {row["peak_children"] for row in found["shortages"]} == {None}
    assert "children" in {one["code"] for one in found["missing"]}


def test_a_run_without_schools_answers_with_what_is_missing(client):
    """The paper town: no parcels, no children, and a manifest that says nothing of schools."""
    schools = _ask(client, "/v1/schools", SchoolAnswer)
    assert (schools["schools"], schools["brought"], schools["year"]) == ([], [], None)
    years = _ask(client, "/v1/school-years", SchoolYearAnswer)
    shortages = _ask(client, "/v1/shortages", ShortageAnswer)
    assert (years["rows"], shortages["shortages"]) == ([], [])
    assert {one["code"] for one in years["missing"]} == {"children"}
    assert {one["code"] for one in shortages["missing"]} == {"children", "parcels"}
    assert client.get("/v1/schools", params={"year": 2030}).status_code == 400


def test_who_asks_while_the_city_is_being_opened_waits(sample_read, monkeypatch):
    """One placing for however many ask at once, and warming starts from the same."""
    opened = OpenRun(sample_read, "")
    built, together = [], threading.Barrier(4, timeout=60)
    build = services.api.placers.build_placers
    monkeypatch.setattr(
        services.api.placers, "build_placers", lambda city: built.append(1) or build(city)
    )

    def ask(number):
        together.wait()
        if number == 0:
            opened.schools.warm(lambda: False)
        return opened.schools.placers.open()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len(built) == 1
    assert len({id(one) for one in found}) == 1
    assert opened.schools.placers.has_candidates


def test_warming_leaves_off_when_the_service_ends(sample_read):
    opened = OpenRun(sample_read, "")
    opened.schools.warm(lambda: True)
    assert not opened.schools.placers.has_candidates
