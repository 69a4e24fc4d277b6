"""Rule packs: what the shipped one says, and that nothing wrong is read in silence."""

import json
from dataclasses import FrozenInstanceError, fields
from datetime import date
from importlib.resources import files

import pytest

from layers.errors import InvalidPack, UnknownRule
from layers.kinds import read_kinds
from layers.standards.describe import describe_pack
from layers.standards.load import (
    find_rule,
    get_rule,
    list_packs,
    parse_pack,
    read_pack,
    read_packs,
)
from layers.standards.model import MODES, TESTS, CountProvided, ShareWithin

SMALL = """\
pack: small
title: {zh: 小标准, en: Small standard}
issuer: {zh: 某市, en: A city}
legal_force: {zh: 试行, en: trial}
published: 2024-01-01
documents:
  doc:
    title: {zh: 某文件, en: Some document}
    published: 2024-01-01
rules:
  - code: x.shop
    title: {zh: 购物, en: shops}
    test: share_within
    kind: shop
    force: shall
    since: 2024-01-01
    limit:
      value: 300
      unit: m
      source: {document: doc, clause: "3.1", status: secondary}
    share:
      value: 0.8
      unit: share
      source: {document: doc, status: unverified}
"""
KINDS = ("shop", "clinic")


def test_small_pack_is_read():
    pack = parse_pack(SMALL, "small.yaml", kinds=KINDS)
    (rule,) = pack.rules
    assert isinstance(rule.test, ShareWithin)
    assert (rule.test.limit.value, rule.test.limit.unit) == (300, "m")
    assert rule.test.limit.source.clause == "3.1"
    assert rule.test.limit.source.document.title.zh == "某文件"
    assert (rule.counter, rule.traveller, rule.inclusive, rule.until) == ("处", "", False, None)
    with pytest.raises(FrozenInstanceError):
        rule.code = "y"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("force: shall", "force: shall\n    colour: red", 16, ["unknown key 'colour'", "force"]),
        ("    kind: shop\n", "", 11, ["lacks 'kind'"]),
        ("kind: shop", "kind: shoop", 14, ["no facility kind 'shoop'"]),
        ("unit: m\n", "unit: km\n", 19, ["'km'", "one of m, min"]),
        ("unit: m\n", "unit: share\n", 19, ["'share'", "one of min, m"]),
        (", status: unverified", "", 24, ["lacks 'status'"]),
        ("status: unverified", "status: certain", 24, ["'certain'", "primary"]),
        ("status: unverified", "status: derived", 24, ["derived", "note"]),
        ("      source: {document: doc, status: unverified}\n", "", 22, ["lacks 'source'"]),
        ("document: doc, status", "document: other, status", 24, ["'other'", "doc"]),
        ("value: 0.8", "value: 80", 22, ["share lies between 0 and 1"]),
        ("value: 0.8", "value: .nan", 22, ["'.nan'", "a number"]),
        ("value: 0.8", "value: 0", 22, ["above 0"]),
        ("value: 300", "value: far", 18, ["'far'", "a number"]),
        ("value: 300", "value: -1", 18, ["above 0"]),
        ("value: 300", "value: true", 18, ["a number"]),
        ("value: 300", "value: [300]", 18, ["a number"]),
        ("test: share_within", "test: share_of", 13, ["'share_of'", "share_within"]),
        ("force: shall", "force: perhaps", 15, ["'perhaps'"]),
        ("force: shall", "force: shall\n    traveller: dog", 16, ["'dog'", "older"]),
        ("force: shall", "force: shall\n    inclusive: 1", 16, ["true or false"]),
        ("    since: 2024-01-01", "    since: soon", 16, ["'soon'", "date"]),
        ("    since: 2024-01-01", "    since: 2024-02-31", 16, ["2024-02-31", "date"]),
        ("force: shall", "force: shall\n    until: 2023-01-01", 16, ["before it begins"]),
        ("title: {zh: 购物, en: shops}", "title: {zh: 购物}", 12, ["lacks 'en'"]),
        ("title: {zh: 购物, en: shops}", "title: {zh: 购物, en: ''}", 12, ["empty"]),
        ("issuer: {zh: 某市, en: A city}\n", "", 1, ["lacks 'issuer'"]),
        ("pack: small\n", "pack: small\npack: again\n", 2, ["'pack' stands twice"]),
        ("  - code: x.shop\n    title", "  - title", 11, ["lacks 'code'"]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old, new, line, words):
    assert old in SMALL
    with pytest.raises(InvalidPack) as caught:
        parse_pack(SMALL.replace(old, new, 1), "small.yaml", kinds=KINDS)
    message = str(caught.value)
    assert message.startswith(f"small.yaml:{line}: ")
    for word in words:
        assert word in message


