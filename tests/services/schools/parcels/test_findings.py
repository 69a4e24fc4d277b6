"""Parcels examined one thing at a time, every figure worked out by hand."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.crs import project
from layers.results import PARCEL_FINDINGS, PARCELS
from layers.standards.model import Text
from services.schools.parcels.model import Service
from services.schools.parcels.words import name_school
from services.schools.settlers import name_settler


def box(x_m, y_m, wide_m=100.0, high_m=100.0):
    """A rectangle, metres east and north of the origin."""
    return shapely.box(x_m, y_m, x_m + wide_m, y_m + high_m)


def measure_m2(shape, crs):
    return shapely.transform(shape, lambda xy: project(xy, crs)).area


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("reserved", "met"),
        ("open", "met"),
        ("occupied", "gap"),
        ("re-zoned", "gap"),
        ("", "unknown"),
    ],
)
def test_status(examine, drawn, status, verdict):
    found = examine(drawn.parcels((box(0, 0), {"status": status})))("P1", "status")
    assert found["status"] == verdict
    assert (found["settled_by"] == "parcels.status") == (verdict == "unknown")


@pytest.mark.parametrize(
    ("changes", "verdict", "needed"),
    [
        ({"area_m2": 5400.0}, "met", (5400, "secondary")),
        ({"area_m2": 5399.0}, "gap", (5400, "secondary")),
        ({"planned_classes": np.nan}, "unknown", None),
        ({"planned_classes": 0.0}, "unknown", None),
        ({"level": "school"}, "unknown", None),
        # 18 primary, 9 junior classes, split by years: 18·45·17.5 + 9·50·20.5 = 23,400
        ({"level": "nine_year_school", "planned_classes": 27.0}, "gap", (23_400, "derived")),
    ],
)
def test_area(examine, drawn, changes, verdict, needed):
    found = examine(drawn.parcels((box(0, 0), changes)))("P1", "area")
    assert found["status"] == verdict
    if needed is not None:
        assert (found["needed"], found["source_status"]) == needed
        assert found["document"] != found["document_en"]


def test_encroachment_is_a_shape_and_counts_ground_covered_twice_once(examine, drawn):
    """A 30 × 20 house and a road 10 m wide that runs under its edge: 600 + 1000 - 5 × 20."""
    ground = drawn.ground(
        [("w1", "building", box(20, 5, 30, 20)), ("w2", "road", box(0, 20, 100, 10))]
    )
    found = examine(drawn.parcels((box(0, 0), {})), ground=ground)("P1", "encroachment")
    covered = 600 + 1000 - 5 * 30
    assert found["status"] == "gap"
    assert found["found"] == pytest.approx(covered, rel=1e-3)
    assert measure_m2(found["geometry"], drawn.crs) == pytest.approx(covered, rel=1e-3)
    assert found["other"] == "w2, w1"
    assert "600平方米" in found["reason"]
    assert "1,000平方米" in found["reason"]


@pytest.mark.parametrize("status", ["building", "open"])
def test_the_schools_own_buildings_are_no_encroachment(examine, drawn, status):
    ground = drawn.ground([("w1", "building", box(20, 20, 50, 50))])
    parcels = drawn.parcels((box(0, 0), {"status": status}))
    found = examine(parcels, ground=ground)("P1", "encroachment")
    assert found["status"] == "met"
    assert "自有房屋" in found["reason"]


def test_slivers_of_the_map_are_no_encroachment(examine, drawn):
    ground = drawn.ground([("w1", "road", box(0, 0, 100, 1.9))])
    assert (
        examine(drawn.parcels((box(0, 0), {})), ground=ground)("P1", "encroachment")["status"]
        == "met"
    )


def test_a_map_without_buildings_cannot_tell(examine, drawn):
    parcels = drawn.parcels((box(0, 0), {}), (box(300, 0), {}))
    ground = drawn.ground([("w1", "road", box(300, 0, 50, 50))], present=("road",))
    found = examine(parcels, ground=ground)
    assert found("P1", "encroachment")["status"] == "unknown"
    assert found("P2", "encroachment")["status"] == "gap"
    assert examine(parcels)("P1", "encroachment")["settled_by"] == "osm"


def test_frontage_is_the_edge_near_a_street(examine, drawn):
    """The street runs 10 m south of P1; within 20 m lie its south edge and 10 m of each side."""
    street = drawn.street(-500, 0, 500)
    parcels = drawn.parcels((box(0, 0), {}), (box(0, 200), {}))
    found = examine(parcels, network=street)
    assert found("P1", "frontage")["found"] == pytest.approx(120, abs=0.5)
    assert found("P1", "frontage")["status"] == "met"
    assert found("P2", "frontage")["status"] == "gap"
    assert found("P2", "frontage")["found"] == 0
    closed = examine(parcels, network=street, street_open=np.zeros(street.n_edges, dtype=bool))
    assert closed("P1", "frontage")["status"] == "gap"


def test_hazards_are_measured_from_the_edge(examine, drawn):
    rail = shapely.LineString([(-1000, -200), (1000, -200)])
    pipe = shapely.LineString([(150, -500), (150, 500)])
    ground = drawn.ground(
        hazards=[("w7", "railway", "陇海线", rail), ("w8", "pipeline", "", pipe)],
        present=("hazard.railway", "hazard.pipeline"),
    )
    parcels = drawn.parcels((box(0, 0), {}), (box(0, 120), {}), (box(2000, 0), {}))
    found = examine(parcels, ground=ground)
    near, far = found("P1", "hazard.railway"), found("P2", "hazard.railway")
    assert (near["status"], far["status"]) == ("gap", "met")
    assert near["found"] == pytest.approx(200, abs=0.1)
    assert far["found"] == pytest.approx(320, abs=0.1)
    assert near["other"] == "w7"
    assert "陇海线" in near["reason"]
    assert near["source_status"] == "unverified"
    # no figure: told only, and only where near
    assert found("P1", "hazard.pipeline")["status"] == "not_applicable"
    assert found("P1", "hazard.pipeline")["found"] == pytest.approx(50, abs=0.1)
    table = found.all.findings
    assert not ((table["parcel_id"] == "P3") & (table["finding"] == "hazard.pipeline")).any()
    # the map holds none at all: nobody knows
    assert found("P1", "hazard.power_line")["status"] == "unknown"
    assert found("P1", "hazard.power_line")["settled_by"] == "osm (power_line)"


@pytest.mark.parametrize(
    ("shape", "width_m"),
    [
        (box(0, 0, 200, 29), 29),
        (box(0, 0, 200, 31), 31),
        # an L of two arms 20 m wide: the circle in its corner touches both outer walls and the inner
        # corner, r = 20·(2 - √2) = 11.7
        (shapely.union(box(0, 0, 200, 20), box(0, 0, 20, 200)), 2 * 20 * (2 - np.sqrt(2))),
        (shapely.MultiPolygon([box(0, 0, 10, 200), box(50, 0, 40, 50)]), 40),
    ],
)
def test_width_is_the_largest_circle_inside(examine, drawn, shape, width_m):
    found = examine(drawn.parcels((shape, {})))("P1", "width")
    assert found["found"] == pytest.approx(width_m, abs=0.3)
    assert found["status"] == ("met" if width_m >= 30 else "gap")
    assert found["source_status"] == "unverified"


def test_overlaps_name_the_other_parcel(examine, drawn):
    parcels = drawn.parcels((box(0, 0), {}), (box(80, 0), {}), (box(180, 99), {}))
    found = examine(parcels)
    assert found("P1", "overlap")["status"] == "gap"
    assert found("P1", "overlap")["found"] == pytest.approx(2000, rel=1e-3)
    assert (found("P1", "overlap")["other"], found("P2", "overlap")["other"]) == ("P2", "P1")
    assert found("P3", "overlap")["status"] == "met"  # a sliver of 0 m² at the corner


def test_outside_the_city(examine, drawn):
    communities = gpd.GeoDataFrame(
        {"community_id": ["C1"]}, geometry=[drawn.to_degrees(box(0, 0, 150, 150))], crs=4326
    )
    parcels = drawn.parcels((box(10, 10), {}), (box(100, 0), {}), (box(900, 0), {}))
    found = examine(parcels, communities=communities)
    shares = [found(f"P{at}", "outside")["found"] for at in (1, 2, 3)]
    assert shares == pytest.approx([0, 0.5, 1], abs=1e-3)
    assert [found(f"P{at}", "outside")["status"] for at in (1, 2, 3)] == ["met", "gap", "gap"]
    assert "坐标系" in found("P3", "outside")["reason"]


def test_a_point_has_no_shape_to_judge_but_a_place(examine, drawn):
    rail = shapely.LineString([(-1000, -200), (1000, -200)])
    ground = drawn.ground(hazards=[("w7", "railway", "", rail)])
    parcels = drawn.parcels((shapely.Point(0, 0), {"area_m2": 6000.0}))
    found = examine(parcels, ground=ground, network=drawn.street(-500, 500))
    for finding in ("width", "encroachment", "frontage", "overlap"):
        assert found("P1", finding)["settled_by"] == "parcels.geometry"
    assert found("P1", "area")["status"] == "met"
    assert found("P1", "hazard.railway")["found"] == pytest.approx(200, abs=0.1)


SERVICE = Service(
    year=2028, in_reach=400, served=300, without=120, placed=280, felt_year=2028, school_id="w5",
    households=1600, homes_known=True, homes_year=2027, homes="锦绣园", homes_households=800,
)  # fmt: skip


def test_what_it_does_for_children(examine, drawn):
    found = examine(drawn.parcels((box(0, 0), {"opening_year": 2028.0})), services={"P1": SERVICE})
    assert found("P1", "serves")["found"] == 300
    assert "120名儿童没有它就没有学位" in found("P1", "serves")["reason"]
    assert found("P1", "duplicate")["status"] == "met"
    assert found("P1", "duplicate")["found"] == pytest.approx(0.7)
    late = found("P1", "timing")
    assert (late["status"], late["found"], late["needed"]) == ("gap", 2028, 2027)
    assert "晚1年" in late["reason"]
    assert "锦绣园" in late["reason"]
    assert found.all.parcels["children_served"].tolist() == [300]


def test_a_duplicate_serves_those_who_have_a_place(examine, drawn):
    nobody_new = replace(SERVICE, without=0.0, felt_year=np.nan, placed=400.0)
    found = examine(drawn.parcels((box(0, 0), {})), services={"P1": nobody_new})
    assert found("P1", "duplicate")["status"] == "gap"
    assert found("P1", "serves")["status"] == "met"


def test_without_facts_nothing_is_decided_and_all_is_said(examine, drawn):
    found = examine(drawn.parcels((box(0, 0), {})))
    for finding, settled in (
        ("serves", "children"),
        ("duplicate", "children"),
        ("timing", "housing"),
        ("frontage", "osm"),
        ("outside", "communities"),
    ):
        one = found("P1", finding)
        assert (one["status"], one["settled_by"]) == ("unknown", settled)
    table = found.all.findings
    assert (table["reason"] != "").all()
    assert (table["reason_en"].str.endswith(".")).all()


def test_tables_have_their_columns_and_odd_names_stay_text(examine, drawn):
    parcels = drawn.parcels((box(0, 0), {}), (box(50, 0), {}))
    parcels["parcel_id"] = ["=1+1", "<b>A</b>"]
    examination = examine(parcels).all
    assert list(examination.findings.columns) == [*PARCEL_FINDINGS, "geometry"]
    assert list(examination.parcels.columns[: len(PARCELS)]) == list(PARCELS)
    assert examination.parcels["parcel_id"].tolist() == ["=1+1", "<b>A</b>"]
    overlap = examination.findings.query("finding == 'overlap'")
    assert overlap["other"].tolist() == ["<b>A</b>", "=1+1"]


def test_no_parcels_no_findings(examine, drawn):
    empty = examine(drawn.parcels()).all
    assert empty.findings.empty
    assert empty.parcels.empty
    assert list(empty.parcels.columns[: len(PARCELS)]) == list(PARCELS)


def test_the_same_parcels_always_give_the_same_findings(examine, drawn):
    ground = drawn.ground([("w1", "building", box(20, 5, 30, 20))])
    parcels = drawn.parcels((box(0, 0), {}), (box(80, 0), {"status": "occupied"}))
    one, two = (examine(parcels, ground=ground).all for _ in range(2))
    assert one.findings.to_wkb().equals(two.findings.to_wkb())
    assert one.parcels["urgency"].tolist() == two.parcels["urgency"].tolist()


def test_words_of_what_it_does_for_children(examine, drawn):
    """Nobody, all, by the name of the school: no share of 0 %, no code of the system."""
    parcels = drawn.parcels((box(0, 0), {"opening_year": 2028.0}))

    def say(**changes):
        found = examine(parcels, services={"P1": replace(SERVICE, **changes)})
        row = found("P1", "duplicate")
        return row["reason"], row["reason_en"]

    named = Text("育才小学", "育才小学")
    assert "70.0%的儿童有学位（多数在育才小学）" in say(school=named)[0]
    assert "w5" not in "".join(say(school=named))
    assert "（多数在地块 JY-02）" in say(school=name_school("", "JY-02"))[0]
    assert "(most at parcel JY-02)" in say(school=name_school("", "JY-02"))[1]
    assert "没有它，步行范围内的儿童都没有学位；" in say(placed=0.0)[0]
    assert "no child in reach has a place" in say(placed=0.0)[1]
    later = say(placed=400.0, felt_year=2030.0)
    assert "儿童也都有学位；2030年有120名儿童要靠它才有学位，不算重复" in later[0]
    assert "120 children need it for a place in 2030" in later[1]


def test_timing_rests_on_the_regulation(examine, drawn):
    parcels = drawn.parcels((box(0, 0), {"opening_year": 2028.0}))
    late = examine(parcels, services={"P1": SERVICE})("P1", "timing")
    assert late["source_status"] == "secondary"
    assert "陕西省中小学校幼儿园规划建设办法" in late["document"]
    assert "最早2027年交付（锦绣园，800户），学校计划2028年开办，比住宅晚1年" in late["reason"]
    unsized = replace(SERVICE, homes_households=np.nan)
    assert (
        "交付（锦绣园），" in examine(parcels, services={"P1": unsized})("P1", "timing")["reason"]
    )
    undated = drawn.parcels((box(0, 0), {}))
    unknown = examine(undated, services={"P1": SERVICE})("P1", "timing")
    assert (unknown["status"], unknown["needed"]) == ("unknown", 2027)
    assert unknown["source_status"] == "secondary"


def test_a_hazard_nobody_mapped_tells_what_is_asked(examine, drawn):
    found = examine(drawn.parcels((box(0, 0), {})), ground=drawn.ground(present=()))
    row = found("P1", "hazard.urban_rail")
    assert (row["status"], row["needed"], row["source_status"]) == ("unknown", 80, "unverified")
    assert row["document"]
    assert row["reason"] == (
        "地图上没有任何地上轨道交通；现场核实确实没有的，可不考虑，有的须相距80米（未核实）以上。"
    )
    assert name_settler(row["settled_by"]).zh == "地上轨道交通的现场核实结果"


def test_a_length_never_looks_like_the_one_it_misses(examine, drawn):
    rail = shapely.LineString([(-1000, -299.7), (1000, -299.7)])
    ground = drawn.ground(hazards=[("w7", "railway", "", rail)])
    found = examine(drawn.parcels((box(0, 0), {})), ground=ground)("P1", "hazard.railway")
    assert found["reason"] == "距铁路299.7米，小于要求的300米（未核实）。"
