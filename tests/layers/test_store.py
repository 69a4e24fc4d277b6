"""Run folders: whole or not there, one writer at a time, damage said in one line."""

import errno
import json
import multiprocessing
import os
import signal
import time
from dataclasses import fields
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.network import build_network
from geo.timetable import Timetable, build_timetable
from layers.errors import NotARun, RunLocked
from layers.results import LINES, STOPS
from layers.store import (
    find_run_folder,
    read_manifest,
    read_run,
    stage_run,
    write_manifest,
    write_run,
)
from layers.transit.model import Transit


def network():
    return build_network(
        crs="EPSG:32648",
        node_xy=np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 50.0]]),
        path_nodes=np.array([0, 1, 1, 2]),
        path_offsets=np.array([0, 2, 4]),
        path_way=np.arange(2),
        path_group=np.arange(2),
        path_forward=np.ones(2, dtype=bool),
        path_backward=np.array([True, False]),
    )


def tables(name="一号社区"):
    places = gpd.GeoDataFrame(
        {"name": [name], "flag": pd.array([None], dtype="boolean")},
        geometry=[shapely.Point(107.1, 34.3)],
        crs="EPSG:4326",
    )
    spatial = ("communities", "facilities", "entrances", "demand", "streets", "base", "barriers")
    plain = ("coverage", "access", "gaps", "scorecards", "rollups", "targets", "notices")
    return {
        **dict.fromkeys(spatial, places),
        **{key: pd.DataFrame({"value": [1.5, np.nan], "text": [name, ""]}) for key in plain},
    }


def transit():
    """Two stops, one line, one trip."""
    blank = {"str": "", "float64": np.nan, "int64": 3, "bool": True}
    here = [shapely.Point(107.1, 34.3), shapely.Point(107.2, 34.3)]

    def rows(columns, key, count):
        values = {name: [blank[column.dtype]] * count for name, column in columns.items()}
        return {**values, key: [f"{key}{number}" for number in range(count)]}

    return Transit(
        source="gtfs",
        day=date(2025, 3, 12),
        stops=gpd.GeoDataFrame(rows(STOPS, "stop_id", 2), geometry=here, crs=4326),
        lines=gpd.GeoDataFrame(
            rows(LINES, "line_id", 1), geometry=[shapely.MultiLineString([here])], crs=4326
        ),
        ways_in=gpd.GeoDataFrame({"stop": [0, 1]}, geometry=here, crs=4326),
        changes=pd.DataFrame({"from_stop": [0], "to_stop": [1], "min_s": [np.nan], "forbidden": [True]}),
        trip_headsign=("火车站",),
        timetable=build_timetable(
            n_stops=2, call_trip=np.array([0, 0]), call_stop=np.array([0, 1]),
            call_arrival_s=np.array([0, 90_000]), call_departure_s=np.array([0, 90_000]),
            call_board=np.array([True, False]), call_alight=np.array([False, True]),
            trip_line=np.array([0]),
        ),
        assumptions=(("headway_default", 12),),
    )  # fmt: skip


def write(folder, name="一号社区", transit=None):
    with stage_run(folder) as staging:
        write_run(staging, tables(name), network(), transit)
        write_manifest(staging, {"name": name})


def write_until_the_disk_is_full(folder):
    with stage_run(folder) as staging:
        write_run(staging, tables("新"), network())
        raise OSError(errno.ENOSPC, "No space left on device")


def listing(folder: Path):
    return sorted(path.name for path in folder.parent.iterdir())


def test_what_was_written_is_read_back(tmp_path):
    write(tmp_path / "run")
    run = read_run(tmp_path / "run")
    assert run.manifest["name"] == "一号社区"
    assert run.communities["name"].tolist() == ["一号社区"]
    assert run.communities["flag"].isna().all()
    assert run.coverage["value"].isna().tolist() == [False, True]
    assert run.network.edge_length_m.tolist() == network().edge_length_m.tolist()
    assert run.network.edge_backward.tolist() == network().edge_backward.tolist()
    assert run.network.crs == "EPSG:32648"


def test_public_transport_is_read_back(tmp_path):
    write(tmp_path / "run", transit=transit())
    found, wanted = read_run(tmp_path / "run").transit, transit()
    assert (found.source, found.day) == ("gtfs", date(2025, 3, 12))
    assert found.trip_headsign == ("火车站",)
    assert found.assumptions == (("headway_default", 12),)
    for name in ("stops", "lines", "ways_in"):
        assert getattr(found, name).crs.to_epsg() == 4326
        assert getattr(found, name).geometry.geom_equals(getattr(wanted, name).geometry).all()
    assert found.stops["stop_id"].tolist() == ["stop_id0", "stop_id1"]
    assert found.ways_in["stop"].tolist() == [0, 1]
    pd.testing.assert_frame_equal(found.changes, wanted.changes)
    assert found.timetable.n_stops == 2
    for field in fields(Timetable):
        ours = np.asarray(getattr(found.timetable, field.name))
        theirs = np.asarray(getattr(wanted.timetable, field.name))
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()


