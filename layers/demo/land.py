"""Land of the sample city that waits: reserved for schools, in every state, and for homes to come."""

import math
from typing import Any

import shapely
from shapely.geometry import LineString, Polygon

from layers.demo.drawing import Drawing
from layers.demo.shapes import along, coords_of, corner_plot, halves, largest

_GROUND: dict[str, dict[str, str]] = {
    "在建": {"landuse": "construction"},
    "调整用途": {"landuse": "construction"},
    "被占用": {"landuse": "brownfield"},
}
_SHED_M = (26.0, 12.0)


def draw_parcel(drawing: Drawing, lot: Polygon, parcel: dict[str, Any]) -> None:
    """Draw a parcel of reserved school land the way its state looks on the ground.

    `width_m` makes it a strip along its street, the rest is green; `halves` parts it into two;
    `sheds` puts so many on it that nobody planned; `parking` is the car park that took it.
    """
    ground = _cut_strip(drawing, lot, parcel["width_m"]) if "width_m" in parcel else lot
    if ground is not lot:
        drawing.area(largest(lot.difference(ground.buffer(2.0))), landuse="grass")
    if parcel["state"] == "已建成":
        drawing.area(ground, amenity="kindergarten", name=parcel["name"])
    elif "parking" in parcel:
        drawing.area(ground, amenity="parking", parking="surface", name=parcel["parking"])
    else:
        drawing.area(ground, **_GROUND.get(parcel["state"], {"landuse": "greenfield"}))
    if "sheds" in parcel:
        _draw_sheds(drawing, ground, parcel["sheds"])
    parts = _part(ground, parcel["share"]) if "halves" in parcel else [ground]
    for part, own in zip(parts, parcel.get("halves", [{}]), strict=True):
        drawing.parcels.append((part, {**parcel, **own}))


def draw_claims(drawing: Drawing, parcels: list[dict[str, Any]]) -> None:
    """Add parcels that claim ground of another: `over` names it, `box` lies east and north of its middle."""
    shapes = {one["id"]: shape for shape, one in drawing.parcels}
    for parcel in parcels:
        if "over" in parcel:
            middle = shapes[parcel["over"]].centroid
            east_m, north_m, width_m, depth_m = (float(part) for part in parcel["box"])
            plot = corner_plot(middle.x + east_m, middle.y + north_m, width_m, depth_m, 0.0)
            drawing.parcels.append((plot, dict(parcel)))
    drawing.parcels.sort(key=lambda pair: pair[1]["id"])


def draw_housing(drawing: Drawing, lot: Polygon, housing: dict[str, Any]) -> None:
    """Draw the land of a compound to come; what was not begun is still green."""
    land = "construction" if housing["begun"] else "greenfield"
    drawing.area(lot, landuse=land, name=housing["name"] if housing["begun"] else None)
    drawing.housing.append((lot.centroid, dict(housing)))


def list_housing(drawing: Drawing, spec: list[dict[str, Any]]) -> None:
    """Add compounds without land of their own: on a parcel (`of`), or known by community alone."""
    shapes = {one["id"]: shape for shape, one in drawing.parcels}
    for housing in spec:
        if "at" not in housing:
            place = shapes[housing["of"]].centroid if "of" in housing else None
            drawing.housing.append((place, dict(housing)))
    drawing.housing.sort(key=lambda pair: pair[1]["id"])


def _cut_strip(drawing: Drawing, lot: Polygon, width_m: float) -> Polygon:
    """Return a strip along the long side of a lot that has a street."""
    angle, length, width = along(lot)
    middle = lot.minimum_rotated_rectangle.centroid
    strips = []
    for side in (1.0, -1.0):
        shift = side * (width - width_m) / 2
        x = middle.x - math.sin(angle) * shift
        y = middle.y + math.cos(angle) * shift
        strips.append(largest(corner_plot(x, y, length, width_m, angle).intersection(lot)))
    return max(strips, key=lambda strip: (len(drawing.front_of(strip)), strip.area))


def _part(ground: Polygon, share: float) -> list[Polygon]:
    """Part a lot across its long side; the first part has about this share of it."""
    angle, length, _ = along(ground)
    middle = ground.minimum_rotated_rectangle.centroid
    shift = (share - 0.5) * length
    x, y = middle.x + math.cos(angle) * shift, middle.y + math.sin(angle) * shift
    dx, dy = -math.sin(angle) * length, math.cos(angle) * length
    cut = LineString([(x - dx, y - dy), (x + dx, y + dy)]).intersection(ground)
    parts = halves(ground, coords_of(cut))
    return sorted(parts, key=lambda part: -part.area)


def _draw_sheds(drawing: Drawing, ground: Polygon, count: int) -> None:
    """Draw a row of sheds along the long side, half a shed inside the ring."""
    angle, length, width = along(ground)
    middle = ground.minimum_rotated_rectangle.centroid
    wide_m, deep_m = _SHED_M
    for number in range(count):
        along_m = (number - (count - 1) / 2) * min(wide_m + 8.0, length / count)
        across_m = width / 2 - deep_m
        x = middle.x + math.cos(angle) * along_m - math.sin(angle) * across_m
        y = middle.y + math.sin(angle) * along_m + math.cos(angle) * across_m
        plot = corner_plot(x, y, wide_m, deep_m, angle)
        if shapely.area(plot.intersection(ground)) > 0:
            drawing.area(plot, building="warehouse", name="临时建材棚" if number == 0 else None)
