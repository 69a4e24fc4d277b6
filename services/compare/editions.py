"""What a comparison asks of a run: four of its tables, its rules, and the day it was judged on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.errors import NotARun
from layers.store import Run, read_manifest, read_tables

Described = Mapping[str, Any]
"""A rule, card or figure as the manifest of a run describes it."""

_TABLES: Mapping[str, tuple[str, ...] | None] = {
    "communities": None,
    "facilities": (
        "facility_id", "kind", "name", "inclusive", "capacity", "classes", "free_places",
        "opening_year", "floor_area_m2", "land_area_m2", "n_entrances", "connected", "geometry",
    ),
    "gaps": (
        "community_id", "pack", "rule", "kind", "status", "needed", "found", "shortfall", "unit",
        "households_affected", "limit", "limit_unit", "mode",
    ),
    "scorecards": ("community_id", "pack", "card", "about", "status"),
}  # fmt: skip
"""Tables a comparison reads, with the columns it looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A city at one time.

    Parameters
    ----------
    manifest
        Manifest of the run.
    communities, facilities, gaps, scorecards
        Its tables, as `layers.results` describes them, or the columns of them that a comparison
        looks at; places in WGS 84.
    """

    manifest: Mapping[str, Any]
    communities: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    gaps: pd.DataFrame
    scorecards: pd.DataFrame

    @property
    def name(self) -> str:
        """Name of the city."""
        return str(self.manifest["name"])

    @property
    def day(self) -> str:
        """Day the rules were judged on, ISO."""
        return str(self.manifest["judged_on"])

    @property
    def crs(self) -> str:
        """Metric system of the run."""
        return str(self.manifest["crs"])

    def list_rules(self) -> dict[str, Described]:
        """Described answers by code."""
        return {
            str(rule["code"]): rule for pack in self.manifest["packs"] for rule in pack["rules"]
        }

    def list_cards(self) -> dict[str, Described]:
        """Described cards by code."""
        return {
            str(card["code"]): card for pack in self.manifest["packs"] for card in pack["cards"]
        }


def read_edition(folder: Path) -> Edition:
    """Read what a comparison asks of a run folder.

    Raises
    ------
    NotARun
        There is no complete run in the folder, or one this version cannot compare.
    """
    manifest = read_manifest(folder)
    if "judged_on" not in manifest:
        raise NotARun(f"{folder} does not say on which day its rules were judged: run again")
    return Edition(manifest, **read_tables(folder, _TABLES))


def open_edition(run: Run) -> Edition:
    """Return what a comparison asks of a run that is open.

    Raises
    ------
    NotARun
        The run does not say on which day its rules were judged.
    """
    if "judged_on" not in run.manifest:
        raise NotARun(f"{run.path} does not say on which day its rules were judged: run again")
    return Edition(run.manifest, **{name: getattr(run, name) for name in _TABLES})
