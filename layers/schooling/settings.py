"""For which years schools are looked at, and what stands in where no table counts children."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from layers.errors import InvalidConfig
from layers.schooling.model import LEVELS, LevelCode
from layers.toml_text import write_toml

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years a table or a setting may name."""

_YEARS_AHEAD = 9
_MOST_YEARS = 50
_MOST_PER_THOUSAND = 1000.0
_PERSONS = (0.5, 20.0)


@dataclass(frozen=True, slots=True)
class SchoolSettings:
    """Section `[schools]` of a `city.toml`.

    Parameters
    ----------
    first_year
        First calendar year looked at; that of the run's day when None.
    horizon
        Last one; nine years later when None.
    per_thousand
        Children per thousand residents by level, for communities whose children no table counts. Nothing
        is assumed where it is empty.
    persons_per_household
        Residents per household, where a community states no population; None: unknown.

    Raises
    ------
    InvalidConfig
        A value that makes no sense, or a horizon before the first year; all of them are named.
    """

    first_year: int | None = None
    horizon: int | None = None
    per_thousand: Mapping[LevelCode, float] = field(default_factory=dict)
    persons_per_household: float | None = None

    def __post_init__(self) -> None:
        problems = self._list_problems()
        if problems:
            raise InvalidConfig("; ".join(problems), tuple(problems))

    def _list_problems(self) -> list[str]:
        problems = [
            f"{name} is {write_toml(year)}; expected a year from {FIRST_YEAR} to {LAST_YEAR}"
            for name, year in (("first_year", self.first_year), ("horizon", self.horizon))
            if year is not None and not _is_year(year)
        ]
        if not problems and self.first_year is not None and self.horizon is not None:
            problems += _check_span(self.first_year, self.horizon)
        ratios: object = self.per_thousand
        if not isinstance(ratios, Mapping):
            wanted = f"a table such as {{ {LEVELS[0]} = 30 }}"
            return [
                *problems,
                f"per_thousand is {write_toml(ratios)}; expected {wanted}",
            ]
        problems += [
            f"per_thousand.{level} is {write_toml(ratio)}; expected children per thousand residents, "
            f"from 0 to {_MOST_PER_THOUSAND:g}"
            for level, ratio in self.per_thousand.items()
            if not _is_number(ratio) or not 0 <= ratio <= _MOST_PER_THOUSAND
        ]
        problems += [
            f"per_thousand names {write_toml(level)}; known levels are {', '.join(LEVELS)}"
            for level in self.per_thousand
            if level not in LEVELS
        ]
        persons = self.persons_per_household
        if persons is not None and not (
            _is_number(persons) and _PERSONS[0] <= persons <= _PERSONS[1]
        ):
            problems.append(
                f"persons_per_household is {write_toml(persons)}; expected a number from "
                f"{_PERSONS[0]:g} to {_PERSONS[1]:g}"
            )
        return problems

    def get_first_year(self, day: date) -> int:
        """First calendar year looked at in a run of that day."""
        return day.year if self.first_year is None else self.first_year

    def list_years(self, day: date) -> tuple[int, ...]:
        """Calendar years looked at in a run of that day, rising.

        Raises
        ------
        InvalidConfig
            The horizon lies before the first year, or too far after it.

        Examples
        --------
        >>> SchoolSettings(horizon=2027).list_years(date(2025, 3, 1))
        (2025, 2026, 2027)
        """
        first = self.get_first_year(day)
        last = first + _YEARS_AHEAD if self.horizon is None else self.horizon
        problems = _check_span(first, last, today=self.first_year is None)
        if problems:
            raise InvalidConfig(problems[0], tuple(problems))
        return tuple(range(first, last + 1))


def _check_span(first: int, last: int, *, today: bool = False) -> list[str]:
    what = f"{first}, the year of the run" if today else f"first_year, which is {first}"
    if last < first:
        return [
            (
                f"horizon is {last}, before {what}; expected that year or a later one: correct horizon, or set "
                "first_year to look back"
            )
        ]
    if last - first >= _MOST_YEARS:
        return [
            (
                f"horizon is {last}, {last - first} years after {what}; expected fewer than {_MOST_YEARS}: no "
                "forecast of children reaches so far"
            )
        ]
    return []


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124


def _is_year(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and FIRST_YEAR <= value <= LAST_YEAR  # type: ignore[operator]
