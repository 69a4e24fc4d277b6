"""Facilities from users' tables, and their union with those of OSM.

A table names its kind in Chinese or English (`kinds.yaml`); one row with several kinds becomes
several rows. Where a table and OSM show the same facility, the table's attributes are kept, with
OSM's area if the table has only a point: the area has gates.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs, project
from layers.areas import keep_areas, measure_areas_m2
from layers.columns import normalize_text, read_columns
from layers.kinds import Kinds, read_kinds
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table

FACILITY_COLUMNS = (
    "facility_id",
    "kind",
    "name",
    "source",
    "inclusive",
    "capacity",
    "classes",
    "free_places",
    "opening_year",
    "floor_area_m2",
    "land_area_m2",
)
PLACES_COLUMNS = (
    "places_kindergarten",
    "places_primary_school",
    "places_junior_school",
    "places_senior_school",
)
"""Places per level of schools that teach several: only where some table has the column."""

_NEAR_M = 100.0
_ALIKE = 0.8
_SEVERAL = re.compile(r"[、,，;；/|+＋]")
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_NOT_WORD = re.compile(r"[\W_]+")
_UNSPECIFIED = "school_unspecified"


def read_facilities(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    kinds: Kinds | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read a table of facilities.

    Parameters
    ----------
    crs, encoding, aliases, limits
        As in `layers.readers.read_table`.
    kinds
        The kinds there are; those shipped by default.

    Returns
    -------
    facilities
        `FACILITY_COLUMNS`, those of `PLACES_COLUMNS` the table has, and `geometry` (point or area, WGS
        84), one row per facility and kind, sorted; composite kinds included. `source` is the file's name. Rows without an id are
        numbered. `land_area_m2` is as stated, else that of the area.
    notices
        Unknown kinds (errors, with their rows) and what the reader found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    known = kinds if kinds is not None else read_kinds()
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="facilities",
        aliases=aliases,
        geometry="any",
        limits=limits,
    )
    made_up = pd.Series(
        [f"{path.stem}-{row}" for row in frame["row"]], index=frame.index, dtype="str"
    )
    frame["facility_id"] = frame["facility_id"].where(frame["facility_id"] != "", made_up)
    codes = [_find_kinds(str(text), known) for text in frame["kind"]]
    if not _lacks_kind_column(notices):
        notices.extend(_explain_kinds(frame, codes, known, path.name, limits))
    frame["kind"] = pd.Series(codes, index=frame.index, dtype="object")
    frame["source"] = pd.Series([path.name] * len(frame), index=frame.index, dtype="str")
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    broken = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    shapes[broken] = [keep_areas(shape) for shape in shapely.make_valid(shapes[broken])]
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    stated_m2 = frame["land_area_m2"].to_numpy(dtype=np.float64)
    frame["land_area_m2"] = np.where(np.isnan(stated_m2), measure_areas_m2(shapes), stated_m2)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    frame = frame[usable & np.array([bool(found) for found in codes], dtype=np.bool_)]
    return _finish(frame.explode("kind", ignore_index=True)), notices


def merge_facilities(
    osm: gpd.GeoDataFrame, tables: Sequence[gpd.GeoDataFrame]
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """All facilities in one table; what a table and OSM both show is counted once.

    Two rows are the same facility when their kinds agree (a school of no stated level agrees with
    any level), they lie within 100 m, and their names are alike.

    Parameters
    ----------
    osm
        As `OsmExtract.facilities`.
    tables
        As from `read_facilities`, the most trusted first.

    Returns
    -------
    facilities
        `FACILITY_COLUMNS`, those of `PLACES_COLUMNS` some table has, and `geometry`, sorted by facility
        and kind; the two are a key. Of a pair
        the table's row stays, on OSM's area (and with its land) where the table has a point.
    notices
        Pairs found, and ids that had to be told apart.
    """
    frame = _complete(osm, "osm")
    notices: list[Notice] = []
    dropped = np.zeros(len(frame), dtype=np.bool_)
    kept = []
    for table in tables:
        settled, gone, more = _drop_pairs(frame, _complete(table, "table"), dropped)
        dropped |= gone
        kept.append(settled)
        notices.extend(more)
    taken = set(frame["facility_id"][~dropped])
    for place, table in enumerate(kept):
        clash = table["facility_id"].isin(taken).to_numpy()
        if clash.any():
            prefix = table["source"].str.rsplit(".", n=1).str[0]
            renamed = (prefix + ":" + table["facility_id"]).where(clash, table["facility_id"])
            kept[place] = table.assign(facility_id=renamed)
            sample = str(table["facility_id"][clash].iloc[0])
            notices.append(_explain_clash(str(table["source"].iloc[0]), sample, int(clash.sum())))
        taken |= set(kept[place]["facility_id"])
    frames = [part for part in (frame[~dropped], *kept) if len(part)]
    return _finish(pd.concat(frames, ignore_index=True) if frames else frame), notices


def are_names_alike(one: str, other: str) -> bool:
    """Whether two names may mean the same place: equal, one within the other, or nearly equal.

    >>> are_names_alike("宝鸡市实验小学（东校区）", "实验小学"), are_names_alike("一小", "二小")
    (True, False)
    """
    left, right = _reduce_name(one), _reduce_name(other)
    if not left or not right:
        return False
    shorter, longer = sorted((left, right), key=len)
    if left == right or (len(shorter) >= 3 and shorter in longer):
        return True
    if len(shorter) < 4 or _list_digits(left) != _list_digits(right):
        return False
    return SequenceMatcher(None, left, right).ratio() >= _ALIKE


def _find_kinds(text: str, kinds: Kinds) -> tuple[str, ...]:
    """Codes of the kinds a cell names and of all these belong to; empty if any of it is unknown."""
    if not text.strip():
        return ()
    several = read_columns("facilities").columns["kind"].words.get(normalize_text(text))
    parts = several.split("+") if several else [p for p in _SEVERAL.split(text) if p.strip()]
    whole = kinds.find(text)
    named = [whole] if whole else [kinds.find(part) for part in parts]
    codes = [kind.code for kind in named if kind is not None]
    if not codes or len(codes) < len(named):
        return ()
    return kinds.complete(codes)


def _lacks_kind_column(notices: Sequence[Notice]) -> bool:
    return any(notice.code == "missing_column" and notice.column == "kind" for notice in notices)


def _explain_kinds(
    frame: gpd.GeoDataFrame,
    codes: Sequence[tuple[str, ...]],
    kinds: Kinds,
    layer: str,
    limits: Limits,
) -> list[Notice]:
    """One error per unknown word, with all its rows."""
    rows: dict[str, list[int]] = {}
    for text, row, found in zip(frame["kind"], frame["row"], codes, strict=True):
        if not found:
            rows.setdefault(str(text), []).append(int(row))
    title = read_columns("facilities").columns["kind"].title_zh
    samples = "、".join(kind.name_zh for kind in list(kinds.values())[:8])
    notices = []
    for text, places in list(rows.items())[: limits.max_listed]:
        listed = ", ".join(str(place) for place in places[:20]) + (
            ", …" if len(places) > 20 else ""
        )
        what = f"{text!r} is no known kind" if text else "no kind is stated"
        what_zh = f"“{text}”不是已知类别" if text else "未填类别"
        notices.append(
            Notice(
                "error",
                "unknown_kind" if text else "missing_kind",
                layer,
                f"{what} (rows {listed}); expected one such as {samples}; correct it, or delete "
                "rows of kinds that are not measured",
                f"{what_zh}（第 {listed} 行）；应为{samples}等；请更正，或删除不参与评价的行",
                row=listed,
                column=title,
                found=text,
                expected=samples,
                count=len(places),
            )
        )
    return notices


def _complete(frame: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    columns = read_columns("facilities").columns
    missing: dict[str, Any] = {}
    for name in FACILITY_COLUMNS:
        if name in frame.columns:
            continue
        kind = columns[name].type if name in columns else "text"
        filler = source if name == "source" else "" if kind in ("text", "code") else np.nan
        dtype = "boolean" if kind == "boolean" else "str" if isinstance(filler, str) else "float64"
        missing[name] = pd.Series([filler] * len(frame), index=frame.index, dtype=dtype)
    return frame.assign(**missing)[_list_columns(frame)].reset_index(drop=True)


def _list_columns(frame: gpd.GeoDataFrame) -> list[str]:
    own = [name for name in PLACES_COLUMNS if name in frame.columns]
    return [*FACILITY_COLUMNS, *own, "geometry"]


def _drop_pairs(
    osm: gpd.GeoDataFrame, table: gpd.GeoDataFrame, gone_before: Any
) -> tuple[gpd.GeoDataFrame, Any, list[Notice]]:
    """Rows of OSM that `table` shows too, and the table on OSM's areas."""
    gone = np.zeros(len(osm), dtype=np.bool_)
    if not len(osm) or not len(table):
        return table, gone, []
    shapes = np.asarray(table.geometry.to_numpy(), dtype=object)
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes)))
    to_metres = partial(project, crs=crs)
    osm_shapes = np.asarray(osm.geometry.to_numpy(), dtype=object)
    mine = shapely.transform(shapes, to_metres)
    theirs = shapely.transform(osm_shapes, to_metres)
    rows, candidates = shapely.STRtree(theirs).query(mine, predicate="dwithin", distance=_NEAR_M)
    near_m = shapely.distance(mine[rows], theirs[candidates])
    new_shapes = shapes.copy()
    land_m2 = table["land_area_m2"].to_numpy(dtype=np.float64).copy()
    osm_land_m2 = osm["land_area_m2"].to_numpy(dtype=np.float64)
    pairs: list[tuple[int, int]] = []
    kinds, osm_kinds = table["kind"].to_numpy(), osm["kind"].to_numpy()
    names, osm_names = table["name"].to_numpy(), osm["name"].to_numpy()
    for place in np.lexsort((candidates, near_m, rows)):
        row, candidate = int(rows[place]), int(candidates[place])
        if gone[candidate] or gone_before[candidate]:
            continue
        if not _agree(str(kinds[row]), str(osm_kinds[candidate])):
            continue
        unnamed_inside = not osm_names[candidate] and near_m[place] == 0
        if unnamed_inside or are_names_alike(str(names[row]), str(osm_names[candidate])):
            gone[candidate] = True
            pairs.append((row, candidate))
            if np.isnan(land_m2[row]):
                land_m2[row] = osm_land_m2[candidate]
            areal = osm_shapes[candidate].geom_type in ("Polygon", "MultiPolygon")
            if areal and new_shapes[row].geom_type == "Point":
                new_shapes[row] = osm_shapes[candidate]
    if not pairs:
        return table, gone, []
    source = str(table["source"].iloc[0])
    row, candidate = pairs[0]
    sample = f"{names[row]} = {osm['facility_id'].iloc[candidate]} {osm_names[candidate]}".strip()
    ids = ", ".join(str(osm["facility_id"].iloc[found]) for _, found in pairs[:20])
    settled = table.assign(land_area_m2=land_m2).set_geometry(
        gpd.GeoSeries(new_shapes, index=table.index, crs="EPSG:4326")
    )
    return (
        _share_shapes(settled),
        gone,
        [
            Notice(
                "info",
                "facility_in_osm_too",
                source,
                f"{len(pairs)} rows show facilities OSM has too, such as {sample}; the table's "
                "were kept, on OSM's areas where it has some",
                f"{len(pairs)} 行与 OSM 中的设施重复，如 {sample}；保留本表属性，OSM "
                "有面时采用其范围",
                row=ids + (", …" if len(pairs) > 20 else ""),
                found=sample,
                count=len(pairs),
            )
        ],
    )


