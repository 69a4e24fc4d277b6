"""Shares of homes, buildings and land within reach: bases, alternatives, sizes, several facilities."""

import math

import pytest

MAIN_STREET = [[(-6000, 0), (6000, 0)]]
ALL = (1.0, "share")
PARK = {"code": "t.park", "test": "share_within", "kind": "park", "limit": (500, "m"), "share": ALL}


def put(paper_town, living, facilities, **community):
    """Households by place on the main street, in one community."""
    return paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (x, 0), "households": count} for x, count in living],
        facilities=[{**one, "at": (one["at"], 0)} for one in facilities],
        communities=[{"id": "A", "households": sum(count for _, count in living), **community}],
    )


def test_each_basis_has_its_own_share(paper_town, make_pack):
    """A park at 0, limit 500 m. Households: 300 at 0, 100 at 2000: 75 %. Buildings: one at 0, three at
    2000: 25 %. Land: 4 ha at 0, 1 ha at 2000: 80 %. All three miss 100 %; 100 households are left out
    whatever the basis.
    """
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 300}, {"at": (2000, 0), "households": 100}],
        facilities=[{"id": "p", "kind": "park", "at": (0, 0)}],
        communities=[{"id": "A", "households": 400}],
        buildings=[{"at": (x, 0)} for x in (0, 2000, 2010, 2020)],
        land=[{"at": (0, 0), "area_m2": 40000}, {"at": (2000, 0), "area_m2": 10000}],
    )
    bases = {"households": 0.75, "buildings": 0.25, "land": 0.8}
    gaps = town.judge(
        make_pack(*({**PARK, "code": f"t.{basis}", "basis": basis} for basis in bases))
    )
    for basis, share in bases.items():
        row = gaps.loc[("A", f"t.{basis}")]
        assert (row["status"], row["basis"], row["cause"]) == ("gap", basis, "no_facility")
        assert row["found"] == pytest.approx(share)
        assert row["shortfall"] == pytest.approx(1 - share)
        assert row["households_affected"] == 100
        assert row["nearest_facility_id"] == "p"
    buildings, land = gaps.loc[("A", "t.buildings")], gaps.loc[("A", "t.land")]
    assert buildings["reason"].startswith(
        "该社区4栋住宅楼中，3栋（75.0%）在步行500米内没有已知的公园；覆盖率25.0%，要求100%。"
    )
    assert buildings["reason_en"].startswith(
        "Of 4 residential buildings, 3 residential buildings (75.0%) have no known park within a walk "
        "of 500 m"
    )
    assert land["reason"].startswith("该社区5.0公顷居住用地中，1.0公顷（20.0%）在步行500米内没有")
    assert land["reason_en"].startswith(
        "Of 5.0 ha of residential land, 1.0 ha (20.0%) have no known"
    )


@pytest.mark.parametrize("basis", ["buildings", "land"])
def test_nothing_to_take_a_share_of_is_unknown(paper_town, make_pack, basis):
    town = paper_town(
        streets=MAIN_STREET,
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[{"kind": "park", "at": (0, 0)}],
        communities=[{"id": "A", "households": 10}],
        buildings=[],
        land=[],
    )
    row = town.judge(make_pack({**PARK, "basis": basis})).loc[("A", "t.park")]
    assert (row["status"], row["settled_by"]) == ("unknown", basis)
    assert ("住宅楼" if basis == "buildings" else "居住用地") in row["reason"]
    assert math.isnan(row["found"])


def test_all_buildings_and_all_land_within(paper_town, make_pack):
    town = put(paper_town, [(0, 10)], [{"kind": "park", "at": 100}])
    pack = make_pack(
        *({**PARK, "code": f"t.{basis}", "basis": basis} for basis in ("buildings", "land"))
    )
    gaps = town.judge(pack)
    assert set(gaps["status"]) == {"met"}
    assert gaps.loc[("A", "t.buildings"), "reason"] == (
        "该社区1栋住宅楼，全部住宅楼在步行500米内可到公园，达到要求的100%。"
    )


