"""Demand points: where people start walking, in four grades of trust.

Per community the best that is known is used: the user's table of compounds or buildings;
residential buildings of OSM, weighted by floor area (footprint × levels); cells of residential
land; streets along which homes may stand. The grade is a column of the result. A community's
households are spread in proportion to the weights, so their sum is the community's. A community
about which none of these is known has no demand point: unknown is not zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import project, unproject
from geo.network import StreetNetwork
from geo.units import BoolArray, FloatArray, IntArray
from layers.demand_shares import (
    explain_buildings,
    explain_grades,
    explain_split,
    explain_table,
    settle_table,
)
from layers.land_cells import LandPieces, build_land_pieces
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.starts import find_inner_points, get_shapes, sample_streets

DEMAND_COLUMNS = ("demand_id", "community_id", "name", "households", "weight", "source")
GRADES = ("table", "buildings", "land", "streets")
"""In falling trust."""

_DEFAULT_LEVELS = 1.0
_MOST_LEVELS = 200.0


@dataclass(frozen=True, slots=True, eq=False)
class DemandPoints:
    """Where people start walking, and two frames to measure against.

    Parameters
    ----------
    points
        `DEMAND_COLUMNS` and `geometry` (Point, WGS 84), sorted by community and id. `households` is
        NaN where the community's is unknown; `weight` is above 0 and compares within a community.
        Points of the table outside every community have `community_id` "".
    buildings
        Residential buildings inside communities: building_id, community_id, weight (1), geometry.
    land
        Pieces of residential land inside communities: community_id, area_m2, geometry.
    notices
        What was assumed.
    """

    points: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    land: gpd.GeoDataFrame
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Points of one grade: `P` of them, community positions in `place` (-1 outside all)."""

    source: str
    ids: Sequence[str]
    names: Sequence[str]
    place: IntArray
    weight: FloatArray
    lonlat: FloatArray
    households: FloatArray | None = None


def read_demand(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read a table of compounds or buildings.

    Returns
    -------
    table
        demand_id, name, households, population, geometry (Point; of areas an inner point), WGS 84.
        Rows without an id are numbered by their row.
    notices
        What was found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="demand",
        aliases=aliases,
        geometry="any",
        limits=limits,
    )
    made_up = pd.Series(
        [f"{path.stem}-{row}" for row in frame["row"]], index=frame.index, dtype="str"
    )
    frame["demand_id"] = frame["demand_id"].where(frame["demand_id"] != "", made_up)
    frame = frame[~frame.geometry.isna().to_numpy()].drop_duplicates("demand_id")
    shapes = np.asarray(frame.geometry.to_numpy())
    areal = shapely.get_type_id(shapes) != 0
    if areal.any():
        shapes[areal] = shapely.point_on_surface(shapely.make_valid(shapes[areal]))
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    frame = frame[["demand_id", "name", "households", "population", "geometry"]]
    return frame.sort_values("demand_id", kind="stable").reset_index(drop=True), notices


def build_demand(
    communities: gpd.GeoDataFrame,
    *,
    table: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None,
    residential: gpd.GeoDataFrame | None,
    network: StreetNetwork,
    edge_homes: BoolArray | None = None,
    crs: str | None = None,
    cell_m: float = 50.0,
    street_step_m: float = 50.0,
    layer: str = "demand",
) -> DemandPoints:
    """Demand points of all communities, each in the best grade the data allow.

    Parameters
    ----------
    communities
        community_id, households, geometry (areas, WGS 84), sorted by `community_id`. What lies on a
        border, or where two overlap, belongs to the first.
    table
        As from `read_demand`.
    buildings
        building_id, levels (NaN unknown), name, geometry (areas, WGS 84).
    residential
        Areas of residential land, WGS 84.
    network
        Streets to start from where nothing else is known.
    edge_homes
        Shape `(E,)`: street pieces along which homes may stand; all when None.
    crs
        Metric system for areas; the network's by default.
    cell_m, street_step_m
        Side of a land cell; most metres of street one point stands for.
    layer
        What the notices name.
    """
    metric = crs or network.crs
    areas = shapely.transform(
        np.asarray(communities.geometry.to_numpy()), partial(project, crs=metric)
    )
    tree = shapely.STRtree(areas)
    codes = communities["community_id"].to_numpy()
    batches: list[_Batch] = []
    notices: list[Notice] = []

    listed = _place_table(table, tree, metric)
    homes, homes_frame, levels_known = _place_buildings(buildings, tree, metric, codes)
    pieces = build_land_pieces(get_shapes(residential), areas, metric, cell_m)
    grade = np.full(len(codes), GRADES.index("streets"))
    grade[pieces.place] = GRADES.index("land")
    grade[homes.place] = GRADES.index("buildings")
    if listed is not None:
        grade[listed.place[listed.place >= 0]] = GRADES.index("table")
        batches.append(listed)
    batches.append(_take(homes, grade[homes.place] == GRADES.index("buildings")))
    batches.append(_build_land_batch(pieces, grade, codes, metric))
    streets = _build_streets(network, edge_homes, tree, areas, grade, metric, street_step_m)
    batches.append(streets)
    grade[np.setdiff1d(np.flatnonzero(grade == GRADES.index("streets")), streets.place)] = -1

    households = communities["households"].to_numpy(dtype=np.float64)
    points, table_notices = _spread(batches, households, codes, layer)
    notices.extend(table_notices)
    rests = grade[homes.place] == GRADES.index("buildings")
    notices.extend(
        explain_buildings(
            homes.place[rests],
            homes.weight[rests],
            levels_known[rests],
            households,
            codes,
            layer,
        )
    )
    notices.extend(explain_grades(grade, codes, layer))
    land = gpd.GeoDataFrame(
        {"community_id": pd.array(codes[pieces.place], dtype="str"), "area_m2": pieces.area_m2},
        geometry=gpd.points_from_xy(*unproject(pieces.xy, metric).T),
        crs="EPSG:4326",
    )
    return DemandPoints(points, homes_frame, land, tuple(notices))


