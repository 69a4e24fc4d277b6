"""Causes of gaps as sentences for a planner, in Chinese and English, with their evidence."""

import math

import numpy as np

from geo.units import FloatArray
from layers.standards.model import Text
from services.causes import Obstacle
from services.home_causes import CAUSES, FULL, NO_FACILITY, SEVERED, TOO_FAR, UNCONNECTED
from services.journey_sentences import Journeys, say_stopless, say_too_far
from services.people import People, join
from services.sentences.words import Words

_CAUSE = dict(
    zip(
        CAUSES,
        (
            Text("附近没有", "none near"),
            Text("被阻隔", "cut off"),
            Text("路程偏远", "too far along the streets"),
            Text("没有空余学位", "no free places"),
            Text("未接入路网", "not connected to the streets"),
        ),
        strict=True,
    )
)
_OFF_STREETS = Text(
    "主要原因是未接入路网：出发点或设施附近没有可步行道路，请核对坐标或补充道路。",
    " Main cause: no walkable street near the start or the facility; check the coordinates "
    "or add the missing street.",
)
_NO_DOUBT = Text("", "")
_STATUS = "是否普惠"
_BARRIER = {
    "railway": Text("铁路", "a railway"),
    "waterway": Text("河流或运河", "a river or canal"),
    "motorway": Text("高速公路或快速路", "a motorway"),
    "wall": Text("围墙", "a wall"),
}
_TYPE = {
    "river": Text("河流", "a river"),
    "canal": Text("运河", "a canal"),
    "wall": Text("围墙", "a wall"),
    "city_wall": Text("城墙", "a city wall"),
    "fence": Text("围栏", "a fence"),
    "hedge": Text("绿篱", "a hedge"),
    "guard_rail": Text("护栏", "a guard rail"),
    "retaining_wall": Text("挡土墙", "a retaining wall"),
}


def say_cause(
    words: Words,
    people: People,
    weight: FloatArray,
    main: int,
    obstacle: Obstacle | None,
    facility_name: str,
    nearest_m: float,
    *,
    journeys: Journeys | None = None,
    doubt: Text = _NO_DOUBT,
) -> Text:
    """Return the main cause with its evidence, and the breakdown where there are several.

    Parameters
    ----------
    weight
        Shape `(5,)`: who is left out by each of `CAUSES`; `main` is the index of the leading one.
    obstacle
        What cuts most of them off, where the main cause is `severed`.
    facility_name, nearest_m
        The nearest facility and the median walk to the nearest, metres.
    journeys
        What those left out meet with where public transport counts.
    doubt
        What is unknown of that facility (是否普惠), empty where it surely qualifies.
    """
    noun = words.kind
    if doubt.zh:
        what = "status" if doubt.zh == _STATUS else "size"
        noun = Text(f"{words.plain.zh}（{doubt.zh}未知）", f"{words.plain.en} ({what} unknown)")
    named = Text(f"“{facility_name}”", f' "{facility_name}"') if facility_name else Text("", "")
    if journeys is None:
        lead = _say_walk(words, main, obstacle, noun, named, nearest_m)
    else:
        lead = _say_journey(words, people, main, noun, named, journeys)
    present = np.flatnonzero(np.round(weight, 6) > 0)
    if len(present) < 2:
        return lead
    order = sorted(present.tolist(), key=lambda index: (-round(float(weight[index]), 6), index))
    parts = [(_CAUSE[CAUSES[index]], people.say(float(weight[index]))) for index in order]
    return Text(
        lead.zh + "按原因分：" + "、".join(f"{name.zh}{part.zh}" for name, part in parts) + "。",
        lead.en + " By cause: " + "; ".join(f"{name.en}, {part.en}" for name, part in parts) + ".",
    )


def _say_walk(
    words: Words,
    main: int,
    obstacle: Obstacle | None,
    noun: Text,
    named: Text,
    nearest_m: float,
) -> Text:
    reach = f"{words.limit_m:,.0f}"
    if main == SEVERED and obstacle is not None:
        return _say_severed(noun, obstacle, named)
    if main == NO_FACILITY:
        return Text(
            f"主要原因是附近没有：直线{reach}米内已知的{words.kind.zh}也不够数。"
            if words.count > 1
            else f"主要原因是附近没有：直线{reach}米内也没有已知的{words.kind.zh}。",
            f" Main cause: {'too few' if words.count > 1 else 'none'} known even within {reach} m "
            "as the crow flies.",
        )
    if main == FULL:
        return Text(
            f"主要原因是没有空余学位：步行范围内的{noun.zh}{named.zh}已满。",
            f" Main cause: those within the walk{named.en} have no free places.",
        )
    if main == UNCONNECTED:
        return _OFF_STREETS
    walked = math.isfinite(nearest_m) and main == TOO_FAR and nearest_m > words.limit_m
    return Text(
        "主要原因是路程偏远：直线在范围内，沿路"
        + (f"到最近的{noun.zh}{named.zh}约{nearest_m:,.0f}米" if walked else "距离")
        + f"，超过{reach}米。",
        " Main cause: within range as the crow flies, but the streets to the nearest"
        + (f"{named.en} take about {nearest_m:,.0f} m" if walked else " enough are longer")
        + f", over {reach} m.",
    )


def _say_journey(
    words: Words, people: People, main: int, noun: Text, named: Text, journeys: Journeys
) -> Text:
    if main == NO_FACILITY:
        return Text(
            f"主要原因是附近没有：数据中没有任何已知的{words.kind.zh}。",
            f" Main cause: the data hold no known {words.kind.en}.",
        )
    if main == FULL:
        return Text(
            f"主要原因是没有空余学位：{words.limit.zh}内可到的{noun.zh}{named.zh}已满。",
            f" Main cause: those within {words.limit.en}{named.en} have no free places.",
        )
    if main == UNCONNECTED:
        return _OFF_STREETS
    return join(say_too_far(words, noun, named, journeys), say_stopless(people, journeys))


def _say_severed(noun: Text, obstacle: Obstacle, named: Text) -> Text:
    straight = f"{obstacle.straight_m:,.0f}"
    if math.isfinite(obstacle.detour_factor):
        walk = Text(
            f"步行却至少要{obstacle.walk_m:,.0f}米（绕行系数{obstacle.detour_factor:.1f}）",
            f"the shortest walk to any is {obstacle.walk_m:,.0f} m "
            f"(detour factor {obstacle.detour_factor:.1f})",
        )
    else:
        walk = Text("却没有步行道路可达", "no walkable way leads to any")
    if obstacle.kind:
        barrier = _TYPE.get(obstacle.type) or _BARRIER[obstacle.kind]
        name = Text(f"“{obstacle.name}”", f' "{obstacle.name}"') if obstacle.name else Text("", "")
        between = Text(
            f"，中间隔着{barrier.zh}{name.zh}。", f"; {barrier.en}{name.en} lies between."
        )
    elif math.isfinite(obstacle.detour_factor):
        between = Text(
            "；两点之间没有绘出足以造成绕行的障碍，请现场查找缺少的过街通道或大门。",
            "; no barrier is mapped there that explains it: look for a missing crossing or gate.",
        )
    else:
        between = Text(
            "；数据中两处的道路互不相连，可能缺少步行道路数据，请核对。",
            "; in the data the streets there are not joined to the rest: paths may be missing.",
        )
    return Text(
        f"主要原因是被阻隔：最近的{noun.zh}{named.zh}直线仅{straight}米，{walk.zh}{between.zh}",
        f" Main cause: cut off. The nearest {noun.en}{named.en} is {straight} m away "
        f"straight, but {walk.en}{between.en}",
    )
