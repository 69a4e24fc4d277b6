"""Amounts as sentences: so much for every hundred households, at least so much, so many missing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from layers.attributes import Attribute
from layers.standards.model import SUMMED_UNITS, Summed, Text, Unit, Value
from services.people import join
from services.sentences.figures import WHOLE_UNITS, mark, mark_all, write_amount, write_needed
from services.sentences.settled import Subject, name_size, write_size
from services.sentences.words import Words, capitalise, list_open
from services.verdicts import MET

_SUFFIXES = ("人数", "数量", "数", "面积", "长度")
_SUMMED: dict[Summed, Text] = {
    "facilities": Text("", ""),
    "floor_area_m2": Text("建筑面积", "floor of the "),
    "land_area_m2": Text("用地面积", "land of the "),
    "classes": Text("班级", "classes of the "),
    "capacity": Text("学位", "places of the "),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """What is added up.

    Parameters
    ----------
    noun
        What it is called behind a number (停车泊位).
    title
        What its column or sum is called (停车泊位数).
    unit
        Its unit.
    counter
        Chinese measure word where facilities are counted.
    """

    noun: Text
    title: Text
    unit: Unit
    counter: str = ""

    def write(self, amount: float) -> Text:
        """Return an amount of it with its unit."""
        text = write_amount(amount, self.unit)
        if self.unit != "facilities":
            return text
        return Text(f"{text.zh.removesuffix('处')}{self.counter}", text.en)


def name_attribute(attribute: Attribute) -> Thing:
    """Return what an attribute of communities is called."""
    noun = attribute.name_zh
    for suffix in _SUFFIXES:
        if noun.endswith(suffix):
            noun = noun.removesuffix(suffix)
            break
    title = Text(attribute.name_zh, attribute.name_en)
    return Thing(Text(noun, attribute.name_en.removeprefix("length of ")), title, attribute.unit)


def name_sum(words: Words, summed: Summed) -> Thing:
    """Return what a sum over facilities is called."""
    what, kind = _SUMMED[summed], words.kind
    noun = Text(f"{kind.zh}{what.zh}", f"{what.en}{kind.en}")
    return Thing(noun, noun, SUMMED_UNITS[summed], words.rule.counter)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What an amount is reckoned by: so much for every `per` of a column.

    Parameters
    ----------
    column, number
        Column of the communities table, and its figure; empty and 1 where it is in all.
    each
        `per` as words: 每100户, per 100 households.
    of
        What `column` is called with its figure.
    """

    column: str
    number: float
    each: Text
    of: Text


def reckon_per(per: Value, number: float) -> Reckoning:
    """Return so much for every so many households or people."""
    one = per.value == 1
    if per.unit == "households":
        each = Text("每户", "per household")
        more = Text(f"每{per.value:,.0f}户", f"per {per.value:,.0f} households")
        column = "households"
    else:
        each = Text("每人", "per resident")
        more = Text(f"每{per.value:,.0f}人", f"per {per.value:,.0f} residents")
        column = "population"
    size = Text("", "") if math.isnan(number) else write_size(column, number)
    return Reckoning(column, number, each if one else more, size)


def reckon_attribute(attribute: Attribute, number: float) -> Reckoning:
    """Return so much for each of an attribute."""
    zero = Text("", "")
    of = zero if math.isnan(number) else write_amount(number, attribute.unit)
    counter = write_amount(1, attribute.unit).zh.removeprefix("1")
    noun = "" if attribute.unit == "people" else name_attribute(attribute).noun.zh
    return Reckoning(
        attribute.code,
        number,
        Text(f"每{counter}{noun}", f"for each of the {attribute.name_en}"),
        Text(f"{attribute.name_zh}{of.zh}", f"{of.en} ({attribute.name_en})"),
    )


def reckon(per: Value | None, attribute: Attribute | None, number: float) -> Reckoning | None:
    """Return what an amount is reckoned by, None where it is asked for in all."""
    if per is not None:
        return reckon_per(per, number)
    return None if attribute is None else reckon_attribute(attribute, number)


