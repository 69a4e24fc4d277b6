"""Pages of walking and riding: their numbers, words and links read back."""

import dataclasses
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layers.store import Run
from maps.errors import UnknownLimit
from maps.pages import build_backdrop, gap_map, write_maps
from maps.style import classify_minutes, read_palette

ReadJson = Callable[[str, str], dict[str, Any]]
Unpack = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def html(ride_run: Run) -> str:
    return gap_map(ride_run, "pharmacy", mode="walk_transit")


@pytest.fixture(scope="module")
def walk_html(ride_run: Run) -> str:
    return gap_map(ride_run, "pharmacy")


def legend_of(html: str) -> str:
    """Text of the legend in Chinese, tags gone."""
    found = re.search(r'<template id="lc-legend-template">(.*?)</template>', html, re.DOTALL)
    assert found
    text = re.sub(r'<span data-lang="en".*?</span>', "", found.group(1), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


class TestNumbers:
    def test_shares_are_those_of_both_modes(
        self, ride_run: Run, html: str, walk_html: str, read_json: ReadJson
    ) -> None:
        ids = read_json(html, "lc-shared")["communities"]["id"]
        share = ride_run.coverage.query("kind == 'pharmacy' and limit == 10")
        expected = {
            mode: rows.set_index("community_id")["share"].reindex(ids)
            for mode, rows in share.groupby("mode")
        }
        for page, own, other in (
            (html, "walk_transit", "walk"),
            (walk_html, "walk", "walk_transit"),
        ):
            data = read_json(page, "lc-kind")
            assert (data["mode"], data["other"]["mode"]) == (own, other)
            assert data["coverage"]["10"]["share"] == pytest.approx(expected[own], abs=1e-4)
            assert data["other"]["share"]["10"] == pytest.approx(expected[other], abs=1e-4)
            figures = ride_run.manifest["summary" if own == "walk" else "summary_walk_transit"]
            assert data["summary"]["15"]["share"] == figures["pharmacy"]["15"]["share"]

    def test_homes_carry_the_ride_its_spread_and_the_walk(
        self, ride_run: Run, html: str, read_json: ReadJson, unpack: Unpack
    ) -> None:
        data = read_json(html, "lc-kind")
        rows = ride_run.access.query("kind == 'pharmacy'").set_index("demand_id")
        ids = ride_run.demand["demand_id"]
        ride = rows[rows["mode"] == "walk_transit"].reindex(ids)
        walk = rows[rows["mode"] == "walk"].reindex(ids)

        def packed(values: Any) -> list[int]:
            return [0 if np.isnan(value) else int(value) + 1 for value in values]

        assert unpack(data["access"]["seconds"]) == packed(np.ceil(ride["nearest_s"]))
        assert unpack(data["access"]["best"]) == packed(np.ceil(ride["best_s"]))
        assert unpack(data["access"]["worst"]) == packed(np.ceil(ride["worst_s"]))
        assert unpack(data["access"]["depart"]) == packed(ride["depart_s"] / 60)
        assert unpack(data["other"]["seconds"]) == packed(np.ceil(walk["nearest_s"]))
        covered = int((ride["nearest_s"] <= 900).sum())
        assert sum(0 < one <= 901 for one in unpack(data["access"]["seconds"])) == covered

    def test_streets_are_painted_by_the_ride(
        self, ride_run: Run, html: str, walk_html: str, read_json: ReadJson
    ) -> None:
        scale = read_palette().minutes
        for page, column in ((html, "ride_min_pharmacy"), (walk_html, "min_pharmacy")):
            letters = read_json(page, "lc-kind")["minutes"]
            classes = ["ABCDEF".index(letter) for letter in letters]
            assert classes == classify_minutes(ride_run.streets[column], scale).tolist()
        assert read_json(html, "lc-kind")["minutes"] != read_json(walk_html, "lc-kind")["minutes"]

    def test_lines_and_stops_are_read_back(
        self, ride_run: Run, html: str, read_json: ReadJson, unpack: Unpack
    ) -> None:
        transit = ride_run.transit
        assert transit is not None
        packed = read_json(html, "lc-shared")["transit"]
        lines, stops = packed["lines"], packed["stops"]
        assert lines["ref"] == ["12", "3", "M1", "夜1"]
        assert unpack(lines["counts"]) == [6, 5, 3, 3]  # one stop of seven lies in a straight
        assert lines["parts"] == ""
        assert lines["rank"] == "BBEA"  # street, street, rail, idle
        assert lines["headway_min"] == [5, 15, 3, None]
        served = transit.stops[transit.stops["modes"] != ""]
        assert stops["name"] == list(served["name"])
        assert len(served) == 11
        steps = np.array([-(n + 1) // 2 if n % 2 else n // 2 for n in unpack(stops["points"])])
        lonlat = np.cumsum(steps.reshape(-1, 2), axis=0) / 1e5
        assert lonlat == pytest.approx(served.geometry.get_coordinates().to_numpy(), abs=1e-5)
        assert unpack(stops["departures"]) == list(served["departures"])
        ends = np.cumsum(unpack(stops["n_lines"]))[:-1]
        calls = [part.tolist() for part in np.split(unpack(stops["lines"]), ends)]
        assert calls[:4] == [[0, 2], [0, 3], [0, 1], [0, 2]]
        assert stops["connected"] == "B" * 10 + "A"

    def test_headways_of_osm_are_marked_as_assumed(
        self, osm_run: Run, html: str, read_json: ReadJson
    ) -> None:
        assumed = gap_map(osm_run, "pharmacy", mode="walk_transit")
        assert read_json(assumed, "lc-shared")["transit"]["lines"]["assumed"] == "BBBB"
        assert read_json(html, "lc-shared")["transit"]["lines"]["assumed"] == "AAAA"


class TestWords:
    def test_legend_names_window_day_and_feed(self, html: str) -> None:
        legend = legend_of(html)
        assert "步行或乘公交" not in legend  # filled in by the page, with limit and kind
        assert "步行＋公交到最近一处的时间" in legend
        assert "07:30–08:30 每分钟出发一次，取各次用时的中位数" in legend
        assert "运营日 2023-11-15（星期三）" in legend
        assert "时刻表：bus &amp; tram.gtfs.zip（GTFS）" in legend
        assert "线路 4 条，可上车的站点 11 个，时段内发车 72 班" in legend
        assert "平均发车间隔 8.25 分钟" in legend
        assert "61.2% 的住户步行 5 分钟内有公交站点" in legend
        assert "OpenStreetMap，发车间隔" not in legend

    def test_legend_says_what_osm_leaves_to_be_assumed(self, osm_run: Run) -> None:
        page = gap_map(osm_run, "pharmacy", mode="walk_transit")
        legend = legend_of(page)
        assert "没有公开的时刻表" in legend
        assert "发车间隔和车速为假设值" in legend
        assert "7 条线路未标注发车间隔" in legend
        assert "9 条单向线路的车速" in legend
        assert "7 route relations do not say how often they run" in page

    def test_another_percentile_is_named(self, ride_run: Run) -> None:
        transit = ride_run.manifest["transit"] | {"percentile": 90.0}
        run = dataclasses.replace(ride_run, manifest=ride_run.manifest | {"transit": transit})
        page = gap_map(run, "pharmacy", mode="walk_transit")
        assert "取各次用时的第 90 百分位数" in page
        assert "the 90th percentile of their times" in page

    def test_rules_stand_under_their_mode(self, html: str, walk_html: str) -> None:
        own, other = "按步行＋公交判定的规则", "按步行判定的规则"
        legend = legend_of(html)
        assert legend.index(own) < legend.index("15 分钟公交可达药店") < legend.index(other)
        assert legend.index(other) < legend.index("15 分钟步行可达药店")
        legend = legend_of(walk_html)
        assert legend.index(other) < legend.index("15 分钟步行可达药店") < legend.index(own)

    def test_kind_without_a_rule_on_riding_says_so(self, ride_run: Run) -> None:
        legend = legend_of(gap_map(ride_run, "kindergarten", mode="walk_transit"))
        assert "没有按步行＋公交判定的条款" in legend
        assert "15 分钟步行可达幼儿园" in legend

    def test_verdicts_say_which_mode_they_were_reached_in(
        self, html: str, read_json: ReadJson
    ) -> None:
        gaps = read_json(html, "lc-kind")["gaps"]
        assert {gap["mode"] for gap in gaps} == {"walk", "walk_transit"}
        assert {gap["rule"] for gap in gaps if gap["mode"] == "walk_transit"} == {
            "bj.pharmacy.ride"
        }


class TestLinks:
    def test_files_lead_to_each_other(self, html: str, walk_html: str) -> None:
        for page, own in ((html, "walk_transit"), (walk_html, "walk")):
            links = re.findall(r'<a href="([^"]+)" data-mode="(\w+)"( aria-current="page")?>', page)
            assert [(href, mode) for href, mode, _ in links] == [
                ("pharmacy.html", "walk"),
                ("pharmacy.walk_transit.html", "walk_transit"),
            ]
            assert [mode for _, mode, current in links if current] == [own]

    def test_pages_of_a_service_ask_it_for_the_other_mode(self, ride_run: Run) -> None:
        page = gap_map(ride_run, "pharmacy", assets="linked")
        assert re.findall(r'href="([^"]+)" data-mode', page) == ["?mode=walk", "?mode=walk_transit"]

    def test_without_a_timetable_nothing_speaks_of_one(self, run: Run, read_json: ReadJson) -> None:
        page = gap_map(run, "pharmacy")
        assert "<nav" not in page
        assert "layer_transit" not in page.replace('"layer_transit"', "").split("<body")[0]
        assert 'data-layer="transit"' not in page
        assert "feature_group_layer_transit" not in page
        assert "transit" not in read_json(page, "lc-shared")
        assert "other" not in read_json(page, "lc-kind")
        assert "best" not in read_json(page, "lc-kind")["access"]

    def test_transit_is_a_layer_of_both_pages(self, html: str, walk_html: str) -> None:
        for page in (html, walk_html):
            assert 'data-t=\\"layer_transit\\"' in page.replace("\\\\", "\\") or (
                'data-t="layer_transit"' in page
            )


class TestSafety:
    def test_names_of_lines_and_stops_are_text(self, html: str, read_json: ReadJson) -> None:
        assert "<script>alert(3)" not in html
        assert "<img src=x" not in html
        shared = read_json(html, "lc-shared")
        assert shared["transit"]["lines"]["name"][1] == "</script><script>alert(3)</script>"
        assert shared["transit"]["stops"]["name"][1] == "<img src=x onerror=alert(2)>"

    def test_hostile_manifest(self, ride_run: Run) -> None:
        evil = "</template><script>alert(1)</script>{day}"
        transit = ride_run.manifest["transit"] | {
            "feeds": [evil],
            "assumptions": [{"code": "x", "count": 1, "zh": evil, "en": evil}],
        }
        run = dataclasses.replace(ride_run, manifest=ride_run.manifest | {"transit": transit})
        assert "<script>alert(1)" not in gap_map(run, "pharmacy", mode="walk_transit")


class TestWriteMaps:
    def test_two_files_per_kind_and_an_index_of_both(self, ride_run: Run, tmp_path: Path) -> None:
        paths = write_maps(ride_run, tmp_path, kinds=["pharmacy", "clinic"])
        assert [path.name for path in paths] == [
            "index.html",
            "pharmacy.html",
            "pharmacy.walk_transit.html",
            "clinic.html",
            "clinic.walk_transit.html",
        ]
        index = paths[0].read_text(encoding="utf-8")
        assert re.findall(r'<td><a href="([\w.]+)"', index) == [path.name for path in paths[1:]]
        share = ride_run.manifest["summary_walk_transit"]["pharmacy"]["15"]["share"]
        assert f">{100 * share:.1f}%</a>" in index
        assert "07:30–08:30" in index
        assert "没有公开的时刻表" not in index

    def test_index_warns_of_assumed_headways(self, osm_run: Run, tmp_path: Path) -> None:
        (index, *_) = write_maps(osm_run, tmp_path, kinds=["pharmacy"])
        assert "没有公开的时刻表，发车间隔和车速为假设值" in index.read_text(encoding="utf-8")

    def test_index_without_a_timetable_has_one_share(self, run: Run, tmp_path: Path) -> None:
        (index, *_) = write_maps(run, tmp_path, kinds=["pharmacy"])
        text = index.read_text(encoding="utf-8")
        assert "公交" not in text
        assert "walk_transit" not in text

    def test_index_says_why_there_is_no_timetable(self, run: Run, tmp_path: Path) -> None:
        why = {"zh": "只算步行：没有线路", "en": "walking only: no routes"}
        transit = {"status": "unknown", "reason": why}
        told = dataclasses.replace(run, manifest={**run.manifest, "transit": transit})
        (index, *_) = write_maps(told, tmp_path, kinds=["pharmacy"])
        text = index.read_text(encoding="utf-8")
        assert "没有“步行＋公交”的结果" in text
        assert why["zh"] in text
        assert why["en"] in text

    def test_drawn_together_or_alone_the_text_is_the_same(
        self, ride_run: Run, tmp_path: Path, html: str, walk_html: str
    ) -> None:
        write_maps(ride_run, tmp_path, kinds=["pharmacy"])
        assert (tmp_path / "pharmacy.html").read_text(encoding="utf-8") == walk_html
        assert (tmp_path / "pharmacy.walk_transit.html").read_text(encoding="utf-8") == html
        backdrop = build_backdrop(ride_run)
        assert gap_map(ride_run, "pharmacy", mode="walk_transit", backdrop=backdrop) == html

    def test_size_and_time_of_a_large_city(
        self, large_run: Run, add_transit: Callable[..., Run], tmp_path: Path
    ) -> None:
        run = add_transit(large_run, "gtfs")
        started = time.process_time()
        paths = write_maps(run, tmp_path)
        spent_s = time.process_time() - started
        assert len(paths) == 91
        assert max(path.stat().st_size for path in paths) < 3_000_000
        assert spent_s < 20  # about 4 s; the benchmark holds the target


def test_unknown_kind_is_unknown_with_a_bus_too(ride_run: Run, read_json: ReadJson) -> None:
    data = read_json(gap_map(ride_run, "clinic", mode="walk_transit"), "lc-kind")
    assert set(data["coverage"]["15"]["cls"]) == {-1}
    assert data["measured"] is False
    assert data["minutes"] == ""


def test_unknown_mode_is_refused(ride_run: Run) -> None:
    with pytest.raises(UnknownLimit, match="measured modes: walk, walk_transit"):
        gap_map(ride_run, "pharmacy", mode="cycle")
