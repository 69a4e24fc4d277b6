"""What is wrong with a table of children, in sentences."""

import numpy as np
import pandas as pd

from geo.units import BoolArray
from layers.notices import Notice
from layers.schooling.load import read_parameters
from layers.sheets import list_rows

KEY = ["community_id", "district", "level", "age", "year", "counted"]
"""Columns that tell rows of a table of children apart."""

_MOST_NAMED = 10
_MOST_PER_THOUSAND = 250.0
"""Children of one level: more than a quarter of all residents are a slip of the pen."""
_MOST_PER_HOUSEHOLD = 10.0
"""Residents, where only households are known: on average no community has more."""


def check_ages(table: pd.DataFrame, aged: BoolArray, layer: str) -> list[Notice]:
    """Ages that are no whole years."""
    odd = aged & (table["age"] % 1 != 0).to_numpy()
    if not odd.any():
        return []
    rows = _list(table, odd)
    found = f"{table['age'][odd].iloc[0]:g}"
    return [
        Notice(
            "error",
            "age_not_whole",
            layer,
            f"the age in rows {rows} is no whole number of years, such as {found}; expected the age last "
            "birthday, such as 5",
            f"第 {rows} 行的年龄不是整数，如 {found}；应为周岁，例如 5",
            row=rows,
            column="age",
            found=found,
            expected="5",
            count=int(odd.sum()),
        )
    ]


def check_levels(table: pd.DataFrame, aged: BoolArray, layer: str) -> list[Notice]:
    """Rows of nobody in particular, and rows whose level and age do not fit."""
    notices = []
    counted = (table["children"].notna() | table["per_thousand"].notna()).to_numpy()
    silent = counted & ~aged & (table["level"] == "").to_numpy()
    if silent.any():
        rows = _list(table, silent)
        notices.append(
            Notice(
                "error",
                "missing_level",
                layer,
                f"{int(silent.sum())} numbers say neither level nor age of the children (rows {rows}); fill "
                "in 学段 or 年龄, or bring a column per age (3岁, 4岁 …) or level (小学适龄儿童 …)",
                f"{int(silent.sum())} 个数字没有说明学段或年龄（第 {rows} 行）；请填写“学段”或“年龄”，"
                "或按年龄（3岁、4岁……）、学段（小学适龄儿童……）分列",
                row=rows,
                column="level",
                expected="学段, 年龄",
                count=int(silent.sum()),
            )
        )
    level_of = {
        float(level.first_age + step): code
        for code, level in read_parameters().levels.items()
        for step in range(level.years)
    }
    usual = table["age"].map(level_of)
    differ = aged & (table["level"] != "").to_numpy() & (table["level"] != usual).to_numpy()
    if differ.any():
        rows = _list(table, differ)
        notices.append(
            Notice(
                "warning",
                "age_and_level_differ",
                layer,
                f"level and age of rows {rows} do not fit; the age was followed, correct one of them",
                f"第 {rows} 行的学段与年龄不符；已以年龄为准，请更正其一",
                row=rows,
                column="age, level",
                count=int(differ.sum()),
            )
        )
    return notices


def explain_numbers(
    table: pd.DataFrame, both: BoolArray, neither: BoolArray, layer: str
) -> list[Notice]:
    """Rows with a count and a ratio, and rows with neither."""
    notices = []
    if both.any():
        rows = _list(table, both)
        notices.append(
            Notice(
                "warning",
                "count_and_ratio",
                layer,
                f"rows {rows} give a count and a number per thousand residents; the count was taken, "
                "delete one of the two",
                f"第 {rows} 行同时填写了人数和千人指标；已采用人数，请删去其一",
                row=rows,
                column="children, per_thousand",
                expected="人数 / 千人指标",
                count=int(both.sum()),
            )
        )
    if neither.any():
        rows = _list(table, neither)
        notices.append(
            Notice(
                "info",
                "no_number",
                layer,
                f"rows {rows} give neither a count nor a number per thousand residents; those children stay "
                "unknown",
                f"第 {rows} 行未填人数或千人指标；这部分儿童数按未知处理",
                row=rows,
                column="children, per_thousand",
                expected="人数 / 千人指标",
                count=int(neither.sum()),
            )
        )
    return notices


