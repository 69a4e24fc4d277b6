"""The reasoning of a verdict in sentences: asked, applied, looked at, found, and from which data.

Two communities of district 东区 side by side, 1 km each; a clinic in the western one.
"""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.results import TABLES, shape_table
from layers.standards.describe import describe_pack
from layers.standards.load import parse_pack
from layers.standards.overlay import apply_overlay, parse_overlay
from services.errors import InvalidQuery, UnknownCommunity, UnknownRuleHere
from services.explain import explain_verdict
from services.explain_names import Names
from services.explain_verdict import say_verdict

SOURCE = 'source: {document: doc, clause: "4.0.1", status: STATUS}'


def value(number, unit, status="primary"):
    return f"{{value: {number}, unit: {unit}, {SOURCE.replace('STATUS', status)}}}"


def rule(code, title, test, *lines):
    head = f"- code: {code}\n  title: {{zh: {title}, en: {code} in English}}\n  test: {test}\n  force: strive\n  since: 2024-01-01\n"
    return head + "".join(f"  {line}\n" for line in lines)


SHARE = f"share: {value(0.8, 'share', 'unverified')}"
LIMIT = f"limit: {value(15, 'min')}"
PACK = (
    """\
pack: p
title: {zh: 某标准, en: Some standard}
issuer: {zh: 某部, en: A ministry}
legal_force: {zh: 试行, en: on trial}
published: 2024-01-01
documents:
  doc: {title: {zh: 某文件, en: A document}, published: 2024-01-01, address: example.org/doc}
rules:
"""
    + rule("p.clinic", "步行就医", "share_within", "kind: clinic", LIMIT, SHARE, f"applies_to: {{households: {value(1500, 'households')}}}")
    + rule("p.ride", "乘车就医", "share_within", "kind: clinic", "mode: walk_transit", LIMIT, SHARE)
    + rule("p.metres", "就近就医", "share_within", "kind: clinic", f"limit: {value(500, 'm')}", SHARE, f"alternatives: [{{kind: pharmacy, limit: {value(300, 'm')}, minimum: {{floor_area_m2: {value(80, 'm2')}}}}}]", "basis: land", f"substituted_by: {{rules: [p.clinic], {SOURCE.replace('STATUS', 'derived, note: {zh: 推, en: so}')}}}")
    + rule("p.count", "设有诊所", "count_provided", "kind: clinic", f"count: {value(1, 'facilities')}", LIMIT, SHARE, "inclusive: true")
    + rule("p.inside", "范围内有诊所", "count_inside", "kind: clinic", f"count: {value(1, 'facilities')}", f"applies_to: {{unit: cluster, population: {value(3000, 'people')}}}")
    + rule("p.two", "两家可选", "count_within", "kind: clinic", f"count: {value(2, 'facilities')}", LIMIT, SHARE)
    + rule("p.groups", "业态齐全", "groups_within", "groups: [{title: {zh: 购药, en: medicine}, kinds: [pharmacy]}, {title: {zh: 就医, en: care}, kinds: [clinic]}]", f"count: {value(2, 'groups')}", LIMIT, SHARE)
    + rule("p.space", "服务用房", "amount_per", "measure: {attribute: service_space_m2}", f"amount: {value(30, 'm2')}", f"per: {value(100, 'households')}")
    + rule("p.green", "绿化率", "attribute_at_least", "attribute: green_share", f"least: {value(0.3, 'share')}")
    + rule("p.places", "学位缺口", "missing", "kind: clinic", "measure: {summed: capacity}", f"needed: {value(1, 'places')}", "needed_attribute: children_primary")
    + rule("p.few", "区内诊所", "missing", "kind: clinic", "measure: {summed: facilities}", f"needed: {value(2, 'facilities')}", f"per: {value(1000, 'households')}", "applies_to: {unit: district}")
    + rule("p.share", "三成社区达到", "communities_share", "of: p.card", f"share: {value(0.3, 'share')}", "applies_to: {unit: city}")
    + "cards: [{code: p.card, about: circle, title: {zh: 医疗圈, en: care circle}, rules: [p.clinic]}]\n"
)  # fmt: skip
KINDS = ("clinic", "pharmacy")
RULES = (
    "p.clinic", "p.ride", "p.metres", "p.inside", "p.two", "p.groups", "p.space", "p.green", "p.places",
    "p.count.inside", "p.count.walk", "p.count.places",
)  # fmt: skip
BLANK = {"str": "", "float64": np.nan, "int64": 0, "bool": False}


