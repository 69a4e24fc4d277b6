"""How often a route runs, from the tags `interval` and `headway`, and when its trips depart."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from layers.transit.hours import parse_hours
from layers.transit.modes import ModeTable, Span

_KEYS = ("interval", "headway")
_CONDITIONAL = "conditional"
_MINUTES = re.compile(
    r"([0-9]+(?:[.,][0-9]+)?)\s*(?:min|mins|minutes|'|分|分钟|分鐘)?", re.IGNORECASE
)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?")
_LIST = re.compile(r"\s*(?:[;,/~–—-]|\bto\b|至)\s*")
_CASES = re.compile(r"([^@;]+)@\s*(\([^)]*\)|[^;]*)")


@dataclass(frozen=True, slots=True)
class Headways:
    """Seconds between departures over a day.

    Parameters
    ----------
    base_s
        Where no part says otherwise.
    parts
        Hours and the headway that holds in them, 0 where nothing runs; the last that applies counts.
    tagged
        The route says how often it runs, all day or at some hours.
    whole_day
        It says so for all of its hours.
    by_words
        Parts stand behind words such as `peak`.
    unread
        Tags that could not be read or make no sense: `interval=0`.
    """

    base_s: int
    parts: tuple[tuple[Span, int], ...] = ()
    tagged: bool = False
    whole_day: bool = False
    by_words: bool = False
    unread: tuple[tuple[str, str], ...] = ()

    def at_s(self, clock_s: int) -> int:
        """Headway that holds at a time of day, 0 where nothing runs."""
        for span, headway_s in reversed(self.parts):
            if span.from_s <= clock_s < span.to_s:
                return headway_s
        return self.base_s


def parse_interval_s(text: str) -> int | None:
    """Seconds of one value of `interval`: minutes, `HH:MM` or `HH:MM:SS`.

    Of a range or a list the longest counts: nobody is promised more than is said.

    Returns
    -------
    interval_s
        None where the value cannot be read or is zero.

    Examples
    --------
    >>> parse_interval_s("10"), parse_interval_s("00:07:30"), parse_interval_s("10-15")
    (600, 450, 900)
    >>> parse_interval_s("0"), parse_interval_s("often")
    (None, None)
    """
    values = [_parse_one_s(part) for part in _LIST.split(text.strip())]
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) and min(known) > 0 else None


def _parse_one_s(text: str) -> int | None:
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    minutes = _MINUTES.fullmatch(text)
    return round(float(minutes[1].replace(",", ".")) * 60) if minutes is not None else None


def read_headways(tags: Mapping[str, str], default_s: int, table: ModeTable, day: date) -> Headways:
    """Headways of a route on a day.

    `interval` is asked first, `headway` where it is missing; `…:conditional` and words such as
    `interval:peak` say more about some hours. `frequency` is not asked: on railways it means hertz.

    Parameters
    ----------
    tags
        Of the route.
    default_s
        Headway of its mode.
    """
    unread: list[tuple[str, str]] = []

    def read_s(key: str, text: str) -> int | None:
        if ":" in key and text.strip().lower() in table.no_service:
            return 0
        value = parse_interval_s(text)
        if value is None or not table.headway_range_s[0] <= value <= table.headway_range_s[1]:
            unread.append((key, text))
            return None
        return value

    bases = [read_s(key, tags[key]) for key in _KEYS if key in tags]
    base_s = next((value for value in bases if value is not None), None)
    parts: list[tuple[Span, int]] = []
    for key in reversed(_KEYS):
        for word, period in table.periods.items():
            name = f"{key}:{word}"
            if name in tags and day.weekday() in period.days:
                value = read_s(name, tags[name])
                parts += [] if value is None else [(span, value) for span in period.hours]
    by_words = bool(parts)
    for key in reversed(_KEYS):
        name = f"{key}:{_CONDITIONAL}"
        for text, condition in _CASES.findall(tags.get(name, "")):
            spans = parse_hours(condition.strip().strip("()"), day)
            value = read_s(name, text.strip())
            if spans is None:
                unread.append((name, condition.strip()))
            elif value is not None:
                parts += [(span, value) for span in spans]
    return Headways(
        base_s=default_s if base_s is None else base_s,
        parts=tuple(parts),
        tagged=base_s is not None or bool(parts),
        whole_day=base_s is not None,
        by_words=by_words,
        unread=tuple(unread),
    )


def list_departures_s(hours: Iterable[Span], headways: Headways) -> list[int]:
    """Departures of a day: the first as the hours begin, the last not after they end.

    A part of the day with a shorter headway begins with a departure of its own.

    Examples
    --------
    >>> list_departures_s([Span(0, 1800)], Headways(900))
    [0, 900, 1800]
    """
    turns = sorted({at_s for span, _ in headways.parts for at_s in (span.from_s, span.to_s)})
    departures: set[int] = set()
    for span in hours:
        at_s = span.from_s
        while at_s <= span.to_s:
            headway_s = headways.at_s(at_s)
            if headway_s:
                departures.add(at_s)
            following = at_s + headway_s if headway_s else span.to_s + 1
            at_s = next((s for s in turns if _is_sooner(headways, at_s, s, following)), following)
    return sorted(departures)


def _is_sooner(headways: Headways, at_s: int, turn_s: int, following_s: int) -> bool:
    """Whether a part of the day that begins before the next departure runs more often."""
    now_s, then_s = headways.at_s(at_s), headways.at_s(turn_s)
    return at_s < turn_s < following_s and bool(then_s) and (not now_s or then_s < now_s)
