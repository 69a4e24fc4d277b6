"""Shifted coordinates are measured against streets and reported, never moved."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.crs import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_wgs84,
    metric_crs,
    project,
    unproject,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.network import build_network
from layers.datum import check_datum, measure_shift
from layers.osm import read_osm
from layers.streets import build_streets

CRS = metric_crs(107.1, 34.3, 107.2, 34.4)
ORIGIN = project(np.array([[107.15, 34.35]]), CRS)[0]


@pytest.fixture(scope="module")
def network():
    """A crooked town: streets every 300 m or so, so that a shift cannot fit by a whole block."""
    rng = np.random.default_rng(7)
    steps = np.cumsum(rng.uniform(180, 420, 12))
    n = len(steps)
    x, y = np.meshgrid(steps, np.cumsum(rng.uniform(180, 420, 12)))
    ids = np.arange(n * n).reshape(n, n)
    paths = [*ids, *ids.T]
    return build_network(
        crs=CRS,
        node_xy=np.column_stack([x.ravel(), y.ravel()]) + ORIGIN,
        path_nodes=np.concatenate(paths),
        path_offsets=np.arange(2 * n + 1) * n,
        path_way=np.arange(2 * n),
        path_group=np.zeros(2 * n, dtype=np.int64),
        path_forward=np.ones(2 * n, dtype=np.bool_),
        path_backward=np.ones(2 * n, dtype=np.bool_),
    )


@pytest.fixture(scope="module")
def homes(network):
    """200 places 5 to 25 m beside a street."""
    rng = np.random.default_rng(3)
    edges = rng.integers(0, network.n_edges, 200)
    on_street = shapely.line_interpolate_point(
        network.edge_lines[edges], rng.uniform(0.2, 0.8, 200), normalized=True
    )
    xy = shapely.get_coordinates(on_street) + rng.uniform(5, 17, (200, 2))
    return unproject(xy, CRS)


def frame(lonlat):
    return gpd.GeoDataFrame(geometry=shapely.points(lonlat), crs=4326)


def moved(move, lonlat):
    return np.column_stack(move(lonlat[:, 0], lonlat[:, 1]))


def test_true_coordinates_pass(network, homes):
    shift = measure_shift(homes, network)
    assert (shift.best, shift.n_points) == ("", 200)
    assert shift.share_as_given > 0.95
    assert check_datum(frame(homes), network, layer="x") == []


@pytest.mark.parametrize(
    ("name", "move", "metres"),
    [
        ("gcj02", wgs84_to_gcj02, (400, 600)),
        ("bd09", wgs84_to_bd09, (700, 1500)),
        (
            "gcj02 less the bd09 offset",
            lambda x, y: bd09_to_gcj02(*wgs84_to_gcj02(x, y)),
            (200, 1200),
        ),
    ],
)
def test_shifts_are_recognised_and_measured(network, homes, name, move, metres):
    shifted = moved(move, homes)
    shift = measure_shift(shifted, network)
    assert shift.best == name
    assert shift.share_moved[name] > 0.9
    assert metres[0] < shift.shift_m[name] < metres[1]
    given = frame(shifted)
    (notice,) = check_datum(given, network, layer="schools.xlsx")
    assert (notice.severity, notice.code, notice.layer) == (
        "warning",
        "datum_looks_shifted",
        "schools.xlsx",
    )
    assert f"{shift.shift_m[name]:.0f} m" in notice.message
    assert "未作移动" in notice.message_zh
    assert np.array_equal(shapely.get_coordinates(given.geometry), shifted)


def test_the_advice_says_what_to_declare(network, homes):
    (notice,) = check_datum(frame(moved(wgs84_to_gcj02, homes)), network, layer="x")
    assert 'crs = "gcj02"' in notice.message


def test_too_few_points_say_nothing(network, homes):
    assert measure_shift(moved(wgs84_to_gcj02, homes[:8]), network).best == ""


def test_points_elsewhere_say_nothing(network):
    far = np.column_stack([np.linspace(100, 101, 50), np.linspace(30, 31, 50)])
    assert measure_shift(far, network).n_points == 0
    assert check_datum(frame(far), network, layer="x") == []
    assert check_datum(frame(far[:0]), network, layer="x") == []


def test_random_places_say_nothing(network):
    rng = np.random.default_rng(5)
    lonlat = unproject(ORIGIN + rng.uniform(500, 3000, (300, 2)), CRS)
    assert measure_shift(lonlat, network).best == ""


@pytest.mark.real
def test_nanjing_shops_in_gcj02(shared_data):
    extract = read_osm(shared_data / "osm" / "nanjing-xinjiekou-20210612.osm")
    streets, _ = build_streets(extract)
    points = extract.facilities[extract.facilities.geometry.geom_type == "Point"]
    lonlat = shapely.get_coordinates(np.asarray(points.geometry))
    as_is = measure_shift(lonlat, streets.network)
    assert as_is.best == ""
    shifted = measure_shift(moved(wgs84_to_gcj02, lonlat), streets.network)
    assert shifted.best == "gcj02"


@pytest.mark.parametrize(
    ("declared", "true", "to_declared", "from_true"),
    [
        ("gcj02", 'crs = "EPSG:4326"', gcj02_to_wgs84, None),
        ("gcj02", 'crs = "bd09"', gcj02_to_wgs84, wgs84_to_bd09),
        ("bd09", 'crs = "EPSG:4326"', bd09_to_wgs84, None),
        ("bd09", 'crs = "gcj02"', bd09_to_wgs84, wgs84_to_gcj02),
        ("EPSG:4326", 'crs = "gcj02"', None, wgs84_to_gcj02),
        ("EPSG:4490", 'crs = "bd09"', None, wgs84_to_bd09),
    ],
)
def test_a_wrong_declaration_is_named(network, homes, declared, true, to_declared, from_true):
    """Places written in one datum (`from_true`), read as another (`to_declared`)."""
    written = moved(from_true, homes) if from_true else homes
    read = moved(to_declared, written) if to_declared else written
    (notice,) = check_datum(frame(read), network, layer="x", declared=declared)
    assert (notice.severity, notice.code) == ("warning", "datum_looks_shifted")
    for text in (notice.message, notice.message_zh):
        assert declared in text
        assert true in text


@pytest.mark.parametrize("declared", [None, "gcj02", "bd09", "EPSG:4326", 4545])
def test_a_right_declaration_passes(network, homes, declared):
    assert check_datum(frame(homes), network, layer="x", declared=declared) == []
