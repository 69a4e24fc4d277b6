"""Why a community's homes are left out, and where the likely obstacle is.

Per community: the cause that leaves out most households; equals go by the order of `CAUSES`.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from geo.crs import unproject
from geo.units import BoolArray, FloatArray, IntArray
from services.barriers import Barriers, find_obstacles
from services.grounds import Ground
from services.home_causes import CAUSES, SEVERED, TOO_FAR, HomeCauses, measure_detour

__all__ = ["CAUSES", "CausesBook", "CommunityCauses", "Obstacle", "merge_causes", "sum_causes"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What cuts a community off: figures of the home that stands for those cut off.

    `detour_factor` is inf where there is no way at all; `kind` is empty where no mapped barrier
    explains it, and the place is then the middle of the straight line. `type` is what the barrier
    really is (`hedge` of kind `wall`), empty where unknown.
    """

    detour_factor: float
    walk_m: float
    straight_m: float
    facility: int
    kind: str
    type: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, eq=False)
class CommunityCauses:
    """Causes summed per community.

    Parameters
    ----------
    cause
        Shape `(C,)`: index into `CAUSES` of the main cause, -1 where nobody is left out.
    weight
        Shape `(C, 5)`: weight (households where known) left out by each cause.
    nearest_m
        Shape `(C,)`: weighted median walk of those left out, NaN where that is no walk at all and
        where journeys count: the facility named is the one soonest reached, not the nearest walk.
    journey_s
        Shape `(C,)`: where journeys count the weighted median journey of those left out by the main
        cause, else NaN; the facility named then is theirs too.
    stopless
        Shape `(C,)`: weight of those whose journey is too long and who have no stop near.
    facility
        Shape `(C,)`: facility row that most of those left out have as their nearest, or -1.
    obstacle
        By community row, where the main cause is `severed`.
    """

    cause: IntArray
    weight: FloatArray
    nearest_m: FloatArray
    journey_s: FloatArray
    stopless: FloatArray
    facility: IntArray
    obstacle: dict[int, Obstacle]


def merge_causes(old: CommunityCauses, new: CommunityCauses, rows: BoolArray) -> CommunityCauses:
    """Causes of the communities in `rows` from `new`, of the others from `old`."""
    obstacle = {row: one for row, one in old.obstacle.items() if not rows[row]}
    return CommunityCauses(
        cause=np.where(rows, new.cause, old.cause),
        weight=np.where(rows[:, None], new.weight, old.weight),
        nearest_m=np.where(rows, new.nearest_m, old.nearest_m),
        journey_s=np.where(rows, new.journey_s, old.journey_s),
        stopless=np.where(rows, new.stopless, old.stopless),
        facility=np.where(rows, new.facility, old.facility),
        obstacle=obstacle | {row: one for row, one in new.obstacle.items() if rows[row]},
    )


@dataclass(frozen=True, slots=True, eq=False)
class CausesBook:
    """Causes already found, by the question they answer and the communities it was asked for."""

    pages: dict[Hashable, tuple[BoolArray, CommunityCauses]] = field(default_factory=dict)

    def find(
        self, key: Hashable, wanted: BoolArray, measure: Callable[[BoolArray], CommunityCauses]
    ) -> CommunityCauses:
        """Causes of at least the communities in `wanted`, shape `(C,)`; `measure` finds new ones."""
        if key not in self.pages:
            self.pages[key] = (wanted.copy(), measure(wanted))
            return self.pages[key][1]
        done, causes = self.pages[key]
        new = wanted & ~done
        if new.any():
            causes = merge_causes(causes, measure(new), new)
            self.pages[key] = (done | new, causes)
        return causes


def sum_causes(
    ground: Ground, causes: HomeCauses, barriers: Barriers, *, severed_detour: float
) -> CommunityCauses:
    """Causes per community, with the obstacle where most of those left out are cut off."""
    homes = ground.homes
    size = len(homes.total)
    community = homes.community[causes.home]
    inside = community >= 0
    row, cause = community[inside], causes.cause[inside]
    weight_of = homes.weight[causes.home][inside]
    n_causes = len(CAUSES)
    weight = (
        np.bincount(row * n_causes + cause, weights=weight_of, minlength=size * n_causes)
        .reshape(size, n_causes)
        .astype(np.float64)
    )
    count = np.bincount(row, minlength=size)
    main = np.where(count > 0, np.argmax(np.round(weight, 6), axis=1), -1)

    by_journey = causes.journey_s is not None
    far = (causes.walk_m if causes.journey_s is None else causes.journey_s)[inside]
    speaks = cause == main[row] if by_journey else np.ones(len(row), dtype=np.bool_)
    median = np.full(size, np.nan)
    spoken = far[speaks]
    for place, pick in _pick_medians(row[speaks], spoken, weight_of[speaks]).items():
        median[place] = spoken[pick] if np.isfinite(spoken[pick]) else np.nan
    facility = np.full(size, -1, dtype=np.int64)
    named = causes.facility[inside]
    speaks &= named >= 0
    for place, owner in _pick_heaviest(row[speaks], named[speaks], weight_of[speaks]):
        facility[place] = owner
    unsaid, stopless = np.full(size, np.nan), np.zeros(size)
    if causes.stopless is not None:
        alone = causes.stopless[inside] & (cause == TOO_FAR)
        np.add.at(stopless, row[alone], weight_of[alone])

    cut_off = np.flatnonzero(inside & (causes.cause == SEVERED))
    cut_off = cut_off[main[community[cut_off]] == SEVERED]
    return CommunityCauses(
        cause=main.astype(np.int64),
        weight=weight,
        nearest_m=unsaid if by_journey else median,
        journey_s=median if by_journey else unsaid,
        stopless=stopless,
        facility=facility,
        obstacle=_choose_obstacles(ground, causes, cut_off, barriers, severed_detour),
    )


