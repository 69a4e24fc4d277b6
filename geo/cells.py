"""Square cells over an area."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import BadGeometry
from geo.units import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """`K` squares of a grid whose lines stand at whole multiples of the cell size.

    Parameters
    ----------
    column, row
        Shape `(K,)`: grid position, so that a cell keeps its name when the area grows.
    square
        Shape `(K,)`: shapely polygons, metres.
    """

    column: IntArray
    row: IntArray
    square: NDArray[np.object_]


def square_cells(
    bounds: tuple[float, float, float, float], size_m: float, *, max_cells: int = 4_000_000
) -> Cells:
    """Cells of `size_m` that cover `bounds` (west, south, east, north, metres), row by row.

    Raises
    ------
    BadGeometry
        The bounds are not finite, the size is not positive, or there would be more than
        `max_cells` cells.

    Examples
    --------
    >>> cells = square_cells((0.0, 0.0, 950.0, 400.0), 500.0)
    >>> cells.column.tolist(), cells.row.tolist()
    ([0, 1], [0, 0])
    """
    if not (np.isfinite(bounds).all() and np.isfinite(size_m) and size_m > 0):
        raise BadGeometry(
            f"cells of {size_m} m over {bounds}: expected finite metres, a size above 0"
        )
    west, south, east, north = bounds
    columns = np.arange(np.floor(west / size_m), max(np.ceil(east / size_m), west / size_m + 1e-9))
    rows = np.arange(np.floor(south / size_m), max(np.ceil(north / size_m), south / size_m + 1e-9))
    if len(columns) * len(rows) > max_cells:
        raise BadGeometry(
            f"{len(columns) * len(rows):,} cells of {size_m:g} m are more than {max_cells:,}: "
            "choose larger cells or a smaller area"
        )
    grid_row, grid_column = np.meshgrid(rows, columns, indexing="ij")
    column, row = grid_column.ravel().astype(np.int64), grid_row.ravel().astype(np.int64)
    square = shapely.box(column * size_m, row * size_m, (column + 1) * size_m, (row + 1) * size_m)
    return Cells(column, row, np.asarray(square))
