"""Compiled loops from stops to homes, behind `geo.journeys`.

Departures are a minute apart, so whoever is ready `k` seconds after each of them asks a stop about
seconds `k`, `k + 60`, `k + 120` … of the window. Per stop there is a table of what being ready at
each second leads to, laid out by second within the minute, then minute: one home's question is then
one contiguous stretch, and the least over stops is taken stretch by stretch, many at once.

The order statistic of a home's durations is found by halving the range of values and counting:
counting too runs over a contiguous stretch, whereas sorting would jump about.
"""

from typing import NamedTuple

import numpy as np

from geo._compile import jit
from geo._scan import find_boarding
from geo.timetable import UNREACHED_MS
from geo.units import Int32Array, IntArray

LANES = 16
"""Stretches are read in whole multiples of this many minutes; what is too much is ignored."""


class Pairs(NamedTuple):
    """Stops in walking reach of homes, in compressed rows by home, as `geo.journeys.Access`."""

    start: IntArray
    stop: Int32Array
    walk_ms: Int32Array


class Boardings(NamedTuple):
    """What `geo.profile.Profiles` and the tables know about boarding.

    `row` is each stop's row in `table`, -1 where nothing is to be had; `quickest_ms` the least time
    any boarding there takes. `table` has 60 stretches of `width` minutes per row.
    """

    start: IntArray
    departure_s: Int32Array
    last_stop: Int32Array
    row: Int32Array
    quickest_ms: Int32Array
    table: Int32Array
    width: int


class Question(NamedTuple):
    """Departures, limits and ranks asked for, and whether the journey behind; ranks count from 1."""

    first_s: int
    n_departures: int
    slack_ms: int
    longest_ms: int
    typical_rank: int
    worst_rank: int
    details: bool


class Answers(NamedTuple):
    """Milliseconds per home, `UNREACHED_MS` where unreached, and the journey behind `typical_ms`.

    `minute` is the first departure that takes so long, `last_stop` where its last walk begins; both
    -1 where walking all the way takes no longer.
    """

    typical_ms: Int32Array
    best_ms: Int32Array
    worst_ms: Int32Array
    minute: Int32Array
    last_stop: Int32Array


@jit
def turn_pairs(
    target_start: IntArray, home: Int32Array, walk: Int32Array, n_homes: int, limit_ms: int
) -> Pairs:
    """Walks of at most `limit_ms` by home instead of by stop, stops ascending."""
    start = np.zeros(n_homes + 1, dtype=np.int64)
    for pair in range(len(home)):
        start[home[pair] + 1] += walk[pair] <= limit_ms
    for at in range(n_homes):
        start[at + 1] += start[at]
    filled = start[:-1].copy()
    stop = np.empty(start[n_homes], dtype=np.int32)
    walk_ms = np.empty(start[n_homes], dtype=np.int32)
    for target in range(len(target_start) - 1):
        for pair in range(target_start[target], target_start[target + 1]):
            if walk[pair] <= limit_ms:
                place = filled[home[pair]]
                filled[home[pair]] += 1
                stop[place] = target
                walk_ms[place] = walk[pair]
    return Pairs(start, stop, walk_ms)


@jit
def choose_stops(
    start: IntArray, departure_s: Int32Array, arrival_ms: Int32Array, first_s: int
) -> tuple[Int32Array, Int32Array, int]:
    """Rows for stops with a boarding left, the least time such a journey takes, how many rows."""
    n_stops = len(start) - 1
    row = np.full(n_stops, -1, dtype=np.int32)
    quickest_ms = np.full(n_stops, UNREACHED_MS, dtype=np.int32)
    used = 0
    for stop in range(n_stops):
        for place in range(start[stop], start[stop + 1]):
            if departure_s[place] >= first_s:
                ride = arrival_ms[place] - int(departure_s[place]) * 1000
                quickest_ms[stop] = min(int(quickest_ms[stop]), ride)
        if quickest_ms[stop] != UNREACHED_MS:
            row[stop] = used
            used += 1
    return row, quickest_ms, used


