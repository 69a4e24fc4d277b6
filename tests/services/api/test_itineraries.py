"""Legs where stops have several ways in, and where the operator says how long a change takes."""

import itertools
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.store import read_run
from services.places import PlaceFinder
from services.ride_places import RideFinder, read_settings

D4 = (800, 700)
ADULT_M_S = 1.2


@pytest.fixture
def ask(ride_run, paper):
    """`ask(kind, depart_s, to=…, **parts of the transit that differ)`: a journey from D4."""
    run = read_run(ride_run)

    def plan(kind, depart_s, *, to="", speed_m_s=ADULT_M_S, **changed):
        transit = replace(run.transit, **changed)
        places = PlaceFinder(run)
        finder = RideFinder(run, transit, places)
        start = places.snap_place(*paper.lonlat(*D4))
        return finder.plan(start, finder.get_goals(kind, to=to), depart_s, speed_m_s)

    return plan


def _clock(hours, minutes, seconds=0):
    return 3600 * hours + 60 * minutes + seconds


def _told(*rows):
    return pd.DataFrame(rows, columns=["from_stop", "to_stop", "min_s", "forbidden"]).astype(
        {"from_stop": "int64", "to_stop": "int64", "min_s": "float64", "forbidden": "bool"}
    )


def _parts(journey):
    return [(leg.kind, (leg.end_ms - leg.begin_ms) / 1000) for leg in journey.itinerary.legs]


def test_the_nearest_way_in_is_taken_and_drawn(ask, ride_run, paper):
    """A also opens at (800, 690), 10 m from D4: 8.333 s, then 07:39:00 is early enough.

    60 s before the bus of 07:45 that is 07:43:51.667, so who leaves at 07:43 waits 111.667 s.
    """
    given = read_run(ride_run).transit.ways_in
    second = gpd.GeoDataFrame(
        {"stop": [0]}, geometry=[shapely.Point(*paper.lonlat(800, 690))], crs="EPSG:4326"
    )
    ways_in = pd.concat([second, given], ignore_index=True)
    journey = ask("kindergarten", _clock(7, 43), ways_in=ways_in)
    assert _parts(journey) == [
        ("walk", 8.333),
        ("wait", 111.667),
        ("ride", 180.0),
        ("walk", 50.833),
    ]
    walk = journey.itinerary.legs[0]
    assert walk.target.name == "东站"
    assert shapely.get_coordinates(walk.shape)[-1] == pytest.approx(paper.lonlat(800, 690))


def test_an_operators_time_stands_for_a_way_we_do_not_know(ask):
    """C and C2 may not be changed between, B and C2 are 240 s apart by the operator's word.

    Off at B at 07:36:00, at C2 for the bus of 07:41:00 to F: 07:43:13.333 at P1. On our streets the
    walk of 518 m would take 431.667 s: its metres are unknown, its time is all there is.
    """
    b, c, c2 = 1, 2, 3
    changes = _told((c, c2, np.nan, True), (b, c2, 240.0, False))
    journey = ask("pharmacy", _clock(7, 32), to="P1", changes=changes)
    assert _parts(journey) == [
        ("walk", 88.333), ("wait", 91.667), ("ride", 60.0), ("walk", 300.0), ("ride", 120.0),
        ("walk", 13.333),
    ]  # fmt: skip
    change = journey.itinerary.legs[3]
    assert change.walk_m is None
    assert len(shapely.get_coordinates(change.shape)) == 2


def test_legs_follow_one_another(ask):
    for minute in range(0, 60, 3):
        journey = ask("pharmacy", _clock(7, 30 + minute), to="P1")
        legs = journey.itinerary.legs
        assert legs[0].begin_ms == journey.depart_ms
        assert legs[-1].end_ms == journey.arrival_ms
        assert all(one.end_ms == then.begin_ms for one, then in itertools.pairwise(legs))
        ends = [shapely.get_coordinates(leg.shape)[-1] for leg in legs if leg.shape is not None]
        begins = [shapely.get_coordinates(leg.shape)[0] for leg in legs if leg.shape is not None]
        assert np.array(ends[:-1]) == pytest.approx(np.array(begins[1:]))


def test_slow_walkers_take_longer(ask):
    """At 0.8 m/s the 106 m to A take 132.5 s and the 61 m from C 76.25 s."""
    journey = ask("kindergarten", _clock(7, 38), speed_m_s=0.8)
    assert _parts(journey) == [("walk", 132.5), ("wait", 287.5), ("ride", 180.0), ("walk", 76.25)]


def test_settings_come_back_from_the_manifest():
    assert read_settings({"day": "2025-01-08", "walk_min": 10.0}).day.year == 2025
    assert read_settings({}).first_departure_s == _clock(7, 30)
