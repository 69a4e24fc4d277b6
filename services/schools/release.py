"""If a parcel were given up: who loses what, and from which year on."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from geo.units import FloatArray, IntArray
from layers.schooling.model import LevelCode
from layers.standards.model import Text
from services.errors import UnknownParcel
from services.schools.model import SchoolCity
from services.schools.parcels.model import LOST
from services.schools.placing import Case, Placement, Placer, build_placers
from services.schools.sentences import say_not_counted, say_release, say_release_unknown
from services.schools.settlers import split_causes
from services.schools.shortages import HALF_A_CHILD
from services.schools.tally import add_groups, average_walks

Status = Literal["met", "gap", "unknown", "not_applicable"]
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """What giving up a parcel costs.

    Parameters
    ----------
    status
        `gap`: somebody loses a place or walks farther; `met`: nobody does, in the best case and in the worst;
        `unknown`: too little is known of the parcel, of other schools or of children; `not_applicable`:
        no places were counted on it.
    settled_by
        What would settle an `unknown`.
    from_year
        First year in which somebody loses something; None where nobody does.
    communities
        One row per level, year and community that loses: level, year, community_id, name, children,
        left_before, left_after (without a place, those out of reach included), lost (the difference),
        lost_possible, moved (children who keep a place and walk farther to it, of one allocation with the
        least walking before and one after: where several walk as little, others might move),
        walk_before_m, walk_after_m (means). What schools of unknown places could take counts as taken; `lost_possible`
        is the loss if they take none and children nobody has counted fill whatever they can reach.
    totals
        The same for the city, one row per level and year: lost, lost_possible (uncounted children among
        them), moved, walk_before_m, walk_after_m. Whatever is unknown, the loss lies between the two.
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

    A school that stands on an open parcel goes with it; one that stands where a parcel is still to be
    built stays, and only what the parcel adds is given up.

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
    row = known.index(parcel_id)
    gone = np.flatnonzero((schools["parcel_row"] == row).to_numpy() & schools["shown"])
    if len(gone) == 0:
        return _tell_uncounted(city, row)
    placers = placers or build_placers(city)
    asked = [at for at, year in enumerate(city.years.tolist()) if years is None or year in years]
    levels = [placer for placer in placers.values() if np.isin(placer.rows, gone).any()]
    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(lambda placer: _compare(placer, gone, asked), levels))
    communities = pd.concat([part[0] for part in parts], ignore_index=True)
    totals = pd.concat([part[1] for part in parts], ignore_index=True)
    full = pd.concat([part[2] for part in parts], ignore_index=True)
    felt = totals[(totals["lost"] >= HALF_A_CHILD) | (totals["moved"] >= HALF_A_CHILD)]
    own = split_causes(city.schools["settled_by"].to_numpy(dtype=object)[gone])
    unknown = sorted(own.union(*(part[3] for part in parts)))
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


def _tell_uncounted(city: SchoolCity, row: int) -> Release:
    """No school is expected on the parcel, or nobody knows of which level."""
    parcel_id = str(city.parcels["parcel_id"].iloc[row])
    lost = city.parcels["status"].iloc[row] in LOST
    rows = np.flatnonzero((city.schools["parcel_row"] == row).to_numpy())
    unknown = sorted(split_causes(city.schools["settled_by"].to_numpy(dtype=object)[rows]))
    return Release(
        parcel_id=parcel_id,
        status="unknown" if unknown else "not_applicable",
        settled_by=",".join(unknown),
        from_year=None,
        communities=pd.DataFrame(columns=list(_COMMUNITIES)),
        totals=pd.DataFrame(columns=list(_TOTALS)),
        schools=pd.DataFrame(columns=list(_SCHOOLS)),
        reason=say_release_unknown(parcel_id, unknown)
        if unknown
        else say_not_counted(parcel_id, lost=lost),
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
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, set[str]]:
    """Communities, city and schools of one level with and without some schools, and causes of doubt."""
    communities, totals = [], []
    causes: set[str] = set()
    n = len(placer.rows)
    full = np.full((2, n), np.nan)
    away = np.isin(placer.rows, gone)
    with ThreadPoolExecutor() as pool:
        years = list(pool.map(lambda at: _place_twice(placer, gone, at), asked))
    for at, year in zip(asked, years, strict=True):
        communities.append(_compare_communities(placer, year))
        totals.append(_compare_all(placer, year))
        causes |= _list_doubts(placer, at, year)
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
        causes,
    )


