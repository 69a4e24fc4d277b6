"""Compiled lists of walks on a `geo.skeleton.Skeleton`: every home within reach, with its metres.

All chains around the nodes of a bounded search are looked at, home by home. Homes within the limit
are noted one behind the other; one that is not is overwritten by the next. Notes are places of
`geo._bounded.Homes` and quanta; how many there are is known at the end only, then they are written out.
"""

from geo._bounded import FAR, WIDTH, Case, Scratch, U, clear, measure_own, search
from geo._compile import jit
from geo.units import LENGTH_QUANTUM_M, FloatArray, Int32Array, IntArray


@jit
def note_homes(
    case: Case,
    target_from: int,
    target_to: int,
    scratch: Scratch,
    counts: IntArray,
    notes: Int32Array,
) -> tuple[int, int]:
    """Places and quanta of homes around targets, from `target_from` on and as many as surely fit.

    `notes`: shape `(P, 2)`. Sets their number per target. Returns the first target that is left,
    `target_to` if none is, and the number of notes.
    """
    filled = 0
    for target in range(target_from, target_to):
        if filled + len(case.homes.row) >= len(notes):  # no target reaches more
            return target, filled
        had = filled
        n = search(case, target, scratch)
        filled = _note_own(case, target, scratch, notes, filled)
        filled = _note_around(case, n, scratch, notes, filled)
        counts[target] = filled - had
        clear(case, target, n, scratch)
    return target_to, filled


@jit
def _note_own(case: Case, target: int, scratch: Scratch, notes: Int32Array, filled: int) -> int:
    """Homes on the chains of a target's own sources; returns the new fill."""
    own = scratch.own
    for source in range(case.source_start[target], case.source_start[target + 1]):
        begin, end = measure_own(case, target, source, scratch)
        for place in range(begin, end):
            best = own[place - begin]
            notes[filled, 0] = place
            notes[filled, 1] = min(best, FAR)
            filled += best <= case.limit
    return filled


@jit
def _note_around(case: Case, n: int, scratch: Scratch, notes: Int32Array, filled: int) -> int:
    """Homes on all other chains around the nodes reached; returns the new fill."""
    skeleton, homes, limit = case.skeleton, case.homes, case.limit
    chain_start, guest_start, guest = skeleton.chain_start, skeleton.guest_start, skeleton.guest
    owner, far = skeleton.owner, skeleton.far
    reach, start, block_chain = homes.reach, homes.start, homes.chain
    to_owner, to_far = homes.to_owner, homes.to_far
    walk, touched, taken = scratch.walk, scratch.touched, scratch.taken
    for at in range(n):
        node = touched[U(at)]
        here = walk[U(node)]
        for block in range(start[U(chain_start[U(node)])], start[U(chain_start[U(node + 1)])]):
            chain = block_chain[U(block)]
            if taken[U(chain)]:
                continue
            there = walk[U(far[U(chain)])]
            for k in range(WIDTH):
                place = WIDTH * block + k
                best = min(here + to_owner[U(place)], there + to_far[U(place)])
                notes[U(filled), 0] = place
                notes[U(filled), 1] = best
                filled += best <= limit
        if here + reach[U(node)] <= limit:
            continue  # the owners see to its other chains
        for at_guest in range(guest_start[U(node)], guest_start[U(node + 1)]):
            chain = guest[U(at_guest)]
            if (walk[U(owner[U(chain)])] < FAR) | taken[U(chain)]:
                continue
            for block in range(start[U(chain)], start[U(chain + 1)]):
                for k in range(WIDTH):
                    place = WIDTH * block + k
                    best = here + to_far[U(place)]
                    notes[U(filled), 0] = place
                    notes[U(filled), 1] = best
                    filled += best <= limit
    return filled


@jit
def write_out(notes: Int32Array, row: Int32Array, home: Int32Array, walk_m: FloatArray) -> None:
    """Rows and metres of noted homes."""
    for at in range(len(notes)):
        home[at] = row[U(notes[at, 0])]
        walk_m[at] = notes[at, 1] * LENGTH_QUANTUM_M
