"""Reading OSM files: what is found, on small files and on real cities."""

import json
from itertools import pairwise

import numpy as np
import pytest

from layers.osm import read_osm
from layers.osm_areas import flatten_rows

LON, LAT = 107.1, 34.3


def place(x: float, y: float) -> tuple[float, float]:
    """Tenths of a millidegree east and north of the town's corner."""
    return round(LON + x * 1e-4, 7), round(LAT + y * 1e-4, 7)


def square(start: int, x: float, y: float, size: float) -> dict[int, tuple[float, float]]:
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
    return {start + at: place(*corner) for at, corner in enumerate(corners)}


def ring(start: int) -> list[int]:
    return [start, start + 1, start + 2, start + 3, start]


STREET = {1: place(0, 0), 2: place(50, 0), 3: place(100, 0)}
MAIN = {10: ([1, 2, 3], {"highway": "residential", "name": "渭滨路", "name:en": "Weibin Road"})}


def codes(extract) -> set[str]:
    return {notice.code for notice in extract.notices}


def test_streets_points_and_areas(osm_file) -> None:
    extract = read_osm(
        osm_file(
            STREET
            | square(20, 10, 10, 10)
            | {
                5: (*place(30, 5), {"amenity": "pharmacy", "name": "德仁堂", "capacity": "x"}),
                6: (*place(15, 10), {"entrance": "main"}),
                7: (*place(50, 1), {"barrier": "gate", "foot": "no"}),
            },
            MAIN
            | {
                11: (
                    ring(20),
                    {
                        "amenity": "kindergarten",
                        "name": "实验幼儿园",
                        "capacity": "270",
                        "operator:type": "public",
                        "start_date": "2026-09-01",
                    },
                ),
            },
        )
    )
    assert extract.way_name.tolist() == ["渭滨路"]
    assert extract.way_name_en.tolist() == ["Weibin Road"]
    assert extract.node_id.tolist() == [1, 2, 3]
    assert extract.bounds == pytest.approx((LON, LAT, LON + 0.01, LAT), abs=1e-9)
    rows = extract.facilities.set_index("kind")
    assert rows["facility_id"].to_dict() == {"pharmacy": "n5", "kindergarten": "w11"}
    assert rows.geometry["kindergarten"].geom_type == "Polygon"
    assert rows["capacity"]["kindergarten"] == 270
    assert np.isnan(rows["capacity"]["pharmacy"])
    assert rows["opening_year"]["kindergarten"] == 2026
    assert rows["operator_type"]["kindergarten"] == "public"
    assert rows["inclusive"].isna().all()
    assert extract.facilities.crs == "EPSG:4326"
    doors = extract.entrances.set_index("node_id")
    assert doors["type"].to_dict() == {"n6": "entrance", "n7": "gate"}
    assert doors["passable"].to_dict() == {"n6": True, "n7": False}
    assert extract.timestamp == ""


def test_contributors_names_are_nowhere(osm_file) -> None:
    path = osm_file(STREET | {5: (*place(3, 5), {"shop": "supermarket"})}, MAIN)
    extract = read_osm(path)
    told = extract.facilities.to_json() + repr(extract)
    assert "Somebody" in path.read_text(encoding="utf-8")
    assert "Somebody" not in told
    assert json.loads(extract.facilities["tags"].iloc[0]) == {"shop": "supermarket"}


def test_a_point_inside_its_own_area_counts_once(osm_file) -> None:
    """A clinic's node lies inside the clinic's area; a bank of another name does not merge."""
    extract = read_osm(
        osm_file(
            STREET
            | square(20, 10, 10, 10)
            | square(30, 40, 10, 10)
            | {
                5: (*place(15, 15), {"amenity": "clinic", "name": "仁爱诊所"}),
                6: (*place(45, 15), {"amenity": "bank", "name": "甲银行"}),
                7: (*place(46, 15), {"amenity": "atm"}),
            },
            MAIN
            | {
                11: (ring(20), {"amenity": "clinic"}),
                12: (ring(30), {"amenity": "bank", "name": "乙银行"}),
            },
        )
    )
    rows = extract.facilities
    assert sorted(rows["facility_id"]) == ["n6", "w11", "w12"]
    assert rows.set_index("facility_id")["name"]["w11"] == "仁爱诊所"
    [merged] = [notice for notice in extract.notices if notice.code == "facility_mapped_twice"]
    assert merged.count == 2


