"""A run on disk: tables as (Geo)Parquet, network and timetable as npz, a manifest with digests.

A run folder is complete or not there: it is written aside under a lock and put in place by one
rename. `read_run` gives back what `write_run` was handed.
"""

import ctypes
import errno
import fcntl
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet

from geo.network import StreetNetwork
from geo.timetable import Timetable
from layers.errors import NotARun, RunLocked
from layers.results import TABLES, shape_table
from layers.schooling.load import (
    HAZARDS_FILE,
    PARAMETERS_FILE,
    build_parameters,
    read_figures,
    read_parameters,
)
from layers.schooling.model import Parameters, SchoolSources
from layers.transit.model import Transit

MANIFEST = "manifest.json"
NETWORK = "network.npz"
TIMETABLE = "timetable.npz"
FORMAT = 4
"""Version of the folder's layout; a run of another version is refused, not guessed at."""

_SPATIAL = ("communities", "facilities", "entrances", "demand", "streets", "base", "barriers")
_PLAIN = ("coverage", "access", "gaps", "scorecards", "rollups", "targets", "notices")
_OF_SCHOOLS = ("school_years", "shortages")
_PLACED_OF_SCHOOLS = (
    "schools",
    "catchments",
    "clusters",
    "parcels",
    "parcel_findings",
    "parcel_changes",
)
_PLACED = frozenset({*_SPATIAL, *_PLACED_OF_SCHOOLS})
_TABLES = (*_SPATIAL, *_PLAIN, *_PLACED_OF_SCHOOLS, *_OF_SCHOOLS)
_SOURCES = {
    "children": "children",
    "housing": "housing",
    "catchments": "assigned_catchments",
    "earlier_parcels": "earlier_parcels",
}
"""Tables of `SchoolSources`, and the file each is where the city brings it."""
_TRANSIT = ("stops", "lines", "ways_in", "changes")
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def build_empty(table: str) -> Any:
    """A table of a run without a row, as (Geo)DataFrame."""
    columns = {name: pd.Series(dtype=column.dtype) for name, column in TABLES[table].items()}
    if table not in _PLACED:
        return pd.DataFrame(columns)
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs="EPSG:4326"))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A complete run, as read back from its folder.

    Tables as in `layers.results`; spatial ones in WGS 84. `base` holds what the base map is drawn
    from (`kind` in `water`, `green`, `rail`; `name`; geometry), `barriers` the lines nobody can
    cross (`kind`, `name`, geometry). `transit` is None where there is no timetable. Tables of schools
    and parcels are empty where there are none; `schooling` holds what the city brought about children,
    homes to come, catchments and earlier parcels, `parameters` the figures schools were judged by.
    """

    path: Path
    manifest: dict[str, Any]
    communities: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    base: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    coverage: pd.DataFrame
    access: pd.DataFrame
    gaps: pd.DataFrame
    scorecards: pd.DataFrame
    rollups: pd.DataFrame
    targets: pd.DataFrame
    notices: pd.DataFrame
    network: StreetNetwork
    schools: gpd.GeoDataFrame = field(default_factory=partial(build_empty, "schools"))
    school_years: pd.DataFrame = field(default_factory=partial(build_empty, "school_years"))
    shortages: pd.DataFrame = field(default_factory=partial(build_empty, "shortages"))
    catchments: gpd.GeoDataFrame = field(default_factory=partial(build_empty, "catchments"))
    clusters: gpd.GeoDataFrame = field(default_factory=partial(build_empty, "clusters"))
    parcels: gpd.GeoDataFrame = field(default_factory=partial(build_empty, "parcels"))
    parcel_findings: gpd.GeoDataFrame = field(
        default_factory=partial(build_empty, "parcel_findings")
    )
    parcel_changes: gpd.GeoDataFrame = field(default_factory=partial(build_empty, "parcel_changes"))
    parameters: Parameters = field(default_factory=read_parameters)
    schooling: SchoolSources = field(default_factory=SchoolSources)
    transit: Transit | None = None


def write_network(network: StreetNetwork, path: Path) -> None:
    """Write the arrays of a network, uncompressed, to an npz file."""
    arrays = {one.name: getattr(network, one.name) for one in fields(network)}
    np.savez(path, **arrays)


def read_network(path: Path) -> StreetNetwork:
    """Network as `write_network` wrote it."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        values = {one.name: arrays[one.name] for one in fields(StreetNetwork)}
    values["crs"] = str(values["crs"])
    return StreetNetwork(**values)


