"""Compiled searches behind `geo.reach`: plain loops over the network's arrays.

Nodes wait for their turn in buckets of equal width, as linked lists threaded through arrays. A node
whose walk shrinks while it waits is entered once more, and its older entry is passed over; one
whose walk shrinks after its turn gets another turn. So the outcome does not depend on the width
of the buckets or the order within them, only the time does.

Compiled at first call and kept in numba's cache; importing compiles nothing. All of them release
the interpreter lock. Inner loops allocate nothing and hold their arrays by plain names: both
matter, compiled code that lets an array grow in a loop or reaches through a tuple is half as fast.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo._compile import jit as _jit
from geo.units import BoolArray, FloatArray, Int32Array, IntArray

FIRST, TO_FIRST, TO_LAST = 1, 2, 4
"""Bits of `Ends.bits`."""


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


class Ends(NamedTuple):
    """Edges around each node, in compressed rows, with the homes that lie on them.

    Row `n` is `start[n]:start[n + 1]`. `bits`: this node is the edge's first, homes may walk to its
    first, to its last node. `begin` and `stop` cut the edge's homes out of an `OnEdges`. A loop
    stands once.
    """

    start: IntArray
    other: Int32Array
    edge: Int32Array
    bits: NDArray[np.uint8]
    length_m: FloatArray
    begin: Int32Array
    stop: Int32Array


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
def _spread(
    graph: Graph,
    sources: Points,
    source_from: int,
    source_to: int,
    limit_m: float,
    per_m: float,
    node_walk: FloatArray,
    touched: Int32Array,
    queue: _Queue,
) -> tuple[int, bool]:
    """Bounded search from some sources; the nodes reached stand in `touched`.

    Returns their number, and whether the queue had room enough. `node_walk` is infinite and all
    buckets are empty before; the caller sees to that again.
    """
    arc_start, arc_node, arc_length_m = graph.arc_start, graph.arc_node, graph.arc_length_m
    head, entry_node, entry_cost, link = queue.head, queue.node, queue.cost, queue.link
    room = len(link)
    n_touched = 0
    used = 0
    place = len(head)
    last = -1
    for source in range(source_from, source_to):
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
            if (not allowed and stretch > 0.0) or cost > limit_m or cost >= node_walk[node]:
                continue
            if used == room:
                return n_touched, False
            if node_walk[node] == np.inf:
                touched[n_touched] = node
                n_touched += 1
            node_walk[node] = cost
            there = int(cost * per_m)
            entry_node[used] = node
            entry_cost[used] = cost
            link[used] = head[there]
            head[there] = used
            used += 1
            place = min(place, there)
            last = max(last, there)
    while place <= last:
        entry = head[place]
        if entry < 0:
            place += 1
            continue
        head[place] = link[entry]
        node = entry_node[entry]
        cost = entry_cost[entry]
        if cost > node_walk[node]:
            continue
        if used + arc_start[node + 1] - arc_start[node] > room:
            return n_touched, False
        for arc in range(arc_start[node], arc_start[node + 1]):
            other = arc_node[arc]
            reached = cost + arc_length_m[arc]
            if reached <= limit_m:
                before = node_walk[other]
                if reached < before:
                    if before == np.inf:
                        touched[n_touched] = other
                        n_touched += 1
                    node_walk[other] = reached
                    there = int(reached * per_m)
                    entry_node[used] = other
                    entry_cost[used] = reached
                    link[used] = head[there]
                    head[there] = used
                    used += 1
                    last = max(last, there)
    return n_touched, True


@_jit
def _gather_own(
    graph: Graph,
    sources: Points,
    source_from: int,
    source_to: int,
    node_walk: FloatArray,
    homes: OnEdges,
    taken: BoolArray,
    limit_m: float,
    out_home: Int32Array,
    out_walk: FloatArray,
    filled: int,
) -> int:
    """Homes on the sources' own edges, which are taken thereby; returns the new fill."""
    for source in range(source_from, source_to):
        edge = sources.edge[source]
        if edge < 0 or taken[edge]:
            continue
        taken[edge] = True
        forward = graph.edge_forward[edge]
        backward = graph.edge_backward[edge]
        from_first = node_walk[graph.edge_nodes[edge, 0]]
        from_last = node_walk[graph.edge_nodes[edge, 1]]
        length = graph.edge_length_m[edge]
        for place in range(homes.start[edge], homes.start[edge + 1]):
            offset = homes.offset_m[place]
            walk = np.inf
            if backward or offset == 0.0:
                walk = from_first + offset
            if forward or offset == length:
                walk = min(walk, from_last + (length - offset))
            for other in range(source, source_to):
                if sources.edge[other] == edge:
                    ahead = sources.offset_m[other] - offset
                    if (ahead <= 0.0 or forward) and (ahead >= 0.0 or backward):
                        walk = min(walk, abs(ahead) + sources.leg_m[other])
            walk += homes.leg_m[place]
            out_home[filled] = homes.row[place]
            out_walk[filled] = walk
            filled += walk <= limit_m
    return filled


