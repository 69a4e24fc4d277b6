"""What is told of two editions of the paper city, and what each change is put down to."""

import pytest

from services.compare.changes import count_directions
from services.errors import NothingToMeasure

MIRRORED = {
    "better": "worse", "worse": "better", "decided": "undecided", "undecided": "decided",
    "begins": "ends", "ends": "begins",
}  # fmt: skip
REACH = {"needed": 0.9, "unit": "share"}
MET = {**REACH, "found": 0.95, "shortfall": 0.0, "households_affected": 0.0}
GAP = {**REACH, "found": 0.6, "shortfall": 0.3, "households_affected": 480.0}


def test_a_city_compared_with_itself(town, compare):
    town.facility("P", "pharmacy", 0.5, 0.5).card("A", "p.card", "gap").card("A", "size", "met")
    for rule, status in (("p.pharmacy", "gap"), ("p.green", "unknown"), ("p.nursery", "met")):
        town.verdict("A", rule, status, **GAP)
    told = compare(town, town)
    assert (len(told.changes), len(told.cards), told.common) == (0, 0, ())
    assert told.count_relations() == {"same": 1}
    assert {n for row in count_directions(told.changes).values() for n in row.values()} == {0}


@pytest.mark.parametrize(
    ("figures", "direction"),
    [
        ({"shortfall": 0.2, "households_affected": 320.0}, "better"),
        ({"shortfall": 0.4}, "worse"),
        ({"households_affected": 500.0}, "worse"),
        ({"households_affected": float("nan")}, None),
        ({"shortfall": 0.3 + 1e-9}, None),
        ({"shortfall": 500.0, "unit": "m2"}, None),
    ],
)
def test_a_gap_that_stays_one_may_grow_or_shrink(town, compare, figures, direction):
    later = town.later().verdict("A", "p.pharmacy", "gap", **{**GAP, **figures})
    town.verdict("A", "p.pharmacy", "gap", **GAP)
    there = compare(town, later).changes["direction"].tolist()
    back = compare(later, town).changes["direction"].tolist()
    assert there == ([direction] if direction else [])
    assert back == [MIRRORED[one] for one in there]


# What a change is put down to -----------------------------------------------------------------------


def improve(town, **status):
    """The pharmacy rule missed at first, met later."""
    later = town.later().verdict("A", "p.pharmacy", "met", **MET)
    town.verdict("A", "p.pharmacy", "gap", **GAP)
    return later


@pytest.mark.parametrize(
    ("year", "why", "words"),
    [
        (2025.0, "world", "“N号”于2025年投用"),
        (2026.0, "world", "“N号”于2026年投用"),
        (2024.0, "data", "2024年已投用，此前未收录"),
        (float("nan"), "data", "投用年份未知"),
        (2030.0, "data", "计划2030年投用"),
    ],
)
def test_a_place_that_opened_or_was_listed(town, compare, the_change, year, why, words):
    later = improve(town).facility("N", "pharmacy", 0.5, 0.5, opening_year=year)
    row = the_change(compare(town, later))
    assert (row["direction"], row["why"], row["also"]) == ("better", why, "")
    assert words in row["evidence_zh"]


def test_a_place_no_longer_listed_is_no_news_of_the_city(town, compare, the_change):
    later = improve(town).facility("N", "pharmacy", 0.5, 0.5, opening_year=2025.0)
    row = the_change(compare(later, town))
    assert (row["direction"], row["why"]) == ("worse", "data")
    assert "是否关闭，数据没有说明" in row["evidence_zh"]


@pytest.mark.parametrize(
    "place",
    [
        {"kind": "kindergarten", "x_km": 0.5, "y_km": 0.5},
        {
            "kind": "pharmacy",
            "x_km": 0.5 + 1.08 + 0.6,
            "y_km": 0.5,
        },  # 1,180 m outside; 15 min: 1,080 m
    ],
    ids=["another kind", "too far to matter"],
)
def test_what_cannot_matter_is_not_named(town, compare, the_change, place):
    later = improve(town).facility("N", opening_year=2025.0, **place)
    row = the_change(compare(town, later))
    assert (row["why"], row["evidence_zh"]) == ("data", "两次运行的记录中没有直接原因")


