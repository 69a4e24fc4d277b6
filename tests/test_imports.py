"""geo <- layers <- maps <- services, and importing a module does nothing."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PACKAGES = ("geo", "layers", "maps", "services")

QUIET = """
import importlib, logging, os, pathlib, pkgutil
import geopandas, osmnx, pandera.pandas, pyogrio  # these set variables of their own
before = dict(os.environ)
modules = []
for package in ("geo", "layers", "maps", "services"):
    modules.append(package)
    found = importlib.import_module(package)
    modules += [m.name for m in pkgutil.walk_packages(found.__path__, package + ".")
                if not m.name.endswith("__main__")]
ours = [importlib.import_module(name) for name in modules]
assert dict(os.environ) == before, "an import changes the environment"
assert not logging.getLogger().handlers, "an import sets up logging"
assert list(pathlib.Path().iterdir()) == [], "an import writes files"
print(len(ours))
"""


def run_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_hold(root: Path) -> None:
    answer = run_contracts(root)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("geo/planted.py", "import pandas"),
        ("geo/planted.py", "import layers.notices"),
        ("layers/planted.py", "import maps"),
        ("maps/planted.py", "import fastapi"),
    ],
)
def test_contracts_catch_a_planted_import(
    root: Path, tmp_path: Path, module: str, line: str
) -> None:
    for path in (path for package in PACKAGES for path in (root / package).rglob("*.py")):
        relative = path.relative_to(root)
        if "node_modules" not in relative.parts:
            (tmp_path / relative).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / relative).write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())
    (tmp_path / module).write_text(line + "\n")

    answer = run_contracts(tmp_path)

    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert module.removesuffix(".py").replace("/", ".") in answer.stdout


def test_importing_does_nothing(root: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", QUIET],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip().isdigit()
    assert int(answer.stdout) >= len(PACKAGES)
    assert answer.stderr == ""


def test_no_init_under_tests(root: Path) -> None:
    """A lone `tests/geo/__init__.py` would shadow the real `geo`."""
    assert not list((root / "tests").rglob("__init__.py"))
