"""An example journey per community and kind: the home in the middle, and when it leaves."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.store import Run
from layers.transit.clock import write_clock
from services.rides import WALK_TRANSIT

Row = dict[str, Any]


class HomeIndex:
    """Homes of a run by community, with their times by public transport.

    Parameters
    ----------
    run
        The opened run.
    """

    def __init__(self, run: Run) -> None:
        access = run.access
        self._access = access[access["mode"] == WALK_TRANSIT].reset_index(drop=True)
        self._demand = run.demand

    def find_example(self, community_id: str, kind: str, mode: str) -> Row | None:
        """Return the home at the weighted median of its community's times, or None.

        It is the home the community's `median_s` belongs to; of homes with the same time, the one
        where most live. Where that home walks although others ride, the one in the middle of those
        that ride stands for them, and `basis` says so.
        """
        if mode != WALK_TRANSIT:
            return None
        homes = self._rows.get((community_id, kind))
        if homes is None:
            return None
        frame = self._access.iloc[homes]
        rides = frame["depart_s"].notna().to_numpy()
        median = _find_middle(frame)
        basis = "median"
        if rides.any() and (median is None or not rides[median]):
            riders = np.flatnonzero(rides)
            middle = _find_middle(frame.iloc[riders])
            median, basis = None if middle is None else int(riders[middle]), "median_of_riders"
        if median is None:
            return None
        weight = frame["weight"].to_numpy(dtype=np.float64)
        total = float(weight.sum())
        share = float(weight[rides].sum()) / total if total > 0 else float(rides.mean())
        return self._describe(frame.iloc[median], basis, share)

    def _describe(self, row: pd.Series, basis: str, riders_share: float) -> Row:
        home = self._demand.iloc[self._home_rows[row["demand_id"]]]
        depart_s = _known(row["depart_s"])
        return {
            "demand_id": str(row["demand_id"]),
            "name": str(home["name"] or ""),
            "lon": float(home.geometry.x),
            "lat": float(home.geometry.y),
            "households": _known(row["households"]),
            "basis": basis,
            "riders_share": round(riders_share, 6),
            "typical_s": _known(row["nearest_s"]),
            "best_s": _known(row["best_s"]),
            "worst_s": _known(row["worst_s"]),
            "depart_s": depart_s,
            "depart": None if depart_s is None else write_clock(int(depart_s)),
            "facility_id": str(row["facility_id"]),
        }

    @cached_property
    def _rows(self) -> dict[Any, NDArray[np.int64]]:
        grouped = self._access.groupby(["community_id", "kind"], sort=False, observed=True)
        return {key: np.asarray(rows, dtype=np.int64) for key, rows in grouped.indices.items()}

    @cached_property
    def _home_rows(self) -> dict[str, int]:
        return {str(one): row for row, one in enumerate(self._demand["demand_id"])}


def _find_middle(frame: pd.DataFrame) -> int | None:
    """Place of the row by which half of the weight is reached; None where that is never reached."""
    time = frame["nearest_s"].to_numpy(dtype=np.float64, na_value=np.inf)
    weight = frame["weight"].to_numpy(dtype=np.float64)
    if weight.sum() <= 0:
        weight = np.ones(len(weight))
    order = np.lexsort((frame["demand_id"].to_numpy(dtype=str), -weight, time))
    running = np.cumsum(weight[order])
    place = int(np.searchsorted(running, running[-1] / 2 - 1e-9 * max(running[-1], 1.0)))
    found = time[order[min(place, len(order) - 1)]]
    if not np.isfinite(found):
        return None
    return int(order[np.flatnonzero(time[order] == found)[0]])


def _known(value: object) -> float | None:
    number = float(value) if isinstance(value, (int, float)) else np.nan
    return round(number, 3) if np.isfinite(number) else None
