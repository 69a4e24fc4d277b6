"""Which facilities appeared, disappeared, moved or changed between two runs, and where.

Ids drift as codes do: a table without ids is numbered by its rows, a mapped point becomes an
area. So a facility is the same one where its id stands for nearly the same place, or where a place
of the same kind and name lies there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import project
from geo.units import BoolArray, IntArray
from layers.facilities import are_names_alike
from layers.standards.model import Text
from services.compare.editions import Described
from services.compare.evidence import Evidence, Why

_SAME_PLACE_M = 50.0
"""How far apart two records of one facility may lie."""
_SIZES = ("floor_area_m2", "land_area_m2", "classes", "capacity")
_COLUMNS: Mapping[str, Text] = {
    "inclusive": Text("普惠", "inclusive"),
    "capacity": Text("学位数（容量）", "places"),
    "free_places": Text("空余学位", "free places"),
    "classes": Text("班级数", "classes"),
    "floor_area_m2": Text("建筑面积（平方米）", "floor area (m²)"),
    "land_area_m2": Text("用地面积（平方米）", "land area (m²)"),
    "connected": Text("接入路网", "connected to a street"),
    "n_entrances": Text("出入口数", "ways in"),
}
_OF_THE_DAY = frozenset({"free_places"})
"""Columns that count what is there on the day: another number is news of the city."""
_WALKED = frozenset({"connected", "n_entrances"})
_YES_NO = {True: Text("是", "yes"), False: Text("否", "no")}

__all__ = ["FacilityChanges", "find_facility_changes"]


@dataclass(frozen=True, slots=True)
class _Change:
    """One change: `column` is empty where the facility came, went or moved.

    `inclusive` and `sizes` are what is known of it, NaN where nothing is.
    """

    kind: str
    place: Any
    evidence: Evidence
    column: str
    inclusive: float
    sizes: tuple[float, ...]


class FacilityChanges:
    """Changed facilities, `X` in all.

    Parameters
    ----------
    changes
        One by one, with their places in the metric system `crs`.
    """

    def __init__(self, changes: Iterable[_Change], crs: str) -> None:
        self._changes = tuple(changes)
        self._crs = crs
        self._kind = np.array([one.kind for one in self._changes], dtype=object)
        self._column = np.array([one.column for one in self._changes], dtype=object)
        self._excluded = np.array([one.inclusive == 0.0 for one in self._changes], dtype=np.bool_)
        sizes = [one.sizes for one in self._changes]
        self._sizes = np.array(sizes, dtype=np.float64).reshape(len(sizes), len(_SIZES))
        self._tree = shapely.STRtree([one.place for one in self._changes])

    def __len__(self) -> int:
        return len(self._changes)

    def get(self, row: int) -> Evidence:
        """Return what one change speaks for."""
        return self._changes[row].evidence

    def find_near(self, areas: gpd.GeoDataFrame, within_m: float) -> list[IntArray]:
        """Rows of the changes within so many metres of each area, as the crow flies, nearest first."""
        nothing = np.zeros(0, dtype=np.int64)
        if not self._changes:
            return [nothing] * len(areas)
        shapes = shapely.transform(
            np.asarray(areas.geometry.to_numpy(), dtype=object), partial(project, crs=self._crs)
        )
        area, row = self._tree.query(shapes, predicate="dwithin", distance=within_m)
        away = shapely.distance(shapes[area], self._tree.geometries[row])
        order = np.lexsort((row, away, area))
        parts = np.split(row[order], np.cumsum(np.bincount(area, minlength=len(shapes)))[:-1])
        return [part.astype(np.int64) for part in parts]

    def choose_for(self, rules: Iterable[Described]) -> BoolArray:
        """Changes that can matter to any of some rules, shape `(X,)`."""
        chosen = np.zeros(len(self._changes), dtype=np.bool_)
        for rule in rules:
            chosen |= self._choose(rule)
        return chosen

    def _choose(self, rule: Described) -> BoolArray:
        columns = {"", *(_WALKED if rule.get("mode") else ()), *_list_sizes(rule)}
        if rule.get("inclusive"):
            columns.add("inclusive")
        if rule.get("answer") == "places":
            columns.add("free_places")
        chosen = np.isin(self._kind, list(rule.get("kinds", ())))
        chosen &= np.isin(self._column, list(columns))
        own = (self._kind == rule.get("kind")) & (self._column == "")
        if rule.get("inclusive"):
            chosen &= ~(own & self._excluded)
        for minimum in rule.get("minimum", ()):
            small = self._sizes[:, _SIZES.index(minimum["size"])] < minimum["least"]
            chosen &= ~(own & small)
        return chosen


def find_facility_changes(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, crs: str, days: tuple[str, str]
) -> FacilityChanges:
    """Compare two tables of facilities (columns as `layers.results.FACILITIES`).

    Parameters
    ----------
    crs
        Metric system to measure in.
    days
        Days the two runs were judged on: what opened in the year of the first or later, up to the
        second, is new in the city.
    """
    old, new = _lay_out(before, crs), _lay_out(after, crs)
    partner, moved = _pair(old, new)
    years = int(days[0][:4]), int(days[1][:4])
    changes = []
    come = np.setdiff1d(np.arange(len(new)), partner[partner >= 0])
    changes += [_record(new.iloc[row], _say_come(new.iloc[row], years)) for row in come]
    for row in np.flatnonzero(partner < 0):
        changes.append(_record(old.iloc[row], _say_gone(old.iloc[row])))
    for row in np.flatnonzero(moved):
        one, other = old.iloc[row], new.iloc[partner[row]]
        changes += [_record(place, _say_moved(one, other)) for place in (one, other)]
    for row in _list_changed(old, new, partner):
        one, other = old.iloc[row], new.iloc[partner[row]]
        changes += [_record(other, said, column) for column, said in _say_changed(one, other)]
    return FacilityChanges(changes, crs)


def _lay_out(frame: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    """Plain rows, one per facility and kind, with a point each in the metric system."""
    points = shapely.centroid(np.asarray(frame.geometry.to_numpy(), dtype=object))
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    plain["place"] = shapely.transform(points, partial(project, crs=crs))
    return plain.drop_duplicates(["facility_id", "kind"]).reset_index(drop=True)


def _pair(old: pd.DataFrame, new: pd.DataFrame) -> tuple[IntArray, BoolArray]:
    """Row of each old facility in the new table, -1 for none; and whether it moved.

    First the same id at nearly the same place; then the same kind nearby under a name alike, or
    under none; last the same id and name elsewhere: that one moved.
    """
    partner = np.full(len(old), -1, dtype=np.int64)
    free = np.ones(len(new), dtype=np.bool_)
    places = old["place"].to_numpy(), new["place"].to_numpy()
    by_id = pd.MultiIndex.from_frame(new[["facility_id", "kind"]])
    same = by_id.get_indexer(pd.MultiIndex.from_frame(old[["facility_id", "kind"]]))
    known = np.flatnonzero(same >= 0)
    near = known[shapely.distance(places[0][known], places[1][same[known]]) <= _SAME_PLACE_M]
    partner[near] = same[near]
    free[same[near]] = False
    names = [frame["name"].astype(str).to_numpy() for frame in (old, new)]
    kinds = [frame["kind"].astype(str).to_numpy() for frame in (old, new)]
    for one, other in _list_near(places[0], places[1], np.flatnonzero(partner < 0), free):
        if partner[one] >= 0 or not free[other] or kinds[0][one] != kinds[1][other]:
            continue
        if _are_alike(names[0][one], names[1][other]):
            partner[one] = other
            free[other] = False
    moved = np.zeros(len(old), dtype=np.bool_)
    for row in known:
        if partner[row] < 0 and free[same[row]] and names[0][row] == names[1][same[row]] != "":
            partner[row] = same[row]
            free[same[row]], moved[row] = False, True
    return partner, moved


def _list_near(
    old: np.ndarray[Any, Any], new: np.ndarray[Any, Any], left: IntArray, free: BoolArray
) -> list[tuple[int, int]]:
    """Pairs of places left over that lie near each other, the nearest first."""
    rows = np.flatnonzero(free)
    if not len(left) or not len(rows):
        return []
    tree = shapely.STRtree(new[rows])
    one, other = tree.query(old[left], predicate="dwithin", distance=_SAME_PLACE_M)
    one, other = left[one], rows[other]
    order = np.lexsort((other, one, shapely.distance(old[one], new[other])))
    return [(int(one[at]), int(other[at])) for at in order]


def _are_alike(one: str, other: str) -> bool:
    return not one or not other or are_names_alike(one, other)


def _list_changed(old: pd.DataFrame, new: pd.DataFrame, partner: IntArray) -> IntArray:
    """Old rows whose partner differs in some column."""
    rows = np.flatnonzero(partner >= 0)
    columns = list(_COLUMNS)
    one = old[columns].iloc[rows].astype("float64").to_numpy()
    other = new[columns].iloc[partner[rows]].astype("float64").to_numpy()
    differs = ~((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=1)
    changed: IntArray = rows[differs]
    return changed


def _record(row: pd.Series, evidence: Evidence, column: str = "") -> _Change:
    inclusive = float("nan") if pd.isna(row["inclusive"]) else float(row["inclusive"])
    sizes = tuple(float(row[size]) for size in _SIZES)
    return _Change(str(row["kind"]), row["place"], evidence, column, inclusive, sizes)


def _say_come(row: pd.Series, years: tuple[int, int]) -> Evidence:
    name, opened = _name(row), float(row["opening_year"])
    if years[0] <= opened <= years[1]:
        text = Text(f"{name.zh}于{opened:.0f}年投用", f"{name.en} opened in {opened:.0f}")
        return Evidence("world", "opened", text, gain=True)
    if np.isnan(opened):
        since = Text("数据新收录，投用年份未知", "newly listed, year of opening unknown")
    elif opened < years[0]:
        since = Text(
            f"{opened:.0f}年已投用，此前未收录", f"open since {opened:.0f}, not listed before"
        )
    else:
        since = Text(
            f"数据新收录，计划{opened:.0f}年投用", f"newly listed, to open in {opened:.0f}"
        )
    text = Text(f"{name.zh}：{since.zh}", f"{name.en}: {since.en}")
    return Evidence("data", "listed", text, gain=True)


def _say_gone(row: pd.Series) -> Evidence:
    name = _name(row)
    text = Text(
        f"{name.zh}不再出现在数据中（是否关闭，数据没有说明）",
        f"{name.en} is no longer in the data (which do not say whether it closed)",
    )
    return Evidence("data", "unlisted", text, gain=False)


def _say_moved(before: pd.Series, after: pd.Series) -> Evidence:
    name, away_m = _name(after), shapely.distance(before["place"], after["place"])
    text = Text(
        f"{name.zh}的位置移动{away_m:,.0f}米（数据没有说明是否搬迁）",
        f"{name.en} lies {away_m:,.0f} m away from before (the data do not say whether it moved)",
    )
    return Evidence("data", "moved", text)


def _say_changed(before: pd.Series, after: pd.Series) -> list[tuple[str, Evidence]]:
    name = _name(after)
    found = []
    for column, title in _COLUMNS.items():
        one, other = before[column], after[column]
        blank = pd.isna(one), pd.isna(other)
        if all(blank) or (not any(blank) and one == other):
            continue
        why: Why = "world" if column in _OF_THE_DAY and not any(blank) else "data"
        code = "blank_now" if blank[1] else "filled_in" if blank[0] else "attribute"
        old, new = _write(one), _write(other)
        text = Text(
            f"{name.zh}{title.zh}：{old.zh}→{new.zh}", f"{name.en}, {title.en}: {old.en} → {new.en}"
        )
        gain = None if any(blank) else bool(other > one)
        found.append((column, Evidence(why, code, text, gain)))
    return found


def _list_sizes(rule: Described) -> set[str]:
    """Columns of facilities a rule asks the size of."""
    parts = (rule, *rule.get("alternatives", ()))
    sizes = {minimum["size"] for part in parts for minimum in part.get("minimum", ())}
    return sizes | {rule.get("summed", "")}


def _write(value: Any) -> Text:
    if pd.isna(value):
        return Text("未知", "unknown")
    if isinstance(value, (bool, np.bool_)):
        return _YES_NO[bool(value)]
    return Text(f"{float(value):,.6g}", f"{float(value):,.6g}")


def _name(row: pd.Series) -> Text:
    name = str(row["name"]) or str(row["facility_id"])
    return Text(f"“{name}”", f"“{name}”")
