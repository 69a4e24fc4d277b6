"""The sample city's tables, written as a planning office would hand them over, Chinese headers."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import xlsxwriter
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from geo.crs import wgs84_to_gcj02
from layers.demo.drawing import Drawing, Gate
from layers.demo.editions import CommunityRow
from layers.demo.osm_writer import Frame
from layers.demo.plan import read_spec
from layers.demo.shapes import coords_of, dice

CITY_NAME = "样例市（合成数据）"
_MADE = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_PERSONS_PER_HOUSEHOLD = 2.64

_MU_M2 = 2000.0 / 3.0
_FLOOR_M2 = {"幼儿园": 11.0, "小学": 7.4, "初中": 9.2, "高中": 11.5, "九年一贯制学校": 8.1}
"""Floor per place of each kind of school, about which the sample's own vary."""

_CITY_TOML = """\
# 合成数据：样例市不存在，一切名称与数字均为虚构。Synthetic data: no place, name or number is real.
# packs/local.yaml 是本市自定的取值，放在本文件旁即生效。The city's own figures stand in packs/local.yaml.
[city]
name = "样例市（合成数据）"
packs = [
  "baoji-four-types",
  "shaanxi-school-planning-2019",
  "gb50180-2018",
  "tdt1063-city-checkup",
  "mohurd-city-checkup",
  "mofcom-quarter-hour",
  "complete-community",
  "community-service-space",
]
synthetic = true

[sources]
osm = "sample.osm"
communities = { path = "communities.geojson" }
demand = { path = "compounds.xlsx", crs = "EPSG:4490" }
facilities = [
  { path = "schools.xlsx", crs = "gcj02" },
  { path = "services.xlsx", crs = "EPSG:4490" },
]
parcels = { path = "parcels.geojson" }
children = { path = "children.xlsx" }
housing = { path = "housing.xlsx", crs = "EPSG:4490" }
catchments = { path = "catchments.geojson" }
earlier_parcels = { path = "earlier_parcels.geojson" }

[schools]
first_year = 2025
horizon = 2035
# 合成的千人指标，用于儿童表没有写到的地方。Made-up children per thousand residents, where no table counts them.
per_thousand = { kindergarten = 33, primary_school = 70, junior_school = 36, senior_school = 28 }
persons_per_household = 2.64
"""

_OVERLAY = """\
# 合成数据：本市自定的取值，替代标准包里的数值；页面和报告中与原值并列显示。
# Synthetic data: the city's own figures in place of the packs', shown beside the originals.
overlay: local
title: {{zh: 样例市本地取值（合成数据）, en: Sample City's own values (synthetic data)}}
issuer: {{zh: 样例市（虚构）, en: Sample City (invented)}}
published: {published}
documents:
  park-plan:
    title: {{zh: 样例市公园城市建设方案（虚构）, en: Sample City's plan for parks (invented)}}
    published: {published}
rules:
  - code: bj.reach.park
    share:
      value: {share}
      unit: share
      source:
        document: park-plan
        status: derived
        note: {{zh: 样例市自定的取值，仅供演示, en: Made up for this sample}}
"""


def write_communities(path: Path, rows: Sequence[CommunityRow], frame: Frame) -> None:
    """Write the community polygons with what was counted in them."""
    headers = read_spec("facts")["columns"]
    features = [
        feature(
            row.shape,
            frame,
            {
                "社区编码": row.code,
                "社区名称": row.name,
                "name_en": f"{row.name_en} Community",
                "县区": row.district,
                "镇街": row.subdistrict,
                "户数": row.households,
                "人口": None if row.households is None else _persons(row.households),
                "启用日期": row.valid_from,
                **{header: row.facts[code] for code, header in headers.items()},
            },
        )
        for row in rows
    ]
    write_geojson(path, features)


def _persons(households: int) -> int:
    return round(households * _PERSONS_PER_HOUSEHOLD)


def write_compounds(
    path: Path, drawing: Drawing, frame: Frame, households_now: Mapping[str, int]
) -> None:
    """Write households per compound entrance for the communities that have such a list."""
    rows: list[list[Any]] = []
    for index, community in enumerate(drawing.plan.spec["communities"]):
        if community.get("demand") != "table":
            continue
        gates = [gate for gate in drawing.gates if gate.community == index and gate.floor_m2 > 0]
        total = households_now.get(community["name"], community["households"])
        shares = share_out(int(total), gates)
        for gate, households in zip(gates, shares, strict=True):
            lon, lat = frame.lonlat(gate.place)
            rows.append(
                [
                    f"XQ{len(rows) + 1:04d}", gate.compound, gate.side, community["name"],
                    households, _persons(households), lon, lat,
                ]
            )  # fmt: skip
    header = ["编号", "小区名称", "出入口", "所属社区", "户数", "人口", "经度", "纬度"]
    write_xlsx(path, "小区出入口", header, rows)


