"""Verdicts that need no facility as sentences: not in force, too small, nothing to measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from layers.standards.model import Rule, Text, Unit, Value
from services.people import People
from services.sentences.figures import mark, mark_all, write_amount, write_value
from services.sentences.words import FORCE, Words

_SIZE = {"households": Text("户数", "households"), "population": Text("人口", "residents")}
MOST_NAMES = 5
"""Most communities of a cluster that are named."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large an area is, and from what size on a rule applies.

    `column` is the column of the communities table, `found` its figure (NaN unknown), `least` what
    surely is there.
    """

    column: str
    needed: Value
    found: float
    least: float


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a rule is judged for.

    Parameters
    ----------
    name
        What the area is called.
    people
        Those of a community; None for larger areas.
    members, n_members
        Names of the first communities it is counted together with, and how many there are.
    """

    name: Text
    people: People | None = None
    members: tuple[str, ...] = ()
    n_members: int = 0

    @property
    def together(self) -> Text:
        """The area with those it is counted together with."""
        if not self.members:
            return self.name
        rest = self.n_members - len(self.members)
        zh = "、".join(self.members) + (f"等{self.n_members}个社区" if rest else "")
        en = ", ".join(self.members) + (f" and {rest} more" if rest else "")
        return Text(f"{self.name.zh}与相邻的{zh}合计", f"{self.name.en}, with its neighbours {en},")

    @property
    def inside(self) -> Text:
        """Where what is counted inside must lie."""
        if self.members:
            return Text(
                f"这{self.n_members + 1}个社区范围内", "Inside their boundaries taken together"
            )
        if self.people is None:
            return Text(f"{self.name.zh}范围内", f"Inside {self.name.en}")
        return Text("社区范围内", "Inside the boundary")

    @property
    def note(self) -> Text:
        """Where the households are counted from, in brackets behind the official count."""
        if self.people is None or self.members:
            return Text("", "")
        return self.people.note


def say_not_in_force(rule: Rule, today: date) -> Text:
    """Return why a rule does not bind today."""
    if today < rule.since:
        return Text(
            f"该规则自{rule.since}起施行，评估日期{today}尚未生效，不作判断。",
            f"The rule is in force from {rule.since} on; on {today} it is not judged yet.",
        )
    return Text(
        f"该规则有效期至{rule.until}，评估日期{today}已失效，不作判断。",
        f"The rule was in force until {rule.until}; on {today} it is no longer judged.",
    )


def say_nobody(subject: Subject) -> Text:
    """Return that nobody lives here."""
    return Text(
        f"{subject.name.zh}没有住户，本规则不适用。",
        f"{subject.name.en} has no households, so the rule does not apply.",
    )


def say_below(subject: Subject, size: Size) -> Text:
    """Return that the rule begins with more households or residents."""
    people = subject.people
    note = subject.note if people is None or people.differs else Text("", "")
    if size.column != "households":
        note = Text("", "")
    found = write_size(size.column, size.found)
    needed = write_value(size.needed)
    return Text(
        f"{subject.together.zh}{found.zh}{note.zh}，不足{needed.zh}{mark(size.needed).zh}，"
        "本规则不适用。",
        f"{subject.together.en} has {found.en}{note.en}, "
        f"fewer than the {size.needed.value:,.0f} from which on the rule applies"
        f"{mark(size.needed).en}.",
    )


def name_size(column: str) -> Text:
    """Return what the number of households or residents is called."""
    return _SIZE[column]


def write_size(column: str, number: float, *, at_least: bool = False) -> Text:
    """Return how large an area is: 1,620户, 人口5,000人, 人口至少5,000人."""
    unit: Unit = "households" if column == "households" else "people"
    prefix = "人口" if column == "population" else ""
    figure = write_amount(round(number), unit)
    if at_least:
        return Text(f"{prefix}至少{figure.zh}", f"at least {figure.en}")
    return Text(f"{prefix}{figure.zh}", figure.en)


def say_size_unknown(subject: Subject, sizes: Sequence[Size]) -> Text:
    """Return which columns would settle whether the rule applies."""
    names = [_SIZE[size.column] for size in sizes]
    zh = "、".join(name.zh for name in names)
    en = " and ".join(name.en for name in names)
    needed = [write_value(size.needed) for size in sizes]
    ask_zh = "、".join(one.zh for one in needed) + mark_all(size.needed for size in sizes).zh
    ask_en = " and ".join(f"{size.needed.value:,.0f}" for size in sizes)
    columns_zh = "、".join(f"“{_SIZE[one.column].zh}”列（{one.column}）" for one in sizes)
    columns_en = " and ".join(f"column `{one.column}` ({_SIZE[one.column].zh})" for one in sizes)
    owner = f"{subject.name.en}'s"
    if subject.members:
        return Text(
            f"{subject.together.zh}的{zh}不全，无法判断是否达到{ask_zh}；"
            f"在社区表的{columns_zh}填写后即可判定。",
            f"The {en} of {subject.together.en} are not all known, so it is open whether there are "
            f"{ask_en}; the communities table's {columns_en} would settle it.",
        )
    known = next((size for size in sizes if size.least > 0), None)
    if known is not None:
        return _say_size_partly_known(subject, known, Text(ask_zh, ask_en))
    return Text(
        f"{subject.name.zh}{zh}未知，无法判断是否达到{ask_zh}；在社区表的{columns_zh}填写后即可判定。",
        f"{owner} {en} are unknown, so it is open whether there are {ask_en}; "
        f"the communities table's {columns_en} would settle it.",
    )


