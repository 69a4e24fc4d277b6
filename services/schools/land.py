"""Parcels within the walk of some homes, and which of them could give a school its land."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from geo.reach import measure_within
from geo.units import UNREACHED, BoolArray, FloatArray, IntArray
from layers.schooling.load import list_parts
from layers.schooling.model import LevelCode, Parameters
from services.schools.model import SchoolCity
from services.schools.places import COUNTED

AHEAD = tuple(status for status in COUNTED if status != "open")
"""States of a parcel in which its school is still to come."""
Why = Literal["late", "rezoned", "occupied", "unsure", "other_level"]
WHYS: tuple[Why, ...] = ("late", "unsure", "rezoned", "occupied", "other_level")
"""Why a parcel is not counted on for a shortage, the readiest first: it opens too late, nobody knows
when it opens or what it is for, it was given another use, it is occupied, it is for another level."""


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


def list_reserved(city: SchoolCity, level: LevelCode) -> IntArray:
    """Rows of the parcels a school of the level is still to be built on; one that is open is no reserve."""
    frame = city.parcels
    counted = frame["status"].isin(AHEAD).to_numpy(dtype=np.bool_)
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
        why = find_why(city.parameters, level, parcel, begins)
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


def find_why(
    parameters: Parameters, level: LevelCode, parcel: pd.Series, begins: float
) -> Why | None:
    """Why a parcel is not counted on from a year on; None for one that is, or that is built on.

    Parameters
    ----------
    parcel
        A row of `layers.results.PARCELS`.
    begins
        First year of the shortage.
    """
    status, parts = str(parcel["status"]), list_parts(str(parcel["level"]), parameters)
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
