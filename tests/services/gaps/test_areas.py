"""Rules judged of districts and the whole city."""

import math

import pytest

from layers.results import TARGETS

MAIN_STREET = [[(-6000, 0), (6000, 0)]]
SCHOOL = {
    "code": "t.special",
    "test": "count_inside",
    "kind": "special_school",
    "counter": "所",
    "count": (1, "facilities"),
    "applies_to": {"unit": "district", "population": (300000, "people", "secondary")},
}


def build(paper_town, communities, facilities=()):
    """Communities 1 km wide side by side from 0 on."""
    return paper_town(
        streets=MAIN_STREET,
        homes=[],
        facilities=[{**one, "at": (one["at"], 0)} for one in facilities],
        communities=[
            {"id": f"c{at}", "area": (1000 * at, -500, 1000 * at + 990, 500), **one}
            for at, one in enumerate(communities)
        ],
    )


def test_a_district_is_judged_as_a_whole(paper_town, make_pack):
    """From 300,000 residents on a special school. 金台区: 200,000 + 100,000, one in its second community.

    渭滨区: 300,000, none: a gap. 陈仓区: 299,999: too few. A community without a district is in none.
    """
    town = build(
        paper_town,
        [
            {"district": "金台区", "population": 200000},
            {"district": "金台区", "population": 100000},
            {"district": "渭滨区", "population": 300000},
            {"district": "陈仓区", "population": 299999},
            {"population": 900000},
        ],
        [{"kind": "special_school", "at": 1500}, {"kind": "special_school", "at": 4500}],
    )
    targets = town.judge_areas(make_pack(SCHOOL))
    assert list(targets.columns) == list(TARGETS)
    assert sorted(targets["area"]) == sorted(["渭滨区", "金台区", "陈仓区"])
    row = targets.loc[("金台区", "t.special")]
    assert (row["level"], row["status"], row["needed"], row["found"], row["possible"]) == (
        "district",
        "met",
        1,
        1,
        1,
    )
    assert row["reason"] == (
        "金台区人口300,000人，达到300,000人，应设有1所特殊教育学校（二手来源）；"
        "金台区范围内有1所特殊教育学校，达到要求。"
    )
    row = targets.loc[("渭滨区", "t.special")]
    assert (row["status"], row["found"], row["shortfall"], row["unit"]) == (
        "gap",
        0,
        1,
        "facilities",
    )
    row = targets.loc[("陈仓区", "t.special")]
    assert row["status"] == "not_applicable"
    assert row["reason"] == "陈仓区人口299,999人，不足300,000人（二手来源），本规则不适用。"
    assert town.judge(make_pack(SCHOOL)).empty


def test_blanks_leave_a_sum_open_until_it_is_large_enough(paper_town, make_pack):
    """200,000 and a blank: open. 300,000 and a blank: large enough whatever the blank holds."""
    far = [{"kind": "special_school", "at": 5500}]
    for known, status, by in (
        (200000, "unknown", "communities.population"),
        (300000, "gap", ""),
    ):
        town = build(paper_town, [{"district": "东", "population": known}, {"district": "东"}], far)
        row = town.judge_areas(make_pack(SCHOOL)).loc[("东", "t.special")]
        assert (row["status"], row["settled_by"]) == (status, by)
        assert row["reason"].startswith("东")
        if status == "unknown":
            assert (
                "东的人口不全，已填的合计人口200,000人，无法判断是否达到300,000人" in row["reason"]
            )
            assert "not all known (200,000 people are)" in row["reason_en"]
    assert row["reason"].startswith("东人口至少300,000人，达到300,000人，应设有1所特殊教育学校")


def test_too_little_for_those_counted_is_too_little(paper_town, make_pack):
    """2000 m² of green for 4000 known residents and a blank: a gap, at least 2000 m² short."""
    green = {
        "code": "t.green",
        "test": "amount_per",
        "measure": {"attribute": "public_green_m2"},
        "amount": (1, "m2"),
        "per": (1, "people"),
        "applies_to": {"unit": "district"},
    }
    parts = [
        {"district": "东", "population": 4000, "public_green_m2": 2000},
        {"district": "东", "public_green_m2": 0},
    ]
    row = build(paper_town, parts).judge_areas(make_pack(green)).loc[("东", "t.green")]
    assert row["status"] == "gap"
    assert "人口不全，只按已填的人口4,000人计也达不到要求的每人1平方米" in row["reason"]
    assert "至少缺2,000平方米" in row["reason"]
    assert "not all residents are known" in row["reason_en"]