_Pair = tuple[Placement, Placement]


@dataclass(frozen=True, slots=True, eq=False)
class _Twice:
    """A year with and without the school, in all cases of `services.schools.placing`."""

    year: int
    sure: _Pair
    best: _Pair
    worst: _Pair


def _place_twice(placer: Placer, gone: IntArray, at: int) -> _Twice:
    year = int(placer.city.years[at])
    away = np.isin(placer.rows, gone)
    known = bool((placer.opened[at] & placer.certain & away).any())
    cases = placer.list_cases(at)
    pairs: dict[Case, _Pair] = {}
    for case in cases:
        before = placer.place(at, case)
        pairs[case] = before, placer.place(at, case, without=gone.tolist()) if known else before
    sure = pairs["sure"]
    return _Twice(year, sure, pairs.get("possible", sure), pairs.get("crowded", sure))


def _list_doubts(placer: Placer, at: int, year: _Twice) -> set[str]:
    """What is unknown that could make somebody lose a place or walk farther."""
    causes: set[str] = set()
    if year.sure is not year.best and _is_felt(placer, year.sure):
        causes |= split_causes(placer.causes[placer.maybe[at] & ~placer.certain])
    if year.worst is not year.sure and _is_felt(placer, year.worst):
        causes |= split_causes(placer.city.unsettled[placer.level][:, at])
    return causes


def _is_felt(placer: Placer, pair: _Pair) -> bool:
    lost, moved = _count_lost(pair), float(count_moved(placer, *pair).sum())
    return lost >= HALF_A_CHILD or moved >= HALF_A_CHILD


def _count_lost(pair: _Pair) -> float:
    """Places fewer that are taken: children who lose theirs, uncounted ones among them."""
    before, after = pair
    return float(before.used.sum() - after.used.sum())


def count_moved(placer: Placer, before: Placement, after: Placement) -> FloatArray:
    """Children of each home who keep a place and walk farther to it; shape `(H,)`.

    Home by home, children are thought to change school as little as they can: those who leave a school,
    less those who end without a place, where the home's mean walk is longer than before.
    """
    n = len(before.children)
    leaves = np.maximum(before.flow - after.flow, 0.0)
    changed = add_groups(placer.home, leaves, n)
    lost = np.maximum(after.left - before.left, 0.0)
    means = [average_walks(placer.home, one.flow, placer.walk_m, n) for one in (before, after)]
    farther = np.nan_to_num(means[1] - means[0]) > 0
    return np.where(farther, np.maximum(changed - lost, 0.0), 0.0)


def _compare_communities(placer: Placer, year: _Twice) -> pd.DataFrame:
    city = placer.city
    n = len(city.communities)
    group = city.home_community[placer.home]

    def add(value: FloatArray) -> FloatArray:
        return add_groups(city.home_community, value, n)

    left = [add(one.left) for one in (*year.best, *year.worst)]
    walks = [average_walks(group, one.flow, placer.walk_m, n) for one in year.best]
    told = {
        "children": add(year.best[0].children),
        "left_before": left[0],
        "left_after": left[1],
        "lost": left[1] - left[0],
        "lost_possible": left[3] - left[2],
        "moved": add(count_moved(placer, *year.best)),
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
    walks = [average_walks(everywhere, one.flow, placer.walk_m, 1)[0] for one in year.best]
    told = {
        "lost": _count_lost(year.best),
        "lost_possible": _count_lost(year.worst),
        "moved": float(count_moved(placer, *year.best).sum()),
        "walk_before_m": float(walks[0]),
        "walk_after_m": float(walks[1]),
    }
    return {
        "level": placer.level,
        "year": year.year,
        **{name: round(value, _DIGITS) + 0.0 for name, value in told.items()},
    }
