"""One parcel on one page: its facts, what was found about it, and what giving it up would cost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from layers.store import Run
from services.coverage import locate_facilities
from services.errors import UnknownParcel
from services.schools.paper.lines import (
    LEAST,
    Row,
    SourceLine,
    Sources,
    Words,
    pick,
    say_settled,
    write_figure,
    write_needed,
    write_whole,
    write_year,
)
from services.schools.paper.sketch import Sketch, sketch_parcel
from services.schools.parcels.change_files import CHANGE_WORDS
from services.schools.parcels.finding_words import name_finding
from services.schools.parcels.model import LOST
from services.schools.parcels.urgency import STEPS
from services.schools.parcels.words import STATUSES as STATES
from services.schools.parcels.words import name_level
from services.schools.release import Release
from services.sheet_facts import STATUSES, Language

_ORDER = ("gap", "unknown", "met", "not_applicable")
_MOST_COMMUNITIES = 6
_MOST_SCHOOLS = 4
_MOST_YEARS = 12


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding; `source` is the number of its document, 0 where there is none."""

    status: str
    title: str
    found: str
    needed: str
    reason: str
    settled: str
    source: int
    source_status: str


@dataclass(frozen=True, slots=True)
class ReleaseYear:
    """One year without the parcel."""

    year: int
    lost: str
    moved: str
    walk: str


@dataclass(frozen=True, slots=True)
class ReleaseLines:
    """The release test on paper.

    `levels` holds the years per level in which anybody loses; `communities` the name, first year, most
    children without a place and most going farther of those that lose most; `more` how many are left
    out; `schools` sentences on schools that fill up.
    """

    status: str
    reason: str
    levels: tuple[tuple[str, tuple[ReleaseYear, ...]], ...]
    communities: tuple[tuple[str, str, str, str], ...]
    more: int
    schools: tuple[str, ...]
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class ParcelSheet:
    """Everything the page of a parcel says."""

    parcel_id: str
    level: str
    state: str
    place: str
    plan: str
    facts: tuple[tuple[str, str], ...]
    counts: tuple[int, ...]
    urgency: str
    findings: tuple[FindingLine, ...]
    calm: tuple[FindingLine, ...]
    changes: tuple[tuple[str, str], ...]
    release: ReleaseLines
    sketch: Sketch | None
    sources: tuple[SourceLine, ...]


def build_parcel_sheet(
    run: Run, parcel_id: str, release: Release, words: Words, language: Language
) -> ParcelSheet:
    """Gather what the page of a parcel says.

    Raises
    ------
    UnknownParcel
        The run holds no such parcel.
    """
    known = run.parcels["parcel_id"].astype(str).tolist()
    if parcel_id not in known:
        raise UnknownParcel(parcel_id, known)
    row: Row = run.parcels.iloc[known.index(parcel_id)].to_dict()
    table = run.parcel_findings
    found = table[(table["parcel_id"] == parcel_id).to_numpy()].to_dict("records")
    found.sort(key=lambda one: _ORDER.index(one["status"]))
    sources = Sources()
    lines = [
        _build_line(run, {str(k): v for k, v in one.items()}, sources, words, language)
        for one in found
    ]
    return ParcelSheet(
        parcel_id=parcel_id,
        level=getattr(name_level(str(row["level"]), run.parameters), language),
        state=getattr(STATES.get(str(row["status"]), STATES[""]), language),
        place=_find_place(run, known.index(parcel_id)),
        plan=" · ".join(str(row[name]) for name in ("plan", "plan_date") if row[name]),
        facts=_list_facts(row, words),
        counts=tuple(sum(one.status == status for one in lines) for status in STATUSES),
        urgency=_say_urgency(row, len(known), words, language),
        findings=tuple(one for one in lines if one.status in {"gap", "unknown"}),
        calm=tuple(one for one in lines if one.status in {"met", "not_applicable"}),
        changes=_list_changes(run, parcel_id, language),
        release=_tell_restored(found, language)
        if str(row["status"]) in LOST
        else _build_release(release, run, words, language),
        sketch=sketch_parcel(run, parcel_id),
        sources=sources.list_lines(),
    )


def _find_place(run: Run, at: int) -> str:
    row = int(locate_facilities(run.communities, run.parcels.iloc[[at]])[0])
    if row < 0:
        return ""
    facts = run.communities.iloc[row]
    return " ".join(str(facts[name]) for name in ("district", "subdistrict", "name") if facts[name])


def _list_facts(row: Row, words: Words) -> tuple[tuple[str, str], ...]:
    return (
        (words["area"], write_figure(float(row["area_m2"]), "m2", words)),
        (words["planned_classes"], write_whole(float(row["planned_classes"]), words)),
        (words["opening"], write_year(float(row["opening_year"]), words)),
        (words["children_served"], write_whole(float(row["children_served"]), words)),
    )


