"""What lies around and between the blocks: river, islet, railway, hill, fields, hamlet."""

import math

import shapely
from shapely.geometry import LineString, Point, Polygon

from layers.demo.drawing import Drawing, with_places
from layers.demo.fill import hamlet
from layers.demo.shapes import (
    XY,
    coords_of,
    dice,
    largest,
    longer,
    parallel,
    piece_of,
    rounded,
    smooth,
)
from layers.demo.streets import street

HAMLET_AT: XY = (1830.0, 3850.0)


def draw_scene(drawing: Drawing) -> None:
    """Draw everything that is not a block."""
    _river(drawing)
    _riverside(drawing, 0, "渭河北岸公园", "North Bank Park")
    _riverside(drawing, 1, "渭河南岸公园", "South Bank Park")
    _islet(drawing)
    _railway(drawing)
    _hill(drawing)
    _fields(drawing)
    hamlet(drawing, HAMLET_AT, 13)


def _river(drawing: Drawing) -> None:
    river = drawing.plan.spec["river"]
    drawing.lines.append((drawing.plan.river, {"waterway": "river", "name": river["name"],
                                               "name:en": river["name_en"]}))  # fmt: skip
    stream = drawing.plan.spec["stream"]
    drawing.lines.append((drawing.plan.stream, {"waterway": "stream", "name": stream["name"],
                                                "name:en": stream["name_en"]}))  # fmt: skip
    bed = largest(
        LineString(drawing.plan.stream).buffer(4.0, cap_style="flat").simplify(0.8)
        .difference(drawing.plan.water)
    )  # fmt: skip
    drawing.area(bed, natural="water", water="stream")


def _riverside(drawing: Drawing, side: int, name: str, name_en: str) -> None:
    bank = drawing.plan.banks[side]
    sign = 1.0 if side == 0 else -1.0
    bank = [point for point in bank if 130 <= point[0] <= 4720]
    path = parallel(bank, sign * 20.0)
    drawing.streets.append(
        street(path, highway="footway", name=f"{name}步道", surface="paving_stones")
    )
    inner, outer = parallel(bank, sign * 5.0), parallel(bank, sign * 53.0)
    road = "滨河北路" if side == 0 else "滨河南路"
    roads = shapely.union_all([one.shape for one in drawing.plan.streets
                               if one.tags.get("name") == road and one.level == 0])  # fmt: skip
    gates: list[XY] = []
    line = LineString(path)
    edge = LineString(outer)
    for number in range(14):
        start = line.interpolate((number + 0.5) / 14, normalized=True)
        foot = shapely.shortest_line(start, roads)
        gate = foot.intersection(edge)
        if not isinstance(gate, Point):
            continue
        place = rounded(gate.x, gate.y)
        end = coords_of(foot)[-1]
        drawing.streets.append(street([rounded(start.x, start.y), place, end], highway="footway"))
        drawing.gate(place, entrance="yes")
        gates.append(place)
    parts = _cut_by_bridges(drawing, Polygon([*inner, *outer[::-1]]))
    words = ("西段", "中段", "东段")
    for word, part in zip(words, parts, strict=False):
        ring = coords_of(part.exterior)
        here = [gate for gate in gates if part.exterior.distance(Point(gate)) < 1.0]
        drawing.areas.append(
            (
                with_places(ring, here),
                {"leisure": "park", "name": f"{name}{word}", "name:en": name_en},
            )
        )
    rng = dice(name)
    for index in range(5):
        spot = edge.interpolate((index + 0.8) / 5.6, normalized=True)
        mark = line.interpolate(line.project(spot))
        x, y = (spot.x + mark.x) / 2, (spot.y + mark.y) / 2
        tags = ({"leisure": "fitness_station"}, {"leisure": "playground"},
                {"leisure": "pitch", "sport": "basketball"})[index % 3]  # fmt: skip
        drawing.building(x, y, 24, 13, rng.uniform(-0.1, 0.1), **tags)


def _cut_by_bridges(drawing: Drawing, strip: Polygon) -> list[Polygon]:
    bridges = [
        LineString(longer(one.line, 90.0)).buffer(16)
        for one in drawing.plan.streets
        if "bridge:name" in one.tags
    ]
    parts = shapely.get_parts(strip.difference(shapely.union_all(bridges)))
    kept = [part for part in parts if isinstance(part, Polygon) and part.area > 4000]
    return sorted(kept, key=lambda part: part.centroid.x)


def _islet(drawing: Drawing) -> None:
    islet = drawing.plan.islet
    spec = drawing.plan.spec["river"]["islet"]
    drawing.area(islet.buffer(-2), natural="wood", name=spec["name"], name__en=spec["name_en"])
    loop = islet.buffer(-11).exterior.simplify(1.0)
    drawing.streets.append(street(coords_of(loop), highway="footway", name=f"{spec['name']}环道"))
    x0, _, x1, _ = islet.bounds
    middle = islet.centroid
    drawing.streets.append(
        street(
            [
                rounded(
                    loop.interpolate(loop.project(Point(x, middle.y))).x,
                    loop.interpolate(loop.project(Point(x, middle.y))).y,
                )
                for x in (x0, x1)
            ],
            highway="path",
        )
    )
    drawing.point((middle.x, middle.y + 6), tourism="viewpoint", name="观鹭亭")


