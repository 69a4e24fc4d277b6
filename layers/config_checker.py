"""The way through a `city.toml` that gathers every problem with its line."""

import codecs
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from layers.config_model import (
    DEFAULT_PACKS,
    CityConfig,
    CommunitiesSource,
    RunSettings,
    TableSource,
    is_number,
)
from layers.coordinates import parse_system
from layers.errors import InvalidConfig
from layers.limits import DEFAULT_LIMITS, Limits
from layers.notices import Notice
from layers.schooling.settings import SchoolSettings
from layers.toml_text import write_toml
from layers.transit.settings import TransitSettings

LEAST_CELL_M, MOST_CELL_M = 50.0, 10_000.0
"""Sides an analysis cell may have."""

LOCAL_OVERLAY = "packs/local.yaml"
"""Overlay that is taken whenever it stands beside the `city.toml`."""

_CITY_KEYS = ("name", "packs", "overlays", "synthetic")
_SCHOOL_SOURCES = ("children", "housing", "catchments", "earlier_parcels")
_SOURCE_KEYS = (
    "osm",
    "gtfs",
    "communities",
    "demand",
    "facilities",
    "parcels",
    *_SCHOOL_SOURCES,
)
_SECTIONS = ("city", "sources", "settings", "transit", "schools", "limits")
_TABLE_KEYS = ("path", "crs", "encoding")
_AREA_KEYS = ("path", "cells_m", "osm_admin_level", "crs", "encoding")


