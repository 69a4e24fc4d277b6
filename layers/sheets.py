"""CSV and XLSX -> cells under headers, with the row numbers a person sees in the file.

Rows are counted as a spreadsheet counts them: the first line is row 1, blank lines count, a quoted
line break does not. The header may stand below a title; it is the row that names most columns.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from openpyxl.cell.cell import TYPE_FORMULA
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from geo.units import IntArray
from layers.columns import normalize_header, normalize_text
from layers.encodings import guess_text
from layers.errors import UnreadableFile
from layers.limits import Limits
from layers.notices import Notice
from layers.values import Cells, is_missing

Score = Callable[[Sequence[object]], int]

_HEADER_SEARCH_ROWS = 20
_TOTALS = frozenset(
    {"合计", "总计", "小计", "共计", "total", "sum", "subtotal", "累计", "全市合计"}
)
_REMARKS = ("注", "备注", "说明", "数据来源", "资料来源", "来源", "填表", "制表", "note", "source")
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_UNPACKED_FACTOR = 5


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """Cells as read, before any of them means something.

    Parameters
    ----------
    headers
        As the user wrote them; may repeat.
    columns
        `R` cells per header.
    rows
        Shape `(R,)`: row number as the user sees it.
    shared
        Positions of number cells that stand for several rows (merged): (row number, column).
    cut_headers
        Positions of headers a Shapefile may have cut off after ten bytes.
    """

    headers: tuple[str, ...]
    columns: tuple[Cells, ...]
    rows: IntArray
    shared: frozenset[tuple[int, int]] = frozenset()
    cut_headers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """One sheet: rows of cells as they stand, and what a spreadsheet says about them."""

    title: str
    cells: list[list[Any]]
    merged: frozenset[tuple[int, int]] = frozenset()
    without_value: frozenset[tuple[int, int]] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    hidden_rows: tuple[int, ...] = ()
    visible: bool = True
    ragged: tuple[Notice, ...] = field(default=())


def read_csv(
    path: Path, score: Score, *, encoding: str | None, limits: Limits
) -> tuple[RawTable, list[Notice]]:
    """Read a CSV; separator and encoding (UTF-8, UTF-16, GB 18030) are recognised.

    Rows with more fields than the header are left out, with an error notice each: their values
    stand in the wrong columns.

    Raises
    ------
    UnreadableFile
        Not text in the given or any known encoding, no row at all, or too many rows.
    """
    text, notices = _decode(path, encoding)
    separator = _find_separator(text, score)
    allowed = csv.field_size_limit(limits.max_file_bytes)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
        cells = [list(record) for record in reader]
    except csv.Error as error:
        raise UnreadableFile(f"{path.name} is no readable CSV: {error}") from error
    finally:
        csv.field_size_limit(allowed)
    _check_rows(path, len(cells), limits)
    header, _ = _find_header(cells, score)
    grid = _Grid(title="", cells=cells, ragged=tuple(_find_ragged(path, cells, header, separator)))
    table, more = _lay_out(path, grid, score)
    return table, [*notices, *more]


def read_xlsx(path: Path, score: Score, *, limits: Limits) -> tuple[RawTable, list[Notice]]:
    """Read the sheet of an XLSX whose header names most columns.

    Raises
    ------
    UnreadableFile
        An old `.xls`, a protected or damaged file, or too many rows.
    """
    _check_package(path, limits)
    values = _open_workbook(path, data_only=True)
    formulas = _open_workbook(path, data_only=False) if _holds_formulas(path) else None
    sheets = [sheet for sheet in values.worksheets if sheet.max_row and _has_cells(sheet)]
    if not sheets:
        raise UnreadableFile(f"{path.name} holds no sheet with any cell; is it the right file?")
    grids = [
        _read_sheet(sheet, formulas[sheet.title] if formulas is not None else None)
        for sheet in sheets
    ]
    for grid in grids:
        _check_rows(path, len(grid.cells), limits)
    ranked = sorted(
        grids,
        key=lambda grid: (-_best_score(grid.cells, score), not grid.visible, grids.index(grid)),
    )
    chosen = ranked[0]
    notices = _explain_sheet(path, chosen, ranked, score)
    table, more = _lay_out(path, chosen, score)
    return table, [*notices, *more]


def _decode(path: Path, encoding: str | None) -> tuple[str, list[Notice]]:
    raw = path.read_bytes()
    if encoding is not None:
        try:
            return raw.decode(encoding).removeprefix("\ufeff"), []
        except LookupError as error:
            raise UnreadableFile(
                f"{path.name}: there is no encoding called {encoding!r}; try utf-8 or gbk"
            ) from error
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"{path.name} is not {encoding}: byte {error.start} cannot be read; leave the "
                "encoding out to have it recognised"
            ) from error
    found = guess_text(raw)
    if found is not None:
        text, name = found
        guessed = Notice(
            "info",
            "encoding_guessed",
            path.name,
            "the file is not UTF-8 and was read as GB 18030 (GBK); set encoding if names look "
            "wrong",
            "文件不是 UTF-8 编码，已按 GB 18030（GBK）读取；若名称显示异常，请设置 encoding",
            found="gb18030",
            expected="utf-8",
        )
        return text, [guessed] if name == "gb18030" else []
    raise UnreadableFile(
        f"{path.name} is no text in UTF-8, UTF-16 or GB 18030; is it a spreadsheet with a wrong "
        "name? Otherwise state its encoding"
    )


def _find_separator(text: str, score: Score) -> str:
    head = text[:20_000].splitlines()[:_HEADER_SEARCH_ROWS]

    def rate(separator: str) -> tuple[int, int]:
        rows = list(csv.reader(head, delimiter=separator))
        return max((score(row) for row in rows), default=0), max((len(r) for r in rows), default=0)

    return max([",", ";", "\t", "|", "，"], key=rate)


def _find_ragged(path: Path, cells: list[list[Any]], header: int, separator: str) -> list[Notice]:
    """Blank rows with more values than the header, and notice those with fewer."""
    notices = []
    width = len(cells[header]) if cells else 0
    for place, record in enumerate(cells[header + 1 :], start=header + 1):
        if any(not is_missing(cell) for cell in record[width:]):
            notices.append(
                Notice(
                    "error",
                    "row_too_long",
                    path.name,
                    f"row {place + 1} has {len(record)} fields under a header of {width}: its "
                    f"values stand in the wrong columns; put texts that hold a {separator!r} "
                    "(addresses) in double quotes, or delete the surplus field",
                    f"第 {place + 1} 行有 {len(record)} 个字段，而表头只有 {width} 个，数值已错列；"
                    f"请把含有“{separator}”的文字（如地址）放入英文双引号，或删去多余字段",
                    row=str(place + 1),
                    found=str(len(record)),
                    expected=str(width),
                )
            )
            cells[place] = []
        elif record and len(record) < width:
            notices.append(
                Notice(
                    "warning",
                    "row_too_short",
                    path.name,
                    f"row {place + 1} has {len(record)} fields under a header of {width}; the "
                    "missing ones were taken as empty, please check that its values stand in the "
                    "right columns",
                    f"第 {place + 1} 行只有 {len(record)} 个字段，而表头有 {width} 个；"
                    "缺少的按空值处理，请核对是否错列",
                    row=str(place + 1),
                    found=str(len(record)),
                    expected=str(width),
                )
            )
    return notices


def _check_package(path: Path, limits: Limits) -> None:
    head = path.read_bytes()[:8]
    if head.startswith(_OLE_MAGIC):
        raise UnreadableFile(
            f"{path.name} is an old Excel file (.xls) or protected by a password; open it and save "
            "it as .xlsx without a password"
        )
    if not zipfile.is_zipfile(path):
        kind = (
            "an HTML page"
            if head.lstrip().lower().startswith((b"<", b"\xef\xbb\xbf<"))
            else "no XLSX"
        )
        raise UnreadableFile(
            f"{path.name} is {kind}; open it in a spreadsheet and save it as .xlsx"
        )
    with zipfile.ZipFile(path) as package:
        unpacked = sum(entry.file_size for entry in package.infolist())
    if unpacked > limits.max_file_bytes * _UNPACKED_FACTOR:
        raise UnreadableFile(
            f"{path.name} unpacks to {unpacked / 2**20:.0f} MiB; the limit max_file_mb allows "
            f"{limits.max_file_mb * _UNPACKED_FACTOR} MiB"
        )


def _open_workbook(path: Path, *, data_only: bool) -> Any:
    try:
        return openpyxl.load_workbook(path, data_only=data_only, keep_links=False)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        TypeError,
    ) as error:
        raise UnreadableFile(
            f"{path.name} is damaged or no XLSX workbook ({error}); open it in a spreadsheet and "
            "save it again"
        ) from error


def _holds_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as package:
        sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        return any(b"<f" in package.read(name) for name in sheets)


def _has_cells(sheet: Worksheet) -> bool:
    return any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)


def _read_sheet(sheet: Worksheet, formulas: Worksheet | None) -> _Grid:
    cells = [list(row) for row in sheet.iter_rows(values_only=True)]
    without = frozenset(
        (row, column)
        for row, entries in enumerate(formulas.iter_rows() if formulas is not None else ())
        for column, cell in enumerate(entries)
        if cell.data_type == TYPE_FORMULA and cells[row][column] is None
    )
    last_formula = max((row for row, _ in without), default=-1)
    while len(cells) > last_formula + 1 and not any(cell is not None for cell in cells[-1]):
        cells.pop()
    merged: set[tuple[int, int]] = set()
    for span in sheet.merged_cells.ranges:
        top, left, last = span.min_row - 1, span.min_col - 1, min(span.max_row, len(cells))
        for row in range(span.min_row, last):
            cells[row][left] = cells[top][left]
        if last > span.min_row:
            merged.update((row, left) for row in range(top, last))
    return _Grid(
        title=sheet.title,
        cells=cells,
        merged=frozenset(merged),
        without_value=without,
        hidden_columns=_list_hidden_columns(sheet),
        hidden_rows=tuple(sorted(n for n, row in sheet.row_dimensions.items() if row.hidden)),
        visible=sheet.sheet_state == "visible",
    )


def _list_hidden_columns(sheet: Worksheet) -> frozenset[int]:
    hidden: set[int] = set()
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden and dimension.min and dimension.max:
            hidden.update(range(dimension.min - 1, min(dimension.max, sheet.max_column)))
    return frozenset(hidden)


def _explain_sheet(path: Path, chosen: _Grid, ranked: list[_Grid], score: Score) -> list[Notice]:
    rest = [grid for grid in ranked[1:] if _best_score(grid.cells, score) > 0]
    if len(ranked) == 1:
        return []
    equal = [
        g.title for g in rest if _best_score(g.cells, score) == _best_score(chosen.cells, score)
    ]
    others = ", ".join(grid.title for grid in ranked[1:])
    return [
        Notice(
            "warning" if equal else "info",
            "sheet_chosen",
            path.name,
            f"sheet {chosen.title!r} was read, its header names most columns; not read: {others}"
            + ("; move all rows to one sheet if they belong together" if equal else ""),
            f"读取了表头最符合的工作表“{chosen.title}”；未读取：{others}"
            + ("；若同属一张表，请合并到一个工作表" if equal else ""),
            found=chosen.title,
            count=len(ranked),
        )
    ]


def _best_score(cells: list[list[Any]], score: Score) -> int:
    return max((score(row) for row in cells[:_HEADER_SEARCH_ROWS]), default=0)


def _find_header(cells: list[list[Any]], score: Score) -> tuple[int, list[Any]]:
    """Row of the header and its names; a name missing in it may stand in the row above (groups)."""
    best, place, names = 0, -1, []
    for number, row in enumerate(cells[:_HEADER_SEARCH_ROWS]):
        above = cells[number - 1] if number else []
        filled = [
            above[at] if is_missing(cell) and at < len(above) else cell
            for at, cell in enumerate(row)
        ]
        for candidate in (row, filled):
            if (found := score(candidate)) > best and not _is_blank(row):
                best, place, names = found, number, candidate
    if place >= 0:
        return place, names
    first = next((number for number, row in enumerate(cells) if not _is_blank(row)), 0)
    return first, cells[first]


def _is_blank(row: Sequence[Any]) -> bool:
    return all(is_missing(cell) for cell in row)


def _lay_out(path: Path, grid: _Grid, score: Score) -> tuple[RawTable, list[Notice]]:
    if all(_is_blank(row) for row in grid.cells):
        raise UnreadableFile(f"{path.name} is empty; expected a header and at least one row")
    header, names = _find_header(grid.cells, score)
    headers = ["" if is_missing(name) else str(name) for name in names]
    while headers and not normalize_header(headers[-1]):
        headers.pop()
    width = len(headers)
    kept: list[int] = []
    notices = list(grid.ragged)
    for place in range(header + 1, len(grid.cells)):
        row = grid.cells[place][:width]
        if _is_blank(row) and not any((place, c) in grid.without_value for c in range(width)):
            continue
        if notice := _skip(path, place, row):
            notices.append(notice)
        else:
            kept.append(place)
    notices.extend(_explain_layout(path, grid, header, headers, kept))
    table = RawTable(
        headers=tuple(headers),
        columns=tuple(
            [grid.cells[p][column] if column < len(grid.cells[p]) else None for p in kept]
            for column in range(width)
        ),
        rows=np.array([place + 1 for place in kept], dtype=np.int64),
        shared=frozenset((row + 1, column) for row, column in grid.merged if row > header),
    )
    return table, notices


def _skip(path: Path, place: int, row: Sequence[Any]) -> Notice | None:
    filled = [normalize_text(cell).replace(" ", "") for cell in row if not is_missing(cell)]
    if not filled:
        return None
    if filled[0].strip(":：") in _TOTALS:
        return Notice(
            "warning",
            "total_row_skipped",
            path.name,
            f"row {place + 1} begins with {filled[0]!r} and was left out as a total",
            f"第 {place + 1} 行以“{filled[0]}”开头，按合计行未读取",
            row=str(place + 1),
            found=filled[0],
        )
    if len(filled) == 1 and len(row) > 2 and filled[0].startswith(_REMARKS):
        return Notice(
            "info",
            "remark_row_skipped",
            path.name,
            f"row {place + 1} holds a remark and was left out",
            f"第 {place + 1} 行为备注，未读取",
            row=str(place + 1),
            found=filled[0][:60],
        )
    return None


def _explain_layout(
    path: Path, grid: _Grid, header: int, headers: list[str], kept: list[int]
) -> list[Notice]:
    notices = []
    if header > 0:
        notices.append(
            Notice(
                "info",
                "header_row_found",
                path.name,
                f"the header was found in row {header + 1}; what stands above it was not read",
                f"表头在第 {header + 1} 行，其上内容未读取",
                row=str(header + 1),
                expected="1",
            )
        )
    hidden = [column for column in sorted(grid.hidden_columns) if column < len(headers)]
    if hidden:
        letters = ", ".join(f"{get_column_letter(c + 1)} ({headers[c]})" for c in hidden)
        notices.append(
            Notice(
                "info",
                "hidden_columns",
                path.name,
                f"hidden columns were read like the others: {letters}",
                f"隐藏列与其他列一样读取：{letters}",
                count=len(hidden),
            )
        )
    rows = [number for number in grid.hidden_rows if number - 1 in set(kept)]
    if rows:
        notices.append(
            Notice(
                "warning",
                "hidden_rows",
                path.name,
                f"{len(rows)} hidden (filtered) rows were read like the others; delete them if "
                "they are not meant",
                f"{len(rows)} 个隐藏（筛选）行也已读取；若不需要请删除",
                row=list_rows(rows),
                count=len(rows),
            )
        )
    by_column: dict[int, list[int]] = {}
    for row, column in sorted(grid.without_value):
        if row > header and column < len(headers):
            by_column.setdefault(column, []).append(row + 1)
    for column, places in by_column.items():
        notices.append(
            Notice(
                "error",
                "formula_without_value",
                path.name,
                f"{len(places)} cells of column {headers[column]!r} hold formulas without a "
                "computed value; open the file in a spreadsheet, let it compute, and save it",
                f"“{headers[column]}”列有 {len(places)} 个公式没有计算结果；请用表格软件打开、"
                "计算并保存",
                row=list_rows(places),
                column=headers[column],
                found="formula",
                expected="value",
                count=len(places),
            )
        )
    return notices


def list_rows(rows: Sequence[int], most: int = 20) -> str:
    """Row numbers as a person reads them, the first `most` of them.

    >>> list_rows([3, 5, 9], most=2)
    '3, 5, …'
    """
    listed = ", ".join(str(row) for row in rows[:most])
    return f"{listed}, …" if len(rows) > most else listed


def _check_rows(path: Path, n_rows: int, limits: Limits) -> None:
    if n_rows == 0:
        raise UnreadableFile(f"{path.name} is empty; expected a header and at least one row")
    if n_rows > limits.max_rows + _HEADER_SEARCH_ROWS:
        raise UnreadableFile(
            f"{path.name} has {n_rows} rows; the limit max_rows allows {limits.max_rows}"
        )
