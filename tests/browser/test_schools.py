"""The education bureau's desk in a real browser: years, parcels, release tests, sheets to print."""

import json
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROW = "#content tr.row"
LOSING = "JY-08"
"""Parcel of the sample city with a school to come, on which many depend."""


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector("#summary .figure")
    page.wait_for_selector("#content > :not(.quiet)")
    page.frame_locator("#map").locator(".leaflet-container").wait_for()


def _ask(page: Page, path: str):
    where = urlsplit(page.url)
    return json.loads(page.request.get(f"{where.scheme}://{where.netloc}{path}").body())


def _asked(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def _say_without(row) -> str:
    """Children without a place as the headline has it: a lower bound where more may be without one."""
    number = f"{int(row['out_of_reach'] + row['left'] + 0.5):,}"
    is_least = row["children"] is None or row["left_possible"] - row["left"] >= 0.5
    return f"至少{number}" if is_least else number


def test_the_year_is_moved_by_the_arrow_keys(address, open_page, artefacts: Path):
    page, watch = open_page(1440, 900)
    _open(page, f"{address}/schools?level=primary_school")
    years = _ask(page, "/v1/school-years?level=primary_school&scope=city")["rows"]
    expect(page.locator(".figure strong")).to_have_text(_say_without(years[0]))
    slider = page.locator("#year")
    slider.focus()
    for row in years[1:4]:
        page.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuetext", f"{row['year']}年")
    expect(page.locator(".figure strong")).to_have_text(_say_without(years[3]))
    expect(page.locator(".kicker")).to_contain_text(f"{years[3]['year']}年")
    parts = page.locator(".figure-parts")
    expect(parts).to_contain_text(f"步行范围内没有学校 {round(years[3]['out_of_reach']):,}")
    expect(parts).to_contain_text(f"有学校但已满 {round(years[3]['left']):,}")
    assert years[3]["left_possible"] - years[3]["left"] >= 0.5
    expect(parts).to_contain_text("无法判断")
    assert page.locator(".year-undecided").count() > 0
    expect(page.locator(".sentences")).to_contain_text("15分钟")
    expect(page.locator(".sentences")).to_contain_text("900米")
    assert _asked(page)["year"] == str(years[3]["year"])
    worst = max(years, key=lambda row: row["out_of_reach"] + row["left"])
    expect(page.locator(".sentences")).to_contain_text(f"{worst['year']}年最多")
    page.screenshot(path=artefacts / "schools-wide.png")
    watch.assert_clean()


def test_parcels_stand_by_urgency_and_a_card_says_everything(address, open_page):
    page, watch = open_page(1440, 900)
    _open(page, f"{address}/schools")
    parcels = _ask(page, "/v1/parcels")["parcels"]
    shown = [line.get_attribute("data-parcel") for line in page.locator(ROW).all()]
    assert shown == [one["parcel_id"] for one in parcels]
    page.locator(ROW).first.locator("button").press("Enter")
    card = page.locator(".card")
    found = _ask(page, f"/v1/parcels/{shown[0]}/assessment")
    for finding in found["findings"]:
        expect(card).to_contain_text(finding["reason"])
        expect(card).to_contain_text(finding["document"])
    for change in found["changes"]:
        expect(card).to_contain_text(change["reason"])
    assert _asked(page)["parcel"] == shown[0]
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    page.locator("#status").select_option("re-zoned")
    expect(page.locator(ROW)).to_have_count(sum(one["status"] == "re-zoned" for one in parcels))
    watch.assert_clean()


def test_release_test_answers_in_a_second_and_is_undone(address, open_page, artefacts: Path):
    page, watch = open_page(1440, 900)
    _open(page, f"{address}/schools?level=primary_school&parcel={LOSING}")
    run = page.locator(".release-run")
    run.wait_for()
    _ask(page, "/v1/parcels/JY-10/release")  # the levels are solved once after the start
    begun = time.perf_counter()
    run.click()
    page.locator(".release-reason").wait_for()
    assert time.perf_counter() - begun < 1.0
    found = _ask(page, f"/v1/parcels/{LOSING}/release")
    expect(page.locator(".release-reason")).to_have_text(found["reason_zh"])
    expect(page.locator(".release-undo")).to_be_focused()
    now = page.locator(".release-years tr.now")
    expect(now).to_contain_text(f"{found['from_year']}年")
    first = next(row for row in found["totals"] if row["year"] == found["from_year"])
    expect(now.locator("td").nth(1)).to_have_text(f"{round(first['lost']):,}")
    for row in found["communities"]:
        expect(page.locator(".release-communities")).to_contain_text(row["name"])
    assert _asked(page)["release"] == "1"
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "schools-release.png")
    page.locator(".release-undo").click()
    expect(run).to_be_visible()
    assert "release" not in _asked(page)
    page.go_back()
    expect(page.locator(".release-reason")).to_have_text(found["reason_zh"])
    watch.assert_clean()


