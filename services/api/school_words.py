"""Tables and columns that would settle what is unknown of schools and their land, as rows to send."""

from collections.abc import Iterable
from typing import Any

from layers.schooling.model import Parameters
from services.schools.settlers import locate_settler
from services.score_sentences import split_settled

Row = dict[str, Any]
CHILDREN, PARCELS, EARLIER = "children", "parcels", "earlier_parcels"


def list_settling(settled_by: Iterable[str], *more: str, parameters: Parameters) -> list[Row]:
    """Return what would settle unknowns, each once: tables the city lacks, then columns by name.

    Parameters
    ----------
    settled_by
        Columns `settled_by` of result tables.
    more
        Further codes.
    parameters
        For the names of hazards.
    """
    codes = {part for text in {*settled_by} for part in split_settled(text)} | {*more}
    named = {code: locate_settler(code, parameters) for code in codes}
    return [
        {"code": code, "zh": named[code].zh, "en": named[code].en}
        for code in sorted(codes, key=lambda code: ("." in code, code))
    ]
