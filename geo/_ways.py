"""Compiled search for the shortest way to move a child on, from a target with too many to one with too few.

There are few targets and many homes, so the search runs over targets alone. A step from target `a` to
target `b` moves a child of the home that walks least farther by it. Node `T` is outside: a child of `a`
steps there by losing its place, and nothing but bookkeeping steps there where `a` has a free place.
Potentials of the nodes are the dual solution: no step costs less than their difference, so the way
found is a shortest one, and what it leaves behind is the best there is for the places counted as taken.
"""

from typing import NamedTuple

import numpy as np

from geo._compile import jit
from geo.units import BoolArray, FloatArray, Int32Array, IntArray

NONE = np.iinfo(np.int64).max // 4
"""Cost of a step nobody can take."""
SMALL = 1e-9
"""Children too many or too few that are a rounding error."""
_REST = 1e-11
"""Children left behind by a subtraction that go along with the others."""


class Problem(NamedTuple):
    """Fixed pairs of `H` homes and `T` targets, target by target: `R` of them.

    Parameters
    ----------
    start
        Shape `(T + 1,)`: pairs of target `t` are `start[t]:start[t + 1]`.
    home, target
        Shape `(R,)`.
    cost
        Shape `(R,)`: what a child costs on each pair.
    home_start, of_home
        Shapes `(H + 1,)` and `(R,)`: pairs home by home.
    ranked, rank
        Shape `(R,)`: pairs of each target by rising cost, and where each stands there.
    near_start, near
        Shape `(T + 1,)` and by target: others that share a home with it.
    left_out
        What a child without a place costs, more than any chain of steps could save.
    """

    start: IntArray
    home: Int32Array
    target: Int32Array
    cost: IntArray
    home_start: IntArray
    of_home: Int32Array
    ranked: Int32Array
    rank: Int32Array
    near_start: IntArray
    near: Int32Array
    left_out: int


class State(NamedTuple):
    """Where an allocation stands.

    Parameters
    ----------
    flow, left
        Shape `(R,)` and `(H,)`: children on each pair, and without a place.
    filled
        Shape `(T,)`: places counted as taken.
    excess
        Shape `(T + 1,)`: children beyond the places counted as taken, below 0 for too few.
    potential
        Shape `(T + 1,)`.
    """

    flow: FloatArray
    left: FloatArray
    filled: FloatArray
    excess: FloatArray
    potential: IntArray


class Steps(NamedTuple):
    """Cheapest steps from targets, shape `(T, T + 1)`: cost, pair left and pair taken.

    Rows are worked out when they are needed and `stale`. From outside, `turn[t]` is how many of the
    ranked pairs of target `t` are passed: homes without anybody left out.
    """

    cost: IntArray
    leave: Int32Array
    take: Int32Array
    stale: BoolArray
    turn: IntArray


class Search(NamedTuple):
    """Shortest ways from one node; `mark` is 0 for unseen, 1 for open, 2 for done nodes."""

    way: IntArray
    before: IntArray
    mark: Int32Array
    seen: IntArray
    open: IntArray


@jit
def build_steps(n: int) -> Steps:
    """Steps of `n` targets, none of them worked out."""
    return Steps(
        np.full((n, n + 1), NONE),
        np.full((n, n + 1), -1, dtype=np.int32),
        np.full((n, n + 1), -1, dtype=np.int32),
        np.ones(n, dtype=np.bool_),
        np.zeros(n, dtype=np.int64),
    )


@jit
def build_search(n: int) -> Search:
    """Room for searches among `n` targets."""
    return Search(
        np.full(n + 1, NONE),
        np.full(n + 1, -1),
        np.zeros(n + 1, dtype=np.int32),
        np.empty(n + 1, dtype=np.int64),
        np.empty(n + 1, dtype=np.int64),
    )


@jit
def find_way(
    problem: Problem,
    places: FloatArray,
    state: State,
    steps: Steps,
    search: Search,
    begin_at: int,
) -> int:
    """Search from a node until one with too few children is reached; -1 if there is none."""
    n = len(places)
    potential, excess = state.potential, state.excess
    way, before, mark = search.way, search.before, search.mark
    way[begin_at], before[begin_at], mark[begin_at] = 0, -1, 1
    search.seen[0], search.open[0] = begin_at, begin_at
    n_seen = n_open = 1
    end = -1
    while n_open > 0:
        at = 0
        for other in range(1, n_open):
            if way[search.open[other]] < way[search.open[at]]:
                at = other
        node = search.open[at]
        n_open -= 1
        search.open[at] = search.open[n_open]
        mark[node] = 2
        if excess[node] < -SMALL:
            end = node
            break
        here = way[node] + potential[node]
        outside = node == n
        if not outside and steps.stale[node]:
            _list_steps(problem, state, steps, node)
        first = 0 if outside else problem.near_start[node]
        last = n if outside else problem.near_start[node + 1] + 1
        for at in range(first, last):
            if outside:
                other = at
                cost = _step_in(problem, state, steps, other)
            else:
                other = n if at == last - 1 else int(problem.near[at])
                cost = steps.cost[node, other]
                if other == n and places[node] - state.filled[node] > _REST:
                    cost = 0
            if cost >= NONE or mark[other] == 2:
                continue
            longer = here + cost - potential[other]
            if mark[other] == 0:
                mark[other] = 1
                search.seen[n_seen] = search.open[n_open] = other
                n_seen += 1
                n_open += 1
            elif longer >= way[other]:
                continue
            way[other], before[other] = longer, node
    for at in range(n_seen):
        node = search.seen[at]
        if end >= 0 and mark[node] == 2:
            potential[node] += way[node] - way[end]
        mark[node] = 0
    return end


