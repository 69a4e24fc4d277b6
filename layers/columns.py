"""Which column is which: canonical names of the tables users bring, and what people call them.

The lists are data (`columns.yaml`). A header is compared without case, spaces, punctuation and what
stands in brackets; a unit in the brackets is kept (`用地面积（亩）`), a datum in the name too
(`gcj02_lng`).
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, get_args

import yaml

from layers.attributes import Attribute, read_attributes

ColumnType = Literal["code", "text", "number", "boolean", "year", "date", "choice"]
TableName = Literal[
    "communities", "demand", "facilities", "parcels", "children", "housing", "catchments"
]

_BRACKETS = re.compile(r"[(\[{【〔]([^)\]}】〕]*)[)\]}】〕]")
_SEPARATORS = re.compile(r"[\s_\-–—.,:;/\\*#'\"·、，：；*]+")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a user's table.

    Parameters
    ----------
    name, title_zh
        Canonical name and how it is called in Chinese messages.
    type
        How its cells are read.
    aliases
        Normalised names, the most trusted first.
    required
        Whether the table says nothing without it.
    minimum, maximum
        Smallest and largest value allowed, or None.
    units
        Normalised unit → factor to the canonical unit.
    words
        Normalised cell → value: of a choice its code, of a yes or no `"true"`, `"false"` or
        `"unknown"`.
    optional
        Whether tables are read without it where the user's has no such column.
    share
        Whether it is a share from 0 to 1, which people may write in percent.
    """

    name: str
    title_zh: str
    type: ColumnType
    aliases: tuple[str, ...]
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    units: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One kind of table: its columns in order, and the columns that together are its key."""

    name: TableName
    title_zh: str
    key: tuple[str, ...]
    columns: Mapping[str, ColumnSpec]


@dataclass(frozen=True, slots=True)
class CoordinateSpec:
    """How coordinate columns are called.

    Parameters
    ----------
    lon, lat, wkt, address
        Normalised names, the most trusted first.
    datums
        Word in a header → coordinate system it declares, longest words first.
    """

    lon: tuple[str, ...]
    lat: tuple[str, ...]
    wkt: tuple[str, ...]
    address: tuple[str, ...]
    datums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CoordinatePair:
    """Positions of a pair of coordinate columns, and the datum their names declare ("" if none)."""

    lon: int
    lat: int
    datum: str


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """Which columns of a table were recognised.

    Parameters
    ----------
    positions
        Canonical name → position of the column.
    units
        Canonical name → factor from the unit its header names.
    ambiguous
        Canonical name → positions of further columns of that meaning, not used.
    pairs
        Coordinate pairs, the most trusted first.
    wkt
        Position of the column of shapes, or None.
    lone_lon, lone_lat, addresses
        Positions of coordinates without a partner, and of addresses: of no use by themselves.
    """

    positions: Mapping[str, int]
    units: Mapping[str, float]
    ambiguous: Mapping[str, tuple[int, ...]]
    pairs: tuple[CoordinatePair, ...]
    wkt: int | None
    lone_lon: tuple[int, ...] = ()
    lone_lat: tuple[int, ...] = ()
    addresses: tuple[int, ...] = ()

    @property
    def placed(self) -> bool:
        """Whether columns say where the rows lie."""
        return bool(self.pairs) or self.wkt is not None

    def used(self) -> frozenset[int]:
        """Positions of all columns that mean something."""
        places = set(self.positions.values())
        places.update(position for rest in self.ambiguous.values() for position in rest)
        for pair in self.pairs:
            places.update((pair.lon, pair.lat))
        if self.wkt is not None:
            places.add(self.wkt)
        return frozenset(places)


def normalize_text(text: object) -> str:
    """Half-width, lower case, without surrounding space.

    >>> normalize_text(" １５２０户 ")
    '1520户'
    """
    return unicodedata.normalize("NFKC", str(text)).strip().lower()


def normalize_header(header: object) -> str:
    """Reduce a header: no case, spaces, punctuation, percent signs and brackets.

    >>> normalize_header("社区 名称（全称）*"), normalize_header("Community_ID")
    ('社区名称', 'communityid')
    """
    return _SEPARATORS.sub("", _BRACKETS.sub("", normalize_text(header))).replace("%", "")


def find_unit(header: object) -> str:
    """Text in the header's last brackets, normalised; else a percent sign, or nothing.

    >>> find_unit("用地面积（亩）"), find_unit("绿化率%"), find_unit("户数")
    ('亩', '%', '')
    """
    text = normalize_text(header)
    found = _BRACKETS.findall(text)
    return _SEPARATORS.sub("", found[-1]) if found else "%" if "%" in text else ""


def list_tables() -> tuple[TableName, ...]:
    """Names of the tables users may bring."""
    return get_args(TableName)


@cache
def read_columns(table: TableName) -> TableSpec:
    """Columns of one table, from `columns.yaml`; of communities their attributes after them."""
    entry = _read_yaml()["tables"][table]
    columns = {name: _build_column(name, spec) for name, spec in entry["columns"].items()}
    if table == "communities":
        columns |= {code: _build_attribute(one) for code, one in read_attributes().items()}
    return TableSpec(
        name=table,
        title_zh=entry["zh"],
        key=tuple(entry["key"]),
        columns=MappingProxyType(columns),
    )


@cache
def read_coordinates() -> CoordinateSpec:
    """Names of coordinate columns, from `columns.yaml`."""
    entry = _read_yaml()["coordinates"]
    words = {
        normalize_header(word): datum for datum, names in entry["datums"].items() for word in names
    }
    return CoordinateSpec(
        lon=_normalize_all(entry["lon"]["aliases"]),
        lat=_normalize_all(entry["lat"]["aliases"]),
        wkt=_normalize_all(entry["wkt"]["aliases"]),
        address=_normalize_all(entry["address"]["aliases"]),
        datums=MappingProxyType(
            {word: words[word] for word in sorted(words, key=lambda word: (-len(word), word))}
        ),
    )


def match_columns(
    headers: Sequence[object],
    table: TableSpec,
    *,
    aliases: Mapping[str, Sequence[str]] | None = None,
    cut: Collection[int] = (),
) -> ColumnMatch:
    """Find the columns of `table` among `headers`.

    Parameters
    ----------
    headers
        As the user wrote them.
    aliases
        Further names per canonical name, trusted before the shipped ones.
    cut
        Positions of headers that may have lost their end: they also match names that begin so.
    """
    names = [normalize_header(header) for header in headers]
    pairs, wkt = _match_coordinates(names)
    taken = {position for pair in pairs for position in (pair.lon, pair.lat)}
    positions: dict[str, int] = {}
    ambiguous: dict[str, tuple[int, ...]] = {}
    units: dict[str, float] = {}
    for column in table.columns.values():
        more = _normalize_all((aliases or {}).get(column.name, ()))
        ranked = {name: rank for rank, name in reversed(list(enumerate((*more, *column.aliases))))}
        found = sorted(
            (rank, position)
            for position, name in enumerate(names)
            if position not in taken
            and (rank := _rank(name, ranked, whole=position not in cut)) is not None
        )
        if not found:
            continue
        positions[column.name] = found[0][1]
        taken.add(found[0][1])
        if len(found) > 1:
            ambiguous[column.name] = tuple(position for _, position in found[1:])
        unit = find_unit(headers[found[0][1]])
        if unit in column.units:
            units[column.name] = column.units[unit]
    used = set(positions.values())
    leftover = {
        name: tuple(position for position in rest if position not in used)
        for name, rest in ambiguous.items()
    }
    lone_lon, lone_lat, addresses = _find_lone(names, used | taken)
    return ColumnMatch(
        positions=MappingProxyType(positions),
        units=MappingProxyType(units),
        ambiguous=MappingProxyType({name: rest for name, rest in leftover.items() if rest}),
        pairs=pairs,
        wkt=wkt if wkt not in used else None,
        lone_lon=lone_lon,
        lone_lat=lone_lat,
        addresses=addresses,
    )


def count_matches(
    headers: Sequence[object],
    table: TableSpec,
    *,
    aliases: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """How many columns of `table`, coordinates included, stand in a row of possible headers."""
    match = match_columns(headers, table, aliases=aliases)
    return len(match.positions) + len(match.pairs) * 2 + (match.wkt is not None)


def _rank(name: str, ranked: Mapping[str, int], *, whole: bool) -> int | None:
    """Trust in a header, 0 the most; None if it is no name of the column."""
    if whole or name in ranked or not name:
        return ranked.get(name)
    longer = [rank for alias, rank in ranked.items() if alias.startswith(name)]
    return len(ranked) + min(longer) if longer else None


def _match_coordinates(names: Sequence[str]) -> tuple[tuple[CoordinatePair, ...], int | None]:
    spec = read_coordinates()
    lons: dict[str, tuple[int, int]] = {}
    lats: dict[str, tuple[int, int]] = {}
    for position, name in enumerate(names):
        datum, bare = _split_datum(name, spec)
        for known, found in ((spec.lon, lons), (spec.lat, lats)):
            if bare in known:
                candidate = (known.index(bare), position)
                found[datum] = min(found.get(datum, candidate), candidate)
    pairs = [
        CoordinatePair(lon=lons[datum][1], lat=lats[datum][1], datum=datum)
        for datum in sorted(lons.keys() & lats.keys())
    ]
    shapes = [
        (spec.wkt.index(name), position) for position, name in enumerate(names) if name in spec.wkt
    ]
    return tuple(pairs), min(shapes)[1] if shapes else None


def _find_lone(
    names: Sequence[str], taken: Collection[int]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Positions of longitudes and latitudes that no pair took, and of addresses."""
    spec = read_coordinates()
    free = [(position, name) for position, name in enumerate(names) if position not in taken]
    bare = [(position, _split_datum(name, spec)[1]) for position, name in free]
    return (
        tuple(position for position, name in bare if name in spec.lon),
        tuple(position for position, name in bare if name in spec.lat),
        tuple(position for position, name in free if name in spec.address),
    )


