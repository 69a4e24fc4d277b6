"""Whole pages: the gap map of a kind, and all of them with an index."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import folium
import jinja2
import markupsafe
import pandas as pd

from layers.errors import UnknownKind
from layers.store import Run
from maps.areas import (
    check_limit,
    draw_communities,
    list_communities,
    list_coverage,
    list_gaps,
    list_outlines,
    list_unknown,
)
from maps.base import (
    Assets,
    Bounds,
    RawText,
    StartScript,
    Tiles,
    build_map,
    get_figure,
    render_page,
)
from maps.index import TEMPLATES, find_main_limit, get_environment, index_page
from maps.legend import find_summary, group_rules, list_rules, list_sources
from maps.lines import pack_ground, pack_minutes, pack_streets
from maps.points import draw_facilities, list_facilities, pack_access, pack_entrances, pack_homes
from maps.style import list_swatches, read_palette
from maps.tables import RowsByKind, embed_json, find_positions, index_rows
from maps.text import LANGS, Lang, get_titles, read_text

NO_ICON = '<link rel="icon" href="data:,">'
"""Keeps a browser from asking a server for an icon."""

_CODE = re.compile(r"^[a-z0-9_]+$")
_SCRIPTS = ("words.js", "drawing.js", "cards.js", "page.js")
_ACCESS_COLUMNS = ["demand_id", "nearest_s", "entrance_id"]
_VIEWS = ("view_coverage", "view_minutes")
_OVERLAYS = (
    ("layer_facilities", True),
    ("layer_uncovered", True),
    ("layer_covered", False),
    ("layer_entrances", True),
    ("layer_streets", True),
    ("layer_ground", True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """What the maps of a run share, encoded once.

    Parameters
    ----------
    data
        JSON of streets, ground, homes and communities, safe inside a `<script>` element.
    outlines
        GeoJSON feature of each community.
    bounds
        W, S, E, N of the communities, degrees.
    """

    data: str
    outlines: list[dict[str, Any]]
    bounds: Bounds
    community_keys: pd.Index
    demand_keys: pd.Index
    coverage_rows: RowsByKind
    access_rows: RowsByKind
    gap_rows: RowsByKind
    facility_rows: RowsByKind
    sources: dict[str, Any]


def build_backdrop(run: Run) -> Backdrop:
    """Encode what the maps of `run` share; hand it to `gap_map` when drawing several."""
    palette = read_palette()
    keys = pd.Index(run.communities["community_id"], dtype="str")
    sources = list_sources(run)
    data = {
        "streets": pack_streets(run.streets, palette),
        "ground": pack_ground(run.base),
        "homes": pack_homes(run.demand, keys),
        "communities": list_communities(run.communities),
        "palette": {name: palette.plain[name] for name in ("coverage", "minutes", "homes", "base")},
        "text": {key: dict(texts) for key, texts in read_text().items()},
        "sources": sources,
        "speeds": run.manifest.get("settings", {}),
    }
    west, south, east, north = (float(edge) for edge in run.communities.total_bounds)
    return Backdrop(
        data=embed_json(data),
        outlines=list_outlines(run.communities),
        bounds=(west, south, east, north),
        community_keys=keys,
        demand_keys=pd.Index(run.demand["demand_id"], dtype="str"),
        coverage_rows=index_rows(run.coverage, "kind", "mode"),
        access_rows=index_rows(run.access, "kind", "mode"),
        gap_rows=index_rows(run.gaps, "kind"),
        facility_rows=index_rows(run.facilities, "kind"),
        sources=sources,
    )


def gap_map(
    run: Run,
    kind: str,
    *,
    limit_min: float = 15,
    mode: str = "walk",
    assets: Assets = "inline",
    asset_base: str = "/assets/",
    lang: Lang = "zh",
    backdrop: Backdrop | None = None,
    tiles: Tiles | None = None,
) -> str:
    """Gap map of one kind as a whole HTML page.

    Communities by coverage, streets by minutes, facilities with their ways in, and every home with
    the street and the way in its walk uses. The page talks to the page around it by messages of its
    own origin: it tells `lifecircle:select` and hears `lifecircle:focus`, `lifecircle:lang` and
    `lifecircle:district`.

    Parameters
    ----------
    limit_min
        Limit the page opens with; the page itself can change to the run's other ones.
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
    palette = read_palette()
    entry = _get_kind(run, kind)
    color = palette.group_color(str(entry.get("group", "")))
    facilities = run.facilities.iloc[shared.facility_rows.find(kind)]
    data = _list_kind_data(run, entry, shared, facilities, mode)
    data.update(color=color, lang=lang, limit=check_limit(data["coverage"], limit_min, kind, mode))

    drawn = build_map(shared.bounds, assets=assets, asset_base=asset_base, tiles=tiles)
    root = get_figure(drawn)
    root.title = str(markupsafe.escape(f"{data['names'][lang]} · {run.manifest['name']}"))
    root.header.add_child(
        RawText(f"{NO_ICON}<style>{_read_template('page.css')}</style>"), name="page_css"
    )
    chrome = _get_template("page.html").render(
        data=data,
        rule_groups=group_rules(data["rules"]),
        sources=shared.sources,
        text=read_text(),
        palette=palette.plain,
        swatches=list_swatches(palette),
        minutes=_label_minutes(palette.minutes.breaks),
        langs=LANGS,
        lang=lang,
    )
    script = "".join(_read_template(name) for name in _SCRIPTS)
    body = (
        f"{chrome}"
        f'<script type="application/json" id="lc-shared">{shared.data}</script>'
        f'<script type="application/json" id="lc-kind">{embed_json(data)}</script>'
        f"<script>{_read_template('packed.js')}\n{{\n{script}}}</script>"
    )
    root.html.add_child(RawText(body), name="chrome")
    layers: dict[str, folium.map.Layer] = {
        "communities": draw_communities(shared.outlines),
        "facilities": draw_facilities(facilities, color),
    }
    layers.update(_list_groups(lang))
    for name, layer in layers.items():
        layer.add_to(drawn, name=name)
    folium.LayerControl(collapsed=False).add_to(drawn)
    StartScript(drawn, layers).add_to(drawn)
    return render_page(drawn, lang=lang)


