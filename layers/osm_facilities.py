"""Facilities of an OSM file: one row per object and kind, the same place mapped twice counted once."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.units import FloatArray
from layers.areas import measure_areas_m2
from layers.kinds import Kinds
from layers.notices import Notice
from layers.tag_rules import parse_number

WGS84 = "EPSG:4326"
_YEAR = re.compile(r"\s*(\d{4})")


@dataclass(frozen=True, slots=True)
class Found:
    """An object that is a facility.

    Parameters
    ----------
    facility_id
        `n12`, `w12` or `r12`.
    kinds
        Codes of its kinds.
    tags
        All its tags.
    geometry
        Point, polygon or multipolygon, WGS84.
    outline
        Ids of the ways a relation is drawn with.
    """

    facility_id: str
    kinds: tuple[str, ...]
    tags: Mapping[str, str]
    geometry: BaseGeometry
    outline: tuple[int, ...] = ()


def build_facilities(
    found: Sequence[Found], kinds: Kinds, layer: str
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Tabulate facilities, one row per object and kind.

    Of a place mapped both as a point and as the area around it the area stays; of an area mapped both
    as a relation and as the way it is drawn with, the relation.

    Parameters
    ----------
    found
        Objects, in any order.
    kinds
        Which kinds want areas only.
    layer
        File name, for notices.

    Returns
    -------
    facilities, notices
        Columns facility_id, kind, name, name_en, capacity, classes (NaN unknown), inclusive
        (boolean, NA unknown), opening_year, land_area_m2 (of the area; NaN for points, and for
        buildings, whose grounds are not mapped), operator_type, tags (JSON), geometry (WGS84);
        ordered by id and kind.
    """
    order = {code: at for at, code in enumerate(kinds)}
    rows = [
        (*_id_key(item.facility_id), order[code], item, code)
        for item in found
        for code in item.kinds
    ]
    rows.sort(key=lambda row: row[:3])
    items = [row[3] for row in rows]
    codes = [row[4] for row in rows]
    shapes = np.array([item.geometry for item in items], dtype=object)
    names = [get_name(item.tags) for item in items]
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    unwanted = np.array([kinds[code].area_only for code in codes], dtype=np.bool_) & is_point
    notices = _note_points(unwanted, items, codes, kinds, layer)
    drawn_twice = _find_drawn_twice(items, codes)
    inside = _find_inside(shapes, is_point, ~unwanted & ~drawn_twice, codes, names)
    notices += _note_merged(int(inside.sum()), int(drawn_twice.sum()), layer)
    kept = np.flatnonzero(~(unwanted | drawn_twice | inside))
    frame = pd.DataFrame(
        {
            "facility_id": pd.array([items[at].facility_id for at in kept], dtype="str"),
            "kind": pd.array([codes[at] for at in kept], dtype="str"),
            "name": pd.array([names[at] for at in kept], dtype="str"),
            "name_en": pd.array([items[at].tags.get("name:en", "") for at in kept], dtype="str"),
            "capacity": np.array(
                [_positive(items[at].tags.get("capacity", "")) for at in kept], dtype=np.float64
            ),
            "classes": np.full(kept.size, np.nan),
            "inclusive": pd.array([pd.NA] * kept.size, dtype="boolean"),
            "opening_year": np.array(
                [_opening_year(items[at].tags) for at in kept], dtype=np.float64
            ),
            "land_area_m2": _measure_land([items[at] for at in kept], shapes[kept]),
            "operator_type": pd.array(
                [items[at].tags.get("operator:type", "") for at in kept], dtype="str"
            ),
            "tags": pd.array([write_tags(items[at].tags) for at in kept], dtype="str"),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=shapes[kept], crs=WGS84), notices


def get_name(tags: Mapping[str, str]) -> str:
    """Name of an object as people on the spot read it, empty when it has none."""
    return tags.get("name") or tags.get("name:zh") or tags.get("name:en") or ""


def write_tags(tags: Mapping[str, str]) -> str:
    """Tags as JSON with sorted keys."""
    return json.dumps(dict(sorted(tags.items())), ensure_ascii=False)


def _id_key(facility_id: str) -> tuple[str, int]:
    return facility_id[0], int(facility_id[1:])


def _positive(text: str) -> float:
    number = parse_number(text)
    return number if number > 0 else float("nan")


def _opening_year(tags: Mapping[str, str]) -> float:
    found = _YEAR.match(tags.get("opening_date") or tags.get("start_date") or "")
    return float(found[1]) if found else float("nan")


def _measure_land(items: Sequence[Found], shapes: np.ndarray) -> FloatArray:
    """Ground of mapped areas; the outline of a building is not that of its grounds."""
    built = np.array([item.tags.get("building", "no") != "no" for item in items], dtype=np.bool_)
    return np.where(built, np.nan, measure_areas_m2(shapes))


def _find_drawn_twice(items: Sequence[Found], codes: Sequence[str]) -> np.ndarray:
    drawn = {
        (f"w{way}", code) for item, code in zip(items, codes, strict=True) for way in item.outline
    }
    return np.array(
        [(item.facility_id, code) in drawn for item, code in zip(items, codes, strict=True)],
        dtype=np.bool_,
    )


def _find_inside(
    shapes: np.ndarray,
    is_point: np.ndarray,
    usable: np.ndarray,
    codes: Sequence[str],
    names: list[str],
) -> np.ndarray:
    """Points inside an area of the same kind and name; a nameless area takes its point's name."""
    inside = np.zeros(len(codes), dtype=np.bool_)
    points, areas = np.flatnonzero(is_point & usable), np.flatnonzero(~is_point & usable)
    if not points.size or not areas.size:
        return inside
    tree = shapely.STRtree(shapes[points])
    area_at, point_at = tree.query(shapes[areas], predicate="intersects")
    within: dict[int, list[int]] = defaultdict(list)
    for area, point in zip(areas[area_at].tolist(), points[point_at].tolist(), strict=True):
        if codes[area] == codes[point]:
            within[area].append(point)
    for area, candidates in within.items():
        told = {names[point] for point in candidates if names[point]}
        if not names[area] and len(told) > 1:
            continue  # several places in one nameless building
        for point in candidates:
            if not names[point] or not names[area] or names[point] == names[area]:
                inside[point] = True
        if not names[area] and told:
            names[area] = told.pop()
    return inside


def _note_points(
    unwanted: np.ndarray, items: Sequence[Found], codes: Sequence[str], kinds: Kinds, layer: str
) -> list[Notice]:
    count = Counter(codes[at] for at in np.flatnonzero(unwanted).tolist())
    first = {codes[at]: items[at].facility_id for at in np.flatnonzero(unwanted)[::-1].tolist()}
    return [
        Notice(
            "info",
            "point_instead_of_area",
            layer,
            f"{n} of kind {kinds[code].name_en} are mapped as points only; areas are needed to "
            "find their entrances, so they are not counted",
            f"{n} 处{kinds[code].name_zh}只有点，没有范围，无法确定入口，未计入",
            row=first[code],
            column="kind",
            found=code,
            count=n,
        )
        for code, n in sorted(count.items())
    ]


def _note_merged(n_inside: int, n_drawn_twice: int, layer: str) -> list[Notice]:
    notices = []
    if n_inside:
        notices.append(
            Notice(
                "info",
                "facility_mapped_twice",
                layer,
                f"{n_inside} facilities are mapped as a point inside their own area (same kind, same or "
                "no name); the area counts, the point does not",
                f"{n_inside} 处设施既有范围又在范围内有同类同名的点，只计范围",
                count=n_inside,
            )
        )
    if n_drawn_twice:
        notices.append(
            Notice(
                "info",
                "facility_drawn_twice",
                layer,
                f"{n_drawn_twice} facilities are tagged both on a relation and on its outline; the "
                "relation counts",
                f"{n_drawn_twice} 处设施在关系和其轮廓线上重复标注，只计关系",
                count=n_drawn_twice,
            )
        )
    return notices
