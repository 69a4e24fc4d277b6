"""Land reserved for kindergartens and schools (教育预留用地), as read from the user's table."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs, project
from layers.areas import keep_areas
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.readers import read_table
from layers.sheets import list_rows

PARCEL_COLUMNS = (
    "parcel_id",
    "level",
    "area_m2",
    "planned_classes",
    "status",
    "opening_year",
    "plan",
    "plan_date",
)

_DIFFERENCE = 0.1


def read_parcels(
    path: Path,
    *,
    crs: str | int | None = None,
    encoding: str | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[gpd.GeoDataFrame, list[Notice]]:
    """Read parcels.

    Returns
    -------
    parcels
        `PARCEL_COLUMNS` and `geometry` (point or area, WGS 84), sorted by `parcel_id`. `area_m2` is
        the stated one, else that of the shape, else NaN; `level` and `status` are codes of
        `columns.yaml`, "" when not stated.
    notices
        Stated areas that differ from the shapes', and what the reader found.

    Raises
    ------
    UnreadableFile, InvalidConfig
        As in `layers.readers.read_table`.
    """
    frame, notices = read_table(
        path,
        crs=crs,
        encoding=encoding,
        layer_name="parcels",
        aliases=aliases,
        geometry="any",
        limits=limits,
    )
    made_up = pd.Series(
        [f"{path.stem}-{row}" for row in frame["row"]], index=frame.index, dtype="str"
    )
    frame["parcel_id"] = frame["parcel_id"].where(frame["parcel_id"] != "", made_up)
    frame = frame[~frame.geometry.isna().to_numpy()]
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = [keep_areas(shape) for shape in shapely.make_valid(shapes[broken])]
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    if len(frame):
        notices.extend(_compare_areas(frame, path.name))
    frame = frame[[*PARCEL_COLUMNS, "geometry"]].drop_duplicates("parcel_id")
    return frame.sort_values("parcel_id", kind="stable").reset_index(drop=True), notices


def _compare_areas(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Fill in unknown areas from shapes; say where both are known and differ."""
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes)))
    drawn_m2 = shapely.area(shapely.transform(shapes, partial(project, crs=crs)))
    stated_m2 = frame["area_m2"].to_numpy(dtype=np.float64).copy()
    areal = drawn_m2 > 0
    with np.errstate(invalid="ignore"):
        differ = areal & (np.abs(stated_m2 - drawn_m2) > _DIFFERENCE * drawn_m2)
    frame["area_m2"] = np.where(np.isnan(stated_m2) & areal, drawn_m2, stated_m2)
    if not differ.any():
        return []
    first = int(np.flatnonzero(differ)[0])
    rows = [int(row) for row in frame["row"][differ]]
    ratio = stated_m2[first] / drawn_m2[first]
    unit = next(
        (
            f"; is the column in {name}?"
            for name, size in (("亩", 666.67), ("公顷", 10_000.0))
            if 0.8 < ratio * size < 1.25
        ),
        "",
    )
    return [
        Notice(
            "warning",
            "area_differs",
            layer,
            f"the stated area of {len(rows)} parcels differs by more than {_DIFFERENCE:.0%} from "
            f"their shape, such as {stated_m2[first]:.0f} against {drawn_m2[first]:.0f} m² in row "
            f"{rows[0]}{unit}; the stated one is used",
            f"{len(rows)} 个地块的填报面积与图形面积相差超过 {_DIFFERENCE:.0%}，如第 {rows[0]} 行 "
            f"{stated_m2[first]:.0f} 对 {drawn_m2[first]:.0f} ㎡；以填报面积为准",
            row=list_rows(rows),
            column="area_m2",
            found=f"{stated_m2[first]:.0f}",
            expected=f"{drawn_m2[first]:.0f}",
            count=len(rows),
        )
    ]
