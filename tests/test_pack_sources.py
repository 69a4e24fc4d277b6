"""Every figure of every shipped pack stands in a row of ../shared/standards.md, with its status.

`tests/packs/sources/<pack>.yaml` says which row: by rule and name of the figure (as in
`Rule.list_values`, and `substituted_by`) either

    {section: "1.3", row: <verbatim part of one row>}

with, where needed, `as` (the figure as the row prints it, when it is not the number, a percentage, hectares, km
or "30 000"; items of a list stand for their number) and `says` (the verbatim part of the row's status cell that
is about this figure, when the cell holds several letters), or `ours`: worked out by us, which needs the
status `derived` and a note.
"""

import os
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import pytest
import yaml

from layers.standards.load import list_packs
from layers.standards.model import STATUSES, Document, Source, Text, Value

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "layers" / "standards" / "packs"
LISTED = ROOT / "tests" / "packs" / "sources"
CODES = sorted(file.stem for file in SHIPPED.glob("*.yaml"))
LETTERS = {"P": "primary", "R": "secondary", "D": "derived", "K": "unverified"}
SECTION_1 = "All rows in section 1 are **P** unless marked."
SPACES = re.compile(r"[\u00a0\u2009\u202f]")
HECTARE_M2 = 10_000
KILOMETRE_M = 1000


@pytest.fixture(scope="session")
def standards(shared_data: Path) -> str:
    """The table every figure is taken from."""
    path = shared_data.parent / "standards.md"
    if not path.is_file():
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"no {path}")
        pytest.skip(f"no {path}")
    return SPACES.sub(" ", path.read_text(encoding="utf-8"))


@cache
def get_packs():
    return {pack.code: pack for pack in list_packs()}


@cache
def read_listed(code):
    path = LISTED / f"{code}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def list_sources(rule):
    """Name → (value or None, source) of every figure of a rule."""
    found = {name: (value, value.source) for name, value in rule.list_values()}
    if rule.substituted_by is not None:
        found["substituted_by"] = (None, rule.substituted_by.source)
    return found


def find_values(node, path="") -> Iterator[tuple[str, dict]]:
    """Every mapping with a `value` in plain YAML, whatever the loader makes of it."""
    if isinstance(node, dict):
        if "value" in node:
            yield path, node
        for key, below in node.items():
            yield from find_values(below, f"{path}/{key}")
    elif isinstance(node, list):
        for at, below in enumerate(node):
            yield from find_values(below, f"{path}/{at}")


@pytest.mark.parametrize("code", CODES)
def test_every_value_names_a_document_and_a_status(code):
    tree = yaml.safe_load((SHIPPED / f"{code}.yaml").read_text(encoding="utf-8"))
    assert list(find_values(tree["rules"]))
    assert list_bare(tree) == []


def list_bare(tree):
    """Paths of values without unit, document or status."""
    return [
        path
        for path, value in find_values(tree["rules"])
        if value.get("source", {}).get("document") not in tree["documents"]
        or value["source"].get("status") not in STATUSES
        or not value.get("unit")
    ]


@pytest.mark.parametrize("lost", ["unit", "source"])
def test_a_value_without_source_is_found(lost):
    value = {"value": 15, "unit": "min", "source": {"document": "known", "status": "primary"}}
    tree = {"documents": {"known": {}}, "rules": [{"limit": value}]}
    assert list_bare(tree) == []
    del value[lost]
    assert list_bare(tree) == ["/0/limit"]


@pytest.mark.parametrize(
    ("entry", "number", "unit", "status", "fault"),
    [
        ({"row": "≥1500 户 | shall"}, 1500, "households", "secondary", ""),
        ({"row": "≥1500 户 | shall"}, 150, "households", "secondary", "is not in"),
        ({"row": "≥1500 户 | shall"}, 1500, "households", "primary", "says secondary"),
        ({"row": "≥1501 户 | shall"}, 1501, "households", "secondary", "0 rows"),
        ({"row": "户"}, 1500, "households", "secondary", "2 rows"),
        ({"row": "≥3000 户", "says": "rest K"}, 3000, "households", "unverified", ""),
        ({"row": "≥3000 户"}, 3000, "households", "unverified", "does not tell"),
        ("ours", 1, "share", "derived", ""),
        ("ours", 1, "share", "primary", "not derived"),
    ],
)
def test_a_figure_that_is_not_in_its_row_is_found(entry, number, unit, status, fault):
    table = "# 5.1 Rules\n| rule | value | status |\n| --- | --- | --- |\n"
    table += (
        "| area ≥1500 户 | shall plan | R [x] |\n| area ≥3000 户 | shall plan | name R; rest K |\n"
    )
    document = Document("x", Text("甲", "a"), None)
    note = Text("推导", "derived") if status == "derived" else Text("", "")
    source = Source(document, "", status, note)
    where = entry if entry == "ours" else {"section": "5.1", **entry}
    faults = check_figure(table, where, Value(number, unit, source), source)
    assert bool(faults) == bool(fault)
    assert fault in "".join(faults)


