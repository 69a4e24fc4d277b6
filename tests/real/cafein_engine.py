"""Questions to an independent engine (cafein), on its own reading of the files and on the product's streets.

What it does and how, as its code and answers show, stands in `CAFEIN.md`. Minutes of the window are asked one by one:
the nearest place differs from minute to minute, and the engine's own percentiles are per place.
"""

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cafein
import geopandas as gpd
import numpy as np
from cafein import streets as cafein_streets

from geo.crs import unproject

UNREACHED = np.iinfo(np.uint32).max
SNAP_M = 150.0


def build_on_own_streets(feed: Path, osm: Path, *, speed_m_s: float, change_walk_min: float) -> Any:
    """The engine as anyone would build it: feed and OSM extract, a speed, and limits."""
    return cafein.TransportNetwork.from_gtfs(
        str(feed),
        osm_pbf=str(osm),
        walking_speed_kmph=speed_m_s * 3.6,
        max_walking_time=change_walk_min,
        snap_distance=SNAP_M,
        trip_distances=False,
        street_modes=(),
    )


def build_on_streets(
    feed: Any,
    folder: Path,
    network: Any,
    usable: np.ndarray,
    stop_links: dict[str, tuple[int, float, float]],
    *,
    speed_m_s: float,
    change_walk_min: float,
    min_change_s: float,
    slack_s: float,
) -> Any:
    """The engine with the streets of a product's network, and changes that take their time.

    It knows neither a least time for changes nor slack before boarding. So every stop stands once per place on a
    route's path, and vehicles of two paths meet through transfers alone, which the engine times itself along the
    streets given; to these the slack is added here.

    Parameters
    ----------
    feed
        As `plain_transit.read_feed` gives it.
    usable
        Edges people may walk on.
    stop_links
        Edge, share of its length, and leg in metres of each stop.
    """
    copies = _write_feed(feed, folder)
    made = cafein.TransportNetwork.from_gtfs(str(folder), trip_distances=False)
    n_nodes, edges, offsets, lon, lat, place = _list_streets(network, usable)
    links = {
        stop: (int(place[edge]), share, leg) for stop, (edge, share, leg) in stop_links.items()
    }
    linked = [(copy, *links[stop]) for copy, stop in copies.items() if stop in links]
    made.set_street_network(n_nodes, edges, offsets, lon, lat, linked)
    stops = list(links)
    walks = _walk_between(
        [links[stop] for stop in stops],
        edges,
        offsets,
        lon,
        lat,
        n_nodes,
        speed_m_s,
        change_walk_min * 60,
    )
    least = {(at, at): min_change_s for at in range(len(stops))}
    least |= {(a, b): max(min_change_s, seconds + slack_s) for a, b, seconds in walks if a != b}
    rows = defaultdict(list)
    for number, stop in enumerate(copies.values()):
        rows[stop].append(number)
    pairs = [
        (one, other, round(seconds))
        for (a, b), seconds in least.items()
        for one in rows[stops[a]]
        for other in rows[stops[b]]
        if one != other
    ]
    made.set_transfers(
        cafein_streets.Footpaths(list(copies), *np.array(pairs).T, np.zeros(len(pairs)))
    )
    return made


def _write_feed(feed: Any, folder: Path) -> dict[str, str]:
    """Write the day's trips as a feed in which each place on a route's path is a stop of its own."""
    folder.mkdir()
    paths: dict[tuple[str, ...], int] = {}
    copies: dict[str, str] = {}
    times = []
    for number, (route, calls) in enumerate(zip(feed.route_of, feed.trips, strict=True)):
        path = paths.setdefault((route, *(call.stop for call in calls)), len(paths))
        for at, call in enumerate(calls):
            copy = f"{call.stop}#{path}#{at}"
            copies[copy] = call.stop
            clocks = [_clock(call.arrival_s), _clock(call.departure_s)]
            times.append([f"T{number}", *clocks, copy, at])
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    tables = {
        "agency": [
            ["agency_id", "agency_name", "agency_url", "agency_timezone"],
            ["a", "a", "https://example.org", "UTC"],
        ],
        "calendar": [
            ["service_id", *days, "start_date", "end_date"],
            ["s", *"1111111", "20000101", "20991231"],
        ],
        "routes": [
            ["route_id", "agency_id", "route_short_name", "route_type"],
            *([route, "a", route, 3] for route in dict.fromkeys(feed.route_of)),
        ],
        "trips": [
            ["route_id", "service_id", "trip_id"],
            *([route, "s", f"T{number}"] for number, route in enumerate(feed.route_of)),
        ],
        "stops": [
            ["stop_id", "stop_name", "stop_lon", "stop_lat"],
            *([copy, copy, *feed.stops[stop]] for copy, stop in copies.items()),
        ],
        "stop_times": [
            ["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"],
            *times,
        ],
    }
    for name, rows in tables.items():
        with (folder / f"{name}.txt").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return copies


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _list_streets(network: Any, usable: np.ndarray) -> tuple[Any, ...]:
    """Streets as the engine takes them, and the place of each edge among them."""
    edges = np.flatnonzero(usable)
    place = np.full(network.n_edges, -1)
    place[edges] = np.arange(len(edges))
    nodes, ends = np.unique(network.edge_nodes[edges], return_inverse=True)
    lonlat = unproject(network.vertex_xy, network.crs)
    begin, end = network.edge_vertex[edges], network.edge_vertex[edges + 1]
    counts = end - begin
    offsets = np.concatenate([[0], np.cumsum(counts)])
    vertices = np.repeat(begin - offsets[:-1], counts) + np.arange(offsets[-1])
    pieces = [
        (int(a), int(b), float(metres))
        for (a, b), metres in zip(ends.reshape(-1, 2), network.edge_length_m[edges], strict=True)
    ]
    lon, lat = lonlat[vertices].T
    return len(nodes), pieces, offsets.tolist(), lon.tolist(), lat.tolist(), place


