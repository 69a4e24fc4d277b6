"""The walkable ways of a scanned OSM file: outlines of pedestrian areas, broken ways, barriers on them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers import osm_notices
from layers.notices import Notice
from layers.osm_areas import Pieces, WayShapes, break_at_holes, measure_pieces_m
from layers.osm_facilities import get_name
from layers.osm_scan import OsmScan
from layers.osm_sorting import Use
from layers.walk_rules import Walk, WalkRules

TextArray = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class WalkableWays:
    """Walkable pieces of ways; the fields are those of `layers.osm.OsmExtract` of the same meaning."""

    way_id: IntArray
    name: TextArray
    name_en: TextArray
    highway: TextArray
    forward: BoolArray
    backward: BoolArray
    private: BoolArray
    homes: BoolArray
    nodes: IntArray
    offsets: IntArray
    node_id: IntArray
    node_lonlat: FloatArray
    node_blocked: BoolArray
    node_private: BoolArray


def collect_streets(
    scan: OsmScan[Use], shapes: WayShapes, rules: WalkRules, layer: str
) -> tuple[WalkableWays, list[Notice]]:
    """Gather what can be walked on.

    Parameters
    ----------
    scan, shapes
        The file, and the nodes of its ways.
    rules
        Decide about barriers on the ways.
    layer
        File name, for notices.
    """
    ids: list[int] = []
    walks: list[Walk] = []
    tags: list[Mapping[str, str]] = []
    for number, way in scan.ways.items():
        if way.use.walk is not None:
            ids.append(number)
            walks.append(way.use.walk)
            tags.append(way.tags)
    taken = set(ids)
    for relation in scan.relations.values():
        if relation.use.walk is None:
            continue
        for kind, ref, _ in relation.members:
            if kind == "w" and ref not in taken and ref in shapes.row_of:
                taken.add(ref)
                ids.append(ref)
                walks.append(relation.use.walk)
                tags.append(relation.tags)
    rows = shapes.rows(ids)
    notices = osm_notices.note_missing_nodes(shapes.way_id[rows], shapes.n_missing[rows], layer)
    pieces = break_at_holes(shapes, rows)
    pieces, too_long = _leave_out_long(shapes, pieces, walks)
    notices += osm_notices.note_long_tunnels([ids[at] for at in too_long], layer)
    return _collect(scan, pieces, ids, walks, tags, rules), notices


def _leave_out_long(
    shapes: WayShapes, pieces: Pieces, walks: list[Walk]
) -> tuple[Pieces, list[int]]:
    """Without ways that are walkable only when short (road tunnels), and which those were."""
    limit_m = np.array([walk.max_length_m for walk in walks], dtype=np.float64)
    if not np.isfinite(limit_m).any():
        return pieces, []
    length_m = measure_pieces_m(shapes, pieces)
    total_m = np.bincount(pieces.way, weights=length_m, minlength=len(walks))
    too_long = total_m > limit_m
    kept = ~too_long[pieces.way]
    count = np.diff(pieces.offsets)
    rest = Pieces(
        node=pieces.node[np.repeat(kept, count)],
        offsets=np.concatenate([[0], np.cumsum(count[kept])]).astype(np.int64),
        way=pieces.way[kept],
    )
    return rest, np.flatnonzero(too_long).tolist()


def _collect(
    scan: OsmScan[Use],
    pieces: Pieces,
    ids: list[int],
    walks: list[Walk],
    tags: list[Mapping[str, str]],
    rules: WalkRules,
) -> WalkableWays:
    used, dense = np.unique(pieces.node, return_inverse=True)
    node_id = scan.node_id[used]
    blocked, private = _find_barriers(scan, node_id, rules)
    owners = pieces.way.tolist()
    return WalkableWays(
        way_id=np.array([ids[at] for at in owners], dtype=np.int64),
        name=_objects([get_name(tags[at]) for at in owners]),
        name_en=_objects([tags[at].get("name:en", "") for at in owners]),
        highway=_objects([walks[at].highway for at in owners]),
        forward=np.array([walks[at].forward for at in owners], dtype=np.bool_),
        backward=np.array([walks[at].backward for at in owners], dtype=np.bool_),
        private=np.array([walks[at].private for at in owners], dtype=np.bool_),
        homes=np.array([walks[at].homes for at in owners], dtype=np.bool_),
        nodes=dense.astype(np.int64).reshape(-1),
        offsets=pieces.offsets,
        node_id=node_id,
        node_lonlat=scan.node_lonlat[used],
        node_blocked=blocked,
        node_private=private,
    )


def _find_barriers(
    scan: OsmScan[Use], node_id: IntArray, rules: WalkRules
) -> tuple[BoolArray, BoolArray]:
    """Street nodes nobody passes, and those only residents pass."""
    blocked = np.zeros(node_id.size, dtype=np.bool_)
    private = np.zeros(node_id.size, dtype=np.bool_)
    for number, node in scan.nodes.items():
        if "barrier" not in node.tags:
            continue
        passage = rules.judge_barrier(node.tags)
        if passage == "open":
            continue
        at = int(np.searchsorted(node_id, number))
        if at < node_id.size and node_id[at] == number:
            (blocked if passage == "blocked" else private)[at] = True
    return blocked, private


def _objects(texts: list[str]) -> TextArray:
    return np.array(texts, dtype=object)
