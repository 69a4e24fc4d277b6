"""A file of the user's own choice: its ending says the format, and it appears whole or not at all."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from services.errors import InvalidQuery
from services.failures import name_output

_FORMULA = ("=", "+", "-", "@")
_BLANKS = ("\t", "\r", "\n")


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Refuse the name of a file whose ending says nothing known.

    Raises
    ------
    InvalidQuery
        The name ends in none of `endings`.
    """
    if path.suffix.lower() not in endings:
        raise InvalidQuery("--out", str(path), f"a name that ends in {', '.join(endings)}")


def build_csv(table: pd.DataFrame) -> bytes:
    """Table as CSV that spreadsheets open in UTF-8; what they would take for a formula is marked."""
    marked = table.copy()
    for name in marked.columns:
        if not pd.api.types.is_numeric_dtype(marked[name].dtype):
            marked[name] = [_mark(text) for text in marked[name].astype(str)]
    return marked.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file aside and put it in place by one rename.

    Raises
    ------
    CannotWrite
        The file cannot be written.
    """
    with name_output(path):
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(aside).chmod(0o644)
            Path(aside).replace(path)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise


def _mark(text: str) -> str:
    """Put a mark before what a spreadsheet would take for a formula.

    >>> _mark("=1+1"), _mark(" @x"), _mark("老街"), _mark("A-1")
    ("'=1+1", "' @x", '老街', 'A-1')
    """
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_BLANKS) else text
