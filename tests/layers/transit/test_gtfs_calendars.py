"""Service days: calendars, exceptions, and the one day that is read."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import InvalidLayer
from layers.transit.calendars import FeedDays, choose_day
from layers.transit.gtfs import list_feed_days, read_gtfs
from layers.transit.settings import TransitSettings

HEAD = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"
DATES = "service_id,date,exception_type"


def days_of(path):
    (days,), notices = list_feed_days([path])
    return days, notices


def listed(days):
    return [date.fromordinal(int(day)) for day in days.list_days()]


def test_weekdays_of_a_period(write_feed):
    """2 January 2023 was a Monday; the period ends with its second Tuesday."""
    days, notices = days_of(
        write_feed({"calendar": f"{HEAD}\nW,1,0,0,0,0,0,1,20230102,20230110\n"})
    )
    assert listed(days) == [date(2023, 1, 2), date(2023, 1, 8), date(2023, 1, 9)]
    assert days.count_trips(np.array([date(2023, 1, 8).toordinal()])).tolist() == [2]
    assert days.count_trips(np.array([1, 10**6])).tolist() == [0, 0]
    assert notices == []


def test_exceptions_add_and_take_away(write_feed):
    tables = {
        "calendar": f"{HEAD}\nW,1,0,0,0,0,0,0,20230102,20230116\n",
        "calendar_dates": f"{DATES}\nW,20230109,2\nW,20230111,1\nW,20221225,1\n",
    }
    days, _ = days_of(write_feed(tables))
    assert listed(days) == [
        date(2022, 12, 25),
        date(2023, 1, 2),
        date(2023, 1, 11),
        date(2023, 1, 16),
    ]


@pytest.mark.parametrize("calendar", [None, f"{HEAD}\n"])
def test_a_feed_with_single_dates_only(write_feed, calendar):
    tables = {"calendar": calendar, "calendar_dates": f"{DATES}\nW,20230203,1\nW,20230201,1\n"}
    path = write_feed(tables)
    days, _ = days_of(path)
    assert listed(days) == [date(2023, 2, 1), date(2023, 2, 3)]
    assert read_gtfs([path], TransitSettings()).day == date(2023, 2, 1)


def test_periods_of_one_service_add_up(write_feed):
    """Mondays of one row, Tuesdays of the other, and one day named by both."""
    calendar = f"{HEAD}\nW,1,0,0,0,0,0,0,20230102,20230109\nW,1,1,0,0,0,0,0,20230109,20230117\n"
    days, _ = days_of(write_feed({"calendar": calendar}))
    assert [day.day for day in listed(days)] == [2, 9, 10, 16, 17]


def test_services_that_overlap_run_together(write_feed):
    """Two services on the same Wednesdays: trips of both run, counted per day."""
    tables = {
        "trips": "route_id,service_id,trip_id\nR,W,t1\nR,X,t2\n",
        "calendar": f"{HEAD}\nW,0,0,1,0,0,0,0,20230104,20230118\nX,0,0,1,0,0,0,0,20230111,20230125\n",
    }
    days, _ = days_of(write_feed(tables))
    at = np.array([date(2023, 1, day).toordinal() for day in (4, 11, 18, 25)])
    assert days.count_trips(at).tolist() == [1, 2, 2, 1]
    assert days.list_services(date(2023, 1, 11)) == {"W", "X"}
    assert days.list_services(date(2023, 1, 4)) == {"W"}
    assert days.list_services(date(1999, 1, 1)) == frozenset()


def test_a_period_that_ends_before_it_starts(write_feed):
    calendar = f"{HEAD}\nW,1,1,1,1,1,1,1,20230331,20230102\n"
    with pytest.raises(InvalidLayer) as caught:
        read_gtfs([write_feed({"calendar": calendar})], TransitSettings())
    codes = {n.code: n for n in caught.value.notices}
    assert codes["no_service_day"].severity == "error"
    path = write_feed({"calendar": calendar, "calendar_dates": f"{DATES}\nW,20230201,1\n"})
    schedule = read_gtfs([path], TransitSettings())
    (notice,) = [n for n in schedule.notices if n.code == "calendar_without_days"]
    assert (notice.row, notice.found) == ("2", "W")


def test_a_calendar_without_any_day(write_feed):
    path = write_feed({"calendar": f"{HEAD}\nW,0,0,0,0,0,0,0,20230102,20230331\n"})
    with pytest.raises(InvalidLayer, match="no_service_day"):
        read_gtfs([path], TransitSettings())


def test_trips_of_a_service_no_calendar_names(write_feed):
    tables = {"trips": "route_id,service_id,trip_id\nR,W,t1\nR,Z,t2\n"}
    schedule = read_gtfs([write_feed(tables)], TransitSettings())
    assert schedule.trip_id == ("t1",)
    (notice,) = [n for n in schedule.notices if n.code == "unknown_service"]
    assert (notice.count, notice.found) == (1, "Z")


def test_the_day_asked_for_is_read(write_feed):
    schedule = read_gtfs([write_feed()], TransitSettings(day=date(2023, 3, 31)))
    assert schedule.day == date(2023, 3, 31)
    assert all(n.code != "service_day_chosen" for n in schedule.notices)


def test_a_day_without_service_names_those_with(write_feed):
    """1 April 2023 is a Saturday; 65 weekdays lie between 2 January and 31 March."""
    with pytest.raises(InvalidLayer) as caught:
        read_gtfs([write_feed()], TransitSettings(day=date(2023, 4, 1)))
    (notice,) = caught.value.notices
    assert (notice.severity, notice.code) == ("error", "no_service_on_day")
    assert "Saturday, 2023-04-01" in notice.message
    assert (
        "65 days from 2023-01-02 to 2023-03-31 (nearest: 2023-03-30, 2023-03-31)" in notice.message
    )
    assert "2023-01-02 至 2023-03-31" in notice.message_zh


def test_few_days_with_service_are_all_named(write_feed):
    path = write_feed(
        {"calendar": None, "calendar_dates": f"{DATES}\nW,20230203,1\nW,20230201,1\n"}
    )
    with pytest.raises(InvalidLayer, match="2023-02-01, 2023-02-03"):
        read_gtfs([path], TransitSettings(day=date(2023, 2, 2)))


def test_a_typical_weekday_is_chosen(write_feed):
    """Thirteen Wednesdays from 4 January to 29 March; the seventh is 15 February."""
    schedule = read_gtfs([write_feed()], TransitSettings())
    assert schedule.day == date(2023, 2, 15)
    (notice,) = schedule.notices
    assert (notice.code, notice.severity) == ("service_day_chosen", "info")
    assert "Wednesday, 2023-02-15: 2 trips" in notice.message
    assert "星期三" in notice.message_zh


def test_holidays_are_not_typical(write_feed):
    """Of the Tuesdays to Thursdays most have two trips; the middle Wednesday has but one."""
    tables = {
        "trips": "route_id,service_id,trip_id\nR,W,t1\nR,X,t2\n",
        "calendar": f"{HEAD}\nW,1,1,1,1,1,0,0,20230102,20230331\nX,1,1,1,1,1,0,0,20230102,20230331\n",
        "calendar_dates": f"{DATES}\nX,20230215,2\n",
    }
    assert read_gtfs([write_feed(tables)], TransitSettings()).day == date(2023, 2, 22)


def test_a_single_service_valid_for_decades_does_not_speak_for_the_feed(write_feed):
    """t1, t2 and t3 run until 31 March 2023, t4 alone until 2043: the 26 Wednesdays from October, the upper middle."""
    trips = "".join(f"R,{service},t{n}\n" for n, service in enumerate("WWWX", 1))
    calls = "".join(f"t{n},08:00:00,,A,1\nt{n},08:05:00,,B,2\n" for n in range(1, 5))
    tables = {
        "trips": f"route_id,service_id,trip_id\n{trips}",
        "stop_times": f"trip_id,arrival_time,departure_time,stop_id,stop_sequence\n{calls}",
        "calendar": f"{HEAD}\nW,1,1,1,1,1,0,0,20221003,20230331\nX,1,1,1,1,1,0,0,20221003,20430331\n",
    }
    schedule = read_gtfs([write_feed(tables)], TransitSettings())
    assert schedule.day == date(2023, 1, 4)
    assert len(schedule.trip_id) == 4


def test_without_a_midweek_day_the_nearest_kind_is_taken(write_feed):
    monday_and_sunday = write_feed({"calendar": f"{HEAD}\nW,1,0,0,0,0,0,1,20230102,20230108\n"})
    assert read_gtfs([monday_and_sunday], TransitSettings()).day == date(2023, 1, 2)
    sunday = write_feed({"calendar": f"{HEAD}\nW,0,0,0,0,0,0,1,20230102,20230108\n"})
    assert read_gtfs([sunday], TransitSettings()).day == date(2023, 1, 8)


def test_two_feeds_meet_on_one_day(write_feed):
    """One runs in January and February, the other in February and March: four Wednesdays are common,
    1, 8, 15, 22 February; the middle one, rounded up, is the 15th."""
    one = write_feed({"calendar": f"{HEAD}\nW,1,1,1,1,1,0,0,20230102,20230228\n"}, name="one.zip")
    two = write_feed({"calendar": f"{HEAD}\nW,1,1,1,1,1,0,0,20230201,20230331\n"}, name="two.zip")
    schedule = read_gtfs([one, two], TransitSettings())
    assert schedule.day == date(2023, 2, 15)
    with pytest.raises(InvalidLayer) as caught:
        read_gtfs([one, two], TransitSettings(day=date(2023, 3, 1)))
    assert [n.layer for n in caught.value.notices] == ["one.zip"]


def test_feeds_that_never_meet(write_feed):
    """No day is common: the day serves as many feeds as can be, and the other is named."""
    one = write_feed({"calendar": f"{HEAD}\nW,1,1,1,1,1,0,0,20230102,20230131\n"}, name="one.zip")
    two = write_feed({"calendar": f"{HEAD}\nW,1,1,1,1,1,0,0,20230201,20230228\n"}, name="two.zip")
    schedule = read_gtfs([one, two], TransitSettings())
    assert set(schedule.trip_id) in ({"1:t1", "1:t2"}, {"2:t1", "2:t2"})
    (notice,) = [n for n in schedule.notices if n.code == "no_service_on_day"]
    assert notice.severity == "warning"


def test_a_calendar_of_centuries_is_cut(write_feed):
    path = write_feed({"calendar": f"{HEAD}\nW,1,1,1,1,1,1,1,19000101,99991231\n"})
    days, notices = days_of(path)
    assert [n.code for n in notices] == ["calendar_too_long"]
    assert len(days.n_trips) < 15_000


def make_days(first, n_trips):
    return FeedDays(
        "feed",
        first.toordinal(),
        ("s",),
        np.array([n_trips], dtype=np.int64) > 0,
        np.array(n_trips, dtype=np.int64),
    )


def test_a_typical_day_near_the_map_is_preferred():
    """Four trips every day of three years but one; the map is of Tuesday 7 June 2022.

    Wednesday the 8th has no trip here, the 1st and the 15th have: the 1st is 6 days off, the 15th 8.
    """
    first = date(2021, 1, 1)
    trips = [4] * 1000
    trips[(date(2022, 6, 8) - first).days] = 0
    feed = make_days(first, trips)
    assert choose_day([feed], None, map_day=date(2022, 6, 7))[0] == date(2022, 6, 1)
    assert choose_day([feed], date(2022, 6, 9), map_day=date(2022, 6, 7))[0] == date(2022, 6, 9)


@pytest.mark.parametrize("map_day", [None, date(2019, 5, 1), date(2030, 5, 1)])
def test_a_map_of_another_time_changes_no_day(map_day):
    feed = make_days(date(2021, 1, 1), [4] * 1000)
    assert choose_day([feed], None, map_day=map_day) == choose_day([feed], None)


def test_a_map_between_two_timetables_far_apart():
    """Service in January 2021 and January 2024 only, a map of mid 2022: the last year speaks."""
    trips = [4] * 30 + [0] * 1066 + [4] * 30
    feed = make_days(date(2021, 1, 1), trips)
    assert choose_day([feed], None, map_day=date(2022, 7, 1))[0].year == 2024


FIRST = st.dates(date(2015, 1, 1), date(2030, 1, 1))
TRIPS = st.lists(st.integers(0, 5), min_size=1, max_size=60).filter(any)


@given(FIRST, TRIPS, st.integers(-20, 20), TRIPS)
def test_the_chosen_day_serves_as_many_feeds_as_any(first, trips, later, other):
    feeds = [make_days(first, trips), make_days(first + timedelta(days=later), other)]
    day, _ = choose_day(feeds, None)
    assert choose_day(feeds[::-1], None)[0] == day

    def served(when):
        return sum(int(f.count_trips(np.array([when]))[0]) > 0 for f in feeds)

    everywhere = [int(day) for f in feeds for day in f.list_days()]
    assert served(day.toordinal()) == max(map(served, everywhere)) >= 1
