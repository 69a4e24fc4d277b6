"""Reading tables: formats, aliases, coordinate systems, and the traps of real planning data."""

import warnings

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from openpyxl.styles import Font

from geo.crs import wgs84_to_bd09, wgs84_to_gcj02
from layers.errors import InvalidConfig, UnreadableFile
from layers.limits import Limits
from layers.readers import read_table

WKT = "POLYGON ((107.14 34.36, 107.15 34.36, 107.15 34.37, 107.14 34.37, 107.14 34.36))"
HEADER = "社区编码,社区名称,户数,人口,几何\n"


@pytest.fixture
def write(tmp_path):
    def _write(text, name="communities.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return _write


@pytest.fixture
def points():
    return np.array([[107.1431, 34.3612], [107.1502, 34.3655], [107.1623, 34.3701]])


def one(notices, code):
    found = [notice for notice in notices if notice.code == code]
    assert len(found) == 1, [notice.line() for notice in notices]
    assert found[0].message
    assert found[0].message_zh
    return found[0]


def codes(notices):
    return {notice.code for notice in notices}


def errors(notices):
    return [notice for notice in notices if notice.severity == "error"]


def save_sheet(path, rows, **sheets):
    book = openpyxl.Workbook()
    for title, lines in {"Sheet1": rows, **sheets}.items():
        sheet = book.active if title == "Sheet1" else book.create_sheet(title)
        sheet.title = title
        for line in lines:
            sheet.append(line)
    book.save(path)
    return path


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
    def test_encodings_are_recognised(self, write, encoding):
        path = write(HEADER + f'610302001001,宝石社区,1520,4500,"{WKT}"\n', encoding=encoding)
        frame, notices = read_table(path)
        assert frame["name"].tolist() == ["宝石社区"]
        assert frame["households"].tolist() == [1520.0]
        assert not errors(notices)
        assert ("encoding_guessed" in codes(notices)) == encoding.startswith("gb")

    def test_declared_encoding_wins_and_wrong_one_is_one_clear_line(self, write):
        path = write(HEADER + f'1,宝石社区,1,1,"{WKT}"\n', encoding="gbk")
        frame, notices = read_table(path, encoding="gbk")
        assert frame["name"].tolist() == ["宝石社区"]
        assert "encoding_guessed" not in codes(notices)
        with pytest.raises(UnreadableFile, match="is not utf-8: byte"):
            read_table(path, encoding="utf-8")
        with pytest.raises(UnreadableFile, match="no encoding called"):
            read_table(path, encoding="klingon")

    @pytest.mark.parametrize("separator", [";", "\t"])
    def test_other_separators(self, write, separator):
        path = write(f"编码{separator}名称{separator}几何\n1{separator}甲{separator}{WKT}\n")
        frame, _ = read_table(path)
        assert frame["name"].tolist() == ["甲"]

    def test_quoted_commas_stay_in_their_cell(self, write):
        path = write(
            'id,名称,类别,地址,经度,纬度\n1,一店,超市,"金台区,经二路,3号",107.14,34.36\n',
            "shops.csv",
        )
        frame, notices = read_table(path, layer_name="facilities", geometry="any")
        assert frame.geometry.x.tolist() == [107.14]
        assert not errors(notices)

    def test_a_field_too_many_is_an_error_with_its_row_and_the_row_stays_out(self, write):
        path = write(
            "id,名称,类别,地址,经度,纬度\n1,一店,超市,经二路,107.14,34.36\n"
            "2,二店,超市,金台区,经二路,107.15,34.37\n",
            "shops.csv",
        )
        frame, notices = read_table(path, layer_name="facilities", geometry="any")
        notice = one(notices, "row_too_long")
        assert (notice.row, notice.found, notice.expected) == ("3", "7", "6")
        assert "double quotes" in notice.message
        assert frame["facility_id"].tolist() == ["1"]

    def test_trailing_separators_are_harmless_and_short_rows_are_noticed(self, write):
        path = write(f'编码,名称,几何\n1,甲,"{WKT}",,\n2,乙\n')
        frame, notices = read_table(path)
        assert one(notices, "row_too_short").row == "3"
        assert one(notices, "missing_place").row == "3"
        assert len(frame) == 2

    def test_rows_are_counted_as_a_spreadsheet_does(self, write):
        """Row 2 is blank, row 3 holds a quoted line break, so the bad number stands in row 4."""
        path = write(f'编码,名称,户数,几何\n\n1,"甲\n社区",5,"{WKT}"\n2,乙,很多,"{WKT}"\n')
        frame, notices = read_table(path)
        assert frame["row"].tolist() == [3, 4]
        assert one(notices, "not_a_number").row == "4"

    def test_title_and_total_and_remark_rows(self, write):
        path = write(
            f'金台区社区统计表,,,\n编码,名称,户数,几何\n1,甲,100,"{WKT}"\n合计,,100,\n注：截至2023年底,,,\n'
        )
        frame, notices = read_table(path)
        assert one(notices, "header_row_found").row == "2"
        assert one(notices, "total_row_skipped").row == "4"
        assert one(notices, "remark_row_skipped").row == "5"
        assert frame["community_id"].tolist() == ["1"]
        assert not errors(notices)

    def test_header_without_rows_is_an_error(self, write):
        _, notices = read_table(write(HEADER))
        assert one(notices, "empty_table").severity == "error"

    @pytest.mark.parametrize("text", ["", "\n\n", ",,\n,,\n"])
    def test_empty_file(self, write, text):
        with pytest.raises(UnreadableFile, match="empty"):
            read_table(write(text))

    def test_binary_is_no_text(self, write):
        with pytest.raises(UnreadableFile, match="no text in UTF-8"):
            read_table(write(bytes(range(256)) * 20))


class TestNumbers:
    def test_clean_readings(self, write):
        path = write(
            HEADER
            + "".join(
                f'{place},社区{place},"{cell}",,"{WKT}"\n'
                for place, cell in enumerate(
                    ["1,520", "１５２０", "1520户", " 1520 ", "1520.0", "1.52e3"]
                )
            )
        )
        frame, notices = read_table(path)
        assert frame["households"].tolist() == [1520.0] * 6
        assert one(notices, "number_rewritten").count == 3
        assert not errors(notices)

    def test_what_is_no_number_is_said_cell_by_cell(self, write):
        cells = ["1.50-3.60", "约1500户", "1500~1600", "1,5", "很多", "１５００至１６００", "1500+"]
        path = write(
            HEADER + "".join(f'{n},社区{n},"{cell}",,"{WKT}"\n' for n, cell in enumerate(cells))
        )
        frame, notices = read_table(path)
        bad = [notice for notice in notices if notice.code == "not_a_number"]
        assert [notice.row for notice in bad] == [str(row) for row in range(2, 9)]
        assert [notice.found for notice in bad] == cells
        assert {notice.column for notice in bad} == {"户数"}
        assert frame["households"].isna().all()

    def test_missing_marks_are_unknown_not_zero(self, write):
        cells = ["", "-", "无", "不详", "N/A", "/"]
        path = write(
            HEADER + "".join(f'{n},社区{n},"{cell}",,"{WKT}"\n' for n, cell in enumerate(cells))
        )
        frame, notices = read_table(path)
        assert frame["households"].isna().all()
        assert not errors(notices)

    def test_negative_numbers_and_exactly_1500(self, write):
        path = write(HEADER + f'1,甲,-5,,"{WKT}"\n2,乙,1500,,"{WKT}"\n3,丙,1499,,"{WKT}"\n')
        frame, notices = read_table(path)
        notice = one(notices, "value_too_small")
        assert (notice.row, notice.column, notice.found) == ("2", "户数", "-5")
        assert frame["households"].tolist()[1:] == [1500.0, 1499.0]

    def test_units_in_headers(self, write):
        path = write(f'编码,名称,人口（万人）,几何\n1,甲,0.45,"{WKT}"\n')
        assert read_table(path)[0]["population"].tolist() == [4500.0]

    def test_long_lists_are_cut_and_counted(self, write):
        path = write(HEADER + "".join(f'{n},社区{n},?x,,"{WKT}"\n' for n in range(30)))
        _, notices = read_table(path, limits=Limits(max_listed=10))
        bad = [notice for notice in notices if notice.code == "not_a_number"]
        assert len(bad) == 11
        assert sum(notice.count for notice in bad) == 30


class TestCodes:
    def test_codes_stay_text(self, tmp_path):
        path = save_sheet(
            tmp_path / "c.xlsx",
            [["社区编码", "社区名称", "几何"], [610302001001.0, "甲", WKT], ["0351", "乙", WKT]],
        )
        assert read_table(path)[0]["community_id"].tolist() == ["610302001001", "0351"]

    def test_a_code_cut_to_scientific_notation_is_an_error(self, write):
        path = write(
            f'社区编码,社区名称,几何\n6.10302E+11,甲,"{WKT}"\n6.10302001001E+11,乙,"{WKT}"\n'
        )
        frame, notices = read_table(path)
        notice = one(notices, "code_lost_digits")
        assert (notice.row, notice.found) == ("2", "6.10302E+11")
        assert frame["community_id"].tolist() == ["", "610302001001"]

    def test_duplicate_keys_name_both_rows(self, write):
        path = write(HEADER + f'1,甲,1,,"{WKT}"\n2,乙,1,,"{WKT}"\n1,丙,1,,"{WKT}"\n')
        notice = one(read_table(path)[1], "duplicate_key")
        assert (notice.row, notice.found, notice.count) == ("2, 4", "1", 2)

    def test_everything_is_found_at_once(self, write):
        path = write(HEADER + f'1,甲,-1,,"{WKT}"\n1,乙,约5,,\n2,丙,7,,"POLYGON 1"\n')
        assert {notice.code for notice in errors(read_table(path)[1])} == {
            "duplicate_key",
            "missing_place",
            "not_a_number",
            "unreadable_shape",
            "value_too_small",
        }


class TestNoPlace:
    def read(self, write, text):
        notices = read_table(write(text, "homes.csv"), layer_name="demand", geometry="any")[1]
        return one(notices, "no_geometry"), notices

    @pytest.mark.parametrize(
        ("header", "lacks", "lacks_zh"),
        [("经度", "latitude missing", "缺少纬度列"), ("纬度", "longitude missing", "缺少经度列")],
    )
    def test_half_a_pair_is_named(self, write, header, lacks, lacks_zh):
        notice, notices = self.read(write, f"小区名称,户数,{header},备用\n甲,5,34.3,x\n")
        assert notice.severity == "error"
        assert (notice.found, notice.column) == (header, header)
        assert lacks in notice.message
        assert lacks_zh in notice.message_zh
        assert one(notices, "columns_not_used").found == "备用"

    def test_two_systems_make_no_pair(self, write):
        notice, _ = self.read(write, "小区名称,户数,gcj02_lng,纬度\n甲,5,107.1,34.3\n")
        assert notice.found == "gcj02_lng, 纬度"
        assert "different coordinate systems" in notice.message

    def test_addresses_are_not_looked_up(self, write):
        notice, notices = self.read(write, "小区名称,户数,详细地址\n甲,5,经二路1号\n")
        assert (notice.found, notice.column) == ("详细地址", "详细地址")
        assert "address only" in notice.message
        assert "地址解析" in notice.message_zh
        assert "columns_not_used" not in codes(notices)

    def test_beside_coordinates_an_address_is_merely_not_used(self, write):
        path = write("小区名称,地址,经度,纬度\n甲,经二路1号,107.1,34.3\n", "homes.csv")
        notices = read_table(path, layer_name="demand", geometry="any")[1]
        assert not errors(notices)
        assert one(notices, "columns_not_used").found == "地址"


class TestColumns:
    def test_required_column_missing(self, write):
        path = write("名称,经度,纬度\n一店,107.1,34.3\n", "shops.csv")
        notice = one(read_table(path, layer_name="facilities", geometry="any")[1], "missing_column")
        assert "类别" in notice.message_zh
        assert notice.found == "名称, 经度, 纬度"

    def test_extra_alias_and_unused_columns(self, write):
        path = write(f'编码,名称,门牌户,几何,备用\n1,甲,7,"{WKT}",x\n')
        assert one(read_table(path)[1], "columns_not_used").found == "门牌户, 备用"
        assert read_table(path, aliases={"households": ["门牌户"]})[0]["households"].tolist() == [7]

    def test_of_two_columns_the_more_telling_is_taken(self, write):
        path = write(f'名称,社区名称,社区编码,几何\nx,甲,1,"{WKT}"\n')
        frame, notices = read_table(path)
        assert frame["name"].tolist() == ["甲"]
        assert one(notices, "column_ambiguous").found == "名称"

    def test_yes_and_no(self, write):
        path = write(
            "id,名称,类别,是否普惠,经度,纬度\n"
            + "".join(
                f"{n},园{n},幼儿园,{cell},107.1,34.3\n"
                for n, cell in enumerate(["是", "否", "普惠性", "公办", "民办", "", "也许"])
            ),
            "k.csv",
        )
        frame, notices = read_table(path, layer_name="facilities", geometry="any")
        assert frame["inclusive"].tolist() == [True, False, True, True, pd.NA, pd.NA, pd.NA]
        assert one(notices, "not_yes_or_no").row == "8"


class TestPlaces:
    def test_swapped_columns_are_said_and_not_moved(self, write, points):
        lines = "".join(f"{n},点{n},{lat},{lon}\n" for n, (lon, lat) in enumerate(points))
        path = write("编号,名称,经度,纬度\n" + lines, "demand.csv")
        frame, notices = read_table(path, layer_name="demand", geometry="any")
        notice = one(notices, "axes_swapped")
        assert notice.severity == "error"
        assert notice.count == 3
        assert "'经度' and '纬度'" in notice.message
        assert frame.geometry.isna().all()

    def test_one_shifted_row_among_good_ones(self, write):
        path = write(
            "编号,名称,经度,纬度\n1,甲,107.1,34.3\n2,乙,34.3,107.1\n3,丙,107.1,\n4,丁,0,0\n",
            "d.csv",
        )
        frame, notices = read_table(path, layer_name="demand", geometry="any")
        assert one(notices, "axes_swapped").row == "3"
        assert one(notices, "missing_place").row == "4"
        assert one(notices, "zero_coordinates").row == "5"
        assert frame.geometry.notna().tolist() == [True, False, False, False]

    def test_metres_without_a_declared_system(self, write):
        path = write("编号,X,Y\n1,36512345.6,3803456.7\n", "d.csv")
        notice = one(read_table(path, layer_name="demand", geometry="any")[1], "looks_like_metres")
        assert "EPSG:4524" in notice.message

    @pytest.mark.parametrize("crs", ["EPSG:4490", "4490", 4490, "CGCS2000", "EPSG:4326", "wgs84"])
    def test_geographic_systems(self, write, points, crs):
        lines = "".join(f"{n},{lon},{lat}\n" for n, (lon, lat) in enumerate(points))
        frame, _ = read_table(
            write("编号,经度,纬度\n" + lines, "d.csv"), crs=crs, layer_name="demand", geometry="any"
        )
        assert np.allclose(shapely.get_coordinates(frame.geometry), points, atol=1e-6)

    @pytest.mark.parametrize("crs", ["EPSG:4545", "EPSG:4524", "EPSG:4544"])
    def test_three_degree_zones(self, write, points, crs):
        metric = gpd.GeoSeries(shapely.points(points), crs=4326).to_crs(crs)
        lines = "".join(f"{n},{p.x},{p.y}\n" for n, p in enumerate(metric))
        frame, notices = read_table(
            write("编号,东坐标,北坐标\n" + lines, "d.csv"),
            crs=crs,
            layer_name="demand",
            geometry="any",
        )
        assert not errors(notices)
        assert np.allclose(shapely.get_coordinates(frame.geometry), points, atol=1e-6)

    def test_wrong_zone_and_swapped_metres(self, write, points):
        metric = gpd.GeoSeries(shapely.points(points), crs=4326).to_crs("EPSG:4524")
        path = write(
            "编号,x,y\n" + "".join(f"{n},{p.x},{p.y}\n" for n, p in enumerate(metric)), "d.csv"
        )
        wrong = read_table(path, crs="EPSG:4545", layer_name="demand", geometry="any")[1]
        assert "'EPSG:4524'" in one(wrong, "outside_crs_area").message
        path = write(
            "编号,x,y\n" + "".join(f"{n},{p.y},{p.x}\n" for n, p in enumerate(metric)), "e.csv"
        )
        assert "axes_swapped" in codes(
            read_table(path, crs="EPSG:4524", layer_name="demand", geometry="any")[1]
        )

    def test_degrees_declared_as_metres(self, write):
        path = write("编号,x,y\n1,107.1,34.3\n", "d.csv")
        notices = read_table(path, crs="EPSG:4545", layer_name="demand", geometry="any")[1]
        assert one(notices, "looks_like_degrees").severity == "error"

    @pytest.mark.parametrize(("crs", "move"), [("gcj02", wgs84_to_gcj02), ("BD-09", wgs84_to_bd09)])
    def test_shifted_datums_are_undone_when_declared_and_only_then(self, write, points, crs, move):
        lon, lat = move(points[:, 0], points[:, 1])
        lines = "".join(
            f"{n},{x:.9f},{y:.9f}\n" for n, (x, y) in enumerate(zip(lon, lat, strict=True))
        )
        path = write("编号,经度,纬度\n" + lines, "d.csv")
        frame, _ = read_table(path, crs=crs, layer_name="demand", geometry="any")
        assert np.allclose(shapely.get_coordinates(frame.geometry), points, atol=1e-6)
        untouched, _ = read_table(path, layer_name="demand", geometry="any")
        assert np.allclose(untouched.geometry.x, lon, atol=1e-9)

    def test_columns_that_say_their_datum(self, write, points):
        lon, lat = wgs84_to_gcj02(points[:, 0], points[:, 1])
        lines = "".join(
            f"{n},{x:.9f},{y:.9f}\n" for n, (x, y) in enumerate(zip(lon, lat, strict=True))
        )
        frame, notices = read_table(
            write("编号,gcj02_lng,gcj02_lat\n" + lines, "d.csv"),
            layer_name="demand",
            geometry="any",
        )
        assert one(notices, "datum_from_header").found == "gcj02"
        assert np.allclose(shapely.get_coordinates(frame.geometry), points, atol=1e-6)

    def test_wgs84_columns_that_are_a_bd09_offset_off(self, write, points):
        """ "wgs84" = GCJ-02 less (0.0065, 0.0060): neither pair is believed until one is named."""
        lon, lat = wgs84_to_gcj02(points[:, 0], points[:, 1])
        lines = "".join(
            f"{n},{x:.9f},{y:.9f},{x - 0.0065:.9f},{y - 0.0060:.9f}\n"
            for n, (x, y) in enumerate(zip(lon, lat, strict=True))
        )
        path = write("编号,gcj02_lng,gcj02_lat,wgs84_lng,wgs84_lat\n" + lines, "d.csv")
        notice = one(
            read_table(path, layer_name="demand", geometry="any")[1], "datum_columns_disagree"
        )
        assert notice.severity == "error"
        assert 400 < float(notice.found.split()[0]) < 900
        frame, notices = read_table(path, crs="gcj02", layer_name="demand", geometry="any")
        assert not errors(notices)
        assert np.allclose(shapely.get_coordinates(frame.geometry), points, atol=1e-6)

    def test_pairs_that_agree_are_fine(self, write, points):
        lon, lat = wgs84_to_gcj02(points[:, 0], points[:, 1])
        lines = "".join(
            f"{n},{x:.9f},{y:.9f},{w[0]},{w[1]}\n"
            for n, (x, y, w) in enumerate(zip(lon, lat, points, strict=True))
        )
        path = write("编号,高德经度,高德纬度,wgs84经度,wgs84纬度\n" + lines, "d.csv")
        frame, notices = read_table(path, layer_name="demand", geometry="any")
        assert not errors(notices)
        assert np.allclose(shapely.get_coordinates(frame.geometry), points, atol=1e-9)

    def test_degrees_minutes_seconds(self, write):
        path = write('编号,经度,纬度\n1,107°08′24″,"34°21\'36"""\n', "d.csv")
        frame, _ = read_table(path, layer_name="demand", geometry="any")
        assert np.allclose(shapely.get_coordinates(frame.geometry), [[107.14, 34.36]])

    def test_unknown_system(self, write):
        with pytest.raises(InvalidConfig, match="'Mars' is not known"):
            read_table(write(HEADER + "1,甲,1,1,\n"), crs="Mars")

    def test_wkt_with_a_srid(self, write):
        path = write(f'编码,名称,wkt\n1,甲,"SRID=4490;{WKT}"\n')
        frame, notices = read_table(path)
        assert not errors(notices)
        assert frame.geometry[0].equals(shapely.from_wkt(WKT))

    def test_points_are_no_communities(self, write):
        path = write("编码,名称,经度,纬度\n1,甲,107.1,34.3\n")
        notice = one(read_table(path)[1], "wrong_geometry")
        assert (notice.row, notice.found, notice.expected) == ("2", "Point", "areas")

    def test_geometry_none_gives_a_plain_table(self, write):
        frame, notices = read_table(write("编码,名称\n1,甲\n"), geometry="none")
        assert not isinstance(frame, gpd.GeoDataFrame)
        assert not errors(notices)


class TestWorkbooks:
    HEADER = ("社区编码", "社区名称", "户数", "几何")

    def test_title_group_header_and_merged_cells(self, tmp_path):
        """Header over two rows, district merged down (shared), households merged down (an error)."""
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(["金台区社区情况统计表"])
        sheet.append(["社区编码", "社区名称", "县区", "规模", None, "几何"])
        sheet.append([None, None, None, "户数", "人口", None])
        sheet.append([1, "甲", "金台区", 100, 300, WKT])
        sheet.append([2, "乙", None, None, 200, WKT])
        sheet.merge_cells("A1:F1")
        for column in "ABCF":
            sheet.merge_cells(f"{column}2:{column}3")
        sheet.merge_cells("D2:E2")
        sheet.merge_cells("C4:C5")
        sheet.merge_cells("D4:D5")
        book.save(tmp_path / "c.xlsx")
        frame, notices = read_table(tmp_path / "c.xlsx")
        assert one(notices, "header_row_found").row == "3"
        assert frame["district"].tolist() == ["金台区", "金台区"]
        assert frame["row"].tolist() == [4, 5]
        assert one(notices, "merged_number").row == "4, 5"

    def test_group_header_without_merging(self, tmp_path):
        rows = [["编码", "名称", "规模", None, "几何"], [None, None, "户数", "人口", None]]
        path = save_sheet(tmp_path / "c.xlsx", [*rows, [1, "甲", 5, 9, WKT]])
        frame, notices = read_table(path)
        assert not errors(notices)
        assert frame.iloc[0][["community_id", "name", "households"]].tolist() == ["1", "甲", 5.0]

    def test_the_sheet_that_fits_is_taken_and_named(self, tmp_path):
        path = save_sheet(
            tmp_path / "c.xlsx",
            [["说明", "本表由……提供"], ["填表", "某某"]],
            社区=[self.HEADER, [1, "甲", "1520", WKT]],
        )
        frame, notices = read_table(path)
        assert one(notices, "sheet_chosen").found == "社区"
        assert frame["households"].tolist() == [1520.0]

    def test_two_sheets_that_fit_equally_are_a_warning(self, tmp_path):
        path = save_sheet(
            tmp_path / "c.xlsx",
            [self.HEADER, [1, "甲", 1, WKT]],
            陈仓区=[self.HEADER, [2, "乙", 1, WKT]],
        )
        assert one(read_table(path)[1], "sheet_chosen").severity == "warning"

    def test_hidden_columns_and_rows_are_read_and_noticed(self, tmp_path):
        book = openpyxl.load_workbook(
            save_sheet(tmp_path / "c.xlsx", [self.HEADER, [1, "甲", 5, WKT], [2, "乙", 6, WKT]])
        )
        book.active.column_dimensions["C"].hidden = True
        book.active.row_dimensions[3].hidden = True
        book.save(tmp_path / "c.xlsx")
        frame, notices = read_table(tmp_path / "c.xlsx")
        assert "户数" in one(notices, "hidden_columns").message
        assert one(notices, "hidden_rows").row == "3"
        assert frame["households"].tolist() == [5.0, 6.0]

    def test_formulas_without_values(self, tmp_path):
        path = save_sheet(tmp_path / "c.xlsx", [self.HEADER, [1, "甲", "=500+20", WKT]])
        notice = one(read_table(path)[1], "formula_without_value")
        assert (notice.row, notice.column, notice.severity) == ("2", "户数", "error")

    def test_excel_errors_are_no_numbers(self, tmp_path):
        path = save_sheet(tmp_path / "c.xlsx", [self.HEADER, [1, "甲", "#REF!", WKT]])
        assert one(read_table(path)[1], "not_a_number").found == "#REF!"

    def test_formatted_empty_rows_are_no_rows(self, tmp_path):
        book = openpyxl.load_workbook(
            save_sheet(tmp_path / "c.xlsx", [self.HEADER, [1, "甲", 5, WKT]])
        )
        book.active["A500"].font = Font(bold=True)
        book.save(tmp_path / "c.xlsx")
        assert len(read_table(tmp_path / "c.xlsx", limits=Limits(max_rows=3))[0]) == 1

    def test_old_protected_and_false_workbooks(self, tmp_path, write):
        with pytest.raises(UnreadableFile, match=r"save it as \.xlsx"):
            read_table(write(b"\xd0\xcf\x11\xe0" + b"x" * 600, "c.xls"))
        with pytest.raises(UnreadableFile, match="protected by a password"):
            read_table(write(b"\xd0\xcf\x11\xe0" + b"x" * 600, "c.xlsx"))
        with pytest.raises(UnreadableFile, match="an HTML page"):
            read_table(write("<html><table></table></html>", "c.xlsx"))
        path = save_sheet(tmp_path / "cut.xlsx", [self.HEADER])
        path.write_bytes(path.read_bytes()[:2000])
        with pytest.raises(UnreadableFile):
            read_table(path)

    def test_workbook_without_cells(self, tmp_path):
        openpyxl.Workbook().save(tmp_path / "c.xlsx")
        with pytest.raises(UnreadableFile, match="no sheet with any cell"):
            read_table(tmp_path / "c.xlsx")


class TestVectors:
    @pytest.fixture
    def frame(self):
        shape = shapely.from_wkt(WKT)
        return gpd.GeoDataFrame(
            {"社区编码": ["1", "2"], "社区名称": ["宝石社区", "铁道南"], "户数": [1500, 1499]},
            geometry=[shape, shapely.transform(shape, lambda xy: np.add(xy, (0.01, 0)))],
            crs=4326,
        )

    @pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "fgb", "parquet"])
    def test_formats(self, frame, tmp_path, suffix):
        path = tmp_path / f"c.{suffix}"
        if suffix == "parquet":
            frame.to_crs(4490).to_parquet(path)
        else:
            with warnings.catch_warnings():  # names are cut to ten bytes
                warnings.simplefilter("ignore")
                frame.to_crs(4490 if suffix != "geojson" else 4326).to_file(path)
        read, notices = read_table(path)
        assert not errors(notices)
        assert read["row"].tolist() == [1, 2]
        read = read.sort_values("community_id")
        assert read["name"].tolist() == ["宝石社区", "铁道南"]
        assert read["households"].tolist() == [1500.0, 1499.0]
        assert np.allclose(read.bounds, frame.bounds, atol=1e-7)

    @pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
    @pytest.mark.parametrize("declared", [True, False])
    def test_shapefile_encodings(self, frame, tmp_path, encoding, declared):
        path = tmp_path / "c.shp"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame.to_file(path, encoding=encoding)
        (tmp_path / "c.cpg").unlink()
        read, notices = read_table(path, encoding=encoding if declared else None)
        assert read["name"].tolist() == ["宝石社区", "铁道南"]
        assert ("encoding_guessed" in codes(notices)) == (not declared)

    def test_several_layers(self, frame, tmp_path):
        frame.drop(columns=["社区名称", "户数"]).to_file(tmp_path / "c.gpkg", layer="其他")
        frame.to_file(tmp_path / "c.gpkg", layer="社区")
        read, notices = read_table(tmp_path / "c.gpkg")
        assert one(notices, "layer_chosen").found == "社区"
        assert read["households"].tolist() == [1500.0, 1499.0]

    def test_users_word_against_the_files(self, frame, tmp_path):
        frame.to_crs(4545).to_file(tmp_path / "c.gpkg")
        _, notices = read_table(tmp_path / "c.gpkg", crs="EPSG:4326")
        assert one(notices, "crs_overruled").found == "EPSG:4545"
        assert "looks_like_metres" in codes(notices)

    def test_declaring_gcj02_over_wgs84_is_no_conflict(self, frame, tmp_path):
        frame.to_file(tmp_path / "c.gpkg")
        read, notices = read_table(tmp_path / "c.gpkg", crs="gcj02")
        assert "crs_overruled" not in codes(notices)
        assert read.total_bounds[0] < frame.total_bounds[0] - 0.003

    def test_numbers_stored_as_text_and_integers_as_codes(self, frame, tmp_path):
        frame.assign(社区编码=[35002972, 1], 户数=["1,520", "约5"]).to_file(tmp_path / "c.geojson")
        read, notices = read_table(tmp_path / "c.geojson")
        assert read["community_id"].tolist() == ["35002972", "1"]
        assert read["households"].tolist()[0] == 1520.0
        assert one(notices, "not_a_number").row == "2"

    @pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "fgb", "parquet"])
    def test_false_and_cut_files(self, frame, tmp_path, suffix):
        path = tmp_path / f"c.{suffix}"
        path.write_bytes(b"this is no such file " * 30)
        with pytest.raises(UnreadableFile, match="c." + suffix):
            read_table(path)


