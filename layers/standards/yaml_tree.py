"""YAML read strictly: every node knows its file and line, and says what is wrong with it."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import yaml

from layers.errors import InvalidPack
from layers.standards.model import Text

_T = TypeVar("_T")
_TAG = "tag:yaml.org,2002:"
_MOST_LISTED = 12
_LONGEST_ECHO = 60
_MOST_BYTES = 4_000_000
_CODE = re.compile(r"\w[\w.\-]*")
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, and line counted from 1."""

    file: str
    line: int

    def fail(self, message: str) -> InvalidPack:
        """Return the error that says so; the caller raises it."""
        return InvalidPack(f"{self.file}:{self.line}: {message}")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def echo(text: str) -> str:
    r"""Return what a file says for a message: one line, not too long.

    >>> echo("a\nb")
    'a b'
    """
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= _LONGEST_ECHO else f"{line[:_LONGEST_ECHO]}…"


def name_choices(found: str, choices: Iterable[str]) -> str:
    """Return the choices closest to what was found first, all of them when they are few.

    >>> name_choices("shoop", ["clinic", "shop"])
    'shop, clinic'
    """
    names = list(dict.fromkeys(choices))
    close = get_close_matches(found[:100], names, n=4, cutoff=0.5)
    if len(names) > _MOST_LISTED:
        return ", ".join(close or [*names[:_MOST_LISTED], "…"])
    return ", ".join([*close, *(name for name in names if name not in close)])


class Entry:
    """A node of the YAML tree.

    Parameters
    ----------
    node
        The node.
    file
        Name of its file, for messages.
    key
        The key it stands under; None for the root and for items of a list.
    """

    def __init__(self, node: yaml.Node, file: str, key: "Entry | None" = None) -> None:
        self.node = node
        self.file = file
        self.key = key or self

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.file, self.node.start_mark.line + 1)

    def fail(self, message: str) -> InvalidPack:
        """Return the error that says what is wrong here; the caller raises it."""
        return self.place.fail(message)

    def mapping(self, what: str) -> dict[str, "Entry"]:
        """Return the entries of a mapping by key, in file order.

        Raises
        ------
        InvalidPack
            It is no mapping, or a key stands twice or is no text.
        """
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail(f"{what} must be a mapping of keys to values")
        entries: dict[str, Entry] = {}
        for key_node, value_node in self.node.value:
            key = Entry(key_node, self.file)
            if key_node.tag == f"{_TAG}merge":
                raise key.fail(f"{what} merges another mapping with '<<'; write its keys out")
            name = key.text(f"a key of {what}")
            if name in entries:
                raise key.fail(f"key '{echo(name)}' stands twice in {what}; keep one of them")
            entries[name] = Entry(value_node, self.file, key)
        return entries

    def keys(
        self, what: str, required: Sequence[str], optional: Sequence[str] = ()
    ) -> dict[str, "Entry"]:
        """Return the entries of a mapping that has all `required` keys and no unknown one.

        Raises
        ------
        InvalidPack
            A key is missing or unknown.
        """
        entries = self.mapping(what)
        known = (*required, *optional)
        for name, entry in entries.items():
            if name not in known:
                raise entry.key.fail(
                    f"unknown key '{echo(name)}' in {what}; known are {_list_known(name, known)}"
                )
        for name in required:
            if name not in entries:
                raise self.fail(f"{what} lacks '{name}'; add {name}: {_HINTS.get(name, '…')}")
        return entries

    def items(self, what: str) -> list["Entry"]:
        """Return the items of a list that has at least one.

        Raises
        ------
        InvalidPack
            It is no list, or an empty one.
        """
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail(f"{what} must be a list; write each item after a dash")
        if not self.node.value:
            raise self.fail(f"{what} is an empty list; name at least one, or leave the key out")
        return [Entry(node, self.file) for node in self.node.value]

    def _scalar(self, what: str, tags: str, expected: str) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.fail(f"{what} must be {expected}")
        if self.node.tag not in {f"{_TAG}{name}" for name in tags.split()}:
            raise self.fail(f"{what} is '{echo(str(self.node.value))}'; it must be {expected}")
        return str(self.node.value)

    def text(self, what: str) -> str:
        """Return text that is not empty, spaces around it cut off."""
        text = self._scalar(
            what, "str", "text (put it in quotes if it looks like a number)"
        ).strip()
        if not text:
            raise self.fail(f"{what} is empty; write it out")
        return text

    def code(self, what: str) -> str:
        """Return a code: letters, digits, dots, dashes, underscores."""
        text = self.text(what)
        if not _CODE.fullmatch(text):
            raise self.fail(
                f"{what} is '{echo(text)}'; write it with letters, digits, '.', '-' and '_' alone"
            )
        return text

    def number(self, what: str) -> float:
        """Return a number that is not below 0."""
        found = self._scalar(what, "int float", "a number")
        try:
            value = float(found)
        except ValueError:
            raise self.fail(f"{what} is '{echo(found)}'; it must be a number") from None
        if not math.isfinite(value) or value < 0:
            raise self.fail(f"{what} is {echo(found)}; it must be a number above 0")
        return value

    def flag(self, what: str) -> bool:
        """Return `true` or `false`."""
        text = self._scalar(what, "bool", "true or false").lower()
        if text not in _TRUE | _FALSE:
            raise self.fail(f"{what} is '{echo(text)}'; it must be true or false")
        return text in _TRUE

    def day(self, what: str) -> date:
        """Return a date."""
        text = self._scalar(what, "timestamp str", "a date like 2024-08-11")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.fail(
                f"{what} is '{echo(text)}'; it must be a date like 2024-08-11"
            ) from None

    def choice(self, what: str, choices: Iterable[str]) -> str:
        """Return one of the words there are."""
        text = self.text(what)
        allowed = tuple(choices)
        if text not in allowed:
            raise self.fail(
                f"{what} is '{echo(text)}'; it must be one of {name_choices(text, allowed)}"
            )
        return text

    def both(self, what: str) -> Text:
        """Return the same words in Chinese and English."""
        entries = self.keys(what, ("zh", "en"))
        return Text(entries["zh"].text(f"{what} (zh)"), entries["en"].text(f"{what} (en)"))

    def codes(self, what: str) -> dict[str, "Entry"]:
        """Return the codes of a list, none of them twice, with the entry of each."""
        found: dict[str, Entry] = {}
        for part in self.items(what):
            code = part.code(f"an item of {what}")
            if code in found:
                raise part.fail(f"'{code}' stands twice in {what}; keep one of them")
            found[code] = part
        return found


