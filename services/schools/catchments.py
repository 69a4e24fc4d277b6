"""Areas from which schools take their children, for the map."""

from collections.abc import Mapping, Sequence
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import unproject
from geo.units import FloatArray, IntArray
from layers.results import CATCHMENTS, shape_table
from layers.schooling.model import LevelCode
from services.schools.placing import Placer

ASSIGNED, PLACED = "assigned", "placed"
CELL_M = 100.0
"""Side of the squares placed catchments are drawn with: only the picture depends on it."""
_FEW = 1e-6


def draw_catchments(placers: Mapping[LevelCode, Placer]) -> gpd.GeoDataFrame:
    """Draw assigned catchments, and around those placed in each school the squares they live in.

    A square goes to the school most of its placed children go to; `children` are all who are placed in
    the school, in whichever square. Rows stand for the year they name
    and those after it, until the next year of the same level: the first, and each in which schools open.

    Returns
    -------
    catchments
        `layers.results.CATCHMENTS` and `geometry` (areas, WGS 84).
    """
    rows: list[dict[str, object]] = []
    for placer in placers.values():
        for at in _list_years(placer):
            rows += [*_tell_assigned(placer, at), *_draw_placed(placer, at)]
    frame = pd.DataFrame(rows, columns=[*CATCHMENTS, "geometry"])
    shapes = gpd.GeoSeries(list(frame.pop("geometry")), crs="EPSG:4326")
    return gpd.GeoDataFrame(shape_table(frame, "catchments"), geometry=shapes)


def _list_years(placer: Placer) -> list[int]:
    """Columns of the first year and of those in which other schools are open than the year before."""
    changes = (placer.opened[1:] != placer.opened[:-1]).any(axis=1)
    return [0, *(np.flatnonzero(changes) + 1).tolist()]


def _tell_assigned(placer: Placer, at: int) -> list[dict[str, object]]:
    city = placer.city
    table = city.catchments
    shown = placer.shown
    ids = placer.ids
    here = None if table is None else table[table["level"].isin(["", placer.level])]
    if here is None or not here["facility_id"].isin(ids[shown]).any():
        return []
    here = here[here["facility_id"].isin(ids[shown])].dissolve("facility_id", sort=True)
    live = city.assigned[placer.level]
    children = pd.Series(city.children[placer.level][live >= 0, at]).groupby(
        city.schools["school_id"].to_numpy()[live[live >= 0]]
    )
    total = children.sum(min_count=1).where(children.apply(lambda one: one.notna().all()))
    of_each = total.reindex(here.index).to_numpy(dtype=np.float64)
    nobody = ~here.index.isin(list(children.groups))
    names = [str(code) for code in here.index]
    return _tabulate(
        placer, at, ASSIGNED, names, np.where(nobody, 0.0, of_each), here.geometry.to_list()
    )


def _draw_placed(placer: Placer, at: int) -> list[dict[str, object]]:
    city, flow = placer.city, placer.place(at).flow
    used = np.flatnonzero(flow > _FEW)
    shown = placer.certain & placer.opened[at]
    used = used[shown[placer.target[used]]]
    school, squares = _vote(
        city.homes.snap_xy[placer.home[used]], placer.target[used], flow[used], len(placer.rows)
    )
    placed = np.bincount(placer.target[used], weights=flow[used], minlength=len(placer.rows))
    children = placed.astype(np.float64)
    ids = placer.ids
    drawn = np.unique(school)
    to_degrees = partial(unproject, crs=city.network.crs)
    shapes = [
        shapely.transform(shapely.union_all(squares[school == one]), to_degrees) for one in drawn
    ]
    return _tabulate(placer, at, PLACED, [str(ids[one]) for one in drawn], children[drawn], shapes)


def _vote(
    home_xy: FloatArray, school: IntArray, children: FloatArray, n: int
) -> tuple[IntArray, np.ndarray]:
    """The school most children of each square go to, and the squares, metres."""
    cell = np.floor(home_xy / CELL_M).astype(np.int64)
    places, square = np.unique(cell, axis=0, return_inverse=True)
    key = square.reshape(-1) * n + school
    keys, at = np.unique(key, return_inverse=True)
    votes = np.bincount(at.reshape(-1), weights=children)
    order = np.lexsort((keys, -votes, keys // n))
    _, first = np.unique(keys[order] // n, return_index=True)
    winner = keys[order][first] % n
    west, south = places[:, 0] * CELL_M, places[:, 1] * CELL_M
    return winner, np.asarray(shapely.box(west, south, west + CELL_M, south + CELL_M))


def _tabulate(
    placer: Placer,
    at: int,
    source: str,
    ids: list[str],
    children: FloatArray,
    shapes: Sequence[shapely.Geometry],
) -> list[dict[str, object]]:
    return [
        {
            "school_id": school,
            "level": placer.level,
            "year": int(placer.city.years[at]),
            "source": source,
            "children": round(number, 6),
            "geometry": shape,
        }
        for school, number, shape in zip(ids, children.tolist(), shapes, strict=True)
    ]
