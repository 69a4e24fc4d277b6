"""Timetables from route relations: paper towns whose seconds are worked out in the docstrings.

A bus runs 20 km/h = 5.5556 m/s: 1000 m take 180 s, 500 m 90 s; it stands 20 s at every stop on the way.
Without tags it leaves every 15 min from 06:00 to 22:00: 65 departures.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import metric_crs, project, unproject
from layers.osm import OsmExtract, read_osm
from layers.transit.assumptions import describe_assumptions
from layers.transit.model import Schedule
from layers.transit.modes import read_modes
from layers.transit.routes import build_osm_schedule, choose_osm_day
from layers.transit.settings import TransitSettings

CRS = metric_crs(107.1, 34.3, 107.1, 34.3)
H = 3600
PLATFORM = {"public_transport": "platform", "bus": "yes"}
POSITION = {"public_transport": "stop_position", "bus": "yes"}


def at(x: float, y: float = 0.0, tags: dict[str, str] | None = None) -> tuple:
    """A node in metres east and north of the town's middle."""
    lon, lat = unproject(np.array([[500_000.0 + x, 500_000.0 + y]]), CRS)[0]
    place = (round(float(lon), 7), round(float(lat), 7))
    return (*place, tags) if tags else place


def pole(x: float, y: float, name: str, **tags: str) -> tuple:
    return at(x, y, {"highway": "bus_stop", "name": name, **tags})


def road(*refs: int, **tags: str) -> tuple[list[int], dict[str, str]]:
    return list(refs), {"highway": "residential", **tags}


def bus(members: list[tuple[str, int, str]], **tags: str) -> tuple:
    tags = {key.replace("__", ":"): value for key, value in tags.items()}
    return members, {"type": "route", "route": "bus", "ref": "8", "name": "8路", **tags}


def nodes(*refs: int, role: str = "platform") -> list[tuple[str, int, str]]:
    return [("node", ref, role) for ref in refs]


def ways(*refs: int, role: str = "") -> list[tuple[str, int, str]]:
    return [("way", ref, role) for ref in refs]


@dataclass
class Built:
    """A schedule, asked in the words of a test."""

    schedule: Schedule

    @property
    def assumed(self) -> dict[str, int]:
        return dict(self.schedule.assumptions)

    @property
    def codes(self) -> Counter[str]:
        return Counter({n.code: n.count for n in self.schedule.notices})

    def trips(self) -> dict[str, list[tuple[str, int, int]]]:
        """Trip id → (stop, arrival, departure) …"""
        calls, ids = self.schedule.calls, self.schedule.stops["stop_id"].tolist()
        found: dict[str, list[tuple[str, int, int]]] = {name: [] for name in self.schedule.trip_id}
        for trip, stop, arrival, departure in zip(
            calls.trip.tolist(),
            calls.stop.tolist(),
            calls.arrival_s.tolist(),
            calls.departure_s.tolist(),
            strict=True,
        ):
            found[self.schedule.trip_id[trip]].append((ids[stop], arrival, departure))
        return found

    def first(self, piece: str) -> list[tuple[str, int, int]]:
        """First trip of a piece such as `r60-1`, seconds after its departure."""
        trips = {
            name: calls for name, calls in self.trips().items() if name.startswith(piece + "-")
        }
        calls = min(trips.values(), key=lambda one: one[0][1])
        start_s = calls[0][1]
        return [
            (stop, arrival - start_s, departure - start_s) for stop, arrival, departure in calls
        ]

    def patterns(self) -> set[tuple[str, ...]]:
        return {tuple(stop for stop, _, _ in calls) for calls in self.trips().values()}

    def flags(self, piece: str) -> list[tuple[bool, bool]]:
        name = next(name for name in self.schedule.trip_id if name.startswith(piece + "-"))
        rows = self.schedule.calls.trip == self.schedule.trip_id.index(name)
        calls = self.schedule.calls
        return list(zip(calls.board[rows].tolist(), calls.alight[rows].tolist(), strict=True))


@pytest.fixture
def town(osm_file):
    """Build the schedule of a small OSM file."""

    def build(*parts: dict, day: date | None = date(2024, 1, 3)) -> Built:
        extract = read_osm(osm_file(*parts))
        return Built(build_osm_schedule(extract, TransitSettings(day=day)))

    return build


STREET = {1: at(0), 2: at(1000), 3: at(2000), 4: at(3000)}
MAIN = {10: road(1, 2), 11: road(2, 3), 12: road(3, 4)}
# Poles south of the street serve who drives east, poles north of it who drives west.
EAST = {21: pole(500, -8, "甲"), 22: pole(1500, -8, "乙"), 23: pole(2500, -8, "丙")}
WEST = {31: pole(500, 8, "甲"), 32: pole(1500, 8, "乙"), 33: pole(2500, 8, "丙")}