def _say_size_partly_known(subject: Subject, size: Size, ask: Text) -> Text:
    """Return what is known of a size some of which is not: of neighbours, or of a larger area."""
    name, least = _SIZE[size.column], write_size(size.column, size.least)
    settle = Text(
        f"在社区表的“{name.zh}”列（{size.column}）填写后即可判定。",
        f"the communities table's column `{size.column}` ({name.zh}) would settle it.",
    )
    if subject.people is None:
        return Text(
            f"{subject.name.zh}的{name.zh}不全，已填的合计{least.zh}，无法判断是否达到{ask.zh}；{settle.zh}",
            f"The {name.en} of {subject.name.en} are not all known ({least.en} are), so it is open "
            f"whether there are {ask.en}; {settle.en}",
        )
    return Text(
        f"{subject.name.zh}{least.zh}，相邻社区的{name.zh}未知，无法判断合计是否达到{ask.zh}；{settle.zh}",
        f"{subject.name.en} has {least.en}; the {name.en} of a neighbouring community are unknown, so "
        f"it is open whether there are {ask.en} together; {settle.en}",
    )


def say_kind_missing(words: Words, others: Sequence[Text] = ()) -> Text:
    """Return that the data hold no facility of the kind, nor of the others that would do."""
    zh = "、".join(one.zh for one in (words.plain, *others))
    en = " or ".join(one.en for one in (words.plain, *others))
    return Text(
        f"数据中没有任何{zh}，无法区分是确实没有还是没有收录，因此不作结论；"
        f"在设施表补充{zh}后即可判定。",
        f"The data hold no {en} at all: absent and unmapped cannot be told apart, so "
        "there is no verdict; a facilities table that lists them would settle it.",
    )


def say_no_homes(people: People) -> Text:
    """Return that no starting point is known."""
    if people.basis == "buildings":
        return Text(
            f"{people.subject.zh}内没有已知的住宅楼，无法按住宅楼计算比例；"
            "在OSM数据中补充住宅建筑后即可判定。",
            f"{people.subject.en} holds no known residential building to take a share of; "
            "residential buildings in the OSM data would settle it.",
        )
    if people.basis == "land":
        return Text(
            f"{people.subject.zh}内没有已知的居住用地，无法按用地面积计算比例；"
            "在OSM数据中补充居住用地后即可判定。",
            f"{people.subject.en} holds no known residential land to take a share of; "
            "residential land in the OSM data would settle it.",
        )
    return Text(
        f"{people.subject.zh}内没有已知的出发点（住宅、居住用地或可步行道路），无法测量步行距离；"
        "提供小区表（户数与坐标）后即可判定。",
        f"{people.subject.en} holds no known starting point (homes, residential land or walkable "
        "streets), so no walk can be measured; a table of compounds would settle it.",
    )


def say_demand(subject: Subject, words: Words, sizes: Sequence[Size], count: Value) -> Text:
    """Return what the rule asks of an area of this size; another sentence follows."""
    force = FORCE[words.rule.force]
    figures = [*(size.needed for size in sizes), count]
    figures += [one.least for one in words.rule.minimum]
    marks = mark_all(figures)
    asked_zh = f"{force.zh}设有{count.value:.0f}{words.rule.counter}{words.kind.zh}{marks.zh}；"
    asked_en = f"{force.en} {count.value:.0f} {words.kind.en}{marks.en}. "
    if not sizes:
        subject_en = subject.together.en
        return Text(f"{subject.together.zh}{asked_zh}", f"{subject_en} {asked_en}")
    found = [
        write_size(size.column, size.least, at_least=size.found != size.least) for size in sizes
    ]
    zh = "、".join(one.zh for one in found)
    en = " and ".join(one.en for one in found)
    needed_zh = "和".join(write_value(size.needed).zh for size in sizes)
    needed_en = " and ".join(f"{size.needed.value:,.0f}" for size in sizes)
    who = subject.together.en
    if subject.people:
        who = f"{who[:1].lower()}{who[1:]}"
    return Text(
        f"{subject.together.zh}{zh}{subject.note.zh}，达到{needed_zh}，" + asked_zh,
        f"With {en}{subject.note.en}, at least {needed_en}, {who} {asked_en}",
    )
