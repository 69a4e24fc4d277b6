"""Rows worked on side by side, in threads: for kernels that hold no lock while they run."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np

__all__ = ["run_side_by_side"]

_T = TypeVar("_T")
_FEW = 64
"""Fewer rows than this are not worth a thread."""
_PIECES_PER_WORKER = 4


def run_side_by_side(
    work: Callable[[int, int], _T], count: int, threads: int | None = None
) -> list[_T]:
    """Work on rows `0..count-1` in pieces, some per thread so that none waits long for another.

    Parameters
    ----------
    work
        Called with the first row of a piece and the one after its last.
    count
        Number of rows.
    threads
        Pieces worked on at a time; default: one per processor.

    Returns
    -------
    results
        What `work` gave for each piece, in the order of the rows.
    """
    workers = max(1, threads or os.cpu_count() or 1)
    n_pieces = 1 if workers == 1 or count < _FEW else _PIECES_PER_WORKER * workers
    bounds = np.linspace(0, count, n_pieces + 1).astype(int).tolist()
    if n_pieces == 1:
        return [work(*bounds)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, *zip(*pairwise(bounds), strict=True)))
