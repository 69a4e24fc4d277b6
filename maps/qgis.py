"""Styles for QGIS, written into the GeoPackage beside the layers: they open as on our maps.

A style is a QML document (QGIS's own format). The table it goes to is `layer_styles`, which QGIS
reads when a layer of the file is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from maps.style import LINE_MODES, Palette, blend, find_rank
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


def parcel_style(palette: Palette) -> str:
    """Fill reserved land by `status`: kept land fuller the nearer to opening, lost land dark."""
    colors = palette.plain["schools"]["parcel"]
    kept, tint, lost = (str(colors[name]) for name in ("kept", "tint", "lost"))
    classes = [
        _Class("预留 reserved", tint, value="reserved"),
        _Class("已供地 granted", blend(kept, tint, 0.35), value="granted"),
        _Class("在建 under construction", blend(kept, tint, 0.7), value="building"),
        _Class("已建成 open", kept, value="open"),
        _Class("已调整用途 re-zoned", str(colors["lost_tint"]), value="re-zoned"),
        _Class("被占用 occupied", lost, value="occupied"),
        _Class("状态未填 not stated", str(colors["unknown"]), value=""),
    ]
    return _categorized("fill", "status", classes, outline=kept)


def school_style(palette: Palette) -> str:
    """Mark schools by what is left of their places in the first year, `free_places`."""
    colors = palette.plain["schools"]
    classes = [
        _Class("有空余学位 free places", str(colors["school"]), value="free"),
        _Class("已满 full", str(colors["full"]), value="full"),
        _Class("未开办 to come", str(colors["parcel"]["tint"]), value="to_come"),
        _Class("未知 unknown", str(colors["parcel"]["unknown"]), value="unknown"),
    ]
    told = (
        "CASE WHEN \"free_places\" >= 0.5 THEN 'free' WHEN \"free_places\" IS NOT NULL THEN 'full' "
        "WHEN \"source\" = 'parcel' THEN 'to_come' ELSE 'unknown' END"
    )
    return _categorized("marker", told, classes, outline=str(colors["halo"]), size=2.6)


def catchment_style(palette: Palette) -> str:
    """Fill catchments by `source`: assigned by the city, or where those placed in a school live."""
    color = str(palette.plain["schools"]["catchment"])
    pale = [blend(color, "#ffffff", part) for part in (0.35, 0.15)]
    classes = [
        _Class("学区 assigned", pale[0], value="assigned"),
        _Class("就近入学范围 placed", pale[1], value="placed"),
    ]
    return _categorized("fill", "source", classes, outline=color)


def change_style(palette: Palette) -> str:
    """Fill what became of reserved land by `change`: ground that is lost, and ground that is new."""
    colors = palette.plain["schools"]
    lost, new = str(colors["taken"]), str(colors["parcel"]["kept"])
    words = {
        "gone": "消失 gone",
        "rezoned": "调整用途 re-zoned",
        "shrunk": "缩小 shrunk",
        "moved": "移位 moved",
        "split": "拆分 split",
        "merged": "合并 merged",
        "grown": "扩大 grown",
        "new": "新增 new",
    }
    gained = ("grown", "new")
    classes = [
        _Class(label, new if code in gained else lost, value=code) for code, label in words.items()
    ]
    return _categorized("fill", "change", classes, outline=lost)
