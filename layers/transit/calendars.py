"""Service days: which services of a feed run on which date, and the one day all feeds are read for.

A row of `calendar.txt` says on which weekdays of a period a service runs; a service may have several rows,
whose days add up. `calendar_dates.txt` adds single dates and takes others away. A feed may have either
table or both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from geo.units import BoolArray, IntArray
from layers.errors import InvalidLayer
from layers.notices import Notice
from layers.sheets import list_rows
from layers.transit.tables import Table

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZH_WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
_LONGEST_PERIOD_D = 40 * 366
_TYPICAL_SPAN_D = 365
_LIVELY_SHARE = 0.5
_RUNS, _RUNS_NOT = 1.0, 2.0
_LISTED_DAYS = 5
# weekdays in the order they are looked for: the middle of the week, its ends, the weekend
_PREFERENCE = ((1, 2, 3), (0, 4), (5, 6))
_WEDNESDAY = 2


@dataclass(frozen=True, slots=True, eq=False)
class FeedDays:
    """When the trips of one feed run.

    Parameters
    ----------
    name
        File or folder name of the feed.
    first
        Ordinal (`date.toordinal`) of day 0.
    services
        Ids of the services that have trips, and of no other.
    runs
        Shape `(services, D)`: service runs on day `first + d`; every service runs on some day or is false
        throughout.
    n_trips
        Shape `(D,)`: trips on each day (a trip written as frequencies counts once).
    """

    name: str
    first: int
    services: tuple[str, ...]
    runs: BoolArray
    n_trips: IntArray

    def list_days(self) -> IntArray:
        """Ordinals of all days with any trip, rising."""
        return np.flatnonzero(self.n_trips > 0).astype(np.int64) + self.first

    def count_trips(self, days: IntArray) -> IntArray:
        """Trips on the days of these ordinals, same shape."""
        place = days - self.first
        inside = (place >= 0) & (place < len(self.n_trips))
        counts = np.zeros(len(days), dtype=np.int64)
        counts[inside] = self.n_trips[place[inside]]
        return counts

    def list_services(self, day: date) -> frozenset[str]:
        """Services that run on a day."""
        place = day.toordinal() - self.first
        if not 0 <= place < len(self.n_trips):
            return frozenset()
        return frozenset(
            name for name, runs in zip(self.services, self.runs[:, place], strict=True) if runs
        )


def build_days(
    name: str, *, calendar: Table, exceptions: Table, trips: Table
) -> tuple[FeedDays, list[Notice]]:
    """Work out the service days of a feed from its tables.

    Parameters
    ----------
    calendar, exceptions, trips
        `calendar.txt`, `calendar_dates.txt` and `trips.txt`, as `layers.transit.tables` gives them.
    """
    counts = trips.frame["service_id"].value_counts(sort=False)
    n_trips_of = {str(service): int(n) for service, n in counts.items() if n}
    services = tuple(sorted(n_trips_of))
    calendar, notices = _drop_empty_periods(calendar)
    known = {*calendar.texts("service_id"), *exceptions.texts("service_id")}
    notices += _note_unknown_services([s for s in services if s not in known], n_trips_of, trips)
    bounds = np.concatenate(
        [
            calendar.numbers("start_date"),
            calendar.numbers("end_date"),
            exceptions.numbers("date"),
        ]
    )
    if not len(bounds):
        nothing = np.zeros((len(services), 0), dtype=np.bool_)
        return FeedDays(name, 1, services, nothing, np.zeros(0, dtype=np.int64)), notices
    first, last = int(bounds.min()), int(bounds.max())
    if last - first > _LONGEST_PERIOD_D:
        last = first + _LONGEST_PERIOD_D
        notices.append(_period_cut(name, first, last))
    runs = np.zeros((len(services), last - first + 1), dtype=np.bool_)
    place = {service: row for row, service in enumerate(services)}
    _fill_periods(runs, calendar, place, first)
    _fill_exceptions(runs, exceptions, place, first)
    weight = np.array([n_trips_of[service] for service in services], dtype=np.int64)
    return FeedDays(name, first, services, runs, weight @ runs), notices


def read_map_day(timestamp: str) -> date | None:
    """Day of an OSM timestamp, None where it says nothing.

    >>> read_map_day("2023-02-21T21:20:53Z")
    datetime.date(2023, 2, 21)
    """
    try:
        return datetime.fromisoformat(timestamp).date()
    except ValueError:
        return None


def choose_day(
    feeds: Sequence[FeedDays], wanted: date | None, *, map_day: date | None = None
) -> tuple[date, list[Notice]]:
    """Choose the one service day all feeds are read for.

    A wanted day is taken if every feed has trips on it. Without one a typical weekday is chosen: of the days
    on which the most feeds have trips, those in the middle of the week (Tuesday to Thursday; if there are
    none Monday and Friday, then the weekend) within a year, namely half a year around the state of the map
    where the feeds serve such days within it, else the 365 days up to the last one with at least half as many
    trips as the busiest (a single line valid until 2099 does not speak for the feed); of these the days with
    the middle number of trips (the upper median), which leaves holidays and thin timetables aside; of these
    the Wednesday nearest to the map's day, or else in the middle (feeds begin and end on days nobody would
    call typical), or else the day so placed.

    Parameters
    ----------
    map_day
        State of the streets: timetable and map should speak of the same time. None: unknown.

    Returns
    -------
    day, notices
        What was chosen, and which feeds have no trips on it.

    Raises
    ------
    InvalidLayer
        Some feed has no trips on the wanted day, or on no day at all; the notices name the days it has.
    """
    never = [feed for feed in feeds if not len(feed.list_days())]
    if never:
        raise InvalidLayer([_never_runs(feed) for feed in never])
    if wanted is not None:
        without = [feed for feed in feeds if not _runs_on(feed, wanted)]
        if without:
            raise InvalidLayer([_day_without_service(feed, wanted, "error") for feed in without])
        return wanted, []
    day, n_alike = _find_typical(feeds, map_day)
    trips = sum(int(feed.count_trips(np.array([day.toordinal()]))[0]) for feed in feeds)
    chosen = Notice(
        "info",
        "service_day_chosen",
        ", ".join(feed.name for feed in feeds),
        f"the timetable is read for {_english(day)}: {trips} trips, as many as on a typical "
        f"{'weekday' if day.weekday() < 5 else 'day'} ({n_alike} such days within a year); set day to read another",
        f"时刻表取 {_chinese(day)}：共 {trips} 个班次，属典型{'工作日' if day.weekday() < 5 else '日'}"
        f"（一年内此类日期 {n_alike} 天）；可用 day 指定其他日期",
        found=day.isoformat(),
    )
    without = [feed for feed in feeds if not _runs_on(feed, day)]
    return day, [chosen, *(_day_without_service(feed, day, "warning") for feed in without)]


def _find_typical(feeds: Sequence[FeedDays], map_day: date | None) -> tuple[date, int]:
    """The typical day, and how many days are like it."""
    days = np.unique(np.concatenate([feed.list_days() for feed in feeds]))
    per_feed = np.array([feed.count_trips(days) for feed in feeds])
    n_feeds = (per_feed > 0).sum(axis=0)
    trips = per_feed.sum(axis=0)
    weekday = (days - 1) % 7  # 0001-01-01, ordinal 1, was a Monday
    all_feeds = n_feeds == n_feeds.max()
    wanted = next(
        days_of
        for weekdays in _PREFERENCE
        if (days_of := all_feeds & np.isin(weekday, weekdays)).any()
    )
    lively = wanted & (trips >= _LIVELY_SHARE * trips[wanted].max())
    last = days[lively].max()
    span = (days > last - _TYPICAL_SPAN_D) & (days <= last)
    around = None if map_day is None else map_day.toordinal()
    if around is not None:
        near = lively & (np.abs(days - around) <= _TYPICAL_SPAN_D // 2)
        known = near.any() and days[lively].min() <= around <= last
        span, around = (near, around) if known else (span, None)
    wanted &= span
    of_wanted = np.sort(trips[wanted])
    alike = days[wanted & (trips == of_wanted[len(of_wanted) // 2])]
    middle = alike[(alike - 1) % 7 == _WEDNESDAY]
    chosen = middle if len(middle) else alike
    place = len(chosen) // 2 if around is None else int(np.abs(chosen - around).argmin())
    return date.fromordinal(int(chosen[place])), len(alike)


def _runs_on(feed: FeedDays, day: date) -> bool:
    return bool(feed.count_trips(np.array([day.toordinal()]))[0])


def describe_days(feed: FeedDays) -> tuple[str, str]:
    """Describe the days with service, in Chinese and English."""
    days = feed.list_days()
    if len(days) <= _LISTED_DAYS:
        listed = [date.fromordinal(int(day)).isoformat() for day in days]
        return "、".join(listed), ", ".join(listed)
    first, last = (date.fromordinal(int(day)).isoformat() for day in (days[0], days[-1]))
    return (
        f"{first} 至 {last} 之间的 {len(days)} 天",
        f"{len(days)} days from {first} to {last}",
    )


def _near_days(feed: FeedDays, day: date) -> str:
    """Days with service nearest to one without, as text."""
    days = feed.list_days()
    near = days[np.argsort(np.abs(days - day.toordinal()), kind="stable")[:2]]
    return ", ".join(date.fromordinal(int(ordinal)).isoformat() for ordinal in np.sort(near))


def _fill_periods(runs: BoolArray, calendar: Table, place: dict[str, int], first: int) -> None:
    day = np.arange(runs.shape[1])
    weekday = (day + first - 1) % 7
    on_weekday = calendar.frame[list(_WEEKDAYS)].to_numpy(dtype=np.float64) == 1.0
    start = calendar.numbers("start_date") - first
    end = calendar.numbers("end_date") - first
    for row, service in enumerate(calendar.texts("service_id")):
        if service in place:
            runs[place[service]] |= (
                on_weekday[row][weekday] & (day >= start[row]) & (day <= end[row])
            )


def _fill_exceptions(runs: BoolArray, exceptions: Table, place: dict[str, int], first: int) -> None:
    """Dates taken away win over dates added: a service named both ways does not run."""
    kind = exceptions.numbers("exception_type")
    days = (exceptions.numbers("date") - first).astype(np.int64)
    services = exceptions.texts("service_id")
    for wanted, value in ((_RUNS, True), (_RUNS_NOT, False)):
        for row in np.flatnonzero(kind == wanted).tolist():
            if services[row] in place and days[row] < runs.shape[1]:
                runs[place[services[row]], days[row]] = value


def _drop_empty_periods(calendar: Table) -> tuple[Table, list[Notice]]:
    backwards = calendar.numbers("end_date") < calendar.numbers("start_date")
    if not backwards.any():
        return calendar, []
    rows = [int(row) for row in calendar.rows[backwards]]
    service = calendar.texts("service_id")[int(np.flatnonzero(backwards)[0])]
    notice = Notice(
        "warning",
        "calendar_without_days",
        calendar.layer,
        f"{len(rows)} periods end before they start, such as that of service {service!r} in row {rows[0]}; "
        "they hold no day",
        f"{len(rows)} 个服务期的结束日期早于开始日期，如第 {rows[0]} 行的服务“{service}”；不含任何日期",
        row=list_rows(rows),
        column="end_date",
        found=service,
        count=len(rows),
    )
    return calendar.select(~backwards), [notice]


def _note_unknown_services(
    unknown: Sequence[str], n_trips_of: dict[str, int], trips: Table
) -> list[Notice]:
    if not unknown:
        return []
    n_trips = sum(n_trips_of[service] for service in unknown)
    return [
        Notice(
            "warning",
            "unknown_service",
            trips.layer,
            f"{n_trips} trips belong to {len(unknown)} services no calendar names, such as {unknown[0]!r}; "
            "they run on no day",
            f"{n_trips} 个班次所属的 {len(unknown)} 个服务（如“{unknown[0]}”）未列入任何日历；这些班次不在任何日期运行",
            column="service_id",
            found=", ".join(unknown[:_LISTED_DAYS]),
            count=n_trips,
        )
    ]


def _period_cut(name: str, first: int, last: int) -> Notice:
    begin, end = date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat()
    return Notice(
        "warning",
        "calendar_too_long",
        name,
        f"the calendar of {name} starts on {begin} and spans more than 40 years; days after {end} were left "
        "out; check its dates",
        f"{name} 的日历自 {begin} 起超过 40 年；{end} 之后的日期未予采用，请核对",
        found=begin,
        expected=end,
    )


def _never_runs(feed: FeedDays) -> Notice:
    return Notice(
        "error",
        "no_service_day",
        feed.name,
        f"{feed.name} has no day with any trip: no period of its calendar holds a day of service, and no "
        "date is added; fetch a feed with a valid calendar",
        f"{feed.name} 没有任何有班次的日期：日历中的服务期不含运行日，也未增加日期；请换用日历有效的时刻表",
    )


def _day_without_service(feed: FeedDays, day: date, severity: str) -> Notice:
    chinese, english = describe_days(feed)
    near = _near_days(feed, day)
    do = (
        "choose one of these as day"
        if severity == "error"
        else "its lines are missing from the results"
    )
    do_zh = "请在其中选定 day" if severity == "error" else "结果中缺少该时刻表的线路"
    return Notice(
        "error" if severity == "error" else "warning",
        "no_service_on_day",
        feed.name,
        f"{feed.name} has no trips on {_english(day)}; it has service on {english} (nearest: {near}); {do}",
        f"{feed.name} 在 {_chinese(day)} 没有班次；有班次的日期为：{chinese}（最近：{near}）；{do_zh}",
        found=day.isoformat(),
        expected=english,
    )


def _english(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()].capitalize()}, {day.isoformat()}"


def _chinese(day: date) -> str:
    return f"{day.isoformat()}（{_ZH_WEEKDAYS[day.weekday()]}）"
