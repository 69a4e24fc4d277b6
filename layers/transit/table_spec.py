"""What GTFS tables hold, read from `gtfs_tables.yaml`, and the pandera schemas made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import pandera.pandas as pa
import yaml

ColumnType = Literal["id", "text", "number", "whole", "time", "date"]
TEXT_TYPES = frozenset({"id", "text"})
GIVEN, AT_LEAST, AT_MOST, ONE_OF = "given", "at_least", "at_most", "one_of"


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What one column may hold; see the file's head for the words."""

    name: str
    type: ColumnType
    needed: bool
    present: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TableRule:
    """One table: its columns, its key, and whether a feed may do without it."""

    name: str
    required: bool
    one_of: str
    key: tuple[str, ...]
    columns: Mapping[str, ColumnRule]


@dataclass(frozen=True, slots=True)
class GtfsRules:
    """Everything `gtfs_tables.yaml` says.

    Parameters
    ----------
    tables
        By name without `.txt`.
    unread
        Tables that matter and are not read → their names in Chinese and English.
    modes
        `(first, last, mode)` of route types.
    street_modes
        Modes whose stops stand on the street.
    """

    tables: Mapping[str, TableRule]
    unread: Mapping[str, tuple[str, str]]
    modes: tuple[tuple[int, int, str], ...]
    street_modes: frozenset[str]

    def find_mode(self, route_type: float) -> str | None:
        """Mode of a route type, None when there is no such type (or NaN was given)."""
        return next((mode for low, high, mode in self.modes if low <= route_type <= high), None)


@cache
def read_gtfs_rules() -> GtfsRules:
    """Read the file that travels with the package."""
    raw = yaml.safe_load(
        files("layers.transit").joinpath("gtfs_tables.yaml").read_text(encoding="utf-8")
    )
    return GtfsRules(
        tables=MappingProxyType(
            {name: _build_table(name, entry) for name, entry in raw["tables"].items()}
        ),
        unread=MappingProxyType(
            {name: (entry["zh"], entry["en"]) for name, entry in raw["unread"].items()}
        ),
        modes=tuple((*_read_range(key), mode) for key, mode in raw["modes"].items()),
        street_modes=frozenset(raw["street_modes"]),
    )


@cache
def build_schema(table: str) -> pa.DataFrameSchema:
    """Build the schema of a table's typed columns: what must be given, bounds, choices."""
    rule = read_gtfs_rules().tables[table]
    return pa.DataFrameSchema(
        {name: _build_column(column) for name, column in rule.columns.items()}, name=table
    )


def _build_column(column: ColumnRule) -> pa.Column:
    """Checks look at whole columns; unknown passes all of them but `given`."""
    checks = []
    is_text = column.type in TEXT_TYPES
    if column.needed and is_text:
        checks.append(pa.Check(lambda cells: cells != "", error=GIVEN))
    elif column.needed:
        checks.append(pa.Check(lambda cells: cells.notna(), error=GIVEN, ignore_na=False))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=AT_LEAST))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=AT_MOST))
    if column.choices:
        checks.append(pa.Check.isin(column.choices, error=ONE_OF))
    return pa.Column(None, checks, nullable=True, required=True)


def _build_table(name: str, entry: Mapping[str, Any]) -> TableRule:
    columns = {
        column: ColumnRule(
            name=column,
            type=rule["type"],
            needed=bool(rule.get("needed", False)),
            present=bool(rule.get("needed", False) or rule.get("present", False)),
            minimum=rule.get("minimum"),
            maximum=rule.get("maximum"),
            choices=tuple(float(choice) for choice in rule.get("choices", ())),
        )
        for column, rule in entry["columns"].items()
    }
    return TableRule(
        name=name,
        required=bool(entry.get("required", False)),
        one_of=entry.get("one_of", ""),
        key=tuple(entry.get("key", ())),
        columns=MappingProxyType(columns),
    )


def _read_range(key: object) -> tuple[int, int]:
    low, _, high = str(key).partition("-")
    return int(low), int(high or low)
