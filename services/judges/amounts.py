"""Judges of amounts: so much per households or people, at least so much, how much is missing."""

from collections.abc import Hashable, Mapping

import numpy as np

from geo.units import FloatArray
from layers.standards.model import (
    AmountPer,
    AttributeAtLeast,
    Missing,
    Rule,
    Text,
    Unit,
)
from services.cityfacts import CityFacts
from services.judges.applies import measure_sizes, name_subject, settle
from services.judges.judgement import COMMUNITIES, Judgement, Say, Settled, remember
from services.judges.measures import Measured, measure_amount
from services.scopes import Scope
from services.sentences import amounts as sentences
from services.sentences.figures import WHOLE_UNITS, write_needed
from services.sentences.settled import name_size
from services.verdicts import GAP, MET, SHARE_TOLERANCE, UNKNOWN, Bounds, StatusArray, judge_between

_COLUMN = {"households": "households", "people": "population"}


def judge_attribute(city: CityFacts, rule: Rule, test: AttributeAtLeast) -> list[Judgement]:
    """A column of the communities table reaches so much."""
    ((code, answer),) = rule.list_answers()
    scope = city.scope
    attribute = city.attributes[test.attribute]
    thing = sentences.name_attribute(attribute)
    found = scope.sum_column(test.attribute)
    settled = settle(city, rule, scope, measure_sizes(city, rule, scope))
    needed = np.full(len(scope), test.least.value)
    opens = np.full(len(scope), f"{COMMUNITIES}.{test.attribute}", dtype=object)
    status = settled.over(judge_between(found, Bounds(needed, needed)))

    def say(row: int) -> Text:
        subject = name_subject(city, scope, row)
        if status[row] in {MET, GAP}:
            return sentences.say_least(
                subject, thing, status[row], float(found.low[row]), test.least
            )
        ask = write_needed(test.least)
        named = [(test.attribute, _name_column(city, test.attribute))]
        return sentences.say_columns_missing(subject, named, ask)

    return [
        Judgement(
            code=code,
            answer=answer,
            status=status,
            needed=needed,
            found=found,
            unit=test.least.unit,
            affected=_list_affected(city, scope, status),
            settled_by=settled.over_settled_by(opens),
            say=settled.over_say(_remember(city, scope, status, say, opens)),
            attribute=test.attribute,
        )
    ]


def judge_amount_per(
    city: CityFacts, rule: Rule, test: AmountPer, scope: Scope | None = None
) -> list[Judgement]:
    """So much of something for every so many households or people."""
    ((code, answer),) = rule.list_answers()
    scope = city.scope if scope is None else scope
    measured = measure_amount(city, rule, test.measure, scope)
    column = _COLUMN[test.per.unit]
    per, total = scope.sum_column(column), measured.total
    found = Bounds(
        _divide(total.low, per.high / test.per.value), _divide(total.high, per.low / test.per.value)
    )
    settled = _settle_amount(city, rule, scope, measured, per)
    needed = np.full(len(scope), test.amount.value)
    opens = _list_settlers(measured, {column: per})
    status = settled.over(judge_between(found, Bounds(needed, needed)))

    def say(row: int) -> Text:
        subject = name_subject(city, scope, row)
        met = status[row] == MET
        if status[row] in {MET, GAP}:
            have = total.low[row] if met else total.high[row]
            number = per.high[row] if met else per.low[row]
            return sentences.say_amount(
                subject,
                measured.thing,
                status[row],
                float(have),
                float(found.low[row] if met else found.high[row]),
                test.amount,
                test.per,
                float(number),
                float(test.amount.value * number / test.per.value - have),
                counted=bool(per.known[row]),
            )
        by = sentences.reckon_per(test.per, np.nan)
        ask = sentences.write_ask(measured.thing, test.amount, test.per, by)
        return _say_open(city, rule, scope, measured, row, {column: per}, ask)

    return [
        Judgement(
            code=code,
            answer=answer,
            status=status,
            needed=needed,
            found=found,
            unit=test.amount.unit,
            affected=_list_affected(city, scope, status),
            settled_by=settled.over_settled_by(opens),
            say=settled.over_say(_remember(city, scope, status, say, opens)),
            attribute=measured.attribute,
        )
    ]


