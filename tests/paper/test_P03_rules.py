"""Verdicts: thresholds that include themselves, three answers, unknowns, causes."""

import numpy as np
import pytest


def straight(town, length=3000):
    town.street(town.node(0, 0), town.node(length, 0), name="长街")


def statuses(answer, community, rule):
    table = answer.results.tables["gaps"]
    rows = table[(table["community_id"] == community) & table["rule"].str.startswith(rule)]
    return dict(
        zip(rows["rule"].str.removeprefix(rule).str.lstrip("."), rows["status"], strict=True)
    )


@pytest.mark.parametrize(("households", "expected"), [(1500, "gap"), (1499, "not_applicable")])
def test_P21_1500_includes_the_number_itself(town, households, expected):
    """FEATURE UNDER TEST: households >= 1500.

    One kindergarten, known not to be inclusive, 100 m away: with 1500 households a gap inside and
    within the walk; with 1499 the rule does not apply.
    """
    straight(town)
    town.community("A", (-100, -100, 1500, 100), households=households)
    town.home("h1", 100, 0, households=households)
    town.listed("kindergarten", 200, 0, "k1", inclusive="否", capacity=90)
    verdicts = statuses(town.measure(), "A", "bj.kindergarten.1500")
    assert verdicts["inside"] == expected
    assert verdicts["walk"] == expected


def test_P22_three_answers_are_never_merged(town):
    """FEATURE UNDER TEST: inside the boundary / within the walk / with free places.

    3000 households, no primary school inside; one outside, 700 m away (children at 1.0 m/s reach 900
    m in 15 minutes); whether it has free places nobody said.
    """
    straight(town)
    town.community("A", (-100, -100, 500, 100), households=3000)
    town.home("h1", 100, 0, households=3000)
    town.facility("primary_school", 800, 0)
    assert statuses(town.measure(), "A", "bj.primary.3000") == {
        "inside": "gap",
        "walk": "met",
        "places": "unknown",
    }


def test_P23_inclusive_unknown_is_not_a_gap(town):
    """FEATURE UNDER TEST: unknown 普惠 leaves the verdict open."""
    straight(town)
    town.community("A", (-100, -100, 1500, 100), households=1600)
    town.home("h1", 100, 0, households=1600)
    town.facility("kindergarten", 200, 0)
    verdicts = statuses(town.measure(), "A", "bj.kindergarten.1500")
    assert (verdicts["inside"], verdicts["walk"]) == ("unknown", "unknown")


def test_P24_households_unknown(town):
    """FEATURE UNDER TEST: without a household count the threshold rule is unknown, and says why."""
    straight(town)
    town.community("A", (-100, -100, 1500, 100), households=None)
    town.facility("kindergarten", 200, 0)
    answer = town.measure()
    verdicts = statuses(answer, "A", "bj.kindergarten.1500")
    assert set(verdicts.values()) == {"unknown"}
    assert "户" in answer.gap("A", "bj.kindergarten.1500.inside")["reason"]
    assert np.isnan(answer.coverage("A", "kindergarten")["households"])


def test_P25_an_empty_kind_is_unknown_not_zero(town):
    """FEATURE UNDER TEST: no pharmacy in the data at all: unknown, no share, and the rules too."""
    straight(town)
    town.community("A", (-100, -100, 1500, 100), households=100)
    town.home("h1", 100, 0, households=100)
    town.facility("supermarket", 200, 0)
    answer = town.measure()
    coverage = answer.coverage("A", "clinic")
    assert coverage["status"] == "unknown"
    assert np.isnan(coverage["share"])
    assert np.isnan(coverage["households_covered"])
    gaps = answer.results.tables["gaps"]
    clinic = gaps[gaps["kind"] == "clinic"].iloc[0]
    assert (clinic["status"], clinic["cause"]) == ("unknown", "data_missing")
    assert answer.results.summary["clinic"]["15"]["share"] is None


def test_P26_facility_just_outside_counts(town):
    """FEATURE UNDER TEST: the edge of a community is not a wall.

    The shop stands 50 m beyond the boundary: none inside, all covered.
    """
    straight(town)
    town.community("A", (-100, -100, 500, 100), households=10)
    town.community("B", (500, -100, 1500, 100), households=10)
    town.home("h1", 400, 0, households=10)
    town.home("h2", 1400, 0, households=10)
    town.facility("supermarket", 550, 0)
    answer = town.measure()
    assert answer.coverage("A", "supermarket")["facilities_inside"] == 0
    assert answer.coverage("A", "supermarket")["share"] == 1.0
    assert answer.coverage("B", "supermarket")["facilities_inside"] == 1


