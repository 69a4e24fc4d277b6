"""Compiled count of walks on a `geo.skeleton.Skeleton`, in whole quanta.

A target's bounded search tells how far each node is. A node so near that all points of the chains
it answers for lie within the limit is counted once, whatever stands on those chains; only chains
at the rim of the search are looked at point by point.
"""

from typing import NamedTuple

import numpy as np

from geo._compile import jit
from geo._search import group_rows
from geo.skeleton import AT_FIRST, MOST, OWNED, TO_FIRST, TO_LAST
from geo.units import LENGTH_QUANTUM_M, BoolArray, FloatArray, Int32Array, IntArray

_PER_M = 1.0 / LENGTH_QUANTUM_M
FAR = 4 * MOST - 1
"""Quanta to a node not reached; two cut lengths may be added to it."""


class Chains(NamedTuple):
    """Chains around each node, as in `geo.skeleton`, with what stands on them.

    `reach[n]`: quanta beyond which node `n` needs its chains looked at. `farthest[c]`: quanta from
    chain `c`'s owner to its farthest home, legs included.
    """

    start: Int32Array
    end: Int32Array
    reach: Int32Array
    farthest: Int32Array
    length: IntArray
    owner: Int32Array
    nodes: Int32Array
    bits: Int32Array


class Points(NamedTuple):
    """Homes by chain, sources by target: those of group `g` are rows `start[g]:start[g + 1]`.

    `chain` and `along` say where; `leg` is the way to the chain, `bare` that to the own street;
    `twig` and `offset` are the blind edge they stand on (-1: none) and the place on it.
    """

    start: IntArray
    chain: Int32Array
    along: IntArray
    leg: IntArray
    bare: IntArray
    twig: Int32Array
    offset: IntArray


class Rim(NamedTuple):
    """What the pass over the rim needs of the homes, cut to 32 bits."""

    start: Int32Array
    to_first: Int32Array
    to_last: Int32Array
    leg: Int32Array


@jit
def place_points(
    group: Int32Array,
    n_groups: int,
    edge: Int32Array,
    offset_m: FloatArray,
    leg_m: FloatArray,
    edge_chain: Int32Array,
    edge_begin: IntArray,
    edge_step: IntArray,
    edge_from_last: BoolArray,
    edge_length: IntArray,
) -> tuple[Points, Int32Array]:
    """Points on their chains, by group; and the row each had. Groups below 0 are left out.

    The arrays by edge are those of `geo.skeleton.Skeleton`.
    """
    start, row = group_rows(group, n_groups)
    n = len(row)
    chain = np.empty(n, dtype=np.int32)
    twig = np.empty(n, dtype=np.int32)
    along = np.empty(n, dtype=np.int64)
    leg = np.empty(n, dtype=np.int64)
    bare = np.empty(n, dtype=np.int64)
    offset = np.empty(n, dtype=np.int64)
    for place in range(n):
        point = row[place]
        on = edge[point]
        # lengths are whole multiples of the quantum
        way = np.int64(offset_m[point] * _PER_M)
        bare[place] = np.int64(leg_m[point] * _PER_M)
        offset[place] = way
        chain[place] = edge_chain[on]
        along[place] = edge_begin[on] + edge_step[on] * way
        leg[place] = bare[place]
        twig[place] = -1
        if edge_step[on] == 0:
            twig[place] = on
            leg[place] += edge_length[on] - way if edge_from_last[on] else way
    return Points(start, chain, along, leg, bare, twig, offset), row


class Queue(NamedTuple):
    """Nodes whose turn comes in this stage of a search (a ring), and those of later stages."""

    near: Int32Array
    waits: BoolArray
    far: Int32Array


