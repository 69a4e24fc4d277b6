"""Rules judged of a whole district or city: shares of communities that meet a card, and the rest.

How many communities meet a card is known between two bounds, without and with those undecided; a
verdict stands only where both agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.kinds import Kind
from layers.results import TARGETS, shape_table
from layers.standards.model import STATUSES, CommunitiesShare, Rule, StandardPack, Text
from services.rollups import CITY, DISTRICT
from services.score_sentences import (
    Counts,
    Standing,
    merge_settled,
    name_kind,
    say_settled,
    say_target,
    split_settled,
)
from services.sentences.figures import write_needed
from services.sentences.settled import say_not_in_force
from services.verdicts import GAP, MET, NOT_APPLICABLE, SHARE_TOLERANCE, UNKNOWN

_CELLS = "cells"


def build_targets(
    packs: Sequence[StandardPack],
    scorecards: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    area_targets: pd.DataFrame,
    city_name: str,
    *,
    today: date,
    kinds: Mapping[str, Kind] | None = None,
) -> pd.DataFrame:
    """Judge what is asked of shares of communities, and put it beside what else is asked of areas.

    Parameters
    ----------
    packs
        The standards the scorecards were made by.
    scorecards, communities
        Columns as in `layers.results`.
    area_targets
        Rules judged of areas by counts and amounts; columns as `layers.results.TARGETS`.
    city_name
        What the city is called.
    today
        Day the rules are judged on.
    kinds
        Facility kinds by code, for what they are called.

    Returns
    -------
    targets
        Columns as `layers.results.TARGETS`, in the order of the packs and their rules, districts by
        name before the city. Communities a card does not apply to are not counted; those whose
        district nobody wrote down count for the city alone. `source_status` is the least certain of
        the target's and of the card's.
    """
    rows = [
        _judge(_Area(level, name, members), pack, rule, rule.test, today, kinds or {})
        for pack in packs
        for rule in pack.rules
        if isinstance(rule.test, CommunitiesShare)
        for level, name, members in _list_areas(
            rule, pack, rule.test, scorecards, communities, city_name
        )
    ]
    order = {
        (pack.code, code): (at, place)
        for at, pack in enumerate(packs)
        for place, rule in enumerate(pack.rules)
        for code, _ in rule.list_answers()
    }
    shares = pd.DataFrame(rows, columns=list(TARGETS))
    both = [part[list(TARGETS)] for part in (shares, area_targets) if len(part)]
    if not both:
        return shape_table(pd.DataFrame({name: [] for name in TARGETS}), "targets")
    table = pd.concat(both, ignore_index=True)
    listed = table[["pack", "rule", "level", "area"]].astype("str").to_dict("records")
    last = (len(packs), 0)
    ranks = [
        (
            order.get((row["pack"], row["rule"]), last),
            row["rule"],
            row["level"] == CITY,
            row["area"],
        )
        for row in listed
    ]
    table = table.iloc[sorted(range(len(table)), key=ranks.__getitem__)]
    return shape_table(table.reset_index(drop=True), "targets")


@dataclass(frozen=True, slots=True, eq=False)
class _Area:
    """A district or the city, and the scorecards of its communities for one card."""

    level: str
    name: str
    cards: pd.DataFrame


def _list_areas(
    rule: Rule,
    pack: StandardPack,
    test: CommunitiesShare,
    scorecards: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    city_name: str,
) -> list[tuple[str, str, pd.DataFrame]]:
    facts = communities[["community_id", "district", "source"]]
    mine = scorecards[(scorecards["pack"] == pack.code) & (scorecards["card"] == test.of)]
    mine = mine.merge(pd.DataFrame(facts), on="community_id").sort_values("community_id")
    if rule.applies.unit == CITY:
        return [(CITY, city_name, mine)]
    named = mine[mine["district"] != ""]
    return [(DISTRICT, str(name), part) for name, part in named.groupby("district", sort=True)]


def _judge(
    area: _Area,
    pack: StandardPack,
    rule: Rule,
    test: CommunitiesShare,
    today: date,
    kinds: Mapping[str, Kind],
) -> dict[str, Any]:
    """One row of the table `targets`."""
    cards = area.cards
    counts = Counts(
        *(int((cards["status"] == name).sum()) for name in (MET, GAP, UNKNOWN, NOT_APPLICABLE))
    )
    ((code, answer),) = rule.list_answers()
    low = counts.met / counts.applies if counts.applies else np.nan
    high = (counts.met + counts.unknown) / counts.applies if counts.applies else np.nan
    in_force = rule.in_force(today)
    status = judge_share(low, high, test.share.value) if in_force else NOT_APPLICABLE
    settled = ""
    if status == UNKNOWN:
        settled = merge_settled(cards.loc[cards["status"] == UNKNOWN, "settled_by"])
    statuses = [*cards["source_status"].head(1), rule.answer_status(answer)]
    text = say_not_in_force(rule, today)
    if in_force:
        standing = Standing(
            area=area.name,
            title=_title_card(pack, test.of),
            counts=counts,
            needed=write_needed(test.share),
            settled=say_settled(split_settled(settled), lambda one: name_kind(one, kinds)),
            cells=bool(len(cards)) and bool((cards["source"] == _CELLS).all()),
        )
        text = say_target(standing, status)
    decided = status in {MET, GAP}
    return {
        "level": area.level,
        "area": area.name,
        "pack": pack.code,
        "rule": code,
        "kind": "",
        "of": test.of,
        "status": status,
        "needed": test.share.value,
        "found": low if status != NOT_APPLICABLE else np.nan,
        "possible": high if status != NOT_APPLICABLE else np.nan,
        "shortfall": max(test.share.value - low, 0.0) if decided else np.nan,
        "unit": "share",
        "settled_by": settled,
        "overlaid": rule.is_overlaid(answer) or bool(cards["overlaid"].any()),
        "source_status": STATUSES[max(STATUSES.index(one) for one in statuses if one)],
        "reason": text.zh,
        "reason_en": text.en,
    }


def judge_share(low: float, high: float, needed: float) -> str:
    """Verdict on a share known between two bounds; NaN is of nothing at all.

    >>> judge_share(0.3, 0.5, 0.3), judge_share(0.1, 0.29, 0.3), judge_share(0.1, 0.3, 0.3)
    ('met', 'gap', 'unknown')
    >>> judge_share(float("nan"), float("nan"), 0.3)
    'not_applicable'
    """
    if np.isnan(low):
        return NOT_APPLICABLE
    if low >= needed - SHARE_TOLERANCE:
        return MET
    return GAP if high < needed - SHARE_TOLERANCE else UNKNOWN


def _title_card(pack: StandardPack, code: str) -> Text:
    return next((card.title for card in pack.cards if card.code == code), Text(code, code))