def write_maps(
    run: Run,
    folder: Path,
    *,
    kinds: Iterable[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> list[Path]:
    """Write one stand-alone gap map per kind and `index.html` into `folder`.

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
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.html"
    paths = [index]
    for done, kind in enumerate(wanted):
        html = gap_map(run, kind, limit_min=limit_min, backdrop=backdrop)
        path = folder / f"{kind}.html"
        path.write_text(html, encoding="utf-8")
        paths.append(path)
        if progress is not None:
            progress(kind, (done + 1) / len(wanted))
    index.write_text(index_page(run, wanted), encoding="utf-8")
    return paths


def _get_kind(run: Run, kind: str) -> dict[str, Any]:
    for entry in run.manifest["kinds"]:
        if entry["code"] == kind and _CODE.match(kind):
            return dict(entry)
    raise UnknownKind(f"the run holds no kind {kind!r}; `manifest.json` lists its kinds")


def _list_kind_data(
    run: Run, entry: dict[str, Any], shared: Backdrop, facilities: pd.DataFrame, mode: str
) -> dict[str, Any]:
    """Everything of a page that depends on the kind, fit for JSON."""
    kind = str(entry["code"])
    palette = read_palette()
    owner = find_positions(run.entrances["facility_id"], pd.Index(facilities["facility_id"]))
    entrances = run.entrances[owner >= 0]
    coverage = run.coverage.iloc[shared.coverage_rows.find(kind, mode)]
    access = run.access[_ACCESS_COLUMNS].iloc[shared.access_rows.find(kind, mode)]
    by_limit = list_coverage(coverage, shared.community_keys, palette)
    if not by_limit and entry.get("status") == "unknown":
        by_limit = list_unknown(run.manifest.get("limits_min", ()), len(run.communities))
    measured = bool((coverage["status"] == "measured").any())
    sources = coverage["demand_source"][coverage["demand_source"] != ""]
    return {
        "kind": kind,
        "names": get_titles(entry, "name"),
        "name": str(run.manifest.get("name", "")),
        "synthetic": bool(run.manifest.get("synthetic")),
        "status": str(entry.get("status") or ""),
        "measured": measured,
        "mode": mode,
        "coverage": by_limit,
        "demand_source": str(sources.mode().iloc[0]) if len(sources) else "",
        "any_households": bool(run.demand["households"].notna().any()),
        "any_unconnected": bool((~facilities["connected"].astype(bool)).any()),
        "summary": find_summary(run.manifest, kind),
        "gaps": list_gaps(run.gaps.iloc[shared.gap_rows.find(kind)], shared.community_keys),
        "rules": list_rules(run.manifest, kind),
        "facilities": list_facilities(facilities),
        "entrances": pack_entrances(entrances, owner[owner >= 0]),
        "access": pack_access(access, shared.demand_keys, pd.Index(entrances["entrance_id"])),
        "minutes": pack_minutes(run.streets, kind, palette) if measured else "",
    }


def _list_groups(lang: Lang) -> dict[str, folium.map.Layer]:
    """Empty layers the page's script fills: two ways of colouring, and what can be switched off."""
    groups: dict[str, folium.map.Layer] = {
        key: folium.FeatureGroup(name=_label(key, lang), overlay=False, show=key == _VIEWS[0])
        for key in _VIEWS
    }
    for key, show in _OVERLAYS:
        groups[key] = folium.FeatureGroup(name=_label(key, lang), show=show)
    return groups


def _label(key: str, lang: Lang) -> str:
    """Name of a layer as the page can translate it; Leaflet reads names as HTML."""
    return f'<span data-t="{key}">{markupsafe.escape(read_text()[key][lang])}</span>'


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
def _read_template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _get_template(name: str) -> jinja2.Template:
    return get_environment().get_template(name)
