"""One judge per kind of test: what it measures, and the verdict of every community.

A new kind of test needs a dataclass and an entry in `layers.standards.model.TESTS`, and a judge in
`JUDGES`; sources, dates, notes and files come for free.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geo.units import BoolArray, FloatArray, IntArray
from layers.standards.model import Answer, CountWhenHouseholds, Rule, ShareWithin, Text, Value
from services import journey_sentences, sentences
from services.cause_sentences import say_cause
from services.causes import (
    TOO_FAR,
    CommunityCauses,
    HomeCauses,
    find_home_causes,
    sum_causes,
)
from services.cityfacts import (
    Bound,
    Candidates,
    CityFacts,
    Say,
    Settled,
    keep_free,
    list_candidates,
    settle,
)
from services.journey_causes import find_journey_causes
from services.rides import WALK_TRANSIT
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
    settled = settle(city, rule, test.limit, None, travelled=True)
    candidates = list_candidates(city, rule)
    return [
        _judge_reach(
            city, rule, code, answer, settled, candidates, candidates, test.limit, test.share, 1
        )
    ]


def _judge_count(city: CityFacts, rule: Rule, test: CountWhenHouseholds) -> list[Judgement]:
    candidates = list_candidates(city, rule)
    judged = []
    for code, answer in rule.list_answers():
        settled = settle(city, rule, test.limit, test.households, travelled=answer.travelled)
        if not answer.travelled:
            judged.append(_judge_inside(city, rule, test, code, answer, settled, candidates))
            continue
        free = keep_free(city, candidates) if answer.suffix == "places" else candidates
        judged.append(
            _judge_reach(
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


def _judge_reach(
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
    """Judge a share of homes within reach of facilities that qualify and are `free`."""
    words = city.words(rule, limit)
    bound = city.bound(rule, limit)
    untimed = city.lacks_timetable(bound)
    homes = city.homes
    places = free is not candidates
    open_status = len(candidates.certain) < len(candidates.possible)
    surely = city.served(free.certain, bound, count)
    maybe = city.may_serve(free.possible, bound, count)
    covered = homes.sum_where(surely)
    certain, possible = homes.share_where(surely), homes.share_where(maybe)
    status = np.where(
        settled.status != "", settled.status, judge_at_least(certain, possible, share.value)
    )
    lacking = ~maybe & (homes.community >= 0) & (status == GAP)[homes.community]
    causes = sum_causes(
        homes,
        _find_causes(
            city,
            lacking,
            candidates.possible,
            bound,
            count=count,
            has_full=city.may_serve(candidates.possible, bound, count) if places else None,
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
        elif status[row] == UNKNOWN and untimed:
            parts.append(
                journey_sentences.say_timetable_missing(
                    words,
                    people,
                    float(certain[row]),
                    share,
                    inclusive=open_status,
                    places=places,
                )
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
                    journeys=_list_journeys(city, bound, causes, row),
                    doubtful=open_status and named not in sure,
                )
            )
            if possible[row] > certain[row]:
                parts.append(sentences.say_unknown_counted(words, inclusive=open_status))
        parts.append(_say_basis(city, bound, status[row]))
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


def _find_causes(
    city: CityFacts,
    lacking: BoolArray,
    facility_rows: IntArray,
    bound: Bound,
    *,
    count: int,
    has_full: BoolArray | None,
) -> HomeCauses:
    """Why homes are left out, on foot or by the timetable."""
    reach = city.reach(facility_rows)
    if bound.mode != WALK_TRANSIT:
        return find_home_causes(
            city.walks,
            lacking,
            reach,
            facility_rows,
            limit_m=bound.walk_m,
            severed_detour=city.severed_detour,
            count=count,
            has_full=has_full,
        )
    journey = city.journey(facility_rows, bound.speed_m_s)
    return find_journey_causes(
        city.walks,
        lacking,
        reach.walk_m / bound.speed_m_s if journey is None else journey.times.typical_s,
        reach.facility if journey is None else journey.facility,
        facility_rows,
        city.find_stopless(bound.speed_m_s),
        limit_m=bound.walk_m,
        has_full=has_full,
    )


def _list_journeys(
    city: CityFacts, bound: Bound, causes: CommunityCauses, row: int
) -> journey_sentences.Journeys | None:
    """Journeys of those left out in a community, where public transport counts."""
    if bound.mode != WALK_TRANSIT:
        return None
    return journey_sentences.Journeys(
        median_s=float(causes.journey_s[row]),
        far=float(causes.weight[row, TOO_FAR]),
        stopless=float(causes.stopless[row]),
        walk_min=np.nan if city.rides is None else city.rides.settings.walk_min,
    )


def _say_basis(city: CityFacts, bound: Bound, status: str) -> Text:
    """Return what rides were timed by, where they count."""
    if bound.mode != WALK_TRANSIT:
        return Text("", "")
    if city.rides is None:
        return journey_sentences.say_met_on_foot() if status == MET else Text("", "")
    settings = city.rides.settings
    return journey_sentences.say_timetable(
        city.rides.transit.source, settings.depart_from, settings.depart_to, settings.percentile
    )


JUDGES: Mapping[type[Any], Callable[[CityFacts, Rule, Any], list[Judgement]]] = {
    ShareWithin: _judge_share_within,
    CountWhenHouseholds: _judge_count,
}
"""How each kind of test is judged; a new one needs a dataclass in `model.TESTS` and a line here."""