def say_amount(
    subject: Subject,
    thing: Thing,
    status: str,
    total: float,
    ratio: float,
    asked: Value,
    per: Value,
    number: float,
    missing: float,
    *,
    counted: bool = True,
) -> Text:
    """Return how much there is for every so many, and how much that is short of the rule.

    Parameters
    ----------
    number, counted
        The households or people; where not all are `counted`, at least so many.
    """
    by = reckon_per(per, number)
    have, each = thing.write(total), thing.write(_cut_below(ratio, asked.value, thing.unit))
    ask = Text(
        f"{by.each.zh}{thing.write(asked.value).zh}{mark_all([asked, per]).zh}",
        f"{thing.write(asked.value).en} {by.each.en}{mark_all([asked, per]).en}",
    )
    if not counted:
        return _say_amount_of_some(subject, thing, have, ask, by, missing)
    head = Text(
        f"{subject.name.zh}的{thing.title.zh}为{have.zh}，按{by.of.zh}计{by.each.zh}{each.zh}，",
        f"{subject.name.en}: {thing.title.en} {have.en}, {each.en} {by.each.en} with {by.of.en}; ",
    )
    if status == MET:
        return Text(f"{head.zh}达到要求的{ask.zh}。", f"{head.en}{ask.en} is asked for.")
    short = thing.write(_raise_missing(missing, thing.unit))
    return Text(
        f"{head.zh}要求{ask.zh}，缺{short.zh}。",
        f"{head.en}{ask.en} is asked for, {short.en} less than needed.",
    )


def _say_amount_of_some(
    subject: Subject, thing: Thing, have: Text, ask: Text, by: Reckoning, missing: float
) -> Text:
    """Return that it is too little although not everyone is counted."""
    size = name_size(by.column)
    head = Text(
        f"{subject.name.zh}的{thing.title.zh}为{have.zh}，",
        f"{subject.name.en}: {thing.title.en} {have.en}; ",
    )
    if by.number <= 0:
        return Text(
            f"{head.zh}{size.zh}未知，但不论多少都达不到要求的{ask.zh}；"
            f"缺多少，在社区表的“{size.zh}”列（{by.column}）填写后可知。",
            f"{head.en}the number of {size.en} is unknown, but whatever it is, the {ask.en} asked for "
            f"is not reached; column `{by.column}` ({size.zh}) of the communities table would tell "
            "how much is missing.",
        )
    short = thing.write(_raise_missing(missing, thing.unit))
    return Text(
        f"{head.zh}{size.zh}不全，只按已填的{by.of.zh}计也达不到要求的{ask.zh}，至少缺{short.zh}。",
        f"{head.en}not all {size.en} are known, but already with the known {by.of.en} the {ask.en} "
        f"asked for is not reached; at least {short.en} less than needed.",
    )


def _cut_below(found: float, asked: float, unit: Unit) -> float:
    """Return a figure below another one cut, not rounded, to the places it is written with.

    >>> _cut_below(0.29996, 0.3, "share"), _cut_below(29.999, 30, "m2"), _cut_below(31.555, 30, "m2")
    (0.299, 29.99, 31.555)
    """
    places = 1000 if unit == "share" else 100
    return math.floor(found * places) / places if found < asked else found


def _raise_missing(amount: float, unit: Unit) -> float:
    """Return what is missing so that it is never written as nothing, nor as a part of a person.

    >>> _raise_missing(0.001, "m2"), _raise_missing(2.2, "workers"), _raise_missing(5.0, "spaces")
    (0.01, 3.0, 5.0)
    """
    places = 1 if unit in WHOLE_UNITS else 100
    return math.ceil(round(amount * places, 6)) / places


def say_least(subject: Subject, thing: Thing, status: str, found: float, asked: Value) -> Text:
    """Return whether a column of the communities table reaches what is asked."""
    have, ask = thing.write(_cut_below(found, asked.value, thing.unit)), write_needed(asked)
    verdict = "达到要求的" if status == MET else "低于要求的"
    return Text(
        f"{subject.name.zh}的{thing.title.zh}为{have.zh}，{verdict}{ask.zh}。",
        f"{subject.name.en}: {thing.title.en} {have.en}; {ask.en} is asked for.",
    )