def test_one_that_came_cannot_have_made_it_worse(town, compare, the_change):
    later = town.later().verdict("A", "p.pharmacy", "gap", **GAP)
    later.facility("N", "pharmacy", 0.5, 0.5, opening_year=2025.0)
    later.inputs = {"osm": "2"}
    town.verdict("A", "p.pharmacy", "met", **MET).facility("O", "pharmacy", 0.9, 0.9)
    row = the_change(compare(town, later))
    assert row["why"] == "data"
    assert "“O号”不再出现" in row["evidence_zh"]
    assert "N号" not in row["evidence_zh"]


def test_only_what_counts_for_the_rule(town, compare, the_change):
    """A kindergarten that is not inclusive helps no rule that asks for inclusive ones."""
    later = town.later().verdict("A", "p.nursery", "met", needed=1.0, found=1.0)
    later.facility("X", "kindergarten", 0.2, 0.2, opening_year=2025.0, inclusive=False)
    later.facility("Y", "kindergarten", 0.8, 0.8, opening_year=2025.0, inclusive=True)
    town.verdict("A", "p.nursery", "gap", needed=1.0, found=0.0, shortfall=1.0)
    row = the_change(compare(town, later))
    assert (row["why"], row["evidence_zh"]) == ("world", "“Y号”于2025年投用")


def test_too_small_a_place_is_not_named(town, compare, the_change):
    later = town.later().verdict("A", "p.centre", "met", **MET)
    later.facility("S", "health_centre", 0.5, 0.5, opening_year=2025.0, floor_area_m2=400.0)
    later.facility("L", "health_centre", 0.6, 0.5, opening_year=2025.0, floor_area_m2=4000.0)
    town.verdict("A", "p.centre", "gap", **GAP)
    assert the_change(compare(town, later))["evidence_zh"] == "“L号”于2025年投用"


def test_what_stands_in_for_a_rule_is_looked_at(town, compare, the_change):
    """A centre 800 m away opens and stands in for the station that is missing."""
    later = town.later().verdict("A", "p.station", "met", **MET)
    later.facility("C", "health_centre", 1.8, 0.5, opening_year=2026.0, floor_area_m2=2000.0)
    town.verdict("A", "p.station", "gap", **GAP)
    row = the_change(compare(town, later))
    assert (row["why"], row["evidence_zh"]) == ("world", "“C号”于2026年投用")


@pytest.mark.parametrize(
    ("column", "before", "after", "status", "why", "words"),
    [
        ("inclusive", None, True, "met", "data", "普惠：未知→是"),
        ("inclusive", True, False, "gap", "data", "普惠：是→否"),
        ("connected", False, True, None, None, None),  # the rule counts what lies inside: no walk
    ],
)
def test_a_record_that_changed(town, compare, column, before, after, status, why, words):
    later = town.later()
    for edition, value, verdict in ((town, before, "unknown"), (later, after, status or "gap")):
        edition.facility(
            "K", "kindergarten", 0.5, 0.5, **({} if value is None else {column: value})
        )
        edition.verdict("A", "p.nursery", verdict)
    (row,) = compare(town, later).changes.to_dict("records")
    assert row["why"] == (why or "data")
    assert (words in row["evidence_zh"]) if words else ("没有直接原因" in row["evidence_zh"])


def test_unknown_until_a_column_was_filled(town, compare, the_change):
    later = town.later().verdict("A", "p.green", "gap")
    later.communities["A"]["green_share"] = 0.25
    town.verdict("A", "p.green", "unknown")
    row = the_change(compare(town, later))
    assert (row["direction"], row["why"], row["evidence_zh"]) == (
        "decided", "data", "社区表“绿化率”已填写",
    )  # fmt: skip
    back = the_change(compare(later, town))
    assert (back["direction"], back["why"], back["evidence_zh"]) == (
        "undecided", "data", "社区表“绿化率”变为空白",
    )  # fmt: skip


@pytest.mark.parametrize(("dated", "why"), [("2025-07-01", "world"), ("2024-07-01", "data")])
def test_a_count_with_a_later_date_is_news_one_without_a_correction(
    town, compare, the_change, dated, why
):
    later = town.later().verdict("A", "p.nursery", "gap", needed=1.0, found=0.0)
    later.communities["A"] |= {"households": 1512.0, "valid_from": dated}
    town.verdict("A", "p.nursery", "not_applicable").communities["A"]["households"] = 1499.0
    row = the_change(compare(town, later))
    assert (row["direction"], row["why"]) == ("begins", why)
    assert row["evidence_zh"].startswith("户数：1,499户→1,512户")