def _choose_obstacles(
    ground: Ground,
    causes: HomeCauses,
    cut_off: IntArray,
    barriers: Barriers,
    severed_detour: float,
) -> dict[int, Obstacle]:
    """Obstacle of each community with homes in `cut_off` (positions within `causes`).

    The barrier that cuts off most of the weight stands for all; where none explains it, those with
    a long walk and those with none are groups of their own. The home of weighted median detour in
    the group gives the figures and the place.
    """
    if len(cut_off) == 0:
        return {}
    community = ground.homes.community[causes.home[cut_off]]
    weight = ground.homes.weight[causes.home[cut_off]]
    walk_m = causes.walk_m[cut_off]
    barrier, place_xy = find_obstacles(
        ground.xy[causes.home[cut_off]],
        causes.target_xy[cut_off],
        walk_m,
        barriers,
        severed_detour=severed_detour,
    )
    labels = [
        (barriers.kind[index], barriers.type[index], barriers.name[index], True)
        if index >= 0
        else ("", "", "", joined)
        for index, joined in zip(barrier.tolist(), np.isfinite(walk_m).tolist(), strict=True)
    ]
    names = {label: number for number, label in enumerate(sorted(set(labels), reverse=True))}
    label_of = np.array([names[label] for label in labels], dtype=np.int64)
    detour = measure_detour(walk_m, causes.straight_m[cut_off])
    chosen = dict(_pick_heaviest(community, label_of, weight))
    behind = np.flatnonzero(
        label_of == np.array([chosen[place] for place in community.tolist()], dtype=np.int64)
    )
    medians = _pick_medians(community[behind], detour[behind], weight[behind])
    place_lonlat = unproject(place_xy, ground.walks.network.crs)
    obstacles = {}
    for place, pick in medians.items():
        index = int(behind[pick])
        kind, sort, name, _ = labels[index]
        lon, lat = place_lonlat[index].tolist()
        obstacles[place] = Obstacle(
            detour_factor=float(detour[index]),
            walk_m=float(walk_m[index]),
            straight_m=float(causes.straight_m[cut_off[index]]),
            facility=int(causes.facility[cut_off[index]]),
            kind=kind,
            type=sort,
            name=name,
            lon=round(lon, 7),
            lat=round(lat, 7),
        )
    return obstacles


def _pick_medians(group: IntArray, key: FloatArray, weight: FloatArray) -> dict[int, int]:
    """Position of the weighted lower median of `key` in each group; equals by position."""
    order = np.lexsort((key, group))
    sorted_group = group[order]
    starts = np.flatnonzero(np.diff(sorted_group, prepend=-1)).tolist()
    picks: dict[int, int] = {}
    for start, end in pairwise([*starts, len(order)]):
        running = np.cumsum(weight[order[start:end]])
        middle = int(np.searchsorted(running, running[-1] / 2.0))
        picks[int(sorted_group[start])] = int(order[start + min(middle, end - start - 1)])
    return picks


def _pick_heaviest(group: IntArray, label: IntArray, weight: FloatArray) -> list[tuple[int, int]]:
    """Label with most weight in each group; equals go to the lowest label."""
    if len(group) == 0:
        return []
    low = int(label.min())
    span = int(label.max()) - low + 1
    pair, member = np.unique(group * span + (label - low), return_inverse=True)
    total = np.round(np.bincount(member, weights=weight), 6)
    of_group, of_label = pair // span, pair % span + low
    order = np.lexsort((of_label, -total, of_group))
    heaviest = order[np.diff(of_group[order], prepend=-1) > 0]
    return list(zip(of_group[heaviest].tolist(), of_label[heaviest].tolist(), strict=True))
