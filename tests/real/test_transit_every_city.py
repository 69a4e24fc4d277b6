"""What must hold of journeys in every real city, whatever runs there: worked out again from tables and raw files."""

import csv
import io
import zipfile
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import osmium
import pandas as pd
import pytest
from pyproj import Geod

from layers.notices import has_errors
from services.transit_facts import export_gtfs

pytestmark = pytest.mark.real

GTFS_CITIES = ("las_palmas", "porto_alegre", "sao_paulo")
OSM_CITIES = ("monaco", "beijing", "hsinchu", "helsinki")
FASTEST_M_S = 40.0
MODES = ("bus", "trolleybus", "tram", "light_rail", "subway", "train", "ferry")


def _get_window(city: Any) -> tuple[int, int]:
    """First departure, and the minute after the last, seconds after midnight."""
    settings = city.city.config.transit
    first = settings.first_departure_s
    return first, first + 60 * settings.n_departures


@pytest.fixture(scope="module", params=[*GTFS_CITIES, *OSM_CITIES])
def city(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def both(city: Any) -> Any:
    """Rows of both modes side by side; seconds, infinite where unreached."""
    access = city["access"]
    keys = ["demand_id", "kind"]
    walk, ride = (
        access[access["mode"] == mode].set_index(keys) for mode in ("walk", "walk_transit")
    )
    assert walk.index.is_unique
    assert ride.index.sort_values().equals(walk.index.sort_values())
    ride = ride.loc[walk.index]
    seconds = ["nearest_s", "best_s", "worst_s"]
    return SimpleNamespace(
        walk_s=walk["nearest_s"].fillna(np.inf).to_numpy(),
        **{name: ride[name].fillna(np.inf).to_numpy() for name in seconds},
        walk=walk,
        ride=ride,
    )


def test_no_error_and_both_modes(city: Any) -> None:
    assert not has_errors(city.results.notices)
    assert city.results.modes == ["walk", "walk_transit"]
    source = "gtfs" if city.name in ("las-palmas", "porto-alegre", "sao-paulo") else "osm"
    assert city.results.transit_facts["source"] == source
    for table in ("access", "coverage"):
        rows = city[table]
        assert set(rows.loc[rows["mode"] == "walk_transit", "timetable_source"]) == {source}
        assert set(rows.loc[rows["mode"] == "walk", "timetable_source"]) == {""}


def test_a_bus_never_takes_longer_than_walking(both: Any) -> None:
    assert (both.nearest_s <= both.walk_s).all()
    assert (both.worst_s <= both.walk_s).all()


def test_somebody_gains(both: Any) -> None:
    assert (both.walk_s > both.nearest_s + 60).any()


def test_the_median_lies_between_the_best_and_the_worst(both: Any) -> None:
    assert (both.best_s <= both.nearest_s).all()
    assert (both.nearest_s <= both.worst_s).all()
    assert (both.best_s >= 0).all()


def test_the_departure_named_lies_in_the_window(city: Any, both: Any) -> None:
    """Where nobody gains there is none; elsewhere a full minute."""
    first, last = _get_window(city)
    depart = both.ride["depart_s"].to_numpy()
    rides = both.nearest_s < both.walk_s
    np.testing.assert_array_equal(np.isnan(depart), ~rides)
    assert ((depart[rides] >= first) & (depart[rides] < last)).all()
    assert (depart[rides] % 60 == 0).all()


def test_journeys_end_at_a_place_of_the_kind_and_nobody_flies(city: Any, both: Any) -> None:
    ride = both.ride[np.isfinite(both.nearest_s)]
    doors = city["entrances"].set_index("entrance_id")
    owner = doors["facility_id"].loc[ride["entrance_id"]].to_numpy()
    assert (owner == ride["facility_id"].to_numpy()).all()
    facilities = city["facilities"]
    pairs = set(zip(facilities["facility_id"], facilities["kind"], strict=True))
    kinds = ride.index.get_level_values("kind")
    assert set(zip(ride["facility_id"], kinds, strict=True)) <= pairs
    homes = city["demand"].set_index("demand_id").geometry
    start = homes.loc[ride.index.get_level_values("demand_id")]
    end = doors.geometry.loc[ride["entrance_id"]]
    _, _, straight = Geod(ellps="WGS84").inv(
        start.x.to_numpy(), start.y.to_numpy(), end.x.to_numpy(), end.y.to_numpy()
    )
    assert (straight <= FASTEST_M_S * ride["nearest_s"].to_numpy() + 1.0).all()


def test_columns_of_walks_stay_empty(both: Any) -> None:
    assert both.ride[["nearest_m", "second_m", "n_within"]].isna().all(axis=None)
    assert both.walk[["best_s", "worst_s", "depart_s"]].isna().all(axis=None)


def test_shares_are_those_of_the_homes(city: Any) -> None:
    """Share = weight of the homes within the limit / weight of all homes, summed here with pandas."""
    access = city["access"].query("mode == 'walk_transit' and community_id != ''")
    coverage = city["coverage"].query("mode == 'walk_transit' and status == 'measured'")
    assert set(coverage["limit_unit"]) == {"min"}
    groups = [access["community_id"], access["kind"]]
    total = access["weight"].groupby(groups).sum()
    for limit, rows in coverage.groupby("limit"):
        near = access["weight"].where(access["nearest_s"] <= limit * 60 + 1e-6, 0.0)
        expected = (near.groupby(groups).sum() / total).loc[
            pd.MultiIndex.from_frame(rows[["community_id", "kind"]])
        ]
        np.testing.assert_allclose(rows["share"], expected, rtol=1e-9, atol=1e-12)


def test_nobody_is_covered_less_by_bus(city: Any) -> None:
    keys = ["community_id", "kind", "limit", "limit_unit"]
    coverage = city["coverage"].query("limit_unit == 'min'")
    walk, ride = (
        coverage[coverage["mode"] == mode].set_index(keys).sort_index()
        for mode in ("walk", "walk_transit")
    )
    assert ride.index.equals(walk.index)
    assert (ride["status"] == walk["status"]).all()
    for column in ("share", "building_share", "land_share", "households_covered"):
        known = walk[column].notna()
        assert (ride[column].notna() == known).all()
        assert (ride.loc[known, column] >= walk.loc[known, column] - 1e-12).all(), column
    assert (ride["median_s"].fillna(np.inf) <= walk["median_s"].fillna(np.inf)).all()


def test_streets_carry_both_minutes(city: Any) -> None:
    streets = city["streets"]
    for kind in sorted(set(city["facilities"]["kind"]))[:6]:
        walk, ride = streets[f"min_{kind}"], streets[f"ride_min_{kind}"]
        assert (ride.fillna(np.inf) <= walk.fillna(np.inf) + 1e-5).all()


def test_tables_of_stops_and_lines_fit_the_facts(city: Any) -> None:
    facts, stops, lines = city.results.transit_facts, city["stops"], city["lines"]
    assert facts["status"] == "measured"
    assert facts["stops"] == len(stops)
    assert facts["lines"] == len(lines)
    assert facts["stops_served"] == (stops["departures"] > 0).sum() > 0
    assert facts["trips"] == lines["trips"].sum()
    assert facts["trips_in_window"] == lines["trips_in_window"].sum() <= facts["trips"]
    assert stops["stop_id"].is_unique
    assert lines["line_id"].is_unique
    assert stops["timetable_source"].eq(facts["source"]).all()
    running = lines["trips_in_window"] > 0
    assert (lines.loc[running, "headway_min"] > 0).all()
    assert lines.loc[~running, "headway_min"].isna().all()
    assert 0.0 <= facts["near_share"] <= 1.0
    assert set(lines["mode"]) <= {*MODES, "other"}


def test_who_lives_near_a_stop_lives_near_as_the_crow_flies(city: Any) -> None:
    """Share of homes within 5 minutes of a served stop: at most those within 360 m straight."""
    facts, demand = city.results.transit_facts, city["demand"]
    served = city["stops"].query("departures > 0")
    transit = city.results.transit
    ways_in = transit.ways_in[transit.ways_in["stop"].isin(served.index)].geometry
    inside = demand[demand["community_id"] != ""]
    crs = city.city.streets.network.crs
    tree = inside.geometry.to_crs(crs).sindex
    near = np.unique(tree.query(ways_in.to_crs(crs).buffer(360.1), predicate="intersects")[1])
    if facts["near_basis"] == "households" and inside["households"].notna().all():
        weight = inside["households"].to_numpy()
        assert facts["households"] == pytest.approx(weight.sum())
        assert facts["near_share"] <= weight[near].sum() / weight.sum() + 1e-9
    assert facts["near_share"] > 0


# ------------------------------------------------------------------ the operators' feeds, counted again


def _read(path: Any, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        if name not in archive.namelist():
            return []
        rows = csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))
        head = [column.strip() for column in next(rows)]
        return [dict(zip(head, row, strict=False)) for row in rows if row]


