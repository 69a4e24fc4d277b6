"""Who reaches which kind of facility: walks of every home, and shares per community.

Selects rows and hands arrays to `geo.reach`; every walk here ends at a facility's entrance and
includes both straight legs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import project, unproject
from geo.network import StreetNetwork
from geo.reach import Nearest, count_within, measure_nearest, measure_within, rank_nearest
from geo.snap import Links, snap_entrances, snap_homes
from geo.units import BoolArray, FloatArray, Int32Array, IntArray
from layers.kinds import Kind
from layers.results import ACCESS

WALK = "walk"


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """Homes and facilities of a city, tied to its walking network.

    Rows are those of the frames' RangeIndex: `H` demand points, `F` facility × kind rows, `S`
    entrances. `entrance_start` and `entrance_rows` list the entrances of each facility row in
    compressed rows. `demand_xy` and `entrance_xy` are metres of the network's system.
    """

    network: StreetNetwork
    demand: gpd.GeoDataFrame
    demand_xy: FloatArray
    demand_links: Links
    facilities: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    entrance_xy: FloatArray
    entrance_links: Links
    entrance_start: IntArray
    entrance_rows: IntArray

    def list_facilities(self, kind: str) -> IntArray:
        """Rows of the facilities of one kind."""
        return np.flatnonzero((self.facilities["kind"] == kind).to_numpy())

    def list_entrances(self, facility_rows: IntArray) -> tuple[IntArray, IntArray]:
        """Entrance rows of some facilities, ascending, and the facility row each belongs to."""
        counts = self.entrance_start[facility_rows + 1] - self.entrance_start[facility_rows]
        begin = np.repeat(self.entrance_start[facility_rows], counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = self.entrance_rows[begin + within]
        owner = np.repeat(facility_rows, counts)
        order = np.lexsort((owner, rows))
        return rows[order], owner[order]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The nearest of some facilities, per demand point.

    Parameters
    ----------
    walk_m
        Shape `(H,)`, metres, `UNREACHED` (inf) where none can be walked to.
    facility, entrance
        Shape `(H,)`: rows in the facility and entrance tables, -1 where unreached.
    """

    walk_m: FloatArray
    facility: Int32Array
    entrance: Int32Array


def point_xy(frame: gpd.GeoDataFrame, crs: str) -> FloatArray:
    """Metres in `crs` of a frame of points in WGS 84, shape `(P, 2)`."""
    points = frame.geometry.to_numpy()
    if len(points) == 0:
        return np.zeros((0, 2))
    return project(np.column_stack([shapely.get_x(points), shapely.get_y(points)]), crs)


def build_walks(
    network: StreetNetwork,
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    *,
    max_leg_m: float,
    edge_private: BoolArray | None = None,
) -> Walks:
    """Tie demand points and entrances to the network.

    The frames stand in WGS 84; they are sorted by their ids (`demand_id`; `facility_id` and
    `kind`; `facility_id` and `entrance_id`), so that equal walks always end at the same facility
    however the input was ordered.

    Parameters
    ----------
    edge_private
        Shape `(E,)`: edges only those who live there walk on; entrances open to public streets
        where one is near (see `geo.snap.snap_entrances`). None: all streets are public.
    """
    demand = demand.sort_values("demand_id", kind="stable").reset_index(drop=True)
    facilities = facilities.sort_values(["facility_id", "kind"], kind="stable")
    facilities = facilities.reset_index(drop=True)
    entrances = entrances.sort_values(["facility_id", "entrance_id"], kind="stable")
    entrances = entrances.reset_index(drop=True)
    demand_xy = point_xy(demand, network.crs)
    entrance_xy = point_xy(entrances, network.crs)
    private = np.zeros(network.n_edges, dtype=np.bool_) if edge_private is None else edge_private
    owner = entrances["facility_id"].to_numpy()
    wanted = facilities["facility_id"].to_numpy()
    begin = np.searchsorted(owner, wanted, side="left")
    end = np.searchsorted(owner, wanted, side="right")
    counts = end - begin
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.repeat(begin - start[:-1], counts) + np.arange(start[-1])
    return Walks(
        network=network,
        demand=demand,
        demand_xy=demand_xy,
        demand_links=snap_homes(network, demand_xy, max_leg_m=max_leg_m),
        facilities=facilities,
        entrances=entrances,
        entrance_xy=entrance_xy,
        entrance_links=snap_entrances(network, entrance_xy, private, max_leg_m=max_leg_m),
        entrance_start=start,
        entrance_rows=rows.astype(np.int64),
    )


