"""Which community of an earlier run became which of a later one.

Codes drift: a district is renumbered, a community split, two merged, and an old code may come to
stand for another place. So areas decide; codes only say whether a place kept its own, and settle
which of two areas drawn one over the other is meant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.crs import metric_crs, project
from geo.units import BoolArray, FloatArray, IntArray

Relation = Literal["same", "renumbered", "redrawn", "split", "merged", "rearranged", "new", "gone"]

ONE_TO_ONE: frozenset[Relation] = frozenset({"same", "renumbered", "redrawn"})
"""Relations of one community to one."""

_MOSTLY = 0.5
"""Share of the smaller of two areas that must lie in the other for the two to belong together; and
share of one that must lie in others for it not to be new, or gone."""
_NOISE = 0.005
"""By how much a share may miss that: coordinates are rounded."""
_UNMOVED = 0.9
"""Share of the joint area two outlines must have in common to be one outline."""

__all__ = ["ONE_TO_ONE", "Match", "Relation", "match_communities"]


@dataclass(frozen=True, slots=True)
class Match:
    """Communities that cover one area, before and after.

    Parameters
    ----------
    relation
        `same` code and outline; `renumbered`: the outline under another code; `redrawn`: one to one,
        with another outline; `split`: one became several; `merged`: several became one;
        `rearranged`: several became several; `new`; `gone`.
    before, after
        Codes, ascending.
    pairs
        Codes before and after of those that cover each other; ascending.
    overlap
        Common area over joint area of all of them, 0 to 1.
    dated
        Date from which the later outlines hold, empty when none is given.
    later
        Whether that date lies after every date of the earlier ones (after the earlier run, where
        those have none).
    """

    relation: Relation
    before: tuple[str, ...]
    after: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    overlap: float
    dated: str
    later: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Overlaps:
    """Pairs of areas that share ground, `P` of them, each array of shape `(P,)`.

    `first` and `second` are rows before and after, `common` m², `alike` common over joint area,
    `tied` whether most of the smaller lies in the other.
    """

    first: IntArray
    second: IntArray
    common: FloatArray
    alike: FloatArray
    tied: BoolArray
    area_before: FloatArray
    area_after: FloatArray


def match_communities(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, earlier_day: str = ""
) -> tuple[Match, ...]:
    """Match the communities of two runs by area, and name what happened to each.

    Parameters
    ----------
    before, after
        Columns `community_id`, `valid_from` and areas in WGS 84.
    earlier_day
        Day of the earlier run, ISO: stands in for the dates of communities that have none.

    Returns
    -------
    matches
        Every community of either stands in exactly one; sorted by codes.
    """
    codes = [frame["community_id"].to_numpy(dtype=object) for frame in (before, after)]
    dates = [frame["valid_from"].to_numpy(dtype=object) for frame in (before, after)]
    overlaps = _overlay(
        *(np.asarray(frame.geometry.to_numpy(), dtype=object) for frame in (before, after))
    )
    tied = _tie(overlaps, codes[0], codes[1])
    size = len(before), len(after)
    group = _group(overlaps.first[tied], overlaps.second[tied], *size)
    shares = _measure_overlap(group, overlaps, size[0])
    members = _list_members(group[: size[0]]), _list_members(group[size[0] :])
    pairs: dict[int, list[tuple[str, str]]] = {}
    for one, other in zip(overlaps.first[tied], overlaps.second[tied], strict=True):
        pairs.setdefault(int(group[one]), []).append((str(codes[0][one]), str(codes[1][other])))
    matches = []
    for at in range(int(group.max()) + 1 if len(group) else 0):
        rows = [side.get(at, []) for side in members]
        earlier = max((str(dates[0][row]) for row in rows[0]), default="") or earlier_day
        later = max((str(dates[1][row]) for row in rows[1]), default="")
        one, other = (sorted(str(code[row]) for row in rows[i]) for i, code in enumerate(codes))
        overlap = float(shares[at])
        matches.append(
            Match(
                relation=_relate(one, other, overlap),
                before=tuple(one),
                after=tuple(other),
                pairs=tuple(sorted(pairs.get(at, ()))),
                overlap=overlap,
                dated=later,
                later=bool(later) and later > earlier,
            )
        )
    return tuple(sorted(matches, key=lambda match: (match.after or match.before, match.before)))


def _overlay(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> _Overlaps:
    """Find areas that share ground, and how much; measured in one metric system."""
    none = np.zeros(0, dtype=np.int64)
    first, second = none, none
    if len(before) and len(after):
        first, second = shapely.STRtree(after).query(before, predicate="intersects")
    metric_before, metric_after = _project(before, after, first, second)
    area_before, area_after = shapely.area(metric_before), shapely.area(metric_after)
    common = shapely.area(shapely.intersection(metric_before[first], metric_after[second]))
    smaller = np.minimum(area_before[first], area_after[second])
    joint = area_before[first] + area_after[second] - common
    return _Overlaps(
        first=first.astype(np.int64),
        second=second.astype(np.int64),
        common=np.asarray(common, dtype=np.float64),
        alike=np.divide(common, joint, out=np.zeros(len(common)), where=joint > 0),
        tied=(common > 0) & (common >= (_MOSTLY - _NOISE) * smaller),
        area_before=np.asarray(area_before, dtype=np.float64),
        area_after=np.asarray(area_after, dtype=np.float64),
    )


def _project(
    before: np.ndarray[Any, Any], after: np.ndarray[Any, Any], first: IntArray, second: IntArray
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Areas that touch one of the other run, in one metric system; the others stay empty."""
    empty = shapely.Polygon()
    flat = np.full(len(before), empty, dtype=object), np.full(len(after), empty, dtype=object)
    if len(first):
        bounds = shapely.total_bounds(np.concatenate([before[first], after[second]]))
        crs = metric_crs(*(float(edge) for edge in bounds))
        for target, shapes, rows in ((flat[0], before, first), (flat[1], after, second)):
            touching = np.unique(rows)
            target[touching] = shapely.transform(shapes[touching], partial(project, crs=crs))
    return flat