@jit
def fill_tables(
    start: IntArray,
    departure_s: Int32Array,
    arrival_ms: Int32Array,
    row: Int32Array,
    stop_from: int,
    stop_to: int,
    first_s: int,
    width: int,
    table: Int32Array,
) -> None:
    """Arrivals for being ready at each second from `first_s` on, of some stops."""
    seconds = 60 * width
    for stop in range(stop_from, stop_to):
        if row[stop] < 0:
            continue
        base = row[stop] * seconds
        second = 0
        for place in range(start[stop + 1] - 1, start[stop] - 1, -1):
            arrival = arrival_ms[place]
            until = min(departure_s[place] - first_s + 1, seconds)
            while second < until:
                table[base + second % 60 * width + second // 60] = arrival
                second += 1
        while second < seconds:
            table[base + second % 60 * width + second // 60] = UNREACHED_MS
            second += 1


@jit
def _list_durations(
    home: int,
    pairs: Pairs,
    walk_ms: int,
    boardings: Boardings,
    question: Question,
    durations: Int32Array,
) -> bool:
    """Fill in milliseconds per departure; whether any of them beats walking.

    `durations` has room for a whole multiple of `LANES`; what is beyond the last departure is
    `UNREACHED_MS`.
    """
    table = boardings.table
    room = len(durations)
    durations[:] = UNREACHED_MS
    seen = False
    for pair in range(pairs.start[home], pairs.start[home + 1]):
        stop = pairs.stop[pair]
        row = boardings.row[stop]
        if row < 0:
            continue
        ready_ms = int(pairs.walk_ms[pair]) + question.slack_ms
        if ready_ms + boardings.quickest_ms[stop] >= walk_ms:
            continue
        seen = True
        ready_s = (ready_ms + 999) // 1000
        begin = (row * 60 + ready_s % 60) * boardings.width + ready_s // 60
        stretch = table[begin : begin + room]
        for at in range(room):
            durations[at] = min(durations[at], stretch[at])
    if not seen:
        durations[: question.n_departures] = walk_ms
        return False
    better = False
    leave_ms = int(question.first_s) * 1000
    for at in range(question.n_departures):
        arrival = int(durations[at])
        duration = arrival - leave_ms
        leave_ms += 60_000
        if arrival == UNREACHED_MS or duration > question.longest_ms or duration >= walk_ms:
            duration = int(walk_ms)
        else:
            better = True
        durations[at] = duration
    durations[question.n_departures :] = UNREACHED_MS
    return better


@jit
def _get_least(durations: Int32Array) -> int:
    least = durations[0]
    for at in range(len(durations)):
        least = min(least, durations[at])
    return int(least)


@jit
def _count_until(durations: Int32Array, value: int) -> int:
    most = np.int32(value)
    count = 0
    for at in range(len(durations)):
        count += durations[at] <= most
    return count


@jit
def _get_rank(durations: Int32Array, rank: int, low: int, high: int) -> int:
    """The `rank`-th smallest duration, known to lie from `low` to `high`."""
    while low < high:
        middle = (low + high) // 2
        if _count_until(durations, middle) >= rank:
            high = middle
        else:
            low = middle + 1
    return low


@jit
def _find_last_stop(
    home: int, pairs: Pairs, arrival_ms: int, minute: int, boardings: Boardings, question: Question
) -> int:
    """Where the last walk begins of the journey that arrives then, with the least first walk."""
    best = int(UNREACHED_MS)
    found = -1
    for pair in range(pairs.start[home], pairs.start[home + 1]):
        stop = pairs.stop[pair]
        row = boardings.row[stop]
        walk = int(pairs.walk_ms[pair])
        if row < 0 or walk >= best:
            continue
        ready_s = (walk + question.slack_ms + 999) // 1000
        at = (row * 60 + ready_s % 60) * boardings.width + ready_s // 60 + minute
        if boardings.table[at] == arrival_ms:
            best = walk
            ready_s += question.first_s + 60 * minute
            begin = boardings.start[stop]
            end = boardings.start[stop + 1]
            place = find_boarding(boardings.departure_s, begin, end, begin, ready_s)
            found = boardings.last_stop[place]
    return found


@jit
def measure_homes(
    home_from: int,
    home_to: int,
    pairs: Pairs,
    walks_ms: Int32Array,
    boardings: Boardings,
    question: Question,
    answers: Answers,
) -> None:
    """Order statistics over all departures, for some homes."""
    count = question.n_departures
    durations = np.empty((count + LANES - 1) // LANES * LANES, dtype=np.int32)
    for home in range(home_from, home_to):
        walk_ms = int(walks_ms[home])
        minute = -1
        last_stop = -1
        typical = walk_ms
        best = walk_ms
        worst = walk_ms
        if _list_durations(home, pairs, walk_ms, boardings, question, durations):
            best = _get_least(durations)
            highest = min(walk_ms, question.longest_ms + 1)
            shorter = _count_until(durations, highest - 1)
            if shorter >= question.typical_rank:
                typical = _get_rank(durations, question.typical_rank, best, highest - 1)
            if shorter >= question.worst_rank:
                worst = _get_rank(durations, question.worst_rank, best, highest - 1)
            if question.details and typical < walk_ms:
                minute = 0
                while durations[minute] != typical:
                    minute += 1
                arrival = question.first_s * 1000 + minute * 60_000 + typical
                last_stop = _find_last_stop(home, pairs, arrival, minute, boardings, question)
        answers.typical_ms[home] = typical
        answers.best_ms[home] = best
        answers.worst_ms[home] = worst
        answers.minute[home] = minute
        answers.last_stop[home] = last_stop


@jit
def list_homes(
    home_from: int,
    home_to: int,
    pairs: Pairs,
    walks_ms: Int32Array,
    boardings: Boardings,
    question: Question,
    out_ms: Int32Array,
) -> None:
    """Durations of all departures, for some homes; `out_ms` has a row per home."""
    count = question.n_departures
    durations = np.empty((count + LANES - 1) // LANES * LANES, dtype=np.int32)
    for home in range(home_from, home_to):
        walk_ms = int(walks_ms[home])
        _list_durations(home, pairs, walk_ms, boardings, question, durations)
        out_ms[home] = durations[:count]
