"""What stands on and around parcels, from the OSM file: buildings, roads, water, hazards.

Read apart from the rest of the city, and only where there are parcels: most buildings of a city
matter to nobody else. What counts as what is data (`ground.yaml`, `hazards.yaml`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import yaml
from numpy.typing import NDArray

from geo.crs import metric_crs, project, unproject
from layers.osm_areas import (
    WayShapes,
    break_at_holes,
    build_lines,
    build_relation_area,
    build_way_areas,
    build_way_shapes,
)
from layers.osm_facilities import get_name
from layers.osm_scan import Entity, OsmScan, scan_osm
from layers.schooling.model import Hazard
from layers.tag_rules import RuleIndex, build_condition, parse_number

WGS84 = "EPSG:4326"
_FILE = "ground.yaml"
_COVERS = ("building", "road", "railway", "water")
_AREAS = frozenset({"building", "water"})
_LINES = frozenset({"road", "railway"})
_AREA_RELATIONS = frozenset({"multipolygon", "boundary"})
_HAZARD = "hazard."
_Classes = frozenset[str]
_Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What the map shows on and around parcels.

    Parameters
    ----------
    covers
        Buildings, roads, railways, water near the parcels: `object_id`, `cover` (`building`, `road`,
        `railway`, `water`), `name`, geometry (area, WGS 84; roads and railways as wide as they are).
    hazards
        Every hazard of the file: `object_id`, `hazard` (its code), `name`, geometry (WGS 84).
    present
        Which covers and hazards (`hazard.railway`) the file holds anywhere: of others it cannot tell
        whether there are none or nobody mapped them.
    """

    covers: gpd.GeoDataFrame
    hazards: gpd.GeoDataFrame
    present: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Widths:
    """Width of roads that are mapped as lines, metres."""

    lane_m: float
    believed_m: tuple[float, float]
    default_m: Mapping[str, float]

    def find(self, tags: _Tags) -> float:
        low, high = self.believed_m
        stated = parse_number(tags.get("width", ""))
        if low <= stated <= high:
            return stated
        lanes_m = parse_number(tags.get("lanes", "")) * self.lane_m
        if low <= lanes_m <= high:
            return lanes_m
        return self.default_m.get(tags.get("highway", ""), self.default_m["railway"])


@dataclass(frozen=True, slots=True)
class _Found:
    """One object wanted for one class, with its shape."""

    object_id: str
    use: str
    tags: _Tags
    shape: Any


@cache
def _read_rules() -> dict[str, Any]:
    text = files("layers.schooling").joinpath(_FILE).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _build_index(hazards: Sequence[Hazard]) -> RuleIndex[str]:
    spec = _read_rules()
    named = {name: spec[name] for name in _COVERS}
    named |= {f"{_HAZARD}{hazard.code}": hazard.tags for hazard in hazards}
    return RuleIndex(
        [
            (name, build_condition(one, where=f"{_FILE}, {name}"))
            for name, conditions in named.items()
            for one in conditions
        ],
        where=_FILE,
    )


def _build_widths() -> _Widths:
    spec = _read_rules()
    low, high = spec["widths_believed_m"]
    return _Widths(float(spec["lane_m"]), (float(low), float(high)), spec["width_m"])


def read_ground(path: Path, around: NDArray[np.object_], hazards: Sequence[Hazard]) -> Ground:
    """Read what stands on and around parcels.

    Parameters
    ----------
    path
        The city's OSM file.
    around
        Shape `(P,)`: the parcels, WGS 84. Covers that touch none of their boxes are left out.
    hazards
        What sites keep away from.

    Raises
    ------
    UnreadableFile
        The file is missing, damaged or no OSM file.
    """
    index = _build_index(hazards)
    of_points = RuleIndex(
        [
            (hazard.code, build_condition(one, where=hazard.code))
            for hazard in hazards
            if hazard.geometry != "line"
            for one in hazard.tags
        ],
        where=_FILE,
    )

    def want(entity: Entity, tags: dict[str, str]) -> _Classes | None:
        if entity == "r" and tags.get("type", "") not in _AREA_RELATIONS:
            return None
        found = (
            frozenset(f"{_HAZARD}{code}" for code in of_points.find(tags))
            if entity == "n"
            else index.find(tags)
        )
        return found or None

    scan = scan_osm(path, node_keys=of_points.keys, way_keys=index.keys | {"type"}, wanted=want)
    found = list(_list_found(scan, {hazard.code: hazard for hazard in hazards}, around))
    present = {
        use
        for one in (scan.nodes, scan.ways, scan.relations)
        for item in one.values()
        for use in item.use
    }
    return Ground(
        covers=_build_covers([one for one in found if one.use in _COVERS]),
        hazards=_build_hazards([one for one in found if one.use.startswith(_HAZARD)]),
        present=frozenset(present),
    )


def _list_found(
    scan: OsmScan[_Classes], hazards: Mapping[str, Hazard], around: NDArray[np.object_]
) -> Iterator[_Found]:
    shapes = build_way_shapes(scan)
    near = _find_near(shapes, around)
    for number, node in scan.nodes.items():
        point = _find_point(scan, number)
        if point is not None:
            yield from (_Found(f"n{number}", use, node.tags, point) for use in node.use)
    yield from _list_ways(scan, shapes, hazards, near)
    for number, relation in scan.relations.items():
        uses = [use for use in relation.use if _wants_area(use, hazards)]
        hazardous = any(use.startswith(_HAZARD) for use in uses)
        touches = any(kind == "w" and ref in near for kind, ref, _ in relation.members)
        if not uses or not (hazardous or touches):
            continue
        area, _ = build_relation_area(shapes, relation.members)
        if area is not None:
            yield from (_Found(f"r{number}", use, relation.tags, area) for use in uses)


