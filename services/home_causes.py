"""Why homes are left out: decided on points, never on outlines.

Per home, the first that holds:

- `unconnected`: no walkable street near the home, or the only facilities near it have none;
- `no_facility`: none within the limit even as the crow flies;
- `full`: one within the walk, without a free place;
- `severed`: one within the limit straight, and the shortest walk to any is unreachable or at
  least `severed_detour` times that straight line;
- `too_far`: one within the limit straight, but the streets to it are longer.

Where public transport counts `services.journey_causes` finds them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from geo.units import BoolArray, FloatArray, IntArray
from services.grounds import Ground
from services.walks import Walks

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


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Ways into some facilities.

    Parameters
    ----------
    rows
        Shape `(F,)`: facility rows.
    entrance, owner
        Shape `(S,)`: ways in on a street, and the facility row each belongs to.
    xy
        Shape `(S, 2)`: where they are.
    tree, stray
        Index over them, and over the ways in that no street leads to; None where there are none.
    n_entrances
        All of both.
    """

    rows: IntArray
    entrance: IntArray
    owner: IntArray
    xy: FloatArray
    tree: KDTree | None
    stray: KDTree | None
    n_entrances: int


def build_targets(walks: Walks, facility_rows: IntArray) -> Targets:
    """Look up the ways into some facilities."""
    entrance, owner = walks.list_entrances(facility_rows)
    on_street = walks.entrance_links.connected[entrance]
    xy, off = walks.entrance_xy[entrance[on_street]], walks.entrance_xy[entrance[~on_street]]
    return Targets(
        rows=facility_rows,
        entrance=entrance[on_street],
        owner=owner[on_street],
        xy=xy,
        tree=KDTree(xy) if len(xy) else None,
        stray=KDTree(off) if len(off) else None,
        n_entrances=len(entrance),
    )


def find_home_causes(
    ground: Ground,
    lacking: BoolArray,
    targets: Targets,
    *,
    limit_m: float,
    severed_detour: float,
    count: int = 1,
    has_full: BoolArray | None = None,
) -> HomeCauses:
    """Cause of each home left out.

    Parameters
    ----------
    ground
        The homes.
    lacking
        Shape `(H,)`: homes left out.
    targets
        The facilities that would do.
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
    reach = ground.reach(targets.rows)
    walk_m = np.asarray(reach.walk_m, dtype=np.float64)[home]
    home_xy = ground.xy[home]
    straight_m, target = measure_straight(home_xy, targets.tree)
    stray_m, _ = measure_straight(home_xy, targets.stray)
    near = straight_m <= limit_m
    within_walk = walk_m <= limit_m
    detour = measure_detour(walk_m, straight_m)
    cause = np.select(
        [
            ~ground.links.connected[home],
            np.zeros(len(home), dtype=bool) if has_full is None else has_full[home],
            ~near & (stray_m <= limit_m),
            ~near,
            ~within_walk & (detour >= severed_detour),
        ],
        [UNCONNECTED, FULL, UNCONNECTED, NO_FACILITY, SEVERED],
        default=TOO_FAR,
    ).astype(np.int64)
    if count > 1:
        few = _count_straight(home_xy, targets, limit_m) < count
        cause[few & (cause != UNCONNECTED) & (cause != FULL)] = NO_FACILITY
    has_target = target >= 0
    facility = np.full(len(home), -1, dtype=np.int64)
    facility[has_target] = targets.owner[target[has_target]]
    by_walk = np.asarray(reach.facility, dtype=np.int64)[home]
    follow_walk = (by_walk >= 0) & np.isin(cause, (TOO_FAR, FULL))
    target_xy = np.full((len(home), 2), np.nan)
    target_xy[has_target] = targets.xy[target[has_target]]
    return HomeCauses(
        home=home,
        cause=cause,
        walk_m=walk_m,
        straight_m=straight_m,
        facility=np.where(follow_walk, by_walk, facility).astype(np.int64),
        target_xy=target_xy,
    )


def measure_detour(walk_m: FloatArray, straight_m: FloatArray) -> FloatArray:
    """Walk over straight line; inf without a way, 0 where there is nothing to walk to."""
    detour = np.zeros(len(walk_m))
    np.divide(
        walk_m,
        np.maximum(straight_m, _SHORTEST_STRAIGHT_M),
        out=detour,
        where=np.isfinite(straight_m),
    )
    return detour


def measure_straight(home_xy: FloatArray, tree: KDTree | None) -> tuple[FloatArray, IntArray]:
    """Metres to the nearest place of an index and its position in it; inf and -1 where it is None.

    Shapes `(K,)` each, for homes at `home_xy`, shape `(K, 2)`.
    """
    if tree is None or len(home_xy) == 0:
        return np.full(len(home_xy), np.inf), np.full(len(home_xy), -1, dtype=np.int64)
    distance, place = tree.query(home_xy)
    return np.asarray(distance, dtype=np.float64), np.asarray(place, dtype=np.int64)


def _count_straight(home_xy: FloatArray, targets: Targets, limit_m: float) -> IntArray:
    """Facilities within `limit_m` straight of each home."""
    if targets.tree is None or len(home_xy) == 0:
        return np.zeros(len(home_xy), dtype=np.int64)
    near = targets.tree.query_ball_point(home_xy, limit_m)
    return np.array([len(np.unique(targets.owner[places])) for places in near], dtype=np.int64)
