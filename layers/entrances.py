"""Where a facility is entered: its own point, gates and doors on its edge, streets that touch it.

A park or a campus is never reached at its middle. In order: passable `entrance` and gate nodes on or near its ring;
else where kept streets cross its ring; else the point of its ring nearest to a kept street. Open ground (parks,
squares) is entered at its gates and wherever a street crosses its ring. The representative
point of the area is the last resort, where there is no street at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.network import StreetNetwork
from geo.units import BoolArray, FloatArray, IntArray
from layers.kinds import Kinds, read_kinds

Source = Literal["point", "entrance", "gate", "street", "ring", "centroid"]
SOURCES: tuple[Source, ...] = ("point", "entrance", "gate", "street", "ring", "centroid")
GATE_NEAR_M = 5.0
"""A gate this far from a ring still belongs to it: fence, wall and land are drawn apart."""
DOOR_NEAR_M = 1.0
"""A door this far from a ring is on it; farther off it may be the neighbour's."""
TOUCH_M = 0.5
"""A street this close to a ring touches it."""
MERGE_M = 5.0
"""Crossings closer together than this are one way in."""
_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """Ways in found for some areas: owner area, source, place and OSM node."""

    owner: IntArray
    source: NDArray[np.int8]
    xy: FloatArray
    node: NDArray[np.object_]


def build_entrances(
    facilities: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    network: StreetNetwork,
    *,
    kinds: Kinds | None = None,
    edge_private: BoolArray | None = None,
) -> gpd.GeoDataFrame:
    """Find the ways into every facility.

    Parameters
    ----------
    facilities
        Columns facility_id, kind, geometry (any declared CRS); rows of one id share their geometry.
    entrances
        Columns node_id, type (`entrance`, `gate`), passable, geometry; as read from OSM.
    network
        Streets; only kept components count.
    kinds
        Tells open ground; those that travel with the package when not given.
    edge_private
        Shape `(E,)`: pieces nobody but residents enters. They count as touching only where no other street
        does.

    Returns
    -------
    ways_in
        One row per way in: entrance_id (`<facility_id>/<number>`), facility_id, source, node (`n12` or
        empty), geometry (WGS84 point); ordered as the facilities first occur.
    """
    kinds = kinds if kinds is not None else read_kinds()
    once = facilities.drop_duplicates("facility_id").reset_index(drop=True)
    shapes = np.asarray(once.to_crs(network.crs).geometry.array, dtype=object)
    areal = shapely.get_dimensions(shapes) == 2
    points = np.flatnonzero(~areal)
    areas = np.flatnonzero(areal)
    spots = shapely.centroid(shapes[points])
    of_points = _Ways(
        owner=points,
        source=np.full(points.size, SOURCES.index("point"), dtype=np.int8),
        xy=np.column_stack([shapely.get_x(spots), shapely.get_y(spots)]),
        node=np.array(
            [_node_of(text) for text in once["facility_id"].to_numpy(dtype=object)[points]],
            dtype=object,
        ),
    )
    open_ids = _open_ground(facilities, kinds)
    is_open = once["facility_id"].isin(open_ids).to_numpy(dtype=np.bool_)
    of_areas = _enter_areas(
        shapes[areas], is_open[areas], entrances.to_crs(network.crs), network, edge_private
    )
    found = _join([of_points, _Ways(areas[of_areas.owner], *_rest(of_areas))])
    return _tabulate(once, found, network.crs)


def _node_of(facility_id: object) -> str:
    text = str(facility_id)
    return text if text[:1] == "n" and text[1:].isdigit() else ""


def _open_ground(facilities: gpd.GeoDataFrame, kinds: Mapping[str, object]) -> set[str]:
    """Facilities of at least one kind whose ground is open, and of none that is not."""
    codes = {code for code in kinds if bool(getattr(kinds[code], "open_ground", False))}
    is_open = facilities["kind"].isin(codes)
    closed = set(facilities.loc[~is_open, "facility_id"])
    return set(facilities.loc[is_open, "facility_id"]) - closed


def _rest(ways: _Ways) -> tuple[NDArray[np.int8], FloatArray, NDArray[np.object_]]:
    return ways.source, ways.xy, ways.node


def _join(parts: list[_Ways]) -> _Ways:
    return _Ways(
        owner=np.concatenate([part.owner for part in parts]),
        source=np.concatenate([part.source for part in parts]),
        xy=np.concatenate([part.xy for part in parts]),
        node=np.concatenate([part.node for part in parts]),
    )


def _enter_areas(
    areas: NDArray[np.object_],
    is_open: BoolArray,
    doors: gpd.GeoDataFrame,
    network: StreetNetwork,
    edge_private: BoolArray | None,
) -> _Ways:
    rings = shapely.boundary(areas)
    tree, tree_edge = network.kept_tree
    private = np.zeros(tree_edge.size, dtype=np.bool_)
    if edge_private is not None:
        private = edge_private[tree_edge]
    by_node = _enter_by_nodes(rings, doors)
    has_node = np.zeros(areas.size, dtype=np.bool_)
    has_node[by_node.owner] = True
    asked = np.flatnonzero(~has_node | is_open)
    by_street = _enter_by_streets(rings, asked, tree, private)
    reached = has_node.copy()
    reached[by_street.owner] = True
    left = np.flatnonzero(~reached)
    by_ring = _enter_by_ring(rings, areas, left, tree)
    return _join([by_node, by_street, by_ring])


