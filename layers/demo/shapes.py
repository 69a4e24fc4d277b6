"""Drawing aids of the sample city: soft curves, offsets, cutting areas into blocks.

Coordinates are metres in the sample's own flat frame; points are rounded to centimetres, so that
two things drawn through one place share that place exactly.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import shapely
from shapely.geometry import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, substring

XY = tuple[float, float]


def dice(key: str) -> Random:
    """Return a dice of its own for one thing, so that changing one thing leaves the rest alone."""
    return Random(key)  # noqa: S311 - it draws a picture, it keeps no secret


def rounded(x: float, y: float) -> XY:
    """Return a point on the centimetre grid."""
    return (round(x, 2), round(y, 2))


def coords_of(line: BaseGeometry) -> list[XY]:
    """Return the vertices of a line or ring on the centimetre grid."""
    return [rounded(float(x), float(y)) for x, y in shapely.get_coordinates(line)]


def smooth(points: Sequence[Sequence[float]], step_m: float = 40.0) -> list[XY]:
    """Return a soft curve through all points (Catmull-Rom), a vertex about every `step_m`."""
    knots = [(float(x), float(y)) for x, y in points]
    if len(knots) < 3:
        return [rounded(*knot) for knot in knots]
    first = (2 * knots[0][0] - knots[1][0], 2 * knots[0][1] - knots[1][1])
    last = (2 * knots[-1][0] - knots[-2][0], 2 * knots[-1][1] - knots[-2][1])
    padded = [first, *knots, last]
    curve = [rounded(*knots[0])]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces = max(1, round(math.dist(p1, p2) / step_m))
        for piece in range(1, pieces + 1):
            t = piece / pieces
            x, y = (
                0.5
                * (
                    2 * b
                    + (c - a) * t
                    + (2 * a - 5 * b + 4 * c - d) * t**2
                    + (3 * b - a - 3 * c + d) * t**3
                )
                for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
            )
            curve.append(rounded(x, y))
    return curve


def offset(points: Sequence[XY], distances_m: Sequence[float]) -> list[XY]:
    """Return the line moved to its left by a distance per vertex (right when negative)."""
    moved: list[XY] = []
    for index, ((x, y), distance_m) in enumerate(zip(points, distances_m, strict=True)):
        x0, y0 = points[max(index - 1, 0)]
        x1, y1 = points[min(index + 1, len(points) - 1)]
        length = math.hypot(x1 - x0, y1 - y0)
        moved.append(
            rounded(x - (y1 - y0) / length * distance_m, y + (x1 - x0) / length * distance_m)
        )
    return moved


def parallel(points: Sequence[XY], distance_m: float) -> list[XY]:
    """Return the line moved to its left by one distance."""
    return offset(points, [distance_m] * len(points))


def largest(shape: BaseGeometry) -> Polygon:
    """Return the largest polygon of a shape, an empty one when it has none."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def inset(area: Polygon, distance_m: float) -> Polygon:
    """Return the area drawn in by a distance, corners kept, trifles dropped."""
    shape = area.buffer(-distance_m, join_style="mitre").simplify(1.5)
    return shapely.geometry.polygon.orient(largest(shape))


def along(area: Polygon) -> tuple[float, float, float]:
    """Return the direction (radians) of an area's long side, its length and its width."""
    box = shapely.get_coordinates(area.minimum_rotated_rectangle)
    ax, ay = box[1] - box[0]
    bx, by = box[2] - box[1]
    a, b = math.hypot(ax, ay), math.hypot(bx, by)
    return (math.atan2(ay, ax), a, b) if a >= b else (math.atan2(by, bx), b, a)


def _chord(area: Polygon, centre: XY, angle: float) -> LineString | None:
    reach = 5000.0
    dx, dy = math.cos(angle) * reach, math.sin(angle) * reach
    ray = LineString([(centre[0] - dx, centre[1] - dy), (centre[0] + dx, centre[1] + dy)])
    cut = ray.intersection(area)
    parts = [part for part in shapely.get_parts(cut) if isinstance(part, LineString)]
    return max(parts, key=lambda part: part.length, default=None)


