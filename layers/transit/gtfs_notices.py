"""Notices about GTFS feeds as a whole: trips that belong nowhere, and what lies beside the day."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from geo.units import BoolArray
from layers.notices import Notice
from layers.sheets import list_rows
from layers.transit.calendars import FeedDays
from layers.transit.clock import write_clock
from layers.transit.settings import TransitSettings
from layers.transit.tables import Table

_DAY_S = 86_400


def note_night_before(
    name: str, tables: Mapping[str, Table], days: FeedDays, day: date, settings: TransitSettings
) -> list[Notice]:
    """Count trips of the day before that still run in the window: they are not measured."""
    from_s, to_s = (
        settings.first_departure_s,
        settings.first_departure_s + settings.n_departures * 60,
    )
    before = days.list_services(day - timedelta(days=1))
    trips, stop_times = tables["trips"], tables["stop_times"]
    departure = np.fmax(stop_times.numbers("arrival_time"), stop_times.numbers("departure_time"))
    late = (departure >= from_s + _DAY_S) & (departure < to_s + _DAY_S)
    if not before or not late.any():
        return []
    running = trips.flags("service_id", before.__contains__)
    ran = set(trips.select(running).texts("trip_id"))
    found = ran.intersection(stop_times.select(late).texts("trip_id"))
    if not found:
        return []
    shown = write_clock(from_s + _DAY_S)
    return [
        Notice(
            "info",
            "trips_of_the_night_before",
            name,
            f"{len(found)} trips of the day before still run in the window; they belong to their own day and are "
            f"not counted: ask for {shown} to measure them",
            f"前一运营日有 {len(found)} 个班次在该时段仍在运行；它们属于前一日，未计入；如需计算请将时段写作 {shown} 起",
            found=str(len(found)),
            count=len(found),
        )
    ]


def note_unknown_routes(trips: Table, unknown: BoolArray) -> list[Notice]:
    """Explain trips of routes the feed does not have."""
    if not unknown.any():
        return []
    rows = [int(row) for row in trips.rows[unknown]]
    name = trips.texts("route_id")[int(np.flatnonzero(unknown)[0])]
    return [
        Notice(
            "warning",
            "unknown_route",
            trips.layer,
            f"{len(rows)} trips belong to routes the feed does not have, such as {name!r} in row {rows[0]}; they "
            "were left out",
            f"{len(rows)} 个班次所属线路不在时刻表中，如第 {rows[0]} 行的“{name}”；未予采用",
            row=list_rows(rows),
            column="route_id",
            found=name,
            expected="a route_id of routes.txt",
            count=len(rows),
        )
    ]


def note_unknown_frequencies(frequencies: Table, known: frozenset[str]) -> list[Notice]:
    """Explain frequencies of trips the feed does not have."""
    unknown = frequencies.flags("trip_id", lambda name: name not in known)
    if not len(frequencies) or not unknown.any():
        return []
    rows = [int(row) for row in frequencies.rows[unknown]]
    name = frequencies.texts("trip_id")[int(np.flatnonzero(unknown)[0])]
    return [
        Notice(
            "warning",
            "unknown_trip",
            frequencies.layer,
            f"{len(rows)} rows name trips the feed does not have, such as {name!r} in row {rows[0]}; they were "
            "left out",
            f"{len(rows)} 行引用了时刻表中不存在的班次，如第 {rows[0]} 行的“{name}”；未予采用",
            row=list_rows(rows),
            column="trip_id",
            found=name,
            expected="a trip_id of trips.txt",
            count=len(rows),
        )
    ]


def note_no_trips(name: str, day: date) -> Notice:
    """Say that nothing is left of the day's trips."""
    return Notice(
        "error",
        "no_usable_trip",
        name,
        f"no trip of {day.isoformat()} in {name} can be used; the warnings say why each was left out",
        f"{name} 在 {day.isoformat()} 没有可用的班次；原因见各条警告",
        found="0",
        expected="at least one trip",
    )


def note_no_feed() -> Notice:
    """Say that no feed was named."""
    return Notice(
        "error",
        "no_feed",
        "gtfs",
        "no GTFS feed is named; expected one or several zips or folders",
        "未列出任何 GTFS 时刻表；应为一个或多个压缩包或文件夹",
    )
