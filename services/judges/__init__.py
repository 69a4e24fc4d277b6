"""One judge per kind of test: what it measures, and the verdict of every area.

A new kind of test needs a dataclass and an entry in `layers.standards.model.TESTS`, and a judge in
`JUDGES`; sources, dates, notes and files come for free.
"""

from collections.abc import Callable, Mapping
from typing import Any

from layers.standards.model import (
    AmountPer,
    AttributeAtLeast,
    CountInside,
    CountProvided,
    CountWithin,
    GroupsWithin,
    Missing,
    Rule,
    ShareWithin,
)
from services.cityfacts import CityFacts
from services.judges.amounts import judge_amount_per, judge_attribute, judge_missing
from services.judges.groups import judge_groups
from services.judges.inside import judge_count_inside
from services.judges.judgement import Judgement
from services.judges.reach import judge_count_provided, judge_count_within, judge_share_within
from services.scopes import Scope

__all__ = ["AREA_JUDGES", "JUDGES", "Judgement"]

JUDGES: Mapping[type[Any], Callable[[CityFacts, Rule, Any], list[Judgement]]] = {
    ShareWithin: judge_share_within,
    CountProvided: judge_count_provided,
    CountInside: judge_count_inside,
    CountWithin: judge_count_within,
    GroupsWithin: judge_groups,
    AmountPer: judge_amount_per,
    AttributeAtLeast: judge_attribute,
    Missing: judge_missing,
}
"""How each kind of test is judged of communities."""

AREA_JUDGES: Mapping[type[Any], Callable[[CityFacts, Rule, Any, Scope], list[Judgement]]] = {
    CountInside: judge_count_inside,
    AmountPer: judge_amount_per,
    Missing: judge_missing,
}
"""How tests are judged of districts and the whole city."""
