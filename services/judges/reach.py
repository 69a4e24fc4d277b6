"""Judges of shares: homes, buildings or land within reach of facilities."""

from collections.abc import Sequence

import numpy as np

from geo.units import FloatArray
from layers.standards.model import (
    Answer,
    Basis,
    CountProvided,
    CountWithin,
    Rule,
    ShareWithin,
    Text,
    Value,
)
from services.cityfacts import CityFacts
from services.judges.applies import GTFS, Reached, measure_sizes, name_subject, settle
from services.judges.inside import judge_inside
from services.judges.judgement import (
    FACILITIES,
    Judgement,
    Say,
    Settled,
    list_settlers,
    name_columns,
    remember,
)
from services.judges.telling import Telling
from services.judges.ways import Way, build_other_way, build_way
from services.judges.why import find_causes
from services.sentences.settled import say_demand
from services.verdicts import GAP, MET, Bounds, judge_at_least


def judge_share_within(city: CityFacts, rule: Rule, test: ShareWithin) -> list[Judgement]:
    """So large a share of the homes has a facility, or an alternative, within reach."""
    ((code, answer),) = rule.list_answers()
    ways = [build_way(city, rule, test.limit)]
    ways += [build_other_way(city, rule, other) for other in test.alternatives]
    reached = measure_sizes(city, rule, city.scope)
    settled = settle_ways(city, rule, reached, ways, test.basis)
    return [judge_ways(city, code, answer, settled, ways, test.share, test.basis)]


def judge_count_within(city: CityFacts, rule: Rule, test: CountWithin) -> list[Judgement]:
    """So large a share of the households has so many facilities within reach."""
    ((code, answer),) = rule.list_answers()
    ways = [build_way(city, rule, test.limit, count=int(test.count.value))]
    settled = settle_ways(city, rule, measure_sizes(city, rule, city.scope), ways)
    return [judge_ways(city, code, answer, settled, ways, test.share)]


def judge_count_provided(city: CityFacts, rule: Rule, test: CountProvided) -> list[Judgement]:
    """So many facilities inside, within reach, and within reach with free places."""
    reached = measure_sizes(city, rule, city.scope)
    count = int(test.count.value)
    words = city.words(rule, test.limit)

    def lead(row: int) -> Text:
        subject = name_subject(city, city.scope, row, reached)
        return say_demand(subject, words, reached.list_sizes(row), test.count)

    judged = []
    for code, answer in rule.list_answers():
        if not answer.travelled:
            judged.append(judge_inside(city, rule, city.scope, reached, code, answer, test.count))
            continue
        places = answer.suffix == "places"
        ways = [build_way(city, rule, test.limit, count=count, places=places)]
        settled = settle_ways(city, rule, reached, ways)
        judged.append(judge_ways(city, code, answer, settled, ways, test.share, lead=lead))
    return judged


def settle_ways(
    city: CityFacts,
    rule: Rule,
    reached: Reached,
    ways: Sequence[Way],
    basis: Basis = "households",
) -> Settled:
    """Decide what needs no facility, for a rule on what lies within reach."""
    kinds = list(dict.fromkeys(way.kind for way in ways))
    return settle(city, rule, city.scope, reached, words=ways[0].words, kinds=kinds, basis=basis)


def judge_ways(
    city: CityFacts,
    code: str,
    answer: Answer,
    settled: Settled,
    ways: Sequence[Way],
    share: Value,
    basis: Basis = "households",
    *,
    lead: Say | None = None,
) -> Judgement:
    """Judge the share that one of the ways serves.

    Causes are those of the first way; of the next where the data hold no facility of its kind.

    Parameters
    ----------
    lead
        A sentence that stands before, and names of whom it speaks.
    """
    ground = city.grounds[basis]
    homes = ground.homes
    surely = np.logical_or.reduce([way.serves(ground) for way in ways])
    maybe = np.logical_or.reduce([way.may_serve(ground) for way in ways])
    covered = homes.sum_where(surely)
    found = Bounds(homes.share_where(surely), homes.share_where(maybe))
    status = settled.over(judge_at_least(found.low, found.high, share.value))
    main = next((way for way in ways if not way.absent), ways[0])
    causes = find_causes(city, ground, main, status == GAP, ~maybe)
    columns = list(dict.fromkeys(name for way in ways for name in way.free.open))
    untimed = [GTFS] if ground.lacks_timetable(ways[0].bound) else []
    telling = Telling(city, ways, main, share, basis, status, found, covered, causes, columns, lead)
    return Judgement(
        code=code,
        answer=answer,
        status=status,
        needed=np.full(len(status), share.value),
        found=found,
        unit=share.unit,
        affected=np.where(
            status == MET,
            _sum_left_out(city, ways, sure=True),
            _sum_left_out(city, ways, sure=False),
        ),
        settled_by=settled.over_settled_by(
            list_settlers(untimed, name_columns(FACILITIES, columns))
        ),
        say=settled.over_say(remember(telling.say, telling.key)),
        causes=causes,
        basis=basis,
    )


def _sum_left_out(city: CityFacts, ways: Sequence[Way], *, sure: bool) -> FloatArray:
    """Households none of the ways serves, shape `(C,)`; NaN where they are not counted."""
    homes = city.ground.homes
    served = [way.serves(city.ground) if sure else way.may_serve(city.ground) for way in ways]
    return np.where(homes.counted, homes.sum_where(~np.logical_or.reduce(served)), np.nan)
