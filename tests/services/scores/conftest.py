"""A town on paper: communities, rules, verdicts written by hand, and what they add up to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.config_model import RunSettings
from layers.results import COMMUNITIES, GAPS, TARGETS, shape_table
from layers.standards.model import (
    Applies,
    Card,
    CommunitiesShare,
    Document,
    Rule,
    ShareWithin,
    Source,
    StandardPack,
    Text,
    Value,
)
from services.rollups import build_rollups
from services.scorecards import build_scorecards
from services.targets import build_targets

DAY = date(2025, 1, 1)
BLANK = {"str": "", "float64": np.nan, "int64": 0, "bool": False}


def text(words: str) -> Text:
    return Text(f"{words}（中）", f"{words} in English")


def value(
    number: float, unit: str, status: str = "primary", original: Value | None = None
) -> Value:
    source = Source(Document("d", text("文件"), None), "", status, Text("", ""))
    return Value(number, unit, source, original)


def within(share: float = 1.0, status: str = "primary", **more: Any) -> ShareWithin:
    return ShareWithin(limit=value(15, "min", status), share=value(share, "share"), **more)


@dataclass
class Town:
    """Add communities, rules, cards and verdicts; then ask for the tables."""

    rules: list[Rule] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    facilities: list[tuple[str, str]] = field(default_factory=list)

    def community(
        self, code: str, households: float = np.nan, *, district: str = "", subdistrict: str = "",
        population: float = np.nan, source: str = "table",
    ) -> str:  # fmt: skip
        self.places.append(
            {
                "community_id": code, "name": f"{code}社区", "district": district,
                "subdistrict": subdistrict, "households": households, "population": population,
                "valid_from": "", "source": source,
            }
        )  # fmt: skip
        return code

    def rule(self, code: str, test: Any = None, **more: Any) -> str:
        facts = {
            "title": text(code), "kind": "clinic", "inclusive": False, "force": "shall", "noun": None,
            "counter": "处", "traveller": "", "mode": "walk", "since": date(2020, 1, 1), "until": None,
            "applies": Applies(), **more,
        }  # fmt: skip
        self.rules.append(Rule(code=code, test=test or within(), **facts))
        return code

    def card(self, code: str, *rules: str, about: str = "circle", includes: tuple = ()) -> str:
        self.cards.append(Card(code, text(code), about, rules, includes))
        return code

    def verdict(self, community: str, rule: str, status: str, **more: Any) -> None:
        row = {name: BLANK[column.dtype] for name, column in GAPS.items()}
        row |= {
            "community_id": community, "pack": "p", "rule": rule, "status": status, "unit": "share",
            "needed": 1.0, "source_status": "primary",
            "households_affected": np.nan if status == "unknown" else 0.0,
        }  # fmt: skip
        if status == "met":
            row |= {"found": 1.0, "shortfall": 0.0}
        self.rows.append({**row, **more})

    @property
    def packs(self) -> tuple[StandardPack, ...]:
        words = (text("标准"), text("机构"), text("效力"))
        return (
            StandardPack(
                "p", *words, date(2020, 1, 1), (), (), tuple(self.rules), tuple(self.cards)
            ),
        )

    @property
    def communities(self) -> gpd.GeoDataFrame:
        boxes = [shapely.box(at, 0, at + 1, 1) for at in range(len(self.places))]
        frame = gpd.GeoDataFrame(
            self.places or {n: [] for n in COMMUNITIES}, geometry=boxes, crs=4326
        )
        return shape_table(frame, "communities")

    @property
    def gaps(self) -> pd.DataFrame:
        return shape_table(pd.DataFrame(self.rows, columns=list(GAPS)), "gaps")

    def scorecards(self, **settings: Any) -> pd.DataFrame:
        facilities = pd.DataFrame(self.facilities, columns=["facility_id", "name", "kind"])
        return build_scorecards(
            self.packs, self.gaps, self.communities, RunSettings(**settings), facilities=facilities
        )

    def find_card(self, community: str, card: str) -> pd.Series:
        table = self.scorecards()
        (row,) = table[(table["community_id"] == community) & (table["card"] == card)].index
        return table.loc[row]

    def rollups(self) -> pd.DataFrame:
        return build_rollups(self.packs, self.gaps, self.scorecards(), self.communities, "宝城")

    def find_rollup(
        self, level: str, area: str, code: str, district: str | None = None
    ) -> pd.Series:
        table = self.rollups()
        chosen = (table["level"] == level) & (table["area"] == area) & (table["code"] == code)
        if district is not None:
            chosen &= table["district"] == district
        (row,) = table[chosen].index
        return table.loc[row]

    def targets(self, area_targets: pd.DataFrame | None = None, today: date = DAY) -> pd.DataFrame:
        none = shape_table(pd.DataFrame({name: [] for name in TARGETS}), "targets")
        return build_targets(
            self.packs, self.scorecards(), self.communities,
            none if area_targets is None else area_targets, "宝城", today=today,
        )  # fmt: skip


@pytest.fixture
def town() -> Town:
    """A town without communities and rules."""
    return Town()


@pytest.fixture(scope="session")
def build_town() -> Callable[[], Town]:
    """Makes towns, for tests that need many."""
    return Town


@pytest.fixture(scope="session")
def figure() -> Callable[..., Value]:
    """Makes a figure of a rule: `figure(15, "min", "derived")`."""
    return value


@pytest.fixture(scope="session")
def share_of() -> Callable[..., tuple[CommunitiesShare, Applies]]:
    """Makes the test and the area of a target: `share_of("card", 0.3, "city")`."""

    def build(card: str, share: float, unit: str) -> tuple[CommunitiesShare, Applies]:
        return CommunitiesShare(card, value(share, "share")), Applies(unit)

    return build
