"""Isochrone polygons of several limits at once: each grows out of the one before.

Same promise as `geo.isochrone.draw_polygon`: every reached piece inside, every other street of the
network outside. What makes it quick: a shorter limit's ribbon is part of a longer one's and is
drawn once; short pieces between the round ends of longer ones need no ribbon of their own; spines
are drawn only where a street not reached comes near.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.isochrone import (
    FILLED_HOLE_M2,
    REACHED_WIDTH_M,
    SPINE_WIDTH_M,
    UNREACHED_WIDTH_M,
    Pieces,
    list_unreached,
    piece_lines,
)
from geo.network import StreetNetwork
from geo.units import BoolArray

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
        Reached pieces per limit from one place, the shortest limit first, so that every entry
        holds the one before.
    width_m
        Half width of the ribbon drawn around reached streets.

    Returns
    -------
    polygons
        As many as `nested`, Polygon or MultiPolygon in metres of the network's system; empty
        where nothing is reached.
    """
    drawn = np.zeros(network.n_edges, dtype=np.bool_)
    ribbon: shapely.Geometry = shapely.Polygon()
    with ThreadPoolExecutor(_WORKERS) as pool:
        jobs = []
        for pieces in nested:
            fresh = _select_fresh(network, pieces, drawn, width_m)
            ribbon = _widen(network, ribbon, fresh, width_m)
            jobs.append(pool.submit(_cut_out, network, pieces, _fill_holes(ribbon)))
        return [job.result() for job in jobs]


def _select_fresh(
    network: StreetNetwork, pieces: Pieces, drawn: BoolArray, width_m: float
) -> Pieces:
    """Return the pieces whose ribbon is still to be drawn; marks the whole edges among them."""
    length_m = network.edge_length_m[pieces.edge]
    ends = network.edge_nodes[pieces.edge]
    whole = (pieces.begin_m <= 0) & (pieces.end_m >= length_m)
    short = length_m <= 2 * _ROUND_END_SHARE * width_m
    capped = np.zeros(network.n_nodes, dtype=np.bool_)
    capped[ends[whole & ~short].ravel()] = True
    inside = short & capped[ends[:, 0]] & capped[ends[:, 1]]
    fresh = ~inside & ~(whole & drawn[pieces.edge])
    drawn[pieces.edge[fresh & whole]] = True
    return Pieces(pieces.edge[fresh], pieces.begin_m[fresh], pieces.end_m[fresh])


def _widen(
    network: StreetNetwork, ribbon: shapely.Geometry, fresh: Pieces, width_m: float
) -> shapely.Geometry:
    if len(fresh) == 0:
        return ribbon
    lines = _simplify(piece_lines(network, fresh), _SIMPLIFIED_SHARE * width_m)
    parts = np.asarray(shapely.buffer(lines, width_m, quad_segs=2), dtype=object)
    return shapely.union_all([*parts, ribbon])


def _cut_out(network: StreetNetwork, pieces: Pieces, area: shapely.Geometry) -> shapely.Geometry:
    """`area` less a strip along each street not reached, and with the reached ones' spines."""
    rest = list_unreached(network, pieces)
    shapely.prepare(area)
    near = np.flatnonzero(shapely.intersects(area, network.edge_lines[rest.edge]))
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
    spines = shapely.union_all(shapely.buffer(crossed, SPINE_WIDTH_M, quad_segs=1))
    # not `union_all`: for one large shape and one of many parts it takes four times as long
    drawn: shapely.Geometry = shapely.union(less, spines)
    return drawn


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
