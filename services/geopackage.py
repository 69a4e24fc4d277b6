"""All tables of a run in one GeoPackage that opens styled in QGIS."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from maps.qgis import (
    catchment_style,
    change_style,
    connection_style,
    coverage_style,
    gap_style,
    line_style,
    minutes_style,
    parcel_style,
    school_style,
    stop_style,
)
from maps.style import read_palette
from services.scorecards import SIZE_CARD, SIZE_TITLE

_PLACES = (
    "facilities",
    "entrances",
    "demand",
    "streets",
    "stops",
    "lines",
    "barriers",
    "schools",
    "parcels",
    "parcel_findings",
    "parcel_changes",
    "catchments",
    "clusters",
)
_PLAIN = ("coverage", "access", "rollups", "targets", "notices")
_PLAIN_WHERE_ANY = ("school_years", "shortages")
_WRITING = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "OFF"}
_STYLE_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)
"""


def write_geopackage(
    path: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> None:
    """Write the tables of a run as layers; those without geometry as plain tables.

    `communities` carries one column `share_<kind>` for the main limit, and `ride_share_<kind>`
    where there is a timetable; `gaps` and `scorecards` the polygons of their communities,
    `scorecards` also the names of community and card. Layers of schools and land, of stops and lines
    are there where they hold a row. Data notices go into the layers' descriptions.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    layers = _prepare(tables, manifest)
    credit = " · ".join(manifest["attribution"])
    with _waiting_for_no_disk():
        for name, frame in layers.items():
            options: dict[str, Any] = {"layer": name, "append": path.exists(), "use_arrow": True}
            if isinstance(frame, gpd.GeoDataFrame):
                options |= {"layer_options": {"SPATIAL_INDEX": "YES", "DESCRIPTION": credit}}
            else:
                options |= {"layer_options": {"DESCRIPTION": credit}}
            try:
                pyogrio.write_dataframe(frame, path, driver="GPKG", **options)
            except pyogrio.errors.DataSourceError as error:
                raise OSError(f"{path} cannot be written: {error}") from error
    _write_styles(path, layers)


@contextmanager
def _waiting_for_no_disk() -> Iterator[None]:
    """Neither journal nor waits for the disk after each layer: a run that fails leaves no file."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in _WRITING}
    pyogrio.set_gdal_config_options(_WRITING)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _prepare(
    tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    main_limit_min = float(manifest["settings"]["main_limit_min"])
    communities = tables["communities"]
    coverage = tables["coverage"]
    main = coverage[(coverage["limit"] == main_limit_min) & (coverage["limit_unit"] == "min")]
    wide = communities
    for mode, prefix in (("walk", "share_"), ("walk_transit", "ride_share_")):
        shares = main[main["mode"] == mode].pivot_table(
            index="community_id", columns="kind", values="share", dropna=False
        )
        shares.columns = [f"{prefix}{kind}" for kind in shares.columns]
        wide = wide.merge(shares, left_on="community_id", right_index=True, how="left")
    layers: dict[str, pd.DataFrame] = {
        "communities": wide,
        "gaps": _join_areas(tables["gaps"], communities, ["geometry"]),
        "scorecards": _name_cards(
            _join_areas(tables["scorecards"], communities, ["name", "geometry"]), manifest
        ),
    }
    for name in _PLACES:
        if name in tables and len(tables[name]):
            layers[name] = _one_type(tables[name])
    layers |= {name: tables[name] for name in _PLAIN}
    layers |= {
        name: tables[name] for name in _PLAIN_WHERE_ANY if name in tables and len(tables[name])
    }
    return layers


def _join_areas(
    frame: pd.DataFrame, communities: gpd.GeoDataFrame, columns: list[str]
) -> gpd.GeoDataFrame:
    """Rows about communities with some of their columns, the polygon among them."""
    joined = frame.merge(communities[["community_id", *columns]], on="community_id")
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=communities.crs)


def _name_cards(cards: gpd.GeoDataFrame, manifest: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Scorecards with the titles of their cards."""
    titles = {
        (pack["code"], card["code"]): (card["title_zh"], card["title_en"])
        for pack in manifest["packs"]
        for card in pack.get("cards", ())
    }
    titles["", SIZE_CARD] = SIZE_TITLE.zh, SIZE_TITLE.en
    found = [
        titles.get(key, (key[1], key[1])) for key in zip(cards["pack"], cards["card"], strict=True)
    ]
    return cards.assign(
        title_zh=pd.array([zh for zh, _ in found], dtype="str"),
        title_en=pd.array([en for _, en in found], dtype="str"),
    )


def _one_type(frame: pd.DataFrame) -> pd.DataFrame:
    """Polygons as multipolygons where a layer mixes both, which the arrow writer needs said."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame
    shapes = frame.geometry.to_numpy()
    types = np.unique(shapely.get_type_id(shapes[~shapely.is_missing(shapes)]))
    polygon, multi = shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON
    if set(types.tolist()) == {polygon.value, multi.value}:
        single = shapely.get_type_id(shapes) == polygon.value
        merged = shapes.copy()
        merged[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
        frame = frame.set_geometry(gpd.GeoSeries(merged, index=frame.index, crs=frame.crs))
    whole: pd.DataFrame = frame
    return whole


def _write_styles(path: Path, layers: Mapping[str, pd.DataFrame]) -> None:
    palette = read_palette()
    styles = dict.fromkeys(("gaps", "scorecards"), gap_style(palette))
    share = _first_column(layers["communities"], "share_")
    if share:
        styles["communities"] = coverage_style(share, palette)
    minutes = _first_column(layers["streets"], "min_")
    if minutes:
        styles["streets"] = minutes_style(minutes, palette)
    styles |= {
        name: style(palette)
        for name, style in (
            ("demand", connection_style),
            ("facilities", connection_style),
            ("stops", stop_style),
            ("lines", line_style),
            ("schools", school_style),
            ("parcels", parcel_style),
            ("parcel_changes", change_style),
            ("catchments", catchment_style),
            ("clusters", gap_style),
        )
        if name in layers
    }
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(_STYLE_TABLE)
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        base.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner) "
            "VALUES ('', '', ?, 'geom', ?, ?, '', 1, 'LifeCircle', '')",
            [(name, name, qml) for name, qml in styles.items()],
        )


def _first_column(frame: pd.DataFrame, prefix: str) -> str:
    """First column of that prefix that holds a value, or the empty text."""
    for name in frame.columns:
        if name.startswith(prefix) and frame[name].notna().any():
            return str(name)
    return ""
