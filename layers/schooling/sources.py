"""What a city brings about its schools to come: read with all other tables, settled on the city's own."""

from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.network import StreetNetwork
from layers.config import CityConfig, TableSource
from layers.datum import check_datum
from layers.extent import check_places
from layers.notices import Notice
from layers.parcels import read_parcels
from layers.schooling.catchments import read_catchments, settle_catchments
from layers.schooling.children import read_children, settle_children
from layers.schooling.housing import read_housing, settle_housing
from layers.schooling.model import LEVELS, SchoolSources

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class SchoolTables:
    """Tables about schools, of which catchments still wait for the facilities they belong to."""

    sources: SchoolSources
    catchments: gpd.GeoDataFrame | None


def read_school_tables(
    config: CityConfig,
    communities: gpd.GeoDataFrame,
    network: StreetNetwork,
    bounds: Bounds,
    *,
    day: date,
) -> tuple[SchoolTables, list[Notice]]:
    """Read the tables a city has of children, homes to come, catchments and earlier parcels.

    Parameters
    ----------
    communities
        As a city has them.
    network
        Streets, to see in which datum places stand.
    bounds
        West, south, east, north of the streets and what may be snapped to them, WGS 84.
    day
        Day it is looked at: the years looked at hang on it where the settings name none.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    children, notices = _read_children(config, communities, day)
    housing, found = _read_housing(config, communities, network, bounds, day)
    notices += found
    catchments, found = _read_catchments(config, network)
    notices += found
    earlier, found = _read_earlier(config, network)
    notices += found
    sources = SchoolSources(children=children, housing=housing, earlier_parcels=earlier)
    return SchoolTables(sources, catchments), notices


def settle_schooling(
    config: CityConfig, tables: SchoolTables, facilities: gpd.GeoDataFrame
) -> tuple[SchoolSources, list[Notice]]:
    """Find the schools catchments belong to, and say which schools have no places.

    Parameters
    ----------
    facilities
        All facilities of the city, merged.
    """
    notices = explain_missing_places(facilities) if config.facilities else []
    if config.catchments is None or tables.catchments is None:
        return tables.sources, notices
    catchments, found = settle_catchments(
        tables.catchments, facilities, layer=config.catchments.path.name
    )
    return replace(tables.sources, catchments=catchments), [*notices, *found]


def explain_missing_places(facilities: gpd.GeoDataFrame) -> list[Notice]:
    """One notice on schools whose places nobody stated: how many, and which column would tell.

    Parameters
    ----------
    facilities
        facility_id, kind, name, capacity, classes, and `places_<level>` where the tables have them.
    """
    schools = facilities[facilities["kind"].isin(LEVELS)]
    known = schools["capacity"].notna() | schools["classes"].notna()
    for level in LEVELS:
        if f"places_{level}" in schools.columns:
            known |= (schools["kind"] == level) & schools[f"places_{level}"].notna()
    silent = schools[~known].drop_duplicates("facility_id")
    if silent.empty:
        return []
    n_schools = schools["facility_id"].nunique()
    named = [str(name) for name in silent["name"] if name][:5]
    sample = f" ({'、'.join(named)}{'…' if len(silent) > len(named) else ''})" if named else ""
    codes = ", ".join(str(code) for code in silent["facility_id"][:20])
    return [
        Notice(
            "info",
            "missing_places",
            "facilities",
            f"{len(silent)} of {n_schools} kindergartens and schools state neither places nor classes"
            f"{sample}; their places stay unknown, add 学位数 (capacity) or 班级数 (classes) to the table "
            "of facilities",
            f"{n_schools} 所幼儿园和学校中有 {len(silent)} 所没有学位数也没有班级数{sample}；其学位按未知"
            "处理，请在设施表中补充“学位数”或“班级数”列",
            row=codes + (", …" if len(silent) > 20 else ""),
            column="capacity",
            expected="学位数, 班级数",
            count=len(silent),
        )
    ]


def _read_children(
    config: CityConfig, communities: gpd.GeoDataFrame, day: date
) -> tuple[pd.DataFrame | None, list[Notice]]:
    source = config.children
    if source is None:
        return None, []
    table, notices = read_children(source.path, encoding=source.encoding, limits=config.limits)
    years = config.schools.list_years(day)
    children, found = settle_children(
        table, communities, layer=source.path.name, years=(years[0], years[-1])
    )
    return children, notices + found


def _read_housing(
    config: CityConfig,
    communities: gpd.GeoDataFrame,
    network: StreetNetwork,
    bounds: Bounds,
    day: date,
) -> tuple[gpd.GeoDataFrame | None, list[Notice]]:
    source = config.housing
    if source is None:
        return None, []
    table, notices = read_housing(
        source.path, crs=source.crs, encoding=source.encoding, limits=config.limits
    )
    first_year = config.schools.get_first_year(day)
    placed = table[~table.geometry.isna().to_numpy()]
    if len(placed):
        notices += check_places(placed, bounds, layer=source.path.name, id_column="housing_id")
        notices += _check_datum(placed, source, network)
    housing, found = settle_housing(
        table, communities, layer=source.path.name, first_year=first_year
    )
    return housing, notices + found


def _read_catchments(
    config: CityConfig, network: StreetNetwork
) -> tuple[gpd.GeoDataFrame | None, list[Notice]]:
    source = config.catchments
    if source is None:
        return None, []
    table, notices = read_catchments(
        source.path, crs=source.crs, encoding=source.encoding, limits=config.limits
    )
    return table, notices + _check_datum(table, source, network)


def _read_earlier(
    config: CityConfig, network: StreetNetwork
) -> tuple[gpd.GeoDataFrame | None, list[Notice]]:
    source = config.earlier_parcels
    if source is None:
        return None, []
    table, notices = read_parcels(
        source.path, crs=source.crs, encoding=source.encoding, limits=config.limits
    )
    return table, notices + _check_datum(table, source, network)


def _check_datum(
    table: gpd.GeoDataFrame, source: TableSource, network: StreetNetwork
) -> list[Notice]:
    if not len(table) or not np.any(~table.geometry.isna().to_numpy()):
        return []
    return check_datum(table, network, layer=source.path.name, declared=source.crs)
