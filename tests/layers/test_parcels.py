"""Reserved land: reading and checking."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity

from layers.columns import read_columns
from layers.parcel_checks import check_in_city
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


@pytest.mark.parametrize(
    ("header", "number"),
    [
        ("用地面积", 30.0),
        ("用地面积（亩）", 20_000),
        ("用地面积", 2.0),
        ("用地面积（公顷）", 20_000),
    ],
)
def test_the_area_of_the_shape_is_used_where_a_unit_was_mistaken(read, header, number):
    """The plot is 200 m by 100 m: 30 亩, 2 hectares."""
    frame, notices = read(**{"地块编号": ["A"], "学段": ["小学"], header: [number]})
    assert frame["area_m2"].tolist() == pytest.approx([20_000], rel=0.01)
    notice = one(notices, "area_differs")
    assert "按图形面积计算，请更正表头或数值" in notice.message_zh
    assert "area of the shape is used" in notice.message


def test_the_stated_area_is_used_where_it_differs_for_another_reason(read):
    frame, notices = read(地块编号=["A", "B"], 学段=["小学", "小学"], 用地面积=[30.0, 15_000])
    areas = [notice for notice in notices if notice.code == "area_differs"]
    assert [notice.row for notice in areas] == ["1", "2"]
    assert "亩" not in areas[1].message
    assert "更正之前以填报面积为准" in areas[1].message_zh
    assert frame["area_m2"].tolist() == pytest.approx([20_000, 15_000], rel=0.01)


@pytest.mark.parametrize("classes", [24, ""])
@pytest.mark.parametrize(("header", "factor"), [("用地面积", 3 / 2000), ("用地面积（亩）", 1)])
def test_the_area_of_a_point_is_unknown_where_a_unit_was_mistaken(
    tmp_path, header, factor, classes
):
    number = 20_000 * factor
    path = tmp_path / "p.csv"
    path.write_text(
        f"地块编号,学段,规划班数,{header},经度,纬度\nA,小学,{classes},{number:g},{LON},{LAT}\n",
        encoding="utf-8",
    )
    frame, notices = read_parcels(path)
    assert frame["area_m2"].isna().all()
    assert "面积按未知处理，请更正表头或数值" in one(notices, "area_unlikely").message_zh


def test_areas_of_points_that_may_be_are_kept(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(
        f"地块编号,学段,规划班数,用地面积（亩）,经度,纬度\nA,小学,24,30,{LON},{LAT}\n"
        f"B,小学,,60,{LON},{LAT}\nC,,,9000,{LON},{LAT}\n",
        encoding="utf-8",
    )
    frame, notices = read_parcels(path)
    assert frame["area_m2"].tolist() == pytest.approx([20_000, 40_000, 6_000_000])
    assert "area_unlikely" not in {notice.code for notice in notices}


def test_parcels_without_an_id_are_named_and_told(read):
    frame, notices = read(地块编号=["", "A"], 学段=["小学", "小学"])
    notice = one(notices, "parcels_without_id")
    assert (notice.severity, notice.row, notice.count) == ("warning", "1", 1)
    assert "land-1" in notice.message_zh
    assert frame["parcel_id"].tolist() == ["A", "land-1"]


@pytest.mark.parametrize(
    ("first_year", "this_year", "codes"),
    [
        (2025, 2025, {"opening_still_to_come"}),
        (2025, 2026, {"opening_gone_by"}),
        (2026, 2026, {"opening_gone_by"}),
        (2027, 2026, {"opening_gone_by"}),
    ],
)
def test_years_gone_by_are_those_of_the_day_too(read, first_year, this_year, codes):
    frame, _ = read(
        地块编号=["A", "B"],
        学段=["小学", "小学"],
        状态=["在建", "已建成"],
        计划开办年份=[2025, 2026],
    )
    found = check_in_city(frame, frame, layer="land", first_year=first_year, this_year=this_year)
    assert {notice.code for notice in found} == codes
    for notice in found:
        if notice.code == "opening_gone_by":
            assert notice.row == "A"
            assert ("按未知处理" in notice.message_zh) == (first_year > 2025)


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
