"""Reserved land: reading and checking."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity

from layers.columns import read_columns
from layers.parcels import PARCEL_COLUMNS, read_parcels
from layers.results import PARCELS, TABLES

LON, LAT = 107.14, 34.36
# 200 m x 100 m at 34.36° N: one degree of longitude is 111320 cos 34.36° = 91,900 m
PLOT = shapely.box(LON, LAT, LON + 200 / 91_950, LAT + 100 / 110_930)


def one(notices, code):
    found = [notice for notice in notices if notice.code == code]
    assert len(found) == 1, [notice.line() for notice in notices]
    return found[0]


@pytest.fixture
def read(tmp_path):
    def _read(**columns):
        apart = range(len(next(iter(columns.values()))))
        plots = [shapely.affinity.translate(PLOT, at * 0.01) for at in apart]
        frame = gpd.GeoDataFrame(columns, geometry=plots, crs=4326)
        frame.to_file(tmp_path / "land.geojson")
        return read_parcels(tmp_path / "land.geojson")

    return _read


def test_values_and_units(read):
    frame, notices = read(
        **{
            "地块编号": ["B", "A"],
            "学段": ["小学", "幼儿园用地"],
            "用地面积（亩）": [30, 30.0],
            "规划班数": ["24班", "12"],
            "状态": ["预留", "在建"],
            "计划开办年份": [2027, 2026],
            "规划名称": ["控规", ""],
            "规划日期": ["2021年6月", "2020-01-15"],
        }
    )
    assert not [notice for notice in notices if notice.severity != "info"]
    assert list(frame.columns) == [*PARCEL_COLUMNS, "geometry"]
    assert {name: str(frame[name].dtype) for name in PARCEL_COLUMNS} == {
        name: TABLES["parcels"][name].dtype for name in PARCEL_COLUMNS
    }
    assert frame["parcel_id"].tolist() == ["A", "B"]
    assert frame["level"].tolist() == ["kindergarten", "primary_school"]
    assert frame["area_m2"].tolist() == pytest.approx([20_000, 20_000])
    assert frame["planned_classes"].tolist() == [12, 24]
    assert frame["status"].tolist() == ["building", "reserved"]
    assert frame["plan_date"].tolist() == ["2020-01-15", "2021-06"]


def test_unknown_areas_come_from_the_shape(read):
    frame, _ = read(地块编号=["A"], 学段=["小学"])
    assert frame["area_m2"].tolist() == pytest.approx([20_000], rel=0.01)
    assert np.isnan(frame["opening_year"]).all()
    assert frame["status"].tolist() == [""]


@pytest.mark.parametrize(
    ("header", "number", "asked"),
    [
        ("用地面积", 30.0, "用地面积（亩）"),
        ("用地面积（亩）", 20_000, "用地面积（㎡）"),
        ("用地面积", 2.0, "用地面积（公顷）"),
        ("用地面积（公顷）", 20_000, "用地面积（㎡）"),
    ],
)
def test_a_unit_taken_for_another_is_noticed_and_the_right_header_named(
    read, header, number, asked
):
    _, notices = read(**{"地块编号": ["A"], "学段": ["小学"], header: [number]})
    notice = one(notices, "area_differs")
    assert asked in notice.message
    assert asked in notice.message_zh


def test_the_stated_area_is_used_until_it_is_mended(read):
    frame, notices = read(地块编号=["A", "B"], 学段=["小学", "小学"], 用地面积=[30.0, 15_000])
    areas = [notice for notice in notices if notice.code == "area_differs"]
    assert [notice.row for notice in areas] == ["1", "2"]
    assert "亩" not in areas[1].message
    assert frame["area_m2"].tolist() == [30.0, 15_000]


def test_parcels_on_the_same_ground_are_noticed(tmp_path):
    shift = shapely.affinity.translate
    gpd.GeoDataFrame(
        {"地块编号": ["A", "B", "C"], "学段": ["小学"] * 3},
        geometry=[PLOT, shift(PLOT, 100 / 91_950), shift(PLOT, 0, 99 / 110_930)],
        crs=4326,
    ).to_file(tmp_path / "land.gpkg")
    frame, notices = read_parcels(tmp_path / "land.gpkg")
    found = one(notices, "parcels_overlap")
    assert (found.severity, found.count, found.row) == ("warning", 1, "1, 2")  # C by a sliver
    assert "A 与 B" in found.message_zh
    assert len(frame) == 3


def test_unknown_levels_and_duplicates_are_errors(read):
    _, notices = read(地块编号=["A", "A"], 学段=["大学", "小学"])
    assert one(notices, "unknown_choice").row == "1"
    assert one(notices, "duplicate_key").row == "1, 2"


def test_points_have_no_area_of_their_own(tmp_path):
    (tmp_path / "p.csv").write_text(
        f"地块编号,学段,经度,纬度\nA,初中,{LON},{LAT}\n", encoding="utf-8"
    )
    frame, _ = read_parcels(tmp_path / "p.csv")
    assert frame["area_m2"].isna().all()


def test_every_code_a_parcel_may_hold_is_documented():
    columns = read_columns("parcels").columns
    for name in ("level", "status"):
        codes = set(columns[name].words.values())
        assert codes
        assert [code for code in codes if f"`{code}`" not in PARCELS[name].meaning] == []
