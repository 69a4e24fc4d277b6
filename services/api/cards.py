"""Rows put together for people: the city's summary and a community's card."""

from services.api.models import LimitShare
from services.api.opened import DEFAULT_MODE, RIDE_MODE, Limit, OpenRun, Row
from services.summary import NO_DEMAND, NO_FACILITY

_VERDICTS = ("gap", "unknown", "met", "not_applicable")
"""From the one a planner must see first to the one that says least."""
_SUMMARY_OF = {DEFAULT_MODE: "summary", RIDE_MODE: f"summary_{RIDE_MODE}"}
"""Entry of the manifest that holds the city's figures of a mode."""
_SUMMED = (
    "status",
    "share",
    "households",
    "households_covered",
    "building_share",
    "land_share",
)


def list_gaps(
    opened: OpenRun,
    *,
    rule: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    district: str | None = None,
    community: str | None = None,
) -> list[Row]:
    """Gap rows that match everything asked for, with names and sources filled in."""
    rules = {(entry["pack"], entry["code"]): entry for entry in opened.rules}
    return [
        _describe_gap(opened, row, rules)
        for row in opened.gaps
        if (rule is None or row["rule"] == rule)
        and (kind is None or row["kind"] == kind)
        and (status is None or row["status"] == status)
        and (community is None or row["community_id"] == community)
        and opened.contains(row["community_id"], district)
    ]


def count_verdicts(rows: list[Row]) -> dict[str, int]:
    """Rows per verdict, every verdict present."""
    counts = dict.fromkeys(_VERDICTS, 0)
    for row in rows:
        counts[row["status"]] += 1
    return counts


def build_summary(
    opened: OpenRun, kind: Row, *, mode: str, limit: Limit, district: str | None
) -> Row:
    """One kind over the city or one district.

    The city's figures are those of the run's own summary. A district's share is of households
    where any of its communities has them, else the mean of the communities' shares; `basis` says
    which. Communities without a figure are counted, never guessed.
    """
    rows = [
        row
        for row in opened.list_coverage(kind["code"])
        if row["mode"] == mode and opened.contains(row["community_id"], district)
    ]
    here = [row for row in rows if _within(row, limit)]
    measured = [row for row in here if _is_measured(row)]
    figures = _sum_limit(opened, kind["code"], mode, rows, limit, district)
    total, covered = figures["households"], figures["households_covered"]
    reason = {"zh": "", "en": ""}
    if figures["status"] == "unknown":
        reason = NO_DEMAND if kind.get("n_facilities") else NO_FACILITY
    limits = [
        _sum_limit(opened, kind["code"], mode, rows, one, district)
        for one in opened.list_limits(kind["code"], mode)
    ]
    return {
        "kind": kind["code"],
        "name_zh": kind.get("name_zh", kind["code"]),
        "name_en": kind.get("name_en", kind["code"]),
        "group": kind.get("group", ""),
        "mode": mode,
        "limit": limit.value,
        "limit_unit": limit.unit,
        "district": district,
        "status": figures["status"],
        "reason": reason["zh"],
        "reason_en": reason["en"],
        "n_facilities": kind.get("n_facilities"),
        "basis": figures["basis"],
        "share": figures["share"],
        "households": total,
        "households_covered": covered,
        "households_not_covered": (
            round(total - covered, 6) if total is not None and covered is not None else None
        ),
        "unconnected_households": _add_known(here, "unconnected_households"),
        "building_share": figures["building_share"],
        "land_share": figures["land_share"],
        "communities": len(here),
        "communities_unknown": len(here) - len(measured),
        "communities_without_households": sum(row["households"] is None for row in here),
        "limits": [{key: one[key] for key in LimitShare.model_fields} for one in limits],
        "gaps": count_worst(opened, kind["code"], district),
    }


def count_worst(opened: OpenRun, kind: str, district: str | None) -> dict[str, int]:
    """Communities per worst verdict of the kind's rules."""
    worst: dict[str, str] = {}
    for row in opened.gaps:
        if row["kind"] == kind and opened.contains(row["community_id"], district):
            before = worst.get(row["community_id"], _VERDICTS[-1])
            worst[row["community_id"]] = min(before, row["status"], key=_VERDICTS.index)
    counts = dict.fromkeys(_VERDICTS, 0)
    for status in worst.values():
        counts[status] += 1
    return counts


def build_card(opened: OpenRun, community_id: str) -> Row:
    """Everything known about one community.

    Raises
    ------
    UnknownCommunity
        The run holds no such community.
    """
    community = opened.get_community(community_id)
    nearest = opened.nearest_of_community.get(community_id, {})
    coverage: list[Row] = []
    for kind in opened.kinds.values():
        rows = [
            row for row in opened.list_coverage(kind["code"]) if row["community_id"] == community_id
        ]
        for mode in dict.fromkeys(row["mode"] for row in rows):
            these = [row for row in rows if row["mode"] == mode]
            example = opened.homes.find_example(community_id, kind["code"], mode)
            coverage.append(
                _build_kind_card(kind, these, nearest.get((kind["code"], mode)), example)
            )
    names = {community_id, community["name"]}
    return {
        "community": community,
        "coverage": coverage,
        "gaps": list_gaps(opened, community=community_id),
        "demand": opened.demand_of_community.get(community_id, []),
        "notices": [row for row in opened.notices if _concerns(row, names)],
    }


