"""Whether tables lie where the streets are, and the streets reach far enough around them."""

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod

from geo.crs import CHINA_BOUNDS_DEG
from geo.units import BoolArray, FloatArray
from layers.coordinates import describe_bounds
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice

_DATUM_SHIFT_M = 1500.0
_METRES_PER_DEGREE = 111_320.0
_MOST_SINGLE = 5
_MOST_LISTED = 20


def check_extent(
    communities: gpd.GeoDataFrame,
    bounds: tuple[float, float, float, float],
    limit_m: float,
    *,
    layer: str = "communities",
    limits: Limits = DEFAULT_LIMITS,
) -> list[Notice]:
    """Whether the street extract covers the communities and one limit around them.

    Parameters
    ----------
    communities
        As from `read_communities`.
    bounds
        West, south, east, north of the walkable streets, WGS 84 degrees.
    limit_m
        Longest walk that counts, metres (15 min × 1.2 m/s = 1080 m).

    Returns
    -------
    notices
        `outside_extent`, an error, for communities that do not touch the extract, with the distance
        and what it may come from; `extract_too_small`, a warning, for those it cuts too
        close, summed into one when there are more than five.
    """
    boxes = shapely.bounds(communities.geometry.to_numpy())
    outside = _find_apart(boxes, bounds)
    codes = communities["community_id"].to_numpy()
    names = communities["name"].to_numpy()
    notices: list[Notice] = []
    if outside.all() and len(outside) > 1:
        notices.append(
            _explain_outside(boxes, bounds, layer, f"all {len(outside)} communities", "", "")
        )
    else:
        notices.extend(
            _explain_outside(
                boxes[[place]],
                bounds,
                layer,
                f"community {codes[place]}",
                codes[place],
                names[place],
            )
            for place in np.flatnonzero(outside)[: limits.max_listed]
        )
    notices.extend(check_margin(communities[~outside], bounds, limit_m, layer=layer))
    return notices


def check_margin(
    communities: gpd.GeoDataFrame,
    bounds: tuple[float, float, float, float],
    limit_m: float,
    *,
    layer: str,
    most_single: int = _MOST_SINGLE,
) -> list[Notice]:
    """Whether the streets reach one limit beyond every community.

    Parameters
    ----------
    communities
        community_id, name, geometry (WGS 84).
    bounds, limit_m
        As in `check_extent`.
    most_single
        Up to so many communities get a notice each; more are summed into one.

    Returns
    -------
    notices
        `extract_too_small`, a warning.
    """
    boxes = shapely.bounds(communities.geometry.to_numpy())
    short_m = _measure_shortfall_m(boxes, bounds, limit_m)
    close = np.flatnonzero(short_m > 1.0)
    codes = communities["community_id"].to_numpy()
    if close.size > most_single:
        worst_m = float(short_m[close].max())
        listed = ", ".join(str(code) for code in codes[close[:_MOST_LISTED]])
        listed += ", …" if close.size > _MOST_LISTED else ""
        return [
            Notice(
                "warning",
                "extract_too_small",
                layer,
                f"the streets end too early for {close.size} of {len(codes)} communities, by up to "
                f"{worst_m:.0f} m: they should reach {limit_m:.0f} m beyond each; unless water or "
                "mountains lie there, coverage near the edge may be too low, take a larger extract",
                f"{len(codes)} 个社区中有 {close.size} 个周边路网不足，最多缺 {worst_m:.0f} 米："
                f"路网应超出社区边界 {limit_m:.0f} 米；若该处并非水域或山体，边缘处覆盖率可能"
                "偏低，请使用更大的路网范围",
                row=listed,
                found=f"{limit_m - worst_m:.0f} m",
                expected=f"{limit_m:.0f} m",
                count=int(close.size),
            )
        ]
    names = communities["name"].to_numpy()
    return [
        Notice(
            "warning",
            "extract_too_small",
            layer,
            f"the streets end {short_m[place]:.0f} m too early for community {codes[place]}: they "
            f"should reach {limit_m:.0f} m beyond it; its coverage may be too low near the edge, "
            "take a larger extract",
            f"社区 {codes[place]}（{names[place]}）周边路网缺 {short_m[place]:.0f} 米："
            f"路网应超出社区边界 {limit_m:.0f} 米；若该处并非水域或山体，边缘处覆盖率可能偏低，"
            "请使用更大的路网范围",
            row=str(codes[place]),
            found=f"{limit_m - short_m[place]:.0f} m",
            expected=f"{limit_m:.0f} m",
        )
        for place in close
    ]


