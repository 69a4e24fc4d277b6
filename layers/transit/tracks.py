"""The line a vehicle follows: ways put end to end, and where along it stops lie. Plain metres."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.sparse import csgraph

from geo.units import BoolArray, FloatArray, IntArray

_NEARLY_AS_NEAR_M = 25.0
_LONGER_COSTS = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class WayPiece:
    """Part of a way without holes.

    Parameters
    ----------
    xy
        Shape `(N, 2)`, metres.
    key
        Shape `(N,)`: equal where vertices are one node.
    oneway
        1 driven along its direction only, -1 against it only, 0 both.
    """

    xy: FloatArray
    key: IntArray
    oneway: int


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A line through `N` vertices, with gaps where ways do not meet.

    Parameters
    ----------
    xy
        Shape `(N, 2)`, metres.
    along_m
        Shape `(N,)`: from its start, gaps counted as straight lines.
    gap
        Shape `(N - 1,)`: nothing is mapped between a vertex and the next.
    """

    xy: FloatArray
    along_m: FloatArray
    gap: BoolArray

    def list_parts(self, along_m: FloatArray) -> IntArray:
        """Number of the unbroken part each place along the line lies on; NaN counts as the last."""
        return np.searchsorted(self.along_m[1:][self.gap], along_m + 1e-6)

    def measure_gaps_m(self, from_m: float, to_m: float) -> float:
        """Straight length of the gaps between two places along the line."""
        ends = self.along_m[1:][self.gap]
        inside = (ends > from_m + 1e-6) & (ends <= to_m + 1e-6)
        return float((ends - self.along_m[:-1][self.gap])[inside].sum())

    def turn(self) -> "Track":
        """Return the same line the other way round."""
        return Track(self.xy[::-1], self.along_m[-1] - self.along_m[::-1], self.gap[::-1])


def build_track(parts: Sequence[FloatArray]) -> Track | None:
    """Line through parts in order; where two do not meet is a gap. None without any part."""
    parts = [part for part in parts if len(part) > 1]
    if not parts:
        return None
    xy = np.concatenate(parts)
    gap = np.zeros(len(xy) - 1, dtype=np.bool_)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    gap[ends - 1] = np.any(xy[ends - 1] != xy[ends], axis=1)
    step_m = np.hypot(*np.diff(xy, axis=0).T)
    return Track(xy, np.concatenate([[0.0], np.cumsum(step_m)]), gap)


def chain_ways(ways: Sequence[Sequence[WayPiece]]) -> Track | None:
    """Line along ways in order, each turned so that it goes on where the last one ended.

    A roundabout is left where the next way touches it; a way that is driven in part only is cut
    where the next one begins. A way named twice in a row is driven out and back if the next one
    begins where it does, else it was named once too often.

    Parameters
    ----------
    ways
        Pieces of each member way; none where the file lacks it.
    """
    end = -1
    parts: list[FloatArray] = []
    for at, pieces in enumerate(ways):
        following = ways[at + 1] if at + 1 < len(ways) else ()
        touching = np.concatenate([piece.key for piece in following]) if following else None
        if pieces and at and ways[at - 1] is pieces and (touching is None or end in touching):
            continue
        ahead = list(pieces)
        if len(ahead) > 1 and end in ahead[-1].key:
            ahead.reverse()
        for number, piece in enumerate(ahead):
            rows = _turn(piece, end, touching if number == len(ahead) - 1 else None)
            if rows.size > 1:
                parts.append(piece.xy[rows])
            if rows.size:
                end = int(piece.key[rows[-1]])
        if not pieces:
            end = -1
    return build_track(parts)


def _turn(piece: WayPiece, end: int, touching: IntArray | None) -> IntArray:
    """Vertices of a piece in the order they are driven through."""
    rows = np.arange(piece.key.size)
    meets = np.isin(piece.key, touching) if touching is not None else np.zeros_like(rows, np.bool_)
    entered = np.flatnonzero(piece.key == end)
    if piece.key.size > 3 and piece.key[0] == piece.key[-1]:
        return _turn_ring(piece, int(entered[0]) if entered.size else -1, meets)
    if entered.size:
        at = int(entered[0])
        forwards = at == 0 or (
            at < rows.size - 1 and (bool(meets[at + 1 :].any()) or not meets[:at].any())
        )
        if 0 < at < rows.size - 1 and piece.oneway and not meets.any():
            forwards = piece.oneway > 0
        rows = rows[at:] if forwards else rows[at::-1]
    elif meets[-1] or not meets[0]:
        rows = rows if piece.oneway >= 0 or meets[-1] else rows[::-1]
    else:
        rows = rows[::-1]
    left = np.flatnonzero(meets[rows][1:]) + 1
    return rows if not left.size or meets[rows[-1]] else rows[: left[0] + 1]


