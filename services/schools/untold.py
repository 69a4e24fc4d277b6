"""Levels of whose children nothing is known anywhere: the same tables, told without solving anything.

Nobody can be placed of whom nothing is known. Schools, their places and where they take children are
told; every number of children is unknown, with what would settle it.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers.results import CATCHMENTS, SCHOOL_YEARS, SCHOOLS, SHORTAGES, shape_table
from layers.schooling.model import LEVELS, LevelCode
from services.schools.catchments import ASSIGNED
from services.schools.model import SchoolCity
from services.schools.places import has_listed, list_open
from services.schools.sentences import say_shortage_unknown
from services.schools.settlers import join_causes
from services.schools.tally import add_groups
from services.schools.years import Scope, YearResults, list_scopes

_CHILDREN = "children"
_OF_CHILDREN = (
    "children", "placed", "out_of_reach", "left", "left_possible", "free", "walk_mean_m", "walk_p90_m",
)  # fmt: skip
_OF_SCHOOLS = ("demand", "placed", "free_places", "walk_mean_m", "walk_p90_m", "full_from")
_OF_SHORTAGES = ("peak_year", "peak_children", "needed_places", "needed_classes", "needed_area_m2")


def find_told(city: SchoolCity) -> tuple[LevelCode, ...]:
    """Levels of which some children, or that there are none, are known of a community in some year."""
    inside = city.home_community >= 0
    return tuple(
        level
        for level in LEVELS
        if (city.unsettled[level] == "").any() or np.isfinite(city.children[level][inside]).any()
    )


def tell_untold(city: SchoolCity, levels: Sequence[LevelCode]) -> YearResults:
    """Tell levels of whose children nothing is known, in the rows of `services.schools.years.measure_years`.

    Parameters
    ----------
    levels
        One or more of those `find_told` leaves out.
    """
    parts = [_Level(city, level) for level in levels]
    shortages = _join([one.tell_shortages() for one in parts], "shortages")
    return YearResults(
        school_years=_join([one.tell_years() for one in parts], "school_years"),
        schools=_place([one.list_schools() for one in parts], "schools"),
        shortages=shortages.sort_values(
            ["community_id", "level"], kind="stable", ignore_index=True
        ),
        catchments=_place([one.tell_catchments() for one in parts], "catchments"),
    )


def _join(parts: Sequence[pd.DataFrame], table: str) -> pd.DataFrame:
    return shape_table(pd.concat(parts, ignore_index=True), table)


def _place(parts: Sequence[gpd.GeoDataFrame], table: str) -> gpd.GeoDataFrame:
    shapes = np.concatenate([np.asarray(one.geometry.to_numpy(), dtype=object) for one in parts])
    plain = _join([pd.DataFrame(one.drop(columns="geometry")) for one in parts], table)
    return gpd.GeoDataFrame(plain, geometry=shapes, crs="EPSG:4326")


class _Level:
    """One level nobody is known of: `Y` years, `T` schools, of areas `A` in all."""

    def __init__(self, city: SchoolCity, level: LevelCode) -> None:
        self.city, self.level = city, level
        self.schools = city.schools.iloc[city.list_schools(level)].reset_index(drop=True)
        self.shown: BoolArray = self.schools["shown"].to_numpy(dtype=np.bool_)
        self.none_listed = not has_listed(self.schools)
        self.opened: BoolArray = list_open(self.schools, city.years)[0] & self.shown
        self.places: FloatArray = self.schools["places"].to_numpy(dtype=np.float64)
        codes = pd.Index(city.communities["community_id"])
        self.community: IntArray = codes.get_indexer(pd.Index(self.schools["community_id"]))

    def tell_years(self) -> pd.DataFrame:
        """Rows of `SCHOOL_YEARS`, year by year: communities, districts, the city, schools."""
        parts = [*map(self.tell_areas, list_scopes(self.city)), self.tell_schools()]
        return pd.concat(parts, ignore_index=True).sort_values("year", kind="stable")

    def tell_areas(self, scope: Scope) -> pd.DataFrame:
        """Rows of `SCHOOL_YEARS` of the areas of a scope, year by year."""
        n, years = len(scope.ids), self.city.years
        inside = np.where(self.community >= 0, scope.area[self.community], -1)
        places = np.stack(
            [add_groups(np.where(one, inside, -1), self.places, n) for one in self.opened]
        )
        if self.none_listed:
            places = np.full(places.shape, np.nan)
        return self._tabulate(
            np.repeat(years, n),
            scope.scope,
            [np.tile(text, len(years)) for text in (scope.ids, scope.names, scope.districts)],
            places.reshape(-1),
            self._settle(scope).reshape(-1),
        )

    def tell_schools(self) -> pd.DataFrame:
        """Rows of `SCHOOL_YEARS` of the schools open for sure, year by year."""
        at, school = np.nonzero(self.opened)
        district = self.city.communities["district"].to_numpy(dtype=object)
        of_school = np.full(len(self.schools), "", dtype=object)
        inside = self.community >= 0
        of_school[inside] = district[self.community[inside]]
        wanted = _name_causes(self.city.unsettled[self.level])
        own = self.schools["settled_by"].to_numpy(dtype=object)
        settled = np.array([join_causes([wanted, one]) for one in own], dtype=object)
        texts = [self.schools[name].to_numpy(dtype=object) for name in ("school_id", "name")]
        return self._tabulate(
            self.city.years[at],
            "school",
            [text[school] for text in (*texts, of_school)],
            self.places[school],
            settled[school],
        )

    def list_schools(self) -> gpd.GeoDataFrame:
        """Rows of `SCHOOLS`."""
        told = self.schools[self.shown].assign(**dict.fromkeys(_OF_SCHOOLS, np.nan))
        return gpd.GeoDataFrame(told[[*SCHOOLS, "geometry"]])

    def tell_shortages(self) -> pd.DataFrame:
        """Rows of `SHORTAGES`: every community, unknown."""
        ids = self.city.communities["community_id"].to_numpy(dtype=object)
        stated = self.city.parameters.levels[self.level]
        begins = int(self.city.years[0])
        unsettled = self.city.unsettled[self.level]
        wanted = [_name_causes(unsettled[place]) for place in range(len(ids))]
        texts = {
            one: say_shortage_unknown(stated, begins, None, one.split(",")) for one in set(wanted)
        }
        return pd.DataFrame(
            {
                "community_id": ids,
                "level": self.level,
                "status": "unknown",
                "begins": float(begins),
                "ends": np.nan,
                **dict.fromkeys(_OF_SHORTAGES, np.nan),
                "reserved_in_reach": "",
                "land_missing": False,
                "candidates": "",
                "source_status": stated.limit.source.status,
                "reason": [texts[one].zh for one in wanted],
                "reason_en": [texts[one].en for one in wanted],
            },
            columns=list(SHORTAGES),
        )

    def tell_catchments(self) -> gpd.GeoDataFrame:
        """Rows of `CATCHMENTS`: those the city assigned, from the first year on."""
        drawn = self.city.catchments
        ids = self.schools["school_id"][self.shown]
        if drawn is None:
            here = gpd.GeoDataFrame({"facility_id": []}, geometry=gpd.GeoSeries([], crs=4326))
        else:
            wanted = drawn["level"].isin(["", self.level]) & drawn["facility_id"].isin(ids)
            here = drawn[wanted].dissolve("facility_id", sort=True).reset_index()
        told = {
            "school_id": here["facility_id"].astype("str"),
            "level": pd.Series(self.level, index=here.index, dtype="str"),
            "year": np.full(len(here), int(self.city.years[0]), dtype=np.int64),
            "source": pd.Series(ASSIGNED, index=here.index, dtype="str"),
            "children": np.full(len(here), np.nan),
        }
        return gpd.GeoDataFrame(
            pd.DataFrame(told, columns=list(CATCHMENTS)),
            geometry=here.geometry.to_numpy(),
            crs=4326,
        )

    def _settle(self, scope: Scope) -> NDArray[np.object_]:
        """What would settle the children of each area, shape `(Y, A)`."""
        unsettled = self.city.unsettled[self.level]
        settled = np.full((len(self.city.years), len(scope.ids)), _CHILDREN, dtype=object)
        for area in np.unique(scope.area[scope.area >= 0]).tolist():
            members = unsettled[scope.area == area]
            settled[:, area] = [_name_causes(members[:, at]) for at in range(members.shape[1])]
        return settled

    def _tabulate(
        self,
        years: IntArray,
        scope: str,
        texts: Sequence[NDArray[np.object_]],
        places: FloatArray,
        settled: NDArray[np.object_],
    ) -> pd.DataFrame:
        n = len(years)
        ids, names, districts = texts
        table = {
            "level": np.full(n, self.level, dtype=object),
            "year": years,
            "scope": np.full(n, scope, dtype=object),
            "area_id": ids,
            "name": names,
            "district": districts,
            **{name: np.full(n, np.nan) for name in _OF_CHILDREN},
            "places": places,
            "status": np.full(n, "unknown", dtype=object),
            "settled_by": settled,
        }
        return pd.DataFrame({name: table[name] for name in SCHOOL_YEARS})


def _name_causes(causes: NDArray[np.object_]) -> str:
    return join_causes(set(causes.reshape(-1).tolist())) or _CHILDREN
