"""A city: the frozen bundle of everything read and checked, ready to be measured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np

from geo.crs import metric_crs
from layers.communities import (
    build_cells,
    check_extent,
    check_margin,
    check_places,
    explain_missing_households,
    from_boundaries,
    read_communities,
)
from layers.config import CityConfig, TableSource
from layers.datum import check_datum
from layers.demand import DemandPoints, build_demand, fill_households, read_demand
from layers.entrances import build_entrances
from layers.errors import InvalidLayer
from layers.facilities import merge_facilities, read_facilities
from layers.kinds import Kinds, read_kinds
from layers.notices import Notice, has_errors
from layers.osm import OsmExtract, read_osm
from layers.parcel_checks import check_in_city
from layers.parcels import read_parcels
from layers.schooling.model import SchoolSources
from layers.schooling.sources import read_school_tables, settle_schooling
from layers.starts import list_starts
from layers.streets import Streets, build_streets
from layers.transit.build import build_transit
from layers.transit.model import Transit

Bounds = tuple[float, float, float, float]
Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """What is known about a study area, all tables in WGS 84.

    `demand` holds the starting points of walks and the yardsticks (residential buildings, cells of
    residential land) beside them; `transit` is None where there is no timetable; `schooling` holds what
    is known of children, homes to come, catchments and an earlier plan; `notices` holds everything the
    readers found.
    """

    config: CityConfig
    kinds: Kinds
    extract: OsmExtract
    streets: Streets
    communities: gpd.GeoDataFrame
    demand: DemandPoints
    facilities: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame | None
    transit: Transit | None
    notices: tuple[Notice, ...]
    schooling: SchoolSources = field(default_factory=SchoolSources)


def build_city(config: CityConfig, *, report: Report, today: date | None = None) -> City:
    """Read every source of a study area.

    All tables are read before anything is judged, so that one call lists every error there is.

    Parameters
    ----------
    today
        Day it is looked at; default: the current one.

    Raises
    ------
    InvalidLayer
        Some input holds errors; its notices list them with everything else that was found.
    UnreadableFile
        The OSM file cannot be read.
    """
    kinds = read_kinds()
    settings = config.settings
    day = today or datetime.now(tz=UTC).date()
    report("reading OSM", 0.0)
    extract = read_osm(
        config.osm, kinds=kinds, progress=lambda _, part: report("reading OSM", part)
    )
    notices = list(extract.notices)
    if has_errors(notices):
        raise InvalidLayer(notices)
    report("building streets", 0.0)
    crs = metric_crs(*extract.bounds)
    streets, found = build_streets(extract, crs=crs, min_island_m=settings.min_island_m)
    notices += found

    report("reading tables", 0.0)
    bounds = _widen(extract.bounds, settings.max_leg_m)
    communities, found = _read_communities(config, extract, streets)
    notices += found
    homes, found = _read_homes(config, streets, bounds)
    notices += found
    listed = []
    for source in config.facilities:
        frame, found = read_facilities(
            source.path,
            crs=source.crs,
            encoding=source.encoding,
            kinds=kinds,
            limits=config.limits,
        )
        notices += found
        notices += _check_points(frame, source, streets, bounds, "facility_id")
        listed.append(frame)
    parcels, found = _read_parcels(config, communities, streets, day)
    notices += found
    school_tables, found = read_school_tables(config, communities, streets.network, bounds, day=day)
    notices += found
    notices += _check_communities(config, communities, extract, streets)
    report("reading timetables", 0.0)
    transit, found = build_transit(config, extract, streets.network, max_leg_m=settings.max_leg_m)
    notices += found
    if has_errors(notices):
        raise InvalidLayer(notices)

    report("placing homes", 0.0)
    demand = build_demand(
        communities,
        table=homes,
        buildings=extract.buildings,
        residential=extract.residential,
        network=streets.network,
        edge_homes=streets.edge_homes,
        cell_m=settings.cell_m,
        street_step_m=settings.street_step_m,
    )
    notices += demand.notices
    communities, found = fill_households(communities, demand)
    notices += found
    if config.communities.path is not None:
        notices += explain_missing_households(communities, layer=config.communities.path.name)
    report("finding entrances", 0.0)
    facilities, found = merge_facilities(extract.facilities, listed)
    notices += found
    schooling, found = settle_schooling(config, school_tables, facilities)
    notices += found
    entrances = build_entrances(
        facilities,
        extract.entrances,
        streets.network,
        kinds=kinds,
        edge_private=streets.edge_private,
    )
    if has_errors(notices):
        raise InvalidLayer(notices)
    return City(
        config=config,
        kinds=kinds,
        extract=extract,
        streets=streets,
        communities=communities,
        demand=demand,
        facilities=facilities,
        entrances=entrances,
        parcels=parcels,
        transit=transit,
        notices=tuple(notices),
        schooling=schooling,
    )


def _read_communities(
    config: CityConfig, extract: OsmExtract, streets: Streets
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Communities from the user's table, from OSM boundaries, or analysis cells."""
    source = config.communities
    if source.path is not None:
        return read_communities(
            source.path, crs=source.crs, encoding=source.encoding, limits=config.limits
        )
    if source.osm_admin_level is not None:
        return from_boundaries(extract.boundaries, source.osm_admin_level)
    starts = list_starts(
        extract.buildings,
        extract.residential,
        streets.network,
        edge_homes=streets.edge_homes,
        street_step_m=config.settings.street_step_m,
    )
    return build_cells(starts, float(source.cells_m or 0.0), streets.network.crs), []


