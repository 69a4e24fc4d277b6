"""The workbook and the page say what the tables say."""

import copy
import html
import re

import openpyxl
import pandas as pd
import pytest

from layers.results import LINES
from layers.store import read_run
from maps.text import read_text
from services.api.pages import read_words
from services.reports import write_reports

SHEETS = [
    "概要", "评分卡", "评分卡明细", "汇总", "目标", "缺口", "待补数据", "社区覆盖率（15分钟）", "公共交通",
    "学校", "学位逐年", "学位缺口", "标准与来源", "数据提示", "来源与假设",
]  # fmt: skip
PRINTED = [title for title in SHEETS if title not in ("评分卡", "评分卡明细", "汇总")]
SCORES = ("scorecards", "rollups", "targets", "facilities")
HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>'


@pytest.fixture(scope="module")
def book(finished):
    return openpyxl.load_workbook(finished / "report.xlsx", data_only=True)


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished)


def list_tables(run):
    names = (
        "communities",
        "coverage",
        "gaps",
        "notices",
        "schools",
        "school_years",
        "shortages",
        *SCORES,
    )
    return {name: getattr(run, name) for name in names}


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
    card = read_sheet(book, "社区覆盖率（15分钟）").set_index("社区代码")
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


def test_every_gap_is_listed_the_largest_first(book, run):
    sheet = read_sheet(book, "缺口")
    wanted = run.gaps[run.gaps["status"] == "gap"]
    assert sorted(sheet["原因"]) == sorted(wanted["reason"])
    assert sorted(sheet["reason"]) == sorted(wanted["reason_en"])
    assert sheet["差额"].sum() == pytest.approx(wanted["shortfall"].sum())
    affected = sheet["受影响户数"].dropna().tolist()
    assert affected == sorted(affected, reverse=True)


def test_what_is_open_is_listed_by_what_would_settle_it(book, run):
    """Every undecided answer of every community stands behind a row that names the data."""
    sheet = read_sheet(book, "待补数据")
    open_ = run.gaps[run.gaps["status"] == "unknown"]
    assert sheet["社区数"].sum() == len(open_)
    titles = {rule["title_zh"] for pack in run.manifest["packs"] for rule in pack["rules"]}
    assert set(sheet["规则"]) <= titles
    assert sheet["需要补充的数据"].notna().all()
    assert sheet["data needed"].notna().all()


def test_the_matrix_of_cards(book, run):
    """Communities by cards: the verdict of each, and the size."""
    sheet = read_sheet(book, "评分卡").set_index("社区代码")
    words = {"met": "达标", "gap": "缺口", "unknown": "未知", "not_applicable": "不适用"}
    titles = {
        (pack["code"], card["code"]): card["title_zh"]
        for pack in run.manifest["packs"]
        for card in pack["cards"]
    }
    cards = run.scorecards[run.scorecards["about"] != "check"]
    assert len(cards)
    for row in cards.itertuples():
        assert sheet.loc[row.community_id, titles[row.pack, row.card]] == words[row.status]
    # 1600 households fit, 900 are fewer than 1500
    assert sheet["社区规模"].tolist() == ["适当", "偏小"]


def test_cards_with_a_gap_say_which(book, run):
    sheet = read_sheet(book, "评分卡明细")
    wanted = run.scorecards[run.scorecards["status"].isin(["gap", "unknown"])]
    assert sheet["说明"].tolist() == wanted["reason"].tolist()
    for name, column in (("达标", "met"), ("缺口", "gap"), ("未知", "unknown")):
        assert sheet[name].tolist() == wanted[column].tolist()


def test_rollups_equal_the_table(book, run):
    """Cards of every level, rules of districts and the city; bounds as shares."""
    sheet = read_sheet(book, "汇总")
    table = run.rollups
    wanted = table[(table["level"] != "subdistrict") | (table["about"] != "rule")]
    assert len(sheet) == len(wanted)
    assert sheet["层级"].tolist()[0] == "全市"
    assert sheet["缺口"].sum() == wanted["gap"].sum()
    low = pd.to_numeric(sheet["达标占比（下限）"])
    assert low.sum() == pytest.approx(wanted["share_low"].sum())


