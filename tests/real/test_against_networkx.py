"""Walks of a run against networkx, on a graph read from the OSM file here and nowhere else.

Shared with the product: which ways may be walked (and by whom), which barriers stand on them, the metric
coordinate system, and the written tables of homes and entrances. Everything else is done again, plainly: nodes
and ways come straight from the file, every node of a way stays a node of the graph, every home and every entrance
cuts the segment next to it, and Dijkstra's algorithm runs in whatever networkx makes of it.

Residents' ways can be left but not entered. So each of their nodes that also belongs to an open street stands twice,
with an edge of no length outwards; a residents' gate likewise has one node on each side.

Points start on the nearest segment within 150 m; but on one of the main network rather than on a detached piece (under
5 % of the longest part) if that is at most 60 m farther, and an entrance on a public one rather than a residents' if
that is at most 30 m farther. Where a point is equally near to several segments (a corner), it is tied to all of them and
the best counts: the product takes one and says that nobody walks farther for it, which is thereby tested too.

Both sides measure in metres; the product rounds each straight piece to a thousandth. Equal means within a metre.
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
import pytest
import shapely
from pyproj import Transformer

pytestmark = pytest.mark.real

TOLERANCE_M = 1.0
N_HOMES = 1200
MIN_ISLAND_M = 1000.0
MAX_LEG_M = 150.0
MAIN_SHARE = 0.05
DETACHED_EXTRA_M = 60.0
FORECOURT_M = 30.0
MAIN_LIMIT_S = 15 * 60.0
ADULT_M_S, CHILD_M_S = 1.2, 1.0

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
        self, path: Path, extract: Any, crs: str, homes: np.ndarray, entrances: np.ndarray
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
            if name[0] == "entrance" and all(segment.resident for segment in near):
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
        return graph

    def walks_to(self, entrances: Iterable[int], cutoff_m: float | None = None) -> dict[int, float]:
        """Metres from each home to the nearest of some entrances."""
        sources = {("entrance", at) for at in entrances} & set(self.legs)
        if not sources:
            return {}
        found = nx.multi_source_dijkstra_path_length(
            self.reverse, sources, cutoff=cutoff_m, weight="metres"
        )
        return {
            node[1]: metres
            for node, metres in found.items()
            if isinstance(node, tuple) and node[0] == "home"
        }


def _project(frame: Any, crs: str) -> np.ndarray:
    points = frame.geometry
    return np.column_stack(
        Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(points.x, points.y)
    )


def _draw_homes(measured: Any) -> Any:
    """Homes at random, and with them all that start on a residents' street."""
    demand = measured["demand"]
    chosen = np.zeros(len(demand), dtype=bool)
    chosen[np.random.default_rng(1200).permutation(len(demand))[:N_HOMES]] = True
    street = demand["street_id"].to_numpy()
    chosen |= (street >= 0) & measured.city.streets.edge_private[np.maximum(street, 0)]
    return demand[chosen].reset_index(drop=True)


def _prepare(measured: Any) -> tuple[Any, PlainCity]:
    homes = _draw_homes(measured)
    crs = measured.city.streets.network.crs
    plain = PlainCity(
        measured.osm,
        measured.city.extract,
        crs,
        _project(homes, crs),
        _project(measured["entrances"], crs),
    )
    return homes, plain


@pytest.fixture(scope="module", params=["las_palmas", "nanjing"])
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any, PlainCity]:
    """A measured city, homes drawn from it, and the plain computation on the same homes."""
    measured = request.getfixturevalue(request.param)
    return (measured, *_prepare(measured))


KINDS = (
    "kindergarten",
    "primary_school",
    "clinic",
    "pharmacy",
    "shop",
    "park",
    "bus_stop",
    "parking",
)


