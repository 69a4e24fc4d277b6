"""From any point: what is nearest, and how far one gets, on foot or by public transport."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from layers.transit.clock import write_clock
from services.api.answers import GEOJSON_MEDIA_TYPE, json_answer
from services.api.deps import DepartDep, KindDep, MinutesDep, ModeDep, PlaceDep, RunDep, SettingsDep
from services.api.jsonable import dump_features, dump_json, round_degrees
from services.api.lines import IsochroneTurn, NearestTurn
from services.api.models import FeatureCollection
from services.api.opened import RIDE_MODE, OpenRun, Row
from services.api.place_models import NearestAnswer
from services.api.place_rows import (
    describe_departure,
    describe_door,
    describe_kind,
    describe_start,
    describe_typical,
    describe_walk,
    explain_nothing,
)
from services.api.timetables import describe_timetable
from services.errors import InvalidQuery
from services.places import PlaceFinder, Start
from services.ride_rings import list_ride_rings

router = APIRouter(prefix="/v1", tags=["places"])
Traveller = Literal["adult", "older", "child"]


@router.get("/nearest", summary="Nearest facilities", response_model=NearestAnswer)
def get_nearest(
    *,
    run: RunDep,
    settings: SettingsDep,
    place: PlaceDep,
    kind: KindDep,
    mode: ModeDep,
    depart: DepartDep,
    n: Annotated[int, Query(ge=1, description="facilities to list, nearest first")] = 1,
    _turn: NearestTurn,
) -> Response:
    """Way to the nearest facilities of a kind: metres, minutes, entrance and street used.

    With `mode=walk_transit` the soonest by journey, walking all the way competing: over the run's
    window as its tables have it, or leaving at `depart`. The second is the first with the nearest
    left out, and so on.
    """
    if n > settings.max_nearest:
        raise InvalidQuery("n", n, f"at most {settings.max_nearest} facilities")
    _check_depart(mode, depart)
    start = run.places.snap_place(place.lon, place.lat)
    traveller, speed_m_s = run.get_speed(kind)
    if mode == RIDE_MODE:
        found = _list_soonest(run, start, kind["code"], n, speed_m_s, depart)
    else:
        walks = run.places.list_nearest(start, kind["code"], most=n)
        found = [describe_walk(walk, speed_m_s) for walk in walks]
    status, reason_zh, reason_en = (
        ("reached", "", "") if found else explain_nothing(kind, by_vehicle=mode == RIDE_MODE)
    )
    answer = {
        "lon": place.lon,
        "lat": place.lat,
        **describe_kind(kind, traveller, speed_m_s),
        "mode": mode,
        "status": status,
        "reason": reason_zh,
        "reason_en": reason_en,
        "snapped": describe_start(start),
        "timetable": describe_timetable(run) if mode == RIDE_MODE else None,
        "nearest": found,
    }
    return json_answer(answer)


def _list_soonest(
    run: OpenRun, start: Start, kind: str, most: int, speed_m_s: float, depart_s: int | None
) -> list[Row]:
    """List the facilities one is soonest at; each is a scan with those before it left out."""
    rides = run.rides
    found: list[Row] = []
    without: list[str] = []
    while len(found) < most:
        goals = rides.get_goals(kind, without=without)
        if depart_s is None:
            typical = rides.measure_typical(start, goals, speed_m_s)
            door = typical.door
            if door is None:
                break
            times = describe_typical(typical, speed_m_s)
        else:
            journey = rides.plan(start, goals, depart_s, speed_m_s)
            door = journey.door
            if door is None or journey.arrival_ms is None:
                break
            times = describe_departure(journey, journey.arrival_ms)
        without.append(door.facility_id)
        found.append(
            {
                "facility_id": door.facility_id,
                "name": door.name,
                **times,
                "entrance": describe_door(door),
            }
        )
    return found


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
    mode: ModeDep,
    depart: DepartDep,
    traveller: Annotated[Traveller, Query(description="whose speed counts")] = "adult",
    streets: Annotated[bool, Query(description="reached street pieces as well")] = False,
    _turn: IsochroneTurn,
) -> Response:
    """Polygons that follow the reached streets, the longest limit first.

    Pictures only: whether a home is covered is decided on points and street pieces.

    With `mode=walk_transit` also the streets around every stop one gets to in time: leaving at
    `depart`, exactly; without it, those that as many departures of the run's window reach as its
    percentile asks for. Over a window, metres left are compared at junctions: inside a street piece
    a little may be left out that is reached from both ends in turn; nothing is ever added.
    """
    _check_depart(mode, depart)
    speed_m_s = _get_speed(run.places, traveller)
    start = run.places.snap_place(place.lon, place.lat)
    facts: Row = {"mode": mode, "traveller": traveller, "speed_m_s": speed_m_s}
    head: Row = {"start": describe_start(start)}
    if mode == RIDE_MODE:
        rings = list_ride_rings(
            run.rides, run.places, start, minutes, speed_m_s, depart_s=depart, with_streets=streets
        )
        facts["depart"] = None if depart is None else write_clock(depart)
        head["timetable"] = describe_timetable(run)
    else:
        limits_m = [minute * 60.0 * speed_m_s for minute in minutes]
        rings = run.places.list_rings(start, limits_m, with_streets=streets)
    ids: list[str] = []
    shapes: list[Any] = []
    rows: list[Row] = []
    for minute, ring in reversed(list(zip(minutes, rings, strict=True))):
        ring_facts = {
            "minutes": minute,
            "limit_m": round(ring.limit_m, 3),
            "street_m": round(ring.street_m, 1),
            "area_m2": round(ring.area_m2, 1),
            **facts,
        }
        ids.append(f"area-{minute:g}")
        shapes.append(ring.polygon)
        rows.append({"part": "area", **ring_facts})
        if ring.streets is not None:
            ids.append(f"streets-{minute:g}")
            shapes.append(ring.streets)
            rows.append({"part": "streets", **ring_facts})
    features = dump_features(ids, round_degrees(shapes), rows)
    opening = dump_json({"type": "FeatureCollection", **head}).decode().removesuffix("}")
    text = f'{opening},"features":[{",".join(features)}]}}'
    return Response(text, media_type=GEOJSON_MEDIA_TYPE)


def _check_depart(mode: str, depart_s: int | None) -> None:
    if depart_s is not None and mode != RIDE_MODE:
        raise InvalidQuery(
            "depart",
            write_clock(depart_s),
            f"with mode={RIDE_MODE} only: walks take as long all day",
        )


def _get_speed(finder: PlaceFinder, traveller: str) -> float:
    speeds = finder.speeds_m_s
    if traveller not in speeds:
        raise InvalidQuery(
            "traveller", traveller, f"one of {', '.join(speeds)}", allowed=tuple(speeds)
        )
    return speeds[traveller]