def explain_ratios(table: pd.DataFrame, layer: str) -> list[Notice]:
    """Ratios that look like shares (0.06 in place of 60 per thousand), and those no city can have."""
    ratios = table["per_thousand"].dropna()
    ratios = ratios[ratios > 0]
    if not len(ratios):
        return []
    large = (table["per_thousand"] > _MOST_PER_THOUSAND).to_numpy()
    if large.any():
        rows, found = _list(table, large), f"{table['per_thousand'][large].iloc[0]:g}"
        return [
            Notice(
                "warning",
                "ratio_unclear",
                layer,
                f"rows {rows} come to more than {_MOST_PER_THOUSAND:g} children of one level or age per "
                f"thousand residents, such as {found}; is the number per thousand under a header in %, or a "
                "count? Correct the header or the number",
                f"第 {rows} 行折合每千人超过 {_MOST_PER_THOUSAND:g} 名同一学段或年龄的儿童，如 {found}；"
                "是否把千分数写在了百分号（%）表头下，或把人数填入了千人指标？请更正表头或数字",
                row=rows,
                column="per_thousand",
                found=found,
                expected=f"<= {_MOST_PER_THOUSAND:g}",
                count=int(large.sum()),
            )
        ]
    if float(ratios.max()) >= 1.0:
        return []
    found = f"{float(ratios.iloc[0]):g}"
    meant = f"{float(ratios.iloc[0]) * 1000:g}"
    return [
        Notice(
            "warning",
            "ratio_unclear",
            layer,
            f"no number per thousand residents reaches 1, such as {found}; they were read per thousand, "
            f"write {meant} if {found} of all residents is meant",
            f"所有千人指标都小于 1，如 {found}；已按每千人读取，若指占常住人口的比例，请填 {meant}",
            column="per_thousand",
            found=found,
            expected=meant,
            count=len(ratios),
        )
    ]


def explain_crowds(children: pd.DataFrame, communities: pd.DataFrame, layer: str) -> list[Notice]:
    """Counts of one level or age above all residents of the community.

    Parameters
    ----------
    children
        community_id, children, row.
    communities
        community_id; population and households where the table has them.
    """
    facts = communities.set_index("community_id")
    nobody = pd.Series(np.nan, index=facts.index)
    population = facts["population"] if "population" in facts.columns else nobody
    households = facts["households"] if "households" in facts.columns else nobody
    most = population.where(population.notna(), households * _MOST_PER_HOUSEHOLD)
    limit = most.reindex(children["community_id"]).to_numpy(dtype=np.float64)
    crowd = children["children"].to_numpy(dtype=np.float64) > limit
    if not crowd.any():
        return []
    rows, at = _list(children, crowd), int(np.flatnonzero(crowd)[0])
    found, code = f"{children['children'].iloc[at]:,.0f}", str(children["community_id"].iloc[at])
    return [
        Notice(
            "warning",
            "more_children_than_residents",
            layer,
            f"rows {rows} count more children than their community can have residents (about "
            f"{limit[at]:,.0f}), such as {found} in {code}; are columns swapped, or is it the number of a "
            "whole district?",
            f"第 {rows} 行的儿童数多于该社区可能的居民数（约 {limit[at]:,.0f} 人），如 {code} 的 {found}；"
            "是否列填反了，或填成了全区的数？",
            row=rows,
            column="children",
            found=found,
            expected=f"<= {limit[at]:,.0f}",
            count=int(crowd.sum()),
        )
    ]


def explain_streets(table: pd.DataFrame, streets: BoolArray, layer: str) -> list[Notice]:
    """Rows of a 镇街 alone: they would pass for the whole city's."""
    if not streets.any():
        return []
    rows = _list(table, streets)
    return [
        Notice(
            "error",
            "only_subdistrict",
            layer,
            f"rows {rows} name a 镇街 and no community; numbers are read by community, by district, or for "
            "the whole city: add community_id (社区编码), or leave the 镇街 out",
            f"第 {rows} 行只填了镇街而没有社区；儿童数须按社区、县区或全市填写，请补充“社区编码”或删去镇街",
            row=rows,
            column="subdistrict",
            found=str(table["subdistrict"][streets].iloc[0]),
            expected="社区编码",
            count=int(streets.sum()),
        )
    ]


def explain_unknown(table: pd.DataFrame, unknown: BoolArray, layer: str) -> list[Notice]:
    """An error when no row is of this city, else a warning about those that are not."""
    if not unknown.any():
        return []
    gone = table[unknown]
    said = gone["community_id"].where(gone["community_id"] != "", gone["name"])
    said = said.where(said != "", gone["district"])
    listed = list(dict.fromkeys(str(text) for text in said))
    sample = "、".join(listed[:_MOST_NAMED]) + ("…" if len(listed) > _MOST_NAMED else "")
    rows = _list(table, unknown)
    every = bool(unknown.all())
    what = "all rows" if every else f"{len(set(gone['row']))} rows"
    what_zh = "所有行" if every else f"{len(set(gone['row']))} 行"
    return [
        Notice(
            "error" if every else "warning",
            "unknown_community",
            layer,
            f"{what} name communities or districts the table of communities does not have ({sample}); "
            + (
                "is it another city's table?"
                if every
                else "they were left out, correct code or name"
            ),
            f"{what_zh}的社区或县区不在社区表中（{sample}）；"
            + ("是否为其他城市的表？" if every else "未计入，请核对编码或名称"),
            row=rows,
            column="community_id",
            found=sample,
            expected="社区编码",
            count=int(unknown.sum()),
        )
    ]


def explain_twice(children: pd.DataFrame, layer: str) -> list[Notice]:
    """Numbers that stand more than once, by `KEY`."""
    twice = children.duplicated(KEY, keep=False).to_numpy()
    if not twice.any():
        return []
    rows = _list(children, twice)
    first = children[twice].iloc[0]
    what = " ".join(
        str(part)
        for part in (
            first["community_id"] or first["district"] or "the whole city",
            first["level"] or f"age {first['age']:g}",
            "" if np.isnan(first["year"]) else f"{first['year']:g}",
        )
        if part
    )
    return [
        Notice(
            "error",
            "duplicate_key",
            layer,
            f"{int(twice.sum())} numbers stand more than once for the same area, level or age, and year "
            f"(rows {rows}), such as {what}; expected one, delete the others",
            f"同一地区、学段或年龄、年份有重复数字（第 {rows} 行，共 {int(twice.sum())} 个），如 {what}；"
            "应只有一个，请删除多余的",
            row=rows,
            found=what,
            expected="unique",
            count=int(twice.sum()),
        )
    ]


def explain_nothing(layer: str) -> Notice:
    """A table that gives no number of children."""
    return Notice(
        "error",
        "no_children",
        layer,
        "no row gives a number of children; expected a column 人数 (children) or 千人指标 (per_thousand), or "
        "one per age (3岁, 4岁 …), level (小学适龄儿童 …) or year (2026年 …)",
        "表中没有儿童数；应有“人数”或“千人指标”列，或按年龄（3岁、4岁……）、学段（小学适龄儿童……）、"
        "年份（2026年……）分列",
        expected="人数, 千人指标",
    )


def _list(table: pd.DataFrame, rows: BoolArray) -> str:
    return list_rows(sorted({int(row) for row in table["row"][rows]}))
