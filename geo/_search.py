"""Compiled searches behind `geo.reach`: plain loops over the network's arrays.

Nodes wait for their turn in buckets of equal width, as linked lists threaded through arrays. A node
whose walk shrinks while it waits is entered once more, and its older entry is passed over; one
whose walk shrinks after its turn gets another turn. So the outcome does not depend on the width
of the buckets or the order within them, only the time does.

Compiled at first call and kept in numba's cache; importing compiles nothing. All of them release
the interpreter lock. Inner loops allocate nothing and hold their arrays by plain names: both
matter, compiled code that lets an array grow in a loop or reaches through a tuple is half as fast.
"""

from typing import NamedTuple

import numpy as np

from geo._compile import jit as _jit
from geo.units import BoolArray, FloatArray, Int32Array, IntArray


class Graph(NamedTuple):
    """A network's edges, and its arcs towards each node, as in `geo.network`."""

    arc_start: IntArray
    arc_node: Int32Array
    arc_length_m: FloatArray
    edge_nodes: Int32Array
    edge_length_m: FloatArray
    edge_forward: BoolArray
    edge_backward: BoolArray


class Points(NamedTuple):
    """Points on edges, as in `geo.snap.Links`."""

    edge: Int32Array
    offset_m: FloatArray
    leg_m: FloatArray


class OnEdges(NamedTuple):
    """Points edge by edge: those of edge `e` are `start[e]:start[e + 1]`; `row` is each one's own."""

    start: IntArray
    row: Int32Array
    offset_m: FloatArray
    leg_m: FloatArray


class _Queue(NamedTuple):
    """Entries by bucket: `head[b]` is the first of bucket `b`, `link` leads on; -1 says none."""

    head: Int32Array
    node: Int32Array
    cost: FloatArray
    link: Int32Array


@_jit
def _build_queue(n_buckets: int, room: int) -> _Queue:
    return _Queue(
        np.full(n_buckets, -1, dtype=np.int32),
        np.empty(room, dtype=np.int32),
        np.empty(room),
        np.empty(room, dtype=np.int32),
    )


@_jit
def group_rows(group: Int32Array, n_groups: int) -> tuple[IntArray, Int32Array]:
    """Rows by group in compressed rows, ascending within each; negative groups are left out."""
    start = np.zeros(n_groups + 1, dtype=np.int64)
    for one in group:
        if one >= 0:
            start[one + 1] += 1
    for at in range(n_groups):
        start[at + 1] += start[at]
    rows = np.empty(start[n_groups], dtype=np.int32)
    filled = start[:-1].copy()
    for row in range(len(group)):
        one = group[row]
        if one >= 0:
            rows[filled[one]] = row
            filled[one] += 1
    return start, rows


@_jit
def search_nearest(
    graph: Graph, sources: Points, limit_m: float, width_m: float, n_buckets: int, room: int
) -> tuple[FloatArray, Int32Array, bool]:
    """Metres from every node to its nearest source, that source's row (-1: none), and success.

    The buckets form a ring: all of them together must span the longest arc and the costliest way
    from a source onto the network. Without success the queue had too little room.
    """
    arc_start, arc_node, arc_length_m = graph.arc_start, graph.arc_node, graph.arc_length_m
    n_nodes = len(arc_start) - 1
    walk_m = np.full(n_nodes, np.inf)
    nearest = np.full(n_nodes, -1, dtype=np.int32)
    expanded = np.full(n_nodes, -1, dtype=np.int32)
    queue = _build_queue(n_buckets, room)
    head, entry_node, entry_cost, link = queue.head, queue.node, queue.cost, queue.link
    free = -1
    used = 0
    waiting = 0
    per_m = 1.0 / width_m
    for source in range(len(sources.edge)):
        edge = sources.edge[source]
        if edge < 0:
            continue
        for side in range(2):
            node = graph.edge_nodes[edge, side]
            if side == 0:
                stretch = sources.offset_m[source]
                allowed = graph.edge_forward[edge]
            else:
                stretch = graph.edge_length_m[edge] - sources.offset_m[source]
                allowed = graph.edge_backward[edge]
            cost = sources.leg_m[source] + stretch
            if (not allowed and stretch > 0.0) or cost > limit_m:
                continue
            if cost < walk_m[node] or (cost == walk_m[node] and source < nearest[node]):
                walk_m[node] = cost
                nearest[node] = source
                if used == room:
                    return walk_m, nearest, False
                place = int(cost * per_m) % n_buckets
                entry_node[used] = node
                entry_cost[used] = cost
                link[used] = head[place]
                head[place] = used
                used += 1
                waiting += 1
    place = 0
    while waiting > 0:
        entry = head[place]
        if entry < 0:
            place += 1
            if place == n_buckets:
                place = 0
            continue
        head[place] = link[entry]
        link[entry] = free
        free = entry
        waiting -= 1
        node = entry_node[entry]
        cost = entry_cost[entry]
        source = nearest[node]
        if cost > walk_m[node] or expanded[node] == source:
            continue
        expanded[node] = source
        for arc in range(arc_start[node], arc_start[node + 1]):
            other = arc_node[arc]
            reached = cost + arc_length_m[arc]
            if reached > limit_m or reached > walk_m[other]:
                continue
            if reached < walk_m[other] or source < nearest[other]:
                if reached < walk_m[other]:
                    expanded[other] = -1
                walk_m[other] = reached
                nearest[other] = source
                if free >= 0:
                    entry = free
                    free = link[entry]
                elif used < room:
                    entry = used
                    used += 1
                else:
                    return walk_m, nearest, False
                there = int(reached * per_m) % n_buckets
                entry_node[entry] = other
                entry_cost[entry] = reached
                link[entry] = head[there]
                head[there] = entry
                waiting += 1
    return walk_m, nearest, True


@_jit
def evaluate_homes(
    graph: Graph,
    homes: Points,
    node_walk_m: FloatArray,
    node_source: Int32Array,
    sources: OnEdges,
    limit_m: float,
) -> tuple[FloatArray, Int32Array]:
    """Metres from every home to its nearest source, and that source's row (-1: none)."""
    n_homes = len(homes.edge)
    walk_m = np.full(n_homes, np.inf)
    nearest = np.full(n_homes, -1, dtype=np.int32)
    for home in range(n_homes):
        edge = homes.edge[home]
        if edge < 0:
            continue
        offset = homes.offset_m[home]
        leg = homes.leg_m[home]
        forward = graph.edge_forward[edge]
        backward = graph.edge_backward[edge]
        best = np.inf
        best_source = -1
        if backward or offset == 0.0:
            node = graph.edge_nodes[edge, 0]
            if node_source[node] >= 0:
                best = leg + offset + node_walk_m[node]
                best_source = node_source[node]
        rest = graph.edge_length_m[edge] - offset
        if forward or rest == 0.0:
            node = graph.edge_nodes[edge, 1]
            source = node_source[node]
            cost = leg + rest + node_walk_m[node]
            if source >= 0 and (cost < best or (cost == best and source < best_source)):
                best = cost
                best_source = source
        for place in range(sources.start[edge], sources.start[edge + 1]):
            source = sources.row[place]
            ahead = sources.offset_m[place] - offset
            if (ahead > 0.0 and not forward) or (ahead < 0.0 and not backward):
                continue
            cost = leg + abs(ahead) + sources.leg_m[place]
            if cost < best or (cost == best and source < best_source):
                best = cost
                best_source = source
        if best <= limit_m and best_source >= 0:
            walk_m[home] = best
            nearest[home] = best_source
    return walk_m, nearest


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