def _railway(drawing: Drawing) -> None:
    rail = drawing.plan.rail
    spec = drawing.plan.spec["railway"]
    line = LineString(rail)
    tags = {"railway": "rail", "name": spec["name"], "name:en": spec["name_en"]}
    for shift in (-2.5, 2.5):
        drawing.lines.append((parallel(rail, shift), dict(tags)))
    start, end = line.project(Point(1750, 2805)), line.project(Point(2380, 2770))
    for shift in (-8.0, 8.0):
        drawing.lines.append(
            (parallel(piece_of(line, start, end), shift), {"railway": "rail", "service": "siding"})
        )
    middle = line.interpolate((start + end) / 2)
    south = (middle.x, middle.y - 46)
    drawing.building(*south, 90, 20, -0.03, building="train_station", name="样例站")
    drawing.point(
        (middle.x, middle.y - 38),
        railway="station", public_transport="station", train="yes", name="样例站",
        name__en="Sample Station",
    )  # fmt: skip
    drawing.area(
        Polygon(
            [
                *parallel(piece_of(line, start, end), -17.0),
                *parallel(piece_of(line, start, end), -12.5)[::-1],
            ]
        ),
        railway="platform", name="样例站站台",
    )  # fmt: skip


def _hill(drawing: Drawing) -> None:
    outline = Polygon(
        smooth(
            [[330, 3260], [260, 3480], [420, 3760], [760, 3980], [1120, 4010], [1380, 3830],
             [1400, 3560], [1050, 3500], [620, 3400], [330, 3260]], 45.0
        )
    )  # fmt: skip
    ring_road = shapely.union_all(
        [one.shape for one in drawing.plan.streets if one.tags.get("name") == "北环路"]
    )
    outline = largest(outline.difference(ring_road.buffer(18)))
    north = [part for part in shapely.get_parts(outline) if part.centroid.y > 3300]
    outline = max(north, key=lambda part: float(part.area))
    gates = []
    for x in (560.0, 900.0, 1240.0):
        foot = shapely.shortest_line(Point(x, 3600), ring_road)
        on_road = coords_of(foot)[-1]
        gate_point = shapely.shortest_line(Point(on_road), outline.exterior)
        gates.append((on_road, coords_of(gate_point)[-1]))
    walk = smooth([[560, 3500], [520, 3640], [700, 3760], [860, 3690], [960, 3820], [1150, 3860],
                   [1250, 3700], [1180, 3600]])  # fmt: skip
    drawing.streets.append(street(walk, highway="path", name="云台山步道", surface="gravel"))
    line = LineString(walk)
    for number, (on_road, gate) in enumerate(gates):
        top = line.interpolate(line.project(Point(gate)))
        drawing.streets.append(
            street(
                [on_road, gate, rounded(top.x, top.y)],
                highway="steps" if number == 1 else "footway",
            )
        )
        drawing.gate(gate, entrance="main" if number == 1 else "yes")
    drawing.areas.append(
        (
            with_places(coords_of(outline.exterior), [gate for _, gate in gates]),
            {"leisure": "park", "name": "云台山公园", "name:en": "Yuntai Hill Park"},
        )
    )
    for x, y, r in ((700, 3860, 90), (1050, 3900, 75), (520, 3560, 60), (1270, 3800, 70)):
        wood = _blob(x, y, r, f"wood {x}").intersection(outline.buffer(-6))
        if not wood.is_empty:
            drawing.area(largest(wood), natural="wood")
    drawing.point((860, 3700), tourism="viewpoint", name="望塬亭")


def _fields(drawing: Drawing) -> None:
    busy = shapely.union_all(
        [
            *(area.buffer(30) for area in drawing.plan.communities[:1]),
            drawing.plan.water.buffer(12),
            LineString(drawing.plan.rail).buffer(14),
            LineString(drawing.plan.stream).buffer(9),
            *(one.shape.buffer(12) for one in drawing.plan.streets if one.arterial),
        ]
    )
    built = shapely.union_all(drawing.plan.communities[2:]).buffer(12)
    park = Polygon([(200, 3200), (200, 4050), (1440, 4050), (1440, 3480), (1000, 3400)])
    scenery = drawing.plan.spec["scenery"]
    for key, tags in (
        ("woods", {"natural": "wood"}),
        ("fields", {"landuse": "farmland"}),
        ("orchards", {"landuse": "orchard"}),
    ):
        for x, y, r in scenery[key]:
            shape = _blob(x, y, r, f"field {x} {y}").difference(busy).difference(built)
            if tags.get("natural"):
                shape = shape.difference(park).difference(Point(HAMLET_AT).buffer(100))
            part = largest(shape)
            if not part.is_empty and part.area > 8000:
                drawing.area(largest(Polygon(part.exterior).simplify(1.5)), **tags)


def _blob(x: float, y: float, radius_m: float, key: str) -> Polygon:
    rng = dice(key)
    phase, second = rng.uniform(0, 6), rng.uniform(0, 6)
    ring = []
    for step in range(28):
        turn = step / 28 * 2 * math.pi
        r = radius_m * (1 + 0.16 * math.sin(2 * turn + phase) + 0.08 * math.sin(5 * turn + second))
        ring.append(rounded(x + 1.25 * r * math.cos(turn), y + 0.85 * r * math.sin(turn)))
    return Polygon(ring)
