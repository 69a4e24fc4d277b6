"""How communities and areas stand to every circle, type and rule."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.api.answers import json_answer
from services.api.deps import DistrictDep, NameQuery, RunDep, SettingsDep
from services.api.opened import OpenRun, Row
from services.api.score_models import ScoreAnswer, TargetAnswer
from services.api.scores import Asked, Level
from services.api.standards import VERDICTS, count_statuses
from services.api.verdicts import list_gaps
from services.errors import InvalidQuery

router = APIRouter(prefix="/v1", tags=["scorecards"])

StatusQuery = Annotated[
    Literal["met", "gap", "unknown", "not_applicable"] | None,
    Query(description="only this verdict; of areas, those with any community of it"),
]
PackQuery = Annotated[str | None, Query(max_length=200, description="code of a rule pack")]


def find_asked(
    *,
    run: RunDep,
    district: DistrictDep,
    community: NameQuery = None,
    subdistrict: NameQuery = None,
    pack: PackQuery = None,
    card: Annotated[
        str | None,
        Query(
            max_length=200,
            description="code of a card (for areas, of an answer too); `size`: the size check",
        ),
    ] = None,
    about: Annotated[
        Literal["circle", "type", "level", "set", "check", "rule"] | None,
        Query(description="only cards of this sort; `rule`: single rules, for areas"),
    ] = None,
    status: StatusQuery = None,
) -> Asked:
    """What is asked for, every name checked."""
    return Asked(
        community=None if community is None else run.get_community(community)["community_id"],
        district=district,
        subdistrict=run.get_subdistrict(subdistrict) if subdistrict else None,
        pack=None if pack is None else run.standards.get_pack(pack),
        card=None if card is None else run.standards.get_card(card, or_answer=True),
        about=about,
        status=status,
    )


@router.get("/scorecards", summary="Circles, types and rules", response_model=ScoreAnswer)
def get_scorecards(
    *,
    run: RunDep,
    settings: SettingsDep,
    asked: Annotated[Asked, Depends(find_asked)],
    level: Annotated[Level, Query(description="communities, or areas of them")] = "community",
    answers: Annotated[
        bool, Query(description="of communities: the verdict of every rule as well")
    ] = True,
) -> Response:
    """Cards of communities with the verdicts of their rules, or roll-ups of areas with their rank.

    A card is met when every rule of it that applies is; its status says nothing more than its
    counts. Shares of areas have two bounds: what surely meets it, and what may if every undecided
    community does.
    """
    _check_level(level, asked)
    if level == "community":
        rows = run.scores.list_scorecards(asked)
        by_status = count_statuses(row["status"] for row in rows)
        if answers:
            _check_size(len(rows) + sum(len(row["rules"]) for row in rows), settings.max_items)
            rows = _add_answers(run, rows, asked)
    else:
        rows = run.scores.list_rollups(level, asked)
        by_status = {status: sum(row[status] for row in rows) for status in VERDICTS}
    _check_size(len(rows), settings.max_items)
    return json_answer({"level": level, "count": len(rows), "by_status": by_status, "items": rows})


@router.get("/targets", summary="Targets of districts and the city", response_model=TargetAnswer)
def get_targets(
    run: RunDep,
    district: DistrictDep,
    level: Annotated[
        Literal["district", "city"] | None, Query(description="only of districts, or of the city")
    ] = None,
    pack: PackQuery = None,
    status: StatusQuery = None,
) -> Response:
    """Rules judged of a whole area: a share of its communities, counts, amounts per head."""
    pack_code = None if pack is None else run.standards.get_pack(pack)
    rows = run.scores.list_targets(level, Asked(district=district, pack=pack_code, status=status))
    by_status = count_statuses(row["status"] for row in rows)
    return json_answer({"count": len(rows), "by_status": by_status, "items": rows})


def _add_answers(run: OpenRun, rows: list[Row], asked: Asked) -> list[Row]:
    """Return cards with the verdicts of their rules, those to act on first."""
    of_rule = {
        (gap["community_id"], gap["pack"], gap["rule"]): gap
        for gap in list_gaps(
            run, community=asked.community, district=asked.district, pack=asked.pack
        )
    }
    found = []
    for row in rows:
        keys = [(row["community_id"], row["pack"], code) for code in row["rules"]]
        gaps = [of_rule[key] for key in keys if key in of_rule]
        gaps.sort(key=lambda gap: VERDICTS.index(gap["status"]))
        found.append({**row, "answers": gaps})
    return found


def _check_level(level: Level, asked: Asked) -> None:
    """Refuse questions that no row of a level can answer."""
    if level != "community" and asked.community is not None:
        raise InvalidQuery("community", asked.community, "with level=community only")
    if level == "community" and asked.about == "rule":
        raise InvalidQuery(
            "about", asked.about, "a sort of card: verdicts of rules on communities are at /v1/gaps"
        )
    if level == "city" and asked.district is not None:
        raise InvalidQuery("district", asked.district, "none with level=city")
    if level in {"city", "district"} and asked.subdistrict is not None:
        raise InvalidQuery(
            "subdistrict", asked.subdistrict, "with level=community or level=subdistrict only"
        )


def _check_size(found: int, most: int) -> None:
    if found > most:
        raise InvalidQuery(
            "level",
            f"{found:,} rows",
            f"at most {most:,} rows: choose a community, a district, a pack or a card, or ask with "
            "answers=false",
        )
