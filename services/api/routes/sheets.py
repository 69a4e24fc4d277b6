"""Sheets made for printing: one of a community, one of a district or of the whole city."""

import pandas as pd
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.api.deps import RunDep
from services.api.opened import OpenRun
from services.api.routes.pages import Lang
from services.printed import print_community, print_district

router = APIRouter(prefix="/sheets", tags=["sheets"], default_response_class=HTMLResponse)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"


@router.get("/district", summary="Sheet of the city")
def get_city_sheet(run: RunDep, lang: Lang = "zh") -> HTMLResponse:
    """Page to print: how the whole city's communities stand with every circle, type and target."""
    return answer_sheet(print_district(run.manifest, _list_tables(run), "", language=lang))


@router.get("/district/{name:path}", summary="Sheet of a district")
def get_district_sheet(run: RunDep, name: str, lang: Lang = "zh") -> HTMLResponse:
    """Page to print: the same for one district."""
    return answer_sheet(print_district(run.manifest, _list_tables(run), name, language=lang))


@router.get("/{community_id:path}", summary="Sheet of a community")
def get_community_sheet(run: RunDep, community_id: str, lang: Lang = "zh") -> HTMLResponse:
    """One page of A4 to print: a community's circles, shortfalls, and what would settle unknowns."""
    return answer_sheet(
        print_community(run.manifest, _list_tables(run), community_id, language=lang)
    )


def _list_tables(run: OpenRun) -> dict[str, pd.DataFrame]:
    tables = run.run
    return {
        "communities": tables.communities,
        "facilities": tables.facilities,
        "gaps": tables.gaps,
        "scorecards": tables.scorecards,
        "rollups": tables.rollups,
        "targets": tables.targets,
        "notices": tables.notices,
    }


def answer_sheet(page: str) -> HTMLResponse:
    """Send a page to print: it runs nothing and loads nothing."""
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})
