"""Waiting in line for what is heavy to draw, so that the rest of the service stays at hand.

Who waits does so on the event loop and takes no worker thread: however long the line, the routes
that only look something up find a thread free.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import anyio
from fastapi import Depends, Request

from services.api.deps import (
    MinutesDep,
    ModeDep,
    ParcelDep,
    ParcelHistoryDep,
    PlaceDep,
    RunDep,
    YearsDep,
)
from services.api.opened import RIDE_MODE
from services.errors import TooBusy
from services.settings import ServiceSettings

LIGHT_WALK_MIN = 15.0
"""Isochrones on foot up to so many minutes are drawn at once, without waiting in line."""


class Line:
    """So many at once; the others wait, first come first served, for a bounded time.

    Parameters
    ----------
    at_once
        How many are let in at the same time.
    wait_s
        Longest wait, seconds.
    what
        What is waited for, in words for a message.
    """

    def __init__(self, at_once: int, wait_s: float, what: str) -> None:
        self._free = anyio.Semaphore(at_once)
        self._at_once = at_once
        self._wait_s = wait_s
        self._what = what

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Wait for a place and keep it until left.

        Raises
        ------
        TooBusy
            No place came free in time.
        """
        with anyio.move_on_after(self._wait_s) as waiting:
            await self._free.acquire()
        if waiting.cancelled_caught:
            raise TooBusy(
                f"too many {self._what} at once: {self._at_once} are being worked out and none "
                f"was done within {self._wait_s:g} s; ask again in a few seconds"
            )
        try:
            yield
        finally:
            self._free.release()


@dataclass(frozen=True, slots=True)
class Lines:
    """A line of its own for each sort: a card's journey does not stand behind isochrones."""

    isochrones: Line
    journeys: Line
    releases: Line


def build_lines(settings: ServiceSettings) -> Lines:
    """Lines of one app."""
    at_once, wait_s = settings.heavy_at_once, settings.heavy_wait_s
    return Lines(
        isochrones=Line(at_once, wait_s, "large isochrones"),
        journeys=Line(at_once, wait_s, "journeys"),
        releases=Line(at_once, wait_s, "questions about school land"),
    )


async def wait_for_isochrone(
    request: Request, place: PlaceDep, minutes: MinutesDep, mode: ModeDep
) -> AsyncIterator[None]:
    """Hold a place while an isochrone is drawn, unless it is a small one on foot."""
    del place  # a point that cannot be read is refused before it waits
    if mode != RIDE_MODE and max(minutes) <= LIGHT_WALK_MIN:
        yield
        return
    async with _get_lines(request).isochrones.hold():
        yield


async def wait_for_journey(request: Request, place: PlaceDep) -> AsyncIterator[None]:
    """Hold a place while a journey is worked out."""
    del place
    async with _get_lines(request).journeys.hold():
        yield


async def wait_for_nearest(request: Request, place: PlaceDep, mode: ModeDep) -> AsyncIterator[None]:
    """Hold a place while journeys to the nearest facilities are worked out; walks are light."""
    del place
    if mode != RIDE_MODE:
        yield
        return
    async with _get_lines(request).journeys.hold():
        yield


async def wait_for_release(
    request: Request, run: RunDep, parcel: ParcelDep, years: YearsDep
) -> AsyncIterator[None]:
    """Hold a place while a release test is worked out; those worked out before are light."""
    if run.schools.placers.has_release(parcel, years):
        yield
        return
    async with _get_lines(request).releases.hold():
        yield


async def wait_for_shortages(request: Request, run: RunDep) -> AsyncIterator[None]:
    """Hold a place while parcels that could end shortages are looked for; once they are, it is light."""
    if run.schools.placers.has_candidates:
        yield
        return
    async with _get_lines(request).releases.hold():
        yield


async def wait_for_changes(
    request: Request, run: RunDep, history: ParcelHistoryDep
) -> AsyncIterator[None]:
    """Hold a place while it is worked out who feels what became of an earlier run's parcels."""
    if history.is_light(run):
        yield
        return
    async with _get_lines(request).releases.hold():
        yield


# left before the answer is sent: a slow reader keeps nobody waiting
IsochroneTurn = Annotated[None, Depends(wait_for_isochrone, scope="function")]
JourneyTurn = Annotated[None, Depends(wait_for_journey, scope="function")]
NearestTurn = Annotated[None, Depends(wait_for_nearest, scope="function")]
ReleaseTurn = Annotated[None, Depends(wait_for_release, scope="function")]
ChangesTurn = Annotated[None, Depends(wait_for_changes, scope="function")]
ShortageTurn = Annotated[None, Depends(wait_for_shortages, scope="function")]


def _get_lines(request: Request) -> Lines:
    lines: Lines = request.app.state.lines
    return lines
