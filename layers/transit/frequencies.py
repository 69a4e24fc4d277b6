"""`frequencies.txt`: trips that run every so many seconds, written out as single trips.

A vehicle leaves the first stop at the start of the period and then every headway, as long as that is before
the period's end. Where the feed does not say that these times are exact, they stand for any that far
apart: the runs are counted as an assumption.
"""

from dataclasses import dataclass

import numpy as np

from geo.timetable import LATEST_S
from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from layers.errors import InvalidLayer
from layers.notices import Notice
from layers.sheets import list_rows
from layers.transit.calls import TripCalls
from layers.transit.tables import Table

NOT_EXACT = "frequency_not_exact"
MOST_CALLS = 20_000_000
"""More calls than this are not written out: the headways must be wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Runs of trips: `N` of them, by trip and then by start.

    Parameters
    ----------
    trip
        Shape `(N,)`: row of the trip as listed.
    start_s
        Shape `(N,)`: departure from its first stop.
    written
        Shape `(N,)`: written out from a frequency.
    exact
        Shape `(N,)`: the feed promises this very time.
    """

    trip: IntArray
    start_s: IntArray
    written: BoolArray
    exact: BoolArray


def list_runs(
    frequencies: Table, calls: TripCalls, trip_ids: tuple[str, ...]
) -> tuple[Runs, list[Notice]]:
    """List the runs of every trip: its own times, or what the frequencies make of it.

    Parameters
    ----------
    calls
        Calls of `T` trips.
    trip_ids
        Their `T` ids.

    Raises
    ------
    InvalidLayer
        More than `MOST_CALLS` calls would have to be written out.
    """
    row_of = {name: row for row, name in enumerate(trip_ids)}
    of_id = np.array([row_of.get(name, -1) for name in frequencies.ids("trip_id")] or [-1])
    trip = of_id[frequencies.codes("trip_id")].astype(np.int64)
    listed = np.flatnonzero(trip >= 0)
    trip = trip[listed]
    start, end, headway = (
        frequencies.numbers(name)[listed] for name in ("start_time", "end_time", "headway_secs")
    )
    usable = np.isfinite(start) & np.isfinite(end) & np.isfinite(headway)
    usable &= np.where(usable, end > start, False)
    notices = _note_unusable(frequencies, listed[~usable])
    notices += _note_overlaps(frequencies, listed[usable], trip[usable], start[usable], end[usable])
    exact = frequencies.numbers("exact_times")[listed[usable]] == 1.0
    end = _cut_late(end, calls, trip)
    n_runs = np.ceil((end[usable] - start[usable]) / headway[usable]).astype(np.int64)
    n_runs = np.maximum(n_runs, 0)
    _check_size(frequencies, n_runs, trip[usable], calls)
    nth = np.arange(int(n_runs.sum())) - np.repeat(np.cumsum(n_runs) - n_runs, n_runs)
    written_start = np.repeat(start[usable], n_runs) + nth * np.repeat(headway[usable], n_runs)
    alone = np.setdiff1d(np.arange(len(trip_ids)), trip)
    runs = Runs(
        trip=np.concatenate([alone, np.repeat(trip[usable], n_runs)]),
        start_s=np.concatenate([calls.origin_s[alone], written_start.astype(np.int64)]),
        written=np.arange(len(alone) + len(nth)) >= len(alone),
        exact=np.concatenate([np.ones(len(alone), dtype=np.bool_), np.repeat(exact, n_runs)]),
    )
    order = np.lexsort((~runs.exact, runs.start_s, runs.trip))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (np.diff(runs.trip[order]) != 0) | (np.diff(runs.start_s[order]) != 0)
    order = order[first]
    return Runs(
        runs.trip[order], runs.start_s[order], runs.written[order], runs.exact[order]
    ), notices


