"""Pieces of rows: each row once, in order, whatever the number of threads."""

import pytest

from geo.parallel import run_side_by_side


@pytest.mark.parametrize("threads", [1, 2, 7, None])
@pytest.mark.parametrize("count", [0, 1, 63, 64, 1000])
def test_every_row_is_worked_on_once_and_in_order(count: int, threads: int | None) -> None:
    pieces = run_side_by_side(lambda begin, end: list(range(begin, end)), count, threads)
    assert [row for piece in pieces for row in piece] == list(range(count))
    assert len(pieces) == 1 or (count >= 64 and threads != 1)


def test_a_failure_is_not_swallowed() -> None:
    def fail(begin: int, end: int) -> None:
        if begin <= 500 < end:
            raise ValueError("row 500")

    with pytest.raises(ValueError, match="row 500"):
        run_side_by_side(fail, 1000, 2)
