"""Homes, children and schools of a city, tied to its streets: what every question about places rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.network import StreetNetwork
from geo.snap import Links
from geo.units import FloatArray, IntArray
from layers.parcels import PARCEL_COLUMNS
from layers.schooling.model import LEVELS, LevelCode, Parameters, SchoolSources
from services.schools.forecast import forecast_children
from services.schools.housing import Arrivals, build_arrivals, list_ratios
from services.schools.places import build_schools
from services.schools.tally import add_groups
from services.schools.ways_in import enter_parcels
from services.walks import Walks, join_links, limit_in_metres

NO_HOMES = "demand"
_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True, eq=False)
class SchoolCity:
    """A city as places are counted in: `H` homes, `C` communities, `S` schools, `Y` years.

    A school stands once per level it teaches. Children outside every community are not counted;
    schools outside are.

    Parameters
    ----------
    name
        The city's.
    homes, home_community, home_households
        Demand points, then housing to come: where their walks begin, row of their community (-1 outside
        all), shape `(H,)`; households that live there by each year (NaN where unknown), shape `(H, Y)`.
    communities
        As `layers.results.COMMUNITIES`.
    parcels
        All parcels, counted on or not; empty where there are none.
    schools
        As `services.schools.places.build_schools`.
    entrances, entrance_school
        Ways into schools, and the row of `schools` each leads into.
    parcel_entrances, entrance_parcel
        Ways into parcels, and the row of `parcels` each leads into.
    children
        By level, shape `(H, Y)`; NaN where unknown.
    unsettled
        By level, shape `(C, Y)`: what would settle a community's unknown children, else "".
    assigned
        By level, shape `(H,)`: row of the school to whose assigned catchment a home belongs, -1 for none.
    catchments
        Assigned catchments: facility_id, name, level, geometry (WGS 84); None where there are none.
    years
        Shape `(Y,)`, calendar years.
    """

    name: str
    network: StreetNetwork
    homes: Links
    home_community: IntArray
    home_households: FloatArray
    communities: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    entrances: Links
    entrance_school: IntArray
    parcel_entrances: Links
    entrance_parcel: IntArray
    children: Mapping[LevelCode, FloatArray]
    unsettled: Mapping[LevelCode, NDArray[np.object_]]
    assigned: Mapping[LevelCode, IntArray]
    catchments: gpd.GeoDataFrame | None
    years: IntArray
    parameters: Parameters
    speeds_m_s: Mapping[str, float]

    def limit_m(self, level: LevelCode) -> float:
        """Longest walk to a school of a level, metres."""
        limit = self.parameters.levels[level].limit
        return limit_in_metres(limit.value, limit.unit, self.speeds_m_s["child"])

    def list_schools(self, level: LevelCode) -> IntArray:
        """Rows of the schools of a level."""
        return np.flatnonzero((self.schools["level"] == level).to_numpy())


def build_school_city(
    walks: Walks,
    communities: gpd.GeoDataFrame,
    *,
    name: str,
    parcels: gpd.GeoDataFrame | None,
    sources: SchoolSources,
    parameters: Parameters,
    years: IntArray,
    speeds_m_s: Mapping[str, float],
    max_leg_m: float,
    per_thousand: Mapping[LevelCode, float] | None = None,
    persons_per_household: float | None = None,
) -> SchoolCity:
    """Tie children and schools to the streets.

    The same figures come out of a city just read and of one read back from its run.

    Parameters
    ----------
    walks
        Homes and facilities, tied.
    communities
        Sorted by `community_id`.
    years
        Shape `(Y,)`, rising and without a break, at least one.
    max_leg_m
        As for homes that stand.
    per_thousand, persons_per_household
        As in `services.schools.forecast.forecast_children`.

    Raises
    ------
    ValueError
        No year, or a break in the years.
    """
    if len(years) == 0 or (np.diff(years) != 1).any():
        raise ValueError(f"years are {years.tolist()}; expected one or more without a break")
    land = _list_parcels(parcels)
    forecast = forecast_children(
        sources,
        communities,
        years,
        parameters,
        per_thousand=per_thousand,
        persons_per_household=persons_per_household,
    )
    arrivals = build_arrivals(
        sources.housing, communities, walks.network, years, max_leg_m=max_leg_m
    )
    standing = _find_communities(walks.demand, communities)
    basis = _measure_basis(walks.demand, standing, len(communities))
    children: dict[LevelCode, FloatArray] = {}
    unsettled: dict[LevelCode, NDArray[np.object_]] = {}
    for level in LEVELS:
        ratios = list_ratios(forecast.children[level], communities)
        children[level], unsettled[level] = _place_children(
            forecast.children[level], forecast.settled_by[level], ratios, standing, basis, arrivals
        )
    homes = join_links([walks.demand_links, arrivals.links])
    living = walks.demand["households"].to_numpy(dtype=np.float64)
    schools = build_schools(
        walks.facilities,
        land,
        communities,
        parameters,
        first_year=int(years[0]),
        crs=walks.network.crs,
    )
    parcel_entrances, entrance_parcel = enter_parcels(walks.network, land, max_leg_m=max_leg_m)
    entrances, entrance_school = _enter_schools(walks, schools, parcel_entrances, entrance_parcel)
    lonlat = np.concatenate([_get_lonlat(walks.demand), arrivals.lonlat])
    return SchoolCity(
        name=name,
        network=walks.network,
        homes=homes,
        home_community=np.concatenate([standing, arrivals.community]),
        home_households=np.concatenate(
            [np.repeat(living[:, None], len(years), axis=1), arrivals.present]
        ),
        communities=communities,
        parcels=land,
        schools=schools,
        entrances=entrances,
        entrance_school=entrance_school,
        parcel_entrances=parcel_entrances,
        entrance_parcel=entrance_parcel,
        children=children,
        unsettled=unsettled,
        assigned={level: _assign(sources.catchments, schools, level, lonlat) for level in LEVELS},
        catchments=sources.catchments,
        years=years,
        parameters=parameters,
        speeds_m_s=speeds_m_s,
    )


def _list_parcels(parcels: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if parcels is not None:
        return parcels.reset_index(drop=True)
    numbers = ("area_m2", "planned_classes", "opening_year")
    columns = {
        name: pd.Series(dtype="float64" if name in numbers else "str") for name in PARCEL_COLUMNS
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=_WGS84), crs=_WGS84)


def _get_lonlat(frame: gpd.GeoDataFrame) -> FloatArray:
    points = np.asarray(frame.geometry.to_numpy(), dtype=object)
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)]).reshape(-1, 2)


def _find_communities(demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> IntArray:
    rows = pd.Index(communities["community_id"]).get_indexer(pd.Index(demand["community_id"]))
    return np.asarray(rows, dtype=np.int64)


def _measure_basis(demand: gpd.GeoDataFrame, community: IntArray, n: int) -> FloatArray:
    """Share of each home in its community's children: by households, else by weight; shape `(D,)`."""
    inside = community >= 0
    share = np.zeros(len(community))
    households = demand["households"].to_numpy(dtype=np.float64)
    total = add_groups(community, households, n)
    known = np.isfinite(total) & (total > 0)
    weight = demand["weight"].to_numpy(dtype=np.float64)
    by_households = inside & known[community]
    amount = np.where(by_households, households, weight)
    whole = np.where(known, total, add_groups(community, weight, n))[community]
    np.divide(amount, whole, out=share, where=inside & (whole > 0))
    return share


