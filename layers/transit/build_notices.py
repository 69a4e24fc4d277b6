"""Notices about a city's timetable as a whole, and the small questions they ask of a schedule."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from layers.config import CityConfig
from layers.notices import Notice
from layers.transit.clock import write_clock
from layers.transit.model import GTFS, Schedule
from layers.transit.settings import TransitSettings

Bounds = tuple[float, float, float, float]
_SHOWN = 5


def label_lines(lines: pd.DataFrame) -> list[str]:
    """What people call each line: its number, else its name, else its id."""
    texts = zip(lines["ref"], lines["name"], lines["line_id"], strict=True)
    return [ref or name or line_id for ref, name, line_id in texts]


def flag_rows(rows: Int32Array | IntArray, count: int) -> BoolArray:
    """Shape `(count,)`: the rows that are named."""
    flags = np.zeros(count, dtype=np.bool_)
    flags[rows] = True
    return flags


def list_lonlat(frame: pd.DataFrame) -> FloatArray:
    """Shape `(P, 2)`: `lon` and `lat` of a frame, degrees."""
    return frame[["lon", "lat"]].to_numpy(dtype=np.float64)


def is_inside(lonlat: FloatArray, bounds: Bounds, margin_deg: float = 0.0) -> BoolArray:
    """Shape `(P,)`: points within bounds widened by a margin."""
    west, south, east, north = bounds
    inside: BoolArray = (
        (lonlat[:, 0] >= west - margin_deg)
        & (lonlat[:, 0] <= east + margin_deg)
        & (lonlat[:, 1] >= south - margin_deg)
        & (lonlat[:, 1] <= north + margin_deg)
    )
    return inside


def note_far_stops(
    schedule: Schedule, near: BoolArray, bounds: Bounds, max_leg_m: float
) -> list[Notice]:
    """Explain served stops beyond the streets' extent, and those inside it that no street is near to."""
    served = flag_rows(schedule.calls.stop, len(near))
    inside = near | is_inside(list_lonlat(schedule.stops), bounds)
    outside, far = served & ~inside, served & inside & ~near
    n_served = int(served.sum())
    if n_served and not near[served].any():
        return [_note_elsewhere(schedule, n_served, bounds)]
    notices = []
    if outside.any():
        notices.append(
            _list_stops(
                "info",
                "stops_outside",
                schedule,
                outside,
                f"of {n_served} served stops lie outside the streets of the OSM file; vehicles pass there, nobody "
                "is counted as walking to them",
                f"个有班次的站点（共 {n_served} 个）位于 OSM 路网范围之外；车辆经过，但不计步行到站",
            )
        )
    if far.any():
        n_inside = int((served & inside).sum())
        notices.append(
            _list_stops(
                "warning",
                "stops_far_from_streets",
                schedule,
                far,
                f"of {n_inside} served stops within the streets' extent ({far.sum() / n_inside:.1%}) are farther "
                f"than {max_leg_m:g} m from any street; nobody is counted as walking to them, check their places",
                f"个有班次的站点（范围内共 {n_inside} 个，占 {far.sum() / n_inside:.1%}）距任何道路超过 {max_leg_m:g} 米；"
                "不计步行到站，请核对位置",
            )
        )
    return notices


def _list_stops(
    severity: str, code: str, schedule: Schedule, chosen: BoolArray, english: str, chinese: str
) -> Notice:
    stops = schedule.stops[chosen]
    shown = [f"{s} {n}".strip() for s, n in zip(stops["stop_id"], stops["name"], strict=True)]
    examples = _name_some(shown)
    return Notice(
        "warning" if severity == "warning" else "info",
        code,
        schedule.name,
        f"{len(shown)} {english}: {examples}",
        f"{len(shown)} {chinese}：{examples}",
        found=examples,
        count=len(shown),
    )


def _note_elsewhere(schedule: Schedule, n_served: int, bounds: Bounds) -> Notice:
    lonlat = list_lonlat(schedule.stops)
    low, high = lonlat.min(axis=0), lonlat.max(axis=0)
    found = f"{low[0]:.4f}, {low[1]:.4f}, {high[0]:.4f}, {high[1]:.4f}"
    wanted = ", ".join(f"{bound:.4f}" for bound in bounds)
    return Notice(
        "error" if schedule.source == GTFS else "warning",
        "timetable_elsewhere",
        schedule.name,
        f"none of the {n_served} served stops of {schedule.name} lies near a street: they lie within {found} (west, "
        f"south, east, north), the streets within {wanted}; is it another city's timetable?",
        f"{schedule.name} 的 {n_served} 个有班次站点均不在任何道路附近：站点范围为 {found}（西、南、东、北），"
        f"路网范围为 {wanted}；是否为其他城市的时刻表？",
        found=found,
        expected=wanted,
        count=n_served,
    )


