"""The city on paper: places by level, shortages, education land by urgency, and what became of land."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from layers.standards.model import Text
from layers.store import Run
from services.coverage import locate_facilities
from services.schools.marked import index_parcels, mark_listed
from services.schools.paper.lines import (
    LEAST,
    Row,
    Words,
    pick,
    write_figure,
    write_whole,
    write_year,
)
from services.schools.parcels.change_files import CHANGE_WORDS, count_changes
from services.schools.parcels.urgency import STEPS
from services.schools.parcels.words import STATUSES as STATES
from services.schools.parcels.words import name_level
from services.sheet_facts import Language

_MOST_SHORTAGES = 30
_MOST_PARCELS = 120
_MOST_NAMED = 4
_FEW_ALIKE = 3
"""As many communities as are named one by one though the same is said of each."""
_ORDER = ("gap", "unknown", "met", "not_applicable")


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A level in the city: its first and last year, and its worst.

    `without` is the sum of the first year, `parts` what it is made of.
    """

    title: str
    status: str
    children: str
    children_last: str
    places: str
    without: str
    parts: str
    worst: str
    span: str


@dataclass(frozen=True, slots=True)
class ShortageLine:
    """A community's shortage of a level."""

    status: str
    community: str
    level: str
    span: str
    worst: str
    need: str
    reserved: str
    candidates: str
    source_status: str


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """A parcel in the order of urgency."""

    place: str
    parcel_id: str
    level: str
    state: str
    community: str
    area: str
    classes: str
    opening: str
    served: str
    gaps: str
    unknowns: str


@dataclass(frozen=True, slots=True)
class SchoolsSheet:
    """Everything the city's sheet says.

    `parcels` is empty where no table of parcels was brought; `alike` are the sentences of unknown
    shortages said of many communities, with their level and number; `steps` are the parcels under the
    question that places them; `changes` counts and sentences.
    """

    first_year: int
    last_year: int
    parcels: str
    levels: tuple[LevelLine, ...]
    shortages: tuple[ShortageLine, ...]
    alike: tuple[tuple[str, int, str], ...]
    more_shortages: int
    land_missing: int | None
    steps: tuple[tuple[str, tuple[ParcelLine, ...]], ...]
    more_parcels: int
    change_counts: tuple[tuple[str, int], ...]
    changes: tuple[tuple[str, str, str], ...]
    remark: str
    remark_status: str
    remark_document: str


def build_schools_sheet(run: Run, words: Words, language: Language) -> SchoolsSheet:
    """Gather what the city's sheet says."""
    years = sorted(set(run.school_years["year"].tolist())) or [0]
    names = dict(zip(run.communities["community_id"], run.communities["name"], strict=True))
    shortages = run.shortages.sort_values(
        ["status", "peak_children", "community_id", "level"],
        ascending=[True, False, True, True],
    )
    alike = _find_alike(shortages)
    told = shortages[~alike.to_numpy()]
    parcels = run.parcels.sort_values(["urgency", "parcel_id"], na_position="last")
    listed = index_parcels(run.parcels)
    remark = run.parameters.layout_plan
    changed = run.parcel_changes[(run.parcel_changes["change"] != "same").to_numpy()]
    return SchoolsSheet(
        first_year=int(years[0]),
        last_year=int(years[-1]),
        parcels=f"{len(parcels):,}" if len(parcels) else words["not_brought"],
        levels=_list_levels(run, words, language),
        shortages=tuple(
            _build_shortage(run, _row(one), names, listed, words, language)
            for one in told.head(_MOST_SHORTAGES).to_dict("records")
        ),
        alike=_join_alike(run, shortages[alike.to_numpy()], language),
        more_shortages=max(len(told) - _MOST_SHORTAGES, 0),
        land_missing=int(((shortages["status"] == "gap") & shortages["land_missing"]).sum())
        if (shortages["status"] == "gap").any()
        else None,
        steps=_group_parcels(run, parcels.head(_MOST_PARCELS), words, language),
        more_parcels=max(len(parcels) - _MOST_PARCELS, 0),
        change_counts=tuple(
            (str(getattr(CHANGE_WORDS[code], language)), number)
            for code, number in count_changes(run.parcel_changes).items()
        ),
        changes=tuple(
            (
                str(getattr(CHANGE_WORDS[one["change"]], language)),
                str(one["parcel_id"] or one["earlier_id"]),
                pick(_row(one), "reason", language),
            )
            for one in changed.to_dict("records")
        ),
        remark=str(getattr(remark.text, language)),
        remark_status=remark.source.status,
        remark_document=str(getattr(remark.source.document.title, language)),
    )


