"""Scorecards, roll-ups, targets, statuses for maps, and sheets to print."""

import pandas as pd
import pytest

from services.api.score_models import ScoreAnswer, TargetAnswer, VerdictAnswer


def _ask(client, path, **params):
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_cards_of_a_community_with_the_verdicts_of_their_rules(client):
    answer = client.get("/v1/scorecards", params={"community": "C02"})
    found = ScoreAnswer.model_validate_json(answer.content)
    assert [(row.card, row.status) for row in found.items] == [
        ("p.circle", "gap"), ("p.health", "gap"), ("size", "gap"),
    ]  # fmt: skip
    assert found.by_status == {"gap": 3, "unknown": 0, "met": 0, "not_applicable": 0}
    circle = found.items[0]
    assert (circle.title_zh, circle.gap, circle.not_applicable) == ("15分钟纸上圈", 1, 1)
    assert (circle.households_affected, circle.nearest_facility_name) == (350, "康宁药房")
    assert circle.worst_rule_title_zh == "药店规则"
    assert [(gap.rule, gap.status, gap.shortfall) for gap in circle.answers] == [
        ("p.pharmacy", "gap", 0.25), ("p.kindergarten", "not_applicable", None),
    ]  # fmt: skip
    size = found.items[2]
    assert (size.title_zh, size.finding, size.answers) == ("社区规模", "undersize", [])


def test_what_would_settle_an_unknown_is_said_in_words(client):
    (row,) = _ask(client, "/v1/gaps", community="C01", rule="p.clinic")["items"]
    assert row["settled_by"] == "facilities (clinic)"
    assert "诊所" in row["settled_zh"]
    assert "clinic" in row["settled_en"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "met"}, [("C01", "p.circle"), ("C01", "size")]),
        ({"card": "p.health", "district": "渭滨区"}, [("C02", "p.health"), ("C03", "p.health")]),
        ({"about": "type", "status": "unknown"}, [("C01", "p.health")]),
        ({"pack": "paper-pack", "community": "C03", "about": "circle"}, [("C03", "p.circle")]),
        ({"about": "check", "status": "unknown"}, [("C03", "size")]),
    ],
)
def test_filters_of_communities(client, params, expected):
    rows = _ask(client, "/v1/scorecards", **params)["items"]
    assert [(row["community_id"], row["card"]) for row in rows] == expected


def test_answers_are_left_out_on_request(client):
    rows = _ask(client, "/v1/scorecards", answers=False)["items"]
    assert len(rows) == 9
    assert all("answers" not in row for row in rows)
    assert rows[0]["rules"] == ["p.pharmacy", "p.kindergarten"]


def test_districts_are_ranked(client):
    answer = client.get("/v1/scorecards", params={"level": "district", "card": "p.circle"})
    found = ScoreAnswer.model_validate_json(answer.content)
    assert [(row.area, row.rank, row.share_low) for row in found.items] == [
        ("金台区", 1, 1), ("渭滨区", 2, 0),
    ]  # fmt: skip
    assert found.by_status == {"gap": 2, "unknown": 0, "met": 1, "not_applicable": 0}
    (city,) = _ask(client, "/v1/scorecards", level="city", about="circle")["items"]
    assert (city["communities"], city["met"], city["title_en"]) == (3, 1, "Paper circle")
    assert city["share_low"] == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"card": "p.pharmacy"}, [("渭滨区", "p.pharmacy")]),
        ({"about": "rule"}, [("渭滨区", "p.pharmacy")]),
        ({"district": "金台区", "status": "unknown"}, [("金台区", "p.health")]),
        ({"district": "金台区", "status": "gap"}, []),
    ],
)
def test_filters_of_areas(client, params, expected):
    rows = _ask(client, "/v1/scorecards", level="district", **params)["items"]
    assert [(row["area"], row["code"]) for row in rows] == expected


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"card": "p.circel"}, 404, "p.circle"),
        ({"pack": "paper"}, 404, "paper-pack"),
        ({"district": "金台"}, 404, "金台区"),
        ({"subdistrict": "<script>"}, 404, "subdistrict"),
        ({"community": "C9"}, 404, "C01"),
        ({"level": "province"}, 400, "subdistrict"),
        ({"about": "rule"}, 400, "/v1/gaps"),
        ({"level": "district", "community": "C01"}, 400, "level=community"),
        ({"level": "city", "district": "金台区"}, 400, "level=city"),
        ({"status": "bad"}, 400, "not_applicable"),
    ],
)
def test_bad_questions(client, params, status, words):
    answer = client.get("/v1/scorecards", params=params)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_too_many_rows_are_refused_with_a_way_out(paper_run):
    from fastapi.testclient import TestClient

    from services.api.app import create_app
    from services.settings import ServiceSettings

    app = create_app(ServiceSettings(run=paper_run, reload_s=0, max_items=9))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/scorecards")
        assert answer.status_code == 400
        assert "answers=false" in answer.json()["detail"]
        assert client.get("/v1/scorecards", params={"answers": False}).status_code == 200


def test_targets(client):
    answer = client.get("/v1/targets", params={"level": "city"})
    (city,) = TargetAnswer.model_validate_json(answer.content).items
    assert (city.status, city.needed, city.of_title_zh) == ("met", 0.3, "15分钟纸上圈")
    assert city.found == pytest.approx(1 / 3, abs=1e-6)
    rows = _ask(client, "/v1/targets", district="渭滨区")["items"]
    assert [(row["area"], row["status"], row["shortfall"]) for row in rows] == [
        ("渭滨区", "gap", 0.3)
    ]
    assert _ask(client, "/v1/targets", status="met")["count"] == 2
    assert _ask(client, "/v1/targets", level="city", district="渭滨区")["count"] == 0


