"""Styles for QGIS, written into the GeoPackage beside the layers: they open as on our maps.

A style is a QML document (QGIS's own format). The table it goes to is `layer_styles`, which QGIS
reads when a layer of the file is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from maps.style import LINE_MODES, Palette, find_rank
from maps.text import read_text

_LINE_MM = {"street": 0.4, "ferry": 0.4, "tram": 0.7, "rail": 1.0}
_SHAPES = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}


@dataclass(frozen=True, slots=True)
class _Class:
    label: str
    color: str
    lower: float = 0.0
    upper: float = 0.0
    value: str = ""
    size: float | None = None


def _rgba(color: str, alpha: float = 1.0) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * alpha)}"


def _symbol(shape: str, name: str, color: str, *, outline: str, size: float) -> Element:
    symbol = Element("symbol", {"type": shape, "name": name, "alpha": "1", "clip_to_extent": "1"})
    layer = SubElement(symbol, "layer", {"class": _SHAPES[shape], "enabled": "1", "pass": "0"})
    options = {
        "fill": {
            "color": _rgba(color, 0.8),
            "outline_color": _rgba(outline),
            "outline_width": "0.3",
        },
        "line": {"line_color": _rgba(color), "line_width": str(size)},
        "marker": {
            "color": _rgba(color),
            "outline_color": _rgba(outline),
            "size": str(size),
            "name": "circle",
        },
    }[shape]
    listed = SubElement(layer, "Option", {"type": "Map"})
    for key, value in options.items():
        SubElement(listed, "Option", {"type": "QString", "name": key, "value": value})
        SubElement(layer, "prop", {"k": key, "v": value})
    return symbol


def _document(renderer: Element) -> str:
    root = Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology"})
    root.append(renderer)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(
        root, encoding="unicode"
    )


def _graduated(shape: str, attribute: str, classes: Sequence[_Class], *, outline: str) -> str:
    renderer = Element(
        "renderer-v2",
        {"type": "graduatedSymbol", "attr": attribute, "graduatedMethod": "GraduatedColor"},
    )
    ranges = SubElement(renderer, "ranges")
    symbols = SubElement(renderer, "symbols")
    for at, one in enumerate(classes):
        SubElement(
            ranges,
            "range",
            {
                "lower": f"{one.lower:.9g}",
                "upper": f"{one.upper:.9g}",
                "symbol": str(at),
                "label": one.label,
                "render": "true",
            },
        )
        symbols.append(_symbol(shape, str(at), one.color, outline=outline, size=0.6))
    return _document(renderer)


def _categorized(
    shape: str, attribute: str, classes: Sequence[_Class], *, outline: str, size: float = 2.0
) -> str:
    renderer = Element("renderer-v2", {"type": "categorizedSymbol", "attr": attribute})
    categories = SubElement(renderer, "categories")
    symbols = SubElement(renderer, "symbols")
    for at, one in enumerate(classes):
        SubElement(
            categories,
            "category",
            {"value": one.value, "symbol": str(at), "label": one.label, "render": "true"},
        )
        wide = size if one.size is None else one.size
        symbols.append(_symbol(shape, str(at), one.color, outline=outline, size=wide))
    return _document(renderer)


def coverage_style(attribute: str, palette: Palette) -> str:
    """Fill communities by a share from 0 to 1 held in `attribute`."""
    scale = palette.coverage
    classes = [
        _Class(f"{low:.0%} – {high:.0%}", color, low, high)
        for low, high, color in zip(scale.breaks, scale.breaks[1:], scale.colors, strict=False)
    ]
    return _graduated("fill", attribute, classes, outline="#4b5158")


def minutes_style(attribute: str, palette: Palette) -> str:
    """Colour streets by the minutes held in `attribute`: on foot, or by transit too."""
    scale = palette.minutes
    bounds = (0.0, *scale.breaks, 1e6)
    classes = [
        _Class(f"{low:g} – {high:g} min" if high < 1e6 else f"> {low:g} min", color, low, high)
        for low, high, color in zip(bounds, bounds[1:], scale.colors, strict=False)
    ]
    return _graduated("line", attribute, classes, outline="#4b5158")


def gap_style(palette: Palette) -> str:
    """Fill the polygons of the gap list by status."""
    worst, best = palette.coverage.colors[1], palette.coverage.colors[-1]
    classes = [
        _Class("缺口 gap", worst, value="gap"),
        _Class("达标 met", best, value="met"),
        _Class("未知 unknown", "#8b9097", value="unknown"),
        _Class("不适用 not applicable", "#ffffff", value="not_applicable"),
    ]
    return _categorized("fill", "status", classes, outline="#4b5158")


def connection_style(palette: Palette) -> str:
    """Mark points by whether a walkable street lies near enough."""
    classes = [
        _Class("已接入路网 connected", str(palette.plain["homes"]["covered"]), value="true"),
        _Class("未接入路网 unconnected", palette.coverage.colors[1], value="false"),
    ]
    return _categorized("marker", "connected", classes, outline="#ffffff", size=1.6)


def line_style(palette: Palette) -> str:
    """Draw lines of public transport by `mode`: one colour, heavier on rails."""
    text = read_text()
    color = str(palette.plain["transit"]["line"])
    classes = [
        _Class(
            f"{text[f'vehicle_{mode}']['zh']} {text[f'vehicle_{mode}']['en']}",
            color,
            value=mode,
            size=_LINE_MM[find_rank(mode, palette)],
        )
        for mode in LINE_MODES
    ]
    return _categorized("line", "mode", classes, outline=color)


def stop_style(palette: Palette) -> str:
    """Mark stops of public transport by whether a walkable street lies near enough."""
    transit = palette.plain["transit"]
    classes = [
        _Class("已接入路网 connected", str(transit["casing"]), value="true"),
        _Class("未接入路网 unconnected", str(transit["off_network"]), value="false"),
    ]
    return _categorized("marker", "connected", classes, outline=str(transit["line"]), size=1.8)
