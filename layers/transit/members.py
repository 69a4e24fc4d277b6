"""Route relations read: what runs, where it calls in which order, along which ways."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np

from layers.osm import OsmExtract
from layers.transit.modes import Mode, ModeTable
from layers.transit.places import Places

MISSING = -1
"""Row of a stop the file lacks."""
_ONLY_ENDS = frozenset({"start_stop", "end_stop", "terminus", "start", "end"})
_STOP_WORDS = ("stop", "platform", "terminus", "station")


@dataclass(frozen=True, slots=True)
class Call:
    """One place a route calls at.

    Parameters
    ----------
    stop, platform
        Rows of the places: where the vehicle stands, where one waits; `MISSING` when the file lacks it,
        None when the route names none.
    board, alight
        Whether passengers may get on, off.
    sense
        1 called at on the way there only, -1 on the way back only, 0 not said.
    """

    stop: int | None
    platform: int | None
    board: bool = True
    alight: bool = True
    sense: int = 0

    @property
    def missing(self) -> bool:
        """Nothing of the place is in the file."""
        return self.stand == MISSING

    @property
    def stand(self) -> int:
        """Where the vehicle stands as near as known."""
        return self._first(self.stop, self.platform)

    @property
    def wait(self) -> int:
        """Where one waits as near as known."""
        return self._first(self.platform, self.stop)

    @staticmethod
    def _first(*rows: int | None) -> int:
        return next((row for row in rows if row is not None and row >= 0), MISSING)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One route relation.

    Parameters
    ----------
    relation_id
        OSM id.
    mode
        How it runs.
    ref, name, tags
        Of the relation; where `ref` is missing that of its master.
    master_id, master_tags
        Line it is a direction or variant of; 0 when none.
    calls
        In the order of the members, those the file lacks included.
    ways
        Way ids and the sense their role allows: 1 along, -1 against, 0 both.
    ends_only
        Only its ends are among the members.
    """

    relation_id: int
    mode: Mode
    ref: str
    name: str
    tags: Mapping[str, str]
    master_id: int
    master_tags: Mapping[str, str]
    calls: tuple[Call, ...]
    ways: tuple[tuple[int, int], ...]
    ends_only: bool

    @property
    def lists_stops(self) -> bool:
        """Whether the relation says where it calls."""
        return bool(self.calls) and not self.ends_only

    @property
    def says_both_ways(self) -> bool:
        """Whether its roles tell two directions apart, so that it stands for both."""
        if any(call.sense for call in self.calls):
            return True
        senses = {sense for _, sense in self.ways}
        newer = self.tags.get("public_transport:version") == "2"
        return 0 in senses and len(senses) > 1 and not newer

    @property
    def is_round(self) -> bool:
        """Whether it ends where it begins, as far as tags and members tell."""
        if self.tags.get("roundtrip") == "yes":
            return True
        ends = {self.tags.get(key, "").strip() for key in ("from", "to")}
        if len(ends) == 1 and "" not in ends:
            return True
        return len(self.calls) > 3 and self.calls[0].wait == self.calls[-1].wait != MISSING


def read_routes(
    extract: OsmExtract, places: Places, table: ModeTable
) -> tuple[list[Route], list[int], list[int]]:
    """Route relations of an extract, in the order of their ids.

    Returns
    -------
    routes, not_local, other_mode
        The last two are ids left out: services nobody rides within a city, means of transport that are
        none of ours.
    """
    routes, not_local, other_mode = [], [], []
    frame = extract.transit_routes
    rows = zip(
        frame["relation_id"].tolist(),
        frame["route"],
        frame["ref"],
        frame["name"],
        frame["tags"],
        frame["members"],
        frame["master_id"].tolist(),
        frame["master_tags"],
        strict=True,
    )
    for number, kind, ref, name, tag_text, member_text, master_id, master_text in rows:
        tags, master_tags = json.loads(tag_text), json.loads(master_text)
        mode_name = next((table.routes[v] for v in kind.split(";") if v in table.routes), None)
        if mode_name is None:
            other_mode.append(number)
        elif table.not_local & set(tags.get("service", "").split(";")) and "interval" not in tags:
            not_local.append(number)
        else:
            mode = table.modes[mode_name]
            calls, ways, ends_only = _sort_members(json.loads(member_text), places, mode)
            routes.append(
                Route(
                    relation_id=number,
                    mode=mode,
                    ref=ref or master_tags.get("ref", ""),
                    name=name,
                    tags=tags,
                    master_id=master_id,
                    master_tags=master_tags,
                    calls=calls,
                    ways=ways,
                    ends_only=ends_only,
                )
            )
    return sorted(routes, key=lambda route: route.relation_id), not_local, other_mode


