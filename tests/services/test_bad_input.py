"""Bad inputs and bad places: one clear line, an exit code, earlier results untouched.

Every case goes through the real command, into a folder that holds an earlier run.
"""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from layers.store import read_run

NO_PLACE = "/proc/lifecircle/run"  # not even root can make a folder there


@pytest.fixture
def earlier(finished: Path, tmp_path: Path) -> Path:
    """A folder with an earlier run, to be found as it was."""
    shutil.copytree(finished, tmp_path / "run", copy_function=os.link)
    return tmp_path / "run"


@pytest.fixture
def refuse(lifecircle, earlier, digest_folder):
    """Runs a command that must fail: returns its one line, once nothing has changed."""

    def refuse_(*argv, code=1, **order) -> str:
        before, beside = digest_folder(earlier), sorted(earlier.parent.iterdir())
        outcome = lifecircle.run(*argv, **order)
        assert outcome.code == code, outcome.err
        assert not outcome.out
        assert digest_folder(earlier) == before
        assert sorted(earlier.parent.iterdir()) == beside
        return outcome.error

    return refuse_


def spoil_osm(city, content: bytes, name: str = "city.osm") -> None:
    city.osm_name = name
    city.write()
    (city.folder / name).write_bytes(content)


# ---- OSM files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "city.osm", "empty (0 bytes)"),
        (b"", "city.osm.pbf", "empty (0 bytes)"),
        (b"name,lon,lat\n1,2,3\n", "city.osm", "not an OSM file"),
        (b"%PDF-1.7 not a map at all" * 50, "city.osm.pbf", "not an OSM file"),
        (b"<html><body>404 Not Found</body></html>", "city.osm", "not an OSM file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2000), "city.osm.bz2", "city.osm.bz2"),
        (gzip.compress(b"<osm version='0.6'></osm>")[:-12], "city.osm.gz", "city.osm.gz"),
        (b'<?xml version="1.0"?><osm version="0.6"></osm>', "city.osm", "no street"),
        (b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="1', "city.osm", "cut off"),
    ],
)
def test_osm_files_that_are_none(refuse, small_city, earlier, content, name, says):
    spoil_osm(small_city, content, name)
    line = refuse("run", small_city.path, "--out", earlier)
    assert says in line
    assert name in line


def test_a_truncated_pbf(refuse, shared_data, tmp_path, earlier):
    whole = (shared_data / "osm" / "monaco-20231226.osm.pbf").read_bytes()
    cut = tmp_path / "monaco.osm.pbf"
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    line = refuse("run", "--osm", cut, "--out", earlier)
    assert "monaco.osm.pbf" in line
    assert "cut off" in line


def test_an_osm_file_without_streets(refuse, small_city, earlier):
    """Roads for cars alone: there is nothing to walk on, and that is said."""
    small_city.write()
    path = small_city.folder / "city.osm"
    path.write_text(path.read_text("utf-8").replace("residential", "motorway"), encoding="utf-8")
    assert "walk" in refuse("run", small_city.path, "--out", earlier)


# ---- tables --------------------------------------------------------------------------------------


def name_twice(city):
    city.communities[1]["code"] = city.communities[0]["code"]


def take_below_zero(city):
    city.communities[0]["households"] = -5


def write_words(city):
    city.communities[0]["households"] = "很多"


def go_beyond_numbers(city):
    city.communities[0]["households"] = "1e400"


def leave_no_community(city):
    city.communities = []


def move_away(city):
    for one in city.communities:
        one["ring"] = [[lon + 3, lat] for lon, lat in one["ring"]]


def swap_axes(city):
    for one in city.communities:
        one["ring"] = [[lat, lon] for lon, lat in one["ring"]]


def write_metres(city):
    for one in city.communities:
        one["ring"] = [[lon * 1e5, lat * 1e5] for lon, lat in one["ring"]]


