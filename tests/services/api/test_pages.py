"""Pages: the planner's page, its words, map pages and what they allow to run."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

import services.api
from services.api.pages import read_words
from services.api.routes.pages import list_script_digests

FOLDER = Path(services.api.__file__).parent


def test_planner_page_carries_the_city(client):
    text = client.get("/").text
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["city"]["name"] == "纸上城市"
    assert data["first_kind"] == "pharmacy"
    assert len(data["palette"]["breaks"]) == len(data["palette"]["colors"]) + 1
    assert 'class="synthetic"' in text
    assert "<title>纸上城市 · 15分钟生活圈</title>" in text
    assert "<title>纸上城市 · 15-minute life circle</title>" in client.get("/?lang=en").text


def test_every_word_a_script_asks_for_is_there_in_both_languages():
    words = read_words()
    asked = set()
    for path in (FOLDER / "static").glob("*.js"):
        asked |= set(re.findall(r'\bt\("(\w+)"', path.read_text(encoding="utf-8")))
    for path in (FOLDER / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"words\.(\w+)", text)) | set(re.findall(r"t\('(\w+)'\)", text))
    assert len(asked) > 60
    assert asked <= set(words)
    for stem, endings in {
        "status": ("gap", "met", "unknown", "not_applicable", "none"),
        "cause": ("no_facility", "too_far", "severed", "full", "unconnected", "data_missing"),
        "source": ("primary", "secondary", "derived", "unverified"),
        "homes": ("table", "buildings", "land", "streets"),
        "share": ("households", "buildings", "land", "communities"),
        "barrier": ("railway", "waterway", "motorway", "wall"),
    }.items():
        assert {f"{stem}_{ending}" for ending in endings} <= set(words)
    assert all(set(entry) == {"zh", "en"} and all(entry.values()) for entry in words.values())


def test_both_languages_fill_in_the_same_values():
    for key, entry in read_words().items():
        fields = [set(re.findall(r"\{(\w+)\}", entry[lang])) for lang in ("zh", "en")]
        assert fields[0] == fields[1], key


@pytest.mark.parametrize(
    "path", ["/maps/pharmacy", "/maps/pharmacy.html", "/maps/药店?limit=5&lang=en&embed=1"]
)
def test_map_page_runs_its_own_scripts_only(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    scripts = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe" not in scripts
    digests = list_script_digests(answer.text)
    assert digests
    for digest in digests:
        assert f"'sha256-{digest}'" in scripts
    assert "https://" not in re.sub(r"(?s)<!--.*?-->", "", policy)


def test_script_digests_are_those_a_browser_computes():
    html = '<script src="a.js"></script><script>let a = "<b>&amp;";</script><script type="application/json">{}</script>'
    expected = base64.b64encode(hashlib.sha256(b'let a = "<b>&amp;";').digest()).decode()
    assert list_script_digests(html) == [expected]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/maps/pharmcy", 404, "pharmacy"),
        ("/maps/pharmacy?limit=7", 400, "5, 10, 15"),
        ("/maps/pharmacy?lang=fr", 400, "zh"),
        ("/maps/pharmacy?mode=car", 400, "walk"),
    ],
)
def test_bad_maps(client, path, status, words):
    answer = client.get(path)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_no_page_or_asset_of_ours_names_an_outside_host():
    allowed = {"http://www.w3.org/2000/svg"}
    for path in [*(FOLDER / "static").iterdir(), *(FOLDER / "templates").iterdir()]:
        found = set(re.findall(r"https?://[\w./-]+", path.read_text(encoding="utf-8")))
        assert found <= allowed, path


def test_docs_page_is_served_from_here(client):
    text = client.get("/docs").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith("/")
        assert client.get(address).status_code == 200
