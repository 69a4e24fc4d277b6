"""Nearest facilities and isochrones, with the arithmetic of the paper town."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
import shapely
from fastapi.testclient import TestClient

from layers.config import read_config
from services.api.app import create_app
from services.api.place_models import NearestAnswer
from services.pipeline import run_city
from services.settings import ServiceSettings


def _at(paper, x, y, **more):
    lon, lat = paper.lonlat(x, y)
    return {"lon": lon, "lat": lat, **more}


def test_nearest_walk_and_its_legs(client, paper):
    """20 m down to the street, 50 m along it, 10 m up to the door: 80 m, 80 / 1.2 s."""
    answer = client.get("/v1/nearest", params=_at(paper, 50, 20, kind="pharmacy"))
    parsed = NearestAnswer.model_validate_json(answer.content)
    (walk,) = parsed.nearest
    assert (walk.facility_id, walk.name, walk.entrance.entrance_id) == ("P1", "康宁药房", "P1/1")
    assert walk.walk_m == pytest.approx(80, abs=0.01)
    legs = (walk.legs.to_street_m, walk.legs.along_streets_m, walk.legs.from_street_m)
    assert legs == pytest.approx((20, 50, 10), abs=0.01)
    assert sum(legs) == pytest.approx(walk.walk_m, abs=0.002)
    assert walk.minutes == pytest.approx(80 / 1.2 / 60, abs=0.01)
    assert parsed.snapped.street.name == "街0"
    assert (parsed.snapped.lon, parsed.snapped.lat) == pytest.approx(paper.lonlat(50, 0), abs=1e-6)
    assert parsed.status == "reached"


def test_several_nearest_in_order(client, paper):
    """From (50, 20) to P2 at (700, 610): 20 + 650 + 600 + 10 = 1280 m."""
    answer = client.get("/v1/nearest", params=_at(paper, 50, 20, kind="pharmacy", n=5))
    walks = answer.json()["nearest"]
    assert [walk["facility_id"] for walk in walks] == ["P1", "P2"]
    assert walks[1]["walk_m"] == pytest.approx(1280, abs=0.05)
    assert walks[1]["name"] == '<img src=x onerror="alert(1)">'


def test_nearest_of_a_kind_without_data_is_unknown(client, paper):
    answer = client.get("/v1/nearest", params=_at(paper, 50, 20, kind="clinic")).json()
    assert (answer["status"], answer["nearest"]) == ("unknown", [])
    assert "诊所" in answer["reason"]


def test_point_far_from_streets_says_how_far(client, paper):
    answer = client.get("/v1/nearest", params=_at(paper, -500, 0, kind="pharmacy"))
    assert answer.status_code == 422
    assert answer.json()["distance_m"] == pytest.approx(500, abs=1)
    assert "150 m" in answer.json()["detail"]


def test_point_on_the_other_side_of_the_world(client):
    answer = client.get("/v1/isochrone", params={"lon": -73.0, "lat": -34.0})
    assert answer.status_code == 422
    assert answer.json()["distance_m"] > 10_000_000


def test_isochrone_reaches_the_streets_it_should(client, paper):
    """From the middle junction, 5 min at 1.2 m/s are 360 m.

    Four blocks of 200 m, then 160 m into each of the three streets at their ends:
    4 x 200 + 4 x 3 x 160 = 2720 m.
    """
    params = _at(paper, 400, 400, minutes="5,10,15", streets="true")
    answer = client.get("/v1/isochrone", params=params)
    assert answer.headers["content-type"] == "application/geo+json"
    found = json.loads(answer.content)
    assert [(f["properties"]["part"], f["properties"]["minutes"]) for f in found["features"]] == [
        ("area", 15), ("streets", 15), ("area", 10), ("streets", 10), ("area", 5), ("streets", 5),
    ]  # fmt: skip
    five = found["features"][4]
    assert five["properties"]["street_m"] == pytest.approx(2720, abs=0.5)
    polygon = shapely.geometry.shape(five["geometry"])
    pieces = shapely.geometry.shape(found["features"][5]["geometry"])
    assert polygon.is_valid
    assert polygon.contains(shapely.Point(paper.lonlat(740, 400)))
    assert not polygon.contains(shapely.Point(paper.lonlat(600, 580)))
    assert pieces.difference(polygon).length < 1e-7


def test_longer_walks_hold_shorter_ones(client, paper):
    found = client.get("/v1/isochrone", params=_at(paper, 130, 330, minutes="2,4,8")).json()
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in found["features"]]
    areas = [feature["properties"]["area_m2"] for feature in found["features"]]
    assert areas == sorted(areas, reverse=True)
    assert shapes[0].covers(shapes[2].buffer(-1e-6))


def test_slow_travellers_get_less_far(client, paper):
    adult = client.get("/v1/isochrone", params=_at(paper, 400, 400, minutes="5")).json()
    older = client.get(
        "/v1/isochrone", params=_at(paper, 400, 400, minutes="5", traveller="older")
    ).json()
    assert adult["features"][0]["properties"]["limit_m"] == 360
    assert older["features"][0]["properties"]["limit_m"] == 240


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"minutes": "61"}, "at most 60"),
        ({"minutes": "0"}, "above 0"),
        ({"minutes": "-5"}, "above 0"),
        ({"minutes": "1,2,3,4,5,6,7"}, "up to 6"),
        ({"minutes": ""}, "numbers"),
        ({"minutes": "nan"}, "numbers"),
        ({"minutes": "five"}, "numbers"),
        ({"lon": "nan"}, "finite"),
        ({"lon": "inf"}, "lon"),
        ({"lat": "91"}, "90"),
        ({"lon": "east"}, "number"),
        ({"traveller": "cyclist"}, "older"),
    ],
)
def test_isochrone_limits(client, paper, params, words):
    answer = client.get("/v1/isochrone", params={**_at(paper, 400, 400), **params})
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert answer.json()["parameter"] == next(iter(params))


@pytest.mark.parametrize(("n", "status"), [(0, 400), (11, 400), (10, 200)])
def test_nearest_limits(client, paper, n, status):
    answer = client.get("/v1/nearest", params=_at(paper, 50, 20, kind="pharmacy", n=n))
    assert answer.status_code == status


def test_missing_parameters_are_named(client):
    detail = client.get("/v1/nearest").json()["detail"]
    assert "lon" in detail
    assert "lat" in detail
    assert "kind" in detail


@pytest.fixture(scope="module")
def slow_client(make_city, tmp_path_factory) -> Iterator[TestClient]:
    """The app on a run of the small city with buses whose `city.toml` says `adult_m_s = 1.0`."""
    folder = tmp_path_factory.mktemp("slow")
    city = make_city(folder / "city")
    city.add_buses()
    city.extra_toml += "[settings]\nadult_m_s = 1.0\nolder_m_s = 0.5\n"
    run_city(read_config(city.write()), folder / "run", today=date(2026, 1, 1))
    app = create_app(ServiceSettings(run=folder / "run", reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


def _ask_slow(client, path, **params):
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_walking_speeds_are_those_of_the_run(slow_client):
    """At 1.0 m/s five minutes are 300 m, and a walk takes as many seconds as it has metres."""
    home = {"lon": 107.1522, "lat": 34.3502}
    for traveller, limit_m in (("adult", 300), ("older", 150), ("child", 300)):
        found = _ask_slow(slow_client, "/v1/isochrone", **home, minutes="5", traveller=traveller)
        assert found["features"][0]["properties"]["limit_m"] == limit_m
    (walk,) = _ask_slow(slow_client, "/v1/nearest", **home, kind="pharmacy")["nearest"]
    assert walk["walk_s"] == pytest.approx(walk["walk_m"], abs=0.06)  # rounded to a tenth
    journey = _ask_slow(slow_client, "/v1/journey", **home, kind="pharmacy")
    assert journey["speed_m_s"] == 1.0
    assert journey["walk"]["walk_s"] == pytest.approx(journey["walk"]["walk_m"], abs=0.001)
    ride = _ask_slow(
        slow_client, "/v1/isochrone", **home, minutes="5", mode="walk_transit", depart="07:30"
    )
    assert ride["features"][0]["properties"]["speed_m_s"] == 1.0
