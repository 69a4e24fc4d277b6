"""Cards of communities: counts, the worst gap, what settles the rest, and the size check."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.standards.model import ShareWithin

STATUSES = ("met", "gap", "unknown", "not_applicable")


def counts(row):
    return tuple(row[name] for name in STATUSES)


def test_a_card_counts_its_answers(town):
    """Two met, one gap, one unknown: a gap; the unknown is counted, not hidden."""
    town.community("A", 1000)
    for rule in "wxyz":
        town.rule(rule)
    town.card("c", "w", "x", "y", "z")
    town.verdict("A", "w", "met")
    town.verdict("A", "x", "met")
    town.verdict("A", "y", "gap", found=0.4, shortfall=0.6, households_affected=600.0)
    town.verdict("A", "z", "unknown", settled_by="communities.households")
    card = town.find_card("A", "c")
    assert counts(card) == (2, 1, 1, 0)
    assert card["status"] == "gap"
    assert (card["worst_rule"], card["households_affected"]) == ("y", 600.0)
    assert card["settled_by"] == "communities.households"
    assert (card["about"], card["pack"]) == ("circle", "p")


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["met", "met"], "met"),
        (["met", "not_applicable"], "met"),
        (["met", "unknown"], "unknown"),
        (["unknown", "not_applicable"], "unknown"),
        (["unknown", "gap"], "gap"),
        (["not_applicable", "not_applicable"], "not_applicable"),
    ],
)
def test_gap_before_unknown_before_met(town, verdicts, status):
    town.community("A", 1000)
    for at, verdict in enumerate(verdicts):
        town.verdict("A", town.rule(f"r{at}"), verdict)
    town.card("c", *(f"r{at}" for at in range(len(verdicts))))
    assert town.find_card("A", "c")["status"] == status


def two_gaps(town, first, second):
    town.community("A", 1000)
    for rule, facts in (("a", first), ("b", second)):
        town.verdict("A", town.rule(rule), "gap", **{"found": 0.5, "shortfall": 0.5, **facts})
    town.card("c", "a", "b")
    return town.find_card("A", "c")


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [
        ({"households_affected": 100.0}, {"households_affected": 101.0}, "b"),
        ({"households_affected": 100.0}, {"households_affected": np.nan}, "a"),
        ({"households_affected": 100.0}, {"households_affected": 100.0}, "a"),
        (  # as many; the second misses by more of what is needed
            {"households_affected": 100.0, "shortfall": 1.0, "needed": 4.0},
            {"households_affected": 100.0, "shortfall": 0.5, "needed": 1.0},
            "b",
        ),
        (
            {"households_affected": np.nan, "shortfall": 0.3},
            {"households_affected": np.nan, "shortfall": 0.4},
            "b",
        ),
        (  # the same sum but for the last digit of a float
            {"households_affected": 0.1 + 0.2}, {"households_affected": 0.3}, "a",
        ),
    ],
)  # fmt: skip
def test_the_worst_gap_leaves_out_most(town, first, second, worst):
    assert two_gaps(town, first, second)["worst_rule"] == worst


def test_households_of_no_gap_are_known(town):
    card = two_gaps(town, {"households_affected": np.nan}, {"households_affected": np.nan})
    assert np.isnan(card["households_affected"])


def test_households_stay_empty_only_where_none_is_known(town):
    card = two_gaps(town, {"households_affected": np.nan}, {"households_affected": 7.0})
    assert (card["households_affected"], card["worst_rule"]) == (7.0, "b")


def test_the_nearest_alternative_is_the_worst_gaps_or_the_next(town):
    """Rule a leaves out more and names no facility (an attribute): b's is named, and said so."""
    town.facilities = [("n1", "东街诊所", "clinic")]
    card = two_gaps(
        town,
        {"households_affected": 900.0, "unit": "m2"},
        {"households_affected": 300.0, "nearest_facility_id": "n1", "nearest_m": 1350.4},
    )
    assert card["worst_rule"] == "a"
    assert (card["nearest_facility_id"], card["nearest_m"]) == ("n1", 1350.4)
    assert card["reason"] == (
        "2条缺口；影响最大的是“a（中）”（900户）；“b（中）”最近的是东街诊所，步行1,350米。"
    )


