"""What changed since an earlier run, on the planner's page."""

import pytest

pytestmark = pytest.mark.browser


def test_no_panel_without_an_earlier_run(address, open_page):
    page, watch = open_page()
    page.goto(address, wait_until="networkidle")
    assert page.locator("#changes").is_hidden()
    watch.assert_clean()


def test_panel_filters_and_leads_to_the_community(changed_address, open_page, artefacts):
    page, watch = open_page()
    page.goto(f"{changed_address}/?kind=park", wait_until="networkidle")
    head = page.locator("#changes summary").first
    assert "与 2025-12-31 相比" in head.inner_text()
    assert page.locator(".change-list").is_hidden()
    head.click()
    directions, whys = (page.locator(".change-choice").nth(n) for n in (0, 1))
    worse = page.locator("#changes .change")
    total = int(directions.locator("button small").first.inner_text())
    assert worse.count() == min(20, total)
    with page.expect_response("**/v1/compare*direction=better*"):
        directions.locator("button", has_text="变好").click()
    page.wait_for_function("document.querySelector('#changes .verdict-gap + .verdict-met')")
    assert directions.locator("[aria-pressed=true]").inner_text().startswith("变好")
    assert page.locator("#changes .change .verdict").first.inner_text().endswith("缺口")
    with page.expect_response("**/v1/compare*why=rule*"):
        whys.locator("button", has_text="规则变化").click()
    page.wait_for_function("document.querySelector('#changes .why-rule')")
    name = page.locator(".change-name").first
    said = name.inner_text()
    name.click()
    card = page.locator(".changes-card")
    card.wait_for()
    assert said in page.locator(".row.open").inner_text()
    card.locator("summary", has_text="结论有变的规则").wait_for()
    if not card.locator(".change").count():
        card.locator("summary").first.click()
    card.locator(".change").first.wait_for()
    card.scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "changes.png")
    watch.assert_clean()


def test_a_new_code_is_said_and_words_follow_the_language(changed_address, open_page):
    page, watch = open_page(390, 844)
    page.goto(f"{changed_address}/?kind=park&community=990100021&lang=en", wait_until="networkidle")
    card = page.locator(".changes-card")
    card.get_by_text("Code changed from 990100999 to 990100021").wait_for()
    page.locator("#language").click()
    card.get_by_text("编码由 990100999 改为 990100021").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("window.hit === undefined")
    watch.assert_clean()
