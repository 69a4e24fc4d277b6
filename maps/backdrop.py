"""What all maps of a run share: streets, ground, homes, communities, lines and stops."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from layers.store import Run
from maps.areas import list_communities, list_outlines
from maps.base import Bounds
from maps.circles import list_cards
from maps.legend import list_sources
from maps.lines import pack_ground, pack_streets
from maps.points import pack_homes
from maps.style import read_palette
from maps.tables import RowsByKind, embed_json, index_rows
from maps.text import SCHOOL_WORDS, read_text
from maps.transit import find_timetable, pack_transit


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """What the maps of a run share, encoded once.

    Parameters
    ----------
    base
        JSON of streets, ground, communities, palette, words and sources: what pages of every kind
        need; safe inside a `<script>` element.
    reach
        JSON of homes and cards, and of lines and stops where the run has a timetable.
    outlines
        GeoJSON feature of each community.
    bounds
        W, S, E, N of the communities, degrees.
    timetable
        What the legend says about the timetable; None without one.
    has_cards
        Whether any circle, type or other card was judged.
    """

    base: str
    reach: str
    outlines: list[dict[str, Any]]
    bounds: Bounds
    community_keys: pd.Index
    demand_keys: pd.Index
    coverage_rows: RowsByKind
    access_rows: RowsByKind
    gap_rows: RowsByKind
    facility_rows: RowsByKind
    sources: dict[str, Any]
    timetable: dict[str, Any] | None
    has_cards: bool

    @property
    def data(self) -> str:
        """JSON of all of it, as the pages of facility kinds carry it."""
        return f"{self.base[:-1]},{self.reach[1:]}"


def build_backdrop(run: Run) -> Backdrop:
    """Encode what the maps of `run` share; hand it to `gap_map` when drawing several."""
    palette = read_palette()
    keys = pd.Index(run.communities["community_id"], dtype="str")
    sources = list_sources(run)
    timetable = None if run.transit is None else find_timetable(run.manifest)
    colors = ("coverage", "status", "minutes", "homes", "base", "transit")
    cards = list_cards(run, keys)
    base = {
        "streets": pack_streets(run.streets, palette),
        "ground": pack_ground(run.base),
        "communities": list_communities(run.communities),
        "palette": {name: palette.plain[name] for name in colors},
        "text": {
            key: dict(texts)
            for key, texts in read_text().items()
            if not key.startswith(SCHOOL_WORDS)
        },
        "sources": sources,
        "speeds": run.manifest.get("settings", {}),
    }
    reach: dict[str, Any] = {"homes": pack_homes(run.demand, keys), "cards": cards}
    if run.transit is not None:
        reach["transit"] = pack_transit(run.transit, palette)
        reach["timetable"] = timetable
    west, south, east, north = (float(edge) for edge in run.communities.total_bounds)
    return Backdrop(
        base=embed_json(base),
        reach=embed_json(reach),
        outlines=list_outlines(run.communities),
        bounds=(west, south, east, north),
        community_keys=keys,
        demand_keys=pd.Index(run.demand["demand_id"], dtype="str"),
        coverage_rows=index_rows(run.coverage, "kind", "mode"),
        access_rows=index_rows(run.access, "kind", "mode"),
        gap_rows=index_rows(run.gaps, "kind"),
        facility_rows=index_rows(run.facilities, "kind"),
        sources=sources,
        timetable=timetable,
        has_cards=bool(cards["list"]),
    )
