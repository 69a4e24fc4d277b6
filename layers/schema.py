"""What a table must hold: pandera schemas, and their failure cases as notices in the user's words.

Cells that could not be read at all (`约1500户` as a number) become notices in `explain_cells`;
values that were read but cannot be true (negative households, one code twice) are found by pandera.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from geo.units import BoolArray, IntArray
from layers.columns import ColumnSpec, ColumnType, TableName, TableSpec, read_columns
from layers.limits import Limits
from layers.notices import Notice
from layers.sheets import list_rows

_DTYPES: dict[ColumnType, str] = {
    "code": "str",
    "text": "str",
    "choice": "str",
    "date": "str",
    "number": "float64",
    "year": "float64",
    "boolean": "boolean",
}
_RANGE = re.compile(r"[\d.,]+\s*(?:[-~–—～至到]|--)\s*[\d.,]+.*")
_DUPLICATE = "multiple_fields_uniqueness"
_EXACT = 1e15  # whole numbers below it are written out
_AT_LEAST, _AT_MOST = "at_least", "at_most"


@cache
def build_schema(table: TableName) -> pa.DataFrameSchema:
    """Build the schema of a table's canonical columns: types, smallest values, unique key."""
    return _build_schema(read_columns(table))


def _build_schema(spec: TableSpec) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {name: _build_column(column) for name, column in spec.columns.items()},
        unique=list(spec.key) or None,
        name=spec.name,
    )


def empty_values(column: ColumnSpec, n_rows: int) -> pd.Series:
    """`n_rows` times unknown, of the column's type."""
    dtype = _DTYPES[column.type]
    unknown = "" if dtype == "str" else pd.NA if dtype == "boolean" else np.nan
    return pd.Series([unknown] * n_rows, dtype=dtype)


