"""The real app on the paper town."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from services.api.app import create_app
from services.settings import ServiceSettings


@pytest.fixture(scope="session")
def client(paper_run: Path) -> Iterator[TestClient]:
    """The app, started; the run folder is not watched."""
    app = create_app(ServiceSettings(run=paper_run, reload_s=0))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started
