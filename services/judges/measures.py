"""What is added up in an area: a column of its communities, or a sum over its facilities."""

from dataclasses import dataclass

import numpy as np

from geo.units import BoolArray, FloatArray
from layers.standards.model import Measure, Rule, Summed
from services.cityfacts import CityFacts
from services.judges.judgement import COMMUNITIES, FACILITIES, name_columns
from services.scopes import Scope
from services.sentences.amounts import Thing, name_attribute, name_sum
from services.verdicts import Bounds


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """An amount in each of `N` areas.

    Parameters
    ----------
    thing
        What it is called.
    total
        How much there surely is, and how much there may be.
    attribute
        Column of the communities table it is taken from; empty for sums over facilities.
    columns
        Columns of the facilities table whose blanks leave it open.
    present, blank
        Shape `(N,)`: facilities of the kind inside, and those of them with such a blank.
    """

    thing: Thing
    total: Bounds
    attribute: str
    columns: tuple[str, ...]
    present: FloatArray
    blank: FloatArray

    @property
    def settled_by(self) -> list[str]:
        """What would settle it where it is open."""
        if self.attribute:
            return name_columns(COMMUNITIES, [self.attribute])
        return name_columns(FACILITIES, self.columns)


def measure_amount(city: CityFacts, rule: Rule, measure: Measure, scope: Scope) -> Measured:
    """Add up what a rule measures."""
    none = np.zeros(len(scope))
    if measure.summed:
        return _sum_facilities(city, rule, measure.summed, scope)
    thing = name_attribute(city.attributes[measure.attribute])
    total = scope.sum_column(measure.attribute)
    return Measured(thing, total, measure.attribute, (), none, none)


def _sum_facilities(city: CityFacts, rule: Rule, summed: Summed, scope: Scope) -> Measured:
    candidates = city.pool.list_candidates(rule)
    rows, columns = candidates.possible, list(candidates.open)
    doubtful: BoolArray = ~np.isin(rows, candidates.certain)
    value = np.ones(len(rows))
    if summed != "facilities":
        value = city.pool.get_column(summed)[rows]
        if np.isnan(value).any():
            columns.append(summed)
    unsized = np.isnan(value)
    low = scope.sum_facilities(rows, np.where(doubtful | unsized, 0.0, value))
    high = scope.sum_facilities(rows, np.where(unsized, 0.0, value))
    endless = scope.sum_facilities(rows, unsized.astype(np.float64)) > 0
    return Measured(
        thing=name_sum(city.words(rule), summed),
        total=Bounds(low, np.where(endless, np.inf, high)),
        attribute="",
        columns=tuple(dict.fromkeys(columns)),
        present=scope.sum_facilities(candidates.present),
        blank=scope.sum_facilities(rows, (doubtful | unsized).astype(np.float64)),
    )
