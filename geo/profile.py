"""Passes over a timetable: backwards from all facilities at once, forwards from one place.

Backwards, one pass answers every departure from every stop: hops are taken in falling order of
departure, and for each one the earliest arrival at a facility is known from the hops before
(Dibbelt, Pajor, Strasser, Wagner: Connection Scan Algorithm, doi:10.1145/3274661). What is kept is
small: at each stop only the boardings that arrive earlier than every later one.

All arithmetic is in whole milliseconds after midnight of the service day.
"""

from dataclasses import dataclass

import numpy as np

from geo import _scan
from geo._scan import Hops, Rows
from geo.timetable import UNREACHED_MS, Changes, Timetable
from geo.units import Int32Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Boardings that pay, stop by stop: a later one always arrives later.

    Row `u` is `start[u]:start[u + 1]`, in falling order of departure and of arrival.

    Parameters
    ----------
    start
        Shape `(S + 1,)`.
    departure_s
        Shape `(P,)`: departure at the stop.
    arrival_ms
        Shape `(P,)`: earliest arrival at any facility, the last walk included.
    enter_hop, exit_hop
        Shape `(P,)`: hops of the timetable this ride begins and ends with.
    last_stop
        Shape `(P,)`: stop the last walk begins at, after all changes.
    """

    start: IntArray
    departure_s: Int32Array
    arrival_ms: Int32Array
    enter_hop: Int32Array
    exit_hop: Int32Array
    last_stop: Int32Array

    @property
    def n_stops(self) -> int:
        """Number of stops."""
        return len(self.start) - 1

    def find(self, stop: int, ready_ms: int) -> int:
        """Place of the first boarding at `stop` for someone ready then; -1 where none is left."""
        begin, end = int(self.start[stop]), int(self.start[stop + 1])
        rising = self.departure_s[begin:end][::-1]
        at = int(np.searchsorted(rising, -(-ready_ms // 1000)))
        return end - 1 - at if at < len(rising) else -1


def scan_profiles(timetable: Timetable, changes: Changes, egress_ms: Int32Array) -> Profiles:
    """Earliest arrival at the nearest facility, for every stop and departure: one backwards pass.

    Of journeys that arrive together, the one that stays seated counts, then the one that walks off
    to the facility, then the one with the shortest change.

    Parameters
    ----------
    egress_ms
        Shape `(S,)`: walk from each stop to the nearest facility, `UNREACHED_MS` where there is
        none within the longest walk.

    Raises
    ------
    ValueError
        Arrays that do not fit the timetable's stops, a change that takes no time.
    """
    _check(timetable, changes, egress_ms, "egress_ms")
    by_exit = _scan.turn_rows(_get_rows(changes))
    found = _scan.scan_backwards(_get_hops(timetable), by_exit, egress_ms)
    return Profiles(*found)


def scan_forward(
    timetable: Timetable, changes: Changes, access_ms: Int32Array, slack_ms: int
) -> Int32Array:
    """Earliest arrival by vehicle at every stop, for someone who sets out once: one forward pass.

    Parameters
    ----------
    access_ms
        Shape `(S,)`: when one stands at each stop, milliseconds after midnight; `UNREACHED_MS`
        where one cannot walk to.
    slack_ms
        Time one is at the first stop before the departure; not part of `access_ms`.

    Returns
    -------
    arrival_ms
        Shape `(S,)`: getting off there, `UNREACHED_MS` where no vehicle brings one. Walking to the
        stop is not an arrival.

    Raises
    ------
    ValueError
        Arrays that do not fit the timetable's stops, a change that takes no time.
    """
    _check(timetable, changes, access_ms, "access_ms")
    arrival_ms = np.empty(timetable.n_stops, dtype=np.int32)
    _scan.scan_forwards(_get_hops(timetable), _get_rows(changes), access_ms, slack_ms, arrival_ms)
    return arrival_ms


def scan_departures(
    timetable: Timetable,
    changes: Changes,
    walk_ms: Int32Array,
    departures_ms: IntArray,
    slack_ms: int,
) -> Int32Array:
    """Earliest arrival by vehicle at every stop for each of some departures from one place.

    What an isochrone over a window is drawn from: a forward pass per departure.

    Parameters
    ----------
    walk_ms
        Shape `(S,)`: walk from the place to each stop, `UNREACHED_MS` beyond the longest walk.
    departures_ms
        Shape `(M,)`: milliseconds after midnight; `Window.departures_ms` gives a window's.

    Returns
    -------
    arrival_ms
        Shape `(M, S)`, as `scan_forward`.

    Raises
    ------
    ValueError
        Arrays that do not fit the timetable's stops, a change that takes no time.
    """
    _check(timetable, changes, walk_ms, "walk_ms")
    hops, rows = _get_hops(timetable), _get_rows(changes)
    arrival_ms = np.empty((len(departures_ms), timetable.n_stops), dtype=np.int32)
    for at, departure in enumerate(departures_ms.tolist()):
        walked = walk_ms != UNREACHED_MS
        access = np.where(walked, np.where(walked, walk_ms, 0) + np.int64(departure), UNREACHED_MS)
        _scan.scan_forwards(hops, rows, access.astype(np.int32), slack_ms, arrival_ms[at])
    return arrival_ms


def _check(timetable: Timetable, changes: Changes, per_stop: Int32Array, name: str) -> None:
    n_stops = timetable.n_stops
    if len(per_stop) != n_stops or len(changes.start) != n_stops + 1:
        raise ValueError(
            f"{name} and changes are for {len(per_stop)} and {len(changes.start) - 1} stops; "
            f"the timetable has {n_stops}"
        )
    if len(changes.least_ms) and int(changes.least_ms.min()) < 1:
        raise ValueError("a change takes no time; expected 1 ms or more")


def _get_rows(changes: Changes) -> Rows:
    return Rows(changes.start, changes.stop, changes.least_ms)


def _get_hops(timetable: Timetable) -> Hops:
    return Hops(
        timetable.n_stops,
        timetable.n_trips,
        timetable.hop_from,
        timetable.hop_to,
        timetable.hop_departure_s,
        timetable.hop_arrival_s,
        timetable.hop_trip,
        timetable.hop_board,
        timetable.hop_alight,
    )
