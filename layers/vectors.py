"""GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet -> cells, shapes, coordinate system."""

import codecs
import json
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.errors import UnreadableFile
from layers.limits import Limits
from layers.notices import Notice
from layers.sheets import RawTable, Score
from layers.values import Cells

_PARQUET = frozenset({".parquet", ".geoparquet"})
_BYTES = "ISO-8859-1"
"""Every byte is a character of it: read so, texts can be decoded later."""
_DBF_NAME_BYTES = 10
_DBF_CODEPAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5", 0x78: "big5"}
_STYLES = frozenset({"layer_styles", "qgis_projects"})


@dataclass(frozen=True, slots=True, eq=False)
class VectorTable:
    """A table with shapes, as the file declares them.

    Parameters
    ----------
    table
        Cells; rows are counted from 1 as a GIS shows them.
    shapes
        Shape `(R,)`, or None when the file has no geometry.
    crs
        The file's own system, or None when it states none.
    """

    table: RawTable
    shapes: NDArray[Any] | None
    crs: CRS | None


def read_vector(
    path: Path, score: Score, *, encoding: str | None, limits: Limits
) -> tuple[VectorTable, list[Notice]]:
    """Read a GIS file; of several layers the one whose columns fit best.

    Raises
    ------
    UnreadableFile
        Not what its name says, damaged, or too many rows.
    """
    if path.suffix.lower() in _PARQUET:
        return _read_parquet(path, limits), []
    try:
        layer, notices = _choose_layer(path, score)
        info = pyogrio.read_info(path, layer=layer, encoding=_BYTES)
        if int(info["features"]) > limits.max_rows:
            raise UnreadableFile(
                f"{path.name} has {info['features']} rows; the limit max_rows allows "
                f"{limits.max_rows}"
            )
        if path.suffix.lower() == ".shp":
            frame, more = _read_shapefile(path, layer, encoding)
            return _to_table(frame, None, cut_at=_DBF_NAME_BYTES), [*notices, *more]
        with warnings.catch_warnings():  # a column of numbers and texts: judged cell by cell later
            warnings.filterwarnings("ignore", "Could not parse column", UserWarning)
            frame = pyogrio.read_dataframe(path, layer=layer)
    except (DataSourceError, DataLayerError, FieldError, GeometryError, UnicodeError) as error:
        raise UnreadableFile(
            f"{path.name} cannot be read as {path.suffix.lower().lstrip('.')}: "
            f"{_first_line(error)}; is it complete and what its name says?"
        ) from error
    return _to_table(frame, _find_geojson_crs(path)), notices


def _to_table(frame: Any, crs: CRS | None, *, cut_at: int = 0) -> VectorTable:
    shapes = None
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None:
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        crs = crs or frame.crs
        frame = pd.DataFrame(frame.drop(columns=frame.active_geometry_name))
    headers = tuple(str(column) for column in frame.columns)
    full = [at for at, header in enumerate(headers) if cut_at and not header.isascii()]
    table = RawTable(
        headers=headers,
        columns=tuple(_list_cells(frame.iloc[:, place]) for place in range(frame.shape[1])),
        rows=np.arange(1, len(frame) + 1, dtype=np.int64),
        cut_headers=frozenset(at for at in full if len(headers[at].encode()) >= cut_at - 2),
    )
    return VectorTable(table=table, shapes=shapes, crs=crs)


def _list_cells(column: pd.Series) -> Cells:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return column.to_numpy()
    return list(column)


def _read_parquet(path: Path, limits: Limits) -> VectorTable:
    try:
        frame = gpd.read_parquet(path)
    except ValueError:
        try:
            frame = pd.read_parquet(path)
        except (pa.ArrowException, ValueError, OSError) as error:
            raise UnreadableFile(
                f"{path.name} is no readable Parquet: {_first_line(error)}"
            ) from error
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"{path.name} is no readable Parquet: {_first_line(error)}") from error
    if len(frame) > limits.max_rows:
        raise UnreadableFile(
            f"{path.name} has {len(frame)} rows; the limit max_rows allows {limits.max_rows}"
        )
    return _to_table(frame, None)


def _choose_layer(path: Path, score: Score) -> tuple[str, list[Notice]]:
    names = [str(name) for name, _ in pyogrio.list_layers(path) if str(name) not in _STYLES]
    if not names:
        raise UnreadableFile(f"{path.name} holds no layer with any table; is it the right file?")
    if len(names) == 1:
        return names[0], []

    def rate(name: str) -> tuple[int, bool]:
        info = pyogrio.read_info(path, layer=name)
        return score([str(field) for field in info["fields"]]), info["geometry_type"] is not None

    chosen = max(names, key=rate)
    others = ", ".join(name for name in names if name != chosen)
    return chosen, [
        Notice(
            "info",
            "layer_chosen",
            path.name,
            f"layer {chosen!r} was read, its columns fit best; not read: {others}",
            f"读取了字段最符合的图层“{chosen}”；未读取：{others}",
            found=chosen,
            count=len(names),
        )
    ]


