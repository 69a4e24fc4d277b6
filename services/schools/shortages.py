"""Communities short of places: from when to when, how many, and what would end it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.units import BoolArray, FloatArray, IntArray
from layers.results import SHORTAGES, shape_table
from layers.schooling.model import LevelCode
from layers.standards.model import Text
from services.schools.land import (
    ParcelReach,
    count_classes,
    find_land,
    find_weakest,
    list_counted,
    rank_candidates,
    reach_parcels,
)
from services.schools.model import SchoolCity
from services.schools.placing import Placer
from services.schools.sentences import Shortage, say_shortage, say_shortage_unknown

HALF_A_CHILD = 0.5
"""Children are told whole: fewer than half a child is none."""
_SOME = 1e-6
_READ = ("status", "settled_by", "out_of_reach", "left", "left_possible")
_UNTOLD = ("peak_year", "peak_children", "needed_places", "needed_classes", "needed_area_m2")


def list_shortages(
    city: SchoolCity, placers: Mapping[LevelCode, Placer], school_years: pd.DataFrame
) -> pd.DataFrame:
    """Communities and levels that are, or may be, short of places, as `layers.results.SHORTAGES`.

    Parameters
    ----------
    school_years
        As `layers.results.SCHOOL_YEARS`.
    """
    own = school_years[school_years["scope"] == "community"]
    rows = []
    for level, placer in placers.items():
        reach = reach_parcels(city, level)
        found = _build_spans(placer, own[own["level"] == level])
        rows += [
            _tell_gap(placer, reach, span) if span.status == "gap" else _tell_unknown(placer, span)
            for span in found
        ]
    frame = pd.DataFrame(rows, columns=list(SHORTAGES))
    return shape_table(frame.sort_values(["community_id", "level"], ignore_index=True), "shortages")


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """A community's years of one status.

    Parameters
    ----------
    place
        Row of the community.
    years
        Columns of those years, rising.
    out, left
        Shape `(Y,)`: children out of reach, and others without a place: of a gap those missing for sure,
        else those who may be.
    settled_by
        What would settle the years of an `unknown`.
    """

    status: str
    place: int
    years: IntArray
    out: FloatArray
    left: FloatArray
    settled_by: tuple[str, ...]

    @property
    def missing(self) -> FloatArray:
        """Children without a place in those years."""
        return (self.out + self.left)[self.years]


def _build_spans(placer: Placer, table: pd.DataFrame) -> list[_Span]:
    """Communities with a gap in some year, and those of which some year is unknown."""
    city = placer.city
    shape = (len(city.years), len(city.communities))
    read = {name: table[name].to_numpy().reshape(shape) for name in _READ}
    spans = []
    for status, left in (("gap", "left"), ("unknown", "left_possible")):
        here = read["status"] == status
        if status == "unknown":
            here &= ~(read["status"] == "gap").any(axis=0)
        for place in np.flatnonzero(here.any(axis=0)).tolist():
            years = np.flatnonzero(here[:, place])
            settled = {part for one in read["settled_by"][years, place] for part in one.split(",")}
            spans.append(
                _Span(
                    status,
                    place,
                    years,
                    read["out_of_reach"][:, place],
                    read[left][:, place],
                    tuple(sorted(settled - {""})),
                )
            )
    return spans


def _tell_when(placer: Placer, span: _Span) -> dict[str, object]:
    """First and last year; the last one is empty when it is the horizon."""
    years = placer.city.years
    last = int(span.years[-1])
    return {
        "community_id": str(placer.city.communities["community_id"].iloc[span.place]),
        "level": placer.level,
        "status": span.status,
        "begins": float(years[span.years[0]]),
        "ends": float("nan") if last == len(years) - 1 else float(years[last]),
    }


def _tell_gap(placer: Placer, reach: ParcelReach, span: _Span) -> dict[str, object]:
    city, level = placer.city, placer.level
    peak = int(span.years[np.argmax(span.missing)])
    children = float(span.missing.max())
    places = float(np.ceil(children - HALF_A_CHILD))
    classes = count_classes(city.parameters, level, places)
    land = find_land(city.parameters, level, classes, places)
    when = _tell_when(placer, span)
    begins = int(city.years[span.years[0]])
    homes = find_left_homes(placer, span.place, peak)
    walks = reach.find_walks(homes)
    counted = [at for at in list_counted(city, level).tolist() if np.isfinite(walks[at])]
    reserved = [str(city.parcels["parcel_id"].iloc[at]) for at in counted]
    others = rank_candidates(city, level, reach, homes, begins=begins, needed_area_m2=land.area_m2)
    candidates = [one.parcel_id for one in others if one.parcel_id not in reserved]
    stated = city.parameters.levels[level]
    told = Shortage(
        level=stated,
        begins=begins,
        last=int(city.years[span.years[-1]]),
        horizon=int(city.years[-1]),
        peak_year=int(city.years[peak]),
        children=children,
        out_of_reach=float(span.out[peak]),
        places=places,
        classes=classes,
        area_m2=land.area_m2,
        area=land.value,
        reserved=tuple(reserved),
        candidates=tuple(candidates),
    )
    values = [stated.limit, stated.class_size, *([land.value] if land.value else [])]
    return {
        **when,
        "peak_year": float(city.years[peak]),
        "peak_children": children,
        "reserved_in_reach": ",".join(reserved),
        "land_missing": not reserved,
        "needed_places": places,
        "needed_classes": classes,
        "needed_area_m2": round(land.area_m2, 6),
        "candidates": ",".join(candidates),
        "source_status": find_weakest(values),
        **_both(say_shortage(told)),
    }


def _tell_unknown(placer: Placer, span: _Span) -> dict[str, object]:
    """What may be a shortage, and at most how many would miss a place."""
    nan = float("nan")
    level = placer.city.parameters.levels[placer.level]
    unsure = np.isnan(span.missing).any()
    most = None if unsure else float(span.missing.max())
    begins = int(placer.city.years[span.years[0]])
    return {
        **_tell_when(placer, span),
        **dict.fromkeys(_UNTOLD, nan),
        **dict.fromkeys(("reserved_in_reach", "candidates"), ""),
        "land_missing": False,
        "source_status": level.limit.source.status,
        **_both(say_shortage_unknown(level, begins, most, span.settled_by)),
    }


def _both(text: Text) -> dict[str, str]:
    return {"reason": text.zh, "reason_en": text.en}


def find_left_homes(placer: Placer, place: int, at: int) -> BoolArray:
    """Homes of a community with children left without a place for sure; shape `(H,)`.

    Parameters
    ----------
    place
        Row of the community.
    at
        Column of the year.
    """
    left: FloatArray = placer.place(at, "possible").left
    return np.asarray((placer.city.home_community == place) & (left > _SOME), dtype=np.bool_)
