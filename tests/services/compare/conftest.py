"""A paper city of squares, with verdicts set by hand: what a comparison must say is known beforehand.

Squares of 1 km, the lower left corner of (0, 0) at 107.1° E, 34.3° N; speeds 1.2, 0.8 and 1 m/s.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import project
from layers.results import TABLES
from layers.standards.describe import describe_pack
from layers.standards.load import read_pack
from services.compare.changes import Comparison, compare_runs
from services.compare.editions import Edition

CRS = "EPSG:32648"
PACK = """
pack: paper
title: {zh: 纸上标准, en: Paper standard}
issuer: {zh: 无, en: nobody}
legal_force: {zh: 无, en: none}
published: 2024-01-01
documents:
  text: {title: {zh: 条文, en: Text}, published: 2024-01-01}
rules:
  - code: p.pharmacy
    title: {zh: 药店, en: Pharmacy}
    test: share_within
    kind: pharmacy
    force: should
    since: 2024-01-01
    limit: {value: 15, unit: min, source: {document: text, status: primary}}
    share: {value: 0.9, unit: share, source: {document: text, status: primary}}
  - code: p.nursery
    title: {zh: 普惠幼儿园, en: Inclusive kindergarten}
    test: count_inside
    kind: kindergarten
    inclusive: true
    counter: 所
    force: should
    since: 2024-01-01
    applies_to:
      households: {value: 1500, unit: households, source: {document: text, status: primary}}
    count: {value: 1, unit: facilities, source: {document: text, status: primary}}
  - code: p.cluster
    title: {zh: 相邻小区合并设园, en: One for small ones together}
    test: count_inside
    kind: kindergarten
    counter: 所
    force: should
    since: 2024-01-01
    applies_to:
      unit: cluster
      households: {value: 1500, unit: households, source: {document: text, status: primary}}
    count: {value: 1, unit: facilities, source: {document: text, status: primary}}
  - code: p.green
    title: {zh: 绿化率, en: Green}
    test: attribute_at_least
    attribute: green_share
    force: should
    since: 2024-01-01
    least: {value: 0.3, unit: share, source: {document: text, status: primary}}
  - code: p.space
    title: {zh: 服务用房, en: Space}
    test: amount_per
    measure: {attribute: service_space_m2}
    force: should
    since: 2024-01-01
    amount: {value: 30, unit: m2, source: {document: text, status: primary}}
    per: {value: 100, unit: households, source: {document: text, status: primary}}
  - code: p.station
    title: {zh: 服务站, en: Station}
    test: share_within
    kind: health_station
    force: should
    since: 2024-01-01
    limit: {value: 300, unit: m, source: {document: text, status: primary}}
    share: {value: 1, unit: share, source: {document: text, status: primary}}
    substituted_by: {rules: [p.centre], source: {document: text, status: primary}}
  - code: p.centre
    title: {zh: 服务中心, en: Centre}
    test: share_within
    kind: health_centre
    force: should
    since: 2024-01-01
    minimum:
      floor_area_m2: {value: 1000, unit: m2, source: {document: text, status: primary}}
    limit: {value: 1000, unit: m, source: {document: text, status: primary}}
    share: {value: 1, unit: share, source: {document: text, status: primary}}
cards:
  - {code: p.card, about: circle, title: {zh: 纸上圈, en: Paper circle}, rules: [p.pharmacy, p.green]}
"""
BLANK = {"str": "", "float64": np.nan, "int64": 0, "boolean": pd.NA, "bool": True}
ORIGIN = project(np.array([[107.1, 34.3]]), crs=CRS)[0].round(-2)


def to_degrees(shape: Any) -> Any:
    """A shape in metres from the origin, in degrees."""
    moved = shapely.transform(shape, lambda xy: xy + ORIGIN)
    frame = gpd.GeoSeries([moved], crs=CRS).to_crs("EPSG:4326")
    return frame.iloc[0]


def square(column: float, row: float, width: float = 1.0, height: float = 1.0) -> Any:
    """A box in kilometres, in degrees."""
    corners = (column, row, column + width, row + height)
    return to_degrees(shapely.box(*(1000.0 * edge for edge in corners)))


def lay_out(table: str, rows: list[dict[str, Any]]) -> Any:
    columns = TABLES[table]
    filled = [
        {name: row.get(name, BLANK[column.dtype]) for name, column in columns.items()} | row
        for row in rows
    ]
    names = list(dict.fromkeys([*columns, *(name for row in filled for name in row)]))
    frame = pd.DataFrame(filled, columns=names)
    frame = frame.astype({name: column.dtype for name, column in columns.items()})
    if "geometry" in frame:
        return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")
    return frame


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The paper standard as a manifest describes it."""
    path = tmp_path_factory.mktemp("packs") / "paper.yaml"
    path.write_text(PACK, encoding="utf-8")
    return describe_pack(read_pack(str(path)))


