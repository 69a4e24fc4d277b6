"""A city's own values: they stand in for the standard's, which stays beside them."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import InvalidPack
from layers.standards.describe import describe_pack
from layers.standards.load import parse_pack, read_packs
from layers.standards.overlay import apply_overlay, parse_overlay, read_overlay

KINDS = ("shop", "sports", "clinic")
PACK = """\
pack: p
title: {zh: 标准, en: Standard}
issuer: {zh: 部, en: A ministry}
legal_force: {zh: 强制, en: mandatory}
published: 2018-12-01
documents:
  doc: {title: {zh: 某文件, en: A document}}
rules:
- code: x.shop
  title: {zh: 购物, en: shops}
  test: share_within
  kind: shop
  force: shall
  since: 2018-12-01
  limit: {value: 500, unit: m, source: &source {document: doc, clause: "4.0.1", status: primary}}
  share: {value: 0.9, unit: share, source: *source}
  applies_to: {population: {value: 5000, unit: people, source: *source}}
  minimum: {floor_area_m2: {value: 300, unit: m2, source: *source}}
  alternatives:
  - {kind: sports, limit: {value: 1000, unit: m, source: *source}, minimum: {land_area_m2: {value: 800, unit: m2, source: *source}}}
- code: x.count
  title: {zh: 就医, en: care}
  test: count_provided
  kind: clinic
  force: shall
  since: 2018-12-01
  mode: walk_transit
  applies_to: {households: {value: 1500, unit: households, source: *source}}
  count: {value: 1, unit: facilities, source: *source}
  limit: {value: 15, unit: min, source: *source}
  share: {value: 1, unit: share, source: *source}
"""
LOCAL = """\
overlay: 本市取值
title: {zh: 本市取值, en: Local values}
issuer: {zh: 某市, en: A city}
published: 2025-03-01
documents:
  notice: {title: {zh: 某市通知, en: A notice of the city}, published: 2025-03-01}
rules:
- code: x.shop
  limit: {value: 400, unit: m, source: &own {document: notice, status: secondary}}
  population: {value: 3000, unit: people, source: *own}
  minimum.floor_area_m2: {value: 200, unit: m2, source: *own}
  alternatives.1.limit: {value: 800, unit: m, source: *own}
  alternatives.1.minimum.land_area_m2: {value: 600, unit: m2, source: *own}
- code: x.count
  since: 2025-03-01
  until: 2030-12-31
