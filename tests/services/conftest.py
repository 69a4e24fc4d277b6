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

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from geo.network import StreetNetwork, build_network
from geo.snap import snap_points
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
    door_links = snap_points(network, np.array([[_X0 + x, _Y0 + y] for _, x, y, *_ in doors]))
    entrances = _frame(
        "entrances",
        [
            {
                "entrance_id": f"{code}/1",
                "facility_id": code,
                "source": how,
                "leg_m": leg,
                "street_id": int(edge),
            }
            for (code, _, _, how, leg), edge in zip(doors, door_links.edge, strict=True)
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
    reach = {
        **gap,
        "rule": "p.pharmacy",
        "kind": "pharmacy",
        "limit": 15.0,
        "limit_unit": "min",
        "overlaid": True,
        "basis": "households",
    }
    clinic = {**gap, "rule": "p.clinic", "kind": "clinic", "limit": 15.0, "limit_unit": "min"}
    gaps = [
        {**school, "community_id": "C01", "status": "met", "needed": 1.0, "found": 1.0, "shortfall": 0.0},
        {**school, "community_id": "C02", "status": "not_applicable", "reason": "1400户，不足1500户"},
        {**school, "community_id": "C03", "status": "unknown", "cause": "data_missing", "reason": "户数未知",
         "settled_by": "communities.households"},
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
           "settled_by": "facilities (clinic)", "reason": f"数据中没有{clinic_name}", "reason_en": "no clinic in the data"} for code in HOUSEHOLDS),
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
        **_build_scores(),
        "communities": communities, "facilities": facilities, "entrances": entrances,
        "demand": demand, "streets": streets, "base": shapes, "barriers": shapes.iloc[:0],
        "coverage": _frame("coverage", coverage), "access": _frame("access", access),
        "gaps": _frame("gaps", gaps), "notices": _frame("notices", notices),
    }  # fmt: skip


def _build_scores() -> dict[str, Any]:
    """Two cards of the paper pack and the size check, added up by district, and one target.

    `p.circle` holds the rules on pharmacies and kindergartens, `p.health` those on pharmacies and
    clinics. C01 meets both rules of the circle; C02 and C03 miss the pharmacy; of clinics nothing
    is known.
    """
    counts = ("met", "gap", "unknown", "not_applicable")
    cards = [
        ("C01", "p.circle", "met", (2, 0, 0, 0), 0.0), ("C01", "p.health", "unknown", (1, 0, 1, 0), 0.0),
        ("C02", "p.circle", "gap", (0, 1, 0, 1), 350.0), ("C02", "p.health", "gap", (0, 1, 1, 0), 350.0),
        ("C03", "p.circle", "gap", (0, 1, 1, 0), NAN), ("C03", "p.health", "gap", (0, 1, 1, 0), NAN),
    ]  # fmt: skip
    scorecards = [
        {
            "community_id": code, "pack": "paper-pack", "card": card, "status": status,
            "about": "circle" if card == "p.circle" else "type", **dict(zip(counts, found, strict=True)),
            "households_affected": affected, "worst_rule": "p.pharmacy" if found[1] else "",
            "nearest_facility_id": "P1" if code == "C02" else "", "source_status": "primary",
            "overlaid": True, "reason": "一句话", "reason_en": "a sentence",
        }
        for code, card, status, found, affected in cards
    ]  # fmt: skip
    sizes = {"C01": ("met", ""), "C02": ("gap", "undersize"), "C03": ("unknown", "")}
    scorecards += [
        {"community_id": code, "card": "size", "about": "check", "status": status, "finding": finding,
         **{name: int(name == status) for name in counts}, "overlaid": False}
        for code, (status, finding) in sizes.items()
    ]  # fmt: skip
    areas = [
        ("district", "金台区", "p.circle", (1, 0, 0, 0), 1.0, 1.0, 1.0),
        ("district", "渭滨区", "p.circle", (0, 2, 0, 0), 0.0, 0.0, 2.0),
        ("district", "金台区", "p.health", (0, 0, 1, 0), 0.0, 1.0, 1.0),
        ("district", "渭滨区", "p.health", (0, 2, 0, 0), 0.0, 0.0, 1.0),
        ("district", "渭滨区", "p.pharmacy", (0, 2, 0, 0), 0.0, 0.0, 2.0),
        ("city", "纸上城市", "p.circle", (1, 2, 0, 0), 1 / 3, 1 / 3, 1.0),
    ]
    rollups = [
        {
            "level": level, "area": area, "district": area if level == "district" else "",
            "pack": "paper-pack", "code": code, "communities": sum(found), "basis": "communities",
            "about": {"p.circle": "circle", "p.health": "type"}.get(code, "rule"),
            **dict(zip(counts, found, strict=True)), "share_low": low, "share_high": high, "rank": rank,
        }
        for level, area, code, found, low, high, rank in areas
    ]  # fmt: skip
    targets = [
        {
            "level": level, "area": area, "pack": "paper-pack", "rule": "p.share", "of": "p.circle",
            "status": status, "needed": 0.3, "found": found, "possible": found, "unit": "share",
            "shortfall": max(0.0, 0.3 - found), "overlaid": False, "source_status": "secondary",
            "reason": "达到的社区占比", "reason_en": "share of communities that do",
        }
        for level, area, status, found in (
            ("district", "金台区", "met", 1.0), ("district", "渭滨区", "gap", 0.0),
            ("city", "纸上城市", "met", 1 / 3),
        )
    ]  # fmt: skip
    return {
        "scorecards": _frame("scorecards", scorecards),
        "rollups": _frame("rollups", rollups),
        "targets": _frame("targets", targets),
    }


