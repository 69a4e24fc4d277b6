"""A `SchoolCity` of a city just read, and the walks of one read back from its run."""

from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np

from layers.city import City
from layers.parcels import PARCEL_COLUMNS
from layers.schooling.load import read_parameters
from layers.standards.model import TRAVELLERS
from layers.store import Run
from services.schools.model import SchoolCity, build_school_city
from services.walks import Walks, group_entrances, point_xy, tie_points


def gather_school_city(city: City, walks: Walks, *, day: date) -> SchoolCity:
    """Tie the children and schools of a city just read to its streets.

    Parameters
    ----------
    walks
        As the city was measured with.
    day
        Day of the run: its year is the first one looked at, unless the city names another.

    Raises
    ------
    InvalidConfig
        The horizon lies before the first year, or too far after it.
    """
    settings, schools = city.config.settings, city.config.schools
    return build_school_city(
        walks,
        city.communities,
        name=city.config.name,
        parcels=city.parcels,
        sources=city.schooling,
        parameters=read_parameters(),
        years=np.array(schools.list_years(day), dtype=np.int64),
        speeds_m_s={who: settings.speed_m_s(who) for who in TRAVELLERS},
        max_leg_m=settings.max_leg_m,
        per_thousand=schools.per_thousand,
        persons_per_household=schools.persons_per_household,
    )


def describe_inputs(city: City, *, day: date) -> dict[str, Any]:
    """What a manifest keeps for `reopen_school_city`, ready for JSON."""
    settings, schools = city.config.settings, city.config.schools
    return {
        "years": list(schools.list_years(day)),
        "per_thousand": dict(schools.per_thousand),
        "persons_per_household": schools.persons_per_household,
        "speeds_m_s": {who: settings.speed_m_s(who) for who in TRAVELLERS},
        "max_leg_m": settings.max_leg_m,
        "brought": [
            one.name
            for one in fields(city.schooling)
            if getattr(city.schooling, one.name) is not None
        ],
        "parcels": city.parcels is not None,
    }


def reopen_school_city(run: Run) -> SchoolCity:
    """The children and schools of a run, tied to its streets as when it was measured.

    Raises
    ------
    KeyError
        The manifest lacks a part every run has.
    """
    told = run.manifest["schools"]
    return build_school_city(
        reopen_walks(run),
        run.communities,
        name=run.manifest["name"],
        parcels=run.parcels[[*PARCEL_COLUMNS, "geometry"]],
        sources=run.schooling,
        parameters=run.parameters,
        years=np.array(told["years"], dtype=np.int64),
        speeds_m_s=told["speeds_m_s"],
        max_leg_m=told["max_leg_m"],
        per_thousand=told["per_thousand"],
        persons_per_household=told["persons_per_household"],
    )


def reopen_walks(run: Run) -> Walks:
    """Homes and facilities of a run, on the streets they were tied to when it was measured."""
    demand = run.demand.sort_values("demand_id", kind="stable").reset_index(drop=True)
    facilities = run.facilities.sort_values(["facility_id", "kind"], kind="stable")
    facilities = facilities.reset_index(drop=True)
    entrances = run.entrances.sort_values(["facility_id", "entrance_id"], kind="stable")
    entrances = entrances.reset_index(drop=True)
    start, rows = group_entrances(entrances, facilities)
    crs = run.network.crs
    demand_xy, entrance_xy = point_xy(demand, crs), point_xy(entrances, crs)
    return Walks(
        network=run.network,
        demand=demand,
        demand_xy=demand_xy,
        demand_links=tie_points(
            run.network, demand_xy, demand["street_id"].to_numpy(dtype=np.int32)
        ),
        facilities=facilities,
        entrances=entrances,
        entrance_xy=entrance_xy,
        entrance_links=tie_points(
            run.network, entrance_xy, entrances["street_id"].to_numpy(dtype=np.int32)
        ),
        entrance_start=start,
        entrance_rows=rows,
    )
