"""What the legend prints beside the colours: rules, sources and their status, data notices."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from layers.store import Run
from maps.modes import WALK
from maps.text import find_text, get_titles

STATUSES = ("primary", "secondary", "derived", "unverified")
UNFOLDED = 4
"""Rules the legend shows one under the other; of more, packs are folded up."""


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
                    "overlaid": bool(rule.get("overlaid")),
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
        `title`: key of its heading; `empty`: key of what stands there without any rule; `packs`, each
        with `title`, `count` and `groups` of rules from one source; `folds`: whether there are so many
        rules that the packs are folded up.
    """
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
                    "packs": _group_packs(members),
                    "folds": len(members) > UNFOLDED and len({r["pack"] for r in members}) > 1,
                }
            )
    return sections


def _group_packs(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules pack by pack, in it those of one source together."""

    def origin(rule: dict[str, Any]) -> tuple[str, str]:
        return rule["document"]["zh"], rule["clause"]["zh"]

    packs: dict[str, list[dict[str, Any]]] = {}
    for rule in rules:
        packs.setdefault(rule["pack"], []).append(rule)
    return [
        {
            "title": members[0]["pack_title"],
            "count": len(members),
            "groups": [list(group) for _, group in groupby(members, key=origin)],
        }
        for members in packs.values()
    ]


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