def test_targets_equal_the_table(book, run):
    sheet = read_sheet(book, "目标")
    assert sheet["说明"].tolist() == run.targets["reason"].tolist()


def test_every_figure_of_every_rule_has_its_source(book, run):
    sheet = read_sheet(book, "标准与来源")
    figures = {
        (rule["rule"], name)
        for pack in run.manifest["packs"]
        for rule in pack["rules"]
        for name in rule["values"]
    }
    assert len(sheet) == len(figures)
    assert set(sheet["规则代码"]) == {rule for rule, _ in figures}
    for column in ("数值", "单位", "文件", "依据状态", "数值名称"):
        assert sheet[column].notna().all()
    assert sheet["标准原值"].isna().all()


def test_a_citys_own_figure_stands_beside_the_standards(run, tmp_path):
    manifest = copy.deepcopy(run.manifest)
    rule = next(r for pack in manifest["packs"] for r in pack["rules"] if "limit" in r["values"])
    rule["values"]["limit"]["original"] = copy.deepcopy(rule["values"]["limit"])
    rule["values"]["limit"]["value"] = 12.0
    write_reports(tmp_path, list_tables(run), manifest)
    sheet = read_sheet(openpyxl.load_workbook(tmp_path / "report.xlsx"), "标准与来源")
    own = sheet[sheet["标准原值"].notna()]
    assert set(own["规则代码"]) == {rule["rule"]}
    assert (own["数值"].tolist(), own["标准原值"].tolist()) == ([12.0], [15.0])
    assert own["原值出处"].notna().all()


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


def test_schools_and_what_nobody_counted(book, run):
    """Every school; the city year by year; one line per level of which no child is known."""
    schools = read_sheet(book, "学校")
    assert sorted(schools["编号"]) == sorted(run.schools["school_id"])
    assert set(schools["已安排儿童（人）"]) == {"未知"}
    years = read_sheet(book, "学位逐年")
    assert len(years) == len(run.manifest["schools"]["levels"]) * len(
        run.manifest["schools"]["years"]
    )
    assert set(years["范围"]) == {"全市"}
    assert set(years["儿童（人）"]) == set(years["结论"]) == {"未知"}
    assert years["需要补充的数据"].str.contains("适龄儿童表").all()
    assert read_sheet(book, "学位缺口")["社区"].tolist() == ["全市"] * 4
    sources = read_sheet(book, "来源与假设")
    assert (sources["类型"] == "学位测算").sum() == 8
    assert "children" in sources.loc[sources["类型"] == "未提供的数据", "名称"].tolist()


def test_one_word_per_severity(book, run):
    words = {"error": "错误", "warning": "警告", "info": "说明"}
    sheet = read_sheet(book, "数据提示")
    assert sheet["级别"].tolist() == run.notices["severity"].map(words).tolist()
    page = read_words()
    assert {name: page[f"severity_{name}"]["zh"] for name in words} == words
    for text in (page["notices_n"], read_text()["legend_notices"]):
        assert "警告" in text["zh"]
        assert "说明" in text["zh"]


def test_the_page_holds_the_same_figures(finished, run):
    page = (finished / "report.html").read_text("utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", page) == PRINTED
    share = run.manifest["summary"]["pharmacy"]["15"]["share"]
    row = re.search(r"<tr><td>药店</td>.*?</tr>", page)
    assert row
    assert f"{share:.1%}" in row[0]
    for reason in run.gaps.loc[run.gaps["status"] == "gap", "reason"]:
        assert html.escape(reason, quote=False) in page.replace("&#34;", '"').replace("&#39;", "'")
    assert "http" not in re.sub(r"https?://www\.openstreetmap\.org\S*", "", page)


