"""A small drawing of a parcel and what is around it, for paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from layers.store import Run

WIDTH, HEIGHT = 360, 250
"""Of the drawing, in its own units."""
_LEAST_M = 220.0
"""Half of the width shown, at least."""
_ROOM = 1.9
"""How many times the parcel's own half width is shown."""
_SCALES_M = (500, 200, 100, 50)
_LONGEST_SCALE = 0.3


@dataclass(frozen=True, slots=True)
class Sketch:
    """Paths of SVG, north up.

    Parameters
    ----------
    water, green, streets, railways, others
        What is around; `others` are the other parcels.
    parcel
        The parcel.
    taken
        Ground its gaps are about.
    schools
        Places and names of schools.
    scale_m, scale_px
        Length of the bar.
    """

    water: str
    green: str
    streets: str
    railways: str
    others: str
    parcel: str
    taken: str
    schools: tuple[tuple[float, float, str], ...]
    scale_m: int
    scale_px: float


def sketch_parcel(run: Run, parcel_id: str) -> Sketch | None:
    """Draw a parcel; None where its place is unknown.

    Parameters
    ----------
    parcel_id
        One of the run's.
    """
    crs = run.network.crs
    mine = (run.parcels["parcel_id"] == parcel_id).to_numpy()
    shape = shapely.union_all(run.parcels.geometry[mine].to_crs(crs).to_numpy())
    if shape is None or shape.is_empty:
        return None
    frame = _Frame(shape)
    base, taken = run.base, run.parcel_findings
    wanted = ((taken["parcel_id"] == parcel_id) & (taken["status"] == "gap")).to_numpy()
    listed = run.schools.drop_duplicates("school_id")
    scale_m = next((one for one in _SCALES_M if one * frame.scale <= _LONGEST_SCALE * WIDTH), 50)
    return Sketch(
        water=frame.draw(_cut(base[(base["kind"] == "water").to_numpy()], frame, crs)),
        green=frame.draw(_cut(base[(base["kind"] == "green").to_numpy()], frame, crs)),
        streets=frame.draw(_cut(run.streets, frame, crs)),
        railways=frame.draw(_cut(base[(base["kind"] == "rail").to_numpy()], frame, crs)),
        others=frame.draw(_cut(run.parcels[~mine], frame, crs)),
        parcel=frame.draw([shape]),
        taken=frame.draw(_cut(gpd.GeoDataFrame(taken[wanted]), frame, crs)),
        schools=_place_schools(listed, frame, crs),
        scale_m=scale_m,
        scale_px=round(scale_m * frame.scale, 1),
    )


class _Frame:
    """The window around a shape, and metres as units of the drawing."""

    def __init__(self, shape: Any) -> None:
        west, south, east, north = shape.bounds
        half = max(
            _LEAST_M, _ROOM * (east - west) / 2, _ROOM * (north - south) / 2 * WIDTH / HEIGHT
        )
        self.scale = WIDTH / (2 * half)
        self.left = (west + east) / 2 - half
        self.top = (south + north) / 2 + half * HEIGHT / WIDTH
        self.window = shapely.box(
            self.left, self.top - HEIGHT / self.scale, self.left + 2 * half, self.top
        )

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Place of a point on the drawing."""
        return round((x - self.left) * self.scale, 1), round((self.top - y) * self.scale, 1)

    def draw(self, shapes: Sequence[Any]) -> str:
        """Path of lines and areas."""
        return "".join(self._trace(part) for shape in shapes for part in shapely.get_parts(shape))

    def _trace(self, shape: Any) -> str:
        if shape.geom_type == "Polygon":
            return "".join(self._line(ring) + "Z" for ring in (shape.exterior, *shape.interiors))
        if shape.geom_type in {"LineString", "LinearRing"}:
            return self._line(shape)
        if shape.geom_type == "Point":
            return self._line(shape.buffer(4 / self.scale).exterior) + "Z"
        return ""

    def _line(self, line: Any) -> str:
        placed = [self.place(x, y) for x, y in shapely.get_coordinates(line)]
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in placed)


def _cut(table: gpd.GeoDataFrame, frame: _Frame, crs: Any) -> list[Any]:
    """What of a table lies in the window, metres."""
    around = gpd.GeoSeries([frame.window], crs=crs).to_crs("EPSG:4326").total_bounds
    shapes = np.asarray(table.geometry.to_numpy(), dtype=object)
    known = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    near = gpd.GeoSeries(shapes[known], crs="EPSG:4326")
    near = near[shapely.intersects(near.to_numpy(), shapely.box(*around))].to_crs(crs)
    cut = shapely.intersection(shapely.make_valid(near.to_numpy()), frame.window)
    return [shape for shape in cut if not shape.is_empty]


def _place_schools(
    schools: gpd.GeoDataFrame, frame: _Frame, crs: Any
) -> tuple[tuple[float, float, str], ...]:
    standing = schools[(schools["source"] != "parcel").to_numpy()]
    points = standing.geometry.to_crs(crs)
    named = zip(points.x, points.y, standing["name"].tolist(), strict=True)
    found = [(*frame.place(x, y), str(name)) for x, y, name in named]
    return tuple((x, y, name) for x, y, name in found if 0 <= x <= WIDTH and 0 <= y <= HEIGHT)
