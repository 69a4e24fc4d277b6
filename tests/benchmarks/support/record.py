"""What the benchmarks share: medians, tables on the terminal, and `artefacts/bench.json`."""

import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LIFECIRCLE_SHARED_DATA", ROOT.parent / "shared" / "data"))
RECORD = Path(os.environ.get("LIFECIRCLE_ARTEFACTS", ROOT / "artefacts")) / "bench.json"
OSM = {
    "Las Palmas": "las-palmas-20230221.osm.pbf",
    "Porto": "porto-roads-20150606.osm.pbf",
}
FEEDS = {"Las Palmas": "las-palmas-guaguas-20230222.gtfs.zip"}
CATCHMENTS = "areas/las-palmas-school-catchments-epsg5635.geojson"
REPEATS = int(os.environ.get("LIFECIRCLE_BENCH_REPEATS", "5"))


def find_osm(city: str) -> Path:
    """OSM file of a city; ends the script where there are no data."""
    path = DATA / "osm" / OSM[city]
    if not path.is_file():
        sys.exit(f"no {path}: set LIFECIRCLE_SHARED_DATA to the folder that holds osm/")
    return path


def find_feed(city: str) -> Path:
    """Timetable of a city; ends the script where there are no data."""
    path = DATA / "gtfs" / FEEDS[city]
    if not path.is_file():
        sys.exit(f"no {path}: set LIFECIRCLE_SHARED_DATA to the folder that holds gtfs/")
    return path


def measure_median_s(question: Callable[[], T], repeats: int = REPEATS) -> tuple[float, T]:
    """Median seconds of some calls, and the last answer."""
    seconds = []
    for _ in range(repeats):
        gc.collect()
        begin = time.perf_counter()
        answer = question()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), answer


def measure_once_s(question: Callable[[], T]) -> tuple[float, T]:
    """Seconds of one call, and its answer."""
    return measure_median_s(question, 1)


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that compiled code prints reaches the terminal."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; the first column is text, the others stand to the right."""
    cells = [list(head), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sys.stdout.write(f"\n{title}\n")
    for at, row in enumerate(cells):
        line = "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        sys.stdout.write(f"  {line.rstrip()}\n")
        if at == 0:
            sys.stdout.write(f"  {'-' * (sum(widths) + 2 * len(widths) - 2)}\n")
    sys.stdout.flush()


def judge(figure: float, target: float, *, most: bool = False) -> str:
    """`met` or `missed`, with the target: at least it, or at most."""
    met = figure <= target if most else figure >= target
    return f"{'met' if met else 'missed'} ({'<=' if most else '>='} {target:g})"


def save(section: str, figures: dict[str, Any]) -> None:
    """Put one section into the record; the others stay as they are."""
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    record[section] = {"machine": describe_machine(), **figures}
    RECORD.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"\nwritten: {RECORD}\n")


def describe_machine() -> dict[str, Any]:
    """What the figures were measured on."""
    packages = (
        "numpy",
        "scipy",
        "numba",
        "networkx",
        "pandana",
        "cafein",
        "pandas",
        "lifecircle",
    )
    versions = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {
        "processors": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": versions,
    }
