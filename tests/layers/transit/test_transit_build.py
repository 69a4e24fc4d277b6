"""A city's timetable: source, stops at the streets, tallies of stops and lines, shapes of lines.

One street runs along the parallel 0.1° N from 9.995° to 10.035° E; a hundredth of a degree is 1,113 m. The feed of
`conftest.py` calls at A, B, C, D on it.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely

from geo.crs import wgs84_to_gcj02
from layers.config import config_for_osm
from layers.osm import read_osm
from layers.results import LINES, STOPS
from layers.streets import build_streets
from layers.transit.build import assemble_transit, build_transit
from layers.transit.gtfs import read_gtfs
from layers.transit.routes import build_osm_schedule
from layers.transit.settings import TransitSettings
from layers.transit.stop_datum import check_stop_datum
from layers.transit.tally import list_directions

DAY = date(2023, 2, 15)
SETTINGS = TransitSettings(day=DAY, depart_from="08:00", depart_to="09:00")
STOP_HEAD = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"
CALL_HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence"


@pytest.fixture
def town(osm_file):
    """Extract and streets of the one street."""
    path = osm_file(
        nodes={1: (9.995, 0.1), 2: (10.015, 0.1), 3: (10.035, 0.1)},
        ways={1: ([1, 2, 3], {"highway": "residential", "name": "High Street"})},
    )
    extract = read_osm(path)
    streets, _ = build_streets(extract)
    return extract, streets.network


def build(town, feed, settings=SETTINGS):
    extract, network = town
    config = replace(config_for_osm(extract.path), gtfs=tuple(feed), transit=settings)
    return build_transit(config, extract, network, max_leg_m=150.0)


def codes(notices):
    return [n.code for n in notices]


def test_the_timetable_of_a_feed(town, write_feed):
    """t1 makes three hops, t2 one; hops fall by departure: 09:00, 08:11, 08:05, 08:00."""
    transit, notices = build(town, [write_feed()])
    assert notices == []
    assert (transit.source, transit.day) == ("gtfs", DAY)
    assert transit.trip_headsign == ("To Date", "Date")
    timetable = transit.timetable
    assert timetable.hop_departure_s.tolist() == [32400, 29460, 29100, 28800]
    assert timetable.hop_from.tolist() == [0, 2, 1, 0]
    assert timetable.hop_to.tolist() == [3, 3, 2, 1]
    assert timetable.trip_line.tolist() == [0, 0]


def test_stops_and_their_departures_in_the_window(town, write_feed):
    """08:00 counts, 09:00 does not; at the last stop nothing departs."""
    transit, _ = build(town, [write_feed()])
    stops = transit.stops
    assert list(stops.columns) == [*STOPS, "geometry"]
    assert stops["departures"].tolist() == [1, 1, 1, 0]
    assert stops["lines"].tolist() == ["5"] * 4
    assert stops["modes"].tolist() == ["bus"] * 4
    assert stops["connected"].tolist() == [True] * 4
    assert stops["timetable_source"].tolist() == ["gtfs"] * 4
    assert str(stops.crs) == "EPSG:4326"
    assert shapely.get_coordinates(stops.geometry.array)[1].tolist() == [10.01, 0.1]
    longer, _ = build(town, [write_feed()], replace(SETTINGS, depart_to="09:01"))
    assert longer.stops["departures"].tolist() == [2, 1, 1, 0]


def test_where_nobody_may_board_nothing_departs(town, write_feed):
    stop_times = (
        f"{CALL_HEAD},pickup_type\nt1,08:00:00,,A,1,1\nt1,08:05:00,,B,2,0\nt1,08:09:00,,C,3,0\n"
    )
    transit, _ = build(town, [write_feed({"stop_times": stop_times})])
    assert transit.stops["departures"].tolist() == [0, 1, 0, 0]
    assert transit.lines["trips_in_window"].tolist() == [1]


def test_lines(town, write_feed):
    """A, B and C have one departure an hour each: 60 minutes between."""
    transit, _ = build(town, [write_feed()])
    lines = transit.lines
    assert list(lines.columns) == [*LINES, "geometry"]
    row = lines.iloc[0]
    assert (row["line_id"], row["ref"], row["mode"], row["operator"]) == (
        "R",
        "5",
        "bus",
        "Town Buses",
    )
    assert (row["stops"], row["trips"], row["trips_in_window"]) == (4, 2, 1)
    assert row["headway_min"] == 60.0
    assert (row["headway_source"], row["hours_source"]) == ("timetable", "timetable")


def test_headways_are_the_mean_over_stops_and_directions(town, write_feed):
    """From A: 08:00, 08:20, 08:40 (20 min); from C back: 08:30 (60 min), and at B there 3, back 1:
    20, 20, 60, 60 make 40. C is an end there and a beginning back; so is A."""
    trips = "route_id,service_id,trip_id\n" + "".join(f"R,W,t{n}\n" for n in range(4))
    rows = [CALL_HEAD]
    for number, start in enumerate((0, 20, 40)):
        for place, stop in enumerate("ABC"):
            rows.append(f"t{number},08:{start + 5 * place:02d}:00,,{stop},{place}")
    rows += [f"t3,08:{30 + 5 * place}:00,,{stop},{place}" for place, stop in enumerate("CBA")]
    path = write_feed({"trips": trips, "stop_times": "\n".join(rows)})
    transit, _ = build(town, [path])
    assert transit.lines["headway_min"].tolist() == [40.0]
    assert transit.stops["departures"].tolist() == [3, 4, 1, 0]


def test_express_and_local_trips_run_in_one_direction(town, write_feed):
    """A-B-C-D and A-D share their order; D-A runs against it; A-C-B-D agrees more than it differs."""
    trips = "route_id,service_id,trip_id\nR,W,local\nR,W,express\nR,W,back\nR,W,odd\nR,W,local2\n"
    sequences = {"local": "ABCD", "express": "AD", "back": "DA", "odd": "ACBD", "local2": "ABCD"}
    rows = [
        f"{trip},08:{10 * place:02d}:00,,{stop},{place}"
        for trip, sequence in sequences.items()
        for place, stop in enumerate(sequence)
    ]
    path = write_feed({"trips": trips, "stop_times": "\n".join([CALL_HEAD, *rows])})
    schedule = read_gtfs([path], SETTINGS)
    direction = dict(
        zip(
            schedule.trip_id,
            list_directions(schedule.calls, schedule.trip_line).tolist(),
            strict=True,
        )
    )
    assert direction == {"local": 0, "local2": 0, "express": 0, "odd": 0, "back": 1}


def test_a_line_is_drawn_from_stop_to_stop_once(town, write_feed):
    """A-B, B-C, C-D of t1 and A-D of t2; there and back is one piece."""
    transit, _ = build(town, [write_feed()])
    shape = transit.lines.geometry.iloc[0]
    assert shape.geom_type == "MultiLineString"
    pieces = {tuple(x for x, _ in part.coords) for part in shape.geoms}
    assert pieces == {(10.0, 10.01), (10.01, 10.02), (10.02, 10.03), (10.0, 10.03)}
    back = f"{CALL_HEAD}\nt1,08:00:00,,A,1\nt1,08:05:00,,B,2\nt1,08:10:00,,A,3\n"
    transit, _ = build(town, [write_feed({"stop_times": back})])
    assert len(transit.lines.geometry.iloc[0].geoms) == 1


def test_a_line_that_goes_nowhere_has_an_empty_shape(town, write_feed):
    stops = f"{STOP_HEAD}\nA,a,0.1,10,,\nB,b,0.1,10,,\nC,c,0.1,10,,\nD,d,0.1,10,,\n"
    transit, _ = build(town, [write_feed({"stops": stops})])
    assert transit.lines.geometry.iloc[0].is_empty


def test_ways_in(town, write_feed):
    """A is reached by two gates, of which one stands at the street; the others where they are."""
    stops = f"""{STOP_HEAD}
        A,Alder,0.108,10.00,0,S
        B,Birch,0.1,10.01,0,
        C,Cedar,0.1,10.02,0,
        D,Date,0.1,10.03,0,
        S,Central,0.108,10.00,1,
        E1,Far gate,0.108,10.00,2,S
        E2,Near gate,0.1005,10.00,2,S
    """
    routes = "route_id,route_short_name,route_type\nR,M1,1\n"
    transit, notices = build(town, [write_feed({"stops": stops, "routes": routes})])
    assert notices == []
    assert transit.ways_in["stop"].tolist() == [0, 0, 1, 2, 3]
    assert transit.ways_in.geometry.y.tolist()[:2] == [0.108, 0.1005]
    assert transit.stops["connected"].tolist() == [True] * 4
    assert transit.stops["station_id"].tolist() == ["S", "", "", ""]
    assert dict(transit.assumptions)["station_entrances"] == 1


def test_stops_far_from_any_street(town, write_feed):
    """B stands 890 m north of the street, D 1.7 km beyond its end and outside the extent."""
    stops = f"{STOP_HEAD}\nA,Alder,0.1,10.0,,\nB,Birch,0.108,10.01,,\nC,Cedar,0.1,10.02,,\nD,Date,0.1,10.05,,\n"
    path = write_feed({"stops": stops})
    network = town[1]
    schedule = read_gtfs([path], SETTINGS)
    transit, notices = assemble_transit(
        schedule, SETTINGS, network, (9.995, 0.09, 10.035, 0.11), max_leg_m=150.0
    )
    assert transit.stops["connected"].tolist() == [True, False, True, False]
    assert len(transit.stops) == 4
    by_code = {n.code: n for n in notices}
    far, outside = by_code["stops_far_from_streets"], by_code["stops_outside"]
    assert (far.severity, far.count, far.found) == ("warning", 1, "B Birch")
    assert "1 of 3 served stops" in far.message
    assert "33.3%" in far.message
    assert (outside.severity, outside.count, outside.found) == ("info", 1, "D Date")


def test_another_citys_timetable(town, write_feed):
    stops = f"{STOP_HEAD}\nA,a,45.1,10,,\nB,b,45.1,10.1,,\nC,c,45.1,10.2,,\nD,d,45.1,10.3,,\n"
    _, notices = build(town, [write_feed({"stops": stops})])
    (notice,) = [n for n in notices if n.severity == "error"]
    assert notice.code == "timetable_elsewhere"
    assert "45.1000" in notice.message


def test_idle_lines_and_far_idle_stops_are_left_out(town, write_feed):
    """Line 6 has no trip; F is idle and far; G is idle and near, it stays. Transfers of F go with it."""
    tables = {
        "routes": "route_id,route_short_name,route_type\nQ,6,3\nR,5,3\n",
        "stops": f"{STOP_HEAD}\nF,Far,1.1,10,,\nA,a,0.1,10,,\nB,b,0.1,10.01,,\nC,c,0.1,10.02,,\nD,d,0.1,10.03,,\nG,g,0.1,10.005,,\n",
        "transfers": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nF,A,2,60\nA,B,2,60\nB,C,3,\n",
    }
    transit, notices = build(town, [write_feed(tables)])
    assert transit.stops["stop_id"].tolist() == ["A", "B", "C", "D", "G"]
    assert transit.stops["lines"].tolist() == ["5", "5", "5", "5", ""]
    assert transit.lines["line_id"].tolist() == ["R"]
    assert transit.timetable.trip_line.tolist() == [0, 0]
    assert transit.timetable.hop_from.tolist() == [0, 2, 1, 0]
    assert transit.changes["from_stop"].tolist() == [0, 1]
    assert transit.changes["to_stop"].tolist() == [1, 2]
    assert transit.changes["min_s"].tolist()[0] == 60.0
    assert np.isnan(transit.changes["min_s"].tolist()[1])
    assert transit.changes["forbidden"].tolist() == [False, True]
    assert codes(notices) == ["lines_not_running", "far_idle_stops"]


def test_a_window_without_departures(town, write_feed):
    transit, notices = build(town, [write_feed()], TransitSettings(day=DAY))
    assert transit.stops["departures"].tolist() == [1, 1, 1, 0]
    transit, notices = build(
        town, [write_feed()], replace(SETTINGS, depart_from="10:00", depart_to="11:00")
    )
    assert np.isnan(transit.lines["headway_min"].tolist()).all()
    (notice,) = notices
    assert (notice.code, notice.severity) == ("no_departure_in_window", "warning")
    assert notice.expected == "08:00–09:20"


def test_a_feed_nobody_may_board(town, write_feed):
    """Vehicles call all morning: the window is not what is wrong."""
    calls = "t1,08:00:00,,A,1,1\nt1,08:05:00,,B,2,1\n"
    _, (notice,) = build(
        town,
        [
            write_feed(
                {
                    "trips": "route_id,service_id,trip_id\nR,W,t1\n",
                    "stop_times": f"{CALL_HEAD},pickup_type\n{calls}",
                }
            )
        ],
    )
    assert (notice.code, notice.severity) == ("nobody_boards", "warning")
    assert "pickup_type" in notice.message
    assert "pickup_type" in notice.message_zh


def test_lines_that_do_not_run_in_the_window(town, write_feed):
    tables = {
        "routes": "route_id,route_short_name,route_type\nQ,6,3\nR,5,3\n",
        "trips": "route_id,service_id,trip_id\nQ,W,t1\nR,W,t2\n",
    }
    _, notices = build(town, [write_feed(tables)])
    (notice,) = notices
    assert (notice.code, notice.found, notice.severity) == ("lines_not_in_window", "5", "info")
    assert (notice.expected, "depart_from" in notice.message) == ("", False)


def write_lines(*departures):
    """Tables of lines 1, 2, …: each departs from A at the times named and is at B 5 minutes later."""
    trips = [
        (line, f"t{line}-{number}", at)
        for line, times in enumerate(departures, 1)
        for number, at in enumerate(times)
    ]
    return {
        "routes": "route_id,route_short_name,route_type\n"
        + "".join(f"R{line},{line},3\n" for line in range(1, len(departures) + 1)),
        "trips": "route_id,service_id,trip_id\n"
        + "".join(f"R{line},W,{trip}\n" for line, trip, _ in trips),
        "stop_times": f"{CALL_HEAD}\n"
        + "".join(f"{trip},{at}:00:00,,A,1\n{trip},{at}:05:00,,B,2\n" for _, trip, at in trips),
    }


@pytest.mark.parametrize(
    ("others", "hours"),
    [
        ([("12", "13"), ("13", "14")], "13:00–13:59"),
        ([("12", "13", "19"), ("12", "13", "19"), ("11",)], "12:00–13:59, 19:00–19:59"),
        ([("12",), ("13",), ("25",)], "12:00–13:59, 25:00–25:59"),
    ],
)
def test_most_lines_do_not_run_in_the_window(town, write_feed, others, hours):
    """A warning with the hours in which more than half of these lines run, else with the busiest."""
    _, (notice,) = build(town, [write_feed(write_lines(("08",), *others))])
    assert (notice.code, notice.severity) == ("lines_not_in_window", "warning")
    assert (notice.count, notice.expected) == (len(others), hours)
    for text in (notice.message, notice.message_zh):
        assert hours in text
        assert "depart_from" in text


def test_half_the_lines_do_not_run_in_the_window(town, write_feed):
    _, (notice,) = build(town, [write_feed(write_lines(("08",), ("08",), ("12",), ("13",)))])
    assert (notice.severity, notice.count) == ("info", 2)


def test_numbers_of_lines_in_order(town, write_feed):
    names = ["10", "9", "N1", "10A", "", "9"]
    tables = {
        "routes": "route_id,route_short_name,route_long_name,route_type\n"
        + "".join(f"R{n},{name},Ring,{3 * (n % 2)}\n" for n, name in enumerate(names)),
        "trips": "route_id,service_id,trip_id\n" + "".join(f"R{n},W,t{n}\n" for n in range(6)),
        "stop_times": f"{CALL_HEAD}\n"
        + "".join(f"t{n},08:00:00,,A,1\nt{n},08:05:00,,B,2\n" for n in range(6)),
    }
    transit, _ = build(town, [write_feed(tables)])
    assert transit.stops["lines"].tolist()[0] == "9, 10, 10A, N1, Ring"
    assert transit.stops["modes"].tolist()[0] == "bus, tram"


# sources


def test_none_and_nothing(town, write_feed):
    transit, notices = build(town, [write_feed()], TransitSettings(source="none"))
    assert (transit, codes(notices)) == (None, ["no_timetable"])
    assert "set source to auto" in notices[0].message
    transit, notices = build(town, [])
    assert (transit, codes(notices)) == (None, ["no_timetable"])
    assert notices[0].severity == "info"
    assert notices[0].message_zh


def test_feeds_are_asked_for_and_none_is_named(town):
    transit, notices = build(town, [], TransitSettings(source="gtfs"))
    assert transit is None
    assert [(n.severity, n.code) for n in notices] == [("error", "no_feed")]


def test_a_feed_that_cannot_be_read(town, write_feed):
    transit, notices = build(town, [write_feed({"stops": None})])
    assert transit is None
    assert [(n.severity, n.code) for n in notices] == [("error", "missing_table")]


def test_osm_is_asked_for_though_a_feed_is_named(town, write_feed):
    transit, notices = build(town, [write_feed()], TransitSettings(source="osm"))
    assert transit is None
    assert codes(notices) == ["feeds_not_read", "no_timetable"]


# stops in another datum


def write_stops(lonlat):
    """The feed with a stop at each point, called at in turn from 08:00."""
    stops = ["stop_id,stop_name,stop_lat,stop_lon"]
    stops += [f"S{n},,{y:.7f},{x:.7f}" for n, (x, y) in enumerate(lonlat.tolist())]
    calls = [CALL_HEAD]
    for n in range(len(lonlat)):
        clock = f"{8 + n // 60:02d}:{n % 60:02d}:00"
        calls.append(f"t1,{clock},{clock},S{n},{n}")
    return {"stops": "\n".join(stops), "stop_times": "\n".join(calls)}


@pytest.fixture(scope="module")
def beijing():
    """Streets 211 m and 297 m apart near Beijing, as nodes and ways of an OSM file, and 60 stops along them."""
    west, south, step_x, step_y = 116.3, 39.9, 0.0035, 0.0019
    nodes = {
        100 * row + column: (west + column * step_x, south + row * step_y)
        for row in range(12)
        for column in range(12)
    }
    tags = {"highway": "residential"}
    ways = {row: ([100 * row + c for c in range(12)], tags) for row in range(1, 12, 3)}
    ways |= {100 + c: ([100 * r + c for r in range(12)], tags) for c in (0, 2, 5, 6, 10)}
    rng = np.random.default_rng(4)
    along = rng.uniform(1, 10, 60)
    rows = rng.choice(list(range(1, 12, 3)), 60)
    lonlat = np.column_stack([west + along * step_x, south + rows * step_y + 0.00008])
    return {"nodes": nodes, "ways": ways}, lonlat


def check_beijing(osm_file, beijing, feeds):
    extract = read_osm(osm_file(**beijing[0]))
    streets, _ = build_streets(extract)
    _, notices = build((extract, streets.network), feeds)
    return [n for n in notices if n.code == "datum_looks_shifted"]


def test_stops_in_gcj02_are_noticed(osm_file, beijing, write_feed):
    """GCJ-02 moves Beijing by about 560 m: a warning names the shift and what to convert."""
    lonlat = beijing[1]
    moved = np.column_stack(wgs84_to_gcj02(lonlat[:, 0], lonlat[:, 1]))
    feed = write_feed(write_stops(moved), name="gcj.zip")
    (notice,) = check_beijing(osm_file, beijing, [feed])
    assert (notice.severity, notice.layer) == ("warning", "gcj.zip/stops.txt")
    assert notice.column == "stop_lon, stop_lat"
    assert 300 < float(notice.expected.split()[-2]) < 800
    for text in (notice.message, notice.message_zh):
        assert "stops.txt" in text
        assert "WGS 84" in text
        assert "crs" not in text
    assert "gcj02" in notice.message
    assert "GCJ-02" in notice.message_zh


def test_each_feed_is_measured_for_itself(osm_file, beijing, write_feed):
    """One feed of two is shifted: the other does not hide it."""
    lonlat = beijing[1]
    moved = np.column_stack(wgs84_to_gcj02(lonlat[:, 0], lonlat[:, 1]))
    feeds = [
        write_feed(write_stops(lonlat), name="true.zip"),
        write_feed(write_stops(moved[:20]), name="gcj.zip"),
    ]
    (notice,) = check_beijing(osm_file, beijing, feeds)
    assert notice.layer == "gcj.zip/stops.txt"


def test_true_and_few_stops_are_not_noticed(osm_file, beijing, write_feed):
    lonlat = beijing[1]
    assert check_beijing(osm_file, beijing, [write_feed(write_stops(lonlat))]) == []
    moved = np.column_stack(wgs84_to_gcj02(lonlat[:, 0], lonlat[:, 1]))
    assert check_beijing(osm_file, beijing, [write_feed(write_stops(moved[:8]))]) == []


# real cities


@pytest.mark.real
@pytest.mark.parametrize(
    ("osm", "feeds"),
    [
        ("porto-alegre-20200812.osm.pbf", ("porto-alegre-eptc-2019", "porto-alegre-trensurb-2019")),
        ("sao-paulo-centre-20200923.osm.pbf", ("sao-paulo-sptrans-frequencies-2019",)),
    ],
)
def test_no_false_alarm_about_the_datum(shared_data, osm, feeds):
    extract = read_osm(shared_data / "osm" / osm)
    streets, _ = build_streets(extract)
    paths = [shared_data / "gtfs" / f"{feed}.gtfs.zip" for feed in feeds]
    _, notices = build((extract, streets.network), paths, TransitSettings())
    assert "datum_looks_shifted" not in codes(notices)


@pytest.mark.real
def test_mapped_stops_of_beijing_as_a_feed(shared_data):
    """Real stops in the middle of China: true as they are, noticed once moved to GCJ-02."""
    extract = read_osm(shared_data / "osm/beijing-tsinghua-20170624.osm")
    streets, _ = build_streets(extract)
    schedule = replace(build_osm_schedule(extract, TransitSettings()), source="gtfs")
    assert check_stop_datum(schedule, ["a.zip"], streets.network, extract.bounds) == []
    stops = schedule.stops
    lon, lat = wgs84_to_gcj02(stops["lon"].to_numpy(), stops["lat"].to_numpy())
    moved = replace(schedule, stops=stops.assign(lon=lon, lat=lat))
    (notice,) = check_stop_datum(moved, ["a.zip"], streets.network, extract.bounds)
    assert "(gcj02," in notice.expected
    mapped = replace(moved, source="osm")
    assert check_stop_datum(mapped, [], streets.network, extract.bounds) == []


@pytest.mark.real
def test_las_palmas_at_its_streets(shared_data):
    """The whole city and its feed of the same week: nearly every stop stands at a street."""
    extract = read_osm(shared_data / "osm/las-palmas-20230221.osm.pbf")
    streets, _ = build_streets(extract)
    feed = shared_data / "gtfs/las-palmas-guaguas-20230222.gtfs.zip"
    settings = TransitSettings(day=date(2023, 2, 22))
    transit, notices = build((extract, streets.network), [feed], settings)
    assert {n.severity for n in notices} <= {"info"}
    assert (len(transit.stops), len(transit.lines)) == (793, 43)
    assert transit.timetable.n_trips == 3759
    assert transit.stops["connected"].mean() > 0.99
    assert (transit.stops["modes"] == "bus").sum() == 792
    assert transit.lines["trips"].sum() == 3759
    hops = transit.timetable
    window = (hops.hop_departure_s >= 27_000) & (hops.hop_departure_s < 30_600)
    assert transit.stops["departures"].sum() == window.sum()
    known = transit.lines["headway_min"].dropna()
    assert known.between(1, 60).all()
    assert not transit.lines.geometry.is_empty.any()
