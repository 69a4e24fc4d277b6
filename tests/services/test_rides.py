"""Journeys on paper: walks to stops, vehicles and walks from them, with the arithmetic said.

The street runs east from (0, 0) to (4000, 0). An adult walks 72 m in a minute. Someone leaves every
minute from 07:30 until 08:29 and stands at the stop 60 s before the departure.
"""

from datetime import date
from itertools import chain

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from geo.crs import unproject
from geo.network import build_network
from geo.snap import snap_points
from geo.timetable import UNREACHED_MS, build_timetable
from layers.kinds import read_kinds
from layers.results import shape_table
from layers.transit.model import Transit
from layers.transit.settings import TransitSettings
from services.access_table import tabulate_access, tabulate_rides
from services.coverage import measure_coverage
from services.rides import (
    STREET_ID,
    build_rides,
    measure_egress,
    measure_ride_kind,
    measure_ride_reach,
    measure_starts,
)
from services.travel import describe_rides, describe_walks
from services.walks import (
    Yardsticks,
    build_walks,
    measure_kind,
    measure_reach,
    middle_links,
    tie_points,
)

CRS = "EPSG:32648"
ORIGIN = np.array([700_000.0, 3_800_000.0])
SPEED = 1.2
PHARMACY = read_kinds()["pharmacy"]
STREET = [[(0, 0), (4000, 0)]]
HALF_PAST_SEVEN = 27_000
MINUTE = 60


def clock(hours, minutes, seconds=0):
    return 3600 * hours + 60 * minutes + seconds


def lonlat(points):
    return unproject(np.asarray(points, dtype=float).reshape(-1, 2) + ORIGIN, CRS)


def frame(points, **columns):
    shapes = [Point(*one) for one in lonlat(points)]
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))


def streets(lines):
    number = {xy: index for index, xy in enumerate(dict.fromkeys(chain.from_iterable(lines)))}
    both = np.ones(len(lines), dtype=bool)
    return build_network(
        crs=CRS,
        node_xy=np.array(list(number), dtype=float) + ORIGIN,
        path_nodes=np.array([number[xy] for line in lines for xy in line]),
        path_offsets=np.cumsum([0, *map(len, lines)]),
        path_way=np.arange(len(lines)),
        path_group=np.arange(len(lines)),
        path_forward=both,
        path_backward=both,
        min_island_m=0.0,
    )


def build_transit(stops, trips, *, ways_in=None, changes=()):
    """Stops as (x, y); trips as lists of (stop, seconds after midnight); ways in as (stop, x, y)."""
    calls = [(trip, *call) for trip, line in enumerate(trips) for call in line]
    trip, stop, at = (np.array([call[k] for call in calls], dtype=np.int64) for k in range(3))
    yes = np.ones(len(calls), dtype=bool)
    ways = ways_in or [(number, *xy) for number, xy in enumerate(stops)]
    departures = np.bincount(stop, minlength=len(stops))
    return Transit(
        source="gtfs",
        day=date(2025, 3, 12),
        stops=frame(
            stops, stop_id=[f"s{k}" for k in range(len(stops))], departures=departures
        ),
        lines=gpd.GeoDataFrame(),
        ways_in=frame(
            [way[1:] for way in ways], stop=np.array([way[0] for way in ways], dtype=np.int64)
        ),
        changes=pd.DataFrame(
            list(changes), columns=["from_stop", "to_stop", "min_s", "forbidden"]
        ).astype({"from_stop": "int64", "to_stop": "int64", "min_s": "float64", "forbidden": bool}),
        trip_headsign=("",) * len(trips),
        timetable=build_timetable(
            n_stops=len(stops), call_trip=trip, call_stop=stop, call_arrival_s=at,
            call_departure_s=at, call_board=yes, call_alight=yes,
            trip_line=np.zeros(len(trips), dtype=np.int64),
        ),
        assumptions=(),
    )  # fmt: skip


def every(minutes, *, ride_s):
    """Trips from stop 0 to stop 1, from 07:02 until 09:32."""
    starts = range(clock(7, 2), clock(9, 32) + 1, minutes * MINUTE)
    return [[(0, start), (1, start + ride_s)] for start in starts]


