"""One OSM file read in three streaming passes; only what is asked for stays in memory.

Pass 1 looks at objects with interesting tags (filtered before they reach Python), pass 2 at the ways that
relations need, pass 3 at the places of the nodes that both need. Each pass reads the file anew, so it
does not matter in which order nodes, ways and relations stand in it.
"""

import tempfile
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import osmium
from numpy.typing import NDArray

from geo.units import FloatArray, IntArray
from layers.errors import UnreadableFile
from layers.osm_file import open_osm

Entity = Literal["n", "w", "r"]
Use = TypeVar("Use")
Wanted = Callable[[Entity, dict[str, str]], Use | None]
Progress = Callable[[float], None]

COORDINATE_SCALE = 1e-7
"""OSM stores degrees as whole numbers of this."""
_UNDEFINED = 2_147_483_647
_LOCATION = np.dtype([("id", "<u8"), ("x", "<i4"), ("y", "<i4")])
_CHUNK = 2_000_000
_NO_AREAS = frozenset({"route", "route_master", "public_transport"})


@dataclass(slots=True)
class ScannedNode(Generic[Use]):
    """A tagged node, and what it is wanted for."""

    tags: dict[str, str]
    use: Use


@dataclass(slots=True)
class ScannedWay(Generic[Use]):
    """A tagged way, its node ids, and what it is wanted for."""

    tags: dict[str, str]
    use: Use
    refs: "array[int]"


@dataclass(slots=True)
class ScannedRelation(Generic[Use]):
    """A relation: tags, members as (type, id, role), and what it is wanted for."""

    tags: dict[str, str]
    use: Use
    members: list[tuple[str, int, str]]


@dataclass(slots=True)
class OsmScan(Generic[Use]):
    """What was kept of a file.

    Parameters
    ----------
    nodes, ways, relations
        Kept objects by id, in the order of the file.
    member_ways
        Node ids of ways that only relations need.
    member_tags
        Tags of those of them that routes run along.
    node_id, node_lonlat
        Shapes `(P,)` ascending and `(P, 2)` degrees: places of all nodes needed. Nodes that are not
        in the file, or without a place, are missing.
    header_box
        West, south, east, north as the header says, None when it says nothing.
    timestamp
        State of the data, ISO 8601, empty when unknown.
    duplicate_ids
        Ids (`w12`) that occur more than once.
    n_objects
        Objects seen with any of the keys asked for.
    """

    nodes: dict[int, ScannedNode[Use]] = field(default_factory=dict)
    ways: dict[int, ScannedWay[Use]] = field(default_factory=dict)
    relations: dict[int, ScannedRelation[Use]] = field(default_factory=dict)
    member_ways: "dict[int, array[int]]" = field(default_factory=dict)
    member_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    node_id: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    node_lonlat: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    header_box: tuple[float, float, float, float] | None = None
    timestamp: str = ""
    duplicate_ids: list[str] = field(default_factory=list)
    n_objects: int = 0


def scan_osm(
    path: Path,
    *,
    node_keys: Iterable[str],
    way_keys: Iterable[str],
    wanted: Wanted[Use],
    progress: Progress = lambda _: None,
) -> OsmScan[Use]:
    """Read what is wanted from an OSM file.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm`, `.osm.gz` or `.osm.bz2`.
    node_keys, way_keys
        Nodes, and ways and relations, without any of these tag keys are skipped before Python sees
        them.
    wanted
        Given type and tags, what an object is wanted for; None drops it.
    progress
        Called with the fraction done, 0..1.

    Raises
    ------
    UnreadableFile
        The file is missing, damaged, cut off or no OSM file.
    """
    file, noted_timestamp = open_osm(path)
    scan: OsmScan[Use] = OsmScan(timestamp=noted_timestamp)
    try:
        _read_header(file, scan)
        repeated = _read_tagged(file, frozenset(node_keys), frozenset(way_keys), wanted, scan)
        progress(0.45)
        repeated |= _read_member_ways(file, scan)
        progress(0.6)
        repeated |= _read_places(file, scan)
        progress(0.9)
        if repeated:
            _settle_duplicates(file, repeated, wanted, scan)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableFile(
            f"{path}: damaged or cut off, reading stopped ({reason}); fetch the file again"
        ) from error
    scan.duplicate_ids = sorted(f"{entity}{number}" for entity, number in repeated)
    progress(1.0)
    return scan


