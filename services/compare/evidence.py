"""What differs between two runs, and what each difference speaks for.

*World*: something says that the city itself changed: a place opened since the earlier run, a count
of a later date, a new timetable. *Rule*: the figures, dates or settings that verdicts are judged
by. *Data*: the record changed and no date says that the world did. Nothing is guessed beyond that.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from layers.standards.model import Text
from services.compare.editions import Described, Edition
from services.standards_facts import name_figure, write_figure

Why = Literal["world", "data", "rule"]
WHYS: tuple[Why, ...] = ("world", "data", "rule")

_JUDGED_BY = (
    "test", "unit", "kinds", "inclusive", "traveller", "mode", "attribute", "summed",
    "needed_attribute", "basis", "of", "substituted_by",
)  # fmt: skip
_WALKED = ("max_leg_m", "min_island_m", "cell_m", "street_step_m")
_INPUTS: dict[str, tuple[Why, Text]] = {
    "osm": ("data", Text("OSM 路网文件", "the OSM file")),
    "demand": ("data", Text("出发点（小区）表", "the table of homes")),
    "communities": ("data", Text("社区表", "the communities table")),
    "facilities": ("data", Text("设施表", "the table of facilities")),
    "gtfs": ("world", Text("公交时刻表", "the timetable")),
}
_SETTINGS = {
    "adult_m_s": Text("成人步速（米/秒）", "an adult's walking speed (m/s)"),
    "older_m_s": Text("老年人步速（米/秒）", "an older person's walking speed (m/s)"),
    "child_m_s": Text("儿童步速（米/秒）", "a child's walking speed (m/s)"),
    "max_leg_m": Text("接入道路的最大距离（米）", "the longest way to a street (m)"),
    "min_island_m": Text("孤立道路的最小总长（米）", "the least length of an island of streets (m)"),
    "cell_m": Text("居住用地取点间距（米）", "the spacing of homes on residential land (m)"),
    "street_step_m": Text("沿街取点间距（米）", "the spacing of homes along streets (m)"),
    "adjoin_m": Text("社区相邻的判定距离（米）", "how near adjoining communities lie (m)"),
    "undersize_households": Text("规模过小的户数界线", "the households below which one is undersize"),
    "oversize_households": Text("规模过大的户数界线", "the households above which one is oversize"),
    "depart_from": Text("出发时段起点", "the begin of the departures"),
    "depart_to": Text("出发时段终点", "the end of the departures"),
    "percentile": Text("公交用时的百分位", "the percentile of journey times"),
    "walk_min": Text("首末段步行上限（分钟）", "the longest walk to or from a stop (min)"),
    "change_walk_min": Text("换乘步行上限（分钟）", "the longest walk between stops (min)"),
    "min_change_s": Text("最短换乘时间（秒）", "the shortest change (s)"),
    "boarding_slack_s": Text("候车提前量（秒）", "the time at a stop before departure (s)"),
    "longest_min": Text("最长全程用时（分钟）", "the longest journey (min)"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """One difference, and what it speaks for.

    Parameters
    ----------
    why
        What it speaks for.
    code
        What kind of difference it is (`rule_value`, `opened`, `filled_in` …).
    gain
        Whether it can only add to what is there (True), only take away (False), or either (None).
    """

    why: Why
    code: str
    text: Text
    gain: bool | None = None


def list_rule_changes(
    before: Described | None, after: Described | None, days: tuple[str, str]
) -> list[Evidence]:
    """Say how a rule's own figures and dates differ.

    Parameters
    ----------
    before, after
        The described answer; None where a run does not have the rule.
    days
        Days the two runs were judged on.
    """
    if before is None or after is None:
        if before is None and after is None:
            return []
        added = before is None
        text = Text("新增规则", "the rule was added")
        gone = Text("规则不再使用", "the rule is no longer used")
        return [
            Evidence("rule", "rule_added" if added else "rule_dropped", text if added else gone)
        ]
    names = dict.fromkeys([*before["values"], *after["values"]])
    found = [
        _say_value(name, before["values"].get(name), after["values"].get(name))
        for name in names
        if _figure(before["values"].get(name)) != _figure(after["values"].get(name))
    ]
    if any(before.get(key) != after.get(key) for key in _JUDGED_BY) or _list_parts(
        before
    ) != _list_parts(after):
        text = Text("规则的判定方式改变", "the way the rule is tested changed")
        found.append(Evidence("rule", "rule_test", text))
    force = _in_force(before, days[0]), _in_force(after, days[1])
    if force[0] != force[1]:
        found.append(_say_force(before, after, days))
    return found


def list_setting_changes(before: Edition, after: Edition) -> dict[str, Evidence]:
    """Settings that differ and that verdicts rest on, by name."""
    one, other = (_list_settings(edition) for edition in (before, after))
    found = {}
    for name, title in _SETTINGS.items():
        old, new = one.get(name), other.get(name)
        if name in one and name in other and old != new:
            text = Text(
                f"设置“{title.zh}”：{_plain(old)}→{_plain(new)}",
                f"setting, {title.en}: {_plain(old)} → {_plain(new)}",
            )
            found[name] = Evidence("rule", "setting", text)
    return found


def list_settings_of(rule: Described, travellers: Collection[str]) -> list[str]:
    """Names of the settings the verdict of a rule rests on.

    Parameters
    ----------
    travellers
        Who walks for it.
    """
    names = ["adjoin_m"] if rule.get("unit") == "cluster" else []
    if not rule.get("mode"):
        return names
    names += _WALKED
    if rule.get("limit_unit") == "min":
        names += [f"{one}_m_s" for one in travellers]
    if rule["mode"] == "walk_transit":
        at = list(_SETTINGS).index("depart_from")
        names += list(_SETTINGS)[at:]
    return names


def list_input_changes(before: Edition, after: Edition) -> dict[str, Evidence]:
    """Inputs whose content differs, and the program where its version does; by role."""
    found = {}
    for role, (why, noun) in _INPUTS.items():
        if _list_digests(before, role) == _list_digests(after, role):
            continue
        dates = [str(one.manifest.get("osm_timestamp") or "")[:10] for one in (before, after)]
        dated = role == "osm" and all(dates) and dates[0] != dates[1]
        zh = f"（{dates[0]}→{dates[1]}）" if dated else ""
        en = f" ({dates[0]} → {dates[1]})" if dated else ""
        text = Text(f"{noun.zh}已更新{zh}", f"{noun.en} was renewed{en}")
        found[role] = Evidence(why, f"input_{role}", text)
    one, other = (str(edition.manifest["version"]) for edition in (before, after))
    if one != other:
        text = Text(f"程序版本：{one}→{other}", f"version of the program: {one} → {other}")
        found["version"] = Evidence("rule", "version", text)
    return found


def list_roles_of(rule: Described) -> list[str]:
    """Roles of the inputs the verdict of a rule rests on."""
    roles = ["communities", "version"]
    if rule.get("kinds"):
        roles += ["osm", "facilities"]
    if rule.get("mode"):
        roles += ["osm", "demand"]
    if rule.get("mode") == "walk_transit":
        roles.append("gtfs")
    return [role for role in (*_INPUTS, "version") if role in roles]


def say_all(evidence: Sequence[Evidence], most: int) -> Text:
    """Put evidence into one line, the first `most` of it in words and the rest as a number."""
    told = evidence[:most]
    rest = len(evidence) - len(told)
    zh = "；".join(one.text.zh for one in told)
    en = "; ".join(one.text.en for one in told)
    return Text(f"{zh}；另有{rest}项", f"{en}; and {rest} more") if rest else Text(zh, en)


def list_also(evidence: Iterable[Evidence], why: Why) -> list[Why]:
    """What some evidence speaks for beside `why`."""
    found = {one.why for one in evidence}
    return [name for name in WHYS if name != why and name in found]


def _say_value(name: str, before: Described | None, after: Described | None) -> Evidence:
    title = name_figure(name)
    one, other = _write_figure(before), _write_figure(after)
    local = after is not None and after.get("original") is not None
    return Evidence(
        "rule",
        "rule_value",
        Text(
            f"规则的{title.zh}：{one.zh}→{other.zh}{'（本市取值）' if local else ''}",
            f"the rule's {title.en}: {one.en} → {other.en}{' (the city’s own)' if local else ''}",
        ),
    )


def _say_force(before: Described, after: Described, days: tuple[str, str]) -> Evidence:
    since, until = str(after["since"]), str(after["until"])
    if _in_force(after, days[1]):
        text = Text(f"规则自{since}起施行", f"the rule is in force from {since} on")
        if since <= days[0]:
            old = str(before["until"])
            text = Text(f"规则的有效期（原至{old}）延长", f"the rule was in force until {old} only")
    elif until and until < days[1]:
        text = Text(f"规则自{until}后失效", f"the rule was in force until {until}")
    else:
        text = Text(f"规则改自{since}起施行", f"the rule is in force only from {since} on")
    return Evidence("rule", "in_force", text)


def _write_figure(value: Described | None) -> Text:
    return Text("无", "none") if value is None else write_figure(value["value"], value["unit"])


def _figure(value: Described | None) -> tuple[object, ...] | None:
    return None if value is None else (value["value"], value["unit"])


def _list_parts(rule: Described) -> tuple[list[list[str]], list[str]]:
    """Kinds of groups and of alternatives; their titles do not matter."""
    groups = [sorted(group["kinds"]) for group in rule.get("groups", ())]
    return groups, [str(other["kind"]) for other in rule.get("alternatives", ())]


def _in_force(rule: Described, day: str) -> bool:
    return str(rule["since"]) <= day and (not rule["until"] or day <= str(rule["until"]))


def _list_settings(edition: Edition) -> dict[str, object]:
    transit = edition.manifest.get("transit") or {}
    return {**(transit.get("settings") or {}), **edition.manifest["settings"]}


def _list_digests(edition: Edition, role: str) -> list[str]:
    return sorted(one["sha256"] for one in edition.manifest["inputs"] if one["role"] == role)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
