"""Verdicts as sentences for a planner, in Chinese and English, with the figures they rest on.

Plain text: names from maps and tables are put in as they are, and escaped by whoever draws them.
"""

from dataclasses import dataclass
from datetime import date

from layers.standards.model import Rule, Text, Value
from services.people import People, join, open_all, open_some, write_share

_FORCE = {
    "shall": Text("应", "shall have"),
    "should": Text("宜", "should have"),
    "strive": Text("力争", "should strive to have"),
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

    `kind` is the facility with what qualifies it (普惠性幼儿园), `plain` without; `reach` the limit as
    measured, `limit` its figure with its unit, `limit_m` the same in metres of walking; `count` how
    many are needed.
    """

    rule: Rule
    kind: Text
    plain: Text
    reach: Text
    limit: Text
    limit_m: float
    count: int


def build_words(
    rule: Rule, limit: Value, *, name: Text, traveller: str, limit_m: float, on_foot: bool = False
) -> Words:
    """Words for a rule about the kind called `name`, reached within `limit` (`limit_m` metres).

    `on_foot` says that only walks were measured, whatever else the rule lets count.
    """
    plain = Text(name.zh, name.en if name.en[1:2].isupper() else name.en[:1].lower() + name.en[1:])
    kind = Text(f"普惠性{plain.zh}", f"inclusive {plain.en}") if rule.inclusive else plain
    needed = dict(rule.list_values()).get("count")
    count = int(needed.value) if needed else 1
    figure = Text(f"{limit.value:g}分钟", f"{limit.value:g} minutes")
    pace = _PACE.get(traveller, _OLDER)
    if limit.unit == "m":
        figure = Text(f"{limit.value:,.0f}米", f"{limit.value:,.0f} m")
        reach = Text(f"步行{figure.zh}", f"a walk of {figure.en}")
    elif rule.mode == "walk" or on_foot:
        reach = Text(f"步行{figure.zh}{pace.zh}", f"a {limit.value:g}-minute walk{pace.en}")
    else:
        reach = Text(
            f"步行或乘公交{figure.zh}{pace.zh}",
            f"{figure.en} on foot or by public transport{pace.en}",
        )
    return Words(
        rule=rule,
        kind=kind,
        plain=plain,
        reach=reach,
        limit=figure,
        limit_m=limit_m,
        count=count,
    )


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
    note = people.note if people.differs else Text("", "")
    return Text(
        f"{people.subject.zh}{people.households:,.0f}户{note.zh}，"
        f"不足{needed:,.0f}户，本规则不适用。",
        f"{people.subject.en} has {people.households:,.0f} households{note.en}, "
        f"fewer than the {needed:,.0f} from which on the rule applies.",
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
    some = name_some(words, places=places)
    ask = write_needed(needed)
    if people.is_all(covered):
        everyone = f"all {people.noun.en}" if people.streets else "all"
        head = join(open_all(people), Text(f"全部{people.noun.zh}", everyone))
    else:
        head = join(open_some(people, covered), people.say(covered))
    return Text(
        f"{head.zh}在{words.reach.zh}内可到{some.zh}，达到要求的{ask.zh}。",
        f"{_capital(head.en)} have a known {some.en} within {words.reach.en}; {ask.en} is asked "
        "for.",
    )


def say_share_gap(
    words: Words, people: People, lacking: float, needed: Value, *, places: bool = False
) -> Text:
    """Return who is left out; the cause follows in `services.cause_sentences`."""
    share = 0.0 if people.is_all(lacking) else 1.0 - lacking / people.total
    ask = write_needed(needed)
    some = name_some(words, places=places)
    if people.is_all(lacking):
        everyone = "no street point has a" if people.streets else "none has a"
        head = join(open_all(people), Text("全部道路起点在" if people.streets else "", everyone))
    else:
        head = join(open_some(people, lacking), people.say(lacking), Text("在", " have no"))
    return Text(
        f"{head.zh}{words.reach.zh}内没有已知的{some.zh}；覆盖率{write_share(share)}，要求{ask.zh}。",
        f"{_capital(head.en)} known {some.en} within {words.reach.en}; coverage is "
        f"{write_share(share)}, {ask.en} is asked for.",
    )


def say_share_unknown(
    words: Words,
    people: People,
    certain: float,
    possible: float,
    needed: Value,
    *,
    inclusive: bool,
    places: bool,
) -> Text:
    """Return both bounds, and which columns would settle it."""
    open_zh, open_en, settle_zh, settle_en = list_open(inclusive=inclusive, places=places)
    some = name_some(words, places=places)
    ask = write_needed(needed)
    return Text(
        f"{words.reach.zh}内的{words.plain.zh}{open_zh}未知：确定可到{some.zh}的{people.noun.zh}占"
        f"{write_share(certain)}，若未知的都算则占{write_share(possible)}，要求{ask.zh}；"
        f"补充{settle_zh}后即可判定。",
        f"It is unknown {open_en} within {words.reach.en}: {write_share(certain)} of "
        f"{people.noun.en} certainly have {_article(some.en)}, {write_share(possible)} if every unknown one "
        f"counts, {ask.en} is asked for; {settle_en} would settle it.",
    )


def say_inside(words: Words, status: str, certain: int, possible: int, present: int) -> Text:
    """Return how many qualifying facilities lie inside the boundary.

    `certain` surely qualify, `possible` may, `present` are of the kind.
    """
    counter = words.rule.counter
    if status == "met":
        return Text(
            f"社区范围内有{certain}{counter}{words.kind.zh}，达到要求。",
            f"Inside the boundary there are {certain}: the rule is met.",
        )
    if status == "unknown":
        return Text(
            f"社区范围内有{present}{counter}{words.plain.zh}，其中{possible - certain}{counter}"
            f"是否普惠未知；补充{_SETTLE_INCLUSIVE.zh}后即可判定。",
            f"Inside the boundary there are {present} (kind: {words.plain.en}); for "
            f"{possible - certain} of them it is unknown whether they are inclusive; "
            f"{_SETTLE_INCLUSIVE.en} would settle it.",
        )
    held = (
        Text(
            f"社区范围内已知的{words.kind.zh}只有{possible}{counter}",
            f"Inside the boundary only {possible} (kind: {words.kind.en}) are known",
        )
        if possible
        else Text(
            f"社区范围内没有已知的{words.kind.zh}",
            f"Inside the boundary no {words.kind.en} is known",
        )
    )
    others = present - possible
    also = Text(
        f"；已有的{others}{counter}{words.plain.zh}不是普惠性的" if others else "",
        f"; {others} (kind: {words.plain.en}) are not inclusive" if others else "",
    )
    return join(held, also, Text("。", "."))


def say_demand(words: Words, people: People, threshold: float, count: float) -> Text:
    """Return what the rule asks of a community of this size; another sentence follows."""
    force = _FORCE[words.rule.force]
    return Text(
        f"{people.subject.zh}{people.households:,.0f}户{people.note.zh}，达到{threshold:,.0f}户，"
        f"{force.zh}设有{count:.0f}{words.rule.counter}{words.kind.zh}；",
        f"With {people.households:,.0f} households{people.note.en}, at least {threshold:,.0f}, "
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


def list_open(*, inclusive: bool, places: bool) -> tuple[str, str, str, str]:
    """Return what is open and which columns would settle it: both in Chinese and in English."""
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


def name_some(words: Words, *, places: bool) -> Text:
    """Return what people need to reach, with free places where the rule asks for those."""
    if not places:
        return words.kind
    return Text(f"有空余学位的{words.kind.zh}", f"{words.kind.en} with free places")


def write_needed(needed: Value) -> Text:
    """Return the share that is asked for, with how well it is known."""
    mark = _STATUS[needed.source.status]
    return Text(f"{write_share(needed.value)}{mark.zh}", f"{write_share(needed.value)}{mark.en}")


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
