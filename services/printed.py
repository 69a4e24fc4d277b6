"""Printed sheets: a community on one page of A4, a district or the city on one or more.

Names come from maps and tables: they are text, and escaped. The pages need no script, no font and
no file beside themselves.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from services.area_sheets import build_area_sheet
from services.community_sheets import build_community_sheet
from services.sheet_facts import STATUSES, Language, SheetFacts, read_words

MOST_SHEETS = 200
"""Communities the report prints a sheet of; the service prints any."""


def print_community(
    manifest: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    community_id: str,
    *,
    language: Language = "zh",
) -> str:
    """Return the sheet of a community as a page of HTML, made for one page of A4.

    Parameters
    ----------
    manifest
        Manifest of the run.
    tables
        `communities`, `facilities`, `gaps`, `scorecards`, `rollups`, `targets`, `notices` of the run.

    Raises
    ------
    UnknownCommunity
        The run holds no such community.
    """
    facts = SheetFacts(manifest, tables)
    name = facts.get_community(community_id)["name"] or community_id
    return _render_page(facts, [render_community(facts, community_id, language)], name, language)


def print_district(
    manifest: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    name: str,
    *,
    language: Language = "zh",
) -> str:
    """Return the sheet of a district as a page of HTML; of the whole city where `name` is empty.

    `tables` as for `print_community`.

    Raises
    ------
    UnknownDistrict
        The run holds no such district.
    """
    facts = SheetFacts(manifest, tables)
    title = name or read_words()["whole_city"][language]
    return _render_page(facts, [render_area(facts, name, language)], title, language)


def render_community(facts: SheetFacts, community_id: str, language: Language) -> Markup:
    """Return the sheet of a community as a section of a page."""
    sheet = build_community_sheet(facts, community_id, language)
    return _render("community_sheet.html", facts, language, sheet=sheet)


def render_area(facts: SheetFacts, name: str, language: Language) -> Markup:
    """Return the sheet of a district, or of the city, as a section of a page."""
    return _render(
        "area_sheet.html", facts, language, sheet=build_area_sheet(facts, name, language)
    )


def list_printed(facts: SheetFacts) -> list[str]:
    """Codes of the communities the report prints a sheet of: none where they are analysis cells."""
    return [] if facts.are_cells else list(facts.communities)[:MOST_SHEETS]


def say_left_out(facts: SheetFacts, language: Language) -> str:
    """Return which communities have no sheet in the report; empty where all have one."""
    number = len(facts.communities)
    words = read_words()
    if facts.are_cells:
        return words["no_cell_sheets"][language].format(all=f"{number:,}")
    if number > MOST_SHEETS:
        return words["sheets_left_out"][language].format(all=f"{number:,}", most=MOST_SHEETS)
    return ""


def _render_page(facts: SheetFacts, sheets: list[Markup], title: str, language: Language) -> str:
    return str(_render("sheet_page.html", facts, language, sheets=sheets, page_title=title))


def _render(template: str, facts: SheetFacts, language: Language, **values: Any) -> Markup:
    found = build_environment().get_template(template)
    return Markup(  # noqa: S704 - the template escapes what it is handed
        found.render(
            manifest=facts.manifest,
            notices=facts.notices,
            w=_say_words(language),
            language=language,
            statuses=STATUSES,
            **values,
        )
    )


@cache
def _say_words(language: Language) -> Mapping[str, str]:
    return {key: said[language] for key, said in read_words().items()}


@cache
def build_environment() -> jinja2.Environment:
    """Templates of the report; whatever is put into them is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("services", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
