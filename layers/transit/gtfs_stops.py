"""`stops.txt` and `transfers.txt`: places one gets on and off at, ways into stations, changes.

Ids of stations in `transfers.txt` stand for all their stops; what is said of single stops goes before what
is said of their stations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.units import BoolArray, FloatArray, IntArray
from layers.notices import Notice
from layers.sheets import list_rows
from layers.transit.tables import Table

ENTRANCES = "station_entrances"
_STOP, _STATION, _ENTRANCE = 0.0, 1.0, 2.0
_TIMED, _LEAST, _FORBIDDEN, _STAY_SEATED = 1.0, 2.0, 3.0, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Stops:
    """Stops of a feed: `S` of them, and what is around them.

    Parameters
    ----------
    frame
        As `layers.transit.model.SCHEDULE_STOPS`.
    row_of
        Stop id → row.
    placeless
        Ids that are known but have no coordinates.
    members
        Id of a stop or station → rows of the stops it stands for.
    entrances
        `station_id`, `lon`, `lat`.
    """

    frame: pd.DataFrame
    row_of: Mapping[str, int]
    placeless: frozenset[str]
    members: Mapping[str, tuple[int, ...]]
    entrances: pd.DataFrame

    @property
    def lonlat(self) -> FloatArray:
        """Shape `(S, 2)`: degrees, WGS 84."""
        return self.frame[["lon", "lat"]].to_numpy(dtype=np.float64)


def build_stops(stops: Table, called: frozenset[str]) -> tuple[Stops, list[Notice]]:
    """Build the stops of a feed.

    A stop without coordinates stands where its station does; if that has none either, nobody gets on or
    off there. Coordinates 0, 0 count as none.

    Parameters
    ----------
    called
        Ids vehicles call at: whatever they are in `stops.txt`, they are stops.
    """
    ids, parents, names = (stops.texts(name) for name in ("stop_id", "parent_station", "stop_name"))
    type_ = np.nan_to_num(stops.numbers("location_type"), nan=_STOP)
    row_of = {name: row for row, name in enumerate(ids)}
    parent = np.array([row_of.get(name, -1) if name else -1 for name in parents], dtype=np.int64)
    station = _find_stations(parent, type_)
    notices = _note_unknown_parents(stops, np.array([bool(p) for p in parents]) & (parent < 0))
    is_entrance = type_ == _ENTRANCE
    lonlat, more = _place(stops, station, ~is_entrance)
    notices += more
    placed = np.isfinite(lonlat).all(axis=1)
    is_called = np.array([name in called for name in ids], dtype=np.bool_)
    notices += _note_odd_calls(stops, is_called & (type_ != _STOP))
    kept = np.flatnonzero(placed & ((type_ == _STOP) | is_called))
    frame = pd.DataFrame(
        {
            "stop_id": pd.array([ids[row] for row in kept], dtype="str"),
            "name": pd.array([names[row] for row in kept], dtype="str"),
            "station_id": pd.array(
                [ids[station[row]] if station[row] >= 0 else "" for row in kept], dtype="str"
            ),
            "lon": lonlat[kept, 0],
            "lat": lonlat[kept, 1],
        }
    )
    notices += _note_loose_entrances(stops, is_entrance & ((station < 0) | ~placed))
    usable = np.flatnonzero(is_entrance & (station >= 0) & placed)
    entrances = pd.DataFrame(
        {
            "station_id": pd.array([ids[station[row]] for row in usable], dtype="str"),
            "lon": lonlat[usable, 0],
            "lat": lonlat[usable, 1],
        }
    )
    members: dict[str, list[int]] = {}
    for row, (stop_id, station_id) in enumerate(
        zip(frame["stop_id"], frame["station_id"], strict=True)
    ):
        members.setdefault(stop_id, []).append(row)
        if station_id and station_id != stop_id:
            members.setdefault(station_id, []).append(row)
    return Stops(
        frame=frame,
        row_of={stop_id: row for row, stop_id in enumerate(frame["stop_id"])},
        placeless=frozenset(ids[row] for row in np.flatnonzero(~placed)),
        members={name: tuple(rows) for name, rows in members.items()},
        entrances=entrances,
    ), notices


def build_ways_in(stops: Stops, on_street: BoolArray) -> tuple[pd.DataFrame, int]:
    """Ways into the stops of stations that have entrances.

    Whoever boards in the street walks up to the stop itself; the way from an entrance to the platform is
    not counted.

    Parameters
    ----------
    on_street
        Shape `(S,)`: only vehicles that stop in the street call here.

    Returns
    -------
    ways_in, n_stops
        As `layers.transit.model.SCHEDULE_WAYS_IN`, and how many stops have any.
    """
    inside = stops.frame.loc[
        ~on_street & (stops.frame["station_id"] != ""), ["stop_id", "station_id"]
    ]
    ways_in = inside.merge(stops.entrances, on="station_id", how="inner")
    ways_in = ways_in[["stop_id", "lon", "lat"]].drop_duplicates(ignore_index=True)
    return ways_in.astype({"stop_id": "str"}), int(ways_in["stop_id"].nunique())


def build_transfers(transfers: Table, stops: Stops) -> tuple[pd.DataFrame, list[Notice]]:
    """Changes the operator speaks about.

    Least times (type 2), changes that cannot be made (3), and such where the vehicle waits (1: 0 s). Left out
    with a notice: rows for single routes or trips, in-seat transfers (4, 5), unknown stops, least times that
    are not given.

    Returns
    -------
    changes, notices
        As `layers.transit.model.SCHEDULE_TRANSFERS`, one row per pair of stops.
    """
    if not len(transfers):
        return _tabulate({}, stops), []
    type_ = np.nan_to_num(transfers.numbers("transfer_type"), nan=0.0)
    least_s = np.where(type_ == _TIMED, 0.0, transfers.numbers("min_transfer_time"))
    special = np.zeros(len(transfers), dtype=np.bool_)
    for name in ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id"):
        special |= transfers.flags(name, bool)
    seated = type_ >= _STAY_SEATED
    general = ~special & ~seated
    known = transfers.flags("from_stop_id", stops.members.__contains__)
    known &= transfers.flags("to_stop_id", stops.members.__contains__)
    timeless = general & known & (type_ == _LEAST) & np.isnan(least_s)
    speaks = general & known & (type_ >= _TIMED) & ~timeless
    notices = [
        notice
        for notice in (
            _note_rows(transfers, seated, *_SEATED),
            _note_rows(transfers, special & ~seated, *_SPECIAL),
            _note_rows(transfers, general & ~known, *_UNKNOWN),
            _note_rows(transfers, timeless, *_TIMELESS),
        )
        if notice is not None
    ]
    pairs, contradictions = _spread(transfers, np.flatnonzero(speaks), least_s, type_, stops)
    repeated = np.zeros(len(transfers), dtype=np.bool_)
    repeated[sorted(contradictions)] = True
    if (notice := _note_rows(transfers, repeated, *_CONTRADICTION)) is not None:
        notices.append(notice)
    return _tabulate(pairs, stops), notices


_Said = tuple[float, bool]


def _spread(
    transfers: Table, speaking: IntArray, least_s: FloatArray, type_: FloatArray, stops: Stops
) -> tuple[dict[tuple[int, int], _Said], set[int]]:
    """Pairs of stops → (least seconds, forbidden); rows that contradict an earlier one as exact as they."""
    off, on = transfers.texts("from_stop_id"), transfers.texts("to_stop_id")

    def vagueness(row: int) -> int:
        return (off[row] not in stops.row_of) + (on[row] not in stops.row_of)

    pairs: dict[tuple[int, int], _Said] = {}
    exactness: dict[tuple[int, int], int] = {}
    contradictions: set[int] = set()
    for row in sorted(speaking.tolist(), key=lambda row: (vagueness(row), row)):
        said = (float("nan"), True) if type_[row] == _FORBIDDEN else (float(least_s[row]), False)
        for pair in ((a, b) for a in stops.members[off[row]] for b in stops.members[on[row]]):
            if pair not in pairs:
                pairs[pair], exactness[pair] = said, vagueness(row)
            elif exactness[pair] == vagueness(row) and repr(pairs[pair]) != repr(said):
                contradictions.add(row)
    return pairs, contradictions


def _tabulate(pairs: Mapping[tuple[int, int], _Said], stops: Stops) -> pd.DataFrame:
    ids = stops.frame["stop_id"].tolist()
    ordered = sorted(pairs)
    return pd.DataFrame(
        {
            "from_stop": pd.array([ids[off] for off, _ in ordered], dtype="str"),
            "to_stop": pd.array([ids[on] for _, on in ordered], dtype="str"),
            "min_s": np.array([pairs[pair][0] for pair in ordered], dtype=np.float64),
            "forbidden": np.array([pairs[pair][1] for pair in ordered], dtype=np.bool_),
        }
    )


_SEATED = (
    "in_seat_transfer",
    "are about passengers who stay seated while the trip's number changes (types 4 and 5) and were not applied",
    "说明乘客可不下车换乘下一班次（类型 4、5），未予采用",
)
_SPECIAL = (
    "transfer_of_trips",
    "hold for single routes or trips only and were not applied; changes there take the usual time",
    "仅适用于个别线路或班次，未予采用；该处换乘按一般时间计算",
)
_UNKNOWN = (
    "transfer_at_unknown_stop",
    "name stops or stations the feed does not have or does not place, and were left out",
    "引用了时刻表中不存在或没有坐标的站点，未予采用",
)
_TIMELESS = (
    "transfer_without_time",
    "ask for a least time (type 2) and give none; changes there take the usual time",
    "要求最短换乘时间（类型 2）却未给出数值；该处换乘按一般时间计算",
)
_CONTRADICTION = (
    "transfers_contradict",
    "contradict an earlier row on the same pair of stops; the first was taken",
    "与前面关于同一对站点的行矛盾，已采用最先出现的一行",
)


def _note_rows(
    table: Table, chosen: BoolArray, code: str, english: str, chinese: str, column: str = ""
) -> Notice | None:
    if not chosen.any():
        return None
    rows = [int(row) for row in table.rows[chosen]]
    return Notice(
        "warning",
        code,
        table.layer,
        f"{len(rows)} rows, such as row {rows[0]}, {english}",
        f"{len(rows)} 行（如第 {rows[0]} 行）{chinese}",
        row=list_rows(rows),
        column=column,
        count=len(rows),
    )


def _find_stations(parent: IntArray, type_: FloatArray) -> IntArray:
    """Shape `(R,)`: row of the station each row belongs to, -1 for none; a station is its own."""
    up = np.where(type_ == _STATION, np.arange(len(parent)), parent)
    again = np.where(up >= 0, up[np.maximum(up, 0)], -1)  # a boarding area's parent is a platform
    return np.where((up >= 0) & (again >= 0), again, up).astype(np.int64)


def _place(stops: Table, station: IntArray, asked: BoolArray) -> tuple[FloatArray, list[Notice]]:
    """Shape `(R, 2)`: degrees; those `asked` for who have none take their station's."""
    lonlat = np.column_stack([stops.numbers("stop_lon"), stops.numbers("stop_lat")])
    lonlat[(lonlat == 0.0).all(axis=1) | ~np.isfinite(lonlat).all(axis=1)] = np.nan
    nowhere = np.isnan(lonlat[:, 0]) & asked
    at_station = nowhere & (station >= 0) & np.isfinite(lonlat[np.maximum(station, 0), 0])
    lonlat[at_station] = lonlat[station[at_station]]
    notices = [
        _note_rows(
            stops,
            at_station,
            "stop_placed_at_station",
            "have no coordinates and were placed where their station is",
            "没有坐标，已按所属车站的位置放置",
            "stop_lat",
        ),
        _note_rows(
            stops,
            nowhere & ~at_station,
            "stop_without_place",
            "have no coordinates (or 0, 0), nor has their station; nobody gets on or off there",
            "没有坐标（或为 0, 0），所属车站也没有；此处不能上下车",
            "stop_lat",
        ),
    ]
    return lonlat, [notice for notice in notices if notice is not None]


def _note_unknown_parents(stops: Table, unknown: BoolArray) -> list[Notice]:
    notice = _note_rows(
        stops,
        unknown,
        "unknown_parent_station",
        "name a parent_station the feed does not have; they stand alone",
        "引用了时刻表中不存在的 parent_station，按独立站点处理",
        "parent_station",
    )
    return [notice] if notice is not None else []


def _note_odd_calls(stops: Table, odd: BoolArray) -> list[Notice]:
    notice = _note_rows(
        stops,
        odd,
        "call_at_station",
        "are stations or parts of one (location_type above 0), yet vehicles call at them; they were taken as stops",
        "为车站或其一部分（location_type 大于 0），却有班次停靠；已作为站点采用",
        "location_type",
    )
    return [notice] if notice is not None else []


def _note_loose_entrances(stops: Table, loose: BoolArray) -> list[Notice]:
    notice = _note_rows(
        stops,
        loose,
        "loose_entrance",
        "are entrances without a station or without coordinates; they lead nowhere and were left out",
        "为没有所属车站或没有坐标的出入口，未予采用",
        "parent_station",
    )
    return [notice] if notice is not None else []
