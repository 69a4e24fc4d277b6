"""Compiled passes over a timetable's hops, behind `geo.profile`.

Each hop is looked at once. Backwards, a hop asks what becomes of a passenger on it: staying seated,
walking off to a facility, or changing to what was found at other stops before; forwards, whether
its vehicle can be caught. Every change takes a millisecond at least, so what a hop may lead to has
a departure of its own, later than the hop's, and was looked at before (forwards: comes after).
"""

from typing import NamedTuple

import numpy as np

from geo._compile import jit
from geo.timetable import UNREACHED_MS
from geo.units import BoolArray, Int32Array, IntArray


class Hops(NamedTuple):
    """The hops of a `geo.timetable.Timetable`."""

    n_stops: int
    n_trips: int
    start: Int32Array
    end: Int32Array
    departure_s: Int32Array
    arrival_s: Int32Array
    trip: Int32Array
    board: BoolArray
    alight: BoolArray


class Rows(NamedTuple):
    """Changes in compressed rows, by the stop boarded at or by the one got off at."""

    start: IntArray
    stop: Int32Array
    least_ms: Int32Array


class Found(NamedTuple):
    """Boardings that pay, in compressed rows by stop, falling by departure and arrival."""

    start: IntArray
    departure_s: Int32Array
    arrival_ms: Int32Array
    enter_hop: Int32Array
    exit_hop: Int32Array
    last_stop: Int32Array


@jit
def turn_rows(rows: Rows) -> Rows:
    """The same changes by the other stop, within a row by least time, then by stop."""
    n_stops = len(rows.start) - 1
    start = np.zeros(n_stops + 1, dtype=np.int64)
    for other in rows.stop:
        start[other + 1] += 1
    for at in range(n_stops):
        start[at + 1] += start[at]
    filled = start[:-1].copy()
    stop = np.empty(len(rows.stop), dtype=np.int32)
    least_ms = np.empty(len(rows.stop), dtype=np.int32)
    for one in range(n_stops):
        for at in range(rows.start[one], rows.start[one + 1]):
            other = rows.stop[at]
            place = filled[other]
            filled[other] += 1
            least = rows.least_ms[at]
            while place > start[other] and least_ms[place - 1] > least:
                least_ms[place] = least_ms[place - 1]
                stop[place] = stop[place - 1]
                place -= 1
            least_ms[place] = least
            stop[place] = one
    return Rows(start, stop, least_ms)


@jit
def find_boarding(departure_s: Int32Array, begin: int, end: int, near: int, ready_s: int) -> int:
    """Last place from `begin` to `end - 1` that departs at `ready_s` or later; `begin - 1`: none.

    Departures fall. Looks in growing strides from `near` on (`begin - 1` to `end - 1`), then halves.
    """
    low = near
    high = near + 1
    stride = 1
    if near >= begin and departure_s[near] < ready_s:
        while low >= begin and departure_s[low] < ready_s:
            high = low
            low -= stride
            stride *= 2
        low = max(low, begin - 1)
    else:
        while high < end and departure_s[high] >= ready_s:
            low = high
            high += stride
            stride *= 2
        high = min(high, end)
    while high - low > 1:
        middle = (low + high) // 2
        if departure_s[middle] < ready_s:
            high = middle
        else:
            low = middle
    return low


