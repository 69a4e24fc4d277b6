"""A city's OSM file read into one frozen bundle: streets to walk, facilities, homes, and the rest.

What counts as what is data: `walk_tags.yaml`, `kinds.yaml`, `osm_tags.yaml`. Contributors' names are never read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.units import BoolArray, FloatArray, IntArray
from layers import osm_features, osm_notices, osm_transit
from layers.digest import digest_file
from layers.kinds import Kinds, read_kinds
from layers.notices import Notice
from layers.osm_areas import (
    WayShapes,
    break_at_holes,
    build_lines,
    build_relation_area,
    build_way_areas,
    build_way_shapes,
)
from layers.osm_facilities import WGS84, Found, build_facilities
from layers.osm_features import Area
from layers.osm_scan import OsmScan, scan_osm
from layers.osm_sorting import AREA_CLASSES, Sorter, Use
from layers.osm_streets import TextArray, collect_streets
from layers.tag_rules import read_feature_rules
from layers.walk_rules import read_walk_rules

Progress = Callable[[str, float], None]

_LINE_KINDS = {
    "railway_line": "railway",
    "waterway_line": "waterway",
    "motorway_line": "motorway",
    "wall_line": "wall",
}


@dataclass(frozen=True, slots=True, eq=False)
class OsmExtract:
    """What an OSM file tells about a city.

    `W` walkable pieces of ways, `P` nodes they run through. All coordinates are WGS84 degrees.

    Parameters
    ----------
    path, sha256
        The file read.
    bounds
        West, south, east, north of the walkable ways' nodes; NaN where there are none.
    header_box
        What the file's header says, None when nothing.
    timestamp
        State of the data, ISO 8601; empty when unknown.
    way_id, way_name, way_name_en, way_highway
        Shape `(W,)`. A way with a hole gives two pieces of one id.
    way_forward, way_backward, way_private
        Shape `(W,)`: walkable along and against its direction; only for those who live on it.
    way_homes
        Shape `(W,)`: homes may stand along it (no bridge, tunnel, ramp, expressway …).
    way_nodes, way_offsets
        Dense node ids; piece `w` runs through `way_nodes[way_offsets[w]:way_offsets[w + 1]]`.
    node_id, node_lonlat
        Shapes `(P,)` and `(P, 2)`.
    node_blocked, node_private
        Shape `(P,)`: barriers nobody may pass; gates only those who live behind may pass.
    facilities
        As `layers.osm_facilities.build_facilities`.
    entrances
        node_id (`n12`), type (`entrance`, `gate`), value, passable, geometry.
    buildings, residential, boundaries, barriers, green, water
        As in `layers.osm_features`; green and water are told apart by file, both carry name and kind.
    transit_stops, transit_routes, transit_ways
        As in `layers.osm_transit`.
    notices
        What was wrong or left out.
    """

    path: Path
    sha256: str
    bounds: tuple[float, float, float, float]
    header_box: tuple[float, float, float, float] | None
    timestamp: str
    way_id: IntArray
    way_name: TextArray
    way_name_en: TextArray
    way_highway: TextArray
    way_forward: BoolArray
    way_backward: BoolArray
    way_private: BoolArray
    way_homes: BoolArray
    way_nodes: IntArray
    way_offsets: IntArray
    node_id: IntArray
    node_lonlat: FloatArray
    node_blocked: BoolArray
    node_private: BoolArray
    facilities: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    residential: gpd.GeoDataFrame
    boundaries: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    transit_stops: gpd.GeoDataFrame
    transit_routes: pd.DataFrame
    transit_ways: gpd.GeoDataFrame
    notices: tuple[Notice, ...]


def read_osm(
    path: str | Path, *, progress: Progress | None = None, kinds: Kinds | None = None
) -> OsmExtract:
    """Read an OSM file.

    Memory follows what is kept (streets, facilities, homes), not the size of the file.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm`, `.osm.gz` or `.osm.bz2`; what counts is the content.
    progress
        Called with what is being done and the fraction done, 0..1.
    kinds
        Facility kinds; those that travel with the package when not given.

    Raises
    ------
    UnreadableFile
        The file is missing, damaged, cut off or no OSM file. A file that is merely empty is read, with
        an error notice.
    """
    path = Path(path)
    report: Progress = progress if progress is not None else lambda _text, _done: None
    kinds = kinds if kinds is not None else read_kinds()
    sorter = Sorter(kinds, read_walk_rules(), read_feature_rules())
    report("reading objects", 0.0)
    scan = scan_osm(
        path,
        node_keys=sorter.node_keys,
        way_keys=sorter.way_keys,
        wanted=sorter,
        progress=lambda done: report("reading objects", 0.7 * done),
    )
    report("building streets", 0.7)
    return _Builder(path, scan, kinds, sorter).build(report)


class _Builder:
    """Puts an extract together from a scan."""

    def __init__(self, path: Path, scan: OsmScan[Use], kinds: Kinds, sorter: Sorter) -> None:
        self.path = path
        self.layer = path.name
        self.scan = scan
        self.kinds = kinds
        self.sorter = sorter
        self.shapes: WayShapes = build_way_shapes(scan)
        self.notices: list[Notice] = []

    def build(self, report: Progress) -> OsmExtract:
        streets, street_notices = collect_streets(
            self.scan, self.shapes, self.sorter.walk_rules, self.layer
        )
        self.notices += street_notices
        report("building areas", 0.78)
        way_areas, relation_areas = self._areas()
        report("building facilities", 0.88)
        facilities, facility_notices = build_facilities(
            list(self._found(way_areas, relation_areas)), self.kinds, self.layer
        )
        self.notices += facility_notices
        report("building homes", 0.93)
        classes = self._classed(way_areas, relation_areas)
        residential = osm_features.build_residential(classes["residential_land"])
        is_area = shapely.get_dimensions(facilities.geometry.array) == 2
        buildings = osm_features.build_buildings(
            classes["home_building"],
            classes["plain_building"],
            residential,
            np.asarray(facilities.geometry.array)[is_area],
        )
        extract = OsmExtract(
            path=self.path,
            sha256=digest_file(self.path),
            bounds=_bounds(streets.node_lonlat),
            header_box=self.scan.header_box,
            timestamp=self.scan.timestamp,
            way_id=streets.way_id,
            way_name=streets.name,
            way_name_en=streets.name_en,
            way_highway=streets.highway,
            way_forward=streets.forward,
            way_backward=streets.backward,
            way_private=streets.private,
            way_homes=streets.homes,
            way_nodes=streets.nodes,
            way_offsets=streets.offsets,
            node_id=streets.node_id,
            node_lonlat=streets.node_lonlat,
            node_blocked=streets.node_blocked,
            node_private=streets.node_private,
            facilities=facilities,
            entrances=self._entrances(),
            buildings=buildings,
            residential=residential,
            boundaries=osm_features.build_boundaries(classes["community_boundary"]),
            barriers=self._barriers(),
            green=osm_features.build_ground(classes["green"], ["green"] * len(classes["green"])),
            water=osm_features.build_ground(classes["water"], ["water"] * len(classes["water"])),
            transit_stops=self._stops(way_areas),
            transit_routes=osm_transit.build_routes(self.scan),
            transit_ways=osm_transit.build_transit_ways(self.scan, self.shapes),
            notices=(
                *osm_notices.note_file(self.scan, _bounds(streets.node_lonlat), self.layer),
                *osm_notices.note_unknown_highways(self.sorter.unknown_highways, self.layer),
                *self.notices,
            ),
        )
        report("done", 1.0)
        return extract

    # areas

    def _areas(self) -> tuple[dict[int, BaseGeometry], dict[int, BaseGeometry]]:
        """Areas of ways and of relations that are wanted as areas."""
        way_ids = [
            number
            for number, way in self.scan.ways.items()
            if way.use.kinds or not way.use.classes.isdisjoint(AREA_CLASSES | {"transit_stop"})
        ]
        rows = self.shapes.rows(way_ids)
        areas = build_way_areas(self.shapes, rows)
        way_areas = {
            number: area for number, area in zip(way_ids, areas, strict=True) if area is not None
        }
        cut = (self.shapes.n_missing[rows] > 0) & self.shapes.closed[rows]
        self.notices += osm_notices.note_cut_areas(self.shapes.way_id[rows[cut]], self.layer)
        relation_areas: dict[int, BaseGeometry] = {}
        partly: list[int] = []
        lost: list[int] = []
        for number, relation in self.scan.relations.items():
            if not relation.use.kinds and relation.use.classes.isdisjoint(AREA_CLASSES):
                continue
            area, whole = build_relation_area(self.shapes, relation.members)
            if area is not None:
                relation_areas[number] = area
            if not whole:
                (lost if area is None else partly).append(number)
        self.notices += osm_notices.note_cut_relations(partly, lost, self.layer)
        return way_areas, relation_areas

    def _classed(
        self,
        way_areas: Mapping[int, BaseGeometry],
        relation_areas: Mapping[int, BaseGeometry],
    ) -> dict[str, list[Area]]:
        classed: dict[str, list[Area]] = {name: [] for name in sorted(AREA_CLASSES)}
        drawn: set[tuple[int, str]] = set()
        for number, area in relation_areas.items():
            relation = self.scan.relations[number]
            for name in relation.use.classes & AREA_CLASSES:
                classed[name].append(Area(f"r{number}", relation.tags, area))
                drawn |= {(ref, name) for kind, ref, _ in relation.members if kind == "w"}
        for number, area in way_areas.items():
            way = self.scan.ways[number]
            for name in way.use.classes & AREA_CLASSES:
                if (number, name) not in drawn:
                    classed[name].append(Area(f"w{number}", way.tags, area))
        return classed

    # facilities and points

    def _found(
        self,
        way_areas: Mapping[int, BaseGeometry],
        relation_areas: Mapping[int, BaseGeometry],
    ) -> Iterator[Found]:
        node_ids = [number for number, node in self.scan.nodes.items() if node.use.kinds]
        for number, point in self._points(node_ids).items():
            node = self.scan.nodes[number]
            yield Found(f"n{number}", node.use.kinds, node.tags, point)
        open_ways = []
        for number, way in self.scan.ways.items():
            if not way.use.kinds:
                continue
            area = way_areas.get(number)
            if area is None:
                open_ways.append(number)
            else:
                yield Found(f"w{number}", way.use.kinds, way.tags, area)
        for number, point in self._midpoints(open_ways).items():
            way = self.scan.ways[number]
            yield Found(f"w{number}", way.use.kinds, way.tags, point)
        for number, area in relation_areas.items():
            relation = self.scan.relations[number]
            if relation.use.kinds:
                outline = tuple(ref for kind, ref, _ in relation.members if kind == "w")
                yield Found(f"r{number}", relation.use.kinds, relation.tags, area, outline)

    def _points(self, node_ids: list[int]) -> dict[int, BaseGeometry]:
        numbers = np.array(node_ids, dtype=np.int64)
        place = self.scan.node_id
        if not numbers.size or not place.size:
            return {}
        at = np.minimum(np.searchsorted(place, numbers), place.size - 1)
        known = place[at] == numbers
        points = shapely.points(self.scan.node_lonlat[at[known]])
        return dict(zip(numbers[known].tolist(), points, strict=True))

    def _midpoints(self, way_ids: list[int]) -> dict[int, BaseGeometry]:
        """Middle of the longest piece of each line."""
        rows = self.shapes.rows(way_ids)
        pieces = break_at_holes(self.shapes, rows)
        lines = build_lines(self.shapes, pieces)
        middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
        longest: dict[int, tuple[float, BaseGeometry]] = {}
        for at, length, middle in zip(
            pieces.way.tolist(), shapely.length(lines).tolist(), middles, strict=True
        ):
            number = way_ids[at]
            if number not in longest or length > longest[number][0]:
                longest[number] = (length, middle)
        return {number: middle for number, (_, middle) in longest.items()}

    def _entrances(self) -> gpd.GeoDataFrame:
        rules = self.sorter.walk_rules
        rows: dict[int, tuple[str, str, bool]] = {}
        for number, node in self.scan.nodes.items():
            barrier, entrance = node.tags.get("barrier", ""), node.tags.get("entrance", "")
            passable = not barrier or rules.judge_barrier(node.tags) == "open"
            if entrance:
                passable = passable and rules.judge_entrance(node.tags)
                rows[number] = ("entrance", entrance, passable)
            elif barrier in rules.gates:
                rows[number] = ("gate", barrier, passable)
        points = self._points(list(rows))
        known = [rows[number] for number in points]
        return gpd.GeoDataFrame(
            {
                "node_id": pd.array([f"n{number}" for number in points], dtype="str"),
                "type": pd.array([row[0] for row in known], dtype="str"),
                "value": pd.array([row[1] for row in known], dtype="str"),
                "passable": np.array([row[2] for row in known], dtype=np.bool_),
            },
            geometry=np.array(list(points.values()), dtype=object),
            crs=WGS84,
        )

    def _barriers(self) -> gpd.GeoDataFrame:
        ids: list[int] = []
        kinds: list[str] = []
        tags: list[Mapping[str, str]] = []
        for number, way in self.scan.ways.items():
            for name, kind in _LINE_KINDS.items():
                if name in way.use.classes:
                    ids.append(number)
                    kinds.append(kind)
                    tags.append(way.tags)
                    break
        pieces = break_at_holes(self.shapes, self.shapes.rows(ids))
        return osm_features.build_barriers(self.shapes, pieces, kinds, tags)

    def _stops(self, way_areas: Mapping[int, BaseGeometry]) -> gpd.GeoDataFrame:
        nodes = [n for n, node in self.scan.nodes.items() if "transit_stop" in node.use.classes]
        ways = [n for n, way in self.scan.ways.items() if "transit_stop" in way.use.classes]
        of_nodes = self._points(nodes)
        of_ways: dict[int, BaseGeometry] = {
            n: way_areas[n].representative_point() for n in ways if n in way_areas
        }
        of_ways |= self._midpoints([n for n in ways if n not in way_areas])
        plain = self._points(osm_transit.list_plain_stops(self.scan))
        ids = [f"n{number}" for number in (*of_nodes, *plain)] + [
            f"w{number}" for number in of_ways
        ]
        tags: list[Mapping[str, str]] = [self.scan.nodes[n].tags for n in of_nodes]
        tags += [{} for _ in plain]
        tags += [self.scan.ways[n].tags for n in of_ways]
        points = [*of_nodes.values(), *plain.values(), *of_ways.values()]
        return osm_transit.build_stops(self.scan, ids, tags, np.array(points, dtype=object))


def _bounds(lonlat: FloatArray) -> tuple[float, float, float, float]:
    if not lonlat.size:
        nan = float("nan")
        return nan, nan, nan, nan
    west, south = lonlat.min(axis=0)
    east, north = lonlat.max(axis=0)
    return float(west), float(south), float(east), float(north)
