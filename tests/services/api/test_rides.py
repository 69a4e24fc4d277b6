"""Journeys by public transport on the paper town; the arithmetic stands at `ride_client`."""

import json

import pytest
import shapely

from services.api.models import CommunityCard, CoverageAnswer, GapAnswer, SummaryAnswer
from services.api.place_models import JourneyAnswer, NearestAnswer

MODE = {"mode": "walk_transit"}


def _at(paper, x, y, **more):
    lon, lat = paper.lonlat(x, y)
    return {"lon": lon, "lat": lat, **more}


def _ask(client, paper, **more):
    answer = client.get("/v1/journey", params=_at(paper, 800, 700, **more))
    assert answer.status_code == 200, answer.text
    return JourneyAnswer.model_validate_json(answer.content)


def _seconds(journey):
    return [(leg.kind, round(leg.seconds, 3)) for leg in journey.legs]


def test_a_journey_leg_by_leg(ride_client, paper):
    """Leaving at 07:38: to A 88.333 s, 331.667 s waiting, 180 s on line 12, 50.833 s on foot."""
    found = _ask(ride_client, paper, kind="kindergarten", depart="07:38")
    assert (found.status, found.by, found.facility_id, found.n_rides) == (
        "reached",
        "ride",
        "K1",
        1,
    )
    expected = [("walk", 88.333), ("wait", 331.667), ("ride", 180.0), ("walk", 50.833)]
    assert _seconds(found) == expected
    assert found.seconds == pytest.approx(650.833)
    assert sum(leg.seconds for leg in found.legs) == pytest.approx(found.seconds)
    assert (found.depart, found.arrive) == ("07:38", "07:48:50")
    walk, wait, ride, last = found.legs
    assert (walk.begin, walk.end, wait.end, ride.end) == ("07:38", "07:39:28", "07:45", "07:48")
    assert walk.walk_m == pytest.approx(106, abs=0.01)
    assert (wait.origin.name, ride.origin.stop_id, ride.target.name) == ("东站", "A", "中站")
    assert (ride.line.ref, ride.line.mode, ride.line.headsign) == ("12", "bus", "开往中站")
    assert ride.n_stops == 2
    assert len(ride.geometry.coordinates) == 3
    assert last.walk_m == pytest.approx(61, abs=0.01)
    assert last.target.name == "实验幼儿园"
    assert wait.geometry is None
    assert found.note == ""


def test_walks_are_drawn_along_the_streets(ride_client, paper):
    """From (800, 700) down the street to (800, 600) and six metres across to A."""
    walk = _ask(ride_client, paper, kind="kindergarten", depart="07:38").legs[0]
    drawn = shapely.LineString(walk.geometry.coordinates)
    expected = [paper.lonlat(*xy) for xy in ((800, 700), (800, 600), (806, 600))]
    assert shapely.hausdorff_distance(drawn, shapely.LineString(expected)) < 1e-6


def test_the_window_is_that_of_the_tables(ride_client, paper):
    found = _ask(ride_client, paper, kind="kindergarten", depart="07:38")
    window = found.window
    assert (window.depart_s, window.depart) == (27_480, "07:38")
    assert (window.typical_s, window.best_s) == pytest.approx((650.833, 410.833))
    assert window.worst_s == pytest.approx(1055 / 1.2, abs=0.01)
    assert len(window.durations_s) == 60
    cycle = [
        530.833,
        470.833,
        410.833,
        879.166,
        879.166,
        830.833,
        770.833,
        710.833,
        650.833,
        590.833,
    ]
    assert window.durations_s == pytest.approx(6 * cycle, abs=0.01)


def test_every_departure_takes_what_the_window_says(ride_client, paper):
    window = _ask(ride_client, paper, kind="kindergarten").window
    for minute in range(0, 60, 7):
        depart_s = window.first_s + 60 * minute
        depart = f"{depart_s // 3600:02d}:{depart_s % 3600 // 60:02d}"
        found = _ask(ride_client, paper, kind="kindergarten", depart=depart)
        assert found.seconds == pytest.approx(window.durations_s[minute], abs=0.001)


def test_a_change_across_the_street(ride_client, paper):
    """To P1 at 07:32: off at C at 07:38:00, 12 m across the street are 10 s, line 7 at 07:41:00.

    At F at 07:43:00, 16 m to the door are 13.333 s: 07:43:13.333, where walking from C would be
    33 s later.
    """
    found = _ask(ride_client, paper, kind="pharmacy", to="P1", depart="07:32")
    assert _seconds(found) == [
        ("walk", 88.333), ("wait", 91.667), ("ride", 180.0), ("walk", 10.0), ("wait", 170.0),
        ("ride", 120.0), ("walk", 13.333),
    ]  # fmt: skip
    assert (found.arrive, found.n_rides, found.facility_id) == ("07:43:13", 2, "P1")
    change = found.legs[3]
    assert (change.origin.name, change.target.name) == ("中站", "中站对面")
    assert change.walk_m == pytest.approx(12, abs=0.01)
    assert found.legs[5].target.name == "F"  # a stop without a name is called by its id
    assert found.walk.walk_s == pytest.approx(1410 / 1.2, abs=0.01)


