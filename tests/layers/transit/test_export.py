"""GTFS written for other tools: read back by others and by ourselves it is the same timetable."""

import csv
import io
import os
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.timetable import build_timetable
from layers.osm import read_osm
from layers.streets import build_streets
from layers.transit.build import assemble_transit
from layers.transit.export import write_gtfs
from layers.transit.gtfs import read_gtfs
from layers.transit.model import Transit
from layers.transit.routes import build_osm_schedule
from layers.transit.settings import TransitSettings

WEDNESDAY = date(2024, 1, 3)
HOSTILE = '=cmd|"x",\r\n<b>甲</b>\u2028站'


def make_transit(names: list[str] | None = None) -> Transit:
    """Three stops, two lines: 1 runs A-B-C twice (the second past midnight), 2 runs C-A once.

    Line 1 leaves A at 08:00, B 08:03:00-08:03:20, C 08:06:20; at 24:30 once more. At B nobody gets on.
    Line 2 leaves C at 09:00, A 09:10; A is entered through a door, C → A takes 90 s, B → C is no change.
    """
    names = names or ["甲", "乙", "丙"]
    day = [(0, 28_800, 28_800), (1, 28_980, 29_000), (2, 29_180, 29_180)]
    calls = [
        *((0, *call) for call in day),
        *((1, stop, arrival + 59_400, departure + 59_400) for stop, arrival, departure in day),
        (2, 2, 32_400, 32_400),
        (2, 0, 33_000, 33_000),
    ]
    trip, stop, arrival_s, departure_s = np.array(calls).T
    board = ~((stop == 1) & (trip < 2))
    timetable = build_timetable(
        n_stops=3,
        call_trip=trip,
        call_stop=stop,
        call_arrival_s=arrival_s,
        call_departure_s=departure_s,
        call_board=board,
        call_alight=np.ones(len(trip), dtype=np.bool_),
        trip_line=np.array([0, 0, 1]),
    )
    points = shapely.points([[107.1, 34.3], [107.11, 34.3], [107.12, 34.3]])
    stops = gpd.GeoDataFrame(
        {
            "stop_id": ["A", "B", "C"],
            "name": names,
            "station_id": ["S", "", "C"],
        },
        geometry=points,
        crs="EPSG:4326",
    )
    lines = gpd.GeoDataFrame(
        {
            "line_id": ["r1", "r2"],
            "ref": ["1", names[0]],
            "name": ["1", names[0]],
            "mode": ["bus", "subway"],
            "operator": ["公交", ""],
            "headway_source": ["interval", "default"],
            "hours_source": ["default", "default"],
        },
        geometry=[shapely.MultiLineString()] * 2,
        crs="EPSG:4326",
    )
    ways_in = gpd.GeoDataFrame(
        {"stop": [0, 1, 2]},
        geometry=[shapely.Point(107.1005, 34.3001), *points[1:]],
        crs="EPSG:4326",
    )
    changes = pd.DataFrame(
        {
            "from_stop": [2, 1, 0],
            "to_stop": [0, 2, 1],
            "min_s": [90.0, np.nan, np.nan],
            "forbidden": [False, True, False],
        }
    )
    return Transit(
        source="osm",
        day=WEDNESDAY,
        stops=stops,
        lines=lines,
        ways_in=ways_in,
        changes=changes,
        trip_headsign=(names[2], names[2], names[0]),
        timetable=timetable,
        assumptions=(),
    )


def read_tables(path: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path) as archive:
        return {
            name.removesuffix(".txt"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"), newline=""))
            )
            for name in archive.namelist()
        }


def list_hops(transit: Transit) -> pd.DataFrame:
    table = transit.timetable
    ids = transit.stops["stop_id"].to_numpy()
    line = transit.lines["line_id"].to_numpy()[table.trip_line[table.hop_trip]]
    frame = pd.DataFrame(
        {
            "departure_s": table.hop_departure_s,
            "arrival_s": table.hop_arrival_s,
            "from": ids[table.hop_from],
            "to": ids[table.hop_to],
            "line": line,
            "board": table.hop_board,
            "alight": table.hop_alight,
        }
    )
    return frame.sort_values(list(frame.columns), ignore_index=True)