"""


PARSED = parse_pack(PACK, "p.yaml", kinds=KINDS)


@pytest.fixture
def packs():
    return (PARSED,)


def overlay(text=LOCAL, file="local.yaml"):
    return parse_overlay(text, file)


def test_every_figure_can_be_replaced(packs):
    (pack,) = apply_overlay(packs, overlay())
    values = dict(pack.rules[0].list_values())
    assert {name: (one.value, one.original and one.original.value) for name, one in values.items()} == {
        "population": (3000, 5000),
        "limit": (400, 500),
        "share": (0.9, None),
        "minimum.floor_area_m2": (200, 300),
        "alternatives.1.limit": (800, 1000),
        "alternatives.1.minimum.land_area_m2": (600, 800),
    }  # fmt: skip
    limit = values["limit"]
    assert (limit.source.document.title.zh, limit.source.status) == ("某市通知", "secondary")
    assert (limit.original.source.clause, limit.original.unit) == ("4.0.1", "m")
    ((_, answer),) = pack.rules[0].list_answers()
    assert pack.rules[0].is_overlaid(answer)
    assert pack.rules[0].answer_status(answer) == "secondary"
    assert "本市取值（某市，2025-03-01）" in pack.notes[-1].zh
    assert packs[0].notes == ()  # the pack handed in is as it was


def test_dates_move_and_the_standards_own_stay(packs):
    (pack,) = apply_overlay(packs, overlay())
    count = pack.rules[1]
    assert (count.since, count.until) == (date(2025, 3, 1), date(2030, 12, 31))
    assert count.original_dates == (date(2018, 12, 1), None)
    assert all(count.is_overlaid(answer) for _, answer in count.list_answers())


def test_a_second_overlay_keeps_the_first_original(packs):
    text = LOCAL.replace("value: 400", "value: 350").replace(
        "since: 2025-03-01", "since: 2026-01-01"
    )
    (pack,) = apply_overlay(apply_overlay(packs, overlay()), overlay(text))
    limit = pack.rules[0].test.limit
    assert (limit.value, limit.original.value, limit.original.original) == (350, 500, None)
    assert pack.rules[1].original_dates == (date(2018, 12, 1), None)


def test_only_answers_that_rest_on_the_figure_are_overlaid(packs):
    text = LOCAL[: LOCAL.index("- code: x.count")] + (
        "- {code: x.count, limit: {value: 20, unit: min, source: *own}}\n"
    )
    (pack,) = apply_overlay(packs, overlay(text))
    described = {rule["code"]: rule for rule in describe_pack(pack)["rules"]}
    assert {code: rule["overlaid"] for code, rule in described.items()} == {
        "x.shop": True,
        "x.count.inside": False,
        "x.count.walk_transit": True,
        "x.count.places": True,
    }
    limit = described["x.count.places"]["values"]["limit"]
    assert (limit["value"], limit["original"]["value"]) == (20, 15)
    assert limit["original"]["source"]["document_en"] == "A document"


def test_packs_are_read_with_their_overlays(tmp_path):
    pack, local = tmp_path / "p.yaml", tmp_path / "local.yaml"
    pack.write_text(PACK, encoding="utf-8")
    local.write_text(LOCAL, encoding="utf-8")
    (read,) = read_packs([pack], kinds=KINDS, overlays=[local])
    assert read.rules[0].test.limit.value == 400
    assert read_overlay(local).title.en == "Local values"
    with pytest.raises(
        InvalidPack, match=r"nowhere\.yaml: the overlay cannot be read: there is no"
    ):
        read_packs([pack], kinds=KINDS, overlays=[tmp_path / "nowhere.yaml"])


def test_packs_an_overlay_does_not_touch_say_nothing(packs):
    other = parse_pack(
        PACK.replace("x.", "y.").replace("pack: p", "pack: q"), "q.yaml", kinds=KINDS
    )
    touched, untouched = apply_overlay((*packs, other), overlay())
    assert len(touched.notes) == 1
    assert untouched == other


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("code: x.shop", "code: x.shoe", 8, ["no rule 'x.shoe'", "x.shop", "add its pack"]),
        ("  limit:", "  limitt:", 9, ["no figure 'limitt'", "limit"]),
        ("  limit:", "  households:", 9, ["no figure 'households'"]),
        ("400, unit: m", "6, unit: min", 9, ["'min'", "'m'", "number alone"]),
        ("value: 400", "value: 0", 9, ["above 0"]),
        ("value: 400", "value: -5", 9, ["above 0"]),
        ("value: 3000", "value: 3000.5", 10, ["whole number"]),
        ("  population: {value: 3000, unit: people", "  share: {value: 95, unit: share", 10, ["0 and 1"]),
        (", status: secondary", "", 9, ["lacks 'status'"]),
        ("document: notice", "document: doc", 9, ["'doc'", "notice"]),
        ("since: 2025-03-01", "since: 2031-01-01", 16, ["before it begins"]),
        ("  since: 2025-03-01\n  until: 2030-12-31\n", "", 14, ["changes nothing"]),
        ("- code: x.count\n", "- code: x.shop\n", 14, ["stands twice", "together"]),
        ("- code: x.count\n  since", "- since", 14, ["lacks 'code'"]),
        ("issuer: {zh: 某市, en: A city}\n", "", 1, ["lacks 'issuer'"]),
        ("overlay: 本市取值\n", "overlay: 本市取值\npack: p\n", 2, ["unknown key 'pack'"]),
        ("since: 2025-03-01", "count: {value: 2, unit: facilities, source: *own}", 15, ["must be 1", "nearest"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(packs, old, new, line, words):
    assert old in LOCAL
    with pytest.raises(InvalidPack) as caught:
        apply_overlay(packs, overlay(LOCAL.replace(old, new, 1)))
    message = str(caught.value)
    assert message.startswith(f"local.yaml:{line}: ")
    for word in words:
        assert word in message


def test_groups_cannot_be_more_than_listed():
    text = PACK[: PACK.index("- code: x.shop")] + (
        "- code: x.groups\n"
        "  title: {zh: 业态, en: formats}\n"
        "  test: groups_within\n"
        "  force: should\n"
        "  since: 2021-07-20\n"
        "  groups: [{title: {zh: 购物, en: shops}, kinds: [shop]}, {title: {zh: 就医, en: care}, kinds: [clinic]}]\n"
        "  count: {value: 1, unit: groups, source: &s {document: doc, status: primary}}\n"
        "  limit: {value: 15, unit: min, source: *s}\n"
        "  share: {value: 1, unit: share, source: *s}\n"
    )
    packs = (parse_pack(text, "p.yaml", kinds=KINDS),)
    local = LOCAL[: LOCAL.index("- code: x.shop")] + (
        "- {code: x.groups, count: {value: NUMBER, unit: groups, source: {document: notice, status: primary}}}\n"
    )
    (pack,) = apply_overlay(packs, overlay(local.replace("NUMBER", "2")))
    assert pack.rules[0].test.count.value == 2
    with pytest.raises(InvalidPack, match=r"local\.yaml:8: .* lists 2 groups"):
        apply_overlay(packs, overlay(local.replace("NUMBER", "3")))


@given(
    st.integers(0, len(LOCAL)),
    st.integers(0, 40),
    st.one_of(
        st.sampled_from(["[", "{", ": ", "\n- ", "*own", "&own", "<<", "\x00"]), st.text(max_size=4)
    ),
)
def test_a_spoilt_overlay_is_applied_or_refused(at, size, new):
    text = LOCAL[:at] + new + LOCAL[at + size :]
    try:
        apply_overlay((PARSED,), overlay(text))
    except InvalidPack as problem:
        said = str(problem)
    else:
        said = "local.yaml:1: fine"
    assert re.fullmatch(r"local\.yaml:[1-9]\d*: [^\n]+", said)
