"""Health, headers, tags, compression, errors, and the swap of runs."""

import gzip
import shutil
import threading

import pytest
from fastapi.testclient import TestClient

from layers.store import MANIFEST
from services.api.app import create_app
from services.api.errors import STATUS_OF, find_status
from services.api.holder import RunHolder
from services.errors import RunUnavailable
from services.settings import ServiceSettings

PATHS = (
    "/", "/maps/pharmacy", "/v1/coverage", "/v1/communities/C01", "/collections/streets/items", "/docs",
    "/openapi.json", "/static/planner.css",
)  # fmt: skip


def test_health_and_readiness(client):
    assert client.get("/healthz").json()["status"] == "ok"
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["run"], ready["reason"]) == ("ready", "纸上城市", None)


@pytest.mark.parametrize("path", PATHS)
def test_safety_headers(client, path):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "http:" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", PATHS)
def test_tag_comes_back_as_304(client, path):
    first = client.get(path)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_compressed_and_plain_have_their_own_tags(client):
    with client.stream("GET", "/v1/coverage", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    plain = client.get("/v1/coverage", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) == len(raw) < len(plain.content)


def test_short_answers_are_not_compressed(client):
    answer = client.get("/healthz", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_head_has_the_headers_and_no_body(client):
    answer = client.head("/v1/coverage", headers={"Accept-Encoding": "identity"})
    whole = client.get("/v1/coverage", headers={"Accept-Encoding": "identity"})
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len(whole.content))
    assert answer.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_read_only(client, method):
    answer = client.request(method, "/v1/coverage")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/static/../app.py", "/static/%2e%2e/app.py", "/assets/../../pyproject.toml", "/maps/%00",
     "/maps/../../etc/passwd", "/collections/%ff/items", "/v1/coverage?kind=%00%ff", "/maps/" + "x" * 3000],
)  # fmt: skip
def test_hostile_paths_are_plain_errors(client, path):
    answer = client.get(path)
    assert answer.status_code in {400, 404}
    assert len(answer.content) < 2000
    assert "Traceback" not in answer.text


def test_errors_are_pages_for_people(client):
    answer = client.get("/maps/<script>alert(1)", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_every_service_error_has_a_status():
    for class_ in STATUS_OF:
        assert 400 <= STATUS_OF[class_] < 600
    assert find_status(RuntimeError("bug")) == 500


def test_inner_errors_say_nothing_of_the_inside(paper_run):
    app = create_app(ServiceSettings(run=paper_run, reload_s=0))

    @app.get("/broken")
    def break_down():
        raise RuntimeError("secret")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_missing_run_is_503_with_the_reason(tmp_path):
    with TestClient(create_app(ServiceSettings(run=tmp_path / "none", reload_s=0))) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert "no complete run" in ready.json()["reason"]
        for path in ("/", "/v1/coverage", "/maps/pharmacy", "/collections"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "no complete run" in answer.json()["detail"]
        assert client.get("/healthz").status_code == 200
        page = client.get("/", headers={"Accept": "text/html"})
        assert "lifecircle run" in page.text


def test_damaged_run_is_503_with_the_reason(paper_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(paper_run, folder)
    (folder / "coverage.parquet").write_bytes(b"PAR1")
    with TestClient(create_app(ServiceSettings(run=folder, reload_s=0))) as client:
        assert client.get("/readyz").status_code == 503
        assert "damaged" in client.get("/v1/coverage").json()["detail"]


def test_newer_run_is_swapped_in_and_a_broken_one_is_not(write_paper_run, tmp_path):
    folder = write_paper_run(tmp_path / "run", name="旧")
    holder = RunHolder(folder)
    assert holder.refresh()
    old = holder.get_current()
    assert not holder.refresh()
    write_paper_run(folder, name="新", created="2025-02-02T08:00:00+00:00")
    assert holder.refresh()
    assert holder.get_current().name == "新"
    assert old.name == "旧"
    assert len(old.list_coverage("pharmacy")) == 9
    (folder / MANIFEST).write_text("{")
    assert not holder.refresh()
    assert holder.get_current().name == "新"
    assert "cannot be read" in holder.problem
    write_paper_run(folder, name="再")
    assert holder.refresh()
    assert holder.problem == ""


def test_no_run_no_answer(tmp_path):
    with pytest.raises(RunUnavailable, match="not been opened"):
        RunHolder(tmp_path).get_current()


def test_requests_survive_the_swap(write_paper_run, tmp_path):
    folder = write_paper_run(tmp_path / "run", name="0")
    app = create_app(ServiceSettings(run=folder, reload_s=0.05))
    seen, done = set(), threading.Event()
    with TestClient(app) as client:

        def ask():
            while not done.is_set():
                answer = client.get("/v1/summary", params={"kind": "pharmacy"})
                assert answer.status_code == 200
                seen.add(answer.json()["city"]["name"])

        asking = threading.Thread(target=ask)
        asking.start()
        for name in "12":
            write_paper_run(folder, name=name)
            for _ in range(500):
                if name in seen:
                    break
                done.wait(0.02)
        done.set()
        asking.join()
    assert {"1", "2"} <= seen


def test_a_run_that_comes_later_is_noticed(write_paper_run, tmp_path):
    folder = tmp_path / "run"
    with TestClient(create_app(ServiceSettings(run=folder, reload_s=0.05))) as client:
        assert client.get("/readyz").status_code == 503
        write_paper_run(folder)
        for _ in range(200):
            if client.get("/readyz").status_code == 200:
                break
            threading.Event().wait(0.02)
        assert client.get("/readyz").json()["status"] == "ready"


def test_openapi_names_problems_and_limits(client):
    document = client.get("/openapi.json").json()
    assert "/v1/isochrone" in document["paths"]
    answers = document["paths"]["/v1/coverage"]["get"]["responses"]
    assert set(answers) == {"200", "default"}


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("LIFECIRCLE_RUN", "/data/run")
    monkeypatch.setenv("LIFECIRCLE_PORT", "8123")
    settings = ServiceSettings()
    assert (str(settings.run), settings.port, settings.host) == ("/data/run", 8123, "127.0.0.1")
    monkeypatch.setenv("LIFECIRCLE_PORT", "99999")
    with pytest.raises(ValueError, match="port"):
        ServiceSettings()
