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
from layers.schooling.ground import read_ground
from layers.schooling.load import read_parameters
from layers.standards.load import read_packs
from services.pipeline import measure_city
from services.progress import no_progress
from services.schools.gather import gather_school_city
from services.schools.parcel_changes import compare_parcels
from services.schools.parcels.examine import examine_parcels
from services.schools.parcels.model import Surroundings
from services.schools.parcels.served import measure_services
from services.schools.years import measure_years
from services.walks import build_walks


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> SimpleNamespace:
    config = read_config(write_demo(tmp_path_factory.mktemp("planted")))
    packs = read_packs(config.packs, overlays=config.overlays)
    city = build_city(config, report=no_progress)
    results = measure_city(city, packs, day=date(2025, 1, 1))
    return SimpleNamespace(**{**results.tables, "city": city})


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
    rules = [rule for rule in run.gaps["rule"] if rule.startswith("bj.kindergarten.1500")]
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
    by_number = rows[rows["rule"].str.contains(r"^bj\..*(?:1500|3000)")]
    assert set(by_number["status"]) == {"unknown"}


def test_inclusive_unknown_stays_unknown(run):
    rows = run.facilities.set_index("name").loc[PLANTED["inclusive_unknown"].facility]
    inclusive = rows["inclusive"]
    assert pd.isna(inclusive) if not isinstance(inclusive, pd.Series) else inclusive.isna().all()


def test_whether_it_is_inclusive_decides_the_1500_rule(run, codes):
    """北园: 1,620 households, one kindergarten inside; nobody said whether it is inclusive."""
    row = gap(run, codes, "inclusive_unknown", "bj.kindergarten.1500.inside")
    assert (row["status"], row["settled_by"]) == ("unknown", "facilities.inclusive")
    walk = gap(run, codes, "inclusive_unknown", "bj.kindergarten.1500.walk")
    assert (walk["status"], walk["settled_by"]) == ("unknown", "facilities.inclusive")


def test_sizes_of_communities(run, codes):
    sizes = run.scorecards[run.scorecards["about"] == "check"].set_index("community_id")["finding"]
    assert sizes[codes[PLANTED["oversize"].community]] == "oversize"
    assert sizes[codes[PLANTED["undersize"].community]] == "undersize"
    assert sizes[codes[PLANTED["exactly_1500"].community]] == ""
    assert (sizes == "oversize").sum() == 1


def test_small_neighbours_count_together(run, codes):
    """铁北新村 (1,205) and 清溪 (380) part by a stream only: 1,585, with one kindergarten."""
    for case in ("cluster", "undersize"):
        row = gap(run, codes, case, "sx.kindergarten.1500.inside")
        assert (row["status"], row["found"]) == ("met", 1)
        assert "1,585" in row["reason"]
        own = gap(run, codes, case, "bj.kindergarten.1500.inside")
        assert own["status"] == "not_applicable"


@pytest.mark.parametrize(
    ("case", "rule", "status"),
    [
        ("space_exact", "bj.service_space", "met"),
        ("space_short", "bj.service_space", "gap"),
        ("green_exact", "bj.green_rate", "met"),
        ("green_short", "bj.green_rate", "gap"),
        ("green_unknown", "bj.green_rate", "unknown"),
    ],
)
def test_attributes_decide(run, codes, case, rule, status):
    row = gap(run, codes, case, rule)
    assert row["status"] == status
    assert (row["settled_by"] == "communities.green_share") == (status == "unknown")


def test_the_citys_own_figure_is_shown_as_such(run, codes):
    rows = run.gaps[run.gaps["rule"] == "bj.reach.park"]
    assert rows["overlaid"].all()
    assert set(rows["needed"].dropna()) == {0.9}
    assert (run.gaps.loc[run.gaps["overlaid"], "rule"] == "bj.reach.park").all()
    row = gap(run, codes, "overlaid", "bj.reach.park")
    assert row["status"] == "met"
    assert 0.9 < row["found"] < 0.95


def test_sizes_of_facilities_come_from_tables_and_shapes(run):
    facilities = run.facilities.set_index(["name", "kind"])
    centre = facilities.loc[("望江社区党群服务中心", "service_centre")]
    assert (centre["source"], centre["floor_area_m2"]) == ("services.xlsx", 610)
    assert pd.isna(centre["land_area_m2"])
    school = facilities.loc[("晨光小学", "primary_school")]
    assert school["floor_area_m2"] == 9240
    assert school["land_area_m2"] == pytest.approx(19.9 * 2000 / 3)
    park = facilities.loc[("长宁公园", "park")]
    assert park["land_area_m2"] == pytest.approx(62_000, rel=0.15)
    assert pd.isna(park["floor_area_m2"])


