"""The map of schools: what it carries is what the tables say, and what it shows follows the year."""

import functools
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Page, expect

from layers.results import TABLES, shape_table
from layers.store import Run
from maps.assets import assets_dir
from maps.backdrop import build_backdrop
from maps.modes import SCHOOLS_PAGE, has_schools
from maps.pages import write_maps
from maps.schools import schools_map
from maps.style import lightness, read_palette

ReadJson = Callable[[str, str], dict[str, Any]]
OpenPage = Callable[..., Any]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
YEARS = (2026, 2027, 2028)
LEVEL = "primary_school"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
LOT = 0.0012


def unpack(text: str, *, scale: float = 10.0) -> list[float]:
    """Numbers as the page reads them; none is NaN."""
    numbers, value, unit = [], 0, 1
    for letter in text:
        digit = LETTERS.index(letter)
        value += (digit & 31) * unit
        if digit < 32:
            numbers.append(value)
            value, unit = 0, 1
        else:
            unit *= 32
    return [np.nan if number == 0 else (number - 1) / scale for number in numbers]


def fill(table: str, rows: list[dict[str, Any]], geometry: Any = None) -> Any:
    """A table of a run from rows that name what matters."""
    blank = {"str": "", "float64": np.nan, "bool": False, "int64": 0, "boolean": pd.NA}
    full = [
        {name: row.get(name, blank[col.dtype]) for name, col in TABLES[table].items()}
        for row in rows
    ]
    frame = shape_table(pd.DataFrame(full, columns=list(TABLES[table])), table)
    if geometry is None:
        return frame
    return gpd.GeoDataFrame(frame, geometry=np.array(geometry, dtype=object), crs="EPSG:4326")


