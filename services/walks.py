"""Homes, facilities and streets tied together: who walks how far to which kind of facility.

Selects rows and hands arrays to `geo.reach`; every walk here ends at a facility's entrance and
includes both straight legs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import project, unproject
from geo.network import StreetNetwork
from geo.reach import Nearest, count_within, measure_nearest, measure_within, rank_nearest
from geo.snap import Links, snap_entrances, snap_homes
from geo.units import UNREACHED, BoolArray, FloatArray, Int32Array, IntArray, quantize_m
from layers.kinds import Kind

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
    start, rows = group_entrances(entrances, facilities)
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
        entrance_rows=rows,
    )


def group_entrances(
    entrances: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame
) -> tuple[IntArray, IntArray]:
    """Entrances of each facility row in compressed rows; entrances are sorted by `facility_id`."""
    owner = entrances["facility_id"].to_numpy()
    wanted = facilities["facility_id"].to_numpy()
    begin = np.searchsorted(owner, wanted, side="left")
    counts = np.searchsorted(owner, wanted, side="right") - begin
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.repeat(begin - start[:-1], counts) + np.arange(start[-1])
    return start, rows.astype(np.int64)


def measure_reach(walks: Walks, facility_rows: IntArray) -> Reach:
    """Walk of every demand point to the nearest of the given facilities, however far."""
    rows, owner = walks.list_entrances(facility_rows)
    nearest = measure_nearest(walks.network, walks.entrance_links.take(rows), walks.demand_links)
    return name_reach(nearest.walk_m, nearest.source, rows, owner)


def name_reach(walk_m: FloatArray, source: Int32Array, rows: IntArray, owner: IntArray) -> Reach:
    """Walks with the facility and entrance rows of the sources they end at."""
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
    homes = join_links([walks.demand_links, yardsticks.building_links, yardsticks.land_links])
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
        reach=name_reach(nearest.walk_m[:n_demand], nearest.source[:n_demand], rows, owner),
        second_m=second,
        n_within=count_within(pairs, limit_m=main_limit_m),
        building_m=nearest.walk_m[n_demand : n_demand + n_building],
        land_m=nearest.walk_m[n_demand + n_building :],
        street_m=_street_walks(walks.network, sources, nearest),
    )


def join_links(links: Sequence[Links]) -> Links:
    """Several sets of points of one network as one, in their order."""
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


def tie_points(network: StreetNetwork, point_xy: FloatArray, edge: Int32Array) -> Links:
    """Tie points to streets that are already known.

    Parameters
    ----------
    point_xy
        Shape `(P, 2)`, metres of the network's system.
    edge
        Shape `(P,)`: the edge of each point, -1 when unconnected.
    """
    rows = np.flatnonzero(edge >= 0)
    edges = edge[rows]
    lines = network.edge_lines[edges]
    points = np.asarray(shapely.points(point_xy[rows]))
    along = shapely.line_locate_point(lines, points)
    foot = np.asarray(shapely.line_interpolate_point(lines, along))
    drawn_m = shapely.length(lines)
    length_m = network.edge_length_m[edges]
    scale = np.divide(length_m, drawn_m, out=np.zeros_like(drawn_m), where=drawn_m > 0)
    offset_m = np.zeros(len(edge))
    leg_m = np.full(len(edge), UNREACHED)
    snap_xy = point_xy.copy()
    offset_m[rows] = np.minimum(quantize_m(along * scale), length_m)
    leg_m[rows] = quantize_m(shapely.distance(points, foot))
    snap_xy[rows] = shapely.get_coordinates(foot)
    return Links(network.crs, edge, offset_m, leg_m, snap_xy)


def middle_links(network: StreetNetwork) -> Links:
    """The middle of every street piece as a place where walks start; none on islands set aside."""
    edge = np.where(network.edge_kept, np.arange(network.n_edges), -1).astype(np.int32)
    middles = shapely.line_interpolate_point(network.edge_lines, 0.5, normalized=True)
    return Links(
        network.crs,
        edge,
        network.edge_length_m / 2,
        np.where(network.edge_kept, 0.0, UNREACHED),
        shapely.get_coordinates(middles),
    )


def unproject_links(links: Links) -> FloatArray:
    """Where walks start on their street, WGS 84 degrees, shape `(P, 2)`."""
    return unproject(links.snap_xy, links.crs)
