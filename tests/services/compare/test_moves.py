"""Which verdicts moved, and in which direction: every pair of statuses at once."""

from itertools import product

import numpy as np
import pandas as pd

from services.compare.moves import DIRECTIONS, find_moves

STATUSES = ("met", "gap", "unknown", "not_applicable", "absent")
TRUTH = {
    ("met", "gap"): "worse", ("met", "unknown"): "undecided", ("met", "not_applicable"): "ends",
    ("met", "absent"): "ends", ("gap", "unknown"): "undecided", ("gap", "not_applicable"): "ends",
    ("gap", "absent"): "ends", ("unknown", "not_applicable"): "ends", ("unknown", "absent"): "ends",
}  # fmt: skip
MIRRORED = {
    "better": "worse", "worse": "better", "decided": "undecided", "undecided": "decided",
    "begins": "ends", "ends": "begins",
}  # fmt: skip


def expected(before: str, after: str) -> str:
    return TRUTH.get((before, after), "") or MIRRORED.get(TRUTH.get((after, before), ""), "")


def table(statuses: dict[str, str]) -> pd.DataFrame:
    rows = [("A", rule, status) for rule, status in statuses.items() if status != "absent"]
    return pd.DataFrame(rows, columns=["community_id", "rule", "status"])


PAIRS = pd.DataFrame({"before_id": ["A"], "after_id": ["A"], "alone": [True]})


def test_every_move():
    assert set(MIRRORED) == set(DIRECTIONS)
    cases = {f"{one}-{other}": (one, other) for one, other in product(STATUSES, repeat=2)}
    before, after = ({rule: pair[side] for rule, pair in cases.items()} for side in (0, 1))
    found = find_moves(table(before), table(after), PAIRS, key="rule", kept=())
    told = dict(zip(found["rule"], found["direction"], strict=True))
    truth = {rule: expected(*pair) for rule, pair in cases.items()}
    assert told == {rule: direction for rule, direction in truth.items() if direction}
    for row in found.itertuples():
        assert (row.status_before, row.status_after) == cases[row.rule]


def test_only_communities_of_pairs_and_only_with_their_own():
    before = pd.DataFrame(
        {"community_id": ["A", "B", "C"], "rule": "r", "status": ["met", "gap", "met"]}
    )
    after = pd.DataFrame(
        {"community_id": ["X", "Y", "Z"], "rule": "r", "status": ["gap", "met", "gap"]}
    )
    pairs = pd.DataFrame(
        {"before_id": ["A", "B", "B"], "after_id": ["X", "X", "Y"], "alone": [False] * 3}
    )
    found = find_moves(before, after, pairs, key="rule", kept=())
    assert sorted(zip(found["pair"], found["direction"], strict=True)) == [
        (0, "worse"),
        (2, "better"),
    ]


def test_parts_of_another_size_are_not_compared_by_how_much_they_miss():
    facts = {"rule": ["r"], "status": ["gap"], "unit": ["share"], "households_affected": [np.nan]}
    before, after = (
        pd.DataFrame({"community_id": [code], "shortfall": [much], **facts})
        for code, much in (("A", 0.2), ("A", 0.4))
    )
    kept = ("unit", "shortfall", "households_affected")
    for alone in (True, False):
        found = find_moves(before, after, PAIRS.assign(alone=alone), key="rule", kept=kept)
        assert found["direction"].tolist() == (["worse"] if alone else [])


def test_two_empty_tables():
    found = find_moves(table({}), table({}), PAIRS.iloc[:0], key="rule", kept=())
    assert len(found) == 0
