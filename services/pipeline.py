"""The batch run, in order: read, measure, judge, write.

`measure_city` turns a `City` into result tables and touches no file; `run_city` wraps it with
reading and writing. A run folder appears complete or not at all.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.snap import Links, snap_homes
from layers.city import City, build_city
from layers.config import CityConfig, RunSettings
from layers.demo import CITY_NAME, write_demo
from layers.digest import digest_file
from layers.errors import InvalidConfig
from layers.notices import Notice, tabulate_notices
from layers.results import shape_table
from layers.standards.describe import describe_pack
from layers.standards.load import read_packs
from layers.standards.model import StandardPack
from layers.store import read_run, stage_run, write_manifest, write_run, write_table
from maps.pages import write_maps
from services.coverage import (
    KindReach,
    Walks,
    Yardsticks,
    build_walks,
    limit_in_metres,
    measure_coverage,
    measure_kind,
    point_xy,
    tabulate_access,
)
from services.errors import CannotWrite
from services.failures import name_output
from services.gaps import find_gaps
from services.geopackage import write_geopackage
from services.progress import Report, no_progress
from services.reports import write_reports
from services.summary import summarize
from services.tables import (
    describe_demand,
    describe_entrances,
    describe_facilities,
    describe_streets,
    list_unconnected,
)

ATTRIBUTION = ("© OpenStreetMap contributors (ODbL 1.0)",)
SYNTHETIC_ATTRIBUTION = (
    "合成数据，非真实城市（格式同 OpenStreetMap；真实城市的地图须标注 © OpenStreetMap contributors, ODbL 1.0）",
)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything a run has to say: tables by name (see `layers.results`) and the manifest's facts."""

    tables: dict[str, pd.DataFrame]
    packs: tuple[StandardPack, ...]
    summary: dict[str, Any]
    kinds: list[dict[str, Any]]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One kind, as the terminal shows it."""

    kind: str
    name_zh: str
    facilities: int
    share: str
    basis: str


@dataclass(frozen=True, slots=True, eq=False)
class RunSummary:
    """What a finished run tells its caller."""

    out: Path
    manifest: dict[str, Any]
    notices: tuple[Notice, ...]
    lines: tuple[SummaryLine, ...]
    gaps: int
    unknown: int
    met: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values."""
        return {
            "out": str(self.out),
            "seconds": round(self.seconds, 3),
            "verdicts": {"gap": self.gaps, "unknown": self.unknown, "met": self.met},
            "notices": len(self.notices),
            **{
                key: self.manifest[key]
                for key in ("name", "synthetic", "counts", "summary", "timings_s")
            },
        }


