"""Rules and packs of rules: values with unit and source, and the tests a rule can make.

A *pack* is one published standard. A *rule* is one of its demands, judged per community by a
*test*. A test is a frozen dataclass of values; `TESTS` says which keys its YAML form has and in
which units. A new kind of test is a new dataclass, an entry in `TESTS`, and a judge in
`services.judges`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, Literal

Status = Literal["primary", "secondary", "derived", "unverified"]
Unit = Literal["min", "m", "share", "households", "facilities"]
Traveller = Literal["adult", "child", "older"]
Mode = Literal["walk", "walk_transit"]
Force = Literal["shall", "should", "strive", "target", "practice"]

STATUSES: tuple[Status, ...] = ("primary", "secondary", "derived", "unverified")
"""How well a figure is known, best first: seen in the text itself, seen in a secondary source,
worked out from such figures, or only generally known."""

FORCES: tuple[Force, ...] = ("shall", "should", "strive", "target", "practice")
"""How binding the wording is: must, ought to, 力争, a stated goal, or reported practice."""

TRAVELLERS: tuple[Traveller, ...] = ("adult", "child", "older")

MODES: tuple[Mode, ...] = ("walk", "walk_transit")
"""How people may travel for a rule: on foot alone, or by public transport too."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text that figures are taken from."""

    code: str
    title: Text
    published: date


@dataclass(frozen=True, slots=True)
class Source:
    """Where one figure comes from.

    Parameters
    ----------
    document
        The text it is taken from, or that it was worked out from.
    clause
        Clause as printed; empty when it was not seen.
    status
        How well the figure is known, see `STATUSES`.
    note
        For a derived figure: how it follows from the text.
    """

    document: Document
    clause: str
    status: Status
    note: Text


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of a standard, with unit and source."""

    value: float
    unit: Unit
    source: Source


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the separate answers a test gives: one row per community.

    Parameters
    ----------
    suffix
        What its row adds to the rule's code after a dot; empty when there is one answer only.
    title
        What it adds to the rule's title.
    rests_on
        Names of the values its verdict rests on, the leading one first.
    travelled
        Whether a walk or a journey is part of it.
    """

    suffix: str
    title: Text
    rests_on: tuple[str, ...]
    travelled: bool


_EVERY_VALUE = ("households", "count", "limit", "share")
_REACHED = (Answer("", Text("", ""), ("limit", "share"), travelled=True),)
_INSIDE = Answer(
    "inside",
    Text("（社区范围内）", " (inside the boundary)"),
    ("households", "count"),
    travelled=False,
)


@dataclass(frozen=True, slots=True)
class ShareWithin:
    """At least `share` of the households live within `limit` of a facility.

    Parameters
    ----------
    limit
        Walk in minutes or in metres, the one never turned into the other; journey in minutes.
    share
        Needed share of households, 0 to 1.
    """

    limit: Value
    share: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = MappingProxyType(
        {"walk": _REACHED, "walk_transit": _REACHED}
    )


@dataclass(frozen=True, slots=True)
class CountWhenHouseholds:
    """At least `count` facilities once a community has `households` (the number included).

    Three answers, never merged: so many lie inside the boundary; so many lie within the walk (or
    journey) of `share` of the households; and so many of those have free places.
    """

    households: Value
    count: Value
    limit: Value
    share: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = MappingProxyType(
        {
            "walk": (
                _INSIDE,
                Answer(
                    "walk",
                    Text("（步行范围内）", " (within the walk)"),
                    _EVERY_VALUE,
                    travelled=True,
                ),
                Answer(
                    "places",
                    Text("（步行范围内有空余学位）", " (within the walk, with free places)"),
                    _EVERY_VALUE,
                    travelled=True,
                ),
            ),
            "walk_transit": (
                _INSIDE,
                Answer(
                    "walk_transit",
                    Text(
                        "（步行或乘公交范围内）", " (within reach on foot or by public transport)"
                    ),
                    _EVERY_VALUE,
                    travelled=True,
                ),
                Answer(
                    "places",
                    Text(
                        "（步行或乘公交范围内有空余学位）",
                        " (within reach on foot or by public transport, with free places)",
                    ),
                    _EVERY_VALUE,
                    travelled=True,
                ),
            ),
        }
    )


Test = ShareWithin | CountWhenHouseholds


@dataclass(frozen=True, slots=True)
class TestSpec:
    """How a test is written in YAML: its class, and the units each of its values may have."""

    build: type[Any]
    units: Mapping[str, tuple[Unit, ...]]

    __test__ = False  # not a test case, though its name begins like one


TESTS: Mapping[str, TestSpec] = MappingProxyType(
    {
        "share_within": TestSpec(ShareWithin, {"limit": ("min", "m"), "share": ("share",)}),
        "count_when_households": TestSpec(
            CountWhenHouseholds,
            {
                "households": ("households",),
                "count": ("facilities",),
                "limit": ("min", "m"),
                "share": ("share",),
            },
        ),
    }
)
"""Every test a rule can make, by the word that stands in its YAML."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand of a standard.

    Parameters
    ----------
    code
        Unique within all packs, e.g. `bj.primary.3000`.
    title
        What the rule asks, in one line.
    kind
        Code of the facility kind it is about.
    inclusive
        Whether only inclusive (普惠) facilities count.
    force
        How binding its wording is.
    noun
        What sentences call such a facility; None for the kind's own name.
    counter
        Chinese measure word of the kind (所, 家, 处).
    traveller
        Whose pace a time limit is walked at; empty leaves it to the kind.
    mode
        How people may travel: `walk`, or `walk_transit` (on foot or by public transport).
    since, until
        First and last day the rule is in force; `until` is None while it is.
    test
        What is tested, with every figure.
    """

    code: str
    title: Text
    kind: str
    inclusive: bool
    force: Force
    noun: Text | None
    counter: str
    traveller: Traveller | Literal[""]
    mode: Mode
    since: date
    until: date | None
    test: Test

    def in_force(self, day: date) -> bool:
        """Whether the rule binds on `day`, its first and last day included."""
        return self.since <= day and (self.until is None or day <= self.until)

    def list_answers(self) -> tuple[tuple[str, Answer], ...]:
        """Return the rows it is judged in: the code of each and the answer it gives."""
        return tuple(
            (f"{self.code}.{answer.suffix}" if answer.suffix else self.code, answer)
            for answer in self.test.answers[self.mode]
        )

    def list_values(self) -> tuple[tuple[str, Value], ...]:
        """Return its figures by name, in the order of the test's fields."""
        return tuple((field.name, getattr(self.test, field.name)) for field in fields(self.test))

    def answer_source(self, answer: Answer) -> Source:
        """Return the source of the figure that leads an answer."""
        return dict(self.list_values())[answer.rests_on[0]].source

    def answer_status(self, answer: Answer) -> Status:
        """Return the least certain status among the figures an answer rests on."""
        values = dict(self.list_values())
        worst = max(STATUSES.index(values[name].source.status) for name in answer.rests_on)
        return STATUSES[worst]


@dataclass(frozen=True, slots=True)
class StandardPack:
    """One published standard as rules.

    Parameters
    ----------
    code
        Name of the pack and of its file.
    title, issuer, legal_force
        What it is, who issued it, how binding it is.
    published
        Date of the document (of the newest, where there are several).
    notes
        What a reader of its verdicts has to know.
    documents
        Texts its figures come from.
    rules
        In file order.
    """

    code: str
    title: Text
    issuer: Text
    legal_force: Text
    published: date
    notes: tuple[Text, ...]
    documents: tuple[Document, ...]
    rules: tuple[Rule, ...]
