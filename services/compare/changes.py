"""Two runs of one city compared: one row per community and answer that moved, with why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.units import BoolArray
from services.compare.cards import CARD_COLUMNS, explain_cards
from services.compare.communities import ONE_TO_ONE, Match, match_communities
from services.compare.counts import CommunityCounts
from services.compare.editions import Edition
from services.compare.evidence import (
    WHYS,
    Evidence,
    Why,
    list_also,
    list_input_changes,
    list_setting_changes,
    say_all,
)
from services.compare.facilities import find_facility_changes
from services.compare.grounds import Grounds
from services.compare.moves import DIRECTIONS, Direction, find_moves
from services.errors import NothingToMeasure
from services.verdicts import Bounds, judge_between

_TOLD = 6
"""How many differences a row puts in words."""

COLUMNS = {
    "before_id": "str",
    "after_id": "str",
    "name": "str",
    "district": "str",
    "relation": "str",
    "pack": "str",
    "rule": "str",
    "title_zh": "str",
    "title_en": "str",
    "kind": "str",
    "status_before": "str",
    "status_after": "str",
    "direction": "str",
    "unit": "str",
    "needed_before": "float64",
    "needed_after": "float64",
    "found_before": "float64",
    "found_after": "float64",
    "shortfall_before": "float64",
    "shortfall_after": "float64",
    "affected_before": "float64",
    "affected_after": "float64",
    "why": "str",
    "also": "str",
    "evidence_zh": "str",
    "evidence_en": "str",
}
"""Columns of the table of changes and their types."""

_KEPT = (
    "pack", "kind", "unit", "needed", "found", "shortfall", "households_affected", "limit",
    "limit_unit", "mode",
)  # fmt: skip
_FIGURES = {
    "needed": "needed",
    "found": "found",
    "shortfall": "shortfall",
    "households_affected": "affected",
}
_FILLED = frozenset({"filled_in", "blank_now"})
_WHOLE = frozenset({"rule_added", "rule_dropped", "in_force"})
"""Changes of a rule that leave nothing else to ask."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two runs compared.

    Parameters
    ----------
    before, after
        The editions, with the day each was judged on.
    matches
        What became of every community.
    changes
        `COLUMNS`, one row per pair of communities and answer whose verdict or shortfall moved; what
        got worse first.
    cards
        `CARD_COLUMNS`, one row per pair of communities and card whose status moved.
    common
        Differences that concern every community: settings and renewed inputs.
    """

    before: Edition
    after: Edition
    matches: tuple[Match, ...]
    changes: pd.DataFrame
    cards: pd.DataFrame
    common: tuple[Evidence, ...]

    def count_relations(self) -> dict[str, int]:
        """Number of matches by what happened to the communities."""
        counts: dict[str, int] = {}
        for match in self.matches:
            counts[match.relation] = counts.get(match.relation, 0) + 1
        return counts


def count_directions(changes: pd.DataFrame) -> dict[Direction, dict[Why, int]]:
    """Number of changes (rows as in `COLUMNS`) by direction and by why; every one of both is there."""
    counts = changes.groupby(["direction", "why"]).size()
    return {
        direction: {why: int(counts.get((direction, why), 0)) for why in WHYS}
        for direction in DIRECTIONS
    }


def compare_runs(before: Edition, after: Edition) -> Comparison:
    """Compare an earlier run of a city with a later one.

    Raises
    ------
    NothingToMeasure
        The two have no community in common: they are of different places.
    """
    matches = match_communities(before.communities, after.communities, earlier_day=before.day)
    pairs = _list_pairs(matches)
    if not len(pairs):
        raise NothingToMeasure(
            f"no community of {after.name} lies where one of {before.name} does: compare two runs of "
            "one city"
        )
    settings, inputs = list_setting_changes(before, after), list_input_changes(before, after)
    grounds = Grounds(
        before,
        after,
        matches,
        pairs,
        settings=settings,
        inputs=inputs,
        counts=CommunityCounts(before.communities, after.communities),
        facilities=find_facility_changes(
            before.facilities, after.facilities, crs=after.crs, days=(before.day, after.day)
        ),
    )
    moves = find_moves(before.gaps, after.gaps, pairs, key="rule", kept=_KEPT)
    whys = _explain(moves, grounds)
    places = _Places(pairs, matches, after)
    cards = find_moves(
        before.scorecards, after.scorecards, pairs, key="card", kept=("pack", "about")
    )
    explained = explain_cards(
        cards, pd.concat([moves, whys[["why"]]], axis=1), (before, after), grounds
    )
    return Comparison(
        before,
        after,
        matches,
        _tabulate(_describe(moves, places, grounds), whys),
        _order(
            pd.concat([places.describe(cards), explained], axis=1)[list(CARD_COLUMNS)].astype(
                "str"
            ),
            ["pack", "card"],
        ),
        (*settings.values(), *inputs.values()),
    )


def _list_pairs(matches: Sequence[Match]) -> pd.DataFrame:
    """Pairs of communities that cover each other, with the place of their match."""
    rows = [
        (one, other, at, match.relation in ONE_TO_ONE)
        for at, match in enumerate(matches)
        for one, other in match.pairs
    ]
    return pd.DataFrame(rows, columns=["before_id", "after_id", "match", "alone"])


class _Places:
    """What rows say of the communities they are about."""

    def __init__(self, pairs: pd.DataFrame, matches: Sequence[Match], after: Edition) -> None:
        facts = after.communities.set_index("community_id")[["name", "district"]]
        self._pairs = pairs[["before_id", "after_id"]].join(pd.DataFrame(facts), on="after_id")
        self._pairs["relation"] = [matches[at].relation for at in pairs["match"]]

    def describe(self, moves: pd.DataFrame) -> pd.DataFrame:
        """Codes, name, district and relation of each row of `moves`."""
        return self._pairs.iloc[moves["pair"].to_numpy()].reset_index(drop=True)


def _explain(moves: pd.DataFrame, grounds: Grounds) -> pd.DataFrame:
    """Why, what else, and the evidence in words, row by row."""
    told: dict[tuple[int, str, str], tuple[list[Evidence], tuple[str, str]]] = {}
    rows = []
    columns = (moves[name].tolist() for name in ("pair", "rule", "direction"))
    for key, raised in zip(zip(*columns, strict=True), _find_raised(moves), strict=True):
        if key not in told:
            evidence = grounds.list_evidence(*key)
            said = say_all(evidence, _TOLD)
            told[key] = evidence, (said.zh, said.en)
        evidence, words = told[key]
        why = _decide(key, evidence, grounds, raised=bool(raised))
        rows.append((why, ",".join(list_also(evidence, why)), *words))
    return pd.DataFrame(rows, columns=["why", "also", "evidence_zh", "evidence_en"], dtype="str")


def _decide(
    key: tuple[int, str, str], evidence: Sequence[Evidence], grounds: Grounds, *, raised: bool
) -> Why:
    """Say what a change is put down to first.

    Where a rule and the city (or its data) both changed, the earlier demand is put to what is there
    now: if that gives the earlier verdict, the rule made the change (`raised`). Where a verdict
    became known, or unknown, a value that was filled in or left blank goes before what happened in
    the city.
    """
    pair, rule, direction = key
    others = [one for one in evidence if one.why != "rule"]
    if not others:
        return "rule"
    elsewhere: Why = "world" if any(one.why == "world" for one in others) else "data"
    if direction in {"decided", "undecided"} and any(one.code in _FILLED for one in others):
        elsewhere = "data"
    codes = {one.code for one in evidence if one.why == "rule"}
    if not codes:
        return elsewhere
    if codes & _WHOLE:
        return "rule"
    if direction in {"begins", "ends"}:
        raised = grounds.is_threshold_moved(pair, rule)
    return "rule" if raised else elsewhere


def _find_raised(moves: pd.DataFrame) -> BoolArray:
    """Where the earlier demand, put to what is there now, gives the earlier verdict.

    Of a gap that stayed one: where the demand moved by more than what is there.
    """
    alike = np.ones(len(moves), dtype=np.bool_)
    for name in ("unit", "limit", "limit_unit", "mode"):
        one, other = moves[f"{name}_before"], moves[f"{name}_after"]
        alike &= ((one == other) | (one.isna() & other.isna())).to_numpy(dtype=np.bool_)
    needed, demanded, found, there = (
        moves[name].to_numpy(dtype=np.float64)
        for name in ("needed_before", "needed_after", "found_before", "found_after")
    )
    asked = Bounds(needed, needed)
    then = judge_between(Bounds(there, there), asked) == moves["status_before"].to_numpy(
        dtype=object
    )
    stayed = (moves["status_before"] == moves["status_after"]).to_numpy(dtype=np.bool_)
    more = np.abs(demanded - needed) >= np.abs(there - found)
    known = alike & ~np.isnan(there) & ~np.isnan(needed)
    raised: BoolArray = known & np.where(stayed, more, then)
    return raised


def _describe(moves: pd.DataFrame, places: _Places, grounds: Grounds) -> pd.DataFrame:
    """Place, title and figures of each row."""
    table = places.describe(moves)
    for name in ("rule", "status_before", "status_after", "direction"):
        table[name] = moves[name]
    for name in ("pack", "kind", "unit"):
        table[name] = moves[f"{name}_after"].fillna(moves[f"{name}_before"])
    for name, to in _FIGURES.items():
        for side in ("before", "after"):
            table[f"{to}_{side}"] = moves[f"{name}_{side}"]
    titles = {str(code): grounds.name_rule(str(code)) for code in moves["rule"].unique()}
    table["title_zh"] = moves["rule"].map({code: title.zh for code, title in titles.items()})
    table["title_en"] = moves["rule"].map({code: title.en for code, title in titles.items()})
    return table


def _tabulate(described: pd.DataFrame, whys: pd.DataFrame) -> pd.DataFrame:
    table = pd.concat([described, whys], axis=1)[list(COLUMNS)].astype(COLUMNS)
    return _order(table, ["pack", "rule"])


def _order(table: pd.DataFrame, keys: Iterable[str]) -> pd.DataFrame:
    """Sort rows: what got worse first, new verdicts before old ones that shifted, then by standard."""
    at = table["direction"].map({direction: at for at, direction in enumerate(DIRECTIONS)})
    shifted = table["status_before"] == table["status_after"]
    ordered = table.assign(order=at, shifted=shifted).sort_values(
        ["order", "shifted", *keys, "after_id", "before_id"], kind="stable"
    )
    return ordered.drop(columns=["order", "shifted"]).reset_index(drop=True)
