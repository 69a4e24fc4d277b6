"""Homes within a parcel's walk: those there in the year looked at, and those to come."""

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import project
from geo.reach import measure_within
from geo.snap import snap_homes
from geo.units import FloatArray, IntArray
from layers.schooling.load import list_parts
from services.schools.model import SchoolCity
from services.schools.parcels.model import Service
from services.schools.ways_in import FUTURE_LEG_M

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Housing:
    """Homes to come that reach parcels: pairs of a parcel and a row of `frame`, with their walk."""

    frame: pd.DataFrame
    parcel: IntArray
    home: IntArray
    walk_m: FloatArray


def list_housing(city: SchoolCity, housing: gpd.GeoDataFrame | None) -> Housing | None:
    """Homes to come within the longest walk of any level of each parcel."""
    if housing is None:
        return None
    frame = housing[~(housing["year"] < city.years[0])].reset_index(drop=True)
    points = np.asarray(frame.geometry.to_numpy(), dtype=object).copy()
    nowhere = shapely.is_missing(points) | shapely.is_empty(points)
    areas = np.asarray(city.communities.geometry.to_numpy(), dtype=object)
    stated = pd.Index(city.communities["community_id"]).get_indexer(frame["community_id"])
    points[nowhere & (stated >= 0)] = areas[stated[nowhere & (stated >= 0)]]
    known = ~(shapely.is_missing(points) | shapely.is_empty(points))
    frame, inside = frame[known].reset_index(drop=True), shapely.point_on_surface(points[known])
    lonlat = np.column_stack([shapely.get_x(inside), shapely.get_y(inside)]).reshape(-1, 2)
    links = snap_homes(city.network, project(lonlat, city.network.crs), max_leg_m=FUTURE_LEG_M)
    pairs = measure_within(
        city.network,
        city.parcel_entrances,
        city.entrance_parcel,
        len(city.parcels),
        links,
        limit_m=max(city.limit_m(level) for level in city.parameters.levels),
    )
    return Housing(
        frame=pd.DataFrame(frame.drop(columns="geometry")),
        parcel=np.repeat(np.arange(len(city.parcels)), np.diff(pairs.start)),
        home=pairs.home.astype(np.int64),
        walk_m=pairs.walk_m,
    )


def tell_homes(
    city: SchoolCity, row: int, reached: list[IntArray], homes: Housing | None, *, at: int | None
) -> Service:
    """Households in reach by a year, and the first homes to come.

    Parameters
    ----------
    row
        Row of the parcel.
    reached
        Homes that reach it, one array per school on it.
    at
        Column of the year looked at; None where there is none, and no households are told. Neither are
        they where a home in reach has an unknown number, or may or may not be there by then.
    """
    households = math.nan
    if reached and at is not None:
        within = np.unique(np.concatenate(reached))
        households = float(city.home_households[within, at].sum())
    if homes is None:
        return Service(households=households)
    parts = list_parts(str(city.parcels["level"].iloc[row]), city.parameters)
    limit_m = max((city.limit_m(level) for level in parts), default=-1.0)
    here = np.sort(homes.home[(homes.parcel == row) & (homes.walk_m <= limit_m)])
    coming = homes.frame.iloc[here]
    coming = coming[coming["year"].notna()]
    if coming.empty:
        return Service(households=households, homes_known=bool(parts))
    first = float(coming["year"].min())
    of_first = coming[coming["year"] == first]
    named = of_first["name"].where(of_first["name"] != "", of_first["housing_id"]).tolist()
    more = "…" if len(named) > _MOST_NAMED else ""
    return Service(
        households=households,
        homes_known=True,
        homes_year=first,
        homes=", ".join(named[:_MOST_NAMED]) + more,
        homes_households=float(of_first["households"].sum(skipna=False)),
    )
