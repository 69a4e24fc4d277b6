"""Lines of an area's sheet: its communities or districts, its cards, its gaps, its targets."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from services.rollups import CITY, DISTRICT
from services.scopes import UNNAMED
from services.scorecards import SIZE_CARD
from services.sheet_facts import (
    STATUSES,
    CardFacts,
    Key,
    Language,
    SheetFacts,
    name_card,
    read_words,
    write_amount,
    write_number,
)

_IN_BRACKETS = re.compile(r"\s*[（(][^（(]*[)）]$")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one circle is in one part of the area: a verdict, or of a district a share."""

    status: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One community of a district, or one district of the city, by circle."""

    name: str
    code: str
    households: str
    size: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RollupLine:
    """One card of the area: communities by verdict, share that meets it between bounds, place.

    `short` is its title without what stands in brackets at its end.
    """

    title: str
    short: str
    counts: tuple[int, ...]
    share: str
    basis: str
    rank: str
    affected: str
    source_status: str
    overlaid: bool


@dataclass(frozen=True, slots=True)
class AreaGap:
    """One answer that communities of the area miss."""

    title: str
    communities: int
    affected: str
    shortfall: str
    source_status: str
    overlaid: bool


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One target of the area."""

    area: str
    title: str
    status: str
    reason: str
    source_status: str
    overlaid: bool


def sum_households(communities: pd.DataFrame, language: Language) -> str:
    """Households of communities; where some are unknown, how many there are at least."""
    known = communities["households"].dropna()
    said = write_number(float(known.sum(min_count=1)), language)
    if 0 < len(known) < len(communities):
        return read_words()["at_least"][language].format(number=said)
    return said


def list_community_lines(
    facts: SheetFacts, communities: pd.DataFrame, columns: Sequence[CardFacts], language: Language
) -> list[MemberLine]:
    """Communities in the order of their subdistricts, by circle."""
    scorecards = facts.tables["scorecards"]
    wanted = scorecards["community_id"].isin(communities["community_id"])
    mine = scorecards[wanted & scorecards["card"].isin([*(c.code for c in columns), SIZE_CARD])]
    status = {
        (row[0], row[1], row[2]): (row[3], row[4])
        for row in zip(
            *(mine[name] for name in ("community_id", "pack", "card", "status", "finding")),
            strict=True,
        )
    }
    words = read_words()
    lines = []
    listed = communities.sort_values(["subdistrict", "community_id"], kind="stable")
    for code, name, households in zip(
        listed["community_id"], listed["name"], listed["households"], strict=True
    ):
        _, finding = status.get((code, "", SIZE_CARD), ("", ""))
        lines.append(
            MemberLine(
                name=str(name) or str(code),
                code=str(code),
                households=write_number(float(households), language),
                size=words[f"size_{finding}"][language] if finding else "",
                cells=tuple(
                    Cell(str(status.get((code, card.pack, card.code), ("", ""))[0]))
                    for card in columns
                ),
            )
        )
    return lines


def list_district_lines(
    facts: SheetFacts, districts: Sequence[str], columns: Sequence[CardFacts], language: Language
) -> list[MemberLine]:
    """Districts by circle, with the share that meets each."""
    rollups = facts.tables["rollups"]
    rows = {
        (row["area"], row["pack"], row["code"]): row
        for row in rollups[rollups["level"] == DISTRICT].to_dict("records")
    }
    lines = []
    for name in districts:
        found = [rows.get((name, card.pack, card.code)) for card in columns]
        size = rows.get((name, "", SIZE_CARD))
        communities = facts.tables["communities"]
        mine = communities[communities["district"] == ("" if name == UNNAMED else name)]
        lines.append(
            MemberLine(
                name=name,
                code="",
                households=sum_households(mine, language),
                size=f"{size['gap']:.0f}" if size and size["gap"] else "",
                cells=tuple(_build_share(row) for row in found),
            )
        )
    return lines


def _build_share(row: Mapping[Any, Any] | None) -> Cell:
    if row is None or math.isnan(float(row["share_low"])):
        return Cell("not_applicable")
    low, high = float(row["share_low"]), float(row["share_high"])
    return Cell("met" if low >= 1.0 else "unknown" if high >= 1.0 else "gap", _say_share(row))


def build_rollup(
    facts: SheetFacts,
    card: CardFacts,
    row: Mapping[Any, Any],
    areas: int,
    left_out: Mapping[Key, tuple[float, bool]],
    language: Language,
) -> RollupLine:
    """One card of an area; `areas` is how many areas of its level there are."""
    words = read_words()
    status, overlaid = facts.card_sources.get((card.pack, card.code), ("", False))
    return RollupLine(
        title=name_card(card, language),
        short=_IN_BRACKETS.sub("", name_card(card, language)),
        counts=tuple(int(row[status]) for status in STATUSES),
        share=_say_share(row),
        basis=words[f"by_{row['basis']}"][language],
        rank=_say_rank(facts, row, areas, language),
        affected=_say_affected(left_out, (card.pack, card.code), language) if row["gap"] else "",
        source_status=status,
        overlaid=overlaid,
    )


