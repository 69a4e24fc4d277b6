"""Facilities inside boundaries, and who rules apply to: households, residents, small neighbours."""

import pytest

MAIN_STREET = [[(-6000, 0), (6000, 0)]]
KINDERGARTEN = {
    "code": "t.k",
    "test": "count_inside",
    "kind": "kindergarten",
    "counter": "所",
    "count": (1, "facilities"),
}
FROM_1500 = {"households": (1500, "households", "secondary")}


def put(paper_town, communities, facilities=()):
    """Communities side by side, 1 km each, with their households in the middle."""
    rows = [
        {"area": (1000 * at, -500, 1000 * (at + 1) - 40, 500), **one}
        for at, one in enumerate(communities)
    ]
    return paper_town(
        streets=MAIN_STREET,
        homes=[
            {"at": (1000 * at + 500, 0), "community": one["id"], **known}
            for at, one in enumerate(communities)
            for known in [{"households": one["households"]} if "households" in one else {}]
        ],
        facilities=[{**one, "at": (one["at"], 0)} for one in facilities],
        communities=rows,
    )


def judge(town, pack, rule="t.k", **how):
    gaps = town.judge(pack, **how)
    return {code: gaps.loc[(code, rule)] for code in town.communities["community_id"]}


def test_so_many_inside_a_boundary(paper_town, make_pack):
    """Two are asked for. A holds 2, B one and one that is not inclusive, C one more of unknown status."""
    pack = make_pack({**KINDERGARTEN, "count": (2, "facilities", "derived"), "inclusive": True})
    town = put(
        paper_town,
        [{"id": code, "households": 10} for code in "ABC"],
        [{"kind": "kindergarten", "at": at, "inclusive": True} for at in (100, 200, 1100, 2100)]
        + [{"kind": "kindergarten", "at": 1200, "inclusive": False}]
        + [{"kind": "kindergarten", "at": 2200}],
    )
    rows = judge(town, pack)
    assert [rows[code]["status"] for code in "ABC"] == ["met", "gap", "unknown"]
    assert (rows["B"]["found"], rows["B"]["shortfall"], rows["B"]["unit"]) == (1, 1, "facilities")
    assert (rows["B"]["cause"], rows["B"]["limit_unit"]) == ("no_facility", "")
    assert rows["B"]["households_affected"] == 10
    assert rows["B"]["reason"] == (
        "该社区应设有2所普惠性幼儿园（推导值）；社区范围内已知的普惠性幼儿园只有1所；"
        "已有的1所幼儿园不是普惠性的。"
    )
    assert rows["C"]["settled_by"] == "facilities.inclusive"
    assert rows["A"]["reason_en"].startswith("This community shall have 2 inclusive kindergarten")


@pytest.mark.parametrize(
    ("households", "population", "status", "by"),
    [
        (1500, 5000, "met", ""),
        (1499, 5000, "not_applicable", ""),
        (1500, 4999, "not_applicable", ""),
        (1499, None, "not_applicable", ""),
        (None, 4999, "not_applicable", ""),
        (1500, None, "unknown", "communities.population"),
        (None, 5000, "unknown", "communities.households"),
        (None, None, "unknown", "communities.households,communities.population"),
    ],
)
def test_two_thresholds_as_kleene_has_it(paper_town, make_pack, households, population, status, by):
    """From 1500 households and 5000 residents on: both must be reached, one missed is enough."""
    pack = make_pack(
        {**KINDERGARTEN, "applies_to": {**FROM_1500, "population": (5000, "people", "secondary")}}
    )
    known = {"households": households, "population": population}
    community = {"id": "A", **{name: n for name, n in known.items() if n is not None}}
    town = put(paper_town, [community], [{"kind": "kindergarten", "at": 100}])
    row = judge(town, pack)["A"]
    assert (row["status"], row["settled_by"]) == (status, by)
    if status == "met":
        assert row["reason"] == (
            "该社区1,500户、人口5,000人，达到1,500户和5,000人，应设有1所幼儿园（二手来源）；"
            "社区范围内有1所幼儿园，达到要求。"
        )
    if by.endswith("population"):
        assert "“人口”列（population）" in row["reason"]
    if population == 4999:
        assert "人口4,999人，不足5,000人（二手来源），本规则不适用" in row["reason"]


def test_small_neighbours_are_counted_together(paper_town, make_pack):
    """1499 households beside 1: together 1500, so the rule applies to both, and one is there.

    C (1600) reaches the threshold alone: B's kindergarten is not C's.
    """
    pack = make_pack({**KINDERGARTEN, "applies_to": {"unit": "cluster", **FROM_1500}})
    town = put(
        paper_town,
        [
            {"id": "A", "name": "宝石社区", "households": 1499},
            {"id": "B", "name": "英达路社区", "households": 1},
            {"id": "C", "households": 1600},
        ],
        [{"kind": "kindergarten", "at": 1100}],
    )
    rows = judge(town, pack)
    assert [rows[code]["status"] for code in "ABC"] == ["met", "met", "gap"]
    assert rows["A"]["found"] == rows["B"]["found"] == 1
    assert rows["A"]["reason"] == (
        "该社区与相邻的英达路社区合计1,500户，达到1,500户，应设有1所幼儿园（二手来源）；"
        "这2个社区范围内有1所幼儿园，达到要求。"
    )
    assert "with its neighbours 宝石社区, shall have 1 kindergarten" in rows["B"]["reason_en"]
    assert rows["C"]["reason"].startswith("该社区1,600户，达到1,500户，应设有1所幼儿园")
    assert rows["C"]["households_affected"] == 1600


