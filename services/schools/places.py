"""Schools of every level with their places and from when on they take children.

Facilities of the kinds that are levels, one row each; parcels that are counted on (reserved, granted,
under construction or open) as schools to come. What is not known for sure is told by `settled_by`:
such a school counts in the best case alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.units import BoolArray, FloatArray, IntArray
from layers.schooling.load import list_parts
from layers.schooling.model import LEVELS, LevelCode, Parameters
from services.coverage import locate_facilities
from services.schools.same_ground import CAPACITY, find_same, join_same, mark_doubles, rank_ready

COUNTED = ("reserved", "granted", "building", "open")
"""States of a parcel in which a school may be counted on."""
PARCEL = "parcel"
KIND = "facilities.kind"
_UNSPECIFIED = "school_unspecified"
_OF_SCHOOLS: tuple[LevelCode, ...] = ("primary_school", "junior_school", "senior_school")
_PLANNED = ("reserved", "granted")
"""States of a parcel on which nothing stands yet."""
_COLUMNS = (
    "school_id",
    "level",
    "name",
    "source",
    "parcel_id",
    "community_id",
    "inclusive",
    "opening_year",
    "places",
    "places_source",
    "settled_by",
    "opens",
    "earliest",
    "shown",
    "facility_row",
    "parcel_row",
)


def build_schools(
    facilities: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    parameters: Parameters,
    *,
    first_year: int,
    crs: str,
) -> gpd.GeoDataFrame:
    """Schools there are and will be, one row per school and level, by level and id.

    Parameters
    ----------
    facilities
        Columns of `layers.results.FACILITIES`; `places_<level>` where the table has them.
    parcels
        Columns of `layers.parcels.PARCEL_COLUMNS`, areas or points, WGS 84.
    first_year
        A parcel still to be built whose year of opening lies before it has an unknown one.
    crs
        Metric system.

    Returns
    -------
    schools
        The first columns of `layers.results.SCHOOLS` up to `places_source`, and: `settled_by` (what
        would settle places or opening, "" when both are known), `opens` (whether it takes children for
        sure, from `opening_year` on), `earliest` (before this year it takes none, NaN where it may at
        any time), `shown` (false where it is not known to teach the level: then it is counted in the
        best case, but not listed), `facility_row`, `parcel_row` (the parcel it comes and goes with, -1
        for none: a school standing where a parcel is still to be built stays without it), geometry (WGS
        84, point inside).
    """
    standing = _list_facilities(facilities, parameters)
    coming = rank_ready(_list_parcels(parcels, parameters, first_year))
    share = parameters.site.same_share.value
    coming = mark_doubles(coming, parcels, share=share, crs=crs)
    pairs = find_same(facilities, standing, parcels, coming, crs)
    standing, coming = join_same(standing, coming, pairs, first_year=first_year)
    schools = pd.concat([standing, coming], ignore_index=True)
    order = pd.Categorical(schools["level"], categories=LEVELS, ordered=True)
    schools = schools.assign(order=order.codes).sort_values(["order", "school_id"], kind="stable")
    schools = schools.reset_index(drop=True)
    shapes = _take_shapes(schools, facilities, parcels)
    placed = gpd.GeoDataFrame(schools, geometry=shapes, crs="EPSG:4326")
    community = locate_facilities(communities, placed)
    codes = communities["community_id"].to_numpy(dtype=object)
    named = np.where(community >= 0, codes[np.maximum(community, 0)] if len(codes) else "", "")
    placed["community_id"] = pd.Series(named, dtype="str")
    return gpd.GeoDataFrame(placed[[*_COLUMNS, "geometry"]])


def _list_facilities(facilities: gpd.GeoDataFrame, parameters: Parameters) -> pd.DataFrame:
    """Rows of listed schools per level; those of no stated level once for each they may teach."""
    frame = pd.DataFrame(facilities.drop(columns="geometry")).assign(
        facility_row=np.arange(len(facilities), dtype=np.int64)
    )
    levels = frame[frame["kind"].isin(LEVELS)].assign(shown=True)
    levels = levels.assign(level=levels["kind"])
    unsaid = frame[frame["kind"] == _UNSPECIFIED].assign(shown=False)
    guessed = [unsaid.assign(level=level) for level in _OF_SCHOOLS]
    schools = pd.concat([levels, *guessed], ignore_index=True)
    places, source = _count_places(schools, parameters)
    unknown = np.where(np.isnan(places), CAPACITY, "")
    return pd.DataFrame(
        {
            "school_id": schools["facility_id"].astype("str"),
            "level": schools["level"].astype("str"),
            "name": schools["name"].astype("str"),
            "source": schools["source"].astype("str"),
            "parcel_id": pd.Series("", index=schools.index, dtype="str"),
            "inclusive": schools["inclusive"].astype("boolean"),
            "opening_year": schools["opening_year"].astype("float64"),
            "places": np.where(schools["shown"], places, np.nan),
            "places_source": pd.Series(np.where(schools["shown"], source, ""), dtype="str"),
            "settled_by": pd.Series(np.where(schools["shown"], unknown, KIND), dtype="str"),
            "opens": schools["shown"].astype("bool"),
            "earliest": np.full(len(schools), np.nan),
            "shown": schools["shown"].astype("bool"),
            "facility_row": schools["facility_row"].astype("int64"),
            "parcel_row": np.full(len(schools), -1, dtype=np.int64),
        }
    )


def _count_places(schools: pd.DataFrame, parameters: Parameters) -> tuple[FloatArray, np.ndarray]:
    """Places per row and where they come from: a column of the level's own, the total, the classes."""
    level = schools["level"].to_numpy(dtype=object)
    own = np.full(len(schools), np.nan)
    for code in LEVELS:
        column = f"places_{code}"
        if column in schools.columns:
            stated = schools[column].to_numpy(dtype=np.float64)
            own = np.where(level == code, stated, own)
    share = _share_of_level(schools, parameters)
    listed = _split(schools, "capacity", share)
    size = np.array([parameters.levels[code].class_size.value for code in level.tolist()])
    by_class = _split(schools, "classes", share) * size
    places = np.where(np.isnan(own), np.where(np.isnan(listed), by_class, listed), own)
    total = schools["capacity"].to_numpy(dtype=np.float64)
    source = np.select(
        [
            ~np.isnan(own),
            ~np.isnan(listed) & (listed == total),
            ~np.isnan(listed),
            ~np.isnan(places),
        ],
        ["listed", "listed", "split", "classes"],
        "",
    )
    return places, source