def _walk_between(
    links: Sequence[tuple[int, float, float]],
    edges: Any,
    offsets: Any,
    lon: Any,
    lat: Any,
    n_nodes: int,
    speed_m_s: float,
    limit_s: float,
) -> list[tuple[int, int, float]]:
    """The engine's own walks between places on streets: from, to, whole seconds, rounded up."""
    from cafein import _cafein

    rows = [(number, *link) for number, link in enumerate(links)]
    a, b, seconds, _ = _cafein.street_footpaths(
        n_nodes, edges, offsets, lon, lat, rows, speed_m_s, limit_s
    )
    return [
        one
        for one in zip(a.tolist(), b.tolist(), seconds.tolist(), strict=True)
        if one[2] <= limit_s
    ]


def ask_minutes(
    engine: Any,
    day: dt.date,
    homes: gpd.GeoSeries,
    places: gpd.GeoSeries,
    groups: Sequence[np.ndarray],
    *,
    first_s: int,
    count: int,
    speed_m_s: float,
    walk_min: float,
    slack_s: float = 0.0,
    legs_s: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Seconds to the nearest of each group of places, shape groups × homes × departures.

    `slack_s` before boarding is a departure as much later; `legs_s` is what each place lies beyond its street.
    """
    origins, destinations = _frame(homes), _frame(places)
    found = np.full((len(groups), len(homes), count), np.inf)
    for minute in range(count):
        leave = dt.datetime.combine(day, dt.time()) + dt.timedelta(
            seconds=first_s + 60 * minute + slack_s
        )
        seconds = engine.travel_time_matrix(
            origins,
            leave,
            destinations=destinations,
            walking_speed_kmph=speed_m_s * 3.6,
            max_walking_time=walk_min,
            snap_distance=SNAP_M,
        )
        times = (
            np.where(seconds == UNREACHED, np.inf, seconds.astype(np.float64)) + slack_s + legs_s
        )
        for at, group in enumerate(groups):
            found[at, :, minute] = times[:, group].min(axis=1)
    return found


def ask_walks(
    engine: Any,
    day: dt.date,
    homes: gpd.GeoSeries,
    places: gpd.GeoSeries,
    groups: Sequence[np.ndarray],
    routes: Iterable[str],
    *,
    speed_m_s: float,
    legs_s: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Seconds on foot to the nearest of each group of places, shape groups × homes: no route runs."""
    seconds = engine.travel_time_matrix(
        _frame(homes),
        dt.datetime.combine(day, dt.time(hour=12)),
        destinations=_frame(places),
        exclude_routes=list(routes),
        walking_speed_kmph=speed_m_s * 3.6,
        max_walking_time=180,
        snap_distance=SNAP_M,
    )
    times = np.where(seconds == UNREACHED, np.inf, seconds.astype(np.float64)) + legs_s
    return np.array([times[:, group].min(axis=1) for group in groups])


def list_stop_walks(
    engine: Any, points: gpd.GeoSeries, *, speed_m_s: float, walk_min: float
) -> list[dict[str, float]]:
    """The engine's own walks from each point to stops, seconds; none for points far from its streets."""
    found = []
    for point in points:
        try:
            stops = engine.access_stops(
                point.y,
                point.x,
                walking_speed_kmph=speed_m_s * 3.6,
                max_walking_time=walk_min,
                snap_distance=SNAP_M,
            )
        except ValueError:
            stops = {}
        found.append(stops)
    return found


def list_changes(
    osm: Path, engine: Any, *, speed_m_s: float, change_walk_min: float
) -> list[tuple[str, str, float]]:
    """The engine's own walks between stops: from, to, seconds."""
    paths = cafein_streets.walking_footpaths(
        str(osm),
        engine.stops,
        walking_speed_kmph=speed_m_s * 3.6,
        max_walking_time=change_walk_min,
        snap_distance=SNAP_M,
    )
    return [(a, b, seconds) for a, b, seconds, _ in paths]


def _frame(points: gpd.GeoSeries) -> gpd.GeoDataFrame:
    ids = [str(number) for number in range(len(points))]
    return gpd.GeoDataFrame({"id": ids}, geometry=list(points), crs="EPSG:4326")