def test_tables_of_a_small_timetable(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    write_gtfs(path, make_transit(), name="样例市", synthetic=True)
    tables = read_tables(path)
    assert list(tables) == [
        "agency",
        "stops",
        "routes",
        "trips",
        "stop_times",
        "calendar",
        "feed_info",
        "transfers",
        "attributions",
    ]
    times = [
        (
            row["trip_id"],
            row["arrival_time"],
            row["departure_time"],
            row["stop_id"],
            row["pickup_type"],
        )
        for row in tables["stop_times"]
    ]
    assert times[:4] == [
        ("synthetic-0", "08:00:00", "08:00:00", "A", "0"),
        ("synthetic-0", "08:03:00", "08:03:20", "B", "1"),
        ("synthetic-0", "08:06:20", "08:06:20", "C", "0"),
        ("synthetic-1", "24:30:00", "24:30:00", "A", "0"),
    ]
    assert [row["stop_sequence"] for row in tables["stop_times"]] == list("12312312"[:8])
    assert {row["timepoint"] for row in tables["stop_times"]} == {"0"}
    assert [row["agency_name"] for row in tables["agency"]] == ["unknown operator", "公交"]
    assert {row["agency_timezone"] for row in tables["agency"]} == {"Asia/Shanghai"}
    assert [(row["route_type"], row["route_long_name"]) for row in tables["routes"]] == [
        ("3", ""),
        ("1", ""),
    ]
    assert all("synthetic" in row["route_desc"] for row in tables["routes"])
    [calendar] = tables["calendar"]
    assert (calendar["wednesday"], calendar["start_date"], calendar["end_date"]) == (
        "1",
        "20240103",
        "20240103",
    )
    assert sum(calendar[day] == "1" for day in list(calendar)[1:8]) == 1
    kinds = {
        row["stop_id"]: (row["location_type"], row["parent_station"]) for row in tables["stops"]
    }
    assert kinds == {
        "S": ("1", ""),
        "station-C": ("1", ""),
        "A": ("0", "S"),
        "B": ("0", ""),
        "C": ("0", "station-C"),
        "S-entrance-1": ("2", "S"),
    }
    transfers = [tuple(row.values()) for row in tables["transfers"]]
    assert transfers == [("C", "A", "2", "90"), ("B", "C", "3", ""), ("A", "B", "0", "")]
    [info] = tables["feed_info"]
    assert info["feed_publisher_name"] == "LifeCircle"
    assert "synthetic" in info["feed_version"]
    assert "样例市" in info["feed_version"]
    [credit] = tables["attributions"]
    assert credit["organization_name"] == "© OpenStreetMap contributors"


def test_an_operators_timetable_is_not_called_synthetic(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    write_gtfs(path, make_transit(), name="feed", synthetic=False, timezone="Europe/Paris")
    with zipfile.ZipFile(path) as archive:
        told = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert "attributions.txt" not in archive.namelist()
    assert "synthetic" not in told
    assert "Europe/Paris" in told


def test_hostile_names_stay_text_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    transit = make_transit([HOSTILE, "", "丙"])
    write_gtfs(path, transit, name=HOSTILE, synthetic=True)
    tables = read_tables(path)
    names = {row["stop_id"]: row["stop_name"] for row in tables["stops"]}
    assert names["A"] == '=cmd|"x", <b>甲</b> 站'
    assert names["B"] == "B"  # a stop needs a name
    assert len(tables["trips"]) == 3
    assert all(
        None not in row and None not in row.values() for rows in tables.values() for row in rows
    )
    found = read_gtfs([path], TransitSettings(day=WEDNESDAY))
    assert found.lines["ref"].tolist()[1] == names["A"]


def test_equal_timetables_are_equal_bytes_and_replace_whole(tmp_path: Path) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    for path in (one, other, other):
        write_gtfs(path, make_transit(), name="样例市", synthetic=True)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.zip", "other.zip"]
    if os.name == "posix":
        assert one.stat().st_mode & 0o777 == 0o644


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_gtfs(tmp_path / "nowhere" / "x.zip", make_transit(), name="", synthetic=True)


def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "feed.zip"
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(OSError, match="feed"):
        write_gtfs(target, make_transit(), name="", synthetic=True)
    assert [path.name for path in tmp_path.iterdir()] == ["feed.zip"]


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [
        (7.4, 43.7, "Etc/UTC"),
        (24.9, 60.2, "Etc/GMT-2"),
        (-15.4, 28.1, "Etc/GMT+1"),
        (107, 34, "Asia/Shanghai"),
    ],
)
def test_a_zone_on_the_spot(tmp_path: Path, lon: float, lat: float, zone: str) -> None:
    """Etc/GMT-2 is two hours east of Greenwich: the names turn the sign round."""
    transit = make_transit()
    stops = transit.stops.set_geometry(shapely.points([[lon, lat]] * 3), crs="EPSG:4326")
    write_gtfs(tmp_path / "x.zip", replace(transit, stops=stops), name="", synthetic=True)
    assert read_tables(tmp_path / "x.zip")["agency"][0]["agency_timezone"] == zone


def test_a_timetable_without_trips(tmp_path: Path) -> None:
    transit = make_transit()
    table = transit.timetable
    none = np.empty(0, np.int64)
    empty = build_timetable(
        n_stops=3,
        call_trip=none,
        call_stop=none,
        call_arrival_s=none,
        call_departure_s=none,
        call_board=none.astype(bool),
        call_alight=none.astype(bool),
        trip_line=table.trip_line,
    )
    write_gtfs(tmp_path / "x.zip", replace(transit, timetable=empty), name="", synthetic=True)
    assert read_tables(tmp_path / "x.zip")["stop_times"] == []


def test_read_back_by_ourselves(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    transit = make_transit()
    write_gtfs(path, transit, name="样例市", synthetic=True)
    found = read_gtfs([path], TransitSettings())
    assert found.day == WEDNESDAY
    assert {notice.severity for notice in found.notices} <= {"info"}
    calls = found.calls
    table = build_timetable(
        n_stops=len(found.stops),
        call_trip=calls.trip,
        call_stop=calls.stop,
        call_arrival_s=calls.arrival_s,
        call_departure_s=calls.departure_s,
        call_board=calls.board,
        call_alight=calls.alight,
        trip_line=found.trip_line,
    )
    back = replace(transit, stops=found.stops, lines=found.lines, timetable=table)
    assert list_hops(back).equals(list_hops(transit))
    assert sorted(found.trip_headsign) == sorted(transit.trip_headsign)
    door = found.ways_in[found.ways_in["stop_id"] == "A"]
    # A is called at by a bus too: whoever boards in the street needs no door.
    assert len(door) in {0, 1}


@pytest.mark.real
@pytest.mark.parametrize(
    "name",
    [
        "nanjing-xinjiekou-20210612.osm",
        "monaco-20231226.osm.pbf",
        "taichung-tunghai-20250811.osm.gz",
    ],
)
def test_real_cities_read_back(shared_data: Path, tmp_path: Path, name: str) -> None:
    """Hop by hop the same, by our reader; as many trips and calls, by gtfs-kit."""
    settings = TransitSettings()
    extract = read_osm(shared_data / "osm" / name)
    streets, _ = build_streets(extract)
    transit, _ = assemble_transit(
        build_osm_schedule(extract, settings),
        settings,
        streets.network,
        extract.bounds,
        max_leg_m=150.0,
    )
    path = tmp_path / "feed.zip"
    write_gtfs(path, transit, name=name, synthetic=True)
    found = read_gtfs([path], settings)
    assert found.day == transit.day
    assert {notice.severity for notice in found.notices} <= {"info"}
    again, _ = assemble_transit(found, settings, streets.network, extract.bounds, max_leg_m=150.0)
    assert list_hops(again).equals(list_hops(transit))
    check_with_gtfs_kit(path, transit)


def check_with_gtfs_kit(path: Path, transit: Transit) -> None:
    import gtfs_kit

    feed = gtfs_kit.read_feed(path, dist_units="km")
    stamp = f"{transit.day:%Y%m%d}"
    assert feed.get_dates() == [stamp]
    trips = feed.get_trips(stamp)
    assert len(trips) == len(np.unique(transit.timetable.hop_trip))
    assert set(feed.routes["route_id"]) == set(transit.lines["line_id"])
    times = feed.stop_times
    assert len(times) == transit.timetable.n_hops + len(trips)
    assert set(times["stop_id"]) <= set(feed.stops.loc[feed.stops["location_type"] == 0, "stop_id"])
    parents = feed.stops["parent_station"].dropna()
    stations = feed.stops.loc[feed.stops["location_type"] == 1, "stop_id"]
    assert set(parents[parents != ""]) <= set(stations)
    assert feed.stops["stop_id"].is_unique
    assert times["trip_id"].isin(trips["trip_id"]).all()
    departures = times.groupby("trip_id", sort=False)["departure_time"]
    assert departures.apply(lambda one: one.is_monotonic_increasing).all()