class _Clock:
    """Seconds spent per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - begin
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + spent, 3)


def write_sample(folder: Path) -> Path:
    """Write the embedded sample city into a folder; returns its `city.toml`.

    Raises
    ------
    CannotWrite
        The folder cannot be written, or holds another city, which would be overwritten.
    """
    config = folder / "city.toml"
    with name_output(folder):
        if config.exists() and CITY_NAME not in config.read_text("utf-8", errors="replace"):
            raise CannotWrite(
                f"{folder} holds a city.toml that is not the sample city's: name another --out"
            )
        return write_demo(folder)


def check_city(config: CityConfig, *, progress: Report = no_progress) -> tuple[Notice, ...]:
    """Read and validate every input of a study area, its rule packs included.

    Raises
    ------
    InvalidLayer
        Some input holds errors.
    """
    read_packs(config.packs)
    return build_city(config, report=progress).notices


def run_city(
    config: CityConfig,
    out: Path,
    *,
    progress: Report = no_progress,
    today: date | None = None,
) -> RunSummary:
    """Measure a study area and write the run folder.

    Parameters
    ----------
    out
        Folder to write; an earlier run in it is replaced in one step at the very end.
    today
        Day the rules are judged on; default: the current one.

    Raises
    ------
    InvalidLayer
        Some input holds errors; nothing was computed.
    RunLocked
        Another run is writing into `out`.
    CannotWrite
        `out` cannot be written, or is a place where a run must not go.
    """
    begin = time.perf_counter()
    clock = _Clock()
    day = today or datetime.now(tz=UTC).date()
    _check_places(config, out)
    packs = read_packs(config.packs)
    with ExitStack() as stack:
        with name_output(out):
            folder = stack.enter_context(stage_run(out))
        with clock.time("read"):
            city = build_city(config, report=progress)
        with clock.time("measure"):
            results = measure_city(city, packs, day=day, progress=progress)
        manifest = _build_manifest(city, results, clock)
        with name_output(out):
            _write_results(folder, city, results, manifest, clock, progress)
    return _summarize_run(out, manifest, results, time.perf_counter() - begin)


def _check_places(config: CityConfig, out: Path) -> None:
    """Refuse what would end badly: an output that holds its own inputs, or the folder one is in."""
    for path in (config.path, out, *(path for _, path in config.list_inputs())):
        if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
            raise InvalidConfig(
                f"{path}: the name is not UTF-8 text here: rename the file, or use a UTF-8 locale"
            )
    place = out.resolve()
    if Path.cwd().is_relative_to(place):
        raise CannotWrite(
            f"{place} is the folder you are in, and a run replaces its folder whole: name one to be "
            "made in it, such as --out run"
        )
    inside = [path for _, path in config.list_inputs() if path.resolve().is_relative_to(place)]
    if inside:
        raise CannotWrite(
            f"{out} holds the input {inside[0].name}, and a run replaces its folder whole: name "
            "another --out"
        )


def _write_results(
    folder: Path,
    city: City,
    results: Results,
    manifest: dict[str, Any],
    clock: _Clock,
    progress: Report,
) -> None:
    """Fill the folder of a run; the manifest, which makes it one, is complete at the end."""
    progress("writing tables", 0.0)
    layers = dict(results.tables)
    with clock.time("tables"):
        write_run(folder, results.tables, city.streets.network)
        if city.parcels is not None:
            write_table(city.parcels, folder / "parcels.parquet")
            layers["parcels"] = city.parcels
    progress("writing GeoPackage", 0.0)
    with clock.time("geopackage"):
        write_geopackage(folder / "lifecircle.gpkg", layers, manifest)
    progress("writing reports", 0.0)
    with clock.time("reports"):
        write_reports(folder, results.tables, manifest)
    write_manifest(folder, manifest)
    progress("drawing maps", 0.0)
    with clock.time("maps"):
        write_maps(
            read_run(folder),
            folder / "maps",
            progress=lambda _, part: progress("drawing maps", part),
        )
    manifest["timings_s"] = dict(clock.seconds)
    write_manifest(folder, manifest)


def measure_city(
    city: City,
    packs: tuple[StandardPack, ...],
    *,
    day: date,
    progress: Report = no_progress,
) -> Results:
    """Measure every kind, judge every rule, and shape the result tables."""
    settings = city.config.settings
    network = city.streets.network
    walks = build_walks(
        network,
        city.demand.points,
        city.facilities,
        city.entrances,
        max_leg_m=settings.max_leg_m,
        edge_private=city.streets.edge_private,
    )
    yardsticks = _build_yardsticks(city)
    speeds = {who: settings.speed_m_s(who) for who in ("adult", "older", "child")}
    limits = {kind: _list_limits(kind, settings, packs) for kind in city.kinds}
    measured = _measure_kinds(city, walks, yardsticks, limits, progress)
    reach = {one.kind.code: one.reach for one in measured}
    progress("judging rules", 0.0)
    coverage = measure_coverage(
        city.communities,
        walks,
        yardsticks,
        city.kinds.values(),
        {one.kind.code: one for one in measured},
        speeds,
        limits,
    )
    gaps = find_gaps(
        packs,
        walks,
        city.communities,
        reach,
        city.extract.barriers,
        city.kinds,
        speeds,
        severed_detour=settings.severed_detour,
        today=day,
    )
    notices = (*city.notices, *list_unconnected(walks, settings.max_leg_m))
    plain = {
        "coverage": coverage,
        "access": tabulate_access(walks, measured, speeds, settings.main_limit_min),
        "gaps": gaps,
        "communities": city.communities,
        "facilities": describe_facilities(walks),
        "entrances": describe_entrances(walks, city.streets),
        "demand": describe_demand(walks, city.streets),
        "streets": describe_streets(city.streets, measured, speeds),
        "notices": tabulate_notices(notices),
    }
    tables = {name: shape_table(frame, name) for name, frame in plain.items()}
    tables["base"] = _build_base(city)
    tables["barriers"] = city.extract.barriers
    return Results(
        tables=tables,
        packs=packs,
        summary=summarize(coverage, yardsticks, measured, speeds, city.kinds.values()),
        kinds=[
            {
                "code": kind.code,
                "name_zh": kind.name_zh,
                "name_en": kind.name_en,
                "group": kind.group,
                "traveller": kind.traveller,
                "speed_m_s": speeds[kind.traveller],
                "n_facilities": len(walks.list_facilities(kind.code)),
                "status": "measured" if kind.code in reach else "unknown",
            }
            for kind in city.kinds.values()
        ],
        notices=notices,
    )


def _list_limits(
    kind: str, settings: RunSettings, packs: tuple[StandardPack, ...]
) -> list[tuple[float, str]]:
    """Limits a kind is measured at: those of the settings, then those of rules about it."""
    limits = [(float(limit), "min") for limit in settings.limits_min]
    if (settings.main_limit_min, "min") not in limits:
        limits.append((float(settings.main_limit_min), "min"))
    for pack in packs:
        for rule in pack.rules:
            limit = dict(rule.list_values()).get("limit")
            if rule.kind == kind and limit and (limit.value, limit.unit) not in limits:
                limits.append((float(limit.value), str(limit.unit)))
    return limits


def _measure_kinds(
    city: City,
    walks: Walks,
    yardsticks: Yardsticks,
    limits: Mapping[str, list[tuple[float, str]]],
    progress: Report,
) -> list[KindReach]:
    settings = city.config.settings
    present = set(walks.facilities["kind"])
    measured = []
    for at, kind in enumerate(city.kinds.values()):
        progress("measuring walks", at / len(city.kinds))
        if kind.code in present:
            speed = settings.speed_m_s(kind.traveller)
            measured.append(
                measure_kind(
                    walks,
                    yardsticks,
                    kind,
                    main_limit_m=limit_in_metres(settings.main_limit_min, "min", speed),
                    longest_limit_m=max(
                        limit_in_metres(limit, unit, speed) for limit, unit in limits[kind.code]
                    ),
                )
            )
    return measured


def _build_yardsticks(city: City) -> Yardsticks:
    demand = city.demand
    network = city.streets.network
    rows_of = pd.Series(np.arange(len(city.communities)), index=city.communities["community_id"])

    def tie(frame: gpd.GeoDataFrame) -> tuple[Links, np.ndarray]:
        links = snap_homes(
            network, point_xy(frame, network.crs), max_leg_m=city.config.settings.max_leg_m
        )
        found = rows_of.reindex(frame["community_id"]).fillna(-1)
        return links, found.to_numpy().astype(np.int64)

    building_links, building_community = tie(demand.buildings)
    land_links, land_community = tie(demand.land)
    return Yardsticks(
        building_links,
        building_community,
        land_links,
        land_community,
        demand.land["area_m2"].to_numpy(dtype=np.float64),
    )


def _build_base(city: City) -> gpd.GeoDataFrame:
    """Water, green and rail: what the base map is drawn from beside the streets."""
    extract = city.extract
    rail = extract.barriers[extract.barriers["kind"] == "railway"].assign(kind="rail")
    parts = [
        extract.water.assign(kind="water")[["kind", "name", "geometry"]],
        extract.green.assign(kind="green")[["kind", "name", "geometry"]],
        rail[["kind", "name", "geometry"]],
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs="EPSG:4326")


def _list_assumptions(city: City) -> list[dict[str, str]]:
    settings = city.config.settings
    lines = [
        {
            "zh": f"步行速度：成人{settings.adult_m_s:g}、老年人{settings.older_m_s:g}、"
            f"儿童{settings.child_m_s:g}米/秒；时间规则按此换算，距离规则只比较路网米数。",
            "en": f"Walking speeds: adult {settings.adult_m_s:g}, older {settings.older_m_s:g}, child "
            f"{settings.child_m_s:g} m/s for time rules; distance rules compare network metres.",
        },
        {
            "zh": f"住宅与设施出入口就近接入道路（不是路口），直线段计入步行距离；超过{settings.max_leg_m:g}米"
            "为未接入路网，仍计入分母。",
            "en": "Homes and entrances start at the nearest place on a street, not at a junction; the "
            f"straight legs count. Beyond {settings.max_leg_m:g} m a point is unconnected and stays in "
            "every denominator.",
        },
        {
            "zh": f"总长不足{settings.min_island_m:g}米的孤立道路不参与计算，已列入数据提示。",
            "en": f"Streets on islands shorter than {settings.min_island_m:g} m together are set aside "
            "and listed in the notices.",
        },
    ]
    if (city.communities["source"] == "cells").any():
        lines.append(
            {
                "zh": "没有社区表：以规则网格代替社区，户数未知，覆盖率按住宅建筑、居住用地等估算。",
                "en": "No table of communities: analysis cells stand in, households are unknown, and "
                "shares are taken over homes as mapped.",
            }
        )
    return lines


def _build_manifest(city: City, results: Results, clock: _Clock) -> dict[str, Any]:
    config, settings = city.config, city.config.settings
    bounds = city.communities.total_bounds
    tables = results.tables
    return {
        "product": "lifecircle",
        "version": version("lifecircle"),
        "created": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "name": config.name,
        "synthetic": config.synthetic,
        "crs": city.streets.network.crs,
        "bounds": [float(edge) for edge in bounds],
        "inputs": [
            {
                "role": role,
                "path": path.name,
                "sha256": digest_file(path),
                "bytes": path.stat().st_size,
            }
            for role, path in config.list_inputs()
        ],
        "osm_timestamp": city.extract.timestamp,
        "packs": [describe_pack(pack) for pack in results.packs],
        "kinds": results.kinds,
        "groups": city.kinds.groups,
        "settings": asdict(settings),
        "limits_min": [float(limit) for limit in settings.limits_min],
        "main_limit_min": float(settings.main_limit_min),
        "summary": results.summary,
        "counts": {name: len(frame) for name, frame in tables.items()},
        "timings_s": dict(clock.seconds),
        "assumptions": _list_assumptions(city),
        "attribution": list(SYNTHETIC_ATTRIBUTION if config.synthetic else ATTRIBUTION),
    }


def _summarize_run(
    out: Path, manifest: dict[str, Any], results: Results, seconds: float
) -> RunSummary:
    limit = f"{manifest['main_limit_min']:g}"
    lines = []
    for kind in results.kinds:
        figures = results.summary[kind["code"]][limit]
        share = figures["share"]
        lines.append(
            SummaryLine(
                kind=kind["code"],
                name_zh=kind["name_zh"],
                facilities=kind["n_facilities"],
                share="unknown" if share is None else f"{share:.1%}",
                basis=figures["basis"],
            )
        )
    verdicts = results.tables["gaps"]["status"].value_counts()
    return RunSummary(
        out=out,
        manifest=manifest,
        notices=results.notices,
        lines=tuple(lines),
        gaps=int(verdicts.get("gap", 0)),
        unknown=int(verdicts.get("unknown", 0)),
        met=int(verdicts.get("met", 0)),
        seconds=seconds,
    )