def _say_urgency(row: Row, all_parcels: int, words: Words, language: Language) -> str:
    titles = {step.code: getattr(step.title, language) for step in STEPS}
    step = titles.get(str(row.get("urgency_step", "")), "")
    place = float(row["urgency"])
    if math.isnan(place):
        return str(step)
    said = words["urgency_of"].format(place=f"{place:.0f}", of=all_parcels)
    return f"{said}{words['colon']}{step}" if step else said


def _build_line(
    run: Run, row: Row, sources: Sources, words: Words, language: Language
) -> FindingLine:
    unit = str(row["unit"])
    open_ = row["status"] == "unknown"
    return FindingLine(
        status=str(row["status"]),
        title=_capital(getattr(name_finding(str(row["finding"]), run.parameters), language)),
        found=write_figure(float(row["found"]), unit, words),
        needed=write_needed(row, words),
        reason=pick(row, "reason", language),
        settled=say_settled(str(row["settled_by"]), run.parameters, words, language)
        if open_
        else "",
        source=sources.cite(pick(row, "document", language), str(row["source_status"])),
        source_status=str(row["source_status"]),
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _list_changes(run: Run, parcel_id: str, language: Language) -> tuple[tuple[str, str], ...]:
    table = run.parcel_changes
    mine = ((table["parcel_id"] == parcel_id) & (table["change"] != "same")).to_numpy()
    rows = table[mine].to_dict("records")
    return tuple(
        (
            getattr(CHANGE_WORDS[row["change"]], language),
            pick({str(k): v for k, v in row.items()}, "reason", language),
        )
        for row in rows
    )


def _tell_restored(findings: Sequence[Mapping[Any, Any]], language: Language) -> ReleaseLines:
    """What a parcel lost already would do if it were restored: nothing is given up with it."""
    serves = next((one for one in findings if one["finding"] == "serves"), None)
    return ReleaseLines(
        status=str(serves["status"]) if serves else "not_applicable",
        reason=pick(serves, "reason", language) if serves else "",
        levels=(),
        communities=(),
        more=0,
        schools=(),
        is_lost=True,
    )


def _build_release(release: Release, run: Run, words: Words, language: Language) -> ReleaseLines:
    totals, levels = release.totals, []
    for code, level in run.parameters.levels.items():
        rows = totals[(totals["level"] == code).to_numpy()]
        felt = rows[((rows["lost"] >= LEAST) | (rows["moved"] >= LEAST)).to_numpy()]
        if len(felt):
            years = tuple(_build_year(row, words) for _, row in felt.head(_MOST_YEARS).iterrows())
            levels.append((str(getattr(level.title, language)), years))
    communities = _list_losers(release.communities, words)
    return ReleaseLines(
        status=release.status,
        reason=getattr(release.reason, language),
        levels=tuple(levels),
        communities=tuple(communities[:_MOST_COMMUNITIES]),
        more=max(len(communities) - _MOST_COMMUNITIES, 0),
        schools=tuple(_say_full(row, words) for _, row in release.schools.head(_MOST_SCHOOLS).iterrows()),
    )  # fmt: skip


def _build_year(row: "pd.Series[float]", words: Words) -> ReleaseYear:
    walks = [
        write_figure(float(row[name]), "m", words) for name in ("walk_before_m", "walk_after_m")
    ]
    return ReleaseYear(
        int(row["year"]), f"{row['lost']:,.0f}", f"{row['moved']:,.0f}", " → ".join(walks)
    )


def _list_losers(frame: pd.DataFrame, words: Words) -> list[tuple[str, str, str, str]]:
    """Name, first year, most without a place and most going farther of each community."""
    felt = frame[((frame["lost"] >= LEAST) | (frame["moved"] >= LEAST)).to_numpy()]
    if felt.empty:
        return []
    losers = felt.groupby("community_id", sort=True).agg(
        name=("name", "first"), year=("year", "min"), lost=("lost", "max"), moved=("moved", "max")
    )
    losers = losers.sort_values(["lost", "moved"], ascending=False, kind="stable")
    return [
        (str(row["name"] or code), write_year(float(row["year"]), words), f"{row['lost']:,.0f}", f"{row['moved']:,.0f}")
        for code, row in losers.iterrows()
    ]  # fmt: skip


def _say_full(row: "pd.Series[float]", words: Words) -> str:
    before = float(row["full_before"])
    key = "fills_up_new" if math.isnan(before) else "fills_up_sooner"
    return words[key].format(
        name=row["name"] or row["school_id"],
        year=write_year(float(row["full_after"]), words),
        before=write_year(before, words),
    )
