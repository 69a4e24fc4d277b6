"""What stands in the blocks: walled compounds, old-town houses, villages, works, open land."""

import math
from random import Random

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from layers.demo.drawing import Drawing, Gate, inner_roads, rows_of
from layers.demo.shapes import XY, coords_of, corner_plot, dice, inset, largest

_TYPES = (
    # share, width, depth, pitch, gap, levels, tag
    (0.50, 62.0, 12.5, 34.0, 12.0, (5, 6, 6, 7), "apartments"),
    (0.26, 48.0, 14.0, 47.0, 15.0, (9, 11, 11), "apartments"),
    (0.24, 36.0, 17.0, 62.0, 24.0, (18, 24, 26, 33), "apartments"),
)


def fill_block(drawing: Drawing, area: Polygon, community: int, fill: str, name: str) -> None:
    """Draw what stands in one block (or what is left of it)."""
    lot = inset(area, 11.0)
    if lot.is_empty or lot.area < 900:
        return
    rng = dice(f"fill {round(lot.centroid.x)} {round(lot.centroid.y)}")
    if fill == "compound":
        fill_compound(drawing, lot, community, name, rng)
    elif fill == "works":
        fill_works(drawing, lot, community, name, rng)
    elif fill in {"old", "village"}:
        fill_houses(drawing, lot, rng, village=fill == "village")
    elif fill == "station":
        drawing.area(lot, landuse="railway")
    elif fill == "land":
        drawing.area(lot, landuse="residential", name=name)
    elif fill == "industry":
        drawing.area(lot, landuse="industrial")
        free = lot.buffer(-10)
        for x, y, w, angle in rows_of(free, rng, width_m=70, depth_m=32, pitch_m=58, gap_m=26):
            drawing.building(x, y, w, 32, angle, building="warehouse", building__levels="1")
    elif rng.random() < 0.72:
        use = "grass" if rng.random() < 0.4 else "commercial"
        drawing.area(lot, landuse=use)
        for x, y, w, angle in rows_of(
            lot.buffer(-9), rng, width_m=58, depth_m=24, pitch_m=56, gap_m=30
        ):
            if use == "commercial":
                drawing.building(x, y, w, 24, angle, building="commercial", building__levels="4")


def fill_compound(drawing: Drawing, lot: Polygon, community: int, name: str, rng: Random) -> None:
    """Draw a walled compound: wall, gates, service roads, rows of flats."""
    front = drawing.front_of(lot)
    if lot.area < 2600 or not front:
        drawing.area(lot, landuse="grass")
        return
    first = front[rng.randrange(len(front))]
    last = max(front, key=lambda pair: math.dist(pair[0], first[0]))
    ways_in = [first]
    if math.dist(first[0], last[0]) > 70:
        ways_in.append(last)
    closed = len(ways_in) == 2 and rng.random() < 0.16
    roads = inner_roads(lot, [place for place, _ in ways_in])
    for index, (place, on_street) in enumerate(ways_in):
        drawing.service([on_street, place])
        drawing.gate(place, closed=closed and index == 1)
    for road in roads:
        drawing.service(road, private=True)
    drawing.area(lot, landuse="residential", name=name)
    kind_of_wall = "wall" if rng.random() < 0.7 else "fence"
    if not drawing.plan.spec["communities"][community].get("open"):
        drawing.wall(lot, [place for place, _ in ways_in], kind_of_wall)
    draw = rng.random()
    kind = _TYPES[0] if draw < 0.5 else _TYPES[1] if draw < 0.76 else _TYPES[2]
    floor_m2 = _rows(drawing, lot, roads, rng, kind)
    open_ways = ways_in[:1] if closed else ways_in
    for place, _ in open_ways:
        side = _side(lot, place)
        _add_gate(drawing, name, side, community, place, floor_m2 / len(open_ways))


def _rows(
    drawing: Drawing,
    lot: Polygon,
    roads: list[list[XY]],
    rng: Random,
    kind: tuple[float, float, float, float, float, tuple[int, ...], str],
) -> float:
    _, width_m, depth_m, pitch_m, gap_m, levels, tag = kind
    paved = shapely.union_all([LineString(road) for road in roads]).buffer(6.5)
    free = lot.buffer(-6).difference(paved)
    floor_m2 = 0.0
    for part in shapely.get_parts(free):
        if part.area < 900:
            continue
        for x, y, w, angle in rows_of(
            part, rng, width_m=width_m, depth_m=depth_m, pitch_m=pitch_m, gap_m=gap_m
        ):
            level = rng.choice(levels)
            flats = round(w * depth_m * level / 105) if rng.random() < 0.35 else 0
            drawing.building(
                x, y, w, depth_m, angle,
                building=tag,
                building__levels=str(level) if rng.random() < 0.9 else None,
                building__flats=str(flats) if flats else None,
            )  # fmt: skip
            floor_m2 += w * depth_m * level
    return floor_m2


def _side(lot: Polygon, place: XY) -> str:
    dx, dy = place[0] - lot.centroid.x, place[1] - lot.centroid.y
    if abs(dx) > abs(dy):
        return "东门" if dx > 0 else "西门"
    return "北门" if dy > 0 else "南门"


def _add_gate(
    drawing: Drawing, name: str, side: str, community: int, place: XY, floor_m2: float
) -> None:
    drawing.gates.append(Gate(name, side, community, place, floor_m2))


