"""Giving up a parcel: who loses what, from when on; and where land is missing."""

import numpy as np
import pytest

from layers.schooling.model import LEVELS
from services.errors import UnknownParcel
from services.schools.missing import list_missing
from services.schools.placing import build_placers
from services.schools.release import measure_release
from services.schools.years import measure_years

NAN = float("nan")
LEVEL = "primary_school"


def town_with_parcel(street, **parcel):
    """50 children at x 100. s1 at x 300 has 30 places, s2 at x 900 has 10; p1 at x 200 opens in 2027.

    With p1 (one class of 45) from 2027 on: 45 go to p1 (91 m) and 5 to s1 (200 m). Without it 30 go to
    s1, 10 to s2 (800 m), 10 to none.
    """
    town = street()
    town.community("A", 0, 3000, households=100, population=300)
    town.home("h1", 100)
    town.school("s1", LEVEL, 300, capacity=30)
    town.school("s2", LEVEL, 900, capacity=10)
    town.children("A", LEVEL, 2026, 50)
    town.children("A", LEVEL, 2035, 50)
    told = {"classes": 1, "opening_year": 2027} | parcel
    town.parcel("p1", LEVEL, 200, **told)
    return town


def test_who_loses_what_and_from_when_on(street):
    """In 2026 nothing; from 2027 on 10 lose their place and 40 of the 45 walk farther: 35 moved.

    45 leave p1, 10 of them for nowhere: 35 go on to s1 and s2. s1 and s2 are full again from 2027 on;
    they were in 2026 too, before p1 opened, so nothing about them is new.
    """
    release = measure_release(town_with_parcel(street).build(2026, 2028), "p1")
    assert (release.status, release.from_year, release.settled_by) == ("gap", 2027, "")
    assert release.communities["year"].tolist() == [2027, 2028]
    first = release.communities.iloc[0]
    assert (first["community_id"], first["left_before"], first["left_after"]) == ("A", 0, 10)
    assert (first["lost"], first["moved"]) == (10, 35)
    assert first["walk_before_m"] == pytest.approx((45 * 91 + 5 * 200) / 50, abs=0.2)
    assert first["walk_after_m"] == pytest.approx((30 * 200 + 10 * 800) / 40, abs=0.2)
    assert release.totals["lost"].tolist() == [0, 10, 10]
    assert "10名儿童失去学位" in release.reason.zh
    assert "10 children lose their place (2027)" in release.reason.en
    assert release.schools.empty


def test_schools_that_fill_up(street):
    """p1 open from the start: s1 and s2 have free places with it, none without it."""
    town = town_with_parcel(street, status="open", opening_year=NAN)
    release = measure_release(town.build(2026, 2027), "p1")
    assert release.schools["school_id"].tolist() == ["s1", "s2"]
    assert release.schools["full_after"].tolist() == [2026, 2026]
    assert release.schools["full_before"].isna().all()


def test_years_asked_for(street):
    city = town_with_parcel(street).build(2026, 2028)
    assert measure_release(city, "p1", years=[2028]).totals["year"].tolist() == [2028]


def test_a_parcel_nobody_needs(street):
    town = town_with_parcel(street)
    town.school("s0", LEVEL, 110, capacity=90)
    release = measure_release(town.build(2026, 2028), "p1")
    assert (release.status, release.from_year) == ("met", None)


@pytest.mark.parametrize(
    ("told", "status", "settled"),
    [
        ({"opening_year": NAN}, "unknown", "parcels.opening_year"),
        ({"classes": NAN}, "unknown", "parcels.planned_classes"),
        ({"status": ""}, "unknown", "parcels.status"),
        ({"status": "re-zoned"}, "not_applicable", ""),
    ],
)
def test_a_parcel_too_little_is_known_of(street, told, status, settled):
    release = measure_release(town_with_parcel(street, **told).build(2026, 2028), "p1")
    assert (release.status, release.settled_by) == (status, settled)
    assert release.communities.empty


