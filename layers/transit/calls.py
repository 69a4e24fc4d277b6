"""`stop_times.txt` → the calls of the trips of one day, every one of them timed.

Times some calls lack are laid between those that have one, in proportion to `shape_dist_traveled` where
the feed gives it all along the gap, else to the straight line from stop to stop; whole seconds, rounded down.
"""

from dataclasses import dataclass

import numpy as np

from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from layers.notices import Notice
from layers.sheets import list_rows
from layers.transit.tables import Table

INTERPOLATED, ON_REQUEST = "times_interpolated", "on_request"
_EARTH_M = 6_371_008.8  # mean radius, IUGG
_NEVER, _ASK = 1.0, 2.0
_FLOOR_SLACK = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class TripCalls:
    """Calls trip by trip, in order: `K` calls of `T` trips.

    Parameters
    ----------
    trip
        Shape `(K,)`, rising from 0 without gaps.
    stop
        Shape `(K,)`: rows of the table of stops.
    arrival_s, departure_s
        Shape `(K,)`: seconds after midnight of the service day, never falling along a trip.
    board, alight
        Shape `(K,)`.
    guessed, on_request
        Shape `(K,)`: the time was interpolated; one boards or alights after a call or a word to the driver.
    origin_s
        Shape `(T,)`: departure from the first stop the feed names, which a frequency counts from.
    source
        Shape `(T,)`: rows of the trips asked for.
    """

    trip: Int32Array
    stop: Int32Array
    arrival_s: IntArray
    departure_s: IntArray
    board: BoolArray
    alight: BoolArray
    guessed: BoolArray
    on_request: BoolArray
    origin_s: IntArray
    source: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of stop_times in order of trip, sequence and file; the columns that decide a call."""

    row: IntArray
    trip: IntArray
    stop: IntArray
    sequence: FloatArray
    arrival: FloatArray
    departure: FloatArray
    distance: FloatArray
    place: IntArray

    def take(self, chosen: IntArray | BoolArray) -> "_Rows":
        return _Rows(
            self.row[chosen],
            self.trip[chosen],
            self.stop[chosen],
            self.sequence[chosen],
            self.arrival[chosen],
            self.departure[chosen],
            self.distance[chosen],
            self.place[chosen],
        )


def build_calls(
    stop_times: Table,
    *,
    trip_of: dict[str, int],
    known_trips: frozenset[str],
    stop_of: dict[str, int],
    placeless: frozenset[str],
    stop_lonlat: FloatArray,
) -> tuple[TripCalls, list[Notice]]:
    """Calls of the trips asked for.

    Left out, each with a notice: rows of unknown trips, calls at unknown stops and at stops without a
    place, calls listed twice, untimed calls before the first and after the last timed one, trips whose times
    fall, trips with fewer than two calls.

    Parameters
    ----------
    trip_of
        Trips asked for → their number, 0, 1, …
    known_trips
        All trips of the feed.
    stop_of, placeless
        Stops one can walk to → their row; stops the feed knows but places nowhere.
    stop_lonlat
        Shape `(S, 2)`: degrees, WGS 84.
    """
    notices = _note_unknown_trips(stop_times, known_trips)
    rows = _sort_rows(stop_times, trip_of, stop_of)
    origin_s = _find_origins(rows, len(trip_of))
    notices += _note_unknown_stops(stop_times, rows, placeless)
    rows = rows.take(rows.stop >= 0)
    rows, more = _drop_repeated(rows, stop_times.layer)
    notices += more
    rows, more = _trim_untimed(rows, stop_times)
    notices += more
    rows, more = _drop_falling(rows, stop_times)
    notices += more
    rows, more = _drop_short(rows, stop_times, trip_of)
    notices += more
    arrival_s, departure_s, guessed = _interpolate(rows, stop_lonlat)
    pickup = stop_times.numbers("pickup_type")[rows.place]
    drop_off = stop_times.numbers("drop_off_type")[rows.place]
    source, trip = np.unique(rows.trip, return_inverse=True)
    return TripCalls(
        trip=trip.reshape(-1).astype(np.int32),
        stop=rows.stop.astype(np.int32),
        arrival_s=arrival_s,
        departure_s=departure_s,
        board=pickup != _NEVER,
        alight=drop_off != _NEVER,
        guessed=guessed,
        on_request=(pickup >= _ASK) | (drop_off >= _ASK),
        origin_s=origin_s[source],
        source=source,
    ), notices


def _sort_rows(stop_times: Table, trip_of: dict[str, int], stop_of: dict[str, int]) -> _Rows:
    """Rows of the trips asked for; a time given on one side of a call counts for both."""
    trip = _look_up(stop_times, "trip_id", trip_of)
    wanted = np.flatnonzero(trip >= 0)
    sequence = stop_times.numbers("stop_sequence")
    place = wanted[np.lexsort((wanted, sequence[wanted], trip[wanted]))]
    arrival = stop_times.numbers("arrival_time")[place]
    departure = stop_times.numbers("departure_time")[place]
    return _Rows(
        row=stop_times.rows[place],
        trip=trip[place],
        stop=_look_up(stop_times, "stop_id", stop_of)[place],
        sequence=sequence[place],
        arrival=np.where(np.isnan(arrival), departure, arrival),
        departure=np.where(np.isnan(departure), arrival, departure),
        distance=stop_times.numbers("shape_dist_traveled")[place],
        place=place,
    )


def _look_up(table: Table, column: str, numbers: dict[str, int]) -> IntArray:
    """Shape `(R,)`: the number of each row's id, -1 where it has none."""
    of_id = np.array([numbers.get(value, -1) for value in table.ids(column)] or [-1])
    found: IntArray = of_id[table.codes(column)].astype(np.int64)
    return found