def note_window(
    schedule: Schedule, settings: TransitSettings, trips_in_window: IntArray
) -> list[Notice]:
    """Name the lines that do not depart within the window; a warning, with their hours, if most do not.

    Parameters
    ----------
    trips_in_window
        Shape `(L,)`.
    """
    idle = trips_in_window == 0
    if not idle.any():
        return []
    times = f"{settings.depart_from}–{settings.depart_to}"
    if idle.all():
        return [_note_nothing_departs(schedule, times)]
    day = schedule.day.isoformat()
    labels = label_lines(schedule.lines[idle])
    shown = _name_some(labels)
    english = (
        f"{len(labels)} of {len(idle)} lines have no departure within {times} on {day}: {shown}"
    )
    chinese = f"{len(idle)} 条线路中有 {len(labels)} 条在 {day} 的 {times} 之间没有班次：{shown}"
    hours = ""
    if 2 * len(labels) > len(idle):
        hours = _name_hours(schedule, idle)
        english += f"; most of them run {hours}: set depart_from and depart_to"
        chinese += f"；其中多数在 {hours} 运行，请调整 depart_from 与 depart_to"
    return [
        Notice(
            "warning" if hours else "info",
            "lines_not_in_window",
            schedule.name,
            english,
            chinese,
            found=shown,
            expected=hours,
            count=len(labels),
        )
    ]


def _note_nothing_departs(schedule: Schedule, times: str) -> Notice:
    day = schedule.day.isoformat()
    departures = schedule.calls.departure_s[schedule.calls.board]
    if not len(departures):
        return Notice(
            "warning",
            "nobody_boards",
            schedule.name,
            f"no call of {schedule.name} on {day} lets anybody board, all rides are left out; check pickup_type",
            f"{schedule.name} 在 {day} 的所有停站都不允许上车，全部班次无法乘坐；请核对 pickup_type",
            column="pickup_type",
        )
    first, last = (
        write_clock(int(time_s) // 60 * 60) for time_s in (departures.min(), departures.max())
    )
    return Notice(
        "warning",
        "no_departure_in_window",
        schedule.name,
        f"nothing departs within {times} on {day}; the timetable runs from {first} to {last}: set depart_from "
        "and depart_to",
        f"{day} 的 {times} 之间没有任何班次；时刻表的运营时间为 {first} 至 {last}，请调整 depart_from 与 depart_to",
        found=times,
        expected=f"{first}–{last}",
    )


def _name_hours(schedule: Schedule, chosen: BoolArray) -> str:
    """Hours in which most of these lines depart, such as `12:00–16:59`; else those with the most."""
    calls = schedule.calls
    line = schedule.trip_line[calls.trip]
    hour = calls.departure_s.astype(np.int64) // 3600
    n_hours = int(hour.max()) + 1
    runs = np.zeros((len(chosen), n_hours), dtype=np.bool_)
    runs[line, hour] = True
    n_lines = runs[chosen].sum(axis=0)
    busy = np.flatnonzero(n_lines >= min(chosen.sum() // 2 + 1, n_lines.max()))
    stretches = np.split(busy, np.flatnonzero(np.diff(busy) > 1) + 1)
    return ", ".join(f"{hours[0]:02d}:00–{hours[-1]:02d}:59" for hours in stretches)


def _name_some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:_SHOWN]) + (", …" if len(labels) > _SHOWN else "")


def note_idle_lines(schedule: Schedule, idle: BoolArray) -> Notice:
    """Name lines without a trip on the day."""
    labels = label_lines(schedule.lines[idle])
    shown = _name_some(labels)
    day = schedule.day.isoformat()
    return Notice(
        "info",
        "lines_not_running",
        schedule.name,
        f"{len(labels)} lines have no trip on {day} and were left out: {shown}",
        f"{len(labels)} 条线路在 {day} 没有班次，未予采用：{shown}",
        found=shown,
        count=len(labels),
    )


def note_no_timetable(english: str, chinese: str) -> Notice:
    """Say why journeys are on foot only, where a feed would change that."""
    return _note_walking_only(
        english,
        chinese,
        "name a GTFS feed under [sources] gtfs",
        "请在 [sources] 的 gtfs 中填写 GTFS 时刻表",
    )


def note_not_asked(english: str, chinese: str) -> Notice:
    """Say why journeys are on foot only, where the setting `source` leaves the timetable out."""
    return _note_walking_only(
        english,
        chinese,
        "set source to auto under [transit]",
        "请将 [transit] 的 source 设为 auto",
    )


def _note_walking_only(english: str, chinese: str, remedy: str, remedy_zh: str) -> Notice:
    return Notice(
        "info",
        "no_timetable",
        "transit",
        f"walking only: {english}; {remedy} to have journeys by public transport",
        f"只算步行：{chinese}；如需计算公交出行，{remedy_zh}",
    )


def note_no_feeds(config: CityConfig) -> Notice:
    """Say that feeds are asked for and none is named."""
    return Notice(
        "error",
        "no_feed",
        config.path.name,
        "[transit] source is 'gtfs' but [sources] names no gtfs; name a feed, or set source to auto or osm",
        "[transit] 的 source 为 gtfs，但 [sources] 未填写 gtfs；请填写时刻表文件，或将 source 改为 auto 或 osm",
        column="transit.source",
        found="gtfs",
        expected="a feed in [sources] gtfs",
    )


def note_feeds_not_read(config: CityConfig) -> Notice:
    """Say that feeds are named and were not asked for."""
    names = ", ".join(path.name for path in config.gtfs)
    return Notice(
        "info",
        "feeds_not_read",
        names,
        f"[transit] source is 'osm': {names} were not read",
        f"[transit] 的 source 为 osm：未读取 {names}",
        found=names,
        count=len(config.gtfs),
    )
