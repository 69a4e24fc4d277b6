"""Packs as plain values: what the manifest, the legend and `lifecircle standards show` print."""

from typing import Any

from layers.standards.model import (
    SUMMED_UNITS,
    TESTS,
    Answer,
    Card,
    Document,
    Measure,
    Rule,
    Source,
    StandardPack,
    Text,
    Value,
)

_WORDS = {spec.build: word for word, spec in TESTS.items()}


def describe_pack(pack: StandardPack) -> dict[str, Any]:
    """Return a pack as JSON-ready values, one entry in `rules` per row it is judged in."""
    return {
        "code": pack.code,
        **_both("title", pack.title),
        **_both("issuer", pack.issuer),
        **_both("legal_force", pack.legal_force),
        "published": pack.published.isoformat(),
        "notes": [{"zh": note.zh, "en": note.en} for note in pack.notes],
        "documents": [_describe_document(document) for document in pack.documents],
        "rules": [
            _describe_answer(rule, code, answer)
            for rule in pack.rules
            for code, answer in rule.list_answers()
        ],
        "cards": [_describe_card(pack, card) for card in pack.cards],
    }


def _both(name: str, text: Text) -> dict[str, str]:
    return {f"{name}_zh": text.zh, f"{name}_en": text.en}


def _describe_document(document: Document) -> dict[str, Any]:
    return {
        "code": document.code,
        **_both("title", document.title),
        "published": document.published.isoformat() if document.published else "",
        "address": document.address,
    }


def _describe_card(pack: StandardPack, card: Card) -> dict[str, Any]:
    return {
        "code": card.code,
        "about": card.about,
        **_both("title", card.title),
        "answers": list(pack.list_card_answers(card)),
        "includes": list(card.includes),
        **_both("note", card.note),
    }


def _describe_answer(rule: Rule, code: str, answer: Answer) -> dict[str, Any]:
    values = rule.answer_values(answer)
    limit = values.get("limit") if answer.travelled else None
    source = rule.answer_source(answer)
    test = rule.test
    return {
        "code": code,
        "rule": rule.code,
        "answer": answer.suffix,
        **_both("rule_title", rule.title),
        "title_zh": rule.title.zh + answer.title.zh,
        "title_en": rule.title.en + answer.title.en,
        "test": _WORDS[type(test)],
        "kind": rule.kind,
        "kinds": _list_kinds(rule),
        "inclusive": rule.inclusive,
        **_both("noun", rule.noun or Text("", "")),
        "counter": rule.counter,
        "force": rule.force,
        "traveller": rule.traveller,
        "since": rule.since.isoformat(),
        "until": rule.until.isoformat() if rule.until else "",
        "original_dates": _describe_dates(rule),
        "mode": rule.mode if answer.travelled else "",
        "limit": limit.value if limit else None,
        "limit_unit": limit.unit if limit else "",
        "unit": rule.applies.unit,
        "applies": {
            "unit": rule.applies.unit,
            "households": _describe_optional(rule.applies.households),
            "population": _describe_optional(rule.applies.population),
        },
        "minimum": [
            {"size": one.size, "least": one.least.value, "unit": one.least.unit}
            for one in rule.minimum
        ],
        **_describe_parts(rule),
        "substituted_by": list(rule.substituted_by.rules) if rule.substituted_by else [],
        "substitution_source": (
            _describe_source(rule.substituted_by.source) if rule.substituted_by else None
        ),
        "overlaid": rule.is_overlaid(answer),
        "source": {
            **_describe_document_of(source),
            "clause": source.clause,
            "status": rule.answer_status(answer),
        },
        "values": {name: _describe_value(value) for name, value in values.items()},
    }


def _list_kinds(rule: Rule) -> list[str]:
    """Return every kind a rule looks at: its own, those of alternatives and groups."""
    others = [other.kind for other in getattr(rule.test, "alternatives", ())]
    grouped = [kind for group in getattr(rule.test, "groups", ()) for kind in group.kinds]
    return list(dict.fromkeys(kind for kind in (rule.kind, *others, *grouped) if kind))


def _describe_parts(rule: Rule) -> dict[str, Any]:
    """What a test holds beside figures; empty where it holds none of it."""
    test = rule.test
    measure: Measure = getattr(test, "measure", Measure())
    return {
        "attribute": measure.attribute or getattr(test, "attribute", ""),
        "summed": measure.summed,
        "summed_unit": SUMMED_UNITS[measure.summed] if measure.summed else "",
        "needed_attribute": getattr(test, "needed_attribute", ""),
        "basis": getattr(test, "basis", ""),
        "groups": [
            {**_both("title", group.title), "kinds": list(group.kinds)}
            for group in getattr(test, "groups", ())
        ],
        "alternatives": [
            {
                "kind": other.kind,
                "limit": other.limit.value,
                "limit_unit": other.limit.unit,
                "minimum": [
                    {"size": one.size, "least": one.least.value, "unit": one.least.unit}
                    for one in other.minimum
                ],
            }
            for other in getattr(test, "alternatives", ())
        ],
        "of": getattr(test, "of", ""),
    }


def _describe_dates(rule: Rule) -> dict[str, str] | None:
    if rule.original_dates is None:
        return None
    since, until = rule.original_dates
    return {"since": since.isoformat(), "until": until.isoformat() if until else ""}


def _describe_optional(value: Value | None) -> float | None:
    return None if value is None else value.value


def _describe_document_of(source: Source) -> dict[str, str]:
    document = source.document
    return {
        "document": document.title.zh,
        "document_en": document.title.en,
        "address": document.address,
    }


def _describe_source(source: Source) -> dict[str, str]:
    return {
        **_describe_document_of(source),
        "clause": source.clause,
        "status": source.status,
        **_both("note", source.note),
    }


def _describe_value(value: Value) -> dict[str, Any]:
    return {
        "value": value.value,
        "unit": value.unit,
        "source": _describe_source(value.source),
        "original": None
        if value.original is None
        else {
            "value": value.original.value,
            "unit": value.original.unit,
            "source": _describe_source(value.original.source),
        },
    }