def halves(area: Polygon, line: Sequence[XY]) -> list[Polygon]:
    """Return the two parts a line cuts an area into; another number when it does not cut clean."""
    pieces = polygonize(shapely.unary_union([area.exterior, LineString(longer(line, 0.2))]))
    inside = [piece for piece in pieces if area.contains(piece.representative_point())]
    return sorted(inside, key=lambda piece: (round(piece.centroid.x), round(piece.centroid.y)))


def roundness(area: Polygon) -> float:
    """Return 1 for a circle, less the longer the outline is for its area."""
    return 4 * math.pi * area.area / area.length**2


def cut_across(
    area: Polygon, rng: Random, *, jitter: float, bend_m: float, corners: Sequence[XY]
) -> tuple[list[XY], list[Polygon]] | None:
    """Cut an area across its long side; ends catch corners close by. None when no cut is good."""
    angle, length, width = along(area)
    middle = area.minimum_rotated_rectangle.centroid
    for attempt in range(16):
        shift = rng.uniform(-jitter, jitter) * length
        turn = rng.uniform(-jitter, jitter) * 0.8
        tilt = angle + math.pi / 2 + turn
        if length < 1.25 * width and rng.random() < 0.4:
            tilt += math.pi / 2
        centre = (middle.x + math.cos(angle) * shift, middle.y + math.sin(angle) * shift)
        chord = _chord(area, centre, tilt)
        if chord is None or chord.length < 40:
            continue
        ends = [_caught(end, area, corners) for end in (chord.coords[0], chord.coords[-1])]
        (ax, ay), (bx, by) = ends
        span = math.hypot(bx - ax, by - ay)
        if span < 40:
            continue
        bulge = rng.uniform(-bend_m, bend_m)
        mid = ((ax + bx) / 2 - (by - ay) / span * bulge, (ay + by) / 2 + (bx - ax) / span * bulge)
        line = smooth([ends[0], mid, ends[1]], 45.0) if abs(bulge) > 2 else ends
        parts = halves(area, line)
        if (
            len(parts) == 2
            and min(part.area for part in parts) > 0.3 * area.area
            and min(roundness(part) for part in parts)
            > (0.62 if attempt < 8 else 0.5 if attempt < 12 else 0.3)
        ):
            return line, parts
    return None


def _caught(end: Sequence[float], area: Polygon, corners: Sequence[XY]) -> XY:
    here = rounded(float(end[0]), float(end[1]))
    near = [
        corner
        for corner in corners
        if math.dist(corner, here) < 28 and area.exterior.distance(Point(corner)) < 0.05
    ]
    return min(near, key=lambda corner: math.dist(corner, here)) if near else here


def subdivide(
    area: Polygon,
    rng: Random,
    *,
    target_m2: float,
    jitter: float,
    bend_m: float,
    corners: list[XY],
) -> tuple[list[Polygon], list[tuple[int, list[XY]]]]:
    """Cut an area into blocks of about `target_m2`; return them and (depth, street) cuts.

    The ends of new cuts are added to `corners`, so that neighbours meet at crossings.
    """
    blocks: list[Polygon] = []
    cuts: list[tuple[int, list[XY]]] = []
    pending = [(area, 0)]
    while pending:
        part, depth = pending.pop()
        cut = None
        if part.area > target_m2 * rng.uniform(1.15, 1.75):
            cut = cut_across(part, rng, jitter=jitter, bend_m=bend_m, corners=corners)
        if cut is None:
            blocks.append(part)
            continue
        line, parts = cut
        corners.extend((line[0], line[-1]))
        cuts.append((depth, line))
        pending.extend((half, depth + 1) for half in parts)
    return blocks, cuts