def invent_kind(city):
    city.facilities[1]["kind"] = "飞船码头"


def place_home_nowhere(city):
    city.homes[0]["x"] = 9e9


def sell_households(city):
    city.homes[2]["households"] = -100


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (name_twice, ("communities.geojson", "610302001")),
        (take_below_zero, ("communities.geojson", "-5")),
        (write_words, ("communities.geojson", "很多")),
        (go_beyond_numbers, ("communities.geojson", "'inf'")),
        (leave_no_community, ("communities.geojson", "no row")),
        (move_away, ("communit", "extract")),
        (swap_axes, ("communities.geojson", "swap")),
        (write_metres, ("communities.geojson", "crs")),
        (invent_kind, ("facilities.csv:3", "飞船码头")),
        (place_home_nowhere, ("homes.csv:2",)),
        (sell_households, ("homes.csv:4", "-100")),
    ],
)
def test_tables_that_cannot_be_used(refuse, small_city, earlier, spoil, says):
    spoil(small_city)
    line = refuse("run", small_city.write(), "--out", earlier)
    assert all(word in line for word in says), line
    assert refuse("check", small_city.path) == line


def test_a_table_without_its_columns(refuse, small_city, earlier):
    small_city.write()
    (small_city.folder / "facilities.csv").write_text("名称,备注\n药店,好\n", encoding="utf-8")
    assert "facilities.csv" in refuse("run", small_city.path, "--out", earlier)


def test_all_errors_are_listed_and_counted(lifecircle, small_city):
    invent_kind(small_city)
    take_below_zero(small_city)
    name_twice(small_city)
    outcome = lifecircle.run("check", small_city.write())
    assert outcome.code == 1
    assert "more errors)" in outcome.error
    for word in ("飞船码头", "-5", "610302001"):
        assert word in outcome.err
    quiet = lifecircle.run("check", small_city.path, "--quiet")
    assert quiet.err == f"error: {outcome.error}\n"


def cross_itself(city):
    ring = city.communities[0]["ring"]
    ring[1], ring[2] = ring[2], ring[1]


def forget_households(city):
    city.communities[0]["households"] = None


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(cross_itself, "shape_repaired"), (forget_households, "missing_households")],
)
def test_what_can_be_mended_is_said_and_done(lifecircle, small_city, spoil, code):
    """A polygon that crosses itself is mended, a missing number stays unknown; both are noticed."""
    spoil(small_city)
    outcome = lifecircle.run("check", small_city.write())
    assert outcome.code == 0, outcome.err
    assert f"warning {code} [communities" in outcome.err
    assert "communities.geojson" in outcome.err or "610302001" in outcome.err


# ---- city.toml -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[city\nname = "x"', "TOML"),
        ('[city]\nname = "x"\n', "osm"),
        ('[sources]\nosm = "city.osm"\ncomunities = 5\n', "line 3"),
        ('[sources]\nosm = "nowhere.osm"\n', "nowhere.osm"),
        ('[sources]\nosm = "city.osm"\n[settings]\nadult_m_s = 0\n', "adult_m_s"),
        ('[sources]\nosm = "city.osm"\n[settings]\nmax_leg_m = 1e300\n', "max_leg_m"),
        ('[sources]\nosm = "city.osm"\n[settings]\nlimits_min = []\n', "limits_min"),
        ('[sources]\nosm = "city.osm"\ncommunities = { cells_m = 1e-9 }\n', "cells_m"),
        ('[sources]\nosm = "city.osm"\ndemand = { path = "homes.csv", crs = "mars" }\n', "mars"),
        ('[city]\npacks = ["of-nowhere"]\n[sources]\nosm = "city.osm"\n', "of-nowhere"),
        ('[sources]\nosm = "city.osm"\n[limits]\nmax_rows = 1\n', "max_rows"),
    ],
)
def test_a_city_toml_that_says_something_impossible(refuse, small_city, earlier, text, says):
    path = small_city.write()
    if "max_rows" in text:
        text = text.replace(
            'osm = "city.osm"', 'osm = "city.osm"\ncommunities = "communities.geojson"'
        )
    path.write_text(text, encoding="utf-8")
    line = refuse("run", path, "--out", earlier)
    assert says in line


