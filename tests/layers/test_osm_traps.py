"""Damaged, cut, doubled and mislabelled OSM files: noticed, never fatal; or one clear line."""

import bz2
import gzip
import shutil

import pytest

from layers.errors import UnreadableFile
from layers.notices import has_errors
from layers.osm import read_osm

NODES = {
    1: (107.1, 34.3),
    2: (107.101, 34.3),
    3: (107.102, 34.3),
    4: (107.103, 34.3),
    5: (107.104, 34.3),
}
STREET = {10: ([1, 2, 3, 4, 5], {"highway": "residential", "name": "经一路"})}


def notices(extract) -> dict:
    return {notice.code: notice for notice in extract.notices}


def test_a_way_is_broken_where_a_node_is_missing(osm_file) -> None:
    """1-2-(3)-4-5 without node 3 gives 1-2 and 4-5, both way 10."""
    nodes = {number: place for number, place in NODES.items() if number != 3}
    extract = read_osm(osm_file(nodes, STREET))
    assert extract.way_id.tolist() == [10, 10]
    pieces = [
        extract.node_id[extract.way_nodes[start:end]].tolist()
        for start, end in zip(extract.way_offsets[:-1], extract.way_offsets[1:], strict=True)
    ]
    assert pieces == [[1, 2], [4, 5]]
    assert notices(extract)["missing_way_nodes"].row == "w10"


def test_a_way_with_one_node_left_is_dropped_but_noticed(osm_file) -> None:
    extract = read_osm(
        osm_file({1: NODES[1], 2: NODES[2]}, {10: STREET[10], 11: ([2, 8, 9], {"highway": "path"})})
    )
    assert extract.way_id.tolist() == [10]
    assert notices(extract)["missing_way_nodes"].count == 2


def test_a_relation_cut_at_the_edge_is_used_as_far_as_it_closes(osm_file) -> None:
    nodes = NODES | {
        20: (107.1, 34.301),
        21: (107.101, 34.301),
        22: (107.101, 34.302),
        30: (107.103, 34.301),
        31: (107.104, 34.301),
    }
    extract = read_osm(
        osm_file(
            nodes,
            STREET | {11: ([20, 21, 22, 20], {}), 12: ([30, 31], {})},
            {
                50: (
                    [("way", 11, "outer"), ("way", 12, "outer"), ("way", 99, "outer")],
                    {"type": "multipolygon", "leisure": "park"},
                ),
                51: ([("way", 98, "outer")], {"type": "multipolygon", "leisure": "park"}),
            },
        )
    )
    assert extract.facilities["facility_id"].tolist() == ["r50"]
    notice = notices(extract)["relation_cut"]
    assert notice.count == 2
    assert "1 are used as far as they close, 1 do not close" in notice.message


def test_an_area_with_a_missing_corner_is_used_and_noticed(osm_file) -> None:
    nodes = NODES | {20: (107.1, 34.301), 21: (107.101, 34.301), 22: (107.101, 34.302)}
    extract = read_osm(
        osm_file(nodes, STREET | {11: ([20, 21, 22, 23, 20], {"amenity": "school"})})
    )
    assert extract.facilities.geometry.iloc[0].geom_type == "Polygon"
    assert notices(extract)["area_cut"].row == "w11"


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ('<bounds minlat="0" minlon="0" maxlat="90" maxlon="180"/>', "header_box_wrong"),
        ('<bounds minlat="10" minlon="10" maxlat="10.1" maxlon="10.1"/>', "header_box_wrong"),
        ("", "header_box_missing"),
    ],
)
def test_the_header_box_is_not_believed(osm_file, bounds, code) -> None:
    extract = read_osm(osm_file(NODES, STREET, bounds=bounds))
    assert code in notices(extract)
    assert extract.bounds == pytest.approx((107.1, 34.3, 107.104, 34.3), abs=1e-9)


def test_a_sensible_header_box_is_no_news(osm_file) -> None:
    box = '<bounds minlat="34.295" minlon="107.099" maxlat="34.305" maxlon="107.105"/>'
    extract = read_osm(osm_file(NODES, STREET, bounds=box))
    assert not {"header_box_wrong", "header_box_missing"} & set(notices(extract))
    assert extract.header_box == pytest.approx((107.099, 34.295, 107.105, 34.305))


@pytest.mark.parametrize("later_first", [False, True])
def test_of_two_versions_the_higher_wins_wherever_it_stands(osm_file, later_first) -> None:
    newer = (
        '<way id="10" version="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way>'
    )
    older = '<way id="10" version="2"><nd ref="3"/><nd ref="4"/><tag k="highway" v="steps"/></way>'
    extra = newer + older if later_first else older + newer
    extract = read_osm(osm_file(NODES, STREET, extra=extra))
    assert extract.way_highway.tolist() == ["footway"]
    assert notices(extract)["duplicate_ids"].row == "w10"


def test_without_versions_the_last_wins(osm_file) -> None:
    extra = '<node id="5" lon="107.2" lat="34.4"/><way id="10"><nd ref="4"/><nd ref="5"/><tag k="highway" v="path"/></way>'
    extract = read_osm(osm_file(NODES, STREET, attributes="", extra=extra))
    assert extract.way_highway.tolist() == ["path"]
    assert extract.node_lonlat.tolist() == [
        pytest.approx([107.103, 34.3]),
        pytest.approx([107.2, 34.4]),
    ]
    assert notices(extract)["duplicate_ids"].count == 2


