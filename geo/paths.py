"""The way a walk takes: its line along the streets, for people who want to see it.

The search runs towards the goal, as every walk is measured; the way back down its costs is the way
the walker takes. Lengths are exact (see `geo.units`), so a step belongs to the shortest walk when
its numbers are equal, not nearly equal.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.isochrone import Pieces, piece_lines
from geo.network import StreetNetwork
from geo.reach import measure_nearest
from geo.snap import Links
from geo.units import UNREACHED, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class WalkPath:
    """The shortest walk from one place to the nearest of some goals.

    Parameters
    ----------
    walk_m
        Metres, both straight legs included.
    goal
        Row of the goal the walk ends at.
    xy
        Shape `(V, 2)`, metres of the network's system: from where the start meets the streets to
        where the goal does. One point when the two are the same place.
    """

    walk_m: float
    goal: int
    xy: FloatArray


def trace_walk(
    network: StreetNetwork, start: Links, goals: Links, *, limit_m: float = UNREACHED
) -> WalkPath | None:
    """Trace the shortest walk from the first place of `start` to the nearest of `goals`.

    Parameters
    ----------
    start, goals
        Points snapped to `network`.
    limit_m
        Longer walks are not looked for.

    Returns
    -------
    path
        None when no goal can be walked to within the limit.

    Raises
    ------
    CrsMismatch
        Links of another coordinate system.
    """
    one = start.take(np.zeros(1, dtype=np.int64))
    nearest = measure_nearest(network, goals, one, limit_m=limit_m)
    row = int(nearest.source[0])
    if row < 0:
        return None
    walk_m = float(nearest.walk_m[0])
    goal = goals.take(np.array([row]))
    node_m = measure_nearest(network, goal, one, limit_m=walk_m).node_walk_m
    return WalkPath(walk_m, row, _draw(network, _list_steps(network, one, goal, walk_m, node_m)))


_Step = tuple[int, float, float]
"""An edge, and the metres along it where the walker enters and leaves it."""


def _list_steps(
    network: StreetNetwork, start: Links, goal: Links, walk_m: float, node_m: FloatArray
) -> list[_Step]:
    edge, at = int(start.edge[0]), float(start.offset_m[0])
    rest_m = walk_m - float(start.leg_m[0])
    length = float(network.edge_length_m[edge])
    goal_at, goal_leg_m = float(goal.offset_m[0]), float(goal.leg_m[0])
    if edge == int(goal.edge[0]):
        ahead = goal_at - at
        open_way = network.edge_forward[edge] if ahead > 0 else network.edge_backward[edge]
        if (open_way or ahead == 0) and abs(ahead) + goal_leg_m == rest_m:
            return [(edge, at, goal_at)]
    first, last = network.edge_nodes[edge].tolist()
    if (network.edge_backward[edge] or at == 0) and at + node_m[first] == rest_m:
        return [(edge, at, 0.0), *_follow(network, first, goal, node_m)]
    return [(edge, at, length), *_follow(network, last, goal, node_m)]


def _follow(network: StreetNetwork, node: int, goal: Links, node_m: FloatArray) -> list[_Step]:
    """Steps from a node to the goal, down the costs; pieces of no length are never walked twice."""
    arcs = network.outward
    seen = {node}
    trail: list[tuple[int, _Step]] = []
    while True:
        end = _find_end(network, node, goal, float(node_m[node]))
        if end is not None:
            return [*(step for _, step in trail), end]
        row = slice(int(arcs.start[node]), int(arcs.start[node + 1]))
        others, lengths = arcs.node[row], arcs.length_m[row]
        fits = np.flatnonzero(lengths + node_m[others] == node_m[node]).tolist()
        found = next((one for one in fits if int(others[one]) not in seen), None)
        if found is None:  # a piece of no length that leads nowhere: back, and another one
            node = trail.pop()[0]
            continue
        edge, length = int(arcs.edge[row][found]), float(lengths[found])
        turned = int(network.edge_nodes[edge, 0]) != node
        trail.append((node, (edge, length, 0.0) if turned else (edge, 0.0, length)))
        node = int(others[found])
        seen.add(node)


def _find_end(network: StreetNetwork, node: int, goal: Links, cost_m: float) -> _Step | None:
    """Last step onto the goal's own edge, if the walk leaves the junctions here."""
    edge, at, leg_m = int(goal.edge[0]), float(goal.offset_m[0]), float(goal.leg_m[0])
    length = float(network.edge_length_m[edge])
    first, last = network.edge_nodes[edge].tolist()
    ways = (
        (first, 0.0, at, bool(network.edge_forward[edge])),
        (last, length, length - at, bool(network.edge_backward[edge])),
    )
    for end, enter, stretch, open_way in ways:
        if node == end and (open_way or stretch == 0) and stretch + leg_m == cost_m:
            return edge, enter, at
    return None


def _draw(network: StreetNetwork, steps: list[_Step]) -> FloatArray:
    walked = [step for step in steps if step[1] != step[2]]
    if not walked:
        edge, at, _ = steps[-1]
        length = float(network.edge_length_m[edge])
        share = at / length if length > 0 else 0.0
        point = shapely.line_interpolate_point(network.edge_lines[edge], share, normalized=True)
        return np.asarray(shapely.get_coordinates(point), dtype=np.float64)
    pieces = Pieces(
        np.array([edge for edge, _, _ in walked], dtype=np.int32),
        np.array([min(one, other) for _, one, other in walked]),
        np.array([max(one, other) for _, one, other in walked]),
    )
    parts = [
        shapely.get_coordinates(line)[:: 1 if enter < leave else -1]
        for line, (_, enter, leave) in zip(piece_lines(network, pieces), walked, strict=True)
    ]
    xy = np.concatenate(parts)
    fresh = np.ones(len(xy), dtype=np.bool_)
    fresh[1:] = np.hypot(*np.diff(xy, axis=0).T) > 1e-6
    return np.asarray(xy[fresh], dtype=np.float64)
