"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print a JSON summary for scripts.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", help="No progress bars, no notices.")]
OutOption = Annotated[Path, typer.Option("--out", help="Run folder to write (replaced whole).")]
RunArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Run folder.")]
CityArgument = Annotated[
    Path | None, typer.Argument(metavar="[CITY.TOML]", help="The study area's city.toml.")
]
OsmOption = Annotated[Path | None, typer.Option("--osm", help="An OSM file, and nothing else.")]
GtfsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--gtfs", metavar="FEED", help="With --osm: a GTFS zip or folder; may stand several times."
    ),
]
CommunitiesOption = Annotated[
    Path | None, typer.Option("--communities", help="With --osm: a table of communities.")
]
CellsOption = Annotated[
    float | None,
    typer.Option(
        "--cells-m", help="With --osm alone: size of the analysis cells, metres [default: 500]."
    ),
]