def frame(table, rows):
    columns = {name: column.dtype for name, column in TABLES[table].items()}
    blank = {name: BLANK.get(dtype, pd.NA) for name, dtype in columns.items()}
    return shape_table(pd.DataFrame([{**blank, **row} for row in rows]), table)


def place(table, rows, shapes):
    return gpd.GeoDataFrame(frame(table, rows), geometry=shapes, crs="EPSG:4326")


def build_manifest(packs):
    return {
        "name": "某市",
        "version": "9.9",
        "created": "2025-05-06T07:08:09.5+00:00",
        "synthetic": False,
        "osm_timestamp": "2025-05-01T00:00:00Z",
        "inputs": [
            {"role": role, "path": path, "sha256": f"{at}" * 64, "bytes": 1}
            for at, (role, path) in enumerate(
                [("osm", "a.pbf"), ("gtfs", "b.zip"), ("communities", "c.csv"), ("demand", "d.csv"),
                 ("facilities", "f.csv"), ("overlay", "local.yaml"), ("parcels", "p.shp")]
            )
        ],
        "kinds": [
            {"code": "clinic", "name_zh": "诊所", "name_en": "clinic", "traveller": "older"},
            {"code": "pharmacy", "name_zh": "药店", "name_en": "pharmacy", "traveller": "adult"},
        ],
        "settings": {"adult_m_s": 1.2, "older_m_s": 0.8, "child_m_s": 1.0},
        "transit": {"status": "unmeasured"},
        "packs": [json.loads(json.dumps(describe_pack(pack))) for pack in packs],
    }  # fmt: skip


def judged(code, status="met", **figures):
    row = {
        "community_id": "1", "pack": "p", "rule": code, "status": status, "unit": "share", "needed": 0.8,
        "found": 0.9, "shortfall": 0.0, "households_affected": 0.0, "source_status": "unverified",
        "reason": f"{code}的原因。", "reason_en": f"Why {code}.",
    }  # fmt: skip
    return {**row, **figures}


@pytest.fixture(scope="module")
def packs():
    return (parse_pack(PACK, "p.yaml"),)


