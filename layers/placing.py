"""Where the rows of a table lie: its shapes, its WKT column or its coordinates, in WGS 84."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod

from geo.units import FloatArray, IntArray
from layers.columns import ColumnMatch, CoordinatePair, read_columns
from layers.coordinates import (
    CoordinateSystem,
    check_coordinates,
    parse_system,
    to_wgs84,
    wrap_crs,
)
from layers.limits import Limits
from layers.notices import Notice
from layers.schema import explain_cells
from layers.sheets import RawTable, list_rows
from layers.values import is_missing, parse_degrees

_SRID = re.compile(r"^\s*SRID\s*=\s*(\d+)\s*;\s*", re.IGNORECASE)
_DISAGREE_M = 20.0
_PREFERENCE = ("", "EPSG:4326", "EPSG:4490", "gcj02", "bd09")


@dataclass(frozen=True, slots=True, eq=False)
class PlacedShapes:
    """Shapes of a table's rows.

    Parameters
    ----------
    shapes
        Shape `(R,)`, WGS 84 degrees, flat; None where a row has no usable place.
    rows
        Shape `(R,)`: row numbers as the user sees them.
    notices
        What was found on the way.
    """

    shapes: NDArray[Any]
    rows: IntArray
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    shapes: NDArray[Any]
    system: CoordinateSystem | None
    columns: tuple[str, str]
    notices: list[Notice]


def place_shapes(
    table: RawTable,
    match: ColumnMatch,
    *,
    shapes: NDArray[Any] | None,
    file_crs: CRS | None,
    crs: str | int | None,
    layer: str,
    limits: Limits,
) -> PlacedShapes:
    """Shapes of all rows in WGS 84, as declared and nowhere else.

    Parameters
    ----------
    shapes
        Shape `(R,)`: the file's own geometry, if it has any.
    file_crs
        What the file says its coordinates are.
    crs
        What the user says they are; overrules the file.
    """
    wanted = parse_system(crs) if crs is not None else None
    found = _find_shapes(table, match, shapes, wanted, layer, limits)
    if found is None:
        nothing = np.full(len(table.rows), None, dtype=object)
        return PlacedShapes(nothing, table.rows, (_no_geometry(table, match, layer),))
    declared = found.system or (wrap_crs(file_crs) if file_crs is not None else None)
    system = wanted or declared or parse_system("EPSG:4326")
    notices = list(found.notices)
    notices.extend(_explain_system(layer, wanted, declared))
    missing = shapely.is_missing(found.shapes) | shapely.is_empty(found.shapes)
    unexplained = missing & ~_list_explained(table, notices)
    if unexplained.any():
        notices.append(_missing_places(table, unexplained, found.columns, layer))
    usable, more = check_coordinates(
        found.shapes, system, layer=layer, rows=table.rows, columns=found.columns
    )
    chosen = found.shapes.copy()
    chosen[~usable] = None
    flat = np.asarray(shapely.force_2d(chosen), dtype=object)
    return PlacedShapes(to_wgs84(flat, system), table.rows, (*notices, *more))


def _find_shapes(
    table: RawTable,
    match: ColumnMatch,
    shapes: NDArray[Any] | None,
    wanted: CoordinateSystem | None,
    layer: str,
    limits: Limits,
) -> _Found | None:
    if shapes is not None:
        return _Found(shapes, None, ("", ""), [])
    if match.wkt is not None:
        return _read_wkt(table, match.wkt, layer)
    if match.pairs:
        return _read_pairs(table, match.pairs, wanted, layer, limits)
    return None


def _read_wkt(table: RawTable, place: int, layer: str) -> _Found:
    header = table.headers[place]
    texts = ["" if is_missing(cell) else str(cell) for cell in table.columns[place]]
    srids = {match[1] for text in texts if (match := _SRID.match(text))}
    bare = [_SRID.sub("", text) or None for text in texts]
    shapes = shapely.from_wkt(bare, on_invalid="ignore")
    bad = np.array([text is not None for text in bare], dtype=np.bool_) & shapely.is_missing(shapes)
    notices = []
    if bad.any():
        rows = [int(row) for row in table.rows[bad]]
        sample = next(text for text, wrong in zip(texts, bad, strict=True) if wrong)
        notices.append(
            Notice(
                "error",
                "unreadable_shape",
                layer,
                f"{len(rows)} cells of column {header!r} are no WKT, such as {sample[:40]!r}; "
                "expected POLYGON ((lon lat, …)) or POINT (lon lat)",
                f"“{header}”列有 {len(rows)} 个单元格不是 WKT，如“{sample[:40]}”；应为 POLYGON "
                "((经度 纬度, …))",
                row=list_rows(rows, most=len(rows)),
                column=header,
                found=sample[:40],
                expected="WKT",
                count=len(rows),
            )
        )
    system = parse_system(next(iter(srids))) if len(srids) == 1 else None
    return _Found(shapes, system, (header, ""), notices)


def _read_pairs(
    table: RawTable,
    pairs: tuple[CoordinatePair, ...],
    wanted: CoordinateSystem | None,
    layer: str,
    limits: Limits,
) -> _Found:
    label = wanted.label if wanted else ""
    ranked = sorted(pairs, key=lambda pair: (pair.datum != label, _PREFERENCE.index(pair.datum)))
    pair = ranked[0]
    xy, notices = _read_pair(table, pair, layer, limits)
    names = (table.headers[pair.lon], table.headers[pair.lat])
    if wanted is None:
        for other in ranked[1:]:
            notices.extend(_compare_pairs(table, pair, xy, other, layer, limits))
    shapes = np.full(len(xy), None, dtype=object)
    whole = np.isfinite(xy).all(axis=1)
    shapes[whole] = shapely.points(xy[whole])
    declared = parse_system(pair.datum) if pair.datum else None
    if declared is not None and wanted is None:
        notices.append(
            Notice(
                "info",
                "datum_from_header",
                layer,
                f"columns {names[0]!r} and {names[1]!r} were read as {pair.datum}, as their names "
                "say",
                f"“{names[0]}”和“{names[1]}”按列名所示的 {pair.datum} 读取",
                column=", ".join(names),
                found=pair.datum,
            )
        )
    return _Found(shapes, declared, names, notices)


def _read_pair(
    table: RawTable, pair: CoordinatePair, layer: str, limits: Limits
) -> tuple[FloatArray, list[Notice]]:
    xy = np.empty((len(table.rows), 2))
    notices: list[Notice] = []
    number = read_columns("communities").columns["households"]
    for axis, place in enumerate((pair.lon, pair.lat)):
        parsed = parse_degrees(table.columns[place])
        xy[:, axis] = parsed.data
        cells = list(table.columns[place])
        notices.extend(
            explain_cells(
                cells,
                parsed.bad,
                table.rows,
                number,
                layer=layer,
                header=table.headers[place],
                limits=limits,
            )
        )
    return xy, notices


def _compare_pairs(
    table: RawTable,
    pair: CoordinatePair,
    xy: FloatArray,
    other: CoordinatePair,
    layer: str,
    limits: Limits,
) -> list[Notice]:
    """Two datums side by side must name the same place once both are in WGS 84."""
    other_xy, _ = _read_pair(table, other, layer, limits)
    known = np.isfinite(xy).all(axis=1) & np.isfinite(other_xy).all(axis=1)
    known &= (np.abs(xy) <= (180, 90)).all(axis=1) & (np.abs(other_xy) <= (180, 90)).all(axis=1)
    if not known.any():
        return []
    one = shapely.get_coordinates(
        to_wgs84(_point(xy[known]), parse_system(pair.datum or "EPSG:4326"))
    )
    two = shapely.get_coordinates(
        to_wgs84(_point(other_xy[known]), parse_system(other.datum or "EPSG:4326"))
    )
    _, _, apart = Geod(ellps="WGS84").inv(one[:, 0], one[:, 1], two[:, 0], two[:, 1])
    off_m = float(np.median(apart))
    if off_m <= _DISAGREE_M:
        return []
    shift = np.median(one - two, axis=0)
    bd_like = bool(np.allclose(shift, (-0.0065, -0.0060), atol=0.0008))
    names = ", ".join(table.headers[p] for p in (pair.lon, pair.lat, other.lon, other.lat))
    cause = (
        "; the difference is the offset between BD-09 and GCJ-02 (0.0065, 0.0060)"
        if bd_like
        else ""
    )
    cause_zh = "；差值正是 BD-09 与 GCJ-02 的偏移（0.0065, 0.0060）" if bd_like else ""
    return [
        Notice(
            "error",
            "datum_columns_disagree",
            layer,
            f"columns {names} name places {off_m:.0f} m apart (median) though they should be the "
            f"same in {pair.datum or 'WGS 84'} and {other.datum}{cause}; say which pair is right "
            f"with crs, for instance crs = {other.datum!r}",
            f"{names} 各列换算后相差 {off_m:.0f} 米（中位数），本应为同一地点{cause_zh}；请用 crs "
            f"指明以哪组为准，例如 crs = “{other.datum}”",
            column=names,
            found=f"{off_m:.0f} m",
            expected=f"<= {_DISAGREE_M:.0f} m",
            count=int(known.sum()),
        )
    ]


def _point(xy: FloatArray) -> NDArray[Any]:
    return np.asarray(shapely.points(xy), dtype=object)


def _explain_system(
    layer: str, wanted: CoordinateSystem | None, declared: CoordinateSystem | None
) -> list[Notice]:
    if wanted is None and declared is None:
        return [
            Notice(
                "info",
                "crs_assumed",
                layer,
                "the file does not say in which system its coordinates stand; they were read as "
                "WGS 84, declare crs if that is wrong",
                "文件未说明坐标系，已按 WGS 84 读取；若不正确请声明 crs",
                expected="EPSG:4326",
            )
        ]
    if wanted is None or declared is None or wanted.label == declared.label:
        return []
    if wanted.datum and declared.label in ("EPSG:4326", "EPSG:4490"):
        return []
    return [
        Notice(
            "warning",
            "crs_overruled",
            layer,
            f"the file says {declared.label}, city.toml says {wanted.label}; city.toml was "
            "followed",
            f"文件声明为 {declared.label}，city.toml 声明为 {wanted.label}；已以 city.toml 为准",
            found=declared.label,
            expected=wanted.label,
        )
    ]


def _list_explained(table: RawTable, notices: list[Notice]) -> NDArray[np.bool_]:
    named = {
        row for notice in notices if notice.severity == "error" for row in notice.row.split(", ")
    }
    return np.array([str(int(row)) in named for row in table.rows], dtype=np.bool_)


def _missing_places(
    table: RawTable, missing: NDArray[np.bool_], columns: tuple[str, str], layer: str
) -> Notice:
    rows = [int(row) for row in table.rows[missing]]
    names = ", ".join(name for name in columns if name)
    return Notice(
        "error",
        "missing_place",
        layer,
        f"{len(rows)} rows have no place on the map; fill in {names or 'their shape'} or delete "
        "them",
        f"{len(rows)} 行没有位置；请补全{names or '图形'}或删除",
        row=list_rows(rows),
        column=names,
        expected="coordinates",
        count=len(rows),
    )


def _no_geometry(table: RawTable, match: ColumnMatch, layer: str) -> Notice:
    known = ", ".join(header for header in table.headers if header.strip()) or "none"
    lon, lat, addresses = (
        ", ".join(table.headers[place] for place in places)
        for places in (match.lone_lon, match.lone_lat, match.addresses)
    )
    found, expected = known, "wkt, or lon and lat, or a GIS file"
    if lon and lat:
        english = (
            f"the longitude {lon!r} and the latitude {lat!r} are named after different coordinate "
            "systems and make no pair; name both alike"
        )
        chinese = f"经度列“{lon}”与纬度列“{lat}”的列名所示坐标系不同，不能配对；请统一列名"
        found, expected = f"{lon}, {lat}", "lon and lat of one system"
    elif lon or lat:
        have, lack = ("longitude", "latitude") if lon else ("latitude", "longitude")
        have_zh, lack_zh = ("经度", "纬度") if lon else ("纬度", "经度")
        found, expected = lon or lat, f"{lack}, {lack_zh}"
        english = (
            f"{have} found ({found}), {lack} missing: without a column {lack} ({lack_zh}) no row "
            f"has a place; columns found: {known}; add it or rename the column that holds it"
        )
        chinese = (
            f"有{have_zh}列（{found}），缺少{lack_zh}列，无法定位；现有列：{known}；"
            f"请补充{lack_zh}列，或更正其列名"
        )
    elif addresses:
        found = addresses
        english = (
            f"the table names places by address only ({addresses}); addresses are not looked up: "
            "add the columns lon and lat (经度, 纬度), for instance from a geocoding service, and "
            "declare its coordinate system with crs"
        )
        chinese = (
            f"表中只有地址（{addresses}），没有坐标；本系统不做地址解析：请补充经度、纬度列"
            "（例如由地理编码服务取得），并用 crs 声明其坐标系"
        )
    else:
        english = (
            "the table says nothing about places: no shapes, no column wkt (几何), no pair lon/lat "
            f"(经度/纬度); columns found: {known}; join it to boundaries by its code and save it as "
            "GeoPackage, or add coordinates"
        )
        chinese = (
            f"表中没有位置信息：既无图形，也无 wkt（几何）列或经度、纬度列；现有列：{known}；"
            "请按编码与边界图层连接后另存为 GeoPackage，或补充坐标"
        )
    return Notice(
        "error",
        "no_geometry",
        layer,
        english,
        chinese,
        column=lon or lat or addresses,
        found=found,
        expected=expected,
    )
