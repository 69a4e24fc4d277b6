"""Gaps on paper towns, worked by hand: verdicts, unknowns, and each cause planted."""

import math
from datetime import date

import numpy as np
import pytest

from layers.results import GAPS
from layers.standards.load import read_pack

MAIN_STREET = [[(-3000, 0), (3000, 0)]]


def test_share_of_households_decides(paper_town):
    """Shops: 15 min at an adult's 1.2 m/s = 15 × 60 × 1.2 = 1080 m.

    Homes on the shop's own street at 500 m (600 households) and at 1500 m (400): 600 of 1000 =
    60 % within; 100 % is asked for, so 0.4 and 400 households are missing. The far home is over
    1080 m straight: no facility.
    """
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (500, 0), "households": 600}, {"at": (1500, 0), "households": 400}],
        facilities=[{"id": "shop1", "kind": "shop", "at": (0, 0)}],
        communities=[{"id": "A", "households": 1000}],
    )
    row = town.judge().loc[("A", "bj.reach.shop")]
    assert (row["status"], row["cause"]) == ("gap", "no_facility")
    assert row["needed"] == 1.0
    assert row["found"] == pytest.approx(0.6)
    assert row["shortfall"] == pytest.approx(0.4)
    assert row["households_affected"] == 400
    assert (row["limit"], row["limit_unit"], row["mode"]) == (15, "min", "walk")
    assert row["nearest_m"] == pytest.approx(1500, abs=0.01)
    assert row["nearest_facility_id"] == "shop1"
    assert row["source_status"] == "derived"
    assert "1,000户" in row["reason"]
    assert "400户（40.0%）" in row["reason"]
    assert "推导值" in row["reason"]


def test_exactly_at_the_limit_is_within(paper_town):
    """1080.0 m at 1.2 m/s is 900 s = 15 min exactly: within. 1081 m is not."""
    facilities = [{"kind": "shop", "at": (0, 0)}]
    for metres, status in ((1080.0, "met"), (1081.0, "gap")):
        town = paper_town(
            streets=MAIN_STREET,
            homes=[{"at": (metres, 0), "households": 10}],
            facilities=facilities,
            communities=[{"id": "A", "households": 10}],
        )
        assert town.judge().loc[("A", "bj.reach.shop"), "status"] == status


def test_children_walk_at_their_own_pace(paper_town):
    """A primary school at 1000 m: 1000 / 1.0 = 16.7 min for a child, 13.9 min for an adult.

    The rule on primary schools is walked by children (900 m), the one on shops by adults.
    """
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (1000, 0), "households": 10}],
        facilities=[
            {"id": "p", "kind": "primary_school", "at": (0, 0)},
            {"id": "s", "kind": "shop", "at": (0, 0)},
        ],
        communities=[{"id": "A", "households": 10}],
    )
    gaps = town.judge()
    assert gaps.loc[("A", "bj.reach.primary_school"), "status"] == "gap"
    assert gaps.loc[("A", "bj.reach.shop"), "status"] == "met"


def test_half_is_enough_where_the_pack_says_half(paper_town, with_test):
    """Half the households within; a pack that asks for 0.5 is met exactly, one for 0.51 is not."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 5}, {"at": (2000, 0), "households": 5}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[{"id": "A", "households": 10}],
    )
    met = town.judge(with_test("bj.reach.shop", share=0.5)).loc[("A", "bj.reach.shop")]
    assert (met["status"], met["cause"], met["shortfall"]) == ("met", "", 0.0)
    assert met["households_affected"] == 5
    gap = town.judge(with_test("bj.reach.shop", share=0.51)).loc[("A", "bj.reach.shop")]
    assert gap["status"] == "gap"
    assert gap["shortfall"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("households", "status"), [(1499, "not_applicable"), (1500, "gap"), (1501, "gap")]
)
def test_the_number_itself_is_included(paper_town, households, status):
    """1500 households "and above" include 1500; 1499 are too few. Nothing inclusive anywhere."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": households}],
        facilities=[{"kind": "kindergarten", "at": (10, 0), "inclusive": False}],
        communities=[{"id": "A", "households": households}],
    )
    gaps = town.judge()
    for answer in ("inside", "walk", "places"):
        row = gaps.loc[("A", f"bj.kindergarten.1500.{answer}")]
        assert row["status"] == status
        assert row["households_affected"] == (households if status == "gap" else 0)
    if status == "not_applicable":
        reason = gaps.loc[("A", "bj.kindergarten.1500.walk"), "reason"]
        assert reason == "该社区1,499户，不足1,500户，本规则不适用。"