def test_walking_wins_and_says_so(ride_client, paper):
    """At 07:33 the next bus leaves at 07:45 and arrives at 07:48:50, the walk at 07:47:39."""
    found = _ask(ride_client, paper, kind="kindergarten", depart="07:33")
    assert (found.by, found.n_rides) == ("walk", 0)
    assert _seconds(found) == [("walk", 879.166)]
    assert "07:48:50" in found.note
    assert "07:48:50" in found.note_en
    assert found.walk.walk_m == pytest.approx(1055, abs=0.01)


def test_without_depart_the_window_begins_it(ride_client, paper):
    found = _ask(ride_client, paper, kind="幼儿园")
    assert (found.depart, found.seconds) == ("07:30", pytest.approx(530.833))


@pytest.mark.parametrize("depart", ["03:00", "22:15:30", "29:59"])
def test_outside_the_hours_one_walks(ride_client, paper, depart):
    found = _ask(ride_client, paper, kind="kindergarten", depart=depart)
    assert found.by == "walk"
    assert "07:35" in found.note
    assert "不在运营时间" in found.note
    assert "Outside the hours" in found.note_en


def test_departures_around_the_window_ride_too(ride_client, paper):
    """The last bus at 08:45 is caught at 08:42, after the window; arrives 08:48:50."""
    found = _ask(ride_client, paper, kind="kindergarten", depart="08:42")
    assert (found.by, found.seconds) == ("ride", pytest.approx(410.833))
    late = _ask(ride_client, paper, kind="kindergarten", depart="08:42:32")
    assert late.by == "walk"
    just = _ask(ride_client, paper, kind="kindergarten", depart="08:42:31")
    assert (just.by, just.seconds) == ("ride", pytest.approx(379.833))


def test_nobody_near_a_stop_walks(ride_client, paper):
    """D1 is 425 m from K1; no bus leads anywhere better."""
    answer = ride_client.get(
        "/v1/journey", params=_at(paper, 50, 20, kind="kindergarten", depart="07:32")
    )
    found = JourneyAnswer.model_validate_json(answer.content)
    assert found.by == "walk"
    assert found.window.depart is None
    assert set(found.window.durations_s) == {354.166}


def test_a_kind_without_data_is_unknown(ride_client, paper):
    found = _ask(ride_client, paper, kind="clinic")
    assert (found.status, found.legs, found.seconds, found.by) == ("unknown", [], None, None)
    assert "诊所" in found.note


def test_assumed_timetables_say_so(ride_client, paper):
    facts = _ask(ride_client, paper, kind="kindergarten").timetable
    assert (facts.source, facts.day, facts.feeds) == ("osm", "2025-01-08", ["paper.osm.pbf"])
    assert "没有公开的时刻表" in facts.statement
    assert "星期三" in facts.statement
    assert "assumed" in facts.statement_en


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"depart": "7.30"}, 400, "07:30"),
        ({"depart": "25:61"}, 400, "07:30"),
        ({"depart": "30:01"}, 400, "30:00"),
        ({"depart": ""}, 400, "07:30"),
        ({"depart": "０７:３０"}, 400, "07:30"),
        ({"depart": "-1:00"}, 400, "07:30"),
        ({"to": "K1"}, 404, "P1"),
        ({"to": "zzz"}, 404, "to=zzz: expected a facility_id of the kind pharmacy"),
        ({"kind": "farmacy"}, 404, "pharmacy"),
        ({"lon": "nan"}, 400, "finite"),
    ],
)
def test_bad_journeys_say_what_is_allowed(ride_client, paper, params, status, words):
    asked = {**_at(paper, 800, 700, kind="pharmacy"), **params}
    answer = ride_client.get("/v1/journey", params=asked)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_far_from_any_street_is_not_a_journey(ride_client, paper):
    answer = ride_client.get("/v1/journey", params=_at(paper, -900, 0, kind="pharmacy"))
    assert answer.status_code == 422
    assert answer.json()["distance_m"] > 800


