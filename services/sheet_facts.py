"""What printed sheets are made from: a run's tables, looked up by community and by area."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

import pandas as pd
import yaml

from layers.columns import list_tables, read_columns
from layers.standards.model import Text
from services.errors import UnknownCommunity
from services.people import write_share
from services.score_sentences import split_settled

Language = Literal["zh", "en"]
Row = dict[str, Any]
Key = tuple[str, str]
"""Code of a pack, and of one of its answers or cards."""

STATUSES = ("met", "gap", "unknown", "not_applicable")
_FIRST = ("circle", "type")
_CELLS = "cells"
_KIND = "facilities ("


@cache
def read_words() -> Mapping[str, Mapping[str, str]]:
    """Words of the sheets by key and language."""
    text = files("services").joinpath("templates", "words.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = yaml.safe_load(text)
    return words


@dataclass(frozen=True, slots=True)
class CardFacts:
    """One card of the run's packs; `first`: about a circle or a type, shown before all others."""

    pack: str
    code: str
    about: str
    title: Text
    first: bool


@dataclass(frozen=True, slots=True)
class Settling:
    """One table that would settle something: its columns, and how many answers each would."""

    table: str
    columns: tuple[tuple[str, int], ...]


_GAP_COLUMNS = (
    "pack", "rule", "kind", "basis", "status", "cause", "needed", "found", "shortfall", "unit",
    "households_affected", "nearest_m", "nearest_facility_id", "settled_by", "source_status",
    "overlaid",
)  # fmt: skip
_CARD_COLUMNS = (
    "pack", "card", *STATUSES, "status", "households_affected", "worst_rule", "nearest_facility_id",
    "nearest_m", "source_status", "overlaid", "reason", "reason_en",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Some columns of a table as plain values, and where each community's rows are."""

    columns: Mapping[str, list[Any]]
    places: Mapping[Any, Any]

    @classmethod
    def build(cls, frame: pd.DataFrame, columns: Iterable[str]) -> "_Rows":
        return cls(
            {name: frame[name].to_numpy(dtype=object).tolist() for name in columns},
            dict(frame.groupby("community_id", sort=False).indices),
        )

    def list_of(self, community_id: str) -> list[Row]:
        return [
            {name: values[at] for name, values in self.columns.items()}
            for at in self.places.get(community_id, ())
        ]


class SheetFacts:
    """Tables of one run, with what its packs, kinds and facilities are called.

    Parameters
    ----------
    manifest
        Manifest of the run.
    tables
        `communities`, `facilities`, `gaps`, `scorecards`, `rollups`, `targets` and `notices`, with
        the columns of `layers.results`.
    """

    def __init__(self, manifest: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
        self.manifest = manifest
        self.tables = tables

    @cached_property
    def cards(self) -> tuple[CardFacts, ...]:
        """Cards of every pack that were judged of communities, in the order of the packs."""
        judged = self.tables["scorecards"][["pack", "card"]].drop_duplicates()
        present = set(zip(judged["pack"], judged["card"], strict=True))
        return tuple(
            CardFacts(
                pack["code"],
                card["code"],
                card["about"],
                Text(card["title_zh"], card["title_en"]),
                card["about"] in _FIRST,
            )
            for pack in self.manifest["packs"]
            for card in pack.get("cards", ())
            if (pack["code"], card["code"]) in present
        )

    @cached_property
    def card_sources(self) -> dict[Key, tuple[str, bool]]:
        """Least certain status among the figures of each card, and whether one is the city's own."""
        frame = self.tables["scorecards"].drop_duplicates(["pack", "card"])
        keys = zip(frame["pack"], frame["card"], strict=True)
        return dict(
            zip(keys, zip(frame["source_status"], frame["overlaid"], strict=True), strict=True)
        )

    @cached_property
    def _last_places(self) -> dict[tuple[str, str, str], float]:
        rollups = self.tables["rollups"]
        last = rollups.groupby(["level", "pack", "code"], sort=False)["rank"].max()
        return dict(zip(last.index.tolist(), last.tolist(), strict=True))

    def is_tie(self, level: str, pack: str, code: str) -> bool:
        """Whether all areas of a level share the first place."""
        return self._last_places.get((level, pack, code)) == 1.0

    @cached_property
    def rules(self) -> dict[Key, Row]:
        """Answers of every pack, as the manifest describes them."""
        return {
            (pack["code"], rule["code"]): rule
            for pack in self.manifest["packs"]
            for rule in pack["rules"]
        }

    @cached_property
    def kinds(self) -> dict[str, Text]:
        """What facility kinds are called."""
        return {
            kind["code"]: Text(kind["name_zh"], kind["name_en"]) for kind in self.manifest["kinds"]
        }

    @cached_property
    def facility_names(self) -> dict[str, str]:
        """Names of facilities by id."""
        frame = self.tables["facilities"]
        return dict(zip(frame["facility_id"], frame["name"], strict=True))

    @cached_property
    def _facility_kinds(self) -> dict[str, str]:
        frame = self.tables["facilities"]
        return dict(zip(frame["facility_id"], frame["kind"], strict=True))

    @cached_property
    def communities(self) -> dict[str, Row]:
        """Facts of the communities by code, in table order."""
        frame = self.tables["communities"]
        names = [name for name in frame.columns if name != "geometry"]
        rows = pd.DataFrame(frame[names]).to_dict("records")
        return {str(row["community_id"]): {str(k): v for k, v in row.items()} for row in rows}

    @property
    def are_cells(self) -> bool:
        """Whether analysis cells stand for communities."""
        return bool((self.tables["communities"]["source"] == _CELLS).any())

    @cached_property
    def _undecided(self) -> "_Rows":
        """Gaps and unknowns, which alone are written out."""
        gaps = self.tables["gaps"]
        return _Rows.build(gaps[gaps["status"].isin(["gap", "unknown"])], _GAP_COLUMNS)

    @cached_property
    def _scorecards(self) -> "_Rows":
        return _Rows.build(self.tables["scorecards"], _CARD_COLUMNS)

    @cached_property
    def _tallies(self) -> dict[tuple[str, str], int]:
        gaps = self.tables["gaps"]
        return dict(Counter(zip(gaps["community_id"], gaps["status"], strict=True)))

    def count_verdicts(self, community_id: str) -> tuple[int, ...]:
        """Answers of a community by verdict, in the order of `STATUSES`."""
        return tuple(self._tallies.get((community_id, status), 0) for status in STATUSES)

    def list_undecided(self, community_id: str) -> list[Row]:
        """Gaps and unknowns of a community, in table order."""
        return self._undecided.list_of(community_id)

    def list_cards(self, community_id: str) -> list[Row]:
        """Scorecards of a community, in table order."""
        return self._scorecards.list_of(community_id)

    def get_community(self, community_id: str) -> Row:
        """Return facts of a community.

        Raises
        ------
        UnknownCommunity
            The run holds no such community.
        """
        if community_id not in self.communities:
            raise UnknownCommunity(community_id, self.communities)
        return self.communities[community_id]

    def title_rule(self, pack: str, code: str, language: Language) -> str:
        """Title of an answer, its code where the packs do not hold it."""
        rule = self.rules.get((pack, code))
        return str(rule[f"title_{language}"]) if rule else code

    def name_facility(self, facility_id: str, kind: str, language: Language) -> str:
        """Name of a facility, else what its kind is called: the one asked about, or its own."""
        named = self.facility_names.get(facility_id, "")
        kind = kind or self._facility_kinds.get(facility_id, "")
        return named or getattr(self.kinds.get(kind, Text(kind, kind)), language)

    @cached_property
    def notices(self) -> Mapping[str, int]:
        """Notices of the run by severity."""
        return {
            str(name): int(count)
            for name, count in self.tables["notices"]["severity"].value_counts().items()
        }


def name_card(card: CardFacts, language: Language) -> str:
    """Title of a card; in English it begins with a capital."""
    title = getattr(card.title, language)
    return str(title[:1].upper() + title[1:])


def list_settling(
    entries: Iterable[str], kinds: Mapping[str, Text], language: Language
) -> tuple[Settling, ...]:
    """Tables and columns that would settle what is open, those that settle most first.

    Parameters
    ----------
    entries
        Column `settled_by` of every open answer.
    """
    counts: dict[str, dict[str, int]] = {}
    for text in entries:
        for entry in split_settled(text):
            if entry.startswith(_KIND):
                code = entry.removeprefix(_KIND).removesuffix(")")
                table, column = "kinds", getattr(kinds.get(code, Text(code, code)), language)
            else:
                table, _, name = entry.partition(".")
                column = _title_column(table, name, language)
            columns = counts.setdefault(table, {})
            columns[column] = columns.get(column, 0) + 1
    found = [
        Settling(
            _title_table(table, language),
            tuple(sorted(columns.items(), key=lambda pair: (-pair[1], pair[0]))),
        )
        for table, columns in counts.items()
    ]
    return tuple(sorted(found, key=lambda one: -sum(count for _, count in one.columns)))


def _title_table(table: str, language: Language) -> str:
    words = read_words().get(f"table_{table}")
    return words[language] if words else table


def _title_column(table: str, column: str, language: Language) -> str:
    spec = next((name for name in list_tables() if name == table), None)
    known = read_columns(spec).columns.get(column) if spec else None
    return known.title_zh if known and language == "zh" else column


def write_amount(value: float, unit: str, language: Language, rule: Row | None = None) -> str:
    """A figure with its unit, and what it is reckoned for; an unknown one as a dash.

    >>> write_amount(0.5, "share", "zh"), write_amount(1350.0, "m", "en")
    ('50.0%', '1,350 m')
    >>> write_amount(float("nan"), "m", "zh")
    '—'
    """
    if not math.isfinite(value):
        return "—"
    if unit == "share":
        return write_share(value) if 0.0 <= value <= 1.0 else f"{value:.1%}"
    words = read_words()
    number = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    said = number + words.get(f"unit_{unit}", {}).get(language, f" {unit}")
    values = rule["values"] if rule else {}
    if rule and rule.get("test") == "amount_per" and "per" in values:
        per = values["per"]
        number = "" if per["value"] == 1 else f"{per['value']:,.0f}"
        if language == "zh":
            return f"{said}/{number}{words['unit_' + per['unit']]['zh']}"
        one = {"people": "person", "households": "household"}[per["unit"]]
        return f"{said} per {number} {per['unit']}" if number else f"{said} per {one}"
    return said


def write_number(value: float, language: Language) -> str:
    """A whole number of people or households, or that it is unknown."""
    return f"{value:,.0f}" if math.isfinite(value) else read_words()["unknown_figure"][language]
