"""The city in one figure per kind and limit, with its denominator said."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

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
    by_kind = {str(code): rows for code, rows in minutes.groupby("kind", sort=False)}
    summary: dict[str, dict[str, dict[str, Any]]] = {}
    for kind in kinds:
        rows = by_kind[kind.code]
        limits = summary[kind.code] = {}
        for limit in sorted(set(rows["limit"])):
            mine = rows[rows["limit"] == limit]
            one = travels.get(kind.code)
            limits[f"{float(limit):g}"] = summarize_limit(mine, yardsticks, one, float(limit))
    return summary


def summarize_limit(
    rows: pd.DataFrame, yardsticks: Yardsticks, one: Travel | None, limit_min: float
) -> dict[str, Any]:
    """One figure for the city: `rows` are those of one kind and limit in minutes."""
    figures = _summarize_rows(rows)
    if one is not None and figures["status"] == "measured":
        figures |= _yardstick_shares(yardsticks, one, limit_min)
        figures |= _choose_basis(figures, rows)
    elif one is not None:
        figures["reason"] = NO_DEMAND
    return figures


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _summarize_rows(rows: pd.DataFrame) -> dict[str, Any]:
    known = rows[rows["households"].notna()]
    measured = bool((rows["status"] == "measured").any())
    households = float(known["households"].sum())
    covered = float(known["households_covered"].sum()) if measured else np.nan
    return {
        "status": "measured" if measured else "unknown",
        "reason": {"zh": "", "en": ""} if measured else NO_FACILITY,
        "share": None,
        "basis": "",
        "households": households if len(known) else None,
        "households_covered": _number(covered) if len(known) else None,
        "communities": len(rows),
        "communities_measured": int((rows["status"] == "measured").sum()),
        "communities_without_households": int(rows["households"].isna().sum()),
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


def _choose_basis(figures: Mapping[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    measured = rows[rows["status"] == "measured"]
    homes = measured["demand_source"].isin(_HOMES)
    if measured["households"].notna().mean() >= REPRESENTATIVE and figures["households"]:
        share = figures["households_covered"] / figures["households"]
        return {"basis": "households", "share": share}
    if homes.mean() >= REPRESENTATIVE and figures["building_share"] is not None:
        return {"basis": "buildings", "share": figures["building_share"]}
    return {"basis": "communities", "share": _number(float(measured["share"].mean()))}
