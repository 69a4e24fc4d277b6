"""How binding a rule is, and where its figures come from: a paragraph of an explanation."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from layers.standards.model import Text
from services.explain_names import Entry, Names
from services.people import join
from services.standards_facts import STATUS, name_figure, write_figure

_FORCE: Mapping[str, Text] = MappingProxyType(
    {
        "shall": Text("“应”，属于必须达到的要求", "“shall”: it must be met"),
        "should": Text("“宜”，属于条件许可时应做到的要求", "“should”: it ought to be met"),
        "strive": Text(
            "“力争”，属于努力方向，不是强制要求", "“strive”: to be worked for, not mandatory"
        ),
        "target": Text("工作目标，不是强制要求", "a stated goal, not a mandatory demand"),
        "practice": Text("已有做法，不是强制要求", "reported practice, not a mandatory demand"),
    }
)


def say_source(answers: Sequence[Entry], pack: Entry, names: Names) -> Text:
    """Say how binding a rule is, since when, and where each of its figures comes from."""
    rule = answers[0]
    force = _FORCE[rule["force"]]
    until = rule["until"]
    parts = [
        Text(
            f"发布机构：{pack['issuer_zh']}。效力：{pack['legal_force_zh']}。本规则的措辞为{force.zh}。",
            f"Issued by: {pack['issuer_en']}. Force of the pack: {pack['legal_force_en']}. The rule's "
            f"own wording is {force.en}.",
        ),
        Text(
            f"自{rule['since']}起{f'、至{until}止' if until else ''}有效。",
            f" In force from {rule['since']}{f' to {until}' if until else ' on'}.",
        ),
        _say_moved_dates(rule),
        _say_figures(answers),
        _say_substitution(rule, names),
    ]
    return join(*parts)


def _say_moved_dates(rule: Entry) -> Text:
    was = rule.get("original_dates")
    if not was:
        return Text("", "")
    until = was["until"]
    return Text(
        f"（日期为本地取值；标准为自{was['since']}起{f'、至{until}止' if until else ''}。）",
        f" (Local dates; by the standard from {was['since']}{f' to {until}' if until else ' on'}.)",
    )


def _say_figures(answers: Sequence[Entry]) -> Text:
    """Say every figure with its document, clause and status; a local one with the standard's own."""
    values: dict[str, Entry] = {}
    for answer in answers:
        values.update(answer["values"])
    groups: dict[Text, list[Text]] = {}
    for name, value in values.items():
        figure, original = _name_value(name, value), value.get("original")
        if original is None:
            groups.setdefault(_say_document(value["source"]), []).append(figure)
            continue
        own = _say_document(value["source"])
        was = write_figure(original["value"], original["unit"])
        before = _say_document(original["source"])
        key = Text(
            f"{own.zh}，为本地取值，代替标准的{was.zh}（{before.zh}）",
            f"{own.en}, a local value in place of the standard's {was.en} ({before.en})",
        )
        groups.setdefault(key, []).append(figure)
    zh = "；".join(
        f"{'、'.join(f.zh for f in figures)}：{key.zh}" for key, figures in groups.items()
    )
    en = "; ".join(
        f"{', '.join(f.en for f in figures)}: {key.en}" for key, figures in groups.items()
    )
    return Text(f"数值与出处：{zh}。", f" Figures and sources: {en}.") if groups else Text("", "")


def _name_value(name: str, value: Entry) -> Text:
    label, amount = name_figure(name), write_figure(value["value"], value["unit"])
    return Text(f"{label.zh}{amount.zh}", f"{label.en} {amount.en}")


def _say_document(source: Entry) -> Text:
    """Return a source as document, clause, status, and for a derived figure how it follows."""
    status = STATUS[source["status"]]
    clause, address = source["clause"], source.get("address", "")
    note_zh, note_en = source.get("note_zh", ""), source.get("note_en", "")
    zh = [f"《{source['document']}》", clause, status.zh, note_zh, address and f"所见页面{address}"]
    en = [
        f"“{source['document_en']}”",
        clause,
        status.en,
        note_en,
        address and f"seen at {address}",
    ]
    return Text("，".join(part for part in zh if part), ", ".join(part for part in en if part))


def _say_substitution(rule: Entry, names: Names) -> Text:
    codes: Iterable[str] = rule.get("substituted_by", ())
    others = [(code, names.name_code(code)) for code in codes]
    if not others:
        return Text("", "")
    return Text(
        f"达到以下规则之一时可替代本规则：{'、'.join(f'{text.zh}（{code}）' for code, text in others)}。",
        f" Met in its stead by: {', '.join(f'{text.en} ({code})' for code, text in others)}.",
    )
