"""Compiled bounded searches on a `geo.skeleton.Skeleton`, in whole quanta: one search per target.

What listing and counting share: points on chains, the search itself, and the homes on a target's own
chains. Loops over arcs decide nothing they could guess wrong: they write every entry behind the last
one and count it only if it is one. That halves their time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo._compile import jit
from geo._search import Points
from geo.skeleton import BEGIN, CHAIN, MOST, STEM_BEGIN, STEM_STEP, STEP, Skeleton
from geo.units import LENGTH_QUANTUM_M, BoolArray, Int32Array, IntArray

FAR = 4 * MOST - 1
"""Quanta to a node not reached; two cut lengths may be added to it."""
WIDTH = 4
"""Places in a block of homes."""
U = np.uintp
"""Says of an index that it is not negative: without the test for it, inner loops take half the time."""
_PER_M = 1.0 / LENGTH_QUANTUM_M
_STAGE = 150 << 10
"""Length of a search's stages: 150 m in quanta. Only time depends on it."""
_NEAR, _LATER = 1, 2
"""Bits of a node's state: it waits for its turn in this stage, in a later one."""


class Homes(NamedTuple):
    """Homes in blocks of `WIDTH` places, filled up with nobody: each block holds homes of one chain.

    Chain `c` has blocks `start[c]:start[c + 1]`, block `b` places `WIDTH * b` to `WIDTH * b + WIDTH - 1`.
    Loops over so few are unrolled, and most chains have one block: less to guess again.

    Parameters
    ----------
    start
        Shape `(K + 1,)`.
    chain
        Shape `(B,)`: the chain of each block.
    row
        Shape `(WIDTH * B,)`: the row each place's home had; -1 for nobody.
    to_owner, to_far
        Shape `(WIDTH * B,)`: quanta from a home to its chain's ends, its leg included; beyond any
        limit for nobody.
    farthest
        Shape `(K,)`: the largest `to_owner` of a chain's homes.
    span
        Shape `(K,)`: their largest sum of `to_owner` and `to_far`.
    reach
        Shape `(N,)`: where a search has this many quanta left at a node, all homes of the chains it
        owns are within the limit, and the owners of its other chains are reached.
    """

    start: Int32Array
    chain: Int32Array
    row: Int32Array
    to_owner: Int32Array
    to_far: Int32Array
    farthest: Int32Array
    span: IntArray
    reach: Int32Array


class Case(NamedTuple):
    """A question: homes within `limit` quanta of targets; `source_start` cuts sources by target."""

    skeleton: Skeleton
    sources: Points
    source_start: IntArray
    points: Points
    homes: Homes
    limit: int


class Scratch(NamedTuple):
    """Arrays of a search, used again by the next one; it leaves them as it found them.

    `walk` is `FAR` and `state` is 0 at every node before, and no chain is `taken`. `near` is a ring of
    nodes to be expanded in this stage, `later` holds those of later stages.
    """

    walk: Int32Array
    state: NDArray[np.uint8]
    touched: Int32Array
    near: Int32Array
    later: Int32Array
    taken: BoolArray
    rest: Int32Array
    own: IntArray


def build_scratch(case: Case) -> Scratch:
    """Room for searches; one entry more than nodes, for the one that does not count."""
    room = case.skeleton.n_nodes + 1
    return Scratch(
        walk=np.full(room, FAR, dtype=np.int32),
        state=np.zeros(room, dtype=np.uint8),
        touched=np.empty(room, dtype=np.int32),
        near=np.empty(1 << room.bit_length(), dtype=np.int32),
        later=np.empty(room, dtype=np.int32),
        taken=np.zeros(len(case.skeleton.owner), dtype=np.bool_),
        rest=np.empty(len(case.skeleton.owner) + 1, dtype=np.int32),
        own=np.empty(WIDTH * int(np.diff(case.homes.start).max(initial=0)), dtype=np.int64),
    )


