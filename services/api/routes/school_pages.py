"""Pages of school places and education land: the desk, its map, and sheets to print."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from layers.schooling.load import list_parts
from layers.schooling.model import LevelCode
from layers.store import Run
from maps.school_years import find_first_level
from maps.schools import schools_map
from services.api.deps import RunDep, SettingsDep
from services.api.jsonable import plain_value
from services.api.lines import ReleaseTurn
from services.api.opened import OpenRun
from services.api.pages import read_words, render_page
from services.api.routes.pages import Lang, MapPage, build_map_page
from services.api.routes.sheets import answer_sheet
from services.api.school_words import EARLIER
from services.schools.paper.printed import print_parcel, print_schools
from services.schools.parcels.words import STATUSES

router = APIRouter()


@router.get("/schools", include_in_schema=False)
def get_schools_page(
    run: RunDep,
    settings: SettingsDep,
    asked: Annotated[str, Query(alias="lang", max_length=200)] = "zh",
) -> HTMLResponse:
    """Page of the education bureau's desk; in Chinese where it has not the language asked for."""
    lang: Lang = "en" if asked == "en" else "zh"
    words = read_words() | {"title": read_words()["schools_title"]}
    desk = run.schools
    data: dict[str, Any] = {
        "lang": lang,
        "city": {key: run.city[key] for key in ("name", "created", "districts", "attribution")},
        "levels": [{**level, **_describe_classes(run.run, level["code"])} for level in desk.levels],
        "child_m_s": (run.run.manifest.get("settings") or {}).get("child_m_s"),
        "years": list(desk.years),
        "first_level": find_first_level(run.run),
        "teaches": _list_combined(run.run),
        "parcel_states": [
            {"code": code, "zh": text.zh, "en": text.en} for code, text in STATUSES.items() if code
        ],
        "compared": EARLIER in desk.brought or settings.compare_with is not None,
        "palette": {"breaks": [], "colors": []},
        "words": words,
    }
    page = render_page(
        "schools.html", lang=lang, city=run.city, years=desk.years, words=words, data=data
    )
    return HTMLResponse(page)


@router.get("/maps/schools", include_in_schema=False)
@router.get("/maps/schools.html", include_in_schema=False)
def get_schools_map(
    *,
    run: RunDep,
    lang: Lang = "zh",
    embed: Annotated[bool, Query(description="without its own controls")] = False,
) -> HTMLResponse:
    """Map of school places and education land; `embed` is read by the page itself."""
    page: MapPage = run.maps.get(("schools", lang), lambda: build_map_page(_draw_map(run, lang)))
    del embed
    return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})


@router.get("/sheets/schools", tags=["sheets"], summary="Sheet of school places and land")
def get_schools_sheet(run: RunDep, lang: Lang = "zh") -> HTMLResponse:
    """Page to print: the city's shortages, and its parcels by urgency."""
    return answer_sheet(print_schools(run.run, language=lang))


@router.get("/sheets/parcels/{parcel_id:path}", tags=["sheets"], summary="Sheet of a parcel")
def get_parcel_sheet(
    *, run: RunDep, parcel_id: str, lang: Lang = "zh", _turn: ReleaseTurn
) -> HTMLResponse:
    """One page of A4 to print: a parcel's facts and findings, and what giving it up would cost."""
    run.parcels.get_parcel(parcel_id)
    release = run.schools.placers.release(parcel_id, None).release
    return answer_sheet(print_parcel(run.run, parcel_id, release, language=lang))


def _draw_map(run: OpenRun, lang: Lang) -> str:
    return schools_map(
        run.run, lang=lang, assets="linked", asset_base="/assets/", backdrop=run.backdrop
    )


def _describe_classes(run: Run, code: LevelCode) -> dict[str, Any]:
    """Children in a class of a level, and how well that is known."""
    size = run.parameters.levels[code].class_size
    return {"class_size": size.value, "class_size_status": size.source.status}


def _list_combined(run: Run) -> dict[str, list[str]]:
    """Levels taught where a parcel or school is of several."""
    parameters = run.parameters
    found = {code: list_parts(code, parameters) for code in parameters.combined}
    told: dict[str, list[str]] = plain_value({code: list(parts) for code, parts in found.items()})
    return told
