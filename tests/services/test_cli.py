"""The command line: exit codes, where what is printed, and manners at the edges."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from layers.results import OPTIONAL, TABLES

ROOT = Path(__file__).resolve().parents[2]


def call(*argv: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a fresh interpreter, as installed: `lifecircle = services.cli:main`."""
    return subprocess.run(
        [sys.executable, "-c", "from services.cli import main; main()", *map(str, argv)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="strict",
        timeout=120,
        check=False,
    )


def strict_json(text: str):
    """Parse JSON as other languages do: no NaN, no Infinity."""

    def refuse(word: str):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


# ---- the entry point -----------------------------------------------------------------------------


def test_the_installed_command_is_this_one():
    (entry,) = entry_points(group="console_scripts", name="lifecircle")
    assert entry.value == "services.cli:main"
    from services.cli import main

    assert entry.load() is main


def test_the_installed_script(tmp_path):
    script = Path(sys.executable).with_name("lifecircle")
    said = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (
        0,
        f"lifecircle {version('lifecircle')}\n",
        "",
    )
    said = subprocess.run(
        [script, "run", "--osm", "nowhere.osm", "--out", "run"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "error: nowhere.osm does not exist; expected an OSM file\n"


def test_help_and_version_load_nothing_heavy():
    """They answer at once: what takes seconds to import is imported by the commands that need it."""
    probe = (
        "import sys; sys.argv = ['lifecircle', '--version']\n"
        "from services.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.exit(int('pandas' in sys.modules or 'fastapi' in sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, f"lifecircle {version('lifecircle')}\n")


@pytest.mark.parametrize("argv", [(), ("--help",), ("-h",), ("run", "-h"), ("standards", "--help")])
def test_help_goes_to_standard_output(lifecircle, argv):
    outcome = lifecircle.run(*argv)
    assert outcome.code == 0
    assert "Usage: lifecircle" in outcome.out
    assert not outcome.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("nonsense",), "nonsense"),
        (("run",), "--out"),
        (("run", "--out", "run"), "neither was given"),
        (("run", "a.toml", "--osm", "b.osm", "--out", "run"), "both were given"),
        (("run", "a.toml", "--communities", "c.csv", "--out", "run"), "--communities"),
        (("check", "a.toml", "--cells-m", "300"), "--cells-m"),
        (("check", "--osm", "b.osm", "--communities", "c.csv", "--cells-m", "9"), "--cells-m"),
        (("check", "--osm", "b.osm", "--cells-m", "wide"), "--cells-m"),
        (("check", "--osm"), "--osm"),
        (("check", "--speed", "9"), "--speed"),
        (("serve",), "OUT"),
        (("serve", "run", "--port", "70000"), "--port"),
        (("serve", "run", "--port", "http"), "--port"),
        (("standards", "show"), "PACK"),
        (("standards",), "command"),
    ],
)
def test_misuse_is_one_line_and_exit_code_two(lifecircle, argv, says):
    outcome = lifecircle.run(*argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {outcome.error}\n"
    assert says.lower() in outcome.error.lower()
    assert "--help)" in outcome.error


@pytest.mark.parametrize("cells", ["0", "-1", "nan", "inf", "1e308", "1e-308"])
def test_impossible_cells(lifecircle, small_city, cells):
    small_city.write()
    outcome = lifecircle.run("check", "--osm", small_city.folder / "city.osm", f"--cells-m={cells}")
    assert outcome.code == 1
    assert "cells_m" in outcome.error


# ---- check and run -------------------------------------------------------------------------------


def test_check_prints_notices_and_computes_nothing(lifecircle, small_city):
    outcome = lifecircle.run("check", small_city.write())
    assert (outcome.code, outcome.out) == (0, "")
    assert "warning extract_too_small [" in outcome.err
    assert outcome.err.endswith("for the record\n")
    assert lifecircle.run("check", small_city.path, "--quiet").err == ""
    assert not (small_city.folder / "run").exists()


def test_check_as_json(lifecircle, small_city):
    outcome = lifecircle.run("check", small_city.write(), "--json")
    assert (outcome.code, outcome.err) == (0, "")
    answer = strict_json(outcome.out)
    assert answer["counts"]["error"] == 0
    assert {one["code"] for one in answer["notices"]} >= {"extract_too_small"}


def test_errors_as_json(lifecircle, small_city):
    small_city.communities[0]["households"] = -1
    for command in (("check",), ("run", "--out", small_city.folder / "run")):
        outcome = lifecircle.run(*command, small_city.write(), "--json")
        assert outcome.code == 1
        answer = strict_json(outcome.out)
        assert answer["error"] == outcome.error
        assert answer["counts"]["error"] == 1
        assert [one["found"] for one in answer["notices"] if one["severity"] == "error"] == ["-1"]
        assert outcome.err == f"error: {outcome.error}\n"
    small_city.path.write_text("[sources]\nosmm = 1\n", encoding="utf-8")
    outcome = lifecircle.run("check", small_city.path, "--json")
    answer = strict_json(outcome.out)
    assert {one["code"] for one in answer["notices"]} == {"unknown_key", "missing_key"}
    for argv in (("run", "--json"), ("check", "--osm", "nowhere.osm", "--json")):
        outcome = lifecircle.run(*argv)
        assert strict_json(outcome.out) == {"error": outcome.error}


def test_run_as_json(lifecircle, small_city, tmp_path):
    outcome = lifecircle.run("run", small_city.write(), "--out", tmp_path / "run", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    answer = strict_json(outcome.out)
    assert answer["out"] == str(tmp_path / "run")
    assert set(TABLES) - OPTIONAL < set(answer["counts"])
    assert answer["summary"]["pharmacy"]["15"]["basis"] == "households"
    assert answer["summary"]["toilet"]["15"]["share"] is None
    assert {one["children"] for one in answer["schools"]["summary"]} == {None}
    assert answer["schools"]["land"] is None
    assert [one["code"] for one in answer["schools"]["missing"]] == ["children"]
    strict_json((tmp_path / "run" / "manifest.json").read_text("utf-8"))


def test_run_says_what_it_found(lifecircle, small_city, tmp_path):
    """On standard output the table and where to look; on standard error the notices."""
    outcome = lifecircle.run("run", small_city.write(), "--out", tmp_path / "run")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0].split() == ["类别", "kind", "facilities", "15", "min", "of"]
    (pharmacy,) = [line for line in lines if " pharmacy " in line]
    assert pharmacy.split()[0] == "药店"
    assert pharmacy.split()[2:] == ["1", "46.7%", "households"]
    assert f"maps:  {tmp_path / 'run' / 'maps' / 'index.html'}" in lines
    assert f"serve: lifecircle serve {tmp_path / 'run'}" in lines
    assert "unknown, none in the data: " in outcome.out
    assert "school places unknown, no table counts the children: kindergarten, " in outcome.out
    assert "extract_too_small" in outcome.err
    assert "━" not in outcome.err  # bars are for terminals


def test_debug_shows_the_traceback(lifecircle):
    for argv in (("--debug", "check", "nowhere.toml"), ("check", "nowhere.toml", "--debug")):
        outcome = lifecircle.run(*argv)
        assert outcome.code == 1
        assert "Traceback" in outcome.err
        assert "layers.errors.InvalidConfig" in outcome.err


def test_a_fault_is_one_line_too(lifecircle, small_city):
    """What nobody foresaw: still one line, and how to find out more."""
    tricks = {"services.pipeline.build_city": "fault"}
    argv = ("check", small_city.write(), "--json")
    outcome = lifecircle.run(*argv, tricks=tricks)
    assert outcome.code == 1
    assert outcome.error.startswith("RuntimeError: a fault in two lines")
    assert "--debug" in outcome.error
    assert strict_json(outcome.out) == {"error": outcome.error}
    assert "Traceback" in lifecircle.run("--debug", *argv, tricks=tricks).err


# ---- terminals -----------------------------------------------------------------------------------


def test_a_terminal_without_chinese(small_city):
    """LC_ALL=C and ASCII streams: nothing fails, JSON stays JSON."""
    small_city.communities[0]["households"] = "很多"
    poor = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    said = call("check", small_city.write(), "--json", cwd=small_city.folder, **poor)
    assert said.returncode == 1
    assert said.stdout.isascii()
    assert "很多" in strict_json(said.stdout)["error"]
    assert said.stderr.startswith("error: communities.geojson:1:households: ")
    assert "很多" in said.stderr or "\\u5f88\\u591a" in said.stderr
    said = call("standards", "list", cwd=small_city.folder, **poor)
    assert said.returncode == 0
    assert "baoji-four-types" in said.stdout


def test_a_reader_that_has_had_enough(tmp_path):
    """`lifecircle standards show … | head -1`: no traceback, no complaint."""
    command = [sys.executable, "-c", "from services.cli import main; main()"]
    reading, writing = os.pipe()
    os.close(reading)
    said = subprocess.run(
        [*command, "standards", "show", "baoji-four-types"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writing)
    assert said.stderr == ""


def test_output_that_goes_nowhere(tmp_path):
    """A full disk behind a redirection is one line; a closed stream is none."""
    command = [sys.executable, "-c", "from services.cli import main; main()"]
    told = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True}
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [*command, "check", "nowhere.toml", "--json"],
            stdout=full, stderr=subprocess.PIPE, check=False, **told,
        )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr == "error: nowhere.toml does not exist; expected a city.toml\n"
    said = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command, "--version"],
        stderr=subprocess.PIPE, check=False, **told,
    )  # fmt: skip
    assert (said.returncode, said.stderr) == (0, "")


