"""One community on one page: its circles, what falls short, what is open, and its size."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.page_room import MOST_GAPS, fit_community_gaps
from services.people import write_share
from services.scorecards import SIZE_CARD
from services.sheet_facts import (
    STATUSES,
    CardFacts,
    Key,
    Language,
    Row,
    Settling,
    SheetFacts,
    list_settling,
    name_card,
    read_words,
    write_amount,
    write_number,
)

_MOST_CIRCLES = {"zh": 10, "en": 9}
"""Circles and types that get a line of their own; the rest stand with the other cards."""


@dataclass(frozen=True, slots=True)
class CardLine:
    """One card of a community: verdict, counts of answers by verdict, and its worst gap."""

    title: str
    about: str
    status: str
    counts: tuple[int, ...]
    worst: str
    affected: str
    nearest: str
    source_status: str
    overlaid: bool


@dataclass(frozen=True, slots=True)
class GapLine:
    """One gap of a community."""

    title: str
    needed: str
    found: str
    affected: str
    cause: str
    nearest: str
    source_status: str
    overlaid: bool


@dataclass(frozen=True, slots=True)
class CommunitySheet:
    """Everything one page says of a community.

    Parameters
    ----------
    code, name, district, subdistrict, valid_from
        As in the communities table.
    households, population
        As text; unknown ones say so.
    size_status, size
        Verdict and sentence of the size check.
    counts
        Answers by verdict, over all packs.
    circles
        The first cards about circles and types.
    others
        All other cards, by title of their pack.
    gaps
        The largest gaps, each need once.
    more_gaps
        How many gaps are not listed.
    settling
        What would settle the unknowns.
    """

    code: str
    name: str
    district: str
    subdistrict: str
    households: str
    population: str
    valid_from: str
    size_status: str
    size: str
    counts: tuple[int, ...]
    circles: tuple[CardLine, ...]
    others: tuple[tuple[str, tuple[CardLine, ...]], ...]
    gaps: tuple[GapLine, ...]
    more_gaps: int
    settling: tuple[Settling, ...]


def build_community_sheet(
    facts: SheetFacts, community_id: str, language: Language
) -> CommunitySheet:
    """Gather what the page of a community says.

    Raises
    ------
    UnknownCommunity
        The run holds no such community.
    """
    community = facts.get_community(community_id)
    rows = facts.list_undecided(community_id)
    cards = {(row["pack"], row["card"]): row for row in facts.list_cards(community_id)}
    size = cards.get(("", SIZE_CARD), {})
    listed = [(card, cards[card.pack, card.code]) for card in facts.cards]
    first = [pair for pair in listed if pair[0].first][: _MOST_CIRCLES[language]]
    found = {(row["pack"], row["rule"]): row for row in rows}
    circles = [_build_card(facts, card, row, found, language) for card, row in first]
    shown = {(card.pack, card.code) for card, _ in first}
    rest = [pair for pair in listed if (pair[0].pack, pair[0].code) not in shown]
    others = _group_others(facts, rest, found, language)
    missed = sorted((row for row in rows if row["status"] == "gap"), key=_rank_gap)
    settling = list_settling(
        (row["settled_by"] for row in rows if row["status"] == "unknown"), facts.kinds, language
    )
    gaps = [_build_gap(facts, row, language) for row in missed[:MOST_GAPS]]
    most = fit_community_gaps(
        [(card.title, card.worst, card.nearest) for card in circles],
        [[card.title for card in cards] for _, cards in others],
        settling,
        [(gap.title, gap.cause + gap.nearest) for gap in gaps],
        language,
    )
    return CommunitySheet(
        code=community_id,
        name=str(community["name"]),
        district=str(community["district"]),
        subdistrict=str(community["subdistrict"]),
        households=write_number(float(community["households"]), language),
        population=write_number(float(community["population"]), language),
        valid_from=str(community["valid_from"]),
        size_status=str(size.get("status", "")),
        size=str(size.get(_reason(language), "")),
        counts=facts.count_verdicts(community_id),
        circles=tuple(circles),
        others=others,
        gaps=tuple(gaps[:most]),
        more_gaps=max(len(missed) - most, 0),
        settling=settling,
    )


def _reason(language: Language) -> str:
    return "reason" if language == "zh" else "reason_en"


def _group_others(
    facts: SheetFacts,
    listed: Sequence[tuple[CardFacts, Row]],
    rows: Mapping[Key, Row],
    language: Language,
) -> tuple[tuple[str, tuple[CardLine, ...]], ...]:
    titles = {pack["code"]: pack[f"title_{language}"] for pack in facts.manifest["packs"]}
    groups: dict[str, list[CardLine]] = {}
    for card, row in listed:
        groups.setdefault(card.pack, []).append(_build_card(facts, card, row, rows, language))
    return tuple((str(titles[pack]), tuple(lines)) for pack, lines in groups.items())


def _build_card(
    facts: SheetFacts, card: CardFacts, row: Row, rows: Mapping[Key, Row], language: Language
) -> CardLine:
    worst = str(row["worst_rule"])
    missed = rows.get((card.pack, worst), {})
    return CardLine(
        title=name_card(card, language),
        about=card.about,
        status=str(row["status"]),
        counts=tuple(int(row[status]) for status in STATUSES),
        worst=facts.title_rule(card.pack, worst, language) if worst else "",
        affected=_say_affected(missed, language) if worst else "",
        nearest=_say_nearest(facts, missed, str(missed["kind"]), language) if missed else "",
        source_status=str(row["source_status"]),
        overlaid=bool(row["overlaid"]),
    )


def _say_affected(row: Row, language: Language) -> str:
    """Households a gap leaves out, or, where those are unknown, the share of homes it does."""
    households = float(row.get("households_affected", math.nan))
    found = float(row.get("found", math.nan))
    if math.isfinite(households) or row.get("basis") != "households" or not math.isfinite(found):
        return write_number(households, language)
    return read_words()["left_out"][language].format(share=write_share(1.0 - found))


def _say_nearest(facts: SheetFacts, row: Row, kind: str, language: Language) -> str:
    """Nearest facility of those left out with their walk; empty where there is none."""
    if not row["nearest_facility_id"]:
        return ""
    name = facts.name_facility(str(row["nearest_facility_id"]), kind, language)
    walk = float(row["nearest_m"])
    if not math.isfinite(walk):
        return name
    said = read_words()["walk_m"][language].format(metres=f"{walk:,.0f}")
    return f"{name}，{said}" if language == "zh" else f"{name}, {said}"


def _rank_gap(row: Mapping[str, Any]) -> tuple[float, float, str, str]:
    """Gaps that leave out most first, then those that miss by the greatest part."""
    affected, needed = float(row["households_affected"]), float(row["needed"])
    part = float(row["shortfall"]) / needed if needed > 0 else 0.0
    return (
        -affected if math.isfinite(affected) else 1.0,
        -part if math.isfinite(part) else 1.0,
        str(row["pack"]),
        str(row["rule"]),
    )


def _build_gap(facts: SheetFacts, row: Row, language: Language) -> GapLine:
    rule = facts.rules.get((row["pack"], row["rule"]))
    unit = str(row["unit"])
    cause = str(row["cause"])
    return GapLine(
        title=facts.title_rule(row["pack"], row["rule"], language),
        needed=write_amount(float(row["needed"]), unit, language, rule),
        found=write_amount(float(row["found"]), unit, language),
        affected=_say_affected(row, language),
        cause=read_words()[f"cause_{cause}"][language] if cause else "",
        nearest=_say_nearest(facts, row, str(row["kind"]), language),
        source_status=str(row["source_status"]),
        overlaid=bool(row["overlaid"]),
    )
