"""Facilities from tables, and what OSM shows too."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.facilities import (
    FACILITY_COLUMNS,
    are_names_alike,
    merge_facilities,
    read_facilities,
)
from layers.osm import read_osm

HEADER = "设施名称,类别,经度,纬度,学位数,空余学位,班级数,是否普惠,开办年份\n"
LON, LAT = 107.14, 34.36
METRE = 1 / 111_320


@pytest.fixture
def read(tmp_path):
    def _read(lines, name="schools.csv"):
        (tmp_path / name).write_text(HEADER + lines, encoding="utf-8")
        return read_facilities(tmp_path / name)

    return _read


def osm(*rows):
    """Rows of (id, kind, name, shape)."""
    return gpd.GeoDataFrame(
        {
            "facility_id": [row[0] for row in rows],
            "kind": [row[1] for row in rows],
            "name": [row[2] for row in rows],
            "capacity": np.full(len(rows), np.nan),
        },
        geometry=[row[3] for row in rows],
        crs=4326,
    )


def one(notices, code):
    found = [notice for notice in notices if notice.code == code]
    assert len(found) == 1, [notice.line() for notice in notices]
    return found[0]


def errors(notices):
    return [notice for notice in notices if notice.severity == "error"]


class TestReading:
    def test_values(self, read):
        frame, notices = read('东风路幼儿园,幼儿园,107.14,34.36,"1,080",12,6班,是,2010年9月\n')
        assert not errors(notices)
        assert list(frame.columns) == [*FACILITY_COLUMNS, "geometry"]
        row = frame.iloc[0]
        assert (row["facility_id"], row["kind"], row["source"]) == (
            "schools-2",
            "kindergarten",
            "schools.csv",
        )
        assert (row["capacity"], row["free_places"], row["classes"]) == (1080, 12, 6)
        assert row["inclusive"]
        assert row["opening_year"] == 2010

    def test_unknown_stays_unknown(self, read):
        frame, _ = read("某园,幼儿园,107.14,34.36,,,,,\n")
        row = frame.iloc[0]
        assert np.isnan(
            row[["capacity", "free_places", "classes", "opening_year"]].astype(float)
        ).all()
        assert row["inclusive"] is pd.NA

    @pytest.mark.parametrize(
        ("text", "kinds"),
        [
            ("小学", {"primary_school"}),
            ("primary_school", {"primary_school"}),
            ("九年一贯制", {"primary_school", "junior_school"}),
            ("小学、幼儿园", {"primary_school", "kindergarten"}),
            ("超市", {"supermarket", "shop"}),
            ("社区卫生服务站", {"health_station", "clinic"}),
            ("党群服务中心、老年助餐", {"service_centre", "government", "elder_meals"}),
        ],
    )
    def test_kinds(self, read, text, kinds):
        frame, notices = read(f"某处,{text},107.14,34.36,,,,,\n")
        assert not errors(notices)
        assert set(frame["kind"]) == kinds
        assert len(set(frame["facility_id"])) == 1

    def test_unknown_kinds_are_errors_with_their_rows(self, read):
        frame, notices = read(
            "甲,飞船,107.14,34.36,,,,,\n乙,小学,107.14,34.36,,,,,\n丙,飞船,107.14,34.36,,,,,\n丁,,107.14,34.36,,,,,\n"
            "戊,小学、飞船,107.14,34.36,,,,,\n"
        )
        found = {n.found: (n.code, n.row, n.severity) for n in errors(notices)}
        assert found == {
            "飞船": ("unknown_kind", "2, 4", "error"),
            "": ("missing_kind", "5", "error"),
            "小学、飞船": ("unknown_kind", "6", "error"),
        }
        assert frame["name"].tolist() == ["乙"]

    def test_without_a_kind_column_only_that_is_said(self, tmp_path):
        (tmp_path / "x.csv").write_text("名称,经度,纬度\n甲,107.14,34.36\n", encoding="utf-8")
        frame, notices = read_facilities(tmp_path / "x.csv")
        assert [notice.code for notice in errors(notices)] == ["missing_column"]
        assert len(frame) == 0

    def test_areas(self, tmp_path):
        campus = shapely.box(LON, LAT, LON + 100 * METRE, LAT + 100 * METRE).wkt
        (tmp_path / "x.csv").write_text(
            "名称,类别,范围,建筑面积（㎡）,用地面积（亩）,面积\n"
            f'甲,小学,"{campus}",4500,7.5,1\n'
            f'乙,小学,"{campus}",0.3万㎡,,1\n'
            f"丙,小学,POINT ({LON} {LAT}),,,1\n",
            encoding="utf-8",
        )
        frame, notices = read_facilities(tmp_path / "x.csv")
        assert not errors(notices)
        assert one(notices, "columns_not_used").found == "面积"
        frame = frame.set_index("name")
        assert frame["floor_area_m2"].tolist()[:2] == [4500.0, 3000.0]
        assert frame.loc["甲", "land_area_m2"] == pytest.approx(5000.0)
        drawn_m2 = 100 * 100 * np.cos(np.radians(LAT))
        assert frame.loc["乙", "land_area_m2"] == pytest.approx(drawn_m2, rel=0.01)
        assert frame.loc["丙", ["floor_area_m2", "land_area_m2"]].isna().all()

    def test_a_negative_area_is_an_error(self, tmp_path):
        (tmp_path / "x.csv").write_text(
            f"名称,类别,经度,纬度,占地面积\n甲,小学,{LON},{LAT},-5\n", encoding="utf-8"
        )
        notice = one(read_facilities(tmp_path / "x.csv")[1], "value_too_small")
        assert (notice.row, notice.column) == ("2", "占地面积")

    def test_names_are_text_whatever_they_hold(self, read):
        frame, _ = read("<script>alert(1)</script>,小学,107.14,34.36,,,,,\n")
        assert frame["name"].tolist() == ["<script>alert(1)</script>"]


class TestMerging:
    def table(self, read, lines, name="schools.csv"):
        frame, notices = read(lines, name)
        assert not errors(notices)
        return frame

    def test_osm_alone_gets_every_column(self):
        frame, notices = merge_facilities(osm(("n1", "bank", "行", shapely.Point(LON, LAT))), [])
        assert notices == []
        assert list(frame.columns) == [*FACILITY_COLUMNS, "geometry"]
        assert frame["source"].tolist() == ["osm"]
        assert frame["inclusive"].dtype == "boolean"

    def test_the_tables_row_wins_on_osms_area(self, read):
        campus = shapely.box(LON, LAT, LON + 100 * METRE, LAT + 100 * METRE)
        given = self.table(read, f"宝鸡市实验小学,小学,{LON},{LAT},1200,0,,,\n")
        frame, notices = merge_facilities(
            osm(("w1", "primary_school", "实验小学", campus)), [given]
        )
        assert frame[["facility_id", "source", "capacity"]].to_numpy().tolist() == [
            ["schools-2", "schools.csv", 1200.0]
        ]
        assert frame.geometry.iloc[0].equals(campus)
        assert one(notices, "facility_in_osm_too").row == "w1"

    def test_a_school_of_no_stated_level_is_the_tables(self, read):
        given = self.table(read, f"实验小学,小学,{LON},{LAT},1200,0,,,\n")
        shown = osm(("n1", "school_unspecified", "实验小学", shapely.Point(LON, LAT)))
        frame, _ = merge_facilities(shown, [given])
        assert frame["kind"].tolist() == ["primary_school"]

    @pytest.mark.parametrize(
        ("kind", "name", "metres"),
        [
            ("kindergarten", "实验小学", 10),
            ("primary_school", "实验二小", 10),
            ("primary_school", "实验小学", 150),
        ],
    )
    def test_other_kind_other_name_or_too_far_stay_apart(self, read, kind, name, metres):
        given = self.table(read, f"实验小学,小学,{LON},{LAT},,,,,\n")
        shown = osm(("n1", kind, name, shapely.Point(LON, LAT + metres * METRE)))
        frame, notices = merge_facilities(shown, [given])
        assert len(frame) == 2
        assert notices == []

    def test_an_unnamed_area_around_the_point_is_the_same(self, read):
        campus = shapely.box(LON - METRE, LAT - METRE, LON + METRE, LAT + METRE)
        given = self.table(read, f"实验小学,小学,{LON},{LAT},,,,,\n")
        assert len(merge_facilities(osm(("w1", "primary_school", "", campus)), [given])[0]) == 1

    def test_both_kinds_of_one_place_move_to_its_area(self, read):
        campus = shapely.box(LON, LAT, LON + 100 * METRE, LAT + 100 * METRE)
        given = self.table(read, f"渭滨学校,九年一贯制,{LON},{LAT},,,,,\n")
        shown = osm(
            ("w1", "primary_school", "渭滨学校", campus),
            ("w1", "junior_school", "渭滨学校", campus),
        )
        frame, _ = merge_facilities(shown, [given])
        assert frame["facility_id"].tolist() == ["schools-2", "schools-2"]
        assert frame.geometry.iloc[0].equals(frame.geometry.iloc[1])

    def test_land_is_the_tables_else_of_osms_area(self, tmp_path):
        campus = shapely.box(LON, LAT, LON + 100 * METRE, LAT + 100 * METRE)
        shown = osm(
            ("w1", "primary_school", "甲校", campus), ("w1", "junior_school", "甲校", campus)
        ).assign(land_area_m2=9000.0)
        for stated, land_m2 in (("", 9000.0), ("8000", 8000.0)):
            (tmp_path / "x.csv").write_text(
                f"名称,类别,经度,纬度,用地面积,建筑面积\n甲校,九年一贯制,{LON},{LAT},{stated},3000\n",
                encoding="utf-8",
            )
            frame, _ = merge_facilities(shown, [read_facilities(tmp_path / "x.csv")[0]])
            assert frame["land_area_m2"].tolist() == [land_m2] * 2
            assert frame["floor_area_m2"].tolist() == [3000.0] * 2

    def test_ids_of_two_tables_are_told_apart(self, tmp_path):
        frames = []
        for name, at in (("a.csv", LON), ("b.csv", LON + 0.01)):
            (tmp_path / name).write_text(
                f"编号,名称,类别,经度,纬度\n1,店{at},超市,{at},{LAT}\n", encoding="utf-8"
            )
            frames.append(read_facilities(tmp_path / name)[0])
        frame, notices = merge_facilities(osm(), frames)
        assert sorted(set(frame["facility_id"])) == ["1", "b:1"]
        assert not frame.duplicated(["facility_id", "kind"]).any()
        assert one(notices, "ids_prefixed").count == 2

    def test_row_order_changes_nothing(self, read):
        shown = osm(
            ("n2", "bank", "乙行", shapely.Point(LON, LAT)),
            ("n1", "bank", "甲行", shapely.Point(LON, LAT)),
        )
        one_way, _ = merge_facilities(shown, [])
        other, _ = merge_facilities(shown.iloc[::-1], [])
        pd.testing.assert_frame_equal(pd.DataFrame(one_way), pd.DataFrame(other))


@pytest.mark.parametrize(
    ("one_name", "other", "alike"),
    [
        ("实验小学", "宝鸡市实验小学", True),
        ("实验小学（东校区）", "实验 小学", True),
        ("CEIP Las Palmas", "C.E.I.P. Las Palmas", True),
        ("高新第一小学", "高新第二小学", False),
        ("一小", "一小学校", False),
        ("", "实验小学", False),
    ],
)
def test_names(one_name, other, alike):
    assert are_names_alike(one_name, other) is alike
    assert are_names_alike(other, one_name) is alike


@pytest.mark.real
def test_real_osm_facilities_pass_through(shared_data):
    extract = read_osm(shared_data / "osm" / "nanjing-xinjiekou-20210612.osm")
    frame, notices = merge_facilities(extract.facilities, [])
    assert len(frame) == len(extract.facilities.drop_duplicates(["facility_id", "kind"]))
    assert notices == []
    land_m2 = frame.set_index("kind")["land_area_m2"]
    assert land_m2["park"].min() > 0
    assert land_m2["bus_stop"].isna().all()
    assert frame["floor_area_m2"].isna().all()
    built = extract.facilities["tags"].str.contains('"building": "')
    assert 0 < built.sum() < len(built)
    assert extract.facilities.loc[built, "land_area_m2"].isna().all()


def test_places_per_level_only_where_a_table_has_them(tmp_path):
    (tmp_path / "s.csv").write_text(
        f"名称,类别,学位数,小学学位,初中学位,经度,纬度\n溪东学校,九年一贯制学校,1640,1080人,560,{LON},{LAT}\n",
        "utf-8",
    )
    frame, notices = read_facilities(tmp_path / "s.csv")
    assert not errors(notices)
    merged, _ = merge_facilities(osm(), [frame])
    assert list(merged.columns)[-3:] == [
        "places_primary_school",
        "places_junior_school",
        "geometry",
    ]
    assert set(merged["places_primary_school"]) == {1080}
    (tmp_path / "t.csv").write_text(
        f"名称,类别,学位数,经度,纬度\n一小,小学,5,{LON},{LAT}\n", "utf-8"
    )
    plain, _ = read_facilities(tmp_path / "t.csv")
    assert not [name for name in plain.columns if name.startswith("places_")]
    both, _ = merge_facilities(osm(), [frame, plain])
    assert both["places_junior_school"].isna().sum() == 1
