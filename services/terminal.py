"""What a terminal shows: notices, the summary of a run, JSON for scripts.

Names come from data: they are escaped, and the letters a terminal would obey are taken out.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layers.notices import Notice, count_by_severity
from services.schools.shown import draw_schools

if TYPE_CHECKING:
    from services.pipeline import CardLine, RunSummary

SHOWN_NOTICES = 20
_COLORS = {"error": "red", "warning": "yellow", "info": "dim"}
_NARROWEST = 100
_BASIS = {
    "households": "households",
    "buildings": "buildings",
    "communities": "mean",
}

_CARDS_SHOWN = ("circle", "type")
_TIMETABLE = {"gtfs": "the operator's (GTFS)", "osm": "built from OSM routes, times are synthetic"}
_NEAR_BASIS = {
    "households": "of households",
    "buildings": "of residential buildings",
    "communities": "of homes (mean of communities)",
}
_LABEL_WIDTH = 21


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


def print_summary(summary: "RunSummary") -> None:
    """Print a line per kind of facility found, schools and their land, verdicts, and what to do next."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("类别", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("facilities", no_wrap=True, justify="right")
    limit = f"{summary.manifest['main_limit_min']:g}"
    table.add_column(f"{limit} min", no_wrap=True, justify="right", style="bold")
    rides = summary.manifest.get("summary_walk_transit")
    if rides:
        table.add_column("+ transit", no_wrap=True, justify="right", style="bold")
    table.add_column("of", no_wrap=True)
    for line in summary.lines:
        if line.facilities:
            table.add_row(
                escape(plain(line.name_zh)),
                line.kind,
                f"{line.facilities:,}",
                line.share,
                *([_write_share(rides[line.kind][limit]["share"])] if rides else []),
                _BASIS.get(line.basis, ""),
            )
    console = stdout_console()
    if table.rows:
        console.print(table)
    circles = [card for card in summary.cards if card.about in _CARDS_SHOWN]
    if circles:
        console.print(_tabulate_circles(circles))
    for drawn in draw_schools(summary.manifest["schools"]):
        console.print(drawn, soft_wrap=isinstance(drawn, str))
    absent = [line.kind for line in summary.lines if not line.facilities]
    if absent:
        console.print(f"unknown, none in the data: {', '.join(absent)}", style="dim")
    transit = summary.manifest["transit"]
    if transit["status"] != "measured":
        console.print(escape(plain(transit["reason"]["en"])), style="dim", soft_wrap=True)
    out = escape(plain(str(summary.out)))
    if transit["status"] == "measured":
        rests_on = f"{_TIMETABLE[transit['source']]}; {transit['day']}, {_write_window(transit)}"
        console.print(f"+ transit: {rests_on}; see lifecircle transit show {out}", soft_wrap=True)
    for text in (
        f"{summary.gaps} gaps, {summary.unknown} unknown, {summary.met} met · {summary.seconds:.1f} s",
        f"maps:  {escape(plain(str(summary.out / 'maps' / 'index.html')))}",
        f"serve: lifecircle serve {out}",
    ):
        console.print(text, soft_wrap=True)


def _tabulate_circles(cards: Sequence["CardLine"]) -> Table:
    """Circles and types of community: how many communities meet each."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("生活圈与类型", no_wrap=True)
    table.add_column("card", no_wrap=True)
    for name in ("met", "gaps", "unknown"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("share met", no_wrap=True, justify="right", style="bold")
    table.add_column("of", no_wrap=True)
    for card in cards:
        low, high = _write_share(card.share_low), _write_share(card.share_high)
        table.add_row(
            escape(plain(card.title_zh)),
            escape(plain(card.card)),
            f"{card.met:,}",
            f"{card.gap:,}",
            f"{card.unknown:,}",
            low if low == high else f"{low}–{high}",
            card.basis,
        )
    return table


def print_transit(facts: Mapping[str, Any]) -> None:
    """Print the public transport of a run: figures, lines, and what was assumed."""
    console = stdout_console()
    transit = facts["transit"]
    console.print(f"[bold]{escape(plain(facts['name']))}[/]")
    if transit["status"] != "measured":
        console.print(plain(transit["reason"]["zh"]), markup=False)
        console.print(plain(transit["reason"]["en"]), markup=False)
        return
    for label, figure in _list_transit(transit):
        console.print(f"{label + ':':<{_LABEL_WIDTH}}{plain(figure)}", markup=False, soft_wrap=True)
    if facts["lines"]:
        console.print("", _tabulate_lines(facts["lines"]), "", sep="\n")
    for line in transit["assumptions"]:
        for language in ("zh", "en"):
            console.print(plain(line[language]), markup=False, style="dim", soft_wrap=True)


def _write_window(transit: Mapping[str, Any]) -> str:
    window = f"{transit['depart_from']}–{transit['depart_to']}"
    return f"{window}, percentile {transit['percentile']:g}"


def _list_transit(transit: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Figures of the timetable with their names."""
    feeds = f": {', '.join(transit['feeds'])}" if transit["feeds"] else ""
    settings = transit["settings"]
    basis = transit["near_basis"]
    near = f"{_write_share(transit['near_share'])} {_NEAR_BASIS.get(basis, 'of homes')}"
    if basis == "households" and transit["households_near"] is not None:
        near += f" ({transit['households_near']:,.0f} of {transit['households']:,.0f})"
    near += f" within {transit['near_min']:g} min of a stop served"
    headway = transit["mean_headway_min"]
    return [
        ("timetable", f"{_TIMETABLE[transit['source']]}{feeds}"),
        ("day", f"{transit['day']}"),
        ("departures", _write_window(transit)),
        ("lines", f"{transit['lines']:,}"),
        ("trips", f"{transit['trips']:,} that day, {transit['trips_in_window']:,} in the window"),
        (
            "stops",
            f"{transit['stops']:,}, {transit['stops_served']:,} served in the window",
        ),
        ("stops near a street", _write_share(transit["stops_connected_share"])),
        ("homes near a stop", near),
        ("mean headway", "unknown" if headway is None else f"{headway:.1f} min"),
        ("walk to a stop", f"at most {settings['walk_min']:g} min"),
    ]


def _tabulate_lines(lines: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("line", "mode", "name"):
        table.add_column(name, overflow="fold")
    for name in ("stops", "trips", "in window", "headway min"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("headway from", no_wrap=True)
    for line in lines:
        headway = line["headway_min"]
        table.add_row(
            escape(plain(line["ref"])),
            line["mode"],
            escape(plain(line["name"])),
            f"{line['stops']:,}",
            f"{line['trips']:,}",
            f"{line['trips_in_window']:,}",
            "" if headway is None else f"{headway:.1f}",
            line["headway_source"],
        )
    return table


def _write_share(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def plain(text: str) -> str:
    r"""Return text as one line a terminal only shows.

    >>> plain("老街\n\x1b[31m药店")
    '老街  [31m药店'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)
