"""Figures of schools and parcels as printed sheets write them, and the sources they name."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers.schooling.model import Parameters
from services.schools.settlers import name_settlers
from services.score_sentences import split_settled
from services.sheet_facts import Language

Row = Mapping[str, Any]
Words = Mapping[str, str]
AT_MOST = frozenset({"encroachment", "overlap", "outside", "duplicate"})
"""Findings whose figure may be no larger than what is asked for; the others' no smaller."""
LEAST = 0.5
"""Fewer children than this are none."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A document with the number it is cited by, and how well its figures are known."""

    number: int
    title: str
    status: str


class Sources:
    """Documents in the order they are first cited."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def cite(self, title: str, status: str) -> int:
        """Return the number of a document; 0 where none is named."""
        return self._numbers.setdefault((title, status), len(self._numbers) + 1) if title else 0

    def list_lines(self) -> tuple[SourceLine, ...]:
        """Return what was cited."""
        return tuple(
            SourceLine(number, title, status) for (title, status), number in self._numbers.items()
        )


def pick(row: Row, stem: str, language: Language) -> str:
    """Text of a row in a language: `stem` in Chinese, `stem_en` in English."""
    return str(row[stem if language == "zh" else f"{stem}_en"] or "")


def write_whole(value: float, words: Words) -> str:
    """A whole number, or that it is unknown."""
    return f"{value:,.0f}" if math.isfinite(value) else words["unknown_figure"]


def write_year(value: float, words: Words) -> str:
    """A year, or that it is unknown."""
    return (
        words["a_year"].format(year=int(value)) if math.isfinite(value) else words["unknown_figure"]
    )


def write_figure(value: float, unit: str, words: Words) -> str:
    """A figure of a finding with its unit; an unknown one as a dash."""
    if not math.isfinite(value):
        return "—"
    if unit == "year":
        return f"{value:.0f}"
    if unit == "share":
        return f"{value:.1%}"
    number = f"{value:,.0f}" if value == round(value) or abs(value) >= 10 else f"{value:,.1f}"
    return number + words.get(f"unit_{unit}", f" {unit}")


def write_needed(row: Row, words: Words) -> str:
    """What is asked for, with the direction it is asked in; a dash where nothing is.

    Some findings are met in spite of their figure, as their sentence says: then nothing is told.
    """
    needed, at_most = float(row["needed"]), row["finding"] in AT_MOST or row["unit"] == "year"
    spared = row["status"] == "met" and at_most and float(row["found"]) > needed
    if spared or not math.isfinite(needed):
        return "—"
    return ("≤ " if at_most else "≥ ") + write_figure(needed, str(row["unit"]), words)


def say_settled(settled_by: str, parameters: Parameters, words: Words, language: Language) -> str:
    """What would settle an unknown, in a sentence; "" where nothing is named."""
    names = name_settlers(dict.fromkeys(split_settled(settled_by)), parameters)
    what: str = getattr(names, language)
    return words["settled_by"].format(what=what) if what else ""
