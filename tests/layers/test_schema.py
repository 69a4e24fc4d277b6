"""Schemas and aliases: what a table must hold, and how failures read."""

import numpy as np
import pandas as pd
import pytest

from layers.columns import (
    list_tables,
    match_columns,
    normalize_header,
    read_columns,
    read_coordinates,
)
from layers.limits import DEFAULT_LIMITS
from layers.schema import build_schema, check_schema, empty_values

CHINESE = {
    "communities": {
        "community_id": "社区编码",
        "name": "社区名称",
        "district": "县区",
        "subdistrict": "镇街",
        "households": "户数",
        "population": "人口",
    },
    "demand": {"name": "小区名称", "households": "户数"},
    "facilities": {
        "kind": "类别",
        "capacity": "学位数",
        "inclusive": "是否普惠",
        "classes": "班级数",
    },
    "parcels": {
        "parcel_id": "地块编号",
        "level": "学段",
        "area_m2": "用地面积",
        "planned_classes": "规划班数",
    },
    "children": {
        "community_id": "社区编码",
        "district": "县区",
        "level": "学段",
        "age": "年龄",
        "year": "年份",
        "children": "人数",
        "per_thousand": "千人指标（‰）",
    },
    "housing": {
        "name": "项目名称",
        "community": "所属社区",
        "households": "规划户数",
        "year": "交付年份",
    },
    "catchments": {"facility_id": "学校编号", "name": "学校名称", "level": "学段"},
}


def frame_of(table, **columns):
    spec = read_columns(table)
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({name: empty_values(column, n) for name, column in spec.columns.items()})
    for name, values in columns.items():
        frame[name] = pd.Series(values, dtype=frame[name].dtype)
    return frame.assign(row=np.arange(2, n + 2))


def check(table, frame, **headers):
    return check_schema(frame, table, layer="t.csv", headers=headers, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize("table", list_tables())
def test_chinese_and_canonical_names_are_found(table):
    spec = read_columns(table)
    for headers in (CHINESE[table], {name: name for name in spec.columns}):
        match = match_columns(list(headers.values()), spec)
        assert dict(match.positions) == {name: place for place, name in enumerate(headers)}


@pytest.mark.parametrize("table", list_tables())
def test_an_alias_means_one_column_of_its_table_first(table):
    """Every alias alone is recognised, and every canonical name is its own alias."""
    spec = read_columns(table)
    for name, column in spec.columns.items():
        assert column.aliases[0] == normalize_header(name)
        for alias in column.aliases:
            assert match_columns([alias], spec).positions or alias in read_coordinates().wkt


def test_coordinates_in_chinese_and_catchment_columns():
    spec = read_columns("communities")
    match = match_columns(["Codigo", "Denominaci", "Cod_Postal", "经度", "纬度"], spec)
    assert dict(match.positions) == {"community_id": 0, "name": 1}
    assert (match.pairs[0].lon, match.pairs[0].lat) == (3, 4)


def test_one_column_serves_one_meaning():
    match = match_columns(["名称", "类型"], read_columns("facilities"))
    assert sorted(match.positions.values()) == [0, 1]


@pytest.mark.parametrize("table", list_tables())
def test_empty_frames_and_unknowns_pass(table):
    assert build_schema(table).name == table
    (key, *_) = (*read_columns(table).key, "name")
    assert check(table, frame_of(table, **{key: ["a", "b"]})) == []


def test_smallest_values_and_keys_in_one_go():
    frame = frame_of("communities", community_id=["1", "1", "2"], households=[-5.0, 1500.0, -0.5])
    notices = check("communities", frame, households="户数", community_id="编码")
    assert [(n.code, n.row, n.column, n.found) for n in notices] == [
        ("duplicate_key", "2, 3", "编码", "1"),
        ("value_too_small", "2", "户数", "-5"),
        ("value_too_small", "4", "户数", "-0.5"),
    ]
    assert all(notice.severity == "error" and notice.message_zh for notice in notices)


def test_missing_keys_are_no_duplicates():
    assert check("communities", frame_of("communities", community_id=["", "", "1"])) == []


def test_a_facility_may_be_of_two_kinds_but_not_twice_of_one():
    frame = frame_of("facilities", facility_id=["s", "s", "s"], kind=["小学", "初中", "小学"])
    (notice,) = check("facilities", frame)
    assert (notice.row, notice.found) == ("2, 4", "s + 小学")
