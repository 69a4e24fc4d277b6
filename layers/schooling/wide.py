"""Headers of tables of children that are laid out wide: `3岁`, `小学适龄儿童`, `2026年`, `小学2026年`."""

import re
from dataclasses import dataclass, replace
from functools import cache

from layers.columns import ColumnSpec, normalize_header, normalize_text, read_columns
from layers.schooling.load import read_parameters
from layers.schooling.model import LEVELS
from layers.schooling.settings import FIRST_YEAR, LAST_YEAR

_PREFIX = "wide"
_BRACKETS = re.compile(r"[()\[\]{}【】〔〕]")
_BRACKETED = re.compile(r"[(\[{【〔][^)\]}】〕]*[)\]}】〕]")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?:年度|年|学年)?(?!\d)")
_AGES = re.compile(r"(?<!\d)(\d{1,2})(?:周?岁)?[-~–—至到](\d{1,2})(?:周?岁)(?!\d)")
_AGE = re.compile(r"(?<!\d)(\d{1,2})周?岁(?:组)?|age_?(\d{1,2})(?!\d)")
_SMALL_WORDS = ("", "数", "预测", "预测数", "需求", "需求数", "人口", "儿童", "学生")


@dataclass(frozen=True, slots=True)
class WideColumn:
    """What a column of numbers is about; None where its header does not say.

    Parameters
    ----------
    level, age, year
        "" and None where the header does not say.
    ratio
        Whether its numbers are per thousand residents.
    """

    level: str
    age: int | None
    year: int | None
    ratio: bool


@cache
def find_wide(header: str) -> ColumnSpec | None:
    """Column of numbers a header stands for, or None.

    >>> find_wide("3岁").name, find_wide("小学适龄儿童（2026年）").name, find_wide("备注")
    ('wide||3||children', 'wide|primary_school||2026|children', None)
    """
    found = parse_header(header)
    if found is None:
        return None
    measure = "per_thousand" if found.ratio else "children"
    parts = (found.level, found.age, found.year, measure)
    name = "|".join([_PREFIX, *("" if part is None else str(part) for part in parts)])
    return replace(read_columns("children").columns[measure], name=name, title_zh=header)


def read_wide(name: str) -> WideColumn | None:
    """What a column made by `find_wide` is about; None of any other column."""
    parts = name.split("|")
    if parts[0] != _PREFIX:
        return None
    level, age, year, measure = parts[1:]
    return WideColumn(
        level, int(age) if age else None, int(year) if year else None, measure == "per_thousand"
    )


def parse_header(header: str) -> WideColumn | None:
    """Read level, age and year out of a header; None where it says neither or something else too."""
    text = normalize_text(header).replace(" ", "")
    return _parse(_BRACKETS.sub("", text)) or _parse(_BRACKETED.sub("", text))


def _parse(text: str) -> WideColumn | None:
    year = _YEAR.search(text)
    if year is not None:
        if not FIRST_YEAR <= int(year[1]) <= LAST_YEAR:
            return None
        text = text[: year.start()] + text[year.end() :]
    level, text = _cut_level(text)
    age = _AGE.search(text)
    if age is not None:
        text = text[: age.start()] + text[age.end() :]
    if year is None and age is None and not level:
        return None
    rest = normalize_header(text)
    counts, ratios = _list_words()
    if rest not in counts and rest not in ratios:
        return None
    return WideColumn(
        "" if age else level,
        int(age[1] or age[2]) if age else None,
        int(year[1]) if year else None,
        ratio=rest in ratios,
    )


def _cut_level(text: str) -> tuple[str, str]:
    """Level a text names, by name or by the ages of its children, and the rest of the text."""
    ages = _AGES.search(text)
    if ages is not None:
        rest = text[: ages.start()] + text[ages.end() :]
        for code, level in read_parameters().levels.items():
            if (int(ages[1]), int(ages[2])) == (
                level.first_age,
                level.first_age + level.years - 1,
            ):
                words = read_columns("children").columns["level"].words
                shorter = next((word for word in words if word in rest and words[word] == code), "")
                return code, rest.replace(shorter, "", 1)
        return "", text
    words = read_columns("children").columns["level"].words
    for word in sorted(words, key=len, reverse=True):
        if word in text and words[word] in LEVELS:
            return words[word], text.replace(word, "", 1)
    return "", text


@cache
def _list_words() -> tuple[frozenset[str], frozenset[str]]:
    columns = read_columns("children").columns
    return (
        frozenset((*columns["children"].aliases, *map(normalize_header, _SMALL_WORDS))),
        frozenset(columns["per_thousand"].aliases),
    )
