"""Whether points stand in the datum they are said to: measured against the streets.

People build along streets. If clearly more points lie near a street after undoing the GCJ-02 or
BD-09 shift than as given, the coordinates look shifted. That is reported, with the measured shift;
nothing is ever moved without being told to.
"""

from collections.abc import Callable, Collection
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
from layers.coordinates import CoordinateSystem, parse_system
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
        "gcj02 taken for bd09": gcj02_to_bd09,
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
        "gcj02 taken for bd09": "误当 BD-09 的 GCJ-02",
        "wgs84 taken for gcj02": "误当 GCJ-02 的 WGS 84",
        "wgs84 taken for bd09": "误当 BD-09 的 WGS 84",
    }
)
_DECLARE = MappingProxyType({"gcj02": 'crs = "gcj02"', "bd09": 'crs = "bd09"'})
_INSTEAD: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        "gcj02": MappingProxyType(
            {
                "wgs84 taken for gcj02": ("WGS 84", "EPSG:4326"),
                "bd09 taken for gcj02": ("BD-09", "bd09"),
            }
        ),
        "bd09": MappingProxyType(
            {
                "wgs84 taken for bd09": ("WGS 84", "EPSG:4326"),
                "gcj02 taken for bd09": ("GCJ-02", "gcj02"),
            }
        ),
    }
)
"""Declared datum → what its coordinates may really be → name and word for `crs`."""


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
    lonlat: FloatArray,
    network: StreetNetwork,
    *,
    near_m: float = _NEAR_M,
    suspects: Collection[str] = tuple(MOVES),
) -> DatumShift:
    """Compare points with the streets, as given and with each known shift undone.

    Parameters
    ----------
    lonlat
        Shape `(P, 2)`, degrees, said to be WGS 84.
    near_m
        How close to a street a point counts as near, metres.
    suspects
        Entries of `MOVES` to try.

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
        zeros = MappingProxyType(dict.fromkeys(suspects, 0.0))
        return DatumShift(0, 0.0, zeros, zeros, "")
    geod = Geod(ellps="WGS84")
    as_given = _measure_near(points, tree, network, near_m)
    shares, shifts = {}, {}
    for name in suspects:
        lon, lat = MOVES[name](points[:, 0], points[:, 1])
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


def check_datum(
    frame: gpd.GeoDataFrame,
    network: StreetNetwork,
    *,
    layer: str,
    declared: str | int | None = None,
    remedy: tuple[str, str] | None = None,
) -> list[Notice]:
    """Warn if the table's places would fit the streets clearly better in another datum.

    Of areas the corners are taken: boundaries follow streets.

    Parameters
    ----------
    frame
        Places in WGS 84, as read by the declared system.
    declared
        What the user said the file's coordinates are; None when nothing was said.
    remedy
        What to do about it where no system can be declared, English and Chinese.
    """
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    system = None if declared is None else parse_system(declared)
    instead = _INSTEAD.get(system.datum if system else "")
    shift = measure_shift(
        shapely.get_coordinates(shapes), network, suspects=tuple(instead or MOVES)
    )
    if not shift.best:
        return []
    moved_m, share = shift.shift_m[shift.best], shift.share_moved[shift.best]
    given = f"{shift.share_as_given:.0%} of {shift.n_points} places lie within {_NEAR_M:.0f} m"
    given_zh = f"{shift.n_points} 个点中 {shift.share_as_given:.0%} 距道路 {_NEAR_M:.0f} 米以内"
    if system is not None and instead is not None:
        title, word = instead[shift.best]
        english = (
            f"coordinates are declared as {system.label} but fit {title} better: read as "
            f"{system.label} {given} of a street, read as {title} {share:.0%}; {system.label} was "
            f'followed; if {title} is right, declare crs = "{word}" for this file'
        )
        chinese = (
            f"坐标声明为 {system.label}，但更符合 {title}：按 {system.label} 读取时{given_zh}，"
            f"按 {title} 读取为 {share:.0%}；已按声明的 {system.label} 读取；如确为 {title}，"
            f'请为该文件声明 crs = "{word}"'
        )
    else:
        advice, advice_zh = remedy or _advise(shift.best, system)
        said = f" though declared as {system.label}" if system else ""
        said_zh = f"（声明为 {system.label}）" if system else ""
        english = (
            f"coordinates look like {shift.best}{said}: {given} of a street as given, {share:.0%} "
            f"after moving them {moved_m:.0f} m; they were not moved; {advice}"
        )
        chinese = (
            f"坐标疑似 {_NAMES_ZH[shift.best]}{said_zh}：{given_zh}，平移 {moved_m:.0f} 米后为 "
            f"{share:.0%}；未作移动；{advice_zh}"
        )
    return [
        Notice(
            "warning",
            "datum_looks_shifted",
            layer,
            english,
            chinese,
            column="geometry",
            found=f"{shift.share_as_given:.3f}",
            expected=f"{share:.3f} ({shift.best}, {moved_m:.0f} m)",
            count=shift.n_points,
        )
    ]


def _advise(best: str, system: CoordinateSystem | None) -> tuple[str, str]:
    """What to do about coordinates said to be in no Chinese datum."""
    if best in _DECLARE and (system is None or system.degrees):
        return (
            f"if so, declare {_DECLARE[best]} for this file",
            f"如确认，请为该文件声明 {_DECLARE[best]}",
        )
    return (
        "check which transformation the coordinates went through, and take the originals",
        "请核对坐标曾做过的转换，并改用原始坐标",
    )


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
