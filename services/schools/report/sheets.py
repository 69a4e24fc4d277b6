"""Schools, places, shortages and reserved land as sheets of the report, in Chinese.

Sentences come in both languages. A figure nobody knows reads 未知; a cell is empty where there is nothing
to tell.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from layers.schooling.load import read_parameters
from layers.schooling.stated import find_stated_free
from services.schools.marked import index_parcels, mark_listed
from services.schools.places import PARCEL
from services.schools.report.cells import (
    is_gone,
    list_figures,
    list_settlers,
    list_where,
    locate,
    name_levels,
    sort_by_level,
)
from services.schools.report.land import (
    tabulate_changes,
    tabulate_clusters,
    tabulate_findings,
    tabulate_parcels,
)
from services.score_sheets import SOURCE_ZH, STATUS_ZH, name_unit
from services.sheet_facts import SheetFacts
from services.workbook import UNKNOWN, Sheet

SCHOOLS, YEARS, SHORTAGES = "学校", "学位逐年", "学位缺口"
PARCELS, FINDINGS, CHANGES = "教育用地", "用地核查", "用地变化"
CLUSTERS = "合并计算片区"

_SCOPES = {"city": "全市", "district": "县区", "community": "社区", "school": "学校"}
_PLACES_ZH = {
    "listed": "名录",
    "split": "名录合计按学段拆分",
    "classes": "按班级数推算",
    "planned": "按规划班数推算",
    "": "",
}
_INCLUSIVE = {True: "是", False: "否"}


def build_school_sheets(facts: SheetFacts) -> list[Sheet]:
    """Sheets of schools and land, those that would hold nothing left out."""
    return [
        Sheet(title, tabulate(facts))
        for title, table, tabulate in _SHEETS
        if len(facts.tables.get(table, ()))
    ]


def tabulate_schools(facts: SheetFacts) -> pd.DataFrame:
    """Every school and level, as it stands in the first year."""
    frame = sort_by_level(facts.tables["schools"], ["name", "school_id"])
    coming = (frame["source"] == PARCEL).tolist()
    inclusive = [_INCLUSIVE.get(one, UNKNOWN) for one in frame["inclusive"].tolist()]
    opening = zip(frame["opening_year"].tolist(), coming, strict=True)
    return pd.DataFrame(
        {
            "学段": name_levels(frame["level"]),
            "编号": frame["school_id"],
            "名称": frame["name"],
            "类型": ["规划地块" if one else "现有学校" for one in coming],
            **locate(facts, frame["community_id"]),
            "地块编号": frame["parcel_id"],
            "普惠": inclusive,
            "开办年份": [
                (UNKNOWN if late else "") if is_gone(year) else year for year, late in opening
            ],
            "学位数（个）": list_figures(frame["places"]),
            "学位数依据": frame["places_source"].map(_PLACES_ZH),
            "以其为最近学校的儿童（人）": list_figures(frame["demand"]),
            "已安排儿童（人）": list_figures(frame["placed"]),
            "测算余量（个）": list_figures(frame["free_places"]),
            "填报空余（个）": list_figures(
                pd.Series(find_stated_free(frame, facts.tables["facilities"])), blank=""
            ),
            "平均步行（米）": list_figures(frame["walk_mean_m"], blank=""),
            "九成儿童步行不超过（米）": list_figures(frame["walk_p90_m"], blank=""),
            "学位用完年份": list_figures(frame["full_from"], blank=""),
        }
    )


def tabulate_years(facts: SheetFacts) -> pd.DataFrame:
    """Places against children year by year: the city first, then districts, communities, schools.

    Of levels whose children nobody counted anywhere only the city is listed.
    """
    frame = facts.tables["school_years"]
    told = set(frame.loc[frame["placed"].notna(), "level"])
    frame = frame[frame["level"].isin(told) | (frame["scope"] == "city")]
    order = pd.Series(list(_SCOPES)).reset_index().set_index(0)["index"]
    frame = frame.assign(_scope=frame["scope"].map(order))
    frame = sort_by_level(frame, ["year"], first=["_scope", "district", "area_id"])
    return pd.DataFrame(
        {
            "范围": frame["scope"].map(_SCOPES),
            "代码": frame["area_id"],
            "名称": frame["name"],
            "县区": frame["district"],
            "学段": name_levels(frame["level"]),
            "年份": frame["year"],
            "儿童（人）": list_figures(frame["children"]),
            "学位（个）": list_figures(frame["places"]),
            "已安排（人）": list_figures(frame["placed"]),
            "步行范围内无学校（人）": list_figures(frame["out_of_reach"]),
            "有学校无学位（人，至少）": list_figures(frame["left"]),
            "有学校无学位（人，至多）": list_figures(frame["left_possible"]),
            "测算余量（个）": list_figures(frame["free"]),
            "平均步行（米）": list_figures(frame["walk_mean_m"], blank=""),
            "九成儿童步行不超过（米）": list_figures(frame["walk_p90_m"], blank=""),
            "结论": frame["status"].map(STATUS_ZH),
            "需要补充的数据": list_settlers(frame["settled_by"]),
        }
    )


def tabulate_shortages(facts: SheetFacts) -> pd.DataFrame:
    """Communities short of places, the largest shortage first, then those nobody can tell of.

    Levels whose children nobody counted anywhere have one row.
    """
    frame = facts.tables["shortages"]
    years = facts.tables["school_years"]
    told = set(years.loc[years["placed"].notna(), "level"])
    untold = frame[~frame["level"].isin(told)].drop_duplicates("level")
    frame = frame[frame["level"].isin(told)]
    gaps = frame[frame["status"] == "gap"].sort_values(
        ["peak_children", "community_id", "level"], ascending=[False, True, True], kind="stable"
    )
    rest = frame[frame["status"] != "gap"].sort_values(["level", "community_id"], kind="stable")
    listed = pd.concat([gaps, rest, untold.assign(community_id="")], ignore_index=True)
    places = locate(facts, listed["community_id"])
    everywhere = (listed["community_id"] == "").to_numpy()
    is_gap = (listed["status"] == "gap").to_numpy()
    lasts = zip(listed["ends"].tolist(), is_gap.tolist(), strict=True)
    return pd.DataFrame(
        {
            **{
                name: np.where(everywhere, "全市" if name == "社区" else "", values)
                for name, values in places.items()
            },
            "学段": name_levels(listed["level"]),
            "结论": listed["status"].map(STATUS_ZH),
            "开始年份": listed["begins"],
            "结束年份": [
                ("至规划期末" if gap else "") if is_gone(year) else year for year, gap in lasts
            ],
            "最多的年份": list_where(is_gap, listed["peak_year"]),
            "最多缺学位（个）": list_where(is_gap, listed["peak_children"]),
            "步行范围内预留用地": listed["reserved_in_reach"],
            "缺预留用地": np.where(is_gap, np.where(listed["land_missing"], "是", "否"), ""),
            "需增学位（个）": list_where(is_gap, listed["needed_places"]),
            "需增班级（个）": list_where(is_gap, listed["needed_classes"]),
            "约需用地（㎡）": list_where(is_gap, listed["needed_area_m2"]),
            "可考虑的地块": _mark_candidates(facts, listed),
            "依据状态": listed["source_status"].map(SOURCE_ZH),
            "说明": listed["reason"],
            "reason": listed["reason_en"],
        }
    )


def _mark_candidates(facts: SheetFacts, shortages: pd.DataFrame) -> list[str]:
    """Candidates of shortages with what stands against each."""
    if "parcels" not in facts.tables:
        return [""] * len(shortages)
    parameters, parcels = read_parameters(), index_parcels(facts.tables["parcels"])
    rows = shortages[["level", "begins", "needed_area_m2", "candidates"]].to_dict("records")
    told = []
    for row in rows:
        marked = mark_listed({str(k): v for k, v in row.items()}, parcels, parameters)
        told.append("、".join(f"{parcel}（{marks.zh}）" for parcel, marks in marked))
    return told


_SHEETS: tuple[tuple[str, str, Callable[[SheetFacts], pd.DataFrame]], ...] = (
    (SCHOOLS, "schools", tabulate_schools),
    (YEARS, "school_years", tabulate_years),
    (SHORTAGES, "shortages", tabulate_shortages),
    (PARCELS, "parcels", tabulate_parcels),
    (FINDINGS, "parcel_findings", tabulate_findings),
    (CHANGES, "parcel_changes", tabulate_changes),
    (CLUSTERS, "clusters", tabulate_clusters),
)


def list_school_sources(schools: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the sheet of sources: the figures places are counted by, and tables nobody brought.

    Parameters
    ----------
    schools
        `schools` of a manifest.
    """
    rows = []
    for level in schools.get("levels", ()):
        for what, figure, unit, status, document in (
            (
                "入学步行上限",
                "limit",
                name_unit(level["limit_unit"]),
                "limit_status",
                "limit_document",
            ),
            ("班额", "class_size", "人", "class_size_status", "class_size_document"),
        ):
            rows.append(
                {
                    "类型": "学位测算",
                    "名称": f"{level['title_zh']}{what}",
                    "说明": f"{level[figure]:g}{unit}（{SOURCE_ZH[level[status]]}：{level[document]}）",
                }
            )
    rows += [
        {"类型": "未提供的数据", "名称": one["code"], "说明": f"{one['zh']} / {one['en']}"}
        for one in schools.get("absent", ())
    ]
    return rows