def measure_reach(walks: Walks, facility_rows: IntArray) -> Reach:
    """Walk of every demand point to the nearest of the given facilities, however far."""
    rows, owner = walks.list_entrances(facility_rows)
    nearest = measure_nearest(walks.network, walks.entrance_links.take(rows), walks.demand_links)
    return _name_reach(nearest.walk_m, nearest.source, rows, owner)


def _name_reach(walk_m: FloatArray, source: Int32Array, rows: IntArray, owner: IntArray) -> Reach:
    facility = np.full(len(source), -1, dtype=np.int32)
    entrance = np.full(len(source), -1, dtype=np.int32)
    reached = source >= 0
    facility[reached] = owner[source[reached]]
    entrance[reached] = rows[source[reached]]
    return Reach(walk_m, facility, entrance)


@dataclass(frozen=True, slots=True, eq=False)
class Yardsticks:
    """What shares other than those of households are taken over.

    Residential buildings and cells of residential land, snapped, each with the row of its
    community (-1 outside all); land cells carry square metres.
    """

    building_links: Links
    building_community: IntArray
    land_links: Links
    land_community: IntArray
    land_m2: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class KindReach:
    """Everything measured for one kind, in one search per question.

    `reach` as `measure_reach`; `second_m` the walk to the second nearest facility, inf beyond the
    longest limit; `n_within` the facilities within the main limit; `building_m`, `land_m` walks of
    the yardsticks; `street_m` metres from the middle of each street piece (shape `(E,)`).
    """

    kind: Kind
    reach: Reach
    second_m: FloatArray
    n_within: IntArray
    building_m: FloatArray
    land_m: FloatArray
    street_m: FloatArray


def measure_kind(
    walks: Walks,
    yardsticks: Yardsticks,
    kind: Kind,
    *,
    main_limit_m: float,
    longest_limit_m: float,
) -> KindReach:
    """Measure one kind for all homes, buildings, land and streets."""
    rows, owner = walks.list_entrances(walks.list_facilities(kind.code))
    sources = walks.entrance_links.take(rows)
    homes = _concatenate([walks.demand_links, yardsticks.building_links, yardsticks.land_links])
    nearest = measure_nearest(walks.network, sources, homes)
    n_demand = len(walks.demand_links)
    n_building = len(yardsticks.building_links)
    facility, target = np.unique(owner, return_inverse=True)
    pairs = measure_within(
        walks.network,
        sources,
        target,
        len(facility),
        walks.demand_links,
        limit_m=longest_limit_m,
    )
    _, second = rank_nearest(pairs)
    return KindReach(
        kind=kind,
        reach=_name_reach(nearest.walk_m[:n_demand], nearest.source[:n_demand], rows, owner),
        second_m=second,
        n_within=count_within(pairs, limit_m=main_limit_m),
        building_m=nearest.walk_m[n_demand : n_demand + n_building],
        land_m=nearest.walk_m[n_demand + n_building :],
        street_m=_street_walks(walks.network, sources, nearest),
    )


def _concatenate(links: Sequence[Links]) -> Links:
    return Links(
        links[0].crs,
        np.concatenate([one.edge for one in links]),
        np.concatenate([one.offset_m for one in links]),
        np.concatenate([one.leg_m for one in links]),
        np.concatenate([one.snap_xy for one in links]),
    )


def _street_walks(network: StreetNetwork, sources: Links, nearest: Nearest) -> FloatArray:
    """Metres from the middle of each street piece, by way of its ends or along the piece itself."""
    first, last = network.edge_nodes[:, 0], network.edge_nodes[:, 1]
    half = network.edge_length_m / 2
    back = np.where(network.edge_backward, nearest.node_walk_m[first], np.inf)
    ahead = np.where(network.edge_forward, nearest.node_walk_m[last], np.inf)
    walk: FloatArray = np.minimum(back, ahead) + half
    edge = sources.edge[sources.connected]
    lead = sources.offset_m[sources.connected] - half[edge]
    open_way = np.where(lead > 0, network.edge_forward[edge], network.edge_backward[edge])
    along = np.abs(lead) + sources.leg_m[sources.connected]
    np.minimum.at(walk, edge, np.where(open_way | (lead == 0), along, np.inf))
    return walk


def limit_in_metres(limit: float, limit_unit: str, speed_m_s: float) -> float:
    """Longest walk a limit allows: minutes at a speed, or metres as they are."""
    return limit * 60.0 * speed_m_s if limit_unit == "min" else limit