def _find_origins(rows: _Rows, n_trips: int) -> IntArray:
    """Shape `(n_trips,)`: first time of each trip; 0 where none is given."""
    origin = np.zeros(n_trips, dtype=np.int64)
    timed = np.flatnonzero(~np.isnan(rows.departure))
    trips, first = np.unique(rows.trip[timed], return_index=True)
    origin[trips] = rows.departure[timed[first]].astype(np.int64)
    return origin


def _drop_repeated(rows: _Rows, layer: str) -> tuple[_Rows, list[Notice]]:
    """Calls listed twice count once; two calls under one sequence number keep the file's order."""
    if len(rows.trip) < 2:
        return rows, []
    same_place = (rows.trip[1:] == rows.trip[:-1]) & (rows.sequence[1:] == rows.sequence[:-1])
    if not same_place.any():
        return rows, []
    same = same_place & (rows.stop[1:] == rows.stop[:-1])
    for times in (rows.arrival, rows.departure):
        same &= (times[1:] == times[:-1]) | (np.isnan(times[1:]) & np.isnan(times[:-1]))
    numbers = [int(row) for row in np.sort(rows.row[1:][same_place])]
    notice = Notice(
        "warning",
        "duplicate_stop_sequence",
        layer,
        f"{len(numbers)} rows repeat a stop_sequence of their trip, such as row {numbers[0]}; calls listed twice "
        "count once, others were taken in the order of the file",
        f"{len(numbers)} 行重复了所在班次的 stop_sequence，如第 {numbers[0]} 行；重复的停站只计一次，其余按文件顺序采用",
        row=list_rows(numbers),
        column="stop_sequence",
        expected="rising along the trip",
        count=len(numbers),
    )
    return rows.take(np.concatenate([[True], ~same])), [notice]


def _trim_untimed(rows: _Rows, stop_times: Table) -> tuple[_Rows, list[Notice]]:
    """Leave out calls before the first and after the last time of their trip."""
    timed = ~np.isnan(rows.arrival)
    first, last = _bound_timed(rows.trip, timed)
    here = np.arange(len(rows.trip))
    outside = (here < first) | (here > last)
    if not outside.any():
        return rows, []
    number = int(rows.row[outside].min())
    notice = Notice(
        "warning",
        "untimed_ends",
        stop_times.layer,
        f"{int(outside.sum())} calls stand before the first or after the last time of their trip, such as row "
        f"{number}; nothing says when the vehicle is there, they were left out",
        f"{int(outside.sum())} 次停站位于所在班次的首个时刻之前或末个时刻之后，如第 {number} 行；时刻无从得知，未予采用",
        row=list_rows([int(row) for row in np.sort(rows.row[outside])]),
        column="arrival_time",
        expected="a time at both ends of every trip",
        count=int(outside.sum()),
    )
    return rows.take(~outside), [notice]


