"""A city's own values laid over the standards': shown as such, the standard's figure kept beside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from layers.standards.figures import UNITS, check_number, read_documents, read_value
from layers.standards.model import (
    Alternative,
    Document,
    Minimum,
    Rule,
    StandardPack,
    Test,
    Text,
    Value,
)
from layers.standards.yaml_tree import Entry, name_choices, read_file, read_optional, read_tree

_KEYS = ("overlay", "issuer", "published", "documents", "rules")
_OPTIONS = ("title",)
_DATES = ("since", "until")


@dataclass(frozen=True, slots=True)
class Change:
    """What an overlay changes of one rule.

    Parameters
    ----------
    rule
        Code of the rule.
    values
        The city's figures, by names as in `Rule.list_values`.
    since, until
        The city's first and last day, None where it keeps the standard's.
    entry
        Where it stands, for messages.
    """

    rule: str
    values: Mapping[str, Value]
    since: date | None
    until: date | None
    entry: Entry


@dataclass(frozen=True, slots=True)
class Overlay:
    """A city's own values.

    Parameters
    ----------
    name
        What it is called.
    title, issuer, published
        What it is, who issued it, when.
    documents
        Texts its figures come from.
    changes
        In file order.
    """

    name: str
    title: Text
    issuer: Text
    published: date
    documents: tuple[Document, ...]
    changes: tuple[Change, ...]


def read_overlay(path: Path) -> Overlay:
    """Read an overlay from its YAML file.

    Raises
    ------
    InvalidPack
        The file cannot be read or says something impossible; with file and line.
    """
    return parse_overlay(read_file(path, "the overlay"), str(path))


def parse_overlay(text: str, file: str) -> Overlay:
    """Build an overlay from YAML text.

    Parameters
    ----------
    text
        The overlay, as YAML.
    file
        Name of the file, for messages.

    Raises
    ------
    InvalidPack
        Something is missing, unknown or said twice; with file and line.
    """
    entries = read_tree(text, file, "an overlay").keys("the overlay", _KEYS, _OPTIONS)
    name = entries["overlay"].text("overlay")
    documents = read_documents(entries["documents"])
    changes: dict[str, Change] = {}
    for part in entries["rules"].items("rules"):
        change = _read_change(part, documents)
        if change.rule in changes:
            raise part.fail(
                f"rule {change.rule} stands twice in the overlay; put its changes together"
            )
        changes[change.rule] = change
    return Overlay(
        name=name,
        title=read_optional(entries, "title", lambda part: part.both("title"), Text(name, name)),
        issuer=entries["issuer"].both("issuer"),
        published=entries["published"].day("published"),
        documents=tuple(documents.values()),
        changes=tuple(changes.values()),
    )


def _read_change(entry: Entry, documents: Mapping[str, Document]) -> Change:
    entries = entry.mapping("a rule of the overlay")
    if "code" not in entries:
        raise entry.fail("a rule of the overlay lacks 'code'; add code: …")
    code = entries["code"].code("code of a rule")
    what = f"rule {code}"
    days = {name: entries[name].day(f"{name} of {what}") for name in _DATES if name in entries}
    values = {
        name: read_value(part, name, what, UNITS, documents)
        for name, part in entries.items()
        if name not in {"code", *_DATES}
    }
    if len(entries) == 1:
        raise entry.fail(f"the overlay changes nothing of {what}; add a figure, or take it out")
    return Change(code, values, days.get("since"), days.get("until"), entry)


def apply_overlay(packs: Sequence[StandardPack], overlay: Overlay) -> tuple[StandardPack, ...]:
    """Return the packs with a city's values in place of the standards'.

    Each value replaced keeps the standard's own as its `original`; packs that change say so in a
    note. A second overlay replaces the first one's figures and keeps the same originals.

    Raises
    ------
    InvalidPack
        None of the packs holds a rule the overlay names, the rule has no such figure, or the
        city's has another unit; with file and line.
    """
    rules = {rule.code: rule for pack in packs for rule in pack.rules}
    changed: dict[str, Rule] = {}
    for change in overlay.changes:
        rule = rules.get(change.rule)
        if rule is None:
            choices = f"take one of {name_choices(change.rule, rules)}, or " if rules else ""
            raise change.entry.mapping("a rule")["code"].fail(
                f"no rule '{change.rule}' in the packs of this city; {choices}add its pack"
            )
        changed[rule.code] = _apply_change(rule, change)
    return tuple(_put_rules(pack, changed, overlay) for pack in packs)


def _put_rules(pack: StandardPack, changed: Mapping[str, Rule], overlay: Overlay) -> StandardPack:
    if not any(rule.code in changed for rule in pack.rules):
        return pack
    day = overlay.published.isoformat()
    note = Text(
        f"部分数值已由本地取值替换：{overlay.title.zh}（{overlay.issuer.zh}，{day}）；原值一并列出。",
        f"Some figures are local ones: {overlay.title.en} ({overlay.issuer.en}, {day}); the standard's "
        "own are listed beside them.",
    )
    return replace(
        pack,
        rules=tuple(changed.get(rule.code, rule) for rule in pack.rules),
        notes=(*pack.notes, note),
        documents=(*pack.documents, *overlay.documents),
    )


def _apply_change(rule: Rule, change: Change) -> Rule:
    entries = change.entry.mapping("a rule")
    known = dict(rule.list_values())
    values: dict[str, Value] = {}
    for name, value in change.values.items():
        old = known.get(name)
        if old is None:
            raise entries[name].key.fail(
                f"rule {rule.code} has no figure '{name}'; it has {name_choices(name, known)}"
            )
        values[name] = _replace_value(rule, name, old, value, entries[name])
    return _move_dates(_put_values(rule, values), change, entries)


def _replace_value(rule: Rule, name: str, old: Value, new: Value, entry: Entry) -> Value:
    parts = entry.mapping("a value")
    if new.unit != old.unit:
        raise parts["unit"].fail(
            f"unit of {name} of rule {rule.code} is '{new.unit}'; the standard's is '{old.unit}', "
            "and an overlay changes the number alone"
        )
    check_number(parts["value"], name, f"rule {rule.code}", new.value, new.unit)
    groups = getattr(rule.test, "groups", ())
    if name == "count" and groups and new.value > len(groups):
        raise parts["value"].fail(
            f"count of rule {rule.code} is {new.value:g}, but it lists {len(groups)} groups; ask for "
            "no more"
        )
    journey = rule.mode == "walk_transit" and new.unit == "facilities"
    if name == "count" and journey and new.value != 1:
        raise parts["value"].fail(
            f"count of rule {rule.code} is {new.value:g}; with mode walk_transit it must be 1: "
            "journeys are measured to the nearest facility only"
        )
    return replace(new, original=old.original or old)


def _move_dates(rule: Rule, change: Change, entries: Mapping[str, Entry]) -> Rule:
    if change.since is None and change.until is None:
        return rule
    since = change.since or rule.since
    until = change.until or rule.until
    if until is not None and until < since:
        entry = entries["until" if change.until else "since"]
        raise entry.fail(
            f"rule {rule.code} ends on {until}, before it begins on {since}; correct one of the two"
        )
    original = rule.original_dates or (rule.since, rule.until)
    return replace(rule, since=since, until=until, original_dates=original)


def _put_values(rule: Rule, values: Mapping[str, Value]) -> Rule:
    """Put figures in their places, by names as in `Rule.list_values`."""
    own: dict[str, Any] = {
        field.name: values[field.name] for field in fields(rule.test) if field.name in values
    }
    others: tuple[Alternative, ...] = getattr(rule.test, "alternatives", ())
    if others:
        own["alternatives"] = tuple(
            replace(
                other,
                limit=values.get(f"alternatives.{at}.limit", other.limit),
                minimum=_put_sizes(other.minimum, values, f"alternatives.{at}.minimum"),
            )
            for at, other in enumerate(others, start=1)
        )
    test = cast("Test", replace(cast("Any", rule.test), **own))
    applies = replace(
        rule.applies,
        households=values.get("households", rule.applies.households),
        population=values.get("population", rule.applies.population),
    )
    minimum = _put_sizes(rule.minimum, values, "minimum")
    return replace(rule, test=test, applies=applies, minimum=minimum)


def _put_sizes(
    sizes: Iterable[Minimum], values: Mapping[str, Value], name: str
) -> tuple[Minimum, ...]:
    return tuple(replace(one, least=values.get(f"{name}.{one.size}", one.least)) for one in sizes)