def check_places(
    places: gpd.GeoDataFrame,
    bounds: tuple[float, float, float, float],
    *,
    layer: str,
    id_column: str,
) -> list[Notice]:
    """Whether points of a table lie on the extract: an error when none does, a warning for some."""
    boxes = shapely.bounds(places.geometry.to_numpy())
    outside = _find_apart(boxes, bounds)
    if not outside.any():
        return []
    if outside.all():
        return [_explain_outside(boxes, bounds, layer, f"all {len(outside)} rows", "", "")]
    codes = [str(code) for code in places[id_column].to_numpy()[outside]]
    return [
        Notice(
            "warning",
            "outside_extent",
            layer,
            f"{len(codes)} of {len(places)} rows lie outside the streets of the extract "
            f"({describe_bounds(bounds)}) and cannot be walked to; check their coordinates",
            f"{len(places)} 行中有 {len(codes)} 行位于路网范围（{describe_bounds(bounds)}）之外，"
            "无法步行到达；请核对坐标",
            row=", ".join(codes[:20]) + (", …" if len(codes) > 20 else ""),
            found=f"{len(codes)}",
            expected=describe_bounds(bounds),
            count=len(codes),
        )
    ]


def _find_apart(boxes: FloatArray, bounds: tuple[float, float, float, float]) -> BoolArray:
    west, south, east, north = bounds
    apart: BoolArray = (
        (boxes[:, 0] > east) | (boxes[:, 2] < west) | (boxes[:, 1] > north) | (boxes[:, 3] < south)
    )
    return apart


def _measure_apart_m(boxes: FloatArray, bounds: tuple[float, float, float, float]) -> float:
    """Least distance between the boxes' middles and the bounds, metres on the ellipsoid."""
    lon, lat = boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)
    near_lon, near_lat = np.clip(lon, bounds[0], bounds[2]), np.clip(lat, bounds[1], bounds[3])
    _, _, apart_m = Geod(ellps="WGS84").inv(lon, lat, near_lon, near_lat)
    return float(np.min(apart_m))


def _measure_shortfall_m(
    boxes: FloatArray, bounds: tuple[float, float, float, float], limit_m: float
) -> FloatArray:
    """How far the bounds fall short of `limit_m` beyond each box, metres; 0 where they do not."""
    west, south, east, north = bounds
    per_lon = _METRES_PER_DEGREE * np.cos(np.radians((south + north) / 2))
    margins_m = np.column_stack(
        [
            (boxes[:, 0] - west) * per_lon,
            (boxes[:, 1] - south) * _METRES_PER_DEGREE,
            (east - boxes[:, 2]) * per_lon,
            (north - boxes[:, 3]) * _METRES_PER_DEGREE,
        ]
    )
    short: FloatArray = np.maximum(limit_m - margins_m.min(axis=1), 0.0)
    return short


def _explain_outside(
    boxes: FloatArray,
    bounds: tuple[float, float, float, float],
    layer: str,
    what: str,
    code: str,
    name: str,
) -> Notice:
    apart_m = _measure_apart_m(boxes, bounds)
    swapped = not _find_apart(boxes[:, [1, 0, 3, 2]], bounds).all()
    west, south, east, north = CHINA_BOUNDS_DEG
    in_china = west <= bounds[0] <= east and south <= bounds[1] <= north
    if swapped:
        cause = "longitude and latitude look swapped, exchange the two columns"
        cause_zh = "经纬度似乎颠倒，请对调两列"
    elif apart_m < _DATUM_SHIFT_M and in_china:
        cause = "such a distance may come from GCJ-02 or BD-09 coordinates, declare them with crs"
        cause_zh = "该距离可能由 GCJ-02 或 BD-09 坐标造成，请用 crs 声明"
    else:
        cause = "is it another city, or another coordinate system (declare it with crs)?"
        cause_zh = "是否为其他城市，或坐标系不同（请用 crs 声明）？"
    middle = boxes[:, [0, 2]].mean(), boxes[:, [1, 3]].mean()
    return Notice(
        "error",
        "outside_extent",
        layer,
        f"{what} at {middle[0]:.4f}, {middle[1]:.4f} {'lie' if not code else 'lies'} "
        f"{apart_m / 1000:.1f} km outside the streets of the extract ({describe_bounds(bounds)}): "
        f"{cause}",
        f"{f'社区 {code}（{name}）' if code else '全部记录'}位于 {middle[0]:.4f}, {middle[1]:.4f}，"
        f"距路网范围（{describe_bounds(bounds)}）{apart_m / 1000:.1f} 公里：{cause_zh}",
        row=code,
        column="geometry",
        found=f"{middle[0]:.4f}, {middle[1]:.4f}",
        expected=describe_bounds(bounds),
        count=len(boxes),
    )
