"""Children who feel what became of an earlier plan: places as planned then against those of today.

60 children live at 100 m, a school of 40 places stands at 300 m; they walk 900 m at most.
"""

import numpy as np
import pytest

from services.schools.affected import compare_plans


@pytest.fixture
def town(street):
    town = street(3000)
    town.community("A", 0, 3000, households=100)
    town.home("h1", 100, 100)
    town.school("s1", "primary_school", 300, capacity=40)
    town.children("A", "primary_school", 2026, 60)
    town.children("A", "primary_school", 2028, 60)
    return town


def plan(street, *parcels):
    """An earlier layer: each parcel as `Street.parcel` takes it."""
    earlier = street(3000)
    for parcel in parcels:
        earlier.parcel(*parcel[:3], **parcel[3])
    return earlier.list_parcels()


def compare(town, earlier):
    table = compare_plans(town.build(2026, 2028), earlier, max_leg_m=150.0)
    return {row["earlier_id"]: row for row in table.to_dict("records")}


ONE = {"classes": 1, "opening_year": 2027, "area": 2000.0}


def told(row):
    return (row["change"], round(row["children_affected"]), row["year"])


def test_a_school_that_is_gone(town, street):
    """Its class would have taken the 20 without a place, from 2027 on."""
    found = compare(town, plan(street, ("E", "primary_school", 500, ONE)))["E"]
    assert told(found) == ("gone", 20, 2027)
    assert "2027年起最多20名儿童" in found["reason"]


def test_those_who_walk_farther_are_affected_too(town, street):
    """The 20 have places at 800 m; with the parcel at 500 m their walk would be 400 m."""
    town.school("s2", "primary_school", 900, capacity=100)
    found = compare(town, plan(street, ("E", "primary_school", 500, ONE)))["E"]
    assert told(found) == ("gone", 20, 2027)


def test_nobody_in_reach_of_what_is_gone(town, street):
    found = compare(town, plan(street, ("E", "primary_school", 2500, ONE)))["E"]
    assert found["children_affected"] == 0
    assert np.isnan(found["year"])


def test_a_parcel_taken_or_moved_away(town, street):
    """Occupied, or now 1,400 m off: either way the 20 are without."""
    earlier = plan(street, ("P", "primary_school", 500, ONE))
    town.parcel("P", "primary_school", 1500, classes=1, opening_year=2027, area=2000.0)
    assert told(compare(town, earlier)["P"]) == ("moved", 20, 2027)
    town.parcels.clear()
    town.parcel("P", "primary_school", 500, classes=1, status="occupied", area=2000.0)
    assert told(compare(town, earlier)["P"]) == ("rezoned", 20, 2027)


def test_land_lost_with_and_without_classes(town, street):
    """A class of two fewer: 20 lose nothing while one class of 45 is left; land alone tells nothing."""
    earlier = plan(street, ("P", "primary_school", 500, {**ONE, "classes": 2}))
    town.children("A", "primary_school", 2027, 120)
    town.parcel("P", "primary_school", 500, classes=1, opening_year=2027, area=1000.0)
    assert told(compare(town, earlier)["P"]) == ("shrunk", 35, 2027)  # 120 - 40 - 45
    town.parcels.clear()
    town.parcel("P", "primary_school", 500, classes=2, opening_year=2027, area=1000.0)
    kept = compare(town, earlier)["P"]
    assert np.isnan(kept["children_affected"])
    assert "请补充现图层中按现有土地核定的规划班数" in kept["reason"]


def test_the_most_are_told_with_their_own_year(town, street):
    """2027: 60 children, 40 places, 20 without; 2028: 120, a class of 45 would take 45 of the 80."""
    town.rows.clear()
    for year, children in ((2026, 60), (2027, 60), (2028, 120)):
        town.children("A", "primary_school", year, children)
    found = compare(town, plan(street, ("E", "primary_school", 500, ONE)))["E"]
    assert told(found) == ("gone", 45, 2027)
    assert "最多45名儿童（2028年）因此没有学位或要走得更远，2027年起受影响" in found["reason"]
    assert "up to 45 children (2028)" in found["reason_en"]


@pytest.mark.parametrize(
    ("facts", "settled"),
    [
        ({"classes": 1, "opening_year": 2040}, "请补充更晚的规划期末"),
        ({"classes": 1, "opening_year": 2027, "status": ""}, "请补充原图层中该地块的状态"),
        ({"opening_year": 2027}, "请补充原图层中该地块的规划班数"),
    ],
)
def test_what_nobody_knows_of_the_plan(town, street, facts, settled):
    found = compare(town, plan(street, ("E", "primary_school", 500, {"area": 2000.0, **facts})))
    assert np.isnan(found["E"]["children_affected"])
    assert settled in found["E"]["reason"]


def test_children_or_places_nobody_knows(town, street):
    """A nearer school of unknown places may take the 20; children nobody counted may be any number."""
    earlier = plan(street, ("E", "primary_school", 500, ONE))
    town.school("s2", "primary_school", 450)
    open_places = compare(town, earlier)["E"]
    assert np.isnan(open_places["children_affected"])
    assert "设施表的学位数或班级数" in open_places["reason"]
    town.schools.pop()
    town.rows.clear()
    uncounted = compare(town, earlier)["E"]
    assert np.isnan(uncounted["children_affected"])
    assert "适龄儿童表" in uncounted["reason"]


def test_nothing_lost(town, street):
    earlier = plan(street, ("E", "primary_school", 500, ONE))
    town.parcel("E", "primary_school", 500, classes=1, opening_year=2027, area=2000.0)
    found = compare(town, earlier)["E"]
    assert found["change"] == "same"
    assert np.isnan(found["children_affected"])
