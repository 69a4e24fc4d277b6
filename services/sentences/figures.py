"""Figures as words: with their unit, with how well they are known, with the standard's own."""

import math
from collections.abc import Iterable, Mapping

from layers.standards.model import STATUSES, Text, Unit, Value
from services.people import join, write_share

STATUS_WORDS: Mapping[str, Text] = {
    "primary": Text("", ""),
    "secondary": Text("二手来源", "secondary source"),
    "derived": Text("推导值", "derived"),
    "unverified": Text("未核实", "unverified"),
}
_UNITS: Mapping[str, tuple[str, str]] = {
    "min": ("分钟", "minutes"),
    "m": ("米", "m"),
    "households": ("户", "households"),
    "people": ("人", "people"),
    "facilities": ("处", "facilities"),
    "groups": ("类", "groups"),
    "communities": ("个社区", "communities"),
    "m2": ("平方米", "m²"),
    "workers": ("人", "workers"),
    "classes": ("个班", "classes"),
    "places": ("个", "places"),
    "spaces": ("个", "spaces"),
    "chargers": ("个", "chargers"),
}
WHOLE_UNITS: frozenset[Unit] = frozenset(
    {"facilities", "groups", "communities", "workers", "classes", "places", "spaces", "chargers"}
)
"""Units of which there is no half."""


def write_number(number: float) -> str:
    """Return a number with as many places as it needs, two at most.

    >>> write_number(1500.0), write_number(4.5), write_number(0.333333)
    ('1,500', '4.5', '0.33')
    """
    if math.isclose(number, round(number), abs_tol=5e-3):
        return f"{round(number):,}"
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def write_amount(number: float, unit: Unit) -> Text:
    """Return a number with its unit.

    >>> write_amount(120, "spaces")
    Text(zh='120个', en='120 spaces')
    """
    if unit == "share":
        return Text(write_share(number), write_share(number))
    zh, en = _UNITS[unit]
    figure = write_number(number)
    return Text(f"{figure}{zh}", f"{figure} {_singular(en) if figure == '1' else en}")


def _singular(unit: str) -> str:
    if unit == "people":
        return "person"
    return unit[:-3] + "y" if unit.endswith("ies") else unit.removesuffix("s")


def write_value(value: Value) -> Text:
    """Return a figure of a rule with its unit."""
    if value.unit == "min":
        return Text(f"{value.value:g}分钟", f"{value.value:g} minutes")
    if value.unit == "share":
        return Text(f"{value.value * 100:g}%", f"{value.value * 100:g}%")
    return write_amount(value.value, value.unit)


def mark(value: Value) -> Text:
    """Return how well a figure is known, in brackets; and the standard's own where it was replaced.

    Empty for what was seen in the text itself.
    """
    status = STATUS_WORDS[value.source.status]
    if value.original is None:
        return Text(f"（{status.zh}）", f" ({status.en})") if status.zh else Text("", "")
    own = Text(f"、{status.zh}", f", {status.en}") if status.zh else Text("", "")
    figure = write_value(value.original)
    was = STATUS_WORDS[value.original.source.status]
    more = Text(f"、{was.zh}", f", {was.en}") if was.zh else Text("", "")
    return Text(
        f"（本地取值{own.zh}，标准为{figure.zh}{more.zh}）",
        f" (local value{own.en}; the standard says {figure.en}{more.en})",
    )


def mark_all(values: Iterable[Value]) -> Text:
    """Return one mark for several figures named together: the least certain status among them."""
    marked = [value for value in values if value is not None]
    replaced = [mark(value) for value in marked if value.original is not None]
    plain = [value for value in marked if value.original is None]
    if not plain:
        return join(*replaced)
    worst = max(plain, key=lambda value: STATUSES.index(value.source.status))
    return join(*replaced, mark(worst))


def write_needed(value: Value) -> Text:
    """Return a figure that is asked for, with how well it is known."""
    return join(write_value(value), mark(value))


def write_share_of(share: Value, noun: Text) -> Text:
    """Return the part of the people a rule asks for: 全部住户, 80.0%以上的住户."""
    marks = mark(share)
    if share.value == 1:
        return Text(f"全部{noun.zh}{marks.zh}", f"All {noun.en}{marks.en}")
    figure = write_value(share).en
    return Text(f"{figure}以上的{noun.zh}{marks.zh}", f"At least {figure} of {noun.en}{marks.en}")