def fill_households(
    communities: gpd.GeoDataFrame, demand: DemandPoints, *, layer: str = "communities"
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Households of communities that state none, summed from the table of demand points.

    Only where every point of the community comes from the table and has its households.
    """
    points = demand.points
    complete = (
        points.assign(known=(points["source"] == "table") & points["households"].notna())
        .groupby("community_id", sort=True)
        .agg(known=("known", "all"), households=("households", "sum"))
    )
    sums = complete["households"].where(complete["known"])
    found = communities["community_id"].map(sums).to_numpy(dtype=np.float64, na_value=np.nan)
    fill = communities["households"].isna().to_numpy() & np.isfinite(found)
    if not fill.any():
        return communities, []
    filled = communities.copy()
    filled.loc[fill, "households"] = found[fill]
    codes = [str(code) for code in communities["community_id"][fill]]
    listed = ", ".join(codes[:20]) + (", …" if len(codes) > 20 else "")
    return filled, [
        Notice(
            "info",
            "households_summed",
            layer,
            f"{len(codes)} communities state no households; the sum of their compounds was taken",
            f"{len(codes)} 个社区未填户数，已取其小区户数之和",
            row=listed,
            column="households",
            count=len(codes),
        )
    ]


def assign_first(tree: shapely.STRtree, xy: FloatArray) -> IntArray:
    """Position of the first area of `tree` that holds each point, borders included; -1 for none."""
    place = np.full(len(xy), len(tree.geometries), dtype=np.int64)
    point, area = tree.query(shapely.points(xy), predicate="intersects")
    np.minimum.at(place, point, area)
    place[place == len(tree.geometries)] = -1
    return place


def _place_table(table: gpd.GeoDataFrame | None, tree: shapely.STRtree, crs: str) -> _Batch | None:
    if table is None or not len(table):
        return None
    lonlat = shapely.get_coordinates(table.geometry.to_numpy())
    households = table["households"].to_numpy(dtype=np.float64)
    population = (
        table["population"].to_numpy(dtype=np.float64)
        if "population" in table
        else np.full(len(table), np.nan)
    )
    basis = np.where(np.isfinite(households), households, population)
    return _Batch(
        source="table",
        ids=[str(code) for code in table["demand_id"]],
        names=[str(name) for name in table["name"]],
        place=assign_first(tree, project(lonlat, crs)),
        weight=basis,
        lonlat=lonlat,
        households=households,
    )


def _place_buildings(
    buildings: gpd.GeoDataFrame | None, tree: shapely.STRtree, crs: str, codes: NDArray[Any]
) -> tuple[_Batch, gpd.GeoDataFrame, BoolArray]:
    """Place buildings inside communities by their inner point, weighted by floor area in m²."""
    if buildings is None or not len(buildings):
        ids: list[str] = []
        names: list[str] = []
        place = np.empty(0, dtype=np.int64)
        floor_m2, xy = np.empty(0), np.empty((0, 2))
        known = np.empty(0, dtype=np.bool_)
    else:
        ordered = buildings.sort_values("building_id", kind="stable")
        xy, area_m2 = find_inner_points(np.asarray(ordered.geometry.to_numpy()), crs)
        levels = ordered["levels"].to_numpy(dtype=np.float64)
        known = np.isfinite(levels) & (levels > 0)
        floor_m2 = area_m2 * np.where(known, np.minimum(levels, _MOST_LEVELS), _DEFAULT_LEVELS)
        place = assign_first(tree, xy)
        inside = (place >= 0) & (area_m2 > 0)
        place, floor_m2, xy, known = place[inside], floor_m2[inside], xy[inside], known[inside]
        ids = [str(code) for code in ordered["building_id"].to_numpy()[inside]]
        names = [str(name) for name in ordered["name"].to_numpy()[inside]]
    lonlat = unproject(xy, crs)
    frame = gpd.GeoDataFrame(
        {
            "building_id": pd.array(ids, dtype="str"),
            "community_id": pd.array(codes[place], dtype="str"),
            "weight": np.ones(len(ids)),
        },
        geometry=gpd.points_from_xy(lonlat[:, 0], lonlat[:, 1]),
        crs="EPSG:4326",
    )
    batch = _Batch("buildings", ids, names, place, floor_m2, lonlat)
    return batch, frame, known


def _take(batch: _Batch, chosen: BoolArray) -> _Batch:
    rows = np.flatnonzero(chosen).tolist()
    return _Batch(
        batch.source,
        [batch.ids[row] for row in rows],
        [batch.names[row] for row in rows],
        batch.place[rows],
        batch.weight[rows],
        batch.lonlat[rows],
    )


def _build_land_batch(pieces: LandPieces, grade: IntArray, codes: NDArray[Any], crs: str) -> _Batch:
    chosen = np.flatnonzero(grade[pieces.place] == GRADES.index("land"))
    ids = [
        f"l_{column:05d}_{row:05d}_{codes[place]}"
        for column, row, place in zip(
            pieces.column[chosen], pieces.row[chosen], pieces.place[chosen], strict=True
        )
    ]
    return _Batch(
        "land",
        ids,
        [""] * len(ids),
        pieces.place[chosen],
        pieces.area_m2[chosen],
        unproject(pieces.xy[chosen], crs),
    )


def _build_streets(
    network: StreetNetwork,
    edge_homes: BoolArray | None,
    tree: shapely.STRtree,
    areas: NDArray[Any],
    grade: IntArray,
    crs: str,
    step_m: float,
) -> _Batch:
    """Points along the kept streets of communities about which nothing else is known."""
    wanted = np.flatnonzero(grade == GRADES.index("streets"))
    if not wanted.size:
        return _Batch("streets", [], [], np.empty(0, np.int64), np.empty(0), np.empty((0, 2)))
    here = areas[wanted]
    if network.crs != crs:
        here = shapely.transform(here, lambda xy: project(unproject(xy, crs), network.crs))
    found = sample_streets(network, edge_homes, step_m, within=here)
    place = assign_first(tree, project(found.lonlat, crs))
    inside = np.flatnonzero((place >= 0) & np.isin(place, wanted))
    ids = [f"s_{found.edge[row]}_{found.number[row]}" for row in inside]
    weight, lonlat = found.weight_m[inside], found.lonlat[inside]
    return _Batch("streets", ids, [""] * len(ids), place[inside], weight, lonlat)


def _spread(
    batches: Sequence[_Batch],
    households: FloatArray,
    codes: NDArray[Any],
    layer: str,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """All batches as one frame, households spread over each community's points by weight."""
    notices: list[Notice] = []
    frames = []
    taken = {code for batch in batches if batch.source != "table" for code in batch.ids}
    for batch in batches:
        if batch.households is not None:
            own, weight = settle_table(batch.place, batch.households, batch.weight, households)
            notices.extend(
                explain_split(
                    batch.ids, batch.place, batch.households, batch.weight, own, codes, layer
                )
            )
            notices.extend(
                explain_table(batch.ids, batch.place, own, weight, households, codes, layer)
            )
            ids = [f"t_{code}" if code in taken else code for code in batch.ids]
        else:
            weight, ids = batch.weight, list(batch.ids)
            total = np.bincount(batch.place, weights=weight, minlength=len(codes))
            own = households[batch.place] * (weight / total[batch.place])
        frames.append(
            pd.DataFrame(
                {
                    "demand_id": pd.array(ids, dtype="str"),
                    "community_id": pd.array(
                        np.where(batch.place >= 0, codes[batch.place], "").astype(object),
                        dtype="str",
                    ),
                    "name": pd.array(list(batch.names), dtype="str"),
                    "households": own,
                    "weight": weight,
                    "source": pd.array([batch.source] * len(ids), dtype="str"),
                    "lon": batch.lonlat[:, 0],
                    "lat": batch.lonlat[:, 1],
                }
            )
        )
    whole = pd.concat(frames, ignore_index=True)
    whole = whole[whole["weight"] > 0]
    whole = whole.sort_values(["community_id", "demand_id"], kind="stable").reset_index(drop=True)
    points = gpd.GeoDataFrame(
        whole[list(DEMAND_COLUMNS)],
        geometry=gpd.points_from_xy(whole["lon"], whole["lat"]),
        crs="EPSG:4326",
    )
    return points, notices