def _entrance_rows(measured: Any, kind: str) -> dict[str, list[int]]:
    """Rows of the entrances of every facility of a kind."""
    facilities = measured["facilities"]
    wanted = set(facilities.loc[facilities["kind"] == kind, "facility_id"])
    rows: dict[str, list[int]] = {facility: [] for facility in wanted}
    for at, facility in enumerate(measured["entrances"]["facility_id"]):
        if facility in wanted:
            rows[facility].append(at)
    return rows


def _access(measured: Any, homes: Any, kind: str) -> Any:
    access = measured["access"]
    rows = access[access["kind"] == kind].set_index("demand_id")
    return rows.loc[homes["demand_id"]]


def test_homes_are_connected_alike(pair):
    measured, homes, plain = pair
    assert len(homes) >= 1000
    if (
        measured.name == "las-palmas"
    ):  # some start behind a residents' gate, and not few streets are such
        street = homes["street_id"].to_numpy()
        behind = (street >= 0) & measured.city.streets.edge_private[np.maximum(street, 0)]
        assert behind.sum() >= 50
        assert plain.n_resident >= 500
    snapped = np.array([("home", at) in plain.legs for at in range(len(homes))])
    np.testing.assert_array_equal(homes["connected"], snapped)
    leg = np.array(
        [min((m for _, m in plain.legs[("home", at)]), default=np.nan) for at in range(len(homes))]
    )
    np.testing.assert_allclose(homes["leg_m"], leg, atol=0.002)
    entrances = measured["entrances"]
    tied = np.array([("entrance", at) in plain.legs for at in range(len(entrances))])
    np.testing.assert_array_equal(entrances["street_id"] >= 0, tied)


@pytest.mark.parametrize("kind", KINDS)
def test_nearest_walks_agree(pair, kind, capsys):
    measured, homes, plain = pair
    rows = [at for ways_in in _entrance_rows(measured, kind).values() for at in ways_in]
    found = plain.walks_to(rows)
    expected = np.array([found.get(at, np.nan) for at in range(len(homes))])
    ours = _access(measured, homes, kind)["nearest_m"].to_numpy()
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
    apart = np.abs(ours - expected)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{measured.name} {kind}: {np.isfinite(apart).sum()} of {len(homes)} homes reach one, "
            f"largest difference {np.nanmax(apart):.4f} m, walks up to {np.nanmax(ours):.0f} m"
        )
    assert np.nanmax(apart) < TOLERANCE_M


@pytest.mark.parametrize(("kind", "speed"), [("kindergarten", CHILD_M_S), ("clinic", ADULT_M_S)])
def test_counts_within_and_second_nearest_agree(pair, kind, speed):
    """One search per facility, cut off a little beyond 15 minutes."""
    measured, homes, plain = pair
    limit_m = MAIN_LIMIT_S * speed
    walks = np.full((len(homes), 0), np.inf)
    names = []
    for facility, rows in _entrance_rows(measured, kind).items():
        column = np.full(len(homes), np.inf)
        for at, metres in plain.walks_to(rows, cutoff_m=limit_m + 50).items():
            column[at] = metres
        walks = np.column_stack([walks, column])
        names.append(facility)
    access = _access(measured, homes, kind)
    sure = ~(np.abs(walks - limit_m) < TOLERANCE_M).any(axis=1)
    np.testing.assert_array_equal(
        access["n_within"].to_numpy()[sure], (walks <= limit_m).sum(axis=1)[sure]
    )
    assert sure.mean() > 0.9
    if walks.shape[1] > 1:
        second = np.sort(walks, axis=1)[:, 1]
        inside = second < limit_m - TOLERANCE_M
        np.testing.assert_allclose(
            access["second_m"].to_numpy()[inside], second[inside], atol=TOLERANCE_M
        )
    near = np.flatnonzero(walks.min(axis=1, initial=np.inf) < limit_m - TOLERANCE_M)
    at = {facility: column for column, facility in enumerate(names)}
    to_named = [walks[row, at[access["facility_id"].iloc[row]]] for row in near]
    np.testing.assert_allclose(to_named, access["nearest_m"].to_numpy()[near], atol=TOLERANCE_M)