def test_two_relations_one_line(town) -> None:
    """Stops 1000 m apart: 180 s each, 20 s at the second. Every 10 min 06:00-22:00: 97 departures each way.

    East: 0, arrive 180, leave 200, arrive 380. West the same over the other poles.
    """
    built = town(
        STREET | EAST | WEST,
        MAIN,
        {
            60: bus(
                nodes(21, 22, 23) + ways(10, 11, 12), interval="10", **{"from": "甲", "to": "丙"}
            ),
            61: bus(
                nodes(33, 32, 31) + ways(12, 11, 10), interval="10", **{"from": "丙", "to": "甲"}
            ),
        },
    )
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 180, 200), ("n23", 380, 380)]
    assert built.first("r61-1") == [("n33", 0, 0), ("n32", 180, 200), ("n31", 380, 380)]
    [line] = built.schedule.lines.to_dict("records")
    assert (line["line_id"], line["ref"], line["mode"]) == ("r60", "8", "bus")
    assert (line["headway_source"], line["hours_source"]) == ("interval", "default")
    assert len(built.schedule.trip_id) == 2 * 97
    assert set(built.schedule.trip_headsign) == {"丙", "甲"}
    assert built.assumed == {
        "relations_used": 2,
        "hours_default": 2,
        "speed_default": 2,
        "first_departure": 2,
    }


def test_departures_from_opening_hours(town) -> None:
    """Every 30 min within 07:00-08:00 and 17:00-17:40: 07:00, 07:30, 08:00, 17:00, 17:30, both ways."""
    built = town(
        STREET | EAST,
        MAIN,
        {
            60: bus(
                nodes(21, 22, 23) + ways(10, 11, 12),
                interval="00:30",
                opening_hours="Mo-Fr 07:00-08:00,17:00-17:40; Sa off",
            )
        },
    )
    starts = sorted(calls[0][2] for calls in built.trips().values())
    assert starts == sorted(2 * [7 * H, 7 * H + 1800, 8 * H, 17 * H, 17 * H + 1800])
    assert built.schedule.lines["hours_source"].tolist() == ["opening_hours"]


def test_stop_and_platform_are_one_place_one_waits_at_the_platform(town) -> None:
    """Listed stop by stop, and all stops before all platforms: the same."""
    positions = {41: at(500, 0, POSITION), 42: at(1500, 0, POSITION), 43: at(2500, 0, POSITION)}
    ways_ = {10: road(1, 41, 2), 11: road(2, 42, 3), 12: road(3, 43, 4)}
    pairs = [
        (41, "stop"),
        (21, "platform"),
        (42, "stop"),
        (22, "platform"),
        (43, "stop"),
        (23, "platform"),
    ]
    layouts = (pairs, sorted(pairs, key=lambda pair: pair[1], reverse=True))
    for layout in layouts:
        built = town(
            STREET | EAST | positions,
            ways_,
            {60: bus([("node", ref, role) for ref, role in layout] + ways(10, 11, 12))},
        )
        assert built.first("r60-1") == [("n21", 0, 0), ("n22", 180, 200), ("n23", 380, 380)]


def test_a_stop_position_alone_is_the_platform_of_its_name_beside_it(town) -> None:
    named = {"name": "甲", **POSITION}
    built = town(
        STREET | EAST | {41: at(500, 0, named)},
        {10: road(1, 41, 2), 11: road(2, 3), 12: road(3, 4)},
        {60: bus([("node", 41, "stop"), *nodes(22, 23), *ways(10, 11, 12)])},
    )
    assert built.patterns() == {("n21", "n22", "n23"), ("n23", "n22", "n21")}


def test_boarding_and_alighting_only(town) -> None:
    members = [
        ("node", 21, "platform_entry_only"),
        ("node", 22, "platform"),
        ("node", 23, "platform_exit_only"),
    ]
    built = town(STREET | EAST, MAIN, {60: bus(members + ways(10, 11, 12))})
    assert built.flags("r60-1") == [(True, False), (True, True), (False, True)]
    # On the way back those who could get on there get off here.
    assert built.flags("r60-2") == [(True, False), (True, True), (False, True)]


def test_a_single_direction_runs_back_too_and_says_so(town) -> None:
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 22, 23) + ways(10, 11, 12))})
    assert built.patterns() == {("n21", "n22", "n23"), ("n23", "n22", "n21")}
    assert built.assumed["reverse_assumed"] == 1
    assert len(built.schedule.trip_id) == 2 * 65
    assert built.assumed["headway_default"] == 1


@pytest.mark.parametrize("how", ["tag", "ends", "members"])
def test_a_round_trip_runs_one_way(town, how) -> None:
    """A square of 1000 m: 甲 (0, 500) … back to 甲; 4 hops of 1000 m."""
    corners = {1: at(0, 0), 2: at(0, 1000), 3: at(1000, 1000), 4: at(1000, 0)}
    poles = {
        21: pole(-8, 500, "甲"),
        22: pole(500, 1008, "乙"),
        23: pole(1008, 500, "丙"),
        24: pole(500, -8, "丁"),
    }
    tags = {"tag": {"roundtrip": "yes"}, "ends": {"from": "甲", "to": "甲"}, "members": {}}[how]
    built = town(
        corners | poles,
        {10: road(1, 2), 11: road(2, 3), 12: road(3, 4), 13: road(4, 1)},
        {60: bus(nodes(21, 22, 23, 24, 21) + ways(10, 11, 12, 13, 10), **tags)},
    )
    assert built.first("r60-1") == [
        ("n21", 0, 0),
        ("n22", 180, 200),
        ("n23", 380, 400),
        ("n24", 580, 600),
        ("n21", 780, 780),
    ]
    assert built.patterns() == {("n21", "n22", "n23", "n24", "n21")}
    assert "reverse_assumed" not in built.assumed