def test_a_place_without_a_name_is_called_by_its_kind(town):
    """Rules over groups of services have no kind of their own."""
    town.facilities = [("n1", "", "square")]
    town.community("A", 1300)
    town.verdict(
        "A", town.rule("g"), "gap", kind="", households_affected=9.0,
        nearest_facility_id="n1", nearest_m=1350.0,
    )  # fmt: skip
    town.card("c", "g")
    reason = town.find_card("A", "c")["reason"]
    assert "最近的是square，步行1,350米" in reason  # no kinds given: the code stands for the name


def test_the_sentence_says_it_all(town):
    town.facilities = [("n1", "<b>东街诊所", "clinic")]
    town.community("A", 1300)
    for at in range(8):
        town.verdict("A", town.rule(f"m{at}"), "met")
    more = {"nearest_facility_id": "n1", "nearest_m": 1350.0, "found": 0.1, "shortfall": 0.9}
    town.verdict("A", town.rule("g0"), "gap", households_affected=1240.0, **more)
    town.verdict("A", town.rule("g1"), "gap", households_affected=10.0)
    for at, settled in enumerate(["communities.households", "facilities.inclusive", ""]):
        town.verdict("A", town.rule(f"u{at}"), "unknown", settled_by=settled)
    town.card("c", *(rule.code for rule in town.rules))
    card = town.find_card("A", "c")
    assert card["reason"] == (
        "8条达到，2条缺口，3条待补数据；影响最大的是“g0（中）”（1,240户），最近的是<b>东街诊所，步行1,350米。"
        "补充社区表的“户数”列；设施表的“是否普惠”列后可判定。"
    )
    assert card["reason_en"] == (
        "8 met, 2 gaps, 3 awaiting data; most affected by “g0 in English” (1,240 households), the nearest "
        "is <b>东街诊所, a walk of 1,350 m. To settle what is open: column `households` of the communities "
        "table; column `inclusive` of the facilities table."
    )
    assert card["settled_by"] == "communities.households, facilities.inclusive"


def test_without_households_the_share_is_said(town):
    card = two_gaps(town, {"households_affected": np.nan, "found": 0.25, "shortfall": 0.75}, {})
    assert "（0户）" in card["reason"]  # b leaves nobody out, and that much is known
    town.rows.pop()
    town.cards.clear()
    town.card("c", "a")
    assert "目前25.0%，要求100%" in town.find_card("A", "c")["reason"]


def test_nothing_applies(town):
    town.community("A", 1000)
    town.verdict("A", town.rule("a"), "not_applicable")
    town.card("c", "a")
    card = town.find_card("A", "c")
    assert (card["reason"], card["worst_rule"]) == ("没有适用的规则。", "")
    assert card["households_affected"] == 0.0


def test_the_least_certain_figure_marks_the_card(town, figure):
    town.community("A", 1000)
    own = ShareWithin(figure(10, "min", "derived", figure(15, "min")), figure(1.0, "share"))
    plain, derived = town.rule("a"), town.rule("b", own)
    town.verdict("A", plain, "met")
    town.verdict("A", derived, "met")
    town.card("c", "a")
    town.card("d", "a", "b")
    assert town.find_card("A", "c")[["source_status", "overlaid"]].tolist() == ["primary", False]
    assert town.find_card("A", "d")[["source_status", "overlaid"]].tolist() == ["derived", True]


