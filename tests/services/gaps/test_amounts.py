"""Amounts per households and residents, columns that reach so much, and what is missing."""

import math

import pytest

MAIN_STREET = [[(-3000, 0), (3000, 0)]]
SPACE = {
    "code": "t.space",
    "test": "amount_per",
    "measure": {"attribute": "service_space_m2"},
    "amount": (30, "m2", "secondary"),
    "per": (100, "households", "secondary"),
}
CLASSES = {
    "code": "t.classes",
    "test": "amount_per",
    "kind": "kindergarten",
    "counter": "所",
    "measure": {"summed": "classes"},
    "amount": (3, "classes"),
    "per": (1000, "people"),
}
PARKING = {
    "code": "t.parking",
    "test": "missing",
    "measure": {"attribute": "parking_spaces"},
    "needed": (1, "spaces"),
    "per": (1, "households"),
}


def judge(paper_town, pack, facilities=(), **community):
    (rule,) = pack.rules
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": community.get("households", math.nan), "weight": 1.0}],
        facilities=[{**one, "at": (one.get("at", 0), 0)} for one in facilities],
        communities=[{"id": "A", "area": (-1000, -500, 1000, 500), **community}],
    )
    return town.judge(pack).loc[("A", rule.code)]


def test_so_much_for_every_hundred_households(paper_town, make_pack):
    """30 m² per 100 households, 2000 households: 600 m² are enough; 580 are 29 per 100, 20 short."""
    met = judge(paper_town, make_pack(SPACE), households=2000, service_space_m2=600)
    assert (met["status"], met["found"], met["needed"], met["unit"]) == ("met", 30, 30, "m2")
    assert (met["attribute"], met["kind"], met["basis"], met["cause"]) == (
        "service_space_m2",
        "",
        "",
        "",
    )
    assert met["reason"] == (
        "该社区的社区综合服务用房面积为600平方米，按2,000户计每100户30平方米，"
        "达到要求的每100户30平方米（二手来源）。"
    )
    gap = judge(paper_town, make_pack(SPACE), households=2000, service_space_m2=580)
    assert (gap["status"], gap["found"], gap["shortfall"]) == ("gap", 29, 1)
    assert (gap["households_affected"], gap["source_status"]) == (2000, "secondary")
    assert gap["reason"].endswith(
        "按2,000户计每100户29平方米，要求每100户30平方米（二手来源），缺20平方米。"
    )
    assert gap["reason_en"] == (
        "This community: community service space 580 m², 29 m² per 100 households with 2,000 "
        "households; 30 m² per 100 households (secondary source) is asked for, 20 m² less than needed."
    )


def test_nearly_enough_is_never_written_as_enough(paper_town, make_pack):
    """599.9 m² for 2000 households are 29.995 per 100: written 29.99, not 30."""
    row = judge(paper_town, make_pack(SPACE), households=2000, service_space_m2=599.9)
    assert row["status"] == "gap"
    assert "每100户29.99平方米，要求每100户30平方米（二手来源），缺0.1平方米" in row["reason"]


@pytest.mark.parametrize(
    ("community", "by"),
    [
        ({"households": 2000}, "communities.service_space_m2"),
        ({"service_space_m2": 600}, "communities.households"),
        ({}, "communities.service_space_m2,communities.households"),
    ],
)
def test_blank_columns_settle_nothing(paper_town, make_pack, community, by):
    row = judge(paper_town, make_pack(SPACE), **community)
    assert (row["status"], row["cause"], row["settled_by"]) == ("unknown", "data_missing", by)
    assert math.isnan(row["found"])
    assert math.isnan(row["households_affected"])
    for column in by.split(","):
        assert column.removeprefix("communities.") in row["reason"]
    assert "要求每100户30平方米（二手来源）" in row["reason"]


def test_none_at_all_is_a_gap_whoever_lives_there(paper_town, make_pack):
    """No recycling point is too few for any number of residents; none of them is made up."""
    points = {
        "code": "t.points",
        "test": "amount_per",
        "kind": "recycling",
        "measure": {"summed": "facilities"},
        "amount": (1, "facilities"),
        "per": (3000, "people"),
    }
    far = [{"kind": "recycling", "at": 2500}]
    row = judge(paper_town, make_pack(points), far, households=100)
    assert (row["status"], row["found"], row["shortfall"]) == ("gap", 0, 1)
    assert "人口未知，但不论多少都达不到要求的每3,000人1处" in row["reason"]
    assert "0人" not in row["reason"].replace("3,000人", "")
    assert "缺0" not in row["reason"]
    assert "the number of residents is unknown" in row["reason_en"]
    assert "with 0 residents" not in row["reason_en"]


