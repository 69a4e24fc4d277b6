"""What one route relation runs like: its pieces, stop by stop, with the seconds between."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geo.units import BoolArray, FloatArray, IntArray
from layers.transit.layout import Line, lay_out
from layers.transit.members import Call, Route
from layers.transit.modes import Mode, ModeTable
from layers.transit.places import Places
from layers.transit.tracks import (
    Track,
    WayPiece,
    build_track,
    chain_ways,
    find_paths,
    measure_spots,
)

Ways = Mapping[int, Sequence[WayPiece]]
_ON_WAY_M = 3.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Calls of one direction of a route without a hole between them.

    Parameters
    ----------
    sense
        1 as the relation goes, -1 back.
    places
        `N` rows of places where one waits.
    board, alight
        `N` each.
    ride_s
        `N - 1`: seconds from departure to arrival at the next.
    """

    sense: int
    places: tuple[int, ...]
    board: tuple[bool, ...]
    alight: tuple[bool, ...]
    ride_s: tuple[int, ...]

    def turn(self) -> "Piece":
        """Return the way back over the same places: who could get on there gets off here."""
        return Piece(
            -self.sense,
            self.places[::-1],
            self.alight[::-1],
            self.board[::-1],
            self.ride_s[::-1],
        )


@dataclass(slots=True)
class Pattern:
    """Pieces of one route, and what was assumed or wrong in building them.

    Parameters
    ----------
    pieces
        At least two calls each.
    assumed
        Count by code of `assumptions.yaml`.
    far
        Places skipped over because they lie impossibly far from the call before.
    off_route
        Places of the relation that no way of it passes, so that nobody knows when they are called at.
    """

    pieces: list[Piece] = field(default_factory=list)
    assumed: Counter[str] = field(default_factory=Counter)
    far: list[int] = field(default_factory=list)
    off_route: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class PatternBuilder:
    """Builds patterns of routes.

    Parameters
    ----------
    places, ways
        Of the extract.
    table
        What is assumed.
    fitting
        By mode: places it may call at where a route lists none.
    """

    places: Places
    ways: Ways
    table: ModeTable
    fitting: Mapping[str, BoolArray]

    def build(self, route: Route, *, has_sibling: bool) -> Pattern:
        """Pieces of a route.

        A relation whose roles tell two directions apart stands for both, one that has a sibling in the
        other direction for its own. Any other is taken to run back over the same stops, unless it ends
        where it begins.

        Parameters
        ----------
        has_sibling
            Another relation of the line goes the other way.
        """
        pattern = Pattern()
        if route.says_both_ways and not has_sibling and not route.is_round:
            self._build_both(route, pattern)
        elif not route.lists_stops and route.mode.finds_stops:
            track = chain_ways([self.ways.get(number, ()) for number, _ in route.ways])
            if track is not None:
                self._find_along(route.mode, track, 1, pattern)
                pattern.assumed["stops_found_along_way"] = int(bool(pattern.pieces))
        else:
            self._build_one(route, pattern)
        senses = {piece.sense for piece in pattern.pieces}
        if len(senses) == 1 and not has_sibling and not route.is_round:
            if route.tags.get("public_transport:version") != "1" or not route.lists_stops:
                pattern.assumed["reverse_assumed"] = 1
            pattern.pieces += [piece.turn() for piece in reversed(pattern.pieces)]
        return pattern

    # one direction, calls in the order of the members

    def _build_one(self, route: Route, pattern: Pattern) -> None:
        calls = self._join_tracks(route, [call for call in route.calls if call.sense >= 0])
        present = [call for call in calls if not call.missing]
        if len(present) < 2:
            return
        track = chain_ways([self.ways.get(number, ()) for number, _ in route.ways])
        if calls[0].missing or calls[-1].missing:
            pattern.assumed["relation_cut_short"] = 1
        xy = self.places.xy[[call.stand for call in present]]
        line, order = lay_out(track, xy, reach_m=self.table.offset_m)
        if order != sorted(order):
            pattern.assumed["stops_reordered"] = 1
        before = _count_missing_before(calls)
        self._cut(
            route.mode,
            [present[row] for row in order],
            [before[row] for row in order],
            line,
            1,
            pattern,
        )

    def _join_tracks(self, route: Route, calls: Sequence[Call]) -> list[Call]:
        """Tracks of one station listed one after the other are one call: nobody rides between them."""
        joined: list[Call] = []
        for call in calls:
            if joined and route.mode.rail and self._is_same_station(joined[-1], call):
                joined[-1] = replace(
                    joined[-1],
                    board=joined[-1].board or call.board,
                    alight=joined[-1].alight or call.alight,
                )
            else:
                joined.append(call)
        return joined

    def _is_same_station(self, one: Call, other: Call) -> bool:
        if one.missing or other.missing:
            return False
        name = self.places.names[one.stand]
        near = self.places.measure_m(one.stand, other.stand) <= self.table.station_m
        return near and name != "" and name == self.places.names[other.stand]

    def _cut(
        self,
        mode: Mode,
        calls: Sequence[Call],
        missing: Sequence[int],
        line: Line,
        sense: int,
        pattern: Pattern,
    ) -> None:
        """Join calls to pieces: as long as the way between two is mapped, or none is left out.

        `missing` counts for each call how many the file lacks before it.
        """
        start = 0
        rides: list[int] = []
        for at in range(1, len(calls)):
            left_out = abs(missing[at] - missing[at - 1])
            if mode.rail and self._is_same_station(calls[at - 1], calls[at]):
                ride_s = None  # there and back again, in one relation
            else:
                ride_s = self._ride_s(mode, calls[at - 1], calls[at], left_out, line, at, pattern)
            if ride_s is None:
                self._add_piece(calls[start:at], rides, sense, pattern)
                start, rides = at, []
            else:
                rides.append(ride_s)
        self._add_piece(calls[start:], rides, sense, pattern)

    def _ride_s(
        self,
        mode: Mode,
        before: Call,
        after: Call,
        missing: int,
        line: Line,
        at: int,
        pattern: Pattern,
    ) -> int | None:
        way_m = line.measure_m(at)
        if way_m is not None:
            pattern.assumed["stops_passed"] += missing
            return _drive_s(mode, way_m) + missing * mode.dwell_s
        if missing:
            pattern.assumed["relation_cut"] = 1
            return None
        way_m = line.estimate_m(at, mode.detour)
        if way_m is None:
            way_m = self.places.measure_m(before.stand, after.stand) * mode.detour
        if way_m > mode.longest_m:
            pattern.far.append(after.wait)
            return None
        pattern.assumed["hop_straight"] += 1
        return _drive_s(mode, way_m)

    def _add_piece(
        self, calls: Sequence[Call], rides: Sequence[int], sense: int, pattern: Pattern
    ) -> None:
        if len(calls) > 1:
            pattern.pieces.append(
                Piece(
                    sense,
                    tuple(call.wait for call in calls),
                    tuple(call.board for call in calls),
                    tuple(call.alight for call in calls),
                    tuple(rides),
                )
            )

    # both directions in one relation

    def _build_both(self, route: Route, pattern: Pattern) -> None:
        members = [(p, role) for number, role in route.ways for p in self.ways.get(number, ())]
        paths = find_paths(members)
        calls = [call for call in route.calls if not call.missing]
        if not route.lists_stops:
            for there, back in paths if route.mode.finds_stops else []:
                self._find_along(route.mode, there, 1, pattern)
                self._find_along(route.mode, back, -1, pattern)
            pattern.assumed["stops_found_along_way"] = int(bool(pattern.pieces))
        elif not paths:
            self._build_both_by_stops(route, pattern)
        elif len(calls) > 1:
            self._build_both_along(route.mode, calls, paths, pattern)
            cut = len(calls) < len(route.calls)
            pattern.assumed["relation_cut_short"] = int(cut and bool(pattern.pieces))

    def _build_both_along(
        self,
        mode: Mode,
        calls: Sequence[Call],
        paths: Sequence[tuple[Track, Track]],
        pattern: Pattern,
    ) -> None:
        xy = self.places.xy[[call.stand for call in calls]]
        offsets = np.array(
            [
                np.minimum(*(np.abs(measure_spots(track, xy).offset_m) for track in pair))
                for pair in paths
            ]
        )
        part = offsets.argmin(axis=0)
        near = offsets.min(axis=0) <= self.table.offset_m
        pattern.off_route += [calls[row].wait for row in np.flatnonzero(~near).tolist()]
        pattern.assumed["relation_cut"] = int(len(np.unique(part[near])) > 1)
        for number, (there, back) in enumerate(paths):
            rows = np.flatnonzero(near & (part == number)).tolist()
            own = [calls[row] for row in rows]
            if len(own) > 1 and _runs_backwards(there, own, self.places):
                there, back = back, there  # noqa: PLW2901
            for track, sense in ((there, 1), (back, -1)):
                chosen = [call for call in own if call.sense != -sense]
                self._order_along(mode, track, chosen, sense, pattern)

    def _order_along(
        self, mode: Mode, track: Track, calls: Sequence[Call], sense: int, pattern: Pattern
    ) -> None:
        if len(calls) < 2:
            return
        spots = measure_spots(track, self.places.xy[[call.stand for call in calls]])
        waits = measure_spots(track, self.places.xy[[call.wait for call in calls]])
        said = np.array([bool(call.sense) for call in calls])
        kept = said | self._is_own_side(
            waits.along_m, waits.offset_m, [call.wait for call in calls]
        )
        if not kept.all():
            pattern.assumed["stops_by_side"] = 1
        rows = [row for row in np.argsort(spots.along_m, kind="stable").tolist() if kept[row]]
        ordered = [calls[row] for row in rows]
        along_m = spots.along_m[rows]
        self._cut(mode, ordered, [0] * len(rows), Line(track, along_m), sense, pattern)

    def _build_both_by_stops(self, route: Route, pattern: Pattern) -> None:
        """Without a single way in the file: there as the members stand, back over the same line."""
        there = [call for call in route.calls if call.sense >= 0]
        back = [call for call in route.calls if call.sense <= 0]
        for calls, sense in ((there, 1), (back, -1)):
            ordered = calls
            axis = build_track([self.places.xy[[c.stand for c in there if not c.missing]]])
            if sense < 0:
                if axis is None or any(call.missing for call in route.calls):
                    pattern.assumed["relation_cut"] = 1
                    continue
                along_m = measure_spots(
                    axis, self.places.xy[[call.stand for call in calls]]
                ).along_m
                ordered = [calls[row] for row in np.argsort(-along_m, kind="stable").tolist()]
            present = [call for call in ordered if not call.missing]
            line = Line(None, np.full(len(present), np.nan))
            self._cut(route.mode, present, _count_missing_before(ordered), line, sense, pattern)

    # stops that no relation lists

    def _find_along(self, mode: Mode, track: Track, sense: int, pattern: Pattern) -> None:
        rows = np.flatnonzero(self.fitting[mode.name])
        low, high = track.xy.min(axis=0), track.xy.max(axis=0)
        reach_m = self.table.along_m
        inside = (self.places.xy[rows] >= low - reach_m) & (self.places.xy[rows] <= high + reach_m)
        rows = rows[inside.all(axis=1)]
        if rows.size < 2:
            return
        spots = measure_spots(track, self.places.xy[rows])
        near = np.abs(spots.offset_m) <= reach_m
        rows, along_m, offset_m = rows[near], spots.along_m[near], spots.offset_m[near]
        order = np.argsort(along_m, kind="stable")
        rows, along_m, offset_m = rows[order], along_m[order], offset_m[order]
        own = self._is_own_side(along_m, offset_m, rows.tolist())
        own &= ~self._is_doubled(mode, rows, along_m, own)
        own[own] = _select_apart(along_m[own], offset_m[own], mode.merge_m)
        calls = [Call(stop=row, platform=row) for row in rows[own].tolist()]
        along_m = along_m[own]
        holes = track.list_parts(along_m).tolist()
        self._cut(mode, calls, holes, Line(track, along_m), sense, pattern)

    def _is_own_side(
        self, along_m: FloatArray, offset_m: FloatArray, rows: Sequence[int]
    ) -> BoolArray:
        """On the way, on the side vehicles stop at, or on the other with nothing opposite."""
        side = offset_m if self.table.drives_right else -offset_m
        own: BoolArray = side >= -_ON_WAY_M
        kept = own.copy()
        names = [self.places.names[row] for row in rows]
        for at in np.flatnonzero(~own).tolist():
            near = own & (np.abs(along_m - along_m[at]) <= self.table.opposite_m)
            kept[at] = not any(
                not names[at] or names[other] in {"", names[at]}
                for other in np.flatnonzero(near).tolist()
            )
        return kept

    def _is_doubled(
        self, mode: Mode, rows: IntArray, along_m: FloatArray, kept: BoolArray
    ) -> BoolArray:
        """Stop positions and stations beside which a platform of their name is called at."""
        doubled = np.zeros(rows.size, dtype=np.bool_)
        platform = self.places.platform[rows] & kept
        names = [self.places.names[row] for row in rows.tolist()]
        for at in np.flatnonzero(~self.places.platform[rows]).tolist():
            near = platform & (np.abs(along_m - along_m[at]) <= mode.merge_m)
            doubled[at] = any(
                not names[at] or names[other] in {"", names[at]}
                for other in np.flatnonzero(near).tolist()
            )
        return doubled


def _select_apart(along_m: FloatArray, offset_m: FloatArray, apart_m: float) -> BoolArray:
    """Of bays side by side one is called at: the nearest to the way, none other within `apart_m` along it."""
    chosen = np.zeros(along_m.size, dtype=np.bool_)
    for at in np.lexsort((along_m, np.abs(offset_m))).tolist():
        chosen[at] = not (np.abs(along_m[chosen] - along_m[at]) <= apart_m).any()
    return chosen


def _drive_s(mode: Mode, way_m: float) -> int:
    return max(1, round(way_m / mode.speed_m_s))


def _count_missing_before(calls: Sequence[Call]) -> list[int]:
    """For each call in the file, how many before it the file lacks."""
    counts, missing = [], 0
    for call in calls:
        if call.missing:
            missing += 1
        else:
            counts.append(missing)
    return counts


def _runs_backwards(track: Track, calls: Sequence[Call], places: Places) -> bool:
    """Whether stops of the way there stand in falling order along a line."""
    there = [call for call in calls if call.sense > 0]
    if len(there) < 2:
        return False
    along_m = measure_spots(track, places.xy[[call.stand for call in there]]).along_m
    return bool(np.cov(np.arange(len(there)), along_m)[0, 1] < 0)
