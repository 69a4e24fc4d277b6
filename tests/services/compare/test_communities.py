"""Communities matched by area: paper squares of 1 km, truth by hand."""

from typing import Any

import geopandas as gpd
import hypothesis.strategies as st
import pandas as pd
import pytest
import shapely
from hypothesis import given

from services.compare.communities import Match, match_communities

_KM = 0.01  # about 0.9 × 1.1 km of degrees at 34° N; squares are alike, and that is all that counts
MIRRORED = {"split": "merged", "merged": "split", "new": "gone", "gone": "new"}


def city(areas: dict[str, tuple[float, float, float, float]], day: str = "") -> gpd.GeoDataFrame:
    """Communities as boxes: column, row, width and height in squares."""
    shapes = [
        shapely.box(*(107 + _KM * x, 34 + _KM * y), *(107 + _KM * (x + w), 34 + _KM * (y + h)))
        for x, y, w, h in areas.values()
    ]
    facts = {
        "community_id": pd.array(list(areas), dtype="str"),
        "valid_from": pd.array([day] * len(areas), dtype="str"),
    }
    return gpd.GeoDataFrame(facts, geometry=shapes, crs="EPSG:4326")


def told(matches: tuple[Match, ...]) -> list[tuple[str, str, str]]:
    """Relation and codes of every match."""
    return [(one.relation, "+".join(one.before), "+".join(one.after)) for one in matches]


