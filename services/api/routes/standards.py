"""The standards behind the verdicts: packs, rules and cards, with every figure and its source."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.answers import json_answer
from services.api.deps import RunDep
from services.api.score_models import ExplainAnswer, StandardAnswer, StandardsAnswer
from services.explain import explain_verdict

router = APIRouter(prefix="/v1", tags=["standards"])


@router.get("/standards", summary="Rule packs", response_model=StandardsAnswer)
def list_standards(run: RunDep) -> Response:
    """Every pack of the run with its rules and cards, and the communities per verdict.

    A figure has value, unit, source and the source's status (`primary`, `secondary`, `derived`,
    `unverified`); where the city put its own in place of the standard's, `original` holds that.
    """
    packs = [run.standards.describe_pack(code) for code in run.standards.packs]
    return json_answer({"count": len(packs), "items": packs})


@router.get("/standards/{code}", summary="One pack, rule or card", response_model=StandardAnswer)
def get_standard(run: RunDep, code: str) -> Response:
    """One pack, one rule with its answers, one answer, or one card with its rules, by code."""
    return json_answer(run.standards.find_entry(code))


@router.get("/explain", summary="One verdict explained", response_model=ExplainAnswer)
def get_explanation(
    run: RunDep,
    community: Annotated[str, Query(max_length=200, description="community: code or name")],
    rule: Annotated[str, Query(max_length=200, description="rule, or one of its answers: code")],
) -> Response:
    """What a rule asks and where that stands, what was looked at, the verdict, and its data.

    A rule judged of a district or the city is explained for the one the community lies in.
    """
    tables = run.run
    found = explain_verdict(
        run.manifest,
        tables.gaps,
        tables.communities,
        tables.facilities,
        community,
        rule,
        targets=tables.targets,
        coverage=tables.coverage,
        access=tables.access,
    )
    return json_answer(found.as_json())
