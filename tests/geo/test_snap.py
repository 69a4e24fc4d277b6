"""Snapping: the nearest point on a street, both legs kept, nothing moved to a junction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadGeometry
from geo.network import build_network
from geo.snap import snap_entrances, snap_homes, snap_points


def cross(min_island_m=0.0):
    """Streets 0-1 (along x, 400 m), 2-3 (along y at x=400), and an island far to the north."""
    return build_network(
        crs="EPSG:32648",
        node_xy=np.array([[0, 0], [400, 0], [400, 300], [0, 900], [50, 900]], dtype=float),
        path_nodes=np.array([0, 1, 1, 2, 3, 4]),
        path_offsets=np.array([0, 2, 4, 6]),
        path_way=np.arange(3),
        path_group=np.arange(3),
        path_forward=np.ones(3, dtype=bool),
        path_backward=np.ones(3, dtype=bool),
        min_island_m=min_island_m,
    )


def test_middle_of_the_block_stays_there():
    """(130, 40): 130 m along street 0-1, 40 m beside it."""
    links = snap_points(cross(), np.array([[130.0, 40.0]]))
    assert links.offset_m.tolist() == [130.0]
    assert links.leg_m.tolist() == [40.0]
    assert links.snap_xy.tolist() == [[130.0, 0.0]]


def test_farther_than_the_longest_leg_is_unconnected():
    links = snap_points(cross(), np.array([[100.0, 150.0], [100.0, 150.5]]), max_leg_m=150.0)
    assert links.connected.tolist() == [True, False]
    assert links.leg_m[1] == np.inf
    assert links.snap_xy[1].tolist() == [100.0, 150.5]


def test_streets_of_islands_set_aside_attract_nobody():
    point = np.array([[25.0, 890.0]])
    assert snap_points(cross(), point).connected.tolist() == [True]
    assert snap_points(cross(min_island_m=100.0), point).connected.tolist() == [False]


def test_nearest_to_a_junction_lands_on_it_whichever_street_is_taken():
    network = cross()
    links = snap_points(network, np.array([[440.0, -30.0]]))
    assert links.snap_xy.tolist() == [[400.0, 0.0]]
    assert links.leg_m.tolist() == [50.0]
    assert links.edge[0] == 0
    assert links.offset_m[0] in (0.0, 400.0)


def test_no_points_no_links():
    assert len(snap_points(cross(), np.zeros((0, 2)))) == 0


def test_bad_coordinate_is_refused():
    with pytest.raises(BadGeometry, match="point 1"):
        snap_points(cross(), np.array([[0.0, 0.0], [np.inf, 0.0]]))


@given(st.lists(st.tuples(st.floats(-200, 700), st.floats(-200, 1100)), min_size=1, max_size=20))
def test_leg_is_the_distance_to_the_nearest_street(points):
    """Against a plain scan of all streets, each sampled by its own formula."""
    network = cross()
    xy = np.array(points)
    links = snap_points(network, xy, max_leg_m=150.0)
    segments = [((0, 0), (400, 0)), ((400, 0), (400, 300)), ((0, 900), (50, 900))]
    for point, leg in zip(xy, links.leg_m, strict=True):
        best = np.inf
        for one, other in segments:
            start, step = np.array(one, float), np.subtract(other, one).astype(float)
            along = np.clip((point - start) @ step / (step @ step), 0, 1)
            best = min(best, float(np.hypot(*(point - start - along * step))))
        if best < 149.99:
            assert leg == pytest.approx(best, abs=0.002)
        elif best > 150.01:
            assert leg == np.inf


def test_an_entrance_opens_to_the_street_its_drive_comes_from():
    """Street 0-1 public, drive 1-2 private. At (390, 20): 10 m to the drive, 20 m to the street.

    10 m more is within the forecourt of 30 m: the street it is. At (390, 90) the street is 80 m
    farther than the drive: only residents get there.
    """
    network = cross()
    private = network.edge_way == 1
    points = np.array([[390.0, 20.0], [390.0, 90.0]])
    links = snap_entrances(network, points, private)
    assert network.edge_way[links.edge].tolist() == [0, 1]
    assert links.leg_m.tolist() == [20.0, 10.0]
    assert links.snap_xy.tolist() == [[390.0, 0.0], [400.0, 90.0]]


def test_the_main_network_is_preferred_to_a_detached_piece_a_little_nearer():
    """Main street along y=0 (2000 m), a detached piece along y=80 (90 m: less than 5 % of it).

    From (500, 70): 10 m to the piece, 70 m to the main street, 60 m more: the main street. From
    (500, 71): 62 m more: the piece, as a place of its own.
    """
    network = build_network(
        crs="EPSG:32648",
        node_xy=np.array([[0, 0], [2000, 0], [460, 80], [550, 80]], dtype=float),
        path_nodes=np.array([0, 1, 2, 3]),
        path_offsets=np.array([0, 2, 4]),
        path_way=np.arange(2),
        path_group=np.arange(2),
        path_forward=np.ones(2, dtype=bool),
        path_backward=np.ones(2, dtype=bool),
        min_island_m=0.0,
    )
    assert network.edge_main[np.argsort(network.edge_way)].tolist() == [True, False]
    links = snap_homes(network, np.array([[500.0, 70.0], [500.0, 71.0]]))
    assert network.edge_way[links.edge].tolist() == [0, 1]
    assert links.leg_m.tolist() == [70.0, 9.0]
