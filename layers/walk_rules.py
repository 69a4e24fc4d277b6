"""What can be walked on, decided by tags; the rules themselves are data (`walk_tags.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from layers.errors import InvalidConfig
from layers.tag_rules import (
    RuleIndex,
    Tags,
    build_condition,
    build_table,
    read_rule_file,
)

Passage = Literal["open", "private", "blocked"]
_FILE = "walk_tags.yaml"


@dataclass(frozen=True, slots=True)
class Walk:
    """How a way may be walked.

    Parameters
    ----------
    highway
        Its highway value, or `platform` for platforms without one.
    forward, backward
        Along its drawn direction, and against it.
    private
        Open only to those who live on it, to leave by.
    max_length_m
        Not walkable when it is longer than this, metres; infinite for most.
    homes
        Whether homes may stand along it: no bridge, tunnel, ramp, expressway, stairs.
    """

    highway: str
    forward: bool = True
    backward: bool = True
    private: bool = False
    max_length_m: float = float("inf")
    homes: bool = True


class WalkRules:
    """The decisions of `walk_tags.yaml`.

    Parameters
    ----------
    document
        Shaped as `walk_tags.yaml`.

    Raises
    ------
    InvalidConfig
        The document holds something impossible.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        ways, barriers = document["ways"], document["barriers"]
        self._walkable = frozenset(map(str, ways["walkable"]))
        self._only_if_said = frozenset(map(str, ways["only_if_said"]))
        self._never = frozenset(map(str, ways["never"]))
        torn = self._walkable & (self._never | self._only_if_said) | (
            self._never & self._only_if_said
        )
        if torn:
            raise InvalidConfig(f"{_FILE}: listed twice: {', '.join(sorted(torn))}")
        self.area_highways = frozenset(map(str, ways["area_relations"]))
        self._traits: RuleIndex[str] = RuleIndex(
            [
                (trait, build_condition(spec, where=f"{_FILE}, {trait}"))
                for trait in ("also", "has_sidewalk", "forward_only", "backward_only")
                for spec in ways[trait]
            ],
            where=_FILE,
        )
        homes = document["homes_along"]
        self._homeless_classes = frozenset(map(str, homes["not_classes"]))
        self._homeless: RuleIndex[bool] = RuleIndex(
            [
                (True, build_condition(spec, where=f"{_FILE}, homes_along"))
                for spec in homes["not_if"]
            ],
            where=_FILE,
        )
        self._ways = build_table(
            ways["decisions"],
            allowed=("said", "open", "private", "closed"),
            default="open",
            where=f"{_FILE}, ways",
        )
        self._barriers = build_table(
            barriers["decisions"],
            allowed=("open", "private", "blocked"),
            default="open",
            where=f"{_FILE}, barriers",
        )
        self._entrances = build_table(
            document["entrances"]["decisions"],
            allowed=("open", "closed"),
            default="open",
            where=f"{_FILE}, entrances",
        )
        self.gates = frozenset(
            "yes" if value is True else str(value) for value in barriers["gates"]
        )
        tests = [test for line in self._ways.decisions for test in line.condition.tests]
        self._deciding_keys = frozenset(test.key for test in tests) | self._traits.keys
        self._deciding_keys -= {"highway", "railway", "public_transport"}

    def is_known_highway(self, value: str) -> bool:
        """Whether the rules name this highway value at all."""
        return value in self._walkable or value in self._never or value in self._only_if_said

    def judge_way(self, tags: Tags) -> Walk | None:
        """How a way with these tags may be walked; None when not at all.

        Examples
        --------
        >>> rules = read_walk_rules()
        >>> rules.judge_way({"highway": "motorway", "foot": "yes"}) is None
        True
        >>> rules.judge_way({"highway": "service", "access": "private"}).private
        True
        """
        highway = tags.get("highway", "")
        if not highway:
            if "railway" not in tags and "public_transport" not in tags:
                return None
            if "also" not in self._traits.find(tags):
                return None
            highway = "platform"
        elif highway not in self._walkable and highway not in self._only_if_said:
            return None
        if highway in self._walkable and self._deciding_keys.isdisjoint(tags):
            return Walk(highway, homes=self._may_hold_homes(highway, tags))
        line = self._ways.decide(tags)
        then = self._ways.default if line is None else line.then
        longer_m = 0.0 if line is None else line.longer_m
        if then == "closed" and not longer_m:
            return None
        traits = self._traits.find(tags)
        if highway in self._only_if_said and then != "said" and "has_sidewalk" not in traits:
            return None
        one_way = ("forward_only" in traits) != ("backward_only" in traits)
        return Walk(
            highway=highway,
            forward=not one_way or "forward_only" in traits,
            backward=not one_way or "backward_only" in traits,
            private=then == "private",
            max_length_m=longer_m if then == "closed" else float("inf"),
            homes=self._may_hold_homes(highway, tags),
        )

    def _may_hold_homes(self, highway: str, tags: Tags) -> bool:
        return highway not in self._homeless_classes and not self._homeless.find(tags)

    def judge_barrier(self, tags: Tags) -> Passage:
        """Whether walkers pass a barrier node on a street.

        Examples
        --------
        >>> read_walk_rules().judge_barrier({"barrier": "gate", "locked": "yes"})
        'blocked'
        """
        outcome = self._barriers.outcome(tags)
        if outcome == "blocked":
            return "blocked"
        return "private" if outcome == "private" else "open"

    def judge_entrance(self, tags: Tags) -> bool:
        """Whether the public may enter by an entrance node."""
        return self._entrances.outcome(tags) == "open"


@cache
def read_walk_rules() -> WalkRules:
    """Read the walking rules that travel with the package.

    Raises
    ------
    InvalidConfig
        The file holds something impossible.
    """
    return WalkRules(read_rule_file(_FILE))