class TestLimits:
    def test_each_limit_is_named(self, write):
        path = write(HEADER + "".join(f'{n},甲{n},1,,"{WKT}"\n' for n in range(60)))
        with pytest.raises(UnreadableFile, match="max_rows"):
            read_table(path, limits=Limits(max_rows=30))
        with pytest.raises(UnreadableFile, match="max_vertices"):
            read_table(path, limits=Limits(max_vertices=100))
        notice = one(read_table(path, limits=Limits(max_shape_vertices=4))[1], "too_many_vertices")
        assert notice.count == 60
        big = write(HEADER + " " * 2**20, "big.csv")
        with pytest.raises(UnreadableFile, match="max_file_mb"):
            read_table(big, limits=Limits(max_file_mb=1))

    @pytest.mark.parametrize("value", [0, -1, 1.5, True])
    def test_limits_are_checked(self, value):
        with pytest.raises(InvalidConfig, match="max_rows"):
            Limits(max_rows=value)

    def test_missing_and_foreign_files(self, tmp_path, write):
        with pytest.raises(UnreadableFile, match="does not exist"):
            read_table(tmp_path / "nothing.csv")
        for name in ("c.ods", "c.zip", "c.kml", "c"):
            with pytest.raises(UnreadableFile, match="is not read; expected GeoPackage"):
                read_table(write("x", name))


