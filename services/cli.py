"""The command line: parse, call, print notices, exit code.

Exit codes: 0 done, 1 the data or the call cannot be used (one line says why), 2 unknown option,
130 interrupted. Results go to standard output, everything else to standard error.

What the commands need is imported when they are called: `--help`, `--version` and a mistyped
option answer at once.
"""

import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.compare_commands import compare
from services.options import (
    CellsOption,
    CityArgument,
    CommunitiesOption,
    GtfsOption,
    JsonFlag,
    OsmOption,
    OutOption,
    QuietFlag,
)
from services.parcel_commands import parcels
from services.process import drop_output, prepare_streams, unwind_on_signals
from services.standards_commands import standards
from services.transit_commands import transit

if TYPE_CHECKING:
    from layers.config import CityConfig
    from services.api.holder import RunHolder
    from services.settings import ServiceSettings

app = typer.Typer(
    name="lifecircle",
    help="15分钟生活圈: who can reach what within a quarter of an hour on foot, and who cannot.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(standards, name="standards")
app.add_typer(transit, name="transit")
app.add_typer(parcels, name="parcels")
app.command("compare")(compare)

_FAILED, _MISUSED, _INTERRUPTED = 1, 2, 130
_DEFAULT_CELLS_M = 500.0
# the base of all mistyped options and arguments, whichever click it comes from
_UsageError: type[Any] = typer.BadParameter.__mro__[1]


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"lifecircle {version('lifecircle')}")
        raise typer.Exit


@app.callback()
def start(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback behind a one-line error.")
    ] = False,
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
    city: Path | None,
    osm: Path | None,
    gtfs: Sequence[Path],
    communities: Path | None,
    cells_m: float | None,
) -> "CityConfig":
    from layers.config import config_for_osm, read_config  # noqa: PLC0415

    if (city is None) == (osm is None):
        found = "both were given" if osm else "neither was given"
        raise typer.BadParameter(f"{found}; name one", param_hint="CITY.TOML or --osm FILE")
    if city is not None:
        given = {"--gtfs": gtfs or None, "--communities": communities, "--cells-m": cells_m}
        for name, value in given.items():
            if value is not None:
                raise typer.BadParameter(
                    "goes with --osm; a city.toml has its own", param_hint=name
                )
        return read_config(city)
    if communities is not None and cells_m is not None:
        raise typer.BadParameter(
            "--communities stands for the cells; name one", param_hint="--cells-m"
        )
    return config_for_osm(
        Path(str(osm)),
        cells_m=_DEFAULT_CELLS_M if cells_m is None else cells_m,
        communities=communities,
        gtfs=gtfs,
    )


