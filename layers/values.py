"""Cells as people write them -> values: numbers, codes, dates, yes and no.

Unknown numbers are NaN, unknown booleans NA, unknown text "". What cannot be read is never guessed
at: it comes back in a mask, and the caller says which rows those are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray
from layers.columns import normalize_text

Cells = Sequence[object] | NDArray[Any]
"""Cells of one column: as read, or an array of numbers."""

MISSING = frozenset(
    {
        "",
        "-",
        "--",
        "—",
        "——",
        "–",
        "/",
        "\\",
        ".",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "<na>",
        "nat",
    }
    | {"无", "暂无", "不详", "未知", "缺", "空", "unknown", "?", "？", "待定", "待补充", "tbd"}
)

_TRUE = frozenset(
    {"1", "true", "t", "yes", "y", "是", "对", "√", "✓", "✔", "有", "sí", "si", "1.0"}
)
_FALSE = frozenset({"0", "false", "f", "no", "n", "否", "不是", "×", "✗", "✘", "没有", "0.0"})

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_WITH_UNIT = re.compile(r"([+-]?[\d.,]+(?:e[+-]?\d+)?)\s*([^\d\s.,+\-~～至]+\d?)")
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?e\+?(\d+)")
_INTEGRAL = re.compile(r"(\d+)\.0+")
_DMS = re.compile(
    r"(\d{1,3})°(?:(\d{1,2})['′](?:(\d{1,2}(?:\.\d+)?)(?:\"|″|''|′′)?)?)?([nsew东西南北]?)"
)
_DATE = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?(?:[ t]00:00(?::00(?:\.0+)?)?)?"
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DECIMAL_YEAR = re.compile(r"(\d{4})\.0+")
_SCHOOL_YEAR = re.compile(r"(\d{4})年?(?:\s*[-~–—/至到]\s*(?:\d{4}|\d{2})年?)?\s*学年度?")
_YEAR_RANGE = (1000, 2200)


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """Values of one column.

    Parameters
    ----------
    data
        Shape `(R,)`.
    bad
        Rows whose cell holds something that could not be read; their value is unknown.
    rewritten
        Rows whose cell was read after cleaning: thousands separators, full-width digits, a unit.
    """

    data: Any
    bad: BoolArray
    rewritten: BoolArray


@dataclass(slots=True)
class _Masks:
    size: int
    bad: BoolArray = field(init=False)
    rewritten: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(self.size, dtype=np.bool_)
        self.rewritten = np.zeros(self.size, dtype=np.bool_)


def is_missing(cell: object) -> bool:
    """Whether a cell says nothing.

    >>> is_missing(" － "), is_missing("暂无"), is_missing(0)
    (True, True, False)
    """
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, (float, np.floating)):
        return bool(np.isnan(cell))
    return isinstance(cell, str) and normalize_text(cell).replace("－", "-") in MISSING


def parse_numbers(
    cells: Cells, units: Mapping[str, float] = MappingProxyType({}), *, factor: float = 1.0
) -> Parsed:
    """Numbers; thousands separators, full-width digits and a known unit behind the number are read.

    Ranges (`1.50-3.60`), approximations (`约1500户`) and decimal commas are not.

    Parameters
    ----------
    units
        Unit → factor; a cell's own unit is multiplied by it.
    factor
        Factor of every cell without a unit of its own: its header names one.

    >>> parse_numbers(["1,520", "１５２０", "1520户", None, "约1500户"], {"户": 1}).data.tolist()
    [1520.0, 1520.0, 1520.0, nan, nan]
    >>> parse_numbers([35, "28.5%"], {"%": 0.01}, factor=0.01).data.tolist()
    [0.35, 0.285]
    """
    fast = _find_floats(cells)
    masks = _Masks(len(cells))
    if fast is not None:
        masks.bad = np.isinf(fast)
        values = np.where(masks.bad, np.nan, _scale(fast, factor))
        return Parsed(values, masks.bad, masks.rewritten)
    values = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        if isinstance(cell, (bool, np.bool_)):
            masks.bad[place] = True
        elif isinstance(cell, (int, float, np.integer, np.floating)):
            values[place] = _scale(float(cell), factor)
        elif not is_missing(cell):
            number = _parse_number(normalize_text(cell), units, factor)
            if number is None:
                masks.bad[place] = True
            else:
                values[place] = number
                masks.rewritten[place] = not _PLAIN.fullmatch(str(cell).strip().lower())
    masks.bad |= np.isinf(values)
    values[masks.bad] = np.nan
    return Parsed(values, masks.bad, masks.rewritten)


def parse_degrees(cells: Cells) -> Parsed:
    """Coordinates: plain numbers, or degrees, minutes and seconds (`107°08′24″`).

    >>> parse_degrees(["107.14", "107°08′24″E"]).data.round(4).tolist()
    [107.14, 107.14]
    """
    parsed = parse_numbers(cells)
    for place in np.flatnonzero(parsed.bad).tolist():
        match = _DMS.fullmatch(normalize_text(cells[place]).replace(" ", ""))
        if match is None:
            continue
        degrees, minutes, seconds, side = match.groups()
        value = int(degrees) + int(minutes or 0) / 60 + float(seconds or 0) / 3600
        parsed.data[place] = -value if side in ("s", "w", "南", "西") and side else value
        parsed.bad[place] = False
        parsed.rewritten[place] = True
    return parsed


def parse_codes(cells: Sequence[object]) -> Parsed:
    """Codes as text: no digit is lost, a spreadsheet's `610302001001.0` loses its tail.

    `6.10302E+11` is refused: the digits behind it are gone.

    >>> parse_codes([610302001001.0, "6.10302E+11", " 035 ", None]).data.tolist()
    ['610302001001', '', '035', '']
    """
    masks = _Masks(len(cells))
    values = np.full(len(cells), "", dtype=object)
    for place, cell in enumerate(cells):
        if isinstance(cell, (bool, np.bool_)) or is_missing(cell):
            values[place] = "" if is_missing(cell) else str(cell)
            continue
        if isinstance(cell, (float, np.floating)):
            whole = float(cell).is_integer() and abs(float(cell)) < 2**53
            values[place] = str(int(cell)) if whole else repr(float(cell))
            continue
        text = clean_text(cell)
        half = normalize_text(text)
        if scientific := _SCIENTIFIC.fullmatch(half):
            digits = scientific[1] + (scientific[2] or "")
            zeros = int(scientific[3]) + 1 - len(digits)
            masks.bad[place] = zeros > 0
            values[place] = "" if zeros > 0 else digits
        elif integral := _INTEGRAL.fullmatch(half):
            values[place] = integral[1]
        else:
            values[place] = half.upper() if half.isdigit() else text
    return Parsed(pd.array(values, dtype="str"), masks.bad, masks.rewritten)


def parse_texts(cells: Sequence[object]) -> Parsed:
    """Text without surrounding space and control characters; whole floats without their tail."""
    masks = _Masks(len(cells))
    values = [_write_text(cell) for cell in cells]
    return Parsed(pd.array(values, dtype="str"), masks.bad, masks.rewritten)


def parse_booleans(
    cells: Sequence[object], words: Mapping[str, str] = MappingProxyType({})
) -> Parsed:
    """Yes and no, and a column's own words for them.

    `words` maps a normalised cell to true, false or unknown.

    >>> parse_booleans(["是", "否", "公办", None], {"公办": "true"}).data.tolist()
    [True, False, True, <NA>]
    """
    masks = _Masks(len(cells))
    values: list[bool | None] = []
    for place, cell in enumerate(cells):
        word = "" if is_missing(cell) and str(cell).strip() not in words else normalize_text(cell)
        if word in words:
            values.append({"true": True, "false": False}.get(words[word]))
        elif word in _TRUE:
            values.append(True)
        elif word in _FALSE:
            values.append(False)
        else:
            values.append(None)
            masks.bad[place] = word != ""
    return Parsed(pd.array(values, dtype="boolean"), masks.bad, masks.rewritten)


def parse_choices(cells: Sequence[object], words: Mapping[str, str]) -> Parsed:
    """One of a column's values, by its code or any name of it (`words`: normalised cell → code)."""
    masks = _Masks(len(cells))
    values: list[str] = []
    for place, cell in enumerate(cells):
        word = "" if is_missing(cell) else normalize_text(cell).replace(" ", "")
        values.append(words.get(word, ""))
        masks.bad[place] = word != "" and word not in words
    return Parsed(pd.array(values, dtype="str"), masks.bad, masks.rewritten)


