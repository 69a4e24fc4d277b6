"""Where a rule is judged: every community by itself, every district, or the whole city."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from geo.units import FloatArray, IntArray
from services.verdicts import Bounds

Level = Literal["community", "district", "city"]

UNNAMED = "未注明"
"""What an area is called whose communities do not name it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Areas a rule is judged in, `N` of them, each made up of communities, `C` in all.

    Parameters
    ----------
    level
        What they are.
    names
        What they are called, `N` of them.
    member
        Shape `(C,)`: area each community belongs to, -1 for none.
    communities
        Table of the communities; a column it lacks is unknown.
    located
        Shape `(F,)`: community each facility row lies in, -1 outside all.
    """

    level: Level
    names: tuple[str, ...]
    member: IntArray
    communities: pd.DataFrame
    located: IntArray
    sums: dict[str, Bounds] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def sum_column(self, name: str) -> Bounds:
        """Column of the communities table, added up; a blank counts as 0 or anything."""
        if name not in self.sums:
            value = get_column(self.communities, name)
            low = self.sum_members(np.nan_to_num(value))
            blank = self.sum_members(np.isnan(value).astype(np.float64))
            high = np.where(blank > 0, np.inf, low)
            self.sums[name] = Bounds(low, high)
        return self.sums[name]

    def sum_members(self, value: FloatArray) -> FloatArray:
        """Shape `(N,)`: values of communities, added up."""
        inside = self.member >= 0
        return np.bincount(self.member[inside], weights=value[inside], minlength=len(self)).astype(
            np.float64
        )

    def sum_facilities(self, rows: IntArray, value: FloatArray | None = None) -> FloatArray:
        """Shape `(N,)`: values of the facility rows inside, added up; their number without values."""
        place = self.located[rows]
        area = np.where(place >= 0, self.member[place], -1)
        inside = area >= 0
        weights = None if value is None else value[inside]
        return np.bincount(area[inside], weights=weights, minlength=len(self)).astype(np.float64)


def get_column(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return a column of numbers, all NaN where the table lacks it."""
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def build_communities(communities: pd.DataFrame, located: IntArray) -> Scope:
    """Every community by itself."""
    names = tuple(communities["community_id"].astype(str))
    return Scope("community", names, np.arange(len(names)), communities, located)


def build_districts(communities: pd.DataFrame, located: IntArray) -> Scope:
    """Districts by the name their communities state, in order of names; blanks belong to none."""
    blank = [""] * len(communities)
    district = communities["district"].fillna("").tolist() if "district" in communities else blank
    names = sorted({name for name in district if name})
    number = {name: index for index, name in enumerate(names)}
    member = np.array([number.get(name, -1) for name in district], dtype=np.int64)
    return Scope("district", tuple(names), member, communities, located)


def build_city(communities: pd.DataFrame, located: IntArray, name: str = "") -> Scope:
    """All communities as one."""
    member = np.zeros(len(communities), dtype=np.int64)
    return Scope("city", (name,), member, communities, located)
