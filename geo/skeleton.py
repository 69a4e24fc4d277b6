"""Streets reduced to what bounded searches need: chains between junctions one can walk on through.

A *twig* is a street piece that ends blind: walks to and from it use the place where it branches off,
so its points stand there, with the way out of it as part of their leg. What is left is joined to
*chains* wherever only two pieces meet. Distances stay what they were, except between two points of
one twig. Lengths are whole multiples of `geo.units.LENGTH_QUANTUM_M` (quanta), as integers.

A chain belongs to one of its ends, its *owner*: all walks from the chain can end there. The other
end is called far.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo._chains import join_ends, walk_chains
from geo.units import LENGTH_QUANTUM_M, BoolArray, FloatArray, Int32Array, IntArray

if TYPE_CHECKING:
    from geo.network import StreetNetwork

MOST = 1 << 28
"""Quanta (262 km): longer lengths are cut to one more, so that sums of four fit 32 bits."""

_SQUARE_M = 250.0
"""Side of the squares nodes are numbered by. Only time depends on it."""

CHAIN, BEGIN, STEP, STEM_BEGIN, STEM_STEP = range(5)
"""Columns of `Skeleton.edge`."""


def count_quanta(length_m: FloatArray) -> IntArray:
    """Lengths in metres as whole quanta.

    >>> count_quanta(np.array([1.0, 0.5])).tolist()
    [1024, 512]
    """
    return np.rint(length_m / LENGTH_QUANTUM_M).astype(np.int64)


class Skeleton(NamedTuple):
    """Chains of a network with `E` edges: `N` nodes, `K` chains, `A` arcs, as compiled loops take them.

    Parameters
    ----------
    arc_start, arc
        Shapes `(N + 1,)` and `(A, 2)`: row `n` lists the nodes from which one chain leads to `n`, and
        its quanta, short ones first; nodes one cannot walk on through are left out.
    chain_start
        Shape `(N + 1,)`: chains stand owner by owner; node `n` owns `chain_start[n]` to
        `chain_start[n + 1] - 1`.
    guest_start, guest
        Shapes `(N + 1,)` and `(G,)`: row `n` lists the chains whose far end `n` is, and not their owner.
    owner, far
        Shape `(K,)`: the ends of each chain.
    length
        Shape `(K,)`, quanta.
    two_way
        Shape `(K,)`: may be walked to its far end as well.
    sure
        Shape `(K,)`: a search that reaches a chain's far end within the limit, with the chain's
        length to spare, reaches its owner.
    edge
        Shape `(E, 5)`: the chain an edge belongs to, or branches off from; quanta from its owner to
        the edge's first node, and what each quantum along the edge adds to them (1 or -1, 0 on
        twigs); quanta from the chain to the edge's first node, and what each quantum along the edge
        adds (1 or -1 on twigs, else both are 0).
    """

    arc_start: Int32Array
    arc: Int32Array
    chain_start: Int32Array
    guest_start: Int32Array
    guest: Int32Array
    owner: Int32Array
    far: Int32Array
    length: IntArray
    two_way: BoolArray
    sure: BoolArray
    edge: IntArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.arc_start) - 1


def build_skeleton(network: "StreetNetwork") -> Skeleton:
    """Reduce a network to chains; all its edges stay placed."""
    nodes = network.edge_nodes.astype(np.int64)
    length = count_quanta(network.edge_length_m)
    both = network.edge_forward & network.edge_backward
    degree = np.bincount(nodes.ravel(), minlength=network.n_nodes)
    blind = (degree[nodes] == 1) & both[:, None]
    twig = blind[:, 0] ^ blind[:, 1]
    core = np.flatnonzero(~twig)
    root = np.where(blind[:, 0], nodes[:, 1], nodes[:, 0])
    # twigs hang on a chain walked both ways; where none passes, on one of no length made for them
    bare = np.setdiff1d(root[twig], nodes[core[both[core]]])

    ends = np.concatenate([nodes[core, 0], nodes[core, 1]])
    fixed = np.zeros(network.n_nodes, dtype=np.bool_)
    fixed[nodes[~both]] = True
    partner = join_ends(ends, ~fixed[ends])
    member, flipped, start = walk_chains(partner, len(core))
    edges = core[member]
    chain_of = np.repeat(np.arange(len(start) - 1), np.diff(start))
    run = np.concatenate([[0], np.cumsum(length[edges])])
    begin = run[:-1] - run[start[:-1]][chain_of]

    head, tail = start[:-1], start[1:] - 1
    first = nodes[edges[head], flipped[head].astype(np.int64)]
    last = nodes[edges[tail], 1 - flipped[tail].astype(np.int64)]
    edge = np.zeros((network.n_edges, 5), dtype=np.int64)
    edge[edges, CHAIN] = chain_of
    edge[edges, BEGIN] = np.where(flipped, begin + length[edges], begin)
    edge[edges, STEP] = np.where(flipped, -1, 1)

    node_chain = np.zeros(network.n_nodes, dtype=np.int64)
    node_at = np.zeros(network.n_nodes, dtype=np.int64)
    open_edges = edges[both[edges]]
    for side in (0, 1):
        at = edge[open_edges, BEGIN] + side * edge[open_edges, STEP] * length[open_edges]
        node_chain[nodes[open_edges, side]] = edge[open_edges, CHAIN]
        node_at[nodes[open_edges, side]] = at
    node_chain[bare] = len(first) + np.arange(len(bare))
    edge[twig, CHAIN] = node_chain[root[twig]]
    edge[twig, BEGIN] = node_at[root[twig]]
    edge[twig, STEM_BEGIN] = np.where(blind[twig, 0], length[twig], 0)
    edge[twig, STEM_STEP] = np.where(blind[twig, 0], -1, 1)

    one_way = edges[head]  # pieces of one direction are chains of their own
    joined = np.concatenate([np.column_stack([first, last]), np.column_stack([bare, bare])])
    flat = np.ones(len(bare), dtype=np.bool_)
    return _own_chains(
        joined,
        np.concatenate([run[start[1:]] - run[start[:-1]], np.zeros(len(bare), np.int64)]),
        np.concatenate([network.edge_forward[one_way], flat]),
        np.concatenate([network.edge_backward[one_way], flat]),
        edge,
        network.node_xy,
    )


def _own_chains(
    joined: IntArray,
    length: IntArray,
    forward: BoolArray,
    backward: BoolArray,
    edge: IntArray,
    node_xy: FloatArray,
) -> Skeleton:
    """Number nodes, find each chain's owner, and sort the chains by it.

    `joined`: first and last node of each chain; `edge` is seen from the first one.
    """
    used, dense = np.unique(joined, return_inverse=True)
    dense = _rank_by_place(node_xy[used])[dense]
    first, last = dense.reshape(-1, 2).T
    through = np.bincount(dense.ravel(), minlength=len(used)) > 1
    # walks from a chain must be able to end at its owner, and searches to come by there
    at_last = ~backward | (~through[first] & through[last] & forward)
    turned = at_last[edge[:, CHAIN]]
    edge[turned, BEGIN] = length[edge[turned, CHAIN]] - edge[turned, BEGIN]
    edge[turned, STEP] *= -1

    owner, far = np.where(at_last, last, first), np.where(at_last, first, last)
    order = np.argsort(owner, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    edge[:, CHAIN] = rank[edge[:, CHAIN]]
    owner, far, length = owner[order], far[order], length[order]
    two_way = (forward & backward)[order]
    guest = np.flatnonzero(owner != far)
    guest = guest[np.argsort(far[guest], kind="stable")]
    return Skeleton(
        **_build_arcs(owner, far, length, two_way, through),
        chain_start=_list_starts(owner, len(used)),
        guest_start=_list_starts(far[guest], len(used)),
        guest=guest.astype(np.int32),
        owner=owner.astype(np.int32),
        far=far.astype(np.int32),
        length=length,
        two_way=two_way,
        sure=two_way & through[owner],
        edge=edge,
    )


def _rank_by_place(node_xy: FloatArray) -> IntArray:
    """Numbers for nodes that let neighbours stand together: square by square."""
    column, line = (node_xy // _SQUARE_M).T
    rank = np.empty(len(node_xy), dtype=np.int64)
    rank[np.lexsort((column, line))] = np.arange(len(node_xy))
    return rank


def _build_arcs(
    owner: IntArray, far: IntArray, length: IntArray, two_way: BoolArray, through: BoolArray
) -> dict[str, Any]:
    """Arcs towards each node; no walk comes from a node without a second way, but its own."""
    to_owner = (owner != far) & through[far]
    to_far = (owner != far) & through[owner] & two_way
    node = np.concatenate([owner[to_owner], far[to_far]])
    other = np.concatenate([far[to_owner], owner[to_far]])
    quanta = np.concatenate([length[to_owner], length[to_far]])
    order = np.lexsort((quanta, node))
    arc = np.column_stack([other, np.minimum(quanta, MOST + 1)])[order]
    return {
        "arc_start": _list_starts(node, len(through)),
        "arc": np.ascontiguousarray(arc, dtype=np.int32),
    }


def _list_starts(group: IntArray, n_groups: int) -> Int32Array:
    """Where each group's rows begin, once they stand group by group."""
    start = np.zeros(n_groups + 1, dtype=np.int32)
    np.cumsum(np.bincount(group, minlength=n_groups), out=start[1:])
    return start
