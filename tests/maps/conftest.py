"""Invented runs to draw: a small town with every oddity, and one as large as Las Palmas."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser, Page

from geo.network import StreetNetwork
from layers.results import TABLES, shape_table
from layers.store import Run

HOSTILE_FACILITY = "<script>alert(1)</script>"
HOSTILE_COMMUNITY = "${alert(1)}</script><img src=x onerror=alert(1)>"
LON, LAT = 107.14, 34.36
STEP_LAT = 0.0009  # about 100 m
STEP_LON = 0.00109
DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
LIMITS = (5.0, 10.0, 15.0)


@dataclass(frozen=True)
class Town:
    """How large the invented town is, and which kinds it has (code → facilities)."""

    blocks: int = 24
    communities_per_side: int = 4
    homes: int = 700
    vertices_per_edge: int = 3
    kinds: dict[str, int] = field(
        default_factory=lambda: {"pharmacy": 9, "kindergarten": 5, "park": 4, "clinic": 0}
    )
    seed: int = 7


KIND_NAMES = {
    "pharmacy": ("药店", "pharmacy", "health"),
    "kindergarten": ("幼儿园", "kindergarten", "education"),
    "park": ("公园", "park", "green"),
    "clinic": ("社区诊所", "clinic", "health"),
}


def build_run(town: Town) -> Run:
    """A grid town, walked in straight lines: good for drawing, not for measuring."""
    rng = np.random.default_rng(town.seed)
    communities = _communities(town)
    streets = _streets(town, rng)
    demand = _demand(town, communities, rng)
    facilities, entrances = _facilities(town, rng)
    coverage, access, gaps, summary = [], [], [], {}
    xy = np.column_stack([demand.geometry.x, demand.geometry.y])
    mid = shapely.get_coordinates(
        shapely.line_interpolate_point(streets.geometry.to_numpy(), 0.5, normalized=True)
    )
    for kind in town.kinds:
        own = facilities[facilities["kind"] == kind]
        if own.empty:
            coverage.append(_unknown_coverage(communities, kind))
            gaps.append(_gaps(communities, kind, None))
            summary[kind] = {
                f"{limit:g}": {
                    "share": None,
                    "status": "unknown",
                    "reason": {
                        "zh": f"数据中没有{KIND_NAMES.get(kind, (kind,))[0]}",
                        "en": f"the data hold no {kind}",
                    },
                }
                for limit in LIMITS
            }
            continue
        places = shapely.get_coordinates(shapely.point_on_surface(own.geometry.to_numpy()))
        far, nearest = _walks(xy, places)
        if (demand["connected"] == False).any():  # noqa: E712
            far = np.where(demand["connected"], far, np.nan)
        seconds = far / 1.2
        streets[f"min_{kind}"] = (_walks(mid, places)[0] / 1.2 / 60).astype(np.float32)
        ids = own["facility_id"].to_numpy(dtype=object)[nearest]
        reached = np.isfinite(far)
        access.append(
            pd.DataFrame(
                {
                    "demand_id": demand["demand_id"],
                    "community_id": demand["community_id"],
                    "households": demand["households"],
                    "weight": demand["weight"],
                    "kind": kind,
                    "mode": "walk",
                    "timetable_source": "",
                    "nearest_s": seconds,
                    "best_s": np.nan,
                    "worst_s": np.nan,
                    "depart_s": np.nan,
                    "nearest_m": far,
                    "second_m": far * 1.5,
                    "n_within": 1.0,
                    "facility_id": np.where(reached, ids, ""),
                    "entrance_id": np.where(reached, ids + "-0", ""),
                    "within_limit": seconds <= 900,
                }
            )
        )
        summary[kind] = {}
        for limit in LIMITS:
            part = _coverage(communities, demand, kind, seconds, limit)
            coverage.append(part)
            covered, total = part["households_covered"].sum(), part["households"].sum()
            summary[kind][f"{limit:g}"] = {
                "share": float(covered / total),
                "households": float(total),
                "households_covered": float(covered),
                "status": "measured",
                "reason": "",
            }
        gaps.append(_gaps(communities, kind, coverage[-1]))
    west, south, east, north = communities.total_bounds
    base = gpd.GeoDataFrame(
        {"kind": ["water", "green", "rail"], "name": ["渭河", "人民公园", "陇海线"]},
        geometry=[
            shapely.box(west, south - 0.004, east, south - 0.001),
            shapely.Point((west + east) / 2, (south + north) / 2).buffer(0.004),
            shapely.LineString([(west - 0.01, north - 0.006), (east + 0.01, north - 0.008)]),
        ],
        crs="EPSG:4326",
    )
    manifest = _manifest(town, summary, facilities, (west, south, east, north))
    notices = pd.DataFrame(
        [
            {
                "severity": "warning",
                "code": "missing_way_nodes",
                "layer": "osm",
                "message": "3 ways",
                "message_zh": "3 条路",
                "row": "w1",
                "column": "",
                "found": "",
                "expected": "",
                "count": 3,
            }
        ]
    )
    empty = np.empty(0)
    network = StreetNetwork(
        "EPSG:32648",
        empty.reshape(0, 2),
        empty.reshape(0, 2).astype(np.int32),
        empty,
        empty.astype(bool),
        empty.astype(bool),
        empty.astype(np.int32),
        empty.reshape(0, 2),
        np.zeros(1, np.int64),
        empty.astype(np.int32),
        empty,
        empty.astype(bool),
    )
    return Run(
        path=Path("/nowhere"),
        manifest=manifest,
        network=network,
        communities=shape_table(communities, "communities"),
        facilities=shape_table(facilities, "facilities"),
        entrances=shape_table(entrances, "entrances"),
        demand=shape_table(demand, "demand"),
        streets=shape_table(streets, "streets"),
        base=base,
        barriers=base[base["kind"] == "rail"],
        coverage=shape_table(pd.concat(coverage, ignore_index=True), "coverage"),
        access=shape_table(pd.concat(access, ignore_index=True), "access"),
        gaps=shape_table(pd.concat(gaps, ignore_index=True), "gaps"),
        scorecards=_scorecards(communities),
        rollups=_build_empty("rollups"),
        targets=_build_empty("targets"),
        notices=shape_table(notices, "notices"),
    )


CARDS = ("bj.circle.daily", "bj.type.happy")
STATUSES = ("gap", "unknown", "met", "not_applicable")


def _scorecards(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Two cards and the size check; community `n` has status `n % 4` of the first, and so on."""
    blank = {"str": "", "float64": np.nan, "bool": False, "int64": 0}
    rows = [
        {
            **{name: blank[column.dtype] for name, column in TABLES["scorecards"].items()},
            "community_id": code,
            "pack": "" if card == "size" else "baoji-four-types",
            "card": card,
            "about": about,
            "status": STATUSES[(place + shift) % 4],
            "source_status": ("primary", "unverified", "")[shift] if place else "primary",
            "overlaid": card == CARDS[1] and place == 2,
        }
        for place, code in enumerate(communities["community_id"])
        for shift, (card, about) in enumerate(
            [(CARDS[0], "circle"), (CARDS[1], "type"), ("size", "check")]
        )
    ]
    return shape_table(pd.DataFrame(rows), "scorecards")


