"""What the legend prints beside the colours: rules, sources and their status, data notices."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from layers.store import Run
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
                }
            )
    return found


def group_rules(rules: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rules next to each other that share pack, document and clause, for one source line each."""

    def origin(rule: dict[str, Any]) -> tuple[str, str, str]:
        return rule["pack"], rule["document"]["zh"], rule["clause"]["zh"]

    return [list(group) for _, group in groupby(rules, key=origin)]


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


def find_summary(manifest: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """City figures of one kind per limit in minutes, keyed like the coverage columns."""
    found = {}
    for limit, figures in (manifest.get("summary", {}).get(kind) or {}).items():
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
