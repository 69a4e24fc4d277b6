"""Parcels drawn in metres around one place, and a straight street to reach them by."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import metric_crs, project, unproject
from geo.network import build_network
from layers.schooling.ground import Ground
from layers.schooling.load import read_parameters
from services.schools.parcels.examine import examine_parcels
from services.schools.parcels.model import Surroundings

CRS = metric_crs(107.1, 34.3, 107.2, 34.4)
ORIGIN = project(np.array([[107.15, 34.35]]), CRS)[0]


def to_degrees(shape):
    """A shape in metres around the origin, in degrees."""
    return shapely.transform(shape, lambda xy: unproject(xy + ORIGIN, CRS))


def build_parcels(*rows):
    """Rows of a shape in metres and whatever differs from a free kindergarten of 12 classes."""
    usual = {
        "level": "kindergarten",
        "area_m2": np.nan,
        "planned_classes": 12.0,
        "status": "reserved",
        "opening_year": np.nan,
        "plan": "",
        "plan_date": "",
    }
    records = [
        {"parcel_id": f"P{at}", **usual, **changes} for at, (_, changes) in enumerate(rows, 1)
    ]
    for record, (shape, _) in zip(records, rows, strict=True):
        if np.isnan(record["area_m2"]) and shape.area > 0:
            record["area_m2"] = shape.area
    columns = ["parcel_id", *usual]
    frame = pd.DataFrame(records, columns=columns)
    numbers = ("area_m2", "planned_classes", "opening_year")
    frame = frame.astype({name: "float64" if name in numbers else "str" for name in columns})
    shapes = np.array([to_degrees(shape) for shape, _ in rows], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=4326)


def build_ground(covers=(), hazards=(), present=("building", "road", "water", "hazard.railway")):
    """Covers as (id, cover, shape), hazards as (id, hazard, name, shape); shapes in metres."""
    cover = gpd.GeoDataFrame(
        {
            "object_id": pd.array([one[0] for one in covers], dtype="str"),
            "name": pd.array([""] * len(covers), dtype="str"),
            "cover": pd.array([one[1] for one in covers], dtype="str"),
        },
        geometry=np.array([to_degrees(one[2]) for one in covers], dtype=object),
        crs=4326,
    )
    hazard = gpd.GeoDataFrame(
        {
            "object_id": pd.array([one[0] for one in hazards], dtype="str"),
            "hazard": pd.array([one[1] for one in hazards], dtype="str"),
            "name": pd.array([one[2] for one in hazards], dtype="str"),
        },
        geometry=np.array([to_degrees(one[3]) for one in hazards], dtype=object),
        crs=4326,
    )
    return Ground(cover, hazard, frozenset(present))


def build_street(*stops_m):
    """A street along y = -10 m through these metres east."""
    xy = np.array([[x, -10.0] for x in stops_m]) + ORIGIN
    n = len(stops_m)
    return build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.arange(n),
        path_offsets=np.array([0, n]),
        path_way=np.array([0]),
        path_group=np.array([0]),
        path_forward=np.array([True]),
        path_backward=np.array([True]),
        min_island_m=0.0,
    )


@pytest.fixture(scope="session")
def drawn():
    """What parcels are drawn with, in metres around one place."""
    return SimpleNamespace(
        crs=CRS,
        to_degrees=to_degrees,
        parcels=build_parcels,
        ground=build_ground,
        street=build_street,
    )


@pytest.fixture(scope="session")
def parameters():
    return read_parameters()


@pytest.fixture
def examine(parameters):
    """Examine parcels; `found("P1", "area")` gives one finding."""

    def run(parcels, **facts):
        examination = examine_parcels(parcels, Surroundings(parameters, **facts))

        def found(parcel_id, finding):
            table = examination.findings
            rows = table[(table["parcel_id"] == parcel_id) & (table["finding"] == finding)]
            assert len(rows) == 1
            return rows.iloc[0]

        found.all = examination
        return found

    return run