def _find_alike(shortages: pd.DataFrame) -> "pd.Series[bool]":
    """Unknown shortages of which the same is said for many communities."""
    many = shortages.groupby(["level", "reason"])["community_id"].transform("size") > _FEW_ALIKE
    return many & (shortages["status"] == "unknown")


def _join_alike(
    run: Run, shortages: pd.DataFrame, language: Language
) -> tuple[tuple[str, int, str], ...]:
    """Level, number of communities, and what is said of all of them."""
    column = "reason" if language == "zh" else "reason_en"
    found = shortages.groupby(["level", column], sort=False).size().reset_index(name="number")
    parameters, order = run.parameters, list(run.parameters.levels)
    told = sorted(found.to_dict("records"), key=lambda one: order.index(one["level"]))
    rows = [
        (
            str(getattr(name_level(str(one["level"]), parameters), language)),
            int(one["number"]),
            str(one[column]),
        )
        for one in told
    ]
    return tuple(rows)


def _row(record: Mapping[object, object]) -> Row:
    return {str(name): value for name, value in record.items()}


def _list_levels(run: Run, words: Words, language: Language) -> tuple[LevelLine, ...]:
    table = run.school_years
    city = table[(table["scope"] == "city").to_numpy()].sort_values("year")
    by_level: dict[str, list[Row]] = {}
    for record in city.to_dict("records"):
        by_level.setdefault(str(record["level"]), []).append(_row(record))
    return tuple(
        _build_level(str(getattr(level.title, language)), by_level[code], words)
        for code, level in run.parameters.levels.items()
        if code in by_level
    )


def _build_level(title: str, rows: Sequence[Row], words: Words) -> LevelLine:
    first, last = rows[0], rows[-1]
    short = [row for row in rows if row["status"] == "gap"]
    worst = max(short, key=_count_without, default=None)
    statuses = {row["status"] for row in rows}
    return LevelLine(
        title=title,
        status=next(one for one in _ORDER if one in statuses),
        children=write_whole(float(first["children"]), words),
        children_last=write_whole(float(last["children"]), words),
        places=write_whole(float(first["places"]), words),
        without=_say_without(first, words),
        parts=_say_parts(first, words),
        worst="—"
        if worst is None
        else words["worst_in"].format(children=_say_without(worst, words), year=int(worst["year"])),
        span=_say_span([int(row["year"]) for row in short], int(last["year"]), words),
    )


def _count_without(row: Row) -> float:
    return float(row["out_of_reach"]) + float(row["left"])


def _say_without(row: Row, words: Words) -> str:
    """Children without a place; with a sign where there may be more of them."""
    without, most = _count_without(row), float(row["out_of_reach"]) + float(row["left_possible"])
    is_open = row["status"] == "unknown"
    if math.isnan(without) or (is_open and without < LEAST):
        return words["unknown_figure"]
    is_least = is_open or math.isnan(float(row["children"])) or most - without >= LEAST
    return ("≥" if is_least and without >= LEAST else "") + write_whole(without, words)


def _say_parts(row: Row, words: Words) -> str:
    """How many of them have no school in reach, how many full ones, and of how many nobody can tell."""
    if _say_without(row, words) == words["unknown_figure"]:
        return ""
    undecided = float(row["left_possible"]) - float(row["left"])
    figures = (
        ("no_school", row["out_of_reach"]),
        ("all_full", row["left"]),
        ("undecided", undecided),
    )
    return words["comma"].join(
        words[key].format(children=write_whole(float(value), words))
        for key, value in figures
        if float(value) >= LEAST
    )


def _is_least(run: Run, shortage: Row) -> bool:
    """Whether more children than those of the worst year may be without a place then."""
    table = run.school_years
    asked = (table["scope"] == "community") & (table["area_id"] == shortage["community_id"])
    asked &= (table["level"] == shortage["level"]) & (table["year"] == shortage["peak_year"])
    return any(
        float(one["left_possible"]) - float(one["left"]) >= LEAST
        for one in table[asked.to_numpy()].to_dict("records")
    )


