"""The run's tables as GeoJSON features, by box and page."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from services.api.answers import GEOJSON_MEDIA_TYPE, json_answer
from services.api.deps import BoxDep, RunDep, SettingsDep
from services.api.features import FeatureTable
from services.api.jsonable import dump_json
from services.api.models import FeatureCollection
from services.api.opened import OpenRun
from services.errors import InvalidQuery

router = APIRouter(tags=["collections"])
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_DEFAULT_PAGE = 1000
_KNOWN = frozenset({"bbox", "limit", "offset", "f"})
_JSON = "application/json"


def describe_landing(base: str, title: str, description: str) -> dict[str, Any]:
    """Landing page of the features for machines; people get the planner's page there."""
    return {
        "title": title,
        "description": description,
        "links": [
            _link(f"{base}/?f=json", "self", _JSON, "this document"),
            _link(f"{base}/", "alternate", "text/html", "planner's page"),
            _link(
                f"{base}/openapi.json",
                "service-desc",
                "application/vnd.oai.openapi+json;version=3.1",
                "description of the service",
            ),
            _link(f"{base}/docs", "service-doc", "text/html", "the same for people"),
            _link(f"{base}/conformance", "conformance", _JSON, "conformance"),
            _link(f"{base}/collections", "data", _JSON, "collections"),
        ],
    }


@router.get("/conformance", summary="Conformance classes")
def get_conformance() -> Response:
    """List conformance classes; none is claimed before it is met in full."""
    return json_answer({"conformsTo": []})


@router.get("/collections", summary="Collections")
def list_collections(request: Request, run: RunDep) -> Response:
    """List the tables offered as features."""
    base = _find_base(request)
    return json_answer(
        {
            "links": [_link(f"{base}/collections", "self", _JSON, "this document")],
            "collections": [_describe(table, run, base) for table in run.collections.values()],
        }
    )


@router.get("/collections/{name}", summary="One collection")
def get_collection(request: Request, run: RunDep, name: str) -> Response:
    """Title, extent and links of one table."""
    return json_answer(_describe(run.get_collection(name), run, _find_base(request)))


@router.get(
    "/collections/{name}/items",
    summary="Features",
    response_model=FeatureCollection,
    response_class=Response,
    responses={200: {"content": {GEOJSON_MEDIA_TYPE: {}}}},
)
def list_items(
    request: Request,
    run: RunDep,
    settings: SettingsDep,
    name: str,
    box: BoxDep,
    limit: Annotated[int, Query(ge=1, le=10_000, description="features per page")] = _DEFAULT_PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000, description="features to skip")] = 0,
) -> Response:
    """Features that touch the box, one page of them, with a link to the next."""
    unknown = sorted(set(request.query_params) - _KNOWN)
    if unknown:
        raise InvalidQuery(
            unknown[0], request.query_params[unknown[0]],
            f"no such parameter here, only {', '.join(sorted(_KNOWN))}", allowed=sorted(_KNOWN),
        )  # fmt: skip
    if limit > settings.max_items:
        raise InvalidQuery("limit", limit, f"at most {settings.max_items} features per page")
    table = run.get_collection(name)
    page = table.list_page(box=box, limit=limit, offset=offset)
    place = f"{_find_base(request)}/collections/{quote(name)}"
    asked = {"bbox": request.query_params["bbox"]} if box is not None else {}

    def at(first: int) -> str:
        return f"{place}/items?{urlencode({**asked, 'limit': limit, 'offset': first}, safe=',')}"

    links = [
        _link(at(offset), "self", GEOJSON_MEDIA_TYPE, "this page"),
        _link(place, "collection", _JSON, "the collection"),
    ]
    if offset + len(page.features) < page.matched and page.features:
        links.append(_link(at(offset + limit), "next", GEOJSON_MEDIA_TYPE, "next page"))
    if offset > 0:
        links.append(_link(at(max(0, offset - limit)), "prev", GEOJSON_MEDIA_TYPE, "page before"))
    head = {
        "type": "FeatureCollection",
        "timeStamp": _find_time(run),
        "numberMatched": page.matched,
        "numberReturned": len(page.features),
        "links": links,
    }
    opening = dump_json(head).decode().removesuffix("}")
    text = f'{opening},"features":[{",".join(page.features)}]}}'
    return Response(text, media_type=GEOJSON_MEDIA_TYPE)


@router.get(
    "/collections/{name}/items/{item:path}",
    summary="One feature",
    response_class=Response,
    responses={200: {"content": {GEOJSON_MEDIA_TYPE: {}}}},
)
def get_item(request: Request, run: RunDep, name: str, item: str) -> Response:
    """One feature by its id."""
    table = run.get_collection(name)
    feature = table.get_item(item)
    place = f"{_find_base(request)}/collections/{quote(name)}"
    links = [
        _link(f"{place}/items/{quote(item, safe='')}", "self", GEOJSON_MEDIA_TYPE, "this feature"),
        _link(place, "collection", _JSON, "the collection"),
    ]
    text = f'{feature.removesuffix("}")},"links":{dump_json(links).decode()}}}'
    return Response(text, media_type=GEOJSON_MEDIA_TYPE)


def _describe(table: FeatureTable, run: OpenRun, base: str) -> dict[str, Any]:
    place = f"{base}/collections/{quote(table.name)}"
    box = table.bounds or run.bounds
    return {
        "id": table.name,
        "title": table.title,
        "title_zh": table.title_zh,
        "description": table.description,
        "itemType": "feature",
        "extent": {"spatial": {"bbox": [list(box)], "crs": CRS84}},
        "crs": [CRS84],
        "links": [
            _link(place, "self", _JSON, "this document"),
            _link(f"{place}/items", "items", GEOJSON_MEDIA_TYPE, "features"),
        ],
    }


def _link(href: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def _find_base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _find_time(run: OpenRun) -> str:
    """When the run was made: the same question has the same answer until the next run."""
    created = str(run.manifest.get("created", ""))
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC).isoformat()
    return moment.replace(tzinfo=moment.tzinfo or UTC).isoformat()