def test_one_relation_for_both_directions_by_stop_roles(town) -> None:
    """Stops in no order; the way says which comes first, the roles which direction calls where."""
    members = [
        ("node", 22, "forward_stop"),
        ("node", 31, "backward_stop"),
        ("node", 23, "forward_stop"),
        ("node", 33, "backward_stop"),
        ("node", 32, "backward_stop"),
    ]
    built = town(
        STREET | EAST | WEST,
        MAIN,
        {60: bus([("node", 21, "forward_stop"), *members, *ways(10, 11, 12)])},
    )
    assert built.patterns() == {("n21", "n22", "n23"), ("n33", "n32", "n31")}
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 180, 200), ("n23", 380, 380)]
    assert "reverse_assumed" not in built.assumed


def test_one_relation_for_both_directions_over_two_carriageways(town) -> None:
    """East along y = 0, west 40 m north of it in the middle part; poles without a direction.

    Going east 甲 (south) and 丙 (south) are on the right; going west their opposites.
    """
    north = {5: at(1000, 40), 6: at(2000, 40)}
    poles = EAST | {31: pole(500, 8, "甲"), 32: pole(1500, 48, "乙"), 33: pole(2500, 8, "丙")}
    members = [
        *nodes(31, 21, 32, 22, 33, 23, role="stop"),
        *ways(10),
        *ways(11, role="forward"),
        *ways(13, role="forward"),
        *ways(12),
    ]
    built = town(
        STREET | north | poles,
        MAIN | {11: road(2, 3, oneway="yes"), 13: road(3, 6, 5, 2, oneway="yes"), 12: road(3, 4)},
        {60: bus(members)},
    )
    assert built.patterns() == {("n21", "n22", "n23"), ("n33", "n32", "n31")}
    assert built.assumed["stops_by_side"] == 1
    there = built.first("r60-1")
    assert [stop for stop, _, _ in there] in (["n21", "n22", "n23"], ["n33", "n32", "n31"])
    # West: 2500 → 2000, up 40, along 500: 1040 m = 187 s, and the same down again.
    back = built.first("r60-2") if there[0][0] == "n21" else there
    assert back == [("n33", 0, 0), ("n32", 187, 207), ("n31", 394, 394)]


@given(st.permutations([21, 22, 23, 31, 32, 33]), st.permutations([10, 11, 12]))
def test_a_relation_without_order_means_the_same_in_any(tmp_path_factory, poles, driven) -> None:
    """Forward and backward ways make it one relation for both; members may stand in any order."""
    text = {ref: ("forward_stop" if ref < 30 else "backward_stop") for ref in poles}
    members = [["n", ref, text[ref]] for ref in poles] + [["w", ref, ""] for ref in driven]
    extract = make_extract(tmp_path_factory)
    frame = extract.transit_routes.assign(members=json.dumps(members))
    built = Built(build_osm_schedule(replace_routes(extract, frame), TransitSettings()))
    found = built.patterns()
    assert found in (
        {("n21", "n22", "n23"), ("n33", "n32", "n31")},
        {("n23", "n22", "n21"), ("n31", "n32", "n33")},
    )
    rides = {calls[at + 1][1] - calls[at][2] for calls in built.trips().values() for at in range(2)}
    assert rides == {180}


_MADE: list[OsmExtract] = []


def make_extract(factory) -> OsmExtract:
    """The street with six poles, read once."""
    if not _MADE:
        path = factory.mktemp("town") / "town.osm"
        body = []
        for number, (lon, lat, *tags) in (STREET | EAST | WEST).items():
            inside = "".join(
                f'<tag k="{k}" v="{v}"/>' for k, v in (tags[0] if tags else {}).items()
            )
            body.append(f'<node id="{number}" lon="{lon}" lat="{lat}">{inside}</node>')
        for number, (refs, tags) in MAIN.items():
            inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            inside += "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
            body.append(f'<way id="{number}">{inside}</way>')
        members = "".join(f'<member type="way" ref="{ref}" role=""/>' for ref in MAIN)
        body.append(
            f'<relation id="60">{members}<tag k="type" v="route"/><tag k="route" v="bus"/></relation>'
        )
        path.write_text(f'<osm version="0.6">{"".join(body)}</osm>', encoding="utf-8")
        _MADE.append(read_osm(path))
    return _MADE[0]


def replace_routes(extract: OsmExtract, frame) -> OsmExtract:
    from dataclasses import replace

    return replace(extract, transit_routes=frame)


def test_stops_along_the_way_where_none_is_listed(town) -> None:
    """Poles within 25 m: each direction those on its right; 戊 stands alone on one side and serves both."""
    more = {24: pole(2800, -8, "戊"), 25: pole(1500, -300, "远")}
    built = town(STREET | EAST | WEST | more, MAIN, {60: bus(ways(10, 11, 12))})
    assert built.patterns() == {("n21", "n22", "n23", "n24"), ("n24", "n23", "n22", "n21")}
    assert built.assumed["stops_found_along_way"] == 1
    assert built.assumed["reverse_assumed"] == 1