def test_statuses_by_kind_and_by_card(client):
    answer = client.get("/v1/verdicts", params={"kind": "pharmacy"})
    found = VerdictAnswer.model_validate_json(answer.content)
    assert {item.community_id: item.status for item in found.items} == {
        "C01": "met", "C02": "gap", "C03": "gap",
    }  # fmt: skip
    assert [rule.code for rule in found.rules] == ["p.pharmacy"]
    assert found.rules[0].by_status == {"gap": 2, "unknown": 0, "met": 1, "not_applicable": 0}
    assert [item.gaps for item in found.items] == [[], [0], [0]]
    by_card = _ask(client, "/v1/verdicts", card="p.health", district="金台区")
    assert [(item["community_id"], item["status"]) for item in by_card["items"]] == [
        ("C01", "unknown")
    ]
    assert {rule["code"] for rule in by_card["rules"]} == {"p.pharmacy", "p.clinic"}
    size = _ask(client, "/v1/verdicts", card="size")
    assert size["by_status"] == {"gap": 1, "unknown": 1, "met": 1, "not_applicable": 0}
    for params in ({}, {"kind": "pharmacy", "card": "size"}):
        assert client.get("/v1/verdicts", params=params).status_code == 400


def test_card_of_a_community_lists_its_circles(client):
    card = _ask(client, "/v1/communities/C02")
    assert [row["card"] for row in card["scorecards"]] == ["p.circle", "p.health", "size"]
    (pharmacy,) = [gap for gap in card["gaps"] if gap["rule"] == "p.pharmacy"]
    assert pharmacy["overlaid"] is True


def test_scorecards_are_a_collection(client):
    page = _ask(client, "/collections/scorecards/items", limit=2)
    assert page["numberMatched"] == 9
    first = page["features"][0]
    assert first["id"] == "C01:paper-pack:p.circle"
    assert (first["geometry"]["type"], first["properties"]["status"]) == ("Polygon", "met")


def test_answers_are_tagged(client):
    first = client.get("/v1/scorecards")
    again = client.get("/v1/scorecards", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


# the sample city, with every pack -----------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(sample_run):
    names = ("gaps", "scorecards", "rollups", "targets")
    return {name: pd.read_parquet(sample_run / f"{name}.parquet") for name in names}


def test_every_community_has_the_statuses_of_the_table(sample_client, tables):
    cards = tables["scorecards"]
    for code in sorted(set(cards["community_id"]))[::7]:
        mine = cards[cards["community_id"] == code]
        rows = _ask(sample_client, "/v1/scorecards", community=code)["items"]
        assert [(row["card"], row["status"]) for row in rows] == list(
            zip(mine["card"], mine["status"], strict=True)
        )
        for row in rows:
            counts = dict.fromkeys(("met", "gap", "unknown", "not_applicable"), 0)
            for gap in row["answers"]:
                counts[gap["status"]] += 1
            if row["about"] != "check":
                assert counts == {status: row[status] for status in counts}


def test_areas_and_targets_are_those_of_the_tables(sample_client, tables):
    for level in ("subdistrict", "district", "city"):
        mine = tables["rollups"].query("level == @level and about == 'circle'")
        answer = sample_client.get("/v1/scorecards", params={"level": level, "about": "circle"})
        found = ScoreAnswer.model_validate_json(answer.content)
        assert len(mine) == found.count > 0
        assert [(row.area, row.code, row.met, row.gap) for row in found.items] == list(
            zip(mine["area"], mine["code"], mine["met"], mine["gap"], strict=True)
        )
    assert _ask(sample_client, "/v1/targets")["count"] == len(tables["targets"]) > 0


def test_statuses_are_those_of_the_gap_table(sample_client, tables):
    rank = {"gap": 0, "unknown": 1, "met": 2, "not_applicable": 3}
    mine = tables["gaps"].query("kind == 'kindergarten'")
    worst = mine.assign(rank=mine["status"].map(rank)).groupby("community_id")["rank"].min()
    found = _ask(sample_client, "/v1/verdicts", kind="kindergarten")
    assert {row["community_id"]: rank[row["status"]] for row in found["items"]} == worst.to_dict()
    assert len(found["rules"]) == mine["rule"].nunique() > 4


def test_sheets_are_pages_without_scripts(sample_client, tables):
    code = str(tables["scorecards"]["community_id"].iloc[0])
    district = str(tables["rollups"].query("level == 'district'")["area"].iloc[0])
    for path in (f"/sheets/{code}", f"/sheets/district/{district}", "/sheets/district"):
        for lang, word in (("zh", "15分钟"), ("en", "15-minute")):
            answer = sample_client.get(path, params={"lang": lang})
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/html")
            assert "script-src" not in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "<script" not in answer.text
            assert word in answer.text


@pytest.mark.parametrize("path", ["/sheets/nowhere", "/sheets/district/nowhere"])
def test_no_sheet_of_what_is_not_there(sample_client, path):
    assert sample_client.get(path).status_code == 404
    page = sample_client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_sheet_of_a_hostile_name(client, paper):
    page = client.get("/sheets/C03")
    assert page.status_code == 200
    assert paper.hostile not in page.text
    assert "&lt;script&gt;" in page.text