def test_nobody_needs_no_space(paper_town, make_pack):
    row = judge(paper_town, make_pack(SPACE), households=0, service_space_m2=0)
    assert row["status"] == "not_applicable"


def test_sums_over_facilities_inside(paper_town, make_pack):
    """3 classes per 1000 residents, 4000 residents: 12 are needed.

    6 + 6 inside: met. 6 + 5: 11, that is 2.75 per 1000, one class short. A third, outside, adds none.
    """
    for second, status in ((6, "met"), (5, "gap")):
        facilities = [
            {"kind": "kindergarten", "classes": 6},
            {"kind": "kindergarten", "classes": second},
            {"kind": "kindergarten", "classes": 20, "at": 2000},
        ]
        row = judge(paper_town, make_pack(CLASSES), facilities, population=4000, households=1300)
        assert row["status"] == status
    assert (row["found"], row["shortfall"], row["unit"]) == (2.75, 0.25, "classes")
    assert (row["kind"], row["attribute"]) == ("kindergarten", "")
    assert row["reason"] == (
        "该社区的幼儿园班级为11个班，按人口4,000人计每1,000人2.75个班，要求每1,000人3个班，缺1个班。"
    )


def test_sizes_that_are_not_known_bound_a_sum(paper_town, make_pack):
    """12 classes are needed. 12 and one unknown: met. 6 and one unknown: open. None known: open.

    A place of two kinds has two rows and counts once.
    """
    pack = make_pack(CLASSES)
    unknown = {"kind": "kindergarten"}
    known = {"kinds": ["kindergarten", "nursery"], "classes": 12}
    row = judge(paper_town, pack, [known, unknown], population=4000)
    assert (row["status"], row["found"]) == ("met", 3)
    row = judge(paper_town, pack, [{**known, "classes": 6}, unknown], population=4000)
    assert (row["status"], row["settled_by"]) == ("unknown", "facilities.classes")
    assert row["reason"] == (
        "社区范围内有2所幼儿园，其中1所班级数未知；已知的合计6个班，要求每1,000人3个班；"
        "补充设施表的“班级数”列（classes）后即可判定。"
    )
    row = judge(paper_town, pack, [{**unknown, "at": 2000}], population=4000)
    assert (row["status"], row["found"]) == ("gap", 0)
    row = judge(paper_town, pack, [], population=4000)
    assert (row["status"], row["settled_by"]) == ("unknown", "facilities (kindergarten)")


def test_a_sum_of_inclusive_facilities_alone(paper_town, make_pack):
    """12 inclusive classes met; 6 inclusive and 6 of unknown status open; 6 and 6 not inclusive a gap."""
    pack = make_pack({**CLASSES, "inclusive": True})
    six = {"kind": "kindergarten", "classes": 6}
    for status, wanted in ((True, "met"), (None, "unknown"), (False, "gap")):
        facilities = [{**six, "inclusive": True}, {**six, "inclusive": status}]
        row = judge(paper_town, pack, facilities, population=4000)
        assert row["status"] == wanted
        assert row["settled_by"] == ("facilities.inclusive" if wanted == "unknown" else "")


@pytest.mark.parametrize(
    ("green", "status"), [(0.3, "met"), (0.2999, "gap"), (0.0, "gap"), (None, "unknown")]
)
def test_a_column_that_reaches_so_much(paper_town, make_pack, green, status):
    """A greening rate of 30 %, the number itself included; 0 is known, a blank is not."""
    rule = {
        "code": "t.green",
        "test": "attribute_at_least",
        "attribute": "green_share",
        "least": (0.3, "share", "unverified"),
    }
    community = {"households": 100, **({} if green is None else {"green_share": green})}
    row = judge(paper_town, make_pack(rule), **community)
    assert (row["status"], row["attribute"], row["unit"]) == (status, "green_share", "share")
    if status == "unknown":
        assert row["settled_by"] == "communities.green_share"
        assert row["reason"] == (
            "该社区的绿化率未知，要求30%（未核实），无法判断是否达到；"
            "在社区表的“绿化率”列（green_share）填写后即可判定。"
        )
        return
    assert row["found"] == green
    assert row["households_affected"] == (100 if status == "gap" else 0)
    if green == 0.2999:
        assert row["reason"] == "该社区的绿化率为29.9%，低于要求的30%（未核实）。"
        assert row["reason_en"] == (
            "This community: greening rate 29.9%; 30% (unverified) is asked for."
        )


