"""Whether a rule's figures go together: units that can be compared, journeys that can be measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers.standards.model import SUMMED_UNITS, Measure, TestSpec, Unit, Value
from layers.standards.yaml_tree import Entry


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule's test before it is built.

    Parameters
    ----------
    what
        What messages call the rule.
    entries
        What stands in the rule, by key.
    word, spec
        Its test.
    values, parts
        Its figures, and what it holds beside them.
    """

    what: str
    entries: Mapping[str, Entry]
    word: str
    spec: TestSpec
    values: Mapping[str, Value]
    parts: Mapping[str, Any]

    def point_at(self, figure: str, key: str) -> Entry:
        """Return the entry of a figure's `value` or `unit`."""
        return self.entries[figure].mapping("a value")[key]


def check_journey(draft: Draft) -> None:
    """Refuse what cannot be said of a journey: no way in it, metres, more than the nearest.

    Raises
    ------
    InvalidPack
        With file and line.
    """
    limit, count = draft.values.get("limit"), draft.values.get("count")
    if limit is None:
        raise draft.entries["mode"].fail(
            f"mode of {draft.what} is walk_transit, but with test {draft.word} nobody travels; take "
            "'mode' out"
        )
    for name, unit in _list_limit_units(draft):
        found = unit.text("a unit")
        if found != "min":
            raise unit.fail(
                f"unit of {name} of {draft.what} is '{found}'; with mode walk_transit it must be "
                "min: a ride has no metres of walking"
            )
    if count is not None and count.unit == "facilities" and count.value != 1:
        raise draft.point_at("count", "value").fail(
            f"count of {draft.what} is {count.value:g}; with mode walk_transit it must be 1: "
            "journeys are measured to the nearest facility only"
        )


def _list_limit_units(draft: Draft) -> list[tuple[str, Entry]]:
    """List the units of a rule's limits, those of alternatives too."""
    units = [("limit", draft.point_at("limit", "unit"))]
    if "alternatives" in draft.entries:
        others = draft.entries["alternatives"].items("alternatives")
        units += [
            (
                f"alternatives.{at}.limit",
                other.mapping("an alternative")["limit"].mapping("a value")["unit"],
            )
            for at, other in enumerate(others, start=1)
        ]
    return units


def check_units(draft: Draft, attributes: Mapping[str, Unit]) -> None:
    """Refuse figures that cannot be compared with what they are about.

    Parameters
    ----------
    attributes
        Columns of the communities table, with their units.

    Raises
    ------
    InvalidPack
        With file and line.
    """
    groups = draft.parts.get("groups")
    if groups is not None and draft.values["count"].value > len(groups):
        raise draft.point_at("count", "value").fail(
            f"count of {draft.what} is {draft.values['count'].value:g}, but it lists {len(groups)} "
            "groups; ask for fewer or list more"
        )
    compared = _find_compared(draft.parts, attributes)
    name = next((name for name, units in draft.spec.units.items() if not units), None)
    if compared is None or name is None:
        return
    subject, unit = compared
    found = draft.values[name].unit
    if found != unit:
        raise draft.point_at(name, "unit").fail(
            f"unit of {name} of {draft.what} is '{found}', but {subject} is in '{unit}'; write "
            f"unit: {unit}, or measure something else"
        )
    if "measure" in draft.parts and unit == "share":
        raise draft.entries["measure"].fail(
            f"{draft.what}: {subject} is a share, which cannot be added up; use test "
            "attribute_at_least"
        )
    _check_multiplied(draft, attributes)


def _find_compared(
    parts: Mapping[str, Any], attributes: Mapping[str, Unit]
) -> tuple[str, Unit] | None:
    measure: Measure | None = parts.get("measure")
    attribute = measure.attribute if measure else parts.get("attribute", "")
    if attribute:
        return f"attribute {attribute}", attributes[attribute]
    if measure and measure.summed:
        return f"summed {measure.summed}", SUMMED_UNITS[measure.summed]
    return None


def _check_multiplied(draft: Draft, attributes: Mapping[str, Unit]) -> None:
    other = draft.parts.get("needed_attribute")
    if other and "per" in draft.values:
        raise draft.entries["needed_attribute"].key.fail(
            f"{draft.what} has both 'per' and 'needed_attribute'; keep one of them"
        )
    if other and attributes[other] == "share":
        raise draft.entries["needed_attribute"].fail(
            f"{draft.what}: attribute {other} is a share; name one that counts something"
        )
