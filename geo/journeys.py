"""From homes to the nearest facility, on foot or by public transport, for every departure of a window.

Someone leaves home every full minute. Walking all the way competes with walking to a stop, riding,
changing as often as it pays, and walking from the last stop. What is reported are order statistics
over all departures: no average, and nothing later than the truth (milliseconds, walks rounded down).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo import _journeys
from geo._journeys import Answers, Boardings, Pairs, Question
from geo.parallel import run_side_by_side
from geo.profile import Profiles
from geo.reach import ReachPairs
from geo.timetable import UNREACHED_MS, Changes, Timetable, walk_ms
from geo.units import UNREACHED, FloatArray, Int32Array, IntArray

__all__ = [
    "Access",
    "JourneyTimes",
    "Ride",
    "Window",
    "build_access",
    "explain_journey",
    "measure_durations",
    "measure_journeys",
    "walk_ms",
]

_LATEST_MS = 2_000_000_000
"""Departures and longest journeys stay below this, so that sums fit."""


@dataclass(frozen=True, slots=True)
class Window:
    """Departures, one a minute.

    Parameters
    ----------
    first_s
        First departure, whole seconds after midnight of the service day.
    count
        Number of departures, `M`, at least 1.
    """

    first_s: int
    count: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.first_s < 0:
            raise ValueError(
                f"a window of {self.count} departures from {self.first_s} s on; expected at least one, "
                "at midnight or later"
            )

    @property
    def departures_ms(self) -> IntArray:
        """Shape `(M,)`: milliseconds after midnight."""
        return (self.first_s + 60 * np.arange(self.count, dtype=np.int64)) * 1000


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """Stops in walking reach of each of `H` homes, in compressed rows, stops ascending.

    Parameters
    ----------
    start
        Shape `(H + 1,)`.
    stop, walk_ms
        Shape `(R,)`.
    """

    start: IntArray
    stop: Int32Array
    walk_ms: Int32Array

    @property
    def n_homes(self) -> int:
        """Number of homes."""
        return len(self.start) - 1


@dataclass(frozen=True, slots=True, eq=False)
class JourneyTimes:
    """Times of `H` homes over all departures of a window, `UNREACHED` where too few get there.

    Parameters
    ----------
    typical_s, best_s, worst_s
        Shape `(H,)`: smallest duration a share of the departures does not exceed (the percentile
        asked for), the best one, and the higher percentile. Where walking all the way is as fast,
        exactly the walk.
    depart_s
        Shape `(H,)`: first departure that takes `typical_s`, seconds after midnight; NaN where
        walking is as fast or nothing is reached.
    last_stop
        Shape `(H,)`: stop the last walk of that journey begins at, -1 where `depart_s` is NaN.
    """

    typical_s: FloatArray
    best_s: FloatArray
    worst_s: FloatArray
    depart_s: FloatArray
    last_stop: Int32Array


@dataclass(frozen=True, slots=True)
class Ride:
    """One vehicle from boarding to getting off, seated in between: two hops of the timetable."""

    enter_hop: int
    exit_hop: int


def build_access(pairs: ReachPairs, *, speed_m_s: float, limit_ms: int) -> Access:
    """Stops each home can walk to within `limit_ms`.

    Parameters
    ----------
    pairs
        Walks from homes to stops (the targets), as `geo.reach.measure_within` gives them.
    speed_m_s
        Speed of the traveller.
    """
    walked = walk_ms(pairs.walk_m, speed_m_s)
    limit = min(int(limit_ms), UNREACHED_MS - 1)
    return Access(*_journeys.turn_pairs(pairs.start, pairs.home, walked, pairs.n_homes, limit))


def measure_journeys(
    profiles: Profiles,
    access: Access,
    walk_s: FloatArray,
    window: Window,
    *,
    slack_ms: int,
    longest_ms: int,
    percentile: float = 50.0,
    worst: float = 90.0,
    with_details: bool = True,
    threads: int | None = None,
) -> JourneyTimes:
    """Order statistics of each home's time to the nearest facility over all departures.

    The `p`-th percentile is the smallest duration that at least `p` percent of the departures do
    not exceed. Of journeys that arrive together the one with the least walk to its first stop
    counts, then the stop with the lowest row.

    Parameters
    ----------
    profiles
        What boarding leads to; facilities are known to it alone.
    walk_s
        Shape `(H,)`: walking all the way, `UNREACHED` where there is no way.
    slack_ms
        Time one is at the first stop before the departure.
    longest_ms
        Longer journeys count only on foot.
    percentile, worst
        Percents, above 0 and up to 100.
    with_details
        Whether `depart_s` and `last_stop` are wanted; without, they are NaN and -1.
    threads
        Homes measured side by side; default: one thread per processor.

    Raises
    ------
    ValueError
        Arrays of different numbers of homes, stops that do not exist, percents or limits out of
        range.
    """
    ranks = [_get_rank(percent, window.count) for percent in (percentile, worst)]
    question = _build_question(window, slack_ms, longest_ms, *ranks, details=with_details)
    walks_ms = _check_homes(profiles, access, walk_s)
    boardings = _build_boardings(profiles, access, question, threads)
    answers = Answers(*(np.empty(access.n_homes, dtype=np.int32) for _ in Answers._fields))
    pairs = Pairs(access.start, access.stop, access.walk_ms)

    def measure(home_from: int, home_to: int) -> None:
        _journeys.measure_homes(home_from, home_to, pairs, walks_ms, boardings, question, answers)

    run_side_by_side(measure, access.n_homes, threads)
    times = (answers.typical_ms, answers.best_ms, answers.worst_ms)
    typical_s, best_s, worst_s = (_get_seconds(one, walks_ms, walk_s) for one in times)
    depart_s = np.where(answers.minute >= 0, window.first_s + 60.0 * answers.minute, np.nan)
    return JourneyTimes(typical_s, best_s, worst_s, depart_s, answers.last_stop)


def measure_durations(
    profiles: Profiles,
    access: Access,
    walk_s: FloatArray,
    window: Window,
    *,
    slack_ms: int,
    longest_ms: int,
    threads: int | None = None,
) -> Int32Array:
    """Duration of every departure of every home: what `measure_journeys` takes its ranks from.

    Parameters
    ----------
    profiles, access, walk_s, window, slack_ms, longest_ms, threads
        As for `measure_journeys`.

    Returns
    -------
    duration_ms
        Shape `(H, M)`, milliseconds, `UNREACHED_MS` where unreached; never more than the walk.

    Raises
    ------
    ValueError
        As `measure_journeys`.
    """
    question = _build_question(window, slack_ms, longest_ms, 1, 1, details=False)
    walks_ms = _check_homes(profiles, access, walk_s)
    boardings = _build_boardings(profiles, access, question, threads)
    pairs = Pairs(access.start, access.stop, access.walk_ms)
    duration_ms = np.empty((access.n_homes, window.count), dtype=np.int32)

    def measure(home_from: int, home_to: int) -> None:
        _journeys.list_homes(home_from, home_to, pairs, walks_ms, boardings, question, duration_ms)

    run_side_by_side(measure, access.n_homes, threads)
    return duration_ms


def explain_journey(
    profiles: Profiles,
    timetable: Timetable,
    changes: Changes,
    egress_ms: Int32Array,
    stop: Int32Array,
    walk_ms: Int32Array,
    *,
    depart_ms: int,
    slack_ms: int,
    longest_ms: int = _LATEST_MS,
    walk_all_ms: int = UNREACHED_MS,
) -> tuple[tuple[Ride, ...] | None, int]:
    """The rides of the journey behind one departure from one home.

    The same journey `measure_journeys` counts, ties included. The walks follow from it: to the stop
    the first ride begins at, between the stops of two rides, from the last one's.

    Parameters
    ----------
    timetable, changes, egress_ms
        What `profiles` were scanned from.
    stop, walk_ms
        Shape `(R,)`: stops in walking reach of the home, and the walks there: its row of an `Access`.
    depart_ms
        Leaving home, milliseconds after midnight.
    slack_ms, longest_ms
        As for `measure_journeys`.
    walk_all_ms
        Walking all the way, `UNREACHED_MS` where there is no way.

    Returns
    -------
    rides, arrival_ms
        None where walking all the way is as fast or there is no journey. `arrival_ms` is then that
        of the walk, `UNREACHED_MS` without one.
    """
    longest = min(longest_ms, walk_all_ms - 1)
    best, place = depart_ms + longest + 1, -1
    for at in np.lexsort((stop, walk_ms)).tolist():
        found = profiles.find(int(stop[at]), depart_ms + int(walk_ms[at]) + slack_ms)
        if found >= 0 and profiles.arrival_ms[found] < best:
            best, place = int(profiles.arrival_ms[found]), found
    if place < 0:
        return None, UNREACHED_MS if walk_all_ms == UNREACHED_MS else depart_ms + walk_all_ms
    boards = np.repeat(np.arange(timetable.n_stops), np.diff(changes.start))
    rides = []
    while place >= 0:
        rides.append(Ride(int(profiles.enter_hop[place]), int(profiles.exit_hop[place])))
        place = _find_next(profiles, timetable, changes, boards, egress_ms, rides[-1], best)
    return tuple(rides), best


def _find_next(
    profiles: Profiles,
    timetable: Timetable,
    changes: Changes,
    boards: NDArray[np.integer],
    egress_ms: Int32Array,
    ride: Ride,
    arrival_ms: int,
) -> int:
    """Boarding after a ride that leads to this arrival; -1 where one walks off to the facility."""
    stop = int(timetable.hop_to[ride.exit_hop])
    here = int(timetable.hop_arrival_s[ride.exit_hop]) * 1000
    if egress_ms[stop] != UNREACHED_MS and here + int(egress_ms[stop]) == arrival_ms:
        return -1
    rows = np.flatnonzero(changes.stop == stop)
    for row in rows[np.lexsort((boards[rows], changes.least_ms[rows]))].tolist():
        place = profiles.find(int(boards[row]), here + int(changes.least_ms[row]))
        if place >= 0 and profiles.arrival_ms[place] == arrival_ms:
            return place
    raise ValueError("the profiles were not scanned from this timetable, changes and egress")


def _get_rank(percent: float, count: int) -> int:
    if not 0.0 < percent <= 100.0:
        raise ValueError(f"a percentile of {percent}; expected a number above 0, up to 100")
    return max(1, math.ceil(percent * count / 100.0 - 1e-9))


def _build_question(
    window: Window,
    slack_ms: int,
    longest_ms: int,
    typical_rank: int,
    worst_rank: int,
    *,
    details: bool,
) -> Question:
    last_ms = (window.first_s + 60 * window.count) * 1000
    if not (
        0 <= slack_ms <= _LATEST_MS and 0 <= longest_ms <= _LATEST_MS and last_ms <= _LATEST_MS
    ):
        raise ValueError(
            f"departures until {last_ms} ms, slack {slack_ms} ms, longest journey {longest_ms} ms; "
            f"expected 0 to {_LATEST_MS} ms each"
        )
    return Question(
        window.first_s,
        window.count,
        int(slack_ms),
        int(longest_ms),
        typical_rank,
        worst_rank,
        details,
    )


def _check_homes(profiles: Profiles, access: Access, walk_s: FloatArray) -> Int32Array:
    """Walks all the way in milliseconds."""
    if len(walk_s) != access.n_homes:
        raise ValueError(f"walk_s is for {len(walk_s)} homes; expected {access.n_homes}")
    if len(access.stop) and not 0 <= access.stop.min() <= access.stop.max() < profiles.n_stops:
        raise ValueError(
            f"homes walk to stops {access.stop.min()} to {access.stop.max()}; the timetable has "
            f"{profiles.n_stops}"
        )
    return walk_ms(walk_s, 1.0)


def _get_seconds(time_ms: Int32Array, walks_ms: Int32Array, walk_s: FloatArray) -> FloatArray:
    ridden = np.where(time_ms == UNREACHED_MS, UNREACHED, time_ms / 1000.0)
    return np.where(time_ms >= walks_ms, walk_s, ridden)


def _build_boardings(
    profiles: Profiles, access: Access, question: Question, threads: int | None
) -> Boardings:
    """Tables of all stops something can be boarded at in time."""
    slowest_ms = int(access.walk_ms.max(initial=0)) + question.slack_ms
    stretch = -(-question.n_departures // _journeys.LANES) * _journeys.LANES
    width = stretch + slowest_ms // 60_000 + 1
    row, quickest_ms, n_rows = _journeys.choose_stops(
        profiles.start, profiles.departure_s, profiles.arrival_ms, question.first_s
    )
    table = np.empty(n_rows * 60 * width, dtype=np.int32)

    def fill(stop_from: int, stop_to: int) -> None:
        _journeys.fill_tables(
            profiles.start,
            profiles.departure_s,
            profiles.arrival_ms,
            row,
            stop_from,
            stop_to,
            question.first_s,
            width,
            table,
        )

    run_side_by_side(fill, profiles.n_stops, threads)
    return Boardings(
        profiles.start, profiles.departure_s, profiles.last_stop, row, quickest_ms, table, width
    )
