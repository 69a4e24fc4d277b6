"""Where the school on a parcel would be entered: along its edge, from the streets it fronts."""

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import project
from geo.network import StreetNetwork
from geo.snap import Links, snap_homes
from geo.units import FloatArray, IntArray

_STEP_M = 25.0
"""A way in is looked for at every so many metres of a parcel's edge."""
_FRONTAGE_M = 20.0
"""How much farther than the nearest street others may be and still be fronted."""
FUTURE_LEG_M = 1000.0
"""A parcel or compound to come may lie this far from today's streets: its own are not drawn yet."""


def project_shapes(frame: gpd.GeoDataFrame, crs: str) -> np.ndarray:
    """Shapes of a frame in WGS 84 as metres of `crs`."""
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    return np.asarray(shapely.transform(shapes, lambda lonlat: project(lonlat, crs)), dtype=object)


def enter_parcels(
    network: StreetNetwork, parcels: gpd.GeoDataFrame, *, max_leg_m: float
) -> tuple[Links, IntArray]:
    """Ways into parcels, and the row of the parcel each leads into.

    Points of a parcel's edge are tied to their nearest street; those nearly as near as the nearest of
    the parcel are its ways in. Parcels farther than `FUTURE_LEG_M` from every street have none.

    Parameters
    ----------
    parcels
        Points or areas, WGS 84.
    max_leg_m
        As for homes; parcels may lie farther off.
    """
    places, owner = _sample_edges(project_shapes(parcels, network.crs))
    links = snap_homes(network, places, max_leg_m=max(max_leg_m, FUTURE_LEG_M))
    nearest = np.full(len(parcels), np.inf)
    np.minimum.at(nearest, owner, links.leg_m)
    kept = np.flatnonzero(links.connected & (links.leg_m <= nearest[owner] + _FRONTAGE_M))
    return links.take(kept), owner[kept]


def _sample_edges(shapes: np.ndarray) -> tuple[FloatArray, IntArray]:
    """Points along the edges of areas, every `_STEP_M`; points as they are."""
    rings, owner = shapely.get_parts(shapely.segmentize(_edges(shapes), _STEP_M), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    return xy, owner[ring].astype(np.int64)


def _edges(shapes: np.ndarray) -> np.ndarray:
    areal = shapely.get_dimensions(shapes) == 2
    edges = shapes.copy()
    edges[areal] = shapely.boundary(shapes[areal])
    return edges
