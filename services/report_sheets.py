"""Coverage, gaps, notices and sources as sheets of the report, in Chinese."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from layers.standards.model import Text
from services.schools.report.sheets import list_school_sources
from services.score_sentences import say_settled, split_settled
from services.score_sheets import SOURCE_ZH, name_unit
from services.sheet_facts import SheetFacts
from services.transit_sheets import list_transit_sources
from services.workbook import Sheet

MODE_ADDS = {"walk": "", "walk_transit": "（含公交）"}
"""What a mode adds to the title of a column."""

_MODE_ZH = {"walk": "步行", "walk_transit": "步行或乘公交"}
_SUMMARIES = {"walk": "summary", "walk_transit": "summary_walk_transit"}
_SEVERITY_ZH = {"error": "错误", "warning": "警告", "info": "说明"}
_BASIS_ZH = {
    "households": "按户数",
    "buildings": "按住宅建筑",
    "communities": "社区平均",
}
_MOST_NAMES = 8


def build_summary_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """Every kind: how many there are, and the city's coverage at each limit."""
    limits = {f"{limit:g}": f"{limit:g}分钟覆盖率" for limit in manifest["limits_min"]}
    columns = {
        (by, limit): f"{title}{MODE_ADDS[mode]}"
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


def build_coverage_sheet(tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> Sheet:
    """Communities by kinds: shares at the main limit."""
    main = float(manifest["settings"]["main_limit_min"])
    coverage = tables["coverage"]
    rows = coverage[(coverage["limit"] == main) & (coverage["limit_unit"] == "min")]
    labels = {
        (kind["code"], mode): f"{kind['name_zh']}{adds}"
        for kind in manifest["kinds"]
        for mode, adds in MODE_ADDS.items()
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


def build_gap_sheet(facts: SheetFacts) -> Sheet:
    """Gaps, those that leave out most first."""
    gaps = facts.tables["gaps"]
    gaps = gaps[gaps["status"] == "gap"]
    names = {code: row["name"] for code, row in facts.communities.items()}
    titles = {key: str(rule["title_zh"]) for key, rule in facts.rules.items()}
    packs = {pack["code"]: pack["title_zh"] for pack in facts.manifest["packs"]}
    listed = gaps.sort_values("households_affected", ascending=False, kind="stable")
    keys = zip(listed["pack"], listed["rule"], strict=True)
    frame = pd.DataFrame(
        {
            "社区代码": listed["community_id"],
            "名称": listed["community_id"].map(names),
            "标准": listed["pack"].map(lambda code: packs.get(code, code)),
            "规则": [titles.get(key, key[1]) for key in keys],
            "出行方式": listed["mode"].map(lambda mode: _MODE_ZH.get(mode, "")),
            "应有": listed["needed"],
            "实有": listed["found"],
            "差额": listed["shortfall"],
            "单位": listed["unit"].map(name_unit),
            "受影响户数": listed["households_affected"].round(0),
            "依据状态": listed["source_status"].map(SOURCE_ZH),
            "本市取值": listed["overlaid"].map({True: "是", False: ""}),
            "原因": listed["reason"],
            "reason": listed["reason_en"],
        }
    )
    return Sheet("缺口", frame.reset_index(drop=True))


def build_open_sheet(facts: SheetFacts) -> Sheet:
    """What the data cannot decide, by what would settle it: which rules, and for whom."""
    gaps = facts.tables["gaps"]
    gaps = gaps[gaps["status"] == "unknown"]
    names = {code: str(row["name"]) or code for code, row in facts.communities.items()}
    titles = {key: str(rule["title_zh"]) for key, rule in facts.rules.items()}
    packs = {pack["code"]: pack["title_zh"] for pack in facts.manifest["packs"]}
    groups: dict[tuple[str, str, str], list[str]] = {}
    keys = zip(*(gaps[name].tolist() for name in ("settled_by", "pack", "rule")), strict=True)
    for key, code in zip(keys, gaps["community_id"].tolist(), strict=True):
        groups.setdefault(key, []).append(code)
    rows = []
    for (settled_by, pack, rule), members in sorted(
        groups.items(), key=lambda group: (-len(group[1]), group[0])
    ):
        said = say_settled(
            split_settled(settled_by), lambda code: facts.kinds.get(code, Text(code, code))
        )
        rows.append(
            (
                said.zh,
                said.en,
                packs.get(pack, pack),
                titles.get((pack, rule), rule),
                len(members),
                "、".join(names[code] for code in members[:_MOST_NAMES])
                + ("等" if len(members) > _MOST_NAMES else ""),
            )
        )
    columns = ["需要补充的数据", "data needed", "标准", "规则", "社区数", "社区"]
    return Sheet("待补数据", pd.DataFrame(rows, columns=columns))


def build_notice_sheet(notices: pd.DataFrame) -> Sheet:
    """Notices on the data."""
    told = notices.assign(severity=notices["severity"].map(_SEVERITY_ZH))
    columns = {
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
    return Sheet("数据提示", told.rename(columns=columns))


def build_source_sheet(manifest: Mapping[str, Any]) -> Sheet:
    """What the run rests on beside the standards: assumptions, timetable, schools, inputs, licences."""
    rows = [
        {"类型": "假设", "名称": "", "说明": f"{line['zh']} / {line['en']}"}
        for line in manifest["assumptions"]
    ]
    rows += list_transit_sources(manifest["transit"])
    rows += list_school_sources(manifest.get("schools") or {})
    rows += [
        {
            "类型": "输入",
            "名称": one["path"],
            "说明": f"{one['role']} · SHA-256 {one['sha256']} · {one['bytes']:,} 字节",
        }
        for one in manifest["inputs"]
    ]
    rows += [{"类型": "数据声明", "名称": line, "说明": ""} for line in manifest["attribution"]]
    return Sheet("来源与假设", pd.DataFrame(rows, columns=["类型", "名称", "说明"]))
