"""Settings of journeys on foot and by public transport: `[transit]` of a `city.toml`."""

import re
from dataclasses import dataclass
from datetime import date

from layers.errors import InvalidConfig
from layers.toml_text import write_toml

SOURCES = ("auto", "gtfs", "osm", "none")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])")
_RANGES = {
    "percentile": (1.0, 99.0),
    "walk_min": (1.0, 60.0),
    "change_walk_min": (0.0, 60.0),
    "min_change_s": (1.0, 3600.0),
    "boarding_slack_s": (0.0, 3600.0),
    "longest_min": (10.0, 600.0),
}
_LONGEST_WINDOW_MIN = 240
_LATEST_HOUR = 30


@dataclass(frozen=True, slots=True)
class TransitSettings:
    """How journeys are made and when.

    Parameters
    ----------
    source
        `auto`: the GTFS feeds if there are any, else the routes mapped in OSM; `gtfs`, `osm`; or
        `none`: walking only.
    day
        Service day, None: chosen by the reader and named in the manifest.
    depart_from, depart_to
        Clock times `HH:MM`: someone leaves every full minute from the first until before the last.
        Hours past 24 belong to the service day.
    percentile
        Which of these journeys' times counts: 50 is the median.
    walk_min
        Longest walk to the first stop, and from the last, minutes at the traveller's speed.
    change_walk_min
        Longest walk between two stops in a change.
    min_change_s
        Least seconds between getting off and the departure of the next vehicle.
    boarding_slack_s
        Seconds one is at a stop before the departure, having walked there.
    longest_min
        Journeys longer than this count only on foot.

    Raises
    ------
    InvalidConfig
        A value that makes no sense; all of them are named.
    """

    source: str = "auto"
    day: date | None = None
    depart_from: str = "07:30"
    depart_to: str = "08:30"
    percentile: float = 50.0
    walk_min: float = 15.0
    change_walk_min: float = 5.0
    min_change_s: float = 60.0
    boarding_slack_s: float = 60.0
    longest_min: float = 120.0

    def __post_init__(self) -> None:
        problems = self._list_problems()
        if problems:
            raise InvalidConfig("; ".join(problems), tuple(problems))

    @property
    def first_departure_s(self) -> int:
        """First departure, seconds after midnight."""
        return _read_clock_s(self.depart_from)

    @property
    def n_departures(self) -> int:
        """Departures in the window, one a minute."""
        return (_read_clock_s(self.depart_to) - _read_clock_s(self.depart_from)) // 60

    def _list_problems(self) -> list[str]:
        problems = []
        if self.source not in SOURCES:
            problems.append(
                f"source is {write_toml(self.source)}; expected one of {', '.join(SOURCES)}"
            )
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            known = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not known or not low <= value <= high:
                problems.append(
                    f"{name} is {write_toml(value)}; expected a number from {low:g} to {high:g}"
                )
        clocks = {name: getattr(self, name) for name in ("depart_from", "depart_to")}
        wrong = [
            f'{name} is {write_toml(text)}; expected a clock time such as "07:30", up to "{_LATEST_HOUR}:00"'
            for name, text in clocks.items()
            if not _is_clock(text)
        ]
        if not wrong and not 1 <= self.n_departures <= _LONGEST_WINDOW_MIN:
            wrong.append(
                f"depart_to is {self.depart_to}; expected 1 to {_LONGEST_WINDOW_MIN} minutes after "
                f"depart_from ({self.depart_from})"
            )
        return problems + wrong


def _is_clock(text: object) -> bool:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    return match is not None and _read_clock_s(match[0]) <= _LATEST_HOUR * 3600


def _read_clock_s(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
