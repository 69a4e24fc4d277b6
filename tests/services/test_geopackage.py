"""The GeoPackage: every table as a layer, equal to the Parquet ones, styled for QGIS."""

import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from layers.store import read_run
from services.geopackage import write_geopackage

SPATIAL = (
    "communities", "facilities", "entrances", "demand", "streets", "gaps", "scorecards", "schools"
)  # fmt: skip
PLAIN = ("coverage", "access", "rollups", "targets", "notices", "school_years", "shortages")


@pytest.fixture(scope="module")
def path(finished):
    return finished / "lifecircle.gpkg"


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished)


def compare(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Column by column; the format knows no missing text and no missing truth apart from NULL."""
    assert len(found) == len(wanted)
    for name in wanted.columns:
        if name == "geometry":
            ours, theirs = wanted.geometry.to_numpy(), found.geometry.to_numpy()
            assert shapely.equals(shapely.normalize(ours), shapely.normalize(theirs)).all()
        elif pd.api.types.is_float_dtype(wanted[name]):
            np.testing.assert_array_equal(
                found[name].to_numpy(dtype=float), wanted[name].to_numpy(dtype=float)
            )
        else:
            blank = wanted[name].isna()
            assert found[name].isna().tolist() == blank.tolist()
            assert found[name][~blank].tolist() == wanted[name][~blank].tolist()


def test_every_layer_is_there(path):
    layers = dict(pyogrio.list_layers(path))
    assert set(layers) == {*SPATIAL, *PLAIN, "layer_styles"}
    assert {name for name, kind in layers.items() if kind is None} == {*PLAIN, "layer_styles"}


@pytest.mark.parametrize("name", [*SPATIAL, *PLAIN])
def test_layers_equal_the_tables(path, run, name):
    found = pyogrio.read_dataframe(path, layer=name)
    wanted = getattr(run, name)
    compare(found[list(wanted.columns)], wanted)
    if name in SPATIAL:
        assert found.crs.to_epsg() == 4326


def test_communities_carry_their_shares(path, run):
    found = pyogrio.read_dataframe(path, layer="communities").set_index("community_id")
    main = run.coverage[(run.coverage["limit"] == 15.0) & (run.coverage["limit_unit"] == "min")]
    for row in main.itertuples():
        share = found.loc[row.community_id, f"share_{row.kind}"]
        assert share == row.share or (pd.isna(share) and pd.isna(row.share))


def test_a_timetable_adds_stops_lines_and_shares(ridden):
    """Layers `stops` and `lines` equal the tables; communities carry both modes' shares."""
    run = read_run(ridden)
    path = ridden / "lifecircle.gpkg"
    for name in ("stops", "lines"):
        found, wanted = pyogrio.read_dataframe(path, layer=name), getattr(run.transit, name)
        compare(found[list(wanted.columns)], wanted)
    found = pyogrio.read_dataframe(path, layer="communities").set_index("community_id")
    main = run.coverage[(run.coverage["limit"] == 15.0) & (run.coverage["limit_unit"] == "min")]
    for row in main.itertuples():
        prefix = {"walk": "share", "walk_transit": "ride_share"}[row.mode]
        share = found.loc[row.community_id, f"{prefix}_{row.kind}"]
        assert share == row.share or (pd.isna(share) and pd.isna(row.share))


STYLED = {"communities", "gaps", "scorecards", "streets", "demand", "facilities", "schools"}


@pytest.mark.parametrize(
    ("fixture", "styled"),
    [("finished", STYLED), ("ridden", STYLED | {"stops", "lines"})],
)
def test_styles_are_well_formed_and_meet_their_columns(request, fixture, styled):
    path = request.getfixturevalue(fixture) / "lifecircle.gpkg"
    with closing(sqlite3.connect(path)) as base:
        styles = base.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
        geometry = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        check = base.execute("PRAGMA integrity_check").fetchone()
    assert check == ("ok",)
    assert {name for name, *_ in styles} == styled
    for name, column, qml, default in styles:
        assert column == geometry[name]
        assert default == 1
        tree = ET.fromstring(qml)
        assert tree.tag == "qgis"
        (renderer,) = tree.iter("renderer-v2")
        symbols = {one.get("name") for one in tree.iter("symbol")}
        assert symbols
        attribute = renderer.get("attr")
        if attribute and attribute.isidentifier():
            assert attribute in pyogrio.read_info(path, layer=name)["fields"]


def test_mixed_and_missing_layers(run, tmp_path):
    """Points and areas in one layer, no facility at all, parcels where there are some."""
    tables = {name: getattr(run, name) for name in (*SPATIAL, *PLAIN, "barriers")}
    square = shapely.box(107.15, 34.35, 107.151, 34.351)
    shapes = [square, shapely.MultiPolygon([square]), shapely.Point(107.15, 34.35)]
    parcels = gpd.GeoDataFrame({"parcel_id": list("abc")}, geometry=shapes, crs="EPSG:4326")
    tables["parcels"] = parcels
    tables["facilities"] = run.facilities.iloc[:0]
    write_geopackage(tmp_path / "a.gpkg", tables, run.manifest)
    layers = dict(pyogrio.list_layers(tmp_path / "a.gpkg"))
    assert "facilities" not in layers
    found = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="parcels")
    assert found["parcel_id"].tolist() == ["a", "b", "c"]
    assert shapely.equals(found.geometry.to_numpy(), shapes).all()
    tables["parcels"] = parcels.iloc[:2]
    write_geopackage(tmp_path / "b.gpkg", tables, run.manifest)
    assert dict(pyogrio.list_layers(tmp_path / "b.gpkg"))["parcels"] == "MultiPolygon"


def test_a_place_that_cannot_be_written(run, tmp_path):
    """The settings of the writer are put back whether it succeeds or not."""
    tables = {name: getattr(run, name) for name in (*SPATIAL, *PLAIN, "barriers")}
    option = "OGR_SQLITE_SYNCHRONOUS"
    pyogrio.set_gdal_config_options({option: "FULL"})
    try:
        with pytest.raises(OSError, match="cannot be written"):
            write_geopackage(tmp_path / "nowhere" / "a.gpkg", tables, run.manifest)
        assert pyogrio.get_gdal_config_option(option) == "FULL"
        write_geopackage(tmp_path / "a.gpkg", tables, run.manifest)
        assert pyogrio.get_gdal_config_option(option) == "FULL"
    finally:
        pyogrio.set_gdal_config_options({option: None})
