"""Passes over hops: what boarding leads to, and where vehicles bring one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.profile import scan_departures, scan_forward, scan_profiles
from geo.timetable import UNREACHED_MS, Changes

SEEDS = st.integers(0, 2**32 - 1)
EIGHT = 8 * 3600


def list_boardings(city, stop):
    """Seconds after eight of each boarding that pays, and of its arrival; earliest first."""
    found = city.profiles
    rows = range(found.start[stop + 1] - 1, found.start[stop] - 1, -1)
    return [(found.departure_s[r] - EIGHT, found.arrival_ms[r] / 1000 - EIGHT) for r in rows]


def test_only_boardings_that_pay_are_kept(plain):
    """Slow buses that a later one overtakes are not worth boarding.

    bus   A 08:00  B 08:30
    bus   A 08:05  B 08:20
    bus   A 08:10  B 08:20
    bus   A 08:15  B 08:25
    walk  B>shop 10

    At A: 08:00 and 08:05 arrive no earlier than 08:10, so 08:10 (shop at 08:20:10) and 08:15 remain.
    At B nothing departs.
    """
    city = plain.read_city(test_only_boardings_that_pay_are_kept.__doc__)
    assert list_boardings(city, 0) == [(600, 1210), (900, 1510)]
    assert list_boardings(city, 1) == []
    assert city.profiles.n_stops == 2


def test_two_departures_at_once(plain):
    """Of two buses that leave together the one that arrives first counts, whatever their order.

    bus   A 08:10  B 08:30
    bus   A 08:10  C 08:20
    bus   A 08:10  B 08:25
    walk  B>shop 10  C>shop 120
    """
    city = plain.read_city(test_two_departures_at_once.__doc__)
    assert list_boardings(city, 0) == [(600, 1320)]
    turned = replace(city, trips=city.trips[::-1])
    assert list_boardings(turned, 0) == [(600, 1320)]


def test_hops_that_take_no_time(plain):
    """Timetables in whole minutes: three calls within one minute, and the bus goes on.

    bus   A 08:10  B 08:10  C 08:10  D 08:12
    walk  D>shop 0

    From each of them the shop is reached at 08:12.
    """
    city = plain.read_city(test_hops_that_take_no_time.__doc__)
    for stop in range(3):
        assert list_boardings(city, stop) == [(600, 720)]
    # Seated from A to D: one ride from the first hop to the last.
    (ride,), _ = replace(city, access={(0, 0): 0.0}).explain(0, EIGHT * 1000)
    assert (city.cut.hop_from[ride.enter_hop], city.cut.hop_to[ride.exit_hop]) == (0, 3)


def test_first_boarding_in_time(plain):
    """`find` looks for the first departure one is ready for, to the millisecond.

    bus   A 08:10  B 08:20
    bus   A 08:20  B 08:30
    walk  B>shop 0
    """
    found = plain.read_city(test_first_boarding_in_time.__doc__).profiles
    ten, twenty = (EIGHT + 600) * 1000, (EIGHT + 1200) * 1000
    assert found.departure_s[found.find(0, 0)] == EIGHT + 600
    assert found.departure_s[found.find(0, ten)] == EIGHT + 600
    assert found.departure_s[found.find(0, ten + 1)] == EIGHT + 1200
    assert found.find(0, twenty + 1) == -1
    assert found.find(1, 0) == -1


def test_where_vehicles_bring_one(plain):
    """One departure, every stop.

    bus   A 08:05  B 08:10  C 08:20
    bus   B 08:11  D 08:15
    bus   C 08:20:30  E 08:25
    walk  home>A 200  home>B 900

    B at 08:10, from there D at 08:15 with the second bus, a minute later. The third leaves C half a minute after
    the first gets there: too soon. A is walked to, not ridden to; leaving at 08:03 misses the bus.
    """
    city = plain.read_city(test_where_vehicles_bring_one.__doc__)
    eight_ms = EIGHT * 1000
    expected = [UNREACHED_MS, *(eight_ms + at * 1000 for at in (600, 1200, 900)), UNREACHED_MS]
    assert city.spread_once(0, eight_ms).tolist() == expected
    assert (city.spread_once(0, eight_ms + 180_000) == UNREACHED_MS).all()
    windowed = replace(city, window=replace(city.window, count=3)).spread(0)
    assert windowed[0].tolist() == windowed[1].tolist() == expected
    assert (windowed[2] == UNREACHED_MS).all()


def test_no_departures_no_rows(plain):
    city = plain.City(n_stops=3, trips=())
    none = np.full(3, UNREACHED_MS, dtype=np.int32)
    nobody = scan_departures(city.timetable, city.changes, none, np.zeros(0, dtype=np.int64), 0)
    assert nobody.shape == (0, 3)
    assert scan_forward(city.timetable, city.changes, none, 0).tolist() == [UNREACHED_MS] * 3
    assert scan_profiles(city.timetable, city.changes, none).start.tolist() == [0, 0, 0, 0]


def test_bad_calls(plain):
    city = plain.City(n_stops=2, trips=())
    one = np.zeros(1, dtype=np.int32)
    two = np.zeros(2, dtype=np.int32)
    with pytest.raises(ValueError, match="egress_ms and changes are for 1 and 2 stops"):
        scan_profiles(city.timetable, city.changes, one)
    with pytest.raises(ValueError, match="access_ms"):
        scan_forward(city.timetable, city.changes, one, 0)
    no_time = Changes(np.array([0, 1, 1]), one, one)
    with pytest.raises(ValueError, match="takes no time"):
        scan_profiles(city.timetable, no_time, two)


@given(SEEDS)
def test_vehicles_bring_one_as_early_as_the_plain_search_says(plain, seed):
    city = plain.draw_city(seed)
    for home in range(len(city.walk_all)):
        found = city.spread(home)
        for row, depart_ms in zip(found, city.window.departures_ms.tolist(), strict=True):
            expected = np.full(city.n_stops, UNREACHED_MS, dtype=np.int64)
            for stop, here in city.list_arrivals(home, depart_ms):
                expected[stop] = min(expected[stop], here)
            np.testing.assert_array_equal(row, expected)
            np.testing.assert_array_equal(city.spread_once(home, depart_ms), expected)


@given(SEEDS)
def test_rows_of_profiles_fall_and_hang_together(plain, seed):
    city = plain.draw_city(seed)
    found, hops = city.profiles, city.cut
    for stop in range(city.n_stops):
        rows = slice(found.start[stop], found.start[stop + 1])
        assert (np.diff(found.departure_s[rows].astype(np.int64)) < 0).all()
        assert (np.diff(found.arrival_ms[rows].astype(np.int64)) < 0).all()
        assert (hops.hop_from[found.enter_hop[rows]] == stop).all()
    assert (hops.hop_departure_s[found.enter_hop] == found.departure_s).all()
    assert hops.hop_board[found.enter_hop].all()
    assert hops.hop_alight[found.exit_hop].all()
    assert (hops.hop_trip[found.enter_hop] == hops.hop_trip[found.exit_hop]).all()
    assert (found.enter_hop >= found.exit_hop).all()
    assert (city.egress_ms[found.last_stop] != UNREACHED_MS).all()
