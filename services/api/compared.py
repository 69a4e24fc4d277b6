"""The run being served beside an earlier one: compared once, asked many times."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from services.api.opened import OpenRun, Row
from services.api.selecting import select_rows
from services.compare.changes import Comparison, compare_runs, count_directions
from services.compare.editions import Edition, open_edition, read_edition
from services.compare.written import (
    describe_edition,
    describe_evidence,
    describe_match,
    list_records,
)
from services.errors import NoEarlierRun, UnknownCommunity, UnknownRuleHere
from services.once import OnceCache


@dataclass(frozen=True, slots=True)
class AskedChanges:
    """What changes are asked for; None asks for all.

    Parameters
    ----------
    community
        Code of a community, in either run.
    rule
        Code of a rule or of one of its answers.
    verdicts
        Leave out gaps that only grew or shrank.
    """

    community: str | None = None
    rule: str | None = None
    direction: str | None = None
    why: str | None = None
    district: str | None = None
    verdicts: bool = False


class Compared:
    """A comparison with what is asked of it over and over.

    Parameters
    ----------
    comparison
        The two runs compared.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison

    @property
    def days(self) -> dict[str, str]:
        """Days the two runs were judged on."""
        return {"before": self._comparison.before.day, "after": self._comparison.after.day}

    def answer(self, asked: AskedChanges, *, limit: int, offset: int) -> Row:
        """Return what changed, `limit` changes and cards each from `offset` on.

        Raises
        ------
        UnknownCommunity, UnknownRuleHere
            Neither run has one of that code.
        """
        self._check(asked)
        told = self._comparison
        around = self._select(told.changes, asked, rule=asked.rule)
        wanted = select_rows(around, direction=asked.direction, why=asked.why)
        cards = select_rows(
            self._select(told.cards, asked, rule=None), direction=asked.direction, why=asked.why
        )
        if asked.rule is not None:
            cards = cards[[asked.rule in rules.split(",") for rules in cards["rules"]]]
        return {
            "before": describe_edition(told.before),
            "after": describe_edition(told.after),
            "directions": count_directions(around),
            "relations": told.count_relations(),
            "common": [describe_evidence(one) for one in told.common],
            "communities": self._list_matches(asked),
            "matched_cards": len(cards),
            "cards": self._list_cards(cards.iloc[offset : offset + limit]),
            "matched": len(wanted),
            "count": len(wanted.iloc[offset : offset + limit]),
            "items": list_records(wanted.iloc[offset : offset + limit]),
        }

    def _check(self, asked: AskedChanges) -> None:
        if asked.community is not None and asked.community not in self._codes:
            raise UnknownCommunity(asked.community, self._codes)
        if asked.rule is not None and asked.rule not in self._rules:
            raise UnknownRuleHere(asked.rule, self._rules)

    def _select(
        self, table: pd.DataFrame, asked: AskedChanges, *, rule: str | None
    ) -> pd.DataFrame:
        keep: NDArray[np.bool_] = np.ones(len(table), dtype=np.bool_)
        if asked.community is not None:
            keep &= np.asarray(
                (table["before_id"] == asked.community) | (table["after_id"] == asked.community)
            )
        if rule is not None:
            keep &= np.asarray(table["rule"].isin(self._rules[rule]))
        if asked.verdicts:
            keep &= np.asarray(table["status_before"] != table["status_after"])
        return select_rows(table[keep], district=asked.district)

    def _list_matches(self, asked: AskedChanges) -> list[Row]:
        return [
            describe_match(match)
            for match in self._comparison.matches
            if match.relation != "same" and asked.community in {None, *match.before, *match.after}
        ]

    @staticmethod
    def _list_cards(cards: pd.DataFrame) -> list[Row]:
        rows = list_records(cards)
        return [{**row, "rules": row["rules"].split(",") if row["rules"] else []} for row in rows]

    @cached_property
    def _codes(self) -> frozenset[str]:
        return frozenset(
            code for match in self._comparison.matches for code in (*match.before, *match.after)
        )

    @cached_property
    def _rules(self) -> dict[str, list[str]]:
        """Codes of answers by code of rule and of answer, of both runs."""
        found: dict[str, dict[str, None]] = {}
        for edition in (self._comparison.before, self._comparison.after):
            for code, rule in edition.list_rules().items():
                for name in (code, str(rule["rule"])):
                    found.setdefault(name, {})[code] = None
        return {name: list(codes) for name, codes in found.items()}


class EarlierRun:
    """The run to compare with, if one was named; read once.

    Parameters
    ----------
    folder
        Its folder; None when none was named.
    read
        Reads a folder; raises `NotARun` when it holds no run.
    """

    def __init__(
        self, folder: Path | None, *, read: Callable[[Path], Edition] = read_edition
    ) -> None:
        self.folder = folder
        self._read = read
        self._kept = OnceCache(3)

    def compare(self, run: OpenRun) -> Compared:
        """Return the comparison with a run, worked out once for each.

        Raises
        ------
        NoEarlierRun
            None was named.
        NotARun
            The earlier run cannot be read.
        NothingToMeasure
            The two are of different places.
        """
        folder = self.folder
        if folder is None:
            raise NoEarlierRun(
                "no earlier run to compare with: start the service with `lifecircle serve OUT "
                "--compare-with EARLIER`, or set LIFECIRCLE_COMPARE_WITH"
            )

        def build() -> Compared:
            before: Any = self._kept.get("", lambda: self._read(folder))
            return Compared(compare_runs(before, open_edition(run.run)))

        found: Compared = self._kept.get(run.fingerprint, build)
        return found
