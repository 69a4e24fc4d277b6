"""`lifecircle transit show` and `export` on a small run whose buses are known."""

import json
import shutil
import zipfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.timetable import build_timetable
from layers.results import LINES
from layers.store import FORMAT, MANIFEST, read_run, write_transit
from layers.transit.model import Transit
from services.transit_facts import export_gtfs, read_transit_facts, sort_lines

HOSTILE = '<b>\x1b[31m=HYPERLINK("http://evil")[/]</b>'
ASSUMED = {
    "code": "headway_default",
    "count": 2,
    "zh": "2 条线路未标注发车间隔",
    "en": "2 routes do not say how often they run",
}
MEASURED = {
    "status": "measured",
    "reason": {"zh": "", "en": ""},
    "source": "osm",
    "day": "2025-06-04",
    "depart_from": "07:30",
    "depart_to": "08:30",
    "percentile": 50.0,
    "feeds": ["city.osm.pbf"],
    "stops": 3,
    "stops_served": 2,
    "lines": 3,
    "trips": 14,
    "trips_in_window": 6,
    "mean_headway_min": 10.0,
    "households_near": 2100.0,
    "households": 3000.0,
    "near_share": 0.7,
    "near_basis": "households",
    "near_min": 5.0,
    "stops_connected_share": 1.0,
    "settings": {"walk_min": 15.0},
    "assumptions": [ASSUMED],
}
UNKNOWN = {
    **dict.fromkeys(MEASURED),
    "status": "unknown",
    "reason": {
        "zh": "没有时刻表：没有GTFS",
        "en": "no timetable: no GTFS feed, no route relations",
    },
    "feeds": [],
    "settings": {"walk_min": 15.0},
    "assumptions": [],
}


@dataclass(frozen=True)
class Folder:
    """A run folder, and what its manifest says of public transport."""

    path: Path

    def tell(self, **facts) -> "Folder":
        manifest = json.loads((self.path / MANIFEST).read_text("utf-8"))
        manifest["transit"] = {**MEASURED, **facts}
        (self.path / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
        return self

    def rename(self, *names: str) -> "Folder":
        """Give the lines these numbers, and the last one a hostile name."""
        transit = read_run(self.path).transit
        assert transit
        lines = transit.lines.assign(ref=pd.array(names, dtype="str"))
        lines.loc[len(lines) - 1, "name"] = HOSTILE
        write_transit(replace(transit, lines=lines), self.path)
        return self


def build_buses(paper) -> Transit:
    """Lines 10, 2 and one that never runs; three stops, two of them served."""
    places = [shapely.Point(*paper.lonlat(x, 10)) for x in (10, 700, 790)]
    start = np.repeat(np.arange(7 * 3600, 9 * 3600, 600), 2) + np.tile([0, 600], 12)
    trips = np.repeat(np.arange(12), 2)
    return Transit(
        source="osm",
        day=date(2025, 6, 4),
        stops=gpd.GeoDataFrame(
            {
                "stop_id": ["a", "b", "c"],
                "name": ["东站", "西站", "末站"],
                "station_id": "",
                "modes": "bus",
                "lines": "10,2",
                "departures": [6, 6, 0],
                "connected": True,
                "timetable_source": "osm",
            },
            geometry=places,
            crs="EPSG:4326",
        ),
        lines=gpd.GeoDataFrame(
            {
                "line_id": ["r1", "r2", "r3"],
                "ref": ["10", "2", ""],
                "name": ["东站—西站", "西站—东站", "停运线"],
                "mode": ["bus", "subway", "bus"],
                "operator": "",
                "stops": [2, 2, 0],
                "trips": [6, 6, 0],
                "trips_in_window": [3, 3, 0],
                "headway_min": [20.0, 20.0, np.nan],
                "headway_source": ["interval", "default", "default"],
                "hours_source": "default",
                "timetable_source": "osm",
            },
            geometry=[shapely.MultiLineString([[places[0], places[1]]])] * 3,
            crs="EPSG:4326",
        ),
        ways_in=gpd.GeoDataFrame(
            {"stop": np.arange(3, dtype=np.int64)}, geometry=places, crs="EPSG:4326"
        ),
        changes=pd.DataFrame(
            {
                "from_stop": np.empty(0, dtype=np.int64),
                "to_stop": np.empty(0, dtype=np.int64),
                "min_s": np.empty(0),
                "forbidden": np.empty(0, dtype=bool),
            }
        ),
        trip_headsign=("西站",) * 12,
        timetable=build_timetable(
            n_stops=3,
            call_trip=trips,
            call_stop=np.tile([0, 1], 12),
            call_arrival_s=start,
            call_departure_s=start,
            call_board=np.ones(24, dtype=bool),
            call_alight=np.ones(24, dtype=bool),
            trip_line=np.arange(12) % 2,
        ),
        assumptions=(("headway_default", 2),),
    )


@pytest.fixture
def with_buses(paper_run, paper, tmp_path) -> Folder:
    """The paper town with buses from OSM routes, to be written into."""
    folder = Folder(tmp_path / "run")
    shutil.copytree(paper_run, folder.path)
    write_transit(build_buses(paper), folder.path)
    return folder.tell()


# ---- show ----------------------------------------------------------------------------------------


def test_show_prints_every_figure(lifecircle, with_buses):
    outcome = lifecircle.run("transit", "show", with_buses.path)
    assert (outcome.code, outcome.err) == (0, "")
    said = {line.split(":")[0]: line for line in outcome.out.splitlines() if ":" in line}
    assert outcome.out.startswith("纸上城市\n")
    assert "built from OSM routes, times are synthetic: city.osm.pbf" in said["timetable"]
    assert "2025-06-04" in said["day"]
    assert "07:30–08:30, percentile 50" in said["departures"]
    assert said["lines"].split() == ["lines:", "3"]
    assert "14 that day, 6 in the window" in said["trips"]
    assert "3, 2 served in the window" in said["stops"]
    assert "100.0%" in said["stops near a street"]
    assert "70.0% of households (2,100 of 3,000) within 5 min" in said["homes near a stop"]
    assert "10.0 min" in said["mean headway"]
    assert ASSUMED["zh"] in outcome.out
    assert ASSUMED["en"] in outcome.out


def test_show_lists_lines_in_natural_order(lifecircle, with_buses):
    """2 before 10, and the line without a number last; no headway where none runs."""
    lines = lifecircle.run("transit", "show", with_buses.path).out.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("line "))
    assert [line.split() for line in lines[first + 1 : first + 4]] == [
        ["2", "subway", "西站—东站", "2", "6", "3", "20.0", "default"],
        ["10", "bus", "东站—西站", "2", "6", "3", "20.0", "interval"],
        ["bus", "停运线", "0", "0", "0", "default"],
    ]


