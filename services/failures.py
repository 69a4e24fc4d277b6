"""Errors as the one line a user reads: what, where, what to do."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pydantic
import pyogrio
import xlsxwriter.exceptions

from geo.errors import GeoError
from layers.errors import InvalidLayer, LayerError
from layers.notices import Notice
from maps.errors import MapError
from services.errors import CannotWrite, ServiceError

KNOWN_FAILURES = (
    LayerError,
    GeoError,
    MapError,
    ServiceError,
    OSError,
    pydantic.ValidationError,
)
"""What may go wrong without a fault in the program."""

_WRITE_FAILURES = (
    OSError,
    sqlite3.Error,
    pa.ArrowException,
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    xlsxwriter.exceptions.XlsxWriterException,
)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LEAST_FREE_BYTES = 1 << 20
_LONGEST_REASON = 120


@contextmanager
def name_output(out: Path, *, option: str = "--out") -> Iterator[None]:
    """Say of every failure to write that it was about `out`, and what to do.

    Parameters
    ----------
    out
        File or folder that is written.
    option
        Option of the command line that names it.

    Raises
    ------
    CannotWrite
        In the place of whatever the writing library raised.
    """
    try:
        yield
    except (LayerError, GeoError, MapError, ServiceError):
        raise  # these speak for themselves
    except _WRITE_FAILURES as error:
        reason = (getattr(error, "strerror", None) or str(error))[:_LONGEST_REASON]
        raise CannotWrite(
            f"the disk is full, {out} could not be written: free some space and run again; earlier "
            "results are untouched"
            if _is_full(error, out)
            else f"{out} could not be written ({reason}): name another {option}, in a folder that may "
            "be written to; earlier results are untouched"
        ) from error


def _is_full(error: Exception, out: Path) -> bool:
    """Whether the disk was full; some libraries say something else, then next to nothing is free."""
    code = getattr(error, "errno", None)
    if code is not None:
        return code in _FULL
    place = next((folder for folder in out.resolve().parents if folder.exists()), Path("/"))
    return shutil.disk_usage(place).free < _LEAST_FREE_BYTES


def describe_failure(error: BaseException) -> str:
    """Return the one line a user reads about an error.

    >>> describe_failure(FileNotFoundError(2, "No such file or directory", "city.toml"))
    'city.toml: No such file or directory'
    """
    if isinstance(error, InvalidLayer):
        return _one_line(_describe_notices(error.notices))
    if isinstance(error, pydantic.ValidationError):
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        return _one_line(f"setting {name} (LIFECIRCLE_{name.upper()}): {first['msg']}")
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return _one_line(f"{place}{error.strerror}")
    return _one_line(str(error)) or type(error).__name__


def list_notices(error: BaseException) -> tuple[Notice, ...]:
    """Return the notices an error carries, if it carries any."""
    if isinstance(error, InvalidLayer):
        return error.notices
    carried = error.args[1] if isinstance(error, LayerError) and len(error.args) > 1 else ()
    return tuple(one for one in carried if isinstance(one, Notice))


def _describe_notices(notices: tuple[Notice, ...]) -> str:
    errors = [notice for notice in notices if notice.severity == "error"]
    if not errors:
        return "the data hold errors"
    first = errors[0]
    place = ":".join(part for part in (first.layer, first.row, first.column) if part)
    others = len(errors) - 1
    more = f" (and {others} more errors)" if others > 1 else " (and 1 more error)" if others else ""
    return f"{place}: {first.message}{more}" if place else f"{first.message}{more}"


def _one_line(text: str) -> str:
    r"""Return text without line breaks and control characters.

    >>> _one_line("a\nb\x1b[2Jc")
    'a b [2Jc'
    """
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
