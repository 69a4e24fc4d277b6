"""So many groups of services within reach: counted, named, and told why they are not reached."""

import math

import pytest

MAIN_STREET = [[(-6000, 0), (6000, 0)]]
GROUPS = [
    {"title": {"zh": "邮政电信", "en": "post and telecom"}, "kinds": ["post", "telecom"]},
    {"title": {"zh": "购物", "en": "shops"}, "kinds": ["shop"]},
    {"title": {"zh": "餐饮", "en": "food"}, "kinds": ["restaurant"]},
]
RULE = {
    "code": "t.groups",
    "test": "groups_within",
    "groups": GROUPS,
    "count": (2, "groups", "secondary"),
    "limit": (500, "m"),
    "share": (1.0, "share", "derived"),
}
KEY = ("A", "t.groups")


def judge(paper_town, pack, living, **at):
    """Households by place; facilities of each kind at a place or places."""
    facilities = [
        {"id": f"{kind}{number}", "kind": kind, "at": (x, 0)}
        for kind, places in at.items()
        for number, x in enumerate(places)
    ]
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (x, 0), "households": count} for x, count in living],
        facilities=facilities,
        communities=[{"id": "A", "households": sum(count for _, count in living)}],
    )
    return town.judge(pack).loc[KEY]


def test_any_kind_stands_for_its_group(paper_town, make_pack):
    """A telecom shop does for post and telecom, though the data hold no post office: 2 of 3, met."""
    row = judge(
        paper_town, make_pack(RULE), [(0, 10)], telecom=[500], shop=[-500], restaurant=[501]
    )
    assert (row["status"], row["needed"], row["found"], row["unit"]) == ("met", 2, 2, "groups")
    assert (row["kind"], row["basis"], row["limit"], row["source_status"]) == (
        "",
        "",
        500,
        "derived",
    )
    assert row["reason"] == (
        "3类服务中，该社区全部住户（推导值）在步行500米内确定可到的有2类，达到要求的2类（二手来源）。"
        "未达到的：餐饮（覆盖率0%）。"
    )


def test_groups_not_reached_are_named(paper_town, make_pack):
    """30 households at 0, 10 at 2000. Shops at both: all. Post at 0: 75 %. Food at 5000: none.

    Only shops reach everyone: 1 of 2. Homes at 0 reach 2 groups, those at 2000 one: 10 affected.
    Most lack food: 3000 m from the homes at 2000, 5000 m from those at 0.
    """
    row = judge(
        paper_town,
        make_pack(RULE),
        [(0, 30), (2000, 10)],
        post=[0],
        shop=[0, 2000],
        restaurant=[5000],
    )
    assert (row["status"], row["found"], row["shortfall"]) == ("gap", 1, 1)
    assert row["households_affected"] == 10
    assert (row["cause"], row["nearest_facility_id"]) == ("no_facility", "restaurant0")
    assert "未达到的：餐饮（覆盖率0%）、邮政电信（覆盖率75.0%）。" in row["reason"]
    assert "以餐饮为例，主要原因是附近没有：直线500米内也没有已知的餐饮。" in row["reason"]
    assert "Not reached: food (0%); post and telecom (75.0%)." in row["reason_en"]
    assert "For food, main cause: none known even within 500 m" in row["reason_en"]


def test_share_of_the_rule_decides_what_counts(paper_town, make_pack):
    """With 75 % asked for, the post counts too: 2 groups, met. 10 households reach fewer than two."""
    pack = make_pack({**RULE, "share": (0.75, "share")})
    row = judge(
        paper_town, pack, [(0, 30), (2000, 10)], post=[0], shop=[0, 2000], restaurant=[5000]
    )
    assert (row["status"], row["found"], row["households_affected"]) == ("met", 2, 10)
    assert "75%以上的住户" in row["reason"]


def test_groups_not_in_the_data_may_be_there(paper_town, make_pack):
    """Shops near, no post, no telecom, no food in the data: 1 to 3 groups, 2 asked for: open."""
    row = judge(paper_town, make_pack(RULE), [(0, 10)], shop=[0])
    assert (row["status"], row["cause"]) == ("unknown", "data_missing")
    assert row["settled_by"] == "facilities (post),facilities (telecom),facilities (restaurant)"
    assert math.isnan(row["households_affected"])
    assert "确定可到的有1类，若未知的都算则有3类，要求2类（二手来源）" in row["reason"]
    assert "数据中完全没有收录的：邮政电信、餐饮" in row["reason"]
    assert (
        "Not in the data at all, so absent or unmapped: post and telecom; food." in row["reason_en"]
    )


def test_a_gap_whatever_the_data_lack(paper_town, make_pack):
    """Three are asked for; food is not in the data, the post is out of reach: 2 at most, a gap."""
    pack = make_pack({**RULE, "count": (3, "groups")})
    row = judge(paper_town, pack, [(0, 10)], shop=[0], post=[2000])
    assert (row["status"], row["found"], row["households_affected"]) == ("gap", 2, 10)
    assert "未达到的：邮政电信（覆盖率0%）。" in row["reason"]
    assert "数据中完全没有收录的：餐饮" in row["reason"]


def test_without_a_starting_point(paper_town, make_pack):
    town = paper_town(
        streets=MAIN_STREET,
        homes=[],
        facilities=[{"kind": "shop", "at": (0, 0)}],
        communities=[{"id": "A", "households": 10}],
    )
    row = town.judge(make_pack(RULE)).loc[KEY]
    assert (row["status"], row["settled_by"]) == ("unknown", "demand")


@pytest.mark.parametrize("source", ["gtfs", None])
def test_groups_by_bus(paper_town, make_pack, source):
    """A bus every 10 minutes to the post, 8 km away: within 30 minutes; without a timetable open."""
    rule = {**RULE, "mode": "walk_transit", "limit": (30, "min"), "traveller": "adult"}
    bus = {
        "stops": [(-5000, 0), (3000, 0)],
        "times": ["07:30", "07:40"],
        "every_min": 10,
        "until": "10:00",
    }
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (-5000, 0), "households": 10}],
        facilities=[{"kind": "post", "at": (3000, 0)}, {"kind": "shop", "at": (-5000, 0)}],
        communities=[{"id": "A", "households": 10, "area": (-6000, -500, 6000, 500)}],
        buses=[bus] if source else None,
    )
    row = town.judge(make_pack(rule)).loc[KEY]
    if source:
        assert (row["status"], row["timetable_source"]) == ("met", "gtfs")
    else:
        assert row["status"] == "unknown"
        assert row["settled_by"].startswith("gtfs,")
        assert "GTFS时刻表" in row["reason"]
