"""What the pages of one facility kind carry: some of it for every mode, the rest by mode."""

import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.errors import UnknownKind
from layers.store import Run
from maps.areas import list_coverage, list_gaps, list_unknown
from maps.backdrop import Backdrop
from maps.legend import find_summary, list_rules
from maps.lines import pack_minutes
from maps.modes import list_modes
from maps.points import list_facilities, pack_access, pack_entrances
from maps.style import read_palette
from maps.tables import embed_json, find_positions, take_rows
from maps.text import get_titles

_CODE = re.compile(r"^[a-z0-9_]+$")
_ACCESS_COLUMNS = [
    "demand_id", "nearest_s", "entrance_id", "best_s", "worst_s", "depart_s",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class KindParts:
    """One kind, encoded once for the pages of all modes.

    Parameters
    ----------
    facilities
        The kind's own.
    color
        Of their group, `#rrggbb`.
    common
        What every page of the kind carries.
    packed
        `common` as JSON, safe inside a `<script>` element.
    by_mode
        The rest per mode: coverage per limit, access, minutes of the streets, city figures.
    """

    kind: str
    facilities: gpd.GeoDataFrame
    color: str
    common: dict[str, Any]
    packed: str
    by_mode: dict[str, dict[str, Any]]


def build_kind(run: Run, kind: str, shared: Backdrop) -> KindParts:
    """Encode one kind of the run.

    Raises
    ------
    UnknownKind
        The run was not measured for that kind.
    """
    entry = _get_kind(run, kind)
    facilities = take_rows(run.facilities, shared.facility_rows.find(kind))
    owner = find_positions(run.entrances["facility_id"], pd.Index(facilities["facility_id"]))
    entrances = run.entrances[owner >= 0]
    color = read_palette().group_color(str(entry.get("group", "")))
    common = {
        "kind": kind,
        "names": get_titles(entry, "name"),
        "name": str(run.manifest.get("name", "")),
        "synthetic": bool(run.manifest.get("synthetic")),
        "status": str(entry.get("status") or ""),
        "color": color,
        "any_households": bool(run.demand["households"].notna().any()),
        "any_unconnected": bool((~facilities["connected"].astype(bool)).any()),
        "gaps": list_gaps(take_rows(run.gaps, shared.gap_rows.find(kind)), shared.community_keys),
        "rules": list_rules(run.manifest, kind),
        "facilities": list_facilities(facilities),
        "entrances": pack_entrances(entrances, owner[owner >= 0]),
    }
    keys = pd.Index(entrances["entrance_id"])
    modes = {mode: _list_mode(run, entry, shared, keys, mode) for mode in list_modes(run)}
    return KindParts(kind, facilities, color, common, embed_json(common), modes)


def list_page_data(parts: KindParts, mode: str, **opening: str) -> tuple[dict[str, Any], str]:
    """Everything of a page that depends on kind and mode, for the template and as JSON.

    Parameters
    ----------
    opening
        What the page opens with: `lang`, `limit`.
    """
    own: dict[str, Any] = {**parts.by_mode[mode], "mode": mode, **opening}
    others = [name for name in parts.by_mode if name != mode]
    if others:
        other = parts.by_mode[others[0]]
        own["other"] = {
            "mode": others[0],
            "share": {limit: columns["share"] for limit, columns in other["coverage"].items()},
            "summary": {limit: figures["share"] for limit, figures in other["summary"].items()},
            "seconds": other["access"]["seconds"],
        }
    return parts.common | own, f"{parts.packed[:-1]},{embed_json(own)[1:]}"


def _list_mode(
    run: Run, entry: dict[str, Any], shared: Backdrop, entrance_keys: pd.Index, mode: str
) -> dict[str, Any]:
    """Columns of one kind in one mode, fit for JSON."""
    kind = str(entry["code"])
    palette = read_palette()
    coverage = take_rows(run.coverage, shared.coverage_rows.find(kind, mode))
    access = take_rows(run.access[_ACCESS_COLUMNS], shared.access_rows.find(kind, mode))
    by_limit = list_coverage(coverage, shared.community_keys, palette)
    if not by_limit and entry.get("status") == "unknown":
        by_limit = list_unknown(run.manifest.get("limits_min", ()), len(run.communities))
    measured = bool((coverage["status"] == "measured").any())
    sources = coverage["demand_source"][coverage["demand_source"] != ""]
    return {
        "measured": measured,
        "coverage": by_limit,
        "demand_source": str(sources.mode().iloc[0]) if len(sources) else "",
        "summary": find_summary(run.manifest, kind, mode),
        "access": pack_access(access, shared.demand_keys, entrance_keys),
        "minutes": pack_minutes(run.streets, kind, palette, mode=mode) if measured else "",
    }


def _get_kind(run: Run, kind: str) -> dict[str, Any]:
    for entry in run.manifest["kinds"]:
        if entry["code"] == kind and _CODE.match(kind):
            return dict(entry)
    raise UnknownKind(f"the run holds no kind {kind!r}; `manifest.json` lists its kinds")
