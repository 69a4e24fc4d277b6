"""What a rule asks, and how that is judged: a paragraph of an explanation.

Works on rules as the manifest of a run keeps them (`layers.standards.describe`).
"""

from collections.abc import Mapping
from types import MappingProxyType

from layers.standards.model import Text
from services.explain_names import Entry, Names
from services.people import join
from services.standards_facts import write_figure

_SUMMED: Mapping[str, Text] = MappingProxyType(
    {
        "facilities": Text("数量", "number"),
        "floor_area_m2": Text("建筑面积", "floor area"),
        "land_area_m2": Text("用地面积", "land area"),
        "classes": Text("班级数", "classes"),
        "capacity": Text("学位数（容量）", "places"),
    }
)
_BASIS: Mapping[str, Text] = MappingProxyType(
    {
        "households": Text("住户", "the households"),
        "buildings": Text("住宅楼", "the residential buildings"),
        "land": Text("居住用地", "the residential land"),
    }
)
_AREA: Mapping[str, Text] = MappingProxyType(
    {
        "community": Text("社区", "the community"),
        "cluster": Text(
            "社区（规模不足的与相邻小社区合并）", "the community (small adjoining ones together)"
        ),
        "district": Text("区县", "the district"),
        "city": Text("全市", "the city"),
    }
)


def say_asks(rule: Entry, pack: Entry, names: Names) -> Text:
    """Say what a rule asks, and how that is judged.

    Parameters
    ----------
    rule
        Any answer of the rule.
    pack
        Its pack.
    """
    code = rule.get("rule", rule["code"])
    title = names.name_code(code)
    asks = Text(
        f"标准包《{pack['title_zh']}》（{pack['code']}）的规则{code}：{title.zh}。",
        f"Rule {code} of the pack “{pack['title_en']}” ({pack['code']}): {title.en}.",
    )
    judge = _JUDGED.get(str(rule.get("test", "")))
    return asks if judge is None else join(asks, judge(rule, names))


def _amount(rule: Entry, name: str) -> Text:
    value = rule["values"].get(name)
    return Text("", "") if value is None else write_figure(value["value"], value["unit"])


def _reach(rule: Entry) -> Text:
    limit = _amount(rule, "limit")
    if rule.get("mode") == "walk_transit":
        return Text(
            f"步行或乘公交{limit.zh}内", f"within {limit.en} on foot or by public transport"
        )
    if rule.get("limit_unit") == "m":
        return Text(f"沿路步行{limit.zh}内", f"within a walk of {limit.en}")
    return Text(f"步行{limit.zh}内", f"within a walk of {limit.en}")


def _say_share_within(rule: Entry, names: Names) -> Text:
    share, reach, kind = _amount(rule, "share"), _reach(rule), names.name_facility(rule)
    basis = _BASIS[rule["basis"] or "households"]
    others = [_say_alternative(one, names) for one in rule["alternatives"]]
    return Text(
        f"按此判定：{reach.zh}可到{kind.zh}的{basis.zh}不少于{share.zh}"
        f"{''.join(f'；{one.zh}也算达到' for one in others)}。",
        f" Judged so: at least {share.en} of {basis.en} have one ({kind.en}) {reach.en}"
        f"{''.join(f', or {one.en}' for one in others)}.",
    )


def _say_alternative(other: Entry, names: Names) -> Text:
    limit, kind = write_figure(other["limit"], other["limit_unit"]), names.name_kind(other["kind"])
    sizes = [write_figure(one["least"], one["unit"]) for one in other["minimum"]]
    large = "、".join(size.zh for size in sizes)
    least = f" of at least {', '.join(size.en for size in sizes)}" if sizes else ""
    return Text(
        f"{limit.zh}内有{f'{large}以上的' if sizes else ''}{kind.zh}",
        f"one ({kind.en}{least}) within {limit.en}",
    )


def _say_count_provided(rule: Entry, names: Names) -> Text:
    count, share, kind = _amount(rule, "count"), _amount(rule, "share"), names.name_facility(rule)
    if not share.zh:  # the answer about what lies inside rests on no share and no limit
        return Text(
            f"这里判定其中一项：社区范围内的{kind.zh}是否达到{count.zh}。",
            f" One part of it is judged here: whether {count.en} ({kind.en}) or more lie inside.",
        )
    reach = _reach(rule)
    return Text(
        f"分别判定三项，每项都要达到{count.zh}：社区范围内的{kind.zh}；{share.zh}的住户{reach.zh}可到的"
        f"{kind.zh}；其中有空余学位的。",
        f" Three things are judged apart, each asking for {count.en} ({kind.en}): inside the boundary; "
        f"{reach.en} of {share.en} of the households; and the same with free places.",
    )