def _find_geojson_crs(path: Path) -> CRS | None:
    """Find the `crs` member of an older GeoJSON, which newer readers are free to ignore."""
    if path.suffix.lower() not in (".geojson", ".json"):
        return None
    head = path.read_bytes()[:4096].decode("utf-8", errors="replace")
    place = head.find('"crs"')
    if place < 0:
        return None
    brace = head.find("{", place)
    try:
        member, _ = json.JSONDecoder().raw_decode(head[brace:])
        return CRS.from_user_input(member["properties"]["name"])
    except (ValueError, KeyError, TypeError, CRSError):
        return None


def _read_shapefile(path: Path, layer: str, encoding: str | None) -> tuple[Any, list[Notice]]:
    """Read byte by byte and decode here: names cut within a character must not stop the reader."""
    chosen, notices = _find_encoding(path, encoding)
    try:
        codecs.lookup(chosen)
    except LookupError as error:
        raise UnreadableFile(f"{path.name}: there is no encoding called {chosen!r}") from error
    frame = pyogrio.read_dataframe(path, layer=layer, encoding=_BYTES)

    def decode(cell: object) -> object:
        return cell.encode(_BYTES).decode(chosen, "ignore") if isinstance(cell, str) else cell

    frame.columns = pd.Index([decode(column) for column in frame.columns])
    for column in frame.columns:
        if frame[column].dtype in ("str", "object"):
            frame[column] = frame[column].map(decode)
    return frame, notices


def _find_encoding(path: Path, encoding: str | None) -> tuple[str, list[Notice]]:
    """Find a Shapefile's encoding: stated, in its .cpg or table, else UTF-8 or GB 18030 by fit."""
    table, stated = _find_beside(path, ".dbf"), _find_beside(path, ".cpg")
    if encoding is not None or table is None:
        return encoding or "utf-8", []
    if stated is not None and (named := _read_codepage(stated)):
        return named, []
    raw = table.read_bytes()
    if len(raw) > 29 and raw[29] in _DBF_CODEPAGES:
        return _DBF_CODEPAGES[raw[29]], []
    texts = [text for part in _list_dbf_texts(raw) for text in part]
    lost = {name: _count_lost(texts, name) for name in ("utf-8", "gb18030")}
    chosen = min(lost, key=lambda name: lost[name])
    if all(text.isascii() for text in texts):
        return chosen, []
    return chosen, [
        Notice(
            "info",
            "encoding_guessed",
            path.name,
            f"the Shapefile does not state its encoding; {chosen} fits and was used, set encoding "
            "if names look wrong",
            f"Shapefile 未声明编码，已按 {chosen} 读取；若名称显示异常，请设置 encoding",
            found=chosen,
        )
    ]


def _count_lost(texts: Sequence[bytes], encoding: str) -> int:
    """Characters that make no sense; one cut off at the end of its field does not count."""
    decoders = (codecs.getincrementaldecoder(encoding)("replace") for _ in texts)
    return sum(
        decoder.decode(text).count("\ufffd") for decoder, text in zip(decoders, texts, strict=True)
    )


def _read_codepage(path: Path) -> str:
    """Encoding a .cpg names, as Python calls it; empty if it names none there is."""
    named = path.read_bytes()[:40].decode("ascii", "ignore").strip().lower()
    for candidate in (named, f"cp{named}", named.replace("ansi ", "cp").replace("oem ", "cp")):
        try:
            return codecs.lookup(candidate).name
        except LookupError:
            continue
    return ""


def _list_dbf_texts(raw: bytes) -> tuple[list[bytes], list[bytes]]:
    """Field names and text values of a dBASE table."""
    n_records, header_size, record_size = struct.unpack_from("<IHH", raw, 4)
    fields: list[tuple[bytes, int, int]] = []
    offset, start = 32, 1
    while offset + 32 <= len(raw) and raw[offset] != 0x0D:
        name, kind, size = (
            raw[offset : offset + 11].split(b"\0")[0],
            raw[offset + 11],
            raw[offset + 16],
        )
        fields.append((name, start if kind == ord("C") else -1, size))
        start += size
        offset += 32
    values = [
        raw[place + begin : place + begin + size].rstrip(b" \0")
        for record in range(min(n_records, 5000))
        for place in (header_size + record * record_size,)
        for _, begin, size in fields
        if begin >= 0
    ]
    return [name for name, _, _ in fields], [value for value in values if value]


def _find_beside(path: Path, suffix: str) -> Path | None:
    for candidate in (suffix, suffix.upper()):
        if path.with_suffix(candidate).is_file():
            return path.with_suffix(candidate)
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [error.__class__.__name__])[0][:200]