def test_three_answers_are_never_merged(paper_town):
    """An inclusive kindergarten 500 m away, across the boundary, full.

    Inside: none, gap. Within the walk: 500 ≤ 900 m, met. With free places: 0 free, gap, full.
    """
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (-200, 0), "households": 1620}],
        facilities=[
            {"id": "k", "kind": "kindergarten", "at": (300, 0), "inclusive": True, "free_places": 0}
        ],
        communities=[{"id": "A", "households": 1620, "area": (-1000, -500, 100, 500)}],
    )
    gaps = town.judge()
    inside, walk, places = (
        gaps.loc[("A", f"bj.kindergarten.1500.{answer}")] for answer in ("inside", "walk", "places")
    )
    assert (inside["status"], inside["cause"]) == ("gap", "no_facility")
    assert (inside["needed"], inside["found"], inside["unit"]) == (1, 0, "facilities")
    assert inside["mode"] == inside["limit_unit"] == ""
    assert math.isnan(inside["limit"])
    assert inside["source_status"] == "primary"
    assert walk["status"] == "met"
    assert (walk["limit"], walk["unit"], walk["source_status"]) == (15, "share", "derived")
    assert (places["status"], places["cause"]) == ("gap", "full")
    assert places["nearest_facility_id"] == "k"
    assert places["households_affected"] == 1620
    assert "空余学位" in places["reason"]


def test_a_facility_on_the_boundary_lies_inside(paper_town):
    """A kindergarten in the corner of the community is inside: the boundary belongs to it."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 1500}],
        facilities=[{"kind": "kindergarten", "at": (100, 100), "inclusive": True}],
        communities=[{"id": "A", "households": 1500, "area": (-100, -100, 100, 100)}],
    )
    row = town.judge().loc[("A", "bj.kindergarten.1500.inside")]
    assert (row["status"], row["found"]) == ("met", 1)


def test_unknown_inclusive_is_unknown_unless_certain(paper_town):
    """One kindergarten of unknown status at 500 m: certain 0 %, possible 100 %, unknown.

    At 2000 m it cannot matter: out of reach whatever it is, so the walk answer is a gap.
    """
    for metres, status, cause in ((500, "unknown", "data_missing"), (2000, "gap", "no_facility")):
        town = paper_town(
            streets=MAIN_STREET,
            homes=[{"at": (metres, 0), "households": 1620}],
            facilities=[{"kind": "kindergarten", "at": (0, 0)}],
            communities=[{"id": "A", "households": 1620}],
        )
        row = town.judge().loc[("A", "bj.kindergarten.1500.walk")]
        assert (row["status"], row["cause"]) == (status, cause)
        if status == "unknown":
            assert "inclusive" in row["reason"]
            assert "inclusive" in row["reason_en"]
            assert math.isnan(row["households_affected"])
            assert math.isnan(row["found"])


def test_one_known_inclusive_settles_it(paper_town):
    """A kindergarten of unknown status and a known inclusive one, both near: met."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 1620}],
        facilities=[
            {"kind": "kindergarten", "at": (100, 0)},
            {"kind": "kindergarten", "at": (500, 0), "inclusive": True},
        ],
        communities=[{"id": "A", "households": 1620}],
    )
    gaps = town.judge()
    assert gaps.loc[("A", "bj.kindergarten.1500.inside"), "status"] == "met"
    assert gaps.loc[("A", "bj.kindergarten.1500.walk"), "status"] == "met"
    places = gaps.loc[("A", "bj.kindergarten.1500.places")]
    assert (places["status"], places["cause"]) == ("unknown", "data_missing")
    assert "free_places" in places["reason"]


def test_gap_stands_though_some_are_unknown(paper_town):
    """600 households beside a kindergarten of unknown status, 1000 beyond reach of any.

    Possible share 600 / 1600 = 37.5 % < 100 %: a gap whatever the status, 1000 affected.
    """
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 600}, {"at": (2500, 0), "households": 1000}],
        facilities=[{"kind": "kindergarten", "at": (0, 0)}],
        communities=[{"id": "A", "households": 1600}],
    )
    row = town.judge().loc[("A", "bj.kindergarten.1500.walk")]
    assert (row["status"], row["households_affected"]) == ("gap", 1000)
    assert row["found"] == pytest.approx(0.375)
    assert "已按普惠计入" in row["reason"]


