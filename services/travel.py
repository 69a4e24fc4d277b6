"""How far everyone is from one kind of facility, on foot or by public transport as well.

Walks are compared in metres and journeys in seconds, each in its own measure: coverage reads both
through `Travel` and need not know which it is.
"""

from dataclasses import dataclass

from geo.units import BoolArray, FloatArray
from services.rides import WALK_TRANSIT, KindRides
from services.walks import WALK, KindReach

_Shares = tuple[BoolArray, BoolArray, BoolArray]


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """The way to the nearest facility of a kind by one mode.

    Parameters
    ----------
    mode
        `walk` or `walk_transit`.
    demand, building, land
        Shapes `(H,)`, `(B,)`, `(L,)`, in the mode's own measure: metres on foot, else seconds;
        `UNREACHED` where there is no way.
    per_s
        How much of that measure a second is: the walking speed, or 1.
    walk
        The walk a journey competes with: who is within a limit on foot is within it.
    """

    mode: str
    demand: FloatArray
    building: FloatArray
    land: FloatArray
    per_s: float
    walk: "Travel | None" = None

    def list_within(self, limit: float, limit_unit: str) -> _Shares:
        """Demand points, buildings and land within a limit of minutes or, on foot, metres."""
        longest = limit * 60.0 * self.per_s if limit_unit == "min" else limit
        demand, building, land = (
            self.demand <= longest,
            self.building <= longest,
            self.land <= longest,
        )
        if self.walk is None:
            return demand, building, land
        on_foot = self.walk.list_within(limit, limit_unit)
        return demand | on_foot[0], building | on_foot[1], land | on_foot[2]


def describe_walks(one: KindReach, speed_m_s: float) -> Travel:
    """Walks to a kind as `Travel`."""
    return Travel(WALK, one.reach.walk_m, one.building_m, one.land_m, speed_m_s)


def describe_rides(one: KindRides, walk: Travel) -> Travel:
    """Journeys to a kind as `Travel`."""
    return Travel(
        WALK_TRANSIT, one.reach.times.typical_s, one.building_s, one.land_s, 1.0, walk=walk
    )
