"""The planted cases of the sample city, found again by the product's own run.

Limits of the pack: 15 minutes, so 1080 m at 1.2 m/s (adults) and 900 m at 1.0 m/s (children).
"""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from layers.city import build_city
from layers.config import read_config
from layers.demo import KNOWN_HOUSEHOLDS, PLANTED, write_demo
from layers.standards.load import read_packs
from services.pipeline import measure_city
from services.progress import no_progress


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> SimpleNamespace:
    config = read_config(write_demo(tmp_path_factory.mktemp("planted")))
    results = measure_city(
        build_city(config, report=no_progress), read_packs(config.packs), day=date(2025, 1, 1)
    )
    return SimpleNamespace(**results.tables)


@pytest.fixture(scope="module")
def codes(run) -> dict[str, str]:
    return dict(zip(run.communities["name"], run.communities["community_id"], strict=True))


def gap(run, codes, case: str, rule: str) -> pd.Series:
    planted = PLANTED[case]
    rows = run.gaps[
        (run.gaps["community_id"] == codes[planted.community]) & (run.gaps["rule"] == rule)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def nearest(run, row: pd.Series) -> str:
    found = run.facilities.loc[run.facilities["facility_id"] == row["nearest_facility_id"], "name"]
    return str(found.iloc[0])


def test_households_add_up(run, codes):
    households = run.communities.set_index("name")["households"]
    assert households.sum() == KNOWN_HOUSEHOLDS
    unknown = PLANTED["no_households"].community
    assert households.index[households.isna()].tolist() == [unknown]
    spread = run.demand.groupby("community_id")["households"].sum()
    for name, number in households.drop(unknown).items():
        assert spread[codes[name]] == pytest.approx(number)


@pytest.mark.parametrize("grade", ["table", "buildings", "land", "streets"])
def test_every_grade_of_demand_occurs(run, codes, grade):
    community = codes[PLANTED[f"demand_{grade}"].community]
    grades = run.demand.loc[run.demand["community_id"] == community, "source"]
    assert set(grades) == {grade}


@pytest.mark.parametrize(
    ("case", "rule", "barrier"),
    [
        ("railway_clinic", "bj.reach.clinic", "railway"),
        ("railway_shop", "bj.reach.shop", "railway"),
        ("closed_gate", "bj.reach.kindergarten", "wall"),
    ],
)
def test_cut_off_by_a_barrier(run, codes, case, rule, barrier):
    row = gap(run, codes, case, rule)
    assert (row["status"], row["cause"]) == ("gap", "severed")
    assert row["barrier_kind"] == barrier
    assert row["detour_factor"] > 1.5
    assert nearest(run, row) == PLANTED[case].facility
    assert row["found"] < 0.05


def test_nothing_within_the_limit(run, codes):
    row = gap(run, codes, "no_facility", "bj.reach.government")
    assert (row["status"], row["cause"]) == ("gap", "no_facility")
    assert row["found"] == 0


def test_streets_too_long(run, codes):
    row = gap(run, codes, "too_far", "bj.reach.government")
    assert (row["status"], row["cause"]) == ("gap", "too_far")
    assert 0.5 < row["found"] < 1


def test_homes_without_a_street(run, codes):
    row = gap(run, codes, "unconnected", "bj.reach.shop")
    assert (row["status"], row["cause"]) == ("gap", "unconnected")
    community = codes[PLANTED["unconnected"].community]
    homes = run.demand[run.demand["community_id"] == community]
    assert (~homes["connected"]).sum() == 13


def test_the_1500_households_rule(run, codes):
    rows = run.gaps[run.gaps["kind"] == "kindergarten"].set_index(["community_id", "rule"])
    rules = [rule for _, rule in rows.index if rule.startswith("bj.kindergarten.1500")]
    assert len(set(rules)) == 3
    inside = min(set(rules), key=len)
    for case in ("one_short",):
        for rule in set(rules):
            assert gap(run, codes, case, rule)["status"] == "not_applicable"
    exact = {rule: gap(run, codes, "exactly_1500", rule) for rule in set(rules)}
    assert all(row["status"] != "not_applicable" for row in exact.values())
    lacking = gap(run, codes, "no_inclusive_kindergarten", inside)
    assert lacking["status"] == "gap"
    assert any(row["cause"] == "full" for row in exact.values())


def test_the_3000_households_rule_answers_apart(run, codes):
    rules = sorted(
        {rule for rule in run.gaps["rule"] if rule.startswith("bj.primary.3000")}, key=str
    )
    assert len(rules) == 3
    status = {rule: gap(run, codes, "primary_within_walk", rule)["status"] for rule in rules}
    assert sorted(status.values()) == ["gap", "met", "met"]
    inside = next(rule for rule in rules if status[rule] == "gap")
    assert gap(run, codes, "primary_within_walk", inside)["cause"] != "data_missing"


def test_unknown_households_leave_the_rules_unknown(run, codes):
    community = codes[PLANTED["no_households"].community]
    rows = run.gaps[run.gaps["community_id"] == community]
    by_number = rows[rows["rule"].str.contains("1500|3000")]
    assert set(by_number["status"]) == {"unknown"}


def test_inclusive_unknown_stays_unknown(run):
    rows = run.facilities.set_index("name").loc[PLANTED["inclusive_unknown"].facility]
    inclusive = rows["inclusive"]
    assert pd.isna(inclusive) if not isinstance(inclusive, pd.Series) else inclusive.isna().all()


def test_the_islet_is_set_aside(run):
    aside = run.streets[~run.streets["kept"]]
    assert PLANTED["island"].facility in set(aside["name"])
    assert aside["length_m"].sum() == pytest.approx(907, abs=15)


def test_notices_hold_no_error_and_say_what_was_planted(run):
    assert "error" not in set(run.notices["severity"])
    assert {"missing_households", "islands_set_aside", "residents_only", "blocked_barrier"} <= set(
        run.notices["code"]
    )
    assert "communities_overlap" not in set(run.notices["code"])
    assert "extract_too_small" not in set(run.notices["code"])
