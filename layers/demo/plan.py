"""Ground plan of the sample city: river, railway, main roads, and the cells between them.

The hand-drawn lines stand in `city.yaml`; here they become curves, bridges, and superblocks. All in
metres of the sample's own flat frame.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import shapely
import yaml
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

from layers.demo.shapes import (
    XY,
    carve_square,
    coords_of,
    dice,
    longer,
    offset,
    parallel,
    parts_of,
    smooth,
    subdivide,
)
from layers.demo.streets import Street, meet, street

_RAIL_HALF_M = 26.0
_STREAM_HALF_M = 15.0
_BRIDGE_M = {"river": 20.0, "rail": 16.0, "stream": 9.0}
_GRAIN: dict[str, dict[str, float]] = {
    # block size, how crooked the cuts are, how much streets bend
    "old": {"target_m2": 15500.0, "jitter": 0.15, "bend_m": 14.0},
    "village": {"target_m2": 21000.0, "jitter": 0.17, "bend_m": 16.0},
    "compound": {"target_m2": 38000.0, "jitter": 0.05, "bend_m": 7.0},
    "land": {"target_m2": 30000.0, "jitter": 0.07, "bend_m": 7.0},
    "none": {"target_m2": 42000.0, "jitter": 0.07, "bend_m": 9.0},
    "works": {"target_m2": 400000.0, "jitter": 0.05, "bend_m": 5.0},
    "station": {"target_m2": 900000.0, "jitter": 0.05, "bend_m": 5.0},
    "industry": {"target_m2": 52000.0, "jitter": 0.06, "bend_m": 6.0},
}
_FINE = {"compound": ("residential", "residential"), "old": ("residential", "living_street")}


@dataclass(frozen=True)
class Block:
    """One block: its outline on the street centre lines, its community, how it is filled."""

    outline: Polygon
    community: int
    fill: str


@dataclass(frozen=True)
class Plan:
    """Everything that is drawn by hand, as shapes in metres."""

    spec: dict[str, Any]
    names: dict[str, Any]
    river: list[XY]
    banks: tuple[list[XY], list[XY]]
    water: Polygon
    islet: Polygon
    stream: list[XY]
    rail: list[XY]
    streets: list[Street]
    blocks: list[Block]
    communities: list[BaseGeometry]


def read_spec(name: str) -> dict[str, Any]:
    """Read one of the sample's own YAML files."""
    text = files("layers.demo").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    spec: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - safe either way
    return spec


def build_plan(parks: list[dict[str, Any]]) -> Plan:
    """Draw the ground plan, plots for parks cut out of it; the same every time."""
    spec, names = read_spec("city"), read_spec("names")
    river = smooth(spec["river"]["line"], 45.0)
    halves_m = [_half_width_m(spec, x) for x, _ in river]
    banks = (offset(river, halves_m), offset(river, [-half_m for half_m in halves_m]))
    water = Polygon([*banks[0], *banks[1][::-1]])
    islet = _islet(spec, river)
    stream, rail = smooth(spec["stream"]["line"], 30.0), smooth(spec["railway"]["line"], 60.0)
    zones = {
        "river": water.buffer(_BRIDGE_M["river"]),
        "rail": LineString(rail).buffer(_BRIDGE_M["rail"], cap_style="flat"),
        "stream": LineString(stream).buffer(_BRIDGE_M["stream"], cap_style="flat"),
    }
    lines = _road_lines(spec, river, halves_m)
    arterials = [
        piece
        for road, line in zip(spec["roads"], lines, strict=True)
        for piece in _arterial(road, line, zones)
    ]
    cells = _cells(spec, lines, rail, stream)
    blocks, small = _blocks(spec, names, parks, cells)
    communities = [shapely.union_all(group) for group in cells]
    for index, community in enumerate(spec["communities"]):
        if "extra" in community:
            whole = shapely.union_all([communities[index], Polygon(smooth(community["extra"], 60))])
            others = shapely.union_all(communities[:index] + communities[index + 1 :])
            communities[index] = whole.difference(others)
    return Plan(
        spec, names, river, banks, water, islet, stream, rail, [*arterials, *small], blocks,
        communities,
    )  # fmt: skip


def _half_width_m(spec: dict[str, Any], x: float) -> float:
    islet_x, base_m = float(spec["river"]["islet"]["x"]), float(spec["river"]["half_width_m"])
    return base_m + 62.0 * math.exp(-(((x - islet_x) / 430.0) ** 2))


def _islet(spec: dict[str, Any], river: list[XY]) -> Polygon:
    islet = spec["river"]["islet"]
    line = LineString(river)
    middle_m = line.project(Point(islet["x"], line.centroid.y))
    length_m, width_m = float(islet["half_length_m"]), float(islet["half_width_m"])
    upper, lower = [], []
    for step in range(-8, 9):
        t = step / 8
        point = line.interpolate(middle_m + t * length_m)
        half_m = width_m * math.sqrt(max(0.0, 1 - t * t)) * (1 + 0.18 * math.sin(3 * t))
        upper.append((round(point.x, 2), round(point.y + half_m, 2)))
        lower.append((round(point.x, 2), round(point.y - half_m, 2)))
    return Polygon([*upper, *lower[::-1][1:-1]])


