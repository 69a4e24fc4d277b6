"""A run as a workbook and as a printable page: scorecards, gap list, sources, assumptions.

Names come from OSM and from tables: they are written as text, never as formulas, links or markup.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import xlsxwriter

from services.transit_sheets import list_transit_sources, tabulate_lines, tabulate_transit

_STATUS_ZH = {"met": "达标", "gap": "缺口", "unknown": "未知", "not_applicable": "不适用"}
_SOURCE_ZH = {
    "primary": "原文核对",
    "secondary": "二手来源",
    "derived": "推导值",
    "unverified": "未核实",
}
_MAX_TEXT = 32_000
_MAX_SHEET_ROWS = 1_048_575
_MAX_PAGE_ROWS = 3_000
_COLUMN_WIDTH = 14
_WIDE_COLUMN_WIDTH = 60
_WIDE = {"原因", "reason", "说明", "message", "规则"}
_UNKNOWN = "未知"
_MODE_ZH = {"walk": "步行", "walk_transit": "步行或乘公交"}
_MODE_ADDS = {"walk": "", "walk_transit": "（含公交）"}
_SUMMARIES = {"walk": "summary", "walk_transit": "summary_walk_transit"}

_Styles = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One table of the report; columns in `shares` hold shares from 0 to 1, NaN where unknown."""

    title: str
    frame: pd.DataFrame
    shares: frozenset[str] = frozenset()


