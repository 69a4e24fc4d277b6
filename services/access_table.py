"""The way of every starting point to every kind, as `layers.results.ACCESS`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geo.units import UNREACHED, BoolArray, FloatArray, Int32Array
from layers.kinds import Kind
from layers.results import ACCESS
from services.rides import WALK_TRANSIT, KindRides
from services.travel import Travel
from services.walks import WALK, KindReach, Walks


def tabulate_access(
    walks: Walks,
    measured: Sequence[KindReach],
    travels: Mapping[str, Travel],
    speeds_m_s: Mapping[str, float],
    limit_min: float,
) -> pd.DataFrame:
    """One row per demand point and kind, on foot."""
    parts = []
    for one in measured:
        walk_m = _known(one.reach.walk_m)
        parts.append(
            _tabulate_kind(
                walks,
                one.kind,
                one.reach.facility,
                one.reach.entrance,
                travels[one.kind.code].list_within(limit_min, "min")[0],
                mode=WALK,
                nearest_s=walk_m / speeds_m_s[one.kind.traveller],
                nearest_m=walk_m,
                second_m=_known(one.second_m),
                n_within=one.n_within.astype(np.float64),
            )
        )
    return _join(parts)


def tabulate_rides(
    walks: Walks,
    measured: Sequence[KindRides],
    travels: Mapping[str, Travel],
    limit_min: float,
    *,
    timetable_source: str,
) -> pd.DataFrame:
    """One row per demand point and kind, on foot and by public transport."""
    parts = []
    for one in measured:
        times = one.reach.times
        parts.append(
            _tabulate_kind(
                walks,
                one.kind,
                one.reach.facility,
                one.reach.entrance,
                travels[one.kind.code].list_within(limit_min, "min")[0],
                mode=WALK_TRANSIT,
                timetable_source=timetable_source,
                nearest_s=_known(times.typical_s),
                best_s=_known(times.best_s),
                worst_s=_known(times.worst_s),
                depart_s=times.depart_s,
            )
        )
    return _join(parts)


def _tabulate_kind(
    walks: Walks,
    kind: Kind,
    facility: Int32Array,
    entrance: Int32Array,
    within: BoolArray,
    **columns: object,
) -> pd.DataFrame:
    """Rows of one kind; what `columns` does not say stays empty."""
    demand = walks.demand
    blank = {name: "" if one.dtype == "str" else np.nan for name, one in ACCESS.items()}
    told = {
        "demand_id": demand["demand_id"],
        "community_id": demand["community_id"],
        "households": demand["households"],
        "weight": demand["weight"],
        "kind": kind.code,
        "facility_id": _names(walks.facilities["facility_id"], facility),
        "entrance_id": _names(walks.entrances["entrance_id"], entrance),
        "within_limit": within,
    }
    return pd.DataFrame({**blank, **told, **columns})


def _join(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not parts:  # the data hold no facility at all
        return pd.DataFrame({name: pd.Series(dtype=one.dtype) for name, one in ACCESS.items()})
    return pd.concat(parts, ignore_index=True)


def _known(value: FloatArray) -> FloatArray:
    return np.where(value < UNREACHED, value, np.nan)


def _names(ids: pd.Series, rows: Int32Array) -> pd.Series:
    texts = ids.to_numpy(dtype=object)
    named = np.where(rows >= 0, texts[np.maximum(rows, 0)] if len(texts) else "", "")
    return pd.Series(named, dtype="str")
