"""Wire shapes of schools, shortages and the land reserved for them."""

from typing import Any, Literal

from pydantic import Field

from services.api.models import ShortageRow, Verdict, Wire

LevelCode = Literal["kindergarten", "primary_school", "junior_school", "senior_school"]
Change = Literal[
    "gone", "rezoned", "shrunk", "moved", "split", "merged", "grown", "new", "same"
]  # fmt: skip


class Settling(Wire):
    """A table, or a column of one, that would settle what is unknown."""

    code: str
    zh: str
    en: str


class SchoolLevel(Wire):
    """A level of schooling, and the walk its children may have."""

    code: LevelCode
    title_zh: str
    title_en: str
    limit: float
    limit_unit: Literal["min", "m"] = Field(description="minutes are at a child's pace")
    limit_status: str = Field(description="how well the figure is known")


class SchoolYear(Wire):
    """Places against children of one level, year and area."""

    level: LevelCode
    year: int
    scope: Literal["community", "school", "district", "city"]
    area_id: str
    name: str
    district: str
    children: float | None
    places: float | None = Field(description="of open schools inside; null when any is unknown")
    placed: float | None
    out_of_reach: float | None = Field(description="children without any school within the walk")
    left: float | None = Field(description="others without a place, whatever is unknown of schools")
    left_possible: float | None = Field(
        description="the same if schools of unknown places take none"
    )
    free: float | None = Field(description="places left over after placing")
    walk_mean_m: float | None
    walk_p90_m: float | None
    status: Verdict
    settled_by: str


class SchoolRow(Wire):
    """A school of one level, there already or to come."""

    school_id: str
    level: LevelCode
    name: str
    source: str
    parcel_id: str
    community_id: str
    inclusive: bool | None
    opening_year: float | None
    places: float | None
    places_source: str
    demand: float | None = Field(
        description="children of the first year for whom it is the nearest"
    )
    placed: float | None = Field(description="children placed in it in the year asked for")
    free_places: float | None = Field(
        description="places left over after placing the children of the first year"
    )
    stated_free: float | None = Field(
        description="free places as the city's table of facilities states them"
    )
    walk_mean_m: float | None = Field(description="mean walk of those placed in the year asked for")
    walk_p90_m: float | None
    full_from: float | None = Field(description="first year without a free place")
    lon: float | None
    lat: float | None


class SchoolOfYear(SchoolRow):
    """A school with its figures of the year asked for."""

    open: bool | None = Field(description="whether it takes children then; null when unknown")
    children: float | None
    free: float | None
    left: float | None
    left_possible: float | None
    status: Verdict
    settled_by: str


class SchoolAnswer(Wire):
    """Schools of one year, with the figures of every level."""

    years: list[int]
    year: int | None = Field(description="year told of; null where none was looked at")
    levels: list[SchoolLevel]
    brought: list[str] = Field(description="tables the city brought about schools")
    missing: list[Settling] = Field(description="what would settle what is unknown")
    summary: list[SchoolYear] = Field(description="the city, or the district, level by level")
    schools: list[SchoolOfYear]
    returned: int
    matched: int


class SchoolYearAnswer(Wire):
    """Rows of places against children."""

    rows: list[SchoolYear]
    matched: int
    returned: int
    missing: list[Settling]


class Candidate(Wire):
    """A parcel that could end a shortage."""

    parcel_id: str
    why: str = Field(description="why it is not counted on for it")
    why_zh: str
    why_en: str
    walk_m: float = Field(description="from the nearest child without a place")
    area_m2: float | None
    needed_area_m2: float | None
    enough: bool | None = Field(description="whether it is large enough; null when unknown")


class Shortage(ShortageRow):
    """A shortage with the land that could end it."""

    candidates: list[Candidate]  # type: ignore[assignment]


class ShortageAnswer(Wire):
    """Shortages, the largest first."""

    shortages: list[Shortage]
    matched: int
    returned: int
    missing: list[Settling]


class Step(Wire):
    """What places a parcel in the order of urgency."""

    code: str
    zh: str
    en: str