def _place_children(
    forecast: FloatArray,
    settled_by: NDArray[np.object_],
    ratio: FloatArray,
    standing: IntArray,
    basis: FloatArray,
    arrivals: Arrivals,
) -> tuple[FloatArray, NDArray[np.object_]]:
    """Children of one level at every home, shape `(H, Y)`, and what settles the unknown, `(C, Y)`.

    Children of a community no home is known in cannot be placed: they are unknown. Homes to come of
    unknown year or size leave only their own unknown: the others' are the least the community has.
    """
    n = len(forecast)
    unsettled = settled_by.copy()
    housed = np.zeros(n, dtype=np.bool_)
    housed[standing[standing >= 0]] = True
    lost = ~housed[:, None] & (forecast > 0)
    unsettled[lost & (unsettled == "")] = NO_HOMES
    uncounted = unsettled != ""
    coming = arrivals.count_children(ratio)
    for place, column in zip(*np.nonzero(np.isnan(coming)), strict=True):
        here = arrivals.community[place]
        if here >= 0 and unsettled[here, column] == "":
            unsettled[here, column] = arrivals.unknown[place] or "communities.households"
    children = np.concatenate(
        [np.where(standing[:, None] >= 0, forecast[standing] * basis[:, None], 0.0), coming]
    )
    community = np.concatenate([standing, arrivals.community])
    inside = community >= 0
    children[~inside] = 0.0
    children[inside] = np.where(uncounted[community[inside]], np.nan, children[inside])
    return children, unsettled


def _enter_schools(
    walks: Walks,
    schools: gpd.GeoDataFrame,
    parcel_entrances: Links,
    entrance_parcel: IntArray,
) -> tuple[Links, IntArray]:
    """Ways into every school: those of its facility, of a school to come those of its parcel."""
    facility = schools["facility_row"].to_numpy()
    listed = np.flatnonzero(facility >= 0)
    start = walks.entrance_start
    counts = start[facility[listed] + 1] - start[facility[listed]]
    begin = np.repeat(start[facility[listed]], counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    of_listed = walks.entrance_links.take(walks.entrance_rows[begin + within])
    parcel = schools["parcel_row"].to_numpy()
    coming = np.flatnonzero(facility < 0)
    school, way = np.nonzero(parcel[coming][:, None] == entrance_parcel[None, :])
    return (
        join_links([of_listed, parcel_entrances.take(way)]),
        np.concatenate([np.repeat(listed, counts), coming[school]]).astype(np.int64),
    )


def _assign(
    catchments: gpd.GeoDataFrame | None,
    schools: gpd.GeoDataFrame,
    level: LevelCode,
    lonlat: FloatArray,
) -> IntArray:
    """Row of the school each home is assigned to, -1 for none; of several catchments the first."""
    assigned = np.full(len(lonlat), len(schools), dtype=np.int64)
    if catchments is not None and len(catchments):
        of_level = np.flatnonzero((schools["level"] == level).to_numpy())
        row_of = pd.Series(of_level, index=schools["school_id"].to_numpy()[of_level])
        here = catchments[catchments["level"].isin(["", level])]
        row = row_of.reindex(here["facility_id"]).fillna(-1).to_numpy(dtype=np.int64)
        shapes = np.asarray(here.geometry.to_numpy(), dtype=object)[row >= 0]
        home, area = shapely.STRtree(shapes).query(shapely.points(lonlat), predicate="intersects")
        np.minimum.at(assigned, home, row[row >= 0][area])
    return np.where(assigned < len(schools), assigned, -1)
