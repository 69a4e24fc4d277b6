"""Ways a rule lets people be served: facilities of a kind within so far."""

from dataclasses import dataclass

from geo.units import BoolArray
from layers.standards.model import Alternative, Rule, Value
from services.candidates import Candidates
from services.cityfacts import CityFacts
from services.grounds import Bound, Ground
from services.sentences.words import Words


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way to be served: `count` facilities of a kind within a bound.

    Parameters
    ----------
    words, kind
        What they are called, and their kind.
    candidates
        Facilities that qualify.
    free
        Those of them that also have free places, where the answer asks for that; else the same.
    """

    words: Words
    kind: str
    candidates: Candidates
    free: Candidates
    bound: Bound
    count: int = 1

    @property
    def places(self) -> bool:
        """Whether free places are asked for."""
        return self.free is not self.candidates

    @property
    def absent(self) -> bool:
        """Whether the data hold none of the kind."""
        return len(self.candidates.present) == 0

    def serves(self, ground: Ground) -> BoolArray:
        """Shape `(H,)`: homes it surely serves."""
        return ground.served(self.free.certain, self.bound, self.count)

    def may_serve(self, ground: Ground) -> BoolArray:
        """Shape `(H,)`: homes it may serve."""
        return ground.may_serve(self.free.possible, self.bound, self.count)


def build_way(
    city: CityFacts, rule: Rule, limit: Value, *, count: int = 1, places: bool = False
) -> Way:
    """The way to be served by a rule's own kind; with free `places` where that is asked."""
    candidates = city.pool.list_candidates(rule)
    return Way(
        words=city.words(rule, limit),
        kind=rule.kind,
        candidates=candidates,
        free=city.pool.keep_free(candidates) if places else candidates,
        bound=city.bound(rule, limit, rule.kind),
        count=count,
    )


def build_other_way(city: CityFacts, rule: Rule, other: Alternative) -> Way:
    """Another way to be served: another kind, size or limit."""
    found = city.pool.find(other.kind, other.minimum)
    bound = city.bound(rule, other.limit, other.kind)
    return Way(city.words(rule, other.limit, other), other.kind, found, found, bound)
