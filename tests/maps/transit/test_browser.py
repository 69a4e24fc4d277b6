"""Pages of walking and riding in Chromium, from disk without a network."""

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

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Any]
RIDE = "pharmacy.walk_transit.html"


@pytest.fixture(scope="module")
def folder(ride_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rides")
    write_maps(ride_run, place)
    return place


def click_at(page: Page, lonlat: tuple[float, float], *, zoom: float) -> None:
    """Bring a place to the middle of the map and click on it."""
    x, y = page.evaluate(
        """([lon, lat, zoom]) => {
            LC.map.setView([lat, lon], zoom, {animate: false});
            const p = LC.map.latLngToContainerPoint([lat, lon]);
            return [p.x, p.y];
        }""",
        [*lonlat, zoom],
    )
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)


def is_on(page: Page, name: str) -> bool:
    return bool(page.get_by_label(name).is_checked())


def test_opens_alone_with_lines_and_says_how_one_travels(
    folder: Path, ride_run: Run, open_page: OpenPage, artefacts: Path
) -> None:
    watched = open_page((folder / RIDE).as_uri())
    page = watched.ready()
    share = ride_run.manifest["summary_walk_transit"]["pharmacy"]["15"]["share"]
    walk = ride_run.manifest["summary"]["pharmacy"]["15"]["share"]
    figure = page.locator("#lc-figure")
    expect(figure).to_contain_text(f"步行或公交 15 分钟内{100 * share:.1f}%")
    expect(figure).to_contain_text(f"仅步行 {100 * walk:.1f}%")
    expect(page.locator("#lc-coverage-note")).to_contain_text("步行或乘公交 15 分钟内")
    expect(page.locator(".lc-travel")).to_contain_text("运营日 2023-11-15（星期三）")
    expect(page.get_by_text("街道：按步行＋公交时间着色")).to_be_visible()
    assert is_on(page, "公交线路与站点")
    expect(page.locator("li[data-layer='transit']").first).to_be_visible()
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "map-transit-desktop.png")
    page.click("#lc-lang")
    expect(page.locator(".lc-travel")).to_contain_text("Service day Wed 2023-11-15")
    expect(page.locator("#lc-modes [aria-current]")).to_have_text("Walk + transit")
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith(("file://", "data:"))] == []


def test_lines_are_off_on_foot_and_can_be_switched_on(folder: Path, open_page: OpenPage) -> None:
    watched = open_page((folder / "pharmacy.html").as_uri())
    page = watched.ready()
    expect(page.locator(".lc-travel")).to_have_count(0)
    expect(page.locator("#lc-figure")).to_contain_text("加公交")
    assert not is_on(page, "公交线路与站点")
    expect(page.locator("li[data-layer='transit']").first).to_be_hidden()
    page.get_by_label("公交线路与站点").check()
    expect(page.locator("li[data-layer='transit']").first).to_be_visible()
    assert watched.complaints == []


def test_without_a_timetable_there_is_no_such_layer(
    run: Run, open_page: OpenPage, tmp_path: Path
) -> None:
    (tmp_path / "map.html").write_text(gap_map(run, "pharmacy"), encoding="utf-8")
    page = open_page((tmp_path / "map.html").as_uri()).ready()
    expect(page.get_by_label("公交线路与站点")).to_have_count(0)
    expect(page.locator("#lc-modes")).to_have_count(0)


def test_card_sets_both_modes_side_by_side(
    folder: Path, ride_run: Run, open_page: OpenPage, artefacts: Path
) -> None:
    page = open_page((folder / RIDE).as_uri()).ready()
    coverage = ride_run.coverage.query("kind == 'pharmacy' and limit == 15")
    table = coverage.pivot_table(index="community_id", columns="mode", values="share")
    community = table.index[(table["walk"] > 0) & (table["walk"] < 1)][0]
    row = ride_run.communities["community_id"].tolist().index(community)
    shares = table.loc[community].map(lambda share: f"{100 * share:.1f}%")
    assert shares["walk"] != shares["walk_transit"]
    page.evaluate(
        "row => void LC.outlines[row].fire('click', {latlng: LC.outlines[row].getBounds().getCenter(), originalEvent: new MouseEvent('click')})",
        row,
    )
    expect(page.locator(".lc-both")).to_have_text(
        f"步行 {shares['walk']} → 步行＋公交 {shares['walk_transit']}"
    )
    expect(page.locator(".lc-both b")).to_have_text(shares["walk_transit"])
    rules = page.locator(".lc-gap")
    expect(rules.nth(0)).to_contain_text("15 分钟公交可达药店")
    expect(rules.nth(0)).to_contain_text("按步行＋公交判定")
    expect(rules.nth(1)).to_contain_text("15 分钟步行可达药店")
    expect(rules.nth(1)).to_contain_text("按步行判定")
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "map-transit-card.png")


