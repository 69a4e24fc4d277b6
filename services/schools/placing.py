"""Children of one level placed in one year, in the worst and in the best case.

What nobody knows is never guessed; it is bounded. Three cases:

- `sure`: schools whose places, level or opening nobody knows take none;
- `possible`: they take as many as they may, from the first year they may be open: everyone, where
  their places are unknown;
- `crowded`: as `sure`, and children nobody has counted fill whatever they can reach. Only where
  some children are unknown.

Children nobody has counted are none in `sure` and `possible`. So the truth, whatever it is, has no more
places and no fewer children than `possible`, and no fewer places and no more children than `crowded`.
Nobody loses a place when a school takes more or others have fewer children, home by home: `geo.allocate`
says why. (Equal walks are told apart by home and school, the same way in every case; else homes
equally far could change places.) So what is left in `possible` is left whatever the truth, what is
placed in `crowded` is placed, and no school takes more than it takes in `crowded`. The same is true
of sums over homes: communities, districts, the city. How far children walk has no such bounds.

Children inside an assigned catchment come first at its school, the nearest of them when places do not
suffice; whoever is left after that is placed with everybody else. The bounds hold with catchments too:
a place more goes to a child who leaves those placed with everybody else, or else to these.
"""

import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.allocate import Allocator, Start
from geo.reach import ReachPairs, measure_within
from geo.units import BoolArray, FloatArray, IntArray
from layers.schooling.model import LEVELS, LevelCode
from services.schools.model import SchoolCity
from services.schools.places import list_open

