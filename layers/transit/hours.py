"""Hours of service on one day, from the tag `opening_hours`; the grammar is read by a library."""

import re
from datetime import date, datetime, time, timedelta

from opening_hours import OpeningHours, validate

from layers.transit.modes import Span

DAY_S = 86_400
_OPEN = "open"
_HOLIDAYS_ONLY = re.compile(r"\s*((PH|SH)[\s,-]*)+(off|closed)\s*", re.IGNORECASE)
_WIDE = str.maketrans("０１２３４５６７８９：；，－～〜–—", "0123456789:;,-----")


def parse_hours(text: str, day: date) -> tuple[Span, ...] | None:
    """Hours that begin on a day, by the tag `opening_hours`.

    What begins on the day before and ends after midnight belongs to the day before. Public holidays
    are not known here: a day is taken for an ordinary one.

    Parameters
    ----------
    text
        Value of the tag. Full-width digits and signs are read like the plain ones.
    day
        Service day.

    Returns
    -------
    spans
        In order, none overlapping; empty when nothing runs on that day; None when the value cannot be
        read or only speaks of holidays. A whole day ends with its last second.

    Examples
    --------
    >>> parse_hours("Mo-Fr 05:30-01:00; Sa,Su 07:00-22:00", date(2024, 1, 3))
    (Span(from_s=19800, to_s=90000),)
    >>> parse_hours("Sa 07:00-22:00", date(2024, 1, 3)), parse_hours("PH off", date(2024, 1, 3))
    ((), None)
    """
    plain = text.translate(_WIDE).strip()
    if not plain or _HOLIDAYS_ONLY.fullmatch(plain) or not validate(plain):
        return None
    midnight = datetime.combine(day, time())
    found = OpeningHours(plain).intervals(
        midnight - timedelta(days=2), midnight + timedelta(days=3)
    )
    spans = []
    for begin, end, state, *_ in found:
        if str(state) != _OPEN:
            continue
        from_s = round((begin - midnight).total_seconds())
        to_s = 3 * DAY_S if end is None else round((end - midnight).total_seconds())
        if from_s < 0 and to_s >= DAY_S:
            from_s = 0
        if 0 <= from_s < DAY_S:
            spans.append(Span(from_s, to_s if to_s < from_s + DAY_S else DAY_S - 1))
    return tuple(spans)
