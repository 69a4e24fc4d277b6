"""Files users bring -> tables with canonical columns and shapes in WGS 84.

Formats: CSV, XLSX, GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet. Columns are found by
name or alias (`columns.yaml`). Nothing is dropped or moved without a notice; what cannot be read
becomes an error notice with the row number a person sees in the file.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.columns import (
    ColumnMatch,
    ColumnSpec,
    TableName,
    TableSpec,
    count_matches,
    find_unit,
    match_columns,
    normalize_text,
    read_columns,
)
from layers.errors import UnreadableFile
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.placing import PlacedShapes, place_shapes
from layers.schema import check_schema, empty_values, explain_cells
from layers.sheets import RawTable, Score, list_rows, read_csv, read_xlsx
from layers.values import (
    Cells,
    Parsed,
    parse_booleans,
    parse_choices,
    parse_codes,
    parse_dates,
    parse_numbers,
    parse_texts,
    parse_years,
)
from layers.vectors import VectorTable, read_vector

GeometryWanted = Literal["polygon", "point", "any", "maybe", "none"]
Wide = Callable[[str], ColumnSpec | None]
"""Makes a column of a header that names no column but a value: `3岁`, `2026年`."""

_ONE_PERCENT = 0.01
_TEXTS = frozenset({".csv", ".txt", ".tsv"})
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_VECTORS = frozenset({".gpkg", ".geojson", ".json", ".shp", ".fgb", ".parquet", ".geoparquet"})
_KNOWN = "GeoPackage, GeoJSON, Shapefile (.shp), FlatGeobuf, GeoParquet, CSV or XLSX"
_HINTS = {
    ".xls": "save it as .xlsx",
    ".et": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".zip": "unpack it and name the .shp inside",
    ".dbf": "name the .shp beside it",
    ".mdb": "export the layer as GeoPackage",
    ".gdb": "export the layer as GeoPackage",
    ".dwg": "export the layer as GeoPackage",
    ".kml": "export it as GeoJSON",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    table: RawTable
    vector: VectorTable | None
    notices: list[Notice]


def read_table(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    layer_name: TableName = "communities",
    aliases: Mapping[str, Sequence[str]] | None = None,
    geometry: GeometryWanted = "polygon",
    wide: Wide | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read one table a user brings.

    Parameters
    ----------
    crs
        System of the coordinates: an EPSG code (`EPSG:4490`, `4545`), `gcj02`, `bd09`. None takes
        the file's own word, else WGS 84.
    encoding
        Of a CSV or Shapefile; None recognises UTF-8, UTF-16 and GB 18030.
    layer_name
        Which table it is; its columns and aliases stand in `columns.yaml`.
    aliases
        Further names of columns, per canonical name.
    geometry
        What shapes the table must have; `maybe` takes points or areas where there are any, `none` reads
        none and gives a table without geometry.
    wide
        Makes number columns of headers no canonical column is called; they are read and checked like
        the others, under the name of what it makes.

    Returns
    -------
    frame
        Every canonical column (unknown numbers NaN, booleans NA, texts ""), of the optional ones
        those the file has, `row` (the row number as the user sees it), and unless `none` was
        wanted `geometry` in WGS 84, None where unusable.
    notices
        Everything found, errors included.

    Raises
    ------
    UnreadableFile
        Missing, empty, over a limit, or not what its name says.
    InvalidConfig
        No such coordinate system.
    """
    spec = read_columns(layer_name)
    score = partial(_count_matches, spec=spec, aliases=aliases, wide=wide)
    source = _open(path, score, encoding, limits)
    table, notices = source.table, list(source.notices)
    match = match_columns(table.headers, spec, aliases=aliases, cut=table.cut_headers)
    if wide is not None:
        spec, match = _widen(table.headers, spec, match, wide)
    headers = {name: table.headers[place] for name, place in match.positions.items()}
    told = _list_told(match) if geometry != "none" and source.vector is None else frozenset()
    notices.extend(_explain_columns(path, table, match, spec, told))
    frame = pd.DataFrame({"row": table.rows})
    columns = [
        column
        for name, column in spec.columns.items()
        if name in match.positions or not column.optional
    ]
    for column in columns:
        values, more = _read_column(path, table, match, column, limits)
        frame[column.name] = values
        notices.extend(more)
    if not len(frame):
        notices.append(_empty_table(path))
    notices.extend(
        check_schema(
            frame, layer_name, layer=path.name, headers=headers, limits=limits,
            spec=spec if wide is not None else None,
        )
    )  # fmt: skip
    frame = frame[[*(column.name for column in columns), "row"]]
    if geometry == "none":
        return frame, notices
    if geometry == "maybe" and source.vector is None and not match.placed:
        nowhere = gpd.array.from_shapely(np.full(len(frame), None, dtype=object))
        return gpd.GeoDataFrame(frame, geometry=nowhere, crs="EPSG:4326"), notices
    placed = place_shapes(
        table,
        match,
        shapes=source.vector.shapes if source.vector else None,
        file_crs=source.vector.crs if source.vector else None,
        crs=crs,
        layer=path.name,
        limits=limits,
    )
    shapes, more = _check_types(placed, path.name, geometry, limits)
    found = [one for one in placed.notices if geometry != "maybe" or one.code != "missing_place"]
    notices.extend((*found, *more))
    return gpd.GeoDataFrame(
        frame, geometry=gpd.array.from_shapely(shapes), crs="EPSG:4326"
    ), notices