def test_show_as_json(lifecircle, with_buses):
    outcome = lifecircle.run("transit", "show", with_buses.path, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    answer = json.loads(outcome.out, parse_constant=pytest.fail)
    assert set(answer) == {"name", "synthetic", "transit", "lines"}
    assert answer["transit"] == MEASURED
    assert [line["ref"] for line in answer["lines"]] == ["2", "10", ""]
    assert set(answer["lines"][0]) == set(LINES)
    assert answer["lines"][2]["headway_min"] is None
    assert answer == read_transit_facts(with_buses.path)


def test_show_without_a_timetable(lifecircle, with_buses):
    """The reason in both languages; it is an answer, not an error."""
    with_buses.tell(**UNKNOWN)
    outcome = lifecircle.run("transit", "show", with_buses.path)
    assert (outcome.code, outcome.err) == (0, "")
    assert UNKNOWN["reason"]["zh"] in outcome.out
    assert UNKNOWN["reason"]["en"] in outcome.out
    answer = json.loads(lifecircle.run("transit", "show", with_buses.path, "--json").out)
    assert answer["transit"]["status"] == "unknown"
    assert answer["lines"] == []


def test_unknown_figures_are_said_to_be_unknown(lifecircle, with_buses):
    with_buses.tell(near_share=None, near_basis="", households_near=None, mean_headway_min=None)
    out = lifecircle.run("transit", "show", with_buses.path).out
    assert "unknown of homes" in out
    assert "None" not in out
    assert "nan" not in out


def test_names_are_text_in_a_terminal(lifecircle, with_buses):
    """Letters a terminal would obey are taken out, brackets mean nothing."""
    outcome = lifecircle.run("transit", "show", with_buses.rename("[red]1", "[/]", "=1+1").path)
    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    assert "[red]1" in outcome.out
    assert '[31m=HYPERLINK("http://evil")[/]' in outcome.out


def test_natural_order():
    refs = ["K1", "10路", "2", "", "10", "1A", "1B", "N2", "n10", "02", "12/3", "环线"]
    lines = pd.DataFrame({"ref": refs, "name": "", "line_id": [str(i) for i in range(len(refs))]})
    assert sort_lines(lines)["ref"].tolist() == [
        "1A", "1B", "2", "02", "10", "10路", "12/3", "K1", "N2", "n10", "环线", "",
    ]  # fmt: skip
    shuffled = lines.sample(frac=1.0, random_state=3)
    assert sort_lines(shuffled)["ref"].tolist() == sort_lines(lines)["ref"].tolist()
    assert len(sort_lines(lines.iloc[:0])) == 0


# ---- export --------------------------------------------------------------------------------------


def test_export_writes_a_gtfs_zip(lifecircle, with_buses, tmp_path):
    path = tmp_path / "routes.zip"
    outcome = lifecircle.run("transit", "export", with_buses.path, "--gtfs", path)
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{path}\n", "")
    with zipfile.ZipFile(path) as feed:
        names = set(feed.namelist())
        stops = feed.read("stops.txt").decode("utf-8-sig")
    assert {"agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt"} <= names
    assert "东站" in stops
    again = tmp_path / "again.zip"
    export_gtfs(with_buses.path, again)
    assert again.read_bytes() == path.read_bytes()


def test_export_replaces_a_file_only_when_told(lifecircle, with_buses, tmp_path):
    path = tmp_path / "operator.zip"
    path.write_bytes(b"the operator's own")
    argv = ("transit", "export", with_buses.path, "--gtfs", path)
    outcome = lifecircle.run(*argv)
    assert outcome.code == 1
    assert outcome.err == f"error: {path} exists already: name another --gtfs, or add --force\n"
    assert path.read_bytes() == b"the operator's own"
    assert lifecircle.run(*argv, "--force").code == 0
    assert zipfile.is_zipfile(path)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"source": "gtfs", "feeds": ["bus.zip", "tram.zip"]},
            ["operator's own (bus.zip, tram.zip)", "pass that feed on"],
        ),
        (UNKNOWN, ["no timetable to export", "no GTFS feed, no route relations"]),
    ],
)
def test_export_refuses_what_is_not_ours(lifecircle, with_buses, tmp_path, facts, words):
    with_buses.tell(**facts)
    path = tmp_path / "routes.zip"
    outcome = lifecircle.run("transit", "export", with_buses.path, "--gtfs", path)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == f"error: {outcome.error}\n"
    for word in words:
        assert word in outcome.error
    assert not path.exists()


