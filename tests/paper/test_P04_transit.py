"""From one bus to routes mapped without a timetable: what a journey is made of, minute by minute.

One street of 12 km runs east. Stops stand on it: A at 140 m, E at 880 m, B at 6000 m, D at 6120 m, C at 11000 m. The
home h1 is at 0 m. Adults walk 1.2 m/s: 72 m a minute. So A is 1 min 56.7 s from the home, and with the minute one is at
a stop before the departure someone must leave 2 min 56.7 s before the bus does. Places stand 72 m (1 min) behind a stop:
the clinic behind B at 6072 m, the pharmacy behind C at 11072 m; walking there all the way takes 84 min 20 s and 153 min
46.7 s.

The timetable in a test's docstring is the one its town has. A window of departures `07:30 to 07:35` is five of them:
07:30, 07:31 … 07:34. Of n durations in rising order the median is number n/2, rounded up, and the 90th percentile
number 0.9 n, rounded up.
"""

import json

import numpy as np
import pandas as pd
import pytest

STOPS = {"A": 140, "E": 880, "B": 6000, "D": 6120, "C": 11000}
CLINIC_X, PHARMACY_X = 6072, 11072
WALK_TO_CLINIC_S, WALK_TO_PHARMACY_S = CLINIC_X / 1.2, PHARMACY_X / 1.2
MINUTE = 60.0
# The street is drawn and read in two metric systems: 12 km differ by some centimetres.
NEAR = {"abs": 0.1}


@pytest.fixture
def buses(town, request):
    """The town of this module with the timetable of the test's docstring."""
    town.street(town.node(-100, 0), town.node(12_000, 0), name="长街")
    town.community("T", (-200, -200, 12_100, 200), households=10)
    town.home("h1", 0, 0, households=10)
    town.facility("clinic", CLINIC_X, 0, name="卫生站")
    town.facility("pharmacy", PHARMACY_X, 0, name="药店")
    for name in town.timetable(request.function.__doc__):
        town.stop(name, STOPS[name], 0)
    return town


def minutes(row, column="nearest_s"):
    return row[column] / MINUTE


def test_P01_one_line(buses):
    """FEATURE UNDER TEST: one bus, and everybody who leaves in time for it.

        L1   A 07:40   B 07:52

    Whoever leaves by 07:37:03 is at the clinic at 07:53: after 23, 22, 21, 20, 19 minutes.
    Median 21 (leaving at 07:32), best 19, 90th percentile (the fifth of five) 23.
    """
    buses.window("07:30", "07:35")
    ride = buses.measure().ride("h1", "clinic")
    assert minutes(ride) == pytest.approx(21, abs=0.002)
    assert minutes(ride, "best_s") == pytest.approx(19, abs=0.002)
    assert minutes(ride, "worst_s") == pytest.approx(23, abs=0.002)
    assert ride["depart_s"] == (7 * 60 + 32) * 60
    assert ride["timetable_source"] == "gtfs"
    assert ride["facility_id"]
    assert np.isnan(ride["nearest_m"])


def test_P02_just_missed(buses):
    """FEATURE UNDER TEST: leaving a minute later costs a quarter of an hour.

        L1   A 07:40   B 07:52
        L1   A 07:55   B 08:07

    07:36 and 07:37 catch the 07:40 (at 07:37 with 3.3 s to spare): 17 and 16 minutes. 07:38 is at the stop
    at 07:39:57, before the bus, but not for a whole minute: 08:08, 30 minutes.
    """
    buses.window("07:36", "07:39")
    ride = buses.measure().ride("h1", "clinic")
    assert [minutes(ride, name) for name in ("best_s", "nearest_s", "worst_s")] == pytest.approx(
        [16, 17, 30], abs=0.002
    )


