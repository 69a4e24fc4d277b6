"""The sample city served on a free loopback port, and a browser that may go nowhere else."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import geopandas as gpd
import pandas as pd
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route

from services.api.app import create_app
from services.settings import ServiceSettings

HOSTILE = (
    "<script>window.hit = 1</script>", '"><img src=x onerror="window.hit = 1">', "</script><b>x</b>",
    "${window.hit = 1}{{window.hit = 1}}", "' onmouseover='window.hit = 1", "=HYPERLINK(1)", "\u202e反\u0000",
)  # fmt: skip
LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}


@pytest.fixture(scope="session")
def hostile_run(sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample city with every name an attack."""
    folder = tmp_path_factory.mktemp("hostile") / "run"
    shutil.copytree(sample_run, folder)
    for table in ("communities", "facilities", "streets", "demand", "stops", "lines"):
        frame = gpd.read_parquet(folder / f"{table}.parquet")
        names = [HOSTILE[row % len(HOSTILE)] for row in range(len(frame))]
        frame["name"] = pd.array(names, dtype="str")
        if table == "communities":
            frame["district"] = pd.array([names[row % 2] for row in range(len(frame))], dtype="str")
        if table == "lines":
            frame["ref"] = frame["name"]
        frame.to_parquet(folder / f"{table}.parquet", index=False)
    _spoil_scores(folder)
    _spoil_schools(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for pack in manifest["packs"]:
        for place, card in enumerate(pack["cards"]):
            card["title_zh"] = HOSTILE[place % len(HOSTILE)]
        pack["title_zh"] = HOSTILE[2]
    manifest["name"] = HOSTILE[0]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _spoil_scores(folder: Path) -> None:
    """Give areas the hostile names of the districts, and every sentence one of its own."""
    for table in ("scorecards", "rollups", "targets", "gaps"):
        frame = pd.read_parquet(folder / f"{table}.parquet")
        for column in ("reason", "reason_en"):
            if column in frame:
                frame[column] = pd.array(
                    [HOSTILE[row % len(HOSTILE)] for row in range(len(frame))], dtype="str"
                )
        if table == "rollups":
            districts = frame.loc[frame["level"] == "district", "area"].unique()
            names = {name: HOSTILE[place % 2] for place, name in enumerate(districts)}
            for column in ("area", "district"):
                frame[column] = frame[column].replace(names)
        frame.to_parquet(folder / f"{table}.parquet", index=False)


def _spoil_schools(folder: Path) -> None:
    """Give schools and plans hostile names, parcels hostile ids, and every sentence one of its own."""
    ids = pd.read_parquet(folder / "parcels.parquet", columns=["parcel_id"])["parcel_id"]
    hostile = {name: f"{HOSTILE[row % 6]}/{row}" for row, name in enumerate(ids)}
    schools = {f"parcel:{name}": f"parcel:{new}" for name, new in hostile.items()}
    plain = {"school_years", "shortages"}
    for table in ("schools", "parcels", "parcel_findings", "parcel_changes", "catchments", *plain):
        path = folder / f"{table}.parquet"
        frame = pd.read_parquet(path) if table in plain else gpd.read_parquet(path)
        names = pd.array([HOSTILE[row % len(HOSTILE)] for row in range(len(frame))], dtype="str")
        for column in ("name", "plan", "reason", "reason_en", "document", "other"):
            if column in frame:
                frame[column] = names
        for column, new in (("parcel_id", hostile), ("school_id", schools), ("area_id", schools)):
            if column in frame:
                frame[column] = frame[column].replace(new)
        for column in ("candidates", "reserved_in_reach"):
            if column in frame:
                frame[column] = (
                    frame[column]
                    .str.split(",")
                    .map(lambda some: ",".join(hostile.get(one, one) for one in some))
                )
        frame.to_parquet(path, index=False)


@pytest.fixture(scope="session")
def walking_run(sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample city as it is without a timetable."""
    folder = tmp_path_factory.mktemp("walking") / "run"
    shutil.copytree(sample_run, folder)
    for name in ("stops", "lines", "ways_in", "changes"):
        (folder / f"{name}.parquet").unlink()
    (folder / "timetable.npz").unlink()
    for table in ("coverage", "access"):
        frame = pd.read_parquet(folder / f"{table}.parquet")
        frame[frame["mode"] == "walk"].to_parquet(folder / f"{table}.parquet", index=False)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["modes"] = ["walk"]
    manifest["transit"] = {
        "status": "unknown",
        "reason": {"zh": "没有时刻表，测试用", "en": "no timetable, for the test"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def walking_address(walking_run: Path) -> Iterator[str]:
    """Address of the real service on the sample city without a timetable."""
    with serve(walking_run) as url:
        yield url


@pytest.fixture(scope="session")
def address(sample_run: Path) -> Iterator[str]:
    """Address of the real service on the sample city."""
    with serve(sample_run) as url:
        yield url


@pytest.fixture(scope="session")
def hostile_address(hostile_run: Path) -> Iterator[str]:
    """Address of the real service on the city of hostile names."""
    with serve(hostile_run) as url:
        yield url


@pytest.fixture(scope="session")
def changed_address(sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the service on the sample city, with an earlier run that fared otherwise.

    In it every park rule was met and every rule on clinics missed, one community had another code,
    and the program a version that is an attack.
    """
    earlier = tmp_path_factory.mktemp("earlier") / "run"
    shutil.copytree(sample_run, earlier, ignore=shutil.ignore_patterns("*.gpkg", "maps", "report*"))
    gaps = pd.read_parquet(earlier / "gaps.parquet")
    gaps.loc[(gaps["kind"] == "park") & (gaps["status"] == "gap"), "status"] = "met"
    gaps.loc[(gaps["kind"] == "clinic") & (gaps["status"] == "met"), "status"] = "gap"
    gaps["community_id"] = gaps["community_id"].replace("990100021", "990100999")
    gaps.to_parquet(earlier / "gaps.parquet", index=False)
    communities = gpd.read_parquet(earlier / "communities.parquet")
    communities["community_id"] = communities["community_id"].replace("990100021", "990100999")
    communities.to_parquet(earlier / "communities.parquet", index=False)
    manifest = json.loads((earlier / "manifest.json").read_text(encoding="utf-8"))
    manifest["judged_on"] = "2025-12-31"
    manifest["version"] = HOSTILE[0]
    (earlier / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with serve(sample_run, compare_with=earlier) as url:
        yield url


@contextmanager
def serve(run: Path, **more: Path) -> Iterator[str]:
    app = create_app(ServiceSettings(run=run, reload_s=0, **more))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the service stopped while starting"
        assert time.monotonic() < until, "the service did not start within 30 s"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@dataclass
class Watch:
    """What a page did that it should not."""

    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_clean(self) -> None:
        assert self.outside == []
        assert self.complaints == []


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """`open_page(width, height)`: a page with every host but loopback cut off, and its watch."""
    contexts = []

    def open_one(width: int = 1400, height: int = 900) -> tuple[Page, Watch]:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        watch = Watch()

        def guard(route: Route) -> None:
            if (urlsplit(route.request.url).hostname or "") in LOOPBACK:
                route.continue_()
            else:
                watch.outside.append(route.request.url)
                route.abort()

        context.route("**/*", guard)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                watch.complaints.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )
        page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        return page, watch

    yield open_one
    for context in contexts:
        context.close()
