"""Scorecards, roll-ups, targets and standards as sheets of the workbook, in Chinese.

Columns of sentences come in both languages. What is unknown is left empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from services.scorecards import CHECK, SIZE_CARD, SIZE_TITLE
from services.sheet_facts import SheetFacts, read_words, write_amount

STATUS_ZH = {"met": "达标", "gap": "缺口", "unknown": "未知", "not_applicable": "不适用"}
SOURCE_ZH = {
    "primary": "原文核对",
    "secondary": "二手来源",
    "derived": "推导值",
    "unverified": "未核实",
    "": "",
}
_ABOUT_ZH = {
    "circle": "生活圈",
    "type": "社区类型",
    "level": "层级",
    "set": "规则组",
    CHECK: "检查",
    "rule": "规则",
}
_LEVEL_ZH = {"subdistrict": "镇街", "district": "县区", "city": "全市"}
_FORCE_ZH = {
    "shall": "应",
    "should": "宜",
    "strive": "力争",
    "target": "目标",
    "practice": "做法",
}
_FINDING_ZH = {"oversize": "偏大", "undersize": "偏小"}
_BASIS_ZH = {"households": "按户数", "communities": "按社区数"}
_FIGURES_ZH = {
    "households": "适用户数",
    "population": "适用人口",
    "limit": "限值",
    "share": "比例",
    "count": "数量",
    "amount": "标准量",
    "per": "每多少户或人",
    "least": "最低值",
    "needed": "应有",
    "minimum.floor_area_m2": "建筑面积下限",
    "minimum.land_area_m2": "用地面积下限",
    "minimum.classes": "班数下限",
    "minimum.capacity": "学位下限",
}


def tabulate_matrix(facts: SheetFacts) -> pd.DataFrame:
    """Communities by cards: the verdict of each, after the community's facts and its size.

    Returns
    -------
    matrix
        One row per community in table order; one column per card, called by its title.
    """
    scorecards = facts.tables["scorecards"]
    communities = facts.tables["communities"]
    ids = pd.Index(communities["community_id"])
    columns = {
        "社区代码": communities["community_id"].to_numpy(),
        "名称": communities["name"].to_numpy(),
        "县区": communities["district"].to_numpy(),
        "镇街": communities["subdistrict"].to_numpy(),
        "户数": communities["households"].to_numpy(),
    }
    by_card = dict(scorecards.groupby(["pack", "card"], sort=False).indices)
    place = ids.get_indexer(pd.Index(scorecards["community_id"]))
    status = scorecards["status"].map(STATUS_ZH).to_numpy(dtype=object)
    size = by_card.get(("", SIZE_CARD))
    if size is not None:
        finding = scorecards["finding"].map(_FINDING_ZH).to_numpy(dtype=object)
        said = np.where(pd.isna(finding), np.where(status == "达标", "适当", status), finding)
        columns[SIZE_TITLE.zh] = _spread(said, place, size, len(ids))
    for card in facts.cards:
        title = card.title.zh if card.title.zh not in columns else f"{card.title.zh}（{card.pack}）"
        columns[title] = _spread(status, place, by_card[card.pack, card.code], len(ids))
    return pd.DataFrame(columns)


def _spread(values: np.ndarray, place: np.ndarray, rows: Any, size: int) -> np.ndarray:
    found = np.full(size, "", dtype=object)
    found[place[rows]] = values[rows]
    return found


def tabulate_cards(facts: SheetFacts) -> pd.DataFrame:
    """Cards with a gap or something open: counts, worst gap, what would settle the rest."""
    cards = facts.tables["scorecards"]
    cards = cards[cards["status"].isin(["gap", "unknown"])]
    names = {code: row["name"] for code, row in facts.communities.items()}
    titles = _title_cards(facts)
    packs = {pack["code"]: pack["title_zh"] for pack in facts.manifest["packs"]}
    rules = {key: str(rule["title_zh"]) for key, rule in facts.rules.items()}
    keys = list(zip(cards["pack"], cards["card"], strict=True))
    worst = list(zip(cards["pack"], cards["worst_rule"], strict=True))
    return pd.DataFrame(
        {
            "社区代码": cards["community_id"],
            "名称": cards["community_id"].map(names),
            "标准": cards["pack"].map(lambda code: packs.get(code, "")),
            "内容": [titles.get(key, key[1]) for key in keys],
            "类型": cards["about"].map(_ABOUT_ZH),
            "结论": cards["status"].map(STATUS_ZH),
            "达标": cards["met"],
            "缺口": cards["gap"],
            "未知": cards["unknown"],
            "不适用": cards["not_applicable"],
            "影响最大的缺口": [rules.get(key, key[1]) for key in worst],
            "受影响户数": cards["households_affected"].where(cards["gap"] > 0).round(0),
            "最近的替代": cards["nearest_facility_id"].map(
                lambda code: facts.facility_names.get(code, "") or code
            ),
            "步行（米）": cards["nearest_m"].round(0),
            "依据状态": cards["source_status"].map(SOURCE_ZH),
            "本市取值": cards["overlaid"].map({True: "是", False: ""}),
            "说明": cards["reason"],
            "reason": cards["reason_en"],
        }
    ).reset_index(drop=True)


def _title_cards(facts: SheetFacts) -> dict[tuple[str, str], str]:
    titles = {(card.pack, card.code): card.title.zh for card in facts.cards}
    return titles | {("", SIZE_CARD): SIZE_TITLE.zh}


def tabulate_rollups(facts: SheetFacts) -> pd.DataFrame:
    """Cards and rules added up over the city and districts, cards over subdistricts too."""
    rollups = facts.tables["rollups"]
    rollups = rollups[(rollups["level"] != "subdistrict") | (rollups["about"] != "rule")]
    order = {"city": 0, "district": 1, "subdistrict": 2}
    level = np.array([order[one] for one in rollups["level"]], dtype=np.int64)
    rank = 2 * level + (rollups["about"] == "rule").to_numpy(dtype=np.int64)
    rows = rollups.iloc[np.argsort(rank, kind="stable")]
    titles = _title_cards(facts)
    titles |= {key: str(rule["title_zh"]) for key, rule in facts.rules.items()}
    packs = {pack["code"]: pack["title_zh"] for pack in facts.manifest["packs"]}
    keys = zip(rows["pack"], rows["code"], strict=True)
    return pd.DataFrame(
        {
            "层级": rows["level"].map(_LEVEL_ZH),
            "县区": rows["district"],
            "名称": rows["area"],
            "标准": rows["pack"].map(lambda code: packs.get(code, "")),
            "内容": [titles.get(key, key[1]) for key in keys],
            "类型": rows["about"].map(_ABOUT_ZH),
            "社区数": rows["communities"],
            "达标": rows["met"],
            "缺口": rows["gap"],
            "未知": rows["unknown"],
            "不适用": rows["not_applicable"],
            "口径": rows["basis"].map(_BASIS_ZH),
            "达标占比（下限）": rows["share_low"],
            "达标占比（上限）": rows["share_high"],
            "名次": rows["rank"],
            "适用户数": rows["households"].round(0),
            "达标户数": rows["households_met"].round(0),
            "受影响户数": rows["households_affected"].round(0),
            "合计缺少": rows["shortfall"].round(2),
            "单位": rows["unit"].map(name_unit),
        }
    ).reset_index(drop=True)


SHARES_OF_ROLLUPS = frozenset({"达标占比（下限）", "达标占比（上限）"})
"""Columns of `tabulate_rollups` that hold shares."""


def tabulate_targets(facts: SheetFacts) -> pd.DataFrame:
    """Rules judged of districts and of the city."""
    targets = facts.tables["targets"]
    rules = facts.rules
    keys = list(zip(targets["pack"], targets["rule"], strict=True))
    figures = {
        name: [
            write_amount(float(value), str(unit), "zh", rules.get(key))
            for value, unit, key in zip(targets[name], targets["unit"], keys, strict=True)
        ]
        for name in ("needed", "found", "possible", "shortfall")
    }
    return pd.DataFrame(
        {
            "层级": targets["level"].map(_LEVEL_ZH),
            "名称": targets["area"],
            "目标": [str(rules[key]["title_zh"]) if key in rules else key[1] for key in keys],
            "结论": targets["status"].map(STATUS_ZH),
            "要求": figures["needed"],
            "现状（至少）": figures["found"],
            "现状（至多）": figures["possible"],
            "差额": figures["shortfall"],
            "依据状态": targets["source_status"].map(SOURCE_ZH),
            "本市取值": targets["overlaid"].map({True: "是", False: ""}),
            "说明": targets["reason"],
            "reason": targets["reason_en"],
        }
    )


def tabulate_standards(packs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Every figure of every rule with its unit, source and status, and the standard's own beside it.

    Parameters
    ----------
    packs
        As the manifest describes them.

    Returns
    -------
    standards
        One row per rule and figure, answers of a rule taken together.
    """
    rows = [row for pack in packs for row in _list_figures(pack)]
    return pd.DataFrame(
        rows,
        columns=[
            "标准", "规则代码", "规则", "措辞", "施行", "失效", "数值名称", "数值", "单位", "文件", "条款",
            "依据状态", "说明", "标准原值", "原值出处", "网址",
        ],
    )  # fmt: skip


