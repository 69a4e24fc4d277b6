"""Conventions every kernel shares.

Lengths are metres, durations seconds, angles degrees; the unit ends the name (`walk_m`, `walk_s`).
"""

import numpy as np
from numpy.typing import NDArray

UNREACHED = float("inf")
"""Cost of what no walk reaches. Compare with it, never add to it: the sum says nothing."""

LENGTH_QUANTUM_M = 2.0**-10
"""Lengths are whole multiples of this (just under a millimetre).

Sums of such float64 numbers are exact up to 8 million kilometres, so a walk's length does not
depend on the order in which its pieces are added: renumbered nodes give bit-equal results.
"""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Int32Array = NDArray[np.int32]
BoolArray = NDArray[np.bool_]


def quantize_m(length_m: FloatArray) -> FloatArray:
    """Lengths rounded to the nearest `LENGTH_QUANTUM_M`.

    >>> float(quantize_m(np.array([0.1]))[0])
    0.099609375
    """
    return np.round(np.asarray(length_m, dtype=np.float64) / LENGTH_QUANTUM_M) * LENGTH_QUANTUM_M
