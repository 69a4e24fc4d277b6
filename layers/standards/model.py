"""Rules and packs of rules: values with unit and source, and the tests a rule can make.

A *pack* is one published standard. A *rule* is one of its demands, judged per community (or per
cluster of small ones, district, city) by a *test*. A test is a frozen dataclass; `TESTS` says which
keys its YAML form has and in which units. A new kind of test is a new dataclass, an entry in
`TESTS`, and a judge in `services.judges`. A *card* gathers rules under one heading: a circle, a
type of community, a level.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, Literal

Status = Literal["primary", "secondary", "derived", "unverified"]
Unit = Literal[
    "min",
    "m",
    "share",
    "households",
    "people",
    "facilities",
    "groups",
    "communities",
    "m2",
    "workers",
    "classes",
    "places",
    "spaces",
    "chargers",
]
Traveller = Literal["adult", "child", "older"]
Mode = Literal["walk", "walk_transit"]
Force = Literal["shall", "should", "strive", "target", "practice"]
Basis = Literal["households", "buildings", "land"]
AppliesUnit = Literal["community", "cluster", "district", "city"]
Size = Literal["floor_area_m2", "land_area_m2", "classes", "capacity"]
Summed = Literal["facilities", "floor_area_m2", "land_area_m2", "classes", "capacity"]
About = Literal["circle", "type", "level", "set"]

STATUSES: tuple[Status, ...] = ("primary", "secondary", "derived", "unverified")
"""How well a figure is known, best first: seen in the text itself, seen in a secondary source,
worked out from such figures, or only generally known."""

FORCES: tuple[Force, ...] = ("shall", "should", "strive", "target", "practice")
"""How binding the wording is: must, ought to, 力争, a stated goal, or reported practice."""

TRAVELLERS: tuple[Traveller, ...] = ("adult", "child", "older")

MODES: tuple[Mode, ...] = ("walk", "walk_transit")
"""How people may travel for a rule: on foot alone, or by public transport too."""

BASES: tuple[Basis, ...] = ("households", "buildings", "land")
"""What a share is a share of: households, residential buildings, residential land."""

SUMMED_UNITS: Mapping[Summed, Unit] = MappingProxyType(
    {
        "facilities": "facilities",
        "floor_area_m2": "m2",
        "land_area_m2": "m2",
        "classes": "classes",
        "capacity": "places",
    }
)
"""What can be added up over facilities, and in which unit."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text that figures are taken from.

    `address` is where it was seen, empty when that is not known.
    """

    code: str
    title: Text
    published: date | None
    address: str = ""


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
    """One figure of a standard, with unit and source.

    `original` is the standard's own figure where a city's overlay has put another in its place.
    """

    value: float
    unit: Unit
    source: Source
    original: "Value | None" = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the separate answers a test gives: one row per community.

    Parameters
    ----------
    suffix
        What its row adds to the rule's code after a dot; empty when there is one answer only.
    title
        What it adds to the rule's title.
    leads
        Name of the value whose source is shown first.
    leaves_out
        Names of the rule's values its verdict does not rest on.
    travelled
        Whether a walk or a journey is part of it.
    """

    suffix: str
    title: Text
    leads: str
    leaves_out: tuple[str, ...] = ()
    travelled: bool = False


_NO_TITLE = Text("", "")


def _one_answer(leads: str, *, travelled: bool) -> Mapping[Mode, tuple[Answer, ...]]:
    answers = (Answer("", _NO_TITLE, leads, travelled=travelled),)
    return MappingProxyType({"walk": answers, "walk_transit": answers})


_INSIDE = Answer(
    "inside", Text("（社区范围内）", " (inside the boundary)"), "count", ("limit", "share")
)


@dataclass(frozen=True, slots=True)
class Minimum:
    """How large a facility must at least be to count; one of unknown size may count."""

    size: Size
    least: Value


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to be served: facilities of `kind` (of some size) within `limit`."""

    kind: str
    limit: Value
    minimum: tuple[Minimum, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """One group of services: any facility of any of its kinds stands for it."""

    title: Text
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is added up in a community: exactly one of the two is given.

    `attribute` is a column of the communities table; `summed` a sum over the facilities of the
    rule's kind that lie inside.
    """

    attribute: str = ""
    summed: Summed | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class ShareWithin:
    """At least `share` of the homes lie within `limit` of a facility, or within an alternative.

    Parameters
    ----------
    limit
        Walk in minutes or in metres, the one never turned into the other; journey in minutes.
    share
        Needed share, 0 to 1.
    basis
        What the share is of.
    """

    limit: Value
    share: Value
    basis: Basis = "households"
    alternatives: tuple[Alternative, ...] = ()

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("limit", travelled=True)


