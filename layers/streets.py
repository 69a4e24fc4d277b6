"""An OSM extract's walkable ways as a network, and the table that names its streets."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.crs import metric_crs, project, unproject
from geo.network import StreetNetwork, build_network
from geo.units import BoolArray, IntArray
from layers.notices import Notice
from layers.osm import OsmExtract
from layers.passages import Paths, separate_private

_SHOWN_ISLANDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """The walking network and its streets' names.

    Parameters
    ----------
    network
        Junction to junction.
    ways
        Indexed by `network.edge_way` (0, 1, …): way_id, name, name_en, highway, private (only those who
        live there walk on it: a private way, or any way behind a residents' gate), homes (whether homes may
        stand along it).
    """

    network: StreetNetwork
    ways: pd.DataFrame

    @property
    def edge_private(self) -> BoolArray:
        """Shape `(E,)`: street pieces that are left but not entered."""
        private: BoolArray = self.ways["private"].to_numpy(dtype=np.bool_)[self.network.edge_way]
        return private

    @property
    def edge_homes(self) -> BoolArray:
        """Shape `(E,)`: street pieces along which homes may stand."""
        homes: BoolArray = self.ways["homes"].to_numpy(dtype=np.bool_)[self.network.edge_way]
        return homes


def build_streets(
    extract: OsmExtract, *, crs: str | None = None, min_island_m: float = 1000.0
) -> tuple[Streets, list[Notice]]:
    """Build the walking network of an extract.

    Barriers nobody passes cut the street. Private ways, and whatever lies behind a residents' gate, can be
    left but not entered: their junctions with open streets are two nodes, joined by an edge of no length
    that leads outwards only.

    Parameters
    ----------
    crs
        Metric system; chosen from the extent when not given.
    min_island_m
        Parts of the network shorter than this in all are set aside and listed.

    Raises
    ------
    geo.errors.EmptyNetwork
        The extract has no walkable street.
    geo.errors.BadGeometry
        The extent is no extent in degrees.
    """
    if crs is None:
        crs = metric_crs(*extract.bounds)
    node_xy = project(extract.node_lonlat, crs)
    paths = separate_private(
        extract.way_nodes,
        extract.way_offsets,
        private=extract.way_private,
        blocked=extract.node_blocked,
        gate=extract.node_private,
        node_xy=node_xy,
    )
    ways, path_way = _tabulate_ways(extract, paths)
    network = build_network(
        crs=crs,
        node_xy=node_xy[paths.node_origin],
        path_nodes=paths.nodes,
        path_offsets=paths.offsets,
        path_way=path_way,
        path_group=_group_paths(ways, path_way, paths.link),
        path_forward=np.where(paths.link, True, extract.way_forward[paths.source]),
        path_backward=np.where(paths.link, False, extract.way_backward[paths.source]),
        min_island_m=min_island_m,
    )
    streets = Streets(network=network, ways=ways)
    layer = extract.path.name
    notices = [*_note_passages(paths, extract, layer), *_note_islands(streets, min_island_m, layer)]
    return streets, notices


def _tabulate_ways(extract: OsmExtract, paths: Paths) -> tuple[pd.DataFrame, IntArray]:
    """One row per way and standing (open or residents only)."""
    way_id = extract.way_id[paths.source]
    rank = np.unique(way_id, return_inverse=True)[1].reshape(-1) * 2 + paths.resident
    _, first, row = np.unique(rank, return_index=True, return_inverse=True)
    source = paths.source[first]
    ways = pd.DataFrame(
        {
            "way_id": extract.way_id[source],
            "name": pd.array(extract.way_name[source], dtype="str"),
            "name_en": pd.array(extract.way_name_en[source], dtype="str"),
            "highway": pd.array(extract.way_highway[source], dtype="str"),
            "private": paths.resident[first],
            "homes": extract.way_homes[source],
        }
    )
    return ways, row.reshape(-1).astype(np.int64)


def _group_paths(ways: pd.DataFrame, path_way: IntArray, link: BoolArray) -> IntArray:
    """Paths of one name, class and standing may merge; the pieces that only lead outwards never.

    A bridge is of another standing than the street that leads to it: no homes stand there.
    """
    alike = ["name", "highway", "private", "homes"]
    of_way = ways.groupby(alike, sort=True).ngroup().to_numpy(np.int64)
    group = np.asarray(of_way[path_way], dtype=np.int64)
    n_links = int(link.sum())
    group[link] = of_way.max(initial=-1) + 1 + np.arange(n_links)
    return group


def _note_passages(paths: Paths, extract: OsmExtract, layer: str) -> list[Notice]:
    notices = []
    if paths.n_closed:
        notices.append(
            Notice(
                "info",
                "blocked_barrier",
                layer,
                f"{paths.n_closed} barriers nobody may pass (walls, locked or closed gates) cut the street "
                "they stand on",
                f"{paths.n_closed} 处不可通行的障碍（围墙、上锁或禁行的门）截断所在道路",
                count=paths.n_closed,
            )
        )
    ways = np.unique(extract.way_id[paths.source[paths.resident]])
    if ways.size or paths.n_resident_gates:
        notices.append(
            Notice(
                "info",
                "residents_only",
                layer,
                f"{ways.size} private ways and {paths.n_resident_gates} residents' gates: those who live there "
                "walk out, nobody walks in or through",
                f"{ways.size} 条内部道路、{paths.n_resident_gates} 处居民专用门：住户可外出，外人不可进入或穿行",
                count=int(ways.size + paths.n_resident_gates),
            )
        )
    return notices


def _note_islands(streets: Streets, min_island_m: float, layer: str) -> list[Notice]:
    network = streets.network
    aside = np.flatnonzero(~network.component_kept)
    if not aside.size:
        return []
    length_m = network.component_length_m
    order = aside[np.lexsort((aside, -length_m[aside]))]
    total_km = float(length_m[aside].sum()) / 1000.0
    shown = [_describe_island(streets, int(component)) for component in order[:_SHOWN_ISLANDS]]
    more = " …" if aside.size > _SHOWN_ISLANDS else ""
    return [
        Notice(
            "info",
            "islands_set_aside",
            layer,
            f"{aside.size} small parts of the network, {total_km:.1f} km in all, are joined to no other street "
            f"and shorter than {min_island_m:g} m each; nobody is snapped to them. Longest: "
            f"{'; '.join(shown)}{more}",
            f"{aside.size} 处孤立路网（合计 {total_km:.1f} 公里，每处不足 {min_island_m:g} 米）不参与计算。"
            f"最长：{'；'.join(shown)}{more}",
            row=_longest_way(streets, int(order[0]))[0],
            count=int(aside.size),
        )
    ]


def _longest_way(streets: Streets, component: int) -> tuple[str, int]:
    """Id of the way of a component's longest named edge, else of its longest, and that edge."""
    network = streets.network
    edges = np.flatnonzero(network.node_component[network.edge_nodes[:, 0]] == component)
    named = streets.ways["name"].to_numpy(dtype=object)[network.edge_way[edges]] != ""
    best = edges[np.lexsort((edges, -network.edge_length_m[edges], ~named))[0]]
    way_id = int(streets.ways["way_id"].iloc[int(network.edge_way[best])])
    return f"w{way_id}", int(best)


def _describe_island(streets: Streets, component: int) -> str:
    network = streets.network
    way, edge = _longest_way(streets, component)
    name = str(streets.ways["name"].iloc[int(network.edge_way[edge])]) or way
    x, y = network.node_xy[network.edge_nodes[edge, 0]]
    lon, lat = unproject(np.array([[x, y]]), network.crs)[0]
    return f"{name} {network.component_length_m[component]:.0f} m ({lon:.5f}, {lat:.5f})"
