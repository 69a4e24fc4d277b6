"""Holds the run being served, and swaps in a newer one when the folder is replaced.

Requests take `current` once and keep it; an old run lives until its last request is done.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import anyio
import anyio.to_thread

from layers.errors import LayerError
from layers.store import MANIFEST, Run, find_run_folder, read_run
from services.api.opened import OpenRun
from services.errors import RunUnavailable

_LOG = logging.getLogger("lifecircle.service")
_ATTEMPTS = 3


class RunHolder:
    """The run at one folder.

    Parameters
    ----------
    folder
        Run folder; it may not exist yet.
    maps_cached
        Map pages each opened run keeps ready.
    read
        Opens a folder; raises `LayerError`, `OSError` or `ValueError` when it holds no run.
    """

    def __init__(
        self, folder: Path, *, maps_cached: int = 32, read: Callable[[Path], Run] = read_run
    ) -> None:
        self.folder = folder
        self.problem = "the run has not been opened yet"
        self._maps_cached = maps_cached
        self._read = read
        self._current: OpenRun | None = None
        self._tried = ""
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def get_current(self) -> OpenRun:
        """Return the run to answer from.

        Raises
        ------
        RunUnavailable
            No complete run has been opened; the message says why.
        """
        current = self._current
        if current is None:
            raise RunUnavailable(self.problem)
        return current

    def find_current(self) -> OpenRun | None:
        """Return the run to answer from, or None."""
        return self._current

    def refresh(self) -> bool:
        """Open the folder if its manifest has changed since the last look; True when swapped.

        A folder that cannot be opened leaves the last run in place; `problem` says what is wrong.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                before = self._sign()
                if before and before == self._tried:
                    return False
                swapped = self._open(before)
                if self._sign() == before:
                    self._tried = before
                    return swapped
            return False

    def warm(self) -> None:
        """Build what most visitors ask for first, so that the first of them need not wait."""
        current = self._current
        if current is not None:
            current.warm(self._closed.is_set)

    def close(self) -> None:
        """Leave off warming: nobody will ask any more."""
        self._closed.set()

    async def watch(self, every_s: float) -> None:
        """Look at the folder every `every_s` seconds, off the event loop, until cancelled."""
        while True:
            await anyio.sleep(every_s)
            if await anyio.to_thread.run_sync(self.refresh):
                await anyio.to_thread.run_sync(self.warm)

    def _sign(self) -> str:
        """Return a digest of the manifest as it stands, "" when there is none."""
        path = find_run_folder(self.folder) / MANIFEST
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return ""

    def _open(self, fingerprint: str) -> bool:
        try:
            run = self._read(self.folder)
            opened = OpenRun(run, fingerprint, maps_cached=self._maps_cached)
        except (LayerError, OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            first_line = (str(error).splitlines() or [""])[0]
            problem = f"{self.folder} cannot be served: {first_line or type(error).__name__}"
            if problem != self.problem:
                _LOG.warning("%s", problem)
            self.problem = problem
            return False
        self._current = opened
        self.problem = ""
        _LOG.info("serving %s, run of %s", self.folder, run.manifest.get("created", "unknown date"))
        return True
