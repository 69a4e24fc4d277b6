"""What the sample city's education office hands over: children, homes to come, catchments, parcels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely import affinity
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from layers.demo.drawing import Drawing
from layers.demo.editions import CommunityRow
from layers.demo.osm_writer import Frame
from layers.demo.shapes import corner_plot
from layers.demo.tables import feature, write_geojson, write_xlsx

_PLAN_DATES = {True: "2019-08-01", False: "2023-05-01"}


def write_parcels(path: Path, drawing: Drawing, frame: Frame) -> None:
    """Write the reserved school parcels in every state."""
    write_geojson(
        path, [feature(shape, frame, _describe(one, shape)) for shape, one in drawing.parcels]
    )


def write_earlier_parcels(
    path: Path, drawing: Drawing, spec: Sequence[Mapping[str, Any]], frame: Frame
) -> None:
    """Write the plan before: some parcels larger, elsewhere, whole, of another use or another id."""
    now = {one["id"]: (shape, one) for shape, one in drawing.parcels}
    features = []
    for earlier in spec:
        if "of" in earlier:
            shape = _draw_before([now[name][0] for name in earlier["of"]], earlier)
            base = {**now[earlier["of"][0]][1], "state": "预留", "now": None}
        else:
            shape, base = _draw_box(earlier), {"state": "预留"}
        one = {**base, **earlier, "plan": f"{earlier['area']}教育设施布局规划（2019年版）"}
        features.append(feature(shape, frame, _describe(one, shape)))
    write_geojson(path, features)


def _draw_box(earlier: Mapping[str, Any]) -> Polygon:
    (x, y), (width_m, depth_m) = earlier["at"], earlier["size"]
    return corner_plot(x, y, width_m, depth_m, 0.0)


def _draw_before(shapes: Sequence[Polygon], earlier: Mapping[str, Any]) -> BaseGeometry:
    whole = shapely.convex_hull(shapely.union_all(shapes)) if len(shapes) > 1 else shapes[0]
    grown = whole.buffer(float(earlier.get("grow_m", 0.0)), join_style="mitre")
    east_m, north_m = earlier.get("shift_m", (0.0, 0.0))
    return affinity.translate(grown, east_m, north_m)


def _describe(parcel: Mapping[str, Any], shape: BaseGeometry) -> dict[str, Any]:
    return {
        "地块编号": parcel["id"],
        "学段": parcel["level"],
        "用地面积": round(shape.area),
        "规划班数": parcel["classes"],
        "状态": parcel["state"],
        "计划开办年份": parcel["year"],
        "依据规划": parcel["plan"],
        "规划日期": _PLAN_DATES["2019" in parcel["plan"]],
        "备注": parcel.get("now"),
    }


def write_housing(path: Path, drawing: Drawing, frame: Frame, rows: Sequence[CommunityRow]) -> None:
    """Write the compounds to come; of one only the community is known."""
    table = []
    for place, one in drawing.housing:
        home = next(
            row
            for row in rows
            if (row.name == one["community"] if place is None else row.shape.contains(place))
        )
        lonlat = (None, None) if place is None else frame.lonlat((place.x, place.y))
        year = f"{one['year']}年"
        table.append(
            [one["id"], one["name"], home.code, home.name, one["households"], year, *lonlat]
        )
    header = [
        "项目编号", "项目名称", "社区编码", "所属社区", "规划户数", "交付年份", "经度", "纬度",
    ]  # fmt: skip
    write_xlsx(path, "在建和规划住宅", header, table)


def write_catchments(
    path: Path, drawing: Drawing, spec: Sequence[Mapping[str, Any]], frame: Frame
) -> None:
    """Write the catchments assigned to some schools: whole communities, put together."""
    shapes = {
        community["name"]: shape
        for community, shape in zip(
            drawing.plan.spec["communities"], drawing.plan.communities, strict=True
        )
    }
    features = [
        feature(
            shapely.union_all([shapes[name] for name in one["communities"]]),
            frame,
            {"学校名称": one["school"], "学段": one.get("level"), "依据": "2024年学区划分（虚构）"},
        )
        for one in spec
    ]
    write_geojson(path, features)


def write_children(path: Path, rows: Sequence[CommunityRow], spec: Mapping[str, Any]) -> None:
    """Write children by age as counted in the first year, and the births expected after it."""
    by_age: Sequence[float] = spec["by_age"]
    school_age = spec["primary_ages"][0]
    table: list[list[Any]] = []
    for row in rows:
        cohort = _count_cohort(row, spec)
        young = cohort * float(spec["young"].get(row.name, 1.0))
        counted = [
            round((young if age < school_age else cohort) * weight)
            for age, weight in enumerate(by_age)
        ]
        table.append([row.code, row.name, spec["year"], *counted])
        for year, weight in spec["births"].items():
            blank = [None] * (len(by_age) - 1)
            table.append([row.code, row.name, year, round(young * weight), *blank])
    header = ["社区编码", "社区名称", "年份", *(f"{age}岁" for age in range(len(by_age)))]
    write_xlsx(path, "分年龄儿童数", header, table)


def _count_cohort(row: CommunityRow, spec: Mapping[str, Any]) -> float:
    """Children of an average year: from those at primary age, else as many as `uncounted` says."""
    first, last = spec["primary_ages"]
    weights: float = sum(spec["by_age"][first : last + 1])
    pupils = row.facts.get("children_primary")
    return float(spec["uncounted"] if pupils is None else pupils) / weights
