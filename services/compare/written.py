"""A comparison for readers: JSON-ready values, and a file of one's own choice."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from services.chosen_file import build_csv, check_ending, replace_file
from services.compare.changes import Comparison, count_directions
from services.compare.communities import Match
from services.compare.editions import Edition
from services.compare.evidence import Evidence
from services.workbook import Sheet, build_workbook

WHY_ZH = MappingProxyType({"world": "城市变化", "data": "数据变化", "rule": "规则变化"})
DIRECTION_ZH = MappingProxyType(
    {
        "better": "变好",
        "worse": "变差",
        "decided": "由未知到有结论",
        "undecided": "由有结论到未知",
        "begins": "开始适用",
        "ends": "不再适用",
    }
)
RELATION_ZH = MappingProxyType(
    {
        "same": "不变",
        "renumbered": "编码变更",
        "redrawn": "边界调整",
        "split": "拆分",
        "merged": "合并",
        "rearranged": "重新划分",
        "new": "新增",
        "gone": "撤销",
    }
)
STATUS_ZH = MappingProxyType(
    {
        "met": "达标",
        "gap": "缺口",
        "unknown": "未知",
        "not_applicable": "不适用",
        "absent": "未按此规则判定",
    }
)
_ABOUT_ZH = {"circle": "圈", "type": "类型", "level": "层级", "set": "规则组", "check": "检查"}
_HEADS_ZH = {
    "before_id": "原社区编码", "after_id": "现社区编码", "name": "社区", "district": "县区",
    "relation": "社区变化", "pack": "标准包", "rule": "规则代码", "title_zh": "规则", "title_en": "rule",
    "kind": "设施类别", "card": "评分卡代码", "about": "类型", "rules": "相关规则",
    "status_before": "原结论", "status_after": "现结论", "direction": "变化", "unit": "单位",
    "needed_before": "原应有", "needed_after": "现应有", "found_before": "原实有",
    "found_after": "现实有", "shortfall_before": "原差额", "shortfall_after": "现差额",
    "affected_before": "原受影响户数", "affected_after": "现受影响户数", "why": "原因类别",
    "also": "其他因素", "evidence_zh": "原因", "evidence_en": "reason", "before": "原社区",
    "after": "现社区", "overlap": "重合度", "dated": "启用日期",
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "direction": DIRECTION_ZH,
    "why": WHY_ZH,
    "relation": RELATION_ZH,
    "status_before": STATUS_ZH,
    "status_after": STATUS_ZH,
    "about": _ABOUT_ZH,
}
_DECIMALS = 6
ENDINGS = (".xlsx", ".csv", ".json")
"""Formats a comparison can be written in."""
_REST = "全部见 .csv 或 .json 输出"

__all__ = [
    "DIRECTION_ZH",
    "ENDINGS",
    "RELATION_ZH",
    "STATUS_ZH",
    "WHY_ZH",
    "describe_comparison",
    "describe_edition",
    "describe_match",
    "list_records",
    "write_comparison",
]


def describe_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON-ready values; unknown numbers are null."""
    return {
        "before": describe_edition(comparison.before),
        "after": describe_edition(comparison.after),
        "directions": count_directions(comparison.changes),
        "relations": comparison.count_relations(),
        "common": [describe_evidence(one) for one in comparison.common],
        "communities": [
            describe_match(match) for match in comparison.matches if match.relation != "same"
        ],
        "cards": list_records(comparison.cards),
        "changes": list_records(comparison.changes),
    }


def describe_edition(edition: Edition) -> dict[str, Any]:
    """Return what a run is and of when, as JSON-ready values."""
    manifest = edition.manifest
    return {
        "name": edition.name,
        "judged_on": edition.day,
        "created": manifest["created"],
        "version": manifest["version"],
        "osm_timestamp": manifest["osm_timestamp"],
    }


def describe_evidence(evidence: Evidence) -> dict[str, str]:
    """Return one difference as JSON-ready values."""
    return {
        "why": evidence.why,
        "code": evidence.code,
        "zh": evidence.text.zh,
        "en": evidence.text.en,
    }


def describe_match(match: Match) -> dict[str, Any]:
    """Return what became of communities as JSON-ready values."""
    return {
        "relation": match.relation,
        "before": list(match.before),
        "after": list(match.after),
        "overlap": round(match.overlap, 6),
        "dated": match.dated,
    }


def list_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON-ready values."""
    names = [str(name) for name in frame.columns]
    columns = (_list_plain(frame[name]) for name in frame.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write a comparison to a workbook, a CSV file of the changes, or JSON; whole or not at all.

    Raises
    ------
    InvalidQuery
        The name ends in nothing known.
    CannotWrite
        The file cannot be written.
    """
    check_ending(path, ENDINGS)
    match path.suffix.lower():
        case ".json":
            text = json.dumps(describe_comparison(comparison), ensure_ascii=False, indent=1)
            content = (text + "\n").encode()
        case ".csv":
            content = build_csv(_translate(comparison.changes.round(_DECIMALS)))
        case _:
            content = build_workbook(_build_sheets(comparison))
    replace_file(path, content)


def _list_plain(column: pd.Series) -> list[Any]:
    if not pd.api.types.is_float_dtype(column.dtype):
        return list(column.tolist())
    numbers = column.to_numpy(dtype=np.float64)
    known = np.isfinite(numbers).tolist()
    rounded = np.round(numbers, _DECIMALS).tolist()
    return [value if fine else None for value, fine in zip(rounded, known, strict=True)]


def _translate(frame: pd.DataFrame) -> pd.DataFrame:
    """Put codes in a planner's words."""
    told = frame.copy()
    for name, words in _WORDS.items():
        if name in told.columns:
            told[name] = told[name].map(lambda code, words=words: words.get(code, code))
    if "also" in told.columns:
        told["also"] = told["also"].map(
            lambda codes: "、".join(WHY_ZH[code] for code in codes.split(",") if code)
        )
    return told.rename(columns=_HEADS_ZH)


def _build_sheets(comparison: Comparison) -> list[Sheet]:
    counts = count_directions(comparison.changes)
    summary = pd.DataFrame(
        [
            {"变化": DIRECTION_ZH[direction], **{WHY_ZH[why]: n for why, n in row.items()}}
            for direction, row in counts.items()
        ]
    )
    runs = pd.DataFrame(
        [
            {"项目": "前次运行", "说明": f"{comparison.before.name} {comparison.before.day}"},
            {"项目": "本次运行", "说明": f"{comparison.after.name} {comparison.after.day}"},
            *({"项目": WHY_ZH[one.why], "说明": one.text.zh} for one in comparison.common),
        ]
    )
    matches = pd.DataFrame(
        [
            {
                "relation": match.relation,
                "before": ", ".join(match.before),
                "after": ", ".join(match.after),
                "overlap": round(match.overlap, 3),
                "dated": match.dated,
            }
            for match in comparison.matches
        ]
    )
    return [
        Sheet("概况", summary),
        Sheet("两次运行", runs),
        Sheet("结论变化", _translate(comparison.changes), rest=_REST),
        Sheet("评分卡变化", _translate(comparison.cards), rest=_REST),
        Sheet("社区变化", _translate(matches), shares=frozenset({"重合度"}), rest=_REST),
    ]
