"""Rows put together for people: the city's summary and a community's card."""

from services.api.limits import Limit
from services.api.models import LimitShare
from services.api.opened import DEFAULT_MODE, RIDE_MODE, OpenRun, Row
from services.api.scores import Asked
from services.api.verdicts import count_worst, list_gaps
from services.summary import NO_DEMAND, NO_FACILITY

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
        "scorecards": opened.scores.list_scorecards(Asked(community=community_id)),
        "schools": opened.schools.list_of_community(community_id),
        "demand": opened.demand_of_community.get(community_id, []),
        "notices": [row for row in opened.notices if _concerns(row, names)],
    }


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