def test_nearest_of_the_window_and_of_one_departure(ride_client, paper):
    asked = _at(paper, 800, 700, kind="kindergarten", **MODE)
    typical = NearestAnswer.model_validate_json(
        ride_client.get("/v1/nearest", params=asked).content
    )
    (one,) = typical.nearest
    assert (one.by, one.time_s, one.best_s) == (
        "ride",
        pytest.approx(650.833),
        pytest.approx(410.833),
    )
    assert (one.facility_id, one.depart) == ("K1", "07:38")
    leaving = ride_client.get("/v1/nearest", params={**asked, "depart": "07:32"})
    (one,) = NearestAnswer.model_validate_json(leaving.content).nearest
    assert (one.by, one.time_s, one.depart) == ("ride", pytest.approx(410.833), "07:32")


def test_several_nearest_are_in_order(ride_client, paper):
    """P2 is 210 m away on foot, 175 s; then P1 by two buses, 673.333 s at 07:32."""
    asked = _at(paper, 800, 700, kind="pharmacy", n=5, depart="07:32", **MODE)
    found = NearestAnswer.model_validate_json(ride_client.get("/v1/nearest", params=asked).content)
    assert [(one.facility_id, one.by) for one in found.nearest] == [("P2", "walk"), ("P1", "ride")]
    assert [one.time_s for one in found.nearest] == pytest.approx([175, 673.333], abs=0.01)
    window = {**asked}
    del window["depart"]
    times = ride_client.get("/v1/nearest", params=window).json()["nearest"]
    assert [one["facility_id"] for one in times] == ["P2", "P1"]
    assert times[0]["time_s"] < times[1]["time_s"]


def test_walks_have_no_departure(ride_client, paper):
    for path in ("/v1/nearest", "/v1/isochrone"):
        answer = ride_client.get(path, params=_at(paper, 800, 700, kind="pharmacy", depart="08:00"))
        assert answer.status_code == 400
        assert "mode=walk_transit" in answer.json()["detail"]


def _ring(client, paper, **more):
    answer = client.get("/v1/isochrone", params=_at(paper, 800, 700, streets="true", **more))
    assert answer.status_code == 200, answer.text
    found = json.loads(answer.content)
    return found, {f["id"]: f for f in found["features"]}


def _length_near_c(paper, feature):
    """Metres of reached street within 150 m of C, measured in metres of the town."""
    west, south = paper.lonlat(150, 50)
    east, north = paper.lonlat(450, 350)
    clipped = shapely.intersection(
        shapely.geometry.shape(feature["geometry"]), shapely.box(west, south, east, north)
    )
    x, y = paper.lonlat(1000, 0), paper.lonlat(0, 1000)
    origin = paper.lonlat(0, 0)
    metres = shapely.transform(
        clipped,
        lambda xy: (xy - origin) * [1000 / (x[0] - origin[0]), 1000 / (y[1] - origin[1])],
    )
    return metres.length


def test_isochrone_of_one_departure(ride_client, paper):
    """Leaving at 07:32, off at C after 360 s: of 8 minutes 120 s are left, 144 m.

    6 m to the street; 138 m each way along it, 276 m; 38 m beyond each of its two ends into two
    more streets: 276 + 4 x 38 = 428 m.
    """
    found, rings = _ring(ride_client, paper, minutes="8", depart="07:32", **MODE)
    assert _length_near_c(paper, rings["streets-8"]) == pytest.approx(428, abs=0.5)
    facts = rings["area-8"]["properties"]
    assert (facts["mode"], facts["depart"], facts["minutes"]) == ("walk_transit", "07:32", 8)
    assert found["timetable"]["source"] == "osm"
    polygon = shapely.geometry.shape(rings["area-8"]["geometry"])
    assert polygon.is_valid
    assert polygon.contains(shapely.Point(paper.lonlat(430, 200)))
    assert not polygon.contains(shapely.Point(paper.lonlat(300, 400)))


def test_isochrone_of_a_missed_bus_is_the_walk(ride_client, paper):
    _, ridden = _ring(ride_client, paper, minutes="8", depart="07:33", **MODE)
    _, walked = _ring(ride_client, paper, minutes="8")
    for part in ("streets-8", "area-8"):
        assert ridden[part]["properties"]["street_m"] == walked[part]["properties"]["street_m"]
        assert ridden[part]["geometry"] == walked[part]["geometry"]


