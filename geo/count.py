"""How many targets each home can walk to: the count alone, without the pairs behind it.

Gives exactly what `geo.reach.count_within` gives on `measure_within`'s pairs, in a fraction of the
time and memory: searches run on the network's skeleton, and homes deep within a search are
counted by their junction, not one by one.
"""

import numpy as np

from geo import _count
from geo._count import Chains, Points, Rim
from geo.network import StreetNetwork
from geo.parallel import run_side_by_side
from geo.reach import check_bounded
from geo.skeleton import MOST, Skeleton
from geo.snap import Links
from geo.units import LENGTH_QUANTUM_M, Int32Array, IntArray

_STEP = 150 << 10
"""Length of a search's stages: 150 m in quanta. Only time depends on it."""
_QUEUE_ROOM = 1 << 14
"""Entries for later stages, beside one per node; it doubles when they do not suffice."""

__all__ = ["count_reached"]


def count_reached(
    network: StreetNetwork,
    sources: Links,
    source_target: IntArray,
    n_targets: int,
    homes: Links,
    *,
    limit_m: float,
    threads: int | None = None,
) -> IntArray:
    """Count the targets each home can walk to within `limit_m`, one bounded search per target.

    Parameters
    ----------
    sources
        `S` ways into the targets (entrances), snapped.
    source_target
        Shape `(S,)`: the target each source leads into.
    homes
        `H` homes, snapped; unconnected ones reach nothing.
    limit_m
        Longest walk, metres, at most 262 km.
    threads
        Searches run side by side; default: one per processor.

    Returns
    -------
    counts
        Shape `(H,)`.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    ValueError
        `limit_m` is not a number from 0 to 262,144.
    """
    check_bounded(network, sources, homes, limit_m)
    limit = int(np.floor(limit_m / LENGTH_QUANTUM_M))
    if limit > MOST:
        raise ValueError(
            f"limit_m is {limit_m:g}; expected at most {MOST * LENGTH_QUANTUM_M:g} metres"
        )
    skeleton = network.skeleton
    seeds, _ = _place_points(skeleton, sources, source_target, n_targets)
    chain_of = skeleton.edge_chain[np.maximum(homes.edge, 0)]
    placed, row = _place_points(skeleton, homes, chain_of, len(skeleton.chain_nodes))
    rim = _build_rim(skeleton, placed)
    chains = _build_chains(skeleton, placed, rim)

    def search(begin: int, end: int) -> tuple[Int32Array, Int32Array, Int32Array]:
        return _count.count_homes(
            skeleton.arc_start,
            skeleton.arc,
            seeds,
            begin,
            end,
            chains,
            placed,
            rim,
            limit,
            _STEP,
            _QUEUE_ROOM,
        )

    parts = run_side_by_side(search, n_targets, threads)
    around, whole, single = (np.sum(part, axis=0) for part in zip(*parts, strict=True))
    by_chain = around[chains.owner] + whole
    counts = np.zeros(len(homes), dtype=np.int64)
    counts[row] = by_chain[placed.chain] + single
    return counts


def _place_points(
    skeleton: Skeleton, links: Links, group: IntArray | Int32Array, n_groups: int
) -> tuple[Points, Int32Array]:
    """Put connected points on their chains, group by group; and the row each of them had."""
    return _count.place_points(
        np.where(links.connected, group, -1).astype(np.int32),
        n_groups,
        links.edge,
        links.offset_m,
        links.leg_m,
        skeleton.edge_chain,
        skeleton.edge_begin,
        skeleton.edge_step,
        skeleton.edge_from_last,
        skeleton.edge_length,
    )


def _cut(quanta: IntArray) -> np.ndarray:
    return np.minimum(quanta, MOST + 1).astype(np.int32)


def _build_rim(skeleton: Skeleton, homes: Points) -> Rim:
    return Rim(
        start=homes.start.astype(np.int32),
        to_first=_cut(homes.along),
        to_last=_cut(skeleton.chain_length[homes.chain] - homes.along),
        leg=_cut(homes.leg),
    )


def _build_chains(skeleton: Skeleton, homes: Points, rim: Rim) -> Chains:
    """Chains with how far from their owners homes stand on them."""
    owner, length = skeleton.chain_owner, skeleton.chain_length
    used = np.flatnonzero(np.diff(homes.start))
    at_last = owner != skeleton.chain_nodes[:, 0]
    away = np.where(at_last[homes.chain], rim.to_last, rim.to_first) + rim.leg
    farthest = np.zeros(len(owner), dtype=np.int64)
    if len(used):
        farthest[used] = np.maximum.reduceat(away, homes.start[used])
    reach = np.zeros(len(skeleton.arc_start) - 1, dtype=np.int64)
    np.maximum.at(reach, owner, farthest)
    # a chain's other end leaves it to the owner where a search is sure to come by there
    far_end = np.where(at_last, skeleton.chain_nodes[:, 0], skeleton.chain_nodes[:, 1])
    two = used[far_end[used] != owner[used]]
    spare = np.where(skeleton.chain_sure[two], length[two], MOST + 1)
    np.maximum.at(reach, far_end[two], spare)
    return Chains(
        start=skeleton.end_start,
        end=skeleton.end,
        reach=_cut(reach),
        farthest=_cut(farthest),
        length=length,
        owner=owner,
        nodes=skeleton.chain_nodes,
        bits=skeleton.chain_bits,
    )