def _enter_by_nodes(rings: NDArray[np.object_], doors: gpd.GeoDataFrame) -> _Ways:
    """Passable gates near a ring and doors on it; doors a little off where there is nothing else."""
    doors = doors[doors["passable"].to_numpy(dtype=np.bool_)]
    is_gate = (doors["type"] == "gate").to_numpy(dtype=np.bool_)
    places = np.asarray(doors.geometry.array, dtype=object)
    ids = doors["node_id"].to_numpy(dtype=object)
    if not places.size or not rings.size:
        return _nothing()
    door, ring = shapely.STRtree(rings).query(places, predicate="dwithin", distance=GATE_NEAR_M)
    near_m = shapely.distance(places[door], rings[ring])
    sure = is_gate[door] | (near_m <= DOOR_NEAR_M)
    has_sure = np.zeros(rings.size, dtype=np.bool_)
    has_sure[ring[sure]] = True
    taken = sure | ~has_sure[ring]
    door, ring = door[taken], ring[taken]
    code = np.where(is_gate[door], SOURCES.index("gate"), SOURCES.index("entrance"))
    return _Ways(
        owner=ring.astype(np.int64),
        source=code.astype(np.int8),
        xy=np.column_stack([shapely.get_x(places[door]), shapely.get_y(places[door])]),
        node=ids[door],
    )


def _enter_by_streets(
    rings: NDArray[np.object_], asked: IntArray, tree: shapely.STRtree, private: BoolArray
) -> _Ways:
    if not asked.size or not len(tree):
        return _nothing()
    near = shapely.buffer(rings[asked], TOUCH_M, quad_segs=1)
    at, street = tree.query(near, predicate="intersects")
    owner = asked[at]
    has_open = np.zeros(rings.size, dtype=np.bool_)
    has_open[owner[~private[street]]] = True
    taken = ~private[street] | ~has_open[owner]
    at, owner, street = at[taken], owner[taken], street[taken]
    parts, part_of = shapely.get_parts(
        shapely.intersection(tree.geometries[street], near[at]), return_index=True
    )
    is_line = shapely.get_dimensions(parts) == 1
    # A street that crosses the ring leaves a short piece, one that runs along it a long one with two ends.
    along = is_line & (shapely.length(parts) > MERGE_M)
    across = is_line & ~along
    middle = shapely.line_interpolate_point(parts[across], 0.5, normalized=True)
    places = [
        (middle, part_of[across]),
        (shapely.get_point(parts[along], 0), part_of[along]),
        (shapely.get_point(parts[along], -1), part_of[along]),
        (parts[~is_line], part_of[~is_line]),
    ]
    spots = np.concatenate([spot for spot, _ in places])
    owner = owner[np.concatenate([index for _, index in places])]
    spots = shapely.get_point(shapely.shortest_line(rings[owner], spots), 0)
    xy = np.column_stack([shapely.get_x(spots), shapely.get_y(spots)])
    kept = _thin(owner, xy)
    return _plain(owner[kept], xy[kept], "street")


def _thin(owner: IntArray, xy: FloatArray) -> IntArray:
    """One crossing per owner and square of `MERGE_M`; the first in a fixed order."""
    order = np.lexsort((xy[:, 1], xy[:, 0], owner))
    square = np.column_stack([owner[order], np.floor(xy[order] / MERGE_M).astype(np.int64)])
    _, first = np.unique(square, axis=0, return_index=True)
    kept: IntArray = order[first]
    return kept


def _enter_by_ring(
    rings: NDArray[np.object_],
    areas: NDArray[np.object_],
    left: IntArray,
    tree: shapely.STRtree,
) -> _Ways:
    if not left.size:
        return _nothing()
    if not len(tree):
        spots = shapely.point_on_surface(areas[left])
        xy = np.column_stack([shapely.get_x(spots), shapely.get_y(spots)])
        return _plain(left, xy, "centroid")
    at, street = tree.query_nearest(rings[left], all_matches=False)
    owner = left[at]
    line = shapely.shortest_line(rings[owner], tree.geometries[street])
    spots = shapely.get_point(line, 0)
    return _plain(owner, np.column_stack([shapely.get_x(spots), shapely.get_y(spots)]), "ring")


def _plain(owner: IntArray, xy: FloatArray, source: Source) -> _Ways:
    return _Ways(
        owner=owner.astype(np.int64),
        source=np.full(owner.size, SOURCES.index(source), dtype=np.int8),
        xy=xy,
        node=np.full(owner.size, "", dtype=object),
    )


def _nothing() -> _Ways:
    return _plain(np.empty(0, np.int64), np.empty((0, 2)), "ring")


def _tabulate(once: gpd.GeoDataFrame, found: _Ways, crs: str) -> gpd.GeoDataFrame:
    order = np.lexsort(
        (found.xy[:, 1], found.xy[:, 0], found.node.astype(str), found.source, found.owner)
    )
    owner = found.owner[order]
    number = np.arange(owner.size) - np.searchsorted(owner, owner, side="left") + 1
    facility_id = once["facility_id"].to_numpy(dtype=object)[owner]
    sources = np.array(SOURCES, dtype=object)[found.source[order]]
    frame = gpd.GeoDataFrame(
        {
            "entrance_id": pd.array(
                [f"{text}/{at}" for text, at in zip(facility_id, number, strict=True)], dtype="str"
            ),
            "facility_id": pd.array(facility_id, dtype="str"),
            "source": pd.array(sources, dtype="str"),
            "node": pd.array(found.node[order], dtype="str"),
        },
        geometry=shapely.points(found.xy[order]),
        crs=crs,
    )
    return gpd.GeoDataFrame(frame.to_crs(_WGS84))