@jit
def _enter(
    seeds: Points,
    target: int,
    chains: Chains,
    limit: int,
    walk: Int32Array,
    touched: Int32Array,
    far: Int32Array,
) -> int:
    """Take the ends of a target's own chains as the first nodes; returns their number."""
    n = 0
    for seed in range(seeds.start[target], seeds.start[target + 1]):
        chain = seeds.chain[seed]
        for side in range(2):
            stretch = seeds.along[seed]
            allowed = chains.bits[chain] & TO_LAST  # from the first node towards the seed
            if side == 1:
                stretch = chains.length[chain] - stretch
                allowed = chains.bits[chain] & TO_FIRST
            cost = seeds.leg[seed] + stretch
            node = chains.nodes[chain, side]
            if (not allowed and stretch > 0) or cost > limit or cost >= walk[node]:
                continue
            if walk[node] == FAR:
                touched[n] = node
                far[n] = node
                n += 1
            walk[node] = cost
    return n


@jit
def _spread(
    arc_start: Int32Array,
    arc: Int32Array,
    n: int,
    limit: int,
    step: int,
    walk: Int32Array,
    touched: Int32Array,
    queue: Queue,
) -> int:
    """Bounded search on from `n` nodes; returns the number of nodes touched, -1 for no room.

    In stages of `step` quanta: nodes of one stage take their turns as they come, and another turn
    when their walk shrinks; those farther off wait. `walk` is `FAR` elsewhere, nobody waits before.
    """
    near, waits, far = queue.near, queue.waits, queue.far
    mask = len(near) - 1
    room_far = len(far)
    n_far = n
    stage = 0
    begin = 0
    end = 0
    while n_far > 0:
        before = stage
        stage += step
        kept = 0
        for at in range(n_far):
            node = far[at]
            here = walk[node]
            if here < before:
                continue  # had its turn
            if here >= stage:
                far[kept] = node
                kept += 1
            elif not waits[node]:
                waits[node] = True
                near[end & mask] = node
                end += 1
        n_far = kept
        while begin < end:
            node = near[begin & mask]
            begin += 1
            waits[node] = False
            here = walk[node]
            left = limit - here
            for at in range(arc_start[node], arc_start[node + 1]):
                length = arc[at, 1]
                if length > left:
                    break  # the rest are longer
                other = arc[at, 0]
                reached = here + length
                had = walk[other]
                if reached < had:
                    if had == FAR:
                        touched[n] = other
                        n += 1
                    walk[other] = reached
                    if reached >= stage:
                        if n_far == room_far:
                            return -1
                        far[n_far] = other
                        n_far += 1
                    elif not waits[other]:
                        waits[other] = True
                        near[end & mask] = other
                        end += 1
    return n


@jit
def _count_own(
    seeds: Points,
    target: int,
    chains: Chains,
    homes: Points,
    limit: int,
    walk: Int32Array,
    taken: BoolArray,
    single: Int32Array,
) -> None:
    """Homes on the chains of a target's own sources, which are taken thereby."""
    end = seeds.start[target + 1]
    for begin in range(seeds.start[target], end):
        chain = seeds.chain[begin]
        owner = chains.owner[chain]
        if taken[chain] or (walk[owner] < FAR and walk[owner] + chains.reach[owner] <= limit):
            continue
        taken[chain] = True
        bits = chains.bits[chain]
        length = chains.length[chain]
        from_first = np.int64(walk[chains.nodes[chain, 0]])
        from_last = np.int64(walk[chains.nodes[chain, 1]])
        for home in range(homes.start[chain], homes.start[chain + 1]):
            along = homes.along[home]
            best = np.int64(FAR)
            if bits & TO_FIRST or along == 0:
                best = from_first + along
            if bits & TO_LAST or along == length:
                best = min(best, from_last + length - along)
            best += homes.leg[home]
            for seed in range(begin, end):
                if seeds.chain[seed] != chain:
                    continue
                ahead = seeds.along[seed] - along
                if seeds.twig[seed] >= 0 and seeds.twig[seed] == homes.twig[home]:
                    between = abs(seeds.offset[seed] - homes.offset[home])
                    best = min(best, between + seeds.bare[seed] + homes.bare[home])
                elif (ahead <= 0 or bits & TO_LAST) and (ahead >= 0 or bits & TO_FIRST):
                    best = min(best, abs(ahead) + seeds.leg[seed] + homes.leg[home])
            single[home] += best <= limit


