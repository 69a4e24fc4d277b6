"""A paper town: a few streets, homes and facilities in metres, built through the real code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import yaml
from shapely import LineString, Point, box
from shapely.geometry.base import BaseGeometry

from geo.crs import unproject
from geo.network import StreetNetwork, build_network
from geo.snap import Links, snap_homes
from geo.timetable import build_timetable
from layers.attributes import read_attributes
from layers.config import RunSettings
from layers.kinds import read_kinds
from layers.standards.load import parse_pack, read_pack
from layers.standards.model import StandardPack
from layers.transit.model import Transit
from layers.transit.settings import TransitSettings
from services.cityfacts import CityFacts, build_facts
from services.gaps import find_area_targets, find_gaps
from services.rides import Rides, build_rides
from services.scorecards import build_scorecards
from services.targets import build_targets
from services.walks import Walks, Yardsticks, build_walks, measure_reach

CRS = "EPSG:32648"
ORIGIN = np.array([700_000.0, 3_800_000.0])
SPEEDS_M_S = {"adult": 1.2, "older": 0.8, "child": 1.0}


def _degrees(xy: Sequence[Sequence[float]]) -> np.ndarray:
    return unproject(np.asarray(xy, dtype=float) + ORIGIN, CRS)


def _points(rows: Sequence[Mapping[str, Any]]) -> list[Point]:
    return [Point(*_degrees([row["at"]])[0]) for row in rows]


def _outline(x0: float, y0: float, x1: float, y1: float) -> BaseGeometry:
    (west, south), (east, north) = _degrees([(x0, y0), (x1, y1)])
    return box(west, south, east, north)


def _numbers(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    return np.array([row.get(name, np.nan) for row in rows], dtype=float)


@dataclass(frozen=True)
class PaperTown:
    """Walks, communities, barriers and buses of a town drawn in metres."""

    walks: Walks
    communities: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    rides: Rides | None = None
    yardsticks: Yardsticks | None = None

    def judge(
        self,
        pack: StandardPack | Sequence[StandardPack] | None = None,
        *,
        today: date = date(2025, 6, 1),
        severed_detour: float = 1.8,
        adjoin_m: float = 50.0,
        reuse: bool = True,
    ) -> pd.DataFrame:
        """Gaps by the packs (the shipped four types unless told), indexed by community and rule."""
        facts = self.build_facts(
            today=today, severed_detour=severed_detour, adjoin_m=adjoin_m, reuse=reuse
        )
        packs = pack or read_pack("baoji-four-types", kinds=read_kinds())
        gaps = find_gaps([packs] if isinstance(packs, StandardPack) else packs, facts)
        return gaps.set_index(["community_id", "rule"], drop=False)

    def judge_areas(
        self,
        packs: StandardPack | Sequence[StandardPack],
        *,
        today: date = date(2025, 6, 1),
        name: str = "",
    ) -> pd.DataFrame:
        """Targets by the packs but those on communities, indexed by area and rule."""
        facts = self.build_facts(today=today)
        listed = [packs] if isinstance(packs, StandardPack) else packs
        targets = find_area_targets(listed, facts, name=name)
        return targets.set_index(["area", "rule"], drop=False)

    def score(
        self,
        packs: Sequence[StandardPack],
        gaps: pd.DataFrame,
        *,
        today: date = date(2025, 6, 1),
        city_name: str = "",
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scorecards and all targets that follow from gaps."""
        of_areas = self.judge_areas(packs, today=today, name=city_name).reset_index(drop=True)
        gaps = gaps.reset_index(drop=True)
        kinds = read_kinds()
        cards = build_scorecards(packs, gaps, self.communities, RunSettings(), kinds=kinds)
        targets = build_targets(
            packs, cards, self.communities, of_areas, city_name, today=today, kinds=kinds
        )
        return cards, targets

    def build_facts(
        self,
        *,
        today: date = date(2025, 6, 1),
        severed_detour: float = 1.8,
        adjoin_m: float = 50.0,
        reuse: bool = False,
    ) -> CityFacts:
        """What rules are judged by; `reuse` hands over walks measured before."""
        mapped = sorted(set(self.walks.facilities["kind"])) if reuse else []
        return build_facts(
            self.walks,
            self.communities,
            {kind: measure_reach(self.walks, self.walks.list_facilities(kind)) for kind in mapped},
            self.barriers,
            read_kinds(),
            SPEEDS_M_S,
            severed_detour=severed_detour,
            adjoin_m=adjoin_m,
            today=today,
            rides=self.rides,
            yardsticks=self.yardsticks,
        )


