"""What was found, what came of it, and from which data: paragraphs of an explanation."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.standards.model import Text
from services.coverage import locate_facilities
from services.explain_names import Entry, Names, name_place
from services.people import join
from services.sentences.figures import write_amount, write_number
from services.standards_facts import TRAVELLER

_DEMAND: Mapping[str, Text] = MappingProxyType(
    {
        "table": Text("用户提供的小区（住宅）表", "the user's own table of homes"),
        "buildings": Text(
            "地图上的住宅建筑（户数按建筑面积分摊）",
            "mapped residential buildings (households spread by floor area)",
        ),
        "land": Text("居住用地（户数按面积分摊）", "residential land (households spread by area)"),
        "streets": Text(
            "社区内的可步行道路（没有更好的住宅数据）",
            "walkable streets inside, for want of better data on homes",
        ),
    }
)
_MOST_NAMED = 6
_MOST_TOLD = 3
_MOST_NEAREST = 3


def say_facilities(
    rule: Entry,
    names: Names,
    area: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    *,
    called: Text,
) -> Text:
    """Say how many facilities of the rule's kinds the run knows, and which lie inside.

    Parameters
    ----------
    area
        Communities that count as inside: the one, or all of a district.
    called
        What those are called.
    """
    counted: list[tuple[Text, gpd.GeoDataFrame, gpd.GeoDataFrame]] = []
    for code in [code for code in rule.get("kinds", [rule["kind"]]) if code]:
        own = facilities[(facilities["kind"] == code).to_numpy(dtype=bool)]
        inside = own[locate_facilities(area, own) >= 0] if len(own) and len(area) else own[:0]
        counted.append((names.name_kind(code), own, inside))
    if len(counted) > _MOST_TOLD:
        return _count_kinds(counted, called)
    return join(*(_say_kind(kind, own, inside, called) for kind, own, inside in counted))


def _count_kinds(
    counted: Sequence[tuple[Text, gpd.GeoDataFrame, gpd.GeoDataFrame]], called: Text
) -> Text:
    """Say of many kinds how many there are, those inside in brackets."""
    zh = "；".join(f"{kind.zh}{len(own)}（{len(inside)}）" for kind, own, inside in counted)
    en = "; ".join(f"{kind.en} {len(own)} ({len(inside)})" for kind, own, inside in counted)
    told = Text(
        f"数据中的设施数（括号内为{called.zh}范围内）：{zh}。",
        f" Facilities in the data (inside {called.en} in brackets): {en}.",
    )
    if all(len(own) for _, own, _ in counted):
        return told
    return join(
        told,
        Text("数为0的，无从判断有没有。", " Where there is none, it is open whether one exists."),
    )


def _say_kind(kind: Text, own: gpd.GeoDataFrame, inside: gpd.GeoDataFrame, called: Text) -> Text:
    if own.empty:
        return Text(
            f"数据中没有任何{kind.zh}，因此无从判断有没有。",
            f" The data hold no facility of the kind {kind.en}, so whether there is one is open.",
        )
    listed = [name_place(row.name, row.facility_id) for row in inside.itertuples(index=False)]
    more = len(listed) - _MOST_NAMED
    shown = listed[:_MOST_NAMED]
    zh = f"（{'、'.join(shown)}{f'等，另有{more}处' if more > 0 else ''}）" if listed else ""
    en = f" ({', '.join(shown)}{f' and {more} more' if more > 0 else ''})" if listed else ""
    return Text(
        f"数据中共有{kind.zh}{len(own)}处，其中{called.zh}范围内{len(inside)}处{zh}。",
        f" The data hold {len(own)} of the kind {kind.en}, {len(inside)} of them inside "
        f"{called.en}{en}.",
    )


def say_travel(rule: Entry, manifest: Entry, names: Names) -> Text:
    """Say how far is near: the limit in metres or minutes, at which speed, by which timetable."""
    if not rule.get("mode") or rule.get("limit") is None:
        return Text("", "")
    if rule["limit_unit"] == "m":
        return Text(
            "距离按路网米数直接比较，不折算成时间。",
            " Metres along the streets are compared as they are, never turned into minutes.",
        )
    kind = names.find_kind(str(rule["kind"])) or {}
    traveller = rule.get("traveller") or kind.get("traveller") or "adult"
    speed = manifest["settings"].get(f"{traveller}_m_s")
    if speed is None:
        return Text("", "")
    who = TRAVELLER[traveller]
    walk_m = write_amount(round(rule["limit"] * 60.0 * speed), "m")
    if rule["mode"] == "walk":
        limit = write_amount(rule["limit"], "min")
        return Text(
            f"步速按{who.zh}{speed:g}米/秒计，{limit.zh}可走{walk_m.zh}；从住处到路、从路到设施入口的直线段计入。",
            f" At the pace of {who.en}, {speed:g} m/s, {limit.en} are {walk_m.en}; the straight legs from "
            "the home to the street and from the street to the entrance count.",
        )
    return _say_ride(manifest.get("transit") or {}, who, speed)


def _say_ride(transit: Entry, who: Text, speed: float) -> Text:
    pace = Text(
        f"步速按{who.zh}{speed:g}米/秒计", f" Walks are at the pace of {who.en}, {speed:g} m/s"
    )
    if transit.get("status") != "measured":
        return Text(
            f"{pace.zh}；没有公交时刻表，只能看步行。",
            f"{pace.en}; there is no timetable, so only walking all the way could be looked at.",
        )
    source = Text("运营者的GTFS时刻表", "the operator's GTFS timetable")
    if transit["source"] != "gtfs":
        source = Text(
            "由地图线路推算的时刻表（班次为假定）",
            "a timetable built from mapped routes (assumed headways)",
        )
    window = f"{transit['depart_from']}–{transit['depart_to']}"
    return Text(
        f"{pace.zh}；乘车依据{source.zh}，{transit['day']} {window}每分钟出发，取第{transit['percentile']:g}百分位。",
        f"{pace.en}; rides are by {source.en}, leaving every minute of {window} on {transit['day']}, "
        f"percentile {transit['percentile']:g}.",
    )


def say_homes(coverage: pd.DataFrame | None, kind: str, community_id: str) -> Text:
    """Say where the homes are known from, and how many starting points there are."""
    if coverage is None:
        return Text("", "")
    own = coverage[(coverage["community_id"] == community_id).to_numpy(dtype=bool)]
    of_kind = own[(own["kind"] == kind).to_numpy(dtype=bool)]
    rows = of_kind if len(of_kind) else own
    if rows.empty or not str(rows["demand_source"].iloc[0]):
        return Text("", "")
    source = _DEMAND.get(str(rows["demand_source"].iloc[0]))
    if source is None:
        return Text("", "")
    n = int(rows["n_demand"].iloc[0])
    return Text(
        f"住户位置来自{source.zh}，共{n:,}个出发点。",
        f" Homes are known from {source.en}: {n:,} starting point{'s' if n != 1 else ''}.",
    )


def say_nearest(
    access: pd.DataFrame | None,
    rule: Entry,
    names: Names,
    facilities: pd.DataFrame,
    community_id: str,
) -> Text:
    """Say which facilities of the kind the homes have as their nearest, whatever their size."""
    if access is None or not rule["kind"] or not rule.get("mode"):
        return Text("", "")
    wanted = (
        (access["community_id"] == community_id)
        & (access["kind"] == rule["kind"])
        & (access["mode"] == rule["mode"])
        & (access["facility_id"] != "")
    )
    rows = access[wanted.to_numpy(dtype=bool)]
    if rows.empty:
        return Text("", "")
    total = float(rows["weight"].sum())
    parts = (
        rows.groupby("facility_id", sort=True)["weight"]
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    titles = dict(zip(facilities["facility_id"], facilities["name"], strict=True))
    shown = [
        (name_place(titles.get(code, ""), code), weight / total if total else np.nan)
        for code, weight in parts.head(_MOST_NEAREST).items()
    ]
    kind = names.name_kind(str(rule["kind"]))
    zh = "、".join(f"{name}（{share:.0%}的住户）" for name, share in shown)
    en = ", ".join(f"{name} ({share:.0%} of the homes)" for name, share in shown)
    return Text(
        f"不论大小与性质，住户最近的{kind.zh}是{zh}。",
        f" Whatever its size or owner, the nearest of the kind {kind.en} for most homes: {en}.",
    )


def say_attributes(rule: Entry, names: Names, communities: pd.DataFrame) -> Text:
    """Say what the communities table holds in the columns a rule asks for."""
    columns = [rule.get("attribute", ""), rule.get("needed_attribute", "")]
    return join(
        *(
            _say_column(column, names.name_attribute(column), communities, rule)
            for column in columns
            if column
        )
    )


def _say_column(column: str, name: Text, communities: pd.DataFrame, rule: Entry) -> Text:
    if column not in communities.columns:
        return Text(
            f"社区表没有“{name.zh}”（{column}）这一列。",
            f" The communities table has no column {column} ({name.en}).",
        )
    values = communities[column].to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    if not len(known):
        return Text(
            f"社区表的“{name.zh}”（{column}）没有填写。",
            f" The column {column} ({name.en}) of the communities table is blank here.",
        )
    figure = write_number(float(known.sum()))
    if column == rule.get("attribute") and rule.get("values"):
        unit = next((v["unit"] for n, v in rule["values"].items() if n in _COMPARED), None)
        amount = write_amount(float(known.sum()), unit) if unit else Text(figure, figure)
    else:
        amount = Text(figure, figure)
    some = len(values) - len(known)
    zh = f"，另有{some}个社区没有填写" if some else ""
    en = f"; {some} communities left it blank" if some else ""
    return Text(
        f"社区表的“{name.zh}”（{column}）为{amount.zh}{zh}。",
        f" The communities table says {amount.en} for {column} ({name.en}){en}.",
    )


_COMPARED = frozenset({"amount", "least", "needed"})
