"""Reserved land, and small communities counted together, as sheets of the report, in Chinese."""

from collections.abc import Callable, Iterable

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.schooling.load import read_parameters
from services.coverage import locate_facilities
from services.schools.parcels.change_files import CHANGE_WORDS
from services.schools.parcels.finding_words import name_finding
from services.schools.parcels.urgency import STEPS
from services.schools.parcels.words import STATUSES, name_level
from services.schools.report.cells import (
    Cells,
    is_gone,
    list_figures,
    list_settlers,
    list_where,
    locate,
)
from services.score_sheets import SOURCE_ZH, STATUS_ZH, name_unit
from services.sheet_facts import SheetFacts

_UNITS_ZH = {"children": "名儿童", "year": "年"}
_VERDICTS = ("gap", "unknown", "met", "not_applicable")
_STEP_ZH = {step.code: step.title.zh for step in STEPS}


def tabulate_parcels(facts: SheetFacts) -> pd.DataFrame:
    """Reserved land, the most urgent first, with what was found against each."""
    frame = facts.tables["parcels"].sort_values(["urgency", "parcel_id"], kind="stable")
    findings = facts.tables["parcel_findings"]
    parameters = read_parameters()
    problems = {
        status: _group_findings(findings[findings["status"] == status]) for status in _VERDICTS[:2]
    }
    ids = frame["parcel_id"].tolist()
    return pd.DataFrame(
        {
            "紧迫次序": frame["urgency"],
            "紧迫原因": _map(frame["urgency_step"], lambda code: _STEP_ZH.get(code, code)),
            "地块编号": frame["parcel_id"],
            "学段": [name_level(level, parameters).zh for level in frame["level"]],
            "状态": _map(
                frame["status"], lambda code: STATUSES[code].zh if code in STATUSES else code
            ),
            "面积（㎡）": list_figures(frame["area_m2"]),
            "规划班级（个）": list_figures(frame["planned_classes"]),
            "开办年份": list_figures(frame["opening_year"]),
            "依据规划": frame["plan"],
            "规划日期": frame["plan_date"],
            **locate(facts, _find_communities(facts, frame)),
            "可服务儿童（人）": list_figures(frame["children_served"]),
            "缺口项数": frame["gaps"],
            "未知项数": frame["unknowns"],
            "缺口项目": [problems["gap"].get(one, "") for one in ids],
            "未知项目": [problems["unknown"].get(one, "") for one in ids],
        }
    )


def tabulate_findings(facts: SheetFacts) -> pd.DataFrame:
    """Every finding about every parcel with its figure and source; the most urgent parcels first."""
    parcels = facts.tables["parcels"]
    urgency = dict(zip(parcels["parcel_id"], parcels["urgency"], strict=True))
    frame = pd.DataFrame(facts.tables["parcel_findings"])
    rank = frame["status"].map({status: at for at, status in enumerate(_VERDICTS)})
    frame = frame.assign(_urgency=frame["parcel_id"].map(urgency), _rank=rank).sort_values(
        ["_urgency", "parcel_id", "_rank"], kind="stable"
    )
    parameters = read_parameters()
    units = frame["unit"].tolist()
    return pd.DataFrame(
        {
            "地块编号": frame["parcel_id"],
            "核查内容": [name_finding(code, parameters).zh for code in frame["finding"]],
            "结论": frame["status"].map(STATUS_ZH),
            "实测": _amounts(frame["found"], units),
            "要求": _amounts(frame["needed"], units),
            "单位": [
                _UNITS_ZH.get(unit) or ("%" if unit == "share" else name_unit(unit))
                for unit in units
            ],
            "涉及年份": list_figures(frame["year"], blank=""),
            "涉及对象": frame["other"],
            "依据": frame["document"],
            "依据状态": frame["source_status"].map(SOURCE_ZH),
            "需要补充的数据": list_settlers(frame["settled_by"]),
            "说明": frame["reason"],
            "reason": frame["reason_en"],
        }
    )


def tabulate_changes(facts: SheetFacts) -> pd.DataFrame:
    """What became of the parcels of an earlier plan, the gravest first."""
    frame = facts.tables["parcel_changes"]
    parameters = read_parameters()
    losing = ~frame["change"].isin(["same", "new", "grown"]).to_numpy()
    return pd.DataFrame(
        {
            "变化": frame["change"].map({code: word.zh for code, word in CHANGE_WORDS.items()}),
            "原地块编号": frame["earlier_id"],
            "现地块编号": frame["parcel_id"],
            "学段": [name_level(level, parameters).zh for level in frame["level"]],
            "原面积（㎡）": list_where(
                (frame["earlier_id"] != "").to_numpy(), frame["area_before_m2"]
            ),
            "现面积（㎡）": list_where(
                (frame["parcel_id"] != "").to_numpy(), frame["area_after_m2"]
            ),
            "减少面积（㎡）": list_figures(frame["lost_m2"]),
            "受影响儿童（人）": list_where(losing, frame["children_affected"]),
            "起始年份": list_figures(frame["year"], blank=""),
            "说明": frame["reason"],
            "reason": frame["reason_en"],
        }
    )


def tabulate_clusters(facts: SheetFacts) -> pd.DataFrame:
    """Small communities counted together, with their sum and what the rule says of it."""
    frame = facts.tables["clusters"]
    names = {code: str(row["name"]) or code for code, row in facts.communities.items()}
    titles = {
        str(rule["rule"]): str(rule["title_zh"]).partition("（")[0] for rule in facts.rules.values()
    }
    members = [one.split(",") for one in frame["communities"]]
    return pd.DataFrame(
        {
            "规则": [titles.get(code, code) for code in frame["rule"]],
            "社区": ["、".join(names.get(one, one) for one in group) for group in members],
            "社区代码": frame["communities"],
            "社区数": [len(group) for group in members],
            "合计户数": list_figures(frame["households"]),
            "适用户数": list_figures(frame["threshold"], blank=""),
            "结论（片区范围内）": frame["status"].map(STATUS_ZH),
        }
    )


def _find_communities(facts: SheetFacts, places: pd.DataFrame) -> pd.Series:
    """Code of the community each of some shapes lies in, empty outside all."""
    communities = gpd.GeoDataFrame(facts.tables["communities"])
    row = locate_facilities(communities, gpd.GeoDataFrame(places))
    codes = np.append(communities["community_id"].to_numpy(dtype=object), "")
    return pd.Series(codes[row])  # the last one, where none was found


def _amounts(values: pd.Series, units: Iterable[str]) -> Cells:
    """Figures of findings to a tenth, shares in percent; empty where there is none."""
    return [
        "" if is_gone(value) else round(value * 100 if unit == "share" else value, 1)
        for value, unit in zip(values.tolist(), units, strict=True)
    ]


def _map(values: pd.Series, name: Callable[[str], str]) -> Cells:
    return [name(str(one)) for one in values.tolist()]


def _group_findings(findings: pd.DataFrame) -> dict[str, str]:
    """What findings of each parcel are about, in one line."""
    parameters = read_parameters()
    found: dict[str, list[str]] = {}
    rows = zip(findings["parcel_id"].tolist(), findings["finding"].tolist(), strict=True)
    for parcel, code in rows:
        found.setdefault(parcel, []).append(name_finding(code, parameters).zh)
    return {parcel: "、".join(names) for parcel, names in found.items()}
