"""Stops of an extract as places: where one waits, what calls there, how one gets in."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from geo.crs import metric_crs, project
from geo.units import BoolArray, FloatArray, IntArray
from layers.osm import OsmExtract
from layers.transit.modes import Mode, ModeTable
from layers.transit.tracks import WayPiece

_COORDINATE = 1e7
_ENTRANCE = "subway_entrance"
_STATIONS = frozenset({"station", "halt", "tram_stop"})


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Stops, platforms, stop positions, stations and entrances of an extract: `P` of them.

    Parameters
    ----------
    ids, names, tags, area_ids
        `P` each; `area_ids` empty where a place belongs to no stop area.
    row_of
        Row of each id.
    lonlat, xy
        Shape `(P, 2)`: degrees WGS 84, and metres.
    platform, position, entrance
        Shape `(P,)`: where one waits; where the vehicle stands; where one enters a station.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    tags: tuple[Mapping[str, str], ...]
    area_ids: tuple[str, ...]
    row_of: Mapping[str, int]
    lonlat: FloatArray
    xy: FloatArray
    platform: BoolArray
    position: BoolArray
    entrance: BoolArray

    def list_fitting(self, mode: Mode) -> BoolArray:
        """Shape `(P,)`: whether a vehicle of the mode may call there, by its tags."""
        fits = [any(one.holds(tags) for one in mode.stops) for tags in self.tags]
        return np.array(fits, dtype=np.bool_) & ~self.entrance

    def measure_m(self, one: int, other: int) -> float:
        """Straight line between two places."""
        return float(np.hypot(*(self.xy[one] - self.xy[other])))


def build_places(extract: OsmExtract) -> tuple[Places, dict[int, tuple[WayPiece, ...]]]:
    """Stops and ways of an extract in one plane of metres.

    Returns
    -------
    places, ways
        The second by way id, pieces in order.
    """
    stops, lines = extract.transit_stops, extract.transit_ways
    lonlat = shapely.get_coordinates(np.asarray(stops.geometry.array))
    points, owner = shapely.get_coordinates(np.asarray(lines.geometry.array), return_index=True)
    known = lonlat if len(lonlat) else points
    middle = np.median(known, axis=0) if len(known) else np.zeros(2)
    crs = metric_crs(*middle, *middle)
    tags = [json.loads(text) for text in stops["tags"]]
    ids = tuple(stops["stop_id"])
    xy, way_xy = (project(one, crs) if len(one) else one for one in (lonlat, points))
    rail = [item.get("railway", "") for item in tags]
    places = Places(
        ids=ids,
        names=tuple(stops["name"]),
        tags=tuple(tags),
        area_ids=tuple(stops["area_id"]),
        row_of={stop_id: row for row, stop_id in enumerate(ids)},
        lonlat=lonlat,
        xy=xy,
        platform=np.array([_is_platform(item) for item in tags], dtype=np.bool_),
        position=np.array(
            [
                item.get("public_transport") == "stop_position" or value == "stop"
                for item, value in zip(tags, rail, strict=True)
            ],
            dtype=np.bool_,
        ),
        entrance=np.array([value == _ENTRANCE for value in rail], dtype=np.bool_),
    )
    keys = _build_keys(points)
    bounds = np.searchsorted(owner, np.arange(len(lines) + 1))
    ways: dict[int, list[WayPiece]] = defaultdict(list)
    for row, (number, oneway) in enumerate(
        zip(lines["way_id"].tolist(), lines["oneway"].tolist(), strict=True)
    ):
        part = slice(bounds[row], bounds[row + 1])
        ways[number].append(WayPiece(way_xy[part], keys[part], oneway))
    return places, {number: tuple(pieces) for number, pieces in ways.items()}


def _is_platform(tags: Mapping[str, str]) -> bool:
    values = {tags.get("public_transport", ""), tags.get("railway", "")}
    return tags.get("highway") == "bus_stop" or "platform" in values


def _build_keys(lonlat: FloatArray) -> IntArray:
    """Whole numbers that tell vertices apart: coordinates in steps of OSM."""
    steps = np.rint(lonlat * _COORDINATE).astype(np.int64).reshape(-1, 2)
    keys: IntArray = (steps[:, 0] + 1_800_000_000) * 1_900_000_000 + steps[:, 1] + 900_000_000
    return keys


def find_platforms(
    places: Places, seen: Iterable[tuple[int, int]], table: ModeTable
) -> dict[int, int]:
    """Platform each stop position stands for, where no route says it.

    Parameters
    ----------
    seen
        Stop position and platform that some route names together.

    Returns
    -------
    platform_of
        By row of the position: the one platform routes name with it, else the one platform of its name
        near it. Positions between two such platforms are left out: they stay what they are.
    """
    named: dict[int, set[int]] = defaultdict(set)
    for position, platform in seen:
        named[position].add(platform)
    platform_of = {position: min(found) for position, found in named.items() if len(found) == 1}
    waiting = np.flatnonzero(places.platform)
    alone = [row for row in np.flatnonzero(places.position).tolist() if row not in named]
    if not waiting.size or not alone:
        return platform_of
    tree = shapely.STRtree(np.asarray(shapely.points(places.xy[waiting])))
    stands = np.asarray(shapely.points(places.xy[alone]))
    near = tree.query(stands, predicate="dwithin", distance=table.platform_m)
    found = defaultdict(list)
    for at, other in zip(*near.tolist(), strict=True):
        row, platform = alone[at], int(waiting[other])
        if places.names[row] and places.names[row] == places.names[platform]:
            found[row].append(platform)
    return platform_of | {row: rows[0] for row, rows in found.items() if len(rows) == 1}


def name_places(places: Places, pairs: Iterable[tuple[int, int]]) -> Places:
    """Give platforms without a name that of their stop position.

    Parameters
    ----------
    pairs
        Stop position and platform.
    """
    names = list(places.names)
    for position, platform in pairs:
        names[platform] = names[platform] or places.names[position]
    return replace(places, names=tuple(names))


@dataclass(frozen=True, slots=True, eq=False)
class Stations:
    """Which stops make up a station, and how it is entered.

    Parameters
    ----------
    station_id
        By row of a place: its station or stop area, empty when alone.
    ways_in
        Pairs of a stop and an entrance, rows of places.
    n_nearest
        Entrances tied to a station by distance alone.
    n_without
        Stations without a mapped entrance.
    """

    station_id: Mapping[int, str]
    ways_in: tuple[tuple[int, int], ...]
    n_nearest: int
    n_without: int


def build_stations(
    places: Places, served: Sequence[int], rail: frozenset[int], table: ModeTable
) -> Stations:
    """Join rail stops to stations and lead entrances to them.

    Stops of one stop area are one station, and rail stops of one name close together. An entrance
    leads to the rail stops of its stop area, else to the nearest station.

    Parameters
    ----------
    served
        Rows of the places that are stops of the schedule.
    rail
        Those of them that are served by rail.
    """
    station = {row: places.area_ids[row] for row in served}
    for group in _group_by_name(places, sorted(rail), table.station_m):
        known = sorted({station[row] for row in group} - {""})
        label = known[0] if known else f"station-{places.ids[group[0]]}"
        for row in group:
            station[row] = station[row] or label
    sizes = Counter(station.values())
    members: dict[str, list[int]] = defaultdict(list)
    for row in sorted(rail):
        members[station[row] or places.ids[row]].append(row)
    doors = np.flatnonzero(places.entrance).tolist()
    ways_in: set[tuple[int, int]] = set()
    entered: set[str] = set()
    n_nearest = 0
    rail_rows = np.array(sorted(rail), dtype=np.int64)
    for door in doors:
        label = places.area_ids[door]
        if label not in members:
            if not rail_rows.size:
                continue
            away_m = np.hypot(*(places.xy[rail_rows] - places.xy[door]).T)
            nearest = int(rail_rows[int(np.argmin(away_m))])
            if away_m.min() > table.entrance_m:
                continue
            label = station[nearest] or places.ids[nearest]
            n_nearest += 1
        entered.add(label)
        ways_in |= {(row, door) for row in members[label]}
    alone = {
        row for row in served if station[row].startswith("station-") and sizes[station[row]] < 2
    }
    return Stations(
        station_id={row: "" if row in alone else station[row] for row in served},
        ways_in=tuple(sorted(ways_in)),
        n_nearest=n_nearest,
        n_without=len(members.keys() - entered),
    )


def _group_by_name(places: Places, rows: Sequence[int], reach_m: float) -> list[list[int]]:
    """Groups of places that have one name and lie close together."""
    groups: list[list[int]] = []
    by_name: dict[str, list[list[int]]] = defaultdict(list)
    for row in rows:
        name = places.names[row]
        found = next(
            (g for g in by_name[name] if name and places.measure_m(g[0], row) <= reach_m), None
        )
        if found is None:
            found = []
            groups.append(found)
            by_name[name].append(found)
        found.append(row)
    return groups


def list_unserved(places: Places, served: Sequence[int], table: ModeTable) -> list[int]:
    """Further stops where people could wait, though no route calls: one for each place.

    A platform or station of the name of a served stop close by is that stop.
    """
    kept: list[int] = []
    taken = list(served)
    known = set(served)
    platforms = np.flatnonzero(places.platform)
    stations = [row for row, tags in enumerate(places.tags) if tags.get("railway") in _STATIONS]
    positions = np.flatnonzero(places.position & ~places.platform)
    for rows, reach_m in (
        (platforms.tolist(), table.platform_m),
        (stations, table.station_m),
        (positions.tolist(), table.platform_m),
    ):
        for row in rows:
            if row not in known and not _is_taken(places, row, taken, reach_m):
                known.add(row)
                kept.append(row)
                taken.append(row)
    return sorted(kept)


def _is_taken(places: Places, row: int, taken: Sequence[int], reach_m: float) -> bool:
    if not taken:
        return False
    rows = np.asarray(taken)
    near = rows[np.hypot(*(places.xy[rows] - places.xy[row]).T) <= reach_m]
    name = places.names[row]
    return any(not name or places.names[other] in {"", name} for other in near.tolist())