def test_isochrone_over_the_window(ride_client, paper):
    """Half of the departures are off at C after 600 s: of 12 minutes 120 s are left, 428 m as above.

    The walk of 864 m comes near as well: down x = 400 from the box's edge at 350 to 236, 114 m, and
    along y = 200 to 436, of which 12 m from the edge at 450 to 438 are new.
    """
    found, rings = _ring(ride_client, paper, minutes="10,12", **MODE)
    assert [f["id"] for f in found["features"]] == [
        "area-12", "streets-12", "area-10", "streets-10",
    ]  # fmt: skip
    assert _length_near_c(paper, rings["streets-12"]) == pytest.approx(428 + 114 + 12, abs=0.5)
    assert rings["area-12"]["properties"]["depart"] is None
    ten, _ = _ring(ride_client, paper, minutes="10")
    walked = ten["features"][1]["properties"]["street_m"]
    assert rings["streets-10"]["properties"]["street_m"] >= walked


@pytest.mark.parametrize("depart", [None, "07:30", "07:32", "07:38"])
def test_riding_never_reaches_less(ride_client, paper, depart):
    asked = {"minutes": "5,10,15", **MODE, **({"depart": depart} if depart else {})}
    _, ridden = _ring(ride_client, paper, **asked)
    _, walked = _ring(ride_client, paper, minutes="5,10,15")
    for minutes in (5, 10, 15):
        part = f"streets-{minutes}"
        assert (
            ridden[part]["properties"]["street_m"] >= walked[part]["properties"]["street_m"] - 0.1
        )


def test_coverage_and_summary_of_the_mode(ride_client):
    asked = {"kind": "kindergarten", "limit": 15, **MODE}
    rows = CoverageAnswer.model_validate_json(
        ride_client.get("/v1/coverage", params=asked).content
    ).items
    assert {row.community_id: row.share for row in rows} == {"C01": 1.0, "C02": 0.5, "C03": 0.5}
    assert {(row.mode, row.timetable_source) for row in rows} == {("walk_transit", "osm")}
    summary = SummaryAnswer.model_validate_json(
        ride_client.get("/v1/summary", params=asked).content
    )
    assert summary.items[0].mode == "walk_transit"
    assert summary.city["modes"] == ["walk", "walk_transit"]
    assert summary.city["transit"]["day"] == "2025-01-08"
    GapAnswer.model_validate_json(ride_client.get("/v1/gaps").content)


def test_card_names_a_home_to_retrace(ride_client, paper):
    """D4 is all of C03: the median home, leaving at 07:38; the journey from there agrees."""
    card = CommunityCard.model_validate_json(ride_client.get("/v1/communities/C03").content)
    rows = {(one.kind, one.mode): one for one in card.coverage}
    assert rows["kindergarten", "walk"].example is None
    example = rows["kindergarten", "walk_transit"].example
    assert (example.demand_id, example.basis, example.depart) == ("D4", "median", "07:38")
    assert example.riders_share == 1.0
    asked = {
        "lon": example.lon,
        "lat": example.lat,
        "kind": "kindergarten",
        "depart": example.depart,
    }
    journey = ride_client.get("/v1/journey", params=asked).json()
    assert journey["seconds"] == pytest.approx(example.typical_s, abs=0.001)
    near = rows["kindergarten", "walk_transit"].nearest
    assert (near.facility_id, near.nearest_m) == ("K1", None)
    assert near.nearest_s == pytest.approx(650.833)


def test_stops_and_lines_are_collections(ride_client, client):
    names = [one["id"] for one in ride_client.get("/collections").json()["collections"]]
    assert {"stops", "lines"} <= set(names)
    stops = ride_client.get("/collections/stops/items").json()
    assert stops["numberMatched"] == 5
    assert stops["features"][0]["id"] == "A"
    line = ride_client.get("/collections/lines/items/L1").json()
    assert line["geometry"]["type"] == "MultiLineString"
    assert line["properties"]["headway_min"] == 10.0
    walking = [one["id"] for one in client.get("/collections").json()["collections"]]
    assert not {"stops", "lines"} & set(walking)


@pytest.mark.parametrize(
    "path", ["/v1/coverage", "/v1/summary", "/v1/nearest", "/v1/isochrone", "/maps/pharmacy"]
)
def test_without_a_timetable_the_mode_is_refused_with_the_reason(client, paper, path):
    answer = client.get(path, params=_at(paper, 50, 20, kind="pharmacy", **MODE))
    assert answer.status_code == 400
    assert "one of walk " in answer.json()["detail"]
    assert "without a timetable" in answer.json()["detail"]


def test_without_a_timetable_there_is_no_journey(client, paper):
    answer = client.get("/v1/journey", params=_at(paper, 50, 20, kind="pharmacy"))
    assert answer.status_code == 422
    assert "without a timetable" in answer.json()["detail"]


def test_limits_in_metres_are_for_walks(ride_client):
    answer = ride_client.get("/v1/coverage", params={"kind": "pharmacy", "limit": "500m", **MODE})
    assert answer.status_code == 400
    assert "5, 10, 15" in answer.json()["detail"]
