"""`lifecircle standards`: what there is, what it asks, and why a verdict is what it is."""

import json

import pytest

OWN = """\
pack: own
title: {zh: 自拟标准, en: Our own standard}
issuer: {zh: 某市, en: A city}
legal_force: {zh: 试行, en: on trial}
published: 2024-01-01
documents:
  doc: {title: {zh: 某文件, en: A document}, address: example.org/doc}
rules:
- code: own.shop
  title: {zh: 购物, en: shops}
  test: share_within
  kind: shop
  force: should
  since: 2024-01-01
  limit: {value: 10, unit: min, source: &s {document: doc, clause: "3.1", status: secondary}}
  share: {value: 0.8, unit: share, source: *s}
- code: own.green
  title: {zh: 绿化率30%, en: 30 % green}
  test: attribute_at_least
  attribute: green_share
  force: shall
  since: 2024-01-01
  until: 2030-12-31
  least: {value: 0.3, unit: share, source: {document: doc, status: unverified}}
cards:
- {code: own.card, about: circle, title: {zh: 便民圈, en: convenience circle}, rules: [own.shop, own.green]}
"""
LOCAL = """\
overlay: 本市取值
issuer: {zh: 某市, en: A city}
published: 2025-01-01
documents: {own: {title: {zh: 本市通知, en: A local notice}}}
rules:
- {code: own.shop, limit: {value: 12, unit: min, source: {document: own, status: primary}}}
"""


@pytest.fixture
def own_pack(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    return path


def strict_json(text):
    return json.loads(text, parse_constant=pytest.fail)


def test_list_names_every_pack_with_how_well_it_is_known(lifecircle):
    listed = lifecircle.run("standards", "list", "--json")
    packs = {pack["code"]: pack for pack in strict_json(listed.out)["packs"]}
    baoji = packs["baoji-four-types"]
    assert baoji["rules"] == sum(baoji["statuses"].values())
    assert set(baoji["statuses"]) == {"primary", "secondary", "derived", "unverified"}
    told = lifecircle.run("standards", "list", "--lang", "zh").out
    for code, pack in packs.items():
        assert code in told
        assert pack["published"] in told
    assert "原文" in told
    assert "Baoji" not in told
    assert "primary" in lifecircle.run("standards", "list").out


def test_show_prints_every_figure_with_source_and_status(lifecircle, own_pack):
    shown = lifecircle.run("standards", "show", own_pack)
    assert (shown.code, shown.err) == (0, "")
    for words in (
        "自拟标准", "Our own standard", "on trial", "own.shop", "购物", "宜 should", "限值：10分钟",
        "limit: 10 minutes", "[1] 3.1", "二手来源", "未核实", "unverified", "绿化率（green_share）",
        "2024-01-01起至2030-12-31止", "example.org/doc", "own.card", "便民圈", "own.shop, own.green",
    ):  # fmt: skip
        assert words in shown.out
    english = lifecircle.run("standards", "show", own_pack, "--lang", "en").out
    assert "limit: 10 minutes" in english
    assert "购物" not in english
    described = strict_json(lifecircle.run("standards", "show", own_pack, "--json").out)
    assert [rule["code"] for rule in described["rules"]] == ["own.shop", "own.green"]


@pytest.fixture
def own_city(small_city):
    """The small city, judged by a pack of its own."""
    city = small_city.write()
    text = city.read_text(encoding="utf-8")
    city.write_text(text.replace("[city]", '[city]\npacks = ["own.yaml"]'), encoding="utf-8")
    (city.parent / "own.yaml").write_text(OWN, encoding="utf-8")
    (city.parent / "packs").mkdir()
    return city


def test_show_lays_a_citys_values_beside_the_standards(lifecircle, own_city, own_pack):
    (own_city.parent / "packs" / "local.yaml").write_text(LOCAL, encoding="utf-8")
    plain = lifecircle.run("standards", "show", own_pack)
    assert "12分钟" not in plain.out
    shown = lifecircle.run("standards", "show", own_pack, "--city", own_city)
    assert (shown.code, shown.err) == (0, "")
    assert "限值：12分钟（本地取值）" in shown.out
    assert "限值：10分钟（标准原值）" in shown.out
    assert "本市通知" in shown.out
    described = lifecircle.run("standards", "show", own_pack, "--city", own_city, "--json")
    limit = strict_json(described.out)["rules"][0]["values"]["limit"]
    assert (limit["value"], limit["original"]["value"]) == (12, 10)


def test_what_cannot_be_shown_is_one_line(lifecircle, own_city, own_pack):
    unknown = lifecircle.run("standards", "show", "of-nowhere")
    assert unknown.code == 1
    assert "baoji-four-types" in unknown.error
    foreign = lifecircle.run("standards", "show", "baoji-four-types", "--city", own_city)
    assert foreign.code == 1
    assert "does not use the pack baoji-four-types; it uses own" in foreign.error
    own_pack.write_text(OWN.replace("unit: min", "unit: hours"), encoding="utf-8")
    wrong = lifecircle.run("standards", "show", own_pack)
    assert wrong.code == 1
    assert f"{own_pack}:15: " in wrong.error
    (own_city.parent / "packs" / "local.yaml").write_text(
        LOCAL.replace("own.shop", "own.sho"), encoding="utf-8"
    )
    own_pack.write_text(OWN, encoding="utf-8")
    wrong = lifecircle.run("standards", "show", own_pack, "--city", own_city)
    assert wrong.code == 1
    assert "local.yaml:6: no rule 'own.sho'" in wrong.error
    assert "own.shop" in wrong.error
    mistyped = lifecircle.run("standards", "show", own_pack, "--lang", "fr")
    assert mistyped.code == 2


def test_explain_tells_a_verdict_of_a_run(lifecircle, finished):
    told = lifecircle.run("standards", "explain", "东风社区", "bj.reach.shop", "--run", finished)
    assert (told.code, told.err) == (0, "")
    for words in ("东风社区（610302001）", "15分钟", "baoji-four-types", "city.osm", "Verdict"):
        assert words in told.out
    chinese = lifecircle.run(
        "standards",
        "explain",
        "610302001",
        "bj.kindergarten.1500",
        "--run",
        finished,
        "--lang",
        "zh",
    )
    assert "结论（社区范围内）" in chinese.out
    assert "Verdict" not in chinese.out
    as_json = lifecircle.run(
        "standards", "explain", "610302001", "bj.kindergarten.1500", "--run", finished, "--json"
    )
    answer = strict_json(as_json.out)
    assert [one["rule"] for one in answer["answers"]] == [
        f"bj.kindergarten.1500.{one}" for one in ("inside", "walk", "places")
    ]


def test_explain_says_what_it_does_not_know(lifecircle, finished, tmp_path):
    def explain(*words):
        outcome = lifecircle.run("standards", "explain", *words)
        assert (outcome.code, outcome.out) == (1, "")
        return outcome.error

    assert "东风社区" in explain("东方社区", "bj.reach.shop", "--run", finished)
    assert "bj.reach.shop" in explain("东风社区", "bj.reach.shops", "--run", finished)
    assert "holds no complete run" in explain("东风社区", "bj.reach.shop", "--run", tmp_path / "no")