def _share_shapes(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One shape and land per facility: rows of several kinds share the first among them."""
    shapes = np.asarray(table.geometry.to_numpy(), dtype=object)
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    best: dict[str, Any] = {}
    for code, shape, area in zip(table["facility_id"], shapes, areal, strict=True):
        if area:
            best.setdefault(str(code), shape)
    settled = [
        best.get(str(code), shape) for code, shape in zip(table["facility_id"], shapes, strict=True)
    ]
    land_m2 = table.groupby("facility_id")["land_area_m2"].transform("first")
    return table.assign(land_area_m2=table["land_area_m2"].fillna(land_m2)).set_geometry(
        gpd.GeoSeries(settled, index=table.index, crs="EPSG:4326")
    )


def _agree(kind: str, osm_kind: str) -> bool:
    return kind == osm_kind or (osm_kind == _UNSPECIFIED and kind.endswith("_school"))


def _explain_clash(source: str, sample: str, count: int) -> Notice:
    return Notice(
        "info",
        "ids_prefixed",
        source,
        f"{count} ids such as {sample!r} stand in another source too; the file's name was put "
        "before them",
        f"{count} 个编号（如“{sample}”）与其他来源重复，已加文件名前缀",
        found=sample,
        count=count,
    )


def _reduce_name(name: str) -> str:
    half = unicodedata.normalize("NFKC", name).lower()
    return _NOT_WORD.sub("", _BRACKETS.sub("", half))


def _list_digits(name: str) -> list[str]:
    return re.findall(r"\d+|[一二三四五六七八九十]", name)


def _finish(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    ordered = gpd.GeoDataFrame(frame[_list_columns(frame)], crs="EPSG:4326")
    ordered["kind"] = ordered["kind"].astype("str")
    unique = ordered.drop_duplicates(["facility_id", "kind"])
    return unique.sort_values(["facility_id", "kind"], kind="stable").reset_index(drop=True)