def _bound_timed(trip: IntArray, timed: BoolArray) -> tuple[IntArray, IntArray]:
    """Shape `(K,)` each: places of the first and last timed call of every row's trip."""
    n_trips = int(trip.max(initial=-1)) + 1
    first = np.full(n_trips, len(trip), dtype=np.int64)
    last = np.full(n_trips, -1, dtype=np.int64)
    at = np.flatnonzero(timed)
    np.minimum.at(first, trip[at], at)
    np.maximum.at(last, trip[at], at)
    return first[trip], last[trip]


def _drop_falling(rows: _Rows, stop_times: Table) -> tuple[_Rows, list[Notice]]:
    """Leave out trips that go back in time."""
    timed = np.flatnonzero(~np.isnan(rows.arrival))
    arrival, departure, trip = rows.arrival[timed], rows.departure[timed], rows.trip[timed]
    falling = departure < arrival
    falling[1:] |= (trip[1:] == trip[:-1]) & (arrival[1:] < departure[:-1])
    if not falling.any():
        return rows, []
    at = timed[falling]
    trips, first = np.unique(rows.trip[at], return_index=True)
    ids = stop_times.texts("trip_id") if len(trips) else []
    named = [(ids[int(rows.place[at[k]])], int(rows.row[at[k]])) for k in first]
    shown = ", ".join(f"{name!r} (row {row})" for name, row in named[:5])
    shown_zh = "、".join(f"“{name}”（第 {row} 行）" for name, row in named[:5])
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    notice = Notice(
        "warning",
        "trip_back_in_time",
        stop_times.layer,
        f"{len(named)} trips go back in time and were left out: {shown}{more}; expected times that never fall "
        "from one call to the next (hours go on past 24)",
        f"{len(named)} 个班次的时刻倒退，未予采用：{shown_zh}{'等' if more else ''}；时刻应逐站递增（跨越零点时小时数继续累加至 24 以上）",
        row=list_rows([row for _, row in named]),
        column="arrival_time",
        found=", ".join(name for name, _ in named[:5]),
        expected="times that never fall",
        count=len(named),
    )
    return rows.take(~np.isin(rows.trip, trips)), [notice]


def _drop_short(
    rows: _Rows, stop_times: Table, trip_of: dict[str, int]
) -> tuple[_Rows, list[Notice]]:
    """Leave out trips that call nowhere or only once; those dropped before are not counted again."""
    n_calls = np.bincount(rows.trip, minlength=len(trip_of))
    listed = _look_up(stop_times, "trip_id", trip_of)
    n_listed = np.bincount(listed[listed >= 0], minlength=len(trip_of))
    single = n_calls == 1
    nowhere = (n_calls == 0) & (n_listed <= 1)
    notices = []
    if single.any() or nowhere.any():
        short = np.flatnonzero(single | nowhere)
        names = {number: name for name, number in trip_of.items()}
        shown = ", ".join(repr(names[int(number)]) for number in short[:5])
        notices.append(
            Notice(
                "warning",
                "trip_without_ride",
                stop_times.layer,
                f"{len(short)} trips of the day have fewer than two usable calls and were left out, such as {shown}",
                f"当日有 {len(short)} 个班次可用的停站不足两次，未予采用，如 {shown}",
                column="trip_id",
                found=", ".join(names[int(number)] for number in short[:5]),
                expected="two calls or more",
                count=len(short),
            )
        )
    return rows.take(~single[rows.trip]), notices