def test_both_directions_along_the_way_call_on_their_own_side(town) -> None:
    """The two relations run opposite ways over the same ways: each finds the poles on its right."""
    built = town(
        STREET | EAST | WEST,
        MAIN,
        {
            60: bus(ways(10, 11, 12), **{"from": "甲", "to": "丙"}),
            61: bus(ways(12, 11, 10), **{"from": "丙", "to": "甲"}),
        },
    )
    assert built.patterns() == {("n21", "n22", "n23"), ("n33", "n32", "n31")}
    assert "reverse_assumed" not in built.assumed


def test_one_bay_of_a_bus_station_is_called_at(town) -> None:
    """Bays every 20 m from 1480 to 1540 along the way: the one nearest to it, 4 m off, stands for all of them.

    甲 at 500 to that bay at 1520: 1020 m = 184 s; from there to 丙 at 2500: 980 m = 176 s.
    """
    bays = {
        41: pole(1480, -20, "站台1"),
        42: pole(1500, -12, "站台2"),
        43: pole(1520, -4, "站台3"),
        44: pole(1540, -20, ""),
    }
    east = {ref: EAST[ref] for ref in (21, 23)}
    built = town(STREET | east | bays, MAIN, {60: bus(ways(10, 11, 12))})
    assert built.first("r60-1") == [("n21", 0, 0), ("n43", 184, 204), ("n23", 380, 380)]


def test_a_train_calls_once_at_a_station_whose_tracks_are_all_listed(town) -> None:
    """Three tracks of 甲站, then 乙站 2000 m on: one ride of 2000 m × 1.2 at 65 km/h = 133 s, none within 甲站."""
    halt = {"public_transport": "stop_position", "train": "yes"}
    points = {
        21: at(0, 0, halt | {"name": "甲站"}),
        22: at(10, 5, halt | {"name": "甲站"}),
        23: at(-10, -5, halt | {"name": "甲站"}),
        24: at(2000, 0, halt | {"name": "乙站"}),
    }
    rail = {"type": "route", "route": "train", "ref": "8"}
    built = town(STREET | points, MAIN, {60: (nodes(21, 22, 23, 24, role="stop"), rail)})
    assert built.patterns() == {("n21", "n24"), ("n24", "n21")}
    assert built.first("r60-1") == [("n21", 0, 0), ("n24", 133, 133)]


def test_nobody_rides_from_one_track_of_a_station_to_another(town) -> None:
    """Nothing but 甲站 is in the file, be stop 99 between its tracks missing or not."""
    halt = {"public_transport": "stop_position", "train": "yes", "name": "甲站"}
    points = {21: at(0, 0, halt), 22: at(10, 5, halt)}
    rail = {"type": "route", "route": "train", "ref": "8"}
    for listed in ((21, 22), (21, 99, 22)):
        members = nodes(*listed, role="stop") + ways(10, 11)
        built = town(STREET | points, MAIN, {60: (members, rail)})
        assert built.trips() == {}
        assert built.codes["route_with_one_stop"] == 1


def test_trains_call_nowhere_they_do_not_list(town) -> None:
    stations = {
        21: at(500, 0, {"railway": "station", "name": "甲站"}),
        22: at(2500, 0, {"railway": "station", "name": "乙站"}),
    }
    members, tags = bus(ways(10, 11, 12))
    built = town(STREET | stations, MAIN, {60: (members, tags | {"route": "train"})})
    assert built.trips() == {}
    assert built.codes["route_without_stops"] == 1


def test_a_stop_missing_on_a_mapped_way_is_passed_with_its_dwell(town) -> None:
    """Stop 99 is not in the file: 2000 m = 360 s, and 20 s where it must be."""
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 99, 23) + ways(10, 11, 12))})
    assert built.first("r60-1") == [("n21", 0, 0), ("n23", 380, 380)]
    assert built.assumed["stops_passed"] == 1
    assert "relation_cut" not in built.assumed


def test_nobody_rides_across_a_hole(town) -> None:
    """Way 98 and stop 99 are missing in the middle: two pieces, each way round, none across."""
    far = {5: at(5000), 6: at(6000), 7: at(7000)}
    poles = {24: pole(5500, -8, "丁"), 25: pole(6500, -8, "戊")}
    built = town(
        STREET | far | EAST | poles,
        MAIN | {13: road(5, 6), 14: road(6, 7)},
        {60: bus(nodes(21, 22, 99, 24, 25) + ways(10, 11, 98, 13, 14))},
    )
    assert built.patterns() == {("n21", "n22"), ("n22", "n21"), ("n24", "n25"), ("n25", "n24")}
    assert built.assumed["relation_cut"] == 1


def test_stops_missing_at_the_ends_shorten_the_route(town) -> None:
    built = town(STREET | EAST, MAIN, {60: bus(nodes(98, 21, 22, 23, 99) + ways(97, 10, 11, 12))})
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 180, 200), ("n23", 380, 380)]
    assert built.assumed["relation_cut_short"] == 1


