"""Bad tables about schools, through `lifecircle check`: one clear line each, all at once, nothing lost silently."""

import json

import pandas as pd
import pytest
import shapely
from shapely.geometry import mapping

from geo.crs import wgs84_to_gcj02


class Tables:
    """The small city with a table of parcels or children, and what `check` says of it."""

    def __init__(self, city, commands):
        self.city, self.commands = city, commands
        (west, south), (east, _), (_, north) = city.communities[0]["ring"][:3]
        self.lon = lambda x: west + (east - west) * x / 500
        self.lat = lambda y: south + (north - south) * y / 1000

    def box(self, x, y=310, wide=60, high=60):
        return shapely.box(self.lon(x), self.lat(y), self.lon(x + wide), self.lat(y + high))

    def parcels(self, *rows, crs=None):
        features = []
        for number, (told, shape) in enumerate(rows, start=1):
            facts = {"地块编号": f"P{number}", "学段": "小学", "规划班数": "6", "状态": "已建"}
            geometry = None if shape is None else mapping(shape)
            features.append(
                {"type": "Feature", "properties": {**facts, **told}, "geometry": geometry}
            )
        table = {"type": "FeatureCollection", "features": features}
        path = self.city.folder / "land.geojson"
        path.write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
        declared = "" if crs is None else f', crs = "{crs}"'
        return self.check(f'parcels = {{ path = "land.geojson"{declared} }}\n')

    def children(self, text):
        (self.city.folder / "children.csv").write_text(text, encoding="utf-8")
        return self.check('children = { path = "children.csv" }\n')

    def check(self, toml):
        self.city.extra_toml = toml
        outcome = self.commands.run("check", self.city.write(), "--json")
        assert "Traceback" not in outcome.err
        said = json.loads(outcome.out)
        return outcome.code, said.get("notices", said)


@pytest.fixture
def tables(small_city, lifecircle):
    return Tables(small_city, lifecircle)


def told(notices):
    """What is said of which rows and columns, by code and row."""
    found = {(one["code"], one["row"]): one for one in notices}
    assert all(one["message"] and one["message_zh"] for one in notices)
    return found


def test_what_cannot_be_read_stops_the_run_and_names_every_row(tables):
    flat = shapely.Polygon(
        [(tables.lon(10), tables.lat(10))] * 2 + [(tables.lon(20), tables.lat(20))] * 2
    )
    code, notices = tables.parcels(
        ({"规划班数": "-12"}, tables.box(0)),
        ({"规划班数": "约十二班"}, tables.box(100)),
        ({"规划班数": "1080"}, tables.box(200)),  # pupils, not classes
        ({"用地面积（㎡）": "-5"}, tables.box(300)),
        ({"状态": "说不清"}, tables.box(400)),
        ({"学段": "大学"}, tables.box(0, 410)),
        ({"计划开办年份": "20270"}, tables.box(100, 410)),
        ({"计划开办年份": "27"}, tables.box(200, 410)),
        ({"计划开办年份": "1820"}, tables.box(300, 410)),
        ({"地块编号": "P1"}, tables.box(400, 410)),
        ({}, flat),
        ({}, None),
        ({}, shapely.LineString([(tables.lon(0), tables.lat(0)), (tables.lon(9), tables.lat(9))])),
    )
    assert code == 1
    errors = {key for key, one in told(notices).items() if one["severity"] == "error"}
    assert errors == {
        ("value_too_small", "1"),
        ("not_a_number", "2"),
        ("value_too_large", "3"),
        ("value_too_small", "4"),
        ("unknown_choice", "5"),
        ("unknown_choice", "6"),
        ("not_a_year", "7"),
        ("not_a_year", "8"),
        ("value_too_small", "9"),
        ("duplicate_key", "1, 10"),
        ("shape_without_area", "11"),
        ("missing_place", "12"),
        ("wrong_geometry", "13"),
    }


def test_what_is_odd_is_told_and_measured_all_the_same(tables):
    knot = [(0, 0), (60, 60), (60, 0), (0, 60)]
    code, notices = tables.parcels(
        ({"规划班数": "0"}, tables.box(0)),
        (
            {"状态": "", "学段": ""},
            shapely.Polygon([(tables.lon(x), tables.lat(y)) for x, y in knot]),
        ),
        ({}, tables.box(200)),
        ({}, tables.box(230)),
        ({}, tables.box(60_000)),
        ({"学段": "九年一贯制", "规划班数": "7"}, tables.box(300)),
        ({"规划班数": "12.5"}, tables.box(400)),
        ({"状态": "Under Construction", "计划开办年份": "2020"}, tables.box(0, 410)),
        ({"状态": "RESERVED"}, tables.box(100, 410)),
        ({"计划开办年份": "2099"}, tables.box(200, 410)),
        ({"用地面积（亩）": "3600"}, tables.box(300, 410)),
    )
    assert code == 0
    found = told(notices)
    warned = {
        key
        for key, one in found.items()
        if one["severity"] == "warning" and one["layer"] == "land.geojson"
    }
    assert warned == {
        ("zero_is_unknown", "1"),
        ("shape_repaired", "2"),
        ("parcels_overlap", "3, 4"),
        ("parcels_outside", "P5"),
        ("fewer_classes_than_grades", "6"),
        ("classes_not_whole", "7"),
        ("opening_gone_by", "P8"),
        ("opening_still_to_come", "P10"),
        ("area_differs", "11"),
    }
    assert "用地面积（㎡）" in found["area_differs", "11"]["message_zh"]
    missing = found["parcels_incomplete", "1, 2, 9"]
    assert missing["column"] == "status, level, planned_classes, opening_year"


