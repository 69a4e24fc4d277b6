"""Schools and parcels that are the same school, or the same ground: each is counted once."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.units import IntArray
from services.schools.settlers import split_causes
from services.schools.ways_in import project_shapes

CAPACITY = "facilities.capacity"
_CLASSES, _GROUND = "parcels.planned_classes", "parcels.geometry"
_SAME_M = 10.0
"""A listed school this near to a parcel stands on it: both are drawn by different hands."""
_NAMED_M = -1.0
"""Nearer than any: the school's id is the parcel's."""
_READY = ("open", "building", "granted", "reserved", "")
_CHANGED = (
    "parcel_id",
    "parcel_row",
    "places",
    "places_source",
    "settled_by",
    "opens",
    "opening_year",
    "earliest",
)


def rank_ready(coming: pd.DataFrame) -> pd.DataFrame:
    """Schools to come, those nearest to being built first, then those most is known of.

    Parameters
    ----------
    coming
        Rows of `services.schools.places`, one per parcel and level, with the parcel's `status`.
    """
    ready = coming["status"].map({status: at for at, status in enumerate(_READY)})
    unknown = coming["settled_by"].map(lambda one: len(split_causes([one])))
    order = np.lexsort(
        (coming["parcel_row"], coming["opening_year"].fillna(np.inf), unknown, ready)
    )
    return coming.iloc[order].reset_index(drop=True)


def mark_doubles(
    coming: pd.DataFrame, parcels: gpd.GeoDataFrame, *, share: float, crs: str
) -> pd.DataFrame:
    """Schools to come, with those in doubt whose ground another one of their level has.

    The first of them counts; the others do in the best case alone, until the boundaries are right.

    Parameters
    ----------
    coming
        As `rank_ready` gives them.
    share
        Least part of either ground that lies in the other.
    crs
        Metric system.
    """
    rows = np.unique(coming["parcel_row"].to_numpy(dtype=np.int64))
    shapes = project_shapes(parcels, crs)[rows]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one != other], other[one != other]
    area = shapely.area(shapes)
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    same = (shared > 0) & (shared >= share * np.maximum(area[one], area[other]))
    twins = set(zip(rows[one[same]].tolist(), rows[other[same]].tolist(), strict=True))
    counted: dict[str, list[int]] = {}
    double = np.zeros(len(coming), dtype=np.bool_)
    pairs = zip(coming["level"], coming["parcel_row"], strict=True)
    for at, (level, row) in enumerate(pairs if twins else ()):
        before = counted.setdefault(str(level), [])
        double[at] = any((row, first) in twins for first in before)
        if not double[at]:
            before.append(int(row))
    settled = [
        ",".join([*filter(None, [text]), _GROUND]) if twice else text
        for text, twice in zip(coming["settled_by"], double, strict=True)
    ]
    return coming.assign(
        settled_by=pd.Series(settled, index=coming.index, dtype="str"),
        opens=coming["opens"] & ~double,
    )


def find_same(
    facilities: gpd.GeoDataFrame,
    standing: pd.DataFrame,
    parcels: gpd.GeoDataFrame,
    coming: pd.DataFrame,
    crs: str,
) -> IntArray:
    """Pairs (row of `standing`, row of `coming`) of the same school, shape `(P, 2)`.

    Same level, same ground. A school belongs to one parcel: that of its own id, else the one it stands
    in, else the nearest; of several equally near the first in the order of `coming`.
    """
    if standing.empty or coming.empty:
        return np.zeros((0, 2), dtype=np.int64)
    shown = np.flatnonzero(standing["shown"].to_numpy())
    grounds = project_shapes(parcels, crs)[coming["parcel_row"].to_numpy()]
    inside = shapely.point_on_surface(
        project_shapes(facilities, crs)[standing["facility_row"].to_numpy()[shown]]
    )
    ground, place = shapely.STRtree(inside).query(grounds, predicate="dwithin", distance=_SAME_M)
    near = pd.DataFrame(
        {
            "standing": shown[place],
            "coming": ground,
            "metres": shapely.distance(grounds[ground], inside[place]),
        }
    )
    named = coming.reset_index(names="coming")[["coming", "parcel_id", "level"]].merge(
        standing.iloc[shown].reset_index(names="standing")[["standing", "school_id", "level"]],
        left_on=["parcel_id", "level"],
        right_on=["school_id", "level"],
    )
    pairs = pd.concat([near, named[["standing", "coming"]].assign(metres=_NAMED_M)])
    school, parcel = pairs["standing"].to_numpy(), pairs["coming"].to_numpy()
    level = standing["level"].to_numpy()[school] == coming["level"].to_numpy()[parcel]
    pairs = pairs.assign(
        school=standing["school_id"].to_numpy()[school], row=coming["parcel_row"].to_numpy()[parcel]
    )[level]
    pairs = pairs.sort_values(["metres", "coming"], kind="stable")
    own = pairs.groupby("school")["row"].transform("first")
    pairs = pairs[pairs["row"] == own].drop_duplicates(["standing", "coming"])
    return np.asarray(pairs[["standing", "coming"]].to_numpy(dtype=np.int64))


def join_same(
    standing: pd.DataFrame, coming: pd.DataFrame, pairs: IntArray, *, first_year: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Listed schools and the parcels they stand on, counted once.

    On an open parcel the listed school stays, with the places that were planned where it states none.
    Where a parcel is still to be built, a school that states neither places nor a year of opening that
    has passed is the school to come. One that stands keeps its places; the parcel adds what was planned
    beyond them. How planned places are shared by several schools, nobody knows.

    Parameters
    ----------
    standing, coming
        Rows of `services.schools.places`.
    pairs
        As `find_same` gives them.
    """
    joined = _Joined(standing, coming, first_year)
    for at in np.unique(pairs[:, 1]).tolist():
        joined.join(at, pairs[pairs[:, 1] == at, 0].tolist())
    return joined.tell()


