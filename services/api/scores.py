"""Scorecards, roll-ups and targets of a run, with names and titles filled in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from layers.store import Run
from services.api.jsonable import list_rows
from services.api.selecting import select_rows
from services.api.standards import Standards

Row = dict[str, Any]
Level = Literal["community", "subdistrict", "district", "city"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What rows are asked for; None asks for all."""

    community: str | None = None
    district: str | None = None
    subdistrict: str | None = None
    pack: str | None = None
    card: str | None = None
    about: str | None = None
    status: str | None = None


class Scores:
    """Tables `scorecards`, `rollups` and `targets` of a run.

    Parameters
    ----------
    run
        The opened run.
    communities
        Facts of the communities by code.
    standards
        Packs, for titles.
    name_facility
        Name of a facility by its id; "" where it has none.
    """

    def __init__(
        self,
        run: Run,
        communities: Mapping[str, Row],
        standards: Standards,
        name_facility: Callable[[str], str],
    ) -> None:
        self._run = run
        self._communities = communities
        self._standards = standards
        self._name_facility = name_facility

    def list_scorecards(self, asked: Asked) -> list[Row]:
        """Return cards of communities that match everything asked for, in table order."""
        found = select_rows(
            self._run.scorecards,
            community_id=asked.community,
            pack=asked.pack,
            card=asked.card,
            about=asked.about,
            status=asked.status,
        )
        if asked.district is not None or asked.subdistrict is not None:
            found = found[found["community_id"].isin(self._list_communities(asked))]
        return [self._describe_card(row) for row in list_rows(found)]

    def list_rollups(self, level: Level, asked: Asked) -> list[Row]:
        """Return rows of areas of one level; with `status`, of those with any such community."""
        found = select_rows(
            self._run.rollups,
            level=level,
            area=asked.subdistrict,
            district=asked.district,
            pack=asked.pack,
            code=asked.card,
            about=asked.about,
        )
        if asked.status is not None:
            found = found[found[asked.status] > 0]
        return [
            {**row, **self._standards.name_titles(row["pack"], row["code"])}
            for row in list_rows(found)
        ]

    def list_targets(self, level: str | None, asked: Asked) -> list[Row]:
        """Return targets of areas; with `district`, of that district alone."""
        of_district = "district" if asked.district is not None else None
        found = select_rows(
            self._run.targets,
            level=level,
            pack=asked.pack,
            status=asked.status,
            area=asked.district,
        )
        rows = list_rows(select_rows(found, level=of_district))
        return [self._describe_target(row) for row in rows]

    def index_statuses(self, pack: str, card: str) -> pd.DataFrame:
        """Return status and households affected of one card, by community."""
        found = select_rows(self._run.scorecards, pack=pack, card=card)
        return found.set_index("community_id")[["status", "households_affected"]]

    def _list_communities(self, asked: Asked) -> list[str]:
        return [
            code
            for code, row in self._communities.items()
            if asked.district in {None, row["district"]}
            and asked.subdistrict in {None, row["subdistrict"]}
        ]

    def _describe_card(self, row: Row) -> Row:
        community = self._communities.get(row["community_id"], {})
        worst = self._standards.name_titles(row["pack"], row["worst_rule"])
        entry = self._standards.cards.get((row["pack"], row["card"]), {})
        return {
            **row,
            "name": community.get("name", ""),
            "district": community.get("district", ""),
            "subdistrict": community.get("subdistrict", ""),
            **self._standards.name_titles(row["pack"], row["card"]),
            "worst_rule_title_zh": worst["title_zh"],
            "worst_rule_title_en": worst["title_en"],
            "nearest_facility_name": self._name_facility(row["nearest_facility_id"]),
            "rules": list(entry.get("answers", ())),
        }

    def _describe_target(self, row: Row) -> Row:
        of = self._standards.name_titles(row["pack"], row["of"])
        return {
            **row,
            **self._standards.name_titles(row["pack"], row["rule"]),
            "of_title_zh": of["title_zh"],
            "of_title_en": of["title_en"],
        }