Case = Literal["sure", "possible", "crowded"]
CASES: tuple[Case, ...] = ("sure", "possible", "crowded")


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Who goes where: `H` homes, `T` schools of the level, `R` pairs within the walk.

    Parameters
    ----------
    children
        Shape `(H,)`: children placed or not, 0 where unknown.
    flow
        Shape `(R,)`: children who walk along each pair.
    left
        Shape `(H,)`: children without a place, those out of reach included.
    out
        Shape `(H,)`: children who reach no school that is or may be open.
    used
        Shape `(T,)`: places taken.
    """

    children: FloatArray
    flow: FloatArray
    left: FloatArray
    out: FloatArray
    used: FloatArray


class Placer:
    """Places the children of one level, year after year, and keeps what it solved.

    May be asked from several threads. What is asked `without` some schools is solved from the kept
    solution of the same year, in a fraction of its time.

    Parameters
    ----------
    city
        Homes, children, schools.
    level
        The level.
    closed
        Rows of `city.schools` that are `without` in the solutions others are solved from.

    Attributes
    ----------
    rows
        Shape `(T,)`: rows of `city.schools`, in the order of `target`.
    home, target, walk_m
        Shape `(R,)`: pairs within the walk.
    places
        Shape `(T,)`: places of each school once it is open, NaN where unknown.
    causes
        Shape `(T,)`: what would settle what is unknown of each school, "" where nothing is.
    ids, community
        Shape `(T,)`: their ids, and rows of the communities they lie in, -1 outside all.
    shown
        Shape `(T,)`: schools known to teach the level.
    opened, maybe
        Shape `(Y, T)`: schools open for sure, and in the best case.
    """

    def __init__(self, city: SchoolCity, level: LevelCode, *, closed: Iterable[int] = ()) -> None:
        self.city, self.level = city, level
        self.rows = city.list_schools(level)
        self._closed: BoolArray = np.isin(self.rows, list(closed))
        pairs = self._find_pairs()
        self.home: IntArray = pairs.home.astype(np.int64)
        self.target: IntArray = np.repeat(np.arange(len(self.rows)), np.diff(pairs.start))
        self.walk_m = pairs.walk_m
        self._by_walk = np.lexsort((self.target, self.walk_m, self.home))
        self._own = self._rank_assigned()
        schools = city.schools.iloc[self.rows]
        self.places = schools["places"].to_numpy(dtype=np.float64)
        self.causes = schools["settled_by"].to_numpy(dtype=object)
        self.ids = schools["school_id"].to_numpy(dtype=object)
        codes = pd.Index(city.communities["community_id"])
        self.community: IntArray = codes.get_indexer(pd.Index(schools["community_id"]))
        self.shown = schools["shown"].to_numpy(dtype=np.bool_)
        self.opened, self.maybe = list_open(schools, city.years)
        unknown: BoolArray = np.asarray(np.isnan(city.children[level]).any(axis=0))
        self._unknown_children = unknown
        self._allocator = Allocator(pairs, _list_keys(self.ids))
        self._kept: dict[tuple[int, Case], tuple[Placement, Start | None]] = {}

    @property
    def certain(self) -> BoolArray:
        """Schools nothing is missing of; shape `(T,)`."""
        return np.asarray(self.causes == "", dtype=np.bool_)

    def count_places(self, at: int, case: Case) -> FloatArray:
        """Places offered in the year of column `at`; shape `(T,)`."""
        certain, maybe = self.opened[at] & self.certain, self.maybe[at]
        offered = np.where(certain, np.nan_to_num(self.places), 0.0)
        if case == "possible":
            room = np.nansum(self.city.children[self.level][:, at]) + 1.0
            best = np.where(np.isnan(self.places), room, self.places)
            offered = np.where(maybe & ~certain, best, offered)
        return offered

    def list_cases(self, at: int) -> tuple[Case, ...]:
        """Cases that differ in the year of column `at`, `sure` first."""
        cases: list[Case] = ["sure"]
        if (self.maybe[at] & ~self.certain).any():
            cases.append("possible")
        if self._unknown_children[at]:
            cases.append("crowded")
        return tuple(cases)

    def place(self, at: int, case: Case = "sure", *, without: Iterable[int] = ()) -> Placement:
        """Place the children of the year of column `at`.

        Parameters
        ----------
        without
            Rows of `city.schools` that are thought away.
        """
        gone = np.isin(self.rows, list(without))
        if case not in self.list_cases(at):
            case = "sure"
        if (at, case) not in self._kept:  # asked by two at a time, solved by both, to the same end
            self._kept[at, case] = self._solve(at, case, self._closed, None)
        placement, start = self._kept[at, case]
        if (gone == self._closed).all():
            return placement
        return self._solve(at, case, gone, start)[0]

    def find_nearest(self, at: int, *, without: Iterable[int] = ()) -> IntArray:
        """The nearest school of every home that is or may be open, -1 for none; shape `(H,)`."""
        maybe = self.maybe[at] & ~np.isin(self.rows, list(without))
        order = self._by_walk[maybe[self.target[self._by_walk]]]
        nearest = np.full(len(self.city.homes), -1, dtype=np.int64)
        homes, first = np.unique(self.home[order], return_index=True)
        nearest[homes] = self.target[order[first]]
        return nearest

    def _find_pairs(self) -> ReachPairs:
        city = self.city
        ways = np.flatnonzero(np.isin(city.entrance_school, self.rows))
        return measure_within(
            city.network,
            city.entrances.take(ways),
            np.searchsorted(self.rows, city.entrance_school[ways]),
            len(self.rows),
            city.homes,
            limit_m=city.limit_m(self.level),
        )

    def _rank_assigned(self) -> IntArray:
        """Pairs of homes and the school they are assigned to, school by school, nearest first."""
        assigned = self.city.assigned[self.level]
        own = np.flatnonzero(self.rows[self.target] == assigned[self.home])
        return own[np.lexsort((self.home[own], self.walk_m[own], self.target[own]))]

    def _solve(
        self, at: int, case: Case, gone: BoolArray, start: Start | None
    ) -> tuple[Placement, Start | None]:
        children = self.city.children[self.level][:, at]
        offered = np.where(gone, 0.0, self.count_places(at, case))
        reached = np.zeros(len(children), dtype=np.bool_)
        reached[self.home[(self.maybe[at] & ~gone)[self.target]]] = True
        known = np.nan_to_num(children)
        fill: FloatArray = np.zeros(len(children))
        if case == "crowded":  # more than there is in reach; what schools thought away have, too
            every = self.count_places(at, case)[self.target]
            fill += 1.0 + np.bincount(self.home, weights=every, minlength=len(children))
        wanting = np.where(np.isnan(children), fill, children)
        rest, room = wanting, offered
        own = self._place_assigned(wanting, offered)
        if own is not None:
            by_home = np.bincount(self.home, weights=own, minlength=len(children))
            taken = np.bincount(self.target, weights=own, minlength=len(offered))
            rest, room = np.maximum(wanting - by_home, 0.0), np.maximum(offered - taken, 0.0)
        found = self._allocator.solve(rest, room, start=start)
        placement = Placement(
            children=known,
            flow=found.flow if own is None else own + found.flow,
            left=np.where(np.isnan(children), 0.0, found.left),
            out=np.where(reached, 0.0, known),
            used=found.used if own is None else taken + found.used,
        )
        return placement, found.start

    def _place_assigned(self, children: FloatArray, offered: FloatArray) -> FloatArray | None:
        """Children placed in the school they are assigned to, shape `(R,)`; None without catchments."""
        own = self._own
        if len(own) == 0:
            return None
        flow = np.zeros(len(self.home))
        target = self.target[own]
        wanting = children[self.home[own]]
        running = np.cumsum(wanting)
        start = np.searchsorted(target, np.arange(len(offered)), side="left")
        before = np.concatenate([[0.0], running])[start]
        ahead = running - wanting - before[target]
        flow[own] = np.clip(offered[target] - ahead, 0.0, wanting)
        return flow


def _list_keys(ids: NDArray[np.object_]) -> IntArray:
    """Numbers of the schools that depend on their ids alone: the same whatever others there are."""
    keys = np.array([zlib.crc32(str(one).encode()) for one in ids], dtype=np.int64)
    return keys + (pd.Series(keys).groupby(keys).cumcount().to_numpy(dtype=np.int64) << 32)


def build_placers(city: SchoolCity) -> Mapping[LevelCode, Placer]:
    """Build a placer per level, side by side."""
    with ThreadPoolExecutor() as pool:
        placers = pool.map(lambda level: Placer(city, level), LEVELS)
        return dict(zip(LEVELS, placers, strict=True))
