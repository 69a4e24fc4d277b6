"""Children who feel what became of an earlier plan's parcels: places as planned then against those of today.

An earlier parcel is thought built as it was planned, in place of whatever it became; all else is as it is
today. Who would then have a place and has none now, or walks farther to the one there is, is affected.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.units import IntArray
from layers.parcels import PARCEL_COLUMNS
from layers.schooling.model import LevelCode
from services.schools.model import SchoolCity
from services.schools.parcel_changes import compare_parcels
from services.schools.parcels.change_words import Felt
from services.schools.parcels.model import LOST
from services.schools.parcels.world import think_built
from services.schools.placing import Case, Placement, Placer
from services.schools.release import count_moved
from services.schools.same_ground import CAPACITY
from services.schools.settlers import split_causes
from services.schools.shortages import HALF_A_CHILD
from services.schools.ways_in import enter_parcels
from services.walks import join_links

_CASES: tuple[Case, ...] = ("sure", "possible")
_SMALLER = frozenset({"shrunk", "split", "merged"})
_PLANNED = "parcels.planned_classes"
_HORIZON = "schools.horizon"


def compare_plans(
    city: SchoolCity, earlier: gpd.GeoDataFrame, *, max_leg_m: float
) -> gpd.GeoDataFrame:
    """Compare an earlier layer of parcels with the city's, with the children who feel it.

    Children are looked at in the year an earlier parcel was to open, in the first one from then on in
    which somebody in its reach has no place, and in the one with most children in its reach: told are
    the most in any of these, and the first in which somebody is affected. They stay unknown, with what
    would settle them, where something of the parcel or of the children in its reach is missing, where
    schools of unknown places decide, and where ground was lost but no class: places are counted as
    planned, so nobody can tell who would go without until the classes are set anew; finding `area` tells
    whether the school still fits. Of parcels merged into one, each tells of all.

    Parameters
    ----------
    earlier
        As `layers.parcels.read_parcels` gives them.
    max_leg_m
        As for homes.

    Returns
    -------
    changes
        As `services.schools.parcel_changes.compare_parcels`.
    """
    parameters = city.parameters
    plain = compare_parcels(earlier, city.parcels, parameters)
    felt = plain[~plain["change"].isin(["same", "grown", "new"])]
    asked = earlier[earlier["parcel_id"].isin(felt["earlier_id"]) & ~earlier["status"].isin(LOST)]
    if asked.empty:
        return compare_parcels(earlier, city.parcels, parameters, children_of=lambda _: Felt())
    plans = _Plans(city, asked.reset_index(drop=True), plain, max_leg_m=max_leg_m)
    return compare_parcels(earlier, city.parcels, parameters, children_of=plans.count)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Earlier parcels that became the same later ones.

    Parameters
    ----------
    before, after
        Rows of schools of both in the world in which the earlier ones can stand, by level.
    opening
        Year the first of the earlier ones was to open, NaN when nobody said.
    smaller
        Whether all of what happened is that ground was lost or divided anew.
    less
        Whether any ground was, or may have been, by its shape or as stated.
    """

    before: Mapping[LevelCode, IntArray]
    after: Mapping[LevelCode, IntArray]
    opening: float
    smaller: bool
    less: bool