def parse_dates(cells: Sequence[object]) -> Parsed:
    """Dates as ISO text, as precise as given.

    >>> parse_dates(["2021年6月", "2021/6/1", 2021, "soon"]).data.tolist()
    ['2021-06', '2021-06-01', '2021', '']
    """
    masks = _Masks(len(cells))
    values: list[str] = []
    for place, cell in enumerate(cells):
        found = "" if is_missing(cell) else _parse_date(cell)
        values.append(found or "")
        masks.bad[place] = found is None
    return Parsed(pd.array(values, dtype="str"), masks.bad, masks.rewritten)


def parse_years(cells: Sequence[object]) -> Parsed:
    """Years as float64, from years or dates; of a school year the one it begins in.

    >>> parse_years(["2026年9月", 1998.0, "1998.0", "二〇二六", "2026-2027学年"]).data.tolist()
    [2026.0, 1998.0, 1998.0, nan, 2026.0]
    """
    dates = parse_dates([_cut_school_year(cell) for cell in cells])
    values = np.array([float(text[:4]) if text else np.nan for text in dates.data])
    return Parsed(values, dates.bad, dates.rewritten)


def _cut_school_year(cell: object) -> object:
    """The year a school year begins in; of a year written as a decimal number the whole one."""
    if not isinstance(cell, str):
        return cell
    text = normalize_text(cell)
    match = _SCHOOL_YEAR.fullmatch(text) or _DECIMAL_YEAR.fullmatch(text)
    return match[1] if match else cell