class Town:
    """Homes and pharmacies on streets, with public transport."""

    def __init__(self, homes, places, transit, *, lines=STREET, settings=None, yardsticks=()):
        self.network = streets(lines)
        demand = frame(
            homes, demand_id=[f"d{k:03d}" for k in range(len(homes))], community_id="A",
            households=10.0, weight=10.0, source="table",
        )  # fmt: skip
        ids = [f"f{k:03d}" for k in range(len(places))]
        facilities = frame(
            places,
            facility_id=pd.array(ids, dtype="str"),
            kind=pd.array(["pharmacy"] * len(ids), dtype="str"),
        )
        entrances = facilities.assign(entrance_id=facilities["facility_id"] + "/1", source="point")
        self.walks = build_walks(self.network, demand, facilities, entrances, max_leg_m=150.0)
        links = snap_points(self.network, np.array(yardsticks, float).reshape(-1, 2) + ORIGIN)
        row = np.zeros(len(links), dtype=np.int64)
        self.yardsticks = Yardsticks(links, row, links, row, np.ones(len(links)))
        self.settings = settings or TransitSettings()
        self.rides = build_rides(transit, self.network, self.settings, max_leg_m=150.0)
        self.walk = measure_kind(
            self.walks, self.yardsticks, PHARMACY, main_limit_m=1080.0, longest_limit_m=1080.0
        )
        starts = measure_starts(self.rides, self.walks, self.yardsticks, [0.8, SPEED])
        self.ride = measure_ride_kind(self.rides, self.walks, starts, self.walk, SPEED)
        self.on_foot = {"pharmacy": describe_walks(self.walk, SPEED)}
        self.riding = {"pharmacy": describe_rides(self.ride, self.on_foot["pharmacy"])}

    def access(self):
        """Rows of either mode."""
        rows = tabulate_access(
            self.walks, [self.walk], self.on_foot, {PHARMACY.traveller: SPEED}, 15.0
        )
        ridden = tabulate_rides(self.walks, [self.ride], self.riding, 15.0, timetable_source="gtfs")
        return shape_table(rows, "access"), shape_table(ridden, "access")

    def coverage(self, *limits):
        """Coverage of either mode."""
        (west, south), (east, north) = lonlat([(-9000, -9000), (9000, 9000)])
        areas = gpd.GeoDataFrame(
            {"community_id": ["A"]}, geometry=[box(west, south, east, north)], crs="EPSG:4326"
        )
        steps = {"pharmacy": [(limit, "min") for limit in limits]}
        return [
            measure_coverage(
                areas, self.walks, self.yardsticks, [PHARMACY], travels, steps, mode=mode
            ).set_index("limit")
            for mode, travels in (("walk", self.on_foot), ("walk_transit", self.riding))
        ]


HOME, STOPS, SHOP = (0, 0), [(66, 0), (2088, 0)], (2160, 0)
"""66 m to the stop: 55 s. 72 m from the other to the pharmacy: 60 s. All on foot: 2160 m, 1800 s."""


# ---- hand-worked ---------------------------------------------------------------------------------


def test_a_bus_makes_twelve_minutes_out_of_thirty():
    """A bus every minute on the minute takes 540 s.

    Leaving at 07:30:00 one is at the stop at 07:30:55, ready at 07:31:55, rides at 07:32:00, gets
    off at 07:41:00 and is there at 07:42:00: 12 minutes, at every departure alike.
    """
    town = Town([HOME], [SHOP], build_transit(STOPS, every(1, ride_s=540)))
    walk, ride = (rows.iloc[0] for rows in town.access())
    assert walk["nearest_s"] == pytest.approx(1800, abs=0.01)
    for column in ("nearest_s", "best_s", "worst_s"):
        assert ride[column] == pytest.approx(720, abs=0.01)
    assert ride["depart_s"] == HALF_PAST_SEVEN
    assert (walk["within_limit"], ride["within_limit"]) == (False, True)
    assert (ride["facility_id"], ride["entrance_id"]) == ("f000", "f000/1")
    assert (ride["mode"], ride["timetable_source"]) == ("walk_transit", "gtfs")
    assert ride[["nearest_m", "second_m", "n_within"]].isna().all()
    assert walk[["best_s", "worst_s", "depart_s"]].isna().all()


def test_a_bus_every_ten_minutes():
    """Buses at 07:32, 07:42 …: leaving at 07:30 takes 12 minutes, at 07:31 already 21, then 20 … 13.

    Of 60 journeys six take each of 12 to 21 minutes: the 30th is 16, the 54th 20. The first of 16
    minutes leaves at 07:36, four minutes before it need have.
    """
    town = Town([HOME], [SHOP], build_transit(STOPS, every(10, ride_s=540)))
    _, ride = (rows.iloc[0] for rows in town.access())
    minutes = ride[["nearest_s", "best_s", "worst_s"]].astype(float) / 60
    assert minutes.tolist() == pytest.approx([16, 12, 20], abs=0.001)
    assert ride["depart_s"] == clock(7, 36)
    assert not ride["within_limit"]
    walked, ridden = town.coverage(15.0, 16.01, 20.0)
    assert walked["share"].tolist() == [0, 0, 0]
    assert ridden["share"].tolist() == [0, 1, 1]
    assert ridden["median_s"].tolist() == pytest.approx([960] * 3, abs=0.01)
    assert walked["median_s"].tolist() == pytest.approx([1800] * 3, abs=0.01)


