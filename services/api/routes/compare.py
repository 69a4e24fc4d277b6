"""What got better or worse since an earlier run."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.answers import json_answer
from services.api.compare_models import CompareAnswer, Direction, Why
from services.api.compared import AskedChanges
from services.api.deps import EarlierDep, NameQuery, RunDep, SettingsDep
from services.errors import InvalidQuery

router = APIRouter(prefix="/v1", tags=["compare"])

_PAGE = 1000


@router.get("/compare", summary="Since an earlier run", response_model=CompareAnswer)
def get_comparison(
    *,
    run: RunDep,
    earlier: EarlierDep,
    settings: SettingsDep,
    community: Annotated[
        str | None, Query(max_length=200, description="code of a community, in either run")
    ] = None,
    rule: Annotated[
        str | None, Query(max_length=200, description="code of a rule, or of one of its answers")
    ] = None,
    direction: Annotated[
        Direction | None,
        Query(
            description="`undecided`, `decided`: became unknown, or known; `begins`, `ends`: the rule "
            "came to apply, or no longer does"
        ),
    ] = None,
    why: Annotated[
        Why | None,
        Query(
            description="what it is put down to: the city (`world`), the data or the rule changed"
        ),
    ] = None,
    district: NameQuery = None,
    verdicts: Annotated[
        bool, Query(description="only where the verdict is another, not gaps that grew or shrank")
    ] = False,
    limit: Annotated[int | None, Query(ge=1, description="most rows in one answer")] = None,
    offset: Annotated[int, Query(ge=0, description="rows to leave out at the start")] = 0,
) -> Response:
    """Changes by community and rule since the run the service was told to compare with.

    Communities are matched by area: codes drift. 404 when no earlier run was named
    (`lifecircle serve OUT --compare-with EARLIER`).
    """
    compared = earlier.compare(run)
    if limit is not None and limit > settings.max_items:
        raise InvalidQuery("limit", limit, f"at most {settings.max_items:,}")
    asked = AskedChanges(
        community=community,
        rule=rule,
        direction=direction,
        why=why,
        district=run.get_district(district) if district else None,
        verdicts=verdicts,
    )
    page = limit or min(_PAGE, settings.max_items)
    return json_answer(compared.answer(asked, limit=page, offset=offset))
