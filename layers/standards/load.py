"""Read rule packs from YAML, strictly: whatever is wrong is named with file and line."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar, cast

import yaml

from layers.errors import InvalidPack, UnknownRule
from layers.kinds import read_kinds
from layers.standards.model import (
    FORCES,
    MODES,
    STATUSES,
    TESTS,
    TRAVELLERS,
    Document,
    Force,
    Mode,
    Rule,
    Source,
    StandardPack,
    Status,
    Test,
    TestSpec,
    Text,
    Traveller,
    Unit,
    Value,
)

_T = TypeVar("_T")
_NO_TEXT = Text("", "")
_PACK_KEYS = ("pack", "title", "issuer", "legal_force", "published", "documents", "rules")
_RULE_KEYS = ("code", "title", "test", "kind", "force", "since")
_RULE_OPTIONS = ("inclusive", "noun", "counter", "traveller", "mode", "until")


class _Entry:
    """A node of the YAML tree that knows its file and line."""

    def __init__(self, node: yaml.Node, file: str, key: "_Entry | None" = None) -> None:
        self.node = node
        self.file = file
        self.key = key or self

    def fail(self, message: str) -> InvalidPack:
        return InvalidPack(f"{self.file}:{self.node.start_mark.line + 1}: {message}")

    def mapping(self, what: str) -> dict[str, "_Entry"]:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail(f"{what} must be a mapping of keys to values")
        entries: dict[str, _Entry] = {}
        for key_node, value_node in self.node.value:
            key = _Entry(key_node, self.file)
            name = key.text(f"a key of {what}")
            if name in entries:
                raise key.fail(f"key '{name}' stands twice in {what}")
            entries[name] = _Entry(value_node, self.file, key)
        return entries

    def keys(
        self, what: str, required: Sequence[str], optional: Sequence[str] = ()
    ) -> dict[str, "_Entry"]:
        """Return the entries of a mapping that has all `required` keys and no unknown one."""
        entries = self.mapping(what)
        known = (*required, *optional)
        for name, entry in entries.items():
            if name not in known:
                raise entry.key.fail(
                    f"unknown key '{name}' in {what}; known are {', '.join(known)}"
                )
        for name in required:
            if name not in entries:
                raise self.fail(f"{what} lacks '{name}'")
        return entries

    def items(self, what: str) -> list["_Entry"]:
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail(f"{what} must be a list")
        return [_Entry(node, self.file) for node in self.node.value]

    def scalar(self, what: str, tag: str, expected: str) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.fail(f"{what} must be {expected}")
        if self.node.tag not in {f"tag:yaml.org,2002:{name}" for name in tag.split()}:
            raise self.fail(f"{what} is '{self.node.value}'; it must be {expected}")
        return str(self.node.value)

    def text(self, what: str) -> str:
        text = self.scalar(what, "str", "text").strip()
        if not text:
            raise self.fail(f"{what} is empty")
        return text

    def number(self, what: str) -> float:
        number = self.scalar(what, "int float", "a number")
        try:
            value = float(yaml.safe_load(number))
        except (TypeError, ValueError) as problem:
            raise self.fail(f"{what} is '{number}'; it must be a number") from problem
        if not math.isfinite(value) or value <= 0:
            raise self.fail(f"{what} is {number}; it must be a number above 0")
        return value

    def flag(self, what: str) -> bool:
        return self.scalar(what, "bool", "true or false").lower() in {"true", "yes", "on"}

    def day(self, what: str) -> date:
        text = self.scalar(what, "timestamp str", "a date like 2024-08-11")
        try:
            return date.fromisoformat(text)
        except ValueError as problem:
            raise self.fail(f"{what} is '{text}'; it must be a date like 2024-08-11") from problem

    def choice(self, what: str, choices: Iterable[str]) -> str:
        text = self.text(what)
        allowed = tuple(choices)
        if text not in allowed:
            raise self.fail(f"{what} is '{text}'; it must be one of {', '.join(allowed)}")
        return text

    def both(self, what: str) -> Text:
        """Return the same words in Chinese and English."""
        entries = self.keys(what, ("zh", "en"))
        return Text(entries["zh"].text(f"{what} (zh)"), entries["en"].text(f"{what} (en)"))


def _optional(
    entries: Mapping[str, _Entry], name: str, read: Callable[[_Entry], _T], default: _T
) -> _T:
    return read(entries[name]) if name in entries else default


def _read_document(code: str, entry: _Entry) -> Document:
    what = f"document '{code}'"
    entries = entry.keys(what, ("title", "published"))
    return Document(
        code=code,
        title=entries["title"].both(f"title of {what}"),
        published=entries["published"].day(f"date of {what}"),
    )


def _read_source(entry: _Entry, what: str, documents: Mapping[str, Document]) -> Source:
    what = f"source of {what}"
    entries = entry.keys(what, ("document", "status"), ("clause", "note"))
    status = cast("Status", entries["status"].choice(f"status in {what}", STATUSES))
    note = _optional(entries, "note", lambda part: part.both(f"note in {what}"), _NO_TEXT)
    if status == "derived" and not note.zh:
        raise entry.fail(f"{what} is derived: a note must say how it follows from the text")
    return Source(
        document=documents[entries["document"].choice(f"document in {what}", documents)],
        clause=_optional(entries, "clause", lambda part: part.text(f"clause in {what}"), ""),
        status=status,
        note=note,
    )


def _read_value(
    entry: _Entry, what: str, units: Sequence[Unit], documents: Mapping[str, Document]
) -> Value:
    entries = entry.keys(what, ("value", "unit", "source"))
    number = entries["value"].number(what)
    unit = cast("Unit", entries["unit"].choice(f"unit of {what}", units))
    if unit == "share" and number > 1:
        raise entries["value"].fail(f"{what} is {number:g}; a share lies between 0 and 1")
    if unit in {"households", "facilities"} and not number.is_integer():
        raise entries["value"].fail(f"{what} is {number:g}; it must be a whole number")
    return Value(number, unit, _read_source(entries["source"], what, documents))


def _read_test(
    entries: Mapping[str, _Entry],
    spec: TestSpec,
    mode: Mode,
    what: str,
    documents: Mapping[str, Document],
) -> Test:
    values = {
        name: _read_value(entries[name], f"{name} of {what}", units, documents)
        for name, units in spec.units.items()
    }
    if mode == "walk_transit":
        _check_journey(entries, values, what)
    return cast("Test", spec.build(**values))


def _check_journey(entries: Mapping[str, _Entry], values: Mapping[str, Value], what: str) -> None:
    """Refuse what cannot be said of a journey: a ride has no metres, and ends at the nearest."""
    limit, count = values["limit"], values.get("count")
    if limit.unit != "min":
        unit = entries["limit"].mapping("a value")["unit"]
        raise unit.fail(
            f"unit of limit of {what} is '{limit.unit}'; with mode walk_transit it must be min: "
            "a ride has no metres of walking"
        )
    if count is not None and count.value != 1:
        number = entries["count"].mapping("a value")["value"]
        raise number.fail(
            f"count of {what} is {count.value:g}; with mode walk_transit it must be 1: journeys are "
            "measured to the nearest facility only"
        )


def _read_rule(entry: _Entry, documents: Mapping[str, Document], kinds: Sequence[str]) -> Rule:
    entries = entry.mapping("a rule")
    for name in ("code", "test"):
        if name not in entries:
            raise entry.fail(f"a rule lacks '{name}'")
    code = entries["code"].text("code of a rule")
    what = f"rule {code}"
    spec = TESTS[entries["test"].choice(f"test of {what}", TESTS)]
    entry.keys(what, (*_RULE_KEYS, *spec.units), _RULE_OPTIONS)
    kind = entries["kind"].text(f"kind of {what}")
    if kind not in kinds:
        raise entries["kind"].fail(f"{what}: no facility kind '{kind}' in kinds.yaml")
    since = entries["since"].day(f"since of {what}")
    until = _optional(entries, "until", lambda part: part.day(f"until of {what}"), None)
    if until is not None and until < since:
        raise entries["until"].fail(f"{what} ends on {until}, before it begins on {since}")
    named = _optional(entries, "mode", lambda part: part.choice(f"mode of {what}", MODES), "walk")
    mode = cast("Mode", named)
    return Rule(
        code=code,
        title=entries["title"].both(f"title of {what}"),
        kind=kind,
        inclusive=_optional(
            entries, "inclusive", lambda part: part.flag(f"inclusive of {what}"), False
        ),
        force=cast("Force", entries["force"].choice(f"force of {what}", FORCES)),
        noun=_optional(entries, "noun", lambda part: part.both(f"noun of {what}"), None),
        counter=_optional(entries, "counter", lambda part: part.text(f"counter of {what}"), "处"),
        traveller=cast(
            "Traveller",
            _optional(
                entries,
                "traveller",
                lambda part: part.choice(f"traveller of {what}", TRAVELLERS),
                "",
            ),
        ),
        mode=mode,
        since=since,
        until=until,
        test=_read_test(entries, spec, mode, what, documents),
    )


def _list_shipped() -> list[Traversable]:
    folder = files("layers.standards").joinpath("packs")
    return sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")),
        key=lambda entry: entry.name,
    )


def _read_tree(text: str, file: str) -> _Entry:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line = mark.line + 1 if mark else 1
        raise InvalidPack(f"{file}:{line}: not YAML: {problem.problem}") from problem
    except yaml.YAMLError as problem:
        raise InvalidPack(f"{file}:1: not YAML: {problem}") from problem
    if node is None:
        raise InvalidPack(f"{file}:1: the file is empty; a pack was expected")
    return _Entry(node, file)


def parse_pack(text: str, file: str, *, kinds: Iterable[str] | None = None) -> StandardPack:
    """Build a pack from YAML text.

    Parameters
    ----------
    text
        The pack, as YAML.
    file
        Name of the file, for messages.
    kinds
        Codes of the facility kinds there are; those of `kinds.yaml` when None.

    Raises
    ------
    InvalidPack
        Something is missing, unknown, of the wrong unit or said twice; with file and line.
    """
    known_kinds = tuple(read_kinds() if kinds is None else kinds)
    entry = _read_tree(text, file)
    entries = entry.keys("the pack", _PACK_KEYS, ("notes",))
    documents = {
        code: _read_document(code, part)
        for code, part in entries["documents"].mapping("documents").items()
    }
    rules: dict[str, Rule] = {}
    for part in entries["rules"].items("rules"):
        rule = _read_rule(part, documents, known_kinds)
        if rule.code in rules:
            raise part.fail(f"rule {rule.code} stands twice")
        rules[rule.code] = rule
    if not rules:
        raise entries["rules"].fail("the pack holds no rule")
    notes = entries["notes"].items("notes") if "notes" in entries else []
    return StandardPack(
        code=entries["pack"].text("pack"),
        title=entries["title"].both("title"),
        issuer=entries["issuer"].both("issuer"),
        legal_force=entries["legal_force"].both("legal_force"),
        published=entries["published"].day("published"),
        notes=tuple(note.both("a note") for note in notes),
        documents=tuple(documents.values()),
        rules=tuple(rules.values()),
    )


def read_pack(pack: str | Path, *, kinds: Iterable[str] | None = None) -> StandardPack:
    """Read a pack by its code, or from a user's own YAML file.

    Parameters
    ----------
    pack
        Code of a shipped pack, or path of a file ending in `.yaml` or `.yml`.
    kinds
        Codes of the facility kinds there are; those of `kinds.yaml` when None.

    Raises
    ------
    UnknownRule
        No pack of that code.
    InvalidPack
        The file cannot be read or says something impossible; with file and line.
    """
    if str(pack).endswith((".yaml", ".yml")):
        path = Path(pack)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise InvalidPack(f"{path}: the pack cannot be read: {problem}") from problem
        return parse_pack(text, str(path), kinds=kinds)
    for entry in _list_shipped():
        if entry.name == f"{pack}.yaml":
            return parse_pack(entry.read_text(encoding="utf-8"), entry.name, kinds=kinds)
    shipped = ", ".join(entry.name.removesuffix(".yaml") for entry in _list_shipped())
    raise UnknownRule(f"no rule pack '{pack}'; there are {shipped}, or give a path ending in .yaml")


def list_packs(*, kinds: Iterable[str] | None = None) -> tuple[StandardPack, ...]:
    """Every shipped pack, by code."""
    known_kinds = tuple(read_kinds() if kinds is None else kinds)
    return tuple(
        parse_pack(entry.read_text(encoding="utf-8"), entry.name, kinds=known_kinds)
        for entry in _list_shipped()
    )


def read_packs(
    packs: Iterable[str | Path], *, kinds: Iterable[str] | None = None
) -> tuple[StandardPack, ...]:
    """Read several packs whose rules are judged side by side.

    Raises
    ------
    UnknownRule
        No pack of a code.
    InvalidPack
        A pack says something impossible, or two packs (or the same one twice) share a code.
    """
    known_kinds = tuple(read_kinds() if kinds is None else kinds)
    read = tuple(read_pack(pack, kinds=known_kinds) for pack in packs)
    owner: dict[str, str] = {}
    for pack in read:
        for rule in pack.rules:
            if rule.code in owner:
                raise InvalidPack(
                    f"rule {rule.code} stands in pack {owner[rule.code]} and again in {pack.code}"
                )
            owner[rule.code] = pack.code
    return read


def find_rule(packs: Iterable[StandardPack], code: str) -> Rule | None:
    """Return the rule of that code, or of one of its answers (`bj.primary.3000.walk`)."""
    for pack in packs:
        for rule in pack.rules:
            if code == rule.code or code in dict(rule.list_answers()):
                return rule
    return None


def get_rule(packs: Iterable[StandardPack], code: str) -> Rule:
    """Return the rule of that code or answer.

    Raises
    ------
    UnknownRule
        None of the packs holds it.
    """
    rule = find_rule(packs, code)
    if rule is None:
        raise UnknownRule(f"no rule '{code}' in the packs at hand")
    return rule