def test_a_later_version_may_take_the_tags_away(osm_file) -> None:
    nodes = NODES | {7: (107.1, 34.3, {"amenity": "pharmacy"})}
    ways = STREET | {11: ([1, 2], {"highway": "path"})}
    extra = (
        '<node id="7" lon="107.1" lat="34.3" version="2"/>'
        '<way id="11" version="2"><nd ref="1"/><nd ref="2"/></way>'
    )
    extract = read_osm(osm_file(nodes, ways, extra=extra))
    assert extract.facilities.empty
    assert extract.way_id.tolist() == [10]


def test_ways_before_nodes(osm_file) -> None:
    path = osm_file(
        {},
        STREET,
        extra="".join(
            f'<node id="{number}" lon="{lon}" lat="{lat}"/>' for number, (lon, lat) in NODES.items()
        ),
    )
    assert read_osm(path).node_id.tolist() == [1, 2, 3, 4, 5]


def test_negative_ids_of_an_editor(osm_file) -> None:
    nodes = {-number: place for number, place in NODES.items()}
    extract = read_osm(osm_file(nodes, {-10: ([-1, -2, -3], {"highway": "path"})}))
    assert extract.way_id.tolist() == [-10]
    assert sorted(extract.node_id.tolist()) == [-3, -2, -1]


def test_a_comment_before_the_root_and_no_versions(osm_file) -> None:
    extract = read_osm(osm_file(NODES, STREET, before="<!-- by <osm> & co -->\n", attributes=""))
    assert extract.way_id.tolist() == [10]


def test_overpass_says_when(osm_file) -> None:
    extra = '<meta osm_base="2025-08-11T11:31:15Z"/>'
    extract = read_osm(osm_file(NODES, STREET, bounds=extra))
    assert extract.timestamp == "2025-08-11T11:31:15Z"


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_packed_files(osm_file, tmp_path, suffix, pack) -> None:
    plain = osm_file(NODES, STREET)
    packed = tmp_path / f"town.osm{suffix}"
    packed.write_bytes(pack(plain.read_bytes()))
    assert read_osm(packed).node_id.tolist() == read_osm(plain).node_id.tolist()


def test_the_content_counts_not_the_name(osm_file, tmp_path) -> None:
    path = shutil.copy(osm_file(NODES, STREET), tmp_path / "town.osm.pbf")
    assert read_osm(path).way_id.tolist() == [10]


def test_an_empty_file_is_read_with_an_error_notice(osm_file) -> None:
    extract = read_osm(osm_file())
    assert has_errors(extract.notices)
    assert "empty_osm" in notices(extract)
    assert extract.facilities.empty


def test_places_without_streets(osm_file) -> None:
    extract = read_osm(osm_file({1: (107.1, 34.3, {"shop": "supermarket"})}))
    assert notices(extract)["no_streets"].severity == "error"
    assert len(extract.facilities) == 2


def test_unknown_highway_values_are_noticed(osm_file) -> None:
    extract = read_osm(osm_file(NODES, STREET | {11: ([1, 2], {"highway": "flying_carpet"})}))
    assert "flying_carpet (1)" in notices(extract)["unknown_highway"].message


def test_a_long_road_tunnel_is_left_out(osm_file) -> None:
    """5 nodes 0.001° apart at 34.3° N are 4 x 92 m = 367 m: over the 300 m of a plain tunnel."""
    tags = {"highway": "primary", "tunnel": "yes"}
    extract = read_osm(osm_file(NODES, {10: ([1, 2, 3, 4, 5], tags), 11: ([1, 2], tags)}))
    assert extract.way_id.tolist() == [11]
    assert notices(extract)["long_road_tunnel"].row == "w10"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.osm.pbf", b"just some text, no map", "not an OSM file"),
        ("a.osm", b"<html><body>404</body></html>", "root element <html>"),
        ("a.osm", b"", "0 bytes"),
        ("a.osm.gz", gzip.compress(b"hello", mtime=0), "not an OSM file"),
        ("a.osm.gz", gzip.compress(b"<osm version='0.6'>" * 500, mtime=0)[:40], "damaged|cut off"),
        ("a.osm", b'<osm version="0.6"><node id="1" lon="1" lat="1"/>', "damaged or cut off"),
        ("a.osm", b'<osm version="0.6"><node id="x"/></osm>', "damaged or cut off"),
    ],
)
def test_files_that_are_no_osm_files(tmp_path, name, content, message) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=message) as caught:
        read_osm(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder(tmp_path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        read_osm(tmp_path / "none.osm.pbf")
    with pytest.raises(UnreadableFile, match="folder"):
        read_osm(tmp_path)


@pytest.mark.real
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_pbf(shared_data, tmp_path, share) -> None:
    whole = (shared_data / "osm" / "monaco-20231226.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableFile, match="damaged or cut off") as caught:
        read_osm(path)
    assert "\n" not in str(caught.value)
