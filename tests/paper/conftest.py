"""Paper towns: a few streets drawn in metres, written as OSM XML and tables, read like any city.

    town = Town(folder)
    a, b = town.node(0, 0), town.node(600, 0)
    town.street(a, b, name="直街")
    town.community("A", (-100, -100, 700, 100), households=10)
    town.home("h1", 100, 0, households=10)
    town.facility("pharmacy", 500, 0, name="药店")
    answer = town.measure()
    answer.walk_m("h1", "pharmacy")  # 400

Buses stop where `town.stop("A", 140, 0)` says and run as a text timetable says, one trip a line:

    L1   A 07:40   B 07:50-07:52   C 08:00

`B 07:50-07:52`: arrives and departs; `A 07:40+`: nobody may get off, `B 07:50-`: nobody may get on; `B --`: no time
given; `every 10 until 09:00` at the end: the trip repeats, as `frequencies.txt`. The town writes it as a GTFS folder.

Coordinates are metres east and north of a place in Baoji; the reader's own projection differs from
the drawing by less than a millimetre in a kilometre, so lengths are compared to 0.05 m.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import metric_crs, unproject
from layers.city import build_city
from layers.config import read_config
from layers.standards.load import read_packs
from services.pipeline import Results, measure_city, run_city

ORIGIN = (107.15, 34.35)
CRS = metric_crs(*ORIGIN, *ORIGIN)
TAGS = {
    "kindergarten": {"amenity": "kindergarten"},
    "primary_school": {"amenity": "school", "isced:level": "1"},
    "pharmacy": {"amenity": "pharmacy"},
    "clinic": {"amenity": "clinic"},
    "supermarket": {"shop": "supermarket"},
    "park": {"leisure": "park"},
}


def to_lonlat(points):
    xy = np.asarray(points, dtype=float).reshape(-1, 2)
    from geo.crs import project

    origin = project(np.array([ORIGIN]), CRS)
    return unproject(xy + origin, CRS)


@dataclass
class Answer:
    """What a paper town comes to."""

    results: Results

    def access(self, home, kind, mode="walk"):
        table = self.results.tables["access"]
        rows = table[
            (table["demand_id"] == home) & (table["kind"] == kind) & (table["mode"] == mode)
        ]
        assert len(rows) == 1
        return rows.iloc[0]

    def ride(self, home, kind="pharmacy"):
        """Row of the journey by walking and transit."""
        return self.access(home, kind, "walk_transit")

    def walk_m(self, home, kind):
        return float(self.access(home, kind)["nearest_m"])

    def coverage(self, community, kind, limit=15.0, unit="min", mode="walk"):
        table = self.results.tables["coverage"]
        chosen = table[
            (table["community_id"] == community)
            & (table["kind"] == kind)
            & (table["mode"] == mode)
            & (table["limit"] == limit)
            & (table["limit_unit"] == unit)
        ]
        return chosen.iloc[0]

    def gap(self, community, rule):
        table = self.results.tables["gaps"]
        return table[(table["community_id"] == community) & (table["rule"] == rule)].iloc[0]

    def home(self, home):
        table = self.results.tables["demand"]
        return table[table["demand_id"] == home].iloc[0]


_TRIP = re.compile(
    r"^\s*(?P<line>\w+)\s{2,}(?P<calls>\w+ (?:--|\d\d:\d\d).*?)"
    r"(?:\s+every (?P<every>\d+) until (?P<until>\d\d:\d\d))?\s*$"
)
_CALL = re.compile(
    r"(?P<stop>\w+) (?:--|(?P<arrival>\d\d:\d\d(?::\d\d)?)(?:-(?P<departure>\d\d:\d\d(?::\d\d)?))?)(?P<only>[+-]?)(?:\s+|$)"
)


def _clock(text):
    return "" if not text else text if text.count(":") == 2 else f"{text}:00"


@dataclass
class Feed:
    """A GTFS folder in the making: rows of its tables."""

    stops: list[dict] = field(default_factory=list)
    routes: list[dict] = field(default_factory=list)
    trips: list[dict] = field(default_factory=list)
    stop_times: list[dict] = field(default_factory=list)
    frequencies: list[dict] = field(default_factory=list)
    transfers: list[dict] = field(default_factory=list)

    def add_trip(self, match):
        line, trip = match["line"], f"{match['line']}-{len(self.trips) + 1}"
        if line not in [route["route_id"] for route in self.routes]:
            self.routes.append({"route_id": line, "route_short_name": line, "route_type": 3})
        self.trips.append({"route_id": line, "service_id": "daily", "trip_id": trip})
        calls = list(_CALL.finditer(match["calls"].strip()))
        assert "".join(call[0] for call in calls) == match["calls"].strip(), match[0]
        for at, call in enumerate(calls, start=1):
            arrival = _clock(call["arrival"])
            self.stop_times.append(
                {
                    "trip_id": trip,
                    "arrival_time": arrival,
                    "departure_time": _clock(call["departure"]) or arrival,
                    "stop_id": call["stop"],
                    "stop_sequence": at,
                    "pickup_type": int(call["only"] == "-"),
                    "drop_off_type": int(call["only"] == "+"),
                }
            )
        if match["every"]:
            self.frequencies.append(
                {
                    "trip_id": trip,
                    "start_time": _clock(calls[0]["arrival"]),
                    "end_time": _clock(match["until"]),
                    "headway_secs": 60 * int(match["every"]),
                }
            )

    def write(self, folder):
        folder.mkdir()
        agency = {
            "agency_id": "paper",
            "agency_name": "纸上公交",
            "agency_url": "https://example.org",
            "agency_timezone": "Asia/Shanghai",
        }
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        calendar = {"service_id": "daily", **dict.fromkeys(days, 1)}
        calendar |= {"start_date": "20260101", "end_date": "20261231"}
        place = to_lonlat([(stop.pop("x"), stop.pop("y")) for stop in self.stops])
        for stop, (lon, lat) in zip(self.stops, place, strict=True):
            stop |= {"stop_lat": f"{lat:.9f}", "stop_lon": f"{lon:.9f}"}
        tables = {"agency": [agency], "calendar": [calendar], **vars(self)}
        for name, rows in tables.items():
            if rows:
                pd.DataFrame(rows).to_csv(folder / f"{name}.txt", index=False)


class Town:
    """A town on paper; every method returns what later ones refer to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes: list[tuple[float, float, dict[str, str]]] = []
        self.ways: list[tuple[list[int], dict[str, str]]] = []
        self.homes: list[dict] = []
        self.facilities: list[dict] = []
        self.communities: list[dict] = []
        self.relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = []
        self.feed = Feed()
        self.settings = {"min_island_m": 0}
        self.transit: dict = {"day": date(2026, 1, 7)}

    def node(self, x, y, **tags):
        self.nodes.append(
            (x, y, {key.replace("__", ":"): str(value) for key, value in tags.items()})
        )
        return len(self.nodes)

    def way(self, *nodes, **tags):
        self.ways.append((list(nodes), {k.replace("__", ":"): str(v) for k, v in tags.items()}))
        return len(self.ways)

    def street(self, *nodes, highway="residential", name="", **tags):
        return self.way(*nodes, highway=highway, **({"name": name} if name else {}), **tags)

    def area(self, corners, entrances=(), **tags):
        """A closed way through `corners`; corners may be node ids already made."""
        ids = [corner if isinstance(corner, int) else self.node(*corner) for corner in corners]
        self.way(*ids, ids[0], **tags)
        return len(self.ways)

    def facility(self, kind, x, y, name="", **tags):
        node = self.node(x, y, **TAGS[kind], **({"name": name} if name else {}), **tags)
        return f"n{node}"

    def listed(self, kind, x, y, facility_id, **attributes):
        """A facility of the education bureau's table."""
        self.facilities.append(
            {"facility_id": facility_id, "kind": kind, "x": x, "y": y, **attributes}
        )
        return facility_id

    def home(self, home, x, y, households=1):
        self.homes.append({"demand_id": home, "x": x, "y": y, "households": households})
        return home

    def community(self, code, box, households=None, **attributes):
        self.communities.append(
            {"community_id": code, "name": code, "households": households, "box": box, **attributes}
        )
        return code

    def relation(self, *members, **tags):
        """Members as `("node" or "way", id, role)`."""
        self.relations.append(
            (list(members), {k.replace("__", ":"): str(v) for k, v in tags.items()})
        )
        return len(self.relations)

    def stop(self, name, x, y, **columns):
        """A stop of the timetable; the map knows nothing of it."""
        self.feed.stops.append(
            {"stop_id": name, "stop_name": f"{name}站", "x": x, "y": y, **columns}
        )
        return name

    def timetable(self, text):
        """Add every line of a text that is a trip; returns the stops they call at."""
        before = len(self.feed.stop_times)
        for match in filter(None, map(_TRIP.match, text.splitlines())):
            self.feed.add_trip(match)
        return list(dict.fromkeys(call["stop_id"] for call in self.feed.stop_times[before:]))

    def transfer(self, from_stop, to_stop, *, min_s=None):
        """What the operator says about a change: a least time, or that there is none."""
        self.feed.transfers.append(
            {
                "from_stop_id": from_stop,
                "to_stop_id": to_stop,
                "transfer_type": 3 if min_s is None else 2,
                "min_transfer_time": "" if min_s is None else min_s,
            }
        )

    def window(self, depart_from, depart_to, **transit):
        """When people leave, and other settings of `[transit]`."""
        self.transit |= {"depart_from": depart_from, "depart_to": depart_to, **transit}

    def write(self):
        lonlat = to_lonlat([(x, y) for x, y, _ in self.nodes])
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="paper">']
        for number, ((lon, lat), (_, _, tags)) in enumerate(
            zip(lonlat, self.nodes, strict=True), start=1
        ):
            lines.append(f'<node id="{number}" version="1" lon="{lon:.9f}" lat="{lat:.9f}">')
            lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
            lines.append("</node>")
        for number, (nodes, tags) in enumerate(self.ways, start=1):
            lines.append(f'<way id="{number}" version="1">')
            lines += [f'<nd ref="{node}"/>' for node in nodes]
            lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
            lines.append("</way>")
        for number, (members, tags) in enumerate(self.relations, start=1):
            lines.append(f'<relation id="{number}" version="1">')
            lines += [
                f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members
            ]
            lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
            lines.append("</relation>")
        lines.append("</osm>")
        (self.folder / "town.osm").write_text("\n".join(lines), encoding="utf-8")
        toml = ["[city]", 'name = "纸上小镇"', 'packs = ["baoji-four-types"]', "", "[sources]"]
        toml.append('osm = "town.osm"')
        if self.feed.trips:
            self.feed.write(self.folder / "buses")
            toml.append('gtfs = ["buses"]')
        shapes = [
            shapely.Polygon(to_lonlat(shapely.get_coordinates(shapely.box(*one["box"]))))
            if isinstance(one["box"], tuple)
            else shapely.Polygon(to_lonlat(one["box"]))
            for one in self.communities
        ]
        facts = [{k: v for k, v in one.items() if k != "box"} for one in self.communities]
        gpd.GeoDataFrame(facts, geometry=shapes, crs="EPSG:4326").to_file(
            self.folder / "communities.gpkg", driver="GPKG"
        )
        toml.append('communities = { path = "communities.gpkg" }')
        for name, rows in (("demand", self.homes), ("facilities", self.facilities)):
            if rows:
                frame = pd.DataFrame(rows)
                place = to_lonlat(frame[["x", "y"]].to_numpy())
                frame = frame.drop(columns=["x", "y"]).assign(lon=place[:, 0], lat=place[:, 1])
                frame.to_csv(self.folder / f"{name}.csv", index=False, float_format="%.9f")
                source = f'{{ path = "{name}.csv", crs = "EPSG:4326" }}'
                toml.append(f"{name} = {f'[{source}]' if name == 'facilities' else source}")
        toml += ["", "[settings]", *(f"{k} = {json.dumps(v)}" for k, v in self.settings.items())]
        toml += ["", "[transit]"]
        toml += [
            f"{key} = {value.isoformat() if isinstance(value, date) else json.dumps(value)}"
            for key, value in self.transit.items()
        ]
        path = self.folder / "city.toml"
        path.write_text("\n".join(toml) + "\n", encoding="utf-8")
        return path

    def measure(self, day=date(2026, 1, 1)):
        config = read_config(self.write())
        city = build_city(config, report=lambda *_: None)
        self.city = city
        return Answer(measure_city(city, read_packs(config.packs), day=day))

    def run(self, out, day=date(2026, 1, 1)):
        """A whole run, written to a folder."""
        return run_city(read_config(self.write()), out, today=day)


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)
