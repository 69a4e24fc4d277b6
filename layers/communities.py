"""Communities: areas with a code and residents, from a table, OSM boundaries or analysis cells."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.cells import square_cells
from geo.crs import project, unproject
from layers.areas import find_overlaps, keep_areas, repair_areas
from layers.attributes import read_attributes
from layers.extent import check_extent, check_margin, check_places
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.sheets import list_rows

COMMUNITY_COLUMNS = (
    "community_id",
    "name",
    "district",
    "subdistrict",
    "households",
    "population",
    "valid_from",
    "source",
)

__all__ = [
    "COMMUNITY_COLUMNS",
    "build_cells",
    "check_extent",
    "check_margin",
    "check_places",
    "explain_missing_households",
    "from_boundaries",
    "read_communities",
]


def read_communities(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read the user's communities.

    Parameters
    ----------
    crs, encoding, aliases, limits
        As in `layers.readers.read_table`.

    Returns
    -------
    communities
        `COMMUNITY_COLUMNS`, those of `layers.attributes` the table has, and `geometry`, areas in
        WGS 84, sorted by `community_id`; rows without a usable shape are left out (their notices
        are errors). Unknown households and attributes are NaN.
    notices
        Duplicate codes, negative households, repaired and overlapping shapes, and what the reader
        found; of missing households `explain_missing_households` tells.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="communities",
        aliases=aliases,
        geometry="polygon",
        limits=limits,
    )
    notices.extend(_name_communities(frame, path.name))
    frame["source"] = pd.Series(["table"] * len(frame), index=frame.index, dtype="str")
    frame = frame[~frame.geometry.isna().to_numpy()]
    shapes, repaired = repair_areas(np.asarray(frame.geometry.to_numpy()), frame["row"], path.name)
    notices.extend(repaired)
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    frame = frame[~shapely.is_empty(shapes)].drop_duplicates("community_id")
    communities = _finish(frame)
    notices.extend(find_overlaps(communities, path.name, limits))
    return communities, notices


def build_cells(extent: NDArray[Any], size_m: float, crs: str) -> gpd.GeoDataFrame:
    """Analysis cells wherever there is something of `extent`: buildings, residential land, streets.

    Parameters
    ----------
    extent
        Shape `(G,)`: shapes in WGS 84 degrees; cells that touch none of them are left out.
    size_m
        Side of a cell, metres.
    crs
        Metric system the grid stands in.

    Returns
    -------
    cells
        As communities, with ids `c_<column>_<row>` that stay when the extent grows; households
        unknown.
    """
    shapes = np.asarray(extent, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        return _finish(
            _frame_cells(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, object))
        )
    metric = shapely.transform(shapes, partial(project, crs=crs))
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(metric))
    cells = square_cells((west, south, east, north), size_m)
    touched = np.unique(shapely.STRtree(cells.square).query(metric, predicate="intersects")[1])
    squares = shapely.transform(cells.square[touched], partial(unproject, crs=crs))
    return _finish(_frame_cells(cells.column[touched], cells.row[touched], squares))


def from_boundaries(
    boundaries: gpd.GeoDataFrame, admin_level: int, *, layer: str = "osm"
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Communities from OSM boundaries of one level; households unknown.

    Parameters
    ----------
    boundaries
        `OsmExtract.boundaries`: boundary_id, name, admin_level, ref_code, geometry.
    """
    levels = pd.to_numeric(boundaries["admin_level"], errors="coerce").to_numpy(dtype=np.float64)
    chosen = boundaries[levels == admin_level]
    if not len(chosen):
        known = (
            ", ".join(f"{level:.0f}" for level in np.unique(levels[np.isfinite(levels)])) or "none"
        )
        return _finish(_frame_boundaries(chosen)), [
            Notice(
                "error",
                "no_boundaries",
                layer,
                f"the extract holds no boundary of admin_level {admin_level}; levels found: "
                f"{known}; choose one of them, bring a table of communities, or use cells_m",
                f"路网文件中没有 admin_level={admin_level} 的边界；现有级别：{known}；请改选、"
                "提供社区表，或使用 cells_m",
                found=known,
                expected=str(admin_level),
            )
        ]
    frame = _frame_boundaries(chosen)
    shapes, notices = repair_areas(
        np.array([keep_areas(shape) for shape in frame.geometry], dtype=object),
        list(range(1, len(frame) + 1)),
        layer,
    )
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    frame = frame[~shapely.is_empty(shapes)].drop_duplicates("community_id")
    communities = _finish(frame)
    return communities, [*notices, *find_overlaps(communities, layer, DEFAULT_LIMITS)]


