"""Isochrone polygons: pictures of the streets within reach.

Every reached piece lies inside, every other street of the network outside; where such a street
crosses a reached one (a bridge), the reached one keeps a narrow spine. What makes it quick: blocks
walked all around are filled first, and streets inside them need no ribbon of their own, nor do
short pieces between the round ends of longer ones; spines are drawn only where a street not
reached comes near; limits are drawn side by side.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.isochrone import Pieces, list_unreached, piece_lines
from geo.network import StreetNetwork
from geo.units import BoolArray

REACHED_WIDTH_M = 30.0
"""Half width of the ribbon drawn around reached streets."""
UNREACHED_WIDTH_M = 3.0
"""Half width of the strip cut out along streets not reached."""
SPINE_WIDTH_M = 1.0
"""Half width of what stays inside along a reached street, whatever crosses it."""
FILLED_HOLE_M2 = 10_000.0
"""Holes without a street in them, up to this size, are filled: the inside of a block."""
_ROUND_END_SHARE = 0.85
"""An end drawn with two segments per quarter circle holds a disc of this share of its radius
(cos 22.5° = 0.92), less what simplifying moves a line by."""
_SIMPLIFIED_SHARE = 0.07
"""Ribbons follow lines simplified by at most this share of their half width."""
_WORKERS = 2


def draw_rings(
    network: StreetNetwork, nested: Sequence[Pieces], *, width_m: float = REACHED_WIDTH_M
) -> list[shapely.Geometry]:
    """Draw one polygon per limit.

    Parameters
    ----------
    nested
        Reached pieces per limit, from one place.
    width_m
        Half width of the ribbon drawn around reached streets.

    Returns
    -------
    polygons
        As many as `nested`, Polygon or MultiPolygon in metres of the network's system; empty
        where nothing is reached.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(lambda pieces: _draw_ring(network, pieces, width_m), nested))


def _draw_ring(network: StreetNetwork, pieces: Pieces, width_m: float) -> shapely.Geometry:
    if len(pieces) == 0:
        return shapely.Polygon()
    lines = _simplify(piece_lines(network, pieces), _SIMPLIFIED_SHARE * width_m)
    blocks = _find_blocks(lines, width_m)
    shapely.prepare(blocks)
    # what lies inside the blocks is within a ribbon's width of their edge wherever it sticks out
    needed = ~shapely.contains_properly(blocks, lines) & ~_is_capped(network, pieces, width_m)
    ribbons = np.asarray(shapely.buffer(lines[needed], width_m, quad_segs=2), dtype=object)
    return _cut_out(network, pieces, _fill_holes(shapely.union_all([*ribbons, blocks])))


def _find_blocks(lines: NDArray[np.object_], width_m: float) -> shapely.Geometry:
    """Blocks walked around whose inside, less the ribbons, is a hole small enough to be filled."""
    faces = shapely.get_parts(shapely.polygonize(lines))
    # where streets cross without a node (bridges), a block may touch itself: it is left to the ribbons
    faces = faces[shapely.is_valid(faces)]
    inside_m2 = shapely.area(faces) - width_m * shapely.length(faces) + 4 * width_m**2
    small = faces[inside_m2 <= FILLED_HOLE_M2]
    union = shapely.coverage_union_all if shapely.coverage_is_valid(small) else shapely.union_all
    return cast("shapely.Geometry", union(small))


def _is_capped(network: StreetNetwork, pieces: Pieces, width_m: float) -> BoolArray:
    """Short pieces that the round ends of longer ones at both their ends cover already."""
    length_m = network.edge_length_m[pieces.edge]
    ends = network.edge_nodes[pieces.edge]
    whole = (pieces.begin_m <= 0) & (pieces.end_m >= length_m)
    short = length_m <= 2 * _ROUND_END_SHARE * width_m
    capped = np.zeros(network.n_nodes, dtype=np.bool_)
    capped[ends[whole & ~short].ravel()] = True
    between: BoolArray = short & capped[ends[:, 0]] & capped[ends[:, 1]]
    return between


def _cut_out(network: StreetNetwork, pieces: Pieces, area: shapely.Geometry) -> shapely.Geometry:
    """`area` less a strip along each street not reached, and with the reached ones' spines."""
    rest = list_unreached(network, pieces)
    near_edge = np.zeros(network.n_edges, dtype=np.bool_)
    near_edge[network.edge_tree.query(area, predicate="intersects")] = True
    near = np.flatnonzero(near_edge[rest.edge])
    away = piece_lines(network, Pieces(rest.edge[near], rest.begin_m[near], rest.end_m[near]))
    if len(away) == 0:
        return area
    merged = shapely.line_merge(shapely.multilinestrings(_simplify(away, UNREACHED_WIDTH_M / 3)))
    strips = shapely.buffer(merged, UNREACHED_WIDTH_M, quad_segs=1)
    less = shapely.difference(area, strips)
    reached = piece_lines(network, pieces)
    other, own = shapely.STRtree(reached).query(
        away, predicate="dwithin", distance=1.5 * UNREACHED_WIDTH_M
    )
    wide = np.asarray(shapely.buffer(away, 2 * UNREACHED_WIDTH_M, quad_segs=1), dtype=object)
    crossed = shapely.intersection(reached[own], wide[other])
    spines = shapely.disjoint_subset_union_all(shapely.buffer(crossed, SPINE_WIDTH_M, quad_segs=1))
    # not `union_all`: for one large shape and one of many parts it takes four times as long
    return cast("shapely.Geometry", shapely.union(less, spines))


def _fill_holes(area: shapely.Geometry) -> shapely.Geometry:
    """Without its small holes; streets not reached are cut out of them afterwards."""
    filled: list[shapely.Geometry] = []
    if shapely.is_empty(area):
        return area
    for part in shapely.get_parts(area):
        rings = shapely.get_rings(part)
        sizes = shapely.area(np.asarray(shapely.polygons(rings[1:]))) if len(rings) > 1 else ()
        wide = [ring for ring, size in zip(rings[1:], sizes, strict=True) if size > FILLED_HOLE_M2]
        filled.append(shapely.Polygon(rings[0], wide))
    return shapely.union_all(filled)


def _simplify(lines: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    simple = shapely.simplify(lines, tolerance_m, preserve_topology=False)
    return np.asarray(simple, dtype=object)
