"""Land reserved for kindergartens and schools (教育预留用地), as read from the user's table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.areas import repair_areas
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.parcel_areas import check_sizes, compare_areas
from layers.parcel_checks import check_entries, clear_zeros, explain_nameless, find_overlaps
from layers.readers import read_table

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
        the stated one, else that of the shape, else NaN; where the stated one was written in another unit
        than its column says, that of the shape, and NaN of points. `level` and `status` are codes of
        `columns.yaml`, "" when not stated.
    notices
        Stated areas that differ from the shapes' or cannot be, classes that do not fit the level, what
        parcels do not say, parcels without an id, repaired shapes, overlaps, and what the reader found.

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
    notices.extend(explain_nameless(frame, path.stem, path.name))
    frame["parcel_id"] = _name_nameless(frame, path.stem)
    frame = frame[~frame.geometry.isna().to_numpy()]
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    areal = shapely.get_type_id(shapes) != 0
    shapes[areal], repaired = repair_areas(
        shapes[areal], [int(row) for row in frame["row"][areal]], path.name
    )
    notices.extend(repaired)
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))
    frame = frame[~frame.geometry.is_empty.to_numpy()].copy()
    if len(frame):
        notices.extend(clear_zeros(frame, path.name))
        differ, found = compare_areas(frame, path.name)
        notices.extend(found)
        notices.extend(check_sizes(frame, path.name, chosen=~differ))
        notices.extend(check_entries(frame, path.name))
        notices.extend(find_overlaps(frame, path.name))
    frame = frame[[*PARCEL_COLUMNS, "geometry"]].drop_duplicates("parcel_id")
    return frame.sort_values("parcel_id", kind="stable").reset_index(drop=True), notices


def _name_nameless(frame: gpd.GeoDataFrame, stem: str) -> pd.Series:
    """Ids as stated, else file name and row; never one that another row states."""
    stated = set(frame["parcel_id"])
    names = []
    for code, row in zip(frame["parcel_id"], frame["row"], strict=True):
        name = str(code) or f"{stem}-{row}"
        while not code and name in stated:
            name += f"-{row}"
        names.append(name)
    return pd.Series(names, index=frame.index, dtype="str")
