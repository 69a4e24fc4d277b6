"""Where land is missing: communities short of places with no reservation in reach, and what could serve."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layers.schooling.model import LevelCode
from services.schools.land import Candidate, ParcelReach, rank_candidates, reach_parcels
from services.schools.placing import Placer
from services.schools.shortages import find_left_homes


@dataclass(frozen=True, slots=True)
class Missing:
    """One community and level without land for the school it needs.

    `shortage` is the row of `layers.results.SHORTAGES`; `candidates` are the parcels within the walk of
    those without a place, the most suitable first.
    """

    community_id: str
    level: LevelCode
    shortage: Mapping[str, object]
    candidates: tuple[Candidate, ...]


def list_missing(placers: Mapping[LevelCode, Placer], shortages: pd.DataFrame) -> list[Missing]:
    """List communities with a shortage and no reservation in reach, the largest shortage first.

    Parameters
    ----------
    shortages
        As `layers.results.SHORTAGES`, of the same city.
    """
    rows = shortages[(shortages["status"] == "gap") & shortages["land_missing"]]
    rows = rows.sort_values(
        ["peak_children", "community_id", "level"], ascending=[False, True, True]
    )
    reaches: dict[str, ParcelReach] = {}
    found = []
    for record in rows.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        placer = placers[row["level"]]
        if placer.level not in reaches:
            reaches[placer.level] = reach_parcels(placer.city, placer.level)
        found.append(
            Missing(
                str(row["community_id"]),
                placer.level,
                row,
                tuple(_rank(placer, reaches[placer.level], row)),
            )
        )
    return found


def _rank(placer: Placer, reach: ParcelReach, row: Mapping[str, object]) -> list[Candidate]:
    city = placer.city
    place = int(pd.Index(city.communities["community_id"]).get_loc(row["community_id"]))
    at = int(np.flatnonzero(city.years == row["peak_year"])[0])
    return rank_candidates(
        city,
        placer.level,
        reach,
        find_left_homes(placer, place, at),
        begins=int(float(str(row["begins"]))),
        needed_area_m2=float(str(row["needed_area_m2"])),
    )
