"""Coverage and summaries: rows, filters, numbers, limits."""

import pytest

from services.api.models import CoverageAnswer, SummaryAnswer


def test_rows_of_one_kind_and_limit(client):
    answer = client.get("/v1/coverage", params={"kind": "pharmacy", "limit": 15})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    parsed = CoverageAnswer.model_validate_json(answer.content)
    assert parsed.count == 3
    assert {row.community_id: row.share for row in parsed.items} == {
        "C01": 1.0,
        "C02": 0.75,
        "C03": 0.8,
    }
    assert parsed.items[2].households is None


def test_unknown_is_null_and_never_nan(client):
    answer = client.get("/v1/coverage", params={"kind": "clinic"})
    rows = CoverageAnswer.model_validate_json(answer.content).items
    assert len(rows) == 9
    assert {row.status for row in rows} == {"unknown"}
    assert {row.share for row in rows} == {None}
    assert b"NaN" not in answer.content


def test_without_a_kind_all_rows(client):
    assert client.get("/v1/coverage").json()["count"] == 27


def test_kind_by_chinese_name_and_district(client):
    answer = client.get(
        "/v1/coverage", params={"kind": "药店", "district": "渭滨区", "limit": "10"}
    )
    assert [row["community_id"] for row in answer.json()["items"]] == ["C02", "C03"]


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"kind": "farmacy"}, 404, "pharmacy"),
        ({"kind": "pharmacy", "limit": "7"}, 400, "5, 10, 15"),
        ({"kind": "pharmacy", "limit": "500m"}, 400, "5, 10, 15"),
        ({"kind": "pharmacy", "mode": "walk_transit"}, 400, "walk"),
        ({"kind": "pharmacy", "district": "陈仓区"}, 404, "金台区"),
        ({"kind": "x" * 300}, 400, "at most 200"),
    ],
)
def test_bad_questions_say_what_is_allowed(client, params, status, words):
    answer = client.get("/v1/coverage", params=params)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    assert len(answer.json()["detail"]) < 400


def test_city_summary_adds_households_up(client):
    """1600 of 1600 and 1050 of 1400 within 15 minutes: 2650 of 3000; C03 has no households."""
    answer = client.get("/v1/summary", params={"kind": "pharmacy"})
    summary = SummaryAnswer.model_validate_json(answer.content)
    (item,) = summary.items
    assert (item.basis, item.status) == ("households", "measured")
    assert (item.households, item.households_covered, item.households_not_covered) == (
        3000,
        2650,
        350,
    )
    assert item.share == pytest.approx(2650 / 3000, abs=1e-6)
    assert item.communities_without_households == 1
    assert [limit.share for limit in item.limits] == pytest.approx(
        [(800 + 350) / 3000, (1200 + 700) / 3000, 2650 / 3000], abs=1e-6
    )
    assert item.gaps == {"gap": 2, "unknown": 0, "met": 1, "not_applicable": 0}
    assert summary.city["districts"] == ["金台区", "渭滨区"]
    assert summary.city["households"] == 3000


def test_district_summary(client):
    answer = client.get(
        "/v1/summary", params={"kind": "pharmacy", "district": "渭滨区", "limit": 5}
    )
    (item,) = answer.json()["items"]
    assert (item["share"], item["households"], item["communities"]) == (0.25, 1400, 2)


def test_summary_of_a_kind_without_data_is_unknown(client):
    (item,) = client.get("/v1/summary", params={"kind": "clinic"}).json()["items"]
    assert (item["status"], item["share"], item["households_covered"]) == ("unknown", None, None)
    assert item["households"] == 3000
    assert "没有" in item["reason"]
    assert "unknown" in item["reason_en"]


def test_summary_of_every_kind(client):
    items = client.get("/v1/summary").json()["items"]
    assert [item["kind"] for item in items] == ["pharmacy", "kindergarten", "clinic"]
