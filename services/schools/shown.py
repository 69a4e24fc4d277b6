"""School places and reserved land in the summary a terminal shows."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from services.schools.parcels.finding_words import FINDINGS
from services.schools.parcels.words import STATUSES

_UNKNOWN = "unknown"
_HAZARD = ("避让距离", "hazards")


def draw_schools(schools: Mapping[str, Any]) -> Iterator[Table | str]:
    """Draw school places by level, and parcels by status and by what was found against them.

    Parameters
    ----------
    schools
        `schools` of a manifest, as `services.schools.told.describe_schools`.
    """
    told = [one for one in schools["summary"] if one["worst_without_place"] is not None]
    if told:
        yield _tabulate(told)
    untold = [one["code"] for one in schools["summary"] if one["worst_without_place"] is None]
    if untold:
        yield f"[dim]school places unknown, no table counts the children: {', '.join(untold)}[/]"
    if schools["land"]:
        yield from _list_land(schools["land"])


def _tabulate(levels: list[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("学段", no_wrap=True)
    table.add_column("level", no_wrap=True)
    first = levels[0]["year"]
    for name in (
        f"children {first}",
        "places",
        "no place within the walk",
        "no school",
        "full",
        "worst year",
        "areas unknown",
    ):
        table.add_column(name, no_wrap=True, justify="right")
    for one in levels:
        worst = f"{_count(one['worst_without_place'])} ({one['worst_year']})"
        table.add_row(
            one["title_zh"],
            one["code"],
            _count(one["children"]),
            _count(one["places"]),
            _range(one["without_place"], one["without_place_possible"]),
            _count(one["out_of_reach"]),
            _count(one["before_full"]),
            worst,
            f"{one['communities_unknown']} of {one['communities']}",
        )
    return table


def _list_land(land: Mapping[str, Any]) -> Iterator[str]:
    """Parcels by status, and findings that are gaps: one line each."""
    parts = []
    for code, count in land["by_status"].items():
        word = STATUSES.get(code)
        parts.append(f"{word.zh} {word.en} {count:,}" if word else f"{count:,}")
    yield f"教育用地 parcels: {land['parcels']:,} ({', '.join(parts)})"
    gaps = []
    for code, count in land["gaps"].items():
        word = FINDINGS.get(code)
        zh = word.zh if word else _HAZARD[0]
        gaps.append(f"{zh} {code if word else _HAZARD[1]} {count:,}")
    if gaps:
        yield f"  gaps: {', '.join(gaps)}"


def _count(number: float | None) -> str:
    return _UNKNOWN if number is None else f"{number:,.0f}"


def _range(low: float | None, high: float | None) -> str:
    least, most = _count(low), _count(high)
    return least if least == most else f"{least}–{most}"
