"""If a parcel were given up: who loses what, and from which year on."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import FloatArray, IntArray
from layers.schooling.model import LevelCode
from layers.standards.model import Text
from services.errors import UnknownParcel
from services.schools.model import SchoolCity
from services.schools.placing import Placement, Placer, build_placers
from services.schools.sentences import say_not_counted, say_release, say_release_unknown
from services.schools.shortages import HALF_A_CHILD

Status = Literal["met", "gap", "unknown", "not_applicable"]
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """What giving up a parcel costs.

    Parameters
    ----------
    status
        `gap`: somebody loses a place or walks farther; `met`: nobody does; `unknown`: too little is known
        of the parcel; `not_applicable`: no places were counted on it.
    settled_by
        What would settle an `unknown`.
    from_year
        First year in which somebody loses something; None where nobody does.
    communities
        One row per level, year and community that loses: level, year, community_id, name, children,
        left_before, left_after (without a place, those out of reach included), lost (the difference),
        lost_possible, moved (children who keep a place and walk farther to it), walk_before_m,
        walk_after_m (means). What schools of unknown places could take counts as taken; `lost_possible`
        is the loss if they take none.
    totals
        The same for the city, one row per level and year: lost, lost_possible, moved, walk_before_m,
        walk_after_m.
    schools
        Schools that fill up: level, school_id, name, full_before, full_after (first year without a free
        place, NaN for none).
    """

    parcel_id: str
    status: Status
    settled_by: str
    from_year: int | None
    communities: pd.DataFrame
    totals: pd.DataFrame
    schools: pd.DataFrame
    reason: Text


def measure_release(
    city: SchoolCity,
    parcel_id: str,
    *,
    years: Sequence[int] | None = None,
    placers: Mapping[LevelCode, Placer] | None = None,
) -> Release:
    """Place all children once more, without the school on a parcel, and compare.

    A school that stands on the parcel goes with it.

    Parameters
    ----------
    years
        Years to compare; all by default.
    placers
        As `build_placers` gives them: with those that measured the city only one level is solved again.

    Raises
    ------
    UnknownParcel
        The city has no such parcel.
    """
    known = city.parcels["parcel_id"].astype(str).tolist()
    if parcel_id not in known:
        raise UnknownParcel(parcel_id, known)
    schools = city.schools
    gone = np.flatnonzero((schools["parcel_id"] == parcel_id).to_numpy() & schools["shown"])
    if len(gone) == 0:
        return _tell_uncounted(city, parcel_id)
    placers = placers or build_placers(city)
    asked = [at for at, year in enumerate(city.years.tolist()) if years is None or year in years]
    levels = [placer for placer in placers.values() if np.isin(placer.rows, gone).any()]
    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(lambda placer: _compare(placer, gone, asked), levels))
    communities = pd.concat([part[0] for part in parts], ignore_index=True)
    totals = pd.concat([part[1] for part in parts], ignore_index=True)
    full = pd.concat([part[2] for part in parts], ignore_index=True)
    felt = totals[(totals["lost"] >= HALF_A_CHILD) | (totals["moved"] >= HALF_A_CHILD)]
    unknown = _split(city.schools["settled_by"].to_numpy(dtype=object)[gone])
    if (totals["lost_possible"] >= HALF_A_CHILD).any():
        unknown = sorted({*unknown, *(cause for one in levels for cause in _split(one.causes))})
    status: Status = "gap" if len(felt) else "unknown" if unknown else "met"
    first = int(felt["year"].min()) if len(felt) else None
    return Release(
        parcel_id=parcel_id,
        status=status,
        settled_by=",".join(unknown) if status == "unknown" else "",
        from_year=first,
        communities=communities,
        totals=totals,
        schools=full,
        reason=say_release_unknown(parcel_id, unknown)
        if status == "unknown"
        else _say(parcel_id, first, totals),
    )


def _say(parcel_id: str, first: int | None, totals: pd.DataFrame) -> Text:
    of_year = totals.groupby("year")[["lost", "moved"]].sum()
    lost = float(of_year["lost"].max()) if len(of_year) else 0.0
    worst = of_year.index.to_numpy()[of_year["lost"].to_numpy() == lost]
    year = int(worst[0]) if lost >= HALF_A_CHILD else None
    moved = float(of_year["moved"].max()) if len(of_year) else 0.0
    return say_release(parcel_id, first, lost, moved, year)


def _split(causes: NDArray[np.object_]) -> list[str]:
    return sorted({part for cause in causes for part in str(cause).split(",") if part})


def _tell_uncounted(city: SchoolCity, parcel_id: str) -> Release:
    """No school is expected on the parcel, or nobody knows of which level."""
    rows = np.flatnonzero((city.schools["parcel_id"] == parcel_id).to_numpy())
    unknown = _split(city.schools["settled_by"].to_numpy(dtype=object)[rows])
    return Release(
        parcel_id=parcel_id,
        status="unknown" if unknown else "not_applicable",
        settled_by=",".join(unknown),
        from_year=None,
        communities=pd.DataFrame(columns=list(_COMMUNITIES)),
        totals=pd.DataFrame(columns=list(_TOTALS)),
        schools=pd.DataFrame(columns=list(_SCHOOLS)),
        reason=say_release_unknown(parcel_id, unknown) if unknown else say_not_counted(parcel_id),
    )


_TOTALS = ("level", "year", "lost", "lost_possible", "moved", "walk_before_m", "walk_after_m")
_COMMUNITIES = (
    "level",
    "year",
    "community_id",
    "name",
    "children",
    "left_before",
    "left_after",
    "lost",
    "lost_possible",
    "moved",
    "walk_before_m",
    "walk_after_m",
)
_SCHOOLS = ("level", "school_id", "name", "full_before", "full_after")


def _compare(
    placer: Placer, gone: IntArray, asked: Sequence[int]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Communities, city and schools of one level with and without some schools."""
    communities, totals = [], []
    n = len(placer.rows)
    full = np.full((2, n), np.nan)
    away = np.isin(placer.rows, gone)
    with ThreadPoolExecutor() as pool:
        years = list(pool.map(lambda at: _place_twice(placer, gone, at), asked))
    for at, year in zip(asked, years, strict=True):
        communities.append(_compare_communities(placer, year))
        totals.append(_compare_all(placer, year))
        known = placer.opened[at] & placer.certain
        for row, placement in enumerate(year.sure):
            filled = known & (placer.places - placement.used < HALF_A_CHILD)
            full[row, filled & np.isnan(full[row])] = year.year
    sooner = ~away & (full[1] < np.where(np.isnan(full[0]), np.inf, full[0]))
    rows = np.flatnonzero(sooner & placer.shown)
    names = placer.city.schools["name"].to_numpy(dtype=object)[placer.rows]
    schools = pd.DataFrame(
        {
            "level": placer.level,
            "school_id": placer.ids[rows],
            "name": names[rows],
            "full_before": full[0, rows],
            "full_after": full[1, rows],
        },
        columns=list(_SCHOOLS),
    )
    return (
        pd.concat(communities, ignore_index=True),
        pd.DataFrame(totals, columns=list(_TOTALS)),
        schools,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Twice:
    """A year with and without the school, in the best case and in the worst."""

    year: int
    best: tuple[Placement, Placement]
    sure: tuple[Placement, Placement]


def _place_twice(placer: Placer, gone: IntArray, at: int) -> _Twice:
    year = int(placer.city.years[at])
    away = np.isin(placer.rows, gone)
    sure = best = placer.place(at)
    if (placer.opened[at] & placer.certain & away).any():
        without = gone.tolist()
        pair = (sure, placer.place(at, without=without))
        if "possible" not in placer.list_cases(at):
            return _Twice(year, pair, pair)
        best = placer.place(at, "possible")
        return _Twice(year, (best, placer.place(at, "possible", without=without)), pair)
    return _Twice(year, (best, best), (sure, sure))


def _count_moved(placer: Placer, before: Placement, after: Placement) -> FloatArray:
    """Children of each home who keep a place and walk farther to it; shape `(H,)`.

    Home by home, children are thought to change school as little as they can: those who leave a school,
    less those who end without a place, where the home's mean walk is longer than before.
    """
    n = len(before.children)
    leaves = np.maximum(before.flow - after.flow, 0.0)
    changed = np.bincount(placer.home, weights=leaves, minlength=n)
    lost = np.maximum(after.left - before.left, 0.0)
    means = [_mean(placer.home, one.flow, placer.walk_m, n) for one in (before, after)]
    farther = np.nan_to_num(means[1] - means[0]) > 0
    return np.where(farther, np.maximum(changed - lost, 0.0), 0.0)


def _mean(group: IntArray, flow: FloatArray, walk_m: FloatArray, n: int) -> FloatArray:
    placed = np.bincount(group, weights=flow, minlength=n)
    metres = np.bincount(group, weights=flow * walk_m, minlength=n)
    mean: FloatArray = np.full(n, np.nan)
    np.divide(metres, placed, out=mean, where=placed > 0)
    return mean


def _compare_communities(placer: Placer, year: _Twice) -> pd.DataFrame:
    city = placer.city
    n = len(city.communities)
    inside = city.home_community >= 0
    home = city.home_community[inside]
    pairs = inside[placer.home]
    group = city.home_community[placer.home[pairs]]

    def add(value: FloatArray) -> FloatArray:
        return np.bincount(home, weights=value[inside], minlength=n).astype(np.float64)

    left = [add(one.left) for one in (*year.best, *year.sure)]
    walks = [_mean(group, one.flow[pairs], placer.walk_m[pairs], n) for one in year.best]
    told = {
        "children": add(year.best[0].children),
        "left_before": left[0],
        "left_after": left[1],
        "lost": left[1] - left[0],
        "lost_possible": left[3] - left[2],
        "moved": add(_count_moved(placer, *year.best)),
        "walk_before_m": walks[0],
        "walk_after_m": walks[1],
    }
    frame = pd.DataFrame(
        {
            "level": placer.level,
            "year": year.year,
            "community_id": city.communities["community_id"].to_numpy(dtype=object),
            "name": city.communities["name"].to_numpy(dtype=object),
            **{name: np.round(value, _DIGITS) + 0.0 for name, value in told.items()},
        },
        columns=list(_COMMUNITIES),
    )
    return frame[(frame[["lost", "lost_possible", "moved"]] >= HALF_A_CHILD).any(axis=1)]


def _compare_all(placer: Placer, year: _Twice) -> dict[str, object]:
    everywhere = np.zeros(len(placer.home), dtype=np.int64)
    walks = [_mean(everywhere, one.flow, placer.walk_m, 1)[0] for one in year.best]
    lost, possible = (
        float((after.left - before.left).sum()) for before, after in (year.best, year.sure)
    )
    told = {
        "lost": lost,
        "lost_possible": possible,
        "moved": float(_count_moved(placer, *year.best).sum()),
        "walk_before_m": float(walks[0]),
        "walk_after_m": float(walks[1]),
    }
    return {
        "level": placer.level,
        "year": year.year,
        **{name: round(value, _DIGITS) + 0.0 for name, value in told.items()},
    }
