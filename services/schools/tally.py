"""Children and their walks added up by group: by home, community, school."""

import numpy as np

from geo.units import FloatArray, IntArray


def add_groups(group: IntArray, value: FloatArray, n: int) -> FloatArray:
    """Sum of `value` per group, shape `(n,)`; -1 is in no group, NaN makes its group's sum NaN."""
    inside = group >= 0
    return np.bincount(group[inside], weights=value[inside], minlength=n).astype(np.float64)


def average_walks(group: IntArray, flow: FloatArray, walk_m: FloatArray, n: int) -> FloatArray:
    """Mean walk of the children of each group, metres, shape `(n,)`; NaN where nobody walks.

    Parameters
    ----------
    group
        Group of each pair of home and school, -1 for none; shape `(P,)`.
    flow
        Children who take it.
    walk_m
        How far it is.
    """
    placed = add_groups(group, flow, n)
    metres = add_groups(group, flow * walk_m, n)
    mean: FloatArray = np.full(n, np.nan)
    np.divide(metres, placed, out=mean, where=placed > 0)
    return mean
