"""How every community stands with every card: circles, types, levels, and its size.

A card gathers answers of rules. It is a gap if any of them is, else unknown if any is, else met if
any is; figures are counts of answers, never a score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers.config_model import RunSettings
from layers.kinds import Kind
from layers.results import SCORECARDS, shape_table
from layers.standards.model import STATUSES, Card, StandardPack, Text
from services.score_sentences import (
    NONE,
    Alternative,
    Counts,
    Shortfall,
    merge_settled,
    name_kind,
    say_card,
    say_settled,
    say_size,
    split_settled,
)
from services.verdicts import GAP, MET, NOT_APPLICABLE, UNKNOWN

SIZE_CARD = "size"
"""Card of the size check, which belongs to no pack."""

SIZE_TITLE = Text("社区规模", "Size of the community")
"""What the size check is called."""

CHECK = "check"
"""What the size check is about, as in `scorecards.about`."""

_ORDER = (MET, GAP, UNKNOWN, NOT_APPLICABLE)
_ABSENT = -1
_CELLS = "cells"
_HOUSEHOLDS = "communities.households"
_DIGITS = 6
"""Households compared to so many digits: sums of floats that mean the same are a tie."""


def build_scorecards(
    packs: Sequence[StandardPack],
    gaps: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    settings: RunSettings,
    *,
    facilities: pd.DataFrame | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> pd.DataFrame:
    """Gather the verdicts of every community under the cards of every pack.

    Parameters
    ----------
    packs
        The standards `gaps` were judged by.
    gaps
        Columns as `layers.results.GAPS`.
    communities
        Columns as `layers.results.COMMUNITIES`.
    settings
        Its `undersize_households` and `oversize_households` bound a community's size.
    facilities
        Names of facilities for the sentences; without it they are called by their kind.
    kinds
        Facility kinds by code, for what they are called.

    Returns
    -------
    scorecards
        Columns as `layers.results.SCORECARDS`: one row per community and card, then its size check;
        sorted by community, cards in the order of the packs. Cards whose rules are all judged of
        districts or the city have no row (see `services.targets`). `worst_rule` is the gap that
        leaves out most households; where those are equal or unknown, the one that misses by the
        greatest part of what is needed. `nearest_facility_id` is the alternative named for that gap,
        or, where it has none, for the next worst.
    """
    order = np.argsort(communities["community_id"].to_numpy(dtype=object), kind="stable")
    communities = communities.iloc[order].reset_index(drop=True)
    facts = _Facts.build(packs, gaps, communities, facilities, kinds or {})
    parts = [
        _tabulate_card(facts, pack, card)
        for pack in packs
        for card in pack.cards
        if facts.list_columns(pack, card)
    ]
    parts.append(_tabulate_sizes(communities, settings))
    table = pd.concat(
        [pd.DataFrame(part).assign(_order=at) for at, part in enumerate(parts)], ignore_index=True
    )
    table = table.sort_values(["community_id", "_order"], kind="stable").drop(columns="_order")
    return shape_table(table.reset_index(drop=True)[list(SCORECARDS)], "scorecards")


@dataclass(frozen=True, slots=True, eq=False)
class _Facts:
    """Verdicts as a table of `C` communities and `A` answers.

    `columns` finds an answer by pack and code; `status` holds positions in `_ORDER`, `_ABSENT` where
    there is no row; `row` the row of `gaps`; `affected` households left out and `part` the part of
    what is needed that is missing, NaN where unknown.
    """

    community_ids: NDArray[np.object_]
    columns: Mapping[tuple[str, str], int]
    titles: Mapping[tuple[str, str], Text]
    status: NDArray[np.int8]
    row: IntArray
    affected: FloatArray
    part: FloatArray
    gaps: Mapping[str, NDArray[Any]]
    names: Mapping[str, Text]
    kinds: Mapping[str, Kind]

    @classmethod
    def build(
        cls,
        packs: Sequence[StandardPack],
        gaps: pd.DataFrame,
        communities: gpd.GeoDataFrame,
        facilities: pd.DataFrame | None,
        kinds: Mapping[str, Kind],
    ) -> "_Facts":
        ids = communities["community_id"].to_numpy(dtype=object)
        titles = {
            (pack.code, code): Text(
                rule.title.zh + answer.title.zh, rule.title.en + answer.title.en
            )
            for pack in packs
            for rule in pack.rules
            for code, answer in rule.list_answers()
        }
        keys = pd.MultiIndex.from_tuples(list(titles) or [("", "")])
        judged = pd.MultiIndex.from_arrays([gaps["pack"], gaps["rule"]])
        at = pd.Index(ids).get_indexer(pd.Index(gaps["community_id"])), keys.get_indexer(judged)
        use = np.flatnonzero((at[0] >= 0) & (at[1] >= 0))
        row = np.full((len(ids), len(keys)), _ABSENT, dtype=np.int64)
        row[at[0][use], at[1][use]] = use
        status = pd.Index(_ORDER).get_indexer(pd.Index(gaps["status"])).astype(np.int8)
        needed = gaps["needed"].to_numpy(dtype=np.float64)
        part = np.full(len(gaps), np.nan)
        shortfall = gaps["shortfall"].to_numpy(dtype=np.float64)
        np.divide(shortfall, needed, out=part, where=needed > 0)
        affected = gaps["households_affected"].to_numpy(dtype=np.float64).round(_DIGITS)
        blank = row == _ABSENT
        return cls(
            community_ids=ids,
            columns={key: place for place, key in enumerate(titles)},
            titles=titles,
            status=np.where(blank, np.int8(_ABSENT), _take(status, row, np.int8(_ABSENT))),
            row=row,
            affected=np.where(blank, np.nan, _take(affected, row, np.nan)),
            part=np.where(blank, np.nan, _take(part.round(_DIGITS), row, np.nan)),
            gaps={
                name: gaps[name].to_numpy(dtype=object if name in _TEXTS else np.float64)
                for name in (*_TEXTS, *_FIGURES)
            },
            names=_name_facilities(facilities, kinds),
            kinds=kinds,
        )

    def list_columns(self, pack: StandardPack, card: Card) -> list[int]:
        """Columns of the answers a card gathers, those judged of communities."""
        found = (self.columns.get((pack.code, code)) for code in pack.list_card_answers(card))
        return [at for at in found if at is not None and (self.row[:, at] != _ABSENT).any()]


_TEXTS = ("rule", "kind", "unit", "nearest_facility_id", "settled_by")
_FIGURES = ("households_affected", "found", "needed", "nearest_m")


def _take(values: NDArray[Any], rows: IntArray, blank: object) -> NDArray[Any]:
    """`values[rows]`, whatever the rows where there are no values at all."""
    return values[rows] if len(values) else np.full(rows.shape, blank)


def _tabulate_card(facts: _Facts, pack: StandardPack, card: Card) -> dict[str, Any]:
    columns = np.array(facts.list_columns(pack, card))
    status, row = facts.status[:, columns], facts.row[:, columns]
    counts = {name: (status == at).sum(axis=1) for at, name in enumerate(_ORDER)}
    is_gap = status == _ORDER.index(GAP)
    affected = np.where(is_gap, facts.affected[:, columns], np.nan)
    part = np.where(is_gap, facts.part[:, columns], np.nan)
    near = facts.gaps["nearest_facility_id"]
    has_near = is_gap & (_take(near, row, "") != "")
    worst = _find_worst(is_gap, affected, part)
    nearest = _find_worst(has_near, affected, part)
    place = np.arange(len(row))
    worst_row = np.where(worst >= 0, row[place, worst], _ABSENT)
    near_row = np.where(nearest >= 0, row[place, nearest], _ABSENT)
    settled = _gather_settled(facts, status, row)
    texts = [
        _say_row(facts, pack, counts, at, int(worst_row[at]), int(near_row[at]), settled[at])
        for at in range(len(row))
    ]
    return {
        "community_id": facts.community_ids,
        "pack": pack.code,
        "card": card.code,
        "about": card.about,
        "status": pd.array(list_status(counts), dtype="str"),
        **counts,
        "households_affected": _most_affected(is_gap, affected),
        "worst_rule": _pick(facts.gaps["rule"], worst_row, ""),
        "nearest_facility_id": _pick(near, near_row, ""),
        "nearest_m": _pick(facts.gaps["nearest_m"], near_row, np.nan),
        "settled_by": pd.array(settled, dtype="str"),
        "finding": "",
        "source_status": _worst_status(pack, card),
        "overlaid": _is_overlaid(pack, card),
        "reason": pd.array([text.zh for text in texts], dtype="str"),
        "reason_en": pd.array([text.en for text in texts], dtype="str"),
    }


def _name_facilities(
    facilities: pd.DataFrame | None, kinds: Mapping[str, Kind]
) -> Mapping[str, Text]:
    """Facilities by id: their names, else what such a place is called."""
    if facilities is None:
        return {}
    columns = (facilities[column].tolist() for column in ("facility_id", "name", "kind"))
    return {
        code: Text(name, name) if name else name_kind(kind, kinds)
        for code, name, kind in zip(*columns, strict=True)
    }


def list_status(counts: Mapping[str, IntArray]) -> NDArray[np.object_]:
    """Status of a card from its answers: gap before unknown before met.

    >>> none, one = np.array([0]), np.array([1])
    >>> str(list_status({"met": one, "gap": none, "unknown": one})[0])
    'unknown'
    """
    status = np.full(len(counts[MET]), NOT_APPLICABLE, dtype=object)
    for name in (MET, UNKNOWN, GAP):
        status[counts[name] > 0] = name
    return status


def _find_worst(chosen: BoolArray, affected: FloatArray, part: FloatArray) -> IntArray:
    """Position of the worst of the chosen per row, -1 where none is; the first of equals."""
    if not chosen.shape[1]:
        return np.full(len(chosen), -1, dtype=np.int64)
    best = chosen
    for figures in (affected, part):
        known = np.where(best, np.where(np.isnan(figures), -1.0, figures), -np.inf)
        best = best & (known == known.max(axis=1, keepdims=True))
    return np.where(chosen.any(axis=1), best.argmax(axis=1), -1)


def _most_affected(is_gap: BoolArray, affected: FloatArray) -> FloatArray:
    """Most households any one gap leaves out: 0 without a gap, NaN where none is known."""
    known = np.where(np.isnan(affected), -1.0, affected)
    most = known.max(axis=1, initial=-1.0)
    return np.where(is_gap.any(axis=1), np.where(most < 0, np.nan, most), 0.0)


def _pick(values: NDArray[Any], rows: IntArray, blank: str | float) -> Any:
    picked = _take(values, rows, blank).copy()
    picked[rows == _ABSENT] = blank
    return pd.array(picked, dtype="str" if blank == "" else "float64")


def _gather_settled(facts: _Facts, status: NDArray[np.int8], row: IntArray) -> list[str]:
    """What would settle each community's unknowns, each entry once."""
    texts = facts.gaps["settled_by"]
    is_open = status == _ORDER.index(UNKNOWN)
    merged: dict[tuple[str, ...], str] = {}
    found = []
    for at in range(len(row)):
        wanted = tuple(texts[row[at, is_open[at]]])
        if wanted not in merged:
            merged[wanted] = merge_settled(wanted)
        found.append(merged[wanted])
    return found


