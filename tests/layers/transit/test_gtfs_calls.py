"""Calls of trips: order, blank times, times that fall, ids nobody knows, frequencies."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import InvalidLayer
from layers.transit import frequencies as frequencies_module
from layers.transit.calls import TripCalls, _interpolate, _Rows
from layers.transit.gtfs import read_gtfs
from layers.transit.settings import TransitSettings
from layers.transit.tables import Table

HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence"
SETTINGS = TransitSettings(day=date(2023, 2, 15))


def clock(text):
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def shown(seconds):
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def read(write_feed, stop_times, **tables):
    return read_gtfs([write_feed({"stop_times": stop_times, **tables})], SETTINGS)


def calls_of(schedule, trip_id):
    """Stop, arrival, departure of each call of a trip."""
    here = schedule.calls.trip == schedule.trip_id.index(trip_id)
    stops = schedule.stops["stop_id"].to_numpy()[schedule.calls.stop[here]]
    arrival, departure = schedule.calls.arrival_s[here], schedule.calls.departure_s[here]
    return [
        (stop, shown(a), shown(d))
        for stop, a, d in zip(stops.tolist(), arrival.tolist(), departure.tolist(), strict=True)
    ]


def only(schedule, code):
    (notice,) = [n for n in schedule.notices if n.code == code]
    assert notice.message
    assert notice.message_zh
    return notice


def quiet(schedule):
    return [n.code for n in schedule.notices] == []


def test_calls_as_written(write_feed):
    schedule = read_gtfs([write_feed()], SETTINGS)
    assert calls_of(schedule, "t1") == [
        ("A", "08:00:00", "08:00:00"),
        ("B", "08:05:00", "08:05:00"),
        ("C", "08:10:00", "08:11:00"),
        ("D", "08:20:00", "08:20:00"),
    ]
    assert schedule.trip_headsign == ("To Date", "Date")
    assert schedule.trip_line.tolist() == [0, 0]
    assert dict(schedule.assumptions)["times_interpolated"] == 0
    assert quiet(schedule)


def test_rows_stand_in_any_order_and_sequences_leave_gaps(write_feed):
    stop_times = f"{HEAD}\nt1,08:20:00,,D,40\nt2,09:00:00,,A,0\nt1,,08:00:00,A,5\nt2,09:20:00,,D,100\nt1,08:09:00,,B,7\n"
    schedule = read(write_feed, stop_times)
    assert [call[:2] for call in calls_of(schedule, "t1")] == [
        ("A", "08:00:00"),
        ("B", "08:09:00"),
        ("D", "08:20:00"),
    ]
    assert quiet(schedule)


def test_times_past_midnight(write_feed):
    schedule = read(
        write_feed,
        f"{HEAD}\nt1,23:50:00,23:50:00,A,1\nt1,24:20:00,24:21:00,B,2\nt1,25:00:00,25:00:00,C,3\n",
    )
    assert schedule.calls.arrival_s.tolist() == [
        clock("23:50:00"),
        clock("24:20:00"),
        clock("25:00:00"),
    ]


def test_blank_times_are_laid_along_straight_lines(write_feed):
    """A, C, D are 2 and 1 hundredths apart: 08:00 and 08:30 leave C at two thirds, 08:20."""
    schedule = read(
        write_feed, f"{HEAD}\nt1,08:00:00,08:00:00,A,1\nt1,,,C,2\nt1,08:30:00,08:30:00,D,3\n"
    )
    assert calls_of(schedule, "t1")[1] == ("C", "08:20:00", "08:20:00")
    assert dict(schedule.assumptions)["times_interpolated"] == 1


def test_blank_times_start_at_the_departure_and_are_rounded_down(write_feed):
    """From the departure 08:02:00 to the arrival 08:02:10 in three equal steps: 3.33 and 6.67 s."""
    stop_times = f"{HEAD}\nt1,08:00:00,08:02:00,A,1\nt1,,,B,2\nt1,,,C,3\nt1,08:02:10,08:05:00,D,4\n"
    schedule = read(write_feed, stop_times)
    assert [call[1] for call in calls_of(schedule, "t1")] == [
        "08:00:00",
        "08:02:03",
        "08:02:06",
        "08:02:10",
    ]


def test_shape_distances_go_before_straight_lines(write_feed):
    """Distances 0, 30, 40 of a detour: three quarters of 20 minutes. Where one is missing or they fall the
    straight line counts: half of it."""
    head = f"{HEAD},shape_dist_traveled"
    tables = {"trips": "route_id,service_id,trip_id\nR,W,t1\nR,W,t2\nR,W,t3\n"}
    stop_times = f"""{head}
        t1,08:00:00,,A,1,0
        t1,,,B,2,30
        t1,08:20:00,,C,3,40
        t2,08:00:00,,A,1,0
        t2,,,B,2,
        t2,08:20:00,,C,3,40
        t3,08:00:00,,A,1,0
        t3,,,B,2,50
        t3,08:20:00,,C,3,40
    """
    schedule = read(write_feed, stop_times, **tables)
    assert [calls_of(schedule, name)[1][1] for name in ("t1", "t2", "t3")] == [
        "08:15:00",
        "08:10:00",
        "08:10:00",
    ]


def test_blank_times_between_calls_at_one_place(write_feed):
    """No distance at all: the calls share the time evenly."""
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,a,0.1,10\nB,b,0.1,10\nC,c,0.1,10\n"
    schedule = read(
        write_feed, f"{HEAD}\nt1,08:00:00,,A,1\nt1,,,B,2\nt1,08:10:00,,C,3\n", stops=stops
    )
    assert calls_of(schedule, "t1")[1][1] == "08:05:00"


def test_one_side_of_a_call_counts_for_both(write_feed):
    schedule = read(write_feed, f"{HEAD}\nt1,,08:00:00,A,1\nt1,08:05:00,,B,2\n")
    assert calls_of(schedule, "t1") == [
        ("A", "08:00:00", "08:00:00"),
        ("B", "08:05:00", "08:05:00"),
    ]
    assert dict(schedule.assumptions)["times_interpolated"] == 0


def test_untimed_ends_are_left_out(write_feed):
    stop_times = f"{HEAD}\nt1,,,A,1\nt1,08:05:00,,B,2\nt1,08:10:00,,C,3\nt1,,,D,4\n"
    schedule = read(write_feed, stop_times)
    assert [call[0] for call in calls_of(schedule, "t1")] == ["B", "C"]
    notice = only(schedule, "untimed_ends")
    assert (notice.row, notice.count) == ("2, 5", 2)


@pytest.mark.parametrize(
    ("second", "third", "row"),
    [
        ("08:05:00,08:05:00", "08:04:59,08:04:59", "8"),  # arrives before the stop before was left
        ("08:06:00,08:05:00", "08:09:00,08:09:00", "7"),  # departs before it arrives
        ("23:55:00,23:55:00", "00:05:00,00:05:00", "8"),  # past midnight without hours past 24
    ],
)
def test_a_trip_back_in_time_is_left_out(write_feed, second, third, row):
    stop_times = f"{HEAD}\nt1,08:00:00,,A,1\nt1,08:05:00,,B,2\n\n\nt2,08:00:00,,A,1\nt2,{second},B,2\nt2,{third},C,3\n"
    schedule = read(write_feed, stop_times)
    assert schedule.trip_id == ("t1",)
    notice = only(schedule, "trip_back_in_time")
    assert (notice.row, notice.found, notice.severity) == (row, "t2", "warning")
    assert "'t2'" in notice.message
    assert f"row {row}" in notice.message


def test_times_that_fall_around_a_blank_one(write_feed):
    stop_times = f"{HEAD}\nt1,08:00:00,,A,1\nt1,08:05:00,,B,2\nt2,08:10:00,,A,1\nt2,,,B,2\nt2,08:05:00,,C,3\n"
    schedule = read(write_feed, stop_times)
    assert only(schedule, "trip_back_in_time").row == "6"


def test_a_vehicle_that_takes_no_time_is_no_mistake(write_feed):
    schedule = read(write_feed, f"{HEAD}\nt1,08:00:00,,A,1\nt1,08:00:00,,B,2\n")
    assert quiet(read_gtfs([write_feed()], SETTINGS))
    assert schedule.calls.arrival_s.tolist() == [28800, 28800]


def test_every_trip_back_in_time(write_feed):
    stop_times = f"{HEAD}\nt1,08:00:00,,A,1\nt1,07:05:00,,B,2\n"
    with pytest.raises(InvalidLayer) as caught:
        read(write_feed, stop_times)
    codes = [n.code for n in caught.value.notices if n.severity == "error"]
    assert codes == ["no_usable_trip"]
    assert "trip_back_in_time" in {n.code for n in caught.value.notices}


def test_a_sequence_number_twice(write_feed):
    """The same call twice counts once; another call under the number keeps the file's order."""
    stop_times = f"{HEAD}\nt1,08:00:00,,A,1\nt1,08:00:00,,A,1\nt1,08:05:00,,B,2\nt1,08:06:00,,C,2\n"
    schedule = read(write_feed, stop_times)
    assert [call[0] for call in calls_of(schedule, "t1")] == ["A", "B", "C"]
    assert only(schedule, "duplicate_stop_sequence").row == "3, 5"


