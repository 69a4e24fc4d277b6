"""The service on the run of a whole real city: answers equal its tables, and no place on the map breaks it."""

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from services.api.app import create_app
from services.settings import ServiceSettings

pytestmark = pytest.mark.real

# Here streets cross without a node (bridges), so that the blocks between them touch themselves.
AWKWARD = [
    (-15.437346795672612, 28.112500200038127),
    (-15.436615710455278, 28.11127307965433),
    (-15.43129564510031, 28.111635371923196),
]


@pytest.fixture(scope="module")
def client(las_palmas):
    with TestClient(create_app(ServiceSettings(run=las_palmas.folder))) as client:
        yield client


def test_coverage_is_that_of_the_table(client, las_palmas):
    answer = client.get("/v1/coverage", params={"kind": "pharmacy", "limit": "15"}).json()
    table = las_palmas["coverage"].query("kind == 'pharmacy' and limit == 15 and mode == 'walk'")
    assert answer["count"] == 29
    shares = {row["community_id"]: row["share"] for row in answer["items"]}
    expected = dict(zip(table["community_id"], table["share"], strict=True))
    assert shares == pytest.approx(expected, abs=1e-6)  # six decimals travel


def test_isochrones_grow_and_hold_their_start(client, las_palmas):
    homes = las_palmas["demand"].query("connected")
    chosen = homes.iloc[np.random.default_rng(30).permutation(len(homes))[:30]]
    places = [*AWKWARD, *zip(chosen.geometry.x, chosen.geometry.y, strict=True)]
    for lon, lat in places:
        answer = client.get("/v1/isochrone", params={"lon": lon, "lat": lat, "minutes": "5,10,15"})
        assert answer.status_code == 200, (lon, lat)
        areas = {
            feature["properties"]["minutes"]: shapely.geometry.shape(feature["geometry"])
            for feature in answer.json()["features"]
        }
        assert set(areas) == {5, 10, 15}
        assert all(shape.is_valid for shape in areas.values())
        assert 0 < areas[5].area < areas[10].area < areas[15].area
        # 15 minutes at 1.2 m/s are 1080 m; half a ribbon's width and rounding come on top
        west, south, east, north = areas[15].bounds
        assert north - south < 2 * (1080 + 60) / 110_000
        assert east - west < 2 * (1080 + 60) / (111_000 * np.cos(np.radians(28.1)))
