"""Figures of a standard as a pack's YAML writes them: documents, sources, values, sizes."""

from collections.abc import Mapping, Sequence
from typing import cast, get_args

from layers.standards.model import (
    STATUSES,
    SUMMED_UNITS,
    Document,
    Minimum,
    Size,
    Source,
    Status,
    Text,
    Unit,
    Value,
)
from layers.standards.yaml_tree import Entry, echo, read_optional

UNITS: tuple[Unit, ...] = get_args(Unit)
SIZES: tuple[Size, ...] = get_args(Size)
NO_TEXT = Text("", "")
_WHOLE = frozenset({"count", "households", "population", "per", "minimum.classes"})
_MAY_BE_ZERO = frozenset({"needed"})


def read_documents(entry: Entry) -> dict[str, Document]:
    """Return the documents figures are taken from, by their keys."""
    found = entry.mapping("documents")
    if not found:
        raise entry.fail("documents is empty; name at least one the figures are taken from")
    return {code: _read_document(code, part) for code, part in found.items()}


def _read_document(code: str, entry: Entry) -> Document:
    what = f"document '{echo(code)}'"
    entries = entry.keys(what, ("title",), ("published", "address"))
    return Document(
        code=code,
        title=entries["title"].both(f"title of {what}"),
        published=read_optional(
            entries, "published", lambda part: part.day(f"date of {what}"), None
        ),
        address=read_optional(entries, "address", lambda part: part.text(f"address of {what}"), ""),
    )


def read_source(entry: Entry, what: str, documents: Mapping[str, Document]) -> Source:
    """Return where a figure (or a substitution) comes from.

    Raises
    ------
    InvalidPack
        The document or the status is missing or unknown, or a derived figure has no note.
    """
    what = f"source of {what}"
    entries = entry.keys(what, ("document", "status"), ("clause", "note"))
    status = cast("Status", entries["status"].choice(f"status in {what}", STATUSES))
    note = read_optional(entries, "note", lambda part: part.both(f"note in {what}"), NO_TEXT)
    if status == "derived" and not note.zh:
        raise entry.fail(
            f"{what} is derived; add a note {{zh: …, en: …}} that says how it follows from the text"
        )
    return Source(
        document=documents[entries["document"].choice(f"document in {what}", documents)],
        clause=read_optional(entries, "clause", lambda part: part.text(f"clause in {what}"), ""),
        status=status,
        note=note,
    )


def read_value(
    entry: Entry,
    name: str,
    owner: str,
    units: Sequence[Unit],
    documents: Mapping[str, Document],
) -> Value:
    """Return a figure with its unit and source.

    Parameters
    ----------
    name
        Name of the figure as in `Rule.list_values`; some must be whole, one may be 0.
    owner
        What it belongs to, for messages.
    units
        Units it may have; any where empty.

    Raises
    ------
    InvalidPack
        It has no source, another unit, or a number that makes no sense.
    """
    what = f"{name} of {owner}"
    entries = entry.keys(what, ("value", "unit", "source"))
    number = entries["value"].number(what)
    unit = cast("Unit", entries["unit"].choice(f"unit of {what}", units or UNITS))
    check_number(entries["value"], name, owner, number, unit)
    return Value(number, unit, read_source(entries["source"], what, documents))


def check_number(entry: Entry, name: str, owner: str, number: float, unit: Unit) -> None:
    """Refuse a number its figure cannot have: 0, a share above 1, half a household.

    Raises
    ------
    InvalidPack
        With the line of `entry`.
    """
    what = f"{name} of {owner}"
    if number == 0 and name not in _MAY_BE_ZERO:
        raise entry.fail(f"{what} is 0; it must be a number above 0")
    if unit == "share" and number > 1:
        raise entry.fail(
            f"{what} is {number:g}; a share lies between 0 and 1: write {number / 100:g}"
            f" for {number:g} %"
        )
    if name in _WHOLE and not number.is_integer():
        raise entry.fail(f"{what} is {number:g}; it must be a whole number")


def read_minimum(
    entry: Entry, name: str, owner: str, documents: Mapping[str, Document]
) -> tuple[Minimum, ...]:
    """Return how large facilities must be, at least one size.

    Parameters
    ----------
    name
        What sizes are called in `Rule.list_values` before their dot: `minimum`.
    """
    what = f"{name} of {owner}"
    entries = entry.keys(what, (), SIZES)
    if not entries:
        raise entry.fail(f"{what} names no size; add one of {', '.join(SIZES)}")
    return tuple(
        Minimum(
            cast("Size", size),
            read_value(
                part,
                f"{name}.{size}",
                owner,
                (SUMMED_UNITS[cast("Size", size)],),
                documents,
            ),
        )
        for size, part in entries.items()
    )
