"""Verdicts that public transport counts for, as sentences in Chinese and English."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from layers.standards.model import Text, Value
from services.people import People, write_share
from services.sentences.figures import write_needed
from services.sentences.words import Words, list_open, name_some
from services.verdicts import SHARE_TOLERANCE

SETTLE_TIMETABLE = Text(
    "GTFS时刻表，或OSM文件中的公交线路（route关系）",
    "a GTFS feed, or the route relations of public transport in the OSM file,",
)
_TIMETABLE = {
    "gtfs": Text("运营时刻表（GTFS）", "the operator's timetable (GTFS)"),
    "osm": Text("地图线路与假定班次", "mapped routes with assumed headways"),
}
_MEDIAN = 50.0
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Journeys:
    """The journeys of those left out in one community.

    Parameters
    ----------
    median_s
        Their median journey, seconds; NaN where there is no way at all.
    far, stopless
        Weight of those whose journey is too long, and of those of them without a stop near.
    walk_min
        Longest walk to the first stop, minutes.
    """

    median_s: float
    far: float
    stopless: float
    walk_min: float

    @property
    def on_foot(self) -> bool:
        """Whether none of those whose journey is too long has a stop near."""
        return self.stopless > 0 and self.stopless >= self.far * (1.0 - SHARE_TOLERANCE)


def name_percentile(percentile: float) -> Text:
    """What people call a percentile: 50 is the median."""
    if percentile == _MEDIAN:
        return Text("中位数", "the median")
    return Text(f"第{percentile:g}百分位数", f"percentile {percentile:g}")


def say_timetable(source: str, depart_from: str, depart_to: str, percentile: float) -> Text:
    """Return what journeys were timed by, and over which departures.

    Parameters
    ----------
    source
        `gtfs` or `osm`.
    depart_from, depart_to
        Clock times of the window.
    percentile
        Which of the departures' times counts.
    """
    timetable = _TIMETABLE[source]
    figure = name_percentile(percentile)
    return Text(
        f"乘车依据{timetable.zh}，{depart_from}至{depart_to}每分钟出发一次，取用时的{figure.zh}。",
        f" Rides follow {timetable.en}; leaving every minute from {depart_from} to {depart_to}, "
        f"{figure.en} counts.",
    )


def say_met_on_foot() -> Text:
    """Return that the verdict needs no timetable."""
    return Text(
        "没有可用的公交时刻表，但仅靠步行已满足本规则。",
        " There is no timetable to go by, but walking alone meets the rule.",
    )


def say_timetable_missing(
    words: Words,
    people: People,
    certain: float,
    needed: Value,
    *,
    columns: Iterable[str],
    places: bool,
) -> Text:
    """Return the share that walks, and what would settle whether riding adds enough."""
    some = name_some(words, places=places)
    ask = write_needed(needed)
    _, more = list_open(columns)
    settle = Text(
        SETTLE_TIMETABLE.zh + (f"，以及{more.zh}" if more.zh else ""),
        SETTLE_TIMETABLE.en + (f" and {more.en}" if more.en else ""),
    )
    return Text(
        f"没有可用的公交时刻表，无法判断加上公交能否达到要求：目前{words.within.zh}内可到{some.zh}的"
        f"{people.noun.zh}占{write_share(certain)}，要求{ask.zh}；补充{settle.zh}后即可判定。",
        "There is no timetable to go by, so it is open what public transport adds: "
        f"{write_share(certain)} of {people.noun.en} have a known {some.en} within {words.within.en}, "
        f"{ask.en} is asked for; {settle.en} would settle it.",
    )


def say_stopless(people: People, journeys: Journeys) -> Text:
    """Return how many of those whose journey is too long have no stop near, if some have."""
    if journeys.stopless <= 0 or journeys.on_foot:
        return Text("", "")
    part = people.say(journeys.stopless)
    return Text(
        f"其中{part.zh}步行{journeys.walk_min:g}分钟内没有可乘车的站点。",
        f" {part.en[:1].upper()}{part.en[1:]} have no stop with a departure within a "
        f"{journeys.walk_min:g}-minute walk.",
    )


def say_too_far(words: Words, noun: Text, named: Text, journeys: Journeys) -> Text:
    """Return how long the median journey of those left out takes.

    Parameters
    ----------
    noun, named
        What such a facility is called, and the name of the one most of them reach soonest.
    """
    if not math.isfinite(journeys.median_s):
        return Text(
            f"主要原因是路程偏远：步行和乘公交都到不了任何已知的{noun.zh}。",
            f" Main cause: too far. No known {noun.en} can be reached, on foot or by public transport.",
        )
    minutes = math.ceil(journeys.median_s / _MINUTE_S)
    if journeys.on_foot:
        return Text(
            f"主要原因是路程偏远：步行{journeys.walk_min:g}分钟内没有可乘车的站点，走到最近的{noun.zh}{named.zh}"
            f"要约{minutes}分钟，超过{words.limit.zh}。",
            f" Main cause: too far. No stop with a departure lies within a {journeys.walk_min:g}-minute "
            f"walk, and the nearest {noun.en}{named.en} is about {minutes} minutes away on foot, over "
            f"{words.limit.en}.",
        )
    how = Text("即使乘公交，", "Even by public transport")
    if journeys.stopless > 0:
        how = Text("步行或乘公交，", "On foot or by public transport")
    return Text(
        f"主要原因是路程偏远：{how.zh}到最快可达的{noun.zh}{named.zh}也要约{minutes}分钟，"
        f"超过{words.limit.zh}。",
        f" Main cause: too far. {how.en} the {noun.en} reached soonest{named.en} takes about {minutes} "
        f"minutes, over {words.limit.en}.",
    )
