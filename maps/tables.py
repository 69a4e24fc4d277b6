"""Columns of a run as a page carries them: rows by kind, numbers short, unknown as null."""

import json
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]
_Frame = TypeVar("_Frame", bound=pd.DataFrame)

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True, eq=False)
class RowsByKind:
    """Row numbers of a table per facility kind (and mode), found in one pass."""

    rows: dict[tuple[str, ...], IntArray]

    def find(self, *key: str) -> IntArray:
        """Rows of that key in the table's order; none is an empty array."""
        return self.rows.get(key, np.empty(0, dtype=np.int64))


def index_rows(frame: pd.DataFrame, *columns: str) -> RowsByKind:
    """Rows of `frame` for each combination of `columns`."""
    if frame.empty:
        return RowsByKind({})
    groups = frame.groupby(list(columns), sort=False, observed=True, dropna=False).indices
    return RowsByKind(
        {
            tuple(map(str, key)) if isinstance(key, tuple) else (str(key),): np.sort(rows)
            for key, rows in groups.items()
        }
    )


def take_rows(frame: _Frame, rows: IntArray) -> _Frame:
    """Rows of `frame` by number, rising; those that stand together are not copied."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return frame.iloc[int(rows[0]) : int(rows[-1]) + 1]
    return frame.iloc[rows]


def list_numbers(values: ArrayLike, *, digits: int = 0) -> list[float | int | None]:
    """Numbers rounded to `digits`; NaN and infinite ones become None.

    >>> list_numbers([1.26, float("nan"), 3.0], digits=1)
    [1.3, None, 3]
    """
    numbers = np.round(np.asarray(values, dtype=np.float64).ravel(), digits)
    return [
        None if not np.isfinite(number) else int(number) if number == int(number) else number
        for number in numbers.tolist()
    ]


def list_flags(values: "pd.Series[Any]") -> list[bool | None]:
    """Booleans; unknown ones become None."""
    return [None if pd.isna(value) else bool(value) for value in values]


def list_words(values: "pd.Series[Any]") -> list[str]:
    """Text; missing text becomes empty."""
    return [str(value) for value in values.fillna("")]


def code_words(values: "pd.Series[Any]") -> tuple[IntArray, list[str]]:
    """Each text as a number, 0 for empty text, and the list that number (less 1) points into."""
    codes, words = pd.factorize(values.fillna("").astype(str).to_numpy(dtype=object), sort=False)
    found: list[str] = [str(word) for word in words]
    if "" not in found:
        return codes.astype(np.int64) + 1, found
    empty = found.index("")
    shifted = np.where(codes == empty, 0, np.where(codes < empty, codes + 1, codes))
    return shifted.astype(np.int64), [word for word in found if word]


def find_positions(wanted: "pd.Series[Any]", keys: pd.Index) -> IntArray:
    """Position of each text in `keys`; -1 where it is not among them."""
    return np.asarray(keys.get_indexer(pd.Index(wanted, dtype="str")), dtype=np.int64)


def embed_json(value: Any) -> str:
    """JSON fit for a `<script>` element: no character in it can end the element.

    >>> "<" in embed_json({"name": "</script>"})
    False
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    return text