def test_ids_nobody_knows(write_feed):
    stop_times = f"{HEAD}\nt1,08:00:00,,A,1\nt1,08:03:00,,X,2\nt1,08:05:00,,B,3\nt9,08:00:00,,A,1\nt9,08:05:00,,B,2\n"
    trips = "route_id,service_id,trip_id\nR,W,t1\nQ,W,t2\n"
    schedule = read(write_feed, stop_times, trips=trips)
    assert [call[0] for call in calls_of(schedule, "t1")] == ["A", "B"]
    assert (only(schedule, "unknown_stop").row, only(schedule, "unknown_stop").found) == ("3", "X")
    assert (only(schedule, "unknown_trip").row, only(schedule, "unknown_trip").found) == (
        "5, 6",
        "t9",
    )
    assert (only(schedule, "unknown_route").row, only(schedule, "unknown_route").found) == (
        "3",
        "Q",
    )


def test_stops_without_a_place(write_feed):
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,a,0.1,10\nB,b,,\nC,c,0,0\nD,d,0.1,10.03\n"
    schedule = read_gtfs([write_feed({"stops": stops})], SETTINGS)
    assert [call[0] for call in calls_of(schedule, "t1")] == ["A", "D"]
    assert schedule.stops["stop_id"].tolist() == ["A", "D"]
    assert only(schedule, "stop_without_place").row == "3, 4"
    assert only(schedule, "call_at_placeless_stop").row == "3, 4"