class ConfigChecker:
    """Gathers every problem of one file on the way through it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path.resolve()
        self.lines = text.splitlines()
        self.problems: list[Notice] = []

    def build(self, raw: Mapping[str, Any]) -> CityConfig | None:
        """Build the configuration; None, or `problems`, when something is wrong with it."""
        self._check_keys(raw, _SECTIONS, "")
        city, sources = self._get_section(raw, "city"), self._get_section(raw, "sources")
        self._check_keys(city, _CITY_KEYS, "city")
        self._check_keys(sources, _SOURCE_KEYS, "sources")
        osm = self._read_path(sources.get("osm"), "sources", "osm", required=True)
        name = self._read_text(city.get("name", self.path.parent.name), "city", "name")
        packs = self._read_texts(city.get("packs", list(DEFAULT_PACKS)), "city", "packs")
        overlays = self._read_overlays(city.get("overlays", []))
        synthetic = city.get("synthetic", False)
        if not isinstance(synthetic, bool):
            self._wrong_type("city", "synthetic", synthetic, "true or false", "true 或 false")
        gtfs = self._read_list(sources.get("gtfs", []), "sources", "gtfs")
        feeds = [self._read_path(entry, "sources", "gtfs", folder=True) for entry in gtfs]
        listed = self._read_list(sources.get("facilities", []), "sources", "facilities")
        facilities = [self._read_table(entry, "facilities") for entry in listed]
        communities = self._read_communities(sources.get("communities"))
        demand = self._read_table(sources.get("demand"), "demand")
        parcels = self._read_table(sources.get("parcels"), "parcels")
        of_schools = {key: self._read_table(sources.get(key), key) for key in _SCHOOL_SOURCES}
        schools = self._read_values(raw, "schools", SchoolSettings)
        self._check_horizon(schools)
        settings = self._read_values(raw, "settings", RunSettings)
        transit = self._read_values(raw, "transit", TransitSettings)
        limits = self._read_values(raw, "limits", Limits)
        if osm is None or communities is None:
            return None
        return CityConfig(
            name=name,
            path=self.path,
            osm=osm,
            communities=communities,
            packs=tuple(self._resolve_pack(pack) for pack in packs),
            overlays=overlays,
            synthetic=bool(synthetic),
            gtfs=tuple(dict.fromkeys(feed for feed in feeds if feed is not None)),
            demand=demand,
            facilities=tuple(table for table in facilities if table is not None),
            parcels=parcels,
            settings=settings or RunSettings(),
            transit=transit or TransitSettings(),
            limits=limits or DEFAULT_LIMITS,
            schools=schools or SchoolSettings(),
            **of_schools,
        )

    def _check_horizon(self, schools: SchoolSettings | None) -> None:
        """Whether the years end after they begin, where they begin with the day of the run."""
        if schools is None:
            return
        try:
            schools.list_years(datetime.now().astimezone().date())
        except InvalidConfig as error:
            self._say(
                "wrong_value",
                "horizon",
                "schools",
                str(error),
                f"horizon（规划期末年）为 {schools.horizon}，早于起始年；请改为起始年或更晚的年份，"
                "若要回看过去，请设置 first_year",
                schools.horizon,
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
            f"{key} is {write_toml(value)}; expected {what}",
            f"{key} 的值为 {write_toml(value)}，应为{what_zh}",
            write_toml(value),
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

    def _read_overlays(self, value: object) -> tuple[Path, ...]:
        """List the overlay beside the file, where there is one, and those it names, each once."""
        local = (self.path.parent / LOCAL_OVERLAY).resolve()
        named = self._read_list(value, "city", "overlays")
        found = [local] if local.is_file() else []
        found += [path for entry in named if (path := self._read_path(entry, "city", "overlays"))]
        return tuple(dict.fromkeys(found))

    def _read_list(self, value: object, section: str, key: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self._wrong_type(section, key, value, "a list in [ ]", "用 [ ] 括起的列表")
        return []

    def _read_path(
        self,
        value: object,
        section: str,
        key: str,
        *,
        required: bool = False,
        folder: bool = False,
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
        if not path.is_file() and not (folder and path.is_dir()):
            what = "file or folder" if folder else "file"
            self._say(
                "missing_file",
                key,
                section,
                f"{key}: the {what} {value!r} does not exist; looked for {path}",
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
        low, high = (LEAST_CELL_M, MOST_CELL_M) if ways == ["cells_m"] else (2, 12)
        whole = ways == ["cells_m"] or isinstance(number, int)
        if not is_number(number) or not low <= number <= high or not whole:
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

    def _read_values(self, raw: Mapping[str, Any], section: str, model: type[Any]) -> Any:
        """Read a dataclass of settings; every wrong value is named with its line."""
        table = self._get_section(raw, section)
        known = [entry.name for entry in fields(model)]
        self._check_keys(table, known, section)
        settled = model()
        good: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                continue
            wanted = _read_value(value, whole=model in (Limits, SchoolSettings))
            if isinstance(getattr(settled, key), tuple) != isinstance(wanted, tuple):
                self._wrong_type(
                    section, key, value, "a number, or a list where it is one", "数字或列表"
                )
            elif key == "day" and not _is_day(wanted):
                self._wrong_type(
                    section, key, value, "a date such as 2025-03-12", "日期，如 2025-03-12"
                )
            else:
                good[key] = _read_day(wanted) if key == "day" else wanted
        try:
            return replace(settled, **good)
        except InvalidConfig as error:
            for part in error.args[1] if len(error.args) > 1 else (str(error),):
                at = {name: re.search(rf"\b{name}\b", part) for name in known}
                named = [(match.start(), name) for name, match in at.items() if match]
                key = min(named)[1] if named else section
                self._say("wrong_value", key, section, part, f"{key} 的值不合理：{part}", "")
        return None


def _read_value(value: object, *, whole: bool) -> object:
    """Read a setting as the dataclasses hold it: lists frozen, clock times as texts, plain floats."""
    if isinstance(value, list):
        return tuple(float(step) if is_number(step) else step for step in value)
    if isinstance(value, time) and (value.second, value.microsecond) == (0, 0):
        return f"{value:%H:%M}"
    if isinstance(value, (int, float)) and is_number(value) and not whole:
        return float(value)
    return value


def _is_day(value: object) -> bool:
    if isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, date) and not isinstance(value, datetime)


def _read_day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value