def test_the_percentile_is_a_setting():
    """The 90th percentile of the same journeys is 20 minutes, first met leaving at 07:32."""
    town = Town(
        [HOME], [SHOP], build_transit(STOPS, every(10, ride_s=540)),
        settings=TransitSettings(percentile=90.0),
    )  # fmt: skip
    ride = town.access()[1].iloc[0]
    assert ride["nearest_s"] == pytest.approx(1200, abs=0.01)
    assert ride["depart_s"] == clock(7, 32)


def test_where_walking_is_as_fast_the_row_is_the_walks():
    """From (2000, 0) it is 160 m on foot: the bus is of no use, and the seconds are the walk's own."""
    town = Town([(2000, 0)], [SHOP], build_transit(STOPS, every(1, ride_s=540)))
    walk, ride = (rows.iloc[0] for rows in town.access())
    assert ride["nearest_s"] == walk["nearest_s"]
    assert ride["best_s"] == ride["worst_s"] == walk["nearest_s"]
    assert np.isnan(ride["depart_s"])
    assert ride["facility_id"] == walk["facility_id"]


def test_the_bus_may_lead_to_another_facility():
    """On foot the pharmacy at 1000 m (833 s) is nearest, by bus the one at 2160 m (720 s)."""
    places = [(1000, 0), SHOP]
    town = Town([HOME], places, build_transit(STOPS, every(1, ride_s=540)))
    walk, ride = (rows.iloc[0] for rows in town.access())
    assert (walk["facility_id"], ride["facility_id"]) == ("f000", "f001")
    assert walk["nearest_s"] == pytest.approx(833.3, abs=0.1)
    assert ride["nearest_s"] == pytest.approx(720, abs=0.01)


def test_unreached_on_foot_is_reached_by_bus():
    """The pharmacy's street is joined to nothing: no walk at all, 12 minutes by bus."""
    lines = [[(0, 0), (1000, 0)], [(2000, 0), (4000, 0)]]
    town = Town([HOME], [SHOP], build_transit(STOPS, every(1, ride_s=540)), lines=lines)
    walk, ride = (rows.iloc[0] for rows in town.access())
    assert np.isnan(walk["nearest_s"])
    assert ride["nearest_s"] == pytest.approx(720, abs=0.01)
    assert ride["facility_id"] == "f000"


def test_nothing_at_all_stays_nothing():
    """Neither a walk nor a bus: no figure, no facility, not covered."""
    lines = [[(0, 0), (1000, 0)], [(2000, 0), (4000, 0)]]
    far = build_transit([(3000, 0), (3900, 0)], every(1, ride_s=60))
    town = Town([HOME], [SHOP], far, lines=lines)
    ride = town.access()[1].iloc[0]
    assert ride[["nearest_s", "best_s", "worst_s", "depart_s"]].isna().all()
    assert (ride["facility_id"], ride["within_limit"]) == ("", False)
    assert town.coverage(15.0)[1]["share"].tolist() == [0.0]


def test_buses_outside_the_window_change_nothing():
    """The last bus left at 07:31; leaving at 07:30:00 one is ready at 07:31:55."""
    gone = [[(0, clock(h, m)), (1, clock(h, m) + 540)] for h, m in ((5, 0), (7, 0), (7, 31))]
    town = Town([HOME], [SHOP], build_transit(STOPS, gone))
    walk, ride = (rows.iloc[0] for rows in town.access())
    assert ride["nearest_s"] == ride["best_s"] == ride["worst_s"] == walk["nearest_s"]
    assert np.isnan(ride["depart_s"])
    assert len(town.rides.prepare(SPEED).timetable.hop_from) == 1


def test_one_bus_in_the_window_is_the_best_but_not_the_median():
    """A bus at 07:45: leaving at 07:43 it takes 12 minutes, at 07:42 one more, at 07:30 25.

    14 of the 60 departures ride, all sooner than the walk; the median walks.
    """
    town = Town([HOME], [SHOP], build_transit(STOPS, [[(0, clock(7, 45)), (1, clock(7, 54))]]))
    walk, ride = (rows.iloc[0] for rows in town.access())
    assert ride["best_s"] == pytest.approx(720, abs=0.01)
    assert ride["nearest_s"] == ride["worst_s"] == walk["nearest_s"]
    quarter = TransitSettings(percentile=20.0)
    town = Town(
        [HOME], [SHOP], build_transit(STOPS, [[(0, clock(7, 45)), (1, clock(7, 54))]]),
        settings=quarter,
    )  # fmt: skip
    ride = town.access()[1].iloc[0]  # the 12th of 60: 12 minutes and 11 more
    assert ride["nearest_s"] == pytest.approx(23 * 60, abs=0.01)
    assert ride["depart_s"] == clock(7, 32)


