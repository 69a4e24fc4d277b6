"""From any point: the journey of one departure, leg by leg."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from layers.transit.clock import write_clock
from services.api.answers import json_answer
from services.api.deps import DepartDep, KindDep, PlaceDep, RunDep
from services.api.lines import JourneyTurn
from services.api.opened import Row
from services.api.place_models import JourneyAnswer
from services.api.place_rows import (
    describe_door,
    describe_kind,
    describe_leg,
    describe_start,
    explain_nothing,
    explain_walking,
    find_number,
)
from services.api.timetables import describe_timetable
from services.places import Start
from services.ride_places import Goals, Journey, RideFinder

router = APIRouter(prefix="/v1", tags=["places"])


@router.get("/journey", summary="One journey, leg by leg", response_model=JourneyAnswer)
def get_journey(
    *,
    run: RunDep,
    place: PlaceDep,
    kind: KindDep,
    depart: DepartDep,
    to: Annotated[
        str | None,
        Query(
            max_length=200,
            description="only to this facility, a `facility_id` of that kind; else the soonest",
        ),
    ] = None,
    _turn: JourneyTurn,
) -> Response:
    """Walk, wait, ride, change and walk to the soonest facility of a kind, for one departure.

    Without `depart` the run's window begins it. It is the journey the run's own figures count: from
    a home of the run, leaving at the `depart_s` of its access table, it takes that table's
    `nearest_s` to the second. Walking all the way competes; `note` says why when it wins. `window`
    has the times of every departure in the run's window.
    """
    rides = run.rides
    start = run.places.snap_place(place.lon, place.lat)
    traveller, speed_m_s = run.get_speed(kind)
    goals = rides.get_goals(kind["code"], to=to or "")
    depart_s = rides.window.first_s if depart is None else depart
    journey = rides.plan(start, goals, depart_s, speed_m_s)
    if journey.arrival_ms is None:
        status, note, note_en = explain_nothing(kind, by_vehicle=True)
    else:
        status, (note, note_en) = "reached", explain_walking(rides, journey)
    answer = {
        "lon": place.lon,
        "lat": place.lat,
        **describe_kind(kind, traveller, speed_m_s),
        "status": status,
        "by": None if journey.arrival_ms is None else "ride" if journey.by_vehicle else "walk",
        "note": note,
        "note_en": note_en,
        "snapped": describe_start(start),
        "depart": write_clock(depart_s),
        "depart_s": depart_s,
        **_describe_journey(journey, speed_m_s),
        "window": _describe_window(run.transit, rides, start, goals, speed_m_s),
        "timetable": describe_timetable(run),
    }
    return json_answer(answer)


def _describe_journey(journey: Journey, speed_m_s: float) -> Row:
    arrival_ms, door, walk = journey.arrival_ms, journey.door, journey.walk
    legs = () if journey.itinerary is None else journey.itinerary.legs
    return {
        "arrive": None if arrival_ms is None else write_clock(arrival_ms // 1000),
        "arrive_s": None if arrival_ms is None else arrival_ms / 1000.0,
        "seconds": None if arrival_ms is None else (arrival_ms - journey.depart_ms) / 1000.0,
        "facility_id": "" if door is None else door.facility_id,
        "name": "" if door is None else door.name,
        "entrance": None if door is None else describe_door(door),
        "legs": [describe_leg(leg) for leg in legs],
        "n_rides": 0 if journey.itinerary is None else journey.itinerary.n_rides,
        "walk": None
        if walk is None
        else {
            "facility_id": walk.door.facility_id,
            "name": walk.door.name,
            "walk_m": round(walk.walk_m, 3),
            "walk_s": round(walk.walk_m / speed_m_s, 3),
        },
    }


def _describe_window(
    transit: Row, rides: RideFinder, start: Start, goals: Goals, speed_m_s: float
) -> Row:
    typical = rides.measure_typical(start, goals, speed_m_s)
    return {
        "depart_from": str(transit.get("depart_from", "")),
        "depart_to": str(transit.get("depart_to", "")),
        "percentile": rides.rides.settings.percentile,
        "typical_s": find_number(typical.typical_s),
        "best_s": find_number(typical.best_s),
        "worst_s": find_number(typical.worst_s),
        "depart_s": typical.depart_s,
        "depart": None if typical.depart_s is None else write_clock(typical.depart_s),
        "first_s": rides.window.first_s,
        "durations_s": rides.list_durations(start, goals, speed_m_s),
    }