@pytest.mark.parametrize(
    ("header", "number", "asked"),
    [("用地面积", "15", "用地面积（亩）"), ("用地面积（亩）", "10000", "用地面积（㎡）")],
)
def test_units_of_parcels_drawn_as_points_are_held_against_the_least_land(
    tables, header, number, asked
):
    """A school of 12 classes takes 12 x 45 x 17.5 = 9450 m² at least: neither 15 nor 6.7 million is meant."""
    _, notices = tables.parcels(({header: number, "规划班数": "12"}, tables.box(100).centroid))
    found = told(notices)["area_unlikely", "1"]
    assert asked in found["message_zh"]
    assert "9,450" in found["message"]
    assert "面积按未知处理" in found["message_zh"]
    assert ("parcels_incomplete", "1") in told(notices)


def test_every_parcel_elsewhere_is_another_citys_table(tables):
    code, notices = tables.parcels(({}, shapely.box(116, 39, 116.001, 39.001)))
    assert code == 0
    assert "其他城市" in told(notices)["parcels_outside", "P1"]["message_zh"]


def test_a_shifted_layer_is_noticed(tables):
    def shift(lonlat):
        lon, lat = wgs84_to_gcj02(lonlat[:, 0], lonlat[:, 1])
        return [[x, y] for x, y in zip(lon, lat, strict=True)]

    rows = [
        ({}, shapely.transform(tables.box(200 * x + 2, 200 * y + 2, 8, 8), shift))
        for x in range(5)
        for y in range(5)
    ]
    _, notices = tables.parcels(*rows)
    assert "gcj02" in told(notices)["datum_looks_shifted", ""]["message"]
    _, notices = tables.parcels(*rows, crs="gcj02")
    assert ("datum_looks_shifted", "") not in told(notices)


HEAD = "社区编码,学段,年份,人数\n"


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        (HEAD + "610302001,小学,60,2026\n", "not_a_year", "2"),  # columns swapped
        (HEAD + "小学,610302001,2026,60\n", "unknown_choice", "2"),
        (HEAD + "610302001,小学,2026,-60\n", "value_too_small", "2"),
        (HEAD + "610302001,大学,2026,60\n", "unknown_choice", "2"),
        (HEAD, "empty_table", ""),
        ("适龄儿童预测表\n", "empty_table", ""),
    ],
)
def test_children_that_cannot_be_stop_the_run(tables, text, code, row):
    exit_code, notices = tables.children(text)
    assert exit_code == 1
    assert told(notices)[code, row]["severity"] == "error"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("社区编码,学段,年份,千人指标（%）\n610302001,小学,2026,60\n", "ratio_unclear"),
        (HEAD + "610302001,小学,2026,16001\n", "more_children_than_residents"),
        ("社区编码,学段,年份,千人指标\n610302001,小学,2026,700\n", "ratio_unclear"),
        (HEAD + "999,小学,2026,60\n610302001,小学,2026,60\n", "unknown_community"),
        (HEAD + "610302001,小学,2095,60\n610302001,小学,2026,60\n", "year_far_off"),
        (HEAD + "610302001,小学,1995,60\n610302001,小学,2026,60\n", "year_far_off"),
    ],
)
def test_children_nobody_can_believe_are_noticed(tables, text, code):
    exit_code, notices = tables.children(text)
    assert exit_code == 0
    assert told(notices)[code, "2"]["severity"] == "warning"


def test_another_kind_of_file_is_refused_in_one_line(tables):
    folder = tables.city.folder
    (folder / "c.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    code, said = tables.check('children = { path = "c.xlsx" }\n')
    assert code == 1
    assert "c.xlsx is no XLSX" in str(said)
    pd.DataFrame([["适龄儿童预测表"]]).to_excel(folder / "c.xlsx", header=False, index=False)
    code, notices = tables.check('children = { path = "c.xlsx" }\n')
    assert (code, told(notices)["empty_table", ""]["severity"]) == (1, "error")


def test_a_horizon_before_today_names_line_and_year(tables):
    code, [said] = tables.check("[schools]\nhorizon = 2020\n")
    assert (code, said["row"], said["column"]) == (1, "9", "schools.horizon")
    assert "horizon is 2020, before" in said["message"]
    assert "2020" in said["message_zh"]


def test_places_missing_for_half_the_schools_are_unknown_and_the_column_is_named(tables):
    rows = [("甲小学", "800"), ("乙小学", None), ("丙小学", None), ("丁小学", "-5")]
    for number, (name, places) in enumerate(rows):
        tables.city.facilities.append(
            {"name": name, "kind": "小学", "x": 100 + 200 * number, "y": 10, "capacity": places}
        )
    code, notices = tables.check("")
    assert code == 1
    assert told(notices)["value_too_small", "7"]["found"] == "-5"
    tables.city.facilities.pop()
    code, notices = tables.check("")
    assert code == 0
    [found] = [one for one in notices if one["code"] == "missing_places"]
    assert "学位数" in found["message_zh"]
    assert found["count"] == 3  # the mapped kindergarten too