def _say_worst(children: float, year: float, words: Words, *, is_least: bool) -> str:
    said = ("≥" if is_least else "") + write_whole(children, words)
    return words["worst_in"].format(children=said, year=int(year))


def _say_span(short: Sequence[int], horizon: int, words: Words) -> str:
    """Years of shortage; a break among them is not told."""
    if not short:
        return "—"
    first, last = short[0], short[-1]
    key = "span_one" if first == last else "span_open" if last == horizon else "span"
    return words[key].format(first=first, last=last)


def _build_shortage(
    run: Run,
    row: Row,
    names: Mapping[str, str],
    parcels: pd.DataFrame,
    words: Words,
    language: Language,
) -> ShortageLine:
    begins, ends = float(row["begins"]), float(row["ends"])
    if math.isnan(ends):
        span = words["span_from"].format(first=int(begins))
    else:
        key = "span_one" if begins == ends else "span"
        span = words[key].format(first=int(begins), last=int(ends))
    peak, year = float(row["peak_children"]), float(row["peak_year"])
    classes, area = float(row["needed_classes"]), float(row["needed_area_m2"])
    asked = ((classes, "classes"), (area, "m2"))
    need = [write_figure(value, unit, words) for value, unit in asked if math.isfinite(value)]
    return ShortageLine(
        status=str(row["status"]),
        community=names.get(str(row["community_id"]), "") or str(row["community_id"]),
        level=str(getattr(name_level(str(row["level"]), run.parameters), language)),
        span=span,
        worst=_say_worst(peak, year, words, is_least=_is_least(run, row))
        if math.isfinite(year)
        else write_whole(peak, words),
        need=words["comma"].join(need) or "—",
        reserved=_name_some(str(row["reserved_in_reach"]), words)
        or (words["none"] if row["land_missing"] else "—"),
        candidates=_group_marked(mark_listed(row, parcels, run.parameters), words, language) or "—",
        source_status=str(row["source_status"]) if need else "",
    )


def _name_some(listed: str, words: Words) -> str:
    ids = [one for one in listed.split(",") if one]
    more = words["and_more"].format(count=len(ids)) if len(ids) > _MOST_NAMED else ""
    return words["pause"].join(ids[:_MOST_NAMED]) + more


def _group_marked(marked: Sequence[tuple[str, Text]], words: Words, language: Language) -> str:
    """Parcels under what stands against them."""
    groups: dict[str, list[str]] = {}
    for parcel, marks in marked[:_MOST_NAMED]:
        groups.setdefault(str(getattr(marks, language)), []).append(parcel)
    said = [
        f"{words['pause'].join(ids)}{words['bracket'].format(said=marks)}"
        for marks, ids in groups.items()
    ]
    more = words["and_more"].format(count=len(marked)) if len(marked) > _MOST_NAMED else ""
    return words["semicolon"].join(said) + more


def _group_parcels(
    run: Run, parcels: pd.DataFrame, words: Words, language: Language
) -> tuple[tuple[str, tuple[ParcelLine, ...]], ...]:
    titles = {step.code: str(getattr(step.title, language)) for step in STEPS}
    places = locate_facilities(run.communities, parcels).tolist() if len(parcels) else []
    names = run.communities["name"].tolist()
    groups: dict[str, list[ParcelLine]] = {}
    for record, at in zip(parcels.to_dict("records"), places, strict=True):
        row = _row(record)
        line = ParcelLine(
            place=write_whole(float(row["urgency"]), words),
            parcel_id=str(row["parcel_id"]),
            level=str(getattr(name_level(str(row["level"]), run.parameters), language)),
            state=str(getattr(STATES.get(str(row["status"]), STATES[""]), language)),
            community=str(names[at]) if at >= 0 else "",
            area=write_figure(float(row["area_m2"]), "m2", words),
            classes=write_whole(float(row["planned_classes"]), words),
            opening=write_year(float(row["opening_year"]), words),
            served=write_whole(float(row["children_served"]), words),
            gaps=write_whole(float(row["gaps"]), words),
            unknowns=write_whole(float(row["unknowns"]), words),
        )
        groups.setdefault(titles.get(str(row.get("urgency_step", "")), ""), []).append(line)
    return tuple((title, tuple(lines)) for title, lines in groups.items())
