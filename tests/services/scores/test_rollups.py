"""Verdicts added up over areas: weights, bounds, ranks, what is missing in all."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.standards.model import (
    AmountPer,
    Applies,
    AttributeAtLeast,
    CountInside,
    Measure,
    Missing,
)
from services.scopes import UNNAMED

STATUSES = ("met", "gap", "unknown", "not_applicable")


def settle(town, rule, **statuses):
    for community, status in statuses.items():
        town.verdict(community, rule, status, households_affected=float(status == "gap") * 100.0)


@pytest.fixture
def district(town):
    """北区: 1000 met, 3000 gap, 500 unknown, 200 left out; 南区: 800 met, 800 gap."""
    for code, households in (("A", 1000), ("B", 3000), ("C", 500), ("D", 200)):
        town.community(code, households, district="北区", subdistrict="一街")
    town.community("E", 800, district="南区", subdistrict="一街")
    town.community("F", 800, district="南区", subdistrict="二街")
    settle(
        town, town.rule("r"), A="met", B="gap", C="unknown", D="not_applicable", E="met", F="gap"
    )
    town.card("c", "r")
    return town


def test_bounds_are_of_the_households_it_applies_to(district):
    """1000 of 4500 surely, 1500 of 4500 at most; the 200 it does not apply to are not in it."""
    for code in ("r", "c"):
        row = district.find_rollup("district", "北区", code)
        assert [row[name] for name in STATUSES] == [1, 1, 1, 1]
        assert row["communities"] == 4
        assert (row["households"], row["households_met"]) == (4500, 1000)
        assert (row["households_gap"], row["households_unknown"]) == (3000, 500)
        assert row["share_low"] == pytest.approx(1000 / 4500)
        assert row["share_high"] == pytest.approx(1500 / 4500)
        assert (row["basis"], row["households_affected"]) == ("households", 100.0)
    assert district.find_rollup("district", "北区", "r")["about"] == "rule"
    assert district.find_rollup("district", "北区", "c")["about"] == "circle"


def test_the_city_is_all_of_them(district):
    """1800 of 6100 surely, 2300 at most."""
    row = district.find_rollup("city", "宝城", "r")
    assert (row["district"], row["communities"], row["households"]) == ("", 6, 6100)
    assert row["share_low"] == pytest.approx(1800 / 6100)
    assert row["share_high"] == pytest.approx(2300 / 6100)


def test_the_better_district_is_first(district):
    """南区 has 50 %, 北区 22 % for sure: what is undecided does not count for it."""
    ranks = {area: district.find_rollup("district", area, "r")["rank"] for area in ("北区", "南区")}
    assert ranks == {"南区": 1.0, "北区": 2.0}


def test_streets_of_one_name_in_two_districts(district):
    north = district.find_rollup("subdistrict", "一街", "r", "北区")
    south = district.find_rollup("subdistrict", "一街", "r", "南区")
    assert (north["communities"], south["communities"]) == (4, 1)
    assert (south["share_low"], south["rank"], north["rank"]) == (1.0, 1.0, 2.0)
    assert district.find_rollup("subdistrict", "二街", "r")["rank"] == 3.0


def test_ties_share_a_place(town):
    for at, area in enumerate("甲乙丙"):
        town.community(f"c{at}", 100, district=area)
    settle(town, town.rule("r"), c0="met", c1="met", c2="gap")
    ranks = [town.find_rollup("district", area, "r")["rank"] for area in "甲乙丙"]
    assert ranks == [1.0, 1.0, 3.0]


def test_an_area_it_applies_to_nowhere_has_no_share_and_no_place(town):
    town.community("A", 100, district="甲")
    town.community("B", 100, district="乙")
    settle(town, town.rule("r"), A="not_applicable", B="met")
    row = town.find_rollup("district", "甲", "r")
    assert np.isnan([row["share_low"], row["share_high"], row["rank"]]).all()
    assert row["households"] == 0
    assert town.find_rollup("district", "乙", "r")["rank"] == 1.0


def test_without_households_communities_count(town):
    """甲: 900 of 1000 households, but 1 of 2 communities. 乙: one unknown size, 2 of 3 communities.

    Ranked by communities, like with like: 乙 before 甲.
    """
    for code, households, area in (
        ("A", 900, "甲"), ("B", 100, "甲"), ("C", np.nan, "乙"), ("D", 5, "乙"), ("E", 5, "乙"),
    ):  # fmt: skip
        town.community(code, households, district=area)
    settle(town, town.rule("r"), A="met", B="gap", C="met", D="met", E="gap")
    first, second = (town.find_rollup("district", area, "r") for area in "甲乙")
    assert (first["basis"], first["share_low"], first["rank"]) == ("households", 0.9, 2.0)
    assert (second["basis"], second["rank"]) == ("communities", 1.0)
    assert second["share_low"] == pytest.approx(2 / 3)
    assert np.isnan(second["households"])
    assert second["households_gap"] == 5


def test_an_unknown_size_where_it_does_not_apply_changes_nothing(town):
    town.community("A", 900, district="甲")
    town.community("B", np.nan, district="甲")
    settle(town, town.rule("r"), A="met", B="not_applicable")
    row = town.find_rollup("district", "甲", "r")
    assert (row["basis"], row["share_low"], row["households"]) == ("households", 1.0, 900)


def test_communities_without_a_district_are_gathered_last(town):
    for code, area in (("A", "乙"), ("B", ""), ("C", "甲")):
        town.community(code, 100, district=area)
    settle(town, town.rule("r"), A="met", B="met", C="met")
    table = town.rollups()
    areas = table.loc[(table["level"] == "district") & (table["code"] == "r"), "area"]
    assert areas.tolist() == ["乙", "甲", UNNAMED]
    assert "subdistrict" not in set(table["level"])


def test_no_district_no_level(town):
    settle(town, town.rule("r"), **{town.community("A", 100): "met"})
    assert set(town.rollups()["level"]) == {"city"}


def test_affected_households_are_unknown_if_any_are(town):
    for code in "AB":
        town.community(code, 100)
    rule = town.rule("r")
    town.verdict("A", rule, "gap", households_affected=40.0)
    town.verdict("B", rule, "gap", households_affected=np.nan)
    assert np.isnan(town.find_rollup("city", "宝城", "r")["households_affected"])


@pytest.mark.parametrize(
    ("test", "more", "shortfalls", "total", "unit"),
    [
        ("inside", {}, (1.0, 2.0), 3.0, "facilities"),
        ("attribute", {}, (20.0, 30.5), 50.5, "m2"),
        ("share", {}, (0.2, 0.3), np.nan, ""),  # shares do not add up
        ("missing", {}, (4.0, 8.0), 12.0, "places"),
        # 10 m² short of 30 for every 100 of 2000 households are 200 m², 5 of 1000 are 50 m²
        ("per_households", {}, (10.0, 5.0), 250.0, "m2"),
        # 3 workers short for every 10 000 of 5000 people are 1.5, 4 of 2500 are 1
        ("per_people", {}, (3.0, 4.0), 2.5, "workers"),
        # a cluster's gap is missed by all its members together
        ("inside", {"applies": Applies("cluster")}, (1.0, 1.0), np.nan, ""),
        ("within", {}, (0.5, 0.5), np.nan, ""),
    ],
)  # fmt: skip
def test_what_is_missing_in_all(town, figure, test, more, shortfalls, total, unit):
    tests = {
        "inside": CountInside(figure(1, "facilities")),
        "attribute": AttributeAtLeast("activity_area_m2", figure(150, "m2")),
        "share": AttributeAtLeast("green_share", figure(0.3, "share")),
        "missing": Missing(Measure("places_primary"), figure(1, "places")),
        "per_households": AmountPer(
            Measure("service_space_m2"), figure(30, "m2"), figure(100, "households")
        ),
        "per_people": AmountPer(
            Measure("workers"), figure(18, "workers"), figure(10_000, "people")
        ),
        "within": None,
    }
    town.community("A", 2000, population=5000)
    town.community("B", 1000, population=2500)
    town.community("C", 700, population=2000)
    rule = town.rule("r", tests[test], **more)
    for code, shortfall in zip("AB", shortfalls, strict=True):
        town.verdict(code, rule, "gap", shortfall=shortfall)
    town.verdict("C", rule, "met", shortfall=0.0)
    row = town.find_rollup("city", "宝城", "r")
    assert row["unit"] == unit
    assert row["shortfall"] == (
        pytest.approx(total) if unit else pytest.approx(np.nan, nan_ok=True)
    )


def test_amounts_for_unknown_numbers_of_people_stay_unknown(town, figure):
    town.community("A", np.nan)
    test = AmountPer(Measure("service_space_m2"), figure(30, "m2"), figure(100, "households"))
    town.verdict("A", town.rule("r", test), "gap", shortfall=10.0)
    row = town.find_rollup("city", "宝城", "r")
    assert np.isnan(row["shortfall"])
    assert row["unit"] == "m2"


def test_sizes_are_added_up_too(town):
    town.community("A", 100)
    town.community("B", 2000)
    row = town.find_rollup("city", "宝城", "size")
    assert (row["pack"], row["about"], row["gap"], row["met"]) == ("", "check", 1, 1)


communities = st.lists(
    st.tuples(
        st.sampled_from(["", "甲", "乙"]),
        st.sampled_from(["", "一街", "二街"]),
        st.none() | st.integers(0, 5000),
        st.sampled_from(STATUSES),
        st.sampled_from(STATUSES),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15)
@given(communities, st.randoms(use_true_random=False))
def test_areas_add_up_whatever_the_order(build_town, drawn, random):
    one = build_town()
    for rule in "ab":
        one.rule(rule)
    one.card("c", "a", "b")
    for at, (district, street, households, *statuses) in enumerate(drawn):
        code = one.community(
            f"k{at:02d}", np.nan if households is None else float(households),
            district=district, subdistrict=street,
        )  # fmt: skip
        for rule, status in zip("ab", statuses, strict=True):
            one.verdict(code, rule, status, households_affected=1.0 if status == "gap" else 0.0)
    table = one.rollups()
    assert (table[list(STATUSES)].sum(axis=1) == table["communities"]).all()
    defined = table[table["share_low"].notna()]
    assert (defined["share_low"] <= defined["share_high"]).all()
    assert (defined["share_low"] >= 0.0).all()
    assert (defined["share_high"] <= 1.0).all()
    applies = table[["met", "gap", "unknown"]].sum(axis=1) > 0
    assert (table["share_low"].notna() == applies).all()
    ranked = defined.groupby(["level", "pack", "code"])["rank"]
    assert (ranked.min() == 1.0).all()
    city = table[table["level"] == "city"].set_index("code")
    added = ["communities", *STATUSES, "households", "households_met", "households_affected"]
    for level in ("district", "subdistrict"):
        parts = table[table["level"] == level]
        if len(parts):
            sums = parts.groupby("code")[added].agg(lambda column: column.sum(skipna=False))
            pd.testing.assert_frame_equal(
                sums.sort_index(), city[added].sort_index(), check_dtype=False
            )
    random.shuffle(one.rows)
    random.shuffle(one.places)
    pd.testing.assert_frame_equal(one.rollups(), table)