def check_schema(
    frame: pd.DataFrame,
    table: TableName,
    *,
    layer: str,
    headers: Mapping[str, str],
    limits: Limits,
    spec: TableSpec | None = None,
) -> list[Notice]:
    """Everything in `frame` that breaks its table's schema, as error notices.

    Parameters
    ----------
    frame
        Canonical columns (optional ones may be missing) and `row`, the row number as the user sees it.
    headers
        Canonical name → name of the column in the user's file.
    spec
        The table's columns where it has more than `read_columns` lists.
    """
    schema = build_schema(table) if spec is None else _build_schema(spec)
    spec = read_columns(table) if spec is None else spec
    names = [name for name in spec.columns if name in frame.columns]
    keyed = frame[[*names, "row"]].reset_index(drop=True)
    if spec.key:
        unkeyed = (keyed[list(spec.key)] == "").any(axis=1)
        keyed.loc[unkeyed, spec.key[0]] = [f"\0{row}" for row in keyed.loc[unkeyed, "row"]]
    try:
        schema.validate(keyed, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    rows = keyed["row"].to_numpy()
    duplicated = cases["check"] == _DUPLICATE
    notices = _explain_duplicates(keyed, spec, layer, headers) if duplicated.any() else []
    for (name, check), group in cases[~duplicated].groupby(["column", "check"], sort=True):
        places = group["index"].to_numpy(dtype=np.int64)
        column = spec.columns[str(name)]
        above = _AT_MOST in str(check)
        expected, expected_zh = _say_bound(column, above=above)
        notices.extend(
            _list_cells(
                [str(_shorten(value)) for value in group["failure_case"]],
                rows[places],
                layer=layer,
                column=headers.get(column.name, column.name),
                code="value_too_large" if above else "value_too_small",
                expected=expected,
                expected_zh=expected_zh,
                limits=limits,
            )
        )
    return notices


def explain_cells(
    cells: Sequence[object],
    bad: BoolArray,
    rows: IntArray,
    column: ColumnSpec,
    *,
    layer: str,
    header: str,
    limits: Limits,
) -> list[Notice]:
    """List an error notice for every cell that could not be read.

    Parameters
    ----------
    cells
        `R` cells as the file holds them.
    bad
        Shape `(R,)`.
    rows
        Shape `(R,)`: row numbers as the user sees them.
    """
    places = np.flatnonzero(bad).tolist()
    if not places:
        return []
    found = [str(_shorten(cells[place])) for place in places]
    code, expected, expected_zh = {
        "number": ("not_a_number", "one plain number, such as 1520", "一个数字，例如 1520"),
        "year": ("not_a_year", "a year, such as 2026", "年份，例如 2026"),
        "date": ("not_a_date", "a date, such as 2023-06-30", "日期，例如 2023-06-30"),
        "boolean": ("not_yes_or_no", "是 or 否", "“是”或“否”"),
        "code": (
            "code_lost_digits",
            "all digits of the code; format the column as text before saving",
            "完整编码；请把该列设为文本格式后再保存",
        ),
        "choice": (
            "unknown_choice",
            "one of " + ", ".join(sorted(set(column.words.values()))),
            "下列之一：" + "、".join(_list_choice_names(column)),
        ),
    }.get(column.type, ("wrong_value", "text", "文本"))
    if column.type == "number" and any(_RANGE.fullmatch(text) for text in found):
        expected, expected_zh = (
            "one plain number, not a range: choose a value of it",
            "一个数字而不是区间，请取一个确定值",
        )
    return _list_cells(
        found,
        rows[places],
        layer=layer,
        column=header,
        code=code,
        expected=expected,
        expected_zh=expected_zh,
        limits=limits,
    )


def _say_bound(column: ColumnSpec, *, above: bool) -> tuple[str, str]:
    """What a number has to be instead, in English and Chinese."""
    if above and column.share:
        return (
            "a share from 0 to 1; percents carry their sign (36%), in the cell or in the header",
            "0 至 1 之间的比例；若为百分数，请在数字后或表头中注明 %（如 36%）",
        )
    bound = (column.maximum if above else column.minimum) or 0
    if column.type == "year":
        return (
            f"a year {'not after' if above else 'from'} {bound:g}{'' if above else ' on'}",
            f"不{'晚' if above else '早'}于 {bound:g} 年",
        )
    return (
        f"at {'most' if above else 'least'} {bound:,.10g}",
        f"不{'大' if above else '小'}于 {bound:,.10g}",
    )


def _build_column(column: ColumnSpec) -> pa.Column:
    checks = []
    if column.minimum is not None:
        least = column.minimum
        checks.append(pa.Check.ge(least, error=f"{_AT_LEAST} {least:g}"))
    if column.maximum is not None:
        most = column.maximum
        checks.append(pa.Check.le(most, error=f"{_AT_MOST} {most:g}"))
    return pa.Column(_DTYPES[column.type], checks, nullable=True, required=not column.optional)


def _explain_duplicates(
    frame: pd.DataFrame, spec: TableSpec, layer: str, headers: Mapping[str, str]
) -> list[Notice]:
    notices = []
    keys = list(spec.key)
    for values, group in frame[frame.duplicated(keys, keep=False)].groupby(keys, sort=True):
        value = " + ".join(str(part) for part in values)
        rows = [int(row) for row in group["row"]]
        column = " + ".join(headers.get(name, name) for name in keys)
        notices.append(
            Notice(
                "error",
                "duplicate_key",
                layer,
                f"{value!r} in column {column!r} stands in rows {list_rows(rows)}; expected once, "
                "correct or delete all but one",
                f"“{column}”列的“{value}”在第 {list_rows(rows)} 行重复出现；应只出现一次，"
                "请更正或删除多余行",
                row=list_rows(rows),
                column=column,
                found=value,
                expected="unique",
                count=len(rows),
            )
        )
    return notices


def _list_cells(
    found: Sequence[str],
    rows: IntArray,
    *,
    layer: str,
    column: str,
    code: str,
    expected: str,
    expected_zh: str,
    limits: Limits,
) -> list[Notice]:
    notices = [
        Notice(
            "error",
            code,
            layer,
            f"row {row}: found {text!r} in column {column!r}, expected {expected}; correct the "
            "cell or leave it empty if unknown",
            f"第 {row} 行“{column}”列的值为“{text}”，应为{expected_zh}；请更正，未知则留空",
            row=str(row),
            column=column,
            found=text,
            expected=expected,
        )
        for text, row in zip(found[: limits.max_listed], rows, strict=False)
    ]
    rest = len(found) - len(notices)
    if rest > 0:
        notices.append(
            Notice(
                "error",
                code,
                layer,
                f"{rest} more cells of column {column!r} like these; expected {expected}",
                f"“{column}”列另有 {rest} 个类似单元格；应为{expected_zh}",
                row=list_rows([int(row) for row in rows[limits.max_listed :]]),
                column=column,
                expected=expected,
                count=rest,
            )
        )
    return notices


def _list_choice_names(column: ColumnSpec) -> list[str]:
    names: dict[str, str] = {}
    for word, value in column.words.items():
        if word != value:
            names.setdefault(value, word)
    return [names.get(value, value) for value in dict.fromkeys(column.words.values())]


def _shorten(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value if not isinstance(value, str) or len(value) <= 60 else f"{value[:57]}…"