def _interpolate(rows: _Rows, stop_lonlat: FloatArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Arrivals, departures, and which of them were not given."""
    guessed = np.isnan(rows.arrival)
    arrival, departure = rows.arrival.copy(), rows.departure.copy()
    at = np.flatnonzero(guessed)
    if len(at):
        place = np.arange(len(rows.trip))
        before = np.maximum.accumulate(np.where(guessed, 0, place))[at]
        after = np.minimum.accumulate(np.where(guessed, len(place), place)[::-1])[::-1][at]
        part = _find_parts(rows, stop_lonlat, at, before, after)
        span = arrival[after] - departure[before]
        arrival[at] = departure[before] + np.floor(part * span + _FLOOR_SLACK)
        departure[at] = arrival[at]
    return arrival.astype(np.int64), departure.astype(np.int64), guessed


def _find_parts(
    rows: _Rows, stop_lonlat: FloatArray, at: IntArray, before: IntArray, after: IntArray
) -> FloatArray:
    """How far into its gap each untimed call lies, 0 to 1, never falling along a trip."""
    part: FloatArray = (at - before) / (after - before)
    along = np.concatenate([[0.0], np.cumsum(_measure_steps_m(rows, stop_lonlat))])
    length = along[after] - along[before]
    np.divide(along[at] - along[before], length, out=part, where=length > 0)
    distance = rows.distance
    step_fits = np.isfinite(distance[1:]) & np.isfinite(distance[:-1])
    step_fits &= np.where(step_fits, distance[1:] >= distance[:-1], False)
    misfits = np.concatenate([[0], np.cumsum(~step_fits)])
    fits = misfits[after] == misfits[before]
    given = np.where(fits, distance[after] - distance[before], 0.0)
    np.divide(distance[at] - distance[before], given, out=part, where=given > 0)
    return part


def _measure_steps_m(rows: _Rows, stop_lonlat: FloatArray) -> FloatArray:
    """Shape `(K - 1,)`: straight metres from each call to the next of its trip (haversine), else 0."""
    lon, lat = np.radians(stop_lonlat[rows.stop]).T
    half = (
        np.sin(np.diff(lat) / 2) ** 2
        + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
    )
    steps = 2 * _EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return np.where(rows.trip[1:] == rows.trip[:-1], steps, 0.0)


def _note_unknown_trips(stop_times: Table, known_trips: frozenset[str]) -> list[Notice]:
    unknown = stop_times.flags("trip_id", lambda value: value not in known_trips)
    return _note_unknown(stop_times, "trip_id", unknown, "trips", "班次")


def _note_unknown_stops(stop_times: Table, rows: _Rows, placeless: frozenset[str]) -> list[Notice]:
    lost = rows.place[rows.stop < 0]
    unknown = np.zeros(len(stop_times), dtype=np.bool_)
    unknown[lost] = True
    without_place = unknown & stop_times.flags("stop_id", placeless.__contains__)
    notices = _note_unknown(stop_times, "stop_id", unknown & ~without_place, "stops", "站点")
    if without_place.any():
        first = int(np.flatnonzero(without_place)[0])
        name = stop_times.texts("stop_id")[first]
        n_calls = int(without_place.sum())
        notices.append(
            Notice(
                "warning",
                "call_at_placeless_stop",
                stop_times.layer,
                f"{n_calls} calls are at stops without coordinates, such as {name!r} in row "
                f"{int(stop_times.rows[first])}; vehicles run on, nobody gets on or off there",
                f"{n_calls} 次停站的站点没有坐标，如第 {int(stop_times.rows[first])} 行的“{name}”；车辆照常运行，此处不能上下车",
                row=list_rows([int(row) for row in stop_times.rows[without_place]]),
                column="stop_id",
                found=name,
                count=n_calls,
            )
        )
    return notices


def _note_unknown(
    table: Table, column: str, unknown: BoolArray, what: str, what_zh: str
) -> list[Notice]:
    if not unknown.any():
        return []
    first = int(np.flatnonzero(unknown)[0])
    name, number = table.texts(column)[first], int(table.rows[first])
    return [
        Notice(
            "warning",
            f"unknown_{column.removesuffix('_id')}",
            table.layer,
            f"{int(unknown.sum())} rows name {what} the feed does not have, such as {name!r} in row {number}; "
            "they were left out",
            f"{int(unknown.sum())} 行引用了时刻表中不存在的{what_zh}，如第 {number} 行的“{name}”；未予采用",
            row=list_rows([int(row) for row in table.rows[unknown]]),
            column=column,
            found=name,
            expected=f"an id of {what}.txt",
            count=int(unknown.sum()),
        )
    ]
