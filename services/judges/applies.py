"""Who a rule applies to: in force, large enough, with people, and with something to measure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from geo.units import BoolArray
from layers.standards.model import Basis, Rule, Text, Value
from services.cityfacts import CityFacts
from services.clusters import Clusters, build_clusters
from services.judges.judgement import (
    COMMUNITIES,
    Settled,
    list_settlers,
    name_columns,
    name_kinds,
    remember,
)
from services.scopes import Scope
from services.sentences import settled as sentences
from services.sentences.settled import MOST_NAMES, Size, Subject
from services.sentences.words import Words
from services.verdicts import NOT_APPLICABLE, UNKNOWN, Bounds

GTFS = "gtfs"
_SOURCE = {"households": "demand", "buildings": "buildings", "land": "land"}
"""What would settle that there is nothing to take a share of."""


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """How large areas are, against what a rule asks for.

    Parameters
    ----------
    sizes
        Column of the communities table, threshold, and what is known of each area.
    clusters
        Communities counted together, where the rule does so.
    """

    sizes: tuple[tuple[str, Value, Bounds], ...]
    clusters: Clusters | None = None

    @property
    def surely(self) -> BoolArray | None:
        """Shape `(N,)`: every threshold is reached; None without one."""
        if not self.sizes:
            return None
        enough: BoolArray = np.logical_and.reduce(
            [size.low >= least.value for _, least, size in self.sizes]
        )
        return enough

    @property
    def below(self) -> BoolArray | None:
        """Shape `(N,)`: some threshold is not reached; None without one."""
        if not self.sizes:
            return None
        few: BoolArray = np.logical_or.reduce(
            [size.high < least.value for _, least, size in self.sizes]
        )
        return few

    def list_sizes(self, row: int) -> list[Size]:
        """What is known of one area."""
        return [
            Size(
                column,
                least,
                float(size.low[row]) if size.low[row] == size.high[row] else np.nan,
                float(size.low[row]),
            )
            for column, least, size in self.sizes
        ]


def measure_sizes(city: CityFacts, rule: Rule, scope: Scope) -> Reached:
    """How large areas are; small communities with those around them where the rule says so."""
    applies = rule.applies
    thresholds = (("households", applies.households), ("population", applies.population))
    sizes = tuple(
        (column, least, scope.sum_column(column)) for column, least in thresholds if least
    )
    alone = Reached(sizes)
    surely, below = alone.surely, alone.below
    if applies.unit != "cluster" or surely is None or below is None:
        return alone
    clusters = build_clusters(city.find_neighbours(), below, ~surely & ~below)
    together = tuple((column, least, clusters.sum_sizes(size)) for column, least, size in sizes)
    return Reached(together, clusters)


def name_subject(
    city: CityFacts, scope: Scope, row: int, reached: Reached | None = None
) -> Subject:
    """Return who a rule is judged for."""
    if scope.level == "city":
        name = scope.names[row]
        return Subject(Text(name or "全市", name or "The city"))
    if scope.level == "district":
        return Subject(Text(scope.names[row], scope.names[row]))
    people = city.people(row)
    if reached is None or reached.clusters is None:
        return Subject(people.subject, people)
    members = reached.clusters.list_members(row)
    named = tuple(city.name_community(one) for one in members[:MOST_NAMES].tolist())
    return Subject(people.subject, people, named, len(members))


def settle(
    city: CityFacts,
    rule: Rule,
    scope: Scope,
    reached: Reached,
    *,
    words: Words | None = None,
    kinds: Sequence[str] = (),
    basis: Basis | None = None,
    per: Bounds | None = None,
) -> Settled:
    """Decide what needs no facility: not in force, nobody there, too small, nothing to measure.

    Parameters
    ----------
    words
        What the rule's facilities are called, where it is about any.
    kinds
        Their kinds: of none of them the data hold a facility, and nothing can be said.
    basis
        What walks or journeys start from, where any are measured.
    per
        What amounts are for so many of: of none there is nothing to ask.
    """
    size = len(scope)
    status, why, settled_by = (np.full(size, "", dtype=object) for _ in range(3))

    def decide(where: BoolArray, verdict: str, reason: str, by: str = "") -> None:
        still_open = where & (status == "")
        status[still_open] = verdict
        why[still_open] = reason
        settled_by[still_open] = by

    everywhere = np.ones(size, dtype=np.bool_)
    if not rule.in_force(city.today):
        decide(everywhere, NOT_APPLICABLE, "not_in_force")
    decide(_find_empty(city, scope), NOT_APPLICABLE, "nobody")
    if per is not None:
        decide(per.high <= 0, NOT_APPLICABLE, "nobody")
    surely, below = reached.surely, reached.below
    if surely is not None and below is not None:
        decide(below, NOT_APPLICABLE, "below")
        for row in np.flatnonzero(~surely & (status == "")).tolist():
            columns = [one.column for one in _list_open(reached, row)]
            status[row], why[row] = UNKNOWN, "size"
            settled_by[row] = list_settlers(name_columns(COMMUNITIES, columns))
    if kinds and not any(city.pool.is_mapped(kind) for kind in kinds):
        decide(everywhere, UNKNOWN, "kind", list_settlers(name_kinds(kinds)))
    if basis is not None:
        decide(~(city.grounds[basis].homes.total > 0), UNKNOWN, "homes", _SOURCE[basis])

    def say(row: int) -> Text:
        subject = name_subject(city, scope, row, reached)
        match why[row]:
            case "not_in_force":
                return sentences.say_not_in_force(rule, city.today)
            case "nobody":
                return sentences.say_nobody(subject)
            case "below":
                return sentences.say_below(subject, _find_small(reached, row))
            case "size":
                return sentences.say_size_unknown(subject, _list_open(reached, row))
            case "kind" if words is not None:
                return sentences.say_kind_missing(words, [city.name_kind(one) for one in kinds[1:]])
            case _:
                return sentences.say_no_homes(city.people(row, basis or "households"))

    def key(row: int) -> Hashable | None:
        alike = {"not_in_force", "nobody", "kind", "homes"}
        if reached.clusters is None:
            alike.add("size")
        if why[row] not in alike or scope is not city.scope:
            return None
        return (why[row], settled_by[row], bool(city.is_cell[row]))

    return Settled(status, settled_by, remember(say, key))


def _list_open(reached: Reached, row: int) -> list[Size]:
    return [one for one in reached.list_sizes(row) if not one.least >= one.needed.value]


def _find_small(reached: Reached, row: int) -> Size:
    """Return the first threshold an area does not reach."""
    column, least, size = next(one for one in reached.sizes if one[2].high[row] < one[1].value)
    return Size(column, least, float(size.high[row]), float(size.low[row]))


def _find_empty(city: CityFacts, scope: Scope) -> BoolArray:
    """Shape `(N,)`: areas where nobody lives."""
    households = scope.sum_column("households")
    none: BoolArray = households.high <= 0
    if scope.level == "community":
        homes = city.ground.homes
        none |= np.isnan(city.households) & homes.counted & (homes.total <= 0)
        none |= np.isnan(city.households) & (scope.sum_column("population").high <= 0)
    return none