def test_neighbours_too_few_even_together(paper_town, make_pack):
    """1498 + 1 = 1499 < 1500; and at 10 m, less than what lies between them, each is alone."""
    pack = make_pack({**KINDERGARTEN, "applies_to": {"unit": "cluster", **FROM_1500}})
    town = put(
        paper_town,
        [{"id": "A", "households": 1498}, {"id": "B", "households": 1}],
        [{"kind": "kindergarten", "at": 4000}],
    )
    row = judge(town, pack)["A"]
    assert row["status"] == "not_applicable"
    assert row["reason"] == "该社区与相邻的B合计1,499户，不足1,500户（二手来源），本规则不适用。"
    alone = judge(town, pack, adjoin_m=10.0)["A"]
    assert alone["reason"] == "该社区1,498户，不足1,500户（二手来源），本规则不适用。"


def test_a_cluster_misses_together(paper_town, make_pack):
    """Three in a row, A and C joined by B: 600 each, 1800 together, no kindergarten in any."""
    pack = make_pack({**KINDERGARTEN, "applies_to": {"unit": "cluster", **FROM_1500}})
    town = put(
        paper_town,
        [{"id": code, "households": 600} for code in "ABC"],
        [{"kind": "kindergarten", "at": 4000}],
    )
    rows = judge(town, pack)
    assert {row["status"] for row in rows.values()} == {"gap"}
    assert {row["households_affected"] for row in rows.values()} == {600}
    assert "该社区与相邻的B、C合计1,800户" in rows["A"]["reason"]
    assert "这3个社区范围内没有已知的幼儿园" in rows["A"]["reason"]


def test_a_neighbour_of_unknown_size(paper_town, make_pack):
    """B may be small, and join A (1000) with C (1000), or reach 1500 and stand between them.

    A and C alone are too small, so it is open whether the rule applies to them. It applies to B
    either way: alone from 1500 on, with A and C together below.
    """
    pack = make_pack({**KINDERGARTEN, "applies_to": {"unit": "cluster", **FROM_1500}})
    communities = [{"id": "A", "households": 1000}, {"id": "B"}, {"id": "C", "households": 1000}]
    far = [{"kind": "kindergarten", "at": 4000}]
    rows = judge(put(paper_town, communities, far), pack)
    assert [rows[code]["status"] for code in "ABC"] == ["unknown", "gap", "unknown"]
    assert rows["A"]["settled_by"] == "communities.households"
    assert rows["A"]["reason"].startswith(
        "该社区1,000户，相邻社区的户数未知，无法判断合计是否达到1,500户"
    )
    assert rows["A"]["reason_en"].startswith(
        "This community has 1,000 households; the households of a neighbouring community are unknown"
    )
    beside = [{"kind": "kindergarten", "at": 100}]
    rows = judge(put(paper_town, communities, beside), pack)
    assert rows["B"]["status"] == "unknown"
    assert rows["B"]["settled_by"] == "communities.households"
    own = [{"kind": "kindergarten", "at": 1100}]
    assert judge(put(paper_town, communities, own), pack)["B"]["status"] == "met"


def test_enough_known_neighbours_need_no_more(paper_town, make_pack):
    """A and B known, 800 each: 1600 whatever C's size. What lies in C may be theirs or not."""
    pack = make_pack({**KINDERGARTEN, "applies_to": {"unit": "cluster", **FROM_1500}})
    communities = [{"id": "A", "households": 800}, {"id": "B", "households": 800}, {"id": "C"}]
    for at, status in ((100, "met"), (2100, "unknown"), (4000, "gap")):
        row = judge(put(paper_town, communities, [{"kind": "kindergarten", "at": at}]), pack)["A"]
        assert row["status"] == status
        if status == "unknown":
            assert row["settled_by"] == "communities.households"
            assert "相邻社区的规模未知" in row["reason"]
            assert "none" not in row["reason_en"]


def test_walks_stay_each_communitys_own(paper_town, make_pack):
    """A cluster of 2 × 800; a kindergarten at 600, within 300 m of A's homes (500), not of B's (1500)."""
    pack = make_pack(
        {
            **KINDERGARTEN,
            "test": "count_provided",
            "limit": (300, "m"),
            "share": (1.0, "share"),
            "applies_to": {"unit": "cluster", **FROM_1500},
        }
    )
    communities = [{"id": "A", "households": 800}, {"id": "B", "households": 800}]
    gaps = put(paper_town, communities, [{"kind": "kindergarten", "at": 600}]).judge(pack)
    assert set(gaps.loc[[("A", "t.k.inside"), ("B", "t.k.inside")], "status"]) == {"met"}
    assert gaps.loc[("A", "t.k.walk"), "status"] == "met"
    row = gaps.loc[("B", "t.k.walk")]
    assert (row["status"], row["households_affected"]) == ("gap", 800)
    assert "该社区与相邻的A合计1,600户" in row["reason"]


def test_a_cluster_of_one_is_a_community(paper_town, make_pack):
    """Alone in the fields, the unit makes no difference to any column."""
    for households in (1499, 1500, None):
        community = {"id": "A"} if households is None else {"id": "A", "households": households}
        town = put(paper_town, [community], [{"kind": "kindergarten", "at": 4000}])
        one, other = (
            judge(town, make_pack({**KINDERGARTEN, "applies_to": {"unit": unit, **FROM_1500}}))["A"]
            for unit in ("community", "cluster")
        )
        assert one.to_dict() == pytest.approx(other.to_dict(), nan_ok=True)
