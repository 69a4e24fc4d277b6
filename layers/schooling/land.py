"""Least land a school of a given size takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from layers.schooling.load import list_parts
from layers.schooling.model import LandStandard, LevelCode, Parameters
from layers.standards.model import STATUSES, Source, Value


@dataclass(frozen=True, slots=True)
class LandNeed:
    """Least land, and the least certain of the figures it follows from.

    Parameters
    ----------
    area_m2
        m².
    source
        Where the least certain figure comes from.
    """

    area_m2: float
    source: Source


def find_land_need(level: str, classes: float, parameters: Parameters) -> LandNeed | None:
    """Return the least land for so many classes; None where no figure tells.

    The standard of the smallest size that holds all classes counts; above the largest, or where a
    level has no sizes, land per child times class size. A school of several levels takes what its
    classes of each level would.

    Parameters
    ----------
    level
        A level, or a school of several (`nine_year_school`).
    classes
        Planned classes, above 0.
    """
    parts = list_parts(level, parameters)
    if not parts or not classes > 0:
        return None
    area_m2, sources = 0.0, []
    for code, share in parts.items():
        need = _find_for_level(code, classes * share, parameters, whole=len(parts) == 1)
        if need is None:
            return None
        area_m2 += need[0]
        sources += need[1]
    return LandNeed(area_m2, get_least_certain(sources))


def get_least_certain(sources: Sequence[Source]) -> Source:
    """Return the source least is known about, the first of several."""
    return max(sources, key=lambda source: STATUSES.index(source.status))


def _find_for_level(
    level: LevelCode, classes: float, parameters: Parameters, *, whole: bool
) -> tuple[float, list[Source]] | None:
    of_level = [one for one in parameters.land if one.level == level]
    if whole:
        sized = _find_size(of_level, classes)
        if sized is not None:
            return sized.value, [sized.source]
    per_child = next((one.area_m2 for one in of_level if one.classes is None), None)
    if per_child is None:
        return None
    class_size = parameters.levels[level].class_size
    return classes * class_size.value * per_child.value, [per_child.source, class_size.source]


def _find_size(standards: Sequence[LandStandard], classes: float) -> Value | None:
    sizes = sorted((one.classes, at) for at, one in enumerate(standards) if one.classes is not None)
    for size, at in sizes:
        if size >= classes:
            return standards[at].area_m2
    return None