def _build_manifest(name: str, created: str, bounds: list[float]) -> dict[str, Any]:
    document = {"document": "纸上城市标准", "clause": "第3条", "status": "primary"}
    rule = {"mode": "walk", "limit": 15.0, "limit_unit": "min", "source": document}
    own = {"value": 15.0, "unit": "min", "source": {**document, "document": "纸上城市取值"}}
    limit = {**own, "original": {"value": 10.0, "unit": "min", "source": document}}
    more: dict[str, Any] = {
        "pharmacy": {"rule": "p.pharmacy", "overlaid": True, "values": {"limit": limit}}
    }
    share = {
        "code": "p.share", "rule": "p.share", "title_zh": "达到纸上圈的社区占比", "kind": "", "unit": "city",
        "title_en": "Share that meets the circle", "of": "p.circle", "source": document,
    }  # fmt: skip
    titles = (
        ("pharmacy", "药店", "pharmacy"),
        ("kindergarten", "幼儿园", "kindergarten"),
        ("clinic", "诊所", "clinic"),
    )
    return {
        "product": "lifecircle", "version": "0", "created": created, "name": name, "synthetic": True,
        "judged_on": "2025-01-01", "crs": CRS, "bounds": bounds, "inputs": [], "limits_min": [5, 10, 15],
        "packs": [{
            "code": "paper-pack", "published": "2025-01-01", "title_zh": "纸上标准", "title_en": "Paper pack",
            "rules": [
                *(
                    {"code": f"p.{kind}", "title_zh": f"{zh}规则", "title_en": f"{en} rule", "kind": kind,
                     **rule, **more.get(kind, {})}
                    for kind, zh, en in titles
                ),
                share,
            ],
            "cards": [
                {"code": "p.circle", "about": "circle", "title_zh": "15分钟纸上圈", "title_en": "Paper circle",
                 "answers": ["p.pharmacy", "p.kindergarten"], "includes": []},
                {"code": "p.health", "about": "type", "title_zh": "健康型社区", "title_en": "Healthy community",
                 "answers": ["p.pharmacy", "p.clinic"], "includes": []},
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


# The real command, and a small city to spoil ------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code (minus the signal's number), and what it said."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that says what went wrong; there must be exactly one, and no traceback."""
        lines = [line for line in self.err.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, self.err
        assert self.err.splitlines()[-1] == lines[0]
        assert "Traceback" not in self.err
        return lines[0].removeprefix("error:").strip()


class Commands:
    """Runs `lifecircle` in processes of their own; see `forked_commands.py`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forked_commands.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def run(self, *argv: object, cwd: Path | None = None, **order: Any) -> Outcome:
        """Run one command to its end; `tricks` as in `forked_commands.py`."""
        return self.start(*argv, cwd=cwd, wait=True, **order).end()

    def start(
        self, *argv: object, cwd: Path | None = None, wait: bool = False, **order: Any
    ) -> "Started":
        self._count += 1
        said = [self._folder / f"{self._count}.{name}" for name in ("out", "err")]
        answer = self._ask(
            {
                "argv": [str(word) for word in argv],
                "cwd": str(cwd or self._folder),
                "stdout": str(said[0]),
                "stderr": str(said[1]),
                "wait": wait,
                **order,
            }
        )
        return Started(self, answer["pid"], answer["code"], *said)

    def warm_up(self, city: Path) -> None:
        self._ask({"warm": str(city)})

    def wait(self, pid: int) -> int:
        return int(self._ask({"pid": pid})["code"])

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout
        self._process.stdout.close()


@dataclass
class Started:
    """A command that runs."""

    commands: Commands
    pid: int
    code: int | None
    out: Path
    err: Path

    def signal(self, number: int) -> "Started":
        os.kill(self.pid, number)
        return self

    def wait_for(self, text: str, *, where: str = "out", seconds: float = 30.0) -> str:
        """Wait until the command has said something; returns all it said there."""
        end = time.monotonic() + seconds
        path = getattr(self, where)
        while time.monotonic() < end:
            said = path.read_text("utf-8") if path.exists() else ""
            if text in said:
                return said
            time.sleep(0.02)
        raise AssertionError(f"never said {text!r}: {self.err.read_text('utf-8')}")

    def end(self) -> Outcome:
        code = self.commands.wait(self.pid) if self.code is None else self.code
        said = (path.read_text("utf-8", errors="replace") for path in (self.out, self.err))
        return Outcome(code, *said)


@pytest.fixture(scope="session")
def lifecircle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """The command itself: `lifecircle.run("check", path)`."""
    commands = Commands(tmp_path_factory.mktemp("said"))
    commands.warm_up(SmallCity(tmp_path_factory.mktemp("warm")).write())
    yield commands
    commands.close()


GRID_M = 200.0
_PER_LON, _PER_LAT = 92_000.0, 110_900.0


def _place(x_m: float, y_m: float) -> tuple[float, float]:
    return (107.15 + x_m / _PER_LON, 34.35 + y_m / _PER_LAT)


def _square(x_m: float, y_m: float, side_m: float) -> list[list[float]]:
    corners = ((0, 0), (side_m, 0), (side_m, side_m), (0, side_m), (0, 0))
    return [list(_place(x_m + dx, y_m + dy)) for dx, dy in corners]


class SmallCity:
    """Six by six streets, two communities, five homes: valid until a test spoils it.

    Coordinates are metres east and north; community 1 lies west of x = 500, community 2 east of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.places: list[tuple[float, float, dict[str, str]]] = [
            (100, 0, {"amenity": "pharmacy", "name": "康宁药房"}),
            (700, 210, {"shop": "supermarket", "name": "惠民超市"}),
            (900, 1000, {"amenity": "kindergarten", "name": "实验幼儿园"}),
        ]
        self.areas: list[tuple[list[list[float]], dict[str, str]]] = [
            (_square(410, 410, 80), {"leisure": "park", "name": "人民公园"}),
            (_square(610, 610, 60), {"building": "apartments", "building:levels": "6"}),
        ]
        self.communities: list[dict[str, Any]] = [
            {"code": "610302001", "name": "东风社区", "households": 1600, "ring": _box(0, 500)},
            {"code": "610302002", "name": "渭滨社区", "households": 900, "ring": _box(500, 1000)},
        ]
        self.homes: list[dict[str, Any]] = [
            {"name": f"小区{n}", "households": 100 * n, "x": x, "y": y}
            for n, (x, y) in enumerate([(20, 20), (300, 500), (410, 990), (710, 20), (900, 790)], 1)
        ]
        self.facilities: list[dict[str, Any]] = [
            {"name": "西街诊所", "kind": "诊所", "x": 10, "y": 610},
            {"name": "东街便民服务站", "kind": "government", "x": 990, "y": 390},
        ]
        self.osm_name = "city.osm"
        self.extra_toml = ""

    @property
    def path(self) -> Path:
        return self.folder / "city.toml"

    def write(self) -> Path:
        """Write every file; returns the `city.toml`."""
        self.write_osm()
        self.write_tables()
        (self.folder / "city.toml").write_text(
            f'[city]\nname = "小城"\n[sources]\nosm = "{self.osm_name}"\n'
            'communities = { path = "communities.geojson" }\n'
            'demand = { path = "homes.csv", crs = "EPSG:4326" }\n'
            'facilities = [{ path = "facilities.csv", crs = "EPSG:4326" }]\n' + self.extra_toml,
            encoding="utf-8",
        )
        return self.path

    def add_buses(self) -> None:
        """Write a timetable and name it: a bus every 10 minutes, 07:00 to 09:00, both ways.

        From 一号站 at (100, 0) in 4 minutes to 二号站 at (900, 800).
        """
        feed = self.folder / "bus"
        feed.mkdir(exist_ok=True)
        (west, south), (east, north) = _place(100, 0), _place(900, 800)
        starts = [(7 * 60 + m, way) for way in (0, 1) for m in range(0, 121, 10)]
        trips = [f"t{number}" for number in range(len(starts))]
        days = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
        calls = [
            f"{trip},{at // 60:02d}:{at % 60:02d}:00,{at // 60:02d}:{at % 60:02d}:00,{stop},{order}"
            for trip, (start, way) in zip(trips, starts, strict=True)
            for order, (at, stop) in enumerate(
                [(start, "s1" if way == 0 else "s2"), (start + 4, "s2" if way == 0 else "s1")]
            )
        ]
        tables = {
            "agency": ["agency_id,agency_name,agency_url,agency_timezone",
                       "a,公交公司,https://example.org,Asia/Shanghai"],
            "stops": ["stop_id,stop_name,stop_lon,stop_lat",
                      f"s1,一号站,{west:.7f},{south:.7f}", f"s2,二号站,{east:.7f},{north:.7f}"],
            "routes": ["route_id,agency_id,route_short_name,route_long_name,route_type",
                       "r1,a,1路,一号站—二号站,3"],
            "calendar": [f"service_id,{days},start_date,end_date",
                         "w,1,1,1,1,1,1,1,20250101,20251231"],
            "trips": ["route_id,service_id,trip_id,direction_id",
                      *(f"r1,w,{trip},{way}" for trip, (_, way) in zip(trips, starts, strict=True))],
            "stop_times": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *calls],
        }  # fmt: skip
        for name, lines in tables.items():
            (feed / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.extra_toml += 'gtfs = ["bus"]\n[transit]\nday = 2025-03-12\n'

    def write_osm(self) -> None:
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
        ways: list[tuple[list[int], dict[str, str]]] = []
        steps = range(6)
        places = [(_place(GRID_M * x, GRID_M * y), {}) for y in steps for x in steps]
        for step in steps:
            street = {"highway": "residential", "name": f"{step}路"}
            ways.append(([6 * step + x + 1 for x in steps], street))
            ways.append(([6 * y + step + 1 for y in steps], street))
        places += [(_place(x, y), tags) for x, y, tags in self.places]
        for ring, tags in self.areas:
            first = len(places) + 1
            places += [((lon, lat), {}) for lon, lat in ring[:-1]]
            ways.append(([*range(first, first + len(ring) - 1), first], tags))
        for number, ((lon, lat), tags) in enumerate(places, start=1):
            lines.append(f'<node id="{number}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">')
            lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
            lines.append("</node>")
        for number, (nodes, tags) in enumerate(ways, start=1):
            lines.append(f'<way id="{number}" version="1">')
            lines += [f'<nd ref="{node}"/>' for node in nodes]
            lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
            lines.append("</way>")
        (self.folder / self.osm_name).write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")

    def write_tables(self) -> None:
        features = [
            {
                "type": "Feature",
                "properties": {key: one[key] for key in one if key != "ring"},
                "geometry": {"type": "Polygon", "coordinates": [one["ring"]]},
            }
            for one in self.communities
        ]
        (self.folder / "communities.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False),
            encoding="utf-8",
        )
        for name, rows in (("homes", self.homes), ("facilities", self.facilities)):
            frame = pd.DataFrame(rows)
            placed = [_place(x, y) for x, y in zip(frame.pop("x"), frame.pop("y"), strict=True)]
            frame[["lon", "lat"]] = placed
            frame.to_csv(self.folder / f"{name}.csv", index=False, float_format="%.7f")


def _box(west_m: float, east_m: float) -> list[list[float]]:
    corners = ((west_m, 0), (east_m, 0), (east_m, 1000), (west_m, 1000), (west_m, 0))
    return [list(_place(*corner)) for corner in corners]


@pytest.fixture
def small_city(tmp_path: Path) -> SmallCity:
    """A small city in `tmp_path / "city"`, not yet written."""
    return SmallCity(tmp_path / "city")


@pytest.fixture(scope="session")
def make_city() -> Callable[[Path], SmallCity]:
    """Makes a small city in a folder, not yet written."""
    return SmallCity


def _run_small_city(lifecircle: Commands, folder: Path, *, buses: bool) -> None:
    city = SmallCity(folder / "city")
    if buses:
        city.add_buses()
    outcome = lifecircle.run("run", city.write(), "--out", folder / "run")
    assert outcome.code == 0, outcome.err


@pytest.fixture(scope="session")
def finished(lifecircle: Commands, build_once: Callable[..., Path]) -> Path:
    """Run folder of the small city as it should be; not to be written into."""
    run = partial(_run_small_city, lifecircle, buses=False)
    return build_once("finished", run) / "run"


@pytest.fixture(scope="session")
def ridden(lifecircle: Commands, build_once: Callable[..., Path]) -> Path:
    """Run folder of the small city with its buses; not to be written into."""
    run = partial(_run_small_city, lifecircle, buses=True)
    return build_once("ridden", run) / "run"


@pytest.fixture(scope="session")
def digest_folder() -> Callable[[Path], dict[str, str]]:
    """Digest of every file below a folder."""

    def digest(folder: Path) -> dict[str, str]:
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return digest