def test_trips_without_a_ride(write_feed):
    trips = "route_id,service_id,trip_id\nR,W,t1\nR,W,once\nR,W,never\n"
    stop_times = f"{HEAD}\nt1,08:00:00,,A,1\nt1,08:05:00,,B,2\nonce,08:00:00,,A,1\n"
    schedule = read(write_feed, stop_times, trips=trips)
    assert schedule.trip_id == ("t1",)
    notice = only(schedule, "trip_without_ride")
    assert (notice.count, notice.found) == (2, "once, never")


def test_getting_on_and_off(write_feed):
    stop_times = f"""{HEAD},pickup_type,drop_off_type
        t1,08:00:00,,A,1,0,1
        t1,08:05:00,,B,2,1,0
        t1,08:10:00,,C,3,2,3
        t1,08:20:00,,D,4,,
    """
    schedule = read(write_feed, stop_times)
    assert schedule.calls.board.tolist() == [True, False, True, True]
    assert schedule.calls.alight.tolist() == [False, True, True, True]
    assert dict(schedule.assumptions)["on_request"] == 1


def test_trips_of_the_night_before_are_mentioned(write_feed):
    """At 00:10 a trip of the day before (24:05 to 24:25) still runs; the window asks for 00:00 to 01:00."""
    stop_times = f"{HEAD}\nt1,24:05:00,,A,1\nt1,24:25:00,,B,2\nt2,08:00:00,,A,1\nt2,08:05:00,,B,2\n"
    path = write_feed({"stop_times": stop_times})
    night = TransitSettings(day=date(2023, 2, 15), depart_from="00:00", depart_to="01:00")
    notice = only(read_gtfs([path], night), "trips_of_the_night_before")
    assert notice.count == 1
    assert "24:00" in notice.message
    assert quiet(read_gtfs([path], SETTINGS))
    monday = TransitSettings(day=date(2023, 2, 13), depart_from="00:00", depart_to="01:00")
    assert quiet(read_gtfs([path], monday))


