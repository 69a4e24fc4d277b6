"""Notices: what is wrong with the data, gathered and never thrown.

A reader returns its table and its notices; nothing is dropped without one. Errors among them stop
a run before anything is computed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Literal

import pandas as pd

Severity = Literal["error", "warning", "info"]
_RANK: dict[str, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding about the data.

    Parameters
    ----------
    severity
        `error` stops a run, `warning` may move numbers, `info` is for the record.
    code
        Stable, machine-readable, snake_case: `missing_way_nodes`.
    layer
        Table or file the finding is about.
    message
        One English sentence: what was found, what was expected, what to do.
    message_zh
        The same sentence in Chinese.
    row
        Row number as the user sees it in the file (the header is row 1), or an OSM id (`w123`).
    column
        Column as the user named it.
    found, expected
        Offending value and what would have been right, as text.
    count
        How many cases this notice stands for.
    """

    severity: Severity
    code: str
    layer: str
    message: str
    message_zh: str = ""
    row: str = ""
    column: str = ""
    found: str = ""
    expected: str = ""
    count: int = 1

    def line(self) -> str:
        """Return the notice as the one line a terminal shows."""
        place = ":".join(part for part in (self.layer, self.row, self.column) if part)
        return f"{self.severity} {self.code} [{place}] {self.message}"


def has_errors(notices: Iterable[Notice]) -> bool:
    """Whether any of the notices stops a run."""
    return any(notice.severity == "error" for notice in notices)


def count_by_severity(notices: Iterable[Notice]) -> dict[str, int]:
    """Number of notices per severity, every severity present."""
    counts: Counter[str] = Counter(notice.severity for notice in notices)
    return {severity: counts.get(severity, 0) for severity in _RANK}


def tabulate_notices(notices: Iterable[Notice]) -> pd.DataFrame:
    """One row per notice, errors first, in a stable order."""
    rows = [asdict(notice) for notice in notices]
    frame = pd.DataFrame(rows, columns=[field.name for field in fields(Notice)])
    frame["count"] = frame["count"].astype("int64")
    order = frame["severity"].map(_RANK).astype("int64")
    keys = frame.assign(_rank=order).sort_values(
        ["_rank", "code", "layer", "row", "column", "message"], kind="stable"
    )
    return keys.drop(columns="_rank").reset_index(drop=True)
