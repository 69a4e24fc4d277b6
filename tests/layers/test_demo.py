"""The sample city's files: deterministic, well-formed OSM, the drawing looks like a city.

Read here with plain tools only; `test_demo_planted.py` goes through the product's own readers.
"""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import yaml
from shapely.geometry import shape

from layers.attributes import read_attributes
from layers.communities import read_communities
from layers.config import read_config
from layers.demo import CITY_NAME, KNOWN_HOUSEHOLDS, PLANTED, write_demo
from layers.kinds import read_kinds
from layers.notices import has_errors
from layers.schooling.children import read_children, settle_children
from layers.schooling.housing import read_housing, settle_housing


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


def list_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_same_bytes_every_time(folder, tmp_path):
    again = write_demo(tmp_path / "again").parent
    names = list_files(folder)
    assert names == [
        "catchments.geojson",
        "children.xlsx",
        "city.toml",
        "communities.geojson",
        "compounds.xlsx",
        "earlier_parcels.geojson",
        "housing.xlsx",
        "packs/local.yaml",
        "parcels.geojson",
        "sample.osm",
        "schools.xlsx",
        "services.xlsx",
    ]
    assert list_files(again) == names
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


def test_every_pack_is_asked_and_the_citys_own_figures_too(folder):
    config = read_config(folder / "city.toml")
    shipped = {Path(path.name).stem for path in files("layers.standards.packs").iterdir()}
    assert shipped - {"__init__"} == set(config.packs)
    assert config.overlays == (folder / "packs" / "local.yaml",)
    overlay = yaml.safe_load(config.overlays[0].read_text("utf-8"))
    assert "虚构" in overlay["issuer"]["zh"]
    assert own_figures(folder) == {"bj.reach.park": 0.9}


def own_figures(folder: Path) -> dict[str, float]:
    overlay = yaml.safe_load((folder / "packs" / "local.yaml").read_text("utf-8"))
    return {rule["code"]: rule["share"]["value"] for rule in overlay["rules"]}


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
    assert households[PLANTED["oversize"].community] > 4000
    assert households[PLANTED["undersize"].community] < 1500
    assert len({f["properties"]["县区"] for f in communities}) == 3
    assert len({f["properties"]["镇街"] for f in communities}) == 9


def test_communities_do_not_overlap(communities):
    shapes = [shape(feature["geometry"]) for feature in communities]
    assert all(one.is_valid for one in shapes)
    whole = shapely.union_all(shapes)
    assert sum(one.area for one in shapes) == pytest.approx(whole.area, rel=1e-6)


def test_communities_have_attributes_some_of_them_unknown(folder, communities):
    frame, notices = read_communities(folder / "communities.geojson")
    assert not has_errors(notices)
    known = [code for code in read_attributes() if code in frame.columns]
    missing = set(read_attributes()) - set(known)
    assert {"service_space_m2", "green_share", "workers", "parking_spaces"} <= set(known)
    assert "commerce_floor_share" in missing
    blank = frame[known].isna()
    assert 0.01 < blank.to_numpy().mean() < 0.1
    assert (frame["residents_space_share"].dropna() <= 1).all()
    by_name = frame.set_index("name")
    exact, short = (by_name.loc[PLANTED[case].community] for case in ("space_exact", "space_short"))
    assert exact["service_space_m2"] / exact["households"] * 100 == 30
    assert 29.9 < short["service_space_m2"] / short["households"] * 100 < 30
    green = by_name["green_share"]
    assert green[PLANTED["green_exact"].community] == 0.3
    assert green[PLANTED["green_short"].community] < 0.3
    assert np.isnan(green[PLANTED["green_unknown"].community])


def test_services_are_listed_where_osm_has_them(folder, osm):
    rows = rows_of(folder / "services.xlsx")
    places = {tags.get("name"): osm.nodes[node] for node, tags in osm.node_tags.items()}
    for row in rows:
        assert places[row["名称"]] == (row["经度"], row["纬度"])
    assert read_kinds().find(rows[0]["类别"]).code == "health_centre"
    floors = [row["建筑面积（㎡）"] for row in rows]
    assert 0 < floors.count(None) < 6
    assert all(80 < floor < 2500 for floor in floors if floor is not None)


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
    nine_year = rows[PLANTED["places_per_level"].facility]
    assert nine_year["小学学位"] + nine_year["初中学位"] == nine_year["学位数"]
    assert rows[PLANTED["places_unknown"].facility]["学位数"] is None
    floors = [row["建筑面积（㎡）"] for row in rows.values()]
    assert 3 < floors.count(None) < 15
    assert all(1000 < floor < 40_000 for floor in floors if floor is not None)
    assert all(2 < row["用地面积（亩）"] < 60 for row in rows.values())
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
    parcels = {f["properties"]["地块编号"] for f in features}
    cases = {planted.facility for planted in PLANTED.values() if planted.facility.startswith("JY-")}
    assert cases <= parcels
    assert len(parcels) == len(features) == 16


def test_children_follow_the_communities_of_their_edition(folder, later):
    for path in (folder, later):
        communities, _ = read_communities(path / "communities.geojson")
        table, notices = read_children(path / "children.xlsx")
        children, more = settle_children(table, communities, layer="children.xlsx")
        assert not [n for n in (*notices, *more) if n.severity != "info"]
        assert set(children["community_id"]) == set(communities["community_id"])
        assert set(children["year"]) == set(range(2025, 2033))
        pupils = children[children["age"].between(6, 11)].groupby("community_id")["children"].sum()
        facts = communities.set_index("community_id")["children_primary"].dropna()
        assert (pupils[facts.index] - facts).abs().max() <= 3
        housing, notices = read_housing(path / "housing.xlsx", crs="EPSG:4490")
        settled, more = settle_housing(housing, communities, layer="housing.xlsx", first_year=2025)
        assert not [n for n in (*notices, *more) if n.severity != "info"]
        assert settled.geometry.isna().sum() == 1
        assert len(settled) == 6


