"""The planner's page in a real browser: what a planner does, and what the page must never do."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
READY = "#rows tr.row"


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(READY)
    page.wait_for_selector("#summary .figure")
    _wait_for_map(page)


def _wait_for_map(page: Page) -> None:
    frame = page.frame_locator("#map")
    frame.locator(".leaflet-container").wait_for()
    frame.locator(".leaflet-overlay-pane canvas").wait_for(state="attached")


def _ask(page: Page, path: str):
    return json.loads(page.request.get(f"{page.url.split('/?')[0].rstrip('/')}{path}").body())


def _asked(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def test_page_loads_and_says_what_it_is(address, open_page, artefacts: Path):
    page, watch = open_page()
    _open(page, f"{address}/")
    assert page.title().endswith("15分钟生活圈")
    expect(page.locator(".synthetic")).to_contain_text("虚构")
    communities = _ask(page, "/v1/communities")["items"]
    expect(page.locator(READY)).to_have_count(len(communities))
    expect(page.locator("#about")).to_contain_text("OpenStreetMap contributors")
    page.wait_for_timeout(500)
    page.screenshot(path=artefacts / "planner-wide.png")
    watch.assert_clean()


def test_figures_are_those_of_the_service(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    (item,) = _ask(page, "/v1/summary?kind=pharmacy")["items"]
    expect(page.locator(".figure strong")).to_have_text(f"{100 * item['share']:.1f}%")
    expect(page.locator(".bar-legend")).to_contain_text(f"{round(item['households_covered']):,}")
    rows = {
        row["community_id"]: row
        for row in _ask(page, "/v1/coverage?kind=pharmacy&limit=15")["items"]
    }
    for line in page.locator(READY).all()[:5]:
        share = rows[line.get_attribute("data-community")]["share"]
        shown = line.locator(".share").inner_text().strip()
        assert shown == (
            "未知"
            if share is None
            else f"{100 * share:.1f}%".replace(".0%", "%")
            if share in {0, 1}
            else f"{min(99.9, max(0.1, 100 * share)):.1f}%"
        )
    watch.assert_clean()


def test_kind_and_limit_switch(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    before = page.locator(".figure strong").inner_text()
    page.locator("#kind").select_option("hospital")
    expect(page.locator(".kicker")).to_contain_text("医院")
    page.frame("map").wait_for_url("**/maps/hospital?**")
    _wait_for_map(page)
    assert _asked(page)["kind"] == "hospital"
    page.locator("#limits label", has_text="5分钟").first.click()
    expect(page.locator(".kicker")).to_contain_text("5分钟")
    assert _asked(page)["limit"] == "5"
    assert page.locator(".figure strong").inner_text() != before
    watch.assert_clean()


def test_click_on_the_map_opens_the_card(address, open_page, artefacts: Path):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.45)
    expect(page.locator("tr.row.open")).to_have_count(1)
    expect(page.locator(".card")).to_contain_text("各类设施覆盖率")
    expect(page.locator(".card")).to_contain_text("户数")
    chosen = page.locator("tr.row.open").get_attribute("data-community")
    assert _asked(page)["community"] == chosen
    expect(page.locator("tr.row.open")).to_be_in_viewport()
    page.wait_for_timeout(500)
    page.screenshot(path=artefacts / "planner-card.png")
    watch.assert_clean()


def test_click_on_a_row_moves_the_map_and_opens_the_card(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    row = page.locator(READY).nth(2)
    name = row.locator(".row-name").inner_text()
    row.click()
    expect(page.locator(".card .kinds tr.now")).to_have_count(1)
    expect(page.frame_locator("#map").locator(".leaflet-popup")).to_contain_text(name)
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)
    assert "community" not in _asked(page)
    watch.assert_clean()


def test_gap_reasons_and_sources_stand_on_the_card(address, open_page):
    page, watch = open_page()
    page.goto(address)
    gaps = _ask(page, "/v1/gaps?status=gap")["items"]
    gap = next(row for row in gaps if row["reason"] and row["kind"])
    _open(page, f"{address}/?kind={gap['kind']}&community={gap['community_id']}")
    expect(page.locator(".card")).to_contain_text(gap["reason"])
    expect(page.locator(".card .standing").first).to_be_visible()
    watch.assert_clean()


def test_address_brings_everything_back(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=supermarket&limit=10&sort=-households")
    page.locator("#district").select_option(index=1)
    expect(page.locator(".kicker")).not_to_contain_text("全市")
    _wait_for_map(page)
    district = page.locator("#district").input_value()
    page.locator(READY).first.click()
    page.wait_for_selector(".card .facts")
    again, watch_again = open_page()
    _open(again, page.url)
    assert again.locator("#district").input_value() == district
    assert again.locator("#kind").input_value() == "supermarket"
    expect(again.locator(".kicker")).to_have_text(page.locator(".kicker").inner_text())
    expect(again.locator("tr.row.open .row-name")).to_have_text(
        page.locator("tr.row.open .row-name").inner_text()
    )
    assert again.locator(READY).all_inner_texts() == page.locator(READY).all_inner_texts()
    watch.assert_clean()
    watch_again.assert_clean()


def test_sort_and_filter(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    page.locator("[data-sort=households]").click()
    numbers = [
        int(text.replace(",", ""))
        for text in page.locator(".col-households").all_inner_texts()[1:]
        if text[0].isdigit()
    ]
    assert numbers == sorted(numbers, reverse=True)
    last = page.locator(f"{READY} .col-households").last.inner_text()
    assert last == "未知"  # the one nobody counted stands last, whichever way
    page.locator("[data-sort=households]").click()
    assert page.locator(f"{READY} .col-households").last.inner_text() == "未知"
    name = page.locator(".row-name").nth(3).inner_text()
    page.locator("#filter").fill(name)
    expect(page.locator(".row-name", has_text=name).first).to_be_visible()
    assert page.locator(READY).count() < len(numbers)
    page.locator("#filter").fill("没有这个社区")
    expect(page.locator("#rows")).to_contain_text("没有符合条件的社区")
    watch.assert_clean()


def test_english_and_back(address, open_page, artefacts: Path):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    page.locator("#language").click()
    expect(page.locator(".figure")).to_contain_text("of households")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert _asked(page)["lang"] == "en"
    expect(page.frame_locator("#map").locator("html")).to_have_attribute("lang", "en")
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "planner-english.png")
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator(".figure")).to_contain_text("of households")
    page.locator("#language").click()
    expect(page.locator(".figure")).to_contain_text("的家庭")
    watch.assert_clean()


def test_keyboard_alone(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    page.locator("#filter").focus()
    for _ in range(page.locator("#columns button").count()):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".row-name").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".row-name").first).to_have_attribute("aria-expanded", "true")
    page.wait_for_selector(".card .facts")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator(".row-name").first).to_be_focused()
    page.locator("#limits input:checked").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".kicker")).to_contain_text("10分钟")
    watch.assert_clean()


def test_phone(address, open_page, artefacts: Path):
    page, watch = open_page(390, 844)
    _open(page, f"{address}/?kind=pharmacy")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    map_box, list_box = (
        page.locator("#map").bounding_box(),
        page.locator("#communities").bounding_box(),
    )
    assert map_box["y"] + map_box["height"] <= list_box["y"]
    page.wait_for_timeout(500)
    page.screenshot(path=artefacts / "planner-phone.png")
    page.locator(READY).first.click()
    page.wait_for_selector(".card .facts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=artefacts / "planner-phone-whole.png", full_page=True)
    watch.assert_clean()


def test_chinese_is_drawn_with_real_glyphs(address, open_page):
    """Each sign leaves its own picture, unlike the box a font draws for signs it lacks."""
    page, watch = open_page()
    _open(page, f"{address}/")
    pictures = page.evaluate(
        r"""() => ["宝", "鸡", "缺", "口", "\uFFFE", "\u{10FFFE}"].map((sign) => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 40;
          const ctx = canvas.getContext("2d");
          ctx.font = `28px ${getComputedStyle(document.body).fontFamily}`;
          ctx.fillText(sign, 4, 31);
          return canvas.toDataURL();
        })"""
    )
    assert len(set(pictures[:4])) == 4
    assert not set(pictures[:4]) & set(pictures[4:])
    watch.assert_clean()


def test_description_of_the_service_loads_from_here(address, open_page):
    page, watch = open_page()
    page.goto(f"{address}/docs")
    page.locator(".opblock").first.wait_for()
    expect(page.locator("#docs")).to_contain_text("/v1/isochrone")
    watch.assert_clean()


def test_error_page_of_an_unknown_map(address, open_page):
    page, _ = open_page()
    answer = page.goto(f"{address}/maps/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("没有找到")
    assert page.locator("img").count() == 0
