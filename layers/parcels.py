"""Land reserved for kindergartens and schools (教育预留用地), as read from the user's table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

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
_SLIVER = 0.02


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
        notices.extend(_find_overlaps(frame, path.name))
    frame = frame[[*PARCEL_COLUMNS, "geometry"]].drop_duplicates("parcel_id")
    return frame.sort_values("parcel_id", kind="stable").reset_index(drop=True), notices


def _find_overlaps(frame: gpd.GeoDataFrame, layer: str) -> list[Notice]:
    """Parcels that claim the same ground; slivers between neighbours are none."""
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes)))
    metric = shapely.transform(shapes, partial(project, crs=crs))
    one, two = shapely.STRtree(metric).query(metric, predicate="intersects")
    one, two = one[one < two], two[one < two]
    shared_m2 = shapely.area(shapely.intersection(metric[one], metric[two]))
    smaller_m2 = np.minimum(shapely.area(metric[one]), shapely.area(metric[two]))
    real = shared_m2 > _SLIVER * smaller_m2
    if not real.any():
        return []
    numbers = frame["row"].to_numpy()
    rows = sorted({int(row) for row in (*numbers[one[real]], *numbers[two[real]])})
    worst = int(np.argmax(np.where(real, shared_m2, 0.0)))
    ids = frame["parcel_id"].to_numpy(dtype=object)
    pair, size = (str(ids[one[worst]]), str(ids[two[worst]])), f"{shared_m2[worst]:,.0f}"
    return [
        Notice(
            "warning",
            "parcels_overlap",
            layer,
            f"{int(real.sum())} pairs of parcels overlap, most of all {pair[0]} and {pair[1]} by "
            f"{size} m²; one ground cannot count twice, correct the boundaries",
            f"有 {int(real.sum())} 对地块重叠，最多的是 {pair[0]} 与 {pair[1]}，重叠 {size} ㎡；"
            "同一块地不能算两次，请更正边界",
            row=list_rows(rows),
            column="geometry",
            found=f"{size} m²",
            expected="0 m²",
            count=int(real.sum()),
        )
    ]


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
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(differ, stated_m2 / drawn_m2, np.nan)
    mistaken = np.array([_find_mistake(one) for one in ratio.tolist()], dtype=object)
    rows = frame["row"].to_numpy()
    return [
        _note_areas(mistake, rows[chosen], stated_m2[chosen], drawn_m2[chosen], layer)
        for mistake in (*_MISTAKES, None)
        if (chosen := differ & (mistaken == mistake)).any()
    ]


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A unit taken for another: the stated m² are so many times the shape's; what to do."""

    times: float
    zh: str
    en: str


_MU_M2, _HECTARE_M2, _NEAR = 666.67, 10_000.0, 0.25
_MISTAKES = tuple(
    _Mistake(times, zh, en)
    for unit, size in (("亩", _MU_M2), ("公顷", _HECTARE_M2))
    for times, zh, en in (
        (
            1 / size,
            f"数字像是{unit}，却按平方米读取：把列名写成“用地面积（{unit}）”",
            f"the numbers look like {unit} but were read as m²: name the column 用地面积（{unit}）",
        ),
        (
            size,
            f"数字像是平方米，列名却写成{unit}：把列名写成“用地面积（㎡）”",
            f"the numbers look like m² but the column says {unit}: name it 用地面积（㎡）",
        ),
    )
)


def _find_mistake(ratio: float) -> _Mistake | None:
    """Return the mistake that explains why an area is so many times its shape's."""
    for mistake in _MISTAKES:
        if abs(ratio / mistake.times - 1) < _NEAR:
            return mistake
    return None


def _note_areas(
    mistake: _Mistake | None,
    rows: NDArray[np.int64],
    stated_m2: NDArray[np.float64],
    drawn_m2: NDArray[np.float64],
    layer: str,
) -> Notice:
    numbers = [int(row) for row in rows]
    zh, en = ("", "") if mistake is None else (f"；{mistake.zh}", f"; {mistake.en}")
    return Notice(
        "warning",
        "area_differs",
        layer,
        f"the stated area of {len(numbers)} parcels differs by more than {_DIFFERENCE:.0%} from "
        f"their shape, such as {stated_m2[0]:,.0f} against {drawn_m2[0]:,.0f} m² in row "
        f"{numbers[0]}{en}; the stated one is used until then",
        f"{len(numbers)} 个地块的填报面积与图形面积相差超过 {_DIFFERENCE:.0%}，如第 {numbers[0]} 行 "
        f"{stated_m2[0]:,.0f} 对 {drawn_m2[0]:,.0f} ㎡{zh}；更正之前以填报面积为准",
        row=list_rows(numbers),
        column="area_m2",
        found=f"{stated_m2[0]:.0f}",
        expected=f"{drawn_m2[0]:.0f}",
        count=len(numbers),
    )