def test_a_hole_between_consecutive_stops_is_a_straight_line_with_detour(town) -> None:
    """乙 at 1500, 丙 at 2500; way 11 is missing: 甲-乙 have no line either (1000 m × 1.4 = 1400 m = 252 s).

    Only ways 10 and 12 are there: 甲 lies on 10, 乙 on neither (500 m from both), 丙 on 12.
    """
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 22, 23) + ways(10, 99, 12))})
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 252, 272), ("n23", 524, 524)]
    assert built.assumed["hop_straight"] == 2


def test_a_hole_in_the_way_counts_with_the_detour_factor(town) -> None:
    """甲 at 500 on way 10, 丙 at 2500 on way 12, 1000 m of way 11 missing: 500 + 1400 + 500 = 2400 m = 432 s."""
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 23) + ways(10, 99, 12))})
    assert built.first("r60-1") == [("n21", 0, 0), ("n23", 432, 432)]


def test_a_relation_of_stops_only(town) -> None:
    """No way at all: 1000 m × 1.4 = 252 s each."""
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 22, 23))})
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 252, 272), ("n23", 524, 524)]


def test_ways_decide_where_stops_are_listed_out_of_order(town) -> None:
    built = town(STREET | EAST, MAIN, {60: bus(nodes(22, 21, 23) + ways(10, 11, 12))})
    assert built.patterns() == {("n21", "n22", "n23"), ("n23", "n22", "n21")}
    assert built.assumed["stops_reordered"] == 1


def test_round_a_roundabout_the_way_it_is_driven(town) -> None:
    """A square of 200 m side as roundabout, driven counter-clockwise: in at the west, out at the east.

    甲 at 500, 乙 at 1700. West corner (1000, 0) → (1100, -100) → (1200, 0): 2 × 141.42 m.
    500 + 282.84 + 500 = 1282.84 m = 230.9 s → 231 s.
    """
    ring = {2: at(1000, 0), 5: at(1100, -100), 6: at(1200, 0), 7: at(1100, 100), 8: at(2200, 0)}
    poles = {21: pole(500, -8, "甲"), 22: pole(1700, -8, "乙")}
    built = town(
        {1: at(0)} | ring | poles,
        {10: road(1, 2), 11: road(2, 5, 6, 7, 2, junction="roundabout"), 12: road(6, 8)},
        {60: bus(nodes(21, 22) + ways(10, 11, 12))},
    )
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 231, 231)]


# what the tags of a relation may get wrong


def test_headway_of_zero(town) -> None:
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 22, 23) + ways(10, 11, 12), interval="0")})
    assert len(built.schedule.trip_id) == 2 * 65
    [notice] = [n for n in built.schedule.notices if n.code == "headway_unreadable"]
    assert (notice.row, notice.column, notice.found) == ("r60", "interval", "0")
    assert "r60" in notice.message_zh
    assert built.schedule.lines["headway_source"].tolist() == ["default"]


def test_hours_nobody_can_read(town) -> None:
    built = town(
        STREET | EAST, MAIN, {60: bus(nodes(21, 22) + ways(10, 11), opening_hours="daytime")}
    )
    assert built.codes["hours_unreadable"] == 1
    assert built.assumed["hours_default"] == 1


def test_not_running_on_the_day(town) -> None:
    built = town(
        STREET | EAST, MAIN, {60: bus(nodes(21, 22) + ways(10, 11), opening_hours="Su 08:00-18:00")}
    )
    assert built.trips() == {}
    assert built.codes["route_not_running"] == 1
    assert len(built.schedule.lines) == 0


NIGHT_S, DAY_S = 22 * H, 6 * H


@pytest.mark.parametrize(
    ("tags", "first_s"),
    [
        ({"ref": "N1", "name": "Bus N1: Bus de Nuit (Albert II → Place des Moulins)"}, NIGHT_S),
        ({"ref": "夜1", "name": "1路"}, NIGHT_S),
        ({"ref": "207", "name": "夜7路（火车站 => 市政府）"}, NIGHT_S),
        ({"ref": "300", "name": "300路夜班 (甲--丙)"}, NIGHT_S),
        ({"ref": "9", "name": "夜间公交9路"}, NIGHT_S),
        ({"ref": "18N", "name": "", "network": "HSL"}, NIGHT_S),
        ({"ref": "3", "name": "Night Bus 3"}, NIGHT_S),
        ({"ref": "3", "name": "3路", "by_night": "only"}, NIGHT_S),
        # by day
        ({"ref": "8", "name": "8路（夜市 => 火车站）"}, DAY_S),
        ({"ref": "8", "name": "8路：动物园-长隆夜间动物世界"}, DAY_S),
        ({"ref": "8", "name": "8路（甲 => 夜班工人新村）", "to": "夜班工人新村"}, DAY_S),
        ({"ref": "N1", "name": "N1路"}, DAY_S),
        ({"ref": "18N", "name": "18 North"}, DAY_S),
        ({"ref": "8", "name": "Bus 8: Nightingale Road - Knight Street - Night Market"}, DAY_S),
        ({"ref": "8", "name": "Bus 8: Rue de la Nuit - Annuité"}, DAY_S),
        ({"ref": "N1", "name": "Bus de Nuit", "by_night": "no"}, DAY_S),
    ],
)
def test_night_lines_by_what_they_are_called(town, tags: dict[str, str], first_s: int) -> None:
    """Night lines leave from 22:00, others from 06:00; neither says so in `hours_source`."""
    built = town(STREET | EAST, MAIN, {60: bus(nodes(21, 22, 23) + ways(10, 11, 12), **tags)})
    assert min(calls[0][2] for calls in built.trips().values()) == first_s
    assert built.schedule.lines["hours_source"].tolist() == ["default"]
    night = int(first_s == NIGHT_S)
    assert (built.assumed.get("hours_night", 0), built.assumed.get("hours_default", 0)) == (
        night,
        1 - night,
    )