def _split_datum(name: str, spec: CoordinateSpec) -> tuple[str, str]:
    if name in spec.lon or name in spec.lat:
        return "", name
    for word, datum in spec.datums.items():
        if word in name:
            return datum, name.replace(word, "", 1)
    return "", name


def _build_column(name: str, spec: Mapping[str, Any]) -> ColumnSpec:
    words = {
        normalize_text(word).replace(" ", ""): value
        for value, listed in (spec.get("choices") or {}).items()
        for word in (value, *listed)
    }
    for value in ("true", "false", "unknown"):
        words.update({normalize_text(word): value for word in spec.get(value, ())})
    return ColumnSpec(
        name=name,
        title_zh=spec["zh"],
        type=spec["type"],
        aliases=_normalize_all((name, *spec["aliases"])),
        required=bool(spec.get("required", False)),
        minimum=spec.get("minimum"),
        maximum=spec.get("maximum"),
        units=_normalize_units(spec.get("units", {})),
        words=MappingProxyType(words),
        optional=bool(spec.get("optional", False)),
    )


def _build_attribute(attribute: Attribute) -> ColumnSpec:
    return ColumnSpec(
        name=attribute.code,
        title_zh=attribute.name_zh,
        type="number",
        aliases=_normalize_all((attribute.code, *attribute.aliases)),
        minimum=attribute.minimum,
        maximum=attribute.maximum,
        units=_normalize_units(attribute.factors),
        optional=True,
        share=attribute.unit == "share",
    )


def _normalize_units(units: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(
        {_SEPARATORS.sub("", normalize_text(unit)): float(factor) for unit, factor in units.items()}
    )


def _normalize_all(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalize_header(name) for name in names))


@cache
def _read_yaml() -> dict[str, Any]:
    text = resources.files("layers").joinpath("columns.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
