"""Rules that stand in for others: a health centre within reach does for a health station."""

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import pandas as pd

from geo.units import IntArray
from layers.standards.model import STATUSES, Rule, StandardPack, Status
from services.sentences.substitutes import say_substituted
from services.verdicts import GAP, MET, UNKNOWN

_BLANK: dict[str, str | float] = {
    "cause": "",
    "nearest_facility_id": "",
    "barrier_kind": "",
    "barrier_name": "",
    "settled_by": "",
    "shortfall": 0.0,
    "households_affected": 0.0,
    "detour_factor": np.nan,
    "nearest_m": np.nan,
    "barrier_lon": np.nan,
    "barrier_lat": np.nan,
}
"""What a row says that is met because another rule is."""


def substitute(gaps: pd.DataFrame, packs: Sequence[StandardPack]) -> pd.DataFrame:
    """Turn a gap or unknown into met where a rule that stands in for it is met.

    A rule counts as met in a community where all of its answers are; one that is itself stood in
    for counts too.

    Parameters
    ----------
    gaps
        Columns as `layers.results.GAPS`, each community once per answer; not changed.
    """
    rules = {rule.code: rule for pack in packs for rule in pack.rules}
    waiting = [rule for rule in rules.values() if rule.substituted_by]
    if not waiting:
        return gaps
    gaps = gaps.copy()
    rows_of = _find_rows(gaps, rules.values())
    for rule in _sort(waiting):
        substitution = rule.substituted_by
        if substitution is None or rule.code not in rows_of:
            continue
        for code in substitution.rules:
            other = rules.get(code)
            if other is not None and other.code in rows_of:
                _replace(gaps, rule, rows_of[rule.code], other, rows_of[other.code])
    return gaps


def _find_rows(gaps: pd.DataFrame, rules: Iterable[Rule]) -> dict[str, IntArray]:
    """Rows of each rule, one line per answer and one column per community, by the rule's code."""
    by_answer = {code: rows.to_numpy() for code, rows in gaps.groupby("rule").groups.items()}
    found = {}
    for rule in rules:
        answers = [by_answer[code] for code, _ in rule.list_answers() if code in by_answer]
        if answers:
            found[rule.code] = np.stack(answers)
    return found


def _sort(waiting: Sequence[Rule]) -> list[Rule]:
    """Return the rules so that each comes after those that stand in for it."""
    by_code = {rule.code: rule for rule in waiting}
    ordered: dict[str, Rule] = {}
    seen: set[str] = set()

    def visit(rule: Rule) -> None:
        if rule.code in seen:
            return
        seen.add(rule.code)
        for code in rule.substituted_by.rules if rule.substituted_by else ():
            if code in by_code:
                visit(by_code[code])
        ordered[rule.code] = rule

    for rule in waiting:
        visit(rule)
    return list(ordered.values())


def _replace(
    gaps: pd.DataFrame, rule: Rule, rows: IntArray, other: Rule, other_rows: IntArray
) -> None:
    """Turn the rows of `rule` into met where all those of `other` are."""
    if rule.substituted_by is None:
        return
    status = gaps["status"].to_numpy(dtype=object)
    stands_in = (status[other_rows] == MET).all(axis=0)
    source = rule.substituted_by.source
    lead = say_substituted(other.title, source)
    for answer in rows:
        chosen = answer[stands_in & np.isin(status[answer], (GAP, UNKNOWN))]
        if len(chosen) == 0:
            continue
        where = np.flatnonzero(np.isin(answer, chosen))
        for name, value in _BLANK.items():
            gaps.loc[chosen, name] = value
        gaps.loc[chosen, "status"] = MET
        gaps.loc[chosen, "substituted_by"] = other.code
        own = gaps.loc[chosen, "source_status"]
        gaps.loc[chosen, "source_status"] = [
            _find_worst([source.status, one, *gaps.loc[other_rows[:, at], "source_status"]])
            for one, at in zip(own, where, strict=True)
        ]
        gaps.loc[chosen, "overlaid"] |= (
            gaps["overlaid"].to_numpy()[other_rows[:, where]].any(axis=0)
        )
        for name, text in (("reason", lead.zh), ("reason_en", lead.en)):
            gaps.loc[chosen, name] = text + gaps.loc[chosen, name]


def _find_worst(statuses: Iterable[str]) -> Status:
    return STATUSES[max(STATUSES.index(cast("Status", one)) for one in statuses)]
