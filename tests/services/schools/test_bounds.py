"""What is told of a city with unknown figures, against every truth those figures may have."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.schools.parcels.served import measure_services
from services.schools.placing import Placer
from services.schools.release import measure_release
from services.schools.years import measure_years

LEVEL, NAN = "primary_school", float("nan")
UNSAID = "school_unspecified"
TOLD = ("in_reach", "served", "without", "placed")


@st.composite
def towns(draw):
    """Homes of three communities, schools, parcels and a catchment on 2 km, some of it unknown."""
    at = st.integers(0, 20).map(lambda x: 100 * x)
    places = st.one_of(st.just(NAN), st.integers(0, 40))
    return {
        "homes": draw(st.lists(st.tuples(at, st.sampled_from("ABC")), min_size=2, max_size=6)),
        "children": draw(st.tuples(*[st.one_of(st.just(NAN), st.integers(0, 60))] * 3)),
        "schools": draw(
            st.lists(
                st.tuples(at, places, st.sampled_from([LEVEL, LEVEL, UNSAID])),
                min_size=1,
                max_size=4,
            )
        ),
        "parcel": (draw(at), draw(st.integers(1, 2))),
        "later": (draw(at), draw(st.sampled_from([NAN, 1]))),
        "housing": (draw(at), draw(st.integers(0, 30)), draw(st.sampled_from([2026, NAN]))),
        "catchment": draw(st.one_of(st.none(), st.tuples(st.integers(0, 15), st.integers(1, 8)))),
    }


@st.composite
def truths(draw, told):
    """The same town with a value for everything unknown; a year of opening beyond 2026 is none."""
    places = st.sampled_from([0, 0, 3, 25, 500])
    return {
        **told,
        "children": tuple(
            draw(st.sampled_from([0, 1, 30, 300])) if np.isnan(one) else one
            for one in told["children"]
        ),
        "schools": [
            (
                x,
                draw(places) if np.isnan(number) or kind == UNSAID else number,
                draw(st.sampled_from([LEVEL, "junior_school"])) if kind == UNSAID else kind,
            )
            for x, number, kind in told["schools"]
        ],
        "later": (
            told["later"][0],
            draw(st.sampled_from([1, 3])) if np.isnan(told["later"][1]) else told["later"][1],
            draw(st.sampled_from([2026, 2030])),
        ),
        "housing": (
            *told["housing"][:2],
            draw(st.sampled_from([2026, 2030]))
            if np.isnan(told["housing"][2])
            else told["housing"][2],
        ),
    }


def build(street, told):
    town = street(2100)
    for number, code in enumerate("ABC"):
        town.community(
            code, 700 * number, 700 * (number + 1), 100, district="东" if number else "西"
        )
        if not np.isnan(told["children"][number]):
            town.children(code, LEVEL, 2026, told["children"][number])
    for number, (x, code) in enumerate(told["homes"]):
        town.home(f"h{number}", x, 10.0, community=code)
    for number, (x, places, kind) in enumerate(told["schools"]):
        town.school(f"s{number}", kind, x, capacity=places)
    x, classes = told["parcel"]
    town.parcel("p1", LEVEL, x + 30, classes=classes, opening_year=2026)
    x, classes, *year = told["later"]
    year = year[0] if year else NAN
    town.parcel("p2", LEVEL, x + 60, classes=classes, status="building", opening_year=year)
    x, households, year = told["housing"]
    town.housing("n1", x, households, year, community=told["homes"][0][1])
    if told["catchment"] is not None:
        west, wide = told["catchment"]
        town.catchment("s0", LEVEL, 100 * west - 50, 100 * (west + wide) + 50)
    return town.build()


def say_verdicts(city, placer):
    """Verdicts of all areas; of a school nobody is short of, whether anybody goes there is left open."""
    table = measure_years(city, {LEVEL: placer}).school_years
    idle = (table["scope"] == "school") & (table["status"] == "not_applicable")
    table = table.assign(status=table["status"].mask(idle, "met"))
    return {(row["scope"], row["area_id"]): row["status"] for row in table.to_dict("records")}


@st.composite
def cases(draw):
    told = draw(towns())
    return told, draw(truths(told))


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_no_truth_contradicts_what_was_told(street, case):
    """Verdicts other than `unknown` hold in every truth; the cases bound every home and every school."""
    told, true = case
    city, real = build(street, told), build(street, true)
    placer, known = Placer(city, LEVEL), Placer(real, LEVEL)
    best, worst, truth = placer.place(0, "possible"), placer.place(0, "crowded"), known.place(0)
    assert known.list_cases(0) == ("sure",)
    counted = ~np.isnan(city.children[LEVEL][:, 0])
    assert (best.left <= truth.left + 1e-6).all()
    assert (truth.left[counted] <= worst.left[counted] + 1e-6).all()
    used = dict(zip(known.ids, truth.used, strict=True))
    most = zip(placer.ids[placer.certain], worst.used[placer.certain], strict=True)
    assert all(used[one] <= number + 1e-6 for one, number in most)
    verdicts, really = say_verdicts(city, placer), say_verdicts(real, known)
    for area, status in verdicts.items():
        assert status in ("unknown", really[area]), area
    one = measure_release(city, "p1", placers={LEVEL: placer})
    other = measure_release(real, "p1", placers={LEVEL: known})
    assert one.status in ("unknown", other.status)
    lost = other.totals["lost"].sum()
    assert one.totals["lost"].sum() <= lost + 1e-5
    assert lost <= one.totals["lost_possible"].sum() + 1e-5
    service, serves = measure_services(city)["p1"], measure_services(real)["p1"]
    if not np.isnan(service.served):
        assert [getattr(service, name) for name in TOLD] == pytest.approx(
            [getattr(serves, name) for name in TOLD], abs=0.02
        )
