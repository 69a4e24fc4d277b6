"""Paper towns: a few streets drawn in metres, written as OSM XML and tables, read like any city.

    town = Town(folder)
    a, b = town.node(0, 0), town.node(600, 0)
    town.street(a, b, name="直街")
    town.community("A", (-100, -100, 700, 100), households=10)
    town.home("h1", 100, 0, households=10)
    town.facility("pharmacy", 500, 0, name="药店")
    answer = town.measure()
    answer.walk_m("h1", "pharmacy")  # 400

Coordinates are metres east and north of a place in Baoji; the reader's own projection differs from
the drawing by less than a millimetre in a kilometre, so lengths are compared to 0.05 m.
"""

import json
from dataclasses import dataclass
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
from services.pipeline import Results, measure_city

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

    def access(self, home, kind):
        table = self.results.tables["access"]
        return table[(table["demand_id"] == home) & (table["kind"] == kind)].iloc[0]

    def walk_m(self, home, kind):
        return float(self.access(home, kind)["nearest_m"])

    def coverage(self, community, kind, limit=15.0, unit="min"):
        table = self.results.tables["coverage"]
        chosen = table[
            (table["community_id"] == community)
            & (table["kind"] == kind)
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


class Town:
    """A town on paper; every method returns what later ones refer to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes: list[tuple[float, float, dict[str, str]]] = []
        self.ways: list[tuple[list[int], dict[str, str]]] = []
        self.homes: list[dict] = []
        self.facilities: list[dict] = []
        self.communities: list[dict] = []
        self.settings = {"min_island_m": 0}

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
        lines.append("</osm>")
        (self.folder / "town.osm").write_text("\n".join(lines), encoding="utf-8")
        toml = ["[city]", 'name = "纸上小镇"', 'packs = ["baoji-four-types"]', "", "[sources]"]
        toml.append('osm = "town.osm"')
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
        path = self.folder / "city.toml"
        path.write_text("\n".join(toml) + "\n", encoding="utf-8")
        return path

    def measure(self, day=date(2026, 1, 1)):
        config = read_config(self.write())
        city = build_city(config, report=lambda *_: None)
        self.city = city
        return Answer(measure_city(city, read_packs(config.packs), day=day))


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)
