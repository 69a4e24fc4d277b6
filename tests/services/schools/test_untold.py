"""Levels of whose children nothing is known: every row is there, and nothing is made up."""

import numpy as np
import pandas as pd
import pytest

from services.schools.tables import measure_levels
from services.schools.untold import find_told
from services.schools.years import measure_years


@pytest.fixture
def town(street):
    """Two communities, two schools and a parcel; children counted of neither."""
    town = street(2000)
    town.community("A", 0, 1000, households=100)
    town.community("B", 1000, 2000, households=100, district="西区")
    town.home("h1", 100, 100)
    town.home("h2", 1900, 100, community="B")
    town.school("s1", "primary_school", 300, capacity=40)
    town.school("s2", "primary_school", 1700)
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2027)
    town.catchment("s1", "primary_school", 0, 1000)
    return town


def rows(table, **wanted):
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table


def test_the_same_rows_as_measured(town):
    """Areas, years and schools as they would be solved; what depends on children is unknown."""
    city = town.build(2026, 2028)
    assert find_told(city) == ()
    told, solved = measure_levels(city), measure_years(city)
    for name in ("school_years", "schools", "shortages", "catchments"):
        ours, theirs = getattr(told, name), getattr(solved, name)
        assert list(ours.columns) == list(theirs.columns)
        assert (ours.dtypes == theirs.dtypes).all()
    keys = ["level", "year", "scope", "area_id", "name", "district"]
    areas = told.school_years["scope"] != "school"
    pd.testing.assert_frame_equal(told.school_years[keys], solved.school_years[keys])
    same = [*keys, "places", "status", "settled_by"]
    pd.testing.assert_frame_equal(
        told.school_years.loc[areas, same], solved.school_years.loc[areas, same]
    )
    assert set(told.school_years["status"]) == {"unknown"}
    pd.testing.assert_frame_equal(
        told.shortages.drop(columns=["reason", "reason_en"]),
        solved.shortages.drop(columns=["reason", "reason_en"]),
    )


def test_places_are_told_year_by_year(town):
    """40 in A, 85 from 2027 on with the parcel's class of 45; nobody knows of B's."""
    table = rows(measure_levels(town.build(2026, 2027)).school_years, level="primary_school")
    assert rows(table, area_id="A")["places"].tolist() == [40, 85]
    assert rows(table, area_id="B")["places"].isna().all()
    assert rows(table, scope="city")["places"].isna().all()
    school = rows(table, area_id="s2")
    assert set(school["settled_by"]) == {"children,facilities.capacity"}
    assert rows(table, area_id="parcel:p1")["year"].tolist() == [2027]


def test_nothing_is_counted_of_schools(town):
    found = measure_levels(town.build(2026))
    assert found.schools[["demand", "placed", "free_places", "full_from"]].isna().all(axis=None)
    assert rows(found.schools, school_id="s1")["places"].tolist() == [40]
    (drawn,) = found.catchments.to_dict("records")
    assert (drawn["school_id"], drawn["source"], drawn["year"]) == ("s1", "assigned", 2026)
    assert np.isnan(drawn["children"])


def test_one_level_known_of_four(town):
    """Primary children of A are counted: that level is solved, the others are told; levels in order."""
    town.children("A", "primary_school", 2026, 30)
    city = town.build(2026)
    assert find_told(city) == ("primary_school",)
    found = measure_levels(city)
    table = found.school_years
    assert list(dict.fromkeys(table["level"])) == [
        "kindergarten", "primary_school", "junior_school", "senior_school"
    ]  # fmt: skip
    assert rows(table, level="primary_school", area_id="A")["status"].tolist() == ["met"]
    assert set(rows(table, level="junior_school")["status"]) == {"unknown"}
    wanted = measure_years(city)
    pd.testing.assert_frame_equal(
        rows(table, level="primary_school").reset_index(drop=True),
        rows(wanted.school_years, level="primary_school").reset_index(drop=True),
    )
    keys = found.shortages[["community_id", "level"]].apply(tuple, axis=1).tolist()
    assert keys == sorted(keys)
