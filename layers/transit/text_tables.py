"""CSV of a feed → coded text columns with the row numbers a person sees in the file.

Arrow reads tables whose every row fits the header; the others are read row by row, so that each
that does not fit can be named. Rows are counted as in `layers.sheets`: the header is row 1, blank
lines count, a quoted line break does not.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from geo.units import Int32Array, IntArray
from layers.encodings import guess_text
from layers.errors import InvalidLayer
from layers.notices import Notice
from layers.sheets import list_rows


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of texts: `texts[code]` per row; they differ from each other, stray spaces cut.

    Parameters
    ----------
    code
        Shape `(R,)`.
    texts
        The different texts, in order of appearance; "" where a cell is empty.
    """

    code: Int32Array
    texts: NDArray[Any]

    def spread(self) -> NDArray[Any]:
        """Shape `(R,)`: the texts themselves."""
        spread: NDArray[Any] = self.texts[self.code]
        return spread


@dataclass(frozen=True, slots=True, eq=False)
class TextTable:
    """A table as written.

    Parameters
    ----------
    rows
        Shape `(R,)`: row numbers as the user sees them.
    columns
        Wanted columns that are there, by name.
    headers
        All column names of the file, cleaned.
    """

    rows: IntArray
    columns: Mapping[str, Coded]
    headers: tuple[str, ...]


def read_text_table(
    raw: bytes, wanted: Sequence[str], *, layer: str
) -> tuple[TextTable, list[Notice]]:
    """Read a table's wanted columns.

    Column names are compared without case, byte order mark and stray spaces. Rows with more fields
    than the header are left out with a notice, unless the surplus is empty; missing fields are empty.

    Raises
    ------
    InvalidLayer
        No text in UTF-8, UTF-16 or GB 18030.
    """
    raw, notices = _as_utf8(raw, layer)
    headers, header_row = _read_headers(raw)
    places = {name: headers.index(name) for name in wanted if name in headers}
    notices += _note_repeated(headers, wanted, layer)
    table = _read_fast(raw, headers, header_row, places)
    if table is None:
        table, more = _read_slow(raw, headers, header_row, places, layer)
        notices += more
    return _drop_blank_rows(table), notices


def _as_utf8(raw: bytes, layer: str) -> tuple[bytes, list[Notice]]:
    found = guess_text(raw)
    if found is not None:
        text, name = found
        guessed = Notice(
            "info",
            "encoding_guessed",
            layer,
            f"{layer} is not UTF-8, as GTFS asks for, and was read as GB 18030 (GBK); check the names",
            f"{layer} 不是 GTFS 规定的 UTF-8 编码，已按 GB 18030（GBK）读取；请核对名称",
            found="gb18030",
            expected="utf-8",
        )
        encoded = raw if name == "utf-8" else text.encode()
        return encoded, [guessed] if name == "gb18030" else []
    raise InvalidLayer(
        [
            Notice(
                "error",
                "not_text",
                layer,
                f"{layer} is no text in UTF-8, UTF-16 or GB 18030; export the feed again as UTF-8",
                f"{layer} 不是 UTF-8、UTF-16 或 GB 18030 文本；请以 UTF-8 重新导出",
                expected="utf-8",
            )
        ]
    )