def share_out(total: int, gates: list[Gate]) -> list[int]:
    """Share whole households among gates by the floor area behind them; the sum is exact."""
    floor_m2 = sum(gate.floor_m2 for gate in gates)
    exact = [total * gate.floor_m2 / floor_m2 for gate in gates]
    shares = [int(value) for value in exact]
    order = sorted(range(len(gates)), key=lambda index: (shares[index] - exact[index], index))
    for index in order[: total - sum(shares)]:
        shares[index] += 1
    return shares


def write_schools(path: Path, drawing: Drawing, frame: Frame) -> None:
    """Write the education office's list, its coordinates in GCJ-02 as such lists often have."""
    lonlat = np.array([frame.lonlat(school["place"]) for school in drawing.schools])
    lon, lat = wgs84_to_gcj02(lonlat[:, 0], lonlat[:, 1])
    rows = [
        [
            f"JY{number + 1:03d}", school["kind"], school["name"], school.get("inclusive"),
            school["classes"], school["places"], school.get("primary"), school.get("junior"),
            school["free"], school["year"], *_school_areas(school),
            round(float(x), 7), round(float(y), 7),
        ]
        for number, (school, x, y) in enumerate(zip(drawing.schools, lon, lat, strict=True))
    ]  # fmt: skip
    header = [
        "设施编号",
        "类别",
        "名称",
        "是否普惠",
        "班数",
        "学位数",
        "小学学位",
        "初中学位",
        "空余学位",
        "开办年份",
        "建筑面积（㎡）",
        "用地面积（亩）",
        "经度",
        "纬度",
    ]
    write_xlsx(path, "学校与幼儿园", header, rows)


def _school_areas(school: Mapping[str, Any]) -> tuple[float | None, float]:
    """Floor (m²) and land (亩); nobody measured the floor of every sixth school or so."""
    rng = dice(f"areas {school['name']}")
    floor_m2 = (school["places"] or 0) * _FLOOR_M2[school["kind"]] * rng.uniform(0.8, 1.2)
    known = rng.random() > 1 / 6 and floor_m2 > 0
    return (round(floor_m2, -1) if known else None), round(school["land_m2"] / _MU_M2, 1)


def write_services(path: Path, drawing: Drawing, frame: Frame) -> None:
    """Write the list of community services; some of unknown size."""
    rows = [
        [
            f"FW{number + 1:03d}",
            service["listed"],
            service["name"],
            service["floor_m2"],
            *frame.lonlat(service["place"]),
        ]
        for number, service in enumerate(drawing.services)
    ]
    header = ["设施编号", "类别", "名称", "建筑面积（㎡）", "经度", "纬度"]
    write_xlsx(path, "社区服务设施", header, rows)


def write_overlay(path: Path, share: float, published: str) -> None:
    """Write the city's own figures: a share of homes with a park in reach."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_OVERLAY.format(share=share, published=published).encode("utf-8"))


def write_city_toml(path: Path) -> None:
    """Write the file that names the sample's sources."""
    path.write_bytes(_CITY_TOML.encode("utf-8"))


def feature(shape: BaseGeometry, frame: Frame, properties: dict[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON feature of a shape in metres; trifles of it are dropped."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    solid = [orient(Polygon(part.exterior)) for part in parts if part.area > 50]
    rings = [[[list(frame.lonlat(place)) for place in coords_of(part.exterior)]] for part in solid]
    geometry = (
        {"type": "Polygon", "coordinates": rings[0]}
        if len(rings) == 1
        else {"type": "MultiPolygon", "coordinates": rings}
    )
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write_geojson(path: Path, features: list[dict[str, Any]]) -> None:
    """Write features, one a line."""
    head = json.dumps(
        {
            "type": "FeatureCollection",
            "name": path.stem,
            "note": "合成数据，均为虚构 (synthetic data, all invented)",
        },
        ensure_ascii=False,
    )[:-1]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    path.write_bytes(f'{head}, "features": [\n{lines}\n]}}\n'.encode())


def write_xlsx(path: Path, sheet_name: str, header: list[str], rows: list[list[Any]]) -> None:
    """Write one sheet with a header; None is an empty cell."""
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"title": CITY_NAME, "comments": "合成数据", "created": _MADE})
        sheet = book.add_worksheet(sheet_name)
        bold = book.add_format({"bold": True, "bg_color": "#E8F0EC"})
        sheet.write_row(0, 0, header, bold)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, ["" if value is None else value for value in row])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 13)
        sheet.set_column(2, 2, 22)
