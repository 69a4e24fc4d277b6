"""What parcels do for children, on one straight street, worked out by hand."""

import math

import numpy as np
import pytest

from services.schools.parcels.served import measure_services


@pytest.fixture
def town(street):
    """60 pupils at 100 m, from 2028 on 90; a school of 40 places at 300 m; a parcel at 700 m.

    A class of a primary school is 45 places, children walk 900 m.
    """
    town = street(3000)
    town.community("A", 0, 3000, households=100)
    town.home("h1", 100, 100)
    town.school("s1", "primary_school", 300, capacity=40)
    for year, children in ((2026, 60), (2027, 60), (2028, 90)):
        town.children("A", "primary_school", year, children)
    return town


def measure(town, first=2026, last=2028, **more):
    city = town.build(first, last)
    return measure_services(city, town.sources().housing, **more)


def test_a_reserved_parcel_takes_those_the_school_has_no_room_for(town):
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2027)
    found = measure(town)["p1"]
    assert found.year == 2027
    assert found.in_reach == pytest.approx(60)
    assert found.served == pytest.approx(20)
    assert found.without == pytest.approx(20)
    assert found.placed == pytest.approx(40)
    assert found.felt_year == 2027
    assert found.school_id == "s1"
    assert found.households == pytest.approx(100)
    assert found.settled_by == ""


def test_lost_land_is_judged_as_if_a_school_were_built_after_all(town):
    """In 2028 90 children, 40 places: 45 of the 50 without would have one on the parcel."""
    town.parcel("p1", "primary_school", 700, classes=1, status="occupied", opening_year=2028)
    found = measure(town)["p1"]
    assert (found.year, found.served, found.without) == pytest.approx((2028, 45, 45))
    town.parcels.clear()
    town.parcel("p1", "primary_school", 700, classes=1, status="re-zoned")
    assert measure(town)["p1"].year == 2026  # undated: the first year somebody goes without


def test_two_lost_parcels_do_not_stand_in_for_each_other(town):
    for code, x in (("p1", 700), ("p2", 800)):
        town.parcel(code, "primary_school", x, classes=1, status="occupied", opening_year=2026)
    found = measure(town)
    assert found["p1"].without == pytest.approx(20)
    assert found["p2"].without == pytest.approx(20)


def test_a_duplicate_serves_only_those_who_have_a_place(town):
    town.school("s2", "primary_school", 350, capacity=500)
    town.parcel("p1", "primary_school", 110, classes=1, opening_year=2027)
    found = measure(town)["p1"]
    assert found.served == pytest.approx(45)  # nearer than either school
    assert found.without == pytest.approx(0)
    assert math.isnan(found.felt_year)
    assert found.placed == pytest.approx(60)
    assert found.school_id == "s1"


def test_a_want_that_comes_later_is_seen(town):
    """From 2026 on there is room for 70; with the 90 of 2028 20 need the parcel."""
    town.school("s2", "primary_school", 350, capacity=30)
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2026)
    found = measure(town)["p1"]
    assert found.year == 2026
    assert found.felt_year == 2028
    assert found.without == pytest.approx(20)


def test_out_of_reach_is_nobody(town):
    town.parcel("p1", "primary_school", 1200, classes=1, opening_year=2027)
    found = measure(town)["p1"]
    assert (found.in_reach, found.served) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "settled_by"),
    [
        ({"opening_year": np.nan}, "parcels.opening_year"),
        ({"classes": np.nan}, "parcels.planned_classes"),
        ({"level": "school"}, "parcels.level"),
        ({"opening_year": 2050.0}, "schools.horizon"),
        ({"status": "occupied", "classes": np.nan}, "parcels.planned_classes"),
        ({"status": "occupied", "level": "school"}, "parcels.level"),
    ],
)
def test_what_is_missing_of_the_parcel_is_named(town, changes, settled_by):
    usual = {"level": "primary_school", "classes": 1, "opening_year": 2027.0}
    town.parcel("p1", x=700, **{**usual, **changes})
    found = measure(town)["p1"]
    assert math.isnan(found.served)
    assert settled_by in found.settled_by.split(",")


def test_unknown_children_and_places_are_named(town, street):
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2027)
    town.school("s2", "primary_school", 500)
    found = measure(town)["p1"]
    assert math.isnan(found.served)
    assert found.settled_by == "facilities.capacity"
    empty = street(3000)
    empty.community("A", 0, 3000, households=100)
    empty.home("h1", 100, 100)
    empty.parcel("p1", "primary_school", 700, classes=1, opening_year=2027)
    assert "children" in measure(empty)["p1"].settled_by


def test_housing_in_reach_and_its_first_year(town):
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2028)
    town.housing("near", 900, 300, 2027)
    town.housing("later", 800, 500, 2028)
    town.housing("far", 2500, 800, 2026)
    town.housing("past", 700, 900, 2020)
    found = measure(town)["p1"]
    assert found.homes_known
    assert (found.homes_year, found.homes, found.homes_households) == (2027, "near", 300)


def test_a_nine_year_school_serves_both_its_levels(town):
    """One class in three is junior: 0.5 × 50 places for 10 juniors, 1 × 45 for 20 pupils."""
    town.children("A", "junior_school", 2027, 10)
    town.parcel("p1", "nine_year_school", 700, classes=1.5, opening_year=2027)
    found = measure(town, 2027, 2027)["p1"]
    assert found.in_reach == pytest.approx(70)
    assert found.served == pytest.approx(30)
    assert found.without == pytest.approx(30)


def test_households_are_those_delivered_by_the_year_looked_at(town):
    """100 today, 300 more in 2027, 500 in 2028: 400 when the school opens in 2027.

    Where one compound's households are unknown, or its year, no number is told.
    """
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2027)
    town.housing("first", 900, 300, 2027)
    town.housing("second", 800, 500, 2028)
    assert measure(town)["p1"].households == pytest.approx(400)
    town.housing("unsized", 850, np.nan, 2027)
    found = measure(town)["p1"]
    assert math.isnan(found.households)
    assert math.isnan(found.homes_households)
