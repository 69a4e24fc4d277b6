"""How much fits on a printed page: lines a text takes, heights of what is listed, gaps that fit below.

Heights are CSS pixels, 96 to an inch; widths of columns are letters of half width (a Chinese
character takes two). Both follow `templates/sheet.css`; a browser test prints the sheets and counts
pages.
"""

import math
from collections.abc import Iterable, Sequence

from services.sheet_facts import Language, Settling

_PAGE_PX = 1_012
"""Inside the margins of A4, with a little to spare."""
_LINE_PX, _ROW_PX, _OTHER_PX, _SETTLE_PX, _HEAD_PX = 13, 18, 16, 14, 26
"""A further line of a row, a row, a card among the others, a line of what would settle, a heading."""
_COMMUNITY_PX = {"zh": 310, "en": 365}
_AREA_PX = {"zh": 455, "en": 480}
"""Everything but rows: head, headings, heads of tables, legend, sources."""
_TITLE, _WORST, _NEAREST, _RULE, _CAUSE, _SETTLE = 28, 36, 28, 48, 38, 128
_OTHER, _TARGET, _REASON = 29, 44, 80
"""Letters on a line of a column."""

_WIDE_FROM = 0x2E80
_NARROW = 1.15
FEWEST_GAPS, MOST_GAPS = 3, 16
"""Gaps a page lists, whatever else stands on it."""
MOST_ENTRIES = 10
"""Columns of a table that are named among what would settle the unknowns."""


def count_lines(text: str, letters: int) -> int:
    """Lines a text takes in a column of so many letters of half width; at least one.

    >>> count_lines("15分钟步行入学圈", 28), count_lines("步行" * 10, 28)
    (1, 2)
    """
    width = sum(2.0 if ord(letter) >= _WIDE_FROM else _NARROW for letter in text)
    return max(math.ceil(width / letters), 1)


def fit_community_gaps(
    circles: Iterable[tuple[str, str, str]],
    others: Sequence[Sequence[str]],
    settling: Sequence[Settling],
    gaps: Sequence[tuple[str, str]],
    language: Language,
) -> int:
    """How many gaps fit on a community's page.

    Parameters
    ----------
    circles
        Title, worst gap and nearest alternative of every circle.
    others
        Titles of the other cards, by pack.
    gaps
        Title and cause of every gap.
    """
    used = _COMMUNITY_PX[language] + _measure_settling(settling)
    for title, worst, nearest in circles:
        lines = max(
            count_lines(title, _TITLE), count_lines(worst, _WORST), count_lines(nearest, _NEAREST)
        )
        used += _ROW_PX + _LINE_PX * (lines - 1)
    listed = sum(
        _OTHER_PX + sum(_OTHER_PX + _LINE_PX * (count_lines(one, _OTHER) - 1) for one in titles)
        for titles in others
    )
    used += listed // 3 + _OTHER_PX * bool(listed)
    for at, (title, cause) in enumerate(gaps):
        lines = max(count_lines(title, _RULE), count_lines(cause, _CAUSE))
        used += _ROW_PX + _LINE_PX * (lines - 1)
        if used > _PAGE_PX:
            return max(at, FEWEST_GAPS)
    return len(gaps)


def fit_area_gaps(
    members: int,
    others: Sequence[int],
    targets: Sequence[tuple[str, str]],
    settling: Sequence[Settling],
    language: Language,
) -> int:
    """How many gaps fit on an area's page; where it runs over anyway, as many as are ever listed.

    Parameters
    ----------
    members
        Rows of its communities or districts.
    others
        How many other cards each pack has.
    targets
        Title and sentence of every target.
    """
    listed = sum(1 + number for number in others)
    told = sum(max(count_lines(t, _TARGET), count_lines(r, _REASON)) for t, r in targets)
    used = _AREA_PX[language] + _ROW_PX * members + _OTHER_PX * (listed // 2 + bool(listed))
    used += _HEAD_PX * bool(told) + (_LINE_PX + 2) * told + _measure_settling(settling)
    if used > _PAGE_PX:
        return MOST_GAPS
    return min(max((_PAGE_PX - used) // _ROW_PX, FEWEST_GAPS), MOST_GAPS)


def _measure_settling(settling: Sequence[Settling]) -> int:
    lines = 0
    for one in settling:
        named = "".join(f"{name}（00条）、" for name, _ in one.columns[:MOST_ENTRIES])
        lines += count_lines(f"{one.table}：{named}", _SETTLE)
    return _SETTLE_PX * max(lines, 1)
