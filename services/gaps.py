"""Where a city misses its rules, by how much, for how many, and why.

One row per community and answer of a rule, as `layers.results.GAPS`; of rules on districts or the
whole city one row each, as `layers.results.TARGETS`. Figures come from the rules, never from here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray
from layers.results import GAPS, TARGETS, shape_table
from layers.standards.model import Answer, Rule, StandardPack
from services.causes import CommunityCauses
from services.cityfacts import CityFacts, build_facts
from services.home_causes import CAUSES
from services.judges import AREA_JUDGES, JUDGES, Judgement
from services.rides import WALK_TRANSIT
from services.scopes import UNNAMED, Scope, build_city, build_districts
from services.substitution import substitute
from services.verdicts import GAP, MET, UNKNOWN

__all__ = ["build_facts", "find_area_targets", "find_gaps"]

DATA_MISSING = "data_missing"
_OF_COMMUNITIES = ("community", "cluster")
_Columns = dict[str, Any]


def find_gaps(packs: Sequence[StandardPack], city: CityFacts) -> pd.DataFrame:
    """Judge every community by every rule on communities or clusters of them.

    Parameters
    ----------
    packs
        Standards to judge by.
    city
        As from `services.cityfacts.build_facts`.

    Returns
    -------
    gaps
        Columns as `layers.results.GAPS`, sorted by community, pack and rule. `shortfall` is
        `needed - found`; where something (普惠, a size, free places) is unknown for some facilities a
        `met` counts none of those and a `gap` counts all of them.
    """
    parts = [
        _tabulate(city, pack, rule, judged)
        for pack in packs
        for rule in pack.rules
        if rule.applies.unit in _OF_COMMUNITIES
        for judged in JUDGES[type(rule.test)](city, rule, rule.test)
    ]
    table = substitute(_join(parts, list(GAPS)), packs)
    table = table.sort_values(["community_id", "pack", "rule"], kind="stable")
    return shape_table(table.reset_index(drop=True), "gaps")


def find_area_targets(
    packs: Sequence[StandardPack], city: CityFacts, *, name: str = ""
) -> pd.DataFrame:
    """Judge districts and the whole city by the rules on what lies there.

    Those on a share of communities are judged by `services.targets`.

    Parameters
    ----------
    name
        What the city is called.

    Returns
    -------
    targets
        Columns as `layers.results.TARGETS`, one row per rule and area: districts by name, as their
        communities state it; where none does, rules on districts are `unknown` of one without a name.
    """
    located = city.scope.located
    scopes = {
        "district": build_districts(city.communities, located),
        "city": build_city(city.communities, located, name),
    }
    parts = [
        _tabulate_area(pack, rule, scopes[rule.applies.unit], judged)
        for pack in packs
        for rule in pack.rules
        if rule.applies.unit in scopes and type(rule.test) in AREA_JUDGES
        for judged in AREA_JUDGES[type(rule.test)](city, rule, rule.test, scopes[rule.applies.unit])
    ]
    if not scopes["district"].names:
        parts += [
            _tabulate_unnamed(pack, rule, code, answer)
            for pack in packs
            for rule in pack.rules
            if rule.applies.unit == "district" and rule.in_force(city.today)
            if type(rule.test) in AREA_JUDGES
            for code, answer in rule.list_answers()
        ]
    return shape_table(_join(parts, list(TARGETS)), "targets")


def _join(parts: Sequence[_Columns], names: Sequence[str]) -> pd.DataFrame:
    """One table of parts, column by column: a column of text is turned into text once."""

    def gather(name: str) -> Iterator[NDArray[Any]]:
        for part in parts:
            yield np.broadcast_to(np.asarray(part[name]), np.shape(part["status"]))

    if not parts:
        return pd.DataFrame({name: [] for name in names})
    columns = {name: np.concatenate(list(gather(name))) for name in names}
    texts = {name for name, column in columns.items() if column.dtype.kind in "OU"}
    return pd.DataFrame(
        {
            name: pd.array(column, dtype="str") if name in texts else column
            for name, column in columns.items()
        }
    )


def _text(value: str) -> NDArray[np.object_]:
    return np.array(value, dtype=object)


def _say(judged: Judgement) -> _Columns:
    texts = [judged.say(row) for row in range(len(judged.status))]
    return {
        "reason": np.array([text.zh.strip() for text in texts], dtype=object),
        "reason_en": np.array([text.en.strip() for text in texts], dtype=object),
    }


def _tabulate(city: CityFacts, pack: StandardPack, rule: Rule, judged: Judgement) -> _Columns:
    """Columns of the gaps table for one answer."""
    status = judged.status
    is_gap, is_met = status == GAP, status == MET
    decided = is_gap | is_met
    travelled = judged.answer.travelled
    by_timetable = travelled and rule.mode == WALK_TRANSIT and city.rides is not None
    limit = dict(rule.list_values())["limit"] if travelled else None
    found = np.where(decided, np.where(is_met, judged.found.low, judged.found.high), np.nan)
    shortfall = np.where(decided, np.maximum(judged.needed - found, 0.0), np.nan)
    affected = np.select([decided, status == UNKNOWN], [judged.affected, np.nan], default=0.0)
    return {
        "community_id": city.communities["community_id"].to_numpy(dtype=object),
        "pack": _text(pack.code),
        "rule": _text(judged.code),
        "kind": _text(rule.kind),
        "attribute": _text(judged.attribute),
        "basis": _text(judged.basis),
        "status": status,
        "cause": _name_causes(judged),
        "needed": judged.needed,
        "found": found,
        "shortfall": np.where(is_met, 0.0, shortfall),
        "unit": _text(judged.unit),
        "households_affected": affected,
        "limit": limit.value if limit else np.nan,
        "limit_unit": _text(limit.unit if limit else ""),
        "mode": _text(rule.mode if limit else ""),
        "timetable_source": _text(city.rides.transit.source if city.rides and by_timetable else ""),
        **_tabulate_place(city, judged.causes, is_gap),
        "settled_by": np.where(status == UNKNOWN, judged.settled_by, ""),
        "substituted_by": _text(""),
        "overlaid": rule.is_overlaid(judged.answer),
        "source_status": _text(rule.answer_status(judged.answer)),
        **_say(judged),
    }


def _tabulate_area(pack: StandardPack, rule: Rule, scope: Scope, judged: Judgement) -> _Columns:
    """Columns of the targets table for one rule."""
    status = judged.status
    decided = (status == GAP) | (status == MET)
    applies = decided | (status == UNKNOWN)
    low, high = judged.found.low, judged.found.high
    shortfall = np.maximum(judged.needed - low, 0.0)
    return {
        "level": _text(scope.level),
        "area": np.array(scope.names, dtype=object),
        "pack": _text(pack.code),
        "rule": _text(judged.code),
        "kind": _text(rule.kind),
        "of": _text(""),
        "status": status,
        "needed": judged.needed,
        "found": np.where(applies, low, np.nan),
        "possible": np.where(applies & np.isfinite(high), high, np.nan),
        "shortfall": np.where(decided, shortfall, np.nan),
        "unit": _text(judged.unit),
        "settled_by": np.where(status == UNKNOWN, judged.settled_by, ""),
        "overlaid": rule.is_overlaid(judged.answer),
        "source_status": _text(rule.answer_status(judged.answer)),
        **_say(judged),
    }


def _tabulate_unnamed(pack: StandardPack, rule: Rule, code: str, answer: Answer) -> _Columns:
    """Columns of a rule on districts where no community says which it belongs to."""
    blank = np.full(1, np.nan)
    return {
        "level": _text("district"),
        "area": np.array([UNNAMED], dtype=object),
        "pack": _text(pack.code),
        "rule": _text(code),
        "kind": _text(rule.kind),
        "of": _text(""),
        "status": np.array([UNKNOWN], dtype=object),
        "needed": blank,
        "found": blank,
        "possible": blank,
        "shortfall": blank,
        "unit": _text(""),
        "settled_by": _text("communities.district"),
        "overlaid": rule.is_overlaid(answer),
        "source_status": _text(rule.answer_status(answer)),
        "reason": _text(
            "没有社区注明所属县区，无法按县区判断；在社区表的“县区”列（district）填写后即可判定。"
        ),
        "reason_en": _text(
            "No community names its district, so districts cannot be judged; the communities table's "
            "column `district` (县区) would settle it."
        ),
    }


def _name_causes(judged: Judgement) -> NDArray[np.object_]:
    names = np.array([*CAUSES, CAUSES[0]], dtype=object)
    none = np.full(len(judged.status), -1)
    main = none if judged.causes is None else judged.causes.cause
    causes = np.where(judged.status == GAP, names[main], "")
    return np.where(judged.status == UNKNOWN, DATA_MISSING, causes)


def _tabulate_place(city: CityFacts, causes: CommunityCauses | None, is_gap: BoolArray) -> _Columns:
    """Columns about the nearest facility and the obstacle, blank where there is no gap."""
    size = len(is_gap)
    nearest_m = np.full(size, np.nan)
    facility = np.full(size, "", dtype=object)
    figures = {
        name: np.full(size, np.nan) for name in ("detour_factor", "barrier_lon", "barrier_lat")
    }
    words = {name: np.full(size, "", dtype=object) for name in ("barrier_kind", "barrier_name")}
    if causes is not None:
        ids = city.pool.facility_ids
        named = np.flatnonzero(is_gap & (causes.facility >= 0))
        facility[named] = ids[causes.facility[named]]
        nearest_m = np.where(is_gap, causes.nearest_m, np.nan)
        for row, obstacle in causes.obstacle.items():
            if not is_gap[row]:
                continue
            detour = obstacle.detour_factor
            figures["detour_factor"][row] = detour if np.isfinite(detour) else np.nan
            figures["barrier_lon"][row], figures["barrier_lat"][row] = obstacle.lon, obstacle.lat
            words["barrier_kind"][row], words["barrier_name"][row] = obstacle.kind, obstacle.name
    return {"nearest_m": nearest_m, "nearest_facility_id": facility, **figures, **words}