@jit
def _count_rim(
    touched: Int32Array,
    n: int,
    chains: Chains,
    rim: Rim,
    limit: int,
    walk: Int32Array,
    taken: BoolArray,
    around: Int32Array,
    whole: Int32Array,
    single: Int32Array,
) -> None:
    """Count nodes whose chains lie within the limit whole, and single homes at the rim."""
    start, chain_end, reach = chains.start, chains.end, chains.reach
    farthest = chains.farthest
    home_start, to_first, to_last, leg = rim.start, rim.to_first, rim.to_last, rim.leg
    for at in range(n):
        node = touched[at]
        here = walk[node]
        if here + reach[node] <= limit:
            around[node] += 1
            continue
        for row in range(start[node], start[node + 1]):
            there = walk[chain_end[row, 0]]
            chain = chain_end[row, 1]
            bits = chain_end[row, 2]
            if taken[chain] or (not bits & OWNED and there < FAR):
                continue  # its owner sees to it
            if bits & OWNED and here + farthest[chain] <= limit:
                whole[chain] += 1
                continue
            from_first = here if bits & AT_FIRST else there
            from_last = there if bits & AT_FIRST else here
            if bits & TO_FIRST and bits & TO_LAST:
                for home in range(home_start[chain], home_start[chain + 1]):
                    best = min(from_first + to_first[home], from_last + to_last[home])
                    single[home] += best + leg[home] <= limit
                continue
            for home in range(home_start[chain], home_start[chain + 1]):
                best = FAR
                if bits & TO_FIRST or to_first[home] == 0:
                    best = from_first + to_first[home]
                if bits & TO_LAST or to_last[home] == 0:
                    best = min(best, from_last + to_last[home])
                single[home] += best + leg[home] <= limit


@jit
def count_homes(
    arc_start: Int32Array,
    arc: Int32Array,
    seeds: Points,
    target_from: int,
    target_to: int,
    chains: Chains,
    homes: Points,
    rim: Rim,
    limit: int,
    step: int,
    room: int,
) -> tuple[Int32Array, Int32Array, Int32Array]:
    """Count targets around whole nodes, on whole chains, and those single homes reach beside them."""
    n_nodes = len(arc_start) - 1
    ring = 1
    while ring <= n_nodes:
        ring *= 2
    near = np.empty(ring, dtype=np.int32)
    waits = np.zeros(n_nodes, dtype=np.bool_)
    queue = Queue(near, waits, np.empty(room + n_nodes, dtype=np.int32))
    walk = np.full(n_nodes, FAR, dtype=np.int32)
    touched = np.empty(n_nodes, dtype=np.int32)
    taken = np.zeros(len(chains.owner), dtype=np.bool_)
    around = np.zeros(n_nodes, dtype=np.int32)
    whole = np.zeros(len(chains.owner), dtype=np.int32)
    single = np.zeros(len(homes.along), dtype=np.int32)
    for target in range(target_from, target_to):
        n = _enter(seeds, target, chains, limit, walk, touched, queue.far)
        n = _spread(arc_start, arc, n, limit, step, walk, touched, queue)
        while n < 0:
            room *= 2
            waits[:] = False
            walk[:] = FAR
            queue = Queue(near, waits, np.empty(room + n_nodes, dtype=np.int32))
            n = _enter(seeds, target, chains, limit, walk, touched, queue.far)
            n = _spread(arc_start, arc, n, limit, step, walk, touched, queue)
        _count_own(seeds, target, chains, homes, limit, walk, taken, single)
        _count_rim(touched, n, chains, rim, limit, walk, taken, around, whole, single)
        for at in range(n):
            walk[touched[at]] = FAR
        for seed in range(seeds.start[target], seeds.start[target + 1]):
            taken[seeds.chain[seed]] = False
    return around, whole, single
