"""The app: settings in, routes, middleware and error answers put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from maps.assets import assets_dir
from services.api.compared import EarlierRun
from services.api.deps import PROBLEMS
from services.api.errors import add_error_handlers
from services.api.holder import RunHolder
from services.api.lines import build_lines
from services.api.middleware import ConditionalGzip, SafetyHeaders
from services.api.parcel_history import ParcelHistory
from services.api.routes import (
    collections,
    communities,
    compare,
    coverage,
    facts,
    gaps,
    health,
    journeys,
    pages,
    parcels,
    places,
    school_pages,
    schools,
    scorecards,
    sheets,
    standards,
)
from services.settings import ServiceSettings

_DESCRIPTION = """Who reaches a shop, a clinic, a school or a government-service point within a
quarter of an hour, on foot (`mode=walk`) or by public transport as well (`mode=walk_transit`, in
runs with a timetable), who does not, and why; and whether school places and the land reserved for
them suffice, year by year. Read-only; every figure comes from one run folder.
Lengths are metres, times seconds unless a name says minutes, clock times those of the service day
(hours may pass 24), coordinates WGS 84 degrees, unknown values null."""


def create_app(settings: ServiceSettings) -> FastAPI:
    """Build the service for one run folder.

    The run is opened when the app starts and looked after while it runs: a newer complete run in
    the same folder is swapped in between requests. Without a complete run the service starts all
    the same, says so on `/readyz`, and waits for one.

    Parameters
    ----------
    settings
        Run folder, limits and habits.

    Raises
    ------
    AssetsMissing
        The maps' front-end files were not fetched when the project was built.
    """
    holder = RunHolder(settings.run, maps_cached=settings.maps_cached)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(holder.refresh)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, holder.warm)
            if settings.reload_s > 0:
                tasks.start_soon(holder.watch, settings.reload_s)
            yield
            holder.close()
            tasks.cancel_scope.cancel()

    app = FastAPI(
        title="LifeCircle",
        summary="15-minute life circle, on foot and by public transport",
        description=_DESCRIPTION,
        version=health.find_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=PROBLEMS,
    )
    app.state.settings = settings
    app.state.holder = holder
    app.state.earlier = EarlierRun(settings.compare_with)
    app.state.parcel_history = ParcelHistory(settings.compare_with)
    app.state.lines = build_lines(settings)
    app.add_middleware(ConditionalGzip, min_bytes=settings.gzip_min_bytes)
    app.add_middleware(SafetyHeaders)
    add_error_handlers(app)
    for module in (
        school_pages,
        pages,
        coverage,
        gaps,
        scorecards,
        standards,
        compare,
        communities,
        schools,
        parcels,
        places,
        journeys,
        sheets,
        facts,
        collections,
        health,
    ):
        app.include_router(module.router)
    app.mount("/assets", StaticFiles(directory=assets_dir()), name="assets")
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    return app
