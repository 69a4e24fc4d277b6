"""Front-end files the maps carry: fetched from npm at build time, never from a page.

`npm ci` and `copy_assets.mjs` fill `maps/assets`; nothing here is part of the repository.
"""

import base64
import json
import re
from functools import cache
from pathlib import Path

from maps.errors import AssetsMissing

_CSS_URL = re.compile(r"url\(\s*['\"]?(images/[^)'\"]+)['\"]?\s*\)")
_VML = re.compile(r"[ \t]*behavior:\s*url\(#default#VML\);\n?")


def assets_dir() -> Path:
    """Folder of the front-end files, as a web server may serve it.

    Raises
    ------
    AssetsMissing
        They were not fetched when the project was built.
    """
    folder = Path(__file__).parent / "assets"
    if not (folder / "assets.json").is_file():
        raise AssetsMissing(
            f"the maps' front-end files are missing from {folder}: run "
            "`npm ci --prefix maps && node maps/copy_assets.mjs` (needs Node.js and npm)"
        )
    return folder


def list_assets() -> list[dict[str, str]]:
    """One entry per file: name, package, version, licence and SHA-256."""
    listed = json.loads((assets_dir() / "assets.json").read_text(encoding="utf-8"))
    return [dict(entry) for entry in listed["files"]]


@cache
def get_script() -> str:
    """Leaflet's script with its licence, safe inside a `<script>` element."""
    licence = _read("leaflet.LICENSE.txt").replace("*/", "* /")
    script = f"/*\n{licence}*/\n{_read('leaflet.js')}"
    return re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE).replace("<!--", r"<\!--")


@cache
def get_stylesheet() -> str:
    """Leaflet's stylesheet with its images inside, safe inside a `<style>` element."""
    css = _VML.sub("", _read("leaflet.css"))
    return _CSS_URL.sub(lambda found: f"url({_data_uri(found.group(1))})", css)


def _read(name: str) -> str:
    return (assets_dir() / name).read_text(encoding="utf-8")


def _data_uri(name: str) -> str:
    data = (assets_dir() / name).read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")