def test_every_street_is_a_line(run):
    """Where a private way leaves the open street, the network has a piece of no length: no line to draw."""
    assert run.streets.geometry.is_valid.all()
    left_out = (run.city.streets.network.edge_length_m == 0).sum()
    assert left_out > 0
    assert len(run.streets) == run.city.streets.network.n_edges - left_out


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


@pytest.fixture(scope="module")
def desk(run) -> SimpleNamespace:
    """What the education office's desk shows of the sample city."""
    city, parameters = run.city, read_parameters()
    walks = build_walks(
        city.streets.network,
        city.demand.points,
        city.facilities,
        city.entrances,
        max_leg_m=city.config.settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )
    schools = gather_school_city(city, walks, day=date(2025, 1, 1))
    around = Surroundings(
        parameters=parameters,
        network=city.streets.network,
        communities=city.communities,
        ground=read_ground(
            city.config.osm, city.parcels.geometry.to_numpy(), list(parameters.hazards)
        ),
        services=measure_services(schools, city.schooling.housing),
    )
    findings = examine_parcels(city.parcels, around).findings
    years = measure_years(schools)
    return SimpleNamespace(
        findings=findings.set_index(["parcel_id", "finding"]).sort_index(),
        shortages=years.shortages.set_index(["community_id", "level"]).sort_index(),
        schools=years.schools.set_index(["name", "level"]).sort_index(),
        changes=compare_parcels(city.schooling.earlier_parcels, city.parcels, parameters),
    )


def shortage(desk, codes, case: str) -> pd.Series:
    planted = PLANTED[case]
    return desk.shortages.loc[(codes[planted.community], planted.kind)]


@pytest.mark.parametrize(
    ("case", "finding"),
    [
        ("housing_before_school", "timing"),
        ("parcel_late", "timing"),
        ("parcel_rezoned", "status"),
        ("parcel_rezoned", "serves"),
        ("parcel_occupied", "status"),
        ("parcel_narrow", "width"),
        ("parcel_railway", "hazard.railway"),
        ("parcel_overlap", "overlap"),
        ("housing_before_school", "overlap"),
        ("parcel_encroached", "encroachment"),
        ("parcel_small", "area"),
        ("parcel_duplicate", "duplicate"),
    ],
)
def test_parcels_fail_where_they_were_made_to(desk, case, finding):
    assert desk.findings.loc[(PLANTED[case].facility, finding), "status"] == "gap"


def test_the_parcel_that_is_on_time_has_no_finding_against_it(desk):
    found = desk.findings.xs(PLANTED["parcel_on_time"].facility)["status"]
    assert found["timing"] == "met"
    assert "gap" not in set(found)


def test_a_parcel_without_a_year_of_opening_is_unknown(desk):
    row = desk.findings.loc[(PLANTED["parcel_narrow"].facility, "serves")]
    assert (row["status"], row["settled_by"]) == ("unknown", "parcels.opening_year")


def test_homes_come_before_the_school(desk, codes):
    """锦川新城 is handed over from 2026 on; JY-08 opens in 2030."""
    row = shortage(desk, codes, "housing_before_school")
    assert (row["status"], row["begins"], row["peak_year"]) == ("gap", 2026, 2028)
    assert "JY-08" in row["reserved_in_reach"]
    late = shortage(desk, codes, "parcel_late")
    assert (late["begins"], late["ends"]) == (2027, 2027)


def test_a_school_on_time_ends_a_shortage(desk, codes):
    row = shortage(desk, codes, "parcel_on_time")
    assert (row["begins"], row["ends"], row["reserved_in_reach"]) == (2025, 2026, "JY-10")


def test_a_shortage_names_the_land_that_was_given_up(desk, codes):
    row = shortage(desk, codes, "parcel_rezoned")
    assert row["candidates"].split(",")[0] == "JY-06"


def test_places_of_schools(desk):
    nine_year = desk.schools.loc[PLANTED["places_per_level"].facility]
    assert nine_year["places"].to_dict() == {"junior_school": 560, "primary_school": 1080}
    assert set(nine_year["places_source"]) == {"listed"}
    assert pd.isna(
        desk.schools.loc[(PLANTED["places_unknown"].facility, "primary_school"), "places"]
    )


def test_what_happened_to_the_plan_of_2019(desk):
    changes = desk.changes
    found = dict(
        zip(changes["earlier_id"] + ">" + changes["parcel_id"], changes["change"], strict=True)
    )
    assert found["QH-2019-1>"] == "gone"
    assert found["JY-13>JY-13"] == "shrunk"
    assert found["JY-14>JY-14"] == "moved"
    assert found["JY-06>JY-06"] == "rezoned"
    assert found["XK-2019-1>JY-15"] == "split"
    assert found["BY-2019-1>JY-01"] == "same"
    assert found[">JY-08"] == "new"
