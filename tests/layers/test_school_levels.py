"""Levels of schools by name, by stated levels and by grades."""

import pytest

from layers.errors import InvalidConfig
from layers.kinds import read_kinds
from layers.school_levels import SchoolLevels, read_grades, read_isced

KINDS = read_kinds()

KINDERGARTEN = "kindergarten"
PRIMARY = "primary_school"
JUNIOR = "junior_school"
SENIOR = "senior_school"
UNSPECIFIED = "school_unspecified"

NAMES: dict[str, set[str]] = {
    # The word that ends last decides.
    "第一中学附属小学": {PRIMARY},
    "三中附小": {PRIMARY},
    "十中小学": {PRIMARY},
    "宝鸡市第一中学幼儿园": {KINDERGARTEN},
    "清华大学洁华幼儿园": {KINDERGARTEN},
    "三中心幼儿园": {KINDERGARTEN},
    "小太阳幼稚园": {KINDERGARTEN},
    "財團法人東海大學附屬高級中等學校小學部附設幼兒園": {KINDERGARTEN},
    "南京市第三高级中学文昌初中": {JUNIOR},
    "宝鸡市第一中学附属初级中学": {JUNIOR},
    "三中初中部": {JUNIOR},
    "新北市立三重高級中學國中部": {JUNIOR},
    "宝鸡中学（高中部）": {SENIOR},
    "東海大學附屬高級中等學校小學部": {PRIMARY},
    "東財團法人東海大學附屬高級中等學校小學部": {PRIMARY},
    "新建路中学小学部": {PRIMARY},
    "九年制学校小学部": {PRIMARY},
    # One level.
    "渭滨区新建路小学": {PRIMARY},
    "白家庄小学": {PRIMARY},
    "南京市五老村小学": {PRIMARY},
    "宝鸡高新第一小学": {PRIMARY},
    "宝鸡市第三中心小学": {PRIMARY},
    "宝鸡市实验小学东校区": {PRIMARY},
    "某镇完小": {PRIMARY},
    "清华附小": {PRIMARY},
    "龍山國小": {PRIMARY},
    "新竹市東區高峰國民小學": {PRIMARY},
    "汉中小学": {PRIMARY},
    "长青初中": {JUNIOR},
    "南京市第九初级中学": {JUNIOR},
    "成都七中初中学校": {JUNIOR},
    "光武國中": {JUNIOR},
    "臺中市立福科國民中學": {JUNIOR},
    "南京外国语学校国际部及初三年级校区": {JUNIOR},
    "石油高级中学": {SENIOR},
    "武陵高中": {SENIOR},
    "國立新竹高級中學": {SENIOR},
    "東海大學附屬高中": {SENIOR},
    "臺中市立臺中第一高級中等學校": {SENIOR},
    # Several levels.
    "育才九年制学校": {PRIMARY, JUNIOR},
    "陈仓区九年一贯制学校": {PRIMARY, JUNIOR},
    "民办一贯制学校": {PRIMARY, JUNIOR},
    "姜谭九年制中学": {PRIMARY, JUNIOR},
    "實驗國民中小學": {PRIMARY, JUNIOR},
    "育英学校（小学、初中）": {PRIMARY, JUNIOR},
    "十二年制实验学校": {PRIMARY, JUNIOR, SENIOR},
    "国际十二年一贯制学校": {PRIMARY, JUNIOR, SENIOR},
    "国际外国语中小学": {PRIMARY, JUNIOR, SENIOR},
    "十五年一贯制学校": {KINDERGARTEN, PRIMARY, JUNIOR, SENIOR},
    "渭滨小学（含幼儿园）": {PRIMARY, KINDERGARTEN},
    "宝鸡市完全中学": {JUNIOR, SENIOR},
    "育英学校初中和高中部": {JUNIOR, SENIOR},
    # A plain 中学 may teach both.
    "金陵中学": {JUNIOR, SENIOR},
    "贵溪市第九中学": {JUNIOR, SENIOR},
    "中关村中学分校": {JUNIOR, SENIOR},
    "清华大学附属中学": {JUNIOR, SENIOR},
    "清华附中": {JUNIOR, SENIOR},
    "贵溪五中": {JUNIOR, SENIOR},
    "高新第４中": {JUNIOR, SENIOR},
    "南京三中金銮校区": {JUNIOR, SENIOR},
    "建國中學": {JUNIOR, SENIOR},
    "重庆南开中学校": {JUNIOR, SENIOR},
    # A level word in a street's or a town's name.
    "中学路小学": {PRIMARY},
    "高中路小学": {PRIMARY},
    "建国中路小学": {PRIMARY},
    "中学街学校": {UNSPECIFIED},
    "一中路学校": {UNSPECIFIED},
    "汉中学校": {UNSPECIFIED},
    # Nothing tells.
    "龙岗外国语学校": {UNSPECIFIED},
    "华南师范大学附属龙岗大运学校": {UNSPECIFIED},
    "宝鸡市特殊教育学校": {"special_school"},
    "高新一校（原高新中学）": {UNSPECIFIED},
    # Trades and tutoring.
    "國立新竹高級商業職業學校": set(),
    "深圳信息职业技术学院": set(),
    "第一职业高级中学": set(),
    "渭滨职中": set(),
    "高级技工学校": set(),
    "南京幼儿高等师范学校": set(),
    "秦淮区教师进修学校": set(),
    "小学教师进修学校": set(),
    "中学生培训学校": set(),
    "诗雅艺术学校": set(),
    "深圳市体育运动学校": set(),
    "秦淮区委党校": set(),
    "宝鸡职业技术学院附属小学": {PRIMARY},
    "宝鸡职业技术学院附属中学": {JUNIOR, SENIOR},
    "西安师范学校附属小学": {PRIMARY},
    # Other languages.
    "Escuela Infantil La Manzana": {KINDERGARTEN},
    "C. E. I. P. Las Torres": {PRIMARY},
    "CEO Omayra Sánchez": {PRIMARY, JUNIOR},
    "Centro Concertado de ESO y Bachillerato Santa Catalina": {JUNIOR, SENIOR},
    "Nanjing No.5 Middle School": {JUNIOR, SENIOR},
    "Longgang Foreign Language School": {UNSPECIFIED},
    "Gran Canaria School of Languages": set(),
}