def _tie(
    overlaps: _Overlaps, before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]
) -> BoolArray:
    """Choose the pairs that belong together, shape `(P,)`.

    Outlines that did not move are paired first, those that kept their code before others. What is
    left joins whatever it mostly covers or is covered by; where that is nothing, but most of its
    ground was covered all the same, it joins the one it has most in common with.
    """
    tied = overlaps.tied.copy()
    order = sorted(
        np.flatnonzero(overlaps.alike >= _UNMOVED),
        key=lambda row: (
            before[overlaps.first[row]] != after[overlaps.second[row]],
            -overlaps.alike[row],
            sorted((before[overlaps.first[row]], after[overlaps.second[row]])),
        ),
    )
    settled = np.zeros(len(before), dtype=np.bool_), np.zeros(len(after), dtype=np.bool_)
    kept = []
    for row in order:
        one, other = overlaps.first[row], overlaps.second[row]
        if not settled[0][one] and not settled[1][other]:
            settled[0][one] = settled[1][other] = True
            kept.append(row)
    tied[settled[0][overlaps.first] & settled[1][overlaps.second]] = False
    tied[kept] = True
    first, second = overlaps.first, overlaps.second
    lonely = [
        *_choose_largest(overlaps.common, first, after[second], overlaps.area_before, tied),
        *_choose_largest(overlaps.common, second, before[first], overlaps.area_after, tied),
    ]
    tied[lonely] = True
    return tied


def _choose_largest(
    common: FloatArray,
    own: IntArray,
    other_code: np.ndarray[Any, Any],
    area: FloatArray,
    tied: BoolArray,
) -> list[int]:
    """Choose the largest overlap of each area that is tied to none and mostly covered."""
    lonely = np.ones(len(area), dtype=np.bool_)
    lonely[own[tied]] = False
    covered = np.bincount(own, weights=common, minlength=len(area))
    lonely &= (covered > 0) & (covered >= (_MOSTLY - _NOISE) * area)
    chosen: dict[int, int] = {}
    shared = np.round(common)
    for row in sorted(np.flatnonzero(lonely[own]), key=lambda row: (-shared[row], other_code[row])):
        chosen.setdefault(int(own[row]), int(row))
    return list(chosen.values())


def _group(first: IntArray, second: IntArray, n_before: int, n_after: int) -> IntArray:
    """Number the sets of communities that belong together; those before come first."""
    size = n_before + n_after
    ties = coo_array((np.ones(len(first)), (first, n_before + second)), shape=(size, size))
    _, group = connected_components(ties, directed=False)
    return np.asarray(group, dtype=np.int64)


def _measure_overlap(group: IntArray, overlaps: _Overlaps, n_before: int) -> FloatArray:
    """Common over joint area per group; 0 where there is none."""
    size = int(group.max()) + 1 if len(group) else 0
    of_first, of_second = group[overlaps.first], group[n_before + overlaps.second]
    inside = np.where(of_first == of_second, overlaps.common, 0.0)
    common = np.bincount(of_first, weights=inside, minlength=size)
    areas = np.concatenate([overlaps.area_before, overlaps.area_after])
    joint = np.bincount(group, weights=areas, minlength=size) - common
    share: FloatArray = np.divide(common, joint, out=np.zeros(size), where=joint > 0)
    clipped: FloatArray = np.clip(share, 0.0, 1.0)
    return clipped


def _list_members(group: Iterable[int]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {}
    for row, at in enumerate(group):
        members.setdefault(int(at), []).append(row)
    return members


def _relate(before: Sequence[str], after: Sequence[str], overlap: float) -> Relation:
    match (len(before), len(after)):
        case (_, 0):
            return "gone"
        case (0, _):
            return "new"
        case (1, 1) if overlap < _UNMOVED:
            return "redrawn"
        case (1, 1):
            return "same" if before[0] == after[0] else "renumbered"
        case (1, _):
            return "split"
        case (_, 1):
            return "merged"
        case _:
            return "rearranged"
