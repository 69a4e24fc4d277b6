"""Facility kinds: which tags mean what, and that the list covers every category."""

import pytest

from layers.errors import InvalidConfig, UnknownKind
from layers.kinds import build_kinds, read_kinds
from layers.tag_rules import build_condition, build_table, parse_number

KINDS = read_kinds()

EXPECTED = [
    "kindergarten",
    "nursery",
    "primary_school",
    "junior_school",
    "senior_school",
    "hospital",
    "clinic",
    "pharmacy",
    "elder_care",
    "elder_meals",
    "supermarket",
    "convenience",
    "mall",
    "market",
    "restaurant",
    "hairdresser",
    "laundry",
    "repair",
    "photo_copy",
    "housekeeping",
    "post",
    "parcel",
    "telecom",
    "bank",
    "insurance",
    "energy_water",
    "recycling",
    "government",
    "police",
    "culture",
    "sports",
    "fitness_outdoor",
    "football_pitch",
    "park",
    "square",
    "entertainment",
    "bus_stop",
    "rail_station",
    "parking",
    "charging",
    "bicycle_rental",
    "toilet",
    "shelter",
    "shop",
    "school_unspecified",
    "health_centre",
    "health_station",
    "special_school",
    "service_centre",
    "tailor",
    "shoe_repair",
    "locksmith",
    "home_repair",
    "child_care",
    "car_wash",
]


