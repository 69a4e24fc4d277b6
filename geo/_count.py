"""Compiled count of walks on a `geo.skeleton.Skeleton`, in whole quanta.

A node so near that all homes of the chains it owns lie within the limit is counted once, whatever
stands on those chains, and so is a chain within the limit as a whole; only chains at the rim of the
search are looked at home by home.
"""

from typing import NamedTuple

import numpy as np

from geo._bounded import FAR, WIDTH, Case, Scratch, U, clear, measure_own, search
from geo._compile import jit
from geo.skeleton import CHAIN
from geo.units import Int32Array, IntArray


class Tally(NamedTuple):
    """Targets counted around nodes, on whole chains, and at single places of homes."""

    around: Int32Array
    whole: Int32Array
    single: Int32Array


@jit
def count_homes(
    case: Case, target_from: int, target_to: int, scratch: Scratch, tally: Tally
) -> None:
    """Count targets `target_from` to `target_to - 1` where they are reached from."""
    for target in range(target_from, target_to):
        n = search(case, target, scratch)
        _count_own(case, target, scratch, tally)
        _count_around(case, n, scratch, tally)
        clear(case, target, n, scratch)


@jit
def _count_own(case: Case, target: int, scratch: Scratch, tally: Tally) -> None:
    """Homes on the chains of a target's own sources, but those counted around their owners."""
    sources, edges, owner = case.sources, case.skeleton.edge, case.skeleton.owner
    reach, limit, single = case.homes.reach, case.limit, tally.single
    for source in range(case.source_start[target], case.source_start[target + 1]):
        edge = sources.edge[source]
        if edge < 0:
            continue
        node = owner[edges[edge, CHAIN]]
        if scratch.walk[node] + reach[node] <= limit:
            continue
        begin, end = measure_own(case, target, source, scratch)
        for place in range(begin, end):
            single[place] += scratch.own[place - begin] <= limit


@jit
def _count_around(case: Case, n: int, scratch: Scratch, tally: Tally) -> None:
    """Homes on all other chains around the nodes reached, at once where that can be."""
    skeleton, homes, limit = case.skeleton, case.homes, case.limit
    chain_start, guest_start, guest = skeleton.chain_start, skeleton.guest_start, skeleton.guest
    owner, far = skeleton.owner, skeleton.far
    reach, farthest, span = homes.reach, homes.farthest, homes.span
    start, to_owner, to_far = homes.start, homes.to_owner, homes.to_far
    walk, touched, taken = scratch.walk, scratch.touched, scratch.taken
    rim, rest = scratch.later, scratch.rest
    around, whole, single = tally.around, tally.whole, tally.single
    n_rim = n_rest = 0
    for at in range(n):
        node = touched[U(at)]
        inside = walk[U(node)] + reach[U(node)] <= limit
        around[U(node)] += inside
        rim[U(n_rim)] = node
        n_rim += not inside
    for at in range(n_rim):
        node = rim[U(at)]
        here = walk[U(node)]
        for chain in range(chain_start[U(node)], chain_start[U(node + 1)]):
            both = here + walk[U(far[U(chain)])] + span[U(chain)]
            # the shorter of two ways is at most half as long as both
            inside = (here + farthest[U(chain)] <= limit) | (both <= 2 * limit)
            free = not taken[U(chain)]
            whole[U(chain)] += inside & free
            rest[U(n_rest)] = chain
            n_rest += free & (not inside)
        for at_guest in range(guest_start[U(node)], guest_start[U(node + 1)]):
            chain = guest[U(at_guest)]
            rest[U(n_rest)] = chain
            # else its owner sees to it
            n_rest += (walk[U(owner[U(chain)])] == FAR) & (not taken[U(chain)])
    for at in range(n_rest):
        chain = rest[U(at)]
        from_owner = walk[U(owner[U(chain)])]
        from_far = walk[U(far[U(chain)])]
        for block in range(start[U(chain)], start[U(chain + 1)]):
            for k in range(WIDTH):
                place = WIDTH * block + k
                best = min(from_owner + to_owner[U(place)], from_far + to_far[U(place)])
                single[U(place)] += best <= limit


@jit
def tell_homes(case: Case, tally: Tally) -> IntArray:
    """Targets counted for each home."""
    owner, start, row = case.skeleton.owner, case.homes.start, case.homes.row
    counts = np.zeros(len(case.points.edge), dtype=np.int64)
    for chain in range(len(owner)):
        all_of_it = tally.around[owner[chain]] + tally.whole[chain]
        for place in range(WIDTH * start[chain], WIDTH * start[chain + 1]):
            if row[place] >= 0:
                counts[row[place]] = all_of_it + tally.single[place]
    return counts
