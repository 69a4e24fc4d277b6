"""Communities short of places: from when to when, how many, and what would end it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.units import BoolArray, FloatArray, IntArray
from layers.results import SHORTAGES, shape_table
from layers.schooling.land import count_classes, find_land_need, get_least_certain
from layers.schooling.model import LevelCode
from layers.standards.model import Text
from services.schools.land import ParcelReach, list_reserved, rank_candidates, reach_parcels
from services.schools.model import SchoolCity
from services.schools.parcels.finding_words import mark_candidate
from services.schools.placing import Placer
from services.schools.sentences import Shortage, say_shortage, say_shortage_unknown
from services.schools.settlers import split_causes
from services.schools.tally import add_groups

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
    cut
        Shape `(Y,)`: those of `out` whose homes no mapped street leads to. No school could reach them.
    counted
        Shape `(Y,)`: whether all children of the community are known.
    settled_by
        What would settle the years of an `unknown`.
    """

    status: str
    place: int
    years: IntArray
    out: FloatArray
    left: FloatArray
    cut: FloatArray
    counted: BoolArray
    settled_by: tuple[str, ...]

    @property
    def missing(self) -> FloatArray:
        """Children without a place in those years."""
        return (self.out + self.left)[self.years]

    @property
    def connected(self) -> FloatArray:
        """Those of them a school could reach."""
        return np.maximum(self.missing - self.cut[self.years], 0.0)


def _build_spans(placer: Placer, table: pd.DataFrame) -> list[_Span]:
    """Communities with a gap in some year, and those of which some year is unknown."""
    city = placer.city
    shape = (len(city.years), len(city.communities))
    read = {name: table[name].to_numpy().reshape(shape) for name in _READ}
    counted = city.unsettled[placer.level] == ""
    cut = _count_unconnected(placer)
    spans = []
    for status, left in (("gap", "left"), ("unknown", "left_possible")):
        here = read["status"] == status
        if status == "unknown":
            here &= ~(read["status"] == "gap").any(axis=0)
        for place in np.flatnonzero(here.any(axis=0)).tolist():
            years = np.flatnonzero(here[:, place])
            settled = split_causes(read["settled_by"][years, place])
            spans.append(
                _Span(
                    status,
                    place,
                    years,
                    read["out_of_reach"][:, place],
                    read[left][:, place],
                    cut[place],
                    counted[place],
                    tuple(sorted(settled - {""})),
                )
            )
    return spans


def _count_unconnected(placer: Placer) -> FloatArray:
    """Children of each community in homes no mapped street leads to, shape `(C, Y)`."""
    city = placer.city
    n = len(city.communities)
    community = np.where(city.homes.connected, -1, city.home_community)
    known = np.nan_to_num(city.children[placer.level])
    parts = [add_groups(community, of_year, n) for of_year in known.T]
    return np.stack(parts, axis=1)


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
    served = float(span.connected.max())
    need_at = int(span.years[np.argmax(span.connected)])
    places = float(np.ceil(max(served - HALF_A_CHILD, 0.0)))
    classes = count_classes(level, places, city.parameters)
    need = find_land_need(level, classes, city.parameters)
    area_m2 = float("nan") if need is None else need.area_m2
    area_m2 = area_m2 if places else 0.0
    when = _tell_when(placer, span)
    begins = int(city.years[span.years[0]])
    homes = find_left_homes(placer, span.place, need_at)
    walks = reach.find_walks(homes)
    ahead = [at for at in list_reserved(city, level).tolist() if np.isfinite(walks[at])]
    reserved = [str(city.parcels["parcel_id"].iloc[at]) for at in ahead]
    others = rank_candidates(city, level, reach, homes, begins=begins, needed_area_m2=area_m2)
    others = [one for one in others if one.parcel_id not in reserved]
    stated = city.parameters.levels[level]
    sources = [stated.limit.source, stated.class_size.source]
    sources += [] if need is None else [need.source]
    status = get_least_certain(sources if places else [stated.limit.source]).status
    told = Shortage(
        level=stated,
        begins=begins,
        last=int(city.years[span.years[-1]]),
        pauses=tuple(city.years[_find_pauses(span.years)].tolist()),
        horizon=int(city.years[-1]),
        peak_year=int(city.years[peak]),
        children=children,
        out_of_reach=float(span.out[peak]),
        unconnected=float(span.cut[peak]),
        least=not span.counted[span.years].all(),
        places=places,
        classes=classes,
        area_m2=area_m2,
        status=status,
        reserved=tuple(reserved),
        candidates=tuple(
            mark_candidate(one.parcel_id, one.why, enough=one.enough) for one in others
        ),
    )
    return {
        **when,
        "peak_year": float(city.years[peak]),
        "peak_children": children,
        "reserved_in_reach": ",".join(reserved),
        "land_missing": bool(places) and not reserved,
        "needed_places": places,
        "needed_classes": classes,
        "needed_area_m2": round(area_m2, 6),
        "candidates": ",".join(one.parcel_id for one in others),
        "source_status": status,
        **_both(say_shortage(told)),
    }


def _find_pauses(years: IntArray) -> IntArray:
    """Columns between the first and the last of some, that are none of them."""
    return np.setdiff1d(np.arange(years[0], years[-1]), years)


def _tell_unknown(placer: Placer, span: _Span) -> dict[str, object]:
    """What may be a shortage, and at most how many would miss a place."""
    nan = float("nan")
    level = placer.city.parameters.levels[placer.level]
    here = placer.city.home_community == span.place
    crowded = [float(placer.place(at, "crowded").left[here].sum()) for at in span.years.tolist()]
    most = max(crowded) if span.counted[span.years].all() else None
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
