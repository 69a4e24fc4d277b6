"""A run as a workbook and as a printable page: scorecards, gap list, sources, assumptions.

Names come from OSM and from tables: they are written as text, never as formulas, links or markup.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import xlsxwriter

_STATUS_ZH = {"met": "达标", "gap": "缺口", "unknown": "未知", "not_applicable": "不适用"}
_SOURCE_ZH = {
    "primary": "原文",
    "secondary": "二手来源",
    "derived": "推算",
    "unverified": "未核实",
}
_MAX_TEXT = 32_000
_COLUMN_WIDTH = 14
_WIDE = {"原因", "reason", "说明", "message", "规则", "名称", "name"}


def write_reports(
    folder: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> None:
    """Write `report.xlsx` and `report.html` into a folder."""
    sheets = _build_sheets(tables, manifest)
    _write_workbook(folder / "report.xlsx", sheets)
    _write_page(folder / "report.html", sheets, manifest)


def _build_sheets(
    tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    names = tables["communities"].set_index("community_id")["name"]
    return {
        "概要": _summary_sheet(manifest),
        "社区覆盖率": _scorecard_sheet(tables, manifest),
        "缺口": _gap_sheet(tables["gaps"], names, manifest),
        "数据提示": _notice_sheet(tables["notices"]),
        "来源与假设": _source_sheet(manifest),
    }


def _percent(share: float | None) -> str:
    return "未知" if share is None or share != share else f"{share:.1%}"  # noqa: PLR0124 - NaN


_BASIS_ZH = {
    "households": "按户数",
    "buildings": "按住宅建筑",
    "land": "按居住用地",
    "weight": "按估算居住量",
}


def _summary_sheet(manifest: Mapping[str, Any]) -> pd.DataFrame:
    limits = [f"{limit:g}" for limit in manifest["limits_min"]]
    rows = []
    for kind in manifest["kinds"]:
        figures = manifest["summary"].get(kind["code"], {})
        row: dict[str, Any] = {
            "类别": kind["name_zh"],
            "kind": kind["name_en"],
            "设施数": kind["n_facilities"],
        }
        for limit in limits:
            one = figures.get(limit, {})
            row[f"{limit}分钟覆盖率"] = _percent(one.get("share"))
            row["口径"] = _BASIS_ZH.get(one.get("basis", ""), "")
        row["说明"] = "" if kind["status"] == "measured" else "数据中没有该类设施，无法判断"
        rows.append(row)
    return pd.DataFrame(rows)


def _scorecard_sheet(
    tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> pd.DataFrame:
    main = float(manifest["settings"]["main_limit_min"])
    coverage = tables["coverage"]
    rows = coverage[(coverage["limit"] == main) & (coverage["limit_unit"] == "min")]
    wide = rows.pivot_table(
        index="community_id", columns="kind", values="share", dropna=False, observed=False
    )
    order = [kind["code"] for kind in manifest["kinds"] if kind["code"] in wide.columns]
    labels = {kind["code"]: kind["name_zh"] for kind in manifest["kinds"]}
    wide = wide[order].rename(columns=labels)
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
    return pd.DataFrame(facts).merge(wide, left_on="社区代码", right_index=True, how="left")


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
            "应有": listed["needed"],
            "实有": listed["found"],
            "差额": listed["shortfall"],
            "单位": listed["unit"],
            "受影响户数": listed["households_affected"].round(0),
            "依据状态": listed["source_status"].map(_SOURCE_ZH),
            "原因": listed["reason"],
            "reason": listed["reason_en"],
        }
    ).reset_index(drop=True)


def _notice_sheet(notices: pd.DataFrame) -> pd.DataFrame:
    return notices.rename(
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


def _write_workbook(path: Path, sheets: Mapping[str, pd.DataFrame]) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format(
            {"bold": True, "bg_color": "#eef0ee", "bottom": 1, "text_wrap": True}
        )
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        share = book.add_format({"num_format": "0.0%", "valign": "top"})
        plain = book.add_format({"valign": "top"})
        for title, frame in sheets.items():
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            for column, name in enumerate(frame.columns):
                sheet.write_string(0, column, str(name), head)
                wide = name in _WIDE
                sheet.set_column(column, column, 60 if wide and name != "名称" else _COLUMN_WIDTH)
                is_share = title == "社区覆盖率" and column >= 5
                for row, value in enumerate(frame.iloc[:, column], start=1):
                    if isinstance(value, str):
                        sheet.write_string(row, column, value[:_MAX_TEXT], wrap if wide else plain)
                    elif pd.isna(value):
                        sheet.write_string(row, column, "未知" if is_share else "", plain)
                    else:
                        sheet.write_number(row, column, float(value), share if is_share else plain)
            if len(frame):
                sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)


def _write_page(
    path: Path, sheets: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> None:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("services", "templates"), autoescape=True
    )
    environment.filters["cell"] = _format_cell
    page = environment.get_template("report.html").render(sheets=sheets, manifest=manifest)
    path.write_text(page, encoding="utf-8")


def _format_cell(value: object, column: str, sheet: str) -> str:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "未知" if sheet == "社区覆盖率" else ""
    number = float(str(value))
    if sheet == "社区覆盖率" and column != "户数":
        return f"{number:.0%}"
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"
