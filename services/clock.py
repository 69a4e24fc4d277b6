"""Seconds a run spends per stage."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Seconds spent per stage, in the order they began.

    A stage within another counts for itself alone: the seconds add up to the time of all.

    Examples
    --------
    >>> clock = Clock()
    >>> with clock.time("measure"), clock.time("journeys"):
    ...     pass
    >>> list(clock.seconds)
    ['measure', 'journeys']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within_s = [0.0]

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the block's seconds for a stage, less those of stages within it."""
        self.seconds.setdefault(stage, 0.0)
        self._within_s.append(0.0)
        begin = time.perf_counter()
        try:
            yield
        finally:
            spent_s = time.perf_counter() - begin
            own_s = spent_s - self._within_s.pop()
            self._within_s[-1] += spent_s
            self.seconds[stage] = round(self.seconds[stage] + own_s, 3)
