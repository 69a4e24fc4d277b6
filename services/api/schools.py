"""The education bureau's desk: school places, shortages and reserved land of a run, as rows to send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from layers.results import SCHOOL_YEARS, SCHOOLS, SHORTAGES
from layers.schooling.model import LEVELS, LevelCode
from layers.schooling.stated import find_stated_free
from layers.store import Run
from services.api.jsonable import list_rows, plain_value
from services.api.placers import SchoolPlacers, knows_children
from services.api.school_words import CHILDREN, PARCELS, list_settling
from services.api.selecting import select_rows
from services.errors import InvalidQuery, UnknownArea
from services.once import OnceCache
from services.schools.land import Candidate
from services.schools.parcels.finding_words import name_why
from services.schools.told import describe_limit

Row = dict[str, Any]
_YEARS_KEPT = 24
_OF_YEAR = (
    "children", "placed", "free", "left", "left_possible", "walk_mean_m", "walk_p90_m", "status",
    "settled_by",
)  # fmt: skip
_UNTOLD: Mapping[str, Any] = {
    name: None if column.dtype == "float64" else "" for name, column in SCHOOL_YEARS.items()
}


@dataclass(frozen=True, slots=True)
class AskedYears:
    """Which rows of the years are asked for; None asks for all."""

    level: str | None = None
    year: int | None = None
    scope: str | None = None
    area: str | None = None
    status: str | None = None
    district: str | None = None


@dataclass(frozen=True, slots=True)
class AskedShortages:
    """Which shortages are asked for; None asks for all."""

    level: str | None = None
    district: str | None = None
    status: str | None = None
    land_missing: bool | None = None
    community: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one page, how many there are in all, and what would settle the unknown ones."""

    rows: list[Row]
    matched: int
    missing: list[Row]