def _list_figures(pack: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    seen: set[tuple[str, str]] = set()
    for rule in pack["rules"]:
        for name, value in rule["values"].items():
            if (rule["rule"], name) in seen:
                continue
            seen.add((rule["rule"], name))
            source, original = value["source"], value.get("original")
            yield (
                pack["title_zh"],
                rule["rule"],
                rule["title_zh"],
                _FORCE_ZH.get(rule["force"], rule["force"]),
                rule["since"],
                rule["until"],
                _name_figure(name),
                float(value["value"]),
                name_unit(value["unit"]),
                source["document"],
                source["clause"],
                SOURCE_ZH[source["status"]],
                source["note_zh"],
                float(original["value"]) if original else np.nan,
                _name_source(original["source"]) if original else "",
                source.get("address", ""),
            )


def _name_figure(name: str) -> str:
    """Name of a figure, of alternatives with their number.

    >>> _name_figure("alternatives.1.minimum.land_area_m2")
    '替代1：用地面积下限'
    """
    if name.startswith("alternatives."):
        _, number, rest = name.split(".", 2)
        return f"替代{number}：{_FIGURES_ZH.get(rest, rest)}"
    return _FIGURES_ZH.get(name, name)


def _name_source(source: Mapping[str, Any]) -> str:
    parts = [source["document"], source["clause"], f"（{SOURCE_ZH[source['status']]}）"]
    return " ".join(part for part in parts if part)


def name_unit(unit: str) -> str:
    """What a unit is called in Chinese; a share is a 比例.

    >>> name_unit("m2"), name_unit("share"), name_unit("")
    ('㎡', '比例', '')
    """
    if unit == "share":
        return "比例"
    words = read_words().get(f"unit_{unit}")
    return words["zh"] if words else unit
