"""A city in which schools stand on lost parcels too, and the placements asked of it, solved once each."""

import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.units import IntArray
from layers.schooling.load import list_parts
from layers.schooling.model import LevelCode
from services.schools.model import SchoolCity
from services.schools.parcels.model import LOST
from services.schools.places import PARCEL
from services.schools.placing import Case, Placement, Placer
from services.walks import join_links

Asked = tuple[LevelCode, int, Case, frozenset[int]]
"""A placement: level, column of the year, case, rows of schools thought away."""
TINY = 1e-3
"""Children fewer than this are none."""


@dataclass(frozen=True, eq=False)
class World:
    """A city in which schools stand on lost parcels too, thought away unless asked for.

    Parameters
    ----------
    city
        With a school per lost parcel and level behind all others.
    lost
        Rows of those.
    """

    city: SchoolCity
    lost: frozenset[int]
    placers: dict[LevelCode, Placer] = field(default_factory=dict)
    kept: dict[tuple[LevelCode, int, Case, frozenset[int]], Placement] = field(default_factory=dict)

    def get_placer(self, level: LevelCode) -> Placer:
        """Return the placer of a level, built when first asked for."""
        if level not in self.placers:
            self.placers[level] = Placer(self.city, level)
        return self.placers[level]

    def find_placer(self, school: int) -> tuple[LevelCode, Placer]:
        """Return the level of the school of a row, and its placer."""
        level = self.city.schools["level"].iloc[school]
        return level, self.get_placer(level)

    def list_questions(self, school: int, at: int, case: Case) -> list[Asked]:
        """Placements that tell what a school does: with it and without it."""
        level, placer = self.find_placer(school)
        case = case if case in placer.list_cases(at) else "sure"
        return [
            (level, at, case, self.lost - {school}),
            (level, at, case, self.lost | {school}),
        ]

    def place(self, level: LevelCode, at: int, case: Case, without: frozenset[int]) -> Placement:
        """Place the children of a level; solved once per question."""
        key = level, at, case, without
        if key not in self.kept:
            self.kept[key] = self.get_placer(level).place(at, case, without=without)
        return self.kept[key]

    def place_all(self, asked: Iterable[tuple[int, int, Case]]) -> None:
        """Solve for schools, years and cases in an order in which little changes from one to the next."""
        of_level: dict[LevelCode, set[Asked]] = {}
        for one in asked:
            for question in self.list_questions(*one):
                of_level.setdefault(question[0], set()).add(question)
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(self._place_level, of_level.values()):
                pass

    def _place_level(self, questions: Iterable[Asked]) -> None:
        for question in sorted(questions, key=lambda one: (one[2], one[1], sorted(one[3]))):
            self.place(*question)

    def list_homes(self, school: int) -> IntArray:
        """Homes that reach the school of a row."""
        _, placer = self.find_placer(school)
        homes: IntArray = placer.home[placer.rows[placer.target] == school]
        return homes


def think_built(city: SchoolCity) -> World:
    """Build schools on lost parcels, with the classes that were planned."""
    frame, rows = city.parcels, []
    n = len(city.schools)
    for at in np.flatnonzero(frame["status"].isin(LOST).to_numpy()).tolist():
        parcel = frame.iloc[at]
        for level, share in list_parts(str(parcel["level"]), city.parameters).items():
            size = city.parameters.levels[level].class_size.value
            places = float(parcel["planned_classes"]) * share * size
            rows.append(
                {
                    "school_id": f"lost:{parcel['parcel_id']}",
                    "level": level,
                    "name": "",
                    "source": PARCEL,
                    "parcel_id": str(parcel["parcel_id"]),
                    "community_id": "",
                    "inclusive": pd.NA,
                    "places_source": "",
                    "opening_year": float(parcel["opening_year"]),
                    "places": places,
                    "settled_by": "parcels.planned_classes" if math.isnan(places) else "",
                    "opens": True,
                    "shown": False,
                    "facility_row": -1,
                    "parcel_row": at,
                }
            )
    if not rows:
        return World(city, frozenset())
    more = pd.DataFrame(rows).reindex(columns=city.schools.columns.drop("geometry"))
    kinds = city.schools.dtypes.drop("geometry").to_dict()
    schools = pd.concat(
        [pd.DataFrame(city.schools.drop(columns="geometry")), more.astype(kinds)],
        ignore_index=True,
    )
    added = np.arange(n, len(schools))
    parcel_row = schools["parcel_row"].to_numpy()[added]
    ways = [np.flatnonzero(city.entrance_parcel == row) for row in parcel_row]
    owner = np.repeat(added, [len(way) for way in ways])
    taken = city.parcel_entrances.take(np.concatenate(ways).astype(np.int64))
    grown = replace(
        city,
        schools=gpd.GeoDataFrame(schools),
        entrances=join_links([city.entrances, taken]),
        entrance_school=np.concatenate([city.entrance_school, owner]),
    )
    return World(grown, frozenset(added.tolist()))
