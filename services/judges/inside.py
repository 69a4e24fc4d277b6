"""Judges of facilities inside a boundary: of a community, a cluster, a district, a city."""

from collections.abc import Hashable

import numpy as np

from layers.standards.model import Answer, CountInside, Rule, Text, Value
from services.cityfacts import CityFacts
from services.judges.applies import Reached, measure_sizes, name_subject, settle
from services.judges.judgement import (
    COMMUNITIES,
    FACILITIES,
    Judgement,
    list_settlers,
    name_columns,
    remember,
)
from services.people import join
from services.scopes import Scope
from services.sentences.counts import say_cluster_unsure, say_inside
from services.sentences.settled import say_demand
from services.verdicts import GAP, UNKNOWN, Bounds, judge_between


def judge_count_inside(
    city: CityFacts, rule: Rule, test: CountInside, scope: Scope | None = None
) -> list[Judgement]:
    """So many facilities lie inside the boundary."""
    ((code, answer),) = rule.list_answers()
    scope = city.scope if scope is None else scope
    reached = measure_sizes(city, rule, scope)
    return [judge_inside(city, rule, scope, reached, code, answer, test.count)]


def judge_inside(
    city: CityFacts,
    rule: Rule,
    scope: Scope,
    reached: Reached,
    code: str,
    answer: Answer,
    count: Value,
) -> Judgement:
    """Judge how many facilities lie inside, over the whole cluster where there is one."""
    words = city.words(rule)
    candidates = city.pool.list_candidates(rule)
    settled = settle(city, rule, scope, reached, words=words, kinds=[rule.kind])
    inside = Bounds(
        scope.sum_facilities(candidates.certain), scope.sum_facilities(candidates.possible)
    )
    present = scope.sum_facilities(candidates.present)
    found, nearby = inside, np.zeros(len(scope), dtype=np.bool_)
    needed = np.full(len(scope), count.value)
    if reached.clusters is not None:
        found = reached.clusters.count(inside)
        present = reached.clusters.sum_sure(present)
        nearby = reached.clusters.sum_sure(inside.high) < needed
    status = settled.over(judge_between(found, Bounds(needed, needed)))
    columns = name_columns(FACILITIES, candidates.open)
    sizes = name_columns(COMMUNITIES, [column for column, _, _ in reached.sizes])

    def say(row: int) -> Text:
        subject = name_subject(city, scope, row, reached)
        lead = say_demand(subject, words, reached.list_sizes(row), count)
        if status[row] == UNKNOWN and nearby[row]:
            return join(lead, say_cluster_unsure(subject, [name for name, _, _ in reached.sizes]))
        body = say_inside(
            subject,
            words,
            status[row],
            int(found.low[row]),
            int(found.high[row]),
            int(present[row]),
            candidates.open,
        )
        return join(lead, body)

    def key(row: int) -> Hashable | None:
        if reached.sizes or scope is not city.scope:
            return None
        cell = bool(city.is_cell[row])
        return (status[row], found.low[row], found.high[row], present[row], cell)

    affected = np.full(len(scope), np.nan)
    if scope.level == "community":
        affected = np.where(status == GAP, city.located_households, 0.0)
    return Judgement(
        code=code,
        answer=answer,
        status=status,
        needed=needed,
        found=found,
        unit=count.unit,
        affected=affected,
        settled_by=settled.over_settled_by(
            np.where(nearby, list_settlers(sizes), list_settlers(columns))
        ),
        say=settled.over_say(remember(say, key)),
    )
