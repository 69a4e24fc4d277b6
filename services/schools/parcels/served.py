"""Children and homes a parcel serves: children placed with it and without it, in a year that matters.

A parcel that is counted on is thought away; one that is lost is thought built, on the land and with
the classes that were planned. The year looked at is its opening year; of a lost parcel the first
year from then on in which a child in reach has no place, if there is one.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np

from services.schools.model import SchoolCity
from services.schools.parcels.arriving import Housing, list_housing, tell_homes
from services.schools.parcels.model import Service
from services.schools.parcels.world import TINY, World, think_built
from services.schools.places import CAPACITY
from services.schools.placing import Case

_CASES: tuple[Case, ...] = ("sure", "possible")
_HORIZON = "schools.horizon"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Gain:
    """What a school of one level on a parcel does in one year, beside the world without it."""

    in_reach: float = 0.0
    served: float = 0.0
    without: float = 0.0
    placed: float = 0.0
    by_school: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


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
    world.place_all(_list_schools(asked, "sure"))
    services = [_answer(world, one) for one in asked]
    ahead = {at: _find_peak(world, one) for at, one in enumerate(asked) if _is_idle(services[at])}
    world.place_all(
        (school, peak, "sure")
        for at, peak in ahead.items()
        if peak is not None
        for school in asked[at].rows
    )
    for at, peak in ahead.items():
        if peak is not None:
            services[at] = _look_ahead(world, asked[at], services[at], peak)
    world.place_all(_list_schools(asked, "possible"))  # last: from here on little is as it was
    services = [_doubt(world, *pair) for pair in zip(asked, services, strict=True)]
    ids = city.parcels["parcel_id"].tolist()
    return {str(one): service for one, service in zip(ids, services, strict=True)}


def _ask(world: World, row: int, homes: Housing | None) -> _Question:
    """What there is to solve for a parcel; nothing where something is missing."""
    rows = np.flatnonzero((world.city.schools["parcel_row"] == row).to_numpy()).tolist()
    reached = [world.list_homes(school) for school in rows]
    told = tell_homes(world.city, row, reached, homes)
    unsettled = _list_unsettled(world, row, rows)
    if unsettled:
        return _Question(rows, None, replace(told, settled_by=",".join(unsettled)))
    at = _find_column(world, rows)
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
    gains = [_measure_gain(world, school, one.at, "sure") for school in one.rows]
    without = sum(gain.without for gain in gains)
    by_school: dict[str, float] = {}
    for gain in gains:
        for name, children in gain.by_school.items():
            by_school[name] = by_school.get(name, 0.0) + children
    return replace(
        one.told,
        in_reach=sum(gain.in_reach for gain in gains),
        served=sum(gain.served for gain in gains),
        without=without,
        placed=sum(gain.placed for gain in gains),
        felt_year=one.told.year if without > TINY else math.nan,
        school_id=min(by_school, key=lambda name: (-by_school[name], name), default=""),
    )


def _doubt(world: World, one: _Question, service: Service) -> Service:
    """The service, unknown where it would be another if schools nothing is known of took everybody."""
    if one.at is None:
        return service
    for school in one.rows:
        sure, best = (_measure_gain(world, school, one.at, case) for case in _CASES)
        if _differ(sure, best):
            named = {name for row in one.rows for name in _list_uncertain(world, row)}
            settled_by = ",".join(sorted(named)) or CAPACITY
            return replace(one.told, in_reach=service.in_reach, settled_by=settled_by)
    return service


def _list_schools(asked: Iterable[_Question], case: Case) -> Iterator[tuple[int, int, Case]]:
    """Schools, years and cases to solve for."""
    for one in asked:
        if one.at is not None:
            yield from ((school, one.at, case) for school in one.rows)


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
    left = world.place(level, at, "sure", world.lost).left
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


def _measure_gain(world: World, school: int, at: int, case: Case) -> _Gain:
    level, placer = world.find_placer(school)
    mine, gone = (world.place(*question) for question in world.list_questions(school, at, case))
    homes = world.list_homes(school)
    children = np.nan_to_num(world.city.children[level][homes, at])
    place = int(np.searchsorted(placer.rows, school))
    others = np.isin(placer.home, homes)
    flow = np.bincount(placer.target[others], weights=gone.flow[others], minlength=len(placer.rows))
    ids = world.city.schools["school_id"].to_numpy(dtype=object)[placer.rows]
    return _Gain(
        in_reach=float(children.sum()),
        served=float(mine.used[place]),
        without=max(float(gone.left.sum() - mine.left.sum()), 0.0),
        placed=max(float(children.sum() - gone.left[homes].sum()), 0.0),
        by_school={ids[at]: float(flow[at]) for at in np.flatnonzero(flow > TINY)},
    )


def _differ(one: _Gain, other: _Gain) -> bool:
    return (
        abs(one.served - other.served) > TINY
        or abs(one.without - other.without) > TINY
        or abs(one.placed - other.placed) > TINY
    )


def _list_uncertain(world: World, school: int) -> set[str]:
    """What is missing of other schools of the level, near ones first of all."""
    level = world.city.schools["level"].iloc[school]
    placer = world.get_placer(level)
    near = np.unique(placer.target[np.isin(placer.home, world.list_homes(school))])
    named = world.city.schools["settled_by"].iloc[placer.rows[near]]
    return {part for one in named for part in one.split(",") if part}


def _is_idle(service: Service) -> bool:
    """Whether nobody needs the parcel yet."""
    return service.without <= TINY


def _find_peak(world: World, one: _Question) -> int | None:
    """Column of the later year in which most children live in reach; None for lost parcels."""
    if one.at is None or world.lost & set(one.rows):
        return None
    later = np.zeros(len(world.city.years))
    for school in one.rows:
        level, _ = world.find_placer(school)
        later += np.nan_to_num(world.city.children[level][world.list_homes(school)]).sum(axis=0)
    later[: one.at + 1] = 0.0
    return int(np.argmax(later)) if later.max() > 0 else None


def _look_ahead(world: World, one: _Question, service: Service, peak: int) -> Service:
    """The service, with the children who will need the parcel in its busiest year."""
    without = sum(_measure_gain(world, school, peak, "sure").without for school in one.rows)
    if without <= TINY:
        return service
    return replace(service, without=without, felt_year=float(world.city.years[peak]))
