"""Inputs as a run shows them: what each point was snapped to, and streets with their minutes."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import unproject
from geo.snap import Links
from geo.units import BoolArray, FloatArray
from layers.notices import Notice
from layers.osm import OsmExtract
from layers.streets import Streets
from services.rides import KindRides
from services.walks import KindReach, Walks, unproject_links

WGS84 = "EPSG:4326"


def _street_names(streets: Streets, links: Links) -> pd.Series:
    names = streets.ways["name"].to_numpy(dtype=object)
    edge = np.maximum(links.edge, 0)
    named = np.where(links.connected, names[streets.network.edge_way[edge]], "")
    return pd.Series(named, dtype="str")


def _describe_links(streets: Streets, links: Links) -> dict[str, object]:
    return {
        "street_id": links.edge.astype(np.int64),
        "street_name": _street_names(streets, links),
        "leg_m": np.where(links.connected, links.leg_m, np.nan),
    }


def describe_demand(walks: Walks, streets: Streets) -> gpd.GeoDataFrame:
    """Demand points with the street each walk starts on, as `layers.results.DEMAND`."""
    links = walks.demand_links
    start = unproject_links(links)
    described = walks.demand.assign(
        **_describe_links(streets, links),
        connected=links.connected,
        snap_lon=np.where(links.connected, start[:, 0], np.nan),
        snap_lat=np.where(links.connected, start[:, 1], np.nan),
    )
    return gpd.GeoDataFrame(described)


def describe_entrances(walks: Walks, streets: Streets) -> gpd.GeoDataFrame:
    """Entrances with the street each opens to, as `layers.results.ENTRANCES`."""
    described = walks.entrances.assign(**_describe_links(streets, walks.entrance_links))
    return gpd.GeoDataFrame(described)


def describe_facilities(walks: Walks) -> gpd.GeoDataFrame:
    """Facilities with how they are reached, as `layers.results.FACILITIES`."""
    connected = np.zeros(len(walks.facilities), dtype=np.bool_)
    rows, owner = walks.list_entrances(np.arange(len(walks.facilities)))
    connected[owner[walks.entrance_links.connected[rows]]] = True
    counts = np.diff(walks.entrance_start)
    source = walks.entrances["source"].to_numpy(dtype=object)
    first = walks.entrance_rows[np.minimum(walks.entrance_start[:-1], len(walks.entrance_rows) - 1)]
    reached_by = np.where(counts > 0, source[first], "") if len(source) else ""
    described = walks.facilities.assign(
        reached_by=pd.Series(reached_by, index=walks.facilities.index, dtype="str"),
        n_entrances=counts.astype(np.int64),
        connected=connected,
    )
    return gpd.GeoDataFrame(described)


def describe_streets(
    streets: Streets,
    measured: Sequence[KindReach],
    speeds_m_s: Mapping[str, float],
    ridden: Sequence[KindRides] = (),
) -> gpd.GeoDataFrame:
    """Street pieces in WGS 84 with minutes to the nearest facility of every measured kind.

    `min_<kind>` on foot, `ride_min_<kind>` on foot and by public transport. Pieces of no length, which
    only say that a private way is left and not entered, are nothing to draw and left out.
    """
    network = streets.network
    lonlat = unproject(network.vertex_xy, network.crs)
    counts = np.diff(network.edge_vertex)
    lines = np.asarray(
        shapely.linestrings(lonlat, indices=np.repeat(np.arange(network.n_edges), counts)),
        dtype=object,
    )
    ways = streets.ways.iloc[network.edge_way].reset_index(drop=True)
    facts = pd.DataFrame(
        {
            "street_id": np.arange(network.n_edges, dtype=np.int64),
            "way_id": ways["way_id"].astype("int64"),
            "name": ways["name"],
            "highway": ways["highway"],
            "length_m": network.edge_length_m,
            "kept": network.edge_kept,
        }
    )
    minutes = {
        f"min_{one.kind.code}": _minutes(one.street_m, 60.0 * speeds_m_s[one.kind.traveller])
        for one in measured
    }
    minutes |= {f"ride_min_{one.kind.code}": _minutes(one.street_s, 60.0) for one in ridden}
    frame = pd.concat([facts, pd.DataFrame(minutes)], axis=1)
    drawn = network.edge_length_m > 0
    return gpd.GeoDataFrame(frame[drawn].reset_index(drop=True), geometry=lines[drawn], crs=WGS84)


def _minutes(amount: FloatArray, per_min: float) -> NDArray[np.float32]:
    return np.where(np.isfinite(amount), amount / per_min, np.nan).astype(np.float32)


def list_unconnected(walks: Walks, max_leg_m: float) -> list[Notice]:
    """Notices on homes and facilities no walkable street lies near."""
    homes = walks.demand[~walks.demand_links.connected]
    notices = []
    if len(homes):
        households = homes["households"].sum(min_count=1)
        known = "" if np.isnan(households) else f" ({households:,.0f} households)"
        known_zh = "" if np.isnan(households) else f"（{households:,.0f}户）"
        notices.append(
            Notice(
                severity="warning",
                code="unconnected_homes",
                layer="demand",
                message=f"{len(homes)} starting points{known} lie farther than {max_leg_m:g} m from any "
                "street that is kept; they stay in every denominator. Look for missing paths there",
                message_zh=f"{len(homes)}个出发点{known_zh}距可用道路超过{max_leg_m:g}米，"
                "仍计入分母；请检查该处是否缺少道路数据",
                row=", ".join(homes["demand_id"].head(5)),
                count=len(homes),
            )
        )
    facilities = describe_facilities(walks)
    apart = facilities[~facilities["connected"]].drop_duplicates("facility_id")
    if len(apart):
        notices.append(
            Notice(
                severity="warning",
                code="unconnected_facilities",
                layer="facilities",
                message=f"{len(apart)} facilities have no way in within {max_leg_m:g} m of a street "
                "that is kept: nobody reaches them on foot in these results",
                message_zh=f"{len(apart)}处设施的出入口距可用道路超过{max_leg_m:g}米，结果中无法步行到达",
                row=", ".join(apart["facility_id"].head(5)),
                count=len(apart),
            )
        )
    notices += _list_detached(walks)
    last_resort = facilities[facilities["reached_by"] == "centroid"].drop_duplicates("facility_id")
    if len(last_resort):
        notices.append(
            Notice(
                severity="info",
                code="reached_at_centroid",
                layer="facilities",
                message=f"{len(last_resort)} areas have neither an entrance nor a usable outline and "
                "are reached at their centroid",
                message_zh=f"{len(last_resort)}处面状设施没有出入口且轮廓不可用，以中心点代替",
                row=", ".join(last_resort["facility_id"].head(5)),
                count=len(last_resort),
            )
        )
    return notices


def _list_detached(walks: Walks) -> list[Notice]:
    """Return a notice on homes and facilities on pieces of street joined to nothing larger."""
    main = walks.network.edge_main

    def detached(links: Links) -> BoolArray:
        apart: BoolArray = links.connected & ~main[np.maximum(links.edge, 0)]
        return apart

    homes = walks.demand[detached(walks.demand_links)]
    entrances = walks.entrances.assign(apart=detached(walks.entrance_links))
    alone = entrances.groupby("facility_id")["apart"].all()
    facilities = alone.index[alone.to_numpy()]
    if len(homes) == 0 and len(facilities) == 0:
        return []
    return [
        Notice(
            severity="warning",
            code="on_detached_streets",
            layer="streets",
            message=f"{len(homes)} starting points and {len(facilities)} facilities lie on streets that "
            "are joined to no larger part of the network: walks between them and the rest are not "
            "found. Look for missing crossings or paths there",
            message_zh=f"{len(homes)}个出发点和{len(facilities)}处设施所在道路与主路网不连通，"
            "与其他地方之间算不出步行路线；请检查该处是否缺少道路或过街数据",
            row=", ".join([*homes["demand_id"].head(5), *facilities[:5]]),
            count=len(homes) + len(facilities),
        )
    ]


def describe_base(extract: OsmExtract) -> gpd.GeoDataFrame:
    """Water, green and rail: what the base map is drawn from beside the streets."""
    rail = extract.barriers[extract.barriers["kind"] == "railway"].assign(kind="rail")
    parts = [
        extract.water.assign(kind="water")[["kind", "name", "geometry"]],
        extract.green.assign(kind="green")[["kind", "name", "geometry"]],
        rail[["kind", "name", "geometry"]],
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs="EPSG:4326")
