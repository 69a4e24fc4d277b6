"""Whole pages: what is inside, what is asked for from outside, how large and how fast."""

import json
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layers.errors import UnknownKind
from layers.store import Run
from maps.assets import get_script, get_stylesheet
from maps.base import Tiles
from maps.errors import ShiftedTiles, UnknownLimit
from maps.pages import build_backdrop, gap_map, write_maps

OUTSIDE = re.compile(r"(?:https?:)?//[\w.-]+\.\w+", re.IGNORECASE)
ReadJson = Callable[[str, str], dict[str, Any]]
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "manifest"}


class Loads(HTMLParser):
    """Every address a page loads by itself, its scripts and its style sheets."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: list[str] = []
        self.inside: str = ""
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = tag if tag in self.texts else ""
        for name, value in attrs:
            if name in LOADING or (name == "href" and tag in {"link", "base", "image", "use"}):
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[self.inside].append(data)


def read_features(html: str) -> list[list[dict[str, Any]]]:
    """Features of each GeoJSON layer in the page, in order."""
    return [
        json.loads(text)["features"] for text in re.findall(r"geo_json_\w+_add\((\{.*\})\);", html)
    ]


@pytest.fixture(scope="module")
def html(run: Run) -> str:
    return gap_map(run, "pharmacy")


class TestContent:
    def test_communities_and_facilities_are_read_back(self, run: Run, html: str) -> None:
        communities, facilities = read_features(html)
        assert [feature["properties"]["i"] for feature in communities] == list(range(16))
        west, south, east, north = run.communities.total_bounds
        corners = np.array(
            [xy for feature in communities for xy in feature["geometry"]["coordinates"][0]]
        )
        assert corners.min(axis=0) == pytest.approx([west, south], abs=1e-5)
        assert corners.max(axis=0) == pytest.approx([east, north], abs=1e-5)
        assert sum(feature["properties"]["part"] == "point" for feature in facilities) == 9
        assert sum(feature["properties"]["part"] == "area" for feature in facilities) == 1

    def test_shares_are_those_of_the_run(self, run: Run, html: str, read_json: ReadJson) -> None:
        data = read_json(html, "lc-kind")
        assert list(data["coverage"]) == ["5", "10", "15"]
        rows = run.coverage.query("kind == 'pharmacy' and limit == 15")
        by_id = rows.set_index("community_id")["share"]
        shared = read_json(html, "lc-shared")
        for community, share in zip(
            shared["communities"]["id"], data["coverage"]["15"]["share"], strict=True
        ):
            assert share == pytest.approx(by_id[community], abs=1e-4)

    def test_rule_source_and_its_status_are_printed(self, run: Run) -> None:
        html = gap_map(run, "kindergarten")
        assert "15 分钟步行可达幼儿园" in html
        assert "《宝鸡市“四型”社区建设实施方案》" in html
        assert "lc-status-unverified" in html.split("</style>")[-1]

    def test_notices_datum_and_synthetic_flag(self, html: str) -> None:
        assert "© OpenStreetMap contributors (ODbL 1.0)" in html
        assert "CGCS2000" in html
        assert "合成示例数据" in html

    def test_same_run_same_text(self, run: Run, html: str) -> None:
        assert gap_map(run, "pharmacy") == html

    def test_backdrop_changes_nothing(self, run: Run, html: str) -> None:
        assert gap_map(run, "pharmacy", backdrop=build_backdrop(run)) == html

    def test_limit_and_language_open_the_page(self, run: Run, read_json: ReadJson) -> None:
        page = gap_map(run, "pharmacy", limit_min=5, lang="en")
        data = read_json(page, "lc-kind")
        assert (data["limit"], data["lang"]) == ("5", "en")
        assert '<html lang="en">' in page

    def test_community_without_households_keeps_its_share(
        self, html: str, read_json: ReadJson
    ) -> None:
        data, shared = read_json(html, "lc-kind"), read_json(html, "lc-shared")
        assert shared["communities"]["households"][2] is None
        assert data["coverage"]["15"]["share"][2] is not None
        assert data["coverage"]["15"]["covered"][2] is None

    def test_rows_of_another_order_give_the_same_page(self, run: Run, html: str) -> None:
        shuffled = type(run)(
            **{name: getattr(run, name) for name in run.__slots__}
            | {
                "access": run.access.sample(frac=1, random_state=1).reset_index(drop=True),
                "coverage": run.coverage.sample(frac=1, random_state=1).reset_index(drop=True),
            }
        )
        assert gap_map(shuffled, "pharmacy") == html


class TestUnknown:
    def test_kind_without_facilities_is_unknown_not_zero(
        self, run: Run, read_json: ReadJson
    ) -> None:
        data = read_json(gap_map(run, "clinic"), "lc-kind")
        assert set(data["coverage"]["15"]["cls"]) == {-1}
        assert set(data["coverage"]["15"]["share"]) == {None}
        assert data["measured"] is False
        assert data["minutes"] == ""
        assert data["summary"]["15"]["reason"]["zh"] == "数据中没有社区诊所"

    def test_kind_without_coverage_rows_is_unknown_too(self, run: Run, read_json: ReadJson) -> None:
        bare = type(run)(
            **{name: getattr(run, name) for name in run.__slots__}
            | {"coverage": run.coverage[run.coverage["kind"] != "clinic"].reset_index(drop=True)}
        )
        data = read_json(gap_map(bare, "clinic"), "lc-kind")
        assert set(data["coverage"]["10"]["cls"]) == {-1}

    def test_unknown_kind_limit_and_mode_are_refused(self, run: Run) -> None:
        with pytest.raises(UnknownKind, match="no kind 'shop'"):
            gap_map(run, "shop")
        with pytest.raises(UnknownLimit, match="measured limits: 5, 10, 15"):
            gap_map(run, "pharmacy", limit_min=12)
        for kind in ("pharmacy", "clinic"):
            with pytest.raises(
                UnknownLimit, match="no walk_transit coverage: measured modes: walk"
            ):
                gap_map(run, kind, mode="walk_transit")


class TestSafety:
    def test_names_are_text(self, html: str, read_json: ReadJson) -> None:
        page = Loads(html)
        assert "img" not in page.tags
        assert "<script>alert(1)" not in html
        assert "<img src=x" not in html
        assert page.tags.count("script") == html.lower().count("<script")
        shared = read_json(html, "lc-shared")
        assert (
            shared["communities"]["name"][1] == "${alert(1)}</script><img src=x onerror=alert(1)>"
        )
        assert read_json(html, "lc-kind")["facilities"]["name"][0] == "<script>alert(1)</script>"

    def test_hostile_manifest(self, run: Run) -> None:
        evil = "</title><script>alert(1)</script>{{7*7}}"
        manifest = json.loads(json.dumps(run.manifest))
        manifest["name"] = evil
        manifest["kinds"][0]["name_zh"] = evil
        manifest["packs"][0]["rules"][0]["title_zh"] = evil
        manifest["attribution"].append(evil)
        page = gap_map(
            type(run)(
                **{name: getattr(run, name) for name in run.__slots__} | {"manifest": manifest}
            ),
            "pharmacy",
        )
        assert "<script>alert(1)" not in page
        assert "{{7*7}}" in page

    def test_nothing_comes_from_outside(self, html: str) -> None:
        page = Loads(html)
        assert page.addresses == ["data:,"]
        for css in page.texts["style"]:
            assert "@import" not in css
            assert all(url.startswith("data:") for url in re.findall(r"url\(([^)]*)\)", css))
        # Leaflet's own files name the SVG namespace and bug trackers; none of it is loaded.
        assert get_script() in html
        assert get_stylesheet() in html
        rest = html.replace(get_script(), "").replace(get_stylesheet(), "")
        assert OUTSIDE.findall(rest) == []

    def test_linked_mode_names_only_the_own_assets(self, run: Run) -> None:
        page = Loads(gap_map(run, "pharmacy", assets="linked", asset_base="/assets"))
        assert sorted(page.addresses) == ["/assets/leaflet.css", "/assets/leaflet.js", "data:,"]

    def test_shifted_tiles_are_refused(self, run: Run) -> None:
        tiles = Tiles("https://tiles.example/{z}/{x}/{y}.png", "provider", datum="gcj02")
        with pytest.raises(ShiftedTiles, match="GCJ02"):
            gap_map(run, "pharmacy", tiles=tiles)

    def test_tiles_only_when_asked_for(self, run: Run, html: str) -> None:
        tiles = Tiles("https://tiles.example/{z}/{x}/{y}.png", "provider")
        assert "tiles.example" in gap_map(run, "pharmacy", tiles=tiles)
        assert "tileLayer(" not in html.rsplit("<script>", 1)[-1]


class TestWriteMaps:
    def test_files_index_and_progress(self, run: Run, tmp_path: Path) -> None:
        seen: list[tuple[str, float]] = []
        paths = write_maps(
            run, tmp_path / "maps", progress=lambda kind, share: seen.append((kind, share))
        )
        assert [path.name for path in paths] == [
            "index.html",
            "pharmacy.html",
            "kindergarten.html",
            "park.html",
            "clinic.html",
        ]
        assert all(path.is_file() for path in paths)
        assert seen[-1] == ("clinic", 1.0)
        index = paths[0].read_text(encoding="utf-8")
        assert re.findall(r'href="(\w+\.html)"', index) == [
            "pharmacy.html",
            "clinic.html",
            "kindergarten.html",
            "park.html",
        ]
        assert Loads(index).addresses == ["data:,"]
        assert not OUTSIDE.findall(index)
        assert "合成示例数据" in index
        share = run.manifest["summary"]["pharmacy"]["15"]["share"]
        assert f"{100 * share:.1f}%" in index

    def test_only_the_kinds_asked_for(self, run: Run, tmp_path: Path) -> None:
        assert [path.name for path in write_maps(run, tmp_path, kinds=["park"])] == [
            "index.html",
            "park.html",
        ]

    def test_size_and_time_of_a_large_city(self, large_run: Run, tmp_path: Path) -> None:
        started = time.perf_counter()
        paths = write_maps(large_run, tmp_path)
        spent_s = time.perf_counter() - started
        assert len(paths) == 46
        assert max(path.stat().st_size for path in paths) < 3_000_000
        assert (
            spent_s < 20
        )  # about 3 s on an idle machine of two cores; the benchmark holds the target


def test_run_without_base_map_notices_or_rules(make_run: Callable[..., Run]) -> None:
    run = make_run(kinds={"pharmacy": 2})
    manifest = {**run.manifest, "packs": [], "assumptions": [], "synthetic": False}
    bare = type(run)(
        **{name: getattr(run, name) for name in run.__slots__}
        | {
            "manifest": manifest,
            "base": run.base.iloc[:0],
            "notices": run.notices.iloc[:0],
            "gaps": run.gaps.iloc[:0],
        }
    )
    page = gap_map(bare, "pharmacy")
    assert "没有针对这一类设施的条款" in page
    assert 'id="lc-synthetic"' not in page
