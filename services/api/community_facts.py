"""Look-ups by community: facts, where its homes come from, the quickest ways from them."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.results import COMMUNITIES
from services.api.jsonable import list_rows

Row = dict[str, Any]
_NEAREST = (
    "community_id", "kind", "mode", "facility_id", "entrance_id", "nearest_m", "nearest_s"
)  # fmt: skip


def index_communities(frame: gpd.GeoDataFrame) -> dict[str, Row]:
    """Facts of each community by its code, with a point inside and its bounds, degrees.

    What only some tables have (share of green, staff) stands under `attributes`.
    """
    inside = shapely.point_on_surface(frame.geometry.to_numpy())
    bounds = np.round(frame.geometry.bounds.to_numpy(), 7).tolist()
    extra = [name for name in frame.columns if name not in COMMUNITIES and name != "geometry"]
    rows = list_rows(frame, list(COMMUNITIES))
    attributes = list_rows(frame, extra) if extra else [{} for _ in rows]
    for row, more, point, box in zip(rows, attributes, inside, bounds, strict=True):
        row["lon"], row["lat"] = round(point.x, 7), round(point.y, 7)
        row["bounds"] = box
        row["attributes"] = more
    return {row["community_id"]: row for row in rows}


def index_nearest(
    access: pd.DataFrame, names: Mapping[tuple[str, str], str]
) -> dict[str, dict[tuple[str, str], Row]]:
    """Per community, then kind and mode: the quickest of its homes' ways, and where it ends.

    Parameters
    ----------
    names
        Names by facility and kind.
    """
    reached = access[access["nearest_s"].notna()]
    grouped = reached.groupby(["community_id", "kind", "mode"], sort=True, observed=True)
    first = reached.loc[grouped["nearest_s"].idxmin()]
    nearest: dict[str, dict[tuple[str, str], Row]] = {}
    for row in list_rows(first, _NEAREST):
        row["name"] = names.get((row["facility_id"], row["kind"]), "")
        key = row["kind"], row.pop("mode")
        nearest.setdefault(row.pop("community_id"), {})[key] = row
    return nearest


def index_demand(demand: pd.DataFrame) -> dict[str, list[Row]]:
    """Per community: how its homes were found, with how many points and households."""
    grouped = (
        demand.groupby(["community_id", "source"], sort=True, observed=True)
        .agg(
            points=("demand_id", "size"),
            households=("households", lambda h: h.sum(min_count=1)),
        )
        .reset_index()
    )
    found: dict[str, list[Row]] = {}
    for row in list_rows(grouped):
        found.setdefault(row.pop("community_id"), []).append(row)
    return found


def name_facilities(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Names by facility and kind, and by facility alone under the kind `""`."""
    names = frame["name"].fillna("").astype(str)
    known = dict(zip(zip(frame["facility_id"], frame["kind"], strict=True), names, strict=True))
    alone = {(facility, ""): name for (facility, _), name in known.items() if name}
    return {**alone, **known}