def _road_lines(spec: dict[str, Any], river: list[XY], halves_m: list[float]) -> list[list[XY]]:
    lines = []
    for road in spec["roads"]:
        if "river" in road:
            side = int(road["river"])
            line = offset(river, [side * (half_m + 64.0) for half_m in halves_m])
            lines.append([point for point in line if road["from"] <= point[0] <= road["to"]])
        else:
            lines.append(smooth(road["points"]))
    return meet(lines)


def _arterial(
    road: dict[str, Any], line: list[XY], zones: Mapping[str, BaseGeometry]
) -> list[Street]:
    pieces: list[tuple[str, list[XY]]] = [("", line)]
    for zone, area in zones.items():
        cut: list[tuple[str, list[XY]]] = []
        for kind, part in pieces:
            if kind:
                cut.append((kind, part))
                continue
            cut.extend(
                (zone if inside else "", piece)
                for inside, piece in parts_of(LineString(part), area)
            )
        pieces = cut
    big = road["class"] in {"trunk", "primary"}
    streets = []
    for kind, part in pieces:
        under = kind == "rail" and road["name"] == "青禾路"
        level = 0 if not kind else -1 if under else 1
        streets.append(
            street(
                part,
                level=level,
                arterial=True,
                highway=road["class"],
                name=road["name"],
                name__en=road["en"],
                lanes="6" if big else "4" if road["class"] == "secondary" else "2",
                sidewalk="no" if road.get("country") else "both",
                bridge="yes" if level == 1 else None,
                tunnel="yes" if level == -1 else None,
                layer=str(level) if level else None,
                bridge__name=(
                    {"凤栖路": "凤栖桥", "云川路": "云川桥"}.get(road["name"])
                    if kind == "river"
                    else None
                ),
            )
        )
    return streets


def _cells(
    spec: dict[str, Any], lines: list[list[XY]], rail: list[XY], stream: list[XY]
) -> list[list[Polygon]]:
    walls = [
        *(LineString(longer(line, 0.5)) for line in lines),
        *(LineString(line) for line in spec["dividers"]),
        LineString(parallel(rail, _RAIL_HALF_M)),
        LineString(parallel(rail, -_RAIL_HALF_M)),
        LineString(parallel(stream, _STREAM_HALF_M)),
        LineString(parallel(stream, -_STREAM_HALF_M)),
    ]
    faces = list(polygonize(shapely.unary_union(walls)))
    tree = shapely.STRtree(faces)
    groups: list[list[Polygon]] = []
    for community in spec["communities"]:
        found: list[Polygon] = []
        for x, y in community["cells"]:
            hits = tree.query(Point(x, y), predicate="intersects")
            found.extend(faces[hit] for hit in sorted(hits.tolist())[:1])
        groups.append(found)
    return groups


def _blocks(
    spec: dict[str, Any],
    names: dict[str, Any],
    parks: list[dict[str, Any]],
    cells: list[list[Polygon]],
) -> tuple[list[Block], list[Street]]:
    blocks: list[Block] = []
    streets: list[Street] = []
    corners: list[XY] = []
    pool = _street_names(names)
    for index, (community, group) in enumerate(zip(spec["communities"], cells, strict=True)):
        through, narrow = _FINE.get(community["fill"], ("residential", "residential"))
        for number, whole in enumerate(group):
            cell = whole
            rng = dice(f"{community['name']} {number}")
            for park_number, park in enumerate(parks):
                if not cell.contains(Point(park["cell"])):
                    continue
                plot, rest = carve_square(cell, (park["at"][0], park["at"][1]), park["ha"] * 10000)
                edge = shapely.line_merge(plot.boundary.intersection(rest.buffer(0.2)))
                line = max(shapely.get_parts(edge), key=lambda part: part.length)
                cuts_of_parks = coords_of(line.simplify(1.0))
                corners.extend((cuts_of_parks[0], cuts_of_parks[-1]))
                streets.append(_small(cuts_of_parks, "residential", pool.pop()))
                blocks.append(Block(plot, index, f"park:{park_number}"))
                cell = rest
            fill = community["fill"]
            if fill == "works" and not cell.contains(Point(community["works"])):
                fill = "industry"
            if any(cell.contains(Point(place)) for place in community.get("station", ())):
                fill = "station"
            parts, cuts = subdivide(cell, rng, corners=corners, **_GRAIN[fill])
            blocks.extend(Block(part, index, fill) for part in parts)
            for count, (depth, line) in enumerate(cuts):
                if LineString(line).length > 170 and len(pool) > 12:
                    zh, en = pool.pop()
                elif depth < 2:
                    zh, en = "", ""
                else:
                    zh, en = (f"{community['name'][:2]}{count + 1}巷",
                              f"{community['en']} Lane {count + 1}")  # fmt: skip
                streets.append(_small(line, through if depth < 2 else narrow, (zh, en)))
    return blocks, streets


def _street_names(names: dict[str, Any]) -> list[tuple[str, str]]:
    pool = [
        (first + last + word, f"{first_en}{last_en} {word_en}")
        for number, (first, first_en) in enumerate(names["street_first"].items())
        for step, (last, last_en) in enumerate(names["street_last"].items())
        for word, word_en in ((("路", "Road"), ("街", "Street"))[(number + step) % 2],)
    ]
    dice("streets").shuffle(pool)
    return pool


def _small(line: list[XY], highway: str, name: Sequence[str]) -> Street:
    return street(line, highway=highway, name=name[0], name__en=name[1])
