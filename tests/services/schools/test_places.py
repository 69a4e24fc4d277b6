"""Places of every school and level, and from when on they are there."""

import numpy as np
import pytest

from services.schools.model import build_school_city
from services.schools.placing import Placer

NAN = float("nan")


def tell(city, level=None):
    """School and level: places, where they come from, and what is unknown."""
    schools = city.schools
    return {
        (row["school_id"], row["level"]): (row["places"], row["places_source"], row["settled_by"])
        for row in schools.to_dict("records")
        if row["shown"] and level in (None, row["level"])
    }


def town_of(street):
    town = street()
    town.community("A", 0, 3000, households=100, population=300)
    town.home("h1", 100)
    return town


def test_listed_places_classes_and_nothing(street):
    town = town_of(street)
    town.school("k1", "kindergarten", 300, capacity=200, classes=9)
    town.school("k2", "kindergarten", 500, classes=6)
    town.school("k3", "kindergarten", 700)
    found = tell(town.build())
    assert found["k1", "kindergarten"] == (200, "listed", "")
    assert found["k2", "kindergarten"] == (6 * 30, "classes", "")
    assert found["k3", "kindergarten"] == (
        pytest.approx(NAN, nan_ok=True),
        "",
        "facilities.capacity",
    )


def test_a_nine_year_school_counts_for_both_levels(street):
    """900 places in all: six of nine years are primary, so 600 and 300. 18 classes: 12 of 45, 6 of 50."""
    town = town_of(street)
    for level in ("primary_school", "junior_school"):
        town.school("n1", level, 300, capacity=900)
        town.school("n2", level, 500, classes=18)
    found = tell(town.build())
    assert found["n1", "primary_school"] == (pytest.approx(600), "split", "")
    assert found["n1", "junior_school"] == (pytest.approx(300), "split", "")
    assert found["n2", "primary_school"] == (pytest.approx(540), "classes", "")
    assert found["n2", "junior_school"] == (pytest.approx(300), "classes", "")


def test_columns_of_a_level_come_before_the_total(street):
    town = town_of(street)
    for level in ("primary_school", "junior_school"):
        own = {"places_primary_school": 500, "places_junior_school": NAN}
        town.school("n1", level, 300, capacity=900, **own)
    found = tell(town.build())
    assert found["n1", "primary_school"] == (500, "listed", "")
    assert found["n1", "junior_school"] == (pytest.approx(300), "split", "")


def test_different_numbers_per_level_are_each_levels_own(street):
    town = town_of(street)
    town.school("n1", "primary_school", 300, capacity=700)
    town.school("n1", "junior_school", 300, capacity=200)
    found = tell(town.build())
    assert [found["n1", level][:2] for level in ("primary_school", "junior_school")] == [
        (700, "listed"),
        (200, "listed"),
    ]


@pytest.mark.parametrize(
    ("status", "classes", "year", "settled"),
    [
        ("reserved", 12, 2028, ""),
        ("granted", 12, NAN, "parcels.opening_year"),
        ("building", 12, 2020, "parcels.opening_year"),  # it cannot have opened in 2020
        ("open", 12, NAN, ""),
        ("reserved", NAN, NAN, "parcels.opening_year,parcels.planned_classes"),
    ],
)
def test_a_parcel_is_a_school_to_come(street, status, classes, year, settled):
    town = town_of(street)
    town.parcel("p1", "primary_school", 700, classes=classes, status=status, opening_year=year)
    [(key, (places, source, unknown))] = tell(town.build()).items()
    assert key == ("parcel:p1", "primary_school")
    assert (source, unknown) == ("" if np.isnan(classes) else "planned", settled)
    assert np.isnan(places) if np.isnan(classes) else places == 540


def test_parcels_given_another_use_are_not_counted_on(street):
    town = town_of(street)
    for number, status in enumerate(("re-zoned", "occupied", "")):
        town.parcel(f"p{number}", "primary_school", 500 + 100 * number, 12, status, 2028)
    town.parcel("any", "school", 900, 12, "reserved", 2028)
    city = town.build()
    assert tell(city) == {}
    assert set(city.schools.loc[~city.schools["shown"], "school_id"]) == {"parcel:p2", "parcel:any"}


def test_a_listed_school_on_its_parcel_is_counted_once(street):
    """k1 stands on p1 and has no places of its own: it has those that were planned."""
    town = town_of(street)
    town.school("k1", "kindergarten", 700)
    town.parcel("p1", "kindergarten", 700, classes=6, status="open")
    town.parcel("p2", "kindergarten", 900, classes=6, status="open")
    city = town.build()
    found = tell(city)
    assert found["k1", "kindergarten"] == (180, "planned", "")
    assert ("parcel:p1", "kindergarten") not in found
    assert found["parcel:p2", "kindergarten"] == (180, "planned", "")
    assert city.schools.set_index("school_id").loc["k1", "parcel_id"] == "p1"


def test_a_parcel_of_another_level_keeps_its_school_apart(street):
    town = town_of(street)
    town.school("k1", "kindergarten", 700, capacity=90)
    town.parcel("p1", "primary_school", 700, classes=6, opening_year=2028)
    assert set(tell(town.build())) == {("k1", "kindergarten"), ("parcel:p1", "primary_school")}


def test_a_parcel_is_entered_from_the_street_it_fronts(street):
    """The square from x 690 to 710, 1 m off the street: a home at x 500 walks 190 + 1 m."""
    town = town_of(street)
    town.parcel("p1", "primary_school", 700, classes=6, opening_year=2026)
    town.home("h2", 500)
    city = town.build()
    assert city.parcel_entrances.leg_m.min() == pytest.approx(1.0, abs=0.05)
    placer = Placer(city, "primary_school")
    assert placer.walk_m[placer.home == 1] == pytest.approx([191], abs=0.1)


def test_years_have_no_break(street):
    town = town_of(street)
    told = {
        "name": "",
        "parcels": None,
        "sources": town.sources(),
        "parameters": town.build().parameters,
        "speeds_m_s": {"child": 1.0},
        "max_leg_m": 150.0,
    }
    walks, communities = town.walks(), town.list_communities()
    with pytest.raises(ValueError, match="without a break"):
        build_school_city(walks, communities, years=np.array([2026, 2028]), **told)