def _read_headers(raw: bytes) -> tuple[list[str], int]:
    """Cleaned column names, and the number of lines up to and with them."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(raw), "utf-8", newline=""))
    for number, record in enumerate(reader, start=1):
        names = [name.strip().strip("\ufeff\"'").strip().lower() for name in record]
        if any(names):
            return names, number
    return [], 0


def _note_repeated(headers: Sequence[str], wanted: Sequence[str], layer: str) -> list[Notice]:
    repeated = [name for name in wanted if headers.count(name) > 1]
    return [
        Notice(
            "warning",
            "repeated_column",
            layer,
            f"column {name!r} stands {headers.count(name)} times; the first was read",
            f"“{name}”列出现 {headers.count(name)} 次，已采用第一列",
            row="1",
            column=name,
            count=headers.count(name),
        )
        for name in repeated
    ]


def _read_fast(
    raw: bytes, headers: Sequence[str], header_row: int, places: Mapping[str, int]
) -> TextTable | None:
    """Read with Arrow; None where some row does not fit the header or quotes stand oddly."""
    names = [f"{place}" for place in range(len(headers))]
    misfits: list[int] = []

    def skip(row: Any) -> str:
        misfits.append(1 if row.number is None else int(row.number))
        return "skip"

    if not names:
        return TextTable(np.zeros(0, dtype=np.int64), {}, ())
    coded = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows_after_names=header_row
            ),
            parse_options=arrow_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, coded),
                include_columns=[names[place] for place in places.values()],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if misfits:
        return None
    table = table.unify_dictionaries().combine_chunks()
    columns = {}
    for name, place in places.items():
        column = table.column(names[place])
        if not column.num_chunks:
            columns[name] = Coded(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=object))
            continue
        chunk = column.chunk(0)
        columns[name] = _clean(
            chunk.indices.to_numpy(zero_copy_only=False), chunk.dictionary.to_pylist()
        )
    if any(text.startswith('"') for column in columns.values() for text in column.texts):
        return None
    rows = np.arange(table.num_rows, dtype=np.int64) + header_row + 1
    return TextTable(rows, columns, tuple(headers))


def _read_slow(
    raw: bytes, headers: Sequence[str], header_row: int, places: Mapping[str, int], layer: str
) -> tuple[TextTable, list[Notice]]:
    """Read row by row, naming those that do not fit the header."""
    width = len(headers)
    allowed = csv.field_size_limit(max(len(raw), 1))
    stream = io.TextIOWrapper(io.BytesIO(raw), "utf-8", newline="")
    try:
        records = list(csv.reader(stream, skipinitialspace=True))
    except csv.Error as error:
        raise InvalidLayer(
            [
                Notice(
                    "error",
                    "unreadable_table",
                    layer,
                    f"{layer} is no readable CSV ({error}); export the feed again",
                    f"{layer} 不是可读的 CSV（{error}）；请重新导出",
                )
            ]
        ) from error
    finally:
        csv.field_size_limit(allowed)
    numbered = list(enumerate(records, start=1))[header_row:]
    long = [row for row, record in numbered if any(cell.strip() for cell in record[width:])]
    short = [row for row, record in numbered if 0 < len(record) < width]
    left_out = set(long)
    kept = [(row, record) for row, record in numbered if row not in left_out]
    columns = {
        name: _code([record[place] if place < len(record) else "" for _, record in kept])
        for name, place in places.items()
    }
    rows = np.array([row for row, _ in kept], dtype=np.int64)
    return TextTable(rows, columns, tuple(headers)), _note_misfits(long, short, width, layer)


def _note_misfits(long: list[int], short: list[int], width: int, layer: str) -> list[Notice]:
    notices = []
    if long:
        notices.append(
            Notice(
                "warning",
                "row_too_long",
                layer,
                f"{len(long)} rows have more fields than the header's {width} and were left out: their "
                "values stand in the wrong columns; put texts that hold a comma in double quotes",
                f"{len(long)} 行的字段多于表头的 {width} 个，数值已错列，未予采用；含逗号的文字应放入英文双引号",
                row=list_rows(long),
                expected=str(width),
                count=len(long),
            )
        )
    if short:
        notices.append(
            Notice(
                "info",
                "row_too_short",
                layer,
                f"{len(short)} rows have fewer fields than the header's {width}; the missing ones were "
                "taken as empty",
                f"{len(short)} 行的字段少于表头的 {width} 个；缺少的按空值处理",
                row=list_rows(short),
                expected=str(width),
                count=len(short),
            )
        )
    return notices


def _code(cells: list[str]) -> Coded:
    numbers: dict[str, int] = {}
    code = np.array([numbers.setdefault(cell, len(numbers)) for cell in cells], dtype=np.int32)
    return _clean(code, list(numbers))


def _clean(code: Int32Array, values: list[str]) -> Coded:
    """Stray spaces cut off; values that become equal are one."""
    stripped = [value.strip() for value in values]
    numbers: dict[str, int] = {}
    renamed = np.array(
        [numbers.setdefault(value, len(numbers)) for value in stripped], dtype=np.int32
    )
    if len(numbers) < len(stripped):
        code = renamed[code]
    distinct = np.empty(len(numbers), dtype=object)
    distinct[:] = list(numbers)
    return Coded(np.asarray(code, dtype=np.int32), distinct)


def _drop_blank_rows(table: TextTable) -> TextTable:
    """Leave out rows all of whose wanted cells are empty: blank lines."""
    if not table.columns or not len(table.rows):
        return table
    blank = np.ones(len(table.rows), dtype=np.bool_)
    for column in table.columns.values():
        blank &= (column.texts == "")[column.code]
    if not blank.any():
        return table
    columns = {
        name: Coded(column.code[~blank], column.texts) for name, column in table.columns.items()
    }
    return TextTable(table.rows[~blank], columns, table.headers)
