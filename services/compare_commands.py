"""`lifecircle compare`: two runs of one city side by side."""

from pathlib import Path
from typing import Annotated

import typer

from services.options import JsonFlag

_SHOWN = 30


def compare(
    *,
    before: Annotated[Path, typer.Argument(metavar="RUN_A", help="Folder of the earlier run.")],
    after: Annotated[Path, typer.Argument(metavar="RUN_B", help="Folder of the later run.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write all of it to a .xlsx, .csv or .json file."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare two runs: what got better or worse, and whether city, data or rules changed."""
    from services.chosen_file import check_ending  # noqa: PLC0415
    from services.compare.changes import compare_runs  # noqa: PLC0415
    from services.compare.editions import read_edition  # noqa: PLC0415
    from services.compare.shown import print_comparison  # noqa: PLC0415
    from services.compare.written import (  # noqa: PLC0415
        ENDINGS,
        describe_comparison,
        write_comparison,
    )
    from services.terminal import print_json  # noqa: PLC0415

    if out is not None:
        check_ending(out, ENDINGS)
    comparison = compare_runs(read_edition(before), read_edition(after))
    if out is not None:
        write_comparison(comparison, out)
    if as_json:
        print_json(describe_comparison(comparison))
    else:
        print_comparison(comparison, most=_SHOWN)
