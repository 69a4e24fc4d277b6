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


def tell_all(city):
    """Places, year of opening, whether for sure, what is unknown and the parcel, by school."""
    rows = city.schools[city.schools["shown"]].to_dict("records")
    names = ("places", "opening_year", "opens", "settled_by", "parcel_id")
    return {one["school_id"]: tuple(one[name] for name in names) for one in rows}


@pytest.mark.parametrize("status", ["reserved", "granted", "building"])
def test_a_school_drawn_where_one_is_to_be_built_is_the_one_to_come(street, status):
    """12 classes of 45 from 2028 on: the map draws the school already, nobody says it is open."""
    town = town_of(street)
    town.school("s1", "primary_school", 700)
    town.parcel("p1", "primary_school", 700, classes=12, status=status, opening_year=2028)
    assert tell_all(town.build(2026, 2029)) == {"s1": (540, 2028, True, "", "p1")}


def test_a_school_to_come_without_a_year_is_as_its_bare_parcel(street):
    town = town_of(street)
    town.school("s1", "primary_school", 700)
    town.parcel("p1", "primary_school", 700, classes=12)
    city = town.build(2026, 2028)
    [(places, year, opens, settled, _)] = tell_all(city).values()
    assert (places, opens, settled) == (540, False, "parcels.opening_year")
    assert np.isnan(year)
    placer = Placer(city, "primary_school")
    assert placer.maybe[:, 0].tolist() == [False, True, True]


def test_a_school_that_stands_keeps_its_places_and_the_parcel_adds_the_rest(street):
    """90 places today; ten classes of 45 are 450 in all: 360 more from 2027 on. Two classes add none."""
    town = town_of(street)
    town.school("s1", "primary_school", 700, capacity=90)
    town.parcel("p1", "primary_school", 700, classes=10, opening_year=2027)
    found = tell_all(town.build(2026, 2027))
    assert found["s1"][0] == 90
    assert found["parcel:p1"] == (360, 2027, True, "", "p1")
    town.parcels.clear()
    town.parcel("p1", "primary_school", 700, classes=2)
    assert tell_all(town.build(2026, 2027))["parcel:p1"][0::3] == (0, "")


def test_what_is_added_to_a_school_of_unknown_places_is_unknown(street):
    """s1 opened in 2010: it stands. Two classes more or ten, nobody can tell."""
    town = town_of(street)
    town.school("s1", "primary_school", 700, opening_year=2010)
    town.parcel("p1", "primary_school", 700, classes=10, opening_year=2027)
    found = tell(town.build(2026, 2027))
    assert found["s1", "primary_school"][2] == "facilities.capacity"
    places, _, settled = found["parcel:p1", "primary_school"]
    assert (np.isnan(places), settled) == (True, "facilities.capacity")


def test_a_school_belongs_to_the_parcel_it_stands_in(street):
    """The squares end at x 710 and begin at x 713; s1 at 709 is in the first, 4 m from the second."""
    town = town_of(street)
    town.school("s1", "primary_school", 709, capacity=90)
    for code, x in (("a", 723), ("b", 700)):
        town.parcel(code, "primary_school", x, classes=10, opening_year=2027)
    found = tell_all(town.build(2026, 2027))
    assert {name: told[0] for name, told in found.items()} == {
        "s1": 90, "parcel:a": 450, "parcel:b": 360
    }  # fmt: skip
    assert found["s1"][4] == "b"


def test_two_schools_on_one_parcel_do_not_both_have_its_places(street):
    town = town_of(street)
    for code, x in (("s1", 695), ("s2", 705)):
        town.school(code, "primary_school", x)
    town.parcel("p1", "primary_school", 700, classes=4, status="open")
    found = tell(town.build())
    assert {key[0] for key in found} == {"s1", "s2"}
    assert all(np.isnan(places) for places, _, _ in found.values())
    assert {settled for *_, settled in found.values()} == {"facilities.capacity"}


def test_one_ground_counts_once(street):
    """Two parcels of the same square: one class of 45 for sure, 90 at best; the ready one counts.

    Moved by 1 m of 20 they share 95 %: two parcels, as their owner says.
    """
    town = town_of(street)
    town.parcel("a", "primary_school", 700, classes=1, opening_year=2026)
    town.parcel("b", "primary_school", 700, classes=1, opening_year=2026, status="building")
    city = town.build()
    assert {name: told[2:4] for name, told in tell_all(city).items()} == {
        "parcel:a": (False, "parcels.geometry"), "parcel:b": (True, "")
    }  # fmt: skip
    placer = Placer(city, "primary_school")
    sure, best = (placer.count_places(0, case).sum() for case in ("sure", "possible"))
    assert (sure, best) == (45, 90)
    town.parcels.pop()
    town.parcel("b", "primary_school", 701, classes=1, opening_year=2026)
    placer = Placer(town.build(), "primary_school")
    assert placer.count_places(0, "sure").sum() == 90


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
