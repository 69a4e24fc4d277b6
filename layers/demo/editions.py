"""Editions of the sample city: as it is first handed over, and as it is a year later.

What the later one changes stands in `next.yaml`. Whatever it does not name keeps its place, its
numbers and its ids, so that a comparison of the two finds these changes and no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from layers.demo.plan import Plan, read_spec
from layers.demo.shapes import longer, smooth

EditionName = Literal["base", "next"]

_FIRST_DAY = "2024-07-01"
_PAST_THE_EDGE_M = 200.0
_SHARES = ("residents_space_share", "green_share")
_PARK_SHARE, _PUBLISHED = 0.9, "2024-06-20"

Facts = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Edition:
    """What an edition changes of the sample city; the first one changes nothing.

    Parameters
    ----------
    valid_from
        From when its changed communities hold, ISO date.
    households
        Community → households it has now.
    facts
        Community → attributes counted since.
    split, merged
        Communities parted along a road, and put together, with the codes they get.
    split_facts
        New community → its attributes.
    recoded
        Community → code it has now.
    parcels
        Parcel id → what is different about it.
    removed
        Names of point objects OpenStreetMap has no more.
    park_share, published
        Share of homes the city's own overlay asks for, and its date.
    """

    valid_from: str = _FIRST_DAY
    households: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Facts] = field(default_factory=dict)
    split: Sequence[Mapping[str, Any]] = ()
    split_facts: Mapping[str, Facts] = field(default_factory=dict)
    merged: Sequence[Mapping[str, Any]] = ()
    recoded: Mapping[str, str] = field(default_factory=dict)
    parcels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    removed: Sequence[str] = ()
    park_share: float = _PARK_SHARE
    published: str = _PUBLISHED


@dataclass(frozen=True, slots=True)
class CommunityRow:
    """One row of the communities table; `facts` by attribute, None where nobody counted."""

    code: str
    name: str
    name_en: str
    district: str
    subdistrict: str
    households: int | None
    valid_from: str
    shape: BaseGeometry
    facts: Facts


def read_edition(name: EditionName) -> Edition:
    """Read an edition: `base`, the first one, or `next`, a year later.

    Raises
    ------
    ValueError
        There is no such edition.
    """
    if name == "base":
        return Edition()
    if name == "next":
        spec = read_spec("next")
        overlay = spec.pop("overlay")
        return Edition(**spec, **overlay)
    raise ValueError(f"there is no edition {name!r} of the sample city; choose base or next")


def list_communities(plan: Plan, edition: Edition) -> list[CommunityRow]:
    """Communities of an edition, by code."""
    counted = read_spec("facts")
    rows = {
        community["name"]: CommunityRow(
            code=community_code(index),
            name=community["name"],
            name_en=community["en"],
            district=community["district"],
            subdistrict=community["subdistrict"],
            households=community["households"],
            valid_from=_FIRST_DAY,
            shape=shape,
            facts=dict(
                zip(counted["columns"], counted["communities"][community["name"]], strict=True)
            ),
        )
        for index, (community, shape) in enumerate(
            zip(plan.spec["communities"], plan.communities, strict=True)
        )
    }
    for name, households in edition.households.items():
        rows[name] = replace(rows[name], households=households, valid_from=edition.valid_from)
    for name, facts in edition.facts.items():
        rows[name] = replace(rows[name], facts={**rows[name].facts, **facts})
    for name, code in edition.recoded.items():
        rows[name] = replace(rows[name], code=code, valid_from=edition.valid_from)
    for case in edition.split:
        whole = rows.pop(case["name"])
        rows |= {row.name: row for row in _split(whole, case, plan, edition)}
    for case in edition.merged:
        parts = [rows.pop(name) for name in case["names"]]
        rows[case["name"]] = _merge(parts, case, edition)
    return sorted(rows.values(), key=lambda row: row.code)


def community_code(index: int) -> str:
    """Return the invented code of the community at a place in the list."""
    return f"9901{index + 1:05d}"


def _split(
    whole: CommunityRow, case: Mapping[str, Any], plan: Plan, edition: Edition
) -> list[CommunityRow]:
    """Part a community along a road; `north` is what lies above it."""
    (road,) = (road for road in plan.spec["roads"] if road["name"] == case["along"])
    line = LineString(longer(smooth(road["points"]), _PAST_THE_EDGE_M))
    sides: dict[str, list[BaseGeometry]] = {"north": [], "south": []}
    for piece in shapely.get_parts(split(whole.shape, line)):
        middle = piece.representative_point()
        foot = line.interpolate(line.project(middle))
        sides["north" if middle.y > foot.y else "south"].append(piece)
    return [
        replace(
            whole,
            code=part["code"],
            name=part["name"],
            name_en=part["en"],
            households=part["households"],
            valid_from=edition.valid_from,
            shape=shapely.union_all(sides[part["side"]]),
            facts=dict.fromkeys(whole.facts) | dict(edition.split_facts.get(part["name"], {})),
        )
        for part in case["parts"]
    ]


def _merge(
    parts: Sequence[CommunityRow], case: Mapping[str, Any], edition: Edition
) -> CommunityRow:
    """Put communities together: counts are added up where all are known, shares are not."""
    known = [row.households for row in parts if row.households is not None]
    facts = {
        code: None
        if code in _SHARES or any(row.facts[code] is None for row in parts)
        else sum(row.facts[code] or 0 for row in parts)
        for code in parts[0].facts
    }
    return replace(
        parts[0],
        code=case["code"],
        name=case["name"],
        name_en=case["en"],
        households=sum(known) if len(known) == len(parts) else None,
        valid_from=edition.valid_from,
        shape=shapely.union_all([row.shape for row in parts]),
        facts=facts,
    )
