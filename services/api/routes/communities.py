"""Communities and their cards."""

from fastapi import APIRouter, Response

from services.api.answers import json_answer
from services.api.cards import build_card
from services.api.deps import DistrictDep, RunDep
from services.api.models import CommunityAnswer, CommunityCard

router = APIRouter(prefix="/v1", tags=["communities"])


@router.get("/communities", summary="Communities", response_model=CommunityAnswer)
def list_communities(run: RunDep, district: DistrictDep) -> Response:
    """Facts of every community, or of one district's; shapes are in `/collections`."""
    rows = [row for row in run.communities.values() if run.contains(row["community_id"], district)]
    return json_answer({"count": len(rows), "items": rows})


@router.get(
    "/communities/{community_id:path}", summary="One community", response_model=CommunityCard
)
def get_community(run: RunDep, community_id: str) -> Response:
    """Facts, coverage by every kind, gaps with reasons, how homes were found, data notices."""
    return json_answer(build_card(run, community_id))