def test_P03_without_slack(buses):
    """FEATURE UNDER TEST: the same with no time to stand at the stop.

        L1   A 07:40   B 07:52
        L1   A 07:55   B 08:07

    At 07:38 one is there 3.3 s before the bus: 17, 16, 15 minutes.
    """
    buses.window("07:36", "07:39", boarding_slack_s=0)
    ride = buses.measure().ride("h1", "clinic")
    assert [minutes(ride, name) for name in ("best_s", "nearest_s", "worst_s")] == pytest.approx(
        [15, 16, 17], abs=0.002
    )


def test_P04_change_at_the_same_stop(buses):
    """FEATURE UNDER TEST: a change takes a minute, and a minute is enough.

        L1   A 07:40   B 07:50
        L2   B 07:50   C 08:00
        L2   B 07:51   C 08:01
        L2   B 08:05   C 08:15

    Leaving at 07:30: the 07:50 is gone, the 07:51 is caught to the second: 08:01 + 1 = 08:02, 32 minutes.
    """
    buses.window("07:30", "07:31")
    ride = buses.measure().ride("h1")
    assert minutes(ride) == pytest.approx(32, abs=0.002)
    assert ride["best_s"] == ride["nearest_s"] == ride["worst_s"]


def test_P05_change_a_second_too_slow(buses):
    """FEATURE UNDER TEST: the same where a change takes 61 seconds.

        L1   A 07:40   B 07:50
        L2   B 07:51   C 08:01
        L2   B 08:05   C 08:15

    08:15 + 1 = 08:16: 46 minutes.
    """
    buses.window("07:30", "07:31", min_change_s=61)
    assert minutes(buses.measure().ride("h1")) == pytest.approx(46, abs=0.002)


def test_P06_change_on_foot(buses):
    """FEATURE UNDER TEST: from one stop to another, 120 m away.

        L1   A 07:40   B 07:50
        L2   D 07:52   C 08:02
        L2   D 07:53   C 08:03
        L2   D 08:10   C 08:20

    120 m take 100 s, and a minute at the stop: ready at 07:52:40, so the 07:53: 08:03 + 1 = 08:04, 34 minutes.
    """
    buses.window("07:30", "07:31")
    assert minutes(buses.measure().ride("h1")) == pytest.approx(34, abs=0.002)


def test_P07_too_far_to_change(buses):
    """FEATURE UNDER TEST: nobody walks farther in a change than the setting says.

        L1   A 07:40   B 07:50
        L2   D 07:53   C 08:03

    One minute of walking is 72 m, and D is 120 m away: only walking all the way is left.
    """
    buses.window("07:30", "07:31", change_walk_min=1)
    ride = buses.measure().ride("h1")
    assert ride["nearest_s"] == pytest.approx(WALK_TO_PHARMACY_S, **NEAR)
    assert np.isnan(ride["depart_s"])


@pytest.mark.parametrize(("min_s", "expected_min"), [(100, 33), (130, 34), (600, 51)])
def test_P08_the_operator_knows_the_change(buses, min_s, expected_min):
    """FEATURE UNDER TEST: a least time in transfers.txt replaces walk and slack.

        L1   A 07:40   B 07:50
        L2   D 07:52   C 08:02
        L2   D 07:53   C 08:03
        L2   D 08:10   C 08:20

    100 s: the 07:52, at the pharmacy at 08:03. 130 s: ready at 07:52:10, the 07:53, 08:04. 600 s: the 08:10, 08:21.
    """
    buses.window("07:30", "07:31")
    buses.transfer("B", "D", min_s=min_s)
    assert minutes(buses.measure().ride("h1")) == pytest.approx(expected_min, abs=0.002)


def test_P09_a_change_that_is_not_possible(buses):
    """FEATURE UNDER TEST: transfers.txt says that nobody changes from B to D.

    L1   A 07:40   B 07:50
    L2   D 07:53   C 08:03
    """
    buses.window("07:30", "07:31")
    buses.transfer("B", "D")
    ride = buses.measure().ride("h1")
    assert ride["nearest_s"] == pytest.approx(WALK_TO_PHARMACY_S, **NEAR)


