"""Facilities of the sample city: campuses with gates, parks, street fronts, land parcels."""

import math
from random import Random
from typing import Any

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from layers.demo.drawing import Drawing, rows_of, with_places
from layers.demo.fill import fill_block
from layers.demo.land import draw_claims, draw_housing, draw_parcel, list_housing
from layers.demo.shapes import (
    XY,
    along,
    carve_square,
    coords_of,
    corner_plot,
    dice,
    inset,
    largest,
    rounded,
    smooth,
)
from layers.demo.streets import street

AREA_TAGS: dict[str, dict[str, str]] = {
    "kindergarten": {"amenity": "kindergarten"},
    "primary_school": {"amenity": "school", "isced:level": "1"},
    "junior_school": {"amenity": "school", "isced:level": "2"},
    "senior_school": {"amenity": "school", "isced:level": "3"},
    "nine_year": {"amenity": "school", "isced:level": "1;2"},
    "school": {"amenity": "school"},
    "special_school": {"amenity": "school"},
    "hospital": {"amenity": "hospital", "healthcare": "hospital"},
    "market": {"amenity": "marketplace"},
    "mall": {"shop": "mall"},
    "sports": {"leisure": "sports_centre"},
    "football": {"leisure": "pitch", "sport": "soccer", "surface": "artificial_turf"},
    "square": {"place": "square"},
    "townhall": {"amenity": "townhall"},
    "nursing_home": {
        "amenity": "social_facility",
        "social_facility": "nursing_home",
        "social_facility:for": "senior",
    },
    "library": {"amenity": "library"},
    "arts_centre": {"amenity": "arts_centre"},
    "bus_station": {"amenity": "bus_station"},
    "parking": {"amenity": "parking", "parking": "surface"},
}
POINT_TAGS: dict[str, dict[str, str]] = {
    "clinic": {"amenity": "clinic", "healthcare": "clinic"},
    "government": {"office": "government"},
    "shop": {"shop": "supermarket"},
    "convenience": {"shop": "convenience"},
    "greengrocer": {"shop": "greengrocer"},
    "pharmacy": {"amenity": "pharmacy", "healthcare": "pharmacy"},
    "police": {"amenity": "police"},
    "post": {"amenity": "post_office"},
    "insurance": {"office": "insurance"},
    "energy": {"office": "energy_supplier"},
    "water": {"office": "water_utility"},
    "gas": {"office": "company"},
    "cinema": {"amenity": "cinema"},
    "theatre": {"amenity": "theatre"},
    "day_care": {
        "amenity": "social_facility",
        "social_facility": "day_care",
        "social_facility:for": "senior",
    },
    "elder_meals": {"amenity": "social_facility", "social_facility": "food_bank"},
    "nursery": {"amenity": "childcare"},
    "after_school": {"amenity": "community_centre"},
    "car_wash": {"amenity": "car_wash"},
    "community_centre": {"amenity": "community_centre"},
    "outdoor_fitness": {"leisure": "fitness_station"},
    "assembly": {"emergency": "assembly_point"},
    "bike_parking": {"amenity": "bicycle_parking"},
    "restaurant": {"amenity": "restaurant"},
    "hairdresser": {"shop": "hairdresser"},
    "laundry": {"shop": "laundry"},
    "repair": {"shop": "tailor"},
    "photo": {"shop": "copyshop"},
    "housekeeping": {"office": "company"},
    "parcel": {"amenity": "parcel_locker"},
    "telecom": {"shop": "mobile_phone"},
    "bank": {"amenity": "bank"},
    "atm": {"amenity": "atm"},
    "recycling": {"amenity": "recycling", "recycling_type": "centre"},
    "toilets": {"amenity": "toilets"},
    "bike": {"amenity": "bicycle_rental"},
    "charging": {"amenity": "charging_station"},
    "parking": {"amenity": "parking"},
}
_LISTED = {
    "kindergarten": "幼儿园",
    "primary_school": "小学",
    "junior_school": "初中",
    "senior_school": "高中",
    "nine_year": "九年一贯制学校",
}


