"""The part of a page Folium makes, the same for every mode of a kind: drawn once, filled often."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import folium
import geopandas as gpd
import markupsafe

from maps.base import (
    Assets,
    Bounds,
    RawText,
    StartScript,
    Tiles,
    build_map,
    get_figure,
    render_page,
)
from maps.index import TEMPLATES
from maps.modes import get_words
from maps.points import draw_facilities
from maps.text import Lang

NO_ICON = '<link rel="icon" href="data:,">'
"""Keeps a browser from asking a server for an icon."""

TRANSIT_LAYER = "layer_transit"
_TITLE, _BODY = "\ue000title\ue001", "\ue000body\ue001"
_VIEWS = ("view_coverage", "view_minutes")
_SCORE_VIEW = "view_scores"
_OVERLAYS = (
    ("layer_facilities", True),
    ("layer_uncovered", True),
    ("layer_covered", False),
    ("layer_entrances", True),
    ("layer_streets", True),
    ("layer_ground", True),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """How pages are set up, whatever they show.

    Parameters
    ----------
    bounds
        W, S, E, N, degrees.
    assets
        `inline`: everything inside; `linked`: Leaflet under `asset_base`.
    tiles
        An online base map, or none.
    """

    bounds: Bounds
    assets: Assets = "inline"
    asset_base: str = "/assets/"
    lang: Lang = "zh"
    tiles: Tiles | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    """A page without its title and without what stands beside the map."""

    before_title: str
    before_body: str
    after_body: str

    def fill(self, title: str, body: str) -> str:
        """The whole page; `title` is escaped, `body` goes in as it is."""
        escaped = str(markupsafe.escape(title))
        return f"{self.before_title}{escaped}{self.before_body}{body}{self.after_body}"


def build_shell(
    frame: Frame,
    outlines: folium.GeoJson,
    facilities: gpd.GeoDataFrame,
    color: str,
    *,
    has_transit: bool,
    has_cards: bool = False,
) -> Shell:
    """Map with all its layers, as Folium writes it.

    Raises
    ------
    AssetsMissing
        The front-end files were not fetched at build time.
    ShiftedTiles
        The tiles are in another datum than the results.
    """
    layers: dict[str, folium.map.Layer] = {
        "communities": outlines,
        "facilities": draw_facilities(facilities, color),
    }
    layers.update(_list_groups(frame.lang, has_transit=has_transit, has_cards=has_cards))
    return assemble_shell(frame, layers)


def assemble_shell(
    frame: Frame, layers: Mapping[str, folium.map.Layer], *, styles: Iterable[str] = ("page.css",)
) -> Shell:
    """Map with `layers`, which the page's script is handed by name, and the named style sheets.

    Raises
    ------
    AssetsMissing
        The front-end files were not fetched at build time.
    ShiftedTiles
        The tiles are in another datum than the results.
    """
    drawn = build_map(
        frame.bounds, assets=frame.assets, asset_base=frame.asset_base, tiles=frame.tiles
    )
    root = get_figure(drawn)
    root.title = _TITLE
    css = "".join(read_template(name) for name in styles)
    root.header.add_child(RawText(f"{NO_ICON}<style>{css}</style>"), name="page_css")
    root.html.add_child(RawText(_BODY), name="chrome")
    for name, layer in layers.items():
        layer.add_to(drawn, name=name)
    folium.LayerControl(collapsed=False).add_to(drawn)
    StartScript(drawn, layers).add_to(drawn)
    before_title, rest = render_page(drawn, lang=frame.lang).split(_TITLE)
    before_body, after_body = rest.split(_BODY)
    return Shell(before_title, before_body, after_body)


def write_body(chrome: str, packed: Mapping[str, str], scripts: Iterable[str]) -> str:
    """What goes into a shell: what stands beside the map, the page's data and its scripts.

    Parameters
    ----------
    packed
        JSON, safe inside a page, by the id it is read by.
    scripts
        Files beside the templates, in the order they run in, in one block.
    """
    data = "".join(
        f'<script type="application/json" id="{name}">{text}</script>'
        for name, text in packed.items()
    )
    script = "".join(read_template(name) for name in scripts)
    return f"{chrome}{data}<script>{read_template('packed.js')}\n{{\n{script}}}</script>"


def _list_groups(lang: Lang, *, has_transit: bool, has_cards: bool) -> dict[str, folium.map.Layer]:
    """Empty layers the page's script fills: ways of colouring, and what can be switched off.

    The page itself switches transit on where it counts.
    """
    groups: dict[str, folium.map.Layer] = {
        key: folium.FeatureGroup(name=label_layer(key, lang), overlay=False, show=key == _VIEWS[0])
        for key in ((*_VIEWS, _SCORE_VIEW) if has_cards else _VIEWS)
    }
    overlays = [*_OVERLAYS, (TRANSIT_LAYER, False)] if has_transit else list(_OVERLAYS)
    for key, show in overlays:
        groups[key] = folium.FeatureGroup(name=label_layer(key, lang), show=show)
    return groups


def label_layer(key: str, lang: Lang) -> str:
    """Name of a layer as the page can translate it; Leaflet reads names as HTML."""
    return f'<span data-t="{key}">{markupsafe.escape(get_words(key)[lang])}</span>'


@cache
def read_template(name: str) -> str:
    """Text of a file beside the templates, as it is."""
    return (TEMPLATES / name).read_text(encoding="utf-8")
