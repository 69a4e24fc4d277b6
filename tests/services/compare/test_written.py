"""`lifecircle compare`: what it prints and writes, and the one line when it cannot."""

import csv
import json

import openpyxl
import pytest

from layers.store import write_manifest
from services.compare.written import describe_comparison, write_comparison
from services.errors import CannotWrite, InvalidQuery

FORMULA = '=HYPERLINK("http://x.example","here")'
HOSTILE = "<script>alert(1)</script>\u202e[red]\n\x1b[31m"


@pytest.fixture
def two(town):
    """A pharmacy opened; the community and the pharmacy bear names that bite."""
    later = town.later().verdict("A", "p.pharmacy", "met", needed=0.9, found=0.95, shortfall=0.0)
    later.facility("N", "pharmacy", 0.5, 0.5, opening_year=2026.0, name=FORMULA)
    later.verdict("A", "p.green", "gap", needed=0.3, found=0.2, shortfall=0.1)
    later.communities["A"]["name"] = FORMULA
    later.communities["A"]["district"] = HOSTILE
    later.card("A", "p.card", "gap")
    town.verdict("A", "p.pharmacy", "gap", needed=0.9, found=0.6, shortfall=0.3).card(
        "A", "p.card", "met"
    )
    town.verdict("A", "p.green", "met", needed=0.3, found=0.4)
    return town, later


