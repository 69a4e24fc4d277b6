"""What an OSM file shows on and around parcels."""

import numpy as np
import pytest
import shapely

from geo.crs import metric_crs, project
from layers.schooling.ground import read_ground
from layers.schooling.load import read_parameters

HAZARDS = read_parameters().hazards
LON, LAT = 107.15, 34.35
M_LON, M_LAT = 1 / 92_000, 1 / 110_900
CRS = metric_crs(LON, LAT, LON, LAT)


def at(x_m, y_m):
    return (LON + x_m * M_LON, LAT + y_m * M_LAT)


def box(x_m, y_m, wide_m, high_m):
    return shapely.box(*at(x_m, y_m), *at(x_m + wide_m, y_m + high_m))


def square(first, x_m, y_m, side_m):
    corners = [(0, 0), (side_m, 0), (side_m, side_m), (0, side_m)]
    nodes = {first + k: at(x_m + dx, y_m + dy) for k, (dx, dy) in enumerate(corners)}
    return nodes, [*nodes, first]


@pytest.fixture
def town(osm_file):
    """A parcel at the origin; a house, a road, a pond on it; hazards here and far away."""
    house, house_ring = square(10, 10, 10, 20)
    far, far_ring = square(20, 5000, 0, 20)
    pond, pond_ring = square(30, 60, 60, 30)
    isle, isle_ring = square(40, 70, 70, 10)
    nodes = house | far | pond | isle
    nodes |= {1: at(0, 50), 2: at(100, 50), 3: at(-50, -100), 4: at(150, -100)}
    nodes |= {5: (*at(120, 50), {"amenity": "fuel", "name": "壳牌"})}
    ways = {
        1: (house_ring, {"building": "yes", "name": "老屋"}),
        2: (far_ring, {"building": "yes"}),
        3: ([1, 2], {"highway": "residential", "width": "8"}),
        4: ([1, 2], {"highway": "primary", "lanes": "4"}),
        5: ([1, 2], {"highway": "secondary", "tunnel": "yes"}),
        6: ([1, 2], {"highway": "service"}),
        7: ([3, 4], {"railway": "rail", "name": "陇海线"}),
        8: ([3, 4], {"railway": "rail", "tunnel": "yes"}),
        9: (pond_ring, {}),
        10: (isle_ring, {}),
        12: ([3, 4], {"power": "line"}),
        13: ([3, 4], {"power": "minor_line"}),
    }
    relations = {
        1: (
            [("way", 9, "outer"), ("way", 10, "inner")],
            {"type": "multipolygon", "natural": "water"},
        )
    }
    return osm_file(nodes, ways, relations)


@pytest.fixture
def ground(town):
    return read_ground(town, np.array([box(0, 0, 100, 100)], dtype=object), HAZARDS)


def measure_m2(ground, object_id):
    shapes = ground.covers.loc[ground.covers["object_id"] == object_id, "geometry"]
    return shapely.area(shapely.transform(np.asarray(shapes), lambda p: project(p, CRS))).sum()


def test_covers_near_the_parcel_are_kept_and_no_others(ground):
    covers = dict(zip(ground.covers["object_id"], ground.covers["cover"], strict=True))
    assert covers == {"w1": "building", "w3": "road", "w4": "road", "r1": "water"}


def test_roads_are_as_wide_as_stated_or_as_their_lanes(ground):
    assert measure_m2(ground, "w3") == pytest.approx(100 * 8, rel=0.01)
    assert measure_m2(ground, "w4") == pytest.approx(100 * 4 * 3.5, rel=0.01)


def test_an_island_is_no_water(ground):
    assert measure_m2(ground, "r1") == pytest.approx(30 * 30 - 10 * 10, rel=0.01)


def test_hazards_are_found_wherever_they_are_tunnels_and_small_lines_are_none(ground):
    hazards = dict(zip(ground.hazards["object_id"], ground.hazards["hazard"], strict=True))
    assert hazards == {"w7": "railway", "w12": "power_line", "n5": "fuel_station"}
    assert ground.hazards["name"].tolist() == ["壳牌", "", "陇海线"]


def test_what_the_file_holds_anywhere_is_told(ground):
    assert {"building", "road", "water", "hazard.railway"} <= ground.present
    assert "hazard.pipeline" not in ground.present


def test_nothing_asked_nothing_found(town, osm_file):
    assert read_ground(town, np.array([], dtype=object), HAZARDS).covers.empty
    empty = read_ground(osm_file(name="empty.osm"), np.array([box(0, 0, 9, 9)]), HAZARDS)
    assert empty.covers.empty
    assert empty.hazards.empty
    assert empty.present == frozenset()