def test_what_is_missing_is_a_number(paper_town, make_pack):
    """One space per household: 1000 needed, 880 there, 120 missing; 1000 there, none."""
    gap = judge(paper_town, make_pack(PARKING), households=1000, parking_spaces=880)
    assert (gap["status"], gap["needed"], gap["found"], gap["shortfall"]) == ("gap", 1000, 880, 120)
    assert (gap["unit"], gap["households_affected"], gap["attribute"]) == (
        "spaces",
        1000,
        "parking_spaces",
    )
    assert gap["reason"] == (
        "缺口120个停车泊位：按1,000户、每户1个计需要1,000个，该社区现有880个。"
    )
    assert gap["reason_en"] == (
        "Missing: 120 parking spaces. 1,000 spaces needed by 1,000 households, 1 space per "
        "household, 880 spaces there."
    )
    met = judge(paper_town, make_pack(PARKING), households=1000, parking_spaces=1000)
    assert (met["status"], met["shortfall"]) == ("met", 0)
    assert met["reason"].startswith("停车泊位没有缺口：")
    row = judge(paper_town, make_pack(PARKING), households=1000)
    assert (row["status"], row["settled_by"]) == ("unknown", "communities.parking_spaces")
    assert math.isnan(row["shortfall"])


def test_a_part_of_a_place_is_a_place(paper_town, make_pack):
    """4.5 places per 1000 residents, 1234 residents: 5.553, so 6 are needed; 5 there, 1 missing."""
    rule = {
        "code": "t.nursery",
        "test": "missing",
        "measure": {"attribute": "nursery_places"},
        "needed": (4.5, "places", "secondary"),
        "per": (1000, "people"),
    }
    row = judge(paper_town, make_pack(rule), population=1234, nursery_places=5)
    assert (row["needed"], row["shortfall"]) == (6, 1)
    assert row["reason"] == (
        "缺口1个托位：按人口1,234人、每1,000人4.5个（二手来源）计需要6个，该社区现有5个。"
    )


def test_needed_by_another_column(paper_town, make_pack):
    """A place for every child: 650 children, 600 places, 50 missing. Children unknown: open."""
    rule = {
        "code": "t.places",
        "test": "missing",
        "measure": {"attribute": "places_primary"},
        "needed": (1, "places"),
        "needed_attribute": "children_primary",
    }
    row = judge(paper_town, make_pack(rule), children_primary=650, places_primary=600)
    assert (row["status"], row["needed"], row["shortfall"]) == ("gap", 650, 50)
    assert row["reason"] == (
        "缺口50个小学学位：按小学适龄儿童数650人计需要650个，该社区现有600个。"
    )
    row = judge(paper_town, make_pack(rule), children_primary=0, places_primary=0)
    assert (row["status"], row["needed"]) == ("met", 0)
    row = judge(paper_town, make_pack(rule), places_primary=600)
    assert (row["status"], row["settled_by"]) == ("unknown", "communities.children_primary")
    assert math.isnan(row["needed"])


def test_missing_facilities(paper_town, make_pack):
    """Two care stations of 350 m² are needed in all: one of 350, one of 349, one unknown."""
    rule = {
        "code": "t.elder",
        "test": "missing",
        "kind": "elder_care",
        "counter": "处",
        "measure": {"summed": "facilities"},
        "needed": (2, "facilities"),
        "minimum": {"floor_area_m2": (350, "m2")},
    }
    sizes = [{"floor_area_m2": 350}, {"floor_area_m2": 349}, {}]
    care = [{"kind": "elder_care", **size} for size in sizes]
    for there, status in ((care[:2], "gap"), (care, "unknown"), ([care[0], care[0]], "met")):
        row = judge(paper_town, make_pack(rule), there, households=100)
        assert row["status"] == status
    row = judge(paper_town, make_pack(rule), care[:2], households=100)
    assert (row["needed"], row["found"], row["shortfall"], row["kind"]) == (2, 1, 1, "elder_care")
    assert row["reason"] == (
        "缺口1处建筑面积350平方米以上的养老与日间照料：需要2处，社区范围内现有1处。"
    )
