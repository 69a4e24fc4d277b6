"""Verdicts of two runs side by side: which of them moved, and in which direction."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray
from services.verdicts import GAP, MET, NOT_APPLICABLE, UNKNOWN

Direction = Literal["better", "worse", "decided", "undecided", "begins", "ends"]
DIRECTIONS: tuple[Direction, ...] = ("worse", "better", "undecided", "decided", "begins", "ends")
"""Directions, those to act on first."""

ABSENT = "absent"
"""Status where a run does not judge by the rule."""

_STATUSES = (MET, GAP, UNKNOWN, NOT_APPLICABLE, ABSENT)
_MOVED = 1e-6
"""Smallest difference of a shortfall that is told."""
_MEASURED = ("shortfall", "households_affected")


def _direct(before: str, after: str) -> Direction | Literal[""]:
    """In which direction one status lies of another; "" where a rule goes on not to apply."""
    outside = {NOT_APPLICABLE, ABSENT}
    if before == after or {before, after} == outside:
        return ""
    if before in outside:
        return "begins"
    if after in outside:
        return "ends"
    if UNKNOWN in {before, after}:
        return "decided" if before == UNKNOWN else "undecided"
    return "better" if after == MET else "worse"


_DIRECTED = np.array(
    [[_direct(one, other) for other in _STATUSES] for one in _STATUSES], dtype=object
)


def find_moves(
    before: pd.DataFrame,
    after: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    key: str,
    kept: Sequence[str],
) -> pd.DataFrame:
    """Rows of two tables side by side, those whose status, or how far they miss, moved.

    Parameters
    ----------
    before, after
        Tables with `community_id`, `status`, the column `key` and those of `kept`.
    pairs
        `before_id`, `after_id`, and whether the two are `alone`: else how far each misses is not
        compared, for they are of different size.
    key
        Column that names what was judged.
    kept
        Further columns wanted.

    Returns
    -------
    moves
        `pair` (row of `pairs`), `key`, `direction`, and `status` and the columns of `kept` with
        `_before` and `_after`.
    """
    columns = [key, "status", *kept]
    codes = pd.Index(pd.unique(pd.concat([before[key], after[key]], ignore_index=True)))
    sides = [
        _lay_out(frame, pairs[f"{side}_id"], codes, columns).add_suffix(f"_{side}")
        for side, frame in (("before", before), ("after", after))
    ]
    joined = sides[0].join(sides[1], how="outer")
    at = joined.index.to_numpy(dtype=np.int64)
    status = [_rank(joined[f"status_{side}"]) for side in ("before", "after")]
    direction = _DIRECTED[status[0], status[1]]
    pair = at // max(len(codes), 1)
    alone = pairs["alone"].to_numpy(dtype=np.bool_)[pair]
    both_miss = (status[0] == status[1]) & (status[0] == _STATUSES.index(GAP)) & alone
    if all(name in kept for name in (*_MEASURED, "unit")):
        _compare_measures(joined, both_miss, direction)
    moved = np.flatnonzero(direction != "")
    found = joined.iloc[moved].drop(columns=[f"{key}_before", f"{key}_after"])
    found = found.reset_index(drop=True)
    for side, ranks in zip(("before", "after"), status, strict=True):
        found[f"status_{side}"] = pd.array([_STATUSES[rank] for rank in ranks[moved]], dtype="str")
    found.insert(0, "pair", pair[moved])
    found.insert(1, key, codes.to_numpy()[at[moved] % max(len(codes), 1)])
    found["direction"] = direction[moved]
    return found


def _lay_out(
    frame: pd.DataFrame, communities: pd.Series, codes: pd.Index, columns: list[str]
) -> pd.DataFrame:
    """Rows of a table for each pair its community stands in, indexed by pair and code in one number."""
    places = pd.DataFrame({"community_id": communities, "pair": np.arange(len(communities))})
    rows = pd.DataFrame({"community_id": frame["community_id"], "row": np.arange(len(frame))})
    joined = places.merge(rows, on="community_id")
    found = frame[columns].iloc[joined["row"].to_numpy()]
    code = codes.get_indexer(pd.Index(found[columns[0]]))
    found.index = pd.Index(joined["pair"].to_numpy() * len(codes) + code)
    return found


def _rank(status: pd.Series) -> NDArray[np.int64]:
    """Place of each status in `_STATUSES`; what is missing is absent."""
    found = pd.Index(_STATUSES).get_indexer(pd.Index(status.astype(object)))
    return np.where(found < 0, _STATUSES.index(ABSENT), found).astype(np.int64)


def _compare_measures(joined: pd.DataFrame, both_miss: BoolArray, direction: NDArray[Any]) -> None:
    """Fill in where a gap that stayed one grew or shrank."""
    rows = np.flatnonzero(both_miss)
    part = joined.iloc[rows]
    fair = (part["unit_before"] == part["unit_after"]).to_numpy(dtype=np.bool_)
    for name in _MEASURED:
        change = (part[f"{name}_after"] - part[f"{name}_before"]).to_numpy(dtype=np.float64)
        tell = fair & (direction[rows] == "") & (np.abs(change) > _MOVED)
        direction[rows[tell]] = np.where(change[tell] > 0, "worse", "better")