def test_P10_faster_to_walk(buses):
    """FEATURE UNDER TEST: walking all the way competes at every departure.

        L1   A 07:40   E 07:45

    A supermarket at 900 m: 12.5 minutes on foot; 20 m (16.7 s) from E, so 07:45:16.7 by bus. Leaving at 07:30, 07:31,
    07:32 the bus takes longer. At 07:33 … 07:37 it takes 12:16.7, 11:16.7 … 8:16.7.
    Of 07:30 to 07:33 all walk. Of 07:30 to 07:38 the fourth of eight is 11:16.7, the eighth walks.
    """
    buses.facility("supermarket", 900, 0)
    buses.window("07:30", "07:33")
    walked = buses.measure().ride("h1", "supermarket")
    assert walked["nearest_s"] == walked["best_s"] == walked["worst_s"]
    assert walked["nearest_s"] == pytest.approx(750, **NEAR)
    assert np.isnan(walked["depart_s"])


def test_P11_some_walk_and_some_ride(buses):
    """FEATURE UNDER TEST: the same over a longer window.

    L1   A 07:40   E 07:45
    """
    buses.facility("supermarket", 900, 0)
    buses.window("07:30", "07:38")
    answer = buses.measure()
    mixed, walked = answer.ride("h1", "supermarket"), answer.access("h1", "supermarket")
    assert mixed["nearest_s"] == pytest.approx(11 * 60 + 16.67, **NEAR)
    assert mixed["best_s"] == pytest.approx(8 * 60 + 16.67, **NEAR)
    assert mixed["worst_s"] == walked["nearest_s"] == pytest.approx(750, **NEAR)
    assert mixed["depart_s"] == (7 * 60 + 34) * 60


def test_P12_express_and_local(buses):
    """FEATURE UNDER TEST: the bus that leaves later arrives earlier, but does not stop everywhere.

        L1   A 07:40   B 07:55   C 08:20
        X    A 07:45             C 08:00
        L2   B 07:56   C 07:58

    Leaving at 07:30, to the clinic: the local, 07:55 + 1 = 07:56, 26 minutes. To the pharmacy: not the express
    (08:01) but the local and a fast change: 07:58 + 1 = 07:59, 29 minutes. Leaving at 07:38, the local is missed:
    the express, 08:01, 23 minutes.
    """
    buses.window("07:30", "07:31")
    answer = buses.measure()
    assert minutes(answer.ride("h1", "clinic")) == pytest.approx(26, abs=0.002)
    assert minutes(answer.ride("h1")) == pytest.approx(29, abs=0.002)


def test_P13_only_the_express_is_left(buses):
    """FEATURE UNDER TEST: the same for who leaves at 07:38.

    L1   A 07:40   B 07:55   C 08:20
    X    A 07:45             C 08:00
    L2   B 07:56   C 07:58
    """
    buses.window("07:38", "07:39")
    answer = buses.measure()
    assert minutes(answer.ride("h1")) == pytest.approx(23, abs=0.002)
    clinic = answer.ride("h1", "clinic")
    assert clinic["nearest_s"] == pytest.approx(WALK_TO_CLINIC_S, **NEAR)


def test_P14_loop_line(buses):
    """FEATURE UNDER TEST: a bus that comes back to where it began.

        R    A 07:40   B 07:50   C 08:00   A 08:10

    The kindergarten's own street is behind A, at 212 m: child's pace 1 m/s. The market stall of this test is a
    supermarket there, adults go. h2 stands at 6140 m, 140 m behind B. Leaving at 07:40 it catches B 07:50, stays on
    through C, is at A at 08:10 and 72 m further at 08:11: 31 minutes. h1, leaving at 07:40 too, missed the bus
    (07:40 wants 07:37); at 08:10 it ends.
    """
    buses.facility("supermarket", 212, 0)
    buses.home("h2", 6140, 0)
    buses.window("07:40", "07:41")
    answer = buses.measure()
    assert minutes(answer.ride("h2", "supermarket")) == pytest.approx(31, abs=0.002)
    assert answer.ride("h1")["nearest_s"] == pytest.approx(WALK_TO_PHARMACY_S, **NEAR)
    assert answer.ride("h2", "clinic")["nearest_s"] == pytest.approx(68 / 1.2, **NEAR)


