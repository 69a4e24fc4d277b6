"""The batch run, in order: read, measure, judge, write.

`run_city` wraps `services.measure` with reading and writing. A run folder appears complete or not
at all.
"""

import math
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from layers.city import City, build_city
from layers.config import CityConfig
from layers.demo import CITY_NAME, write_demo
from layers.errors import InvalidConfig
from layers.notices import Notice
from layers.standards.load import read_packs
from layers.store import read_run, stage_run, write_manifest, write_run
from maps.pages import write_maps
from services.clock import Clock
from services.errors import CannotWrite
from services.failures import name_output
from services.geopackage import write_geopackage
from services.manifest import build_manifest
from services.measure import Results, measure_city
from services.progress import Report, no_progress
from services.reports import write_reports
from services.rollups import CITY


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One kind, as the terminal shows it."""

    kind: str
    name_zh: str
    facilities: int
    share: str
    basis: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """One circle or type, as the terminal shows it: communities by verdict, and who lives there.

    `share_low` and `share_high` bound the share that meets it, of `basis` (`households` or
    `communities`); None where it applies to nobody.
    """

    pack: str
    card: str
    about: str
    title_zh: str
    title_en: str
    met: int
    gap: int
    unknown: int
    not_applicable: int
    basis: str
    share_low: float | None
    share_high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class RunSummary:
    """What a finished run tells its caller."""

    out: Path
    manifest: dict[str, Any]
    notices: tuple[Notice, ...]
    lines: tuple[SummaryLine, ...]
    cards: tuple[CardLine, ...]
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
            "scorecards": [asdict(card) for card in self.cards],
            "schools": {
                key: self.manifest["schools"][key]
                for key in ("years", "summary", "land", "missing", "absent")
            },
            "notices": len(self.notices),
            **{
                key: self.manifest[key]
                for key in (
                    "name",
                    "synthetic",
                    "modes",
                    "counts",
                    "summary",
                    "summary_walk_transit",
                    "transit",
                    "timings_s",
                )
                if key in self.manifest
            },
        }


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


def check_city(
    config: CityConfig, *, progress: Report = no_progress, today: date | None = None
) -> tuple[Notice, ...]:
    """Read and validate every input of a study area, its rule packs included.

    Parameters
    ----------
    today
        Day it would be run on; default: the current one.

    Raises
    ------
    InvalidLayer
        Some input holds errors.
    InvalidConfig
        The horizon of the schools lies before that day's year.
    """
    day = today or _get_today()
    _check_horizon(config, day)
    read_packs(config.packs, overlays=config.overlays)
    return build_city(config, report=progress, today=day).notices


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
    InvalidConfig
        The horizon of the schools lies before the year of `today`; nothing was read.
    RunLocked
        Another run is writing into `out`.
    CannotWrite
        `out` cannot be written, or is a place where a run must not go.
    """
    begin = time.perf_counter()
    clock = Clock()
    day = today or _get_today()
    _check_horizon(config, day)
    _check_places(config, out)
    packs = read_packs(config.packs, overlays=config.overlays)
    with ExitStack() as stack:
        with name_output(out):
            folder = stack.enter_context(stage_run(out))
        with clock.time("read"):
            city = build_city(config, report=progress, today=day)
        with clock.time("measure"):
            results = measure_city(city, packs, day=day, progress=progress, clock=clock)
        manifest = build_manifest(city, results, clock.seconds, day=day)
        with name_output(out):
            _write_results(folder, city, results, manifest, clock, progress)
    return _summarize_run(out, manifest, results, time.perf_counter() - begin)


def _get_today() -> date:
    return datetime.now(tz=UTC).date()


def _check_horizon(config: CityConfig, day: date) -> None:
    """Refuse years of schools that make no sense on a day, before anything is read."""
    try:
        config.schools.list_years(day)
    except InvalidConfig as error:
        raise InvalidConfig(f"{config.path.name} [schools]: {error}") from error


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
    clock: Clock,
    progress: Report,
) -> None:
    """Fill the folder of a run; the manifest, which makes it one, is complete at the end."""
    progress("writing tables", 0.0)
    with clock.time("tables"):
        write_run(folder, results.tables, city.streets.network, results.transit, city.schooling)
    progress("writing GeoPackage", 0.0)
    with clock.time("geopackage"):
        write_geopackage(folder / "lifecircle.gpkg", results.tables, manifest)
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
        cards=_list_cards(results),
        gaps=int(verdicts.get("gap", 0)),
        unknown=int(verdicts.get("unknown", 0)),
        met=int(verdicts.get("met", 0)),
        seconds=seconds,
    )


def _list_cards(results: Results) -> tuple[CardLine, ...]:
    """Cards of every pack, over the whole city, in the order of the packs."""
    rollups = results.tables["rollups"]
    rows = {
        (row["pack"], row["code"]): row
        for row in rollups[(rollups["level"] == CITY) & (rollups["about"] != "rule")].to_dict(
            "records"
        )
    }
    return tuple(
        CardLine(
            pack=pack.code,
            card=card.code,
            about=card.about,
            title_zh=card.title.zh,
            title_en=card.title.en,
            basis=str(row["basis"]),
            met=int(row["met"]),
            gap=int(row["gap"]),
            unknown=int(row["unknown"]),
            not_applicable=int(row["not_applicable"]),
            share_low=_find_number(row["share_low"]),
            share_high=_find_number(row["share_high"]),
        )
        for pack in results.packs
        for card in pack.cards
        if (row := rows.get((pack.code, card.code))) is not None
    )


def _find_number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
