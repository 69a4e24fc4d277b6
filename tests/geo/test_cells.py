"""Cells: a grid that keeps its names when the area grows."""

import pytest
import shapely

from geo.cells import square_cells
from geo.errors import BadGeometry


def test_cells_cover_the_bounds_once():
    """1300 × 700 m from (-100, 50) at 500 m: columns -1..2, rows 0..1."""
    cells = square_cells((-100.0, 50.0, 1200.0, 750.0), 500.0)
    assert sorted(set(cells.column.tolist())) == [-1, 0, 1, 2]
    assert sorted(set(cells.row.tolist())) == [0, 1]
    assert shapely.area(cells.square).sum() == 8 * 250_000
    assert shapely.union_all(cells.square).covers(shapely.box(-100, 50, 1200, 750))


def test_a_larger_area_keeps_the_names():
    small = square_cells((0.0, 0.0, 900.0, 900.0), 500.0)
    large = square_cells((-600.0, -600.0, 1900.0, 900.0), 500.0)
    names = set(zip(large.column.tolist(), large.row.tolist(), strict=True))
    assert set(zip(small.column.tolist(), small.row.tolist(), strict=True)) <= names


def test_a_point_has_one_cell():
    assert len(square_cells((10.0, 10.0, 10.0, 10.0), 500.0).square) == 1


@pytest.mark.parametrize("size_m", [0.0, -1.0, float("nan")])
def test_impossible_sizes(size_m):
    with pytest.raises(BadGeometry, match="size above 0"):
        square_cells((0, 0, 10, 10), size_m)


def test_too_many_cells():
    with pytest.raises(BadGeometry, match="choose larger cells"):
        square_cells((0, 0, 1e6, 1e6), 1.0)