def write_runs(calls: TripCalls, runs: Runs) -> TripCalls:
    """Calls of every run; trips are numbered as the runs."""
    bounds = np.searchsorted(calls.trip, np.arange(len(calls.source) + 1))
    n_calls = np.diff(bounds)[runs.trip]
    run = np.repeat(np.arange(len(runs.trip)), n_calls)
    nth = np.arange(int(n_calls.sum())) - np.repeat(np.cumsum(n_calls) - n_calls, n_calls)
    at = bounds[runs.trip][run] + nth
    shift = (runs.start_s - calls.origin_s[runs.trip])[run]
    trip: Int32Array = run.astype(np.int32)
    return TripCalls(
        trip=trip,
        stop=calls.stop[at],
        arrival_s=np.maximum(calls.arrival_s[at] + shift, 0),
        departure_s=np.maximum(calls.departure_s[at] + shift, 0),
        board=calls.board[at],
        alight=calls.alight[at],
        guessed=calls.guessed[at],
        on_request=calls.on_request[at],
        origin_s=runs.start_s,
        source=calls.source[runs.trip],
    )


def _cut_late(end: FloatArray, calls: TripCalls, trip: IntArray) -> FloatArray:
    """Ends of periods, early enough that every run ends within the week a timetable may hold."""
    last = np.zeros(len(calls.source), dtype=np.int64)
    np.maximum.at(last, calls.trip, calls.departure_s)
    latest = (LATEST_S - (last - calls.origin_s)[trip]).astype(np.float64)
    cut: FloatArray = np.minimum(end, latest)
    return cut


def _check_size(frequencies: Table, n_runs: IntArray, trip: IntArray, calls: TripCalls) -> None:
    n_calls = np.bincount(calls.trip, minlength=int(trip.max(initial=-1)) + 1)
    total = int((n_runs * n_calls[trip]).sum())
    if total > MOST_CALLS:
        raise InvalidLayer(
            [
                Notice(
                    "error",
                    "too_many_runs",
                    frequencies.layer,
                    f"the frequencies make {int(n_runs.sum())} runs with {total} calls, more than {MOST_CALLS}; "
                    "check headway_secs and the periods",
                    f"频率表展开为 {int(n_runs.sum())} 个班次、{total} 次停站，超过 {MOST_CALLS}；请核对 headway_secs 与时段",
                    column="headway_secs",
                    found=str(total),
                    expected=str(MOST_CALLS),
                )
            ]
        )


def _note_unusable(frequencies: Table, places: IntArray) -> list[Notice]:
    if not len(places):
        return []
    rows = [int(row) for row in frequencies.rows[places]]
    name = frequencies.texts("trip_id")[int(places[0])]
    return [
        Notice(
            "warning",
            "frequency_without_runs",
            frequencies.layer,
            f"{len(rows)} rows make no run, such as row {rows[0]} of trip {name!r}: they lack a headway above zero or "
            "a period that ends after it starts; their trips do not run in these periods",
            f"{len(rows)} 行不产生班次，如第 {rows[0]} 行（班次“{name}”）：缺少大于零的间隔，或时段的结束不晚于开始；该时段内不运行",
            row=list_rows(rows),
            column="headway_secs",
            found=name,
            expected="a headway of at least 1 s and a period",
            count=len(rows),
        )
    ]


def _note_overlaps(
    frequencies: Table,
    places: IntArray,
    trip: IntArray,
    start: FloatArray,
    end: FloatArray,
) -> list[Notice]:
    order = np.lexsort((start, trip))
    trip, start, end, places = trip[order], start[order], end[order], places[order]
    into = (trip[1:] == trip[:-1]) & (start[1:] < end[:-1])
    if not into.any():
        return []
    rows = sorted(int(row) for row in frequencies.rows[places[1:][into]])
    return [
        Notice(
            "warning",
            "frequencies_overlap",
            frequencies.layer,
            f"{len(rows)} periods begin before another of the same trip has ended, such as row {rows[0]}; both run, "
            "runs that leave at the same second count once",
            f"{len(rows)} 个时段在同一班次的上一时段结束前开始，如第 {rows[0]} 行；两者均计，同一秒发车的只计一次",
            row=list_rows(rows),
            column="start_time",
            count=len(rows),
        )
    ]