@dataclass(frozen=True, slots=True)
class CountProvided:
    """At least `count` facilities where the rule applies: three answers, never merged.

    So many lie inside the boundary; so many lie within the walk (or journey) of `share` of the
    households; and so many of those have free places.
    """

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
                    "count",
                    travelled=True,
                ),
                Answer(
                    "places",
                    Text("（步行范围内有空余学位）", " (within the walk, with free places)"),
                    "count",
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
                    "count",
                    travelled=True,
                ),
                Answer(
                    "places",
                    Text(
                        "（步行或乘公交范围内有空余学位）",
                        " (within reach on foot or by public transport, with free places)",
                    ),
                    "count",
                    travelled=True,
                ),
            ),
        }
    )


@dataclass(frozen=True, slots=True)
class CountInside:
    """At least `count` facilities lie inside the boundary."""

    count: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("count", travelled=False)


@dataclass(frozen=True, slots=True)
class CountWithin:
    """At least `share` of the households have `count` facilities or more within `limit`."""

    count: Value
    limit: Value
    share: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("count", travelled=True)


@dataclass(frozen=True, slots=True)
class GroupsWithin:
    """At least `count` of the `groups` lie within `limit` of `share` of the households."""

    groups: tuple[Group, ...]
    count: Value
    limit: Value
    share: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("count", travelled=True)


@dataclass(frozen=True, slots=True)
class AmountPer:
    """At least `amount` of something for every `per` households or people."""

    measure: Measure
    amount: Value
    per: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("amount", travelled=False)


