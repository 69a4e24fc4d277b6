"""`city.toml`: what a study area consists of, read and checked before anything is opened.

Every problem is found at once: unknown keys with their line, missing files, wrong types and values.
Paths are relative to the file's folder.
"""

import codecs
import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from layers.coordinates import parse_system
from layers.errors import InvalidConfig
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice

DEFAULT_PACKS = ("baoji-four-types",)

_OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
_CITY_KEYS = ("name", "packs", "synthetic")
_SOURCE_KEYS = ("osm", "gtfs", "communities", "demand", "facilities", "parcels")
_TABLE_KEYS = ("path", "crs", "encoding")
_AREA_KEYS = ("path", "cells_m", "osm_admin_level", "crs", "encoding")
_LEAST_CELL_M, _MOST_CELL_M = 50.0, 10_000.0


@dataclass(frozen=True, slots=True)
class TableSource:
    """One table a user brings: its path, and what cannot be read from it."""

    path: Path
    crs: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class CommunitiesSource:
    """Where communities come from: exactly one of a table, analysis cells, OSM boundaries.

    Parameters
    ----------
    path
        A table of areas, with `crs` and `encoding` as in `TableSource`.
    cells_m
        Side of square analysis cells, metres.
    osm_admin_level
        `admin_level` of the OSM boundaries to take.
    """

    path: Path | None = None
    cells_m: float | None = None
    osm_admin_level: int | None = None
    crs: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of a run; every number carries its unit.

    Parameters
    ----------
    adult_m_s, older_m_s, child_m_s
        Walking speeds.
    max_leg_m
        A point farther than this from any kept street is unconnected.
    min_island_m
        Components with less street than this are set aside.
    limits_min
        Walks that are reported, rising.
    main_limit_min
        The one of them that decides `within_limit` and the maps.
    severed_detour
        Walk over straight line from which a near facility counts as cut off.
    cell_m
        Side of the cells residential land is cut into.
    street_step_m
        Most metres of street one demand point stands for.

    Raises
    ------
    InvalidConfig
        A value that makes no sense; all of them are named.
    """

    adult_m_s: float = 1.2
    older_m_s: float = 0.8
    child_m_s: float = 1.0
    max_leg_m: float = 150.0
    min_island_m: float = 1000.0
    limits_min: tuple[float, ...] = (5.0, 10.0, 15.0)
    main_limit_min: float = 15.0
    severed_detour: float = 1.8
    cell_m: float = 50.0
    street_step_m: float = 50.0

    def __post_init__(self) -> None:
        problems = self._list_problems()
        if problems:
            raise InvalidConfig("; ".join(problems), tuple(problems))

    def _list_problems(self) -> list[str]:
        problems = [
            f"{name} is {getattr(self, name)!r}; expected a number from {low:g} to {high:g}"
            for name, (low, high) in _RANGES.items()
            if not _is_number(getattr(self, name)) or not low <= getattr(self, name) <= high
        ]
        steps = self.limits_min
        if not steps or not all(_is_number(step) and 0 < step <= 240 for step in steps):
            problems.append(
                f"limits_min is {list(steps)!r}; expected rising minutes from 1 to 240, such as "
                "[5, 10, 15]"
            )
        elif any(later <= step for step, later in pairwise(steps)):
            problems.append(f"limits_min is {list(steps)!r}; expected rising minutes")
        elif _is_number(self.main_limit_min) and self.main_limit_min not in steps:
            problems.append(
                f"main_limit_min is {self.main_limit_min:g}; expected one of {list(steps)!r}"
            )
        return problems

    def speed_m_s(self, traveller: str) -> float:
        """Return the walking speed of `adult`, `older` or `child`.

        Raises
        ------
        KeyError
            There is no such traveller.
        """
        return {"adult": self.adult_m_s, "older": self.older_m_s, "child": self.child_m_s}[
            traveller
        ]

    @property
    def longest_walk_m(self) -> float:
        """Metres the fastest traveller walks within the longest limit."""
        fastest = max(self.adult_m_s, self.older_m_s, self.child_m_s)
        return max(self.limits_min) * 60.0 * fastest


_RANGES = {
    "adult_m_s": (0.1, 5.0),
    "older_m_s": (0.1, 5.0),
    "child_m_s": (0.1, 5.0),
    "max_leg_m": (1.0, 2000.0),
    "min_island_m": (0.0, 1_000_000.0),
    "main_limit_min": (1.0, 240.0),
    "severed_detour": (1.0, 20.0),
    "cell_m": (5.0, 1000.0),
    "street_step_m": (5.0, 1000.0),
}


@dataclass(frozen=True, slots=True)
class CityConfig:
    """One study area: its name, rule packs, inputs and settings; paths are absolute.

    Parameters
    ----------
    path
        The `city.toml`, or the OSM file where there is none.
    packs
        Codes of shipped packs, or absolute paths of a user's own.
    synthetic
        Whether the area is invented: every page says so.
    facilities
        Tables added to the facilities found in OSM, the most trusted first.
    """

    name: str
    path: Path
    osm: Path
    communities: CommunitiesSource
    packs: tuple[str, ...] = DEFAULT_PACKS
    synthetic: bool = False
    gtfs: tuple[Path, ...] = ()
    demand: TableSource | None = None
    facilities: tuple[TableSource, ...] = ()
    parcels: TableSource | None = None
    settings: RunSettings = field(default_factory=RunSettings)
    limits: Limits = DEFAULT_LIMITS

    def list_inputs(self) -> list[tuple[str, Path]]:
        """Role and path of every input file."""
        inputs = [("osm", self.osm), *(("gtfs", path) for path in self.gtfs)]
        if self.communities.path is not None:
            inputs.append(("communities", self.communities.path))
        if self.demand is not None:
            inputs.append(("demand", self.demand.path))
        inputs.extend(("facilities", source.path) for source in self.facilities)
        if self.parcels is not None:
            inputs.append(("parcels", self.parcels.path))
        return inputs


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
    checker = _Checker(path, text)
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
    osm_path: Path, *, cells_m: float = 500.0, communities: Path | None = None
) -> CityConfig:
    """Build the configuration of a run on one OSM file without a `city.toml`.

    Parameters
    ----------
    cells_m
        Side of the analysis cells that stand for communities, metres.
    communities
        A table of communities to take instead of cells.

    Raises
    ------
    InvalidConfig
        A file does not exist, or the cell size makes no sense.
    """
    if not osm_path.is_file():
        raise InvalidConfig(f"{osm_path} does not exist; expected an OSM file")
    if communities is not None and not communities.is_file():
        raise InvalidConfig(f"{communities} does not exist; expected a table of communities")
    if not _is_number(cells_m) or not _LEAST_CELL_M <= cells_m <= _MOST_CELL_M:
        raise InvalidConfig(
            f"cells_m is {cells_m!r}; expected a number from {_LEAST_CELL_M:g} to {_MOST_CELL_M:g}"
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
    )


class _Checker:
    """Gathers every problem of one file on the way through it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path.resolve()
        self.lines = text.splitlines()
        self.problems: list[Notice] = []

    def build(self, raw: Mapping[str, Any]) -> CityConfig | None:
        self._check_keys(raw, ("city", "sources", "settings", "limits"), "")
        city, sources = self._get_section(raw, "city"), self._get_section(raw, "sources")
        self._check_keys(city, _CITY_KEYS, "city")
        self._check_keys(sources, _SOURCE_KEYS, "sources")
        osm = self._read_path(sources.get("osm"), "sources", "osm", required=True)
        name = self._read_text(city.get("name", self.path.parent.name), "city", "name")
        packs = self._read_texts(city.get("packs", list(DEFAULT_PACKS)), "city", "packs")
        synthetic = city.get("synthetic", False)
        if not isinstance(synthetic, bool):
            self._wrong_type("city", "synthetic", synthetic, "true or false", "true 或 false")
        gtfs = self._read_list(sources.get("gtfs", []), "sources", "gtfs")
        feeds = [self._read_path(entry, "sources", "gtfs") for entry in gtfs]
        listed = self._read_list(sources.get("facilities", []), "sources", "facilities")
        facilities = [self._read_table(entry, "facilities") for entry in listed]
        communities = self._read_communities(sources.get("communities"))
        demand = self._read_table(sources.get("demand"), "demand")
        parcels = self._read_table(sources.get("parcels"), "parcels")
        settings = self._read_numbers(raw, "settings", RunSettings)
        limits = self._read_numbers(raw, "limits", Limits)
        if osm is None or communities is None:
            return None
        return CityConfig(
            name=name,
            path=self.path,
            osm=osm,
            communities=communities,
            packs=tuple(self._resolve_pack(pack) for pack in packs),
            synthetic=bool(synthetic),
            gtfs=tuple(feed for feed in feeds if feed is not None),
            demand=demand,
            facilities=tuple(table for table in facilities if table is not None),
            parcels=parcels,
            settings=settings or RunSettings(),
            limits=limits or DEFAULT_LIMITS,
        )

    def _say(
        self, code: str, key: str, section: str, english: str, chinese: str, found: object
    ) -> None:
        self.problems.append(
            Notice(
                "error",
                code,
                self.path.name,
                english,
                chinese,
                row=self._find_line(section, key),
                column=f"{section}.{key}" if section else key,
                found=str(found),
            )
        )

    def _find_line(self, section: str, key: str) -> str:
        """Line on which a key stands in its section; empty if it does not."""
        here = not section
        pattern = re.compile(rf"(?:^|[\s{{,.\[\"']){re.escape(key)}[\"']?\s*(?:=|\.|\])")
        for number, line in enumerate(self.lines, start=1):
            bare = line.split("#", 1)[0]
            header = re.match(r"\s*\[+\s*([^\]\s]+)", bare)
            if header:
                named = header[1].strip("\"'")
                here = not section or named == section or named.startswith(f"{section}.")
            if here and pattern.search(bare):
                return str(number)
        return ""

    def _check_keys(self, table: Mapping[str, Any], known: Sequence[str], section: str) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self._say(
                    "unknown_key",
                    key,
                    section.split(".", maxsplit=1)[0],
                    f"unknown key {key!r}{f' in [{section}]' if section else ''}{hint} Known: "
                    f"{', '.join(known)}",
                    f"未知键“{key}”；可用：{'、'.join(known)}",
                    key,
                )

    def _get_section(self, raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        section = raw.get(name, {})
        if isinstance(section, Mapping):
            return section
        self._wrong_type("", name, section, f"a section [{name}]", f"一节 [{name}]")
        return {}

    def _wrong_type(self, section: str, key: str, value: object, what: str, what_zh: str) -> None:
        self._say(
            "wrong_type",
            key,
            section,
            f"{key} is {value!r}; expected {what}",
            f"{key} 的值为 {value!r}，应为{what_zh}",
            value,
        )

    def _read_text(self, value: object, section: str, key: str) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        self._wrong_type(section, key, value, "text in quotes", "带引号的文字")
        return ""

    def _read_texts(self, value: object, section: str, key: str) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(dict.fromkeys(value))
        self._wrong_type(section, key, value, 'a list of texts, such as ["a", "b"]', "文字列表")
        return ()

    def _resolve_pack(self, pack: str) -> str:
        """Leave a shipped pack's code as it is, make the path of a user's own absolute."""
        if pack.endswith((".yaml", ".yml")):
            return str((self.path.parent / pack).resolve())
        return pack

    def _read_list(self, value: object, section: str, key: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self._wrong_type(section, key, value, "a list in [ ]", "用 [ ] 括起的列表")
        return []

    def _read_path(
        self, value: object, section: str, key: str, *, required: bool = False
    ) -> Path | None:
        if value is None:
            if required:
                self._say(
                    "missing_key",
                    key,
                    section,
                    f"[{section}] says nothing about {key!r}; expected a file, such as "
                    f'{key} = "city.osm.pbf"',
                    f"[{section}] 缺少“{key}”；应为文件路径",
                    "",
                )
            return None
        if not isinstance(value, str) or not value.strip():
            self._wrong_type(section, key, value, "a path in quotes", "带引号的路径")
            return None
        path = (self.path.parent / value).resolve()
        if not path.is_file():
            self._say(
                "missing_file",
                key,
                section,
                f"{key}: the file {value!r} does not exist; looked for {path}",
                f"{key}：文件“{value}”不存在；查找位置：{path}",
                value,
            )
            return None
        return path

    def _read_table(self, value: object, key: str) -> TableSource | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = {"path": value}
        if not isinstance(value, Mapping):
            self._wrong_type(
                "sources",
                key,
                value,
                '{ path = "file" }, with crs or encoding',
                '{ path = "文件" }',
            )
            return None
        self._check_keys(value, _TABLE_KEYS, f"sources.{key}")
        path = self._read_path(value.get("path"), "sources", key, required="path" not in value)
        crs, encoding = self._read_crs(value, key), self._read_encoding(value, key)
        return TableSource(path, crs, encoding) if path is not None else None

    def _read_communities(self, value: object) -> CommunitiesSource | None:
        if value is None:
            return CommunitiesSource(cells_m=500.0)
        if isinstance(value, str):
            value = {"path": value}
        if not isinstance(value, Mapping):
            self._wrong_type(
                "sources", "communities", value, '{ path = "file" } or { cells_m = 500 }', "{ … }"
            )
            return None
        self._check_keys(value, _AREA_KEYS, "sources.communities")
        ways = [key for key in ("path", "cells_m", "osm_admin_level") if key in value]
        if len(ways) != 1:
            self._say(
                "communities_unclear",
                "communities",
                "sources",
                f"communities names {' and '.join(ways) or 'none of its sources'}; expected "
                "exactly one of path, cells_m, osm_admin_level",
                "communities 应在 path、cells_m、osm_admin_level 中只填一项",
                ", ".join(ways),
            )
            return None
        crs, encoding = (
            self._read_crs(value, "communities"),
            self._read_encoding(value, "communities"),
        )
        if ways == ["path"]:
            path = self._read_path(value["path"], "sources", "communities")
            return CommunitiesSource(path=path, crs=crs, encoding=encoding) if path else None
        number = value[ways[0]]
        low, high = (_LEAST_CELL_M, _MOST_CELL_M) if ways == ["cells_m"] else (2, 12)
        whole = ways == ["cells_m"] or isinstance(number, int)
        if not _is_number(number) or not low <= number <= high or not whole:
            self._wrong_type(
                "sources",
                ways[0],
                number,
                f"a number from {low:g} to {high:g}",
                f"{low:g} 至 {high:g} 的数字",
            )
            return None
        if ways == ["cells_m"]:
            return CommunitiesSource(cells_m=float(number))
        return CommunitiesSource(osm_admin_level=int(number))

    def _read_crs(self, table: Mapping[str, Any], key: str) -> str | None:
        value = table.get("crs")
        if value is None:
            return None
        try:
            return parse_system(value if isinstance(value, int) else str(value)).label
        except InvalidConfig as error:
            self._say(
                "unknown_crs",
                "crs",
                "sources",
                f"{key}: {error}",
                f"{key}：未知坐标系 {value!r}",
                value,
            )
        return None

    def _read_encoding(self, table: Mapping[str, Any], key: str) -> str | None:
        value = table.get("encoding")
        if value is None:
            return None
        try:
            codecs.lookup(str(value))
        except LookupError:
            self._say(
                "unknown_encoding",
                "encoding",
                "sources",
                f"{key}: there is no encoding called {value!r}; try utf-8 or gbk",
                f"{key}：未知编码 {value!r}，可用 utf-8 或 gbk",
                value,
            )
            return None
        return str(value)

    def _read_numbers(self, raw: Mapping[str, Any], section: str, model: type[Any]) -> Any:
        """Read a dataclass of numbers; every wrong value is named with its line."""
        table = self._get_section(raw, section)
        known = [entry.name for entry in fields(model)]
        self._check_keys(table, known, section)
        settled = model()
        good: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                continue
            wanted: Any = value
            if isinstance(value, list):
                wanted = tuple(float(step) if _is_number(step) else step for step in value)
            elif _is_number(value) and model is RunSettings:
                wanted = float(value)
            if isinstance(getattr(settled, key), tuple) != isinstance(wanted, tuple):
                self._wrong_type(
                    section, key, value, "a number, or a list where it is one", "数字或列表"
                )
            else:
                good[key] = wanted
        try:
            return replace(settled, **good)
        except InvalidConfig as error:
            for part in error.args[1] if len(error.args) > 1 else (str(error),):
                key = next((name for name in known if re.search(rf"\b{name}\b", part)), section)
                self._say("wrong_value", key, section, part, f"{key} 的值不合理：{part}", "")
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124
