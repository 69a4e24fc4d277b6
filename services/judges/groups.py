"""Judge of groups of services: so many of them within reach of so large a share of the homes."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.units import BoolArray
from layers.standards.model import Group, GroupsWithin, Rule, Text
from services import journey_sentences
from services.causes import CommunityCauses, merge_causes
from services.cityfacts import CityFacts
from services.judges.applies import GTFS, measure_sizes, settle
from services.judges.judgement import (
    FACILITIES,
    Judgement,
    list_settlers,
    name_columns,
    name_kinds,
    remember,
)
from services.judges.telling import key_causes, say_way_cause
from services.judges.ways import Way
from services.judges.why import find_causes, say_basis
from services.people import join, write_share
from services.sentences.groups import GroupState, say_groups
from services.sentences.words import list_open
from services.verdicts import (
    GAP,
    SHARE_TOLERANCE,
    Bounds,
    StatusArray,
    judge_between,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """One group, and who reaches it: homes surely and maybe `(H,)`, shares of them `(C,)`."""

    group: Group
    ways: tuple[Way, ...]
    surely: BoolArray
    maybe: BoolArray
    share: Bounds

    @property
    def absent(self) -> bool:
        """Whether the data hold none of its kinds."""
        return all(way.absent for way in self.ways)


def judge_groups(city: CityFacts, rule: Rule, test: GroupsWithin) -> list[Judgement]:
    """So many of the groups are within reach of so large a share of the households."""
    ((code, answer),) = rule.list_answers()
    homes = city.ground.homes
    groups = [_reach_group(city, rule, test, group) for group in test.groups]
    least = test.share.value - SHARE_TOLERANCE
    certain = np.array([one.share.low >= least for one in groups])
    possible = np.array([one.share.high >= least for one in groups])
    found = Bounds(certain.sum(axis=0).astype(float), possible.sum(axis=0).astype(float))
    settled = settle(
        city, rule, city.scope, measure_sizes(city, rule, city.scope), basis="households"
    )
    needed = np.full(len(city.scope), test.count.value)
    status = settled.over(judge_between(found, Bounds(needed, needed)))
    causes, worst = _find_worst(city, groups, possible, status)
    columns = list(
        dict.fromkeys(name for one in groups for way in one.ways for name in way.free.open)
    )
    absent = list(dict.fromkeys(way.kind for one in groups if one.absent for way in one.ways))
    words = city.words(rule, test.limit)
    untimed = bool(groups) and city.ground.lacks_timetable(groups[0].ways[0].bound)
    settle_text = _name_settlers(columns, absent=bool(absent), untimed=untimed)

    def list_states(row: int) -> list[GroupState]:
        return [
            GroupState(
                title=one.group.title,
                possible=float(one.share.high[row]),
                absent=one.absent,
                reached=bool(certain[at, row]),
                lost=not possible[at, row],
            )
            for at, one in enumerate(groups)
        ]

    def say(row: int) -> Text:
        people, states = city.people(row), list_states(row)
        parts = [
            say_groups(words, people, states, status[row], test.count, test.share, settle_text)
        ]
        if causes is not None and status[row] == GAP:
            way, title = groups[worst[row]].ways[0], groups[worst[row]].group.title
            cause = say_way_cause(city, way, replace(people, named=True), causes, row)
            told = cause.en.strip()
            parts.append(
                Text(
                    f"以{title.zh}为例，{cause.zh}",
                    f" For {title.en}, {told[:1].lower()}{told[1:]}",
                )
            )
        return join(*parts, say_basis(city, groups[0].ways[0].bound, status[row]))

    def key(row: int) -> Hashable | None:
        people = city.people(row)
        told: Hashable = (people.cell, people.streets)
        if causes is not None and status[row] == GAP:
            told = key_causes(groups[worst[row]].ways[0], people, causes, row)
            if told is None:
                return None
        shares = tuple(
            (bool(certain[at, row]), bool(possible[at, row]) or write_share(one.share.high[row]))
            for at, one in enumerate(groups)
        )
        return (status[row], told, int(worst[row]), shares)

    few = np.sum([one.maybe for one in groups], axis=0) < test.count.value
    sure = np.sum([one.surely for one in groups], axis=0) < test.count.value
    left_out = np.where(status == GAP, homes.sum_where(few), homes.sum_where(sure))
    return [
        Judgement(
            code=code,
            answer=answer,
            status=status,
            needed=needed,
            found=found,
            unit=test.count.unit,
            affected=np.where(homes.counted, left_out, np.nan),
            settled_by=settled.over_settled_by(
                list_settlers(
                    [GTFS] if untimed else [], name_columns(FACILITIES, columns), name_kinds(absent)
                )
            ),
            say=settled.over_say(remember(say, key)),
            causes=causes,
        )
    ]


def _reach_group(city: CityFacts, rule: Rule, test: GroupsWithin, group: Group) -> _Reached:
    """Who reaches a group: anyone who reaches a facility of any of its kinds."""
    ground = city.ground
    ways = []
    for kind in group.kinds:
        found = city.pool.find(kind, rule.minimum)
        bound = city.bound(rule, test.limit, kind)
        words = replace(city.words(rule, test.limit), kind=group.title, plain=group.title)
        words = replace(words, limit_m=bound.walk_m)
        ways.append(Way(words, kind, found, found, bound))
    surely = np.logical_or.reduce([way.serves(ground) for way in ways])
    maybe = np.logical_or.reduce([way.may_serve(ground) for way in ways])
    if all(way.absent for way in ways):  # unmapped, for all we know
        maybe = np.ones(len(ground), dtype=np.bool_)
    share = Bounds(ground.homes.share_where(surely), ground.homes.share_where(maybe))
    return _Reached(group, tuple(ways), surely, maybe, share)


def _find_worst(
    city: CityFacts, groups: Sequence[_Reached], possible: np.ndarray, status: StatusArray
) -> tuple[CommunityCauses | None, np.ndarray]:
    """Why most homes lack the group that most homes lack, by community with a gap.

    Returns
    -------
    causes
        None where there is no gap.
    worst
        Shape `(C,)`: number of that group, -1 where there is none.
    """
    size = len(city.scope)
    worst = np.full(size, -1)
    causes: CommunityCauses | None = None
    if not (status == GAP).any():
        return None, worst
    shares = np.where(possible, np.inf, np.array([one.share.high for one in groups]))
    lowest = np.argmin(np.round(shares, 9), axis=0)
    is_gap = status == GAP
    worst[is_gap] = lowest[is_gap]
    for at in np.unique(worst[is_gap]).tolist():
        one, rows = groups[at], worst == at
        kinds = [way for way in one.ways if not way.absent]
        merged = np.unique(np.concatenate([way.candidates.possible for way in kinds]))
        certain = np.unique(np.concatenate([way.candidates.certain for way in kinds]))
        candidates = replace(kinds[0].candidates, possible=merged, certain=certain)
        way = replace(kinds[0], candidates=candidates, free=candidates)
        found = find_causes(city, city.ground, way, rows, ~one.maybe)
        if found is not None:
            causes = found if causes is None else merge_causes(causes, found, rows)
    return causes, worst


def _name_settlers(columns: Sequence[str], *, absent: bool, untimed: bool) -> Text:
    """Return what would settle how many groups are reached."""
    _, settle = list_open(columns)
    parts = [journey_sentences.SETTLE_TIMETABLE] if untimed else []
    parts += [settle] if settle.zh else []
    if absent:
        missing = Text("设施表中没有收录的这些设施", "a facilities table that lists those")
        parts.append(missing)
    return Text("，以及".join(one.zh for one in parts), " and ".join(one.en for one in parts))