class Parcel(Wire):
    """A parcel reserved for a kindergarten or school."""

    parcel_id: str
    level: str
    area_m2: float | None
    planned_classes: float | None
    status: str
    opening_year: float | None
    plan: str
    plan_date: str
    urgency: float | None = Field(description="place in the order of urgency, 1 the most urgent")
    children_served: float | None
    gaps: float | None
    unknowns: float | None
    urgency_step: str
    step: Step | None = Field(description="what placed it in that order; null when not examined")
    lon: float | None = Field(description="a point inside, degrees")
    lat: float | None
    bounds: tuple[float, float, float, float] | None = Field(
        description="west, south, east, north, degrees"
    )
    community_id: str
    community: str
    district: str
    level_zh: str
    level_en: str
    status_zh: str
    status_en: str


class ParcelAnswer(Wire):
    """Parcels, the most urgent first."""

    parcels: list[Parcel]
    matched: int
    returned: int
    missing: list[Settling]


class Finding(Wire):
    """One finding about a parcel."""

    parcel_id: str
    finding: str
    status: Verdict
    found: float | None
    needed: float | None
    unit: str
    year: float | None
    other: str
    settled_by: str
    source_status: str
    document: str
    document_en: str
    reason: str
    reason_en: str
    title_zh: str
    title_en: str
    geometry: dict[str, Any] | None = Field(description="what it is about, GeoJSON")


class ParcelChange(Wire):
    """What became of a parcel since the earlier layer."""

    earlier_id: str
    parcel_id: str
    change: Change
    level: str
    area_before_m2: float | None
    area_after_m2: float | None
    lost_m2: float | None
    children_affected: float | None
    year: float | None
    reason: str
    reason_en: str
    geometry: dict[str, Any] | None = Field(description="ground no longer reserved, GeoJSON")


class AssessmentAnswer(Wire):
    """Everything found about a parcel."""

    parcel: Parcel
    geometry: dict[str, Any] | None = Field(description="its shape, GeoJSON")
    findings: list[Finding]
    changes: list[ParcelChange]
    schools: list[SchoolRow]


class ReleasedCommunity(Wire):
    """A community that loses by giving up a parcel, in one level and year."""

    level: LevelCode
    year: int
    community_id: str
    name: str
    district: str
    children: float
    left_before: float = Field(description="without a place, those out of reach included")
    left_after: float
    lost: float | None = Field(description="null where that cannot be told")
    lost_possible: float | None = Field(
        description="if schools of unknown places take nobody and uncounted children fill what they reach"
    )
    moved: float | None = Field(
        description="children who keep a place and walk farther to it, of one allocation with the least "
        "walking before and one after"
    )
    walk_before_m: float | None
    walk_after_m: float | None


class ReleasedTotal(Wire):
    """What the city loses in one level and year."""

    level: LevelCode
    year: int
    lost: float | None = Field(description="null where that cannot be told")
    lost_possible: float | None
    moved: float | None
    walk_before_m: float | None
    walk_after_m: float | None


class ReleasedSchool(Wire):
    """A school that fills up sooner."""

    level: LevelCode
    school_id: str
    name: str
    full_before: float | None = Field(description="first year without a free place")
    full_after: float | None


class ReleaseAnswer(Wire):
    """What giving up a parcel costs."""

    parcel_id: str
    status: Verdict
    settled_by: str
    missing: list[Settling]
    from_year: int | None = Field(description="first year in which somebody loses something")
    reason_zh: str
    reason_en: str
    years: list[int] = Field(description="years compared")
    communities: list[ReleasedCommunity]
    totals: list[ReleasedTotal]
    schools: list[ReleasedSchool]
    seconds: float = Field(description="time it took to work out")


class MatchingFigure(Wire):
    """A figure two layers of parcels are matched by."""

    code: str
    value: float
    unit: str
    source_status: str
    document_zh: str
    document_en: str


class RemarkSource(Wire):
    """Where the remark on the layout plan comes from."""

    source_status: str
    document_zh: str
    document_en: str


class NamedChange(ParcelChange):
    """A change with its name."""

    change_zh: str
    change_en: str


class ParcelChangeAnswer(Wire):
    """What became of the parcels of an earlier layer."""

    of: Literal["table", "run"] = Field(
        description="`earlier_parcels` of the city, or the run of `--compare-with`"
    )
    changes: list[NamedChange]
    counts: dict[Change, int]
    lost_m2: float | None = Field(description="ground no longer reserved, in all")
    remark_zh: str
    remark_en: str
    remark_source: RemarkSource
    parameters: list[MatchingFigure]
    missing: list[Settling]