def test_the_years_looked_at_do_not_hang_on_the_day(folder):
    schools = read_config(folder / "city.toml").schools
    years = {schools.list_years(date(year, 6, 1)) for year in (2025, 2028, 2045)}
    assert years == {tuple(range(2025, 2036))}


@pytest.fixture(scope="module")
def later(tmp_path_factory) -> Path:
    return write_demo(tmp_path_factory.mktemp("later"), edition="next").parent


@pytest.fixture(scope="module")
def frames(folder, later):
    return [read_communities(path / "communities.geojson")[0] for path in (folder, later)]


class TestNextEdition:
    """The city a year later: what `next.yaml` names has changed, and nothing else."""

    def test_there_is_no_third(self, tmp_path):
        with pytest.raises(ValueError, match="no edition '2031'"):
            write_demo(tmp_path / "none", edition="2031")
        assert not (tmp_path / "none").exists()

    def test_osm_lost_a_shop_and_gained_a_kindergarten_on_the_same_ids(self, folder, later):
        before, after = (
            (path / "sample.osm").read_text("utf-8").splitlines() for path in (folder, later)
        )
        gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
        assert '<tag k="name" v="云台惠民超市"/>' in gone
        assert '<tag k="landuse" v="construction"/>' in gone
        assert sum("id=" in line for line in gone) == 1
        assert set(come) == {
            '<tag k="amenity" v="kindergarten"/>',
            '<tag k="name" v="锦川第二幼儿园"/>',
        }

    def test_same_files_and_every_difference_is_meant(self, folder, later):
        assert list_files(later) == list_files(folder)
        same = {
            name
            for name in list_files(later)
            if (later / name).read_bytes() == (folder / name).read_bytes()
        }
        assert same == {
            "catchments.geojson",
            "city.toml",
            "earlier_parcels.geojson",
            "services.xlsx",
        }

    def test_communities_split_merged_recoded_and_grown(self, frames):
        before, after = (frame.set_index("community_id") for frame in frames)
        gone, come = set(before.index) - set(after.index), set(after.index) - set(before.index)
        assert set(before.loc[list(gone), "name"]) == {
            "晨光社区",
            "柳巷社区",
            "文昌社区",
            "南湖社区",
        }
        assert set(after.loc[list(come), "name"]) == {
            "晨光北社区",
            "西苑社区",
            "柳巷社区",
            "南湖社区",
        }
        old, new = (frame.reset_index().set_index("name") for frame in (before, after))
        assert (
            old.loc["晨光社区", "households"]
            == new.loc[["晨光北社区", "西苑社区"], "households"].sum()
        )
        parts = new.loc[["晨光北社区", "西苑社区"]].geometry
        assert parts.iloc[0].intersection(parts.iloc[1]).area == pytest.approx(0, abs=1e-12)
        whole = old.loc["晨光社区"].geometry
        assert parts.union_all().symmetric_difference(whole).area < 1e-6 * whole.area
        assert 0.2 < min(shapely.area(parts)) / whole.area < 0.5
        merged = old.loc[["柳巷社区", "文昌社区"]]
        assert new.loc["柳巷社区", "households"] == merged["households"].sum()
        assert new.loc["柳巷社区", "service_space_m2"] == merged["service_space_m2"].sum()
        assert np.isnan(new.loc["柳巷社区", "green_share"])
        drawn = sum(shapely.area(merged.geometry))
        assert new.loc["柳巷社区"].geometry.area == pytest.approx(drawn)
        assert old.loc["南湖社区"].geometry.equals(new.loc["南湖社区"].geometry)
        assert (old.loc["云川社区", "households"], new.loc["云川社区", "households"]) == (
            1499,
            1512,
        )
        changed = {"晨光北社区", "西苑社区", "柳巷社区", "南湖社区", "云川社区"}
        assert set(new.index[new["valid_from"] == "2025-07-01"]) == changed
        untouched = sorted(set(old.index) - {"晨光社区", "文昌社区", "东苑社区"} - changed)
        pd.testing.assert_frame_equal(
            pd.DataFrame(old.loc[untouched]), pd.DataFrame(new.loc[untouched])
        )
        assert np.isnan(old.loc["东苑社区", "green_share"])
        assert new.loc["东苑社区", "green_share"] == 0.335

    def test_a_kindergarten_opened_on_reserved_land(self, folder, later):
        before, after = (rows_of(path / "schools.xlsx") for path in (folder, later))
        assert after[:-1] == before
        assert (after[-1]["名称"], after[-1]["开办年份"]) == ("锦川第二幼儿园", 2025)
        states = [
            {
                f["properties"]["地块编号"]: f["properties"]["状态"]
                for f in json.loads(text)["features"]
            }
            for text in ((path / "parcels.geojson").read_text("utf-8") for path in (folder, later))
        ]
        assert (states[0].pop("JY-04"), states[1].pop("JY-04")) == ("在建", "已建成")
        assert states[0] == states[1]

    def test_compounds_follow_the_households(self, later):
        rows = rows_of(later / "compounds.xlsx")
        assert sum(row["户数"] for row in rows if row["所属社区"] == "云川社区") == 1512

    def test_the_city_asks_for_more(self, later):
        assert own_figures(later) == {"bj.reach.park": 0.95}
