"""`city.toml`: what a study area consists of, read and checked before anything is opened.

Every problem is found at once: unknown keys with their line, missing files, wrong types and values.
Paths are relative to the file's folder.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from layers.config_checker import LEAST_CELL_M, MOST_CELL_M, ConfigChecker
from layers.config_model import (
    DEFAULT_PACKS,
    CityConfig,
    CommunitiesSource,
    RunSettings,
    TableSource,
    is_number,
)
from layers.errors import InvalidConfig

__all__ = [
    "DEFAULT_PACKS",
    "CityConfig",
    "CommunitiesSource",
    "RunSettings",
    "TableSource",
    "config_for_osm",
    "read_config",
]

_OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")


def read_config(path: Path) -> CityConfig:
    """Read and check a `city.toml`.

    Raises
    ------
    InvalidConfig
        The file is missing or no TOML, or something in it is wrong. The text names every problem
        with its line; the second argument is the same as a tuple of `Notice`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except FileNotFoundError as error:
        raise InvalidConfig(f"{path} does not exist; expected a city.toml") from error
    except IsADirectoryError as error:
        raise InvalidConfig(f"{path} is a folder; name the city.toml in it") from error
    except PermissionError as error:
        raise InvalidConfig(f"{path} may not be read; check its permissions") from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{path.name} is not UTF-8; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(f"{path.name} is no valid TOML: {error}") from error
    checker = ConfigChecker(path, text)
    config = checker.build(raw)
    if checker.problems or config is None:
        problems = sorted(
            checker.problems, key=lambda notice: (int(notice.row or 0), notice.column)
        )
        parts = [f"line {n.row}: {n.message}" if n.row else n.message for n in problems]
        many = f"{len(parts)} problems: " if len(parts) > 1 else ""
        raise InvalidConfig(f"{path.name}: {many}{'; '.join(parts)}", tuple(problems))
    return config


def config_for_osm(
    osm_path: Path,
    *,
    cells_m: float = 500.0,
    communities: Path | None = None,
    gtfs: Sequence[Path] = (),
) -> CityConfig:
    """Build the configuration of a run on one OSM file without a `city.toml`.

    Parameters
    ----------
    cells_m
        Side of the analysis cells that stand for communities, metres.
    communities
        A table of communities to take instead of cells.
    gtfs
        Timetables: zips, or folders of their tables.

    Raises
    ------
    InvalidConfig
        A file does not exist, or the cell size makes no sense.
    """
    if not osm_path.is_file():
        raise InvalidConfig(f"{osm_path} does not exist; expected an OSM file")
    if communities is not None and not communities.is_file():
        raise InvalidConfig(f"{communities} does not exist; expected a table of communities")
    for feed in gtfs:
        if not feed.exists():
            raise InvalidConfig(f"{feed} does not exist; expected a GTFS zip or folder")
    if not is_number(cells_m) or not LEAST_CELL_M <= cells_m <= MOST_CELL_M:
        raise InvalidConfig(
            f"cells_m is {cells_m!r}; expected a number from {LEAST_CELL_M:g} to {MOST_CELL_M:g}"
        )
    name = osm_path.name
    for suffix in sorted(_OSM_SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    resolved = osm_path.resolve()
    return CityConfig(
        name=name or osm_path.name,
        path=resolved,
        osm=resolved,
        communities=CommunitiesSource(cells_m=float(cells_m))
        if communities is None
        else CommunitiesSource(path=communities.resolve()),
        gtfs=tuple(dict.fromkeys(feed.resolve() for feed in gtfs)),
    )