@jit
def scan_backwards(hops: Hops, changes: Rows, egress_ms: Int32Array) -> Found:
    """What boarding leads to, at every stop; `changes` by the stop got off at, least time first.

    A change asks a list near to where it asked it last: so the cost follows the hops, not how many
    departures a list holds.

    Of equal arrivals at a facility staying seated comes first, then walking off, then changing.
    """
    hop_start, hop_end, hop_trip = hops.start, hops.end, hops.trip
    hop_departure_s, hop_arrival_s = hops.departure_s, hops.arrival_s
    hop_board, hop_alight = hops.board, hops.alight
    change_start, change_stop, change_ms = changes.start, changes.stop, changes.least_ms
    room = np.zeros(hops.n_stops + 1, dtype=np.int64)
    for hop in range(len(hop_start)):
        room[hop_start[hop] + 1] += hop_board[hop]
    for at in range(hops.n_stops):
        room[at + 1] += room[at]
    filled = room[:-1].copy()
    asked = np.empty(len(change_stop), dtype=np.int64)
    for at in range(len(change_stop)):
        asked[at] = room[change_stop[at]] - 1
    n_rooms = room[hops.n_stops]
    departure_s = np.empty(n_rooms, dtype=np.int32)
    arrival_ms = np.empty(n_rooms, dtype=np.int32)
    enter_hop = np.empty(n_rooms, dtype=np.int32)
    exit_hop = np.empty(n_rooms, dtype=np.int32)
    last_stop = np.empty(n_rooms, dtype=np.int32)
    trip_arrival = np.full(hops.n_trips, UNREACHED_MS, dtype=np.int32)
    trip_exit = np.full(hops.n_trips, -1, dtype=np.int32)
    trip_last = np.full(hops.n_trips, -1, dtype=np.int32)
    for hop in range(len(hop_start)):
        trip = hop_trip[hop]
        best = int(trip_arrival[trip])
        if hop_alight[hop]:
            stop = hop_end[hop]
            here = int(hop_arrival_s[hop]) * 1000
            last = np.int32(-1)
            if egress_ms[stop] != UNREACHED_MS and here + egress_ms[stop] < best:
                best = here + egress_ms[stop]
                last = stop
            for at in range(change_start[stop], change_start[stop + 1]):
                ready = here + change_ms[at]
                if ready >= best:
                    break
                other = change_stop[at]
                place = find_boarding(
                    departure_s, room[other], filled[other], asked[at], -(-ready // 1000)
                )
                asked[at] = place
                if place >= room[other] and arrival_ms[place] < best:
                    best = int(arrival_ms[place])
                    last = last_stop[place]
            if last >= 0:
                trip_arrival[trip] = best
                trip_exit[trip] = hop
                trip_last[trip] = last
        if hop_board[hop] and best != UNREACHED_MS:
            stop = hop_start[hop]
            place = filled[stop]
            if place > room[stop]:
                if arrival_ms[place - 1] <= best:
                    continue
                if departure_s[place - 1] == hop_departure_s[hop]:
                    place -= 1
            departure_s[place] = hop_departure_s[hop]
            arrival_ms[place] = best
            enter_hop[place] = hop
            exit_hop[place] = trip_exit[trip]
            last_stop[place] = trip_last[trip]
            filled[stop] = place + 1
    return _pack(room, filled, Found(room, departure_s, arrival_ms, enter_hop, exit_hop, last_stop))


@jit
def _pack(room: IntArray, filled: IntArray, found: Found) -> Found:
    """The places filled, without the room between."""
    n_stops = len(filled)
    start = np.zeros(n_stops + 1, dtype=np.int64)
    for stop in range(n_stops):
        start[stop + 1] = start[stop] + filled[stop] - room[stop]
    places = np.empty(start[n_stops], dtype=np.int64)
    for stop in range(n_stops):
        for at in range(filled[stop] - room[stop]):
            places[start[stop] + at] = room[stop] + at
    return Found(
        start,
        found.departure_s[places],
        found.arrival_ms[places],
        found.enter_hop[places],
        found.exit_hop[places],
        found.last_stop[places],
    )


@jit
def scan_forwards(
    hops: Hops, changes: Rows, access_ms: Int32Array, slack_ms: int, arrival_ms: Int32Array
) -> None:
    """Earliest arrival by vehicle at every stop, into `arrival_ms`; `changes` by the stop boarded at."""
    hop_start, hop_end, hop_trip = hops.start, hops.end, hops.trip
    hop_departure_s, hop_arrival_s = hops.departure_s, hops.arrival_s
    hop_board, hop_alight = hops.board, hops.alight
    change_start, change_stop, change_ms = changes.start, changes.stop, changes.least_ms
    arrival_ms[:] = UNREACHED_MS
    aboard = np.zeros(hops.n_trips, dtype=np.bool_)
    for hop in range(len(hop_start) - 1, -1, -1):
        trip = hop_trip[hop]
        if not aboard[trip]:
            if not hop_board[hop]:
                continue
            stop = hop_start[hop]
            leaves = int(hop_departure_s[hop]) * 1000
            caught = access_ms[stop] <= leaves - slack_ms
            at = change_start[stop]
            while not caught and at < change_start[stop + 1]:
                caught = arrival_ms[change_stop[at]] <= leaves - change_ms[at]
                at += 1
            if not caught:
                continue
            aboard[trip] = True
        if hop_alight[hop]:
            here = int(hop_arrival_s[hop]) * 1000
            arrival_ms[hop_end[hop]] = min(int(arrival_ms[hop_end[hop]]), here)