def _say_count_inside(rule: Entry, names: Names) -> Text:
    count, kind, area = _amount(rule, "count"), names.name_facility(rule), _area(rule)
    return Text(
        f"按此判定：{area.zh}范围内的{kind.zh}不少于{count.zh}。",
        f" Judged so: {area.en} holds at least {count.en} ({kind.en}).",
    )


def _say_count_within(rule: Entry, names: Names) -> Text:
    count, share, kind = _amount(rule, "count"), _amount(rule, "share"), names.name_facility(rule)
    reach = _reach(rule)
    return Text(
        f"按此判定：至少{share.zh}的住户{reach.zh}可到{count.zh}以上的{kind.zh}。",
        f" Judged so: at least {share.en} of the households have {count.en} or more ({kind.en}) "
        f"{reach.en}.",
    )


def _say_groups_within(rule: Entry, names: Names) -> Text:  # noqa: ARG001 - one shape for all
    count, share, reach = _amount(rule, "count"), _amount(rule, "share"), _reach(rule)
    groups = rule["groups"]
    return Text(
        f"按此判定：至少{share.zh}的住户{reach.zh}可到以下{len(groups)}类服务中的{count.zh}："
        f"{'、'.join(group['title_zh'] for group in groups)}。",
        f" Judged so: at least {share.en} of the households have {count.en} {reach.en}, out of "
        f"{len(groups)}: {', '.join(group['title_en'] for group in groups)}.",
    )


def name_measure(rule: Entry, names: Names) -> Text:
    """Return what is added up: a column, or something of the facilities inside."""
    if rule["attribute"]:
        name = names.name_attribute(rule["attribute"])
        return Text(f"“{name.zh}”", name.en)
    kind, what = names.name_facility(rule), _SUMMED.get(rule["summed"], Text("", ""))
    return Text(f"{kind.zh}的{what.zh}", f"{what.en} of facilities of the kind {kind.en}")


def _area(rule: Entry) -> Text:
    return _AREA[rule.get("unit", "community")]


def _say_amount_per(rule: Entry, names: Names) -> Text:
    amount, per, area = _amount(rule, "amount"), _amount(rule, "per"), _area(rule)
    what = name_measure(rule, names)
    return Text(
        f"按此判定：{area.zh}的{what.zh}平均每{per.zh}不少于{amount.zh}。",
        f" Judged so: “{what.en}” of {area.en} comes to at least {amount.en} for every {per.en}.",
    )


def _say_attribute(rule: Entry, names: Names) -> Text:
    least, what = _amount(rule, "least"), names.name_attribute(rule["attribute"])
    return Text(
        f"按此判定：社区表中的“{what.zh}”不低于{least.zh}。",
        f" Judged so: the communities table says at least {least.en} for “{what.en}”.",
    )


def _say_missing(rule: Entry, names: Names) -> Text:
    needed, per, area = _amount(rule, "needed"), _amount(rule, "per"), _area(rule)
    what = name_measure(rule, names)
    other = rule["needed_attribute"]
    zh = f"每{per.zh}需要{needed.zh}" if per.zh else f"需要{needed.zh}"
    en = f"{needed.en} for every {per.en}" if per.en else f"{needed.en} in all"
    if other:
        column = names.name_attribute(other)
        zh, en = f"按“{column.zh}”每一个需要{needed.zh}", f"{needed.en} for each of {column.en}"
    return Text(
        f"按此判定：{area.zh}{zh}，减去已有的{what.zh}，差多少就缺多少；不缺即为达到。",
        f" Judged so: {area.en} needs {en}, less its {what.en}; what is left is missing, and the rule "
        "is met where nothing is.",
    )


def _say_communities(rule: Entry, names: Names) -> Text:
    share, area, card = _amount(rule, "share"), _area(rule), names.name_code(rule["of"])
    return Text(
        f"按此判定：{area.zh}内达到“{card.zh}”的社区不少于{share.zh}。",
        f" Judged so: at least {share.en} of the communities of {area.en} meet “{card.en}”.",
    )


_JUDGED = MappingProxyType(
    {
        "share_within": _say_share_within,
        "count_provided": _say_count_provided,
        "count_inside": _say_count_inside,
        "count_within": _say_count_within,
        "groups_within": _say_groups_within,
        "amount_per": _say_amount_per,
        "attribute_at_least": _say_attribute,
        "missing": _say_missing,
        "communities_share": _say_communities,
    }
)
