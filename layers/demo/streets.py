"""Streets of the sample city: drawn as soft lines, then tied together where they meet.

Streets of one level that cross share a node there; a street that ends on another shares its end.
Bridges and tunnels (another level) share nodes at their ends only.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely.geometry import LineString, Point

from layers.demo.shapes import XY, coords_of, rounded

_TOUCH_M = 0.6
_MERGE_M = 0.9


@dataclass(frozen=True)
class Street:
    """One street: its line in metres, its tags, its level (0 ground, 1 bridge, -1 tunnel)."""

    line: tuple[XY, ...]
    tags: dict[str, str] = field(default_factory=dict)
    level: int = 0
    arterial: bool = False

    @property
    def shape(self) -> LineString:
        """The street as a line."""
        return LineString(self.line)


def street(
    line: Iterable[XY], *, level: int = 0, arterial: bool = False, **tags: str | None
) -> Street:
    """Return a street; tags written `name__en` become `name:en`, empty ones are left out."""
    named = {key.replace("__", ":"): value for key, value in tags.items() if value}
    return Street(tuple(rounded(*point) for point in line), named, level, arterial)


def meet(lines: Sequence[list[XY]], reach_m: float = 160.0) -> list[list[XY]]:
    """Return lines whose ends are drawn up to, or cut back at, the road they nearly reach."""
    shapes = [LineString(line) for line in lines]
    return [
        _ended(_ended(line, shapes, index, reach_m)[::-1], shapes, index, reach_m)[::-1]
        for index, line in enumerate(lines)
    ]


def _ended(line: list[XY], shapes: Sequence[LineString], own: int, reach_m: float) -> list[XY]:
    (bx, by), (ax, ay) = line[1], line[0]
    length = math.hypot(ax - bx, ay - by)
    tip = (ax + (ax - bx) / length * reach_m, ay + (ay - by) / length * reach_m)
    longer = LineString([tip, *line])
    best: tuple[float, float] | None = None
    for index, shape in enumerate(shapes):
        if index == own or not longer.intersects(shape):
            continue
        for x, y in shapely.get_coordinates(longer.intersection(shape)):
            at_m = longer.project(Point(x, y))
            gap_m = abs(at_m - reach_m)
            if gap_m < reach_m and (best is None or gap_m < best[0]):
                best = (gap_m, at_m)
    if best is None:
        return line
    rest = shapely.ops.substring(longer, best[1], longer.length)
    return coords_of(rest)


class _Meeting:
    """Points that lie closer than `_MERGE_M` are one point."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[XY]] = {}

    def point(self, xy: XY) -> XY:
        found = self.find(xy)
        if found is None:
            found = rounded(*xy)
            self._cells.setdefault(_cell(found), []).append(found)
        return found

    def find(self, xy: XY) -> XY | None:
        column, row = _cell(xy)
        near = [
            point
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for point in self._cells.get((column + dx, row + dy), ())
            if math.dist(point, xy) <= _MERGE_M
        ]
        return min(near, key=lambda point: math.dist(point, xy)) if near else None


def _cell(xy: XY) -> tuple[int, int]:
    return (math.floor(xy[0]), math.floor(xy[1]))


def tie(streets: Sequence[Street]) -> list[Street]:
    """Return the streets with shared vertices wherever they meet."""
    shapes = [one.shape for one in streets]
    tree = shapely.STRtree(shapes)
    pairs = tree.query(shapes, predicate="dwithin", distance=_TOUCH_M).T
    meeting = _Meeting()
    for one in streets:
        meeting.point(one.line[0])
        meeting.point(one.line[-1])
    inserts: list[set[XY]] = [set() for _ in streets]
    for a, b in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if a == b:
            continue
        for end in (streets[a].line[0], streets[a].line[-1]):
            if shapes[b].distance(Point(end)) <= _TOUCH_M:
                inserts[b].add(meeting.point(end))
        if a < b and streets[a].level == streets[b].level:
            for x, y in shapely.get_coordinates(shapes[a].intersection(shapes[b])):
                point = meeting.point((float(x), float(y)))
                inserts[a].add(point)
                inserts[b].add(point)
    return [
        replace(one, line=_woven(one, shape, points, meeting))
        for one, shape, points in zip(streets, shapes, inserts, strict=True)
    ]


def _woven(one: Street, shape: LineString, points: set[XY], meeting: _Meeting) -> tuple[XY, ...]:
    marks = [(shape.project(Point(point)), point) for point in sorted(points)]
    at_m = 0.0
    own = []
    for index, point in enumerate(one.line):
        if index:
            at_m += math.dist(one.line[index - 1], point)
        own.append((at_m, meeting.find(point) or point))
    ordered = [point for _, point in sorted([*marks, *own], key=lambda mark: mark[0])]
    line = [ordered[0]]
    for point in ordered[1:]:
        if point != line[-1] and not (len(line) > 1 and point == line[-2]):
            line.append(point)
    first, last = meeting.point(one.line[0]), meeting.point(one.line[-1])
    if line[0] != first:
        line.insert(0, first)
    if line[-1] != last:
        line.append(last)
    return tuple(line)


def split_at_meetings(streets: Sequence[Street]) -> list[Street]:
    """Return the streets with arterials cut where they meet each other, as bus routes need it."""
    seen: dict[XY, int] = {}
    for one in streets:
        if one.arterial:
            for point in set(one.line):
                seen[point] = seen.get(point, 0) + 1
    result = []
    for one in streets:
        if not one.arterial:
            result.append(one)
            continue
        start = 0
        for index in range(1, len(one.line)):
            if index == len(one.line) - 1 or seen[one.line[index]] > 1:
                result.append(replace(one, line=one.line[start : index + 1]))
                start = index
    return result
