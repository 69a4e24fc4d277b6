"""Limits of walks and journeys, as the coverage table holds them and as users write them."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.errors import InvalidQuery


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the walk or journey."""

    value: float
    unit: str

    @property
    def text(self) -> str:
        """As a user writes it: `15` for minutes, `500m` for metres."""
        return f"{self.value:g}{'' if self.unit == 'min' else self.unit}"


def sort_limits(pairs: Iterable[tuple[float, str]]) -> tuple[Limit, ...]:
    """Return limits from value and unit, each once, minutes first.

    >>> [limit.text for limit in sort_limits([(500.0, "m"), (15.0, "min"), (5.0, "min")])]
    ['5', '15', '500m']
    """
    limits = [Limit(value, unit) for value, unit in set(pairs)]
    return tuple(sorted(limits, key=lambda limit: (limit.unit != "min", limit.value)))


def get_limit(text: str, limits: Iterable[Limit]) -> Limit:
    """Return the limit a user wrote as minutes (`15`) or metres (`500m`).

    Raises
    ------
    InvalidQuery
        It is not among `limits`.
    """
    wanted = text.strip().lower().removesuffix("min")
    by_text = {limit.text: limit for limit in limits}
    if wanted in by_text:
        return by_text[wanted]
    raise InvalidQuery(
        "limit",
        text,
        f"one of {', '.join(by_text)} (minutes, or metres as 500m)",
        allowed=tuple(by_text),
    )