def test_night_lines_by_their_master_and_with_hours(town) -> None:
    """The master's name counts too; hours that are tagged win over any name."""
    members, tags = bus(nodes(21, 22, 23) + ways(10, 11, 12), name="1 (甲 => 丙)")
    master = (
        [("relation", 60, "")],
        {"type": "route_master", "route_master": "bus", "name": "夜班1路"},
    )
    built = town(STREET | EAST, MAIN, {60: (members, tags), 70: master})
    assert built.assumed["hours_night"] == 1
    tags |= {"opening_hours": "07:00-08:00"}
    built = town(STREET | EAST, MAIN, {60: (members, tags), 70: master})
    assert min(calls[0][2] for calls in built.trips().values()) == 7 * H
    assert built.schedule.lines["hours_source"].tolist() == ["opening_hours"]
    assert not {"hours_night", "hours_default"} & set(built.assumed)


def test_relations_without_stops_and_with_one(town) -> None:
    built = town(
        STREET | {21: EAST[21]},
        MAIN,
        {
            60: bus(ways(10)),
            61: bus(nodes(21) + ways(10), ref="9"),
            62: bus(nodes(98, 99), ref="10"),
        },
    )
    assert built.trips() == {}
    assert built.codes["route_without_stops"] == 2
    assert built.codes["route_with_one_stop"] == 1
    assert "no_osm_trips" in built.codes


def test_members_named_twice_in_a_row_count_once(town) -> None:
    built = town(
        STREET | EAST, MAIN, {60: bus(nodes(21, 21, 22, 22, 22, 23) + ways(10, 10, 11, 12))}
    )
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 180, 200), ("n23", 380, 380)]


def test_a_stop_far_away_is_no_ride(town) -> None:
    """30 km off, and no way leads there: beyond the 20 km a bus hop without mapped way may be."""
    far = {24: pole(33_000, 0, "远")}
    built = town(STREET | EAST | far, MAIN, {60: bus(nodes(21, 22, 23, 24) + ways(10, 11, 12))})
    assert built.patterns() == {("n21", "n22", "n23"), ("n23", "n22", "n21")}
    [notice] = [n for n in built.schedule.notices if n.code == "stop_far_away"]
    assert "n24" in notice.message


def test_services_and_means_left_out(town) -> None:
    members, tags = bus(nodes(21, 22) + ways(10, 11))
    built = town(
        STREET | EAST,
        MAIN,
        {
            60: (members, tags | {"service": "long_distance"}),
            61: (members, tags | {"route": "aerialway"}),
        },
    )
    assert built.trips() == {}
    assert (built.codes["route_not_local"], built.codes["route_of_other_mode"]) == (1, 1)


def test_nothing_at_all(town) -> None:
    built = town(STREET, MAIN)
    assert len(built.schedule.stops) == len(built.schedule.lines) == 0
    assert built.schedule.trip_line.dtype == np.int32


# lines, stations, day


def test_what_a_passenger_calls_a_line(town) -> None:
    """Two networks use the number 8; a master joins relations of its own; 9 is another line."""
    stops = nodes(21, 22, 23) + ways(10, 11, 12)
    built = town(
        STREET | EAST,
        MAIN,
        {
            60: bus(stops, network="城南"),
            61: bus(stops, network="城北"),
            62: bus(stops, network="城南"),
            63: bus(stops, ref="9"),
            64: bus(stops, ref="9"),
            70: (
                [("relation", 63, "")],
                {"type": "route_master", "route_master": "bus", "ref": "9", "name": "9路"},
            ),
        },
    )
    lines = built.schedule.lines
    assert lines["line_id"].tolist() == ["r60", "r61", "r70"]
    assert lines["operator"].tolist() == ["城南", "城北", ""]
    assert lines["name"].tolist()[2] == "9路"
    # 60 and 62, 63 and 64 go the same way: the second of each is a variant.
    assert built.assumed["headway_shared"] == 2


