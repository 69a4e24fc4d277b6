"""Wire shapes of answers about one point: walks and journeys."""

from typing import Literal

from pydantic import Field

from services.api.models import Wire


class Street(Wire):
    """A street piece."""

    street_id: int
    name: str
    highway: str


class SnappedPoint(Wire):
    """Where a point meets the streets."""

    lon: float
    lat: float
    leg_m: float = Field(description="straight metres from the point to the street")
    street: Street


class Legs(Wire):
    """Parts of a walk, metres; they add up to `walk_m`."""

    to_street_m: float
    along_streets_m: float
    from_street_m: float


class EntranceUsed(Wire):
    """The way into a facility that a walk ends at."""

    entrance_id: str
    source: str
    lon: float
    lat: float
    street: Street


class NearestFacility(Wire):
    """One facility and the walk to it."""

    facility_id: str
    name: str
    walk_m: float
    walk_s: float
    minutes: float
    entrance: EntranceUsed
    legs: Legs


class NearestJourney(Wire):
    """One facility and how soon one is there, walking all the way or riding."""

    facility_id: str
    name: str
    by: Literal["walk", "ride"] = Field(description="what is fastest")
    time_s: float = Field(
        description="seconds: of the departure asked for, else the run's percentile of its window"
    )
    minutes: float
    best_s: float | None = Field(description="best departure of the window; null for one departure")
    worst_s: float | None = Field(description="90th percentile; null for one departure")
    depart_s: int | None = Field(
        description="departure that takes `time_s`, seconds after midnight; null when walking"
    )
    depart: str | None
    walk_s: float | None = Field(description="walking all the way to the nearest of those left")
    entrance: EntranceUsed


class TimetableFacts(Wire):
    """What a figure by public transport rests on."""

    source: Literal["gtfs", "osm"]
    day: str = Field(description="service day, ISO")
    depart_from: str
    depart_to: str
    percentile: float
    feeds: list[str]
    statement: str = Field(description="the same in a sentence, Chinese")
    statement_en: str


class NearestAnswer(Wire):
    """Nearest facilities of a kind from a point."""

    lon: float
    lat: float
    kind: str
    name_zh: str
    name_en: str
    traveller: str
    speed_m_s: float
    mode: Literal["walk", "walk_transit"]
    status: Literal["reached", "unreached", "unknown"]
    reason: str
    reason_en: str
    snapped: SnappedPoint
    timetable: TimetableFacts | None = Field(description="null for walks")
    nearest: list[NearestFacility | NearestJourney] = Field(
        description="walks, or journeys for `mode=walk_transit`"
    )


class Spot(Wire):
    """Where a leg begins or ends."""

    name: str
    stop_id: str = Field(description="empty away from stops")
    lon: float
    lat: float


class LineUsed(Wire):
    """The line of a ride."""

    line_id: str
    ref: str
    name: str
    mode: str
    operator: str
    headsign: str


class LineString(Wire):
    """A GeoJSON line, WGS 84."""

    type: Literal["LineString"]
    coordinates: list[tuple[float, float]]


class JourneyLeg(Wire):
    """One part of a journey; the next begins when it ends."""

    kind: Literal["walk", "wait", "ride"]
    begin: str = Field(description="clock time; hours may pass 24")
    end: str
    begin_s: float = Field(description="seconds after midnight of the service day")
    end_s: float
    seconds: float
    origin: Spot
    target: Spot
    walk_m: float | None = Field(
        description="metres of a walk; null where the operator gives a time and no street leads"
    )
    line: LineUsed | None = Field(description="of a ride")
    n_stops: int | None = Field(description="of a ride: stops until getting off")
    geometry: LineString | None = Field(
        description="walks along the streets, rides from stop to stop; null while waiting"
    )


class JourneyWalk(Wire):
    """Walking all the way, for comparison."""

    facility_id: str
    name: str
    walk_m: float
    walk_s: float


class JourneyWindow(Wire):
    """The run's window from this point: what its typical time is taken from."""

    depart_from: str
    depart_to: str
    percentile: float
    typical_s: float | None = Field(description="as in the run's access table; null: unreached")
    best_s: float | None
    worst_s: float | None = Field(description="90th percentile")
    depart_s: int | None = Field(
        description="first departure that takes `typical_s`; null where walking is as fast"
    )
    depart: str | None
    first_s: int = Field(description="first departure, seconds after midnight; one a minute")
    durations_s: list[float | None] = Field(description="seconds of every departure")


class JourneyAnswer(Wire):
    """The journey of one departure, leg by leg."""

    lon: float
    lat: float
    kind: str
    name_zh: str
    name_en: str
    traveller: str
    speed_m_s: float
    status: Literal["reached", "unreached", "unknown"]
    by: Literal["walk", "ride"] | None = Field(description="what is fastest; null: unreached")
    note: str = Field(description="why one walks, or why nothing is reached; Chinese")
    note_en: str
    snapped: SnappedPoint
    depart: str = Field(description="clock time")
    depart_s: int
    arrive: str | None
    arrive_s: float | None
    seconds: float | None = Field(description="sum of the legs")
    facility_id: str
    name: str = Field(description="of the facility; may be empty")
    entrance: EntranceUsed | None
    legs: list[JourneyLeg]
    n_rides: int
    walk: JourneyWalk | None
    window: JourneyWindow
    timetable: TimetableFacts
