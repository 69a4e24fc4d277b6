"""Rule packs and explanations on a terminal, in Chinese, English or both."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layers.attributes import read_attributes
from layers.kinds import read_kinds
from layers.standards.model import Text
from services.standards_facts import (
    ABOUT,
    FORCE,
    MODE,
    STATUS,
    UNIT,
    group_answers,
    name_figure,
    write_figure,
)
from services.terminal import plain, stdout_console

if TYPE_CHECKING:
    from services.explanation import Explanation

Language = Literal["zh", "en", "both"]
_LEGEND = Text(
    "原文：见于文件原文；二手来源：转引自他处；推导值：由前两者推出；未核实：仅为通行说法。",
    "primary: seen in the text itself; secondary: quoted elsewhere; derived: worked out from those; "
    "unverified: only generally known.",
)
_STATUS_WIDTH, _SOURCE_WIDTH = 10, 14


def print_packs(packs: Iterable[Mapping[str, Any]], lang: Language) -> None:
    """Print the packs there are, one row each, as `services.standards_facts.summarize_pack`."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("code", no_wrap=True)
    table.add_column("title, issuer", overflow="fold", ratio=1)
    table.add_column("rules", justify="right", no_wrap=True)
    table.add_column("date", no_wrap=True)
    table.add_column("figures", no_wrap=True)
    for pack in packs:
        counts = [
            f"{_pick(STATUS[status], lang, ' ')} {n}" for status, n in pack["statuses"].items() if n
        ]
        title, issuer = (_safe(_pick_of(pack, name, lang)) for name in ("title", "issuer"))
        table.add_row(
            _safe(pack["code"]),
            f"{title}\n[dim]{issuer}[/]",
            str(pack["rules"]),
            pack["published"],
            "\n".join(counts),
        )
    console = stdout_console()
    console.print(table)
    console.print()
    _say(console, _LEGEND, lang, style="dim")


def print_pack(described: Mapping[str, Any], lang: Language = "both") -> None:
    """Print a pack: every rule with its figures, their source and status; then its cards.

    Parameters
    ----------
    described
        The pack as `layers.standards.describe.describe_pack` gives it.
    lang
        `zh`, `en` or `both`.
    """
    console = stdout_console()
    console.print(f"[bold]{_safe(_pick_of(described, 'title', lang))}[/]")
    console.print(f"{_safe(_pick_of(described, 'issuer', lang, ' / '))} · {described['published']}")
    console.print(_safe(_pick_of(described, "legal_force", lang)))
    console.print()
    table = Table.grid(padding=(0, 2, 1, 0), expand=True)
    table.add_column(ratio=3, overflow="fold")
    table.add_column(ratio=4)
    table.add_row(
        f"[dim]{_pick(Text('规则与要求', 'rule, what it asks'), lang, ' ')}[/]",
        _tabulate_figures([_HEAD], lang),
    )
    numbers = {one["title_zh"]: at for at, one in enumerate(described["documents"], start=1)}
    for answers in group_answers(described).values():
        rows = _list_rows(answers, numbers)
        table.add_row(_write_head(answers, lang), _tabulate_figures(rows, lang))
    console.print(table)
    _print_documents(console, described["documents"], lang)
    if described["cards"]:
        _print_cards(console, described["cards"], lang)
    _say(console, _LEGEND, lang, style="dim")
    for note in described["notes"]:
        console.print()
        _say(console, Text(note["zh"], note["en"]), lang)


_Row = tuple[Text, Text, Text]
_HEAD: _Row = (Text("数值", "figure"), Text("可信程度", "known how"), Text("出处", "source"))


def _tabulate_figures(rows: Iterable[_Row], lang: Language) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(width=_STATUS_WIDTH, overflow="fold")
    grid.add_column(width=_SOURCE_WIDTH, overflow="fold")
    for row in rows:
        style = "dim" if row is _HEAD else None
        grid.add_row(*(_safe(_pick(text, lang)) for text in row), style=style)
    return grid


def _list_rows(answers: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]) -> Iterator[_Row]:
    """List the figures of a rule's answers: name and amount, status, source by its number."""
    values: dict[str, Mapping[str, Any]] = {}
    for answer in answers:
        values.update(answer["values"])
    for name, value in values.items():
        original = value["original"]
        own = Text("本地取值", "local value") if original else None
        yield _write_row(name, value, own, numbers)
        if original:
            yield _write_row(name, original, Text("标准原值", "the standard's own"), numbers)


def _write_row(
    name: str, value: Mapping[str, Any], note: Text | None, numbers: Mapping[str, int]
) -> _Row:
    label = _label(name_figure(name), write_figure(value["value"], value["unit"]), note)
    source = value["source"]
    place = f"[{numbers[source['document']]}] {source['clause']}".strip()
    return label, STATUS[source["status"]], Text(place, place)


def _label(label: Text, amount: Text, note: Text | None = None) -> Text:
    zh = f"（{note.zh}）" if note else ""
    en = f" ({note.en})" if note else ""
    return Text(f"{label.zh}：{amount.zh}{zh}", f"{label.en}: {amount.en}{en}")


