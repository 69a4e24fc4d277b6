"""Any declared coordinate system -> WGS 84, and what is wrong with coordinates that do not fit.

Coordinates are never moved on suspicion: swapped axes, metres read as degrees and wrong zones are
reported, with what they look like.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.crs import bd09_to_wgs84, gcj02_to_wgs84
from geo.units import BoolArray, FloatArray, IntArray
from layers.columns import normalize_text
from layers.errors import InvalidConfig
from layers.notices import Notice
from layers.sheets import list_rows

Datum = Literal["", "gcj02", "bd09"]

_NAMES = {
    "gcj02": "gcj02",
    "gcj": "gcj02",
    "火星坐标": "gcj02",
    "火星": "gcj02",
    "高德": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
    "百度坐标": "bd09",
    "百度": "bd09",
    "wgs84": "EPSG:4326",
    "cgcs2000": "EPSG:4490",
    "国家2000": "EPSG:4490",
    "2000国家大地坐标系": "EPSG:4490",
}
_CODE = re.compile(r"(?:epsg:?)?(\d{4,6})")
_AREA_MARGIN_DEG = 3.0
_METRES_FROM = 1000.0


@dataclass(frozen=True, slots=True)
class CoordinateSystem:
    """A coordinate system as a user may declare it.

    Parameters
    ----------
    label
        `EPSG:4490`, `gcj02`, `bd09`, or a name for a system without a code.
    datum
        The shifted Chinese datum, or empty.
    crs
        For pyproj; longitude or easting is read first whatever its axis order.
    """

    label: str
    datum: Datum
    crs: CRS

    @property
    def degrees(self) -> bool:
        """Whether coordinates are longitudes and latitudes."""
        return bool(self.crs.is_geographic)


def parse_system(declared: str | int) -> CoordinateSystem:
    """Find the system a user names: `EPSG:4490`, `4549`, `CGCS2000`, `gcj02`, `bd09`, `WGS84`.

    Raises
    ------
    InvalidConfig
        There is no such system.

    Examples
    --------
    >>> parse_system("GCJ-02").datum, parse_system(4490).label
    ('gcj02', 'EPSG:4490')
    """
    bare = re.sub(r"[\s\-_]+", "", normalize_text(declared))
    known = _NAMES.get(bare)
    if known in ("gcj02", "bd09"):
        return CoordinateSystem(known, "gcj02" if known == "gcj02" else "bd09", CRS.from_epsg(4326))
    code = _CODE.fullmatch(bare)
    wanted = known or (f"EPSG:{code[1]}" if code else str(declared))
    try:
        crs = CRS.from_user_input(wanted)
    except CRSError as error:
        raise InvalidConfig(
            f"coordinate system {declared!r} is not known; expected an EPSG code such as EPSG:4490 "
            "or EPSG:4545, gcj02 or bd09"
        ) from error
    return wrap_crs(crs)


def wrap_crs(crs: CRS) -> CoordinateSystem:
    """Wrap a file's own coordinate system."""
    authority = crs.to_authority()
    label = ":".join(authority) if authority else str(crs.name)
    return CoordinateSystem("EPSG:4326" if label == "OGC:CRS84" else label, "", crs)


def to_wgs84(shapes: NDArray[Any], system: CoordinateSystem) -> NDArray[Any]:
    """Shapes in WGS 84 degrees, longitude first; what has no place there gets infinite corners."""
    if system.datum == "gcj02":
        moved = _move(shapes, gcj02_to_wgs84)
    elif system.datum == "bd09":
        moved = _move(shapes, bd09_to_wgs84)
    elif system.label == "EPSG:4326":
        return shapes
    else:
        transformer = Transformer.from_crs(system.crs, "EPSG:4326", always_xy=True)
        moved = _move(shapes, transformer.transform)
    return moved


