"""Children by community and year, worked by hand."""

import numpy as np
import pytest

from layers.schooling.load import read_parameters
from services.schools.forecast import forecast_children

NAN = float("nan")


def forecast(town, first, last, **settings):
    return forecast_children(
        town.sources(),
        town.list_communities(),
        np.arange(first, last + 1),
        read_parameters(),
        **settings,
    )


def two_communities(street):
    """A: 1000 residents in 400 households; B: 3000 in 600."""
    town = street()
    town.community("A", 0, 1000, households=400, population=1000)
    town.community("B", 1000, 2000, households=600, population=3000, district="西区")
    return town


def test_ages_move_up_a_year_each_year(street):
    """Ages 2 to 6 of 2025: 20, 30, 40, 50, 60.

    Kindergarten (3 to 5) in 2025: 30 + 40 + 50 = 120; 2026, those of 2, 3, 4: 20 + 30 + 40 = 90; 2027
    needs those of age 1, whom nobody counted. Primary from 2025 lacks ages 7 to 11.
    """
    town = two_communities(street)
    for age, number in zip(range(2, 7), (20, 30, 40, 50, 60), strict=True):
        town.children("A", "", 2025, number, age=age)
    found = forecast(town, 2025, 2027)
    assert found.children["kindergarten"][0] == pytest.approx([120, 90, NAN], nan_ok=True)
    assert list(found.settled_by["kindergarten"][0]) == ["", "", "children"]
    assert np.isnan(found.children["primary_school"][0]).all()
    assert np.isnan(found.children["kindergarten"][1]).all()


def test_of_several_counts_of_the_same_children_the_nearest_year_is_taken(street):
    """Age 3 in 2024 was 10; the same children at 5 in 2026 were 14: 2025 takes the earlier, 2026 its own."""
    town = two_communities(street)
    for age in (3, 4, 5):
        town.children("A", "", 2024, 10, age=age)
    for age in (2, 1):
        town.children("A", "", 2024, 7, age=age)
    town.children("A", "", 2026, 14, age=5)
    assert forecast(town, 2024, 2026).children["kindergarten"][0] == pytest.approx(
        [30, 10 + 10 + 7, 14 + 7 + 7]
    )


def test_rows_by_age_come_before_rows_by_level_of_the_same_place(street):
    town = two_communities(street)
    for age in (3, 4, 5):
        town.children("A", "", 2026, 10, age=age)
    town.children("A", "kindergarten", 2026, 99)
    town.children("A", "kindergarten", 2027, 77)
    assert forecast(town, 2026, 2027).children["kindergarten"][0] == pytest.approx([30, 77])


def test_counts_between_two_years_lie_on_a_line_and_end_with_the_last(street):
    """40 in 2026 and 60 in 2030: 50 in 2028; nobody knows 2031."""
    town = two_communities(street)
    town.children("A", "kindergarten", 2026, 40)
    town.children("A", "kindergarten", 2030, 60)
    found = forecast(town, 2025, 2031).children["kindergarten"][0]
    assert found == pytest.approx([NAN, 40, 45, 50, 55, 60, NAN], nan_ok=True)


def test_ratios_hold_after_their_year_and_those_without_a_year_always(street):
    """30 per thousand of 1000 residents from 2027 on; 60 per thousand of 3000, whenever."""
    town = two_communities(street)
    town.children("A", "kindergarten", 2027, per=30)
    town.children("B", "kindergarten", NAN, per=60)
    found = forecast(town, 2026, 2028).children["kindergarten"]
    assert found[0] == pytest.approx([NAN, 30, 30], nan_ok=True)
    assert found[1] == pytest.approx([180, 180, 180])


def test_a_count_of_the_city_is_shared_by_population_unless_a_community_has_its_own(street):
    """200 in the city, 1000 of 4000 residents in A: 50 and 150; B has 170 of its own."""
    town = two_communities(street)
    town.children("", "kindergarten", 2026, 200)
    assert forecast(town, 2026, 2026).children["kindergarten"].ravel() == pytest.approx([50, 150])
    town.children("B", "kindergarten", 2026, 170)
    assert forecast(town, 2026, 2026).children["kindergarten"].ravel() == pytest.approx([50, 170])
    town.children("", "kindergarten", 2026, 33, district="东区")
    assert forecast(town, 2026, 2026).children["kindergarten"].ravel() == pytest.approx([33, 170])


def test_shared_by_households_where_a_population_is_missing(street):
    """400 of 1000 households in A: 40 % of 200."""
    town = street()
    town.community("A", 0, 1000, households=400)
    town.community("B", 1000, 2000, households=600, population=3000)
    town.children("", "kindergarten", 2026, 200)
    assert forecast(town, 2026, 2026).children["kindergarten"].ravel() == pytest.approx([80, 120])


def test_a_ratio_without_residents_is_unknown_until_persons_per_household_are_given(street):
    """400 households of 2.5 persons are 1000 residents: 30 children at 30 per thousand."""
    town = street()
    town.community("A", 0, 1000, households=400)
    town.children("", "kindergarten", NAN, per=30)
    found = forecast(town, 2026, 2026)
    assert np.isnan(found.children["kindergarten"]).all()
    assert found.settled_by["kindergarten"][0, 0] == "communities.population"
    assert found.settled_by["senior_school"][0, 0] == "children"
    found = forecast(town, 2026, 2026, persons_per_household=2.5)
    assert found.children["kindergarten"][0] == pytest.approx([30])


def test_no_ratio_is_applied_in_silence(street):
    town = two_communities(street)
    found = forecast(town, 2026, 2026)
    assert all(np.isnan(one).all() for one in found.children.values())
    found = forecast(town, 2026, 2026, per_thousand={"kindergarten": 30})
    assert found.children["kindergarten"].ravel() == pytest.approx([30, 90])
    assert np.isnan(found.children["primary_school"]).all()
