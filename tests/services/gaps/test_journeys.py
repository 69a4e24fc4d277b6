"""Rules that public transport counts for, on paper towns: verdicts, causes and sentences."""

import math
from dataclasses import replace

import numpy as np
import pytest

from layers.results import GAPS
from layers.standards.load import read_pack

HOSPITAL = ("A", "t.hospital")
LONG_STREET = [[(-3000, 0), (12000, 0)]]
# Every ten minutes from (0, 0) to (8000, 0), ten minutes on board.
BUS = {
    "stops": [(0, 0), (8000, 0)],
    "times": ["07:30", "07:40"],
    "every_min": 10,
    "until": "10:00",
}


@pytest.fixture
def by_bus(root):
    return read_pack(root / "tests" / "packs" / "own" / "by-bus.yaml")


def build_hospital(paper_town, living, *, at=(8000, 0), **town):
    """Households by place, one hospital, the bus."""
    return paper_town(
        **{
            "streets": LONG_STREET,
            "homes": [{"at": (x, 0), "households": count} for x, count in living],
            "facilities": [{"id": "h", "kind": "hospital", "name": "市中心医院", "at": at}],
            "communities": [{"id": "A", "households": sum(count for _, count in living)}],
            "buses": [BUS],
            **town,
        }
    )


def test_the_last_minute_that_meets_the_rule(paper_town, by_bus):
    """Home 120 m from the stop: 100 s of walk and 60 s at the stop; the median wait of the cases in

    `tests/packs/by-bus.yaml` makes 7 minutes, the ride 10, so 13 minutes are left for the last walk:
    13 × 60 × 1.2 = 936 m. One metre more takes 13 min 0.8 s, and the rule is missed.
    """
    for metres, status in ((936, "met"), (937, "gap")):
        town = build_hospital(paper_town, [(-120, 10)], at=(8000 + metres, 0))
        row = town.judge(by_bus).loc[HOSPITAL]
        assert row["status"] == status, row["reason"]
        assert (row["mode"], row["timetable_source"]) == ("walk_transit", "gtfs")
        assert (row["limit"], row["limit_unit"]) == (30, "min")


def test_the_percentile_of_the_settings_counts(paper_town, by_bus):
    """Ten equal waits from 3 to 12 minutes: 13 to 22 with the ride. Last walk 14 minutes (1008 m).

    The best tenth takes 3 + 10 + 14 = 27 minutes, the 90th percentile 11 + 10 + 14 = 35.
    """
    for percentile, status, words in (
        (10, "met", "第10百分位数"),
        (50, "gap", "中位数"),
        (90, "gap", "约35分钟"),
    ):
        town = build_hospital(
            paper_town, [(-120, 10)], at=(9008, 0), transit={"percentile": percentile}
        )
        row = town.judge(by_bus).loc[HOSPITAL]
        assert row["status"] == status
        assert words in row["reason"]
    assert "percentile 90 counts" in row["reason_en"]


def test_a_gap_names_the_facility_and_no_metres(paper_town, by_bus):
    """Metres to the nearest walk would be read as those to the facility reached by bus: none."""
    row = build_hospital(paper_town, [(-120, 10)], at=(9100, 0)).judge(by_bus).loc[HOSPITAL]
    assert (row["status"], row["cause"]) == ("gap", "too_far")
    assert row["nearest_facility_id"] == "h"
    assert math.isnan(row["nearest_m"])
    assert math.isnan(row["detour_factor"])
    assert row["barrier_kind"] == ""


def test_a_railway_does_not_cut_off_those_who_ride(paper_town, by_bus):
    """The hospital is 200 m away across a railway, 5200 m by street: on foot severed.

    For a rule that counts rides the cause is the long journey alone.
    """
    railway = [{"kind": "railway", "name": "陇海线", "line": [(-500, 100), (2400, 100)]}]
    town = paper_town(
        streets=[[(0, 0), (2500, 0), (2500, 200), (0, 200)]],
        homes=[{"at": (0, 0), "households": 10}],
        facilities=[{"id": "h", "kind": "hospital", "at": (0, 200)}],
        communities=[{"id": "A", "households": 10}],
        barriers=railway,
        buses=[{**BUS, "stops": [(2000, 0), (2500, 200)], "times": ["07:30", "07:31"]}],
    )
    walking = replace(by_bus, rules=tuple(replace(rule, mode="walk") for rule in by_bus.rules))
    assert town.judge(walking).loc[HOSPITAL, "cause"] == "severed"
    row = town.judge(by_bus).loc[HOSPITAL]
    assert (row["status"], row["cause"]) == ("gap", "too_far")
    assert "步行15分钟内没有可乘车的站点，走到最近的医院要约73分钟" in row["reason"]


def test_some_have_a_stop_and_some_none(paper_town, by_bus):
    """60 near the stop ride too long, 40 have none: 60 + 40 in the gap, and the 40 are told of."""
    town = build_hospital(paper_town, [(-120, 60), (-1200, 40)], at=(9500, 0))
    row = town.judge(by_bus).loc[HOSPITAL]
    assert row["households_affected"] == 100
    assert "步行或乘公交，到最快可达的医院“市中心医院”也要约" in row["reason"]
    assert "其中40户（40.0%）步行15分钟内没有可乘车的站点。" in row["reason"]
    assert (
        "40 households (40.0%) have no stop with a departure within a 15-minute walk."
        in row["reason_en"]
    )