def _find_point(scan: OsmScan[_Classes], number: int) -> Any:
    at = int(np.searchsorted(scan.node_id, number))
    if at >= scan.node_id.size or scan.node_id[at] != number:
        return None
    return shapely.points(scan.node_lonlat[at])


def _find_near(shapes: WayShapes, around: NDArray[np.object_]) -> frozenset[int]:
    """Ways with a node, or an edge's box, in the widened box of a parcel."""
    if not len(around) or not shapes.way_id.size:
        return frozenset()
    known = shapes.node >= 0
    xy = np.full((shapes.node.size, 2), np.nan)
    xy[known] = shapes.lonlat[shapes.node[known]]
    starts = np.minimum(shapes.offsets[:-1], max(shapes.node.size - 1, 0))
    low, high = np.fmin.reduceat(xy, starts), np.fmax.reduceat(xy, starts)
    real = ~np.isnan(low[:, 0]) & (np.diff(shapes.offsets) > 0)
    boxes = np.full(len(low), None, dtype=object)
    boxes[real] = shapely.box(low[real, 0], low[real, 1], high[real, 0], high[real, 1])
    wide = shapely.bounds(around)
    wide = wide[~np.isnan(wide[:, 0])]
    frame = np.column_stack([wide[:, :2] - _MARGIN_DEG, wide[:, 2:] + _MARGIN_DEG])
    _, hit = shapely.STRtree(boxes).query(shapely.box(*frame.T), predicate="intersects")
    return frozenset(shapes.way_id[np.unique(hit)].tolist())


_MARGIN_DEG = 0.0005
"""About 50 m: half of the widest road, and more."""


def _wants_area(use: str, hazards: Mapping[str, Hazard]) -> bool:
    if use.startswith(_HAZARD):
        return hazards[use.removeprefix(_HAZARD)].geometry != "line"
    return use in _AREAS


def _wants_line(use: str, hazards: Mapping[str, Hazard]) -> bool:
    if use.startswith(_HAZARD):
        return hazards[use.removeprefix(_HAZARD)].geometry != "point"
    return use in _LINES


def _list_ways(
    scan: OsmScan[_Classes],
    shapes: WayShapes,
    hazards: Mapping[str, Hazard],
    near: frozenset[int],
) -> Iterator[_Found]:
    wanted = [
        number
        for number, way in scan.ways.items()
        if number in near or any(use.startswith(_HAZARD) for use in way.use)
    ]
    uses = {
        number: [use for use in scan.ways[number].use if number in near or use.startswith(_HAZARD)]
        for number in wanted
    }
    areal = [n for n in wanted if any(_wants_area(use, hazards) for use in uses[n])]
    closed: set[int] = set()
    for number, area in zip(areal, build_way_areas(shapes, shapes.rows(areal)), strict=True):
        if area is not None:
            closed.add(number)
            for use in uses[number]:
                if _wants_area(use, hazards):
                    yield _Found(f"w{number}", use, scan.ways[number].tags, area)
    linear = [n for n in wanted if any(_wants_line(use, hazards) for use in uses[n])]
    pieces = break_at_holes(shapes, shapes.rows(linear))
    for at, line in zip(pieces.way.tolist(), build_lines(shapes, pieces), strict=True):
        number = linear[at]
        for use in uses[number]:
            drawn = number in closed and _wants_area(use, hazards)
            if _wants_line(use, hazards) and not drawn:
                yield _Found(f"w{number}", use, scan.ways[number].tags, line)


def _build_covers(found: Sequence[_Found]) -> gpd.GeoDataFrame:
    widths = _build_widths()
    shapes = np.array([one.shape for one in found], dtype=object)
    linear = np.array([one.use in _LINES for one in found], dtype=np.bool_)
    if linear.any():
        width_m = np.array([widths.find(one.tags) for one in found if one.use in _LINES])
        shapes[linear] = _widen(shapes[linear], width_m)
    return _build_frame(found, shapes, "cover", [one.use for one in found])


def _widen(lines: NDArray[np.object_], width_m: NDArray[np.float64]) -> NDArray[np.object_]:
    """Lines as wide as they are, WGS 84."""
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(lines)))
    metric = shapely.transform(lines, partial(project, crs=crs))
    wide = shapely.buffer(metric, width_m / 2, cap_style="flat", quad_segs=4)
    return np.asarray(shapely.transform(wide, partial(unproject, crs=crs)), dtype=object)


def _build_hazards(found: Sequence[_Found]) -> gpd.GeoDataFrame:
    shapes = np.array([one.shape for one in found], dtype=object)
    return _build_frame(found, shapes, "hazard", [one.use.removeprefix(_HAZARD) for one in found])


def _build_frame(
    found: Sequence[_Found], shapes: NDArray[np.object_], column: str, codes: Sequence[str]
) -> gpd.GeoDataFrame:
    texts = {
        "object_id": [one.object_id for one in found],
        column: codes,
        "name": [get_name(one.tags) for one in found],
    }
    frame = gpd.GeoDataFrame(
        {name: pd.array(list(value), dtype="str") for name, value in texts.items()},
        geometry=shapes,
        crs=WGS84,
    )
    return frame.sort_values([column, "object_id"], kind="stable").reset_index(drop=True)