@jit
def _locate(points: Points, row: int, edges: IntArray) -> tuple[int, int, int, int]:
    """Chain of a connected point, and quanta from its owner, from the chain, and on the leg."""
    edge = U(points.edge[U(row)])
    way = int(points.offset_m[U(row)] * _PER_M)  # whole: lengths are multiples of the quantum
    along = edges[edge, BEGIN] + edges[edge, STEP] * way
    stem = edges[edge, STEM_BEGIN] + edges[edge, STEM_STEP] * way
    return edges[edge, CHAIN], along, stem, int(points.leg_m[U(row)] * _PER_M)


@jit
def place_homes(points: Points, skeleton: Skeleton) -> Homes:
    """Put connected points on their chains, and see how far from the chains' ends they stand."""
    edges, length, two_way = skeleton.edge, skeleton.length, skeleton.two_way
    start, block_chain = _cut_blocks(points.edge, edges, len(length))
    n_places = WIDTH * len(block_chain)
    row = np.full(n_places, -1, dtype=np.int32)
    to_owner = np.full(n_places, MOST + 1, dtype=np.int32)
    to_far = np.full(n_places, MOST + 1, dtype=np.int32)
    farthest = np.zeros(len(length), dtype=np.int32)
    span = np.zeros(len(length), dtype=np.int64)
    filled = WIDTH * start[:-1]
    for point in range(len(points.edge)):
        if points.edge[point] < 0:
            continue
        chain, along, stem, leg = _locate(points, point, edges)
        place = filled[U(chain)]
        filled[U(chain)] += 1
        rest = length[U(chain)] - along
        one = min(along + stem + leg, MOST + 1)
        other = min(rest + stem + leg, MOST + 1)
        if rest > 0 and not two_way[U(chain)]:
            other = MOST + 1
        row[U(place)] = point
        to_owner[U(place)] = one
        to_far[U(place)] = other
        farthest[U(chain)] = max(farthest[U(chain)], one)
        span[U(chain)] = max(span[U(chain)], one + other)
    reach = np.zeros(len(skeleton.arc_start) - 1, dtype=np.int32)
    for chain in range(len(length)):
        if start[chain] == start[chain + 1]:
            continue
        owner, far = skeleton.owner[chain], skeleton.far[chain]
        reach[owner] = max(reach[owner], farthest[chain])
        if far != owner:
            spare = min(length[chain], MOST + 1) if skeleton.sure[chain] else MOST + 1
            reach[far] = max(reach[far], spare)
    return Homes(start, block_chain, row, to_owner, to_far, farthest, span, reach)


@jit
def _cut_blocks(edge: Int32Array, edges: IntArray, n_chains: int) -> tuple[Int32Array, Int32Array]:
    """Where each chain's blocks begin, and the chain of each block."""
    start = np.zeros(n_chains + 1, dtype=np.int32)
    for on in edge:
        if on >= 0:
            start[U(edges[U(on), CHAIN] + 1)] += 1
    for chain in range(n_chains):
        start[chain + 1] = start[chain] + (start[chain + 1] + WIDTH - 1) // WIDTH
    block_chain = np.empty(start[n_chains], dtype=np.int32)
    for chain in range(n_chains):
        for block in range(start[chain], start[chain + 1]):
            block_chain[block] = chain
    return start, block_chain


@jit
def search(case: Case, target: int, scratch: Scratch) -> int:
    """Walks from all nodes within the limit to a target, in `scratch.walk`; the number of nodes.

    These are the first of `scratch.touched`. In stages of `_STAGE` quanta: nodes of one stage take
    their turns as they come, and another turn when their walk shrinks; those farther off wait.
    """
    limit = case.limit
    arc_start, arc = case.skeleton.arc_start, case.skeleton.arc
    walk, state, touched = scratch.walk, scratch.state, scratch.touched
    near, later = scratch.near, scratch.later
    mask = len(near) - 1
    n = _enter(case, target, scratch)
    n_later = n
    stage = begin = end = 0
    while n_later > 0:
        before = stage
        stage += _STAGE
        kept = 0
        for at in range(n_later):
            node = later[U(at)]
            here = walk[U(node)]
            waits = here >= stage
            now = (here >= before) & (not waits)  # else it had its turn
            later[U(kept)] = node
            kept += waits
            near[U(end & mask)] = node
            end += now
            state[U(node)] = waits * _LATER + now * _NEAR
        n_later = kept
        while begin < end:
            node = near[U(begin & mask)]
            begin += 1
            state[U(node)] &= _LATER
            here = walk[U(node)]
            left = limit - here
            for at in range(arc_start[U(node)], arc_start[U(node + 1)]):
                length = arc[U(at), 1]
                if length > left:
                    break  # the rest are longer
                other = arc[U(at), 0]
                reached = here + length
                had = walk[U(other)]
                walk[U(other)] = min(reached, had)
                touched[U(n)] = other
                n += had == FAR
                late = reached >= stage
                bit = _NEAR + late
                waiting = state[U(other)]
                enters = (reached < had) & ((waiting & bit) == 0)
                state[U(other)] = waiting | enters * bit
                later[U(n_later)] = other
                n_later += enters & late
                near[U(end & mask)] = other
                end += enters & (not late)
    return n


