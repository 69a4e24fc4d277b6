"""Scorecards, size checks, targets and roll-ups as sentences in Chinese and English.

Plain text: names from maps and tables are put in as they are, and escaped by whoever draws them.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from layers.columns import TableName, read_columns
from layers.kinds import Kind
from layers.standards.model import Text
from services.people import write_share

_TABLES: Mapping[str, Text] = {
    "communities": Text("社区表", "the communities table"),
    "facilities": Text("设施表", "the facilities table"),
    "demand": Text("出发点（小区）表", "the table of homes"),
    "buildings": Text("OSM中的住宅建筑", "residential buildings in the OSM data"),
    "land": Text("OSM中的居住用地", "residential land in the OSM data"),
    "gtfs": Text("公交时刻表（GTFS）", "a GTFS feed"),
    "transit": Text("公交时刻表（GTFS）", "a GTFS feed"),
}
_SPECS: Mapping[str, TableName] = {
    "communities": "communities",
    "facilities": "facilities",
    "demand": "demand",
    "parcels": "parcels",
}
_KIND_CODE = re.compile(r"facilities \((\w+)\)")
_MOST_NAMED = 4
NONE = Text("", "")


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The gap of a card that leaves out most.

    Parameters
    ----------
    title
        Title of the answer.
    households
        Households it leaves out; NaN when unknown.
    found, needed
        What was found and asked for.
    unit
        Their unit.
    """

    title: Text
    households: float
    found: float
    needed: float
    unit: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """The nearest facility of those a gap leaves out.

    Parameters
    ----------
    title
        Title of the answer it is about; empty where the sentence has just named it.
    name
        Its name, or what such a place is called.
    walk_m
        Their median walk there, metres; NaN when they ride or it is unknown.
    """

    title: Text
    name: Text
    walk_m: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers of a card, or communities of an area, by verdict."""

    met: int
    gap: int
    unknown: int
    not_applicable: int

    @property
    def applies(self) -> int:
        """How many there are to which something applies."""
        return self.met + self.gap + self.unknown


def split_settled(settled_by: str) -> tuple[str, ...]:
    """Entries of a column `settled_by`.

    >>> split_settled("communities.households, facilities (clinic)")
    ('communities.households', 'facilities (clinic)')
    """
    return tuple(part for part in (one.strip() for one in settled_by.split(",")) if part)


def merge_settled(texts: Iterable[str]) -> str:
    """Entries of many columns `settled_by`, each once, in order of first mention.

    >>> merge_settled(["communities.households", "", "facilities, communities.households"])
    'communities.households, facilities'
    """
    return ", ".join(dict.fromkeys(entry for text in texts for entry in split_settled(text)))


def name_kind(code: str, kinds: Mapping[str, Kind]) -> Text:
    """What a facility kind is called; its code where it is unknown."""
    kind = kinds.get(code)
    return Text(kind.name_zh, kind.name_en) if kind else Text(code, code)


def say_settled(
    entries: Sequence[str], name: Callable[[str], Text], *, most: int = _MOST_NAMED
) -> Text:
    """Return which tables and columns would settle what is open.

    Parameters
    ----------
    entries
        As in columns `settled_by`: `communities.green_share`, `facilities (clinic)`.
    name
        What the kind of a code is called.
    most
        Names that are written out before it says how many more there are.
    """
    columns: dict[str, list[str]] = {}
    wanted: list[str] = []
    whole: list[Text] = []
    for entry in entries:
        found = _KIND_CODE.fullmatch(entry)
        table, _, column = entry.partition(".")
        if found:
            wanted.append(found[1])
        elif column:
            columns.setdefault(table, []).append(column)
        else:
            whole.append(_TABLES.get(entry, Text(entry, entry)))
    parts = [_say_columns(table, names, most) for table, names in columns.items()]
    if wanted:
        parts.append(_say_kinds([name(code) for code in wanted], most))
    parts += whole
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _say_columns(table: str, columns: Sequence[str], most: int) -> Text:
    called = _TABLES.get(table, Text(table, table))
    names = "".join(f"“{_title_column(table, column)}”" for column in columns[:most])
    codes = ", ".join(f"`{column}`" for column in columns[:most])
    more = len(columns) - most
    if more > 0:
        return Text(
            f"{called.zh}的{names}等{len(columns)}列",
            f"columns {codes} and {more} more of {called.en}",
        )
    word = "column" if len(columns) == 1 else "columns"
    return Text(f"{called.zh}的{names}列", f"{word} {codes} of {called.en}")


def _say_kinds(kinds: Sequence[Text], most: int) -> Text:
    zh, en = "、".join(kind.zh for kind in kinds[:most]), ", ".join(k.en for k in kinds[:most])
    more = len(kinds) - most
    if more > 0:
        return Text(f"{zh}等{len(kinds)}类设施的名单", f"lists of facilities ({en}, {more} more)")
    return Text(f"{zh}的设施名单", f"a list of facilities ({en})")


@cache
def _title_column(table: str, column: str) -> str:
    spec = _SPECS.get(table)
    known = read_columns(spec).columns.get(column) if spec else None
    return known.title_zh if known else column


def say_card(
    counts: Counts,
    shortfall: Shortfall | None,
    alternative: Alternative | None,
    settled: Text,
) -> Text:
    """Return the state of a card.

    Parameters
    ----------
    counts
        Answers of its rules.
    shortfall
        The gap that leaves out most; None without a gap.
    alternative
        The nearest facility for those left out; None when there is none.
    settled
        What would settle its unknowns, see `say_settled`.
    """
    zh, en = _count_answers(counts)
    if shortfall is not None:
        left = _say_left_out(shortfall)
        zh += f"；影响最大的是“{shortfall.title.zh}”{left.zh}"
        en += f"; most affected by “{shortfall.title.en}”{left.en}"
    if alternative is not None:
        near = _say_alternative(alternative)
        zh, en = zh + near.zh, en + near.en
    if counts.unknown and settled.zh:
        zh += f"。补充{settled.zh}后可判定"
        en += f". To settle what is open: {settled.en}"
    return Text(f"{zh}。", f"{en}.")


def _count_answers(counts: Counts) -> tuple[str, str]:
    if counts.applies == 0:
        return "没有适用的规则", "No rule applies"
    zh = [
        f"{number}条{word}"
        for number, word in (
            (counts.met, "达到"),
            (counts.gap, "缺口"),
            (counts.unknown, "待补数据"),
        )
        if number
    ]
    en = [
        f"{number} {word if number == 1 else words}"
        for number, word, words in (
            (counts.met, "met", "met"),
            (counts.gap, "gap", "gaps"),
            (counts.unknown, "awaiting data", "awaiting data"),
        )
        if number
    ]
    return "，".join(zh), ", ".join(en)


def _say_left_out(shortfall: Shortfall) -> Text:
    if math.isfinite(shortfall.households):
        if 0 < shortfall.households < 0.5:
            return Text("（不足1户）", " (fewer than 1 household)")
        count = f"{shortfall.households:,.0f}"
        return Text(
            f"（{count}户）",
            f" ({count} household{'' if round(shortfall.households) == 1 else 's'})",
        )
    if shortfall.unit == "share" and math.isfinite(shortfall.found):
        found, needed = write_share(shortfall.found), write_share(shortfall.needed)
        return Text(f"（目前{found}，要求{needed}）", f" ({found} of {needed} asked for)")
    return NONE


def _say_alternative(alternative: Alternative) -> Text:
    name, title = alternative.name, alternative.title
    walk_zh = walk_en = ""
    if math.isfinite(alternative.walk_m):
        walk_zh = f"，步行{alternative.walk_m:,.0f}米"
        walk_en = f", a walk of {alternative.walk_m:,.0f} m"
    if title.zh:
        return Text(
            f"；“{title.zh}”最近的是{name.zh}{walk_zh}",
            f"; for “{title.en}” the nearest is {name.en}{walk_en}",
        )
    return Text(f"，最近的是{name.zh}{walk_zh}", f", the nearest is {name.en}{walk_en}")


def say_size(
    households: float, undersize: float, oversize: float, *, is_cell: bool
) -> tuple[str, Text]:
    """Return the finding of the size check (`oversize`, `undersize`, or none) and its sentence.

    Parameters
    ----------
    households
        Of the community; NaN when unknown.
    undersize, oversize
        Fewer than the one are too few, more than the other too many.
    is_cell
        Whether the area is an analysis cell, whose size says nothing.
    """
    if is_cell:
        return "", Text(
            "分析单元不是社区，不检查规模。", "An analysis cell is no community: no size to check."
        )
    if math.isnan(households):
        return "", Text(
            "户数未知，无法判断社区规模；补充社区表的“户数”列后可判定。",
            "Households are unknown, so the size cannot be checked; column `households` of the "
            "communities table would settle it.",
        )
    if households > oversize:
        return "oversize", Text(
            f"{households:,.0f}户，超过{oversize:,.0f}户，规模偏大，可研究拆分。",
            f"{households:,.0f} households, more than {oversize:,.0f}: oversize, a split may be "
            "looked at.",
        )
    if households < undersize:
        return "undersize", Text(
            f"{households:,.0f}户，不足{undersize:,.0f}户，规模偏小，可研究与相邻社区合并或共享设施。",
            f"{households:,.0f} households, fewer than {undersize:,.0f}: undersize, a merger or "
            "sharing with neighbours may be looked at.",
        )
    return "", Text(
        f"{households:,.0f}户，在{undersize:,.0f}至{oversize:,.0f}户之间，规模适当。",
        f"{households:,.0f} households, between {undersize:,.0f} and {oversize:,.0f}: fits.",
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How the communities of an area stand with a card that a share of them has to meet.

    Parameters
    ----------
    area
        Name of the district or city.
    title
        Title of the card.
    counts
        Its communities by verdict.
    needed
        Share asked for, with how well it is known in brackets.
    settled
        What would settle the unknowns.
    cells
        Whether analysis cells stand for communities.
    """

    area: str
    title: Text
    counts: Counts
    needed: Text
    settled: Text
    cells: bool


