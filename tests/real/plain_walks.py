"""Walks worked out a second time with networkx, on a graph read from the OSM file here and nowhere else.

Shared with the product: which ways may be walked (and by whom), which barriers stand on them, and the metric
coordinate system. Everything else is done again, plainly: nodes and ways come straight from the file, every node of a
way stays a node of the graph, every home, every entrance and every stop cuts the segment next to it, and Dijkstra's
algorithm runs in whatever networkx makes of it.

Residents' ways can be left but not entered. So each of their nodes that also belongs to an open street stands twice,
with an edge of no length outwards; a residents' gate likewise has one node on each side.

Points start on the nearest segment within 150 m; but on one of the main network rather than on a detached piece (under
5 % of the longest part) if that is at most 60 m farther, and an entrance or a stop on a public one rather than a
residents' if that is at most 30 m farther. Where a point is equally near to several segments (a corner), it is tied to
all of them and the best counts: the product takes one and says that nobody walks farther for it, which is thereby
tested too.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmium
import shapely
from pyproj import Transformer

MIN_ISLAND_M = 1000.0
MAX_LEG_M = 150.0
MAIN_SHARE = 0.05
DETACHED_EXTRA_M = 60.0
FORECOURT_M = 30.0

Node = Any


@dataclass
class Segment:
    """A straight piece between two neighbouring nodes of a way."""

    a: Node
    b: Node
    ends: tuple[tuple[float, float], tuple[float, float]]
    forward: bool
    backward: bool
    resident: bool
    main: bool = True

    @property
    def length_m(self) -> float:
        (ax, ay), (bx, by) = self.ends
        return float(np.hypot(ax - bx, ay - by))


def _read_segments(path: Path, extract: Any, crs: str) -> list[Segment]:
    """Every straight piece of every walkable way, with a node of its own wherever a barrier stands."""
    traits = {
        int(way): (bool(forward), bool(backward), bool(private))
        for way, forward, backward, private in zip(
            extract.way_id,
            extract.way_forward,
            extract.way_backward,
            extract.way_private,
            strict=True,
        )
    }
    barriers = set(extract.node_id[extract.node_blocked | extract.node_private].tolist())
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    places: dict[int, tuple[float, float]] = {}
    segments: list[Segment] = []
    for thing in osmium.FileProcessor(str(path)):
        if thing.is_node():
            places[thing.id] = (thing.location.lon, thing.location.lat)
        elif thing.is_way() and thing.id in traits:
            forward, backward, private = traits[thing.id]
            refs = [node.ref for node in thing.nodes]
            for at, (one, other) in enumerate(pairwise(refs)):
                if one == other or one not in places or other not in places:
                    continue
                a = (one, thing.id, at, "tail") if one in barriers else one
                b = (other, thing.id, at, "head") if other in barriers else other
                ends = (places[one], places[other])
                segments.append(Segment(a, b, ends, forward, backward, private))
    lon, lat = np.array([end for one in segments for end in one.ends]).T
    x, y = to_metres.transform(lon, lat)
    xy = list(zip(x.tolist(), y.tolist(), strict=True))
    for at, segment in enumerate(segments):
        segment.ends = (xy[2 * at], xy[2 * at + 1])
    return segments


def _rename(segments: Iterable[Segment], names: dict[Node, Node]) -> None:
    for segment in segments:
        segment.a = names.get(segment.a, segment.a)
        segment.b = names.get(segment.b, segment.b)


def _join_along_ways(segments: list[Segment], blocked: set[int], gates: set[int]) -> list[Any]:
    """Open the residents' gates outwards, keep the blocked ones shut; returns the one-way edges of no length.

    With all gates shut the network falls into parts. Seen from the longest part of each group of parts that gates
    join, what lies behind a gate belongs to residents; they walk out through it, gate by gate.
    """
    graph = nx.Graph()
    for segment in segments:
        graph.add_edge(segment.a, segment.b)
    part_of: dict[Node, int] = {}
    for number, part in enumerate(nx.connected_components(graph)):
        part_of.update(dict.fromkeys(part, number))
    length: dict[int, float] = defaultdict(float)
    for segment in segments:
        length[part_of[segment.a]] += segment.length_m
    sides: dict[int, set[int]] = defaultdict(set)
    loose: dict[int, list[Node]] = defaultdict(list)
    for node in graph:
        if isinstance(node, tuple) and node[0] in gates - blocked:
            sides[node[0]].add(part_of[node])
            loose[node[0]].append(node)
    joined = nx.Graph()
    for parts in sides.values():
        joined.add_nodes_from(parts)
        joined.add_edges_from((one, other) for one in parts for other in parts if one < other)
    depth: dict[int, int] = {}
    for group in nx.connected_components(joined):
        root = max(group, key=lambda part: length[part])
        depth.update(nx.single_source_shortest_path_length(joined, root))
    names: dict[Node, Node] = {}
    outwards = []
    for gate, parts in sides.items():
        if len(parts) < 2:  # joined elsewhere anyway: simply shut
            continue
        for node in loose[gate]:
            names[node] = ("gate", gate, part_of[node])
        outside = min(parts, key=lambda part: depth[part])
        outwards += [
            (("gate", gate, part), ("gate", gate, outside))
            for part in parts
            if depth[part] > depth[outside]
        ]
    for segment in segments:
        segment.resident |= depth.get(part_of[segment.a], 0) > 0
    _rename(segments, names)
    return outwards


def _part_residents(segments: list[Segment]) -> list[Any]:
    """Give residents' segments nodes of their own; returns the one-way edges of no length outwards."""
    open_nodes = {node for one in segments if not one.resident for node in (one.a, one.b)}
    own_nodes = {node for one in segments if one.resident for node in (one.a, one.b)}
    shared = open_nodes & own_nodes
    names = {node: ("own", node) for node in shared}
    _rename([one for one in segments if one.resident], names)
    return [(own, node) for node, own in names.items()]


