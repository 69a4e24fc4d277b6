"""What a judge of rules hands back, and how the data's blanks are named."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from geo.units import FloatArray
from layers.standards.model import Answer, Text
from services.causes import CommunityCauses
from services.verdicts import Bounds, StatusArray

Say = Callable[[int], Text]
"""The sentence of an area, by its row."""

FACILITIES, COMMUNITIES = "facilities", "communities"


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """One answer to a rule, for every area it is judged in.

    Parameters
    ----------
    code, answer
        Which answer.
    status
        Shape `(N,)`.
    needed
        Shape `(N,)`: what is asked for.
    found
        What surely is there and what may be, in the unit of `needed`.
    unit
        That unit.
    affected
        Shape `(N,)`: households a gap leaves out, and those a met rule does not surely reach.
    settled_by
        Shape `(N,)`: what would settle an `unknown`; only looked at there.
    say
        The sentence of a row.
    causes
        Why homes are left out, where a walk or journey is measured.
    attribute, basis
        Column the rule is about; what a share is of.
    """

    code: str
    answer: Answer
    status: StatusArray
    needed: FloatArray
    found: Bounds
    unit: str
    affected: FloatArray
    settled_by: StatusArray
    say: Say
    causes: CommunityCauses | None = None
    attribute: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Areas whose verdict does not depend on what lies there or within reach.

    `status` is empty where it does; `settled_by` and `say` hold where it does not.
    """

    status: StatusArray
    settled_by: StatusArray
    say: Say

    def over(self, status: StatusArray) -> StatusArray:
        """Verdicts with what is settled in place."""
        return np.where(self.status != "", self.status, status)

    def over_settled_by(self, settled_by: str | StatusArray) -> StatusArray:
        """What would settle an unknown with what is settled in place."""
        return np.where(self.status != "", self.settled_by, settled_by)

    def over_say(self, say: Say) -> Say:
        """Sentences with what is settled in place."""
        return lambda row: self.say(row) if self.status[row] else say(row)


def remember(say: Say, key: Callable[[int], Hashable | None]) -> Say:
    """Say the same words once: rows with one `key` have one sentence; None stands for its own."""
    known: dict[Hashable, Text] = {}

    def told(row: int) -> Text:
        of_row = key(row)
        if of_row is None:
            return say(row)
        if of_row not in known:
            known[of_row] = say(row)
        return known[of_row]

    return told


def name_columns(table: str, columns: Iterable[str]) -> list[str]:
    """Return columns with their table: `facilities.inclusive`."""
    return [f"{table}.{column}" for column in columns]


def name_kinds(kinds: Iterable[str]) -> list[str]:
    """Return what is missing where the data hold none of a kind: `facilities (park)`."""
    return [f"{FACILITIES} ({kind})" for kind in kinds]


def list_settlers(*names: Iterable[str]) -> str:
    """Return names of tables and columns, each once, comma-separated."""
    return ",".join(dict.fromkeys(name for part in names for name in part))
