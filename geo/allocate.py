"""Children to school places: as many as can be placed, with the least walking in all.

The problem is a transport problem on the sparse pairs of `geo.reach.measure_within`: every child goes to
a target within reach or to none, no target takes more than it has places. It is solved as a linear
program by HiGHS, whose simplex method goes on from the last solution, or from one that was kept, when
only numbers change: a year later, or without one target, costs a fraction of the first solution.

Placing comes before walking: a child without a place weighs more than any chain of moves could
save, since such a chain passes every target at most once. Among allocations of equal walking one is
singled out by adding less than a millimetre to each walk, so that the result does not depend on
what was solved before.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from geo.errors import Unsolved
from geo.reach import ReachPairs
from geo.units import FloatArray, IntArray

_TIE_M = 1e-3
_ODD_HOME, _ODD_TARGET = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_STEPS = 100
"""Steps of the simplex method per row and column, beyond which it is taken to go in circles."""
_TINY = 1e-7
"""Children fewer than this are a rounding error of the solver."""

__all__ = ["Allocation", "Allocator", "Start"]


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """Who goes where: `H` homes, `T` targets, `R` pairs within reach.

    Parameters
    ----------
    flow
        Shape `(R,)`: children who walk along each pair, in the order of the pairs.
    left
        Shape `(H,)`: children without a place.
    used
        Shape `(T,)`: places taken.
    """

    flow: FloatArray
    left: FloatArray
    used: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A solution an `Allocator` can go on from, as its `keep` gives it."""

    basis: Any


class Allocator:
    """Allocates children to places on fixed pairs; solves again when numbers change.

    Not safe to share between threads: it keeps the solver's state.

    Parameters
    ----------
    pairs
        Targets within reach of homes, as `geo.reach.measure_within` gives them.
    """

    def __init__(self, pairs: ReachPairs) -> None:
        n_targets = len(pairs.start) - 1
        self._home: IntArray = pairs.home.astype(np.int64)
        self._target: IntArray = np.repeat(np.arange(n_targets), np.diff(pairs.start))
        self._n_homes, self._n_targets = pairs.n_homes, n_targets
        self._rows: IntArray = np.unique(self._home)
        self._solver = self._build(pairs.walk_m)

    def keep(self) -> Start:
        """The last solution, for `solve` to start from; as small as the problem is."""
        found, kept = self._solver.getBasis(), highspy.HighsBasis()
        kept.col_status, kept.row_status = found.col_status, found.row_status
        kept.valid, kept.alien = found.valid, found.alien
        return Start(kept)

    def solve(
        self, children: FloatArray, places: FloatArray, *, start: Start | None = None
    ) -> Allocation:
        """Allocate `children` (shape `(H,)`) to `places` (shape `(T,)`), neither below 0.

        Parameters
        ----------
        start
            A solution to go on from, of an allocator of the same pairs; the last one when None. It does
            not change the answer, only how fast it is found.

        Raises
        ------
        ValueError
            An array of another shape, or a number that is negative or not finite.
        Unsolved
            The solver gave up.
        """
        _check(children, self._n_homes, "children")
        _check(places, self._n_targets, "places")
        left = np.array(children, dtype=np.float64)
        n = len(self._rows)
        if n == 0:
            return Allocation(np.zeros(0), left, np.zeros(self._n_targets))
        here = left[self._rows]
        rows = np.arange(n + self._n_targets, dtype=np.int32)
        low = np.concatenate([here, np.zeros(self._n_targets)])
        high = np.concatenate([here, np.asarray(places, dtype=np.float64)])
        self._solver.changeRowsBounds(len(rows), rows, low, high)
        if start is not None and start.basis.valid:
            self._solver.setBasis(start.basis)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Unsolved(
                f"no allocation of {left.sum():g} children to {n} homes and {self._n_targets} targets: "
                f"{self._solver.modelStatusToString(self._solver.getModelStatus())}"
            )
        value = np.array(self._solver.getSolution().col_value, dtype=np.float64)
        value[value < _TINY] = 0.0
        flow = value[: len(self._home)]
        left[self._rows] = value[len(self._home) :]
        used = np.bincount(self._target, weights=flow, minlength=self._n_targets)
        return Allocation(flow, left, used.astype(np.float64))

    def _build(self, walk_m: FloatArray) -> Any:
        """One row per home that reaches something and per target; a column per pair and such home."""
        n, n_pairs = len(self._rows), len(self._home)
        left_out = (self._n_targets + 1) * (walk_m.max(initial=0.0) + 1.0)
        model = highspy.HighsLp()
        model.num_col_ = n_pairs + n
        model.num_row_ = n + self._n_targets
        model.col_cost_ = np.concatenate(
            [walk_m + _TIE_M * _scatter(self._home, self._target), np.full(n, left_out)]
        )
        model.col_lower_ = np.zeros(n_pairs + n)
        model.col_upper_ = np.full(n_pairs + n, highspy.kHighsInf)
        model.row_lower_ = np.zeros(n + self._n_targets)
        model.row_upper_ = np.zeros(n + self._n_targets)
        index = np.empty(2 * n_pairs + n, dtype=np.int32)
        index[: 2 * n_pairs : 2] = np.searchsorted(self._rows, self._home)
        index[1 : 2 * n_pairs : 2] = n + self._target
        index[2 * n_pairs :] = np.arange(n)
        starts = np.concatenate([2 * np.arange(n_pairs + 1), 2 * n_pairs + 1 + np.arange(n)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = starts.astype(np.int32)
        model.a_matrix_.index_ = index
        model.a_matrix_.value_ = np.ones(len(index))
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("solver", "simplex")
        solver.setOptionValue("simplex_iteration_limit", _STEPS * (model.num_row_ + model.num_col_))
        solver.passModel(model)
        return solver


def _scatter(home: IntArray, target: IntArray) -> FloatArray:
    """Numbers from 0 to 1 that depend on home and target without any pattern."""
    mixed = home.astype(np.uint64) * _ODD_HOME ^ target.astype(np.uint64) * _ODD_TARGET
    for shift in (30, 27, 31):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * _ODD_TARGET
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def _check(numbers: FloatArray, size: int, name: str) -> None:
    if np.shape(numbers) != (size,):
        raise ValueError(f"{name} has shape {np.shape(numbers)}; expected ({size},)")
    if not (np.isfinite(numbers) & (np.asarray(numbers) >= 0)).all():
        raise ValueError(f"{name} holds a negative or unknown number; expected numbers from 0 on")
