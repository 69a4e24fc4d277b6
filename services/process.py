"""A command as a process: streams that take any text, and signals that leave nothing behind."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALLED = 128
"""Exit codes of processes that were signalled lie this far above the signal's number."""


def prepare_streams() -> None:
    """Let standard output and error take any text.

    Letters a terminal does not know are escaped, and where a stream was closed its text goes nowhere.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Send nowhere what is still to be printed: the reader of a pipe has had enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def unwind_on_signals() -> Iterator[None]:
    """Let a polite kill tidy up as an error does; signals someone else handles are left alone."""
    watched = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in watched:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in watched:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(_SIGNALLED + number)