def fill_city(drawing: Drawing, spec: dict[str, Any]) -> None:
    """Cut plots out of the blocks, draw what stands on them, then fill what is left."""
    blocks = list(drawing.plan.blocks)
    outlines = shapely.STRtree([block.outline for block in blocks])
    rest = [[block.outline] for block in blocks]
    parcels = [parcel for parcel in spec["parcels"] if "at" in parcel]
    housing = [one for one in spec["housing"] if "at" in one]
    for campus in [*spec["campuses"], *parcels, *housing]:
        at = (float(campus["at"][0]), float(campus["at"][1]))
        index = int(outlines.nearest(Point(at)))
        pieces = rest[index]
        here = min((piece.distance(Point(at)), order) for order, piece in enumerate(pieces))[1]
        plot, left = carve_square(pieces.pop(here), at, float(campus["ha"]) * 10000 * 1.12)
        if not left.is_empty:
            pieces.append(left)
        lot = inset(plot, 9.0)
        if "use" in campus and "state" not in campus:
            draw_campus(drawing, lot, campus, at)
        elif "begun" in campus:
            draw_housing(drawing, lot, campus)
        else:
            draw_parcel(drawing, lot, campus)
            if "list" in campus:
                front = drawing.front_of(lot) or [(coords_of(lot.exterior)[0], at)]
                _list_school(drawing, lot, campus, front[0][0])
    draw_claims(drawing, spec["parcels"])
    list_housing(drawing, spec["housing"])
    names = _compound_names(drawing)
    for index, (block, pieces) in enumerate(zip(blocks, rest, strict=True)):
        for piece in pieces:
            if block.fill.startswith("park:"):
                park = spec["parks"][int(block.fill[5:])]
                draw_park(drawing, inset(piece, 12.0), park)
            else:
                fill_block(drawing, piece, block.community, block.fill, names[index])


def _compound_names(drawing: Drawing) -> list[str]:
    pool = [
        first + last
        for last in drawing.plan.names["compound_last"]
        for first in drawing.plan.names["compound_first"]
    ]
    dice("compounds").shuffle(pool)
    names = pool[: len(drawing.plan.blocks)]
    return [
        "红星机械厂家属院" if block.fill == "works" else name
        for block, name in zip(drawing.plan.blocks, names, strict=True)
    ]


def draw_campus(drawing: Drawing, lot: Polygon, campus: dict[str, Any], at: XY) -> None:
    """Draw a campus: its ring with a gate, the path in, its building and ground."""
    use, name = str(campus["use"]), str(campus["name"])
    front = drawing.front_of(lot) or [(coords_of(lot.exterior)[0], at)]
    gates = [min(front, key=lambda pair: math.dist(pair[0], at))]
    if use in {"hospital", "market", "sports", "senior_school", "nine_year", "square", "mall"}:
        other = max(front, key=lambda pair: math.dist(pair[0], gates[0][0]))
        if math.dist(other[0], gates[0][0]) > 60:
            gates.append(other)
    tags = {**AREA_TAGS[use], "name": name}
    listed = campus.get("list")
    if listed and use == "kindergarten" and listed["inclusive"] is None:
        tags["operator:type"] = "private"
    drawing.areas.append((with_places(coords_of(lot.exterior), [gate for gate, _ in gates]), tags))
    for gate, on_street in gates:
        inward = largest(lot.buffer(-12)).exterior
        foot = inward.interpolate(inward.project(Point(gate))) if not inward.is_empty else None
        line = [on_street, gate] + ([rounded(foot.x, foot.y)] if foot else [])
        drawing.streets.append(street(line, highway="footway"))
        drawing.gate(gate, entrance="main" if gate == gates[0][0] else "yes")
    _campus_buildings(drawing, lot, use, gates[0][0])
    if listed:
        _list_school(drawing, lot, campus, gates[0][0])


def _campus_buildings(drawing: Drawing, lot: Polygon, use: str, gate: XY) -> None:
    if use in {"square", "football", "parking"}:
        return
    angle, length, width = along(lot)
    middle = lot.centroid
    away = math.copysign(1.0, (middle.x - gate[0]) * math.cos(angle)
                         + (middle.y - gate[1]) * math.sin(angle))  # fmt: skip
    schools = {"primary_school", "junior_school", "senior_school", "nine_year", "school",
               "special_school"}  # fmt: skip
    kind = {"hospital": "hospital", "kindergarten": "kindergarten", "market": "retail"}.get(use)
    kind = kind or ("school" if use in schools else "retail" if use == "mall" else "public")
    free: BaseGeometry = lot.buffer(-5)
    if use in schools or use == "sports":
        pitch = _pitch(lot, angle, length, width, away)
        if pitch is not None:
            drawing.area(pitch, leisure="track" if use != "sports" else "pitch",
                         sport="running" if use != "sports" else "soccer",
                         access="private" if use in schools else None)  # fmt: skip
            free = free.difference(pitch.buffer(5))
    rng = dice(f"campus {round(middle.x)}")
    big = lot.area > 9000
    for part in shapely.get_parts(free):
        for x, y, w, turn in rows_of(
            part, rng, width_m=52 if big else 26, depth_m=14 if big else 12, pitch_m=30, gap_m=14
        )[:5]:
            drawing.building(
                x,
                y,
                w,
                14 if big else 12,
                turn,
                building=kind,
                building__levels="4" if big else "3",
            )