@pytest.fixture(scope="module")
def town(packs):
    """Everything `explain_verdict` is handed, by the names of its parameters."""
    communities = place(
        "communities",
        [
            {"community_id": "1", "name": "东风社区", "district": "东区", "subdistrict": "东街", "households": 1600.0, "valid_from": "2024-06-30"},
            {"community_id": "2", "name": "西苑社区", "district": "东区", "households": np.nan, "population": 900.0},
            {"community_id": "3", "name": "西苑社区", "district": "西区"},
        ],
        [shapely.box(at, 0, at + 1, 1) for at in range(3)],
    )  # fmt: skip
    communities["green_share"] = [0.25, np.nan, np.nan]
    facilities = place(
        "facilities",
        [
            {"facility_id": "n1", "kind": "clinic", "name": "<仁爱>诊所"},
            {"facility_id": "n2", "kind": "clinic", "name": ""},
        ],
        [shapely.Point(0.5, 0.5), shapely.Point(1.5, 0.5)],
    )
    gaps = [
        judged(
            "p.clinic", "gap", found=0.7, shortfall=0.1, households_affected=480.4,
            nearest_facility_id="n2", nearest_m=1234.4,
        ),
        judged("p.metres", substituted_by="p.clinic"),
        judged("p.green", "unknown", found=np.nan, settled_by="communities.green_share"),
        judged("p.groups", "unknown", found=np.nan, unit="groups", needed=2.0, settled_by="facilities (pharmacy), facilities.inclusive"),
        *(judged(code) for code in RULES if code not in {"p.clinic", "p.metres", "p.green", "p.groups"}),
    ]  # fmt: skip
    coverage = {"community_id": "1", "kind": "clinic", "mode": "walk", "demand_source": "buildings"}
    access = [
        {
            "community_id": "1",
            "kind": "clinic",
            "mode": "walk",
            "facility_id": code,
            "weight": weight,
        }
        for code, weight in (("n1", 30.0), ("n2", 10.0), ("n1", 20.0), ("", 5.0))
    ]
    targets = [
        {"level": "district", "area": "东区", "rule": "p.few", "needed": 4.0, "found": 1.0, "unit": "facilities", "status": "gap"},
        {"level": "city", "area": "某市", "rule": "p.share", "needed": 0.3, "found": 0.4, "unit": "share", "status": "met"},
    ]  # fmt: skip
    return {
        "manifest": build_manifest(packs),
        "gaps": frame("gaps", gaps),
        "communities": communities,
        "facilities": facilities,
        "coverage": frame("coverage", [{**coverage, "n_demand": 12}]),
        "access": frame("access", access),
        "targets": frame("targets", [judged(row["rule"]) | {"pack": "p"} | row for row in targets]),
    }


@pytest.fixture
def explain(town):
    def explain_one(rule, community="1", **changes):
        return explain_verdict(**{**town, **changes}, community=community, rule=rule)

    return explain_one


def texts(explanation, topic, lang="zh"):
    return " ".join(getattr(one.text, lang) for one in explanation.paragraphs if one.topic == topic)


def test_a_gap_is_explained_from_the_rule_to_the_data(explain):
    told = explain("p.clinic")
    assert [one.topic for one in told.paragraphs] == [
        "asks", "source", "applies", "found", "verdict", "data",
    ]  # fmt: skip
    assert told.title.zh == "东风社区（1）：步行就医"
    assert "《某标准》（p）的规则p.clinic：步行就医" in texts(told, "asks")
    assert "步行15分钟内可到诊所的住户不少于80%" in texts(told, "asks")
    source = texts(told, "source")
    for words in ("某部", "试行", "力争", "自2024-01-01起", "限值15分钟", "《某文件》，4.0.1，原文", "未核实", "example.org/doc"):  # fmt: skip
        assert words in source
    assert texts(told, "applies") == (
        "适用于1,500户及以上的社区（含本数）。东风社区（1）（东区，东街）：户数1,600户，人口未知"
        "（数据日期2024-06-30）。"
    )
    found = texts(told, "found")
    assert "诊所2处，其中东风社区（1）范围内1处（“<仁爱>诊所”）" in found
    assert "老年人0.8米/秒" in found
    assert "15分钟可走720米" in found
    assert "住宅建筑" in found
    assert "共12个出发点" in found
    assert "“<仁爱>诊所”（83%的住户）、n2（17%的住户）" in found
    verdict = texts(told, "verdict")
    assert verdict.startswith("缺口。p.clinic的原因。要求80%，测得70.0%，差10个百分点，涉及480户。")
    assert "n2（n2），步行中位数1,234米" in verdict
    assert verdict.endswith("可信程度最低的是：未核实。")
    data = texts(told, "data")
    assert "a.pbf（SHA-256 000000000000…，地图数据截至2025-05-01T00:00:00Z）" in data
    assert "c.csv" in data
    assert "b.zip" not in data  # nobody rides
    assert "local.yaml" not in data  # no local value
    assert "p.shp" not in data
    assert "2025-05-06T07:08:09" in data