def test_several_places_in_a_nameless_building_stay_apart(osm_file) -> None:
    extract = read_osm(
        osm_file(
            STREET
            | square(20, 10, 10, 10)
            | {
                5: (*place(15, 15), {"amenity": "clinic", "name": "甲诊所"}),
                6: (*place(16, 15), {"amenity": "clinic", "name": "乙诊所"}),
            },
            MAIN | {11: (ring(20), {"amenity": "clinic"})},
        )
    )
    assert sorted(extract.facilities["facility_id"]) == ["n5", "n6", "w11"]


def test_parks_are_taken_as_areas_only(osm_file) -> None:
    extract = read_osm(osm_file(STREET | {5: (*place(15, 15), {"leisure": "park"})}, MAIN))
    assert extract.facilities.empty
    assert "point_instead_of_area" in codes(extract)


def test_multipolygons_with_holes_and_islands(osm_file) -> None:
    """A park of 40 × 40 with a lake of 20 × 20 and an island of 10 × 10 in it: 1600 - 400 + 100."""
    extract = read_osm(
        osm_file(
            STREET | square(20, 0, 10, 40) | square(30, 10, 20, 20) | square(40, 15, 25, 10),
            MAIN
            | {
                11: ([20, 21, 22], {}),
                12: ([22, 23, 20], {}),
                13: (ring(30), {}),
                14: (ring(40), {}),
            },
            {
                50: (
                    [
                        ("way", 11, "outer"),
                        ("way", 12, "outer"),
                        ("way", 13, "inner"),
                        ("way", 14, "outer"),
                    ],
                    {"type": "multipolygon", "leisure": "park", "name": "人民公园"},
                )
            },
        )
    )
    [park] = extract.facilities.geometry
    assert extract.facilities["facility_id"].tolist() == ["r50"]
    assert park.area * 1e8 == pytest.approx(1300, rel=1e-4)
    assert extract.green["object_id"].tolist() == ["r50"]


def test_pedestrian_areas_are_walked_along_their_outlines(osm_file) -> None:
    extract = read_osm(
        osm_file(
            STREET | square(20, 0, 10, 40) | square(30, 10, 20, 20),
            MAIN | {11: (ring(20), {}), 12: (ring(30), {})},
            {
                50: (
                    [("way", 11, "outer"), ("way", 12, "inner")],
                    {"type": "multipolygon", "highway": "pedestrian", "name": "广场"},
                )
            },
        )
    )
    assert extract.way_id.tolist() == [10, 11, 12]
    assert extract.way_highway.tolist()[1:] == ["pedestrian", "pedestrian"]


def test_homes(osm_file) -> None:
    """A tagged block counts; a plain house only on residential land and on nobody's ground."""
    extract = read_osm(
        osm_file(
            STREET
            | square(20, 0, 10, 40)
            | square(30, 2, 12, 5)
            | square(40, 60, 12, 5)
            | square(50, 80, 12, 5)
            | square(60, 20, 20, 10)
            | square(70, 22, 22, 3),
            MAIN
            | {
                11: (ring(20), {"landuse": "residential", "name": "幸福小区"}),
                12: (ring(30), {"building": "yes", "building:levels": "6"}),
                13: (ring(40), {"building": "yes"}),
                14: (
                    ring(50),
                    {"building": "apartments", "building:levels": "18", "building:flats": "72"},
                ),
                15: (ring(60), {"amenity": "school", "name": "小学"}),
                16: (ring(70), {"building": "yes"}),
            },
        )
    )
    homes = extract.buildings.set_index("building_id")
    assert homes["basis"].to_dict() == {"w14": "tagged", "w12": "land"}
    assert homes["levels"].to_dict() == {"w14": 18, "w12": 6}
    assert homes["flats"]["w14"] == 72
    assert extract.residential["name"].tolist() == ["幸福小区"]