def _pitch(lot: Polygon, angle: float, length: float, width: float, away: float) -> Polygon | None:
    middle = lot.centroid
    inner = lot.buffer(-4)
    for share in (0.30, 0.26, 0.22, 0.18):
        w, d = min(0.36 * length, 105.0), min(0.7 * width, 64.0)
        w, d = w * share / 0.30, d * share / 0.30
        x = middle.x + math.cos(angle) * away * length * 0.22
        y = middle.y + math.sin(angle) * away * length * 0.22
        plot = corner_plot(x, y, w, d, angle)
        if inner.contains(plot):
            rounded_plot = plot.buffer(-0.35 * min(w, d)).buffer(0.35 * min(w, d), quad_segs=4)
            return rounded_plot if isinstance(rounded_plot, Polygon) else plot
    return None


def draw_park(drawing: Drawing, lot: Polygon, park: dict[str, Any]) -> None:
    """Draw a park: gates on its ring, paths between them, a lake, a pitch, a playground."""
    rng = dice(park["name"])
    front = drawing.front_of(lot)
    if not front:
        front = [(place, place) for place in coords_of(lot.exterior)[:1]]
    gates = [front[0]]
    while len(gates) < 4:
        far = max(front, key=lambda pair: min(math.dist(pair[0], gate[0]) for gate in gates))
        gates.append(far)
    ring = with_places(coords_of(lot.exterior), [gate for gate, _ in gates])
    drawing.areas.append((ring, {"leisure": "park", "name": park["name"], "name:en": park["en"]}))
    depth_m = min(32.0, 0.22 * along(lot)[2])
    loop = largest(lot.buffer(-depth_m - 10).buffer(10)).exterior.simplify(2.0)
    drawing.streets.append(street(coords_of(loop), highway="footway"))
    for gate, on_street in gates:
        foot = loop.interpolate(loop.project(Point(gate)))
        drawing.streets.append(
            street([on_street, gate, rounded(foot.x, foot.y)], highway="footway")
        )
        drawing.gate(gate, entrance="yes")
    inner = Polygon(coords_of(loop)).buffer(-10)
    if park["lake"]:
        _lake(drawing, inner, float(park["lake"]) * lot.area, park["name"])
    spots = [inner.exterior.interpolate(share, normalized=True) for share in (0.1, 0.45, 0.7)]
    for spot, (w, d, tags) in zip(
        spots,
        (
            (28.0, 15.0, {"leisure": "pitch", "sport": "basketball"}),
            (18.0, 14.0, {"leisure": "playground"}),
            (9.0, 6.0, {"amenity": "toilets", "building": "toilets", "name": "公园公厕"}),
        ),
        strict=True,
    ):
        toward = LineString([spot, inner.centroid]).interpolate(14 + rng.uniform(0, 4))
        drawing.building(toward.x, toward.y, w, d, rng.uniform(0, 1.5), **tags)


def _lake(drawing: Drawing, inner: Polygon, area_m2: float, name: str) -> None:
    low, high = 0.0, 200.0
    for _ in range(18):
        middle = (low + high) / 2
        if inner.buffer(-middle).area > area_m2:
            low = middle
        else:
            high = middle
    shape = inner.buffer(-low - 12).buffer(12).simplify(1.5)
    if not isinstance(shape, Polygon) or shape.is_empty:
        return
    wobble = dice(name).uniform(0, 6)
    middle_x, middle_y = shape.centroid.x, shape.centroid.y
    ring = []
    outline = shape.exterior
    for step in range(36):
        at = outline.interpolate(step / 36, normalized=True)
        turn = step / 36 * 2 * math.pi
        pull = 0.90 - 0.12 * math.sin(2 * turn + wobble) - 0.05 * math.sin(3 * turn)
        ring.append((middle_x + (at.x - middle_x) * pull, middle_y + (at.y - middle_y) * pull))
    drawing.area(
        Polygon(smooth([*ring, ring[0]], 14.0)), natural="water", water="lake", name=f"{name[:2]}湖"
    )


