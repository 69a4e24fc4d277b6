"""The run's packs as its manifest lists them: rules, answers and cards by code, with verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from layers.store import Run
from services.errors import UnknownCard, UnknownPackHere, UnknownRuleHere, UnknownStandard

Row = dict[str, Any]
Key = tuple[str, str]
"""Code of a pack, and of one of its answers or cards."""

VERDICTS = ("gap", "unknown", "met", "not_applicable")
"""From the one a planner must see first to the one that says least."""

CHECKS = {"size": ("社区规模", "Size of the community")}
"""Titles of checks that belong to no pack, by the code of their card."""


def count_statuses(statuses: Iterable[str]) -> dict[str, int]:
    """Return how often each verdict stands there, every verdict present.

    >>> count_statuses(["met", "gap", "met"])
    {'gap': 1, 'unknown': 0, 'met': 2, 'not_applicable': 0}
    """
    counts = dict.fromkeys(VERDICTS, 0)
    for status in statuses:
        counts[status] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Tallies:
    """Verdicts per answer and per card: of communities, or of areas where those are judged.

    `areas` holds the answers that are judged of whole districts or the city.
    """

    answers: Mapping[Key, dict[str, int]]
    areas: Mapping[Key, dict[str, int]]
    cards: Mapping[Key, dict[str, int]]


def count_verdicts(run: Run) -> Tallies:
    """Count the verdicts of a run."""
    return Tallies(
        answers=count_by(run.gaps, "rule"),
        areas=count_by(run.targets, "rule"),
        cards=count_by(run.scorecards, "card"),
    )


def count_by(table: pd.DataFrame, column: str) -> dict[Key, dict[str, int]]:
    """Count a table's verdicts per pack and code (as `column` has it), in table order."""
    sizes = table.groupby(["pack", column, "status"], sort=False, observed=True).size()
    found = sizes.reset_index(name="n")
    counts: dict[Key, dict[str, int]] = {}
    names = ("pack", column, "status", "n")
    for pack, code, status, n in zip(*(found[name].tolist() for name in names), strict=True):
        counts.setdefault((pack, code), dict.fromkeys(VERDICTS, 0))[status] = n
    return counts


class Standards:
    """Packs of a run.

    Parameters
    ----------
    packs
        Entries of the manifest's `packs`.
    tallies
        Their verdicts.
    """

    def __init__(self, packs: Sequence[Mapping[str, Any]], tallies: Tallies) -> None:
        self.packs: dict[str, Row] = {str(pack["code"]): dict(pack) for pack in packs}
        self.answers: dict[Key, Row] = {}
        self.cards: dict[Key, Row] = {}
        for code, pack in self.packs.items():
            for rule in pack.get("rules", ()):
                key = code, str(rule["code"])
                self.answers[key] = {**rule, "pack": code, **_tally_answer(tallies, key)}
            for card in pack.get("cards", ()):
                key = code, str(card["code"])
                found = tallies.cards.get(key) or count_statuses(())
                self.cards[key] = {**card, "pack": code, "verdicts": found}
        self._answer_codes = {code for _, code in self.answers}
        self._card_codes = {code for _, code in self.cards} | CHECKS.keys()

    def get_pack(self, code: str) -> str:
        """Return the code of a pack; raises `UnknownPackHere`."""
        if code not in self.packs:
            raise UnknownPackHere(code, self.packs)
        return code

    def get_answer(self, code: str) -> str:
        """Return the code of an answer that was judged; raises `UnknownRuleHere`."""
        if code not in self._answer_codes:
            raise UnknownRuleHere(code, self._answer_codes)
        return code

    def get_card(self, code: str, *, or_answer: bool = False) -> str:
        """Return the code of a card (or of an answer); raises `UnknownCard`."""
        known = self._card_codes | (self._answer_codes if or_answer else set())
        if code not in known:
            raise UnknownCard(code, known)
        return code

    def find_card(self, code: str) -> Key:
        """Return pack and code of a card; raises `UnknownCard`."""
        self.get_card(code)
        return next((key for key in self.cards if key[1] == code), ("", code))

    def name_titles(self, pack: str, code: str) -> dict[str, str]:
        """Return titles of a card or an answer, `title_zh` and `title_en`; else its code."""
        entry = self.cards.get((pack, code)) or self.answers.get((pack, code)) or {}
        zh, en = CHECKS.get(code, (code, code)) if not pack else (code, code)
        return {
            "title_zh": str(entry.get("title_zh") or zh),
            "title_en": str(entry.get("title_en") or en),
        }

    def describe_pack(self, code: str) -> Row:
        """Return one pack with its rules and cards; raises `UnknownPackHere`."""
        pack = self.packs[self.get_pack(code)]
        rules = [row for (owner, _), row in self.answers.items() if owner == code]
        cards = [row for (owner, _), row in self.cards.items() if owner == code]
        return {**pack, "rules": rules, "cards": cards}

    def find_entry(self, code: str) -> Row:
        """Return what a code stands for, with the pack, rules and cards around it.

        Raises
        ------
        UnknownStandard
            No pack, rule, answer or card of the run has it.
        """
        if code in self.packs:
            return self._describe_entry(code, "pack", code, None)
        whole = [row for row in self.answers.values() if _name_rule(row) == code]
        answer = [row for row in self.answers.values() if row["code"] == code]
        card = [row for row in self.cards.values() if row["code"] == code]
        for about, rows in (("rule", whole), ("answer", answer), ("card", card)):
            if rows:
                held = [str(row["code"]) for row in rows] if about != "card" else None
                wanted = set(held if held is not None else rows[0].get("answers", ()))
                return self._describe_entry(code, about, rows[0]["pack"], wanted)
        rules = {_name_rule(row) for row in self.answers.values()}
        raise UnknownStandard(code, {*self.packs, *rules, *self._answer_codes, *self._card_codes})

    def _describe_entry(self, code: str, about: str, pack: str, wanted: set[str] | None) -> Row:
        """Cut a pack to the answers wanted (None for all) and to the cards that hold any of them."""
        whole = self.describe_pack(pack)
        rules, cards = whole.pop("rules"), whole.pop("cards")
        if wanted is not None:
            rules = [row for row in rules if row["code"] in wanted]
            cards = [row for row in cards if wanted & set(row.get("answers", ()))]
        if about == "card":
            cards = [row for row in cards if row["code"] == code]
        return {"code": code, "about": about, "pack": whole, "rules": rules, "cards": cards}


def _name_rule(answer: Row) -> str:
    """Return the rule's code an answer belongs to."""
    return str(answer.get("rule") or answer["code"])


def _tally_answer(tallies: Tallies, key: Key) -> Row:
    """Return an answer's verdicts, and what they were passed on."""
    if key in tallies.areas:
        return {"verdicts": tallies.areas[key], "judged": "areas"}
    found = tallies.answers.get(key) or count_statuses(())
    return {"verdicts": found, "judged": "communities"}