def test_every_category_has_a_kind_with_both_names_and_a_source() -> None:
    assert set(EXPECTED) <= set(KINDS)
    for kind in KINDS.values():
        assert kind.name_zh
        assert kind.name_en
        assert kind.source
        assert kind.group in KINDS.groups
        assert all(len(code) == 6 and code.isdigit() for code in kind.amap)


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        ({"amenity": "kindergarten"}, {"kindergarten"}),
        ({"amenity": "kindergarten", "name": "阳光托育园"}, {"kindergarten", "nursery"}),
        ({"amenity": "school", "name": "实验幼儿园"}, {"kindergarten"}),
        ({"amenity": "school", "name": "渭滨区新建路小学"}, {"primary_school"}),
        ({"amenity": "school", "name": "清华附小"}, {"primary_school"}),
        ({"amenity": "school", "name": "东海國小"}, {"primary_school"}),
        ({"amenity": "school", "isced:level": "1"}, {"primary_school"}),
        ({"amenity": "school", "isced:level": "1;2"}, {"primary_school", "junior_school"}),
        ({"amenity": "school", "isced:level": "0-1"}, {"primary_school"}),
        (
            {"amenity": "school", "name": "育才九年制学校"},
            {"primary_school", "junior_school"},
        ),
        (
            {"amenity": "school", "name": "高新九年一贯制学校"},
            {"primary_school", "junior_school"},
        ),
        ({"amenity": "school", "name": "宝鸡市第一初级中学"}, {"junior_school"}),
        ({"amenity": "school", "name": "石油高级中学"}, {"senior_school"}),
        ({"amenity": "school", "name": "金陵中学"}, {"junior_school", "senior_school"}),
        ({"amenity": "school", "name": "南京五中"}, {"junior_school", "senior_school"}),
        ({"amenity": "school", "name": "某某学校"}, {"school_unspecified"}),
        ({"amenity": "school"}, {"school_unspecified"}),
        ({"amenity": "school", "name": "宝鸡职业技术学校"}, set()),
        ({"amenity": "school", "name": "顺达驾校"}, set()),
        ({"amenity": "school", "name": "C.E.I.P. Cervantes"}, {"primary_school"}),
        ({"amenity": "school", "name": "I.E.S. Schamann"}, {"junior_school", "senior_school"}),
        ({"amenity": "hospital", "name": "市中心医院"}, {"hospital"}),
        ({"amenity": "hospital", "name": "经二路社区卫生服务中心"}, {"clinic", "health_centre"}),
        (
            {"amenity": "hospital", "name": "Centro de Salud de Schamann"},
            {"clinic", "health_centre"},
        ),
        (
            {"amenity": "hospital", "name": "Consultorio Local de Tafira"},
            {"clinic", "health_station"},
        ),
        ({"amenity": "hospital", "name": "Centro Ambulatorio Casa del Mar"}, {"clinic"}),
        ({"amenity": "hospital", "name": "UBS Vila Nova"}, {"clinic", "health_station"}),
        (
            {"amenity": "hospital", "name": "Cuevas Torres Health Centre"},
            {"clinic", "health_centre"},
        ),
        ({"amenity": "hospital", "name": "虢镇中心卫生院"}, {"clinic", "health_centre"}),
        ({"amenity": "clinic", "name": "李家村卫生室"}, {"clinic", "health_station"}),
        ({"amenity": "hospital", "name": "爱宠宠物医院"}, set()),
        ({"amenity": "hospital", "name": "懷生動物醫院"}, set()),
        ({"amenity": "hospital", "name": "丽人整形美容医院"}, set()),
        ({"amenity": "hospital", "healthcare:speciality": "plastic_surgery"}, set()),
        (
            {"amenity": "hospital", "healthcare:speciality": "general;plastic_surgery"},
            {"hospital"},
        ),
        ({"amenity": "hospital", "name": "江苏省口腔医院"}, {"hospital"}),
        ({"amenity": "hospital", "name": "康美口腔诊所"}, set()),
        ({"amenity": "hospital", "healthcare": "clinic", "name": "市二院"}, {"hospital"}),
        ({"amenity": "clinic", "name": "瑞鹏宠物诊所"}, set()),
        ({"amenity": "clinic", "name": "Clínica Veterinaria Vegueta"}, set()),
        ({"amenity": "clinic", "name": "伊美医疗美容诊所"}, set()),
        ({"amenity": "clinic", "name": "Medicina y Cirugía Estética"}, set()),
        ({"amenity": "doctors", "name": "妍盛美學診所"}, set()),
        ({"amenity": "doctors", "healthcare": "doctor", "name": "瑞安診所"}, {"clinic"}),
        ({"amenity": "clinic", "name": "Sanitas Centro Dental"}, set()),
        ({"amenity": "clinic", "name": "牙博士口腔门诊部"}, set()),
        ({"amenity": "clinic", "name": "Centro Médico y Dental Triana"}, {"clinic"}),
        ({"amenity": "dentist", "healthcare": "dentist", "name": "證仁牙醫診所"}, set()),
        ({"amenity": "veterinary", "healthcare": "clinic"}, set()),
        ({"amenity": "clinic"}, {"clinic"}),
        ({"healthcare": "centre", "name": "Health Point"}, {"clinic"}),
        ({"healthcare": "centre", "name": "美年体检中心"}, set()),
        ({"healthcare": "centre", "name": "十里铺社区卫生服务站"}, {"clinic", "health_station"}),
        ({"amenity": "social_facility", "social_facility": "nursing_home"}, {"elder_care"}),
        (
            {
                "amenity": "social_facility",
                "social_facility": "shelter",
                "name": "温馨日间照料中心",
            },
            {"elder_care"},
        ),
        (
            {
                "amenity": "social_facility",
                "social_facility": "group_home",
                "social_facility:for": "child",
            },
            set(),
        ),
        ({"amenity": "restaurant", "name": "小雅自助餐"}, {"restaurant"}),
        ({"amenity": "restaurant", "name": "幸福里老年助餐点"}, {"restaurant", "elder_meals"}),
        ({"shop": "supermarket"}, {"supermarket", "shop"}),
        ({"shop": "convenience;bakery"}, {"convenience", "shop"}),
        ({"shop": "greengrocer"}, {"market", "shop"}),
        ({"amenity": "marketplace"}, {"market", "shop"}),
        ({"shop": "mall"}, {"mall"}),
        ({"craft": "winery"}, set()),
        ({"craft": "shoemaker"}, {"repair", "shoe_repair"}),
        ({"office": "company", "name": "好帮手家政"}, {"housekeeping"}),
        ({"office": "company", "name": "宝鸡中燃燃气营业厅"}, {"energy_water"}),
        ({"amenity": "post_office", "name": "菜鸟驿站"}, {"parcel"}),
        ({"office": "government", "name": "宝鸡市税务局"}, set()),
        ({"office": "government", "name": "经一路街道办事处"}, {"government"}),
        ({"office": "government", "name": "引渭路社区居委会"}, {"government"}),
        ({"office": "government", "name": "Forestry Department"}, set()),
        ({"office": "government", "government": "administrative", "name": "Vera BSB"}, set()),
        ({"office": "government", "name": "宝鸡市人民政府驻西安办事处"}, set()),
        ({"office": "government", "name": "金台区人民政府信访局"}, set()),
        ({"amenity": "community_centre", "name": "龍山里辦公室"}, {"government", "culture"}),
        ({"amenity": "townhall", "name": "Ayuntamiento"}, {"government"}),
        ({"amenity": "community_centre", "name": "Casa de la Cultura"}, {"government", "culture"}),
        ({"amenity": "community_centre", "name": "象棋俱乐部"}, {"culture"}),
        (
            {"amenity": "community_centre", "name": "金台党群服务中心"},
            {"government", "culture", "service_centre"},
        ),
        ({"leisure": "pitch", "sport": "soccer"}, {"sports", "football_pitch"}),
        ({"leisure": "pitch", "sport": "soccer", "access": "private"}, set()),
        ({"leisure": "fitness_station"}, {"sports", "fitness_outdoor"}),
        ({"amenity": "parking", "access": "private"}, set()),
        ({"amenity": "parking", "access": "customers"}, {"parking"}),
        ({"leisure": "garden"}, set()),
        ({"leisure": "garden", "name": "人民花园"}, {"park"}),
        ({"public_transport": "stop_position", "bus": "yes"}, set()),
        ({"public_transport": "platform", "tram": "yes"}, set()),
        ({"public_transport": "platform"}, {"bus_stop"}),
        (
            {"amenity": "bicycle_parking", "name": "共享单车停放点"},
            {"bicycle_rental", "bicycle_parking"},
        ),
        ({"amenity": "shelter", "shelter_type": "public_transport"}, set()),
        ({"disused:amenity": "pharmacy"}, set()),
        ({"abandoned:shop": "supermarket"}, set()),
        ({"amenity": "pharmacy", "disused": "yes"}, set()),
        ({"amenity": "school", "name": "IES José Saramago (cerrado)"}, set()),
        ({"amenity": "pharmacy", "name": "康民大药房（已关闭）"}, set()),
        ({"shop": "supermarket", "name": "好又多超市 已停业"}, set()),
        ({"amenity": "marketplace", "name": "新建路菜市场(已拆)"}, set()),
        ({"shop": "convenience", "name": "Corner Shop (permanently closed)"}, set()),
        ({"shop": "convenience", "name": "Mini Mercado - fechado"}, set()),
        ({"amenity": "pharmacy", "status": "closed"}, set()),
        ({"amenity": "pharmacy", "name": "Farmacia (closed on Sundays)"}, {"pharmacy"}),
        ({"amenity": "pharmacy", "name": "惠民药店（暂停营业）"}, {"pharmacy"}),
        ({"building": "yes"}, set()),
        # parts of a kind
        (
            {"amenity": "clinic", "name": "金河社区卫生服务中心北坡站"},
            {"clinic", "health_station"},
        ),
        ({"amenity": "clinic", "name": "新竹市東區衛生所"}, {"clinic", "health_centre"}),
        ({"amenity": "clinic", "name": "下马营卫生所"}, {"clinic", "health_station"}),
        ({"amenity": "doctors", "name": "Consultorio Médico Ripoche"}, {"clinic"}),
        ({"amenity": "pharmacy", "name": "卫生服务中心药房"}, {"pharmacy"}),
        (
            {"office": "government", "name": "经二路街道便民服务中心"},
            {"government", "service_centre"},
        ),
        ({"amenity": "townhall", "name": "Oficinas Municipales"}, {"government", "service_centre"}),
        (
            {"office": "government", "name": "引渭路社区综合服务站"},
            {"government", "service_centre"},
        ),
        (
            {"amenity": "social_facility", "name": "引渭路社区服务站"},
            {"government", "service_centre"},
        ),
        ({"office": "government", "name": "金河农业综合服务中心"}, set()),
        ({"shop": "electronics", "name": "红旗家电"}, {"repair"}),
        ({"shop": "electronics", "name": "红旗家电维修"}, {"repair", "home_repair"}),
        ({"craft": "plumber"}, {"repair", "home_repair"}),
        ({"craft": "key_cutter"}, {"repair", "locksmith"}),
        ({"shop": "shoe_repair", "name": "老王修鞋配钥匙"}, {"repair", "shoe_repair", "locksmith"}),
        ({"shop": "clothes", "name": "裁缝铺"}, set()),
        ({"shop": "tailor"}, {"repair", "tailor"}),
        ({"amenity": "car_wash"}, {"car_wash"}),
        ({"amenity": "school", "name": "宝鸡市特殊教育学校"}, {"special_school"}),
        ({"amenity": "school", "name": "启智小学"}, {"primary_school"}),
        (
            {"amenity": "school", "name": "Colegio de Educación Especial Siete Palmas"},
            {"special_school"},
        ),
        ({"amenity": "school", "name": "C.E.E. Petra Lorenzo"}, {"special_school"}),
        ({"amenity": "community_centre", "name": "四点半课堂"}, {"child_care", "culture"}),
        ({"amenity": "childcare", "name": "晨星课后托管"}, {"child_care", "nursery"}),
    ],
)
def test_tags_show_kinds(tags: dict[str, str], codes: set[str]) -> None:
    assert set(KINDS.match(tags)) == codes


