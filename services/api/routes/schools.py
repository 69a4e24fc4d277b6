"""School places against children: schools, years, shortages."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.api.answers import json_answer
from services.api.deps import DistrictDep, NameQuery, RunDep, SettingsDep
from services.api.lines import ShortageTurn
from services.api.school_models import SchoolAnswer, SchoolYearAnswer, ShortageAnswer
from services.api.schools import AskedShortages, AskedYears, Found
from services.errors import InvalidQuery
from services.settings import ServiceSettings

router = APIRouter(prefix="/v1", tags=["schools"])
_YEARS_PAGE = 1000
Scope = Literal["community", "school", "district", "city"]
LevelQuery = Annotated[
    str | None,
    Query(max_length=200, description="level: code or name, such as `primary_school` or 小学"),
]
YearQuery = Annotated[int | None, Query(description="calendar year, one of `years`")]
LimitRows = Annotated[int | None, Query(ge=1, description="most rows in one answer")]
OffsetRows = Annotated[
    int, Query(ge=0, le=1_000_000_000, description="rows to leave out at the start")
]


def find_level(run: RunDep, level: LevelQuery = None) -> str | None:
    """Level asked for; None, or an empty name, for all."""
    return run.schools.get_level(level) if level else None


def find_year(run: RunDep, year: YearQuery = None) -> int | None:
    """Year asked for, None for all."""
    return None if year is None else run.schools.get_year(year)


LevelDep = Annotated[str | None, Depends(find_level)]
YearDep = Annotated[int | None, Depends(find_year)]


def get_page(settings: ServiceSettings, limit: int | None, usual: int | None = None) -> int:
    """Rows in one answer; raises `InvalidQuery` where more are asked for than are given."""
    if limit is not None and limit > settings.max_items:
        raise InvalidQuery("limit", limit, f"at most {settings.max_items:,} rows")
    return limit or min(usual or settings.max_items, settings.max_items)


def answer_page(name: str, found: Found) -> Response:
    """Rows of one page under their name, how many there are, and what would settle the unknown ones."""
    return json_answer(
        {
            name: found.rows,
            "matched": found.matched,
            "returned": len(found.rows),
            "missing": found.missing,
        }
    )


@router.get("/schools", summary="Schools of one year", response_model=SchoolAnswer)
def get_schools(
    *,
    run: RunDep,
    settings: SettingsDep,
    level: LevelDep,
    year: YearDep,
    district: DistrictDep,
    limit: LimitRows = None,
    offset: OffsetRows = 0,
) -> Response:
    """Schools there are and will be, with the children placed in them in a year, the first by default.

    `summary` has the city's figures of every level (a district's where one is asked for). Children
    are placed within each level's walk, capacities respected, with the least walking in all. What
    nobody knows is null, and `missing` names the tables that would settle it.
    """
    most = get_page(settings, limit)
    desk = run.schools
    chosen = year if year is not None else (desk.years[0] if desk.years else None)
    rows = desk.list_schools(chosen, level=level, district=district)
    page = rows[offset : offset + most]
    return json_answer(
        {
            "years": list(desk.years),
            "year": chosen,
            "levels": desk.levels,
            "brought": desk.brought,
            "missing": desk.list_missing(chosen, level),
            "summary": desk.summarise(chosen, district),
            "schools": page,
            "returned": len(page),
            "matched": len(rows),
        }
    )


@router.get("/school-years", summary="Places against children", response_model=SchoolYearAnswer)
def get_school_years(
    *,
    run: RunDep,
    settings: SettingsDep,
    level: LevelDep,
    year: YearDep,
    district: DistrictDep,
    scope: Annotated[Scope | None, Query(description="only areas of this sort")] = None,
    area: Annotated[
        str | None,
        Query(max_length=200, description="one area: code of a community or school, or a name"),
    ] = None,
    status: Annotated[
        Literal["met", "gap", "unknown", "not_applicable"] | None,
        Query(description="only this verdict"),
    ] = None,
    limit: LimitRows = None,
    offset: OffsetRows = 0,
) -> Response:
    """Children, places, who is placed and who is left, by area and year.

    `left` are children without a place whatever the truth about schools of unknown places,
    `left_possible` if such schools take nobody. 1,000 rows unless `limit` asks for more.
    """
    most = get_page(settings, limit, _YEARS_PAGE)
    asked = AskedYears(
        level=level,
        year=year,
        scope=scope,
        area=run.schools.get_area(area, scope) if area else None,
        status=status,
        district=district,
    )
    found = run.schools.list_years(asked, limit=most, offset=offset)
    return answer_page("rows", found)


@router.get("/shortages", summary="Communities short of places", response_model=ShortageAnswer)
def get_shortages(
    *,
    run: RunDep,
    settings: SettingsDep,
    level: LevelDep,
    district: DistrictDep,
    status: Annotated[
        Literal["gap", "unknown"] | None, Query(description="only what is certain, or what is not")
    ] = None,
    land_missing: Annotated[
        bool | None, Query(description="only where no reserved parcel is in reach, or where one is")
    ] = None,
    community: NameQuery = None,
    limit: LimitRows = None,
    offset: OffsetRows = 0,
    _turn: ShortageTurn,
) -> Response:
    """Shortages by community and level, the largest first, with the parcels that could end each.

    `candidates` are parcels within the walk of those without a place that are not counted on for
    it, the most suitable first: what stands against each, how far it is, whether it is large enough.
    """
    most = get_page(settings, limit)
    asked = AskedShortages(
        level=level,
        district=district,
        status=status,
        land_missing=land_missing,
        community=None if not community else run.get_community(community)["community_id"],
    )
    found = run.schools.list_shortages(asked, limit=most, offset=offset)
    return answer_page("shortages", found)
