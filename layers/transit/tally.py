"""What a timetable offers in the window: departures per stop, headways and trips per line."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from geo.timetable import Timetable
from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from layers.transit.model import Calls

_NUMBER = re.compile(r"(\d+)")


def select_window(timetable: Timetable, first_s: int, last_s: int) -> BoolArray:
    """Shape `(C,)`: hops one may board that depart at `first_s` or later and before `last_s`."""
    departure = timetable.hop_departure_s
    window: BoolArray = timetable.hop_board & (departure >= first_s) & (departure < last_s)
    return window


def list_directions(calls: Calls, trip_line: Int32Array) -> Int32Array:
    """Number the direction of each trip along its line, shape `(T,)`.

    Feeds need not name directions, so they are read off the stops: trips that pass the stops they share in
    one order run in one direction. Each line's most frequent sequence of stops is direction 0; the
    others join the direction whose most frequent sequence they agree with best, or open a new one.
    """
    n_trips = len(trip_line)
    direction = np.zeros(n_trips, dtype=np.int32)
    bounds = np.searchsorted(calls.trip, np.arange(n_trips + 1))
    patterns: dict[tuple[int, bytes], list[int]] = {}
    for trip in range(n_trips):
        stops = calls.stop[bounds[trip] : bounds[trip + 1]]
        patterns.setdefault((int(trip_line[trip]), stops.tobytes()), []).append(trip)
    leading: dict[int, list[dict[int, int]]] = {}
    for (line, pattern), trips in sorted(
        patterns.items(), key=lambda entry: (-len(entry[1]), entry[1][0])
    ):
        sequence = np.frombuffer(pattern, dtype=calls.stop.dtype).tolist()
        leaders = leading.setdefault(line, [])
        scores = [_agree(sequence, leader) for leader in leaders]
        best = int(np.argmax(scores)) if scores else 0
        if not scores or scores[best] <= 0:
            best = len(leaders)
            leaders.append({stop: place for place, stop in reversed(list(enumerate(sequence)))})
        direction[trips] = best
    return direction


def _agree(sequence: Sequence[int], leader: dict[int, int]) -> int:
    """How many more shared stops follow each other in the leader's order than against it."""
    places = [leader[stop] for stop in sequence if stop in leader]
    return sum((b > a) - (b < a) for a, b in pairwise(places))


def measure_headways_min(
    timetable: Timetable, window: BoolArray, direction: Int32Array, n_lines: int, minutes: float
) -> FloatArray:
    """Mean minutes between departures of each line.

    At every stop and in every direction with departures the window's length is divided by their number; the
    line's headway is the plain mean of these.

    Parameters
    ----------
    window
        Shape `(C,)`, as `select_window` gives it.
    direction
        Shape `(T,)`: direction of each trip.
    minutes
        Length of the window.

    Returns
    -------
    headway_min
        Shape `(L,)`, NaN where nothing runs.
    """
    trip = timetable.hop_trip[window]
    line = timetable.trip_line[trip].astype(np.int64)
    turns = np.int64(direction.max(initial=0) + 1)
    place = (line * turns + direction[trip]) * timetable.n_stops + timetable.hop_from[window]
    places, departures = np.unique(place, return_counts=True)
    of_line = places // (turns * max(timetable.n_stops, 1))
    total = np.bincount(of_line, weights=minutes / departures, minlength=n_lines)
    n_places = np.bincount(of_line, minlength=n_lines)
    headway_min: FloatArray = np.full(n_lines, np.nan)
    np.divide(total, n_places, out=headway_min, where=n_places > 0)
    return headway_min


def count_trips(trip: IntArray | Int32Array, trip_line: Int32Array, n_lines: int) -> IntArray:
    """Shape `(L,)`: different trips per line among those named."""
    return np.bincount(trip_line[np.unique(trip)], minlength=n_lines).astype(np.int64)


def list_calling_lines(calls: Calls, trip_line: Int32Array, n_lines: int) -> pd.DataFrame:
    """Pairs of `stop` and `line` (rows) where a trip of the line calls, each once, by stop."""
    pairs = np.unique(calls.stop.astype(np.int64) * max(n_lines, 1) + trip_line[calls.trip])
    return pd.DataFrame({"stop": pairs // max(n_lines, 1), "line": pairs % max(n_lines, 1)})


def join_texts(pairs: pd.DataFrame, texts: Sequence[str], n_stops: int) -> list[str]:
    """Per stop the different texts of its lines, comma-separated, numbers in order of size."""
    of_stop: list[set[str]] = [set() for _ in range(n_stops)]
    for stop, line in zip(pairs["stop"].tolist(), pairs["line"].tolist(), strict=True):
        of_stop[stop].add(texts[line])
    return [", ".join(sorted(found - {""}, key=_natural)) for found in of_stop]


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """`9` before `10`, `10` before `10A`, digits before letters."""
    parts = _NUMBER.split(text)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
