"""`lifecircle transit`: what rides a run is measured with, and those built from OSM for other tools."""

from pathlib import Path
from typing import Annotated

import typer

from services.options import JsonFlag, RunArgument

transit = typer.Typer(help="Public transport of a run: lines, stops, timetable.")


@transit.command("show")
def show_transit(*, out: RunArgument, as_json: JsonFlag = False) -> None:
    """Show lines, stops, trips in the window, homes near a stop, headways and assumptions."""
    from services.terminal import print_json, print_transit  # noqa: PLC0415
    from services.transit_facts import read_transit_facts  # noqa: PLC0415

    facts = read_transit_facts(out)
    if as_json:
        print_json(facts)
    else:
        print_transit(facts)


@transit.command("export")
def export_transit(
    *,
    out: RunArgument,
    gtfs: Annotated[Path, typer.Option("--gtfs", metavar="FILE.ZIP", help="GTFS zip to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write the timetable built from OSM routes as a GTFS zip, marked as synthetic."""
    from services.terminal import stdout_console  # noqa: PLC0415
    from services.transit_facts import export_gtfs  # noqa: PLC0415

    if gtfs.suffix.lower() != ".zip":
        raise typer.BadParameter(
            f"{gtfs} is no zip file's name; name one ending in .zip", param_hint="--gtfs"
        )
    export_gtfs(out, gtfs, force=force)
    stdout_console().print(str(gtfs), markup=False, soft_wrap=True)