@pytest.mark.real
class TestRealFiles:
    def test_catchments_in_epsg_5635(self, shared_data):
        frame, notices = read_table(
            shared_data / "areas" / "las-palmas-school-catchments-epsg5635.geojson"
        )
        assert not errors(notices)
        assert len(frame) == 29
        assert frame["community_id"][0] == "35002972"
        assert frame["name"][0] == "IES ALONSO QUESADA"
        west, south, east, north = frame.total_bounds
        assert -15.53 < west < -15.5
        assert 28.0 < south < 28.05
        assert -15.4 < east < -15.37
        assert 28.15 < north < 28.2

    def test_baoji_says_what_is_missing(self, shared_data):
        frame, notices = read_table(shared_data / "areas" / "baoji-communities-villages-2023.csv")
        notice = one(notices, "no_geometry")
        assert "boundaries by its code" in notice.message
        assert len(frame) == 1370
        assert frame["community_id"][0] == "610302001001"
        assert frame["name"].duplicated(keep=False).any()

    def test_hexagons_as_demand(self, shared_data):
        frame, notices = read_table(
            shared_data / "areas" / "porto-alegre-hexgrid-population.csv",
            layer_name="demand",
            geometry="any",
        )
        assert not errors(notices)
        assert frame["population"].sum() == 812_935
