"""What the run holds: facility kinds and data notices."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.api.answers import json_answer
from services.api.deps import RunDep
from services.api.models import KindAnswer, NoticeAnswer

router = APIRouter(prefix="/v1", tags=["facts"])


@router.get("/kinds", summary="Facility kinds", response_model=KindAnswer)
def list_kinds(run: RunDep) -> Response:
    """Kinds with names, number of facilities, and whether anything could be measured."""
    kinds = list(run.kinds.values())
    return json_answer({"count": len(kinds), "items": kinds})


@router.get("/notices", summary="Data notices", response_model=NoticeAnswer)
def list_notices(
    run: RunDep,
    severity: Annotated[
        Literal["error", "warning", "info"] | None, Query(description="only this severity")
    ] = None,
) -> Response:
    """Say what is wrong with the data, where they come from, what was assumed."""
    rows = [row for row in run.notices if severity is None or row["severity"] == severity]
    return json_answer(
        {
            "count": len(rows),
            "items": rows,
            "attribution": run.manifest.get("attribution", []),
            "assumptions": run.manifest.get("assumptions", []),
        }
    )
