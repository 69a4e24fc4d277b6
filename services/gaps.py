"""Where a city misses its rules, by how much, for how many, and why.

One row per community and answer of a rule, as `layers.results.GAPS`. Figures come from the rules,
never from here.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray
from layers.kinds import Kind
from layers.results import GAPS, shape_table
from layers.standards.model import Rule, StandardPack
from services.barriers import build_barriers
from services.causes import CAUSES, CommunityCauses
from services.cityfacts import CityFacts
from services.coverage import locate_facilities
from services.judges import JUDGES, Judgement
from services.rides import WALK_TRANSIT, Rides
from services.verdicts import GAP, MET, UNKNOWN, build_homes
from services.walks import Reach, Walks

DATA_MISSING = "data_missing"
_CELLS = "cells"


def find_gaps(
    packs: Sequence[StandardPack],
    walks: Walks,
    communities: gpd.GeoDataFrame,
    access: Mapping[str, Reach],
    barriers: gpd.GeoDataFrame,
    kinds: Mapping[str, Kind],
    speeds_m_s: Mapping[str, float],
    *,
    severed_detour: float,
    today: date,
    rides: Rides | None = None,
) -> pd.DataFrame:
    """Judge every community by every rule.

    Parameters
    ----------
    packs
        Standards to judge by.
    walks
        Homes and facilities on the streets.
    communities
        Columns as `layers.results.COMMUNITIES`, WGS 84.
    access
        Walks already measured, by kind: to the nearest of *all* facilities of the kind. Kinds
        not in it are measured here.
    barriers
        Lines nobody crosses away from bridges, WGS 84, columns `kind`, `name` and, where known,
        `type` (what a line really is: `hedge`, `canal`).
    kinds
        Facility kinds by code.
    speeds_m_s
        Walking speed per traveller.
    severed_detour
        Walk over straight line from which on a home counts as cut off.
    today
        Day the rules are judged on; a rule not in force then is `not_applicable`.
    rides
        Public transport tied to the same network. Without it a rule of mode `walk_transit` is
        `met` where walking alone meets it and else `unknown`.

    Returns
    -------
    gaps
        Columns as `layers.results.GAPS`, sorted by community, pack and rule. `shortfall` is
        `needed - found`; where an attribute (普惠, free places) is unknown for some facilities a
        `met` counts none of those and a `gap` counts all of them.
    """
    city = CityFacts(
        walks=walks,
        communities=communities,
        homes=build_homes(communities, walks.demand),
        households=communities["households"].to_numpy(dtype=np.float64, na_value=np.nan),
        is_cell=(communities["source"] == _CELLS).to_numpy(dtype=bool),
        barriers=build_barriers(barriers, walks.network.crs),
        located=locate_facilities(communities, walks.facilities),
        kinds=kinds,
        speeds_m_s=speeds_m_s,
        severed_detour=severed_detour,
        today=today,
        rides=rides,
        reaches={walks.list_facilities(kind).tobytes(): reach for kind, reach in access.items()},
    )
    parts = [
        _tabulate(city, pack, rule, judged)
        for pack in packs
        for rule in pack.rules
        for judged in JUDGES[type(rule.test)](city, rule, rule.test)
    ]
    if not parts:
        return shape_table(pd.DataFrame({name: [] for name in GAPS}), "gaps")
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values(["community_id", "pack", "rule"], kind="stable")
    return shape_table(table.reset_index(drop=True), "gaps")


def _tabulate(city: CityFacts, pack: StandardPack, rule: Rule, judged: Judgement) -> pd.DataFrame:
    """Rows of the gaps table for one answer."""
    size = len(city.communities)
    status = judged.status
    is_gap, decided = status == GAP, (status == GAP) | (status == MET)
    by_timetable = judged.answer.travelled and rule.mode == WALK_TRANSIT and city.rides is not None
    limit = dict(rule.list_values())["limit"] if judged.answer.travelled else None
    found = np.where(decided, judged.found, np.nan)
    shortfall = np.where(decided, np.maximum(judged.needed - found, 0.0), np.nan)
    affected = np.select([decided, status == UNKNOWN], [judged.affected, np.nan], default=0.0)
    texts = [judged.say(row) for row in range(size)]
    return pd.DataFrame(
        {
            "community_id": city.communities["community_id"].to_numpy(),
            "pack": pack.code,
            "rule": judged.code,
            "kind": rule.kind,
            "status": pd.array(status, dtype="str"),
            "cause": pd.array(_name_causes(judged), dtype="str"),
            "needed": judged.needed,
            "found": found,
            "shortfall": np.where(status == MET, 0.0, shortfall),
            "unit": judged.unit,
            "households_affected": affected,
            "limit": limit.value if limit else np.nan,
            "limit_unit": limit.unit if limit else "",
            "mode": rule.mode if limit else "",
            "timetable_source": city.rides.transit.source if city.rides and by_timetable else "",
            **_tabulate_place(city, judged.causes, is_gap),
            "source_status": rule.answer_status(judged.answer),
            "reason": pd.array([text.zh.strip() for text in texts], dtype="str"),
            "reason_en": pd.array([text.en.strip() for text in texts], dtype="str"),
        }
    )


def _name_causes(judged: Judgement) -> NDArray[np.object_]:
    names = np.array([*CAUSES, CAUSES[0]], dtype=object)
    main = -1 if judged.causes is None else judged.causes.cause
    causes = np.where(judged.status == GAP, names[main], "")
    return np.where(judged.status == UNKNOWN, DATA_MISSING, causes)


def _tabulate_place(
    city: CityFacts, causes: CommunityCauses | None, is_gap: BoolArray
) -> dict[str, Any]:
    """Columns about the nearest facility and the obstacle, blank where there is no gap."""
    size = len(is_gap)
    nearest_m = np.full(size, np.nan)
    facility = np.full(size, "", dtype=object)
    figures = {
        name: np.full(size, np.nan) for name in ("detour_factor", "barrier_lon", "barrier_lat")
    }
    words = {name: np.full(size, "", dtype=object) for name in ("barrier_kind", "barrier_name")}
    if causes is not None:
        ids = city.walks.facilities["facility_id"].to_numpy(dtype=object)
        named = np.flatnonzero(is_gap & (causes.facility >= 0))
        facility[named] = ids[causes.facility[named]]
        nearest_m = np.where(is_gap, causes.nearest_m, np.nan)
        for row, obstacle in causes.obstacle.items():
            detour = obstacle.detour_factor
            figures["detour_factor"][row] = detour if np.isfinite(detour) else np.nan
            figures["barrier_lon"][row], figures["barrier_lat"][row] = obstacle.lon, obstacle.lat
            words["barrier_kind"][row], words["barrier_name"][row] = obstacle.kind, obstacle.name
    return {
        "detour_factor": figures["detour_factor"],
        "nearest_m": nearest_m,
        "nearest_facility_id": pd.array(facility, dtype="str"),
        "barrier_kind": pd.array(words["barrier_kind"], dtype="str"),
        "barrier_name": pd.array(words["barrier_name"], dtype="str"),
        "barrier_lon": figures["barrier_lon"],
        "barrier_lat": figures["barrier_lat"],
    }
