"""What communities lack, by which rule, and why."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.api.answers import json_answer
from services.api.cards import count_verdicts, list_gaps, list_rules
from services.api.deps import DistrictDep, NameQuery, OptionalKindDep, RunDep, SettingsDep
from services.api.models import GapAnswer, RuleAnswer
from services.errors import InvalidQuery

router = APIRouter(prefix="/v1", tags=["gaps"])


@router.get("/gaps", summary="Verdicts per community and rule", response_model=GapAnswer)
def get_gaps(
    run: RunDep,
    settings: SettingsDep,
    kind: OptionalKindDep,
    district: DistrictDep,
    rule: NameQuery = None,
    community: NameQuery = None,
    status: Annotated[
        Literal["met", "gap", "unknown", "not_applicable"] | None,
        Query(description="only rows with this verdict"),
    ] = None,
) -> Response:
    """Rows of the gap table that match everything asked for; `by_status` counts them."""
    rows = list_gaps(
        run,
        rule=None if rule is None else run.get_rule(rule),
        kind=None if kind is None else kind["code"],
        status=status,
        district=district,
        community=None if community is None else run.get_community(community)["community_id"],
    )
    if len(rows) > settings.max_items:
        raise InvalidQuery(
            "rule",
            rule or "",
            f"fewer than the {len(rows):,} rows asked for, at most {settings.max_items:,}: "
            "choose a rule, a kind, a status or a district",
        )
    return json_answer({"count": len(rows), "by_status": count_verdicts(rows), "items": rows})


@router.get("/rules", summary="Rules that were judged", response_model=RuleAnswer)
def get_rules(run: RunDep) -> Response:
    """Rules with value, source, source status, and communities per verdict."""
    rules = list_rules(run)
    return json_answer({"count": len(rules), "items": rules})
