"""Error classes to status codes: the one table, and the answers it gives."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from geo.errors import GeoError
from layers.errors import LayerError, NotARun, UnknownKind, UnknownRule
from services.api.jsonable import dump_json
from services.api.pages import render_page
from services.errors import (
    InvalidQuery,
    NoEarlierRun,
    NothingToMeasure,
    OutsideCity,
    RunUnavailable,
    ServiceError,
    TooBusy,
    UnknownChoice,
    echo_text,
)

_LOG = logging.getLogger("lifecircle.service")

STATUS_OF: Mapping[type[Exception], int] = MappingProxyType(
    {
        UnknownChoice: HTTPStatus.NOT_FOUND,
        UnknownKind: HTTPStatus.NOT_FOUND,
        UnknownRule: HTTPStatus.NOT_FOUND,
        NoEarlierRun: HTTPStatus.NOT_FOUND,
        InvalidQuery: HTTPStatus.BAD_REQUEST,
        RequestValidationError: HTTPStatus.BAD_REQUEST,
        OutsideCity: HTTPStatus.UNPROCESSABLE_ENTITY,
        NothingToMeasure: HTTPStatus.UNPROCESSABLE_ENTITY,
        RunUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        TooBusy: HTTPStatus.SERVICE_UNAVAILABLE,
        NotARun: HTTPStatus.SERVICE_UNAVAILABLE,
        ServiceError: HTTPStatus.INTERNAL_SERVER_ERROR,
        LayerError: HTTPStatus.INTERNAL_SERVER_ERROR,
        GeoError: HTTPStatus.INTERNAL_SERVER_ERROR,
        Exception: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
"""An error has the status of the nearest of its classes that stands here."""

PROBLEM_MEDIA_TYPE = "application/problem+json"


def find_status(error: Exception) -> int:
    """Return the status code of an error.

    >>> find_status(UnknownKind("no such kind"))
    404
    """
    for class_ in type(error).__mro__:
        if class_ in STATUS_OF:
            return int(STATUS_OF[class_])
    return int(HTTPStatus.INTERNAL_SERVER_ERROR)


def describe_problem(error: Exception) -> dict[str, Any]:
    """Return the problem document of an error."""
    if isinstance(error, HTTPException):
        return _problem(error.status_code, str(error.detail))
    if isinstance(error, RequestValidationError):
        return _problem(find_status(error), *_explain_validation(error))
    status = find_status(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _problem(status, "the service failed to answer; its log says why")
    problem = _problem(status, str(error))
    if isinstance(error, InvalidQuery):
        problem["parameter"] = error.parameter
    if isinstance(error, ServiceError) and error.allowed:
        problem["allowed"] = list(error.allowed)
    if isinstance(error, OutsideCity):
        problem["distance_m"] = round(error.distance_m, 1)
        problem["max_leg_m"] = round(error.max_leg_m, 1)
    return problem


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of the table, and any other, with a problem document or page."""
    for class_ in (*STATUS_OF, HTTPException):
        app.add_exception_handler(class_, _answer)


def _answer(request: Request, error: Exception) -> Response:
    problem = describe_problem(error)
    status = int(problem["status"])
    expected = isinstance(error, RunUnavailable | TooBusy)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not expected:
        _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if _wants_page(request):
        text = render_page("error.html", problem=problem)
        return HTMLResponse(text, status_code=status, headers=headers)
    return Response(dump_json(problem), status, headers, media_type=PROBLEM_MEDIA_TYPE)


def _problem(status: int, detail: str, parameter: str | None = None) -> dict[str, Any]:
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if parameter:
        problem["parameter"] = parameter
    return problem


def _explain_validation(error: RequestValidationError) -> tuple[str, str]:
    """Every finding in one line, and the name of the first parameter that was wrong."""
    lines = []
    names = []
    for finding in error.errors():
        name = str(finding["loc"][-1]) if finding["loc"] else "request"
        names.append(name)
        found = "" if finding["type"] == "missing" else f", found {echo_text(finding['input'])!r}"
        lines.append(f"{name}: {finding['msg'][:1].lower()}{finding['msg'][1:]}{found}")
    return "; ".join(lines), names[0] if names else "request"


def _wants_page(request: Request) -> bool:
    data = ("/v1/", "/collections", "/conformance", "/openapi.json", "/assets/", "/static/")
    page = not request.url.path.startswith(data)
    return page and "text/html" in request.headers.get("accept", "")