def test_amounts_of_the_whole_city(paper_town, make_pack):
    """4.5 nursery places per 1000: 10 + 35 places for 4000 + 6000 residents are 4.5 per 1000: met.

    One fewer is a gap of 0.1 per 1000, one place in all. A blank column leaves it open.
    """
    rule = {
        "code": "t.places",
        "test": "amount_per",
        "measure": {"attribute": "nursery_places"},
        "amount": (4.5, "places"),
        "per": (1000, "people"),
        "applies_to": {"unit": "city"},
    }
    for places, status in ((35, "met"), (34, "gap"), (None, "unknown")):
        second = {} if places is None else {"nursery_places": places}
        town = build(
            paper_town,
            [{"population": 4000, "nursery_places": 10}, {"population": 6000, **second}],
        )
        targets = town.judge_areas(make_pack(rule), name="宝鸡市区")
        row = targets.loc[("宝鸡市区", "t.places")]
        assert (row["level"], row["status"]) == ("city", status)
        if status == "gap":
            assert (row["needed"], row["found"]) == (4.5, pytest.approx(4.4))
            assert row["shortfall"] == pytest.approx(0.1)
            assert row["reason"].endswith("每1,000人4.4个，要求每1,000人4.5个，缺1个。")
        if status == "unknown":
            assert (row["settled_by"], row["found"]) == ("communities.nursery_places", 1)
            assert math.isnan(row["possible"])
            assert math.isnan(row["shortfall"])
            assert "宝鸡市区的托位数不全" in row["reason"]


def test_what_is_missing_in_a_city(paper_town, make_pack):
    """One space per household: 300 + 500 households, 200 + 450 spaces, 150 missing in all."""
    rule = {
        "code": "t.parking",
        "test": "missing",
        "measure": {"attribute": "parking_spaces"},
        "needed": (1, "spaces"),
        "per": (1, "households"),
        "applies_to": {"unit": "city"},
    }
    town = build(
        paper_town,
        [{"households": 300, "parking_spaces": 200}, {"households": 500, "parking_spaces": 450}],
    )
    row = town.judge_areas(make_pack(rule)).loc[("", "t.parking")]
    assert (row["status"], row["needed"], row["found"], row["shortfall"]) == ("gap", 800, 650, 150)
    assert row["reason"] == "缺口150个停车泊位：按800户、每户1个计需要800个，全市现有650个。"


def test_sizes_not_known_bound_what_a_district_has(paper_town, make_pack):
    """Two large sports grounds are asked for: one surely large, one of unknown size."""
    rule = {
        **SCHOOL,
        "kind": "sports",
        "count": (2, "facilities"),
        "minimum": {"land_area_m2": (3150, "m2")},
        "applies_to": {"unit": "district"},
    }
    grounds = [{"kind": "sports", "at": 100, "land_area_m2": 4000}, {"kind": "sports", "at": 200}]
    town = build(paper_town, [{"district": "东", "population": 1}], grounds)
    row = town.judge_areas(make_pack(rule)).loc[("东", "t.special")]
    assert (row["status"], row["found"], row["possible"]) == ("unknown", 1, 2)
    assert row["settled_by"] == "facilities.land_area_m2"


def test_before_its_day_and_without_districts(paper_town, make_pack):
    from datetime import date

    pack = make_pack(SCHOOL, {**SCHOOL, "code": "t.city", "applies_to": {"unit": "city"}})
    town = build(paper_town, [{"population": 1}])
    early = town.judge_areas(pack, today=date(2024, 12, 31))
    assert list(early["status"]) == ["not_applicable"]
    assert "尚未生效" in early["reason"].iloc[0]
    later = town.judge_areas(pack).loc[("", "t.city")]
    assert (later["status"], later["settled_by"]) == ("unknown", "facilities (special_school)")
    nowhere = town.judge_areas(pack).loc[("未注明", "t.special")]
    assert (nowhere["level"], nowhere["status"]) == ("district", "unknown")
    assert nowhere["settled_by"] == "communities.district"
    assert "没有社区注明所属县区" in nowhere["reason"]
    assert (town.judge_areas([]).empty, list(town.judge_areas([]).columns)) == (True, list(TARGETS))