def test_barriers_boundaries_and_transit(osm_file) -> None:
    extract = read_osm(
        osm_file(
            STREET
            | square(20, 0, 10, 40)
            | {5: (*place(9, 1), {"highway": "bus_stop", "name": "站"})},
            MAIN
            | {
                11: ([20, 21], {"railway": "rail", "name": "陇海线"}),
                12: ([21, 22], {"railway": "rail", "bridge": "yes"}),
                13: ([22, 23], {"waterway": "river", "name": "渭河"}),
                14: ([20, 22], {"waterway": "river", "tunnel": "culvert"}),
                15: ([21, 23], {"highway": "motorway"}),
                16: ([23, 20], {"barrier": "fence"}),
                17: (
                    ring(20),
                    {
                        "boundary": "administrative",
                        "admin_level": "10",
                        "name": "社区",
                        "ref": "6103",
                    },
                ),
                18: (ring(20), {"boundary": "administrative", "admin_level": "6"}),
            },
            {
                60: (
                    [("node", 5, "stop"), ("way", 10, "")],
                    {"type": "route", "route": "bus", "ref": "8", "name": "8路"},
                )
            },
        )
    )
    assert sorted(extract.barriers["kind"]) == ["motorway", "railway", "wall", "waterway"]
    types = dict(zip(extract.barriers["kind"], extract.barriers["type"], strict=True))
    assert types == {"motorway": "", "railway": "", "wall": "fence", "waterway": "river"}
    assert extract.boundaries["ref_code"].tolist() == ["6103"]
    assert extract.transit_stops["stop_id"].tolist() == ["n5"]
    [members] = extract.transit_routes["members"]
    assert json.loads(members) == [["n", 5, "stop"], ["w", 10, ""]]


def test_ways_routes_run_on_travel_along(osm_file) -> None:
    """A motorway and a track nobody walks on are read as well; a platform is no way to drive.

    Way 15 has a hole at the missing node 9: two pieces, the leftover single node gives none.
    """
    extract = read_osm(
        osm_file(
            STREET
            | square(20, 0, 10, 40)
            | {
                5: (*place(9, 1), {"highway": "bus_stop", "name": "站"}),
                6: place(9, 2),
                7: (*place(8, 2), {"addr:street": "渭滨路"}),
                8: place(60, 0),
            },
            MAIN
            | {
                11: ([20, 21], {"highway": "motorway"}),
                12: ([21, 22], {"highway": "residential", "oneway": "-1"}),
                13: ([22, 23], {"highway": "residential", "oneway": "yes", "oneway:bus": "no"}),
                14: (ring(20), {"highway": "residential", "junction": "roundabout"}),
                15: ([20, 21, 9, 22, 23], {"railway": "rail", "tunnel": "yes"}),
                16: ([20, 22], {"public_transport": "platform", "name": "台"}),
                17: ([20, 23], {"highway": "residential"}),
            },
            {
                60: (
                    [
                        ("node", 5, "stop"),
                        ("node", 6, "stop"),
                        ("node", 7, "platform_entry_only"),
                        ("node", 8, ""),
                        ("way", 16, "platform"),
                        *(("way", ref, "") for ref in (10, 11, 12, 13, 14, 15, 99)),
                    ],
                    {"type": "route", "route": "bus", "ref": "8"},
                ),
                61: ([("way", 17, "")], {"type": "route", "route": "bicycle"}),
                70: (
                    [("relation", 60, "")],
                    {"type": "route_master", "route_master": "bus", "name": "8路"},
                ),
                71: ([("relation", 60, "")], {"type": "route_master", "route_master": "bus"}),
                72: (
                    [("node", 5, "platform"), ("way", 16, "platform")],
                    {"type": "public_transport", "public_transport": "stop_area"},
                ),
            },
        )
    )
    ways = extract.transit_ways
    assert ways["way_id"].tolist() == [10, 11, 12, 13, 14, 15, 15]
    assert ways["oneway"].tolist() == [0, 1, -1, 0, 1, 0, 0]
    assert ways.crs == "EPSG:4326"
    assert (ways.geometry.geom_type == "LineString").all()
    stops = extract.transit_stops.set_index("stop_id")
    # Node 6 and 7 are stops by their roles alone; node 8 has none and no tag.
    assert sorted(stops.index) == ["n5", "n6", "n7", "w16"]
    assert stops["area_id"].to_dict() == {"n5": "r72", "n6": "", "n7": "", "w16": "r72"}
    [route] = extract.transit_routes.to_dict("records")
    assert (route["relation_id"], route["master_id"]) == (60, 70)
    assert json.loads(route["master_tags"])["name"] == "8路"
    assert 11 not in extract.way_id.tolist()
    assert 15 not in extract.way_id.tolist()


def test_a_file_without_routes_has_no_transit_ways(osm_file) -> None:
    extract = read_osm(osm_file(STREET, MAIN))
    assert list(extract.transit_ways.columns) == ["way_id", "oneway", "geometry"]
    assert len(extract.transit_ways) == 0


