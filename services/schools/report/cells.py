"""Cells of the report's sheets on schools and land: figures, names, what nobody knows."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from layers.schooling.load import read_parameters
from layers.schooling.model import LEVELS
from services.schools.settlers import name_settlers
from services.score_sentences import split_settled
from services.sheet_facts import SheetFacts
from services.workbook import UNKNOWN

Cells = list[Any]


def sort_by_level(
    frame: pd.DataFrame, then: Sequence[str], first: Sequence[str] = ()
) -> pd.DataFrame:
    """Rows by `first`, then level, the youngest first, then by other columns."""
    rank = frame["level"].map({level: at for at, level in enumerate(LEVELS)})
    ranked = pd.DataFrame(frame).assign(_level=rank)
    return ranked.sort_values([*first, "_level", *then], kind="stable", ignore_index=True)


def name_levels(levels: pd.Series) -> Cells:
    """What levels of schools are called."""
    titles = {code: level.title.zh for code, level in read_parameters().levels.items()}
    return [titles.get(code, code) for code in levels.tolist()]


def locate(facts: SheetFacts, ids: pd.Series) -> dict[str, Cells]:
    """Columns on the communities of some codes; empty ones lie outside all."""
    rows = [facts.communities.get(one, {}) for one in ids.tolist()]
    return {
        "社区代码": ids.tolist(),
        "社区": [row.get("name", "") for row in rows],
        "县区": [row.get("district", "") for row in rows],
    }


def is_gone(value: float) -> bool:
    """Whether a number is missing."""
    return math.isnan(value)


def list_figures(values: pd.Series, *, blank: str = UNKNOWN) -> Cells:
    """Whole numbers, and what stands for those nobody knows."""
    return [blank if is_gone(value) else float(round(value)) for value in values.tolist()]


def list_where(shown: Any, values: pd.Series) -> Cells:
    """Numbers where they are meant; an unknown one is said there, and nothing elsewhere."""
    told = zip(list_figures(values), list(shown), strict=True)
    return [value if is_shown else "" for value, is_shown in told]


def list_settlers(values: pd.Series) -> Cells:
    """What would settle each of some unknowns, in words."""
    known: dict[str, str] = {}
    for text in set(values.tolist()):
        known[text] = name_settlers(split_settled(str(text))).zh
    return [known[text] for text in values.tolist()]
