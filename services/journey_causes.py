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

from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from services.causes import (
    FULL,
    NO_FACILITY,
    TOO_FAR,
    UNCONNECTED,
    HomeCauses,
    measure_straight,
)
from services.walks import Walks


def find_journey_causes(
    walks: Walks,
    lacking: BoolArray,
    journey_s: FloatArray,
    facility: Int32Array,
    facility_rows: IntArray,
    stopless: BoolArray,
    *,
    limit_m: float,
    has_full: BoolArray | None = None,
) -> HomeCauses:
    """Cause of each home left out by a rule that public transport counts for.

    Parameters
    ----------
    walks
        Homes, facilities and ways in.
    lacking
        Shape `(H,)`: homes left out.
    journey_s, facility
        Shape `(H,)`: journey of each home to the facility soonest reached (inf without a way), and
        its row, -1 where there is none.
    facility_rows
        Rows of the facilities that would do.
    stopless
        Shape `(H,)`: homes without a stop near.
    limit_m
        The rule's limit in metres of walking: a facility off the streets within it is told of.
    has_full
        Shape `(H,)`: homes with a facility within the limit that has no free place.
    """
    home = np.flatnonzero(lacking).astype(np.int64)
    entrance, _ = walks.list_entrances(facility_rows)
    on_street = walks.entrance_links.connected[entrance]
    home_xy = walks.demand_xy[home]
    straight_m, _ = measure_straight(home_xy, walks, entrance[on_street])
    stray_m, _ = measure_straight(home_xy, walks, entrance[~on_street])
    cause = np.select(
        [
            ~walks.demand_links.connected[home],
            np.zeros(len(home), dtype=bool) if has_full is None else has_full[home],
            (straight_m > limit_m) & (stray_m <= limit_m),
            np.full(len(home), len(entrance) == 0),
            np.full(len(home), not on_street.any()),
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
        stopless=stopless[home],
    )
