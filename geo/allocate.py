"""Children to school places: as many as can be placed, with the least walking in all.

The problem is a transport problem on the sparse pairs of `geo.reach.measure_within`: every child goes to
a target within reach or to none, no target takes more than it has places. It is solved by shortest
ways between targets, from nothing or from another solution of the same pairs: a year later, or without
one target, costs a fraction of the first solution. Each solution brings the prices that prove it the
best there is; one that does not is solved anew as a linear program by HiGHS.

Placing comes before walking: a child without a place weighs more than any chain of moves could
save, since such a chain passes every target at most once. Among allocations of equal walking one is
singled out by adding less than a millimetre to each walk, so that the result does not depend on
what was solved before.

Nobody loses a place when a target takes more or other homes have fewer children, home by home: the
difference of two such allocations is made of chains that begin where places were added or children are gone.
Every home on such a chain but its last gives up one place and takes another, and the last one either takes
a place besides or leaves a target freer than it was.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array

from geo._transport import begin, prove, scale, settle
from geo._ways import Problem, State
from geo.errors import Unsolved
from geo.reach import ReachPairs
from geo.units import FloatArray, Int32Array, IntArray

_TIE_M = 1e-3
_ODD_HOME, _ODD_TARGET = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_UNIT_M = 2.0**-34
"""Costs are whole multiples of this."""
_MOST_M = 2.0**24
"""Costs of more than this are not added up in whole multiples."""
_WAYS = 50
"""Ways per pair and target beyond which a search is taken to have no end."""
_STEPS = 100
"""Steps of the simplex method per row and column, beyond which it is taken to go in circles."""
_TINY = 1e-7
"""Children fewer than this are a rounding error of the solver."""

__all__ = ["Allocation", "Allocator", "Start"]


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A solution to go on from; only where there are children.

    Parameters
    ----------
    pair, flow
        Pairs and their children.
    home, left
        Homes and their children without a place.
    potential
        Shape `(T + 1,)`: prices of places, as `geo._ways.State` has them.
    """

    pair: Int32Array
    flow: FloatArray
    home: Int32Array
    left: FloatArray
    potential: IntArray


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
    start
        What other numbers may be solved from; None where the linear program had to be.
    """

    flow: FloatArray
    left: FloatArray
    used: FloatArray
    start: Start | None


class Allocator:
    """Allocates children to places on fixed pairs. May be asked from several threads.

    Parameters
    ----------
    pairs
        Targets within reach of homes, as `geo.reach.measure_within` gives them.
    keys
        Shape `(T,)`: whole numbers the targets are known by, wherever they stand in the list, so that
        equal walks are told apart the same way when there are more targets or fewer.
    """

    def __init__(self, pairs: ReachPairs, keys: IntArray | None = None) -> None:
        self._n_homes, self._n_targets = pairs.n_homes, len(pairs.start) - 1
        self._reaching: IntArray = np.unique(pairs.home).astype(np.int64)
        self._problem = _build_problem(pairs, np.arange(self._n_targets) if keys is None else keys)

    def solve(
        self, children: FloatArray, places: FloatArray, *, start: Start | None = None
    ) -> Allocation:
        """Allocate `children` (shape `(H,)`) to `places` (shape `(T,)`), neither below 0.

        Parameters
        ----------
        start
            A solution to go on from, of the same pairs. It does not change the answer, only how fast
            it is found.

        Raises
        ------
        ValueError
            An array of another shape, or a number that is negative or not finite.
        Unsolved
            The solver gave up.
        """
        here, offered = self._check(children, places)
        problem = self._problem
        if problem.left_out * _UNIT_M > _MOST_M:
            return self.solve_linear(children, places)
        if start is None:
            state = begin(problem, here, offered)
        else:
            state = self._open(start)
            scale(problem, here, state)
        settle(problem, offered, state, _WAYS * (len(problem.home) + len(offered)))
        if not prove(problem, here, offered, state, _TINY):
            return self.solve_linear(children, places)
        return self._tell(children, state.flow, state.left, _close(state))

    def solve_linear(self, children: FloatArray, places: FloatArray) -> Allocation:
        """Allocate as `solve` does, by HiGHS and from nothing: slow, and another way to the same answer.

        Raises
        ------
        ValueError, Unsolved
            As `solve` does.
        """
        here, offered = self._check(children, places)
        problem, rows = self._problem, self._reaching
        n, n_pairs = len(rows), len(problem.home)
        if n == 0:
            return self._tell(children, np.zeros(0), here, None)
        index = np.empty(2 * n_pairs + n, dtype=np.int32)
        index[: 2 * n_pairs : 2] = np.searchsorted(rows, problem.home)
        index[1 : 2 * n_pairs : 2] = n + problem.target
        index[2 * n_pairs :] = np.arange(n)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = n_pairs + n, n + self._n_targets
        model.col_cost_ = np.append(problem.cost, np.full(n, problem.left_out)) * _UNIT_M
        model.col_lower_ = np.zeros(n_pairs + n)
        model.col_upper_ = np.full(n_pairs + n, highspy.kHighsInf)
        model.row_lower_ = np.concatenate([here[rows], np.zeros(self._n_targets)])
        model.row_upper_ = np.concatenate([here[rows], offered])
        starts = np.concatenate([2 * np.arange(n_pairs + 1), 2 * n_pairs + 1 + np.arange(n)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = starts.astype(np.int32)
        model.a_matrix_.index_ = index
        model.a_matrix_.value_ = np.ones(len(index))
        value = _run_highs(model)
        left = np.zeros(self._n_homes)
        left[rows] = value[n_pairs:]
        return self._tell(children, value[:n_pairs], left, None)

    def _check(self, children: FloatArray, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Children who reach a target at all, and places."""
        _check(children, self._n_homes, "children")
        _check(places, self._n_targets, "places")
        here = np.zeros(self._n_homes)
        here[self._reaching] = np.asarray(children, dtype=np.float64)[self._reaching]
        here[here < _TINY] = 0.0
        return here, np.array(places, dtype=np.float64)

    def _open(self, start: Start) -> State:
        n = self._n_targets
        flow, left = np.zeros(len(self._problem.home)), np.zeros(self._n_homes)
        flow[start.pair], left[start.home] = start.flow, start.left
        return State(flow, left, np.zeros(n), np.zeros(n + 1), start.potential.copy())

    def _tell(
        self, children: FloatArray, flow: FloatArray, left: FloatArray, start: Start | None
    ) -> Allocation:
        flow = np.where(flow < _TINY, 0.0, flow)
        all_left = np.array(children, dtype=np.float64)
        all_left[self._reaching] = np.where(left < _TINY, 0.0, left)[self._reaching]
        used = np.bincount(self._problem.target, weights=flow, minlength=self._n_targets)
        return Allocation(flow, all_left, used.astype(np.float64), start)