def test_a_figure_of_the_citys_own(town, compare, the_change):
    later = town.later().set_value("p.pharmacy", "share", 0.95)
    later.verdict("A", "p.pharmacy", "gap", needed=0.95, found=0.92, shortfall=0.03)
    town.verdict("A", "p.pharmacy", "met", needed=0.9, found=0.92, shortfall=0.0)
    row = the_change(compare(town, later))
    assert (row["direction"], row["why"], row["also"]) == ("worse", "rule", "")
    assert row["evidence_zh"] == "规则的覆盖比例：90%→95%（本市取值）"


@pytest.mark.parametrize(
    ("found", "status", "why", "also"),
    [
        (0.92, "gap", "rule", "data"),  # 92 % would have met the earlier 90 %
        (0.85, "gap", "data", "rule"),  # 85 % would not
    ],
)
def test_rule_and_data_both_changed(town, compare, the_change, found, status, why, also):
    later = town.later().set_value("p.pharmacy", "share", 0.95)
    later.verdict("A", "p.pharmacy", status, needed=0.95, found=found, shortfall=0.95 - found)
    town.verdict("A", "p.pharmacy", "met", **MET).facility("O", "pharmacy", 0.9, 0.9)
    row = the_change(compare(town, later))
    assert (row["why"], row["also"]) == (why, also)


@pytest.mark.parametrize(
    ("found", "why"),
    [(0.58, "rule"), (0.4, "world")],  # the demand rose by 5 points, what is there fell by 2 or 20
)
def test_a_gap_that_grew_for_two_reasons(town, compare, the_change, found, why):
    later = town.later().set_value("p.pharmacy", "share", 0.95)
    later.verdict("A", "p.pharmacy", "gap", needed=0.95, found=found, shortfall=0.95 - found)
    later.communities["A"] |= {"households": 1700.0, "valid_from": "2025-07-01"}
    town.verdict("A", "p.pharmacy", "gap", **GAP)
    assert the_change(compare(town, later))["why"] == why


@pytest.mark.parametrize(
    ("threshold", "households", "why"),
    [(1400.0, 1450.0, "rule"), (1400.0, 1520.0, "world"), (1500.0, 1520.0, "world")],
)
def test_a_rule_that_comes_to_apply(town, compare, the_change, threshold, households, why):
    """1,440 households at first, the threshold 1,500."""
    later = town.later().verdict("A", "p.nursery", "gap", needed=1.0, found=0.0)
    later.communities["A"] |= {"households": households, "valid_from": "2025-07-01"}
    if threshold < 1500:
        later.set_value("p.nursery", "households", threshold)
    town.verdict("A", "p.nursery", "not_applicable").communities["A"]["households"] = 1440.0
    row = the_change(compare(town, later))
    assert (row["direction"], row["why"]) == ("begins", why)


def test_a_rule_that_came_into_force_between_the_days(town, compare, the_change):
    for edition in (later := town.later(), town):
        edition.rule("p.pharmacy")["since"] = "2025-09-01"
    later.verdict("A", "p.pharmacy", "gap", **GAP)
    later.communities["A"] |= {"households": 1700.0, "valid_from": "2025-07-01"}
    town.verdict("A", "p.pharmacy", "not_applicable")
    row = the_change(compare(town, later))
    assert (row["direction"], row["why"], row["also"]) == ("begins", "rule", "world")
    assert row["evidence_zh"].startswith("规则自2025-09-01起施行")
    ended = town.later()
    for edition in (town, ended):
        edition.rule("p.pharmacy")["since"] = "2024-01-01"
        edition.rule("p.pharmacy")["until"] = "2025-12-31"
    town.verdict("A", "p.pharmacy", "gap", **GAP)
    ended.verdict("A", "p.pharmacy", "not_applicable")
    row = the_change(compare(town, ended))
    assert (row["direction"], row["why"]) == ("ends", "rule")
    assert row["evidence_zh"] == "规则自2025-12-31后失效"


