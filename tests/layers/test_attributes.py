"""Attributes of communities: the list itself, and how their columns are found."""

from typing import get_args

import pytest

from layers.attributes import build_attributes, read_attributes
from layers.columns import find_unit, match_columns, normalize_header, read_columns
from layers.errors import InvalidConfig
from layers.facilities import PLACES_COLUMNS
from layers.standards.model import Unit

ATTRIBUTES = read_attributes()


def test_every_attribute_has_names_a_unit_and_bounds():
    assert {"service_space_m2", "green_share", "workers", "children_primary"} <= set(ATTRIBUTES)
    for code, attribute in ATTRIBUTES.items():
        assert code == attribute.code
        assert attribute.name_zh in attribute.aliases
        assert attribute.name_en
        assert attribute.unit in get_args(Unit)
        assert attribute.minimum == 0
        assert attribute.maximum == (1 if attribute.unit == "share" else 1e9)
        assert attribute.factors, "a unit in the header would be passed over"
        assert code.endswith("_share") == (attribute.unit == "share")
        assert code.endswith("_m2") == (attribute.unit == "m2")


def test_attributes_stand_after_the_columns_of_communities():
    spec = read_columns("communities")
    assert list(spec.columns)[-len(ATTRIBUTES) :] == list(ATTRIBUTES)
    assert all(spec.columns[code].optional for code in ATTRIBUTES)
    facilities = read_columns("facilities").columns
    assert {name for name, column in facilities.items() if column.optional} == set(PLACES_COLUMNS)
    everywhere = [alias for column in spec.columns.values() for alias in column.aliases]
    assert len(everywhere) == len(set(everywhere))


@pytest.mark.parametrize(
    ("header", "code", "factor"),
    [
        ("服务用房面积（㎡）", "service_space_m2", 1.0),
        ("社区综合服务用房面积(万平方米)", "service_space_m2", 10_000.0),
        ("公共绿地（公顷）", "public_green_m2", 10_000.0),
        ("绿化率（%）", "green_share", 0.01),
        ("绿化率(％)", "green_share", 0.01),
        ("绿化率%", "green_share", 0.01),
        ("绿化率", "green_share", None),
        ("步行道长度（公里）", "walkway_m", 1000.0),
        ("社区工作者（人）", "workers", 1.0),
        ("充电桩", "ev_chargers", None),
        ("电动自行车充电桩（个）", "ebike_chargers", 1.0),
        ("EV_chargers", "ev_chargers", None),
    ],
)
def test_headers(header, code, factor):
    match = match_columns([header], read_columns("communities"))
    assert dict(match.positions) == {code: 0}
    assert match.units.get(code) == factor


@pytest.mark.parametrize("header", ["绿地率", "人均绿地面积", "绿化覆盖率", "总建筑面积", "设施数"])
def test_other_figures_are_not_taken_for_these(header):
    assert not match_columns([header], read_columns("communities")).positions


def test_percent_signs_are_units_wherever_they_stand():
    assert find_unit("绿化率（%）") == find_unit("绿化率 %") == "%"
    assert find_unit("面积（%，亩）") != "%"
    assert normalize_header("绿化率/%") == "绿化率"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit": "acres"}, "a: 'acres' is no unit; known are min, m"),
        ({"colour": "red"}, r"a: missing \[\], unknown \['colour'\]"),
        ({"zh": None}, r"a: missing \['zh'\]"),
    ],
)
def test_a_wrong_list_is_refused(changes, message):
    spec = {"zh": "甲", "en": "a", "unit": "m2", "aliases": ["甲"]} | changes
    spec = {key: value for key, value in spec.items() if value is not None}
    with pytest.raises(InvalidConfig, match=message):
        build_attributes({"units": {}, "attributes": {"a": spec}})
