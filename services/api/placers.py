"""Children of the run placed in its schools: opened when first needed, solved once."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from layers.schooling.model import LEVELS, LevelCode
from layers.store import Run
from services.once import OnceCache
from services.schools.gather import reopen_school_city
from services.schools.land import Candidate
from services.schools.missing import list_missing
from services.schools.model import SchoolCity
from services.schools.placing import Placer, build_placers
from services.schools.release import Release, measure_release

_SOLVED_KEPT = 1024
"""Levels times years: what is solved stays with the placers for good."""
_RELEASES_KEPT = 256
_CANDIDATES = "candidates"
ShortKey = tuple[str, str]
"""Community and level of a shortage."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A city's children and schools on its streets, with what places the one in the other."""

    city: SchoolCity
    placers: Mapping[LevelCode, Placer]


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A release test, and the seconds it took."""

    release: Release
    seconds: float


class SchoolPlacers:
    """What questions about places are solved with; built on first use, kept for the run.

    May be asked from several threads: who asks while something is being worked out waits for it.

    Parameters
    ----------
    run
        The run; its manifest tells of `schools`.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kept = OnceCache(2)
        self._solved = OnceCache(_SOLVED_KEPT)
        self._releases = OnceCache(_RELEASES_KEPT)
        self._told: set[Hashable] = set()

    def open(self) -> Opened:
        """Return the city with its placers.

        Raises
        ------
        KeyError
            The manifest says nothing of schools.
        """

        def build() -> Opened:
            city = reopen_school_city(self._run)
            return Opened(city, build_placers(city))

        opened: Opened = self._kept.get("open", build)
        return opened

    def warm(self, stopped: Callable[[], bool]) -> None:
        """Solve what release tests start from: every level with a school to come, year by year."""
        opened = self.open()
        levels = self._list_levels(opened.city.parcels["parcel_id"].tolist())

        def solve(level: LevelCode) -> None:
            for at in range(len(opened.city.years)):
                if not stopped():
                    self._solve(level, at)

        with ThreadPoolExecutor() as pool:
            for _ in pool.map(solve, levels):
                pass

    def has_release(self, parcel_id: str, years: Sequence[int] | None) -> bool:
        """Whether a release test was worked out before."""
        return _name_release(parcel_id, years) in self._told

    def release(self, parcel_id: str, years: Sequence[int] | None) -> Timed:
        """Return what giving up a parcel costs; worked out once."""

        def build() -> Timed:
            opened = self.open()
            begun = time.perf_counter()
            self._solve_all(parcel_id, years)
            found = measure_release(opened.city, parcel_id, years=years, placers=opened.placers)
            return Timed(found, time.perf_counter() - begun)

        key = _name_release(parcel_id, years)
        timed: Timed = self._releases.get(key, build)
        if len(self._told) > _RELEASES_KEPT:
            self._told &= {_CANDIDATES}
        self._told.add(key)
        return timed

    def _list_levels(self, parcels: Sequence[str]) -> list[LevelCode]:
        """Levels of the schools that stand, or will stand, on some parcels."""
        schools = self.open().city.schools
        here = schools[schools["parcel_id"].isin(parcels) & schools["shown"]]
        return [level for level in LEVELS if (here["level"] == level).any()]

    def _solve_all(self, parcel_id: str, years: Sequence[int] | None) -> None:
        """Solve what the release test of a parcel starts from, or wait for who is at it."""
        columns = enumerate(self.open().city.years.tolist())
        asked = [at for at, year in columns if years is None or year in years]
        levels = self._list_levels([parcel_id])
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(lambda one: self._solve(*one), product(levels, asked)):
                pass

    def _solve(self, level: LevelCode, at: int) -> None:
        """Place the children of a level in the year of a column, in every case; once."""
        placer = self.open().placers[level]

        def build() -> bool:
            for case in placer.list_cases(at):
                placer.place(at, case)
            return True

        self._solved.get((level, at), build)

    @property
    def has_candidates(self) -> bool:
        """Whether candidates were worked out before."""
        return _CANDIDATES in self._told

    def list_candidates(self) -> Mapping[ShortKey, Sequence[Candidate]]:
        """Return the parcels that could end each shortage, the most suitable first."""

        def build() -> Mapping[ShortKey, Sequence[Candidate]]:
            table = self._run.shortages
            named = table[(table["status"] == "gap") & (table["candidates"] != "")]
            if named.empty:
                return {}
            asked = named.assign(land_missing=True)  # where some is reserved, others may serve too
            rows = list_missing(self.open().placers, pd.DataFrame(asked))
            return {(row.community_id, row.level): row.candidates for row in rows}

        found: Mapping[ShortKey, Sequence[Candidate]] = self._kept.get(_CANDIDATES, build)
        self._told.add(_CANDIDATES)
        return found


def _name_release(parcel_id: str, years: Sequence[int] | None) -> Hashable:
    return parcel_id, None if years is None else tuple(years)


def knows_children(school_years: pd.DataFrame) -> bool:
    """Whether the children of any community, level and year are known."""
    city = school_years["scope"] == "city"
    return bool(np.isfinite(school_years["placed"].to_numpy(dtype=np.float64)[city]).any())
