"""Who reaches what, on foot or by public transport: per community, and summed up."""

from fastapi import APIRouter, Response

from services.api.answers import json_answer
from services.api.cards import build_summary
from services.api.deps import (
    DistrictDep,
    LimitDep,
    ModeDep,
    OptionalKindDep,
    OptionalLimitDep,
    RunDep,
    SettingsDep,
)
from services.api.models import CoverageAnswer, SummaryAnswer
from services.errors import InvalidQuery

router = APIRouter(prefix="/v1", tags=["coverage"])


@router.get("/coverage", summary="Coverage per community", response_model=CoverageAnswer)
def list_coverage(
    run: RunDep,
    settings: SettingsDep,
    kind: OptionalKindDep,
    mode: ModeDep,
    limit: OptionalLimitDep,
    district: DistrictDep,
) -> Response:
    """Rows of the coverage table; without `kind` or `limit` of all there are."""
    kinds = run.kinds if kind is None else [kind["code"]]
    rows = [
        row
        for code in kinds
        for row in run.list_coverage(code)
        if row["mode"] == mode
        and (limit is None or (row["limit"], row["limit_unit"]) == (limit.value, limit.unit))
        and run.contains(row["community_id"], district)
    ]
    if len(rows) > settings.max_items:
        raise InvalidQuery(
            "kind",
            "" if kind is None else kind["code"],
            f"fewer than the {len(rows):,} rows asked for, at most {settings.max_items:,}: "
            "choose a kind, a limit or a district",
        )
    return json_answer({"count": len(rows), "items": rows})


@router.get("/summary", summary="The city in figures", response_model=SummaryAnswer)
def get_summary(
    run: RunDep, kind: OptionalKindDep, mode: ModeDep, limit: LimitDep, district: DistrictDep
) -> Response:
    """Share, households and gaps per kind over the city or one district."""
    kinds = list(run.kinds.values()) if kind is None else [kind]
    items = [build_summary(run, one, mode=mode, limit=limit, district=district) for one in kinds]
    return json_answer({"city": run.city, "items": items})
