"""Why circles, types and levels moved: by which of their rules."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from layers.standards.model import Text
from services.compare.editions import Described, Edition
from services.compare.evidence import WHYS, Why
from services.compare.grounds import Grounds
from services.scorecards import SIZE_CARD, SIZE_TITLE

CARD_COLUMNS = (
    "before_id", "after_id", "name", "district", "relation", "pack", "card", "title_zh", "title_en",
    "about", "status_before", "status_after", "direction", "why", "rules",
)  # fmt: skip
"""Columns of the table of cards that moved, all of them text; `rules`: answers that moved them."""

_Moved = Mapping[tuple[int, str], tuple[str, Why]]
"""Direction and why by pair and answer."""


def explain_cards(
    cards: pd.DataFrame,
    moves: pd.DataFrame,
    editions: tuple[Edition, Edition],
    grounds: Grounds,
) -> pd.DataFrame:
    """Say what moved each card.

    Parameters
    ----------
    cards
        Cards that moved, from `find_moves`.
    moves
        Answers that moved, from the same, with `why`.

    Returns
    -------
    explained
        Row by row: what a card is and how it moved, `why` (of its rules that moved the same way;
        most of them), and those `rules` by commas.
    """
    moved: _Moved = {
        (int(pair), str(rule)): (str(direction), why)
        for pair, rule, direction, why in zip(
            moves["pair"], moves["rule"], moves["direction"], moves["why"], strict=True
        )
    }
    described = tuple(edition.list_cards() for edition in editions)
    rows = []
    for row in cards.to_dict("records"):
        code, direction = str(row["card"]), str(row["direction"])
        sides = [side.get(code) for side in described]
        if code == SIZE_CARD:
            rules: list[str] = []
            why = _choose([one.why for one in grounds.list_size_evidence(int(row["pair"]))])
        else:
            rules = _list_movers(sides, int(row["pair"]), direction, moved)
            why = _explain(sides, [moved[int(row["pair"]), rule][1] for rule in rules])
        title = _name(sides)
        later = row["about_after"] if isinstance(row["about_after"], str) else row["about_before"]
        pack = row["pack_after"] if isinstance(row["pack_after"], str) else row["pack_before"]
        rows.append(
            {
                **{name: row[name] for name in ("card", "status_before", "status_after")},
                "direction": direction, "pack": pack, "about": later,
                "title_zh": title.zh, "title_en": title.en, "why": why, "rules": ",".join(rules),
            }
        )  # fmt: skip
    columns = [*CARD_COLUMNS[5:]]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def _list_movers(
    sides: Sequence[Described | None], pair: int, direction: str, moved: _Moved
) -> list[str]:
    """Answers of a card that moved the way it did; any that moved where none did that."""
    answers = dict.fromkeys(code for side in sides if side for code in side["answers"])
    found = [code for code in answers if (pair, code) in moved]
    same = [code for code in found if moved[pair, code][0] == direction]
    return same or found


def _explain(sides: Sequence[Described | None], whys: Sequence[Why]) -> Why:
    """Say why a card moved: as most of its rules did; one that was made anew is another rule."""
    made_anew = any(side is None for side in sides)
    if made_anew or not whys:
        return "rule"
    return _choose(whys)


def _choose(whys: Sequence[Why]) -> Why:
    counts = Counter(whys)
    return max(WHYS, key=lambda why: counts[why])


def _name(sides: Sequence[Described | None]) -> Text:
    card = sides[1] or sides[0]
    return SIZE_TITLE if card is None else Text(str(card["title_zh"]), str(card["title_en"]))