def say_target(standing: Standing, status: str) -> Text:
    """Return how many communities meet a card, and whether that is enough."""
    counts, applies = standing.counts, standing.counts.applies
    noun_zh, noun_en = ("分析单元", "cells") if standing.cells else ("社区", "communities")
    if not applies:
        return Text(
            f"{standing.area}没有适用“{standing.title.zh}”的{noun_zh}，本目标不适用。",
            f"“{standing.title.en}” applies to no {noun_en} of {standing.area}.",
        )
    low = write_share(counts.met / applies)
    high = write_share((counts.met + counts.unknown) / applies)
    share_zh, share_en = (low, low) if low == high else (f"{low}至{high}", f"{low} to {high}")
    verdict = {
        "met": Text("已达到", "it is met"),
        "gap": Text("未达到", "it is missed"),
        "unknown": Text("尚无法判定", "it cannot be decided yet"),
    }[status]
    open_zh = f"，{counts.unknown}个待补数据" if counts.unknown else ""
    open_en = f", {counts.unknown} cannot be decided" if counts.unknown else ""
    zh = (
        f"{standing.area}共{applies}个{noun_zh}，{counts.met}个达到“{standing.title.zh}”，"
        f"{counts.gap}个未达到{open_zh}；占{share_zh}，目标{standing.needed.zh}，{verdict.zh}。"
    )
    en = (
        f"Of {applies} {noun_en} of {standing.area}, {counts.met} meet “{standing.title.en}”, "
        f"{counts.gap} miss it{open_en}: {share_en}, {standing.needed.en} is the target; {verdict.en}."
    )
    if counts.unknown and standing.settled.zh:
        zh += f"补充{standing.settled.zh}后可判定。"
        en += f" To settle what is open: {standing.settled.en}."
    return Text(zh, en)