def test_workbook(two, compare, tmp_path):
    path = tmp_path / "变化.xlsx"
    write_comparison(compare(*two), path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["概况", "两次运行", "结论变化", "评分卡变化", "社区变化"]
    sheet = book["结论变化"]
    heads = [cell.value for cell in sheet[1]]
    rows = [
        dict(zip(heads, (cell for cell in row), strict=True)) for row in sheet.iter_rows(min_row=2)
    ]
    assert [row["变化"].value for row in rows] == ["变差", "变好"]
    better = rows[1]
    assert (better["社区"].value, better["社区"].data_type) == (FORMULA, "s")
    assert (better["原结论"].value, better["现结论"].value) == ("缺口", "达标")
    assert (better["原因类别"].value, better["规则"].value) == ("城市变化", "药店")
    assert FORMULA in better["原因"].value
    assert (better["原差额"].value, better["现差额"].value) == (0.3, 0)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert [cell.value for cell in book["评分卡变化"][2]][5:11] == [
        "paper", "p.card", "纸上圈", "Paper circle", "圈", "达标",
    ]  # fmt: skip


def test_csv(two, compare, tmp_path):
    path = tmp_path / "changes.csv"
    write_comparison(compare(*two), path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["变化"] for row in rows] == ["变差", "变好"]
    assert rows[0]["社区"] == f"'{FORMULA}"
    assert rows[0]["县区"] == HOSTILE
    assert rows[0]["其他因素"] == ""
    for row in rows:
        assert not any(text[:1] in {"=", "+", "-", "@", "\t", "\r"} for text in row.values())


def test_json(two, compare, tmp_path):
    path = tmp_path / "changes.json"
    told = compare(*two)
    write_comparison(told, path)
    found = json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
    assert found == describe_comparison(told)
    assert found["directions"]["better"] == {"world": 1, "data": 0, "rule": 0}
    better = found["changes"][1]
    assert (better["name"], better["status_after"], better["affected_after"]) == (
        FORMULA,
        "met",
        None,
    )
    assert found["cards"][0]["card"] == "p.card"


def test_nothing_changed(town, compare, tmp_path):
    told = compare(town, town.later())
    for ending in (".xlsx", ".csv", ".json"):
        write_comparison(told, tmp_path / f"same{ending}")
    assert len((tmp_path / "same.csv").read_text("utf-8-sig").splitlines()) == 1


def test_names_and_places_that_cannot_be_written(two, compare, tmp_path):
    told = compare(*two)
    with pytest.raises(InvalidQuery, match=r"\.xlsx, \.csv, \.json"):
        write_comparison(told, tmp_path / "changes.txt")
    with pytest.raises(CannotWrite, match=r"could not be written .*earlier results are untouched"):
        write_comparison(told, tmp_path / "nowhere" / "changes.csv")
    kept = tmp_path / "kept.csv"
    kept.write_text("earlier", encoding="utf-8")
    (tmp_path / "kept.json").mkdir()
    with pytest.raises(CannotWrite):
        write_comparison(told, tmp_path / "kept.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.csv", "kept.json"]


# The command ----------------------------------------------------------------------------------------


def test_what_the_command_prints(two, run_folder, lifecircle, tmp_path):
    runs = [run_folder(town, name) for town, name in zip(two, ("a", "b"), strict=True)]
    said = lifecircle.run("compare", *runs)
    assert (said.code, said.err) == (0, "")
    head = said.out.splitlines()
    assert head[0] == "纸上城市 2025-03-01 → 纸上城市 2026-03-01"
    assert any(line.split() == ["变好", "better", "1", "0", "0", "1"] for line in head)
    assert "其中结论改变 verdict changed" in said.out
    assert "缺口→达标" in said.out
    assert "\x1b" not in said.out
    out = tmp_path / "o.csv"
    said = lifecircle.run("compare", *runs, "--json", "--out", out)
    assert (said.code, said.err) == (0, "")
    assert len(json.loads(said.out)["changes"]) == 2
    assert out.is_file()
    same = lifecircle.run("compare", runs[0], runs[0])
    assert (same.code, same.out.splitlines()[-1]) == (0, "没有变化 / nothing changed")


def test_community_codes_that_moved_are_told(town, squares, run_folder, lifecircle):
    later = town.community("B", squares(3, 0)).later()
    later.communities = {}
    later.community("A", squares(3, 0), valid_from="2025-07-01").community("N", squares(0, 0))
    for edition in (town, later):
        for code in edition.communities:
            edition.verdict(code, "p.green", "met")
    said = lifecircle.run("compare", run_folder(town, "a"), run_folder(later, "b"))
    assert "社区编码变更 renumbered: A → N" in said.out
    line = next(line for line in said.out.splitlines() if "B → A" in line)
    assert "(2025-07-01)" in line
    assert "编码原属另一处 code stood for another place: A" in line


def test_one_line_for_each_thing_that_is_wrong(
    two, squares, run_folder, lifecircle, tmp_path, paper_run
):
    one = run_folder(two[0], "a")
    other = run_folder(two[1], "b")
    assert lifecircle.run("compare", one, other, "--out", "x.pdf").error == (
        "--out=x.pdf: expected a name that ends in .xlsx, .csv, .json"
    )
    assert "holds no complete run" in lifecircle.run("compare", one, tmp_path / "nowhere").error
    assert "holds no complete run" in lifecircle.run("compare", tmp_path, other).error
    far = two[1].later()
    far.communities = {}
    far.community("A", squares(60, 60))
    assert (
        "compare two runs of one city" in lifecircle.run("compare", one, run_folder(far, "f")).error
    )
    old = run_folder(two[0], "old")
    manifest = json.loads((old / "manifest.json").read_text("utf-8"))
    (old / "manifest.json").write_text(json.dumps({**manifest, "format": 1}), encoding="utf-8")
    assert "was written in format 1" in lifecircle.run("compare", old, other).error
    undated = {
        name: value for name, value in manifest.items() if name not in {"format", "judged_on"}
    }
    write_manifest(old, undated)
    assert (
        "does not say on which day its rules were judged"
        in lifecircle.run("compare", old, other).error
    )
    served = lifecircle.run("serve", paper_run, "--compare-with", other)
    assert "compare two runs of one city" in served.error
    assert "holds no complete run" in (
        lifecircle.run("serve", paper_run, "--compare-with", tmp_path / "nowhere").error
    )
    (other / "gaps.parquet").write_bytes(b"PAR1")
    said = lifecircle.run("compare", one, other, "--json")
    assert (said.code, "is damaged" in said.error) == (1, True)
    assert "is damaged" in json.loads(said.out)["error"]