def write_transit(transit: Transit, folder: Path) -> None:
    """Write the public transport of a city: four tables, and the timetable as an npz file."""
    write_table(shape_table(transit.stops, "stops"), folder / "stops.parquet")
    write_table(shape_table(transit.lines, "lines"), folder / "lines.parquet")
    write_table(transit.ways_in, folder / "ways_in.parquet")
    write_table(transit.changes, folder / "changes.parquet")
    timetable = transit.timetable
    arrays = {one.name: getattr(timetable, one.name) for one in fields(timetable)}
    np.savez(
        folder / TIMETABLE,
        **arrays,
        source=transit.source,
        day=transit.day.isoformat(),
        trip_headsign=np.array(transit.trip_headsign, dtype=np.str_),
        assumption_code=np.array([code for code, _ in transit.assumptions], dtype=np.str_),
        assumption_count=np.array([count for _, count in transit.assumptions], dtype=np.int64),
    )


def find_transit(folder: Path) -> Transit | None:
    """Public transport as `write_transit` wrote it; None where nothing of it is there."""
    names = [*(f"{name}.parquet" for name in _TRANSIT), TIMETABLE]
    if not any((folder / name).exists() for name in names):
        return None
    with (folder / TIMETABLE).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    hops = {one.name: values[one.name] for one in fields(Timetable)}
    hops["n_stops"] = int(hops["n_stops"])
    counts = zip(values["assumption_code"], values["assumption_count"], strict=True)
    return Transit(
        source=str(values["source"]),
        day=date.fromisoformat(str(values["day"])),
        stops=gpd.read_parquet(folder / "stops.parquet"),
        lines=gpd.read_parquet(folder / "lines.parquet"),
        ways_in=gpd.read_parquet(folder / "ways_in.parquet"),
        changes=pd.read_parquet(folder / "changes.parquet"),
        trip_headsign=tuple(map(str, values["trip_headsign"])),
        timetable=Timetable(**hops),
        assumptions=tuple((str(code), int(count)) for code, count in counts),
    )


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write one table as (Geo)Parquet; the same frame gives the same bytes."""
    if isinstance(frame, gpd.GeoDataFrame):
        frame.to_parquet(path, index=False, compression="zstd", write_covering_bbox=False)
    else:
        frame.to_parquet(path, index=False, compression="zstd")


def write_run(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    network: StreetNetwork,
    transit: Transit | None = None,
    schooling: SchoolSources | None = None,
) -> None:
    """Write the tables of a run, its network and its timetable into an existing folder.

    `tables` holds every table of `Run` by name, those of schools and parcels may be missing and are
    then written without rows; those of `transit` and `schooling` come from there. The figures schools
    are judged by go along as they are. The manifest is written last by `write_manifest`: a folder
    without one is no run.
    """
    for name in (*_SPATIAL, *_PLAIN):
        write_table(tables[name], folder / f"{name}.parquet")
    for name in (*_PLACED_OF_SCHOOLS, *_OF_SCHOOLS):
        frame = tables[name] if name in tables else build_empty(name)
        write_table(frame, folder / f"{name}.parquet")
    write_network(network, folder / NETWORK)
    if transit is not None:
        write_transit(transit, folder)
    _write_schooling(schooling or SchoolSources(), folder)


def _write_schooling(sources: SchoolSources, folder: Path) -> None:
    for name, stem in _SOURCES.items():
        frame = getattr(sources, name)
        if frame is not None:
            write_table(frame, folder / f"{stem}.parquet")
    for name, text in read_figures().items():
        (folder / name).write_text(text, encoding="utf-8")


def _read_schooling(folder: Path) -> SchoolSources:
    found = {}
    for name, stem in _SOURCES.items():
        path = folder / f"{stem}.parquet"
        if path.exists():
            found[name] = (pd if name == "children" else gpd).read_parquet(path)
    return SchoolSources(**found)


def _read_parameters(folder: Path) -> Parameters:
    texts = [
        (folder / name).read_text(encoding="utf-8") for name in (PARAMETERS_FILE, HAZARDS_FILE)
    ]
    return build_parameters(
        *texts, *(str(folder / name) for name in (PARAMETERS_FILE, HAZARDS_FILE))
    )


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, which makes the folder a run."""
    text = json.dumps({"format": FORMAT, **manifest}, ensure_ascii=False, indent=1, sort_keys=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Manifest of a run folder.

    Raises
    ------
    NotARun
        There is no folder, no manifest in it, or one this version cannot read.
    """
    path = find_run_folder(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotARun(
            f"{folder} holds no complete run (no {MANIFEST}): make one with "
            f"`lifecircle run city.toml --out {folder}`"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotARun(f"{path} cannot be read ({error}): run again into the folder") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise NotARun(
            f"{folder} was written in format {found}, this version reads {FORMAT}: run again"
        )
    return manifest


def read_run(folder: Path) -> Run:
    """Open a run folder.

    Raises
    ------
    NotARun
        There is no complete run in the folder, or a table of it cannot be read.
    """
    manifest = read_manifest(folder)
    place = find_run_folder(folder)
    tables = read_tables(folder, dict.fromkeys(_TABLES))
    with _name_damage(folder):
        return Run(
            path=place,
            manifest=manifest,
            network=read_network(place / NETWORK),
            transit=find_transit(place),
            schooling=_read_schooling(place),
            parameters=_read_parameters(place),
            **tables,
        )


def read_tables(folder: Path, wanted: Mapping[str, Sequence[str] | None]) -> dict[str, Any]:
    """Read some tables of a run folder, by name as in `Run`.

    Parameters
    ----------
    wanted
        Names of tables, each with the columns to read; None: all of them.

    Raises
    ------
    NotARun
        A table cannot be read.
    """
    place = find_run_folder(folder)
    with _name_damage(folder):
        return {
            name: (gpd if name in _PLACED else pd).read_parquet(
                place / f"{name}.parquet", columns=None if columns is None else [*columns]
            )
            for name, columns in wanted.items()
        }


@contextmanager
def _name_damage(folder: Path) -> Iterator[None]:
    """Say of whatever cannot be read that the run is damaged."""
    try:
        yield
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
        pyarrow.ArrowException,
    ) as error:
        raise NotARun(f"{folder} is damaged ({error}): run again into the folder") from error


def _aside(folder: Path, word: str) -> Path:
    return folder.parent / f".{folder.name}.{word}"


def find_run_folder(folder: Path) -> Path:
    """`folder` itself, or the complete run set aside when a swap was cut off in its middle."""
    previous = _aside(folder.resolve(), "previous")
    if not (folder / MANIFEST).is_file() and (previous / MANIFEST).is_file():
        return previous
    return folder


@contextmanager
def stage_run(folder: Path) -> Iterator[Path]:
    """Folder to write a run into; put in place of `folder` when the block ends well.

    When the block raises, or the process dies, `folder` stays as it was; the next call removes
    what was left aside.

    Raises
    ------
    RunLocked
        Another process is writing a run into `folder`.
    OSError
        The place cannot be written to, or `folder` holds something that is no run.
    """
    folder = folder.resolve()
    _refuse_foreign(folder)
    with _parents(folder), _lock(folder):
        staging = _aside(folder, "writing")
        if staging.exists():
            shutil.rmtree(staging)
        if not folder.exists() and _aside(folder, "previous").exists():
            _aside(folder, "previous").rename(folder)
        staging.mkdir()
        try:
            yield staging
            _swap(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            errno.ENOTDIR, "a file stands there, expected a folder", str(folder)
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise FileExistsError(
            errno.EEXIST,
            "the folder holds files that are no run",
            str(folder),
        )


@contextmanager
def _parents(folder: Path) -> Iterator[None]:
    """Make the folders above; those made for nothing are removed again."""
    made = [parent for parent in folder.parents if not parent.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        with suppress(OSError):  # the first that is in use ends it
            for parent in made:
                parent.rmdir()


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    path = _aside(folder, "lock")
    with path.open("w", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the holder may have removed the file between our opening and our locking it
            held = path.exists() and os.fstat(stream.fileno()).st_ino == path.stat().st_ino
        except BlockingIOError:
            held = False
        if not held:
            raise RunLocked(
                f"another run is writing into {folder}: wait for it, or choose another --out"
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _swap(staging: Path, folder: Path) -> None:
    """Put `staging` in the place of `folder`; one step where the file system can exchange names."""
    if not folder.exists():
        staging.rename(folder)
        return
    if _exchange(staging, folder):
        return  # the old run now lies in `staging` and is removed by the caller
    previous = _aside(folder, "previous")
    if previous.exists():
        shutil.rmtree(previous)
    folder.rename(previous)
    staging.rename(folder)
    shutil.rmtree(previous)


def _exchange(one: Path, other: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    done = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    return bool(done == 0)
