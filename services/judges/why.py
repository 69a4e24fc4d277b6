"""Why homes are left out of a rule, and by what timetable they ride."""

import numpy as np

from geo.units import BoolArray, IntArray
from layers.standards.model import Text
from services import journey_sentences
from services.causes import CommunityCauses, sum_causes
from services.cityfacts import CityFacts
from services.grounds import Bound, Ground
from services.home_causes import TOO_FAR, find_home_causes
from services.journey_causes import find_journey_causes
from services.judges.ways import Way
from services.rides import WALK_TRANSIT
from services.verdicts import MET


def find_causes(
    city: CityFacts, ground: Ground, way: Way, wanted: BoolArray, lacking: BoolArray
) -> CommunityCauses | None:
    """Why homes are not served by a way, in the communities `wanted`; None where there are none.

    Parameters
    ----------
    wanted
        Shape `(C,)`.
    lacking
        Shape `(H,)`: homes left out by that way and every other.
    """
    if not wanted.any():
        return None
    rows = way.candidates.possible
    full = ground.may_serve(rows, way.bound, way.count) if way.places else None
    community = ground.homes.community

    def measure(where: BoolArray) -> CommunityCauses:
        chosen = lacking & (community >= 0) & where[community]
        return _measure(city, ground, rows, way.bound, chosen, way.count, full)

    key = (ground.basis, rows.tobytes(), way.free.possible.tobytes(), way.bound, way.count)
    return city.causes.find((*key, lacking.tobytes()), wanted, measure)


def _measure(
    city: CityFacts,
    ground: Ground,
    rows: IntArray,
    bound: Bound,
    lacking: BoolArray,
    count: int,
    full: BoolArray | None,
) -> CommunityCauses:
    targets = city.get_targets(rows)
    if bound.mode == WALK_TRANSIT:
        causes = find_journey_causes(
            ground, lacking, targets, bound.speed_m_s, limit_m=bound.walk_m, has_full=full
        )
    else:
        causes = find_home_causes(
            ground,
            lacking,
            targets,
            limit_m=bound.walk_m,
            severed_detour=city.severed_detour,
            count=count,
            has_full=full,
        )
    return sum_causes(ground, causes, city.barriers, severed_detour=city.severed_detour)


def list_journeys(
    city: CityFacts, bound: Bound, causes: CommunityCauses, row: int
) -> journey_sentences.Journeys | None:
    """Journeys of those left out in a community, where public transport counts."""
    if bound.mode != WALK_TRANSIT:
        return None
    return journey_sentences.Journeys(
        median_s=float(causes.journey_s[row]),
        far=float(causes.weight[row, TOO_FAR]),
        stopless=float(causes.stopless[row]),
        walk_min=np.nan if city.rides is None else city.rides.settings.walk_min,
    )


def say_basis(city: CityFacts, bound: Bound, status: str) -> Text:
    """Return what rides were timed by, where they count."""
    if bound.mode != WALK_TRANSIT:
        return Text("", "")
    if city.rides is None:
        return journey_sentences.say_met_on_foot() if status == MET else Text("", "")
    settings = city.rides.settings
    return journey_sentences.say_timetable(
        city.rides.transit.source, settings.depart_from, settings.depart_to, settings.percentile
    )