def _seconds(clock: str) -> int | None:
    if not clock.strip():
        return None
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _count_feed(path: Any, day: date, window: tuple[int, int]) -> SimpleNamespace:
    """Trips of a day with frequencies written out, and who departs within the window, in plain Python."""
    stamp, weekday = day.strftime("%Y%m%d"), day.strftime("%A").lower()
    services = {
        row["service_id"]
        for row in _read(path, "calendar.txt")
        if row["start_date"] <= stamp <= row["end_date"] and row[weekday] == "1"
    }
    for row in _read(path, "calendar_dates.txt"):
        if row["date"] == stamp:
            (services.add if row["exception_type"] == "1" else services.discard)(row["service_id"])
    route_of = {
        row["trip_id"]: row["route_id"]
        for row in _read(path, "trips.txt")
        if row["service_id"] in services
    }
    calls = defaultdict(list)
    for row in _read(path, "stop_times.txt"):
        if row["trip_id"] in route_of:
            departure = _seconds(row["departure_time"])
            calls[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"], departure))
    starts = defaultdict(list)
    for row in _read(path, "frequencies.txt"):
        begin, end = _seconds(row["start_time"]), _seconds(row["end_time"])
        starts[row["trip_id"]] += list(range(begin, end, int(row["headway_secs"])))
    found = SimpleNamespace(
        trips=0, in_window=0, departures=Counter(), routes=set(), blank=0, stops=set()
    )
    for trip, rows in calls.items():
        if len(rows) < 2:
            continue
        ordered = [(stop, departure) for _, stop, departure in sorted(rows)]
        found.routes.add(route_of[trip])
        found.blank += sum(departure is None for _, departure in ordered)
        found.stops |= {stop for stop, _ in ordered}
        first = ordered[0][1]
        for start in starts.get(trip, [first]):
            found.trips += 1
            departing = {
                at: departure - first + start
                for at, (_, departure) in enumerate(ordered[:-1])
                if departure is not None
            }
            inside = [at for at, time in departing.items() if window[0] <= time < window[1]]
            found.in_window += bool(inside)
            found.departures.update(ordered[at][0] for at in inside)
    return found


@pytest.mark.parametrize("name", ["las_palmas", "sao_paulo"])
def test_counts_are_those_of_the_raw_feed(name: str, request: pytest.FixtureRequest) -> None:
    city = request.getfixturevalue(name)
    (path,) = city.city.config.gtfs
    raw = _count_feed(path, city.results.transit.day, _get_window(city))
    facts = city.results.transit_facts
    assert raw.blank == 0
    assert facts["trips"] == raw.trips
    assert facts["trips_in_window"] == raw.in_window
    assert set(city["lines"]["line_id"]) == raw.routes
    ours = city["stops"].set_index("stop_id")["departures"]
    assert ours[ours > 0].to_dict() == dict(raw.departures)


def test_las_palmas_runs_on_the_wednesday_of_the_map(las_palmas: Any) -> None:
    """Figures of the data's own description."""
    facts = las_palmas.results.transit_facts
    assert facts["day"] == "2023-02-22"
    assert (facts["trips"], facts["stops"]) == (3759, 793)
    assert facts["stops_connected_share"] == 1.0
    assert facts["near_share"] > 0.8


def test_porto_alegre_has_two_feeds_and_blank_times(porto_alegre: Any) -> None:
    """2,374 bus trips and 529 trains; nearly all bus times are blank and lie between their neighbours."""
    window = _get_window(porto_alegre)
    feeds = porto_alegre.city.config.gtfs
    raw = [_count_feed(path, date(2019, 5, 15), window) for path in feeds]
    facts, lines = porto_alegre.results.transit_facts, porto_alegre["lines"]
    assert [one.trips for one in raw] == [2374, 529]
    assert raw[0].blank > 120_000
    assert facts["trips"] == 2374 + 529
    assert len(facts["feeds"]) == 2
    assert set(lines["mode"]) >= {"bus"}
    assert lines["line_id"].str.match("[12]:").all()
    assert len(lines) == sum(len(one.routes) for one in raw)
    counted = {entry["code"]: entry["count"] for entry in facts["assumptions"]}
    assert max(counted.values()) == pytest.approx(raw[0].blank, rel=0.01)
    # interpolated calls count: far more departures than those with a time
    assert porto_alegre["stops"]["departures"].sum() > 5 * sum(
        sum(one.departures.values()) for one in raw
    )
    timetable = porto_alegre.results.transit.timetable
    assert (timetable.hop_arrival_s >= timetable.hop_departure_s).all()
    assert _rises_along_trips(timetable)


def _rises_along_trips(timetable: Any) -> bool:
    """Hops of a trip follow each other in time."""
    order = np.lexsort((timetable.hop_departure_s, timetable.hop_trip))
    trip = timetable.hop_trip[order]
    follows = timetable.hop_departure_s[order][1:] >= timetable.hop_departure_s[order][:-1]
    return bool(follows[trip[1:] == trip[:-1]].all())


# ------------------------------------------------------------------ routes of the map, counted again


def _count_relations(path: Any) -> tuple[int, int]:
    """Route relations of public transport: all, and those with two or more of their stops in the file."""
    nodes, ways = set(), set()
    for thing in osmium.FileProcessor(str(path)):
        if thing.is_node():
            nodes.add(thing.id)
        elif thing.is_way():
            ways.add(thing.id)
    every = present = 0
    for thing in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        tags = thing.tags
        if tags.get("type") != "route" or tags.get("route") not in MODES:
            continue
        every += 1
        stops = {
            member.ref
            for member in thing.members
            if ("stop" in member.role or "platform" in member.role)
            and member.ref in (nodes if member.type == "n" else ways)
        }
        present += len(stops) >= 2
    return every, present


@pytest.mark.parametrize("name", OSM_CITIES)
def test_most_relations_with_stops_give_trips(name: str, request: pytest.FixtureRequest) -> None:
    city = request.getfixturevalue(name)
    every, present = _count_relations(city.osm)
    counted = {entry["code"]: entry["count"] for entry in city.results.transit_facts["assumptions"]}
    used = counted["relations_used"]
    assert used <= every
    assert used >= 0.8 * present
    for entry in city.results.transit_facts["assumptions"]:
        assert entry["count"] > 0
        assert str(entry["count"]) in entry["en"].replace(",", "")
        assert str(entry["count"]) in entry["zh"].replace(",", "")
    lines = city["lines"]
    assert 0 < len(lines) <= every
    assert set(lines["headway_source"]) <= {"interval", "default"}
    assert set(lines["hours_source"]) <= {"opening_hours", "default"}


@pytest.mark.parametrize("name", OSM_CITIES)
def test_vehicles_of_the_map_run_at_a_vehicles_speed(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Straight line from stop to stop over the ride: between walking pace and a fast train."""
    city = request.getfixturevalue(name)
    transit = city.results.transit
    timetable, place = transit.timetable, transit.stops.geometry
    lon, lat = place.x.to_numpy(), place.y.to_numpy()
    _, _, straight = Geod(ellps="WGS84").inv(
        lon[timetable.hop_from],
        lat[timetable.hop_from],
        lon[timetable.hop_to],
        lat[timetable.hop_to],
    )
    ride = np.maximum(timetable.hop_arrival_s - timetable.hop_departure_s, 1)
    assert (straight / ride < FASTEST_M_S).all()
    assert np.median(straight / ride) > 2.0
    assert (timetable.hop_arrival_s >= timetable.hop_departure_s).all()


def test_what_is_exported_comes_back_the_same(
    monaco: Any, real_tools: SimpleNamespace, tmp_path: Any
) -> None:
    """The timetable made of Monaco's routes, written as GTFS, read as a feed: the same journeys to the second."""
    path = tmp_path / "monaco.gtfs.zip"
    export_gtfs(monaco.folder, path)
    again = tmp_path / "again.zip"
    export_gtfs(monaco.folder, again)
    assert path.read_bytes() == again.read_bytes()
    said = " ".join(
        value
        for name in ("agency.txt", "feed_info.txt")
        for row in _read(path, name)
        for value in row.values()
    )
    assert "synthetic" in said.lower()
    config = monaco.city.config
    day = monaco.results.transit.day
    config = replace(config, gtfs=(path,), transit=replace(config.transit, day=day))
    _, results = real_tools.measure(config)
    assert results.transit_facts["source"] == "gtfs"
    for figure in ("stops_served", "lines", "trips", "trips_in_window"):
        assert results.transit_facts[figure] == monaco.results.transit_facts[figure], figure
    keys = ["demand_id", "kind"]
    one, two = (
        table[table["mode"] == "walk_transit"].set_index(keys)["nearest_s"].fillna(-1.0)
        for table in (monaco["access"], results.tables["access"])
    )
    apart = (two.loc[one.index] - one).abs()
    assert (apart <= 1.0).mean() > 0.999
    assert apart.max() <= 120.0


def test_the_export_is_a_feed_for_others(monaco: Any, tmp_path: Any) -> None:
    """Every reference in the exported tables leads somewhere, and times rise."""
    path = tmp_path / "monaco.gtfs.zip"
    export_gtfs(monaco.folder, path)
    tables = {
        name: _read(path, f"{name}.txt")
        for name in ("agency", "stops", "routes", "trips", "stop_times", "calendar")
    }
    ids = {
        "stop_id": {row["stop_id"] for row in tables["stops"]},
        "route_id": {row["route_id"] for row in tables["routes"]},
        "trip_id": {row["trip_id"] for row in tables["trips"]},
        "service_id": {row["service_id"] for row in tables["calendar"]},
    }
    assert {row["route_id"] for row in tables["trips"]} == ids["route_id"]
    assert {row["service_id"] for row in tables["trips"]} <= ids["service_id"]
    assert {row["trip_id"] for row in tables["stop_times"]} == ids["trip_id"]
    assert {row["stop_id"] for row in tables["stop_times"]} <= ids["stop_id"]
    assert len(tables["trips"]) == monaco.results.transit_facts["trips"]
    for one, other in pairwise(tables["stop_times"]):
        if one["trip_id"] == other["trip_id"]:
            assert int(one["stop_sequence"]) < int(other["stop_sequence"])
            assert _seconds(one["departure_time"]) <= _seconds(other["arrival_time"])
