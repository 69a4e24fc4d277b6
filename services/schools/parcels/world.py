"""A city in which schools stand on lost parcels too, and what schools do in it, measured once each."""

import math
from collections.abc import Mapping
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

TINY = 1e-3
"""Children fewer than this are none."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What a school does in one year, beside the world without it.

    Parameters
    ----------
    in_reach
        Children who reach it.
    served
        Children placed in it.
    without
        Children who have a place because of it.
    placed
        Children in reach who have a place without it, and by_school where.
    """

    in_reach: float
    served: float
    without: float
    placed: float
    by_school: Mapping[str, float]


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
    gains: dict[tuple[int, int, Case], Gain] = field(default_factory=dict)
    reached: dict[int, IntArray] = field(default_factory=dict)

    def get_placer(self, level: LevelCode) -> Placer:
        """Return the placer of a level, built when first asked for."""
        if level not in self.placers:
            self.placers[level] = Placer(self.city, level, closed=self.lost)
        return self.placers[level]

    def find_placer(self, school: int) -> tuple[LevelCode, Placer]:
        """Return the level of the school of a row, and its placer."""
        level: LevelCode = self.city.schools["level"].array[school]
        return level, self.get_placer(level)

    def place(self, level: LevelCode, at: int, case: Case) -> Placement:
        """Place the children of a level without the schools on lost parcels; solved once."""
        return self.get_placer(level).place(at, case, without=self.lost)

    def measure_gain(self, school: int, at: int, case: Case) -> Gain:
        """What the school of a row does in the year of column `at`; measured once."""
        level, placer = self.find_placer(school)
        key = school, at, case if case in placer.list_cases(at) else "sure"
        if key not in self.gains:
            self.gains[key] = self._measure(level, *key)
        return self.gains[key]

    def _measure(self, level: LevelCode, school: int, at: int, case: Case) -> Gain:
        placer = self.get_placer(level)
        other = placer.place(at, case, without=self.lost ^ {school})
        base = self.place(level, at, case)
        mine, gone = (other, base) if school in self.lost else (base, other)
        homes = self.list_homes(school)
        children = float(np.nansum(self.city.children[level][homes, at]))
        place = int(np.searchsorted(placer.rows, school))
        chosen = np.zeros(len(self.city.homes), dtype=np.bool_)
        chosen[homes] = True
        near = chosen[placer.home]
        flow = np.bincount(placer.target[near], weights=gone.flow[near], minlength=len(placer.rows))
        ids = placer.ids
        return Gain(
            in_reach=children,
            served=float(mine.used[place]),
            without=max(float(mine.used.sum() - gone.used.sum()), 0.0),
            placed=max(children - float(gone.left[homes].sum()), 0.0),
            by_school={ids[to]: float(flow[to]) for to in np.flatnonzero(flow > TINY)},
        )

    def list_homes(self, school: int) -> IntArray:
        """Homes that reach the school of a row."""
        if school not in self.reached:
            _, placer = self.find_placer(school)
            self.reached[school] = placer.home[placer.rows[placer.target] == school]
        return self.reached[school]


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