def test_no_way_at_all(paper_town, by_bus):
    """Home and bus on one street, the hospital on another that nothing leads to."""
    town = build_hospital(
        paper_town,
        [(-120, 10)],
        at=(8000, 2000),
        streets=[*LONG_STREET, [(7000, 2000), (9000, 2000)]],
    )
    row = town.judge(by_bus).loc[HOSPITAL]
    assert (row["status"], row["cause"]) == ("gap", "too_far")
    assert "步行和乘公交都到不了任何已知的医院" in row["reason"]
    assert "No known hospital can be reached, on foot or by public transport." in row["reason_en"]
    assert "nan" not in row["reason_en"]


def test_a_bus_joins_streets_that_do_not_meet(paper_town, by_bus):
    """As before with a stop on the far street: the bus makes a way where there is none on foot."""
    town = build_hospital(
        paper_town,
        [(-120, 10)],
        at=(8000, 2000),
        streets=[*LONG_STREET, [(7000, 2000), (9000, 2000)]],
        buses=[{**BUS, "stops": [(0, 0), (8000, 2000)]}],
    )
    assert town.judge(by_bus).loc[HOSPITAL, "status"] == "met"


@pytest.mark.parametrize("off", ["home", "hospital"])
def test_off_the_streets(paper_town, by_bus, off):
    """Home or hospital 400 m from any street, the limit for both being 150 m: unconnected."""
    home = {"at": (-120, 400 if off == "home" else 0), "households": 10}
    town = build_hospital(
        paper_town, [(0, 10)], at=(500, 400 if off == "hospital" else 0), homes=[home]
    )
    row = town.judge(by_bus).loc[HOSPITAL]
    assert (row["status"], row["cause"]) == ("gap", "unconnected")
    assert "未接入路网" in row["reason"]


def test_full_ones_do_not_blur_how_far_the_others_are(paper_town, by_bus):
    """1000 ride too long to the only free kindergarten, 700 have a full one next door.

    The sentence speaks of the 1000: never of a journey shorter than the limit it is over.
    """
    town = paper_town(
        streets=LONG_STREET,
        homes=[{"at": (-120, 0), "households": 1000}, {"at": (11500, 0), "households": 700}],
        facilities=[
            {"id": "k1", "kind": "kindergarten", "at": (11500, 0), "inclusive": True, "free_places": 0},
            {"id": "k2", "kind": "kindergarten", "at": (11600, 0), "inclusive": True, "free_places": 0},
        ],
        communities=[{"id": "A", "households": 1700}],
        buses=[BUS],
    )  # fmt: skip
    row = town.judge(by_bus).loc[("A", "t.kindergarten.places")]
    assert (row["status"], row["cause"]) == ("gap", "too_far")
    assert row["nearest_facility_id"] == "k1"
    minutes = int(row["reason"].split("也要约")[1].split("分钟")[0])
    assert minutes > 30
    assert "按原因分：路程偏远1,000户（58.8%）、没有空余学位700户（41.2%）。" in row["reason"]


def test_without_timetable_a_part_is_never_a_gap(paper_town, by_bus):
    """9 of 10 households within 2160 m: on foot 90 %; riding may add the tenth. Unknown, no figures."""
    town = build_hospital(paper_town, [(6000, 9), (-2000, 1)], buses=None)
    row = town.judge(by_bus).loc[HOSPITAL]
    assert (row["status"], row["cause"]) == ("unknown", "data_missing")
    assert (row["mode"], row["timetable_source"]) == ("walk_transit", "")
    assert math.isnan(row["found"])
    assert math.isnan(row["households_affected"])
    assert "占90.0%" in row["reason"]


def test_walking_rules_never_read_the_timetable(paper_town, by_bus):
    """The shipped pack gives the same table with and without buses, and says no source."""
    homes = [(-120, 60), (7000, 40)]
    with_bus = build_hospital(paper_town, homes).judge()
    assert with_bus.equals(build_hospital(paper_town, homes, buses=None).judge())
    assert set(with_bus["timetable_source"]) == {""}
    assert set(with_bus["mode"]) == {"walk", ""}


def test_rows_are_complete(paper_town, by_bus):
    gaps = build_hospital(paper_town, [(-120, 1500)]).judge(by_bus)
    assert {name: str(gaps[name].dtype) for name in GAPS} == {
        name: column.dtype for name, column in GAPS.items()
    }
    assert gaps["rule"].tolist() == [
        "t.hospital",
        "t.kindergarten.inside",
        "t.kindergarten.places",
        "t.kindergarten.walk_transit",
    ]
    inside = gaps.loc[("A", "t.kindergarten.inside")]
    assert (inside["mode"], inside["timetable_source"]) == ("", "")


def test_riding_never_leaves_more_behind(paper_town, by_bus):
    """Eighty random homes: a bus to the hospital, then a second one, never lower the share."""
    rng = np.random.default_rng(11)
    homes = [
        {"at": (float(x), 0.0), "households": int(count)}
        for x, count in zip(rng.uniform(-2900, 11900, 80), rng.integers(1, 40, 80), strict=True)
    ]
    hospitals = [{"id": "h", "kind": "hospital", "at": (8200.0, 0.0)}]
    second = {**BUS, "stops": [(-2000, 0), (8000, 0)]}
    found = []
    for buses in ([], [BUS], [BUS, second]):
        town = paper_town(
            streets=LONG_STREET,
            homes=homes,
            facilities=hospitals,
            communities=[{"id": "A", "households": sum(home["households"] for home in homes)}],
            buses=buses or [{**BUS, "times": ["03:00", "03:10"], "until": "03:00"}],
        )
        found.append(town.judge(by_bus).loc[HOSPITAL, "found"])
    assert found[0] < found[1] < found[2]
