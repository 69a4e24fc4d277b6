"""School levels, their figures, and what children and homes to come are read into.

Figures are data (`parameters.yaml`, `hazards.yaml`), each with source and status as in the rule packs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pandas as pd

from layers.standards.model import Source, Text, Value

LevelCode = Literal["kindergarten", "primary_school", "junior_school", "senior_school"]

LEVELS: tuple[LevelCode, ...] = (
    "kindergarten",
    "primary_school",
    "junior_school",
    "senior_school",
)
"""Levels, youngest first; the codes are those of the facility kinds."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of schooling.

    Parameters
    ----------
    code
        Also the facility kind.
    title
        Its name.
    first_age, years
        Children of ages `first_age` to `first_age + years - 1` attend.
    class_size
        Children per class; places of a school whose places are not listed are classes times this.
    limit
        Walk a child may have, in minutes (at a child's pace) or metres.
    """

    code: LevelCode
    title: Text
    first_age: int
    years: int
    class_size: Value
    limit: Value


@dataclass(frozen=True, slots=True)
class LandStandard:
    """Least land for a school of up to so many classes; or per child where `classes` is None."""

    level: LevelCode
    classes: float | None
    area_m2: Value


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something school sites keep away from.

    Parameters
    ----------
    code
        E.g. `railway`.
    tags
        OSM conditions as in `kinds.yaml`, each a mapping of keys to values.
    geometry
        What is taken: `line`, `point` (areas count too), or `any`.
    distance_m
        Least distance from the parcel's edge; None where no figure is known: then only the
        distance is told.
    """

    code: str
    title: Text
    tags: tuple[Mapping[str, object], ...]
    geometry: Literal["line", "point", "any"]
    distance_m: Value | None
    source: Source


@dataclass(frozen=True, slots=True)
class SiteRules:
    """When something about a parcel's ground, or between two parcels, is worth telling.

    Parameters
    ----------
    frontage_near_m
        A street this near to the parcel's edge runs along it.
    frontage_least_m
        Least length of the edge along streets a child can walk.
    covered_share
        Share of the parcel up to which buildings, roads and water are slivers of the map.
    overlap_share
        Share of the smaller of two parcels up to which their overlap is one.
    outside_share
        Share of the parcel up to which lying outside every community is one.
    served_share
        Share of the children in reach who already have a place, from which on a parcel duplicates.
    same_share
        Share of either shape they have in common from which on two parcels are the same.
    moved_share
        Ratio of areas from which on a parcel of the same id elsewhere moved.
    part_share
        Share of a parcel from which on a piece of it is a part: of a split, of a merger.
    moved_m
        Distance from which on a parcel drawn as a point moved.
    """

    frontage_near_m: Value
    frontage_least_m: Value
    covered_share: Value
    overlap_share: Value
    outside_share: Value
    served_share: Value
    same_share: Value
    moved_share: Value
    part_share: Value
    moved_m: Value


@dataclass(frozen=True, slots=True)
class Remark:
    """What a text says that no test can decide."""

    text: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything schools and their land are judged by.

    Parameters
    ----------
    levels
        By code, youngest first.
    combined
        Parcel or school level that teaches several: share of its classes per level
        (`nine_year_school`: primary 6/9, junior 3/9; `twelve_year_school`; `secondary_school`:
        junior, senior).
    land
        Least land per level and size.
    min_width_m
        Narrowest a parcel may be to be of use, per level.
    hazards
        What sites keep away from.
    site
        When something about a parcel's ground is worth telling.
    in_step
        What the regulation says about schools and housing at the same time.
    layout_plan
        What the regulation says about changing the layout plan of schools.
    """

    levels: Mapping[LevelCode, Level]
    combined: Mapping[str, Mapping[LevelCode, Value]]
    land: tuple[LandStandard, ...]
    min_width_m: Mapping[LevelCode, Value]
    hazards: tuple[Hazard, ...]
    site: SiteRules
    in_step: Remark
    layout_plan: Remark


@dataclass(frozen=True, slots=True, eq=False)
class SchoolSources:
    """What a city brings about its children, homes to come and catchments; None where nothing.

    Parameters
    ----------
    children
        Columns `community_id` ("" in rows of a district or of the whole city), `district` ("" in all but
        those of a district), `level` ("" where the row is of an age), `age` (NaN where it is of a level),
        `year` (NaN where none is stated), `children` (a count) and `per_thousand` (of residents): one of
        the two, NaN the other.
    housing
        Columns `housing_id`, `name`, `community_id` ("" outside all communities), `households`, `year` (of
        delivery; both NaN where unknown), geometry (point, WGS 84; None where only the community is
        known).
    catchments
        Columns `facility_id` (of a facility of the city), `name`, `level`, geometry (area, WGS 84); one row
        per school and level.
    earlier_parcels
        An older layer of reserved land, columns as `layers.parcels.PARCEL_COLUMNS`.
    """

    children: pd.DataFrame | None = None
    housing: gpd.GeoDataFrame | None = None
    catchments: gpd.GeoDataFrame | None = None
    earlier_parcels: gpd.GeoDataFrame | None = None
