"""Places against children: two worlds where something is unknown, and what always holds."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from layers.schooling.model import LEVELS
from services.schools.placing import Placer
from services.schools.release import measure_release
from services.schools.tables import measure_levels
from services.schools.untold import find_told
from services.schools.years import measure_years

NAN = float("nan")
LEVEL = "primary_school"


def row(results, area, year=2026, level=LEVEL, scope="community"):
    table = results.school_years
    found = table[
        (table["scope"] == scope)
        & (table["area_id"] == area)
        & (table["year"] == year)
        & (table["level"] == level)
    ]
    assert len(found) == 1
    return found.iloc[0]


def simple(street, places=40, children=60, **facts):
    """60 children at x 100, a primary school at x 300."""
    town = street()
    town.community("A", 0, 3000, households=100, population=300)
    town.home("h1", 100)
    town.school("s1", LEVEL, 300, capacity=places, **facts)
    town.children("A", LEVEL, 2026, children)
    town.children("A", LEVEL, 2035, children)
    return town


def test_a_full_school_is_a_gap(street):
    """60 children, 40 places: 20 without one, from 2026 to the horizon; 20 places are one class of 45."""
    results = measure_years(simple(street).build(2026, 2028))
    found = row(results, "A")
    assert (found["children"], found["placed"], found["left"], found["status"]) == (
        60,
        40,
        20,
        "gap",
    )
    assert (found["places"], found["free"], found["out_of_reach"]) == (40, 0, 0)
    assert found["walk_mean_m"] == pytest.approx(200, abs=0.1)
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert (short["begins"], np.isnan(short["ends"]), short["peak_children"]) == (2026, True, 20)
    assert (short["needed_places"], short["needed_classes"]) == (20, 1)
    assert short["land_missing"]
    assert "缺20个" in short["reason"]
    assert "20 missing" in short["reason_en"]
    school = results.schools.iloc[0]
    assert (school["demand"], school["placed"], school["full_from"]) == (60, 40, 2026)


def test_unknown_places_are_unknown_not_a_gap(street):
    found = row(measure_years(simple(street, places=NAN).build()), "A")
    assert (found["status"], found["settled_by"]) == ("unknown", "facilities.capacity")
    assert (found["placed"], found["left"], found["left_possible"]) == (0, 0, 60)
    assert np.isnan([found["places"], found["free"]]).all()


def test_enough_known_places_are_met_whatever_the_others_have(street):
    town = simple(street, places=60)
    town.school("s2", LEVEL, 500)
    assert row(measure_years(town.build()), "A")["status"] == "met"


def test_what_no_school_of_unknown_places_could_take_is_a_gap(street):
    """10 children at x 2500 reach neither s1 (40 places) nor s2 (unknown): a gap all the same."""
    town = simple(street)
    town.school("s2", LEVEL, 500)
    town.home("h2", 2500, households=0.0)
    town.community("B", 3000, 4000, households=10)
    town.home("h3", 2500, community="B")
    town.children("B", LEVEL, 2026, 10)
    results = measure_years(town.build())
    assert row(results, "A")["status"] == "unknown"
    assert (row(results, "B")["status"], row(results, "B")["out_of_reach"]) == ("gap", 10)
    city = row(results, "直街市", scope="city")
    assert (city["status"], city["out_of_reach"], city["left"], city["left_possible"]) == (
        "gap",
        10,
        0,
        20,
    )


def test_unknown_children_next_door_leave_nothing_certain(street):
    """A has 60 places for 60 children, but B's children, whom nobody counted, live nearer to them.

    C reaches another school alone: met.
    """
    town = simple(street, places=60)
    town.community("B", 3000, 4000)
    town.home("h2", 350, community="B")
    town.community("C", 4000, 5000)
    town.home("h3", 2900, community="C")
    town.school("s2", LEVEL, 2700, capacity=30)
    town.children("C", LEVEL, 2026, 30)
    results = measure_years(town.build())
    found = row(results, "A")
    assert (found["status"], found["settled_by"], found["left_possible"]) == (
        "unknown",
        "children",
        0,
    )
    assert np.isnan(row(results, "B")["children"])
    assert row(results, "C")["status"] == "met"
    city = row(results, "直街市", scope="city")
    assert np.isnan(city["children"])
    assert (city["placed"], city["status"]) == (90, "unknown")


def test_children_nobody_counted_may_take_what_is_free(street):
    """A's 60 children have 70 places, 10 to spare; B's children, whom nobody counted, live nearer.

    So how many stay free is unknown, and up to 60 of A may miss a place. Counted (5), they take 5.
    """
    town = simple(street, places=70)
    town.community("B", 3000, 4000)
    town.home("h2", 350, community="B")
    results = measure_years(town.build())
    school = row(results, "s1", scope="school")
    assert np.isnan(school["free"])
    assert (school["placed"], school["status"], school["settled_by"]) == (60, "unknown", "children")
    assert np.isnan(row(results, "直街市", scope="city")["free"])
    short = results.shortages[results.shortages["level"] == LEVEL].set_index("community_id")
    assert "最多可能缺60个" in short.loc["A", "reason"]
    assert "最多" not in short.loc["B", "reason"]
    town.children("B", LEVEL, 2026, 5)
    results = measure_years(town.build())
    school = row(results, "s1", scope="school")
    assert (school["free"], school["status"]) == (5, "met")


def test_no_school_of_a_level_in_the_data_is_unknown(street):
    town = simple(street)
    town.children("A", "kindergarten", 2026, 12)
    found = row(measure_years(town.build()), "A", level="kindergarten")
    assert (found["status"], found["settled_by"]) == ("unknown", "facilities (kindergarten)")
    assert found["out_of_reach"] == 12
    for scope, area in (("community", "A"), ("district", "东区"), ("city", "直街市")):
        told = row(measure_years(town.build()), area, level="kindergarten", scope=scope)
        assert np.isnan([told["places"], told["free"]]).all()
        untold = row(measure_levels(town.build()), area, level="junior_school", scope=scope)
        assert np.isnan([untold["places"], untold["free"]]).all()


def test_a_school_of_no_stated_level_may_take_them(street):
    town = simple(street, places=0)
    town.school("u1", "school_unspecified", 400, capacity=900)
    results = measure_years(town.build())
    assert (row(results, "A")["status"], row(results, "A")["settled_by"]) == (
        "unknown",
        "facilities.kind",
    )
    assert set(results.schools["school_id"]) == {"s1"}


def test_no_children_no_verdict(street):
    assert row(measure_years(simple(street, children=0).build()), "A")["status"] == "not_applicable"


def test_children_of_a_community_without_any_home_are_unknown(street):
    town = simple(street)
    town.community("B", 3000, 4000)
    town.children("B", LEVEL, 2026, 10)
    found = row(measure_years(town.build()), "B")
    assert (found["status"], found["settled_by"]) == ("unknown", "demand")


def test_a_parcel_opens_in_its_year_and_one_without_a_year_may(street):
    """20 too many until 2028, when one class of 45 opens; without a year nobody can tell."""
    town = simple(street)
    town.parcel("p1", LEVEL, 400, classes=1, opening_year=2028)
    results = measure_years(town.build(2026, 2029))
    assert [row(results, "A", year)["status"] for year in range(2026, 2030)] == ["gap"] * 2 + [
        "met"
    ] * 2
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert (short["begins"], short["ends"], short["reserved_in_reach"]) == (2026, 2027, "p1")
    assert not short["land_missing"]
    town = simple(street)
    town.parcel("p1", LEVEL, 400, classes=1)
    results = measure_years(town.build(2026, 2027))
    assert row(results, "A", 2026)["status"] == "gap"  # nothing stands on reserved land today
    found = row(results, "A", 2027)
    assert (found["status"], found["settled_by"]) == ("unknown", "parcels.opening_year")
    town.parcels.clear()
    town.parcel("p1", LEVEL, 400, classes=1, status="building")
    assert row(measure_years(town.build()), "A")["status"] == "unknown"


def test_a_shortage_that_pauses_says_when(street):
    """60 children, 40 places, 45 more in 2027 alone: in 2028 there are 120 children for 85 places."""
    town = simple(street)
    town.rows.clear()
    for year, number in ((2026, 60), (2027, 60), (2028, 120)):
        town.children("A", LEVEL, year, number)
    town.parcel("p1", LEVEL, 400, classes=1, opening_year=2027)
    results = measure_years(town.build(2026, 2028))
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert (short["begins"], np.isnan(short["ends"]), short["peak_children"]) == (2026, True, 35)
    assert "（2027年除外）" in short["reason"]
    assert "except 2027" in short["reason_en"]


def test_housing_brings_children_by_its_communitys_ratio(street):
    """60 children in 100 households; 50 households from 2027 bring 30 more; 10 too many then."""
    town = simple(street, places=80)
    town.housing("n1", 500, 50, 2027)
    results = measure_years(town.build(2026, 2027))
    assert [row(results, "A", year)["children"] for year in (2026, 2027)] == pytest.approx([60, 90])
    assert [row(results, "A", year)["left"] for year in (2026, 2027)] == pytest.approx([0, 10])


@pytest.mark.parametrize(
    ("households", "year", "settled"),
    [(50, NAN, "housing.year"), (NAN, 2026, "housing.households")],
)
def test_housing_of_unknown_year_or_size_leaves_the_children_unknown(
    street, households, year, settled
):
    town = simple(street, places=70)
    town.housing("n1", None, households, year, community="A")
    found = row(measure_years(town.build()), "A")
    assert (found["status"], found["settled_by"], found["placed"]) == ("unknown", settled, 60)
    assert np.isnan(found["children"])


def test_one_compound_of_unknown_year_leaves_the_others_counted(street):
    """60 counted children, 40 places: 20 are missing at least, whatever one household brings.

    The city's children stay unknown; so do A's, and nobody says how many may be missing at most.
    """
    town = simple(street)
    town.housing("n1", 500, 1, NAN)
    results = measure_years(town.build())
    found = row(results, "A")
    assert (found["status"], found["placed"], found["left"]) == ("gap", 40, 20)
    assert np.isnan(found["children"])
    city = row(results, "直街市", scope="city")
    assert (city["status"], city["left"], np.isnan(city["children"])) == ("gap", 20, True)
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert (short["status"], short["peak_children"], short["needed_places"]) == ("gap", 20, 20)
    assert "至少缺20个" in short["reason"]
    assert "at least 20 missing" in short["reason_en"]
    assert find_told(town.build()) == (LEVEL,)


def test_homes_no_street_leads_to_ask_for_no_land(street):
    """30 of 60 children live 700 m off the only street; the school has 40 places for the other 30.

    They have no place, and no school could give them one. With 20 places 10 more are missing: one class.
    """
    town = simple(street, places=40)
    town.home("u", 100, off=700)
    results = measure_years(town.build())
    found = row(results, "A")
    assert (found["status"], found["children"], found["out_of_reach"]) == ("gap", 60, 30)
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert short["peak_children"] == 30
    needed = ["needed_places", "needed_classes", "needed_area_m2"]
    assert short[needed].tolist() == [0, 0, 0]
    assert not short["land_missing"]
    assert "30人的住处未接入地图上的任何道路" in short["reason"]
    assert "no land is asked for" in short["reason_en"]
    town.schools.clear()
    town.school("s1", LEVEL, 300, capacity=20)
    results = measure_years(town.build())
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert (short["peak_children"], short["needed_places"], short["needed_classes"]) == (40, 10, 1)
    assert short["land_missing"]


def test_a_sentence_names_the_least_certain_figure(street):
    """Land per senior pupil is taken from elsewhere, the walk is derived: the tag and the words agree."""
    town = simple(street)
    town.school("s9", "senior_school", 300, capacity=10)
    town.children("A", "senior_school", 2026, 60)
    table = measure_years(town.build()).shortages.set_index("level")
    words = {"derived": "推算", "secondary": "二手来源", "unverified": "未核实"}
    for short in table[table["status"] == "gap"].to_dict("records"):
        assert f"（{words[short['source_status']]}）" in short["reason"]
    assert table.loc["senior_school", "source_status"] == "derived"


def test_a_catchments_own_children_come_first(street):
    """s1 has 40 places. 30 children at x 1000 belong to it, 30 at x 400 live nearer and do not.

    All 30 of the catchment are placed, 10 of the others.
    """
    town = street()
    town.community("A", 0, 700, households=1)
    town.community("B", 700, 3000, households=1)
    town.home("h1", 400)
    town.home("h2", 1000, community="B")
    town.school("s1", LEVEL, 300, capacity=40)
    for code in "AB":
        town.children(code, LEVEL, 2026, 30)
    results = measure_years(town.build())
    assert [row(results, code)["left"] for code in "AB"] == [0, 20]
    town.catchment("s1", LEVEL, 900, 1100)
    results = measure_years(town.build())
    assert [row(results, code)["left"] for code in "AB"] == [20, 0]
    own = results.catchments[results.catchments["source"] == "assigned"].iloc[0]
    assert (own["school_id"], own["children"]) == ("s1", 30)


def test_a_schools_children_are_those_it_takes_and_those_it_could_not(street):
    results = measure_years(simple(street).build())
    found = row(results, "s1", scope="school")
    assert (found["children"], found["placed"], found["left"], found["status"]) == (
        60,
        40,
        20,
        "gap",
    )
    drawn = results.catchments[results.catchments["level"] == LEVEL]
    assert drawn["source"].tolist() == ["placed"]
    assert drawn["children"].tolist() == [40]


def test_candidates_are_ranked_by_how_ready_they_are(street):
    """Late before re-zoned before occupied before another level; of two re-zoned ones the larger first."""
    town = simple(street)
    town.parcel("late", LEVEL, 400, classes=1, opening_year=2028, area=900)
    town.parcel("small", LEVEL, 350, status="re-zoned", area=100)
    town.parcel("large", LEVEL, 600, status="re-zoned", area=800)
    town.parcel("taken", LEVEL, 500, status="occupied", area=800)
    town.parcel("other", "kindergarten", 450, classes=6, opening_year=2027, area=800)
    town.parcel("far", LEVEL, 2500, status="re-zoned", area=800)
    results = measure_years(town.build(2026, 2028))
    short = results.shortages[results.shortages["level"] == LEVEL].iloc[0]
    assert short["reserved_in_reach"] == "late"
    assert short["candidates"].split(",") == ["large", "small", "taken", "other"]
    assert short["needed_area_m2"] == pytest.approx(45 * 17.5)  # of one class


@st.composite
def towns(draw):
    """Homes, schools (some of unknown places), a nine-year school, a parcel, housing, on 3 km."""
    at = st.integers(0, 300).map(lambda x: 10 * x)
    return {
        "homes": draw(st.lists(st.tuples(at, st.sampled_from("AB")), min_size=1, max_size=5)),
        "children": draw(
            st.tuples(st.integers(0, 90), st.one_of(st.just(NAN), st.integers(0, 90)))
        ),
        "schools": draw(
            st.lists(
                st.tuples(at, st.one_of(st.just(NAN), st.integers(0, 90))), min_size=1, max_size=4
            )
        ),
        "parcel": draw(st.tuples(at, st.integers(1, 3), st.sampled_from([2026, 2027]))),
        "housing": draw(st.tuples(at, st.integers(0, 40))),
        "catchment": draw(st.one_of(st.none(), st.tuples(st.integers(0, 20), st.integers(1, 10)))),
    }


def draw_town(street, told, *, parcel):
    town = street()
    for code, (west, east) in {"A": (0, 1500), "B": (1500, 3000)}.items():
        town.community(code, west, east, households=100)
    for number, (x, community) in enumerate(told["homes"]):
        town.home(f"h{number}", x, households=10.0, community=community)
    for code, number in zip("AB", told["children"], strict=True):
        if not np.isnan(number):
            town.children(code, LEVEL, 2026, number)
            town.children(code, LEVEL, 2027, number)
    for number, (x, places) in enumerate(told["schools"]):
        town.school(f"s{number}", LEVEL, x, capacity=places)
    town.housing("n1", told["housing"][0], told["housing"][1], 2027)
    if parcel:
        x, classes, year = told["parcel"]
        town.parcel("p1", LEVEL, x, classes=classes, opening_year=year)
    if told["catchment"] is not None:
        west, wide = told["catchment"]
        town.catchment("s0", LEVEL, 100 * west, 100 * (west + wide))
    return town.build(2026, 2027)


@settings(max_examples=25)
@given(told=towns())
def test_what_always_holds(street, told):
    """Places and limits are kept, children neither made nor lost, more land never leaves more out."""
    x = told["parcel"][0]  # a school on the parcel would get the places planned there
    assume(all(abs(x - other) > 25 for other, _ in told["schools"]))
    city = draw_town(street, told, parcel=True)
    bare = draw_town(street, told, parcel=False)
    placer, without = Placer(city, LEVEL), Placer(bare, LEVEL)
    table = measure_years(city, {LEVEL: placer}).school_years
    assert (placer.walk_m <= city.limit_m(LEVEL) + 1e-6).all()
    for at, year in enumerate((2026, 2027)):
        for case in ("sure", "possible", "crowded"):
            found = placer.place(at, case)
            assert (found.used <= placer.count_places(at, case) + 1e-6).all()
            if case != "crowded":
                by_home = np.bincount(placer.home, weights=found.flow, minlength=len(found.left))
                assert by_home + found.left == pytest.approx(found.children, abs=1e-6)
            assert (found.left <= without.place(at, case).left + 1e-6).all()
        sure, best = placer.place(at, "sure"), placer.place(at, "possible")
        assert (best.left <= sure.left + 1e-6).all()
        assert (sure.left <= placer.place(at, "crowded").left + 1e-6).all()
        rows = table[table["year"] == year]
        areas = rows[rows["scope"] == "community"]
        whole = rows[rows["scope"] == "city"].iloc[0]
        known = areas[areas["children"].notna()]
        sums = known["placed"] + known["out_of_reach"] + known["left_possible"]
        assert sums.to_numpy() == pytest.approx(known["children"].to_numpy(), abs=1e-5)
        for name in ("placed", "out_of_reach", "left", "left_possible"):
            assert areas[name].sum() == pytest.approx(np.nan_to_num(whole[name]), abs=1e-5)
        assert (rows["left"].fillna(0) <= rows["left_possible"].fillna(0) + 1e-5).all()


def place_plainly(walk_m, children, places, limit_m):
    """Children placed and metres walked of a linear programme over a table of walks, homes x schools."""
    home, school = np.nonzero(walk_m <= limit_m)
    n = len(home)
    if n == 0:
        return 0.0, 0.0
    rows = np.zeros((len(children) + len(places), n))
    rows[home, np.arange(n)] = rows[len(children) + school, np.arange(n)] = 1
    found = linprog(
        walk_m[home, school] - 1e5, A_ub=rows, b_ub=np.concatenate([children, places])
    )  # fmt: skip
    return float(found.x.sum()), float(found.x @ walk_m[home, school])


def place_greedily(walk_m, children, places, limit_m):
    """The same where the shortest walk left is always taken next."""
    waiting, free = children.copy(), places.copy()
    placed = metres = 0.0
    for at in np.argsort(walk_m, axis=None, kind="stable"):
        home, school = np.unravel_index(at, walk_m.shape)
        if walk_m[home, school] <= limit_m:
            going = min(waiting[home], free[school])
            waiting[home] -= going
            free[school] -= going
            placed += going
            metres += going * walk_m[home, school]
    return placed, metres


@settings(max_examples=15)
@given(told=towns())
def test_as_a_plain_solver_and_never_worse_than_the_greedy(street, told):
    """Walks are differences of positions; nobody is placed farther off than need be."""
    city = draw_town(street, {**told, "catchment": None}, parcel=False)
    homes = np.array([x for x, _ in told["homes"]] + [told["housing"][0]], dtype=float)
    schools = np.array([x for x, _ in told["schools"]], dtype=float)
    places = np.nan_to_num([one for _, one in told["schools"]])
    walk_m = np.abs(homes[:, None] - schools[None, :])
    placer = Placer(city, LEVEL)
    table = measure_years(city, {LEVEL: placer}).school_years
    for at, year in enumerate((2026, 2027)):
        children = np.nan_to_num(city.children[LEVEL][:, at])
        whole = table[(table["year"] == year) & (table["scope"] == "city")].iloc[0]
        placed = float(np.nan_to_num(whole["placed"]))
        metres = placed * float(np.nan_to_num(whole["walk_mean_m"]))
        plain = place_plainly(walk_m, children, places, city.limit_m(LEVEL) + 0.01)
        greedy = place_greedily(walk_m, children, places, city.limit_m(LEVEL) + 0.01)
        assert placed == pytest.approx(plain[0], abs=1e-4)
        assert metres == pytest.approx(plain[1], rel=1e-4, abs=1.0)
        assert placed >= greedy[0] - 1e-4
        if placed == pytest.approx(greedy[0], abs=1e-4):
            assert metres <= greedy[1] * (1 + 1e-4) + 1.0


@settings(max_examples=10)
@given(told=towns())
def test_releasing_is_never_having_had_it_and_taking_it_back_changes_nothing(street, told):
    x = told["parcel"][0]  # a school on the parcel would go with it
    assume(all(abs(x - other) > 25 for other, _ in told["schools"]))
    city = draw_town(street, told, parcel=True)
    bare = Placer(draw_town(street, told, parcel=False), LEVEL)
    placers = {LEVEL: Placer(city, LEVEL)}
    before = measure_years(city, placers)
    release = measure_release(city, "p1", placers=placers)
    for at, lost in enumerate(release.totals["lost"]):
        cases = [one.place(at, "possible").left.sum() for one in (bare, placers[LEVEL])]
        assert lost == pytest.approx(cases[0] - cases[1], abs=1e-4)
        assert lost >= -1e-4
    after = measure_years(city, placers)
    assert after.school_years.equals(before.school_years)
    assert after.shortages.equals(before.shortages)


def test_every_level_has_a_row_for_every_area_and_year(street):
    table = measure_years(simple(street).build(2026, 2027)).school_years
    areas = table[table["scope"] != "school"].groupby(["level", "year", "scope"]).size()
    assert len(areas) == len(LEVELS) * 2 * 3
    assert (areas == 1).all()
