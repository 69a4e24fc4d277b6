"""One straight street with homes, schools and parcels on it, in metres from its western end.

    town = Street(2000)
    town.community("A", 0, 1000, households=100)
    town.home("h1", 100, 100)
    town.school("s1", "primary_school", 300, capacity=40)
    town.parcel("p1", "primary_school", 700, classes=1, opening_year=2027)
    town.children("A", "primary_school", 2026, 60)
    city = town.build(2026, 2027)

Homes and schools stand on the street, so walks are differences; parcels are 20 m squares beside it.
"""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import metric_crs, project, unproject
from geo.network import build_network
from layers.schooling.load import read_parameters
from layers.schooling.model import SchoolSources
from services.schools.model import build_school_city
from services.walks import build_walks

ORIGIN = (107.15, 34.35)
CRS = metric_crs(*ORIGIN, *ORIGIN)
_X0, _Y0 = project(np.array([ORIGIN]), CRS)[0]
NAN = float("nan")


def degrees(shape):
    return shapely.transform(shape, lambda xy: unproject(xy + np.array([_X0, _Y0]), CRS))


def frame(rows, columns, shapes):
    table = pd.DataFrame(rows, columns=list(columns))
    for name, kind in columns.items():
        table[name] = table[name].astype(kind)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))


TEXT, NUMBER = "str", "float64"


@dataclass
class Street:
    """A town on one street; every method adds something to it."""

    length: float = 3000.0
    communities: list = field(default_factory=list)
    homes: list = field(default_factory=list)
    schools: list = field(default_factory=list)
    parcels: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    coming: list = field(default_factory=list)
    areas: list = field(default_factory=list)

    def community(self, code, west, east, households=NAN, population=NAN, district="东区"):
        box = degrees(shapely.box(west, -50, east, 50))
        self.communities.append((code, f"{code}社区", district, "", households, population, box))

    def home(self, code, x, households=1.0, community="A", off=0):
        place = degrees(shapely.Point(x, off))
        self.homes.append((code, community, "", households, households, "table", place))

    def school(self, code, kind, x, **facts):
        told = {
            "facility_id": code, "kind": kind, "name": f"{code}学校", "source": "schools.csv",
            "capacity": NAN, "classes": NAN, "opening_year": NAN, "inclusive": pd.NA, **facts,
        }  # fmt: skip
        self.schools.append((told, self.at(x)))

    def parcel(self, code, level, x, classes=NAN, status="reserved", opening_year=NAN, area=NAN):
        square = degrees(shapely.box(x - 10, 1, x + 10, 21))
        self.parcels.append((code, level, area, classes, status, opening_year, "", "", square))

    def children(self, community, level, year, number=NAN, *, age=NAN, per=NAN, district=""):
        self.rows.append((community, district, level, age, year, number, per))

    def housing(self, code, x, households, year, community=""):
        place = None if x is None else self.at(x)
        self.coming.append((code, "", community, households, year, place))

    def catchment(self, school, level, west, east):
        self.areas.append((school, "", level, degrees(shapely.box(west, -50, east, 50))))

    def at(self, x):
        return degrees(shapely.Point(x, 0))

    def sources(self):
        columns = ("community_id", "district", "level", "age", "year", "children", "per_thousand")
        children = pd.DataFrame(self.rows, columns=list(columns))
        for name in columns:
            children[name] = children[name].astype(TEXT if name in columns[:3] else NUMBER)
        housing = frame(
            [row[:-1] for row in self.coming],
            {"housing_id": TEXT, "name": TEXT, "community_id": TEXT, "households": NUMBER, "year": NUMBER},
            [row[-1] for row in self.coming],
        )  # fmt: skip
        catchments = frame(
            [row[:-1] for row in self.areas],
            {"facility_id": TEXT, "name": TEXT, "level": TEXT},
            [row[-1] for row in self.areas],
        )
        return SchoolSources(
            children=children if self.rows else None,
            housing=housing if self.coming else None,
            catchments=catchments if self.areas else None,
        )

    def list_communities(self):
        return frame(
            [row[:-1] for row in self.communities],
            {"community_id": TEXT, "name": TEXT, "district": TEXT, "subdistrict": TEXT, "households": NUMBER, "population": NUMBER},
            [row[-1] for row in self.communities],
        )  # fmt: skip

    def list_parcels(self):
        return frame(
            [row[:-1] for row in self.parcels],
            {"parcel_id": TEXT, "level": TEXT, "area_m2": NUMBER, "planned_classes": NUMBER, "status": TEXT, "opening_year": NUMBER, "plan": TEXT, "plan_date": TEXT},
            [row[-1] for row in self.parcels],
        )  # fmt: skip

    def walks(self):
        network = build_network(
            crs=CRS,
            node_xy=np.array([[_X0, _Y0], [_X0 + self.length, _Y0]]),
            path_nodes=np.array([0, 1]),
            path_offsets=np.array([0, 2]),
            path_way=np.array([0]),
            path_group=np.array([0]),
            path_forward=np.array([True]),
            path_backward=np.array([True]),
            min_island_m=0.0,
        )
        demand = frame(
            [row[:-1] for row in self.homes],
            {"demand_id": TEXT, "community_id": TEXT, "name": TEXT, "households": NUMBER, "weight": NUMBER, "source": TEXT},
            [row[-1] for row in self.homes],
        )  # fmt: skip
        names = ["facility_id", "kind", "name", "source"]
        facts = pd.DataFrame([told for told, _ in self.schools])
        places = gpd.GeoSeries([place for _, place in self.schools], crs="EPSG:4326")
        facilities = gpd.GeoDataFrame(
            facts.astype({**dict.fromkeys(names, TEXT), "inclusive": "boolean"})
            if len(facts)
            else pd.DataFrame(
                {
                    **{name: pd.Series(dtype=TEXT) for name in names},
                    **{
                        one: pd.Series(dtype=NUMBER)
                        for one in ("capacity", "classes", "opening_year")
                    },
                    "inclusive": pd.Series(dtype="boolean"),
                }
            ),
            geometry=places,
        )
        entrances = facilities.drop_duplicates("facility_id")
        entrances = entrances.assign(entrance_id=entrances["facility_id"] + "/1", source="point")
        entrances = entrances[["entrance_id", "facility_id", "source", "geometry"]]
        return build_walks(network, demand, facilities, entrances, max_leg_m=150.0)

    def build(self, first_year=2026, horizon=None, **settings):
        return build_school_city(
            self.walks(),
            self.list_communities(),
            name="直街市",
            parcels=self.list_parcels(),
            sources=self.sources(),
            parameters=read_parameters(),
            years=np.arange(first_year, (horizon or first_year) + 1),
            speeds_m_s={"child": 1.0, "adult": 1.2, "older": 0.8},
            max_leg_m=150.0,
            **settings,
        )


@pytest.fixture(scope="session")
def street():
    """A new, empty street; call it with its length for more of them."""
    return Street