def _build_empty(table: str) -> pd.DataFrame:
    return shape_table(pd.DataFrame({name: [] for name in TABLES[table]}), table)


@dataclass
class Watched:
    """A page with everything it said and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def ready(self) -> Page:
        self.page.wait_for_selector("html[data-ready='1']")
        return self.page


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Watched]]:
    contexts = []

    def open_page(address: str, *, phone: bool = False, offline: bool = True) -> Watched:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            offline=offline,
            has_touch=phone,
            is_mobile=phone,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        watched = Watched(context.new_page())
        watched.page.on(
            "console",
            lambda message: (
                watched.complaints.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.on("request", lambda request: watched.requests.append(request.url))
        watched.page.on(
            "dialog",
            lambda dialog: (
                watched.complaints.append(f"dialog {dialog.message}"),
                dialog.dismiss(),
            ),
        )
        watched.page.goto(address)
        return watched

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def read_json() -> Callable[[str, str], dict[str, Any]]:
    """`read_json(html, name)`: data a page carries."""

    def read_json(html: str, name: str) -> dict[str, Any]:
        found = re.search(
            rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL
        )
        assert found
        return dict(json.loads(found.group(1)))

    return read_json


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """`make_run(**town)`: a run of that town."""
    return lambda **town: build_run(Town(**town))


@pytest.fixture(scope="session")
def run() -> Run:
    """The small town, with hostile names."""
    return build_run(Town())


@pytest.fixture(scope="session")
def large_run() -> Run:
    """As many streets, homes and kinds as Las Palmas has."""
    kinds = {f"kind_{i}": int(n) for i, n in enumerate(np.geomspace(3, 1500, 44))}
    return build_run(
        Town(
            blocks=111,
            communities_per_side=6,
            homes=20_000,
            vertices_per_edge=5,
            kinds={**kinds, "clinic": 0},
        )
    )


def _communities(town: Town) -> gpd.GeoDataFrame:
    n, size = town.communities_per_side, town.blocks / town.communities_per_side
    rows = []
    for i in range(n * n):
        x, y = i % n, i // n
        shape = shapely.box(
            LON + x * size * STEP_LON,
            LAT + y * size * STEP_LAT,
            LON + (x + 1) * size * STEP_LON,
            LAT + (y + 1) * size * STEP_LAT,
        )
        rows.append(
            {
                "community_id": f"6103{i:05d}",
                "name": HOSTILE_COMMUNITY
                if i == 1
                else f"{'金渭陈凤'[i % 4]}{'河滨台新'[i // 4 % 4]}社区",
                "district": "金台区" if x < n / 2 else "渭滨区",
                "subdistrict": f"{'中山东西'[y % 4]}路街道",
                "households": np.nan if i == 2 else 900.0 + 137 * i,
                "population": 2400.0 + 300 * i,
                "valid_from": "2023-01-01",
                "source": "table",
                "geometry": shape,
            }
        )
    return gpd.GeoDataFrame(rows, crs="EPSG:4326")


def _streets(town: Town, rng: np.random.Generator) -> gpd.GeoDataFrame:
    n, lines, ranks = town.blocks, [], []
    steps = np.linspace(0, 1, town.vertices_per_edge)
    jitter = rng.normal(0, 0.06, (2, n + 1, n + 1))

    def corner(i: int, j: int) -> np.ndarray:
        return np.array(
            [LON + (i + jitter[0, i, j]) * STEP_LON, LAT + (j + jitter[1, i, j]) * STEP_LAT]
        )

    for i in range(n + 1):
        for j in range(n + 1):
            for di, dj in ((1, 0), (0, 1)):
                if i + di > n or j + dj > n:
                    continue
                a, b = corner(i, j), corner(i + di, j + dj)
                path = a + np.outer(steps, b - a)
                path[1:-1] += rng.normal(0, 0.00005, path[1:-1].shape)
                lines.append(path)
                line = j if di else i
                ranks.append(
                    "primary" if line % 12 == 0 else "residential" if line % 3 else "tertiary"
                )
    geometry = [shapely.LineString(line) for line in lines]
    frame = gpd.GeoDataFrame(
        {
            "street_id": range(len(lines)),
            "way_id": range(len(lines)),
            "name": "经二路",
            "highway": ranks,
            "length_m": 100.0,
            "kept": True,
        },
        geometry=geometry,
        crs="EPSG:4326",
    )
    frame.loc[frame.index[:3], "kept"] = False
    frame.loc[frame.index[5::11], "highway"] = "footway"
    return frame


def _demand(
    town: Town, communities: gpd.GeoDataFrame, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    span = town.blocks
    x, y = rng.uniform(0, span, (2, town.homes))
    n = town.communities_per_side
    owner = (np.clip(x // (span / n), 0, n - 1) + n * np.clip(y // (span / n), 0, n - 1)).astype(
        int
    )
    lon, lat = LON + x * STEP_LON, LAT + y * STEP_LAT
    known = communities["households"].notna().to_numpy()[owner]
    per = np.bincount(owner, minlength=n * n)
    households = np.where(
        known, communities["households"].to_numpy()[owner] / np.maximum(per[owner], 1), np.nan
    )
    frame = gpd.GeoDataFrame(
        {
            "demand_id": [f"d{i}" for i in range(town.homes)],
            "community_id": communities["community_id"].to_numpy(dtype=object)[owner],
            "name": ["幸福小区" if i % 9 == 0 else "" for i in range(town.homes)],
            "households": households,
            "weight": 1.0,
            "source": "buildings",
            "street_id": 1,
            "street_name": ["中山路" if i % 2 else "" for i in range(town.homes)],
            "leg_m": rng.uniform(2, 60, town.homes),
            "connected": True,
            "snap_lon": lon,
            "snap_lat": np.round(y) * STEP_LAT + LAT,
        },
        geometry=shapely.points(lon, lat),
        crs="EPSG:4326",
    )
    frame.loc[:1, "connected"] = False
    return frame


def _facilities(town: Town, rng: np.random.Generator) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    rows, ways = [], []
    for kind, n in town.kinds.items():
        for i in range(n):
            x, y = rng.uniform(0, town.blocks * 0.7, 2)
            point = shapely.Point(LON + x * STEP_LON, LAT + y * STEP_LAT)
            area = kind == "park" or i % 5 == 4
            identity = f"{'w' if area else 'n'}{kind}{i}"
            rows.append(
                {
                    "facility_id": identity,
                    "kind": kind,
                    "name": HOSTILE_FACILITY
                    if i == 0
                    else f"第{i}{KIND_NAMES.get(kind, ('处',))[0]}",
                    "source": "osm" if i % 3 else "schools.xlsx",
                    "inclusive": pd.NA if kind != "kindergarten" or i % 2 else True,
                    "capacity": 270.0 if kind == "kindergarten" else np.nan,
                    "classes": np.nan,
                    "free_places": np.nan,
                    "opening_year": np.nan,
                    "floor_area_m2": np.nan,
                    "land_area_m2": np.nan,
                    "reached_by": "gate" if area else "point",
                    "n_entrances": 1,
                    "connected": i != 3,
                    "geometry": point.buffer(0.0012, quad_segs=4) if area else point,
                }
            )
            ways.append(
                {
                    "entrance_id": f"{identity}-0",
                    "facility_id": identity,
                    "source": "gate" if area else "point",
                    "street_id": 3,
                    "street_name": "经二路",
                    "leg_m": 4.0,
                    "geometry": shapely.Point(point.x + (0.0012 if area else 0), point.y),
                }
            )
    facilities = gpd.GeoDataFrame(rows, crs="EPSG:4326")
    facilities["inclusive"] = facilities["inclusive"].astype("boolean")
    return facilities, gpd.GeoDataFrame(ways, crs="EPSG:4326")


def _walks(points: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tree = shapely.STRtree(shapely.points(places))
    nearest = tree.nearest(shapely.points(points))
    gap = (points - places[nearest]) * [92_000, 111_000]
    return np.abs(gap).sum(axis=1), nearest


def _coverage(
    communities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    kind: str,
    seconds: np.ndarray,
    limit: float,
) -> pd.DataFrame:
    within = seconds <= limit * 60
    table = (
        pd.DataFrame({"c": demand["community_id"], "n": 1, "hit": within, "s": seconds})
        .groupby("c")
        .agg(n=("n", "sum"), hit=("hit", "mean"), median=("s", "median"))
    )
    table = table.reindex(communities["community_id"])
    share = table["hit"].to_numpy()
    households = communities["households"].to_numpy()
    return pd.DataFrame(
        {
            "community_id": communities["community_id"].to_numpy(),
            "kind": kind,
            "mode": "walk",
            "timetable_source": "",
            "limit": limit,
            "limit_unit": "min",
            "status": "measured",
            "households": households,
            "households_covered": households * share,
            "share": share,
            "building_share": share,
            "land_share": share * 0.9,
            "median_s": table["median"].to_numpy(),
            "p90_s": table["median"].to_numpy() * 1.4,
            "facilities_inside": 1,
            "unconnected_households": 0.0,
            "unconnected_share": 0.0,
            "demand_source": "buildings",
            "n_demand": table["n"].fillna(0).to_numpy(),
        }
    )


def _unknown_coverage(communities: gpd.GeoDataFrame, kind: str) -> pd.DataFrame:
    parts = []
    for limit in LIMITS:
        part = pd.DataFrame(
            {
                "community_id": communities["community_id"].to_numpy(),
                "kind": kind,
                "mode": "walk",
                "timetable_source": "",
                "limit": limit,
                "limit_unit": "min",
                "status": "unknown",
                "households": communities["households"].to_numpy(),
            }
        )
        for name in (
            "households_covered",
            "share",
            "building_share",
            "land_share",
            "median_s",
            "p90_s",
            "unconnected_households",
            "unconnected_share",
        ):
            part[name] = np.nan
        parts.append(part.assign(facilities_inside=0, demand_source="buildings", n_demand=10))
    return pd.concat(parts, ignore_index=True)


def _gaps(communities: gpd.GeoDataFrame, kind: str, coverage: pd.DataFrame | None) -> pd.DataFrame:
    share = np.full(len(communities), np.nan) if coverage is None else coverage["share"].to_numpy()
    status = np.where(np.isnan(share), "unknown", np.where(share >= 0.9, "met", "gap"))
    severed = (status == "gap") & (np.arange(len(share)) % 3 == 0)
    cause = np.where(
        status == "gap",
        np.where(severed, "severed", "too_far"),
        np.where(status == "unknown", "data_missing", ""),
    )
    name = KIND_NAMES.get(kind, (kind, kind))
    points = communities.geometry.representative_point()
    return pd.DataFrame(
        {
            "community_id": communities["community_id"].to_numpy(),
            "pack": "baoji-four-types",
            "rule": f"bj.{kind}",
            "kind": kind,
            "status": status,
            "cause": cause,
            "needed": 1.0,
            "found": share,
            "shortfall": 1 - share,
            "unit": "share",
            "households_affected": 120.0,
            "limit": 15.0,
            "limit_unit": "min",
            "mode": "walk",
            "timetable_source": "",
            "detour_factor": np.where(severed, 3.2, np.nan),
            "nearest_m": 1400.0,
            "nearest_facility_id": "",
            "barrier_kind": np.where(severed, "railway", ""),
            "barrier_name": np.where(severed, "陇海线", ""),
            "barrier_lon": np.where(severed, points.x, np.nan),
            "barrier_lat": np.where(severed, points.y, np.nan),
            "attribute": "",
            "basis": "households",
            "settled_by": "",
            "substituted_by": "",
            "overlaid": False,
            "source_status": "unverified",
            "reason": [
                f"最近的{name[0]}步行约 1400 米,超出 15 分钟。"
                if s == "gap"
                else f"数据中没有{name[0]}。"
                if s == "unknown"
                else ""
                for s in status
            ],
            "reason_en": [
                f"The nearest {name[1]} is about 1,400 m on foot, beyond 15 minutes."
                if s == "gap"
                else f"The data hold no {name[1]}."
                if s == "unknown"
                else ""
                for s in status
            ],
        }
    )


def _manifest(
    town: Town, summary: dict[str, Any], facilities: gpd.GeoDataFrame, bounds: tuple[float, ...]
) -> dict[str, Any]:
    counts = facilities["kind"].value_counts()
    kinds = []
    for code in town.kinds:
        zh, en, group = KIND_NAMES.get(code, (f"类别{code[5:]}", code.replace("_", " "), "daily"))
        kinds.append(
            {
                "code": code,
                "name_zh": zh,
                "name_en": en,
                "group": group,
                "n_facilities": int(counts.get(code, 0)),
                "status": "measured" if counts.get(code, 0) else "unknown",
            }
        )
    rules = [
        {
            "code": f"bj.{kind['code']}",
            "title_zh": f"15 分钟步行可达{kind['name_zh']}",
            "title_en": f"A {kind['name_en']} within a 15-minute walk",
            "kind": kind["code"],
            "source": {
                "document": "《宝鸡市“四型”社区建设实施方案》",
                "document_en": "Baoji four-type community plan",
                "clause": "",
                "status": "unverified" if i % 2 else "primary",
            },
            "limit": 15,
            "limit_unit": "min",
            "mode": "walk",
        }
        for i, kind in enumerate(kinds)
    ]
    return {
        "format": 1,
        "product": "lifecircle",
        "version": "0.1.0",
        "created": "2026-06-01T08:00:00+08:00",
        "name": "示例市区",
        "synthetic": True,
        "crs": "EPSG:32648",
        "bounds": list(bounds),
        "inputs": [],
        "packs": [
            {
                "code": "baoji-four-types",
                "title_zh": "宝鸡“四型”社区",
                "title_en": "Baoji four-type communities",
                "rules": rules,
                "cards": [
                    {
                        "code": CARDS[0],
                        "about": "circle",
                        "title_zh": HOSTILE_FACILITY,
                        "title_en": "Daily",
                    },
                    {
                        "code": CARDS[1],
                        "about": "type",
                        "title_zh": "幸福型社区",
                        "title_en": "Happy",
                    },
                ],
            }
        ],
        "kinds": kinds,
        "settings": {},
        "limits_min": [5, 10, 15],
        "summary": summary,
        "counts": {},
        "timings_s": {},
        "assumptions": [{"zh": "成人步行速度 1.2 米/秒。", "en": "Adults walk at 1.2 m/s."}],
        "attribution": ["© OpenStreetMap contributors (ODbL 1.0)"],
    }