def _worst_status(pack: StandardPack, card: Card) -> str:
    wanted = set(pack.list_card_answers(card))
    ranks = [
        STATUSES.index(rule.answer_status(answer))
        for rule in pack.rules
        for code, answer in rule.list_answers()
        if code in wanted
    ]
    return STATUSES[max(ranks)] if ranks else ""


def _is_overlaid(pack: StandardPack, card: Card) -> bool:
    wanted = set(pack.list_card_answers(card))
    return any(
        rule.is_overlaid(answer)
        for rule in pack.rules
        for code, answer in rule.list_answers()
        if code in wanted
    )


def _say_row(
    facts: _Facts,
    pack: StandardPack,
    counts: Mapping[str, IntArray],
    at: int,
    worst: int,
    near: int,
    settled: str,
) -> Text:
    gaps = facts.gaps
    shortfall = alternative = None
    if worst != _ABSENT:
        shortfall = Shortfall(
            title=facts.titles[pack.code, gaps["rule"][worst]],
            households=float(gaps["households_affected"][worst]),
            found=float(gaps["found"][worst]),
            needed=float(gaps["needed"][worst]),
            unit=str(gaps["unit"][worst]),
        )
    if near != _ABSENT:
        name = facts.names.get(gaps["nearest_facility_id"][near], NONE)
        alternative = Alternative(
            title=NONE if near == worst else facts.titles[pack.code, gaps["rule"][near]],
            name=name if name.zh else name_kind(gaps["kind"][near], facts.kinds),
            walk_m=float(gaps["nearest_m"][near]),
        )
    return say_card(
        Counts(*(int(counts[name][at]) for name in _ORDER)),
        shortfall,
        alternative,
        say_settled(split_settled(settled), lambda code: name_kind(code, facts.kinds))
        if settled
        else NONE,
    )


