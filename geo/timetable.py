"""Timetables as hops from stop to stop, sorted for one pass over them; changes between stops."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.errors import BadTimetable
from geo.reach import ReachPairs
from geo.units import BoolArray, FloatArray, Int32Array, IntArray

UNREACHED_MS = np.iinfo(np.int32).max
"""A time nobody arrives at, milliseconds; never add to it."""

LATEST_S = 7 * 24 * 3600
"""Latest time of a call: milliseconds of a service day stay far below `UNREACHED_MS`."""


@dataclass(frozen=True, slots=True, eq=False)
class Timetable:
    """Hops of vehicles between consecutive calls, in falling order of departure.

    `S` stops, `T` trips, `C` hops. Hops with equal departure stand in falling order of arrival, and
    those of one trip in falling order of their place in it. Times are whole seconds after midnight
    of the service day and may pass 24:00.

    Parameters
    ----------
    n_stops
        Number of stops, `S`.
    hop_from, hop_to
        Shape `(C,)`: stops.
    hop_departure_s, hop_arrival_s
        Shape `(C,)`.
    hop_trip
        Shape `(C,)`: trip the hop belongs to.
    hop_board, hop_alight
        Shape `(C,)`: passengers may get on at `hop_from`, off at `hop_to`.
    trip_line
        Shape `(T,)`: line of each trip.
    """

    n_stops: int
    hop_from: Int32Array
    hop_to: Int32Array
    hop_departure_s: Int32Array
    hop_arrival_s: Int32Array
    hop_trip: Int32Array
    hop_board: BoolArray
    hop_alight: BoolArray
    trip_line: Int32Array

    @property
    def n_hops(self) -> int:
        """Number of hops."""
        return len(self.hop_from)

    @property
    def n_trips(self) -> int:
        """Number of trips."""
        return len(self.trip_line)


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Where one may have come from when boarding, in compressed rows by the stop boarded at.

    Row `u` is `start[u]:start[u + 1]`: stops one may have got off at (`u` itself where changing
    there is possible), and the least time between getting off there and the departure at `u`.

    Parameters
    ----------
    start
        Shape `(S + 1,)`.
    stop
        Shape `(R,)`.
    least_ms
        Shape `(R,)`, whole milliseconds, at least 1000 where no walk lies between.
    """

    start: IntArray
    stop: Int32Array
    least_ms: Int32Array


def walk_ms(walk_m: FloatArray, speed_m_s: float) -> Int32Array:
    """Walks in whole milliseconds, rounded down so that nothing is later than the truth.

    Parameters
    ----------
    walk_m
        Metres, any shape; `geo.units.UNREACHED` where there is no walk.
    speed_m_s
        Speed of the traveller.

    Returns
    -------
    walk_ms
        Same shape, `UNREACHED_MS` where there is no walk.

    Examples
    --------
    >>> walk_ms(np.array([0.0, 1.0, 60.0, np.inf]), 1.2).tolist()
    [0, 833, 50000, 2147483647]
    """
    whole = np.floor(np.asarray(walk_m, dtype=np.float64) * 1000.0 / speed_m_s + 1e-6)
    return np.minimum(whole, float(UNREACHED_MS)).astype(np.int32)


def build_timetable(
    *,
    n_stops: int,
    call_trip: NDArray[np.integer],
    call_stop: NDArray[np.integer],
    call_arrival_s: NDArray[np.integer],
    call_departure_s: NDArray[np.integer],
    call_board: BoolArray,
    call_alight: BoolArray,
    trip_line: NDArray[np.integer],
) -> Timetable:
    """Hops between consecutive calls of the same trip.

    A trip of one call, or none, gives no hop.

    Parameters
    ----------
    n_stops
        Number of stops, `S`.
    call_trip, call_stop
        Shape `(K,)`: trip (ascending) and stop of each call, trip by trip in order.
    call_arrival_s, call_departure_s
        Shape `(K,)`: whole seconds after midnight of the service day, never falling along a trip.
    call_board, call_alight
        Shape `(K,)`: passengers may get on, off.
    trip_line
        Shape `(T,)`: line of each trip.

    Raises
    ------
    BadTimetable
        Columns of unequal length, rows that do not exist, trips out of order, times that fall along
        a trip or lie before midnight or a week after it.
    """
    trip, stop, arrival, departure = (
        np.asarray(one, dtype=np.int64)
        for one in (call_trip, call_stop, call_arrival_s, call_departure_s)
    )
    columns = (stop, arrival, departure, call_board, call_alight)
    if any(len(one) != len(trip) for one in columns):
        raise BadTimetable(f"columns of calls differ in length; expected {len(trip)} each")
    _check_calls(n_stops, len(trip_line), trip, stop, arrival, departure)
    first = np.flatnonzero(trip[:-1] == trip[1:])
    then = first + 1
    order = np.lexsort((-first, trip[first], -arrival[then], -departure[first]))
    first, then = first[order], then[order]
    return Timetable(
        n_stops=n_stops,
        hop_from=stop[first].astype(np.int32),
        hop_to=stop[then].astype(np.int32),
        hop_departure_s=departure[first].astype(np.int32),
        hop_arrival_s=arrival[then].astype(np.int32),
        hop_trip=trip[first].astype(np.int32),
        hop_board=np.asarray(call_board, dtype=np.bool_)[first],
        hop_alight=np.asarray(call_alight, dtype=np.bool_)[then],
        trip_line=np.asarray(trip_line).astype(np.int32),
    )


