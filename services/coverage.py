"""Who reaches which kind of facility within a limit: shares per community, for either mode."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.units import BoolArray, FloatArray, IntArray
from layers.kinds import Kind
from services.travel import Travel
from services.walks import WALK, Walks, Yardsticks


def measure_coverage(
    communities: gpd.GeoDataFrame,
    walks: Walks,
    yardsticks: Yardsticks,
    kinds: Iterable[Kind],
    travels: Mapping[str, Travel],
    limits: Mapping[str, Iterable[tuple[float, str]]],
    *,
    mode: str = WALK,
    timetable_source: str = "",
) -> pd.DataFrame:
    """Shares within limits, per community and kind, as `layers.results.COVERAGE`.

    Kinds that were not measured, because the data hold no facility of them, and communities
    without a starting point are `unknown`, with no share at all.

    Parameters
    ----------
    travels
        The way to each measured kind, by its code, all of one mode.
    limits
        Per kind code, its limits as (value, `min` or `m`).
    """
    homes = _group_homes(communities, walks)
    located = locate_facilities(communities, walks.facilities)
    base = {
        "community_id": communities["community_id"].to_numpy(dtype=object),
        "households": homes.households,
        "unconnected_households": homes.sum_households(~walks.demand_links.connected),
        "unconnected_share": _ratio(homes.sum_weight(~walks.demand_links.connected), homes.total),
        "demand_source": _first_text(walks.demand["source"], homes.community, homes.n),
        "n_demand": homes.n_points,
        "mode": mode,
        "timetable_source": timetable_source,
    }
    parts = []
    for kind in kinds:
        one = travels.get(kind.code)
        place = located[walks.list_facilities(kind.code)]
        facts = {
            **base,
            "kind": kind.code,
            "facilities_inside": np.bincount(place[place >= 0], minlength=homes.n),
            **(_unknown_shares(homes.n) if one is None else _measure_quantiles(homes, one)),
        }
        for limit, unit in limits[kind.code]:
            shares = {} if one is None else _measure_shares(homes, yardsticks, one, limit, unit)
            parts.append(
                pd.DataFrame({**facts, "limit": float(limit), "limit_unit": unit, **shares})
            )
    return pd.concat(parts, ignore_index=True)


_Columns = dict[str, object]


def _unknown_shares(n: int) -> _Columns:
    blank = np.full(n, np.nan)
    names = ("households_covered", "share", "building_share", "land_share", "median_s", "p90_s")
    return {"status": "unknown", **dict.fromkeys(names, blank)}


def _measure_quantiles(homes: "_Homes", one: Travel) -> _Columns:
    return {
        "median_s": homes.quantile(one.demand, 0.5) / one.per_s,
        "p90_s": homes.quantile(one.demand, 0.9) / one.per_s,
    }


def _measure_shares(
    homes: "_Homes", yardsticks: Yardsticks, one: Travel, limit: float, unit: str
) -> _Columns:
    covered, buildings, land = one.list_within(limit, unit)
    return {
        "status": np.where(homes.n_points > 0, "measured", "unknown"),
        "households_covered": homes.sum_households(covered),
        "share": _ratio(homes.sum_weight(covered), homes.total),
        "building_share": _share_of(
            yardsticks.building_community, np.ones(len(buildings)), buildings, homes.n
        ),
        "land_share": _share_of(yardsticks.land_community, yardsticks.land_m2, land, homes.n),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Homes:
    """Demand points by community: rows of `community` are -1 outside all."""

    n: int
    community: IntArray
    weight: FloatArray
    demand_households: FloatArray
    total: FloatArray
    n_points: IntArray
    known: BoolArray

    @property
    def households(self) -> FloatArray:
        """Shape `(C,)`, NaN where unknown."""
        return self.sum_households(np.ones(len(self.community), dtype=np.bool_))

    def sum_weight(self, chosen: BoolArray) -> FloatArray:
        """Weight at the chosen points, shape `(C,)`."""
        rows = chosen & (self.community >= 0)
        return _sum(self.community[rows], self.weight[rows], self.n)

    def sum_households(self, chosen: BoolArray) -> FloatArray:
        """Households at the chosen points, shape `(C,)`, NaN where unknown."""
        rows = chosen & (self.community >= 0)
        counted = np.nan_to_num(self.demand_households[rows])
        return np.where(self.known, _sum(self.community[rows], counted, self.n), np.nan)

    def quantile(self, value: FloatArray, share: float) -> FloatArray:
        """Weighted quantile, shape `(C,)`: the smallest value by which `share` is reached."""
        rows = self.community >= 0
        return weigh_quantile(self.community[rows], value[rows], self.weight[rows], self.n, share)


def _group_homes(communities: gpd.GeoDataFrame, walks: Walks) -> _Homes:
    n = len(communities)
    rows_of = pd.Series(np.arange(n), index=communities["community_id"])
    found = rows_of.reindex(walks.demand["community_id"]).fillna(-1)
    community = found.to_numpy().astype(np.int64)
    weight = walks.demand["weight"].to_numpy(dtype=np.float64)
    households = walks.demand["households"].to_numpy(dtype=np.float64)
    inside = community >= 0
    n_points = np.bincount(community[inside], minlength=n)
    unknown = _sum(community[inside], np.isnan(households[inside]).astype(np.float64), n)
    return _Homes(
        n=n,
        community=community,
        weight=weight,
        demand_households=households,
        total=_sum(community[inside], weight[inside], n),
        n_points=n_points,
        known=(unknown == 0) & (n_points > 0),
    )


def _sum(group: IntArray, values: FloatArray, n: int) -> FloatArray:
    return np.asarray(np.bincount(group, weights=values, minlength=n), dtype=np.float64)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    share = np.full(len(whole), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _share_of(community: IntArray, amount: FloatArray, covered: BoolArray, n: int) -> FloatArray:
    inside = community >= 0
    reached = inside & covered
    return _ratio(
        _sum(community[reached], amount[reached], n), _sum(community[inside], amount[inside], n)
    )


def _first_text(values: pd.Series, group: IntArray, n: int) -> np.ndarray:
    texts = np.full(n, "", dtype=object)
    inside = group >= 0
    texts[group[inside][::-1]] = values.to_numpy(dtype=object)[inside][::-1]
    return texts


def weigh_quantile(
    group: IntArray, value: FloatArray, weight: FloatArray, n: int, share: float
) -> FloatArray:
    """Weighted quantile per group: the smallest value at which `share` of the weight is reached.

    NaN for empty groups and where that value is infinite.
    """
    order = np.lexsort((value, group))
    group, value, weight = group[order], value[order], weight[order]
    running = np.concatenate([[0.0], np.cumsum(weight)])
    start = np.searchsorted(group, np.arange(n), side="left")
    end = np.searchsorted(group, np.arange(n), side="right")
    goal = running[start] + share * (running[end] - running[start])
    tolerance = 1e-9 * np.maximum(running[-1], 1.0)
    at = np.searchsorted(running[1:], goal - tolerance, side="left")
    result = np.full(n, np.nan)
    full = (end > start) & (running[end] > running[start])
    found = value[np.minimum(at[full], end[full] - 1)]
    result[full] = np.where(np.isfinite(found), found, np.nan)
    return result


def locate_facilities(communities: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> IntArray:
    """Row of the community each facility lies in, -1 outside all; shape `(F,)`.

    Areas stand for a point inside them. A facility on a shared boundary belongs to the first
    community that touches it.
    """
    points = shapely.point_on_surface(facilities.geometry.to_numpy())
    tree = shapely.STRtree(communities.geometry.to_numpy())
    point, area = tree.query(points, predicate="intersects")
    located = np.full(len(points), len(communities), dtype=np.int64)
    np.minimum.at(located, point, area)
    return np.where(located < len(communities), located, -1)
