"""Ready-made answers: rows already fit for JSON, sent without another look."""

from fastapi import Response

from services.api.jsonable import dump_json

GEOJSON_MEDIA_TYPE = "application/geo+json"


def json_answer(value: object, *, media_type: str = "application/json") -> Response:
    """Return a JSON answer.

    Raises
    ------
    ValueError
        A number in it is not finite.
    """
    return Response(dump_json(value), media_type=media_type)
