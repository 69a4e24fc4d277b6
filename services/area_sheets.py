"""One district, or the whole city, on a page: its parts by circle, roll-up, largest gaps, what is open."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.area_lines import (
    AreaGap,
    MemberLine,
    RollupLine,
    TargetLine,
    build_gap,
    build_rollup,
    list_community_lines,
    list_district_lines,
    list_targets,
    rank_gap,
    sum_affected,
    sum_households,
)
from services.errors import UnknownDistrict
from services.page_room import fit_area_gaps
from services.rollups import CITY, DISTRICT
from services.scopes import UNNAMED
from services.sheet_facts import (
    CardFacts,
    Language,
    Settling,
    SheetFacts,
    list_settling,
)

_MOST_COLUMNS = 16
"""Circles and types that get a column; the rest stand with the other cards."""
_MOST_MEMBERS = 400
"""Communities listed on a district's page; a longer list is for the workbook."""


@dataclass(frozen=True, slots=True)
class AreaSheet:
    """Everything one page says of an area.

    `of_districts` says that its parts are districts; `basis` what its shares are of, empty where
    that differs; `columns` are the circles and types the parts
    are shown by, `others` all other cards by title of their pack.
    """

    name: str
    level: str
    of_districts: bool
    basis: str
    communities: int
    households: str
    columns: tuple[RollupLine, ...]
    members: tuple[MemberLine, ...]
    more_members: int
    others: tuple[tuple[str, tuple[RollupLine, ...]], ...]
    gaps: tuple[AreaGap, ...]
    more_gaps: int
    settling: tuple[Settling, ...]
    targets: tuple[TargetLine, ...]


def list_districts(facts: SheetFacts) -> list[str]:
    """Names of the districts as the roll-ups have them, in their order; empty without any."""
    rollups = facts.tables["rollups"]
    return list(dict.fromkeys(rollups.loc[rollups["level"] == DISTRICT, "area"]))


def build_area_sheet(facts: SheetFacts, name: str, language: Language) -> AreaSheet:
    """Gather what the page of a district says; of the whole city where `name` is empty.

    Raises
    ------
    UnknownDistrict
        The run holds no such district.
    """
    districts = list_districts(facts)
    if name and name not in districts:
        raise UnknownDistrict(name, districts)
    rollups = facts.tables["rollups"]
    level = DISTRICT if name else CITY
    mine = rollups[(rollups["level"] == level) & ((rollups["area"] == name) | (level == CITY))]
    rows = {(row["pack"], row["code"]): row for row in mine.to_dict("records")}
    areas = len(districts) if name else 1
    communities = facts.tables["communities"]
    if name:
        wanted = communities["district"] == ("" if name == UNNAMED else name)
        communities = communities[wanted]
    of_districts = not name and bool(districts)
    left_out = sum_affected(facts, communities)
    cards = [card for card in facts.cards if (card.pack, card.code) in rows]
    columns = [card for card in cards if card.first][:_MOST_COLUMNS]
    rollups_of = {
        card: build_rollup(facts, card, rows[card.pack, card.code], areas, left_out, language)
        for card in cards
    }
    members = (
        list_district_lines(facts, districts, columns, language)
        if of_districts
        else list_community_lines(facts, communities, columns, language)
    )
    judged = [row for row in rows.values() if row["about"] == "rule" and row["gap"]]
    judged.sort(key=lambda row: rank_gap(row, left_out))
    targets = list_targets(facts, name, language)
    gaps = facts.tables["gaps"]
    is_open = gaps["status"] == "unknown"
    if name:
        is_open &= gaps["community_id"].isin(communities["community_id"])
    bases = {rollups_of[card].basis for card in columns}
    settling = list_settling(gaps.loc[is_open, "settled_by"], facts.kinds, language)
    lines = {card: line for card, line in rollups_of.items() if card not in columns}
    others = _group_others(facts, lines, language)
    most = fit_area_gaps(
        len(members),
        [len(cards) for _, cards in others],
        [(line.title, line.reason) for line in targets],
        settling,
        language,
    )
    return AreaSheet(
        name=name or str(facts.manifest["name"]),
        level=level,
        of_districts=of_districts,
        basis=bases.pop() if len(bases) == 1 else "",
        communities=len(communities),
        households=sum_households(communities, language),
        columns=tuple(rollups_of[card] for card in columns),
        members=tuple(members[:_MOST_MEMBERS]),
        more_members=max(len(members) - _MOST_MEMBERS, 0),
        others=others,
        gaps=tuple(build_gap(facts, row, left_out, language) for row in judged[:most]),
        more_gaps=max(len(judged) - most, 0),
        settling=settling,
        targets=targets,
    )


def _group_others(
    facts: SheetFacts, lines: Mapping[CardFacts, RollupLine], language: Language
) -> tuple[tuple[str, tuple[RollupLine, ...]], ...]:
    titles = {pack["code"]: str(pack[f"title_{language}"]) for pack in facts.manifest["packs"]}
    groups: dict[str, list[RollupLine]] = {}
    for card, line in lines.items():
        groups.setdefault(titles[card.pack], []).append(line)
    return tuple((title, tuple(found)) for title, found in groups.items())