def _tabulate_sizes(communities: gpd.GeoDataFrame, settings: RunSettings) -> dict[str, Any]:
    households = communities["households"].to_numpy(dtype=np.float64, na_value=np.nan)
    is_cell = (communities["source"] == _CELLS).to_numpy(dtype=bool)
    said = [
        say_size(
            number, settings.undersize_households, settings.oversize_households, is_cell=bool(cell)
        )
        for number, cell in zip(households, is_cell, strict=True)
    ]
    finding = np.array([found for found, _ in said], dtype=object)
    status = np.where(finding != "", GAP, np.where(np.isnan(households), UNKNOWN, MET))
    status = np.where(is_cell, NOT_APPLICABLE, status)
    return {
        "community_id": communities["community_id"].to_numpy(),
        "pack": "",
        "card": SIZE_CARD,
        "about": CHECK,
        "status": pd.array(status, dtype="str"),
        **{name: (status == name).astype(np.int64) for name in _ORDER},
        "households_affected": np.where(status == GAP, households, 0.0),
        "worst_rule": "",
        "nearest_facility_id": "",
        "nearest_m": np.nan,
        "settled_by": pd.array(np.where(status == UNKNOWN, _HOUSEHOLDS, ""), dtype="str"),
        "finding": pd.array(finding, dtype="str"),
        "source_status": "",
        "overlaid": False,
        "reason": pd.array([text.zh for _, text in said], dtype="str"),
        "reason_en": pd.array([text.en for _, text in said], dtype="str"),
    }
