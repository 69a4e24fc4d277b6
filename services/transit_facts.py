"""The public transport of a run in figures, and its timetable as a file for other tools."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from layers.results import LINES
from layers.store import read_manifest, read_run
from layers.transit.export import write_gtfs
from layers.transit.model import OSM
from services.errors import CannotWrite, NothingToMeasure
from services.failures import name_output

_DIGITS = re.compile(r"([0-9]+)")


def read_transit_facts(out: Path) -> dict[str, Any]:
    """Read what a run says of its public transport.

    Returns
    -------
    facts
        `name`, `synthetic`, `transit` (see the manifest's `transit`), and `lines`: every line as
        `layers.results.LINES`, in natural order of their numbers, None where unknown.

    Raises
    ------
    NotARun
        There is no complete run in the folder.
    """
    manifest = read_manifest(out)
    lines = pd.DataFrame(columns=list(LINES))
    if manifest["transit"]["status"] == "measured":
        transit = read_run(out).transit
        lines = lines if transit is None else pd.DataFrame(transit.lines)
    return {
        "name": manifest["name"],
        "synthetic": manifest["synthetic"],
        "transit": manifest["transit"],
        "lines": [
            {name: None if pd.isna(row[name]) else row[name] for name in LINES}
            for row in sort_lines(lines).to_dict("records")
        ],
    }


def sort_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines in natural order of their numbers: 2, 10, 10路, K1; those without one by name, last.

    Parameters
    ----------
    lines
        Columns as `layers.results.LINES`.
    """
    keys = [
        (not ref, _order_naturally(ref), _order_naturally(name), line_id)
        for ref, name, line_id in zip(lines["ref"], lines["name"], lines["line_id"], strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return lines.iloc[order].reset_index(drop=True)


def _order_naturally(text: str) -> list[tuple[int, int, str]]:
    """Key by which 2 comes before 10, and numbers before words.

    >>> sorted(["K1", "10路", "2", "10"], key=_order_naturally)
    ['2', '10', '10路', 'K1']
    """
    parts = (part for part in _DIGITS.split(text.strip().casefold()) if part)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def export_gtfs(out: Path, path: Path, *, force: bool = False) -> None:
    """Write the timetable of a run, built from OSM routes, as a GTFS zip.

    Parameters
    ----------
    out
        Run folder.
    path
        File to write.
    force
        Replace the file if it exists.

    Raises
    ------
    NotARun
        There is no complete run in the folder.
    NothingToMeasure
        The run has no timetable, or an operator's own.
    CannotWrite
        The file exists, or cannot be written.
    """
    manifest = read_manifest(out)
    _refuse_foreign(out, manifest["transit"])
    if path.is_dir():
        raise CannotWrite(f"{path} is a folder: name a file for --gtfs, such as {path}/routes.zip")
    if path.exists() and not force:
        raise CannotWrite(f"{path} exists already: name another --gtfs, or add --force")
    transit = read_run(out).transit
    if transit is None:
        raise NothingToMeasure(f"{out} holds no timetable: run again into the folder")
    with name_output(path, option="--gtfs"):
        write_gtfs(path, transit, name=manifest["name"], synthetic=True)


def _refuse_foreign(out: Path, facts: Mapping[str, Any]) -> None:
    """Only what was built here is ours to hand on."""
    if facts["status"] != "measured":
        raise NothingToMeasure(f"{out} has no timetable to export: {facts['reason']['en']}")
    if facts["source"] != OSM:
        feeds = ", ".join(facts["feeds"])
        raise NothingToMeasure(
            f"the timetable of {out} is the operator's own ({feeds}): pass that feed on as it is; only "
            "timetables built from OSM routes are exported"
        )
