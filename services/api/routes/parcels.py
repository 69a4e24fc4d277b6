"""Reserved school land: parcels by urgency, findings, release tests, changes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.api.answers import json_answer
from services.api.deps import (
    DistrictDep,
    ParcelHistoryDep,
    RunDep,
    SettingsDep,
    YearsDep,
)
from services.api.lines import ChangesTurn, ReleaseTurn
from services.api.parcels import AskedParcels
from services.api.routes.schools import LevelQuery, LimitRows, OffsetRows, answer_page, get_page
from services.api.school_models import (
    AssessmentAnswer,
    ParcelAnswer,
    ParcelChangeAnswer,
    ReleaseAnswer,
)

router = APIRouter(prefix="/v1", tags=["parcels"])


@router.get("/parcels", summary="School land by urgency", response_model=ParcelAnswer)
def get_parcels(
    *,
    run: RunDep,
    settings: SettingsDep,
    district: DistrictDep,
    level: LevelQuery = None,
    status: Annotated[
        Literal["reserved", "granted", "building", "open", "re-zoned", "occupied", "unknown"]
        | None,
        Query(description="only parcels of this state; `unknown`: none is stated"),
    ] = None,
    urgent: Annotated[
        bool | None,
        Query(description="only parcels something is wrong with, or only the others"),
    ] = None,
    limit: LimitRows = None,
    offset: OffsetRows = 0,
) -> Response:
    """Parcels reserved for kindergartens and schools, the most urgent first.

    `step` is the first question of the order of urgency whose answer is yes. `level` finds a parcel
    by every level a school on it would teach. Shapes are at `/collections/parcels`.
    """
    most = get_page(settings, limit)
    asked = AskedParcels(
        level=run.parcels.get_level(level) if level else None,
        status=status,
        district=district,
        urgent=urgent,
    )
    found = run.parcels.list_parcels(asked, limit=most, offset=offset)
    return answer_page("parcels", found)


@router.get(
    "/parcels/compare", summary="What became of earlier parcels", response_model=ParcelChangeAnswer
)
def compare_with_earlier(run: RunDep, history: ParcelHistoryDep, _turn: ChangesTurn) -> Response:
    """Parcels that are gone, re-zoned, shrunk, moved, split, merged, grown or new, the gravest first.

    Compared with the city's own earlier layer (`earlier_parcels` under [sources]), else with the run
    named by `--compare-with`; 404 where there is neither. A change of the layout plan is a finding,
    never an approval: `remark_zh` and `remark_en` say what the regulation asks for.
    """
    return json_answer(history.compare(run))


@router.get(
    "/parcels/{parcel_id:path}/assessment",
    summary="Everything found about a parcel",
    response_model=AssessmentAnswer,
)
def get_assessment(run: RunDep, parcel_id: str) -> Response:
    """Every finding with its figure, source and shape; what became of the parcel; schools on it."""
    return json_answer(run.parcels.assess(parcel_id))


@router.get(
    "/parcels/{parcel_id:path}/release",
    summary="Who loses what without a parcel",
    response_model=ReleaseAnswer,
)
def get_release(run: RunDep, parcel_id: str, years: YearsDep, _turn: ReleaseTurn) -> Response:
    """If the parcel were given up: who loses a place or walks farther, where, and from which year.

    All children are placed once more without the school on it. `lost` holds whatever the truth
    about schools of unknown places; `lost_possible` if such schools take nobody, and children nobody counted fill what they reach.
    """
    return json_answer(run.parcels.release(parcel_id, years))