A, B = (0, 0, 1, 1), (1, 0, 1, 1)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str, str]]]] = {
    "same": ({"A": A, "B": B}, {"A": A, "B": B}, [("same", "A", "A"), ("same", "B", "B")]),
    "renumbered": ({"A": A}, {"X": A}, [("renumbered", "A", "X")]),
    "split": (
        {"A": (0, 0, 2, 1)}, {"A1": A, "A2": B}, [("split", "A", "A1+A2")],
    ),
    "a sliver split off, the rest keeping the code": (
        {"A": (0, 0, 2, 1)}, {"A": (0, 0, 1.9, 1), "N": (1.9, 0, 0.1, 1)}, [("split", "A", "A+N")],
    ),
    "merged": ({"A": A, "B": B}, {"A": (0, 0, 2, 1)}, [("merged", "A+B", "A")]),
    "redrawn": (
        {"A": A, "B": B}, {"A": (0, 0, 1.3, 1), "B": (1.3, 0, 0.7, 1)},
        [("redrawn", "A", "A"), ("redrawn", "B", "B")],
    ),
    "an outline drawn a little better is the same": (
        {"A": A}, {"A": (0, 0, 1.05, 1)}, [("same", "A", "A")],
    ),
    "rearranged": (
        {"A": (0, 0, 1, 2), "B": (1, 0, 1, 2)}, {"X": (0, 0, 2, 1), "Y": (0, 1, 2, 1)},
        [("rearranged", "A+B", "X+Y")],
    ),
    "new and gone": (
        {"A": A, "B": B}, {"A": A, "N": (5, 5, 1, 1)},
        [("same", "A", "A"), ("new", "", "N"), ("gone", "B", "")],
    ),
    "a code that came to stand for another place": (
        {"A": A}, {"A": (5, 5, 1, 1)}, [("gone", "A", ""), ("new", "", "A")],
    ),
    "two codes exchanged": (
        {"A": A, "B": B}, {"A": B, "B": A}, [("renumbered", "B", "A"), ("renumbered", "A", "B")],
    ),
    "neighbours that only touch": ({"A": A}, {"B": B}, [("gone", "A", ""), ("new", "", "B")]),
    "one within another, twice the same": (
        {"A": (0, 0, 3, 3), "B": (1, 1, 1, 1)}, {"A": (0, 0, 3, 3), "B": (1, 1, 1, 1)},
        [("same", "A", "A"), ("same", "B", "B")],
    ),
    "one drawn twice": ({"A": A, "B": A}, {"A": A, "B": A}, [("same", "A", "A"), ("same", "B", "B")]),
    "a square put together from quarters of four": (
        {"A": A, "B": B, "C": (0, 1, 1, 1), "D": (1, 1, 1, 1)},
        {"A": A, "B": B, "C": (0, 1, 1, 1), "D": (1, 1, 1, 1), "M": (0.5, 0.5, 1, 1)},
        [("split", "A", "A+M"), ("same", "B", "B"), ("same", "C", "C"), ("same", "D", "D")],
    ),
    "nothing before": ({}, {"A": A}, [("new", "", "A")]),
    "nothing at all": ({}, {}, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_became_of_communities(case):
    before, after, truth = CASES[case]
    assert sorted(told(match_communities(city(before), city(after)))) == sorted(truth)


@pytest.mark.parametrize("case", CASES)
def test_looking_back_mirrors_it(case):
    before, after, truth = CASES[case]
    back = [(MIRRORED.get(what, what), later, earlier) for what, earlier, later in truth]
    assert sorted(told(match_communities(city(after), city(before)))) == sorted(back)


def test_how_much_is_common_and_which_cover_each_other():
    (match,) = match_communities(city({"A": (0, 0, 1, 1)}), city({"A": (0.25, 0, 1, 1)}))
    assert match.overlap == pytest.approx(0.75 / 1.25, abs=1e-3)
    assert match.pairs == (("A", "A"),)
    (match,) = match_communities(
        city({"A": (0, 0, 1, 1), "B": (1, 0, 2, 1)}),
        city({"X": (0, 0, 2, 1), "Y": (2, 0, 1, 1)}),
    )
    assert (match.relation, match.overlap) == ("rearranged", pytest.approx(1, abs=1e-3))
    assert match.pairs == (("A", "X"), ("B", "X"), ("B", "Y"))


@pytest.mark.parametrize(
    ("before", "after", "run", "later"),
    [
        ("2024-07-01", "2025-07-01", "2025-01-01", True),
        ("2024-07-01", "2024-07-01", "2025-01-01", False),
        ("2024-07-01", "", "2025-01-01", False),
        ("2024-07", "2024-07-01", "2025-01-01", True),
        ("", "2025-07-01", "2025-01-01", True),
        ("", "2023-07-01", "2025-01-01", False),
    ],
)
def test_a_date_makes_it_news(before, after, run, later):
    (match,) = match_communities(city({"A": A}, before), city({"A": A}, after), earlier_day=run)
    assert (match.dated, match.later) == (after, later)


def test_places_on_two_sides_of_the_earth():
    far = gpd.GeoDataFrame(
        {"community_id": ["A"], "valid_from": [""]}, geometry=[shapely.box(-16, 28, -15, 29)],
        crs="EPSG:4326",
    )  # fmt: skip
    assert told(match_communities(city({"A": A}), far)) == [("new", "", "A"), ("gone", "A", "")]


boxes = st.tuples(
    st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.3, 1, 2]), st.sampled_from([0.5, 1, 3])
)
cities = st.dictionaries(st.sampled_from("ABCDEFGH"), boxes, max_size=6)


@given(before=cities, after=cities)
def test_every_community_stands_in_exactly_one_match(before, after):
    matches = match_communities(city(before), city(after))
    assert sorted(code for match in matches for code in match.before) == sorted(before)
    assert sorted(code for match in matches for code in match.after) == sorted(after)
    for match in matches:
        assert 0 <= match.overlap <= 1
        assert {one for one, _ in match.pairs} <= set(match.before)
        assert {other for _, other in match.pairs} <= set(match.after)
        assert bool(match.pairs) == bool(match.before and match.after)


@given(areas=cities)
def test_nothing_becomes_of_a_city_compared_with_itself(areas):
    assert told(match_communities(city(areas), city(areas))) == [
        ("same", code, code) for code in sorted(areas)
    ]


@given(before=cities, after=cities)
def test_looking_back_mirrors_any(before, after):
    there, back = (
        match_communities(*map(city, pair)) for pair in ((before, after), (after, before))
    )
    mirrored = [(MIRRORED.get(one.relation, one.relation), one.after, one.before) for one in back]
    assert sorted((one.relation, one.before, one.after) for one in there) == sorted(mirrored)
