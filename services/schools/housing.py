"""Housing to come: households that arrive in a year, and the children they bring."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import project
from geo.network import StreetNetwork
from geo.snap import Links, snap_homes
from geo.units import FloatArray, IntArray
from layers.demand import assign_first
from services.schools.ways_in import FUTURE_LEG_M

YEAR, HOUSEHOLDS = "housing.year", "housing.households"


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Homes to come: `N` of them, `Y` years.

    Parameters
    ----------
    links, lonlat
        Where their walks begin; WGS 84 degrees, shape `(N, 2)`.
    community
        Shape `(N,)`: row of the community, -1 outside all.
    households
        Shape `(N,)`, NaN where unknown.
    present
        Shape `(N, Y)`: households that live there by then, NaN where unknown.
    unknown
        Shape `(N,)`: the column that is missing, else "".
    """

    links: Links
    lonlat: FloatArray
    community: IntArray
    households: FloatArray
    present: FloatArray
    unknown: NDArray[np.object_]

    def count_children(self, ratio: FloatArray) -> FloatArray:
        """Children by children per household of the community (shape `(C, Y)`); shape `(N, Y)`."""
        children = self.present * ratio[self.community]
        return np.where(self.present == 0, 0.0, children)


def build_arrivals(
    housing: gpd.GeoDataFrame | None,
    communities: gpd.GeoDataFrame,
    network: StreetNetwork,
    years: IntArray,
    *,
    max_leg_m: float,
) -> Arrivals:
    """Homes to come, from their year of delivery on.

    What was delivered before the first year is among the households that live there today.
    Housing of which only the community is known stands at a point inside it. Its streets are often
    not drawn yet, so it may lie `FUTURE_LEG_M` from the nearest.

    Parameters
    ----------
    housing
        As `layers.schooling.model.SchoolSources.housing`; rows without any place are left out.
    years
        Shape `(Y,)`, calendar years.
    """
    if housing is None:
        housing = gpd.GeoDataFrame(
            {"community_id": [], "households": [], "year": []},
            geometry=gpd.GeoSeries([], crs="EPSG:4326"),
        )
    year = housing["year"].to_numpy(dtype=np.float64)
    nowhere = (housing.geometry.isna() | housing.geometry.is_empty).to_numpy(dtype=np.bool_)
    stated = housing["community_id"].isin(communities["community_id"]).to_numpy(dtype=np.bool_)
    housing = housing[~(year < years[0]) & (stated | ~nowhere)].reset_index(drop=True)
    points, community = _find_places(housing, communities)
    lonlat = np.column_stack([shapely.get_x(points), shapely.get_y(points)]).reshape(-1, 2)
    households = housing["households"].to_numpy(dtype=np.float64)
    year = housing["year"].to_numpy(dtype=np.float64)
    arrived = np.where(np.isnan(year)[:, None], np.nan, year[:, None] <= years[None, :])
    present = np.where(arrived == 0, 0.0, arrived * households[:, None])
    return Arrivals(
        links=snap_homes(
            network, project(lonlat, network.crs), max_leg_m=max(max_leg_m, FUTURE_LEG_M)
        ),
        lonlat=lonlat,
        community=community,
        households=households,
        present=present,
        unknown=np.select([np.isnan(year), np.isnan(households)], [YEAR, HOUSEHOLDS], "").astype(
            object
        ),
    )


def _find_places(
    housing: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], IntArray]:
    """A point of each and the row of its community: as stated, else the one it lies in."""
    areas = np.asarray(communities.geometry.to_numpy(), dtype=object)
    stated = pd.Index(communities["community_id"]).get_indexer(pd.Index(housing["community_id"]))
    points = np.asarray(housing.geometry.to_numpy(), dtype=object).copy()
    nowhere = shapely.is_missing(points) | shapely.is_empty(points)
    points[nowhere] = areas[stated[nowhere]]
    points = np.asarray(shapely.point_on_surface(points), dtype=object)
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)]).reshape(-1, 2)
    inside = assign_first(shapely.STRtree(areas), xy)
    return points, np.where(stated >= 0, stated, inside).astype(np.int64)


def list_ratios(children: FloatArray, communities: gpd.GeoDataFrame) -> FloatArray:
    """Children per household of each community and year, shape `(C, Y)`.

    Where a community has no households yet, or none that are known, its district's ratio, else the
    city's; NaN where its children are unknown or no ratio is known.
    """
    households = communities["households"].to_numpy(dtype=np.float64)
    district = communities["district"].to_numpy(dtype=object)
    own = _divide(children, households[:, None])
    everywhere = np.zeros(len(own), dtype=np.int64)
    places = pd.factorize(district)[0].astype(np.int64)
    for group in (np.where(district == "", -1, places), everywhere):
        unknown = np.isnan(own) & ~np.isnan(children)
        if unknown.any():
            wider = _pool(children, households, group)
            own = np.where(unknown, wider, own)
    return own


def _divide(part: FloatArray, whole: FloatArray) -> FloatArray:
    wide = np.broadcast_to(whole, part.shape)
    ratio: FloatArray = np.full(part.shape, np.nan)
    np.divide(part, wide, out=ratio, where=wide > 0)
    return ratio


def _pool(children: FloatArray, households: FloatArray, group: IntArray) -> FloatArray:
    """Ratio of each row's group, from the communities whose children and households are known."""
    known = ~np.isnan(children) & (households > 0)[:, None] & (group >= 0)[:, None]
    n = int(group.max(initial=-1)) + 1
    total, homes = np.zeros((n, children.shape[1])), np.zeros((n, children.shape[1]))
    inside = group >= 0
    np.add.at(total, group[inside], np.where(known, children, 0.0)[inside])
    np.add.at(homes, group[inside], np.where(known, households[:, None], 0.0)[inside])
    if n == 0:
        return np.full(children.shape, np.nan)
    ratio = _divide(total, homes)[group]
    return np.where(inside[:, None], ratio, np.nan)
