"""Homes to facilities: by hand, and every minute of random cities against a plain search."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.journeys import (
    Access,
    Ride,
    Window,
    build_access,
    measure_durations,
    measure_journeys,
    walk_ms,
)
from geo.profile import scan_profiles
from geo.reach import ReachPairs
from geo.timetable import UNREACHED_MS

SEEDS = st.integers(0, 2**32 - 1)
EIGHT = 8 * 3600


def list_seconds(city):
    """Durations of the only home; None where unreached. The plain search must agree."""
    np.testing.assert_array_equal(city.duration_ms, city.plain_ms)
    return [None if ms == UNREACHED_MS else ms / 1000 for ms in city.duration_ms[0].tolist()]


# ------------------------------------------------------------------ by hand


def test_one_line(plain):
    """One bus.

    bus   A 08:05  B 08:15
    walk  home>A 120  B>shop 60  home>shop 1800

    Leaving at 08:00 one is at A at 08:02, waits until 08:05, is at B at 08:15 and at the shop at
    08:16: 960 s instead of 1800 s on foot.
    """
    city = plain.read_city(test_one_line.__doc__)
    assert list_seconds(city) == [960.0]
    times = city.measure()
    assert times.typical_s.tolist() == times.best_s.tolist() == times.worst_s.tolist() == [960.0]
    assert times.depart_s.tolist() == [EIGHT]
    assert times.last_stop.tolist() == [1]


def test_just_missed(plain):
    """Catching a bus is a matter of milliseconds; waiting for the next one of minutes.

    bus   A 08:02  B 08:05
    bus   A 08:12  B 08:15
    walk  home>A 120  B>shop 0

    Leaving at 08:00 one is at A at 08:02 sharp, and at the shop at 08:05. Leaving at 08:01 takes
    until 08:15: 840 s; a minute later 780 s. A walk of 120.001 s misses the first bus; one of
    120.0009 s is 120.000 s in whole milliseconds, and does not.
    """
    city = plain.read_city(test_just_missed.__doc__, window=Window(EIGHT, 3))
    assert list_seconds(city) == [300.0, 840.0, 780.0]
    slower = replace(city, access={(0, 0): 120.001})
    assert list_seconds(slower) == [900.0, 840.0, 780.0]
    assert list_seconds(replace(city, access={(0, 0): 120.0009})) == [300.0, 840.0, 780.0]


def test_time_at_the_stop_before_boarding(plain):
    """Someone wants to be at the stop a while before.

    bus   A 08:02  B 08:05
    bus   A 08:12  B 08:15
    walk  home>A 90  B>shop 0

    With 30 s at the stop the first bus is caught, with 30.5 s it is not: ready at 08:02:00.5.
    """
    city = plain.read_city(test_time_at_the_stop_before_boarding.__doc__)
    assert list_seconds(replace(city, slack_s=30.0)) == [300.0]
    assert list_seconds(replace(city, slack_s=30.5)) == [900.0]


def test_change_at_the_same_stop(plain):
    """A change takes a minute.

    bus   A 08:00  B 08:10
    bus   B 08:10:59  C 08:15
    bus   B 08:11  C 08:20
    walk  home>A 0  C>shop 0

    Getting off at 08:10:00 one catches the bus of 08:11:00, not that of 08:10:59: 1200 s. With 59 s
    for a change: 900 s.
    """
    city = plain.read_city(test_change_at_the_same_stop.__doc__)
    assert list_seconds(city) == [1200.0]
    assert list_seconds(replace(city, min_change_s=59.0)) == [900.0]
    rides, arrival = city.explain(0, EIGHT * 1000)
    assert arrival == (EIGHT + 1200) * 1000
    hops = city.cut
    assert [(hops.hop_trip[r.enter_hop], hops.hop_trip[r.exit_hop]) for r in rides] == [
        (0, 0),
        (2, 2),
    ]


def test_change_on_foot(plain):
    """From B one walks to C, and is there half a minute before the departure.

    bus   A 08:00  B 08:10
    bus   C 08:11:59  D 08:20
    bus   C 08:12  D 08:30
    walk  home>A 0  B>C 90  D>shop 0

    90 s and 30 s lead to the bus of 08:12:00. One must also be at A half a minute before, so the
    bus of 08:00 is for those who leave at 07:59, not at 08:00.
    """
    city = plain.read_city(test_change_on_foot.__doc__, slack_s=30.0, window=Window(EIGHT - 60, 2))
    assert list_seconds(city) == [60.0 + 1800.0, None]
    assert list_seconds(replace(city, slack_s=29.0)) == [60.0 + 1200.0, None]


def test_no_way_back_on_foot(plain):
    """Walks between stops have a direction.

    bus   A 08:00  B 08:10
    bus   C 08:20  D 08:30
    walk  home>A 0  C>B 60  D>shop 0
    """
    assert list_seconds(plain.read_city(test_no_way_back_on_foot.__doc__)) == [None]


def test_faster_to_walk(plain):
    """Walking all the way takes no longer, so nothing is said about a journey.

    bus   A 08:01  B 08:08
    walk  home>A 60  B>shop 120  home>shop 600

    A millisecond more on foot, and the bus is worth it.
    """
    city = plain.read_city(test_faster_to_walk.__doc__)
    assert list_seconds(city) == [600.0]
    times = city.measure()
    assert times.typical_s.tolist() == [600.0]
    assert np.isnan(times.depart_s).all()
    assert times.last_stop.tolist() == [-1]
    assert city.explain(0, EIGHT * 1000) == (None, (EIGHT + 600) * 1000)
    assert replace(city, walk_all=(600.0005,)).measure().typical_s.tolist() == [600.0005]
    assert replace(city, walk_all=(600.001,)).measure().typical_s.tolist() == [600.0]


def test_express_overtakes_local(plain):
    """The local leaves first and arrives last.

    bus   A 08:01  B 08:10  C 08:30
    bus   A 08:05  C 08:15
    walk  home>A 0  C>shop 0

    The express of 08:05 wins for departures until 08:05: 900 s at 08:00. It also wins for those who
    begin in the local at B, were there a stop of it: there is none, so B means 08:30.
    """
    city = plain.read_city(test_express_overtakes_local.__doc__, window=Window(EIGHT, 7))
    assert list_seconds(city) == [900.0, 840.0, 780.0, 720.0, 660.0, 600.0, None]
    at_b = replace(city, access={(0, 1): 0.0})
    assert list_seconds(at_b)[0] == 1800.0


def test_changing_into_the_express(plain):
    """The local brings one to the express, which is worth a change.

    bus   A 08:01  B 08:10  C 08:40
    bus   B 08:12  C 08:20
    walk  home>A 60  C>shop 30
    """
    city = plain.read_city(test_changing_into_the_express.__doc__)
    assert list_seconds(city) == [1230.0]
    rides, _ = city.explain(0, EIGHT * 1000)
    assert len(rides) == 2


def test_a_change_worth_ten_seconds(plain):
    """Whatever arrives earlier is taken, if only by seconds, and to the second.

    bus   A 08:00  B 08:10  C 08:11:40
    bus   D 08:11:30  E 08:11:30
    walk  home>A 0  C>shop 0  B>D 90  E>shop 0

    One is at D at 08:11:30 sharp, and at the shop in the same second: 690 s; with half a second more
    to walk one stays seated until 08:11:40.
    """
    city = plain.read_city(test_a_change_worth_ten_seconds.__doc__)
    assert list_seconds(city) == [690.0]
    assert list_seconds(replace(city, between={(1, 3): 90.5})) == [700.0]


def test_loop_line(plain):
    """A loop comes back to its first stop and goes on.

    bus   A 08:00  B 08:10  A 08:20  C 08:30
    walk  home>A 0  C>shop 0  B>shop 2400

    Staying seated through A: 1800 s at 08:00. Whoever is at A at 08:05 boards when it comes back.
    """
    city = plain.read_city(test_loop_line.__doc__, window=Window(EIGHT, 6))
    assert list_seconds(city) == [1800.0, 1740.0, 1680.0, 1620.0, 1560.0, 1500.0]
    late = replace(city, window=Window(EIGHT + 1201, 1))
    assert list_seconds(late) == [None]


def test_last_bus_gone(plain):
    """Two of four departures get there: the median does, the 90th percentile does not.

    bus   A 08:01  B 08:10
    walk  home>A 0  B>shop 0
    """
    city = plain.read_city(test_last_bus_gone.__doc__, window=Window(EIGHT, 4))
    assert list_seconds(city) == [600.0, 540.0, None, None]
    times = city.measure()
    assert (times.best_s[0], times.typical_s[0], times.worst_s[0]) == (540.0, 600.0, np.inf)
    assert times.depart_s[0] == EIGHT
    times = city.measure(percentile=50.1)
    assert times.typical_s[0] == np.inf
    assert np.isnan(times.depart_s[0])
    assert times.last_stop[0] == -1
    on_foot = replace(city, walk_all=(3000.0,)).measure()
    assert (on_foot.typical_s[0], on_foot.worst_s[0]) == (600.0, 3000.0)


def test_past_midnight(plain):
    """The service day goes on after 24:00.

    bus   A 23:59  B 24:03
    bus   A 24:05  B 24:09
    walk  home>A 60  B>shop 0

    From 23:58: one bus at 23:59, then 24:05; leaving at 23:59 one is there at 24:09, 600 s.
    """
    city = plain.read_city(test_past_midnight.__doc__, window=Window(24 * 3600 - 120, 3))
    assert list_seconds(city) == [300.0, 600.0, 540.0]
    after = replace(city, window=Window(24 * 3600 + 240, 2))
    assert list_seconds(after) == [300.0, None]


def test_every_ten_minutes(plain):
    """A bus every ten minutes, five minutes of riding, someone at the stop.

    Leaving `m` minutes after a bus one waits 10 - m minutes (0 for m = 0). Of 60 departures six
    wait 0 minutes, six 1 minute … six 9. The 30th smallest wait is 4 minutes: 9 in all, for the
    first time at 08:06. The 54th is 8 minutes: 13. The best is 5.
    """
    trips = [
        (plain.Call(0, EIGHT + at, EIGHT + at), plain.Call(1, EIGHT + at + 300, EIGHT + at + 300))
        for at in range(0, 3601, 600)
    ]
    city = plain.City(
        n_stops=2,
        trips=tuple(trips),
        access={(0, 0): 0.0},
        egress={1: 0.0},
        window=Window(EIGHT, 60),
    )
    np.testing.assert_array_equal(city.duration_ms, city.plain_ms)
    times = city.measure()
    assert (times.best_s[0], times.typical_s[0], times.worst_s[0]) == (300.0, 540.0, 780.0)
    assert times.depart_s[0] == EIGHT + 360
    assert city.measure(percentile=100.0).typical_s[0] == 840.0
    assert city.measure(percentile=1.0).typical_s[0] == 300.0


def test_sixteen_departures_and_almost_a_minute_of_walking(plain):
    """Whoever leaves last is ready in the last second anything is known about.

    bus   A 08:00:30  B 08:01
    bus   A 08:16  B 08:20
    walk  home>A 59.5  B>shop 0

    Nobody gets the first bus. Leaving at 08:15 one is at A at 08:15:59.5: 300 s; a minute more for each minute before.
    """
    text = test_sixteen_departures_and_almost_a_minute_of_walking.__doc__
    city = plain.read_city(text, window=Window(EIGHT, 16))
    assert list_seconds(city) == [300.0 + 60 * before for before in range(15, -1, -1)]


def test_on_only_off_only(plain):
    """At B passengers only get on, at C only off.

    bus   A 08:00  B 08:10+  C 08:20-  D 08:30
    walk  home>A 0  B>shop 60  C>shop 300  D>shop 0

    Getting off at B would be best but is not allowed; C means 1500 s. From C nobody gets on.
    """
    city = plain.read_city(test_on_only_off_only.__doc__)
    assert list_seconds(city) == [1500.0]
    assert list_seconds(replace(city, access={(0, 1): 0.0})) == [1500.0]
    assert list_seconds(replace(city, access={(0, 2): 0.0})) == [None]


def test_what_the_operator_says(plain):
    """Given times replace walks, however long, and forbidden changes are none. Seats are kept.

    bus   A 08:00  B 08:10  C 08:40
    bus   B 08:11  D 08:20
    bus   E 08:14  D 08:21
    walk  home>A 0  C>shop 0  D>shop 0
    rule  B>E 240

    Changing at B takes one to D at 08:20: 1200 s. Where B>B is forbidden, E within 240 s leads to D
    at 08:21: 1260 s; within 300 s it does not, and staying seated until C takes 2400 s.
    """
    city = plain.read_city(test_what_the_operator_says.__doc__)
    assert list_seconds(city) == [1200.0]
    never = (1, 1, float("nan"), True)
    assert list_seconds(replace(city, given=(*city.given, never))) == [1260.0]
    slow = (1, 4, 300.0, False)
    assert list_seconds(replace(city, given=(slow, never))) == [2400.0]


def test_longest_journey(plain):
    """Longer journeys count only on foot.

    bus   A 08:00  B 08:30
    walk  home>A 0  B>shop 0  home>shop 2400

    Half an hour counts where half an hour is the limit; with a second less one walks.
    """
    city = plain.read_city(test_longest_journey.__doc__)
    assert list_seconds(replace(city, longest_s=1800)) == [1800.0]
    assert replace(city, longest_s=1800).measure().typical_s.tolist() == [1800.0]
    assert list_seconds(replace(city, longest_s=1799)) == [2400.0]
    assert replace(city, longest_s=1799).measure().typical_s.tolist() == [2400.0]


def test_walking_there_and_back_is_no_journey(plain):
    """Nobody walks to the shop by way of a stop without riding.

    bus   A 09:00  B 09:10
    walk  home>A 60  A>shop 60  home>shop 500
    """
    city = plain.read_city(test_walking_there_and_back_is_no_journey.__doc__)
    assert list_seconds(city) == [500.0]


def test_ties_walk_less_first_and_stay_seated(plain):
    """Two stops lead to the same bus; changing arrives no earlier than staying.

    bus   A 08:05  B 08:10  C 08:15  D 08:20
    bus   C 08:17  D 08:20
    walk  home>A 200  home>B 100  C>shop 360  D>shop 60

    The bus is boarded at B, where the walk is shorter; seated until D, where the last walk is.
    """
    city = plain.read_city(test_ties_walk_less_first_and_stay_seated.__doc__)
    assert list_seconds(city) == [1260.0]
    (ride,), _ = city.explain(0, EIGHT * 1000)
    assert city.cut.hop_from[ride.enter_hop] == 1
    assert city.cut.hop_to[ride.exit_hop] == 3
    assert city.measure().last_stop.tolist() == [3]


def test_ties_between_stops_as_far_go_to_the_first(plain):
    """Two stops as far from home, two buses to two stops as far from the shop.

    bus   B 08:05  D 08:10
    bus   A 08:05  C 08:10
    walk  home>A 60  home>B 60  C>shop 30  D>shop 30

    Stops are numbered as they come: B, D, A, C.
    """
    city = plain.read_city(test_ties_between_stops_as_far_go_to_the_first.__doc__)
    assert list_seconds(city) == [630.0]
    assert city.measure().last_stop.tolist() == [1]
    (ride,), _ = city.explain(0, EIGHT * 1000)
    assert city.cut.hop_from[ride.enter_hop] == 0


# ------------------------------------------------------------------ edges


def test_nothing_runs_and_nobody_lives_anywhere(plain):
    city = plain.City(n_stops=0, trips=(), walk_all=(np.inf, 60.0), window=Window(0, 3))
    times = city.measure()
    assert times.typical_s.tolist() == [np.inf, 60.0]
    assert times.last_stop.tolist() == [-1, -1]
    assert city.explain(0, 0) == (None, UNREACHED_MS)
    assert city.spread(0).shape == (3, 0)
    nobody = plain.City(n_stops=1, trips=(), walk_all=())
    assert len(nobody.measure().typical_s) == 0
    assert nobody.duration_ms.shape == (0, 1)


def test_without_details(plain):
    """Times alone.

    bus   A 08:05  B 08:15
    walk  home>A 120  B>shop 60
    """
    times = plain.read_city(test_without_details.__doc__).measure(with_details=False)
    assert times.typical_s.tolist() == [960.0]
    assert np.isnan(times.depart_s).all()
    assert times.last_stop.tolist() == [-1]


def test_build_access_turns_walks_round_and_drops_long_ones():
    pairs = ReachPairs(
        np.array([0, 2, 2, 4]),
        np.array([1, 0, 1, 2], dtype=np.int32),
        np.array([60.0, 120.0, 30.0, 120.1]),
        4,
    )
    access = build_access(pairs, speed_m_s=1.2, limit_ms=100_000)
    assert access.start.tolist() == [0, 1, 3, 3, 3]
    assert access.stop.tolist() == [0, 0, 2]
    assert access.walk_ms.tolist() == [100_000, 50_000, 25_000]


def test_walks_round_down():
    metres = np.array([0.0, 1.0, 1.2, 900.0, np.inf])
    assert walk_ms(metres, 1.2).tolist() == [0, 833, 1000, 750_000, UNREACHED_MS]
    # 2.01 m take 1.675 s, though the nearest floats say 1674.9999999999998 ms.
    assert walk_ms(np.array([2.01]), 1.2).tolist() == [1675]
    assert walk_ms(np.array([1e12]), 1.0).tolist() == [UNREACHED_MS]


@pytest.mark.parametrize("percent", [0.0, -1.0, 100.5, float("nan")])
def test_percentiles_out_of_range(plain, percent):
    city = plain.City(n_stops=0, trips=())
    with pytest.raises(ValueError, match="percentile"):
        city.measure(percentile=percent)


def test_bad_calls(plain):
    city = plain.City(n_stops=1, trips=(), access={(0, 0): 1.0})
    limits = {"slack_ms": 0, "longest_ms": 1000}
    with pytest.raises(ValueError, match="2 homes; expected 1"):
        measure_journeys(city.profiles, city.access_rows, np.zeros(2), city.window, **limits)
    elsewhere = Access(np.array([0, 1]), np.array([1], dtype=np.int32), np.zeros(1, dtype=np.int32))
    with pytest.raises(ValueError, match="stops 1 to 1"):
        measure_durations(city.profiles, elsewhere, np.zeros(1), city.window, **limits)
    with pytest.raises(ValueError, match="longest journey"):
        measure_durations(
            city.profiles, city.access_rows, np.zeros(1), city.window, slack_ms=0, longest_ms=2**31
        )
    for first_s, count in ((0, 0), (-60, 1)):
        with pytest.raises(ValueError, match="a window of"):
            Window(first_s, count)


def test_explaining_with_other_egress_is_refused(plain):
    """What was scanned and what is asked must belong together.

    bus   A 08:05  B 08:15
    walk  home>A 120  B>shop 60
    """
    city = plain.read_city(test_explaining_with_other_egress_is_refused.__doc__)
    other = replace(city, egress={1: 61.0})
    object.__setattr__(other, "profiles", city.profiles)
    with pytest.raises(ValueError, match="not scanned from this"):
        other.explain(0, EIGHT * 1000)


# ------------------------------------------------------------------ against the plain search


@given(SEEDS)
def test_every_home_and_minute_equals_the_plain_search(plain, seed):
    city = plain.draw_city(seed)
    np.testing.assert_array_equal(city.duration_ms, city.plain_ms)


@given(SEEDS, st.sampled_from([1.0, 10.0, 33.3, 50.0, 70.0, 90.0, 99.0, 100.0]))
def test_ranks_equal_those_of_the_plain_search(plain, seed, percent):
    city = plain.draw_city(seed)
    times = city.measure(percentile=percent)
    walks = walk_ms(city.walk_s, 1.0)
    for found, expected in (
        (times.typical_s, city.get_plain_rank_ms(percent)),
        (times.worst_s, city.get_plain_rank_ms(90.0)),
        (times.best_s, city.plain_ms.min(axis=1)),
    ):
        seconds = np.where(expected == UNREACHED_MS, np.inf, expected / 1000)
        np.testing.assert_array_equal(found, np.where(expected >= walks, city.walk_s, seconds))
    assert (times.typical_s <= city.walk_s).all()
    assert (times.best_s <= times.worst_s).all()
    for home, expected in enumerate(city.get_plain_rank_ms(percent)):
        minutes = np.flatnonzero(city.plain_ms[home] == expected)
        if expected < walks[home]:
            assert times.depart_s[home] == city.window.first_s + 60 * minutes[0]
        else:
            assert np.isnan(times.depart_s[home])
            assert times.last_stop[home] == -1


@given(SEEDS)
def test_legs_are_a_journey_that_takes_as_long_as_measured(plain, seed):
    city = plain.draw_city(seed)
    times = city.measure()
    for home in range(len(city.walk_all)):
        for at, depart_ms in enumerate(city.window.departures_ms.tolist()):
            rides, arrival_ms = city.explain(home, depart_ms)
            took = city.plain_ms[home, at]
            assert arrival_ms == (UNREACHED_MS if took == UNREACHED_MS else depart_ms + took)
            if rides is None:
                assert np.isinf(city.walk_all[home]) == (took == UNREACHED_MS)
                continue
            assert took < city.walk_ms(city.walk_all[home]) if city.walk_s[home] < np.inf else True
            last = follow(city, home, depart_ms, rides)
            stop, here = last
            assert here + city.walk_ms(city.egress[stop]) == arrival_ms
            if times.depart_s[home] * 1000 == depart_ms:
                assert times.last_stop[home] == stop


def follow(city, home, depart_ms, rides: tuple[Ride, ...]):
    """Where and when the last ride ends; asserts that every step is allowed."""
    hops = city.cut
    here = depart_ms
    at = None
    for ride in rides:
        begin, end = ride.enter_hop, ride.exit_hop
        trip = hops.hop_trip[begin]
        assert hops.hop_trip[end] == trip
        assert begin >= end  # later hops of a trip come first
        assert hops.hop_board[begin]
        assert hops.hop_alight[end]
        stop = int(hops.hop_from[begin])
        leaves = int(hops.hop_departure_s[begin]) * 1000
        if at is None:
            walk = city.walk_ms(city.access[home, stop])
            assert walk <= city.walk_limit_s * 1000
            assert here + walk + city.slack_s * 1000 <= leaves
        else:
            assert here + city.change_ms(at, stop) <= leaves
        at, here = int(hops.hop_to[end]), int(hops.hop_arrival_s[end]) * 1000
        calls = [(call.stop, call.departure_s * 1000) for call in city.trips[trip]]
        assert (stop, leaves) in calls
    return at, here


@given(SEEDS)
def test_another_trip_never_makes_anyone_slower(plain, seed):
    city = plain.draw_city(seed)
    rng = np.random.default_rng(seed + 1)
    more = city.with_trips(plain.draw_trip(rng, city.n_stops, city.window.first_s))
    assert (more.duration_ms <= city.duration_ms).all()


@given(SEEDS)
def test_a_trip_nobody_can_catch_changes_nothing(plain, seed):
    city = plain.draw_city(seed)
    rng = np.random.default_rng(seed + 1)
    trip = plain.draw_trip(rng, city.n_stops, city.window.first_s)
    shut = tuple(replace(call, board=False) for call in trip)
    gone = tuple(
        replace(call, arrival_s=at, departure_s=at)
        for call, at in zip(trip, range(10), strict=False)
    )
    off_limits = tuple(replace(call, stop=city.n_stops) for call in trip)
    for other in (
        city.with_trips(shut),
        city.with_trips(gone),
        replace(city.with_trips(off_limits), n_stops=city.n_stops + 1),
    ):
        np.testing.assert_array_equal(other.duration_ms, city.duration_ms)
        assert same_times(other.measure(), city.measure())


def same_times(one, other):
    names = ("typical_s", "best_s", "worst_s", "depart_s", "last_stop")
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "depart_s")
        for name in names
    )


@given(SEEDS)
def test_hops_outside_the_window_change_nothing(plain, seed):
    city = plain.draw_city(seed)
    whole = scan_profiles(city.timetable, city.changes, city.egress_ms)
    args = (city.access_rows, city.walk_s, city.window)
    assert same_times(measure_journeys(whole, *args, **city.limits), city.measure())


@given(SEEDS)
def test_order_of_trips_and_names_of_stops_mean_nothing(plain, seed):
    city = plain.draw_city(seed)
    rng = np.random.default_rng(seed)
    names = rng.permutation(city.n_stops).tolist()
    trips = [city.trips[at] for at in rng.permutation(len(city.trips))]
    other = replace(
        city,
        trips=tuple(tuple(replace(c, stop=names[c.stop]) for c in trip) for trip in trips),
        access={(home, names[stop]): m for (home, stop), m in city.access.items()},
        egress={names[stop]: m for stop, m in city.egress.items()},
        between={(names[x], names[u]): m for (x, u), m in city.between.items()},
        given=tuple((names[x], names[u], *rest) for x, u, *rest in city.given),
    )
    np.testing.assert_array_equal(other.duration_ms, city.duration_ms)


@given(SEEDS, st.integers(1, 5))
def test_many_homes_on_many_threads(plain, seed, threads):
    city = plain.draw_city(seed)
    rng = np.random.default_rng(seed)
    pick = rng.integers(0, len(city.walk_all), 150)
    access = {
        (row, stop): metres
        for row, home in enumerate(pick.tolist())
        for (one, stop), metres in city.access.items()
        if one == home
    }
    many = replace(city, access=access, walk_all=tuple(city.walk_all[home] for home in pick))
    few = city.measure()
    found = many.measure(threads=threads)
    for name in ("typical_s", "best_s", "worst_s", "depart_s", "last_stop"):
        np.testing.assert_array_equal(getattr(found, name), getattr(few, name)[pick])


@given(SEEDS)
def test_riding_out_and_riding_in_agree(plain, seed):
    """The forward pass from a home, with the last walks added, is what the backward one says."""
    city = replace(plain.draw_city(seed), longest_s=100_000)
    for home in range(len(city.walk_all)):
        arrival_ms = city.spread(home).astype(np.int64)
        arrival_ms[arrival_ms == UNREACHED_MS] = 2**40
        egress_ms = city.egress_ms.astype(np.int64)
        egress_ms[egress_ms == UNREACHED_MS] = 2**40
        there = (arrival_ms + egress_ms).min(axis=1, initial=2**40)
        walk = walk_ms(city.walk_s[[home]], 1.0)[0]
        took = np.minimum(there - city.window.departures_ms, walk)
        np.testing.assert_array_equal(took, city.duration_ms[home])
