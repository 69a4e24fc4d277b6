"""Coordinate systems: published pairs, inverses, lengths against the ellipsoid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo.crs import (
    bd09_to_wgs84,
    gcj02_to_wgs84,
    is_metric,
    metric_crs,
    project,
    unproject,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.errors import BadGeometry

china = st.tuples(st.floats(73.6, 134.7), st.floats(18.2, 53.5))


@given(china)
def test_shifts_have_inverses(place):
    lon, lat = np.array([place[0]]), np.array([place[1]])
    for there, back in ((wgs84_to_gcj02, gcj02_to_wgs84), (wgs84_to_bd09, bd09_to_wgs84)):
        again_lon, again_lat = back(*there(lon, lat))
        assert abs(again_lon - lon) < 1e-8
        assert abs(again_lat - lat) < 1e-8


def test_shift_at_baoji_is_what_the_city_sees():
    """About 440 m to the east and 140 m to the south."""
    lon, lat = np.array([107.14]), np.array([34.37])
    east, north = wgs84_to_gcj02(lon, lat)
    crs = metric_crs(107, 34.3, 107.3, 34.4)
    moved = project(np.column_stack([east, north]), crs) - project(np.column_stack([lon, lat]), crs)
    assert moved[0] == pytest.approx([440, -140], abs=10)


def test_nothing_moves_outside_china():
    lon, lat = np.array([-15.43]), np.array([28.12])
    assert wgs84_to_gcj02(lon, lat) == (lon, lat)


@given(
    st.floats(-170, 170),
    st.floats(-60, 60),
    st.floats(0, 360),
    st.floats(100, 20_000),
)
def test_lengths_are_those_on_the_ellipsoid(lon, lat, azimuth, metres):
    """Within 1 in 50,000 for places up to 20 km from the centre (rounded by at most 0.05°)."""
    end_lon, end_lat, _ = Geod(ellps="WGS84").fwd(lon, lat, azimuth, metres)
    crs = metric_crs(lon, lat, lon, lat)
    xy = project(np.array([[lon, lat], [end_lon, end_lat]]), crs)
    assert np.hypot(*np.diff(xy, axis=0)[0]) == pytest.approx(metres, rel=2e-5)
    assert unproject(xy, crs)[0] == pytest.approx([lon, lat], abs=1e-9)


@pytest.mark.parametrize(
    "bounds", [(np.nan, 0, 1, 1), (500_000, 3_800_000, 510_000, 3_810_000), (34, 107, 35, 108)]
)
def test_extents_that_are_none_are_refused(bounds):
    with pytest.raises(BadGeometry, match="swapped"):
        metric_crs(*bounds)


def test_metric_systems():
    assert is_metric("EPSG:32648")
    assert is_metric("EPSG:4545")
    assert is_metric(metric_crs(107, 34, 107.2, 34.2))
    assert not is_metric("EPSG:4490")
    assert not is_metric("nonsense")