class _Plans:
    """Earlier parcels beside what became of them, in a world in which either can stand."""

    def __init__(
        self, city: SchoolCity, asked: gpd.GeoDataFrame, changes: pd.DataFrame, *, max_leg_m: float
    ) -> None:
        self._asked, self._changes = asked, changes
        self._row_of = {str(one): at for at, one in enumerate(asked["parcel_id"])}
        self._first = len(city.parcels)
        self._world = think_built(_add_parcels(city, asked, max_leg_m=max_leg_m))

    def count(self, earlier_id: str) -> Felt:
        """Children affected by what became of an earlier parcel, and when."""
        missing = self._list_missing(earlier_id)
        if missing:
            return Felt(settled_by=missing)
        group = self._find_group(earlier_id)
        if group.smaller and not self._loses_places(group):
            kept = not group.less and not self._has_open_places(group)
            return Felt(0.0) if kept else Felt(settled_by=(_PLANNED,))
        years = self._world.city.years
        start = 0 if math.isnan(group.opening) else max(int(group.opening - years[0]), 0)
        if start >= len(years):
            return Felt(settled_by=(_HORIZON,))
        looked = self._list_columns(group, start)
        unknown = {cause for at in looked for cause in self._list_uncounted(group, at)}
        if unknown:
            return Felt(settled_by=tuple(sorted(unknown)))
        told = {at: [self._measure(group, at, case) for case in _CASES] for at in looked}
        if any(abs(sure - best) >= HALF_A_CHILD for sure, best in told.values()):
            return Felt(settled_by=self._list_uncertain(group))
        felt = {at: sure for at, (sure, _) in told.items() if sure >= HALF_A_CHILD}
        if not felt:
            return Felt(0.0)
        peak = max(felt, key=lambda at: (felt[at], -at))
        return Felt(felt[peak], float(years[min(felt)]), float(years[peak]))

    def _list_group(self, earlier_id: str) -> tuple[set[str], set[str]]:
        """Earlier parcels that became the same later ones, and those."""
        table = self._changes[self._changes["earlier_id"] != ""]
        later = set(table["parcel_id"][table["earlier_id"] == earlier_id]) - {""}
        return {earlier_id, *table["earlier_id"][table["parcel_id"].isin(later)]}, later

    def _list_missing(self, earlier_id: str) -> tuple[str, ...]:
        """What nobody said of the earlier parcels; columns of their table."""
        earlier, _ = self._list_group(earlier_id)
        rows = [self._row_of[one] for one in sorted(earlier) if one in self._row_of]
        schools = self._world.city.schools
        missing = set()
        for row in rows:
            here = schools[(schools["parcel_row"] == self._first + row).to_numpy()]
            if self._asked["status"].iloc[row] == "":
                missing.add("earlier_parcels.status")
            if here.empty:
                missing.add("earlier_parcels.level")
            elif here["places"].isna().any():
                missing.add("earlier_parcels.planned_classes")
        return tuple(sorted(missing))

    def _find_group(self, earlier_id: str) -> _Group:
        """The earlier parcel, those merged with it, and what they became."""
        earlier, later = self._list_group(earlier_id)
        frame, schools = self._asked, self._world.city.schools
        rows = [self._row_of[one] for one in sorted(earlier) if one in self._row_of]
        of_parcel = schools["parcel_row"].to_numpy()
        before = np.flatnonzero(np.isin(of_parcel, [self._first + row for row in rows]))
        on_later = schools["parcel_id"].isin(later).to_numpy() & (of_parcel < self._first)
        after = np.flatnonzero(on_later & schools["shown"].to_numpy())
        opening = frame["opening_year"].to_numpy(dtype=np.float64)[rows]
        changes = self._changes[self._changes["earlier_id"].isin(earlier)]
        return _Group(
            self._by_level(before),
            self._by_level(after),
            math.nan if np.isnan(opening).any() else float(opening.min()),
            set(changes["change"]) <= _SMALLER,
            bool((changes["change"].eq("shrunk") | ~changes["lost_m2"].eq(0)).any()),
        )

    def _by_level(self, rows: IntArray) -> dict[LevelCode, IntArray]:
        level = self._world.city.schools["level"].to_numpy(dtype=object)[rows]
        return {code: rows[level == code] for code in sorted(set(level.tolist()))}

    def _loses_places(self, group: _Group) -> bool:
        """Whether fewer places are planned than before, on some level."""
        places = self._world.city.schools["places"].to_numpy(dtype=np.float64)
        none = np.empty(0, dtype=np.int64)
        return any(
            places[group.after.get(level, none)].sum() < places[rows].sum()
            for level, rows in group.before.items()
        )

    def _has_open_places(self, group: _Group) -> bool:
        """Whether nobody said how many places are planned now."""
        places = self._world.city.schools["places"].to_numpy(dtype=np.float64)
        return any(bool(np.isnan(places[rows]).any()) for rows in group.after.values())

    def _list_homes(self, rows: Iterable[int]) -> IntArray:
        homes = [self._world.list_homes(row) for row in rows]
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *homes]))

    def _list_columns(self, group: _Group, start: int) -> list[int]:
        """Columns of the years looked at, rising."""
        n = len(self._world.city.years)
        found = {start}
        reached = np.zeros(n)
        short = np.zeros(n, dtype=np.bool_)
        for level, rows in group.before.items():
            homes = self._list_homes(rows.tolist())
            reached += np.nan_to_num(self._world.city.children[level][homes]).sum(axis=0)
            for at in range(start, n):
                left = self._place_now(level, at, "sure").left
                short[at] |= left[homes].sum() >= HALF_A_CHILD
        found |= set(np.flatnonzero(short)[:1].tolist())
        return sorted({*found, start + int(np.argmax(reached[start:]))})

    def _list_uncounted(self, group: _Group, at: int) -> set[str]:
        """What would settle unknown children in reach."""
        city = self._world.city
        missing: set[str] = set()
        for level, rows in group.before.items():
            homes = self._list_homes(rows.tolist())
            unknown = homes[np.isnan(city.children[level][homes, at])]
            places = city.home_community[unknown]
            named = split_causes(city.unsettled[level][places[places >= 0], at])
            missing |= named or ({"children"} if unknown.size else set())
        return missing

    def _list_uncertain(self, group: _Group) -> tuple[str, ...]:
        """What is missing of the schools in reach of the same homes."""
        settled = self._world.city.schools["settled_by"].to_numpy(dtype=object)
        causes: set[str] = set()
        for level, rows in group.before.items():
            placer = self._world.get_placer(level)
            near = np.isin(placer.home, self._list_homes(rows.tolist()))
            causes |= split_causes(settled[placer.rows[np.unique(placer.target[near])]])
        return tuple(sorted(causes)) or (CAPACITY,)

    def _measure(self, group: _Group, at: int, case: Case) -> float:
        total = 0.0
        for level, rows in group.before.items():
            gone = (self._world.lost - set(rows.tolist())) | set(
                group.after.get(level, np.empty(0, dtype=np.int64)).tolist()
            )
            then = self._place(level, at, case, gone)
            total += _count_affected(
                self._world.get_placer(level), then, self._place_now(level, at, case)
            )
        return total

    def _place_now(self, level: LevelCode, at: int, case: Case) -> Placement:
        return self._place(level, at, case, self._world.lost)

    def _place(self, level: LevelCode, at: int, case: Case, gone: frozenset[int]) -> Placement:
        placer = self._world.get_placer(level)
        known = case in placer.list_cases(at)
        return placer.place(at, case if known else "sure", without=gone)


def _add_parcels(city: SchoolCity, asked: gpd.GeoDataFrame, *, max_leg_m: float) -> SchoolCity:
    """The city with earlier parcels behind its own, as if no school could stand on them."""
    more = asked[[*PARCEL_COLUMNS, "geometry"]].assign(
        parcel_id="earlier:" + asked["parcel_id"], status="re-zoned"
    )
    links, owner = enter_parcels(city.network, more, max_leg_m=max_leg_m)
    parcels = pd.concat([city.parcels[[*PARCEL_COLUMNS, "geometry"]], more], ignore_index=True)
    return replace(
        city,
        parcels=gpd.GeoDataFrame(parcels, geometry="geometry", crs=city.parcels.crs),
        parcel_entrances=join_links([city.parcel_entrances, links]),
        entrance_parcel=np.concatenate([city.entrance_parcel, owner + len(city.parcels)]),
    )


def _count_affected(placer: Placer, then: Placement, now: Placement) -> float:
    """Children without a place now that had one then, and those who walk farther."""
    lost = max(float(now.left.sum() - then.left.sum()), 0.0)
    return lost + float(count_moved(placer, then, now).sum())