# frequencies

FREQUENCIES = "trip_id,start_time,end_time,headway_secs"


def starts(schedule):
    first = np.searchsorted(schedule.calls.trip, np.arange(len(schedule.trip_id)))
    return [shown(int(second)) for second in schedule.calls.departure_s[first]]


def test_a_trip_every_ten_minutes(write_feed):
    """08:00 to 08:30, every 600 s: three runs; the end itself is no departure. t2 keeps its own time."""
    path = write_feed({"frequencies": f"{FREQUENCIES}\nt1,06:00:00,06:30:00,600\n"})
    schedule = read_gtfs([path], SETTINGS)
    assert schedule.trip_id == ("t1#06:00:00", "t1#06:10:00", "t1#06:20:00", "t2")
    assert calls_of(schedule, "t1#06:10:00") == [
        ("A", "06:10:00", "06:10:00"),
        ("B", "06:15:00", "06:15:00"),
        ("C", "06:20:00", "06:21:00"),
        ("D", "06:30:00", "06:30:00"),
    ]
    assert dict(schedule.assumptions)["frequency_not_exact"] == 3
    assert schedule.trip_headsign == ("To Date",) * 3 + ("Date",)
    assert quiet(schedule)


def test_exact_times_are_no_assumption(write_feed):
    frequencies = (
        f"{FREQUENCIES},exact_times\nt1,06:00:00,06:20:00,600,1\nt2,07:00:00,07:10:00,300,0\n"
    )
    schedule = read_gtfs([write_feed({"frequencies": frequencies})], SETTINGS)
    assert starts(schedule) == ["06:00:00", "06:10:00", "07:00:00", "07:05:00"]
    assert dict(schedule.assumptions)["frequency_not_exact"] == 2


def test_periods_follow_each_other_and_pass_midnight(write_feed):
    frequencies = f"{FREQUENCIES}\nt1,23:30:00,24:00:00,900\nt1,24:00:00,25:00:00,1800\n"
    schedule = read_gtfs([write_feed({"frequencies": frequencies})], SETTINGS)
    assert starts(schedule)[:-1] == ["23:30:00", "23:45:00", "24:00:00", "24:30:00"]
    assert quiet(schedule)


@pytest.mark.parametrize(
    "row",
    [
        "t1,06:00:00,07:00:00,0",
        "t1,06:00:00,07:00:00,",
        "t1,07:00:00,07:00:00,600",
        "t1,x,07:00:00,600",
    ],
)
def test_a_headway_of_zero_or_a_period_without_length(write_feed, row):
    """The trip does not run then, and not at the times its pattern is written down with either."""
    schedule = read_gtfs([write_feed({"frequencies": f"{FREQUENCIES}\n{row}\n"})], SETTINGS)
    assert schedule.trip_id == ("t2",)
    notice = only(schedule, "frequency_without_runs")
    assert (notice.row, notice.found, notice.severity) == ("2", "t1", "warning")


def test_frequencies_of_unknown_trips(write_feed):
    schedule = read_gtfs(
        [write_feed({"frequencies": f"{FREQUENCIES}\nt9,06:00:00,07:00:00,600\n"})], SETTINGS
    )
    assert only(schedule, "unknown_trip").layer == "town.zip/frequencies.txt"
    assert schedule.trip_id == ("t1", "t2")


def test_periods_that_overlap(write_feed):
    """06:00 06:10 06:20 and 06:10 06:25: the second of 06:10 is one run, the exact one."""
    frequencies = (
        f"{FREQUENCIES},exact_times\nt1,06:00:00,06:30:00,600,0\nt1,06:10:00,06:40:00,900,1\n"
    )
    schedule = read_gtfs([write_feed({"frequencies": frequencies})], SETTINGS)
    assert starts(schedule)[:-1] == ["06:00:00", "06:10:00", "06:20:00", "06:25:00"]
    assert dict(schedule.assumptions)["frequency_not_exact"] == 2
    assert only(schedule, "frequencies_overlap").row == "3"