def test_stop_shows_its_name_and_lines_as_text(
    folder: Path, ride_run: Run, open_page: OpenPage, artefacts: Path
) -> None:
    watched = open_page((folder / RIDE).as_uri())
    page = watched.ready()
    assert ride_run.transit is not None
    stops = ride_run.transit.stops
    card = page.locator(".lc-card")
    hostile = stops.geometry.iloc[1]
    click_at(page, (hostile.x, hostile.y), zoom=16)
    expect(card.locator("h3")).to_have_text("<img src=x onerror=alert(2)>")
    expect(card).to_contain_text("07:30–08:30 发车6 班")
    expect(card.locator(".lc-lines th")).to_have_text(["12", "夜1"])
    expect(card).to_contain_text("约每 5 分钟一班")
    expect(card).to_contain_text("此时段无车")
    crossing = stops.geometry.iloc[2]
    click_at(page, (crossing.x, crossing.y), zoom=16)
    expect(card.locator(".lc-lines th")).to_have_text(["3", "12"])
    expect(card.locator(".lc-lines tr").first).to_contain_text("</script><script>alert(3)</script>")
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "map-transit-stop.png")
    apart = stops.geometry.iloc[10]
    click_at(page, (apart.x, apart.y), zoom=16)
    expect(card).to_contain_text("步行到不了这个站点")
    assert page.locator("img[src='x']").count() == 0
    assert watched.complaints == []


def test_headways_of_osm_are_called_assumed(
    osm_run: Run, open_page: OpenPage, tmp_path: Path
) -> None:
    html = gap_map(osm_run, "pharmacy", mode="walk_transit")
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    page = open_page((tmp_path / "map.html").as_uri()).ready()
    assert osm_run.transit is not None
    stop = osm_run.transit.stops.geometry.iloc[0]
    click_at(page, (stop.x, stop.y), zoom=16)
    expect(page.locator(".lc-lines")).to_contain_text("按每 5 分钟一班假设")
    expect(page.locator(".lc-travel .lc-warning")).to_contain_text("发车间隔和车速为假设值")
    page.get_by_text("公交数据与假设").click()
    expect(page.get_by_text("7 条线路未标注发车间隔")).to_be_visible()


def test_home_says_ride_spread_and_walk(
    folder: Path, ride_run: Run, open_page: OpenPage, artefacts: Path
) -> None:
    page = open_page((folder / RIDE).as_uri() + "?limit=5").ready()
    access = ride_run.access.query("kind == 'pharmacy'").set_index(["mode", "demand_id"])
    ride, walk = access.loc["walk_transit"], access.loc["walk"]
    left_out = ride.index[(ride["nearest_s"] > 300) & ride["depart_s"].notna()]
    home = ride_run.demand[ride_run.demand["demand_id"].isin(left_out)].iloc[0]
    figures = ride.loc[home["demand_id"]]
    click_at(page, (home.geometry.x, home.geometry.y), zoom=18)
    card = page.locator(".lc-card")
    hour, minute = divmod(int(figures["depart_s"]) // 60, 60)
    expect(card).to_contain_text(f"如 {hour:02d}:{minute:02d} 出发")

    def read_min(row: str) -> float:
        return float(card.locator(f"tr:has(th:text-is('{row}')) td").inner_text().split()[0])

    assert read_min("步行＋公交") == pytest.approx(figures["nearest_s"] / 60, abs=0.07)
    assert read_min("仅步行") == pytest.approx(
        walk.loc[home["demand_id"], "nearest_s"] / 60, abs=0.07
    )
    expect(card).to_contain_text("九成的出发不超过")
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "map-transit-home.png")