def test_no_timetable_leaves_no_file(tmp_path):
    write(tmp_path / "run")
    assert read_run(tmp_path / "run").transit is None
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert not names & {"stops.parquet", "lines.parquet", "changes.parquet", "timetable.npz"}


@pytest.mark.parametrize("name", ["stops.parquet", "ways_in.parquet", "timetable.npz"])
def test_half_a_timetable_is_a_damaged_run(tmp_path, name):
    write(tmp_path / "run", transit=transit())
    (tmp_path / "run" / name).unlink()
    with pytest.raises(NotARun, match="damaged"):
        read_run(tmp_path / "run")


def test_the_same_tables_give_the_same_bytes(tmp_path):
    write(tmp_path / "one", transit=transit())
    write(tmp_path / "two", transit=transit())
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_running_again_replaces_the_folder_whole(tmp_path):
    write(tmp_path / "run", "旧")
    (tmp_path / "run" / "stray.txt").write_text("left by hand")
    write(tmp_path / "run", "新")
    assert read_run(tmp_path / "run").manifest["name"] == "新"
    assert not (tmp_path / "run" / "stray.txt").exists()
    assert listing(tmp_path / "run") == ["run"]


@pytest.mark.parametrize("before", [True, False])
def test_a_failing_run_leaves_the_earlier_one(tmp_path, before):
    if before:
        write(tmp_path / "run", "旧")
    with pytest.raises(OSError, match="No space"):
        write_until_the_disk_is_full(tmp_path / "run")
    if before:
        assert read_run(tmp_path / "run").manifest["name"] == "旧"
    assert listing(tmp_path / "run") == (["run"] if before else [])


def _hold(folder, started):
    with stage_run(folder) as staging:
        write_run(staging, tables("半"), network())
        started.set()
        time.sleep(60)


def _start(folder):
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=_hold, args=(folder, started))
    process.start()
    assert started.wait(30)
    return process


def test_two_runs_into_one_folder_the_second_is_refused(tmp_path):
    process = _start(tmp_path / "run")
    try:
        with pytest.raises(RunLocked, match="another run is writing"):
            write(tmp_path / "run")
    finally:
        process.kill()
        process.join()


def test_a_killed_run_leaves_the_earlier_one_and_no_lock(tmp_path):
    write(tmp_path / "run", "旧")
    process = _start(tmp_path / "run")
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert read_run(tmp_path / "run").manifest["name"] == "旧"
    write(tmp_path / "run", "新")
    assert read_run(tmp_path / "run").manifest["name"] == "新"
    assert listing(tmp_path / "run") == ["run"]


def test_a_swap_cut_in_its_middle_is_found_and_mended(tmp_path):
    """Where names cannot be exchanged, the old run stands aside for a moment: it is still found."""
    write(tmp_path / "run", "旧")
    (tmp_path / "run").rename(tmp_path / ".run.previous")
    assert find_run_folder(tmp_path / "run") == tmp_path / ".run.previous"
    assert read_run(tmp_path / "run").manifest["name"] == "旧"
    with pytest.raises(RuntimeError), stage_run(tmp_path / "run"):
        raise RuntimeError
    assert (tmp_path / "run" / "manifest.json").exists()


def test_swap_without_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr("layers.store._exchange", lambda *_: False)
    write(tmp_path / "run", "旧")
    write(tmp_path / "run", "新")
    assert read_run(tmp_path / "run").manifest["name"] == "新"
    assert listing(tmp_path / "run") == ["run"]


def test_a_folder_of_other_things_is_not_touched(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.docx").write_text("years of work")
    with pytest.raises(FileExistsError, match="no run"):
        write(folder)
    assert (folder / "thesis.docx").read_text() == "years of work"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(NotADirectoryError):
        write(tmp_path / "run")


def test_missing_run_says_what_to_do(tmp_path):
    with pytest.raises(NotARun, match="lifecircle run"):
        read_run(tmp_path / "nothing")


def test_damaged_runs_are_one_line(tmp_path):
    write(tmp_path / "run")
    (tmp_path / "run" / "gaps.parquet").write_bytes(b"PAR1 half")
    with pytest.raises(NotARun, match="damaged"):
        read_run(tmp_path / "run")
    write(tmp_path / "run")
    network_file = tmp_path / "run" / "network.npz"
    network_file.write_bytes(network_file.read_bytes()[:500])
    with pytest.raises(NotARun, match="damaged"):
        read_run(tmp_path / "run")
    (tmp_path / "run" / "manifest.json").write_text("{half")
    with pytest.raises(NotARun, match="cannot be read"):
        read_manifest(tmp_path / "run")
    for other in (3, 99):
        (tmp_path / "run" / "manifest.json").write_text(json.dumps({"format": other}))
        with pytest.raises(NotARun, match=f"format {other}, this version reads 4"):
            read_manifest(tmp_path / "run")


@pytest.mark.parametrize("name", ["scorecards", "rollups", "targets"])
def test_a_run_without_its_scores_is_damaged(tmp_path, name):
    write(tmp_path / "run")
    assert len(getattr(read_run(tmp_path / "run"), name)) == 2
    (tmp_path / "run" / f"{name}.parquet").unlink()
    with pytest.raises(NotARun, match="damaged"):
        read_run(tmp_path / "run")