def _read_header(file: osmium.io.File, scan: OsmScan[Any]) -> None:
    with osmium.io.Reader(file, osmium.osm.NOTHING) as reader:
        header = reader.header()
    box = header.box()
    if box.valid():
        low, high = box.bottom_left, box.top_right
        scan.header_box = (low.lon, low.lat, high.lon, high.lat)
    for key in ("osmosis_replication_timestamp", "timestamp"):
        scan.timestamp = scan.timestamp or header.get(key, "")


def _read_tagged(
    file: osmium.io.File,
    node_keys: frozenset[str],
    way_keys: frozenset[str],
    wanted: Wanted[Use],
    scan: OsmScan[Use],
) -> set[tuple[Entity, int]]:
    repeated: set[tuple[Entity, int]] = set()
    of_nodes = osmium.filter.KeyFilter(*sorted(node_keys))
    of_nodes.enable_for(osmium.osm.NODE)
    of_others = osmium.filter.KeyFilter(*sorted(way_keys))
    of_others.enable_for(osmium.osm.WAY | osmium.osm.RELATION)
    item: Any
    for item in osmium.FileProcessor(file).with_filter(of_nodes).with_filter(of_others):
        scan.n_objects += 1
        tags = {tag.k: tag.v for tag in item.tags}
        entity: Entity = item.type_str()
        use = wanted(entity, tags)
        if use is None:
            continue
        number = item.id
        if entity == "n":
            if number in scan.nodes:
                repeated.add((entity, number))
            scan.nodes[number] = ScannedNode(tags, use)
        elif entity == "w":
            if number in scan.ways:
                repeated.add((entity, number))
            scan.ways[number] = ScannedWay(tags, use, _refs(item))
        else:
            if number in scan.relations:
                repeated.add((entity, number))
            scan.relations[number] = ScannedRelation(tags, use, _members(item))
    return repeated


def _refs(way: Any) -> "array[int]":
    return array("q", [node.ref for node in way.nodes])


def _members(relation: Any) -> list[tuple[str, int, str]]:
    return [(member.type, member.ref, member.role) for member in relation.members]


def list_route_members(scan: OsmScan[Use], entity: Entity) -> set[int]:
    """Ids of the ways or nodes that are members of a route."""
    return {
        ref
        for relation in scan.relations.values()
        if relation.tags.get("type") == "route"
        for kind, ref, _ in relation.members
        if kind == entity
    }


def _areal_members(scan: OsmScan[Use]) -> set[int]:
    """Ways that areas are made of."""
    return {
        ref
        for relation in scan.relations.values()
        if relation.tags.get("type") not in _NO_AREAS
        for kind, ref, _ in relation.members
        if kind == "w"
    }


def _read_member_ways(file: osmium.io.File, scan: OsmScan[Use]) -> set[tuple[Entity, int]]:
    repeated: set[tuple[Entity, int]] = set()
    driven = list_route_members(scan, "w") - scan.ways.keys()
    members = driven | (_areal_members(scan) - scan.ways.keys())
    seen: set[int] = set()
    for way in osmium.FileProcessor(file, osmium.osm.WAY):
        number = way.id
        if number in members:
            if number in scan.member_ways:
                repeated.add(("w", number))
            scan.member_ways[number] = _refs(way)
            if number in driven:
                scan.member_tags[number] = {tag.k: tag.v for tag in way.tags}
        elif number in scan.ways:
            if number in seen:
                repeated.add(("w", number))
            seen.add(number)
    return repeated


def _needed_nodes(scan: OsmScan[Use]) -> IntArray:
    parts = [
        np.fromiter(scan.nodes.keys(), np.int64, len(scan.nodes)),
        np.array(sorted(list_route_members(scan, "n")), dtype=np.int64),
    ]
    flat = array("q")
    for way in scan.ways.values():
        flat.extend(way.refs)
    for refs in scan.member_ways.values():
        flat.extend(refs)
    parts.append(np.array(flat, dtype=np.int64))
    return np.unique(np.concatenate(parts))


def _read_places(file: osmium.io.File, scan: OsmScan[Use]) -> set[tuple[Entity, int]]:
    """Places of the needed nodes; osmium writes all places of the file to disk, not to memory."""
    needed = _needed_nodes(scan)
    if (
        needed.size and needed[0] < 0
    ):  # drawn in an editor and never uploaded: osmium's table has no room
        found_id, found_xy = _list_places(file, needed)
    else:
        found_id, found_xy = _dump_places(file, needed)
    defined = (np.abs(found_xy[:, 0]) <= 1_800_000_000) & (np.abs(found_xy[:, 1]) <= 900_000_000)
    found_id, found_xy = found_id[defined], found_xy[defined]
    order = np.argsort(found_id, kind="stable")
    found_id, found_xy = found_id[order], found_xy[order]
    last = np.ones(found_id.size, dtype=np.bool_)
    last[:-1] = found_id[1:] != found_id[:-1]
    scan.node_id = found_id[last]
    scan.node_lonlat = np.asarray(found_xy[last] * COORDINATE_SCALE, dtype=np.float64)
    return {("n", int(number)) for number in np.unique(found_id[~last])}


