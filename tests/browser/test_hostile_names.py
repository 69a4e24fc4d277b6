"""Names are text: a city whose every name is an attack, looked at in a real browser."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_hostile_names_stay_text(hostile_address, open_page):
    page, watch = open_page()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{hostile_address}/?kind=pharmacy")
    page.wait_for_selector("#rows tr.row")
    page.frame_locator("#map").locator(".leaflet-overlay-pane canvas").wait_for(state="attached")
    expect(page.locator("h1")).to_have_text("<script>window.hit = 1</script>")
    expect(page.locator(".row-name", has_text="<script>window.hit").first).to_be_visible()
    page.locator("#district").select_option(index=1)
    expect(page.locator(".kicker")).to_contain_text("window.hit")
    for row in range(4):
        page.locator("#rows tr.row").nth(row).click()
        page.wait_for_selector(".card .kinds")
        page.frame_locator("#map").locator(".leaflet-popup").wait_for()
        page.keyboard.press("Escape")
    page.goto(f"{hostile_address}/?view=scores")
    page.locator(".area-button", has_text="<script>window.hit").first.wait_for()
    page.locator("#rows tr.row").first.click()
    circles = page.locator(".card details.circle")
    circles.first.wait_for()
    for circle in circles.all()[:3]:
        if not circle.evaluate("circle => circle.open"):
            circle.locator("> summary").click()
        expect(circle.locator(".circle-reason").first).to_be_visible()
    assert page.locator("#summary img, #summary b").count() == 0
    assert page.locator("#rows img, #rows b, .card img").count() == 0
    assert [frame.evaluate("window.hit") for frame in page.frames] == [None, None]
    assert dialogs == []
    sheet = page.locator(".card .print").get_attribute("href")
    for path in (sheet, page.locator(".area-print a").first.get_attribute("href")):
        page.goto(f"{hostile_address}{path}")
        expect(page.locator("body")).to_contain_text("window.hit")
        assert page.locator("script, img").count() == 0
        assert page.evaluate("window.hit") is None
    watch.assert_clean()
