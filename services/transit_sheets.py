"""Public transport in the report: figures, lines and what was assumed, as tables in Chinese."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from services.journey_sentences import name_percentile
from services.transit_facts import sort_lines

_SOURCE = {"gtfs": "运营方发布的时刻表（GTFS）", "osm": "由 OSM 线路推算，班次为假定"}
_MODE = {
    "bus": "公交车",
    "trolleybus": "无轨电车",
    "tram": "有轨电车",
    "light_rail": "轻轨",
    "subway": "地铁",
    "train": "火车",
    "ferry": "轮渡",
    "other": "其他",
}
_RESTS_ON = {
    "timetable": "时刻表",
    "interval": "地图标注的间隔",
    "opening_hours": "地图标注的时间",
    "default": "假定",
}
_BASIS = {"households": "按户数", "buildings": "按住宅建筑", "communities": "社区平均"}


def tabulate_transit(facts: Mapping[str, Any]) -> pd.DataFrame:
    """Figures of the timetable, one a row.

    Parameters
    ----------
    facts
        `transit` of a manifest.

    Returns
    -------
    figures
        Columns `项目`, `数值` (text), `说明`.
    """
    if facts["status"] != "measured":
        reason = facts["reason"]
        rows = [("时刻表", "没有", f"{reason['zh']} / {reason['en']}")]
    else:
        rows = _list_figures(facts)
    return pd.DataFrame(rows, columns=["项目", "数值", "说明"])


def _list_figures(facts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    percentile = facts["percentile"]
    typical = name_percentile(percentile).zh
    near = _write_share(facts["near_share"])
    homes = ""
    if facts["households_near"] is not None and facts["households"]:
        homes = f"{facts['households_near']:,.0f}户，共{facts['households']:,.0f}户"
    basis = _BASIS.get(facts["near_basis"], "")
    headway = facts["mean_headway_min"]
    return [
        ("时刻表", _SOURCE[facts["source"]], "、".join(facts["feeds"])),
        ("运营日", str(facts["day"]), "按当日班次计算"),
        (
            "出发时段",
            f"{facts['depart_from']}至{facts['depart_to']}",
            f"每分钟出发一次，取{typical}",
        ),
        ("线路数", f"{facts['lines']:,}", ""),
        ("站点数", f"{facts['stops']:,}", f"时段内可上车的{facts['stops_served']:,}个"),
        ("接入步行路网的站点", _write_share(facts["stops_connected_share"]), ""),
        ("全天班次", f"{facts['trips']:,}", f"时段内{facts['trips_in_window']:,}班"),
        (
            "平均发车间隔",
            "未知" if headway is None else f"{headway:.1f}分钟",
            "时段内开行线路的平均",
        ),
        (
            f"步行{facts['near_min']:g}分钟内有站点",
            near,
            "，".join(part for part in (basis, homes, "成人步速，时段内可上车") if part),
        ),
        *(
            ("假定", f"{line['count']:,}", f"{line['zh']} / {line['en']}")
            for line in facts["assumptions"]
        ),
    ]


def tabulate_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines in natural order of their numbers.

    Parameters
    ----------
    lines
        Columns as `layers.results.LINES`.
    """
    listed = sort_lines(lines)
    return pd.DataFrame(
        {
            "线路": listed["ref"],
            "交通方式": listed["mode"].map(lambda mode: _MODE.get(mode, mode)),
            "线路名称": listed["name"],
            "运营方": listed["operator"],
            "停靠站数": listed["stops"],
            "全天班次": listed["trips"],
            "时段内班次": listed["trips_in_window"],
            "发车间隔（分钟）": listed["headway_min"].round(1),
            "间隔依据": listed["headway_source"].map(lambda one: _RESTS_ON.get(one, one)),
            "时间依据": listed["hours_source"].map(lambda one: _RESTS_ON.get(one, one)),
        }
    )


def list_transit_sources(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the sheet of sources: where the timetable comes from."""
    if facts["status"] != "measured":
        return [{"类型": "时刻表", "名称": "没有", "说明": facts["reason"]["zh"]}]
    return [
        {
            "类型": "时刻表",
            "名称": "、".join(facts["feeds"]) or "OpenStreetMap",
            "说明": f"{_SOURCE[facts['source']]}，{facts['day']}当日班次",
        }
    ]


def _write_share(share: float | None) -> str:
    return "未知" if share is None else f"{share:.1%}"
