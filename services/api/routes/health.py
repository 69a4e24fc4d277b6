"""Whether the service runs, and whether it can answer."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Response

from services.api.deps import HolderDep
from services.api.models import Health

router = APIRouter(tags=["health"])


def find_version() -> str:
    """Version of the installed product, `unknown` when run from bare files."""
    try:
        return version("lifecircle")
    except PackageNotFoundError:
        return "unknown"


@router.get("/healthz", summary="The process runs")
async def get_health() -> Health:
    """Answer `ok` as long as the process takes requests."""
    return Health(status="ok", version=find_version())


@router.get("/readyz", summary="A run is open", responses={503: {"model": Health}})
async def get_readiness(holder: HolderDep, response: Response) -> Health:
    """Answer `ready` with the run being served, or 503 with the reason.

    `reason` beside `ready` says why a newer state of the folder could not be opened; the last
    complete run goes on being served.
    """
    response.headers["Cache-Control"] = "no-store"
    opened = holder.find_current()
    if opened is None:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
        return Health(status="unavailable", version=find_version(), reason=holder.problem)
    return Health(
        status="ready",
        version=find_version(),
        run=opened.name,
        created=str(opened.manifest.get("created", "")) or None,
        fingerprint=opened.fingerprint,
        reason=holder.problem or None,
    )
