"""Bad inputs and bad places: one clear line, an exit code, earlier results untouched.

Every case goes through the real command, into a folder that holds an earlier run.
"""

import gzip
import html.parser
import itertools
import json
import os
import shutil
import signal
from pathlib import Path

import openpyxl
import pyogrio
import pytest
from fastapi.testclient import TestClient

from layers.store import read_run
from services.api.app import create_app
from services.settings import ServiceSettings

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
        (gzip.compress(b"<osm version='0.6'></osm>", mtime=0)[:-12], "city.osm.gz", "city.osm.gz"),
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


def test_streets_and_nothing_else(lifecircle, small_city, tmp_path):
    """No facility, no home, no table: every kind is unknown, nothing fails, pages are drawn."""
    small_city.places, small_city.areas = [], []
    small_city.write()
    osm = small_city.folder / "city.osm"
    outcome = lifecircle.run("run", "--osm", osm, "--out", tmp_path / "run", "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert answer["counts"]["access"] == 0
    assert {one["15"]["status"] for one in answer["summary"].values()} == {"unknown"}
    with TestClient(create_app(ServiceSettings(run=tmp_path / "run"))) as client:
        assert client.get("/v1/coverage", params={"kind": "pharmacy"}).status_code == 200
        assert client.get("/", headers={"accept": "text/html"}).status_code == 200


# ---- tables --------------------------------------------------------------------------------------


def name_twice(city):
    city.communities[1]["code"] = city.communities[0]["code"]


def take_below_zero(city):
    city.communities[0]["households"] = -5


def write_words(city):
    city.communities[0]["households"] = "很多"


def go_beyond_numbers(city):
    city.communities[0]["households"] = "1e400"


def count_the_stars(city):
    city.communities[0]["households"] = 1e308


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
        (count_the_stars, ("communities.geojson", "'1e+308'", "at most 100,000,000")),
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
    listed = json.loads(lifecircle.run("check", small_city.path, "--json").out)["notices"]
    n_errors = sum(one["severity"] == "error" for one in listed)
    assert f"{n_errors} errors, " in outcome.err
    assert f"(and {n_errors - 1} more errors)" in outcome.error
    for word in ("飞船码头", "-5", "610302001"):
        assert word in outcome.err
    quiet = lifecircle.run("check", small_city.path, "--quiet")
    assert quiet.err == f"error: {outcome.error}\n"


def cross_itself(city):
    ring = city.communities[0]["ring"]
    ring[1], ring[2] = ring[2], ring[1]


def forget_households(city):
    city.communities[0]["households"] = None
    city.homes[0]["households"] = ""


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


def test_out_is_a_link_to_a_run(lifecircle, valid, earlier, digest_folder, tmp_path):
    """The run it points to is replaced, the link stays."""
    link = tmp_path / "current"
    link.symlink_to(earlier)
    before = digest_folder(earlier)
    assert lifecircle.run("run", valid, "--out", link, "--quiet").code == 0
    assert link.is_symlink()
    assert digest_folder(earlier) != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["city", "current", "run"]


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


# ---- runs that do not end ------------------------------------------------------------------------

STAGES = (
    "services.pipeline.build_city",
    "services.pipeline.measure_city",
    "services.pipeline.write_run",
    "services.pipeline.write_geopackage",
    "services.pipeline.write_reports",
    "services.pipeline.write_manifest",
    "services.pipeline.write_maps",
)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_killed_in_any_stage_the_earlier_run_is_still_served(
    lifecircle, valid, earlier, digest_folder
):
    """SIGKILL leaves a run aside; the earlier one is read and served, the next run tidies up."""
    before = digest_folder(earlier)
    for stage in STAGES:
        outcome = lifecircle.run("run", valid, "--out", earlier, tricks={stage: "kill"})
        assert outcome.code == -9
        assert digest_folder(earlier) == before, stage
    assert {".run.writing", "run"} < set(list_names(earlier.parent))
    assert read_run(earlier).manifest["name"] == "小城"
    with TestClient(create_app(ServiceSettings(run=earlier))) as client:
        answer = client.get("/v1/coverage", params={"kind": "pharmacy"})
        assert answer.status_code == 200
        assert "610302001" in answer.text
    assert lifecircle.run("run", valid, "--out", earlier, "--quiet").code == 0
    assert list_names(earlier.parent) == ["city", "run"]
    assert digest_folder(earlier) != before


def test_killed_the_moment_after_the_swap(lifecircle, valid, earlier):
    """The new run is in place, the old one lies aside: the new one counts, the next tidies up."""
    before = (earlier / "manifest.json").read_bytes()
    outcome = lifecircle.run("run", valid, "--out", earlier, tricks={"layers.store._swap": "kill"})
    assert outcome.code == -9
    assert (earlier / "manifest.json").read_bytes() != before
    assert read_run(earlier).manifest["name"] == "小城"


@pytest.mark.parametrize(
    ("what", "code", "says"),
    [
        ("interrupt", 130, "error: interrupted; earlier results are untouched\n"),
        ("terminate", 143, ""),
    ],
)
@pytest.mark.parametrize("stage", ["services.pipeline.build_city", "services.pipeline.write_run"])
def test_stopped_by_hand_nothing_is_left(
    lifecircle, valid, earlier, digest_folder, what, code, says, stage
):
    before = digest_folder(earlier)
    outcome = lifecircle.run("run", valid, "--out", earlier, tricks={stage: what})
    assert (outcome.code, outcome.out, outcome.err) == (code, "", says)
    assert digest_folder(earlier) == before
    assert list_names(earlier.parent) == ["city", "run"]


@pytest.mark.parametrize(
    ("stage", "most"),
    [
        ("services.pipeline.measure_city", 3000),
        ("services.pipeline.write_run", 60_000),
        ("services.pipeline.write_geopackage", 9000),
        ("services.pipeline.write_manifest", 150_000),
    ],
)
def test_the_disk_takes_no_more(refuse, valid, earlier, stage, most):
    """From some stage on no file may grow beyond `most` bytes: tables, GeoPackage, report, maps."""
    line = refuse("run", valid, "--out", earlier, tricks={stage: f"limit{most}"})
    assert f"{earlier} could not be written" in line


@pytest.mark.parametrize("stage", ["layers.store.write_table", "services.pipeline.write_reports"])
def test_the_disk_is_full(refuse, valid, earlier, stage):
    line = refuse("run", valid, "--out", earlier, tricks={stage: "full"})
    assert line == (
        f"the disk is full, {earlier} could not be written: free some space and run again; "
        "earlier results are untouched"
    )


def test_a_full_disk_into_a_new_folder(refuse, valid, tmp_path):
    out = tmp_path / "new" / "run"
    refuse("run", valid, "--out", out, tricks={"services.pipeline.write_run": "full"})
    assert not out.parent.exists()


def test_two_runs_into_one_folder(lifecircle, refuse, valid, earlier):
    """The second is refused at once; the first ends well."""
    first = lifecircle.start(
        "run", valid, "--out", earlier, tricks={"services.pipeline.build_city": "hang"}
    )
    first.wait_for("hanging")
    line = refuse("run", valid, "--out", earlier)
    assert "another run is writing" in line
    assert first.signal(signal.SIGINT).end().code == 130
    assert list_names(earlier.parent) == ["city", "run"]


# ---- names ---------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "${alert(1)}{{7*7}}`",
    "</script><img src=x onerror=alert(1)>",
    "+1-1\"'&<b>",
)


