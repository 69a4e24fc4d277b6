"""What lies behind the verdicts of a pair of communities: everything that differs and concerns them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from geo.units import BoolArray, IntArray
from layers.standards.model import Text
from services.clusters import find_neighbours
from services.compare.communities import Match
from services.compare.counts import CommunityCounts, find_redrawing
from services.compare.editions import Described, Edition
from services.compare.evidence import (
    Evidence,
    list_roles_of,
    list_rule_changes,
    list_settings_of,
)
from services.compare.facilities import FacilityChanges

_MINUTE_S = 60.0
_BESIDE_M = 100.0
"""How far outside a boundary a facility may lie and still matter to what is inside: one entrance."""
_VEHICLE_M_S = 12.0
"""Faster than any bus gets across a city as the crow flies, stops counted."""
_UNSEEN = Evidence(
    "data",
    "unseen",
    Text("两次运行的记录中没有直接原因", "nothing recorded in the two runs explains it"),
)
_UNMOVED = frozenset({"same", "renumbered"})
_ONLY_GAIN = {"better": True, "worse": False}


class Grounds:
    """Finds what differs behind the verdicts of pairs of communities.

    Parameters
    ----------
    before, after
        The editions.
    matches
        What became of every community.
    pairs
        `before_id`, `after_id` and `match`, the place in `matches`.
    settings, inputs
        What differs for all, by name.
    counts, facilities
        What differs from place to place.
    """

    def __init__(
        self,
        before: Edition,
        after: Edition,
        matches: Sequence[Match],
        pairs: pd.DataFrame,
        *,
        settings: Mapping[str, Evidence],
        inputs: Mapping[str, Evidence],
        counts: CommunityCounts,
        facilities: FacilityChanges,
    ) -> None:
        self._editions = before, after
        self._days = before.day, after.day
        self._rules = before.list_rules(), after.list_rules()
        self._matches = matches
        self._match_of = pairs["match"].to_numpy(dtype=np.int64)
        self._rows = tuple(
            pd.Index(edition.communities["community_id"]).get_indexer(pairs[f"{side}_id"])
            for side, edition in (("before", before), ("after", after))
        )
        self._settings = settings
        self._inputs = inputs
        self._counts = counts
        self._facilities = facilities
        self._travellers = {
            str(kind["code"]): str(kind["traveller"]) for kind in after.manifest["kinds"]
        }
        self._names = dict(
            zip(after.communities["community_id"], after.communities["name"], strict=True)
        )
        self._of_rule: dict[str, _RuleGrounds] = {}
        self._near: dict[float, tuple[list[IntArray], list[IntArray]]] = {}
        self._counted: dict[tuple[int, tuple[str, ...]], list[Evidence]] = {}
        self._neighbours: dict[int, list[int]] | None = None

    def name_rule(self, code: str) -> Text:
        """Title of an answer."""
        rule = self.find_rule(code)
        return Text(str(rule["title_zh"]), str(rule["title_en"]))

    def find_rule(self, code: str) -> Described:
        """Return an answer as the later run describes it, else as the earlier one does."""
        return self._rules[1].get(code) or self._rules[0][code]

    def list_evidence(self, pair: int, code: str, direction: str) -> list[Evidence]:
        """Everything that differs and can have moved a verdict in a direction, the nearest first.

        Renewed inputs stand in where nothing of the sort is found: they say that something in them
        differs, not what.
        """
        rule = self._get_rule(code)
        match = int(self._match_of[pair])
        scope = [match, *(self._list_neighbours(match) if rule.cluster else ())]
        found = list(rule.evidence)
        found += self._list_counted(match, rule.columns)
        found += [
            _name_neighbour(self._name_match(at), one)
            for at in scope[1:]
            for one in self._list_counted(at, rule.columns)
        ]
        redrawn = find_redrawing(self._matches[match])
        if redrawn is not None:
            found.append(redrawn)
        found += [self._facilities.get(row) for row in self._list_near(pair, scope, rule)]
        only = _ONLY_GAIN.get(direction)
        found = [one for one in found if only is None or one.gain in {None, only}]
        if "gtfs" in rule.roles and "gtfs" in self._inputs:
            found.append(self._inputs["gtfs"])
        renewed = [self._inputs[role] for role in rule.roles if role in self._inputs]
        return found or renewed or [_UNSEEN]

    def list_size_evidence(self, pair: int) -> list[Evidence]:
        """What differs behind the check of a community's size."""
        match = int(self._match_of[pair])
        redrawn = find_redrawing(self._matches[match])
        names = ("undersize_households", "oversize_households")
        found = self._list_counted(match, ("households",))
        found += [redrawn] if redrawn is not None else []
        found += [self._settings[name] for name in names if name in self._settings]
        return found or [_UNSEEN]

    def is_threshold_moved(self, pair: int, code: str) -> bool:
        """Whether a rule came to apply (or no longer does) since its threshold moved.

        It did where today's counts lie on the earlier threshold's other side as the earlier did.
        """
        match = self._matches[int(self._match_of[pair])]
        rules = [rules[code] for rules in self._rules]
        if any(rule["unit"] != "community" for rule in rules):
            return False
        for name in ("households", "population"):
            old, new = (rule["applies"][name] for rule in rules)
            if old == new or old is None or new is None:
                continue
            now = self._counts.add_up(match, name, later=True)
            if (now >= old) != (now >= new):
                return True
        return False

    def _get_rule(self, code: str) -> "_RuleGrounds":
        if code not in self._of_rule:
            self._of_rule[code] = self._gather(code)
        return self._of_rule[code]

    def _gather(self, code: str) -> "_RuleGrounds":
        """What differs in a rule itself, in what stands in for it, and in how it is measured."""
        sides = [self._list_family(rules, code) for rules in self._rules]
        family = [rule for side in sides for rule in side]
        rule = self.find_rule(code)
        evidence = self._list_rule_changes(code)
        others = dict.fromkeys(one["code"] for one in family if one["code"] != code)
        for other in others:
            evidence += [one for one in self._list_rule_changes(other) if one not in evidence]
        travellers = {
            str(one["traveller"] or self._travellers.get(kind, ""))
            for one in family
            for kind in one["kinds"]
        }
        names = dict.fromkeys(name for one in family for name in list_settings_of(one, travellers))
        evidence += [self._settings[name] for name in names if name in self._settings]
        columns = [one[name] for one in family for name in ("attribute", "needed_attribute")]
        per_head = any(
            value["unit"] == "people" for one in family for value in one["values"].values()
        )
        counted = ["households", *(["population"] if per_head else []), *filter(None, columns)]
        return _RuleGrounds(
            evidence=evidence,
            columns=tuple(dict.fromkeys(counted)),
            roles=tuple(dict.fromkeys(role for one in family for role in list_roles_of(one))),
            reach_m=max(map(self._measure_reach, family)),
            facilities=self._facilities.choose_for(family),
            cluster=rule["unit"] == "cluster",
        )

    def _list_rule_changes(self, code: str) -> list[Evidence]:
        before, after = self._rules
        return list_rule_changes(before.get(code), after.get(code), self._days)

    @staticmethod
    def _list_family(rules: Mapping[str, Described], code: str) -> list[Described]:
        """Return a rule with those that may stand in for it; nothing where the run lacks it."""
        rule = rules.get(code)
        if rule is None:
            return []
        substitutes = set(rule["substituted_by"])
        return [rule, *(one for one in rules.values() if one["rule"] in substitutes)]

    def _measure_reach(self, rule: Described) -> float:
        """Metres around a community within which a facility can matter to a rule."""
        if not rule["mode"]:
            return _BESIDE_M
        speeds = [
            float(value)
            for edition in self._editions
            for name, value in edition.manifest["settings"].items()
            if name.endswith("_m_s")
        ]
        fastest = max(speeds) if rule["mode"] == "walk" else _VEHICLE_M_S
        reach = _BESIDE_M
        for part in (rule, *rule["alternatives"]):
            limit = float(part["limit"] or 0.0)
            reach = max(reach, limit if part["limit_unit"] == "m" else limit * _MINUTE_S * fastest)
        return reach

    def _list_counted(self, match: int, columns: tuple[str, ...]) -> list[Evidence]:
        key = match, columns
        if key not in self._counted:
            self._counted[key] = self._counts.list_changes(self._matches[match], columns)
        return self._counted[key]

    def _name_match(self, match: int) -> str:
        """Names of the communities of a match today; codes where they have none."""
        codes = self._matches[match].after
        return "、".join(self._names.get(code) or code for code in codes)

    def _list_near(self, pair: int, scope: Iterable[int], rule: "_RuleGrounds") -> list[int]:
        """Rows of the changed facilities that concern a pair, the nearest first."""
        if not rule.matters:
            return []
        if rule.reach_m not in self._near:
            near = (
                self._facilities.find_near(edition.communities, rule.reach_m)
                for edition in self._editions
            )
            self._near[rule.reach_m] = next(near), next(near)
        near_before, near_after = self._near[rule.reach_m]
        parts = [near_after[self._rows[1][pair]]]
        if self._matches[int(self._match_of[pair])].relation not in _UNMOVED:
            parts.append(near_before[self._rows[0][pair]])
        if rule.cluster:
            others = np.flatnonzero(np.isin(self._match_of, list(scope)))
            parts += [near_after[self._rows[1][other]] for other in others]
        rows = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return list(dict.fromkeys(rows[rule.facilities[rows]].tolist()))

    def _list_neighbours(self, match: int) -> list[int]:
        """Matches whose communities adjoin those of one: small ones may be counted together."""
        if self._neighbours is None:
            self._neighbours = {}
            after = self._editions[1]
            adjoin_m = float(after.manifest["settings"]["adjoin_m"])
            match_of = np.full(len(after.communities), -1, dtype=np.int64)
            match_of[self._rows[1]] = self._match_of
            for one, other in match_of[find_neighbours(after.communities, after.crs, adjoin_m)]:
                if one != other and min(one, other) >= 0:
                    self._neighbours.setdefault(int(one), []).append(int(other))
                    self._neighbours.setdefault(int(other), []).append(int(one))
        return list(dict.fromkeys(self._neighbours.get(match, ())))


def _name_neighbour(name: str, evidence: Evidence) -> Evidence:
    """Say of what changed in a community beside the one meant that it is that one's."""
    zh, en = evidence.text.zh, evidence.text.en
    return replace(evidence, text=Text(f"相邻的{name}{zh}", f"{name}, adjoining: {en}"))


class _RuleGrounds:
    """What concerns one rule wherever it is judged."""

    __slots__ = ("cluster", "columns", "evidence", "facilities", "matters", "reach_m", "roles")

    def __init__(
        self,
        *,
        evidence: list[Evidence],
        columns: tuple[str, ...],
        roles: tuple[str, ...],
        reach_m: float,
        facilities: BoolArray,
        cluster: bool,
    ) -> None:
        self.evidence = evidence
        self.columns = columns
        self.roles = roles
        self.reach_m = reach_m
        self.facilities = facilities
        self.matters = bool(facilities.any())
        self.cluster = cluster
