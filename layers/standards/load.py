"""Read rule packs from YAML, strictly: whatever is wrong is named with file and line."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import cast, get_args

from layers.attributes import read_attributes
from layers.errors import InvalidPack, UnknownRule
from layers.kinds import read_kinds
from layers.standards.figures import NO_TEXT, read_documents
from layers.standards.model import About, Card, Rule, StandardPack, Unit
from layers.standards.overlay import apply_overlay, read_overlay
from layers.standards.parts import Known
from layers.standards.rules import read_rule
from layers.standards.together import PackFile, check_pack, check_together
from layers.standards.yaml_tree import Entry, name_choices, read_file, read_optional, read_tree

_PACK_KEYS = ("pack", "title", "issuer", "legal_force", "published", "documents", "rules")
_PACK_OPTIONS = ("notes", "cards")


def parse_pack(
    text: str,
    file: str,
    *,
    kinds: Iterable[str] | None = None,
    attributes: Mapping[str, Unit] | None = None,
) -> StandardPack:
    """Build a pack from YAML text.

    Parameters
    ----------
    text
        The pack, as YAML.
    file
        Name of the file, for messages.
    kinds
        Codes of the facility kinds there are; those of `kinds.yaml` when None.
    attributes
        Columns of the communities table rules may ask for, with their units; those of
        `attributes.yaml` when None.

    Raises
    ------
    InvalidPack
        Something is missing, unknown, of the wrong unit or said twice; with file and line.
    """
    found = _parse(text, file, _list_kinds(kinds), _list_attributes(attributes))
    check_together([found])
    return found.pack


def _list_kinds(kinds: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(read_kinds() if kinds is None else kinds)


def _list_attributes(attributes: Mapping[str, Unit] | None) -> Mapping[str, Unit]:
    if attributes is not None:
        return attributes
    return {code: attribute.unit for code, attribute in read_attributes().items()}


def _parse(
    text: str, file: str, kinds: tuple[str, ...], attributes: Mapping[str, Unit]
) -> PackFile:
    entries = read_tree(text, file).keys("the pack", _PACK_KEYS, _PACK_OPTIONS)
    documents = read_documents(entries["documents"])
    known = Known(kinds, attributes, documents)
    rules = [(read_rule(part, known), part) for part in entries["rules"].items("rules")]
    parts = entries["cards"].items("cards") if "cards" in entries else []
    cards = [(_read_card(part), part) for part in parts]
    pack = StandardPack(
        code=entries["pack"].code("pack"),
        title=entries["title"].both("title"),
        issuer=entries["issuer"].both("issuer"),
        legal_force=entries["legal_force"].both("legal_force"),
        published=entries["published"].day("published"),
        notes=tuple(
            note.both("a note")
            for note in (entries["notes"].items("notes") if "notes" in entries else ())
        ),
        documents=tuple(documents.values()),
        rules=tuple(rule for rule, _ in rules),
        cards=tuple(card for card, _ in cards),
    )
    found = PackFile(
        pack,
        _index((rule.code, part) for rule, part in rules),
        _index((card.code, part) for card, part in cards),
    )
    check_pack(found)
    return found


def _index(parts: Iterable[tuple[str, Entry]]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for code, part in parts:
        if code in found:
            raise part.mapping("an entry")["code"].fail(
                f"{code} stands twice, first at {found[code].place}; give it another code, or take "
                "it out"
            )
        found[code] = part
    return found


def _read_card(entry: Entry) -> Card:
    head = entry.keys("a card", ("code", "about", "title"), ("rules", "includes", "note"))
    code = head["code"].code("code of a card")
    what = f"card {code}"
    if "rules" not in head and "includes" not in head:
        raise entry.fail(f"{what} gathers nothing; add rules: [codes] or includes: [cards]")
    return Card(
        code=code,
        title=head["title"].both(f"title of {what}"),
        about=cast("About", head["about"].choice(f"about of {what}", get_args(About))),
        rules=read_optional(head, "rules", lambda part: tuple(part.codes(f"rules of {what}")), ()),
        includes=read_optional(
            head, "includes", lambda part: tuple(part.codes(f"includes of {what}")), ()
        ),
        note=read_optional(head, "note", lambda part: part.both(f"note of {what}"), NO_TEXT),
    )


def _list_shipped() -> dict[str, Traversable]:
    folder = files("layers.standards").joinpath("packs")
    found = {entry.name.removesuffix(".yaml"): entry for entry in folder.iterdir()}
    return {code: found[code] for code in sorted(found) if found[code].name.endswith(".yaml")}


def _open_pack(
    pack: str | Path, kinds: tuple[str, ...], attributes: Mapping[str, Unit]
) -> PackFile:
    if str(pack).endswith((".yaml", ".yml")):
        return _parse(read_file(Path(pack), "the pack"), str(pack), kinds, attributes)
    shipped = _list_shipped()
    entry = shipped.get(str(pack))
    if entry is None:
        raise UnknownRule(
            f"no rule pack '{pack}'; there are {name_choices(str(pack), shipped)}, or give a path "
            "ending in .yaml"
        )
    return _parse(entry.read_text(encoding="utf-8"), entry.name, kinds, attributes)


def read_pack(
    pack: str | Path,
    *,
    kinds: Iterable[str] | None = None,
    attributes: Mapping[str, Unit] | None = None,
) -> StandardPack:
    """Read a pack by its code, or from a user's own YAML file.

    Parameters
    ----------
    pack
        Code of a shipped pack, or path of a file ending in `.yaml` or `.yml`.
    kinds, attributes
        As in `parse_pack`.

    Raises
    ------
    UnknownRule
        No pack of that code.
    InvalidPack
        The file cannot be read or says something impossible; with file and line.
    """
    return read_packs([pack], kinds=kinds, attributes=attributes)[0]


def list_packs(
    *,
    kinds: Iterable[str] | None = None,
    attributes: Mapping[str, Unit] | None = None,
    overlays: Iterable[Path] = (),
) -> tuple[StandardPack, ...]:
    """Every shipped pack, by code; parameters and errors as in `read_packs`."""
    return read_packs(_list_shipped(), kinds=kinds, attributes=attributes, overlays=overlays)


def read_packs(
    packs: Iterable[str | Path],
    *,
    kinds: Iterable[str] | None = None,
    attributes: Mapping[str, Unit] | None = None,
    overlays: Iterable[Path] = (),
) -> tuple[StandardPack, ...]:
    """Read several packs whose rules are judged side by side.

    Parameters
    ----------
    packs
        Each as in `read_pack`.
    kinds, attributes
        As in `parse_pack`.
    overlays
        Files of a city's own values, laid over the packs one after the other.

    Raises
    ------
    UnknownRule
        No pack of a code.
    InvalidPack
        A pack says something impossible, two of them (or the same one twice) share a code, or an
        overlay does not fit; with file and line.
    """
    known_kinds, known_attributes = _list_kinds(kinds), _list_attributes(attributes)
    opened = [_open_pack(pack, known_kinds, known_attributes) for pack in packs]
    names: dict[str, int] = {}
    for at, one in enumerate(opened):
        if names.setdefault(one.pack.code, at) != at:
            raise InvalidPack(f"pack {one.pack.code} is named twice; take one of the two out")
    check_together(opened)
    read = tuple(one.pack for one in opened)
    for path in overlays:
        read = apply_overlay(read, read_overlay(path))
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
    packs = tuple(packs)
    rule = find_rule(packs, code)
    if rule is None:
        codes = [rule.code for pack in packs for rule in pack.rules]
        raise UnknownRule(
            f"no rule '{code}' in the packs at hand; close or possible: {name_choices(code, codes)}"
        )
    return rule
