"""Why homes are left out of a rule that public transport counts for.

Straight lines decide nothing there: a vehicle may outrun any walk, and crosses what walkers cannot.
Per home, the first that holds:

- `unconnected`: no walkable street near the home, or the only facilities near it have none;
- `full`: one within the limit, without a free place;
- `no_facility`: none that would do is known anywhere;
- `too_far`: the journey takes longer than the limit.

`severed` is never said.
"""

import numpy as np

from geo.units import BoolArray
from services.grounds import Ground
from services.home_causes import (
    FULL,
    NO_FACILITY,
    TOO_FAR,
    UNCONNECTED,
    HomeCauses,
    Targets,
    measure_straight,
)


def find_journey_causes(
    ground: Ground,
    lacking: BoolArray,
    targets: Targets,
    speed_m_s: float,
    *,
    limit_m: float,
    has_full: BoolArray | None = None,
) -> HomeCauses:
    """Cause of each home left out by a rule that public transport counts for.

    Parameters
    ----------
    ground
        The homes.
    lacking
        Shape `(H,)`: homes left out.
    targets
        The facilities that would do.
    speed_m_s
        Walking speed.
    limit_m
        The rule's limit in metres of walking: a facility off the streets within it is told of.
    has_full
        Shape `(H,)`: homes with a facility within the limit that has no free place.
    """
    home = np.flatnonzero(lacking).astype(np.int64)
    reach, journey = ground.reach(targets.rows), ground.journey(targets.rows, speed_m_s)
    journey_s = reach.walk_m / speed_m_s if journey is None else journey.times.typical_s
    facility = reach.facility if journey is None else journey.facility
    home_xy = ground.xy[home]
    straight_m, _ = measure_straight(home_xy, targets.tree)
    stray_m, _ = measure_straight(home_xy, targets.stray)
    cause = np.select(
        [
            ~ground.links.connected[home],
            np.zeros(len(home), dtype=bool) if has_full is None else has_full[home],
            (straight_m > limit_m) & (stray_m <= limit_m),
            np.full(len(home), targets.n_entrances == 0),
            np.full(len(home), targets.tree is None),
        ],
        [UNCONNECTED, FULL, UNCONNECTED, NO_FACILITY, UNCONNECTED],
        default=TOO_FAR,
    ).astype(np.int64)
    return HomeCauses(
        home=home,
        cause=cause,
        walk_m=np.full(len(home), np.nan),
        straight_m=straight_m,
        facility=np.asarray(facility, dtype=np.int64)[home],
        target_xy=np.full((len(home), 2), np.nan),
        journey_s=np.asarray(journey_s, dtype=np.float64)[home],
        stopless=ground.find_stopless(speed_m_s)[home],
    )
