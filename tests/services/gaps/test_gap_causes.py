"""Each cause planted in a paper town, with the arithmetic."""

import math

import numpy as np
import pytest

from geo.crs import project
from services.causes import CAUSES, build_barriers, find_crossings
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
    assert "no barrier is mapped there: look for a missing crossing or gate" in row["reason_en"]


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
    assert "没有步行道路可达" in row["reason"]


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


def test_crossings_take_the_railway_before_the_wall(paper_town):
    """From (0, 0) north to (0, 10): the railway at y = 5 outweighs the wall at y = 3.

    From (-1, 0) only the wall at (-1, 3) is met, from (5, 0) only the railway; from (50, 0) nothing,
    so the middle (50, 5) stands in.
    """
    town = paper_town(
        streets=[[(0, 0), (100, 0)]],
        homes=[{"at": (0, 0)}],
        barriers=[
            {"kind": "railway", "line": [(-0.5, 5), (9, 5)]},
            {"kind": "wall", "line": [(-2, 3), (1, 3)]},
        ],
    )
    barriers = build_barriers(town.barriers, CRS)
    origin = np.array([700_000.0, 3_800_000.0])
    start = origin + np.array([[0.0, 0.0], [-1.0, 0.0], [5.0, 0.0], [50.0, 0.0]])
    barrier, place = find_crossings(start, start + np.array([0.0, 10.0]), barriers)
    assert barrier.tolist() == [0, 1, 0, -1]
    expected = np.array([[0, 5], [-1, 3], [5, 5], [50, 5]])
    assert place - origin == pytest.approx(expected, abs=0.01)


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
