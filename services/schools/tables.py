"""Everything a run says of schools, children and reserved land: the tables, measured once.

Children and schools are tied to the streets, placed year by year, and parcels examined against what that
tells. Levels of whose children nothing is known are told without solving anything; the map is read once
more only where there are parcels.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.city import City
from layers.notices import Notice
from layers.schooling.ground import read_ground
from layers.schooling.model import LEVELS, LevelCode
from services.progress import Report, no_progress
from services.schools.affected import compare_plans
from services.schools.gather import gather_school_city
from services.schools.model import SchoolCity
from services.schools.parcels.examine import examine_parcels
from services.schools.parcels.model import Examination, Surroundings
from services.schools.parcels.served import measure_services
from services.schools.placing import Placer
from services.schools.same_ground import CAPACITY
from services.schools.untold import find_told, tell_untold
from services.schools.years import YearResults, measure_years
from services.walks import Walks

STAGE = "placing children"
_PARTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Schooling:
    """Tables of schools and parcels by name (see `layers.results`), and what measuring found out."""

    tables: dict[str, pd.DataFrame]
    notices: tuple[Notice, ...]


def measure_schooling(
    city: City, walks: Walks, *, day: date, progress: Report = no_progress
) -> Schooling:
    """Measure places, shortages and parcels of a city just read.

    Parameters
    ----------
    walks
        As the city was measured with.
    day
        Day of the run.

    Returns
    -------
    schooling
        Tables `schools`, `school_years`, `shortages`, `catchments`; `parcels` and `parcel_findings`
        where the city brought parcels, and `parcel_changes` where it brought an earlier layer too.

    Raises
    ------
    InvalidConfig
        The horizon lies before the first year, or too far after it.
    """
    progress(STAGE, 0.0)
    schools = gather_school_city(city, walks, day=day)
    progress(STAGE, 1 / _PARTS)
    years = measure_levels(schools)
    tables: dict[str, pd.DataFrame] = {
        "schools": years.schools,
        "school_years": years.school_years,
        "shortages": years.shortages,
        "catchments": years.catchments,
    }
    if city.parcels is not None and len(city.parcels):
        progress(STAGE, 2 / _PARTS)
        examined = examine_city(city, schools)
        tables |= {"parcels": examined.parcels, "parcel_findings": examined.findings}
    earlier = city.schooling.earlier_parcels
    if city.parcels is not None and earlier is not None:
        progress(STAGE, 3 / _PARTS)
        tables["parcel_changes"] = compare_plans(
            schools, earlier, max_leg_m=city.config.settings.max_leg_m
        )
    return Schooling(tables, tuple(_note_places(city, years.schools)))


def measure_levels(city: SchoolCity) -> YearResults:
    """Measure the levels of which children are known, and tell of the others that they are not."""
    told = find_told(city)
    parts = []
    if told:
        parts.append(measure_years(city, _build_placers(city, told)))
    untold = [level for level in LEVELS if level not in told]
    if untold:
        parts.append(tell_untold(city, untold))
    if len(parts) == 1:
        return parts[0]
    return YearResults(
        school_years=_join([one.school_years for one in parts]),
        schools=gpd.GeoDataFrame(_join([one.schools for one in parts])),
        shortages=pd.concat([one.shortages for one in parts]).sort_values(
            ["community_id", "level"], kind="stable", ignore_index=True
        ),
        catchments=gpd.GeoDataFrame(_join([one.catchments for one in parts])),
    )


def _build_placers(city: SchoolCity, levels: tuple[LevelCode, ...]) -> Mapping[LevelCode, Placer]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(levels, pool.map(lambda level: Placer(city, level), levels), strict=True))


def _join(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """One table, level by level, the youngest first."""
    table = pd.concat(frames, ignore_index=True)
    rank = table["level"].map({level: at for at, level in enumerate(LEVELS)})
    return table.iloc[np.argsort(rank.to_numpy(dtype=np.int64), kind="stable")].reset_index(
        drop=True
    )


def examine_city(city: City, schools: SchoolCity) -> Examination:
    """Examine the parcels of a city against its children, streets, communities and map."""
    if city.parcels is None:
        raise ValueError("the city brought no parcels")
    hazards = schools.parameters.hazards
    with ThreadPoolExecutor(1) as pool:
        shapes = np.asarray(city.parcels.geometry.to_numpy(), dtype=object)
        ground = pool.submit(read_ground, city.config.osm, shapes, hazards)
        services = measure_services(schools, city.schooling.housing)
        around = Surroundings(
            parameters=schools.parameters,
            network=city.streets.network,
            street_open=city.streets.network.edge_kept & ~city.streets.edge_private,
            communities=city.communities,
            ground=ground.result(),
            services=services,
        )
    return examine_parcels(city.parcels, around)


def _note_places(city: City, schools: pd.DataFrame) -> list[Notice]:
    """Listed schools without places, where children are known: verdicts near them stay unknown."""
    standing = schools[(schools["source"] != "parcel")]
    unknown = int(standing["places"].isna().sum())
    if not unknown or (city.schooling.children is None and not city.config.schools.per_thousand):
        return []
    return [
        Notice(
            "info",
            "unknown_places",
            "facilities",
            f"{unknown} of {len(standing)} schools (counted once per level) state neither places nor "
            "classes, so whether places suffice around them cannot be told; fill column `capacity` "
            "(学位数) or `classes` of a facilities table",
            f"{len(standing)}所学校（按学段分别计）中有{unknown}所没有学位数和班级数，其周边学位是否够用"
            "无法判断；请在设施表填写“学位数”或“班级数”",
            column=CAPACITY.rpartition(".")[2],
            expected="places or classes",
            count=unknown,
        )
    ]
