"""What the legend prints beside the colours: rules, sources and their status, data notices."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from layers.store import Run
from maps.modes import WALK
from maps.text import find_text, get_titles

STATUSES = ("primary", "secondary", "derived", "unverified")


def list_rules(manifest: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Rules of the run's packs on one kind, both languages, with source and source status."""
    found = []
    for pack in manifest.get("packs", ()):
        for rule in pack.get("rules", ()):
            kinds = rule.get("kinds") or [rule.get("kind")]
            if kind not in kinds:
                continue
            source = rule.get("source") or {}
            status = str(source.get("status") or "unverified")
            found.append(
                {
                    "pack": str(pack.get("code", "")),
                    "pack_title": get_titles(pack, "title"),
                    "rule": str(rule.get("code", "")),
                    "title": get_titles(rule, "title"),
                    "document": find_text(
                        {"zh": source.get("document"), "en": source.get("document_en")}
                    ),
                    "clause": find_text(source.get("clause")),
                    "status": status if status in STATUSES else "unverified",
                    "limit": rule.get("limit"),
                    "limit_unit": str(rule.get("limit_unit") or ""),
                    "mode": str(rule.get("mode") or ""),
                }
            )
    return found


def group_rules(rules: list[dict[str, Any]], mode: str) -> list[dict[str, Any]]:
    """Rules by the mode they are judged in, and those of one source together for its one line.

    Where all of them are judged on foot or without a journey, and so is the page, one section
    holds them. Else the page's own mode comes first, even when it holds none.

    Returns
    -------
    sections
        `title`: key of its heading; `empty`: key of what stands there without any rule; `groups`.
    """

    def origin(rule: dict[str, Any]) -> tuple[str, str, str]:
        return rule["pack"], rule["document"]["zh"], rule["clause"]["zh"]

    modes = {rule["mode"] for rule in rules}
    if not rules or (mode == WALK and modes <= {WALK, ""}):
        by_mode = {"": rules}
    else:
        order = dict.fromkeys([mode, *sorted(modes - {""}), ""])
        by_mode = {name: [rule for rule in rules if rule["mode"] == name] for name in order}
    sections = []
    for name, members in by_mode.items():
        if members or name == mode or not rules:
            ending = f"_{name}" if name else "" if len(by_mode) == 1 else "_anyhow"
            sections.append(
                {
                    "title": f"legend_rules{ending}",
                    "empty": f"legend_no_rules{ending}",
                    "groups": [list(group) for _, group in groupby(members, key=origin)],
                }
            )
    return sections


def list_sources(run: Run) -> dict[str, Any]:
    """Notices, assumptions and licences of the run."""
    severity = run.notices["severity"]
    return {
        "warnings": int((severity == "warning").sum()),
        "infos": int((severity == "info").sum()),
        "assumptions": [find_text(entry) for entry in run.manifest.get("assumptions", ())],
        "attribution": [str(entry) for entry in run.manifest.get("attribution", ())],
        "created": str(run.manifest.get("created", ""))[:10],
    }


def find_summary(
    manifest: Mapping[str, Any], kind: str, mode: str = WALK
) -> dict[str, dict[str, Any]]:
    """City figures of one kind and mode per limit in minutes, keyed like the coverage columns."""
    found = {}
    summary = manifest.get("summary" if mode == WALK else f"summary_{mode}") or {}
    for limit, figures in (summary.get(kind) or {}).items():
        try:
            key = format(float(limit), "g")
        except ValueError:
            continue
        found[key] = {
            "share": figures.get("share"),
            "households": figures.get("households"),
            "covered": figures.get("households_covered"),
            "basis": str(figures.get("basis") or ""),
            "status": str(figures.get("status") or ""),
            "reason": find_text(figures.get("reason")),
        }
    return found
