"""Styles for QGIS, read back as the XML they are."""

from xml.etree.ElementTree import Element, fromstring

from maps.qgis import connection_style, line_style, stop_style
from maps.style import LINE_MODES, read_palette


def read_style(qml: str) -> Element:
    head, _, body = qml.partition("\n")
    assert head.startswith("<!DOCTYPE qgis")
    (renderer,) = fromstring(body)
    return renderer


def option(symbol: Element, name: str) -> str:
    (found,) = (one for one in symbol.iter("Option") if one.get("name") == name)
    return str(found.get("value"))


def test_lines_have_a_category_per_mode_heavier_on_rails() -> None:
    renderer = read_style(line_style(read_palette()))
    assert (renderer.get("type"), renderer.get("attr")) == ("categorizedSymbol", "mode")
    categories = renderer.findall("categories/category")
    assert [category.get("value") for category in categories] == list(LINE_MODES)
    assert str(categories[4].get("label")) == "地铁 metro"
    symbols = dict(zip(LINE_MODES, renderer.findall("symbols/symbol"), strict=True))
    widths = {mode: float(option(symbol, "line_width")) for mode, symbol in symbols.items()}
    assert widths["bus"] < widths["tram"] < widths["subway"] == widths["train"]
    assert len({option(symbol, "line_color") for symbol in symbols.values()}) == 1


def test_stops_say_whether_one_can_walk_there() -> None:
    renderer = read_style(stop_style(read_palette()))
    assert renderer.get("attr") == "connected"
    values = [category.get("value") for category in renderer.findall("categories/category")]
    assert values == ["true", "false"]
    colors = [option(symbol, "color") for symbol in renderer.findall("symbols/symbol")]
    assert len(set(colors)) == 2
    assert read_style(connection_style(read_palette())).get("attr") == "connected"
