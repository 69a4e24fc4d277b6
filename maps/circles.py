"""Circles, types and other cards on the maps: one letter per community and card."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from layers.standards.model import STATUSES as STANDINGS
from layers.store import Run
from maps.packing import pack_codes
from maps.tables import find_positions
from maps.text import get_titles, read_text

STATUSES = ("gap", "unknown", "met", "not_applicable")
"""What a letter stands for, by its place in the packing's alphabet; the next one: no row."""

_CHECKS = {"size": "card_size"}
"""Words for the titles of checks that belong to no pack, by the code of their card."""


def list_cards(run: Run, keys: pd.Index) -> dict[str, Any]:
    """Cards of the run with the status of every community, as the pages carry them.

    Parameters
    ----------
    keys
        The communities' ids, in the order of the pages.

    Returns
    -------
    cards
        `packs`: code and titles; `list`: per card `pack` (place in `packs`, -1 for a check), `card`,
        `about`, titles, `standing` (the least sure source status its verdicts rest on, empty where
        they rest on none), `overlaid` (whether on a figure of the city's own) and `status`, a letter
        per community.
    """
    titles = _list_titles(run.manifest)
    packs: dict[str, int] = {}
    found = []
    grouped = run.scorecards.groupby(["pack", "card", "about"], sort=False, observed=True)
    for key, rows in grouped:
        pack, card, about = (str(part) for part in key)
        place = packs.setdefault(pack, len(packs)) if pack else -1
        found.append(
            {
                "pack": place,
                "card": card,
                "about": about,
                "title": titles.get((pack, card), {"zh": card, "en": card}),
                "standing": _find_standing(rows["source_status"]),
                "overlaid": bool(rows["overlaid"].any()),
                "status": _pack_statuses(rows, keys),
            }
        )
    named = {str(pack.get("code", "")): pack for pack in run.manifest.get("packs", ())}
    return {
        "packs": [{"code": code, "title": _name_pack(named, code)} for code in packs],
        "list": found,
    }


def _list_titles(manifest: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    text = read_text()
    titles = {("", code): dict(text[key]) for code, key in _CHECKS.items()}
    for pack in manifest.get("packs", ()):
        for card in pack.get("cards", ()):
            titles[str(pack.get("code", "")), str(card.get("code", ""))] = get_titles(card, "title")
    return titles


def _name_pack(packs: Mapping[str, Mapping[str, Any]], code: str) -> dict[str, str]:
    titles = get_titles(packs.get(code, {}), "title")
    return {lang: title or code for lang, title in titles.items()}


def _find_standing(statuses: "pd.Series[str]") -> str:
    places = pd.Index(STANDINGS).get_indexer(pd.Index(statuses.unique()))
    return STANDINGS[places.max()] if places.size and places.max() >= 0 else ""


def _pack_statuses(rows: pd.DataFrame, keys: pd.Index) -> str:
    codes = np.full(len(keys), len(STATUSES), dtype=np.int64)
    place = find_positions(rows["community_id"], keys)
    status = pd.Index(STATUSES).get_indexer(pd.Index(rows["status"]))
    codes[place[place >= 0]] = status[place >= 0]
    return pack_codes(codes)