def _sort_members(
    members: Sequence[tuple[str, int, str]], places: Places, mode: Mode
) -> tuple[tuple[Call, ...], tuple[tuple[int, int], ...], bool]:
    calls: list[Call] = []
    ways: list[tuple[int, int]] = []
    roles: set[str] = set()
    for kind, ref, raw in members:
        role = raw.strip().lower()
        is_stop = kind == "n" or (role != "" and any(word in role for word in _STOP_WORDS))
        row = places.row_of.get(f"{kind}{ref}", MISSING)
        if kind == "w" and not is_stop and row >= 0 and bool(places.platform[row]):
            role, is_stop = "platform", True
        if kind == "r" or (row >= 0 and bool(places.entrance[row])):
            continue
        if is_stop:
            roles.add(role)
            calls.append(_build_call(row, role))
        elif kind == "w":
            ways.append((ref, _get_sense(role)))
    return merge_calls(calls, places, mode), tuple(ways), bool(roles) and roles <= _ONLY_ENDS


def _build_call(row: int, role: str) -> Call:
    is_platform = "platform" in role
    return Call(
        stop=None if is_platform else row,
        platform=row if is_platform else None,
        board="exit_only" not in role,
        alight="entry_only" not in role,
        sense=_get_sense(role),
    )


@cache
def _get_sense(role: str) -> int:
    return int(role.startswith("forward")) - int(role.startswith("backward"))


def merge_calls(calls: Sequence[Call], places: Places, mode: Mode) -> tuple[Call, ...]:
    """Join the stop position and the platform of one place, and a place named twice in a row.

    Members stand stop by stop, or all stops before all platforms; both are understood.

    Parameters
    ----------
    calls
        One for each member, with a stop or a platform.
    """
    kinds = [call.platform is None for call in calls]
    n_stops = sum(kinds)
    turns = sum(one != other for one, other in pairwise(kinds))
    if not 0 < n_stops < len(calls):
        merged = list(calls)
    elif turns == 1 and min(n_stops, len(calls) - n_stops) > 1:
        merged = _pair_lists(
            [call for call in calls if call.platform is None],
            [call for call in calls if call.platform is not None],
            places,
            mode.merge_m,
        )
    else:
        merged = _pair_neighbours(calls, places, mode.merge_m)
    once: list[Call] = []
    for call in merged:
        if once and not call.missing and once[-1].wait == call.wait:
            once[-1] = _join(once[-1], call)
        else:
            once.append(call)
    return tuple(once)


def _join(one: Call, other: Call) -> Call:
    rows = {}
    for name in ("stop", "platform"):
        known = [row for row in (getattr(one, name), getattr(other, name)) if row is not None]
        rows[name] = max(known) if known else None
    two_objects = one.stop is None or other.stop is None
    return Call(
        stop=rows["stop"],
        platform=rows["platform"],
        board=one.board and other.board if two_objects else one.board or other.board,
        alight=one.alight and other.alight if two_objects else one.alight or other.alight,
        sense=_join_senses(one.sense, other.sense, two_objects=two_objects),
    )


def _join_senses(one: int, other: int, *, two_objects: bool) -> int:
    """Sense of a stop and its platform, of which one may say nothing; or of a stop named twice."""
    if one == other:
        return one
    return one + other if two_objects else 0


def _belong(one: Call, other: Call, places: Places, merge_m: float) -> bool:
    """Whether a stop and a platform can be one place; what the file lacks can."""
    if one.missing or other.missing:
        return True
    return places.measure_m(one.stand, other.stand) <= merge_m


def _pair_neighbours(calls: Sequence[Call], places: Places, merge_m: float) -> list[Call]:
    merged: list[Call] = []
    for call in calls:
        last = merged[-1] if merged else None
        complements = last is not None and (
            (last.platform is None and call.stop is None)
            or (last.stop is None and call.platform is None)
        )
        if last is not None and complements and _belong(last, call, places, merge_m):
            merged[-1] = _join(last, call)
        else:
            merged.append(call)
    return merged


