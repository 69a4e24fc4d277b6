"""A feed's tables with typed columns; what cannot be used is left out and said.

Cells that cannot be read become notices on the way; values that were read but cannot be true are
found by pandera (`table_spec.build_schema`). A feed is rarely in its reader's hands, so single bad rows are
warnings; only what leaves no timetable at all is an error.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandera.errors import SchemaErrors

from geo.units import BoolArray, FloatArray, IntArray
from layers.errors import InvalidLayer
from layers.notices import Notice
from layers.transit.feeds import FeedFiles
from layers.transit.table_notices import (
    note_bad_cells,
    note_check,
    note_empty_table,
    note_missing_columns,
    note_missing_tables,
    note_repeated_keys,
    note_unread,
)
from layers.transit.table_spec import ColumnRule, TableRule, build_schema, read_gtfs_rules
from layers.transit.text_tables import Coded, read_text_table

_TIME = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")
_EXPECTED = {
    "number": ("a number", "数字"),
    "whole": ("a whole number", "整数"),
    "time": ("a time H:MM:SS, such as 07:30:00", "时刻，例如 07:30:00"),
    "date": ("a date YYYYMMDD, such as 20230222", "日期，例如 20230222"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One checked table.

    Parameters
    ----------
    layer
        Feed and file, as notices name them.
    frame
        Every declared column: ids as categories, texts as `str` ("" unknown), everything else float64
        (NaN unknown): times in seconds after midnight, dates as proleptic ordinals.
    rows
        Shape `(R,)`: row numbers as the user sees them.
    """

    layer: str
    frame: pd.DataFrame
    rows: IntArray

    def __len__(self) -> int:
        return len(self.frame)

    def select(self, chosen: BoolArray) -> "Table":
        """Return the chosen rows."""
        return Table(self.layer, self.frame[chosen].reset_index(drop=True), self.rows[chosen])

    def numbers(self, column: str) -> FloatArray:
        """Shape `(R,)`: a column of numbers."""
        return self.frame[column].to_numpy(dtype=np.float64)

    def codes(self, column: str) -> IntArray:
        """Shape `(R,)`: places of a column of ids among its categories."""
        codes: IntArray = self.frame[column].cat.codes.to_numpy().astype(np.int64)
        return codes

    def ids(self, column: str) -> list[str]:
        """Categories of a column of ids."""
        ids: list[str] = self.frame[column].cat.categories.tolist()
        return ids

    def texts(self, column: str) -> list[str]:
        """`R` texts of a column of ids or texts."""
        texts: list[str] = self.frame[column].astype(object).tolist()
        return texts

    def flags(self, column: str, says: Callable[[str], bool]) -> BoolArray:
        """Shape `(R,)`: whether an id column's value is so."""
        of_id = np.array([says(text) for text in self.ids(column)] or [False], dtype=np.bool_)
        flags: BoolArray = of_id[self.codes(column)]
        return flags


def read_tables(feed: FeedFiles) -> tuple[dict[str, Table], list[Notice]]:
    """Read every table of a feed that is wanted.

    Tables a feed does not have are empty. Errors are among the notices.
    """
    rules = read_gtfs_rules()
    notices = note_missing_tables(feed) + note_unread(feed)
    tables = {}
    for name, rule in rules.tables.items():
        layer = f"{feed.name}/{name}.txt"
        try:
            table, more = _read_table(feed, rule, layer)
        except InvalidLayer as error:
            table, more = _empty(rule, layer), list(error.notices)
        tables[name] = table
        notices += more
    return tables, notices


def _read_table(feed: FeedFiles, rule: TableRule, layer: str) -> tuple[Table, list[Notice]]:
    if rule.name not in feed.tables:
        return _empty(rule, layer), []
    raw = feed.tables[rule.name]()
    text, notices = read_text_table(raw, list(rule.columns), layer=layer)
    missing = [c.name for c in rule.columns.values() if c.present and c.name not in text.columns]
    if missing:
        notices.append(note_missing_columns(rule, missing, text, layer))
        return _empty(rule, layer), notices
    if not len(text.rows):
        if rule.required:
            notices.append(note_empty_table(layer))
        return _empty(rule, layer), notices
    frame = pd.DataFrame(index=pd.RangeIndex(len(text.rows)))
    for name, column in rule.columns.items():
        coded = text.columns.get(name)
        values, more = (
            (_unknown(column, len(text.rows)), [])
            if coded is None
            else _parse(coded, column, text.rows, layer)
        )
        frame[name] = values
        notices += more
    table, more = _check(Table(layer, frame, text.rows), rule)
    notices += more
    if not len(table) and rule.required:
        notices.append(note_empty_table(layer))
    return table, notices


