"""Two layers of parcels side by side: what happened to each, and what it cost."""

import numpy as np
import pytest
import shapely

from geo.crs import project
from layers.results import PARCEL_CHANGES
from services.schools.parcel_changes import CHANGES, compare_parcels
from services.schools.parcels.change_words import Felt


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
        (box(40), {}, ("moved", 0)),  # 60 % of its ground: as much is gained as is left
        (box(70), {}, ("moved", 0)),
        (box(70, wide_m=80), {}, ("moved", 2000)),  # 70 m left, 50 m gained
        (box(0, wide_m=60), {"level": "primary_school"}, ("rezoned", 4000)),
        (box(0), {"level": "primary_school"}, ("rezoned", 0)),
        (box(0), {"status": "occupied"}, ("rezoned", 10_000)),
        (box(0, wide_m=60), {"status": "re-zoned"}, ("rezoned", 10_000)),
        (box(0), {"status": "building"}, ("same", 0)),  # as planned
        (box(0), {"area_m2": 7000.0}, ("shrunk", 0)),  # no ground is lost, another figure
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
    assert read(compare([(box(0), {})], [(box(500), {})])) == {("P1", "P1"): ("moved", 0)}
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
        return Felt(120.0, 2028.0, 2028.0)

    table = compare(
        [(box(0), {}), (box(500), {}), (box(900), {"status": "occupied"})],
        [(box(500), {"parcel_id": "P2"})],
        children_of=children_of,
    )
    assert asked == ["P1"]
    gone = table[table["earlier_id"] == "P1"].iloc[0]
    assert (gone["children_affected"], gone["year"]) == (120, 2028)
    assert "2028年起最多120名儿童" in gone["reason"]
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


def test_a_split_without_a_gap_loses_nothing(compare):
    """20,000 m² become 12,000 and 8,000: all the ground is kept, whatever each part is."""
    earlier = [(box(0, wide_m=200), {"level": "primary_school"})]
    parts = [
        (box(0, wide_m=120), {"parcel_id": "A", "level": "primary_school"}),
        (box(120, wide_m=80), {"parcel_id": "B"}),
    ]
    table = compare(earlier, parts)
    assert read(table) == {("P1", "A"): ("split", 0), ("P1", "B"): ("split", 0)}
    assert table["reason"].tolist() == [
        "地块 P1（小学，20,000平方米）被拆分，其中一块为 A（12,000平方米）；教育用地没有减少。",
        "地块 P1（小学，20,000平方米）被拆分，其中一块为 B（8,000平方米），学段改为幼儿园。",
    ]
    assert table["reason_en"][1] == (
        "Parcel P1 (primary school, 20,000 m²) was split; one part is B (8,000 m²), now for a kindergarten."
    )


def test_an_occupied_part_of_a_split_tells_what_is_lost(compare):
    """The 8,000 m² of B are occupied: lost, and said where B is told."""
    earlier = [(box(0, wide_m=200), {})]
    parts = [
        (box(0, wide_m=120), {"parcel_id": "A"}),
        (box(120, wide_m=80), {"parcel_id": "B", "status": "occupied"}),
    ]
    table = compare(earlier, parts)
    assert read(table) == {("P1", "A"): ("split", 0), ("P1", "B"): ("split", 8000)}
    assert "B（8,000平方米），被占用，减少教育用地8,000平方米" in table["reason"][1]
    whole = compare(earlier, [(shape, {**one, "status": "occupied"}) for shape, one in parts])
    assert sorted(read(whole).values()) == [("rezoned", 0), ("rezoned", 20_000)]


def test_a_moved_parcel_tells_what_it_left_and_what_it_gained(compare):
    """100 m of width become 80 m, 70 m farther on: 7,000 m² left, 5,000 m² gained, 2,000 m² less."""
    table = compare([(box(0), {})], [(box(70, wide_m=80), {})])
    assert (
        "原址7,000平方米不再保留，新址增加5,000平方米，净减少教育用地2,000平方米"
        in table["reason"][0]
    )
    assert (
        "7,000 m² where it was are kept no longer, 5,000 m² are new: 2,000 m² less"
        in (table["reason_en"][0])
    )


def test_moved_onto_land_that_was_reserved_gains_none(compare):
    """P1 takes over the ground of P2, which is gone: 10,000 m² less in all."""
    table = compare([(box(0), {}), (box(500), {"status": "reserved"})], [(box(500), {})])
    assert table["lost_m2"].sum() == pytest.approx(10_000, rel=1e-3)


def test_another_level_is_education_land_still(compare):
    table = compare([(box(0), {"level": "primary_school"})], [(box(0), {"parcel_id": "N"})])
    assert table["lost_m2"].tolist() == [0]
    assert table["reason"][0] == "地块 P1（小学）（现编号 N）学段由小学改为幼儿园，仍为教育用地。"
    assert table["reason_en"][0] == (
        "Parcel P1 (primary school) (numbered N now) is to be a kindergarten, no longer a primary school; "
        "it is education land still."
    )


def test_points_go_by_what_is_stated(compare):
    """6,000 m² stated, occupied now: all lost; of unknown area: nobody can tell."""
    point = shapely.Point(0, 0)
    lost = compare([(point, {"area_m2": 6000.0})], [(point, {"status": "occupied"})])
    assert lost["lost_m2"].tolist() == [6000]
    unknown = compare([(point, {})], [])
    assert np.isnan(unknown["lost_m2"][0])
    assert "减少的面积未知" in unknown["reason"][0]


def test_land_given_back(compare):
    table = compare([(box(0), {"status": "occupied"})], [(box(0), {})])
    assert read(table) == {("P1", "P1"): ("rezoned", 0)}
    assert "由被占用变为预留，恢复为教育用地" in table["reason"][0]


@pytest.mark.parametrize(
    ("felt", "zh", "en"),
    [
        (
            Felt(435.2, 2026.0, 2028.0),
            "最多435名儿童（2028年）因此没有学位或要走得更远，2026年起受影响。",
            (
                "up to 435 children (2028) have no place or a longer walk for want of it; "
                "it is felt from 2026 on."
            ),
        ),
        (
            Felt(1.0, 2026.0, 2026.0),
            "2026年起最多1名儿童因此没有学位或要走得更远。",
            "up to 1 child has no place or a longer walk for want of it from 2026 on.",
        ),
        (Felt(0.0), "规划期内没有儿童受影响。", "no child is affected up to the horizon."),
        (
            Felt(settled_by=("earlier_parcels.planned_classes",)),
            "有多少儿童受影响无法判断，请补充原图层中该地块的规划班数。",
            (
                "how many children are affected cannot be told; please supply its planned classes in the "
                "earlier layer."
            ),
        ),
        (
            Felt(settled_by=("children",)),
            "请补充适龄儿童表。",
            "please supply the table of children.",
        ),
    ],
)
def test_who_feels_it(compare, felt, zh, en):
    row = compare([(box(0), {})], [], children_of=lambda _: felt).iloc[0]
    assert row["reason"].endswith(zh)
    assert row["reason_en"].endswith(en)
    assert row["children_affected"] == pytest.approx(felt.children, nan_ok=True)
    assert row["year"] == pytest.approx(felt.first_year, nan_ok=True)