def test_P15_last_bus_gone(buses):
    """FEATURE UNDER TEST: after the last bus one walks.

        L1   A 07:40   B 07:52

    Of 07:36 … 07:41 two ride (17 and 16 minutes), four walk 84 min 20 s: so does the median.
    """
    buses.window("07:36", "07:42")
    answer = buses.measure()
    ride = answer.ride("h1", "clinic")
    assert ride["nearest_s"] == answer.access("h1", "clinic")["nearest_s"]
    assert ride["nearest_s"] == pytest.approx(WALK_TO_CLINIC_S, **NEAR)
    assert minutes(ride, "best_s") == pytest.approx(16, abs=0.002)
    assert ride["worst_s"] == ride["nearest_s"]
    assert np.isnan(ride["depart_s"])
    assert not ride["within_limit"]


def test_P16_another_percentile(buses):
    """FEATURE UNDER TEST: the same, where the 30th percentile counts: the second of six.

    L1   A 07:40   B 07:52
    """
    buses.window("07:36", "07:42", percentile=30)
    ride = buses.measure().ride("h1", "clinic")
    assert minutes(ride) == pytest.approx(17, abs=0.002)
    assert ride["depart_s"] == (7 * 60 + 36) * 60


def test_P17_past_midnight(buses):
    """FEATURE UNDER TEST: a bus at ten past midnight belongs to the evening's service.

        N1   A 24:10   B 24:22

    Leaving at 23:58 … 24:02, at the clinic at 24:23: 25, 24, 23, 22, 21 minutes; the median left at 24:00.
    """
    buses.window("23:58", "24:03")
    ride = buses.measure().ride("h1", "clinic")
    assert [minutes(ride, name) for name in ("best_s", "nearest_s", "worst_s")] == pytest.approx(
        [21, 23, 25], abs=0.002
    )
    assert ride["depart_s"] == 24 * 3600


def test_P18_frequency_based(buses):
    """FEATURE UNDER TEST: a bus every ten minutes, written once.

        F    A 07:00   B 07:12   every 10 until 08:00

    Departures at 07:00, 07:10 … 07:50. Leaving at 07:35, 36, 37: the 07:40, 18, 17, 16 minutes; at 07:38 … 07:44: the
    07:50, 25, 24 … 19. In rising order 16 17 18 19 20 21 22 23 24 25: median 20, 90th percentile 24.
    """
    buses.window("07:35", "07:45")
    ride = buses.measure().ride("h1", "clinic")
    assert [minutes(ride, name) for name in ("best_s", "nearest_s", "worst_s")] == pytest.approx(
        [16, 20, 24], abs=0.002
    )


def test_P19_frequencies_end(buses):
    """FEATURE UNDER TEST: the end of a frequency is not a departure.

        F    A 07:00   B 07:12   every 10 until 07:40

    The last one leaves at 07:30.
    """
    buses.window("07:28", "07:29")
    ride = buses.measure().ride("h1", "clinic")
    assert ride["nearest_s"] == pytest.approx(WALK_TO_CLINIC_S, **NEAR)


def test_P20_a_long_wait(buses):
    """FEATURE UNDER TEST: the only bus of the morning, long after the window.

        L1   A 08:20   B 08:32

    Leaving at 07:30, at the clinic at 08:33: 63 minutes, of which 47 at the stop.
    """
    buses.window("07:30", "07:31")
    assert minutes(buses.measure().ride("h1", "clinic")) == pytest.approx(63, abs=0.002)


def test_P21_too_long_a_journey(buses):
    """FEATURE UNDER TEST: a journey longer than the longest one allowed is none.

    L1   A 08:20   B 08:32
    """
    buses.window("07:30", "07:31", longest_min=62)
    ride = buses.measure().ride("h1", "clinic")
    assert ride["nearest_s"] == pytest.approx(WALK_TO_CLINIC_S, **NEAR)