def test_a_rule_added_and_one_dropped(town, compare, the_change):
    later = town.later().verdict("A", "p.pharmacy", "gap", **GAP)
    town.pack["rules"] = [rule for rule in town.pack["rules"] if rule["code"] != "p.pharmacy"]
    town.verdict("A", "p.green", "met")
    later.verdict("A", "p.green", "met")
    row = the_change(compare(town, later))
    assert (row["status_before"], row["why"], row["evidence_zh"]) == ("absent", "rule", "新增规则")
    row = the_change(compare(later, town))
    assert (row["status_after"], row["why"], row["evidence_zh"]) == (
        "absent", "rule", "规则不再使用",
    )  # fmt: skip
    assert row["title_zh"] == "药店"


def test_another_pace_is_another_rule_where_time_counts(town, compare):
    later = improve(town)
    later.settings = {**later.settings, "adult_m_s": 1.3}
    later.verdict("A", "p.station", "met", **MET).verdict("A", "p.green", "met")
    town.verdict("A", "p.station", "gap", **GAP).verdict("A", "p.green", "gap")
    rows = compare(town, later).changes.set_index("rule")
    assert rows.loc["p.pharmacy", "why"] == "rule"
    assert rows.loc["p.pharmacy", "evidence_zh"] == "设置“成人步速（米/秒）”：1.2→1.3"
    assert "没有直接原因" in rows.loc["p.station", "evidence_zh"]  # a rule in metres
    assert "没有直接原因" in rows.loc["p.green", "evidence_zh"]


def test_renewed_inputs_stand_in_where_nothing_else_is_known(town, compare):
    later = improve(town).verdict("A", "p.green", "met")
    town.verdict("A", "p.green", "gap")
    town.inputs, later.inputs = {"osm": "1", "communities": "1"}, {"osm": "2", "communities": "1"}
    town.osm_timestamp, later.osm_timestamp = "2024-05-01T00:00:00Z", "2025-05-01T00:00:00Z"
    told = compare(town, later)
    assert [one.code for one in told.common] == ["input_osm"]
    rows = told.changes.set_index("rule")
    assert rows.loc["p.pharmacy", "evidence_zh"] == "OSM 路网文件已更新（2024-05-01→2025-05-01）"
    assert "没有直接原因" in rows.loc["p.green", "evidence_zh"]  # no map is behind a column


def test_a_new_timetable_is_news_of_the_city(town, compare, the_change):
    later = improve(town)
    for edition in (town, later):
        edition.rule("p.pharmacy")["mode"] = "walk_transit"
    town.inputs, later.inputs = {"gtfs": "1"}, {"gtfs": "2"}
    assert (row := the_change(compare(town, later)))["why"] == "world"
    assert row["evidence_zh"] == "公交时刻表已更新"


def test_another_version_of_the_program_stands_in_too(town, compare, the_change):
    later = improve(town)
    later.version = "2"
    assert (row := the_change(compare(town, later)))["why"] == "rule"
    assert row["evidence_zh"] == "程序版本：1→2"


# Communities that changed ---------------------------------------------------------------------------


def test_a_split_is_judged_part_by_part(town, compare, squares):
    later = town.later()
    later.communities = {}
    for code, column in (("A1", 0), ("A2", 0.5)):
        facts = {"households": 800.0, "valid_from": "2025-07-01"}
        later.community(code, squares(column, 0, 0.5, 1), **facts)
    later.verdict("A1", "p.pharmacy", "met", **MET)
    later.verdict("A2", "p.pharmacy", "gap", **{**GAP, "households_affected": 100.0})
    town.verdict("A", "p.pharmacy", "gap", **GAP)
    told = compare(town, later)
    (row,) = told.changes.to_dict("records")  # of the other part only the size is another
    assert (row["after_id"], row["relation"], row["direction"], row["why"]) == (
        "A1", "split", "better", "world",
    )  # fmt: skip
    assert row["evidence_zh"] == "社区拆分（2025-07-01起）"
    (row,) = compare(later, town).changes.to_dict("records")
    assert (row["before_id"], row["relation"], row["direction"], row["why"]) == (
        "A1", "merged", "worse", "data",
    )  # fmt: skip