def _empty(rule: TableRule, layer: str) -> Table:
    frame = pd.DataFrame({name: _unknown(column, 0) for name, column in rule.columns.items()})
    return Table(layer, frame, np.zeros(0, dtype=np.int64))


def _unknown(column: ColumnRule, n_rows: int) -> pd.Series:
    if column.type == "id":
        return pd.Series(
            pd.Categorical.from_codes(
                np.zeros(n_rows, dtype=np.int32), categories=pd.Index([""], dtype="str")
            )
        )
    if column.type == "text":
        return pd.Series([""] * n_rows, dtype="str")
    return pd.Series(np.full(n_rows, np.nan))


def _parse(
    coded: Coded, column: ColumnRule, rows: IntArray, layer: str
) -> tuple[pd.Series, list[Notice]]:
    """Give a column its type; unreadable cells become unknown, with a notice."""
    if column.type == "id":
        categories = pd.Index(coded.texts, dtype="str")
        return pd.Series(pd.Categorical.from_codes(coded.code, categories=categories)), []
    if column.type == "text":
        return pd.Series(coded.spread(), dtype="str"), []
    parsed = _PARSERS[column.type](coded.texts)
    bad = np.isnan(parsed) & (coded.texts != "")
    notices = []
    if bad.any():
        expected, expected_zh = _EXPECTED[column.type]
        places = np.flatnonzero(bad[coded.code])
        notices.append(
            note_bad_cells(
                "unreadable_cell",
                column,
                layer,
                rows[places],
                str(coded.texts[coded.code[places[0]]]),
                expected,
                expected_zh,
            )
        )
    return pd.Series(parsed[coded.code]), notices


def _parse_numbers(values: NDArray[np.object_]) -> FloatArray:
    numbers = pd.to_numeric(pd.Series(values, dtype="str"), errors="coerce").to_numpy(np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _parse_whole(values: NDArray[np.object_]) -> FloatArray:
    numbers = _parse_numbers(values)
    return np.where(numbers == np.floor(numbers), numbers, np.nan)


def _parse_times(values: NDArray[np.object_]) -> FloatArray:
    return np.array([_read_time_s(value) for value in values], dtype=np.float64)


def _read_time_s(text: str) -> float:
    match = _TIME.fullmatch(text)
    if match is None:
        return np.nan
    return float(int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]))


def _parse_dates(values: NDArray[np.object_]) -> FloatArray:
    return np.array([_read_ordinal(value) for value in values], dtype=np.float64)


def _read_ordinal(text: str) -> float:
    match = _DATE.fullmatch(text)
    if match is None:
        return np.nan
    try:
        return float(date(int(match[1]), int(match[2]), int(match[3])).toordinal())
    except ValueError:
        return np.nan


_PARSERS: Mapping[str, Callable[[NDArray[np.object_]], FloatArray]] = {
    "number": _parse_numbers,
    "whole": _parse_whole,
    "time": _parse_times,
    "date": _parse_dates,
}


def _check(table: Table, rule: TableRule) -> tuple[Table, list[Notice]]:
    """Leave out rows that cannot be used, and empty cells that cannot be true."""
    notices: list[Notice] = []
    frame = table.frame
    drop = np.zeros(len(table), dtype=np.bool_)
    try:
        build_schema(rule.name).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        for (name, check), group in cases.groupby(["column", "check"], sort=True):
            column = rule.columns[str(name)]
            places = np.sort(group["index"].to_numpy(dtype=np.int64))
            found = group.sort_values("index")["failure_case"].iloc[0]
            notices.append(note_check(str(check), column, table.layer, table.rows[places], found))
            if column.needed:
                drop[places] = True
            else:
                frame = frame.assign(**{column.name: _blank(frame[column.name], places)})
    if rule.key:
        repeated = frame.duplicated(list(rule.key)).to_numpy(dtype=np.bool_) & ~drop
        if repeated.any():
            key = rule.key[0]
            first = table.texts(key)[int(np.flatnonzero(repeated)[0])]
            notices.append(note_repeated_keys(table.layer, key, table.rows[repeated], first))
        drop |= repeated
    checked = Table(table.layer, frame, table.rows)
    return (checked.select(~drop) if drop.any() else checked), notices


def _blank(cells: pd.Series, places: IntArray) -> pd.Series:
    values = cells.to_numpy(dtype=np.float64, copy=True)
    values[places] = np.nan
    return pd.Series(values)
