"""The order in which parcels need attention."""

from dataclasses import replace

import pytest
import shapely

from services.schools.parcels.model import Service
from services.schools.parcels.urgency import STEPS

SERVICE = Service(year=2027, in_reach=400, served=300, without=100, placed=300, felt_year=2027)


def box(x_m):
    return shapely.box(x_m, 0, x_m + 100, 100)


@pytest.fixture
def order(examine, drawn):
    """Ids in order, each with its step, for rows of (changes, service)."""

    def run(*rows):
        parcels = drawn.parcels(
            *((box(200 * at), {"opening_year": 2027.0, **row[0]}) for at, row in enumerate(rows))
        )
        ids = parcels["parcel_id"].tolist()
        services = {one: row[1] for one, row in zip(ids, rows, strict=True) if row[1]}
        table = examine(parcels, services=services).all.parcels.sort_values("urgency")
        assert table["urgency"].tolist() == list(range(1, len(rows) + 1))
        return list(zip(table["parcel_id"], table["urgency_step"], strict=True))

    return run


def test_lost_land_that_is_missed_comes_first_the_soonest_before_all(order):
    lost = {"status": "occupied"}
    later = replace(SERVICE, felt_year=2031, without=500)
    idle = replace(SERVICE, without=0)
    late = replace(SERVICE, homes_known=True, homes_year=2025, homes_households=800)
    found = order(({}, late), (lost, idle), (lost, later), ({"status": "re-zoned"}, SERVICE))
    assert found == [
        ("P4", "lost_and_missed"),
        ("P3", "lost_and_missed"),
        ("P1", "late"),
        ("P2", "lost"),
    ]


def test_within_a_step_and_a_year_more_children_come_first_then_the_id(order):
    lost = {"status": "occupied"}
    found = order((lost, SERVICE), (lost, replace(SERVICE, without=200)), (lost, SERVICE))
    assert [one for one, _ in found] == ["P2", "P1", "P3"]


def test_what_is_wrong_comes_before_what_is_not_known(order):
    found = order(({}, None), ({"area_m2": 10.0}, None))
    assert found == [("P2", "unfit"), ("P1", "undecided")]


def test_covered_land_that_is_still_kept_comes_before_late_land(examine, drawn):
    late = replace(SERVICE, homes_known=True, homes_year=2025, homes_households=800)
    parcels = drawn.parcels((box(0), {"opening_year": 2027.0}), (box(200), {"status": "reserved"}))
    ground = drawn.ground([("w1", "building", box(200))])
    table = examine(parcels, ground=ground, services={"P1": late}).all.parcels
    assert table["urgency_step"].tolist() == ["late", "covered"]
    assert table["urgency"].tolist() == [2, 1]


def test_every_step_says_what_it_means_in_both_languages():
    assert len({step.code for step in STEPS}) == len(STEPS)
    assert all(step.title.zh and step.title.en for step in STEPS)
