"""Rules that stand in for others."""

from dataclasses import replace

import pytest

MAIN_STREET = [[(-6000, 0), (6000, 0)]]
ALL = (1.0, "share")
CENTRE = {
    "code": "t.centre",
    "test": "share_within",
    "kind": "health_centre",
    "limit": (1000, "m", "unverified"),
    "share": ALL,
}
STATION = {
    "code": "t.station",
    "test": "share_within",
    "kind": "health_station",
    "limit": (300, "m"),
    "share": ALL,
    "substituted_by": {
        "rules": ["t.centre"],
        "source": {"document": "made-up", "status": "secondary"},
    },
}


def judge(paper_town, pack, **at):
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[{"kind": kind, "at": (x, 0)} for kind, x in at.items()],
        communities=[{"id": "A", "households": 10}],
    )
    gaps = town.judge(pack)
    return {rule: gaps.loc[("A", rule)] for rule in gaps["rule"]}


def test_a_health_centre_does_for_a_station(paper_town, make_pack):
    """The station is 400 m away, over 300; the centre 1000 m, within its 1000: met through it."""
    pack = make_pack(CENTRE, STATION)
    rows = judge(paper_town, pack, health_centre=1000, health_station=400)
    row = rows["t.station"]
    assert (row["status"], row["substituted_by"], row["cause"]) == ("met", "t.centre", "")
    assert (row["shortfall"], row["households_affected"], row["settled_by"]) == (0, 0, "")
    assert (row["nearest_facility_id"], row["source_status"]) == ("", "unverified")
    assert row["reason"].startswith(
        "已由其他设施替代达到：“t.centre”已满足，可替代本规则（二手来源）。就本规则自身而言，"
        "该社区10户，步行300米内没有已知的社区卫生服务站"
    )
    assert row["reason_en"].startswith("Met through another rule: “t.centre” is met")
    assert rows["t.centre"]["substituted_by"] == ""


def test_an_unknown_is_met_too(paper_town, make_pack):
    """No station in the data at all; the centre is near: met."""
    row = judge(paper_town, make_pack(CENTRE, STATION), health_centre=0)["t.station"]
    assert (row["status"], row["substituted_by"], row["settled_by"]) == ("met", "t.centre", "")


@pytest.mark.parametrize(("centre", "status"), [(1001, "gap"), (None, "gap")])
def test_what_is_not_met_stands_in_for_nothing(paper_town, make_pack, centre, status):
    """A centre out of reach, or none in the data (unknown), leaves the gap a gap."""
    at = {"health_station": 400, **({} if centre is None else {"health_centre": centre})}
    row = judge(paper_town, make_pack(CENTRE, STATION), **at)["t.station"]
    assert (row["status"], row["substituted_by"]) == (status, "")


def test_never_the_other_way(paper_town, make_pack):
    """A rule met by itself names no substitute; the missed centre is not helped by the station."""
    rows = judge(paper_town, make_pack(CENTRE, STATION), health_centre=2000, health_station=100)
    assert (rows["t.station"]["status"], rows["t.station"]["substituted_by"]) == ("met", "")
    assert rows["t.centre"]["status"] == "gap"


def test_all_answers_of_a_substitute_must_be_met(paper_town, make_pack):
    """A kindergarten inside and within the walk, but without free places: two of three are met."""
    other = {
        "code": "t.k",
        "test": "count_provided",
        "kind": "kindergarten",
        "count": (1, "facilities"),
        "limit": (300, "m"),
        "share": ALL,
    }
    station = {**STATION, "substituted_by": {**STATION["substituted_by"], "rules": ["t.k"]}}
    pack = make_pack(other, station)
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[
            {"kind": "kindergarten", "at": (0, 0), "free_places": 0},
            {"kind": "health_station", "at": (400, 0)},
        ],
        communities=[{"id": "A", "households": 10}],
    )
    gaps = town.judge(pack)
    assert gaps.loc[("A", "t.k.walk"), "status"] == "met"
    assert gaps.loc[("A", "t.k.places"), "status"] == "gap"
    assert gaps.loc[("A", "t.station"), "status"] == "gap"


def test_a_chain_in_any_order(paper_town, make_pack):
    """Hospital for centre, centre for station, the station's rule first in the file: all three met."""
    hospital = {**CENTRE, "code": "t.hospital", "kind": "hospital", "limit": (2000, "m")}
    centre = {
        **CENTRE,
        "substituted_by": {**STATION["substituted_by"], "rules": ["t.hospital"]},
    }
    at = {"hospital": 1500, "health_centre": 1500, "health_station": 400}
    rows = judge(paper_town, make_pack(STATION, centre, hospital), **at)
    assert {row["status"] for row in rows.values()} == {"met"}
    assert rows["t.station"]["substituted_by"] == "t.centre"
    assert rows["t.centre"]["substituted_by"] == "t.hospital"


def test_each_community_for_itself_and_across_packs(paper_town, make_pack):
    """The centre, judged by another pack, is near A (0) and far from B (4000)."""
    pack = make_pack(CENTRE, STATION)
    one = replace(pack, code="one", rules=pack.rules[:1])
    other = replace(pack, code="other", rules=pack.rules[1:])
    town = paper_town(
        streets=MAIN_STREET,
        homes=[
            {"at": (0, 0), "households": 10, "community": "A"},
            {"at": (4000, 0), "households": 10, "community": "B"},
        ],
        facilities=[
            {"kind": "health_centre", "at": (0, 0)},
            {"kind": "health_station", "at": (2000, 0)},
        ],
        communities=[
            {"id": "B", "households": 10, "area": (3000, -500, 5000, 500)},
            {"id": "A", "households": 10, "area": (-1000, -500, 1000, 500)},
        ],
    )
    gaps = town.judge([other, one])
    assert gaps.loc[("A", "t.station"), "status"] == "met"
    assert gaps.loc[("B", "t.station"), "status"] == "gap"
