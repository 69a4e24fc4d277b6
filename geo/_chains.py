"""Pieces joined end to end into chains."""

import numpy as np

from geo.units import BoolArray, IntArray


def join_ends(ends: IntArray, allowed: BoolArray) -> IntArray:
    """Which piece ends continue in which: partner of each end, -1 for none.

    Parameters
    ----------
    ends
        Shape `(2 n,)`: node at the head of piece `i`, then at the tail of piece `i - n`.
    allowed
        Shape `(2 n,)`: the end may be joined. Two ends are joined where no third one meets them, and
        both may be.

    Returns
    -------
    partner
        Shape `(2 n,)`.
    """
    n = len(ends) // 2
    order = np.argsort(ends, kind="stable")
    _, first, meets = np.unique(ends[order], return_index=True, return_counts=True)
    pairs = first[meets == 2]
    one, other = order[pairs], order[pairs + 1]
    plain = (one % n != other % n) & allowed[one] & allowed[other] if n else np.zeros(0, np.bool_)
    partner = np.full(2 * n, -1, dtype=np.int64)
    partner[one[plain]] = other[plain]
    partner[other[plain]] = one[plain]
    return partner


def walk_chains(partner: IntArray, n: int) -> tuple[IntArray, BoolArray, IntArray]:
    """Follow joined ends from piece to piece.

    Returns the pieces of all chains one after the other, whether each is walked against its own
    direction, and where each chain starts (one entry more than chains). Rings start anywhere.
    """
    joined = (partner[:n] >= 0) | (partner[n:] >= 0)
    chains: list[int] = []
    flipped: list[bool] = []
    starts: list[int] = []
    seen = ~joined
    follow = partner.tolist()

    def walk(piece: int, *, backward: bool) -> None:
        starts.append(len(chains))
        while True:
            seen[piece] = True
            chains.append(piece)
            flipped.append(backward)
            leaving = follow[piece if backward else piece + n]
            if leaving < 0 or seen[leaving % n]:
                return
            piece, backward = leaving % n, leaving >= n

    for piece in np.flatnonzero(joined).tolist():  # chains with ends
        if not seen[piece] and follow[piece] < 0:
            walk(piece, backward=False)
        elif not seen[piece] and follow[piece + n] < 0:
            walk(piece, backward=True)
    for piece in np.flatnonzero(joined).tolist():  # what is left are rings
        if not seen[piece]:
            walk(piece, backward=False)
    alone = np.flatnonzero(~joined)
    start = np.concatenate([np.array(starts, dtype=np.int64), len(chains) + np.arange(len(alone))])
    return (
        np.concatenate([np.array(chains, dtype=np.int64), alone]),
        np.concatenate([np.array(flipped, dtype=np.bool_), np.zeros(len(alone), dtype=np.bool_)]),
        np.append(start, len(chains) + len(alone)),
    )
