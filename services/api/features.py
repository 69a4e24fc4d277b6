"""Tables as collections of features: selected by box, paged, found by id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.store import Run
from layers.transit.model import Transit
from services.api.jsonable import dump_features, list_rows, round_degrees
from services.errors import UnknownItem

Box = tuple[float, float, float, float]
"""West, south, east, north, degrees; west is greater than east across the 180th meridian."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some features of a table as GeoJSON text, and how many there are in all."""

    features: list[str]
    matched: int


class FeatureTable:
    """One table with shapes.

    Parameters
    ----------
    name, title, title_zh, description
        What users read.
    build
        Gives the table, WGS 84; called once, on first use.
    keys
        Columns that together name a row; joined by `:` they are the feature's id.
    """

    def __init__(
        self,
        name: str,
        title: str,
        title_zh: str,
        description: str,
        build: Callable[[], gpd.GeoDataFrame],
        keys: Sequence[str],
    ) -> None:
        self.name = name
        self.title = title
        self.title_zh = title_zh
        self.description = description
        self._build = build
        self._keys = tuple(keys)

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """The table itself."""
        return self._build()

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """Id of each feature."""
        columns = [self.frame[key].astype(str).tolist() for key in self._keys]
        if not columns:
            return np.arange(len(self.frame)).astype(str).astype(object)
        return np.array([":".join(parts) for parts in zip(*columns, strict=True)], dtype=object)

    @cached_property
    def bounds(self) -> Box | None:
        """Box around all shapes, None when there are none."""
        west, south, east, north = np.round(self.frame.total_bounds, 7).tolist()
        if not np.isfinite([west, south, east, north]).all():
            return None
        return west, south, east, north

    def list_page(self, *, box: Box | None, limit: int, offset: int) -> Page:
        """Return `limit` features that touch `box`, from `offset` on, in table order."""
        rows = self._select(box)
        wanted = rows[offset : offset + limit]
        return Page(features=self._dump(wanted), matched=len(rows))

    def get_item(self, item: str) -> str:
        """Return one feature as GeoJSON text; raises `UnknownItem`."""
        row = self._row_of.get(item)
        if row is None:
            raise UnknownItem(item)
        return self._dump(np.array([row]))[0]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {item: row for row, item in enumerate(self.ids)}

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    @cached_property
    def _shapes(self) -> NDArray[np.object_]:
        return round_degrees(self.frame.geometry.to_numpy())

    def _select(self, box: Box | None) -> NDArray[np.int64]:
        if box is None:
            return np.arange(len(self.frame))
        west, south, east, north = box
        parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        found = [
            self._tree.query(shapely.box(left, south, right, north), predicate="intersects")
            for left, right in parts
        ]
        return np.unique(np.concatenate(found))

    def _dump(self, rows: NDArray[np.int64]) -> list[str]:
        if not len(rows):
            return []
        properties: list[dict[str, Any]] = list_rows(self.frame.iloc[rows])
        return dump_features(self.ids[rows].tolist(), self._shapes[rows], properties)


