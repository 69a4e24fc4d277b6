"""Verdicts in three values: a rule is met, missed, or the data cannot say.

Where an attribute is unknown, two worlds are measured: one where nothing unknown qualifies
(*certain*) and one where everything unknown does (*possible*). A verdict stands only if both agree.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray

MET, GAP, UNKNOWN, NOT_APPLICABLE = "met", "gap", "unknown", "not_applicable"
SHARE_TOLERANCE = 1e-9
"""Shares are sums of floats: a share this close below what is needed still meets it."""

StatusArray = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """What there surely is and what there may be: shape `(N,)` each, `high` inf where unbounded."""

    low: FloatArray
    high: FloatArray

    @property
    def known(self) -> BoolArray:
        """Where the two agree."""
        known: BoolArray = self.low == self.high
        return known


@dataclass(frozen=True, slots=True, eq=False)
class Homes:
    """Demand points as the share basis of their communities.

    `H` demand points, `C` communities in the order of their table.

    Parameters
    ----------
    community
        Shape `(H,)`: row of the community, -1 outside all of them.
    weight
        Shape `(H,)`: households where all of a community's points have them, else its weights.
    counted
        Shape `(C,)`: whether the weights of a community are households.
    total
        Shape `(C,)`: their sum.
    points
        Shape `(C,)`: number of demand points.
    listed
        Shape `(C,)`: whether they come from the user's table.
    streets
        Shape `(C,)`: whether they lie along streets, nothing being known of where people live.
    """

    community: IntArray
    weight: FloatArray
    counted: BoolArray
    total: FloatArray
    points: IntArray
    listed: BoolArray
    streets: BoolArray

    def sum_where(self, chosen: BoolArray) -> FloatArray:
        """Weight of the chosen demand points per community, shape `(C,)`."""
        use = chosen & (self.community >= 0)
        return np.bincount(
            self.community[use], weights=self.weight[use], minlength=len(self.total)
        ).astype(np.float64)

    def share_where(self, chosen: BoolArray) -> FloatArray:
        """Share of each community's weight at the chosen points; NaN where it has none."""
        return divide_known(self.sum_where(chosen), self.total)


def divide_known(part: FloatArray, whole: FloatArray) -> FloatArray:
    """`part / whole`, NaN where `whole` is not above 0."""
    result = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def build_homes(communities: gpd.GeoDataFrame, demand: pd.DataFrame) -> Homes:
    """Share basis of `communities` from the demand table (columns as in `layers.results`)."""
    size = len(communities)
    community = pd.Index(communities["community_id"]).get_indexer(demand["community_id"])
    households = demand["households"].to_numpy(dtype=np.float64, na_value=np.nan)
    inside = community >= 0
    points = np.bincount(community[inside], minlength=size)
    blank = np.bincount(community[inside & np.isnan(households)], minlength=size)
    counted = (blank == 0) & (points > 0)
    weight = demand["weight"].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    use = inside & counted[community]
    weight[use] = households[use]
    total = np.bincount(community[inside], weights=weight[inside], minlength=size)
    source = demand["source"].to_numpy(dtype=object)

    def has_source(name: str) -> BoolArray:
        return np.bincount(community[inside & (source == name)], minlength=size) > 0

    return Homes(
        community=community.astype(np.int64),
        weight=weight,
        counted=counted,
        total=total.astype(np.float64),
        points=points.astype(np.int64),
        listed=has_source("table"),
        streets=has_source("streets"),
    )


def build_plain_homes(community: IntArray, weight: FloatArray, size: int) -> Homes:
    """Points that are no homes (buildings, cells of land) as the share basis of `size` communities."""
    inside = community >= 0
    no = np.zeros(size, dtype=np.bool_)
    return Homes(
        community=community,
        weight=weight,
        counted=no,
        total=np.bincount(community[inside], weights=weight[inside], minlength=size).astype(
            np.float64
        ),
        points=np.bincount(community[inside], minlength=size).astype(np.int64),
        listed=no,
        streets=no,
    )


def judge_at_least(certain: FloatArray, possible: FloatArray, needed: float) -> StatusArray:
    """Kleene verdict on "at least `needed`" from the lower and the upper bound of what there is.

    >>> low, high = np.array([1.0, 0.0, 0.2, np.nan]), np.array([1.0, 1.0, 0.4, np.nan])
    >>> [str(status) for status in judge_at_least(low, high, 0.5)]
    ['met', 'unknown', 'gap', 'unknown']
    """
    least = np.full(np.shape(certain), needed)
    return judge_between(Bounds(certain, possible), Bounds(least, least))


def judge_between(found: Bounds, needed: Bounds) -> StatusArray:
    """Kleene verdict on "`found` reaches `needed`" where both are known within bounds.

    >>> found = Bounds(np.array([5.0, 5.0, 0.0]), np.array([5.0, 5.0, np.inf]))
    >>> needed = Bounds(np.array([5.0, 6.0, 6.0]), np.array([5.0, np.inf, 6.0]))
    >>> [str(status) for status in judge_between(found, needed)]
    ['met', 'gap', 'unknown']
    """
    status = np.full(np.shape(found.low), UNKNOWN, dtype=object)
    slack = SHARE_TOLERANCE * np.maximum(needed.low, 1.0)
    status[found.low >= needed.high - slack] = MET
    status[found.high < needed.low - slack] = GAP
    return status
