"""Least land a school of a given size takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from layers.schooling.load import list_parts
from layers.schooling.model import LandStandard, LevelCode, Parameters
from layers.standards.model import STATUSES, Source, Status, Text, Value

_WHOLE = 1e-9
"""Sums of children carry the rounding of the machine: so little over a class is none."""


@dataclass(frozen=True, slots=True)
class LandNeed:
    """Least land, and the least certain of the figures it follows from.

    Parameters
    ----------
    area_m2
        m².
    source
        Where the least certain figure comes from; `derived`, unless less is known, where it was
        worked out and is listed nowhere.
    """

    area_m2: float
    source: Source

    @property
    def value(self) -> Value:
        """The area as a figure of the standard."""
        return Value(self.area_m2, "m2", self.source)


def find_land_need(level: str, classes: float, parameters: Parameters) -> LandNeed | None:
    """Return the least land for so many classes; None where no figure tells.

    Of a level with listed sizes, that of the smallest size that holds all classes; beyond the largest,
    the largest in proportion, which is `derived`. Of a level without, land per child times class size.
    A school of several levels takes what its classes of each level would, per child: how they are
    split by years is `derived`.

    Parameters
    ----------
    level
        A level, or a school of several (`nine_year_school`).
    classes
        Classes, above 0.
    """
    if level in parameters.levels:
        parts = list_parts(level, parameters)
        return _find_for_level(next(iter(parts)), classes, parameters) if classes > 0 else None
    shares = parameters.combined.get(level)
    if not shares or not classes > 0:
        return None
    needs = [
        _find_per_child(code, classes * share.value, parameters) for code, share in shares.items()
    ]
    told = [need for need in needs if need is not None]
    if len(told) < len(needs):
        return None
    least = get_least_certain([need.source for need in told])
    split = get_least_certain([share.source for share in shares.values()])
    area_m2 = sum(need.area_m2 for need in told)
    return LandNeed(area_m2, _weaken(least, split.status, split.note))


def count_classes(level: LevelCode, places: float, parameters: Parameters) -> float:
    """Whole classes that so many places take."""
    return float(math.ceil(places / parameters.levels[level].class_size.value - _WHOLE))


def get_least_certain(sources: Sequence[Source]) -> Source:
    """Return the source least is known about, the first of several."""
    return max(sources, key=lambda source: STATUSES.index(source.status))


def _find_for_level(level: LevelCode, classes: float, parameters: Parameters) -> LandNeed | None:
    sizes = sorted(
        (one.classes, at)
        for at, one in enumerate(parameters.land)
        if one.level == level and one.classes is not None
    )
    if not sizes:
        return _find_per_child(level, classes, parameters)
    for size, at in sizes:
        if size >= classes:
            listed = parameters.land[at].area_m2
            return LandNeed(listed.value, listed.source)
    return _extend(parameters.land[sizes[-1][1]], classes)


def _find_per_child(level: LevelCode, classes: float, parameters: Parameters) -> LandNeed | None:
    for one in parameters.land:
        if one.level == level and one.classes is None:
            size = parameters.levels[level].class_size
            sources = [one.area_m2.source, size.source]
            area_m2 = classes * size.value * one.area_m2.value
            return LandNeed(area_m2, get_least_certain(sources))
    return None


def _extend(largest: LandStandard, classes: float) -> LandNeed:
    """The largest listed size in proportion."""
    most = largest.classes or classes
    listed = largest.area_m2
    note = Text(
        f"列出的最大规模为{most:g}班，按班数同比放大",
        f"The largest size listed is {most:g} classes; more take land in proportion",
    )
    return LandNeed(listed.value * classes / most, _weaken(listed.source, "derived", note))


def _weaken(source: Source, status: Status, note: Text) -> Source:
    """The source, known no better than `status`; the note says why where that is worse."""
    if STATUSES.index(source.status) >= STATUSES.index(status):
        return source
    return replace(source, status=status, note=note)
