"""Children and homes a parcel serves: children placed with it and without it, in a year that matters.

A parcel that is counted on is thought away; one that is lost is thought built, on the land and with
the classes that were planned. The year looked at is its opening year; of a lost parcel the first
year from then on in which a child in reach has no place, if there is one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np

from layers.standards.model import Text
from services.schools.model import SchoolCity
from services.schools.parcels.arriving import Housing, list_housing, tell_homes
from services.schools.parcels.model import Service
from services.schools.parcels.words import name_school
from services.schools.parcels.world import TINY, Gain, World, think_built
from services.schools.places import PARCEL
from services.schools.placing import Case
from services.schools.same_ground import CAPACITY

_BOUNDS: tuple[Case, ...] = ("possible", "crowded")
_HORIZON = "schools.horizon"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Question:
    """What there is to solve for one parcel.

    Parameters
    ----------
    rows
        Schools on it, one per level.
    at
        Column of the year looked at; None where nothing is solved.
    told
        What is known beforehand.
    """

    rows: list[int]
    at: int | None
    told: Service


def measure_services(
    city: SchoolCity, housing: gpd.GeoDataFrame | None = None
) -> Mapping[str, Service]:
    """Measure what every parcel does, or would do, for the children around it.

    Parameters
    ----------
    city
        Children, schools and parcels; its schools hold every parcel that is counted on.
    housing
        Homes to come, as `layers.schooling.model.SchoolSources.housing`.

    Returns
    -------
    services
        By `parcel_id`.
    """
    world = think_built(city)
    homes = list_housing(city, housing)
    asked = [_ask(world, row, homes) for row in range(len(city.parcels))]
    services = [_doubt(world, one, _answer(world, one)) for one in asked]
    ahead = [_find_peak(world, *pair) for pair in zip(asked, services, strict=True)]
    services = [
        service if peak is None else _look_ahead(world, one, service, peak)
        for one, service, peak in zip(asked, services, ahead, strict=True)
    ]
    ids = city.parcels["parcel_id"].tolist()
    return {str(one): service for one, service in zip(ids, services, strict=True)}


def _ask(world: World, row: int, homes: Housing | None) -> _Question:
    """What there is to solve for a parcel; nothing where something is missing."""
    rows = np.flatnonzero((world.city.schools["parcel_row"] == row).to_numpy()).tolist()
    reached = [world.list_homes(school) for school in rows]
    unsettled = _list_unsettled(world, row, rows)
    at = None if unsettled else _find_column(world, rows)
    told = tell_homes(world.city, row, reached, homes, at=at)
    if unsettled:
        return _Question(rows, None, replace(told, settled_by=",".join(unsettled)))
    if at is None:
        return _Question(rows, None, replace(told, settled_by=_HORIZON))
    told = replace(told, year=float(world.city.years[at]))
    missing = _list_missing(world, rows, at)
    if missing:
        return _Question(rows, None, replace(told, settled_by=",".join(missing)))
    return _Question(rows, at, told)


def _answer(world: World, one: _Question) -> Service:
    if one.at is None:
        return one.told
    gains = [world.measure_gain(school, one.at, "sure") for school in one.rows]
    without = sum(gain.without for gain in gains)
    by_school: dict[str, float] = {}
    for gain in gains:
        for name, children in gain.by_school.items():
            by_school[name] = by_school.get(name, 0.0) + children
    most = min(by_school, key=lambda name: (-by_school[name], name), default="")
    return replace(
        one.told,
        in_reach=sum(gain.in_reach for gain in gains),
        served=sum(gain.served for gain in gains),
        without=without,
        placed=sum(gain.placed for gain in gains),
        felt_year=one.told.year if without > TINY else math.nan,
        school_id=most,
        school=_name_school(world, most),
    )


def _name_school(world: World, school_id: str) -> Text:
    schools = world.city.schools
    rows = np.flatnonzero((schools["school_id"] == school_id).to_numpy())
    if not len(rows):
        return Text("", "")
    school = schools.iloc[rows[0]]
    coming = str(school["parcel_id"]) if school["source"] == PARCEL else ""
    return name_school(str(school["name"]) or school_id, coming)


def _doubt(world: World, one: _Question, service: Service) -> Service:
    """The service, unknown where it would be another in the best case or in the worst."""
    if one.at is None:
        return service
    unknown: set[str] = set()
    for school in one.rows:
        sure = world.measure_gain(school, one.at, "sure")
        for case in _BOUNDS:
            if _differ(sure, world.measure_gain(school, one.at, case)):
                unknown |= _list_causes(world, school, one.at, case)
    if not unknown:
        return service
    settled_by = ",".join(sorted(unknown))
    return replace(one.told, in_reach=service.in_reach, settled_by=settled_by)


def _list_causes(world: World, school: int, at: int, case: Case) -> set[str]:
    """What is unknown that tells a case of a school's level from the sure one."""
    if case == "possible":
        return _list_uncertain(world, school) or {CAPACITY}
    level, _ = world.find_placer(school)
    return {str(one) for one in world.city.unsettled[level][:, at] if one} or {"children"}