def _turn_ring(piece: WayPiece, entered: int, meets: BoolArray) -> IntArray:
    """Part of a roundabout, in the direction it is driven round; all of it where nobody enters."""
    n = piece.key.size - 1
    step = -1 if piece.oneway < 0 else 1
    left = np.flatnonzero(meets[:n])
    if not left.size:
        return np.array([entered]) if entered >= 0 else np.arange(n + 1)[::step]
    count = n
    if entered < 0:
        entered = int(left[0])
    else:
        count = int(np.min((step * (left - entered)) % n))
    rows: IntArray = (entered + step * np.arange(count + 1)) % n
    return rows


def find_paths(ways: Sequence[tuple[WayPiece, int]]) -> list[tuple[Track, Track]]:
    """Lines there and back through ways given in no order, one pair for each connected part.

    Both lead between the two vertices of the part that lie farthest apart, along the directions ways
    may be driven in; where these leave no way, against them.

    Parameters
    ----------
    ways
        Pieces with the direction their role allows: 1 along, -1 against, 0 whatever they allow
        themselves.

    Returns
    -------
    paths
        There and back, parts and directions in the order of the members.
    """
    if not ways:
        return []
    keys, first = np.unique(np.concatenate([piece.key for piece, _ in ways]), return_index=True)
    xy = np.concatenate([piece.xy for piece, _ in ways])[first]
    tail = np.searchsorted(keys, np.concatenate([piece.key[:-1] for piece, _ in ways]))
    head = np.searchsorted(keys, np.concatenate([piece.key[1:] for piece, _ in ways]))
    sense = np.repeat(
        [role or piece.oneway for piece, role in ways], [piece.key.size - 1 for piece, _ in ways]
    )
    length_m = np.maximum(np.hypot(*(xy[tail] - xy[head]).T), 1e-3)
    both = _build_graph(
        np.concatenate([tail, head]), np.concatenate([head, tail]), np.tile(length_m, 2), keys.size
    )
    along, against = sense >= 0, sense <= 0
    driven = _build_graph(
        np.concatenate([tail[along], head[against]]),
        np.concatenate([head[along], tail[against]]),
        np.concatenate([length_m[along], length_m[against]]),
        keys.size,
    )
    n_parts, part = csgraph.connected_components(both, directed=False)
    order = list(dict.fromkeys(part[tail].tolist()))[:n_parts]
    paths = []
    for label in order:
        start = int(tail[np.flatnonzero(part[tail] == label)[0]])
        one = _find_farthest(both, start)
        other = _find_farthest(both, one)
        if _measure_m(both, start, other) < _measure_m(both, start, one):
            one, other = other, one
        there, back = _lead(driven, both, one, other), _lead(driven, both, other, one)
        tracks = [build_track([xy[rows]]) for rows in (there, back)]
        if tracks[0] is not None and tracks[1] is not None:
            paths.append((tracks[0], tracks[1]))
    return paths


def _build_graph(
    tail: IntArray, head: IntArray, length_m: FloatArray, n: int
) -> "scipy.sparse.csr_array[np.float64]":
    order = np.lexsort((length_m, head, tail))
    tail, head, length_m = tail[order], head[order], length_m[order]
    first = np.ones(tail.size, dtype=np.bool_)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return scipy.sparse.csr_array((length_m[first], (tail[first], head[first])), shape=(n, n))


def _find_farthest(graph: "scipy.sparse.csr_array[np.float64]", start: int) -> int:
    reach_m = csgraph.dijkstra(graph, indices=np.array([start]))[0]
    return int(np.argmax(np.where(np.isfinite(reach_m), reach_m, -1.0)))


def _measure_m(graph: "scipy.sparse.csr_array[np.float64]", start: int, end: int) -> float:
    return float(csgraph.dijkstra(graph, indices=np.array([start]))[0, end])


