"""Bus lines of the sample city: stops beside the arterials, route relations in both directions."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import networkx as nx

from layers.demo.osm_writer import OsmDraft
from layers.demo.shapes import XY, rounded
from layers.demo.streets import Street

_STOP_EVERY_M = 430.0


@dataclass(frozen=True)
class Stop:
    """One stop position on a street, its platforms on either side, and its name."""

    name: str
    place: XY
    right: XY
    left: XY


@dataclass(frozen=True)
class Line:
    """One line: its streets in order with their direction, and the stops along it."""

    spec: dict[str, Any]
    pieces: tuple[tuple[int, bool], ...]
    stops: tuple[tuple[Stop, bool], ...]


def plan_lines(
    streets: list[Street], specs: list[dict[str, Any]]
) -> tuple[list[Street], list[Line]]:
    """Lay the lines along the arterials; return the streets with stop positions woven in."""
    graph: nx.MultiGraph[XY] = nx.MultiGraph()
    for index, one in enumerate(streets):
        if one.arterial:
            graph.add_edge(
                one.line[0], one.line[-1], key=index, length=one.shape.length, street=index
            )
    places = list(graph.nodes)
    found: dict[int, list[tuple[float, Stop]]] = {}
    used: dict[str, int] = {}
    lines = []
    for spec in specs:
        via = [_nearest(places, point) for point in spec["via"]]
        pieces = _pieces(graph, streets, via)
        stops: list[tuple[Stop, bool]] = []
        for index, forward in pieces:
            if index not in found:
                found[index] = _stops_on(streets[index], spec, used)
            here = found[index] if forward else found[index][::-1]
            stops.extend((stop, forward) for _, stop in here)
        lines.append(Line(spec, tuple(pieces), tuple(stops)))
    woven = list(streets)
    for index, marks in found.items():
        woven[index] = _with_stops(streets[index], marks)
    return woven, lines


def _nearest(places: list[XY], point: XY) -> XY:
    return min(places, key=lambda place: math.dist(place, point))


def _pieces(
    graph: "nx.MultiGraph[XY]", streets: list[Street], via: list[XY]
) -> list[tuple[int, bool]]:
    pieces: list[tuple[int, bool]] = []
    for start, end in pairwise(via):
        nodes = nx.shortest_path(graph, start, end, weight="length")
        for a, b in pairwise(nodes):
            index = min((float(data["length"]), key) for key, data in graph[a][b].items())[1]
            pieces.append((index, streets[index].line[0] == a))
    return pieces


def _stops_on(one: Street, spec: dict[str, Any], used: dict[str, int]) -> list[tuple[float, Stop]]:
    shape = one.shape
    if one.level or shape.length < 150:
        return []
    many = max(1, round(shape.length / _STOP_EVERY_M))
    stops = []
    for number in range(many):
        at_m = shape.length * (number + 0.5) / many
        point, ahead = shape.interpolate(at_m), shape.interpolate(at_m + 1.0)
        dx, dy = ahead.x - point.x, ahead.y - point.y
        norm = math.hypot(dx, dy)
        place = rounded(point.x, point.y)
        right = rounded(place[0] + dy / norm * 7.0, place[1] - dx / norm * 7.0)
        left = rounded(place[0] - dy / norm * 7.0, place[1] + dx / norm * 7.0)
        road = one.tags["name"]
        used[road] = used.get(road, 0) + 1
        words = spec["words"]
        name = road + words[(used[road] - 1) % len(words)]
        if used[road] > len(words):
            name += "二" if used[road] <= 2 * len(words) else "三"
        stops.append((at_m, Stop(name, place, right, left)))
    return stops


def _with_stops(one: Street, marks: list[tuple[float, Stop]]) -> Street:
    at_m, line = 0.0, []
    for index, place in enumerate(one.line):
        if index:
            at_m += math.dist(one.line[index - 1], place)
        line.append((at_m, place))
    line.extend((mark_m, stop.place) for mark_m, stop in marks)
    return replace(one, line=tuple(place for _, place in sorted(line, key=lambda item: item[0])))


def write_lines(draft: OsmDraft, lines: list[Line], way_ids: dict[int, int]) -> None:
    """Write stops and route relations (public transport version 2), both directions."""
    platforms: dict[XY, int] = {}
    for line in lines:
        spec = line.spec
        routes = []
        for forward in (True, False):
            stops = list(line.stops) if forward else [(s, not d) for s, d in line.stops[::-1]]
            pieces = list(line.pieces) if forward else [(i, not d) for i, d in line.pieces[::-1]]
            members: list[tuple[str, int, str]] = []
            for stop, along in stops:
                position = draft.node(
                    stop.place,
                    {"public_transport": "stop_position", "bus": "yes", "name": stop.name},
                )
                place = stop.right if along else stop.left
                if place not in platforms:
                    platforms[place] = draft.free_node(
                        place,
                        {
                            "highway": "bus_stop",
                            "public_transport": "platform",
                            "bus": "yes",
                            "name": stop.name,
                        },
                    )
                members.append(("node", position, "stop"))
                members.append(("node", platforms[place], "platform"))
            members.extend(("way", way_ids[index], "") for index, _ in pieces)
            ends = (stops[0][0].name, stops[-1][0].name)
            tags = {
                "type": "route",
                "route": "bus",
                "public_transport:version": "2",
                "ref": spec["ref"],
                "name": f"{spec['ref']}路：{ends[0]} → {ends[1]}",
                "from": ends[0],
                "to": ends[1],
                "network": "样例市公交（虚构）",
                "operator": "样例市公交公司（虚构）",
            }
            for key in ("interval", "opening_hours", "colour"):
                if key in spec:
                    tags[key] = spec[key]
            routes.append(draft.relation(members, tags))
        draft.relation(
            [("relation", route, "") for route in routes],
            {
                "type": "route_master",
                "route_master": "bus",
                "ref": spec["ref"],
                "name": f"{spec['ref']}路",
                "network": "样例市公交（虚构）",
            },
        )