@pytest.fixture(scope="module")
def hostile(lifecircle, make_city, tmp_path_factory):
    """A run of a city whose every name is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    city = make_city(folder / "city")
    names = itertools.cycle(HOSTILE)
    city.places = [(x, y, {**tags, "name": next(names)}) for x, y, tags in city.places]
    city.areas = [(ring, {**tags, "name": next(names)}) for ring, tags in city.areas]
    for one in (*city.communities, *city.homes, *city.facilities):
        one["name"] = next(names)
    for one in city.communities:
        one |= {"district": HOSTILE[3], "subdistrict": HOSTILE[1]}
    path = city.write()
    text = path.read_text("utf-8").replace('"小城"', json.dumps(HOSTILE[3]))
    path.write_text(text, encoding="utf-8")
    outcome = lifecircle.run("run", path, "--out", folder / "run")
    assert outcome.code == 0, outcome.err
    return folder / "run"


class Scripts(html.parser.HTMLParser):
    """Whatever in a page would run or load: scripts' texts, handlers, addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self._inside = False


def test_hostile_names_are_text_on_every_page(hostile):
    pages = [hostile / "report.html", *sorted((hostile / "maps").glob("*.html"))]
    assert len(pages) > 40
    for page in pages:
        read = Scripts(page.read_text("utf-8"))
        handlers = [
            (page.name, tag, name) for tag, found in read.tags for name in found if name[:2] == "on"
        ]
        assert not handlers
        assert not [found for tag, found in read.tags if tag == "img" and found.get("src") == "x"]
        assert "alert(1)" not in [script.strip() for script in read.scripts]
    report = (hostile / "report.html").read_text("utf-8")
    assert "<script" not in report
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in report


def test_hostile_names_are_text_in_the_workbook(hostile):
    """Read back: no formula, no link, and the names as they were written."""
    book = openpyxl.load_workbook(hostile / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    names = set(read_run(hostile).communities["name"])
    assert names <= texts
    assert HOSTILE[1] in texts


def test_hostile_names_are_kept_as_they_are_in_tables(hostile):
    run = read_run(hostile)
    assert run.manifest["name"] == HOSTILE[3]
    assert set(run.communities["name"]) < set(HOSTILE)
    for name in ("communities", "facilities", "demand"):
        layer = pyogrio.read_dataframe(hostile / "lifecircle.gpkg", layer=name)
        assert sorted(layer["name"]) == sorted(getattr(run, name)["name"])


def test_hostile_names_are_text_in_the_service(hostile):
    run = read_run(hostile)
    with TestClient(create_app(ServiceSettings(run=hostile))) as client:
        page = client.get("/", headers={"accept": "text/html"})
        assert page.status_code == 200
        read = Scripts(page.text)
        assert not [found for tag, found in read.tags if tag == "img" and found.get("src") == "x"]
        assert not [name for _, found in read.tags for name in found if name.startswith("on")]
        served = client.get("/maps/pharmacy", headers={"accept": "text/html"})
        assert not [
            found
            for tag, found in Scripts(served.text).tags
            if tag == "img" and found.get("src") == "x"
        ]
        items = client.get("/collections/communities/items").json()["features"]
        assert {one["properties"]["name"] for one in items} == set(run.communities["name"])
        refused = client.get("/maps/<script>alert(1)", headers={"accept": "text/html"})
        assert refused.status_code == 404
        assert "<script>alert" not in refused.text


def test_names_cannot_draw_on_the_terminal(lifecircle, small_city):
    """Escape codes in a name do not reach the terminal, markup is not obeyed."""
    small_city.facilities[0]["kind"] = "\x1b[2J[bold]诊所\x07\u2028[/bold]"
    outcome = lifecircle.run("check", small_city.write())
    assert outcome.code == 1
    assert "\x1b" not in outcome.err
    assert "\x07" not in outcome.err
    assert "[bold]诊所" in outcome.error