def test_households_unknown_says_which_column(paper_town):
    """Without households 1500 cannot be compared; the share rule judges by homes instead.

    Two homes of weight 1 and 3, the heavy one beyond reach: 25 % covered.
    """
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "weight": 1.0}, {"at": (2500, 0), "weight": 3.0}],
        facilities=[
            {"kind": "kindergarten", "at": (0, 0), "inclusive": True},
            {"id": "s", "kind": "shop", "at": (0, 0)},
        ],
    )
    gaps = town.judge()
    for answer in ("inside", "walk", "places"):
        row = gaps.loc[("A", f"bj.kindergarten.1500.{answer}")]
        assert (row["status"], row["cause"]) == ("unknown", "data_missing")
        assert "户数" in row["reason"]
        assert "households" in row["reason_en"]
    shop = gaps.loc[("A", "bj.reach.shop")]
    assert shop["status"] == "gap"
    assert shop["found"] == pytest.approx(0.25)
    assert math.isnan(shop["households_affected"])
    assert "约75.0%的住户" in shop["reason"]


def test_a_kind_without_any_facility_is_unknown(paper_town):
    """No clinic in the data at all: unknown, with the reason, never a gap."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[{"id": "A", "households": 10}],
    )
    row = town.judge().loc[("A", "bj.reach.clinic")]
    assert (row["status"], row["cause"]) == ("unknown", "data_missing")
    assert math.isnan(row["shortfall"])
    assert "数据中没有任何" in row["reason"]


def test_too_few_households_do_not_wait_for_data(paper_town):
    """With 10 households the 3000 rule does not apply, whether or not schools were mapped."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        communities=[{"id": "A", "households": 10}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
    )
    assert set(town.judge().loc[("A", "bj.primary.3000.walk"), ["status"]]) == {"not_applicable"}


def test_nobody_and_nowhere(paper_town):
    """No households: not applicable. Households but no starting point: unknown."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10, "community": "C"}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[
            {"id": "A", "households": 0, "area": (0, 10, 5, 20)},
            {"id": "B", "households": 7, "area": (10, 10, 15, 20)},
            {"id": "C", "households": 10, "area": (-100, -10, 100, 5)},
        ],
    )
    gaps = town.judge()
    assert gaps.loc[("A", "bj.reach.shop"), "status"] == "not_applicable"
    assert gaps.loc[("B", "bj.reach.shop"), "status"] == "unknown"
    assert "出发点" in gaps.loc[("B", "bj.reach.shop"), "reason"]
    assert gaps.loc[("C", "bj.reach.shop"), "status"] == "met"


def test_rules_bind_from_their_first_to_their_last_day(paper_town):
    """The shop rule holds since 2024-08-11: judged on that day, not the day before."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[{"id": "A", "households": 10}],
    )
    key = ("A", "bj.reach.shop")
    assert town.judge(today=date(2024, 8, 11)).loc[key, "status"] == "met"
    early = town.judge(today=date(2024, 8, 10)).loc[key]
    assert (early["status"], early["cause"]) == ("not_applicable", "")
    assert "2024-08-11" in early["reason"]


def test_rows_are_complete_and_in_order(paper_town):
    """Two communities × the answers of every rule on communities, sorted, no blank sentence."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10, "community": "B"}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[{"id": "B", "households": 10}, {"id": "A", "households": 1}],
    )
    gaps = town.judge()
    assert list(gaps.columns) == list(GAPS)
    assert {name: str(gaps[name].dtype) for name in GAPS} == {
        name: column.dtype for name, column in GAPS.items()
    }
    rules = [one for one in read_pack("baoji-four-types").rules if one.applies.unit == "community"]
    assert len(gaps) == 2 * sum(len(rule.list_answers()) for rule in rules)
    keys = list(zip(gaps["community_id"], gaps["pack"], gaps["rule"], strict=True))
    assert keys == sorted(keys)
    assert (gaps["reason"].str.endswith(("。", "）"))).all()
    assert (gaps["reason_en"].str.endswith((".", ")"))).all()
    assert (
        not gaps[["reason", "reason_en"]]
        .apply(lambda text: text.str.contains(r"\bnan\b|\binf\b"))
        .any(axis=None)
    )


def test_no_packs_no_rows(paper_town):
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
    )
    from dataclasses import replace

    empty = replace(read_pack("baoji-four-types"), rules=())
    assert len(town.judge(empty)) == 0


def test_measured_walks_are_only_a_shortcut(paper_town):
    """Handing over walks measured before changes nothing."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 600}, {"at": (2500, 0), "households": 1000}],
        facilities=[{"kind": "kindergarten", "at": (0, 0)}, {"kind": "shop", "at": (9, 0)}],
        communities=[{"id": "A", "households": 1600}],
    )
    assert town.judge().equals(town.judge(reuse=False))