Near = tuple[float, list[Segment]]


def _find_nearest(segments: list[Segment], shapes: np.ndarray) -> list[Near]:
    """Metres to the nearest segment within reach, and all segments exactly that near; per point."""
    tree = shapely.STRtree([shapely.LineString(segment.ends) for segment in segments])
    found: list[Near] = [(float("inf"), []) for _ in shapes]
    (rows, _), legs = tree.query_nearest(
        shapes, max_distance=MAX_LEG_M, return_distance=True, all_matches=False
    )
    for row, leg in zip(rows.tolist(), legs.tolist(), strict=True):
        found[row] = (leg, [])
    hits = tree.query(shapes[rows], predicate="dwithin", distance=legs + 1e-6)
    for place, at in hits.T.tolist():
        found[rows[place]][1].append(segments[at])
    return found


def _prefer(wanted: Near, other: Near, extra_m: float) -> Near:
    return wanted if wanted[1] and wanted[0] <= other[0] + extra_m else other


class PlainCity:
    """The walking graph with homes and entrances cut in, searched with networkx."""

    def __init__(
        self,
        path: Path,
        extract: Any,
        crs: str,
        homes: np.ndarray,
        entrances: np.ndarray,
        stops: Iterable[np.ndarray] = (),
    ) -> None:
        segments = _read_segments(path, extract, crs)
        blocked = set(extract.node_id[extract.node_blocked].tolist())
        gates = set(extract.node_id[extract.node_private].tolist())
        outwards = _join_along_ways(segments, blocked, gates)
        outwards += _part_residents(segments)
        kept = self._keep_large(segments, outwards)
        self.n_resident = sum(segment.resident for segment in kept)
        points = {("home", at): xy for at, xy in enumerate(homes)}
        points |= {("entrance", at): xy for at, xy in enumerate(entrances)}
        points |= {("stop", at): xy for at, xy in enumerate(stops)}
        cuts, self.legs = self._snap(kept, points)
        self.reverse = self._build(segments, outwards, cuts)

    @staticmethod
    def _keep_large(segments: list[Segment], outwards: list[Any]) -> list[Segment]:
        """Segments of parts with at least a kilometre of street, or of the longest part."""
        graph = nx.Graph(outwards)
        graph.add_edges_from((segment.a, segment.b) for segment in segments)
        part_of: dict[Node, int] = {}
        for number, part in enumerate(nx.connected_components(graph)):
            part_of.update(dict.fromkeys(part, number))
        length: dict[int, float] = defaultdict(float)
        for segment in segments:
            length[part_of[segment.a]] += segment.length_m
        longest = max(length, key=lambda part: length[part])
        for segment in segments:
            segment.main = length[part_of[segment.a]] >= MAIN_SHARE * length[longest]
        return [
            segment
            for segment in segments
            if length[part_of[segment.a]] >= MIN_ISLAND_M or part_of[segment.a] == longest
        ]

    @staticmethod
    def _snap(
        segments: list[Segment], points: dict[Node, np.ndarray]
    ) -> tuple[dict[int, list[tuple[float, Node]]], dict[Node, list[tuple[Node, float]]]]:
        """Feet of the points: per segment, and per point with its straight leg."""
        segments = [segment for segment in segments if segment.length_m > 0]
        main = [segment for segment in segments if segment.main]
        public = [segment for segment in main if not segment.resident]
        shapes = shapely.points(np.array(list(points.values())))
        anywhere, on_main, on_public = (
            _find_nearest(some, shapes) for some in (segments, main, public)
        )
        cuts: dict[int, list[tuple[float, Node]]] = defaultdict(list)
        legs: dict[Node, list[tuple[Node, float]]] = defaultdict(list)
        for row, (name, (x, y)) in enumerate(points.items()):
            leg, near = anywhere[row]
            if not any(segment.main for segment in near):
                leg, near = _prefer(on_main[row], (leg, near), DETACHED_EXTRA_M)
            if name[0] != "home" and all(segment.resident for segment in near):
                leg, near = _prefer(on_public[row], (leg, near), FORECOURT_M)
            for segment in near:
                (ax, ay), (bx, by) = segment.ends
                share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / segment.length_m**2
                share = min(max(share, 0.0), 1.0)
                foot = ("foot", name, id(segment))
                cuts[id(segment)].append((share, foot))
                gap = np.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y)
                legs[name].append((foot, float(gap)))
        return cuts, legs

    def _build(
        self,
        segments: list[Segment],
        outwards: list[Any],
        cuts: dict[int, list[tuple[float, Node]]],
    ) -> nx.DiGraph:
        """Reversed graph: searches run from the facilities towards the homes."""
        graph = nx.DiGraph()

        def lead(a: Node, b: Node, metres: float) -> None:
            if not graph.has_edge(b, a) or graph.edges[b, a]["metres"] > metres:
                graph.add_edge(b, a, metres=metres)

        for segment in segments:
            stops = [(0.0, segment.a), *sorted(cuts.get(id(segment), [])), (1.0, segment.b)]
            for (begin, a), (end, b) in pairwise(stops):
                metres = (end - begin) * segment.length_m
                if segment.forward:
                    lead(a, b, metres)
                if segment.backward:
                    lead(b, a, metres)
        for a, b in outwards:
            lead(a, b, 0.0)
        for name, feet in self.legs.items():
            for foot, metres in feet:
                if name[0] == "home":
                    lead(name, foot, metres)
                else:
                    lead(foot, name, metres)
                if name[0] == "stop":  # walks begin there, too; nobody takes a short cut through it
                    lead(("off", name[1]), foot, metres)
        return graph

    def walks_to(self, entrances: Iterable[int], cutoff_m: float | None = None) -> dict[int, float]:
        """Metres from each home to the nearest of some entrances."""
        return self._search([("entrance", at) for at in entrances], cutoff_m)["home"]

    def walks_from_stops(self, entrances: Iterable[int], cutoff_m: float) -> dict[int, float]:
        """Metres from each stop to the nearest of some entrances."""
        return self._search([("entrance", at) for at in entrances], cutoff_m)["off"]

    def walks_to_stop(
        self, stop: int, cutoff_m: float
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Metres to a stop, from each home and from each other stop."""
        found = self._search([("stop", stop)], cutoff_m)
        return found["home"], found["off"]

    def _search(
        self, sources: Iterable[Node], cutoff_m: float | None
    ) -> dict[str, dict[int, float]]:
        found: dict[str, dict[int, float]] = {"home": {}, "off": {}}
        known = set(sources) & set(self.legs)
        if known:
            walks = nx.multi_source_dijkstra_path_length(
                self.reverse, known, cutoff=cutoff_m, weight="metres"
            )
            for node, metres in walks.items():
                if isinstance(node, tuple) and node[0] in found:
                    found[node[0]][node[1]] = metres
        return found
