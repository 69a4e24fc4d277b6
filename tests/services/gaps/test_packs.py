"""Runs the cases of tests/packs: a situation on one street, and the verdicts it must get.

A case file names a shipped pack by its code, or one of `tests/packs/own` by its file (`pack`); its `cases` hold

situation     one Chinese sentence: what is given, what follows.
today         day of judging, 2025-06-01 unless told.
also          further packs judged at the same time.
overlay       a city's own values as in `packs/local.yaml`; what is the same in every overlay may be left out.
street_to     east end of the one straight street (its west end is at -3000), metres like every place.
community     the community: `from`, `to`, `households`, `population`, `district`, any attribute. It is called A.
communities   instead of it several by name, far apart: many situations in one town. Each may hold its `homes`.
homes         `at`, `households`; left out, a community's households live in its middle.
facilities    `kind` and `at` (lists: one of each kind at each place), and columns of the facilities table.
buses, timetable  as explained in by-bus.yaml.
expect        answers of rules: a status, or `status` with further columns of the gaps table, `affected` for
              `households_affected`, and parts of the sentence (`says`, `says_en`). A status in place of a code
              takes a list of codes: `met: [a, b]`. With `communities`, by community first.
cards         statuses of cards, written likewise.
targets       rules judged of districts or the whole city (called 全市), by area, with columns of the targets table.

An attribute not given is blank: unknown.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from layers.standards.load import list_packs, read_pack, read_packs

FOLDER = Path(__file__).resolve().parents[2] / "packs"
FILES = sorted(FOLDER.glob("*.yaml"))
OWN = sorted(FOLDER.glob("own/*.yaml"))
STATUSES = ("met", "gap", "unknown", "not_applicable")
PLACES = {"from", "to", "homes"}
COLUMNS = {"affected": "households_affected"}
OVERLAY = {
    "overlay": "本市取值",
    "issuer": {"zh": "某市", "en": "a city"},
    "published": date(2025, 1, 1),
    "documents": {"local": {"title": {"zh": "本市规定", "en": "the city's own rules"}}},
}


def name_pack(named: str) -> str:
    return str(FOLDER / named) if named.endswith(".yaml") else named


CASES = {
    f"{file.stem}-{number}": (name_pack(document["pack"]), case)
    for file in FILES
    for document in [yaml.safe_load(file.read_text(encoding="utf-8"))]
    for number, case in enumerate(document["cases"], start=1)
}


@cache
def get_packs(*named: str):
    return read_packs(named)


def read_case_packs(pack: str, case: Mapping[str, Any], folder: Path):
    named = (pack, *map(name_pack, case.get("also", [])))
    if "overlay" not in case:
        return get_packs(*named)
    overlay = folder / "local.yaml"
    overlay.write_text(yaml.safe_dump({**OVERLAY, **case["overlay"]}), encoding="utf-8")
    return read_packs(named, overlays=[overlay])


def list_communities(case: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return case["communities"] if "communities" in case else {"A": case["community"]}


def list_homes(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, community in list_communities(case).items():
        middle = (community.get("from", -1000) + community.get("to", 1000)) / 2
        everyone = {"households": community["households"]} if "households" in community else {}
        own = community.get("homes", case.get("homes", [{"at": middle, **everyone}]))
        for home in own:
            yield {**home, "at": (home["at"], 0), "community": name}


def list_facilities(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in case.get("facilities", []):
        for kind, at in product(list_all(one["kind"]), list_all(one["at"])):
            yield {**one, "kind": kind, "at": (at, 0)}


def list_all(one: Any) -> list[Any]:
    return one if isinstance(one, list) else [one]


def list_expected(expect: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Code and what is expected of it: a status, and whatever else the case names."""
    for code, verdict in expect.items():
        if code in STATUSES:
            yield from ((one, {"status": code}) for one in verdict)
        else:
            yield code, {"status": verdict} if isinstance(verdict, str) else verdict


def list_by_place(case: Mapping[str, Any], part: str) -> Iterator[tuple[str, str, Any]]:
    """Community (or area), code and what is expected there."""
    expect = case.get(part, {})
    named = part == "targets" or "communities" in case
    for place, verdicts in expect.items() if named else [("A", expect)]:
        for code, expected in list_expected(verdicts):
            yield place, code, expected


def list_faults(row: pd.Series, expected: Mapping[str, Any]) -> Iterator[str]:
    """What a row says otherwise than expected."""
    for name, wanted in expected.items():
        if name in {"says", "says_en"}:
            text = row["reason" if name == "says" else "reason_en"]
            yield from (f"does not say '{part}'" for part in wanted if part not in text)
            continue
        found = row[COLUMNS.get(name, name)]
        is_number = isinstance(wanted, (int, float)) and not isinstance(wanted, bool)
        same = found == (pytest.approx(wanted) if is_number else wanted)
        if not same:
            yield f"{name} is {found}, not {wanted}"


def check_rows(rows: pd.DataFrame, case: Mapping[str, Any], part: str) -> list[str]:
    faults = []
    for place, code, expected in list_by_place(case, part):
        if (place, code) not in rows.index:
            faults.append(f"{place} {code}: no row")
            continue
        row = rows.loc[(place, code)]
        found = list(list_faults(row, expected))
        faults += [f"{place} {code}: {fault} | {row['reason']}" for fault in found]
    return faults


@pytest.mark.parametrize(("pack", "case"), CASES.values(), ids=CASES)
def test_situation_gets_its_verdicts(paper_town, tmp_path, pack, case):
    communities = [
        {
            "id": name,
            "area": (one.get("from", -1000), -500, one.get("to", 1000), 500),
            **{key: value for key, value in one.items() if key not in PLACES},
        }
        for name, one in list_communities(case).items()
    ]
    town = paper_town(
        streets=[[(-3000, 0), (case.get("street_to", 3000), 0)]],
        homes=list(list_homes(case)),
        facilities=list(list_facilities(case)),
        communities=communities,
        buses=[{**bus, "stops": [(at, 0) for at in bus["stops"]]} for bus in case["buses"]]
        if "buses" in case
        else None,
        timetable=case.get("timetable", "gtfs"),
    )
    packs = read_case_packs(pack, case, tmp_path)
    today = case.get("today", date(2025, 6, 1))
    gaps = town.judge(packs, today=today)
    faults = check_rows(gaps, case, "expect")
    if "cards" in case or "targets" in case:
        scorecards, targets = town.score(packs, gaps, today=today, city_name="全市")
        cards = scorecards.set_index(["community_id", "card"])
        faults += check_rows(cards, case, "cards")
        faults += check_rows(targets.set_index(["area", "rule"]), case, "targets")
    assert not faults, "\n".join(faults)


def test_every_rule_has_a_case_that_meets_misses_and_stays_open():
    seen: dict[str, set[str]] = {}
    for _, case in CASES.values():
        for part in ("expect", "targets"):
            for _, code, expected in list_by_place(case, part):
                seen.setdefault(code, set()).add(expected["status"])
    lacking = {
        code: missing
        for pack in (*list_packs(), *map(read_pack, OWN))
        for rule in pack.rules
        for code, _ in rule.list_answers()
        if (missing := {"met", "gap", "unknown"} - seen.get(code, set()))
    }
    assert lacking == {}
