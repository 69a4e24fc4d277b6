"""Sheets made for printing: what they say, that names stay text, and that one page is one page."""

import html
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from layers.config_model import RunSettings
from layers.results import GAPS, TARGETS, shape_table
from layers.standards.describe import describe_pack
from layers.standards.load import list_packs
from layers.store import read_run
from services.errors import UnknownCommunity, UnknownDistrict
from services.printed import (
    MOST_SHEETS,
    list_printed,
    print_community,
    print_district,
    say_left_out,
)
from services.rollups import build_rollups
from services.scopes import UNNAMED
from services.scorecards import build_scorecards
from services.sheet_facts import SheetFacts, read_words
from services.targets import build_targets

TABLES = ("communities", "facilities", "gaps", "scorecards", "rollups", "targets", "notices")
HOSTILE = '<script>alert("1")</script>'
MARKS = re.compile(r'href="#mark-(\w+)"')


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished)


@pytest.fixture(scope="module")
def tables(run):
    return {name: getattr(run, name) for name in TABLES}


@pytest.fixture(scope="module")
def crowded(run, shared_names):
    """Every shipped pack at once, judged by chance, over twenty communities of three districts."""
    rng = np.random.default_rng(4)
    one = run.communities.iloc[[0] * 20]
    communities = one.assign(
        community_id=[f"C{at:02d}" for at in range(20)],
        name=[shared_names[at % len(shared_names)] for at in range(20)],
        district=["东城区"] * 5 + ["西城区"] * 14 + [""],
        households=rng.integers(300, 5000, 20).astype(float),
    ).reset_index(drop=True)
    facilities = run.facilities.assign(name="Centro de Salud del Cono Sur de la Ciudad")
    packs = list_packs()
    gaps = judge_by_chance(packs, communities, facilities["facility_id"].iloc[0], rng)
    none = shape_table(pd.DataFrame({name: [] for name in TARGETS}), "targets")
    cards = build_scorecards(packs, gaps, communities, RunSettings(), facilities=facilities)
    manifest = run.manifest | {"packs": [describe_pack(pack) for pack in packs]}
    return manifest, {
        "communities": communities,
        "facilities": facilities,
        "gaps": gaps,
        "scorecards": cards,
        "rollups": build_rollups(packs, gaps, cards, communities, "宝城"),
        "targets": build_targets(packs, cards, communities, none, "宝城", today=date(2025, 1, 1)),
        "notices": run.notices,
    }


@pytest.fixture(scope="module")
def shared_names():
    return ["东风社区", "红星机械厂家属区第二社区", "IES Poeta Tomás Morales Castellano", HOSTILE]


def judge_by_chance(packs, communities, facility, rng):
    blank = {"str": "", "float64": np.nan, "bool": False}
    empty = {name: blank[column.dtype] for name, column in GAPS.items()}
    sources = ["communities.households", "communities.green_share", "facilities.inclusive", "land",
               "facilities (nursery)", "communities.workers,communities.population"]  # fmt: skip
    parts = []
    for pack in packs:
        for rule in pack.rules:
            if rule.applies.unit in ("district", "city"):
                continue
            for code, answer in rule.list_answers():
                status = rng.choice(["met", "gap", "unknown"], size=len(communities))
                gap = status == "gap"
                near = gap & answer.travelled
                parts.append(
                    pd.DataFrame(
                        {
                            **empty, "community_id": communities["community_id"].to_numpy(),
                            "pack": pack.code, "rule": code, "kind": rule.kind, "status": status,
                            "cause": np.where(gap, "no_facility", ""), "needed": 1.0, "unit": "share",
                            "found": np.where(gap, 0.123, np.nan),
                            "shortfall": np.where(gap, 0.877, 0.0), "basis": "households",
                            "households_affected": np.where(gap, rng.integers(1, 4000), 0.0),
                            "nearest_facility_id": np.where(near, facility, ""),
                            "nearest_m": np.where(near, 12_345.0, np.nan),
                            "settled_by": np.where(status == "unknown", rng.choice(sources), ""),
                            "source_status": rule.answer_status(answer),
                        }
                    )
                )  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values(["community_id", "pack", "rule"], kind="stable")
    return shape_table(table.reset_index(drop=True), "gaps")


