"""Answers about one point as rows fit for JSON."""

import numpy as np
import shapely

from layers.transit.clock import write_clock
from services.api.opened import Row
from services.itineraries import Leg, Spot
from services.places import Door, FacilityWalk, Start, StreetPiece
from services.ride_places import Journey, RideFinder, Typical

_DEGREE_DECIMALS = 7
_EARLY_S = 1800
"""Whoever leaves so long before the first vehicle may still be told about it."""


def describe_kind(kind: Row, traveller: str, speed_m_s: float) -> Row:
    """What is asked for, and who asks."""
    return {
        "kind": kind["code"],
        "name_zh": kind.get("name_zh", kind["code"]),
        "name_en": kind.get("name_en", kind["code"]),
        "traveller": traveller,
        "speed_m_s": speed_m_s,
    }


def explain_nothing(kind: Row, *, by_vehicle: bool) -> tuple[str, str, str]:
    """Status and reason, Chinese and English, where no facility is reached."""
    if kind.get("n_facilities") == 0:
        return (
            "unknown",
            f"数据中没有任何“{kind.get('name_zh', kind['code'])}”，不等于当地没有",
            f"the data hold no {kind.get('name_en', kind['code'])}: unknown, which is not none",
        )
    if by_vehicle:
        return (
            "unreached",
            "从这里步行或乘公交都到不了任何一处",
            "none can be reached from here, on foot or by public transport",
        )
    return "unreached", "从这里步行到不了任何一处", "none can be walked to from here"


def describe_start(start: Start) -> Row:
    """Where a point meets the streets."""
    return {
        "lon": round(start.snap_lon, _DEGREE_DECIMALS),
        "lat": round(start.snap_lat, _DEGREE_DECIMALS),
        "leg_m": round(start.leg_m, 3),
        "street": _describe_street(start.street),
    }


def _describe_street(street: StreetPiece) -> Row:
    return {"street_id": street.street_id, "name": street.name, "highway": street.highway}


def describe_door(door: Door) -> Row:
    """A way into a facility."""
    return {
        "entrance_id": door.entrance_id,
        "source": door.source,
        "lon": round(door.lon, _DEGREE_DECIMALS),
        "lat": round(door.lat, _DEGREE_DECIMALS),
        "street": _describe_street(door.street),
    }


def describe_walk(walk: FacilityWalk, speed_m_s: float) -> Row:
    """A facility and the walk to it."""
    walk_s = walk.walk_m / speed_m_s
    return {
        "facility_id": walk.door.facility_id,
        "name": walk.door.name,
        "walk_m": round(walk.walk_m, 3),
        "walk_s": round(walk_s, 1),
        "minutes": round(walk_s / 60.0, 2),
        "entrance": describe_door(walk.door),
        "legs": {
            "to_street_m": round(walk.to_street_m, 3),
            "along_streets_m": round(walk.along_streets_m, 3),
            "from_street_m": round(walk.from_street_m, 3),
        },
    }


def describe_typical(found: Typical, speed_m_s: float) -> Row:
    """A facility and how soon one is there in the run's window."""
    rides = found.depart_s is not None
    return {
        "by": "ride" if rides else "walk",
        "time_s": round(found.typical_s, 3),
        "minutes": round(found.typical_s / 60.0, 2),
        "best_s": find_number(found.best_s),
        "worst_s": find_number(found.worst_s),
        "depart_s": found.depart_s,
        "depart": None if found.depart_s is None else write_clock(found.depart_s),
        "walk_s": None if found.walk is None else round(found.walk.walk_m / speed_m_s, 3),
    }


def describe_departure(journey: Journey, arrival_ms: int) -> Row:
    """A facility and how soon one is there leaving at one time."""
    time_s = (arrival_ms - journey.depart_ms) / 1000.0
    depart_s = journey.depart_ms // 1000
    return {
        "by": "ride" if journey.by_vehicle else "walk",
        "time_s": time_s,
        "minutes": round(time_s / 60.0, 2),
        "best_s": None,
        "worst_s": None,
        "depart_s": depart_s,
        "depart": write_clock(depart_s),
        "walk_s": None if journey.walk_ms is None else journey.walk_ms / 1000.0,
    }


def describe_leg(leg: Leg) -> Row:
    """One part of a journey."""
    line = leg.line
    return {
        "kind": leg.kind,
        "begin": write_clock(leg.begin_ms // 1000),
        "end": write_clock(leg.end_ms // 1000),
        "begin_s": leg.begin_ms / 1000.0,
        "end_s": leg.end_ms / 1000.0,
        "seconds": (leg.end_ms - leg.begin_ms) / 1000.0,
        "origin": _describe_spot(leg.origin),
        "target": _describe_spot(leg.target),
        "walk_m": None if leg.walk_m is None else round(leg.walk_m, 3),
        "line": None
        if line is None
        else {
            "line_id": line.line_id,
            "ref": line.ref,
            "name": line.name,
            "mode": line.mode,
            "operator": line.operator,
            "headsign": line.headsign,
        },
        "n_stops": leg.n_stops,
        "geometry": None if leg.shape is None else _describe_line(leg.shape),
    }


def _describe_spot(spot: Spot) -> Row:
    return {
        "name": spot.name,
        "stop_id": spot.stop_id,
        "lon": round(spot.lon, _DEGREE_DECIMALS),
        "lat": round(spot.lat, _DEGREE_DECIMALS),
    }


def _describe_line(line: shapely.Geometry) -> Row:
    degrees = np.round(shapely.get_coordinates(line), _DEGREE_DECIMALS)
    return {"type": "LineString", "coordinates": degrees.tolist()}


def find_number(value: float) -> float | None:
    """Seconds to the millisecond, None where there is no end to them."""
    return round(value, 3) if np.isfinite(value) else None


def explain_walking(rides: RideFinder, journey: Journey) -> tuple[str, str]:
    """Why a journey walks all the way, Chinese and English; empty when it rides."""
    if journey.by_vehicle:
        return "", ""
    if journey.ridden_ms is not None and journey.walk_ms is not None:
        later = write_clock(journey.ridden_ms // 1000)
        return (
            f"步行不比乘车慢：此时出发，乘车最早 {later} 到达",
            f"Walking is as fast: by vehicle one arrives at {later} at the earliest",
        )
    span = rides.service_s
    depart_s = journey.depart_ms // 1000
    if span is None or not span[0] - _EARLY_S <= depart_s <= span[1]:
        hours_zh, hours_en = "", ""
        if span is not None:
            first, last = write_clock(span[0]), write_clock(span[1])
            hours_zh = f"（首班 {first}，末班 {last} 发车）"
            hours_en = f" (vehicles leave from {first} to {last})"
        return (
            f"不在运营时间内{hours_zh}，只能步行",
            f"Outside the hours of service{hours_en}: on foot only",
        )
    settings = rides.rides.settings
    return (
        (
            f"乘车到不了，只能步行（上车前、下车后的步行各以 {settings.walk_min:g} 分钟为限，"
            f"全程以 {settings.longest_min:g} 分钟为限）"
        ),
        (
            f"No journey by public transport within the limits, on foot only ({settings.walk_min:g} "
            f"minutes of walking before and after riding, {settings.longest_min:g} minutes in all)"
        ),
    )