BY_BUS = """\
  - code: x.clinic
    title: {zh: 就医, en: clinics}
    test: count_provided
    mode: walk_transit
    kind: clinic
    force: shall
    since: 2024-01-01
    applies_to:
      households: {value: 1500, unit: households, source: {document: doc, status: primary}}
    count:
      value: 1
      unit: facilities
      source: {document: doc, status: primary}
    limit: {value: 30, unit: min, source: {document: doc, status: primary}}
    share: {value: 0.8, unit: share, source: {document: doc, status: primary}}
"""
JOURNEY = SMALL.replace("unit: m\n", "unit: min\n").replace(
    "test: share_within", "test: share_within\n    mode: walk_transit"
)


def test_rules_say_which_modes_count():
    """Walking unless said otherwise; the rows of a journey are named after it."""
    shop, clinic = parse_pack(JOURNEY + BY_BUS, "small.yaml", kinds=KINDS).rules
    assert parse_pack(SMALL, "small.yaml", kinds=KINDS).rules[0].mode == "walk"
    assert (shop.mode, clinic.mode) == ("walk_transit", "walk_transit")
    assert [code for code, _ in shop.list_answers()] == ["x.shop"]
    answers = dict(clinic.list_answers())
    assert list(answers) == ["x.clinic.inside", "x.clinic.walk_transit", "x.clinic.places"]
    assert not any("步行范围内" in answer.title.zh for answer in answers.values())
    described = describe_pack(parse_pack(JOURNEY + BY_BUS, "small.yaml", kinds=KINDS))
    assert [rule["mode"] for rule in described["rules"]] == [
        "walk_transit",
        "",
        "walk_transit",
        "walk_transit",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("mode: walk_transit\n    kind: shop", "mode: bus\n    kind: shop", 14, ["'bus'", "walk_transit"]),
        ("mode: walk_transit\n    kind: shop", "mode: [walk]\n    kind: shop", 14, ["mode", "text"]),
        ("unit: min\n", "unit: m\n", 20, ["'m'", "walk_transit", "must be min"]),
        ("      value: 1\n", "      value: 2\n", 36, ["count", "2", "must be 1"]),
    ],
)  # fmt: skip
def test_what_a_journey_cannot_be_asked_is_named_with_its_line(old, new, line, words):
    text = JOURNEY + BY_BUS
    assert text.count(old) == 1
    with pytest.raises(InvalidPack) as caught:
        parse_pack(text.replace(old, new), "small.yaml", kinds=KINDS)
    message = str(caught.value)
    assert message.startswith(f"small.yaml:{line}: ")
    for word in words:
        assert word in message


def test_walking_rules_may_ask_for_two():
    text = (SMALL + BY_BUS.replace("    mode: walk_transit\n", "")).replace(
        "      value: 1\n", "      value: 2\n"
    )
    _, clinic = parse_pack(text, "small.yaml", kinds=KINDS).rules
    assert isinstance(clinic.test, CountProvided)
    assert clinic.test.count.value == 2


def test_a_code_stands_once():
    rule = SMALL[SMALL.index("  - code") :]
    with pytest.raises(
        InvalidPack, match=r"small\.yaml:25: x\.shop stands twice, first at small\.yaml:11"
    ):
        parse_pack(SMALL + rule, "small.yaml", kinds=KINDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("- a\n", "must be a mapping"),
        ("pack: [", "not YAML"),
        ("pack: \x07", "not YAML"),
        (SMALL[: SMALL.index("rules:")] + "rules: []\n", "empty list"),
        (SMALL[: SMALL.index("rules:")] + "rules: {}\n", "a list"),
    ],
)
def test_not_a_pack(text, message):
    with pytest.raises(InvalidPack, match=message):
        parse_pack(text, "small.yaml", kinds=KINDS)


def test_whole_numbers_where_things_are_counted():
    text = files("layers.standards").joinpath("packs/baoji-four-types.yaml").read_text("utf-8")
    with pytest.raises(InvalidPack, match="whole number"):
        parse_pack(text.replace("value: 1500", "value: 1500.5"), "p.yaml")


def test_a_users_own_file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert read_pack(path, kinds=KINDS).code == "small"
    with pytest.raises(InvalidPack, match="cannot be read"):
        read_pack(tmp_path / "none.yaml", kinds=KINDS)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidPack, match="cannot be read"):
        read_pack(path, kinds=KINDS)


def test_unknown_pack_lists_those_there_are():
    with pytest.raises(UnknownRule, match="baoji-four-types"):
        read_pack("xian-five-types")