def test_a_code_that_came_to_stand_for_another_place(town, compare, squares):
    """B takes over the code of A, which has a new one."""
    town.community("B", squares(3, 0)).verdict("B", "p.pharmacy", "gap", **GAP)
    town.verdict("A", "p.pharmacy", "met", **MET)
    later = town.later()
    later.communities, later.verdicts = {}, []
    later.community("A", squares(3, 0)).community("N", squares(0, 0))
    later.verdict("A", "p.pharmacy", "gap", **GAP).verdict("N", "p.pharmacy", "met", **MET)
    told = compare(town, later)
    assert told.count_relations() == {"renumbered": 2}
    assert len(told.changes) == 0


def test_neighbours_counted_together(town, compare, squares, the_change):
    """The rule on clusters looks at what opened next door, and at who lives there."""
    town.community("B", squares(1, 0), households=300.0)
    later = town.later().verdict("A", "p.cluster", "met", needed=1.0, found=1.0)
    later.facility("K", "kindergarten", 1.9, 0.9, opening_year=2026.0)
    later.communities["B"] |= {"households": 320.0, "valid_from": "2026-01-01"}
    town.verdict("A", "p.cluster", "gap", needed=1.0, found=0.0)
    row = the_change(compare(town, later))
    assert row["why"] == "world"
    assert row["evidence_zh"] == "相邻的B社区户数：300户→320户（2026-01-01起）；“K号”于2026年投用"


def test_two_cities(town, compare, squares):
    later = town.later()
    later.communities, later.name = {}, "别处"
    later.community("A", squares(50, 50))
    for edition in (town, later):
        edition.verdict("A", "p.green", "met")
    with pytest.raises(
        NothingToMeasure, match="no community of 别处 lies where one of 纸上城市 does"
    ):
        compare(town, later)


# Cards ----------------------------------------------------------------------------------------------


def test_a_circle_is_put_down_to_what_its_rules_moved_by(town, compare):
    later = (
        improve(town)
        .card("A", "p.card", "met")
        .facility("N", "pharmacy", 0.5, 0.5, opening_year=2026.0)
    )
    later.verdict("A", "p.green", "met")
    town.verdict("A", "p.green", "met").card("A", "p.card", "gap")
    (card,) = compare(town, later).cards.to_dict("records")
    assert (card["title_zh"], card["direction"], card["why"], card["rules"]) == (
        "纸上圈", "better", "world", "p.pharmacy",
    )  # fmt: skip


@pytest.mark.parametrize(("change", "why"), [("households", "world"), ("setting", "rule")])
def test_the_size_check(town, compare, change, why):
    later = town.later().card("A", "size", "gap").verdict("A", "p.green", "met")
    if change == "households":
        later.communities["A"] |= {"households": 4500.0, "valid_from": "2025-07-01"}
    else:
        later.settings = {**later.settings, "oversize_households": 1500.0}
    town.card("A", "size", "met").verdict("A", "p.green", "met")
    (card,) = compare(town, later).cards.to_dict("records")
    assert (card["card"], card["title_zh"], card["direction"], card["why"]) == (
        "size", "社区规模", "worse", why,
    )  # fmt: skip


def test_what_got_worse_stands_first_and_new_verdicts_before_shifted_ones(town, compare):
    later = town.later()
    for rule, before, after in (
        ("p.centre", MET, GAP), ("p.green", GAP, MET), ("p.pharmacy", GAP, {**GAP, "shortfall": 0.4}),
    ):  # fmt: skip
        for edition, figures in ((town, before), (later, after)):
            status = "met" if figures is MET else "gap"
            edition.verdict("A", rule, status, **figures)
    told = compare(town, later).changes
    assert told["rule"].tolist() == ["p.centre", "p.pharmacy", "p.green"]


def test_looking_back_mirrors_better_and_worse(town, compare, squares):
    later = town.later()
    town.community("B", squares(2, 0))
    later.community("B", squares(2, 0))
    for rule in ("p.pharmacy", "p.green", "p.station", "p.space"):
        for code in "AB":
            town.verdict(code, rule, "gap" if code == "A" else "met", **GAP)
            later.verdict(code, rule, "met" if rule < "p.pz" else "unknown", **MET)
    there, back = (
        count_directions(compare(*pair).changes) for pair in ((town, later), (later, town))
    )
    for one, other in MIRRORED.items():
        assert sum(there[one].values()) == sum(back[other].values())
    assert sum(there["better"].values()) == 2
