"""The pages in Chromium: from disk without a network, and inside another page."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from layers.store import Run
from maps.assets import assets_dir
from maps.pages import gap_map, write_maps
from maps.style import read_palette

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Any]
OUTER = """<!DOCTYPE html><meta charset="utf-8"><title>outer</title><link rel="icon" href="data:,">
<iframe id="map" src="/pharmacy.html?embed=1" style="width:1000px;height:700px"></iframe>
<script>window.heard = []; addEventListener("message", (event) => {
  if (event.origin === location.origin) heard.push(event.data);
});</script>"""


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("maps")
    write_maps(run, place)
    return place


def at(page: Page, lonlat: tuple[float, float]) -> tuple[float, float]:
    """Place of a point on the screen."""
    point = page.evaluate(
        "([lon, lat]) => { const p = LC.map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }",
        list(lonlat),
    )
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    return box["x"] + point[0], box["y"] + point[1]


class TestFromDisk:
    def test_opens_alone_and_quietly(
        self, folder: Path, open_page: OpenPage, artefacts: Path
    ) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        page.wait_for_timeout(300)
        page.screenshot(path=artefacts / "map-desktop.png")
        assert watched.complaints == []
        assert [url for url in watched.requests if not url.startswith(("file://", "data:"))] == []
        assert len([url for url in watched.requests if url.startswith("file://")]) == 1
        assert page.evaluate("document.fonts.size") == 0

    def test_click_on_a_community_shows_its_card(
        self, folder: Path, run: Run, open_page: OpenPage, artefacts: Path
    ) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        third = run.communities.iloc[3]
        page.mouse.click(*at(page, third.geometry.centroid.coords[0]))
        card = page.locator(".lc-card")
        expect(card.locator("h3")).to_have_text(third["name"])
        row = (
            run.coverage.query("kind == 'pharmacy' and limit == 15")
            .set_index("community_id")
            .loc[third["community_id"]]
        )
        expect(card).to_contain_text(f"{100 * row['share']:.1f}%")
        expect(card).to_contain_text(
            f"{row['households_covered']:,.0f} / {third['households']:,.0f} 户"
        )
        expect(card).to_contain_text("按住宅楼")
        expect(card).to_contain_text(f"中位数 {row['median_s'] / 60:.1f} 分钟")
        expect(card).to_contain_text("未核实")
        page.wait_for_timeout(400)
        page.screenshot(path=artefacts / "map-card.png")
        assert watched.complaints == []

    def test_language_switches_without_reload(self, folder: Path, open_page: OpenPage) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        page.evaluate("window.kept = true")
        expect(page.locator("h1 :visible")).to_have_text("药店")
        page.click("#lc-lang")
        expect(page.locator("h1 :visible")).to_have_text("pharmacy")
        expect(page.locator(".leaflet-control-layers")).to_contain_text("Homes not covered")
        expect(page.locator(".lc-legend")).to_contain_text("Coverage of communities")
        assert page.evaluate("[window.kept, document.documentElement.lang]") == [True, "en"]
        page.click("#lc-lang")
        expect(page.locator(".lc-legend")).to_contain_text("社区覆盖率")
        assert watched.complaints == []

    def test_search_finds_a_community_and_a_facility(
        self, folder: Path, run: Run, open_page: OpenPage
    ) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        name = run.communities["name"].iloc[6]
        page.fill(".lc-search input", name[:2])
        expect(page.locator("#lc-found li").first).to_contain_text(name)
        page.keyboard.press("Enter")
        expect(page.locator(".lc-card h3")).to_have_text(name)
        page.fill(".lc-search input", "第4药店")
        page.keyboard.press("Enter")
        expect(page.locator(".lc-card h3")).to_have_text("第4药店")
        expect(page.locator(".lc-card")).to_contain_text("大门")
        page.fill(".lc-search input", "没有这个地方")
        expect(page.locator("#lc-found")).to_have_text("没有找到")
        assert watched.complaints == []

    def test_hostile_names_stay_text(self, folder: Path, run: Run, open_page: OpenPage) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        page.fill(".lc-search input", "alert(1)")
        found = page.locator("#lc-found b")
        expect(found).to_have_count(2)
        assert set(found.all_text_contents()) == {
            "<script>alert(1)</script>",
            run.communities["name"].iloc[1],
        }
        for n in range(2):
            page.fill(".lc-search input", "alert(1)")
            page.locator("#lc-found li").nth(n).dispatch_event("mousedown")
            expect(page.locator(".lc-card h3")).to_contain_text("alert(1)")
            page.locator(".lc-card").hover()
        assert page.locator("img[src='x']").count() == 0
        assert watched.complaints == []

    def test_limit_changes_class_counts_and_homes(
        self, folder: Path, run: Run, open_page: OpenPage
    ) -> None:
        page = open_page((folder / "pharmacy.html").as_uri()).ready()
        best = "[data-class='5']"
        covered = run.coverage.query("kind == 'pharmacy' and share >= 0.95").groupby("limit").size()
        expect(page.locator(best)).to_have_text(str(covered[15.0]))
        page.click("[data-limit='5']")
        expect(page.locator(best)).to_have_text(str(covered[5.0]) if 5.0 in covered else "")
        share = run.manifest["summary"]["pharmacy"]["5"]["share"]
        expect(page.locator("#lc-figure")).to_contain_text(f"{100 * share:.1f}%")

    def test_home_says_street_entrance_and_walk(
        self, folder: Path, run: Run, open_page: OpenPage
    ) -> None:
        page = open_page((folder / "pharmacy.html").as_uri()).ready()
        access = run.access.query("kind == 'pharmacy'").set_index("demand_id")
        far = access[~access["within_limit"] & access["nearest_s"].notna()].index
        home = run.demand[
            run.demand["demand_id"].isin(far) & (run.demand["street_name"] != "")
        ].iloc[0]
        page.evaluate(
            "([lon, lat]) => void LC.map.setView([lat, lon], 18, {animate: false})",
            [home.geometry.x, home.geometry.y],
        )
        page.mouse.click(*at(page, (home.geometry.x, home.geometry.y)))
        card = page.locator(".lc-card")
        minutes = access.loc[home["demand_id"], "nearest_s"] / 60
        expect(card).to_contain_text("中山路")
        expect(card).to_contain_text(f"到街道 {round(home['leg_m'])} 米")
        assert (
            abs(
                float(card.locator("tr:has-text('步行') td").first.inner_text().split()[0])
                - minutes
            )
            <= 0.06
        )

    def test_unknown_kind_is_hatched_and_leaves_nobody_out(
        self, folder: Path, open_page: OpenPage, artefacts: Path
    ) -> None:
        watched = open_page((folder / "clinic.html").as_uri())
        page = watched.ready()
        expect(page.locator("[data-class='-1']")).to_have_text("16")
        expect(page.locator("#lc-figure")).to_contain_text("未知")
        assert page.evaluate("typeof LC.communityStyle({properties: {i: 0}}).fillColor") == "object"
        page.wait_for_timeout(300)
        page.screenshot(path=artefacts / "map-unknown.png")
        page.evaluate(
            "void LC.outlines[0].fire('click', {latlng: LC.outlines[0].getBounds().getCenter(), originalEvent: new MouseEvent('click')})"
        )
        expect(page.locator(".lc-card")).to_contain_text("数据中没有社区诊所")
        assert watched.complaints == []

    def test_streets_by_minutes(self, folder: Path, open_page: OpenPage) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        page.get_by_text("街道：按步行时间着色").click()
        expect(page.locator("section[data-view='minutes']")).to_be_visible()
        expect(page.locator("section[data-view='coverage']")).to_be_hidden()
        assert page.evaluate("LC.communityStyle({properties: {i: 0}}).fillOpacity") == 0
        assert watched.complaints == []

    def test_phone_fits_and_folds(self, folder: Path, open_page: OpenPage, artefacts: Path) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri(), phone=True)
        page = watched.ready()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        expect(page.locator(".lc-legend-body")).to_be_hidden()
        page.wait_for_timeout(300)
        page.screenshot(path=artefacts / "map-phone.png")
        page.tap(".lc-fold")
        expect(page.locator(".lc-legend-body")).to_be_visible()
        page.wait_for_timeout(300)
        page.screenshot(path=artefacts / "map-phone-legend.png")
        assert watched.complaints == []

    def test_index_leads_to_the_maps_and_back(
        self, folder: Path, open_page: OpenPage, artefacts: Path
    ) -> None:
        watched = open_page((folder / "index.html").as_uri())
        page = watched.page
        page.screenshot(path=artefacts / "map-index.png")
        expect(page.locator("main")).to_contain_text("合成示例数据")
        page.click("#lang")
        page.get_by_role("link", name="kindergarten").click()
        page.wait_for_selector("html[data-ready='1']")
        expect(page.locator("h1 :visible")).to_have_text("kindergarten")
        page.click("a.lc-home")
        expect(page.get_by_role("link", name="kindergarten")).to_be_visible()
        assert watched.complaints == []


class TestCircles:
    def test_communities_by_a_circle(
        self, folder: Path, run: Run, open_page: OpenPage, artefacts: Path
    ) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        page.locator(".leaflet-control-layers-base label").nth(2).click()
        cards = run.scorecards
        select = page.locator("#lc-card")
        expect(select.locator("option")).to_have_text(
            ["<script>alert(1)</script>", "幸福型社区", "社区规模"]
        )
        for card in ("bj.circle.daily", "bj.type.happy"):
            select.select_option(index=["bj.circle.daily", "bj.type.happy"].index(card))
            counts = cards[cards["card"] == card]["status"].value_counts()
            for status in ("gap", "unknown", "met", "not_applicable"):
                expect(page.locator(f"[data-status={status}]")).to_have_text(str(counts[status]))
        expect(page.locator("#lc-card-basis em")).to_have_text(["未核实", "本市取值"])
        expect(page.locator(".lc-rules")).to_be_hidden()
        fill = page.evaluate("LC.communityStyle({properties: {i: 2}}).fillColor")
        status = cards[cards["card"] == "bj.type.happy"]["status"].tolist()
        assert status[2] == "not_applicable"
        assert fill == read_palette().plain["status"]["not_applicable"]
        page.wait_for_timeout(300)
        page.screenshot(path=artefacts / "map-circles.png")
        assert watched.complaints == []

    def test_card_lists_the_circles(self, folder: Path, run: Run, open_page: OpenPage) -> None:
        watched = open_page((folder / "pharmacy.html").as_uri())
        page = watched.ready()
        page.mouse.click(*at(page, run.communities.iloc[4].geometry.centroid.coords[0]))
        lines = page.locator(".lc-circle")
        expect(lines).to_have_text(
            ["缺口<script>alert(1)</script>", "未知幸福型社区 未核实 本市取值"]
        )
        page.locator("#lc-lang").click()
        expect(lines).to_have_text(["gapDaily", "unknownHappy unverified city's own value"])
        assert watched.complaints == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def served(run: Run, tmp_path: Path) -> Iterator[str]:
    """Address of a page that frames the linked map, on a loopback port."""
    (tmp_path / "outer.html").write_text(OUTER, encoding="utf-8")
    (tmp_path / "pharmacy.html").write_text(
        gap_map(run, "pharmacy", assets="linked"), encoding="utf-8"
    )
    (tmp_path / "assets").symlink_to(assets_dir())
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/outer.html"
        server.shutdown()
        thread.join()


def test_messages_with_the_page_around_it(served: str, run: Run, open_page: OpenPage) -> None:
    watched = open_page(served, offline=False)
    page = watched.page
    frame = page.frame_locator("#map")
    frame.locator("html[data-ready='1']").wait_for()
    inner = page.frames[1]
    expect(frame.locator("#lc-bar")).to_be_hidden()

    inner.evaluate(
        "void LC.outlines[4].fire('click', {latlng: LC.outlines[4].getBounds().getCenter(), originalEvent: new MouseEvent('click')})"
    )
    page.wait_for_function("heard.length === 1")
    assert page.evaluate("heard[0]") == {
        "type": "lifecircle:select",
        "community_id": run.communities["community_id"].iloc[4],
    }

    send = "message => frames[0].postMessage(message, location.origin)"
    page.evaluate(
        send, {"type": "lifecircle:focus", "community_id": run.communities["community_id"].iloc[7]}
    )
    expect(frame.locator(".lc-card h3")).to_have_text(run.communities["name"].iloc[7])
    page.evaluate(send, {"type": "lifecircle:lang", "lang": "en"})
    expect(frame.locator(".lc-legend")).to_contain_text("Coverage of communities")
    page.evaluate(send, {"type": "lifecircle:district", "district": "金台区"})
    style = "LC.communityStyle({properties: {i: %d}}).opacity"
    page.wait_for_timeout(200)
    assert inner.evaluate(style % 0) > inner.evaluate(style % 3)
    page.evaluate(send, {"type": "lifecircle:district", "district": ""})
    page.wait_for_timeout(200)
    assert inner.evaluate(style % 0) == inner.evaluate(style % 3)
    page.evaluate(
        send,
        {"type": "lifecircle:shade", "card": {"pack": "baoji-four-types", "card": "bj.type.happy"}},
    )
    expect(frame.locator("#lc-card-name")).to_have_text("Happy")
    page.evaluate(send, {"type": "lifecircle:shade", "card": {"pack": "", "card": "nothing"}})
    page.evaluate(send, {"type": "lifecircle:shade", "card": None})
    expect(frame.locator(".lc-legend")).to_contain_text("Coverage of communities")
    page.evaluate("frames[0].postMessage('noise', location.origin)")
    page.evaluate(send, {"type": "lifecircle:focus", "community_id": "nobody"})
    assert page.evaluate("heard.length") == 1
    assert watched.complaints == []
    assert all(url.startswith(served.rsplit("/", 1)[0]) for url in watched.requests)


SEND = "message => frames[0].postMessage(message, location.origin)"
HOSTILE = ("<img src=x onerror=alert(4)>", "</script><script>alert(5)</script>")
DRAWN = """() => {
  const lines = [];
  LC.map.eachLayer((layer) => {
    const { className, color, dashArray } = layer.options;
    if (/^lc-journey-(walk|ride)$/.test(className)) lines.push({
      mode: className.slice(11), color, dotted: Boolean(dashArray),
      line: layer.getLatLngs().map((at) => [at.lng, at.lat]),
    });
  });
  return lines;
}"""


def tell_journey(run: Run) -> dict[str, Any]:
    """A walk, a wait, a ride and a walk across the town, with names that are attacks."""
    west, south, east, north = run.manifest["bounds"]
    lons = [west + share * (east - west) for share in (0.2, 0.25, 0.5, 0.75, 0.8)]
    lat = (south + north) / 2
    places = [
        {"lon": lon, "lat": lat, "stop": n in {1, 3}, "label": label}
        for n, (lon, label) in enumerate(
            zip(lons, ("07:30 出发", HOSTILE[0], "", HOSTILE[1], "药店"), strict=True)
        )
    ]
    parts = [("walk", 0, 1), ("wait", 1, 1), ("ride", 1, 3), ("walk", 3, 4)]
    return {
        "legs": [
            {
                "mode": mode,
                "geometry": None
                if mode == "wait"
                else {
                    "type": "LineString",
                    "coordinates": [[lon, lat] for lon in lons[begin : end + 1]],
                },
                "label": "<b>12</b>" if mode == "ride" else "",
                "from": places[begin],
                "to": places[end],
            }
            for mode, begin, end in parts
        ]
    }


def test_a_journey_is_drawn_zoomed_to_and_cleared(
    served: str, run: Run, open_page: OpenPage, artefacts: Path
) -> None:
    watched = open_page(served, offline=False)
    page = watched.page
    frame = page.frame_locator("#map")
    frame.locator("html[data-ready='1']").wait_for()
    inner = page.frames[1]
    told = tell_journey(run)
    place = "[LC.map.getZoom(), LC.map.getCenter().lat, LC.map.getCenter().lng]"
    before = inner.evaluate(place)
    assert inner.evaluate(DRAWN) == []

    page.evaluate(SEND, {"type": "lifecircle:journey", "journey": told})
    expect(frame.locator("path.lc-journey-walk")).to_have_count(2)
    expect(frame.locator("path.lc-journey-ride")).to_have_count(1)
    lines = inner.evaluate(DRAWN)
    legs = [leg for leg in told["legs"] if leg["geometry"]]
    assert [line["mode"] for line in lines] == [leg["mode"] for leg in legs]
    assert [line["line"] for line in lines] == [leg["geometry"]["coordinates"] for leg in legs]
    assert [line["dotted"] for line in lines] == [True, False, True]
    assert {line["color"] for line in lines} == {"#3a2bc4"}
    assert inner.evaluate(place) == before

    expect(frame.locator(".lc-at-home b")).to_have_text("07:30 出发")
    expect(frame.locator(".lc-at-stop b")).to_have_text(list(HOSTILE))
    expect(frame.locator(".lc-at-line b")).to_have_text("<b>12</b>")
    expect(frame.locator(".lc-at-facility b")).to_have_text("药店")
    assert frame.locator(".lc-mark img, .lc-mark script, .lc-mark b b").count() == 0

    page.evaluate(
        SEND, {"type": "lifecircle:focus", "community_id": run.communities["community_id"].iloc[0]}
    )
    expect(frame.locator(".lc-card")).to_have_count(1)
    page.evaluate(SEND, {"type": "lifecircle:journey", "journey": told, "zoom": True})
    expect(frame.locator(".lc-card")).to_have_count(0)
    seen = inner.evaluate(
        "(() => { const b = LC.map.getBounds(); return [b.getWest(), b.getEast()]; })()"
    )
    ends = [told["legs"][0]["from"]["lon"], told["legs"][-1]["to"]["lon"]]
    assert seen[0] < ends[0] < ends[1] < seen[1]
    page.screenshot(path=artefacts / "map-journey.png")

    page.evaluate(SEND, {"type": "lifecircle:journey", "journey": None})
    expect(frame.locator("path[class^='lc-journey']")).to_have_count(0)
    expect(frame.locator(".lc-mark")).to_have_count(0)
    assert inner.evaluate("[...document.images].length") == 0
    assert watched.complaints == []


def test_a_journey_that_cannot_be_read_is_none(served: str, run: Run, open_page: OpenPage) -> None:
    watched = open_page(served, offline=False)
    page = watched.page
    frame = page.frame_locator("#map")
    frame.locator("html[data-ready='1']").wait_for()
    nonsense: list[Any] = ["noise", 7, {}, {"legs": []}, {"legs": "walk"}, {"legs": [None]}]
    for spoil in (
        {"geometry": {"coordinates": [["a", 1], [2, 3]]}},
        {"from": None},
        {"to": {"lon": 1e9, "lat": 0}},
    ):
        told = tell_journey(run)
        told["legs"][2] |= spoil
        nonsense.append(told)
    for told in nonsense:
        page.evaluate(SEND, {"type": "lifecircle:journey", "journey": tell_journey(run)})
        expect(frame.locator(".lc-at-home")).to_have_count(1)
        page.evaluate(SEND, {"type": "lifecircle:journey", "journey": told})
        expect(frame.locator(".lc-mark")).to_have_count(0)
    page.frames[1].evaluate(
        "told => void dispatchEvent(new MessageEvent('message', {origin: 'https://elsewhere.example', data: {type: 'lifecircle:journey', journey: told}}))",
        tell_journey(run),
    )
    page.wait_for_timeout(200)
    expect(frame.locator(".lc-mark")).to_have_count(0)
    assert watched.complaints == []


def test_messages_of_other_origins_are_ignored(served: str, open_page: OpenPage) -> None:
    watched = open_page(served.replace("outer", "pharmacy"), offline=False)
    page = watched.ready()
    page.evaluate(
        "dispatchEvent(new MessageEvent('message', {origin: 'https://elsewhere.example', data: {type: 'lifecircle:lang', lang: 'en'}}))"
    )
    expect(page.locator(".lc-legend")).to_contain_text("社区覆盖率")


@pytest.mark.real
def test_large_page_opens_in_two_seconds(
    large_run: Run, tmp_path: Path, open_page: OpenPage
) -> None:
    write_maps(large_run, tmp_path, kinds=["kind_43"])
    watched = open_page((tmp_path / "kind_43.html").as_uri())
    page = watched.ready()
    opened_ms = page.evaluate("performance.now()")
    assert opened_ms < 4_000  # about 0.7 s on an idle machine of two cores
    assert watched.complaints == []