def test_served_by_either_of_two_ways(paper_town, make_pack):
    """A park of 5,000 m² within 500 m, or one of 2,000 m² within 300 m.

    Homes: 10 at 500 m from the large park (0): served. 20 at 1300, 300 m from the small one (1600):
    served. 30 at 2000, 400 m from the small one and 2000 m from the large one: left out. 30 / 60.
    The small one does not count as large: the nearest large one lies 2000 m away.
    """
    pack = make_pack(
        {
            **PARK,
            "minimum": {"land_area_m2": (5000, "m2")},
            "alternatives": [
                {
                    "kind": "park",
                    "limit": (300, "m", "secondary"),
                    "minimum": {"land_area_m2": (2000, "m2")},
                }
            ],
        }
    )
    parks = [
        {"id": "large", "kind": "park", "at": 0, "land_area_m2": 5000},
        {"id": "small", "kind": "park", "at": 1600, "land_area_m2": 2000},
    ]
    town = put(paper_town, [(500, 10), (1300, 20), (2000, 30)], parks)
    row = town.judge(pack).loc[("A", "t.park")]
    assert (row["status"], row["households_affected"]) == ("gap", 30)
    assert row["found"] == pytest.approx(0.5)
    assert (row["nearest_facility_id"], row["nearest_m"]) == ("large", pytest.approx(2000, abs=0.1))
    assert (row["limit"], row["limit_unit"], row["kind"]) == (500, "m", "park")
    assert row["reason"].startswith(
        "该社区60户中，30户（50.0%）在步行500米内没有已知的用地面积5,000平方米以上的公园，"
        "步行300米（二手来源）内也没有已知的用地面积2,000平方米以上的公园；覆盖率50.0%，要求100%。"
    )
    assert (
        ", nor known park with at least 2,000 m² of land within a walk of 300 m" in row["reason_en"]
    )
    assert row["source_status"] == "secondary"
    met = put(paper_town, [(500, 10), (1300, 20)], parks).judge(pack).loc[("A", "t.park")]
    assert met["status"] == "met"
    assert (
        "，或在步行300米（二手来源）内可到用地面积2,000平方米以上的公园，达到要求的100%"
        in met["reason"]
    )


def test_another_kind_does_as_well(paper_town, make_pack):
    """A health station or a health centre within 500 m; one kind absent, the other is judged.

    With neither in the data nothing can be said.
    """
    rule = {
        **PARK,
        "code": "t.health",
        "kind": "health_station",
        "alternatives": [{"kind": "health_centre", "limit": (1000, "m")}],
    }
    for at, status in ((1000, "met"), (1001, "gap")):
        town = put(paper_town, [(0, 10)], [{"kind": "health_centre", "at": at}])
        row = town.judge(make_pack(rule)).loc[("A", "t.health")]
        assert row["status"] == status
    assert "（数据中没有任何社区卫生服务站，可能没有收录。）" in row["reason"]
    assert (row["cause"], row["nearest_m"]) == ("no_facility", pytest.approx(1001, abs=0.1))
    row = put(paper_town, [(0, 10)], []).judge(make_pack(rule)).loc[("A", "t.health")]
    assert row["status"] == "unknown"
    assert row["settled_by"] == "facilities (health_station),facilities (health_centre)"


@pytest.mark.parametrize(("floor_m2", "status"), [(1500, "met"), (1499, "gap"), (None, "unknown")])
def test_a_minimum_size(paper_town, make_pack, floor_m2, status):
    """Markets count from 1,500 m² of floor on, the number itself included; unknown may count."""
    rule = {**PARK, "kind": "market", "minimum": {"floor_area_m2": (1500, "m2", "unverified")}}
    size = {} if floor_m2 is None else {"floor_area_m2": floor_m2}
    row = put(paper_town, [(0, 10)], [{"kind": "market", "at": 100, **size}]).judge(make_pack(rule))
    row = row.loc[("A", "t.park")]
    assert (row["status"], row["source_status"]) == (status, "unverified")
    assert row["settled_by"] == ("facilities.floor_area_m2" if status == "unknown" else "")
    assert "建筑面积1,500平方米以上的菜市场" in row["reason"]
    assert "（未核实）" in row["reason"]
    assert "1,500 m² of floor" in row["reason_en"]
    if status == "unknown":
        assert "设施表的“建筑面积”列（floor_area_m2）" in row["reason"]


def test_a_facility_of_unknown_size_out_of_reach_settles_nothing(paper_town, make_pack):
    """10 households beside a market of unknown size, 10 beyond reach of any: possible 50 % < 100 %."""
    rule = {**PARK, "kind": "market", "minimum": {"floor_area_m2": (1500, "m2")}}
    town = put(paper_town, [(0, 10), (3000, 10)], [{"kind": "market", "at": 0}])
    row = town.judge(make_pack(rule)).loc[("A", "t.park")]
    assert (row["status"], row["found"], row["households_affected"]) == ("gap", 0.5, 10)
    assert "（建筑面积未知的菜市场、生鲜已按符合条件计入。）" in row["reason"]