def test_export_onto_a_folder(lifecircle, with_buses, tmp_path):
    (tmp_path / "feeds.zip").mkdir()
    argv = ("transit", "export", with_buses.path, "--force", "--gtfs", tmp_path / "feeds.zip")
    outcome = lifecircle.run(*argv)
    assert outcome.code == 1
    assert f"{tmp_path / 'feeds.zip'} is a folder" in outcome.error


@pytest.mark.parametrize("place", ["nowhere/routes.zip", "file/routes.zip", "/proc/routes.zip"])
def test_export_to_where_nothing_can_be_written(lifecircle, with_buses, tmp_path, place):
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / place
    outcome = lifecircle.run("transit", "export", with_buses.path, "--gtfs", path)
    assert outcome.code == 1
    assert outcome.err == f"error: {outcome.error}\n"
    assert str(path) in outcome.error
    assert "--gtfs" in outcome.error
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "run"]


def test_export_on_a_full_disk(lifecircle, with_buses, tmp_path):
    outcome = lifecircle.run(
        "transit", "export", with_buses.path, "--gtfs", tmp_path / "routes.zip",
        tricks={"services.transit_facts.read_run": "limit1000"},
    )  # fmt: skip
    assert outcome.code == 1
    assert "could not be written" in outcome.error
    assert sorted(one.name for one in tmp_path.iterdir()) == ["run"]


# ---- runs and calls that cannot be used ------------------------------------------------------------


