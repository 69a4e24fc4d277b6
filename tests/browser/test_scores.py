"""Circles, districts and sheets as a planner looks at them."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROW = "#rows tr.row"
WORDS = {"gap": "缺口", "unknown": "未知", "met": "达标"}


def _ask(page: Page, address: str, path: str):
    return json.loads(page.request.get(f"{address}{path}").body())


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(ROW)
    page.wait_for_selector("#summary .figure")
    page.frame_locator("#map").locator("html[data-ready]").wait_for(state="attached")


def test_planner_goes_from_district_to_community_to_sheet(address, open_page, artefacts: Path):
    page, watch = open_page()
    _open(page, f"{address}/?view=scores&card=bj.circle.fitness")
    found = _ask(page, address, "/v1/verdicts?card=bj.circle.fitness")
    expect(page.locator(".figure strong")).to_contain_text(str(found["by_status"]["met"]))
    areas = _ask(page, address, "/v1/scorecards?level=district&card=bj.circle.fitness")["items"]
    ranked = sorted(areas, key=lambda row: row["rank"])
    assert page.locator(".area-button").first.inner_text() == ranked[0]["area"]
    page.locator(".area-table [title]", has_text="县区").click()
    expect(page.locator(".area-table th.area-name")).to_have_attribute("aria-sort", "ascending")
    frame = page.frame_locator("#map")
    expect(frame.locator("#lc-card-name")).to_have_text("15分钟健身圈")
    assert int(frame.locator("[data-status=gap]").inner_text()) == found["by_status"]["gap"]
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "scores-districts.png")

    page.locator(".area-button", has_text=ranked[0]["area"]).click()
    expect(page.locator(".kicker")).to_contain_text(ranked[0]["area"])
    expect(page.locator(ROW)).to_have_count(ranked[0]["communities"])
    page.locator(ROW).first.click()
    code = page.locator("tr.row.open").get_attribute("data-community")
    cards = _ask(page, address, f"/v1/scorecards?community={code}&answers=false")["items"]
    page.locator(".card .circle").first.wait_for()
    circles = [card for card in cards if card["pack"] == "baoji-four-types"]
    for card in circles:
        if card["status"] in WORDS:
            line = page.locator(".card .circle > summary", has_text=card["title_zh"]).first
            expect(line).to_contain_text(WORDS[card["status"]])
    fitness = page.locator(".card .circle", has_text="15分钟健身圈").first
    expect(fitness).to_have_attribute("open", "")
    expect(fitness.locator(".gap").first).to_be_visible()
    explain = fitness.locator(".explain-fold > summary").first
    explain.click()
    expect(fitness.locator(".explanation")).to_contain_text("规则要求什么")
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "scores-card.png")

    with page.context.expect_page() as opened:
        page.locator(".card .print").click()
    sheet = opened.value
    sheet.wait_for_load_state()
    expect(sheet.locator("body")).to_contain_text("15分钟健身圈")
    sheet.screenshot(path=artefacts / "scores-sheet.png", full_page=True)
    watch.assert_clean()


def test_address_brings_the_view_back_and_the_keyboard_reaches_it(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    expect(page.locator("body.scoring")).to_have_count(0)
    page.locator("#views input").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("body.scoring")).to_have_count(1)
    page.locator("#card").select_option("size")
    expect(page.locator(".figure")).to_contain_text("户数规模适当")
    page.locator("[data-level=subdistrict]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-level=subdistrict]")).to_have_attribute("aria-pressed", "true")
    again, watch_again = open_page(1024, 768)
    _open(again, page.url.replace("lang=zh", "lang=en"))
    expect(again.locator("#card")).to_have_value("size")
    expect(again.locator("[data-level=subdistrict]")).to_have_attribute("aria-pressed", "true")
    assert again.evaluate("document.documentElement.scrollHeight") <= 768
    again.locator("#views label").first.click()
    expect(again.locator(".kicker")).to_contain_text("药店")
    watch.assert_clean()
    watch_again.assert_clean()


def test_phone(address, open_page, artefacts: Path):
    page, watch = open_page(390, 844)
    _open(page, f"{address}/?view=scores&lang=en")
    page.locator(ROW).first.click()
    page.locator(".card .circle > summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=artefacts / "scores-phone.png", full_page=True)
    watch.assert_clean()