def _pair_lists(
    stops: list[Call], platforms: list[Call], places: Places, merge_m: float
) -> list[Call]:
    pairs = list(zip(stops, platforms, strict=False))
    if len(stops) == len(platforms) and all(_belong(*pair, places, merge_m) for pair in pairs):
        return [_join(*pair) for pair in pairs]
    known = [sum(not call.missing for call in calls) for calls in (stops, platforms)]
    base, rest = (stops, platforms) if known[0] >= known[1] else (platforms, stops)
    merged, at = list(base), 0
    for call in rest:
        if call.missing:
            continue
        near = [
            row
            for row in range(at, len(merged))
            if not merged[row].missing
            and (merged[row].stop is None) != (call.stop is None)
            and (merged[row].platform is None) != (call.platform is None)
            and places.measure_m(merged[row].stand, call.stand) <= merge_m
        ]
        if near:
            at = near[0]
            merged[at] = _join(merged[at], call)
        else:
            at = _find_slot(merged, call, places, at)
            merged.insert(at, call)
        at += 1
    return merged


def _find_slot(merged: Sequence[Call], call: Call, places: Places, first: int) -> int:
    """Where a further call lengthens the way least, at `first` or later."""
    known = [row for row, other in enumerate(merged) if not other.missing]
    slots = []
    for slot in range(first, len(merged) + 1):
        before = next((row for row in reversed(known) if row < slot), None)
        after = next((row for row in known if row >= slot), None)
        near = [merged[row].stand for row in (before, after) if row is not None]
        longer_m = sum(places.measure_m(row, call.stand) for row in near)
        if len(near) > 1:
            longer_m -= places.measure_m(*near)
        slots.append((longer_m, slot))
    return min(slots)[1]


def settle_platforms(routes: Iterable[Route], platform_of: Mapping[int, int]) -> list[Route]:
    """Let calls that name no platform be waited for at the platform their stop position stands for."""

    def settle(call: Call) -> Call:
        if call.wait == MISSING or call.platform not in {None, MISSING}:
            return call
        return replace(call, platform=platform_of.get(call.wait, call.platform))

    return [replace(route, calls=tuple(map(settle, route.calls))) for route in routes]


def list_pairs(routes: Iterable[Route]) -> list[tuple[int, int]]:
    """Stop positions and platforms that some route names together."""
    return sorted(
        {
            (call.stop, call.platform)
            for route in routes
            for call in route.calls
            if call.stop is not None and call.platform is not None
            if call.stop >= 0 and call.platform >= 0
        }
    )


def compare_directions(one: Route, other: Route, places: Places) -> int:
    """Whether two routes run the same way (1), opposite ways (-1), or nobody knows (0).

    Asked in turn: their `from` and `to`, the order of places both call at, the order of ways both
    run along.
    """
    ends = [
        tuple(route.tags.get(key, "").strip().casefold() for key in ("from", "to"))
        for route in (one, other)
    ]
    if all(text for pair in ends for text in pair):
        if ends[0] == ends[1]:
            return 1
        if ends[0] == ends[1][::-1]:
            return -1
    for ranks in (_rank_calls(one, other, places), _rank_ways(one, other)):
        if len(ranks) > 1:
            trend = float(np.cov(np.array(ranks, dtype=np.float64).T)[0, 1])
            if trend:
                return 1 if trend > 0 else -1
    return 0


def _rank_calls(one: Route, other: Route, places: Places) -> list[tuple[int, int]]:
    rows = [[call.stand for call in route.calls if not call.missing] for route in (one, other)]
    if not rows[0] or not rows[1]:
        return []
    away_m = np.hypot(*(places.xy[rows[0]][:, None] - places.xy[rows[1]][None]).transpose(2, 0, 1))
    nearest = away_m.argmin(axis=1)
    limit_m = max(one.mode.merge_m, other.mode.merge_m)
    return [(at, int(to)) for at, to in enumerate(nearest) if away_m[at, to] <= limit_m]


def _rank_ways(one: Route, other: Route) -> list[tuple[int, int]]:
    rank = {number: at for at, (number, _) in enumerate(other.ways)}
    return [(at, rank[number]) for at, (number, _) in enumerate(one.ways) if number in rank]