_HINTS = {
    "source": "{document: …, status: primary | secondary | derived | unverified}",
    "status": "primary | secondary | derived | unverified",
    "published": "2024-08-11",
    "since": "2024-08-11",
    "title": "{zh: …, en: …}",
    "issuer": "{zh: …, en: …}",
    "legal_force": "{zh: …, en: …}",
}


def _list_known(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name[:100], known, n=1, cutoff=0.6)
    meant = f" (did you mean '{close[0]}'?)" if close else ""
    return f"{', '.join(known)}{meant}"


def read_optional(
    entries: Mapping[str, Entry], name: str, read: Callable[[Entry], _T], default: _T
) -> _T:
    """Return what `read` makes of the entry of that name, or `default` where there is none."""
    return read(entries[name]) if name in entries else default


def read_tree(text: str, file: str, expected: str = "a pack") -> Entry:
    """Return the root of a YAML text.

    Parameters
    ----------
    text
        The YAML.
    file
        Name of the file, for messages.
    expected
        What the file should hold, for messages.

    Raises
    ------
    InvalidPack
        It is no YAML, or empty; with file and line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        said = echo(str(problem.problem or problem.context))
        raise Place(file, line).fail(f"not YAML: {said}") from problem
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, int(problem.position)) + 1
        raise Place(file, line).fail(f"not YAML: {echo(str(problem.reason))}") from problem
    except yaml.YAMLError as problem:
        raise Place(file, 1).fail(f"not YAML: {echo(str(problem))}") from problem
    except RecursionError:
        raise Place(file, 1).fail("not readable: it is nested too deeply") from None
    if node is None:
        raise Place(file, 1).fail(f"the file is empty; {expected} was expected")
    return Entry(node, file)


def read_file(path: Path, what: str) -> str:
    """Return the text of a file.

    Raises
    ------
    InvalidPack
        It cannot be read, or is not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise InvalidPack(
                f"{path}: {what} has {size / 1e6:.1f} MB, at most {_MOST_BYTES / 1e6:g} MB are read; "
                "split it"
            )
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidPack(f"{path}: {what} cannot be read: there is no such file") from None
    except UnicodeDecodeError as problem:
        raise InvalidPack(f"{path}: {what} cannot be read: it is not UTF-8") from problem
    except OSError as problem:
        said = problem.strerror or problem
        raise InvalidPack(f"{path}: {what} cannot be read: {said}") from problem