def _list_school(drawing: Drawing, lot: Polygon, school: dict[str, Any], gate: XY) -> None:
    """Put a school on the education office's list."""
    drawing.schools.append(
        {
            "kind": _LISTED[school["use"]],
            "name": school["name"],
            "place": gate,
            "land_m2": lot.area,
            **school["list"],
        }
    )


def put_points(drawing: Drawing, spec: dict[str, Any]) -> None:
    """Put the facilities that stand on street fronts, first those placed by hand."""
    taken: list[XY] = []
    streets = [
        one for one in drawing.plan.streets if one.level == 0 and one.tags["highway"] != "trunk"
    ]
    tree = shapely.STRtree([one.shape for one in streets])
    for place in spec["points"]:
        spot = _front_spot(streets, tree, (float(place["at"][0]), float(place["at"][1])), taken)
        drawing.point(spot, **POINT_TAGS[place["use"]], name=place["name"])
        if "listed" in place:
            drawing.services.append({**place, "place": spot})
    for index, community in enumerate(drawing.plan.spec["communities"]):
        outline = drawing.plan.communities[index].buffer(-25)
        rng = dice(f"everyday {community['name']}")
        for use, quota in spec["everyday"].items():
            bare = use in {"convenience", "shop", "greengrocer"} and (
                community["name"] in spec["bare"]["shops"]
            )
            many = quota["times"] if rng.random() < quota["share"] else 0
            for _ in range(many):
                spot = _inside(outline, rng)
                name = rng.choice(quota["names"])
                if bare:
                    continue
                spot = _front_spot(streets, tree, spot, taken)
                drawing.point(spot, **_point_tags(use, name, rng), name=name)


def _point_tags(use: str, name: str, rng: Random) -> dict[str, str]:
    tags = dict(POINT_TAGS[use])
    if use == "repair":
        word = {"修鞋": "shoe_repair", "配匙": "locksmith", "家电": "electronics"}
        tags["shop"] = next((tag for zh, tag in word.items() if zh in name), "tailor")
    elif use == "restaurant" and ("早餐" in name or "豆浆" in name):
        tags["amenity"] = "fast_food"
    elif use == "photo" and "照相" in name:
        tags["shop"] = "photo"
    elif use == "charging" and "自行车" in name:
        tags.update({"bicycle": "yes", "motorcar": "no"})
    elif use == "parking":
        tags["capacity"] = str(rng.randrange(20, 120, 5))
    return tags


def _inside(outline: BaseGeometry, rng: Random) -> XY:
    x0, y0, x1, y1 = outline.bounds
    for _ in range(60):
        spot = (rng.uniform(x0, x1), rng.uniform(y0, y1))
        if outline.contains(Point(spot)):
            return spot
    middle = outline.representative_point()
    return (middle.x, middle.y)


def _front_spot(streets: list[Any], tree: shapely.STRtree, at: XY, taken: list[XY]) -> XY:
    """Return a free place some metres beside the street nearest to `at`, on the side of `at`."""
    line = streets[int(tree.nearest(Point(at)))].shape
    along_m = line.project(Point(at))
    for step in range(24):
        shift_m = (step + 1) // 2 * (14.0 if step % 2 else -14.0)
        mark_m = min(max(along_m + shift_m, 10.0), max(line.length - 10.0, 0.0))
        here, ahead = line.interpolate(mark_m), line.interpolate(min(mark_m + 1, line.length))
        if ahead.equals(here):
            here, ahead = line.interpolate(mark_m - 1), here
        angle = math.atan2(ahead.y - here.y, ahead.x - here.x) + math.pi / 2
        toward = (at[0] - here.x) * math.cos(angle) + (at[1] - here.y) * math.sin(angle)
        side = 1.0 if toward >= 0 else -1.0
        spot = rounded(here.x + math.cos(angle) * 8.5 * side, here.y + math.sin(angle) * 8.5 * side)
        if all(math.dist(spot, other) > 12 for other in taken):
            taken.append(spot)
            return spot
    taken.append(spot)
    return spot
