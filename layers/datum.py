"""Whether points stand in the datum they are said to: measured against the streets.

People build along streets. If clearly more points lie near a street after undoing the GCJ-02 or
BD-09 shift than as given, the coordinates look shifted. That is reported, with the measured shift;
nothing is ever moved without being told to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod

from geo.crs import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    project,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.network import StreetNetwork
from geo.units import FloatArray
from layers.notices import Notice

Move = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]

_NEAR_M = 30.0
_MOST_POINTS = 3000
_LEAST_POINTS = 12
_LEAST_GAIN = 0.1
_LEAST_Z = 3.3


def _bd_offset_taken_off(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """GCJ-02 positions from which the BD-09 offset was taken off though they never had it."""
    return gcj02_to_wgs84(*gcj02_to_bd09(lon, lat))


MOVES: MappingProxyType[str, Move] = MappingProxyType(
    {
        "gcj02": gcj02_to_wgs84,
        "bd09": bd09_to_wgs84,
        "gcj02 less the bd09 offset": _bd_offset_taken_off,
        "bd09 taken for gcj02": bd09_to_gcj02,
        "wgs84 taken for gcj02": wgs84_to_gcj02,
        "wgs84 taken for bd09": wgs84_to_bd09,
    }
)
"""What coordinates may really be → how to bring them to WGS 84."""

_NAMES_ZH = MappingProxyType(
    {
        "gcj02": "GCJ-02（火星坐标）",
        "bd09": "BD-09（百度坐标）",
        "gcj02 less the bd09 offset": "误减 BD-09 偏移量的 GCJ-02",
        "bd09 taken for gcj02": "误当 GCJ-02 的 BD-09",
        "wgs84 taken for gcj02": "误当 GCJ-02 的 WGS 84",
        "wgs84 taken for bd09": "误当 BD-09 的 WGS 84",
    }
)
_DECLARE = MappingProxyType({"gcj02": 'crs = "gcj02"', "bd09": 'crs = "bd09"'})


@dataclass(frozen=True, slots=True)
class DatumShift:
    """How well points fit the streets, as given and moved.

    Parameters
    ----------
    n_points
        Points tested: those within 1 km of the streets' extent.
    share_as_given
        Share of them within 30 m of a street.
    share_moved
        The same per entry of `MOVES`.
    shift_m
        Median distance each entry moves a point, metres.
    best
        Entry that fits clearly better than the points as given, or "".
    """

    n_points: int
    share_as_given: float
    share_moved: MappingProxyType[str, float]
    shift_m: MappingProxyType[str, float]
    best: str


def measure_shift(
    lonlat: FloatArray, network: StreetNetwork, *, near_m: float = _NEAR_M
) -> DatumShift:
    """Compare points with the streets, as given and with each known shift undone.

    Parameters
    ----------
    lonlat
        Shape `(P, 2)`, degrees, said to be WGS 84.
    near_m
        How close to a street a point counts as near, metres.

    Returns
    -------
    shift
        `best` is set when at least 12 points were tested and a shift brings at least 10 percentage
        points more of them near a street, and 3.3 standard errors.
    """
    points = lonlat[np.isfinite(lonlat).all(axis=1)]
    if len(points) > _MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, _MOST_POINTS).astype(np.int64)]
    tree, _ = network.kept_tree
    if len(points) and len(tree):
        points = points[_find_close(points, tree, network)]
    if not len(points) or not len(tree):
        zeros = MappingProxyType(dict.fromkeys(MOVES, 0.0))
        return DatumShift(0, 0.0, zeros, zeros, "")
    geod = Geod(ellps="WGS84")
    as_given = _measure_near(points, tree, network, near_m)
    shares, shifts = {}, {}
    for name, move in MOVES.items():
        lon, lat = move(points[:, 0], points[:, 1])
        _, _, moved_m = geod.inv(points[:, 0], points[:, 1], lon, lat)
        shifts[name] = float(np.median(moved_m))
        near = _measure_near(np.column_stack([lon, lat]), tree, network, near_m)
        shares[name] = near if shifts[name] > near_m else as_given
    best = max(shares, key=lambda name: shares[name])
    clear = len(points) >= _LEAST_POINTS and _is_clear(as_given, shares[best], len(points))
    return DatumShift(
        len(points),
        as_given,
        MappingProxyType(shares),
        MappingProxyType(shifts),
        best if clear else "",
    )


def check_datum(frame: gpd.GeoDataFrame, network: StreetNetwork, *, layer: str) -> list[Notice]:
    """Warn if the table's places fit the streets clearly better with a shift undone.

    Of areas the corners are taken: boundaries follow streets.
    """
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    shift = measure_shift(shapely.get_coordinates(shapes), network)
    if not shift.best:
        return []
    moved_m, share = shift.shift_m[shift.best], shift.share_moved[shift.best]
    advice = (
        f"if so, declare {_DECLARE[shift.best]} for this file"
        if shift.best in _DECLARE
        else "check which transformation the coordinates went through, and take the originals"
    )
    advice_zh = (
        f"如确认，请为该文件声明 {_DECLARE[shift.best]}"
        if shift.best in _DECLARE
        else "请核对坐标曾做过的转换，并改用原始坐标"
    )
    return [
        Notice(
            "warning",
            "datum_looks_shifted",
            layer,
            f"coordinates look like {shift.best}: {shift.share_as_given:.0%} of {shift.n_points} "
            f"places lie within {_NEAR_M:.0f} m of a street as given, {share:.0%} after moving "
            f"them {moved_m:.0f} m; they were not moved; {advice}",
            f"坐标疑似 {_NAMES_ZH[shift.best]}：{shift.n_points} 个点中 {shift.share_as_given:.0%} "
            f"距道路 {_NEAR_M:.0f} 米以内，平移 {moved_m:.0f} 米后为 {share:.0%}；未作移动；"
            f"{advice_zh}",
            column="geometry",
            found=f"{shift.share_as_given:.3f}",
            expected=f"{share:.3f} ({shift.best}, {moved_m:.0f} m)",
            count=shift.n_points,
        )
    ]


def _find_close(
    points: FloatArray, tree: shapely.STRtree, network: StreetNetwork
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    west, south, east, north = shapely.total_bounds(tree.geometries)
    xy = project(points, network.crs)
    margin_m = 1000.0
    close: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (xy[:, 0] > west - margin_m)
        & (xy[:, 0] < east + margin_m)
        & (xy[:, 1] > south - margin_m)
        & (xy[:, 1] < north + margin_m)
    )
    return close


def _measure_near(
    points: FloatArray, tree: shapely.STRtree, network: StreetNetwork, near_m: float
) -> float:
    shapes = shapely.points(project(points, network.crs))
    near = tree.query(shapes, predicate="dwithin", distance=near_m)[0]
    return len(np.unique(near)) / len(points)


def _is_clear(before: float, after: float, n: int) -> bool:
    """Whether two shares of `n` points differ by more than chance (two-proportion z test)."""
    pooled = (before + after) / 2
    error = np.sqrt(max(2 * pooled * (1 - pooled) / n, 1e-12))
    return after - before >= _LEAST_GAIN and (after - before) / error >= _LEAST_Z
