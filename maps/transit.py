"""Public transport on the maps: lines and stops as packed columns, the timetable in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.units import BoolArray, Int32Array, IntArray
from layers.transit.model import Transit
from maps.modes import get_words
from maps.packing import pack_codes, pack_naturals, pack_points, pack_shapes
from maps.style import LINE_MODES, Palette, find_rank
from maps.tables import find_positions, list_numbers, list_words
from maps.text import LANGS, find_text

LINE_TOLERANCE_M = 3.0
RANKS = ("idle", "street", "ferry", "tram", "rail")
"""How lines are drawn, those on top last; `idle` ones do not run within the window."""

_DEFAULT = "default"

Words = dict[str, str]


def pack_transit(transit: Transit, palette: Palette) -> dict[str, Any]:
    """Lines as drawn shapes, and the stops some line calls at with the lines of each."""
    lines, stops = transit.lines, transit.stops
    served = np.flatnonzero((stops["modes"].fillna("") != "").to_numpy())
    owner, line = _find_calls(transit)
    place = np.full(len(stops), -1, dtype=np.int64)
    place[served] = np.arange(len(served))
    known = place[owner] >= 0
    points = shapely.get_coordinates(np.asarray(stops.geometry, dtype=object)[served])
    shapes = pack_shapes(lines.geometry.to_numpy(), tolerance_m=LINE_TOLERANCE_M)
    modes = find_positions(lines["mode"], pd.Index(LINE_MODES, dtype="str"))
    return {
        "lines": {
            **shapes.as_dict(),
            "rank": pack_codes(_rank_lines(lines, palette)),
            "ref": list_words(lines["ref"]),
            "name": list_words(lines["name"]),
            "mode": pack_codes(np.where(modes < 0, LINE_MODES.index("other"), modes)),
            "headway_min": list_numbers(lines["headway_min"]),
            "assumed": pack_codes((lines["headway_source"] == _DEFAULT).to_numpy(dtype=bool)),
        },
        "stops": {
            "points": pack_points(points),
            "name": list_words(stops["name"].iloc[served]),
            "departures": pack_naturals(stops["departures"].to_numpy()[served]),
            "connected": pack_codes(stops["connected"].to_numpy(dtype=bool)[served]),
            "n_lines": pack_naturals(np.bincount(place[owner[known]], minlength=len(served))),
            "lines": pack_naturals(line[known]),
        },
    }


def _find_calls(transit: Transit) -> tuple[IntArray, IntArray]:
    """Rows of stops and lines that belong together, each pair once, by stop and then by line."""
    timetable = transit.timetable
    n_lines = max(1, len(transit.lines))
    line = timetable.trip_line[timetable.hop_trip].astype(np.int64)
    keys = np.unique(
        np.concatenate(
            [
                _join(timetable.hop_from, line, timetable.hop_board, n_lines),
                _join(timetable.hop_to, line, timetable.hop_alight, n_lines),
            ]
        )
    )
    return keys // n_lines, keys % n_lines


def _join(stop: Int32Array, line: IntArray, allowed: BoolArray, n_lines: int) -> IntArray:
    keys = stop[allowed].astype(np.int64) * n_lines
    keys += line[allowed]
    return keys


def _rank_lines(lines: pd.DataFrame, palette: Palette) -> IntArray:
    by_mode = {mode: RANKS.index(find_rank(mode, palette)) for mode in LINE_MODES}
    rank = lines["mode"].map(by_mode).fillna(RANKS.index("street")).to_numpy(dtype=np.int64)
    return np.where(lines["trips_in_window"].to_numpy() > 0, rank, RANKS.index("idle"))


def find_timetable(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the legend says about the timetable, both languages; None where there is none.

    Returns
    -------
    timetable
        `from`, `to`, `percentile`, `day`, `source`; `notes` for all to read, `details` to unfold.
    """
    entry = manifest.get("transit") or {}
    if entry.get("status") != "measured":
        return None
    day = str(entry["day"])
    facts: dict[str, Any] = {
        "from": str(entry["depart_from"]),
        "to": str(entry["depart_to"]),
        "percentile": _name_percentile(float(entry["percentile"])),
        "day": day,
        "source": str(entry["source"]),
    }
    feeds = ", ".join(str(feed) for feed in entry.get("feeds", ()))
    origin = "osm" if facts["source"] == "osm" else "gtfs" if feeds else "gtfs_unnamed"
    notes = [
        _fill("travel_when", facts),
        _fill("travel_day", facts | {"weekday": _name_weekday(day)}),
        _fill(f"travel_{origin}", {"feeds": feeds}),
    ]
    return facts | {"notes": notes, "details": _list_details(entry)}


def _list_details(entry: Mapping[str, Any]) -> list[Words]:
    """Figures of the timetable, and everything that was assumed with how often."""
    counts = {name: entry.get(name) for name in ("lines", "stops_served", "trips_in_window")}
    details = []
    if None not in counts.values():
        lines, stops, trips = (f"{int(count):,}" for count in counts.values() if count is not None)
        details.append(_fill("travel_counts", {"lines": lines, "stops": stops, "trips": trips}))
    if _is_number(entry.get("mean_headway_min")):
        details.append(_fill("travel_headway", {"n": f"{entry['mean_headway_min']:.3g}"}))
    if _is_number(entry.get("near_share")):
        key = "households" if entry.get("near_basis") == "households" else "homes"
        share = f"{100 * entry['near_share']:.1f}%"
        details.append(_fill(f"travel_near_{key}", {"share": share}))
    return details + [find_text(found) for found in entry.get("assumptions", ())]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value))


def _name_percentile(percentile: float) -> Words:
    if percentile == 50:
        return dict(get_words("travel_median"))
    return _fill("travel_percentile", {"n": format(percentile, "g")})


def _name_weekday(day: str) -> Words:
    weekday = date.fromisoformat(day).weekday()
    return {lang: get_words("travel_weekdays")[lang].split()[weekday] for lang in LANGS}


def _fill(key: str, values: Mapping[str, Any]) -> Words:
    """Both languages of a text; values may themselves be in both."""
    return {
        lang: get_words(key)[lang].format(
            **{
                name: value[lang] if isinstance(value, Mapping) else value
                for name, value in values.items()
            }
        )
        for lang in LANGS
    }
