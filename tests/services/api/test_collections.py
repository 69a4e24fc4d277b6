"""Features: pages, boxes, ids, links."""

import pytest


def _box(paper, west, south, east, north):
    return ",".join(
        f"{value:.7f}" for value in (*paper.lonlat(west, south), *paper.lonlat(east, north))
    )


def test_list_of_collections(client):
    found = client.get("/collections").json()
    names = [collection["id"] for collection in found["collections"]]
    assert {
        "communities",
        "facilities",
        "entrances",
        "demand",
        "streets",
        "coverage",
        "gaps",
    } <= set(names)
    for name in names:
        assert client.get(f"/collections/{name}").json()["id"] == name
        answer = client.get(f"/collections/{name}/items", params={"limit": 3})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/geo+json"
        assert b"NaN" not in answer.content


def test_pages_cover_everything_once(client):
    url = "/collections/streets/items?limit=7"
    ids = []
    while url:
        page = client.get(url).json()
        assert page["numberMatched"] == 40
        assert page["numberReturned"] == len(page["features"])
        ids += [feature["id"] for feature in page["features"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert ids == [str(number) for number in range(40)]


def test_box_selects_by_shape(client, paper):
    page = client.get(
        "/collections/facilities/items", params={"bbox": _box(paper, 0, 0, 300, 300)}
    ).json()
    assert [feature["id"] for feature in page["features"]] == ["P1:pharmacy", "K1:kindergarten"]
    assert page["numberMatched"] == 2
    assert page["features"][0]["properties"]["inclusive"] is None
    lon, lat = page["features"][0]["geometry"]["coordinates"]
    assert (lon, lat) == pytest.approx(paper.lonlat(100, 10), abs=1e-7)


def test_box_is_kept_on_the_next_page(client, paper):
    page = client.get(
        "/collections/streets/items", params={"bbox": _box(paper, -10, -10, 210, 210), "limit": 2}
    ).json()
    assert page["numberMatched"] == 8  # four sides of the block, four streets that start at it
    link = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert len(client.get(link).json()["features"]) == 2


def test_box_with_heights_and_across_the_date_line(client, paper):
    west, south, east, north = _box(paper, 0, 0, 300, 300).split(",")
    high = client.get(
        "/collections/facilities/items", params={"bbox": f"{west},{south},0,{east},{north},9"}
    )
    assert high.json()["numberMatched"] == 2
    around = client.get("/collections/facilities/items", params={"bbox": "170,-80,120,80"})
    assert around.json()["numberMatched"] == 3


def test_one_feature(client):
    feature = client.get("/collections/coverage/items/C01:pharmacy:walk:15.0:min").json()
    assert feature["properties"]["share"] == 1.0
    assert feature["geometry"]["type"] == "Polygon"
    assert {link["rel"] for link in feature["links"]} == {"self", "collection"}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/collections/street/items", 404, "streets"),
        ("/collections/streets/items/none", 404, "none"),
        ("/collections/streets/items?limit=10001", 400, "10000"),
        ("/collections/streets/items?limit=0", 400, "1"),
        ("/collections/streets/items?offset=-1", 400, "0"),
        ("/collections/streets/items?bbox=1,2,3", 400, "west,south,east,north"),
        ("/collections/streets/items?bbox=1,50,3,40", 400, "west,south,east,north"),
        ("/collections/streets/items?bbox=1,2,3,nan", 400, "west,south,east,north"),
        ("/collections/streets/items?bbox=a,b,c,d", 400, "west,south,east,north"),
        ("/collections/streets/items?bbx=1,2,3,4", 400, "bbox"),
    ],
)
def test_bad_questions(client, path, status, words):
    answer = client.get(path)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_empty_collection_is_no_error(client):
    page = client.get("/collections/barriers/items").json()
    assert (page["features"], page["numberMatched"]) == ([], 0)


def test_landing_page_and_conformance(client):
    landing = client.get("/", headers={"Accept": "application/json"}).json()
    assert {"service-desc", "conformance", "data"} <= {link["rel"] for link in landing["links"]}
    assert client.get("/conformance").json() == {"conformsTo": []}
    assert client.get("/", params={"f": "json"}).json() == landing
