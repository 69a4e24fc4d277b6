"""Verdicts of communities added up by subdistrict, district and city, households as weights.

Shares come as two bounds, without and with what is undecided, and areas of a level are ranked by the
lower one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.units import BoolArray, FloatArray, IntArray
from layers.results import ROLLUPS, shape_table
from layers.standards.model import (
    AmountPer,
    Answer,
    AttributeAtLeast,
    CountInside,
    CountProvided,
    Missing,
    Rule,
    StandardPack,
)
from services.scopes import UNNAMED
from services.scorecards import CHECK, SIZE_CARD
from services.verdicts import GAP, MET, NOT_APPLICABLE, UNKNOWN

SUBDISTRICT, DISTRICT, CITY = "subdistrict", "district", "city"
_ORDER = (MET, GAP, UNKNOWN, NOT_APPLICABLE)
_RULE = "rule"
_DIGITS = 12
"""Shares compared to so many digits: sums of floats that mean the same share a rank."""


def build_rollups(
    packs: Sequence[StandardPack],
    gaps: pd.DataFrame,
    scorecards: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    city_name: str,
) -> pd.DataFrame:
    """Add up verdicts over subdistricts, districts and the city.

    Parameters
    ----------
    packs
        The standards `gaps` were judged by.
    gaps, scorecards, communities
        Columns as in `layers.results`.
    city_name
        What the city is called in column `area`.

    Returns
    -------
    rollups
        Columns as `layers.results.ROLLUPS`: one row per area and answer of a rule or card; levels from
        subdistrict to city, areas by name, answers and cards in the order of the packs.

        Where some communities name no district (or subdistrict), they are gathered under `UNNAMED`,
        so that areas add up to the city; where none does, the level is left out. Areas are ranked by
        `share_low`; where some of a level count households and others communities, by shares of
        communities, so that like is compared with like. `shortfall` is added up
        for counts (of facilities, classes, places, spaces) and for amounts per households or people
        turned into the amount itself; never for shares, nor for clusters, which several communities
        miss together.
    """
    items = _list_items(packs)
    verdicts = _stack_verdicts(items, gaps, scorecards, communities)
    parts = [
        _tabulate_level(areas, items, verdicts) for areas in _list_levels(communities, city_name)
    ]
    table = pd.concat(parts, ignore_index=True)
    return shape_table(table[list(ROLLUPS)], "rollups")


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing that is added up: an answer of a rule, or a card.

    `unit` is that of its shortfall, empty where that cannot be added; `per` what one unit of it is
    reckoned for (100 households), 0 where it is an amount already.
    """

    pack: str
    code: str
    about: str
    unit: str = ""
    per: float = 0.0
    of_people: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Verdicts:
    """One row per community and item: positions of both, and what was found."""

    community: IntArray
    item: IntArray
    status: IntArray
    households: FloatArray
    affected: FloatArray
    shortfall: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Areas:
    """Areas of a level: names, districts, and the area of every community."""

    level: str
    names: Sequence[str]
    districts: Sequence[str]
    of_community: IntArray


def _list_items(packs: Sequence[StandardPack]) -> list[_Item]:
    items: list[_Item] = []
    for pack in packs:
        items += [
            _build_item(pack, rule, code, answer)
            for rule in pack.rules
            for code, answer in rule.list_answers()
        ]
        items += [_Item(pack.code, card.code, card.about) for card in pack.cards]
    return [*items, _Item("", SIZE_CARD, CHECK)]


def _build_item(pack: StandardPack, rule: Rule, code: str, answer: Answer) -> _Item:
    """Find what may be added up of a rule's shortfall."""
    test = rule.test
    item = _Item(pack.code, code, _RULE)
    if rule.applies.unit != "community":
        return item
    if isinstance(test, AmountPer):
        return _Item(
            pack.code, code, _RULE, test.amount.unit, test.per.value, test.per.unit == "people"
        )
    counted = isinstance(test, Missing | AttributeAtLeast | CountInside) or (
        isinstance(test, CountProvided) and not answer.travelled
    )
    unit = rule.answer_values(answer)[answer.leads].unit
    return _Item(pack.code, code, _RULE, unit) if counted and unit != "share" else item


def _stack_verdicts(
    items: Sequence[_Item],
    gaps: pd.DataFrame,
    scorecards: pd.DataFrame,
    communities: gpd.GeoDataFrame,
) -> _Verdicts:
    keys = pd.MultiIndex.from_tuples([(item.pack, item.code) for item in items])
    row_of = pd.Index(communities["community_id"])
    stacked = pd.concat(
        [
            gaps[["community_id", "pack", "rule", "status", "households_affected", "shortfall"]]
            .rename(columns={"rule": "code"}),
            scorecards[["community_id", "pack", "card", "status", "households_affected"]]
            .rename(columns={"card": "code"})
            .assign(shortfall=np.nan),
        ],
        ignore_index=True,
    )  # fmt: skip
    item = keys.get_indexer(pd.MultiIndex.from_frame(stacked[["pack", "code"]]))
    community = row_of.get_indexer(pd.Index(stacked["community_id"]))
    use = (item >= 0) & (community >= 0)
    stacked, item, community = stacked[use], item[use], community[use]
    order = np.lexsort(
        (_rank_ids(row_of)[community], item)
    )  # sums do not hang on the order of rows
    stacked, item, community = stacked.iloc[order], item[order], community[order]
    households, people = (
        communities[name].to_numpy(dtype=np.float64, na_value=np.nan)[community]
        for name in ("households", "population")
    )
    per = np.array([one.per for one in items])[item]
    base = np.where(np.array([one.of_people for one in items])[item], people, households)
    factor = np.where(per > 0, base / np.where(per > 0, per, 1.0), 1.0)
    return _Verdicts(
        community=community.astype(np.int64),
        item=item.astype(np.int64),
        status=pd.Index(_ORDER).get_indexer(pd.Index(stacked["status"])).astype(np.int64),
        households=households,
        affected=stacked["households_affected"].to_numpy(dtype=np.float64),
        shortfall=stacked["shortfall"].to_numpy(dtype=np.float64) * factor,
    )


