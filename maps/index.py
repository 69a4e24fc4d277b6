"""First page of the maps: every kind with its city figure and the way to its map."""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from layers.store import Run
from maps.legend import find_summary, list_sources
from maps.modes import (
    RIDE,
    SCHOOLS_PAGE,
    WALK,
    get_words,
    has_schools,
    list_modes,
    name_page,
)
from maps.style import read_palette
from maps.text import LANGS, Lang, find_text, get_titles, read_text
from maps.transit import find_timetable

TEMPLATES = Path(__file__).parent / "templates"


@cache
def get_environment() -> jinja2.Environment:
    """Templates of the pages; everything they print is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def find_main_limit(manifest: Mapping[str, Any]) -> float:
    """15 minutes where the run has them, else its longest limit."""
    limits = [float(limit) for limit in manifest.get("limits_min", ())] or [15.0]
    return 15.0 if 15.0 in limits else max(limits)


def index_page(run: Run, kinds: Iterable[str], *, lang: Lang = "zh") -> str:
    """Stand-alone page that lists `kinds` with share, facilities and gaps, linked to their maps.

    Where the run has a timetable, the share with transit stands beside and leads to its own map. The
    map of schools stands above them where the run has one.
    """
    manifest = run.manifest
    main = find_main_limit(manifest)
    limits = sorted({float(limit) for limit in manifest.get("limits_min", ())} | {main})
    wanted = set(kinds)
    gaps = run.gaps[run.gaps["status"] == "gap"]
    gap_counts = gaps.groupby("kind")["community_id"].nunique().to_dict()
    judged = set(run.gaps["kind"].unique())
    decided = set(run.gaps["kind"][run.gaps["status"].isin(["met", "gap"])].unique())
    palette = read_palette()
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in manifest["kinds"]:
        code = str(entry["code"])
        if code not in wanted:
            continue
        summary = find_summary(manifest, code)
        shares = {limit: _find_share(summary.get(format(limit, "g"))) for limit in limits}
        ride = find_summary(manifest, code, RIDE).get(format(main, "g"))
        groups.setdefault(str(entry.get("group") or "other"), []).append(
            {
                "code": code,
                "names": get_titles(entry, "name"),
                "n_facilities": entry.get("n_facilities"),
                "share": shares[main],
                "page": name_page(code, WALK),
                "ride_share": _find_share(ride),
                "ride_page": name_page(code, RIDE),
                "others": [shares[limit] for limit in limits if limit != main],
                "gaps": int(gap_counts.get(code, 0)) if code in judged else None,
                "undecided": code in judged and code not in decided,
                "color": palette.group_color(str(entry.get("group", ""))),
            }
        )
    households = run.communities["households"]
    return (
        get_environment()
        .get_template("index.html")
        .render(
            manifest=manifest,
            groups=groups,
            group_names={code: _name_group(manifest, code) for code in groups},
            main=format(main, "g"),
            others=[format(limit, "g") for limit in limits if limit != main],
            n_communities=len(run.communities),
            schools=_describe_schools(run) if has_schools(run) else None,
            households=None if households.isna().any() else int(households.sum()),
            n_homes=len(run.demand),
            n_streets=int(run.streets["kept"].sum()),
            has_rides=RIDE in list_modes(run),
            timetable=find_timetable(manifest),
            absent=find_text((manifest.get("transit") or {}).get("reason")),
            packs=[get_titles(pack, "title") for pack in manifest.get("packs", ())],
            sources=list_sources(run),
            text=read_text(),
            words=get_words,
            langs=LANGS,
            lang=lang,
        )
    )


def _describe_schools(run: Run) -> dict[str, Any]:
    """Where the map of schools is, and how much it shows."""
    return {
        "page": SCHOOLS_PAGE,
        "schools": int(run.schools["school_id"].nunique()),
        "parcels": len(run.parcels),
    }


def _name_group(manifest: Mapping[str, Any], code: str) -> dict[str, str]:
    """Name of a group of kinds, both languages."""
    other = read_text()["group_other"] if code == "other" else {"zh": code, "en": code}
    return find_text(manifest.get("groups", {}).get(code), zh=other["zh"], en=other["en"])


def _find_share(figures: Mapping[str, Any] | None) -> float | None:
    """City share as a number from 0 to 1; nothing where it is unknown."""
    if not figures or figures["status"] == "unknown":
        return None
    share = figures["share"]
    return None if share is None or math.isnan(share) else float(share)
