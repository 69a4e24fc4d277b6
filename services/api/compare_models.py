"""Wire shapes of the comparison with an earlier run."""

from typing import Literal

from pydantic import ConfigDict, Field

from services.api.models import Verdict, Wire

Why = Literal["world", "data", "rule"]
Direction = Literal["worse", "better", "undecided", "decided", "begins", "ends"]
Relation = Literal["same", "renumbered", "redrawn", "split", "merged", "rearranged", "new", "gone"]
Side = Verdict | Literal["absent"]


class ComparedRun(Wire):
    """One of the two runs."""

    name: str
    judged_on: str = Field(description="day its rules were judged on")
    created: str
    version: str = Field(description="of the program")
    osm_timestamp: str | None


class CommonDifference(Wire):
    """What differs for every community: a setting, an input that was renewed."""

    why: Why
    code: str
    zh: str
    en: str


class BecameCommunity(Wire):
    """What became of communities that are not the same any more."""

    relation: Relation
    before: list[str] = Field(description="codes in the earlier run")
    after: list[str] = Field(description="codes in the run being served")
    overlap: float = Field(description="common over joint area, 0 to 1")
    dated: str = Field(description="date from which the later outlines hold; empty when none")


class ChangedCard(Wire):
    """A circle, type or level whose status moved in one community."""

    before_id: str
    after_id: str
    name: str
    district: str
    relation: Relation
    pack: str
    card: str
    title_zh: str
    title_en: str
    about: str
    status_before: Side
    status_after: Side
    direction: Direction
    why: Why = Field(description="of most of its rules that moved the same way")
    rules: list[str] = Field(description="those rules")


class Change(Wire):
    """A rule whose verdict, or how far it is missed, moved in one community."""

    before_id: str = Field(description="code of the community in the earlier run")
    after_id: str = Field(description="code in the run being served")
    name: str
    district: str
    relation: Relation
    pack: str
    rule: str
    title_zh: str
    title_en: str
    kind: str
    status_before: Side = Field(description="`absent`: that run does not judge by the rule")
    status_after: Side
    direction: Direction
    unit: str
    needed_before: float | None
    needed_after: float | None
    found_before: float | None
    found_after: float | None
    shortfall_before: float | None
    shortfall_after: float | None
    affected_before: float | None = Field(description="households left out")
    affected_after: float | None
    why: Why = Field(description="what it is put down to first")
    also: str = Field(description="what else changed, by commas")
    evidence_zh: str = Field(description="the differences behind it, in words")
    evidence_en: str


class CompareAnswer(Wire):
    """What got better or worse since an earlier run, and whether city, data or rules changed."""

    before: ComparedRun
    after: ComparedRun
    directions: dict[Direction, dict[Why, int]] = Field(
        description="changes by direction and why, whatever `direction` and `why` were asked for"
    )
    relations: dict[Relation, int] = Field(description="what became of the communities, counted")
    common: list[CommonDifference]
    communities: list[BecameCommunity]
    matched_cards: int
    cards: list[ChangedCard]
    matched: int = Field(description="changes there are of what was asked for")
    count: int = Field(description="changes in this answer")
    items: list[Change] = Field(description="what got worse first")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "before": {
                        "name": "样例市", "judged_on": "2025-01-01", "version": "0.1.0",
                        "created": "2025-01-01T08:00:00+00:00", "osm_timestamp": "2024-12-01T00:00:00Z",
                    },
                    "after": {
                        "name": "样例市", "judged_on": "2026-01-01", "version": "0.1.0",
                        "created": "2026-01-01T08:00:00+00:00", "osm_timestamp": "2024-12-01T00:00:00Z",
                    },
                    "directions": {
                        "worse": {"world": 0, "data": 0, "rule": 0},
                        "better": {"world": 1, "data": 0, "rule": 0},
                        "undecided": {"world": 0, "data": 0, "rule": 0},
                        "decided": {"world": 0, "data": 0, "rule": 0},
                        "begins": {"world": 0, "data": 0, "rule": 0},
                        "ends": {"world": 0, "data": 0, "rule": 0},
                    },
                    "relations": {"same": 22, "renumbered": 1},
                    "common": [
                        {
                            "why": "data", "code": "input_facilities", "zh": "设施表已更新",
                            "en": "the table of facilities was renewed",
                        }
                    ],
                    "communities": [
                        {
                            "relation": "renumbered", "before": ["990100021"],
                            "after": ["990100121"], "overlap": 1.0, "dated": "2025-07-01",
                        }
                    ],
                    "matched_cards": 0,
                    "cards": [],
                    "matched": 1,
                    "count": 1,
                    "items": [
                        {
                            "before_id": "990100022", "after_id": "990100022", "name": "锦川社区",
                            "district": "锦川区", "relation": "same", "pack": "baoji-four-types",
                            "rule": "bj.kindergarten.1500.inside", "kind": "kindergarten",
                            "title_zh": "1500户以上居民社区力争设有1所普惠性幼儿园（社区范围内）",
                            "title_en": "Communities of 1500 households and above strive to have "
                            "an inclusive kindergarten (inside the boundary)",
                            "status_before": "gap", "status_after": "met", "direction": "better",
                            "unit": "facilities", "needed_before": 1.0, "needed_after": 1.0,
                            "found_before": 0.0, "found_after": 1.0, "shortfall_before": 1.0,
                            "shortfall_after": 0.0, "affected_before": 1680.0,
                            "affected_after": 0.0, "why": "world", "also": "",
                            "evidence_zh": "“锦川第二幼儿园”于2025年投用",
                            "evidence_en": "“锦川第二幼儿园” opened in 2025",
                        }
                    ],
                }
            ]
        }
    )  # fmt: skip
