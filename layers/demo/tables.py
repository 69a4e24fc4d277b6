"""The sample city's tables, written as a planning office would hand them over, Chinese headers."""

import json
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
from layers.demo.osm_writer import Frame
from layers.demo.shapes import coords_of

CITY_NAME = "样例市（合成数据）"
_MADE = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_PERSONS_PER_HOUSEHOLD = 2.64

_CITY_TOML = """\
# 合成数据：样例市不存在，一切名称与数字均为虚构。Synthetic data: no place, name or number is real.
[city]
name = "样例市（合成数据）"
packs = ["baoji-four-types"]
synthetic = true

[sources]
osm = "sample.osm"
communities = { path = "communities.geojson" }
demand = { path = "compounds.xlsx", crs = "EPSG:4490" }
facilities = [{ path = "schools.xlsx", crs = "gcj02" }]
parcels = { path = "parcels.geojson" }
"""


def write_communities(path: Path, drawing: Drawing, frame: Frame) -> None:
    """Write the community polygons; one of them without households."""
    features = []
    for index, (community, shape) in enumerate(
        zip(drawing.plan.spec["communities"], drawing.plan.communities, strict=True)
    ):
        households = community["households"]
        features.append(
            _feature(
                shape,
                frame,
                {
                    "社区编码": community_code(index),
                    "社区名称": community["name"],
                    "name_en": f"{community['en']} Community",
                    "县区": community["district"],
                    "镇街": community["subdistrict"],
                    "户数": households,
                    "人口": None if households is None else _persons(households),
                    "启用日期": "2024-07-01",
                },
            )
        )
    _write_geojson(path, features)


def community_code(index: int) -> str:
    """Return the invented code of the community at a place in the list."""
    return f"9901{index + 1:05d}"


def _persons(households: int) -> int:
    return round(households * _PERSONS_PER_HOUSEHOLD)


def write_compounds(path: Path, drawing: Drawing, frame: Frame) -> None:
    """Write households per compound entrance for the communities that have such a list."""
    rows: list[list[Any]] = []
    for index, community in enumerate(drawing.plan.spec["communities"]):
        if community.get("demand") != "table":
            continue
        gates = [gate for gate in drawing.gates if gate.community == index and gate.floor_m2 > 0]
        shares = share_out(int(community["households"]), gates)
        for gate, households in zip(gates, shares, strict=True):
            lon, lat = frame.lonlat(gate.place)
            rows.append(
                [
                    f"XQ{len(rows) + 1:04d}", gate.compound, gate.side, community["name"],
                    households, _persons(households), lon, lat,
                ]
            )  # fmt: skip
    header = ["编号", "小区名称", "出入口", "所属社区", "户数", "人口", "经度", "纬度"]
    _write_xlsx(path, "小区出入口", header, rows)


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
            school["classes"], school["places"], school["free"], school["year"],
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
        "空余学位",
        "开办年份",
        "经度",
        "纬度",
    ]
    _write_xlsx(path, "学校与幼儿园", header, rows)


def write_parcels(path: Path, drawing: Drawing, frame: Frame) -> None:
    """Write the reserved school parcels in every state."""
    features = [
        _feature(
            shape,
            frame,
            {
                "地块编号": parcel["id"],
                "学段": parcel["level"],
                "用地面积": round(shape.area),
                "规划班数": parcel["classes"],
                "状态": parcel["state"],
                "计划开办年份": parcel["year"],
                "依据规划": parcel["plan"],
                "规划日期": "2019-08-01" if "2019" in parcel["plan"] else "2023-05-01",
                "备注": parcel.get("now"),
            },
        )
        for shape, parcel in drawing.parcels
    ]
    _write_geojson(path, features)


def write_city_toml(path: Path) -> None:
    """Write the file that names the sample's sources."""
    path.write_bytes(_CITY_TOML.encode("utf-8"))


def _feature(shape: BaseGeometry, frame: Frame, properties: dict[str, Any]) -> dict[str, Any]:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    solid = [orient(Polygon(part.exterior)) for part in parts if part.area > 50]
    rings = [[[list(frame.lonlat(place)) for place in coords_of(part.exterior)]] for part in solid]
    geometry = (
        {"type": "Polygon", "coordinates": rings[0]}
        if len(rings) == 1
        else {"type": "MultiPolygon", "coordinates": rings}
    )
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _write_geojson(path: Path, features: list[dict[str, Any]]) -> None:
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


def _write_xlsx(path: Path, sheet_name: str, header: list[str], rows: list[list[Any]]) -> None:
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
