"""Which parcel of an earlier layer became which of a later one: by shape first, then by id.

Ids drift: surveyors renumber, a plan splits a block. Where two parcels share ground that says more than
their ids do; ids decide where there is no ground to compare (points), or none in common (moved).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import metric_crs, project
from layers.schooling.model import SiteRules

Relation = Literal["pair", "split", "merged", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Tie:
    """One earlier parcel beside one later one; rows, -1 where there is none.

    `shared_m2` is the ground they have in common, 0 where either is a point.
    """

    relation: Relation
    earlier: int
    later: int
    shared_m2: float = 0.0


def to_metres(
    earlier: gpd.GeoDataFrame, later: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], NDArray[np.object_], str]:
    """Shapes of both layers in one metric system, and that system."""
    layers = [np.asarray(frame.geometry.to_numpy(), dtype=object) for frame in (earlier, later)]
    both = np.concatenate(layers)
    known = ~(shapely.is_missing(both) | shapely.is_empty(both))
    bounds = shapely.total_bounds(both[known]) if known.any() else np.zeros(4)
    crs = metric_crs(*(float(edge) for edge in bounds))
    before, after = (
        np.asarray(shapely.transform(shapes, partial(project, crs=crs)), dtype=object)
        for shapes in layers
    )
    return before, after, crs


def match_parcels(
    ids: tuple[NDArray[Any], NDArray[Any]],
    shapes: tuple[NDArray[np.object_], NDArray[np.object_]],
    rules: SiteRules,
) -> list[Tie]:
    """Tie parcels of two layers.

    Parameters
    ----------
    ids, shapes
        Of the earlier and of the later layer; shapes in metres, points or areas.

    Returns
    -------
    ties
        Every parcel of either layer stands in at least one; those of the earlier layer in order,
        then new ones.
    """
    shared = _measure_shared(shapes, rules)
    ties = _tie_by_ground(ids, shapes, shared, rules)
    ties += _tie_by_id(ids, shapes, ties, rules)
    ties += _tie_points(shapes, ties, rules)
    used = {tie.earlier for tie in ties}, {tie.later for tie in ties}
    ties += [Tie("gone", row, -1) for row in range(len(shapes[0])) if row not in used[0]]
    ties += [Tie("new", -1, row) for row in range(len(shapes[1])) if row not in used[1]]
    return sorted(ties, key=lambda tie: (tie.earlier < 0, tie.earlier, tie.later))


def _measure_shared(
    shapes: tuple[NDArray[np.object_], NDArray[np.object_]], rules: SiteRules
) -> dict[tuple[int, int], float]:
    """Common ground of pairs that share a real part of either, m²."""
    before, after = shapes
    if not len(before) or not len(after):
        return {}
    rows, others = shapely.STRtree(after).query(before, predicate="intersects")
    common = shapely.area(shapely.intersection(before[rows], after[others]))
    smaller = np.minimum(shapely.area(before)[rows], shapely.area(after)[others])
    real = (common > 0) & (common >= rules.part_share.value * smaller)
    return {
        (row, other): area
        for row, other, area in zip(
            rows[real].tolist(), others[real].tolist(), common[real].tolist(), strict=True
        )
    }


def _tie_by_ground(
    ids: tuple[NDArray[Any], NDArray[Any]],
    shapes: tuple[NDArray[np.object_], NDArray[np.object_]],
    shared: Mapping[tuple[int, int], float],
    rules: SiteRules,
) -> list[Tie]:
    """Best partners pair; what is left joins the parcel that holds most of it: a split, a merger."""
    areas = shapely.area(shapes[0]), shapely.area(shapes[1])

    def strength(pair: tuple[int, int]) -> tuple[float, bool, int, int]:
        whole = areas[0][pair[0]] + areas[1][pair[1]] - shared[pair]
        same_id = bool(ids[0][pair[0]] == ids[1][pair[1]])
        return (-round(shared[pair] / whole, 6), not same_id, *pair)

    order = sorted(shared, key=strength)
    best: dict[int, int] = {}
    taken: dict[int, int] = {}
    for row, other in order:
        if row not in best and other not in taken:
            best[row], taken[other] = other, row
    parts = [
        (row, other)
        for row, other in order
        if other not in taken and _is_mostly(shared[row, other], areas[1][other], rules)
    ]
    wholes = [
        (row, other)
        for row, other in order
        if row not in best and _is_mostly(shared[row, other], areas[0][row], rules)
    ]
    split = {row for row, _ in parts}
    merged = {other for _, other in wholes}

    def name(pair: tuple[int, int]) -> Relation:
        return "split" if pair[0] in split else "merged" if pair[1] in merged else "pair"

    pairs = [*best.items(), *parts, *wholes]
    return [Tie(name(pair), *pair, shared_m2=shared[pair]) for pair in dict.fromkeys(pairs)]


def _is_mostly(shared_m2: float, area_m2: float, rules: SiteRules) -> bool:
    return shared_m2 >= rules.moved_share.value * area_m2


def _tie_by_id(
    ids: tuple[NDArray[Any], NDArray[Any]],
    shapes: tuple[NDArray[np.object_], NDArray[np.object_]],
    ties: list[Tie],
    rules: SiteRules,
) -> list[Tie]:
    """Parcels of one id without common ground: moved, unless they differ too much in size."""
    used = {tie.earlier for tie in ties}, {tie.later for tie in ties}
    rows = {one: row for row, one in enumerate(ids[1].tolist()) if row not in used[1]}
    found = []
    for row, one in enumerate(ids[0].tolist()):
        if row in used[0] or one not in rows:
            continue
        areas = sorted((shapes[0][row].area, shapes[1][rows[one]].area))
        if areas[0] == 0 or areas[0] >= rules.moved_share.value * areas[1]:
            found.append(Tie("pair", row, rows[one]))
    return found


def _tie_points(
    shapes: tuple[NDArray[np.object_], NDArray[np.object_]], ties: list[Tie], rules: SiteRules
) -> list[Tie]:
    """Parcels of which one or both are points, on the same spot."""
    used = {tie.earlier for tie in ties}, {tie.later for tie in ties}
    free = [row for row in range(len(shapes[1])) if row not in used[1]]
    found = []
    for row in range(len(shapes[0])):
        if row in used[0] or not free:
            continue
        distance = shapely.distance(shapes[0][row], shapes[1][free])
        is_point = (shapely.area(shapes[1][free]) == 0) | (shapes[0][row].area == 0)
        distance = np.where(is_point, distance, np.inf)
        at = int(np.argmin(distance))
        if distance[at] <= rules.moved_m.value:
            found.append(Tie("pair", row, free.pop(at)))
    return found
