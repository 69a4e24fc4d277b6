"""What a run's manifest tells of schools: levels, figures, parcels, and which tables would settle more."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from layers.city import City
from layers.schooling.load import read_parameters
from layers.schooling.model import LEVELS, Level, LevelCode, SchoolSources
from layers.standards.model import Text
from services.schools.gather import describe_inputs
from services.schools.places import PARCEL
from services.schools.settlers import name_settler
from services.score_sentences import split_settled

_Row = dict[str, Any]
_Tables = Mapping[str, pd.DataFrame]

_ABSENT: Mapping[str, Text] = {
    "children": Text(
        "没有适龄儿童表（children）：各社区、各年的儿童数未知，学位是否够用无法判断",
        "No table of children (`children`): how many there are in any year is unknown, and so is whether "
        "places suffice",
    ),
    "housing": Text(
        "没有新建住宅表（housing）：只按现有住户推算儿童，将来入住的家庭未计入，住宅与学校是否同步无法判断",
        "No table of housing to come (`housing`): children are those of homes that stand, and whether "
        "schools open in step with the housing cannot be told",
    ),
    "catchments": Text(
        "没有学区表（catchments）：儿童一律就近分配",
        "No assigned catchments (`catchments`): all children are placed by walking distance",
    ),
    "parcels": Text(
        "没有教育用地表（parcels）：预留用地无法核查，学位缺口附近有没有预留用地未知",
        "No table of parcels (`parcels`): reserved land cannot be examined",
    ),
    "earlier_parcels": Text(
        "没有早先的教育用地图层（earlier_parcels）：预留用地有没有缩小、移位或改作他用无法比较",
        "No earlier layer of parcels (`earlier_parcels`): whether reservations shrank, moved or were "
        "re-zoned cannot be compared",
    ),
}


def describe_schools(city: City, tables: _Tables, *, day: date) -> _Row:
    """Describe schools for the manifest, ready for JSON.

    Returns
    -------
    schools
        What `services.schools.gather.reopen_school_city` reads, and: `levels` (titles, walk and class
        size with the status of their source, schools listed and to come, those of unknown places),
        `summary` (per level children and places of the first year, children without a place then and
        in the worst year), `land` (parcels by status and findings that are gaps; None without
        parcels), `missing` (tables and columns that would settle unknowns, each with how many it
        would) and `absent` (tables the city did not bring, and what that means).
    """
    parameters = read_parameters()
    schools, years = tables["schools"], tables["school_years"]
    inputs = describe_inputs(city, day=day)
    return {
        **inputs,
        "levels": [_describe_level(parameters.levels[code], schools) for code in LEVELS],
        "summary": [_summarize(parameters.levels[code], years) for code in LEVELS],
        "land": _describe_land(tables) if inputs["parcels"] else None,
        "missing": _list_missing(tables),
        "absent": [
            {"code": code, **_both(_ABSENT[code])}
            for code in _list_absent(inputs, city.config.schools.per_thousand)
        ],
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def describe_limit(level: Level) -> _Row:
    """A level with the walk it is judged by."""
    return {
        "code": level.code,
        "title_zh": level.title.zh,
        "title_en": level.title.en,
        "limit": level.limit.value,
        "limit_unit": level.limit.unit,
        "limit_status": level.limit.source.status,
    }


def _describe_level(level: Level, schools: pd.DataFrame) -> _Row:
    here = schools[schools["level"] == level.code]
    coming = here["source"] == PARCEL
    return {
        **describe_limit(level),
        "limit_document": level.limit.source.document.title.zh,
        "limit_document_en": level.limit.source.document.title.en,
        "class_size": level.class_size.value,
        "class_size_status": level.class_size.source.status,
        "class_size_document": level.class_size.source.document.title.zh,
        "class_size_document_en": level.class_size.source.document.title.en,
        "schools": int((~coming).sum()),
        "schools_to_come": int(coming.sum()),
        "places_unknown": int(here["places"].isna().sum()),
    }


def _summarize(level: Level, years: pd.DataFrame) -> _Row:
    """The city's figures of one level: the first year, and the one with most children short of a place."""
    rows = years[(years["scope"] == "city") & (years["level"] == level.code)]
    rows = rows.sort_values("year", kind="stable").reset_index(drop=True)
    own = years[(years["scope"] == "community") & (years["level"] == level.code)]
    first = rows.iloc[0]
    short = rows["out_of_reach"] + rows["left"]
    worst = None if short.isna().all() else int(np.nanargmax(short))
    open_ = own[(own["year"] == first["year"]) & (own["status"] == "unknown")]
    return {
        "code": level.code,
        "title_zh": level.title.zh,
        "title_en": level.title.en,
        "year": int(first["year"]),
        "status": str(first["status"]),
        "children": _number(first["children"]),
        "places": _number(first["places"]),
        "out_of_reach": _number(first["out_of_reach"]),
        "before_full": _number(first["left"]),
        "without_place": _number(short.iloc[0]),
        "without_place_possible": _number(first["out_of_reach"] + first["left_possible"]),
        "worst_year": None if worst is None else int(rows["year"].iloc[worst]),
        "worst_without_place": None if worst is None else _number(short.iloc[worst]),
        "communities": len(own["area_id"].unique()),
        "communities_unknown": len(open_),
    }


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _describe_land(tables: _Tables) -> _Row:
    """Parcels by status and by what was found of them; hazards of all kinds together."""
    parcels, findings = tables.get("parcels"), tables.get("parcel_findings")
    if parcels is None or findings is None:
        return {"parcels": 0, "by_status": {}, "gaps": {}, "sound": 0, "unknown": 0}
    gaps = findings[findings["status"] == "gap"]
    named = gaps["finding"].str.partition(".")[0]
    return {
        "parcels": len(parcels),
        "by_status": _count(parcels["status"]),
        "gaps": _count(named),
        "sound": int((parcels["gaps"] == 0).sum()),
        "unknown": int((parcels["unknowns"] > 0).sum()),
    }


def _count(words: Iterable[str]) -> dict[str, int]:
    """How often each word stands there, the most frequent first."""
    return dict(sorted(Counter(words).items(), key=lambda one: (-one[1], one[0])))


def _list_missing(tables: _Tables) -> list[_Row]:
    """Tables and columns that would settle what is unknown, those that settle most first."""
    found: dict[str, _Row] = {}
    counted = {"school_years": "communities", "parcel_findings": "findings"}
    for name, what in counted.items():
        table = tables.get(name)
        if table is None:
            continue
        rows = table[table["status"] == "unknown"]
        if name == "school_years":
            rows = rows[rows["scope"] == "community"].drop_duplicates(
                ["level", "area_id", "settled_by"]
            )
        for settled_by, count in rows["settled_by"].value_counts(sort=False).items():
            for code in split_settled(str(settled_by)):
                blank = {"code": code, **_both(name_settler(code)), "communities": 0, "findings": 0}
                found.setdefault(code, blank)[what] += int(count)
    return sorted(
        found.values(),
        key=lambda entry: (-entry["communities"], -entry["findings"], entry["code"]),
    )


def _list_absent(inputs: _Row, per_thousand: Mapping[LevelCode, float]) -> list[str]:
    """Tables the city did not bring."""
    have = {*inputs["brought"], *(["parcels"] if inputs["parcels"] else [])}
    if per_thousand:
        have.add("children")
    names = [one.name for one in fields(SchoolSources)]
    order = ["children", *(name for name in names if name != "children"), "parcels"]
    if "parcels" not in have:
        order.remove("earlier_parcels")
    return [name for name in order if name not in have]
