"""Compiled allocation of children to places, by shortest ways to move a child on.

It begins with everyone at the nearest target, or with any earlier solution: children added are put where
they cost least, and what no longer fits is moved on, way by way (`geo._ways`). Costs are whole
numbers; only children are fractions. The potentials at the end prove that nothing costs less.
"""

import numpy as np

from geo._compile import jit
from geo._ways import SMALL, Problem, State, build_search, build_steps, find_way, move
from geo.units import FloatArray

_ROUNDS = 3


@jit
def begin(problem: Problem, children: FloatArray, places: FloatArray) -> State:
    """Everyone where the walk is shortest, at targets that have places at all."""
    n = len(places)
    potential = np.zeros(n + 1, dtype=np.int64)
    for target in range(n):
        if places[target] <= 0:
            potential[target] = -problem.left_out
    flow, left = np.zeros(len(problem.home)), np.zeros(len(children))
    state = State(flow, left, np.zeros(n), np.zeros(n + 1), potential)
    for home in range(len(children)):
        _put(problem, state, home, children[home])
    return state


@jit
def scale(problem: Problem, children: FloatArray, state: State) -> None:
    """As many children as there are now, shared out at each home as they were."""
    for home in range(len(children)):
        mine = problem.of_home[problem.home_start[home] : problem.home_start[home + 1]]
        before = state.left[home]
        for pair in mine:
            before += state.flow[pair]
        if before == children[home]:
            continue
        share = children[home] / before if before > 0 else 0.0
        state.left[home] *= share
        for pair in mine:
            state.flow[pair] *= share
        if before <= 0:
            _put(problem, state, home, children[home])


@jit
def _put(problem: Problem, state: State, home: int, children: float) -> None:
    """Children of a home where they cost least."""
    outside = len(state.filled)
    least, best = problem.left_out - state.potential[outside], -1
    for at in range(problem.home_start[home], problem.home_start[home + 1]):
        pair = problem.of_home[at]
        here = problem.cost[pair] - state.potential[problem.target[pair]]
        if here < least:
            least, best = here, pair
    if best >= 0:
        state.flow[best] = children
    else:
        state.left[home] = children


@jit
def settle(problem: Problem, places: FloatArray, state: State, most: int) -> int:
    """Move children on until nobody is too many and the cost is least; the number of ways taken.

    More than `most` ways are not tried.
    """
    n = len(places)
    ways = 0
    for _ in range(_ROUNDS):
        if not _balance(problem, places, state):
            break
        steps, search = build_steps(n), build_search(n)
        for node in range(n + 1):
            while state.excess[node] > SMALL and ways < most:
                end = find_way(problem, places, state, steps, search, node)
                if end < 0:
                    break
                move(problem, places, state, steps, search, node, end)
                ways += 1
    return ways


@jit
def _balance(problem: Problem, places: FloatArray, state: State) -> bool:
    """Count who is too many and where children are too few; whether there are any."""
    n = len(places)
    potential, filled, excess = state.potential, state.filled, state.excess
    uneven = False
    excess[n] = 0.0
    for target in range(n):
        used = 0.0
        for pair in range(problem.start[target], problem.start[target + 1]):
            used += state.flow[pair]
        if used <= 0:
            potential[target] = min(potential[target], potential[n])
        if potential[target] < potential[n]:
            filled[target] = places[target]
        elif potential[target] == potential[n]:
            filled[target] = min(used, places[target])
        else:
            filled[target] = 0.0
        excess[target] = used - filled[target]
        excess[n] -= excess[target]
        uneven |= abs(excess[target]) > SMALL
    return uneven


@jit
def prove(
    problem: Problem, children: FloatArray, places: FloatArray, state: State, tiny: float
) -> bool:
    """Whether an allocation keeps to its numbers and no other costs less, up to `tiny` children.

    The potentials show it, however it was found: each child is where it costs least at the price of
    each target's places, and only places that are all taken have a price.
    """
    n = len(places)
    price = np.zeros(n, dtype=np.int64)
    for target in range(n):
        used = 0.0
        for pair in range(problem.start[target], problem.start[target + 1]):
            used += state.flow[pair]
        price[target] = max(state.potential[n] - state.potential[target], 0)
        if used > places[target] + tiny or (price[target] > 0 and used < places[target] - tiny):
            return False
    for home in range(len(children)):
        least, total = problem.left_out, state.left[home]
        for at in range(problem.home_start[home], problem.home_start[home + 1]):
            pair = problem.of_home[at]
            least = min(least, problem.cost[pair] + price[problem.target[pair]])
            total += state.flow[pair]
        if abs(total - children[home]) > tiny * max(1.0, children[home]) or state.left[home] < 0:
            return False
        if state.left[home] > tiny and problem.left_out > least:
            return False
        for at in range(problem.home_start[home], problem.home_start[home + 1]):
            pair = problem.of_home[at]
            above = problem.cost[pair] + price[problem.target[pair]] > least
            if state.flow[pair] < 0 or (above and state.flow[pair] > tiny):
                return False
    return True