def clean_text(cell: object) -> str:
    """Text without surrounding space, byte order marks and control characters."""
    text = str(cell)
    if not text.isprintable():
        text = "".join(ch if ch.isprintable() else " " for ch in text.replace("\ufeff", ""))
    return text.strip()


def _write_text(cell: object) -> str:
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if is_missing(cell) else clean_text(cell)


def _find_floats(cells: Cells) -> FloatArray | None:
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "iuf":
        return cells.astype(np.float64)
    return None


@overload
def _scale(number: float, factor: float) -> float: ...


@overload
def _scale(number: FloatArray, factor: float) -> FloatArray: ...


def _scale(number: float | FloatArray, factor: float) -> float | FloatArray:
    """Multiply; by a hundredth one divides by a hundred: 35 % is 0.35, not 0.35000000000000003."""
    return number / (1.0 / factor) if factor < 1.0 else number * factor


def _parse_number(text: str, units: Mapping[str, float], factor: float = 1.0) -> float | None:
    """Number with or without a unit of its own; `factor` is for those without."""
    if _PLAIN.fullmatch(text):
        return _scale(float(text), factor)
    squeezed = text.replace(" ", "").replace("\u202f", "")
    if _THOUSANDS.fullmatch(squeezed):
        return _scale(float(squeezed.replace(",", "")), factor)
    if match := _WITH_UNIT.fullmatch(text):
        own = units.get(match[2].strip())
        number = _parse_number(match[1], {})
        if own is not None and number is not None:
            try:
                return float(Decimal(str(number)) * Decimal(str(own)))
            except InvalidOperation:
                return None
    return None


def _parse_date(cell: object) -> str | None:
    if isinstance(cell, (datetime, pd.Timestamp)):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    text = normalize_text(_write_text(cell)).replace("年 ", "年").replace("月 ", "月")
    match = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if match is None or not _YEAR_RANGE[0] <= int(match[1]) <= _YEAR_RANGE[1]:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    if year is None:
        return None
    if month is None:
        return f"{year:04d}"
    try:
        checked = date(year, month, day or 1)
    except ValueError:
        return None
    return checked.isoformat() if day else checked.isoformat()[:7]
