"""Packs as plain values: what the manifest, the legend and `lifecircle standards show` print."""

from typing import Any

from layers.standards.model import Answer, Rule, StandardPack, Value


def describe_pack(pack: StandardPack) -> dict[str, Any]:
    """Return a pack as JSON-ready values, one entry in `rules` per row it is judged in."""
    return {
        "code": pack.code,
        "title_zh": pack.title.zh,
        "title_en": pack.title.en,
        "issuer_zh": pack.issuer.zh,
        "issuer_en": pack.issuer.en,
        "legal_force_zh": pack.legal_force.zh,
        "legal_force_en": pack.legal_force.en,
        "published": pack.published.isoformat(),
        "notes": [{"zh": note.zh, "en": note.en} for note in pack.notes],
        "rules": [
            _describe_answer(rule, code, answer)
            for rule in pack.rules
            for code, answer in rule.list_answers()
        ],
    }


def _describe_answer(rule: Rule, code: str, answer: Answer) -> dict[str, Any]:
    values = dict(rule.list_values())
    limit = values.get("limit") if answer.travelled else None
    source = rule.answer_source(answer)
    return {
        "code": code,
        "rule": rule.code,
        "answer": answer.suffix,
        "title_zh": rule.title.zh + answer.title.zh,
        "title_en": rule.title.en + answer.title.en,
        "kind": rule.kind,
        "inclusive": rule.inclusive,
        "force": rule.force,
        "traveller": rule.traveller,
        "since": rule.since.isoformat(),
        "until": rule.until.isoformat() if rule.until else "",
        "mode": rule.mode if answer.travelled else "",
        "limit": limit.value if limit else None,
        "limit_unit": limit.unit if limit else "",
        "source": {
            "document": source.document.title.zh,
            "document_en": source.document.title.en,
            "clause": source.clause,
            "status": rule.answer_status(answer),
        },
        "values": {name: _describe_value(values[name]) for name in answer.rests_on},
    }


def _describe_value(value: Value) -> dict[str, Any]:
    source = value.source
    return {
        "value": value.value,
        "unit": value.unit,
        "source": {
            "document": source.document.title.zh,
            "document_en": source.document.title.en,
            "clause": source.clause,
            "status": source.status,
            "note_zh": source.note.zh,
            "note_en": source.note.en,
        },
    }
