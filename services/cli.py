"""The command line: parse, call, print notices, exit code.

Exit codes: 0 done, 1 the data or the call cannot be used (one line says why), 2 unknown option,
130 interrupted. Results go to standard output, everything else to standard error.
"""

import errno
import json
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pydantic
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geo.errors import GeoError
from layers.config import CityConfig, config_for_osm, read_config
from layers.demo import write_demo
from layers.errors import InvalidLayer, LayerError
from layers.notices import Notice, count_by_severity
from layers.standards.describe import describe_pack
from layers.standards.load import list_packs, read_pack
from layers.store import read_manifest
from maps.errors import MapError
from services.api.app import create_app
from services.errors import ServiceError
from services.pipeline import RunSummary, check_city, run_city
from services.progress import show_progress
from services.settings import ServiceSettings

app = typer.Typer(
    name="lifecircle",
    help="15分钟生活圈: who can reach what within a quarter of an hour on foot, and who cannot.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
standards = typer.Typer(help="Rule packs: the published standards as data.", no_args_is_help=True)
app.add_typer(standards, name="standards")

_SHOWN_NOTICES = 20
_KNOWN_ERRORS = (
    LayerError,
    GeoError,
    MapError,
    ServiceError,
    OSError,
    sqlite3.Error,
    pa.ArrowException,
    pydantic.ValidationError,
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print a JSON summary for scripts.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", help="No progress bars, no notices.")]
OutOption = Annotated[Path, typer.Option("--out", help="Run folder to write (replaced whole).")]


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"lifecircle {version('lifecircle')}")
        raise typer.Exit


@app.callback()
def start(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version_: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda wanted: _print_version(wanted=wanted),
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Answer who can reach what within a quarter of an hour."""


def _configure(
    city: Path | None, osm: Path | None, communities: Path | None, cells_m: float
) -> CityConfig:
    if (city is None) == (osm is None):
        raise typer.BadParameter("give either a city.toml or --osm FILE")
    if city is not None:
        if communities is not None:
            raise typer.BadParameter("--communities goes with --osm; a city.toml names its own")
        return read_config(city)
    return config_for_osm(Path(str(osm)), cells_m=cells_m, communities=communities)


CityArgument = Annotated[
    Path | None, typer.Argument(metavar="[CITY.TOML]", help="The study area's city.toml.")
]
OsmOption = Annotated[Path | None, typer.Option("--osm", help="An OSM file, and nothing else.")]
CommunitiesOption = Annotated[
    Path | None, typer.Option("--communities", help="With --osm: a table of communities.")
]
CellsOption = Annotated[
    float, typer.Option("--cells-m", help="With --osm alone: size of the analysis cells, metres.")
]


@app.command()
def check(
    *,
    city: CityArgument = None,
    osm: OsmOption = None,
    communities: CommunitiesOption = None,
    cells_m: CellsOption = 500.0,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Read and validate the inputs, print what is wrong with them; exit 1 on errors."""
    config = _configure(city, osm, communities, cells_m)
    with show_progress(_stderr(), quiet=quiet or as_json) as progress:
        try:
            notices: Iterable[Notice] = check_city(config, progress=progress)
        except InvalidLayer as problem:
            notices = problem.notices
    listed = list(notices)
    counts = count_by_severity(listed)
    if as_json:
        _print_json({"notices": [asdict(notice) for notice in listed], "counts": counts})
    else:
        _print_notices(listed, most=len(listed))
    if counts["error"]:
        raise typer.Exit(1)


@app.command()
def run(
    *,
    out: OutOption,
    city: CityArgument = None,
    osm: OsmOption = None,
    communities: CommunitiesOption = None,
    cells_m: CellsOption = 500.0,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Measure coverage and gaps; write tables, GeoPackage, maps and report into one folder."""
    config = _configure(city, osm, communities, cells_m)
    _run(config, out, as_json=as_json, quiet=quiet)


def _run(config: CityConfig, out: Path, *, as_json: bool, quiet: bool) -> None:
    with show_progress(_stderr(), quiet=quiet or as_json) as progress:
        try:
            summary = run_city(config, out, progress=progress)
        except InvalidLayer as problem:
            if as_json:
                _print_json(
                    {
                        "error": str(problem),
                        "notices": [asdict(notice) for notice in problem.notices],
                        "counts": count_by_severity(problem.notices),
                    }
                )
            elif not quiet:
                _print_notices(problem.notices, most=_SHOWN_NOTICES)
            raise
    if as_json:
        _print_json(summary.as_json())
    elif not quiet:
        _print_notices(summary.notices, most=_SHOWN_NOTICES)
        _print_summary(summary)


@app.command()
def serve(
    *,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Run folder to serve.")],
    host: Annotated[
        str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port, 0 takes a free one.")
    ] = None,
) -> None:
    """Serve a run: the planner's page, maps and API."""
    read_manifest(out)  # no run, no service: said before anything listens
    given: dict[str, Any] = {"run": out, "host": host, "port": port}
    _serve(ServiceSettings(**{name: value for name, value in given.items() if value is not None}))


def _serve(settings: ServiceSettings) -> None:
    import uvicorn  # noqa: PLC0415 - only those who serve wait for it

    _stderr().print(
        f"Serving {escape(str(settings.run))} at http://{settings.host}:{settings.port}  "
        "(Ctrl+C stops)"
    )
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning")


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Where to build the sample city.")] = Path(
        "demo-city"
    ),
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after building.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port.")] = 8000,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Build the embedded sample city (synthetic) and serve it."""
    city = write_demo(out)
    _run(read_config(city), out / "run", as_json=as_json, quiet=quiet)
    if not no_serve:
        _serve(ServiceSettings(run=out / "run", host=host, port=port))


@standards.command("list")
def list_standards() -> None:
    """List the rule packs there are."""
    table = Table("code", "title", "rules", "date", box=None)
    for pack in list_packs():
        table.add_row(pack.code, pack.title.zh, str(len(pack.rules)), pack.published.isoformat())
    Console().print(table)


@standards.command("show")
def show_standard(
    *,
    pack: Annotated[str, typer.Argument(help="Code of a pack, or a YAML file of your own.")],
    as_json: JsonFlag = False,
) -> None:
    """Show a pack: every rule with its figures, their source and its status."""
    described = describe_pack(read_pack(pack))
    if as_json:
        _print_json(described)
        return
    console = Console(highlight=False)
    console.print(f"[bold]{escape(described['title_zh'])}[/] / {escape(described['title_en'])}")
    console.print(escape(f"{described['issuer_zh']} · {described['published']}"))
    for rule in described["rules"]:
        console.print(f"\n[bold]{escape(rule['code'])}[/]  {escape(rule['title_zh'])}")
        console.print(f"  {escape(rule['title_en'])}  [{rule['force']}]", markup=False)
        for name, value in rule["values"].items():
            source = value["source"]
            console.print(
                f"  {name} = {value['value']:g} {value['unit']}  ({source['status']}; "
                f"{source['document']} {source['clause']})",
                markup=False,
            )
    for note in described["notes"]:
        console.print(f"\n{note['zh']}\n{note['en']}", markup=False)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def _print_notices(notices: Iterable[Notice], *, most: int) -> None:
    console = _stderr()
    ranked = sorted(notices, key=lambda notice: ("error", "warning", "info").index(notice.severity))
    colors = {"error": "red", "warning": "yellow", "info": "dim"}
    for notice in ranked[:most]:
        console.print(f"[{colors[notice.severity]}]{escape(notice.line())}[/]")
    if len(ranked) > most:
        console.print(f"… and {len(ranked) - most} more (all in notices.parquet)", style="dim")
    counts = count_by_severity(ranked)
    console.print(
        f"{counts['error']} errors, {counts['warning']} warnings, {counts['info']} for the record"
    )


def _print_summary(summary: RunSummary) -> None:
    table = Table("类别", "kind", "facilities", "15 min", "basis", box=None)
    table.columns[2].justify = table.columns[3].justify = "right"
    for line in summary.lines:
        table.add_row(line.name_zh, line.kind, str(line.facilities), line.share, line.basis)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{summary.gaps} gaps, {summary.unknown} unknown, {summary.met} met; "
        f"{summary.seconds:.1f} s; maps: {escape(str(summary.out / 'maps' / 'index.html'))}"
    )


def describe_error(error: BaseException) -> str:
    """Return the one line a user reads: what, where, what to do."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: free some space and run again; earlier results are untouched"
    if isinstance(error, sqlite3.Error) and "full" in str(error):
        return "the disk is full: free some space and run again; earlier results are untouched"
    if isinstance(error, PermissionError | OSError) and error.errno in (
        errno.EACCES,
        errno.EROFS,
        errno.EPERM,
    ):
        return f"{error.filename}: not allowed to write there: choose another --out"
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}"
    if isinstance(error, pydantic.ValidationError):
        first = error.errors()[0]
        return f"setting {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return " ".join(str(error).split()) or type(error).__name__


def main() -> None:
    """Run the command line; every foreseen error is one line and exit code 1."""
    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except _KNOWN_ERRORS as error:
        if debug:
            raise
        _stderr().print(f"[red]error:[/] {escape(describe_error(error))}")
        sys.exit(1)