def list_rules(opened: OpenRun) -> list[Row]:
    """Rules of the run with the number of communities per verdict."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in opened.gaps:
        tally = counts.setdefault((row["pack"], row["rule"]), dict.fromkeys(_VERDICTS, 0))
        tally[row["status"]] += 1
    empty = dict.fromkeys(_VERDICTS, 0)
    return [
        {**rule, "verdicts": counts.get((rule["pack"], rule["code"]), empty)}
        for rule in opened.rules
    ]


def _build_kind_card(kind: Row, rows: list[Row], nearest: Row | None, example: Row | None) -> Row:
    ordered = sorted(rows, key=lambda row: (row["limit_unit"] != "min", row["limit"]))
    last = ordered[-1]
    return {
        "kind": kind["code"],
        "name_zh": kind.get("name_zh", kind["code"]),
        "name_en": kind.get("name_en", kind["code"]),
        "group": kind.get("group", ""),
        "mode": last["mode"],
        "status": last["status"],
        "median_s": last["median_s"],
        "p90_s": last["p90_s"],
        "facilities_inside": last["facilities_inside"],
        "unconnected_households": last["unconnected_households"],
        "limits": [
            {
                "limit": row["limit"],
                "limit_unit": row["limit_unit"],
                "share": row["share"],
                "households_covered": row["households_covered"],
                "building_share": row["building_share"],
                "land_share": row["land_share"],
            }
            for row in ordered
        ],
        "nearest": nearest,
        "example": example,
    }


def _describe_gap(
    opened: OpenRun,
    row: Row,
    rules: dict[tuple[str, str], Row],
) -> Row:
    rule = rules.get((row["pack"], row["rule"]), {})
    source = rule.get("source") or {}
    community = opened.communities.get(row["community_id"], {})
    facility = (row["nearest_facility_id"], row["kind"])
    return {
        **row,
        "name": community.get("name", ""),
        "district": community.get("district", ""),
        "rule_title_zh": rule.get("title_zh", row["rule"]),
        "rule_title_en": rule.get("title_en", row["rule"]),
        "nearest_facility_name": opened.facility_names.get(facility, ""),
        "source_document": str(source.get("document", "") or ""),
        "source_document_en": str(source.get("document_en", source.get("document", "")) or ""),
        "source_clause": str(source.get("clause", "") or ""),
    }


def _within(row: Row, limit: Limit) -> bool:
    return bool(row["limit"] == limit.value and row["limit_unit"] == limit.unit)


def _is_measured(row: Row) -> bool:
    return row["status"] == "measured" and row["share"] is not None


def _add_known(rows: list[Row], column: str) -> float | None:
    """Sum of what is known of a column, None when nothing is."""
    known = [row[column] for row in rows if row[column] is not None]
    return round(sum(known), 6) if known else None


def _sum_limit(
    opened: OpenRun, kind: str, mode: str, rows: list[Row], limit: Limit, district: str | None
) -> Row:
    """Coverage of several communities within one limit."""
    summary = opened.manifest.get(_SUMMARY_OF.get(mode, ""), {})
    given = summary.get(kind, {}).get(f"{limit.value:g}")
    if district is None and limit.unit == "min" and given:
        basis = given.get("basis") or "none"
        figures = {key: given.get(key) for key in _SUMMED}
        return {"limit": limit.value, "limit_unit": limit.unit, **figures, "basis": basis}
    here = [row for row in rows if _within(row, limit)]
    measured = [row for row in here if _is_measured(row)]
    known = [row for row in here if row["households"] is not None]
    total = _add_known(here, "households")
    covered = _add_known(known, "households_covered") if measured else None
    share, basis = None, "none"
    if measured and total:
        share, basis = round((covered or 0.0) / total, 6), "households"
    elif measured:
        share, basis = (
            round(sum(row["share"] for row in measured) / len(measured), 6),
            "communities",
        )
    return {
        "limit": limit.value,
        "limit_unit": limit.unit,
        "status": "measured" if measured else "unknown",
        "share": share,
        "basis": basis,
        "households": total,
        "households_covered": covered,
        "building_share": None,
        "land_share": None,
    }


def _concerns(notice: Row, names: set[str]) -> bool:
    """Whether a notice names the community by code or name in its rows or value."""
    rows = {row.strip() for row in str(notice["row"]).split(",")}
    return bool(rows & names) or notice["found"] in names
