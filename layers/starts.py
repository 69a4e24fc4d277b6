"""Where walks may start when nobody lists homes: inside buildings, and along streets that have homes."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import project, unproject
from geo.network import StreetNetwork
from geo.units import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class StreetPoints:
    """`P` places along street pieces.

    Parameters
    ----------
    edge
        Shape `(P,)`: the piece.
    number
        Shape `(P,)`: 0, 1, … along it.
    weight_m
        Shape `(P,)`: metres of street the place stands for.
    lonlat
        Shape `(P, 2)`, WGS 84 degrees.
    """

    edge: IntArray
    number: IntArray
    weight_m: FloatArray
    lonlat: FloatArray


def get_shapes(frame: gpd.GeoDataFrame | None) -> NDArray[Any]:
    """Shapes of a layer that may be missing, without the empty ones."""
    if frame is None or not len(frame):
        return np.empty(0, dtype=object)
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    present: NDArray[Any] = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return present


def find_inner_points(shapes: NDArray[Any], crs: str) -> tuple[FloatArray, FloatArray]:
    """A point inside each area, and its size.

    Parameters
    ----------
    shapes
        Shape `(B,)`: areas in WGS 84 degrees.

    Returns
    -------
    xy
        Shape `(B, 2)`, metres of `crs`.
    area_m2
        Shape `(B,)`.
    """
    metric = shapely.transform(shapes, partial(project, crs=crs)) if len(shapes) else shapes
    xy = shapely.get_coordinates(shapely.point_on_surface(metric)).reshape(-1, 2)
    return xy, shapely.area(metric)


def sample_streets(
    network: StreetNetwork,
    edge_homes: BoolArray | None,
    step_m: float,
    *,
    within: NDArray[Any] | None = None,
) -> StreetPoints:
    """Places along kept streets, one for every `step_m` begun.

    Parameters
    ----------
    edge_homes
        Shape `(E,)`: pieces along which homes may stand; all when None.
    step_m
        Most metres one place stands for.
    within
        Shape `(A,)`, metres of the network's system: only pieces that touch one of these areas.
    """
    chosen = np.ones(network.n_edges, dtype=np.bool_) if edge_homes is None else edge_homes
    if within is None:
        edges = np.flatnonzero(chosen & network.edge_kept & (network.edge_length_m > 0))
    else:
        tree, ids = network.index_edges(chosen)
        edges = ids[np.unique(tree.query(within, predicate="intersects")[1])]
    length_m = network.edge_length_m[edges]
    counts = np.maximum(np.ceil(length_m / step_m), 1).astype(np.int64)
    edge = np.repeat(edges, counts)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    along = (number + 0.5) / np.repeat(counts, counts)
    points = shapely.line_interpolate_point(network.edge_lines[edge], along, normalized=True)
    return StreetPoints(
        edge=edge,
        number=number,
        weight_m=np.repeat(length_m / counts, counts),
        lonlat=unproject(shapely.get_coordinates(points).reshape(-1, 2), network.crs),
    )


def list_starts(
    buildings: gpd.GeoDataFrame | None,
    residential: gpd.GeoDataFrame | None,
    network: StreetNetwork,
    *,
    edge_homes: BoolArray | None = None,
    street_step_m: float = 50.0,
) -> NDArray[Any]:
    """Everything a walk may start from, as shapes: analysis cells stand where one of them lies.

    Returns
    -------
    shapes
        Shape `(G,)`, WGS 84 degrees: inner points of residential buildings, residential land, and
        places along the kept streets that may have homes.
    """
    xy, area_m2 = find_inner_points(get_shapes(buildings), network.crs)
    inside = unproject(xy[area_m2 > 0], network.crs)
    along = sample_streets(network, edge_homes, street_step_m).lonlat
    return np.concatenate(
        [
            np.asarray(shapely.points(inside), dtype=object).reshape(-1),
            get_shapes(residential),
            np.asarray(shapely.points(along), dtype=object).reshape(-1),
        ]
    )