def test_switch_keeps_place_limit_card_and_language(
    folder: Path, ride_run: Run, open_page: OpenPage
) -> None:
    watched = open_page((folder / RIDE).as_uri())
    page = watched.ready()
    page.click("[data-limit='10']")
    page.click("#lc-lang")
    community = ride_run.communities.iloc[6]
    inside = community.geometry.centroid
    click_at(page, (inside.x + 0.0003, inside.y + 0.0004), zoom=15)
    expect(page.locator(".lc-card h3")).to_have_text(community["name"])
    before = page.evaluate("[LC.map.getZoom(), LC.map.getCenter().lat]")
    page.get_by_role("link", name="Walk", exact=True).click()
    page.wait_for_url("**/pharmacy.html?*")
    page.wait_for_selector("html[data-ready='1']")
    expect(page.locator(".lc-card h3")).to_have_text(community["name"])
    expect(page.locator("[data-limit='10']")).to_have_attribute("aria-checked", "true")
    expect(page.locator("#lc-modes [aria-current]")).to_have_text("Walk")
    after = page.evaluate("[LC.map.getZoom(), LC.map.getCenter().lat]")
    assert after[0] == before[0]
    assert after[1] == pytest.approx(before[1], abs=0.005)
    page.get_by_role("link", name="Walk + transit").click()
    page.wait_for_url(f"**/{RIDE}?*")
    page.wait_for_selector("html[data-ready='1']")
    assert watched.complaints == []


def test_nonsense_in_the_address_is_ignored(folder: Path, open_page: OpenPage) -> None:
    watched = open_page(
        (folder / RIDE).as_uri()
        + "?limit=7&at=1,2,x&community=%3Cscript%3E&view=none&lang=fr&mode=walk"
    )
    page = watched.ready()
    expect(page.locator("[data-limit='15']")).to_have_attribute("aria-checked", "true")
    assert page.locator(".lc-card").count() == 0
    assert watched.complaints == []


def test_phone_fits_and_nothing_overlaps(
    folder: Path, open_page: OpenPage, artefacts: Path
) -> None:
    watched = open_page((folder / RIDE).as_uri(), phone=True)
    page = watched.ready()
    for _ in range(2):
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        boxes = page.evaluate(
            """() => ['.lc-home', 'h1', '#lc-figure', '#lc-limits', '#lc-modes', '#lc-lang', '.lc-search',
                      '.leaflet-control-layers', '.lc-legend', '.leaflet-control-attribution']
                .map((one) => { const r = document.querySelector(one).getBoundingClientRect();
                                return [one, r.left, r.top, r.right, r.bottom]; })"""
        )
        for at, (name, left, top, right, bottom) in enumerate(boxes):
            assert left >= 0
            assert right <= 390
            for other, left2, top2, right2, bottom2 in boxes[at + 1 :]:
                apart = (
                    left >= right2 - 1
                    or left2 >= right - 1
                    or top >= bottom2 - 1
                    or top2 >= bottom - 1
                )
                assert apart, (name, other)
        page.tap("#lc-lang")
    page.tap(".lc-fold")
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "map-transit-phone.png")
    assert watched.complaints == []


def test_index_leads_to_both_maps(folder: Path, open_page: OpenPage, artefacts: Path) -> None:
    watched = open_page((folder / "index.html").as_uri(), phone=True)
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=artefacts / "map-transit-index.png")
    page.get_by_role("link", name="公园 · 步行＋公交").click()
    page.wait_for_selector("html[data-ready='1']")
    assert page.url.endswith("park.walk_transit.html")
    assert watched.complaints == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def served(ride_run: Run, tmp_path: Path) -> Iterator[str]:
    """Address of a linked map on a loopback port."""
    html = gap_map(ride_run, "pharmacy", mode="walk_transit", assets="linked")
    (tmp_path / "pharmacy").mkdir()
    (tmp_path / "pharmacy" / "index.html").write_text(html, encoding="utf-8")
    (tmp_path / "assets").symlink_to(assets_dir())
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/pharmacy/"
        server.shutdown()
        thread.join()


def test_switch_of_a_service_asks_for_the_mode_and_hides_when_embedded(
    served: str, open_page: OpenPage
) -> None:
    page = open_page(served, offline=False).ready()
    page.get_by_role("link", name="步行", exact=True).click()
    page.wait_for_url("**/pharmacy/?mode=walk&limit=15&*")
    embedded = open_page(served + "?embed=1", offline=False).ready()
    expect(embedded.locator("#lc-modes")).to_be_hidden()