def _count_matches(
    headers: Sequence[object],
    spec: TableSpec,
    aliases: Mapping[str, Sequence[str]] | None,
    wide: Wide | None,
) -> int:
    more = 0 if wide is None else sum(wide(str(header)) is not None for header in headers)
    return count_matches(headers, spec, aliases=aliases) + more


def _widen(
    headers: Sequence[str], spec: TableSpec, match: ColumnMatch, wide: Wide
) -> tuple[TableSpec, ColumnMatch]:
    """Columns and their places with those `wide` makes of headers nothing else is read from."""
    columns, positions, units = dict(spec.columns), dict(match.positions), dict(match.units)
    used = match.used()
    for place, header in enumerate(headers):
        column = wide(header) if place not in used else None
        if column is None or column.name in positions:
            continue
        columns[column.name] = column
        positions[column.name] = place
        unit = find_unit(header)
        if unit in column.units:
            units[column.name] = column.units[unit]
    return replace(spec, columns=columns), replace(match, positions=positions, units=units)


def _open(path: Path, score: Score, encoding: str | None, limits: Limits) -> _Source:
    suffix = path.suffix.lower()
    if not path.is_file():
        raise UnreadableFile(f"{path} does not exist; check the path, it is relative to city.toml")
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFile(f"{path.name} is empty (0 bytes); was the copy interrupted?")
    if size > limits.max_file_bytes:
        raise UnreadableFile(
            f"{path.name} has {size / 2**20:.0f} MiB; the limit max_file_mb allows "
            f"{limits.max_file_mb}"
        )
    if suffix in _TEXTS:
        table, notices = read_csv(path, score, encoding=encoding, limits=limits)
        return _Source(table, None, notices)
    if suffix in _WORKBOOKS:
        table, notices = read_xlsx(path, score, limits=limits)
        return _Source(table, None, notices)
    if suffix in _VECTORS:
        vector, notices = read_vector(path, score, encoding=encoding, limits=limits)
        return _Source(vector.table, vector, notices)
    hint = f"; {_HINTS[suffix]}" if suffix in _HINTS else ""
    raise UnreadableFile(
        f"{path.name}: {suffix or 'no suffix'} is not read; expected {_KNOWN}{hint}"
    )


