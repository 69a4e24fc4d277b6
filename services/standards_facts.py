"""Rule packs as lists and tables show them: summaries, words for what their data say in codes."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from layers.config import read_config
from layers.errors import UnknownRule
from layers.standards.load import read_pack, read_packs
from layers.standards.model import STATUSES, StandardPack, Text, Unit
from services.sentences.figures import write_amount, write_number

STATUS: Mapping[str, Text] = MappingProxyType(
    {
        "primary": Text("原文", "primary"),
        "secondary": Text("二手来源", "secondary"),
        "derived": Text("推导值", "derived"),
        "unverified": Text("未核实", "unverified"),
    }
)
FORCE: Mapping[str, Text] = MappingProxyType(
    {
        "shall": Text("应", "must"),
        "should": Text("宜", "should"),
        "strive": Text("力争", "strive"),
        "target": Text("目标", "target"),
        "practice": Text("做法", "practice"),
    }
)
MODE: Mapping[str, Text] = MappingProxyType(
    {
        "walk": Text("步行", "on foot"),
        "walk_transit": Text("步行或乘公交", "on foot or by public transport"),
    }
)
TRAVELLER: Mapping[str, Text] = MappingProxyType(
    {
        "adult": Text("成人", "an adult"),
        "child": Text("儿童", "a child"),
        "older": Text("老年人", "an older person"),
    }
)
UNIT: Mapping[str, Text] = MappingProxyType(
    {
        "community": Text("每个社区", "each community"),
        "cluster": Text(
            "每个社区，规模不足的与相邻社区合并", "each community, small adjoining ones together"
        ),
        "district": Text("每个区县", "each district"),
        "city": Text("全市", "the whole city"),
    }
)
ABOUT: Mapping[str, Text] = MappingProxyType(
    {
        "circle": Text("圈", "circle"),
        "type": Text("类型", "type"),
        "level": Text("层级", "level"),
        "set": Text("规则组", "set of rules"),
    }
)
_FIGURES: Mapping[str, Text] = MappingProxyType(
    {
        "households": Text("适用户数（含本数）", "from so many households on"),
        "population": Text("适用人口（含本数）", "from so many residents on"),
        "limit": Text("限值", "limit"),
        "share": Text("覆盖比例", "share"),
        "count": Text("数量", "count"),
        "amount": Text("数额", "amount"),
        "per": Text("每", "for every"),
        "least": Text("下限", "at least"),
        "needed": Text("需要", "needed"),
        "floor_area_m2": Text("最小建筑面积", "least floor area"),
        "land_area_m2": Text("最小用地面积", "least land area"),
        "classes": Text("最少班级数", "least classes"),
        "capacity": Text("最少学位数", "least places"),
    }
)
_ALTERNATIVE = "alternatives"


def write_figure(number: float, unit: Unit) -> Text:
    """Return a figure of a rule with its unit; a share as it is asked for, 90% not 90.0%.

    >>> write_figure(0.9, "share").en
    '90%'
    """
    if unit == "share":
        return Text(f"{write_number(number * 100.0)}%", f"{write_number(number * 100.0)}%")
    return write_amount(number, unit)


def name_figure(name: str) -> Text:
    """Return what a figure of a rule is called, by its name as in `Rule.list_values`.

    >>> name_figure("alternatives.1.limit").zh
    '替代方式1：限值'
    """
    parts = name.split(".")
    if parts[0] == _ALTERNATIVE:
        inner = name_figure(".".join(parts[2:]))
        return Text(f"替代方式{parts[1]}：{inner.zh}", f"alternative {parts[1]}: {inner.en}")
    return _FIGURES.get(parts[-1], Text(name, name))


def group_answers(described: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return a described pack's answers by rule, in file order."""
    rules: dict[str, list[dict[str, Any]]] = {}
    for answer in described["rules"]:
        rules.setdefault(answer.get("rule", answer["code"]), []).append(answer)
    return rules


def summarize_pack(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pack in one row: what it is, how many rules, and how well the worst of each is known.

    Parameters
    ----------
    described
        The pack as `layers.standards.describe.describe_pack` gives it.
    """
    rules = group_answers(described)
    worst = Counter(
        max((answer["source"]["status"] for answer in answers), key=STATUSES.index)
        for answers in rules.values()
    )
    names = ("code", "title_zh", "title_en", "issuer_zh", "issuer_en", "published")
    return {
        **{name: described[name] for name in names},
        "rules": len(rules),
        "answers": len(described["rules"]),
        "cards": len(described["cards"]),
        "statuses": {status: worst[status] for status in STATUSES},
    }


def read_shown_pack(pack: str, city: Path | None) -> StandardPack:
    """Read a pack by code or file, with the values of a city where one is named.

    Raises
    ------
    UnknownRule
        No pack of that code, or the city does not use it.
    InvalidPack
        The pack or an overlay says something impossible; with file and line.
    InvalidConfig
        The `city.toml` cannot be used.
    """
    wanted = read_pack(pack)
    if city is None:
        return wanted
    config = read_config(city)
    packs = read_packs(config.packs, overlays=config.overlays)
    for one in packs:
        if one.code == wanted.code:
            return one
    raise UnknownRule(
        f"{city}: the city does not use the pack {wanted.code}; it uses "
        f"{', '.join(one.code for one in packs)}"
    )
