"""Calls of one direction laid out along its line, in the order they are passed."""

from dataclasses import dataclass

import numpy as np

from geo.units import FloatArray, IntArray
from layers.transit.tracks import Track, measure_spots, place_in_order


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Where `N` calls lie along a line.

    Parameters
    ----------
    track
        The line; None where nothing is mapped.
    along_m
        Shape `(N,)`; NaN where the line does not pass a call.
    in_order
        The line is passed from its start to its end, so that gaps tell how far it is across them.
    """

    track: Track | None
    along_m: FloatArray
    in_order: bool = True

    def measure_m(self, at: int) -> float | None:
        """Way from the call before to this one, None where it is not mapped."""
        from_m, to_m = float(self.along_m[at - 1]), float(self.along_m[at])
        if self.track is None or np.isnan(from_m) or np.isnan(to_m):
            return None
        parts = self.track.list_parts(np.array([from_m, to_m]))
        return abs(to_m - from_m) if parts[0] == parts[1] else None

    def estimate_m(self, at: int, detour: float) -> float | None:
        """Way across gaps: what is mapped, and each gap as a straight line times the detour factor."""
        from_m, to_m = float(self.along_m[at - 1]), float(self.along_m[at])
        if self.track is None or not self.in_order or np.isnan(from_m) or np.isnan(to_m):
            return None
        return to_m - from_m + (detour - 1.0) * self.track.measure_gaps_m(from_m, to_m)


def lay_out(track: Track | None, xy: FloatArray, *, reach_m: float) -> tuple[Line, list[int]]:
    """Lay calls out along a line.

    The order they are listed in holds where the line passes them so, in its own direction or against
    it. Else the ways of the relation are believed where they hang together: on each unbroken part
    calls follow each other along it, parts follow each other as their calls are listed.

    Parameters
    ----------
    xy
        Shape `(N, 2)`, metres: calls as listed.
    reach_m
        A call farther from the line is not on it.

    Returns
    -------
    line, order
        Places along the line of the calls in `order`.
    """
    listed = list(range(len(xy)))
    if track is None:
        return Line(None, np.full(len(xy), np.nan)), listed
    spots = measure_spots(track, xy)
    near = np.abs(spots.offset_m) <= reach_m
    for one in (track, track.turn()):
        along_m = place_in_order(one, xy, reach_m=reach_m)
        if not np.isnan(along_m[near]).any():
            return Line(one, along_m), listed
    order = _sort_by_parts(track.list_parts(spots.along_m), spots.along_m, near)
    along_m = np.where(near, spots.along_m, np.nan)
    return Line(track, along_m[order], in_order=False), order


def _sort_by_parts(part: IntArray, along_m: FloatArray, near: np.ndarray) -> list[int]:
    """Rows sorted part by part; a row off the line stays behind the one it is listed after."""
    rows = np.arange(part.size)
    followed = np.maximum.accumulate(np.where(near, rows, -1))
    keys: dict[int, tuple[float, float, int]] = {}
    for number in np.unique(part[near]):
        members = rows[near & (part == number)]
        trend = np.cov(members, along_m[members])[0, 1] if members.size > 1 else 0.0
        sense = -1.0 if trend < 0 else 1.0
        for row in members.tolist():
            keys[row] = (float(members.mean()), sense * float(along_m[row]), row)
    before = (-1.0, 0.0, -1)
    return sorted(
        rows.tolist(),
        key=lambda row: (*keys.get(int(followed[row]), before)[:2], row),
    )
