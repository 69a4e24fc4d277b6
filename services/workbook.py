"""Tables as sheets of a workbook. Names are written as text, never as formulas or links."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

_MAX_TEXT = 32_000
_MAX_SHEET_ROWS = 30_000
_COLUMN_WIDTH = 14
_WIDE_COLUMN_WIDTH = 60
_WIDE = {
    "原因", "reason", "说明", "message", "规则", "目标", "需要补充的数据", "data needed", "紧迫原因", "缺口项目",
    "未知项目",
}  # fmt: skip
_VERDICTS = {"缺口": "gap", "未知": "open", "不适用": "open"}
UNKNOWN = "未知"

_Styles = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One table of the report.

    Parameters
    ----------
    title
        Name of the sheet.
    frame
        The table; its columns hold text, or numbers.
    shares
        Columns of shares from 0 to 1.
    blank
        What stands for a share that is NaN.
    rest
        Where the rows of a table that had to be cut can be found.
    """

    title: str
    frame: pd.DataFrame
    shares: frozenset[str] = frozenset()
    blank: str = UNKNOWN
    rest: str = "全部见 Parquet 表和 GeoPackage"


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write sheets as a workbook: whole or not at all.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path.write_bytes(build_workbook(sheets))


def build_workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return sheets as the content of a workbook.

    Longer tables are cut, and their last row says how many rows there are.
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    written = io.BytesIO()  # the library does not let go of a half-written file
    with xlsxwriter.Workbook(written, options) as book:
        formats = {
            "head": {"bold": True, "bg_color": "#eef0ee", "bottom": 1, "text_wrap": True},
            "wrap": {"text_wrap": True, "valign": "top"},
            "share": {"num_format": "0.0%", "valign": "top"},
            "plain": {"valign": "top"},
            "gap": {"valign": "top", "bold": True, "font_color": "#8a2f08", "bg_color": "#fbe9e1"},
            "open": {"valign": "top", "italic": True, "font_color": "#5b626a"},
        }
        styles = {name: book.add_format(look) for name, look in formats.items()}
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.title), sheet, styles)
    return written.getvalue()


def _write_sheet(page: xlsxwriter.worksheet.Worksheet, sheet: Sheet, styles: _Styles) -> None:
    frame = sheet.frame.head(_MAX_SHEET_ROWS)
    page.freeze_panes(1, 0)
    for column, name in enumerate(frame.columns):
        page.write_string(0, column, str(name), styles["head"])
        wide, is_share = name in _WIDE, name in sheet.shares
        page.set_column(column, column, _WIDE_COLUMN_WIDTH if wide else _COLUMN_WIDTH)
        values = frame.iloc[:, column]
        if pd.api.types.is_numeric_dtype(values.dtype):
            number = styles["share" if is_share else "plain"]
            blank = sheet.blank if is_share else ""
            _write_numbers(page, column, values, number, styles["plain"], blank)
        else:
            _write_texts(page, column, values, styles["wrap" if wide else "plain"], styles)
    if len(frame):
        page.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    if len(frame) < len(sheet.frame):
        page.write_string(
            len(frame) + 1,
            0,
            f"共{len(sheet.frame):,}行，此处列出前{len(frame):,}行；{sheet.rest}",
            styles["open"],
        )


def _write_numbers(
    page: xlsxwriter.worksheet.Worksheet,
    column: int,
    values: pd.Series,
    number: Any,
    plain: Any,
    blank: str,
) -> None:
    for row, value in enumerate(values.to_numpy(dtype=np.float64, na_value=np.nan).tolist(), 1):
        if value == value:  # noqa: PLR0124 - not NaN
            page.write_number(row, column, value, number)
        elif blank:
            page.write_string(row, column, blank, plain)


def _write_texts(
    page: xlsxwriter.worksheet.Worksheet,
    column: int,
    values: pd.Series,
    look: Any,
    styles: _Styles,
) -> None:
    """Write words; a cell that is a verdict alone is marked as one."""
    for row, value in enumerate(values.tolist(), 1):
        if not isinstance(value, str):
            if value is not None and value == value:  # noqa: PLR0124 - not NaN
                page.write_number(row, column, float(value), look)
        elif value:
            style = styles[_VERDICTS[value]] if value in _VERDICTS else look
            page.write_string(row, column, value[:_MAX_TEXT], style)
