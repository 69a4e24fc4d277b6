"""Whom a rule applies to: a paragraph of an explanation."""

from collections.abc import Sequence

import geopandas as gpd

from layers.standards.model import Text, Unit
from services.explain_question import AREAS, Question
from services.people import join
from services.sentences.figures import write_amount

_THRESHOLDS: tuple[tuple[str, Unit], ...] = (("households", "households"), ("population", "people"))
_COUNTS: tuple[tuple[str, Unit, str], ...] = (
    ("households", "households", "户数"),
    ("population", "people", "人口"),
)


def say_applies(asked: Question, unit: str, area: str, inside: gpd.GeoDataFrame) -> Text:
    """Say whom a rule applies to, and how large the community is.

    Parameters
    ----------
    unit
        What the rule is judged of.
    area
        District or city, empty for a community.
    inside
        Communities it is judged of.
    """
    applies = asked.answers[0].get("applies") or {}
    least = [
        write_amount(applies[name], of) for name, of in _THRESHOLDS if applies.get(name) is not None
    ]
    if unit in AREAS:
        scope = (
            Text("整个区县", "whole districts")
            if unit == "district"
            else Text("全市", "the whole city")
        )
        whom = Text(
            f"本规则对{scope.zh}判定；{asked.called.zh}所在的是{area}，共{len(inside)}个社区。",
            f"The rule is judged of {scope.en}; {asked.called.en} lies in {area}, "
            f"which has {len(inside)} communities. ",
        )
        return join(whom, _say_least(least, "区域", "areas"))
    together = Text("", "")
    if unit == "cluster":
        together = Text(
            "规模不足的社区与相邻的小社区合并计算。",
            " Communities below that are counted together with adjoining small ones.",
        )
    everyone = Text(
        "适用于所有社区，不论规模。", "It applies to every community, whatever its size."
    )
    return join(
        _say_least(least, "社区", "communities") if least else everyone,
        together,
        _say_size(asked),
    )


def _say_least(least: Sequence[Text], zh: str, en: str) -> Text:
    if not least:
        return Text("", "")
    return Text(
        f"适用于{'、'.join(one.zh for one in least)}及以上的{zh}（含本数）。",
        f"It applies to {en} of {' and '.join(one.en for one in least)} or more (the number itself "
        "included).",
    )


def _say_size(asked: Question) -> Text:
    row = asked.community.iloc[0]
    parts: list[Text] = []
    for column, unit, zh in _COUNTS:
        number = float(row[column])
        known = number == number  # noqa: PLR0124 - NaN is what nobody supplied
        amount = write_amount(number, unit) if known else Text("未知", f"{column} unknown")
        parts.append(Text(f"{zh}{amount.zh}", amount.en))
    where = [str(row[name]) for name in ("district", "subdistrict") if row[name]]
    zh_where, en_where = "，".join(where), ", ".join(where)
    day = str(row["valid_from"] or "")
    return Text(
        f"{asked.called.zh}{f'（{zh_where}）' if where else ''}：{'，'.join(one.zh for one in parts)}"
        f"{f'（数据日期{day}）' if day else ''}。",
        f" {asked.called.en}{f' in {en_where}' if where else ''}: {', '.join(one.en for one in parts)}"
        f"{f' (as of {day})' if day else ''}.",
    )
