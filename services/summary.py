"""The city in one figure per kind and limit, with its denominator said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from geo.units import BoolArray, FloatArray, IntArray
from layers.kinds import Kind
from services.travel import Travel
from services.walks import Yardsticks

NO_FACILITY = {
    "zh": "数据中没有该类设施，无法判断覆盖率；请补充设施表或更完整的地图数据。",
    "en": "The data hold no facility of this kind, so coverage is unknown: add a facility table or "
    "fuller map data.",
}
NO_DEMAND = {
    "zh": "没有可用的出发点，无法判断覆盖率；请提供社区户数或住宅数据。",
    "en": "There are no homes to start from, so coverage is unknown: supply households or homes.",
}


REPRESENTATIVE = 0.5
"""Share of the measured communities a denominator must be known in to speak for the city."""
_HOMES = ("table", "buildings")


def summarize(
    coverage: pd.DataFrame,
    yardsticks: Yardsticks,
    travels: Mapping[str, Travel],
    kinds: Iterable[Kind],
) -> dict[str, dict[str, dict[str, Any]]]:
    """City figures per kind and limit in minutes, of one mode.

    `share` is that of households over the communities whose households are known, if that is at
    least half of those measured; else that of residential buildings, if homes are mapped in at
    least half of them; else the plain mean of the communities' shares. `basis` says which
    (`households`, `buildings`, `communities`), `communities_measured` and `buildings` of how many.

    Parameters
    ----------
    coverage
        Rows of that mode.
    travels
        The way to each measured kind, by its code.
    """
    minutes = coverage[coverage["limit_unit"] == "min"]
    columns = _read_columns(minutes)
    limits = minutes["limit"].to_numpy(dtype=float)
    codes, names = pd.factorize(minutes["kind"])
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    by_kind = dict(zip(names, np.split(order, ends[:-1]), strict=True))
    summary: dict[str, dict[str, dict[str, Any]]] = {}
    for kind in kinds:
        rows, one = by_kind[kind.code], travels.get(kind.code)
        summary[kind.code] = {
            f"{limit:g}": _summarize(
                columns.take(rows[limits[rows] == limit]), yardsticks, one, float(limit)
            )
            for limit in np.unique(limits[rows])
        }
    return summary


def summarize_limit(
    rows: pd.DataFrame, yardsticks: Yardsticks, one: Travel | None, limit_min: float
) -> dict[str, Any]:
    """One figure for the city: `rows` are those of one kind and limit in minutes."""
    return _summarize(_read_columns(rows), yardsticks, one, limit_min)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What is summed up, per community: of one kind and limit, or of all."""

    measured: BoolArray
    at_homes: BoolArray
    households: FloatArray
    covered: FloatArray
    share: FloatArray

    def take(self, rows: IntArray) -> "_Columns":
        return _Columns(*(getattr(self, one.name)[rows] for one in fields(self)))


def _read_columns(rows: pd.DataFrame) -> _Columns:
    return _Columns(
        (rows["status"] == "measured").to_numpy(),
        rows["demand_source"].isin(_HOMES).to_numpy(),
        *(rows[name].to_numpy() for name in ("households", "households_covered", "share")),
    )


def _summarize(
    rows: _Columns, yardsticks: Yardsticks, one: Travel | None, limit_min: float
) -> dict[str, Any]:
    figures = _summarize_rows(rows)
    if one is not None and figures["status"] == "measured":
        figures |= _yardstick_shares(yardsticks, one, limit_min)
        figures |= _choose_basis(figures, rows)
    elif one is not None:
        figures["reason"] = NO_DEMAND
    return figures


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _summarize_rows(rows: _Columns) -> dict[str, Any]:
    known = ~np.isnan(rows.households)
    measured = bool(rows.measured.any())
    covered = float(np.nansum(rows.covered[known])) if measured else np.nan
    return {
        "status": "measured" if measured else "unknown",
        "reason": {"zh": "", "en": ""} if measured else NO_FACILITY,
        "share": None,
        "basis": "",
        "households": float(rows.households[known].sum()) if known.any() else None,
        "households_covered": _number(covered) if known.any() else None,
        "communities": len(known),
        "communities_measured": int(rows.measured.sum()),
        "communities_without_households": int((~known).sum()),
        "building_share": None,
        "land_share": None,
    }


def _yardstick_shares(yardsticks: Yardsticks, one: Travel, limit_min: float) -> dict[str, Any]:
    _, building, cell = one.list_within(limit_min, "min")
    inside = yardsticks.building_community >= 0
    buildings = building[inside].mean() if inside.any() else np.nan
    land = yardsticks.land_community >= 0
    area = yardsticks.land_m2[land]
    share = area[cell[land]].sum() / area.sum() if area.sum() > 0 else np.nan
    return {
        "buildings": int(inside.sum()),
        "building_share": _number(float(buildings)),
        "land_share": _number(float(share)),
    }


def _choose_basis(figures: Mapping[str, Any], rows: _Columns) -> dict[str, Any]:
    known = ~np.isnan(rows.households[rows.measured])
    if known.mean() >= REPRESENTATIVE and figures["households"]:
        share = figures["households_covered"] / figures["households"]
        return {"basis": "households", "share": share}
    at_homes = rows.at_homes[rows.measured].mean()
    if at_homes >= REPRESENTATIVE and figures["building_share"] is not None:
        return {"basis": "buildings", "share": figures["building_share"]}
    return {"basis": "communities", "share": _number(_mean(rows.share[rows.measured]))}


def _mean(values: FloatArray) -> float:
    """Mean of the known values, NaN without any."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan
