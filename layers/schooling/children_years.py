"""Years in a table of children that are missing, or say nothing about those looked at, in sentences."""

import numpy as np
import pandas as pd

from layers.notices import Notice
from layers.schooling.load import read_parameters
from layers.sheets import list_rows


def explain_undated(children: pd.DataFrame, layer: str) -> list[Notice]:
    """Counts without a year."""
    undated = (children["year"].isna() & children["counted"]).to_numpy()
    if not undated.any():
        return []
    rows = list_rows(sorted(set(children["row"][undated].astype(int))))
    return [
        Notice(
            "warning",
            "missing_year",
            layer,
            f"{int(undated.sum())} counts say no year (rows {rows}); they were taken for the first year "
            "looked at, add a column 年份",
            f"{int(undated.sum())} 个人数没有年份（第 {rows} 行）；已视为起始年的人数，请补充“年份”列",
            row=rows,
            column="year",
            expected="年份",
            count=int(undated.sum()),
        )
    ]


def explain_years(children: pd.DataFrame, looked_at: tuple[int, int], layer: str) -> list[Notice]:
    """Years far from those looked at; and where all are counts by level, those of no such year.

    Parameters
    ----------
    children
        Columns of `layers.schooling.children_notices.KEY`, `row`.
    looked_at
        First and last year.
    """
    first, last = looked_at
    levels = read_parameters().levels.values()
    oldest = max(level.first_age + level.years - 1 for level in levels)
    year = children["year"].to_numpy(dtype=np.float64)
    far = (year < first - oldest) | (year > last + oldest)
    alone = bool((children["counted"] & children["age"].isna()).all())
    spans = children.assign(year=children["year"].fillna(first)).groupby(
        ["community_id", "district", "level", "counted"]
    )["year"]
    ended = (spans.transform("max") < first).to_numpy()
    to_come = (spans.transform("min") > last).to_numpy()
    span = f"{first}-{last}"
    cases = (
        (
            far,
            "year_far_off",
            (
                f"are of years far from those looked at ({span}), such as {{found}}: children of then are not at "
                "school in them; correct 年份"
            ),
            f"的年份与测算年份（{span}）相距过远，如 {{found}} 年：当年的儿童在测算年份内不在学龄，请更正“年份”",
        ),
        (
            alone & ended & ~far,
            "counts_gone_by",
            (
                f"count children of a level before {first} only, such as {{found}}; of later years they say "
                "nothing: add a count or forecast of a later year, or count by age"
            ),
            (
                f"的分学段人数只到 {first} 年以前，如 {{found}} 年；此后年份无从推算，请补充之后年份的"
                "人数或预测数，或改为按年龄统计"
            ),
        ),
        (
            alone & to_come & ~far,
            "counts_still_to_come",
            (
                f"count children of a level after {last} only, such as {{found}}; of earlier years they say "
                "nothing: add a count of an earlier year"
            ),
            f"的分学段人数全部晚于 {last} 年，如 {{found}} 年；此前年份无从推算，请补充此前年份的人数",
        ),
    )
    notices = []
    for rows_of, code, what, what_zh in cases:
        if rows_of.any():
            rows = list_rows(sorted(set(children["row"][rows_of].astype(int))))
            found = f"{year[rows_of][0]:g}"
            notices.append(
                Notice(
                    "warning",
                    code,
                    layer,
                    f"rows {rows} {what.format(found=found)}",
                    f"第 {rows} 行{what_zh.format(found=found)}",
                    row=rows,
                    column="year",
                    found=found,
                    expected=span,
                    count=int(rows_of.sum()),
                )
            )
    return notices
