"""Pages for people: the planner's page, the maps in it, and the service's description."""

import base64
import hashlib
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from maps.pages import gap_map
from maps.style import read_palette
from services.api.answers import json_answer
from services.api.deps import EarlierDep, LimitQuery, ModeDep, RunDep
from services.api.opened import OpenRun
from services.api.pages import read_words, render_page
from services.api.routes.collections import describe_landing
from services.errors import InvalidQuery, UnknownItem

router = APIRouter(include_in_schema=False)
Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class MapPage:
    """A map page ready to send, and the policy that lets its own scripts run."""

    html: str
    policy: str


@router.get("/")
def get_planner_page(
    request: Request,
    run: RunDep,
    earlier: EarlierDep,
    f: Annotated[Literal["html", "json"] | None, Query(description="format")] = None,
    lang: Lang = "zh",
) -> Response:
    """Planner's page; the landing page of the features where JSON is asked for."""
    if f == "json" or (f is None and _prefers_json(request.headers.get("accept", ""))):
        base = str(request.base_url).rstrip("/")
        answer = json_answer(describe_landing(base, run.name, "15-minute life circle"))
    else:
        answer = HTMLResponse(_render_planner(run, lang, compared=earlier.folder is not None))
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/maps/{kind}")
def get_map(
    *,
    run: RunDep,
    kind: str,
    mode: ModeDep,
    limit: LimitQuery = None,
    lang: Lang = "zh",
    embed: Annotated[bool, Query(description="without its own title bar")] = False,
) -> HTMLResponse:
    """Gap map of one kind; `embed` is read by the page itself."""
    code = run.get_kind(kind.removesuffix(".html"))["code"]
    chosen = run.get_limit(limit)
    if chosen.unit != "min":
        raise InvalidQuery("limit", limit, "minutes: maps are drawn by time")
    page: MapPage = run.maps.get(
        (code, mode, chosen.value, lang), lambda: _draw_map(run, code, mode, chosen.value, lang)
    )
    del embed
    return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})


@router.get("/report.html")
def get_report_page(run: RunDep) -> FileResponse:
    """Send the run's printable report."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    path = _get_report(run, "report.html")
    return FileResponse(path, headers={"Content-Security-Policy": policy})


@router.get("/report.xlsx")
def get_report_workbook(run: RunDep) -> FileResponse:
    """Send the run's workbook."""
    return FileResponse(_get_report(run, "report.xlsx"), filename="lifecircle-report.xlsx")


def _get_report(run: OpenRun, name: str) -> Path:
    path = run.run.path / name
    if not path.is_file():
        raise UnknownItem(name, [])
    return path


@router.get("/favicon.ico")
def get_icon() -> FileResponse:
    """Send the icon browsers ask for on their own."""
    return FileResponse(
        Path(__file__).parents[1] / "static" / "icon.svg", media_type="image/svg+xml"
    )


@router.get("/docs")
def get_docs() -> HTMLResponse:
    """Show the description of the service with Swagger UI, served from here."""
    return HTMLResponse(
        render_page("docs.html"),
        headers={
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                "img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'; "
                "base-uri 'none'; form-action 'self'"
            )
        },
    )


def _render_planner(run: OpenRun, lang: Lang, *, compared: bool) -> str:
    coverage = read_palette().coverage
    words = read_words()
    measured = [code for code, kind in run.kinds.items() if kind.get("status") == "measured"]
    judged = [rule["kind"] for rule in run.standards.answers.values() if rule["kind"] in measured]
    data = {
        "lang": lang,
        "city": run.city,
        "kinds": list(run.kinds.values()),
        "first_kind": next(iter([*judged, *measured, *run.kinds]), ""),
        "palette": {"breaks": list(coverage.breaks), "colors": list(coverage.colors)},
        "scored": bool(run.standards.cards),
        "compared": compared,
        "words": words,
    }
    return render_page("planner.html", lang=lang, city=run.city, words=words, data=data)


def _draw_map(run: OpenRun, kind: str, mode: str, limit_min: float, lang: Lang) -> MapPage:
    html = gap_map(
        run.run,
        kind,
        limit_min=limit_min,
        mode=mode,
        assets="linked",
        asset_base="/assets/",
        lang=lang,
        backdrop=run.backdrop,
    )
    return build_map_page(html)


def build_map_page(html: str) -> MapPage:
    """Return a map with the policy under which its own scripts run, and no others."""
    hashes = " ".join(f"'sha256-{digest}'" for digest in list_script_digests(html))
    policy = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    )
    return MapPage(html, policy)


def list_script_digests(html: str) -> list[str]:
    """Base64 SHA-256 of each inline script that a browser would run, in order, each once.

    >>> list_script_digests("<script type='application/json'>{}</script><script>1</script>")
    ['a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=']
    """
    finder = _ScriptFinder()
    finder.feed(html)
    finder.close()
    digests = (hashlib.sha256(text.encode()).digest() for text in finder.scripts)
    return list(dict.fromkeys(base64.b64encode(digest).decode("ascii") for digest in digests))


class _ScriptFinder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[str] = []
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "script":
            return
        given = dict(attrs)
        runs = given.get("type") in {None, "", "module", "text/javascript"}
        self._text = [] if runs and "src" not in given else None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._text is not None:
            self.scripts.append("".join(self._text))
            self._text = None


def _prefers_json(accept: str) -> bool:
    """Whether an Accept header asks for JSON and not for a page.

    >>> _prefers_json("application/json"), _prefers_json("text/html,*/*;q=0.8")
    (True, False)
    """
    return "json" in accept and "text/html" not in accept
