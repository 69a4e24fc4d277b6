"""The wheel, installed alone in an empty environment, builds the sample city."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("geo", "layers", "maps", "services")
BUILD_ONLY = {"package.json", "package-lock.json", "copy_assets.mjs"}

RESOURCES = """
import importlib.metadata, json
from importlib.resources import files
import geo, layers, maps, services
places = {}
for package in ("geo", "layers", "maps", "services"):
    base = files(package)
    found = [p for p in base.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    places[package] = sorted(p.relative_to(base).as_posix() for p in found)
print(json.dumps({"files": places, "home": geo.__file__}))
"""


def run_in(folder: Path, *command: str | Path) -> str:
    """Standard output of a command, away from the checkout."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "LIFECIRCLE_", "VIRTUAL_ENV"))
    }
    answer = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-4000:]
    return answer.stdout


def list_sources(root: Path) -> set[str]:
    """Every file the wheel has to hold."""
    return {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file()
        and not {"__pycache__", "node_modules"} & set(path.parts)
        and path.name not in BUILD_ONLY
        and ".new-" not in path.as_posix()
    }


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (root / "maps" / "assets" / "assets.json").is_file():
        pytest.fail("the front-end files are missing: run `make assets`")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder)]
    run_in(root, *build, root)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of an environment that holds the wheel, what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    pins = re.findall(
        r"^\w\S*==[^\\\n]+", (root / "requirements.lock").read_text("utf-8"), re.MULTILINE
    )
    (folder / "pins.txt").write_text("\n".join(pins) + "\n")
    venv = folder / "venv"
    uv = shutil.which("uv", path=f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}")
    if uv:
        run_in(folder, uv, "venv", "--quiet", "--python", sys.executable, venv)
        install = [uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python"]
    else:
        run_in(folder, sys.executable, "-m", "venv", venv)
        install = [venv / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run_in(folder, *install, "--constraint", folder / "pins.txt", wheel)
    lend_bytecode(Path(sysconfig.get_path("purelib")), next(venv.glob("lib/python*/site-packages")))
    return venv / "bin"


def lend_bytecode(ours: Path, theirs: Path) -> None:
    """Give another environment what Python has compiled in this one; it checks each file's source.

    Compiling all it asks for takes longer than building the sample city.
    """
    for package in theirs.iterdir():
        for cache in (ours / package.name).rglob("__pycache__") if package.is_dir() else ():
            place = theirs / cache.relative_to(ours)
            if place.parent.is_dir():
                place.mkdir(exist_ok=True)
                for compiled in cache.glob("*.pyc"):
                    shutil.copyfile(compiled, place / compiled.name)


def test_wheel_holds_every_source_and_nothing_else(root: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == list_sources(root)
    for suffix in (".yaml", ".html", ".js", ".css", ".png"):
        assert any(name.endswith(suffix) for name in packed), suffix
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)


def test_everything_travels(installed: Path, root: Path, tmp_path: Path) -> None:
    import json

    answer = json.loads(run_in(tmp_path, installed / "python", "-c", RESOURCES))
    assert answer["home"].startswith(str(installed.parent))
    travelled = {
        f"{package}/{name}" for package, names in answer["files"].items() for name in names
    }
    assert travelled == list_sources(root)


def test_version(installed: Path, tmp_path: Path) -> None:
    said = run_in(tmp_path, installed / "lifecircle", "--version")
    assert re.search(r"\d+\.\d+\.\d+", said)


def test_demo_builds_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "city"
    run_in(empty, installed / "lifecircle", "demo", "--no-serve", "--out", out)
    (manifest,) = out.rglob("manifest.json")
    run = manifest.parent
    assert (run / "coverage.parquet").is_file()
    maps = sorted(path.name for path in (run / "maps").glob("*.html"))
    assert "index.html" in maps
    assert "kindergarten.html" in maps
    assert "合成" in (run / "maps" / "kindergarten.html").read_text("utf-8")
    assert list(empty.iterdir()) == []
