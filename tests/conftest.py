"""What every test may ask for: the real cities, Chromium, a place for artefacts.

Under CI=true a missing city or browser is a failure; elsewhere the test is skipped.
"""

import ctypes
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

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


# Work for several processes at once (`pytest -n 2`). What shares dear fixtures stays together, in one
# process, and the longest comes first; every other file is on its own and fills the gaps.
TOGETHER = (
    "tests/real",
    "tests/browser",
    "tests/services/api",
    "tests/maps",
    "tests/test_wheel.py",
    "tests/test_notebooks.py",
)


def find_group(path: str) -> str:
    """What has to run in one process with a file: a folder's name, or the file's own."""
    return next((one for one in TOGETHER if path == one or path.startswith(f"{one}/")), path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out the groups in the order they were collected in."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return find_group(nodeid.split("::", 1)[0])

    config.option.loadscopereorder = False
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a process among several: the longest groups first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = {group: at for at, group in enumerate(TOGETHER)}
        items.sort(
            key=lambda item: place.get(find_group(item.nodeid.split("::", 1)[0]), len(place))
        )


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
def build_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`build_once(name, build)`: a folder filled by `build(folder)`, once for all processes of the run.

    Not to be written into.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each process has a folder of its own in the one of the run

    def ask(name: str, build: Callable[[Path], object]) -> Path:
        folder, done = base / f"once-{name}", base / f"once-{name}.done"
        with (base / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                build(folder)
                done.touch()
        return folder

    return ask


@pytest.fixture(scope="session")
def sample_city(build_once: Callable[..., Path]) -> Path:
    """Folder of the embedded sample city: `city.toml` and its sources; not to be written into."""
    from layers.demo import write_demo

    return build_once("sample-city", write_demo)


@pytest.fixture(scope="session")
def sample_run(build_once: Callable[..., Path], sample_city: Path) -> Path:
    """Run folder of the embedded sample city; not to be written into."""
    from layers.config import read_config
    from services.pipeline import run_city

    config = read_config(sample_city / "city.toml")
    return build_once("sample-run", lambda folder: run_city(config, folder / "run")) / "run"


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
    expect.set_options(timeout=20_000)  # the other process of the run may be busy as well
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(chromium_path), args=list(CHROMIUM_FLAGS)
        )
        yield started
        started.close()
