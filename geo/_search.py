"""Compiled searches behind `geo.reach`: plain loops over the network's arrays.

Compiled at first call and kept in numba's cache; importing compiles nothing. All of them release
the interpreter lock.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np

from geo.units import BoolArray, FloatArray, Int32Array, IntArray

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _jit(function: Callable[_P, _R]) -> Callable[_P, _R]:
    compiled: Callable[_P, _R] = numba.njit(cache=True, nogil=True)(function)
    return compiled


@_jit
def _push(cost: FloatArray, item: Int32Array, size: int, new_cost: float, new_item: int) -> int:
    """Add an entry to a binary heap held in two arrays; returns the new size."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if cost[parent] <= new_cost:
            break
        cost[at] = cost[parent]
        item[at] = item[parent]
        at = parent
    cost[at] = new_cost
    item[at] = new_item
    return size + 1


@_jit
def _drop_top(cost: FloatArray, item: Int32Array, size: int) -> int:
    """Remove the smallest entry; returns the new size."""
    size -= 1
    moved_cost = cost[size]
    moved_item = item[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and cost[child + 1] < cost[child]:
            child += 1
        if cost[child] >= moved_cost:
            break
        cost[at] = cost[child]
        item[at] = item[child]
        at = child
    cost[at] = moved_cost
    item[at] = moved_item
    return size


@_jit
def search_nearest(
    arc_start: IntArray,
    arc_node: Int32Array,
    arc_length_m: FloatArray,
    edge_nodes: Int32Array,
    edge_length_m: FloatArray,
    edge_forward: BoolArray,
    edge_backward: BoolArray,
    source_edge: Int32Array,
    source_offset_m: FloatArray,
    source_leg_m: FloatArray,
    limit_m: float,
) -> tuple[FloatArray, Int32Array]:
    """Metres from every node to its nearest source, and that source's row (-1: none)."""
    n_nodes = len(arc_start) - 1
    n_sources = len(source_edge)
    walk_m = np.full(n_nodes, np.inf)
    nearest = np.full(n_nodes, -1, dtype=np.int32)
    expanded = np.full(n_nodes, -1, dtype=np.int32)
    capacity = 1024
    heap_cost = np.empty(capacity)
    heap_node = np.empty(capacity, dtype=np.int32)
    size = 0
    for source in range(n_sources):
        edge = source_edge[source]
        if edge < 0:
            continue
        for side in range(2):
            node = edge_nodes[edge, side]
            if side == 0:
                stretch = source_offset_m[source]
                allowed = edge_forward[edge]
            else:
                stretch = edge_length_m[edge] - source_offset_m[source]
                allowed = edge_backward[edge]
            if not allowed and stretch > 0.0:
                continue
            cost = source_leg_m[source] + stretch
            if cost > limit_m:
                continue
            if cost < walk_m[node] or (cost == walk_m[node] and source < nearest[node]):
                walk_m[node] = cost
                nearest[node] = source
                if size + 1 >= capacity:
                    capacity *= 2
                    heap_cost = _grown(heap_cost, capacity)
                    heap_node = _grown(heap_node, capacity)
                size = _push(heap_cost, heap_node, size, cost, node)
    while size > 0:
        cost = heap_cost[0]
        node = heap_node[0]
        size = _drop_top(heap_cost, heap_node, size)
        source = nearest[node]
        if cost > walk_m[node] or expanded[node] == source:
            continue
        expanded[node] = source
        for arc in range(arc_start[node], arc_start[node + 1]):
            other = arc_node[arc]
            reached = cost + arc_length_m[arc]
            if reached > limit_m:
                continue
            if reached < walk_m[other] or (reached == walk_m[other] and source < nearest[other]):
                walk_m[other] = reached
                nearest[other] = source
                if size + 1 >= capacity:
                    capacity *= 2
                    heap_cost = _grown(heap_cost, capacity)
                    heap_node = _grown(heap_node, capacity)
                size = _push(heap_cost, heap_node, size, reached, other)
    return walk_m, nearest


@_jit
def _grown(values: Any, capacity: int) -> Any:
    bigger = np.empty(capacity, dtype=values.dtype)
    bigger[: len(values)] = values
    return bigger


@_jit
def evaluate_homes(
    edge_nodes: Int32Array,
    edge_length_m: FloatArray,
    edge_forward: BoolArray,
    edge_backward: BoolArray,
    home_edge: Int32Array,
    home_offset_m: FloatArray,
    home_leg_m: FloatArray,
    node_walk_m: FloatArray,
    node_source: Int32Array,
    on_edge_start: IntArray,
    on_edge_source: Int32Array,
    source_offset_m: FloatArray,
    source_leg_m: FloatArray,
    limit_m: float,
) -> tuple[FloatArray, Int32Array]:
    """Metres from every home to its nearest source, and that source's row (-1: none)."""
    n_homes = len(home_edge)
    walk_m = np.full(n_homes, np.inf)
    nearest = np.full(n_homes, -1, dtype=np.int32)
    for home in range(n_homes):
        edge = home_edge[home]
        if edge < 0:
            continue
        best = np.inf
        best_source = -1
        for side in range(2):
            node = edge_nodes[edge, side]
            if side == 0:
                stretch = home_offset_m[home]
                allowed = edge_backward[edge]
            else:
                stretch = edge_length_m[edge] - home_offset_m[home]
                allowed = edge_forward[edge]
            if not allowed and stretch > 0.0:
                continue
            source = node_source[node]
            if source < 0:
                continue
            cost = home_leg_m[home] + stretch + node_walk_m[node]
            if cost < best or (cost == best and source < best_source):
                best = cost
                best_source = source
        for place in range(on_edge_start[edge], on_edge_start[edge + 1]):
            source = on_edge_source[place]
            ahead = source_offset_m[source] - home_offset_m[home]
            if (ahead > 0.0 and not edge_forward[edge]) or (
                ahead < 0.0 and not edge_backward[edge]
            ):
                continue
            cost = home_leg_m[home] + abs(ahead) + source_leg_m[source]
            if cost < best or (cost == best and source < best_source):
                best = cost
                best_source = source
        if best <= limit_m and best_source >= 0:
            walk_m[home] = best
            nearest[home] = best_source
    return walk_m, nearest


@_jit
def search_within(
    arc_start: IntArray,
    arc_node: Int32Array,
    arc_length_m: FloatArray,
    edge_nodes: Int32Array,
    edge_length_m: FloatArray,
    edge_forward: BoolArray,
    edge_backward: BoolArray,
    source_edge: Int32Array,
    source_offset_m: FloatArray,
    source_leg_m: FloatArray,
    source_start: IntArray,
    target_from: int,
    target_to: int,
    home_offset_m: FloatArray,
    home_leg_m: FloatArray,
    on_edge_start: IntArray,
    on_edge_home: Int32Array,
    at_node_start: IntArray,
    at_node_home: Int32Array,
    at_node_m: FloatArray,
    limit_m: float,
) -> tuple[IntArray, Int32Array, FloatArray]:
    """Homes within `limit_m` of targets `target_from` to `target_to - 1`.

    Returns the number of homes per target, their rows (ascending per target) and metres.
    """
    n_nodes = len(arc_start) - 1
    node_walk = np.full(n_nodes, np.inf)
    home_walk = np.full(len(home_offset_m), np.inf)
    touched_nodes = np.empty(n_nodes, dtype=np.int32)
    touched_homes = np.empty(len(home_offset_m), dtype=np.int32)
    capacity = 1024
    heap_cost = np.empty(capacity)
    heap_node = np.empty(capacity, dtype=np.int32)
    room = 4096
    out_home = np.empty(room, dtype=np.int32)
    out_walk = np.empty(room)
    filled = 0
    counts = np.zeros(target_to - target_from, dtype=np.int64)
    for target in range(target_from, target_to):
        n_touched = 0
        n_homes = 0
        size = 0
        for source in range(source_start[target], source_start[target + 1]):
            edge = source_edge[source]
            if edge < 0:
                continue
            for side in range(2):
                node = edge_nodes[edge, side]
                if side == 0:
                    stretch = source_offset_m[source]
                    allowed = edge_forward[edge]
                else:
                    stretch = edge_length_m[edge] - source_offset_m[source]
                    allowed = edge_backward[edge]
                cost = source_leg_m[source] + stretch
                if (not allowed and stretch > 0.0) or cost > limit_m or cost >= node_walk[node]:
                    continue
                if node_walk[node] == np.inf:
                    touched_nodes[n_touched] = node
                    n_touched += 1
                node_walk[node] = cost
                if size + 1 >= capacity:
                    capacity *= 2
                    heap_cost = _grown(heap_cost, capacity)
                    heap_node = _grown(heap_node, capacity)
                size = _push(heap_cost, heap_node, size, cost, node)
            for place in range(on_edge_start[edge], on_edge_start[edge + 1]):
                home = on_edge_home[place]
                ahead = source_offset_m[source] - home_offset_m[home]
                if (ahead > 0.0 and not edge_forward[edge]) or (
                    ahead < 0.0 and not edge_backward[edge]
                ):
                    continue
                cost = home_leg_m[home] + abs(ahead) + source_leg_m[source]
                if cost <= limit_m and cost < home_walk[home]:
                    if home_walk[home] == np.inf:
                        touched_homes[n_homes] = home
                        n_homes += 1
                    home_walk[home] = cost
        while size > 0:
            cost = heap_cost[0]
            node = heap_node[0]
            size = _drop_top(heap_cost, heap_node, size)
            if cost > node_walk[node]:
                continue
            for place in range(at_node_start[node], at_node_start[node + 1]):
                home = at_node_home[place]
                reached = at_node_m[place] + cost
                if reached <= limit_m and reached < home_walk[home]:
                    if home_walk[home] == np.inf:
                        touched_homes[n_homes] = home
                        n_homes += 1
                    home_walk[home] = reached
            for arc in range(arc_start[node], arc_start[node + 1]):
                other = arc_node[arc]
                reached = cost + arc_length_m[arc]
                if reached <= limit_m and reached < node_walk[other]:
                    if node_walk[other] == np.inf:
                        touched_nodes[n_touched] = other
                        n_touched += 1
                    node_walk[other] = reached
                    if size + 1 >= capacity:
                        capacity *= 2
                        heap_cost = _grown(heap_cost, capacity)
                        heap_node = _grown(heap_node, capacity)
                    size = _push(heap_cost, heap_node, size, reached, other)
        if filled + n_homes > room:
            while filled + n_homes > room:
                room *= 2
            out_home = _grown(out_home, room)
            out_walk = _grown(out_walk, room)
        found = np.sort(touched_homes[:n_homes])
        for home in found:
            out_home[filled] = home
            out_walk[filled] = home_walk[home]
            home_walk[home] = np.inf
            filled += 1
        counts[target - target_from] = n_homes
        for place in range(n_touched):
            node_walk[touched_nodes[place]] = np.inf
    return counts, out_home[:filled].copy(), out_walk[:filled].copy()


@_jit
def tally_pairs(
    home: Int32Array, walk_m: FloatArray, n_homes: int
) -> tuple[FloatArray, FloatArray]:
    """Smallest and second smallest walk of every home among its pairs."""
    first = np.full(n_homes, np.inf)
    second = np.full(n_homes, np.inf)
    for pair in range(len(home)):
        at = home[pair]
        walk = walk_m[pair]
        if walk < first[at]:
            second[at] = first[at]
            first[at] = walk
        elif walk < second[at]:
            second[at] = walk
    return first, second
