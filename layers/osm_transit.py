"""What an OSM file tells about public transport: stops, the routes that call there, the ways they run on."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.osm_areas import GeometryArray, WayShapes, break_at_holes, build_lines
from layers.osm_facilities import WGS84, get_name, write_tags
from layers.osm_scan import OsmScan, list_route_members
from layers.osm_sorting import Use

Tags = Mapping[str, str]
_STOP_WORDS = ("stop", "platform", "terminus")
_ROUNDABOUTS = frozenset({"roundabout", "circular"})
_ALONG, _AGAINST, _BOTH = frozenset({"yes", "true", "1"}), frozenset({"-1", "reverse"}), "no"


def list_plain_stops(scan: OsmScan[Use]) -> list[int]:
    """Nodes that only a route calls a stop: no tag of their own says so."""
    known = {number for number, node in scan.nodes.items() if "transit_stop" in node.use.classes}
    called = {
        ref
        for relation in scan.relations.values()
        if "transit_route" in relation.use.classes
        for kind, ref, role in relation.members
        if kind == "n" and any(word in role for word in _STOP_WORDS)
    }
    return sorted(called - known)


def build_stops(
    scan: OsmScan[Use], ids: Sequence[str], tags: Sequence[Tags], points: GeometryArray
) -> gpd.GeoDataFrame:
    """Stops, platforms, stations and their entrances.

    Parameters
    ----------
    ids, tags, points
        `n12` or `w12`, all tags, and where each is, WGS 84.

    Returns
    -------
    stops
        Columns stop_id, name, tags (JSON), area_id (`r12`: the stop area it belongs to, of several the
        lowest; empty when none), geometry point WGS 84.
    """
    areas: dict[str, int] = {}
    for number, relation in scan.relations.items():
        if "transit_area" in relation.use.classes:
            for kind, ref, _ in relation.members:
                key = f"{kind}{ref}"
                areas[key] = min(number, areas.get(key, number))
    return gpd.GeoDataFrame(
        {
            "stop_id": pd.array(list(ids), dtype="str"),
            "name": pd.array([get_name(item) for item in tags], dtype="str"),
            "tags": pd.array([write_tags(item) for item in tags], dtype="str"),
            "area_id": pd.array([f"r{areas[i]}" if i in areas else "" for i in ids], dtype="str"),
        },
        geometry=points,
        crs=WGS84,
    )


def build_routes(scan: OsmScan[Use]) -> pd.DataFrame:
    """Public transport routes.

    Returns
    -------
    routes
        Columns relation_id, route, ref, name, tags and members (JSON: type, id, role), and of the
        line the route is one direction or variant of: master_id (of several the lowest; 0 when none)
        and master_tags (JSON).
    """
    found = {n: item for n, item in scan.relations.items() if "transit_route" in item.use.classes}
    masters: dict[int, int] = {}
    for number, relation in scan.relations.items():
        if "transit_master" in relation.use.classes:
            for kind, ref, _ in relation.members:
                if kind == "r":
                    masters[ref] = min(number, masters.get(ref, number))
    members = [
        json.dumps([[kind, ref, role] for kind, ref, role in relation.members], ensure_ascii=False)
        for relation in found.values()
    ]
    tags = [relation.tags for relation in found.values()]
    of_master: list[Tags] = [
        scan.relations[masters[number]].tags if number in masters else {} for number in found
    ]
    return pd.DataFrame(
        {
            "relation_id": np.array(list(found), dtype=np.int64),
            "route": pd.array([item.get("route", "") for item in tags], dtype="str"),
            "ref": pd.array([item.get("ref", "") for item in tags], dtype="str"),
            "name": pd.array([get_name(item) for item in tags], dtype="str"),
            "tags": pd.array([write_tags(item) for item in tags], dtype="str"),
            "members": pd.array(members, dtype="str"),
            "master_id": np.array([masters.get(number, 0) for number in found], dtype=np.int64),
            "master_tags": pd.array([write_tags(item) for item in of_master], dtype="str"),
        }
    )


def build_transit_ways(scan: OsmScan[Use], shapes: WayShapes) -> gpd.GeoDataFrame:
    """Ways that are members of routes, those that are platforms left out.

    Returns
    -------
    ways
        Columns way_id, oneway (1 driven along its direction only, -1 against it only, 0 both), geometry
        LineString WGS 84. A way with a hole gives several rows, in order.
    """
    driven = _list_driven(scan)
    ids = sorted(number for number in driven if number in shapes.row_of)
    pieces = break_at_holes(shapes, shapes.rows(ids))
    owner = pieces.way.tolist()
    oneway = [_get_oneway(_find_tags(scan, number)) for number in ids]
    return gpd.GeoDataFrame(
        {
            "way_id": np.array([ids[at] for at in owner], dtype=np.int64),
            "oneway": np.array([oneway[at] for at in owner], dtype=np.int8),
        },
        geometry=build_lines(shapes, pieces),
        crs=WGS84,
    )


def _list_driven(scan: OsmScan[Any]) -> set[int]:
    if not scan.relations:
        return set()
    platforms = {
        ref
        for relation in scan.relations.values()
        if relation.tags.get("type") == "route"
        for kind, ref, role in relation.members
        if kind == "w" and any(word in role for word in _STOP_WORDS)
    }
    return list_route_members(scan, "w") - platforms


def _find_tags(scan: OsmScan[Any], number: int) -> Tags:
    way = scan.ways.get(number)
    return way.tags if way is not None else scan.member_tags.get(number, {})


def _get_oneway(tags: Tags) -> int:
    for key in ("oneway:bus", "oneway:psv", "oneway"):
        value = tags.get(key, "")
        if value in _ALONG:
            return 1
        if value in _AGAINST:
            return -1
        if value == _BOTH:
            return 0
    return int(tags.get("junction", "") in _ROUNDABOUTS or tags.get("highway") == "motorway")