class SchoolDesk:
    """Schools, years and shortages of a run.

    Parameters
    ----------
    run
        The opened run.
    communities
        Gives the facts of the communities by code.
    """

    def __init__(self, run: Run, communities: Callable[[], Mapping[str, Row]]) -> None:
        self._run = run
        self._communities = communities
        self._told: Row = plain_value(run.manifest.get("schools") or {})
        self._years = OnceCache(_YEARS_KEPT)
        self.placers = SchoolPlacers(run)

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years from the first to the horizon."""
        told = self._told.get("years") or sorted(set(self._run.school_years["year"].tolist()))
        return tuple(int(year) for year in told)

    @cached_property
    def levels(self) -> list[Row]:
        """Levels with the walk each is judged by, youngest first."""
        return [describe_limit(level) for level in self._run.parameters.levels.values()]

    @cached_property
    def brought(self) -> list[str]:
        """What the city brought about schools: names of its tables."""
        sources = self._run.schooling
        tables = ("children", "housing", "catchments", "earlier_parcels")
        found = [name for name in tables if getattr(sources, name) is not None]
        return [*found, PARCELS] if len(self._run.parcels) else found

    @cached_property
    def can_place(self) -> bool:
        """Whether there is anything to place: children somewhere, and parcels to ask about."""
        known = knows_children(self._run.school_years)
        return bool(self._told) and known and len(self._run.parcels) > 0

    def warm(self, stopped: Callable[[], bool]) -> None:
        """Solve what the first question about a parcel would wait for."""
        if self.can_place and not stopped():
            self.placers.warm(stopped)
        if self.can_place and not stopped():
            self.placers.list_candidates()

    def get_level(self, text: str) -> LevelCode:
        """Return a level by code or name; raises `InvalidQuery`."""
        wanted = text.strip().casefold()
        for level in self._run.parameters.levels.values():
            if wanted in {level.code, level.title.zh, level.title.en.casefold()}:
                return level.code
        choices = ", ".join(f"{level['code']} ({level['title_zh']})" for level in self.levels)
        raise InvalidQuery("level", text, f"one of {choices}", allowed=LEVELS)

    def get_year(self, year: int, *, parameter: str = "year") -> int:
        """Return a year that was looked at; raises `InvalidQuery`."""
        if year not in self.years:
            allowed = tuple(str(one) for one in self.years)
            expected = f"one of {', '.join(allowed)}" if allowed else "none: no year was looked at"
            raise InvalidQuery(parameter, year, expected, allowed=allowed)
        return year

    def get_area(self, area: str, scope: str | None) -> str:
        """Return the code or name of an area of a scope; raises `UnknownArea`."""
        known = self._list_areas(scope)
        if area not in known:
            raise UnknownArea(area, known, noun=scope)
        return area

    def list_years(self, asked: AskedYears, *, limit: int, offset: int) -> Found:
        """Return rows of places against children, in table order."""
        table = self._select_years(asked)
        page = list_rows(table.iloc[offset : offset + limit], list(SCHOOL_YEARS))
        return Found(page, len(table), self._list_missing(table, asked.level))

    def summarise(self, year: int | None, district: str | None) -> list[Row]:
        """Return one row per level: the city's figures of a year, or a district's; none without a year."""
        if year is None:
            return []
        scope, name = ("district", district) if district else ("city", None)
        table = self._select_years(AskedYears(year=year, scope=scope, area=name))
        rows = {row["level"]: row for row in list_rows(table, list(SCHOOL_YEARS))}
        area = district or str(self._run.manifest.get("name", ""))
        blank = {**_UNTOLD, "year": year, "scope": scope, "area_id": area, "name": area}
        blank |= {"district": district or "", "status": "unknown", "settled_by": CHILDREN}
        return [rows.get(level) or {**blank, "level": level} for level in LEVELS]

    def list_schools(
        self, year: int | None, *, level: str | None, district: str | None
    ) -> list[Row]:
        """Return schools with their figures of a year."""
        communities = self._communities()
        of_year = {} if year is None else self._index_year(year)
        found = []
        for row in self._schools:
            where = communities.get(row["community_id"], {}).get("district", "")
            if level in {None, row["level"]} and district in {None, where}:
                told = of_year.get((row["level"], row["school_id"]))
                found.append({**row, **self._tell_school(row, told, year)})
        return found

    def list_missing(self, year: int | None, level: str | None) -> list[Row]:
        """Return what would settle what is unknown of a year."""
        return self._list_missing(self._select_years(AskedYears(level=level, year=year)), level)

    def list_shortages(self, asked: AskedShortages, *, limit: int, offset: int) -> Found:
        """Return shortages with the land that could end them, the largest first."""
        rows = self._select_shortages(asked)
        page = rows[offset : offset + limit]
        candidates = self.placers.list_candidates() if any(r["candidates"] for r in page) else {}
        told = [
            {**row, "candidates": _describe(row, candidates.get((row["community_id"], row["level"])))}
            for row in page
        ]  # fmt: skip
        table = self._select_years(AskedYears(level=asked.level, scope="community"))
        missing = self._list_missing(table, asked.level)
        if PARCELS not in self.brought:
            missing = [*list_settling((), PARCELS, parameters=self._run.parameters), *missing]
        return Found(told, len(rows), missing)

    def list_of_community(self, community_id: str) -> list[Row]:
        """Return the shortages of one community, as they stand in the table."""
        return self._select_shortages(AskedShortages(community=community_id))

    def list_of_parcel(self, parcel_id: str) -> list[Row]:
        """Return the schools on a parcel, or to come on it."""
        return [row for row in self._schools if row["parcel_id"] == parcel_id]

    def _list_areas(self, scope: str | None) -> set[str]:
        communities = self._communities()
        areas = {
            "community": {*communities},
            "district": {str(row["district"]) for row in communities.values()} - {""},
            "city": {str(self._run.manifest.get("name", ""))},
            "school": {row["school_id"] for row in self._schools},
        }
        return areas[scope] if scope is not None else set().union(*areas.values())

    @cached_property
    def _schools(self) -> list[Row]:
        frame = self._run.schools
        points = np.asarray(frame.geometry.to_numpy(), dtype=object)
        lon, lat = (pd.Series(np.round(get(points), 7)) for get in (shapely.get_x, shapely.get_y))
        rows = pd.DataFrame(frame[list(SCHOOLS)]).assign(
            stated_free=find_stated_free(frame, self._run.facilities),
            lon=lon.to_numpy(),
            lat=lat.to_numpy(),
        )
        return list_rows(rows)

    @cached_property
    def _shortages(self) -> list[Row]:
        """Shortages with names, the largest first."""
        table = self._run.shortages.sort_values(
            ["peak_children", "community_id", "level"], ascending=[False, True, True]
        )
        communities = self._communities()
        return [
            {**row, "community": facts.get("name", ""), "district": facts.get("district", "")}
            for row in list_rows(table, list(SHORTAGES))
            for facts in [communities.get(row["community_id"], {})]
        ]

    def _select_shortages(self, asked: AskedShortages) -> list[Row]:
        return [
            row
            for row in self._shortages
            if asked.level in {None, row["level"]}
            and asked.district in {None, row["district"]}
            and asked.status in {None, row["status"]}
            and asked.land_missing in {None, row["land_missing"]}
            and asked.community in {None, row["community_id"]}
        ]

    def _select_years(self, asked: AskedYears) -> pd.DataFrame:
        table = self._run.school_years
        if asked.year is not None:
            table = table[table["year"] == asked.year]
        return select_rows(
            table,
            level=asked.level,
            scope=asked.scope,
            area_id=asked.area,
            status=asked.status,
            district=asked.district,
        )

    def _index_year(self, year: int) -> dict[tuple[str, str], Row]:
        """Rows of the schools open in a year, by level and school."""

        def build() -> dict[tuple[str, str], Row]:
            table = self._select_years(AskedYears(year=year, scope="school"))
            rows = list_rows(table, ["level", "area_id", *_OF_YEAR])
            return {(row.pop("level"), row.pop("area_id")): row for row in rows}

        found: dict[tuple[str, str], Row] = self._years.get(year, build)
        return found

    def _tell_school(self, row: Row, told: Row | None, year: int | None) -> Row:
        """Whether a school takes children in a year, and its figures then."""
        if told is not None:
            return {"open": True, **told}
        blank: Row = {**dict.fromkeys(_OF_YEAR), "settled_by": ""}
        opening = row["opening_year"]
        if opening is not None and year is not None and opening > year:
            return {**blank, "open": False, "status": "not_applicable"}
        if opening is None and row["source"] == "parcel":
            settled = "parcels.opening_year"
            return {**blank, "open": None, "status": "unknown", "settled_by": settled}
        return {**blank, "open": True, "status": "unknown", "settled_by": CHILDREN}

    def _list_missing(self, table: pd.DataFrame, level: str | None) -> list[Row]:
        """What would settle the unknowns among rows; the table of children where nothing is known."""
        settled = table.loc[(table["status"] == "unknown").to_numpy(), "settled_by"].unique()
        levels = {level} if level else set(LEVELS)
        told = set(self._run.school_years["level"].unique())
        return list_settling(
            map(str, settled),
            *([CHILDREN] if levels - told else []),
            parameters=self._run.parameters,
        )


def _describe(row: Row, candidates: Any) -> list[Row]:
    """Candidates of a shortage; those reserved for it are none."""
    named: list[Candidate] = list(candidates or ())
    wanted = f",{row['candidates']},"
    return [
        plain_value(
            {
                "parcel_id": one.parcel_id,
                "why": one.why,
                "why_zh": name_why(one.why).zh,
                "why_en": name_why(one.why).en,
                "walk_m": round(one.walk_m, 1),
                "area_m2": one.area_m2,
                "needed_area_m2": one.needed_area_m2,
                "enough": one.enough,
            }
        )
        for one in named
        if f",{one.parcel_id}," in wanted
    ]
