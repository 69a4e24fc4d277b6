"""What a terminal shows: notices, the summary of a run, JSON for scripts.

Names come from data: they are escaped, and the letters a terminal would obey are taken out.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layers.notices import Notice, count_by_severity
from services.pipeline import RunSummary

SHOWN_NOTICES = 20
_COLORS = {"error": "red", "warning": "yellow", "info": "dim"}
_NARROWEST = 100
_BASIS = {
    "households": "households",
    "buildings": "buildings",
    "communities": "mean",
}


def stderr_console() -> Console:
    """Return a console for everything that is no result."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def stdout_console() -> Console:
    """Return a console for results; off a terminal it is wide enough for every table."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _NARROWEST)
    return console


def print_json(value: Any) -> None:
    """Print one JSON document on standard output, in ASCII where that is all it takes."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=not unicode, indent=1, allow_nan=False)
    sys.stdout.write(text + "\n")


def print_notices(notices: Iterable[Notice], *, most: int | None = None) -> None:
    """Print notices on standard error, the worst first, then how many there are of each sort."""
    console = stderr_console()
    listed = list(notices)
    ranked = sorted(listed, key=lambda notice: list(_COLORS).index(notice.severity))
    shown = ranked[: len(ranked) if most is None else most]
    for notice in shown:
        console.print(f"[{_COLORS[notice.severity]}]{escape(plain(notice.line()))}[/]")
    if len(ranked) > len(shown):
        console.print(
            f"… and {len(ranked) - len(shown)} more (lifecircle check lists them all)", style="dim"
        )
    counts = count_by_severity(listed)
    console.print(
        f"{counts['error']} errors, {counts['warning']} warnings, {counts['info']} for the record"
    )


def print_summary(summary: RunSummary) -> None:
    """Print a line per kind of facility found, the kinds not found, verdicts, and what to do next."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("类别", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("facilities", no_wrap=True, justify="right")
    limit = f"{summary.manifest['main_limit_min']:g} min"
    table.add_column(limit, no_wrap=True, justify="right", style="bold")
    table.add_column("of", no_wrap=True)
    for line in summary.lines:
        if line.facilities:
            table.add_row(
                escape(plain(line.name_zh)),
                line.kind,
                f"{line.facilities:,}",
                line.share,
                _BASIS.get(line.basis, ""),
            )
    console = stdout_console()
    if table.rows:
        console.print(table)
    absent = [line.kind for line in summary.lines if not line.facilities]
    if absent:
        console.print(f"unknown, none in the data: {', '.join(absent)}", style="dim")
    out = escape(plain(str(summary.out)))
    for text in (
        f"{summary.gaps} gaps, {summary.unknown} unknown, {summary.met} met · {summary.seconds:.1f} s",
        f"maps:  {escape(plain(str(summary.out / 'maps' / 'index.html')))}",
        f"serve: lifecircle serve {out}",
    ):
        console.print(text, soft_wrap=True)


def print_pack(described: Mapping[str, Any]) -> None:
    """Print a rule pack: every rule with its figures, their source and its status."""
    console = stdout_console()
    console.print(f"[bold]{escape(described['title_zh'])}[/] / {escape(described['title_en'])}")
    console.print(escape(f"{described['issuer_zh']} · {described['published']}"))
    for rule in described["rules"]:
        console.print(f"\n[bold]{escape(rule['code'])}[/]  {escape(rule['title_zh'])}")
        console.print(f"  {rule['title_en']}  [{rule['force']}]", markup=False)
        for name, value in rule["values"].items():
            source = value["source"]
            console.print(
                f"  {name} = {value['value']:g} {value['unit']}  ({source['status']}; "
                f"{source['document']} {source['clause']})",
                markup=False,
            )
    for note in described["notes"]:
        console.print(f"\n{note['zh']}\n{note['en']}", markup=False)


def plain(text: str) -> str:
    r"""Return text as one line a terminal only shows.

    >>> plain("老街\n\x1b[31m药店")
    '老街  [31m药店'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)
