"""What the run's timetable is, in a sentence: beside every figure by public transport."""

from datetime import date

from layers.transit.model import OSM
from services.api.opened import OpenRun, Row

_WEEKDAYS_ZH = "一二三四五六日"


def describe_timetable(opened: OpenRun) -> Row:
    """Source, service day, window and percentile of the run's journeys.

    Times of routes mapped in OSM rest on assumed headways and speeds; the sentence says so.
    """
    facts = opened.transit
    feeds = [str(feed) for feed in facts.get("feeds", [])]
    day = str(facts.get("day", ""))
    weekday_zh, weekday_en = _name_weekday(day)
    names_zh = f"（{'、'.join(feeds)}）" if feeds else ""
    names_en = f" ({', '.join(feeds)})" if feeds else ""
    if facts.get("source") == OSM:
        zh = (
            f"没有公开的时刻表：线路取自 OpenStreetMap{names_zh}，发车间隔、运营时间和车速按标注"
            f"或默认值推算，运营日 {day}{weekday_zh}"
        )
        en = (
            f"No published timetable: lines are those of OpenStreetMap{names_en}; headways, hours "
            f"and speeds are tagged or assumed. Service day {day}{weekday_en}"
        )
    else:
        zh = f"运营方公布的时刻表（GTFS）{names_zh}，运营日 {day}{weekday_zh}"
        en = f"The operators' timetable (GTFS){names_en}, service day {day}{weekday_en}"
    return {
        "source": facts.get("source", ""),
        "day": day,
        "depart_from": str(facts.get("depart_from", "")),
        "depart_to": str(facts.get("depart_to", "")),
        "percentile": facts.get("percentile"),
        "feeds": feeds,
        "statement": zh,
        "statement_en": en,
    }


def _name_weekday(day: str) -> tuple[str, str]:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return "", ""
    return f"（星期{_WEEKDAYS_ZH[found.weekday()]}）", f" ({found:%A})"
