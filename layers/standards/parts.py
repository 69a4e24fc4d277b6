"""What a rule's test holds beside its figures: kinds, groups, alternatives, what is measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from layers.standards.figures import read_minimum, read_value
from layers.standards.model import (
    BASES,
    SUMMED_UNITS,
    Alternative,
    Document,
    Group,
    Measure,
    Minimum,
    Part,
    Summed,
    TestSpec,
    Unit,
)
from layers.standards.yaml_tree import Entry, name_choices


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may refer to.

    Parameters
    ----------
    kinds
        Codes of facility kinds.
    attributes
        Columns of the communities table, with their units.
    documents
        Texts figures come from, by the pack's own keys.
    """

    kinds: Sequence[str]
    attributes: Mapping[str, Unit]
    documents: Mapping[str, Document]


class PartReader:
    """Reads the parts of one rule.

    Parameters
    ----------
    what
        What messages call the rule.
    spec
        How its test is written.
    known
        What it may refer to.
    """

    def __init__(self, what: str, spec: TestSpec, known: Known) -> None:
        self.what = what
        self.spec = spec
        self.known = known

    def name_kind(self, entry: Entry) -> str:
        """Return the code of a facility kind there is."""
        kind = entry.text(f"kind of {self.what}")
        if kind not in self.known.kinds:
            raise entry.fail(
                f"{self.what}: no facility kind '{kind}' in kinds.yaml; take one of "
                f"{name_choices(kind, self.known.kinds)}"
            )
        return kind

    def read(self, name: Part, entry: Entry) -> Any:
        """Return what stands under the key `name`."""
        read: Mapping[Part, Callable[[Entry], Any]] = {
            "basis": lambda part: part.choice(f"basis of {self.what}", BASES),
            "alternatives": self._read_alternatives,
            "groups": self._read_groups,
            "measure": self._read_measure,
            "attribute": self._name_attribute,
            "needed_attribute": self._name_attribute,
            "of": lambda part: part.code(f"'of' of {self.what}"),
        }
        return read[name](entry)

    def _name_attribute(self, entry: Entry) -> str:
        code = entry.text(f"{entry.key.text('a key')} of {self.what}")
        if code not in self.known.attributes:
            raise entry.fail(
                f"{self.what}: no attribute '{code}' in attributes.yaml; take one of "
                f"{name_choices(code, self.known.attributes)}"
            )
        return code

    def _read_measure(self, entry: Entry) -> Measure:
        what = f"measure of {self.what}"
        entries = entry.keys(what, (), ("attribute", "summed"))
        if len(entries) != 1:
            found = "both" if entries else "neither"
            raise entry.fail(
                f"{what} names {found} of attribute and summed; name one: a column of the "
                "communities table, or what is added up over facilities"
            )
        if "attribute" in entries:
            return Measure(attribute=self._name_attribute(entries["attribute"]))
        summed = entries["summed"].choice(f"summed of {what}", SUMMED_UNITS)
        return Measure(summed=cast("Summed", summed))

    def _read_alternatives(self, entry: Entry) -> tuple[Alternative, ...]:
        found: list[Alternative] = []
        for at, part in enumerate(entry.items(f"alternatives of {self.what}"), start=1):
            name = f"alternatives.{at}"
            entries = part.keys(f"{name} of {self.what}", ("kind", "limit"), ("minimum",))
            limit = read_value(
                entries["limit"],
                f"{name}.limit",
                self.what,
                self.spec.units["limit"],
                self.known.documents,
            )
            least: tuple[Minimum, ...] = ()
            if "minimum" in entries:
                least = read_minimum(
                    entries["minimum"], f"{name}.minimum", self.what, self.known.documents
                )
            found.append(Alternative(self.name_kind(entries["kind"]), limit, least))
        return tuple(found)

    def _read_groups(self, entry: Entry) -> tuple[Group, ...]:
        found: list[Group] = []
        for part in entry.items(f"groups of {self.what}"):
            what = f"a group of {self.what}"
            entries = part.keys(what, ("title", "kinds"))
            title = entries["title"].both(f"title of {what}")
            if any(other.title == title for other in found):
                raise part.fail(f"group {title.zh} stands twice in {self.what}; keep one of them")
            kinds = tuple(
                self.name_kind(one) for one in entries["kinds"].codes(f"kinds of {what}").values()
            )
            found.append(Group(title, kinds))
        return tuple(found)
