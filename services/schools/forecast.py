"""Children of each level, community by community and year by year, from what the city brings.

Nothing is filled in: what the table does not say stays unknown, and with it what would settle it.

Rows of a community come before those of its district, and these before those of the whole city; at
the same place, rows by age come before rows by level, and counts before ratios.

- *By age*: those of age 5 in 2025 are 6 in 2026. A year's children of an age are those of the row nearest
  in time with the same year of birth. Those not yet born when the last row was written stay unknown.
- *By level*: between two years with a row along a straight line. After the last one, and before the first,
  counts are unknown; ratios hold on after the last one. A ratio without a year holds for all.
- Counts of a district or of the city are shared out by population, or by households where that is
  not known of all its communities.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers.schooling.model import LEVELS, Level, LevelCode, Parameters, SchoolSources

CHILDREN = "children"
POPULATION = "communities.population"
_MOST_AGE = 30
_ALWAYS = -1_000_000
"""Year of a ratio that states none: it holds for all."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Children per level: `C` communities, `Y` years.

    Parameters
    ----------
    children
        By level, shape `(C, Y)`, NaN where unknown.
    settled_by
        By level, shape `(C, Y)`: the table or column that would settle an unknown, else "".
    """

    children: Mapping[LevelCode, FloatArray]
    settled_by: Mapping[LevelCode, NDArray[np.object_]]


def forecast_children(
    sources: SchoolSources,
    communities: gpd.GeoDataFrame,
    years: IntArray,
    parameters: Parameters,
    *,
    per_thousand: Mapping[LevelCode, float] | None = None,
    persons_per_household: float | None = None,
) -> Forecast:
    """Forecast the children who live in each community, housing to come aside.

    Parameters
    ----------
    years
        Shape `(Y,)`, rising calendar years; the first is the year counts without a year are of.
    per_thousand
        Children per thousand residents by level, for what the table leaves unknown.
    persons_per_household
        Residents per household where a community states no population.
    """
    population = find_population(communities, persons_per_household)
    told = _spell_out(sources.children, communities, population, int(years[0]))
    ratios, n = per_thousand or {}, len(communities)
    children: dict[LevelCode, FloatArray] = {}
    settled: dict[LevelCode, NDArray[np.object_]] = {}
    for code in LEVELS:
        level = parameters.levels[code]
        found = np.full((len(communities), len(years)), np.nan)
        for rows in told:
            _fill(found, _add_ages(rows, n, years, level))
            own = rows.take(rows.level == code)
            _fill(found, _follow(own.take(~own.ratio), n, years, hold=False))
            _fill(found, _follow(own.take(own.ratio), n, years, hold=True))
        if code in ratios:
            _fill(found, np.repeat(population[:, None] * ratios[code] / 1000.0, len(years), axis=1))
        children[code] = found
        by_people = _needs_population(told, n, level) | (code in ratios)
        settled[code] = _tell_missing(found, np.isnan(population) & by_people)
    return Forecast(children, settled)


def find_population(
    communities: gpd.GeoDataFrame, persons_per_household: float | None
) -> FloatArray:
    """Residents per community: as stated, else households times persons, else NaN; shape `(C,)`."""
    population: FloatArray = communities["population"].to_numpy(dtype=np.float64).copy()
    if persons_per_household is not None:
        households = communities["households"].to_numpy(dtype=np.float64)
        _fill(population, households * persons_per_household)
    return population


def _fill(found: FloatArray, other: FloatArray) -> None:
    unknown = np.isnan(found)
    found[unknown] = other[unknown]


def _tell_missing(found: FloatArray, lacks_people: BoolArray) -> NDArray[np.object_]:
    by = np.where(lacks_people, POPULATION, CHILDREN)[:, None]
    return np.where(np.isnan(found), by, "").astype(object)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of the table, for each community they speak of: `R` of them, of one scope.

    `place` is the row of the community; `level` is "" where the row is by age, `age` NaN where it is by
    level; `shared` tells those whose `value` rests on residents or households, and is NaN without them.
    """

    place: IntArray
    level: NDArray[np.object_]
    age: FloatArray
    year: FloatArray
    ratio: BoolArray
    shared: BoolArray
    value: FloatArray

    def take(self, chosen: BoolArray) -> "_Rows":
        """Some of them."""
        return _Rows(*(getattr(self, field.name)[chosen] for field in fields(self)))


def _needs_population(told: Sequence[_Rows], n: int, level: Level) -> BoolArray:
    """Whether some row of the level says something of a community once its population is known."""
    needs = np.zeros(n, dtype=np.bool_)
    for rows in told:
        aged = (rows.age >= level.first_age) & (rows.age < level.first_age + level.years)
        needs[rows.place[((rows.level == level.code) | aged) & rows.shared]] = True
    return needs