def build_feature_tables(run: Run) -> dict[str, FeatureTable]:
    """Tables a run offers as features; none is built before it is asked for."""

    def on_communities(table: pd.DataFrame) -> gpd.GeoDataFrame:
        facts = run.communities[["community_id", "name", "district", "geometry"]]
        joined = table.merge(facts, on="community_id", how="inner", validate="many_to_one")
        return gpd.GeoDataFrame(joined, geometry="geometry", crs=run.communities.crs)

    tables = (
        FeatureTable(
            "communities", "Communities", "社区", "Areas with their households and residents.",
            lambda: run.communities, ("community_id",),
        ),
        FeatureTable(
            "facilities", "Facilities", "设施", "Places of one kind each, as points or areas.",
            lambda: run.facilities, ("facility_id", "kind"),
        ),
        FeatureTable(
            "entrances", "Entrances", "出入口",
            "Ways into the facilities, and the street each opens to.",
            lambda: run.entrances, ("entrance_id",),
        ),
        FeatureTable(
            "demand", "Starting points", "出发点", "Where people start walking, with households.",
            lambda: run.demand, ("demand_id",),
        ),
        FeatureTable(
            "streets", "Streets", "道路",
            "Street pieces between junctions, with minutes to the nearest facility per kind and mode.",
            lambda: run.streets, ("street_id",),
        ),
        *_build_transit_tables(run.transit),
        *_build_school_tables(run, on_communities),
        FeatureTable(
            "coverage", "Coverage", "覆盖率",
            "Share of households within a limit, on the communities.",
            lambda: on_communities(run.coverage),
            ("community_id", "kind", "mode", "limit", "limit_unit"),
        ),
        FeatureTable(
            "gaps", "Gaps", "缺口", "Verdict of each rule on each community.",
            lambda: on_communities(run.gaps), ("community_id", "pack", "rule"),
        ),
        FeatureTable(
            "scorecards", "Scorecards", "评分卡",
            "Circles, types and levels on the communities, with rules met, missed and undecided.",
            lambda: on_communities(run.scorecards), ("community_id", "pack", "card"),
        ),
        FeatureTable(
            "base", "Base map", "底图", "Water, green and railways the maps are drawn on.",
            lambda: run.base, (),
        ),
        FeatureTable(
            "barriers", "Barriers", "阻隔", "Lines nobody can cross on foot away from bridges.",
            lambda: run.barriers, (),
        ),
    )  # fmt: skip
    return {table.name: table for table in tables}


def _build_transit_tables(transit: Transit | None) -> tuple[FeatureTable, ...]:
    """Stops and lines of a run that has a timetable."""
    if transit is None:
        return ()
    return (
        FeatureTable(
            "stops", "Stops", "公交站点",
            "Stops of public transport, with the lines that call and departures in the window.",
            lambda: transit.stops, ("stop_id",),
        ),
        FeatureTable(
            "lines", "Lines", "公交线路",
            "Lines of public transport from stop to stop, with trips and headway in the window.",
            lambda: transit.lines, ("line_id",),
        ),
    )  # fmt: skip


def _build_school_tables(
    run: Run, on_communities: Callable[[pd.DataFrame], gpd.GeoDataFrame]
) -> tuple[FeatureTable, ...]:
    """Schools and the land reserved for them; without features where the city brought none."""
    return (
        FeatureTable(
            "parcels", "School land", "教育用地",
            "Parcels reserved for kindergartens and schools, with their place in the order of urgency.",
            lambda: run.parcels, ("parcel_id",),
        ),
        FeatureTable(
            "parcel_findings", "Findings about school land", "用地核查",
            "Every finding about every parcel; its shape is what it is about, where that can be shown.",
            lambda: run.parcel_findings, ("parcel_id", "finding"),
        ),
        FeatureTable(
            "parcel_changes", "Changes of school land", "用地变化",
            "What became of the parcels of the earlier layer, with the ground no longer reserved.",
            lambda: run.parcel_changes, ("earlier_id", "parcel_id"),
        ),
        FeatureTable(
            "schools", "Schools", "学校",
            "Schools and schools to come, one per level, with their places and who is placed in them.",
            lambda: run.schools, ("school_id", "level"),
        ),
        FeatureTable(
            "catchments", "Catchments", "学区",
            "Where the children of a school live, as assigned or as placed, from a year on.",
            lambda: run.catchments, ("school_id", "level", "year", "source"),
        ),
        FeatureTable(
            "clusters", "Clusters", "联合片区",
            "Small adjoining communities that a rule looks at together, with their sum.",
            lambda: run.clusters, ("cluster_id",),
        ),
        FeatureTable(
            "shortages", "Shortages of places", "学位缺口",
            "Communities that are, or may be, short of school places: when, how many, which land.",
            lambda: on_communities(run.shortages), ("community_id", "level"),
        ),
    )  # fmt: skip
