"""Places against children for every level, year and area: the tables of a run."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers.results import SCHOOL_YEARS, SCHOOLS, shape_table
from layers.schooling.model import LevelCode
from services.coverage import weigh_quantile
from services.schools.catchments import draw_catchments
from services.schools.model import SchoolCity
from services.schools.places import has_listed
from services.schools.placing import Placer, build_placers
from services.schools.settlers import join_causes, split_causes
from services.schools.shortages import HALF_A_CHILD, list_shortages
from services.schools.tally import add_groups, average_walks

_DIGITS = 6
_Texts = NDArray[np.object_]
_Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class YearResults:
    """What a city's places come to, as `layers.results` declares the tables.

    `schools` (points) and `catchments` (areas) stand in WGS 84.
    """

    school_years: pd.DataFrame
    schools: gpd.GeoDataFrame
    shortages: pd.DataFrame
    catchments: gpd.GeoDataFrame


def measure_years(
    city: SchoolCity, placers: Mapping[LevelCode, Placer] | None = None
) -> YearResults:
    """Measure every level and year.

    Parameters
    ----------
    placers
        As `build_placers` gives them; they keep what is solved here for questions to come.
    """
    placers = placers or build_placers(city)
    with ThreadPoolExecutor() as pool:
        levels = list(pool.map(_measure_level, placers.values()))
    school_years = pd.concat([part for part, _ in levels], ignore_index=True)
    schools = pd.concat([part for _, part in levels], ignore_index=True)
    shaped = shape_table(schools, "schools")
    return YearResults(
        school_years=shape_table(school_years, "school_years"),
        schools=gpd.GeoDataFrame(shaped, geometry="geometry", crs="EPSG:4326"),
        shortages=list_shortages(city, placers, school_years),
        catchments=draw_catchments(placers),
    )


def _measure_level(placer: Placer) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Rows of `SCHOOL_YEARS` and `SCHOOLS` of one level."""
    scopes = list_scopes(placer.city)
    parts: list[_Columns] = []
    for at in range(len(placer.city.years)):
        year = _Year(placer, at)
        parts += [year.tell_areas(scope) for scope in scopes]
        parts.append(year.tell_schools())
    table = pd.DataFrame(
        {name: np.concatenate([part[name] for part in parts]) for name in SCHOOL_YEARS}
    )
    return table, _tell_schools(placer, table)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Areas of one kind: `A` of them, by the communities they consist of.

    `area` tells each community's, shape `(C,)`, -1 for none.
    """

    scope: str
    ids: _Texts
    names: _Texts
    districts: _Texts
    area: IntArray


def list_scopes(city: SchoolCity) -> tuple[Scope, ...]:
    """Communities, districts and the city."""
    frame = city.communities
    district = frame["district"].to_numpy(dtype=object)
    n = len(frame)
    names = np.array(sorted({str(name) for name in district if name}), dtype=object)
    of_district = pd.Index(names).get_indexer(pd.Index(district))
    ids = frame["community_id"].to_numpy(dtype=object)
    whole = np.array([city.name], dtype=object)
    return (
        Scope("community", ids, frame["name"].to_numpy(dtype=object), district, np.arange(n)),
        Scope("district", names, names, names, of_district.astype(np.int64)),
        Scope("city", whole, whole, np.array([""], dtype=object), np.zeros(n, dtype=np.int64)),
    )


class _Year:
    """One level in one year, told for areas and schools."""

    def __init__(self, placer: Placer, at: int) -> None:
        city = placer.city
        self.placer, self.at = placer, at
        self.sure = placer.place(at)
        self.best = placer.place(at, "possible")
        self.crowded = placer.place(at, "crowded")
        self.unsettled = city.unsettled[placer.level][:, at]
        self.opened = placer.opened[at] & placer.shown
        self.doubtful = placer.maybe[at] & ~placer.certain
        settled = self.crowded.used - self.sure.used < HALF_A_CHILD
        self.free = np.where(
            placer.certain & settled, np.maximum(placer.places - self.sure.used, 0.0), np.nan
        )
        self.none_listed = not has_listed(city.schools.iloc[placer.rows])
        self.uncounted: BoolArray = np.isnan(city.children[placer.level][:, at])

    def tell_areas(self, scope: Scope) -> _Columns:
        """Rows of `SCHOOL_YEARS` of the areas of a scope."""
        n = len(scope.ids)
        home = self._areas_of_homes(scope)
        known = add_groups(scope.area, (self.unsettled == "").astype(np.float64), n)
        members = add_groups(scope.area, np.ones(len(scope.area)), n)
        counted = add_groups(home, (~self.uncounted).astype(np.float64), n)
        some, every = (known > 0) | (counted > 0), known == members
        walks = self._measure_walks(home[self.placer.home], n)
        out = add_groups(home, self.sure.out, n)
        left = add_groups(home, self.best.left - self.best.out, n)
        possible = add_groups(home, self.sure.left - self.sure.out, n)
        crowded = add_groups(home, self.crowded.left, n)
        children = add_groups(home, self.sure.children, n)
        status, settled = self._judge(
            scope, home, children, every, out + left, out + possible, crowded
        )
        school = self._areas_of_schools(scope)
        told = {
            "children": np.where(every, children, np.nan),
            "places": self._add_schools(school, self.placer.places, n),
            "placed": np.where(some, walks["placed"], np.nan),
            "out_of_reach": np.where(some, out, np.nan),
            "left": np.where(some, left, np.nan),
            "left_possible": np.where(some, possible, np.nan),
            "free": self._add_schools(school, self.free, n),
            "walk_mean_m": walks["walk_mean_m"],
            "walk_p90_m": walks["walk_p90_m"],
        }
        names = (scope.ids, scope.names, scope.districts)
        return self._tabulate(scope.scope, *names, told, status, settled)

    def tell_schools(self) -> _Columns:
        """Rows of `SCHOOL_YEARS` of the schools open for sure.

        A school's children are those placed in it, and those without a place of whom it is the nearest.
        What is left counts homes that have it nearest however many schools of unknown opening there
        are; whether it is `met` is asked of all who would if there were none of these.
        """
        placer, rows = self.placer, np.flatnonzero(self.opened)
        n = len(placer.rows)
        nearest = placer.find_nearest(self.at)
        left = add_groups(nearest, self.best.left - self.best.out, n)
        possible = add_groups(nearest, self.sure.left - self.sure.out, n)
        walks = self._measure_walks(placer.target, n)
        known = placer.certain
        children = walks["placed"] + possible
        by_places, by_crowd = self._doubt_schools(possible)
        status = np.select(
            [left >= HALF_A_CHILD, ~known | by_places | by_crowd, children < HALF_A_CHILD],
            ["gap", "unknown", "not_applicable"],
            "met",
        )
        others, uncounted = join_causes(placer.causes[self.doubtful]), join_causes(self.unsettled)
        settled = np.select(
            [status != "unknown", ~known, by_places],
            ["", placer.causes, others],
            uncounted,
        ).astype(object)
        told = {
            "children": np.where(known, children, np.nan),
            "places": placer.places,
            "placed": np.where(known, walks["placed"], np.nan),
            "out_of_reach": np.zeros(n),
            "left": left,
            "left_possible": possible,
            "free": self.free,
            "walk_mean_m": walks["walk_mean_m"],
            "walk_p90_m": walks["walk_p90_m"],
        }
        frame = placer.city.communities
        district = frame["district"].to_numpy(dtype=object)
        names = placer.city.schools["name"].to_numpy(dtype=object)[placer.rows]
        inside = placer.community[rows]
        return self._tabulate(
            "school",
            placer.ids[rows],
            names[rows],
            np.where(inside >= 0, district[inside], "").astype(object),
            {name: value[rows] for name, value in told.items()},
            status[rows],
            settled[rows],
        )

    def _doubt_schools(self, possible: FloatArray) -> tuple[BoolArray, BoolArray]:
        """Schools nearest to children who may be without a place, by what is unknown; shape `(T,)` each.

        By places and opening of other schools, and by children nobody has counted.
        """
        placer = self.placer
        n = len(placer.rows)
        unsure = np.flatnonzero(placer.maybe[self.at] & ~placer.opened[self.at])
        nearest = placer.find_nearest(self.at, without=placer.rows[unsure].tolist())
        alone = add_groups(nearest, self.sure.left - self.sure.out, n)
        crowd = add_groups(nearest, self.crowded.left - self.crowded.out + self.uncounted, n)
        by_places = (possible >= HALF_A_CHILD) | (alone >= HALF_A_CHILD)
        return by_places, crowd >= HALF_A_CHILD

    def _tabulate(
        self,
        scope: str,
        ids: _Texts,
        names: _Texts,
        districts: _Texts,
        told: Mapping[str, FloatArray],
        status: _Texts,
        settled: _Texts,
    ) -> _Columns:
        n = len(ids)
        return {
            "level": np.full(n, self.placer.level, dtype=object),
            "year": np.full(n, self.placer.city.years[self.at]),
            "scope": np.full(n, scope, dtype=object),
            "area_id": ids,
            "name": names,
            "district": districts,
            **{name: np.round(value, _DIGITS) + 0.0 for name, value in told.items()},
            "status": status,
            "settled_by": settled,
        }

    def _areas_of_homes(self, scope: Scope) -> IntArray:
        community = self.placer.city.home_community
        return np.where(community >= 0, scope.area[community], -1)

    def _areas_of_schools(self, scope: Scope) -> IntArray:
        """Area each school lies in, -1 outside all; shape `(T,)`."""
        inside = self.placer.community
        return np.where(inside >= 0, scope.area[inside], -1)

    def _add_schools(self, area: IntArray, value: FloatArray, n: int) -> FloatArray:
        """Add up the schools open for sure; unknown as soon as one of them is, or none is listed."""
        here = np.where(self.opened, area, -1)
        total = add_groups(here, np.nan_to_num(value), n)
        unknown = add_groups(here, np.isnan(value).astype(np.float64), n)
        return np.where((unknown > 0) | self.none_listed, np.nan, total)

    def _measure_walks(self, group: IntArray, n: int) -> dict[str, FloatArray]:
        """Children placed per group of pairs, and how far they walk."""
        flow, walk_m = self.sure.flow, self.placer.walk_m
        used = np.flatnonzero((flow > 0) & (group >= 0))
        placed = add_groups(group[used], flow[used], n)
        mean = average_walks(group[used], flow[used], walk_m[used], n)
        p90 = weigh_quantile(group[used], walk_m[used], flow[used], n, 0.9)
        return {"placed": placed, "walk_mean_m": mean, "walk_p90_m": p90}

    def _judge(
        self,
        scope: Scope,
        home: IntArray,
        children: FloatArray,
        every: BoolArray,
        missing: FloatArray,
        possible: FloatArray,
        crowded: FloatArray,
    ) -> tuple[_Texts, _Texts]:
        """Status of each area and what would settle an unknown."""
        n = len(scope.ids)
        short = missing >= HALF_A_CHILD
        by_places = possible >= HALF_A_CHILD
        by_crowd = crowded >= HALF_A_CHILD
        status = np.select(
            [
                short & self.none_listed,
                short,
                ~every,
                by_places | by_crowd,
                children < HALF_A_CHILD,
            ],
            ["unknown", "gap", "unknown", "unknown", "not_applicable"],
            "met",
        ).astype(object)
        causes: list[set[str]] = [set() for _ in range(n)]
        for community in np.flatnonzero(self.unsettled != ""):
            if scope.area[community] >= 0:
                causes[scope.area[community]].add(self.unsettled[community])
        all_of_children = set(self.unsettled[self.unsettled != ""])
        reachable = self._list_doubts(home, n)
        for area in np.flatnonzero(status == "unknown"):
            if short[area]:
                causes[area] = {f"facilities ({self.placer.level})"}
                continue
            if by_places[area]:
                causes[area] |= reachable[area]
            if by_crowd[area] and not by_places[area] and every[area]:
                causes[area] |= all_of_children
        settled = [
            ",".join(sorted(one)) if said == "unknown" else ""
            for one, said in zip(causes, status, strict=True)
        ]
        return status, np.array(settled, dtype=object)

    def _list_doubts(self, home: IntArray, n: int) -> list[set[str]]:
        """What is unknown of the schools in reach of each area's children; of any, where none is near."""
        placer = self.placer
        causes = placer.causes
        anywhere = split_causes(causes[self.doubtful])
        doubted = self.doubtful[placer.target] & (self.sure.children[placer.home] > 0)
        area = home[placer.home]
        chosen = np.flatnonzero(doubted & (area >= 0))
        keys = np.unique(area[chosen] * len(causes) + placer.target[chosen])
        found: list[set[str]] = [set() for _ in range(n)]
        for key in keys.tolist():
            found[key // len(causes)] |= split_causes([causes[key % len(causes)]])
        return [one or anywhere for one in found]


def _tell_schools(placer: Placer, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Rows of `SCHOOLS`: the schools of a level as they stand in the first year."""
    city = placer.city
    schools = city.schools.iloc[placer.rows].reset_index(drop=True)
    rows = table[table["scope"] == "school"]
    first = rows[rows["year"] == city.years[0]].set_index("area_id").reindex(schools["school_id"])
    full = rows[(rows["free"] < HALF_A_CHILD)].groupby("area_id")["year"].min()
    nearest = placer.find_nearest(0)
    demand = add_groups(nearest, placer.place(0).children, len(schools))
    measured = schools.assign(
        demand=np.round(demand, _DIGITS),
        placed=first["placed"].to_numpy(),
        free_places=first["free"].to_numpy(),
        walk_mean_m=first["walk_mean_m"].to_numpy(),
        walk_p90_m=first["walk_p90_m"].to_numpy(),
        full_from=full.reindex(schools["school_id"]).to_numpy(dtype=np.float64),
    )
    return gpd.GeoDataFrame(measured.loc[placer.shown, [*SCHOOLS, "geometry"]])
