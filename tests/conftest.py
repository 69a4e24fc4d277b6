"""What every test may ask for: the real cities, Chromium, a place for artefacts.

Under CI=true a missing city or browser is a failure; elsewhere the test is skipped.
"""

import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() == "true"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Same examples on every run: a red build is a change in the code, not luck.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("explore", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("LIFECIRCLE_HYPOTHESIS", "ci"))


def _miss(message: str) -> None:
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real cities: `osm/`, `gtfs/`, `areas/`."""
    folder = Path(os.environ.get("LIFECIRCLE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    missing = [name for name in ("osm", "gtfs", "areas") if not (folder / name).is_dir()]
    if missing:
        _miss(
            f"no real cities at {folder} ({', '.join(missing)} missing): set LIFECIRCLE_SHARED_DATA "
            "to the folder that holds osm/, gtfs/ and areas/"
        )
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Executable of Debian's Chromium (or LIFECIRCLE_CHROMIUM)."""
    named = os.environ.get("LIFECIRCLE_CHROMIUM", "")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found or not Path(found).exists():
        _miss("no Chromium: apt-get install chromium, or set LIFECIRCLE_CHROMIUM")
    try:
        ctypes.CDLL("libatomic.so.1")  # Playwright's driver does not start without it
    except OSError:
        _miss("no libatomic: apt-get install libatomic1")
    return Path(str(found))


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Folder kept after the run: screenshots, timings."""
    folder = Path(os.environ.get("LIFECIRCLE_ARTEFACTS", ROOT / "artefacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright; one for all tests: a second driver would clash."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(chromium_path), args=list(CHROMIUM_FLAGS)
        )
        yield started
        started.close()
