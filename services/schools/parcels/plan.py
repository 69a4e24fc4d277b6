"""What a parcel's own entries say: whether it is still free, large and wide enough."""

import math

import shapely

from layers.schooling.land import find_land_need
from layers.schooling.load import list_parts
from layers.schooling.model import Parameters
from layers.standards.model import Text, Value
from services.schools.parcels.model import LOST, Finding, Plot
from services.schools.parcels.words import STATUSES, name_level, write_classes, write_m, write_m2
from services.sentences.figures import mark, write_needed

_TOLERANCE_M = 0.05
"""How exactly the widest circle is found."""


def find_status(plot: Plot) -> Finding:
    """Whether a school may still stand, or stands, on the parcel."""
    word = STATUSES.get(plot.status, Text(plot.status, plot.status))
    if not plot.status:
        return Finding(
            "status",
            "unknown",
            Text(
                "状态未填，不知道这块地是否还留着。",
                "No status is given, so nobody can tell whether the land is still kept.",
            ),
            settled_by="parcels.status",
        )
    if plot.status in LOST:
        return Finding(
            "status",
            "gap",
            Text(
                f"这块教育用地{word.zh}，不能再建学校。",
                f"This education land is {word.en}; no school can be built on it.",
            ),
        )
    return Finding("status", "met", Text(f"状态：{word.zh}。", f"Status: {word.en}."))


def find_area(plot: Plot, parameters: Parameters) -> Finding:
    """Area against the least land of its planned classes."""
    name = name_level(plot.level, parameters)
    missing = _list_missing(plot, parameters)
    size = (
        Text("", "")
        if math.isnan(plot.area_m2)
        else Text(f"；用地面积{write_m2(plot.area_m2).zh}", f"; it has {write_m2(plot.area_m2).en}")
    )
    if missing:
        words = {
            "parcels.level": Text("学段不明确", "the level is open"),
            "parcels.planned_classes": Text("规划班数未填", "no planned classes are given"),
            "parcels.area_m2": Text("面积未知", "the area is unknown"),
        }
        return Finding(
            "area",
            "unknown",
            Text(
                f"{'、'.join(words[one].zh for one in missing)}，无法与用地标准比较{size.zh}。",
                f"Land cannot be held against a standard: "
                f"{', '.join(words[one].en for one in missing)}{size.en}.",
            ),
            found=plot.area_m2,
            unit="m2",
            settled_by=",".join(missing),
        )
    need = find_land_need(plot.level, plot.classes, parameters)
    if need is None:
        return Finding(
            "area",
            "unknown",
            Text(
                f"没有{name.zh}的用地标准可比{size.zh}。",
                f"There is no figure for the land of a {name.en}{size.en}.",
            ),
            found=plot.area_m2,
            unit="m2",
            settled_by="parameters.land",
        )
    asked, classes = write_m2(need.area_m2), write_classes(plot.classes)
    known = mark(Value(need.area_m2, "m2", need.source))
    short_m2 = need.area_m2 - plot.area_m2
    enough = short_m2 <= 0
    verdict = (
        Text("达到", "enough for")
        if enough
        else Text(f"少{write_m2(short_m2).zh}，不够", f"{write_m2(short_m2).en} short of")
    )
    return Finding(
        "area",
        "met" if enough else "gap",
        Text(
            f"用地面积{write_m2(plot.area_m2).zh}，{verdict.zh}{classes.zh}的{name.zh}"
            f"至少需要的{asked.zh}{known.zh}。",
            f"{write_m2(plot.area_m2).en} of land, {verdict.en} the {asked.en}{known.en} that a "
            f"{name.en} of {classes.en} takes at least.",
        ),
        found=plot.area_m2,
        needed=need.area_m2,
        unit="m2",
        source=need.source,
    )


def _list_missing(plot: Plot, parameters: Parameters) -> list[str]:
    missing = []
    if not list_parts(plot.level, parameters):
        missing.append("parcels.level")
    if not plot.classes > 0:
        missing.append("parcels.planned_classes")
    if math.isnan(plot.area_m2):
        missing.append("parcels.area_m2")
    return missing


def find_width(plot: Plot, parameters: Parameters) -> Finding:
    """Width where the parcel is widest (its largest inscribed circle) against the least one."""
    if not plot.has_area:
        return Finding(
            "width",
            "unknown",
            Text(
                "只有点位、没有边界，无法判断形状。",
                "Drawn as a point without a boundary; its shape cannot be judged.",
            ),
            unit="m",
            settled_by="parcels.geometry",
        )
    circle = max(
        (shapely.maximum_inscribed_circle(part, _TOLERANCE_M) for part in _list_polygons(plot)),
        key=lambda radius: radius.length,
    )
    width_m = 2 * circle.length
    name = name_level(plot.level, parameters)
    asked = [
        parameters.min_width_m[level]
        for level in list_parts(plot.level, parameters)
        if level in parameters.min_width_m
    ]
    if not asked:
        return Finding(
            "width",
            "unknown",
            Text(
                f"最宽处{write_m(width_m).zh}；{name.zh}没有可比的宽度要求。",
                f"{write_m(width_m).en} at its widest; for a {name.en} no least width is known.",
            ),
            found=width_m,
            unit="m",
            settled_by="" if list_parts(plot.level, parameters) else "parcels.level",
        )
    least = max(asked, key=lambda value: value.value)
    enough = width_m >= least.value
    needed, found = write_needed(least), write_m(width_m, beside=least.value)
    return Finding(
        "width",
        "met" if enough else "gap",
        Text(
            f"地块最宽处（能容下的最大圆）{found.zh}，"
            f"{'满足' if enough else '过窄，不满足'}{name.zh}至少{needed.zh}的要求。",
            f"{found.en} at its widest (largest circle inside), "
            f"{'enough for' if enough else 'too narrow for'} a {name.en}, which takes at least {needed.en}.",
        ),
        found=width_m,
        needed=least.value,
        unit="m",
        source=least.source,
        geometry=None if enough else _draw_circle(circle),
    )


def _list_polygons(plot: Plot) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(plot.shape) if part.geom_type == "Polygon"]


def _draw_circle(radius: shapely.LineString) -> shapely.Polygon:
    circle: shapely.Polygon = shapely.get_point(radius, 0).buffer(radius.length)
    return circle
