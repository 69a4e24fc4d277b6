"""Gap rows, rules, kinds and notices."""

import pytest

from services.api.models import GapAnswer, NoticeAnswer, RuleAnswer


def test_all_gaps_with_counts(client):
    answer = GapAnswer.model_validate_json(client.get("/v1/gaps").content)
    assert answer.count == 9
    assert answer.by_status == {"gap": 2, "unknown": 4, "met": 2, "not_applicable": 1}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "gap"}, [("C02", "p.pharmacy"), ("C03", "p.pharmacy")]),
        ({"rule": "p.pharmacy", "community": "C02"}, [("C02", "p.pharmacy")]),
        ({"kind": "kindergarten", "district": "金台区"}, [("C01", "p.kindergarten")]),
        ({"kind": "clinic", "status": "gap"}, []),
    ],
)
def test_filters(client, params, expected):
    rows = client.get("/v1/gaps", params=params).json()["items"]
    assert [(row["community_id"], row["rule"]) for row in rows] == expected


def test_gap_says_why(client):
    (row,) = client.get("/v1/gaps", params={"community": "C02", "status": "gap"}).json()["items"]
    assert (row["cause"], row["detour_factor"], row["barrier_name"]) == ("severed", 2.5, "陇海线")
    assert row["households_affected"] == 350
    assert row["rule_title_zh"] == "药店规则"


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"rule": "p.farmacy"}, 404, "p.pharmacy"),
        ({"status": "bad"}, 400, "not_applicable"),
        ({"community": "nowhere"}, 404, "C01"),
    ],
)
def test_bad_questions(client, params, status, words):
    answer = client.get("/v1/gaps", params=params)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_rules_count_their_verdicts(client):
    answer = RuleAnswer.model_validate_json(client.get("/v1/rules").content)
    by_code = {rule["code"]: rule for rule in answer.items}
    assert by_code["p.pharmacy"]["verdicts"] == {
        "gap": 2,
        "unknown": 0,
        "met": 1,
        "not_applicable": 0,
    }
    assert by_code["p.pharmacy"]["pack"] == "paper-pack"
    assert by_code["p.pharmacy"]["source"]["clause"] == "第3条"


def test_kinds_and_notices(client):
    kinds = client.get("/v1/kinds").json()["items"]
    assert [(kind["code"], kind["n_facilities"]) for kind in kinds] == [
        ("pharmacy", 2), ("kindergarten", 1), ("clinic", 0),
    ]  # fmt: skip
    notices = NoticeAnswer.model_validate_json(client.get("/v1/notices").content)
    assert notices.count == 2
    assert notices.attribution == ["© OpenStreetMap contributors (ODbL 1.0)"]
    assert client.get("/v1/notices", params={"severity": "info"}).json()["count"] == 1