def _build_town(
    *,
    streets: Sequence[Sequence[Sequence[float]]],
    homes: Sequence[Mapping[str, Any]],
    facilities: Sequence[Mapping[str, Any]] = (),
    communities: Sequence[Mapping[str, Any]] = ({"id": "A"},),
    barriers: Sequence[Mapping[str, Any]] = (),
    buses: Sequence[Mapping[str, Any]] | None = None,
    timetable: str = "gtfs",
    transit: Mapping[str, Any] | None = None,
    buildings: Sequence[Mapping[str, Any]] | None = None,
    land: Sequence[Mapping[str, Any]] | None = None,
) -> PaperTown:
    """Build a town; streets cross where they share a coordinate.

    A home has `at`, `households` (missing: unknown), `community`, `weight` and `source`; a facility `at`,
    `kind` (or `kinds`, one row each) and whatever else its table may hold; a community `id`, `area`
    (x0, y0, x1, y1), `households`, `population`, `name`, `district`, `subdistrict` and any attribute of
    `layers.attributes`; a barrier `kind`, `name`, `type` and `line`. `buses` as in
    `_build_transit`, None: no timetable; `transit` are settings of journeys. `buildings` and `land`
    have `at`, `community` and, of land, `area_m2`; None: every home is one building, and has land
    (`land_m2`) in proportion to its weight unless told.
    """
    facilities = _list_rows(facilities)
    number = {xy: index for index, xy in enumerate(dict.fromkeys(chain.from_iterable(streets)))}
    paths = [[number[xy] for xy in street] for street in streets]
    network = build_network(
        crs=CRS,
        node_xy=np.array(list(number), dtype=float) + ORIGIN,
        path_nodes=np.array(list(chain.from_iterable(paths))),
        path_offsets=np.cumsum([0, *map(len, paths)]),
        path_way=np.arange(len(paths)),
        path_group=np.arange(len(paths)),
        path_forward=np.ones(len(paths), dtype=bool),
        path_backward=np.ones(len(paths), dtype=bool),
        min_island_m=0.0,
    )
    demand = gpd.GeoDataFrame(
        {
            "demand_id": [f"d{index:03d}" for index in range(len(homes))],
            "community_id": [home.get("community", "A") for home in homes],
            "name": "",
            "households": _numbers(homes, "households"),
            "weight": [float(home.get("weight", home.get("households", 1.0))) for home in homes],
            "source": [home.get("source", "table") for home in homes],
        },
        geometry=_points(homes),
        crs="EPSG:4326",
    )
    table = gpd.GeoDataFrame(
        {
            "facility_id": pd.array(
                [str(row["id"]) for row in facilities],
                dtype="str",
            ),
            "kind": pd.array([row["kind"] for row in facilities], dtype="str"),
            "name": pd.array([row.get("name", "") for row in facilities], dtype="str"),
            "inclusive": pd.array([row.get("inclusive") for row in facilities], dtype="boolean"),
            **{
                name: _numbers(facilities, name)
                for name in ("capacity", "classes", "floor_area_m2", "land_area_m2")
            },
            "free_places": _numbers(facilities, "free_places"),
        },
        geometry=_points(facilities),
        crs="EPSG:4326",
    )
    places = table.drop_duplicates("facility_id")
    entrances = gpd.GeoDataFrame(
        {
            "entrance_id": places["facility_id"] + "-1",
            "facility_id": places["facility_id"],
            "source": "point",
        },
        geometry=places.geometry,
        crs="EPSG:4326",
    )
    areas = gpd.GeoDataFrame(
        {
            "community_id": [row["id"] for row in communities],
            **{
                name: pd.array([row.get(name, "") for row in communities], dtype="str")
                for name in ("name", "district", "subdistrict")
            },
            "households": _numbers(communities, "households"),
            "population": _numbers(communities, "population"),
            **{
                name: _numbers(communities, name)
                for name in read_attributes()
                if any(name in row for row in communities)
            },
            "source": [row.get("source", "table") for row in communities],
        },
        geometry=[_outline(*row.get("area", (-5000, -5000, 5000, 5000))) for row in communities],
        crs="EPSG:4326",
    )
    lines = gpd.GeoDataFrame(
        {
            "kind": pd.array([row["kind"] for row in barriers], dtype="str"),
            "name": pd.array([row.get("name", "") for row in barriers], dtype="str"),
            "type": pd.array([row.get("type", "") for row in barriers], dtype="str"),
        },
        geometry=[LineString(_degrees(row["line"])) for row in barriers],
        crs="EPSG:4326",
    )
    walks = build_walks(network, demand, table, entrances, max_leg_m=150.0)
    rides = None
    if buses is not None:
        rides = build_rides(
            _build_transit(buses, timetable),
            network,
            TransitSettings(**(transit or {})),
            max_leg_m=150.0,
        )
    return PaperTown(
        walks, areas, lines, rides, _build_yardsticks(network, areas, homes, buildings, land)
    )