def _rank_ids(ids: pd.Index) -> IntArray:
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.argsort(ids.to_numpy(dtype=object), kind="stable")] = np.arange(len(ids))
    return rank


def _list_levels(communities: gpd.GeoDataFrame, city_name: str) -> list[_Areas]:
    """Levels that have areas of their own, from the smallest."""
    levels = []
    for level, columns in ((SUBDISTRICT, ["district", "subdistrict"]), (DISTRICT, ["district"])):
        if (communities[level] != "").any():
            named = communities[columns].replace("", UNNAMED)
            keys = list(named.itertuples(index=False, name=None))
            listed = sorted(set(keys), key=lambda key: [(part == UNNAMED, part) for part in key])
            place = {key: at for at, key in enumerate(listed)}
            levels.append(
                _Areas(
                    level,
                    [key[-1] for key in listed],
                    [key[0] for key in listed],
                    np.array([place[key] for key in keys], dtype=np.int64),
                )
            )
    everywhere = np.zeros(len(communities), dtype=np.int64)
    return [*levels, _Areas(CITY, [city_name], [""], everywhere)]


def _tabulate_level(areas: _Areas, items: Sequence[_Item], verdicts: _Verdicts) -> pd.DataFrame:
    shape = len(areas.names), len(items)
    cell = areas.of_community[verdicts.community] * len(items) + verdicts.item

    def add(values: FloatArray | None, chosen: BoolArray) -> FloatArray:
        """Sum over the chosen verdicts per area and item; NaN where a value is unknown."""
        weights = None if values is None else values[chosen]
        size = shape[0] * shape[1]
        return (
            np.bincount(cell[chosen], weights=weights, minlength=size).reshape(shape).astype(float)
        )

    chosen = {name: verdicts.status == at for at, name in enumerate(_ORDER)}
    counts = {name: add(None, mask) for name, mask in chosen.items()}
    applies = counts[MET] + counts[GAP] + counts[UNKNOWN]
    living = {name: add(verdicts.households, chosen[name]) for name in (MET, GAP, UNKNOWN)}
    households = living[MET] + living[GAP] + living[UNKNOWN]
    by_households = (households > 0) | (applies == 0)
    low, high = _find_bounds(
        {name: np.where(by_households, living[name], counts[name]) for name in living}
    )
    alike = np.where(by_households.all(axis=0), low, _find_bounds(counts)[0])
    present = counts[MET] + counts[GAP] + counts[UNKNOWN] + counts[NOT_APPLICABLE] > 0
    units = np.array([item.unit for item in items], dtype=object)
    lacking = np.where(units != "", add(np.nan_to_num(verdicts.shortfall), chosen[GAP]), np.nan)
    lacking = np.where(
        add(np.isnan(verdicts.shortfall).astype(float), chosen[GAP]) > 0, np.nan, lacking
    )
    grid = np.indices(shape)
    area, item = (grid[axis].ravel() for axis in (0, 1))
    table = {
        "level": areas.level,
        "area": np.array(areas.names, dtype=object)[area],
        "district": np.array(areas.districts, dtype=object)[area],
        "pack": np.array([one.pack for one in items], dtype=object)[item],
        "code": np.array([one.code for one in items], dtype=object)[item],
        "about": np.array([one.about for one in items], dtype=object)[item],
        "communities": np.bincount(areas.of_community, minlength=shape[0])[area],
        **{name: counts[name].ravel() for name in _ORDER},
        "basis": np.where(by_households, "households", "communities").ravel(),
        "households": households.ravel(),
        **{f"households_{name}": living[name].ravel() for name in living},
        "share_low": low.ravel(),
        "share_high": high.ravel(),
        "households_affected": add(verdicts.affected, chosen[GAP]).ravel(),
        "shortfall": lacking.ravel(),
        "unit": units[item],
        "rank": _rank(alike).ravel(),
    }
    return pd.DataFrame(table)[present.ravel()]


def _find_bounds(weights: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Share that meets it without and with the undecided; NaN where it applies to none."""
    whole = weights[MET] + weights[GAP] + weights[UNKNOWN]
    low, high = np.full(whole.shape, np.nan), np.full(whole.shape, np.nan)
    np.divide(weights[MET], whole, out=low, where=whole > 0)
    np.divide(weights[MET] + weights[UNKNOWN], whole, out=high, where=whole > 0)
    return low, np.minimum(high, 1.0)


def _rank(low: FloatArray) -> FloatArray:
    """Place of each area per item, 1 the highest share; ties share it, NaN without a share."""
    ranks = pd.DataFrame(low.round(_DIGITS)).rank(axis=0, method="min", ascending=False)
    return ranks.to_numpy(dtype=np.float64)