@jit
def _enter(case: Case, target: int, scratch: Scratch) -> int:
    """Take the ends of a target's own chains as the first nodes; returns their number."""
    skeleton, walk = case.skeleton, scratch.walk
    n = 0
    for source in range(case.source_start[target], case.source_start[target + 1]):
        if case.sources.edge[source] < 0:
            continue
        chain, along, stem, leg = _locate(case.sources, source, skeleton.edge)
        for node, stretch, allowed in (
            (skeleton.owner[chain], along, skeleton.two_way[chain] or along == 0),
            (skeleton.far[chain], skeleton.length[chain] - along, True),
        ):
            cost = stretch + stem + leg
            if allowed and cost <= case.limit and cost < walk[node]:
                if walk[node] == FAR:
                    scratch.touched[n] = node
                    scratch.later[n] = node
                    n += 1
                walk[node] = cost
    return n


@jit
def measure_own(case: Case, target: int, source: int, scratch: Scratch) -> tuple[int, int]:
    """Walks to a target from the homes on the chain of one of its sources, which is taken thereby.

    They go to the first entries of `scratch.own`, in quanta, beyond the limit for nobody. Returns the
    first of the places and the one behind the last; none if the chain was taken.
    """
    sources, points, homes, edges = case.sources, case.points, case.homes, case.skeleton.edge
    to_owner, to_far, row = homes.to_owner, homes.to_far, homes.row
    walk, own = scratch.walk, scratch.own
    if sources.edge[source] < 0:
        return 0, 0
    chain = edges[sources.edge[source], CHAIN]
    if scratch.taken[chain]:
        return 0, 0
    scratch.taken[chain] = True
    from_owner = np.int64(walk[case.skeleton.owner[chain]])
    from_far = np.int64(walk[case.skeleton.far[chain]])
    two_way = case.skeleton.two_way[chain]
    begin, end = WIDTH * homes.start[chain], WIDTH * homes.start[chain + 1]
    for place in range(begin, end):
        own[place - begin] = min(from_owner + to_owner[U(place)], from_far + to_far[U(place)])
    for other in range(source, case.source_start[target + 1]):
        edge = sources.edge[other]
        if edge < 0 or edges[edge, CHAIN] != chain:
            continue
        _, goal, goal_stem, goal_leg = _locate(sources, other, edges)
        for place in range(begin, end):
            home = row[U(place)]
            if home < 0:
                continue
            _, along, stem, leg = _locate(points, home, edges)
            # on one twig they need not come out to the chain
            apart = abs(goal_stem - stem) if points.edge[U(home)] == edge else goal_stem + stem
            if goal <= along or two_way:
                between = abs(goal - along) + apart
                own[place - begin] = min(own[place - begin], between + goal_leg + leg)
    return begin, end


@jit
def clear(case: Case, target: int, n: int, scratch: Scratch) -> None:
    """Make a search's traces disappear, in time that follows what it reached."""
    walk, touched, edges = scratch.walk, scratch.touched, case.skeleton.edge
    for at in range(n):
        walk[touched[at]] = FAR
    for source in range(case.source_start[target], case.source_start[target + 1]):
        edge = case.sources.edge[source]
        if edge >= 0:
            scratch.taken[edges[edge, CHAIN]] = False