@pytest.mark.parametrize(("name", "codes"), NAMES.items())
def test_a_name_shows_levels(name: str, codes: set[str]) -> None:
    assert set(KINDS.match({"amenity": "school", "name": name})) == codes


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        ({"grades": "1-6"}, {PRIMARY}),
        ({"grades": "7-9"}, {JUNIOR}),
        ({"grades": "10-12"}, {SENIOR}),
        ({"grades": "9-12"}, {SENIOR}),
        ({"grades": "7-12"}, {JUNIOR, SENIOR}),
        ({"grades": "1-9"}, {PRIMARY, JUNIOR}),
        ({"grades": "10-12", "name": "东风中学"}, {SENIOR}),
        ({"grades": "4-6", "name": "东风小学"}, {PRIMARY}),
        ({"isced:level": "2", "name": "金陵中学"}, {JUNIOR}),
        ({"isced:level": "2;3", "school": "primary"}, {JUNIOR, SENIOR}),
        ({"isced:level": "primary", "school": "secondary"}, {JUNIOR, SENIOR}),
        ({"isced:level": "3", "name": "渭滨职业中学"}, set()),
        ({"name": "Jinling High School", "name:zh": "金陵中学初中部"}, {JUNIOR}),
        ({"name": "育才中学", "official_name": "宝鸡市育才初级中学"}, {JUNIOR}),
        ({"name": "高峰國小", "alt_name": "高峰國民小學;市立高峰國小"}, {PRIMARY}),
        ({"name": "福科國中", "name:en": "Focus Junior High School"}, {JUNIOR}),
    ],
)
def test_tags_beat_the_name_unless_it_teaches_a_trade(
    tags: dict[str, str], codes: set[str]
) -> None:
    assert set(KINDS.match({"amenity": "school"} | tags)) == codes


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("", set()),
        ("K-12", {"primary", "junior", "senior"}),
        ("K12", {"primary", "junior", "senior"}),
        ("PK-5", {"primary"}),
        ("K1-K3", {"kindergarten"}),
        ("4-6", set()),
        ("5-8", {"junior"}),
        ("7;8;9", {"junior"}),
        ("6", set()),
    ],
)
def test_grades(text: str, levels: set[str]) -> None:
    assert read_grades(text) == levels


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("1,2", {"primary", "junior"}),
        ("0-3", {"primary", "junior", "senior"}),
        ("34", {"senior"}),
        ("35", set()),
        ("0", {"kindergarten"}),
        ("4", set()),
        ("secondary", set()),
    ],
)
def test_isced_levels(text: str, levels: set[str]) -> None:
    assert read_isced(text) == levels


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"word": []}, "unknown"),
        ({"words": [{"match": "小学"}]}, "expected match and shows"),
        ({"words": [{"match": "小学", "shows": ["first"]}]}, "unknown level"),
        ({"words": [{"match": "(", "shows": []}]}, "no pattern"),
        ({"no_school": "("}, "no pattern"),
    ],
)
def test_wrong_level_words_are_refused(spec: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        SchoolLevels(spec)
