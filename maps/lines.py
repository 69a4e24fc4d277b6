"""Streets as packed lines, and what the base map is drawn from."""

from typing import Any

import geopandas as gpd
import numpy as np

from maps.modes import WALK
from maps.packing import pack_codes, pack_shapes
from maps.style import Palette, classify_minutes

STREET_TOLERANCE_M = 2.0
GROUND_TOLERANCE_M = 5.0
GROUND_KINDS = ("water", "green", "rail")

_MAJOR, _MINOR, _PATH = 0, 1, 2
_SET_ASIDE = 3


def pack_streets(streets: gpd.GeoDataFrame, palette: Palette) -> dict[str, Any]:
    """All streets of the run, the same for every kind, with a rank letter each.

    Ranks: 0 major, 1 minor, 2 paths and steps, 3 set aside (on an island too small to count).
    """
    ranks = palette.plain["street_ranks"]
    highway = streets["highway"]
    rank = np.where(
        highway.isin(ranks["major"]), _MAJOR, np.where(highway.isin(ranks["minor"]), _MINOR, _PATH)
    )
    rank = np.where(streets["kept"].to_numpy(dtype=bool), rank, _SET_ASIDE)
    shapes = pack_shapes(streets.geometry.to_numpy(), tolerance_m=STREET_TOLERANCE_M)
    return {**shapes.as_dict(), "rank": pack_codes(rank)}


def pack_minutes(
    streets: gpd.GeoDataFrame, kind: str, palette: Palette, *, mode: str = WALK
) -> str:
    """Class letter of each street's time to the nearest facility; empty when it was not measured."""
    column = f"min_{kind}" if mode == WALK else f"ride_min_{kind}"
    if column not in streets.columns:
        return ""
    return pack_codes(classify_minutes(streets[column].to_numpy(dtype=np.float64), palette.minutes))


def pack_ground(base: gpd.GeoDataFrame) -> dict[str, dict[str, str]]:
    """Water, green and railways for the base map."""
    return {
        kind: pack_shapes(
            base.geometry[base["kind"] == kind].to_numpy(), tolerance_m=GROUND_TOLERANCE_M
        ).as_dict()
        for kind in GROUND_KINDS
    }
