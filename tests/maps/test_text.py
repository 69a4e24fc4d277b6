"""Words: both languages everywhere, and every word a page asks for exists."""

import re
from pathlib import Path

from maps.text import LANGS, find_text, get_titles, read_text


def test_both_languages_fill_in_the_same_values() -> None:
    for key, texts in read_text().items():
        wanted = {lang: set(re.findall(r"\{(\w+)\}", texts[lang])) for lang in LANGS}
        assert wanted["zh"] == wanted["en"], key


def test_every_word_a_page_asks_for_exists(root: Path) -> None:
    asked: set[str] = set()
    for name in (
        "page.html",
        "cards.js",
        "drawing.js",
        "journey.js",
        "page.js",
        "words.js",
        "index.html",
        "macros.html",
        "shell.js",
        "controls.js",
        "schools.html",
        "schools_cards.js",
        "schools_drawing.js",
        "schools_legend.js",
        "schools_marks.js",
        "schools_page.js",
        "schools_words.js",
    ):
        text = (root / "maps" / "templates" / name).read_text(encoding="utf-8")
        asked |= set(re.findall(r"""\b[tf]\("([a-z_0-9]+)"[),]""", text))
        asked |= set(re.findall(r'data-(?:t|hint|placeholder)="([a-z_0-9]+)"', text))
        asked |= set(re.findall(r"\btext\.([a-z_0-9]+)[.\[]", text))
    assert len(asked) > 50
    assert asked <= set(read_text()), asked - set(read_text())


def test_every_word_is_used(root: Path) -> None:
    sources = [*(root / "maps").glob("*.py"), *(root / "maps" / "templates").iterdir()]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    built = ("by_", "cause_", "demand_", "gap_", "status_", "mode_", "vehicle_")
    built += ("card_rule_", "city_other_", "home_other_", "legend_rules_", "legend_no_rules_")
    built += ("travel_near_", "travel_gtfs", "travel_osm")
    built += tuple(f"schools_{word}_" for word in ("parcel", "sign", "settle", "level", "places"))
    built += tuple(f"schools_{word}_" for word in ("figure", "unit", "table"))
    keys = {key.removesuffix(".walk_transit") for key in read_text()}
    assert [key for key in keys if key not in text and not key.startswith(built)] == []


def test_a_mode_s_own_wording_fills_in_the_same_values() -> None:
    own = [key for key in read_text() if "." in key]
    assert own
    for key in own:
        base, mode = key.split(".")
        assert mode in {"walk", "walk_transit"}
        for lang in LANGS:
            filled = [re.findall(r"\{(\w+)\}", read_text()[name][lang]) for name in (base, key)]
            assert sorted(filled[0]) == sorted(filled[1]), key


def test_one_language_stands_in_for_the_other() -> None:
    assert find_text({"zh": "", "en": "b"}) == {"zh": "b", "en": "b"}
    assert find_text(None, zh="甲") == {"zh": "甲", "en": ""}
    assert find_text("x") == {"zh": "x", "en": "x"}
    assert get_titles({"name_zh": "药店"}, "name") == {"zh": "药店", "en": "药店"}
