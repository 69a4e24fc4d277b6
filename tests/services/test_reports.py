"""The workbook and the page say what the tables say."""

import html
import re

import openpyxl
import pandas as pd
import pytest

from layers.store import read_run
from services.reports import write_reports

SHEETS = ["概要", "社区覆盖率", "缺口", "数据提示", "来源与假设"]


@pytest.fixture(scope="module")
def book(finished):
    return openpyxl.load_workbook(finished / "report.xlsx", data_only=True)


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished)


def read_sheet(book, title) -> pd.DataFrame:
    head, *rows = book[title].iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=head, dtype="object")


def test_every_sheet_is_there(book):
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")


def test_figures_equal_the_coverage_table(book, run):
    """Every community and kind: the same share, or 未知 where the table has none."""
    card = read_sheet(book, "社区覆盖率").set_index("社区代码")
    names = {kind["code"]: kind["name_zh"] for kind in run.manifest["kinds"]}
    main = run.coverage[(run.coverage["limit"] == 15.0) & (run.coverage["limit_unit"] == "min")]
    assert len(main) == len(card) * len(names)
    for row in main.itertuples():
        cell = card.loc[row.community_id, names[row.kind]]
        if pd.isna(row.share):
            assert cell == "未知"
        else:
            assert cell == pytest.approx(row.share, abs=1e-12)
    assert card["户数"].tolist() == run.communities["households"].tolist()
    assert card["名称"].tolist() == run.communities["name"].tolist()


def test_the_summary_equals_the_manifest(book, run):
    sheet = read_sheet(book, "概要")
    for kind, (_, row) in zip(run.manifest["kinds"], sheet.iterrows(), strict=True):
        assert row["类别"] == kind["name_zh"]
        assert row["设施数"] == kind["n_facilities"]
        for limit, figures in run.manifest["summary"][kind["code"]].items():
            found = row.get(f"{limit}分钟覆盖率", None)
            assert found == (
                "未知" if figures["share"] is None else pytest.approx(figures["share"])
            )
        assert (row["口径"] == "按户数") == (kind["n_facilities"] > 0)


def test_gaps_come_first_and_none_is_lost(book, run):
    sheet = read_sheet(book, "缺口")
    assert len(sheet) == len(run.gaps)
    order = ["缺口", "未知", "达标", "不适用"]
    ranks = [order.index(verdict) for verdict in sheet["结论"]]
    assert ranks == sorted(ranks)
    assert sorted(sheet["原因"].fillna("")) == sorted(run.gaps["reason"])
    gaps = sheet[sheet["结论"] == "缺口"]
    wanted = run.gaps[run.gaps["status"] == "gap"]
    assert gaps["差额"].sum() == pytest.approx(wanted["shortfall"].sum())


def test_sources_assumptions_and_inputs_are_named(book, run):
    text = " ".join(
        str(value) for row in book["来源与假设"].iter_rows(values_only=True) for value in row
    )
    for one in run.manifest["inputs"]:
        assert one["sha256"] in text
    for line in run.manifest["assumptions"]:
        assert line["zh"] in text
    assert "© OpenStreetMap contributors" in text


def test_notices_are_all_there(book, run):
    sheet = read_sheet(book, "数据提示")
    assert sheet["代码"].tolist() == run.notices["code"].tolist()


def test_the_page_holds_the_same_figures(finished, run):
    page = (finished / "report.html").read_text("utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", page) == SHEETS
    share = run.manifest["summary"]["pharmacy"]["15"]["share"]
    row = re.search(r"<tr><td>药店</td>.*?</tr>", page)
    assert row
    assert f"{share:.1%}" in row[0]
    for reason in run.gaps["reason"]:
        assert html.escape(reason, quote=False) in page.replace("&#34;", '"').replace("&#39;", "'")
    assert "http" not in re.sub(r"https?://www\.openstreetmap\.org\S*", "", page)


def test_unusual_cells(run, tmp_path):
    """Very long texts, control letters and empty tables are written so that they open again."""
    tables = {
        "communities": run.communities.copy(),
        "coverage": run.coverage,
        "gaps": run.gaps.iloc[:0],
        "notices": run.notices.copy(),
    }
    tables["communities"]["name"] = ["长" * 40_000, "a\x0b\x1f\ud7ff&<\r\n"]
    write_reports(tmp_path, tables, run.manifest)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    names = [row[1] for row in list(book["社区覆盖率"].iter_rows(values_only=True))[1:]]
    assert set(names[0]) == {"长"}
    assert names[1].startswith("a")
    assert book["缺口"].max_row == 1
    assert "<h2>缺口</h2>" in (tmp_path / "report.html").read_text("utf-8")


def test_long_tables_are_cut_on_the_page_alone(run, tmp_path):
    tables = {
        "communities": run.communities,
        "coverage": run.coverage,
        "gaps": pd.concat([run.gaps] * 160, ignore_index=True),
        "notices": run.notices,
    }
    write_reports(tmp_path, tables, run.manifest)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert f"共 {len(tables['gaps']):,} 行" in page
    assert page.count("<tr>") < 3400
    book = openpyxl.load_workbook(tmp_path / "report.xlsx", read_only=True)
    assert sum(1 for _ in book["缺口"].iter_rows(values_only=True)) == len(tables["gaps"]) + 1
    book.close()
