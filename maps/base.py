"""An empty Folium map without tiles, its front-end files, and the finished page as text."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import CustomPane
from folium.template import Template

from maps.assets import assets_dir, get_script, get_stylesheet
from maps.errors import ShiftedTiles
from maps.text import Lang

Assets = Literal["inline", "linked"]
Bounds = tuple[float, float, float, float]

MAX_ZOOM = 19


@dataclass(frozen=True, slots=True)
class Tiles:
    """An online base map, drawn only where one is asked for.

    Parameters
    ----------
    url
        Leaflet URL pattern in Web Mercator.
    attribution
        Plain text or HTML of the provider's notice.
    datum
        `wgs84` (CGCS2000 counts as the same here), `gcj02` or `bd09`.
    """

    url: str
    attribution: str
    datum: Literal["wgs84", "gcj02", "bd09"] = "wgs84"


class RawText(Element):
    """Text put into the page as it is: it is inserted, never read as a template."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class StartScript(MacroElement):
    """The call that hands Folium's map and layers to the page's script."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "LC.start({map: {{ this.drawn.get_name() }}, layers: { {%- for name, layer in this.layers.items() %}"
        "{{ name }}: {{ layer.get_name() }},{% endfor -%} }});"
        "{% endmacro %}"
    )

    def __init__(self, drawn: folium.Map, layers: Mapping[str, Element]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "StartScript"
        self.drawn = drawn
        self.layers = dict(layers)


def build_map(
    bounds: Bounds, *, assets: Assets, asset_base: str, tiles: Tiles | None = None
) -> folium.Map:
    """Map on `bounds` (W, S, E, N in degrees) that asks no outside host for anything.

    Folium's own list of scripts and stylesheets on public hosts is replaced: Leaflet alone, either
    inside the page or under `asset_base`.

    Raises
    ------
    AssetsMissing
        The front-end files were not fetched at build time.
    ShiftedTiles
        The tiles are in another datum than the results.
    """
    if tiles is not None and tiles.datum != "wgs84":
        raise ShiftedTiles(
            f"tiles in {tiles.datum.upper()} lie up to 700 m off results in WGS 84: "
            "choose tiles in WGS 84 or CGCS2000"
        )
    west, south, east, north = bounds
    drawn = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        tiles=None
        if tiles is None
        else folium.TileLayer(tiles.url, attr=tiles.attribution, control=False, max_zoom=MAX_ZOOM),
        zoom_start=13,
        prefer_canvas=True,
        control_scale=True,
        zoom_control="topleft",
        max_zoom=MAX_ZOOM,
        min_zoom=4,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=90,
        fade_animation=False,
        font_size="14px",
    )
    drawn.default_js = []
    drawn.default_css = []
    header = get_figure(drawn).header
    if assets == "inline":
        text = f"<style>{get_stylesheet()}</style><script>{get_script()}</script>"
    else:
        assets_dir()
        place = asset_base.rstrip("/") + "/"
        text = (
            f'<link rel="stylesheet" href="{html.escape(place)}leaflet.css">'
            f'<script src="{html.escape(place)}leaflet.js"></script>'
        )
    # before the page's own styles, which refine Leaflet's
    header.add_child(RawText(text), name="leaflet")
    CustomPane("ground", z_index=250, pointer_events=False).add_to(drawn)
    return drawn


def get_figure(drawn: folium.Map) -> Figure:
    """Page around a map.

    Raises
    ------
    TypeError
        The map was put into something else than a page.
    """
    figure = drawn.get_root()
    if not isinstance(figure, Figure):
        raise TypeError(f"expected a map in a figure, found {type(figure).__name__}")
    return figure


def render_page(drawn: folium.Map, *, lang: Lang) -> str:
    """The whole page as HTML; the same map gives the same text."""
    figure = get_figure(drawn)
    _number_elements(figure)
    page: str = figure.render()
    code = "zh-CN" if lang == "zh" else "en"
    return page.replace("<html>", f'<html lang="{code}">', 1)


def _number_elements(figure: Figure) -> None:
    """Give every element a number for its name in JavaScript; Folium's own are random."""
    queue: list[Element] = [figure]
    number = 0
    while queue:
        element = queue.pop(0)
        element._id = str(number)  # noqa: SLF001
        number += 1
        queue.extend(element._children.values())  # noqa: SLF001
