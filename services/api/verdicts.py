"""Verdicts of rules on communities: rows for readers, and statuses alone for maps and lists."""

from typing import Any

import pandas as pd

from services.api.jsonable import list_rows, list_values
from services.api.opened import OpenRun
from services.api.selecting import select_rows
from services.api.standards import VERDICTS, count_by, count_statuses
from services.score_sentences import say_settled, split_settled

Row = dict[str, Any]


def list_gaps(
    opened: OpenRun,
    *,
    rule: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    district: str | None = None,
    community: str | None = None,
    pack: str | None = None,
) -> list[Row]:
    """Gap rows that match everything asked for, with names and sources filled in."""
    found = select_rows(
        opened.run.gaps, community_id=community, pack=pack, rule=rule, kind=kind, status=status
    )
    found = select_district(opened, found, district)
    return [_describe_gap(opened, row) for row in list_rows(found)]


def select_district(opened: OpenRun, rows: pd.DataFrame, district: str | None) -> pd.DataFrame:
    """Return the rows of communities of a district; None stands for the whole city."""
    if district is None:
        return rows
    codes = [code for code in opened.communities if opened.contains(code, district)]
    return rows[rows["community_id"].isin(codes)]


def count_worst(opened: OpenRun, kind: str, district: str | None) -> dict[str, int]:
    """Communities per worst verdict of the kind's rules."""
    rows = select_district(opened, select_rows(opened.run.gaps, kind=kind), district)
    return count_statuses(_find_worst(rows)["status"])


def list_verdicts(
    opened: OpenRun, *, kind: str | None, card: tuple[str, str] | None, district: str | None
) -> Row:
    """Statuses of the communities by the rules on a kind, or by those of a card.

    Parameters
    ----------
    kind
        Code of a kind: a community has the worst status of its rules.
    card
        Pack and code of a card, in place of `kind`: it has the card's status.

    Returns
    -------
    verdicts
        `rules` with their counts; `items`: each community's status, households affected, and
        `gaps`: the places in `rules` of those it misses.
    """
    rows = opened.run.gaps
    if card is None:
        rows = select_rows(rows, kind=kind)
    else:
        entry = opened.standards.cards.get(card, {})
        rows = select_rows(rows, pack=card[0])
        rows = rows[rows["rule"].isin(list(entry.get("answers", ())))]
    rows = select_district(opened, rows, district)
    if card is None:
        statuses = _find_worst(rows)
    else:
        statuses = opened.scores.index_statuses(*card)
        statuses = statuses[[opened.contains(code, district) for code in statuses.index]]
    counts = count_by(rows, "rule")
    rules = [
        {"pack": pack, "code": code, "by_status": found} for (pack, code), found in counts.items()
    ]
    places = {key: place for place, key in enumerate(counts)}
    missed: dict[str, list[int]] = {}
    gaps = rows[rows["status"] == "gap"]
    for code, pack, rule in zip(gaps["community_id"], gaps["pack"], gaps["rule"], strict=True):
        missed.setdefault(code, []).append(places[pack, rule])
    items = [
        {
            "community_id": code,
            "status": status,
            "households_affected": affected,
            "gaps": missed.get(code, []),
        }
        for code, status, affected in zip(
            statuses.index, statuses["status"], list_values(statuses["households_affected"]),
            strict=True,
        )
    ]  # fmt: skip
    return {
        "count": len(items),
        "by_status": count_statuses(statuses["status"]),
        "rules": rules,
        "items": items,
    }


def _find_worst(rows: pd.DataFrame) -> pd.DataFrame:
    """Worst status of each community, and the most households any one gap leaves out."""
    ranks = rows["status"].map({status: rank for rank, status in enumerate(VERDICTS)})
    grouped = rows.assign(_rank=ranks).groupby("community_id", sort=False)
    worst = grouped["_rank"].min().map(dict(enumerate(VERDICTS)))
    return pd.DataFrame(
        {"status": worst, "households_affected": grouped["households_affected"].max()}
    )


def _describe_gap(opened: OpenRun, row: Row) -> Row:
    rule = opened.standards.answers.get((row["pack"], row["rule"]), {})
    source = rule.get("source") or {}
    community = opened.communities.get(row["community_id"], {})
    settled = say_settled(split_settled(row["settled_by"]), opened.name_kind)
    return {
        **row,
        "settled_zh": settled.zh,
        "settled_en": settled.en,
        "name": community.get("name", ""),
        "district": community.get("district", ""),
        "rule_title_zh": rule.get("title_zh", row["rule"]),
        "rule_title_en": rule.get("title_en", row["rule"]),
        "nearest_facility_name": opened.name_facility(row["nearest_facility_id"], row["kind"]),
        "source_document": str(source.get("document", "") or ""),
        "source_document_en": str(source.get("document_en", source.get("document", "")) or ""),
        "source_clause": str(source.get("clause", "") or ""),
    }
