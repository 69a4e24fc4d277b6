"""What has been drawn so far: streets, areas, points, and the marks that sit on shared nodes."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from layers.demo.plan import Plan
from layers.demo.shapes import XY, along, coords_of, corner_plot, largest, rounded
from layers.demo.streets import Street, street

FloatArray = NDArray[np.float64]
Tags = dict[str, str]
_WALL_M = 11.0


@dataclass(frozen=True)
class Gate:
    """A way into a compound, with the homes behind it (floor area as their measure)."""

    compound: str
    side: str
    community: int
    place: XY
    floor_m2: float


@dataclass
class Drawing:
    """The sample city while it is drawn."""

    plan: Plan
    streets: list[Street] = field(default_factory=list)
    areas: list[tuple[list[XY], Tags]] = field(default_factory=list)
    lines: list[tuple[list[XY], Tags]] = field(default_factory=list)
    points: list[tuple[XY, Tags]] = field(default_factory=list)
    marks: dict[XY, Tags] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)
    schools: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    parcels: list[tuple[Polygon, dict[str, Any]]] = field(default_factory=list)
    housing: list[tuple[Point | None, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.streets.extend(self.plan.streets)
        self.shapes = np.array([one.shape for one in self.plan.streets])
        self.tree = shapely.STRtree(self.shapes)

    def area(self, shape: Polygon, **tags: str | None) -> None:
        """Draw an area; tags written `name__en` become `name:en`."""
        ring = coords_of(shape.exterior)
        self.areas.append((ring, _clean(tags)))

    def point(self, place: XY, **tags: str | None) -> None:
        """Draw a point object."""
        self.points.append((rounded(*place), _clean(tags)))

    def building(
        self, x: float, y: float, w: float, d: float, angle: float, **tags: str | None
    ) -> Polygon:
        """Draw a rectangular building and return its outline."""
        plot = corner_plot(x, y, w, d, angle)
        self.area(plot, **tags)
        return plot

    def front_of(self, lot: Polygon) -> list[tuple[XY, XY]]:
        """Return (place on the lot's ring, nearest place on a street) where streets run past."""
        ring = lot.exterior
        marks = shapely.line_interpolate_point(ring, np.arange(0.0, int(ring.length), 7.0))
        near, lines = self.tree.query(marks, predicate="dwithin", distance=_WALL_M + 3.5)
        places, shapes = marks[near], self.shapes[lines]
        feet = shapely.line_interpolate_point(shapes, shapely.line_locate_point(shapes, places))
        gaps_m = shapely.distance(feet, places)
        best: dict[int, int] = {}
        for row in np.lexsort((lines, gaps_m)).tolist():
            best.setdefault(int(near[row]), row)
        corners = coords_of(ring.simplify(4.0))
        for clear_m in (34.0, 20.0, 9.0):
            pairs = []
            for mark in sorted(best):
                place = rounded(marks[mark].x, marks[mark].y)
                if min(math.dist(place, corner) for corner in corners) > clear_m:
                    foot = feet[best[mark]]
                    pairs.append((place, rounded(foot.x, foot.y)))
            if len(pairs) > 5:
                break
        return pairs

    def wall(
        self, lot: Polygon, gates: list[XY], kind: str = "wall", name: str | None = None
    ) -> None:
        """Draw a wall or fence around a lot, its gates being nodes of it."""
        ring = with_places(coords_of(lot.exterior), gates)
        self.areas.append((ring, _clean({"barrier": kind, "name": name})))

    def gate(self, place: XY, *, closed: bool = False, **tags: str | None) -> None:
        """Mark a gate on a shared node; a closed one is locked and lets nobody through."""
        shut = {"locked": "yes", "access": "no", "foot": "no"} if closed else {}
        self.marks[place] = {"barrier": "gate", **shut, **_clean(tags)}

    def service(self, line: list[XY], *, private: bool = False) -> None:
        """Draw a service road."""
        self.streets.append(street(line, highway="service", access="private" if private else None))


def _clean(tags: dict[str, str | None]) -> Tags:
    return {key.replace("__", ":"): value for key, value in tags.items() if value}


def with_places(ring: list[XY], places: list[XY]) -> list[XY]:
    """Return a ring with places on it woven in as vertices."""
    line = LineString(ring)
    marks = [(line.project(Point(place)), place) for place in places]
    at_m = 0.0
    for before, after in pairwise(ring):
        marks.append((at_m, before))
        at_m += math.dist(before, after)
    ordered = [place for _, place in sorted(marks)]
    kept = [place for place, nxt in zip(ordered, ordered[1:] + ordered[:1], strict=True)
            if place != nxt]  # fmt: skip
    return [*kept, kept[0]]


def inner_roads(lot: Polygon, gates: list[XY]) -> list[list[XY]]:
    """Return the service roads of a compound: a loop in large ones, a spine in small ones."""
    core = lot.buffer(-44).buffer(14)
    spots = []
    deep = largest(lot.buffer(-16))
    inward = (deep if not deep.is_empty else largest(lot.buffer(-5))).exterior
    for gate in gates:
        foot = inward.interpolate(inward.project(Point(gate)))
        spots.append(rounded(foot.x, foot.y))
    if lot.area > 23000 and isinstance(core, Polygon) and core.area > 6000:
        ring = core.exterior.simplify(1.2)
        roads = [coords_of(ring)]
        for gate, _ in zip(gates, spots, strict=True):
            foot = ring.interpolate(ring.project(Point(gate)))
            roads.append([gate, rounded(foot.x, foot.y)])
        if lot.area > 60000:
            angle, length, width = along(lot)
            middle = lot.centroid
            for turn in (0.0, math.pi / 2):
                dx, dy = math.cos(angle + turn) * length, math.sin(angle + turn) * length
                ray = LineString(
                    [(middle.x - dx, middle.y - dy), (middle.x + dx, middle.y + dy)]
                ).intersection(core)
                if isinstance(ray, LineString) and width > 100:
                    roads.append(coords_of(ray))
        return roads
    hub = rounded(lot.centroid.x, lot.centroid.y)
    if not lot.buffer(-8).contains(Point(hub)):
        point = lot.representative_point()
        hub = rounded(point.x, point.y)
    room = lot.buffer(0.5)
    return [
        [gate, spot, hub] if room.contains(LineString([spot, hub])) else [gate, spot]
        for gate, spot in zip(gates, spots, strict=True)
    ]


def rows_of(
    free: BaseGeometry, rng: Random, *, width_m: float, depth_m: float, pitch_m: float, gap_m: float
) -> list[tuple[float, float, float, float]]:
    """Return (x, y, width, angle) of slab buildings in rows, facing south as far as they can."""
    if free.is_empty or free.area < width_m * depth_m * 1.5:
        return []
    hull = free.convex_hull
    if not isinstance(hull, Polygon):
        return []
    angle = along(hull)[0] % math.pi
    if math.pi / 4 < angle < 3 * math.pi / 4:
        angle -= math.pi / 2
    elif angle >= 3 * math.pi / 4:
        angle -= math.pi
    turned = shapely.affinity.rotate(hull, -angle, origin=(0, 0), use_radians=True)
    x0, y0, x1, y1 = turned.bounds
    shapely.prepare(free)
    found: list[tuple[float, float, float, float]] = []
    v = y0 + depth_m / 2 + rng.uniform(1, 4)
    while v < y1 - depth_m / 2:
        free_from = x0 + 1
        for share in (1.0, 0.6):
            w = width_m * share
            starts = np.arange(free_from, x1 - w, 4.0)
            plots = _plots(starts + w / 2, v, w, depth_m, angle)
            fits = shapely.contains(free, plots) if len(starts) else np.zeros(0, dtype=bool)
            for start in starts[fits].tolist():
                if start >= free_from:
                    u = start + w / 2
                    x = u * math.cos(angle) - v * math.sin(angle)
                    y = u * math.sin(angle) + v * math.cos(angle)
                    found.append((x, y, w, angle))
                    free_from = start + w + gap_m
        v += pitch_m + rng.uniform(-1.5, 1.5)
    return found


def _plots(u: FloatArray, v: float, width_m: float, depth_m: float, angle: float) -> Any:
    """Return rectangles whose centres lie at `u` along and `v` across a direction."""
    du = np.array([-0.5, 0.5, 0.5, -0.5, -0.5]) * width_m
    dv = np.array([-0.5, -0.5, 0.5, 0.5, -0.5]) * depth_m
    along_m, across_m = u[:, None] + du, v + np.broadcast_to(dv, (len(u), 5))
    cos, sin = math.cos(angle), math.sin(angle)
    corners = np.stack([along_m * cos - across_m * sin, along_m * sin + across_m * cos], axis=-1)
    return shapely.polygons(corners)
