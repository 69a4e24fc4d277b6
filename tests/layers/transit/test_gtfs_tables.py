"""Tables of a feed: headers, encodings, cells; nothing is left out without a notice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import InvalidLayer
from layers.limits import DEFAULT_LIMITS
from layers.transit import text_tables
from layers.transit.feeds import open_feed
from layers.transit.gtfs import read_gtfs
from layers.transit.settings import TransitSettings
from layers.transit.table_spec import read_gtfs_rules
from layers.transit.tables import read_tables
from layers.transit.text_tables import read_text_table


def read(path):
    return read_tables(open_feed(path, limits=DEFAULT_LIMITS))


def only(notices, code):
    (notice,) = [n for n in notices if n.code == code]
    assert notice.message
    assert notice.message_zh
    return notice


def test_stray_spaces_marks_and_capitals_in_headers(write_feed):
    stops = (
        "\ufeffstop_id, Stop_Name ,stop_lat,\tstop_lon\r\n"
        'A,"Alder, upper",0.1,10.00\r\nB, Birch ,0.1 ,10.01\r\n\r\n'
    )
    tables, notices = read(write_feed({"stops": stops.encode()}))
    assert notices == []
    assert tables["stops"].texts("stop_id") == ["A", "B"]
    assert tables["stops"].texts("stop_name") == ["Alder, upper", "Birch"]
    assert tables["stops"].numbers("stop_lon").tolist() == [10.0, 10.01]


def test_ids_are_texts_whatever_they_look_like(write_feed):
    """Leading zeros, and words other readers take for nothing."""
    stops = "stop_id,stop_name,stop_lat,stop_lon\n007,None,0.1,10\nNA,null,0.1,10\n1.0,nan,0.1,10\n"
    tables, _ = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_id") == ["007", "NA", "1.0"]
    assert tables["stops"].texts("stop_name") == ["None", "null", "nan"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_encodings(write_feed, encoding):
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,火车站,34.3,107.1\n".encode(encoding)
    tables, notices = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_name") == ["火车站"]
    assert [n.code for n in notices] == (["encoding_guessed"] if encoding == "gb18030" else [])


def test_what_is_no_text(write_feed):
    _, notices = read(write_feed({"stops": bytes(range(256))}))
    notice = only(notices, "not_text")
    assert (notice.severity, notice.layer) == ("error", "town.zip/stops.txt")


def test_a_comma_at_the_end_of_every_row_moves_nothing(write_feed):
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,Alder,0.1,10.00,\nB,Birch,0.1,10.01,\n"
    tables, notices = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_id") == ["A", "B"]
    assert tables["stops"].numbers("stop_lon").tolist() == [10.0, 10.01]
    assert notices == []


def test_rows_that_do_not_fit_the_header(write_feed):
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon\nA,Alder,0.1,10.00\n"
        "B,Birch, upper,0.1,10.01\nC,Cedar,0.1\nD,Date,0.1,10.03\n"
    )
    tables, notices = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_id") == ["A", "C", "D"]
    assert tables["stops"].rows.tolist() == [2, 4, 5]
    assert only(notices, "row_too_long").row == "3"
    assert only(notices, "row_too_short").row == "4"


def test_a_quote_after_a_space(write_feed):
    stops = 'stop_id,stop_name,stop_lat,stop_lon\nA, "Alder, upper",0.1,10.00\n'
    tables, notices = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_name") == ["Alder, upper"]
    assert notices == []


def test_a_missing_column_is_an_error_where_the_table_is_needed(write_feed):
    _, notices = read(write_feed({"stops": "stop_id,stop_name\nA,Alder\n"}))
    notice = only(notices, "missing_column")
    assert notice.severity == "error"
    assert notice.layer == "town.zip/stops.txt"
    assert notice.column == "stop_lat, stop_lon"
    assert "stop_id, stop_name" in notice.message


def test_a_missing_column_of_another_table_leaves_that_table_out(write_feed):
    frequencies = "trip_id,start_time,end_time\nt1,08:00:00,09:00:00\n"
    tables, notices = read(write_feed({"frequencies": frequencies}))
    assert only(notices, "missing_column").severity == "warning"
    assert len(tables["frequencies"]) == 0


def test_a_required_table_without_rows(write_feed):
    _, notices = read(write_feed({"trips": "route_id,service_id,trip_id\n\n"}))
    assert only(notices, "empty_table").layer == "town.zip/trips.txt"
    _, notices = read(write_feed({"trips": b""}))
    assert only(notices, "missing_column").severity == "error"


def test_cells_that_cannot_be_read_or_be_true(write_feed):
    stops = """
        stop_id,stop_name,stop_lat,stop_lon,location_type
        A,Alder,0.1,10.00,0
        B,Birch,north,10.01,
        C,Cedar,95,10.02,9
        ,Date,0.1,10.03,
    """
    tables, notices = read(write_feed({"stops": stops}))
    frame = tables["stops"].frame
    assert frame["stop_id"].tolist() == ["A", "B", "C"]
    assert np.isnan(frame["stop_lat"].tolist()).tolist() == [False, True, True]
    assert np.isnan(frame["location_type"].tolist()).tolist() == [False, True, True]
    unreadable = only(notices, "unreadable_cell")
    assert (unreadable.row, unreadable.column, unreadable.found) == ("3", "stop_lat", "north")
    impossible = {n.column: n for n in notices if n.code == "value_impossible"}
    assert impossible["stop_lat"].row == "4"
    assert impossible["stop_lat"].expected == "at most 90"
    assert impossible["location_type"].expected == "one of 0, 1, 2, 3, 4"
    assert only(notices, "value_missing").row == "5"


def test_times_and_dates_that_are_none(write_feed):
    stop_times = """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,8:00:00,8:00:00,A,1
        t1,08:61:00,,B,2
        t1,8.20,25:20:00,D,3
    """
    calendar = """
        service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
        W,1,1,1,1,1,0,0,20230102,20230331
        X,1,1,1,1,1,0,0,2023-01-02,20230231
        Y,1,1,yes,1,1,0,0,20230102,20230331
    """
    tables, notices = read(write_feed({"stop_times": stop_times, "calendar": calendar}))
    times = tables["stop_times"]
    assert times.numbers("arrival_time")[0] == 8 * 3600
    assert np.isnan(times.numbers("arrival_time")[1:]).all()
    assert times.numbers("departure_time")[2] == 25 * 3600 + 20 * 60
    assert tables["calendar"].texts("service_id") == ["W"]
    found = {(n.column, n.row) for n in notices if n.code == "unreadable_cell"}
    assert found == {
        ("arrival_time", "3, 4"),
        ("start_date", "3"),
        ("end_date", "3"),
        ("wednesday", "4"),
    }


def test_a_key_named_twice_counts_once(write_feed):
    stops = """
        stop_id,stop_name,stop_lat,stop_lon
        A,Alder,0.1,10.00
        B,Birch,0.1,10.01
        A,Another,0.2,10.00
        C,Cedar,0.1,10.02
        D,Date,0.1,10.03
    """
    tables, notices = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_name") == ["Alder", "Birch", "Cedar", "Date"]
    notice = only(notices, "duplicate_key")
    assert (notice.row, notice.found, notice.severity) == ("4", "A", "warning")


def test_a_column_named_twice(write_feed):
    stops = "stop_id,stop_name,stop_lat,stop_lon,stop_name\nA,Alder,0.1,10.00,Other\n"
    tables, notices = read(write_feed({"stops": stops}))
    assert tables["stops"].texts("stop_name") == ["Alder"]
    assert only(notices, "repeated_column").column == "stop_name"


def test_tables_that_would_matter_and_are_not_read(write_feed):
    tables = {"pathways": "pathway_id\np\n", "fare_rules": "fare_id\nf\n"}
    schedule = read_gtfs([write_feed(tables)], TransitSettings())
    assert [n.layer for n in schedule.notices if n.code == "table_not_read"] == [
        "town.zip/pathways"
    ]


def test_every_error_at_once(write_feed):
    path = write_feed({"stops": "stop_id\nA\n", "trips": "trip_id\nt1\n"})
    with pytest.raises(InvalidLayer) as caught:
        read_gtfs([path], TransitSettings())
    layers = {n.layer for n in caught.value.notices if n.severity == "error"}
    assert layers == {"town.zip/stops.txt", "town.zip/trips.txt"}


CELLS = st.text(alphabet='ab ,"\n\r\u706b0', max_size=4)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8), st.booleans())
def test_the_fast_and_the_slow_way_read_the_same(records, final_break):
    """Quoted cells with commas, quotes and line breaks in them: Arrow against the standard library."""

    def quote(cell):
        return '"' + cell.replace('"', '""') + '"'

    lines = ["x,y,z", *(",".join(map(quote, record)) for record in records)]
    raw = ("\n".join(lines) + ("\n" if final_break else "")).encode()
    headers, header_row = text_tables._read_headers(raw)
    places = {"x": 0, "z": 2}
    slow, notices = text_tables._read_slow(raw, headers, header_row, places, "t")
    fast = text_tables._read_fast(raw, headers, header_row, places)
    assert notices == []
    assert slow.rows.tolist() == [row for row, _ in enumerate(records, start=2)]
    for name, place in places.items():
        assert slow.columns[name].spread().tolist() == [r[place].strip() for r in records]
    if fast is not None:
        assert fast.rows.tolist() == slow.rows.tolist()
        for name in places:
            assert fast.columns[name].spread().tolist() == slow.columns[name].spread().tolist()


def test_row_numbers_count_blank_lines():
    table, notices = read_text_table(b"x,y\n1,2\n\n\n3,4\n", ["x", "y"], layer="t")
    assert table.rows.tolist() == [2, 5]
    assert notices == []


def test_modes_of_route_types():
    rules = read_gtfs_rules()
    found = {number: rules.find_mode(number) for number in (0, 1, 2, 3, 4, 11, 109, 401, 704, 1000)}
    assert found == {
        0: "tram",
        1: "subway",
        2: "train",
        3: "bus",
        4: "ferry",
        11: "trolleybus",
        109: "train",
        401: "subway",
        704: "bus",
        1000: "ferry",
    }
    assert rules.find_mode(8) is None
    assert rules.find_mode(float("nan")) is None
