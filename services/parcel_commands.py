"""`lifecircle parcels`: land reserved for kindergartens and schools, outside a run."""

from pathlib import Path
from typing import Annotated

import typer

from services.options import JsonFlag, QuietFlag

parcels = typer.Typer(help="Land reserved for kindergartens and schools.")

_SHOWN = 50


@parcels.callback()
def start() -> None:
    """Look at reserved land outside a run."""


@parcels.command("compare")
def compare_layers(
    *,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier layer.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later layer.")],
    crs: Annotated[
        str | None,
        typer.Option("--crs", help="Coordinates of both: EPSG code, gcj02 or bd09."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Text encoding of both, such as gbk.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write all of it to a .xlsx, .csv or .geojson file."
        ),
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Compare two layers of reserved land: what shrank, moved, was re-zoned, split or is gone."""
    from layers.errors import InvalidLayer  # noqa: PLC0415
    from layers.notices import has_errors  # noqa: PLC0415
    from layers.parcels import read_parcels  # noqa: PLC0415
    from layers.schooling.load import read_parameters  # noqa: PLC0415
    from services.chosen_file import check_ending  # noqa: PLC0415
    from services.schools.parcel_changes import compare_parcels  # noqa: PLC0415
    from services.schools.parcels.change_files import (  # noqa: PLC0415
        ENDINGS,
        describe_changes,
        write_changes,
    )
    from services.schools.parcels.change_shown import print_changes  # noqa: PLC0415
    from services.terminal import print_json, print_notices  # noqa: PLC0415

    if out is not None:
        check_ending(out, ENDINGS)
    earlier, found = read_parcels(old, crs=crs, encoding=encoding)
    later, more = read_parcels(new, crs=crs, encoding=encoding)
    notices = [*found, *more]
    if not (as_json or quiet):
        print_notices(notices)
    if has_errors(notices):
        raise InvalidLayer(notices)
    parameters = read_parameters()
    changes = compare_parcels(earlier, later, parameters)
    if out is not None:
        write_changes(changes, out, parameters)
    if as_json:
        print_json(describe_changes(changes, parameters))
    else:
        print_changes(changes, parameters, most=_SHOWN)