def tell_years(communities: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Community 0 is short of ever more places, 1 of fewer; 2 is unknown, 3 has no children."""
    rows = []
    for at, year in enumerate(YEARS):
        for place, code in enumerate(communities["community_id"]):
            out = {0: 8.0 + 60 * at, 1: 200.0 - 90 * at}.get(place, 0.0)
            status = {0: "gap", 1: "gap", 2: "unknown", 3: "not_applicable"}.get(place, "met")
            told = {"level": LEVEL, "year": year, "scope": "community", "area_id": code}
            rows.append(
                told
                | {"children": np.nan if place == 2 else 0.0 if place == 3 else 300.4}
                | {"out_of_reach": out, "left": 1.2, "left_possible": 2.4, "status": status}
                | {"settled_by": "children" if place == 2 else "", "places": 540.0}
            )
        city = {"level": LEVEL, "year": year, "scope": "city", "area_id": "样例市", "status": "gap"}
        rows.append(city | {"children": 4000.0, "out_of_reach": 208.0 - 30 * at, "left": 2.4})
        for school in ("s1", "s2", "parcel:P2")[: 2 + (at == 2)]:
            told = {"level": LEVEL, "year": year, "scope": "school", "area_id": school}
            free = 0.0 if school == "s1" and at else 40.0
            rows.append(told | {"placed": 260.5, "free": free, "left": 0.0, "walk_mean_m": 412.0})
    return rows


@pytest.fixture(scope="module")
def desk(run: Run) -> Run:
    """The small town with schools, parcels of every status, one of them taken, and a cluster."""
    communities = run.communities
    centres = shapely.get_coordinates(shapely.centroid(communities.geometry.to_numpy()))
    lots = [shapely.box(x, y, x + LOT, y + LOT) for x, y in centres[4:11] + 0.0008]
    statuses = ("reserved", "granted", "building", "open", "re-zoned", "occupied", "")
    parcels = [
        {"parcel_id": HOSTILE if at == 4 else f"P{at + 1}", "level": LEVEL, "status": status}
        | {"area_m2": 16_000.0, "urgency": float(7 - at), "gaps": float(at % 3), "unknowns": 1.0}
        | {"opening_year": 2028.0, "plan": HOSTILE}
        for at, status in enumerate(statuses)
    ]
    findings = [
        {"parcel_id": HOSTILE, "finding": "status", "status": "gap", "reason": HOSTILE}
        | {"reason_en": HOSTILE, "source_status": "derived", "document": HOSTILE},
        {"parcel_id": "P1", "finding": "encroachment", "status": "gap", "reason": "房屋占地"},
        {"parcel_id": "P1", "finding": "frontage", "status": "met", "reason": "临路"},
    ]
    shapes = [None, lots[0].buffer(-0.0004), shapely.LineString([centres[4], centres[5]])]
    schools = [
        {"school_id": "s1", "name": HOSTILE, "source": "osm", "places": 300.0},
        {"school_id": "s2", "name": "二小", "source": "t", "places": 900.0, "full_from": 2030.0},
        {"school_id": "s3", "name": "三小", "source": "t"},
        {"school_id": "parcel:P2", "name": "规划", "source": "parcel", "parcel_id": "P2"}
        | {"opening_year": 2028.0, "places": 540.0, "places_source": "planned"},
        {"school_id": "parcel:P3", "source": "parcel", "parcel_id": "P3"},
    ]
    where = [shapely.Point(xy) for xy in [*centres[[5, 6, 7]], *centres[[5, 6]] + 0.0014]]
    members = communities.iloc[12:14]
    zone = shapely.Point(centres[5]).buffer(0.004)
    rules = [{"code": "r.inside", "rule": "r", "kind": "kindergarten"}]
    return replace(
        run,
        manifest=run.manifest | {"packs": [{"code": "bj", "rules": rules}]},
        schools=fill("schools", [one | {"level": LEVEL} for one in schools], where),
        school_years=fill("school_years", tell_years(communities)),
        shortages=fill(
            "shortages",
            [
                {"community_id": communities["community_id"].iloc[0], "level": LEVEL}
                | {"status": "gap", "begins": 2026.0, "peak_year": 2028.0, "peak_children": 129.2}
                | {"land_missing": True, "needed_classes": 3.0}
            ],
        ),
        catchments=fill(
            "catchments",
            [
                {"school_id": "s1", "level": LEVEL, "year": 2026, "source": "assigned"},
                {"school_id": "s1", "level": LEVEL, "year": 2028, "source": "assigned"},
                {"school_id": "s2", "level": LEVEL, "year": 2028, "source": "placed"},
            ],
            [zone, zone, zone.buffer(0.001)],
        ),
        clusters=fill(
            "clusters",
            [
                {"cluster_id": "k", "pack": "bj", "rule": "r", "status": "met"}
                | {"communities": ",".join(members["community_id"])}
            ],
            [members.union_all()],
        ),
        parcels=fill("parcels", parcels, lots),
        parcel_findings=fill("parcel_findings", findings, shapes),
    )


@pytest.fixture(scope="module")
def html(desk: Run) -> str:
    return schools_map(desk)


@pytest.fixture(scope="module")
def data(html: str, read_json: ReadJson) -> dict[str, Any]:
    return read_json(html, "lc-schools")


def get_level(data: dict[str, Any], code: str = LEVEL) -> dict[str, Any]:
    return next(dict(level) for level in data["levels"] if level["code"] == code)


class TestContent:
    def test_every_level_and_year_and_where_it_opens(self, data: dict[str, Any]) -> None:
        assert data["years"] == list(YEARS)
        assert [level["code"] for level in data["levels"]][1] == data["level"] == LEVEL

    @pytest.mark.parametrize(
        "column", ["children", "places", "out_of_reach", "left", "left_possible"]
    )
    def test_communities_are_those_of_the_table(
        self, desk: Run, data: dict[str, Any], column: str
    ) -> None:
        rows = desk.school_years.query("scope == 'community'")
        packed = unpack(get_level(data)["communities"][column])
        assert packed == pytest.approx(rows[column].tolist(), abs=0.051, nan_ok=True)

    def test_statuses_and_what_would_settle_them(self, desk: Run, data: dict[str, Any]) -> None:
        told = get_level(data)["communities"]
        rows = desk.school_years.query("scope == 'community'")
        names = ["gap", "unknown", "met", "not_applicable"]
        assert [names[LETTERS.index(letter)] for letter in told["status"]] == list(rows["status"])
        settled = [told["settled_by"][LETTERS.index(letter)] for letter in told["settled"]]
        assert settled == ["", "", "children", *[""] * 13]

    def test_schools_by_year(self, desk: Run, data: dict[str, Any]) -> None:
        schools = get_level(data)["schools"]
        assert schools["id"] == ["s1", "s2", "s3", "parcel:P2", "parcel:P3"]
        # 0 not yet, 1 open, 2 nobody knows: two are planned, one of them without a year
        assert schools["open"] == "BBBACBBBACBBBBC"
        free = unpack(schools["free"])
        assert free[:2] == [40.0, 40.0]
        assert free[5:7] == [0.0, 40.0]
        assert np.isnan([*free[2:5], *free[7:10], free[12], free[14]]).all()
        assert unpack(schools["walk_mean_m"], scale=1)[0] == 412

    def test_city_shortages_and_figures(self, data: dict[str, Any]) -> None:
        level = get_level(data)
        assert level["areas"][0]["out_of_reach"] == [208, 178, 148]
        assert level["shortages"]["c"] == [0]
        assert level["shortages"]["ends"] == [None]
        limit = level["figures"][0]
        assert (limit["name"], limit["status"]) == ("limit", "primary")
        assert limit["document"]["zh"]

    def test_parcels_findings_and_what_stands_on_them(
        self, desk: Run, data: dict[str, Any]
    ) -> None:
        parcels, findings = data["parcels"], data["findings"]
        assert parcels["id"] == list(desk.parcels["parcel_id"])
        assert parcels["urgency"] == [7, 6, 5, 4, 3, 2, 1]
        assert parcels["teaches"] == {LEVEL: [LEVEL]}
        assert findings["said"]["parcel"] == [4, 0]
        assert len(findings["taken"]["parcel"]) == 1
        assert findings["shapes"]["findings"] == ["frontage"]

    def test_catchments_hold_each_shape_once(self, data: dict[str, Any]) -> None:
        catchments = get_level(data)["catchments"]
        assert len(unpack(catchments["counts"])) == 2
        assert (catchments["year"], catchments["school"]) == ("ACC", "AAB")
        assert (catchments["source"], catchments["shape"]) == ("AAB", "AAB")
        assert data["clusters"]["members"] == [[12, 13]]
        assert data["clusters"]["kind"] == ["kindergarten"]

    def test_backdrop_changes_nothing_and_lc_shared_is_lean(
        self, desk: Run, html: str, read_json: ReadJson
    ) -> None:
        assert schools_map(desk, backdrop=build_backdrop(desk)) == html
        assert "homes" not in read_json(html, "lc-shared")

    def test_linked_page_asks_for_leaflet_alone(self, desk: Run) -> None:
        page = schools_map(desk, assets="linked", asset_base="/assets/", lang="en")
        assert re.findall(r'(?:src|href)="([^"]+)"', page.split("<body")[0]) == [
            "/assets/leaflet.css",
            "/assets/leaflet.js",
            "data:,",
        ]
        assert '<html lang="en">' in page


class TestOddRuns:
    def test_hostile_words_are_data_alone(self, html: str) -> None:
        assert "onerror=alert(1)>" not in html.replace("\\u003e", "")
        assert html.count("<script") == html.count("</script")
        assert "<img" not in html.split("<body")[1]

    def test_nothing_at_all(self, run: Run, read_json: ReadJson) -> None:
        assert not has_schools(run)
        data = read_json(schools_map(run), "lc-schools")
        assert len(data["years"]) == 1
        assert data["parcels"]["id"] == []
        assert {level["communities"]["status"] for level in data["levels"]} == {""}

    def test_nothing_known_of_children(self, desk: Run, read_json: ReadJson) -> None:
        rows = desk.school_years.query("scope == 'community'")
        blank = dict.fromkeys(("children", "places", "out_of_reach", "left"), np.nan)
        unknown = rows.assign(
            **blank, left_possible=np.nan, status="unknown", settled_by="children"
        )
        data = read_json(schools_map(replace(desk, school_years=unknown)), "lc-schools")
        told = get_level(data)["communities"]
        assert told["children"] == ""
        assert set(told["status"]) == {"B"}
        assert told["settled_by"] == ["children"]

    def test_parcels_without_a_place_and_as_points(self, desk: Run, read_json: ReadJson) -> None:
        shapes = desk.parcels.geometry.to_numpy().copy()
        shapes[0], shapes[1] = None, shapes[1].centroid
        odd = replace(desk, parcels=desk.parcels.set_geometry(gpd.GeoSeries(shapes, crs=4326)))
        html = schools_map(odd)
        features = json.loads(re.findall(r"geo_json_\w+_add\((\{.*\})\);", html)[1])["features"]
        assert [one["properties"]["i"] for one in features] == [1, 2, 3, 4, 5, 6]
        assert features[0]["geometry"]["type"] == "Point"
        assert read_json(html, "lc-schools")["parcels"]["lon"][0] is None

    def test_a_large_city_stays_below_three_megabytes(self, make_run: Callable[..., Run]) -> None:
        town = make_run(blocks=78, communities_per_side=39, homes=200, kinds={"pharmacy": 1})
        random = np.random.default_rng(3)
        codes = town.communities["community_id"].to_numpy()
        shape = (4, 10, len(codes))
        level, year, place = (axis.ravel() for axis in np.indices(shape))
        frame = pd.DataFrame(
            {
                "level": np.array(list(town.parameters.levels))[level],
                "year": 2026 + year,
                "scope": "community",
                "area_id": codes[place],
                "status": random.choice(["gap", "met"], level.size),
                "settled_by": "",
                **{
                    name: random.uniform(0, 90, level.size)
                    for name in ("children", "places", "out_of_reach", "left", "left_possible")
                },
            }
        )
        for name, column in TABLES["school_years"].items():
            if name not in frame:
                frame[name] = "" if column.dtype == "str" else np.nan
        page = schools_map(replace(town, school_years=shape_table(frame, "school_years")))
        assert len(codes) == 1521
        assert len(page.encode()) < 3_000_000


def test_shades_differ_in_grey() -> None:
    own = read_palette().plain["schools"]
    steps = [lightness(low) - lightness(high) for low, high in pairwise(own["colors"])]
    assert min(steps) >= 7.5
    assert lightness(own["met"]) > lightness(own["colors"][0])
    assert len(own["breaks"]) == len(own["colors"])


@pytest.fixture(scope="module")
def folder(desk: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("schools")
    assert place / SCHOOLS_PAGE in write_maps(desk, place, kinds=["clinic"])
    return place


def shades(page: Page) -> list[Any]:
    """Fill of the first four communities; a pattern counts as `stripes`."""
    return list(
        page.evaluate(
            "[0, 1, 2, 3].map((i) => { const fill = LC.outlines[i].options.fillColor; return typeof fill === 'string' ? fill : 'stripes'; })"
        )
    )


@pytest.mark.browser
class TestFromDisk:
    def test_the_year_changes_shades_schools_and_figure(
        self, folder: Path, open_page: OpenPage, artefacts: Path
    ) -> None:
        watched = open_page((folder / SCHOOLS_PAGE).as_uri())
        page = watched.ready()
        own = read_palette().plain["schools"]
        colors = own["colors"]
        # 9.2 and 201.2 children without a place in 2026, 129.2 and 21.2 in 2028
        assert shades(page) == [colors[0], colors[3], "stripes", own["not_applicable"]]
        expect(page.locator("#lc-figure")).to_contain_text("210")
        expect(page.locator("[data-school=full]")).to_have_text("")
        slider = page.locator("#lc-year")
        slider.focus()
        page.keyboard.press("End")
        assert shades(page) == [colors[2], colors[1], "stripes", own["not_applicable"]]
        expect(page.locator("#lc-figure")).to_contain_text("2028")
        expect(page.locator("#lc-figure")).to_contain_text("150")
        expect(page.locator("[data-school=full]")).to_have_text("1")
        expect(page.locator("[data-class=met]")).to_have_text("12")
        page.locator("[data-level=kindergarten]").click()
        assert shades(page) == ["stripes"] * 4
        expect(page.locator("#lc-figure")).to_contain_text("未知")
        page.screenshot(path=artefacts / "map-schools.png")
        assert watched.complaints == []
        assert [url for url in watched.requests if not url.startswith(("file://", "data:"))] == []

    def test_cards_say_what_the_tables_say_and_words_stay_words(
        self, folder: Path, open_page: OpenPage
    ) -> None:
        watched = open_page((folder / SCHOOLS_PAGE).as_uri())
        page = watched.ready()
        page.locator(".lc-search input").fill("alert")
        expect(page.locator(".lc-search li")).to_have_count(9)
        page.locator(".lc-search li", has_text="已调整用途").dispatch_event("mousedown")
        card = page.locator(".lc-card")
        expect(card.locator("h3")).to_have_text(HOSTILE)
        expect(card).to_contain_text("第 3 位（共 7 宗）")
        expect(card.locator(".lc-finding")).to_contain_text(HOSTILE)
        page.locator(".lc-search input").fill("s1")
        page.locator(".lc-search li").first.dispatch_event("mousedown")
        expect(card.locator("tr", has_text="测算余量")).to_contain_text("40")
        page.evaluate(
            "void LC.outlines[0].fire('click', {latlng: LC.outlines[0].getBounds().getCenter(), originalEvent: new MouseEvent('click')})"
        )
        expect(card).to_contain_text("2026 年起")
        expect(card.locator(".lc-big b")).to_have_text("至少 9")
        expect(card.locator("tr", has_text="无法判断")).to_contain_text("1")
        expect(page.locator("[data-least]")).to_be_visible()
        page.locator("#lc-lang").click()
        expect(card).to_contain_text("from 2026")
        assert watched.complaints == []

    def test_index_leads_there(self, folder: Path, open_page: OpenPage) -> None:
        watched = open_page((folder / "index.html").as_uri())
        watched.page.get_by_role("link", name="学位与教育用地").click()
        watched.ready()
        assert watched.complaints == []


OUTER = """<!DOCTYPE html><meta charset="utf-8"><title>outer</title><link rel="icon" href="data:,">
<script>window.heard = []; addEventListener("message", (event) => heard.push(event.data));
const say = (message) => document.getElementById("map").contentWindow.postMessage(message, location.origin);</script>
<iframe id="map" src="/schools.html?embed=1" style="width:1000px;height:700px"></iframe>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(desk: Run, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "outer.html").write_text(OUTER, encoding="utf-8")
    page = schools_map(desk, assets="linked", asset_base="/assets/")
    (tmp_path / "schools.html").write_text(page, encoding="utf-8")
    (tmp_path / "assets").symlink_to(assets_dir())
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/outer.html"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_the_page_around_drives_it(address: str, desk: Run, open_page: OpenPage) -> None:
    watched = open_page(address, offline=False)
    page = watched.page
    page.wait_for_function("heard.some((one) => one.type === 'lifecircle:ready')")
    inner = page.frames[1]
    expect(inner.locator("#lc-years")).to_be_hidden()
    page.evaluate(f"say({{type: 'lifecircle:schools', level: '{LEVEL}', year: 2028}})")
    inner.wait_for_function(
        f"LC.outlines[0].options.fillColor === '{read_palette().plain['schools']['colors'][2]}'"
    )
    page.evaluate("say({type: 'lifecircle:parcel', parcel_id: 'P1'})")
    inner.wait_for_function("LC.lots[0].options.weight === 4 && LC.map.getZoom() > 15")
    code = desk.communities["community_id"].iloc[5]
    losses = [{"community_id": code, "lost": 12, "moved": 3}]
    page.evaluate(
        f"say({{type: 'lifecircle:release', parcel_id: 'P1', communities: {json.dumps(losses)}}})"
    )
    inner.wait_for_function("LC.outlines[5].options.dashArray === '7 4'")
    page.evaluate("say({type: 'lifecircle:release', parcel_id: 'P1', communities: []})")
    inner.wait_for_function("!LC.outlines[5].options.dashArray")
    page.evaluate("say({type: 'lifecircle:parcel', parcel_id: ''})")
    inner.wait_for_function("LC.lots[0].options.weight < 3")
    inner.evaluate(
        "void LC.lots[1].fire('click', {latlng: LC.lots[1].getBounds().getCenter(), originalEvent: new MouseEvent('click')})"
    )
    page.wait_for_function(
        "heard.some((one) => one.type === 'lifecircle:select' && one.what === 'parcel' && one.id === 'P2')"
    )
    assert watched.complaints == []