def _check_calls(
    n_stops: int,
    n_trips: int,
    trip: IntArray,
    stop: IntArray,
    arrival: IntArray,
    departure: IntArray,
) -> None:
    _check_rows("trip", trip, n_trips)
    _check_rows("stop", stop, n_stops)
    unsorted = np.flatnonzero(trip[1:] < trip[:-1])
    if len(unsorted):
        at = int(unsorted[0]) + 1
        raise BadTimetable(
            f"call {at} belongs to trip {trip[at]} after trip {trip[at - 1]}; "
            "expected calls trip by trip, trips ascending"
        )
    outside = np.flatnonzero((arrival < 0) | (departure > LATEST_S))
    if len(outside):
        at = int(outside[0])
        raise BadTimetable(
            f"call {at} arrives at {arrival[at]} s and departs at {departure[at]} s; "
            f"expected 0 to {LATEST_S} s after midnight"
        )
    back = departure < arrival
    back[1:] |= (arrival[1:] < departure[:-1]) & (trip[1:] == trip[:-1])
    if back.any():
        at = int(np.argmax(back))
        raise BadTimetable(
            f"times fall along trip {trip[at]} at call {at} (arrives {arrival[at]} s, departs "
            f"{departure[at]} s); expected times that never fall"
        )


def _check_rows(what: str, rows: IntArray, count: int) -> None:
    wrong = np.flatnonzero((rows < 0) | (rows >= count))
    if len(wrong):
        at = int(wrong[0])
        raise BadTimetable(f"{what} {rows[at]} at row {at} does not exist; there are {count}")


def cut_window(timetable: Timetable, earliest_s: float, latest_s: float) -> Timetable:
    """The hops that depart at `earliest_s` or later and arrive by `latest_s`; trips keep their rows."""
    keep = (timetable.hop_departure_s >= earliest_s) & (timetable.hop_arrival_s <= latest_s)
    names = ("from", "to", "departure_s", "arrival_s", "trip", "board", "alight")
    return replace(
        timetable, **{f"hop_{name}": getattr(timetable, f"hop_{name}")[keep] for name in names}
    )


def build_changes(
    n_stops: int,
    pairs: ReachPairs,
    *,
    speed_m_s: float,
    min_change_s: float,
    slack_s: float,
    given_from: NDArray[np.integer],
    given_to: NDArray[np.integer],
    given_s: FloatArray,
    given_forbidden: BoolArray,
) -> Changes:
    """Changes at one stop, on foot between two, and as the operator gives them.

    At the same stop a change takes `min_change_s`; between two stops of `pairs` the walk and
    `slack_s`, at least `min_change_s`. A time given by the operator replaces either, and makes a
    change possible where `pairs` know none. No change takes less than a second.

    Parameters
    ----------
    pairs
        Walks from stops got off at (`home`) to stops boarded at (the targets).
    speed_m_s
        Speed of the traveller.
    given_from, given_to
        Shape `(G,)`: stops got off at, stops boarded at.
    given_s
        Shape `(G,)`: least seconds between, NaN where the operator says nothing; of several for one
        pair the smallest counts.
    given_forbidden
        Shape `(G,)`: no change between the two, whatever else is said.

    Raises
    ------
    BadTimetable
        Given stops that do not exist, or times that are negative.
    """
    off, on = (np.asarray(one, dtype=np.int64) for one in (given_from, given_to))
    given = np.asarray(given_s, dtype=np.float64)
    _check_rows("stop", off, n_stops)
    _check_rows("stop", on, n_stops)
    if (given < 0).any():
        raise BadTimetable(f"a change takes {np.nanmin(given)} s; expected 0 s or more")
    least_walked = walk_ms(np.array([min_change_s, slack_s]), 1.0)
    least_change, slack = max(1000, int(least_walked[0])), int(least_walked[1])
    stops = np.arange(n_stops, dtype=np.int64)
    board = np.repeat(stops, np.diff(pairs.start))
    apart = board != pairs.home
    walks = walk_ms(pairs.walk_m[apart], speed_m_s).astype(np.int64)
    told = ~np.isnan(given)
    forbidden = np.asarray(given_forbidden, dtype=np.bool_)
    # Of several words on one pair the first in this order counts: forbidden, given, walked.
    pair = np.concatenate(
        [
            _number_pairs(on[forbidden], off[forbidden], n_stops),
            _number_pairs(on[told], off[told], n_stops),
            _number_pairs(board[apart], pairs.home[apart], n_stops),
            _number_pairs(stops, stops, n_stops),
        ]
    )
    least = np.concatenate(
        [
            np.full(int(forbidden.sum()), -1, dtype=np.int64),
            np.maximum(walk_ms(given[told], 1.0), 1000).astype(np.int64),
            np.maximum(walks + slack, least_change),
            np.full(n_stops, least_change, dtype=np.int64),
        ]
    )
    rank = np.repeat(np.arange(4), [forbidden.sum(), told.sum(), apart.sum(), n_stops])
    order = np.lexsort((least, rank, pair))
    pair, least = pair[order], least[order]
    keep = np.ones(len(pair), dtype=np.bool_)
    keep[1:] = pair[1:] != pair[:-1]
    keep &= least >= 0
    pair, least = pair[keep], least[keep]
    start = np.searchsorted(pair, np.arange(n_stops + 1, dtype=np.int64) * n_stops)
    return Changes(
        start.astype(np.int64), (pair % max(n_stops, 1)).astype(np.int32), least.astype(np.int32)
    )


def _number_pairs(board: NDArray[np.integer], off: NDArray[np.integer], n_stops: int) -> IntArray:
    """One number per pair of stops, ascending by the stop boarded at, then the other."""
    return board.astype(np.int64) * n_stops + off
