"""Each cause planted in a paper town, with the arithmetic."""

import math

import numpy as np
import pytest

from geo.crs import project
from services.causes import CAUSES
from services.verdicts import build_homes, judge_at_least

CRS = "EPSG:32648"
SHOP = ("A", "bj.reach.shop")
# Two streets 200 m apart, joined by a bridge 1000 m to the east: a U on its side.
TWO_BANKS = [[(0, 0), (1000, 0), (1000, 200), (0, 200)]]


def place_m(row):
    """Place of the obstacle in the town's metres."""
    xy = project(np.array([[row["barrier_lon"], row["barrier_lat"]]]), CRS)[0]
    return xy - np.array([700_000.0, 3_800_000.0])


def test_severed_by_a_railway(paper_town):
    """The shop is 200 m away across the railway; the way round is 1000 + 200 + 1000 = 2200 m.

    2200 / 200 = 11 ≥ 1.8: severed, at (0, 100) where the straight line meets the railway.
    """
    town = paper_town(
        streets=TWO_BANKS,
        homes=[{"at": (0, 0), "households": 420}],
        facilities=[{"id": "s", "kind": "shop", "name": "晨光超市", "at": (0, 200)}],
        communities=[{"id": "A", "households": 420}],
        barriers=[
            {"kind": "railway", "name": "陇海铁路", "line": [(-500, 100), (900, 100)]},
            {"kind": "waterway", "name": "渭河", "line": [(-500, 150), (900, 150)]},
        ],
    )
    row = town.judge().loc[SHOP]
    assert (row["status"], row["cause"]) == ("gap", "severed")
    assert row["detour_factor"] == pytest.approx(11.0, abs=0.01)
    assert (row["barrier_kind"], row["barrier_name"]) == ("railway", "陇海铁路")
    assert place_m(row) == pytest.approx([0, 100], abs=0.1)
    assert row["nearest_m"] == pytest.approx(2200, abs=0.1)
    assert row["nearest_facility_id"] == "s"
    for part in ("晨光超市", "直线仅200米", "2,200米", "绕行系数11.0", "铁路“陇海铁路”"):
        assert part in row["reason"]
    for part in ("晨光超市", "200 m", "2,200 m", "11.0", "railway"):
        assert part in row["reason_en"]