def _check_communities(
    config: CityConfig, communities: gpd.GeoDataFrame, extract: OsmExtract, streets: Streets
) -> list[Notice]:
    """Whether the streets reach far enough around the communities, and these lie where they say."""
    if not len(communities):
        return []
    source, limit_m = config.communities, config.settings.longest_walk_m
    if source.path is None:
        layer = extract.path.name
        return check_margin(communities, extract.bounds, limit_m, layer=layer, most_single=0)
    return [
        *check_extent(communities, extract.bounds, limit_m),
        *check_datum(communities, streets.network, layer=source.path.name, declared=source.crs),
    ]


def _widen(bounds: Bounds, margin_m: float) -> Bounds:
    """Bounds in degrees, `margin_m` larger on every side."""
    west, south, east, north = bounds
    high = margin_m / 111_000.0
    wide = high / np.cos(np.radians((south + north) / 2))
    return (west - wide, south - high, east + wide, north + high)


def _read_homes(
    config: CityConfig, streets: Streets, bounds: Bounds
) -> tuple[gpd.GeoDataFrame | None, list[Notice]]:
    source = config.demand
    if source is None:
        return None, []
    frame, notices = read_demand(
        source.path, crs=source.crs, encoding=source.encoding, limits=config.limits
    )
    return frame, notices + _check_points(frame, source, streets, bounds, "demand_id")


def _read_parcels(
    config: CityConfig, communities: gpd.GeoDataFrame, streets: Streets, day: date
) -> tuple[gpd.GeoDataFrame | None, list[Notice]]:
    source = config.parcels
    if source is None:
        return None, []
    frame, notices = read_parcels(
        source.path, crs=source.crs, encoding=source.encoding, limits=config.limits
    )
    if len(frame):
        name = source.path.name
        first_year = config.schools.get_first_year(day)
        notices += check_in_city(
            frame, communities, layer=name, first_year=first_year, this_year=day.year
        )
        notices += check_datum(frame, streets.network, layer=name, declared=source.crs)
    return frame, notices


def _check_points(
    frame: gpd.GeoDataFrame, source: TableSource, streets: Streets, bounds: Bounds, id_column: str
) -> list[Notice]:
    """Whether a table's places lie in the city, and in the datum they are said to be in."""
    if frame.empty:
        return []
    name = source.path.name
    return [
        *check_places(frame, bounds, layer=name, id_column=id_column),
        *check_datum(frame, streets.network, layer=name, declared=source.crs),
    ]
