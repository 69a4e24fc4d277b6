"""Feeds on disk: what is opened, and what is refused with which words."""

import struct
import zipfile
from pathlib import Path

import pytest

from layers.errors import InvalidLayer
from layers.limits import DEFAULT_LIMITS, Limits
from layers.transit.feeds import open_feed
from layers.transit.gtfs import read_gtfs
from layers.transit.settings import TransitSettings


def refuse(path: Path, limits: Limits = DEFAULT_LIMITS):
    with pytest.raises(InvalidLayer) as caught:
        read_gtfs([path], TransitSettings(), limits=limits)
    errors = [n for n in caught.value.notices if n.severity == "error"]
    assert all(n.message and n.message_zh for n in errors)
    return errors


def test_a_zip_and_a_folder_say_the_same(write_feed):
    zipped = read_gtfs([write_feed()], TransitSettings())
    folder = read_gtfs([write_feed(name="town", folder=True)], TransitSettings())
    assert folder.name == "town"
    assert folder.trip_id == zipped.trip_id == ("t1", "t2")
    assert folder.calls.arrival_s.tolist() == zipped.calls.arrival_s.tolist()
    assert folder.stops.equals(zipped.stops)


@pytest.mark.parametrize("folder", [False, True])
def test_a_feed_in_a_subfolder(write_feed, folder):
    path = write_feed(inside="export/2023/", name="deep.feed", folder=folder)
    assert len(read_gtfs([path], TransitSettings()).trip_id) == 2


def test_what_computers_leave_behind_is_not_a_feed(write_feed):
    path = write_feed()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._stop_times.txt", b"\x00\x05rubbish")
        archive.writestr("__MACOSX/stop_times.txt", b"\x00\x05rubbish")
        archive.writestr("licence.pdf", b"%PDF")
    assert len(read_gtfs([path], TransitSettings()).trip_id) == 2


def test_names_in_capitals(write_feed):
    path = write_feed()
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name.upper(), raw)
    assert len(read_gtfs([path], TransitSettings()).trip_id) == 2


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times"])
def test_a_missing_table_is_named(write_feed, table):
    (error,) = refuse(write_feed({table: None}))
    assert error.code == "missing_table"
    assert error.layer == "town.zip"
    assert f"{table}.txt" in error.message
    assert f"{table}.txt" in error.message_zh


def test_no_calendar_of_either_kind(write_feed):
    (error,) = refuse(write_feed({"calendar": None}))
    assert "calendar.txt or calendar_dates.txt" in error.message


def test_all_missing_tables_of_all_feeds_are_named_at_once(write_feed):
    first = write_feed({"stops": None, "trips": None}, name="one.zip")
    second = write_feed({"routes": None}, name="two.zip")
    with pytest.raises(InvalidLayer) as caught:
        read_gtfs([first, second], TransitSettings())
    found = {(n.layer, n.expected) for n in caught.value.notices if n.severity == "error"}
    assert found == {("one.zip", "stops.txt"), ("one.zip", "trips.txt"), ("two.zip", "routes.txt")}


def test_missing_and_empty_and_other_files(tmp_path):
    assert refuse(tmp_path / "nowhere.zip")[0].code == "missing_feed"
    empty = tmp_path / "empty.zip"
    empty.touch()
    assert refuse(empty)[0].code == "empty_feed"
    text = tmp_path / "page.zip"
    text.write_text("<html>not found</html>")
    assert refuse(text)[0].code == "not_a_zip"
    hollow = tmp_path / "hollow.zip"
    with zipfile.ZipFile(hollow, "w"):
        pass
    assert {n.code for n in refuse(hollow)} == {"missing_table"}
    folder = tmp_path / "folder"
    folder.mkdir()
    assert {n.code for n in refuse(folder)} == {"missing_table"}


def test_a_zip_cut_off(write_feed):
    path = write_feed()
    path.write_bytes(path.read_bytes()[:-200])
    assert refuse(path)[0].code == "not_a_zip"


@pytest.mark.parametrize(
    ("at", "wrong"),
    [(6, b"\xff\x00"), (28, b"\x00\x00")],
    ids=["version", "name without letters"],
)
def test_a_zip_damaged_in_its_list(write_feed, at, wrong):
    """The list of entries at its end: what it says of the first one makes no sense."""
    path = write_feed()
    raw = bytearray(path.read_bytes())
    place = raw.find(b"PK\x01\x02") + at
    raw[place : place + 2] = wrong
    path.write_bytes(bytes(raw))
    (error,) = refuse(path)
    assert error.code == "not_a_zip"


def test_a_zip_damaged_inside(write_feed):
    path = write_feed()
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("stop_times.txt")
    name, extra = struct.unpack_from("<HH", raw, entry.header_offset + 26)
    start = entry.header_offset + 30 + name + extra
    for place in range(start, start + entry.compress_size):
        raw[place] ^= 0x5A
    path.write_bytes(bytes(raw))
    errors = refuse(path)
    assert errors[0].code == "damaged_feed"
    assert errors[0].layer == "town.zip/stop_times.txt"


def test_a_password(write_feed):
    path = write_feed()
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(mark)
        while place >= 0:
            raw[place + offset] |= 1
            place = raw.find(mark, place + 4)
    path.write_bytes(bytes(raw))
    assert refuse(path)[0].code == "encrypted_feed"


def test_zips_in_a_zip(write_feed, tmp_path):
    inner = write_feed()
    outer = tmp_path / "outer.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(inner, "bus.zip")
        archive.write(inner, "rail.zip")
    (error,) = refuse(outer)
    assert error.code == "zips_in_zip"
    assert "bus.zip, rail.zip" in error.message


def test_two_feeds_in_one_zip(write_feed):
    path = write_feed(inside="bus/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("rail/stop_times.txt", b"trip_id\n")
    (error,) = refuse(path)
    assert error.code == "several_feeds"
    assert "bus, rail" in error.message


def test_a_zip_that_swells(write_feed):
    """Two million equal lines: some kilobytes as a zip, 12 MiB unpacked, over five times 1 MiB."""
    path = write_feed({"shapes": b"a,b,c\n" * 2_000_000})
    assert path.stat().st_size < 2**20
    (error,) = refuse(path, Limits(max_file_mb=1))
    assert error.code == "feed_too_large"
    assert "max_file_mb" in error.message
    assert open_feed(path, limits=DEFAULT_LIMITS).tables["shapes"]()[:6] == b"a,b,c\n"


def test_a_file_over_the_limit(tmp_path):
    path = tmp_path / "huge.zip"
    path.write_bytes(b"0" * (2**20 + 1))
    assert refuse(path, Limits(max_file_mb=1))[0].code == "feed_too_large"


def test_a_folder_over_the_limit(write_feed):
    path = write_feed({"shapes": b"a,b,c\n" * 1_000_000}, name="town", folder=True)
    assert refuse(path, Limits(max_file_mb=1))[0].code == "feed_too_large"
