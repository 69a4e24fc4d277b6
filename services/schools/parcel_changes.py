"""What happened to reservations: two layers of parcels of different dates, side by side."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import unproject
from layers.results import PARCEL_CHANGES, shape_table
from layers.schooling.model import Parameters, SiteRules
from layers.standards.model import Text
from services.schools.parcels.change_words import Change, say_change
from services.schools.parcels.matching import Tie, match_parcels, to_metres
from services.schools.parcels.model import LOST

ChildrenOf = Callable[[str], tuple[float, float]]
"""Of an earlier parcel's id: children affected for want of it, and the first year it is felt (NaN)."""

CHANGES: tuple[str, ...] = (
    "gone",
    "rezoned",
    "shrunk",
    "moved",
    "split",
    "merged",
    "grown",
    "new",
    "same",
)
"""Changes, the gravest first."""

_LOSING = frozenset({"gone", "rezoned", "shrunk", "moved", "split", "merged"})
_UNKNOWN = (float("nan"), float("nan"))
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One of the two parcels of a tie; `shape` in metres."""

    parcel_id: str
    level: str
    status: str
    area_m2: float
    shape: Any


def compare_parcels(
    earlier: gpd.GeoDataFrame,
    later: gpd.GeoDataFrame,
    parameters: Parameters,
    *,
    children_of: ChildrenOf | None = None,
) -> gpd.GeoDataFrame:
    """Compare two layers of parcels.

    Parameters
    ----------
    earlier, later
        As `layers.parcels.read_parcels` gives them.
    children_of
        Asked for every earlier parcel that lost ground or its purpose.

    Returns
    -------
    changes
        Columns of `layers.results.PARCEL_CHANGES` and `geometry`: the ground no longer reserved, of
        new parcels the ground gained, else None (WGS 84). The gravest changes first. A split parcel has
        a row per part and a merged one a row per earlier parcel; the lost ground stands in the first.
    """
    before, after, crs = to_metres(earlier, later)
    sides = [_list_sides(earlier, before), _list_sides(later, after)]
    ids = earlier["parcel_id"].to_numpy(dtype=object), later["parcel_id"].to_numpy(dtype=object)
    ties = match_parcels(ids, (before, after), parameters.site)
    kept = shapely.union_all([side.shape for side in sides[1] if side.status not in LOST])
    rows, seen = [], set()
    for tie in ties:
        old = sides[0][tie.earlier] if tie.earlier >= 0 else None
        new = sides[1][tie.later] if tie.later >= 0 else None
        first = tie.earlier not in seen
        seen.add(tie.earlier)
        change = _judge(tie, old, new, kept, parameters.site, first=first)
        children, year = _count_children(change, old, children_of, first=first)
        rows.append((change, children, year, say_change(change, parameters, children, year)))
    return _tabulate(rows, crs)


def _count_children(
    change: Change, old: _Side | None, children_of: ChildrenOf | None, *, first: bool
) -> tuple[float, float]:
    """Children who miss what an earlier parcel lost, and from when on."""
    if children_of is None or old is None or change.change not in _LOSING:
        return _UNKNOWN
    whole = change.change in ("gone", "rezoned", "moved")
    if not first or old.status in LOST or not (whole or change.lost_m2 > 0):
        return 0.0, math.nan
    return children_of(old.parcel_id)


def _list_sides(frame: gpd.GeoDataFrame, shapes: Any) -> list[_Side]:
    columns = (frame[name].tolist() for name in ("parcel_id", "level", "status", "area_m2"))
    return [
        _Side(str(one), str(level), str(status), float(area), shape)
        for one, level, status, area, shape in zip(*columns, shapes, strict=True)
    ]


def _judge(
    tie: Tie, old: _Side | None, new: _Side | None, kept: Any, rules: SiteRules, *, first: bool
) -> Change:
    """What one tie means, with the ground that is lost."""
    if old is None:
        kind, lost, lost_m2 = "new", _some(new).shape, 0.0
    else:
        kind = "gone" if new is None else _name_change(tie, old, new, rules)
        lost, lost_m2 = _find_lost(old, new, kept, rules) if first else (None, 0.0)
    return Change(
        change=kind,
        earlier_id="" if old is None else old.parcel_id,
        parcel_id="" if new is None else new.parcel_id,
        level=_some(old or new).level,
        level_after="" if new is None else new.level,
        status_before="" if old is None else old.status,
        status_after="" if new is None else new.status,
        area_before_m2=math.nan if old is None else old.area_m2,
        area_after_m2=math.nan if new is None else new.area_m2,
        lost_m2=lost_m2,
        shape=lost,
    )


def _some(side: _Side | None) -> _Side:
    if side is None:
        raise ValueError("a tie without any parcel")
    return side


def _find_lost(old: _Side, new: _Side | None, kept: Any, rules: SiteRules) -> tuple[Any, float]:
    """Ground of an earlier parcel that no later one keeps, and its m².

    Slivers are none. Where a shape is missing or has not changed, stated areas tell.
    """
    if old.status in LOST:
        return None, 0.0
    same = rules.same_share.value
    if old.shape.area > 0 and (new is None or new.shape.area > 0):
        rest = shapely.difference(old.shape, kept)
        if rest.area > (1 - same) * old.shape.area:
            return rest, float(rest.area)
    elif new is None or new.status in LOST:
        return (old.shape if old.shape.area > 0 else None), old.area_m2
    if new is None or math.isnan(old.area_m2) or math.isnan(new.area_m2):
        return None, 0.0
    return None, old.area_m2 - new.area_m2 if new.area_m2 < same * old.area_m2 else 0.0


def _name_change(tie: Tie, old: _Side, new: _Side, rules: SiteRules) -> str:
    if (old.status in LOST) != (new.status in LOST) or old.level != new.level:
        return "rezoned"
    if tie.relation in ("split", "merged"):
        return tie.relation
    if old.shape.area == 0 or new.shape.area == 0:
        return _compare_points(old, new, rules)
    of_old, of_new = tie.shared_m2 / old.shape.area, tie.shared_m2 / new.shape.area
    same = rules.same_share.value
    if of_old >= same and of_new >= same:
        return _compare_stated(old, new, same)
    if max(of_old, of_new) < rules.moved_share.value:
        return "moved"
    ratio = new.shape.area / old.shape.area
    if same <= ratio <= 1 / same:
        return "moved"
    return "shrunk" if ratio < 1 else "grown"


def _compare_points(old: _Side, new: _Side, rules: SiteRules) -> str:
    if old.shape.distance(new.shape) > rules.moved_m.value:
        return "moved"
    return _compare_stated(old, new, rules.same_share.value)


def _compare_stated(old: _Side, new: _Side, same: float) -> str:
    """Parcels on the same ground: whether the stated areas say otherwise."""
    if math.isnan(old.area_m2) or math.isnan(new.area_m2):
        return "same"
    if new.area_m2 < same * old.area_m2:
        return "shrunk"
    return "grown" if old.area_m2 < same * new.area_m2 else "same"


def _tabulate(rows: list[tuple[Change, float, float, Text]], crs: str) -> gpd.GeoDataFrame:
    rank = {change: at for at, change in enumerate(CHANGES)}
    rows = sorted(
        rows,
        key=lambda row: (rank[row[0].change], row[0].earlier_id, row[0].parcel_id),
    )
    changes = [row[0] for row in rows]
    numbers = {
        "area_before_m2": [one.area_before_m2 for one in changes],
        "area_after_m2": [one.area_after_m2 for one in changes],
        "lost_m2": [one.lost_m2 for one in changes],
        "children_affected": [row[1] for row in rows],
        "year": [row[2] for row in rows],
    }
    table = pd.DataFrame(
        {
            "earlier_id": [one.earlier_id for one in changes],
            "parcel_id": [one.parcel_id for one in changes],
            "change": [one.change for one in changes],
            "level": [one.level for one in changes],
            "reason": [row[3].zh for row in rows],
            "reason_en": [row[3].en for row in rows],
        }
        | {
            name: np.round(np.array(values, dtype=np.float64), _DIGITS)
            for name, values in numbers.items()
        },
        columns=list(PARCEL_CHANGES),
    )
    shapes = np.array([one.shape for one in changes], dtype=object)
    drawn = np.array([shape is not None and shape.area > 0 for shape in shapes], dtype=np.bool_)
    shown = np.full(len(shapes), None, dtype=object)
    if drawn.any():
        shown[drawn] = shapely.transform(shapes[drawn], partial(unproject, crs=crs))
    return gpd.GeoDataFrame(shape_table(table, "parcel_changes"), geometry=shown, crs="EPSG:4326")
