"""Printed sheets of education land: a parcel on one page of A4, the city on one or more."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from layers.store import Run
from services.printed import build_environment
from services.schools.paper.city import build_schools_sheet
from services.schools.paper.parcel import build_parcel_sheet
from services.schools.release import Release
from services.sheet_facts import STATUSES, Language
from services.sheet_facts import read_words as read_sheet_words


@cache
def read_words() -> Mapping[str, Mapping[str, str]]:
    """Words of these sheets by key and language, on top of those of all sheets."""
    text = files("services").joinpath("templates", "school_words.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = yaml.safe_load(text)
    return {**read_sheet_words(), **words}


def print_parcel(run: Run, parcel_id: str, release: Release, *, language: Language = "zh") -> str:
    """Return the sheet of a parcel as a page of HTML, made for one page of A4.

    Parameters
    ----------
    release
        What giving it up would cost.

    Raises
    ------
    UnknownParcel
        The run holds no such parcel.
    """
    words = _say_words(language)
    sheet = build_parcel_sheet(run, parcel_id, release, words, language)
    return _render("parcel_sheet.html", run, parcel_id, language, sheet=sheet)


def print_schools(run: Run, *, language: Language = "zh") -> str:
    """Return the city's shortages and parcels by urgency as a page of HTML."""
    words = _say_words(language)
    sheet = build_schools_sheet(run, words, language)
    return _render("schools_sheet.html", run, words["schools_sheet"], language, sheet=sheet)


@cache
def _say_words(language: Language) -> Mapping[str, str]:
    return {key: said[language] for key, said in read_words().items()}


def _render(template: str, run: Run, title: str, language: Language, **values: Any) -> str:
    found = build_environment().get_template(template)
    return found.render(
        manifest=run.manifest,
        page_title=title,
        w=_say_words(language),
        language=language,
        statuses=STATUSES,
        **values,
    )
