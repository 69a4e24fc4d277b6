"""Wire shapes: what an answer looks like, apart from the inner tables."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["measured", "unknown"]
Verdict = Literal["met", "gap", "unknown", "not_applicable"]


class Wire(BaseModel):
    """An answer; fields it does not name are refused."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What was wrong with a request (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    parameter: str | None = Field(default=None, description="query parameter that was wrong")
    allowed: list[str] | None = Field(default=None, description="values that would have been right")
    distance_m: float | None = Field(
        default=None, description="metres to the nearest walkable street"
    )


class Health(Wire):
    """Whether the service can answer."""

    status: Literal["ok", "ready", "unavailable"]
    version: str
    run: str | None = Field(default=None, description="name of the city being served")
    created: str | None = Field(default=None, description="when its run was made")
    fingerprint: str | None = Field(default=None, description="digest of its manifest")
    reason: str | None = Field(
        default=None, description="what is wrong with the run folder, if anything"
    )


class CoverageRow(Wire):
    """Coverage of one community by one kind within one limit."""

    community_id: str
    kind: str
    mode: str = Field(description="`walk` or `walk_transit`")
    timetable_source: str = Field(description="`gtfs` or `osm`; empty for walks")
    limit: float
    limit_unit: Literal["min", "m"]
    status: Status
    households: float | None = Field(description="all households; null when unknown")
    households_covered: float | None
    share: float | None = Field(description="0 to 1; of the demand's weight without households")
    building_share: float | None
    land_share: float | None
    median_s: float | None = Field(description="median of the homes' times, seconds")
    p90_s: float | None
    facilities_inside: int
    unconnected_households: float | None
    unconnected_share: float | None = None
    demand_source: str
    n_demand: int


class CoverageAnswer(Wire):
    """Coverage rows."""

    count: int
    items: list[CoverageRow]


class GapRow(Wire):
    """Verdict of one rule on one community."""

    community_id: str
    name: str
    district: str
    pack: str
    rule: str
    rule_title_zh: str
    rule_title_en: str
    kind: str = Field(description="facility kind; empty where the rule is about something else")
    attribute: str = Field(
        description="column of the communities table the rule is about, or empty"
    )
    basis: str = Field(description="what a share is of; empty for other units")
    status: Verdict
    cause: str
    needed: float | None
    found: float | None
    shortfall: float | None
    unit: str
    households_affected: float | None
    limit: float | None
    limit_unit: str
    mode: str = Field(description="modes the rule counts; empty where nothing is travelled")
    timetable_source: str
    detour_factor: float | None
    nearest_m: float | None
    nearest_facility_id: str
    nearest_facility_name: str
    barrier_kind: str
    barrier_name: str
    barrier_lon: float | None
    barrier_lat: float | None
    settled_by: str = Field(description="tables or columns that would settle it, where unknown")
    settled_zh: str = Field(description="the same in words")
    settled_en: str
    substituted_by: str = Field(description="rule that stands in and is met, or empty")
    overlaid: bool = Field(description="whether a figure of the city's own was used")
    source_document: str
    source_document_en: str
    source_clause: str
    source_status: str
    reason: str
    reason_en: str


class GapAnswer(Wire):
    """Gap rows, and how many there are per status."""

    count: int
    by_status: dict[Verdict, int]
    items: list[GapRow]


class Scorecard(Wire):
    """One circle, type, level or check of one community."""

    community_id: str
    name: str
    district: str
    subdistrict: str
    pack: str = Field(description="rule pack; empty for checks that are no rule of a pack")
    card: str
    title_zh: str
    title_en: str
    about: str = Field(description="`circle`, `type`, `level`, `set` or `check`")
    status: Verdict
    met: int = Field(description="answers of its rules that are met; likewise the next three")
    gap: int
    unknown: int
    not_applicable: int
    households_affected: float | None
    worst_rule: str = Field(description="answer that leaves out most; empty without a gap")
    worst_rule_title_zh: str
    worst_rule_title_en: str
    nearest_facility_id: str
    nearest_facility_name: str
    nearest_m: float | None
    settled_by: str = Field(description="tables or columns that would settle its unknowns")
    finding: str = Field(description="of the size check: `oversize`, `undersize`; else empty")
    source_status: str = Field(description="least certain status among its rules")
    overlaid: bool
    reason: str
    reason_en: str
    rules: list[str] = Field(description="codes of the answers it gathers")
    answers: list[GapRow] | None = Field(
        default=None, description="those answers in full; left out where not asked for"
    )


class Community(Wire):
    """Facts of one community."""

    community_id: str
    name: str
    district: str
    subdistrict: str
    households: float | None
    population: float | None
    valid_from: str
    source: str
    lon: float = Field(description="a point inside, degrees")
    lat: float
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north")
    attributes: dict[str, Any] = Field(description="columns only some communities tables have")


