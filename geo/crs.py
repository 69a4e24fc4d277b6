"""Coordinate systems: a metric one for an extent, and the shifted Chinese ones.

GCJ-02 is WGS 84 moved by a smooth, published-by-reconstruction displacement; BD-09 moves GCJ-02 once
more. The displacement is a sum of sines over the offset from 105°E 35°N on the Krasovsky 1940
ellipsoid (semi-major axis 6 378 245 m, first eccentricity squared 0.006 693 421 622 966), as
reconstructed in public implementations since 2013. CGCS2000 (EPSG:4490) differs from
WGS 84 by centimetres and is treated by pyproj as it declares.

All angles are degrees, longitude first.
"""

from functools import lru_cache

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.errors import BadGeometry
from geo.units import FloatArray

_KRASOVSKY_A_M = 6_378_245.0
_KRASOVSKY_E2 = 0.006_693_421_622_965_943
_BD_TWIST = np.pi * 3000.0 / 180.0
_INVERSE_STEPS = 12
CHINA_BOUNDS_DEG = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north: outside of it GCJ-02 and BD-09 equal WGS 84."""


def metric_crs(lon_min: float, lat_min: float, lon_max: float, lat_max: float) -> str:
    """Local transverse Mercator on the centre of an extent, as a PROJ string.

    Its scale is 1 on the central meridian, so lengths are off by less than 1 in 100,000 up to
    28 km away from it (scale ≈ 1 + d²/2R²); a UTM zone's would be off by up to 1 in 1,000. The
    centre is rounded to a tenth of a degree: neighbouring extracts of one city share the system.

    Parameters
    ----------
    lon_min, lat_min, lon_max, lat_max
        Extent in WGS 84 degrees.

    Raises
    ------
    BadGeometry
        The extent is not finite, or lies outside ±180/±90 degrees.

    Examples
    --------
    >>> metric_crs(107.1, 34.2, 107.3, 34.4)
    '+proj=tmerc +lat_0=34.3 +lon_0=107.2 +k=1 +x_0=500000 +y_0=500000 +datum=WGS84 +units=m +no_defs'
    """
    bounds = np.array([lon_min, lat_min, lon_max, lat_max], dtype=np.float64)
    if not np.isfinite(bounds).all() or np.any(np.abs(bounds) > [180, 90, 180, 90]):
        raise BadGeometry(
            f"the extent {bounds.tolist()} is no extent in degrees: expected longitudes within ±180 "
            "and latitudes within ±90; are the axes swapped, or the coordinates metres?"
        )
    lon = float(np.round((bounds[0] + bounds[2]) / 2, 1))
    lat = float(np.round((bounds[1] + bounds[3]) / 2, 1))
    return (
        f"+proj=tmerc +lat_0={lat:g} +lon_0={lon:g} +k=1 +x_0=500000 +y_0=500000 "
        "+datum=WGS84 +units=m +no_defs"
    )


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def project(lonlat: FloatArray, crs: str) -> FloatArray:
    """WGS 84 degrees, shape `(P, 2)`, to metres of `crs`, same shape."""
    x, y = _transformer("EPSG:4326", crs).transform(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([x, y])


def unproject(xy: FloatArray, crs: str) -> FloatArray:
    """Metres of `crs`, shape `(P, 2)`, to WGS 84 degrees, same shape."""
    lon, lat = _transformer(crs, "EPSG:4326").transform(xy[:, 0], xy[:, 1])
    return np.column_stack([lon, lat])


def is_metric(crs: str) -> bool:
    """Whether `crs` is projected in metres."""
    try:
        parsed = CRS.from_user_input(crs)
    except CRSError:
        return False
    return bool(parsed.is_projected) and all(
        axis.unit_name in ("metre", "meter") for axis in parsed.axis_info
    )


def _displacement_deg(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """GCJ-02 minus WGS 84 at WGS 84 positions, degrees; zero outside China."""
    x = lon - 105.0
    y = lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = (
        -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + ripple
        + (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
        + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    )
    east = (
        300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + ripple
        + (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
        + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    )
    phi = np.radians(lat)
    w2 = 1.0 - _KRASOVSKY_E2 * np.sin(phi) ** 2
    meridian_m = _KRASOVSKY_A_M * (1.0 - _KRASOVSKY_E2) / (w2 * np.sqrt(w2))
    parallel_m = _KRASOVSKY_A_M / np.sqrt(w2) * np.cos(phi)
    west_deg, south_deg, east_deg, north_deg = CHINA_BOUNDS_DEG
    inside = (lon >= west_deg) & (lon <= east_deg) & (lat >= south_deg) & (lat <= north_deg)
    return (
        np.where(inside, np.degrees(east / parallel_m), 0.0),
        np.where(inside, np.degrees(north / meridian_m), 0.0),
    )


def wgs84_to_gcj02(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """WGS 84 to GCJ-02.

    At Baoji the shift is about 440 m to the east and 140 m to the south:

    >>> lon, lat = wgs84_to_gcj02(np.array([107.14]), np.array([34.37]))
    >>> east_m = (lon[0] - 107.14) * 111_320 * np.cos(np.radians(34.37))
    >>> north_m = (lat[0] - 34.37) * 110_940
    >>> bool(400 < east_m < 480), bool(-180 < north_m < -100)
    (True, True)
    """
    lon = np.asarray(lon, dtype=np.float64)
    lat = np.asarray(lat, dtype=np.float64)
    east, north = _displacement_deg(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """GCJ-02 to WGS 84, by fixed-point iteration, to better than a millimetre."""
    lon = np.asarray(lon, dtype=np.float64)
    lat = np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(_INVERSE_STEPS):
        east, north = _displacement_deg(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - east, lat - north
    return guess_lon, guess_lat


def gcj02_to_bd09(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """GCJ-02 to BD-09: a wobbling polar shift by (0.0065°, 0.006°)."""
    lon = np.asarray(lon, dtype=np.float64)
    lat = np.asarray(lat, dtype=np.float64)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TWIST)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TWIST)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """BD-09 to GCJ-02, by fixed-point iteration, to better than a millimetre."""
    lon = np.asarray(lon, dtype=np.float64)
    lat = np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(_INVERSE_STEPS):
        back_lon, back_lat = gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - back_lon, guess_lat + lat - back_lat
    return guess_lon, guess_lat


def bd09_to_wgs84(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """BD-09 to WGS 84."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def wgs84_to_bd09(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """WGS 84 to BD-09."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
