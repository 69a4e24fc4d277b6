"""The map of schools: places against children, year by year, and the land reserved for schools."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import folium

from layers.store import Run
from maps.areas import draw_communities
from maps.backdrop import Backdrop, build_backdrop
from maps.base import Assets, Tiles
from maps.index import get_environment
from maps.modes import get_words
from maps.school_land import (
    draw_parcels,
    list_clusters,
    list_findings,
    list_parcels,
    pack_catchments,
)
from maps.school_years import find_first_level, list_levels, list_years
from maps.shell import Frame, assemble_shell, label_layer, write_body
from maps.style import blend, read_palette
from maps.tables import embed_json, index_rows, take_rows
from maps.text import LANGS, SCHOOL_WORDS, Lang, read_text

_SCRIPTS = (
    "nodes.js", "shell.js", "controls.js", "schools_words.js", "schools_figures.js", "schools_marks.js",
    "schools_drawing.js", "schools_cards.js", "schools_legend.js", "schools_page.js",
)  # fmt: skip
_STYLES = ("page.css", "schools.css")
_LAYERS = (
    ("schools_layer_numbers", True),
    ("schools_layer_schools", True),
    ("schools_layer_parcels", True),
    ("schools_layer_taken", True),
    ("schools_layer_catchments", False),
    ("schools_layer_clusters", False),
    ("layer_streets", True),
    ("layer_ground", True),
)


def schools_map(
    run: Run,
    *,
    lang: Lang = "zh",
    assets: Assets = "inline",
    asset_base: str = "/assets/",
    backdrop: Backdrop | None = None,
    tiles: Tiles | None = None,
) -> str:
    """Map of school places and school land as a whole HTML page; all levels and years are in it.

    Communities by verdict and by children without a place, schools, parcels with what was found about
    them, catchments, clusters. Opened alone the page has its own choice of level and year. With
    `embed=1` in its address the page around it drives it by messages of its own origin: it hears
    `lifecircle:schools` (level, year), `lifecircle:parcel`, `lifecircle:school`, `lifecircle:focus`,
    `lifecircle:district`, `lifecircle:release` and `lifecircle:lang`, and tells `lifecircle:ready` and
    `lifecircle:select`.

    Parameters
    ----------
    assets
        `inline`: everything inside, opens from disk. `linked`: Leaflet under `asset_base`.
    backdrop
        From `build_backdrop`, to spare encoding the shared parts again.
    tiles
        An online base map; without one the page asks no host for anything.

    Raises
    ------
    AssetsMissing
        The front-end files were not fetched at build time.
    ShiftedTiles
        The tiles are in another datum than the results.
    """
    shared = build_backdrop(run) if backdrop is None else backdrop
    frame = Frame(shared.bounds, assets, asset_base, lang, tiles)
    layers: dict[str, folium.map.Layer] = {
        "communities": draw_communities(shared.outlines),
        "parcels": draw_parcels(run.parcels),
    }
    for key, show in _LAYERS:
        layers[key] = folium.FeatureGroup(name=label_layer(key, lang), show=show)
    shell = assemble_shell(frame, layers, styles=_STYLES)
    data = list_page_data(run, shared, lang=lang)
    packed = {"lc-shared": shared.base, "lc-schools": embed_json(data)}
    body = write_body(_draw_chrome(data, shared, lang), packed, _SCRIPTS)
    title = read_text()["schools_title"][lang]
    return shell.fill(f"{title} · {data['name']}", body)


def list_page_data(run: Run, shared: Backdrop, *, lang: Lang) -> dict[str, Any]:
    """Everything the page says and draws beyond the backdrop, fit for JSON."""
    keys, years = shared.community_keys, list_years(run)
    levels = list_levels(run, keys, years)
    catchments = index_rows(run.catchments, "level")
    for level in levels:
        own = take_rows(run.catchments, catchments.find(level["code"]))
        level["catchments"] = pack_catchments(own, level["schools"]["id"], years)
    told = run.manifest.get("schools") or {}
    text = read_text()
    return {
        "name": str(run.manifest.get("name", "")),
        "synthetic": bool(run.manifest.get("synthetic")),
        "lang": lang,
        "level": find_first_level(run),
        "years": years,
        "levels": levels,
        "parcels": list_parcels(run),
        "findings": list_findings(run),
        "clusters": list_clusters(run, keys),
        "brought": [str(name) for name in told.get("brought", ())],
        "palette": read_palette().plain["schools"],
        "text": {key: dict(text[key]) for key in text if key.startswith(SCHOOL_WORDS)},
    }


def _draw_chrome(data: dict[str, Any], shared: Backdrop, lang: Lang) -> str:
    """What stands beside the map: title bar, years, legend."""
    palette = read_palette()
    own = palette.plain["schools"]
    opacity, paper = float(own["fill_opacity"]), str(palette.plain["base"]["paper"])
    return (
        get_environment()
        .get_template("schools.html")
        .render(
            data=data,
            palette=own,
            swatches=[blend(color, paper, opacity) for color in own["colors"]],
            met=blend(own["met"], paper, opacity),
            classes=_label_classes(own["breaks"]),
            sources=shared.sources,
            words=get_words,
            langs=LANGS,
            lang=lang,
        )
    )


def _label_classes(breaks: Iterable[float]) -> list[dict[str, str]]:
    """Label of each class of children without a place, both languages."""
    text, bounds = read_text(), [format(bound, "g") for bound in breaks]
    labels: list[dict[str, str]] = []
    labels.append({lang: text["schools_under"][lang].format(n=bounds[1]) for lang in LANGS})
    for low, high in pairwise(bounds[1:]):
        pair = {"low": low, "high": format(float(high) - 1, "g")}
        labels.append({lang: text["schools_range"][lang].format(**pair) for lang in LANGS})
    labels.append({lang: text["schools_over"][lang].format(n=bounds[-1]) for lang in LANGS})
    return labels