def say_missing(
    subject: Subject,
    thing: Thing,
    needed: float,
    found: float,
    asked: Value,
    by: Reckoning | None,
    per: Value | None,
    *,
    inside: bool,
) -> Text:
    """Return how many are missing, out of how many, reckoned by what."""
    want, have = thing.write(needed), thing.write(found)
    marks = mark_all([asked] if per is None else [asked, per])
    short = max(needed - found, 0.0)
    if short > 0:
        gap = thing.write(_raise_missing(short, thing.unit))
        head = Text(f"缺口{gap.zh}{thing.noun.zh}：", f"Missing: {_count_en(gap.en, thing)}. ")
    else:
        head = Text(f"{thing.noun.zh}没有缺口：", f"Nothing is missing ({thing.noun.en}): ")
    where = subject.inside if inside else subject.name
    there = Text(f"{where.zh}现有{have.zh}", f"{have.en} there")
    if by is None:
        return Text(
            f"{head.zh}需要{want.zh}{marks.zh}，{there.zh}。",
            f"{head.en}{capitalise(want.en)} needed{marks.en}, {there.en}.",
        )
    rate = thing.write(asked.value)
    plain = per is None and asked.value == 1
    each = Text("", "") if plain else Text(f"、{by.each.zh}{rate.zh}", f", {rate.en} {by.each.en}")
    return Text(
        f"{head.zh}按{by.of.zh}{each.zh}{marks.zh}计需要{want.zh}，{there.zh}。",
        f"{head.en}{capitalise(want.en)} needed by {by.of.en}{each.en}{marks.en}, {there.en}.",
    )


def _count_en(amount: str, thing: Thing) -> str:
    """Return an amount of something in English: 120 parking spaces, 300 m² of public green."""
    if thing.unit == "facilities":
        return f"{amount} ({thing.noun.en})"
    if thing.unit in {"m2", "m"}:
        return f"{amount} of {thing.noun.en}"
    return f"{amount.split(' ', maxsplit=1)[0]} {thing.noun.en}"


def say_columns_missing(subject: Subject, columns: Sequence[tuple[str, Text]], ask: Text) -> Text:
    """Return which columns of the communities table would settle it, and what is asked.

    Parameters
    ----------
    columns
        Code and name of each.
    """
    what = "、".join(name.zh for _, name in columns)
    named = "、".join(f"“{name.zh}”列（{code}）" for code, name in columns)
    named_en = " and ".join(f"`{code}` ({name.zh})" for code, name in columns)
    blank = "未知" if subject.people is not None else "不全"
    return Text(
        f"{subject.name.zh}的{what}{blank}，要求{ask.zh}，无法判断是否达到；"
        f"在社区表的{named}填写后即可判定。",
        f"{subject.name.en}: {' and '.join(name.en for _, name in columns)} unknown, "
        f"{ask.en} is asked for. The communities table's column{'s' if len(columns) > 1 else ''} "
        f"{named_en} would settle it.",
    )


def say_sizes_missing(
    subject: Subject,
    words: Words,
    thing: Thing,
    present: int,
    blank: int,
    known: float,
    columns: Sequence[str],
    ask: Text,
) -> Text:
    """Return how many facilities inside have no figure, and what those that have add up to."""
    what, settle = list_open(columns)
    counter, total = words.rule.counter, thing.write(known)
    where = subject.inside
    return Text(
        f"{where.zh}有{present}{counter}{words.plain.zh}，其中{blank}{counter}{what.zh}未知；"
        f"已知的合计{total.zh}，要求{ask.zh}；补充{settle.zh}后即可判定。",
        f"{where.en} there are {present} (kind: {words.plain.en}); for {blank} of them it is unknown "
        f"{what.en}. The known ones add up to {total.en}, {ask.en} is asked "
        f"for; {settle.en} would settle it.",
    )


def write_ask(thing: Thing, asked: Value, per: Value | None, by: Reckoning | None) -> Text:
    """Return what a rule asks: 每100户30平方米."""
    amount = thing.write(asked.value)
    marks = mark_all([asked] if per is None else [asked, per])
    if by is None:
        return join(amount, mark(asked))
    return Text(f"{by.each.zh}{amount.zh}{marks.zh}", f"{amount.en} {by.each.en}{marks.en}")
