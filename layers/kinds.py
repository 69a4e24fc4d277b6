"""Kinds of facilities: what they are called, and the tags that show one.

The list itself is data (`kinds.yaml`). A kind is decided by tags alone; names help where tags do not
tell (a health station, a school's level: `layers/school_levels.py`), and a school nobody can place stays
of unknown level. Conditions ask a school's levels under the key `school_levels`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from layers.errors import InvalidConfig, UnknownKind
from layers.school_levels import SCHOOL_LEVELS, SchoolLevels
from layers.tag_rules import (
    Condition,
    RuleIndex,
    Tags,
    build_condition,
    read_rule_file,
    split_values,
)

Traveller = Literal["adult", "child", "older"]
_TRAVELLERS = ("adult", "child", "older")
_FILE = "kinds.yaml"
_REQUIRED = {"code", "name_zh", "name_en", "group", "traveller", "amap", "caution", "source"}
_OPTIONAL = {"aliases", "osm", "includes", "within", "unless_kinds", "area_only", "open_ground"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of facility.

    Parameters
    ----------
    code
        Stable, machine-readable name.
    name_zh, name_en
        What users read.
    group
        Code of its group in `Kinds.groups`.
    traveller
        Whose walk a time rule about this kind means.
    osm
        Conditions on tags; one that holds is enough. Empty for composites.
    area_only
        Points do not count, only areas.
    open_ground
        An area of this kind is entered wherever a street touches it.
    includes
        Composite of these kinds.
    within
        The kind it is a part of, empty for most: what is not of that kind is not of this one.
    unless_kinds
        Does not apply to an object that is of one of these kinds.
    amap
        AMap typecodes that mean this kind.
    caution
        What to be careful about when reading results.
    source
        Where the tags come from.
    aliases
        Other names a table may use for it.
    """

    code: str
    name_zh: str
    name_en: str
    group: str
    traveller: Traveller
    osm: tuple[Condition, ...]
    area_only: bool
    open_ground: bool
    includes: tuple[str, ...]
    unless_kinds: tuple[str, ...]
    amap: tuple[str, ...]
    caution: str
    source: str
    aliases: tuple[str, ...]
    within: str = ""


