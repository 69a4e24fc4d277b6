"""Stations, their entrances, and what the operator says about changes."""

from datetime import date

import numpy as np
import pytest

from layers.transit.gtfs import read_gtfs
from layers.transit.settings import TransitSettings

SETTINGS = TransitSettings(day=date(2023, 2, 15))
HEAD = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"
SUBWAY = "route_id,agency_id,route_short_name,route_long_name,route_type\nR,1,M1,Metro,1\n"
STATION = f"""{HEAD}
    A,Alder,0.1,10.00,,S
    B,Birch,0.1,10.01,0,
    C,Cedar,0.1,10.02,0,S
    D,Date,0.1,10.03,0,
    S,Central,0.1,10.015,1,
    E1,North gate,0.1005,10.015,2,S
    E2,South gate,0.0995,10.015,2,S
    N,Landing,0.1,10.015,3,S
"""
TRANSFERS = "from_stop_id,to_stop_id,transfer_type,min_transfer_time"


def read(write_feed, **tables):
    return read_gtfs([write_feed(tables)], SETTINGS)


def only(schedule, code):
    (notice,) = [n for n in schedule.notices if n.code == code]
    assert notice.message
    assert notice.message_zh
    return notice


def changes(schedule):
    """(from, to) → least seconds, or `never`."""
    frame = schedule.transfers
    return {
        (a, b): "never" if forbidden else min_s
        for a, b, min_s, forbidden in zip(
            frame["from_stop"], frame["to_stop"], frame["min_s"], frame["forbidden"], strict=True
        )
    }


def test_entrances_lead_to_the_platforms_of_their_station(write_feed):
    """Stations, entrances and landings are no stops; B and D stand alone and are reached where they are."""
    schedule = read(write_feed, stops=STATION, routes=SUBWAY)
    assert schedule.stops["stop_id"].tolist() == ["A", "B", "C", "D"]
    assert schedule.stops["station_id"].tolist() == ["S", "", "S", ""]
    assert schedule.lines["mode"].tolist() == ["subway"]
    found = {tuple(row) for row in schedule.ways_in.itertuples(index=False)}
    assert found == {(stop, 10.015, lat) for stop in ("A", "C") for lat in (0.1005, 0.0995)}
    assert dict(schedule.assumptions)["station_entrances"] == 2
    assert [n.code for n in schedule.notices] == []


def test_a_bus_stop_of_a_station_is_reached_where_it_stands(write_feed):
    """Alder is served by the bus alone, Cedar by the metro too: whoever takes the bus stays in the street."""
    routes = "route_id,agency_id,route_short_name,route_type\nR,1,5,3\nM,1,M1,1\n"
    trips = "route_id,service_id,trip_id\nR,W,t1\nM,W,t2\n"
    stop_times = """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,08:05:00,08:05:00,C,2
        t2,09:00:00,09:00:00,C,1
        t2,09:05:00,09:05:00,D,2
    """
    schedule = read(write_feed, stops=STATION, routes=routes, trips=trips, stop_times=stop_times)
    assert set(schedule.ways_in["stop_id"]) == {"C"}


def test_entrances_that_lead_nowhere(write_feed):
    stops = (
        f"{STATION}\nE3,Lost gate,0.1,10.0,2,\nE4,Blank gate,,,2,S\nE5,Wrong gate,0.1,10.0,2,X\n"
    )
    schedule = read(write_feed, stops=stops, routes=SUBWAY)
    assert len(schedule.ways_in) == 4
    assert only(schedule, "loose_entrance").count == 3
    assert only(schedule, "unknown_parent_station").count == 1


def test_a_stop_without_coordinates_stands_at_its_station(write_feed):
    stops = STATION.replace("A,Alder,0.1,10.00,,S", "A,Alder,,,,S")
    schedule = read(write_feed, stops=stops)
    assert schedule.stops["lon"].tolist() == [10.015, 10.01, 10.02, 10.03]
    assert only(schedule, "stop_placed_at_station").row == "2"


def test_vehicles_that_call_at_a_station_itself(write_feed):
    stops = STATION.replace("D,Date,0.1,10.03,0,", "D,Date,0.1,10.03,1,")
    schedule = read(write_feed, stops=stops)
    assert schedule.stops["stop_id"].tolist() == ["A", "B", "C", "D"]
    assert schedule.stops["station_id"].tolist() == ["S", "", "S", "D"]
    assert only(schedule, "call_at_station").row == "5"


