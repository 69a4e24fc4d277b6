"""One judge per kind of test: what it measures, and the verdict of every community.

A new kind of test needs a dataclass and an entry in `layers.standards.model.TESTS`, and a judge in
`JUDGES`; sources, dates, notes and files come for free.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geo.units import FloatArray, IntArray
from layers.standards.model import Answer, CountWhenHouseholds, Rule, ShareWithin, Text, Value
from services import sentences
from services.cause_sentences import say_cause
from services.causes import CommunityCauses, find_home_causes, sum_causes
from services.cityfacts import (
    Candidates,
    CityFacts,
    Say,
    Settled,
    keep_free,
    list_candidates,
    settle,
)
from services.verdicts import GAP, MET, UNKNOWN, StatusArray, judge_at_least


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """One answer to a rule, per community.

    All arrays have shape `(C,)`; `say` gives the sentence of a row.
    """

    code: str
    answer: Answer
    status: StatusArray
    needed: float
    found: FloatArray
    unit: str
    affected: FloatArray
    causes: CommunityCauses | None
    say: Say


def _judge_share_within(city: CityFacts, rule: Rule, test: ShareWithin) -> list[Judgement]:
    ((code, answer),) = rule.list_answers()
    settled = settle(city, rule, test.limit, None, walked=True)
    candidates = list_candidates(city, rule)
    return [
        _judge_walk(
            city, rule, code, answer, settled, candidates, candidates, test.limit, test.share, 1
        )
    ]


def _judge_count(city: CityFacts, rule: Rule, test: CountWhenHouseholds) -> list[Judgement]:
    candidates = list_candidates(city, rule)
    judged = []
    for code, answer in rule.list_answers():
        settled = settle(city, rule, test.limit, test.households, walked=answer.walked)
        if not answer.walked:
            judged.append(_judge_inside(city, rule, test, code, answer, settled, candidates))
            continue
        free = keep_free(city, candidates) if answer.suffix == "places" else candidates
        judged.append(
            _judge_walk(
                city,
                rule,
                code,
                answer,
                settled,
                candidates,
                free,
                test.limit,
                test.share,
                int(test.count.value),
                lead=lambda row: sentences.say_demand(
                    city.words(rule, test.limit),
                    city.people(row),
                    test.households.value,
                    test.count.value,
                ),
            )
        )
    return judged


def _judge_inside(
    city: CityFacts,
    rule: Rule,
    test: CountWhenHouseholds,
    code: str,
    answer: Answer,
    settled: Settled,
    candidates: Candidates,
) -> Judgement:
    size = len(city.communities)
    words = city.words(rule, test.limit)

    def count(rows: IntArray) -> IntArray:
        place = city.located[rows]
        return np.bincount(place[place >= 0], minlength=size)

    certain, possible, present = (
        count(rows) for rows in (candidates.certain, candidates.possible, candidates.present)
    )
    status = np.where(
        settled.status != "",
        settled.status,
        judge_at_least(certain.astype(float), possible.astype(float), test.count.value),
    )

    def say(row: int) -> Text:
        people = city.people(row)
        lead = sentences.say_demand(words, people, test.households.value, test.count.value)
        body = sentences.say_inside(
            words, status[row], int(certain[row]), int(possible[row]), int(present[row])
        )
        return Text(lead.zh + body.zh, lead.en + body.en)

    return Judgement(
        code=code,
        answer=answer,
        status=status,
        needed=test.count.value,
        found=np.where(status == MET, certain, possible).astype(np.float64),
        unit=test.count.unit,
        affected=np.where(status == GAP, city.located_households, 0.0),
        causes=None,
        say=lambda row: settled.say(row) if settled.status[row] else say(row),
    )


def _judge_walk(
    city: CityFacts,
    rule: Rule,
    code: str,
    answer: Answer,
    settled: Settled,
    candidates: Candidates,
    free: Candidates,
    limit: Value,
    share: Value,
    count: int,
    *,
    lead: Say | None = None,
) -> Judgement:
    """Judge a share of homes within a walk of facilities that qualify and are `free`."""
    words = city.words(rule, limit)
    homes = city.homes
    places = free is not candidates
    open_status = len(candidates.certain) < len(candidates.possible)
    surely = city.served(free.certain, words.limit_m, count)
    maybe = city.served(free.possible, words.limit_m, count)
    covered = homes.sum_where(surely)
    certain, possible = homes.share_where(surely), homes.share_where(maybe)
    status = np.where(
        settled.status != "", settled.status, judge_at_least(certain, possible, share.value)
    )
    lacking = ~maybe & (homes.community >= 0) & (status == GAP)[homes.community]
    causes = sum_causes(
        homes,
        find_home_causes(
            city.walks,
            lacking,
            city.reach(candidates.possible),
            candidates.possible,
            limit_m=words.limit_m,
            severed_detour=city.severed_detour,
            count=count,
            has_full=city.served(candidates.possible, words.limit_m, count) if places else None,
        ),
        city.walks,
        city.barriers,
        severed_detour=city.severed_detour,
    )
    sure = set(candidates.certain.tolist())
    names = city.walks.facilities["name"].to_numpy(dtype=object)

    def say(row: int) -> Text:
        people = replace(city.people(row), named=lead is not None)
        parts = [lead(row)] if lead else []
        if status[row] == MET:
            parts.append(
                sentences.say_share_met(words, people, float(covered[row]), share, places=places)
            )
        elif status[row] == UNKNOWN:
            parts.append(
                sentences.say_share_unknown(
                    words,
                    people,
                    float(certain[row]),
                    float(possible[row]),
                    share,
                    inclusive=open_status,
                    places=places,
                )
            )
        else:
            weight = causes.weight[row]
            main = int(causes.cause[row])
            obstacle = causes.obstacle.get(row)
            named = obstacle.facility if obstacle else int(causes.facility[row])
            parts.append(
                sentences.say_share_gap(words, people, float(weight.sum()), share, places=places)
            )
            parts.append(
                say_cause(
                    words,
                    people,
                    weight,
                    main,
                    obstacle,
                    str(names[named]) if named >= 0 else "",
                    float(causes.nearest_m[row]),
                    doubtful=open_status and named not in sure,
                )
            )
            if possible[row] > certain[row]:
                parts.append(sentences.say_unknown_counted(words, inclusive=open_status))
        return Text("".join(part.zh for part in parts), "".join(part.en for part in parts))

    left_out = np.where(status == MET, homes.sum_where(~surely), homes.sum_where(~maybe))
    return Judgement(
        code=code,
        answer=answer,
        status=status,
        needed=share.value,
        found=np.where(status == MET, certain, possible),
        unit=share.unit,
        affected=np.where(homes.counted, left_out, np.nan),
        causes=causes,
        say=lambda row: settled.say(row) if settled.status[row] else say(row),
    )


JUDGES: Mapping[type[Any], Callable[[CityFacts, Rule, Any], list[Judgement]]] = {
    ShareWithin: _judge_share_within,
    CountWhenHouseholds: _judge_count,
}
"""How each kind of test is judged; a new one needs a dataclass in `model.TESTS` and a line here."""
