"""Journeys of Las Palmas and São Paulo against a plain search, at every minute of the window.

Worked out again: the timetable, from the tables in the zip (`plain_transit.py`); every walk, with networkx on a graph read
from the OSM file (`plain_walks.py`); the search, trip by trip. Shared with the product: the written tables of homes and
entrances, the places of the stops, and what `plain_walks.py` shares.

Equal means within a second at each of the 60 departures: the product's walks are rounded by some millimetres a street, and
down to whole milliseconds.
"""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

from geo.journeys import measure_durations
from geo.profile import scan_profiles
from services.rides import build_rides, measure_egress
from services.walks import build_walks

pytestmark = pytest.mark.real

ADULT_M_S, CHILD_M_S = 1.2, 1.0
CITIES = {
    "las_palmas": (20, {"hospital": ADULT_M_S, "kindergarten": CHILD_M_S}),
    "sao_paulo": (12, {"mall": ADULT_M_S, "primary_school": CHILD_M_S}),
}
"""Homes asked about, kinds, and the speed of those who go there. São Paulo's trips are frequencies: twice as many."""
FIRST_S, N_DEPARTURES = 7 * 3600 + 30 * 60, 60
WALK_S, CHANGE_WALK_S = 15 * 60.0, 5 * 60.0
TOLERANCE_S = 1.0
SHIFT_S = 0.05
"""How much earlier or later a walk may end where that decides whether a bus is caught."""


