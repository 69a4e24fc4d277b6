"""Areas of reserved land: as stated, as drawn, and where a unit was taken for another."""

from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import metric_crs, project
from geo.units import BoolArray, FloatArray
from layers.notices import Notice
from layers.schooling.land import find_land_need
from layers.schooling.load import read_parameters
from layers.sheets import list_rows

_DIFFERENCE = 0.1
_TOO_LITTLE, _TOO_MUCH = 1 / 20, 50.0
"""Times the least land of a school: so far off, a unit was mistaken, not a parcel badly cut."""
_TOO_MUCH_OF_ONE = 500.0
"""The same against the land of one class, where classes are unknown."""


def compare_areas(frame: gpd.GeoDataFrame, layer: str) -> tuple[BoolArray, list[Notice]]:
    """Fill in areas unknown, or of a mistaken unit, from shapes.

    Parameters
    ----------
    frame
        area_m2, which is filled in place, `row`, geometry (WGS 84).

    Returns
    -------
    differ
        Shape `(R,)`: stated areas that are not those of the shapes.
    notices
        By how much, and which unit was mistaken for which.
    """
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    crs = metric_crs(*(float(edge) for edge in shapely.total_bounds(shapes)))
    drawn_m2 = shapely.area(shapely.transform(shapes, partial(project, crs=crs)))
    stated_m2 = frame["area_m2"].to_numpy(dtype=np.float64).copy()
    areal = drawn_m2 > 0
    with np.errstate(invalid="ignore"):
        differ = areal & (np.abs(stated_m2 - drawn_m2) > _DIFFERENCE * drawn_m2)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(differ, stated_m2 / drawn_m2, np.nan)
    mistaken = np.array([_find_mistake(one) for one in ratio.tolist()], dtype=object)
    useless = np.isnan(stated_m2) | np.array([one is not None for one in mistaken], dtype=np.bool_)
    frame["area_m2"] = np.where(useless & areal, drawn_m2, stated_m2)
    rows = frame["row"].to_numpy()
    return differ, [
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
    zh, en = "更正之前以填报面积为准", "the stated one is used until then"
    if mistake is not None:
        zh = f"{mistake.zh}；按图形面积计算，请更正表头或数值"
        en = f"{mistake.en}; the area of the shape is used, correct the header or the numbers"
    return Notice(
        "warning",
        "area_differs",
        layer,
        f"the stated area of {len(numbers)} parcels differs by more than {_DIFFERENCE:.0%} from "
        f"their shape, such as {stated_m2[0]:,.0f} against {drawn_m2[0]:,.0f} m² in row "
        f"{numbers[0]}; {en}",
        f"{len(numbers)} 个地块的填报面积与图形面积相差超过 {_DIFFERENCE:.0%}，如第 {numbers[0]} 行 "
        f"{stated_m2[0]:,.0f} 对 {drawn_m2[0]:,.0f} ㎡；{zh}",
        row=list_rows(numbers),
        column="area_m2",
        found=f"{stated_m2[0]:.0f}",
        expected=f"{drawn_m2[0]:.0f}",
        count=len(numbers),
    )


def check_sizes(frame: gpd.GeoDataFrame, layer: str, *, chosen: BoolArray) -> list[Notice]:
    """Areas many times too small or too large for a school of the planned classes; unknown for points.

    Parameters
    ----------
    frame
        Columns of `layers.parcels.PARCEL_COLUMNS`, `row`, geometry (WGS 84). Areas of points, which no
        shape confirms, are made unknown in place.
    chosen
        Shape `(R,)`: parcels to look at.
    """
    least_m2 = _measure_least(frame)
    known = frame["planned_classes"].notna().to_numpy()
    area_m2 = frame["area_m2"].to_numpy(dtype=np.float64).copy()
    ratio = area_m2 / least_m2
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    pointlike = shapely.area(shapes) == 0
    notices = []
    for rows_of, what, hint, hint_zh in (
        (
            chosen & (ratio < _TOO_LITTLE),
            "small",
            "are they in 亩 (name the column 用地面积（亩）), or are pupils written in place of classes?",
            "是否以亩计（列名请写“用地面积（亩）”），或把学生数填成了班数？",
        ),
        (
            chosen & (ratio > np.where(known, _TOO_MUCH, _TOO_MUCH_OF_ONE)),
            "large",
            "are they in m² under a column in 亩 (name it 用地面积（㎡）)?",
            "是否以平方米计而列名写成亩（列名请写“用地面积（㎡）”）？",
        ),
    ):
        if not rows_of.any():
            continue
        rows = list_rows([int(row) for row in frame["row"][rows_of]])
        at = int(np.flatnonzero(rows_of)[0])
        found, least = f"{area_m2[at]:,.0f}", f"{least_m2[at]:,.0f}"
        what_zh = "过小" if what == "small" else "过大"
        unclear = rows_of & pointlike
        frame.loc[unclear, "area_m2"] = np.nan
        ends, ends_zh = _say_unknown(int(unclear.sum()))
        notices.append(
            Notice(
                "warning",
                "area_unlikely",
                layer,
                f"the areas of {int(rows_of.sum())} parcels (rows {rows}) are far too {what} for their level "
                f"and classes, such as {found} m² where about {least} m² is the least; {hint}{ends}",
                f"{int(rows_of.sum())} 个地块（第 {rows} 行）的面积与学段、班数相比明显{what_zh}，如 {found} ㎡，"
                f"而至少约需 {least} ㎡；{hint_zh}{ends_zh}",
                row=rows,
                column="area_m2",
                found=found,
                expected=f"about {least}",
                count=int(rows_of.sum()),
            )
        )
    return notices


def _say_unknown(n_points: int) -> tuple[str, str]:
    """End of the sentence where no shape tells which area is meant."""
    if not n_points:
        return "", ""
    en = (
        f" {n_points} of them are points without a shape: their area is taken as unknown until the header "
        "or the numbers are corrected"
    )
    return en, f"其中 {n_points} 个只有点位、没有图形，面积按未知处理，请更正表头或数值"


def _measure_least(frame: gpd.GeoDataFrame) -> FloatArray:
    """Least land of each parcel's school, of one class where classes are unknown; shape `(R,)`."""
    parameters = read_parameters()
    needs = [
        find_land_need(str(level), 1.0 if np.isnan(classes) else float(classes), parameters)
        for level, classes in zip(frame["level"], frame["planned_classes"], strict=True)
    ]
    return np.array([np.nan if need is None else need.area_m2 for need in needs], dtype=np.float64)
