"""Rule packs over HTTP, and verdicts explained."""

import pytest

from services.api.score_models import ExplainAnswer, StandardAnswer, StandardsAnswer


def test_packs_with_rules_cards_and_verdicts(client):
    answer = client.get("/v1/standards")
    (pack,) = StandardsAnswer.model_validate_json(answer.content).items
    assert pack["code"] == "paper-pack"
    rules = {rule["code"]: rule for rule in pack["rules"]}
    assert rules["p.pharmacy"]["verdicts"] == {
        "gap": 2,
        "unknown": 0,
        "met": 1,
        "not_applicable": 0,
    }
    assert rules["p.pharmacy"]["judged"] == "communities"
    assert rules["p.share"]["judged"] == "areas"
    assert rules["p.share"]["verdicts"]["met"] == 2
    cards = {card["code"]: card for card in pack["cards"]}
    assert cards["p.health"]["verdicts"] == {"gap": 2, "unknown": 1, "met": 0, "not_applicable": 0}


def test_own_figures_stand_beside_the_originals(client):
    found = client.get("/v1/standards/p.pharmacy").json()
    (rule,) = found["rules"]
    limit = rule["values"]["limit"]
    assert (limit["value"], limit["original"]["value"]) == (15, 10)
    assert limit["original"]["source"]["status"] == "primary"
    assert rule["overlaid"] is True


@pytest.mark.parametrize(
    ("code", "about", "rules", "cards"),
    [
        ("paper-pack", "pack", 4, ["p.circle", "p.health"]),
        ("p.pharmacy", "rule", 1, ["p.circle", "p.health"]),
        ("p.clinic", "rule", 1, ["p.health"]),
        ("p.circle", "card", 2, ["p.circle"]),
    ],
)
def test_one_code(client, code, about, rules, cards):
    answer = client.get(f"/v1/standards/{code}")
    found = StandardAnswer.model_validate_json(answer.content)
    assert (found.about, found.code, found.pack["code"]) == (about, code, "paper-pack")
    assert (len(found.rules), [card["code"] for card in found.cards]) == (rules, cards)


@pytest.mark.parametrize(
    ("code", "words"), [("p.circel", "p.circle"), ("<script>", "rule pack, rule or card")]
)
def test_unknown_codes(client, code, words):
    answer = client.get(f"/v1/standards/{code}")
    assert answer.status_code == 404
    assert words in answer.json()["detail"]


def test_every_figure_of_the_sample_city_has_source_and_status(sample_client):
    packs = sample_client.get("/v1/standards").json()["items"]
    assert len(packs) == 8
    figures = [
        value for pack in packs for rule in pack["rules"] for value in rule["values"].values()
    ]
    assert figures
    assert {value["source"]["status"] for value in figures} <= {
        "primary", "secondary", "derived", "unverified",
    }  # fmt: skip
    assert all(value["unit"] and value["source"]["document"] for value in figures)


def test_rule_with_several_answers(sample_client):
    whole = sample_client.get("/v1/standards/bj.kindergarten.1500").json()
    assert (whole["about"], len(whole["rules"])) == ("rule", 3)
    one = sample_client.get("/v1/standards/bj.kindergarten.1500.walk").json()
    assert (one["about"], [rule["answer"] for rule in one["rules"]]) == ("answer", ["walk"])


def test_a_verdict_explained(sample_client):
    gap = sample_client.get("/v1/gaps", params={"status": "gap", "kind": "shop"}).json()["items"][0]
    asked = {"community": gap["community_id"], "rule": gap["rule"]}
    answer = sample_client.get("/v1/explain", params=asked)
    found = ExplainAnswer.model_validate_json(answer.content)
    assert [(one.rule, one.status) for one in found.answers] == [(gap["rule"], "gap")]
    topics = [one.topic for one in found.paragraphs]
    assert {"asks", "source", "found", "verdict", "data"} <= set(topics)
    assert all(one.text_zh and one.text_en for one in found.paragraphs)


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"community": "nowhere", "rule": "bj.kindergarten.1500"}, 404, "community"),
        ({"community": "990100003", "rule": "bj.kindergarden"}, 404, "bj.kindergarten"),
        ({"community": "990100003"}, 400, "rule"),
        ({"rule": "bj.kindergarten.1500"}, 400, "community"),
    ],
)
def test_explanations_of_what_is_not_there(sample_client, params, status, words):
    answer = sample_client.get("/v1/explain", params=params)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