@pytest.mark.parametrize("code", CODES)
def test_the_loader_keeps_every_source(code):
    pack = get_packs()[code]
    for rule in pack.rules:
        for name, (_, source) in list_sources(rule).items():
            assert source.document in pack.documents, (rule.code, name)
            assert source.status in STATUSES, (rule.code, name)
            if source.status == "derived":
                assert source.note.zh, (rule.code, name)
                assert source.note.en, (rule.code, name)


@pytest.mark.parametrize("code", CODES)
def test_every_figure_is_listed_and_nothing_else(code):
    figures = {rule.code: set(list_sources(rule)) for rule in get_packs()[code].rules}
    listed = {rule: set(entries) for rule, entries in read_listed(code).items()}
    assert listed == figures


@pytest.mark.parametrize("code", CODES)
def test_every_figure_stands_in_its_row(code, standards):
    wrong = [
        f"{rule.code} {name}: {fault}"
        for rule in get_packs()[code].rules
        for name, entry in read_listed(code).get(rule.code, {}).items()
        for fault in check_figure(standards, entry, *list_sources(rule)[name])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("code", CODES)
def test_every_address_is_one_that_was_seen(code, standards):
    seen = "\n".join(list_lines(standards, "12"))
    addresses = [document.address for document in get_packs()[code].documents if document.address]
    assert [address for address in addresses if address not in seen] == []


def check_figure(standards, entry, value, source):
    """What is wrong with a figure's row; empty when nothing is."""
    if entry == "ours":
        return [] if source.status == "derived" and source.note.zh else ["ours, but not derived"]
    rows = [row for row in list_lines(standards, entry["section"]) if entry["row"] in row]
    if len(rows) != 1:
        return [f"{len(rows)} rows of section {entry['section']} hold '{entry['row']}'"]
    return [
        *check_number(standards, entry, rows[0], value),
        *check_status(standards, entry, rows[0], source),
    ]


def check_number(standards, entry, row, value):
    printed = entry.get("as", row)
    heads = find_heads(standards, entry["section"])
    if not any(printed in text for text in (row, *heads)):
        return [f"'{printed}' is not in the row"]
    if value is None or ("as" in entry and value.value == 1):
        return []  # "a kindergarten", "per person"
    if value.unit == "groups" and len(re.split("[,;、]", printed)) == value.value:
        return []
    forms = "|".join(re.escape(form) for form in list_forms(value))
    if re.search(rf"(?<![\d.])(?:{forms})(?![\d%]|\.\d| 000)", printed):
        return []
    return [f"{value.value:g} {value.unit} is not in '{printed}'"]


def list_forms(value):
    """The ways a number is printed: 30%, 5.0 ha, 2 km, 30 000, 0.50."""
    if value.unit == "share":
        return [f"{100 * value.value:g}%"]
    forms = [f"{value.value:g}", f"{value.value:.1f}", f"{value.value:.2f}"]
    if value.value >= 1000:
        forms += [f"{value.value:.0f}", f"{value.value:,.0f}".replace(",", " ")]
    if value.unit == "m":
        forms += [f"{value.value / KILOMETRE_M:g} km"]
    if value.unit == "m2":
        forms += [f"{value.value / HECTARE_M2:.1f} ha", f"{value.value / HECTARE_M2:g} ha"]
    return forms


def check_status(standards, entry, row, source):
    cell = entry.get("says") or find_status(standards, entry["section"], row)
    if entry.get("says") and entry["says"] not in row:
        return [f"'{entry['says']}' is not in the row"]
    letters = set(re.findall(r"\b[PRDK]\b", re.sub(r"\[[^\]]*\]", "", cell)))
    if len(letters) != 1:
        return [f"the row's status '{cell}' does not tell; say which part of it is meant"]
    named = LETTERS[letters.pop()]
    return [] if named == source.status else [f"the row says {named}, the pack {source.status}"]


def find_status(standards, section, row):
    """What a row says of its status: in its last cell, in bold, or above the whole table."""
    if section.partition(".")[0] == "1":
        assert SECTION_1 in standards
        return "P"
    title = next(line for line in standards.splitlines() if re.match(rf"#+ {section} ", line))
    whole = re.search(r"all \*\*([PRDK])\*\*", title)
    if whole:
        return whole[1]
    if row.startswith("|"):
        return [cell.strip() for cell in row.strip().strip("|").split("|")][-1]
    return " ".join(re.findall(r"\*\*([PRDK])\*\*", row))


def list_lines(standards, section):
    """Rows and bullets of one section, its subsections left out."""
    return [line for line in find_section(standards, section) if line.startswith(("|", "*", "-"))]


def find_heads(standards, section):
    """Heads of a section's tables: the rows before a line of dashes."""
    lines = find_section(standards, section)
    return [above for above, below in pairwise(lines) if below.startswith("| ---")]


def find_section(standards, section):
    lines = standards.splitlines()
    start = next(at for at, line in enumerate(lines) if re.match(rf"#+ {section} ", line))
    ends = (at for at in range(start + 1, len(lines)) if lines[at].startswith("#"))
    return lines[start + 1 : next(chain(ends, [len(lines)]))]
