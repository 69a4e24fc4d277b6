"""Streets reduced to what counting needs: chains between junctions one can walk on through.

A *twig* is a street piece that ends blind: walks to and from it use the place where it branches off,
so its points stand there, with the way out of it as part of their leg. What is left is joined to
*chains* wherever only two pieces meet. Distances stay what they were, except between two points of
one twig. Lengths are whole multiples of `geo.units.LENGTH_QUANTUM_M` (quanta), as integers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo._chains import join_ends, walk_chains
from geo.units import LENGTH_QUANTUM_M, BoolArray, FloatArray, Int32Array, IntArray

if TYPE_CHECKING:
    from geo.network import StreetNetwork

MOST = 1 << 28
"""Quanta (262 km): longer lengths are cut to this, so that sums of four fit 32 bits."""


OWNED, AT_FIRST, TO_FIRST, TO_LAST = 1, 2, 4, 8
"""Bits of a chain seen from one of its ends."""


def count_quanta(length_m: FloatArray) -> IntArray:
    """Lengths in metres as whole quanta.

    >>> count_quanta(np.array([1.0, 0.5])).tolist()
    [1024, 512]
    """
    return np.rint(length_m / LENGTH_QUANTUM_M).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """Chains of a network with `E` edges: `N` nodes, `K` chains, `A` arcs.

    Parameters
    ----------
    arc_start, arc
        Shapes `(N + 1,)` and `(A, 2)`: row `n` lists the nodes from which one chain leads to `n`, and
        its quanta, short ones first; nodes one cannot walk on through are left out.
    end_start, end
        Shapes `(N + 1,)` and `(R, 3)`: row `n` lists the chains around node `n`: the node at their
        other end, the chain, and bits (`OWNED`, `AT_FIRST`, `TO_FIRST`, `TO_LAST`).
    chain_bits
        Shape `(K,)`: `TO_FIRST` and `TO_LAST` of each chain.
    chain_owner
        Shape `(K,)`: the end that answers for a chain: all walks from it can end there.
    chain_sure
        Shape `(K,)`: a search that reaches a chain's other end within the limit, with the chain's
        length to spare, reaches its owner.
    chain_nodes
        Shape `(K, 2)`: first and last node.
    chain_length
        Shape `(K,)`, quanta.
    chain_forward, chain_backward
        Shape `(K,)`: may be walked from first to last node, from last to first.
    edge_chain
        Shape `(E,)`: chain an edge belongs to, or branches off from.
    edge_begin
        Shape `(E,)`: quanta along the chain to the edge's first node, or to where it branches off.
    edge_step
        Shape `(E,)`: 1 along the chain, -1 against it, 0 for twigs.
    edge_from_last
        Shape `(E,)`: the twig branches off at the edge's last node.
    edge_length
        Shape `(E,)`, quanta.
    """

    arc_start: Int32Array
    arc: Int32Array
    end_start: Int32Array
    end: Int32Array
    chain_bits: Int32Array
    chain_owner: Int32Array
    chain_sure: BoolArray
    chain_nodes: Int32Array
    chain_length: IntArray
    chain_forward: BoolArray
    chain_backward: BoolArray
    edge_chain: Int32Array
    edge_begin: IntArray
    edge_step: IntArray
    edge_from_last: BoolArray
    edge_length: IntArray


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
    n_chains = len(first)
    joined = np.concatenate([np.column_stack([first, last]), np.column_stack([bare, bare])])
    one_way = edges[head]  # pieces of one direction are chains of their own
    edge_chain = np.zeros(network.n_edges, dtype=np.int32)
    edge_begin = np.zeros(network.n_edges, dtype=np.int64)
    edge_step = np.zeros(network.n_edges, dtype=np.int64)
    edge_chain[edges] = chain_of
    edge_begin[edges] = np.where(flipped, begin + length[edges], begin)
    edge_step[edges] = np.where(flipped, -1, 1)
    chain_length = np.concatenate([run[start[1:]] - run[start[:-1]], np.zeros(len(bare), np.int64)])

    node_chain = np.zeros(network.n_nodes, dtype=np.int64)
    node_at = np.zeros(network.n_nodes, dtype=np.int64)
    open_edges = edges[both[edges]]
    for side, at in ((0, edge_begin), (1, edge_begin + edge_step * length)):
        node_chain[nodes[open_edges, side]] = edge_chain[open_edges]
        node_at[nodes[open_edges, side]] = at[open_edges]
    node_chain[bare] = n_chains + np.arange(len(bare))
    edge_chain[twig] = node_chain[root[twig]]
    edge_begin[twig] = node_at[root[twig]]

    used, dense = np.unique(joined, return_inverse=True)
    chain_nodes: Int32Array = dense.reshape(-1, 2).astype(np.int32)
    flat = np.ones(len(bare), dtype=np.bool_)
    forward = np.concatenate([network.edge_forward[one_way], flat])
    backward = np.concatenate([network.edge_backward[one_way], flat])
    arc_start, arc = _build_arcs(chain_nodes, chain_length, forward, backward, len(used))
    return Skeleton(
        arc_start=arc_start,
        arc=arc,
        **_build_ends(chain_nodes, forward, backward, len(used)),
        chain_nodes=chain_nodes,
        chain_length=chain_length,
        chain_forward=forward,
        chain_backward=backward,
        edge_chain=edge_chain,
        edge_begin=edge_begin,
        edge_step=edge_step,
        edge_from_last=twig & blind[:, 0],
        edge_length=length,
    )


def _build_arcs(
    chain_nodes: Int32Array,
    length: IntArray,
    forward: BoolArray,
    backward: BoolArray,
    n_nodes: int,
) -> tuple[Int32Array, Int32Array]:
    first, last = chain_nodes[:, 0], chain_nodes[:, 1]
    through = np.bincount(chain_nodes.ravel(), minlength=n_nodes) > 1
    ahead = forward & (first != last) & through[first]
    back = backward & (first != last) & through[last]
    own = np.concatenate([last[ahead], first[back]])
    quanta = np.concatenate([length[ahead], length[back]])
    order = np.lexsort((quanta, own))
    start = np.zeros(n_nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(own, minlength=n_nodes), out=start[1:])
    arc = np.column_stack(
        [
            np.concatenate([first[ahead], last[back]]),
            np.minimum(quanta, MOST + 1),
        ]
    )
    return start, np.ascontiguousarray(arc[order], dtype=np.int32)


def _build_ends(
    chain_nodes: Int32Array, forward: BoolArray, backward: BoolArray, n_nodes: int
) -> dict[str, Any]:
    """Chains around each node, and who answers for each of them."""
    first, last = chain_nodes[:, 0], chain_nodes[:, 1]
    through = np.bincount(chain_nodes.ravel(), minlength=n_nodes) > 1
    # walks from a chain must be able to end at its owner, and searches to come by there
    at_last = ~backward | (~through[first] & through[last] & forward)
    owner, far_end = np.where(at_last, last, first), np.where(at_last, first, last)
    chains = np.arange(len(owner))
    two = np.flatnonzero(first != last)
    node = np.concatenate([owner, far_end[two]])
    chain = np.concatenate([chains, two])
    bits = (backward * TO_FIRST + forward * TO_LAST).astype(np.int32)
    owned = np.arange(len(chain)) < len(chains)
    seen = bits[chain] + owned * OWNED + (node == first[chain]) * AT_FIRST
    order = np.argsort(node, kind="stable")
    start = np.zeros(n_nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(node, minlength=n_nodes), out=start[1:])
    other = np.concatenate([far_end, owner[two]])
    end = np.column_stack([other, chain, seen])[order]
    return {
        "end_start": start,
        "end": np.ascontiguousarray(end, dtype=np.int32),
        "chain_bits": bits,
        "chain_owner": owner.astype(np.int32),
        "chain_sure": forward & backward & through[owner],
    }
