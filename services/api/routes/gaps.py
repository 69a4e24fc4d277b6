"""What communities lack, by which rule, and why."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.api.answers import json_answer
from services.api.deps import DistrictDep, NameQuery, OptionalKindDep, RunDep, SettingsDep
from services.api.models import GapAnswer, RuleAnswer
from services.api.score_models import VerdictAnswer
from services.api.standards import count_statuses
from services.api.verdicts import list_gaps, list_verdicts
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
        rule=None if rule is None else run.standards.get_answer(rule),
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
    by_status = count_statuses(row["status"] for row in rows)
    return json_answer({"count": len(rows), "by_status": by_status, "items": rows})


@router.get("/rules", summary="Rules that were judged", response_model=RuleAnswer)
def get_rules(run: RunDep) -> Response:
    """Rules with value, source, source status, and communities per verdict."""
    rules = list(run.standards.answers.values())
    return json_answer({"count": len(rules), "items": rules})


@router.get("/verdicts", summary="Statuses by kind or card", response_model=VerdictAnswer)
def get_verdicts(
    run: RunDep,
    kind: OptionalKindDep,
    district: DistrictDep,
    card: Annotated[
        str | None, Query(max_length=200, description="code of a card, in place of `kind`")
    ] = None,
) -> Response:
    """One status per community, for lists and maps: by the rules on a kind, or by a card.

    By kind it is the worst of its rules' verdicts; the rows behind it are at `/v1/gaps`.
    """
    if (kind is None) == (card is None):
        raise InvalidQuery("kind", "" if kind is None else kind["code"], "either kind or card")
    answer = list_verdicts(
        run,
        kind=None if kind is None else kind["code"],
        card=None if card is None else run.standards.find_card(card),
        district=district,
    )
    return json_answer(answer)
