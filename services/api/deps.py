"""Query strings to typed values, as Annotated aliases."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.api.compared import EarlierRun
from services.api.features import Box
from services.api.holder import RunHolder
from services.api.limits import Limit
from services.api.models import Problem
from services.api.opened import DEFAULT_MODE, OpenRun, Row
from services.api.parcel_history import ParcelHistory
from services.errors import InvalidQuery
from services.settings import ServiceSettings

_NAME_LENGTH = 200
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_YEAR = re.compile(r"[0-9]{1,9}", re.ASCII)
_LATEST_DEPART_S = 30 * 3600


async def get_settings(request: Request) -> ServiceSettings:
    """Return the settings the app was created with."""
    settings: ServiceSettings = request.app.state.settings
    return settings


async def get_holder(request: Request) -> RunHolder:
    """Holder of the run being served."""
    holder: RunHolder = request.app.state.holder
    return holder


async def get_earlier(request: Request) -> EarlierRun:
    """Run to compare with, if one was named."""
    earlier: EarlierRun = request.app.state.earlier
    return earlier


async def get_parcel_history(request: Request) -> ParcelHistory:
    """Earlier parcels to compare with, if any are at hand."""
    history: ParcelHistory = request.app.state.parcel_history
    return history


SettingsDep = Annotated[ServiceSettings, Depends(get_settings)]
HolderDep = Annotated[RunHolder, Depends(get_holder)]
EarlierDep = Annotated[EarlierRun, Depends(get_earlier)]
ParcelHistoryDep = Annotated[ParcelHistory, Depends(get_parcel_history)]


async def get_run(holder: HolderDep) -> OpenRun:
    """Return the run to answer from; kept for the whole request, even when a newer one comes in."""
    return holder.get_current()


RunDep = Annotated[OpenRun, Depends(get_run)]

NameQuery = Annotated[str | None, Query(max_length=_NAME_LENGTH)]
KindQuery = Annotated[
    str | None, Query(max_length=_NAME_LENGTH, description="facility kind: code or name")
]
LimitQuery = Annotated[
    str | None,
    Query(
        max_length=20,
        description="limit of the walk or journey: minutes (`15`), or metres (`500m`) for walks",
    ),
]


def find_kind(run: RunDep, kind: KindQuery = None) -> Row | None:
    """Kind asked for, None for all."""
    return None if kind is None else run.get_kind(kind)


def get_kind(
    run: RunDep, kind: Annotated[str, Query(max_length=_NAME_LENGTH, description="facility kind")]
) -> Row:
    """Kind that has to be given."""
    return run.get_kind(kind)


def get_mode(
    run: RunDep,
    mode: Annotated[
        str,
        Query(
            max_length=20,
            description="how people travel: `walk`, or `walk_transit` where there is a timetable",
        ),
    ] = DEFAULT_MODE,
) -> str:
    """Measured mode."""
    return run.get_mode(mode)


OptionalKindDep = Annotated[Row | None, Depends(find_kind)]
KindDep = Annotated[Row, Depends(get_kind)]
ModeDep = Annotated[str, Depends(get_mode)]


def get_limit(run: RunDep, kind: OptionalKindDep, mode: ModeDep, limit: LimitQuery = None) -> Limit:
    """Limit that was measured for kind and mode, the main one unless another is asked for."""
    return run.get_limit(limit, None if kind is None else kind["code"], mode)


def find_limit(
    run: RunDep, kind: OptionalKindDep, mode: ModeDep, limit: LimitQuery = None
) -> Limit | None:
    """Limit that was measured for kind and mode, None for all."""
    return None if limit is None else get_limit(run, kind, mode, limit)


def find_district(run: RunDep, district: NameQuery = None) -> str | None:
    """District asked for; None, or an empty name, for the whole city."""
    return run.get_district(district) if district else None


OptionalLimitDep = Annotated[Limit | None, Depends(find_limit)]
LimitDep = Annotated[Limit, Depends(get_limit)]
DistrictDep = Annotated[str | None, Depends(find_district)]


@dataclass(frozen=True, slots=True)
class Place:
    """A point, WGS 84 degrees."""

    lon: float
    lat: float


def get_place(
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, description="degrees east")],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, description="degrees north")],
) -> Place:
    """Point that has to be given."""
    return Place(lon, lat)


PlaceDep = Annotated[Place, Depends(get_place)]


def get_minutes(
    settings: SettingsDep,
    minutes: Annotated[
        str, Query(max_length=200, description="limits in minutes, by commas")
    ] = "5,10,15",
) -> tuple[float, ...]:
    """Minutes of an isochrone, short ones first."""
    expected = (
        f"up to {settings.max_rings} numbers by commas, each above 0 "
        f"and at most {settings.max_minutes:g} minutes"
    )
    values = _split_numbers("minutes", minutes, expected)
    fine = all(0 < value <= settings.max_minutes for value in values)
    if not fine or not 1 <= len(values) <= settings.max_rings:
        raise InvalidQuery("minutes", minutes, expected)
    return tuple(sorted(set(values)))


MinutesDep = Annotated[tuple[float, ...], Depends(get_minutes)]


def find_depart(
    depart: Annotated[
        str | None,
        Query(max_length=20, description="clock time one leaves at: `07:30` or `07:30:15`"),
    ] = None,
) -> int | None:
    """Clock time asked for, seconds after midnight of the service day."""
    if depart is None:
        return None
    match = _CLOCK.fullmatch(depart.strip())
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (99, 0, 0)
    depart_s = 3600 * hours + 60 * minutes + seconds
    if depart_s > _LATEST_DEPART_S:
        raise InvalidQuery(
            "depart", depart,
            "a clock time such as 07:30 or 07:30:15, from 00:00 to 30:00 "
            "(hours past 24 belong to the service day)",
        )  # fmt: skip
    return depart_s


DepartDep = Annotated[int | None, Depends(find_depart)]


def find_box(
    bbox: Annotated[
        str | None, Query(max_length=200, description="west,south,east,north in degrees")
    ] = None,
) -> Box | None:
    """Box asked for; with six numbers the heights are left aside."""
    expected = "west,south,east,north in degrees, south at most north"
    if bbox is None:
        return None
    values = _split_numbers("bbox", bbox, expected)
    if len(values) == 6:
        values = [values[0], values[1], values[3], values[4]]
    if len(values) != 4:
        raise InvalidQuery("bbox", bbox, expected)
    west, south, east, north = values
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidQuery("bbox", bbox, expected)
    return west, south, east, north


BoxDep = Annotated[Box | None, Depends(find_box)]


def find_years(
    run: RunDep,
    years: Annotated[
        str | None,
        Query(
            max_length=200, description="calendar years with commas, `2027,2030`; all by default"
        ),
    ] = None,
) -> tuple[int, ...] | None:
    """Years asked for, each once and in order; None, or an empty text, for all."""
    if not years:
        return None
    parts = {part.strip() for part in years.split(",")} - {""}
    wrong = [part for part in parts if not _YEAR.fullmatch(part)]
    if wrong or not parts:
        raise InvalidQuery("years", years, "calendar years with commas, such as 2027,2030")
    chosen = sorted(int(part) for part in parts)
    return tuple(run.schools.get_year(year, parameter="years") for year in chosen)


def get_parcel_id(run: RunDep, parcel_id: str) -> str:
    """Id of a parcel the run holds."""
    return str(run.parcels.get_parcel(parcel_id)["parcel_id"])


ParcelDep = Annotated[str, Depends(get_parcel_id)]
YearsDep = Annotated[tuple[int, ...] | None, Depends(find_years)]


def _split_numbers(parameter: str, text: str, expected: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise InvalidQuery(parameter, text, expected) from None
    if not all(math.isfinite(value) for value in values):
        raise InvalidQuery(parameter, text, expected)
    return values


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "model": Problem,
        "description": "what was wrong, and what would have been right",
    }
}
"""Answers every route may give besides its own."""