@pytest.fixture(scope="module", params=list(CITIES))
def measured(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def plain(measured: Any, plain_walks: ModuleType, plain_transit: ModuleType) -> SimpleNamespace:
    """What the plain search needs: homes, and per kind where one may walk and change."""
    n_homes, kinds = CITIES[measured.name.replace("-", "_")]
    feed = plain_transit.read_feed(measured.city.config.gtfs[0], measured.results.transit.day)
    homes = _draw_homes(measured, n_homes)
    stops = list(feed.stops)
    graph = _build_graph(measured, plain_walks, homes, np.array([feed.stops[s] for s in stops]))
    to_stop = [graph.walks_to_stop(at, WALK_S * max(kinds.values())) for at in range(len(stops))]
    searches = {}
    for kind, speed in kinds.items():
        doors = _list_doors(measured, kind)
        between: dict[str, dict[str, float]] = {stop: {} for stop in stops}
        reach: list[dict[str, float]] = [{} for _ in range(n_homes)]
        for stop, (from_homes, from_stops) in zip(stops, to_stop, strict=True):
            for home, metres in from_homes.items():
                if metres / speed <= WALK_S:
                    reach[home][stop] = metres / speed
            for other, metres in from_stops.items():
                if metres / speed <= CHANGE_WALK_S:
                    between[stops[other]][stop] = metres / speed
        last = graph.walks_from_stops(doors, WALK_S * speed)
        walks = graph.walks_to(doors)
        searches[kind] = SimpleNamespace(
            speed_m_s=speed,
            town=plain_transit.Town(feed, between, plain_transit.Rules()),
            reach=reach,
            last={stops[at]: metres / speed for at, metres in last.items()},
            walk=[walks.get(at, np.inf) / speed for at in range(n_homes)],
        )
    return SimpleNamespace(homes=homes, kinds=searches)


def _draw_homes(measured: Any, n_homes: int) -> Any:
    demand = measured["demand"]
    connected = np.flatnonzero(demand["connected"])
    rows = np.random.default_rng(20230222).permutation(connected)[:n_homes]
    return demand.iloc[np.sort(rows)].reset_index(drop=True)


def _list_doors(measured: Any, kind: str) -> list[int]:
    facilities = measured["facilities"]
    wanted = set(facilities.loc[facilities["kind"] == kind, "facility_id"])
    return np.flatnonzero(measured["entrances"]["facility_id"].isin(wanted)).tolist()


def _build_graph(
    measured: Any, plain_walks: ModuleType, homes: Any, stop_lonlat: np.ndarray
) -> Any:
    crs = measured.city.streets.network.crs
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def project(lon: Any, lat: Any) -> np.ndarray:
        return np.column_stack(to_metres.transform(np.asarray(lon), np.asarray(lat)))

    doors = measured["entrances"].geometry
    return plain_walks.PlainCity(
        measured.osm,
        measured.city.extract,
        crs,
        project(homes.geometry.x, homes.geometry.y),
        project(doors.x, doors.y),
        project(*stop_lonlat.T),
    )


@pytest.fixture(scope="module")
def product(measured: Any) -> SimpleNamespace:
    """What the product's own search gives minute by minute."""
    city, settings = measured.city, measured.city.config.settings
    network, private = city.streets.network, city.streets.edge_private
    walks = build_walks(
        network,
        city.demand.points,
        city.facilities,
        city.entrances,
        max_leg_m=settings.max_leg_m,
        edge_private=private,
    )
    rides = build_rides(
        city.transit,
        network,
        city.config.transit,
        max_leg_m=settings.max_leg_m,
        edge_private=private,
    )
    return SimpleNamespace(walks=walks, rides=rides)


def _measure_minutes(product: SimpleNamespace, measured: Any, kind: str, speed: float) -> Any:
    """Seconds, homes × departures."""
    walks, rides = product.walks, product.rides
    rows, _ = walks.list_entrances(walks.list_facilities(kind))
    plan = rides.prepare(speed)
    egress = measure_egress(rides, walks.entrance_links.take(rows), speed)
    access = measured["access"]
    walked = access[(access["kind"] == kind) & (access["mode"] == "walk")].set_index("demand_id")
    walk_s = walked.loc[walks.demand["demand_id"], "nearest_s"].fillna(np.inf).to_numpy()
    durations = measure_durations(
        scan_profiles(plan.timetable, plan.changes, egress.walk_ms),
        rides.measure_access(walks.demand_links, speed),
        walk_s,
        rides.window,
        slack_ms=rides.slack_ms,
        longest_ms=rides.longest_ms,
    )
    return durations / 1000.0


def _search(one: SimpleNamespace, home: int, shift_s: float = 0.0) -> list[float]:
    """Durations of a home's departures where every walk takes some seconds more."""
    walks = {stop: max(0.0, walk_s + shift_s) for stop, walk_s in one.reach[home].items()}
    leaves = [FIRST_S + 60.0 * minute for minute in range(N_DEPARTURES)]
    found = one.town.measure_durations(leaves, walks, [one.last], [one.walk[home]])
    return [row[0] for row in found]


def test_every_minute_is_that_of_a_plain_search(
    measured: Any,
    plain: SimpleNamespace,
    product: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row_of = {home: row for row, home in enumerate(product.walks.demand["demand_id"])}
    rows = [row_of[home] for home in plain.homes["demand_id"]]
    rides = 0
    for kind, one in plain.kinds.items():
        expected = np.array([_search(one, home) for home in range(len(rows))])
        ours = _measure_minutes(product, measured, kind, one.speed_m_s)[rows]
        apart = np.abs(ours - expected)
        for home in np.flatnonzero((apart > TOLERANCE_S).any(axis=1)):
            # a bus caught or missed by less than the rounding of walks: either is right
            sooner, later = (np.array(_search(one, home, by)) for by in (-SHIFT_S, SHIFT_S))
            fits = (ours[home] >= sooner - TOLERANCE_S) & (ours[home] <= later + TOLERANCE_S)
            apart[home, fits] = 0.0
        rode = expected < np.array(one.walk)[:, None] - 1.0
        with capsys.disabled():
            print(  # noqa: T201
                f"\n{measured.name}, {kind}: {apart.size} departures of {len(rows)} homes, "
                f"{rode.mean():.0%} by bus, largest difference {apart.max():.3f} s"
            )
        rides += int(rode.sum())
        assert apart.max() <= TOLERANCE_S
        _check_table(measured, plain, kind, np.sort(expected, axis=1))
    assert rides > 100


def _check_table(measured: Any, plain: SimpleNamespace, kind: str, rising: np.ndarray) -> None:
    """The written best, median and 90th percentile are numbers 1, 30 and 54 of 60."""
    table = measured["access"]
    told = table[(table["kind"] == kind) & (table["mode"] == "walk_transit")]
    told = told.set_index("demand_id").loc[plain.homes["demand_id"]]
    for column, place in (("best_s", 0), ("nearest_s", 29), ("worst_s", 53)):
        np.testing.assert_allclose(told[column], rising[:, place], atol=TOLERANCE_S)