def test_severed_where_nothing_is_mapped(paper_town):
    """As before without any barrier: the place is the middle of the straight line, (0, 100)."""
    town = paper_town(
        streets=TWO_BANKS,
        homes=[{"at": (0, 0), "households": 420}],
        facilities=[{"kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 420}],
    )
    row = town.judge().loc[SHOP]
    assert (row["cause"], row["barrier_kind"], row["barrier_name"]) == ("severed", "", "")
    assert place_m(row) == pytest.approx([0, 100], abs=0.1)
    assert "大门" in row["reason"]
    assert (
        "no barrier is mapped there that explains it: look for a missing crossing or gate"
        in row["reason_en"]
    )


def test_severed_without_any_way(paper_town):
    """The shop's street is not joined to the home's: no walk, no detour factor, still severed."""
    town = paper_town(
        streets=[[(0, 0), (3000, 0)], [(0, 200), (3000, 200)]],
        homes=[{"at": (0, 0), "households": 420}],
        facilities=[{"id": "s", "kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 420}],
    )
    row = town.judge().loc[SHOP]
    assert row["cause"] == "severed"
    assert math.isnan(row["detour_factor"])
    assert math.isnan(row["nearest_m"])
    assert row["nearest_facility_id"] == "s"
    assert "没有步行道路可达；数据中两处的道路互不相连，可能缺少步行道路数据" in row["reason"]
    assert "the streets there are not joined to the rest" in row["reason_en"]


@pytest.mark.parametrize(
    ("kind", "named"), [("wall", ""), ("railway", "railway"), ("waterway", "waterway")]
)
def test_without_any_way_a_wall_is_not_blamed(paper_town, kind, named):
    """No walk: streets are not joined in the data. Only a line like a railway is named for that."""
    town = paper_town(
        streets=[[(0, 0), (3000, 0)], [(0, 200), (3000, 200)]],
        homes=[{"at": (0, 0), "households": 420}],
        facilities=[{"id": "s", "kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 420}],
        barriers=[{"kind": kind, "line": [(-900, 100), (900, 100)]}],
    )
    row = town.judge().loc[SHOP]
    assert (row["cause"], row["barrier_kind"]) == ("severed", named)
    assert ("互不相连" in row["reason"]) == (named == "")
    assert place_m(row) == pytest.approx([0, 100], abs=0.1)


def test_those_without_any_way_stand_apart(paper_town):
    """A way round of 2200 m for 100 households, none for 300 on streets of their own: they speak."""
    town = paper_town(
        streets=[*TWO_BANKS, [(0, 400), (3000, 400)]],
        homes=[
            {"at": (0, 0), "households": 100},
            {"at": (0, 400), "households": 300},
        ],
        facilities=[{"kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 400}],
    )
    row = town.judge().loc[SHOP]
    assert math.isnan(row["detour_factor"])
    assert place_m(row) == pytest.approx([0, 300], abs=0.1)


@pytest.mark.parametrize(
    ("tag", "zh", "en"),
    [
        ("hedge", "绿篱", "a hedge lies between"),
        ("fence", "围栏", "a fence lies between"),
        ("guard_rail", "护栏", "a guard rail lies between"),
        ("retaining_wall", "挡土墙", "a retaining wall lies between"),
        ("city_wall", "城墙", "a city wall lies between"),
        ("wall", "围墙", "a wall lies between"),
        ("", "围墙", "a wall lies between"),
    ],
)
def test_a_hedge_is_called_a_hedge(paper_town, tag, zh, en):
    town = paper_town(
        streets=TWO_BANKS,
        homes=[{"at": (0, 0), "households": 420}],
        facilities=[{"kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 420}],
        barriers=[{"kind": "wall", "type": tag, "line": [(-500, 100), (900, 100)]}],
    )
    row = town.judge().loc[SHOP]
    assert row["barrier_kind"] == "wall"
    assert f"中间隔着{zh}。" in row["reason"]
    assert en in row["reason_en"]


def test_a_piece_of_hedge_explains_no_detour(paper_town):
    """40 m of hedge on the straight line and 2000 m extra: nothing is said to lie between."""
    town = paper_town(
        streets=TWO_BANKS,
        homes=[{"at": (0, 0), "households": 420}],
        facilities=[{"kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 420}],
        barriers=[{"kind": "wall", "type": "hedge", "line": [(-20, 100), (20, 100)]}],
    )
    row = town.judge().loc[SHOP]
    assert (row["cause"], row["barrier_kind"]) == ("severed", "")
    assert "没有绘出足以造成绕行的障碍" in row["reason"]


def test_a_part_of_the_households_is_never_above_their_sum(paper_town):
    """The table states 1500 households, its compounds 5000 + 2000 = 7000.

    1500 decides whether the rule binds; of the 7000, 5000 (71.4 %) have none within the walk.
    """
    town = paper_town(
        streets=[[(-3000, 0), (3000, 0)]],
        homes=[{"at": (2500, 0), "households": 5000}, {"at": (0, 0), "households": 2000}],
        facilities=[
            {"kind": "kindergarten", "at": (0, 0), "inclusive": True},
            {"id": "s", "kind": "shop", "at": (0, 0)},
        ],
        communities=[{"id": "A", "households": 1500, "area": (-3000, 500, 3000, 600)}],
    )
    gaps = town.judge()
    walk = gaps.loc[("A", "bj.kindergarten.1500.walk")]
    assert walk["households_affected"] == 5000
    assert walk["reason"].startswith(
        "该社区1,500户（小区表合计7,000户），达到1,500户，力争设有1所普惠性幼儿园；"
        "按小区表7,000户计，5,000户（71.4%）在步行"
    )
    assert walk["reason_en"].startswith(
        "With 1,500 households (7,000 by its compounds), at least 1,500, this community"
    )
    assert "Of the 7,000 by its compounds, 5,000 households (71.4%) have no" in walk["reason_en"]
    shop = gaps.loc[SHOP]
    assert shop["reason"].startswith(
        "该社区1,500户（小区表合计7,000户），按小区表7,000户计，5,000户（71.4%）在步行"
    )
    assert shop["reason_en"].startswith(
        "This community has 1,500 households (7,000 by its compounds). Of the 7,000 by its "
        "compounds, 5,000 households (71.4%) have no"
    )
    inside = gaps.loc[("A", "bj.kindergarten.1500.inside")]
    assert (inside["status"], inside["households_affected"]) == ("gap", 7000)
    assert "（小区表合计7,000户）" in inside["reason"]


def test_thresholds_take_the_official_count(paper_town):
    """1499 households officially, 7000 by the compounds: the rule from 1500 on does not apply."""
    town = paper_town(
        streets=[[(-3000, 0), (3000, 0)]],
        homes=[{"at": (0, 0), "households": 7000}],
        facilities=[{"kind": "kindergarten", "at": (0, 0), "inclusive": True}],
        communities=[{"id": "A", "households": 1499}],
    )
    row = town.judge().loc[("A", "bj.kindergarten.1500.walk")]
    assert row["status"] == "not_applicable"
    assert row["reason"] == "该社区1,499户（小区表合计7,000户），不足1,500户，本规则不适用。"


@pytest.mark.parametrize(
    ("located", "opening"),
    [
        (1500, "其中1,490户"),
        (1515, "按小区表1,515户计，1,505户"),
        (1516, "按小区表1,516户计，1,506户"),
    ],
)
def test_a_small_difference_is_said_where_it_shows(paper_town, located, opening):
    """10 households near, the others not. Up to 1 % (15 of 1500) the sum is left out, unless a part

    would exceed the official 1500.
    """
    town = paper_town(
        streets=[[(-3000, 0), (3000, 0)]],
        homes=[{"at": (2500, 0), "households": located - 10}, {"at": (0, 0), "households": 10}],
        facilities=[{"kind": "kindergarten", "at": (0, 0), "inclusive": True}],
        communities=[{"id": "A", "households": 1500}],
    )
    reason = town.judge().loc[("A", "bj.kindergarten.1500.walk"), "reason"]
    assert f"；{opening}" in reason
    assert ("（小区表合计" in reason) == (located == 1516)


def test_street_points_are_not_called_homes(paper_town):
    """Points along streets, households unknown: 3 of 4 by weight are too far."""
    town = paper_town(
        streets=[[(-3000, 0), (3000, 0)]],
        homes=[
            {"at": (0, 0), "weight": 1.0, "source": "streets"},
            {"at": (2500, 0), "weight": 3.0, "source": "streets"},
            {"at": (2500, 0), "source": "streets", "community": "B"},
            {"at": (0, 0), "source": "streets", "community": "C"},
        ],
        facilities=[
            {"kind": "shop", "at": (0, 0)},
            {"id": "k", "kind": "kindergarten", "at": (0, 0)},
        ],
        communities=[{"id": code} for code in "ABC"],
    )
    gaps = town.judge()
    some, none, every = (gaps.loc[(code, "bj.reach.shop")] for code in "ABC")
    assert some["reason"].startswith("该社区户数未知，按道路起点估计，约75.0%的道路起点在步行")
    assert some["reason_en"].startswith("Households are unknown: about 75.0% of street points have")
    assert none["reason"].startswith("该社区户数未知，按道路起点估计，全部道路起点在步行")
    assert "no street point has a known" in none["reason_en"]
    assert every["reason"].startswith("该社区户数未知，按道路起点估计，全部道路起点在步行")
    assert "all street points have a known" in every["reason_en"]
    for row in (some, none, every):
        assert "住户" not in row["reason"]
        assert "homes" not in row["reason_en"]


def test_households_spread_over_streets_say_so(paper_town):
    """Official 2000 households spread along streets: a sum, but nobody knows where they live."""
    town = paper_town(
        streets=[[(-3000, 0), (3000, 0)]],
        homes=[
            {"at": (0, 0), "households": 500, "source": "streets"},
            {"at": (2500, 0), "households": 1500, "source": "streets"},
        ],
        facilities=[
            {"kind": "shop", "at": (0, 0)},
            {"id": "k", "kind": "kindergarten", "at": (0, 0)},
        ],
        communities=[{"id": "A", "households": 2000}],
    )
    gaps = town.judge()
    assert gaps.loc[SHOP, "reason"].startswith(
        "该社区2,000户（按道路起点分摊）中，1,500户（75.0%）在步行"
    )
    walk = gaps.loc[("A", "bj.kindergarten.1500.walk")]
    assert walk["reason"].startswith("该社区2,000户（按道路起点分摊），达到1,500户")
    assert "spread over street points" in walk["reason_en"]
    assert not gaps["reason"].str.contains("住户").any()
    assert not gaps["reason_en"].str.contains("homes").any()


def test_no_starting_point_is_unknown(paper_town):
    """2000 households, not one starting point: the walk is open, the count inside is not."""
    town = paper_town(
        streets=[[(-3000, 0), (3000, 0)]],
        homes=[{"at": (0, 0), "households": 9, "community": "elsewhere"}],
        facilities=[
            {"kind": "shop", "at": (0, 0)},
            {"id": "k", "kind": "kindergarten", "at": (0, 0), "inclusive": False},
        ],
        communities=[{"id": "A", "households": 2000}, {"id": "B"}],
    )
    gaps = town.judge()
    for code, rule in (
        ("A", "bj.reach.shop"),
        ("B", "bj.reach.shop"),
        ("A", "bj.kindergarten.1500.walk"),
    ):
        row = gaps.loc[(code, rule)]
        assert (row["status"], row["cause"]) == ("unknown", "data_missing")
        assert row["reason"].startswith("该社区内没有已知的出发点")
        assert math.isnan(row["households_affected"])
    inside = gaps.loc[("A", "bj.kindergarten.1500.inside")]
    assert (inside["status"], inside["households_affected"]) == ("gap", 2000)


def test_too_far_along_the_streets(paper_town):
    """Corner of a block: straight √(800² + 600²) = 1000 ≤ 1080 m, walk 1400 m, detour 1.4 < 1.8."""
    town = paper_town(
        streets=[[(0, 0), (800, 0), (800, 600)]],
        homes=[{"at": (0, 0), "households": 50}],
        facilities=[{"kind": "shop", "at": (800, 600)}],
        communities=[{"id": "A", "households": 50}],
    )
    row = town.judge().loc[SHOP]
    assert row["cause"] == "too_far"
    assert math.isnan(row["detour_factor"])
    assert row["barrier_kind"] == ""
    assert "1,400米" in row["reason"]
    assert town.judge(severed_detour=1.4).loc[SHOP, "cause"] == "severed"


def test_none_near_even_straight(paper_town):
    """The only shop is 1500 m away on the same street: beyond 1080 m straight."""
    town = paper_town(
        streets=[[(0, 0), (3000, 0)]],
        homes=[{"at": (0, 0), "households": 50}],
        facilities=[{"kind": "shop", "at": (1500, 0)}],
        communities=[{"id": "A", "households": 50}],
    )
    row = town.judge().loc[SHOP]
    assert row["cause"] == "no_facility"
    assert "直线1,080米内也没有已知的" in row["reason"]


def test_unconnected_home_stays_in_the_denominator(paper_town):
    """A home 400 m from any street (over 150 m): not within, and the cause says why."""
    town = paper_town(
        streets=[[(0, 0), (3000, 0)]],
        homes=[{"at": (0, 0), "households": 75}, {"at": (0, 400), "households": 25}],
        facilities=[{"kind": "shop", "at": (10, 0)}],
        communities=[{"id": "A", "households": 100}],
    )
    row = town.judge().loc[SHOP]
    assert (row["status"], row["cause"], row["households_affected"]) == ("gap", "unconnected", 25)
    assert row["found"] == pytest.approx(0.75)


def test_unconnected_facility(paper_town):
    """A shop 100 m past the reach of any street cannot be walked to: not called a barrier."""
    town = paper_town(
        streets=[[(0, 0), (3000, 0)]],
        homes=[{"at": (0, 0), "households": 75}],
        facilities=[{"kind": "shop", "at": (0, 250)}],
        communities=[{"id": "A", "households": 75}],
    )
    assert town.judge().loc[SHOP, "cause"] == "unconnected"


def test_full_where_the_only_one_has_no_places(paper_town):
    """3000 households, one primary school at 300 m with 0 free places; another beyond reach.

    With 5 free places instead the rule is met; with a capacity of 0 and no count it is full.
    """
    answers = {}
    for free, capacity in ((0, 360), (5, 360), (float("nan"), 0), (float("nan"), 360)):
        town = paper_town(
            streets=[[(0, 0), (3000, 0)]],
            homes=[{"at": (0, 0), "households": 3000}],
            facilities=[
                {
                    "kind": "primary_school",
                    "name": "新建路小学",
                    "at": (300, 0),
                    "free_places": free,
                    "capacity": capacity,
                },
                {"kind": "primary_school", "at": (2900, 0), "free_places": 99},
            ],
            communities=[{"id": "A", "households": 3000}],
        )
        row = town.judge().loc[("A", "bj.primary.3000.places")]
        answers[str(free), capacity] = (row["status"], row["cause"])
        if (free, capacity) == (0, 360):
            assert "新建路小学" in row["reason"]
    assert answers == {
        ("0", 360): ("gap", "full"),
        ("5", 360): ("met", ""),
        ("nan", 0): ("gap", "full"),
        ("nan", 360): ("unknown", "data_missing"),
    }


def test_the_cause_of_most_households_leads(paper_town):
    """420 cut off at (0, 0), 300 with none near at (-2500, 0), 60 without a street.

    Severed leads; the breakdown names all three with 780 households together.
    """
    town = paper_town(
        streets=[[(-2500, 0), (0, 0), (1000, 0), (1000, 200), (0, 200)]],
        homes=[
            {"at": (0, 0), "households": 420},
            {"at": (-2500, 0), "households": 300},
            {"at": (0, -300), "households": 60},
        ],
        facilities=[{"kind": "shop", "at": (0, 200)}],
        communities=[{"id": "A", "households": 780}],
    )
    row = town.judge().loc[SHOP]
    assert (row["cause"], row["households_affected"]) == ("severed", 780)
    assert (
        "按原因分：被阻隔420户（53.8%）、附近没有300户（38.5%）、未接入路网60户（7.7%）。"
        in row["reason"]
    )


def test_equal_causes_follow_the_fixed_order(paper_town):
    """100 with none near and 100 unconnected: `no_facility` stands first in the order."""
    town = paper_town(
        streets=[[(-2500, 0), (3000, 0)]],
        homes=[
            {"at": (0, 400), "households": 100},
            {"at": (-2500, 0), "households": 100},
        ],
        facilities=[{"kind": "shop", "at": (100, 0)}],
        communities=[{"id": "A", "households": 200}],
    )
    assert town.judge().loc[SHOP, "cause"] == "no_facility" == CAUSES[0]


def test_the_barrier_that_cuts_off_most_is_named(paper_town):
    """Of three homes south of the line, 10 + 20 households face the canal, 300 the railway."""
    town = paper_town(
        streets=[[(-400, 0), (-200, 0), (0, 0), (1500, 0), (1500, 200), (-400, 200)]],
        homes=[
            {"at": (-400, 0), "households": 10},
            {"at": (-300, 0), "households": 20},
            {"at": (0, 0), "households": 300},
        ],
        facilities=[
            {"kind": "shop", "at": (-400, 200)},
            {"kind": "shop", "at": (0, 200)},
        ],
        communities=[{"id": "A", "households": 330}],
        barriers=[
            {"kind": "waterway", "line": [(-500, 100), (-150, 100)]},
            {"kind": "railway", "line": [(-100, 80), (900, 80)]},
        ],
    )
    row = town.judge().loc[SHOP]
    assert (row["cause"], row["barrier_kind"]) == ("severed", "railway")
    assert place_m(row) == pytest.approx([0, 80], abs=0.1)


def test_three_values():
    """Kleene's table for "at least 1": certain (1, 1) met, (0, 0) gap, (0, 1) open, NaN open."""
    low = np.array([1.0, 0.0, 0.0, np.nan])
    high = np.array([1.0, 0.0, 1.0, np.nan])
    assert judge_at_least(low, high, 1.0).tolist() == ["met", "gap", "unknown", "unknown"]


def test_share_basis_needs_every_point(paper_town):
    """One point without households: the community is measured by weights, all others by households."""
    town = paper_town(
        streets=[[(0, 0), (100, 0)]],
        homes=[
            {"at": (0, 0), "households": 10, "weight": 1.0},
            {"at": (0, 0), "weight": 3.0},
            {"at": (0, 0), "households": 8, "weight": 1.0, "community": "B"},
            {"at": (0, 0), "households": 8, "community": "nowhere"},
        ],
        communities=[{"id": "A"}, {"id": "B"}],
    )
    homes = build_homes(town.communities, town.walks.demand)
    assert homes.counted.tolist() == [False, True]
    assert homes.total.tolist() == [4.0, 8.0]
    assert homes.points.tolist() == [2, 1]
    assert homes.community.tolist() == [0, 0, 1, -1]


def test_nobody_is_called_inclusive_who_may_not_be(paper_town):
    """Cut off from a kindergarten of unknown status: the sentence says that it is unknown."""
    town = paper_town(
        streets=TWO_BANKS,
        homes=[{"at": (0, 0), "households": 1500}],
        facilities=[{"kind": "kindergarten", "name": "红星幼儿园", "at": (0, 200)}],
        communities=[{"id": "A", "households": 1500}],
    )
    reason = town.judge().loc[("A", "bj.kindergarten.1500.walk"), "reason"]
    assert "最近的幼儿园（是否普惠未知）“红星幼儿园”" in reason