def tabulate_access(
    walks: Walks, measured: Sequence[KindReach], speeds_m_s: Mapping[str, float], limit_min: float
) -> pd.DataFrame:
    """One row per demand point and kind, as `layers.results.ACCESS`."""
    demand = walks.demand
    facility_id = walks.facilities["facility_id"].to_numpy(dtype=object)
    entrance_id = walks.entrances["entrance_id"].to_numpy(dtype=object)
    parts = []
    for one in measured:
        speed = speeds_m_s[one.kind.traveller]
        walk = np.where(np.isfinite(one.reach.walk_m), one.reach.walk_m, np.nan)
        parts.append(
            pd.DataFrame(
                {
                    "demand_id": demand["demand_id"],
                    "community_id": demand["community_id"],
                    "households": demand["households"],
                    "weight": demand["weight"],
                    "kind": one.kind.code,
                    "mode": WALK,
                    "nearest_s": walk / speed,
                    "nearest_m": walk,
                    "second_m": np.where(np.isfinite(one.second_m), one.second_m, np.nan),
                    "n_within": one.n_within,
                    "facility_id": _names(facility_id, one.reach.facility),
                    "entrance_id": _names(entrance_id, one.reach.entrance),
                    "within_limit": one.reach.walk_m <= limit_in_metres(limit_min, "min", speed),
                }
            )
        )
    if not parts:  # the data hold no facility at all
        return pd.DataFrame({name: pd.Series(dtype=one.dtype) for name, one in ACCESS.items()})
    return pd.concat(parts, ignore_index=True)


def _names(ids: np.ndarray, rows: Int32Array) -> pd.Series:
    named = np.where(rows >= 0, ids[np.maximum(rows, 0)] if len(ids) else "", "")
    return pd.Series(named, dtype="str")


def measure_coverage(
    communities: gpd.GeoDataFrame,
    walks: Walks,
    yardsticks: Yardsticks,
    kinds: Iterable[Kind],
    measured: Mapping[str, KindReach],
    speeds_m_s: Mapping[str, float],
    limits: Mapping[str, Iterable[tuple[float, str]]],
) -> pd.DataFrame:
    """Shares within limits, per community and kind, as `layers.results.COVERAGE`.

    Kinds that were not measured, because the data hold no facility of them, and communities
    without a starting point are `unknown`, with no share at all.

    Parameters
    ----------
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
    }
    parts = []
    for kind in kinds:
        one = measured.get(kind.code)
        if one is None:
            shares = [(*limit, _unknown_shares(homes.n)) for limit in limits[kind.code]]
        else:
            place = located[walks.list_facilities(kind.code)]
            inside = np.bincount(place[place >= 0], minlength=homes.n)
            shares = _measure_shares(
                homes, yardsticks, one, inside, speeds_m_s[kind.traveller], limits[kind.code]
            )
        parts += [
            pd.DataFrame(
                {
                    **base,
                    "kind": kind.code,
                    "mode": WALK,
                    "limit": float(limit),
                    "limit_unit": unit,
                    **columns,
                }
            )
            for limit, unit, columns in shares
        ]
    return pd.concat(parts, ignore_index=True)


_Columns = dict[str, object]


def _unknown_shares(n: int) -> _Columns:
    blank = np.full(n, np.nan)
    names = ("households_covered", "share", "building_share", "land_share", "median_s", "p90_s")
    return {
        "status": "unknown",
        **dict.fromkeys(names, blank),
        "facilities_inside": np.zeros(n, dtype=np.int64),
    }


def _measure_shares(
    homes: "_Homes",
    yardsticks: Yardsticks,
    one: KindReach,
    facilities_inside: IntArray,
    speed_m_s: float,
    limits: Iterable[tuple[float, str]],
) -> list[tuple[float, str, _Columns]]:
    median, p90 = (homes.quantile(one.reach.walk_m, share) / speed_m_s for share in (0.5, 0.9))
    shares: list[tuple[float, str, _Columns]] = []
    for limit, unit in limits:
        limit_m = limit_in_metres(limit, unit, speed_m_s)
        covered = one.reach.walk_m <= limit_m
        columns: _Columns = {
            "status": np.where(homes.n_points > 0, "measured", "unknown"),
            "households_covered": homes.sum_households(covered),
            "share": _ratio(homes.sum_weight(covered), homes.total),
            "building_share": _share_of(
                yardsticks.building_community,
                np.ones(len(one.building_m)),
                one.building_m <= limit_m,
                homes.n,
            ),
            "land_share": _share_of(
                yardsticks.land_community,
                yardsticks.land_m2,
                one.land_m <= limit_m,
                homes.n,
            ),
            "median_s": median,
            "p90_s": p90,
            "facilities_inside": facilities_inside,
        }
        shares.append((limit, unit, columns))
    return shares


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
        return _quantile(self.community[rows], value[rows], self.weight[rows], self.n, share)


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


def _quantile(
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


def unproject_links(links: Links) -> FloatArray:
    """Where walks start on their street, WGS 84 degrees, shape `(P, 2)`."""
    return unproject(links.snap_xy, links.crs)
