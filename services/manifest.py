"""The manifest of a run: what it was made from, with which settings, and what it came to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from layers.city import City
from layers.digest import digest_file
from layers.standards.describe import describe_pack
from layers.transit.assumptions import describe_assumptions
from layers.transit.model import GTFS, OSM
from services.journey_sentences import name_percentile
from services.measure import Results
from services.rides import WALK_TRANSIT
from services.schools.told import describe_schools

ATTRIBUTION = ("© OpenStreetMap contributors (ODbL 1.0)",)
SYNTHETIC_ATTRIBUTION = (
    "合成数据，非真实城市（格式同 OpenStreetMap；真实城市的地图须标注 © OpenStreetMap contributors, ODbL 1.0）",
)


def list_assumptions(city: City) -> list[dict[str, str]]:
    """Assumptions behind the numbers, in both languages."""
    settings = city.config.settings
    lines = [
        {
            "zh": f"步行速度：成人{settings.adult_m_s:g}、老年人{settings.older_m_s:g}、"
            f"儿童{settings.child_m_s:g}米/秒；时间规则按此换算，距离规则只比较路网米数。",
            "en": f"Walking speeds: adult {settings.adult_m_s:g}, older {settings.older_m_s:g}, child "
            f"{settings.child_m_s:g} m/s for time rules; distance rules compare network metres.",
        },
        {
            "zh": f"住宅与设施出入口就近接入道路（不是路口），直线段计入步行距离；超过{settings.max_leg_m:g}米"
            "为未接入路网，仍计入分母。",
            "en": "Homes and entrances start at the nearest place on a street, not at a junction; the "
            f"straight legs count. Beyond {settings.max_leg_m:g} m a point is unconnected and stays in "
            "every denominator.",
        },
        {
            "zh": f"总长不足{settings.min_island_m:g}米的孤立道路不参与计算，已列入数据提示。",
            "en": f"Streets on islands shorter than {settings.min_island_m:g} m together are set aside "
            "and listed in the notices.",
        },
    ]
    if (city.communities["source"] == "cells").any():
        lines.append(
            {
                "zh": "没有社区表：以规则网格代替社区，户数未知，覆盖率按住宅建筑、居住用地等估算。",
                "en": "No table of communities: analysis cells stand in, households are unknown, and "
                "shares are taken over homes as mapped.",
            }
        )
    if city.transit is not None:
        lines += _list_journey_assumptions(city)
        lines += [
            {language: str(entry[language]) for language in ("zh", "en")}
            for entry in describe_assumptions(city.transit.assumptions)
        ]
    return lines


def _list_journey_assumptions(city: City) -> list[dict[str, str]]:
    """How journeys by public transport were made, in both languages."""
    transit, settings = city.transit, city.config.transit
    if transit is None:
        return []
    said = {
        GTFS: ("运营方发布的时刻表（GTFS）", "the operator's published timetable (GTFS)"),
        OSM: ("由 OSM 线路推算的时刻表", "a timetable built from mapped routes"),
    }[transit.source]
    figure = name_percentile(settings.percentile)
    return [
        {
            "zh": f"“步行＋公交”依据{said[0]}，按{transit.day.isoformat()}的班次计算："
            f"{settings.depart_from}至{settings.depart_to}每分钟出发一次，取各次用时的"
            f"{figure.zh}；全程步行始终参与比较，故不会慢于步行。",
            "en": f"Walk + transit goes by {said[1]}, service of {transit.day.isoformat()}: someone "
            f"leaves every minute from {settings.depart_from} to {settings.depart_to}, and "
            f"{figure.en} of their times counts. Walking all the way always competes, so "
            "it is never slower than the walk.",
        },
        {
            "zh": f"首末段步行各不超过{settings.walk_min:g}分钟，站间换乘步行不超过"
            f"{settings.change_walk_min:g}分钟；换乘至少{settings.min_change_s:g}秒，发车前"
            f"{settings.boarding_slack_s:g}秒到站；全程超过{settings.longest_min:g}分钟的乘车方案不计。",
            "en": f"Walks to the first stop and from the last take at most {settings.walk_min:g} min "
            f"each, between stops {settings.change_walk_min:g} min; a change takes at least "
            f"{settings.min_change_s:g} s, one is at the stop {settings.boarding_slack_s:g} s before "
            f"departure, and journeys over {settings.longest_min:g} min by vehicle do not count.",
        },
    ]


def _name_input(path: Path, feeds: Sequence[Path]) -> str:
    """Name of an input file; with its folder's for the tables of a timetable in a folder."""
    return f"{path.parent.name}/{path.name}" if path.parent in feeds else path.name


def build_manifest(
    city: City, results: Results, timings_s: Mapping[str, float], *, day: date
) -> dict[str, Any]:
    """What a run is made of: inputs with digests, versions, packs, settings, figures, timings.

    `day` is the one the rules were judged on.
    """
    config, settings = city.config, city.config.settings
    bounds = city.communities.total_bounds
    tables = results.tables
    return {
        "product": "lifecircle",
        "version": version("lifecircle"),
        "created": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "judged_on": day.isoformat(),
        "name": config.name,
        "synthetic": config.synthetic,
        "crs": city.streets.network.crs,
        "bounds": [float(edge) for edge in bounds],
        "inputs": [
            {
                "role": role,
                "path": _name_input(path, config.gtfs),
                "sha256": digest_file(path),
                "bytes": path.stat().st_size,
            }
            for role, path in config.list_inputs()
        ],
        "osm_timestamp": city.extract.timestamp,
        "packs": [describe_pack(pack) for pack in results.packs],
        "kinds": results.kinds,
        "groups": city.kinds.groups,
        "settings": asdict(settings),
        "limits_min": [float(limit) for limit in settings.limits_min],
        "main_limit_min": float(settings.main_limit_min),
        "modes": results.modes,
        "summary": results.summary,
        **(
            {"summary_walk_transit": results.summaries[WALK_TRANSIT]}
            if WALK_TRANSIT in results.summaries
            else {}
        ),
        "transit": results.transit_facts,
        "schools": describe_schools(city, tables, day=day),
        "counts": {name: len(frame) for name, frame in tables.items()},
        "timings_s": dict(timings_s),
        "assumptions": list_assumptions(city),
        "attribution": list(SYNTHETIC_ATTRIBUTION if config.synthetic else ATTRIBUTION),
    }