@dataclass(frozen=True, slots=True)
class AttributeAtLeast:
    """A column of the communities table reaches `least`: a share of green, a number of staff."""

    attribute: str
    least: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("least", travelled=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """How much is missing, as a count: `needed` (for every `per`, or times a column) less what is there.

    Parameters
    ----------
    needed
        So much is needed: for every `per` households or people; or of every one of
        `needed_attribute`; or, without either, in all.
    needed_attribute
        Column of the communities table that `needed` is multiplied by (children of school age).
    """

    measure: Measure
    needed: Value
    per: Value | None = None
    needed_attribute: str = ""

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("needed", travelled=False)


@dataclass(frozen=True, slots=True)
class CommunitiesShare:
    """At least `share` of a district's or city's communities meet the card `of`."""

    of: str
    share: Value

    answers: ClassVar[Mapping[Mode, tuple[Answer, ...]]] = _one_answer("share", travelled=False)


Test = (
    ShareWithin
    | CountProvided
    | CountInside
    | CountWithin
    | GroupsWithin
    | AmountPer
    | AttributeAtLeast
    | Missing
    | CommunitiesShare
)

Part = Literal["basis", "alternatives", "groups", "measure", "attribute", "needed_attribute", "of"]
"""What a test may hold beside its figures."""

Subject = Literal["kind", "kind?", "none"]
"""Whether a rule with this test names a facility kind: always, where its measure adds up, never."""


@dataclass(frozen=True, slots=True)
class TestSpec:
    """How a test is written in YAML.

    Parameters
    ----------
    build
        Its class.
    units
        Figures it has, and the units each may have; an empty tuple stands for any unit.
    optional
        Names among `units` and `parts` that may be left out.
    parts
        What it holds beside figures.
    subject
        Whether its rule names a facility kind.
    """

    build: type[Any]
    units: Mapping[str, tuple[Unit, ...]]
    parts: tuple[Part, ...] = ()
    optional: frozenset[str] = frozenset()
    subject: Subject = "kind"

    __test__ = False  # not a test case, though its name begins like one


_LIMIT: tuple[Unit, ...] = ("min", "m")

TESTS: Mapping[str, TestSpec] = MappingProxyType(
    {
        "share_within": TestSpec(
            ShareWithin,
            {"limit": _LIMIT, "share": ("share",)},
            ("basis", "alternatives"),
            frozenset({"basis", "alternatives"}),
        ),
        "count_provided": TestSpec(
            CountProvided, {"count": ("facilities",), "limit": _LIMIT, "share": ("share",)}
        ),
        "count_inside": TestSpec(CountInside, {"count": ("facilities",)}),
        "count_within": TestSpec(
            CountWithin, {"count": ("facilities",), "limit": _LIMIT, "share": ("share",)}
        ),
        "groups_within": TestSpec(
            GroupsWithin,
            {"count": ("groups",), "limit": _LIMIT, "share": ("share",)},
            ("groups",),
            subject="none",
        ),
        "amount_per": TestSpec(
            AmountPer,
            {"amount": (), "per": ("households", "people")},
            ("measure",),
            subject="kind?",
        ),
        "attribute_at_least": TestSpec(
            AttributeAtLeast, {"least": ()}, ("attribute",), subject="none"
        ),
        "missing": TestSpec(
            Missing,
            {"needed": (), "per": ("households", "people")},
            ("measure", "needed_attribute"),
            frozenset({"per", "needed_attribute"}),
            subject="kind?",
        ),
        "communities_share": TestSpec(
            CommunitiesShare, {"share": ("share",)}, ("of",), subject="none"
        ),
    }
)
"""Every test a rule can make, by the word that stands in its YAML."""


@dataclass(frozen=True, slots=True)
class Applies:
    """Who a rule applies to.

    Parameters
    ----------
    unit
        `community`; `cluster`: small adjoining communities counted together; `district`; `city`.
    households, population
        It applies from so many on, the number itself included; None: whatever the size.
    """

    unit: AppliesUnit = "community"
    households: Value | None = None
    population: Value | None = None


@dataclass(frozen=True, slots=True)
class Substitution:
    """Rules one of which, when met, stands in for this one."""

    rules: tuple[str, ...]
    source: Source


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
        Code of the facility kind it is about; empty for attributes, groups and cards.
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
    applies
        Who it applies to.
    minimum
        How large facilities must be to count.
    substituted_by
        What stands in for it, None when nothing does.
    original_dates
        The standard's own first and last day where a city's overlay has moved them, else None.
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
    applies: Applies = Applies()
    minimum: tuple[Minimum, ...] = ()
    substituted_by: Substitution | None = None
    original_dates: tuple[date, date | None] | None = None

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
        """Return its figures by name: who it applies to, the test's own, sizes, alternatives.

        Nested ones have dotted names: `minimum.floor_area_m2`, `alternatives.1.limit`.
        """
        return tuple(self._name_values())

    def _name_values(self) -> Iterator[tuple[str, Value]]:
        for name in ("households", "population"):
            threshold = getattr(self.applies, name)
            if threshold is not None:
                yield name, threshold
        for field in fields(self.test):
            value = getattr(self.test, field.name)
            if isinstance(value, Value):
                yield field.name, value
        for one in self.minimum:
            yield f"minimum.{one.size}", one.least
        for at, other in enumerate(getattr(self.test, "alternatives", ()), start=1):
            yield f"alternatives.{at}.limit", other.limit
            for one in other.minimum:
                yield f"alternatives.{at}.minimum.{one.size}", one.least

    def answer_values(self, answer: Answer) -> dict[str, Value]:
        """Return the figures an answer rests on, by name."""
        return {name: value for name, value in self._name_values() if name not in answer.leaves_out}

    def answer_source(self, answer: Answer) -> Source:
        """Return the source of the figure that leads an answer."""
        return self.answer_values(answer)[answer.leads].source

    def answer_status(self, answer: Answer) -> Status:
        """Return the least certain status among the figures an answer rests on."""
        values = self.answer_values(answer).values()
        return STATUSES[max(STATUSES.index(value.source.status) for value in values)]

    def is_overlaid(self, answer: Answer) -> bool:
        """Whether a city's own figure stands in place of one an answer rests on, or its own dates."""
        return self.original_dates is not None or any(
            value.original is not None for value in self.answer_values(answer).values()
        )


@dataclass(frozen=True, slots=True)
class Card:
    """Rules under one heading: a circle the city promised, a type of community, a level.

    Parameters
    ----------
    code
        Unique within all packs, e.g. `bj.circle.daily`.
    about
        What it stands for.
    rules
        Codes of rules (with all their answers) or of single answers, of this pack.
    includes
        Codes of other cards of this pack that belong to it: a larger circle needs every lower one.
    note
        What a reader has to know of it, empty when nothing.
    """

    code: str
    title: Text
    about: About
    rules: tuple[str, ...]
    includes: tuple[str, ...] = ()
    note: Text = _NO_TITLE


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
    cards
        Headings its rules are gathered under, in file order.
    """

    code: str
    title: Text
    issuer: Text
    legal_force: Text
    published: date
    notes: tuple[Text, ...]
    documents: tuple[Document, ...]
    rules: tuple[Rule, ...]
    cards: tuple[Card, ...] = ()

    def list_card_answers(self, card: Card) -> tuple[str, ...]:
        """Return codes of every answer a card gathers, those of included cards after its own."""
        by_code = {one.code: one for one in self.cards}
        answers = {rule.code: [code for code, _ in rule.list_answers()] for rule in self.rules}
        found: dict[str, None] = {}
        for code in card.rules:
            found.update(dict.fromkeys(answers.get(code, [code])))
        for code in card.includes:
            found.update(dict.fromkeys(self.list_card_answers(by_code[code])))
        return tuple(found)