def _list_rows(facilities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per facility and kind, each with an id."""
    return [
        {"id": f"f{index}", **row, "kind": kind}
        for index, row in enumerate(facilities)
        for kind in row.get("kinds", [row.get("kind")])
    ]


def _build_yardsticks(
    network: StreetNetwork,
    areas: gpd.GeoDataFrame,
    homes: Sequence[Mapping[str, Any]],
    buildings: Sequence[Mapping[str, Any]] | None,
    land: Sequence[Mapping[str, Any]] | None,
) -> Yardsticks:
    row_of = {code: row for row, code in enumerate(areas["community_id"])}
    grounds = [
        {"area_m2": home.get("land_m2", home.get("weight", home.get("households", 1.0))), **home}
        for home in homes
    ]
    land = grounds if land is None else land

    def tie(rows: Sequence[Mapping[str, Any]]) -> tuple[Links, np.ndarray]:
        xy = np.array([row["at"] for row in rows], dtype=float).reshape(-1, 2) + ORIGIN
        place = [row_of.get(row.get("community", "A"), -1) for row in rows]
        return snap_homes(network, xy, max_leg_m=150.0), np.array(place, dtype=np.int64)

    return Yardsticks(
        *tie(homes if buildings is None else buildings), *tie(land), _numbers(land, "area_m2")
    )


def _build_transit(buses: Sequence[Mapping[str, Any]], source: str) -> Transit:
    """Vehicles on fixed courses.

    Each has `stops` (places), `times` (`HH:MM` or `HH:MM:SS` of the first vehicle at each stop)
    and, where more follow, `every_min` and `until` (last departure).
    """
    places = list(dict.fromkeys(tuple(place) for bus in buses for place in bus["stops"]))
    calls: list[tuple[int, int, int]] = []  # trip, stop, time
    trip_line: list[int] = []
    for line, bus in enumerate(buses):
        first = [_seconds(text) for text in bus["times"]]
        last_s = _seconds(bus["until"]) if "until" in bus else first[0]
        for start in range(first[0], last_s + 1, 60 * bus.get("every_min", 1440)):
            calls += [
                (len(trip_line), places.index(tuple(place)), start - first[0] + time)
                for place, time in zip(bus["stops"], first, strict=True)
            ]
            trip_line.append(line)
    trip, stop, time = np.array(calls, dtype=np.int64).reshape(-1, 3).T
    every = np.ones(len(trip), dtype=bool)
    return Transit(
        source=source,
        day=date(2025, 6, 4),
        stops=gpd.GeoDataFrame(
            {"stop_id": [f"s{index}" for index in range(len(places))]},
            geometry=[Point(*_degrees([place])[0]) for place in places],
            crs="EPSG:4326",
        ),
        lines=gpd.GeoDataFrame(
            {"line_id": [f"l{index}" for index in range(len(buses))]},
            geometry=[LineString(_degrees(bus["stops"])) for bus in buses],
            crs="EPSG:4326",
        ),
        ways_in=gpd.GeoDataFrame(
            {"stop": np.arange(len(places))},
            geometry=[Point(*_degrees([place])[0]) for place in places],
            crs="EPSG:4326",
        ),
        changes=pd.DataFrame(
            {
                "from_stop": np.empty(0, dtype=np.int64),
                "to_stop": np.empty(0, dtype=np.int64),
                "min_s": np.empty(0),
                "forbidden": np.empty(0, dtype=bool),
            }
        ),
        trip_headsign=("",) * len(trip_line),
        timetable=build_timetable(
            n_stops=len(places),
            call_trip=trip,
            call_stop=stop,
            call_arrival_s=time,
            call_departure_s=time,
            call_board=every,
            call_alight=every,
            trip_line=np.array(trip_line, dtype=np.int64),
        ),
        assumptions=(),
    )


def _seconds(text: str) -> int:
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return 3600 * hours + 60 * minutes + sum(seconds)


@pytest.fixture
def paper_town() -> Callable[..., PaperTown]:
    """Builder of paper towns."""
    return _build_town


def _build_pack(*rules: Mapping[str, Any], code: str = "t") -> StandardPack:
    """A pack made up for a test.

    A rule is written as in YAML, with what is always the same left out and every figure as (number,
    unit) or (number, unit, status).
    """
    document = {
        "pack": code,
        **{
            name: {"zh": "仅供测试", "en": "for tests"}
            for name in ("title", "issuer", "legal_force")
        },
        "published": date(2025, 1, 1),
        "documents": {"made-up": {"title": {"zh": "虚构文件", "en": "made up for tests"}}},
        "rules": [
            {
                "title": {"zh": rule["code"], "en": rule["code"]},
                "force": "shall",
                "since": date(2025, 1, 1),
                **_spell_out(rule),
            }
            for rule in rules
        ],
    }
    return parse_pack(yaml.safe_dump(document, allow_unicode=True), f"{code}.yaml")


def _spell_out(part: Any) -> Any:
    """Figures with their source."""
    if isinstance(part, tuple):
        number, unit, status = (*part, "primary")[:3]
        return {"value": number, "unit": unit, "source": _write_source(status)}
    if isinstance(part, Mapping):
        return {name: _spell_out(one) for name, one in part.items()}
    return [_spell_out(one) for one in part] if isinstance(part, list) else part


def _write_source(status: str) -> dict[str, Any]:
    note = {"note": {"zh": "推算", "en": "worked out"}} if status == "derived" else {}
    return {"document": "made-up", "status": status, **note}


@pytest.fixture
def make_pack() -> Callable[..., StandardPack]:
    """Builder of packs made up for a test."""
    return _build_pack


@pytest.fixture
def with_test() -> Callable[..., StandardPack]:
    """The shipped pack with some figures of one rule replaced, as if its file said so."""

    def change(code: str, **values: float) -> StandardPack:
        pack = read_pack("baoji-four-types")
        rules = []
        for rule in pack.rules:
            test = rule.test
            if rule.code == code:
                figures = {
                    name: replace(getattr(test, name), value=value)
                    for name, value in values.items()
                }
                test = replace(test, **figures)
            rules.append(replace(rule, test=test))
        return replace(pack, rules=tuple(rules))

    return change