@pytest.mark.parametrize(("walk_min", "expected_s"), [(12, WALK_TO_CLINIC_S), (13, 22 * MINUTE)])
def test_P22_too_far_to_the_stop(buses, walk_min, expected_s):
    """FEATURE UNDER TEST: nobody walks farther to the first stop than the setting says.

        L1   E 07:46   B 07:51

    E is at 880 m: 12 min 13.3 s, and a minute: leaving at 07:30 ready at 07:43:13. 07:51 + 1 = 07:52: 22 minutes.
    """
    buses.window("07:30", "07:31", walk_min=walk_min)
    assert buses.measure().ride("h1", "clinic")["nearest_s"] == pytest.approx(expected_s, **NEAR)


def test_P23_a_child_is_slower(buses):
    """FEATURE UNDER TEST: the traveller's own speed, to the stop and from it.

        L1   A 07:40   B 07:52
        L1   A 07:44   B 07:56

    A kindergarten behind B, at 6072 m. Children walk 1 m/s: 140 s to A, 72 s from B. Leaving at 07:37 they are ready
    at 07:40:20: too late. The 07:44: 07:56 + 1:12 = 07:57:12, 20 min 12 s. An adult takes 16 minutes.
    """
    buses.facility("kindergarten", CLINIC_X, 0)
    buses.window("07:37", "07:38")
    answer = buses.measure()
    assert answer.ride("h1", "kindergarten")["nearest_s"] == pytest.approx(20 * 60 + 12, **NEAR)
    assert minutes(answer.ride("h1", "clinic")) == pytest.approx(16, abs=0.002)


def test_P24_not_everyone_may_get_on_or_off(buses):
    """FEATURE UNDER TEST: a bus that only lets off at A and B, and one that only picks up at B.

        L1   A 07:40-   B 07:50-   C 08:00
        L2   A 07:45    B 07:55+   C 08:05

    To the clinic nothing goes. To the pharmacy the second: 08:06, 36 minutes.
    """
    buses.window("07:30", "07:31")
    answer = buses.measure()
    assert answer.ride("h1", "clinic")["nearest_s"] == pytest.approx(WALK_TO_CLINIC_S, **NEAR)
    assert minutes(answer.ride("h1")) == pytest.approx(36, abs=0.002)


def test_P25_a_stop_without_a_time(buses):
    """FEATURE UNDER TEST: blank times lie between their neighbours' in proportion to the way.

        L1   A 07:40   B --   C 08:11

    B is 5860 m of 10860 m along: 07:40 + 31 min x 0.5396 = 07:56:43.6. Leaving at 07:30, the clinic: 27 min 44 s,
    give or take a second of rounding.
    """
    buses.window("07:30", "07:31")
    ride = buses.measure().ride("h1", "clinic")
    assert ride["nearest_s"] == pytest.approx(1663.6, abs=1.1)


def test_P26_a_bus_waits(buses):
    """FEATURE UNDER TEST: a bus that stands at a stop is left on arrival and caught until departure.

        L1   A 07:40   B 07:50-07:56   C 08:06
        L2   D 07:45   B 07:54         A 08:10

    The clinic is reached at 07:51. h2 at 5900 m, 100 m (83.3 s) from B, leaves at 07:53 and is ready at 07:55:23 for
    the 07:56: 08:06 + 1 = 08:07, 14 minutes.
    """
    buses.home("h2", 5900, 0)
    buses.window("07:30", "07:31")
    assert minutes(buses.measure().ride("h1", "clinic")) == pytest.approx(21, abs=0.002)


def test_P27_a_bus_waits_for_who_comes_late(buses):
    """FEATURE UNDER TEST: the other half of the case before.

    L1   A 07:40   B 07:50-07:56   C 08:06
    """
    buses.home("h2", 5900, 0)
    buses.window("07:53", "07:54")
    assert minutes(buses.measure().ride("h2")) == pytest.approx(14, abs=0.002)


