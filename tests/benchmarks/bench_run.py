"""The whole `lifecircle run` of Las Palmas, and the service on what it wrote.

The command is started as a user starts it, all kinds, tables, GeoPackage, reports and maps included: wall time
and peak memory of the process, and the stages as the manifest names them. Once uncounted (numba compiles, files
come into memory), then median of 5.

The service runs in a process of its own and is asked over HTTP on the loopback: coverage of one kind, all kinds
in turn, and isochrones of 5, 10 and 15 minutes from random homes.
"""

import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import geopandas as gpd
import numpy as np
from support.record import CATCHMENTS, DATA, REPEATS, find_osm, judge, save, show

WALL_TARGET_S, PEAK_TARGET_MIB = 25.0, 1536.0
COVERAGE_TARGET_MS, ISOCHRONE_TARGET_MS = 50.0, 100.0
N_REQUESTS = 100
COMMAND = [str(Path(sys.executable).with_name("lifecircle"))]


def run_once(config: Path, out: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MiB of one run in a process of its own."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [*COMMAND, "run", str(config), "--out", str(out)], stdout=said, stderr=said
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace"))
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure_runs(folder: Path) -> tuple[dict[str, Any], Path]:
    """Several runs; the last one's folder is kept for the service."""
    config = folder / "city.toml"
    communities = (DATA / CATCHMENTS).as_posix()
    config.write_text(
        f'[city]\nname = "Las Palmas"\n[sources]\nosm = "{find_osm("Las Palmas").as_posix()}"\n'
        f'communities = {{ path = "{communities}" }}\n',
        encoding="utf-8",
    )
    out = folder / "run"
    first_s, _, _ = run_once(config, out)
    walls, busy, peaks, stages = [], [], [], []
    for _ in range(REPEATS):
        shutil.rmtree(out)
        wall_s, busy_s, peak_mib = run_once(config, out)
        walls.append(wall_s)
        busy.append(busy_s)
        peaks.append(peak_mib)
        stages.append(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["timings_s"])
    split = {name: statistics.median(one[name] for one in stages) for name in stages[0]}
    wall_s, peak_mib = statistics.median(walls), statistics.median(peaks)
    rows: list[list[object]] = [[name, f"{seconds:.2f}", ""] for name, seconds in split.items()]
    rows.append(["start and finish", f"{wall_s - sum(split.values()):.2f}", ""])
    rows.append(["whole run, s", f"{wall_s:.2f}", judge(wall_s, WALL_TARGET_S, most=True)])
    rows.append(
        ["peak memory, MiB", f"{peak_mib:.0f}", judge(peak_mib, PEAK_TARGET_MIB, most=True)]
    )
    show(
        f"lifecircle run, Las Palmas, median of {REPEATS} (first, uncounted: {first_s:.1f} s)",
        ["stage", "s", "target"],
        rows,
    )
    size_mib = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 2**20
    return {
        "wall_s": round(wall_s, 3),
        "walls_s": [round(one, 3) for one in walls],
        "first_s": round(first_s, 3),
        "processor_s": round(statistics.median(busy), 3),
        "peak_mib": round(peak_mib, 1),
        "stages_s": {name: round(seconds, 3) for name, seconds in split.items()},
        "folder_mib": round(size_mib, 1),
        "targets": {"wall_s": WALL_TARGET_S, "peak_mib": PEAK_TARGET_MIB},
    }, out


def ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Milliseconds until an answer is read to its end."""
    begin = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    elapsed_ms = (time.perf_counter() - begin) * 1e3
    if answer.status != http.client.OK or not body:
        sys.exit(f"{path}: {answer.status} {body[:200]!r}")
    return elapsed_ms


def measure_service(out: Path) -> dict[str, Any]:
    """Latencies of the two questions the page asks most."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    kinds = [kind["code"] for kind in manifest["kinds"] if kind["n_facilities"]]
    homes = gpd.read_parquet(out / "demand.parquet", columns=["geometry"]).geometry
    chosen = homes.iloc[np.random.default_rng(100).permutation(len(homes))[:N_REQUESTS]]
    begin = time.perf_counter()
    server = subprocess.Popen(
        [*COMMAND, "serve", str(out), "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = _read_port(server)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        _wait_ready(connection)
        ready_s = time.perf_counter() - begin
        coverage = [f"/v1/coverage?{urlencode({'kind': kind})}" for kind in kinds]
        isochrone = [
            f"/v1/isochrone?{urlencode({'lon': home.x, 'lat': home.y, 'minutes': '5,10,15'})}"
            for home in chosen
        ]
        found = {}
        for name, paths in (("coverage", coverage), ("isochrone", isochrone)):
            first_ms = ask(connection, paths[0])
            times = [ask(connection, paths[at % len(paths)]) for at in range(N_REQUESTS)]
            found[name] = {
                "median_ms": round(statistics.median(times), 2),
                "p95_ms": round(float(np.quantile(times, 0.95)), 2),
                "first_ms": round(first_ms, 2),
            }
        connection.close()
    finally:
        server.terminate()
        server.wait(timeout=30)
    targets = {"coverage": COVERAGE_TARGET_MS, "isochrone": ISOCHRONE_TARGET_MS}
    show(
        f"service on Las Palmas over loopback HTTP, {N_REQUESTS} requests (ready after {ready_s:.1f} s)",
        ["question", "median ms", "95 % ms", "first ms", "target"],
        [
            [
                name,
                one["median_ms"],
                one["p95_ms"],
                one["first_ms"],
                judge(one["median_ms"], targets[name], most=True),
            ]
            for name, one in found.items()
        ],
    )
    return {"ready_s": round(ready_s, 2), **found, "targets_ms": targets}


def _read_port(server: "subprocess.Popen[str]") -> int:
    said = []
    for line in server.stderr or ():
        said.append(line)
        match = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if match:
            return int(match[1])
    sys.exit(f"the service did not start: {''.join(said)}")


def _wait_ready(connection: http.client.HTTPConnection, patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            answer.read()
            if answer.status == http.client.OK:
                return
        except OSError:
            connection.close()
        time.sleep(0.1)
    sys.exit(f"the service was not ready after {patience_s:g} s")


def main() -> None:
    """The run, then the service on it."""
    with tempfile.TemporaryDirectory(prefix="lifecircle-bench-") as folder:
        run, out = measure_runs(Path(folder))
        save("run", run)
        save("service", measure_service(out))


if __name__ == "__main__":
    main()