def _share_of_level(schools: pd.DataFrame, parameters: Parameters) -> FloatArray:
    """Part of a school's classes that is the row's level: 1 where it teaches no other."""
    taught = schools.groupby("facility_id", sort=False)["level"].agg(frozenset)
    combined = {frozenset(parts): parts for parts in parameters.combined.values()}
    shares = {}
    for levels in set(taught):
        if levels in combined:
            shares[levels] = {code: part.value for code, part in combined[levels].items()}
        else:
            years = {code: float(parameters.levels[code].years) for code in levels}
            shares[levels] = {code: part / sum(years.values()) for code, part in years.items()}
    of_row = schools["facility_id"].map(taught)
    return np.array(
        [shares[levels][code] for levels, code in zip(of_row, schools["level"], strict=True)],
        dtype=np.float64,
    )


def _split(schools: pd.DataFrame, column: str, share: FloatArray) -> FloatArray:
    """A total over all levels, split; a school's own number per level as it is.

    One number on every row of a school is its total; different ones are each level's own.
    """
    number = schools[column].to_numpy(dtype=np.float64)
    variety = schools.groupby("facility_id", sort=False)[column].transform("nunique")
    return np.where(variety.to_numpy() > 1, number, number * share)


def _list_parcels(
    parcels: gpd.GeoDataFrame, parameters: Parameters, first_year: int
) -> pd.DataFrame:
    """Schools to come: a row per parcel that may be counted on and level it would teach."""
    rows = []
    for at, one in enumerate(parcels.drop(columns="geometry").to_dict("records")):
        if one["status"] not in (*COUNTED, ""):
            continue
        parts = list_parts(str(one["level"]), parameters)
        sure_level = bool(parts)
        for level in parts or _OF_SCHOOLS:
            share = parts.get(level, np.nan)
            places = one["planned_classes"] * share * parameters.levels[level].class_size.value
            unknown = _list_unknown(one, sure_level=sure_level, first_year=first_year)
            opens = not {"parcels.opening_year", "parcels.status", "parcels.level"} & set(unknown)
            rows.append(
                {
                    "school_id": f"{PARCEL}:{one['parcel_id']}",
                    "level": level,
                    "name": str(one["plan"] or ""),
                    "source": PARCEL,
                    "parcel_id": str(one["parcel_id"]),
                    "opening_year": np.nan
                    if "parcels.opening_year" in unknown
                    else one["opening_year"],
                    "places": places,
                    "places_source": "" if np.isnan(places) else "planned",
                    "settled_by": ",".join(unknown),
                    "opens": opens,
                    "earliest": _find_earliest(str(one["status"]), unknown, first_year),
                    "status": str(one["status"]),
                    "shown": sure_level and one["status"] != "",
                    "facility_row": -1,
                    "parcel_row": at,
                }
            )
    types = {
        **dict.fromkeys(("school_id", "level", "name", "source", "parcel_id"), "str"),
        **dict.fromkeys(("places_source", "settled_by", "status"), "str"),
        **dict.fromkeys(("opening_year", "places", "earliest"), "float64"),
        **dict.fromkeys(("opens", "shown"), "bool"),
        **dict.fromkeys(("facility_row", "parcel_row"), "int64"),
    }
    frame = pd.DataFrame(rows, columns=list(types)).astype(types)
    return frame.assign(inclusive=pd.array([pd.NA] * len(frame), dtype="boolean"))


