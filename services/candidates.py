"""Which facilities may count for a rule, and which surely do: status, size and free places."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers.standards.model import Minimum, Rule
from services.scopes import get_column
from services.walks import Walks

INCLUSIVE, FREE_PLACES = "inclusive", "free_places"


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Facility rows: all there are of a kind, those that may qualify and those that surely do.

    `open` names the columns of the facilities table whose blanks make the difference.
    """

    present: IntArray
    possible: IntArray
    certain: IntArray
    open: tuple[str, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether some may or may not qualify."""
        return len(self.certain) < len(self.possible)


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Facilities of a city as candidates; what one rule asked for is kept for the next."""

    walks: Walks
    known: dict[tuple[str, bool, tuple[tuple[str, float], ...]], Candidates] = field(
        default_factory=dict
    )
    texts: dict[str, NDArray[np.object_]] = field(default_factory=dict)

    def list_candidates(self, rule: Rule) -> Candidates:
        """Facilities of the rule's kind that are inclusive and large enough where it says so."""
        return self.find(rule.kind, rule.minimum, inclusive=rule.inclusive)

    def find(
        self, kind: str, minimum: Sequence[Minimum] = (), *, inclusive: bool = False
    ) -> Candidates:
        """Facilities of a kind, of some size."""
        key = (kind, inclusive, tuple((one.size, one.least.value) for one in minimum))
        if key not in self.known:
            self.known[key] = self._build(kind, minimum, inclusive=inclusive)
        return self.known[key]

    def _build(self, kind: str, minimum: Sequence[Minimum], *, inclusive: bool) -> Candidates:
        present = self.walks.list_facilities(kind)
        yes, maybe = np.ones((2, len(present)), dtype=np.bool_)
        blank: list[tuple[str, BoolArray]] = []
        if inclusive:
            status = self.walks.facilities["inclusive"].iloc[present].astype("boolean")
            yes &= status.fillna(value=False).to_numpy(dtype=bool)
            maybe &= status.fillna(value=True).to_numpy(dtype=bool)
            blank.append((INCLUSIVE, status.isna().to_numpy(dtype=bool)))
        for one in minimum:
            size = self.get_column(one.size)[present]
            yes &= size >= one.least.value
            maybe &= ~(size < one.least.value)
            blank.append((one.size, np.isnan(size)))
        names = tuple(name for name, rows in blank if (rows & maybe).any())
        return Candidates(present, present[maybe], present[yes], names)

    def keep_free(self, candidates: Candidates) -> Candidates:
        """Narrow candidates to those with free places: none surely where nothing is known."""
        free = self.get_column(FREE_PLACES)
        full = (free <= 0) | (np.isnan(free) & (self.get_column("capacity") <= 0))
        possible = candidates.possible[~full[candidates.possible]]
        certain = candidates.certain[free[candidates.certain] > 0]
        blank = bool(np.isnan(free[possible]).any())
        names = (*candidates.open, FREE_PLACES) if blank else candidates.open
        return Candidates(candidates.present, possible, certain, names)

    def is_mapped(self, kind: str) -> bool:
        """Whether the data hold any facility of a kind."""
        return len(self.find(kind).present) > 0

    def name_facility(self, row: int) -> str:
        """Return the name of a facility row as mapped, empty where it has none or the row is -1."""
        return str(self._get_texts("name")[row]) if row >= 0 else ""

    @property
    def facility_ids(self) -> NDArray[np.object_]:
        """Shape `(F,)`: ids of the facility rows."""
        return self._get_texts("facility_id")

    def _get_texts(self, name: str) -> NDArray[np.object_]:
        if name not in self.texts:
            self.texts[name] = self.walks.facilities[name].to_numpy(dtype=object)
        return self.texts[name]

    def get_column(self, name: str) -> FloatArray:
        """Return a column of the facilities table, all NaN where it lacks it."""
        return get_column(self.walks.facilities, name)