def test_entrances_lead_to_their_stations(town) -> None:
    """D ties to its stop area; E to the nearest station, 100 m off; F lies too far from any."""
    subway = {"public_transport": "stop_position", "subway": "yes"}
    points = {
        21: at(0, 0, subway | {"name": "甲"}),
        22: at(2000, 0, subway | {"name": "乙"}),
        23: at(4000, 0, subway | {"name": "丙"}),
        31: at(900, 0, {"railway": "subway_entrance", "name": "D"}),
        32: at(2100, 0, {"railway": "subway_entrance", "name": "E"}),
        33: at(4500, 0, {"railway": "subway_entrance", "name": "F"}),
    }
    members, tags = bus([("node", ref, "stop") for ref in (21, 22, 23)])
    built = town(
        STREET | points,
        MAIN,
        {
            60: (members, tags | {"route": "subway"}),
            70: (
                [("node", 21, "stop"), ("node", 31, "")],
                {"type": "public_transport", "public_transport": "stop_area"},
            ),
        },
    )
    ways_in = built.schedule.ways_in
    assert ways_in["stop_id"].tolist() == ["n21", "n22"]
    assert ways_in["lon"].tolist() == pytest.approx([at(900)[0], at(2100)[0]])
    assert built.schedule.stops.set_index("stop_id")["station_id"].to_dict() == {
        "n21": "r70",
        "n22": "",
        "n23": "",
    }
    assert (built.assumed["entrance_nearest"], built.assumed["station_at_platform"]) == (1, 1)
    # 2000 m × 1.15 at 45 km/h = 184 s, 35 s at the middle station.
    assert built.first("r60-1") == [("n21", 0, 0), ("n22", 184, 219), ("n23", 403, 403)]


def test_the_two_platforms_of_a_station_are_entered_alike(town) -> None:
    subway = {"public_transport": "platform", "subway": "yes"}
    points = {
        21: at(0, 10, subway | {"name": "甲"}),
        22: at(0, -10, subway | {"name": "甲"}),
        23: at(2000, 10, subway | {"name": "乙"}),
        24: at(2000, -10, subway | {"name": "乙"}),
        31: at(50, 0, {"railway": "subway_entrance"}),
    }
    rail = {"type": "route", "route": "subway", "ref": "8"}
    built = town(
        STREET | points,
        MAIN,
        {60: (nodes(22, 24), rail), 61: (nodes(23, 21), rail)},
    )
    assert built.schedule.ways_in["stop_id"].tolist() == ["n21", "n22"]
    assert built.schedule.stops["station_id"].nunique() == 2


def test_stops_nobody_calls_at_are_kept_once(town) -> None:
    more = {24: pole(2800, -8, "戊"), 25: at(2800, 0, POSITION | {"name": "戊"})}
    built = town(STREET | EAST | more, MAIN, {60: bus(nodes(21, 22, 23) + ways(10, 11, 12))})
    assert built.schedule.stops["stop_id"].tolist() == ["n21", "n22", "n23", "n24"]


@pytest.mark.parametrize(
    ("timestamp", "wanted", "day"),
    [
        ("2021-03-28T23:59:59Z", None, date(2021, 3, 31)),
        ("2021-03-31T00:00:00Z", None, date(2021, 3, 31)),
        ("", None, date(2024, 1, 3)),
        ("yesterday", None, date(2024, 1, 3)),
        ("2021-03-28T23:59:59Z", date(2023, 5, 6), date(2023, 5, 6)),
    ],
)
def test_the_service_day(timestamp: str, wanted: date | None, day: date) -> None:
    assert choose_osm_day(timestamp, wanted) == day
    assert wanted is not None or day.weekday() == 2


def test_a_file_without_a_date_says_so(town) -> None:
    """The little files of these tests have no timestamp."""
    parts = (STREET | EAST, MAIN, {60: bus(nodes(21, 22, 23) + ways(10, 11, 12))})
    built = town(*parts, day=None)
    assert built.schedule.day == date(2024, 1, 3)
    [notice] = [n for n in built.schedule.notices if n.code == "osm_date_unknown"]
    assert built.assumed["day_unknown"] == 1
    [entry] = [e for e in describe_assumptions([("day_unknown", 1)]) if e["code"] == "day_unknown"]
    for text in (notice.message, notice.message_zh, entry["en"], entry["zh"]):
        assert "2024-01-03" in str(text)
    named = town(*parts)
    assert "day_unknown" not in named.assumed
    assert "osm_date_unknown" not in named.codes


def test_every_mode_says_where_its_figures_come_from() -> None:
    for mode in read_modes().modes.values():
        assert mode.source.startswith("assumed")
        assert mode.headway_s > 0
        assert mode.hours.from_s < mode.hours.to_s


# real cities


def read_members(extract: OsmExtract) -> dict[int, set[str]]:
    """Stops of each route that are in the file, straight from the members."""
    known = set(extract.transit_stops["stop_id"])
    return {
        number: {
            f"{kind}{ref}"
            for kind, ref, role in json.loads(text)
            if f"{kind}{ref}" in known and (kind == "n" or "platform" in role)
        }
        for number, text in zip(
            extract.transit_routes["relation_id"], extract.transit_routes["members"], strict=True
        )
    }


CITIES = {
    # file: relations with at least two stops or platforms in the file by the data's README, lines, modes
    "beijing-tsinghua-20170624.osm": (78, {"bus", "subway"}),
    "hsinchu-nctu-20210328.osm.pbf": (42, {"bus"}),
    "helsinki-centre-20190421.osm.pbf": (82, {"bus", "tram", "subway"}),
    "monaco-20231226.osm.pbf": (50, {"bus"}),
    "nanjing-xinjiekou-20210612.osm": (9, {"bus", "subway"}),
    "taichung-tunghai-20250811.osm.gz": (1, {"bus"}),
}