def test_kinds_are_found_by_code_name_and_alias() -> None:
    assert KINDS.find("pharmacy").code == "pharmacy"
    assert KINDS.find("幼儿园").code == "kindergarten"
    assert KINDS.find(" 公 厕 ").code == "toilet"
    assert KINDS.find("Primary School").code == "primary_school"
    assert KINDS.find("社区卫生服务站").code == "health_station"
    assert KINDS.find("火箭发射场") is None


def test_a_part_named_in_a_table_counts_for_the_whole_too() -> None:
    assert KINDS.complete(["health_station"]) == ("health_station", "clinic")
    assert KINDS.complete(["supermarket", "tailor"]) == ("supermarket", "tailor", "repair", "shop")
    assert KINDS.complete(["bank"]) == ("bank",)
    assert KINDS.complete([]) == ()
    with pytest.raises(UnknownKind, match="rocket"):
        KINDS.complete(["rocket"])


def test_a_part_is_never_without_the_whole() -> None:
    parts = {kind.code: kind.within for kind in KINDS.values() if kind.within}
    assert parts == {
        "health_centre": "clinic",
        "health_station": "clinic",
        "tailor": "repair",
        "shoe_repair": "repair",
        "locksmith": "repair",
        "home_repair": "repair",
        "service_centre": "government",
    }
    assert not any(KINDS[whole].within for whole in parts.values())