def test_two_sizes_must_both_be_large_enough(paper_town, make_pack):
    """12 classes and 5,000 m²: 12 and 4,999 fail; 12 and unknown stay open, whatever is known less."""
    rule = {
        **PARK,
        "kind": "kindergarten",
        "minimum": {"classes": (12, "classes"), "land_area_m2": (5000, "m2")},
    }
    for size, status, by in (
        ({"classes": 12, "land_area_m2": 5000}, "met", ""),
        ({"classes": 12, "land_area_m2": 4999}, "gap", ""),
        ({"classes": 11}, "gap", ""),
        ({"classes": 12}, "unknown", "facilities.land_area_m2"),
        ({}, "unknown", "facilities.classes,facilities.land_area_m2"),
    ):
        town = put(paper_town, [(0, 10)], [{"kind": "kindergarten", "at": 0, **size}])
        row = town.judge(make_pack(rule)).loc[("A", "t.park")]
        assert (row["status"], row["settled_by"]) == (status, by), size


def test_several_within_reach_of_a_share(paper_town, make_pack):
    """Two bus stops within 500 m for 80 % of the households.

    Stops at 0 and 600. Home at 300 (80 households): both at 300 m. Home at -200 (20): 200 and 800 m,
    one. 80 % have two: met with 80 %, missed with 81 %.
    """
    rule = {
        "code": "t.stops",
        "test": "count_within",
        "kind": "bus_stop",
        "counter": "个",
        "count": (2, "facilities"),
        "limit": (500, "m"),
    }
    stops = [{"kind": "bus_stop", "at": at} for at in (0, 600)]
    town = put(paper_town, [(300, 80), (-200, 20)], stops)
    met = town.judge(make_pack({**rule, "share": (0.8, "share")})).loc[("A", "t.stops")]
    assert (met["status"], met["households_affected"], met["unit"]) == ("met", 20, "share")
    assert "80户（80.0%）在步行500米内可到至少2个公交站，达到要求的80%" in met["reason"]
    gap = town.judge(make_pack({**rule, "share": (0.81, "share")})).loc[("A", "t.stops")]
    assert (gap["status"], gap["households_affected"], gap["cause"]) == ("gap", 20, "no_facility")
    assert gap["found"] == pytest.approx(0.8)
    assert "20户（20.0%）在步行500米内已知的公交站不足2个；覆盖率80.0%，要求81%。" in gap["reason"]
    assert "have fewer than 2 (kind: bus stop) within a walk of 500 m" in gap["reason_en"]


def test_one_place_of_two_kinds_counts_once(paper_town, make_pack):
    """A shop that is also a supermarket is one shop: two are asked for, one is there."""
    rule = {
        "code": "t.shops",
        "test": "count_within",
        "kind": "shop",
        "count": (2, "facilities"),
        "limit": (500, "m"),
        "share": ALL,
    }
    both = [{"id": "s", "kinds": ["shop", "supermarket"], "at": 0}]
    assert (
        put(paper_town, [(0, 10)], both).judge(make_pack(rule)).loc[("A", "t.shops"), "status"]
        == "gap"
    )


def test_a_figure_of_the_city_shows_the_standards_own(paper_town, make_pack, tmp_path):
    """500 m become 800 m by overlay: a park at 700 m is near enough, and both figures are told."""
    from layers.standards.overlay import apply_overlay, read_overlay

    path = tmp_path / "local.yaml"
    path.write_text(
        "overlay: 本市取值\ntitle: {zh: 本市取值, en: local}\nissuer: {zh: 某市, en: a city}\n"
        "published: 2025-01-01\ndocuments:\n  d: {title: {zh: 本市规定, en: own rules}}\n"
        "rules:\n  - code: t.park\n    limit: {value: 800, unit: m, source: {document: d, status: primary}}\n",
        encoding="utf-8",
    )
    pack = make_pack({**PARK, "limit": (500, "m", "secondary")})
    (pack,) = apply_overlay((pack,), read_overlay(path))
    row = put(paper_town, [(0, 10)], [{"kind": "park", "at": 700}]).judge(pack).loc[("A", "t.park")]
    assert (row["status"], row["limit"], bool(row["overlaid"])) == ("met", 800, True)
    assert row["reason"] == (
        "该社区10户，全部住户在步行800米（本地取值，标准为500米、二手来源）内可到公园，达到要求的100%。"
    )
    assert (
        "a walk of 800 m (local value; the standard says 500 m, secondary source)"
        in row["reason_en"]
    )