class CommunityAnswer(Wire):
    """Communities."""

    count: int
    items: list[Community]


class LimitShare(Wire):
    """Coverage within one limit."""

    limit: float
    limit_unit: Literal["min", "m"]
    share: float | None
    households_covered: float | None
    building_share: float | None
    land_share: float | None


class NearestToCommunity(Wire):
    """The quickest way any home of the community has."""

    kind: str
    facility_id: str
    entrance_id: str
    name: str
    nearest_m: float | None = Field(description="metres of a walk; null for journeys")
    nearest_s: float | None


class ExampleHome(Wire):
    """A home whose journey stands for its community's; `/v1/journey` from there retraces it."""

    demand_id: str
    name: str
    lon: float = Field(description="degrees, unrounded: the home itself")
    lat: float
    households: float | None
    basis: Literal["median", "median_of_riders"] = Field(
        description="the home `median_s` belongs to, or, where that one walks, the one in the "
        "middle of those that ride"
    )
    riders_share: float = Field(description="share of the demand that is faster by riding, 0 to 1")
    typical_s: float | None = Field(description="the run's percentile of all departures")
    best_s: float | None
    worst_s: float | None = Field(description="90th percentile of all departures")
    depart_s: float | None = Field(
        description="first departure that takes `typical_s`; null where walking is as fast"
    )
    depart: str | None = Field(description="the same as a clock time")
    facility_id: str


class KindCard(Wire):
    """One kind on a community's card."""

    kind: str
    name_zh: str
    name_en: str
    group: str
    mode: str
    status: Status
    median_s: float | None
    p90_s: float | None
    facilities_inside: int
    unconnected_households: float | None
    limits: list[LimitShare]
    nearest: NearestToCommunity | None
    example: ExampleHome | None = Field(description="null for walks, and where nobody gets there")


class DemandCard(Wire):
    """How homes of a community were found."""

    source: str
    points: int
    households: float | None


class ShortageRow(Wire):
    """A level of which a community is, or may be, short of places."""

    community_id: str
    community: str
    district: str
    level: str
    status: Literal["gap", "unknown"]
    begins: float | None = Field(description="first year with children without a place")
    ends: float | None = Field(description="last such year; null when it lasts to the horizon")
    peak_year: float | None
    peak_children: float | None = Field(description="children without a place in that year")
    reserved_in_reach: str = Field(description="parcels still to be built on, with commas")
    land_missing: bool = Field(description="whether no such parcel is within the walk")
    needed_places: float | None
    needed_classes: float | None
    needed_area_m2: float | None
    candidates: str = Field(
        description="other parcels within the walk, with commas, the best first"
    )
    source_status: str
    reason: str
    reason_en: str


class CommunityCard(Wire):
    """Everything known about one community."""

    community: Community
    coverage: list[KindCard]
    gaps: list[GapRow]
    scorecards: list[Scorecard]
    schools: list[ShortageRow] = Field(
        description="levels of which it is, or may be, short of school places"
    )
    demand: list[DemandCard]
    notices: list["NoticeRow"]


class NoticeRow(Wire):
    """One finding about the data."""

    severity: Literal["error", "warning", "info"]
    code: str
    layer: str
    message: str
    message_zh: str
    row: str
    column: str
    found: str
    expected: str
    count: int


class NoticeAnswer(Wire):
    """Notices, where the data come from, and what was assumed."""

    count: int
    items: list[NoticeRow]
    attribution: list[str]
    assumptions: list[Any]


class KindAnswer(Wire):
    """Facility kinds of the run, as its manifest lists them."""

    count: int
    items: list[dict[str, Any]]


class RuleAnswer(Wire):
    """Rules that were judged, with their source and the number of communities per verdict."""

    count: int
    items: list[dict[str, Any]]


class KindSummary(Wire):
    """One kind over the city or one district."""

    kind: str
    name_zh: str
    name_en: str
    group: str
    mode: str
    limit: float
    limit_unit: Literal["min", "m"]
    district: str | None
    status: Status
    reason: str = Field(description="why it is unknown, in Chinese; empty otherwise")
    reason_en: str
    n_facilities: int | None
    basis: Literal["households", "buildings", "communities", "none"] = Field(
        description="what the share is a share of; `communities`: mean of their shares"
    )
    share: float | None
    households: float | None
    households_covered: float | None
    households_not_covered: float | None
    unconnected_households: float | None
    building_share: float | None
    land_share: float | None
    communities: int
    communities_unknown: int = Field(description="communities without a measured share")
    communities_without_households: int
    limits: list[LimitShare]
    gaps: dict[Verdict, int] = Field(description="communities per worst verdict of its rules")


class SummaryAnswer(Wire):
    """The city in figures."""

    city: dict[str, Any]
    items: list[KindSummary]


class FeatureCollection(BaseModel):
    """GeoJSON features."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


CommunityCard.model_rebuild()
