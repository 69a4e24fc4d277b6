"""Where walks may start: kept streets that may have homes, inner points of buildings."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.crs import metric_crs, project, unproject
from geo.network import build_network
from layers.communities import build_cells
from layers.demand import build_demand
from layers.starts import list_starts, sample_streets

CRS = metric_crs(107.1, 34.3, 107.2, 34.4)
ORIGIN = project(np.array([[107.15, 34.35]]), CRS)[0]


@pytest.fixture(scope="module")
def network():
    """A street of 2000 m, a bridge of 1000 m that goes on from it, and an islet of 100 m far north."""
    xy = np.array([[0, 0], [2000, 0], [3000, 0], [0, 4000], [100, 4000]], dtype=np.float64) + ORIGIN
    return build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.array([0, 1, 1, 2, 3, 4]),
        path_offsets=np.array([0, 2, 4, 6]),
        path_way=np.array([0, 1, 2]),
        path_group=np.array([0, 1, 2]),
        path_forward=np.ones(3, dtype=np.bool_),
        path_backward=np.ones(3, dtype=np.bool_),
    )


@pytest.fixture(scope="module")
def edge_homes(network):
    return network.edge_way != 1


def test_places_stand_for_all_the_street_and_nothing_else(network, edge_homes):
    found = sample_streets(network, edge_homes, 30.0)
    assert set(network.edge_way[found.edge]) == {0}
    assert found.weight_m.sum() == pytest.approx(2000, abs=0.1)
    assert found.weight_m.max() <= 30
    x, y = (project(found.lonlat, CRS) - ORIGIN).T
    assert np.allclose(y, 0, atol=1e-3)
    assert np.allclose(np.diff(np.sort(x)), found.weight_m[0], atol=1e-2)


def test_only_pieces_near_the_areas_asked_for(network):
    area = np.array([shapely.box(2400, -10, 2500, 10)], dtype=object)
    within = shapely.transform(area, lambda xy: xy + ORIGIN)
    assert set(network.edge_way[sample_streets(network, None, 50.0, within=within).edge]) == {1}


def test_every_analysis_cell_has_a_start_and_none_stands_on_islands_or_bridges(network, edge_homes):
    def lonlat(shape):
        return shapely.transform(shape, lambda xy: unproject(xy + ORIGIN, CRS))

    homes = gpd.GeoDataFrame(
        {"building_id": ["w1", "w2"], "levels": [1.0, 1.0], "name": ["", ""]},
        geometry=[lonlat(shapely.box(0, 9000, 20, 9020)), lonlat(shapely.box(6000, 0, 6020, 20))],
        crs=4326,
    )
    starts = list_starts(homes, None, network, edge_homes=edge_homes)
    cells = build_cells(starts, 500.0, CRS)
    demand = build_demand(
        cells, buildings=homes, residential=None, network=network, edge_homes=edge_homes
    )
    assert set(demand.points["community_id"]) == set(cells["community_id"])
    tree = shapely.STRtree(cells.geometry.to_numpy())
    assert len(tree.query(lonlat(shapely.Point(50, 4000)), predicate="intersects")) == 0
    assert len(tree.query(lonlat(shapely.Point(2700, 0)), predicate="intersects")) <= 1
    assert len(tree.query(lonlat(shapely.Point(10, 9010)), predicate="intersects")) == 1
    assert "demand_unknown" not in {notice.code for notice in demand.notices}