def _read_column(
    path: Path, table: RawTable, match: ColumnMatch, column: ColumnSpec, limits: Limits
) -> tuple[Any, list[Notice]]:
    place = match.positions.get(column.name)
    if place is None:
        return empty_values(column, len(table.rows)), []
    cells, header = table.columns[place], table.headers[place]
    factor = match.units.get(column.name, 1.0)
    parsed = _parse(column, cells, factor)
    as_list = list(cells)
    notices = explain_cells(
        as_list, parsed.bad, table.rows, column, layer=path.name, header=header, limits=limits
    )
    if parsed.rewritten.any():
        first = int(np.flatnonzero(parsed.rewritten)[0])
        notices.append(
            Notice(
                "info",
                "number_rewritten",
                path.name,
                f"{int(parsed.rewritten.sum())} cells of column {header!r} were read as plain "
                f"numbers, such as {as_list[first]!r} as {parsed.data[first]:g}",
                f"“{header}”列有 {int(parsed.rewritten.sum())} 个单元格按数字读取，"
                f"如“{as_list[first]}”读作 {parsed.data[first]:g}",
                row=list_rows([int(row) for row in table.rows[parsed.rewritten]]),
                column=header,
                found=str(as_list[first]),
                count=int(parsed.rewritten.sum()),
            )
        )
    if column.type == "number":
        shared = [int(row) for row in table.rows if (int(row), place) in table.shared]
        if shared:
            notices.append(_merged_number(path, header, shared))
    if column.share and factor < 1.0:
        notices.extend(_explain_small_percents(path, header, as_list, parsed))
    return parsed.data, notices


def _explain_small_percents(
    path: Path, header: str, cells: Sequence[object], parsed: Parsed
) -> list[Notice]:
    """Shares under a header in percent that look as if the hundred had been divided out already."""
    bare = np.array(["%" not in normalize_text(cell) for cell in cells], dtype=np.bool_)
    there = bare & (parsed.data > 0)
    if not there.any() or parsed.data[there].max() > _ONE_PERCENT:
        return []
    sample = float(parsed.data[np.flatnonzero(there)[0]] / _ONE_PERCENT)
    return [
        Notice(
            "warning",
            "percent_unclear",
            path.name,
            f"column {header!r} is in percent, but none of its numbers is above 1: {sample:g} was "
            f"read as {sample:g} %; if {sample:.0%} is meant, take the % out of the header",
            f"“{header}”列以百分数计，但所有数值都不大于 1，{sample:g} 按 {sample:g}% 读取；"
            f"若实为 {sample:.0%}，请去掉表头中的 %",
            column=header,
            found=f"{sample:g}",
            count=int(there.sum()),
        )
    ]


def _parse(column: ColumnSpec, cells: Cells, factor: float) -> Parsed:
    if column.type == "number":
        return parse_numbers(cells, column.units, factor=factor)
    values = list(cells)
    if column.type == "boolean":
        return parse_booleans(values, column.words)
    if column.type == "choice":
        return parse_choices(values, column.words)
    parsers = {"code": parse_codes, "year": parse_years, "date": parse_dates}
    return parsers.get(column.type, parse_texts)(values)


def _explain_columns(
    path: Path,
    table: RawTable,
    match: ColumnMatch,
    spec: TableSpec,
    told: frozenset[int],
) -> list[Notice]:
    """What stands under which header; columns in `told` have a notice of their own."""
    notices = []
    known = ", ".join(header for header in table.headers if header.strip()) or "none"
    for name, column in spec.columns.items():
        if column.required and name not in match.positions:
            notices.append(
                Notice(
                    "error",
                    "missing_column",
                    path.name,
                    f"no column {name!r} ({column.title_zh}); columns found: {known}; rename one "
                    "or add it",
                    f"缺少“{column.title_zh}”列；现有列：{known}；请改名或补充",
                    column=name,
                    found=known,
                    expected=f"{name}, {column.title_zh}",
                )
            )
    for name, rest in match.ambiguous.items():
        used = table.headers[match.positions[name]]
        ignored = ", ".join(table.headers[place] for place in rest)
        notices.append(
            Notice(
                "info",
                "column_ambiguous",
                path.name,
                f"column {used!r} was read as {name}; not used though it may mean the same: "
                f"{ignored}",
                f"“{used}”列按“{spec.columns[name].title_zh}”读取；含义相近而未使用：{ignored}",
                column=used,
                found=ignored,
                count=len(rest),
            )
        )
    used_places = match.used() | told
    unused = [h for place, h in enumerate(table.headers) if place not in used_places and h.strip()]
    if unused:
        notices.append(
            Notice(
                "info",
                "columns_not_used",
                path.name,
                f"columns without a known meaning were not read: {', '.join(unused)}",
                f"以下列未识别、未读取：{'、'.join(unused)}",
                found=", ".join(unused),
                count=len(unused),
            )
        )
    return notices