def _say_rank(facts: SheetFacts, row: Mapping[Any, Any], areas: int, language: Language) -> str:
    """Place among the areas; a tie of all of them says so."""
    rank, words = float(row["rank"]), read_words()
    if areas < 2 or not math.isfinite(rank):
        return ""
    if facts.is_tie(str(row["level"]), str(row["pack"]), str(row["code"])):
        return words["rank_tie"][language]
    return words["rank_of"][language].format(rank=f"{rank:.0f}", of=areas)


def _say_share(row: Mapping[Any, Any]) -> str:
    """Share that meets a card, in whole per cent, between its bounds.

    >>> _say_share({"share_low": 0.342, "share_high": 0.7})
    '34–70%'
    >>> _say_share({"share_low": 0.999, "share_high": 1.0})
    '99–100%'
    """
    low, high = (float(row[name]) for name in ("share_low", "share_high"))
    if not math.isfinite(low):
        return "—"
    said = [_whole_percent(low), _whole_percent(high)]
    return f"{said[0]}%" if said[0] == said[1] else f"{said[0]}–{said[1]}%"


def _whole_percent(share: float) -> int:
    """Whole per cent; never 100 for less than all, never 0 for more than none."""
    if share in {0.0, 1.0}:
        return round(100 * share)
    return min(max(round(100 * share), 1), 99)


def sum_affected(facts: SheetFacts, communities: pd.DataFrame) -> dict[Key, tuple[float, bool]]:
    """Households the gaps of each answer and card leave out, as far as known; and whether all are."""
    parts = [
        facts.tables[table][["community_id", "pack", code, "status", "households_affected"]].rename(
            columns={code: "code"}
        )
        for table, code in (("gaps", "rule"), ("scorecards", "card"))
    ]
    both = pd.concat(parts, ignore_index=True)
    mine = both[(both["status"] == "gap") & both["community_id"].isin(communities["community_id"])]
    found: dict[Key, tuple[float, bool]] = {}
    values = (mine[name].tolist() for name in ("pack", "code", "households_affected"))
    for pack, code, households in zip(*values, strict=True):
        known, complete = found.get((pack, code), (0.0, True))
        if math.isnan(households):
            complete = False
        else:
            known += households
        found[pack, code] = known, complete
    return found


def _say_affected(sums: Mapping[Key, tuple[float, bool]], key: Key, language: Language) -> str:
    """Households left out; at least how many where some are unknown."""
    known, complete = sums.get(key, (0.0, True))
    if complete or known == 0:
        return write_number(known if complete else math.nan, language)
    return read_words()["at_least"][language].format(number=write_number(known, language))


def rank_gap(
    row: Mapping[Any, Any], left_out: Mapping[Key, tuple[float, bool]]
) -> tuple[float, float, str, str]:
    """Answers that leave out most first, then those most communities miss."""
    pack, code = str(row["pack"]), str(row["code"])
    known, _ = left_out.get((pack, code), (0.0, True))
    return -known, -float(row["gap"]), pack, code


def build_gap(
    facts: SheetFacts,
    row: Mapping[Any, Any],
    left_out: Mapping[Key, tuple[float, bool]],
    language: Language,
) -> AreaGap:
    """One answer that communities of an area miss."""
    key = str(row["pack"]), str(row["code"])
    rule = facts.rules.get(key, {})
    shortfall, unit = float(row["shortfall"]), str(row["unit"])
    return AreaGap(
        title=facts.title_rule(*key, language),
        communities=int(row["gap"]),
        affected=_say_affected(left_out, key, language),
        shortfall=write_amount(shortfall, unit, language) if np.isfinite(shortfall) else "",
        source_status=str(rule.get("source", {}).get("status", "")),
        overlaid=bool(rule.get("overlaid", False)),
    )


def list_targets(facts: SheetFacts, name: str, language: Language) -> tuple[TargetLine, ...]:
    """Targets of a district, or of the city with those of its districts."""
    targets = facts.tables["targets"].to_dict("records")
    reason = "reason" if language == "zh" else "reason_en"
    return tuple(
        TargetLine(
            area=str(row["area"]),
            title=facts.title_rule(row["pack"], row["rule"], language),
            status=str(row["status"]),
            reason=str(row[reason]),
            source_status=str(row["source_status"]),
            overlaid=bool(row["overlaid"]),
        )
        for row in targets
        if row["status"] != "not_applicable"
        and row["level"] == (DISTRICT if name else CITY)
        and (not name or row["area"] == name)
    )
