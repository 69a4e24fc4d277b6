"""Runs the cases of tests/packs: a situation on one street, and the verdicts it must get.

A case file names a shipped pack by its code, or one of `tests/packs/own` by its file.
"""

from datetime import date
from pathlib import Path

import pytest
import yaml

from layers.standards.load import list_packs, read_pack

FOLDER = Path(__file__).resolve().parents[2] / "packs"
FILES = sorted(FOLDER.glob("*.yaml"))
OWN = sorted(FOLDER.glob("own/*.yaml"))


def name_pack(named: str) -> str | Path:
    return FOLDER / named if named.endswith(".yaml") else named


CASES = [
    pytest.param(name_pack(document["pack"]), case, id=f"{file.stem}-{number}")
    for file in FILES
    for document in [yaml.safe_load(file.read_text(encoding="utf-8"))]
    for number, case in enumerate(document["cases"], start=1)
]


def expected_rows(case):
    """Rule code → (status, and whatever else the case names)."""
    return {
        code: {"status": verdict} if isinstance(verdict, str) else verdict
        for code, verdict in case["expect"].items()
    }


@pytest.mark.parametrize(("pack", "case"), CASES)
def test_situation_gets_its_verdicts(paper_town, pack, case):
    community = case["community"]
    area = (community.get("from", -1000), -500, community.get("to", 1000), 500)
    town = paper_town(
        streets=[[(-3000, 0), (case.get("street_to", 3000), 0)]],
        homes=[{**home, "at": (home["at"], 0)} for home in case["homes"]],
        facilities=[{**one, "at": (one["at"], 0)} for one in case["facilities"]],
        communities=[{"id": "A", **community, "area": area}],
        buses=[{**bus, "stops": [(at, 0) for at in bus["stops"]]} for bus in case["buses"]]
        if "buses" in case
        else None,
        timetable=case.get("timetable", "gtfs"),
    )
    gaps = town.judge(read_pack(pack), today=case.get("today", date(2025, 6, 1)))
    for code, expected in expected_rows(case).items():
        row = gaps.loc[("A", code)]
        assert row["status"] == expected["status"], row["reason"]
        if "cause" in expected:
            assert row["cause"] == expected["cause"], row["reason"]
        if "affected" in expected:
            assert row["households_affected"] == pytest.approx(expected["affected"])
        for language, column in (("says", "reason"), ("says_en", "reason_en")):
            for part in expected.get(language, []):
                assert part in row[column]


def test_every_rule_has_a_case_that_meets_misses_and_stays_open():
    seen = {}
    for param in CASES:
        _, case = param.values
        for code, expected in expected_rows(case).items():
            seen.setdefault(code, set()).add(expected["status"])
    for pack in (*list_packs(), *map(read_pack, OWN)):
        for rule in pack.rules:
            for code, _ in rule.list_answers():
                assert {"met", "gap", "unknown"} <= seen.get(code, set()), code