def _list_unsettled(world: World, row: int, rows: list[int]) -> list[str]:
    """What is missing of the parcel itself."""
    if rows:
        named = (world.city.schools["settled_by"].iloc[at] for at in rows)
        missing = {part for one in named for part in one.split(",") if part}
        reached = any(len(world.list_homes(at)) for at in rows)
        if not reached and not (world.city.entrance_parcel == row).any():
            missing.add("parcels.geometry")
        return sorted(missing)
    return ["parcels.level"]


def _find_column(world: World, rows: list[int]) -> int | None:
    """Column of the year looked at, None beyond the horizon."""
    years = world.city.years
    opening = world.city.schools["opening_year"].to_numpy(dtype=np.float64)[rows]
    first = int(np.nanmax(opening)) if not np.isnan(opening).all() else int(years[0])
    start = max(first - int(years[0]), 0)
    if start >= len(years):
        return None
    if not world.lost & set(rows):
        return start
    for at in range(start, len(years)):
        if any(_count_left(world, school, at) > TINY for school in rows):
            return at
    return start


def _count_left(world: World, school: int, at: int) -> float:
    level = world.city.schools["level"].iloc[school]
    left = world.place(level, at, "sure").left
    return float(left[world.list_homes(school)].sum())


def _list_missing(world: World, rows: list[int], at: int) -> list[str]:
    """What would settle unknown children in reach."""
    missing: set[str] = set()
    for school in rows:
        level = world.city.schools["level"].iloc[school]
        homes = world.list_homes(school)
        unknown = homes[np.isnan(world.city.children[level][homes, at])]
        places = world.city.home_community[unknown]
        named = world.city.unsettled[level][places[places >= 0], at]
        missing |= {str(name) for name in named if name}
        if unknown.size and not missing:
            missing.add("children")
    return sorted(missing)


def _differ(one: Gain, other: Gain) -> bool:
    return (
        abs(one.served - other.served) > TINY
        or abs(one.without - other.without) > TINY
        or abs(one.placed - other.placed) > TINY
    )


def _list_uncertain(world: World, school: int) -> set[str]:
    """What is missing of the schools in reach of the same homes."""
    _, placer = world.find_placer(school)
    chosen = np.zeros(len(world.city.homes), dtype=np.bool_)
    chosen[world.list_homes(school)] = True
    near = np.unique(placer.target[chosen[placer.home]])
    named = world.city.schools["settled_by"].iloc[placer.rows[near]]
    return {part for one in named for part in one.split(",") if part}


def _find_peak(world: World, one: _Question, service: Service) -> int | None:
    """Column of the later year in which most children live in reach of a parcel nobody needs yet.

    None where somebody does, for lost parcels, and where too little is known.
    """
    if one.at is None or not service.without <= TINY or world.lost & set(one.rows):
        return None
    later = np.zeros(len(world.city.years))
    for school in one.rows:
        level, _ = world.find_placer(school)
        later += np.nan_to_num(world.city.children[level][world.list_homes(school)]).sum(axis=0)
    later[: one.at + 1] = 0.0
    return int(np.argmax(later)) if later.max() > 0 else None


def _look_ahead(world: World, one: _Question, service: Service, peak: int) -> Service:
    """The service, with the children who will need the parcel in its busiest year."""
    then = replace(one, at=peak)
    without = _answer(world, then).without
    certain = _doubt(world, then, replace(service, settled_by=""))
    if certain.settled_by:
        return replace(certain, in_reach=service.in_reach)
    if without <= TINY:
        return service
    return replace(service, without=without, felt_year=float(world.city.years[peak]))
