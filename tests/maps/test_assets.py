"""Front-end files: complete, licensed, safe to put inside a page."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from maps import assets
from maps.errors import AssetsMissing


def test_every_listed_file_is_there_unchanged() -> None:
    listed = assets.list_assets()
    assert {entry["name"] for entry in listed} >= {
        "leaflet.js",
        "leaflet.css",
        "leaflet.LICENSE.txt",
    }
    for entry in listed:
        data = (assets.assets_dir() / entry["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert entry["version"]


def test_versions_are_those_of_the_lock_file(root: Path) -> None:
    lock = json.loads((root / "maps" / "package-lock.json").read_text(encoding="utf-8"))
    for entry in assets.list_assets():
        assert lock["packages"][f"node_modules/{entry['package']}"]["version"] == entry["version"]
    assert "resolved" not in json.dumps(lock)


def test_script_carries_its_licence_and_ends_no_element() -> None:
    script = assets.get_script()
    assert "BSD 2-Clause License" in script
    assert "</script" not in script.lower()
    assert "<!--" not in script
    assert "sourceMappingURL" not in script


def test_stylesheet_needs_no_other_file() -> None:
    css = assets.get_stylesheet()
    urls = re.findall(r"url\(([^)]*)\)", css)
    assert len(urls) == 3
    assert all(url.startswith("data:image/png;base64,") for url in urls)
    assert "</style" not in css.lower()


def test_missing_assets_say_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "__file__", str(tmp_path / "assets.py"))
    with pytest.raises(AssetsMissing, match="npm ci --prefix maps"):
        assets.assets_dir()