def test_unusual_cells(run, tmp_path):
    """Very long texts, control letters and empty tables are written so that they open again."""
    tables = {
        **list_tables(run),
        "communities": run.communities.copy(),
        "notices": run.notices.copy(),
        **{
            name: getattr(run, name).iloc[:0]
            for name in ("gaps", "scorecards", "rollups", "targets")
        },
    }
    tables["communities"]["name"] = ["长" * 40_000, "a\x0b\x1f\ud7ff&<\r\n"]
    write_reports(tmp_path, tables, run.manifest)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    names = [row[1] for row in list(book["社区覆盖率（15分钟）"].iter_rows(values_only=True))[1:]]
    assert set(names[0]) == {"长"}
    assert names[1].startswith("a")
    assert book["缺口"].max_row == 1
    assert "<h2>缺口</h2>" in (tmp_path / "report.html").read_text("utf-8")


def test_long_tables_are_cut_on_the_page_alone(run, tmp_path):
    missed = run.gaps[run.gaps["status"] == "gap"]
    tables = {
        **list_tables(run),
        "gaps": pd.concat([missed] * (200 // len(missed) + 1), ignore_index=True),
    }
    write_reports(tmp_path, tables, run.manifest)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert f"共 {len(tables['gaps']):,} 行，此处列出前 100 行" in page
    assert page.count("<tr>") < 1000
    book = openpyxl.load_workbook(tmp_path / "report.xlsx", read_only=True)
    assert sum(1 for _ in book["缺口"].iter_rows(values_only=True)) == len(tables["gaps"]) + 1
    book.close()


def test_very_long_tables_say_where_the_rest_is(run, tmp_path, monkeypatch):
    monkeypatch.setattr("services.workbook._MAX_SHEET_ROWS", 5)
    write_reports(tmp_path, list_tables(run), run.manifest)
    sheet = read_sheet(openpyxl.load_workbook(tmp_path / "report.xlsx"), "汇总")
    assert len(sheet) == 6
    assert "此处列出前5行" in sheet.iloc[-1, 0]


# ---- public transport ----------------------------------------------------------------------------


def test_walking_alone_is_said(book, run):
    """No timetable: the sheet says so and why, and no column counts rides."""
    sheet = read_sheet(book, "公共交通")
    assert sheet["数值"].tolist() == ["没有"]
    assert run.manifest["transit"]["reason"]["zh"] in sheet["说明"][0]
    assert not [name for name in read_sheet(book, "概要") if "含公交" in name]
    assert "公交线路" not in book.sheetnames


@pytest.fixture(scope="module")
def ridden(run, tmp_path_factory):
    """The small city's report as if buses brought everyone within every limit."""
    manifest = copy.deepcopy(run.manifest)
    riding = copy.deepcopy(manifest["summary"])
    for limits in riding.values():
        for figures in limits.values():
            figures["share"] = None if figures["share"] is None else 1.0
    manifest["summary_walk_transit"] = riding
    manifest["transit"] = {
        "status": "measured", "reason": {"zh": "", "en": ""}, "source": "gtfs", "day": "2025-06-04",
        "depart_from": "07:30", "depart_to": "08:30", "percentile": 50.0, "feeds": [HOSTILE],
        "stops": 1234, "stops_served": 1200, "lines": 2, "trips": 300, "trips_in_window": 20,
        "mean_headway_min": 12.34, "households_near": 1200.0, "households": 1500.0,
        "near_share": 0.8, "near_basis": "households", "near_min": 5.0, "stops_connected_share": 0.95,
        "settings": {"walk_min": 15.0},
        "assumptions": [{"code": "x", "count": 7, "zh": "7 处停站时刻按内插推算", "en": "7 interpolated"}],
    }  # fmt: skip
    lines = pd.DataFrame(
        [
            {**dict.fromkeys(LINES, ""), "line_id": code, "ref": ref, "name": name, "mode": "subway",
             "stops": 9, "trips": 90, "trips_in_window": 8, "headway_min": headway,
             "headway_source": "timetable", "hours_source": "timetable"}
            for code, ref, name, headway in (
                ("a", "10", "环线", 7.5), ("b", HOSTILE, HOSTILE, float("nan")), ("c", "2", "东线", 6.0),
            )
        ]
    )  # fmt: skip
    coverage = run.coverage.assign(mode="walk_transit", timetable_source="gtfs")
    coverage["share"] = coverage["share"].where(coverage["share"].isna(), 1.0)
    gaps = run.gaps.copy()
    gaps.loc[gaps["mode"] != "walk_transit", "mode"] = "walk"
    gaps.loc[gaps.index[gaps["status"] == "gap"][0], "mode"] = "walk_transit"
    tables = {
        **list_tables(run),
        "coverage": pd.concat([run.coverage, coverage], ignore_index=True),
        "gaps": gaps,
        "notices": run.notices,
        "lines": lines,
    }
    folder = tmp_path_factory.mktemp("ridden")
    write_reports(folder, tables, manifest)
    return folder


@pytest.fixture(scope="module")
def ridden_book(ridden):
    return openpyxl.load_workbook(ridden / "report.xlsx")


def test_rides_stand_beside_walks(ridden_book, run):
    """The same walk shares as before, and next to each the one with rides."""
    summary = read_sheet(ridden_book, "概要")
    names = list(summary)
    for limit in ("5", "10", "15"):
        place = names.index(f"{limit}分钟覆盖率")
        assert names[place + 1] == f"{limit}分钟覆盖率（含公交）"
    pharmacy = summary[summary["类别"] == "药店"].iloc[0]
    assert pharmacy["15分钟覆盖率"] == pytest.approx(
        run.manifest["summary"]["pharmacy"]["15"]["share"]
    )
    assert pharmacy["15分钟覆盖率（含公交）"] == 1.0
    card = read_sheet(ridden_book, "社区覆盖率（15分钟）")
    names = list(card)
    place = names.index("药店")
    assert names[place + 1] == "药店（含公交）"
    walked = run.coverage[
        (run.coverage["kind"] == "pharmacy") & (run.coverage["limit"] == 15.0)
    ].set_index("community_id")["share"]
    for row in card.to_dict("records"):
        assert row["药店"] == pytest.approx(walked[row["社区代码"]])
        assert row["药店（含公交）"] == 1.0
    modes = read_sheet(ridden_book, "缺口")["出行方式"]
    assert set(modes.fillna("")) <= {"步行", "步行或乘公交", ""}
    assert (modes == "步行或乘公交").sum() == 1


def test_figures_of_the_timetable(ridden_book):
    at = SHEETS.index("公共交通") + 1
    assert ridden_book.sheetnames == [*SHEETS[:at], "公交线路", *SHEETS[at:]]
    sheet = read_sheet(ridden_book, "公共交通").set_index("项目")
    assert "GTFS" in sheet.loc["时刻表", "数值"]
    assert sheet.loc["运营日", "数值"] == "2025-06-04"
    assert sheet.loc["出发时段", "数值"] == "07:30至08:30"
    assert "中位数" in sheet.loc["出发时段", "说明"]
    assert sheet.loc["站点数", "数值"] == "1,234"
    assert "1,200" in sheet.loc["站点数", "说明"]
    assert sheet.loc["平均发车间隔", "数值"] == "12.3分钟"
    assert sheet.loc["步行5分钟内有站点", "数值"] == "80.0%"
    assert "1,200户，共1,500户" in sheet.loc["步行5分钟内有站点", "说明"]
    assert sheet.loc["假定", "数值"] == "7"
    assert "7 处停站时刻按内插推算" in sheet.loc["假定", "说明"]
    sources = read_sheet(ridden_book, "来源与假设").set_index("类型")
    assert "2025-06-04" in sources.loc["时刻表", "说明"]


def test_lines_in_natural_order(ridden_book):
    sheet = read_sheet(ridden_book, "公交线路")
    assert sheet["线路"].tolist() == ["2", "10", HOSTILE]
    assert sheet["交通方式"].tolist() == ["地铁"] * 3
    assert sheet["发车间隔（分钟）"].tolist()[:2] == [6.0, 7.5]
    assert sheet["间隔依据"].tolist() == ["时刻表"] * 3


def test_names_of_lines_are_text(ridden, ridden_book):
    """In the workbook a string, not a formula; on the page words, not markup."""
    cells = [cell for row in ridden_book["公交线路"].iter_rows() for cell in row]
    hostile = [cell for cell in cells if cell.value == HOSTILE]
    assert len(hostile) == 2
    assert {cell.data_type for cell in hostile} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink]
    page = (ridden / "report.html").read_text("utf-8")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "步行或乘公交" in page
