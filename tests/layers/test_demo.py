"""The sample city's files: deterministic, well-formed OSM, the drawing looks like a city.

Read here with plain tools only; `test_demo_planted.py` goes through the product's own readers.
"""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import openpyxl
import pytest
import shapely
from shapely.geometry import shape

from layers.demo import CITY_NAME, KNOWN_HOUSEHOLDS, PLANTED, write_demo
from layers.kinds import read_kinds


class Osm(NamedTuple):
    root: ET.Element
    nodes: dict[str, tuple[float, float]]
    node_tags: dict[str, dict[str, str]]
    ways: dict[str, tuple[list[str], dict[str, str]]]
    relations: dict[str, tuple[list[tuple[str, str, str]], dict[str, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_demo(tmp_path_factory.mktemp("demo")).parent


@pytest.fixture(scope="module")
def osm(folder: Path) -> Osm:
    root = ET.parse(folder / "sample.osm").getroot()
    tags = {
        (part.tag, part.get("id")): {tag.get("k"): tag.get("v") for tag in part.findall("tag")}
        for part in root
    }
    return Osm(
        root,
        {n.get("id"): (float(n.get("lon")), float(n.get("lat"))) for n in root.findall("node")},
        {n.get("id"): tags["node", n.get("id")] for n in root.findall("node")},
        {
            w.get("id"): ([nd.get("ref") for nd in w.findall("nd")], tags["way", w.get("id")])
            for w in root.findall("way")
        },
        {
            r.get("id"): (
                [(m.get("type"), m.get("ref"), m.get("role")) for m in r.findall("member")],
                tags["relation", r.get("id")],
            )
            for r in root.findall("relation")
        },
    )


@pytest.fixture(scope="module")
def communities(folder: Path) -> list[dict]:
    return json.loads((folder / "communities.geojson").read_text(encoding="utf-8"))["features"]


def rows_of(path: Path) -> list[dict]:
    rows = list(openpyxl.load_workbook(path).active.values)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_same_bytes_every_time(folder, tmp_path):
    again = write_demo(tmp_path / "again").parent
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "city.toml",
        "communities.geojson",
        "compounds.xlsx",
        "parcels.geojson",
        "sample.osm",
        "schools.xlsx",
    ]
    for name in names:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_osm_is_well_formed_and_says_that_it_is_synthetic(folder, osm):
    head = (folder / "sample.osm").read_text(encoding="utf-8")[:400]
    assert "合成数据" in head
    assert "user=" not in head
    assert CITY_NAME in (folder / "city.toml").read_text(encoding="utf-8")
    assert (folder / "sample.osm").stat().st_size < 5_000_000
    for part in osm.root:
        if part.tag in {"node", "way", "relation"}:
            assert int(part.get("id")) > 0
            assert part.get("version") == "1"
            assert part.get("user") is None
    ids = [int(node) for node in osm.nodes]
    assert ids == sorted(set(ids))
    for refs, _ in osm.ways.values():
        assert len(refs) >= 2
        assert set(refs) <= osm.nodes.keys()
        assert all(a != b for a, b in pairwise(refs))
    known = {"node": osm.nodes, "way": osm.ways, "relation": osm.relations}
    for members, _ in osm.relations.values():
        assert all(ref in known[kind] for kind, ref, _ in members)
    bounds = osm.root.find("bounds")
    lon, lat = zip(*osm.nodes.values(), strict=True)
    assert (min(lon), max(lon)) == (float(bounds.get("minlon")), float(bounds.get("maxlon")))
    assert (min(lat), max(lat)) == (float(bounds.get("minlat")), float(bounds.get("maxlat")))
    assert 107.14 < min(lon) < max(lon) < 107.24
    assert 34.33 < min(lat) < 34.36 < max(lat) < 34.40


def test_looks_like_a_city(osm):
    tags = [tags for _, tags in osm.ways.values()]
    assert 1500 <= sum("building" in tag for tag in tags) <= 3000
    assert {tag["bridge:name"] for tag in tags if "bridge:name" in tag} == {"凤栖桥", "云川桥"}
    barriers = Counter(tag.get("barrier") for tag in osm.node_tags.values())
    assert barriers["gate"] > 300
    locked = [tag for tag in osm.node_tags.values() if tag.get("locked") == "yes"]
    assert len(locked) > 20
    assert all(tag["foot"] == "no" for tag in locked)
    assert sum(tag.get("access") == "private" for tag in tags) > 300
    named = [tag for tag in tags if "name" in tag and tag.get("highway") == "residential"]
    assert len(named) > 100
    assert all("name:en" in tag for tag in named)


def test_every_kind_is_there(osm):
    kinds = read_kinds()
    found = {
        code
        for tags in (*osm.node_tags.values(), *(tags for _, tags in osm.ways.values()))
        if tags
        for code in kinds.match(tags)
    }
    assert set(kinds) - found - {"shop"} == set()


def test_bus_lines_are_routes_in_both_directions(osm):
    routes = {ref: item for ref, item in osm.relations.items() if item[1].get("route") == "bus"}
    masters = [item for item in osm.relations.values() if item[1].get("type") == "route_master"]
    assert len(masters) == 5
    assert len(routes) == 10
    assert sum("interval" in tags for _, tags in routes.values()) == 8
    for members, tags in routes.values():
        assert tags["public_transport:version"] == "2"
        stops = [ref for kind, ref, role in members if kind == "node" and role == "stop"]
        platforms = [ref for kind, ref, role in members if kind == "node" and role == "platform"]
        assert len(stops) == len(platforms) >= 6
        ways = [osm.ways[ref][0] for kind, ref, _ in members if kind == "way"]
        for before, after in pairwise(ways):
            assert {before[0], before[-1]} & {after[0], after[-1]}
        on_way = {node for way in ways for node in way}
        assert set(stops) <= on_way
        for platform in platforms:
            assert osm.node_tags[platform]["highway"] == "bus_stop"
        assert tags["from"] == osm.node_tags[stops[0]]["name"]


def test_streets_hang_together_but_for_the_islet(osm):
    graph = nx.Graph()
    for refs, tags in osm.ways.values():
        if tags.get("highway") not in {None, "motorway"}:
            nx.add_path(graph, refs)
    parts = sorted(nx.connected_components(graph), key=len)
    assert len(parts) == 2
    on_islet = {
        tags.get("name")
        for refs, tags in osm.ways.values()
        if parts[0] & set(refs) and "highway" in tags
    }
    assert PLANTED["island"].facility in on_islet
    railway = [set(refs) for refs, tags in osm.ways.values() if tags.get("railway") == "rail"]
    assert not any(rail & parts[1] for rail in railway)


def test_households_are_as_planted(communities):
    households = {f["properties"]["社区名称"]: f["properties"]["户数"] for f in communities}
    assert len(communities) == 23
    assert sum(number for number in households.values() if number is not None) == KNOWN_HOUSEHOLDS
    assert [name for name, number in households.items() if number is None] == [
        PLANTED["no_households"].community
    ]
    for planted in PLANTED.values():
        if planted.households is not None:
            assert households[planted.community] == planted.households
    assert len({f["properties"]["县区"] for f in communities}) == 3
    assert len({f["properties"]["镇街"] for f in communities}) == 9


def test_communities_do_not_overlap(communities):
    shapes = [shape(feature["geometry"]) for feature in communities]
    assert all(one.is_valid for one in shapes)
    whole = shapely.union_all(shapes)
    assert sum(one.area for one in shapes) == pytest.approx(whole.area, rel=1e-6)


def test_compounds_add_up_to_their_communities(folder, communities):
    households = {f["properties"]["社区名称"]: f["properties"]["户数"] for f in communities}
    sums: Counter = Counter()
    for row in rows_of(folder / "compounds.xlsx"):
        sums[row["所属社区"]] += row["户数"]
        assert row["户数"] > 0
    assert PLANTED["demand_table"].community in sums
    assert dict(sums) == {name: households[name] for name in sums}


def test_schools_table_holds_the_planted_rows(folder):
    rows = {row["名称"]: row for row in rows_of(folder / "schools.xlsx")}
    assert rows[PLANTED["no_inclusive_kindergarten"].facility]["是否普惠"] == "否"
    assert rows[PLANTED["full_school"].facility]["空余学位"] == 0
    assert rows[PLANTED["full_kindergarten"].facility]["空余学位"] == 0
    unknown = [name for name, row in rows.items()
               if row["类别"] == "幼儿园" and row["是否普惠"] is None]  # fmt: skip
    assert PLANTED["inclusive_unknown"].facility in unknown
    assert {row["类别"] for row in rows.values()} == {
        "幼儿园",
        "小学",
        "初中",
        "高中",
        "九年一贯制学校",
    }


def test_parcels_stand_in_every_state(folder):
    features = json.loads((folder / "parcels.geojson").read_text(encoding="utf-8"))["features"]
    assert {f["properties"]["状态"] for f in features} == {
        "预留",
        "已供地",
        "在建",
        "已建成",
        "调整用途",
        "被占用",
    }
    assert all(f["properties"]["用地面积"] > 2000 for f in features)
