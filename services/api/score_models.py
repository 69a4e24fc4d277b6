"""Wire shapes of standards, scorecards, roll-ups and targets."""

from typing import Any, Literal

from pydantic import Field

from services.api.models import Scorecard, Verdict, Wire


class Rollup(Wire):
    """How the communities of one area stand to one rule or card."""

    level: Literal["subdistrict", "district", "city"]
    area: str
    district: str
    pack: str
    code: str = Field(description="answer of a rule, or card")
    title_zh: str
    title_en: str
    about: str = Field(description="`rule`, or `circle`, `type`, `level`, `set`, `check`")
    communities: int
    met: int = Field(description="communities that meet it; likewise the next three")
    gap: int
    unknown: int
    not_applicable: int
    basis: Literal["households", "communities"] = Field(description="what the shares are of")
    households: float | None = Field(description="of communities it applies to")
    households_met: float | None
    households_gap: float | None
    households_unknown: float | None
    share_low: float | None = Field(description="share that surely meets it, 0 to 1")
    share_high: float | None = Field(description="share if every undecided community meets it")
    households_affected: float | None
    shortfall: float | None
    unit: str
    rank: float | None = Field(description="among the areas of its level, 1 the best")


class ScoreAnswer(Wire):
    """Scorecards of communities, or roll-ups of areas; and how many there are per status."""

    level: Literal["community", "subdistrict", "district", "city"]
    count: int
    by_status: dict[Verdict, int] = Field(
        description="rows per status; of roll-ups the communities, added up"
    )
    items: list[Scorecard] | list[Rollup]


class Target(Wire):
    """Verdict on one rule that is judged of a whole district or the city."""

    level: Literal["district", "city"]
    area: str
    pack: str
    rule: str
    title_zh: str
    title_en: str
    kind: str
    of: str = Field(description="card whose share of communities is asked for; else empty")
    of_title_zh: str
    of_title_en: str
    status: Verdict
    needed: float | None
    found: float | None = Field(description="what surely is there")
    possible: float | None = Field(description="what may be there if all that is unknown counts")
    shortfall: float | None
    unit: str
    settled_by: str
    overlaid: bool
    source_status: str
    reason: str
    reason_en: str


class TargetAnswer(Wire):
    """Targets."""

    count: int
    by_status: dict[Verdict, int]
    items: list[Target]


class StandardsAnswer(Wire):
    """Packs with rules and cards; every figure with unit, source, status and, overlaid, its original.

    `verdicts` beside each rule and card counts the communities per status (`judged` says where it is
    districts and the city instead).
    """

    count: int
    items: list[dict[str, Any]]


class StandardAnswer(Wire):
    """What a code stands for, with the pack, the rules and the cards around it."""

    code: str
    about: Literal["pack", "rule", "answer", "card"]
    pack: dict[str, Any]
    rules: list[dict[str, Any]]
    cards: list[dict[str, Any]]


class RuleVerdicts(Wire):
    """One answer with the communities per verdict."""

    pack: str
    code: str
    by_status: dict[Verdict, int]


class CommunityVerdict(Wire):
    """Status of one community."""

    community_id: str
    status: Verdict
    households_affected: float | None = Field(description="the most that any one gap leaves out")
    gaps: list[int] = Field(description="places in `rules` of the answers it misses")


class VerdictAnswer(Wire):
    """Statuses of communities by the rules on a kind, or by a card."""

    count: int
    by_status: dict[Verdict, int]
    rules: list[RuleVerdicts]
    items: list[CommunityVerdict]


class ExplainedAnswer(Wire):
    """Verdict of one answer of the rule explained."""

    rule: str
    status: Verdict


class ExplainedParagraph(Wire):
    """One paragraph of an explanation."""

    topic: Literal["asks", "source", "applies", "found", "verdict", "settled", "data"]
    rule: str = Field(description="answer it is about; empty where it is about all of them")
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str


class ExplainAnswer(Wire):
    """The reasoning behind one verdict, paragraph by paragraph."""

    community_id: str
    name: str
    area: str = Field(description="district or city the rule is judged of; else empty")
    pack: str
    rule: str
    title_zh: str
    title_en: str
    answers: list[ExplainedAnswer]
    paragraphs: list[ExplainedParagraph]