def test_a_lost_parcel_has_nothing_to_give_up_and_a_link_leads_to_the_first_year(
    address, open_page
):
    page, watch = open_page(1440, 900)
    _open(page, f"{address}/schools?level=primary_school&parcel={LOSING}&release=1")
    page.locator(".release-reason").wait_for()
    found = _ask(page, f"/v1/parcels/{LOSING}/release")
    expect(page.locator(".release-years tr.now")).to_contain_text(f"{found['from_year']}年")
    parcels = _ask(page, "/v1/parcels")["parcels"]
    lost = next(one["parcel_id"] for one in parcels if one["status"] == "re-zoned")
    page.goto(f"{address}/schools?parcel={lost}&release=1")
    found = _ask(page, f"/v1/parcels/{lost}/assessment")
    serves = next(one for one in found["findings"] if one["finding"] == "serves")
    expect(page.locator(".release-reason")).to_have_text(serves["reason"])
    assert page.locator(".release-run, .release-undo").count() == 0
    page.goto(f"{address}/sheets/parcels/{lost}")
    expect(page.locator(".lead")).to_contain_text(serves["reason"])
    watch.assert_clean()


def test_what_the_address_asks_for_in_vain_is_said(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/schools?level=nursery&parcel=nowhere&lang=xx")
    expect(page.locator("#unheard")).to_contain_text("没有学段“nursery”")
    expect(page.locator("#unheard")).to_contain_text("没有编号为“nowhere”的地块")
    assert "parcel" not in _asked(page)
    watch.assert_clean()


def test_tabs_language_and_address(address, open_page):
    page, watch = open_page(1024, 768)
    _open(page, f"{address}/schools?level=primary_school&year=2028")
    page.locator("#tab-parcels").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-shortages")).to_be_focused()
    shortages = _ask(page, "/v1/shortages?level=primary_school")["shortages"]
    expect(page.locator(".shortage")).to_have_count(len(shortages))
    page.locator("#language").click()
    expect(page.locator("#tab-shortages")).to_contain_text("Shortages")
    expect(page.locator(".shortage").first).to_contain_text(shortages[0]["reason_en"])
    page.keyboard.press("Tab")
    page.locator("#tab-schools").click()
    schools = _ask(page, "/v1/schools?level=primary_school&year=2028")
    stated = next(one for one in schools["schools"] if one["stated_free"] is not None)
    row = page.locator(".school-list tbody tr", has_text=stated["name"]).first
    expect(row.locator(".col-free")).to_contain_text(f"stated free {stated['stated_free']:.0f}")
    expect(page.locator(".school-list tbody tr")).to_have_count(schools["matched"])
    page.locator("#tab-changes").click()
    changes = _ask(page, "/v1/parcels/compare")
    expect(page.locator(".remark")).to_contain_text(changes["remark_en"])
    expect(page.locator(".remark")).to_contain_text(changes["remark_source"]["document_en"])
    expect(page.locator(".remark .standing")).to_be_visible()
    again, watch_again = open_page()
    _open(again, page.url)
    expect(again.locator("#tab-changes")).to_have_attribute("aria-selected", "true")
    expect(again.locator(".kicker")).to_contain_text("Primary school · 2028")
    again.locator(".pages a").first.click()
    again.wait_for_selector("#rows tr.row")
    assert _asked(again)["lang"] == "en"
    expect(again.locator(".pages a").last).to_have_attribute("href", "/schools?lang=en")
    watch.assert_clean()
    watch_again.assert_clean()


def test_a_phone_has_it_all_without_sideways_scrolling(address, open_page, artefacts: Path):
    page, watch = open_page(390, 844)
    _open(page, f"{address}/schools?level=primary_school&parcel={LOSING}&release=1")
    page.locator(".release-reason").wait_for()
    page.screenshot(path=artefacts / "schools-phone.png", full_page=True)
    page.locator("#language").click()
    for tab, held in (
        ("parcels", ".release-years"),
        ("shortages", ".candidates"),
        ("schools", ".school-list"),
        ("changes", ".remark"),
    ):
        page.locator(f"#tab-{tab}").click()
        page.wait_for_selector(held)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, tab
    watch.assert_clean()


def test_what_is_printed(address, open_page):
    page, watch = open_page(900, 1200)
    _open(page, f"{address}/schools?level=primary_school&tab=schools")
    page.emulate_media(media="print")
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator(".year-bars")).to_be_visible()
    expect(page.locator(".school-list tbody tr").first).to_be_visible()
    page.emulate_media(media="screen")
    for path in (f"/sheets/parcels/{LOSING}", f"/sheets/parcels/{LOSING}?lang=en"):
        page.goto(f"{address}{path}")
        pdf = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 1
    found = _ask(page, f"/v1/parcels/{LOSING}/release")
    expect(page.locator(".lead")).to_contain_text(found["reason_en"])
    for finding in _ask(page, f"/v1/parcels/{LOSING}/assessment")["findings"]:
        if finding["status"] in {"gap", "unknown"}:
            expect(page.locator("body")).to_contain_text(finding["reason_en"])
    page.goto(f"{address}/sheets/schools")
    expect(page.locator("body")).to_contain_text("步行内没有学位")
    expect(page.locator("body")).to_contain_text("≥")
    expect(page.locator("body")).to_contain_text("report.xlsx 的“学位缺口”表")
    for one in _ask(page, "/v1/parcels")["parcels"]:
        expect(page.locator("body")).to_contain_text(one["parcel_id"])
    assert page.request.get(f"{address}/sheets/parcels/none").status == 404
    watch.assert_clean()