def test_P28_coverage_counts_who_may_take_a_bus(buses):
    """FEATURE UNDER TEST: shares by mode.

        L1   A 07:40   B 07:44

    h1 (10 households): the clinic at 07:45, leaving at 07:37: 8 minutes. h2 (30) stands at the clinic's door. h3 (60)
    at 12000 m walks 5928 m. On foot within 15 minutes: 30 of 100; with the bus 40.
    """
    buses.communities[0]["households"] = 100
    buses.home("h2", CLINIC_X, 0, households=30)
    buses.home("h3", 12_000, 0, households=60)
    buses.window("07:37", "07:38")
    answer = buses.measure()
    assert answer.coverage("T", "clinic")["share"] == pytest.approx(0.3)
    ridden = answer.coverage("T", "clinic", mode="walk_transit")
    assert ridden["share"] == pytest.approx(0.4)
    assert ridden["households_covered"] == pytest.approx(40)
    assert ridden["timetable_source"] == "gtfs"
    assert answer.coverage("T", "clinic", 5.0, mode="walk_transit")["share"] == pytest.approx(0.3)
    assert answer.ride("h1", "clinic")["within_limit"]
    assert not answer.access("h1", "clinic")["within_limit"]


def test_P29_a_day_without_service(buses):
    """FEATURE UNDER TEST: the day asked for lies outside the calendar: a line that names days with service.

    L1   A 07:40   B 07:52
    """
    from datetime import date

    from layers.errors import InvalidLayer

    buses.transit["day"] = date(2027, 5, 5)
    with pytest.raises(InvalidLayer) as refused:
        buses.measure()
    said = " ".join(notice.message for notice in refused.value.notices)
    assert "2027-05-05" in said
    assert "2026-01-01" in said
    assert "2026-12-31" in said


def test_P30_a_whole_run(buses, tmp_path):
    """FEATURE UNDER TEST: what the run folder says of the timetable.

        L1   A 07:40   B 07:52
        L1   A 08:00   B 08:12
        L1   A 09:00   B 09:12

    Window 07:30 to 08:30: of three trips two run, 20 minutes apart. One may get on at one stop of two. The home is within
    5 minutes (360 m) of it: 10 of 10 households.
    """
    buses.window("07:30", "08:30")
    buses.run(tmp_path / "out")
    facts = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    transit = facts["transit"]
    assert facts["modes"] == ["walk", "walk_transit"]
    assert (transit["status"], transit["source"], transit["day"]) == (
        "measured",
        "gtfs",
        "2026-01-07",
    )
    assert (transit["depart_from"], transit["depart_to"], transit["percentile"]) == (
        "07:30",
        "08:30",
        50,
    )
    assert (transit["stops"], transit["stops_served"], transit["lines"]) == (2, 1, 1)
    assert (transit["trips"], transit["trips_in_window"]) == (3, 2)
    assert transit["mean_headway_min"] == pytest.approx(20, abs=10)
    assert (transit["households_near"], transit["households"]) == (10, 10)
    assert (transit["near_share"], transit["near_basis"]) == (1.0, "households")
    assert transit["stops_connected_share"] == 1.0
    access = pd.read_parquet(tmp_path / "out/access.parquet")
    ride = access[(access["mode"] == "walk_transit") & (access["kind"] == "clinic")].iloc[0]
    # 07:30 … 07:37 reach it at 07:53 (23 … 16 minutes), 07:38 … 07:57 at 08:13 (35 … 16), 07:58 … 08:29 at 09:13
    # (75 … 44): in rising order eight pairs from 16 to 23, twelve from 24 to 35 (28 so far), then 44, 45: the 30th
    assert minutes(ride) == pytest.approx(45, abs=0.002)