def test_walks_to_stops_end_at_the_limit():
    """A stop 66 m away is 55 s off: within reach of a walk of a minute, not of the last at 72.5 m."""
    trips = every(1, ride_s=540)
    near = TransitSettings(walk_min=1.0)
    assert Town([HOME], [SHOP], build_transit(STOPS, trips), settings=near).access()[1][
        "nearest_s"
    ].item() == pytest.approx(720, abs=0.01)
    apart = build_transit([(66, 0), (2087.5, 0)], trips)
    rows = Town([HOME], [SHOP], apart, settings=near).access()
    assert rows[1]["nearest_s"].item() == rows[0]["nearest_s"].item()


def test_a_slower_traveller_has_a_window_of_her_own():
    """At 0.8 m/s: 82.5 s to the stop, ready at 142.5 s, rides at 180 s, 540 s, 90 s to the shop: 810."""
    town = Town([HOME], [SHOP], build_transit(STOPS, every(1, ride_s=540)))
    rows = town.walks.list_facilities("pharmacy")
    found = measure_ride_reach(town.rides, town.walks, rows, measure_reach(town.walks, rows), 0.8)
    assert found.times.typical_s.tolist() == pytest.approx([810], abs=0.01)


# ---- stops on streets ----------------------------------------------------------------------------


def test_the_nearest_way_in_counts():
    """A station with ways in at 900 and 1400 m; the pharmacy at 1500: 100 m, 83.3 s, from the second."""
    transit = build_transit(
        [(1000, 20), (3000, 0)], every(1, ride_s=60), ways_in=[(0, 900, 0), (0, 1400, 0), (1, 3000, 0)]
    )  # fmt: skip
    town = Town([HOME], [(1500, 0)], transit)
    egress = measure_egress(town.rides, town.walks.entrance_links, SPEED)
    assert egress.walk_ms.tolist() == [pytest.approx(83_333, abs=2), UNREACHED_MS]
    assert egress.source.tolist() == [0, -1]


def test_changes_take_the_shortest_walk_between_ways_in():
    """Ways in at 100 and 400 m, the other stop at 520 m: 120 m apart, 100 s and 60 s of slack."""
    transit = build_transit(
        [(200, 0), (520, 0)], every(1, ride_s=60), ways_in=[(0, 100, 0), (0, 400, 0), (1, 520, 0)]
    )
    changes = Town([HOME], [SHOP], transit).rides.prepare(SPEED).changes
    assert changes.start.tolist() == [0, 2, 4]
    assert changes.stop.tolist() == [0, 1, 0, 1]
    assert changes.least_ms.tolist() == [
        60_000, pytest.approx(160_000, abs=2), pytest.approx(160_000, abs=2), 60_000
    ]  # fmt: skip


def test_what_the_operator_says_of_changes_counts():
    """Two lines meet at stop 1: with five minutes between, with twenty, or with no change at all."""
    stops = [(66, 0), (1000, 0), (2088, 0)]
    start = clock(7, 0)
    trips = [[(0, start + k * MINUTE), (1, start + k * MINUTE + 180)] for k in range(150)]
    trips += [[(1, start + k * MINUTE), (2, start + k * MINUTE + 180)] for k in range(150)]

    def nearest_s(*changes):
        town = Town([HOME], [SHOP], build_transit(stops, trips, changes=changes))
        return town.access()[1]["nearest_s"].item()

    # on the minute: at the stop of change at +3 min, away a minute later
    assert nearest_s() == pytest.approx(120 + 180 + 60 + 180 + 60, abs=0.01)
    assert nearest_s((1, 1, 300.0, False)) == pytest.approx(120 + 180 + 300 + 180 + 60, abs=0.01)
    # faster than a change of twenty minutes: 1000 m on foot, 833 s, ready at 893, riding at 900
    assert nearest_s((1, 1, 1200.0, False)) == pytest.approx(900 + 180 + 60, abs=0.01)
    assert nearest_s((1, 1, np.nan, True)) == pytest.approx(900 + 180 + 60, abs=0.01)


