"""How far one gets from a point on foot and by public transport within some minutes.

One forward pass over the timetable per departure says when one gets off where; from there, and from
the point itself, walks spread over the streets with whatever time is left. Over a window, each
junction keeps the metres left that a share of the departures has: inside a street piece this may
leave out a little that as many departures reach from its two ends in turn, and never adds any.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from geo.isochrone import Pieces, piece_lines
from geo.network import StreetNetwork
from geo.profile import scan_departures
from geo.rings import draw_rings
from geo.snap import Links
from geo.spread import NOTHING_LEFT, cut_left, floor_m, measure_left
from geo.timetable import UNREACHED_MS
from geo.units import FloatArray, IntArray
from services.places import PlaceFinder, Ring, Start
from services.ride_places import RideFinder
from services.walks import join_links

_WORKERS = 2


def list_ride_rings(
    finder: RideFinder,
    places: PlaceFinder,
    start: Start,
    minutes: Sequence[float],
    speed_m_s: float,
    *,
    depart_s: int | None = None,
    with_streets: bool = False,
) -> list[Ring]:
    """List what can be reached within each limit, the shortest limit first.

    Parameters
    ----------
    minutes
        Limits, rising.
    speed_m_s
        Walking speed.
    depart_s
        The one departure that counts, seconds after midnight of the service day; None: reached by
        as many departures of the run's window as its percentile asks for.
    with_streets
        The reached street pieces as well.
    """
    rides, network = finder.rides, places.network
    departures_ms = finder.window.departures_ms if depart_s is None else np.array([depart_s * 1000])
    elapsed_ms = _measure_elapsed(finder, start, max(minutes), speed_m_s, departures_ms)
    sources = join_links([start.link, rides.stop_links])
    rank = 1 if depart_s is not None else _get_rank(rides.settings.percentile, len(departures_ms))
    nested = []
    for limit_min in minutes:
        left_m = _list_left(finder, elapsed_ms, limit_min, speed_m_s)
        nested.append(_cut_ranked(network, sources, left_m, rank))
    polygons = draw_rings(network, nested)
    rings = []
    for limit_min, pieces, polygon in zip(minutes, nested, polygons, strict=True):
        streets = None
        if with_streets:
            lines = shapely.multilinestrings(piece_lines(network, pieces))
            streets = places.to_degrees([lines])[0]
        rings.append(
            Ring(
                limit_m=limit_min * 60.0 * speed_m_s,
                street_m=float((pieces.end_m - pieces.begin_m).sum()),
                area_m2=float(shapely.area(polygon)),
                polygon=places.to_degrees([polygon])[0],
                streets=streets,
            )
        )
    return rings


def _measure_elapsed(
    finder: RideFinder,
    start: Start,
    longest_min: float,
    speed_m_s: float,
    departures_ms: IntArray,
) -> FloatArray:
    """Milliseconds from leaving until one gets off at each stop, inf where never; shape `(M, S)`."""
    access = finder.measure_access(start, speed_m_s)
    walked_ms = np.full(finder.rides.n_stops, UNREACHED_MS, dtype=np.int32)
    walked_ms[access.stop] = access.walk_ms
    first_s, last_s = departures_ms[0] // 1000, departures_ms[-1] // 1000
    span_s = (int(first_s), int(last_s + math.ceil(60 * longest_min)))
    timetable, changes = finder.get_plan(speed_m_s, span_s)
    arrival_ms = scan_departures(
        timetable, changes, walked_ms, departures_ms, finder.rides.slack_ms
    )
    elapsed_ms = arrival_ms.astype(np.float64) - departures_ms[:, np.newaxis]
    elapsed_ms[arrival_ms == UNREACHED_MS] = np.inf
    return elapsed_ms


def _list_left(
    finder: RideFinder, elapsed_ms: FloatArray, limit_min: float, speed_m_s: float
) -> FloatArray:
    """Metres one may still walk from the point and from each way in; shape `(M, 1 + W)`.

    From a stop no farther than the longest last walk, and not beyond the longest journey.
    """
    rides = finder.rides
    limit_ms = limit_min * 60_000.0
    left_ms = np.minimum(min(limit_ms, rides.longest_ms) - elapsed_ms, rides.walk_limit_ms)
    by_stop_m = np.where(left_ms >= 0, left_ms, -1.0) * speed_m_s / 1000.0
    on_foot_m = np.full((len(elapsed_ms), 1), limit_ms * speed_m_s / 1000.0)
    return floor_m(np.hstack([on_foot_m, by_stop_m[:, rides.way_in_stop]]))


def _cut_ranked(network: StreetNetwork, sources: Links, left_m: FloatArray, rank: int) -> Pieces:
    """Street pieces that at least `rank` departures reach."""
    if len(left_m) == 1:
        return cut_left(network, sources, left_m[0], measure_left(network, sources, left_m[0]))
    # no junction is reached by any departure that is not reached with the best of each source
    nodes = np.flatnonzero(measure_left(network, sources, left_m.max(axis=0)) >= 0)
    with ThreadPoolExecutor(_WORKERS) as pool:
        rows = list(pool.map(lambda one: measure_left(network, sources, one)[nodes], left_m))
    node_left_m = np.full(network.n_nodes, NOTHING_LEFT)
    node_left_m[nodes] = _get_ranked(np.array(rows), rank)
    return cut_left(network, sources, _get_ranked(left_m, rank), node_left_m)


def _get_ranked(values: FloatArray, rank: int) -> FloatArray:
    """The `rank`-th largest of each column."""
    place = len(values) - rank
    ranked: FloatArray = np.partition(values, place, axis=0)[place]
    return ranked


def _get_rank(percentile: float, count: int) -> int:
    return max(1, math.ceil(percentile * count / 100.0 - 1e-9))
