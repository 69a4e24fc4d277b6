"""Tables into JSON: unknown numbers become null, never NaN."""

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

_DECIMALS = 6
_DEGREE_DECIMALS = 7


def list_values(column: pd.Series) -> list[Any]:
    """Values of a column as JSON takes them; what is unknown or not finite is None.

    >>> list_values(pd.Series([1.5, float("nan"), float("inf")]))
    [1.5, None, None]
    """
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype):
        if not column.isna().any():
            return list(column.to_numpy().tolist())
        return [None if pd.isna(value) else value for value in column.astype(object)]
    if pd.api.types.is_float_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(numbers).tolist()
        rounded = np.round(numbers, _DECIMALS).tolist()
        return [value if fine else None for value, fine in zip(rounded, known, strict=True)]
    return [_plain(value) for value in column.astype(object)]


def list_rows(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Rows of a table as dicts fit for JSON, geometry left out."""
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    names = [name for name in (columns or frame.columns) if name != geometry]
    values = [list_values(frame[name]) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def plain_value(value: object) -> Any:
    """Any nested value of a manifest as JSON takes it: NaN and infinities become None."""
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    return _plain(value)


def dump_json(value: object) -> bytes:
    """UTF-8 JSON without blanks.

    Raises
    ------
    ValueError
        A number in it is not finite.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def round_degrees(geometry: ArrayLike) -> NDArray[np.object_]:
    """Shapes in WGS 84 with coordinates to seven decimals (a centimetre), valid where they were."""
    shapes = np.asarray(geometry, dtype=object)
    rounded: NDArray[np.object_] = shapely.transform(
        shapes, lambda degrees: np.round(degrees, _DEGREE_DECIMALS)
    )
    broken = shapely.is_valid(shapes) & ~shapely.is_valid(rounded)
    if broken.any():
        rounded[broken] = shapely.set_precision(shapes[broken], 10.0**-_DEGREE_DECIMALS)
    return rounded


def read_shapes(frame: gpd.GeoDataFrame) -> list[dict[str, Any] | None]:
    """Shapes of a table in WGS 84 as GeoJSON; None where there is none."""
    texts = shapely.to_geojson(round_degrees(frame.geometry.to_numpy()))
    return [json.loads(text) if text else None for text in texts.tolist()]


def dump_features(
    ids: Sequence[str], geometry: NDArray[np.object_], rows: Sequence[dict[str, Any]]
) -> list[str]:
    """GeoJSON features as text, one per row."""
    shapes = shapely.to_geojson(geometry)
    return [
        f'{{"type":"Feature","id":{_text(item)},"geometry":{shape or "null"},'
        f'"properties":{_text(row)}}}'
        for item, shape, row in zip(ids, shapes, rows, strict=True)
    ]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (float, np.floating)):
        return round(float(value), _DECIMALS) if np.isfinite(value) else None
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if pd.isna(value):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