def _spell_out(
    table: pd.DataFrame | None,
    communities: gpd.GeoDataFrame,
    population: FloatArray,
    first_year: int,
) -> list[_Rows]:
    """Every row of the table, for each community it speaks of: by community, district, city."""
    if table is None or table.empty:
        return []
    ratio, aged = table["per_thousand"].notna(), table["age"].notna()
    # A ratio of an age is of that year's children, who grow older: it cannot hold for all years.
    undated = pd.Series(np.where(ratio & ~aged, _ALWAYS, first_year), index=table.index)
    told = pd.DataFrame(
        {
            "community_id": table["community_id"],
            "district": table["district"],
            "level": table["level"].where(~aged, ""),
            "age": table["age"],
            "year": table["year"].fillna(undated),
            "ratio": ratio,
            "number": table["per_thousand"].where(ratio, table["children"]),
        }
    )
    names, districts = communities["community_id"], communities["district"]
    facts = pd.DataFrame({"community_id": names.to_numpy(), "district": districts.to_numpy()})
    facts = facts.assign(place=np.arange(len(communities)))
    everyone = pd.Series("", index=facts.index)
    one, some = told["community_id"] != "", told["district"] != ""
    parts = (
        (told[one].drop(columns="district").merge(facts, on="community_id"), None),
        (told[~one & some].drop(columns="community_id").merge(facts, on="district"), districts),
        (
            told[~one & ~some][["level", "age", "year", "ratio", "number"]].merge(
                facts, how="cross"
            ),
            everyone,
        ),
    )
    return [_value(rows, communities, population, group) for rows, group in parts]


def _value(
    rows: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    population: FloatArray,
    group: pd.Series | None,
) -> _Rows:
    """Children of the community each row comes to; `group` shares counts out, None leaves them."""
    rows = rows.drop_duplicates(["place", "level", "age", "year", "ratio"])
    place, ratio = rows["place"].to_numpy(), rows["ratio"].to_numpy(dtype=np.bool_)
    number = rows["number"].to_numpy(dtype=np.float64)
    share = np.ones(len(communities))
    if group is not None:
        share = _share_out(communities, population, group)
    return _Rows(
        place=place,
        level=rows["level"].to_numpy(dtype=object),
        age=rows["age"].to_numpy(dtype=np.float64),
        year=rows["year"].to_numpy(dtype=np.float64),
        ratio=ratio,
        shared=ratio | (group is not None),
        value=np.where(ratio, number * population[place] / 1000.0, number * share[place]),
    )


def _share_out(
    communities: gpd.GeoDataFrame, population: FloatArray, group: pd.Series
) -> FloatArray:
    """Share of each community in its group: by population, by households where that is not known."""
    share = np.full(len(group), np.nan)
    for basis in (population, communities["households"].to_numpy(dtype=np.float64)):
        total = (
            pd.Series(basis).groupby(group.to_numpy()).transform(lambda one: one.sum(skipna=False))
        )
        whole = total.to_numpy(dtype=np.float64)
        part = np.divide(basis, whole, out=np.full(len(share), np.nan), where=whole > 0)
        _fill(share, part)
    return share


def _add_ages(rows: _Rows, n: int, years: IntArray, level: Level) -> FloatArray:
    """Children of a level from rows by age, shape `(C, Y)`; NaN where one of its ages is unknown."""
    rows = rows.take((rows.age >= 0) & (rows.age <= _MOST_AGE) & ~np.isnan(rows.value))
    total = np.zeros((n, len(years)))
    if len(rows.place) == 0:
        return np.full(total.shape, np.nan)
    born = rows.year - rows.age
    for at, year in enumerate(years.tolist()):
        for age in range(level.first_age, level.first_age + level.years):
            total[:, at] += _take_nearest(rows.take(born == year - age), n, year)
    return total


def _take_nearest(rows: _Rows, n: int, year: int) -> FloatArray:
    """Of rows of one year of birth, each community's nearest to `year`: the earlier of two, the count."""
    value = np.full(n, np.nan)
    order = np.lexsort((rows.ratio, rows.year, np.abs(rows.year - year)))[::-1]
    value[rows.place[order]] = rows.value[order]
    return value


def _follow(rows: _Rows, n: int, years: IntArray, *, hold: bool) -> FloatArray:
    """Values between the given years along a straight line, shape `(C, Y)`."""
    rows = rows.take(~np.isnan(rows.value))
    found = np.full((n, len(years)), np.nan)
    if len(rows.place) == 0:
        return found
    for at, year in enumerate(years.tolist()):
        past, to_come = rows.take(rows.year <= year), rows.take(rows.year >= year)
        before_year, before = _last(past.place, past.year, past.value, n)
        after_year, after = _last(to_come.place, -to_come.year, to_come.value, n)
        step = -after_year - before_year
        part = np.divide(year - before_year, step, out=np.zeros(n), where=step > 0)
        between = np.where(before_year == _ALWAYS, before, before + part * (after - before))
        found[:, at] = np.where(np.isnan(after) & hold, before, between)
    return found


def _last(
    place: IntArray, when: FloatArray, value: FloatArray, n: int
) -> tuple[FloatArray, FloatArray]:
    """Year and value of the latest row of each community, NaN where there is none."""
    order = np.argsort(when, kind="stable")
    year, latest = np.full(n, np.nan), np.full(n, np.nan)
    year[place[order]], latest[place[order]] = when[order], value[order]
    return year, latest
