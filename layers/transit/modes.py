"""How each mode is assumed to run where OSM does not say: `modes.yaml`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from layers.errors import InvalidConfig
from layers.tag_rules import Condition, build_condition, read_rule_file

_FILE = "transit/modes.yaml"
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of a day, seconds after its midnight; may pass 24:00.

    Parameters
    ----------
    from_s, to_s
        First and last second.
    """

    from_s: int
    to_s: int


@dataclass(frozen=True, slots=True)
class Mode:
    """How one mode is assumed to run.

    Parameters
    ----------
    name
        `bus`, `tram` …
    headway_s
        Between departures of one direction.
    hours
        First and last departure from the first stop.
    speed_m_s
        Along the way, stops not included.
    dwell_s
        At each stop on the way.
    detour
        Way over straight line, where the way is not mapped.
    merge_m
        A stop position and a platform no farther apart are one place; of stops found along a way no
        farther apart along it one is called at.
    longest_m
        A hop without mapped way longer than this is no hop.
    finds_stops
        Where a route lists no stops, those along its way are taken to be served.
    rail
        Entered through station entrances.
    stops
        Tags of stops it may call at where a route lists none.
    source
        Where the figures come from.
    """

    name: str
    headway_s: int
    hours: Span
    speed_m_s: float
    dwell_s: int
    detour: float
    merge_m: float
    longest_m: float
    finds_stops: bool
    rail: bool
    stops: tuple[Condition, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Period:
    """What a word such as `peak` means: hours, and weekdays (Monday is 0)."""

    hours: tuple[Span, ...]
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class ModeTable:
    """Everything `modes.yaml` says; field names are its keys.

    Parameters
    ----------
    modes, routes, periods
        By name; `routes` maps values of the tag `route` to modes.
    not_local
        Values of `service` that are left out.
    no_service
        Values that say that nothing runs at some hours.
    night_hours
        Of routes that run by night only.
    night_lines
        What such routes are called: each entry maps tags to patterns that all have to be found.
    headway_range_s
        Least and longest headway believed.
    drives_right
        Which side of the road vehicles stop at.
    along_m, offset_m, opposite_m, platform_m, entrance_m, station_m
        Reaches.
    """

    modes: Mapping[str, Mode]
    routes: Mapping[str, str]
    periods: Mapping[str, Period]
    not_local: frozenset[str]
    no_service: frozenset[str]
    night_hours: Span
    night_lines: tuple[Mapping[str, re.Pattern[str]], ...]
    headway_range_s: tuple[int, int]
    drives_right: bool
    along_m: float
    offset_m: float
    opposite_m: float
    platform_m: float
    entrance_m: float
    station_m: float


def parse_clock_s(text: str) -> int:
    """Seconds after midnight of a clock time `HH:MM`; hours past 24 belong to the day.

    Raises
    ------
    ValueError
        No such time.

    Examples
    --------
    >>> parse_clock_s("25:30")
    91800
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * 3600 + int(match[2]) * 60


@cache
def read_modes() -> ModeTable:
    """Read `modes.yaml`.

    Raises
    ------
    InvalidConfig
        A mode lacks a figure or its source, a figure is not positive, a route has no such mode, a pattern is no
        regular expression.
    """
    spec = read_rule_file(_FILE)
    modes = {
        name: _build_mode(name, entry, spec["stops"][name]) for name, entry in spec["modes"].items()
    }
    unknown = sorted(set(spec["routes"].values()) - set(modes))
    if unknown or spec["status"] != "assumed" or spec["driving_side"] not in {"left", "right"}:
        raise InvalidConfig(f"{_FILE}: unknown mode {unknown}, status or driving_side")
    low, high = spec["headway_range_min"]
    return ModeTable(
        modes=MappingProxyType(modes),
        routes=MappingProxyType(dict(spec["routes"])),
        periods=MappingProxyType(
            {name: _build_period(entry) for name, entry in spec["periods"].items()}
        ),
        not_local=frozenset(spec["not_local"]),
        no_service=frozenset(spec["no_service"]),
        night_hours=_build_span(spec["night_hours"]),
        night_lines=tuple(_build_patterns(entry) for entry in spec["night_lines"]),
        headway_range_s=(int(low * 60), int(high * 60)),
        drives_right=spec["driving_side"] == "right",
        **{
            key: float(spec[key])
            for key in (
                "along_m",
                "offset_m",
                "opposite_m",
                "platform_m",
                "entrance_m",
                "station_m",
            )
        },
    )


def _build_mode(name: str, spec: Mapping[str, Any], stops: Sequence[Mapping[str, Any]]) -> Mode:
    where = f"{_FILE}, {name}"
    numbers = ("headway_min", "speed_km_h", "dwell_s", "detour", "merge_m", "longest_m")
    if set(spec) != {*numbers, "hours", "finds_stops", "rail", "source"} or not spec["source"]:
        raise InvalidConfig(
            f"{where}: expected {', '.join(numbers)}, hours, finds_stops, rail and source"
        )
    wrong = [key for key in numbers if not spec[key] > 0]
    if wrong or spec["detour"] < 1:
        raise InvalidConfig(f"{where}: {wrong or 'detour'} must be positive (detour at least 1)")
    return Mode(
        name=name,
        headway_s=round(spec["headway_min"] * 60),
        hours=_build_span(spec["hours"]),
        speed_m_s=float(spec["speed_km_h"]) / 3.6,
        dwell_s=int(spec["dwell_s"]),
        detour=float(spec["detour"]),
        merge_m=float(spec["merge_m"]),
        longest_m=float(spec["longest_m"]),
        finds_stops=bool(spec["finds_stops"]),
        rail=bool(spec["rail"]),
        stops=tuple(build_condition(one, where=f"{where}, stops") for one in stops),
        source=str(spec["source"]),
    )


def _build_period(spec: Mapping[str, Any]) -> Period:
    return Period(tuple(_build_span(pair) for pair in spec["hours"]), frozenset(spec["days"]))


def _build_patterns(spec: Mapping[str, str]) -> Mapping[str, re.Pattern[str]]:
    try:
        patterns = {key: re.compile(text, re.IGNORECASE) for key, text in spec.items()}
    except re.error as error:
        raise InvalidConfig(f"{_FILE}, night_lines: {dict(spec)}: {error}") from error
    if not patterns:
        raise InvalidConfig(f"{_FILE}, night_lines: an entry names no tag")
    return MappingProxyType(patterns)


def _build_span(pair: Any) -> Span:
    first, last = (parse_clock_s(str(text)) for text in pair)
    if last <= first:
        raise InvalidConfig(f"{_FILE}: hours {pair} end before they begin")
    return Span(first, last)