@app.command()
def check(
    *,
    city: CityArgument = None,
    osm: OsmOption = None,
    gtfs: GtfsOption = None,
    communities: CommunitiesOption = None,
    cells_m: CellsOption = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Read and validate the inputs, print what is wrong with them; exit 1 on errors."""
    from services.pipeline import check_city  # noqa: PLC0415
    from services.progress import show_progress  # noqa: PLC0415
    from services.terminal import print_json, print_notices, stderr_console  # noqa: PLC0415

    config = _configure(city, osm, gtfs or (), communities, cells_m)
    with (
        _show_problems(shown=not (as_json or quiet)),
        show_progress(stderr_console(), quiet=quiet or as_json) as progress,
    ):
        notices = check_city(config, progress=progress)
    if as_json:
        print_json(_as_json(notices))
    elif not quiet:
        print_notices(notices)


@app.command()
def run(
    *,
    out: OutOption,
    city: CityArgument = None,
    osm: OsmOption = None,
    gtfs: GtfsOption = None,
    communities: CommunitiesOption = None,
    cells_m: CellsOption = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Measure coverage and gaps; write tables, GeoPackage, maps and report into one folder."""
    config = _configure(city, osm, gtfs or (), communities, cells_m)
    _run(config, out, as_json=as_json, quiet=quiet)


def _run(config: "CityConfig", out: Path, *, as_json: bool, quiet: bool) -> None:
    from services.pipeline import run_city  # noqa: PLC0415
    from services.progress import show_progress  # noqa: PLC0415
    from services.terminal import (  # noqa: PLC0415
        SHOWN_NOTICES,
        print_json,
        print_notices,
        print_summary,
        stderr_console,
    )

    with (
        _show_problems(shown=not (as_json or quiet), most=SHOWN_NOTICES),
        show_progress(stderr_console(), quiet=quiet or as_json) as progress,
    ):
        summary = run_city(config, out, progress=progress)
    if as_json:
        print_json(summary.as_json())
    elif not quiet:
        print_notices(summary.notices, most=SHOWN_NOTICES)
        print_summary(summary)


@contextmanager
def _show_problems(*, shown: bool, most: int | None = None) -> Iterator[None]:
    """List the notices of data that cannot be used before the one line that ends the run."""
    from layers.errors import InvalidLayer  # noqa: PLC0415
    from services.terminal import print_notices  # noqa: PLC0415

    try:
        yield
    except InvalidLayer as problem:
        if shown:
            print_notices(problem.notices, most=most)
        raise


def _as_json(notices: Sequence[Any]) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415

    from layers.notices import count_by_severity  # noqa: PLC0415

    return {
        "notices": [asdict(notice) for notice in notices],
        "counts": count_by_severity(notices),
    }


@app.command()
def serve(
    *,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Run folder to serve.")],
    compare_with: Annotated[
        Path | None,
        typer.Option(
            "--compare-with",
            metavar="EARLIER",
            help="Folder of an earlier run: the page and /v1/compare say what changed since.",
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="TCP port, 0 takes a free one [default: 8000]."),
    ] = None,
) -> None:
    """Serve a run: the planner's page, maps and API."""
    from layers.store import read_manifest  # noqa: PLC0415
    from services.settings import ServiceSettings  # noqa: PLC0415

    read_manifest(out)  # no run, no service: said before anything listens
    given: dict[str, Any] = {
        "run": out, "compare_with": compare_with, "host": host, "port": port,
    }  # fmt: skip
    _serve(ServiceSettings(**{name: value for name, value in given.items() if value is not None}))


def _serve(settings: "ServiceSettings") -> None:
    import uvicorn  # noqa: PLC0415

    from services.api.app import create_app  # noqa: PLC0415
    from services.listening import listen  # noqa: PLC0415

    service = create_app(settings)
    _open_run(service.state.holder)
    if settings.compare_with is not None:
        service.state.earlier.compare(service.state.holder.get_current())
    with listen(settings.host, settings.port) as listener:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        typer.echo(
            f"Serving {settings.run} at http://{host}:{listener.getsockname()[1]}  (Ctrl+C stops)",
            err=True,
        )
        server = uvicorn.Server(
            uvicorn.Config(service, log_level="warning", timeout_graceful_shutdown=3)
        )
        with suppress(KeyboardInterrupt):  # how a service is meant to be stopped
            server.run(sockets=[listener])


def _open_run(holder: "RunHolder") -> None:
    """Open the run before anything listens; one that is damaged is said in one line."""
    from services.errors import RunUnavailable  # noqa: PLC0415

    logging.disable(logging.WARNING)
    try:
        holder.refresh()
    finally:
        logging.disable(logging.NOTSET)
    if holder.find_current() is None:
        raise RunUnavailable(holder.problem)


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
    from layers.config import read_config  # noqa: PLC0415
    from services.pipeline import write_sample  # noqa: PLC0415
    from services.settings import ServiceSettings  # noqa: PLC0415

    city = write_sample(out)
    _run(read_config(city), out / "run", as_json=as_json, quiet=quiet)
    if not no_serve:
        _serve(ServiceSettings(run=out / "run", host=host, port=port))


def main() -> None:
    """Run the command line; every foreseen error is one line and exit code 1."""
    words = sys.argv[1:]
    ours = words[: words.index("--")] if "--" in words else words
    debug, as_json = "--debug" in ours, "--json" in ours
    prepare_streams()
    if not debug:
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # what libraries tell their callers is not for users
        sys.excepthook = partial(_report_fault, as_json=as_json)
        sys.unraisablehook = _ignore  # files that cannot be closed either, on a full disk
    with unwind_on_signals():
        sys.exit(
            _perform([word for word in words if word != "--debug"], debug=debug, as_json=as_json)
        )


def _perform(words: list[str], *, debug: bool, as_json: bool) -> int:
    """Run one command; returns the exit code."""
    try:
        command = typer.main.get_command(app)
        code = command.main(words or ["--help"], prog_name="lifecircle", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        return _FAILED
    except _UsageError as error:
        return _say(_describe_misuse(error), _MISUSED, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except _list_known_failures() as error:
        if debug:
            raise
        return _fail(error, as_json=as_json)
    if code == _INTERRUPTED:
        return _say("interrupted; earlier results are untouched", code, as_json=as_json)
    return code if isinstance(code, int) else 0


def _list_known_failures() -> tuple[type[Exception], ...]:
    from services.failures import KNOWN_FAILURES  # noqa: PLC0415

    return KNOWN_FAILURES


def _fail(error: Exception, *, as_json: bool) -> int:
    from services.failures import describe_failure, list_notices  # noqa: PLC0415

    notices = list_notices(error)
    more = _as_json(notices) if as_json and notices else {}
    return _say(describe_failure(error), _FAILED, as_json=as_json, more=more)


def _say(line: str, code: int, *, as_json: bool, more: dict[str, Any] | None = None) -> int:
    """Print the one line that ends a command, for scripts as JSON too."""
    typer.secho("error:", fg="red", nl=False, err=True)
    typer.echo(f" {line}", err=True)
    if as_json:
        from services.terminal import print_json  # noqa: PLC0415

        with suppress(OSError):  # where standard output takes nothing, the line has been said
            print_json({"error": line, **(more or {})})
            sys.stdout.flush()
    return code


def _describe_misuse(error: Any) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "lifecircle"
    text = " ".join(str(error.format_message()).split()).rstrip(".")
    return f"{text} (see {path} --help)"


def _report_fault(
    kind: type[BaseException], error: BaseException, _: TracebackType | None, *, as_json: bool
) -> None:
    """Say in one line what nobody foresaw."""
    text = " ".join(str(error).split())[:300]
    line = f"{kind.__name__}: {text} (a fault in lifecircle: run again with --debug and report it)"
    _say(line, _FAILED, as_json=as_json)


def _ignore(_: object) -> None:
    """Say nothing."""
