"""From one street to a bridge: what a walk is made of. Lengths in metres, worked out by hand."""

import numpy as np
import pytest

NEAR = {"abs": 0.05}


def test_P01_one_street(town):
    """FEATURE UNDER TEST: a walk along one street.

    A street of 600 m from x=0 to x=600. Home at x=100, 30 m beside it; pharmacy at x=500, 20 m
    beside it. Walk: 30 + (500 - 100) + 20 = 450 m; at the adult's 1.2 m/s that is 375 s.
    """
    town.street(town.node(0, 0), town.node(600, 0), name="直街")
    town.community("A", (-100, -200, 700, 200), households=10)
    town.home("h1", 100, 30, households=10)
    town.facility("pharmacy", 500, -20)
    answer = town.measure()
    assert answer.walk_m("h1", "pharmacy") == pytest.approx(450, **NEAR)
    assert answer.access("h1", "pharmacy")["nearest_s"] == pytest.approx(375, abs=0.1)
    assert answer.home("h1")["street_name"] == "直街"
    assert answer.home("h1")["leg_m"] == pytest.approx(30, **NEAR)
    assert answer.coverage("A", "pharmacy")["share"] == 1.0
    assert answer.coverage("A", "pharmacy")["households_covered"] == 10


def test_P02_target_on_the_edge_of_its_source(town):
    """FEATURE UNDER TEST: home and facility in the middle of the same block.

    Both on the one street, at x=200 and x=260: 60 m, not the way by either end (200 + 260 or more).
    """
    town.street(town.node(0, 0), town.node(1000, 0))
    town.community("A", (-100, -200, 1100, 200), households=1)
    town.home("h1", 200, 0)
    town.facility("pharmacy", 260, 0)
    assert town.measure().walk_m("h1", "pharmacy") == pytest.approx(60, **NEAR)


def test_P03_around_the_corner(town):
    """FEATURE UNDER TEST: a network walk is longer than the straight line.

    L-shaped: home at (0, 400), corner (0, 0), pharmacy at (300, 0): 700 m, straight 500 m.
    15 minutes at 1.2 m/s reach 1080 m, 5 minutes 360 m: covered at 15, not at 5.
    """
    corner = town.node(0, 0)
    town.street(town.node(0, 500), corner)
    town.street(corner, town.node(500, 0))
    town.community("A", (-100, -100, 600, 600), households=1)
    town.home("h1", 0, 400)
    town.facility("pharmacy", 300, 0)
    answer = town.measure()
    assert answer.walk_m("h1", "pharmacy") == pytest.approx(700, **NEAR)
    assert answer.coverage("A", "pharmacy", 15.0)["share"] == 1.0
    assert answer.coverage("A", "pharmacy", 10.0)["share"] == 1.0
    assert answer.coverage("A", "pharmacy", 5.0)["share"] == 0.0


def river_town(town, *, bridge_x):
    """Two banks, 100 m apart, each with a street of 2000 m; one bridge."""
    south = [town.node(x, 0) for x in sorted({0, bridge_x, 2000})]
    north = [town.node(x, 100) for x in sorted({0, bridge_x, 2000})]
    town.street(*south, name="南岸路")
    town.street(*north, name="北岸路")
    at = sorted({0, bridge_x, 2000}).index(bridge_x)
    town.street(south[at], north[at], bridge="yes", name="桥")
    town.way(town.node(-500, 50), town.node(2500, 50), waterway="river", name="清水河")
    town.community("S", (-100, -200, 2100, 50), households=100)
    town.home("h1", 1900, 0, households=100)
    town.facility("pharmacy", 1900, 100)


def test_P04_bridge_near(town):
    """FEATURE UNDER TEST: across a river by the bridge.

    Home at (1900, 0), pharmacy at (1900, 100), bridge at x=1700: 200 + 100 + 200 = 500 m.
    """
    river_town(town, bridge_x=1700)
    assert town.measure().walk_m("h1", "pharmacy") == pytest.approx(500, **NEAR)


def test_P05_bridge_far(town):
    """FEATURE UNDER TEST: severed by a river.

    The bridge stands at x=100: 1800 + 100 + 1800 = 3700 m for 100 m straight, a detour factor of 37.
    The clinic rule finds the river as the barrier, halfway, at (1900, 50).
    """
    river_town(town, bridge_x=100)
    town.facility("clinic", 1900, 100)
    answer = town.measure()
    assert answer.walk_m("h1", "pharmacy") == pytest.approx(3700, **NEAR)
    assert answer.coverage("S", "clinic")["share"] == 0.0
    gaps = answer.results.tables["gaps"]
    gap = gaps[(gaps["community_id"] == "S") & (gaps["kind"] == "clinic")].iloc[0]
    assert gap["status"] == "gap"
    assert gap["cause"] == "severed"
    assert gap["detour_factor"] == pytest.approx(37, abs=0.1)
    assert (gap["barrier_kind"], gap["barrier_name"]) == ("waterway", "清水河")
    assert gap["households_affected"] == 100


def test_P06_island(town):
    """FEATURE UNDER TEST: streets on an island set aside attract nobody.

    The island's street (200 m, below the setting of 1000 m) lies 10 m from the home, the mainland's
    100 m: the walk starts on the mainland, 100 m away. A second home, 300 m from the mainland, is
    unconnected; it stays in the denominator: 1 of 2 households covered.
    """
    town.settings["min_island_m"] = 1000
    town.street(town.node(0, 0), town.node(2000, 0), name="大陆")
    town.street(town.node(500, 110), town.node(700, 110), name="孤岛")
    town.community("A", (-100, -200, 2100, 500), households=2)
    town.home("h1", 600, 100)
    town.home("h2", 600, 300)
    town.facility("pharmacy", 600, 0)
    answer = town.measure()
    assert answer.home("h1")["street_name"] == "大陆"
    assert answer.walk_m("h1", "pharmacy") == pytest.approx(100, **NEAR)
    assert not answer.home("h2")["connected"]
    assert np.isnan(answer.walk_m("h2", "pharmacy"))
    coverage = answer.coverage("A", "pharmacy")
    assert coverage["share"] == 0.5
    assert coverage["unconnected_households"] == 1
    codes = set(answer.results.tables["notices"]["code"])
    assert "unconnected_homes" in codes


def test_P07_one_way_for_walkers(town):
    """FEATURE UNDER TEST: `oneway:foot`, and that walks lead *towards* the facility.

    A block 0-1-2-3 of 100 m sides; side 0-1 may only be walked from 1 to 0. Home at node 0,
    pharmacy in the middle of side 0-1 (50 m ahead, against the direction): 100 + 100 + 100 + 50.
    """
    corners = [town.node(*xy) for xy in ((0, 0), (100, 0), (100, 100), (0, 100))]
    town.street(corners[1], corners[0], oneway__foot="yes", name="单行巷")
    town.street(corners[1], corners[2])
    town.street(corners[2], corners[3])
    town.street(corners[3], corners[0])
    town.community("A", (-100, -100, 200, 200), households=1)
    town.home("h1", 0, 0)
    town.facility("pharmacy", 50, 0)
    assert town.measure().walk_m("h1", "pharmacy") == pytest.approx(350, **NEAR)
