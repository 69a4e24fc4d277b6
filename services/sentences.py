"""Verdicts as sentences for a planner, in Chinese and English, with the figures they rest on.

Plain text: names from maps and tables are put in as they are, and escaped by whoever draws them.
"""

import math
from dataclasses import dataclass
from datetime import date

from layers.standards.model import Rule, Text, Value
from services.verdicts import SHARE_TOLERANCE

_FORCE = {
    "shall": Text("应", "shall have"),
    "should": Text("宜", "should have"),
    "strive": Text("力争", "strives to have"),
    "target": Text("目标是", "aims to have"),
    "practice": Text("按做法", "by practice has"),
}
_STATUS = {
    "primary": Text("", ""),
    "secondary": Text("（二手来源）", " (secondary source)"),
    "derived": Text("（推导值）", " (derived)"),
    "unverified": Text("（未核实）", " (unverified)"),
}
_PACE = {"adult": Text("", ""), "child": Text("（儿童步速）", " at a child's pace")}
_OLDER = Text("（老年人步速）", " at an older person's pace")
_SETTLE_INCLUSIVE = Text(
    "设施表的“是否普惠”列（inclusive）", "the facilities table's column `inclusive` (是否普惠)"
)
_SETTLE_PLACES = Text(
    "设施表的“空余学位”列（free_places），或学位数（capacity）与适龄儿童数",
    "the facilities table's column `free_places` (空余学位), or capacities and children by age",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What the sentences on one rule call things.

    `kind` is the facility with what qualifies it (普惠性幼儿园), `plain` without; `walk` the limit,
    `limit_m` the same in metres; `count` how many are needed.
    """

    rule: Rule
    kind: Text
    plain: Text
    walk: Text
    limit_m: float
    count: int


@dataclass(frozen=True, slots=True)
class People:
    """Households of one community: how many, and whether that is known.

    `counted` says whether weights are households, `cell` that the area is an analysis cell, and
    `named` that a sentence before has said of whom it speaks.
    """

    households: float
    total: float
    counted: bool
    cell: bool
    named: bool = False

    @property
    def subject(self) -> Text:
        """What the area is called."""
        return Text("该分析单元", "This cell") if self.cell else Text("该社区", "This community")

    def is_all(self, weight: float) -> bool:
        """Whether a part of the people is all of them, sums of floats allowed for."""
        return weight >= self.total * (1.0 - SHARE_TOLERANCE)

    def say(self, weight: float) -> Text:
        """Return a part of the people as households and share."""
        part = _share(weight / self.total if self.total > 0 else math.nan)
        if not self.counted:
            return Text(f"约{part}的住户", f"about {part} of homes")
        count = _count(weight)
        return Text(f"{count.zh}户（{part}）", f"{count.en} households ({part})")


def build_words(rule: Rule, limit: Value, *, name: Text, traveller: str, limit_m: float) -> Words:
    """Words for a rule about the kind called `name`, walked within `limit` (`limit_m` metres)."""
    plain = Text(name.zh, name.en if name.en[1:2].isupper() else name.en[:1].lower() + name.en[1:])
    kind = Text(f"普惠性{plain.zh}", f"inclusive {plain.en}") if rule.inclusive else plain
    needed = dict(rule.list_values()).get("count")
    count = int(needed.value) if needed else 1
    if limit.unit == "m":
        walk = Text(f"步行{limit.value:,.0f}米", f"a walk of {limit.value:,.0f} m")
    else:
        pace = _PACE.get(traveller, _OLDER)
        walk = Text(f"步行{limit.value:g}分钟{pace.zh}", f"a {limit.value:g}-minute walk{pace.en}")
    return Words(rule=rule, kind=kind, plain=plain, walk=walk, limit_m=limit_m, count=count)


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


def say_below(people: People, needed: float) -> Text:
    """Return that the rule begins with more households."""
    return Text(
        f"{people.subject.zh}{people.households:,.0f}户，不足{needed:,.0f}户，本规则不适用。",
        f"{people.subject.en} has {people.households:,.0f} households, fewer than the "
        f"{needed:,.0f} from which on the rule applies.",
    )


def say_nobody(people: People) -> Text:
    """Return that nobody lives here."""
    return Text(
        f"{people.subject.zh}没有住户，本规则不适用。",
        f"{people.subject.en} has no households, so the rule does not apply.",
    )


def say_households_unknown(people: People, needed: float) -> Text:
    """Return which column would settle whether the rule applies."""
    return Text(
        f"{people.subject.zh}户数未知，无法判断是否达到{needed:,.0f}户；"
        "在社区表的“户数”列（households）填写后即可判定。",
        f"{people.subject.en}'s households are unknown, so it is open whether there are "
        f"{needed:,.0f}; the communities table's column `households` (户数) would settle it.",
    )


def say_kind_missing(words: Words) -> Text:
    """Return that the data hold no facility of the kind."""
    return Text(
        f"数据中没有任何{words.plain.zh}，无法区分是确实没有还是没有收录，因此不作结论；"
        f"在设施表补充{words.plain.zh}后即可判定。",
        f"The data hold no {words.plain.en} at all: absent and unmapped cannot be told apart, so "
        "there is no verdict; a facilities table that lists them would settle it.",
    )


def say_no_homes(people: People) -> Text:
    """Return that no starting point is known."""
    return Text(
        f"{people.subject.zh}内没有已知的出发点（住宅、居住用地或可步行道路），无法测量步行距离；"
        "提供小区表（户数与坐标）后即可判定。",
        f"{people.subject.en} holds no known starting point (homes, residential land or walkable "
        "streets), so no walk can be measured; a table of compounds would settle it.",
    )


def say_share_met(
    words: Words, people: People, covered: float, needed: Value, *, places: bool = False
) -> Text:
    """Return that enough households live within the walk."""
    some = _some(words, places=places)
    ask = _ask(needed)
    if people.is_all(covered):
        head = _join(_open_all(people), Text("全部住户", "all"))
    else:
        head = _join(_open_some(people), people.say(covered))
    return Text(
        f"{head.zh}在{words.walk.zh}内可到{some.zh}，达到要求的{ask.zh}。",
        f"{_capital(head.en)} have a known {some.en} within {words.walk.en}; {ask.en} is asked "
        "for.",
    )


def say_share_gap(
    words: Words, people: People, lacking: float, needed: Value, *, places: bool = False
) -> Text:
    """Return who is left out; the cause follows in `services.cause_sentences`."""
    share = 0.0 if people.is_all(lacking) else 1.0 - lacking / people.total
    ask = _ask(needed)
    some = _some(words, places=places)
    if people.is_all(lacking):
        head = _join(_open_all(people), Text("", "none has a"))
    else:
        head = _join(_open_some(people), people.say(lacking), Text("在", " have no"))
    return Text(
        f"{head.zh}{words.walk.zh}内没有已知的{some.zh}；覆盖率{_share(share)}，要求{ask.zh}。",
        f"{_capital(head.en)} known {some.en} within {words.walk.en}; coverage is "
        f"{_share(share)}, {ask.en} is asked for.",
    )


def say_share_unknown(
    words: Words, certain: float, possible: float, needed: Value, *, inclusive: bool, places: bool
) -> Text:
    """Return both bounds, and which columns would settle it."""
    open_zh, open_en, settle_zh, settle_en = _open(inclusive=inclusive, places=places)
    some = _some(words, places=places)
    ask = _ask(needed)
    return Text(
        f"{words.walk.zh}内的{words.plain.zh}{open_zh}未知：确定有{some.zh}的住户占"
        f"{_share(certain)}，若未知的都算则占{_share(possible)}，要求{ask.zh}；"
        f"补充{settle_zh}后即可判定。",
        f"It is unknown {open_en} within {words.walk.en}: {_share(certain)} of homes "
        f"certainly have a {some.en}, {_share(possible)} if every unknown one counts, {ask.en} is "
        f"asked for; {settle_en} would settle it.",
    )


def say_inside(words: Words, status: str, certain: int, possible: int, present: int) -> Text:
    """Return how many qualifying facilities lie inside the boundary.

    `certain` surely qualify, `possible` may, `present` are of the kind.
    """
    counter = words.rule.counter
    if status == "met":
        return Text(
            f"范围内有{certain}{counter}{words.kind.zh}，达到要求。",
            f"Inside the boundary there are {certain}: the rule is met.",
        )
    if status == "unknown":
        return Text(
            f"范围内有{present}{counter}{words.plain.zh}，其中{possible - certain}{counter}"
            f"是否普惠未知；补充{_SETTLE_INCLUSIVE.zh}后即可判定。",
            f"Inside the boundary there are {present} (kind: {words.plain.en}); for "
            f"{possible - certain} of them it is unknown whether they are inclusive; "
            f"{_SETTLE_INCLUSIVE.en} would settle it.",
        )
    held = (
        Text(
            f"范围内已知的只有{possible}{counter}",
            f"Inside the boundary only {possible} are known",
        )
        if possible
        else Text("范围内没有已知的", "Inside the boundary none is known")
    )
    others = present - possible
    also = Text(
        f"；范围内的{others}{counter}{words.plain.zh}不是普惠性" if others else "",
        f"; {others} (kind: {words.plain.en}) are not inclusive" if others else "",
    )
    return _join(held, also, Text("。", "."))


def say_demand(words: Words, people: People, threshold: float, count: float) -> Text:
    """Return what the rule asks of a community of this size; another sentence follows."""
    force = _FORCE[words.rule.force]
    return Text(
        f"{people.subject.zh}{people.households:,.0f}户，达到{threshold:,.0f}户，"
        f"{force.zh}设有{count:.0f}{words.rule.counter}{words.kind.zh}；",
        f"With {people.households:,.0f} households ({threshold:,.0f} or more) "
        f"{people.subject.en.lower()} {force.en} {count:.0f} {words.kind.en}. ",
    )


def say_unknown_counted(words: Words, *, inclusive: bool) -> Text:
    """Return that the verdict stands even if every unknown facility qualifies."""
    if inclusive:
        return Text(
            f"（是否普惠未知的{words.plain.zh}已按普惠计入。）",
            f" (Each {words.plain.en} of unknown status was counted as inclusive.)",
        )
    return Text(
        f"（空余学位未知的{words.plain.zh}已按有空余计入。）",
        f" (Each {words.plain.en} whose free places are unknown was counted as having some.)",
    )


def _open(*, inclusive: bool, places: bool) -> tuple[str, str, str, str]:
    what, which, settle = [], [], []
    if inclusive:
        what.append("是否普惠")
        which.append("whether those are inclusive")
        settle.append(_SETTLE_INCLUSIVE)
    if places:
        what.append("有无空余学位")
        which.append("whether there are free places")
        settle.append(_SETTLE_PLACES)
    return (
        "、".join(what),
        " and ".join(which),
        "、".join(text.zh for text in settle),
        " and ".join(text.en for text in settle),
    )


def _some(words: Words, *, places: bool) -> Text:
    if not places:
        return words.kind
    return Text(f"有空余学位的{words.kind.zh}", f"{words.kind.en} with free places")


def _ask(needed: Value) -> Text:
    mark = _STATUS[needed.source.status]
    return Text(f"{_share(needed.value)}{mark.zh}", f"{_share(needed.value)}{mark.en}")


def _open_some(people: People) -> Text:
    """Open a sentence about some of the people."""
    if people.named:
        return Text("其中", "")
    if not people.counted:
        return Text(f"{people.subject.zh}户数未知，按出发点估计，", "Households are unknown: ")
    count = _count(people.total)
    return Text(f"{people.subject.zh}{count.zh}户中，", f"Of {count.en} households, ")


def _open_all(people: People) -> Text:
    """Open a sentence about all the people."""
    if people.named:
        return Text("", "")
    if not people.counted:
        return Text(f"{people.subject.zh}户数未知，", "Households are unknown: ")
    count = _count(people.total)
    return Text(
        f"{people.subject.zh}{count.zh}户，", f"{people.subject.en} has {count.en} households: "
    )


def _join(*parts: Text) -> Text:
    return Text("".join(part.zh for part in parts), "".join(part.en for part in parts))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _count(number: float) -> Text:
    """Households as text: whole numbers, and never 0 for a part of one."""
    if 0 < number < 0.5:
        return Text("不足1", "fewer than 1")
    return Text(f"{number:,.0f}", f"{number:,.0f}")


def _share(share: float) -> str:
    """Return a share as per cent; never 100% for less than all, never 0% for more than none.

    >>> _share(1.0), _share(0.9999), _share(0.0001), _share(0.7)
    ('100%', '99.9%', '0.1%', '70.0%')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return f"{min(max(share * 100.0, 0.1), 99.9):.1f}%"