def _lead(
    driven: "scipy.sparse.csr_array[np.float64]",
    both: "scipy.sparse.csr_array[np.float64]",
    start: int,
    end: int,
) -> IntArray:
    for graph in (driven, both):
        reach_m, before = csgraph.dijkstra(
            graph, indices=np.array([start]), return_predecessors=True
        )
        if np.isfinite(reach_m[0, end]):
            break
    rows = [end]
    while rows[-1] != start:
        rows.append(int(before[0, rows[-1]]))
    return np.array(rows[::-1], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Places beside a line.

    Parameters
    ----------
    along_m
        Shape `(K,)`: along the line; NaN where it does not pass.
    offset_m
        Shape `(K,)`: from the line; positive to the right of it.
    """

    along_m: FloatArray
    offset_m: FloatArray


def measure_spots(track: Track, xy: FloatArray) -> Spots:
    """Nearest place on a line of each point, wherever it is.

    Parameters
    ----------
    xy
        Shape `(K, 2)`, metres.
    """
    away_m, along_m, side = _measure_segments(track, xy)
    rows = np.arange(len(xy))
    nearest = np.argmin(away_m, axis=1)
    return Spots(along_m[rows, nearest], (away_m * side)[rows, nearest])


def place_in_order(track: Track, xy: FloatArray, *, reach_m: float) -> FloatArray:
    """Places along a line that points are passed at in their order.

    Of all ways to pass them the one nearest to the points is taken; points that fit nowhere are left
    out at the price of `reach_m` each.

    Parameters
    ----------
    xy
        Shape `(K, 2)`, metres.
    reach_m
        A point farther away is not passed.

    Returns
    -------
    along_m
        Shape `(K,)`, never falling; NaN where a point is not passed.
    """
    away_m, along_m, _ = _measure_segments(track, xy)
    owner, seg = _find_passes(away_m, reach_m)
    placed = np.full(len(xy), np.nan)
    if not owner.size:
        return placed
    at_m, off_m = along_m[owner, seg], away_m[owner, seg]
    cost = off_m + reach_m * owner
    before = np.full(owner.size, -1)
    for row in range(owner.size):
        earlier = np.flatnonzero((owner[:row] < owner[row]) & (at_m[:row] <= at_m[row] + 1e-6))
        if earlier.size:
            way = cost[earlier] + reach_m * (owner[row] - owner[earlier] - 1)
            way += _LONGER_COSTS * (at_m[row] - at_m[earlier])
            best = int(np.argmin(way))
            if way[best] + off_m[row] < cost[row]:
                cost[row], before[row] = way[best] + off_m[row], earlier[best]
    row = int(np.argmin(cost + reach_m * (len(xy) - 1 - owner)))
    while row >= 0:
        placed[owner[row]] = at_m[row]
        row = int(before[row])
    return placed


def _measure_segments(track: Track, xy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distance of each point to each segment, place along the line, side (1 right, -1 left)."""
    start, step = track.xy[:-1], np.diff(track.xy, axis=0)
    square = np.maximum((step**2).sum(axis=1), 1e-12)
    to_point = xy[:, None, :] - start[None, :, :]
    share = np.clip((to_point * step).sum(axis=2) / square, 0.0, 1.0)
    rest = to_point - share[:, :, None] * step
    away_m = np.where(track.gap, np.inf, np.hypot(rest[..., 0], rest[..., 1]))
    along_m = track.along_m[:-1] + share * np.sqrt(square)
    cross = step[:, 0] * to_point[..., 1] - step[:, 1] * to_point[..., 0]
    return away_m, along_m, np.where(cross <= 0, 1.0, -1.0)


def _find_passes(away_m: FloatArray, reach_m: float) -> tuple[IntArray, IntArray]:
    """Point and segment of each time the line comes near a point."""
    limit_m = np.minimum(away_m.min(axis=1) + _NEARLY_AS_NEAR_M, reach_m)
    near = away_m <= limit_m[:, None]
    starts = near.copy()
    starts[:, 1:] &= ~near[:, :-1]
    owner, seg = np.nonzero(near)
    if not owner.size:
        return owner, seg
    run = np.cumsum(starts[owner, seg]) - 1
    order = np.lexsort((seg, away_m[owner, seg], run))
    first = np.ones(order.size, dtype=np.bool_)
    first[1:] = run[order][1:] != run[order][:-1]
    chosen = order[first]
    return owner[chosen], seg[chosen]