def _list_told(match: ColumnMatch) -> frozenset[int]:
    """Columns named where a table without places is explained."""
    if match.placed:
        return frozenset()
    lone = match.lone_lon + match.lone_lat
    return frozenset(lone or match.addresses)


def _empty_table(path: Path) -> Notice:
    return Notice(
        "error",
        "empty_table",
        path.name,
        "the table has a header but no row; expected at least one, is it the right file or sheet?",
        "表中只有表头而没有数据行；请检查是否选错文件或工作表",
        found="0",
        expected="1",
    )


def _merged_number(path: Path, header: str, rows: Sequence[int]) -> Notice:
    return Notice(
        "error",
        "merged_number",
        path.name,
        f"a number in column {header!r} stands in merged cells over rows {list_rows(rows)}; "
        "unmerge them and give each row its own number",
        f"“{header}”列第 {list_rows(rows)} 行的数字位于合并单元格；请取消合并并逐行填写",
        row=list_rows(rows),
        column=header,
        found="merged cells",
        count=len(rows),
    )


def _check_types(
    placed: PlacedShapes, layer: str, wanted: GeometryWanted, limits: Limits
) -> tuple[NDArray[Any], list[Notice]]:
    shapes = placed.shapes.copy()
    notices = []
    types = shapely.get_type_id(shapes)
    areal = np.isin(types, (3, 6))
    collections = types == 7
    for place in np.flatnonzero(collections).tolist():
        parts = [
            part for part in shapely.get_parts(shapes[place]) if part.geom_type.endswith("Polygon")
        ]
        if parts:
            shapes[place] = shapely.union_all(parts)
            areal[place] = True
    multipoints = (types == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[multipoints] = shapely.get_geometry(shapes[multipoints], 0)
    allowed = {
        "polygon": areal,
        "point": (types == 0) | multipoints,
        "any": areal | (types == 0) | multipoints,
        "maybe": areal | (types == 0) | multipoints,
    }.get(wanted, np.ones(len(shapes), dtype=np.bool_))
    wrong = ~allowed & (types >= 0)
    words = {
        "polygon": ("areas", "面"),
        "point": ("points", "点"),
        "any": ("points or areas", "点或面"),
        "maybe": ("points or areas", "点或面"),
    }
    if wrong.any():
        english, chinese = words[wanted]
        names = sorted({re.sub(r"^Multi", "", shape.geom_type) for shape in shapes[wrong]})
        notices.append(
            Notice(
                "error",
                "wrong_geometry",
                layer,
                f"{int(wrong.sum())} rows hold {', '.join(names)} where {english} are expected; "
                + ("bring the boundaries" if wanted == "polygon" else "bring another layer"),
                f"{int(wrong.sum())} 行的几何类型为 {', '.join(names)}，应为{chinese}",
                row=list_rows([int(row) for row in placed.rows[wrong]]),
                found=", ".join(names),
                expected=english,
                count=int(wrong.sum()),
            )
        )
        shapes[wrong] = None
    sizes = shapely.get_num_coordinates(shapes)
    large = sizes > limits.max_shape_vertices
    if large.any():
        notices.append(
            Notice(
                "error",
                "too_many_vertices",
                layer,
                f"{int(large.sum())} shapes have more vertices than the limit max_shape_vertices "
                f"allows ({int(sizes.max())} > {limits.max_shape_vertices}); simplify them",
                f"{int(large.sum())} 个图形的顶点数超过 max_shape_vertices "
                f"限制（{int(sizes.max())} > {limits.max_shape_vertices}），请简化",
                row=list_rows([int(row) for row in placed.rows[large]]),
                found=str(int(sizes.max())),
                expected=str(limits.max_shape_vertices),
                count=int(large.sum()),
            )
        )
        shapes[large] = None
    if int(sizes.sum()) > limits.max_vertices:
        raise UnreadableFile(
            f"{layer} has {int(sizes.sum())} vertices; the limit max_vertices allows "
            f"{limits.max_vertices}; simplify its shapes"
        )
    return shapes, notices