def words(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_community_on_one_sheet(run, tables, language):
    """Facts, size, every card with its verdict, gaps with what is needed, sources, licence."""
    for community in run.communities.itertuples():
        page = print_community(run.manifest, tables, community.community_id, language=language)
        said = words(page)
        assert community.name in said
        assert community.community_id in said
        assert f"{community.households:,.0f}" in said
        cards = run.scorecards[run.scorecards["community_id"] == community.community_id]
        for pack in run.manifest["packs"]:
            for card in pack["cards"]:
                assert card[f"title_{language}"].lower() in said.lower()
        marks = MARKS.findall(page)
        legend = tally = 4
        assert len(marks) == len(cards) + legend + tally
        size = cards[cards["card"] == "size"]["reason" if language == "zh" else "reason_en"].iloc[0]
        assert size in said
        assert "OpenStreetMap" in said
        assert run.manifest["judged_on"] in said
        assert len(re.findall('<section class="sheet"', page)) == 1
        assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_what_leaves_out_most_stands_first(run, tables):
    code = run.communities["community_id"].iloc[0]
    gaps = run.gaps[(run.gaps["community_id"] == code) & (run.gaps["status"] == "gap")]
    assert len(gaps)
    page = print_community(run.manifest, tables, code)
    rule = gaps.sort_values("households_affected", ascending=False, kind="stable").iloc[0]
    titles = {r["code"]: r["title_zh"] for pack in run.manifest["packs"] for r in pack["rules"]}
    assert titles[rule["rule"]] in words(page)
    assert f"{rule['households_affected']:,.0f}" in words(page)


def test_the_city_without_districts_lists_its_communities(run, tables):
    page = print_district(run.manifest, tables, "")
    for name in run.communities["name"]:
        assert name in words(page)
    assert read_words()["city_sheet"]["zh"] in words(page)


def test_names_nobody_knows(run, tables):
    with pytest.raises(UnknownCommunity):
        print_community(run.manifest, tables, "nobody")
    with pytest.raises(UnknownDistrict):
        print_district(run.manifest, tables, "nowhere")


def test_a_district_and_the_city(crowded):
    manifest, tables = crowded
    for language in ("zh", "en"):
        page = words(print_district(manifest, tables, "西城区", language=language))
        assert page.count("红星机械厂家属区第二社区") >= 3
        assert "东风社区" in page
        city = words(print_district(manifest, tables, "", language=language))
        for area in ("东城区", "西城区", UNNAMED):
            assert area in city
    assert "东城区" not in words(print_district(manifest, tables, "西城区"))
    assert tables["communities"]["name"].iloc[-1] in words(
        print_district(manifest, tables, UNNAMED)
    )


def test_names_are_text(crowded):
    """A name that is markup reaches the page as words."""
    manifest, tables = crowded
    code = (
        tables["communities"].loc[tables["communities"]["name"] == HOSTILE, "community_id"].iloc[0]
    )
    for page in (
        print_community(manifest, tables, code),
        print_district(manifest, tables, "西城区"),
        print_district(manifest, tables, "", language="en"),
    ):
        assert "<script" not in page
    assert "&lt;script&gt;" in print_community(manifest, tables, code)


def test_how_well_figures_are_known_is_marked(crowded):
    manifest, tables = crowded
    page = print_community(manifest, tables, "C00")
    assert 'class="tag unverified"' in page.split("<footer>")[0]
    assert 'class="tag secondary"' in page.split("<footer>")[0]


def test_the_report_prints_so_many_sheets(run, tables):
    facts = SheetFacts(run.manifest, tables)
    assert list_printed(facts) == run.communities["community_id"].tolist()
    assert say_left_out(facts, "zh") == ""
    many = run.communities.iloc[[0] * (MOST_SHEETS + 5)]
    many = many.assign(community_id=[f"k{at}" for at in range(len(many))])
    facts = SheetFacts(run.manifest, tables | {"communities": many})
    assert len(list_printed(facts)) == MOST_SHEETS
    assert f"前{MOST_SHEETS}个" in say_left_out(facts, "zh")
    facts = SheetFacts(run.manifest, tables | {"communities": many.assign(source="cells")})
    assert list_printed(facts) == []
    assert "cells" in say_left_out(facts, "en")


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_community_is_one_page_of_paper(browser, crowded, language):
    """Eight packs at once, long names everywhere: printed by Chromium, one page of A4 each."""
    manifest, tables = crowded
    page = browser.new_page()
    try:
        for code in ("C00", "C01", "C02", "C03"):
            page.set_content(print_community(manifest, tables, code, language=language))
            printed = page.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1, code
            assert b"/MediaBox [0 0 594.95996 841.91998]" in printed
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_run_that_does_not_say_its_day_is_printed_too(run, tables, language):
    manifest = {key: value for key, value in run.manifest.items() if key != "judged_on"}
    code = str(tables["communities"]["community_id"].iloc[0])
    page = print_community(manifest, tables, code, language=language)
    assert str(manifest["created"])[:10] in page