def _close(state: State) -> Start:
    pair, home = np.flatnonzero(state.flow), np.flatnonzero(state.left)
    return Start(
        pair.astype(np.int32),
        state.flow[pair],
        home.astype(np.int32),
        state.left[home],
        state.potential - state.potential[-1],
    )


def _build_problem(pairs: ReachPairs, keys: IntArray) -> Problem:
    n, start = len(pairs.start) - 1, pairs.start.astype(np.int64)
    home = pairs.home.astype(np.int32)
    target = np.repeat(np.arange(n, dtype=np.int32), np.diff(start))
    tie_m = _TIE_M * _scatter(home, keys[target])
    cost = np.rint((pairs.walk_m + tie_m) / _UNIT_M).astype(np.int64)
    left_out_m = (n + 1) * (pairs.walk_m.max(initial=0.0) + 1.0)
    ranked = np.lexsort((cost, target)).astype(np.int32)
    rank = np.empty(len(home), dtype=np.int32)
    rank[ranked] = np.arange(len(home), dtype=np.int32)
    links = csr_array((np.ones(len(home)), home, start), shape=(n, pairs.n_homes))
    shared = (links @ links.T).tocoo()
    apart = shared.coords[0] != shared.coords[1]
    one, other = (part[apart] for part in shared.coords)
    order = np.lexsort((other, one))
    return Problem(
        start=start,
        home=home,
        target=target,
        cost=cost,
        home_start=_cut(home, pairs.n_homes),
        of_home=np.argsort(home, kind="stable").astype(np.int32),
        ranked=ranked,
        rank=rank,
        near_start=_cut(one, n),
        near=other[order].astype(np.int32),
        left_out=int(np.rint(left_out_m / _UNIT_M)),
    )


def _cut(group: Int32Array, n: int) -> IntArray:
    """Where each group of a sorted list begins, and where the last one ends."""
    return np.append(0, np.cumsum(np.bincount(group, minlength=n))).astype(np.int64)


def _run_highs(model: Any) -> FloatArray:
    """Solve a linear program by the simplex method; its variables."""
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("solver", "simplex")
    solver.setOptionValue("simplex_iteration_limit", _STEPS * (model.num_row_ + model.num_col_))
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise Unsolved(
            f"no allocation on {model.num_col_} pairs and homes: "
            f"{solver.modelStatusToString(solver.getModelStatus())}"
        )
    return np.array(solver.getSolution().col_value, dtype=np.float64)


def _scatter(home: Int32Array, key: IntArray) -> FloatArray:
    """Numbers from 0 to 1 that depend on home and target without any pattern."""
    mixed = home.astype(np.uint64) * _ODD_HOME ^ key.astype(np.uint64) * _ODD_TARGET
    for shift in (30, 27, 31):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * _ODD_TARGET
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def _check(numbers: FloatArray, size: int, name: str) -> None:
    if np.shape(numbers) != (size,):
        raise ValueError(f"{name} has shape {np.shape(numbers)}; expected ({size},)")
    if not (np.isfinite(numbers) & (np.asarray(numbers) >= 0)).all():
        raise ValueError(f"{name} holds a negative or unknown number; expected numbers from 0 on")