def test_a_city_toml_in_another_encoding(refuse, small_city, earlier):
    small_city.write().write_bytes('[city]\nname = "宝鸡"\n'.encode("gbk"))
    assert "UTF-8" in refuse("run", small_city.path, "--out", earlier)


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_city_toml_that_is_none(refuse, small_city, earlier, path):
    small_city.write()
    assert "city.toml" in refuse("check", path, cwd=small_city.folder)


def test_a_file_name_that_is_no_text(refuse, small_city, earlier):
    """An archive from an old Chinese system, unpacked as it came: the name is GBK bytes."""
    small_city.write()
    name = os.fsdecode("城市.osm".encode("gbk"))
    (small_city.folder / "city.osm").rename(small_city.folder / name)
    line = refuse("run", "--osm", small_city.folder / name, "--out", earlier)
    assert "UTF-8" in line


# ---- places --------------------------------------------------------------------------------------


@pytest.fixture
def valid(small_city):
    return small_city.write()


def test_out_is_a_file(refuse, valid, tmp_path):
    place = tmp_path / "taken"
    place.write_text("a file")
    assert str(place) in refuse("run", valid, "--out", place)
    assert str(place / "run") in refuse("run", valid, "--out", place / "run")
    assert place.read_text() == "a file"


def test_out_cannot_be_written(refuse, valid):
    line = refuse("run", valid, "--out", NO_PLACE)
    assert NO_PLACE in line
    assert "another --out" in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_out_in_a_read_only_folder(refuse, valid, tmp_path):
    place = tmp_path / "locked"
    place.mkdir(mode=0o555)
    assert "ermission" in refuse("run", valid, "--out", place / "run")


@pytest.mark.parametrize("out", [".", "..", "/", "../run/../.."])
def test_out_is_where_one_stands(refuse, valid, earlier, out):
    """A run replaces its folder whole: the folder one is in must not vanish under one's feet."""
    assert "folder you are in" in refuse("run", valid, "--out", out, cwd=earlier)


def test_out_holds_its_own_input(refuse, valid, earlier):
    """An earlier run with an input in it would take the input along when replaced."""
    shutil.copy(valid.parent / "city.osm", earlier)
    line = refuse("run", "--osm", earlier / "city.osm", "--out", earlier)
    assert "holds the input city.osm" in line


def test_out_inside_the_folder_of_the_inputs(lifecircle, valid):
    assert lifecircle.run("run", valid, "--out", valid.parent / "run", "--quiet").code == 0
    assert read_run(valid.parent / "run").manifest["name"] == "小城"
    assert (valid.parent / "city.osm").exists()


def test_out_holds_other_things(refuse, valid, tmp_path):
    place = tmp_path / "documents"
    place.mkdir()
    (place / "thesis.docx").write_text("years of work")
    assert "no run" in refuse("run", valid, "--out", place)
    assert "holds the input" in refuse("run", valid, "--out", valid.parent)
    assert [path.name for path in place.iterdir()] == ["thesis.docx"]


def test_folders_made_for_nothing_are_removed(refuse, small_city, tmp_path):
    spoil_osm(small_city, b"no map")
    refuse("run", small_city.path, "--out", tmp_path / "a" / "b" / "run")
    assert not (tmp_path / "a").exists()


def test_the_sample_city_overwrites_no_other(refuse, valid):
    line = refuse("demo", "--out", valid.parent, "--no-serve")
    assert "not the sample city's" in line
    assert "小城" in valid.read_text("utf-8")
    assert NO_PLACE in refuse("demo", "--out", NO_PLACE, "--no-serve")
