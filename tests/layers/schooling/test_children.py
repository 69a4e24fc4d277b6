"""Children by area, level or age, and year: long and wide tables, and what is wrong with them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.schooling.children import CHILDREN_COLUMNS, read_children, settle_children
from layers.schooling.wide import parse_header


@pytest.fixture
def communities():
    names = ["锦川社区", "溪口社区", "城关社区", "城关社区"]
    return gpd.GeoDataFrame(
        {
            "community_id": ["01", "02", "03", "04"],
            "name": names,
            "district": ["锦川区", "锦川区", "锦川区", "北塬区"],
        },
        geometry=[shapely.box(k, 0, k + 1, 1) for k in range(4)],
        crs=4326,
    )


@pytest.fixture
def read(tmp_path, communities):
    def _read(text, **options):
        path = tmp_path / "children.csv"
        path.write_text(text, "utf-8")
        table, notices = read_children(path)
        children, more = settle_children(table, communities, layer=path.name, **options)
        return children, notices + more

    return _read


def codes_of(notices):
    return {notice.code for notice in notices if notice.severity != "info"}


def one(notices, code):
    (found,) = [notice for notice in notices if notice.code == code]
    assert found.message_zh
    return found


def test_long_with_counts_and_ratios(read):
    children, notices = read(
        "社区编码,县区,学段,年龄,年份,人数,千人指标（‰）\n"
        '01,,小学,,2026年,"1,240",\n'
        "02,,,5,2025-2026学年,30人,\n"
        ",北塬,幼儿园,,2026,,33‰\n"
        "全市,,初中,,,,36\n"
    )
    assert codes_of(notices) == set()
    assert list(children.columns) == list(CHILDREN_COLUMNS)
    rows = children.fillna(-1).to_numpy().tolist()
    assert rows == [
        ["", "", "junior_school", -1, -1, -1, 36],
        ["", "北塬区", "kindergarten", -1, 2026, -1, 33],
        ["01", "", "primary_school", -1, 2026, 1240, -1],
        ["02", "", "", 5, 2025, 30, -1],
    ]


def test_wide_by_age(read):
    children, notices = read(
        "社区名称,年份,3岁,4岁,5周岁\n锦川社区,2025,30,28,\n溪口,2025,10,,12\n"
    )
    assert codes_of(notices) == set()
    assert children[["community_id", "age", "children"]].to_numpy().tolist() == [
        ["01", 3, 30],
        ["01", 4, 28],
        ["02", 3, 10],
        ["02", 5, 12],
    ]
    assert set(children["year"]) == {2025}
    assert set(children["level"]) == {""}


def test_wide_by_level_and_by_year(read):
    children, _ = read("社区编码,年份,小学适龄儿童,幼儿园千人指标（座/千人）\n01,2025,600,30\n")
    assert children[["level", "children", "per_thousand"]].fillna(-1).to_numpy().tolist() == [
        ["kindergarten", -1, 30],
        ["primary_school", 600, -1],
    ]
    children, _ = read("县区,学段,2026年,2027年\n锦川区,小学,600,580\n")
    assert children[["district", "level", "year", "children"]].to_numpy().tolist() == [
        ["锦川区", "primary_school", 2026, 600],
        ["锦川区", "primary_school", 2027, 580],
    ]


@pytest.mark.parametrize(
    ("header", "level", "age", "year", "ratio"),
    [
        ("3岁", "", 3, None, False),
        ("age_5", "", 5, None, False),
        ("小学（6-11岁）", "primary_school", None, None, False),
        ("12～14岁人数", "junior_school", None, None, False),
        ("2026年小学适龄儿童数", "primary_school", None, 2026, False),
        ("幼儿园千人指标（座/千人）", "kindergarten", None, None, True),
        ("2031", "", None, 2031, False),
    ],
)
def test_headers_that_say_what_their_numbers_are(header, level, age, year, ratio):
    found = parse_header(header)
    assert (found.level, found.age, found.year, found.ratio) == (level, age, year, ratio)


@pytest.mark.parametrize(
    "header", ["小学学位数", "备注", "合计", "2150年", "0-17岁", "3岁以下", ""]
)
def test_headers_that_do_not(header):
    assert parse_header(header) is None


def test_numbers_that_cannot_be_name_their_cell(read):
    _, notices = read(
        "社区编码,年份,3岁,4岁\n01,2025,-3,5\n02,1985,4,5\n01,2101,4,5\n02,soon,4,5\n"
    )
    small = [notice for notice in notices if notice.code == "value_too_small"]
    assert [(n.row, n.column, n.found) for n in small] == [
        ("2", "3岁", "-3"),
        ("3", "年份", "1985"),
    ]
    assert "1990" in small[1].message
    assert one(notices, "value_too_large").row == "4"
    assert one(notices, "not_a_year").row == "5"


def test_levels_nobody_knows_and_rows_of_nobody(read):
    _, notices = read(
        "社区编码,学段,年龄,年份,人数\n01,大学,,2025,5\n01,,,2025,5\n02,初中,7,2025,5\n"
    )
    assert one(notices, "unknown_choice").found == "大学"
    assert one(notices, "missing_level").severity == "error"
    assert one(notices, "age_and_level_differ").row == "4"


def test_count_and_ratio_at_once_or_neither(read):
    children, notices = read(
        "社区编码,学段,年份,人数,千人指标\n01,小学,2025,50,60\n02,小学,2025,,\n"
    )
    assert one(notices, "count_and_ratio").row == "2"
    assert one(notices, "no_number").row == "3"
    assert children[["children", "per_thousand"]].fillna(-1).to_numpy().tolist() == [[50, -1]]


def test_areas_nobody_knows(read):
    children, notices = read(
        "社区名称,县区,学段,年份,人数\n锦川社区,,小学,2025,5\n月亮社区,,小学,2025,5\n城关,北塬区,小学,2025,7\n"
        "城关社区,,小学,2025,7\n"
    )
    found = one(notices, "unknown_community")
    assert (found.severity, found.row) == ("warning", "3, 5")
    assert children["community_id"].tolist() == ["01", "04"]
    _, notices = read("社区名称,学段,年份,人数\n月亮社区,小学,2025,5\n")
    assert one(notices, "unknown_community").severity == "error"


def test_a_street_alone_is_not_the_whole_city(read):
    children, notices = read("镇街,学段,年份,人数\n锦川街道,小学,2025,500\n")
    assert one(notices, "only_subdistrict").severity == "error"
    assert children.empty


def test_the_same_twice_is_an_error_also_by_name_and_code(read):
    children, notices = read(
        "社区编码,社区名称,学段,年份,人数\n01,,小学,2025,5\n,锦川社区,小学,2025,6\n02,,小学,2025,7\n"
    )
    found = one(notices, "duplicate_key")
    assert (found.severity, found.row) == ("error", "2, 3")
    assert len(children) == 2


def test_counts_without_a_year_are_said(read):
    children, notices = read("社区编码,学段,人数\n01,小学,5\n")
    assert one(notices, "missing_year").severity == "warning"
    assert np.isnan(children["year"]).all()


@pytest.mark.parametrize(
    ("years", "code", "row"),
    [
        ((2026, 2085), "year_far_off", "3"),
        ((2026, 1995), "year_far_off", "3"),
        ((2023, 2024), "counts_gone_by", "2, 3"),
        ((2036, 2037), "counts_still_to_come", "2, 3"),
        ((2024, 2026), "", ""),
        ((2024, 2040), "", ""),
    ],
)
def test_years_that_say_nothing_about_those_looked_at(read, years, code, row):
    table = "社区编码,学段,年份,人数\n" + "".join(f"01,小学,{year},5\n" for year in years)
    _, notices = read(table, years=(2026, 2035))
    assert codes_of(notices) == ({code} if code else set())
    if code:
        found = one(notices, code)
        assert (found.row, found.expected) == (row, "2026-2035")


def test_children_by_age_grow_into_the_years_looked_at(read):
    _, notices = read("社区编码,年龄,年份,人数\n01,3,2020,5\n", years=(2026, 2035))
    assert codes_of(notices) == set()


def test_shares_in_place_of_ratios_are_said(read):
    _, notices = read("学段,年份,千人指标\n小学,2025,0.06\n初中,2025,0.03\n")
    assert one(notices, "ratio_unclear").expected == "60"


def test_a_table_of_something_else(read):
    _, notices = read("社区编码,备注\n01,x\n")
    assert one(notices, "no_children").severity == "error"


def test_from_a_workbook_with_a_title(tmp_path, communities):
    path = tmp_path / "children.xlsx"
    rows = [
        ["适龄儿童预测表", None, None, None],
        ["社区编码", "学段", 2026, 2027],
        ["01", "小学", 5, 6],
    ]
    pd.DataFrame(rows).to_excel(path, header=False, index=False)
    table, notices = read_children(path)
    assert codes_of(notices) == set()
    children, _ = settle_children(table, communities, layer=path.name)
    assert children[["year", "children"]].to_numpy().tolist() == [[2026, 5], [2027, 6]]
