"""Whole pages: the gap map of a kind and mode, and all of them with the map of schools and an index."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2

from layers.store import Run
from maps.areas import check_limit, draw_communities
from maps.backdrop import Backdrop, build_backdrop
from maps.base import Assets, Tiles
from maps.errors import UnknownLimit
from maps.index import find_main_limit, get_environment, index_page
from maps.kinds import KindParts, build_kind, list_page_data
from maps.legend import group_rules
from maps.modes import SCHOOLS_PAGE, WALK, get_words, has_schools, list_modes, name_page
from maps.schools import schools_map
from maps.shell import Frame, Shell, build_shell, write_body
from maps.style import list_swatches, read_palette
from maps.text import LANGS, Lang, read_text

__all__ = ["Backdrop", "build_backdrop", "gap_map", "write_maps"]

_SCRIPTS = (
    "nodes.js", "shell.js", "controls.js", "words.js", "circles.js", "drawing.js", "cards.js", "journey.js", "page.js",
)  # fmt: skip


def gap_map(
    run: Run,
    kind: str,
    *,
    limit_min: float = 15,
    mode: str = WALK,
    assets: Assets = "inline",
    asset_base: str = "/assets/",
    lang: Lang = "zh",
    backdrop: Backdrop | None = None,
    tiles: Tiles | None = None,
) -> str:
    """Gap map of one kind and mode as a whole HTML page.

    Communities by coverage, streets by minutes, facilities with their ways in, every home with the
    street and the way in its walk uses, and lines and stops where the run has a timetable. The page
    talks to the page around it by messages of its own origin: it tells `lifecircle:select` and
    hears `lifecircle:focus`, `lifecircle:lang`, `lifecircle:district`, `lifecircle:shade` and
    `lifecircle:journey`.

    Parameters
    ----------
    limit_min
        Limit the page opens with; the page itself can change to the run's other ones.
    mode
        `walk`, or `walk_transit` where the run has a timetable.
    assets
        `inline`: everything inside, opens from disk. `linked`: Leaflet under `asset_base`.
    backdrop
        From `build_backdrop`, to spare encoding the shared parts again.
    tiles
        An online base map; without one the page asks no host for anything.

    Raises
    ------
    UnknownKind
        The run was not measured for that kind.
    UnknownLimit
        The run was not measured for that limit or mode.
    AssetsMissing
        The front-end files were not fetched at build time.
    """
    shared = build_backdrop(run) if backdrop is None else backdrop
    parts = build_kind(run, kind, shared)
    frame = Frame(shared.bounds, assets, asset_base, lang, tiles)
    shell = _draw_shell(shared, parts, frame)
    return _draw_page(run, parts, mode, limit_min, shared=shared, frame=frame, shell=shell)


def write_maps(
    run: Run,
    folder: Path,
    *,
    kinds: Iterable[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> list[Path]:
    """Write one stand-alone gap map per kind and mode, and `index.html`, into `folder`.

    A run that knows of schools or parcels has its map of schools beside them.

    Parameters
    ----------
    kinds
        Kinds to draw; all of the run's when not given.
    progress
        Called with a kind's code and the share done, 0 to 1.

    Returns
    -------
    paths
        Files written, the index first.

    Raises
    ------
    UnknownKind
        The run was not measured for one of the kinds.
    """
    wanted = [str(kind["code"]) for kind in run.manifest["kinds"]] if kinds is None else list(kinds)
    limit_min = find_main_limit(run.manifest)
    backdrop = build_backdrop(run)
    frame = Frame(backdrop.bounds)
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.html"
    paths = [index]
    for done, kind in enumerate(wanted):
        parts = build_kind(run, kind, backdrop)
        draw = partial(_draw_page, run, parts, limit_min=limit_min, shared=backdrop, frame=frame)
        shell = _draw_shell(backdrop, parts, frame)
        for mode in list_modes(run):
            path = folder / name_page(kind, mode)
            path.write_text(draw(mode, shell=shell), encoding="utf-8")
            paths.append(path)
        if progress is not None:
            progress(kind, (done + 1) / len(wanted))
    if has_schools(run):
        path = folder / SCHOOLS_PAGE
        path.write_text(schools_map(run, backdrop=backdrop), encoding="utf-8")
        paths.append(path)
    index.write_text(index_page(run, wanted), encoding="utf-8")
    return paths


def _draw_shell(shared: Backdrop, parts: KindParts, frame: Frame) -> Shell:
    return build_shell(
        frame,
        draw_communities(shared.outlines),
        parts.facilities,
        parts.color,
        has_transit=len(parts.by_mode) > 1,
        has_cards=shared.has_cards,
    )


def _draw_page(
    run: Run,
    parts: KindParts,
    mode: str,
    limit_min: float,
    *,
    shared: Backdrop,
    frame: Frame,
    shell: Shell,
) -> str:
    """Fill the shell with what belongs to one mode."""
    if mode not in parts.by_mode:
        raise UnknownLimit(
            f"the run has no {mode} coverage: measured modes: {', '.join(parts.by_mode)}"
        )
    lang = frame.lang
    limit = check_limit(parts.by_mode[mode]["coverage"], limit_min, parts.kind, mode)
    data, packed = list_page_data(parts, mode, lang=lang, limit=limit)
    chrome = _draw_chrome(data, shared, frame)
    body = write_body(chrome, {"lc-shared": shared.data, "lc-kind": packed}, _SCRIPTS)
    return shell.fill(f"{data['names'][lang]} · {run.manifest['name']}", body)


def _draw_chrome(data: dict[str, Any], shared: Backdrop, frame: Frame) -> str:
    """What stands beside the map: title bar and legend."""
    palette = read_palette()
    mode = data["mode"]
    return _get_template("page.html").render(
        data=data,
        sections=group_rules(data["rules"], mode),
        has_cards=shared.has_cards,
        siblings=_list_siblings(data, frame) if "other" in data else [],
        timetable=shared.timetable,
        sources=shared.sources,
        words=partial(get_words, mode=mode),
        palette=palette.plain,
        swatches=list_swatches(palette),
        minutes=_label_minutes(palette.minutes.breaks),
        langs=LANGS,
        lang=frame.lang,
    )


def _list_siblings(data: dict[str, Any], frame: Frame) -> list[dict[str, str]]:
    """Pages of the same kind in every mode, by an address relative to this one.

    From disk they are files; a service knows them by what is asked of it.
    """
    modes = sorted([data["mode"], data["other"]["mode"]])
    if frame.assets == "linked":
        return [{"mode": mode, "href": f"?mode={mode}"} for mode in modes]
    return [{"mode": mode, "href": name_page(data["kind"], mode)} for mode in modes]


def _label_minutes(breaks: tuple[float, ...]) -> list[dict[str, str]]:
    """Label of each class of minutes, both languages."""
    text = read_text()
    low = 0.0
    labels: list[dict[str, str]] = []
    for high in breaks:
        pair = {"low": format(low, "g"), "high": format(high, "g")}
        labels.append({lang: text["legend_range"][lang].format(**pair) for lang in LANGS})
        low = high
    last = format(low, "g")
    labels.append({lang: text["legend_over"][lang].format(n=last) for lang in LANGS})
    return labels


@cache
def _get_template(name: str) -> jinja2.Template:
    return get_environment().get_template(name)
