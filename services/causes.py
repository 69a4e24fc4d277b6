"""Why homes are left out, and where the likely obstacle is: decided on points, never on outlines.

Per home, the first that holds:

- `unconnected`: no walkable street near the home, or the only facilities near it have none;
- `no_facility`: none within the limit even as the crow flies;
- `full`: one within the walk, without a free place;
- `severed`: one within the limit straight, and the shortest walk to any is unreachable or at
  least `severed_detour` times that straight line;
- `too_far`: one within the limit straight, but the streets to it are longer.

Where public transport counts `services.journey_causes` finds them.

Per community: the cause that leaves out most households; equals go by the order of `CAUSES`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from geo.crs import unproject
from geo.units import BoolArray, FloatArray, IntArray
from services.barriers import Barriers, find_obstacles
from services.verdicts import Homes
from services.walks import Reach, Walks

CAUSES = ("no_facility", "severed", "too_far", "full", "unconnected")
NO_FACILITY, SEVERED, TOO_FAR, FULL, UNCONNECTED = range(len(CAUSES))
_SHORTEST_STRAIGHT_M = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class HomeCauses:
    """Why each home left out is left out.

    Parameters
    ----------
    home
        Shape `(K,)`: rows of the homes left out, rising.
    cause
        Shape `(K,)`: index into `CAUSES`.
    walk_m
        Shape `(K,)`: walk to the nearest facility, `UNREACHED` without a way.
    straight_m
        Shape `(K,)`: straight line to the nearest way in of a facility, inf where there is none.
    facility
        Shape `(K,)`: facility row: of that straight line where severed or out of straight reach,
        else of the walk; -1 where there is none.
    target_xy
        Shape `(K, 2)`: the way in at the end of the straight line, NaN where there is none.
    journey_s
        Shape `(K,)`: journey to the facility soonest reached, inf without a way; None where only
        walks count.
    stopless
        Shape `(K,)`: no stop one may board at lies within a walk; None where only walks count.
    """

    home: IntArray
    cause: IntArray
    walk_m: FloatArray
    straight_m: FloatArray
    facility: IntArray
    target_xy: FloatArray
    journey_s: FloatArray | None = None
    stopless: BoolArray | None = None


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


def find_home_causes(
    walks: Walks,
    lacking: BoolArray,
    reach: Reach,
    facility_rows: IntArray,
    *,
    limit_m: float,
    severed_detour: float,
    count: int = 1,
    has_full: BoolArray | None = None,
) -> HomeCauses:
    """Cause of each home left out.

    Parameters
    ----------
    walks
        Homes, facilities and ways in.
    lacking
        Shape `(H,)`: homes left out.
    reach
        Walk of each home to the nearest of the facilities.
    facility_rows
        Rows of the facilities that would do.
    limit_m
        The rule's limit in metres of walking.
    severed_detour
        Walk over straight line from which on a home counts as cut off.
    count
        Facilities needed within the limit.
    has_full
        Shape `(H,)`: homes with a facility within the walk that has no free place.
    """
    home = np.flatnonzero(lacking).astype(np.int64)
    walk_m = np.asarray(reach.walk_m, dtype=np.float64)[home]
    entrance, owner = walks.list_entrances(facility_rows)
    on_street = walks.entrance_links.connected[entrance]
    home_xy = walks.demand_xy[home]
    straight_m, target = measure_straight(home_xy, walks, entrance[on_street])
    stray_m, _ = measure_straight(home_xy, walks, entrance[~on_street])
    near = straight_m <= limit_m
    within_walk = walk_m <= limit_m
    detour = _measure_detour(walk_m, straight_m)
    cause = np.select(
        [
            ~walks.demand_links.connected[home],
            np.zeros(len(home), dtype=bool) if has_full is None else has_full[home],
            ~near & (stray_m <= limit_m),
            ~near,
            ~within_walk & (detour >= severed_detour),
        ],
        [UNCONNECTED, FULL, UNCONNECTED, NO_FACILITY, SEVERED],
        default=TOO_FAR,
    ).astype(np.int64)
    if count > 1:
        few = _count_straight(home_xy, walks, entrance, owner, limit_m) < count
        cause[few & (cause != UNCONNECTED) & (cause != FULL)] = NO_FACILITY
    has_target = target >= 0
    facility = np.where(has_target, owner[on_street][target] if on_street.any() else -1, -1)
    by_walk = np.asarray(reach.facility, dtype=np.int64)[home]
    follow_walk = (by_walk >= 0) & np.isin(cause, (TOO_FAR, FULL))
    target_xy = np.full((len(home), 2), np.nan)
    target_xy[has_target] = walks.entrance_xy[entrance[on_street][target[has_target]]]
    return HomeCauses(
        home=home,
        cause=cause,
        walk_m=walk_m,
        straight_m=straight_m,
        facility=np.where(follow_walk, by_walk, facility).astype(np.int64),
        target_xy=target_xy,
    )


def sum_causes(
    homes: Homes, causes: HomeCauses, walks: Walks, barriers: Barriers, *, severed_detour: float
) -> CommunityCauses:
    """Causes per community, with the obstacle where most of those left out are cut off."""
    size = len(homes.total)
    community = homes.community[causes.home]
    inside = community >= 0
    row, cause = community[inside], causes.cause[inside]
    weight_of = homes.weight[causes.home][inside]
    weight = np.zeros((size, len(CAUSES)))
    np.add.at(weight, (row, cause), weight_of)
    count = np.bincount(row, minlength=size)
    main = np.where(count > 0, np.argmax(np.round(weight, 6), axis=1), -1)

    by_journey = causes.journey_s is not None
    far = (causes.walk_m if causes.journey_s is None else causes.journey_s)[inside]
    speaks = cause == main[row] if by_journey else np.ones(len(row), dtype=np.bool_)
    median = np.full(size, np.nan)
    for place, pick in _pick_medians(row[speaks], far[speaks], weight_of[speaks]).items():
        value = far[speaks][pick]
        median[place] = value if np.isfinite(value) else np.nan
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
        obstacle=_choose_obstacles(homes, causes, cut_off, walks, barriers, severed_detour),
    )


def _measure_detour(walk_m: FloatArray, straight_m: FloatArray) -> FloatArray:
    """Walk over straight line; inf without a way, 0 where there is nothing to walk to."""
    detour = np.zeros(len(walk_m))
    np.divide(
        walk_m,
        np.maximum(straight_m, _SHORTEST_STRAIGHT_M),
        out=detour,
        where=np.isfinite(straight_m),
    )
    return detour


def measure_straight(
    home_xy: FloatArray, walks: Walks, entrance: IntArray
) -> tuple[FloatArray, IntArray]:
    """Metres to the nearest of the entrances and its position in `entrance`; inf and -1 if none.

    Shapes `(K,)` each, for homes at `home_xy`, shape `(K, 2)`.
    """
    if len(entrance) == 0 or len(home_xy) == 0:
        return np.full(len(home_xy), np.inf), np.full(len(home_xy), -1, dtype=np.int64)
    distance, place = KDTree(walks.entrance_xy[entrance]).query(home_xy)
    return np.asarray(distance, dtype=np.float64), np.asarray(place, dtype=np.int64)


def _count_straight(
    home_xy: FloatArray, walks: Walks, entrance: IntArray, owner: IntArray, limit_m: float
) -> IntArray:
    """Facilities within `limit_m` straight of each home."""
    if len(entrance) == 0 or len(home_xy) == 0:
        return np.zeros(len(home_xy), dtype=np.int64)
    tree = KDTree(walks.entrance_xy[entrance])
    near = tree.query_ball_point(home_xy, limit_m)
    return np.array([len(np.unique(owner[places])) for places in near], dtype=np.int64)


def _choose_obstacles(
    homes: Homes,
    causes: HomeCauses,
    cut_off: IntArray,
    walks: Walks,
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
    community = homes.community[causes.home[cut_off]]
    weight = homes.weight[causes.home[cut_off]]
    walk_m = causes.walk_m[cut_off]
    barrier, place_xy = find_obstacles(
        walks.demand_xy[causes.home[cut_off]],
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
    detour = _measure_detour(walk_m, causes.straight_m[cut_off])
    chosen = dict(_pick_heaviest(community, label_of, weight))
    behind = np.flatnonzero(
        label_of == np.array([chosen[place] for place in community.tolist()], dtype=np.int64)
    )
    medians = _pick_medians(community[behind], detour[behind], weight[behind])
    place_lonlat = unproject(place_xy, walks.network.crs)
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
    table = pd.DataFrame({"group": group, "label": label, "weight": weight})
    sums = table.groupby(["group", "label"], sort=True)["weight"].sum().round(6).reset_index()
    heaviest = sums.loc[sums.groupby("group", sort=True)["weight"].idxmax()]
    return list(zip(heaviest["group"].tolist(), heaviest["label"].tolist(), strict=True))