@pytest.mark.real
@pytest.mark.parametrize("name", CITIES)
def test_real_cities(shared_data: Path, name: str) -> None:
    """Who runs is bounded by the raw members, nobody is faster than the mode, all is explained.

    A route that runs has at least two places in the file or lists none; one with two stops that are
    not two names of one place runs. No hop beats its mode's speed by more than the room between
    stop position and platform explains.
    """
    relations_with_two, modes = CITIES[name]
    extract = read_osm(shared_data / "osm" / name)
    schedule = build_osm_schedule(extract, TransitSettings())
    members = read_members(extract)
    used = {int(trip_id[1:].split("-")[0]) for trip_id in schedule.trip_id}
    assumed = dict(schedule.assumptions)
    assert assumed["relations_used"] == len(used)
    listed = {number for number, stops in members.items() if len(stops) >= 2}
    assert len(used - listed) <= assumed.get("stops_found_along_way", 0)
    places = {n: {extract_name(extract, stop) for stop in members[n]} for n in listed}
    left_out = {n for n in listed - used if len(places[n]) > 2}
    assert len(left_out) <= 0.1 * len(listed)
    assert relations_with_two * 0.6 <= len(used)
    assert set(schedule.lines["mode"]) == modes
    assert len(schedule.lines) <= len(used)
    check_no_teleport(schedule)
    described = describe_assumptions(schedule.assumptions)
    assert all(entry["zh"] and entry["en"] and entry["count"] for entry in described)
    again = build_osm_schedule(extract, TransitSettings())
    assert again.trip_id == schedule.trip_id
    assert np.array_equal(again.calls.departure_s, schedule.calls.departure_s)
    assert again.stops.equals(schedule.stops)


def extract_name(extract: OsmExtract, stop_id: str) -> str:
    rows = extract.transit_stops["stop_id"] == stop_id
    return extract.transit_stops.loc[rows, "name"].iloc[0] or stop_id


def check_no_teleport(schedule: Schedule) -> None:
    calls, stops = schedule.calls, schedule.stops
    crs = metric_crs(*[stops["lon"].median(), stops["lat"].median()] * 2)
    xy = project(stops[["lon", "lat"]].to_numpy(), crs)
    same = np.flatnonzero(calls.trip[:-1] == calls.trip[1:])
    ride_s = calls.arrival_s[same + 1] - calls.departure_s[same]
    straight_m = np.hypot(*(xy[calls.stop[same + 1]] - xy[calls.stop[same]]).T)
    modes = read_modes().modes
    names = schedule.lines["mode"].to_numpy()[schedule.trip_line[calls.trip[same]]]
    speed = np.array([modes[name].speed_m_s for name in names])
    room_m = np.array([2 * modes[name].merge_m for name in names])
    assert (ride_s >= 1).all()
    assert (straight_m <= speed * (ride_s + 1) + room_m).all()
    assert (np.diff(calls.arrival_s)[np.diff(calls.trip) == 0] > 0).all()


@pytest.mark.real
def test_night_buses_of_monaco(shared_data: Path) -> None:
    """N1 and N2, called "Bus de Nuit", do not run at 07:30; the day lines do."""
    extract = read_osm(shared_data / "osm" / "monaco-20231226.osm.pbf")
    schedule = build_osm_schedule(extract, TransitSettings())
    first = dict.fromkeys(schedule.lines["ref"], 99 * H)
    refs = schedule.lines["ref"].to_numpy()[schedule.trip_line[schedule.calls.trip]]
    for ref, departure_s in zip(refs, schedule.calls.departure_s.tolist(), strict=True):
        first[ref] = min(first[ref], departure_s)
    assert first["N1"] == first["N2"] == 22 * H
    assert all(first[ref] < 8 * H for ref in ("1", "2", "4", "5", "6"))
    assert dict(schedule.assumptions)["hours_night"] == 4


@pytest.mark.real
def test_a_city_without_routes(shared_data: Path) -> None:
    extract = read_osm(shared_data / "osm" / "guixi-county-town-20241118.osm")
    schedule = build_osm_schedule(extract, TransitSettings())
    assert schedule.trip_id == ()
    assert [notice.code for notice in schedule.notices] == ["no_osm_trips"]


@pytest.mark.real
def test_metro_of_nanjing(shared_data: Path) -> None:
    """Line 3 lists 29 stations, 28 in the file, a row of them: 27 rides each way; 35 entrances mapped."""
    extract = read_osm(shared_data / "osm" / "nanjing-xinjiekou-20210612.osm")
    schedule = build_osm_schedule(extract, TransitSettings())
    built = Built(schedule)
    lengths = {name.rsplit("-", 2)[0]: len(calls) for name, calls in built.trips().items()}
    assert lengths["r5454532"] == lengths["r7885542"] == 28
    assert len(schedule.ways_in[["lon", "lat"]].drop_duplicates()) <= 35
    assert len(schedule.ways_in) > 30