def _print_documents(
    console: Console, documents: Iterable[Mapping[str, Any]], lang: Language
) -> None:
    """Print the documents the figures come from, numbered."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for at, one in enumerate(documents, start=1):
        lines = [_pick_of(one, "title", lang), one["published"], one["address"]]
        table.add_row(_safe(f"[{at}]"), _safe("\n".join(line for line in lines if line)))
    console.print(table)
    console.print()


def _write_head(answers: Sequence[Mapping[str, Any]], lang: Language) -> str:
    """Return what stands left of a rule's figures: code, title, force, what it is about."""
    rule = answers[0]
    lines = [f"[bold]{_safe(rule['rule'])}[/]"]
    lines.append(_safe(_pick_of(rule, "rule_title", lang)))
    lines += [_safe(_pick(text, lang, " ")) for text in _list_traits(rule)]
    if len(answers) > 1:
        parts = [
            Text(
                str(answer["title_zh"]).removeprefix(rule["rule_title_zh"]).strip("（）"),
                str(answer["title_en"]).removeprefix(rule["rule_title_en"]).strip(" ()"),
            )
            for answer in answers
        ]
        answered = Text(
            f"分别判定：{'、'.join(part.zh for part in parts)}",
            f"judged apart: {'; '.join(part.en for part in parts)}",
        )
        lines.append(f"[dim]{_safe(_pick(answered, lang))}[/]")
    return "\n".join(lines)


def _list_traits(rule: Mapping[str, Any]) -> Iterator[Text]:
    yield FORCE[rule["force"]]
    if rule["unit"] != "community":
        yield UNIT[rule["unit"]]
    yield from _list_subjects(rule)
    if rule["mode"] and rule["mode"] != "walk":
        yield MODE[rule["mode"]]
    until = rule["until"]
    yield Text(
        f"{rule['since']}起{f'至{until}止' if until else ''}",
        f"from {rule['since']}{f' to {until}' if until else ''}",
    )
    if rule["original_dates"]:
        was = rule["original_dates"]
        yield Text(
            f"（标准：{was['since']}起{was['until']}）",
            f"(by the standard from {was['since']} {was['until']})".replace(" )", ")"),
        )
    if rule["substituted_by"]:
        others = ", ".join(rule["substituted_by"])
        yield Text(f"可由{others}替代", f"may be stood in for by {others}")


def _list_subjects(rule: Mapping[str, Any]) -> Iterator[Text]:
    """List what a rule is about: a kind of facility, a column, groups, a card."""
    kinds, attributes = read_kinds(), read_attributes()
    inclusive = Text("普惠性", "inclusive ") if rule["inclusive"] else Text("", "")
    for code in [rule["kind"], *(other["kind"] for other in rule["alternatives"])]:
        if code:
            name = Text(kinds[code].name_zh, kinds[code].name_en)
            yield Text(f"{inclusive.zh}{name.zh}", f"{inclusive.en}{name.en}")
    for column in (rule["attribute"], rule["needed_attribute"]):
        if column:
            one = attributes[column]
            yield Text(f"{one.name_zh}（{column}）", f"{one.name_en} ({column})")
    if rule["groups"]:
        groups = [Text(one["title_zh"], one["title_en"]) for one in rule["groups"]]
        yield Text("、".join(group.zh for group in groups), ", ".join(group.en for group in groups))
    if rule["of"]:
        yield Text(f"达到{rule['of']}的社区", f"communities that meet {rule['of']}")


def _print_cards(console: Console, cards: Iterable[Mapping[str, Any]], lang: Language) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("card", no_wrap=True)
    for name in ("title", "rules"):
        table.add_column(name, overflow="fold")
    for card in cards:
        about = _pick(ABOUT[card["about"]], lang, " ")
        table.add_row(
            f"[bold]{_safe(card['code'])}[/]\n[dim]{_safe(about)}[/]",
            _safe(_pick_of(card, "title", lang)),
            _safe(", ".join(card["answers"])),
        )
    console.print(table)
    console.print()


def print_explanation(explanation: "Explanation", lang: Language = "both") -> None:
    """Print the reasoning of a verdict, one paragraph after the other."""
    console = stdout_console()
    console.print(f"[bold]{_safe(_pick(explanation.title, lang))}[/]")
    for paragraph in explanation.paragraphs:
        console.print()
        console.print(f"[bold]{_safe(_pick(paragraph.title, lang, ' / '))}[/]")
        _say(console, paragraph.text, lang)


def _say(console: Console, text: Text, lang: Language, *, style: str | None = None) -> None:
    for line in _pick(text, lang).split("\n"):
        console.print(plain(line), markup=False, style=style, soft_wrap=not console.is_terminal)


def _pick(text: Text, lang: Language, between: str = "\n") -> str:
    """Return a text in the language asked for; the same words in both only once."""
    if lang == "zh" or text.zh == text.en:
        return text.zh
    return text.en if lang == "en" else f"{text.zh}{between}{text.en}"


def _pick_of(entry: Mapping[str, Any], name: str, lang: Language, between: str = "\n") -> str:
    return _pick(Text(str(entry[f"{name}_zh"]), str(entry[f"{name}_en"])), lang, between)


def _safe(text: str) -> str:
    return "\n".join(escape(plain(line)) for line in text.split("\n"))