def judge_missing(
    city: CityFacts, rule: Rule, test: Missing, scope: Scope | None = None
) -> list[Judgement]:
    """How much is missing of what is needed."""
    ((code, answer),) = rule.list_answers()
    scope = city.scope if scope is None else scope
    measured = measure_amount(city, rule, test.measure, scope)
    ones = np.ones(len(scope))
    column = _COLUMN[test.per.unit] if test.per else test.needed_attribute
    by = scope.sum_column(column) if column else Bounds(ones, ones)
    each = test.needed.value / (test.per.value if test.per else 1.0)
    asked = {column: by} if column else {}
    unit = measured.thing.unit
    needed = Bounds(_round_up(by.low * each, unit), _round_up(by.high * each, unit))
    settled = _settle_amount(city, rule, scope, measured, by if test.per else None)
    opens = _list_settlers(measured, asked)
    status = settled.over(judge_between(measured.total, needed))
    found = measured.total

    def say(row: int) -> Text:
        subject = name_subject(city, scope, row)
        number = by.low[row] if status[row] in {MET, GAP} else np.nan
        attribute = city.attributes.get(test.needed_attribute)
        reckoning = sentences.reckon(test.per, attribute, float(number))
        if status[row] in {MET, GAP}:
            have = found.low[row] if status[row] == MET else found.high[row]
            return sentences.say_missing(
                subject,
                measured.thing,
                float(needed.low[row]),
                float(have),
                test.needed,
                reckoning,
                test.per,
                inside=not measured.attribute,
            )
        ask = sentences.write_ask(measured.thing, test.needed, test.per, reckoning)
        return _say_open(city, rule, scope, measured, row, asked, ask)

    return [
        Judgement(
            code=code,
            answer=answer,
            status=status,
            needed=np.where(needed.known | (status == GAP), needed.low, np.nan),
            found=measured.total,
            unit=test.needed.unit,
            affected=_list_affected(city, scope, status),
            settled_by=settled.over_settled_by(opens),
            say=settled.over_say(_remember(city, scope, status, say, opens)),
            attribute=measured.attribute,
        )
    ]


def _settle_amount(
    city: CityFacts, rule: Rule, scope: Scope, measured: Measured, per: Bounds | None
) -> Settled:
    about_facilities = not measured.attribute
    return settle(
        city,
        rule,
        scope,
        measure_sizes(city, rule, scope),
        words=city.words(rule) if about_facilities else None,
        kinds=[rule.kind] if about_facilities else [],
        per=per,
    )


def _list_affected(city: CityFacts, scope: Scope, status: StatusArray) -> FloatArray:
    """Shape `(N,)`: all households of a community that misses it."""
    if scope.level != "community":
        return np.full(len(scope), np.nan)
    return np.where(status == GAP, city.located_households, 0.0)


def _list_settlers(measured: Measured, by: Mapping[str, Bounds]) -> StatusArray:
    """Shape `(N,)`: what would settle an amount, and what it is for so many of."""
    of_total = np.where(measured.total.known, "", ",".join(measured.settled_by))
    texts = [of_total]
    texts += [np.where(size.known, "", f"{COMMUNITIES}.{name}") for name, size in by.items()]
    return np.array([",".join(filter(None, row)) for row in zip(*texts, strict=True)], dtype=object)


def _remember(
    city: CityFacts, scope: Scope, status: StatusArray, say: Say, opens: StatusArray
) -> Say:
    """Say once what blank columns of the communities table leave open."""

    def key(row: int) -> Hashable | None:
        if scope is not city.scope or status[row] != UNKNOWN or COMMUNITIES not in opens[row]:
            return None
        return (opens[row], bool(city.is_cell[row]))

    return remember(say, key)


def _say_open(
    city: CityFacts,
    rule: Rule,
    scope: Scope,
    measured: Measured,
    row: int,
    by: Mapping[str, Bounds],
    ask: Text,
) -> Text:
    """Return what would settle an amount: columns of communities, else of facilities."""
    subject = name_subject(city, scope, row)
    columns = [name for name, size in by.items() if not size.known[row]]
    if measured.attribute and not measured.total.known[row]:
        columns.insert(0, measured.attribute)
    if columns:
        return sentences.say_columns_missing(
            subject, [(name, _name_column(city, name)) for name in dict.fromkeys(columns)], ask
        )
    return sentences.say_sizes_missing(
        subject,
        city.words(rule),
        measured.thing,
        int(measured.present[row]),
        int(measured.blank[row]),
        float(measured.total.low[row]),
        measured.columns,
        ask,
    )


def _name_column(city: CityFacts, name: str) -> Text:
    attribute = city.attributes.get(name)
    return Text(attribute.name_zh, attribute.name_en) if attribute else name_size(name)


def _divide(total: FloatArray, per: FloatArray) -> FloatArray:
    """Amount for every so many: 0 of nothing, inf where there may be none to share it."""
    ratio = np.where(total > 0, np.inf, 0.0)
    np.divide(total, per, out=ratio, where=(per > 0) & (total > 0) & np.isfinite(total))
    return ratio


def _round_up(amount: FloatArray, unit: Unit) -> FloatArray:
    """Amounts needed: of what there is no half, a part counts as a whole."""
    if unit not in WHOLE_UNITS:
        return amount
    whole: FloatArray = np.ceil(amount * (1.0 - SHARE_TOLERANCE))
    return whole
