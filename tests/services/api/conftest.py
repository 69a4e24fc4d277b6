"""The real app on the paper town."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from layers.config import read_config
from layers.demo import write_demo
from services.api.app import create_app
from services.pipeline import run_city
from services.settings import ServiceSettings


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of the embedded sample city."""
    folder = tmp_path_factory.mktemp("sample")
    run_city(read_config(write_demo(folder / "city")), folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def sample_client(sample_run: Path) -> Iterator[TestClient]:
    """The app on the sample city."""
    app = create_app(ServiceSettings(run=sample_run, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture(scope="session")
def client(paper_run: Path) -> Iterator[TestClient]:
    """The app, started; the run folder is not watched."""
    app = create_app(ServiceSettings(run=paper_run, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started