class _Joined:
    """Columns of listed schools and parcels while they are joined."""

    def __init__(self, standing: pd.DataFrame, coming: pd.DataFrame, first_year: int) -> None:
        self.standing, self.coming, self.first_year = standing, coming, first_year
        self.school = {name: standing[name].to_list() for name in _CHANGED}
        self.parcel = {name: coming[name].to_list() for name in _CHANGED}
        self.kept = np.ones(len(coming), dtype=np.bool_)

    def tell(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Both tables."""
        tables = []
        for table, told in ((self.standing, self.school), (self.coming, self.parcel)):
            columns = {
                name: pd.Series(values, index=table.index, dtype=table[name].dtype)
                for name, values in told.items()
            }
            tables.append(table.assign(**columns))
        return tables[0], tables[1][self.kept]

    def join(self, at: int, rows: Sequence[int]) -> None:
        """Join the parcel of a row of `coming` and its schools."""
        status = self.coming["status"].iloc[at]
        for row in rows:
            self.school["parcel_id"][row] = self.parcel["parcel_id"][at]
        unplaced = [row for row in rows if np.isnan(self.school["places"][row])]
        waiting = [row for row in unplaced if not self._has_opened(row)]
        if status == "open":
            self._take(at, rows)
            if len(rows) == 1 and unplaced:
                self._plan(at, rows[0])
        elif waiting:
            self._take(at, waiting)
            for row in waiting:
                self._await(at, row, alone=len(rows) == 1, built=status == "")
        else:
            self._extend(at, rows)

    def _has_opened(self, row: int) -> bool:
        return bool(self.school["opening_year"][row] <= self.first_year)

    def _take(self, at: int, rows: Sequence[int]) -> None:
        """The schools are what is, or will be, on the parcel."""
        for row in rows:
            self.school["parcel_row"][row] = self.parcel["parcel_row"][at]
        self.kept[at] = False

    def _plan(self, at: int, row: int) -> None:
        """The school has the places that were planned, where they are known."""
        if not np.isnan(self.parcel["places"][at]):
            self.school["places"][row] = self.parcel["places"][at]
            self.school["places_source"][row] = self.parcel["places_source"][at]
            self.school["settled_by"][row] = ""

    def _await(self, at: int, row: int, *, alone: bool, built: bool) -> None:
        """The school is the one to come; `built` where it may stand already."""
        unknown = split_causes([self.parcel["settled_by"][at]])
        if alone and not built:
            self._plan(at, row)
        else:
            unknown = (unknown - {_CLASSES}) | {CAPACITY}
        self.school["settled_by"][row] = ",".join(sorted(unknown))
        if built:
            return
        year = self.parcel["opening_year"][at]
        if np.isnan(year) and self.school["opening_year"][row] > self.first_year:
            unknown -= {"parcels.opening_year"}
            self.school["settled_by"][row] = ",".join(sorted(unknown))
            return
        for name in ("opening_year", "earliest", "opens"):
            self.school[name][row] = self.parcel[name][at]

    def _extend(self, at: int, rows: Sequence[int]) -> None:
        """The parcel adds what was planned beyond the places there are."""
        rest = self.parcel["places"][at] - sum(self.school["places"][row] for row in rows)
        unknown = split_causes([self.parcel["settled_by"][at]])
        if any(np.isnan(self.school["places"][row]) for row in rows):
            unknown |= {CAPACITY}
        if rest <= 0:
            unknown = set()
        self.parcel["places"][at] = float(np.maximum(rest, 0.0))
        self.parcel["places_source"][at] = "" if np.isnan(rest) else "planned"
        self.parcel["settled_by"][at] = ",".join(sorted(unknown))
