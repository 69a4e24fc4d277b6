"""One rule as a pack's YAML writes it, checked as far as it can be on its own."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast, get_args

from layers.standards.agreement import Draft, check_journey, check_units
from layers.standards.figures import read_minimum, read_source, read_value
from layers.standards.model import (
    FORCES,
    MODES,
    TESTS,
    TRAVELLERS,
    Applies,
    AppliesUnit,
    Force,
    Measure,
    Mode,
    Rule,
    Substitution,
    Test,
    Traveller,
    Unit,
)
from layers.standards.parts import Known, PartReader
from layers.standards.yaml_tree import Entry, read_optional

_RULE_KEYS = ("code", "title", "test", "force", "since")
_RULE_OPTIONS = (
    "kind",
    "inclusive",
    "noun",
    "counter",
    "traveller",
    "mode",
    "until",
    "applies_to",
    "minimum",
    "substituted_by",
)
_COMMUNITY: tuple[AppliesUnit, ...] = ("community",)
_AREAS: tuple[AppliesUnit, ...] = ("district", "city")
_APPLIES_UNITS: Mapping[str, tuple[AppliesUnit, ...]] = MappingProxyType(
    {
        "count_provided": ("community", "cluster"),
        "count_inside": ("community", "cluster", *_AREAS),
        "amount_per": (*_COMMUNITY, *_AREAS),
        "missing": (*_COMMUNITY, *_AREAS),
        "communities_share": _AREAS,
    }
)
"""What rules with a test may be judged of; communities alone where a test is not named."""

_THRESHOLDS: Mapping[str, tuple[Unit, ...]] = MappingProxyType(
    {"households": ("households",), "population": ("people",)}
)


def read_rule(entry: Entry, known: Known) -> Rule:
    """Return a rule.

    Raises
    ------
    InvalidPack
        Something in it is missing, unknown, of the wrong unit or makes no sense; with file and line.
    """
    head = entry.mapping("a rule")
    for name in ("code", "test"):
        if name not in head:
            raise entry.fail(f"a rule lacks '{name}'; add {name}: …")
    code = head["code"].code("code of a rule")
    return _RuleReader(entry, f"rule {code}", known).read(code)


class _RuleReader:
    """Reads one rule; `what` is what messages call it."""

    def __init__(self, entry: Entry, what: str, known: Known) -> None:
        self.what = what
        self.known = known
        self.word = entry.mapping(what)["test"].choice(f"test of {what}", TESTS)
        self.spec = TESTS[self.word]
        own = (*self.spec.units, *self.spec.parts)
        self.entries = entry.keys(
            what,
            (*_RULE_KEYS, *(name for name in own if name not in self.spec.optional)),
            (*_RULE_OPTIONS, *self.spec.optional),
        )
        self.entry = entry
        self.parts = PartReader(what, self.spec, known)

    def read(self, code: str) -> Rule:
        """Return the rule of that code."""
        entries, what = self.entries, self.what
        since = entries["since"].day(f"since of {what}")
        until = self._optional("until", lambda part: part.day(f"until of {what}"), None)
        if until is not None and until < since:
            raise entries["until"].fail(
                f"{what} ends on {until}, before it begins on {since}; correct one of the two"
            )
        mode = cast("Mode", self._choice("mode", MODES, "walk"))
        test = self._read_test(mode)
        kind = self._read_kind(test)
        minimum = self._optional(
            "minimum",
            lambda part: read_minimum(part, "minimum", what, self.known.documents),
            (),
        )
        return Rule(
            code=code,
            title=entries["title"].both(f"title of {what}"),
            kind=kind,
            inclusive=self._optional(
                "inclusive", lambda part: part.flag(f"inclusive of {what}"), False
            ),
            force=cast("Force", entries["force"].choice(f"force of {what}", FORCES)),
            noun=self._optional("noun", lambda part: part.both(f"noun of {what}"), None),
            counter=self._optional("counter", lambda part: part.text(f"counter of {what}"), "处"),
            traveller=cast("Traveller", self._choice("traveller", TRAVELLERS, "")),
            mode=mode,
            since=since,
            until=until,
            test=test,
            applies=self._read_applies(),
            minimum=minimum,
            substituted_by=self._optional("substituted_by", self._read_substitution, None),
        )

    def _optional(self, name: str, read: Callable[[Entry], Any], default: Any) -> Any:
        return read_optional(self.entries, name, read, default)

    def _choice(self, name: str, choices: Sequence[str], default: str) -> str:
        found: str = self._optional(
            name, lambda part: part.choice(f"{name} of {self.what}", choices), default
        )
        return found

    def _read_kind(self, test: Test) -> str:
        """Return the facility kind, where the test is about facilities."""
        subject, entries = self.spec.subject, self.entries
        measure: Measure | None = getattr(test, "measure", None)
        wanted = subject == "kind" or bool(measure and measure.summed)
        if wanted and "kind" not in entries:
            raise self.entry.fail(
                f"{self.what} lacks 'kind'; add the facility kind it counts, e.g. kind: clinic"
            )
        if wanted:
            return self.parts.name_kind(entries["kind"])
        for name in ("kind", "inclusive", "minimum"):
            if name in entries:
                raise entries[name].key.fail(
                    f"{self.what} is about no single facility kind; take '{name}' out"
                )
        return ""

    def _read_test(self, mode: Mode) -> Test:
        values = {
            name: read_value(self.entries[name], name, self.what, units, self.known.documents)
            for name, units in self.spec.units.items()
            if name in self.entries
        }
        parts: dict[str, Any] = {
            name: self.parts.read(name, self.entries[name])
            for name in self.spec.parts
            if name in self.entries
        }
        draft = Draft(self.what, self.entries, self.word, self.spec, values, parts)
        if mode == "walk_transit":
            check_journey(draft)
        check_units(draft, self.known.attributes)
        return cast("Test", self.spec.build(**values, **parts))

    def _read_substitution(self, entry: Entry) -> Substitution:
        what = f"substituted_by of {self.what}"
        entries = entry.keys(what, ("rules", "source"))
        return Substitution(
            tuple(entries["rules"].codes(f"rules of {what}")),
            read_source(entries["source"], what, self.known.documents),
        )

    def _read_applies(self) -> Applies:
        what, allowed = self.what, _APPLIES_UNITS.get(self.word, _COMMUNITY)
        entry = self.entries.get("applies_to")
        if entry is None:
            if "community" not in allowed:
                raise self.entry.fail(
                    f"{what} lacks 'applies_to'; with test {self.word} say of what it is judged: "
                    f"applies_to: {{unit: {' | '.join(allowed)}}}"
                )
            return Applies()
        entries = entry.keys(f"applies_to of {what}", (), ("unit", "households", "population"))
        unit = cast(
            "AppliesUnit",
            read_optional(
                entries,
                "unit",
                lambda part: part.choice(f"unit of {what}", get_args(AppliesUnit)),
                "community",
            ),
        )
        if unit not in allowed:
            raise entries.get("unit", entry).fail(
                f"{what} is judged of a {unit}; with test {self.word} the unit must be one of "
                f"{', '.join(allowed)}"
            )
        least = {
            name: read_value(entries[name], name, what, units, self.known.documents)
            for name, units in _THRESHOLDS.items()
            if name in entries
        }
        if unit == "cluster" and not least:
            raise entry.fail(
                f"{what} is judged of clusters of small communities; add from which number of "
                "households (or population) a community is large enough alone"
            )
        return Applies(unit, **least)
