"""Settings of the service: from the environment (`LIFECIRCLE_…`) or the command line.

Read by `services.api` and `services.cli` alone; everything below them gets plain arguments.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What the service serves, where it listens, and how much one request may ask for.

    Every field is also an environment variable: `LIFECIRCLE_PORT=8080`.
    """

    model_config = SettingsConfigDict(env_prefix="LIFECIRCLE_", frozen=True, extra="ignore")

    run: Annotated[Path, Field(description="run folder to serve")]
    compare_with: Annotated[
        Path | None, Field(description="folder of an earlier run, to say what changed since")
    ] = None
    host: Annotated[
        str, Field(description="address to listen on; other machines are let in only on purpose")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="TCP port; 0 takes a free one")] = 8000
    reload_s: Annotated[
        float,
        Field(
            ge=0, description="seconds between looks at the run folder for a newer run; 0: never"
        ),
    ] = 2.0
    max_items: Annotated[
        int, Field(ge=1, le=10_000, description="most rows or features in one answer")
    ] = 10_000
    max_minutes: Annotated[
        float, Field(gt=0, le=240, description="longest walk an isochrone may ask for, minutes")
    ] = 60.0
    max_rings: Annotated[int, Field(ge=1, le=24, description="most limits of one isochrone")] = 6
    max_nearest: Annotated[
        int, Field(ge=1, le=100, description="most facilities one nearest-facility answer lists")
    ] = 10
    heavy_at_once: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="large isochrones drawn at the same time, as many journeys, and as many "
            "questions about school land; the others wait in line",
        ),
    ] = 2
    heavy_wait_s: Annotated[
        float,
        Field(gt=0, le=600, description="longest wait in that line, seconds; then 503"),
    ] = 30.0
    gzip_min_bytes: Annotated[
        int, Field(ge=0, description="answers shorter than this are sent uncompressed")
    ] = 1024
    maps_cached: Annotated[
        int, Field(ge=1, le=1000, description="map pages kept ready per run")
    ] = 32
