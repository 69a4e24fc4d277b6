"""Street joints that are no free passage: walls, locked gates, residents' gates and private ways.

Streets come in as polylines over shared nodes. Where nobody may pass, the node is taken apart; where only
residents may, it is taken apart and joined again by a piece of no length that leads outwards alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.units import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Polylines over dense node ids.

    Parameters
    ----------
    nodes, offsets
        Path `k` runs through `nodes[offsets[k]:offsets[k + 1]]`.
    source
        Shape `(K,)`: the path each one was cut from.
    resident
        Shape `(K,)`: nobody but those who live there walks on it.
    link
        Shape `(K,)`: a piece without length that leads outwards, from its first to its second node.
    node_origin
        Shape `(Q,)`: the node each one stands for; copies follow the original ones.
    n_closed, n_resident_gates
        Barriers that cut a street, and gates only residents pass.
    """

    nodes: IntArray
    offsets: IntArray
    source: IntArray
    resident: BoolArray
    link: BoolArray
    node_origin: IntArray
    n_closed: int
    n_resident_gates: int


def separate_private(
    nodes: IntArray,
    offsets: IntArray,
    *,
    private: BoolArray,
    blocked: BoolArray,
    gate: BoolArray,
    node_xy: FloatArray,
) -> Paths:
    """Take streets apart where not everybody may pass.

    Behind a residents' gate lies whatever is cut off from the larger part of the network when the gate is
    shut. Those who live there walk out, nobody walks in or through; the same holds for private ways.
    A gate between two parts that are joined elsewhere anyway is simply shut.

    Parameters
    ----------
    nodes, offsets
        `K` paths over `P` nodes.
    private
        Shape `(K,)`: the path is a private way.
    blocked, gate
        Shape `(P,)`: nobody passes; only residents pass.
    node_xy
        Shape `(P, 2)`, metres: which part of the network is the larger one.
    """
    nodes, offsets, source = _cut_paths(nodes, offsets, blocked | gate)
    count = np.diff(offsets)
    owner = np.repeat(np.arange(count.size), count)
    origin = np.arange(blocked.size)
    is_cut = (blocked | gate)[nodes]
    # Every path end at a barrier becomes a node of its own.
    loose = np.flatnonzero(is_cut)
    origin = np.concatenate([origin, nodes[loose]])
    nodes = nodes.copy()
    nodes[loose] = blocked.size + np.arange(loose.size)
    shut = np.unique(origin[nodes[loose]])
    component, length_m = _components(nodes, owner, origin.size, node_xy[origin])
    gate_loose = loose[gate[origin[nodes[loose]]] & ~blocked[origin[nodes[loose]]]]
    nodes, pairs, depth = _open_outwards(nodes, gate_loose, origin, component, length_m)
    resident = private[source] | (depth[component[nodes[offsets[:-1]]]] > 0)
    nodes, origin, copies = _part_private(nodes, resident[owner], origin)
    links = np.array(pairs + copies, dtype=np.int64).reshape(-1, 2)
    first_path = _first_path(nodes, owner, origin.size)
    link_source = source[first_path[links[:, 0]]]
    n = links.shape[0]
    return Paths(
        nodes=np.concatenate([nodes, links.ravel()]),
        offsets=np.concatenate([offsets, offsets[-1] + 2 * np.arange(1, n + 1)]),
        source=np.concatenate([source, link_source]),
        resident=np.concatenate([resident, np.ones(n, dtype=np.bool_)]),
        link=np.concatenate([np.zeros(count.size, dtype=np.bool_), np.ones(n, dtype=np.bool_)]),
        node_origin=origin,
        n_closed=int(np.count_nonzero(blocked[shut])),
        n_resident_gates=int(np.count_nonzero(~blocked[shut])),
    )