def test_in_english_too(explain):
    told = explain("p.clinic")
    assert told.title.en == "东风社区 (1): p.clinic in English"
    assert "at least 80% of the households have one (clinic) within a walk of 15 minutes" in texts(told, "asks", "en")  # fmt: skip
    assert "clause" not in texts(told, "source", "en")
    assert "1,600 households, population unknown" in texts(told, "applies", "en")
    assert texts(told, "verdict", "en").startswith("Gap. Why p.clinic. Asked for 80%, found 70.0%, short by 10 percentage points, for 480 households.")  # fmt: skip
    for one in told.paragraphs:
        assert one.text.en.isprintable()
        assert one.text.en == one.text.en.strip()
        assert "  " not in one.text.en


def test_a_community_by_its_name(explain):
    assert explain("p.clinic", "东风社区").community_id == "1"
    with pytest.raises(InvalidQuery, match=r"2 communities have that name \(2, 3\)"):
        explain("p.clinic", "西苑社区")
    with pytest.raises(UnknownCommunity, match=r"'东方社区' in this run; .*东风社区"):
        explain("p.clinic", "东方社区")


def test_rules_that_are_not_there(explain):
    with pytest.raises(UnknownRuleHere, match=r"'p\.clinik' in this run; .*p\.clinic"):
        explain("p.clinik")
    with pytest.raises(UnknownRuleHere):
        explain("p.clinic", "2")  # of the pack, but not judged
    with pytest.raises(UnknownRuleHere):
        explain("p.few", targets=None)


def test_separate_answers_have_separate_verdicts(explain):
    told = explain("p.count")
    assert dict(told.statuses) == {f"p.count.{one}": "met" for one in ("inside", "walk", "places")}
    verdicts = [one for one in told.paragraphs if one.topic == "verdict"]
    assert [one.answer for one in verdicts] == list(told.statuses)
    assert verdicts[0].title.zh == "结论（社区范围内）"
    assert verdicts[1].title.en == "Verdict (within the walk)"
    assert "普惠性诊所" in texts(told, "asks")
    single = explain("p.count.inside")
    assert dict(single.statuses) == {"p.count.inside": "met"}
    assert "其中一项：社区范围内" in texts(single, "asks")
    assert "米/秒" not in texts(single, "found")


@pytest.mark.parametrize(
    ("code", "asks", "found"),
    [
        ("p.ride", "步行或乘公交15分钟内", "没有公交时刻表"),
        ("p.metres", "居住用地不少于80%；300米内有80平方米以上的药店也算达到", "不折算成时间"),
        ("p.metres", "沿路步行500米内", "数据中没有任何药店"),
        ("p.inside", "社区（规模不足的与相邻小社区合并）范围内的诊所不少于1处", "诊所2处"),
        ("p.two", "至少80%的住户步行15分钟内可到2处以上的诊所", "诊所2处"),
        ("p.groups", "以下2类服务中的2类：购药、就医", "数据中没有任何药店"),
        ("p.space", "“社区综合服务用房面积”平均每100户不少于30平方米", "没有“社区综合服务用房面积”（service_space_m2）这一列"),
        ("p.green", "“绿化率”不低于30%", "“绿化率”（green_share）为25.0%"),
        ("p.places", "诊所的学位数（容量）", "children_primary"),
        ("p.few", "每1,000户需要2处，减去已有的诊所的数量", "诊所2处，其中东区范围内2处"),
        ("p.share", "达到“医疗圈”的社区不少于30%", ""),
    ],
)  # fmt: skip
def test_every_test_says_what_it_asks_and_what_was_looked_at(explain, code, asks, found):
    told = explain(code)
    assert asks in texts(told, "asks")
    assert found in texts(told, "found")
    for one in told.paragraphs:
        assert one.text.zh
        assert one.text.en
        assert "nan" not in f"{one.text.zh}{one.text.en}"
        assert "None" not in f"{one.text.zh}{one.text.en}"