def test_a_card_holds_those_it_includes(town):
    town.community("A", 1000)
    town.verdict("A", town.rule("a"), "met")
    town.verdict("A", town.rule("b"), "unknown")
    town.card("small", "a")
    town.card("large", "b", includes=("small",))
    assert counts(town.find_card("A", "large")) == (1, 0, 1, 0)


def test_cards_of_areas_have_no_row(town, share_of):
    town.community("A", 1000)
    town.verdict("A", town.rule("a"), "met")
    test, applies = share_of("c", 0.3, "city")
    town.rule("t", test, applies=applies)
    town.card("c", "a")
    town.card("of_the_city", "t")
    assert town.scorecards()["card"].tolist() == ["c", "size"]


@pytest.mark.parametrize(
    ("households", "status", "finding"),
    [
        (1499, "gap", "undersize"), (1500, "met", ""), (4000, "met", ""), (4001, "gap", "oversize"),
        (np.nan, "unknown", ""),
    ],
)  # fmt: skip
def test_sizes(town, households, status, finding):
    town.community("A", households)
    card = town.find_card("A", "size")
    assert (card["status"], card["finding"], card["about"], card["pack"]) == (
        status, finding, "check", ""
    )  # fmt: skip
    assert card[status] == 1
    assert sum(counts(card)) == 1
    assert card["settled_by"] == ("communities.households" if status == "unknown" else "")
    assert card["reason"]
    assert card["reason_en"]


def test_size_bounds_are_settings_and_cells_have_none(town):
    town.community("A", 900)
    town.community("B", source="cells")
    cards = town.scorecards(undersize_households=800.0, oversize_households=850.0)
    assert cards["finding"].tolist() == ["oversize", ""]
    assert cards["status"].tolist() == ["gap", "not_applicable"]


@st.composite
def verdicts(draw):
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(STATUSES), st.none() | st.integers(0, 50), st.booleans(), st.booleans()
            ),
            min_size=12, max_size=12,
        )
    ), draw(st.permutations(range(12))), draw(st.permutations(range(3)))  # fmt: skip


@settings(max_examples=15)
@given(verdicts())
def test_counts_add_up_and_order_changes_nothing(build_town, drawn):
    """Three communities, four rules, two cards; against a plain loop."""
    cells, order, places = drawn
    one = build_town()
    for code in "ABC":
        one.community(code, 100)
    for rule in "wxyz":
        one.rule(rule)
    one.card("c", "w", "x", "y", "z")
    one.card("d", "z", "w")
    for at, (status, households, near, known) in enumerate(cells):
        one.verdict(
            "ABC"[at // 4], "wxyz"[at % 4], status,
            households_affected=np.nan if households is None else float(households),
            nearest_facility_id="n" if near else "", shortfall=0.5 if known else np.nan,
            settled_by="communities.households" if status == "unknown" else "",
        )  # fmt: skip
    table = one.scorecards()
    assert len(table) == 3 * (2 + 1)
    for code, members in (("c", "wxyz"), ("d", "zw")):
        for community, row in table[table["card"] == code].set_index("community_id").iterrows():
            mine = {r["rule"]: r for r in one.rows if r["community_id"] == community}
            found = [mine[rule] for rule in members]
            told = [r["status"] for r in found]
            assert counts(row) == tuple(told.count(status) for status in STATUSES)
            assert row["status"] == next(
                (s for s in ("gap", "unknown", "met") if s in told), "not_applicable"
            )
            left = [r["households_affected"] for r in found if r["status"] == "gap"]
            known = [number for number in left if not np.isnan(number)]
            expected = max(known) if known else np.nan if left else 0.0
            assert row["households_affected"] == expected or (
                np.isnan(expected) and np.isnan(row["households_affected"])
            )
            assert (row["worst_rule"] != "") == ("gap" in told)
            assert (row["settled_by"] != "") == ("unknown" in told)
    one.rows = [one.rows[at] for at in order]
    one.places = [one.places[at] for at in places]
    pd.testing.assert_frame_equal(one.scorecards(), table)
