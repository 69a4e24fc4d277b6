"""Heavy drawing: so many at once, the others in line, light routes never held up."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partialmethod

import pytest
from fastapi.testclient import TestClient

from services.api.app import create_app
from services.places import PlaceFinder
from services.ride_places import RideFinder
from services.settings import ServiceSettings

PATIENCE_S = 60


@dataclass
class Slow:
    """Stands in for a function that draws, and does not return before it is told to."""

    draw: Callable[..., object]
    go: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    now: int = 0
    most: int = 0

    def __call__(self, *asked, **more):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.entered.release()
        try:
            assert self.go.wait(PATIENCE_S)
            return self.draw(*asked, **more)
        finally:
            with self.lock:
                self.now -= 1

    def wait_until_busy(self, count: int) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=PATIENCE_S)


@pytest.fixture
def slow_rings(monkeypatch) -> Slow:
    """Isochrones on foot over 15 minutes do not end before they are told to."""
    draw = PlaceFinder.list_rings
    slow = Slow(draw)

    def stand_in(finder, start, limits_m, **more):
        chosen = slow if max(limits_m) > 15 * 60 * 1.2 else draw
        return chosen(finder, start, limits_m, **more)

    monkeypatch.setattr(PlaceFinder, "list_rings", stand_in)
    return slow


@contextmanager
def _serve(run, **settings) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(run=run, reload_s=0, **settings))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def _at(paper, **more):
    lon, lat = paper.lonlat(400, 400)
    return {"lon": lon, "lat": lat, **more}


def test_so_many_at_once_and_light_routes_beside_them(ride_run, paper, slow_rings):
    """More ask than the app has worker threads: those in line take none of them."""
    asked = _at(paper, minutes="15,30,60")
    with _serve(ride_run, heavy_at_once=2) as client, ThreadPoolExecutor(50) as askers:
        answers = [askers.submit(client.get, "/v1/isochrone", params=asked) for _ in range(50)]
        slow_rings.wait_until_busy(2)
        light = [
            client.get("/healthz"),
            client.get("/v1/summary"),
            client.get("/v1/isochrone", params=_at(paper, minutes="5,10,15")),
            client.get("/v1/nearest", params=_at(paper, kind="pharmacy")),
            client.get("/v1/journey", params=_at(paper, kind="pharmacy")),
        ]
        assert slow_rings.now == 2
        slow_rings.go.set()
        codes = {answer.result(PATIENCE_S).status_code for answer in answers}
    assert [answer.status_code for answer in light] == [200] * 5
    assert codes == {200}
    assert slow_rings.most == 2


def test_who_waits_too_long_is_told_to_come_back(ride_run, paper, slow_rings):
    asked = _at(paper, minutes="60")
    with (
        _serve(ride_run, heavy_at_once=1, heavy_wait_s=0.05) as client,
        ThreadPoolExecutor(1) as askers,
    ):
        first = askers.submit(client.get, "/v1/isochrone", params=asked)
        slow_rings.wait_until_busy(1)
        refused = client.get("/v1/isochrone", params=asked)
        wrong = client.get("/v1/isochrone", params={**asked, "minutes": "61"})
        slow_rings.go.set()
        assert first.result(PATIENCE_S).status_code == 200
        assert client.get("/v1/isochrone", params=asked).status_code == 200
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    detail = refused.json()["detail"]
    assert "too many large isochrones at once" in detail
    assert "\n" not in detail
    assert wrong.status_code == 400  # what is wrong is said without waiting


@pytest.mark.parametrize(
    ("path", "method", "more"),
    [
        ("/v1/journey", "plan", {"kind": "pharmacy"}),
        ("/v1/nearest", "measure_typical", {"kind": "pharmacy", "mode": "walk_transit"}),
    ],
)
def test_journeys_wait_in_a_line_of_their_own(ride_run, paper, monkeypatch, path, method, more):
    with (
        _serve(ride_run, heavy_at_once=1, heavy_wait_s=0.05) as client,
        ThreadPoolExecutor(1) as askers,
    ):
        slow = Slow(getattr(RideFinder, method))
        monkeypatch.setattr(RideFinder, method, partialmethod(slow))
        first = askers.submit(client.get, path, params=_at(paper, **more))
        slow.wait_until_busy(1)
        refused = client.get("/v1/journey", params=_at(paper, kind="pharmacy"))
        drawn = client.get("/v1/isochrone", params=_at(paper, minutes="30"))
        slow.go.set()
        assert first.result(PATIENCE_S).status_code == 200
    assert (refused.status_code, drawn.status_code) == (503, 200)
    assert "too many journeys at once" in refused.json()["detail"]


def test_a_place_comes_free_after_an_error(ride_run, paper, monkeypatch):
    draw = PlaceFinder.list_rings

    def fail(finder, start, limits_m, **more):
        if max(limits_m) > 15 * 60 * 1.2:
            raise RuntimeError
        return draw(finder, start, limits_m, **more)

    asked = _at(paper, minutes="60")
    with _serve(ride_run, heavy_at_once=1, heavy_wait_s=0.05) as client:
        with monkeypatch.context() as broken:
            broken.setattr(PlaceFinder, "list_rings", fail)
            assert client.get("/v1/isochrone", params=asked).status_code == 500
        assert client.get("/v1/isochrone", params=asked).status_code == 200


def test_how_many_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("LIFECIRCLE_RUN", "/data/run")
    monkeypatch.delenv("LIFECIRCLE_HEAVY_AT_ONCE", raising=False)
    assert ServiceSettings().heavy_at_once == 2
    monkeypatch.setenv("LIFECIRCLE_HEAVY_AT_ONCE", "5")
    assert ServiceSettings().heavy_at_once == 5
    monkeypatch.setenv("LIFECIRCLE_HEAVY_AT_ONCE", "0")
    with pytest.raises(ValueError, match="heavy_at_once"):
        ServiceSettings()