def test_what_is_open_says_what_would_settle_it(explain):
    assert "绿化率" in texts(explain("p.green"), "settled")
    settled = texts(explain("p.groups"), "settled")
    assert "药店" in settled
    assert "普惠" in settled
    assert not texts(explain("p.clinic"), "settled")


def test_groups_the_data_lack_are_not_said_to_be_found():
    """6 of 12 reached for certain, 2 more unmapped: the table's 8 are the most there may be."""
    row = {
        "status": "gap", "source_status": "primary", "reason": "甲。", "reason_en": "A.",
        "needed": 12.0, "found": 8.0, "shortfall": 4.0, "unit": "groups",
        "households_affected": np.nan, "nearest_facility_id": "",
    }  # fmt: skip
    told = say_verdict(row, Names({"packs": []}), pd.DataFrame())
    assert "要求12类，最多8类，差4类。" in told.zh
    assert "测得" not in told.zh
    assert "Asked for 12 groups, at most 8 groups, short by 4 groups." in told.en


def test_what_stands_in_is_named(explain):
    told = explain("p.metres")
    assert "“步行就医”（p.clinic）替代" in texts(told, "verdict")
    assert "可替代本规则：步行就医（p.clinic）" in texts(told, "source")


def test_rules_of_areas_are_explained_for_the_one_a_community_lies_in(explain):
    told = explain("p.few", "2")
    assert told.area == "东区"
    assert told.title.zh == "东区：区内诊所"
    assert "西苑社区（2）所在的是东区，共2个社区" in texts(told, "applies")
    assert "要求4处，测得1处" in texts(told, "verdict")
    city = explain("p.share", "3")
    assert (city.area, dict(city.statuses)) == ("某市", {"p.share": "met"})
    with pytest.raises(UnknownRuleHere):
        explain("p.few", "3")  # 西区 was not judged by it


def test_local_values_stand_beside_the_standards_own(town, packs):
    overlay = parse_overlay(
        "overlay: 本市取值\nissuer: {zh: 某市, en: A city}\npublished: 2025-01-01\n"
        "documents: {own: {title: {zh: 本市通知, en: A local notice}}}\n"
        "rules: [{code: p.clinic, limit: {value: 10, unit: min, source: {document: own, status: secondary}}, since: 2025-01-01}]\n",
        "local.yaml",
    )
    gaps = town["gaps"].assign(overlaid=True)
    manifest = build_manifest(apply_overlay(packs, overlay))
    told = explain_verdict(
        **{**town, "gaps": gaps, "manifest": manifest}, community="1", rule="p.clinic"
    )
    source = texts(told, "source")
    assert (
        "限值10分钟：《本市通知》，二手来源，为本地取值，代替标准的15分钟（《某文件》，4.0.1，原文"
        in source
    )
    assert "日期为本地取值；标准为自2024-01-01起" in source
    assert "本地取值" in texts(told, "verdict")
    assert "local.yaml" in texts(told, "data")


def test_journeys_name_their_timetable(town):
    ridden = {
        "status": "measured", "source": "osm", "depart_from": "07:30", "depart_to": "08:30",
        "day": "2025-05-06", "percentile": 50.0,
    }  # fmt: skip
    manifest = {**town["manifest"], "transit": ridden}
    told = explain_verdict(**{**town, "manifest": manifest}, community="1", rule="p.ride")
    assert "由地图线路推算的时刻表" in texts(told, "found")
    assert "07:30–08:30" in texts(told, "found")
    assert "b.zip" in texts(told, "data")


def test_it_is_json(explain):
    for code in (*RULES, "p.few", "p.share"):
        answer = explain(code).as_json()
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert answer["answers"] == [{"rule": "p.share", "status": "met"}]
    assert set(answer["paragraphs"][0]) == {
        "topic", "rule", "title_zh", "title_en", "text_zh", "text_en",
    }  # fmt: skip