def test_a_pattern_that_begins_with_a_lost_stop(write_feed):
    """The start is that of the first stop, though nobody can board there: B follows 5 minutes later."""
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon\nA,a,,\nB,b,0.1,10.01\nC,c,0.1,10.02\nD,d,0.1,10.03\n"
    )
    tables = {"stops": stops, "frequencies": f"{FREQUENCIES}\nt1,06:00:00,06:01:00,60\n"}
    schedule = read_gtfs([write_feed(tables)], SETTINGS)
    assert calls_of(schedule, "t1#06:00:00")[0] == ("B", "06:05:00", "06:05:00")


def test_a_pattern_that_arrives_before_it_leaves(write_feed):
    """Standing at the first stop since five minutes before: not before midnight of the day."""
    stop_times = f"{HEAD}\nt1,07:55:00,08:00:00,A,1\nt1,08:05:00,,B,2\n"
    schedule = read(write_feed, stop_times, frequencies=f"{FREQUENCIES}\nt1,00:00:00,00:01:00,60\n")
    assert schedule.calls.arrival_s.tolist() == [0, 300]
    assert schedule.calls.departure_s.tolist() == [0, 300]


def test_headways_that_make_too_many_runs(write_feed, monkeypatch):
    monkeypatch.setattr(frequencies_module, "MOST_CALLS", 1000)
    path = write_feed({"frequencies": f"{FREQUENCIES}\nt1,06:00:00,26:00:00,1\n"})
    with pytest.raises(InvalidLayer, match="too_many_runs"):
        read_gtfs([path], SETTINGS)


@given(st.integers(0, 90_000), st.integers(1, 20_000), st.integers(1, 9_000))
def test_the_number_of_runs(start, length, headway):
    """As many as there are n with start + n × headway before the end, each as long as the pattern."""
    periods = Table(
        "frequencies.txt",
        pd.DataFrame(
            {
                "trip_id": pd.Categorical(["t"]),
                "start_time": [float(start)],
                "end_time": [float(start + length)],
                "headway_secs": [float(headway)],
                "exact_times": [np.nan],
            }
        ),
        np.array([2]),
    )
    calls = TripCalls(
        trip=np.array([0, 0], dtype=np.int32),
        stop=np.array([0, 1], dtype=np.int32),
        arrival_s=np.array([100, 200]),
        departure_s=np.array([100, 200]),
        board=np.ones(2, dtype=bool),
        alight=np.ones(2, dtype=bool),
        guessed=np.zeros(2, dtype=bool),
        on_request=np.zeros(2, dtype=bool),
        origin_s=np.array([100]),
        source=np.array([0]),
    )
    runs, notices = frequencies_module.list_runs(periods, calls, ("t",))
    assert notices == []
    assert runs.start_s.tolist() == list(range(start, start + length, headway))
    written = frequencies_module.write_runs(calls, runs)
    assert (np.diff(written.departure_s.reshape(-1, 2)) == 100).all()


STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 400),
        st.floats(0, 0.05),
        st.one_of(st.none(), st.floats(-5, 100)),
    ),
    min_size=1,
    max_size=12,
)


@given(STEPS)
def test_interpolated_times_never_fall(steps):
    """Whatever the gaps, distances and places: times rise and stay between the timed calls."""
    n_calls = len(steps) + 1
    time, times = 1000, [1000.0]
    for timed, more, _, _ in steps:
        time += more
        times.append(float(time) if timed else np.nan)
    times[-1] = float(time)
    arrival = np.array(times)
    rows = _Rows(
        row=np.arange(n_calls),
        trip=np.zeros(n_calls, dtype=np.int64),
        stop=np.arange(n_calls),
        sequence=np.arange(n_calls, dtype=float),
        arrival=arrival,
        departure=arrival,
        distance=np.cumsum([0.0, *(np.nan if far is None else far for *_, far in steps)]),
        place=np.arange(n_calls),
    )
    lon = 10 + np.cumsum([0.0, *(step for _, _, step, _ in steps)])
    found, departure, guessed = _interpolate(rows, np.column_stack([lon, np.full(n_calls, 0.1)]))
    assert (np.diff(found) >= 0).all()
    assert (found == departure).all()
    assert (found[~guessed] == arrival[~guessed]).all()
    assert guessed.tolist() == np.isnan(arrival).tolist()