def test_rows_shuffled_change_nothing(paper_town):
    """Thirty homes and five facilities in any order give the same table."""
    rng = np.random.default_rng(7)
    homes = [
        {"at": (float(x), 0.0), "households": 10 + index, "community": "AB"[index % 2]}
        for index, x in enumerate(rng.uniform(-2900, 2900, 30))
    ]
    facilities = [
        {"id": f"k{index}", "kind": "kindergarten", "at": (float(x), 0.0)}
        for index, x in enumerate(rng.uniform(-900, 900, 5))
    ]
    areas = [{"id": "A", "households": 400}, {"id": "B", "households": 400}]
    first = paper_town(streets=MAIN_STREET, homes=homes, facilities=facilities, communities=areas)
    second = paper_town(
        streets=MAIN_STREET, homes=homes, facilities=facilities[::-1], communities=areas[::-1]
    )
    assert (
        first.judge().drop(columns="barrier_lon").equals(second.judge().drop(columns="barrier_lon"))
    )


def test_two_are_needed_where_the_pack_says_two(paper_town, with_test):
    """Rule changed to two primary schools. One at 100 m, one at 800 m, both ≤ 900 m: met.

    With the second at 2000 m the home has one of two: gap, and no second one even straight.
    """
    pack = with_test("bj.primary.3000", count=2)
    for second, status, cause in ((800, "met", ""), (2000, "gap", "no_facility")):
        town = paper_town(
            streets=MAIN_STREET,
            homes=[{"at": (0, 0), "households": 3000}],
            facilities=[
                {"kind": "primary_school", "at": (100, 0)},
                {"kind": "primary_school", "at": (second, 0)},
            ],
            communities=[{"id": "A", "households": 3000}],
        )
        row = town.judge(pack).loc[("A", "bj.primary.3000.walk")]
        assert (row["status"], row["cause"]) == (status, cause)


def test_a_town_with_nothing_in_it(paper_town):
    """No facilities, no homes, no communities: unknown or no rows, never an error."""
    bare = paper_town(streets=MAIN_STREET, homes=[], communities=[{"id": "A", "households": 3000}])
    assert set(bare.judge()["status"]) == {"unknown"}
    nowhere = paper_town(
        streets=MAIN_STREET, homes=[], facilities=[{"kind": "shop", "at": (0, 0)}], communities=[]
    )
    assert len(nowhere.judge()) == 0


def test_almost_all_is_never_written_as_all(paper_town):
    """9,999 of 10,000 households within: 99.99 % is written as 99.9 %, and 1 is left out."""
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 9999}, {"at": (2000, 0), "households": 1}],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[{"id": "A", "households": 10000}],
    )
    reason = town.judge().loc[("A", "bj.reach.shop"), "reason"]
    assert "覆盖率99.9%" in reason
    assert "1户（0.1%）" in reason


def test_households_of_all_answers_add_up(paper_town):
    """Invariant on 200 random homes: found + shortfall = needed; left out = total × shortfall."""
    rng = np.random.default_rng(3)
    homes = [
        {"at": (float(x), 0.0), "households": int(count)}
        for x, count in zip(rng.uniform(-2900, 2900, 200), rng.integers(1, 40, 200), strict=True)
    ]
    total = sum(home["households"] for home in homes)
    town = paper_town(
        streets=MAIN_STREET,
        homes=homes,
        facilities=[{"kind": "shop", "at": (0, 0)}, {"kind": "clinic", "at": (1500, 0)}],
        communities=[{"id": "A", "households": total}],
    )
    gaps = town.judge()
    judged = gaps[(gaps["status"] == "gap") & (gaps["basis"] == "households")]
    assert len(judged) >= 2
    assert (judged["found"] + judged["shortfall"]).to_numpy() == pytest.approx(1.0)
    assert judged["households_affected"].to_numpy() == pytest.approx(
        total * judged["shortfall"].to_numpy()
    )