def test_of_two_versions_of_a_driven_way_the_last_stays(osm_file) -> None:
    extra = (
        '<way id="11" version="2"><nd ref="1"/><nd ref="3"/><tag k="railway" v="disused"/>'
        '<tag k="oneway" v="yes"/></way>'
    )
    extract = read_osm(
        osm_file(
            STREET,
            MAIN | {11: ([1, 2], {"railway": "disused"})},
            {60: ([("way", 11, "")], {"type": "route", "route": "bus"})},
            extra=extra,
        )
    )
    assert extract.transit_ways["oneway"].tolist() == [1]
    [line] = extract.transit_ways.geometry
    assert line.coords[-1] == pytest.approx(place(100, 0))


def test_progress_rises_to_one(osm_file) -> None:
    told: list[float] = []
    read_osm(osm_file(STREET, MAIN), progress=lambda _, done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_flatten_rows_of_nothing() -> None:
    position, owner = flatten_rows(np.array([0]), np.empty(0, np.int64))
    assert position.size == owner.size == 0


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "relations", "rows"),
    [("monaco-20231226.osm.pbf", 55, 403), ("helsinki-centre-20190421.osm.pbf", 216, 562)],
)
def test_transit_ways_of_real_cities(shared_data, name, relations, rows) -> None:
    """Every member way with two neighbouring nodes in the file travels along; sought again with osmium."""
    import osmium

    path = shared_data / "osm" / name
    extract = read_osm(path)
    assert len(extract.transit_routes) == relations
    wanted = {
        ref
        for text in extract.transit_routes["members"]
        for kind, ref, role in json.loads(text)
        if kind == "w" and not any(word in role for word in ("platform", "stop", "station"))
    }
    nodes = {node.id for node in osmium.FileProcessor(str(path), osmium.osm.NODE)}
    drawn = set()
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        there = [node.ref in nodes for node in way.nodes]
        if way.id in wanted and any(both for both in pairwise(there) if all(both)):
            drawn.add(way.id)
    assert set(extract.transit_ways["way_id"].tolist()) == drawn
    assert len(extract.transit_ways) == rows


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "ways", "nodes", "at_least"),
    [
        (
            "las-palmas-20230221.osm.pbf",
            13_000,
            90_000,
            {"bus_stop": 700, "pharmacy": 80, "kindergarten": 20},
        ),
        ("monaco-20231226.osm.pbf", 2_700, 11_500, {"restaurant": 140, "police": 5}),
        ("porto-roads-20150606.osm.pbf", 48_000, 320_000, {}),
        ("beijing-tsinghua-20170624.osm", 650, 2_000, {"bus_stop": 100, "kindergarten": 1}),
        ("beijing-wangjing-20200824.osm", 230, 1_000, {"restaurant": 30}),
        (
            "nanjing-xinjiekou-20210612.osm",
            360,
            1_500,
            {"hospital": 3, "clinic": 1, "rail_station": 30},
        ),
        ("guixi-county-town-20241118.osm", 160, 1_200, {"government": 2}),
        ("shenzhen-henggang-20191103.osm", 400, 3_400, {"kindergarten": 1}),
        ("shanghai-centre-roads-20250809.osm", 4_300, 20_000, {}),
        ("hsinchu-nctu-20210328.osm.pbf", 1_050, 4_500, {"convenience": 30, "primary_school": 3}),
        ("taichung-tunghai-20250811.osm.gz", 580, 1_900, {"clinic": 8}),
        ("helsinki-centre-20190421.osm.pbf", 2_300, 6_300, {"restaurant": 300}),
        ("porto-alegre-20200812.osm.pbf", 14_500, 39_000, {"bus_stop": 1_000}),
        ("sao-paulo-centre-20200923.osm.pbf", 5_500, 20_000, {}),
    ],
)
def test_real_cities(shared_data, name, ways, nodes, at_least) -> None:
    extract = read_osm(shared_data / "osm" / name)
    assert extract.way_id.size >= ways
    assert extract.node_id.size >= nodes
    assert np.isfinite(extract.node_lonlat).all()
    counts = extract.facilities["kind"].value_counts()
    assert {kind for kind, n in at_least.items() if counts.get(kind, 0) < n} == set()
    assert extract.facilities.geometry.is_valid.all()
    assert extract.buildings.geometry.is_valid.all()
    assert not any(notice.severity == "error" for notice in extract.notices)


@pytest.mark.real
def test_guixi_has_no_shop_and_no_clinic(shared_data) -> None:
    extract = read_osm(shared_data / "osm" / "guixi-county-town-20241118.osm")
    assert {"shop", "clinic", "supermarket", "pharmacy"}.isdisjoint(extract.facilities["kind"])