def test_packs_side_by_side_share_no_code():
    with pytest.raises(InvalidPack, match="baoji-four-types is named twice"):
        read_packs(["baoji-four-types", "baoji-four-types"])


def test_shipped_packs_are_named_like_their_files():
    names = [
        entry.name
        for entry in files("layers.standards").joinpath("packs").iterdir()
        if entry.name.endswith(".yaml")
    ]
    assert sorted(f"{pack.code}.yaml" for pack in list_packs()) == sorted(names)


def test_baoji_says_what_the_city_says():
    """Figures of the survey report: 1500 and 3000 households, 15 minutes; shares are ours."""
    packs = read_packs(["baoji-four-types"])
    kindergarten = get_rule(packs, "bj.kindergarten.1500")
    primary = get_rule(packs, "bj.primary.3000")
    for rule, households, kind in (
        (kindergarten, 1500, "kindergarten"),
        (primary, 3000, "primary_school"),
    ):
        test = rule.test
        assert isinstance(test, CountProvided)
        threshold = rule.applies.households
        assert (threshold.value, test.count.value, test.limit.value) == (households, 1, 15)
        assert (rule.kind, rule.force, rule.since) == (kind, "strive", date(2024, 8, 11))
        assert threshold.source.status == "primary"
        assert threshold.source.clause == ""
        assert test.share.source.status == "derived"
    assert kindergarten.inclusive
    assert not primary.inclusive
    kinds = ("shop", "clinic", "primary_school", "kindergarten", "government")
    for kind in kinds:
        rule = get_rule(packs, f"bj.reach.{kind}")
        assert isinstance(rule.test, ShareWithin)
        assert rule.kind == kind
        assert (rule.test.limit.value, rule.test.limit.unit) == (15.0, "min")
        assert rule.test.share.source.status == "derived"


def test_travellers_agree_with_the_kinds():
    """A rule that walks at another pace than its kind would disagree with the coverage table."""
    kinds = read_kinds()
    for pack in list_packs():
        for rule in pack.rules:
            if rule.kind:
                assert rule.traveller in {"", kinds[rule.kind].traveller}, rule.code


def test_find_takes_the_code_of_an_answer():
    packs = read_packs(["baoji-four-types"])
    rule = find_rule(packs, "bj.primary.3000.walk")
    assert rule is find_rule(packs, "bj.primary.3000")
    assert find_rule(packs, "bj.primary") is None
    with pytest.raises(UnknownRule, match=r"bj\.primary"):
        get_rule(packs, "bj.primary")


def test_in_force_includes_both_days():
    text = SMALL.replace("force: shall", "force: shall\n    until: 2024-12-31")
    (rule,) = parse_pack(text, "small.yaml", kinds=KINDS).rules
    days = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1)]
    assert [rule.in_force(day) for day in days] == [False, True, True, False]


def test_description_is_json_with_one_entry_per_answer():
    """Three answers of a count; the walk rests on a derived share, what lies inside does not."""
    described = describe_pack(read_pack("baoji-four-types"))
    assert json.loads(json.dumps(described)) == described
    rules = {rule["code"]: rule for rule in described["rules"]}
    answers = [rule["code"] for rule in described["rules"] if rule["rule"] == "bj.primary.3000"]
    assert answers == [f"bj.primary.3000.{answer}" for answer in ("inside", "walk", "places")]
    inside, walk = (rules[f"bj.primary.3000.{answer}"] for answer in ("inside", "walk"))
    assert (inside["mode"], inside["limit"], inside["source"]["status"]) == ("", None, "primary")
    assert (walk["mode"], walk["limit"], walk["limit_unit"]) == ("walk", 15, "min")
    assert (walk["test"], walk["unit"]) == ("count_provided", "community")
    assert walk["applies"] == {"unit": "community", "households": 3000.0, "population": None}
    assert walk["source"]["status"] == "derived"
    assert walk["values"]["share"]["source"]["note_zh"]
    assert walk["values"]["share"]["original"] is None
    assert all(rule["source"]["document"] for rule in rules.values())


def test_every_test_is_described_completely():
    """The YAML keys of a test are the fields of its class, and its answers rest on those."""
    for spec in TESTS.values():
        names = [field.name for field in fields(spec.build)]
        assert sorted([*spec.units, *spec.parts]) == sorted(names)
        assert spec.optional <= set(names)
        assert set(spec.build.answers) == set(MODES)
        for answers in spec.build.answers.values():
            assert len({answer.suffix for answer in answers}) == len(answers)
            for answer in answers:
                assert answer.leads in spec.units
                assert set(answer.leaves_out) <= set(spec.units)
