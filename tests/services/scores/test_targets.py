"""Shares of communities that a city has set itself as targets."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from layers.results import TARGETS, shape_table


def build(town, share_of, statuses, *, unit="city", share=0.3, **more):
    """One card, one target, communities of given verdicts."""
    rule = town.rule("r")
    town.card("beautiful", rule)
    test, applies = share_of("beautiful", share, unit)
    town.rule("t", test, applies=applies, kind="", **more)
    for at, (district, status) in enumerate(statuses):
        code = town.community(f"k{at:02d}", 100, district=district)
        settled = "communities.green_share" if status == "unknown" else ""
        town.verdict(code, rule, status, settled_by=settled)
    return town


@pytest.mark.parametrize(
    ("met", "gap", "unknown", "left_out", "status", "found", "possible"),
    [
        (3, 7, 0, 0, "met", 0.3, 0.3),  # exactly
        (2, 7, 1, 0, "unknown", 0.2, 0.3),
        (2, 8, 0, 0, "gap", 0.2, 0.2),
        (1, 7, 1, 0, "gap", 1 / 9, 2 / 9),  # even if it turned out met
        (3, 6, 1, 0, "met", 0.3, 0.4),  # whatever it turns out to be
        (3, 7, 0, 5, "met", 0.3, 0.3),  # those it does not apply to are not in it
    ],
)
def test_a_share_of_communities(
    town, share_of, met, gap, unknown, left_out, status, found, possible
):
    verdicts = ["met"] * met + ["gap"] * gap + ["unknown"] * unknown + ["not_applicable"] * left_out
    (row,) = build(town, share_of, [("", one) for one in verdicts]).targets().to_dict("records")
    assert row["status"] == status
    assert (row["found"], row["possible"]) == (pytest.approx(found), pytest.approx(possible))
    assert row["needed"] == 0.3
    assert (row["level"], row["area"], row["of"], row["rule"]) == ("city", "宝城", "beautiful", "t")
    if status == "unknown":
        assert np.isnan(row["shortfall"])
        assert row["settled_by"] == "communities.green_share"
        assert "绿化率" in row["reason"]
    else:
        assert row["shortfall"] == pytest.approx(max(0.3 - found, 0.0))
        assert row["settled_by"] == ""


def test_the_sentence(town, share_of):
    verdicts = [("", one) for one in ["met"] * 2 + ["gap"] * 7 + ["unknown"]]
    (row,) = build(town, share_of, verdicts).targets().to_dict("records")
    assert row["reason"] == (
        "宝城共10个社区，2个达到“beautiful（中）”，7个未达到，1个待补数据；占20.0%至30.0%，目标30%，"
        "尚无法判定。补充社区表的“绿化率”列后可判定。"
    )
    assert row["reason_en"].startswith(
        "Of 10 communities of 宝城, 2 meet “beautiful in English”, 7 miss it, 1 cannot be decided: "
        "20.0% to 30.0%, 30% is the target; it cannot be decided yet."
    )


def test_districts_one_by_one(town, share_of):
    """甲 1 of 2, 乙 0 of 1; who names no district is judged with none."""
    verdicts = [("乙", "gap"), ("甲", "met"), ("甲", "gap"), ("", "met")]
    table = build(town, share_of, verdicts, unit="district").targets()
    assert table["area"].tolist() == ["乙", "甲"]
    assert table["status"].tolist() == ["gap", "met"]
    assert table["found"].tolist() == [0.0, 0.5]


def test_a_card_that_applies_to_nobody(town, share_of):
    (row,) = build(town, share_of, [("", "not_applicable")]).targets().to_dict("records")
    assert row["status"] == "not_applicable"
    assert np.isnan([row["found"], row["possible"], row["shortfall"]]).all()
    assert "不适用" in row["reason"]


def test_a_target_not_yet_in_force(town, share_of):
    built = build(town, share_of, [("", "gap")], since=date(2026, 1, 1))
    assert built.targets()["status"].tolist() == ["not_applicable"]
    assert built.targets(today=date(2026, 1, 1))["status"].tolist() == ["gap"]


def test_cells_are_not_called_communities(town, share_of):
    build(town, share_of, [("", "met")])
    town.places[0]["source"] = "cells"
    assert "共1个分析单元" in town.targets()["reason"][0]


def test_other_rules_on_areas_stand_in_the_order_of_the_pack(town, share_of):
    """A rule on the city before the target, one of two districts after it."""
    town.rule("first")
    built = build(town, share_of, [("甲", "met")])
    built.rule("last")
    blank = {"str": "", "float64": np.nan, "bool": False}
    rows = [
        {
            **{name: blank[column.dtype] for name, column in TARGETS.items()},
            "pack": "p", "rule": rule, "level": level, "area": area, "status": "met",
        }
        for rule, level, area in (
            ("last", "district", "乙"), ("last", "city", "宝城"), ("last", "district", "甲"),
            ("first", "city", "宝城"),
        )
    ]  # fmt: skip
    table = built.targets(shape_table(pd.DataFrame(rows), "targets"))
    assert list(zip(table["rule"], table["area"], strict=True)) == [
        ("first", "宝城"), ("t", "宝城"), ("last", "乙"), ("last", "甲"), ("last", "宝城"),
    ]  # fmt: skip


def test_no_target_is_an_empty_table(town):
    town.community("A", 100)
    town.verdict("A", town.rule("r"), "met")
    table = town.targets()
    assert len(table) == 0
    assert list(table.columns) == list(TARGETS)
