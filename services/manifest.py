"""The manifest of a run: what it was made from, with which settings, and what it came to."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from layers.city import City
from layers.digest import digest_file
from layers.standards.describe import describe_pack
from services.measure import Results

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
    return lines


def build_manifest(city: City, results: Results, timings_s: Mapping[str, float]) -> dict[str, Any]:
    """What a run is made of: inputs with digests, versions, packs, settings, figures, timings."""
    config, settings = city.config, city.config.settings
    bounds = city.communities.total_bounds
    tables = results.tables
    return {
        "product": "lifecircle",
        "version": version("lifecircle"),
        "created": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "name": config.name,
        "synthetic": config.synthetic,
        "crs": city.streets.network.crs,
        "bounds": [float(edge) for edge in bounds],
        "inputs": [
            {
                "role": role,
                "path": path.name,
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
        "summary": results.summary,
        "counts": {name: len(frame) for name, frame in tables.items()},
        "timings_s": dict(timings_s),
        "assumptions": list_assumptions(city),
        "attribution": list(SYNTHETIC_ATTRIBUTION if config.synthetic else ATTRIBUTION),
    }