def write_reports(
    folder: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> None:
    """Write `report.xlsx` and `report.html` into a folder."""
    sheets = _build_sheets(tables, manifest)
    _write_workbook(folder / "report.xlsx", sheets)
    _write_page(folder / "report.html", sheets, manifest)


def _build_sheets(tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> list[Sheet]:
    names = tables["communities"].set_index("community_id")["name"]
    lines = tables.get("lines")
    return [
        _summary_sheet(manifest),
        _scorecard_sheet(tables, manifest),
        Sheet("公共交通", tabulate_transit(manifest["transit"])),
        *([] if lines is None else [Sheet("公交线路", tabulate_lines(lines))]),
        Sheet("缺口", _gap_sheet(tables["gaps"], names, manifest)),
        Sheet("数据提示", _notice_sheet(tables["notices"])),
        Sheet("来源与假设", _source_sheet(manifest)),
    ]


_UNIT_ZH = {"share": "比例", "facilities": "处", "min": "分钟", "m": "米"}
_SEVERITY_ZH = {"error": "错误", "warning": "警告", "info": "说明"}
_BASIS_ZH = {
    "households": "按户数",
    "buildings": "按住宅建筑",
    "communities": "社区平均",
}


def _summary_sheet(manifest: Mapping[str, Any]) -> Sheet:
    limits = {f"{limit:g}": f"{limit:g}分钟覆盖率" for limit in manifest["limits_min"]}
    columns = {
        (by, limit): f"{title}{_MODE_ADDS[mode]}"
        for limit, title in limits.items()
        for mode, by in _SUMMARIES.items()
        if by in manifest
    }
    rows = []
    for kind in manifest["kinds"]:
        basis = ""
        row: dict[str, Any] = {
            "类别": kind["name_zh"],
            "kind": kind["name_en"],
            "设施数": kind["n_facilities"],
        }
        for (by, limit), column in columns.items():
            one = manifest[by].get(kind["code"], {}).get(limit, {})
            row[column] = _number(one.get("share"))
            basis = one.get("basis", "")
        row["口径"] = _BASIS_ZH.get(basis, "")
        row["说明"] = "" if kind["status"] == "measured" else "数据中没有该类设施，无法判断"
        rows.append(row)
    return Sheet("概要", pd.DataFrame(rows), frozenset(columns.values()))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _scorecard_sheet(tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> Sheet:
    main = float(manifest["settings"]["main_limit_min"])
    coverage = tables["coverage"]
    rows = coverage[(coverage["limit"] == main) & (coverage["limit_unit"] == "min")]
    labels = {
        (kind["code"], mode): f"{kind['name_zh']}{adds}"
        for kind in manifest["kinds"]
        for mode, adds in _MODE_ADDS.items()
    }
    column = pd.Series(list(zip(rows["kind"], rows["mode"], strict=True)), index=rows.index)
    wide = rows.assign(_column=column.map(labels)).pivot_table(
        index="community_id", columns="_column", values="share", dropna=False, observed=False
    )
    wide = wide[[label for label in labels.values() if label in wide.columns]]
    facts = tables["communities"][
        ["community_id", "name", "district", "subdistrict", "households"]
    ].rename(
        columns={
            "community_id": "社区代码",
            "name": "名称",
            "district": "县区",
            "subdistrict": "镇街",
            "households": "户数",
        }
    )
    card = pd.DataFrame(facts).merge(wide, left_on="社区代码", right_index=True, how="left")
    return Sheet(f"社区覆盖率（{main:g}分钟）", card, frozenset(wide.columns))


def _gap_sheet(gaps: pd.DataFrame, names: pd.Series, manifest: Mapping[str, Any]) -> pd.DataFrame:
    titles = {
        rule["code"]: rule["title_zh"] for pack in manifest["packs"] for rule in pack["rules"]
    }
    order = {"gap": 0, "unknown": 1, "met": 2, "not_applicable": 3}
    listed = gaps.assign(_rank=gaps["status"].map(order)).sort_values(
        ["_rank", "households_affected"], ascending=[True, False], kind="stable"
    )
    return pd.DataFrame(
        {
            "社区代码": listed["community_id"],
            "名称": listed["community_id"].map(names),
            "规则": listed["rule"].map(lambda code: titles.get(code, code)),
            "结论": listed["status"].map(_STATUS_ZH),
            "出行方式": listed["mode"].map(lambda mode: _MODE_ZH.get(mode, "")),
            "应有": listed["needed"],
            "实有": listed["found"],
            "差额": listed["shortfall"],
            "单位": listed["unit"].map(lambda unit: _UNIT_ZH.get(unit, unit)),
            "受影响户数": listed["households_affected"].round(0),
            "依据状态": listed["source_status"].map(_SOURCE_ZH),
            "原因": listed["reason"],
            "reason": listed["reason_en"],
        }
    ).reset_index(drop=True)


def _notice_sheet(notices: pd.DataFrame) -> pd.DataFrame:
    told = notices.assign(severity=notices["severity"].map(_SEVERITY_ZH))
    return told.rename(
        columns={
            "severity": "级别",
            "code": "代码",
            "layer": "表或文件",
            "message_zh": "说明",
            "row": "行",
            "column": "列",
            "found": "发现",
            "expected": "应为",
            "count": "数量",
        }
    )


def _source_sheet(manifest: Mapping[str, Any]) -> pd.DataFrame:
    rows = [
        {"类型": "规则", "名称": rule["title_zh"], "说明": _rule_source(rule)}
        for pack in manifest["packs"]
        for rule in pack["rules"]
    ]
    rows += [
        {"类型": "假设", "名称": "", "说明": f"{line['zh']} / {line['en']}"}
        for line in manifest["assumptions"]
    ]
    rows += list_transit_sources(manifest["transit"])
    rows += [
        {
            "类型": "输入",
            "名称": one["path"],
            "说明": f"{one['role']} · SHA-256 {one['sha256']} · {one['bytes']:,} 字节",
        }
        for one in manifest["inputs"]
    ]
    rows += [{"类型": "数据声明", "名称": line, "说明": ""} for line in manifest["attribution"]]
    return pd.DataFrame(rows, columns=["类型", "名称", "说明"])


def _rule_source(rule: Mapping[str, Any]) -> str:
    source = rule.get("source", {})
    status = _SOURCE_ZH.get(source.get("status", ""), source.get("status", ""))
    parts = [source.get("document_zh") or source.get("document", ""), source.get("clause", "")]
    return " ".join(str(part) for part in parts if part) + f"（{status}）"


def _write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    written = (
        io.BytesIO()
    )  # whole or not at all: the library does not let go of a half-written file
    with xlsxwriter.Workbook(written, options) as book:
        formats = {
            "head": {"bold": True, "bg_color": "#eef0ee", "bottom": 1, "text_wrap": True},
            "wrap": {"text_wrap": True, "valign": "top"},
            "share": {"num_format": "0.0%", "valign": "top"},
            "plain": {"valign": "top"},
        }
        styles = {name: book.add_format(look) for name, look in formats.items()}
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.title), sheet, styles)
    path.write_bytes(written.getvalue())


def _write_sheet(page: xlsxwriter.worksheet.Worksheet, sheet: Sheet, styles: _Styles) -> None:
    frame = sheet.frame.head(_MAX_SHEET_ROWS)
    page.freeze_panes(1, 0)
    for column, name in enumerate(frame.columns):
        page.write_string(0, column, str(name), styles["head"])
        wide, is_share = name in _WIDE, name in sheet.shares
        page.set_column(column, column, _WIDE_COLUMN_WIDTH if wide else _COLUMN_WIDTH)
        for row, value in enumerate(frame.iloc[:, column], start=1):
            if isinstance(value, str):
                page.write_string(
                    row, column, value[:_MAX_TEXT], styles["wrap" if wide else "plain"]
                )
            elif pd.isna(value):
                page.write_string(row, column, _UNKNOWN if is_share else "", styles["plain"])
            else:
                page.write_number(
                    row, column, float(value), styles["share" if is_share else "plain"]
                )
    if len(frame):
        page.autofilter(0, 0, len(frame), len(frame.columns) - 1)


def _write_page(path: Path, sheets: Sequence[Sheet], manifest: Mapping[str, Any]) -> None:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("services", "templates"), autoescape=True
    )
    environment.filters["cell"] = _format_cell
    judged = {rule["kind"] for pack in manifest["packs"] for rule in pack["rules"]}
    names = {
        f"{kind['name_zh']}{adds}"
        for kind in manifest["kinds"]
        for adds in _MODE_ADDS.values()
        if kind["code"] not in judged
    }
    page = environment.get_template("report.html").render(
        sheets=[_narrow(sheet, names) for sheet in sheets], manifest=manifest, most=_MAX_PAGE_ROWS
    )
    path.write_text(page, encoding="utf-8")


def _narrow(sheet: Sheet, dropped: set[str]) -> Sheet:
    """Leave out of a printed sheet the shares of kinds no rule is about; the workbook has them all."""
    gone = [name for name in sheet.frame.columns if name in dropped and name in sheet.shares]
    return Sheet(sheet.title, sheet.frame.drop(columns=gone), sheet.shares - set(gone))


def _format_cell(value: object, *, is_share: bool) -> str:
    """Text of a cell on the page.

    >>> _format_cell(0.8125, is_share=True), _format_cell(1234.0, is_share=False)
    ('81.2%', '1,234')
    >>> _format_cell(float("nan"), is_share=True)
    '未知'
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return _UNKNOWN if is_share else ""
    number = float(str(value))
    if is_share:
        return f"{number:.1%}"
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"