def test_hostile_names_stay_text(hostile_address, open_page):
    page, watch = open_page()
    _open(page, f"{hostile_address}/schools?level=primary_school&year=2028")
    parcels = _ask(page, "/v1/parcels")["parcels"]
    place = next(
        at
        for at, one in enumerate(parcels)
        if one["level"] == "primary_school"
        and one["opening_year"] == 2030
        and "<" in one["parcel_id"]
    )
    page.locator(ROW).nth(place).locator("button").click()
    page.locator(".release-run").click()
    expect(page.locator(".release-reason")).to_contain_text(parcels[place]["parcel_id"])
    sheet = page.locator(".card .print").get_attribute("href")
    page.frame_locator("#map").locator(".leaflet-overlay-pane canvas").first.wait_for(
        state="attached"
    )
    for tab in ("shortages", "schools", "changes"):
        page.locator(f"#tab-{tab}").click()
        expect(page.locator("#content")).to_contain_text("window.hit")
    assert page.locator("#panel img, #panel script").count() == 0
    assert [frame.evaluate("window.hit") for frame in page.frames] == [None, None]
    for path in (sheet, "/sheets/schools"):
        page.goto(f"{hostile_address}{path}")
        expect(page.locator("body")).to_contain_text("window.hit")
        assert page.locator("script, img").count() == 0
        assert page.evaluate("window.hit") is None
    watch.assert_clean()
