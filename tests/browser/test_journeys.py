"""The planner's page by public transport: what switching changes, and a journey one can retrace."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
READY = "#rows tr.row"
MODE = "walk_transit"


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(READY)
    page.wait_for_selector("#summary .figure")
    _wait_for_map(page)


def _wait_for_map(page: Page) -> None:
    frame = page.frame_locator("#map")
    frame.locator(".leaflet-container").wait_for()
    frame.locator(".leaflet-overlay-pane canvas").wait_for(state="attached")


def _ask(page: Page, address: str, path: str, **asked):
    return json.loads(page.request.get(f"{address}{path}?{urlencode(asked)}").body())


def _find_rider(page: Page, address: str, kind: str):
    """A community whose example home rides, and the example."""
    for community in _ask(page, address, "/v1/communities")["items"]:
        card = _ask(page, address, f"/v1/communities/{community['community_id']}")
        for one in card["coverage"]:
            example = one["example"] if (one["kind"], one["mode"]) == (kind, MODE) else None
            if example and example["depart"]:
                return community["community_id"], example
    return pytest.fail(f"nobody rides to a {kind} in the sample city")


def _find_helped(page: Page, address: str) -> str:
    """A kind that more homes reach with buses than without."""
    shares = [
        {
            item["kind"]: item["share"]
            for item in _ask(page, address, "/v1/summary", mode=mode)["items"]
        }
        for mode in ("walk", MODE)
    ]
    return next(
        kind for kind, share in shares[0].items() if share and shares[1][kind] > share + 0.01
    )


def test_switching_the_mode_changes_headline_list_and_legend(address, open_page, artefacts: Path):
    page, watch = open_page(1440, 900)
    page.goto(address)
    kind = _find_helped(page, address)
    _open(page, f"{address}/?kind={kind}")
    before = page.locator(".figure strong").inner_text()
    rows = page.locator(READY).all_inner_texts()
    page.locator("#modes label", has_text="步行＋公交").click()
    expect(page.locator(".kicker")).to_contain_text("步行＋公交15分钟")
    (item,) = _ask(page, address, "/v1/summary", kind=kind, mode=MODE)["items"]
    expect(page.locator(".figure strong")).to_have_text(f"{100 * item['share']:.1f}%")
    assert page.locator(".figure strong").inner_text() != before
    expect(page.locator(".figure")).to_contain_text("步行或乘公交15分钟内")
    assert parse_qs(urlsplit(page.url).query)["mode"] == [MODE]
    page.frame("map").wait_for_url(f"**mode={MODE}**")
    _wait_for_map(page)
    legend = page.frame_locator("#map").locator("body")
    expect(legend).to_contain_text("07:30–08:30 每分钟出发一次")
    assert page.locator(READY).all_inner_texts() != rows
    page.wait_for_timeout(500)
    page.screenshot(path=artefacts / "planner-transit.png")
    page.locator("#modes label", has_text="步行").first.click()
    expect(page.locator(".kicker")).to_contain_text("步行15分钟")
    expect(page.locator(".figure strong")).to_have_text(before)
    assert page.locator(READY).all_inner_texts() == rows
    watch.assert_clean()


def test_a_line_says_what_the_figure_rests_on(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=kindergarten&mode={MODE}")
    basis = page.locator("#summary .basis")
    expect(basis).to_contain_text("工作日早高峰 07:30–08:30 每分钟出发一次，取用时的中位数")
    expect(basis).to_contain_text("没有公开的时刻表")
    expect(basis).to_contain_text("假设值")
    expect(page.locator("#summary")).to_contain_text("仅步行")
    page.locator("#language").click()
    expect(basis).to_contain_text("Working day, morning peak: one departure a minute")
    expect(basis).to_contain_text("headways and speeds are assumed")
    page.locator("#about summary", has_text="Public transport data").click()
    expect(page.locator("#about")).to_contain_text("route relations")
    watch.assert_clean()


def test_the_card_shows_a_journey_that_adds_up(address, open_page, artefacts: Path):
    page, watch = open_page(1440, 1000)
    page.goto(address)
    community, example = _find_rider(page, address, "kindergarten")
    _open(page, f"{address}/?kind=kindergarten&mode={MODE}&community={community}")
    legs = page.locator(".card .leg")
    expect(legs.last).to_contain_text("到达")
    journey = _ask(
        page, address, "/v1/journey", kind="kindergarten",
        lon=example["lon"], lat=example["lat"], depart=example["depart"],
    )  # fmt: skip
    assert journey["seconds"] == pytest.approx(example["typical_s"], abs=0.002)
    assert legs.count() == len(journey["legs"]) + 1
    expect(page.locator(".journey-head")).to_contain_text(f"{example['depart']} 出发")
    for shown, leg in zip(legs.all(), journey["legs"], strict=False):
        time = shown.locator("time").inner_text()
        assert time.startswith(leg["begin"][:5])
        assert {"walk": "步行", "wait": "候车", "ride": "站"}[leg["kind"]] in shown.inner_text()
    ride = next(leg for leg in journey["legs"] if leg["kind"] == "ride")
    expect(page.locator(".card .leg .line").first).to_have_text(ride["line"]["ref"])
    expect(page.locator(".journey")).to_contain_text("不是公开的时刻表")
    page.locator(".journey").scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    page.screenshot(path=artefacts / "planner-journey.png")
    watch.assert_clean()


def test_another_departure_draws_another_journey(address, open_page):
    page, watch = open_page(1440, 1000)
    page.goto(address)
    community, _ = _find_rider(page, address, "kindergarten")
    _open(page, f"{address}/?kind=kindergarten&mode={MODE}&community={community}")
    expect(page.locator(".card .leg").last).to_contain_text("到达")
    expect(page.locator(".bars rect")).to_have_count(60)
    expect(page.locator(".bars rect.now")).to_have_count(1)
    slider = page.locator(".journey .slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".journey-head")).to_contain_text("07:30 出发")
    expect(page.locator(".card .leg time").first).to_have_text("07:30:00")
    box = page.locator(".bars").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 59.5 / 60, box["y"] + box["height"] - 4)
    expect(page.locator(".journey-head")).to_contain_text("08:29 出发")
    assert slider.input_value() == "59"
    expect(page.locator("tr.row.open")).to_have_count(1)  # the click did not close the card
    watch.assert_clean()


DRAWN = """() => {
  const lines = [];
  LC.map.eachLayer((layer) => {
    const { className } = layer.options;
    if (/^lc-journey-(walk|ride)$/.test(className)) lines.push([className.slice(11), layer.getLatLngs().map((at) => [at.lng, at.lat])]);
  });
  return lines;
}"""


def _drawn(page: Page):
    return page.frame("map").evaluate(DRAWN)


def _lines(journey):
    return [
        [leg["kind"], leg["geometry"]["coordinates"]]
        for leg in journey["legs"]
        if leg["geometry"] is not None
    ]


def _open_rider(page: Page, address: str, kind: str = "kindergarten"):
    page.goto(address)
    community, example = _find_rider(page, address, kind)
    _open(page, f"{address}/?kind={kind}&mode={MODE}&community={community}")
    page.locator(".card .leg-end").wait_for()
    page.frame_locator("#map").locator("path.lc-journey-ride").first.wait_for()
    return community, example


def test_the_map_draws_the_card_s_journey(address, open_page, artefacts: Path):
    page, watch = open_page(1440, 900)
    _, example = _open_rider(page, address)
    asked = {"kind": "kindergarten", "lon": example["lon"], "lat": example["lat"]}
    journey = _ask(page, address, "/v1/journey", depart=example["depart"], **asked)
    assert _drawn(page) == _lines(journey)
    frame = page.frame_locator("#map")
    rides = [leg for leg in journey["legs"] if leg["kind"] == "ride"]
    stops = frame.locator(".lc-at-stop b").all_text_contents()
    assert {rides[0]["origin"]["name"], rides[-1]["target"]["name"]} <= set(stops)
    expect(frame.locator(".lc-at-line b")).to_have_text([leg["line"]["ref"] for leg in rides])
    expect(frame.locator(".lc-at-home b")).to_have_text(f"{example['depart']} 出发")
    expect(frame.locator(".lc-at-facility b")).to_contain_text(journey["arrive"][:5])
    expect(frame.locator("li[data-journey]")).to_be_visible()

    place = "[LC.map.getZoom(), LC.map.getCenter().lat, LC.map.getCenter().lng]"
    before = page.frame("map").evaluate(place)
    expect(frame.locator(".leaflet-popup")).to_have_count(0)
    page.locator(".journey .slider").focus()
    page.keyboard.press("Home")
    expect(frame.locator(".lc-at-home b")).to_have_text("07:30 出发")
    first = _ask(page, address, "/v1/journey", depart="07:30", **asked)
    assert _drawn(page) == _lines(first)
    assert page.frame("map").evaluate(place) == before

    page.keyboard.press("Tab")
    expect(page.locator(".journey-show")).to_be_focused()
    page.keyboard.press("Enter")
    expect(frame.locator(".leaflet-popup")).to_have_count(0)
    box = page.frame("map").evaluate(
        "(() => { const b = LC.map.getBounds(); return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]; })()"
    )
    for _, line in _drawn(page):
        for lon, lat in line:
            assert box[0] < lon < box[2]
            assert box[1] < lat < box[3]
    assert page.frame("map").evaluate(place) != before
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "planner-journey-map.png")

    page.locator("#language").click()
    expect(frame.locator(".lc-at-home b")).to_have_text("07:30 start")
    expect(page.locator(".journey-head")).to_contain_text("Leaving at 07:30")
    assert _drawn(page) == _lines(first)
    page.locator("#limits label").first.click()
    page.frame("map").wait_for_url("**limit=5**")
    frame.locator(".lc-at-home b").wait_for()
    assert _drawn(page) == _lines(first)
    watch.assert_clean()


OUTLINED = """() => LC.outlines.filter((layer) => layer.options.weight === 3).map((layer) => layer.feature.properties.i)"""
CLICK = """(i) => {
  const latlng = LC.outlines[i].getBounds().getCenter();
  LC.outlines[i].fire("click", { latlng, originalEvent: new MouseEvent("click") });
}"""


def test_no_popup_lies_over_the_journey_unless_asked_for(address, open_page, artefacts: Path):
    page, watch = open_page(1024, 768)
    _open_rider(page, address)
    frame, inner = page.frame_locator("#map"), page.frame("map")
    popup = frame.locator(".leaflet-popup")
    (here,) = inner.evaluate(OUTLINED)
    expect(popup).to_have_count(0)
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "planner-journey-clear.png")

    inner.evaluate(CLICK, here)  # once more, on the one already chosen
    expect(popup).to_contain_text(page.locator("tr.row.open .row-name").inner_text())
    expect(frame.locator("path.lc-journey-ride").first).to_be_attached()
    page.locator(".journey-show").click()
    expect(popup).to_have_count(0)
    assert inner.evaluate(OUTLINED) == [here]

    other = 0 if here else 1
    inner.evaluate(CLICK, other)
    expect(page.locator("tr.row.open")).to_have_count(1)
    page.locator(".card .facts").wait_for()
    assert inner.evaluate(OUTLINED) == [other]
    expect(popup).to_have_count(0)
    page.locator("tr.row.open .row-name").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)
    inner.wait_for_function(f"() => ({OUTLINED})().length === 0")
    watch.assert_clean()


def test_a_map_of_its_own_opens_the_popup(address, open_page):
    page, watch = open_page(1024, 768)
    page.goto(f"{address}/maps/kindergarten?mode={MODE}")
    page.locator("html[data-ready='1']").wait_for()
    page.evaluate(CLICK, 0)
    expect(page.locator(".leaflet-popup")).to_have_count(1)
    watch.assert_clean()


def test_what_was_assumed_for_the_timetable_stands_once(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy&mode={MODE}")
    page.locator("#about .fold").nth(2).wait_for()
    lines = page.locator("#about .fold:not(:has(.severity)) li").all_text_contents()
    assumed = _ask(page, address, "/v1/notices")["assumptions"]
    assert all(lines.count(one["zh"]) == 1 for one in assumed)
    assert len(lines) == len(set(lines))
    watch.assert_clean()


@pytest.mark.parametrize("switch", ["community", "kind", "mode", "close"])
def test_a_journey_leaves_the_map_with_what_it_belonged_to(address, open_page, switch):
    page, watch = open_page(1440, 900)
    _open_rider(page, address)
    frame = page.frame_locator("#map")
    old = _drawn(page)
    # answers held back: what is seen is the switch itself, not the next journey
    page.route("**/v1/journey?*", lambda route: None)
    if switch == "community":
        page.locator(f"{READY}:not(.open)").first.locator("button").click()
    elif switch == "kind":
        page.locator("#kind").select_option("pharmacy")
        page.frame("map").wait_for_url("**/maps/pharmacy**")
    elif switch == "mode":
        page.locator("#modes label", has_text="步行").first.click()
        page.frame("map").wait_for_url("**mode=walk&**")
    else:
        page.keyboard.press("Escape")
    _wait_for_map(page)
    frame.locator("html[data-ready='1']").wait_for()
    expect(frame.locator("path[class^='lc-journey']")).to_have_count(0)
    expect(frame.locator(".lc-mark")).to_have_count(0)
    page.wait_for_timeout(300)
    assert old
    assert _drawn(page) == []
    watch.assert_clean()


def test_on_a_phone_one_finds_back_to_the_card(address, open_page, artefacts: Path):
    page, watch = open_page(390, 844)
    _open_rider(page, address)
    show = page.locator(".journey-show")
    show.scroll_into_view_if_needed()
    expect(page.locator("#map-back")).to_be_hidden()
    show.click()
    expect(page.locator("#map")).to_be_in_viewport(ratio=0.9)
    page.wait_for_timeout(300)
    page.screenshot(path=artefacts / "planner-phone-map.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#map-back").click()
    expect(show).to_be_in_viewport()
    expect(page.locator("#map-back")).to_be_hidden()
    watch.assert_clean()


def test_on_a_phone_the_map_leads_to_the_card_of_what_was_chosen(address, open_page):
    page, watch = open_page(390, 844)
    _open(page, f"{address}/?kind=kindergarten&mode={MODE}")
    frame, way = page.frame_locator("#map"), page.locator("#map-back")
    frame.locator("html[data-ready='1']").wait_for()
    page.frame("map").evaluate(CLICK, 0)
    row = page.locator("tr.row.open")
    expect(row).to_have_count(1)
    expect(frame.locator(".leaflet-popup")).to_have_count(0)
    expect(way).to_have_text("查看社区详情")
    expect(row).not_to_be_in_viewport()
    way.click()
    expect(row).to_be_in_viewport()
    expect(way).to_be_hidden()
    watch.assert_clean()


def test_the_address_keeps_the_mode(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy&mode={MODE}&limit=10")
    expect(page.locator("#modes input:checked")).to_have_value(MODE)
    again, watch_again = open_page()
    _open(again, page.url)
    expect(again.locator(".kicker")).to_have_text(page.locator(".kicker").inner_text())
    watch.assert_clean()
    watch_again.assert_clean()


def test_on_a_phone_nothing_runs_over(address, open_page, artefacts: Path):
    page, watch = open_page(390, 844)
    page.goto(address)
    community, _ = _find_rider(page, address, "kindergarten")
    for lang in ("zh", "en"):
        _open(page, f"{address}/?kind=kindergarten&mode={MODE}&community={community}&lang={lang}")
        page.locator(".card .leg").last.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".journey").scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "planner-phone-journey.png")
    watch.assert_clean()


def test_without_a_timetable_the_reason_is_shown(walking_address, open_page):
    page, watch = open_page()
    _open(page, f"{walking_address}/?kind=pharmacy&mode={MODE}")
    expect(page.locator("#modes input[value=walk]")).to_be_checked()
    expect(page.locator(f"#modes input[value={MODE}]")).to_be_disabled()
    reason = "没有“步行＋公交”的结果。没有时刻表，测试用"
    expect(page.locator("#modes label", has_text="步行＋公交")).to_have_attribute("title", reason)
    expect(page.locator("#about .absent-mode")).to_have_text(reason)
    watch.assert_clean()


@pytest.mark.parametrize("width", [390, 1024])
@pytest.mark.parametrize(
    ("lang", "short", "whole"),
    [
        ("zh", "没有可用的公交时刻表", "没有时刻表，测试用"),
        ("en", "No usable transit timetable", "no timetable, for the test"),
    ],
)
def test_under_the_switch_a_line_says_why(walking_address, open_page, width, lang, short, whole):
    page, watch = open_page(width, 800)
    _open(page, f"{walking_address}/?kind=pharmacy&lang={lang}")
    line = page.locator("#mode-absent summary")
    expect(line).to_have_text(short)
    expect(line).to_be_in_viewport(ratio=1)
    switch, box = page.locator("#modes .segment-row").bounding_box(), line.bounding_box()
    assert 0 <= box["y"] - switch["y"] - switch["height"] < 8
    assert box["height"] < 40  # two lines at most
    reason = page.locator("#mode-absent p")
    expect(reason).to_be_hidden()
    line.focus()
    page.keyboard.press("Enter")
    expect(reason).to_contain_text(whole)
    expect(reason).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    expect(reason).to_be_hidden()
    watch.assert_clean()


def test_with_a_timetable_nothing_stands_under_the_switch(address, open_page):
    page, watch = open_page()
    _open(page, f"{address}/?kind=pharmacy")
    expect(page.locator("#mode-absent")).to_be_hidden()
    watch.assert_clean()


def test_hostile_names_of_stops_and_lines_stay_text(hostile_address, open_page):
    page, watch = open_page(1440, 1000)
    page.goto(hostile_address)
    community, _ = _find_rider(page, hostile_address, "kindergarten")
    _open(page, f"{hostile_address}/?kind=kindergarten&mode={MODE}&community={community}")
    page.locator(".card .leg .line").first.wait_for()
    assert page.locator(".legs img, .legs script, .legs small b").count() == 0
    marks = page.frame_locator("#map").locator(".lc-mark")
    marks.first.wait_for(state="attached")
    page.locator(".journey-show").click()
    expect(page.frame_locator("#map").locator(".leaflet-popup")).to_have_count(0)
    assert any("window.hit = 1" in text for text in marks.all_text_contents())
    assert marks.locator("img, script, b b, [onmouseover]").count() == 0
    assert [frame.evaluate("window.hit") for frame in page.frames] == [None, None]
    watch.assert_clean()
