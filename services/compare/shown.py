"""A comparison on a terminal."""

from rich.markup import escape
from rich.table import Table

from services.compare.changes import Comparison, count_directions
from services.compare.communities import Match
from services.compare.evidence import WHYS
from services.compare.moves import DIRECTIONS
from services.compare.written import DIRECTION_ZH, RELATION_ZH, STATUS_ZH, WHY_ZH
from services.terminal import plain, stdout_console

_COLORS = {"worse": "red", "better": "green", "undecided": "yellow"}


def print_comparison(comparison: Comparison, *, most: int) -> None:
    """Print days, renewed inputs, what became of communities, counts, and the first changes."""
    console = stdout_console()
    before, after = comparison.before, comparison.after
    names = [escape(plain(one.name)) for one in (before, after)]
    console.print(f"[bold]{names[0]}[/] {before.day} → [bold]{names[1]}[/] {after.day}")
    for one in comparison.common:
        said = f"  {WHY_ZH[one.why]} {one.why}: {plain(one.text.zh)} / {plain(one.text.en)}"
        console.print(said, markup=False, soft_wrap=True)
    moved = [match for match in comparison.matches if match.relation != "same"]
    reused = {code for match in moved for code in match.before}
    for match in moved[:most]:
        console.print(_say_match(match, reused), markup=False, soft_wrap=True)
    if len(moved) > most:
        console.print(f"  … {len(moved) - most:,} more communities; --out FILE lists all of them")
    console.print(_tabulate_counts(comparison))
    if not len(comparison.changes):
        console.print("没有变化 / nothing changed")
        return
    console.print(_tabulate_changes(comparison, most))
    rest = len(comparison.changes) - most
    if rest > 0:
        console.print(f"… {rest:,} more; --out FILE writes all of them")


def _say_match(match: Match, codes_before: set[str]) -> str:
    codes = f"{', '.join(match.before) or '-'} → {', '.join(match.after) or '-'}"
    dated = f" ({match.dated})" if match.later else ""
    said = f"  社区{RELATION_ZH[match.relation]} {match.relation}: {codes}{dated}"
    again = sorted(codes_before.intersection(match.after) - set(match.before))
    if again:
        said += f"  编码原属另一处 code stood for another place: {', '.join(again)}"
    return plain(said)


def _tabulate_counts(comparison: Comparison) -> Table:
    table = Table("变化 change", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for why in WHYS:
        table.add_column(f"{WHY_ZH[why]} {why}", justify="right")
    table.add_column("其中结论改变 verdict changed", justify="right")
    changes = comparison.changes
    counts = count_directions(changes)
    turned = changes.loc[changes["status_before"] != changes["status_after"], "direction"]
    for direction in DIRECTIONS:
        table.add_row(
            f"{DIRECTION_ZH[direction]} {direction}",
            *(f"{counts[direction][why]:,}" for why in WHYS),
            f"{int((turned == direction).sum()):,}",
            style=_COLORS.get(direction, ""),
        )
    return table


def _tabulate_changes(comparison: Comparison, most: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("社区 community", "规则 rule"):
        table.add_column(name, overflow="fold")
    for name in ("变化 change", "原因 why"):
        table.add_column(name, no_wrap=True)
    table.add_column("依据 evidence", overflow="fold")
    for row in comparison.changes.head(most).to_dict("records"):
        table.add_row(
            escape(plain(f"{row['name']} {row['after_id']}".strip())),
            escape(plain(str(row["rule"]))),
            f"{STATUS_ZH[row['status_before']]}→{STATUS_ZH[row['status_after']]}",
            WHY_ZH[row["why"]],
            escape(plain(str(row["evidence_zh"]))),
            style=_COLORS.get(str(row["direction"]), ""),
        )
    return table
