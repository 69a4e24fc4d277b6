"""Whatever is wrong in a pack is one line: file, line, what it is, what to write instead."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import InvalidPack
from layers.standards.load import parse_pack, read_packs
from layers.standards.model import (
    AmountPer,
    AttributeAtLeast,
    CommunitiesShare,
    GroupsWithin,
    Missing,
    ShareWithin,
)

KINDS = ("shop", "mall", "clinic", "health_centre", "sports")
ATTRIBUTES = {
    "service_space_m2": "m2",
    "green_share": "share",
    "workers": "workers",
    "children_primary": "people",
}
HEAD = """\
pack: {pack}
title: {{zh: 标准, en: Standard}}
issuer: {{zh: 某市, en: A city}}
legal_force: {{zh: 试行, en: trial}}
published: 2024-01-01
documents:
  doc: {{title: {{zh: 某文件, en: A document}}, address: example.org/doc}}
rules:
"""
SOURCE = "source: {document: doc, status: primary}"


def value(number, unit):
    return f"{{value: {number}, unit: {unit}, {SOURCE}}}"


def rule(code, test, *lines):
    head = f"- code: {code}\n  title: {{zh: 规则, en: rule}}\n  test: {test}\n  force: shall\n  since: 2024-01-01\n"
    return head + "".join(f"  {line}\n" for line in lines)


def write_pack(*rules, cards="", pack="p"):
    body = "".join(rules) + (f"cards:\n{cards}" if cards else "")
    return HEAD.format(pack=pack) + body


def parse(*rules, cards="", pack="p"):
    text = write_pack(*rules, cards=cards, pack=pack)
    return parse_pack(text, "p.yaml", kinds=KINDS, attributes=ATTRIBUTES), text


LIMIT, SHARE = f"limit: {value(500, 'm')}", f"share: {value(0.8, 'share')}"
SHOP = rule("x.shop", "share_within", "kind: shop", LIMIT, SHARE)
SPACE = rule(
    "x.space",
    "amount_per",
    "measure: {attribute: service_space_m2}",
    f"amount: {value(30, 'm2')}",
    f"per: {value(100, 'households')}",
)
GREEN = rule(
    "x.green", "attribute_at_least", "attribute: green_share", f"least: {value(0.3, 'share')}"
)
GROUPS = rule(
    "x.groups",
    "groups_within",
    "groups:",
    "  - {title: {zh: 购物, en: shops}, kinds: [shop, mall]}",
    "  - {title: {zh: 就医, en: care}, kinds: [clinic]}",
    f"count: {value(2, 'groups')}",
    LIMIT,
    SHARE,
)
MISSING = rule(
    "x.missing",
    "missing",
    "kind: clinic",
    "measure: {summed: facilities}",
    f"needed: {value(1, 'facilities')}",
    "applies_to: {unit: district}",
)
INSIDE = rule("x.inside", "count_inside", "kind: clinic", f"count: {value(1, 'facilities')}")
TARGET = rule(
    "x.target",
    "communities_share",
    "of: x.type",
    SHARE,
    "applies_to: {unit: city}",
)
CARD = "- {code: x.type, about: type, title: {zh: 型, en: type}, rules: [x.shop, x.inside]}\n"


def stand_in(code, *others):
    line = f"substituted_by: {{rules: [{', '.join(others)}], {SOURCE}}}"
    return rule(code, "share_within", "kind: clinic", LIMIT, SHARE, line)


def test_every_test_is_read():
    pack, _ = parse(
        rule(
            "x.park",
            "share_within",
            "kind: clinic",
            LIMIT,
            SHARE,
            "basis: land",
            "alternatives:",
            f"  - {{kind: sports, limit: {value(1000, 'm')}, minimum: {{land_area_m2: {value(800, 'm2')}}}}}",
            f"minimum: {{floor_area_m2: {value(120, 'm2')}}}",
            f"applies_to: {{population: {value(5000, 'people')}}}",
        ),
        SHOP,
        SPACE,
        GREEN,
        GROUPS,
        MISSING,
        INSIDE,
        TARGET,
        cards=CARD
        + "- {code: x.level, about: level, title: {zh: 级, en: level}, includes: [x.type]}\n",
    )
    park, _, space, green, groups, missing, inside, target = pack.rules
    assert isinstance(park.test, ShareWithin)
    assert park.test.basis == "land"
    assert [name for name, _ in park.list_values()] == [
        "population",
        "limit",
        "share",
        "minimum.floor_area_m2",
        "alternatives.1.limit",
        "alternatives.1.minimum.land_area_m2",
    ]
    assert isinstance(space.test, AmountPer)
    assert (space.kind, space.test.measure.attribute) == ("", "service_space_m2")
    assert isinstance(green.test, AttributeAtLeast)
    assert isinstance(groups.test, GroupsWithin)
    assert [group.kinds for group in groups.test.groups] == [("shop", "mall"), ("clinic",)]
    assert isinstance(missing.test, Missing)
    assert (missing.test.measure.summed, missing.applies.unit) == ("facilities", "district")
    assert inside.applies.unit == "community"
    assert isinstance(target.test, CommunitiesShare)
    assert pack.list_card_answers(pack.cards[1]) == ("x.shop", "x.inside")
    assert (pack.documents[0].published, pack.documents[0].address) == (None, "example.org/doc")


def test_nothing_may_be_asked_for_where_something_is_missing():
    """Zero is a demand of its own in `needed`, and nowhere else."""
    none = rule(
        "x.none",
        "missing",
        "measure: {attribute: workers}",
        f"needed: {value(0, 'workers')}",
    )
    pack, _ = parse(none)
    assert pack.rules[0].test.needed.value == 0
    with pytest.raises(InvalidPack, match=r"p\.yaml:15: limit of rule x\.shop is 0; .* above 0"):
        parse(SHOP.replace("value: 500", "value: 0"))


@pytest.mark.parametrize(
    ("base", "old", "new", "marked", "words"),
    [
        # what is not there, or not known
        (SHOP, "kind: shop", "kind: shop\n  colour: red", "colour", ["unknown key 'colour'"]),
        (SHOP, "  limit", "  limitt", "limitt", ["'limitt'", "did you mean 'limit'"]),
        (SHOP, "kind: shop", "kind: shoop", "shoop", ["no facility kind 'shoop'", "shop"]),
        (SHOP, "  kind: shop\n", "", "x.shop", ["lacks 'kind'", "add"]),
        (SHOP, f", {SOURCE}}}\n  share", "}\n  share", "limit:", ["lacks 'source'", "status:"]),
        (SHOP, "status: primary", "status: sure", "limit:", ["'sure'", "primary"]),
        (SHOP, "code: x.shop", "code: x shop", "x shop", ["'x shop'", "letters"]),
        (SHOP, "500", "5 00", "limit:", ["'5 00'", "number"]),
        (SHOP, "500", "1:30", "limit:", ["number"]),
        (SHOP, "kind: shop", "<<: {kind: shop}", "<<", ["'<<'", "write its keys out"]),
        (SHOP, "0.8", "80", "share:", ["between 0 and 1", "0.8 for 80 %"]),
        (SHOP, "force", "basis: people\n  force", "basis", ["households", "land"]),
        # units
        (SPACE, "unit: m2", "unit: households", "amount:", ["'households'", "'m2'", "write unit: m2"]),
        (SPACE, "100, unit: households", "100, unit: m2", "per:", ["'m2'", "households"]),
        (SPACE, "100, unit", "100.5, unit", "per:", ["whole number"]),
        (GREEN, "unit: share", "unit: m2", "least:", ["'m2'", "attribute green_share", "share"]),
        (MISSING, "1, unit: facilities", "1, unit: m2", "needed:", ["summed facilities", "facilities"]),
        # what is measured
        (SPACE, "attribute: service_space_m2", "attribute: servic_space", "measure", ["no attribute", "service_space_m2"]),
        (SPACE, "{attribute: service_space_m2}", "{}", "measure", ["neither", "name one"]),
        (SPACE, "service_space_m2}", "service_space_m2, summed: facilities}", "measure", ["both"]),
        (SPACE, "{attribute: service_space_m2}", "{summed: floor_area_m2}", "x.space", ["lacks 'kind'"]),
        (SPACE, "  measure", "  kind: shop\n  measure", "kind: shop", ["no single facility kind", "take 'kind' out"]),
        (SPACE, "  measure", "  inclusive: true\n  measure", "inclusive", ["take 'inclusive' out"]),
        (GREEN, "  attribute", "  kind: shop\n  attribute", "kind", ["take 'kind' out"]),
        (SPACE.replace("30, unit: m2", "0.3, unit: share"), "service_space_m2", "green_share", "measure", ["is a share", "attribute_at_least"]),
        (SPACE, "  measure", "  mode: walk_transit\n  measure", "mode", ["nobody travels", "take 'mode' out"]),
        (MISSING, "  kind", f"  per: {value(100, 'people')}\n  needed_attribute: children_primary\n  kind", "needed_attribute", ["both 'per'", "keep one"]),
        (MISSING, "  kind", "  needed_attribute: green_share\n  kind", "needed_attribute", ["is a share"]),
        # groups
        (GROUPS, "2, unit: groups", "3, unit: groups", "count:", ["lists 2 groups"]),
        (GROUPS, "2, unit: groups", "2, unit: facilities", "count:", ["groups"]),
        (GROUPS, "kinds: [clinic]", "kinds: []", "[]", ["empty list"]),
        (GROUPS, "kinds: [clinic]", "kinds: [clinic, clinic]", "clinic, clinic", ["stands twice"]),
        (GROUPS, "{zh: 就医, en: care}", "{zh: 购物, en: shops}", "kinds: [clinic]", ["stands twice"]),
        (GROUPS, "kinds: [clinic]", "kinds: [clinik]", "clinik", ["'clinik'", "clinic"]),
        # who it applies to
        (INSIDE, "  kind", "  applies_to: {unit: village}\n  kind", "village", ["community"]),
        (INSIDE, "  kind", "  applies_to: {unit: cluster}\n  kind", "cluster", ["add from which number"]),
        (INSIDE, "  kind", f"  applies_to: {{households: {value(1500, 'people')}}}\n  kind", "1500", ["households"]),
        (INSIDE, "  kind", f"  applies_to: {{households: {value(0, 'households')}}}\n  kind", "value: 0", ["above 0"]),
        (SHOP, "  kind", "  applies_to: {unit: district}\n  kind", "district", ["share_within", "community"]),
        (GREEN, "  attribute", "  applies_to: {unit: city}\n  attribute", "city", ["attribute_at_least"]),
        (TARGET, "city", "community", "community}", ["district, city"]),
        (TARGET, "  applies_to: {unit: city}\n", "", "x.target", ["lacks 'applies_to'", "district | city"]),
        # sizes
        (SHOP, "  kind", f"  minimum: {{height_m: {value(3, 'm')}}}\n  kind", "height_m", ["unknown key", "floor_area_m2"]),
        (SHOP, "  kind", "  minimum: {}\n  kind", "minimum", ["names no size"]),
        (SHOP, "  kind", f"  minimum: {{classes: {value(6, 'places')}}}\n  kind", "classes", ["classes"]),
        (SHOP, "  kind", f"  minimum: {{classes: {value(6.5, 'classes')}}}\n  kind", "classes", ["whole"]),
        (SHOP, "  kind", "  alternatives: [{kind: mall}]\n  kind", "alternatives", ["lacks 'limit'"]),
        (SHOP.replace("500, unit: m", "15, unit: min"), "  kind", f"  mode: walk_transit\n  alternatives: [{{kind: mall, limit: {value(5, 'm')}}}]\n  kind", "alternatives", ["must be min"]),
        # what it points at
        (TARGET, "of: x.type", "of: x.typ", "x.typ", ["no card 'x.typ'", "x.type"]),
        (stand_in("x.a", "x.shop"), "[x.shop]", "[x.shopp]", "x.shopp", ["no rule 'x.shopp'", "x.shop"]),
        (stand_in("x.a", "x.shop"), "[x.shop]", "[x.shop, x.shop]", "x.shop, x", ["stands twice"]),
        (stand_in("x.a", "x.shop"), "[x.shop]", "[]", "[]", ["empty list"]),
        (stand_in("x.a", "x.shop"), "[x.shop]", "[x.target]", "x.target]", ["cannot stand in", "community"]),
        (stand_in("x.a", "x.shop"), f", {SOURCE}}}\n", "}\n", "limit", ["lacks 'source'"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(base, old, new, marked, words):
    """`marked` stands in the line the message names."""
    assert old in base
    others = [one for one in (SHOP, INSIDE, TARGET) if one != base]
    text = write_pack(base.replace(old, new, 1), *others, cards=CARD)
    with pytest.raises(InvalidPack) as caught:
        parse_pack(text, "p.yaml", kinds=KINDS, attributes=ATTRIBUTES)
    message = str(caught.value)
    place = re.match(r"p\.yaml:(\d+): ", message)
    assert place, message
    assert marked in text.splitlines()[int(place[1]) - 1], message
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("cards", "marked", "words"),
    [
        ("- {code: c, about: hat, title: {zh: 卡, en: card}, rules: [x.shop]}", "hat", ["circle"]),
        ("- {code: c, about: set, title: {zh: 卡, en: card}}", "c,", ["gathers nothing", "add"]),
        ("- {code: c, about: set, title: {zh: 卡, en: card}, rules: [x.nope]}", "x.nope", ["no rule 'x.nope'"]),
        ("- {code: c, about: set, title: {zh: 卡, en: card}, rules: [x.missing]}", "x.missing", ["whole district"]),
        ("- {code: c, about: set, title: {zh: 卡, en: card}, includes: [d]}", "d]", ["'d'", "no card"]),
        ("- {code: c, about: set, title: {zh: 卡, en: card}, includes: [c]}", "[c]", ["c → c", "take one"]),
        ("- {code: x.shop, about: set, title: {zh: 卡, en: card}, rules: [x.shop]}", "set", ["rule x.shop at p.yaml:9", "another"]),
        ("- {code: c, about: set, title: {zh: 卡, en: card}, rules: [x.shop]}\n" * 2, "c,", ["stands twice"]),
    ],
)  # fmt: skip
def test_cards_that_cannot_be(cards, marked, words):
    text = write_pack(SHOP, MISSING, cards=cards)
    with pytest.raises(InvalidPack) as caught:
        parse_pack(text, "p.yaml", kinds=KINDS, attributes=ATTRIBUTES)
    message = str(caught.value)
    line = int(message.split(":")[1])
    assert marked in text.splitlines()[line - 1]
    for word in words:
        assert word in message


def test_cards_in_a_circle():
    cards = "".join(
        f"- {{code: {one}, about: level, title: {{zh: 级, en: level}}, includes: [{other}]}}\n"
        for one, other in (("a", "b"), ("b", "c"), ("c", "b"))
    )
    with pytest.raises(InvalidPack, match=r"p\.yaml:19: cards include each other: b → c → b; take"):
        parse(SHOP, cards=cards)


def test_an_answer_has_its_own_code():
    """`x.k` is judged in rows `x.k.inside`, …: no other rule may be called so."""
    count = rule(
        "x.k",
        "count_provided",
        "kind: clinic",
        f"count: {value(1, 'facilities')}",
        LIMIT,
        SHARE,
    )
    other = INSIDE.replace("x.inside", "x.k.inside")
    with pytest.raises(
        InvalidPack, match=r"rule x\.k\.inside has the code of rule x\.k at p\.yaml"
    ):
        parse(count, other)


@pytest.fixture
def write(tmp_path):
    def write_file(name, *rules, cards=""):
        path = tmp_path / f"{name}.yaml"
        path.write_text(write_pack(*rules, cards=cards, pack=name), encoding="utf-8")
        return path

    return write_file


def read(*paths):
    return read_packs(paths, kinds=KINDS, attributes=ATTRIBUTES)


def test_two_packs_share_no_code(write):
    one, other = write("one", SHOP), write("other", INSIDE, SHOP)
    with pytest.raises(InvalidPack) as caught:
        read(one, other)
    assert str(caught.value) == (
        f"{other}:16: rule x.shop has the code of rule x.shop at {one}:9 (packs one and other); "
        "give it another, or take it out"
    )


def test_a_card_and_a_rule_of_another_pack_share_no_code(write):
    card = "- {code: x.shop, about: set, title: {zh: 卡, en: card}, rules: [x.inside]}\n"
    with pytest.raises(InvalidPack, match=r"card x\.shop has the code of rule x\.shop"):
        read(write("one", SHOP), write("other", INSIDE, cards=card))


def test_rules_stand_in_across_packs_but_not_in_a_circle(write):
    one, other = write("one", stand_in("x.a", "y.b")), write("other", stand_in("y.b", "y.c"), SHOP)
    with pytest.raises(
        InvalidPack, match=rf"{re.escape(str(one))}:17: .*no rule 'y\.b'.*add the pack"
    ):
        read(one)
    third = write("third", stand_in("y.c", "x.shop"))
    packs = read(one, other, third)
    assert packs[0].rules[0].substituted_by.rules == ("y.b",)
    circle = write("third", stand_in("y.c", "x.a"))
    with pytest.raises(InvalidPack, match=r"one\.yaml:17: .* x\.a → y\.b → y\.c → x\.a; take one"):
        read(one, other, circle)


def test_a_rule_does_not_stand_in_for_itself():
    with pytest.raises(InvalidPack, match=r"p\.yaml:17: rules stand in .* x\.a → x\.a"):
        parse(stand_in("x.a", "x.a"))


@pytest.mark.parametrize(
    "text", ["[" * 3000, "a: " + "{b: " * 3000, "a: *b", "a: &a [*a]", "!!int x"]
)
def test_strange_yaml_is_one_line(text):
    with pytest.raises(InvalidPack, match=r"\Ap\.yaml:\d+: [^\n]+\Z"):
        parse_pack(text, "p.yaml", kinds=KINDS, attributes=ATTRIBUTES)


def test_a_file_without_end_is_refused(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_text("# " + "x" * 5_000_000, encoding="utf-8")
    with pytest.raises(InvalidPack, match="MB"):
        read(path)


GOOD = write_pack(SHOP, SPACE, GREEN, GROUPS, MISSING, INSIDE, TARGET, cards=CARD)
WORDS = ("x.shop", "m2", "[", "]", "{", "}", ": ", "\n", "- ", "&a ", "*a", "!!int ", "2024-13-01", "-1", "0x1", ".inf", "<<", "~", "'", '"', "|", "%", "\x00", "\x85", "\ud83d")  # fmt: skip


ONE_LINE = r"|p\.yaml:[1-9]\d*: [^\n]+"


def find_problem(text):
    """Return what is said of a pack, nothing where it is read."""
    try:
        parse_pack(text, "p.yaml", kinds=KINDS, attributes=ATTRIBUTES)
    except InvalidPack as problem:
        return str(problem)
    return ""


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GOOD)),
            st.integers(0, 30),
            st.one_of(st.sampled_from(WORDS), st.text(max_size=5)),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_spoilt_packs_are_read_or_refused(changes):
    """Anywhere, something cut out and something put in: a pack, or one line with file and line."""
    text = GOOD
    for at, size, new in changes:
        text = text[:at] + new + text[at + size :]
    assert re.fullmatch(ONE_LINE, find_problem(text))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["rules", "documents", "cards", "notes", "title"]), TREES)
def test_garbage_under_a_key_is_refused_with_its_line(key, tree):
    document = yaml.safe_load(GOOD)
    document[key] = tree
    text = yaml.safe_dump(document, allow_unicode=True)
    assert re.fullmatch(ONE_LINE, find_problem(text))
