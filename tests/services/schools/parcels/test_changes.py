"""Two layers of parcels side by side: what happened to each, and what it cost."""

import numpy as np
import pytest
import shapely

from geo.crs import project
from layers.results import PARCEL_CHANGES
from services.schools.parcel_changes import CHANGES, compare_parcels


def box(x_m, y_m=0.0, wide_m=100.0, high_m=100.0):
    return shapely.box(x_m, y_m, x_m + wide_m, y_m + high_m)


@pytest.fixture
def compare(drawn, parameters):
    """Compare rows of (shape, changes); returns the table by (earlier id, later id)."""

    def run(earlier, later, **more):
        table = compare_parcels(drawn.parcels(*earlier), drawn.parcels(*later), parameters, **more)
        assert list(table.columns) == [*PARCEL_CHANGES, "geometry"]
        return table

    return run


def read(table):
    return {
        (row["earlier_id"], row["parcel_id"]): (row["change"], round(row["lost_m2"], -1))
        for row in table.to_dict("records")
    }


@pytest.mark.parametrize(
    ("later", "changes", "expected"),
    [
        (box(0), {}, ("same", 0)),
        (box(0.5), {}, ("same", 0)),  # drawn anew, half a metre off
        (box(0, wide_m=60), {}, ("shrunk", 4000)),
        (box(0, wide_m=150), {}, ("grown", 0)),
        (box(40), {}, ("moved", 4000)),  # 60 % of its ground, the size unchanged
        (box(70), {}, ("moved", 7000)),
        (box(0), {"level": "primary_school"}, ("rezoned", 0)),
        (box(0), {"status": "occupied"}, ("rezoned", 10_000)),
        (box(0, wide_m=60), {"status": "re-zoned"}, ("rezoned", 10_000)),
        (box(0), {"status": "building"}, ("same", 0)),  # as planned
        (box(0), {"area_m2": 7000.0}, ("shrunk", 3000)),  # the same shape, another figure
    ],
)
def test_one_parcel(compare, later, changes, expected):
    table = compare([(box(0), {})], [(later, changes)])
    assert read(table) == {("P1", "P1"): expected}


def test_ids_drift_but_ground_stays(compare):
    """Both parcels were renumbered, crosswise."""
    table = compare(
        [(box(0), {}), (box(500), {})],
        [(box(500), {"parcel_id": "P1"}), (box(0), {"parcel_id": "P2"})],
    )
    assert read(table) == {("P1", "P2"): ("same", 0), ("P2", "P1"): ("same", 0)}
    assert "现编号 P2" in table["reason"][0]


def test_gone_and_new(compare):
    table = compare([(box(0), {})], [(box(500), {"parcel_id": "N"})])
    assert read(table) == {("P1", ""): ("gone", 10_000), ("", "N"): ("new", 0)}
    assert table["change"].tolist() == ["gone", "new"]  # the gravest first


def test_a_parcel_of_the_same_id_elsewhere_moved_unless_it_is_another(compare):
    assert read(compare([(box(0), {})], [(box(500), {})])) == {("P1", "P1"): ("moved", 10_000)}
    other = compare([(box(0), {})], [(box(500, wide_m=20), {})])
    assert sorted(other["change"]) == ["gone", "new"]


def test_split_in_two_with_a_strip_lost(compare):
    """100 m become 50 and 40: a strip of 10 × 100 m is lost, counted once."""
    table = compare(
        [(box(0), {})],
        [(box(0, wide_m=50), {"parcel_id": "A"}), (box(60, wide_m=40), {"parcel_id": "B"})],
    )
    assert set(read(table)) == {("P1", "A"), ("P1", "B")}
    assert table["change"].tolist() == ["split", "split"]
    assert table["lost_m2"].sum() == pytest.approx(1000, rel=1e-3)
    shape = next(shape for shape in table.geometry if shape is not None)
    assert shape.geom_type == "Polygon"


def test_two_merged_into_one(compare):
    table = compare([(box(0), {}), (box(100), {})], [(box(0, wide_m=200), {"parcel_id": "M"})])
    assert read(table) == {("P1", "M"): ("merged", 0), ("P2", "M"): ("merged", 0)}


def test_neighbours_drawn_with_a_sliver_in_common_are_not_tied(compare):
    rows = [(box(0), {}), (box(98), {})]
    assert read(compare(rows, rows)) == {("P1", "P1"): ("same", 0), ("P2", "P2"): ("same", 0)}


def test_points_are_tied_by_id_or_place(compare):
    earlier = [
        (shapely.Point(0, 0), {"area_m2": 6000.0}),
        (shapely.Point(500, 0), {}),
        (shapely.Point(900, 0), {}),
    ]
    later = [
        (shapely.Point(0, 5), {"area_m2": 4000.0}),
        (shapely.Point(501, 0), {"parcel_id": "X"}),
        (shapely.Point(1200, 0), {"parcel_id": "P3"}),
    ]
    assert read(compare(earlier, later)) == {
        ("P1", "P1"): ("shrunk", 2000),
        ("P2", "X"): ("same", 0),
        ("P3", "P3"): ("moved", 0),
    }


def test_land_lost_already_is_not_lost_again(compare):
    table = compare([(box(0), {"status": "occupied"})], [])
    assert read(table) == {("P1", ""): ("gone", 0)}


def test_children_are_asked_for_only_where_something_is_lost(compare):
    asked = []

    def children_of(parcel_id):
        asked.append(parcel_id)
        return 120.0, 2028.0

    table = compare(
        [(box(0), {}), (box(500), {}), (box(900), {"status": "occupied"})],
        [(box(500), {"parcel_id": "P2"})],
        children_of=children_of,
    )
    assert asked == ["P1"]
    gone = table[table["earlier_id"] == "P1"].iloc[0]
    assert (gone["children_affected"], gone["year"]) == (120, 2028)
    assert "2028年起120名儿童" in gone["reason"]
    same = table[table["change"] == "same"].iloc[0]
    assert np.isnan(same["children_affected"])


def test_the_lost_ground_is_a_shape_of_its_size(compare, drawn):
    table = compare([(box(0), {})], [(box(0, wide_m=60), {})])
    shape = shapely.transform(table.geometry[0], lambda xy: project(xy, drawn.crs))
    assert shape.area == pytest.approx(4000, rel=1e-3)


def test_empty_layers(compare):
    assert compare([], []).empty
    assert compare([], [(box(0), {})])["change"].tolist() == ["new"]


def test_every_change_is_in_the_order(compare):
    assert set(CHANGES) == set(PARCEL_CHANGES["change"].meaning.split("`")[1::2])