def test_schools_of_unknown_places_may_take_them(street):
    """A school at x 50 of unknown places could take all: what is lost for sure is nothing."""
    town = town_with_parcel(street)
    town.school("s3", LEVEL, 50)
    release = measure_release(town.build(2027), "p1")
    assert release.totals["lost"].tolist() == [0]
    assert release.totals["lost_possible"].tolist() == [10]
    assert (release.status, release.settled_by) == ("unknown", "facilities.capacity")


def test_a_school_that_stands_stays_when_land_to_build_on_is_given_up(street):
    """s1 has 30 places; a parcel under it adds 15 of the 45 planned: 15 of the 20 left over need it."""
    town = town_with_parcel(street)
    town.parcels.clear()
    town.parcel("p2", LEVEL, 300, classes=1, opening_year=2026)
    release = measure_release(town.build(2026), "p2")
    assert release.totals["lost"].tolist() == [10]  # 50 children, 40 places without it, 55 with it


def test_a_parcel_whose_ground_counts_already_is_not_called_lost(street):
    """The school and its places stand apart from what a parcel of unknown status may give."""
    town = town_with_parcel(street)
    town.parcels.clear()
    town.parcel("gone", LEVEL, 600, classes=1, status="re-zoned")
    assert "已调整用途或被占用" in measure_release(town.build(2026), "gone").reason.zh
    town.school("s9", LEVEL, 800)
    town.parcel("p9", LEVEL, 800, classes=1, status="")
    release = measure_release(town.build(2026), "p9")
    assert release.status == "unknown"
    assert "已调整用途" not in release.reason.zh


def test_an_open_school_goes_with_its_parcel(street):
    town = town_with_parcel(street)
    town.parcel("p2", LEVEL, 300, classes=1, status="open")
    release = measure_release(town.build(2026), "p2")
    assert release.totals["lost"].tolist() == [30]


def test_unknown_parcels_are_refused_with_those_there_are(street):
    with pytest.raises(UnknownParcel, match="p1"):
        measure_release(town_with_parcel(street).build(), "p9")


def test_releasing_and_asking_again_changes_nothing(street):
    city = town_with_parcel(street).build(2026, 2028)
    placers = build_placers(city)
    before = measure_years(city, placers)
    first = measure_release(city, "p1", placers=placers)
    again = measure_release(city, "p1", placers=placers)
    after = measure_years(city, placers)
    fresh = measure_years(city)
    for one in (after, fresh):
        assert before.school_years.equals(one.school_years)
        assert before.shortages.equals(one.shortages)
    assert first.totals.equals(again.totals)


def test_releasing_is_the_same_as_never_having_had_it(street):
    town = town_with_parcel(street)
    released = measure_release(town.build(2026, 2028), "p1").communities
    town.parcels.clear()
    without = measure_years(town.build(2026, 2028)).school_years
    rows = without[(without["scope"] == "community") & (without["level"] == LEVEL)]
    missing = (rows["left"] + rows["out_of_reach"]).to_numpy()
    assert released["left_after"].to_numpy() == pytest.approx(missing[1:])


def test_where_land_is_missing_the_largest_shortage_first(street):
    """B lacks 30 places, A 10; only a re-zoned parcel is in B's reach, and none is in A's."""
    town = street()
    for code, west in (("A", 0), ("B", 1500)):
        town.community(code, west, west + 1500, households=100)
        town.school(f"s{code}", LEVEL, west + 300, capacity=20)
    town.home("h1", 100)
    town.home("h2", 1900, community="B")
    town.children("A", LEVEL, 2026, 30)
    town.children("B", LEVEL, 2026, 50)
    town.parcel("p1", LEVEL, 2400, status="re-zoned", area=800)
    city = town.build()
    placers = build_placers(city)
    found = list_missing(placers, measure_years(city, placers).shortages)
    assert [(one.community_id, one.level) for one in found] == [("B", LEVEL), ("A", LEVEL)]
    [candidate] = found[0].candidates
    assert (candidate.parcel_id, candidate.why, candidate.enough) == ("p1", "rezoned", True)
    assert candidate.walk_m == pytest.approx(491, abs=0.2)
    assert candidate.needed_area_m2 == pytest.approx(45 * 17.5)  # of one class
    assert found[1].candidates == ()
    assert set(placers) == set(LEVELS)
    assert np.isfinite(found[1].shortage["peak_children"])