@_jit
def _gather(
    touched: Int32Array,
    n_touched: int,
    node_walk: FloatArray,
    ends: Ends,
    homes: OnEdges,
    taken: BoolArray,
    limit_m: float,
    out_home: Int32Array,
    out_walk: FloatArray,
    filled: int,
) -> int:
    """Homes on the edges around the reached nodes, but for edges taken; returns the new fill."""
    end_start, end_other, end_bits = ends.start, ends.other, ends.bits
    end_begin, end_stop, end_length_m, end_edge = ends.begin, ends.stop, ends.length_m, ends.edge
    home_row, home_offset_m, home_leg_m = homes.row, homes.offset_m, homes.leg_m
    for at in range(n_touched):
        node = touched[at]
        here = node_walk[node]
        for end in range(end_start[node], end_start[node + 1]):
            bits = end_bits[end]
            there = node_walk[end_other[end]]
            if bits & FIRST:
                from_first = here
                from_last = there
            elif there < np.inf:
                continue  # its first node sees to it
            else:
                from_first = there
                from_last = here
            if taken[end_edge[end]]:
                continue
            length = end_length_m[end]
            for place in range(end_begin[end], end_stop[end]):
                offset = home_offset_m[place]
                rest = length - offset
                walk = from_first + offset
                if not (bits & TO_FIRST or offset == 0.0):
                    walk = np.inf
                if from_last + rest < walk and (bits & TO_LAST or rest == 0.0):
                    walk = from_last + rest
                walk += home_leg_m[place]
                out_home[filled] = home_row[place]
                out_walk[filled] = walk
                filled += walk <= limit_m
    return filled


@_jit
def _grown(values: Any, room: int) -> Any:
    bigger = np.empty(room, dtype=values.dtype)
    bigger[: len(values)] = values
    return bigger


@_jit
def search_within(
    graph: Graph,
    sources: Points,
    source_start: IntArray,
    target_from: int,
    target_to: int,
    ends: Ends,
    homes: OnEdges,
    limit_m: float,
    width_m: float,
    room: int,
) -> tuple[IntArray, Int32Array, FloatArray]:
    """Homes within `limit_m` of targets `target_from` to `target_to - 1`.

    Returns the number of homes per target, their rows and metres.
    """
    n_nodes = len(graph.arc_start) - 1
    n_homes = len(homes.row)
    per_m = 1.0 / width_m
    queue = _build_queue(int(limit_m * per_m) + 1, room)
    node_walk = np.full(n_nodes, np.inf)
    touched = np.empty(n_nodes, dtype=np.int32)
    taken = np.zeros(len(graph.edge_nodes), dtype=np.bool_)
    out_room = 4 * n_homes + 1
    out_home = np.empty(out_room, dtype=np.int32)
    out_walk = np.empty(out_room)
    filled = 0
    counts = np.zeros(target_to - target_from, dtype=np.int64)
    for target in range(target_from, target_to):
        begin = source_start[target]
        end = source_start[target + 1]
        n_touched, enough = _spread(
            graph, sources, begin, end, limit_m, per_m, node_walk, touched, queue
        )
        while not enough:
            room *= 2
            queue = _build_queue(len(queue.head), room)
            node_walk[:] = np.inf
            n_touched, enough = _spread(
                graph, sources, begin, end, limit_m, per_m, node_walk, touched, queue
            )
        if filled + n_homes >= out_room:  # no target reaches more homes than there are
            out_room = 2 * out_room
            out_home = _grown(out_home, out_room)
            out_walk = _grown(out_walk, out_room)
        had = filled
        filled = _gather_own(
            graph, sources, begin, end, node_walk, homes, taken, limit_m, out_home, out_walk, filled
        )
        filled = _gather(
            touched, n_touched, node_walk, ends, homes, taken, limit_m, out_home, out_walk, filled
        )
        counts[target - target_from] = filled - had
        _clear(node_walk, touched, n_touched, taken, sources, begin, end)
    return counts, out_home[:filled], out_walk[:filled]


@_jit
def _clear(
    node_walk: FloatArray,
    touched: Int32Array,
    n_touched: int,
    taken: BoolArray,
    sources: Points,
    source_from: int,
    source_to: int,
) -> None:
    """Make a search's traces disappear, in time that follows what it reached."""
    for at in range(n_touched):
        node_walk[touched[at]] = np.inf
    for source in range(source_from, source_to):
        if sources.edge[source] >= 0:
            taken[sources.edge[source]] = False


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