def _name_communities(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Give every row a code; say where it came from when the table has none."""
    notices = []
    codes, names = frame["community_id"], frame["name"]
    uncoded = (codes == "").to_numpy()
    if uncoded.all() and len(frame):
        twice = names.duplicated(keep=False) & (names != "")
        if (names == "").all():
            frame["community_id"] = pd.array([f"row_{row}" for row in frame["row"]], dtype="str")
            what, what_zh = "rows were numbered", "已按行号编号"
        elif twice.any() or (names == "").any():
            frame["community_id"] = names
            bad = frame[twice | (names == "")]
            rows = [int(row) for row in bad["row"]]
            return [
                Notice(
                    "error",
                    "missing_code",
                    layer,
                    "there is no column of codes, and names are missing or stand twice in rows "
                    f"{list_rows(rows)}; add a column community_id (社区编码)",
                    f"没有社区编码列，且第 {list_rows(rows)} 行名称缺失或重复；请补充“社区编码”列",
                    row=list_rows(rows),
                    column="community_id",
                    found=", ".join(dict.fromkeys(str(name) for name in bad["name"])),
                    expected="社区编码",
                    count=len(rows),
                )
            ]
        else:
            frame["community_id"] = names
            what, what_zh = "names were taken as codes", "已用名称代替编码"
        notices.append(
            Notice(
                "warning",
                "codes_made_up",
                layer,
                f"the table has no column of codes (community_id, 社区编码); {what}, results can "
                "only be joined to other tables by them",
                f"表中没有社区编码列；{what_zh}，结果只能据此与其他表连接",
                column="community_id",
                expected="社区编码",
                count=len(frame),
            )
        )
    elif uncoded.any():
        rows = [int(row) for row in frame["row"][uncoded]]
        notices.append(
            Notice(
                "error",
                "missing_code",
                layer,
                f"{len(rows)} communities have no code; fill in rows {list_rows(rows)}",
                f"{len(rows)} 个社区没有编码；请补全第 {list_rows(rows)} 行",
                row=list_rows(rows),
                column="community_id",
                expected="社区编码",
                count=len(rows),
            )
        )
    repeated = names[names.duplicated(keep=False) & (names != "")]
    if len(repeated) and not uncoded.all():
        sample = "、".join(list(dict.fromkeys(repeated))[:5])
        notices.append(
            Notice(
                "info",
                "names_not_unique",
                layer,
                f"{repeated.nunique()} names stand more than once ({sample}); communities are told "
                "apart by their codes",
                f"{repeated.nunique()} 个名称重复出现（{sample}）；以编码区分",
                column="name",
                found=sample,
                count=int(repeated.nunique()),
            )
        )
    frame["name"] = names.where(names != "", frame["community_id"])
    return notices


def explain_missing_households(communities: gpd.GeoDataFrame, *, layer: str) -> list[Notice]:
    """Communities whose households nobody stated, to be asked once all tables were used.

    Parameters
    ----------
    communities
        community_id, households (NaN unknown).
    """
    missing = communities["households"].isna().to_numpy()
    if not missing.any():
        return []
    codes = [str(code) for code in communities["community_id"].to_numpy()[missing]]
    listed = ", ".join(codes[:20]) + (", …" if len(codes) > 20 else "")
    every = bool(missing.all())
    where = (
        "no community has a" if every else f"{len(codes)} of {len(communities)} communities have no"
    )
    where_zh = "所有" if every else f"{len(communities)} 个社区中有 {len(codes)} 个"
    return [
        Notice(
            "warning",
            "missing_households",
            layer,
            f"{where} number of households; shares are then of homes, not of households, and rules "
            f"on households stay unknown for {listed}",
            f"{where_zh}社区没有户数；其覆盖率按住房而非户数计算，与户数有关的规则判为未知"
            f"（{listed}）",
            row=listed,
            column="households",
            expected="户数",
            count=len(codes),
        )
    ]


def _frame_cells(
    column: NDArray[np.int64], row: NDArray[np.int64], squares: NDArray[Any]
) -> gpd.GeoDataFrame:
    names = [f"{x:04d}_{y:04d}" for x, y in zip(column, row, strict=True)]
    return _frame_unknown(
        [f"c_{name}" for name in names],
        [f"网格 {name.replace('_', '-')}" for name in names],
        "cells",
        squares,
    )


def _frame_boundaries(boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    codes = boundaries["ref_code"].where(boundaries["ref_code"] != "", boundaries["boundary_id"])
    codes = codes.where(~codes.duplicated(keep=False), boundaries["boundary_id"])
    names = boundaries["name"].where(boundaries["name"] != "", codes)
    return _frame_unknown(
        [str(code) for code in codes],
        [str(name) for name in names],
        "osm",
        np.asarray(boundaries.geometry.to_numpy()),
    )


def _frame_unknown(
    codes: list[str], names: list[str], source: str, shapes: NDArray[Any]
) -> gpd.GeoDataFrame:
    n = len(codes)
    return gpd.GeoDataFrame(
        {
            "community_id": pd.array(codes, dtype="str"),
            "name": pd.array(names, dtype="str"),
            "district": pd.array([""] * n, dtype="str"),
            "subdistrict": pd.array([""] * n, dtype="str"),
            "households": np.full(n, np.nan),
            "population": np.full(n, np.nan),
            "valid_from": pd.array([""] * n, dtype="str"),
            "source": pd.array([source] * n, dtype="str"),
        },
        geometry=gpd.array.from_shapely(shapes),
        crs="EPSG:4326",
    )


def _finish(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    attributes = [code for code in read_attributes() if code in frame.columns]
    columns = [*COMMUNITY_COLUMNS, *attributes, "geometry"]
    ordered = frame[columns].sort_values("community_id", kind="stable")
    return ordered.reset_index(drop=True)