def test_P27_facility_on_the_boundary_belongs_to_one(town):
    """FEATURE UNDER TEST: on a shared boundary a facility is inside exactly one community."""
    straight(town)
    town.community("A", (-100, -100, 500, 100), households=10)
    town.community("B", (500, -100, 1500, 100), households=10)
    town.home("h1", 400, 0, households=10)
    town.home("h2", 600, 0, households=10)
    town.facility("supermarket", 500, 0)
    answer = town.measure()
    inside = [answer.coverage(code, "supermarket")["facilities_inside"] for code in "AB"]
    assert sum(inside) == 1


def test_P28_two_facilities_at_equal_time(town):
    """FEATURE UNDER TEST: a tie goes to the lower id, every time; both are counted.

    Two clinics in one house, 200 m away.
    """
    straight(town)
    town.community("A", (-100, -100, 1500, 100), households=1)
    town.home("h1", 500, 0)
    west = town.listed("clinic", 300, 0, "b-west")
    east = town.listed("clinic", 300, 0, "a-east")
    answer = town.measure()
    access = answer.access("h1", "clinic")
    assert access["facility_id"] == min(west, east)
    assert access["n_within"] == 2
    assert access["nearest_m"] == pytest.approx(200, abs=0.05)
    assert access["second_m"] == pytest.approx(200, abs=0.05)


def test_P29_exactly_at_the_limit(town):
    """FEATURE UNDER TEST: 15 minutes at 1.2 m/s are 1080 m, the metre itself included.

    Homes 1079 m and 1081 m from the shop: one is covered.
    """
    straight(town)
    town.community("A", (-100, -100, 2500, 100), households=2)
    town.home("in", 1179, 0)
    town.home("out", 1181, 0)
    town.facility("supermarket", 100, 0)
    coverage = town.measure().coverage("A", "supermarket")
    assert coverage["share"] == 0.5
    assert coverage["households_covered"] == 1


def test_P30_no_facility_and_too_far(town):
    """FEATURE UNDER TEST: causes without a barrier.

    Community A, 2500 m from the only clinic: none within 1080 m as the crow flies. Community B: an
    L-shaped way of 600 + 600 = 1200 m for 849 m straight, a detour of 1.41: too far, not severed.
    """
    corner = town.node(0, 0)
    town.street(corner, town.node(3200, 0))
    town.street(corner, town.node(0, 700))
    town.community("A", (2800, -100, 3300, 100), households=10)
    town.community("B", (-100, 500, 200, 800), households=20)
    town.home("far", 3100, 0, households=10)
    town.home("corner", 0, 600, households=20)
    town.facility("clinic", 600, 0)
    answer = town.measure()
    gaps = answer.results.tables["gaps"]
    clinic = gaps[gaps["kind"] == "clinic"].set_index("community_id")
    assert clinic.loc["A", "cause"] == "no_facility"
    assert clinic.loc["B", "cause"] == "too_far"
    assert clinic.loc["A", "households_affected"] == 10
    assert clinic.loc["B", "nearest_m"] == pytest.approx(1200, abs=0.1)


def test_P31_full_school(town):
    """FEATURE UNDER TEST: reachable but full."""
    straight(town)
    town.community("A", (-100, -100, 1500, 100), households=3200)
    town.home("h1", 100, 0, households=3200)
    town.listed("primary_school", 400, 0, "p1", capacity=900, free_places=0)
    answer = town.measure()
    places = answer.gap("A", "bj.primary.3000.places")
    assert (places["status"], places["cause"]) == ("gap", "full")
    assert answer.gap("A", "bj.primary.3000.walk")["status"] == "met"


def test_P32_unconnected_homes_are_a_cause(town):
    """FEATURE UNDER TEST: most of the community lives far from any street."""
    straight(town)
    town.community("A", (-100, -100, 1500, 900), households=100)
    town.home("near", 100, 0, households=10)
    town.home("apart", 500, 600, households=90)
    town.facility("clinic", 200, 0)
    answer = town.measure()
    gap = answer.results.tables["gaps"].query("kind == 'clinic'").iloc[0]
    assert (gap["status"], gap["cause"]) == ("gap", "unconnected")
    assert gap["households_affected"] == 90
    assert answer.coverage("A", "clinic")["share"] == pytest.approx(0.1)
