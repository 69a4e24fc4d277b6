"""What happened to reservations: two layers of parcels of different dates, side by side."""

import math
from collections.abc import Callable, Sequence
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
from services.schools.parcels.change_words import Change, Felt, say_change
from services.schools.parcels.matching import Tie, match_parcels, to_metres
from services.schools.parcels.model import LOST

ChildrenOf = Callable[[str], Felt]
"""Of an earlier parcel's id: who feels what became of it."""

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
        Asked for every earlier parcel that lost ground, its purpose or its shape.

    Returns
    -------
    changes
        Columns of `layers.results.PARCEL_CHANGES` and `geometry`: the ground no longer reserved, of
        new parcels the ground gained, else None (WGS 84). The gravest changes first. A split parcel has
        a row per part and a merged one a row per earlier parcel. What a split parcel lost, and who feels
        it, stands in one row: that of the first part that is re-zoned or occupied, else of the first.
    """
    before, after, crs = to_metres(earlier, later)
    sides = _list_sides(earlier, before), _list_sides(later, after)
    ids = earlier["parcel_id"].to_numpy(dtype=object), later["parcel_id"].to_numpy(dtype=object)
    ties = match_parcels(ids, (before, after), parameters.site)
    grounds = _Grounds(_unite(sides[0]), _unite(sides[1]), parameters.site)
    telling, broken_up = _choose_telling(ties, sides[1]), _list_broken_up(ties, sides[1])
    rows = []
    for at, tie in enumerate(ties):
        old = sides[0][tie.earlier] if tie.earlier >= 0 else None
        new = sides[1][tie.later] if tie.later >= 0 else None
        kind = _name_change(tie, old, new, parameters.site, in_parts=tie.earlier in broken_up)
        tells = at in telling
        change = _judge(kind, old, new, grounds, tells=tells)
        felt = _ask_children(change, children_of, tells=tells)
        rows.append((change, felt, say_change(change, parameters, felt)))
    return _tabulate(rows, crs)


def _list_sides(frame: gpd.GeoDataFrame, shapes: Any) -> list[_Side]:
    columns = (frame[name].tolist() for name in ("parcel_id", "level", "status", "area_m2"))
    return [
        _Side(str(one), str(level), str(status), float(area), shape)
        for one, level, status, area, shape in zip(*columns, shapes, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Grounds:
    """All ground reserved in either layer, metres, and which differences are worth telling."""

    before: Any
    after: Any
    rules: SiteRules


def _unite(sides: Sequence[_Side]) -> Any:
    return shapely.union_all([side.shape for side in sides if side.status not in LOST])


def _choose_telling(ties: Sequence[Tie], later: Sequence[_Side]) -> frozenset[int]:
    """Ties that tell what their earlier parcel lost: one of each, and all of new parcels."""
    chosen: dict[int, int] = {}
    for at, tie in enumerate(ties):
        known = chosen.get(tie.earlier)
        lost = tie.later >= 0 and later[tie.later].status in LOST
        if known is None or (lost and later[ties[known].later].status not in LOST):
            chosen[tie.earlier] = at
    return frozenset({*chosen.values(), *(at for at, tie in enumerate(ties) if tie.earlier < 0)})


def _list_broken_up(ties: Sequence[Tie], later: Sequence[_Side]) -> frozenset[int]:
    """Earlier parcels that were split and of which a part is education land still."""
    return frozenset(
        tie.earlier
        for tie in ties
        if tie.relation == "split" and later[tie.later].status not in LOST
    )


def _ask_children(change: Change, children_of: ChildrenOf | None, *, tells: bool) -> Felt | None:
    """Who feels what became of an earlier parcel; said once, and not of what was lost before."""
    if children_of is None or change.change not in _LOSING:
        return None
    if not tells or change.status_before in LOST:
        return Felt(0.0, told=False)
    return children_of(change.earlier_id)


def _judge(
    kind: str, old: _Side | None, new: _Side | None, grounds: _Grounds, *, tells: bool
) -> Change:
    """One change with the ground that is lost; of a moved parcel less what it gained."""
    left_m2, gained_m2 = 0.0, 0.0
    lost = None
    if old is None:
        lost = _some(new).shape
    elif tells:
        lost, left_m2 = _find_left(old, new, grounds)
        gained_m2 = _measure_gained(old, new, grounds)
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
        lost_m2=max(left_m2 - gained_m2, 0.0) if kind == "moved" else left_m2,
        left_m2=left_m2,
        gained_m2=gained_m2,
        drawn=old is not None and old.shape.area > 0 and (new is None or new.shape.area > 0),
        tells=tells,
        shape=lost,
    )


def _some(side: _Side | None) -> _Side:
    if side is None:
        raise ValueError("a tie without any parcel")
    return side


def _find_left(old: _Side, new: _Side | None, grounds: _Grounds) -> tuple[Any, float]:
    """Ground of an earlier parcel that no later one keeps, and its m².

    Slivers are none. Stated areas tell only where either is a point.
    """
    if old.status in LOST:
        return None, 0.0
    gone = new is None or new.status in LOST
    if old.shape.area > 0 and (gone or _some(new).shape.area > 0):
        return _find_beyond(old.shape, grounds.after, grounds.rules)
    if gone:
        return None, old.area_m2
    shrunk = _compare_stated(old, _some(new), grounds.rules.same_share.value) == "shrunk"
    return None, old.area_m2 - _some(new).area_m2 if shrunk else 0.0


def _measure_gained(old: _Side, new: _Side | None, grounds: _Grounds) -> float:
    """Ground of a later parcel that no earlier one had, m²; 0 where either is a point."""
    if new is None or new.status in LOST or not (old.shape.area > 0 and new.shape.area > 0):
        return 0.0
    return _find_beyond(new.shape, grounds.before, grounds.rules)[1]


def _find_beyond(shape: Any, other: Any, rules: SiteRules) -> tuple[Any, float]:
    """Part of a shape outside another, and its m²; slivers are none."""
    rest = shapely.difference(shape, other)
    if rest.area <= (1 - rules.same_share.value) * shape.area:
        return None, 0.0
    return rest, float(rest.area)


def _name_change(
    tie: Tie, old: _Side | None, new: _Side | None, rules: SiteRules, *, in_parts: bool
) -> str:
    if old is None or new is None:
        return "new" if old is None else "gone"
    if tie.relation == "split" and in_parts:
        return "split"
    if (old.status in LOST) != (new.status in LOST):
        return "rezoned"
    if tie.relation in ("split", "merged"):
        return tie.relation
    if old.level != new.level:
        return "rezoned"
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


def _tabulate(rows: list[tuple[Change, Felt | None, Text]], crs: str) -> gpd.GeoDataFrame:
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
        "children_affected": [math.nan if row[1] is None else row[1].children for row in rows],
        "year": [math.nan if row[1] is None else row[1].first_year for row in rows],
    }
    table = pd.DataFrame(
        {
            "earlier_id": [one.earlier_id for one in changes],
            "parcel_id": [one.parcel_id for one in changes],
            "change": [one.change for one in changes],
            "level": [one.level for one in changes],
            "reason": [row[2].zh for row in rows],
            "reason_en": [row[2].en for row in rows],
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