def fill_works(drawing: Drawing, lot: Polygon, community: int, name: str, rng: Random) -> None:
    """Draw the great walled compound: one open gate in the north, two closed ones at the back."""
    front = drawing.front_of(lot)
    middle = lot.centroid
    x0, y0, _, y1 = lot.bounds
    north = min(front, key=lambda pair: math.dist(pair[0], (middle.x - 30, y1)))
    south = min(front, key=lambda pair: math.dist(pair[0], (middle.x + 10, y0)))
    west = min(front, key=lambda pair: math.dist(pair[0], (x0, middle.y)))
    places = [north[0], south[0], west[0]]
    roads = inner_roads(lot, places)
    for (place, on_street), closed in zip((north, south, west), (False, True, True), strict=True):
        drawing.service([on_street, place])
        drawing.gate(place, closed=closed, name="后门（常闭）" if closed else "北大门")
    for road in roads:
        drawing.service(road, private=True)
    core = lot.buffer(-44).buffer(14)
    extra = _lanes(core)
    for lane in extra:
        drawing.service(lane, private=True)
    drawing.area(lot, landuse="residential", name=name)
    drawing.wall(lot, places, name=f"{name}围墙")
    floor_m2 = _rows(
        drawing, lot, [*roads, *extra], rng, (1.0, 56.0, 12.0, 33.0, 13.0, (4, 5, 5), "apartments")
    )
    _add_gate(drawing, name, "北门", community, north[0], floor_m2)


def _lanes(core: BaseGeometry) -> list[list[XY]]:
    x0, y0, x1, y1 = core.bounds
    lanes = []
    for share in (0.26, 0.74):
        y = y0 + (y1 - y0) * share
        cut = LineString([(x0 - 5, y), (x1 + 5, y)]).intersection(core)
        if isinstance(cut, LineString):
            lanes.append(coords_of(cut))
    return lanes


def fill_houses(drawing: Drawing, lot: Polygon, rng: Random, *, village: bool) -> None:
    """Draw houses along the lanes, a second row behind them where there is room."""
    drawing.area(lot, landuse="residential")
    taken: list[Polygon] = []
    lanes: list[list[XY]] = []
    if lot.area > 11000:
        lanes = _back_lane(drawing, lot, rng)
    paved: BaseGeometry = shapely.union_all([LineString(lane) for lane in lanes]).buffer(3.5)
    room = lot.buffer(-1.0).difference(paved)
    shapely.prepare(room)
    for depth_in_m in (9.0, 34.0) if lot.area > 7000 else (9.0,):
        ring = lot.buffer(-depth_in_m, join_style="mitre")
        if ring.is_empty or ring.area < 500:
            continue
        for part in shapely.get_parts(ring):
            _house_row(drawing, part.exterior, room, taken, rng, village=village)


def _back_lane(drawing: Drawing, lot: Polygon, rng: Random) -> list[list[XY]]:
    front = drawing.front_of(lot)
    if not front:
        return []
    place, on_street = front[rng.randrange(len(front))]
    middle = lot.representative_point()
    lane = [on_street, place, (round(middle.x, 2), round(middle.y, 2))]
    if not lot.buffer(1).contains(LineString(lane[1:])):
        return []
    drawing.service(lane)
    return [lane]


def _house_row(
    drawing: Drawing,
    ring: LineString,
    room: BaseGeometry,
    taken: list[Polygon],
    rng: Random,
    *,
    village: bool,
) -> None:
    at_m = rng.uniform(2, 12)
    while at_m < ring.length - 8:
        w = rng.uniform(11, 18) if village else rng.uniform(20, 40)
        d = rng.uniform(8, 11) if village else rng.uniform(10, 13)
        here, ahead = ring.interpolate(at_m + w / 2 - 1), ring.interpolate(at_m + w / 2 + 1)
        angle = math.atan2(ahead.y - here.y, ahead.x - here.x)
        skip = rng.random() < (0.46 if village else 0.24)
        x, y = (here.x + ahead.x) / 2, (here.y + ahead.y) / 2
        at_m += w + (rng.uniform(8, 22) if village else rng.uniform(1.5, 7))
        if skip:
            continue
        plot = corner_plot(x, y, w, d, angle)
        if not room.contains(plot) or any(plot.dwithin(other, 1.2) for other in taken):
            continue
        taken.append(plot)
        level = rng.choice((1, 2, 2, 3)) if village else rng.choice((2, 3, 3, 4, 5, 6))
        shop = not village and rng.random() < 0.12
        drawing.area(
            plot,
            building="retail" if shop else "house" if village or level < 3 else "residential",
            building__levels=str(level) if rng.random() < 0.85 else None,
        )


def hamlet(drawing: Drawing, centre: XY, houses: int) -> None:
    """Draw a few houses on the hill, far from any street."""
    rng = dice("hamlet")
    placed: list[XY] = []
    while len(placed) < houses:
        spot = (centre[0] + rng.uniform(-55, 55), centre[1] + rng.uniform(-40, 40))
        if all(math.dist(spot, other) > 19 for other in placed):
            placed.append(spot)
            drawing.building(
                *spot, 12, 9, rng.uniform(-0.4, 0.4), building="house", building__levels="1"
            )
    yard = shapely.MultiPoint([Point(spot) for spot in placed]).convex_hull.buffer(14)
    if isinstance(yard, Polygon):
        drawing.area(largest(yard.simplify(2)), landuse="residential", name="塬顶小庄")