def _find_earliest(status: str, unknown: Sequence[str], first_year: int) -> float:
    """First year a school of unknown opening may be there: nothing stands on reserved land today."""
    late = status in _PLANNED and "parcels.opening_year" in unknown
    return first_year + 1.0 if late else np.nan


def _list_unknown(parcel: Mapping[str, Any], *, sure_level: bool, first_year: int) -> list[str]:
    """Columns that would settle whether and when a parcel gives how many places.

    A school still to be built cannot have opened: such a year of opening says nothing.
    """
    year, classes = parcel["opening_year"], parcel["planned_classes"]
    opened = parcel["status"] == "open"
    late = not opened and not pd.isna(year) and year < first_year
    return [
        column
        for column, missing in (
            ("parcels.status", parcel["status"] == ""),
            ("parcels.level", not sure_level),
            ("parcels.opening_year", not opened and (pd.isna(year) or late)),
            ("parcels.planned_classes", pd.isna(classes)),
        )
        if missing
    ]


def _take_shapes(
    schools: pd.DataFrame, facilities: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame
) -> np.ndarray:
    """A point inside each school, WGS 84."""
    points = np.full(len(schools), None, dtype=object)
    for frame, column in ((parcels, "parcel_row"), (facilities, "facility_row")):
        rows = schools[column].to_numpy()
        of_frame = rows >= 0
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        points[of_frame] = shapely.point_on_surface(shapes[rows[of_frame]])
    return points


def list_open(schools: pd.DataFrame, years: IntArray) -> tuple[BoolArray, BoolArray]:
    """Schools that take children in each year: for sure, and in the best case; shape `(Y, T)` each."""
    opening = schools["opening_year"].to_numpy(dtype=np.float64)
    earliest = schools["earliest"].to_numpy(dtype=np.float64)
    begun = ~(opening > years[:, None]) & ~(earliest > years[:, None])
    opens = schools["opens"].to_numpy(dtype=np.bool_)
    return begun & opens, begun


def has_listed(schools: gpd.GeoDataFrame) -> bool:
    """Whether any of some schools is listed or mapped as of its level: with none, nobody knows of them."""
    return bool((schools["shown"] & (schools["facility_row"] >= 0)).any())