def test_ways_in_that_were_tied_once_are_tied_again():
    lines = [*STREET, [(0, 0), (0, 900)], [(0, 900), (900, 900)]]
    stops = [(66, 3), (2088, -8), (300, 880), (5000, 5000)]
    town = Town([HOME], [SHOP], build_transit(stops, every(1, ride_s=540)), lines=lines)
    kept = town.rides.name_streets()
    assert kept.ways_in[STREET_ID].tolist()[-1] == -1
    again = build_rides(kept, town.network, town.settings, max_leg_m=1.0)
    for name in ("edge", "offset_m", "leg_m", "snap_xy"):
        np.testing.assert_array_equal(
            getattr(again.stop_links, name), getattr(town.rides.stop_links, name)
        )
    assert len(tie_points(town.network, np.zeros((0, 2)), np.zeros(0, dtype=np.int32))) == 0


def test_walks_to_stops_are_the_same_asked_together_or_alone():
    homes = [HOME, (500, 40), (2000, 0), (3500, 10)]
    transit = build_transit(STOPS, every(1, ride_s=540))
    town = Town(homes, [SHOP], transit, yardsticks=[(900, 0), (1900, 0)])
    fresh = build_rides(transit, town.network, town.settings, max_leg_m=150.0)
    for speed in (0.8, SPEED):
        links = town.walks.demand_links
        for name in ("start", "stop", "walk_ms"):
            np.testing.assert_array_equal(
                getattr(town.rides.measure_access(links, speed), name),
                getattr(fresh.measure_access(links, speed), name),
            )


def test_streets_start_in_their_middle():
    """Middle of the street at 2000 m, nearer on foot; that of the other at 450 m north of home."""
    lines = [*STREET, [(0, 0), (0, 900)]]
    town = Town([HOME], [SHOP], build_transit(STOPS, every(1, ride_s=540)), lines=lines)
    middles = middle_links(town.network)
    assert sorted(middles.offset_m.tolist()) == [450, 2000]
    street = int(np.argmax(middles.offset_m))
    assert town.ride.street_s[street] == town.walk.street_m[street] / SPEED
    # 450 + 66 m: 430 s, ready at 490, rides at 540, off at 1080, there at 1140
    assert town.ride.street_s[1 - street] == pytest.approx(1140, abs=0.01)


# ---- invariants ----------------------------------------------------------------------------------

STEPS = (0, 500, 1000, 1500)
places = st.tuples(st.integers(-60, 1560), st.integers(-60, 1560))


@st.composite
def networks(draw):
    """Stops and trips between them at random."""
    stops = draw(st.lists(places, min_size=2, max_size=6))
    trips = []
    for _ in range(draw(st.integers(1, 12))):
        at = clock(7, 0) + draw(st.integers(0, 100)) * MINUTE
        trip = []
        for stop in draw(st.lists(st.sampled_from(range(len(stops))), min_size=2, max_size=4)):
            trip.append((stop, at))
            at += draw(st.integers(0, 300))
        trips.append(trip)
    return stops, trips


@given(
    networks(),
    st.lists(places, min_size=1, max_size=8),
    st.lists(places, min_size=1, max_size=3),
)
def test_a_journey_never_takes_longer_than_the_walk(network, homes, shops):
    grid = [[(x, y) for x in STEPS] for y in STEPS] + [[(x, y) for y in STEPS] for x in STEPS]
    town = Town(homes, shops, build_transit(*network), lines=grid, yardsticks=homes)
    walk, ride = (rows.fillna({"nearest_s": np.inf}) for rows in town.access())
    assert (ride["nearest_s"] <= walk["nearest_s"]).all()
    assert (ride["best_s"].fillna(np.inf) <= ride["nearest_s"]).all()
    assert (ride["nearest_s"] <= ride["worst_s"].fillna(np.inf)).all()
    on_foot = ride["depart_s"].isna()
    assert (ride["nearest_s"][on_foot] == walk["nearest_s"][on_foot]).all()
    assert (ride["facility_id"][on_foot] == walk["facility_id"][on_foot]).all()
    assert (ride["nearest_s"][~on_foot] < walk["nearest_s"][~on_foot]).all()
    assert (ride["within_limit"] | ~walk["within_limit"]).all()
    assert (town.ride.street_s <= town.walk.street_m / SPEED).all()
    np.testing.assert_array_equal(town.ride.building_s, town.ride.land_s)
    walked, ridden = town.coverage(2.0, 5.0, 15.0)
    for column in ("share", "building_share", "land_share"):
        assert (ridden[column] >= walked[column]).all()
    assert not (ridden["median_s"] > walked["median_s"]).any()