def _move(shapes: NDArray[Any], move: Callable[..., Any]) -> NDArray[Any]:
    def move_pairs(xy: FloatArray) -> FloatArray:
        return np.column_stack(move(xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(shapes, move_pairs), dtype=object)


def check_coordinates(
    shapes: NDArray[Any],
    system: CoordinateSystem,
    *,
    layer: str,
    rows: IntArray,
    columns: tuple[str, str] = ("", ""),
) -> tuple[BoolArray, list[Notice]]:
    """Which shapes can stand where their system says, and an error for those that cannot.

    Parameters
    ----------
    shapes
        Shape `(R,)`, in `system`; missing ones are passed over.
    rows
        Row numbers as the user sees them.
    columns
        Names of the longitude and latitude columns, if the shapes come from such.

    Returns
    -------
    usable
        Shape `(R,)`.
    """
    bounds = shapely.bounds(shapes)
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    find = _find_bad_degrees if system.degrees else _find_bad_metres
    usable = present.copy()
    notices: list[Notice] = []
    for code, suspect in find(bounds, system).items():
        bad = suspect & usable
        if bad.any():
            notices.append(_explain(code, bounds, bad, present, system, layer, rows, columns))
            usable &= ~bad
    return usable, notices


def guess_zone(easting_m: float) -> str:
    """Guess the CGCS2000 zone an easting with a zone number belongs to; empty without one.

    3-degree zones 25–45 are EPSG:4513–4533, 6-degree zones 13–23 EPSG:4491–4501.

    >>> guess_zone(36_512_345.0), guess_zone(512_345.0)
    ('EPSG:4524', '')
    """
    zone = int(easting_m // 1_000_000)
    if 25 <= zone <= 45:
        return f"EPSG:{4513 + zone - 25}"
    return f"EPSG:{4491 + zone - 13}" if 13 <= zone <= 23 else ""


def _find_bad_degrees(bounds: FloatArray, _: CoordinateSystem) -> dict[str, BoolArray]:
    with np.errstate(invalid="ignore"):
        x = np.maximum(np.abs(bounds[:, 0]), np.abs(bounds[:, 2]))
        y = np.maximum(np.abs(bounds[:, 1]), np.abs(bounds[:, 3]))
        finite = np.asarray(np.isfinite(bounds).all(axis=1), dtype=np.bool_)
        return {
            "not_finite": ~finite,
            "zero_coordinates": (x < 1e-9) & (y < 1e-9),
            "looks_like_metres": (x > _METRES_FROM) | (y > _METRES_FROM),
            "axes_swapped": (y > 90) & (y <= 180) & (x <= 90),
            "outside_degrees": (y > 90) | (x > 180),
        }


def _find_bad_metres(bounds: FloatArray, system: CoordinateSystem) -> dict[str, BoolArray]:
    area = system.crs.area_of_use
    transformer = Transformer.from_crs(system.crs, "EPSG:4326", always_xy=True)
    middle = np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)])

    def fits(x: FloatArray, y: FloatArray) -> BoolArray:
        lon, lat = (np.asarray(c) for c in transformer.transform(x, y))
        inside: BoolArray = np.isfinite(lon) & np.isfinite(lat)
        if area is not None:
            margin = _AREA_MARGIN_DEG
            inside &= (lon >= area.west - margin) & (lon <= area.east + margin)
            inside &= (lat >= area.south - margin) & (lat <= area.north + margin)
        return inside

    finite = np.asarray(np.isfinite(bounds).all(axis=1), dtype=np.bool_)
    outside = ~fits(middle[:, 0], middle[:, 1])
    with np.errstate(invalid="ignore"):
        degrees = (np.abs(middle[:, 0]) <= 180) & (np.abs(middle[:, 1]) <= 180)
    return {
        "not_finite": ~finite,
        "looks_like_degrees": degrees,
        "axes_swapped": outside & fits(middle[:, 1], middle[:, 0]),
        "outside_crs_area": outside,
    }


def _explain(
    code: str,
    bounds: FloatArray,
    bad: BoolArray,
    present: BoolArray,
    system: CoordinateSystem,
    layer: str,
    rows: IntArray,
    columns: tuple[str, str],
) -> Notice:
    first = int(np.flatnonzero(bad)[0])
    x, y = bounds[first, 0], bounds[first, 1]
    whole = bool((bad == present).all())
    zone = guess_zone(float(x))
    zone_hint = (
        f"; an easting of {x:.0f} begins with a zone number: try crs = {zone!r}" if zone else ""
    )
    zone_hint_zh = f"；横坐标 {x:.0f} 带有带号，可尝试 crs = “{zone}”" if zone else ""
    names = " and ".join(f"{name!r}" for name in columns if name) or "the coordinates"
    near, exact = f"{x:.1f}, {y:.1f}", f"{x:.5f}, {y:.5f}"
    label, title = system.label, str(system.crs.name)
    english, chinese = {
        "not_finite": (
            "coordinates are not finite numbers; delete or correct them",
            "坐标不是有限数值，请删除或更正",
        ),
        "zero_coordinates": (
            "coordinates are 0, 0: the place is not known; fill them in or delete the rows",
            "坐标为 0, 0，位置未知；请补全或删除",
        ),
        "looks_like_metres": (
            (
                f"coordinates such as {near} look like metres but are declared as degrees "
                f"({label}); declare their system with crs{zone_hint}"
            ),
            (
                f"坐标如 {near} 像是以米为单位，却按经纬度（{label}）声明；请用 crs "
                f"声明坐标系{zone_hint_zh}"
            ),
        ),
        "looks_like_degrees": (
            (
                f"coordinates such as {exact} look like degrees but are declared as metres "
                f"({label}); correct crs, for instance to EPSG:4490"
            ),
            f"坐标如 {exact} 像是经纬度，却按米（{label}）声明；请更正 crs，例如 EPSG:4490",
        ),
        "axes_swapped": (
            (
                f"longitude and latitude (or east and north) are swapped: found {exact} where "
                f"{names} should give east first, then north; swap the two columns"
            ),
            f"经度与纬度（或东、北坐标）颠倒：读到 {exact}；请对调这两列",
        ),
        "outside_degrees": (
            f"coordinates such as {exact} lie outside ±180 and ±90 degrees; correct them",
            f"坐标如 {exact} 超出 ±180 和 ±90 度范围，请更正",
        ),
        "outside_crs_area": (
            (
                f"coordinates such as {near} lie outside the area of {label} ({title}); is it "
                f"another zone?{zone_hint}"
            ),
            f"坐标如 {near} 不在 {label}（{title}）的适用范围内；是否为其他投影带？{zone_hint_zh}",
        ),
    }[code]
    where = "in all rows" if whole else f"in {int(bad.sum())} of {int(present.sum())} rows"
    where_zh = "所有行" if whole else f"{int(present.sum())} 行中有 {int(bad.sum())} 行"
    return Notice(
        "error",
        code,
        layer,
        f"{english} ({where})",
        f"{chinese}（{where_zh}）",
        row=list_rows([int(row) for row in rows[bad]]),
        column=", ".join(name for name in columns if name),
        found=f"{x:.6f}, {y:.6f}",
        expected=system.label,
        count=int(bad.sum()),
    )


def describe_bounds(bounds: Sequence[float]) -> str:
    """Write a box of degrees in words: west–east, south–north.

    >>> describe_bounds((107.1, 34.2, 107.3, 34.4))
    '107.1000–107.3000°E, 34.2000–34.4000°N'
    """
    west, south, east, north = bounds
    return f"{west:.4f}–{east:.4f}°E, {south:.4f}–{north:.4f}°N"