@dataclass
class Town:
    """An edition of the paper city, changed by the test that needs it."""

    pack: dict[str, Any]
    day: str = "2025-03-01"
    communities: dict[str, dict[str, Any]] = field(default_factory=dict)
    facilities: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    cards: list[dict[str, Any]] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(
        default_factory=lambda: {
            "adult_m_s": 1.2, "older_m_s": 0.8, "child_m_s": 1.0, "max_leg_m": 150.0,
            "min_island_m": 1000.0, "cell_m": 50.0, "street_step_m": 50.0, "adjoin_m": 50.0,
            "undersize_households": 1500.0, "oversize_households": 4000.0,
        }
    )  # fmt: skip
    transit: dict[str, Any] = field(default_factory=dict)
    name: str = "纸上城市"
    version: str = "1"
    osm_timestamp: str | None = None

    def community(self, code: str, shape: Any, **facts: Any) -> "Town":
        self.communities[code] = {
            "name": f"{code}社区", "district": "金台区", "households": 1600.0,
            "valid_from": "2024-07-01", **facts, "community_id": code, "geometry": shape,
        }  # fmt: skip
        return self

    def facility(self, code: str, kind: str, x_km: float, y_km: float, **facts: Any) -> "Town":
        """Put a facility at a place in kilometres."""
        point = to_degrees(shapely.Point(1000.0 * x_km, 1000.0 * y_km))
        row = {
            "facility_id": code,
            "kind": kind,
            "name": f"{code}号",
            "source": "osm",
            "n_entrances": 1,
        }
        self.facilities.append({**row, **facts, "geometry": point})
        return self

    def verdict(self, code: str, rule: str, status: str, **figures: Any) -> "Town":
        entry = self.rule(rule)
        row = {"pack": "paper", "kind": entry["kind"], "limit": entry["limit"] or np.nan,
               "limit_unit": entry["limit_unit"], "mode": entry["mode"], "unit": "share"}  # fmt: skip
        self.verdicts = [
            one for one in self.verdicts if (one["community_id"], one["rule"]) != (code, rule)
        ]
        self.verdicts.append(
            {**row, **figures, "community_id": code, "rule": rule, "status": status}
        )
        return self

    def card(self, code: str, card: str, status: str) -> "Town":
        about, pack = ("check", "") if card == "size" else ("circle", "paper")
        row = {"community_id": code, "pack": pack, "card": card, "about": about, "status": status}
        self.cards.append(row)
        return self

    def rule(self, code: str) -> dict[str, Any]:
        return next(rule for rule in self.pack["rules"] if rule["code"] == code)

    def set_value(self, code: str, name: str, value: float) -> "Town":
        """Another figure in a rule, as an overlay would put it."""
        rule = self.rule(code)
        old = rule["values"][name]
        rule["values"][name] = {**old, "value": value, "original": {**old}}
        if name in rule["applies"]:
            rule["applies"] = {**rule["applies"], name: value}
        return self

    def later(self, day: str = "2026-03-01") -> "Town":
        """The same city on a later day."""
        copy = deepcopy(self)
        copy.day = day
        return copy

    def edition(self) -> Edition:
        kinds = ("pharmacy", "kindergarten", "health_station", "health_centre")
        manifest = {
            "name": self.name, "judged_on": self.day, "created": f"{self.day}T08:00:00+00:00",
            "version": self.version, "osm_timestamp": self.osm_timestamp, "crs": CRS,
            "settings": self.settings, "transit": {"settings": self.transit}, "packs": [self.pack],
            "inputs": [
                {"role": role, "path": role, "sha256": digest} for role, digest in self.inputs.items()
            ],
            "kinds": [{"code": kind, "traveller": "adult"} for kind in kinds],
        }  # fmt: skip
        facilities = lay_out("facilities", self.facilities or [{"geometry": None}])
        if not self.facilities:
            facilities = facilities.iloc[:0]
        return Edition(
            manifest,
            lay_out("communities", list(self.communities.values())),
            facilities,
            lay_out("gaps", self.verdicts),
            lay_out("scorecards", self.cards),
        )


@pytest.fixture
def town(described: dict[str, Any]) -> Town:
    """One community, A, on the square at the origin."""
    return Town(deepcopy(described)).community("A", square(0, 0))


@pytest.fixture
def compare() -> Callable[[Town, Town], Comparison]:
    return lambda before, after: compare_runs(before.edition(), after.edition())


def only(comparison: Comparison) -> dict[str, Any]:
    """The one change there is."""
    (row,) = comparison.changes.to_dict("records")
    return {str(name): value for name, value in row.items()}


@pytest.fixture
def the_change() -> Callable[[Comparison], dict[str, Any]]:
    return only


@pytest.fixture
def squares() -> Callable[..., Any]:
    return square


@pytest.fixture
def run_folder(tmp_path: Path) -> Callable[[Town, str], Path]:
    """Writes what a comparison reads of a run."""

    def write(town: Town, name: str) -> Path:
        from layers.store import write_manifest, write_table

        folder = tmp_path / name
        folder.mkdir()
        edition = town.edition()
        for table in ("communities", "facilities", "gaps", "scorecards"):
            write_table(getattr(edition, table), folder / f"{table}.parquet")
        write_manifest(folder, dict(edition.manifest))
        return folder

    return write