class Kinds(Mapping[str, Kind]):
    """Kinds by code, in the order of the file.

    Parameters
    ----------
    kinds
        In order; codes are unique.
    groups
        Group code to its names `{"zh": …, "en": …}`.
    never
        Objects these hold for are of no kind.
    levels
        Finds the levels of a school.
    """

    def __init__(
        self,
        kinds: tuple[Kind, ...],
        *,
        groups: Mapping[str, Mapping[str, str]],
        never: tuple[Condition, ...] = (),
        levels: SchoolLevels | None = None,
    ) -> None:
        self._kinds = {kind.code: kind for kind in kinds}
        self.groups = {code: dict(names) for code, names in groups.items()}
        self._codes = tuple(self._kinds)
        self._index: RuleIndex[int] = RuleIndex(
            [(at, condition) for at, kind in enumerate(kinds) for condition in kind.osm],
            where=_FILE,
        )
        self._never: RuleIndex[int] = RuleIndex(
            [(0, condition) for condition in never], where=_FILE
        )
        self._levels = levels or SchoolLevels({})
        self._composites = tuple(kind for kind in kinds if kind.includes)
        self._names = self._gather_names(kinds)

    @staticmethod
    def _gather_names(kinds: tuple[Kind, ...]) -> dict[str, str]:
        names: dict[str, str] = {}
        for pick in (
            lambda kind: (kind.code,),
            lambda kind: (kind.name_zh, kind.name_en),
            lambda kind: kind.aliases,
        ):
            for kind in kinds:
                for name in pick(kind):
                    names.setdefault(_plain(name), kind.code)
        return names

    def __getitem__(self, code: str) -> Kind:
        """Kind of that code.

        Raises
        ------
        UnknownKind
            There is none.
        """
        kind = self._kinds.get(code)
        if kind is None:
            raise UnknownKind(f"no facility kind {code!r}; known are {', '.join(self._codes)}")
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __contains__(self, code: object) -> bool:
        return code in self._kinds

    @property
    def tag_keys(self) -> frozenset[str]:
        """Tag keys one of which every facility carries."""
        return self._index.keys

    def match(self, tags: Tags) -> tuple[str, ...]:
        """Codes of all kinds the tags show, in the order of the file; composites included.

        Examples
        --------
        >>> read_kinds().match({"shop": "supermarket"})
        ('supermarket', 'shop')
        """
        if self._index.keys.isdisjoint(tags):
            return ()
        if "school" in split_values(tags.get("amenity", "")):
            tags = {**tags, SCHOOL_LEVELS: ";".join(self._levels.find(tags))}
        found = self._index.find(tags)
        if not found or self._never.find(tags):
            return ()
        codes = {self._codes[at] for at in found}
        for code in tuple(codes):
            if not codes.isdisjoint(self._kinds[code].unless_kinds):
                codes.discard(code)
        codes -= {code for code in codes if self._kinds[code].within not in codes | {""}}
        for composite in self._composites:
            if not codes.isdisjoint(composite.includes):
                codes.add(composite.code)
        return tuple(code for code in self._codes if code in codes)

    def find(self, text: str) -> Kind | None:
        """Kind a user means by this text: its code, a name or an alias; None when unknown.

        Examples
        --------
        >>> read_kinds().find(" 社区卫生服务站 ").code
        'health_station'
        """
        code = self._names.get(_plain(text))
        return None if code is None else self._kinds[code]

    def complete(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return these kinds, the kinds they are parts of, and composites of any of them.

        Examples
        --------
        >>> read_kinds().complete(["health_station", "market"])
        ('health_station', 'market', 'clinic', 'shop')
        """
        named = tuple(codes)
        parents = tuple(self[code].within for code in named if self[code].within)
        present = {*named, *parents}
        composites = tuple(
            kind.code for kind in self._composites if not present.isdisjoint(kind.includes)
        )
        return tuple(dict.fromkeys((*named, *parents, *composites)))


def _plain(text: str) -> str:
    return "".join(text.split()).casefold().replace("_", "")


@cache
def read_kinds() -> Kinds:
    """Read the kinds that travel with the package.

    Raises
    ------
    InvalidConfig
        The file holds something impossible.
    """
    return build_kinds(read_rule_file(_FILE))


def build_kinds(document: Mapping[str, Any]) -> Kinds:
    """Build the kinds from a document shaped as `kinds.yaml`.

    Raises
    ------
    InvalidConfig
        A kind without a required entry, with an unknown one, a code used twice, an unknown group,
        traveller or included kind, or a condition that cannot be read.
    """
    groups = document["groups"]
    kinds = tuple(_build_kind(spec, groups) for spec in document["kinds"])
    codes = [kind.code for kind in kinds]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise InvalidConfig(f"{_FILE}: used twice: {', '.join(twice)}")
    for kind in kinds:
        named = (*kind.includes, *kind.unless_kinds, *filter(None, [kind.within]))
        strangers = [code for code in named if code not in codes]
        if strangers:
            raise InvalidConfig(f"{_FILE}, {kind.code}: unknown kinds {', '.join(strangers)}")
    never = tuple(
        build_condition(spec, where=f"{_FILE}, never") for spec in document.get("never", ())
    )
    levels = SchoolLevels(document.get(SCHOOL_LEVELS, {}))
    return Kinds(kinds, groups=groups, never=never, levels=levels)


def _build_kind(spec: Mapping[str, Any], groups: Mapping[str, Any]) -> Kind:
    where = f"{_FILE}, {spec.get('code', 'a kind without code')}"
    missing = _REQUIRED - set(spec)
    unknown = set(spec) - _REQUIRED - _OPTIONAL
    if missing or unknown:
        raise InvalidConfig(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    if bool(spec.get("osm")) == bool(spec.get("includes")):
        raise InvalidConfig(f"{where}: expected either osm or includes")
    if spec["group"] not in groups:
        raise InvalidConfig(f"{where}: unknown group {spec['group']!r}")
    if spec["traveller"] not in _TRAVELLERS:
        raise InvalidConfig(f"{where}: unknown traveller {spec['traveller']!r}")
    return Kind(
        code=spec["code"],
        name_zh=spec["name_zh"],
        name_en=spec["name_en"],
        group=spec["group"],
        traveller=spec["traveller"],
        osm=tuple(build_condition(rule, where=where) for rule in spec.get("osm", ())),
        area_only=bool(spec.get("area_only", False)),
        open_ground=bool(spec.get("open_ground", False)),
        includes=tuple(spec.get("includes", ())),
        unless_kinds=tuple(spec.get("unless_kinds", ())),
        amap=tuple(str(code) for code in spec["amap"]),
        caution=spec["caution"],
        source=spec["source"],
        aliases=tuple(str(alias) for alias in spec.get("aliases", ())),
        within=str(spec.get("within", "")),
    )
