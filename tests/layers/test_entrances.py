"""Where facilities are entered. A school of 100 × 100 m; a street 30 m south of it."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import Point, box

from geo.network import build_network
from layers.entrances import build_entrances
from layers.osm import read_osm
from layers.streets import build_streets

CRS = "EPSG:32648"
X, Y = 500_000.0, 3_800_000.0
CAMPUS = box(X, Y, X + 100, Y + 100)


def network(*lines: list[tuple[float, float]]):
    xy = np.array([(X + x, Y + y) for line in lines for x, y in line], dtype=np.float64)
    count = [len(line) for line in lines]
    both = np.ones(len(lines), dtype=np.bool_)
    return build_network(
        crs=CRS,
        node_xy=xy,
        path_nodes=np.arange(len(xy)),
        path_offsets=np.concatenate([[0], np.cumsum(count)]),
        path_way=np.arange(len(lines)),
        path_group=np.arange(len(lines)),
        path_forward=both,
        path_backward=both,
        min_island_m=10,
    )


SOUTH = [(-500.0, -30.0), (600.0, -30.0)]


def places(*rows: tuple[str, str, shapely.Geometry]) -> gpd.GeoDataFrame:
    ids, kinds, shapes = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame({"facility_id": ids, "kind": kinds}, geometry=list(shapes), crs=CRS)
    return frame.to_crs("EPSG:4326")


def doors(*rows: tuple[str, str, bool, float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "node_id": [row[0] for row in rows],
            "type": [row[1] for row in rows],
            "value": ["yes" for _ in rows],
            "passable": np.array([row[2] for row in rows], dtype=bool),
        },
        geometry=gpd.points_from_xy([X + row[3] for row in rows], [Y + row[4] for row in rows]),
        crs=CRS,
    ).to_crs("EPSG:4326")


def found(frame: gpd.GeoDataFrame) -> list[tuple[str, str, int, int]]:
    local = frame.to_crs(CRS).geometry
    return [
        (source, node, round(point.x - X), round(point.y - Y))
        for source, node, point in zip(frame["source"], frame["node"], local, strict=True)
    ]


def test_a_point_is_its_own_way_in() -> None:
    ways_in = build_entrances(places(("n7", "pharmacy", Point(X, Y))), doors(), network(SOUTH))
    assert found(ways_in) == [("point", "n7", 0, 0)]
    assert ways_in["entrance_id"].tolist() == ["n7/1"]
    assert ways_in.crs == "EPSG:4326"


def test_gates_on_or_near_the_ring_come_first() -> None:
    """Two passable gates, one closed, one far inside, one 20 m off."""
    ways_in = build_entrances(
        places(("w1", "primary_school", CAMPUS)),
        doors(
            ("n1", "gate", True, 50, 0),
            ("n2", "gate", True, 103, 50),
            ("n3", "gate", False, 0, 50),
            ("n4", "entrance", True, 50, 50),
            ("n5", "gate", True, 50, 120),
        ),
        network(SOUTH, [(50.0, -30.0), (50.0, 50.0)]),
    )
    assert found(ways_in) == [("gate", "n1", 50, 0), ("gate", "n2", 103, 50)]


def test_a_neighbours_door_counts_only_without_a_better_one() -> None:
    school = places(("w1", "primary_school", CAMPUS))
    both = doors(("n1", "entrance", True, 50, 0), ("n2", "entrance", True, 103, 50))
    assert found(build_entrances(school, both, network(SOUTH))) == [("entrance", "n1", 50, 0)]
    off = doors(("n2", "entrance", True, 103, 50))
    assert found(build_entrances(school, off, network(SOUTH))) == [("entrance", "n2", 103, 50)]


def test_without_gates_where_streets_touch() -> None:
    ways_in = build_entrances(
        places(("w1", "primary_school", CAMPUS)),
        doors(),
        network(SOUTH, [(50.0, -30.0), (50.0, 50.0)], [(-40.0, 80.0), (140.0, 80.0)]),
    )
    assert found(ways_in) == [("street", "", 0, 80), ("street", "", 50, 0), ("street", "", 100, 80)]


def test_a_street_along_the_ring_is_entered_at_its_ends() -> None:
    ways_in = build_entrances(
        places(("w1", "primary_school", CAMPUS)), doors(), network([(-50.0, 0.0), (150.0, 0.0)])
    )
    assert ways_in["source"].tolist() == ["street", "street"]
    assert (ways_in.to_crs(CRS).geometry.x - X).tolist() == pytest.approx([0, 100], abs=0.6)


def test_a_private_drive_touches_only_where_nothing_else_does() -> None:
    school = places(("w1", "primary_school", CAMPUS))
    streets = network(SOUTH, [(50.0, -30.0), (50.0, 50.0)], [(-40.0, 80.0), (40.0, 80.0)])
    drive = np.array([round(line.coords[0][1] - Y) == 80 for line in streets.edge_lines])
    assert found(build_entrances(school, doors(), streets, edge_private=drive)) == [
        ("street", "", 50, 0)
    ]
    alone = network(SOUTH, [(-40.0, 80.0), (40.0, 80.0)])
    drive = np.array([round(line.coords[0][1] - Y) == 80 for line in alone.edge_lines])
    assert found(build_entrances(school, doors(), alone, edge_private=drive)) == [
        ("street", "", 0, 80)
    ]


def test_else_the_nearest_point_of_the_ring() -> None:
    [(source, _, _, y)] = found(
        build_entrances(places(("w1", "hospital", CAMPUS)), doors(), network(SOUTH))
    )
    assert (source, y) == ("ring", 0)


def test_streets_of_islands_do_not_count() -> None:
    streets = network(SOUTH, [(50.0, 50.0), (50.0, 105.0)])
    assert streets.n_edges == 2
    aside = build_network(
        crs=CRS,
        node_xy=np.array(
            [[X - 500, Y - 30], [X + 600, Y - 30], [X + 50, Y + 50], [X + 50, Y + 105]]
        ),
        path_nodes=np.array([0, 1, 2, 3]),
        path_offsets=np.array([0, 2, 4]),
        path_way=np.array([0, 1]),
        path_group=np.array([0, 1]),
        path_forward=np.array([True, True]),
        path_backward=np.array([True, True]),
        min_island_m=100,
    )
    [(source, *_)] = found(build_entrances(places(("w1", "hospital", CAMPUS)), doors(), aside))
    assert source == "ring"


def test_a_park_is_entered_wherever_a_street_touches_it_gate_or_not() -> None:
    ways_in = build_entrances(
        places(("w1", "park", CAMPUS)),
        doors(("n1", "gate", True, 0, 50)),
        network(SOUTH, [(50.0, -30.0), (50.0, 50.0)]),
    )
    assert found(ways_in) == [("gate", "n1", 0, 50), ("street", "", 50, 0)]


def test_kinds_of_one_facility_share_their_ways_in() -> None:
    ways_in = build_entrances(
        places(
            ("w1", "culture", CAMPUS), ("w1", "government", CAMPUS), ("n2", "bank", Point(X, Y))
        ),
        doors(),
        network(SOUTH),
    )
    assert ways_in["facility_id"].tolist() == ["w1", "n2"]
    assert ways_in["entrance_id"].is_unique


def test_no_facility_at_all() -> None:
    empty = places(("w1", "park", CAMPUS)).iloc[:0]
    ways_in = build_entrances(empty, doors(), network(SOUTH))
    assert ways_in.empty
    assert list(ways_in.columns) == ["entrance_id", "facility_id", "source", "node", "geometry"]


def test_the_order_of_rows_changes_nothing_but_the_order() -> None:
    rows = [
        ("w1", "park", CAMPUS),
        ("n2", "bank", Point(X, Y)),
        ("w3", "clinic", box(X + 200, Y, X + 220, Y + 20)),
    ]
    streets = network(SOUTH, [(50.0, -30.0), (50.0, 50.0)])
    one = build_entrances(places(*rows), doors(), streets).sort_values("entrance_id")
    two = build_entrances(places(*rows[::-1]), doors(), streets).sort_values("entrance_id")
    assert one["entrance_id"].tolist() == two["entrance_id"].tolist()
    assert one.geometry.to_wkt().tolist() == two.geometry.to_wkt().tolist()


@pytest.mark.real
def test_las_palmas(shared_data) -> None:
    extract = read_osm(shared_data / "osm" / "las-palmas-20230221.osm.pbf")
    streets, _ = build_streets(extract)
    ways_in = build_entrances(
        extract.facilities, extract.entrances, streets.network, edge_private=streets.edge_private
    )
    assert set(ways_in["facility_id"]) == set(extract.facilities["facility_id"])
    sources = ways_in["source"].value_counts()
    assert sources["street"] > 1_000
    assert "centroid" not in sources
    assert ways_in["entrance_id"].is_unique