def test_P31_no_timetable_no_mode(town):
    """FEATURE UNDER TEST: a town without a timetable and without routes has walks, and says why."""
    town.street(town.node(0, 0), town.node(600, 0))
    town.community("A", (-100, -200, 700, 200), households=10)
    town.home("h1", 100, 0)
    town.facility("pharmacy", 500, 0)
    answer = town.measure()
    assert set(answer.results.tables["access"]["mode"]) == {"walk"}
    assert set(answer.results.tables["coverage"]["mode"]) == {"walk"}
    assert answer.results.transit_facts["status"] == "unknown"
    assert answer.results.transit_facts["reason"]["zh"]
    assert answer.results.transit_facts["reason"]["en"]


def route_town(town, **tags):
    """A street of 6 km, three bus stops on it, and a route relation that calls at them."""
    ends = [town.node(-100, 0)]
    stops = [
        town.node(x, 0, public_transport="stop_position", bus="yes") for x in (140, 2640, 5140)
    ]
    way = town.street(*ends, *stops, town.node(6000, 0), highway="secondary")
    town.community("T", (-200, -200, 6100, 200), households=10)
    town.home("h1", 0, 0, households=10)
    town.facility("pharmacy", 5212, 0)
    members = [("node", stop, "stop") for stop in stops]
    town.relation(
        *members,
        ("way", way, ""),
        type="route",
        route="bus",
        ref="5路",
        public_transport__version="2",
        **tags,
    )
    return town


def test_P32_routes_of_the_map_alone(town):
    """FEATURE UNDER TEST: a timetable made of a route relation.

    Stops at 140, 2640, 5140 m. `interval` 10 minutes, `opening_hours` from 06:00: at the first stop at 07:30, 07:40,
    07:50. A bus is assumed to run 20 km/h (layers/transit/modes.yaml): 2500 m take 450 s; it stands 20 s at a stop
    on its way. So 07:40:00, 07:47:30-07:47:50, 07:55:20. Leaving at 07:35 one is ready at 07:37:57, and at the pharmacy,
    72 m behind the last stop, at 07:56:20: 21 min 20 s.
    """
    route_town(town, interval="00:10", opening_hours="06:00-22:00")
    town.window("07:35", "07:36")
    answer = town.measure()
    ride = answer.ride("h1")
    assert ride["nearest_s"] == pytest.approx(21 * 60 + 20, abs=1)
    assert ride["timetable_source"] == "osm"
    lines = answer.results.tables["lines"]
    assert set(lines["timetable_source"]) == {"osm"}
    assert set(lines["headway_source"]) == {"interval"}
    assert set(lines["hours_source"]) == {"opening_hours"}
    facts = answer.results.transit_facts
    assert facts["source"] == "osm"
    assert facts["assumptions"]
    assert all(entry["zh"] and entry["en"] and entry["count"] > 0 for entry in facts["assumptions"])


def test_P33_routes_without_an_interval(town):
    """FEATURE UNDER TEST: the same without tags: a bus every 15 minutes from 06:00 is assumed, and counted.

    At the first stop at 07:30, 07:45: leaving at 07:35 at the pharmacy at 07:45 + 15:20 + 1:00 = 08:01:20: 26 min 20 s.
    """
    route_town(town)
    town.window("07:35", "07:36")
    answer = town.measure()
    assert answer.ride("h1")["nearest_s"] == pytest.approx(26 * 60 + 20, abs=1)
    assert set(answer.results.tables["lines"]["headway_source"]) == {"default"}
    counted = {
        entry["code"]: entry["count"] for entry in answer.results.transit_facts["assumptions"]
    }
    assert counted["headway_default"] == 1
    assert counted["hours_default"] == 1


def test_P34_the_feed_goes_before_the_map(buses):
    """FEATURE UNDER TEST: where there is a feed, the map's routes are not used.

    L1   A 07:40   B 07:52
    """
    stops = [buses.node(x, 1, public_transport="stop_position", bus="yes") for x in (140, 6000)]
    buses.relation(*(("node", stop, "stop") for stop in stops), type="route", route="bus", ref="5")
    buses.window("07:30", "07:31")
    answer = buses.measure()
    assert set(answer.results.tables["access"]["timetable_source"]) == {"", "gtfs"}
    assert list(answer.results.tables["lines"]["ref"]) == ["L1"]
