"""Homes to come and catchments: where they lie, whose they are, and what is wrong with them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.crs import wgs84_to_gcj02
from layers.schooling.catchments import read_catchments, settle_catchments
from layers.schooling.housing import HOUSING_COLUMNS, read_housing, settle_housing
from layers.schooling.sources import explain_missing_places

LON, LAT, SIDE = 107.1, 34.3, 0.01


def square(place):
    return shapely.box(LON + place * SIDE, LAT, LON + (place + 1) * SIDE, LAT + SIDE)


@pytest.fixture
def communities():
    return gpd.GeoDataFrame(
        {
            "community_id": ["01", "02"],
            "name": ["锦川社区", "溪口社区"],
            "district": ["锦川区"] * 2,
        },
        geometry=[square(0), square(1)],
        crs=4326,
    )


@pytest.fixture
def read(tmp_path, communities):
    def _read(text, **options):
        path = tmp_path / "housing.csv"
        path.write_text(text, "utf-8")
        table, notices = read_housing(path, **options)
        housing, more = settle_housing(table, communities, layer=path.name, first_year=2025)
        return housing, notices + more

    return _read


def one(notices, code):
    (found,) = [notice for notice in notices if notice.code == code]
    assert found.message_zh
    return found


class TestHousing:
    def test_by_place_or_by_community(self, read):
        housing, notices = read(
            "项目名称,社区编码,所属社区,规划户数,交付年份,经度,纬度\n"
            f'一期,,,"1,100户",2026年,{LON + 0.005},{LAT + 0.005}\n'
            "二期,02,,800套,2027年6月,,\n三期,,溪口,700,2028,,\n"
        )
        assert not [n for n in notices if n.severity != "info"]
        assert list(housing.columns) == [*HOUSING_COLUMNS, "geometry"]
        assert housing["community_id"].tolist() == ["01", "02", "02"]
        assert housing["households"].tolist() == [1100, 800, 700]
        assert housing["year"].tolist() == [2026, 2027, 2028]
        assert housing.geometry.isna().tolist() == [False, True, True]

    def test_no_place_at_all_but_communities(self, read):
        housing, notices = read("小区名称,社区编码,户数,年份\n一期,01,500,2026\n")
        assert not [n for n in notices if n.severity != "info"]
        assert housing["community_id"].tolist() == ["01"]

    def test_in_gcj02(self, read):
        lon, lat = wgs84_to_gcj02(np.array([LON + 0.005]), np.array([LAT + 0.005]))
        housing, _ = read(
            f"名称,户数,交付年份,经度,纬度\n一期,500,2026,{lon[0]},{lat[0]}\n", crs="gcj02"
        )
        assert housing.geometry.x[0] == pytest.approx(LON + 0.005, abs=1e-6)

    def test_areas_give_a_point_inside(self, tmp_path, communities):
        frame = gpd.GeoDataFrame(
            {"项目名称": ["一期"], "户数": [500], "交付年份": [2026]},
            geometry=[square(1)],
            crs=4326,
        )
        frame.to_file(tmp_path / "h.geojson")
        table, _ = read_housing(tmp_path / "h.geojson")
        housing, _ = settle_housing(table, communities, layer="h", first_year=2025)
        assert housing["community_id"].tolist() == ["02"]
        assert housing.geometry.geom_type.tolist() == ["Point"]

    def test_outside_elsewhere_unknown_and_lost(self, read):
        housing, notices = read(
            "项目名称,社区编码,户数,交付年份,经度,纬度\n"
            f"甲,,500,2026,{LON + 0.5},{LAT}\n"
            f"乙,02,500,2026,{LON + 0.005},{LAT + 0.005}\n"
            f"丙,77,500,2026,{LON + 0.005},{LAT + 0.005}\n"
            "丁,77,500,2026,,\n"
        )
        assert one(notices, "housing_outside").found == "甲"
        assert one(notices, "housing_elsewhere").found == "乙"
        assert one(notices, "unknown_community").found == "丙"
        assert one(notices, "missing_place").severity == "warning"
        assert dict(zip(housing["name"], housing["community_id"], strict=True)) == {
            "甲": "",
            "乙": "01",
            "丙": "01",
        }

    def test_what_is_unknown_stays(self, read):
        housing, notices = read(
            "项目编号,社区编码,户数,交付年份\n1,01,,2026\n2,01,500,\n3,01,500,2020\n4,01,-5,2200\n4,01,5,2026\n"
        )
        assert one(notices, "missing_households").row == "2"
        assert one(notices, "missing_year").row == "3"
        assert one(notices, "housing_delivered").row == "4"
        assert one(notices, "value_too_small").found == "-5"
        assert one(notices, "value_too_large").found == "2200"
        assert one(notices, "duplicate_key").severity == "error"
        assert np.isnan(housing.loc[0, "households"])

    def test_columns_that_must_be_there(self, read):
        _, notices = read("项目名称,社区编码\n一期,01\n")
        missing = [n.column for n in notices if n.code == "missing_column"]
        assert missing == ["households", "year"]


class TestCatchments:
    @pytest.fixture
    def facilities(self):
        rows = [
            ("schools:S1", "primary_school", "锦川小学"),
            ("S2", "primary_school", "溪口九年制学校"),
            ("S2", "junior_school", "溪口九年制学校"),
            ("S3", "clinic", "锦川卫生站"),
        ]
        return gpd.GeoDataFrame(
            rows,
            columns=["facility_id", "kind", "name"],
            geometry=[shapely.Point(LON, LAT)] * 4,
            crs=4326,
        )

    @pytest.fixture
    def settle(self, tmp_path, facilities):
        def _settle(**columns):
            n = len(next(iter(columns.values())))
            frame = gpd.GeoDataFrame(columns, geometry=[square(k) for k in range(n)], crs=4326)
            frame.to_file(tmp_path / "c.geojson")
            table, notices = read_catchments(tmp_path / "c.geojson")
            settled, more = settle_catchments(table, facilities, layer="c.geojson")
            return settled, notices + more

        return _settle

    def test_by_id_by_name_and_for_every_level_taught(self, settle):
        settled, notices = settle(
            学校编号=["S1", "", ""],
            学校名称=["", "溪口九年制", "溪口九年制学校"],
            学段=["", "", "初中"],
        )
        assert not [n for n in notices if n.severity != "info"]
        assert settled[["facility_id", "level"]].values.tolist() == [
            ["S2", "junior_school"],
            ["S2", "primary_school"],
            ["schools:S1", "primary_school"],
        ]
        junior, primary = settled.geometry.iloc[:2]
        assert junior.area == pytest.approx(2 * SIDE**2)
        assert primary.area == pytest.approx(SIDE**2)

    def test_schools_nobody_lists_and_levels_not_taught(self, settle):
        settled, notices = settle(
            学校名称=["月亮小学", "锦川小学", ""], 学段=["小学", "初中", "小学"]
        )
        assert one(notices, "catchment_without_school").found == "月亮小学"
        assert one(notices, "catchment_level").found == "锦川小学"
        assert one(notices, "missing_school").row == "3"
        assert settled.empty


def test_schools_without_places_are_told_once():
    facilities = gpd.GeoDataFrame(
        {
            "facility_id": ["a", "b", "c", "d", "d"],
            "kind": ["kindergarten", "primary_school", "clinic", "primary_school", "junior_school"],
            "name": ["一", "二", "三", "四", "四"],
            "capacity": [np.nan] * 5,
            "classes": [6, np.nan, np.nan, np.nan, np.nan],
            "places_primary_school": [np.nan, np.nan, np.nan, 500, np.nan],
        }
    )
    (notice,) = explain_missing_places(facilities)
    assert (notice.severity, notice.count, notice.row, notice.column) == (
        "info",
        2,
        "b, d",
        "capacity",
    )
    assert "2 of 3" in notice.message
    assert explain_missing_places(facilities.iloc[:1]) == []