# ---- serving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", ["missing", "empty", "half", "file", "damaged"])
def test_serve_needs_a_run(lifecircle, tmp_path, finished, spoil):
    place = tmp_path / "run"
    if spoil == "damaged":
        shutil.copytree(finished, place)
        (place / "gaps.parquet").write_bytes(b"half")
    elif spoil == "file":
        place.write_text("no folder")
    elif spoil != "missing":
        place.mkdir()
    if spoil == "half":
        (place / "manifest.json").write_text("{half")
    outcome = lifecircle.run("serve", place)
    assert outcome.code == 1
    assert str(place) in outcome.error
    assert outcome.err == f"error: {outcome.error}\n"


def test_serve_on_a_port_that_is_taken(lifecircle, finished):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = lifecircle.run("serve", finished, "--port", port)
    assert outcome.code == 1
    assert f"port {port}" in outcome.error
    assert outcome.err == f"error: {outcome.error}\n"


def test_serve_on_an_address_that_is_not_ours(lifecircle, finished):
    outcome = lifecircle.run("serve", finished, "--host", "192.0.2.1", "--port", 0)
    assert outcome.code == 1
    assert "192.0.2.1" in outcome.error


def test_a_setting_that_is_no_number(finished, tmp_path):
    said = call("serve", finished, cwd=tmp_path, LIFECIRCLE_MAX_ITEMS="many")
    assert said.returncode == 1
    assert said.stderr.startswith("error: setting max_items (LIFECIRCLE_MAX_ITEMS): ")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_stopped(lifecircle, finished, number):
    """Port 0 takes a free one and says which; Ctrl+C is how it is meant to end."""
    service = lifecircle.start("serve", finished, "--port", 0)
    said = service.wait_for("(Ctrl+C stops)", where="err")
    address = said.split(" at ")[1].split()[0]
    assert not address.endswith(":0")
    with urllib.request.urlopen(f"{address}/healthz", timeout=20) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{address}/v1/coverage?kind=pharmacy", timeout=20) as answer:
        assert "610302001" in answer.read().decode("utf-8")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/nothing", timeout=20)
    outcome = service.signal(number).end()
    assert outcome.code == (0 if number == signal.SIGINT else 143)
    assert "Traceback" not in outcome.err