def _dump_places(file: osmium.io.File, needed: IntArray) -> tuple[IntArray, NDArray[np.int64]]:
    ids: list[IntArray] = []
    places: list[NDArray[np.int64]] = []
    with tempfile.TemporaryDirectory(prefix="lifecircle-") as folder:
        table = Path(folder) / "places"
        index = osmium.index.create_map(f"sparse_file_array,{table}")
        with osmium.io.Reader(file, osmium.osm.NODE) as reader:
            osmium.apply(reader, osmium.NodeLocationsForWays(index))
        if needed.size and table.stat().st_size:
            rows = np.memmap(table, dtype=_LOCATION, mode="r")
            for start in range(0, rows.size, _CHUNK):
                chunk = np.asarray(rows[start : start + _CHUNK])
                chunk_id = chunk["id"].astype(np.int64)
                at = np.minimum(np.searchsorted(needed, chunk_id), needed.size - 1)
                hit = (needed[at] == chunk_id) & (chunk["x"] != _UNDEFINED)
                ids.append(chunk_id[hit])
                places.append(np.column_stack([chunk["x"][hit], chunk["y"][hit]]).astype(np.int64))
            del rows
        del index
    if not ids:
        return np.empty(0, np.int64), np.empty((0, 2), np.int64)
    return np.concatenate(ids), np.concatenate(places)


def _list_places(file: osmium.io.File, needed: IntArray) -> tuple[IntArray, NDArray[np.int64]]:
    wanted = set(needed.tolist())
    ids, places = array("q"), array("q")
    node: Any
    for node in osmium.FileProcessor(file, osmium.osm.NODE):
        if node.id in wanted:
            ids.append(node.id)
            places.extend((node.location.x, node.location.y))
    return np.array(ids, dtype=np.int64), np.array(places, dtype=np.int64).reshape(-1, 2)


def _settle_duplicates(
    file: osmium.io.File, repeated: set[tuple[Entity, int]], wanted: Wanted[Use], scan: OsmScan[Use]
) -> None:
    """Of objects with one id the highest version stays, of equal versions the last in the file."""
    best: dict[tuple[Entity, int], int] = {}
    driven = list_route_members(scan, "w")
    members = driven | _areal_members(scan)
    item: Any
    for item in osmium.FileProcessor(file):
        key: tuple[Entity, int] = (item.type_str(), item.id)
        if key not in repeated or item.version < best.get(key, 0):
            continue
        best[key] = item.version
        _replace(item, key, wanted, members, scan)
        if item.type_str() == "w" and item.id in scan.member_tags:
            scan.member_tags[item.id] = dict(item.tags)
    needed = np.setdiff1d(_needed_nodes(scan), scan.node_id)
    if needed.size:  # the version that stays may run through other nodes
        found_id, found_xy = _list_places(file, needed)
        if found_id.size:
            kept = np.concatenate([scan.node_id, found_id])
            order = np.argsort(kept, kind="stable")
            scan.node_id = kept[order]
            both = np.concatenate([scan.node_lonlat, found_xy * COORDINATE_SCALE])
            scan.node_lonlat = both[order]


def _replace(
    item: Any, key: tuple[Entity, int], wanted: Wanted[Use], members: set[int], scan: OsmScan[Use]
) -> None:
    entity, number = key
    tags = dict(item.tags)
    use = wanted(entity, tags)
    if entity == "n":
        scan.nodes.pop(number, None)
        if use is not None:
            scan.nodes[number] = ScannedNode(tags, use)
        at = int(np.searchsorted(scan.node_id, number))
        if at < scan.node_id.size and scan.node_id[at] == number and item.location.valid():
            scan.node_lonlat[at] = (item.location.lon, item.location.lat)
    elif entity == "w":
        scan.ways.pop(number, None)
        scan.member_ways.pop(number, None)
        if use is not None:
            scan.ways[number] = ScannedWay(tags, use, _refs(item))
        elif number in members:
            scan.member_ways[number] = _refs(item)
    else:
        scan.relations.pop(number, None)
        if use is not None:
            scan.relations[number] = ScannedRelation(tags, use, _members(item))