def say_rollup(row: Mapping[str, Any], areas: int) -> Text:
    """Return a row of the table `rollups` as one sentence.

    Parameters
    ----------
    row
        Columns as `layers.results.ROLLUPS`.
    areas
        How many areas of its level are ranked.
    """
    counts = Counts(*(int(row[name]) for name in ("met", "gap", "unknown", "not_applicable")))
    if not counts.applies:
        return Text("没有适用的社区。", "It applies to no community.")
    low, high = write_share(float(row["share_low"])), write_share(float(row["share_high"]))
    basis = {
        "households": Text("住户", "of households live where it is met"),
        "communities": Text("社区", "of communities meet it"),
    }[str(row["basis"])]
    share_zh, share_en = (low, low) if low == high else (f"{low}至{high}", f"{low} to {high}")
    zh = f"{counts.met}个社区达到，{counts.gap}个有缺口，{counts.unknown}个待补数据；按{basis.zh}计{share_zh}达到"
    en = (
        f"{counts.met} communities meet it, {counts.gap} miss it, {counts.unknown} await data; "
        f"{share_en} {basis.en}"
    )
    rank = float(row["rank"])
    if areas > 1 and math.isfinite(rank):
        zh += f"，在{areas}个区域中列第{rank:.0f}"
        en += f", place {rank:.0f} of {areas}"
    return Text(f"{zh}。", f"{en}.")
