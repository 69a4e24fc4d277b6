"""A run as a workbook and as a printable page.

The workbook holds scorecards, roll-ups, targets, gaps, schools and their land, standards and sources;
the page a sheet of
the city and of each district, the same tables for print, and a one-page sheet per community. Names
come from OSM and from tables: they are written as text, never as formulas, links or markup.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from services.area_sheets import list_districts
from services.printed import (
    build_environment,
    list_printed,
    render_area,
    render_community,
    say_left_out,
)
from services.report_sheets import (
    MODE_ADDS,
    build_coverage_sheet,
    build_gap_sheet,
    build_notice_sheet,
    build_open_sheet,
    build_source_sheet,
    build_summary_sheet,
)
from services.schools.report.sheets import FINDINGS, SCHOOLS, SHORTAGES, YEARS, build_school_sheets
from services.score_sheets import (
    SHARES_OF_ROLLUPS,
    tabulate_cards,
    tabulate_matrix,
    tabulate_rollups,
    tabulate_standards,
    tabulate_targets,
)
from services.sheet_facts import SheetFacts
from services.transit_sheets import tabulate_lines, tabulate_transit
from services.workbook import UNKNOWN, Sheet, write_workbook

_MAX_PAGE_ROWS = {"缺口": 100, SCHOOLS: 200, YEARS: 160, SHORTAGES: 100, FINDINGS: 150}
_MAX_OTHER_ROWS = 500
"""Rows a table has on the page; the workbook has more."""
_LONG_TEXT = 40
_YEAR = "年份"
"""Letters from which on a cell needs a wide column."""
_ON_SHEETS = {"评分卡", "评分卡明细", "汇总"}
"""Sheets of the workbook whose content the printed sheets show."""


def write_reports(
    folder: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> None:
    """Write `report.xlsx` and `report.html` into a folder.

    Parameters
    ----------
    tables
        Tables of a run by name, as in `layers.results`; `lines` where there is a timetable, those of
        schools and parcels where there are some.
    manifest
        Manifest of the run.
    """
    facts = SheetFacts(manifest, tables)
    sheets = _build_sheets(facts)
    write_workbook(folder / "report.xlsx", sheets)
    _write_page(folder / "report.html", sheets, facts)


def _build_sheets(facts: SheetFacts) -> list[Sheet]:
    tables, manifest = facts.tables, facts.manifest
    lines = tables.get("lines")
    return [
        build_summary_sheet(manifest),
        Sheet("评分卡", tabulate_matrix(facts)),
        *([] if facts.are_cells else [Sheet("评分卡明细", tabulate_cards(facts))]),
        Sheet("汇总", tabulate_rollups(facts), SHARES_OF_ROLLUPS, blank=""),
        Sheet("目标", tabulate_targets(facts)),
        build_gap_sheet(facts),
        build_open_sheet(facts),
        build_coverage_sheet(tables, manifest),
        Sheet("公共交通", tabulate_transit(manifest["transit"])),
        *([] if lines is None else [Sheet("公交线路", tabulate_lines(lines))]),
        *build_school_sheets(facts),
        Sheet("标准与来源", tabulate_standards(manifest["packs"])),
        build_notice_sheet(tables["notices"]),
        build_source_sheet(manifest),
    ]


def _write_page(path: Path, sheets: Sequence[Sheet], facts: SheetFacts) -> None:
    manifest = facts.manifest
    judged = {rule["kind"] for pack in manifest["packs"] for rule in pack["rules"]}
    names = {
        f"{kind['name_zh']}{adds}"
        for kind in manifest["kinds"]
        for adds in MODE_ADDS.values()
        if kind["code"] not in judged
    }
    narrowed = [_narrow(sheet, names) for sheet in sheets if sheet.title not in _ON_SHEETS]
    page = (
        build_environment()
        .get_template("report.html")
        .render(
            sheets=[(sheet, _list_cells(sheet)) for sheet in narrowed],
            areas=[render_area(facts, name, "zh") for name in ("", *list_districts(facts))],
            communities=[render_community(facts, code, "zh") for code in list_printed(facts)],
            left_out=say_left_out(facts, "zh"),
            manifest=manifest,
            most=_MAX_PAGE_ROWS,
        )
    )
    path.write_text(page, encoding="utf-8")


def _narrow(sheet: Sheet, dropped: set[str]) -> Sheet:
    """Leave out of a printed sheet the shares of kinds no rule is about; the workbook has them all."""
    gone = [name for name in sheet.frame.columns if name in dropped and name in sheet.shares]
    return Sheet(sheet.title, sheet.frame.drop(columns=gone), sheet.shares - set(gone), sheet.blank)


def _list_cells(sheet: Sheet) -> list[tuple[tuple[str, str], ...]]:
    """Rows of a printed sheet: the text of each cell, and its class (a number, a sentence)."""
    frame = sheet.frame.head(_MAX_PAGE_ROWS.get(sheet.title, _MAX_OTHER_ROWS))
    columns = []
    for name in frame.columns:
        is_share, is_year = name in sheet.shares, str(name).endswith(_YEAR)
        values = frame[name].tolist()
        columns.append(
            [
                (
                    _format_cell(value, is_share=is_share, is_year=is_year, blank=sheet.blank),
                    _find_class(value),
                )
                for value in values
            ]
        )
    return list(zip(*columns, strict=True))


def _find_class(value: object) -> str:
    if not isinstance(value, str):
        return "n"
    return "w" if len(value) > _LONG_TEXT else ""


def _format_cell(
    value: object, *, is_share: bool, is_year: bool = False, blank: str = UNKNOWN
) -> str:
    """Text of a cell on the page.

    >>> _format_cell(0.8125, is_share=True), _format_cell(1234.0, is_share=False)
    ('81.2%', '1,234')
    >>> _format_cell(float("nan"), is_share=True), _format_cell(2012.0, is_share=False, is_year=True)
    ('未知', '2012')
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return blank if is_share else ""
    number = float(str(value))
    if is_year:
        return f"{number:.0f}"
    if is_share:
        return f"{number:.1%}"
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"