@pytest.mark.parametrize("command", ["show", "export"])
@pytest.mark.parametrize("spoil", ["missing", "older", "damaged", "file"])
def test_what_is_no_run(lifecircle, with_buses, tmp_path, command, spoil):
    place = with_buses.path
    if spoil == "missing":
        place = tmp_path / "nowhere"
    elif spoil == "older":
        text = (place / MANIFEST).read_text("utf-8")
        (place / MANIFEST).write_text(text.replace(f'"format": {FORMAT}', '"format": 1', 1))
    elif spoil == "damaged":
        (place / "lines.parquet").write_bytes(b"half")
    else:
        place = tmp_path / "file"
        place.write_text("no folder")
    more = ("--gtfs", tmp_path / "routes.zip") if command == "export" else ()
    outcome = lifecircle.run("transit", command, place, *more)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == f"error: {outcome.error}\n"
    assert "run" in outcome.error
    assert str(place) in outcome.error


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("transit",), "command"),
        (("transit", "draw", "run"), "draw"),
        (("transit", "show"), "OUT"),
        (("transit", "show", "run", "--gtfs", "a.zip"), "--gtfs"),
        (("transit", "export", "run"), "--gtfs"),
        (("transit", "export", "run", "--gtfs"), "--gtfs"),
        (("transit", "export", "run", "--gtfs", "routes.txt"), "ending in .zip"),
        (("transit", "export", "run", "--out", "a.zip"), "--out"),
        (("run", "a.toml", "--gtfs", "b.zip", "--out", "run"), "--gtfs"),
        (("check", "a.toml", "--gtfs", "b.zip"), "a city.toml has its own"),
        (("check", "--gtfs", "b.zip"), "neither was given"),
    ],
)
def test_misuse_is_one_line_and_exit_code_two(lifecircle, argv, says):
    outcome = lifecircle.run(*argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {outcome.error}\n"
    assert says.lower() in outcome.error.lower()
    assert "--help)" in outcome.error


@pytest.fixture
def feed(tmp_path) -> Path:
    """A GTFS zip of one line through the small city: from (20, 20) to (980, 990) in 4 minutes."""
    path = tmp_path / "bus.zip"
    tables = {
        "agency": "agency_name,agency_url,agency_timezone\n小城公交,http://bus.invalid,Asia/Shanghai\n",
        "stops": "stop_id,stop_name,stop_lat,stop_lon\n"
        "a,东站,34.3501803,107.1502174\nb,西站,34.3589269,107.1606522\n",
        "routes": "route_id,route_short_name,route_type\nr,1路,3\n",
        "trips": "route_id,service_id,trip_id\n"
        + "".join(f"r,s,t{number}\n" for number in range(24)),
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        + "".join(
            f"t{number},{7 + number // 12:02}:{number % 12 * 5:02}:00,"
            f"{7 + number // 12:02}:{number % 12 * 5:02}:00,a,1\n"
            f"t{number},{7 + number // 12:02}:{number % 12 * 5 + 4:02}:00,"
            f"{7 + number // 12:02}:{number % 12 * 5 + 4:02}:00,b,2\n"
            for number in range(24)
        ),
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\ns,1,1,1,1,1,0,0,20250101,20251231\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.txt", text)
    return path


def test_a_run_with_a_feed(lifecircle, small_city, feed, tmp_path):
    """The summary shows rides beside walks; the feed is the operator's, so it is not exported.

    Walking always competes: no share falls by counting rides.
    """
    small_city.write()
    run = tmp_path / "run"
    argv = ("run", "--osm", small_city.folder / "city.osm", "--gtfs", feed, "--out", run)
    outcome = lifecircle.run(*argv)
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].split() == ["类别", "kind", "facilities", "15", "min", "+", "transit", "of"]
    shares = {
        line.split()[1]: [float(word[:-1]) for word in line.split() if word.endswith("%")]
        for line in lines
        if "%" in line and "%–" not in line  # circles have bounds
    }
    assert all(walk <= ride for walk, ride in shares.values())
    assert shares
    (basis,) = [line for line in lines if line.startswith("+ transit: ")]
    assert "the operator's (GTFS)" in basis
    assert "07:30–08:30, percentile 50" in basis
    shown = lifecircle.run("transit", "show", run)
    assert "the operator's (GTFS): bus.zip" in shown.out
    assert "24 that day" in shown.out
    assert "1路" in shown.out
    exported = lifecircle.run("transit", "export", run, "--gtfs", tmp_path / "routes.zip")
    assert "operator's own (bus.zip)" in exported.error


def test_feeds_stand_beside_an_osm_file(lifecircle, small_city):
    """Every feed is looked for; the first that is missing is named."""
    small_city.write()
    osm = small_city.folder / "city.osm"
    outcome = lifecircle.run("check", "--osm", osm, "--gtfs", osm, "--gtfs", "nowhere.zip")
    assert outcome.code == 1
    assert "nowhere.zip" in outcome.error