def carve(area: Polygon, near: XY, size_m2: float) -> tuple[Polygon, Polygon]:
    """Cut a plot of about `size_m2` off the end of an area that lies nearer to a point."""
    if size_m2 > 0.72 * area.area:
        return area, Polygon()
    angle, length, _ = along(area)
    middle = area.minimum_rotated_rectangle.centroid
    side = (near[0] - middle.x) * math.cos(angle) + (near[1] - middle.y) * math.sin(angle)
    sign = 1.0 if side >= 0 else -1.0
    low, high = -0.5 * length, 0.5 * length
    best: tuple[Polygon, Polygon] = (area, Polygon())
    for _ in range(24):
        shift = (low + high) / 2
        centre = (
            middle.x + sign * math.cos(angle) * shift,
            middle.y + sign * math.sin(angle) * shift,
        )
        chord = _chord(area, centre, angle + math.pi / 2)
        parts = halves(area, coords_of(chord)) if chord is not None else []
        if len(parts) != 2:
            high = shift
            continue
        parts.sort(
            key=lambda part: (
                -sign * (part.centroid.x * math.cos(angle) + part.centroid.y * math.sin(angle))
            )
        )
        best = (parts[0], parts[1])
        if abs(parts[0].area - size_m2) < 50:
            break
        if parts[0].area > size_m2:
            low = shift
        else:
            high = shift
    return best


def carve_square(area: Polygon, near: XY, size_m2: float) -> tuple[Polygon, Polygon]:
    """Cut a plot off a corner of an area rather than a strip off its end."""
    plot, rest = carve(area, near, size_m2)
    _, length, width = along(plot)
    if rest.is_empty or length < 1.9 * width:
        return plot, rest
    strip, rest = carve(area, near, size_m2 * min(2.4, length / width / 1.3))
    plot, spare = carve(strip, near, size_m2)
    return plot, largest(shapely.union_all([rest.buffer(0.05), spare.buffer(0.05)]))


def piece_of(line: LineString, start_m: float, end_m: float) -> list[XY]:
    """Return the vertices of a line between two distances along it."""
    return coords_of(substring(line, start_m, end_m))


def longer(line: Sequence[XY], more_m: float) -> list[XY]:
    """Return the line drawn on by `more_m` at both ends."""
    ends = []
    for (ax, ay), (bx, by) in ((line[0], line[1]), (line[-1], line[-2])):
        length = math.hypot(ax - bx, ay - by)
        ends.append((ax + (ax - bx) / length * more_m, ay + (ay - by) / length * more_m))
    return [ends[0], *line[1:-1], ends[1]]


def parts_of(line: LineString, zone: BaseGeometry) -> list[tuple[bool, list[XY]]]:
    """Return a line cut at a zone's outline: (inside, vertices) in order."""
    hit = line.intersection(zone.boundary)
    if hit.is_empty or isinstance(hit, (LineString, MultiLineString)):
        return [(False, coords_of(line))]
    marks = sorted(line.project(Point(x, y)) for x, y in shapely.get_coordinates(hit))
    bounds = [0.0, *marks, line.length]
    pieces = []
    for start_m, end_m in pairwise(bounds):
        if end_m - start_m < 0.5:
            continue
        inside = zone.contains(line.interpolate((start_m + end_m) / 2))
        pieces.append((bool(inside), piece_of(line, start_m, end_m)))
    return pieces


def corner_plot(x: float, y: float, width_m: float, depth_m: float, angle: float) -> Polygon:
    """Return a rectangle around a centre, its width along `angle` (radians)."""
    cos, sin = math.cos(angle), math.sin(angle)
    half_w, half_d = width_m / 2, depth_m / 2
    return Polygon(
        [
            rounded(x + u * cos - v * sin, y + u * sin + v * cos)
            for u, v in ((-half_w, -half_d), (half_w, -half_d), (half_w, half_d), (-half_w, half_d))
        ]
    )