@jit
def _step_in(problem: Problem, state: State, steps: Steps, target: int) -> int:
    """Cost of a step from outside to a target: somebody gets a place, or a place counts as free."""
    at = problem.start[target] + steps.turn[target]
    while at < problem.start[target + 1] and state.left[problem.home[problem.ranked[at]]] <= 0:
        at += 1
    steps.turn[target] = at - problem.start[target]
    if at < problem.start[target + 1]:
        return int(problem.cost[problem.ranked[at]]) - problem.left_out
    return 0 if state.filled[target] > _REST else NONE


@jit
def _list_steps(problem: Problem, state: State, steps: Steps, target: int) -> None:
    """Work out the cheapest steps from a target anew."""
    steps.cost[target, len(state.filled)] = NONE
    for at in range(problem.near_start[target], problem.near_start[target + 1]):
        steps.cost[target, problem.near[at]] = NONE
    for pair in range(problem.start[target], problem.start[target + 1]):
        if state.flow[pair] > 0:
            _join(problem, steps, pair)
    steps.stale[target] = False


@jit
def _join(problem: Problem, steps: Steps, pair: int) -> None:
    """The steps of one more home that has children at a target."""
    target, outside = problem.target[pair], len(steps.stale)
    home, cost = problem.home[pair], problem.cost[pair]
    row = steps.cost[target]
    if problem.left_out - cost < row[outside]:
        row[outside] = problem.left_out - cost
        steps.leave[target, outside] = pair
    for at in range(problem.home_start[home], problem.home_start[home + 1]):
        other = problem.of_home[at]
        to = problem.target[other]
        if problem.cost[other] - cost < row[to] and to != target:
            row[to] = problem.cost[other] - cost
            steps.leave[target, to] = pair
            steps.take[target, to] = other


@jit
def move(
    problem: Problem,
    places: FloatArray,
    state: State,
    steps: Steps,
    search: Search,
    begin_at: int,
    end: int,
) -> None:
    """Move as many children along the way found as it takes, in one go."""
    n = len(places)
    flow, left, filled, excess = state.flow, state.left, state.filled, state.excess
    amount = min(excess[begin_at], -excess[end])
    node = end
    while node != begin_at:
        back = search.before[node]
        if back == n:
            at = problem.start[node] + steps.turn[node]
            waits = at < problem.start[node + 1]
            amount = min(amount, left[problem.home[problem.ranked[at]]] if waits else filled[node])
        elif node == n and places[back] - filled[back] > _REST:
            amount = min(amount, places[back] - filled[back])
        else:
            amount = min(amount, flow[steps.leave[back, node]])
        node = back
    excess[begin_at] -= amount
    excess[end] += amount
    node = end
    while node != begin_at:
        back = search.before[node]
        if back == n:
            at = problem.start[node] + steps.turn[node]
            if at < problem.start[node + 1]:
                pair = problem.ranked[at]
                moved = _take(left, problem.home[pair], amount)
                _give(problem, state, steps, pair, moved)
            else:
                filled[node] -= amount
        elif node == n and places[back] - filled[back] > _REST:
            filled[back] += amount
        else:
            leave = steps.leave[back, node]
            moved = _take(flow, leave, amount)
            steps.stale[back] |= flow[leave] == 0
            if node == n:
                _leave_out(problem, state, steps, problem.home[leave], moved)
            else:
                _give(problem, state, steps, steps.take[back, node], moved)
        node = back


@jit
def _take(amounts: FloatArray, at: int, amount: float) -> float:
    """Take children away, with what would be left of them by rounding; how many they are."""
    moved = amounts[at] if amounts[at] - amount <= _REST else amount
    amounts[at] -= moved
    return moved


@jit
def _give(problem: Problem, state: State, steps: Steps, pair: int, children: float) -> None:
    """Children of a home come to a target."""
    if state.flow[pair] == 0 and not steps.stale[problem.target[pair]]:
        _join(problem, steps, pair)
    state.flow[pair] += children


@jit
def _leave_out(problem: Problem, state: State, steps: Steps, home: int, children: float) -> None:
    """Children of a home lose their places."""
    if state.left[home] == 0:
        for at in range(problem.home_start[home], problem.home_start[home + 1]):
            pair = problem.of_home[at]
            target = problem.target[pair]
            ahead = problem.rank[pair] - problem.start[target]
            steps.turn[target] = min(steps.turn[target], ahead)
    state.left[home] += children
