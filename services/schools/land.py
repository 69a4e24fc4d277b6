"""How much land a school takes, and which parcels could give it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from geo.reach import measure_within
from geo.units import UNREACHED, BoolArray, FloatArray, IntArray
from layers.schooling.load import list_parts
from layers.schooling.model import LevelCode, Parameters
from layers.standards.model import STATUSES, Status, Value
from services.schools.model import SchoolCity
from services.schools.places import COUNTED

Why = Literal["late", "rezoned", "occupied", "unsure", "other_level"]
WHYS: tuple[Why, ...] = ("late", "unsure", "rezoned", "occupied", "other_level")
"""Why a parcel is not counted on for a shortage, the readiest first: it opens too late, nobody knows
when it opens or what it is for, it was given another use, it is occupied, it is for another level."""


@dataclass(frozen=True, slots=True)
class LandNeeded:
    """Least land of a school, and the figure it follows from; NaN and None where none is known."""

    area_m2: float
    value: Value | None


def find_land(
    parameters: Parameters, level: LevelCode, classes: float, places: float
) -> LandNeeded:
    """Least land a school of so many classes and places takes.

    The smallest listed size of at least as many classes; beyond the largest, and where no sizes are
    listed, land per child; else the largest size in proportion.
    """
    listed = [one for one in parameters.land if one.level == level]
    sizes = sorted(
        (one.classes, one) for one in listed if one.classes is not None and one.classes >= classes
    )
    if sizes:
        value = min(sizes, key=lambda size: size[0])[1].area_m2
        return LandNeeded(value.value, value)
    for one in listed:
        if one.classes is None:
            return LandNeeded(one.area_m2.value * places, one.area_m2)
    smaller = [(one.classes, one.area_m2) for one in listed if one.classes is not None]
    if not smaller:
        return LandNeeded(float("nan"), None)
    most, value = max(smaller, key=lambda size: size[0])
    return LandNeeded(value.value * classes / most, value)


def count_classes(parameters: Parameters, level: LevelCode, places: float) -> float:
    """Whole classes that so many places take."""
    return float(math.ceil(places / parameters.levels[level].class_size.value - 1e-9))


def find_weakest(values: list[Value]) -> Status:
    """Least certain status among figures; `primary` without any."""
    ranks = [STATUSES.index(value.source.status) for value in values]
    return STATUSES[max(ranks, default=0)]


@dataclass(frozen=True, slots=True, eq=False)
class ParcelReach:
    """Which homes reach which parcels within the walk of a level: `R` pairs, `P` parcels.

    `parcel`, `home`, `walk_m` have the shape `(R,)`.
    """

    parcel: IntArray
    home: IntArray
    walk_m: FloatArray
    n_parcels: int

    def find_walks(self, homes: BoolArray) -> FloatArray:
        """Shortest walk from some homes (shape `(H,)`, true for those meant) to each parcel."""
        walk = np.full(self.n_parcels, UNREACHED)
        chosen = homes[self.home]
        np.minimum.at(walk, self.parcel[chosen], self.walk_m[chosen])
        return walk


def reach_parcels(city: SchoolCity, level: LevelCode) -> ParcelReach:
    """Walks from all homes to all parcels, as far as children of the level walk."""
    pairs = measure_within(
        city.network,
        city.parcel_entrances,
        city.entrance_parcel,
        len(city.parcels),
        city.homes,
        limit_m=city.limit_m(level),
    )
    parcel = np.repeat(np.arange(len(city.parcels)), np.diff(pairs.start))
    return ParcelReach(parcel, pairs.home.astype(np.int64), pairs.walk_m, len(city.parcels))


def list_counted(city: SchoolCity, level: LevelCode) -> IntArray:
    """Rows of the parcels that are counted on for a level, whether or not a school stands there."""
    frame = city.parcels
    counted = frame["status"].isin(COUNTED).to_numpy(dtype=np.bool_)
    teaches = np.array(
        [level in list_parts(str(one), city.parameters) for one in frame["level"]], dtype=np.bool_
    )
    return np.flatnonzero(counted & teaches)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parcel that could end a shortage; `enough` is None where an area is unknown."""

    parcel_id: str
    why: Why
    walk_m: float
    area_m2: float
    needed_area_m2: float
    enough: bool | None


def rank_candidates(
    city: SchoolCity,
    level: LevelCode,
    reach: ParcelReach,
    homes: BoolArray,
    *,
    begins: int,
    needed_area_m2: float,
) -> list[Candidate]:
    """Parcels within the walk of some homes that could end their shortage, the most suitable first.

    By why they are not counted on (`WHYS`), then those that are large enough, then the nearest.

    Parameters
    ----------
    homes
        Shape `(H,)`, true for the homes meant.
    begins
        First year of the shortage: parcels of the level that open later are `late`.
    """
    walk = reach.find_walks(homes)
    found = []
    for at in np.flatnonzero(walk < UNREACHED).tolist():
        parcel = city.parcels.iloc[at]
        why = _find_why(city, level, parcel, begins)
        if why is not None:
            area = float(parcel["area_m2"])
            known = not (math.isnan(area) or math.isnan(needed_area_m2))
            enough = area >= needed_area_m2 if known else None
            found.append(
                Candidate(
                    str(parcel["parcel_id"]), why, float(walk[at]), area, needed_area_m2, enough
                )
            )
    return sorted(
        found,
        key=lambda one: (WHYS.index(one.why), one.enough is not True, one.walk_m, one.parcel_id),
    )


def _find_why(city: SchoolCity, level: LevelCode, parcel: pd.Series, begins: int) -> Why | None:
    """Why a parcel is not counted on in time; None for one that is, or that is built on."""
    status, parts = str(parcel["status"]), list_parts(str(parcel["level"]), city.parameters)
    if status == "re-zoned":
        return "rezoned"
    if status == "occupied":
        return "occupied"
    if status == "" or not parts:
        return None if status == "open" else "unsure"
    if level not in parts:
        return None if status in ("building", "open") else "other_level"
    if status == "open":
        return None
    if math.isnan(parcel["opening_year"]):
        return "unsure"
    return "late" if parcel["opening_year"] > begins else None