def test_boarding_areas_belong_to_the_station_of_their_platform(write_feed):
    stops = STATION.replace("B,Birch,0.1,10.01,0,", "B,Birch,0.1,10.01,4,A")
    schedule = read(write_feed, stops=stops)
    assert schedule.stops["station_id"].tolist() == ["S", "S", "S", ""]


def test_changes_of_every_type(write_feed):
    """0 says nothing; at 1 the vehicle waits; 2 gives the least time; 3 forbids."""
    transfers = f"""{TRANSFERS}
        A,B,0,
        A,C,1,
        B,A,2,180
        B,C,3,
        C,A,,90
        D,D,2,0
    """
    schedule = read(write_feed, transfers=transfers)
    assert changes(schedule) == {
        ("A", "C"): 0.0,
        ("B", "A"): 180.0,
        ("B", "C"): "never",
        ("D", "D"): 0.0,
    }
    assert [n.code for n in schedule.notices] == []


def test_a_station_stands_for_all_its_stops(write_feed):
    """S holds A and C: 2 × 2 pairs; what is said of A and C themselves goes before."""
    transfers = f"{TRANSFERS}\nS,S,2,300\nA,C,2,60\nS,D,3,\n"
    schedule = read(write_feed, stops=STATION, transfers=transfers)
    assert changes(schedule) == {
        ("A", "A"): 300.0,
        ("A", "C"): 60.0,
        ("C", "A"): 300.0,
        ("C", "C"): 300.0,
        ("A", "D"): "never",
        ("C", "D"): "never",
    }


def test_changes_that_are_not_applied(write_feed):
    transfers = f"""{TRANSFERS},from_route_id,to_trip_id
        A,B,2,60,,
        A,B,2,120,,
        A,C,2,60,R,
        A,C,2,60,,t2
        A,D,2,,,
        A,X,2,60,,
        ,,4,,,t2
        B,D,5,,,
    """
    schedule = read(write_feed, transfers=transfers)
    assert changes(schedule) == {("A", "B"): 60.0}
    assert only(schedule, "transfers_contradict").row == "3"
    assert only(schedule, "transfer_of_trips").row == "4, 5"
    assert only(schedule, "transfer_without_time").row == "6"
    assert only(schedule, "transfer_at_unknown_stop").row == "7"
    assert only(schedule, "in_seat_transfer").row == "8, 9"
    assert {n.severity for n in schedule.notices} == {"warning"}


def test_times_below_zero_count_as_not_given(write_feed):
    schedule = read(write_feed, transfers=f"{TRANSFERS}\nA,B,2,-60\n")
    assert changes(schedule) == {}
    assert {n.code for n in schedule.notices} == {"value_impossible", "transfer_without_time"}


@pytest.mark.parametrize(
    ("agency", "operator"),
    [
        ("agency_name,agency_url\nTown Buses,x\n", "Town Buses"),
        ("agency_id,agency_name\n1,Town Buses\n2,Rail\n", "Town Buses"),
        ("agency_id,agency_name\n2,Rail\n3,Ferry\n", ""),
        (None, ""),
    ],
)
def test_who_runs_a_line(write_feed, agency, operator):
    assert read(write_feed, agency=agency).lines["operator"].tolist() == [operator]


def test_route_types_nobody_knows(write_feed):
    routes = "route_id,route_short_name,route_type\nR,5,\nQ,6,8\nP,7,704\n"
    schedule = read(write_feed, routes=routes)
    assert schedule.lines["mode"].tolist() == ["other", "other", "bus"]
    assert only(schedule, "unknown_route_type").row == "2, 3"


def test_columns_of_a_schedule(write_feed):
    from layers.transit import model

    schedule = read(write_feed, stops=STATION, routes=SUBWAY, transfers=f"{TRANSFERS}\nA,B,2,60\n")
    for frame, columns in (
        (schedule.stops, model.SCHEDULE_STOPS),
        (schedule.ways_in, model.SCHEDULE_WAYS_IN),
        (schedule.lines, model.SCHEDULE_LINES),
        (schedule.transfers, model.SCHEDULE_TRANSFERS),
    ):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
            name: column.dtype for name, column in columns.items()
        }
        assert (frame.index == np.arange(len(frame))).all()