def _cut_paths(
    nodes: IntArray, offsets: IntArray, cut: BoolArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Paths cut at these nodes: inside a path such a node ends one and starts the next."""
    count = np.diff(offsets)
    owner = np.repeat(np.arange(count.size), count)
    inner = np.ones(nodes.size, dtype=np.bool_)
    inner[offsets[:-1]] = False
    inner[offsets[1:] - 1] = False
    twice = inner & cut[nodes]
    repeats = np.where(twice, 2, 1)
    spread = np.repeat(nodes, repeats)
    spread_owner = np.repeat(owner, repeats)
    starts = np.zeros(spread.size, dtype=np.bool_)
    last = np.cumsum(repeats) - 1  # where each node, or its second copy, came to stand
    starts[last[twice]] = True
    starts[last[offsets[:-1]]] = True
    begin = np.flatnonzero(starts)
    return spread, np.append(begin, spread.size).astype(np.int64), spread_owner[begin]


def _components(
    nodes: IntArray, owner: IntArray, n_nodes: int, xy: FloatArray
) -> tuple[IntArray, FloatArray]:
    inside = owner[1:] == owner[:-1]
    a, b = nodes[:-1][inside], nodes[1:][inside]
    graph = coo_array((np.ones(a.size, dtype=np.int8), (a, b)), shape=(n_nodes, n_nodes))
    n, component = connected_components(graph, directed=False)
    step_m = np.hypot(*(xy[a] - xy[b]).T)
    length_m: FloatArray = np.bincount(component[a], weights=step_m, minlength=n).astype(np.float64)
    return component.astype(np.int64), length_m


def _open_outwards(
    nodes: IntArray,
    gate_loose: IntArray,
    origin: IntArray,
    component: IntArray,
    length_m: FloatArray,
) -> tuple[IntArray, list[tuple[int, int]], IntArray]:
    """Join path ends at residents' gates: freely on one side, outwards only across.

    Returns
    -------
    nodes, pairs, depth
        Node ids with the ends of one side joined; pairs (inside, outside); and how many gates lie
        between each component and the open network.
    """
    nodes = nodes.copy()
    at_gate: dict[int, dict[int, int]] = {}
    for place in gate_loose.tolist():
        node = int(nodes[place])
        at_gate.setdefault(int(origin[node]), {}).setdefault(int(component[node]), node)
    neighbours: dict[int, set[int]] = {}
    for sides in at_gate.values():
        for one in sides:
            neighbours.setdefault(one, set()).update(side for side in sides if side != one)
    depth = np.zeros(length_m.size, dtype=np.int64)
    reached: set[int] = set()
    for root in sorted(neighbours, key=lambda one: (-length_m[one], one)):
        if root in reached:
            continue
        reached.add(root)
        front = [root]
        while front:
            behind = sorted({side for one in front for side in neighbours[one]} - reached)
            for side in behind:
                depth[side] = depth[front[0]] + 1
            reached.update(behind)
            front = behind
    for place in gate_loose.tolist():
        node = int(nodes[place])
        sides = at_gate[int(origin[node])]
        if (
            len(sides) > 1
        ):  # with one side only the gate joins what is joined elsewhere: it stays shut
            nodes[place] = sides[int(component[node])]
    pairs = []
    for sides in at_gate.values():
        outside = min(sides, key=lambda one: (depth[one], one))
        pairs += [
            (node, sides[outside]) for one, node in sides.items() if depth[one] > depth[outside]
        ]
    return nodes, pairs, depth


def _part_private(
    nodes: IntArray, own: BoolArray, origin: IntArray
) -> tuple[IntArray, IntArray, list[tuple[int, int]]]:
    """Give residents' ways nodes of their own where they meet open ones; pairs (own, open)."""
    is_private, is_open = np.zeros(origin.size, np.bool_), np.zeros(origin.size, np.bool_)
    is_private[nodes[own]] = True
    is_open[nodes[~own]] = True
    both = np.flatnonzero(is_private & is_open)
    copy_of = np.full(origin.size, -1, dtype=np.int64)
    copy_of[both] = origin.size + np.arange(both.size)
    moved = own & (copy_of[nodes] >= 0)
    nodes = nodes.copy()
    nodes[moved] = copy_of[nodes[moved]]
    pairs = list(zip(copy_of[both].tolist(), both.tolist(), strict=True))
    return nodes, np.concatenate([origin, origin[both]]), pairs


def _first_path(nodes: IntArray, owner: IntArray, n_nodes: int) -> IntArray:
    first = np.zeros(n_nodes, dtype=np.int64)
    first[nodes[::-1]] = owner[::-1]
    return first
