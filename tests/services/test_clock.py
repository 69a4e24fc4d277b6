"""Seconds per stage, with a clock that only moves when it is told to."""

import time

import pytest

from services.clock import Clock


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, to be moved on."""
    moment = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: moment[0])
    return moment


def test_a_stage_within_another_counts_once(now: list[float]) -> None:
    clock = Clock()
    with clock.time("measure"):
        now[0] += 1.0
        with clock.time("journeys"):
            now[0] += 4.0
        now[0] += 2.0
        with clock.time("journeys"):
            now[0] += 8.0
    with clock.time("maps"):
        now[0] += 16.0
    assert list(clock.seconds.items()) == [("measure", 3.0), ("journeys", 12.0), ("maps", 16.0)]


def test_a_stage_that_fails_is_counted(now: list[float]) -> None:
    clock = Clock()

    def fail() -> None:
        with clock.time("tables"):
            now[0] += 2.0
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert clock.seconds == {"tables": 2.0}