def test_an_unknown_code_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UnknownKind, match="kindergarten"):
        KINDS["rocket"]
    assert "rocket" not in KINDS


def test_travellers() -> None:
    assert KINDS["primary_school"].traveller == "child"
    assert KINDS["elder_care"].traveller == "older"
    assert KINDS["pharmacy"].traveller == "adult"


def one_kind(**changes: object) -> dict[str, object]:
    kind: dict[str, object] = {
        "code": "a",
        "name_zh": "甲",
        "name_en": "a",
        "group": "g",
        "traveller": "adult",
        "osm": [{"shop": "a"}],
        "amap": [],
        "caution": "",
        "source": "x",
    }
    kind |= changes
    return {"groups": {"g": {"zh": "组", "en": "g"}}, "kinds": [kind]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"traveller": "dog"}, "traveller"),
        ({"group": "h"}, "group"),
        ({"colour": "red"}, "colour"),
        ({"osm": []}, "either osm or includes"),
        ({"osm": [{"shop": {"like": "a"}}]}, "asks"),
        ({"osm": [{"any_name": {"match": "a"}}]}, "needs one tag"),
        ({"osm": [{"shop": {"match": "("}}]}, "no pattern"),
        ({"unless_kinds": ["b"]}, "unknown kinds b"),
        ({"within": "b"}, "unknown kinds b"),
    ],
)
def test_a_wrong_kind_file_is_refused_with_its_place(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidConfig, match=message):
        build_kinds(one_kind(**changes))


def test_a_code_used_twice_is_refused() -> None:
    document = one_kind()
    document["kinds"] = [*document["kinds"], *document["kinds"]]
    with pytest.raises(InvalidConfig, match="twice"):
        build_kinds(document)


def test_conditions() -> None:
    condition = build_condition({"a": {"at_least": 80}, "b": {"absent": True}}, where="x")
    assert condition.holds({"a": "80 km/h"})
    assert not condition.holds({"a": "60"})
    assert not condition.holds({"a": "90", "b": "1"})
    assert build_condition({"a": True}, where="x").holds({"a": "yes"})
    assert not build_condition({"a": "*"}, where="x").holds({"a": "no"})
    assert parse_number("3,5") == 3.5
    with pytest.raises(InvalidConfig, match="without any tag"):
        build_condition({}, where="x")


def test_a_decision_needs_its_reason() -> None:
    with pytest.raises(InvalidConfig, match="line 1"):
        build_table(
            [{"if": {"a": "b"}, "then": "open"}], allowed=["open"], default="open", where="t"
        )
