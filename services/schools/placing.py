"""Children of one level placed in one year, in the worst and in the best case.

What nobody knows is never guessed; it is bounded. Three cases:

- `sure`: schools whose places, level or opening nobody knows take none;
- `possible`: they take as many as they may, from the first year they may be open: everyone, where
  their places are unknown;
- `crowded`: as `sure`, and children nobody has counted fill whatever they can reach. Only where
  some children are unknown.

Nobody is worse off when a school takes more or others have fewer children, home by home: an optimal
allocation changes along paths that end at a free place, and such a path puts no child out that had one.
So what is left in `possible` is left whatever the truth, and what is placed in `crowded` is placed.

Children inside an assigned catchment come first at its school, the nearest of them when places do not
suffice; whoever is left after that is placed with everybody else.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import numpy as np
import pandas as pd

from geo.allocate import Allocator, Start
from geo.reach import ReachPairs, measure_within, take_idle
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
    """Places the children of one level, year after year; keeps what it solved, and its solver warm.

    May be asked from several threads: each has a solver of its own. What is asked `without` some
    schools is solved from the kept solution of the same year, in a fraction of its time.

    Parameters
    ----------
    city
        Homes, children, schools.
    level
        The level.

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

    def __init__(self, city: SchoolCity, level: LevelCode) -> None:
        self.city, self.level = city, level
        self.rows = city.list_schools(level)
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
        self._pairs = pairs
        self._idle: Mapping[Case, list[Allocator]] = {case: [] for case in CASES}
        self._kept: dict[tuple[int, Case], tuple[Placement, Start | None]] = {}
        self._lasting = len(city.parcels) > 0  # without parcels nobody asks what one is worth
        self._lock = Lock()

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
        placement, start = self._keep(at, case)
        if not gone.any():
            return placement
        allocator = take_idle(self._idle[case], lambda: Allocator(self._pairs))
        found = self._solve(allocator, at, case, gone, start)
        self._idle[case].append(allocator)
        return found

    def _keep(self, at: int, case: Case) -> tuple[Placement, Start | None]:
        """The placement of a year with all schools, and where its solution stands; solved once.

        Cases do not share solvers: from another case's solution the way is longer than from none.
        """
        with self._lock:
            if (at, case) not in self._kept:
                allocator = take_idle(self._idle[case], lambda: Allocator(self._pairs))
                nothing = np.zeros(len(self.rows), dtype=np.bool_)
                _, start = self._kept.get((at - 1, case), (None, None))
                placement = self._solve(allocator, at, case, nothing, start)
                self._kept[at, case] = placement, allocator.keep() if self._lasting else None
                self._idle[case].append(allocator)
            return self._kept[at, case]

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
        self, allocator: Allocator, at: int, case: Case, gone: BoolArray, start: Start | None
    ) -> Placement:
        children = self.city.children[self.level][:, at]
        offered = np.where(gone, 0.0, self.count_places(at, case))
        reached = np.zeros(len(children), dtype=np.bool_)
        reached[self.home[(self.maybe[at] & ~gone)[self.target]]] = True
        known = np.nan_to_num(children)
        fill = offered.sum() + 1.0 if case == "crowded" else 0.0
        wanting = np.where(np.isnan(children), fill, children)
        own = self._place_assigned(wanting, offered)
        by_home = np.bincount(self.home, weights=own, minlength=len(children))
        taken = np.bincount(self.target, weights=own, minlength=len(offered))
        rest = allocator.solve(
            np.maximum(wanting - by_home, 0.0), np.maximum(offered - taken, 0.0), start=start
        )
        return Placement(
            children=known,
            flow=own + rest.flow,
            left=np.where(np.isnan(children), 0.0, rest.left),
            out=np.where(reached, 0.0, known),
            used=taken + rest.used,
        )

    def _place_assigned(self, children: FloatArray, offered: FloatArray) -> FloatArray:
        """Children placed in the school they are assigned to; shape `(R,)`."""
        flow = np.zeros(len(self.home))
        own = self._own
        if len(own) == 0:
            return flow
        target = self.target[own]
        wanting = children[self.home[own]]
        running = np.cumsum(wanting)
        start = np.searchsorted(target, np.arange(len(offered)), side="left")
        before = np.concatenate([[0.0], running])[start]
        ahead = running - wanting - before[target]
        flow[own] = np.clip(offered[target] - ahead, 0.0, wanting)
        return flow


def build_placers(city: SchoolCity) -> Mapping[LevelCode, Placer]:
    """Build a placer per level, side by side."""
    with ThreadPoolExecutor() as pool:
        placers = pool.map(lambda level: Placer(city, level), LEVELS)
        return dict(zip(LEVELS, placers, strict=True))
