"""A paper town of three communities, written and read back as a run.

Streets every 200 m from (0, 0) to (800, 800), metres east and north of 107.14° E, 34.37° N:

    800 +---+---+---+---+        C01 东风社区   金台区  x   0..400           1600 households
        |   |   |   | D4|        C02 渭滨路社区 渭滨区  x 400..800, y   0..400  1400 households
    600 +---+---+---P2--+        C03 <script>…  渭滨区  x 400..800, y 400..800  unknown
        |   |   |   |   |
    400 +---+---+---+---+        P1 pharmacy at (100, 10), P2 pharmacy at (700, 610)
        | D2|K1 |   |   |        K1 kindergarten, an area with a gate at (250, 205)
    200 +---+K--+---+---+        no clinic anywhere
        |D1 |   |   | D3|
      0 +-P1+---+---+---+
        0  200 400 600 800
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from geo.network import StreetNetwork, build_network
from layers.results import TABLES, shape_table
from layers.store import stage_run, write_manifest, write_run

CRS = "EPSG:32648"
KINDS = ("pharmacy", "kindergarten", "clinic")
HOSTILE = "<script>alert(1)</script>"
SHARES = {  # households covered out of 1600, 1400 and (unknown) within 5, 10 and 15 minutes
    "pharmacy": {"C01": (0.5, 0.75, 1.0), "C02": (0.25, 0.5, 0.75), "C03": (0.4, 0.6, 0.8)},
    "kindergarten": {"C01": (1.0, 1.0, 1.0), "C02": (0.0, 0.0, 0.0), "C03": (0.0, 0.0, 0.0)},
}
HOUSEHOLDS = {"C01": 1600.0, "C02": 1400.0, "C03": np.nan}
NAN = float("nan")

_TO_METRES = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
_X0, _Y0 = np.round(_TO_METRES.transform(107.14, 34.37), -2)


def _lonlat(x_m: float, y_m: float) -> tuple[float, float]:
    lon, lat = _TO_METRES.transform(_X0 + x_m, _Y0 + y_m, direction="INVERSE")
    return float(lon), float(lat)


def _degrees(shape: Any) -> Any:
    return shapely.transform(
        shape, lambda xy: np.array([_lonlat(x, y) for x, y in xy]) if len(xy) else xy
    )


def _frame(table: str, rows: list[dict[str, Any]], shapes: list[Any] | None = None) -> Any:
    blank = {"str": "", "float64": NAN, "int64": 0, "boolean": pd.NA, "bool": True}
    columns = TABLES[table]
    filled = [
        {**{name: blank[column.dtype] for name, column in columns.items()}, **row} for row in rows
    ]
    frame = pd.DataFrame(
        filled, columns=list(dict.fromkeys([*columns, *(filled[0] if filled else ())]))
    )
    if shapes is None:
        return shape_table(frame, table)
    return shape_table(
        gpd.GeoDataFrame(frame, geometry=[_degrees(shape) for shape in shapes], crs="EPSG:4326"),
        table,
    )


def _build_streets() -> StreetNetwork:
    steps = range(0, 801, 200)
    node_xy = np.array([[_X0 + x, _Y0 + y] for y in steps for x in steps])
    rows = [[5 * y + x for x in range(5)] for y in range(5)]
    columns = [[5 * y + x for y in range(5)] for x in range(5)]
    paths = rows + columns
    both = np.ones(len(paths), dtype=bool)
    return build_network(
        crs=CRS,
        node_xy=node_xy,
        path_nodes=np.concatenate(paths).astype(np.int64),
        path_offsets=np.arange(0, 5 * len(paths) + 1, 5),
        path_way=np.arange(len(paths), dtype=np.int64),
        path_group=np.arange(len(paths), dtype=np.int64),
        path_forward=both,
        path_backward=both,
    )


def _build_tables(network: StreetNetwork, clinic_name: str) -> dict[str, Any]:
    areas = {
        "C01": ("东风社区", "金台区", (0, 0, 400, 800)),
        "C02": ("渭滨路社区", "渭滨区", (400, 0, 800, 400)),
        "C03": (HOSTILE, "渭滨区", (400, 400, 800, 800)),
    }
    communities = _frame(
        "communities",
        [
            {
                "community_id": code, "name": name, "district": district, "source": "table",
                "households": HOUSEHOLDS[code],
            }
            for code, (name, district, _) in areas.items()
        ],
        [shapely.box(*box) for _, _, box in areas.values()],
    )  # fmt: skip
    places = [
        ("P1", "pharmacy", "康宁药房", shapely.Point(100, 10), "point"),
        ("P2", "pharmacy", '<img src=x onerror="alert(1)">', shapely.Point(700, 610), "point"),
        ("K1", "kindergarten", "实验幼儿园", shapely.box(210, 205, 290, 295), "gate"),
    ]
    facilities = _frame(
        "facilities",
        [
            {"facility_id": code, "kind": kind, "name": name, "source": "osm", "reached_by": how,
             "n_entrances": 1}
            for code, kind, name, _, how in places
        ],
        [shape for *_, shape, _ in places],
    )  # fmt: skip
    doors = [
        ("P1", 100, 10, "point", 10.0),
        ("P2", 700, 610, "point", 10.0),
        ("K1", 250, 205, "gate", 5.0),
    ]
    entrances = _frame(
        "entrances",
        [
            {"entrance_id": f"{code}/1", "facility_id": code, "source": how, "leg_m": leg}
            for code, _, _, how, leg in doors
        ],
        [shapely.Point(x, y) for _, x, y, *_ in doors],
    )
    homes = [
        ("D1", "C01", 50, 20, 800.0), ("D2", "C01", 100, 300, 800.0),
        ("D3", "C02", 600, 100, 1400.0), ("D4", "C03", 800, 700, NAN),
    ]  # fmt: skip
    demand = _frame(
        "demand",
        [
            {"demand_id": code, "community_id": community, "households": households,
             "weight": households if households > 0 else 1.0, "source": "table"}
            for code, community, _, _, households in homes
        ],
        [shapely.Point(x, y) for _, _, x, y, _ in homes],
    )  # fmt: skip
    lines = network.edge_lines
    streets = _frame(
        "streets",
        [
            {"street_id": edge, "way_id": int(network.edge_way[edge]),
             "name": f"街{network.edge_way[edge]}", "highway": "residential",
             "length_m": 200.0, "min_pharmacy": np.float32(edge / 7), "min_kindergarten": np.float32(NAN),
             "min_clinic": np.float32(NAN)}
            for edge in range(network.n_edges)
        ],
        [shapely.transform(line, lambda xy: xy - [_X0, _Y0]) for line in lines],
    )  # fmt: skip
    coverage = []
    for code, households in HOUSEHOLDS.items():
        for kind in KINDS:
            for place, limit in enumerate((5.0, 10.0, 15.0)):
                share = SHARES[kind][code][place] if kind in SHARES else NAN
                coverage.append(
                    {
                        "community_id": code, "kind": kind, "mode": "walk", "limit": limit,
                        "limit_unit": "min", "status": "measured" if kind in SHARES else "unknown",
                        "households": households, "households_covered": share * households,
                        "share": share, "demand_source": "table", "n_demand": 1,
                        "unconnected_households": 0.0 if households > 0 else NAN,
                    }
                )  # fmt: skip
    access = [
        {"demand_id": code, "community_id": community, "households": households, "weight": 1.0,
         "kind": kind, "mode": "walk", "nearest_m": metres, "nearest_s": metres / 1.2,
         "facility_id": facility, "entrance_id": f"{facility}/1", "within_limit": metres <= 1080}
        for code, community, _, _, households in homes
        for kind, facility, metres in (("pharmacy", "P1", 80.0 + 10 * int(code[1])),)
    ]  # fmt: skip
    gap = {"pack": "paper-pack", "mode": "walk", "source_status": "primary", "unit": "share"}
    school = {**gap, "rule": "p.kindergarten", "kind": "kindergarten", "unit": "facilities"}
    reach = {**gap, "rule": "p.pharmacy", "kind": "pharmacy", "limit": 15.0, "limit_unit": "min"}
    clinic = {**gap, "rule": "p.clinic", "kind": "clinic", "limit": 15.0, "limit_unit": "min"}
    gaps = [
        {**school, "community_id": "C01", "status": "met", "needed": 1.0, "found": 1.0, "shortfall": 0.0},
        {**school, "community_id": "C02", "status": "not_applicable", "reason": "1400户，不足1500户"},
        {**school, "community_id": "C03", "status": "unknown", "cause": "data_missing", "reason": "户数未知"},
        {**reach, "community_id": "C01", "status": "met", "needed": 1.0, "found": 1.0, "shortfall": 0.0},
        {
            **reach, "community_id": "C02", "status": "gap", "cause": "severed", "needed": 1.0,
            "found": 0.75, "shortfall": 0.25, "households_affected": 350.0, "detour_factor": 2.5,
            "nearest_m": 1200.0, "nearest_facility_id": "P1", "barrier_kind": "railway",
            "barrier_name": "陇海线", "barrier_lon": 107.14, "barrier_lat": 34.37,
            "reason": "350户步行15分钟到不了药店，被陇海线阻隔", "reason_en": "cut off by the railway",
        },
        {**reach, "community_id": "C03", "status": "gap", "cause": "too_far", "needed": 1.0, "found": 0.8,
         "shortfall": 0.2, "reason": "太远", "reason_en": "too far"},
        *({**clinic, "community_id": code, "status": "unknown", "cause": "data_missing",
           "reason": f"数据中没有{clinic_name}", "reason_en": "no clinic in the data"} for code in HOUSEHOLDS),
    ]  # fmt: skip
    notices = [
        {"severity": "warning", "code": "missing_households", "layer": "communities", "row": "4",
         "column": "户数", "found": "C03", "expected": "a number", "count": 1,
         "message": "C03 has no households", "message_zh": "C03 没有户数"},
        {"severity": "info", "code": "missing_way_nodes", "layer": "osm", "row": "w12", "count": 7,
         "message": "7 nodes are missing", "message_zh": "缺少7个节点"},
    ]  # fmt: skip
    shapes = gpd.GeoDataFrame(
        {"kind": pd.Series(["water"], dtype="str"), "name": pd.Series(["渭河"], dtype="str")},
        geometry=[_degrees(shapely.box(0, -150, 800, -60))], crs="EPSG:4326",
    )  # fmt: skip
    return {
        "communities": communities, "facilities": facilities, "entrances": entrances,
        "demand": demand, "streets": streets, "base": shapes, "barriers": shapes.iloc[:0],
        "coverage": _frame("coverage", coverage), "access": _frame("access", access),
        "gaps": _frame("gaps", gaps), "notices": _frame("notices", notices),
    }  # fmt: skip


def _build_manifest(name: str, created: str, bounds: list[float]) -> dict[str, Any]:
    document = {"document": "纸上城市标准", "clause": "第3条", "status": "primary"}
    rule = {"mode": "walk", "limit": 15.0, "limit_unit": "min", "source": document}
    titles = (
        ("pharmacy", "药店", "pharmacy"),
        ("kindergarten", "幼儿园", "kindergarten"),
        ("clinic", "诊所", "clinic"),
    )
    return {
        "product": "lifecircle", "version": "0", "created": created, "name": name, "synthetic": True,
        "crs": CRS, "bounds": bounds, "inputs": [], "limits_min": [5, 10, 15],
        "packs": [{
            "code": "paper-pack", "title_zh": "纸上标准", "title_en": "Paper pack",
            "rules": [
                {"code": f"p.{kind}", "title_zh": f"{zh}规则", "title_en": f"{en} rule", "kind": kind, **rule}
                for kind, zh, en in titles
            ],
        }],
        "kinds": [
            {"code": kind, "name_zh": zh, "name_en": en, "group": "care", "traveller": "adult",
             "n_facilities": {"pharmacy": 2, "kindergarten": 1}.get(kind, 0),
             "status": "unknown" if kind == "clinic" else "measured"}
            for kind, zh, en in titles
        ],
        "settings": {}, "counts": {}, "timings_s": {}, "summary": {},
        "assumptions": [{"zh": "步行速度1.2米/秒", "en": "walking speed 1.2 m/s"}],
        "attribution": ["© OpenStreetMap contributors (ODbL 1.0)"],
    }  # fmt: skip


@pytest.fixture(scope="session")
def write_paper_run() -> Callable[..., Path]:
    """Writes the paper town as a run: `write(folder, name=…, created=…)`."""

    def write(
        folder: Path, *, name: str = "纸上城市", created: str = "2025-01-01T08:00:00+00:00"
    ) -> Path:
        network = _build_streets()
        tables = _build_tables(network, "诊所")
        bounds = tables["communities"].total_bounds.tolist()
        with stage_run(folder) as staging:
            write_run(staging, tables, network)
            write_manifest(staging, _build_manifest(name, created, bounds))
        return folder

    return write


@pytest.fixture(scope="session")
def paper_run(
    write_paper_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Run folder of the paper town; not to be written into."""
    return write_paper_run(tmp_path_factory.mktemp("paper") / "run")


@pytest.fixture(scope="session")
def paper() -> SimpleNamespace:
    """`lonlat(x, y)` of the paper town, and its hostile name."""
    return SimpleNamespace(lonlat=_lonlat, hostile=HOSTILE)
