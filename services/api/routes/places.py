"""From any point: what is nearest, and how far one gets on foot."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.api.answers import GEOJSON_MEDIA_TYPE, json_answer
from services.api.deps import KindDep, MinutesDep, PlaceDep, RunDep, SettingsDep
from services.api.jsonable import dump_features, dump_json, round_degrees
from services.api.models import FeatureCollection, NearestAnswer
from services.api.opened import Row
from services.errors import InvalidQuery
from services.places import FacilityWalk, PlaceFinder, Start, StreetPiece

router = APIRouter(prefix="/v1", tags=["places"])
Traveller = Literal["adult", "older", "child"]


@router.get("/nearest", summary="Nearest facilities", response_model=NearestAnswer)
def get_nearest(
    run: RunDep,
    settings: SettingsDep,
    place: PlaceDep,
    kind: KindDep,
    n: Annotated[int, Query(ge=1, description="facilities to list, nearest first")] = 1,
) -> Response:
    """Walk to the nearest facility of a kind: metres, minutes, entrance and street used."""
    if n > settings.max_nearest:
        raise InvalidQuery("n", n, f"at most {settings.max_nearest} facilities")
    finder = run.places
    start = finder.snap_place(place.lon, place.lat)
    walks = finder.list_nearest(start, kind["code"], most=n)
    traveller = str(kind.get("traveller", "adult"))
    speed_m_s = float(kind.get("speed_m_s") or finder.speeds_m_s[traveller])
    status, reason_zh, reason_en = _judge(kind, walks)
    answer = {
        "lon": place.lon,
        "lat": place.lat,
        "kind": kind["code"],
        "name_zh": kind.get("name_zh", kind["code"]),
        "name_en": kind.get("name_en", kind["code"]),
        "traveller": traveller,
        "speed_m_s": speed_m_s,
        "status": status,
        "reason": reason_zh,
        "reason_en": reason_en,
        "snapped": _describe_start(start),
        "nearest": [_describe_walk(walk, speed_m_s) for walk in walks],
    }
    return json_answer(answer)


@router.get(
    "/isochrone",
    summary="Reachable streets and area",
    response_model=FeatureCollection,
    response_class=Response,
    responses={200: {"content": {GEOJSON_MEDIA_TYPE: {}}}},
)
def get_isochrone(
    *,
    run: RunDep,
    place: PlaceDep,
    minutes: MinutesDep,
    traveller: Annotated[Traveller, Query(description="whose speed counts")] = "adult",
    streets: Annotated[bool, Query(description="reached street pieces as well")] = False,
) -> Response:
    """Polygons that follow the reached streets, the longest walk first.

    Pictures only: whether a home is covered is decided on points and street pieces.
    """
    finder = run.places
    speed_m_s = _get_speed(finder, traveller)
    start = finder.snap_place(place.lon, place.lat)
    limits_m = [minute * 60.0 * speed_m_s for minute in minutes]
    rings = finder.list_rings(start, limits_m, with_streets=streets)
    ids: list[str] = []
    shapes: list[Any] = []
    rows: list[Row] = []
    for minute, ring in reversed(list(zip(minutes, rings, strict=True))):
        facts = {
            "minutes": minute,
            "limit_m": round(ring.limit_m, 3),
            "street_m": round(ring.street_m, 1),
            "area_m2": round(ring.area_m2, 1),
            "traveller": traveller,
            "speed_m_s": speed_m_s,
        }
        ids.append(f"area-{minute:g}")
        shapes.append(ring.polygon)
        rows.append({"part": "area", **facts})
        if ring.streets is not None:
            ids.append(f"streets-{minute:g}")
            shapes.append(ring.streets)
            rows.append({"part": "streets", **facts})
    features = dump_features(ids, round_degrees(shapes), rows)
    head = dump_json(_describe_start(start)).decode()
    text = f'{{"type":"FeatureCollection","start":{head},"features":[{",".join(features)}]}}'
    return Response(text, media_type=GEOJSON_MEDIA_TYPE)


def _get_speed(finder: PlaceFinder, traveller: str) -> float:
    speeds = finder.speeds_m_s
    if traveller not in speeds:
        raise InvalidQuery(
            "traveller", traveller, f"one of {', '.join(speeds)}", allowed=tuple(speeds)
        )
    return speeds[traveller]


def _judge(kind: Row, walks: list[FacilityWalk]) -> tuple[str, str, str]:
    if walks:
        return "reached", "", ""
    if kind.get("n_facilities") == 0:
        return (
            "unknown",
            f"数据中没有任何“{kind.get('name_zh', kind['code'])}”，不等于当地没有",
            f"the data hold no {kind.get('name_en', kind['code'])}: unknown, which is not none",
        )
    return "unreached", "从这里步行到不了任何一处", "none can be walked to from here"


def _describe_start(start: Start) -> Row:
    return {
        "lon": round(start.snap_lon, 7),
        "lat": round(start.snap_lat, 7),
        "leg_m": round(start.leg_m, 3),
        "street": _describe_street(start.street),
    }


def _describe_street(street: StreetPiece) -> Row:
    return {"street_id": street.street_id, "name": street.name, "highway": street.highway}


def _describe_walk(walk: FacilityWalk, speed_m_s: float) -> Row:
    walk_s = walk.walk_m / speed_m_s
    return {
        "facility_id": walk.facility_id,
        "name": walk.name,
        "walk_m": round(walk.walk_m, 3),
        "walk_s": round(walk_s, 1),
        "minutes": round(walk_s / 60.0, 2),
        "entrance": {
            "entrance_id": walk.entrance_id,
            "source": walk.entrance_source,
            "lon": round(walk.entrance_lon, 7),
            "lat": round(walk.entrance_lat, 7),
            "street": _describe_street(walk.street),
        },
        "legs": {
            "to_street_m": round(walk.to_street_m, 3),
            "along_streets_m": round(walk.along_streets_m, 3),
            "from_street_m": round(walk.from_street_m, 3),
        },
    }
