"""Small communities that adjoin, counted together.

A community below a rule's threshold is joined with those around it that are below it too; one that
reaches it stands alone. Where a community's size is unknown both may be so: what surely belongs
together (*sure*) and what may (*wide*) are kept apart.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.units import BoolArray, FloatArray, IntArray
from services.verdicts import Bounds


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Communities counted together, `C` in all.

    Parameters
    ----------
    sure
        Shape `(C,)`: number of the cluster of communities known to be small; every other community
        is one by itself.
    wide
        Shape `(C,)`: the same if every community of unknown size is small.
    open
        Shape `(C,)`: communities of unknown size.
    beside
        Shape `(P, 2)`: community of unknown size, and the number in `sure` of a cluster it adjoins.
    """

    sure: IntArray
    wide: IntArray
    open: BoolArray
    beside: IntArray

    def sum_sizes(self, size: Bounds) -> Bounds:
        """Sizes of clusters: shape `(C,)` each, from those of communities.

        A community of unknown size is either small, with its neighbours, or reaches the threshold
        by itself; its least counts it as small.
        """
        low = self._sum(self.sure, size.low)
        total = low[self.sure]
        np.add.at(total, self.beside[:, 0], low[self.beside[:, 1]])
        return Bounds(total, self._sum(self.wide, size.high)[self.wide])

    def count(self, inside: Bounds) -> Bounds:
        """What lies inside clusters, from what lies inside communities."""
        return Bounds(self.sum_sure(inside.low), self._sum(self.wide, inside.high)[self.wide])

    def sum_sure(self, value: FloatArray) -> FloatArray:
        """Shape `(C,)`: sums over those surely counted together."""
        return self._sum(self.sure, value)[self.sure]

    def list_members(self, row: int) -> IntArray:
        """Communities counted with one, itself left out; with one of unknown size if it is small."""
        labels = [self.sure[row], *self.beside[self.beside[:, 0] == row, 1]]
        joined = np.isin(self.sure, labels)
        joined[row] = False
        return np.flatnonzero(joined)

    @staticmethod
    def _sum(label: IntArray, value: FloatArray) -> FloatArray:
        return np.bincount(label, weights=value, minlength=len(label)).astype(np.float64)


def find_neighbours(communities: gpd.GeoDataFrame, crs: str, adjoin_m: float) -> IntArray:
    """Pairs of communities whose areas lie within `adjoin_m` of each other, shape `(P, 2)`.

    Parameters
    ----------
    communities
        Areas, WGS 84.
    crs
        Metric system the distance is measured in.
    """
    areas = communities.geometry.to_crs(crs).to_numpy()
    usable = np.flatnonzero(~(shapely.is_missing(areas) | shapely.is_empty(areas)))
    tree = shapely.STRtree(areas[usable])
    pairs = tree.query(areas[usable], predicate="dwithin", distance=adjoin_m)
    one, other = usable[pairs]
    apart = one < other
    return np.column_stack([one[apart], other[apart]]).astype(np.int64)


def build_clusters(pairs: IntArray, small: BoolArray, unsure: BoolArray) -> Clusters:
    """Join communities that adjoin.

    Parameters
    ----------
    pairs
        As from `find_neighbours`.
    small
        Shape `(C,)`: communities surely below the threshold.
    unsure
        Shape `(C,)`: communities that may be.
    """
    sure = _join(pairs, small)
    either = small | unsure
    wide = _join(pairs, either)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    beside = both[unsure[both[:, 0]] & small[both[:, 1]]]
    beside = np.column_stack([beside[:, 0], sure[beside[:, 1]]])
    return Clusters(sure, wide, unsure, np.unique(beside, axis=0).astype(np.int64))


def _join(pairs: IntArray, chosen: BoolArray) -> IntArray:
    """Shape `(C,)`: number of the joined communities each belongs to; those not chosen stay alone."""
    links = pairs[chosen[pairs].all(axis=1)]
    size = len(chosen)
    graph = coo_array((np.ones(len(links), dtype=np.bool_), links.T), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
